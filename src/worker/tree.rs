//! Finding and destroying process trees, exactly.
//!
//! # Theory of operation
//!
//! *Who*: a [`Snapshot`] of /proc gives parentage. A caller's `select` function names the
//! members of a tree in a snapshot; this file only makes sure that all of them die.
//!
//! *How*: [`destroy`] first **freezes**: it sends STOP to the members round after round
//! until a snapshot shows no new one. A stopped process cannot fork, set a new session or
//! clear its environment, so after that parentage stands still and nothing can slip out
//! between a look and a kill (killing first would turn the children of each victim into
//! orphans whose origin is no longer written anywhere). Then it sends KILL, waits on the
//! pidfds, and looks again until none is left or the patience is over.
//!
//! *Safely*: a pid is never trusted. The pidfd is opened, then the start time is read
//! again; only if it is the one of the snapshot, the signal goes through the pidfd.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::proc::{self, Mark, Proc};

/// How long [`destroy`] keeps at it. A killed process that is still there after this sits
/// in an uninterruptible system call, or belongs to somebody we may not signal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rounds of stopping. Each round at least one generation of a forking tree is caught; a
/// tree that outruns this many is killed without being frozen, which usually does it too.
const FREEZE_ROUNDS: u32 = 16;

/// Rounds of killing before anybody counts as one who would not die.
const LEAST_ROUNDS: u32 = 10;

/// What became of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Processes that were alive and are gone.
    pub killed: u32,
    /// Those that would not die in time.
    pub survivors: Vec<Proc>,
}

/// All processes at one moment, with their parentage.
#[derive(Debug, Default)]
pub struct Snapshot {
    processes: HashMap<i32, Proc>,
    children: HashMap<i32, Vec<i32>>,
}

impl Snapshot {
    /// Looks at /proc.
    pub fn take() -> Snapshot {
        let mut snapshot = Snapshot::default();
        for process in proc::all() {
            snapshot.children.entry(process.ppid).or_default().push(process.pid);
            snapshot.processes.insert(process.pid, process);
        }
        snapshot
    }

    /// Looks only at these processes and what is below them: the cost is that of the trees,
    /// not of the whole host. A process that loses its parent during the look is missed,
    /// unless the trees are frozen. Without kernel support the same as [`Snapshot::take`].
    pub fn of_trees(tops: &[i32]) -> Snapshot {
        if proc::children_of_main_thread().is_none() {
            return Snapshot::take();
        }
        let mut snapshot = Snapshot::default();
        let mut next = tops.to_vec();
        while let Some(pid) = next.pop() {
            if snapshot.processes.contains_key(&pid) {
                continue;
            }
            if let Some(process) = Proc::read(pid) {
                snapshot.children.entry(process.ppid).or_default().push(pid);
                snapshot.processes.insert(pid, process);
                next.extend(proc::children_of(pid).unwrap_or_default());
            }
        }
        snapshot
    }

    /// One process.
    pub fn get(&self, pid: i32) -> Option<&Proc> {
        self.processes.get(&pid)
    }

    /// Everybody.
    pub fn all(&self) -> impl Iterator<Item = &Proc> {
        self.processes.values()
    }

    /// Direct children.
    pub fn children(&self, pid: i32) -> impl Iterator<Item = &Proc> {
        self.children.get(&pid).into_iter().flatten().filter_map(|pid| self.get(*pid))
    }

    /// A process and all below it. A snapshot is not taken at one instant, so a loop
    /// through a reused pid is possible and broken here.
    pub fn with_descendants(&self, top: i32) -> Vec<Proc> {
        let mut found: Vec<Proc> = self.get(top).copied().into_iter().collect();
        let mut known = HashSet::from([top]);
        let mut next = vec![top];
        while let Some(pid) = next.pop() {
            for child in self.children(pid) {
                if known.insert(child.pid) {
                    found.push(*child);
                    next.push(child.pid);
                }
            }
        }
        found
    }
}

