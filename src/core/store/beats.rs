//! What beats ask of the store: what is due, and to act on it once.

use super::schedules::{expiry, overlap_word};
use super::{Args, Full, NewJob, Store, full};
use crate::core::error::Result;
use crate::core::name::Name;
use crate::core::reply::Items;
use crate::core::schedule::{Definition, Times};
use crate::core::script;

/// A pause: ticks that fall into it make no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PauseSpan {
    /// When it began, in milliseconds since the epoch.
    pub from_ms: i64,
    /// When it ended or will end; `None` for one without an end.
    pub until_ms: Option<i64>,
}

impl PauseSpan {
    fn parse(word: &str) -> Option<PauseSpan> {
        let (from, until) = word.split_once(':')?;
        Some(PauseSpan { from_ms: from.parse().ok()?, until_ms: until.parse().ok() })
    }

    /// Whether it covers this instant.
    pub fn covers(&self, at_ms: i64) -> bool {
        self.from_ms <= at_ms && self.until_ms.is_none_or(|until| at_ms < until)
    }
}

/// A stored definition and what it is read under.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What changes whenever the definition does.
    pub hash: String,
    /// The JSON.
    pub definition: Vec<u8>,
    /// What changes whenever its times do.
    pub times: String,
    /// When its next tick is due.
    pub due_ms: Option<i64>,
    /// Where it came from.
    pub source: String,
    /// Its pause, as scripts compare it.
    pub pause: String,
}

/// A schedule that something is to be done about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickDue {
    /// The schedule.
    pub name: String,
    /// What its definition is read under.
    pub hash: String,
    /// Its due time; `None` for one that is done and kept for people.
    pub due_ms: Option<i64>,
    /// Its pause, as scripts compare it.
    pub pause: String,
    /// Since when its queue has had no room.
    pub stuck_since_ms: Option<i64>,
}

impl TickDue {
    /// Its last pause.
    pub fn pause_span(&self) -> Option<PauseSpan> {
        PauseSpan::parse(&self.pause)
    }
}

/// A schedule that ticks at each boot and has not at this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootDue {
    /// The schedule.
    pub name: String,
    /// What its definition is read under.
    pub hash: String,
    /// Its pause, as scripts compare it.
    pub pause: String,
}

/// A missing success that is to be told of, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The schedule.
    pub name: String,
    /// What its definition is read under.
    pub hash: String,
    /// When it was to be told, as it is stored.
    pub at: String,
    /// `alert`, `reminder` or `recovery`.
    pub event: String,
    /// The newest job.
    pub job: Option<String>,
    /// When a job last succeeded, milliseconds since the epoch.
    pub succeeded_ms: Option<i64>,
    /// When the incident began.
    pub incident_ms: Option<i64>,
}

/// What a beat has to act on.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// Redis time.
    pub now_ms: i64,
    /// The first time after that at which something is due.
    pub next_ms: Option<i64>,
    /// Schedules whose tick is due.
    pub ticks: Vec<TickDue>,
    /// Schedules that a boot makes due.
    pub boots: Vec<BootDue>,
    /// Alarms to raise or to end.
    pub alarms: Vec<Alarm>,
    /// Schedules that a clock which was set back left behind.
    pub ahead: Vec<Ahead>,
}

/// A schedule that passed over ticks which are still to come: the clock was set back since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// The schedule.
    pub name: String,
    /// What its definition is read under.
    pub hash: String,
    /// The last of those ticks, as it is stored.
    pub until: String,
    /// All the ticks that were passed over, from the first to the last of each time.
    pub holes: Vec<(i64, i64)>,
}

impl Ahead {
    /// From when on ticks were not acted on yet that are still to come at `now_ms`.
    pub fn open_from(&self, now_ms: i64) -> i64 {
        let open = self.holes.iter().filter(|(_, to_ms)| *to_ms > now_ms);
        open.map(|(from_ms, _)| *from_ms).min().unwrap_or(now_ms).max(now_ms)
    }
}

/// One act on a schedule.
#[derive(Debug, Clone)]
pub struct Tick<'a> {
    /// The schedule as it was read.
    pub due: &'a TickDue,
    /// The newest tick it covers.
    pub tick_ms: i64,
    /// The due time after it.
    pub next_ms: Option<i64>,
    /// Ticks that make no job because of a pause.
    pub skipped: u64,
    /// Ticks that make no job because they were missed.
    pub missed: u64,
    /// Why they make none; '' where all do.
    pub why: &'a str,
    /// Redis time, as the beat knows it.
    pub now_ms: i64,
    /// Whether the tick at `tick_ms` makes a job.
    pub fires: bool,
    /// The boot that ticks, where one does.
    pub boot: Option<&'a str>,
    /// The beat that acts.
    pub beat: &'a Name,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// Done; the job that was made, if any.
    Done {
        /// `made`, `waits`, `exists`, `skipped` or `none`.
        came: String,
        /// Why there is no job.
        why: Option<String>,
        /// Redis time.
        now_ms: i64,
        /// The job.
        job: Option<Name>,
    },
    /// The queue has no room; the tick stays due.
    Full(Full),
    /// The schedule or its pause was changed meanwhile: read it again.
    Changed,
    /// Somebody else did it, or the schedule is gone.
    Taken,
    /// Not due yet, by Redis time.
    Early {
        /// Redis time.
        now_ms: i64,
    },
}

