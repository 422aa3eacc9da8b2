//! What can go wrong with the local store, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why there is no local store to use.
#[derive(Debug, Error)]
pub enum LocalError {
    /// There is no place for it: set HOME or XDG_STATE_HOME, or give a URL.
    #[error("cannot tell where to keep the local store: HOME is not set and the user has no home directory")]
    NoHome,
    /// No server program is installed; nothing was created.
    #[error("no valkey-server or redis-server found in {searched}; install one: apt install redis-server")]
    NoServerBinary {
        /// The directories that were searched, as in `PATH`.
        searched: String,
    },
    /// The directory cannot be trusted; its owner must mend or remove it.
    #[error("refusing to keep the local store in {}: {why}", dir.display())]
    Unsafe {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A server was started and did not come up.
    #[error("{} did not start: {why}{}", server.display(), indented(log))]
    StartFailed {
        /// The program.
        server: PathBuf,
        /// What was seen from outside.
        why: String,
        /// The last lines of its log, empty if it wrote none.
        log: String,
    },
    /// Some process holds the lock, and no server answers.
    #[error(
        "{} is held by another process, but no server answers on {}: is the directory shared with another machine?",
        lock.display(), socket.display()
    )]
    Busy {
        /// The lock file.
        lock: PathBuf,
        /// The socket that nobody serves.
        socket: PathBuf,
    },
    /// The server did not shut down.
    #[error("the local server did not stop: {why}")]
    StopFailed {
        /// Its answer, or what was seen from outside.
        why: String,
    },
    /// The system refused something; nothing is known about the server.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl LocalError {
    /// Wraps an I/O error with what was being done to which file.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LocalError {
        let path = path.to_path_buf();
        move |source| LocalError::Io { doing, path, source }
    }
}

/// Log lines below the message, each set in from the margin.
fn indented(log: &str) -> String {
    log.lines().map(|line| format!("\n    {line}")).collect()
}
