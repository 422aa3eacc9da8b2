//! enqueue and limit.

use std::time::Duration;

use jobq::core::error::Error;
use jobq::core::state::State;
use jobq::core::store::{Accepted, Enqueued, Full, Left, NewJob, When};

use super::{Bound, Desk, ann, id, job};

fn created(state: State) -> Accepted {
    Accepted { created: true, state: Some(state), same: true, workers: 0 }
}

fn known(state: Option<State>, same: bool) -> Accepted {
    Accepted { created: false, state, same, workers: 0 }
}

fn with_priority(name: &str, priority: i32) -> NewJob {
    let mut job = job(name);
    job.spec.priority = priority;
    job
}

#[test]
fn a_fresh_job_stands_ready() {
    let desk = Desk::new();
    let answer = desk.expect(
        |desk| desk.enqueue(&[job("a")]),
        "
            + event = enqueued id=a q=q
            + in:PENDING:q a = p0#1
            + job:a bytes = BYTES
            + job:a enq = NOW
            + job:a queue = q
            + job:a seq = 1
            + job:a state = PENDING
            + job:a sum = SUM
            + meta format = 1
            + meta seq = 1
            + queue:q bytes = BYTES
            + queues q = 0
            + spec:a = SPEC
        ",
    );
    assert_eq!(answer, Enqueued::Accepted(vec![created(State::Pending)]));
}

#[test]
fn every_option_is_written_beside_the_spec() {
    let desk = Desk::new();
    let mut full = job("a");
    full.spec.priority = 7;
    full.spec.on_lost = jobq::core::spec::OnLost::Fail;
    full.spec.lease_ms = Some(5_000);
    full.spec.result_ttl_ms = Some(1);
    full.spec.failure_ttl_ms = Some(2);
    full.stdin = Some(b"in".to_vec());
    full.expires = Some(When::In(7_200_000));
    full.not_before = Some(When::In(3_600_000));
    desk.expect(
        |desk| desk.enqueue(&[full]),
        "
            + event = enqueued id=a q=q due=NOW+1h
            + expiry:q a = NOW+2h
            + in:SCHEDULED:q a = NOW+1h
            + job:a bytes = BYTES
            + job:a due = NOW+1h
            + job:a enq = NOW
            + job:a expires = NOW+2h
            + job:a fttl = 2
            + job:a lease = 5000
            + job:a onlost = fail
            + job:a prio = 7
            + job:a queue = q
            + job:a rttl = 1
            + job:a state = SCHEDULED
            + job:a sum = SUM
            + meta format = 1
            + queue:q bytes = BYTES
            + queues q = 0
            + spec:a = SPEC
            + stdin:a = in
        ",
    );
}

#[test]
fn a_known_id_makes_no_second_job() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let same = desk.unchanged(|desk| desk.enqueue(&[job("a")]));
    assert_eq!(same, Enqueued::Accepted(vec![known(Some(State::Pending), true)]));
    let other = desk.unchanged(|desk| desk.enqueue(&[with_priority("a", 1)]));
    assert_eq!(other, Enqueued::Accepted(vec![known(Some(State::Pending), false)]));
}

#[test]
fn another_time_or_origin_is_the_same_request() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let mut again = job("a");
    again.spec.created_at = "2030-01-01T00:00:00Z".to_owned();
    again.spec.origin.host = "elsewhere".to_owned();
    let answer = desk.unchanged(|desk| desk.enqueue(&[again]));
    assert_eq!(answer, Enqueued::Accepted(vec![known(Some(State::Pending), true)]));
}

#[test]
fn a_tombstone_keeps_the_id() {
    let desk = Desk::new();
    desk.add(&["b"]);
    desk.raw(&["ZADD", "jobq:{t}:tombs", "9999999999999", "a"]);
    let answer = desk.unchanged(|desk| desk.enqueue(&[job("a")]));
    assert_eq!(answer, Enqueued::Accepted(vec![known(None, false)]));
}

