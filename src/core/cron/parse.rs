//! From a text to a [`Cron`]: fields, nicknames, and what is doubtful about them.

use std::ops::Range;

use super::calendar::{Cron, Sets};
use super::error::{CronError, Warning};
use super::fault::shortened;
use super::field::{DAY, Field, HOUR, MINUTE, MONTH, Read, Reader, SECOND, WEEKDAY};
use super::warn;
use crate::core::when;

/// What a text may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Five fields, and the nicknames with `@reboot`: the times of a line of a crontab.
    Crontab,
    /// Five fields, or six with seconds in front, and the nicknames without `@reboot`.
    Schedule,
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// It has a calendar.
    Calendar {
        /// When it is due.
        cron: Cron,
        /// What is seldom meant so.
        warnings: Vec<Warning>,
    },
    /// `@reboot`: once after each start of the host.
    Reboot,
}

/// More than any schedule needs: all values of all fields, listed, take half of it.
const LONGEST: usize = 1_000;

const NICKNAMES: [(&str, &str); 7] = [
    ("yearly", "0 0 1 1 *"),
    ("annually", "0 0 1 1 *"),
    ("monthly", "0 0 1 * *"),
    ("weekly", "0 0 * * 0"),
    ("daily", "0 0 * * *"),
    ("midnight", "0 0 * * *"),
    ("hourly", "0 * * * *"),
];

const SIX: [&Field; 6] = [&SECOND, &MINUTE, &HOUR, &DAY, &MONTH, &WEEKDAY];
const ORDER: &str = "minute, hour, day of month, month, day of week";

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Splits a line of a crontab into its times (five words or a nickname) and what follows
/// them, without the blanks between.
pub fn split(line: &str) -> (&str, &str) {
    let line = line.trim_start_matches(is_blank);
    let words = if line.starts_with('@') { 1 } else { 5 };
    let end = spans(line).nth(words - 1).map_or(line.len(), |span| span.end);
    let (times, rest) = line.split_at(end);
    (times, rest.trim_start_matches(is_blank))
}

/// The words of a text.
fn spans(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.split(is_blank).filter(|word| !word.is_empty()).map(|word| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        start..start + word.len()
    })
}

impl Cron {
    /// Reads `text`. `~` and `H` stand for values that `name` draws: always the same for the
    /// same name.
    ///
    /// # Errors
    /// What Debian's cron refuses, and what it accepts without carrying it out: inverted
    /// ranges, anything after a value that it would skip, dates that no year has.
    pub fn parse(text: &str, dialect: Dialect, name: &str) -> Result<Parsed, CronError> {
        if text.len() > LONGEST {
            let message = format!("a schedule has at most {LONGEST} characters, this has {}", text.len());
            return Err(CronError::new(text, None, 0..text.len(), message));
        }
        if text.trim_start_matches(is_blank).starts_with('@') {
            return nickname(text, dialect);
        }
        let spans: Vec<Range<usize>> = spans(text).collect();
        if let Some(error) = zone_in_front(text, spans.first()) {
            return Err(error);
        }
        let fields = match (spans.len(), dialect) {
            (5, _) => &SIX[1..],
            (6, Dialect::Schedule) => &SIX[..],
            _ => return Err(wrong_count(text, &spans, dialect)),
        };
        let mut reads = Vec::with_capacity(6);
        for (index, (field, span)) in fields.iter().zip(&spans).enumerate() {
            reads.push(Reader::new(text, name, field, index, span.clone()).list()?);
        }
        let cron = of_fields(&reads).ok_or_else(|| {
            CronError::new(text, None, 0..text.len(), "this schedule cannot be worked out".to_owned())
        })?;
        if !cron.is_possible() {
            return Err(impossible(text, &reads));
        }
        Ok(Parsed::Calendar { cron, warnings: warn::all(text, &reads) })
    }
}

