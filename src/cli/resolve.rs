//! From what was typed to what is wanted: pure, given the facts of the moment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::args::{EnqueueArgs, IfFull};
use crate::config::{Config, DEFAULT_QUEUE, Policy};
use crate::core::bytes::Bytes;
pub use crate::core::bytes::MAX_WORD_BYTES;
use crate::core::codes::CodeSet;
use crate::core::name::Name;
use crate::core::retry::TEMPFAIL;
use crate::core::script::HOOK_QUEUE;
use crate::core::spec::{Origin, Retry, Spec};
use crate::core::when::{self, LocalZone, instant, rfc3339, short};
use crate::view::Problem;

mod task;

/// What `enqueue` needs to know besides its arguments.
pub struct EnqueueFacts<'a> {
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
pub fn enqueue(
    args: &EnqueueArgs,
    facts: &EnqueueFacts<'_>,
    config: &Config,
) -> Result<EnqueuePlan, Problem> {
    let mut notes = Vec::new();
    let (not_before, mut expires) = times(args, facts, &mut notes)?;
    let task = task::find(args, config)?;
    let of_task = task.as_ref().and_then(|(_, def)| *def);
    let queue = match (&args.queue, of_task) {
        (Some(queue), _) => queue.clone(),
        (None, Some(def)) => def.queue.clone(),
        (None, None) => Name::new(DEFAULT_QUEUE).map_err(|error| wrong(error.to_string()))?,
    };
    if queue.as_str() == HOOK_QUEUE {
        return Err(wrong("the queue hooks is jobq's own; use another name").into());
    }
    let flags = flags(args);
    let policy = config.policy(&flags, task.as_ref().map(|(name, _)| name), &queue);
    consistent(args, &policy)?;
    let mut spec = Spec::command(queue, if task.is_some() { Vec::new() } else { argv(args)? });
    spec.env = environment(args, facts)?;
    // A task runs where its worker's file says.
    if task.is_some() && args.cwd.is_some() {
        return Err(wrong("--cwd is for commands; a task runs where its worker's jobq.toml says").into());
    }
    spec.cwd = if task.is_some() { None } else { Some(folder(args, facts)?) };
    spec.priority = policy.priority.unwrap_or(0);
    spec.not_before = args.at.clone().or_else(|| args.delay.as_ref().map(|span| span.text.clone()));
    spec.expires.clone_from(&args.expires);
    if let (Moment::None, Some(ms)) = (expires, policy.expires_ms) {
        expires = after_due(not_before, ms);
        spec.expires = Some(short(ms));
    }
    spec.created_at = rfc3339(facts.now_ms);
    spec.limits = policy.limits();
    spec.retry = policy.retry();
    spec.codes = policy.codes();
    spec.lease_ms = policy.lease_ms;
    spec.on_lost = policy.on_lost.unwrap_or_default();
    spec.labels = args.labels.iter().map(|label| (label.key.clone(), label.value.clone())).collect();
    spec.result_ttl_ms = policy.result_ttl_ms;
    spec.failure_ttl_ms = policy.failure_ttl_ms;
    (spec.traceparent, spec.tracestate) = trace(facts);
    spec.origin = Origin {
        user: facts.user.to_owned(),
        host: facts.host.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    if let Some((name, def)) = &task {
        task::describe(args, name, *def, &mut spec)?;
    }
    Ok(EnqueuePlan {
        spec,
        stdin: match (&args.stdin_file, args.stdin) {
            (Some(file), _) => StdinFrom::File(file.clone()),
            (None, true) => StdinFrom::Here,
            (None, false) => StdinFrom::Nothing,
        },
        not_before,
        expires,
        id: args.id.clone(),
        if_full: args.if_full,
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

/// What the options say of the job's running.
fn flags(args: &EnqueueArgs) -> Policy {
    let ms = |span: &Option<super::args::Span>| span.as_ref().map(|span| span.ms);
    Policy {
        priority: args.priority,
        retries: args.retries,
        retry_delay_ms: ms(&args.retry_delay),
        backoff: args.backoff.map(Into::into),
        retry_max_delay_ms: ms(&args.retry_max_delay),
        retry_jitter: args.retry_jitter.then_some(true),
        ok_codes: args.ok_codes.clone(),
        retry_on: args.retry_on.clone(),
        no_retry_on: args.no_retry_on.clone(),
        snooze_on: (!args.snooze_on.is_empty()).then(|| args.snooze_on.clone()),
        on_lost: args.on_lost.map(Into::into),
        lease_ms: ms(&args.lease),
        timeout_ms: ms(&args.timeout),
        soft_timeout_ms: ms(&args.soft_timeout),
        soft_signal: args.soft_signal,
        expires_ms: None,
        result_ttl_ms: ms(&args.result_ttl),
        failure_ttl_ms: ms(&args.failure_ttl),
        output_head: None,
        output_tail: None,
    }
}

/// Options that would have no effect, or that contradict each other or the files.
fn consistent(args: &EnqueueArgs, policy: &Policy) -> Result<(), UsageError> {
    limits(args)?;
    codes(args)?;
    if policy.retries.unwrap_or(0) == 0 {
        let idle = [
            ("--retry-delay", args.retry_delay.is_some()),
            ("--backoff", args.backoff.is_some()),
            ("--retry-max-delay", args.retry_max_delay.is_some()),
            ("--retry-jitter", args.retry_jitter),
            ("--retry-on", args.retry_on.is_some()),
            ("--no-retry-on", args.no_retry_on.is_some()),
        ];
        if let Some((option, _)) = idle.iter().find(|(_, given)| *given) {
            return Err(hinted(
                format!("{option} has no effect without retries"),
                "say how many: --retries 3",
            ));
        }
    }
    retry(args)?;
    match policy.contradictions().into_iter().next() {
        Some((_, words)) => Err(wrong(words)),
        None => Ok(()),
    }
}

fn argv(args: &EnqueueArgs) -> Result<Vec<Bytes>, UsageError> {
    let words = args.command.iter().cloned().map(Bytes::from);
    let argv: Vec<Bytes> = match &args.shell {
        // The second `sh` is $0, so that the first word after `--` is $1.
        Some(script) if !args.command.is_empty() => {
            ["sh".into(), "-c".into(), script.clone().into(), "sh".into()].into_iter().chain(words).collect()
        }
        Some(script) => vec!["sh".into(), "-c".into(), script.clone().into()],
        None => words.collect(),
    };
    if argv.first().is_none_or(|program| program.0.is_empty()) {
        return Err(wrong("the command is empty"));
    }
    for (at, word) in argv.iter().enumerate() {
        if word.0.len() > MAX_WORD_BYTES {
            return Err(too_long(&format!("argument {at}"), word.0.len()));
        }
    }
    Ok(argv)
}

fn too_long(what: &str, bytes: usize) -> UsageError {
    hinted(
        format!("{what} has {bytes} bytes; no program can be given more than {MAX_WORD_BYTES} in one word"),
        "pass it through --stdin or --stdin-file",
    )
}

fn environment(args: &EnqueueArgs, facts: &EnqueueFacts<'_>) -> Result<BTreeMap<String, Bytes>, UsageError> {
    let mut env = BTreeMap::new();
    for one in &args.env {
        let value = match &one.value {
            Some(value) => value.clone(),
            None => (facts.env)(&one.name).ok_or_else(|| {
                hinted(
                    format!("-e {0}: {0} is not set here", one.name),
                    format!("for an empty one: -e {}=", one.name),
                )
            })?,
        };
        let bytes = one.name.len() + 1 + value.as_bytes().len();
        if bytes > MAX_WORD_BYTES {
            return Err(too_long(&format!("variable {}", one.name), bytes));
        }
        env.insert(one.name.clone(), value.into());
    }
    Ok(env)
}

fn folder(args: &EnqueueArgs, facts: &EnqueueFacts<'_>) -> Result<Bytes, UsageError> {
    let path = match (&args.cwd, facts.cwd) {
        (Some(given), _) if given.is_absolute() => given.clone(),
        (Some(given), Some(here)) => here.join(given),
        (None, Some(here)) => here.to_owned(),
        (_, None) => {
            return Err(hinted(
                "the current folder cannot be found; was it removed?",
                "name one with --cwd /DIR",
            ));
        }
    };
    Ok(path.into_os_string().into())
}

fn times(
    args: &EnqueueArgs,
    facts: &EnqueueFacts<'_>,
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

fn limits(args: &EnqueueArgs) -> Result<(), UsageError> {
    match (&args.soft_timeout, &args.timeout) {
        (Some(soft), Some(hard)) if soft.ms >= hard.ms => {
            Err(wrong(format!("--soft-timeout {} must be shorter than --timeout {}", soft.text, hard.text)))
        }
        _ => Ok(()),
    }
}

fn retry(args: &EnqueueArgs) -> Result<(), UsageError> {
    let delay_ms = args.retry_delay.as_ref().map_or(Retry::default().delay_ms, |span| span.ms);
    match &args.retry_max_delay {
        Some(max) if max.ms < delay_ms => Err(wrong(format!(
            "--retry-max-delay {} is shorter than the first wait, {}",
            max.text,
            short(delay_ms)
        ))),
        _ => Ok(()),
    }
}

fn codes(args: &EnqueueArgs) -> Result<(), UsageError> {
    if args.no_retry_on.as_ref().is_some_and(|set| set.contains(TEMPFAIL)) {
        return Err(wrong("--no-retry-on: code 75 always asks for another try"));
    }
    let mut named: Vec<(&str, &CodeSet)> = Vec::new();
    for (option, set) in
        [("--ok-codes", &args.ok_codes), ("--retry-on", &args.retry_on), ("--no-retry-on", &args.no_retry_on)]
    {
        named.extend(set.as_ref().map(|set| (option, set)));
    }
    named.extend(args.snooze_on.iter().map(|rule| ("--snooze-on", &rule.codes)));
    for (at, (first, one)) in named.iter().enumerate() {
        for (second, other) in &named[at + 1..] {
            if let Some(code) = (0..=255).find(|code| one.contains(*code) && other.contains(*code)) {
                return Err(wrong(format!("exit code {code} is in {first} and in {second}")));
            }
        }
    }
    Ok(())
}

/// The producer's W3C trace context, where it is one; what is not is nobody's fault here.
fn trace(facts: &EnqueueFacts<'_>) -> (Option<String>, Option<String>) {
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
