//! Time as people type it and read it. Pure: the present is always a parameter.
//!
//! Durations here, instants in [`instant`](self::instant()).

mod instant;
mod local;
mod past;
mod show;

pub use instant::{When, fixed, instant, zone};
pub use local::LocalZone;
pub use past::past;
pub use show::{ago, clock, rfc3339, short};

/// The longest duration that is accepted: a hundred years of 365 days, in milliseconds.
/// Far below what the store's numbers carry, so that sums with the present cannot overflow.
pub const MAX_DURATION_MS: u64 = 36_500 * 86_400_000;

/// Why a text is no duration or no instant. The messages are for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum WhenError {
    #[error("a duration is missing; write one such as 90s, 10m or 1h30m")]
    EmptyDuration,
    #[error("{0} what? write {0}s or {0}m")]
    NoUnit(String),
    #[error("a duration cannot be negative: {0}")]
    Negative(String),
    #[error("months and years have no fixed length; write days, such as 30d")]
    Calendar,
    #[error("{0:?} is not a duration; write one such as 90s, 10m, 1h30m or 2d (units: ms s m h d w)")]
    NotADuration(String),
    #[error("in {0:?} write each unit once, the larger first, such as 1h30m")]
    Order(String),
    #[error("{0:?} is finer than a millisecond")]
    TooFine(String),
    #[error("{0:?} is longer than a hundred years")]
    TooLong(String),
    #[error("the duration must be longer than zero")]
    Zero,
    #[error("a time is missing; write one such as 09:00, tomorrow 09:00 or 2026-12-01 09:00")]
    EmptyTime,
    #[error(
        "{0:?} is not a time; write RFC 3339, 2026-12-01 09:00, 09:00, tomorrow 09:00, friday 09:00 or @SECONDS"
    )]
    NotATime(String),
    #[error("{0:?} names a day but no time of day; write {0} 09:00")]
    NoTimeOfDay(String),
    #[error("{0:?} is a duration, not a time; --delay takes durations")]
    IsDuration(String),
    #[error("there is no date or time of day {0:?}")]
    NoSuchDate(String),
    #[error("{civil} does not exist in {zone}: clocks jump over it (from UTC{before} to UTC{after})")]
    Gap { civil: String, zone: String, before: String, after: String },
    #[error("{typed:?} has passed: it means {instant}, {ago}")]
    Past { typed: String, instant: String, ago: String },
    #[error("{0:?} is not a time zone; write an IANA name such as Europe/Paris")]
    NoSuchZone(String),
    #[error("{0:?} depends on the day it is read; write 2026-12-01 09:00")]
    NotFixed(String),
    #[error("{0:?} is further away than a hundred years")]
    TooFar(String),
}

const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Reads a duration such as `90s`, `1.5h`, `1h30m` or `2d`, in milliseconds.
///
/// # Errors
/// A bare number, a sign, months, an unknown or repeated unit, a fraction of a millisecond,
/// or more than [`MAX_DURATION_MS`].
pub fn duration(text: &str) -> Result<u64, WhenError> {
    let typed = text.trim();
    if typed.is_empty() {
        return Err(WhenError::EmptyDuration);
    }
    if typed.starts_with('-') {
        return Err(WhenError::Negative(typed.to_owned()));
    }
    let mut rest = typed;
    let mut total = 0u64;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split_while(after.trim_start(), char::is_alphabetic);
        let unit_ms = unit_ms(typed, number, unit)?;
        if unit_ms >= last_unit {
            return Err(WhenError::Order(typed.to_owned()));
        }
        last_unit = unit_ms;
        let part = scaled(typed, number, unit_ms)?;
        total = total.checked_add(part).ok_or_else(|| WhenError::TooLong(typed.to_owned()))?;
        rest = after.trim_start();
    }
    if total > MAX_DURATION_MS {
        return Err(WhenError::TooLong(typed.to_owned()));
    }
    Ok(total)
}

/// As [`duration`], for places where zero makes no sense.
///
/// # Errors
/// As [`duration`], and [`WhenError::Zero`].
pub fn some_duration(text: &str) -> Result<u64, WhenError> {
    match duration(text)? {
        0 => Err(WhenError::Zero),
        ms => Ok(ms),
    }
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !keep(c)).unwrap_or(text.len()))
}

