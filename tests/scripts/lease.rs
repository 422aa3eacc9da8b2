//! takeover and handback: the jobs of workers that stand still or died.

use jobq::core::spec::OnLost;
use jobq::core::store::NewJob;

use super::{Desk, id, job, names};

#[test]
fn a_worker_that_stood_still_loses_its_jobs() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    desk.add(&["b"]);
    let peer = desk.peer(&who);
    assert_eq!(
        desk.expect(
            |desk| desk.takeover(&peer, 30_000),
            "
            + event = lost id=a q=q n=1 w=w h=h-w o=worker_lost
            + event = takeover w=w h=h-w c=1 by=taker
            - held:w a = F1-nw
            + in:PENDING:q a = p0#1
            - in:STARTED:q a = NOW
            + job:a blame = 1
            + job:a cut = h-w
            + job:a detail = 
            + job:a losses = 1
            + job:a outcome = worker_lost
            + job:a ready = NOW
            ~ job:a state = STARTED -> PENDING
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW worker_lost null
        "
        ),
        Some(1)
    );
    assert_eq!(desk.unchanged(|desk| desk.takeover(&peer, 30_000)), Some(0));
    let other = desk.worker("v");
    let jobs = desk.claim(&other, 2);
    assert_eq!(names(&jobs), ["a", "b"]);
    assert_eq!((jobs[0].attempt, jobs[0].cut_on.as_deref()), (2, Some("h-w")));
}

#[test]
fn a_worker_that_moved_loses_nothing() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    let seen = desk.peer(&who);
    desk.renew(&who);
    assert_eq!(desk.unchanged(|desk| desk.takeover(&seen, 86_400_000)), None);
    let seen = desk.peer(&who);
    desk.claim(&who, 1);
    assert_eq!(desk.unchanged(|desk| desk.takeover(&seen, 86_400_000)), None);
    let mut seen = desk.peer(&who);
    seen.nonce = "of an earlier life".to_owned();
    assert_eq!(desk.unchanged(|desk| desk.takeover(&seen, 86_400_000)), None);
}

#[test]
fn a_longer_lease_is_waited_for() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut patient = job("a");
    patient.spec.lease_ms = Some(60_000);
    let mut hasty = job("b");
    hasty.spec.lease_ms = Some(5_000);
    desk.enqueue(&[patient, hasty, job("c")]);
    desk.claim(&who, 3);
    let peer = desk.peer(&who);
    let states = |desk: &Desk| ["a", "b", "c"].map(|name| desk.state(name));
    assert_eq!(desk.unchanged(|desk| desk.takeover(&peer, 4_999)), Some(0));
    assert_eq!(desk.takeover(&peer, 5_000), Some(1));
    assert_eq!(states(&desk), ["STARTED", "PENDING", "STARTED"]);
    assert_eq!(desk.takeover(&peer, 59_999), Some(1));
    assert_eq!(states(&desk), ["STARTED", "PENDING", "PENDING"]);
    assert_eq!(desk.takeover(&peer, 60_000), Some(1));
    assert_eq!(states(&desk), ["PENDING", "PENDING", "PENDING"]);
}

#[test]
fn many_long_leases_do_not_hide_a_short_one() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let patient = |number: usize| {
        let mut job = job(&format!("patient-{number}"));
        job.spec.lease_ms = Some(3_600_000);
        job
    };
    for slice in [0..150, 150..300] {
        desk.enqueue(&slice.map(patient).collect::<Vec<_>>());
    }
    desk.add(&["hasty"]);
    assert_eq!(desk.claim(&who, 400).len(), 301);
    let peer = desk.peer(&who);
    // Each look takes any hundred of 301: not to meet it in 200 looks has a chance of 10^-35.
    let met = (0..200).any(|_| desk.takeover(&peer, 30_000) == Some(1));
    assert!(met);
    assert_eq!(desk.state("hasty"), "PENDING");
}

