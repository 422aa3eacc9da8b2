//! retry, requeue and delete: what operators do to jobs besides cancelling them.

use jobq::core::state::State;
use jobq::core::store::{Came, NewJob, OutputBatch, Settled, Touched, When};

use super::{Bound, Desk, ann, id, job};

/// `a` with an input, some output and a label, failed for good.
fn failed(desk: &Desk) {
    let who = desk.worker("w");
    let mut new = NewJob { stdin: Some(b"in".to_vec()), ..job("a") };
    new.spec.labels.insert(id("team"), "red=1".to_owned());
    desk.enqueue(&[new]);
    let token = desk.start(&who, "a").token;
    let batch = OutputBatch { totals: [5, 0], chunks: vec![(1, 1, 0, b"hello".to_vec())], drop: vec![] };
    desk.run(desk.store.log(&id("a"), &token, &batch)).unwrap();
    desk.fail("a", &token, "failure", 0);
}

#[test]
fn a_failed_job_runs_again_from_zero() {
    let desk = Desk::new();
    failed(&desk);
    let came = desk.expect(
        |desk| desk.retry("a"),
        "
            + event = retried id=a q=q u=ann h=desk r=retried by ann@desk
            - in:FAILURE:q a = NOW
            + in:PENDING:q a = p0#2
            - inputs a = NOW
            - job:a attempts = 1
            - job:a detail = 3
            - job:a error = exit code 3
            - job:a failures = 1
            - job:a finished = NOW
            - job:a host = h-w
            - job:a outcome = exit
            + job:a ready = NOW
            + job:a redo = r2
            + job:a seq = 2
            - job:a started = NOW
            ~ job:a state = FAILURE -> PENDING
            - job:a worker = w
            ~ meta in_bytes = 2 -> 0
            ~ meta seq = 1 -> 2
            - outputs a = NOW
            ~ queue:q bytes = 0 -> BYTES
            - retain a = NOW+14d
        ",
    );
    assert_eq!(came, Came::Retried);
    let who = desk.worker("v");
    let again = desk.start(&who, "a");
    assert_eq!((again.attempt, again.failures, again.stdin.as_deref()), (1, 0, Some(&b"in"[..])));
    assert_eq!(desk.finish("a", &again.token), Settled::Done(Some(State::Success)));
}

#[test]
fn a_retry_that_is_sent_again_is_one_retry() {
    let desk = Desk::new();
    failed(&desk);
    let send = |desk: &Desk| desk.run(desk.store.retry(&[id("a")], &ann(""), "word", &[])).unwrap();
    assert_eq!(send(&desk)[0].came, Came::Retried);
    assert_eq!(desk.unchanged(send)[0].came, Came::Retried);
    // The reply came so late that the job has ended again meanwhile.
    let who = desk.worker("v");
    let token = desk.start(&who, "a").token;
    desk.fail("a", &token, "failure", 0);
    assert_eq!(desk.unchanged(send)[0].came, Came::Retried);
    assert_eq!(desk.retry("a"), Came::Retried);
}

#[test]
fn a_success_runs_again_unless_its_input_is_gone() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    desk.enqueue(&[NewJob { stdin: Some(b"in".to_vec()), ..job("b") }]);
    for job in desk.claim(&who, 2) {
        desk.finish(job.id.as_str(), &job.token);
    }
    assert_eq!(desk.unchanged(|desk| desk.retry("b")), Came::NoInput);
    assert_eq!(desk.retry("a"), Came::Retried);
    assert_eq!(desk.start(&who, "a").attempt, 1);
}

#[test]
fn what_was_cancelled_or_expired_runs_again_whole() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.enqueue(&[
        NewJob { stdin: Some(b"one".to_vec()), ..job("a") },
        NewJob { stdin: Some(b"two".to_vec()), expires: Some(When::At(1)), ..job("b") },
    ]);
    desk.cancel("a");
    // Nobody has swept it yet; for whoever looks it is EXPIRED all the same.
    assert_eq!(desk.state("b"), "PENDING");
    assert_eq!((desk.retry("a"), desk.retry("b")), (Came::Retried, Came::Retried));
    let inputs: Vec<_> = desk.claim(&who, 2).into_iter().map(|job| job.stdin.unwrap()).collect();
    assert_eq!(inputs, [b"one", b"two"]);
}

