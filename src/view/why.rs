//! Why a job stands where it stands, in one sentence.

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::core::error::Error;
use crate::core::outcome::Outcome;
use crate::core::report::JobReport;
use crate::core::state::State;
use crate::core::when::{ago, clock, rfc3339, short};
use crate::core::why::{Bounds, Context, Pause, Why};

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, DIM, GOOD, Look, PLAIN, WARN};
use super::{View, escape, words};

/// Jobs named in a sentence.
const NAMED: usize = 3;

/// A reason, in words that need no look at the store any more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reason {
    /// The job.
    pub id: String,
    /// Its state, where the store could be read.
    pub state: Option<State>,
    /// The stable word.
    pub code: &'static str,
    /// One sentence without its final stop; not yet safe for a terminal.
    pub sentence: String,
    since_ms: Option<i64>,
    next_ms: Option<i64>,
    position: Option<u64>,
    start_ms: Option<i64>,
    jobs: Vec<String>,
    said: Option<String>,
}

/// What `status --json` repeats of it.
#[derive(Debug, Serialize)]
pub(super) struct Short<'a> {
    code: &'a str,
    sentence: &'a str,
}

impl Reason {
    /// The reason of a job. Instants are told in `zone`.
    pub fn of(job: &JobReport, context: &Context, zone: &TimeZone) -> Reason {
        let why = Why::of(job, context);
        let mut reason = Reason {
            id: job.id.clone(),
            state: Some(job.state),
            code: why.code(),
            said: job.reason.clone(),
            ..Reason::default()
        };
        match job.state {
            State::Started => reason.since_ms = job.started_ms,
            state if state.is_final() => reason.since_ms = job.finished_ms,
            _ => {}
        }
        reason.sentence = reason.words(job, context, &why, zone);
        reason
    }

    /// The reason of a job that ended: nothing around it matters.
    pub fn of_ended(job: &JobReport) -> Option<Reason> {
        job.state.is_final().then(|| Reason::of(job, &Context::default(), &TimeZone::UTC))
    }

    /// The reason where the store cannot be asked; `None` for errors that say nothing about
    /// the server.
    pub fn of_trouble(id: &str, error: &Error) -> Option<Reason> {
        let (code, words) = match error {
            Error::Unreachable { .. } | Error::Unknown { .. } => ("redis_unreachable", "does not answer"),
            Error::Denied { .. } => ("redis_denied", "does not let this user look"),
            Error::Refusing { why, .. } => match why.split(' ').next().unwrap_or_default() {
                "LOADING" => ("redis_loading", "is reading its data; nothing starts before it has"),
                "READONLY" => ("redis_read_only", "is a replica and takes no changes"),
                "MASTERDOWN" => ("redis_replica_cut", "is a replica that has lost its primary"),
                "OOM" => ("redis_memory", "has no memory left"),
                "MISCONF" => ("redis_disk", "cannot write its disk and takes no changes"),
                "NOREPLICAS" => ("redis_replicas", "has too few replicas and takes no changes"),
                _ => ("redis_refusing", "refuses"),
            },
            _ => return None,
        };
        let sentence = format!("Redis {words}: {error}");
        Some(Reason { id: id.to_owned(), code, sentence, ..Reason::default() })
    }

    /// Whether the server itself may be what keeps the job from a worker.
    pub fn may_be_ailing(&self) -> bool {
        matches!(self.code, "no_worker" | "in_line")
    }

    /// The same, where the server takes no changes: what ails it, a code and words.
    #[must_use]
    pub fn ailing(mut self, (code, words): (&'static str, &'static str)) -> Reason {
        let then =
            if self.code == "no_worker" { "no live worker serves the queue" } else { "nothing starts" };
        (self.code, self.sentence) = (code, format!("Redis {words}, and {then}"));
        self
    }