#[test]
fn the_third_loss_is_the_last() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    for losses in ["1", "2"] {
        desk.start(&who, "a");
        desk.takeover(&desk.peer(&who), 30_000);
        assert_eq!((desk.state("a").as_str(), desk.field("a", "losses").as_str()), ("PENDING", losses));
    }
    desk.start(&who, "a");
    let peer = desk.peer(&who);
    desk.expect(
        |desk| desk.takeover(&peer, 30_000),
        "
            + event = failed id=a q=q n=3 w=w h=h-w o=worker_lost r=its run was cut 3 times
            + event = takeover w=w h=h-w c=1 by=taker
            - held:w a = F1-nw
            + in:FAILURE:q a = NOW
            - in:STARTED:q a = NOW
            ~ job:a blame = 2 -> 3
            + job:a finished = NOW
            ~ job:a losses = 2 -> 3
            - job:a ready = NOW
            + job:a reason = its run was cut 3 times
            - job:a seq = 1
            ~ job:a state = STARTED -> FAILURE
            - job:a token = F1-nw
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+14d
            + tries:a 2 = 3 F1 w@h-w NOW..NOW worker_lost null
        ",
    );
}

#[test]
fn a_job_that_must_not_run_twice_fails() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut once: NewJob = job("a");
    once.spec.on_lost = OnLost::Fail;
    desk.enqueue(&[once]);
    desk.start(&who, "a");
    let peer = desk.peer(&who);
    desk.expect(
        |desk| desk.takeover(&peer, 30_000),
        "
            + event = failed id=a q=q n=1 w=w h=h-w o=worker_lost r=its run was cut and it must not run again
            + event = takeover w=w h=h-w c=1 by=taker
            - held:w a = F1-nw
            + in:FAILURE:q a = NOW
            - in:STARTED:q a = NOW
            + job:a blame = 1
            + job:a cut = h-w
            + job:a detail = 
            + job:a finished = NOW
            + job:a losses = 1
            + job:a outcome = worker_lost
            + job:a reason = its run was cut and it must not run again
            - job:a seq = 1
            ~ job:a state = STARTED -> FAILURE
            - job:a token = F1-nw
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+14d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW worker_lost null
        ",
    );
}

#[test]
fn a_cancelled_run_that_is_cut_ends_revoked() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    desk.cancel("a");
    let peer = desk.peer(&who);
    desk.expect(
        |desk| desk.takeover(&peer, 30_000),
        "
            + event = revoked id=a q=q n=1 w=w h=h-w o=worker_lost r=cancelled by ann@desk
            + event = takeover w=w h=h-w c=1 by=taker
            - held:w a = F1-nw
            + in:REVOKED:q a = NOW
            - in:STARTED:q a = NOW
            + job:a blame = 1
            - job:a cancel = 1
            + job:a cut = h-w
            + job:a detail = 
            + job:a finished = NOW
            + job:a losses = 1
            + job:a outcome = worker_lost
            - job:a seq = 1
            ~ job:a state = STARTED -> REVOKED
            - job:a token = F1-nw
            - mail:w a = cancel
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW worker_lost null
        ",
    );
}

#[test]
fn a_worker_without_jobs_is_buried_in_the_end() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let peer = desk.peer(&who);
    let takeover =
        |desk: &Desk, stood| desk.run(desk.store.takeover(&id("taker"), &peer, stood, 60_000)).unwrap();
    assert_eq!(desk.unchanged(|desk| takeover(desk, 59_999)), Some(0));
    assert_eq!(
        desk.expect(
            |desk| takeover(desk, 60_000),
            "
            + event = buried w=w h=h-w by=taker
            - serves:q w = NOW
            - serves:r w = NOW
            - worker:w boot = boot
            - worker:w counter = 1
            - worker:w halves = halves of w
            - worker:w host = h-w
            - worker:w label = 
            - worker:w lease = 30000
            - worker:w mode = running
            - worker:w nonce = nw
            - worker:w pid = 7
            - worker:w queues = q r
            - worker:w seen = NOW
            - worker:w slots = 4
            - worker:w started = NOW
            - worker:w version = 0.1
            - workers w = 0
        "
        ),
        Some(0)
    );
    assert_eq!(desk.unchanged(|desk| takeover(desk, 60_000)), None);
}

#[test]
fn jobs_of_a_worker_without_a_record_are_found() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    desk.raw(&["DEL", "jobq:{t}:worker:w"]);
    let other = desk.worker("v");
    let peer = desk.renew(&other).peers.into_iter().find(|peer| peer.worker == "w").unwrap();
    assert_eq!((peer.nonce.as_str(), peer.counter.as_str(), peer.lease_ms, peer.held), ("", "0", None, 1));
    assert_eq!(desk.takeover(&peer, 29_999), Some(0));
    assert_eq!(desk.run(desk.store.takeover(&id("taker"), &peer, 30_000, 0)).unwrap(), Some(1));
    assert_eq!(desk.state("a"), "PENDING");
    assert!(desk.run(desk.store.bye(&who)).unwrap());
    // Only the lost record knew these.
    desk.raw(&["DEL", "jobq:{t}:serves:q", "jobq:{t}:serves:r"]);
    desk.worker("v");
}

