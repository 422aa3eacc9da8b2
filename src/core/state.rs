//! The life of a job.
//!
//! ```text
//!                 enqueue
//!        ┌───────────┼────────────┐
//!        v           v            v
//!   SCHEDULED ──> PENDING     BLOCKED ──> PENDING
//!     ^  │ due       │ ^          │ (the earlier job has ended)
//!     │  │           │ └──────────┼─────── release, takeover, handback
//!     │  │     claim │            │
//!     │  │           v            │
//!     └──┼──────  STARTED ────────┼──> RETRY ──> PENDING (due)
//!  snooze│       │   │   │        │ fail    │
//!  refuse│ finish│   │   │cancel  │         │
//!        │       v   v   v        v         v
//!        │  SUCCESS FAILURE REVOKED <── cancel, purge
//!        └──> EXPIRED  (never started by its --expires)
//! ```
//!
//! The stored state is where the record stands in the indexes. The state *shown* is
//! derived from the record and Redis time by [`State::shown`], so that it is true also
//! when no worker is alive to move the record. docs/states.md says who makes each arrow
//! and what holds in each state.

use std::fmt;

/// Where a job stands. Names are Celery's where Celery has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Its time has not come.
    Scheduled,
    /// It waits for other jobs.
    Blocked,
    /// It could run now.
    Pending,
    /// A worker holds it.
    Started,
    /// It failed and its next attempt is due later.
    Retry,
    /// It ended well.
    Success,
    /// It failed and no attempts are left.
    Failure,
    /// It was cancelled.
    Revoked,
    /// Its expiry passed before it started.
    Expired,
}

impl State {
    /// All states, in the order people read them.
    pub const ALL: [State; 9] = [
        State::Scheduled,
        State::Blocked,
        State::Pending,
        State::Started,
        State::Retry,
        State::Success,
        State::Failure,
        State::Revoked,
        State::Expired,
    ];

    /// The name in tables, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            State::Scheduled => "SCHEDULED",
            State::Blocked => "BLOCKED",
            State::Pending => "PENDING",
            State::Started => "STARTED",
            State::Retry => "RETRY",
            State::Success => "SUCCESS",
            State::Failure => "FAILURE",
            State::Revoked => "REVOKED",
            State::Expired => "EXPIRED",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more will happen to the job by itself.
    pub fn is_final(self) -> bool {
        matches!(self, State::Success | State::Failure | State::Revoked | State::Expired)
    }

    /// The state to show for a record stored as `self`, at Redis time `now_ms`.
    ///
    /// `due_ms` is when a SCHEDULED or RETRY job becomes eligible; `expires_ms` is set only
    /// while a job has never started. All three are milliseconds since the epoch.
    pub fn shown(self, due_ms: Option<i64>, expires_ms: Option<i64>, now_ms: i64) -> State {
        let waits = matches!(self, State::Scheduled | State::Pending | State::Blocked);
        if waits && expires_ms.is_some_and(|expires| expires <= now_ms) {
            return State::Expired;
        }
        match self {
            State::Scheduled | State::Retry if due_ms.is_some_and(|due| due <= now_ms) => State::Pending,
            other => other,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn the_shown_state_needs_no_worker() {
        assert_eq!(State::Scheduled.shown(Some(10), None, 9), State::Scheduled);
        assert_eq!(State::Scheduled.shown(Some(10), None, 10), State::Pending);
        assert_eq!(State::Retry.shown(Some(10), None, 11), State::Pending);
        assert_eq!(State::Pending.shown(None, Some(5), 5), State::Expired);
        assert_eq!(State::Scheduled.shown(Some(3), Some(5), 6), State::Expired);
        assert_eq!(State::Started.shown(None, Some(5), 6), State::Started);
        assert_eq!(State::Success.shown(None, None, 99), State::Success);
    }

    #[test]
    fn names_survive() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        assert_eq!(State::parse("DONE"), None);
    }
}
