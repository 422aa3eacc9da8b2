//! The line between guardian and engine, and the engine's end of it.
//!
//! # Protocol
//!
//! A socket pair that is the engine's standard input. Both sides write lines of text:
//!
//! | guardian says | meaning |
//! | --- | --- |
//! | `drain` | take nothing new, finish what runs, then exit |
//! | `terminate` | TERM the trees, KILL after `kill_after`, release the jobs, exit |
//! | `kill` | KILL the trees now, release the jobs, exit |
//! | `quiet` | take nothing new |
//! | `run` | take jobs again |
//! | `reload` | read the configuration again |
//!
//! | engine says | meaning |
//! | --- | --- |
//! | `identity ID NONCE` | as whom it holds leases; whoever follows it can hand them back |
//! | `ready` | it serves; leases of dead predecessors are handed back |
//! | `lease NS`, `lease none` | CLOCK_BOOTTIME in ns until which its attempts are certainly its own |
//! | `running N` | jobs in its slots, for what the guardian tells the person |
//! | `asked WORD` | somebody asked this worker through the store to be quiet, to run, to stop |
//! | `status TEXT` | for the service manager |
//! | `bye CODE` | it is done and about to exit with this code |
//!
//! An unknown line is ignored. The end of the stream means that the other side is gone.
//! The engine never waits for the guardian: when the socket is full, what is superseded is
//! dropped (an older `lease`, `running` or `status`), the rest is kept for the next time.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::cgroup;
use super::os;
use crate::core::store::Wish;

/// Says that this process is to be the engine.
pub(super) const ENGINE_ENV: &str = "JOBQ__ENGINE";
/// `ID:NONCE[,ID:NONCE…]` of dead predecessors.
pub(super) const HANDBACK_ENV: &str = "JOBQ__HANDBACK";
/// Folder of the control group to join.
pub(super) const CGROUP_ENV: &str = "JOBQ__CGROUP";
/// Says that it is to begin without taking jobs.
pub(super) const QUIET_ENV: &str = "JOBQ__QUIET";

/// How often the engine is to say something (a repeated `lease` will do): the service
/// manager's watchdog is fed only while it talks.
pub const TALK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// A line longer than this is not of this protocol.
const LONGEST_LINE: usize = 4096;

/// What the guardian asks of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Take nothing new, finish what runs, exit.
    Drain,
    /// TERM and CONT, KILL after `kill_after`, release, exit.
    Terminate,
    /// KILL at once, release, exit.
    Kill,
    /// Take nothing new.
    Quiet,
    /// Take jobs again.
    Run,
    /// Read the configuration again.
    Reload,
    /// The guardian is dead: kill every tree at once, hand the leases back, exit.
    GuardianGone,
}

impl Order {
    pub(super) fn word(self) -> &'static str {
        match self {
            Order::Drain => "drain",
            Order::Terminate => "terminate",
            Order::Kill => "kill",
            Order::Quiet => "quiet",
            Order::Run => "run",
            Order::Reload => "reload",
            Order::GuardianGone => "gone",
        }
    }

    fn parse(line: &str) -> Option<Order> {
        let sent = [Order::Drain, Order::Terminate, Order::Kill, Order::Quiet, Order::Run, Order::Reload];
        sent.into_iter().find(|order| order.word() == line)
    }
}

/// As whom an engine holds its leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The worker's id.
    pub worker: String,
    /// Its nonce.
    pub nonce: String,
}

impl Holder {
    fn parse(text: &str, between: char) -> Option<Holder> {
        let (worker, nonce) = text.split_once(between)?;
        let plain = |part: &str| !part.is_empty() && !part.contains([' ', ',', ':']);
        let whole = plain(worker) && plain(nonce);
        whole.then(|| Holder { worker: worker.to_owned(), nonce: nonce.to_owned() })
    }

    pub(super) fn list(holders: &[Holder]) -> String {
        let each: Vec<String> =
            holders.iter().map(|holder| format!("{}:{}", holder.worker, holder.nonce)).collect();
        each.join(",")
    }
}

/// What the engine tells the guardian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Identity(Holder),
    Ready,
    Lease(Option<u64>),
    Running(u32),
    Asked(Wish),
    Status(String),
    Bye(u8),
}

