//! Changes of the clock: the product and Debian's daemon, minute by minute, around the
//! transitions of the world's zones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Ticks, Timing};

use super::oracle::{self, Entry};
use super::{Dice, long_run, read, walk};

/// Times that changes of the clock touch somewhere: fixed and wild, lists, ranges and steps,
/// either day and both, and what only seems to be one or the other.
const TEXTS: [&str; 40] = [
    "* * * * *",
    "*/7 * * * *",
    "*/100 * * * *",
    "15 * * * *",
    "0-59 * * * *",
    "59 23 * * *",
    "0 0 * * *",
    "@daily",
    "@hourly",
    "@weekly",
    "@monthly",
    "30 0 * * *",
    "30 0 * * 0",
    "45 23 * * 6",
    "30 1 * * *",
    "0 1 1,15 * 5",
    "0 2 * * *",
    "30 2 * * *",
    "0,30 2 * * *",
    "*/30 2 * * *",
    "* 2 * * *",
    "0-59 2 * * *",
    "30 2 * * SUN",
    "30 2 25-31 3,10 *",
    "0 2-4 * * *",
    "5 1-3 * * *",
    "*/20 0-4 * * *",
    "10 0-3 * * *",
    "0 3 * * *",
    "30 3 * * *",
    "0 0-23 * * *",
    "1 0-23/2 * * *",
    "0 */2 * * *",
    "30 1-23/2 * * *",
    "*/15 * */2 * *",
    "20 4-11 * * *",
    "17 8-11 * * *",
    "15 20-23 * * *",
    "0 12 * * *",
    "7,37 5-22 * 1-12 *",
];

/// A zone, and the changes of its offset from 2000 to 2037: the minute of each (of UTC, since
/// the epoch) and the offset in minutes that it begins. The first is what held before.
struct Zone {
    name: String,
    zone: TimeZone,
    changes: Vec<(i64, i64)>,
}

impl Zone {
    fn read(name: &str) -> Option<Zone> {
        let zone = TimeZone::get(name).ok()?;
        let start: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        let end: Timestamp = "2038-01-01T00:00:00Z".parse().unwrap();
        let minutes = |seconds: i64| {
            assert_eq!(seconds % 60, 0, "{name} has offsets of seconds");
            seconds / 60
        };
        let mut changes = vec![(i64::MIN, minutes(i64::from(zone.to_offset(start).seconds())))];
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            let offset = minutes(i64::from(change.offset().seconds()));
            // A new name of the same time is no change.
            if changes.last().unwrap().1 != offset {
                changes.push((minutes(change.timestamp().as_second()), offset));
            }
        }
        Some(Zone { name: name.to_owned(), zone, changes })
    }

    fn offset(&self, minute: i64) -> i64 {
        let place = self.changes.partition_point(|(from, _)| *from <= minute);
        self.changes[place - 1].1
    }

    fn changed_within(&self, from: i64, to: i64) -> bool {
        self.changes.iter().any(|(at, _)| (from..=to).contains(at))
    }
}

fn zones() -> Vec<Zone> {
    let names: BTreeSet<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let zones: Vec<Zone> = names.iter().filter_map(|name| Zone::read(name)).collect();
    assert!(zones.len() > 300, "the system's time zones are missing: {}", zones.len());
    zones
}

struct Comparison {
    crons: Vec<Cron>,
    entries: Vec<Entry>,
    dice: Dice,
    windows: u64,
    ticks: u64,
    wrong: Vec<String>,
}

impl Comparison {
    fn new() -> Comparison {
        Comparison {
            crons: TEXTS.iter().map(|text| read(text)).collect(),
            entries: TEXTS.iter().map(|text| oracle::read(text).unwrap()).collect(),
            dice: Dice(0x05ca_1ab1_e0dd_ba11),
            windows: 0,
            ticks: 0,
            wrong: Vec::new(),
        }
    }

    /// Three hours before change number `place` of a zone, and four after it.
    fn around(&mut self, zone: &Zone, place: usize) {
        let (at, offset) = zone.changes[place];
        let jump = (offset - zone.changes[place - 1].1).abs();
        let (mut from, to) = (at - 180, at + jump + 240);
        // The daemon starts with nothing owed, so at a time when nothing is.
        while zone.changed_within(from - 181, from + 1) {
            from -= 180;
        }
        let started = oracle::daemon(&self.entries, |minute| zone.offset(minute), from, to);
        for (number, expected) in started.iter().enumerate() {
            let cron = self.crons[number].clone();
            let timing: Timing = Ticks::Cron { cron, zone: zone.zone.clone() }.into();
            let place = format!("{} in {} around {}", TEXTS[number], zone.name, utc(at));
            self.compare(&timing, expected, from, to, &place);
        }
        self.windows += 1;
    }

