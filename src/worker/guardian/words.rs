//! What the guardian tells the person.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::worker::control::Order;

pub(super) const QUIET: &str = "jobq: taking no new jobs";
pub(super) const RUN: &str = "jobq: taking jobs again";
pub(super) const FORCED: &str = "jobq: the engine did not end in time; everything was killed, \
    its jobs go back to the queue when their lease ends";
pub(super) const LEASE_PASSED: &str = "jobq: the engine did not renew its lease in time; \
    its jobs were killed and go back to the queue";

/// What happens now, and what the next signal will do.
pub(super) fn next_step(order: Order, running: Option<u32>, interactive: bool) -> String {
    let again = if interactive { "press Ctrl-C again" } else { "send TERM again" };
    let jobs = match running {
        Some(1) => "1 running job".to_owned(),
        Some(count) => format!("{count} running jobs"),
        None => "running jobs".to_owned(),
    };
    match order {
        Order::Drain if running == Some(0) => format!("jobq: stopping; {again} to stop at once"),
        Order::Drain => format!(
            "jobq: finishing {jobs}, taking no new ones; {again} to stop them, they go back to the queue"
        ),
        Order::Terminate => format!("jobq: stopping {jobs}; {again} to kill them at once"),
        _ => format!("jobq: killing {jobs}"),
    }
}

/// How an engine ended, as part of a sentence.
pub(super) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited unexpectedly with code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended unexpectedly".to_owned(),
    }
}