/// The outcome of sending one signal to one process.
enum Sent {
    /// Delivered; the pidfd can be waited on (absent on kernels without pidfd).
    Delivered(Option<OwnedFd>),
    /// It no longer exists.
    Gone,
    /// Not allowed, or no descriptor to spare: it lives.
    Refused,
}

fn send(target: &Proc, signal: Signal) -> Sent {
    let Some(pid) = Pid::from_raw(target.pid) else { return Sent::Gone };
    let still_it = || Proc::read(target.pid).is_some_and(|now| now.start == target.start);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(_) if !still_it() => Sent::Gone,
        Ok(fd) => match pidfd_send_signal(&fd, signal) {
            Ok(()) => Sent::Delivered(Some(fd)),
            Err(Errno::SRCH) => Sent::Gone,
            Err(_) => Sent::Refused,
        },
        Err(Errno::SRCH) => Sent::Gone,
        // No pidfd to be had (old kernel, no descriptors): the remaining window for a
        // reused pid is the time between these two lines.
        Err(_) if !still_it() => Sent::Gone,
        Err(_) => match kill_process(pid, signal) {
            Ok(()) => Sent::Delivered(None),
            Err(Errno::SRCH) => Sent::Gone,
            Err(_) => Sent::Refused,
        },
    }
}

/// Sends a signal to each of these processes, if it is still the same process.
pub fn signal_each(targets: &[Proc], signal: Signal) {
    for target in targets {
        let _ = send(target, signal);
    }
}

/// Destroys the tree that `select` names in what `look` sees; `reap` is called between
/// rounds to collect zombies that became ours. Returns at once when there is nothing alive.
///
/// Blocks for as long as it takes; something that would not die is given up after about five
/// seconds and [`LEAST_ROUNDS`] attempts.
pub fn destroy(
    look: &mut dyn FnMut() -> Snapshot,
    select: &mut dyn FnMut(&Snapshot) -> Vec<Proc>,
    reap: &mut dyn FnMut(),
) -> Report {
    let mut seen = HashMap::new();
    if !freeze(look, select, &mut seen) {
        return Report::default();
    }
    let deadline = Instant::now() + PATIENCE;
    let mut rounds = 0;
    loop {
        let mut alive: Vec<Proc> = select(&look()).into_iter().filter(Proc::is_alive).collect();
        seen.extend(alive.iter().map(|process| (process.pid, process.start)));
        let chosen: HashSet<i32> = alive.iter().map(|process| process.pid).collect();
        // Once a member, always a member: its parent may have died since.
        let others = seen.iter().filter(|(pid, _)| !chosen.contains(pid));
        alive.extend(
            others.filter_map(|(pid, start)| {
                Proc::read(*pid).filter(|now| now.start == *start && now.is_alive())
            }),
        );
        let killed = u32::try_from(seen.len().saturating_sub(alive.len())).unwrap_or(u32::MAX);
        if alive.is_empty() {
            reap();
            return Report { killed, survivors: alive };
        }
        // On a machine so busy that the looks alone use up the patience, nobody has resisted.
        if rounds >= LEAST_ROUNDS && Instant::now() >= deadline {
            thaw(&alive);
            return Report { killed, survivors: alive };
        }
        rounds += 1;
        kill_and_wait(&alive);
        reap();
    }
}

/// Stops all members; false if there was none.
fn freeze(
    look: &mut dyn FnMut() -> Snapshot,
    select: &mut dyn FnMut(&Snapshot) -> Vec<Proc>,
    seen: &mut HashMap<i32, u64>,
) -> bool {
    for _ in 0..FREEZE_ROUNDS {
        let members = select(&look());
        let mut moving = false;
        for member in members.iter().filter(|member| member.is_alive()) {
            let new = seen.insert(member.pid, member.start) != Some(member.start);
            // One that was told to stop and still runs may be in the middle of a fork.
            if new || matches!(member.state, b'R' | b'S') {
                moving = true;
                let _ = send(member, Signal::STOP);
            }
        }
        if !moving {
            break;
        }
    }
    !seen.is_empty()
}

