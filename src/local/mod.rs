//! The local store: a private Redis or Valkey server for one user, started when no URL is given.
//!
//! Everything lives in one directory that only its owner can enter ([`Place`]):
//!
//! ```text
//! redis.sock      where the server listens; there is no TCP port
//! appendonlydir/  the data, synced once a second
//! lock            flock'ed by the server itself from before it starts until it is gone
//! redis.conf      written anew at every start; not for editing
//! redis.log       what the server says
//! server          the path of the program that wrote the data
//! ```
//!
//! Why two servers on one directory cannot happen: whoever wants to start one first takes the
//! lock, and the server *inherits the same open file description*. So the lock is held without
//! a gap from before the start until the last process of the server has ended, whatever
//! becomes of the starter. The socket file proves nothing (it survives `kill -9`); only an
//! accepted connection or a held lock does.
//!
//! Nothing here prints or reads the environment; [`EnvFacts`] carries what is needed of it.

mod error;
mod find;
mod place;
mod start;
mod wire;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use wire::Health;

pub use error::LocalError;
pub use find::DEFAULT_SEARCH_PATH;
pub use place::{EnvFacts, Place};

/// A local store that accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where to connect, valid in this process for as long as it lives. It is a short
    /// `/proc/self/fd/…` path when the real one exceeds what connect(2) takes; show
    /// [`Place::socket`] to people and other processes instead.
    pub socket: PathBuf,
    /// Whether this call started the server.
    pub started: bool,
    /// Whether this call made a new, empty store; then `started` is true as well.
    pub created: bool,
    /// The program that was started, or that is recorded as the one in use (empty if unknown).
    pub server: PathBuf,
    /// The server's process id, where the kernel tells it.
    pub pid: Option<u32>,
}

/// What can be said about a local store without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Its directory.
    pub dir: PathBuf,
    /// The real path of its socket (see [`Ready::socket`] for the one to connect to).
    pub socket: PathBuf,
    /// Whether a server accepts connections now.
    pub running: bool,
    /// That server's process id.
    pub pid: Option<u32>,
    /// The size in bytes of all files in the directory, 0 when there is none.
    pub disk_bytes: u64,
}

/// The socket to connect to if a server is running, else `None`. Never starts or creates
/// anything, and costs one `connect`: a server still loading its data counts as running.
///
/// # Errors
/// [`LocalError::Unsafe`] if the directory may belong to somebody else, [`LocalError::Io`].
pub fn running(place: &Place) -> Result<Option<PathBuf>, LocalError> {
    if !place.check()? {
        return Ok(None);
    }
    let socket = place.connectable_socket()?;
    Ok(wire::connect(place, &socket)?.map(|_| socket))
}

/// Whether there is a store, running or not: something was kept in it once.
///
/// # Errors
/// As [`running`].
pub fn exists(place: &Place) -> Result<bool, LocalError> {
    Ok(place.check()? && place.has_data())
}

/// The socket to connect to, whether a server runs at the moment or not: for a process that
/// may not start one, and reconnects when somebody else has. Never creates anything.
///
/// # Errors
/// [`LocalError::Unsafe`] if the directory may belong to somebody else, [`LocalError::Io`].
pub fn address(place: &Place) -> Result<PathBuf, LocalError> {
    place.check()?;
    place.connectable_socket()
}

/// A running local store: the one that is there, or one started now. `search_path` has the
/// form of `PATH`; `None` means [`DEFAULT_SEARCH_PATH`]. Any number of processes may call
/// this at the same time; they end up with one server. Waits at most 30 s for one that has
/// much to load.
///
/// # Errors
/// [`LocalError::NoServerBinary`] (nothing was created then), [`LocalError::Unsafe`],
/// [`LocalError::StartFailed`], [`LocalError::Busy`], [`LocalError::Io`].
pub fn ensure(place: &Place, search_path: Option<&OsStr>) -> Result<Ready, LocalError> {
    if place.check()? {
        let socket = place.connectable_socket()?;
        // A killed server goes on accepting for about a millisecond, so a connection alone
        // proves nothing; and one that still loads is waited for.
        let stream = wire::connect(place, &socket)?.filter(|stream| match wire::ping(stream) {
            Health::Ready | Health::Silent => true,
            Health::Loading | Health::Gone => false,
        });
        if let Some(stream) = stream {
            let server = find::recorded(place).unwrap_or_default();
            return Ok(Ready {
                pid: wire::peer_pid(&stream),
                socket,
                started: false,
                created: false,
                server,
            });
        }
    }
    start::start(place, search_path)
}

/// Shuts the server down, its data kept; returns when the server is gone (at most 30 s).
/// `Ok(false)` when none was running.
///
/// # Errors
/// [`LocalError::StopFailed`] if the server refuses or stays, [`LocalError::Unsafe`],
/// [`LocalError::Io`].
pub fn stop(place: &Place) -> Result<bool, LocalError> {
    if !place.check()? {
        return Ok(false);
    }
    let socket = place.connectable_socket()?;
    let Some(stream) = wire::connect(place, &socket)? else { return Ok(false) };
    wire::shutdown(place, &stream)?;
    start::wait_until_gone(place)?;
    Ok(true)
}

/// Where the store is, whether it runs, how large it is. Never starts or creates anything.
///
/// # Errors
/// As [`running`].
pub fn describe(place: &Place) -> Result<Info, LocalError> {
    let mut info =
        Info { dir: place.dir.clone(), socket: place.socket(), running: false, pid: None, disk_bytes: 0 };
    if place.check()? {
        let socket = place.connectable_socket()?;
        if let Some(stream) = wire::connect(place, &socket)? {
            info.running = true;
            info.pid = wire::peer_pid(&stream);
        }
        info.disk_bytes = bytes_under(&place.dir);
    }
    Ok(info)
}

/// The sum of all file sizes below `dir`. Files that go away meanwhile (the server rewrites
/// its data now and then) count nothing.
fn bytes_under(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_under(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
