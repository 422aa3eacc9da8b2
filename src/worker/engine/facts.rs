//! What the engine says of itself.

use super::Engine;
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
}
