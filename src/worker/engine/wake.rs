//! When the loop must look again, if nothing else wakes it.

use std::time::{Duration, Instant};

use super::{Engine, Mode, Settings, TALK_PACE};
use crate::worker::os::boottime_ns;

impl Engine {
    /// A waiting job has become due, or a wait is over: its time is not the pulse's time.
    pub(super) fn claim_due(&mut self) {
        if self.scarcity.passed(Instant::now()) {
            self.pulses.hurry();
        }
        // A lease of somebody who stands still has passed: that is not looked at a second late.
        if self.watch.due().is_some_and(|due| due <= Instant::now()) && !self.pulses.in_flight() {
            self.pulses.hurry();
        }
        if self.settling.passed(Instant::now()) {
            self.pulses.hurry();
        }
        if self.next_due.is_some_and(|due| due <= Instant::now()) && self.room() > 0 {
            self.next_due = None;
            self.empty = false;
            self.pulses.hurry();
        }
    }

    pub(super) fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let mut wake = self.pulses.next(now).min(now + Duration::from_secs(1));
        // What the guardian has not been told yet.
        if self.running() != self.told_running || (self.told_lease.is_some() && self.running() == 0) {
            wake = wake.min((self.talked + TALK_PACE).max(now));
        }
        if let Some(deadline) = self.told_lease {
            wake = wake.min(now + Duration::from_nanos(deadline.saturating_sub(boottime_ns())));
            for held in self.held.values().filter(|held| held.counts()) {
                let deadline = held.deadline_ns(self.good_ns, Settings::margin(held.lease));
                wake = wake.min(now + Duration::from_nanos(deadline.saturating_sub(boottime_ns())));
            }
        }
        if let Some(due) = self.watch.due().filter(|due| *due > now) {
            wake = wake.min(due);
        }
        if let Some(until) = self.settling.until() {
            wake = wake.min(until.max(now));
        }
        if let Some(until) = self.scarcity.until() {
            wake = wake.min(until.max(now));
        }
        if let Some(due) = self.next_due.filter(|_| self.mode == Mode::Running && self.free() > 0) {
            wake = wake.min(due.max(now));
        }
        if let Some(by) = self.end_by.filter(|_| !self.abandoned) {
            wake = wake.min(by);
        }
        if let Some(most) = self.shared.settings.max_runtime.filter(|_| self.mode == Mode::Running) {
            wake = wake.min(self.born + most);
        }
        wake
    }
}
