//! From what was typed to what is wanted: pure, given the facts of the moment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::args::{EnqueueArgs, IfFull, JobArgs};
use crate::config::{Config, DEFAULT_QUEUE, Policy, TaskDef};
use crate::core::bytes::Bytes;
pub use crate::core::bytes::MAX_WORD_BYTES;
use crate::core::name::Name;
use crate::core::script::HOOK_QUEUES;
use crate::core::spec::{Origin, Retry, Spec};
use crate::core::when::{self, LocalZone, instant, rfc3339, short};
use crate::view::Problem;

mod job;
pub mod schedule;
mod task;

use job::Described;

/// What a command that describes jobs needs to know besides its arguments.
pub struct Facts<'a> {
    /// The current folder.
    pub cwd: Option<&'a Path>,
    /// Variables of the producer.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
    /// The producer's clock, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The zone of times without one.
    pub zone: &'a LocalZone,
    /// The producer's user.
    pub user: &'a str,
    /// The producer's host.
    pub host: &'a str,
}

/// An instant by Redis time (`In`, milliseconds from the enqueue) or by the calendar (`At`,
/// milliseconds since the epoch).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moment {
    /// Not given.
    #[default]
    None,
    /// So long after it was enqueued.
    In(u64),
    /// At this instant.
    At(i64),
}

impl Moment {
    /// The instant, in milliseconds since the epoch, as far as a clock that says `now_ms` can tell.
    pub fn at(self, now_ms: i64) -> Option<i64> {
        match self {
            Moment::None => None,
            Moment::In(ms) => Some(now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))),
            Moment::At(ms) => Some(ms),
        }
    }
}

/// Where the job's standard input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StdinFrom {
    /// `/dev/null`.
    #[default]
    Nothing,
    /// This process's standard input.
    Here,
    /// A file.
    File(PathBuf),
}

/// All that `enqueue` is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct EnqueuePlan {
    /// The job.
    pub spec: Spec,
    /// Its standard input.
    pub stdin: StdinFrom,
    /// When it becomes eligible.
    pub not_before: Moment,
    /// When it expires.
    pub expires: Moment,
    /// Its id, where one was given.
    pub id: Option<Name>,
    /// What to do when the queue is full.
    pub if_full: IfFull,
    /// How many replicas must have it too.
    pub durable: Option<u32>,
    /// Whether to wait for its end.
    pub wait: bool,
    /// For how long at most, in milliseconds.
    pub wait_timeout_ms: Option<u64>,
    /// Whether only to show it.
    pub dry_run: bool,
    /// What the person should know about how times were understood; for stderr.
    pub notes: Vec<String>,
}

/// Wrong usage that only the values together show: exit 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

impl From<UsageError> for Problem {
    fn from(error: UsageError) -> Problem {
        Problem { hint: error.hint, ..Problem::new(2, "usage", error.message) }
    }
}

fn wrong(message: impl Into<String>) -> UsageError {
    UsageError { message: message.into(), hint: None }
}

fn hinted(message: impl Into<String>, hint: impl Into<String>) -> UsageError {
    UsageError { message: message.into(), hint: Some(hint.into()) }
}

/// Makes the plan: what was typed, over what the task and the queue say in the files.
///
/// # Errors
/// Wrong usage (2) where options contradict each other, a time is wrong or past, a variable
/// to copy is not set, or a word is too long for any program; an unknown task (66); a
/// parameter that the task does not take (65).
pub fn enqueue(args: &EnqueueArgs, facts: &Facts<'_>, config: &Config) -> Result<EnqueuePlan, Problem> {
    let mut notes = Vec::new();
    let (not_before, mut expires) = times(args, facts, &mut notes)?;
    let Described { mut spec, stdin, policy } = job::describe(&args.job, facts, config)?;
    spec.not_before = args.at.clone().or_else(|| args.delay.as_ref().map(|span| span.text.clone()));
    spec.expires.clone_from(&args.expires);
    if let (Moment::None, Some(ms)) = (expires, policy.expires_ms) {
        expires = after_due(not_before, ms);
        spec.expires = Some(short(ms));
    }
    (spec.traceparent, spec.tracestate) = trace(facts);
    Ok(EnqueuePlan {
        spec,
        stdin,
        not_before,
        expires,
        id: args.id.clone(),
        if_full: args.if_full,
        durable: args.durable,
        wait: args.wait,
        wait_timeout_ms: args.wait_timeout.as_ref().map(|span| span.ms),
        dry_run: args.dry_run,
        notes,
    })
}

/// A task's `expires` counts from when the job may run, so that a delay never eats it up.
fn after_due(due: Moment, ms: u64) -> Moment {
    match due {
        Moment::None => Moment::In(ms),
        Moment::In(delay) => Moment::In(delay.saturating_add(ms)),
        Moment::At(at) => Moment::At(at.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))),
    }
}

fn times(
    args: &EnqueueArgs,
    facts: &Facts<'_>,
    notes: &mut Vec<String>,
) -> Result<(Moment, Moment), UsageError> {
    let zone = match &args.tz {
        Some(_) if args.at.is_none() && args.expires.is_none() => {
            return Err(wrong("--tz needs --at or --expires"));
        }
        Some(name) => when::zone(name).map_err(|error| wrong(format!("--tz: {error}")))?,
        // Without a time to read, the local zone is not even looked for.
        None if args.at.is_none() && args.expires.is_none() => TimeZone::UTC,
        None => TimeZone::clone(facts.zone),
    };
    let mut read = |option: &str, text: &str| {
        let found =
            instant(text, facts.now_ms, &zone).map_err(|error| wrong(format!("{option}: {error}")))?;
        notes.extend(found.note.map(|note| format!("{option}: {note}")));
        Ok::<i64, UsageError>(found.ms)
    };
    let not_before = match (&args.at, &args.delay) {
        (Some(at), _) => Moment::At(read("--at", at)?),
        (None, Some(delay)) => Moment::In(delay.ms),
        (None, None) => Moment::None,
    };
    let expires = match &args.expires {
        None => Moment::None,
        Some(text) => match when::some_duration(text) {
            Ok(ms) => Moment::In(ms),
            // What begins like a duration and is none is told as one.
            Err(error) if looks_like_duration(text) => return Err(wrong(format!("--expires: {error}"))),
            Err(_) => Moment::At(read("--expires", text)?),
        },
    };
    if let (Some(due), Some(end)) = (not_before.at(facts.now_ms), expires.at(facts.now_ms))
        && end <= due
    {
        return Err(wrong(match due.abs_diff(end) {
            0 => "it would expire at the moment it may run".to_owned(),
            ms => format!("it would expire {} before it may run", short(ms)),
        }));
    }
    Ok((not_before, expires))
}

/// Neither a clock time nor a date: only digits, points, letters and a sign, a digit first.
fn looks_like_duration(text: &str) -> bool {
    let text = text.trim().trim_start_matches('-');
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([':', '-'])
}

/// The producer's W3C trace context, where it is one; what is not is nobody's fault here.
fn trace(facts: &Facts<'_>) -> (Option<String>, Option<String>) {
    let get = |name: &str| (facts.env)(name).and_then(|value| value.into_string().ok());
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parent = get("TRACEPARENT").filter(|value| {
        let parts: Vec<&str> = value.split('-').collect();
        matches!(parts[..], [version, trace, span, flags]
            if hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2))
    });
    let state = get("TRACESTATE").filter(|value| {
        parent.is_some() && value.len() <= 512 && value.bytes().all(|b| (b' '..=b'~').contains(&b))
    });
    (parent, state)
}

#[cfg(test)]
mod tests;
