use super::*;
use crate::core::name::Name;
use crate::core::schedule::{DEFINITION_VERSION, Overlap, Rule, Source};
use crate::core::spec::Spec;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;
/// A full hour in 2026.
const NOON: i64 = 1_764_072_000_000;

fn minutely(missed: Missed) -> Definition {
    Definition {
        v: DEFINITION_VERSION,
        name: Name::new("s").unwrap(),
        rule: Rule::Cron { text: "* * * * *".into(), crontab: false },
        timezone: "Europe/Berlin".into(),
        spread_ms: 0,
        starts_ms: None,
        ends_ms: None,
        overlap: Overlap::Queue,
        missed,
        missed_window_ms: None,
        missed_max: 100,
        alert_after_ms: None,
        alert_command: Vec::new(),
        alert_cwd: None,
        expires: None,
        job: Spec::command(Name::new("q").unwrap(), vec!["true".into()]),
        stdin: None,
        source: Source { kind: Name::new("file").unwrap(), place: String::new() },
    }
}

/// Steps until nothing is due: ticks that fired, how many were skipped, how many missed.
fn all(definition: &Definition, mut facts: Facts) -> (Vec<i64>, u64, u64) {
    let times = Times::of(definition).unwrap();
    let (mut fired, mut skipped, mut missed) = (Vec::new(), 0, 0);
    for _ in 0..10_000 {
        let step = step(definition, &times, &facts);
        assert!(step.tick_ms <= facts.now_ms && step.next_ms.is_none_or(|next| next > step.tick_ms));
        skipped += step.skipped;
        missed += step.missed;
        if step.fires {
            fired.push(step.tick_ms);
        }
        match step.next_ms {
            Some(next) if next <= facts.now_ms => facts.due_ms = next,
            _ => return (fired, skipped, missed),
        }
    }
    panic!("no end");
}

fn down(definition: &Definition, for_ms: i64) -> (Vec<i64>, u64, u64) {
    let now_ms = NOON + 30_000;
    let due_ms = NOON - for_ms + MINUTE;
    all(definition, Facts { due_ms, now_ms, pause: None, stuck_since_ms: None })
}

#[test]
fn a_tick_within_the_minute_fires_by_itself_whatever_the_policy() {
    for missed in [Missed::Once, Missed::All, Missed::Skip] {
        assert_eq!(down(&minutely(missed), MINUTE), (vec![NOON], 0, 0));
    }
}

#[test]
fn after_a_day_or_a_year_the_newest_missed_tick_fires_for_all() {
    for span in [DAY, YEAR] {
        let ticks = u64::try_from(span / MINUTE).unwrap();
        assert_eq!(down(&minutely(Missed::Once), span), (vec![NOON - MINUTE, NOON], 0, ticks - 2));
    }
}

#[test]
fn all_means_the_newest_up_to_the_bound_in_their_order() {
    for span in [DAY, YEAR] {
        let ticks = u64::try_from(span / MINUTE).unwrap();
        let (fired, skipped, missed) = down(&minutely(Missed::All), span);
        let expected: Vec<i64> = (0..=100).rev().map(|ago| NOON - ago * MINUTE).collect();
        assert_eq!((fired, skipped, missed), (expected, 0, ticks - 101));
    }
}

#[test]
fn skipping_fires_nothing_that_is_late() {
    let ticks = u64::try_from(YEAR / MINUTE).unwrap();
    assert_eq!(down(&minutely(Missed::Skip), YEAR), (vec![NOON], 0, ticks - 1));
}

#[test]
fn a_window_bounds_how_old_a_missed_tick_may_be() {
    let mut definition = minutely(Missed::All);
    definition.missed_window_ms = Some(300_000);
    let (fired, _, missed) = down(&definition, DAY);
    assert_eq!(fired, (0..5).rev().map(|ago| NOON - ago * MINUTE).collect::<Vec<_>>());
    assert_eq!(missed, 1440 - 5);
    // An hourly tick of half an hour ago is too old.
    definition.rule = Rule::Cron { text: "0 * * * *".into(), crontab: false };
    let facts = Facts { due_ms: NOON, now_ms: NOON + 30 * MINUTE, pause: None, stuck_since_ms: None };
    assert_eq!(all(&definition, facts), (vec![], 0, 1));
}

#[test]
fn once_at_an_instant_fires_late_and_only_once() {
    let mut definition = minutely(Missed::Once);
    definition.rule = Rule::At(NOON);
    let facts = Facts { due_ms: NOON, now_ms: NOON + YEAR, pause: None, stuck_since_ms: None };
    assert_eq!(all(&definition, facts), (vec![NOON], 0, 0));
}

#[test]
fn ticks_inside_a_pause_are_skipped_and_those_after_it_fire() {
    let definition = minutely(Missed::All);
    let pause = |from_ms, until_ms| Some(PauseSpan { from_ms, until_ms });
    let now_ms = NOON + 30_000;
    let facts = |pause| Facts { due_ms: NOON - 9 * MINUTE, now_ms, pause, stuck_since_ms: None };
    // Paused now: everything up to now.
    assert_eq!(all(&definition, facts(pause(NOON - 20 * MINUTE, None))), (vec![], 10, 0));
    assert_eq!(all(&definition, facts(pause(NOON - MINUTE, Some(NOON + DAY)))), (vec![], 10, 0));
    // It ended at 11:57: that tick and all after it are ticks again, nobody having been there.
    let (fired, skipped, missed) =
        all(&definition, facts(pause(NOON - 20 * MINUTE, Some(NOON - 3 * MINUTE))));
    assert_eq!((fired.len(), skipped, missed), (4, 6, 0));
    // One that lies in the middle.
    let middle = pause(NOON - 7 * MINUTE, Some(NOON - 5 * MINUTE));
    let (fired, skipped, missed) = all(&definition, facts(middle));
    assert_eq!((fired.len(), skipped, missed), (8, 2, 0));
}

#[test]
fn a_queue_without_room_is_tried_for_a_minute() {
    let definition = minutely(Missed::Once);
    let times = Times::of(&definition).unwrap();
    let facts = |ago, stuck| Facts {
        due_ms: NOON,
        now_ms: NOON + ago,
        pause: None,
        stuck_since_ms: Some(NOON + stuck),
    };
    assert!(step(&definition, &times, &facts(59_000, 10)).fires);
    let gone = step(&definition, &times, &facts(70_000, 5));
    assert_eq!((gone.fires, gone.missed, gone.next_ms), (false, 1, Some(NOON + MINUTE)));
    // A missed tick that found no room when a beat came back gets its minute too.
    let late = step(&definition, &times, &facts(DAY, DAY - 1_000));
    assert!(late.fires);
    let given_up = step(&definition, &times, &facts(DAY, DAY - 61_000));
    assert_eq!((given_up.fires, given_up.missed), (false, 1439));
}