/// What a beat says of itself.
#[derive(Debug, Clone)]
pub struct Presence<'a> {
    /// Its id.
    pub beat: &'a Name,
    /// Its host.
    pub host: &'a Name,
    /// Its process.
    pub pid: u32,
    /// jobq's version.
    pub version: &'static str,
    /// The host's boot.
    pub boot_id: &'a str,
    /// Sources whose file says something else than Redis.
    pub drift: &'a [String],
    /// Sources that it asks about.
    pub sources: &'a [Name],
}

/// Who published a source last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source.
    pub source: String,
    /// A word for all it says; '' where nobody ever published it.
    pub hash: String,
    /// `user@host`.
    pub by: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: Option<i64>,
}

/// What a beat learns in return.
#[derive(Debug, Clone)]
pub struct Attendance {
    /// Redis time.
    pub now_ms: i64,
    /// The beat that acts first.
    pub leader: String,
    /// The sources that were asked about.
    pub origins: Vec<Origin>,
}

impl Store {
    /// Definitions by name, `None` for those that are not there; at most 100. Redis time
    /// comes first.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn plans(&self, names: &[&str]) -> Result<(i64, Vec<Option<Plan>>)> {
        let args: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let mut reply = self.call(&script::PLANS, &args).await?;
        let now_ms = reply.number()?;
        let plans = reply.rest().map(|value| match value {
            value @ redis::Value::Array(_) => plan(Items::of(value)?).map(Some),
            _ => Ok(None),
        });
        Ok((now_ms, plans.collect::<Result<_>>()?))
    }

    /// What is due now, after passing over `from` schedules. `boot`: a host and its present
    /// boot, to learn what that makes due.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn due(&self, from: usize, boot: Option<(&Name, &str)>) -> Result<Due> {
        let (host, boot_id) = boot.map_or(("", ""), |(host, boot_id)| (host.as_str(), boot_id));
        let from = from.to_string();
        let args = [from.as_bytes(), host.as_bytes(), boot_id.as_bytes()];
        let mut reply = self.call(&script::DUE, &args).await?;
        Ok(Due {
            now_ms: reply.number()?,
            next_ms: reply.maybe_number()?,
            ticks: reply.items()?.lists().map(|entry| tick_due(entry?)).collect::<Result<_>>()?,
            boots: reply.items()?.lists().map(|entry| boot_due(entry?)).collect::<Result<_>>()?,
            alarms: reply.items()?.lists().map(|entry| alarm(entry?)).collect::<Result<_>>()?,
            ahead: reply.items()?.lists().map(|entry| ahead(entry?)).collect::<Result<_>>()?,
        })
    }

    /// Acts on what is due of a schedule: once, whoever else tries.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`]; may be repeated after any.
    pub async fn tick(&self, tick: &Tick<'_>, definition: &Definition, times: &Times) -> Result<Acted> {
        let Tick { due, tick_ms, .. } = tick;
        let job = tick.fires.then(|| NewJob {
            id: match tick.boot {
                Some(boot_id) => definition.boot_job_id(boot_id),
                None => definition.job_id(*tick_ms),
            },
            spec: definition.spec_at(*tick_ms),
            not_before: None,
            expires: expiry(definition, times, *tick_ms, tick.now_ms),
            stdin: definition.stdin.as_ref().map(|bytes| bytes.0.clone()),
        });
        let args = Args::new()
            .text(&due.name)
            .text(&due.hash)
            .text(&due.pause)
            .maybe(due.due_ms)
            .maybe(tick.next_ms)
            .number(tick_ms)
            .number(tick.skipped)
            .number(tick.missed)
            .text(tick.why)
            .maybe(definition.alert_after_ms.filter(|_| tick.skipped == 0))
            .text(tick.boot.unwrap_or_default())
            .text(tick.beat.as_str())
            .text(job.as_ref().map_or("", |_| overlap_word(definition.overlap)));
        let args = match &job {
            Some(job) => args.job(job)?,
            None => args,
        };
        let (word, mut reply) = self.verb(&script::TICK, args).await?;
        Ok(match word.as_str() {
            "OK" => {
                let (now_ms, came, why) = (reply.number()?, reply.text()?, reply.maybe_text()?);
                let has_job = matches!(came.as_str(), "made" | "waits" | "exists");
                Acted::Done { why, now_ms, job: job.map(|job| job.id).filter(|_| has_job), came }
            }
            "FULL" => Acted::Full(full(&mut reply)?),
            "CHANGED" => Acted::Changed,
            "EARLY" => Acted::Early { now_ms: reply.number()? },
            _ => Acted::Taken,
        })
    }

    /// Lets a schedule go on that a clock which was set back left behind; `next_ms` is the first
    /// tick to come that was passed over. Says whether this call did.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`]; may be repeated after any.
    pub async fn anchor(&self, ahead: &Ahead, next_ms: Option<i64>, beat: &Name) -> Result<bool> {
        let args = Args::new()
            .text(&ahead.name)
            .text(&ahead.hash)
            .text(&ahead.until)
            .maybe(next_ms)
            .text(beat.as_str());
        let (word, mut reply) = self.verb(&script::ANCHOR, args).await?;
        if word != "OK" {
            return Ok(false);
        }
        let _now: i64 = reply.number()?;
        Ok(reply.text()? == "anchored")
    }

    /// Raises or ends an alarm with a hook job: once, whoever else tries. Says whether this
    /// call did.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`]; may be repeated after any.
    pub async fn alarm(&self, alarm: &Alarm, cause: &str, hook: &NewJob) -> Result<bool> {
        let args = Args::new()
            .text(&alarm.name)
            .text(&alarm.hash)
            .text(&alarm.event)
            .text(&alarm.at)
            .text(cause)
            .job(hook)?;
        let (word, _) = self.verb(&script::ALARM, args).await?;
        Ok(word == "OK")
    }

    /// Takes a schedule away that is done and was added by hand.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn schedule_retire(&self, due: &TickDue) -> Result<bool> {
        let args = Args::new().text(&due.name).text("").text("").text("it was done").text(&due.hash);
        let (word, _) = self.verb(&script::SCHEDULE_REMOVE, args).await?;
        Ok(word == "OK")
    }

    /// Says that a beat is there.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn attend(&self, presence: &Presence<'_>) -> Result<Attendance> {
        let args = Args::new()
            .text(presence.beat.as_str())
            .text(presence.host.as_str())
            .number(presence.pid)
            .text(presence.version)
            .text(presence.boot_id)
            .owned(presence.drift.join(" "));
        let args = presence.sources.iter().fold(args, |args, source| args.text(source.as_str()));
        let (_, mut reply) = self.verb(&script::ATTEND, args).await?;
        let (now_ms, leader) = (reply.number()?, reply.text()?);
        let origins = reply.lists().map(|entry| {
            let mut entry = entry?;
            let (source, hash) = (entry.text()?, entry.text()?);
            let by = format!("{}@{}", entry.text()?, entry.text()?);
            Ok(Origin { source, hash, by, at_ms: entry.maybe_number()? })
        });
        Ok(Attendance { now_ms, leader, origins: origins.collect::<Result<_>>()? })
    }

    /// A beat leaves the books.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn leave(&self, beat: &Name) -> Result<()> {
        self.verb(&script::LEAVE, Args::new().text(beat.as_str())).await.map(drop)
    }
}

