//! The long runs that are not the storm: each counts one promise.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::faults::{self, Kind};
use super::stage::{Rng, Shape, Stage, lock};
use super::truth::{Attempt, Lives};
use crate::support::books::NAMESPACE;
use crate::support::{PATIENCE, Signal, alive, engine_of, enqueue_many, signal, wait_for};

/// Runs `act` on a stage with live workers; everything is stopped afterwards.
fn on_stage<T>(shape: Shape, act: impl FnOnce(&Stage) -> T) -> T {
    let stage = Stage::new(shape);
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = super::storm::EndOfKeeping(&stage);
        let answer = act(&stage);
        stage.stop_workers();
        answer
    })
}

pub fn put(stage: &Stage, jobs: &[(u64, &str)], first: usize) -> Vec<String> {
    let argvs = (first..).zip(jobs).map(|(number, (ms, plan))| stage.truth.argv(number, *ms, plan));
    let jobs: Vec<_> = argvs.map(|argv| ("default", 0, argv)).collect();
    enqueue_many(&lock(&stage.server).url(), NAMESPACE, &jobs)
}

/// The baseline that other systems were measured with: 300 jobs of 0.3 s on four slots, and
/// ten kills of a worker or three of Redis.
pub fn baseline(seed: u64, jobs: usize, of_redis: bool) -> Json {
    let shape = Shape { workers: 1, slots: 4, lease: Duration::from_secs(2), jobs, time: Duration::ZERO };
    let mut report = json!({});
    on_stage(shape, |stage| {
        let mut rng = Rng::new(seed, 0);
        let ids = put(stage, &vec![(300, "ok"); jobs], 1);
        wait_for("the first jobs", PATIENCE, || stage.truth.count('E') >= 4);
        let kills: &[Kind] = if of_redis { &[faults::OF_REDIS[0]] } else { &faults::OF_WORKERS[..3] };
        let times = if of_redis { 3 } else { 10 };
        for time in 0..times {
            if of_redis {
                stage.fault("kill Redis", None, || {
                    let mut server = lock(&stage.server);
                    server.kill9();
                    thread::sleep(Duration::from_secs(1));
                    server.restart();
                });
            } else {
                kills[time % kills.len()].1(stage, &mut rng);
            }
            thread::sleep(rng.ms(1_000, 2_500));
        }
        let drained = stage.drain(Duration::from_secs(180));
        let lives = stage.truth.lives();
        let done = |id: &&String| lives.get(*id).is_some_and(|all| all.iter().any(|one| one.code == Some(0)));
        let recovered: Vec<Json> = stage.ledger().iter().map(|fault| recovery(&lives, fault)).collect();
        report = json!({
            "jobs": jobs,
            "lease_ms": shape.lease.as_millis(),
            "faults": stage.fault_counts(),
            "not_completed": ids.iter().filter(|id| !done(id)).count(),
            "why_not": ids.iter().filter(|id| !done(id)).map(|id| why_not(stage, id)).collect::<Vec<_>>(),
            "unfinished_in_the_store": if drained.is_some() { 0 } else { stage.unfinished() },
            "attempts": lives.values().map(Vec::len).sum::<usize>(),
            "overlapping": lives.values().flatten().filter(|one| one.met).count(),
            "recovery": recovered,
            "violations": stage.violations(),
            "told": told(stage),
            "untold": untold(stage),
        });
    });
    report
}

/// What the workers say of each kind of fault, as often as it happens.
const WORDS: [(&str, &str); 3] = [
    ("kill engine", "the engine was killed by signal 9"),
    ("kill guardian", "the guardian died: killed all jobs"),
    ("kill both halves", "gave back the jobs of a dead worker"),
];

fn told(stage: &Stage) -> Json {
    WORDS.iter().map(|(kind, words)| ((*kind).to_owned(), json!(stage.said(words)))).collect()
}