#[test]
fn a_lease_without_a_job_is_dropped() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.raw(&["HSET", "jobq:{t}:held:w", "ghost", "1-nw"]);
    desk.raw(&["HSET", "jobq:{t}:mail:w", "ghost", "cancel"]);
    assert_eq!(desk.takeover(&desk.peer(&who), 0), Some(0));
}

#[test]
fn a_dead_half_gives_everything_back() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    let handback = |desk: &Desk| desk.run(desk.store.handback(&who)).unwrap();
    assert_eq!(
        desk.expect(
            handback,
            "
            + event = lost id=a q=q n=1 w=w h=h-w o=worker_lost
            + event = handback w=w h=h-w c=1
            + event = left w=w h=h-w
            - held:w a = F1-nw
            + in:PENDING:q a = p0#1
            - in:STARTED:q a = NOW
            + job:a blame = 1
            + job:a cut = h-w
            + job:a detail = 
            + job:a losses = 1
            + job:a outcome = worker_lost
            + job:a ready = NOW
            ~ job:a state = STARTED -> PENDING
            - job:a token = F1-nw
            - serves:q w = NOW
            - serves:r w = NOW
            + tries:a 0 = 1 F1 w@h-w NOW..NOW worker_lost null
            - worker:w boot = boot
            - worker:w counter = 2
            - worker:w got = a
            - worker:w halves = halves of w
            - worker:w host = h-w
            - worker:w label = 
            - worker:w lease = 30000
            - worker:w mode = running
            - worker:w nonce = nw
            - worker:w pid = 7
            - worker:w queues = q r
            - worker:w req = r1
            - worker:w seen = NOW
            - worker:w slots = 4
            - worker:w started = NOW
            - worker:w version = 0.1
            - workers w = 0
        "
        ),
        (1, 0)
    );
    assert_eq!(desk.unchanged(handback), (0, 0));
}

#[test]
fn a_handback_of_many_goes_in_slices() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let jobs: Vec<NewJob> = (0..180).map(|number| job(&format!("j{number}"))).collect();
    desk.enqueue(&jobs);
    assert_eq!(desk.claim(&who, 180).len(), 180);
    let mut slices = Vec::new();
    loop {
        let (lost, left) = desk.run(desk.store.handback(&who)).unwrap();
        slices.push((lost, left));
        if left == 0 {
            break;
        }
    }
    assert_eq!(slices, [(100, 80), (80, 0)]);
    assert_eq!(desk.books().zset("in:PENDING:q").len(), 180);
}

#[test]
fn of_jobs_that_are_cut_together_those_on_their_last_chance_run_one_at_a_time() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let blame = |name: &str| desk.fields(name).get("blame").cloned().unwrap_or_default();
    desk.add(&["a", "b", "c"]);
    for _ in 0..2 {
        assert_eq!(names(&desk.claim(&who, 4)), ["a", "b", "c"]);
        assert_eq!(desk.takeover(&desk.peer(&who), 30_000), Some(3));
    }
    assert_eq!([blame("a"), blame("b"), blame("c")], ["2"; 3]);
    // Others take their places, on every worker.
    desk.add(&["d", "e", "f"]);
    let other = desk.worker("v");
    let of_other = desk.claim(&other, 2);
    assert_eq!(names(&of_other), ["a", "d"]);
    assert_eq!(names(&desk.claim(&who, 2)), ["b", "e"]);
    assert_eq!(names(&desk.claim(&who, 9)), ["f"]);
    // The one on its last chance is given up, and nobody who ran beside it is blamed.
    assert_eq!(desk.takeover(&desk.peer(&who), 30_000), Some(3));
    assert_eq!([desk.state("b"), desk.state("e"), desk.state("f")], ["FAILURE", "PENDING", "PENDING"]);
    assert_eq!([desk.field("e", "losses"), blame("e")], ["1", ""]);
    // Nor does its end keep the next from its chance.
    assert_eq!(names(&desk.claim(&who, 1)), ["c"]);
    for job in &of_other {
        desk.finish(job.id.as_str(), &job.token);
    }
    assert_eq!(desk.state("a"), "SUCCESS");
}
