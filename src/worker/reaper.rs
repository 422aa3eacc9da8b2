//! Which children are whose: the registry of running attempts, and what they leave behind.
//!
//! # Theory of operation
//!
//! The engine is a subreaper. Each of its direct children is either a **root** (the
//! process of a running attempt, registered here) or an **orphan** it adopted, because
//! some process of an attempt ended before its child did. Everything else hangs below one
//! of these. So what an attempt leaves behind is a question about orphans only:
//!
//! * No unknown child: nothing is left. One small file is read for that, which is what
//!   nearly every job end costs (the fast path).
//! * Unknown children that are dead are reaped, and the others are **attributed** by a
//!   scan: the mark in the environment, the process group or session, then the same of
//!   their descendants. What belongs to an attempt still running is remembered under its
//!   name until it is reaped (its pid cannot be used again before that).
//! * An orphan without any evidence (detached twice, environment cleared) is killed as
//!   soon as every attempt still running was started after it: then it is nobody's.
//!
//! # What must hold
//!
//! 1. A child is registered before anybody may judge it: spawning holds the gate shared,
//!    judging and reaping strangers take it alone for a moment.
//! 2. The status of a root is collected by its [`Root`] only, never by [`Reaper::reap`].
//! 3. A root's group is signalled only while the root is not reaped, so that the number
//!    still means that group.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpid};

use tokio::sync::Semaphore;

use super::os;
use super::proc::{self, Mark, Proc};
use super::tree::{self, Report, Snapshot};

mod root;
pub use root::Root;

/// Looks at what an attempt left, while others leave things at the same time.
const CLEARING_ROUNDS: u32 = 50;

/// Trees looked at in parallel.
const HANDS: usize = 2;

/// How long a process may stay in the middle of an exec before it counts as nobody's.
const UNDECIDED_AT_MOST: Duration = Duration::from_secs(5);

/// The registry; one per engine.
#[derive(Debug)]
pub struct Reaper {
    /// Shared by whoever is between fork and registration, alone for whoever judges.
    gate: RwLock<()>,
    /// Shared by whoever collects a dead child, alone for whoever lists the children: the
    /// kernel's list skips one where another leaves it while it is read.
    collecting: RwLock<()>,
    book: Mutex<Book>,
    /// The local store's folder: a server that this process started there outlives every job.
    spared_folder: Option<PathBuf>,
    /// Bounds the threads that look at trees: hundreds of attempts that reach a limit at
    /// one instant would only get into each other's way.
    hands: Semaphore,
}

#[derive(Debug, Default)]
struct Book {
    roots: HashMap<i32, Entry>,
    /// Attempts whose root has ended and whose tree is being cleared by their own task;
    /// others must not take what they left for nobody's.
    ending: Vec<Identity>,
    orphans: HashMap<i32, Owner>,
    /// Tells two registrations of one pid apart.
    serial: u64,
}

#[derive(Debug)]
struct Entry {
    mark: Mark,
    /// Clock ticks before the spawn: whatever started earlier is not of this tree.
    since: u64,
    serial: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The running attempt with this root and serial.
    Root(i32, u64),
    /// No evidence; it started at this tick.
    Nobody(u64),
    /// The local store's server.
    Store,
}

/// An attempt in the eyes of the registry: enough to recognise what it left behind.
#[derive(Debug, Clone)]
struct Identity {
    pid: i32,
    serial: u64,
    since: u64,
    mark: Mark,
}

impl Book {
    /// Whether an orphan that started at this tick cannot belong to a running attempt.
    fn is_nobodys(&self, start: u64) -> bool {
        self.roots.values().all(|root| root.since > start)
    }

    /// Whether this child needs no attention now.
    fn is_accounted_for(&self, pid: i32) -> bool {
        self.roots.contains_key(&pid)
            || match self.orphans.get(&pid) {
                Some(Owner::Root(root, serial)) => {
                    self.roots.get(root).is_some_and(|entry| entry.serial == *serial)
                }
                Some(Owner::Nobody(start)) => !self.is_nobodys(*start),
                Some(Owner::Store) => true,
                None => false,
            }
    }

    /// The root's status was collected: from now on its pid may be somebody else's.
    fn root_ended(&mut self, root: &Identity) {
        if self.roots.get(&root.pid).is_some_and(|entry| entry.serial == root.serial) {
            self.roots.remove(&root.pid);
            self.ending.push(root.clone());
        }
    }

    fn forget(&mut self, root: &Identity) {
        self.root_ended(root);
        self.ending.retain(|ending| ending.serial != root.serial);
    }
}

impl Reaper {
    /// A registry without attempts. The calling process should be a subreaper.
    pub fn new() -> Arc<Reaper> {
        Reaper::sparing(None)
    }

    /// As [`Reaper::new`]; what is nobody's and has `folder` as its current folder is left
    /// alone: the local store's server, started again by this worker or by one of its jobs.
    pub fn sparing(folder: Option<PathBuf>) -> Arc<Reaper> {
        Arc::new(Reaper {
            gate: RwLock::default(),
            collecting: RwLock::default(),
            book: Mutex::default(),
            spared_folder: folder,
            hands: Semaphore::new(HANDS),
        })
    }

