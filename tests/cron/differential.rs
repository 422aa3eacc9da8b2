//! Generated texts, valid and not, read by the product and by the oracle.

use std::collections::BTreeMap;
use std::fs;

use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Dialect, Parsed, Ticks, Timing, split};

use super::oracle::{self, Entry};
use super::{Dice, long_run};

/// 2026-11-25 00:00:00 UTC in minutes.
const START: i64 = 29_926_080;
const DAYS: i64 = 8 * 366;
const FIRES: usize = 40;

/// One field: mostly what people write, sometimes what they should not.
fn field(dice: &mut Dice, low: u64, high: u64, names: &[&str]) -> String {
    let value = |dice: &mut Dice| {
        let number = low + dice.below(high - low + 1);
        match dice.below(40) {
            0 => (high + 1 + dice.below(3)).to_string(),
            1 => format!("0{number}"),
            2 if low > 0 => "0".to_owned(),
            3..=14 if !names.is_empty() => {
                let name = dice.pick(names);
                if dice.once_in(2) { name.to_owned() } else { name.to_lowercase() }
            }
            _ => number.to_string(),
        }
    };
    let mut items = Vec::new();
    for _ in 0..[1, 1, 1, 2, 3][dice.below(5) as usize] {
        let step = |dice: &mut Dice| {
            let valid = ["2", "3", "5", "7", "10", "15", "31", "100"];
            let some = if dice.once_in(16) { &["0", "x", ""][..] } else { &valid };
            dice.pick(some).to_owned()
        };
        items.push(match dice.below(24) {
            0..=5 => "*".to_owned(),
            6..=8 => format!("*/{}", step(dice)),
            9..=15 => value(dice),
            16..=20 => {
                let (first, last) = (low + dice.below(high - low + 1), low + dice.below(high - low + 1));
                let backwards = dice.once_in(12);
                let (first, last) = if backwards {
                    (first.max(last), first.min(last))
                } else {
                    (first.min(last), first.max(last))
                };
                let tail = if dice.once_in(3) { format!("/{}", step(dice)) } else { String::new() };
                format!("{first}-{last}{tail}")
            }
            21 => format!("{}-{}", value(dice), value(dice)),
            22 => format!(
                "{}{}",
                value(dice),
                ["/5", "L", "#2", "-", "?", ",", "W", "..", "*"][dice.below(9) as usize]
            ),
            _ => ["?", "", "-", "~", "H", "*5", "1-5-9", "*/2/3", "L", "\u{fc}", "%"]
                [dice.below(11) as usize]
                .to_owned(),
        });
    }
    items.join(",")
}

fn text(dice: &mut Dice) -> String {
    if dice.once_in(50) {
        let nicknames = [
            "@daily",
            "@hourly",
            "@weekly",
            "@monthly",
            "@yearly",
            "@annually",
            "@midnight",
            "@Daily",
            "@never",
            "@",
        ];
        return dice.pick(&nicknames).to_owned();
    }
    let months = ["Jan", "FEB", "MAR", "Apr", "MAY", "JUN", "jul", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let weekdays = ["SUN", "Mon", "TUE", "WED", "THU", "FRI", "SAT"];
    let simple = |dice: &mut Dice, low, high, names: &[&str]| {
        if dice.once_in(2) { "*".to_owned() } else { field(dice, low, high, names) }
    };
    let fields = [
        field(dice, 0, 59, &[]),
        simple(dice, 0, 23, &[]),
        simple(dice, 1, 31, &[]),
        simple(dice, 1, 12, &months),
        simple(dice, 0, 7, &weekdays),
    ];
    let blank = if dice.once_in(20) { " \t" } else { " " };
    fields.iter().filter(|field| !field.is_empty()).map(String::as_str).collect::<Vec<_>>().join(blank)
}

/// Why the product may read a text otherwise than Debian's daemon: the whole list.
fn excuse(text: &str, debian: Option<&Entry>, ours: bool) -> Option<&'static str> {
    match debian {
        Some(entry) if !ours && entry.skipped => Some("refused: Debian skips what follows a value"),
        Some(entry) if !ours && entry.inverted => {
            Some("refused: Debian never runs a range that is backwards")
        }
        Some(entry) if !ours && !entry.ever_runs() => Some("refused: there is no such date"),
        None if ours && text.contains(['~', 'H']) => Some("accepted: ~ and H draw a value from the name"),
        None if ours && text.starts_with('@') && text != text.to_lowercase() => {
            Some("accepted: nicknames in any case")
        }
        _ => None,
    }
}

#[test]
fn texts_mean_what_they_mean_to_debians_daemon() {
    let count = if long_run().is_some() { 30_000 } else { 3_000 };
    let mut dice = Dice(0x0bad_5eed_1234_5678);
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut cases = String::new();
    for _ in 0..count {
        let text = text(&mut dice);
        let line = format!("  {text} \t command --flag");
        // A text that lacks a field takes the command for it, on both sides.
        let times = split(&line).0;
        let debian = oracle::read(times);
        let ours = Cron::parse(times, Dialect::Crontab, "name");
        let reason = match (&debian, &ours) {
            (Some(entry), Ok(Parsed::Calendar { cron, .. })) => {
                let timing: Timing = Ticks::Cron { cron: cron.clone(), zone: TimeZone::UTC }.into();
                let expected = entry.plain(START, DAYS, FIRES);
                let end =
                    expected.get(FIRES - 1).map_or((START + DAYS * 1_440) * 60_000 - 1, |last| last * 60_000);
                let found: Vec<i64> =
                    super::walk(&timing, START * 60_000 - 1, end).iter().map(|ms| ms / 60_000).collect();
                if found != expected {
                    wrong.push(format!("{text:?}: Debian {expected:?}, jobq {found:?}"));
                }
                cases.push_str(&format!(
                    "{times}\t{}\n",
                    found.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
                ));
                "same times"
            }
            (None, Err(_)) => {
                cases.push_str(&format!("{times}\trefused\n"));
                "both refuse"
            }
            (debian, ours) => match excuse(times, debian.as_ref(), ours.is_ok()) {
                Some(reason) => reason,
                None => {
                    wrong.push(format!("{text:?}: Debian takes it: {}, jobq: {ours:?}", debian.is_some()));
                    "different"
                }
            },
        };
        *tally.entry(reason).or_default() += 1;
    }
    if let Some(folder) = long_run() {
        fs::write(folder.join("texts.tsv"), cases).unwrap();
        eprintln!("texts against the daemon's parser and calendar: {tally:#?}");
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    // The generator must reach every kind, or the comparison says little.
    assert!(
        tally.len() >= 7 && tally["same times"] >= count / 3 && tally["both refuse"] >= count / 20,
        "{tally:#?}"
    );
}
