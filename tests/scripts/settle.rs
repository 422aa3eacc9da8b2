//! finish and fail.

use jobq::core::error::Error;
use jobq::core::outcome::Outcome;
use jobq::core::state::State;
use jobq::core::store::{Failed, Left, Settled, When};

use super::{Desk, id, job};

const DONE: fn(State) -> Settled = |state| Settled::Done(Some(state));

#[test]
fn a_success_ends_the_job() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let left = Left { tail: "{\"b64\":\"\"}".into(), result: "{}".into(), note: "odd".into() };
    let settle = |desk: &Desk| desk.run(desk.store.finish(&id("a"), &token, 3, &left)).unwrap();
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = succeeded id=a q=q n=1 w=w h=h-w o=exit d=3
            - held:w a = F1-nw
            - in:STARTED:q a = NOW
            + in:SUCCESS:q a = NOW
            + job:a detail = 3
            + job:a error = odd
            + job:a finished = NOW
            + job:a outcome = exit
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> SUCCESS
            - job:a token = F1-nw
            ~ queue:q bytes = BYTES -> 0
            + result:a = {}
            + retain a = NOW+1d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3 tail {\"b64\":\"\"}
        "
        ),
        DONE(State::Success)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Success));
}

#[test]
fn a_retry_waits_with_a_new_place_to_come() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let settle = |desk: &Desk| desk.fail("a", &token, "retry", 60_000);
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = retry id=a q=q n=1 w=w h=h-w o=exit d=3 due=NOW+60s r=exit code 3
            - held:w a = F1-nw
            + in:RETRY:q a = NOW+60s
            - in:STARTED:q a = NOW
            + job:a detail = 3
            + job:a due = NOW+60s
            + job:a error = exit code 3
            + job:a failures = 1
            + job:a outcome = exit
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> RETRY
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3
        "
        ),
        DONE(State::Retry)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Retry));
    desk.add(&["b"]);
    desk.wake("a", 1_000);
    assert_eq!(super::names(&desk.claim(&who, 2)), ["b", "a"]);
    assert_eq!(desk.field("a", "attempts"), "2");
}

#[test]
fn a_snooze_uses_up_no_attempt() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let settle = |desk: &Desk| desk.fail("a", &token, "snooze", 60_000);
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = snoozed id=a q=q n=1 w=w h=h-w o=exit d=3 due=NOW+60s
            - held:w a = F1-nw
            + in:SCHEDULED:q a = NOW+60s
            - in:STARTED:q a = NOW
            ~ job:a attempts = 1 -> 0
            + job:a detail = 3
            + job:a due = NOW+60s
            + job:a error = exit code 3
            + job:a outcome = exit
            - job:a seq = 1
            + job:a settled = F1-nw
            + job:a snoozes = 1
            ~ job:a state = STARTED -> SCHEDULED
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3
        "
        ),
        DONE(State::Scheduled)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Scheduled));
    desk.wake("a", 1_000);
    assert_eq!(desk.start(&who, "a").attempt, 1);
}

#[test]
fn a_failure_ends_the_job() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let settle = |desk: &Desk| desk.fail("a", &token, "failure", 0);
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = failed id=a q=q n=1 w=w h=h-w o=exit d=3 r=exit code 3
            - held:w a = F1-nw
            + in:FAILURE:q a = NOW
            - in:STARTED:q a = NOW
            + job:a detail = 3
            + job:a error = exit code 3
            + job:a failures = 1
            + job:a finished = NOW
            + job:a outcome = exit
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> FAILURE
            - job:a token = F1-nw
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+14d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3
        "
        ),
        DONE(State::Failure)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Failure));
}

#[test]
fn a_revoked_run_ends_the_job() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    desk.cancel("a");
    let settle = |desk: &Desk| desk.fail("a", &token, "revoke", 0);
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = revoked id=a q=q n=1 w=w h=h-w o=cancelled d=3 r=cancelled by ann@desk
            - held:w a = F1-nw
            + in:REVOKED:q a = NOW
            - in:STARTED:q a = NOW
            - job:a cancel = 1
            + job:a detail = 3
            + job:a error = exit code 3
            + job:a finished = NOW
            + job:a outcome = cancelled
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> REVOKED
            - job:a token = F1-nw
            - mail:w a = cancel
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 3
        "
        ),
        DONE(State::Revoked)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Revoked));
}