    pub(super) fn short(&self) -> Short<'_> {
        Short { code: self.code, sentence: &self.sentence }
    }

    fn words(&mut self, job: &JobReport, context: &Context, why: &Why, zone: &TimeZone) -> String {
        let now = job.now_ms;
        let queue = &job.spec.queue;
        let said = |text: &Option<String>| text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        let mut next = |at: &Option<i64>| {
            self.next_ms = *at;
            at.map_or_else(|| "at an unknown time".to_owned(), |at| ago(now.saturating_sub(at)))
        };
        match why {
            Why::Ended(_) => ended(job, zone),
            Why::Running => running(job),
            Why::Silent { seen_ms, workers } => silent(job, *seen_ms, *workers),
            Why::Cancelling => {
                format!(
                    "it is being cancelled{}, and its processes on {} are being ended",
                    said(&job.reason),
                    on(job)
                )
            }
            Why::Purging { reason } => {
                self.said = Some(reason.clone());
                format!("a purge of queue {queue} is under way and will end it: {reason}")
            }
            Why::Blocked => {
                self.jobs = context.parents.iter().map(|(id, _)| id.clone()).collect();
                blocked(&context.parents)
            }
            Why::Refused { next_ms } => {
                let times = words::times(u64::from(job.refusals));
                format!(
                    "workers refused it {times} in a row{}; it is tried again {}",
                    said(&job.reason),
                    next(next_ms)
                )
            }
            Why::Starved { next_ms } => {
                format!(
                    "a worker's machine could not start it{}; it is tried again {}",
                    said(&job.reason),
                    next(next_ms)
                )
            }
            Why::Snoozed { next_ms } => {
                let how =
                    job.outcome.map(|outcome| format!(" ({})", words::outcome(outcome))).unwrap_or_default();
                format!("it put itself back{how}; it is due {}", next(next_ms))
            }
            Why::Scheduled { next_ms } => {
                format!("it is scheduled for {}, {}", instant(*next_ms, zone), next(next_ms))
            }
            Why::RetryDue { next_ms } => {
                let how = job.outcome.map_or_else(
                    || "it failed".to_owned(),
                    |outcome| format!("it failed ({})", words::outcome(outcome)),
                );
                format!("{how} and is tried again at {}, {}", instant(*next_ms, zone), next(next_ms))
            }
            ready => self.words_of_ready(job, context, ready),
        }
    }

    /// Of a job that could run now.
    fn words_of_ready(&mut self, job: &JobReport, context: &Context, why: &Why) -> String {
        let (now, queue) = (job.now_ms, &job.spec.queue);
        match why {
            Why::Paused(pause) => {
                (self.since_ms, self.next_ms) = (Some(pause.since_ms), pause.until_ms);
                self.said.clone_from(&pause.said);
                paused(queue.as_str(), pause, now)
            }
            Why::NoWorker { last_seen_ms } => {
                self.since_ms = *last_seen_ms;
                let last = last_seen_ms.map_or_else(
                    || "; none ever has".to_owned(),
                    |seen| format!("; the last one was seen {}", ago(now.saturating_sub(seen))),
                );
                format!("no live worker serves queue {queue}{last}")
            }
            Why::WorkersQuiet { workers: 1 } => format!("the only worker of queue {queue} takes no new jobs"),
            Why::WorkersQuiet { workers } => {
                format!("all {workers} workers of queue {queue} take no new jobs")
            }
            Why::LimitRunning { most, jobs } => {
                self.jobs.clone_from(jobs);
                let by = named(jobs, *most);
                format!("queue {queue} may run {} at once, and does: {by}", words::count(*most, "job"))
            }
            Why::LimitRate { next_ms } => {
                self.next_ms = Some(*next_ms);
                let rate = rate_words(&context.bounds);
                format!(
                    "queue {queue} may start {rate}, and has; the next may start {}",
                    ago(now.saturating_sub(*next_ms))
                )
            }
            Why::InLine { ahead, free, start_ms } => {
                self.position = ahead.map(|ahead| ahead.saturating_add(1));
                self.start_ms = *start_ms;
                in_line(job, *ahead, *free, *start_ms)
            }
            // The others are told above.
            _ => String::new(),
        }
    }
}

fn instant(ms: Option<i64>, zone: &TimeZone) -> String {
    ms.map_or_else(|| "an unknown time".to_owned(), |ms| clock(ms, zone))
}

fn on(job: &JobReport) -> String {
    job.worker.clone().unwrap_or_else(|| "an unknown worker".to_owned())
}

fn ended(job: &JobReport, zone: &TimeZone) -> String {
    let when =
        job.finished_ms.map(|at| format!(" {}", ago(job.now_ms.saturating_sub(at)))).unwrap_or_default();
    let reason = job.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match job.state {
        State::Success => format!("it succeeded{when}"),
        State::Failure => {
            let how =
                job.outcome.map(|outcome| format!(" with {}", words::outcome(outcome))).unwrap_or_default();
            let tries = words::count(u64::from(job.attempt), "attempt");
            format!("it failed{when}{how} after {tries}{reason}")
        }
        // Its record still waits for whoever sweeps it.
        State::Expired if job.finished_ms.is_none() => {
            format!("it had not started when it expired at {}", instant(job.expires_ms, zone))
        }
        State::Expired => format!("it had not started when it expired{when}"),
        // `cancelled by ann@web1: wrong list`, `purged by …`.
        _ => match job.reason.as_deref().and_then(|reason| reason.split_once(' ')) {
            Some((word @ ("cancelled" | "purged"), by)) => format!("it was {word}{when} {by}"),
            _ => format!("it was cancelled{when}{reason}"),
        },
    }
}

/// `it has been running for 5m 00s on web1-4121-k3f9`, and why not where it ran before.
fn running(job: &JobReport) -> String {
    let since = job.started_ms.map_or(0, |at| job.now_ms.saturating_sub(at).max(0));
    let cut = job
        .attempts
        .last()
        .filter(|last| matches!(last.outcome, Some(Outcome::WorkerLost | Outcome::LeaseLost)));
    let cut = cut.map(|last| format!("; its run on {} was cut", last.worker)).unwrap_or_default();
    format!("it has been running for {} on {}{cut}", short(since.unsigned_abs()), on(job))
}

