//! A machine that is short of something (descriptors, processes, memory): jobs go back unharmed,
//! and the worker waits ever longer before it takes more, instead of taking and giving back all
//! that is in its queues.

use std::time::{Duration, Instant};

/// The first wait, and the longest.
const WAITS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];

/// How long no job is taken.
#[derive(Debug, Default)]
pub struct Scarcity {
    wait: Duration,
    until: Option<Instant>,
}

impl Scarcity {
    /// A job could not be started. Those that were claimed together count once.
    pub fn struck(&mut self, now: Instant) {
        if !self.holds(now) {
            self.wait = (self.wait * 2).clamp(WAITS[0], WAITS[1]);
            self.until = Some(now + self.wait);
        }
    }

    /// A job that could be started has ended: there is room again.
    pub fn eased(&mut self) {
        *self = Scarcity::default();
    }

    /// Whether no job is to be taken now.
    pub fn holds(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// When to take jobs again.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Whether a wait has just passed; `true` once.
    pub fn passed(&mut self, now: Instant) -> bool {
        let passed = self.until.is_some_and(|until| until <= now);
        if passed {
            self.until = None;
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_until_a_job_runs_again() {
        let (mut scarcity, start) = (Scarcity::default(), Instant::now());
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..7 {
            scarcity.struck(now);
            scarcity.struck(now);
            let until = scarcity.until().unwrap();
            waits.push((until - now).as_millis());
            assert!(scarcity.holds(now) && !scarcity.passed(now) && !scarcity.holds(until));
            now = until;
            assert!(scarcity.passed(now) && !scarcity.passed(now));
        }
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        scarcity.struck(now);
        scarcity.eased();
        assert!(!scarcity.holds(now));
        scarcity.struck(now);
        assert_eq!(scarcity.until(), Some(now + Duration::from_millis(250)));
    }
}