#[test]
fn a_cut_run_goes_back_to_its_place() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.add(&["b"]);
    let settle = |desk: &Desk| desk.fail("a", &token, "lost", 0);
    assert_eq!(
        desk.expect(
            settle,
            "
            + event = lost id=a q=q n=1 w=w h=h-w o=lease_lost
            - held:w a = F1-nw
            + in:PENDING:q a = p0#1
            - in:STARTED:q a = NOW
            + job:a blame = 1
            + job:a cut = h-w
            + job:a detail = 
            + job:a losses = 1
            + job:a outcome = lease_lost
            + job:a ready = NOW
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> PENDING
            - job:a token = F1-nw
            + tries:a 0 = 1 F1 w@h-w NOW..NOW lease_lost null
        "
        ),
        DONE(State::Pending)
    );
    assert_eq!(desk.unchanged(settle), DONE(State::Pending));
    assert_eq!(desk.start(&who, "a").cut_on.as_deref(), Some("h-w"));
}

#[test]
fn a_cancel_goes_before_every_verdict_but_success() {
    for (verdict, state) in
        [("retry", "REVOKED"), ("snooze", "REVOKED"), ("failure", "REVOKED"), ("lost", "REVOKED")]
    {
        let desk = Desk::new();
        let (_, token) = desk.running();
        desk.cancel("a");
        assert_eq!(desk.fail("a", &token, verdict, 1_000), DONE(State::Revoked), "{verdict}");
        assert_eq!(desk.state("a"), state, "{verdict}");
    }
    let desk = Desk::new();
    let (_, token) = desk.running();
    desk.cancel("a");
    desk.expect(
        |desk| desk.finish("a", &token),
        "
            + event = succeeded id=a q=q n=1 w=w h=h-w o=exit d=0
            - held:w a = F1-nw
            - in:STARTED:q a = NOW
            + in:SUCCESS:q a = NOW
            - job:a cancel = 1
            + job:a detail = 0
            + job:a finished = NOW
            + job:a outcome = exit
            - job:a reason = cancelled by ann@desk
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> SUCCESS
            - job:a token = F1-nw
            - mail:w a = cancel
            ~ queue:q bytes = BYTES -> 0
            + retain a = NOW+1d
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 0
        ",
    );
}

/// All settles, with a token.
fn settles(desk: &Desk, name: &str, token: &str) -> Vec<Settled> {
    let mut answers = vec![desk.finish(name, token)];
    for verdict in ["retry", "snooze", "failure", "revoke", "lost"] {
        answers.push(desk.fail(name, token, verdict, 0));
    }
    for why in ["stop", "starved", "refused"] {
        answers.push(desk.release(name, token, why));
    }
    answers
}

