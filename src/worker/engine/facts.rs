//! What the engine knows and says of itself.

use std::time::Instant;

use super::{Engine, Mode};
use crate::core::script::{HOOK_QUEUE, HOOK_QUEUES};
use crate::service::journal::{Event, Level};
use crate::worker::metrics::Vitals;

impl Engine {
    pub(super) fn say_ready(&self) {
        let queues: Vec<&str> = self.shared.settings.queues.iter().map(|(queue, _)| queue.as_str()).collect();
        self.shared.journal.say(
            &Event::new(Level::Info, "ready")
                .with("worker", &self.identity.worker)
                .with("queues", queues.join(","))
                .with("slots", self.shared.settings.slots)
                .with("redis", &self.shared.store.link().target().address),
        );
    }

    pub(super) fn vitals(&self) -> Vitals {
        Vitals {
            mode: self.mode.word(),
            pulsed: self.pulsed,
            trouble: self.trouble_since,
            held: self.held.len(),
            running: self.running(),
        }
    }

    pub(super) fn running(&self) -> usize {
        self.held.values().filter(|held| held.runs).count()
    }

    /// Jobs that could be taken now, of queues and of hooks.
    pub(super) fn room(&self) -> usize {
        self.free() + self.hook_room().len()
    }

    /// The queues of hooks whose slot is free: of tasks on workers that know some, of commands
    /// on workers that may run any.
    pub(super) fn hook_room(&self) -> Vec<&'static str> {
        let settings = &self.shared.settings;
        let takes =
            self.mode == Mode::Running && !self.is_unsettled() && !self.scarcity.holds(Instant::now());
        let serves = |queue: &str| match queue {
            HOOK_QUEUE => !settings.tasks().is_empty(),
            _ => !settings.tasks_only,
        };
        let is_free = |queue: &str| self.held.values().all(|held| held.queue != queue);
        HOOK_QUEUES.into_iter().filter(|queue| takes && serves(queue) && is_free(queue)).collect()
    }
}
