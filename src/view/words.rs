//! Sentences that several renderings share.

use crate::core::outcome::Outcome;
use crate::core::signal;
use crate::core::spec::Spec;
use crate::core::state::State;

/// How an attempt ended, in words: `exit code 3`, `killed by SIGKILL`.
pub fn outcome(outcome: Outcome) -> String {
    let fixed = match outcome {
        Outcome::Exit(code) => return format!("exit code {code}"),
        Outcome::Signal { number, core } => {
            let dumped = if core { " (core dumped)" } else { "" };
            return format!("killed by {}{dumped}", signal::name(i32::from(number)));
        }
        Outcome::Timeout => "ran out of time and was killed",
        Outcome::NotFound => "program not found",
        Outcome::NotExecutable => "program cannot be executed",
        Outcome::BadCwd => "working directory missing or closed",
        Outcome::BadUser => "user unknown or not allowed",
        Outcome::TooBig => "arguments and environment too big",
        Outcome::Cancelled => "cancelled",
        Outcome::Expired => "expired before it started",
        Outcome::LeaseLost => "its worker lost the lease",
        Outcome::WorkerLost => "its worker died",
        Outcome::Rejected => "no worker would run it",
    };
    fixed.to_owned()
}

/// A size in bytes: `0 B`, `1.2 KiB`, `3.4 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A number with its noun: `1 job`, `3 jobs`, `no jobs`.
pub fn count(number: u64, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Jobs by state: `3 waiting, 2 delayed, 1 running`.
pub fn parts(parts: &[(State, u64)]) -> String {
    let word = |state| match state {
        State::Scheduled => "delayed",
        State::Blocked => "blocked",
        State::Pending => "waiting",
        State::Started => "running",
        State::Retry => "between attempts",
        State::Success => "succeeded",
        State::Failure => "failed",
        State::Revoked => "revoked",
        State::Expired => "expired",
    };
    let each: Vec<String> = parts.iter().map(|(state, jobs)| format!("{jobs} {}", word(*state))).collect();
    each.join(", ")
}

/// How often: `once`, `twice`, `3 times`.
pub fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

/// What a job does, in one safe line: its command, or its task with what it was given.
pub fn what(spec: &Spec) -> String {
    let Some(task) = &spec.task else { return super::shell::command(&spec.argv) };
    let mut words = vec![super::escape::text(task.as_str())];
    for (name, value) in &spec.named {
        let value = match value {
            serde_json::Value::String(text) => super::shell::quote(text.as_bytes()),
            other => super::escape::text(&other.to_string()),
        };
        words.push(format!("{}={value}", super::escape::text(name)));
    }
    words.join(" ")
}

/// Said after an enqueue to a queue that nobody serves.
pub fn no_worker(queue: &str) -> String {
    format!("no live worker serves queue {queue}; to start one: jobq worker -q {queue}")
}

/// Said when `--id` names a job that was made from another description.
pub fn differs(id: &str) -> String {
    format!("job {id} exists already and was enqueued differently; it stays as it is")
}

/// Said when bounded output outran its reader.
pub fn outran(bytes: u64) -> String {
    format!("{} of output were dropped before they could be read", size(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_numbers() {
        assert_eq!(outcome(Outcome::Signal { number: 11, core: true }), "killed by SIGSEGV (core dumped)");
        assert_eq!(outcome(Outcome::Exit(3)), "exit code 3");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(size(u64::MAX), "16777216.0 TiB");
        assert_eq!(count(0, "job"), "no jobs");
        assert_eq!(count(1, "job"), "1 job");
        assert_eq!(count(2, "job"), "2 jobs");
    }
}
