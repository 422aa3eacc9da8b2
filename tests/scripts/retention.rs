//! What is kept, for how long, and what goes first.

use jobq::core::script;
use jobq::core::store::{NewJob, OutputBatch};

use super::{Desk, ann, id, job};
use crate::support::resp::Value;

fn chores(desk: &Desk) {
    desk.run(desk.store.chores(&[])).unwrap();
}

/// Ends a job with output; its record may go at once.
fn ended(desk: &Desk, name: &str, output: &str) {
    let who = desk.worker("w");
    let mut short = job(name);
    short.spec.result_ttl_ms = Some(0);
    desk.enqueue(&[NewJob { stdin: Some(b"in".to_vec()), ..short }]);
    let token = desk.start(&who, name).token;
    let chunks = vec![(1, 1, 0, output.as_bytes().to_vec())];
    let batch = OutputBatch { totals: [output.len() as u64, 0], chunks, drop: vec![] };
    desk.run(desk.store.log(&id(name), &token, &batch)).unwrap();
    desk.finish(name, &token);
}

#[test]
fn a_record_past_its_time_leaves_a_tombstone() {
    let desk = Desk::new();
    ended(&desk, "a", "hello");
    desk.expect(
        chores,
        "
            + event = deleted id=a q=q r=its time was over
            - in:SUCCESS:q a = NOW
            - job:a attempts = 1
            - job:a bytes = BYTES
            - job:a detail = 0
            - job:a enq = NOW
            - job:a finished = NOW
            - job:a host = h-w
            - job:a outcome = exit
            - job:a queue = q
            - job:a rttl = 0
            - job:a settled = F1-nw
            - job:a started = NOW
            - job:a state = SUCCESS
            - job:a sum = SUM
            - job:a worker = w
            ~ meta out_bytes = 5 -> 0
            - out:a 1 = 1:0:hello
            - out:a bytes = 5
            - out:a stderr = 0
            - out:a stdout = 5
            - outputs a = NOW
            - retain a = NOW
            - spec:a = SPEC
            + tombs a = NOW+1d
            - tries:a 0 = 1 F1 w@h-w NOW..NOW exit 0
        ",
    );
    assert!(desk.run(desk.store.show(&["a"])).unwrap()[0].is_none());
}

#[test]
fn an_old_job_leaves_no_tombstone() {
    let desk = Desk::new();
    ended(&desk, "a", "hello");
    desk.raw(&["HSET", "jobq:{t}:job:a", "enq", "1000"]);
    chores(&desk);
    let books = desk.books();
    assert!(
        books.zset("tombs").is_empty() && books.keys.keys().all(|key| !key.ends_with(":a")),
        "{books:#?}"
    );
}

#[test]
fn each_state_is_kept_for_its_own_time() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["s", "f", "r"]);
    let jobs = desk.claim(&who, 2);
    desk.finish("s", &jobs[0].token);
    desk.fail("f", &jobs[1].token, "failure", 0);
    desk.cancel("r");
    let books = desk.books();
    let kept = |name: &str| {
        let until: i64 = books.zset("retain").iter().find(|(one, _)| one == name).unwrap().1.parse().unwrap();
        until - books.hash(&format!("job:{name}"))["finished"].parse::<i64>().unwrap()
    };
    assert_eq!([kept("s"), kept("f"), kept("r")], [86_400_000, 1_209_600_000, 86_400_000]);
}

#[test]
fn twenty_records_go_at_a_time() {
    let desk = Desk::new();
    let names: Vec<String> = (0..50).map(|number| format!("j{number}")).collect();
    desk.add(&names.iter().map(String::as_str).collect::<Vec<_>>());
    desk.run(desk.store.cancel(&names.iter().map(|name| id(name)).collect::<Vec<_>>(), &ann(""), &[]))
        .unwrap();
    for name in &names {
        desk.raw(&["ZADD", "jobq:{t}:retain", "1", name]);
    }
    let left: Vec<usize> = (0..3)
        .map(|_| {
            chores(&desk);
            desk.books().zset("retain").len()
        })
        .collect();
    assert_eq!(left, [30, 10, 0]);
    assert_eq!(desk.books().zset("tombs").len(), 50);
}

