//! purge and the chore that carries it out while the queue lives on.

use jobq::core::store::{NewJob, Settled, When};

use super::{Desk, ann, id, job, names};
use crate::support::{PATIENCE, wait_for};

/// What is enqueued after this is not covered by a purge before it: it covers a millisecond.
fn next_millisecond(desk: &Desk) {
    let now = desk.now_ms();
    wait_for("the next millisecond", PATIENCE, || desk.now_ms() > now);
}

fn purge(desk: &Desk) -> u64 {
    let found = desk.run(desk.store.purge(&id("q"), &ann("purged"))).unwrap();
    next_millisecond(desk);
    found
}

#[test]
fn a_purge_is_written_down_first() {
    let desk = Desk::new();
    desk.add(&["a"]);
    assert_eq!(
        desk.expect(
            purge,
            "
            + chore:2 after = 
            + chore:2 before = NOW
            + chore:2 done = 0
            + chore:2 from = 
            + chore:2 host = desk
            + chore:2 kind = purge
            + chore:2 queue = q
            + chore:2 reason = purged by ann@desk: purged
            + chore:2 step = 1
            + chore:2 user = ann
            + chores 0 = 2
            + event = purge q=q c=1 u=ann h=desk r=purged
            ~ meta seq = 1 -> 2
            + queue:q purge = 2
        "
        ),
        1
    );
}

#[test]
fn an_empty_queue_needs_no_purge() {
    let desk = Desk::new();
    desk.add(&["a"]);
    desk.cancel("a");
    assert_eq!(desk.unchanged(purge), 0);
    assert_eq!(desk.drain(), 1);
}

#[test]
fn a_slice_cancels_and_remembers_its_place() {
    let desk = Desk::new();
    desk.add(&["a", "b"]);
    purge(&desk);
    // STARTED, BLOCKED, SCHEDULED and RETRY are empty.
    for _ in 0..4 {
        desk.run(desk.store.chores(&[])).unwrap();
    }
    desk.expect(
        |desk| desk.run(desk.store.chores(&[])).unwrap(),
        "
            ~ chore:3 after =  -> b
            ~ chore:3 done = 0 -> 2
            ~ chore:3 from =  -> 1759218604441602
            + event = revoked id=a q=q o=cancelled u=ann h=desk r=purged by ann@desk: purged
            + event = revoked id=b q=q o=cancelled u=ann h=desk r=purged by ann@desk: purged
            - in:PENDING:q a = p0#1
            - in:PENDING:q b = p0#2
            + in:REVOKED:q a = NOW
            + in:REVOKED:q b = NOW
            + job:a detail = 
            + job:a finished = NOW
            + job:a outcome = cancelled
            + job:a reason = purged by ann@desk: purged
            - job:a seq = 1
            ~ job:a state = PENDING -> REVOKED
            + job:b detail = 
            + job:b finished = NOW
            + job:b outcome = cancelled
            + job:b reason = purged by ann@desk: purged
            - job:b seq = 2
            ~ job:b state = PENDING -> REVOKED
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
            + retain b = NOW+1d
        ",
    );
    desk.expect(
        |desk| desk.run(desk.store.chores(&[])).unwrap(),
        "
            - chore:3 after = b
            - chore:3 before = NOW
            - chore:3 done = 2
            - chore:3 from = 1759218604441602
            - chore:3 host = desk
            - chore:3 kind = purge
            - chore:3 queue = q
            - chore:3 reason = purged by ann@desk: purged
            - chore:3 step = 5
            - chore:3 user = ann
            - chores 0 = 3
            - queue:q purge = 3
        ",
    );
}

#[test]
fn nothing_that_a_purge_covers_starts_any_more() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b"]);
    purge(&desk);
    desk.add(&["c"]);
    let mut came = Vec::new();
    for _ in 0..3 {
        let pulse = desk.pulse(&who, &desk.request(), 1, &[("q", 1)]);
        came.extend(pulse.jobs.iter().map(|job| job.id.to_string()));
    }
    assert_eq!(
        (came, desk.state("a"), desk.state("b")),
        (vec!["c".into()], "REVOKED".into(), "REVOKED".into())
    );
    desk.drain();
    assert_eq!(desk.state("c"), "STARTED");
}

/// `count` names with a common beginning.
fn many(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number:03}")).collect()
}

fn add_many(desk: &Desk, names: &[String], change: impl Fn(&mut NewJob)) {
    let jobs: Vec<NewJob> = names
        .iter()
        .map(|name| {
            let mut job = job(name);
            change(&mut job);
            job
        })
        .collect();
    for slice in jobs.chunks(200) {
        desk.enqueue(slice);
    }
}

