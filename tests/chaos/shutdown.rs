//! Stops at random moments, with Redis up, away or frozen: how late each was, and what was left.

use std::thread;
use std::time::{Duration, Instant};

use super::lanes::{self, Progress};
use super::sections::put;
use super::stage::{Rng, Shape, Stage, lock};
use crate::support::books::Books;
use crate::support::{PATIENCE, Signal, signal, wait_for};

/// Grace and time to the KILL, as the stage's workers have them, and the second promised.
const PROMISED: Duration = Duration::from_millis(500 + 500 + 1_000);

const SHAPE: Shape =
    Shape { workers: 1, slots: 4, lease: Duration::from_secs(3), jobs: 0, time: Duration::ZERO };

/// What came of some stops.
#[derive(Debug, Default, serde::Serialize)]
pub struct Stops {
    pub stops: usize,
    pub promised_ms: u128,
    pub slowest_ms: u128,
    pub late: Vec<String>,
    /// Leases that a stopped worker still had, with Redis up.
    pub leased_after: Vec<String>,
    pub processes_left: usize,
    pub overlapping: usize,
    pub unfinished: i64,
    pub violations: Vec<String>,
}

/// Stops a worker so often, several at a time.
pub fn shutdown(seed: u64, stops: usize, lanes: usize) -> Stops {
    let mut all = Stops { stops, promised_ms: PROMISED.as_millis(), ..Stops::default() };
    let run = |lane, own, progress: &Progress| one_lane(&mut Rng::new(seed, lane as u64), own, progress);
    for part in lanes::each(stops, lanes, run) {
        all.slowest_ms = all.slowest_ms.max(part.slowest_ms);
        all.late.extend(part.late);
        all.leased_after.extend(part.leased_after);
        all.processes_left += part.processes_left;
        all.overlapping += part.overlapping;
        all.unfinished += part.unfinished;
        all.violations.extend(part.violations);
    }
    all
}

fn one_lane(rng: &mut Rng, stops: usize, progress: &Progress) -> Stops {
    let stage = Stage::new(SHAPE);
    let (mut tally, mut ids) = (Stops::default(), Vec::new());
    for stop in 0..stops {
        ids.extend(some_jobs(&stage, rng, 1 + stop * 4));
        one_stop(&stage, rng, &mut tally);
        progress.step();
    }
    run_out(&stage, &ids);
    tally.overlapping = stage.truth.lives().values().flatten().filter(|one| one.met).count();
    tally.unfinished = stage.unfinished();
    tally.violations = stage.violations();
    tally
}

fn some_jobs(stage: &Stage, rng: &mut Rng, first: usize) -> Vec<String> {
    let kinds =
        [(200, "ok"), (5_000, "ok"), (5_000, "stubborn"), (5_000, "fork"), (50, "print:5000"), (20, "ok")];
    let some: Vec<_> = (0..4).map(|_| *rng.pick(&kinds)).collect();
    put(stage, &some, first)
}

fn one_stop(stage: &Stage, rng: &mut Rng, tally: &mut Stops) {
    let mut worker = stage.start_worker(0);
    thread::sleep(rng.ms(50, 1_500));
    let weather = *rng.pick(&["up", "away", "frozen"]);
    match weather {
        "away" => lock(&stage.server).kill9(),
        "frozen" => lock(&stage.server).stop(),
        _ => {}
    }
    let start = Instant::now();
    signal(worker.id(), Signal::TERM);
    wait_for("the worker to end", PATIENCE, || matches!(worker.try_wait(), Ok(Some(_))));
    let took = start.elapsed();
    tally.slowest_ms = tally.slowest_ms.max(took.as_millis());
    if took > PROMISED {
        tally.late.push(format!("{} ms with Redis {weather}", took.as_millis()));
    }
    match weather {
        "away" => lock(&stage.server).restart(),
        "frozen" => lock(&stage.server).cont(),
        _ => {
            let books = Books::read(&mut lock(&stage.server).client());
            let held = books.family("held:").find(|name| stage.is_of(name, worker.id()));
            tally.leased_after.extend(held.map(str::to_owned));
        }
    }
    let alive = stage.room.processes();
    tally.processes_left += alive.iter().filter(|(_, words)| words.contains("/job ")).count();
}

/// What the stops gave back runs to its end with a worker that nobody stops; the long ones are
/// cancelled.
fn run_out(stage: &Stage, ids: &[String]) {
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = super::storm::EndOfKeeping(stage);
        for page in ids.chunks(50) {
            let words = ["control", "cancel", "--quiet"].map(str::to_owned).into_iter().chain(page.to_vec());
            stage.room.jobq(words).run();
        }
        stage.drain(Duration::from_secs(120));
        stage.stop_workers();
    });
}
