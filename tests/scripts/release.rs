//! release: jobs given back unharmed.

use jobq::core::state::State;
use jobq::core::store::Settled;

use super::{Desk, names};

const DONE: fn(State) -> Settled = |state| Settled::Done(Some(state));

#[test]
fn a_stopped_run_goes_back_to_its_old_place() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.add(&["b"]);
    let settle = |desk: &Desk| desk.release("a", &token, "stop");
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = released id=a q=q n=1 w=w h=h-w r=because
            - held:w a = F1-nw
            + in:PENDING:q a = p0#1
            - in:STARTED:q a = NOW
            ~ job:a attempts = 1 -> 0
            + job:a detail = 
            + job:a outcome = released
            + job:a ready = NOW
            + job:a reason = because
            + job:a releases = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> PENDING
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW released null
        "
        ),
        DONE(State::Pending)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Pending));
    let jobs = desk.claim(&who, 2);
    assert_eq!(names(&jobs), ["a", "b"]);
    assert_eq!(jobs[0].attempt, 1);
}

#[test]
fn a_starved_run_waits_a_second_and_keeps_its_place() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.add(&["b"]);
    let settle = |desk: &Desk| desk.release("a", &token, "starved");
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = released id=a q=q n=1 w=w h=h-w due=NOW+1s r=because
            - held:w a = F1-nw
            + in:SCHEDULED:q a = NOW+1s
            - in:STARTED:q a = NOW
            ~ job:a attempts = 1 -> 0
            + job:a detail = 
            + job:a due = NOW+1s
            + job:a outcome = released
            + job:a reason = because
            + job:a releases = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> SCHEDULED
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW released null
        "
        ),
        DONE(State::Scheduled)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Scheduled));
    desk.wake("a", 1_000);
    assert_eq!(names(&desk.claim(&who, 2)), ["a", "b"]);
}

#[test]
fn a_refused_job_is_held_longer_each_time() {
    let desk = Desk::new();
    let (who, mut token) = desk.running();
    let settle = |desk: &Desk, token: &str| desk.release("a", token, "refused");
    assert_eq!(
        desk.expect(
            |desk| settle(desk, &token),
            "
            + event = refused id=a q=q n=1 w=w h=h-w due=NOW+1s r=because
            - held:w a = F1-nw
            + in:SCHEDULED:q a = NOW+1s
            - in:STARTED:q a = NOW
            ~ job:a attempts = 1 -> 0
            + job:a detail = 
            + job:a due = NOW+1s
            + job:a outcome = rejected
            + job:a reason = because
            + job:a refusals = 1
            + job:a refused = NOW
            + job:a releases = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> SCHEDULED
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW rejected null
        "
        ),
        DONE(State::Scheduled)
    );
    assert_eq!(desk.unchanged(|desk| settle(desk, &token)), DONE(State::Scheduled));
    let mut holds = Vec::new();
    for _ in 0..8 {
        desk.wake("a", 1_000);
        token = desk.start(&who, "a").token;
        let before = desk.now_ms();
        settle(&desk, &token);
        let hold = desk.field("a", "due").parse::<i64>().unwrap() - before;
        holds.push((hold as f64 / 1000.0).floor() as i64);
    }
    assert_eq!(holds, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!((desk.field("a", "releases"), desk.field("a", "attempts")), ("9".into(), "0".into()));
}

#[test]
fn a_day_of_refusals_ends_the_job() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.release("a", &token, "refused");
    desk.wake("a", 1_000);
    let token = desk.start(&who, "a").token;
    let yesterday = (desk.now_ms() - 86_400_000).to_string();
    desk.raw(&["HSET", "jobq:{t}:job:a", "refused", &yesterday]);
    assert_eq!(
        desk.expect(
            |desk| desk.release("a", &token, "refused"),
            "
            + event = failed id=a q=q n=1 w=w h=h-w o=rejected r=because
            - held:w a = F2-nw
            + in:FAILURE:q a = NOW
            - in:STARTED:q a = NOW
            ~ job:a attempts = 1 -> 0
            + job:a finished = NOW
            - job:a ready = 1000
            + job:a reason = because
            ~ job:a refusals = 1 -> 2
            ~ job:a releases = 1 -> 2
            - job:a seq = 1
            ~ job:a settled = F1-nw -> F2-nw
            ~ job:a state = STARTED -> FAILURE
            - job:a token = F2-nw
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+14d
            + tries:a 1 = 1 F2 w@h-w NOW..NOW rejected null
        "
        ),
        DONE(State::Failure)
    );
}

#[test]
fn refusals_count_only_in_a_row() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.release("a", &token, "refused");
    let yesterday = (desk.now_ms() - 86_400_000).to_string();
    desk.raw(&["HSET", "jobq:{t}:job:a", "refused", &yesterday]);
    desk.wake("a", 1_000);
    // Somebody could run it after all; a refusal later begins a new day.
    let token = desk.start(&who, "a").token;
    desk.fail("a", &token, "retry", 0);
    desk.wake("a", 1_000);
    let token = desk.start(&who, "a").token;
    assert_eq!(desk.release("a", &token, "refused"), DONE(State::Scheduled));
    assert_eq!(desk.field("a", "refusals"), "1");
}

#[test]
fn a_cancelled_job_does_not_come_back() {
    for why in ["stop", "starved", "refused"] {
        let desk = Desk::new();
        let (_, token) = desk.running();
        desk.cancel("a");
        assert_eq!(desk.release("a", &token, why), DONE(State::Revoked));
    }
}
