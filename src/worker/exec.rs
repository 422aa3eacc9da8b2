//! `jobq __exec`: sets what only a process can set for itself, then becomes the command.
//!
//! Used only by jobs that ask for it: a mask, a nice value or limits set by the worker
//! after the start would come too late for the first instructions of the command, and set
//! between fork and exec they would force a copying fork on every job.
//!
//! ```text
//! jobq __exec [--umask 077] [--nice 5] [--rlimit nofile=1024[:4096]]... -- CMD [ARG]...
//! ```

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit, umask};

/// Why the command could not be executed: what to print, and 126 or 127 to exit with.
#[derive(Debug, PartialEq, Eq)]
pub struct ExecFailed {
    /// 127 if there is no such command, else 126.
    pub code: u8,
    /// One line.
    pub message: String,
}

/// Applies the options and executes the command; returns only if that failed. `args` is
/// what follows `__exec`.
pub fn exec(args: impl IntoIterator<Item = OsString>) -> ExecFailed {
    match apply(&mut args.into_iter()) {
        Ok(mut command) => {
            let error = command.exec();
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            let program = command.get_program().to_string_lossy();
            ExecFailed { code, message: format!("{program}: {error}") }
        }
        Err(message) => ExecFailed { code: 126, message },
    }
}

fn apply(args: &mut dyn Iterator<Item = OsString>) -> Result<Command, String> {
    while let Some(option) = args.next() {
        if option == "--" {
            let program = args.next().ok_or("__exec: no command")?;
            let mut command = Command::new(program);
            command.args(args);
            return Ok(command);
        }
        let value = args.next();
        let value = value.as_deref().and_then(OsStr::to_str).unwrap_or_default();
        let done = match option.to_str() {
            Some("--umask") => set_umask(value),
            Some("--nice") => set_nice(value),
            Some("--rlimit") => set_limit(value),
            _ => Err("unknown option".to_owned()),
        };
        done.map_err(|why| format!("__exec: {} {value}: {why}", option.to_string_lossy()))?;
    }
    Err("__exec: no command".to_owned())
}

fn set_umask(value: &str) -> Result<(), String> {
    let mask = u32::from_str_radix(value, 8).ok().filter(|mask| *mask <= 0o777);
    let mask = mask.ok_or("not an octal mask")?;
    umask(Mode::from_raw_mode(mask));
    Ok(())
}

fn set_nice(value: &str) -> Result<(), String> {
    let by: i32 = value.parse().map_err(|_| "not a number")?;
    nice(by).map(|_| ()).map_err(|error| error.to_string())
}

fn set_limit(value: &str) -> Result<(), String> {
    let (name, limits) = value.split_once('=').ok_or("not NAME=LIMIT")?;
    let resource = match name {
        "as" => Resource::As,
        "nofile" => Resource::Nofile,
        "fsize" => Resource::Fsize,
        "cpu" => Resource::Cpu,
        "core" => Resource::Core,
        _ => return Err("one of as, nofile, fsize, cpu, core".to_owned()),
    };
    let number = |text: &str| match text {
        "unlimited" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("{text} is not a number")),
    };
    // One number sets the soft limit only as far as the hard one allows, and both below it.
    let new = match limits.split_once(':') {
        Some((soft, hard)) => Rlimit { current: number(soft)?, maximum: number(hard)? },
        None => {
            let limit = number(limits)?;
            let hard = getrlimit(resource).maximum;
            let lowered = match (limit, hard) {
                (Some(limit), Some(hard)) => Some(limit.min(hard)),
                (limit, None) => limit,
                (None, hard) => hard,
            };
            Rlimit { current: lowered, maximum: lowered }
        }
    };
    setrlimit(resource, new).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::testing::in_own_process;

    fn failed(args: &[&str]) -> ExecFailed {
        exec(args.iter().map(OsString::from))
    }

    #[test]
    fn what_cannot_be_executed_is_told_with_the_code_of_a_shell() {
        assert_eq!(failed(&["--", "/no/such/program"]).code, 127);
        assert_eq!(failed(&["--", "/tmp"]).code, 126);
        for wrong in
            [&["--umask", "9", "--", "true"][..], &["--rlimit", "x=1"], &["--nice"], &["--frob", "1"], &[]]
        {
            assert_eq!(failed(wrong).code, 126);
        }
    }

    #[test]
    fn the_command_runs_with_what_was_asked() {
        // The shell compares; its exit status becomes that of the test's own process.
        const VARIABLE: &str = "JOBQ_TEST_EXEC";
        if std::env::var_os(VARIABLE).is_some() {
            let check = "test \"$(umask)\" = 0027 && test \"$(ulimit -n)\" = 77 && test \"$(nice)\" = $1 && echo 1 passed";
            // The tests may run under nice themselves.
            let wanted = (nice(0).unwrap() + 3).min(19).to_string();
            let all = ["--umask", "027", "--nice", "3", "--rlimit", "nofile=77", "--"];
            let all: Vec<&str> = all.into_iter().chain(["sh", "-c", check, "sh", &wanted]).collect();
            panic!("{:?}", failed(&all));
        }
        in_own_process("worker::exec::tests::the_command_runs_with_what_was_asked", || {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "worker::exec::tests::the_command_runs_with_what_was_asked", "--nocapture"])
                .env(VARIABLE, "1")
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        });
    }
}
