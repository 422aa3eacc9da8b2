use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

fn cron(text: &str) -> Cron {
    match Cron::parse(text, Dialect::Schedule, "nightly") {
        Ok(Parsed::Calendar { cron, .. }) => cron,
        other => panic!("{text}: {other:?}"),
    }
}

fn timing(text: &str, zone: &str) -> Timing {
    Ticks::Cron { cron: cron(text), zone: TimeZone::get(zone).unwrap() }.into()
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The ticks after `from`, as times of UTC.
fn ticks(timing: &Timing, from: &str, count: usize) -> Vec<String> {
    std::iter::successors(timing.next_after(ms(from)), |tick| timing.next_after(*tick))
        .take(count)
        .map(|tick| Timestamp::from_millisecond(tick).unwrap().to_string())
        .collect()
}

#[test]
fn a_fixed_time_of_the_skipped_hour_runs_once_right_after_it() {
    let paris = timing("30 2 * * *", "Europe/Paris");
    assert_eq!(
        ticks(&paris, "2026-03-27T12:00:00Z", 3),
        ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
}

#[test]
fn a_fixed_time_of_the_repeated_hour_runs_the_first_time() {
    let paris = timing("30 2 * * *", "Europe/Paris");
    assert_eq!(ticks(&paris, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let wild = timing("*/30 2 * * *", "Europe/Paris");
    assert_eq!(
        ticks(&wild, "2026-10-24T12:00:00Z", 4),
        ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
    );
}
