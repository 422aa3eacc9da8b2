//! claim: what it takes, in which order, and what it does besides.

use jobq::core::store::{Beat, ClaimRequest, NewJob, When};

use super::{Desk, id, job, names};

fn of(name: &str, queue: &str, priority: i32) -> NewJob {
    let mut job = job(name);
    job.spec.queue = id(queue);
    job.spec.priority = priority;
    job
}

#[test]
fn a_claim_starts_an_attempt() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b"]);
    let jobs = desk.expect(
        |desk| desk.claim(&who, 1),
        "
            + event = started id=a q=q n=1 w=w h=h-w
            + held:w a = F1-nw
            - in:PENDING:q a = p0#1
            + in:STARTED:q a = NOW
            + job:a attempts = 1
            + job:a host = h-w
            + job:a started = NOW
            ~ job:a state = PENDING -> STARTED
            + job:a token = F1-nw
            + job:a worker = w
            + meta fence = F1
            ~ worker:w counter = 1 -> 2
            + worker:w got = a
            + worker:w req = r1
            ~ worker:w seen = NOW -> NOW
        ",
    );
    let job = &jobs[0];
    assert_eq!((job.id.as_str(), job.queue.as_str(), job.attempt, job.failures), ("a", "q", 1, 0));
    assert_eq!(job.token, format!("{}-nw", job.fence()));
    assert_eq!((job.lease_ms, &job.stdin, &job.cut_on), (None, &None, &None));
    assert_eq!(job.spec, super::job("a").spec.to_json().unwrap().into_bytes());
}

#[test]
fn an_empty_claim_is_a_sign_of_life() {
    let desk = Desk::new();
    let who = desk.worker("w");
    assert!(
        desk.expect(
            |desk| desk.claim(&who, 3),
            "
            ~ worker:w counter = 1 -> 2
            + worker:w got = 
            + worker:w req = r1
            ~ worker:w seen = NOW -> NOW
        "
        )
        .is_empty()
    );
}

#[test]
fn priority_goes_first_then_the_order_of_arrival() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let jobs = [("a", 0), ("b", 100), ("c", -100), ("d", 0), ("e", 100), ("f", 1)];
    desk.enqueue(&jobs.map(|(name, priority)| of(name, "q", priority)));
    assert_eq!(names(&desk.claim(&who, 4)), ["b", "e", "f", "a"]);
    assert_eq!(names(&desk.claim(&who, 4)), ["d", "c"]);
}

#[test]
fn queues_are_looked_at_in_the_order_given_with_a_limit_each() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.enqueue(&["a", "b", "c"].map(|name| of(name, "q", 0)));
    desk.enqueue(&["x", "y", "z"].map(|name| of(name, "r", 50)));
    let jobs = desk.pulse(&who, "1", 4, &[("q", 1), ("r", 2)]).jobs;
    assert_eq!(names(&jobs), ["a", "x", "y"]);
    assert_eq!(names(&desk.pulse(&who, "2", 2, &[("r", 9), ("q", 9)]).jobs), ["z", "b"]);
    assert!(desk.pulse(&who, "3", 0, &[("q", 9)]).jobs.is_empty());
    assert!(desk.pulse(&who, "4", 2, &[("q", 0)]).jobs.is_empty());
}

#[test]
fn an_expired_job_at_the_head_never_starts() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut late = job("a");
    late.expires = Some(When::At(1));
    desk.enqueue(&[late, job("b")]);
    let jobs = desk.expect(
        |desk| desk.claim(&who, 1),
        "
            + event = expired id=a q=q o=expired r=it did not start before it expired
            + event = started id=b q=q n=1 w=w h=h-w
            - expiry:q a = 1
            + held:w b = F1-nw
            + in:EXPIRED:q a = NOW
            - in:PENDING:q a = p0#1
            - in:PENDING:q b = p0#2
            + in:STARTED:q b = NOW
            + job:a detail = 
            - job:a expires = 1
            + job:a finished = NOW
            + job:a outcome = expired
            + job:a reason = it did not start before it expired
            - job:a seq = 1
            ~ job:a state = PENDING -> EXPIRED
            + job:b attempts = 1
            + job:b host = h-w
            + job:b started = NOW
            ~ job:b state = PENDING -> STARTED
            + job:b token = F1-nw
            + job:b worker = w
            + meta fence = F1
            ~ queue:q bytes = BYTES -> BYTES
            + retain a = NOW+1d
            ~ worker:w counter = 1 -> 2
            + worker:w got = b
            + worker:w req = r1
            ~ worker:w seen = NOW -> NOW
        ",
    );
    assert_eq!(names(&jobs), ["b"]);
}

