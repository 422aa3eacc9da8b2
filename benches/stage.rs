//! What the measurements stand on: a server that persists as most do, the real program with a
//! bare environment, and the library for what has to be driven faster than by processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jobq::core::bytes::Bytes;
use jobq::core::link::{Link, Patience, Target, TlsFiles};
use jobq::core::name::{Name, new_id, new_nonce};
use jobq::core::spec::Spec;
use jobq::core::store::{ENQUEUE_AT_ONCE, Enqueued, Identity, NewJob, Registration, Store};

use crate::support::{Server, path};

/// A server with an append-only file that is synced once a second, on a unix socket.
pub fn server() -> Server {
    Server::options().aof().config("appendfsync everysec").config("auto-aof-rewrite-percentage 0").start()
}

/// A program as a producer on this machine would run it, quiet.
pub fn command(program: impl AsRef<Path>, server: &Server) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear().env("PATH", path()).env("HOME", server.dir()).env("TMPDIR", server.dir());
    command.env("USER", "bench").env("JOBQ_URL", server.url()).current_dir(server.dir());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The program as `make build` makes it, else as cargo did for this bench.
fn program() -> std::path::PathBuf {
    std::env::var_os("JOBQ_BENCH_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_jobq").into(), Into::into)
}

/// The real program.
pub fn jobq(server: &Server, args: &[&str]) -> Command {
    let mut command = command(program(), server);
    command.args(args);
    command
}

/// From before the start of a command to its end.
pub fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.status().expect("the command starts");
    let took = start.elapsed();
    assert!(status.success(), "{command:?} ended with {status}");
    took
}

/// A background process, killed at the end of its measurement.
pub struct Background(Child);

impl Background {
    pub fn start(command: &mut Command) -> Background {
        Background(command.spawn().expect("the command starts"))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // A worker's engine follows its guardian by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The library on one thread.
pub struct Driver {
    pub runtime: tokio::runtime::Runtime,
    pub store: Store,
    pub identity: Identity,
}

impl Driver {
    pub fn new(server: &Server) -> Driver {
        let target = Target::parse(&server.url(), &TlsFiles::default(), None).unwrap();
        let store = Store::new(Link::new(target, Patience::default()), name("default"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let identity = Identity { worker: new_id(), nonce: new_nonce() };
        Driver { runtime, store, identity }
    }

    /// Enters the books as a worker of `default`.
    pub fn register(&self) {
        let registration = Registration {
            identity: self.identity.clone(),
            label: None,
            host: name("bench"),
            pid: std::process::id(),
            boot_id: String::new(),
            slots: 1,
            lease_ms: 30_000,
            version: "bench",
            halves: String::new(),
            queues: vec![name("default")],
        };
        self.runtime.block_on(self.store.register(&registration)).unwrap();
    }

    /// Enqueues `count` jobs of one kind.
    pub fn enqueue(&self, argv: &[&str], count: usize) {
        let mut left = count;
        while left > 0 {
            let page: Vec<NewJob> = (0..left.min(ENQUEUE_AT_ONCE)).map(|_| job(argv)).collect();
            left -= page.len();
            let answer = self.runtime.block_on(self.store.enqueue(&page)).unwrap();
            assert!(matches!(answer, Enqueued::Accepted(_)));
        }
    }
}

/// A job as `jobq enqueue` makes them.
pub fn job(argv: &[&str]) -> NewJob {
    let argv = argv.iter().map(|arg| Bytes(arg.as_bytes().to_vec())).collect();
    let mut spec = Spec::command(name("default"), argv);
    spec.created_at = "2026-01-01T00:00:00Z".to_owned();
    spec.cwd = Some(Bytes(b"/tmp".to_vec()));
    NewJob { id: new_id(), spec, not_before: None, expires: None, stdin: None }
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
