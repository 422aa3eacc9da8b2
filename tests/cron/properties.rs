//! What must hold of every schedule: ticks only go forward, counting is walking, and no text
//! whatever hangs or panics.

use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Dialect, Parsed, Ticks, Timing, split};

use super::{Dice, long_run, timing, walk};

const DAY_MS: i64 = 86_400_000;
/// 2026-11-25 00:00:00 UTC.
const START: i64 = 1_795_564_800_000;

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Kolkata",
];

/// A text with seconds that is due often enough to be walked.
fn text(dice: &mut Dice) -> String {
    let seconds = ["0", "*/20", "5,35", "59", "*/45"];
    let minutes = ["*", "*/10", "0,30", "7", "3-55/13", "0"];
    let hours = ["*", "*/3", "2", "1-3", "0,12", "23"];
    let days = ["*", "*/2", "1,15", "29-31", "13", "*/31"];
    let months = ["*", "3,10", "2", "*/5"];
    let weekdays = ["*", "SUN", "1-5", "*/2", "7"];
    let fields = [&seconds[..], &minutes, &hours, &days, &months, &weekdays]
        .map(|choices| dice.pick(choices).to_owned());
    fields.join(" ")
}

#[test]
fn counting_is_walking_and_the_last_ticks_are_the_last_of_the_walk() {
    let rounds = if long_run().is_some() { 20_000 } else { 400 };
    let zones = ZONES.map(|name| TimeZone::get(name).unwrap());
    let mut dice = Dice(0x0dd1_e50f_c10c);
    for _ in 0..rounds {
        let text = text(&mut dice);
        let zone = &zones[dice.below(zones.len() as u64) as usize];
        let spread = if dice.once_in(3) { 5_000_000 } else { 0 };
        let timing = timing(&text, zone).spread("somebody", spread);
        // Around the end of March and of October as often as not.
        let season = [0, 118, 124, 334][dice.below(4) as usize] * DAY_MS;
        let from = START + season + dice.below(DAY_MS as u64) as i64;
        let to = from + dice.below(4 * DAY_MS as u64) as i64;
        let ticks = walk(&timing, from, to);
        let place = format!("{text} in {} from {from} to {to}", zone.iana_name().unwrap());
        assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{place} goes back");
        assert!(ticks.iter().all(|tick| from < *tick), "{place}");
        assert_eq!(timing.count_between(from, to), ticks.len() as u64, "{place}");
        let n = dice.below(6) as usize;
        let last = timing.last_between(from, to, n);
        assert_eq!(last, ticks[ticks.len().saturating_sub(n)..], "the last {n} of {place}");
    }
}

#[test]
fn periods_count_as_they_tick() {
    let mut dice = Dice(0xe7e4_7000_0000_0001);
    for _ in 0..2_000 {
        let period_ms = 1 + dice.below(100_000);
        let timing = Timing::from(Ticks::Every { period_ms }).spread("any", dice.below(3) * 7_777);
        let from = START - dice.below(1 << 43) as i64;
        let to = from + (period_ms * dice.below(200)) as i64;
        let ticks = walk(&timing, from, to);
        assert_eq!(timing.count_between(from, to), ticks.len() as u64);
        assert_eq!(timing.last_between(from, to, 4), ticks[ticks.len().saturating_sub(4)..]);
        assert!(ticks.iter().all(|tick| (tick - timing.offset_ms as i64) % period_ms as i64 == 0));
    }
}

/// A line such as nobody writes: pieces of real ones, and bytes.
fn line(dice: &mut Dice) -> String {
    let pieces = [
        "*",
        "*/",
        "-",
        ",",
        "/",
        " ",
        " ",
        " ",
        "\t",
        "0",
        "1",
        "5",
        "59",
        "60",
        "23",
        "31",
        "29 2",
        "30 2",
        "99999999999999999999",
        "MON",
        "jan",
        "SUN-SAT",
        "@daily",
        "@reboot",
        "@",
        "~",
        "H",
        "H(1-5)",
        "H/",
        "(",
        ")",
        "?",
        "L",
        "#",
        "W",
        "TZ=",
        "% ",
        "\n",
        "\u{202e}",
        "\u{1b}[31m",
        "\u{e9}",
        "\0",
        "* * * * *",
        "0 0 ",
        "* * ",
        "*/5 ",
        "1-5 ",
        "FRI-MON",
    ];
    let mut line = String::new();
    for _ in 0..1 + dice.below(12) {
        line.push_str(dice.pick(&pieces));
        if dice.once_in(3) {
            line.push(' ');
        }
    }
    line
}

#[test]
fn no_line_panics_hangs_or_shows_raw_bytes() {
    let lines = if long_run().is_some() { 1_000_000 } else { 100_000 };
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let (mut dice, mut accepted) = (Dice(0xf022_11e5_0000_0001), 0);
    for number in 0..lines {
        let line = line(&mut dice);
        let dialect = if number % 2 == 0 { Dialect::Crontab } else { Dialect::Schedule };
        let text = if number % 4 == 0 { split(&line).0 } else { &line };
        match Cron::parse(text, dialect, "name") {
            Ok(Parsed::Calendar { cron, warnings }) => {
                accepted += 1;
                let timing: Timing = Ticks::Cron { cron, zone: paris.clone() }.into();
                let tick = timing.next_after(START).unwrap_or_else(|| panic!("{line:?} never ticks"));
                assert!(tick > START, "{line:?}");
                assert!(timing.count_between(START, tick) == 1, "{line:?}");
                assert!(warnings.iter().all(|warning| is_safe(&warning.pointed(text), 2)), "{line:?}");
            }
            Ok(Parsed::Reboot) => {}
            Err(error) => {
                let hint = error.hint.clone().unwrap_or_default();
                assert!(
                    is_safe(&error.pointed(), 2) && is_safe(&error.message, 1) && is_safe(&hint, 1),
                    "{line:?}: {error:?}"
                );
                assert!(text.get(error.span.clone()).is_some(), "{line:?}: {error:?}");
            }
        }
    }
    assert!(accepted > lines / 200, "only {accepted} lines were accepted: the pieces say little");
}

/// That many lines of printable ASCII.
fn is_safe(text: &str, lines: usize) -> bool {
    text.split('\n').count() <= lines && text.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic())
}
