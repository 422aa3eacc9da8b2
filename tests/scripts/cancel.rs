//! cancel, in each state.

use jobq::core::state::State;
use jobq::core::store::{Came, NewJob, Touched, When};

use super::{Desk, ann, id, job};

#[test]
fn a_waiting_job_never_starts() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    assert_eq!(
        desk.expect(
            |desk| desk.cancel("a"),
            "
            + event = revoked id=a q=q o=cancelled u=ann h=desk r=cancelled by ann@desk
            - in:PENDING:q a = p0#1
            + in:REVOKED:q a = NOW
            + job:a detail = 
            + job:a finished = NOW
            + job:a outcome = cancelled
            + job:a reason = cancelled by ann@desk
            - job:a seq = 1
            ~ job:a state = PENDING -> REVOKED
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
        "
        ),
        Came::Cancelled
    );
    assert_eq!(desk.unchanged(|desk| desk.cancel("a")), Came::Finished);
    assert!(desk.claim(&who, 1).is_empty());
}

#[test]
fn a_scheduled_job_with_expiry_keeps_nothing_but_its_input() {
    let desk = Desk::new();
    let (soon, later) = (Some(When::In(60_000)), Some(When::In(3_600_000)));
    desk.enqueue(&[NewJob { not_before: soon, expires: later, stdin: Some(b"in".to_vec()), ..job("a") }]);
    assert_eq!(
        desk.expect(
            |desk| desk.cancel("a"),
            "
            + event = revoked id=a q=q o=cancelled u=ann h=desk r=cancelled by ann@desk
            - expiry:q a = NOW+1h
            + in:REVOKED:q a = NOW
            - in:SCHEDULED:q a = NOW+60s
            + inputs a = NOW
            + job:a detail = 
            - job:a due = NOW+60s
            - job:a expires = NOW+1h
            + job:a finished = NOW
            + job:a outcome = cancelled
            + job:a reason = cancelled by ann@desk
            ~ job:a state = SCHEDULED -> REVOKED
            + meta in_bytes = 2
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
        "
        ),
        Came::Cancelled
    );
}

#[test]
fn a_job_between_attempts_is_revoked() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    desk.fail("a", &token, "retry", 60_000);
    assert_eq!(
        desk.expect(
            |desk| desk.cancel("a"),
            "
            + event = revoked id=a q=q o=cancelled u=ann h=desk r=cancelled by ann@desk
            - in:RETRY:q a = NOW+60s
            + in:REVOKED:q a = NOW
            ~ job:a detail = 3 -> 
            - job:a due = NOW+60s
            + job:a finished = NOW
            ~ job:a outcome = exit -> cancelled
            + job:a reason = cancelled by ann@desk
            ~ job:a state = RETRY -> REVOKED
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
        "
        ),
        Came::Cancelled
    );
}

#[test]
fn a_running_job_is_marked_and_its_worker_told() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    assert_eq!(
        desk.expect(
            |desk| desk.cancel("a"),
            "
            + event = cancelling id=a q=q w=w u=ann h=desk r=cancelled by ann@desk
            + job:a cancel = 1
            + job:a reason = cancelled by ann@desk
            + mail:w a = cancel
        "
        ),
        Came::Cancelling
    );
    assert_eq!(desk.unchanged(|desk| desk.cancel("a")), Came::Cancelling);
    let report = desk.run(desk.store.show(&["a"])).unwrap().remove(0).unwrap();
    assert!(report.cancelling && report.state == State::Started);
    desk.fail("a", &token, "revoke", 0);
}

#[test]
fn what_has_ended_stays_as_it_is() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["s", "f"]);
    let jobs = desk.claim(&who, 2);
    desk.finish("s", &jobs[0].token);
    desk.fail("f", &jobs[1].token, "failure", 0);
    desk.enqueue(&[NewJob { expires: Some(When::At(1)), ..job("e") }]);
    desk.run(desk.store.chores(&[id("q")])).unwrap();
    let ids = ["s", "f", "e", "unheard-of"].map(id);
    let answers = desk.unchanged(|desk| desk.run(desk.store.cancel(&ids, &ann("late"), &[])).unwrap());
    let finished = |state| Touched { came: Came::Finished, state: Some(state) };
    let expected = [
        finished(State::Success),
        finished(State::Failure),
        finished(State::Expired),
        Touched { came: Came::Unknown, state: None },
    ];
    assert_eq!(answers, expected);
}

#[test]
fn cancels_come_in_hundreds() {
    let desk = Desk::new();
    let names: Vec<String> = (0..100).map(|number| format!("j{number}")).collect();
    desk.add(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    ids[99] = id("j0");
    let answers = desk.run(desk.store.cancel(&ids, &ann(""), &[])).unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.came == Came::Cancelled).count(), 99);
    assert_eq!((answers[99].came, answers[99].state), (Came::Finished, Some(State::Revoked)));
    assert_eq!(desk.state("j99"), "PENDING");
}
