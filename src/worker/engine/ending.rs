//! How an engine ends: by its own limits, by order, or because the guardian died.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Engine, Finish, GuardOrder, LAST_WORDS, Mode, Order, start};
use crate::core::state::State;
use crate::core::store::Wish;
use crate::service::journal::{Event, Level};

/// What is left for the good-bye of a worker that is late already.
const LAST_WORD: Duration = Duration::from_millis(100);

impl Engine {
    pub(super) fn obey(&mut self, order: GuardOrder) {
        match order {
            GuardOrder::Quiet if self.mode == Mode::Running => self.enter(Mode::Quiet),
            GuardOrder::Run if self.mode == Mode::Quiet => self.enter(Mode::Running),
            GuardOrder::Drain if self.mode < Mode::Draining => self.enter(Mode::Draining),
            GuardOrder::Terminate => self.stop(Order::Stop, self.shared.settings.kill_after),
            GuardOrder::Kill => self.stop(Order::StopNow, Duration::ZERO),
            GuardOrder::Reload => self.reload(),
            _ => {}
        }
    }

    /// Somebody asked for something through the store. The guardian decides, as about signals:
    /// a successor of this engine is to do the same.
    pub(super) fn hear_wish(&mut self, word: &str) {
        let Some(wish) = Wish::parse(word).filter(|wish| self.wish != Some(*wish)) else { return };
        self.wish = Some(wish);
        let event = Event::new(Level::Info, "asked through the store");
        self.shared.journal.say(&event.with("to", wish.word()));
        self.guardian.send_asked(wish);
    }

    /// Reads the tasks of the file anew. A file that is wrong changes nothing.
    fn reload(&self) {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || match (shared.settings.reload.0)() {
            Ok(tasks) => {
                let count = tasks.len();
                shared.settings.put_tasks(tasks);
                shared.journal.say(&Event::new(Level::Info, "read the tasks anew").with("tasks", count));
            }
            Err(error) => {
                let event = Event::new(Level::Warn, "the file is wrong, the tasks stay as they were");
                shared.journal.say(&event.with("error", error));
            }
        });
    }

    pub(super) fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.pulses.hurry();
        let event = Event::new(Level::Info, mode.word());
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
        } else if settings.burst.is_some()
            && !self.empty
            && !self.withheld
            && self.held.is_empty()
            && !self.is_unsettled()
            && !self.scarcity.holds(Instant::now())
        {
            // Nothing to do, and no claim has said so since: ask at once.
            self.pulses.hurry();
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
        // Told first: a slot that sees its job die of the KILL must know why.
        for held in self.held.values() {
            let _ = held.orders.send(Order::LeaseLost);
        }
        let reaper = Arc::clone(&self.shared.reaper);
        let _ = tokio::task::spawn_blocking(move || reaper.kill_everything()).await;
        self.shared
            .journal
            .say(&Event::new(Level::Warn, "the guardian died: killed all jobs, giving them back"));
        self.control.remove_group();
        let limit = self.shared.settings.lease;
        let _ = tokio::time::timeout(
            limit,
            start::hand_back(&self.shared.store, &[self.identity.clone()], &self.shared.journal),
        )
        .await;
        self.held.clear();
        Finish::Orphaned
    }

    /// What a burst leaves in its queues: jobs that are not due yet, or that others run.
    async fn say_what_is_left(&self) {
        let Ok(Ok((_, queues))) =
            tokio::time::timeout(Duration::from_secs(1), self.shared.store.queues()).await
        else {
            return;
        };
        let mut left = [0; State::ALL.len()];
        for queue in &self.shared.settings.queues {
            let Some(found) = queues.iter().find(|found| found.name == queue.0.as_str()) else { continue };
            for (sum, count) in left.iter_mut().zip(found.counts) {
                *sum += count;
            }
        }
        let unfinished =
            || State::ALL.iter().zip(left).filter(|(state, count)| !state.is_final() && *count > 0);
        let event = if unfinished().next().is_none() { "left nothing" } else { "left in its queues" };
        let event = unfinished()
            .fold(Event::new(Level::Info, event), |event, (state, count)| event.with(state.name(), count));
        self.shared.journal.say(&event);
    }

    pub(super) async fn leave(self) -> Finish {
        if self.shared.settings.burst.is_some() {
            self.say_what_is_left().await;
        }
        let left = self.held.len();
        let bye = self.shared.store.bye(&self.identity);
        // A stop that has a time keeps it, also with a server that takes the call and never answers.
        let limit = self.end_by.map_or(Duration::from_secs(1), |by| {
            by.saturating_duration_since(Instant::now()).clamp(LAST_WORD, Duration::from_secs(1))
        });
        let gone = tokio::time::timeout(limit, bye).await;
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
