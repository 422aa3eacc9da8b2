//! The calendar of one expression on naive local time: seconds of the local clock, counted
//! from 1970-01-01 00:00:00 as that clock showed it.

use std::ops::Range;
use std::sync::Arc;

use ::cron::Schedule;
use chrono::{DateTime, Utc};
use jiff::civil::Date;

pub(super) const DAY: i64 = 86_400;

/// The values that each field allows, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sets {
    pub(super) second: u64,
    pub(super) minute: u64,
    pub(super) hour: u64,
    /// Bits 1 to 31.
    pub(super) day: u64,
    /// Bits 1 to 12.
    pub(super) month: u64,
    /// Bits 0 (Sunday) to 6.
    pub(super) weekday: u64,
}

/// An expression that was read: when it is due on a local clock.
#[derive(Debug, Clone)]
pub struct Cron {
    sets: Sets,
    /// Minute or hour begins with `*`: follows the clock through its changes.
    wild: bool,
    /// A day field begins with `*`: both must match; else either is enough.
    star: bool,
    /// One for each way in which a day can match; the earlier wins.
    walkers: Arc<[Schedule]>,
}

impl PartialEq for Cron {
    fn eq(&self, other: &Cron) -> bool {
        (self.sets, self.wild, self.star) == (other.sets, other.wild, other.star)
    }
}

impl Eq for Cron {}

impl Cron {
    /// `None` if the walker does not take the sets; they come from the parser, so it does.
    pub(super) fn new(sets: Sets, wild: bool, star: bool) -> Option<Cron> {
        const EVERY_DAY: u64 = full(1..32);
        const EVERY_WEEKDAY: u64 = full(0..7);
        let lists = if star {
            vec![(sets.day, sets.weekday)]
        } else {
            vec![(sets.day, EVERY_WEEKDAY), (EVERY_DAY, sets.weekday)]
        };
        let walkers: Option<Vec<Schedule>> =
            lists.into_iter().map(|(day, weekday)| walker(&Sets { day, weekday, ..sets })).collect();
        Some(Cron { sets, wild, star, walkers: walkers?.into() })
    }

    /// Whether it follows the clock through changes of daylight saving: minute or hour begins
    /// with `*`. Any other schedule runs the times of a skipped hour once, right after it, and
    /// does not repeat those of a repeated hour.
    pub fn is_wild(&self) -> bool {
        self.wild
    }

    /// The first matching local second at or after `from`, if there is one before [`END`].
    pub(super) fn first_from(&self, from: i64) -> Option<i64> {
        let before = DateTime::<Utc>::from_timestamp(from.max(0) - 1, 0)?;
        let first = |walker: &Schedule| Some(walker.after(&before).next()?.timestamp());
        self.walkers.iter().filter_map(first).min().filter(|time| *time < END)
    }

    /// How many matching local seconds lie in `range`.
    pub(super) fn count(&self, range: Range<i64>) -> u64 {
        let (start, end) = (range.start.max(0), range.end.min(END));
        if start >= end {
            return 0;
        }
        let (first, last) = (start.div_euclid(DAY), end.div_euclid(DAY));
        let whole = self.days(first..last) * self.in_day(DAY);
        let before = if self.days(first..first + 1) == 1 { self.in_day(start.rem_euclid(DAY)) } else { 0 };
        let tail = if self.days(last..last + 1) == 1 { self.in_day(end.rem_euclid(DAY)) } else { 0 };
        (whole + tail) - before
    }

    /// How many times of a day lie before its second `end`.
    fn in_day(&self, end: i64) -> u64 {
        let sets = &self.sets;
        let has = |set: u64, value: i64| value < 64 && set >> value & 1 == 1;
        let below = |set: u64, value: i64| u64::from((set & full(0..value)).count_ones());
        let (hour, minute, second) = (end / 3_600, end / 60 % 60, end % 60);
        let (minutes, seconds) = (below(sets.minute, 60), below(sets.second, 60));
        let mut count = below(sets.hour, hour) * minutes * seconds;
        if has(sets.hour, hour) {
            count += below(sets.minute, minute) * seconds;
            if has(sets.minute, minute) {
                count += below(sets.second, second);
            }
        }
        count
    }

    /// How many of the days match, counted from 1970-01-01.
    fn days(&self, days: Range<i64>) -> u64 {
        let Some(mut month) = date(days.start).map(Date::first_of_month) else { return 0 };
        let mut first = days.start - i64::from(date(days.start).map_or(0, |date| date.day() - 1));
        let mut count = 0;
        while first < days.end {
            let length = i64::from(month.days_in_month());
            // Bit 1 is the first of the month, as in the set.
            let wanted = full((days.start - first).max(0) + 1..(days.end - first).min(length) + 1);
            count += u64::from((self.month_days(month) & wanted).count_ones());
            first += length;
            let Some(next) = month.last_of_month().tomorrow().ok() else { break };
            month = next;
        }
        count
    }

    /// The matching days of the month that begins with `first`: bits 1 to 31.
    fn month_days(&self, first: Date) -> u64 {
        let sets = &self.sets;
        if sets.month >> first.month() & 1 == 0 {
            return 0;
        }
        // A month touches up to six weeks.
        let weeks = (0..6).fold(0, |bits, week| bits | sets.weekday << (7 * week));
        let weekdays = weeks >> first.weekday().to_sunday_zero_offset() << 1;
        let days = if self.star { sets.day & weekdays } else { sets.day | weekdays };
        days & full(1..i64::from(first.days_in_month()) + 1)
    }

    /// Whether it is due at all before [`END`]. Every date comes on every weekday within 28
    /// years, so what ever matches does so in the last 28.
    pub(super) fn is_possible(&self) -> bool {
        self.first_from(END - 28 * 366 * DAY).is_some()
    }
}

/// 2100-01-01 00:00:00: no clock matches from here on, nor before 1970.
pub(super) const END: i64 = 4_102_444_800;

/// A set of all values in the range; empty if it is.
pub(super) const fn full(values: Range<i64>) -> u64 {
    if values.start >= values.end {
        return 0;
    }
    (u64::MAX >> (64 - (values.end - values.start))) << values.start
}

fn date(day: i64) -> Option<Date> {
    let day = i32::try_from(day).ok()?;
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

/// The sets in the crate's spelling: lists of single values, weekdays from Sunday = 1. A full
/// field is `*`, for which it has a short cut.
fn walker(sets: &Sets) -> Option<Schedule> {
    let list = |set: u64, all: Range<i64>, shift: u32| {
        if set == full(all) {
            return "*".to_owned();
        }
        let values = (0..64).filter(|value| set >> value & 1 == 1);
        values.map(|value| (value + shift).to_string()).collect::<Vec<_>>().join(",")
    };
    let fields = [
        list(sets.second, 0..60, 0),
        list(sets.minute, 0..60, 0),
        list(sets.hour, 0..24, 0),
        list(sets.day, 1..32, 0),
        list(sets.month, 1..13, 0),
        list(sets.weekday, 0..7, 1),
    ];
    fields.join(" ").parse().ok()
}
