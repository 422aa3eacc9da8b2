//! A job's own options over what its task and its queue say in the files.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;

use super::*;
use crate::core::codes::CodeSet;
use crate::core::retry::TEMPFAIL;

/// A job as it was asked for: all but when it runs.
pub(super) struct Described {
    /// What is recorded.
    pub(super) spec: Spec,
    /// Its standard input.
    pub(super) stdin: StdinFrom,
    /// How it runs.
    pub(super) policy: Policy,
}

/// Describes a job.
///
/// # Errors
/// Wrong usage (2), an unknown task (66), a parameter that the task does not take (65).
pub(super) fn describe(args: &JobArgs, facts: &Facts<'_>, config: &Config) -> Result<Described, Problem> {
    let task = task::find(args, config)?;
    let of_task = task.as_ref().and_then(|(_, def)| *def);
    let queue = queue(args.queue.as_ref(), of_task)?;
    let policy = config.policy(&flags(args), task.as_ref().map(|(name, _)| name), &queue);
    consistent(args, &policy)?;
    let mut spec = Spec::command(queue, if task.is_some() { Vec::new() } else { argv(args)? });
    spec.env = environment(args, facts)?;
    // A task runs where its worker's file says.
    if task.is_some() && args.cwd.is_some() {
        return Err(wrong("--cwd is for commands; a task runs where its worker's jobq.toml says").into());
    }
    spec.cwd = if task.is_some() { None } else { Some(folder(args, facts)?) };
    spec.labels = args.labels.iter().map(|label| (label.key.clone(), label.value.clone())).collect();
    recorded(&mut spec, &policy, facts);
    if let Some((name, def)) = &task {
        task::describe(args, name, *def, &mut spec)?;
    }
    let stdin = match (&args.stdin_file, args.stdin) {
        (Some(file), _) => StdinFrom::File(file.clone()),
        (None, true) => StdinFrom::Here,
        (None, false) => StdinFrom::Nothing,
    };
    Ok(Described { spec, stdin, policy })
}

/// The queue that was named, else the task's, else `default`.
///
/// # Errors
/// A queue of hooks, which is jobq's own.
pub(super) fn queue(named: Option<&Name>, of_task: Option<&TaskDef>) -> Result<Name, UsageError> {
    let queue = match (named, of_task) {
        (Some(queue), _) => queue.clone(),
        (None, Some(def)) => def.queue.clone(),
        (None, None) => Name::new(DEFAULT_QUEUE).map_err(|error| wrong(error.to_string()))?,
    };
    if HOOK_QUEUES.contains(&queue.as_str()) {
        return Err(wrong(format!("the queue {queue} is jobq's own; use another name")));
    }
    Ok(queue)
}

/// Writes down a policy, the producer and the time.
pub(super) fn recorded(spec: &mut Spec, policy: &Policy, facts: &Facts<'_>) {
    spec.priority = policy.priority.unwrap_or(0);
    spec.created_at = rfc3339(facts.now_ms);
    spec.limits = policy.limits();
    spec.retry = policy.retry();
    spec.codes = policy.codes();
    spec.lease_ms = policy.lease_ms;
    spec.on_lost = policy.on_lost.unwrap_or_default();
    spec.result_ttl_ms = policy.result_ttl_ms;
    spec.failure_ttl_ms = policy.failure_ttl_ms;
    spec.origin = Origin {
        user: facts.user.to_owned(),
        host: facts.host.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
}

/// What the options say of the job's running.
fn flags(args: &JobArgs) -> Policy {
    let ms = |span: &Option<crate::cli::args::Span>| span.as_ref().map(|span| span.ms);
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
fn consistent(args: &JobArgs, policy: &Policy) -> Result<(), UsageError> {
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

fn argv(args: &JobArgs) -> Result<Vec<Bytes>, UsageError> {
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

fn environment(args: &JobArgs, facts: &Facts<'_>) -> Result<BTreeMap<String, Bytes>, UsageError> {
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

fn folder(args: &JobArgs, facts: &Facts<'_>) -> Result<Bytes, UsageError> {
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

fn limits(args: &JobArgs) -> Result<(), UsageError> {
    match (&args.soft_timeout, &args.timeout) {
        (Some(soft), Some(hard)) if soft.ms >= hard.ms => {
            Err(wrong(format!("--soft-timeout {} must be shorter than --timeout {}", soft.text, hard.text)))
        }
        _ => Ok(()),
    }
}

fn retry(args: &JobArgs) -> Result<(), UsageError> {
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

fn codes(args: &JobArgs) -> Result<(), UsageError> {
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
