//! What tests stand on: a private server, the real program in a sealed room, a proxy that
//! breaks connections on purpose, and a record of what jobs did.
//!
//! The rules: of the tester's environment only PATH is used, to find a server program;
//! what cannot run panics (never skips); tests wait for conditions, never for a fixed time;
//! and whatever was started is gone when its handle is dropped, or when the test process
//! dies ([`guard`]).

#![allow(dead_code, reason = "tools for all test modules; not each of them is in use at every commit")]
#![allow(unused_imports, reason = "the same, for the names given here")]

pub mod beats;
pub mod books;
pub mod cluster;
mod guard;
pub mod jobs;
pub mod invariants;
pub mod openmetrics;
pub mod oracle;
pub mod proxy;
pub mod resp;
pub mod room;
pub mod run;
pub mod sentinel;
pub mod server;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub use cluster::ClusterScene;
pub use jobs::{Job, children_of, engine_now, engine_of, enqueue_many};
pub use oracle::Oracle;
pub use proxy::{Mode, Proxy};
pub use resp::Value;
pub use room::{Jobq, Room, jobq_program};
pub use run::{Output, Running};
pub use rustix::process::Signal;
pub use sentinel::SentinelScene;
pub use server::{Server, ServerOptions};

/// Where programs are on any machine.
const STANDARD_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The only PATH that anything in a test sees: the server's directory, then the standard ones.
pub fn path() -> OsString {
    let of_server = server_program().parent().expect("a program in a directory").to_path_buf();
    let dirs = std::iter::once(of_server).chain(std::env::split_paths(STANDARD_PATH));
    std::env::join_paths(dirs).expect("directories that came from a PATH")
}

/// Longer than any single step takes on a busy machine; used where a test gives no limit.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks every 5 ms until `condition` holds; panics naming `what` after `limit`.
#[track_caller]
pub fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    wait_for_some(what, limit, || condition().then_some(()));
}

/// As [`wait_for`], for conditions that yield something.
#[track_caller]
pub fn wait_for_some<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The first `valkey-server` or `redis-server` on the tester's PATH, else in the standard
/// places. So `PATH=/opt/valkey/bin:$PATH make unit` tests with another server.
pub fn server_program() -> PathBuf {
    let tester = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&tester)
        .chain(std::env::split_paths(STANDARD_PATH))
        .flat_map(|dir| [dir.join("valkey-server"), dir.join("redis-server")])
        .find(|path| path.is_file())
        .expect("these tests need redis-server or valkey-server: run `make setup`")
}

/// A temporary directory with a name short enough for sockets inside it.
pub fn temp_dir() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("jq").tempdir_in("/tmp").expect("a temporary directory")
}

/// Whether a process exists that has not ended (a zombie has).
pub fn alive(pid: u32) -> bool {
    process_state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

/// The state letter of a process as in proc(5), `None` if there is no such process.
pub fn process_state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Sends a signal; a process that is gone already is fine.
#[track_caller]
pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    match rustix::process::kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => panic!("cannot send {signal:?} to process {pid:?}: {error}"),
    }
}

/// Compiles a C file of this folder into a shared object in `dir`, to be preloaded.
pub fn compile_shim(dir: &Path, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/support/{name}.c"));
    let object = dir.join(format!("{name}.so"));
    let done = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .args([&object, &source])
        .output()
        .expect("these tests need a C compiler named cc: run `make setup`");
    assert!(done.status.success(), "cc: {}", String::from_utf8_lossy(&done.stderr));
    object
}
