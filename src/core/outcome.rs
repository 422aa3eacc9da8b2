//! How an attempt ended: each ending has a name of its own.

use serde::{Deserialize, Serialize};

/// How one attempt ended, as the worker (or the store, for the last five) saw it.
///
/// What the ending *means* for the job (success, retry, failure, back to the queue)
/// is decided by [`crate::core::retry`], never here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The command ended by itself with this code, 0 to 255.
    Exit(u8),
    /// A signal that jobq did not send as a limit or an order ended the command.
    Signal {
        /// The signal's number.
        number: u8,
        /// Whether the kernel wrote a core dump.
        core: bool,
    },
    /// The hard time limit passed and the whole tree was killed.
    Timeout,
    /// No such program.
    NotFound,
    /// The program exists and may not be executed, or is no program.
    NotExecutable,
    /// The working directory is missing or closed to the worker.
    BadCwd,
    /// The user is unknown, or the worker may not become that user.
    BadUser,
    /// Arguments and environment exceed what the kernel passes to a program.
    TooBig,
    /// An operator or a waiting caller cancelled the job.
    Cancelled,
    /// Its expiry passed before it started.
    Expired,
    /// The worker could not keep its lease and killed the tree.
    LeaseLost,
    /// The worker died or was stopped past its grace.
    WorkerLost,
    /// No worker would run it (unknown task, not allowed).
    Rejected,
}

impl Outcome {
    /// The stable name used in tables, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Exit(_) => "exit",
            Outcome::Signal { .. } => "signal",
            Outcome::Timeout => "timeout",
            Outcome::NotFound => "not_found",
            Outcome::NotExecutable => "not_executable",
            Outcome::BadCwd => "bad_cwd",
            Outcome::BadUser => "bad_user",
            Outcome::TooBig => "too_big",
            Outcome::Cancelled => "cancelled",
            Outcome::Expired => "expired",
            Outcome::LeaseLost => "lease_lost",
            Outcome::WorkerLost => "worker_lost",
            Outcome::Rejected => "rejected",
        }
    }

    /// The number stored beside the name: the exit code, or the signal's number plus
    /// 128 when a core was dumped (signals end at 64, so the two cannot be confused).
    pub fn detail(self) -> Option<u8> {
        match self {
            Outcome::Exit(code) => Some(code),
            Outcome::Signal { number, core } => Some(number + if core { 128 } else { 0 }),
            _ => None,
        }
    }

    /// Whether the program never ran.
    pub fn is_no_start(self) -> bool {
        matches!(
            self,
            Outcome::NotFound
                | Outcome::NotExecutable
                | Outcome::BadCwd
                | Outcome::BadUser
                | Outcome::TooBig
                | Outcome::Rejected
        )
    }

    /// The inverse of [`Outcome::name`] and [`Outcome::detail`]; `None` for what this
    /// version does not know.
    pub fn from_stored(name: &str, detail: Option<u8>) -> Option<Outcome> {
        Some(match name {
            "exit" => Outcome::Exit(detail?),
            "signal" => {
                let raw = detail?;
                Outcome::Signal { number: raw & 127, core: raw & 128 != 0 }
            }
            "timeout" => Outcome::Timeout,
            "not_found" => Outcome::NotFound,
            "not_executable" => Outcome::NotExecutable,
            "bad_cwd" => Outcome::BadCwd,
            "bad_user" => Outcome::BadUser,
            "too_big" => Outcome::TooBig,
            "cancelled" => Outcome::Cancelled,
            "expired" => Outcome::Expired,
            "lease_lost" => Outcome::LeaseLost,
            "worker_lost" => Outcome::WorkerLost,
            "rejected" => Outcome::Rejected,
            _ => return None,
        })
    }

    /// The exit code that a waiting `jobq` gives for this ending: the job's own code,
    /// 128+n, 124, 126 or 127 as a shell and `timeout` would, `None` where the failure
    /// is jobq's to report (125).
    pub fn shell_code(self) -> Option<u8> {
        match self {
            Outcome::Exit(code) => Some(code),
            Outcome::Signal { number, .. } => Some(128u8.saturating_add(number)),
            Outcome::Timeout => Some(124),
            Outcome::NotFound => Some(127),
            Outcome::NotExecutable | Outcome::BadCwd | Outcome::BadUser | Outcome::TooBig => Some(126),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn every_outcome_survives_the_store() {
        let all = [
            Outcome::Exit(0),
            Outcome::Exit(255),
            Outcome::Signal { number: 9, core: false },
            Outcome::Signal { number: 11, core: true },
            Outcome::Timeout,
            Outcome::NotFound,
            Outcome::NotExecutable,
            Outcome::BadCwd,
            Outcome::BadUser,
            Outcome::TooBig,
            Outcome::Cancelled,
            Outcome::Expired,
            Outcome::LeaseLost,
            Outcome::WorkerLost,
            Outcome::Rejected,
        ];
        for outcome in all {
            assert_eq!(Outcome::from_stored(outcome.name(), outcome.detail()), Some(outcome));
        }
        assert_eq!(Outcome::from_stored("exit", None), None);
        assert_eq!(Outcome::from_stored("melted", None), None);
    }
}