fn silent(job: &JobReport, seen_ms: Option<i64>, workers: usize) -> String {
    let seen = match seen_ms {
        Some(seen) => format!("gave its last sign of life {}", ago(job.now_ms.saturating_sub(seen))),
        None => "is not in the books any more".to_owned(),
    };
    let then = match workers {
        _ if job.cancelling => "its cancel is recorded, and it does not start again".to_owned(),
        0 => format!("no live worker of queue {} is there to take it over", job.spec.queue),
        _ => "another one takes it over when it has seen that one stand still for its lease".to_owned(),
    };
    format!("it is on {}, which {seen}; {then}", on(job))
}

fn blocked(parents: &[(String, Option<State>)]) -> String {
    if parents.is_empty() {
        return "it waits for other jobs".to_owned();
    }
    let words = parents.iter().take(NAMED).map(|(id, state)| match state {
        Some(state) => format!("{id} ({state})"),
        None => format!("{id} (gone)"),
    });
    format!("it waits for {}{}", words.collect::<Vec<_>>().join(", "), more(parents.len(), NAMED))
}

fn more(all: usize, shown: usize) -> String {
    if all > shown { format!(" and {} more", all - shown) } else { String::new() }
}

fn named(jobs: &[String], all: u64) -> String {
    let shown = jobs.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    format!("{shown}{}", more(usize::try_from(all).unwrap_or(usize::MAX), jobs.len().min(NAMED)))
}

/// `queue emails was paused 5m 00s ago by ann@web1 (until in 2h 00m): moving house`.
fn paused(queue: &str, pause: &Pause, now_ms: i64) -> String {
    let when = ago(now_ms.saturating_sub(pause.since_ms).max(0));
    let by = match &pause.by {
        (user, host) if user.is_empty() && host.is_empty() => String::new(),
        (user, host) => format!(" by {user}@{host}"),
    };
    let until = pause.until_ms.map_or_else(
        || "until somebody resumes it".to_owned(),
        |until| format!("and goes on {}", ago(now_ms.saturating_sub(until))),
    );
    let said = pause.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    format!("queue {queue} was paused {when}{by} {until}{said}")
}

/// `10 jobs in 1s`.
fn rate_words(bounds: &Bounds) -> String {
    let rate = bounds.rate.unwrap_or(0.0).max(0.0) as u64;
    format!("{} in {}", words::count(rate, "job"), short(bounds.rate_ms.unsigned_abs()))
}

fn in_line(job: &JobReport, ahead: Option<u64>, free: u64, start_ms: Option<i64>) -> String {
    let queue = &job.spec.queue;
    let turn = start_ms.map(|at| at.saturating_sub(job.now_ms)).map(|ms| match ms {
        ..2_000 => "its turn comes in a moment".to_owned(),
        ms => format!("its turn comes in about {}", short(ms.unsigned_abs())),
    });
    match ahead {
        None => format!("it is due, and the next worker of queue {queue} that looks puts it in line"),
        Some(0) if free > 0 => format!("it is next in line of queue {queue}, and a worker has a free place"),
        Some(ahead) => {
            let place = if ahead == 0 { "next".to_owned() } else { format!("number {}", ahead + 1) };
            let busy = if free == 0 { "; all places of its workers are taken" } else { "" };
            let turn = turn.map(|turn| format!("; {turn}")).unwrap_or_default();
            format!("it is {place} in line of queue {queue}{busy}{turn}")
        }
    }
}

/// What `inspect why` shows.
#[derive(Debug)]
pub struct Reasons(pub Vec<Reason>);

impl View for Reasons {
    fn shape() -> &'static Shape {
        &fields::WHY
    }

    fn text(&self, look: &Look) -> String {
        let mut text = String::new();
        for reason in &self.0 {
            let style = match reason.code {
                "succeeded" => GOOD,
                "failed" => BAD,
                "in_line" | "running" | "scheduled" | "retry" | "cancelled" | "expired" => PLAIN,
                _ => WARN,
            };
            let id = if self.0.len() > 1 { format!("{}  ", escape::text(&reason.id)) } else { String::new() };
            let code = look.paint(DIM, &format!("({})", reason.code));
            let line = format!("{id}{} {code}", look.paint(style, &escape::text(&reason.sentence)));
            text.push_str(&format!("{}\n", look.fold(&line, 2)));
        }
        text
    }

    fn records(&self) -> Vec<String> {
        self.0.iter().map(record).collect()
    }
}

fn record(reason: &Reason) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        id: &'a str,
        state: Option<&'static str>,
        code: &'a str,
        sentence: &'a str,
        since_at: Option<String>,
        next_at: Option<String>,
        position: Option<u64>,
        start_at: Option<String>,
        jobs: &'a [String],
        reason: Option<&'a str>,
        schema: u32,
    }
    line(&Record {
        id: &reason.id,
        state: reason.state.map(State::name),
        code: reason.code,
        sentence: &reason.sentence,
        since_at: reason.since_ms.map(rfc3339),
        next_at: reason.next_ms.map(rfc3339),
        position: reason.position,
        start_at: reason.start_ms.map(rfc3339),
        jobs: &reason.jobs,
        reason: reason.said.as_deref(),
        schema: SCHEMA,
    })
}