#[test]
fn a_retry_does_not_pass_the_limits_of_a_queue() {
    let desk = Desk::new();
    failed(&desk);
    for (name, most) in [("max_depth", 1), ("max_bytes", 200)] {
        desk.run(desk.store.limit(&id("q"), &ann(""), &[(name, Bound::Most(most))])).unwrap();
        desk.add(&[name]);
        assert_eq!(desk.unchanged(|desk| desk.retry("a")), Came::Full);
        desk.cancel(name);
        desk.run(desk.store.limit(&id("q"), &ann(""), &[(name, Bound::None)])).unwrap();
    }
    assert_eq!(desk.retry("a"), Came::Retried);
}

#[test]
fn what_has_not_ended_is_neither_retried_nor_deleted() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["started", "retry"]);
    let jobs = desk.claim(&who, 2);
    desk.fail("retry", &jobs[1].token, "retry", 60_000);
    desk.add(&["pending"]);
    desk.enqueue(&[NewJob { not_before: Some(When::In(60_000)), ..job("scheduled") }]);
    desk.unchanged(|desk| {
        for name in ["started", "retry", "pending", "scheduled"] {
            assert_eq!((desk.retry(name), desk.delete(name)), (Came::Unfinished, Came::Unfinished), "{name}");
        }
        assert_eq!(
            (desk.retry("x"), desk.delete("x"), desk.requeue("x")),
            (Came::Unknown, Came::Unknown, Came::Unknown)
        );
    });
}

#[test]
fn a_running_job_is_marked_and_goes_back_without_using_an_attempt() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let came = desk.expect(
        |desk| desk.requeue("a"),
        "
            + event = requeueing id=a q=q w=w u=ann h=desk r=requeued by ann@desk
            + job:a reason = requeued by ann@desk
            + job:a requeue = 1
            + mail:w a = requeue
        ",
    );
    assert_eq!(came, Came::Stopping);
    assert_eq!(desk.unchanged(|desk| desk.requeue("a")), Came::Stopping);
    assert_eq!(desk.renew(&who).mail, [("a".to_owned(), "requeue".to_owned())]);
    desk.run(desk.store.release(&id("a"), &token, "stop", "")).unwrap();
    assert_eq!((desk.state("a"), desk.field("a", "attempts")), ("PENDING".into(), "0".into()));
    assert_eq!(desk.field("a", "reason"), "requeued by ann@desk");
    assert_eq!(desk.start(&who, "a").attempt, 1);
    assert_eq!(desk.field("a", "reason"), "");
}

#[test]
fn a_cancel_goes_before_a_requeue_in_either_order() {
    for cancel_first in [true, false] {
        let desk = Desk::new();
        let (who, token) = desk.running();
        if cancel_first {
            desk.cancel("a");
            assert_eq!(desk.unchanged(|desk| desk.requeue("a")), Came::Cancelling);
        } else {
            desk.requeue("a");
            assert_eq!(desk.cancel("a"), Came::Cancelling);
        }

        assert_eq!(desk.renew(&who).mail, [("a".to_owned(), "cancel".to_owned())]);
        desk.release("a", &token, "stop");
        assert_eq!(desk.state("a"), "REVOKED");
    }
}

#[test]
fn a_run_that_fails_before_it_is_stopped_need_not_wait() {
    for verdict in ["retry", "snooze"] {
        let desk = Desk::new();
        let (who, token) = desk.running();
        desk.requeue("a");
        desk.fail("a", &token, verdict, 3_600_000);
        assert_eq!(super::names(&desk.claim(&who, 1)), ["a"], "{verdict}");
    }
    let desk = Desk::new();
    let (_, token) = desk.running();
    desk.requeue("a");
    desk.finish("a", &token);
    assert_eq!((desk.state("a"), desk.field("a", "requeue")), ("SUCCESS".into(), String::new()));
}

