//! Instants as people type them, read against a present and a time zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{MAX_DURATION_MS, WhenError, ago, duration, rfc3339};

/// An instant that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// Milliseconds since the epoch.
    pub ms: i64,
    /// What the person should know about how it was understood.
    pub note: Option<String>,
}

/// The time zone with this IANA name, from the system's database.
///
/// # Errors
/// [`WhenError::NoSuchZone`].
pub fn zone(name: &str) -> Result<TimeZone, WhenError> {
    TimeZone::get(name).map_err(|_| WhenError::NoSuchZone(name.to_owned()))
}

/// Reads an instant that is still to come.
///
/// Accepted: RFC 3339; `2026-12-01 09:00[:SS]`; `09:00` (its next occurrence);
/// `today`, `tomorrow` or a weekday with a time of day; `@SECONDS` since the epoch. A civil
/// time is read in `zone`, or in the IANA zone that follows it (`09:00 Europe/Paris`).
/// An instant of the current second counts as still to come, so that `$(date -Is)` is "now".
///
/// # Errors
/// What is no instant, what has passed, and a civil time that clocks jump over. A civil time
/// that happens twice takes the earlier, and the note says so.
pub fn instant(text: &str, now_ms: i64, zone: &TimeZone) -> Result<When, WhenError> {
    let typed = text.trim();
    if typed.is_empty() {
        return Err(WhenError::EmptyTime);
    }
    let found = match absolute(typed) {
        Some(found) => When { ms: found?, note: None },
        None => civil(typed, now_ms, zone)?,
    };
    if found.ms < now_ms.div_euclid(1_000) * 1_000 {
        return Err(WhenError::Past {
            typed: typed.to_owned(),
            instant: rfc3339(found.ms),
            ago: ago(now_ms.saturating_sub(found.ms)),
        });
    }
    if found.ms.abs_diff(now_ms) > MAX_DURATION_MS {
        return Err(WhenError::TooFar(typed.to_owned()));
    }
    Ok(found)
}

/// Reads an instant that means the same whenever it is read, past or not: RFC 3339, a date
/// with a time of day, or `@SECONDS`.
///
/// # Errors
/// As [`instant`], and for what depends on the present: `09:00`, `tomorrow 09:00`.
pub fn fixed(text: &str, zone: &TimeZone) -> Result<When, WhenError> {
    let typed = text.trim();
    if let Some(found) = absolute(typed) {
        return Ok(When { ms: found?, note: None });
    }
    // Days far apart: only a fixed instant is the same seen from both.
    let seen = |now_ms| civil(typed, now_ms, zone).map(|when| (when.ms, when.note));
    match (seen(0)?, seen(400 * 86_400_000)) {
        ((ms, note), Ok((again, _))) if ms == again => Ok(When { ms, note }),
        _ => Err(WhenError::NotFixed(typed.to_owned())),
    }
}

/// `@SECONDS` and RFC 3339: what needs neither the present nor a zone.
pub(super) fn absolute(typed: &str) -> Option<Result<i64, WhenError>> {
    if let Some(seconds) = typed.strip_prefix('@') {
        let digits = !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit());
        let ms = seconds.parse::<i64>().ok().filter(|_| digits).and_then(|s| s.checked_mul(1_000));
        return Some(ms.ok_or_else(|| WhenError::NotATime(typed.to_owned())));
    }
    typed.parse::<Timestamp>().ok().map(|stamp| Ok(stamp.as_millisecond()))
}

fn civil(typed: &str, now_ms: i64, zone: &TimeZone) -> Result<When, WhenError> {
    let (words, named) = split_zone(typed)?;
    let zone = named.as_ref().unwrap_or(zone);
    let not_a_time = || WhenError::NotATime(typed.to_owned());
    let now = Timestamp::from_millisecond(now_ms).map_err(|_| not_a_time())?.to_zoned(zone.clone());
    let today = now.date();
    let next_day = |date: Date| date.tomorrow().map_err(|_| not_a_time());

    let (day, time) = match *words.as_slice() {
        [one] => match one.split_once(['T', 't']).filter(|(date, _)| looks_like_date(date)) {
            Some((date, time)) => (Some(date), time),
            None => (None, one),
        },
        [day, time] => (Some(day), time),
        _ => return Err(not_a_time()),
    };
    let Some(day) = day else {
        let time = time_of_day(typed, time)?;
        let passed = match resolve(today.to_datetime(time), zone) {
            Ok(when) => when.ms <= now_ms,
            // Jumped over today: only a fault while it would still be to come.
            Err(_) => now.time() >= time,
        };
        return resolve(if passed { next_day(today)? } else { today }.to_datetime(time), zone);
    };
    let lower = day.to_ascii_lowercase();
    let time = time_of_day(typed, time)?;
    let date = match lower.as_str() {
        "today" => today,
        "tomorrow" => next_day(today)?,
        other => match weekday(other) {
            Some(weekday) => return next_weekday(weekday, time, today, now_ms, zone, &not_a_time),
            None => date(typed, day)?,
        },
    };
    resolve(date.to_datetime(time), zone)
}

