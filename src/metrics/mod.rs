//! Metrics for programs: OpenMetrics text, the catalogue of all that is measured, and a small
//! HTTP responder for whoever stays and has something to show.

pub mod address;
pub mod catalog;
pub mod http;
pub mod text;

use std::sync::atomic::{AtomicU64, Ordering};

pub use address::Address;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
