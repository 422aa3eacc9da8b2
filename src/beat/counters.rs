//! What a beat counts about itself, for whoever asks.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Upper bounds of the lag's classes, in milliseconds; what is later is in the last class.
pub const LAG_BOUNDS_MS: [u64; 10] = [5, 10, 20, 50, 100, 250, 500, 1_000, 10_000, 60_000];

/// Counters of this process, from its start on.
#[derive(Debug, Default)]
pub struct Counters {
    /// Ticks for which this beat made the job.
    pub fired: AtomicU64,
    /// Ticks without a job because of a pause or an earlier job.
    pub skipped: AtomicU64,
    /// Ticks without a job because nobody acted in time.
    pub missed: AtomicU64,
    /// Times that a queue had no room for a tick's job.
    pub full: AtomicU64,
    /// Calls to Redis that failed.
    pub errors: AtomicU64,
    /// Steps of the server's clock.
    pub jumps: AtomicU64,
    /// Redis time of the last good call, in milliseconds since the epoch.
    pub seen_ms: AtomicI64,
    /// The newest tick that this beat made a job for, in milliseconds since the epoch.
    pub last_tick_ms: AtomicI64,
    /// How many jobs were made so late, by class of [`LAG_BOUNDS_MS`].
    pub lag: [AtomicU64; LAG_BOUNDS_MS.len() + 1],
    /// All of it, in milliseconds.
    pub lag_sum_ms: AtomicU64,
    /// 1 while this beat acts first.
    pub leads: AtomicU64,
}

impl Counters {
    /// A job was made, so many milliseconds after its tick.
    pub(super) fn fired(&self, tick_ms: i64, lag_ms: u64) {
        self.fired.fetch_add(1, Relaxed);
        self.last_tick_ms.fetch_max(tick_ms, Relaxed);
        let class = LAG_BOUNDS_MS.iter().position(|bound| lag_ms <= *bound).unwrap_or(LAG_BOUNDS_MS.len());
        if let Some(count) = self.lag.get(class) {
            count.fetch_add(1, Relaxed);
        }
        self.lag_sum_ms.fetch_add(lag_ms, Relaxed);
    }

    /// Adds to a counter.
    pub(super) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_sorted_into_classes() {
        let counters = Counters::default();
        counters.fired(7, 5);
        counters.fired(9, 6);
        counters.fired(8, 1_000_000);
        let classes: Vec<u64> = counters.lag.iter().map(|count| count.load(Relaxed)).collect();
        assert_eq!((classes[0], classes[1], classes[LAG_BOUNDS_MS.len()]), (1, 1, 1));
        assert_eq!(counters.last_tick_ms.load(Relaxed), 9);
    }
}
