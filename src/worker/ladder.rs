//! The steps of stopping a worker, and their clock.
//!
//! ```text
//!               TERM/INT                TERM/INT, grace over           TERM/INT
//!   serving ---------------> draining ----------------------> terminating -----> killing
//!      |  QUIT                  |  QUIT                            |                |
//!      +------------------------+---> terminating     kill_after + 2 s over    2 s over
//!                                                                  +--> forced <----+
//! ```
//!
//! Pure: it is given the time and says what to do. The guardian owns it, so the steps are
//! on time whatever state the engine is in.

use std::time::{Duration, Instant};

use super::control::Order;

/// What the engine may take beyond its limits before it is killed, to release its jobs.
pub(super) const OVERRUN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    Draining,
    Terminating,
    Killing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Order(Order),
    /// The engine did not keep its time: kill everything and leave.
    Force,
}

#[derive(Debug)]
pub(super) struct Ladder {
    phase: Phase,
    deadline: Option<Instant>,
    grace: Duration,
    kill_after: Duration,
}

impl Ladder {
    pub(super) fn new(grace: Duration, kill_after: Duration) -> Ladder {
        Ladder { phase: Phase::Serving, deadline: None, grace, kill_after }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Longest time from the first signal to the end.
    pub(super) fn whole(&self) -> Duration {
        self.grace.saturating_add(self.kill_after).saturating_add(OVERRUN)
    }

    fn enter(&mut self, phase: Phase, now: Instant) -> Order {
        let (order, length) = match phase {
            Phase::Serving | Phase::Draining => (Order::Drain, self.grace),
            Phase::Terminating => (Order::Terminate, self.kill_after.saturating_add(OVERRUN)),
            Phase::Killing => (Order::Kill, OVERRUN),
        };
        self.phase = phase;
        // A grace beyond the end of time is one without end.
        self.deadline = now.checked_add(length);
        order
    }

    /// A TERM or INT: one step further.
    pub(super) fn stop(&mut self, now: Instant) -> Option<Order> {
        let next = match self.phase {
            Phase::Serving => Phase::Draining,
            Phase::Draining => Phase::Terminating,
            Phase::Terminating => Phase::Killing,
            Phase::Killing => return None,
        };
        Some(self.enter(next, now))
    }

    /// A QUIT: at least terminate.
    pub(super) fn quit(&mut self, now: Instant) -> Option<Order> {
        if self.phase == Phase::Serving {
            self.phase = Phase::Draining;
        }
        self.stop(now)
    }

    /// What the clock says.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Step> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        match self.phase {
            Phase::Serving => None,
            Phase::Draining => Some(Step::Order(self.enter(Phase::Terminating, now))),
            Phase::Terminating | Phase::Killing => Some(Step::Force),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(20);
    const KILL_AFTER: Duration = Duration::from_secs(5);

    #[test]
    fn signals_climb_one_step_each() {
        let (mut ladder, now) = (Ladder::new(GRACE, KILL_AFTER), Instant::now());
        let orders: Vec<_> = (0..4).map(|_| ladder.stop(now)).collect();
        assert_eq!(orders, [Some(Order::Drain), Some(Order::Terminate), Some(Order::Kill), None]);
        assert_eq!(Ladder::new(GRACE, KILL_AFTER).quit(now), Some(Order::Terminate));
    }

    #[test]
    fn the_clock_climbs_by_itself() {
        let (mut ladder, start) = (Ladder::new(GRACE, KILL_AFTER), Instant::now());
        assert_eq!(ladder.tick(start + GRACE), None);
        ladder.stop(start);
        assert_eq!(ladder.tick(start + GRACE - Duration::from_millis(1)), None);
        assert_eq!(ladder.tick(start + GRACE), Some(Step::Order(Order::Terminate)));
        assert_eq!(ladder.tick(start + GRACE + KILL_AFTER), None);
        assert_eq!(ladder.tick(start + GRACE + KILL_AFTER + OVERRUN), Some(Step::Force));
        assert_eq!(start + ladder.whole(), start + GRACE + KILL_AFTER + OVERRUN);
        let mut endless = Ladder::new(Duration::MAX, KILL_AFTER);
        endless.stop(start);
        assert_eq!(endless.tick(start + GRACE), None);
    }
}
