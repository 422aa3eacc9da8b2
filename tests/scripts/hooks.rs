//! What the end of a job sets off, in the same script; and what a running job says of itself.

use jobq::core::report::Progress;
use jobq::core::store::{Identity, Left, NewJob};

use super::{Desk, id, job};

/// A job of task `t` with hooks and an alert policy.
fn hooked(name: &str, hooks: &str, alert: &str) -> NewJob {
    let mut job = job(name);
    job.spec.task = Some(id("t"));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (job.spec.hooks, job.spec.alert) = (some(hooks), some(alert));
    job
}

/// Ids in queue `hooks`, in the order in which they will run.
fn made(desk: &Desk) -> Vec<String> {
    desk.books().zset("in:PENDING:hooks").iter().map(|(id, _)| id.clone()).collect()
}

/// Runs one job of task `t`.
fn run(desk: &Desk, who: &Identity, name: &str, policy: &str, good: bool) {
    desk.enqueue(&[hooked(name, "", policy)]);
    let token = desk.start(who, name).token;
    if good {
        desk.finish(name, &token);
    } else {
        desk.fail(name, &token, "failure", 0);
    }
}

#[test]
fn a_hook_is_made_with_the_end_and_only_once() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.enqueue(&[hooked("a", "success,failure", "")]);
    let token = desk.start(&who, "a").token;
    desk.expect(|desk| desk.finish("a", &token), "
            + event = succeeded id=a q=q t=t n=1 w=w h=h-w o=exit d=0
            + event = enqueued id=a.success q=hooks t=t p=a r=success
            - held:w a = F1-nw
            + in:PENDING:hooks a.success = p0#2
            - in:STARTED:q a = NOW
            + in:SUCCESS:q a = NOW
            + job:a detail = 0
            + job:a finished = NOW
            + job:a outcome = exit
            - job:a seq = 1
            + job:a settled = F1-nw
            ~ job:a state = STARTED -> SUCCESS
            - job:a token = F1-nw
            + job:a.success bytes = BYTES
            + job:a.success cause = {\"attempt\":\"1\",\"detail\":\"0\",\"id\":\"a\",\"outcome\":\"exit\",\"queue\":\"q\",\"state\":\"SUCCESS\"}
            + job:a.success enq = NOW
            + job:a.success queue = hooks
            + job:a.success seq = 2
            + job:a.success state = PENDING
            + job:a.success sum = SUM
            + job:a.success task = t
            ~ meta seq = 1 -> 2
            + queue:hooks bytes = BYTES
            ~ queue:q bytes = BYTES -> 0
            + queues hooks = 0
            + retain a = NOW+1d
            + spec:a.success = SPEC
            + tries:a 0 = 1 F1 w@h-w NOW..NOW exit 0
        ");
    desk.unchanged(|desk| desk.finish("a", &token));
    let jobs = desk.pulse(&who, "hook", 1, &[("hooks", 1)]).jobs;
    let cause: serde_json::Value = serde_json::from_str(jobs[0].cause.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&cause["id"], &cause["state"], &cause["outcome"]),
        (&"a".into(), &"SUCCESS".into(), &"exit".into())
    );
    // A hook has no hooks.
    desk.fail("a.success", &jobs[0].token, "failure", 0);
    assert!(made(&desk).is_empty());
}

#[test]
fn each_end_has_its_event() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let all = "success,failure,retry";
    desk.enqueue(&["a", "b", "c", "d", "e"].map(|name| hooked(name, all, "")));
    desk.enqueue(&[hooked("f", "success", "")]);
    let tokens: Vec<String> = desk.claim(&who, 6).into_iter().map(|job| job.token).collect();
    desk.fail("a", &tokens[0], "retry", 0);
    desk.fail("b", &tokens[1], "failure", 0);
    desk.fail("c", &tokens[2], "snooze", 0);
    desk.fail("d", &tokens[3], "revoke", 0);
    desk.release("e", &tokens[4], "stop");
    desk.fail("f", &tokens[5], "failure", 0);
    assert_eq!(made(&desk), ["a.retry.1", "b.failure"]);
}

#[test]
fn a_lost_job_that_ends_has_its_hook_too() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut once = hooked("a", "failure", "c1");
    once.spec.on_lost = jobq::core::spec::OnLost::Fail;
    desk.enqueue(&[once]);
    desk.start(&who, "a");
    desk.takeover(&desk.peer(&who), 30_000);
    assert_eq!(made(&desk), ["a.failure", "a.alert"]);
}

#[test]
fn a_hook_whose_name_is_taken_has_another() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let long = "x".repeat(128);
    desk.enqueue(&[hooked("a", "success", ""), hooked(&long, "success", ""), job("a.success")]);
    for job in desk.claim(&who, 2) {
        desk.finish(job.id.as_str(), &job.token);
    }
    let hooks = made(&desk);
    assert!(hooks[0].starts_with("a.success.") && hooks[1].starts_with("xxx"), "{hooks:?}");
}

#[test]
fn an_incident_is_told_once_reminded_and_ended() {
    let desk = Desk::new();
    let who = desk.worker("w");
    for name in ["a", "b", "c", "d"] {
        run(&desk, &who, name, "c2", false);
    }
    assert_eq!(made(&desk), ["b.alert"]);
    desk.raw(&["HSET", "jobq:{t}:alert:t", "remind_at", "1000"]);
    run(&desk, &who, "e", "c2", false);
    run(&desk, &who, "f", "c2", false);
    assert_eq!(made(&desk), ["b.alert", "e.reminder"]);
    run(&desk, &who, "g", "c2", true);
    run(&desk, &who, "h", "c2", true);
    assert_eq!(made(&desk), ["b.alert", "e.reminder", "g.recovery"]);
    run(&desk, &who, "i", "c2", false);
    assert_eq!(made(&desk).len(), 3);
}

#[test]
fn failures_of_the_last_runs_are_an_incident() {
    let desk = Desk::new();
    let who = desk.worker("w");
    for (name, good) in [("a", false), ("b", true), ("c", false), ("d", true)] {
        run(&desk, &who, name, "f2/3", good);
    }
    assert_eq!(made(&desk), ["c.alert", "d.recovery"]);
}

#[test]
fn progress_is_the_holders_to_tell() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let half = Progress { percent: Some(50.0), message: Some("resizing".to_owned()) };
    let tell = |desk: &Desk| desk.run(desk.store.progress(&id("a"), &token, &half)).unwrap();
    assert!(desk.expect(
        tell,
        "
            + job:a message = resizing
            + job:a percent = 50
        "
    ));
    assert!(desk.unchanged(tell));
    let left = Left { result: "{\"n\":1}".to_owned(), ..Left::default() };
    let failed = jobq::core::store::Failed {
        outcome: jobq::core::outcome::Outcome::Timeout,
        verdict: "retry",
        delay_ms: 0,
        error: "timed out",
        left: &left,
    };
    desk.run(desk.store.fail(&id("a"), &token, &failed)).unwrap();
    assert!(!desk.unchanged(tell));
    let report = desk.run(desk.store.show(&["a"])).unwrap().remove(0).unwrap();
    assert_eq!((report.result, report.progress), (Some(serde_json::json!({"n": 1})), Some(half.clone())));
    // The next attempt begins with neither.
    desk.wake("a", 1_000);
    desk.start(&who, "a");
    let report = desk.run(desk.store.show(&["a"])).unwrap().remove(0).unwrap();
    assert_eq!((report.result, report.progress), (None, None));
}