impl Word {
    pub(super) fn parse(line: &str) -> Option<Word> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match verb {
            "identity" => Word::Identity(Holder::parse(rest, ' ')?),
            "ready" => Word::Ready,
            "lease" if rest == "none" => Word::Lease(None),
            "lease" => Word::Lease(Some(rest.parse().ok()?)),
            "running" => Word::Running(rest.parse().ok()?),
            "asked" => Word::Asked(Wish::parse(rest)?),
            "status" => Word::Status(rest.to_owned()),
            "bye" => Word::Bye(rest.parse().ok()?),
            _ => return None,
        })
    }

    fn line(&self) -> String {
        match self {
            Word::Identity(holder) => format!("identity {} {}\n", holder.worker, holder.nonce),
            Word::Ready => "ready\n".to_owned(),
            Word::Lease(None) => "lease none\n".to_owned(),
            Word::Lease(Some(deadline)) => format!("lease {deadline}\n"),
            Word::Running(count) => format!("running {count}\n"),
            Word::Asked(wish) => format!("asked {}\n", wish.word()),
            Word::Status(text) => {
                let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                format!("status {plain:.1000}\n")
            }
            Word::Bye(code) => format!("bye {code}\n"),
        }
    }

    fn supersedes(&self, older: &Word) -> bool {
        let latest_counts = matches!(self, Word::Lease(_) | Word::Running(_) | Word::Status(_));
        latest_counts && std::mem::discriminant(self) == std::mem::discriminant(older)
    }
}

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > LONGEST_LINE && !self.buffer.contains(&b'\n') {
            self.buffer.clear();
        }
    }

    pub(super) fn next(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        Some(String::from_utf8_lossy(line.get(..end)?).into_owned())
    }
}

/// Whether this process was started to be an engine. Stays true after [`enter_engine`].
pub fn is_engine() -> bool {
    ENTERED.load(Ordering::Relaxed) || std::env::var_os(ENGINE_ENV).is_some()
}

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Makes this process the engine: a session of its own, a subreaper, a clean room to start
/// jobs from, deaf to signals (its orders come from the guardian; a TERM to the whole
/// service must not kill it). To be called first thing in `main`, before any thread.
pub fn enter_engine() -> io::Result<ControlChannel> {
    let value = |name| std::env::var(name).unwrap_or_default();
    let handback: Vec<Holder> =
        value(HANDBACK_ENV).split(',').filter_map(|one| Holder::parse(one, ':')).collect();
    let group = value(CGROUP_ENV);
    let quiet = std::env::var_os(QUIET_ENV).is_some();
    ENTERED.store(true, Ordering::Relaxed);
    os::forget_env(&[ENGINE_ENV, HANDBACK_ENV, CGROUP_ENV, QUIET_ENV]);
    let socket = UnixStream::from(os::take_stdin()?);
    socket.set_nonblocking(true)?;
    // Fails only for a process group leader, which has no terminal to lose either.
    let _ = rustix::process::setsid();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    os::close_descriptors_on_exec()?;
    os::reset_signals();
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGUSR1, libc::SIGTSTP] {
        os::deafen(signal)?;
    }
    // Started through /proc/self/exe it would be called "exe" in every list of processes.
    let _ = rustix::thread::set_name(c"jobq-engine");
    let group = cgroup::Membership::join(&group);
    let sender =
        ControlSender { shared: Arc::new(Outbox { socket: socket.try_clone()?, queue: Mutex::default() }) };
    Ok(ControlChannel { inbox: Inbox::Idle(socket), lines: Lines::default(), sender, handback, quiet, group })
}

/// The engine's end of the line.
#[derive(Debug)]
pub struct ControlChannel {
    inbox: Inbox,
    lines: Lines,
    sender: ControlSender,
    handback: Vec<Holder>,
    quiet: bool,
    group: cgroup::Membership,
}

#[derive(Debug)]
enum Inbox {
    /// Not yet known to the runtime, which is started after this channel was made.
    Idle(UnixStream),
    Watched(tokio::net::UnixStream),
    Closed,
}

impl ControlChannel {
    /// Dead predecessors whose leases are to be handed back before anything else.
    pub fn handback(&self) -> &[Holder] {
        &self.handback
    }

    /// Whether it is to begin quiet: an order could come after the first claim.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The sending side; clone it freely.
    pub fn sender(&self) -> ControlSender {
        self.sender.clone()
    }

    /// After [`Order::GuardianGone`], when nothing runs any more: removes the control group
    /// that the guardian can no longer remove.
    pub fn remove_group(&self) {
        self.group.leave_and_remove();
    }

    /// The next order. [`Order::GuardianGone`] is repeated for ever. May be dropped and
    /// called again. Needs a tokio runtime.
    pub async fn recv(&mut self) -> Order {
        loop {
            while let Some(line) = self.lines.next() {
                if let Some(order) = Order::parse(&line) {
                    return order;
                }
            }
            match &self.inbox {
                Inbox::Idle(socket) => {
                    let watched = socket.try_clone().and_then(tokio::net::UnixStream::from_std);
                    self.inbox = watched.map_or(Inbox::Closed, Inbox::Watched);
                }
                Inbox::Watched(socket) => {
                    let mut bytes = [0_u8; 512];
                    let read = match socket.readable().await {
                        Ok(()) => socket.try_read(&mut bytes),
                        Err(error) => Err(error),
                    };
                    match read {
                        Ok(count) if count > 0 => self.lines.push(bytes.get(..count).unwrap_or_default()),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        _ => self.inbox = Inbox::Closed,
                    }
                }
                Inbox::Closed => return Order::GuardianGone,
            }
        }
    }
}