/// Faults that were told less or more often than they happened.
fn untold(stage: &Stage) -> Vec<String> {
    let counts = stage.fault_counts();
    let told =
        WORDS.iter().map(|(kind, words)| (*kind, counts.get(kind).copied().unwrap_or(0), stage.said(words)));
    told.filter(|(_, happened, said)| happened != said)
        .map(|(kind, happened, said)| format!("{kind}: {happened} and told {said} times"))
        .collect()
}

/// What the store says of a job that did not succeed: its state, why, and how its runs ended.
fn why_not(stage: &Stage, id: &str) -> String {
    let job = stage.room.job(id);
    let reason = job.0["reason"].as_str().unwrap_or("no reason");
    format!("{id}: {}, {reason}, after {}", job.state(), job.outcomes().join(" "))
}

/// When work went on after a fault: the first attempt after it, and the last of those jobs that
/// it had cut.
fn recovery(lives: &Lives, fault: &super::stage::Fault) -> Json {
    let ms = |at: u64| at.saturating_sub(fault.from_ns) / 1_000_000;
    let next = lives.values().flatten().map(|one| one.start_ns).filter(|at| *at > fault.from_ns).min();
    let was_cut = |one: &Attempt| {
        let lived = one.start_ns < fault.from_ns && one.last_ns + 25_000_000 >= fault.from_ns;
        lived && fault.engine.is_none_or(|hit| hit == one.engine)
    };
    let again = lives.values().flat_map(|all| all.windows(2)).filter(|pair| was_cut(&pair[0]));
    let again: Vec<u64> = again.map(|pair| pair[1].start_ns).filter(|at| *at > fault.from_ns).collect();
    json!({
        "fault": fault.kind,
        "next_start_ms": next.map(ms),
        "cut": again.len(),
        "last_of_them_again_ms": again.iter().max().map(|at| ms(*at)),
    })
}

/// Trees of depth six with every trick, ended in every way; who is alive a second later.
pub fn trees(rounds: usize) -> Json {
    const ENDINGS: [&str; 6] =
        ["exit", "timeout", "cancel", "kill engine", "kill guardian", "TERM to the worker"];
    let shape = Shape { workers: 1, slots: 2, lease: Duration::from_secs(3), jobs: 0, time: Duration::ZERO };
    let (mut survivors, mut processes, mut counted) = (Vec::new(), 0, serde_json::Map::new());
    on_stage(shape, |stage| {
        let mut seen = 0;
        for round in 0..rounds {
            let ending = ENDINGS[round % ENDINGS.len()];
            let ms = if ending == "exit" { 300 } else { 60_000 };
            let words = stage.truth.argv(round + 1, ms, "grow:6");
            let limit: &[&str] = if ending == "timeout" { &["--timeout", "700ms"] } else { &[] };
            let fail: &[&str] = &["--on-lost", "fail", "--"];
            let id = stage.room.enqueue(limit.iter().chain(fail).map(|word| (*word).to_owned()).chain(words));
            wait_for("the tree to grow", PATIENCE, || stage.truth.trees().len() >= seen + 12);
            end_tree(stage, ending, &id);
            // A worker that ends politely gives the job back, to be run again: that one is cancelled.
            wait_for("the end of the job", PATIENCE, || {
                if ending == "TERM to the worker" {
                    stage.room.jobq(["control", "cancel", &id]).run();
                }
                !["STARTED", "PENDING"].contains(&stage.room.job(&id).state())
            });
            let start = Instant::now();
            let trees = stage.truth.trees();
            let left = |trees: &[u32]| trees[seen..].iter().filter(|pid| alive(**pid)).count();
            while left(&trees) > 0 && start.elapsed() < Duration::from_secs(1) {
                thread::sleep(Duration::from_millis(10));
            }
            if left(&trees) > 0 {
                survivors.push(format!("{} after {ending}", left(&trees)));
            }
            processes += trees.len() - seen;
            seen = trees.len();
            let count = counted.entry(ending).or_insert_with(|| json!(0));
            *count = json!(count.as_u64().unwrap_or(0) + 1);
        }
    });
    json!({"rounds": rounds, "endings": counted, "processes": processes, "survivors": survivors})
}

