//! Instants that have been, as people type them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::instant::{absolute, date, looks_like_date, resolve, split_zone, time_of_day, weekday};
use super::{WhenError, duration};

/// Reads an instant, in milliseconds since the epoch, that has been or is: a duration (`1h`:
/// that long ago), RFC 3339, `2026-12-01`, `2026-12-01 09:00[:SS]`, `today 09:00`,
/// `yesterday 09:00`, `09:00` or `friday 09:00` (the last one), `now`, `@SECONDS`. A civil
/// time is read in `zone`, or in the IANA zone that follows it. One that is still to come is
/// no fault.
///
/// # Errors
/// What is no instant, and a civil time that clocks jump over.
pub fn past(text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, WhenError> {
    let typed = text.trim();
    match typed {
        "" => return Err(WhenError::EmptyTime),
        "now" => return Ok(now_ms),
        _ => {}
    }
    if let Ok(ms) = duration(typed) {
        return Ok(now_ms.saturating_sub_unsigned(ms));
    }
    if let Some(found) = absolute(typed) {
        return found;
    }
    let (words, named) = split_zone(typed)?;
    let zone = named.as_ref().unwrap_or(zone);
    let not_a_time = || WhenError::NotATime(typed.to_owned());
    let now = Timestamp::from_millisecond(now_ms).map_err(|_| not_a_time())?.to_zoned(zone.clone());
    let today = now.date();
    let (day, time) = match *words.as_slice() {
        [one] if looks_like_date(one) => (one, "00:00"),
        [one] => match one.split_once(['T', 't']).filter(|(date, _)| looks_like_date(date)) {
            Some(parts) => parts,
            None => ("", one),
        },
        [day, time] => (day, time),
        _ => return Err(not_a_time()),
    };
    let time = time_of_day(typed, time)?;
    let at = |date: jiff::civil::Date| resolve(date.to_datetime(time), zone).map(|when| when.ms);
    let lower = day.to_ascii_lowercase();
    match lower.as_str() {
        "today" => at(today),
        "yesterday" => at(today.yesterday().map_err(|_| not_a_time())?),
        "" => match at(today) {
            Ok(ms) if ms <= now_ms => Ok(ms),
            _ => at(today.yesterday().map_err(|_| not_a_time())?),
        },
        other => match weekday(other) {
            Some(weekday) if today.weekday() == weekday && at(today).is_ok_and(|ms| ms <= now_ms) => {
                at(today)
            }
            Some(weekday) => at(today.nth_weekday(-1, weekday).map_err(|_| not_a_time())?),
            None => at(date(typed, day)?),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{rfc3339, zone};
    use super::*;

    /// Wednesday, 2026-11-25 10:30:00.250 in Paris (UTC+1).
    const NOW: i64 = 1_795_599_000_250;

    #[test]
    fn what_has_been_is_read_backwards() {
        let paris = zone("Europe/Paris").unwrap();
        for (text, expected) in [
            ("now", "2026-11-25T09:30:00.250Z"),
            ("90s", "2026-11-25T09:28:30.250Z"),
            ("1h30m", "2026-11-25T08:00:00.250Z"),
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z"),
            ("@0", "1970-01-01T00:00:00.000Z"),
            ("2026-11-01", "2026-10-31T23:00:00.000Z"),
            ("2026-11-01 09:00 UTC", "2026-11-01T09:00:00.000Z"),
            ("10:00", "2026-11-25T09:00:00.000Z"),
            ("11:00", "2026-11-24T10:00:00.000Z"),
            ("today 11:00", "2026-11-25T10:00:00.000Z"),
            ("yesterday 09:00", "2026-11-24T08:00:00.000Z"),
            ("wednesday 10:00", "2026-11-25T09:00:00.000Z"),
            ("wed 11:00", "2026-11-18T10:00:00.000Z"),
            ("friday 09:00", "2026-11-20T08:00:00.000Z"),
        ] {
            assert_eq!(past(text, NOW, &paris).map(rfc3339), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "soon", "yesterday", "25:00", "5 minutes", "2026-13-01 09:00", "1", "-1h"] {
            assert!(past(text, NOW, &paris).is_err(), "{text}");
        }
    }
}
