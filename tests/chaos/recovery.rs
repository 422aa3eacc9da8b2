//! How soon work goes on: after a machine stands still, and after Redis was away or refused.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::faults;
use super::lanes::{self, Progress};
use super::sections::put;
use super::stage::{Rng, Shape, Stage};
use super::storm::EndOfKeeping;
use super::truth::now_ns;
use crate::support::{PATIENCE, Signal, signal, wait_for};

/// Two workers, of which either has room for all jobs.
const PAIR: Shape =
    Shape { workers: 2, slots: 4, lease: Duration::from_secs(2), jobs: 0, time: Duration::ZERO };
const LONG_MS: u64 = 60_000;

/// Both halves of a worker are stopped, as if its machine stood still: how long until the other
/// worker has started its jobs again, in each round the last of them.
pub fn takeover(seed: u64, rounds: usize, lanes: usize) -> Json {
    let promised = PAIR.lease + Duration::from_secs(3);
    let run = |lane: usize, own: usize, progress: &Progress| {
        one_pair(&mut Rng::new(seed, lane as u64), own, progress)
    };
    let mut took: Vec<u64> = lanes::each(rounds, lanes, run).into_iter().flatten().collect();
    took.sort_unstable();
    let late: Vec<u64> = took.iter().copied().filter(|ms| u128::from(*ms) > promised.as_millis()).collect();
    json!({
        "rounds": rounds,
        "lease_ms": PAIR.lease.as_millis(),
        "promised_ms": promised.as_millis(),
        "half_within_ms": took.get(took.len() / 2),
        "slowest_ms": took.last(),
        "late": late,
    })
}

fn one_pair(rng: &mut Rng, rounds: usize, progress: &Progress) -> Vec<u64> {
    let stage = Stage::new(PAIR);
    let mut took = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = EndOfKeeping(&stage);
        for round in 0..rounds {
            took.push(one_stop(&stage, rng, round));
            progress.step();
        }
        stage.stop_workers();
    });
    took
}

fn one_stop(stage: &Stage, rng: &mut Rng, round: usize) -> u64 {
    let ready = |stage: &Stage| stage.said(" ready ") >= 2 + round;
    wait_for("both workers to be there", PATIENCE, || ready(stage));
    let ids = put(stage, &[(LONG_MS, "ok"); 4], 1 + round * 4);
    let running = |id: &String, engine: u32| {
        stage
            .truth
            .lives()
            .get(id)
            .and_then(|all| all.last().cloned())
            .is_some_and(|one| one.engine == engine)
    };
    wait_for("the jobs to run", PATIENCE, || ids.iter().all(|id| stage.truth.lives().contains_key(id)));
    // What it has seen of a peer is older than a look when the peer stands still.
    thread::sleep(rng.ms(1_000, 2_000));
    let halves =
        |number: usize| stage.halves(number).and_then(|(guardian, engine)| Some((guardian, engine?)));
    let both = [0, 1].map(|number| halves(number).expect("a worker"));
    let (guardian, engine) =
        *both.iter().max_by_key(|(_, engine)| ids.iter().filter(|id| running(id, *engine)).count()).unwrap();
    let held: Vec<&String> = ids.iter().filter(|id| running(id, engine)).collect();
    let from_ns = now_ns();
    signal(guardian, Signal::STOP);
    signal(engine, Signal::STOP);
    let start = Instant::now();
    while held.iter().any(|id| running(id, engine)) {
        assert!(start.elapsed() < PATIENCE, "{held:?} are not taken over; logs: {}", stage.keep());
        thread::sleep(Duration::from_millis(5));
    }
    let lives = stage.truth.lives();
    let last = held.iter().filter_map(|id| lives[*id].last()).map(|one| one.start_ns).max();
    for pid in [guardian, engine] {
        signal(pid, Signal::KILL);
    }
    let cancel = ["control", "cancel", "--quiet", "--wait"].map(str::to_owned);
    stage.room.jobq(cancel.into_iter().chain(ids.clone())).run();
    last.map_or(u64::MAX, |last| last.saturating_sub(from_ns) / 1_000_000)
}

/// Redis is killed, frozen, read-only, full and so on, again and again, under workers that always
/// have jobs to take: how long after each until every worker has started one again.
pub fn outages(seed: u64, rounds: usize) -> Json {
    const PROMISED_MS: u64 = 5_000;
    let shape = Shape { workers: 4, slots: 2, lease: Duration::from_secs(4), jobs: 0, time: Duration::ZERO };
    let stage = Stage::new(shape);
    let mut worst: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut late, mut number) = (Vec::new(), 1);
    let progress = Progress::of(rounds);
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = EndOfKeeping(&stage);
        let mut rng = Rng::new(seed, 0);
        for round in 0..rounds {
            // Enough for the whole round.
            put(&stage, &[(20, "ok"); 400], number);
            number += 400;
            let began = now_ns();
            wait_for("all to work", PATIENCE, || all_started_since(&stage, began).is_some());
            let (kind, act) = faults::OF_REDIS[round % faults::OF_REDIS.len()];
            act(&stage, &mut rng);
            let usable = stage.ledger().last().map_or(0, |fault| fault.to_ns);
            let start = Instant::now();
            while all_started_since(&stage, usable).is_none() && start.elapsed() < PATIENCE {
                if stage.unfinished() < 50 {
                    put(&stage, &[(20, "ok"); 200], number);
                    number += 200;
                }
                thread::sleep(Duration::from_millis(20));
            }
            let took = all_started_since(&stage, usable).map_or(u64::MAX, |at| (at - usable) / 1_000_000);
            let most = worst.entry(kind).or_default();
            *most = took.max(*most);
            if took > PROMISED_MS {
                late.push(format!("{took} ms after {kind}"));
            }
            progress.step();
        }
        stage.drain(Duration::from_secs(120));
        stage.stop_workers();
    });
    let lives = stage.truth.lives();
    json!({
        "rounds": rounds,
        "promised_ms": PROMISED_MS,
        "slowest_ms": worst.values().max(),
        "slowest_of_each_ms": worst,
        "late": late,
        "faults": stage.fault_counts(),
        "attempts": lives.values().map(Vec::len).sum::<usize>(),
        "overlapping": lives.values().flatten().filter(|one| one.met).count(),
        "unfinished": stage.unfinished(),
        "violations": stage.violations(),
    })
}

/// When the last worker started its first job after that instant, if all did.
fn all_started_since(stage: &Stage, since_ns: u64) -> Option<u64> {
    let mut first: BTreeMap<u32, u64> = BTreeMap::new();
    for (engine, at) in stage.truth.starts() {
        if at > since_ns {
            first.entry(engine).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
    }
    let engines = (0..stage.shape.workers).map(|number| stage.halves(number)?.1);
    engines.map(|engine| first.get(&engine?).copied()).try_fold(0, |last, at| Some(last.max(at?)))
}