fn end_tree(stage: &Stage, ending: &str, id: &str) {
    let halves = || stage.halves(0).expect("a worker");
    match ending {
        "cancel" => drop(stage.room.jobq(["control", "cancel", id]).run().status(0)),
        "kill engine" => signal(engine_of(halves().0), Signal::KILL),
        "kill guardian" => signal(halves().0, Signal::KILL),
        "TERM to the worker" => signal(halves().0, Signal::TERM),
        _ => {}
    }
}

/// Jobs that write at full speed, all at once: what the worker's memory does, and whether each
/// kept byte is the one that was written there.
pub fn output(jobs: usize, bytes: u64) -> Json {
    let shape =
        Shape { workers: 1, slots: jobs, lease: Duration::from_secs(30), jobs: 0, time: Duration::ZERO };
    let plan = format!("babble:{bytes}");
    on_stage(shape, |stage| {
        put(stage, &[(1, "ok")], 1);
        wait_for("a first job", PATIENCE, || stage.truth.count('E') == 1 && stage.unfinished() == 0);
        let engine = engine_of(stage.halves(0).expect("a worker").0);
        let before = resident_kib(engine);
        let start = Instant::now();
        let ids = put(stage, &vec![(1, plan.as_str()); jobs], 2);
        let mut most = before;
        while stage.truth.count('E') < 1 + jobs {
            most = most.max(resident_kib(engine));
            thread::sleep(Duration::from_millis(20));
        }
        let took = start.elapsed();
        stage.drain(Duration::from_secs(60));
        let books = RawOutput(stage);
        let wrong: Vec<String> = ids.iter().filter_map(|id| books.fault(id, bytes)).collect();
        json!({
            "jobs": jobs,
            "bytes_each": bytes,
            "took_ms": took.as_millis(),
            "worker_before_kib": before,
            "worker_most_kib": most,
            "grown_kib": most - before,
            "wrong": wrong,
        })
    })
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// The stored chunks of a job, read raw.
struct RawOutput<'a>(&'a Stage);

impl RawOutput<'_> {
    /// What is wrong with the stored output, if anything is: each byte must be the one that was
    /// written at its offset, the first 32 KiB and the last 224 KiB must be there, and the total.
    fn fault(&self, id: &str, bytes: u64) -> Option<String> {
        let reply = lock(&self.0.server).cli(&["HGETALL", &faults::key(&format!("out:{id}"))]).array();
        let raw: Vec<Vec<u8>> = reply
            .into_iter()
            .map(|value| match value {
                crate::support::Value::Bytes(bytes) => bytes,
                other => panic!("{other:?}"),
            })
            .collect();
        let mut kept = vec![];
        for pair in raw.chunks(2) {
            let text = String::from_utf8_lossy(&pair[1][..pair[1].len().min(30)]).into_owned();
            if pair[0] == b"stdout" && text != bytes.to_string() {
                return Some(format!("{id} says it wrote {text}"));
            }
            if !pair[0].iter().all(u8::is_ascii_digit) {
                continue;
            }
            let offset: u64 = text.split(':').nth(1)?.parse().ok()?;
            let data = &pair[1][format!("1:{offset}:").len()..];
            if let Some(at) = (offset..).zip(data).find(|(at, byte)| byte_at(*at) != **byte) {
                return Some(format!("{id}: byte {} is another", at.0));
            }
            kept.push((offset, offset + data.len() as u64));
        }
        kept.sort_unstable();
        let covers = |from: u64, to: u64| {
            let reach = kept
                .iter()
                .fold(from, |reach, (start, end)| if *start <= reach { reach.max(*end) } else { reach });
            reach >= to
        };
        let whole = covers(0, 32 * 1024) && covers(bytes - 224 * 1024, bytes);
        (!whole).then(|| format!("{id}: kept only {kept:?}"))
    }
}

/// The byte that `babble` writes at this place.
fn byte_at(place: u64) -> u8 {
    let mut z = (place / 8 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)).to_ne_bytes()[usize::try_from(place % 8).unwrap_or(0)]
}
