//! What a link counts, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::core::error::{Error, KINDS};

/// Counters under way.
#[derive(Debug, Default)]
pub(super) struct Counts {
    errors: [AtomicU64; KINDS.len()],
    connections: AtomicU64,
    answered: AtomicU64,
}

/// What was counted so far.
#[derive(Debug, Clone, Copy)]
pub struct LinkCounts {
    /// Failed calls by [`Error::kind`].
    pub errors: [(&'static str, u64); KINDS.len()],
    /// Connections opened.
    pub connections: u64,
    /// Calls that were answered.
    pub answered: u64,
}

impl Counts {
    pub(super) fn failed(&self, error: &Error) {
        if let Some(place) = KINDS.iter().position(|kind| *kind == error.kind()) {
            self.errors[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> LinkCounts {
        let count = |place: usize| self.errors[place].load(Ordering::Relaxed);
        LinkCounts {
            errors: std::array::from_fn(|place| (KINDS[place], count(place))),
            connections: self.connections.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
        }
    }
}