/// The next day with this name on which the time is still to come; today counts.
fn next_weekday(
    weekday: Weekday,
    time: Time,
    today: Date,
    now_ms: i64,
    zone: &TimeZone,
    too_far: &dyn Fn() -> WhenError,
) -> Result<When, WhenError> {
    if today.weekday() == weekday {
        let when = resolve(today.to_datetime(time), zone)?;
        if when.ms > now_ms {
            return Ok(when);
        }
    }
    let date = today.nth_weekday(1, weekday).map_err(|_| too_far())?;
    resolve(date.to_datetime(time), zone)
}

/// Splits a zone off the end: the last word, when it can be nothing else.
pub(super) fn split_zone(typed: &str) -> Result<(Vec<&str>, Option<TimeZone>), WhenError> {
    let mut words: Vec<&str> = typed.split_whitespace().collect();
    let named = words.last().filter(|last| last.contains('/') || **last == "UTC").copied();
    match named {
        Some(name) => {
            words.pop();
            Ok((words, Some(zone(name)?)))
        }
        None => Ok((words, None)),
    }
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    DAYS.iter().find(|(name, _)| *name == word || name[..3] == *word).map(|(_, day)| *day)
}

pub(super) fn looks_like_date(word: &str) -> bool {
    word.len() == 10
        && word
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

pub(super) fn date(typed: &str, word: &str) -> Result<Date, WhenError> {
    if !looks_like_date(word) {
        return Err(WhenError::NotATime(typed.to_owned()));
    }
    word.parse().map_err(|_| WhenError::NoSuchDate(word.to_owned()))
}

/// `9:00`, `09:00` or `09:00:00`.
pub(super) fn time_of_day(typed: &str, word: &str) -> Result<Time, WhenError> {
    let parts: Vec<&str> = word.split(':').collect();
    let widths_fit = |(i, part): (usize, &&str)| {
        part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 2 || (i == 0 && part.len() == 1))
    };
    if !(2..=3).contains(&parts.len()) || !parts.iter().enumerate().all(widths_fit) {
        return Err(no_time(typed, word));
    }
    let mut numbers = parts.iter().map(|part| part.parse::<i8>().unwrap_or(i8::MAX));
    let mut next = || numbers.next().unwrap_or(0);
    Time::new(next(), next(), next(), 0).map_err(|_| WhenError::NoSuchDate(word.to_owned()))
}

/// What is wrong with a text whose time of day is none.
fn no_time(typed: &str, word: &str) -> WhenError {
    let lower = typed.to_ascii_lowercase();
    let is_day = matches!(lower.as_str(), "today" | "tomorrow") || weekday(&lower).is_some();
    if typed == word && (is_day || looks_like_date(typed)) {
        WhenError::NoTimeOfDay(typed.to_owned())
    } else if duration(typed).is_ok() {
        WhenError::IsDuration(typed.to_owned())
    } else {
        WhenError::NotATime(typed.to_owned())
    }
}

