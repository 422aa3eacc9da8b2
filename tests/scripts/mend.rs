//! Torn books made whole: lost keys, each by itself and many at random; nothing is taken from a
//! holder meanwhile.

use jobq::core::spec::Spec;
use jobq::core::store::{Beat, Identity, NewJob, OutputBatch, When};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Desk, id, job};
use crate::support::invariants;

/// Slices until a whole walk found nothing; how many there were.
#[track_caller]
fn mend(desk: &Desk) -> usize {
    for slices in 1..10_000 {
        desk.run(desk.store.chores(&[])).unwrap();
        let meta = desk.books().hash("meta");
        let walks = desk.books().hash("mend").contains_key("cursor");
        if !walks && !meta.contains_key("torn") {
            return slices;
        }
    }
    panic!("the walk has no end");
}

/// A job in every state, with output, input, expiry, a cancel and a second attempt among them.
fn furnish(desk: &Desk) {
    let who = desk.worker("w");
    desk.add(&["good", "bad", "again", "runs", "stops", "more"]);
    for name in ["good", "bad", "again", "runs", "stops"] {
        let token = desk.start(&who, name).token;
        let batch = OutputBatch { totals: [3, 0], chunks: vec![(1, 1, 0, b"abc".to_vec())], drop: vec![] };
        assert!(desk.run(desk.store.log(&id(name), &token, &batch)).unwrap());
        match name {
            "good" => drop(desk.finish(name, &token)),
            "bad" => drop(desk.fail(name, &token, "failure", 0)),
            "again" => drop(desk.fail(name, &token, "retry", 3_600_000)),
            _ => {}
        }
    }
    desk.cancel("stops");
    let later = NewJob {
        not_before: Some(When::In(3_600_000)),
        expires: Some(When::In(7_200_000)),
        stdin: Some(b"input".to_vec()),
        ..job("later")
    };
    let mut other = NewJob { expires: Some(When::In(60_000)), ..job("other") };
    other.spec = Spec { queue: id("r"), ..other.spec };
    desk.enqueue(&[later, other]);
    desk.cancel("more");
}

const ALL: [&str; 9] = ["good", "bad", "again", "runs", "stops", "more", "later", "other", "none"];

fn keys(desk: &Desk) -> Vec<String> {
    desk.books().keys.keys().cloned().collect()
}

fn delete(desk: &Desk, key: &str) {
    desk.raw(&["DEL", &format!("jobq:{{t}}:{key}")]);
}

fn states(desk: &Desk) -> Vec<String> {
    ALL.iter().map(|name| desk.state(name)).collect()
}

#[test]
fn whole_books_are_left_alone() {
    let desk = Desk::new();
    furnish(&desk);
    desk.unchanged(mend);
    assert_eq!(desk.books().hash("mend").len(), 0);
}

#[test]
fn each_lost_key_is_made_good_and_costs_no_other_job_its_state() {
    let desk = Desk::new();
    furnish(&desk);
    let (keys, before) = (keys(&desk), states(&desk));
    for key in keys.iter().filter(|key| *key != "events") {
        desk.raw(&["FLUSHALL"]);
        furnish(&desk);
        delete(&desk, key);
        mend(&desk);
        let found = invariants::violations(&desk.books());
        // A worker without a record is struck off by those who watch it, when it held something;
        // what a running job weighs is looked at when it waits again.
        let later = |what: &&String| !what.starts_with("workers ") && !what.contains("bytes, not");
        let found: Vec<&String> = found.iter().filter(later).collect();
        assert!(found.is_empty(), "without {key}: {found:?}");
        for (name, was) in ALL.iter().zip(&before) {
            let is = desk.state(name);
            let own = key.split(':').nth(1) == Some(name);
            let expected = match key.split(':').next().unwrap() {
                // The truth itself.
                "job" if own => "",
                // What has not run cannot; a run's end does not need it.
                "spec" | "stdin" if own && ["again", "later", "other"].contains(name) => "FAILURE",
                _ => was.as_str(),
            };
            assert_eq!(is, expected, "{name} without {key}");
        }
    }
    // Leave the desk as it may be left.
    desk.raw(&["FLUSHALL"]);
}

#[test]
fn a_run_that_lost_its_holders_book_is_renewed_as_if_nothing_had_been() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    delete(&desk, "held:w");
    let held = [("a", token.as_str())];
    let beat = desk.run(desk.store.renew(&who, "running", None, 1, &held, None)).unwrap();
    let jobq::core::store::Beat::Ok(pulse) = beat else { panic!("{beat:?}") };
    assert_eq!((pulse.lost.len(), pulse.strange.len(), pulse.mended), (0, 0, 1));
    assert_eq!(desk.books().hash("held:w").get("a"), Some(&token));
    desk.finish("a", &token);
}

#[test]
fn a_worker_learns_what_the_books_say_it_holds_and_gives_it_up_by_token() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    // It knows of nothing: the server went back to an older state.
    let beat = desk.run(desk.store.renew(&who, "running", None, 0, &[], None)).unwrap();
    let jobq::core::store::Beat::Ok(pulse) = beat else { panic!("{beat:?}") };
    assert_eq!(pulse.strange, [("a".to_owned(), token.clone())]);
    desk.fail("a", &token, "lost", 0);
    assert_eq!(desk.state("a"), "PENDING");
    assert_eq!(desk.pulse(&who, "r9", 0, &[("q", 0)]).holds, 0);
}