    /// Starts a process in a group of its own and registers it as a root. The command must
    /// be one that posix_spawn can do (no `pre_exec`, no `uid`, a program with a slash).
    /// Needs the tokio runtime; blocks for the spawn, about half a millisecond.
    pub fn spawn(self: &Arc<Self>, command: &mut Command, mark: Mark) -> io::Result<Root> {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let since = os::boottime_ticks();
        #[allow(clippy::zombie_processes, reason = "Root collects the status")]
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        let serial = {
            let mut book = self.book();
            book.serial += 1;
            let serial = book.serial;
            book.roots.insert(pid, Entry { mark: mark.clone(), since, serial });
            serial
        };
        drop(gate);
        Ok(Root::new(Arc::clone(self), Identity { pid, serial, since, mark }))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody is between fork and registration.
    fn all_registered(&self) {
        drop(self.gate.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Number of attempts whose root has not ended.
    pub fn running(&self) -> usize {
        self.book().roots.len()
    }

    /// The status of a child that has ended, without waiting.
    fn collect(&self, pid: i32) -> Option<ExitStatus> {
        let _shared = self.collecting.read().unwrap_or_else(PoisonError::into_inner);
        match waitpid(Pid::from_raw(pid), WaitOptions::NOHANG) {
            Ok(Some((_, status))) => Some(ExitStatus::from_raw(status.as_raw())),
            _ => None,
        }
    }

    /// The fast path: whether the ended attempt certainly left nothing. `false` means "look
    /// closer", never "something is left".
    fn is_clean(&self, root: &Identity) -> bool {
        let listed = {
            let _still = self.collecting.write().unwrap_or_else(PoisonError::into_inner);
            proc::children_of_main_thread()
        };
        let Some(children) = listed else { return false };
        {
            let book = self.book();
            // One without evidence counts as somebody else's only if it is older than this
            // attempt: its environment may have been looked at in the middle of an exec.
            let elsewhere = |pid| match book.orphans.get(&pid) {
                Some(Owner::Nobody(start)) => *start < root.since,
                _ => true,
            };
            if !children.iter().all(|pid| book.is_accounted_for(*pid) && elsewhere(*pid)) {
                return false;
            }
        }
        // Catches what was born as a child of one of our other threads.
        group_is_empty(root.pid)
    }

    /// Collects the zombies among the adopted children; roots are left alone. Returns
    /// whether any child remains that is not accounted for.
    pub fn reap(&self) -> bool {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut unclear = false;
        for pid in proc::children() {
            if self.book().roots.contains_key(&pid) {
                continue;
            }
            if self.collect(pid).is_some() {
                self.book().orphans.remove(&pid);
            } else {
                unclear |= !self.book().is_accounted_for(pid);
            }
        }
        unclear
    }

    fn is_store(&self, pid: i32) -> bool {
        let Some(folder) = &self.spared_folder else { return false };
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == *folder)
    }

    /// Our children that are no running attempt's root.
    fn strays(&self) -> Vec<i32> {
        let mut children = proc::children_of_main_thread().unwrap_or_else(proc::children);
        let book = self.book();
        children.retain(|pid| !book.roots.contains_key(pid));
        children
    }

    /// What hangs below the strays, and below one root if there is one.
    fn look(&self, root: Option<&Identity>) -> Snapshot {
        let mut tops = self.strays();
        tops.extend(root.map(|root| root.pid));
        Snapshot::of_trees(&tops)
    }

    /// Kills what an ended attempt left behind. Blocks; nothing to do costs microseconds.
    fn clear(&self, root: &Identity) -> Report {
        let mut report = Report::default();
        let mut own = HashSet::new();
        for _ in 0..CLEARING_ROUNDS {
            self.reap();
            if self.is_clean(root) {
                break;
            }
            let before = self.strays();
            report = tree::destroy(
                &mut || self.look(None),
                &mut |snapshot| self.orphans_of(snapshot, Some(root), &mut own),
                &mut || {
                    self.reap();
                },
            );
            // Something may have lost its parent just while we looked: then it is new here.
            if self.strays().iter().all(|pid| before.contains(pid)) {
                break;
            }
        }
        // Strays of nobody's that were killed on the way are not this attempt's fault.
        report.survivors.retain(|one| own.contains(&one.pid));
        report.killed = u32::try_from(own.len() - report.survivors.len()).unwrap_or(u32::MAX);
        report
    }

    /// Whether something of an ended attempt is still alive. Blocks.
    fn has_leftovers(&self, root: &Identity) -> bool {
        self.reap();
        !self.is_clean(root)
            && self.orphans_of(&self.look(None), Some(root), &mut HashSet::new()).iter().any(Proc::is_alive)
    }

    /// The tree of an attempt whose root is not reaped yet.
    fn tree_of(&self, snapshot: &Snapshot, root: &Identity) -> Vec<Proc> {
        let mut found = snapshot.with_descendants(root.pid);
        found.extend(self.orphans_of(snapshot, Some(root), &mut HashSet::new()));
        found
    }

    /// Orphans, with all below them, that belong to `wanted` or certainly to nobody; the
    /// living ones of `wanted` are noted in `own`. Blocks while one is in the middle of an exec
    /// and cannot be told.
    fn orphans_of(
        &self,
        snapshot: &Snapshot,
        wanted: Option<&Identity>,
        own: &mut HashSet<i32>,
    ) -> Vec<Proc> {
        // After the look and before the verdict: whoever the look saw is now registered.
        self.all_registered();
        let until = Instant::now() + UNDECIDED_AT_MOST;
        loop {
            let (found, undecided) = self.judge(snapshot, wanted, own);
            if !undecided || Instant::now() >= until {
                return found;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The orphans to kill, and whether one could not be told.
    fn judge(
        &self,
        snapshot: &Snapshot,
        wanted: Option<&Identity>,
        own: &mut HashSet<i32>,
    ) -> (Vec<Proc>, bool) {
        let mut book = self.book();
        let (mut found, mut undecided) = (Vec::new(), false);
        for child in snapshot.children(proc::self_pid()) {
            if book.roots.contains_key(&child.pid) || !child.is_alive() {
                continue;
            }
            let members = snapshot.with_descendants(child.pid);
            let condemned = match attribute(&book, &members, wanted) {
                Verdict::Wanted => {
                    own.extend(members.iter().filter(|one| one.is_alive()).map(|one| one.pid));
                    true
                }
                Verdict::Running(root, serial) => {
                    book.orphans.insert(child.pid, Owner::Root(root, serial));
                    false
                }
                Verdict::Ending => false,
                Verdict::Undecided => {
                    undecided = true;
                    false
                }
                Verdict::Nobody if self.is_store(child.pid) => {
                    book.orphans.insert(child.pid, Owner::Store);
                    false
                }
                Verdict::Nobody => {
                    book.orphans.insert(child.pid, Owner::Nobody(child.start));
                    book.is_nobodys(child.start)
                }
            };
            if condemned {
                found.extend(members);
            }
        }
        (found, undecided)
    }

    /// Housekeeping for about once a second: reaps, and kills what is nobody's. Blocks.
    pub fn tick(&self) -> Report {
        if !self.reap() {
            return Report::default();
        }
        tree::destroy(
            &mut || self.look(None),
            &mut |snapshot| self.orphans_of(snapshot, None, &mut HashSet::new()),
            &mut || {
                self.reap();
            },
        )
    }

    /// Calls [`Reaper::tick`] once a second for ever, off the async threads.
    pub async fn keep_house(self: Arc<Self>) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let reaper = Arc::clone(&self);
            let _ = tokio::task::spawn_blocking(move || reaper.tick()).await;
        }
    }

    /// Kills everything below this process at once, running attempts included: for the
    /// engine whose guardian is gone. The attempts then end by themselves. Blocks.
    pub fn kill_everything(&self) -> Report {
        tree::kill_all_descendants(&mut || {
            self.reap();
        })
    }
}

enum Verdict {
    /// It belongs to the attempt that asks.
    Wanted,
    /// To another one that runs.
    Running(i32, u64),
    /// To another one whose own task is clearing up.
    Ending,
    /// It has no evidence now and may have some in a moment.
    Undecided,
    Nobody,
}

/// Decides whose an orphan is; `members` begins with the orphan itself, whose own
/// evidence therefore counts before that of its descendants.
fn attribute(book: &Book, members: &[Proc], wanted: Option<&Identity>) -> Verdict {
    let known = |serial: u64, pid: i32, running: bool| match wanted {
        Some(wanted) if wanted.serial == serial => Verdict::Wanted,
        _ if running => Verdict::Running(pid, serial),
        _ => Verdict::Ending,
    };
    let mut undecided = false;
    for member in members {
        let mark = Mark::look(member.pid).unwrap_or_else(|| {
            undecided = true;
            Mark::default()
        });
        if mark.is_some() {
            if let Some((pid, entry)) = book.roots.iter().find(|(_, entry)| entry.mark == mark) {
                return known(entry.serial, *pid, true);
            }
            if let Some(ending) = book.ending.iter().find(|ending| ending.mark == mark) {
                return known(ending.serial, ending.pid, false);
            }
        }
        for number in [member.pgrp, member.session] {
            if let Some(entry) = book.roots.get(&number) {
                return known(entry.serial, number, true);
            }
            if let Some(ending) = book.ending.iter().find(|ending| ending.pid == number) {
                return known(ending.serial, number, false);
            }
        }
    }
    if undecided { Verdict::Undecided } else { Verdict::Nobody }
}

fn group_is_empty(pgrp: i32) -> bool {
    Pid::from_raw(pgrp).is_none_or(|pid| test_kill_process_group(pid) == Err(Errno::SRCH))
}