/// Whoever could not be killed is at least not left stopped for ever.
fn thaw(survivors: &[Proc]) {
    signal_each(survivors, Signal::CONT);
}

fn kill_and_wait(targets: &[Proc]) {
    // Bounded, so that a large tree does not use up the descriptors of the worker.
    let mut waiting = Vec::new();
    let mut refused = false;
    for target in targets {
        match send(target, Signal::KILL) {
            Sent::Delivered(Some(fd)) if waiting.len() < 64 => waiting.push(fd),
            Sent::Delivered(_) | Sent::Gone => {}
            Sent::Refused => refused = true,
        }
    }
    if waiting.is_empty() && refused {
        std::thread::sleep(Duration::from_millis(20));
    }
    let round = Instant::now() + Duration::from_millis(200);
    while !waiting.is_empty() {
        let left = round.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let mut fds: Vec<PollFd<'_>> =
            waiting.iter().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)).collect();
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
        if poll(&mut fds, Some(&timeout)).is_err_and(|error| error != Errno::INTR) {
            return;
        }
        let done: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let mut done = done.into_iter();
        waiting.retain(|_| !done.next().unwrap_or(false));
    }
}

/// Kills everything below this process, exactly, by parentage. As a subreaper this process
/// adopts whatever detaches itself, so nothing below it can leave. `reap` collects the
/// zombies (all of them, or all but those another part waits for).
pub fn kill_all_descendants(reap: &mut dyn FnMut()) -> Report {
    let own = proc::self_pid();
    let mut below = |snapshot: &Snapshot| {
        let mut found = snapshot.with_descendants(own);
        found.retain(|process| process.pid != own);
        found
    };
    destroy(&mut Snapshot::take, &mut below, reap)
}

/// Kills what an earlier attempt of this job left on this host, whoever its parent is now:
/// processes whose environment names the namespace and the job, but not the attempt
/// `current_fence`. Used when both halves of a worker were killed at one blow. Waits until
/// they are gone; blocks.
///
/// This process and its ancestors are never meant: a worker may itself run inside a job.
pub fn kill_marked_on_host(namespace: &str, job: &str, current_fence: Option<&str>) -> Report {
    kill_on_host(&|mark| is_earlier(mark, namespace, job, current_fence))
}

/// Kills what is left on this host of these attempts, each a job and its fence, whoever its
/// parent is now: their worker is dead. Waits until they are gone; blocks.
pub fn kill_attempts_on_host(namespace: &str, attempts: &HashSet<(String, String)>) -> Report {
    let text = |value: &Option<Vec<u8>>| value.as_deref().map(String::from_utf8_lossy).map(Cow::into_owned);
    kill_on_host(&|mark| {
        mark.namespace.as_deref() == Some(namespace.as_bytes())
            && text(&mark.job).zip(text(&mark.fence)).is_some_and(|attempt| attempts.contains(&attempt))
    })
}

fn kill_on_host(is_meant: &dyn Fn(&Mark) -> bool) -> Report {
    let mut marked = |snapshot: &Snapshot| {
        let above = ancestors(snapshot);
        let strangers = snapshot.all().filter(|process| process.is_alive() && !above.contains(&process.pid));
        strangers.filter(|process| is_meant(&Mark::of(process.pid))).copied().collect()
    };
    destroy(&mut Snapshot::take, &mut marked, &mut || ())
}

fn is_earlier(mark: &Mark, namespace: &str, job: &str, current_fence: Option<&str>) -> bool {
    mark.namespace.as_deref() == Some(namespace.as_bytes())
        && mark.job.as_deref() == Some(job.as_bytes())
        && !(current_fence.is_some() && mark.fence.as_deref() == current_fence.map(str::as_bytes))
}

fn ancestors(snapshot: &Snapshot) -> HashSet<i32> {
    let mut found = HashSet::new();
    let mut pid = proc::self_pid();
    while pid > 0 && found.insert(pid) {
        pid = snapshot.get(pid).map_or(0, |process| process.ppid);
    }
    found
}

#[cfg(test)]
mod tests;
