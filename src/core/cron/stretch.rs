//! Local time laid on the line of UTC: stretches between the changes of a zone's offset, and
//! which local times each of them runs. Debian's rule, as its daemon carries it out: it
//! remembers the latest local minute it has served; times that a forward change skips are
//! owed and run right after it, times that a backward change shows again were served before.

use std::iter;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A change of three hours or more forward, or of more than three hours back, is a correction
/// of the clock and no daylight saving: nothing is owed, nothing was served before.
const CORRECTION: i64 = 3 * 3_600;

/// What the daemon takes for a late start of its own, not for a change: after so short a jump
/// wild schedules run what they missed as well.
const LATE: i64 = 4 * 60;

/// A time in which the offset does not change. Instants are seconds of UTC since the epoch,
/// local times the same plus the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) offset: i64,
    /// The local time before which everything fixed has run.
    served: i64,
}

impl Stretch {
    /// Local times that were skipped and run at `from`.
    pub(super) fn owed(&self, wild: bool) -> Range<i64> {
        let start = self.from + self.offset;
        let owed = self.served..start;
        if wild && start - self.served > LATE { start..start } else { owed }
    }

    /// Local times that run as they come.
    pub(super) fn live(&self, wild: bool) -> Range<i64> {
        let start = self.from + self.offset;
        (if wild { start } else { start.max(self.served) })..self.to + self.offset
    }

    /// What comes after a change to `offset`, lasting to `to`.
    fn then(&self, offset: i64, to: i64) -> Stretch {
        let start = self.to + offset;
        let served = self.served.max(self.to + self.offset);
        let is_correction = start - served >= CORRECTION || served - start > CORRECTION;
        Stretch { from: self.to, to, offset, served: if is_correction { start } else { served } }
    }
}

/// Beyond every instant that is asked for, and far from overflow.
const NEVER: i64 = i64::MAX / 4;

/// The stretches of `zone`, from one that contains the instant `at` or lies shortly before it.
/// They have no end where a zone has rules for ever.
pub(super) fn stretches(zone: &TimeZone, at: i64) -> impl Iterator<Item = Stretch> {
    // What changed more than three hours ago is neither owed any more nor served before.
    let mut calm = at;
    let mut before = zone.preceding(stamp(at + 1)).map(|change| change.timestamp().as_second());
    let mut begin = before.next();
    while let Some(change) = begin.filter(|change| calm - change <= CORRECTION) {
        calm = change;
        begin = before.next();
    }
    let seconds = |offset: jiff::tz::Offset| i64::from(offset.seconds());
    let mut changes = zone
        .following(stamp(calm - 1))
        .map(move |change| (change.timestamp().as_second(), seconds(change.offset())));
    let mut next = Some((begin.unwrap_or(-NEVER), seconds(zone.to_offset(stamp(calm - 1)))));
    let mut last: Option<Stretch> = None;
    iter::from_fn(move || {
        let (from, offset) = next?;
        next = changes.next();
        let to = next.map_or(NEVER, |(at, _)| at);
        let first = Stretch { from, to, offset, served: from + offset };
        last = Some(last.map_or(first, |last| last.then(offset, to)));
        last
    })
}

fn stamp(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
