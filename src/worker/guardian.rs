//! The guardian: keeps one engine alive, passes orders on, and leaves nothing behind.
//!
//! # Theory of operation
//!
//! One thread, one `poll` loop, no Redis. It owns the terminal, the signals and the pid
//! that a service manager knows. Three facts drive it:
//!
//! * **Signals** arrive as bytes on a pipe and climb the `ladder`, whose clock runs here.
//! * **The engine's words** (see `control`) arrive on the socket. `identity` is remembered:
//!   if this engine dies, the next one is told whose leases it can hand back.
//! * **The engine's end** is noticed by waiting for children.
//!
//! What must hold:
//!
//! 1. After an engine's end, for whatever reason, everything below the guardian is killed
//!    before anything else happens, so a new engine finds no process of the old one's jobs.
//! 2. If CLOCK_BOOTTIME passes the lease the engine last spoke of, everything is killed,
//!    engine included: it may be stopped or hung and others may soon run its jobs. All that
//!    was said is read before this is judged.
//! 3. The guardian ends only when nothing is left below it.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use libc::c_int;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::cgroup::Leaf;
use super::control::{CGROUP_ENV, ENGINE_ENV, HANDBACK_ENV, Holder, Lines, Order, QUIET_ENV, Word};
use super::ladder::{Ladder, Phase, Step};
use super::{os, tree};
use crate::core::store::Wish;
use crate::service::notify::{self, Notifier};

mod engine;
mod words;
pub use engine::EngineCommand;
use engine::{End, Engine};

/// Signals that mean something to the guardian.
const SIGNALS: [c_int; 7] =
    [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGUSR1, libc::SIGTSTP, libc::SIGCHLD];

/// How often a lease is checked; a suspended machine is noticed this soon after it wakes.
const LEASE_CHECK: Duration = Duration::from_millis(200);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// An engine that lived this long did not crash "repeatedly".
const LONG_LIFE: Duration = Duration::from_secs(60);

/// How a worker is to be guarded.
#[derive(Debug, Clone)]
pub struct GuardOptions {
    /// What to start as the engine.
    pub engine: EngineCommand,
    /// How long running jobs may go on after the first TERM or INT.
    pub grace: Duration,
    /// Between TERM and KILL for each job; the engine is to use the same.
    pub kill_after: Duration,
    /// Whether a person at a terminal reads the messages: Ctrl-C instead of signal names.
    pub interactive: bool,
    /// Say only what went wrong.
    pub quiet: bool,
}

/// Guards engines until one of them ends in an orderly way or the worker is stopped;
/// returns the exit code. `messages` gets one line at a time for the person. Call it from
/// a process with a single thread.
pub fn guard(options: GuardOptions, messages: &mut dyn FnMut(&str)) -> io::Result<u8> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let hup_ignored = os::is_ignored(libc::SIGHUP);
    os::reset_signals();
    // A message to a terminal of which this is no longer the foreground job must not stop it.
    os::ignore(libc::SIGTTOU)?;
    os::ignore(libc::SIGTTIN)?;
    let signals = os::signals_as_bytes(&SIGNALS)?;
    let mut guardian = Guardian {
        ladder: Ladder::new(options.grace, options.kill_after),
        signals,
        had_terminal: has_terminal(),
        hup_ignored,
        notifier: Notifier::from_env(),
        leaf: Leaf::create(),
        engine: None,
        handback: Vec::new(),
        pause: FIRST_PAUSE,
        quiet: false,
        start_at: Some(Instant::now()),
        first_stop: None,
        messages,
        options,
    };
    let code = guardian.run();
    guardian.kill_all();
    code
}

struct Guardian<'a> {
    options: GuardOptions,
    ladder: Ladder,
    signals: OwnedFd,
    had_terminal: bool,
    hup_ignored: bool,
    notifier: Notifier,
    leaf: Option<Leaf>,
    engine: Option<Engine>,
    /// Dead engines whose leases nobody handed back yet.
    handback: Vec<Holder>,
    pause: Duration,
    /// No engine is to take new jobs.
    quiet: bool,
    /// When the next engine is to be started.
    start_at: Option<Instant>,
    /// The signal that began the stop, for the exit code of a forced one.
    first_stop: Option<c_int>,
    messages: &'a mut dyn FnMut(&str),
}