#[test]
fn a_delay_that_is_over_is_no_delay() {
    let desk = Desk::new();
    let mut late = job("a");
    late.not_before = Some(When::At(1));
    let mut now = job("b");
    now.not_before = Some(When::In(0));
    let mut later = job("c");
    later.not_before = Some(When::In(60_000));
    let answer = desk.enqueue(&[late, now, later]);
    let states = [State::Pending, State::Pending, State::Scheduled];
    assert_eq!(answer, Enqueued::Accepted(states.map(created).to_vec()));
    assert_eq!(["a", "b", "c"].map(|name| desk.state(name)), ["PENDING", "PENDING", "SCHEDULED"]);
}

#[test]
fn a_full_queue_takes_nothing_at_all() {
    let desk = Desk::new();
    desk.run(desk.store.limit(&id("q"), &ann(""), &[("max_depth", Bound::Most(3))])).unwrap();
    desk.add(&["a", "b"]);
    let mut elsewhere = job("x");
    elsewhere.spec.queue = id("r");
    let answer = desk.unchanged(|desk| desk.enqueue(&[elsewhere, job("c"), job("d")]));
    let full = Full { queue: "q".into(), what: "depth".into(), have: 2, limit: 3 };
    assert_eq!(answer, Enqueued::Full(full));
    // Known ids need no room, so a repeat of what made the queue full is no refusal.
    desk.add(&["c"]);
    let answer = desk.unchanged(|desk| desk.enqueue(&[job("a"), job("c")]));
    assert!(matches!(answer, Enqueued::Accepted(_)));
}

#[test]
fn bytes_are_limited_with_the_input() {
    let desk = Desk::new();
    let size = job("a").spec.to_json().unwrap().len() as u64;
    desk.run(desk.store.limit(&id("q"), &ann(""), &[("max_bytes", Bound::Most(2 * size + 10))])).unwrap();
    desk.add(&["a"]);
    let mut big = job("b");
    big.stdin = Some(vec![b'x'; 11]);
    let answer = desk.unchanged(|desk| desk.enqueue(&[big]));
    let full = Full { queue: "q".into(), what: "bytes".into(), have: size, limit: 2 * size + 10 };
    assert_eq!(answer, Enqueued::Full(full));
    let mut fits = job("b");
    fits.stdin = Some(vec![b'x'; 10]);
    assert!(matches!(desk.enqueue(&[fits]), Enqueued::Accepted(_)));
}

#[test]
fn an_id_twice_in_a_batch_is_one_job() {
    let desk = Desk::new();
    let answer = desk.enqueue(&[job("a"), job("a"), with_priority("a", 9)]);
    let pending = Some(State::Pending);
    let expected = vec![created(State::Pending), known(pending, true), known(pending, false)];
    assert_eq!(answer, Enqueued::Accepted(expected));
    assert_eq!(desk.books().family("job:").count(), 1);
}

#[test]
fn empty_input_is_not_no_input() {
    let desk = Desk::new();
    let mut empty = job("a");
    empty.stdin = Some(Vec::new());
    desk.enqueue(&[empty, job("b")]);
    let who = desk.worker("w");
    let inputs: Vec<Option<Vec<u8>>> = desk.claim(&who, 2).into_iter().map(|job| job.stdin).collect();
    assert_eq!(inputs, [Some(Vec::new()), None]);
}

#[test]
fn limits_are_set_and_cleared() {
    let desk = Desk::new();
    let limit =
        |settings: &[(&str, Bound)]| desk.run(desk.store.limit(&id("q"), &ann(""), settings)).unwrap();
    desk.expect(
        |_| limit(&[("max_depth", Bound::Most(5)), ("max_bytes", Bound::Most(9))]),
        "
            + event = limited q=q s=max_depth=5 max_bytes=9 u=ann h=desk
            + meta format = 1
            + queue:q max_bytes = 9
            + queue:q max_depth = 5
            + queues q = 0
        ",
    );
    desk.expect(
        |_| limit(&[("max_depth", Bound::Unsaid)]),
        "
            + event = limited q=q s=max_depth=none u=ann h=desk
            - queue:q max_depth = 5
        ",
    );
}

