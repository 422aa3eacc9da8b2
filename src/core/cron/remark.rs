//! What a change of a zone's clock does to a schedule, in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::Cron;
use super::stretch::{Stretch, stretches};
use super::timing::{REACH, Ticks, Timing};

/// Something to know about ticks around a change of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The instant it is about, in milliseconds since the epoch: that of the first tick it
    /// concerns, or that of the change where there is none.
    pub at_ms: i64,
    /// `2026-10-25 02:30 happens twice: runs once`.
    pub text: String,
}

/// No clock has been put back by more.
const FARTHEST_BACK: i64 = 25 * 3_600;

impl Timing {
    /// What changes of the clock do to ticks after `from_ms` and not after `to_ms`: local
    /// times that do not exist or happen twice, for schedules that have such times. Nothing
    /// for `every` and `at`, which know no clock.
    pub fn remarks(&self, from_ms: i64, to_ms: i64) -> Vec<Remark> {
        let Ticks::Cron { cron, zone } = &self.ticks else { return Vec::new() };
        let (from, to) = (self.unshifted(from_ms), self.unshifted(to_ms));
        let begin = from.div_euclid(1_000).clamp(REACH.start, REACH.end);
        let end = to.div_euclid(1_000).min(REACH.end).saturating_add(FARTHEST_BACK);
        let mut found = Vec::new();
        let mut last: Option<Stretch> = None;
        for stretch in stretches(zone, begin).take_while(|stretch| stretch.from <= end) {
            found.extend(last.and_then(|last| remark(cron, &last, &stretch)));
            last = Some(stretch);
        }
        found.retain(|remark| from < remark.at_ms && remark.at_ms <= to);
        for remark in &mut found {
            remark.at_ms = remark.at_ms.saturating_add_unsigned(self.offset_ms);
        }
        found
    }
}

/// What the change between two stretches does to the times of `cron`.
fn remark(cron: &Cron, last: &Stretch, next: &Stretch) -> Option<Remark> {
    let (before, after) = (next.from + last.offset, next.from + next.offset);
    let times = before.min(after)..before.max(after);
    let count = cron.count(times.clone());
    if count == 0 {
        return None;
    }
    let first = cron.first_from(times.start)?;
    let shown = shown(first);
    let (subject, many) = match count {
        1 => (shown, false),
        2 => (format!("{shown} and one later time"), true),
        more => (format!("{shown} and {} later times", more - 1), true),
    };
    let skipped = before < after;
    let runs_once =
        if skipped { !next.owed(cron.is_wild()).is_empty() } else { next.live(cron.is_wild()).start > after };
    let does = match (skipped, runs_once, many) {
        (true, true, false) => format!("does not exist: runs at {}", shown_after(after, first)),
        (true, true, true) => format!("do not exist: run once for all, at {}", shown_after(after, first)),
        (true, false, false) => "does not exist: is left out".to_owned(),
        (true, false, true) => "do not exist: are left out".to_owned(),
        (false, true, false) => "happens twice: runs once".to_owned(),
        (false, true, true) => "happen twice: run once each, the first time".to_owned(),
        (false, false, false) => "happens twice: runs twice, as the clock shows it twice".to_owned(),
        (false, false, true) => "happen twice: run twice, as the clock shows them twice".to_owned(),
    };
    let at = if skipped { next.from } else { first - last.offset };
    Some(Remark { at_ms: at * 1_000, text: format!("{subject} {does}") })
}

/// A local time; seconds only where there are some.
fn shown(time: i64) -> String {
    formatted(time, if time % 60 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" })
}

/// A local time without its date, if `other` has the same.
fn shown_after(time: i64, other: i64) -> String {
    if time.div_euclid(86_400) == other.div_euclid(86_400) { formatted(time, "%H:%M") } else { shown(time) }
}

fn formatted(time: i64, format: &str) -> String {
    Timestamp::from_second(time)
        .map_or_else(|_| time.to_string(), |stamp| stamp.to_zoned(TimeZone::UTC).strftime(format).to_string())
}
