//! One control group per worker, where the system lets us: the belt to the braces.
//!
//! The guardian makes a leaf below its own group, the engine joins it before it starts
//! anything, so every process of every job is in it, also one that did all it could to get
//! out of sight. Killing the group is one write and reaches processes that a signal may
//! not (those that changed their user). Nothing depends on it: without a writable
//! version 2 hierarchy, or on a kernel before 5.14, all of this silently does nothing.
//!
//! A group per *job* was measured and is too dear (docs/design/0001).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::proc;

const PREFIX: &str = "jobq-worker-";

/// The guardian's hold on the leaf. Removed when dropped.
#[derive(Debug)]
pub(super) struct Leaf {
    path: PathBuf,
}

impl Leaf {
    /// Makes one if that is possible, and clears away what dead guardians left.
    pub(super) fn create() -> Option<Leaf> {
        let parent = own_group()?;
        sweep(&parent);
        let path = parent.join(format!("{PREFIX}{}", proc::self_pid()));
        fs::create_dir(&path).ok()?;
        let leaf = Leaf { path };
        // Before Linux 5.14 there is no such file; the leaf is removed again by drop.
        leaf.path.join("cgroup.kill").exists().then_some(leaf)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Kills every process in it.
    pub(super) fn kill(&self) {
        let _ = fs::write(self.path.join("cgroup.kill"), "1");
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        // The kernel lets go of dead members a moment after they are gone.
        let deadline = Instant::now() + Duration::from_secs(1);
        while fs::remove_dir(&self.path).is_err() && self.path.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Removes empty leaves whose guardian is gone. A folder with processes in it cannot be
/// removed, so nothing can be lost by a pid that means somebody else here.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        if pid.is_some_and(|pid| proc::Proc::read(pid).is_none()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The folder of this process's group in the version 2 hierarchy, wherever it is mounted.
fn own_group() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let within = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let (root, mount) = mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        right.starts_with("cgroup2 ").then_some((left.next()?, left.next()?))
    })?;
    // In a container only a part of the hierarchy may be mounted.
    let within = Path::new(within).strip_prefix(root).ok()?;
    let path = Path::new(mount).join(within);
    path.join("cgroup.procs").exists().then_some(path)
}

/// The engine's membership in the leaf that its guardian made.
#[derive(Debug)]
pub(super) struct Membership {
    leaf: Option<PathBuf>,
}

impl Membership {
    /// Joins; without a leaf, or where it is refused, there is none.
    pub(super) fn join(path: &str) -> Membership {
        let leaf = Some(PathBuf::from(path)).filter(|leaf| !path.is_empty() && enter(leaf));
        Membership { leaf }
    }

    /// For an engine that is alone: goes back to the parent and removes the leaf.
    pub(super) fn leave_and_remove(&self) {
        match &self.leaf {
            Some(leaf) if leaf.parent().is_some_and(enter) => drop(Leaf { path: leaf.clone() }),
            _ => {}
        }
    }
}

fn enter(group: &Path) -> bool {
    fs::write(group.join("cgroup.procs"), "0").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::testing::in_own_process;

    #[test]
    fn a_leaf_holds_and_kills_and_is_removed() {
        in_own_process("worker::cgroup::tests::a_leaf_holds_and_kills_and_is_removed", || {
            // Where it is not allowed, doing without is the whole behaviour.
            let Some(leaf) = Leaf::create() else { return };
            let path = leaf.path().to_owned();
            let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
            fs::write(path.join("cgroup.procs"), child.id().to_string()).unwrap();
            leaf.kill();
            assert!(!child.wait().unwrap().success());
            let membership = Membership::join(path.to_str().unwrap());
            assert!(membership.leaf.is_some());
            membership.leave_and_remove();
            drop(leaf);
            assert!(!path.exists());
            assert!(Membership::join("").leaf.is_none() && Membership::join("/no/such").leaf.is_none());
        });
    }
}
