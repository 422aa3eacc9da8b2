//! How an engine ends: by its own limits, by order, or because the guardian died.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Engine, Finish, GuardOrder, LAST_WORDS, Mode, Order, start};
use crate::worker::journal::{Event, Level};

impl Engine {
    pub(super) fn obey(&mut self, order: GuardOrder) {
        match order {
            GuardOrder::Quiet if self.mode == Mode::Running => self.enter(Mode::Quiet),
            GuardOrder::Drain if self.mode < Mode::Draining => self.enter(Mode::Draining),
            GuardOrder::Terminate => self.stop(Order::Stop, self.shared.settings.kill_after),
            GuardOrder::Kill => self.stop(Order::StopNow, Duration::ZERO),
            GuardOrder::Reload => {
                self.shared.journal.say(&Event::new(Level::Info, "nothing to reload: no configuration file"));
            }
            _ => {}
        }
    }

    pub(super) fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.pulses.hurry();
        let event = Event::new(Level::Info, if mode == Mode::Quiet { "quiet" } else { "draining" });
        self.shared.journal.say(&event.with("running", self.running()));
    }

    pub(super) fn stop(&mut self, order: Order, time: Duration) {
        self.mode = Mode::Stopping;
        let by = Instant::now() + time + LAST_WORDS;
        self.end_by = Some(self.end_by.map_or(by, |earlier| earlier.min(by)));
        for held in self.held.values() {
            let _ = held.orders.send(order);
        }
    }

    /// Burst, `--max-jobs` and `--max-runtime` end a worker by themselves.
    pub(super) fn limits_of_life(&mut self) {
        if self.mode != Mode::Running {
            return;
        }
        let settings = &self.shared.settings;
        let old = settings.max_runtime.is_some_and(|most| self.born.elapsed() >= most);
        let spent = settings.max_jobs.is_some_and(|most| self.started >= most);
        let idle = settings.burst.is_some_and(|idle| {
            let soon = self.next_due.is_some_and(|due| due <= Instant::now() + idle);
            self.empty && self.held.is_empty() && !self.pulses.in_flight() && !soon
        });
        if old || spent || idle {
            self.enter(Mode::Draining);
        }
    }

    pub(super) fn is_over(&mut self) -> bool {
        if self.mode < Mode::Draining {
            return false;
        }
        // A claim whose answer is not known yet may hold jobs.
        if self.held.is_empty() && !self.pulses.in_flight() && !self.pulses.has_open_claim() {
            return true;
        }
        let late = self.end_by.is_some_and(|by| Instant::now() >= by);
        if late && !self.abandoned {
            self.abandoned = true;
            for held in self.held.values() {
                let _ = held.orders.send(Order::Abandon);
            }
        }
        // Abandoned slots report themselves settled at once; a dead Redis is not waited for.
        late && self.running() == 0
    }

    /// The guardian is gone: nobody would kill the trees if this process died too.
    pub(super) async fn orphaned(mut self) -> Finish {
        let reaper = Arc::clone(&self.shared.reaper);
        let _ = tokio::task::spawn_blocking(move || reaper.kill_everything()).await;
        self.shared
            .journal
            .say(&Event::new(Level::Warn, "the guardian died: killed all jobs, giving them back"));
        for held in self.held.values() {
            let _ = held.orders.send(Order::LeaseLost);
        }
        let limit = self.shared.settings.lease;
        let _ = tokio::time::timeout(
            limit,
            start::hand_back(&self.shared.store, &[self.identity.clone()], &self.shared.journal),
        )
        .await;
        self.held.clear();
        Finish::Orphaned
    }

    pub(super) async fn leave(self) -> Finish {
        let left = self.held.len();
        let bye = self.shared.store.bye(&self.identity);
        let gone = tokio::time::timeout(Duration::from_secs(1), bye).await;
        let mut event = Event::new(Level::Info, "stopped").with("jobs_started", self.started);
        if left > 0 || !matches!(gone, Ok(Ok(true))) {
            event = event.with("leases_left_to_run_out", left);
        }
        self.shared.journal.say(&event);
        let _ = std::fs::remove_dir_all(&self.shared.settings.scratch);
        self.guardian.send_bye(0);
        Finish::Done
    }
}
