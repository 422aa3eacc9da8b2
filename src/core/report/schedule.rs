//! Schedules and beats, as they are shown.

use crate::core::outcome::Outcome;
use crate::core::schedule::Definition;
use crate::core::state::State;

/// One schedule. Instants are milliseconds since the epoch by Redis time. Each tick is
/// counted once: as fired, skipped or missed.
#[derive(Debug, Clone)]
pub struct ScheduleReport {
    /// Its name.
    pub name: String,
    /// What it asks; `Err` with the reason where this version cannot read it.
    pub definition: Result<Definition, String>,
    /// What changes whenever the definition does.
    pub hash: String,
    /// Where it came from: `file`, `crontab.HOST.FILE` or `added`.
    pub source: String,
    /// When its definition was last changed.
    pub changed_ms: Option<i64>,
    /// When its next tick is due; past where nobody acts on it; `None` when it has no more.
    pub next_ms: Option<i64>,
    /// When it had its last tick, where it has no more.
    pub done_ms: Option<i64>,
    /// The newest tick that was acted on.
    pub last_ms: Option<i64>,
    /// How late the newest job was made, in milliseconds.
    pub lag_ms: Option<u64>,
    /// The newest job.
    pub last_job: Option<String>,
    /// The job of it that ended last.
    pub ended: Option<EndedJob>,
    /// When a job of it last succeeded.
    pub succeeded_ms: Option<i64>,
    /// Ticks that made a job.
    pub fired: u64,
    /// Ticks that made none because of a pause or an earlier job.
    pub skipped: u64,
    /// Ticks that made none because no beat acted in time, or the queue was full.
    pub missed: u64,
    /// Why the newest tick that made none made none.
    pub why: Option<String>,
    /// Its pause, where it is paused now.
    pub pause: Option<PauseReport>,
    /// The queue that has no room for its tick, and since when.
    pub stuck: Option<(String, i64)>,
    /// Since when it has had no success in time, where that was told.
    pub incident_ms: Option<i64>,
    /// Jobs of it that have not ended.
    pub unfinished: u64,
    /// The first of them, and its stored state.
    pub oldest: Option<(String, Option<State>)>,
    /// Redis time of the reading.
    pub now_ms: i64,
}

impl ScheduleReport {
    /// A tick that nobody acted on for so long is worth a word, in milliseconds.
    pub const LATE_MS: u64 = 5_000;

    /// How long its next tick has been due, in milliseconds; 0 where it is not, or is paused.
    pub fn overdue_ms(&self) -> u64 {
        let late = self.next_ms.map_or(0, |next| self.now_ms.saturating_sub(next).max(0));
        if self.pause.is_some() { 0 } else { u64::try_from(late).unwrap_or(0) }
    }
}

/// The end of a schedule's job.
#[derive(Debug, Clone)]
pub struct EndedJob {
    /// Its id.
    pub id: String,
    /// When it ended.
    pub at_ms: i64,
    /// How.
    pub state: Option<State>,
    /// Of its last attempt.
    pub outcome: Option<Outcome>,
}

/// A pause of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseReport {
    /// `user@host`.
    pub by: String,
    /// Since when.
    pub since_ms: i64,
    /// Until when; `None` until it is resumed.
    pub until_ms: Option<i64>,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// One running `jobq beat`.
#[derive(Debug, Clone)]
pub struct BeatReport {
    /// Its id: `HOST-PID-…`.
    pub id: String,
    /// Its host.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// Its jobq version.
    pub version: String,
    /// When it started.
    pub started_ms: i64,
    /// When it last said that it is there: once a second.
    pub seen_ms: i64,
    /// Sources whose file says something else than Redis.
    pub drift: Vec<String>,
    /// Whether it acts first.
    pub leads: bool,
}

/// The beats of a namespace.
#[derive(Debug, Clone, Default)]
pub struct BeatsReport {
    /// Redis time of the reading.
    pub now_ms: i64,
    /// How many schedules there are.
    pub schedules: u64,
    /// The beats, the one seen last first, at most a hundred.
    pub beats: Vec<BeatReport>,
}

impl BeatsReport {
    /// How long a beat counts as live after it was last seen, in milliseconds.
    pub const LIVE_MS: i64 = 10_000;
    /// How far ahead it may have been seen, in milliseconds: a clock that is put right does not
    /// hide it, and what a clock that was far ahead left behind says nothing.
    const AHEAD_MS: i64 = 2 * 3_600_000;

    /// Beats that were there lately.
    pub fn live(&self) -> impl Iterator<Item = &BeatReport> {
        let ages = -BeatsReport::AHEAD_MS..=BeatsReport::LIVE_MS;
        self.beats.iter().filter(move |beat| ages.contains(&(self.now_ms - beat.seen_ms)))
    }
}

/// How many schedules are how. Each is counted once: as active, paused or done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// They have ticks to come.
    pub active: u64,
    /// They make no jobs until they are resumed, or until a time.
    pub paused: u64,
    /// They have no more ticks.
    pub done: u64,
    /// Active ones on whose tick nobody acted for [`ScheduleReport::LATE_MS`].
    pub overdue: u64,
    /// Active ones whose tick waits for room in its queue.
    pub held_up: u64,
    /// Those without a success in time, where that was told and there was none since.
    pub without_success: u64,
    /// The earliest tick that is due or to come, in milliseconds since the epoch.
    pub next_ms: Option<i64>,
    /// Ticks of all schedules that made a job, skipped ones, and missed ones, ever.
    pub ticks: [u64; 3],
}

impl Census {
    /// Its states by name.
    pub fn states(&self) -> [(&'static str, u64); 3] {
        [("active", self.active), ("paused", self.paused), ("done", self.done)]
    }

    /// With what another page has.
    #[must_use]
    pub fn and(self, page: Census) -> Census {
        Census {
            active: self.active + page.active,
            paused: self.paused + page.paused,
            done: self.done + page.done,
            overdue: self.overdue + page.overdue,
            held_up: self.held_up + page.held_up,
            without_success: self.without_success + page.without_success,
            next_ms: self.next_ms.into_iter().chain(page.next_ms).min(),
            ticks: page.ticks,
        }
    }
}
