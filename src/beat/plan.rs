//! What is to be done about a schedule that is due: a decision from stored values, by
//! arithmetic, in the same time after a minute as after a year without any beat.

use crate::core::schedule::{Definition, LATE_MS, Missed, Times};
use crate::core::store::PauseSpan;

/// One act: which ticks it covers, which of them makes a job, and what is due after it.
/// Every tick is counted once: it fires, is skipped or is missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The newest tick it covers.
    pub tick_ms: i64,
    /// The due time after it.
    pub next_ms: Option<i64>,
    /// Ticks that fall into a pause.
    pub skipped: u64,
    /// Ticks that were missed.
    pub missed: u64,
    /// Why ticks make no job; '' where they do.
    pub why: &'static str,
    /// Whether the newest makes a job.
    pub fires: bool,
}

/// What is known of a schedule that is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The first tick that nobody acted on.
    pub due_ms: i64,
    /// Redis time.
    pub now_ms: i64,
    /// Its last pause.
    pub pause: Option<PauseSpan>,
    /// Since when its queue has had no room.
    pub stuck_since_ms: Option<i64>,
}

/// The next step for a schedule whose due time has come. Repeated until nothing is due.
pub(super) fn step(definition: &Definition, times: &Times, facts: &Facts) -> Step {
    let Facts { due_ms, now_ms, .. } = *facts;
    if let Some(until_ms) = paused_until(facts) {
        return over(times, due_ms, until_ms, Why::Paused);
    }
    let late_ms = now_ms - LATE_MS - 1;
    if let Some(since_ms) = facts.stuck_since_ms
        && now_ms - since_ms.max(due_ms) > LATE_MS
    {
        return over(times, due_ms, late_ms.max(due_ms), Why::Full);
    }
    if due_ms > late_ms {
        return fire(times, due_ms, 0);
    }
    let oldest_ms = match definition.missed_window_ms {
        Some(window_ms) => (due_ms - 1).max(now_ms.saturating_sub_unsigned(window_ms) - 1),
        None => due_ms - 1,
    };
    let most = match definition.missed {
        Missed::Skip => 0,
        Missed::Once => 1,
        Missed::All => usize::try_from(definition.missed_max).unwrap_or(usize::MAX),
    };
    let worth = if most == 0 { Vec::new() } else { times.last_between(oldest_ms, late_ms, most) };
    match worth.first() {
        Some(tick_ms) => fire(times, *tick_ms, count(times, due_ms, *tick_ms) - 1),
        None => over(times, due_ms, late_ms, Why::Missed),
    }
}

/// Why ticks are passed over.
enum Why {
    Paused,
    Missed,
    Full,
}

/// The end of the time for which ticks from the due one on are to be passed over.
fn paused_until(facts: &Facts) -> Option<i64> {
    let pause = facts.pause?;
    if pause.covers(facts.now_ms) {
        return Some(facts.now_ms);
    }
    let until_ms = pause.until_ms.filter(|_| pause.covers(facts.due_ms))?;
    Some((until_ms - 1).min(facts.now_ms))
}

/// How many ticks there are from the due one to `last_ms`. The due time counts as one, also
/// where the calendar of this machine does not know it: it was a tick when it was written.
fn count(times: &Times, due_ms: i64, last_ms: i64) -> u64 {
    1 + times.count_between(due_ms, last_ms)
}

fn fire(times: &Times, tick_ms: i64, missed: u64) -> Step {
    let why = if missed > 0 { "missed" } else { "" };
    Step { tick_ms, next_ms: times.next_after(tick_ms), skipped: 0, missed, why, fires: true }
}

fn over(times: &Times, due_ms: i64, last_ms: i64, why: Why) -> Step {
    let passed = count(times, due_ms, last_ms);
    let (skipped, missed, why) = match why {
        Why::Paused => (passed, 0, "paused"),
        Why::Missed => (0, passed, "missed"),
        Why::Full => (0, passed, "its queue was full"),
    };
    let tick_ms = times.last_between(due_ms, last_ms, 1).pop().unwrap_or(due_ms);
    Step { tick_ms, next_ms: times.next_after(last_ms.max(due_ms)), skipped, missed, why, fires: false }
}

#[cfg(test)]
mod tests;