pub(super) fn resolve(civil: DateTime, zone: &TimeZone) -> Result<When, WhenError> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let words = civil.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let name = zone.iana_name().unwrap_or("the local time zone").to_owned();
    let note = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { before, after } => {
            let (before, after) = (before.to_string(), after.to_string());
            return Err(WhenError::Gap { civil: words, zone: name, before, after });
        }
        AmbiguousOffset::Fold { before, .. } => {
            Some(format!("{words} happens twice in {name}; taking the earlier one, UTC{before}"))
        }
    };
    let stamp = ambiguous.earlier().map_err(|_| WhenError::NotATime(words))?;
    Ok(When { ms: stamp.as_millisecond(), note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Wednesday, 2026-11-25 10:30:00.250 in Paris (UTC+1).
    const NOW: i64 = 1_795_599_000_250;

    fn paris() -> TimeZone {
        zone("Europe/Paris").unwrap()
    }

    fn read(text: &str) -> String {
        match instant(text, NOW, &paris()) {
            Ok(when) => {
                let note = when.note.map(|note| format!(" ({note})")).unwrap_or_default();
                format!("{}{note}", rfc3339(when.ms))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_of_the_manual() {
        for (text, expected) in [
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z"),
            ("2026-12-01T09:00:00+02:00", "2026-12-01T07:00:00.000Z"),
            ("2026-12-01 09:00:00-05:00", "2026-12-01T14:00:00.000Z"),
            ("2026-12-01 09:00", "2026-12-01T08:00:00.000Z"),
            ("2026-12-01 09:00:30", "2026-12-01T08:00:30.000Z"),
            ("2026-12-01T09:00", "2026-12-01T08:00:00.000Z"),
            ("2026-12-01 09:00 America/New_York", "2026-12-01T14:00:00.000Z"),
            ("2026-12-01 09:00 UTC", "2026-12-01T09:00:00.000Z"),
            ("11:00", "2026-11-25T10:00:00.000Z"),
            ("9:00", "2026-11-26T08:00:00.000Z"),
            ("09:00:05", "2026-11-26T08:00:05.000Z"),
            ("today 23:59", "2026-11-25T22:59:00.000Z"),
            ("tomorrow 09:00", "2026-11-26T08:00:00.000Z"),
            ("Friday 09:00", "2026-11-27T08:00:00.000Z"),
            ("wed 11:00", "2026-11-25T10:00:00.000Z"),
            ("wednesday 10:00", "2026-12-02T09:00:00.000Z"),
            ("@1796112000", "2026-12-01T08:00:00.000Z"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_file_says_must_not_depend_on_the_day() {
        let read = |text: &str| match fixed(text, &paris()) {
            Ok(when) => rfc3339(when.ms),
            Err(error) => error.to_string(),
        };
        assert_eq!(read("2026-12-01 09:00"), "2026-12-01T08:00:00.000Z");
        assert_eq!(read("1999-12-31T23:59:59Z"), "1999-12-31T23:59:59.000Z");
        assert_eq!(read("@0"), "1970-01-01T00:00:00.000Z");
        for text in ["09:00", "tomorrow 09:00", "friday 09:00"] {
            assert_eq!(read(text), format!("{text:?} depends on the day it is read; write 2026-12-01 09:00"));
        }
        assert!(read("2027-03-28 02:30").contains("does not exist in Europe/Paris"));
        assert!(read("2026-12-01").contains("names a day but no time of day"));
    }

    #[test]
    fn the_current_second_is_not_past() {
        assert_eq!(instant("@1795599000", NOW, &TimeZone::UTC).unwrap().ms, 1_795_599_000_000);
    }

    #[test]
    fn what_has_passed_is_spelled_out() {
        assert_eq!(
            read("today 09:00"),
            "\"today 09:00\" has passed: it means 2026-11-25T08:00:00.000Z, 1h 30m ago"
        );
        assert_eq!(
            read("2026-11-25T09:29:00Z"),
            "\"2026-11-25T09:29:00Z\" has passed: it means 2026-11-25T09:29:00.000Z, 1m 00s ago"
        );
        assert_eq!(read("@0"), "\"@0\" has passed: it means 1970-01-01T00:00:00.000Z, 20782d 09h ago");
    }

    #[test]
    fn daylight_saving_gaps_are_refused_and_folds_are_told() {
        assert_eq!(
            read("2027-03-28 02:30"),
            "2027-03-28 02:30:00 does not exist in Europe/Paris: clocks jump over it (from UTC+01 to UTC+02)"
        );
        assert_eq!(
            read("2027-10-31 02:30"),
            "2027-10-31T00:30:00.000Z (2027-10-31 02:30:00 happens twice in Europe/Paris; taking the earlier one, UTC+02)"
        );
    }

    #[test]
    fn a_gap_that_is_behind_us_does_not_matter() {
        let noon = instant("2027-03-28 12:00", NOW, &paris()).unwrap().ms;
        assert_eq!(rfc3339(instant("02:30", noon, &paris()).unwrap().ms), "2027-03-29T00:30:00.000Z");
    }

    #[test]
    fn what_is_no_time_says_what_would_be() {
        assert_eq!(read("tomorrow"), "\"tomorrow\" names a day but no time of day; write tomorrow 09:00");
        assert_eq!(
            read("2026-12-01"),
            "\"2026-12-01\" names a day but no time of day; write 2026-12-01 09:00"
        );
        assert_eq!(read("10m"), "\"10m\" is a duration, not a time; --delay takes durations");
        assert_eq!(read("25:00"), "there is no date or time of day \"25:00\"");
        assert_eq!(read("2026-02-30 09:00"), "there is no date or time of day \"2026-02-30\"");
        assert_eq!(
            read("09:00 Mars/Olympus"),
            "\"Mars/Olympus\" is not a time zone; write an IANA name such as Europe/Paris"
        );
        assert_eq!(
            read("2999-01-01T00:00:00Z"),
            "\"2999-01-01T00:00:00Z\" is further away than a hundred years"
        );
        for bad in [
            "soon",
            "@",
            "@1e9",
            "@-5",
            "9",
            "9:0",
            "009:00",
            "tomorrow at 09:00",
            "someday 09:00",
            "1 2 3 4",
        ] {
            assert!(read(bad).contains("is not a time; write RFC 3339"), "{bad}: {}", read(bad));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}", now in 0i64..4_000_000_000_000) {
            let _ = instant(&text, now, &paris());
        }

        #[test]
        fn what_is_accepted_is_never_past(
            now in 0i64..4_000_000_000_000, h in 0u8..24, m in 0u8..60,
            day in proptest::sample::select(vec!["", "tomorrow ", "friday ", "mon "]),
        ) {
            if let Ok(when) = instant(&format!("{day}{h:02}:{m:02}"), now, &paris()) {
                prop_assert!(when.ms > now);
                prop_assert!(when.ms - now <= 8 * 86_400_000 + 3_600_000);
            }
        }

        #[test]
        fn rfc3339_survives(now in 0i64..3_000_000_000_000, ahead in 0i64..100_000_000_000) {
            prop_assert_eq!(instant(&rfc3339(now + ahead), now, &TimeZone::UTC).unwrap().ms, now + ahead);
        }
    }
}
