//! Cancels that hold: against claims, ends and deaths, and while no worker lives. `make chaos
//! ONLY=cancel` is the long form, and takes the time of it.

use std::time::Duration;

use crate::chaos::cancels::{race, trees};
use crate::support::{Room, Server};

/// Cancels in one run; `JOBQ_TEST_CANCELS=2000 cargo test races::` makes more of them.
fn cancels() -> usize {
    std::env::var("JOBQ_TEST_CANCELS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[test]
fn an_acknowledged_cancel_holds_against_claims_ends_and_deaths() {
    let found = race(cancels());
    assert!(found.is_clean(), "{found:#?}");
    assert_eq!(found.before_a_start + found.during_a_run + found.after_the_end, found.cancels);
    assert!(found.before_a_start > 0 && found.during_a_run > 0, "no race: {found:#?}");
    println!("{found:#?}");
}

#[test]
fn what_is_cancelled_while_no_worker_lives_never_starts() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..5).map(|_| room.shell(&[], "echo ran >>log")).collect();
    let other = room.shell(&[], "echo other >>log");
    room.jobq(["control", "cancel"]).args(&ids).run().status(0);
    room.burst(&["--quiet"]);
    assert_eq!((room.read("log"), room.job(&other).state().to_owned()), ("other\n".into(), "SUCCESS".into()));
}

#[test]
fn a_cancelled_tree_that_hears_no_term_is_gone_before_its_end_is_told() {
    let found = trees(2, Duration::from_millis(500));
    assert_eq!(found.processes_left, 0, "{found:#?}");
}
