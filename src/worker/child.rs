//! One attempt: start it, carry its output, keep its limits, leave nothing of it behind.
//!
//! # Theory of operation
//!
//! ```text
//!   running --exit of the root--> clearing --tree gone--> draining --EOF or 1 s--> ended
//!      | soft limit: a signal to its group, once
//!      | hard limit, order Kill: KILL to the whole tree ----+
//!      | order Terminate: TERM+CONT to the whole tree,      |
//!      |   KILL after `kill_after` -------------------------+--> (the root exits)
//! ```
//!
//! The exit of the root decides, not the end of its output: a leftover that holds a pipe
//! delays nothing. When time is up the root is asked once more whether it has ended, so a
//! worker that was itself held up does not call a job late that was not. Only an ordered
//! stop gives the rest of the tree the time until `kill_after` although the root is gone:
//! a shell dies of the TERM at once while the program below it still puts its things away.

use std::future::poll_fn;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

pub use super::launch::{Launch, Refused};
use super::launch::{environment, explain, resolve};
use super::output::Stream;
use super::pipes::Pipes;
use super::reaper::{Reaper, Root};
use crate::core::outcome::Outcome;

/// How long output is awaited once the tree is gone.
const DRAIN: Duration = Duration::from_secs(1);

/// What the dispatcher may ask of a running attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildOrder {
    /// TERM and CONT to the tree, KILL after `kill_after`.
    Terminate,
    /// KILL to the whole tree at once.
    Kill,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit, Signal or Timeout. After an order the caller decides what it means.
    pub outcome: Outcome,
    /// Whether an order to stop was received before the root's exit.
    pub ordered: bool,
    /// Processes of its tree that outlived the root and were killed.
    pub leftovers: u32,
    /// Processes that could not be killed (uninterruptible, or somebody else's).
    pub survivors: u32,
    /// Whether all output was read; otherwise somebody outside the tree holds a pipe.
    pub drained: bool,
    /// Whether the soft limit's signal was sent.
    pub soft_fired: bool,
}

/// A started attempt.
#[derive(Debug)]
pub struct Running {
    root: Root,
    pipes: Pipes,
    limits: Limits,
}

#[derive(Debug)]
struct Limits {
    soft: Option<Instant>,
    soft_signal: Signal,
    soft_fired: bool,
    hard: Option<Instant>,
    timed_out: bool,
    kill_after: Duration,
    kill_at: Option<Instant>,
    ordered: bool,
}

/// Starts and supervises in one go. The sink gets the output as it comes and must not
/// block; `orders` may be closed at any time, which changes nothing.
pub async fn run(
    launch: Launch,
    reaper: &Arc<Reaper>,
    orders: &mut mpsc::Receiver<ChildOrder>,
    sink: &mut (dyn FnMut(Stream, &[u8]) + Send),
) -> Result<Ended, Refused> {
    Ok(start(launch, reaper)?.supervise(orders, sink).await)
}

/// Starts the command. Blocks for the spawn (half a millisecond); needs a tokio runtime.
pub fn start(mut launch: Launch, reaper: &Arc<Reaper>) -> Result<Running, Refused> {
    let (pipes, ends) = Pipes::open(launch.stdin.take()).map_err(Refused::Starved)?;
    let name = launch.argv.first().cloned().unwrap_or_default();
    let path = launch.env.iter().rev().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_os_str());
    let program = match resolve(&name, path, &launch.cwd) {
        Ok(program) => program,
        // The folder may be why a relative PATH entry led nowhere.
        Err(_) if !launch.cwd.is_dir() => {
            let missing = launch.cwd.metadata().err().unwrap_or_else(|| io::ErrorKind::NotADirectory.into());
            let detail = format!("{}: {missing}", launch.cwd.display());
            return Err(Refused::Outcome(Outcome::BadCwd, detail));
        }
        Err(refused) => return Err(refused),
    };
    let mut command = Command::new(&program);
    command.arg0(&name).args(launch.argv.iter().skip(1)).current_dir(&launch.cwd);
    command.env_clear().envs(environment(&launch));
    command.stdin(ends.stdin.map_or_else(Stdio::null, Stdio::from)).stdout(ends.stdout).stderr(ends.stderr);
    let spawned = reaper.spawn(&mut command, launch.mark());
    // It owns the child's ends of the pipes, which would never read as closed otherwise.
    drop(command);
    let root = spawned.map_err(|error| explain(error, &program, &launch.cwd))?;
    let now = Instant::now();
    let limits = Limits {
        soft: launch.soft_timeout.and_then(|limit| now.checked_add(limit)),
        soft_signal: launch.soft_signal,
        soft_fired: false,
        hard: launch.timeout.and_then(|limit| now.checked_add(limit)),
        timed_out: false,
        kill_after: launch.kill_after,
        kill_at: None,
        ordered: false,
    };
    Ok(Running { root, pipes, limits })
}