/// Five or six fields put together.
fn of_fields(reads: &[Read]) -> Option<Cron> {
    let (second, [minute, hour, day, month, weekday]) = match reads {
        [second, rest @ ..] if rest.len() == 5 => (second.set, <&[Read; 5]>::try_from(rest).ok()?),
        five => (1, <&[Read; 5]>::try_from(five).ok()?),
    };
    let sets = Sets {
        second,
        minute: minute.set,
        hour: hour.set,
        day: day.set,
        month: month.set,
        weekday: weekday.set,
    };
    Cron::new(sets, minute.star || hour.star, day.star || weekday.star)
}

fn nickname(text: &str, dialect: Dialect) -> Result<Parsed, CronError> {
    let mut words = spans(text);
    let span = words.next().unwrap_or(0..text.len());
    let word = text.get(span.clone()).unwrap_or_default();
    let lower = word.trim_start_matches('@').to_ascii_lowercase();
    let fields = NICKNAMES.iter().find(|(name, _)| *name == lower).map(|(_, fields)| fields);
    let refused = |message: String, hint: &str| Err(CronError::new(text, None, span, message).hint(hint));
    if fields.is_none() && lower != "reboot" {
        let hint = match lower.as_str() {
            "every" => "for a period there is every = \"10m\"",
            _ => "there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually",
        };
        return refused(format!("{} is no nickname", shortened(word)), hint);
    }
    if let Some(next) = words.next() {
        let message = format!("nothing can follow {word}");
        return Err(CronError::new(text, None, next.start..text.trim_end_matches(is_blank).len(), message));
    }
    match (fields, dialect) {
        (Some(fields), _) => Cron::parse(fields, dialect, ""),
        (None, Dialect::Crontab) => Ok(Parsed::Reboot),
        (None, Dialect::Schedule) => refused(
            "@reboot is for crontabs".to_owned(),
            "a schedule belongs to no host; put the line into a file for beat --crontab",
        ),
    }
}

/// `TZ=UTC 0 0 * * *`, which some crons take.
fn zone_in_front(text: &str, first: Option<&Range<usize>>) -> Option<CronError> {
    let first = first?;
    let word = text.get(first.clone())?;
    let message = "a time zone is no part of the expression".to_owned();
    (word.starts_with("TZ=") || word.starts_with("CRON_TZ="))
        .then(|| CronError::new(text, None, first.clone(), message).hint("its place is timezone = or --tz"))
}

fn wrong_count(text: &str, spans: &[Range<usize>], dialect: Dialect) -> CronError {
    let whole = spans.first().map_or(0, |span| span.start)..spans.last().map_or(0, |span| span.end);
    let fields = match dialect {
        Dialect::Crontab => "five fields",
        Dialect::Schedule => "five fields, or six with seconds in front",
    };
    let count = match spans.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    let error =
        CronError::new(text, None, whole.clone(), format!("a schedule has {fields}; this has {count}"));
    if spans.len() == 1 && when::duration(text).is_ok() {
        return error.hint(format!("for a period there is every = \"{}\"", text.trim()));
    }
    match (spans.get(5), dialect) {
        (Some(surplus), Dialect::Crontab) => error
            .at(surplus.start..whole.end)
            .hint(format!("write {ORDER}; seconds are for schedules, not for crontabs")),
        (Some(_), Dialect::Schedule) => {
            let surplus = spans.get(6).map_or(whole.end, |span| span.start);
            error.at(surplus..whole.end).hint("there is no field for years")
        }
        (None, _) => error.hint(format!("write {ORDER}")),
    }
}

/// No year before 2100 has such a day.
fn impossible(text: &str, reads: &[Read]) -> CronError {
    let from = reads.len().saturating_sub(3);
    let start = reads.get(from).map_or(0, |read| read.span.start);
    // If the weekday were to blame, it would take part: dates and weekdays meet within 28 years.
    let end = reads.get(from + 1).map_or(text.len(), |read| read.span.end);
    let message = "there is no such date before the year 2100".to_owned();
    CronError::new(text, Some(from), start..end, message)
        .hint("February has 29 days at most; April, June, September and November have 30")
}