#[test]
fn a_waiting_job_waits_no_longer() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.fail("a", &token, "retry", 60_000);
    let came = desk.expect(
        |desk| desk.requeue("a"),
        "
            + event = requeued id=a q=q u=ann h=desk r=requeued by ann@desk
            + in:PENDING:q a = p0#2
            - in:RETRY:q a = NOW+60s
            - job:a due = NOW+60s
            + job:a ready = NOW
            + job:a reason = requeued by ann@desk
            + job:a seq = 2
            ~ job:a state = RETRY -> PENDING
            ~ meta seq = 1 -> 2
        ",
    );
    assert_eq!(came, Came::Requeued);
    assert_eq!(desk.unchanged(|desk| desk.requeue("a")), Came::Waits);
    desk.enqueue(&[NewJob { not_before: Some(When::In(60_000)), ..job("b") }]);
    assert_eq!(desk.requeue("b"), Came::Requeued);
    let jobs = desk.claim(&who, 2);
    assert_eq!(super::names(&jobs), ["a", "b"]);
    desk.finish("b", &jobs[1].token);
    assert_eq!(desk.unchanged(|desk| desk.requeue("b")), Came::Finished);
}

#[test]
fn a_deleted_record_leaves_its_tombstone() {
    let desk = Desk::new();
    failed(&desk);
    let came = desk.expect(
        |desk| desk.delete("a"),
        "
            + event = deleted id=a q=q u=ann h=desk r=deleted by ann@desk
            - in:FAILURE:q a = NOW
            - inputs a = NOW
            - job:a attempts = 1
            - job:a bytes = BYTES
            - job:a detail = 3
            - job:a enq = NOW
            - job:a error = exit code 3
            - job:a failures = 1
            - job:a finished = NOW
            - job:a host = h-w
            - job:a labels = team=red=1
            - job:a outcome = exit
            - job:a queue = q
            - job:a settled = F1-nw
            - job:a started = NOW
            - job:a state = FAILURE
            - job:a sum = SUM
            - job:a worker = w
            - label:team=red=1 a = NOW
            ~ meta in_bytes = 2 -> 0
            ~ meta out_bytes = 5 -> 0
            - out:a 1 = 1:0:hello
            - out:a bytes = 5
            - out:a stderr = 0
            - out:a stdout = 5
            - outputs a = NOW
            - retain a = NOW+14d
            - spec:a = SPEC
            - stdin:a = in
            + tombs a = NOW+1d
            - tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3
        ",
    );
    assert_eq!(came, Came::Deleted);
    assert_eq!(desk.unchanged(|desk| desk.delete("a")), Came::Gone);
}

#[test]
fn who_moved_on_since_it_was_looked_for_is_left_alone() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b"]);
    desk.enqueue(&[NewJob { not_before: Some(When::In(60_000)), ..job("due") }]);
    desk.start(&who, "a");
    desk.wake("due", 1_000);
    let ids = ["a", "b", "due"].map(id);
    let answers = desk.run(desk.store.cancel(&ids, &ann(""), &[State::Pending])).unwrap();
    let came = |came, state| Touched { came, state: Some(state) };
    let expected = [
        came(Came::Other, State::Started),
        came(Came::Cancelled, State::Pending),
        // It fell due, so that is what it is for whoever looks.
        came(Came::Cancelled, State::Scheduled),
    ];
    assert_eq!(answers, expected);
    desk.unchanged(|desk| {
        let started = [State::Started, State::Pending];
        let others = [
            desk.run(desk.store.retry(&[id("b")], &ann(""), "w", &started)).unwrap(),
            desk.run(desk.store.delete(&[id("b")], &ann(""), &started)).unwrap(),
            desk.run(desk.store.requeue(&[id("b")], &ann(""), &started)).unwrap(),
        ];
        assert!(others.iter().all(|answer| answer[0].came == Came::Other), "{others:?}");
    });
}

#[test]
fn the_oldest_inputs_go_when_all_together_are_too_much() {
    let desk = Desk::new();
    let names: Vec<String> = (0..4).map(|number| format!("j{number}")).collect();
    for name in &names {
        desk.enqueue(&[NewJob { stdin: Some(vec![b'x'; 1_000]), ..job(name) }]);
        desk.cancel(name);
    }
    assert_eq!(desk.books().hash("meta")["in_bytes"], "4000");
    // As if there were many more of them.
    desk.raw(&["HINCRBY", "jobq:{t}:meta", "in_bytes", &(268_435_456 - 2_500).to_string()]);
    desk.run(desk.store.chores(&[])).unwrap();
    desk.raw(&["HINCRBY", "jobq:{t}:meta", "in_bytes", &(2_500 - 268_435_456).to_string()]);
    assert_eq!(desk.books().family("stdin:").collect::<Vec<_>>(), ["j2", "j3"]);
    assert_eq!((desk.retry("j0"), desk.retry("j3")), (Came::NoInput, Came::Retried));
}