impl Running {
    /// The root's process id.
    pub fn pid(&self) -> i32 {
        self.root.pid()
    }

    /// Stays with it to the end.
    pub async fn supervise(
        mut self,
        orders: &mut mpsc::Receiver<ChildOrder>,
        sink: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) -> Ended {
        let mut listening = true;
        let status = loop {
            let next = self.limits.next();
            tokio::select! {
                biased;
                status = self.root.exited() => break status,
                order = orders.recv(), if listening => match order {
                    Some(order) => self.obey(order).await,
                    None => listening = false,
                },
                () = async { sleep_until(next.unwrap_or_else(Instant::now)).await }, if next.is_some() => {
                    if let Some(status) = self.root.try_exited() {
                        break status;
                    }
                    self.limit_reached().await;
                }
                () = poll_fn(|cx| self.pipes.poll(cx, sink)), if self.pipes.is_open() => {}
            }
        };
        self.wind_up(status, orders, sink).await
    }

    async fn obey(&mut self, order: ChildOrder) {
        let first = !self.limits.ordered;
        self.limits.ordered = true;
        match order {
            ChildOrder::Terminate if first => {
                self.limits.kill_at = Instant::now().checked_add(self.limits.kill_after);
                self.root.terminate_tree().await;
            }
            ChildOrder::Terminate => {}
            ChildOrder::Kill => self.kill().await,
        }
    }

    async fn limit_reached(&mut self) {
        let now = Instant::now();
        let passed = |limit: Option<Instant>| limit.is_some_and(|limit| limit <= now);
        if passed(self.limits.hard) {
            // An attempt that is already being stopped by order ends as ordered.
            self.limits.timed_out = !self.limits.ordered;
            self.kill().await;
        } else if passed(self.limits.kill_at) {
            self.kill().await;
        } else if passed(self.limits.soft) {
            self.limits.soft = None;
            self.limits.soft_fired = true;
            self.root.signal_group(self.limits.soft_signal);
        }
    }

    async fn kill(&mut self) {
        self.limits.soft = None;
        self.limits.hard = None;
        self.limits.kill_at = None;
        let report = self.root.kill_tree().await;
        if report.survivors.iter().any(|survivor| survivor.pid == self.root.pid()) {
            // Stuck in the kernel: it must not be reported as ended while it is not.
            self.limits.kill_at = Instant::now().checked_add(Duration::from_secs(5));
        }
    }

    async fn wind_up(
        mut self,
        status: ExitStatus,
        orders: &mut mpsc::Receiver<ChildOrder>,
        sink: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) -> Ended {
        self.pipes.close_stdin();
        if let Some(kill_at) = self.limits.kill_at {
            let _ = timeout_at(kill_at, self.until_tree_ends(orders, sink)).await;
        }
        let cleared = self.root.clear().await;
        let drained = !self.pipes.is_readable()
            || timeout(DRAIN, poll_fn(|cx| self.pipes.poll(cx, sink))).await.is_ok();
        Ended {
            outcome: outcome_of(status, self.limits.timed_out),
            ordered: self.limits.ordered,
            leftovers: cleared.killed,
            survivors: u32::try_from(cleared.survivors.len()).unwrap_or(u32::MAX),
            drained,
            soft_fired: self.limits.soft_fired,
        }
    }

    /// Waits for a terminated tree, looking ever more rarely, until it is gone or an order
    /// says to wait no longer.
    async fn until_tree_ends(
        &mut self,
        orders: &mut mpsc::Receiver<ChildOrder>,
        sink: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) {
        let mut pause = Duration::from_millis(20);
        let mut listening = true;
        while self.root.has_leftovers().await {
            let look_again = Instant::now() + pause;
            while Instant::now() < look_again {
                tokio::select! {
                    () = sleep_until(look_again) => {}
                    order = orders.recv(), if listening => match order {
                        Some(ChildOrder::Kill) => return,
                        Some(ChildOrder::Terminate) => {}
                        None => listening = false,
                    },
                    () = poll_fn(|cx| self.pipes.poll(cx, sink)), if self.pipes.is_open() => {}
                }
            }
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }
}

impl Limits {
    fn next(&self) -> Option<Instant> {
        [self.soft, self.hard, self.kill_at].into_iter().flatten().min()
    }
}

fn outcome_of(status: ExitStatus, timed_out: bool) -> Outcome {
    match (status.code(), status.signal()) {
        // It may have ended by itself just before the KILL arrived: then that counts.
        (_, Some(signal)) if timed_out && signal == Signal::KILL.as_raw() => Outcome::Timeout,
        (_, Some(signal)) => {
            Outcome::Signal { number: u8::try_from(signal).unwrap_or(u8::MAX), core: status.core_dumped() }
        }
        (code, None) => Outcome::Exit(u8::try_from(code.unwrap_or(0) & 0xff).unwrap_or(u8::MAX)),
    }
}

#[cfg(test)]
mod tests;