/// Tells the guardian things; never blocks, never fails (if the guardian is gone, `recv`
/// says so).
#[derive(Debug, Clone)]
pub struct ControlSender {
    shared: Arc<Outbox>,
}

#[derive(Debug)]
struct Outbox {
    socket: UnixStream,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// The rest of a line of which a part was written.
    begun: Vec<u8>,
    words: VecDeque<Word>,
}

impl ControlSender {
    /// As whom this engine holds leases; to be sent before the first claim. Neither part
    /// may contain a blank, a comma or a colon.
    pub fn send_identity(&self, worker: &str, nonce: &str) {
        self.send(Word::Identity(Holder { worker: worker.to_owned(), nonce: nonce.to_owned() }));
    }

    /// It serves, and predecessors' leases were handed back.
    pub fn send_ready(&self) {
        self.send(Word::Ready);
    }

    /// Until when (CLOCK_BOOTTIME, ns; see [`super::os::boottime_ns`]) the running attempts
    /// are certainly this engine's; `None` when nothing runs.
    pub fn send_lease(&self, deadline: Option<u64>) {
        self.send(Word::Lease(deadline));
    }

    /// Jobs in its slots.
    pub fn send_running(&self, count: u32) {
        self.send(Word::Running(count));
    }

    /// What somebody asked of this worker through the store.
    pub fn send_asked(&self, wish: Wish) {
        self.send(Word::Asked(wish));
    }

    /// A line for the service manager.
    pub fn send_status(&self, text: &str) {
        self.send(Word::Status(text.to_owned()));
    }

    /// It is about to exit with this code.
    pub fn send_bye(&self, code: u8) {
        self.send(Word::Bye(code));
    }

    fn send(&self, word: Word) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.words.retain(|older| !word.supersedes(older));
        queue.words.push_back(word);
        loop {
            if queue.begun.is_empty() {
                let Some(next) = queue.words.pop_front() else { return };
                queue.begun = next.line().into_bytes();
            }
            match (&self.shared.socket).write(&queue.begun) {
                Ok(count) => {
                    queue.begun.drain(..count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn words_survive_the_line() {
        let holder = Holder { worker: "w1".to_owned(), nonce: "n1".to_owned() };
        let words = [
            Word::Identity(holder.clone()),
            Word::Ready,
            Word::Lease(None),
            Word::Lease(Some(u64::MAX)),
            Word::Running(3),
            Word::Asked(Wish::StopNow),
            Word::Status("3 running".to_owned()),
            Word::Bye(0),
        ];
        for word in words {
            assert_eq!(Word::parse(word.line().trim_end()), Some(word));
        }
        for junk in ["", "identity x", "identity a b c", "lease", "lease -1", "bye 256", "asked x", "hello"] {
            assert_eq!(Word::parse(junk), None, "{junk}");
        }
        assert_eq!(Holder::parse(&Holder::list(std::slice::from_ref(&holder)), ':'), Some(holder));
        assert_eq!(Word::Status("a\nb".to_owned()).line(), "status a b\n");
    }

    #[test]
    fn lines_arrive_whole_however_they_are_cut() {
        let mut lines = Lines::default();
        lines.push(b"dr");
        assert_eq!(lines.next(), None);
        lines.push(b"ain\nkill\nqu");
        assert_eq!(lines.next().as_deref(), Some("drain"));
        assert_eq!(lines.next().as_deref(), Some("kill"));
        assert_eq!(lines.next(), None);
        lines.push(&[b'x'; LONGEST_LINE]);
        assert!(lines.buffer.is_empty());
    }

    #[test]
    fn a_guardian_that_does_not_listen_blocks_nobody_and_gets_the_newest_lease() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let sender = ControlSender { shared: Arc::new(Outbox { socket: ours, queue: Mutex::default() }) };
        for deadline in 0..200_000 {
            sender.send_lease(Some(deadline));
        }
        sender.send_bye(3);
        assert!(sender.shared.queue.lock().unwrap().words.len() <= 2);
        // It wakes up: what was kept follows with the next word.
        let mut bytes = vec![0; 1 << 20];
        let count = theirs.read(&mut bytes).unwrap();
        sender.send_ready();
        drop(sender);
        let mut text = String::from_utf8(bytes[..count].to_vec()).unwrap();
        theirs.read_to_string(&mut text).unwrap();
        let words: Vec<Word> = text.lines().map(|line| Word::parse(line).unwrap()).collect();
        assert!(words.ends_with(&[Word::Lease(Some(199_999)), Word::Bye(3), Word::Ready]), "{words:?}");
    }
}