fn unit_ms(typed: &str, number: &str, unit: &str) -> Result<u64, WhenError> {
    if number.is_empty() {
        return Err(WhenError::NotADuration(typed.to_owned()));
    }
    if let Some((_, ms)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return Ok(*ms);
    }
    match unit {
        // Only a text that is nothing but digits gets the "what?": `1h30` has other faults.
        "" if typed.bytes().all(|b| b.is_ascii_digit()) => Err(WhenError::NoUnit(typed.to_owned())),
        "M" | "mo" | "mon" | "month" | "months" | "y" | "yr" | "year" | "years" => Err(WhenError::Calendar),
        _ => Err(WhenError::NotADuration(typed.to_owned())),
    }
}

/// `number` (digits with at most one point) times `unit_ms`, exactly.
fn scaled(typed: &str, number: &str, unit_ms: u64) -> Result<u64, WhenError> {
    let bad = || WhenError::NotADuration(typed.to_owned());
    let long = || WhenError::TooLong(typed.to_owned());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return Err(bad());
    }
    let whole: u64 = whole.parse().map_err(|_| long())?;
    let base = whole.checked_mul(unit_ms).ok_or_else(long)?;
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return Ok(base);
    }
    // Nine digits are enough for a millisecond of a week; more cannot be whole milliseconds.
    if fraction.len() > 9 {
        return Err(WhenError::TooFine(typed.to_owned()));
    }
    let digits: u128 = fraction.parse().map_err(|_| bad())?;
    let scale = 10u128.pow(u32::try_from(fraction.len()).unwrap_or(9));
    let product = digits * u128::from(unit_ms);
    if !product.is_multiple_of(scale) {
        return Err(WhenError::TooFine(typed.to_owned()));
    }
    base.checked_add(u64::try_from(product / scale).map_err(|_| long())?).ok_or_else(long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, ms) in [
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("2d", 172_800_000),
            ("500ms", 500),
            ("1w", 604_800_000),
            ("1.5h", 5_400_000),
            ("0.25s", 250),
            ("0s", 0),
            (" 7s ", 7_000),
        ] {
            assert_eq!(duration(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        let message = |text: &str| duration(text).unwrap_err().to_string();
        assert_eq!(message("10"), "10 what? write 10s or 10m");
        assert_eq!(message("-5m"), "a duration cannot be negative: -5m");
        assert_eq!(message("1mo"), "months and years have no fixed length; write days, such as 30d");
        assert_eq!(message("2y"), "months and years have no fixed length; write days, such as 30d");
        assert_eq!(message("30m1h"), "in \"30m1h\" write each unit once, the larger first, such as 1h30m");
        assert_eq!(message("0.0001s"), "\"0.0001s\" is finer than a millisecond");
        assert_eq!(
            message("99999999999999999999s"),
            "\"99999999999999999999s\" is longer than a hundred years"
        );
        assert_eq!(message("36501d"), "\"36501d\" is longer than a hundred years");
        assert_eq!(message(""), "a duration is missing; write one such as 90s, 10m or 1h30m");
        for bad in ["s", "1h30", "1..5s", "1.s", ".5s", "1x", "1s!", "1 0s", "+5s", "٣s", "1h-3m"] {
            assert!(matches!(duration(bad), Err(WhenError::NotADuration(_))), "{bad}: {:?}", duration(bad));
        }
        assert_eq!(some_duration("0ms"), Err(WhenError::Zero));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_exceeds_the_limit(text in "\\PC{0,20}|[0-9.]{0,25}[a-z]{0,3}[0-9.]{0,5}[a-z]{0,3}") {
            if let Ok(ms) = duration(&text) {
                prop_assert!(ms <= MAX_DURATION_MS);
            }
        }

        #[test]
        fn parts_add_up(d in 0u64..1000, h in 0u64..100, m in 0u64..100, s in 0u64..100, ms in 0u64..5000) {
            let sum = ((d * 24 + h) * 60 + m) * 60_000 + s * 1_000 + ms;
            prop_assert_eq!(duration(&format!("{d}d{h}h{m}m{s}s{ms}ms")), Ok(sum));
        }
    }
}
