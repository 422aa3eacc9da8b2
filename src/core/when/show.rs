//! Time for people and for JSON.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A duration in at most two units: `340ms`, `1.2s`, `3m 05s`, `2h 10m`, `4d 03h`.
/// Rounded down, so that nothing is said to have lasted longer than it did.
pub fn short(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 => format!("{ms}ms"),
        1..=59 if ms % 1_000 >= 100 => format!("{seconds}.{}s", ms % 1_000 / 100),
        _ => coarse(seconds),
    }
}

fn coarse(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3_599 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..=86_399 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long ago something was (`3m 05s ago`), or when it will be (`in 3m 05s`) for a
/// negative number of milliseconds. Whole seconds; `just now` within one.
pub fn ago(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1_000;
    match (seconds, ms < 0) {
        (0, false) => "just now".to_owned(),
        (0, true) => "in a moment".to_owned(),
        (_, false) => format!("{} ago", coarse(seconds)),
        (_, true) => format!("in {}", coarse(seconds)),
    }
}

/// Milliseconds since the epoch as RFC 3339 in UTC, always with milliseconds. What lies
/// outside the years jiff knows (a damaged record) is shown at the nearest end.
pub fn rfc3339(ms: i64) -> String {
    let stamp = stamp(ms);
    format!("{stamp:.3}")
}

/// Milliseconds since the epoch as the clock on the wall: `2026-12-01 09:00:00 CET`.
pub fn clock(ms: i64, zone: &TimeZone) -> String {
    stamp(ms).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

fn stamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_well() {
        for (ms, text) in [
            (0, "0ms"),
            (340, "340ms"),
            (1_290, "1.2s"),
            (59_999, "59.9s"),
            (10_000, "10s"),
            (185_000, "3m 05s"),
            (7_800_000, "2h 10m"),
            (356_400_000, "4d 03h"),
        ] {
            assert_eq!(short(ms), text);
        }
        assert_eq!(ago(185_000), "3m 05s ago");
        assert_eq!(ago(-7_800_000), "in 2h 10m");
        assert_eq!(ago(999), "just now");
        assert_eq!(ago(-1), "in a moment");
        assert_eq!(ago(1_900), "1s ago");
    }

    #[test]
    fn instants_for_machines_and_for_people() {
        assert_eq!(rfc3339(1_796_112_000_000), "2026-12-01T08:00:00.000Z");
        assert_eq!(rfc3339(1_796_112_000_042), "2026-12-01T08:00:00.042Z");
        let paris = TimeZone::get("Europe/Paris").unwrap();
        assert_eq!(clock(1_796_112_000_000, &paris), "2026-12-01 09:00:00 CET");
    }

    proptest! {
        #[test]
        fn any_number_is_shown(ms: i64) {
            prop_assert!(rfc3339(ms).ends_with('Z'));
            prop_assert!(!ago(ms).is_empty());
            prop_assert!(!clock(ms, &TimeZone::UTC).is_empty());
        }

        #[test]
        fn what_is_shown_is_what_it_was(ms in 0i64..4_000_000_000_000) {
            prop_assert_eq!(rfc3339(ms).parse::<Timestamp>().unwrap().as_millisecond(), ms);
        }
    }
}
