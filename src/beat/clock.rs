//! Redis time between two replies. The clock of this host is never asked for the hour: only
//! its monotonic clock counts, from the last reply on.

use std::time::{Duration, Instant};

/// Redis time as last heard, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerClock {
    heard_ms: i64,
    at: Instant,
}

/// A step of the server's clock that is worth a word, in milliseconds.
const JUMP_MS: i64 = 2_000;

impl ServerClock {
    /// Heard just now.
    pub(super) fn heard(now_ms: i64) -> ServerClock {
        ServerClock { heard_ms: now_ms, at: Instant::now() }
    }

    /// Redis time now, in milliseconds since the epoch. Never ahead of the server's clock,
    /// unless that was set back meanwhile: the reply was on its way for a while.
    pub(super) fn now_ms(&self) -> i64 {
        self.heard_ms.saturating_add(millis(self.at.elapsed()))
    }

    /// How long until the server's clock shows `at_ms`.
    pub(super) fn until(&self, at_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(at_ms.saturating_sub(self.now_ms())).unwrap_or(0))
    }

    /// Hears a new time; by how much the server's clock went its own way, where that is much.
    /// `took` is how long the call was under way: so much of a difference says nothing.
    pub(super) fn hear(&mut self, now_ms: i64, took: Duration) -> Option<i64> {
        let off = now_ms - self.now_ms();
        *self = ServerClock::heard(now_ms);
        (off.saturating_abs() > JUMP_MS + millis(took)).then_some(off)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_follows_what_it_hears() {
        let mut clock = ServerClock::heard(1_000_000);
        assert!((1_000_000..1_060_000).contains(&clock.now_ms()));
        assert!(clock.until(2_000_000) > Duration::from_secs(900));
        assert_eq!(clock.until(0), Duration::ZERO);
        assert_eq!(clock.hear(clock.now_ms() + 100, Duration::ZERO), None);
        let jump = clock.hear(clock.now_ms() - 3_600_000, Duration::ZERO);
        assert!(jump.is_some_and(|off| (-3_700_000..-3_500_000).contains(&off)));
        assert_eq!(clock.hear(clock.now_ms() + 5_000, Duration::from_secs(10)), None);
    }
}
