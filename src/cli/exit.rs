//! The exit codes, and which problem has which: one table for the whole program.

use crate::config::{ConfigError, ParamError};
use crate::core::error::Error;
use crate::local::LocalError;
use crate::view::Problem;

/// The answer is no: awaited jobs did not all succeed.
pub const NO: u8 = 1;
/// Wrong usage.
pub const USAGE: u8 = 2;
/// Bad input data.
pub const DATA: u8 = 65;
/// No such job, queue or worker.
pub const UNKNOWN: u8 = 66;
/// Redis cannot be reached or refuses: certainly nothing accepted.
pub const UNAVAILABLE: u8 = 69;
/// Not confirmed: the reply was lost.
pub const UNCONFIRMED: u8 = 74;
/// The queue is full: try again later.
pub const FULL: u8 = 75;
/// Refused: permission.
pub const DENIED: u8 = 77;
/// Bad configuration.
pub const CONFIG: u8 = 78;
/// While waiting: a failure of jobq itself, whatever the table says.
pub const WAIT_FAILED: u8 = 125;
/// The reader of the output went away (128 + SIGPIPE).
pub const PIPE: u8 = 141;
/// Cannot read or write a file (EX_NOINPUT is taken by unknown ids).
pub const IO: u8 = 74;

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let problem = |code| Problem::new(code, error.kind(), error.to_string());
        match &error {
            Error::Unreachable { .. } => {
                problem(UNAVAILABLE).hint("is the server running? --url or JOBQ_URL says where it is")
            }
            Error::Refusing { why, .. } => problem(UNAVAILABLE).hint(refusal_hint(why)),
            Error::Unknown { .. } => {
                problem(UNCONFIRMED).hint("it may have been done or not; to be certain, repeat it")
            }
            Error::Denied { .. } => {
                problem(DENIED).hint("the password or the rights of this Redis user do not suffice")
            }
            Error::Format { .. } => {
                problem(CONFIG).hint("use the jobq that wrote it, or another --namespace")
            }
            Error::Config(_) => problem(CONFIG),
            Error::Protocol(_) => problem(UNAVAILABLE)
                .hint("is this server Redis 7.0 or newer, or Valkey, and the namespace jobq's?"),
        }
    }
}

/// A look changes nothing, so there is nothing to be uncertain about when its answer is lost.
pub(super) fn of_a_look(problem: Problem) -> Problem {
    if problem.kind != "unknown" {
        return problem;
    }
    Problem { code: UNAVAILABLE, kind: "unreachable", ..problem }
        .hint("is the server busy or stopped? try again")
}

fn refusal_hint(why: &str) -> &'static str {
    match why.split(' ').next().unwrap_or_default() {
        "OOM" => "the server's memory is full: let workers drain it, or raise maxmemory",
        "LOADING" => "the server is reading its data: try again in a moment",
        "READONLY" => "this is a replica: name the primary",
        "MISCONF" => "the server cannot write its disk: free some space there",
        _ => "nothing was accepted; try again later",
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Problem {
        let kind = match &error {
            ConfigError::Unreadable { .. } => "config_file",
            ConfigError::Unsafe { .. } => "unsafe_config",
            ConfigError::Faults { .. } => "config",
        };
        let mut lines = error.lines();
        let more = if lines.len() > 1 { lines.split_off(1) } else { Vec::new() };
        let problem = Problem::new(CONFIG, kind, lines.pop().unwrap_or_default()).more(more);
        Problem { hint: error.hint().map(str::to_owned), ..problem }
    }
}

impl From<ParamError> for Problem {
    fn from(error: ParamError) -> Problem {
        Problem::new(DATA, "bad_parameter", error.message)
    }
}

impl From<anyhow::Error> for Problem {
    /// The system refused something that has no code of its own: the whole chain of causes.
    fn from(error: anyhow::Error) -> Problem {
        Problem::new(IO, "io", format!("{error:#}"))
    }
}

impl From<LocalError> for Problem {
    fn from(error: LocalError) -> Problem {
        let message = error.to_string();
        match &error {
            LocalError::NoHome => {
                Problem::new(CONFIG, "no_home", message).hint("set HOME, or name a server with --url")
            }
            LocalError::NoServerBinary { .. } => Problem::new(UNAVAILABLE, "no_server", message)
                .hint("or name a running server with --url or JOBQ_URL"),
            LocalError::Unsafe { .. } => Problem::new(CONFIG, "unsafe_folder", message),
            LocalError::StartFailed { .. } | LocalError::Busy { .. } | LocalError::StopFailed { .. } => {
                Problem::new(UNAVAILABLE, "local_store", message)
            }
            LocalError::Io { source, .. } => {
                Problem::new(UNAVAILABLE, "local_store", format!("{message}: {source}"))
            }
        }
    }
}