#[test]
fn all_unfinished_jobs_of_a_busy_queue_are_met() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let (started, retried) = (many("started", 120), many("retried", 120));
    add_many(&desk, &started, |_| ());
    let running = desk.claim(&who, 120);
    add_many(&desk, &retried, |_| ());
    for job in desk.claim(&who, 120) {
        desk.fail(job.id.as_str(), &job.token, "retry", 3_600_000);
    }
    // All due in the same millisecond, so that a slice ends among equals.
    let due = Some(When::At(desk.now_ms() + 3_600_000));
    add_many(&desk, &many("scheduled", 120), |job| job.not_before = due);
    add_many(&desk, &many("pending", 120), |_| ());
    next_millisecond(&desk);
    assert_eq!(purge(&desk), 480);

    // Meanwhile the queue lives on: runs end in every way, jobs fall due, others come.
    let survivors = many("new", 90);
    add_many(&desk, &survivors[..30], |job| job.not_before = due);
    let mut ends = running.iter();
    for round in 0.. {
        if desk.run(desk.store.chores(&[])).unwrap() == 0 {
            break;
        }
        for job in ends.by_ref().take(11) {
            let (name, token) = (job.id.as_str(), job.token.as_str());
            let settled = match round % 5 {
                0 => desk.fail(name, token, "retry", 0),
                1 => desk.fail(name, token, "snooze", 0),
                2 => desk.release(name, token, "stop"),
                3 => desk.fail(name, token, "lost", 0),
                _ => desk.release(name, token, "starved"),
            };
            assert!(matches!(settled, Settled::Done(_)));
        }
        if round < 6 {
            add_many(&desk, &survivors[30 + round * 10..40 + round * 10], |_| ());
            let name = format!("scheduled{:03}", round * 20);
            if desk.state(&name) == "SCHEDULED" {
                desk.wake(&name, 1_000);
            }
        }
        let pulse = desk.pulse(&who, &desk.request(), 3, &[("q", 3)]);
        assert!(pulse.jobs.iter().all(|job| job.id.as_str().starts_with("new")), "{:?}", names(&pulse.jobs));
    }
    for job in ends {
        desk.fail(job.id.as_str(), &job.token, "retry", 0);
    }
    let books = desk.books();
    for name in books.family("job:") {
        let state = &books.hash(&format!("job:{name}"))["state"];
        let survives = name.starts_with("new");
        assert_eq!(state == "REVOKED", !survives, "{name} is {state}");
    }
    assert!(books.family("chore:").next().is_none() && !books.hash("queue:q").contains_key("purge"));
}

#[test]
fn a_run_that_starts_over_during_the_walk_is_met() {
    // 60 runs that began in one millisecond: a slice ends among equals, and half of them move
    // on before the next slice.
    let desk = Desk::new();
    let who = desk.worker("w");
    add_many(&desk, &many("j", 60), |_| ());
    let running = desk.claim(&who, 60);
    purge(&desk);
    desk.run(desk.store.chores(&[])).unwrap();
    let marked: Vec<_> = running.iter().filter(|job| desk.field(job.id.as_str(), "cancel") == "1").collect();
    assert_eq!(marked.len(), 50);
    for job in &marked[..30] {
        desk.fail(job.id.as_str(), &job.token, "retry", 0);
    }
    desk.drain();
    let left = running.iter().filter(|job| {
        desk.state(job.id.as_str()) == "STARTED" && desk.field(job.id.as_str(), "cancel") != "1"
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn two_purges_and_other_queues_do_not_disturb_each_other() {
    let desk = Desk::new();
    let mut elsewhere = job("x");
    elsewhere.spec.queue = id("r");
    desk.add(&["a"]);
    desk.enqueue(&[elsewhere]);
    purge(&desk);
    desk.add(&["b"]);
    purge(&desk);
    desk.run(desk.store.purge(&id("r"), &ann("r too"))).unwrap();
    next_millisecond(&desk);
    desk.add(&["c"]);
    assert_eq!(desk.books().list("chores").len(), 3);
    desk.drain();
    let states = ["a", "b", "x", "c"].map(|name| desk.state(name));
    assert_eq!(states, ["REVOKED", "REVOKED", "REVOKED", "PENDING"]);
}

#[test]
fn a_purge_survives_the_loss_of_its_record() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    purge(&desk);
    let chore = desk.books().list("chores")[0].clone();
    desk.raw(&["DEL", &format!("jobq:{{t}}:chore:{chore}")]);
    assert_eq!(names(&desk.claim(&who, 1)), ["a"]);
    desk.drain();
    desk.raw(&["HDEL", "jobq:{t}:queue:q", "purge"]);
}