impl Guardian<'_> {
    fn run(&mut self) -> io::Result<u8> {
        loop {
            let now = Instant::now();
            if self.start_at.is_some_and(|at| at <= now) {
                self.start_engine()?;
            }
            self.wait()?;
            self.listen();
            let ended = self.reap();
            self.take_signals();
            if let Some(code) = ended.and_then(|status| self.engine_ended(status)) {
                return Ok(code);
            }
            self.check_lease();
            if let Some(code) = self.climb() {
                return Ok(code);
            }
            let now = Instant::now();
            self.notifier.feed_watchdog(now, self.engine.as_ref().map_or(now, |engine| engine.heard));
        }
    }

    fn tell(&mut self, line: &str) {
        (self.messages)(line);
    }

    fn say(&mut self, line: &str) {
        if !self.options.quiet {
            self.tell(line);
        }
    }

    fn start_engine(&mut self) -> io::Result<()> {
        self.start_at = None;
        let group = self.leaf.as_ref().map(Leaf::path);
        match Engine::start(&self.options.engine, &self.handback, group, self.quiet) {
            Ok(engine) => self.engine = Some(engine),
            // The very first one: whoever started the worker should hear of it.
            Err(error) if self.handback.is_empty() && self.pause == FIRST_PAUSE => return Err(error),
            Err(error) => {
                self.tell(&format!("jobq: the engine could not be started: {error}"));
                self.start_later();
            }
        }
        if self.ladder.phase() != Phase::Serving {
            // It is only to hand back what its predecessor held.
            self.order(Order::Terminate);
        }
        Ok(())
    }

    fn start_later(&mut self) {
        self.start_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Sleeps until something happens or is due.
    fn wait(&self) -> io::Result<()> {
        let now = Instant::now();
        let lease = self.engine.as_ref().and_then(|engine| engine.lease).map(|_| now + LEASE_CHECK);
        let watchdog = self.notifier.interval().map(|every| now + every);
        let due = [self.ladder.deadline(), self.start_at, lease, watchdog];
        let timeout = due.into_iter().flatten().min().map(|at| {
            // Rounded up, so that what is waited for is really due afterwards.
            let left = at.saturating_duration_since(now) + Duration::from_millis(1);
            Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            }
        });
        let mut fds = vec![PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN)];
        if let Some(socket) = self.engine.as_ref().and_then(Engine::open_socket) {
            fds.push(PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in all that the engine said.
    fn listen(&mut self) {
        let words = self.engine.as_mut().map(Engine::read).unwrap_or_default();
        for word in words {
            match word {
                Word::Asked(wish) => self.grant(wish),
                Word::Ready => {
                    self.handback.clear();
                    self.notifier.send("READY=1");
                }
                Word::Status(text) => self.notifier.send(&format!("STATUS={text}")),
                _ => {}
            }
        }
    }

    /// Collects dead children: the engine, and orphans that were adopted.
    fn reap(&self) -> Option<ExitStatus> {
        engine::reap_all(self.engine.as_ref().map(|engine| engine.pid))
    }

    fn take_signals(&mut self) {
        let mut bytes = [0_u8; 64];
        while let Ok(count) = rustix::io::read(&self.signals, &mut bytes) {
            for signal in bytes.iter().take(count) {
                self.on_signal(c_int::from(*signal));
            }
            if count == 0 {
                return;
            }
        }
    }

    fn on_signal(&mut self, signal: c_int) {
        match signal {
            libc::SIGTERM | libc::SIGINT => self.stop(signal),
            libc::SIGQUIT => {
                self.first_stop.get_or_insert(signal);
                let order = self.ladder.quit(Instant::now());
                self.stopping(order);
            }
            libc::SIGUSR1 | libc::SIGTSTP => self.be_quiet(true),
            libc::SIGHUP if self.had_terminal && !has_terminal() => self.terminal_lost(),
            libc::SIGHUP => self.order(Order::Reload),
            _ => {}
        }
    }

    fn be_quiet(&mut self, quiet: bool) {
        self.quiet = quiet;
        self.order(if quiet { Order::Quiet } else { Order::Run });
        self.say(if quiet { words::QUIET } else { words::RUN });
    }

    /// What was asked through the store is done as for the signal of the same meaning. Said
    /// again, it takes no step further.
    fn grant(&mut self, wish: Wish) {
        match (wish, self.ladder.phase()) {
            (Wish::Quiet, Phase::Serving) => self.be_quiet(true),
            (Wish::Run, Phase::Serving) => self.be_quiet(false),
            (Wish::Stop, Phase::Serving) => self.on_signal(libc::SIGTERM),
            (Wish::StopNow, Phase::Serving | Phase::Draining) => self.on_signal(libc::SIGQUIT),
            _ => {}
        }
    }

    /// Like a first TERM; but under nohup the worker is to outlive its terminal.
    fn terminal_lost(&mut self) {
        if !self.hup_ignored && self.ladder.phase() == Phase::Serving {
            self.stop(libc::SIGHUP);
        }
    }

    fn stop(&mut self, signal: c_int) {
        self.first_stop.get_or_insert(signal);
        let order = self.ladder.stop(Instant::now());
        self.stopping(order);
    }

    fn stopping(&mut self, order: Option<Order>) {
        let Some(order) = order else { return };
        self.order(order);
        let running = self.engine.as_ref().and_then(|engine| engine.running);
        let line = words::next_step(order, running, self.options.interactive);
        self.say(&line);
        if order == Order::Drain {
            let usec = self.ladder.whole().saturating_add(Duration::from_secs(1)).as_micros();
            let usec = u64::try_from(usec).unwrap_or(u64::MAX);
            self.notifier.send(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}"));
        } else {
            self.notifier.send("STOPPING=1");
        }
    }

    fn order(&mut self, order: Order) {
        if let Some(engine) = &mut self.engine {
            engine.send(order);
        }
    }

    fn climb(&mut self) -> Option<u8> {
        if self.ladder.phase() != Phase::Serving && self.engine.is_none() && self.start_at.is_none() {
            return Some(0);
        }
        match self.ladder.tick(Instant::now())? {
            Step::Order(order) => {
                self.stopping(Some(order));
                None
            }
            Step::Force => {
                self.tell(words::FORCED);
                // As a shell reports a program that a signal ended.
                let signal = self.first_stop.and_then(|signal| u8::try_from(signal).ok()).unwrap_or(15);
                Some(128_u8.saturating_add(signal))
            }
        }
    }

    fn check_lease(&mut self) {
        let Some(engine) = &self.engine else { return };
        if engine.lease.is_some_and(|deadline| os::boottime_ns() > deadline) {
            self.tell(words::LEASE_PASSED);
            self.kill_all();
            self.crashed();
        }
    }

    /// What the engine's end means; an exit code if the worker is done.
    fn engine_ended(&mut self, status: ExitStatus) -> Option<u8> {
        // Its last words may have come after the last look.
        self.listen();
        let end = self.engine.as_ref().map_or(End::Crash, |engine| engine.meaning(status));
        self.kill_all();
        match end {
            End::Exit(code) => Some(code),
            End::Crash => {
                let what = words::ending(status);
                self.tell(&format!("jobq: the engine {what}; its jobs were killed and go back to the queue"));
                self.crashed();
                None
            }
        }
    }

    /// Forgets a dead engine, remembers what it held, plans the next one.
    fn crashed(&mut self) {
        let Some(engine) = self.engine.take() else { return };
        if let Some(holder) = engine.identity {
            // One that never served held nothing; endless crashing must not grow the list.
            if engine.ready || self.handback.len() < 32 {
                self.handback.push(holder);
            }
        }
        if engine.born.elapsed() >= LONG_LIFE {
            self.pause = FIRST_PAUSE;
        }
        match self.ladder.phase() {
            Phase::Serving => self.start_later(),
            // While stopping, a successor is worth starting only for what it can hand back;
            // the ladder's clock, which goes on, bounds how often.
            _ if !self.handback.is_empty() => {
                if self.ladder.phase() == Phase::Draining {
                    let order = self.ladder.stop(Instant::now());
                    self.stopping(order);
                }
                self.start_later();
            }
            _ => {}
        }
    }

    /// Kills everything below this process and waits until it is gone.
    fn kill_all(&mut self) {
        match &self.leaf {
            Some(leaf) if !super::proc::children().is_empty() => leaf.kill(),
            _ => {}
        }
        let report = tree::kill_all_descendants(&mut || {
            engine::reap_all(None);
        });
        if !report.survivors.is_empty() {
            let pids: Vec<String> = report.survivors.iter().map(|one| one.pid.to_string()).collect();
            self.tell(&format!("jobq: could not be killed: {}", pids.join(" ")));
        }
        engine::reap_all(None);
    }
}

/// Whether this process has a controlling terminal that still works.
fn has_terminal() -> bool {
    use rustix::fs::{Mode, OFlags, open};
    open("/dev/tty", OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())
        .is_ok()
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod end_to_end;
