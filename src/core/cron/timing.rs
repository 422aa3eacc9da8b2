//! Ticks: the instants at which a schedule is due.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::calendar::{Cron, DAY, END};
use super::seed;
use super::stretch::{Stretch, stretches};

/// What makes a schedule due.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticks {
    /// A cron expression on the clock of a zone, in whole seconds, while that clock shows the
    /// years 1970 to 2099.
    Cron {
        /// The expression.
        cron: Cron,
        /// Whose clock it is read on.
        zone: TimeZone,
    },
    /// Whole multiples of a period since the epoch; never, if it is 0.
    Every {
        /// The period, in milliseconds.
        period_ms: u64,
    },
    /// Once.
    At {
        /// The instant, in milliseconds since the epoch.
        at_ms: i64,
    },
}

/// What ticks, and by how much each of its ticks is late on purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// What makes it due.
    pub ticks: Ticks,
    /// Added to each tick, in milliseconds.
    pub offset_ms: u64,
}

impl From<Ticks> for Timing {
    fn from(ticks: Ticks) -> Timing {
        Timing { ticks, offset_ms: 0 }
    }
}

impl Timing {
    /// The same ticks, each later by what `name` draws from `0..spread_ms`, so that many
    /// schedules of one expression do not fall due at once.
    pub fn spread(self, name: &str, spread_ms: u64) -> Timing {
        Timing { offset_ms: seed::spread_offset(name, spread_ms), ..self }
    }

    /// The first tick after the instant `after_ms` (milliseconds since the epoch); `None` when
    /// there is none. Strictly after, so that asking again from the answer always moves on.
    pub fn next_after(&self, after_ms: i64) -> Option<i64> {
        let tick = match &self.ticks {
            Ticks::Cron { cron, zone } => next_cron(cron, zone, seconds(self.unshifted(after_ms)))? * 1_000,
            Ticks::Every { period_ms } => {
                let period = period(*period_ms)?;
                self.unshifted(after_ms).div_euclid(period).checked_add(1)?.checked_mul(period)?
            }
            Ticks::At { at_ms } => Some(*at_ms).filter(|at| *at > self.unshifted(after_ms))?,
        };
        tick.checked_add_unsigned(self.offset_ms)
    }

    /// How many ticks lie after `from_ms` and not after `to_ms`. Counted by arithmetic, not by
    /// walking: a century of ticks at every second takes no longer than one at every year.
    pub fn count_between(&self, from_ms: i64, to_ms: i64) -> u64 {
        if from_ms >= to_ms {
            return 0;
        }
        let (from, to) = (self.unshifted(from_ms), self.unshifted(to_ms));
        match &self.ticks {
            Ticks::Cron { cron, zone } => count_cron(cron, zone, seconds(from), seconds(to)),
            Ticks::Every { period_ms } => {
                period(*period_ms).map_or(0, |period| to.div_euclid(period).abs_diff(from.div_euclid(period)))
            }
            Ticks::At { at_ms } => u64::from(from < *at_ms && *at_ms <= to),
        }
    }

    /// The last `n` ticks after `from_ms` and not after `to_ms`, the earliest first.
    pub fn last_between(&self, from_ms: i64, to_ms: i64, n: usize) -> Vec<i64> {
        let wanted = u64::try_from(n).unwrap_or(u64::MAX);
        let (mut low, mut high) = (from_ms, to_ms);
        // The latest instant that has `wanted` ticks behind it; all of them if there are fewer.
        if self.count_between(from_ms, to_ms) > wanted {
            while low.abs_diff(high) > 1 {
                let middle = low.midpoint(high);
                if self.count_between(middle, to_ms) >= wanted { low = middle } else { high = middle }
            }
        }
        let ticks = std::iter::successors(self.next_after(low), |tick| self.next_after(*tick));
        ticks.take_while(|tick| *tick <= to_ms).take(n).collect()
    }

    /// An instant as it is without the offset.
    pub(super) fn unshifted(&self, ms: i64) -> i64 {
        ms.saturating_sub_unsigned(self.offset_ms)
    }
}

/// Cron ticks stand on whole seconds, so only those of an instant count.
fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}

fn period(period_ms: u64) -> Option<i64> {
    i64::try_from(period_ms).ok().filter(|period| *period > 0)
}

/// The instants at which some clock shows a year from 1970 to 2099.
pub(super) const REACH: Range<i64> = -2 * DAY..END + 2 * DAY;

fn next_cron(cron: &Cron, zone: &TimeZone, after: i64) -> Option<i64> {
    let after = after.clamp(REACH.start, REACH.end);
    // The last answer of the walker serves as long as what is asked lies before it.
    let (mut asked, mut found) = (i64::MAX, None);
    let mut first_from = |from: i64| {
        if from < asked || found.is_some_and(|found| found < from) {
            (asked, found) = (from, cron.first_from(from));
        }
        found
    };
    for stretch in stretches(zone, after) {
        if stretch.from > REACH.end {
            break;
        }
        let owed = stretch.owed(cron.is_wild());
        if stretch.from > after
            && !owed.is_empty()
            && first_from(owed.start).is_some_and(|time| time < owed.end)
        {
            return Some(stretch.from);
        }
        let live = stretch.live(cron.is_wild());
        let start = live.start.max(after + 1 + stretch.offset);
        let time = if start < live.end { first_from(start).filter(|time| *time < live.end) } else { None };
        if let Some(time) = time {
            return Some(time - stretch.offset);
        }
    }
    None
}

fn count_cron(cron: &Cron, zone: &TimeZone, from: i64, to: i64) -> u64 {
    let (from, to) = (from.max(REACH.start), to.min(REACH.end));
    let in_stretch = |stretch: Stretch| {
        let owed = stretch.owed(cron.is_wild());
        let late = stretch.from > from && cron.count(owed) > 0;
        let live = stretch.live(cron.is_wild());
        // One tick at the beginning, also if a time is due there by itself.
        let start =
            live.start.max(from + 1 + stretch.offset).max(stretch.from + stretch.offset + i64::from(late));
        u64::from(late) + cron.count(start..live.end.min(to + 1 + stretch.offset))
    };
    stretches(zone, from).take_while(|stretch| stretch.from <= to).map(in_stretch).sum()
}
