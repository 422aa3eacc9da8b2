//! A server that goes back to an older state, or loses keys, under live workers: what it still
//! knows of runs to its end, and the books are whole again, by themselves.

use std::thread;
use std::time::{Duration, Instant};

use super::lanes::{self, Progress};
use super::stage::{Rng, Shape, Stage, lock};
use crate::support::books::{Books, NAMESPACE};
use crate::support::{Server, enqueue_many, invariants, wait_for};

/// What came of some rounds.
#[derive(Debug, Default, serde::Serialize)]
pub struct Tally {
    pub rounds: usize,
    pub jobs: usize,
    /// Jobs that the server forgot with what was enqueued after the snapshot, or whose record was
    /// among the lost keys: nothing can bring those back.
    pub forgotten: usize,
    /// Attempts beyond the first: the server forgot that an earlier one had ended.
    pub run_again: usize,
    /// Attempts that met another one of their job.
    pub overlapping: usize,
    pub stuck: usize,
    pub violations: usize,
    /// From the fault to whole books and nothing left to run.
    pub healed_ms: Vec<u128>,
}

/// The shape of these runs.
pub const SHAPE: Shape =
    Shape { workers: 3, slots: 3, lease: Duration::from_secs(2), jobs: 0, time: Duration::ZERO };
const JOBS: usize = 16;
/// Ten times the two leases.
const LIMIT: Duration = Duration::from_secs(40);

/// Takes a snapshot, runs on, and goes back to it.
pub fn restores(seed: u64, rounds: usize, lanes: usize) -> Tally {
    let after_snapshot = |stage: &Stage, rng: &mut Rng| {
        let snapshot = lock(&stage.server).snapshot();
        let ended = stage.truth.count('E');
        let more = enqueue(stage, rng, 4, 1_000_000);
        wait_for("some jobs to end", LIMIT, || stage.truth.count('E') >= ended + 5);
        lock(&stage.server).restore(&snapshot);
        more
    };
    rounds_of(seed, rounds, lanes, after_snapshot)
}

/// Deletes a few keys, whichever they are.
pub fn losses(seed: u64, rounds: usize, lanes: usize) -> Tally {
    let lose = |stage: &Stage, rng: &mut Rng| {
        let server = lock(&stage.server);
        let keys = server.cli(&["KEYS", "*"]).texts();
        for _ in 0..=rng.below(4) {
            server.cli(&["DEL", rng.pick(keys.as_slice()).as_str()]);
        }
        Vec::new()
    };
    rounds_of(seed, rounds, lanes, lose)
}

fn enqueue(stage: &Stage, rng: &mut Rng, jobs: usize, first: usize) -> Vec<String> {
    let jobs: Vec<_> = (first..first + jobs)
        .map(|number| ("default", 0, stage.truth.argv(number, 20 + rng.next() % 500, "ok")))
        .collect();
    let url = lock(&stage.server).url();
    enqueue_many(&url, NAMESPACE, &jobs)
}

fn rounds_of(
    seed: u64,
    rounds: usize,
    lanes: usize,
    harm: impl Fn(&Stage, &mut Rng) -> Vec<String> + Sync,
) -> Tally {
    let run =
        |lane, own, progress: &Progress| one_lane(&mut Rng::new(seed, lane as u64), own, &harm, progress);
    let mut all = Tally { rounds, ..Tally::default() };
    for part in lanes::each(rounds, lanes, run) {
        all.jobs += part.jobs;
        all.forgotten += part.forgotten;
        all.run_again += part.run_again;
        all.overlapping += part.overlapping;
        all.stuck += part.stuck;
        all.violations += part.violations;
        all.healed_ms.extend(part.healed_ms);
    }
    all
}

fn one_lane(
    rng: &mut Rng,
    rounds: usize,
    harm: &dyn Fn(&Stage, &mut Rng) -> Vec<String>,
    progress: &Progress,
) -> Tally {
    let stage = Stage::on(Server::start(), SHAPE);
    let mut tally = Tally { rounds, ..Tally::default() };
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = super::storm::EndOfKeeping(&stage);
        for round in 0..rounds {
            let (started, first) = (stage.truth.count('S'), 1 + round * JOBS);
            let mut ids = enqueue(&stage, rng, JOBS, first);
            wait_for("some jobs to run", LIMIT, || stage.truth.count('S') >= started + 4);
            ids.extend(harm(&stage, rng));
            tally.jobs += ids.len();
            heal(&stage, &mut tally);
            let books = Books::read(&mut lock(&stage.server).client());
            let known = |id: &String| books.keys.contains_key(&format!("job:{id}"));
            tally.forgotten += ids.iter().filter(|id| !known(id)).count();
            progress.step();
        }
        stage.stop_workers();
    });
    let found = stage.violations();
    if !found.is_empty() {
        eprintln!("at the end: {found:#?}");
        tally.violations += found.len();
    }
    let lives = stage.truth.lives();
    tally.run_again = lives.values().map(|attempts| attempts.len() - 1).sum();
    tally.overlapping = lives.values().flatten().filter(|attempt| attempt.met).count();
    tally
}

/// Waits until nothing is left to do and nothing is torn; what stays so is counted.
fn heal(stage: &Stage, tally: &mut Tally) {
    let start = Instant::now();
    loop {
        let unfinished = stage.unfinished();
        let books = Books::read(&mut lock(&stage.server).client());
        let violations = invariants::violations(&books);
        if unfinished == 0 && violations.is_empty() {
            return tally.healed_ms.push(start.elapsed().as_millis());
        }
        if start.elapsed() > LIMIT {
            eprintln!("not healed: {unfinished} unfinished, {violations:#?}");
            tally.stuck += usize::try_from(unfinished).unwrap_or(0);
            tally.violations += violations.len();
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}