    fn compare(&mut self, timing: &Timing, expected: &[i64], from: i64, to: i64, place: &str) {
        let (from, to) = (from * 60_000, to * 60_000);
        let expected: Vec<i64> = expected.iter().map(|minute| minute * 60_000).collect();
        let found = walk(timing, from, to);
        self.ticks += found.len() as u64;
        if found != expected {
            let times = |ticks: &[i64]| ticks.iter().map(|tick| utc(tick / 60_000)).collect::<Vec<_>>();
            self.wrong.push(format!("{place}: Debian {:?}, jobq {:?}", times(&expected), times(&found)));
        }
        // The same asked for in other ways, from somewhere in between.
        let middle = from + self.dice.below((to - from) as u64) as i64;
        let (before, rest) = expected.split_at(expected.partition_point(|tick| *tick <= middle));
        let expected = (
            rest.first().copied(),
            before.len() as u64,
            rest.len() as u64,
            rest[rest.len().saturating_sub(3)..].to_vec(),
        );
        let found = (
            timing.next_after(middle).filter(|tick| *tick <= to),
            timing.count_between(from, middle),
            timing.count_between(middle, to),
            timing.last_between(middle, to, 3),
        );
        if found != expected {
            self.wrong.push(format!("{place} asked from {middle}: Debian {expected:?}, jobq {found:?}"));
        }
    }
}

fn utc(minute: i64) -> String {
    Timestamp::from_second(minute * 60).unwrap().to_string()
}

/// What other programs are compared with: a window around each change of some zones in a few
/// years, and all ticks of each text in it.
fn for_others(zones: &[Zone]) -> String {
    let some = [
        "Europe/Paris",
        "Europe/London",
        "America/New_York",
        "America/Havana",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Antarctica/Troll",
    ];
    let mut rows = String::new();
    for zone in zones.iter().filter(|zone| some.contains(&zone.name.as_str())) {
        let years = 28_401_120..31_557_600; // 2024 to 2029
        for (at, _) in zone.changes.iter().filter(|(at, _)| years.contains(at)) {
            let (from, to) = (at - 1_440, at + 1_440);
            for text in TEXTS {
                let ticks = walk(&super::timing(text, &zone.zone), from * 60_000 - 1, to * 60_000);
                let minutes: Vec<String> = ticks.iter().map(|tick| (tick / 60_000).to_string()).collect();
                rows.push_str(&format!("{}\t{text}\t{from}\t{to}\t{}\n", zone.name, minutes.join(" ")));
            }
        }
    }
    rows
}

#[test]
fn changes_of_the_clock_are_taken_as_debians_daemon_takes_them() {
    let zones = zones();
    let mut comparison = Comparison::new();
    if let Some(folder) = long_run() {
        for zone in &zones {
            (1..zone.changes.len()).for_each(|place| comparison.around(zone, place));
        }
        fs::write(folder.join("zones.tsv"), for_others(&zones)).unwrap();
        let report =
            format!("{} zones, {} changes, {} ticks", zones.len(), comparison.windows, comparison.ticks);
        fs::write(folder.join("zones.txt"), format!("{report}\n")).unwrap();
        eprintln!("changes of the clock against the daemon: {report}, {} differ", comparison.wrong.len());
    } else {
        // One zone for each set of changes; of those, what is new: another jump, or another
        // time of day for it.
        let distinct: BTreeMap<&[(i64, i64)], &Zone> =
            zones.iter().map(|zone| (&*zone.changes, zone)).collect();
        let mut seen = BTreeSet::new();
        for zone in distinct.values() {
            for (place, pair) in zone.changes.windows(2).enumerate() {
                let [(_, before), (at, after)] = *pair else { unreachable!() };
                let is_last = place + 2 == zone.changes.len();
                if seen.insert((after - before, (at + before).rem_euclid(1_440))) || is_last {
                    comparison.around(zone, place + 1);
                }
            }
        }
        assert!(comparison.windows > 100, "{}", comparison.windows);
    }
    let wrong = &comparison.wrong;
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn every_kind_of_change_was_among_them() {
    let jumps: BTreeSet<i64> = zones()
        .iter()
        .flat_map(|zone| zone.changes.windows(2).map(|pair| pair[1].1 - pair[0].1).collect::<Vec<_>>())
        .collect();
    // Lord Howe, Pyongyang, most, Troll, Casey, Apia.
    for jump in [30, -30, 60, -60, 120, -120, 180, -180, 1_440] {
        assert!(jumps.contains(&jump), "no zone jumps by {jump} minutes: {jumps:?}");
    }
}
