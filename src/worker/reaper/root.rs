//! One registered root: waiting for it, signalling its tree, clearing up after it.

use std::future::pending;
use std::os::fd::OwnedFd;

use rustix::process::{PidfdFlags, pidfd_open};
use tokio::io::unix::AsyncFd;

use super::*;

/// A running attempt's first process. Dropping it before it ended kills its group; the
/// rest of its tree is then cleared by the next [`Reaper::tick`].
#[derive(Debug)]
pub struct Root {
    reaper: Arc<Reaper>,
    identity: Identity,
    waiter: Waiter,
    status: Option<ExitStatus>,
}

#[derive(Debug)]
enum Waiter {
    Pidfd(AsyncFd<OwnedFd>),
    /// No pidfd to be had (old kernel, no descriptor left): look now and then.
    Polling,
}

impl Root {
    pub(super) fn new(reaper: Arc<Reaper>, identity: Identity) -> Root {
        let pidfd = Pid::from_raw(identity.pid).and_then(|pid| pidfd_open(pid, PidfdFlags::NONBLOCK).ok());
        let waiter = pidfd.and_then(|fd| os::watch_readable(fd).ok()).map_or(Waiter::Polling, Waiter::Pidfd);
        Root { reaper, identity, waiter, status: None }
    }

    /// Its process id, also the id of its process group.
    pub fn pid(&self) -> i32 {
        self.identity.pid
    }

    /// Its status if it has ended.
    pub fn try_exited(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.reaper.collect(self.identity.pid);
            if self.status.is_some() {
                self.reaper.book().root_ended(&self.identity);
            }
        }
        self.status
    }

    /// Waits for its end. May be dropped and called again.
    pub async fn exited(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.try_exited() {
                return status;
            }
            match &self.waiter {
                Waiter::Pidfd(fd) => match fd.readable().await {
                    Ok(mut ready) => {
                        if collectable(self.identity.pid) {
                            continue;
                        }
                        ready.clear_ready();
                    }
                    // The runtime is shutting down; whoever waits is dropped soon.
                    Err(_) => pending().await,
                },
                Waiter::Polling => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Signals the whole process group at once; nothing once the root has ended.
    pub fn signal_group(&self, signal: Signal) {
        if self.status.is_none()
            && let Some(pid) = Pid::from_raw(self.identity.pid)
        {
            let _ = kill_process_group(pid, signal);
        }
    }

    /// TERM, then CONT so that stopped processes hear it, to everything in the tree.
    pub async fn terminate_tree(&self) {
        self.signal_group(Signal::TERM);
        self.signal_group(Signal::CONT);
        let group = self.identity.pid;
        self.off_thread(move |reaper, root| {
            let mut others = reaper.tree_of(&reaper.look(Some(root)), root);
            others.retain(|process| process.pgrp != group && process.is_alive());
            tree::signal_each(&others, Signal::TERM);
            tree::signal_each(&others, Signal::CONT);
        })
        .await;
    }

    /// Kills the whole tree, root included, and returns when it is gone.
    pub async fn kill_tree(&self) -> Report {
        // At once, and not in its turn: from here on nothing of the group runs.
        self.signal_group(Signal::STOP);
        self.off_thread(|reaper, root| {
            let mut members = |snapshot: &Snapshot| reaper.tree_of(snapshot, root);
            tree::destroy(&mut || reaper.look(Some(root)), &mut members, &mut || {
                reaper.reap();
            })
        })
        .await
        .unwrap_or_default()
    }

    /// After its end: whether something of its tree is alive.
    pub async fn has_leftovers(&self) -> bool {
        if self.reaper.is_clean(&self.identity) {
            return false;
        }
        self.off_thread(Reaper::has_leftovers).await.unwrap_or(false)
    }

    /// After its end: kills what is left of its tree.
    pub async fn clear(&self) -> Report {
        if self.reaper.is_clean(&self.identity) {
            return Report::default();
        }
        self.off_thread(Reaper::clear).await.unwrap_or_default()
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reaper, &Identity) -> T + Send + 'static,
    ) -> Option<T> {
        let _hand = self.reaper.hands.acquire().await;
        let (reaper, identity) = (Arc::clone(&self.reaper), self.identity.clone());
        tokio::task::spawn_blocking(move || work(&reaper, &identity)).await.ok()
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.try_exited().is_none() {
            self.signal_group(Signal::KILL);
        }
        // A root that still lives is from now on an unknown child, which a tick reaps.
        self.reaper.book().forget(&self.identity);
    }
}

/// Whether a child has ended, without collecting its status.
fn collectable(pid: i32) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(pid) else { return false };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), look).is_ok_and(|found| found.is_some())
}
