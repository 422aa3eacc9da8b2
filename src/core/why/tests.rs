use super::super::name::Name;
use super::super::report::{JobReport, OutputTotals};
use super::super::spec::Spec;
use super::*;

const NOW: i64 = 1_796_112_000_000;

fn job(state: State) -> JobReport {
    JobReport {
        id: "a".into(),
        state,
        reason: None,
        spec: Spec::command(Name::new("q").unwrap(), vec!["true".into()]),
        attempt: 0,
        failures: 0,
        losses: 0,
        snoozes: 0,
        releases: 0,
        refusals: 0,
        outcome: None,
        error: None,
        result: None,
        progress: None,
        enqueued_ms: NOW - 60_000,
        due_ms: None,
        expires_ms: None,
        started_ms: None,
        finished_ms: None,
        worker: None,
        host: None,
        cancelling: false,
        output: OutputTotals::default(),
        output_gone: false,
        attempts: Vec::new(),
        workers: 0,
        now_ms: NOW,
    }
}

fn worker(mode: &str, slots: u64, held: u64) -> Serving {
    Serving { name: "w".into(), mode: mode.into(), slots, held }
}

fn served() -> Context {
    let workers = vec![worker("running", 2, 0)];
    Context { workers, ahead: Some(0), holder_seen_ms: Some(NOW), ..Context::default() }
}

#[test]
fn what_ended_or_runs_needs_nothing_around_it() {
    for (state, code) in [
        (State::Success, "succeeded"),
        (State::Failure, "failed"),
        (State::Revoked, "cancelled"),
        (State::Expired, "expired"),
        (State::Started, "running"),
        (State::Blocked, "blocked"),
        (State::Scheduled, "scheduled"),
        (State::Retry, "retry"),
        (State::Pending, "no_worker"),
    ] {
        let alone = Context { holder_seen_ms: Some(NOW), ..Context::default() };
        assert_eq!(Why::of(&job(state), &alone).code(), code);
    }
    let cancelling = JobReport { cancelling: true, ..job(State::Started) };
    assert_eq!(Why::of(&cancelling, &served()).code(), "cancelling");
}

#[test]
fn a_worker_that_is_not_heard_of_is_told_before_what_is_asked_of_it() {
    let mut context = served();
    for (seen_ms, silent) in [(Some(NOW - SILENT_MS + 1), false), (Some(NOW - SILENT_MS), true), (None, true)]
    {
        context.holder_seen_ms = seen_ms;
        for cancelling in [false, true] {
            let running = JobReport { cancelling, ..job(State::Started) };
            assert_eq!(matches!(Why::of(&running, &context), Why::Silent { workers: 1, .. }), silent);
        }
    }
}

#[test]
fn a_purge_covers_what_was_enqueued_before_it() {
    let mut context = served();
    context.purge = Some((NOW - 60_000, "by ann".into()));
    for state in [State::Pending, State::Scheduled, State::Retry, State::Blocked] {
        assert_eq!(Why::of(&job(state), &context).code(), "purging");
    }
    context.purge = Some((NOW - 60_001, "by ann".into()));
    assert_eq!(Why::of(&job(State::Pending), &context).code(), "in_line");
    assert_eq!(Why::of(&job(State::Started), &context).code(), "running");
}

#[test]
fn what_waits_for_a_time_says_whose_idea_that_was() {
    let refused = JobReport { refusals: 2, due_ms: Some(NOW + 2_000), ..job(State::Scheduled) };
    assert_eq!(Why::of(&refused, &served()), Why::Refused { next_ms: Some(NOW + 2_000) });
    let snoozed = JobReport { snoozes: 1, ..job(State::Scheduled) };
    assert_eq!(Why::of(&snoozed, &served()).code(), "snoozed");
    // Past its time it is ready, whatever the record still says.
    let due = JobReport { refusals: 2, due_ms: Some(NOW - 1), ..job(State::Pending) };
    assert_eq!(Why::of(&due, &served()).code(), "in_line");
}

#[test]
fn limits_go_before_the_line_and_missing_workers_before_limits() {
    let ready = job(State::Pending);
    let mut context = served();
    context.bounds = Bounds { max_running: Some(2), rate_ms: 1_000, ..Bounds::default() };
    context.running = 1;
    assert_eq!(Why::of(&ready, &context).code(), "in_line");
    context.running = 2;
    context.held_by = vec!["x".into(), "y".into()];
    assert_eq!(Why::of(&ready, &context), Why::LimitRunning { most: 2, jobs: vec!["x".into(), "y".into()] });
    context.workers = vec![worker("quiet", 2, 2), worker("draining", 2, 2)];
    assert_eq!(Why::of(&ready, &context), Why::WorkersQuiet { workers: 2 });
    context.workers.clear();
    context.last_seen_ms = Some(NOW - 5);
    assert_eq!(Why::of(&ready, &context), Why::NoWorker { last_seen_ms: Some(NOW - 5) });
}

#[test]
fn a_pause_keeps_what_could_run_and_nothing_else() {
    let mut context = Context { holder_seen_ms: Some(NOW), ..Context::default() };
    let pause = Pause { since_ms: NOW - 5, ..Pause::default() };
    context.pause = Some(pause.clone());
    assert_eq!(Why::of(&job(State::Pending), &context), Why::Paused(pause));
    assert_eq!(Why::of(&job(State::Started), &context).code(), "running");
    assert_eq!(Why::of(&job(State::Scheduled), &context).code(), "scheduled");
}

#[test]
fn a_rate_says_when_the_next_may_start() {
    let ready = job(State::Pending);
    let mut context = served();
    let bounds = |tokens, at| Bounds {
        max_running: None,
        rate: Some(10.0),
        rate_ms: 60_000,
        tokens: Some(tokens),
        tokens_at_ms: Some(at),
    };
    context.bounds = bounds(0.0, NOW);
    assert_eq!(Why::of(&ready, &context), Why::LimitRate { next_ms: NOW + 6_000 });
    context.bounds = bounds(0.5, NOW);
    assert_eq!(Why::of(&ready, &context), Why::LimitRate { next_ms: NOW + 3_000 });
    context.bounds = bounds(0.0, NOW - 6_000);
    assert_eq!(Why::of(&ready, &context).code(), "in_line");
    context.bounds = Bounds { rate: Some(0.0), ..bounds(0.0, NOW) };
    assert_eq!(Why::of(&ready, &context).code(), "in_line");
}

#[test]
fn the_turn_is_estimated_from_the_last_minutes_or_not_at_all() {
    let ready = job(State::Pending);
    let start = |context: &Context| match Why::of(&ready, context) {
        Why::InLine { start_ms, .. } => start_ms,
        other => panic!("{other:?}"),
    };
    let mut context = served();
    assert_eq!(start(&context), Some(NOW), "two places are free");
    context.ahead = Some(9);
    assert_eq!(start(&context), None, "nothing ended lately");
    // One a second: ten jobs and two places mean eight ends.
    context.ends_ms = (1..=10).map(|second| NOW - second * 1_000).collect();
    assert_eq!(start(&context), Some(NOW + 8_000));
    context.ends_ms.iter_mut().for_each(|end| *end -= 3_600_000);
    assert_eq!(start(&context), None, "an hour ago says nothing");
    context.ahead = None;
    assert_eq!(start(&context), None);
}