#[test]
fn behind_many_expired_jobs_the_claim_comes_again_at_once() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let late = |number: usize| NewJob { expires: Some(When::At(1)), ..job(&format!("late{number}")) };
    desk.enqueue(&(0..120).map(late).collect::<Vec<_>>());
    desk.add(&["b"]);
    let mut claims = 0;
    loop {
        claims += 1;
        let pulse = desk.pulse(&who, &desk.request(), 1, &[("q", 1)]);
        if !pulse.jobs.is_empty() {
            assert_eq!(names(&pulse.jobs), ["b"]);
            break;
        }
        // Without this a worker would think that its queues are empty.
        assert!(pulse.next_due_ms.is_some_and(|due| due <= pulse.now_ms), "claim {claims}");
    }
    assert!(claims <= 4, "{claims} claims");
}

#[test]
fn what_started_once_does_not_expire() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.enqueue(&[NewJob { expires: Some(When::In(3_600_000)), ..job("a") }]);
    let token = desk.start(&who, "a").token;
    assert_eq!(desk.field("a", "expires"), "");
    desk.release("a", &token, "stop");
    assert_eq!(desk.state("a"), "PENDING");
}

#[test]
fn due_jobs_enter_the_order_by_their_due_time() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["r1", "r2"]);
    for job in desk.claim(&who, 2) {
        desk.fail(job.id.as_str(), &job.token, "retry", 3_600_000);
    }
    let later = |name: &str| NewJob { not_before: Some(When::In(3_600_000)), ..job(name) };
    desk.enqueue(&["s1", "s2", "s3"].map(later));
    for (name, due) in [("s1", 5), ("r1", 4), ("s2", 3), ("r2", 2)] {
        desk.wake(name, due);
    }
    let pulse = desk.pulse(&who, "1", 9, &[("q", 9)]);
    assert_eq!(names(&pulse.jobs), ["r2", "s2", "r1", "s1"]);
    // The next wake-up is the last one's.
    assert_eq!(pulse.next_due_ms.unwrap().to_string(), desk.field("s3", "due"));
}

#[test]
fn promotion_writes_the_new_place() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.enqueue(&[NewJob { not_before: Some(When::In(3_600_000)), ..of("a", "r", 3) }]);
    desk.wake("a", 1_000);
    desk.expect(
        |desk| desk.pulse(&who, "1", 1, &[("r", 0)]),
        "
            + in:PENDING:r a = p3#1
            - in:SCHEDULED:r a = 1000
            - job:a due = 1000
            + job:a ready = 1000
            + job:a seq = 1
            ~ job:a state = SCHEDULED -> PENDING
            + meta seq = 1
            ~ worker:w counter = 1 -> 2
            + worker:w got = 
            + worker:w req = 1
            ~ worker:w seen = NOW -> NOW
        ",
    );
}

