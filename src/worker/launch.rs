//! From a description of a command to a running process, or to the exact reason why not.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::Signal;

use super::proc::Mark;
use crate::core::outcome::Outcome;

/// What one attempt runs, and within which limits.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Program and arguments; the program is searched on the `PATH` in `env`.
    pub argv: Vec<OsString>,
    /// The complete environment: nothing of the worker's own is added but the mark.
    pub env: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Standard input; `None` is /dev/null.
    pub stdin: Option<Vec<u8>>,
    /// Value of `JOBQ_FENCE`, by which its processes are recognised. With `JOBQ_JOB_ID`
    /// and `JOBQ_NAMESPACE` from `env` it is to be unique among running attempts.
    pub mark: String,
    /// After this long `soft_signal` is sent to its process group.
    pub soft_timeout: Option<Duration>,
    /// After this long its whole tree is killed.
    pub timeout: Option<Duration>,
    /// A signal it can catch.
    pub soft_signal: Signal,
    /// Between the TERM of an ordered stop and the KILL.
    pub kill_after: Duration,
}

impl Launch {
    pub(super) fn mark(&self) -> Mark {
        let value = |name: &str| {
            self.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_bytes().to_vec())
        };
        Mark {
            namespace: value("JOBQ_NAMESPACE"),
            job: value("JOBQ_JOB_ID"),
            fence: Some(self.mark.clone().into_bytes()),
        }
    }
}

/// Why no process was started.
#[derive(Debug)]
pub enum Refused {
    /// The command cannot run; this is the attempt's outcome, with a word on the cause.
    Outcome(Outcome, String),
    /// The machine is short of something. The job goes back unharmed.
    Starved(io::Error),
}

/// Where execvp would find `name` with this `PATH`, started in `cwd`. Doing it here keeps
/// the spawn cheap: given a bare name and an environment of its own, std's `Command` falls
/// back to a copying fork.
pub fn resolve(name: &OsStr, path: Option<&OsStr>, cwd: &Path) -> Result<PathBuf, Refused> {
    if name.is_empty() {
        return Err(Refused::Outcome(Outcome::NotFound, "the command is empty".to_owned()));
    }
    if name.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    let mut closed = None;
    for dir in path.as_bytes().split(|byte| *byte == b':') {
        // An empty entry means the current folder; a relative one counts from it.
        let candidate = cwd.join(OsStr::from_bytes(dir)).join(name);
        let Ok(meta) = candidate.metadata() else { continue };
        if is_executable(&candidate, &meta) {
            return Ok(candidate);
        }
        closed.get_or_insert(candidate);
    }
    Err(match closed {
        Some(found) => {
            Refused::Outcome(Outcome::NotExecutable, format!("{}: not executable", found.display()))
        }
        None => Refused::Outcome(Outcome::NotFound, format!("{}: not found on PATH", name.to_string_lossy())),
    })
}

fn is_executable(path: &Path, meta: &Metadata) -> bool {
    meta.is_file() && accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Gives a failed spawn its name. A missing folder and a missing program are one error
/// number, so the folder is looked at.
pub(super) fn explain(error: io::Error, program: &Path, cwd: &Path) -> Refused {
    let refuse = |outcome, what: &Path| Refused::Outcome(outcome, format!("{}: {error}", what.display()));
    let Some(code) = error.raw_os_error() else {
        // A zero byte inside an argument, the environment or the folder's name.
        return refuse(Outcome::NotExecutable, program);
    };
    match Errno::from_raw_os_error(code) {
        Errno::AGAIN | Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOSPC | Errno::IO => {
            Refused::Starved(error)
        }
        Errno::TOOBIG => refuse(Outcome::TooBig, program),
        Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP | Errno::NAMETOOLONG
            if !can_enter(cwd) =>
        {
            refuse(Outcome::BadCwd, cwd)
        }
        Errno::NOENT if cwd.join(program).exists() => Refused::Outcome(
            Outcome::NotExecutable,
            format!("{}: its interpreter was not found", program.display()),
        ),
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG => refuse(Outcome::NotFound, program),
        _ => refuse(Outcome::NotExecutable, program),
    }
}

fn can_enter(cwd: &Path) -> bool {
    cwd.metadata().is_ok_and(|meta| meta.is_dir())
        && accessat(CWD, cwd, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// The environment with the mark in it.
pub(super) fn environment(launch: &Launch) -> impl Iterator<Item = (OsString, OsString)> + '_ {
    let fence = (OsString::from("JOBQ_FENCE"), OsString::from_vec(launch.mark.clone().into_bytes()));
    launch.env.iter().cloned().chain(std::iter::once(fence))
}
