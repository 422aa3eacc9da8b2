//! One look after another: what is due, who does it, and how long to sleep.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::act::{self, Came, Job};
use super::book::Book;
use super::clock::ServerClock;
use super::publish::Publisher;
use super::settings::{FOLLOW_MS, Said};
use super::{Shared, Wake, alarms};
use crate::core::error::{Error, Result};
use crate::core::report::Census;
use crate::core::store::{Ahead, BootDue, Due, Presence, TickDue};
use crate::service::chance::random_unit;
use crate::service::journal::{Event, Level};
use crate::service::pages::locked;

/// Between two words that this beat is there, and the longest sleep.
const ATTEND: Duration = Duration::from_secs(1);
/// Between two looks for boots; a bell looks as well.
const BOOTS: Duration = Duration::from_secs(10);
/// Schedules acted on at the same time.
const AT_ONCE: usize = 32;
/// What the store gives in one page.
const PAGE: usize = 100;
/// Pages in one look; what is left comes with the next.
const PAGES: usize = 50;

/// A beat at work.
struct Beat<'a> {
    shared: &'a Arc<Shared>,
    publisher: Publisher,
    clock: Option<ServerClock>,
    book: Book,
    leads: bool,
    attended: Option<Instant>,
    boots_seen: Option<Instant>,
    /// The census under way, and where it goes on.
    census: (Census, Option<String>),
    /// Why schedules cannot be read, by name and hash: said once.
    unreadable: HashMap<String, String>,
    wait: Duration,
}

/// Looks and acts until it is dropped.
pub(super) async fn run(shared: &Arc<Shared>, wake: &Wake, first: Vec<Said>) {
    let mut beat = Beat {
        shared,
        publisher: Publisher::new(first),
        clock: None,
        book: Book::default(),
        leads: false,
        attended: None,
        boots_seen: None,
        census: (Census::default(), None),
        unreadable: HashMap::new(),
        wait: Duration::ZERO,
    };
    let mut ready = false;
    loop {
        shared.metrics.turned();
        beat.publisher.look(shared, wake.take_reread()).await;
        let sleep = match beat.look().await {
            Ok(sleep) => {
                if !ready {
                    ready = true;
                    shared.say(&Event::new(Level::Info, "ready").with("beat", &shared.beat));
                }
                beat.wait = Duration::ZERO;
                shared.metrics.looked();
                sleep
            }
            Err(error) => {
                shared.complain("waiting for Redis", &error);
                shared.metrics.failed(&error);
                revive(shared, &error).await;
                beat.back_off()
            }
        };
        wake.sleep(sleep.min(ATTEND)).await;
    }
}

/// The local store's server may have died; nobody else brings it back.
async fn revive(shared: &Shared, error: &Error) {
    let (Some(revive), Error::Unreachable { .. }) = (shared.settings.revive.clone(), error) else { return };
    match tokio::task::spawn_blocking(move || revive()).await {
        Ok(Ok(true)) => shared.say(&Event::new(Level::Warn, "started the local store again")),
        Ok(Err(why)) => {
            shared
                .journal
                .complain("revive", &Event::new(Level::Warn, "the local store is down").with("error", why));
        }
        _ => {}
    }
}