fn plan(mut entry: Items) -> Result<Plan> {
    Ok(Plan {
        hash: entry.text()?,
        definition: entry.bytes()?,
        times: entry.text()?,
        due_ms: entry.maybe_number()?,
        source: entry.text()?,
        pause: entry.text()?,
    })
}

fn tick_due(mut entry: Items) -> Result<TickDue> {
    Ok(TickDue {
        name: entry.text()?,
        hash: entry.text()?,
        due_ms: entry.maybe_number()?,
        pause: entry.text()?,
        stuck_since_ms: entry.maybe_number()?,
    })
}

fn boot_due(mut entry: Items) -> Result<BootDue> {
    let (name, hash) = (entry.text()?, entry.text()?);
    let _boot = entry.maybe_text()?;
    Ok(BootDue { name, hash, pause: entry.text()? })
}

fn ahead(mut entry: Items) -> Result<Ahead> {
    let (name, hash, until) = (entry.text()?, entry.text()?, entry.text()?);
    let holes = entry.text()?;
    let holes = holes.split(' ').filter_map(|hole| {
        let (from, to) = hole.split_once('-')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    Ok(Ahead { name, hash, until, holes: holes.collect() })
}

fn alarm(mut entry: Items) -> Result<Alarm> {
    Ok(Alarm {
        name: entry.text()?,
        hash: entry.text()?,
        at: entry.text()?,
        event: entry.text()?,
        job: entry.maybe_text()?,
        succeeded_ms: entry.maybe_number()?,
        incident_ms: entry.maybe_number()?,
    })
}