#[test]
fn another_format_is_refused_by_every_changing_verb() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "2"]);
    let peer = desk.peer(&who);
    desk.unchanged(|desk| {
        let store = &desk.store;
        let registration = super::registration("v", &["q"]);
        let failed = jobq::core::store::Failed {
            outcome: jobq::core::outcome::Outcome::Exit(1),
            verdict: "failure",
            delay_ms: 0,
            error: "",
            left: &Left::default(),
        };
        let request = jobq::core::store::ClaimRequest {
            identity: &who,
            request: "r",
            want: 1,
            mode: "running",
            connection: None,
            peers_after: None,
            full: true,
            queues: &[("q", 1)],
        };
        let a = id("a");
        let errors = [
            desk.run(store.enqueue(&[job("b")])).err(),
            desk.run(store.register(&registration)).err(),
            desk.run(store.claim(&request)).err(),
            desk.run(store.renew(&who, "running", None, 9, &[], None)).err(),
            desk.run(store.takeover(&id("taker"), &peer, 60_000, 0)).err(),
            desk.run(store.handback(&who)).err(),
            desk.run(store.bye(&who)).err(),
            desk.run(store.finish(&a, &token, 0, &Left::default())).err(),
            desk.run(store.fail(&a, &token, &failed)).err(),
            desk.run(store.release(&a, &token, "stop", "")).err(),
            desk.run(store.log(&a, &token, &Default::default())).err(),
            desk.run(store.cancel(std::slice::from_ref(&a), &ann(""), &[])).err(),
            desk.run(store.limit(&id("q"), &ann(""), &[("max_depth", Bound::Unsaid)])).err(),
            desk.run(store.purge(&id("q"), &ann(""))).err(),
            desk.run(store.chores(&[id("q")])).err(),
        ];
        for (place, error) in errors.into_iter().enumerate() {
            let refused =
                matches!(&error, Some(Error::Format { stored, ours }) if stored == "2" && ours == "1");
            assert!(refused, "verb {place}: {error:?}");
        }
    });
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "1"]);
}

/// Whatever it is told: the guard stands before everything else that a verb does.
#[test]
fn no_changing_script_touches_another_format() {
    let desk = Desk::new();
    desk.running();
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "2"]);
    let args = [b"1".as_slice(); 40];
    for script in jobq::core::script::all().into_iter().filter(|script| !script.reads_only) {
        let reply = desk.unchanged(|desk| desk.run(desk.store.link().call(script, &args)).unwrap());
        assert!(format!("{reply:?}").contains("FORMAT"), "{}: {reply:?}", script.name);
    }
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "1"]);
}

#[test]
fn forgotten_scripts_are_sent_again() {
    let desk = Desk::new();
    desk.server.flush_scripts();
    let (_, token) = desk.running();
    desk.server.flush_scripts();
    desk.finish("a", &token);
    assert_eq!(desk.state("a"), "SUCCESS");
}

#[test]
fn a_touch_changes_nothing_and_says_whether_the_jobs_are_there() {
    let desk = Desk::new();
    desk.add(&["a", "b"]);
    let touch = |names: &[&str]| {
        let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
        desk.unchanged(|desk| desk.run(desk.store.replicated(&ids, 0, Duration::ZERO))).unwrap()
    };
    assert_eq!(touch(&["a", "b"]), Some(0));
    assert_eq!(touch(&["a", "nobody"]), None);
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "2"]);
    let refused = desk.run(desk.store.replicated(&[id("a")], 0, Duration::ZERO));
    assert!(matches!(refused, Err(Error::Format { .. })), "{refused:?}");
    desk.raw(&["HSET", "jobq:{t}:meta", "format", "1"]);
}