#[test]
fn a_job_that_nobody_holds_is_waited_for_as_long_as_any_lease() {
    let desk = Desk::new();
    desk.running();
    for key in ["held:w", "worker:w", "workers"] {
        delete(&desk, key);
    }
    let other = desk.worker("v");
    mend(&desk);
    // In the books again as somebody who stands still: no clock has taken it.
    let peer = desk.renew(&other).peers.into_iter().find(|peer| peer.worker == "w").unwrap();
    assert_eq!((peer.nonce.as_str(), peer.held), ("", 1));
    assert_eq!(desk.takeover(&peer, 29_999), Some(0));
    assert_eq!(desk.state("a"), "STARTED");
    assert_eq!(desk.takeover(&peer, 30_000), Some(1));
    assert_eq!(desk.state("a"), "PENDING");
    // It has nothing to come back to, so it is struck off with its last job.
    assert!(!desk.books().keys.contains_key("worker:w"));
    mend(&desk);
}

#[test]
fn a_run_that_the_server_forgot_begins_again_in_the_books_and_not_in_the_world() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    // As if the server had gone back to before the claim.
    let token = "8000000000000000-nw";
    let renew = |who: &Identity, token: &str| match desk
        .run(desk.store.renew(who, "running", None, 1, &[("a", token)], None))
        .unwrap()
    {
        Beat::Ok(pulse) => pulse.lost,
        Beat::Unknown => panic!("known"),
    };
    assert_eq!(renew(&desk.worker("v"), token), ["a"], "the token is another's");
    assert_eq!(renew(&who, token), [""; 0]);
    assert_eq!((desk.state("a").as_str(), desk.field("a", "attempts").as_str()), ("STARTED", "1"));
    assert_eq!(desk.books().hash("held:w")["a"], token);
    // The next fence is beyond it, and a run that somebody else had since is not undone.
    assert_eq!(desk.takeover(&desk.peer(&who), 30_000), Some(1));
    assert_eq!(renew(&who, token), ["a"]);
    assert_eq!(desk.state("a"), "PENDING");
    let next = desk.start(&who, "a");
    assert_eq!((next.attempt, next.token.as_str() > token), (2, true));
    desk.finish("a", &next.token);
    assert_eq!(renew(&who, "9000000000000000-nw"), ["a"], "it has ended");
    mend(&desk);
}

#[test]
fn a_forgotten_run_of_a_retry_that_was_due_goes_on_too() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.fail("a", &token, "retry", 60_000);
    let held = [("a", "8000000000000000-nw")];
    desk.run(desk.store.renew(&who, "running", None, 1, &held, None)).unwrap();
    assert_eq!((desk.state("a").as_str(), desk.field("a", "attempts").as_str()), ("STARTED", "2"));
    desk.finish("a", held[0].1);
    mend(&desk);
}

#[test]
fn a_job_without_its_command_or_input_never_starts() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "c"]);
    desk.enqueue(&[NewJob { stdin: Some(b"input".to_vec()), ..job("b") }]);
    delete(&desk, "spec:a");
    delete(&desk, "stdin:b");
    assert_eq!(super::names(&desk.claim(&who, 3)), ["c"]);
    for name in ["a", "b"] {
        assert_eq!(
            (desk.state(name).as_str(), desk.field(name, "outcome").as_str()),
            ("FAILURE", "rejected")
        );
        assert_eq!(desk.field(name, "reason"), "the server lost its command or its input");
    }
    mend(&desk);
}

#[test]
fn a_job_that_is_gone_holds_up_no_schedule() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    for name in ["a", "gone"] {
        desk.raw(&["ZADD", "jobq:{t}:chain:nightly", "1", name]);
    }
    mend(&desk);
    assert_eq!(desk.books().zset("chain:nightly").len(), 1);
    desk.finish("a", &token);
    mend(&desk);
    assert_eq!(desk.books().zset("chain:nightly").len(), 0);
}

#[test]
fn a_walk_goes_in_slices_and_every_worker_goes_on_where_another_stopped() {
    let desk = Desk::new();
    let names: Vec<String> = (0..300).map(|number| format!("j{number}")).collect();
    for page in names.chunks(100) {
        desk.add(&page.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let workers = [desk.worker("v"), desk.worker("w")];
    delete(&desk, "in:PENDING:q");
    let mended: u64 = (0..200).map(|turn| desk.renew(&workers[turn % 2]).mended).sum();
    // The queue's weight looked wrong once, until its jobs were back.
    assert!((300..=301).contains(&mended), "{mended}");
    assert_eq!(desk.books().zset("in:PENDING:q").len(), 300);
    assert!(!desk.books().hash("meta").contains_key("torn"));
    assert!(desk.books().events().iter().any(|event| event.contains("mended")));
}

#[test]
fn many_lost_keys_at_random_leave_nothing_torn_and_nothing_stuck() {
    let desk = Desk::new();
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let picks = prop::collection::vec(any::<prop::sample::Index>(), 1..6);
    let outcome = TestRunner::new(config).run(&picks, |picks| {
        desk.raw(&["FLUSHALL"]);
        furnish(&desk);
        let keys = keys(&desk);
        let gone: Vec<&String> = picks.iter().map(|pick| pick.get(&keys)).collect();
        gone.iter().for_each(|key| delete(&desk, key));
        let other = desk.worker("v");
        mend(&desk);
        // Those who watch do the rest, and whoever ran in the lost books is struck off.
        for _ in 0..3 {
            for peer in desk.renew(&other).peers.iter().filter(|peer| peer.worker != "v") {
                desk.takeover(peer, 3_600_000);
            }
        }
        mend(&desk);
        let found = invariants::violations(&desk.books());
        prop_assert!(found.is_empty(), "without {:?}: {:?}", gone, found);
        let stuck = ALL.iter().filter(|name| desk.state(name) == "STARTED").count();
        prop_assert_eq!(stuck, 0);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    desk.raw(&["FLUSHALL"]);
}