#[test]
fn hundreds_due_at_once_are_promoted_in_slices_and_none_is_left() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let due: Vec<String> = (0..450).map(|number| format!("j{number:03}")).collect();
    for slice in due.chunks(200) {
        let jobs: Vec<NewJob> =
            slice.iter().map(|name| NewJob { not_before: Some(When::In(3_600_000)), ..job(name) }).collect();
        desk.enqueue(&jobs);
    }
    // The order of their names is the reverse of their due times.
    for (place, name) in due.iter().rev().enumerate() {
        desk.wake(name, 1_000 + place as i64);
    }
    let mut came = Vec::new();
    for _ in 0..30 {
        let jobs = desk.claim(&who, 20);
        came.extend(jobs.iter().map(|job| job.id.to_string()));
    }
    assert_eq!(came, due.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn a_repeated_claim_gives_the_same_jobs_and_takes_no_others() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b", "c"]);
    let queues = [("q", 2)];
    let first = desk.pulse(&who, "same", 2, &queues).jobs;
    let second = desk
        .expect(
            |desk| desk.pulse(&who, "same", 2, &queues),
            "
            ~ worker:w counter = 2 -> 3
            ~ worker:w seen = NOW -> NOW
        ",
        )
        .jobs;
    assert_eq!(names(&second), ["a", "b"]);
    let facts = |jobs: &[jobq::core::store::Claimed]| format!("{jobs:?}");
    assert_eq!(facts(&second), facts(&first));
    // What was settled meanwhile is not given out again.
    desk.finish("a", &first[0].token);
    assert_eq!(names(&desk.pulse(&who, "same", 2, &queues).jobs), ["b"]);
    assert_eq!(names(&desk.pulse(&who, "next", 2, &queues).jobs), ["c"]);
}

#[test]
fn a_repeated_empty_claim_stays_empty() {
    let desk = Desk::new();
    let who = desk.worker("w");
    assert!(desk.pulse(&who, "same", 1, &[("q", 1)]).jobs.is_empty());
    desk.add(&["a"]);
    assert!(desk.pulse(&who, "same", 1, &[("q", 1)]).jobs.is_empty());
    assert_eq!(names(&desk.pulse(&who, "next", 1, &[("q", 1)]).jobs), ["a"]);
}

#[test]
fn fences_grow_over_everything_ever_issued() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b"]);
    // As if an older snapshot, or a clock far ahead, had issued it.
    desk.raw(&["HSET", "jobq:{t}:meta", "fence", "4000000000000000"]);
    let fences: Vec<String> = desk.claim(&who, 2).iter().map(|job| job.fence().to_owned()).collect();
    assert_eq!(fences, ["4000000000000001", "4000000000000002"]);
    assert_eq!(desk.books().hash("meta")["fence"], "4000000000000002");
}

#[test]
fn an_unknown_worker_gets_nothing() {
    let desk = Desk::new();
    let mut who = desk.worker("w");
    desk.add(&["a"]);
    who.nonce = "forged".to_owned();
    let request = ClaimRequest {
        identity: &who,
        request: "r",
        want: 1,
        mode: "running",
        connection: None,
        peers_after: None,
        full: true,
        queues: &[("q", 1)],
    };
    let beat = desk.unchanged(|desk| desk.run(desk.store.claim(&request)).unwrap());
    assert!(matches!(beat, Beat::Unknown));
}

#[test]
fn a_new_attempt_begins_with_empty_output() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    // Totals alone, no byte kept: the sum of kept bytes is 0, and is taken off as 0.
    desk.run(desk.store.log(&id("a"), &token, &Default::default())).unwrap();
    desk.release("a", &token, "stop");
    desk.expect(
        |desk| desk.start(&who, "a"),
        "
            + event = started id=a q=q n=1 w=w h=h-w
            + held:w a = F2-nw
            - in:PENDING:q a = p0#1
            + in:STARTED:q a = NOW
            ~ job:a attempts = 0 -> 1
            - job:a reason = because
            ~ job:a started = NOW -> NOW
            ~ job:a state = PENDING -> STARTED
            + job:a token = F2-nw
            ~ meta fence = F1 -> F2
            - out:a bytes = 0
            - out:a stderr = 0
            - out:a stdout = 0
            ~ worker:w counter = 2 -> 3
            ~ worker:w req = r1 -> r2
            ~ worker:w seen = NOW -> NOW
        ",
    );
}

#[test]
fn an_index_entry_without_a_record_is_dropped() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.raw(&["ZADD", "jobq:{t}:in:PENDING:q", "1", "ghost"]);
    desk.raw(&["ZADD", "jobq:{t}:in:RETRY:q", "1", "wraith"]);
    desk.add(&["a"]);
    let pulse = desk.pulse(&who, "1", 1, &[("q", 1)]);
    assert!(pulse.jobs.is_empty() && pulse.next_due_ms == Some(pulse.now_ms));
    desk.start(&who, "a");
}