impl Beat<'_> {
    fn back_off(&mut self) -> Duration {
        self.wait = (self.wait * 2).clamp(Duration::from_millis(100), ATTEND);
        // Whatever happened, the next look says that this beat is there.
        self.attended = None;
        self.wait.mul_f64(0.5 + random_unit() / 2.0)
    }

    /// One look; how long nothing is to be done then.
    async fn look(&mut self) -> Result<Duration> {
        self.publisher.publish(self.shared).await?;
        if self.attended.is_none_or(|at| at.elapsed() >= ATTEND) {
            self.attend().await?;
            self.count().await?;
        }
        let (mut passed_over, mut next_ms, mut again) = (0, None, false);
        for page in 0..PAGES {
            let due = self.due(passed_over, page == 0).await?;
            next_ms = due.next_ms;
            let full = due.ticks.len() >= PAGE;
            let mine = self.mine(&due, &mut passed_over);
            let acted = self.act(mine).await?;
            again |= acted;
            if page == 0 {
                alarms::tell(self.shared, &mut self.book, &due.alarms).await?;
            }
            if !full {
                break;
            }
        }
        let Some(clock) = &self.clock else { return Ok(ATTEND) };
        let attend = ATTEND.saturating_sub(self.attended.map_or(ATTEND, |at| at.elapsed()));
        let behind = if self.leads { 0 } else { follow_ms() };
        let sleep = match next_ms {
            _ if again => Duration::ZERO,
            Some(next_ms) => clock.until(next_ms.saturating_add(behind)),
            None => ATTEND,
        };
        // Something is due already that is the leader's to do first.
        let left = if passed_over > self.unreadable.len() { millis(behind) } else { ATTEND };
        Ok(sleep.min(attend).min(left))
    }

    async fn attend(&mut self) -> Result<()> {
        let settings = &self.shared.settings;
        let (drift, sources) = (self.publisher.drift(), self.publisher.sources());
        let presence = Presence {
            beat: &self.shared.beat,
            host: &settings.host,
            pid: settings.pid,
            version: env!("CARGO_PKG_VERSION"),
            boot_id: &settings.boot_id,
            drift: &drift,
            sources: &sources,
        };
        let sent = Instant::now();
        let answer = self.shared.store.attend(&presence).await?;
        self.hear(answer.now_ms, sent);
        self.attended = Some(sent);
        let leads = answer.leader == self.shared.beat.as_str();
        if leads != self.leads {
            self.leads = leads;
            self.shared.metrics.leads.store(leads, Relaxed);
            let text = if leads { "leads now" } else { "follows now" };
            self.shared.say(&Event::new(Level::Debug, text).with("leader", &answer.leader));
        }
        self.publisher.compare(self.shared, &answer.origins);
        self.shared.metrics.drift.store(self.publisher.drift().len(), Relaxed);
        self.shared.metrics.unreadable.store(self.unreadable.len(), Relaxed);
        Ok(())
    }

    /// Counts schedules, a page a second, where anybody may ask how many there are.
    async fn count(&mut self) -> Result<()> {
        if self.shared.settings.metrics.is_none() {
            return Ok(());
        }
        let (counted, after) = std::mem::take(&mut self.census);
        let (page, next) = self.shared.store.census_page(after.as_deref()).await?;
        let counted = counted.and(page);
        match next {
            Some(next) => self.census = (counted, Some(next)),
            None => *locked(&self.shared.metrics.census) = counted,
        }
        Ok(())
    }

    async fn due(&mut self, from: usize, first: bool) -> Result<Due> {
        let settings = &self.shared.settings;
        let boots = first && self.boots_seen.is_none_or(|at| at.elapsed() >= BOOTS);
        let boot =
            (boots && !settings.boot_id.is_empty()).then_some((&settings.host, settings.boot_id.as_str()));
        let sent = Instant::now();
        let due = self.shared.store.due(from, boot).await?;
        self.hear(due.now_ms, sent);
        if boots {
            self.boots_seen = Some(sent);
        }
        Ok(due)
    }

    fn hear(&mut self, now_ms: i64, sent: Instant) {
        match &mut self.clock {
            None => self.clock = Some(ServerClock::heard(now_ms)),
            Some(clock) => {
                if let Some(off_ms) = clock.hear(now_ms, sent.elapsed()) {
                    self.shared.metrics.jumps.add(1);
                    let event = Event::new(Level::Warn, "the server's clock jumped").with("by_ms", off_ms);
                    self.shared.journal.complain("clock", &event);
                }
            }
        }
    }

    /// What of a page is this beat's to do now. The leader goes first; what cannot be read is
    /// nobody's. Both stay where they are, and the next page begins behind them.
    fn mine(&self, due: &Due, passed_over: &mut usize) -> Vec<Job> {
        let behind = if self.leads { 0 } else { follow_ms() };
        let mut mine = Vec::new();
        for tick in &due.ticks {
            let waits = tick.due_ms.is_some_and(|at| due.now_ms < at.saturating_add(behind));
            if waits || self.unreadable.get(&tick.name).is_some_and(|hash| *hash == tick.hash) {
                *passed_over += 1;
            } else {
                mine.push(Job::Tick(tick.clone()));
            }
        }
        // A boot is of one host: whoever is there does it.
        mine.extend(due.boots.iter().cloned().map(Job::Boot));
        // Seldom, and whoever comes second changes nothing.
        mine.extend(due.ahead.iter().cloned().map(Job::Ahead));
        mine
    }

    /// Acts on all of them, many at once; says whether there may be more to do at once.
    async fn act(&mut self, mine: Vec<Job>) -> Result<bool> {
        let wanted: Vec<(&str, &str)> = mine.iter().map(Job::key).collect();
        self.book.learn(&self.shared.store, &wanted).await?;
        let Some(clock) = self.clock else { return Ok(false) };
        let (mut again, mut failed) = (false, None);
        let mut running: JoinSet<Result<Came>> = JoinSet::new();
        for job in mine {
            let (name, hash) = job.key();
            let Some(page) = self.book.get(name, hash) else {
                // Changed or gone since it was read; the next look sees what it is now.
                again = true;
                continue;
            };
            if let Err(why) = &*page {
                if self.unreadable.insert(name.to_owned(), hash.to_owned()).as_deref() != Some(hash) {
                    let event = Event::new(Level::Warn, "a schedule cannot be read").with("schedule", name);
                    self.shared.say(&event.with("error", why));
                }
                continue;
            }
            while running.len() >= AT_ONCE {
                settle(running.join_next().await, &mut again, &mut failed);
            }
            running.spawn(act::act(Arc::clone(self.shared), job, page, clock));
        }
        while let Some(done) = running.join_next().await {
            settle(Some(done), &mut again, &mut failed);
        }
        failed.map_or(Ok(again), Err)
    }
}

type Done = Option<std::result::Result<Result<Came>, tokio::task::JoinError>>;

fn settle(done: Done, again: &mut bool, failed: &mut Option<Error>) {
    match done {
        Some(Ok(Ok(Came::Again))) => *again = true,
        Some(Ok(Err(error))) => *failed = Some(error),
        // A panic is a bug, and no reason to leave other schedules alone.
        Some(Ok(Ok(Came::Rest)) | Err(_)) | None => {}
    }
}

fn follow_ms() -> i64 {
    let (least, more) = FOLLOW_MS;
    i64::try_from(least).unwrap_or(0) + (random_unit() * more as f64) as i64
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

impl Job {
    /// Name and hash.
    fn key(&self) -> (&str, &str) {
        match self {
            Job::Tick(TickDue { name, hash, .. })
            | Job::Boot(BootDue { name, hash, .. })
            | Job::Ahead(Ahead { name, hash, .. }) => (name, hash),
        }
    }
}
