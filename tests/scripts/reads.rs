//! The reading side, as a user who may only read.

use jobq::core::error::Error;
use jobq::core::state::State;
use jobq::core::stats::{Counter, Kind, Window};
use jobq::core::store::{NewJob, OutputBatch, When};

use super::{Desk, ann, id, job, store};

const VIEWER: &[&str] = &[
    "ACL",
    "SETUSER",
    "viewer",
    "on",
    ">pw",
    "%R~jobq:{t}:*",
    "&jobq:{t}:*",
    "+@read",
    "+@connection",
    "+eval_ro",
    "+evalsha_ro",
    "+info",
    "+subscribe",
];

/// One job in each state, some of them in it only by the clock.
fn furnish(desk: &Desk) {
    let who = desk.worker("w");
    desk.add(&["success", "failure", "retry", "retry-due", "started"]);
    let token = |job: &jobq::core::store::Claimed| job.token.clone();
    let tokens: Vec<String> = desk.claim(&who, 5).iter().map(token).collect();
    let batch = OutputBatch { totals: [9, 0], chunks: vec![(1, 1, 0, b"hello".to_vec())], drop: vec![] };
    desk.run(desk.store.log(&id("success"), &tokens[0], &batch)).unwrap();
    desk.finish("success", &tokens[0]);
    desk.fail("failure", &tokens[1], "failure", 0);
    desk.fail("retry", &tokens[2], "retry", 3_600_000);
    desk.fail("retry-due", &tokens[3], "retry", 3_600_000);
    desk.wake("retry-due", 1_000);
    let (later, far) = (Some(When::In(3_600_000)), Some(When::In(7_200_000)));
    desk.enqueue(&[
        job("pending"),
        NewJob { expires: Some(When::At(1_000)), ..job("late") },
        NewJob { not_before: later, expires: far, ..job("scheduled") },
        NewJob { not_before: later, ..job("scheduled-due") },
        job("revoked"),
    ]);
    desk.wake("scheduled-due", 1_000);
    desk.cancel("revoked");
}

#[test]
fn a_viewer_sees_everything_and_changes_nothing() {
    let desk = Desk::new();
    furnish(&desk);
    desk.raw(VIEWER);
    let viewer = store(&format!("{}?user=viewer&pass=pw", desk.server.url()));
    let answers = desk.unchanged(|desk| {
        let names = [
            "success",
            "failure",
            "retry",
            "retry-due",
            "started",
            "pending",
            "late",
            "scheduled",
            "scheduled-due",
            "revoked",
            "unheard-of",
        ];
        let reports = desk.run(viewer.show(&names)).unwrap();
        let page = desk.run(viewer.output("success", 0)).unwrap().unwrap();
        assert_eq!(page.chunks, [(1, 1, 0, b"hello".to_vec())]);
        let failures = desk.run(viewer.failures("q", 9)).unwrap();
        assert_eq!(
            (failures.len(), failures[0].id.as_str(), failures[0].error.as_deref()),
            (1, "failure", Some("exit code 3"))
        );
        let (_, workers) = desk.run(viewer.workers()).unwrap();
        assert_eq!((workers.len(), workers[0].id.as_str(), workers[0].held), (1, "w", 1));
        assert!(desk.run(viewer.knows_queue(&id("q"))).unwrap());
        assert!(!desk.run(viewer.knows_queue(&id("nope"))).unwrap());
        let day = Window::of_ms(86_400_000).unwrap();
        let stats = desk.run(viewer.stats(Kind::Queue, day)).unwrap().stats;
        assert_eq!((stats[0].name.as_str(), stats[0].total.get(Counter::Succeeded)), ("q", 1));
        let overview = desk.run(viewer.overview()).unwrap();
        assert_eq!((overview.failures.len(), overview.queues.len()), (1, 2));
        reports
    });
    let states: Vec<Option<State>> =
        answers.iter().map(|report| report.as_ref().map(|report| report.state)).collect();
    let expected = [
        State::Success,
        State::Failure,
        State::Retry,
        State::Pending,
        State::Started,
        State::Pending,
        State::Expired,
        State::Scheduled,
        State::Pending,
        State::Revoked,
    ];
    assert_eq!(states, expected.map(Some).into_iter().chain([None]).collect::<Vec<_>>());
    let success = answers[0].as_ref().unwrap();
    assert_eq!((success.output.stdout_bytes, success.output.dropped, success.workers), (9, 4, 1));
    assert!((success.now_ms - desk.now_ms()).abs() < 60_000);
}

#[test]
fn a_viewer_is_refused_every_change() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    desk.raw(VIEWER);
    let viewer = store(&format!("{}?user=viewer&pass=pw", desk.server.url()));
    desk.unchanged(|desk| {
        let refused = [
            desk.run(viewer.enqueue(&[job("b")])).err(),
            desk.run(viewer.finish(&id("a"), &token, 0, &Default::default())).err(),
            desk.run(viewer.cancel(&[id("a")], &ann(""), &[])).err(),
            desk.run(viewer.purge(&id("q"), &ann(""))).err(),
        ];
        for error in refused {
            assert!(matches!(error, Some(Error::Denied { .. })), "{error:?}");
        }
    });
}

#[test]
fn queues_count_shown_states() {
    let desk = Desk::new();
    furnish(&desk);
    let (_, queues) = desk.unchanged(|desk| desk.run(desk.store.queues()).unwrap());
    let queue = queues.iter().find(|queue| queue.name == "q").unwrap();
    let counts: Vec<(State, u64)> = State::ALL
        .into_iter()
        .map(|state| (state, queue.count(state)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let expected = [
        (State::Scheduled, 1),
        (State::Pending, 3),
        (State::Started, 1),
        (State::Retry, 1),
        (State::Success, 1),
        (State::Failure, 1),
        (State::Revoked, 1),
        (State::Expired, 1),
    ];
    assert_eq!(counts, expected);
    assert_eq!((queue.depth, queue.workers, queue.max_depth), (6, 1, None));
}

#[test]
fn many_queues_and_workers_are_read_in_pages() {
    let desk = Desk::new();
    let queues: Vec<String> = (0..120).map(|number| format!("q{number:03}")).collect();
    let jobs: Vec<NewJob> = queues
        .iter()
        .map(|queue| {
            let mut job = job(&format!("in-{queue}"));
            job.spec.queue = id(queue);
            job
        })
        .collect();
    desk.enqueue(&jobs);
    for number in 0..60 {
        let registration = super::registration(&format!("w{number:02}"), &["q000"]);
        desk.run(desk.store.register(&registration)).unwrap();
    }
    let (_, seen) = desk.run(desk.store.queues()).unwrap();
    assert_eq!(seen.iter().map(|queue| queue.name.clone()).collect::<Vec<_>>(), queues);
    assert_eq!(seen[0].workers, 60);
    assert_eq!(desk.run(desk.store.workers()).unwrap().1.len(), 60);
}
