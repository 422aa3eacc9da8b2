//! The short form of the storm, and the judge's own tests.

use std::time::Duration;

use crate::chaos::faults::{self, Kind};
use crate::chaos::rollback::{Tally, losses, restores};
use crate::chaos::stage::{Shape, Stage};
use crate::chaos::storm::{self, Weather};

/// Every kind once or more, none so long that a busy machine would add faults of its own.
const KINDS: [&[Kind]; 4] =
    [&faults::OF_WORKERS, &faults::OF_REDIS, &faults::OF_THE_NETWORK, &faults::OF_BEATS];

#[test]
fn a_storm_loses_nothing_and_runs_nothing_twice_without_a_reason() {
    let shape = Shape {
        workers: 3,
        slots: 3,
        lease: Duration::from_secs(3),
        jobs: 300,
        time: Duration::from_secs(12),
    };
    let weather = Weather {
        groups: &KINDS,
        rest_ms: (200, 900),
        producers: 3,
        unwritten: Duration::ZERO,
        drain: Duration::from_secs(120),
    };
    let (stage, passed) = storm::run(Stage::new(shape).with_beats(2), 1, &weather);
    eprintln!("faults: {:?}\n{:#?}", stage.fault_counts(), passed.verdict);
    let ticks = passed.ticks.as_ref().expect("there are beats");
    eprintln!("{ticks:?}");
    assert_eq!((ticks.doubled, ticks.miscounted.len(), ticks.unaccounted.len()), (0, 0, 0), "{ticks:#?}");
    assert!(passed.verdict.is_clean(), "{:#?}\nlogs: {}", passed.verdict, stage.keep());
}

#[track_caller]
fn healed(tally: &Tally) {
    eprintln!("{tally:?}");
    assert_eq!((tally.stuck, tally.violations, tally.overlapping), (0, 0, 0), "{tally:#?}");
    assert_eq!(tally.healed_ms.len(), tally.rounds);
}

#[test]
fn a_server_restored_to_an_older_state_heals_under_live_workers() {
    let tally = restores(1, 4, 2);
    healed(&tally);
    // Only what came after the snapshots is gone.
    assert!(tally.forgotten <= 4 * tally.rounds, "{tally:?}");
}

#[test]
fn a_server_that_lost_keys_heals_under_live_workers() {
    healed(&losses(1, 6, 2));
}
