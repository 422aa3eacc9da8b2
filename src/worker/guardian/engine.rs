//! One engine in the eyes of its guardian.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};

use rustix::process::{WaitOptions, wait};

use super::*;

/// A command that becomes the engine: this very program, outside of tests.
#[derive(Debug, Clone)]
pub struct EngineCommand {
    /// A path with a slash.
    pub program: PathBuf,
    /// What it is called in lists of processes; `program` if `None`.
    pub arg0: Option<OsString>,
    /// Arguments after that.
    pub args: Vec<OsString>,
}

impl EngineCommand {
    /// The running program with its own arguments. Through /proc, so that it is the same
    /// one although the file may have been replaced since.
    pub fn this_program() -> EngineCommand {
        let mut args = std::env::args_os();
        EngineCommand { program: "/proc/self/exe".into(), arg0: args.next(), args: args.collect() }
    }
}

pub(super) struct Engine {
    pub(super) pid: i32,
    pub(super) born: Instant,
    /// When it last said anything.
    pub(super) heard: Instant,
    pub(super) identity: Option<Holder>,
    pub(super) ready: bool,
    pub(super) lease: Option<u64>,
    pub(super) running: Option<u32>,
    bye: Option<u8>,
    socket: UnixStream,
    open: bool,
    lines: Lines,
}

/// What an engine's end means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Exit(u8),
    Crash,
}

impl Engine {
    pub(super) fn start(
        what: &EngineCommand,
        handback: &[Holder],
        group: Option<&Path>,
        quiet: bool,
    ) -> io::Result<Engine> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&what.program);
        command.args(&what.args).env(ENGINE_ENV, "1").stdin(Stdio::from(OwnedFd::from(theirs)));
        if let Some(name) = &what.arg0 {
            command.arg0(name);
        }
        for name in notify::VARIABLES {
            command.env_remove(name);
        }
        if !handback.is_empty() {
            command.env(HANDBACK_ENV, Holder::list(handback));
        }
        if let Some(group) = group {
            command.env(CGROUP_ENV, group);
        }
        if quiet {
            command.env(QUIET_ENV, "1");
        }
        #[allow(clippy::zombie_processes, reason = "reap_all collects every child")]
        let child = command.spawn()?;
        let now = Instant::now();
        Ok(Engine {
            pid: i32::try_from(child.id()).map_err(io::Error::other)?,
            born: now,
            heard: now,
            identity: None,
            ready: false,
            lease: None,
            running: None,
            bye: None,
            socket: ours,
            open: true,
            lines: Lines::default(),
        })
    }

    /// The socket while there may be something to read from it.
    pub(super) fn open_socket(&self) -> Option<&UnixStream> {
        self.open.then_some(&self.socket)
    }

    /// Reads all there is, notes what concerns the engine and returns all of it.
    pub(super) fn read(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut bytes = [0_u8; 4096];
        while self.open {
            match self.socket.read(&mut bytes) {
                Ok(count) if count > 0 => {
                    self.heard = Instant::now();
                    self.lines.push(bytes.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => self.open = false,
            }
            while let Some(line) = self.lines.next() {
                words.extend(Word::parse(&line).inspect(|word| self.note(word)));
            }
        }
        words
    }

    fn note(&mut self, word: &Word) {
        match word {
            Word::Identity(holder) => self.identity = Some(holder.clone()),
            Word::Ready => self.ready = true,
            Word::Lease(deadline) => self.lease = *deadline,
            Word::Running(count) => self.running = Some(*count),
            Word::Bye(code) => self.bye = Some(*code),
            Word::Asked(_) | Word::Status(_) => {}
        }
    }

    /// An engine that does not read its orders is dealt with by the clock, so nothing is
    /// waited for here.
    pub(super) fn send(&mut self, order: Order) {
        let _ = self.socket.write_all(format!("{}\n", order.word()).as_bytes());
    }

    /// Whether it ended on purpose. 101 is what a panic of the main thread ends with.
    pub(super) fn meaning(&self, status: ExitStatus) -> End {
        match (self.bye, status.code()) {
            (Some(code), _) => End::Exit(code),
            (None, Some(code)) if code != 101 => End::Exit(u8::try_from(code).unwrap_or(1)),
            _ => End::Crash,
        }
    }
}

/// Collects every dead child; the status if `engine` was among them.
pub(super) fn reap_all(engine: Option<i32>) -> Option<ExitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if Some(pid.as_raw_pid()) == engine {
            found = Some(ExitStatus::from_raw(status.as_raw()));
        }
    }
    found
}