#[test]
fn a_stale_token_changes_nothing_in_any_state() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let names = ["success", "failure", "revoked", "retry", "snoozed", "pending", "started"];
    desk.add(&names);
    let mut later = job("scheduled");
    later.not_before = Some(When::In(60_000));
    let mut late = job("expired");
    late.expires = Some(When::At(1));
    let old: Vec<String> = desk.claim(&who, 7).into_iter().map(|job| job.token).collect();
    let again = desk.worker("v");
    for (name, token) in names.iter().zip(&old) {
        desk.release(name, token, "stop");
    }
    let new: Vec<String> = desk.claim(&again, 7).into_iter().map(|job| job.token).collect();
    desk.enqueue(&[later, late]);
    desk.finish("success", &new[0]);
    desk.fail("failure", &new[1], "failure", 0);
    desk.cancel("revoked");
    desk.fail("revoked", &new[2], "revoke", 0);
    desk.fail("retry", &new[3], "retry", 60_000);
    desk.fail("snoozed", &new[4], "snooze", 60_000);
    desk.run(desk.store.handback(&again)).unwrap();
    desk.run(desk.store.chores(&[id("q")])).unwrap();
    let third = desk.worker("u");
    assert_eq!(super::names(&desk.claim(&third, 1)), ["pending"]);
    assert_eq!(super::names(&desk.claim(&third, 1)), ["started"]);
    desk.release("pending", &desk.field("pending", "token"), "stop");
    let states: Vec<String> =
        names.iter().chain(&["scheduled", "expired"]).map(|name| desk.state(name)).collect();
    let expected =
        ["SUCCESS", "FAILURE", "REVOKED", "RETRY", "SCHEDULED", "PENDING", "STARTED", "SCHEDULED", "EXPIRED"];
    assert_eq!(states, expected);
    desk.unchanged(|desk| {
        for name in names.iter().chain(&["scheduled", "expired", "unheard-of"]) {
            for token in old.iter().chain(["", "-", "1-nw"].map(str::to_owned).iter()) {
                let lost = settles(desk, name, token).iter().all(|answer| *answer == Settled::Lost);
                assert!(lost, "{name} with {token}");
                assert!(!desk.run(desk.store.log(&id(name), token, &Default::default())).unwrap());
            }
        }
    });
}

#[test]
fn who_was_taken_over_is_told_so() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.takeover(&desk.peer(&who), 30_000);
    assert!(desk.unchanged(|desk| settles(desk, "a", &token)).iter().all(|answer| *answer == Settled::Lost));
    let who = desk.worker("v");
    let token = desk.start(&who, "a").token;
    desk.run(desk.store.handback(&who)).unwrap();
    assert!(desk.unchanged(|desk| settles(desk, "a", &token)).iter().all(|answer| *answer == Settled::Lost));
}

#[test]
fn the_last_ten_attempts_are_kept() {
    let desk = Desk::new();
    let (who, mut token) = desk.running();
    for _ in 0..12 {
        desk.fail("a", &token, "retry", 0);
        desk.wake("a", 1_000);
        token = desk.start(&who, "a").token;
    }
    desk.finish("a", &token);
    let report = desk.run(desk.store.show(&["a"])).unwrap().remove(0).unwrap();
    let numbers: Vec<u32> = report.attempts.iter().map(|attempt| attempt.attempt).collect();
    assert_eq!(numbers, (4..=13).collect::<Vec<u32>>());
    assert_eq!((report.attempt, report.failures), (13, 12));
}

#[test]
fn every_outcome_is_stored_and_read_back() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let outcomes = [
        Outcome::Exit(255),
        Outcome::Signal { number: 11, core: true },
        Outcome::Timeout,
        Outcome::NotFound,
        Outcome::TooBig,
    ];
    for (place, outcome) in outcomes.into_iter().enumerate() {
        let name = format!("j{place}");
        desk.add(&[&name]);
        let token = desk.start(&who, &name).token;
        let left = Left { tail: "{\"b64\":\"/w==\"}".into(), result: "[1]".into(), note: String::new() };
        let failed =
            Failed { outcome, verdict: "failure", delay_ms: 0, error: "words \"and\" more", left: &left };
        desk.run(desk.store.fail(&id(&name), &token, &failed)).unwrap();
        let report = desk.run(desk.store.show(&[&name])).unwrap().remove(0).unwrap();
        assert_eq!((report.outcome, report.attempts[0].outcome), (Some(outcome), Some(outcome)));
        assert_eq!(report.error.as_deref(), Some("words \"and\" more"));
    }
}

#[test]
fn a_name_of_another_namespace_is_not_touched() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let target = jobq::core::link::Target::parse(&desk.server.url(), &Default::default(), None).unwrap();
    let link = jobq::core::link::Link::new(target, Default::default());
    let other = jobq::core::store::Store::new(link, id("other"));
    let answer = desk.unchanged(|desk| desk.run(other.finish(&id("a"), &token, 0, &Left::default())));
    assert!(matches!(answer, Ok::<_, Error>(Settled::Lost)));
}