#[test]
fn tombstones_past_their_time_go() {
    let desk = Desk::new();
    desk.add(&["b"]);
    desk.raw(&["ZADD", "jobq:{t}:tombs", "1000", "old", "9999999999999", "young"]);
    desk.expect(
        chores,
        "
            - tombs old = 1000
        ",
    );
}

/// Calls a script with one of its constants changed.
fn call_with(desk: &Desk, script: &script::Script, constant: (&str, &str), args: &[&str]) -> Value {
    let source = script.source();
    assert!(source.contains(constant.0), "{} is a constant", constant.0);
    let source = source.replacen(constant.0, constant.1, 1);
    let mut call = vec!["EVAL", source.as_str(), "1", "jobq:{t}:meta"];
    call.extend(args);
    desk.raw(&call)
}

#[test]
fn the_oldest_output_goes_first() {
    let desk = Desk::new();
    for name in ["a", "b"] {
        ended(&desk, name, "hello");
        desk.raw(&["ZADD", "jobq:{t}:retain", "9999999999999", name]);
    }
    let (_, token) = {
        let who = desk.worker("w");
        desk.add(&["running"]);
        let token = desk.start(&who, "running").token;
        (who, token)
    };
    let batch = OutputBatch { totals: [3, 0], chunks: vec![(1, 1, 0, b"abc".to_vec())], drop: vec![] };
    desk.run(desk.store.log(&id("running"), &token, &batch)).unwrap();
    let small = ("MAX_OUTPUT_BYTES = 268435456", "MAX_OUTPUT_BYTES = 12");
    desk.expect(
        |desk| call_with(desk, &script::CHORES, small, &[]),
        "
            + job:a out_gone = 1
            ~ meta out_bytes = 13 -> 8
            - out:a 1 = 1:0:hello
            - out:a bytes = 5
            - out:a stderr = 0
            - out:a stdout = 5
            - outputs a = NOW
        ",
    );
    // Under the limit nothing goes; a running job's output never does.
    desk.unchanged(|desk| call_with(desk, &script::CHORES, small, &[]));
}

#[test]
fn a_queue_keeps_its_newest_finished_jobs() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let names: Vec<String> = (0..8).map(|number| format!("j{number}")).collect();
    desk.add(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let jobs = desk.claim(&who, 8);
    for (place, job) in jobs[..6].iter().enumerate() {
        match place % 3 {
            0 => {
                desk.finish(job.id.as_str(), &job.token);
            }
            1 => {
                desk.fail(job.id.as_str(), &job.token, "failure", 0);
            }
            _ => {
                desk.cancel(job.id.as_str());
                desk.fail(job.id.as_str(), &job.token, "revoke", 0);
            }
        }
        let finished = (1_000 + place).to_string();
        let name = job.id.as_str();
        let state = desk.state(name);
        desk.raw(&["ZADD", &format!("jobq:{{t}}:in:{state}:q"), &finished, name]);
        desk.raw(&["HSET", &format!("jobq:{{t}}:job:{name}"), "finished", &finished]);
    }
    let small = ("MAX_FINISHED = 100000", "MAX_FINISHED = 3");
    let finish = |name: &str, token: &str| {
        call_with(&desk, &script::FINISH, small, &[name, token, "0", "", "", ""]);
        let books = desk.books();
        let mut left: Vec<String> = books.zset("retain").iter().map(|(name, _)| name.clone()).collect();
        left.sort();
        left
    };
    // Two go for each that comes, until the limit is reached.
    assert_eq!(finish("j6", &jobs[6].token), ["j2", "j3", "j4", "j5", "j6"]);
    // An entry that lost its record is in nobody's way.
    desk.raw(&["ZADD", "jobq:{t}:in:EXPIRED:q", "1", "ghost"]);
    assert_eq!(finish("j7", &jobs[7].token), ["j3", "j4", "j5", "j6", "j7"]);
    assert!(desk.books().zset("in:EXPIRED:q").is_empty());
    let known: Vec<String> = desk.books().zset("tombs").iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(known, ["j0", "j1", "j2"]);
}
