//! Jobs of schedules for which an earlier job counts, while the workers that run them die: never
//! do two of one schedule run at a time, and none waits for one that is gone.

use std::os::unix::ffi::OsStrExt as _;
use std::time::{Duration, Instant};

use jobq::core::bytes::Bytes;
use jobq::core::schedule::{Overlap, Rule};

use crate::support::beats::{Stage, kill, schedule};
use crate::support::{PATIENCE, Running, Server, Signal, engine_of, signal, wait_for};

const POLICIES: [(&str, Overlap); 3] =
    [("queue", Overlap::Queue), ("skip", Overlap::Skip), ("replace", Overlap::Replace)];
const EACH_MS: u64 = 500;
/// Two leases of one second, a second, and the time until the next tick.
const SOON: Duration = Duration::from_millis(3_000 + EACH_MS);

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub kills: usize,
    pub runs: usize,
    pub overlapping: usize,
    /// Kills after which a schedule had no run for two leases, a second and a tick.
    pub late: usize,
    pub slowest_ms: u64,
}

/// Kills one of two workers so often, in turn its guardian, its engine, and both at one instant.
pub fn owners(kills: usize) -> Counts {
    let server = Server::start();
    let stage = Stage::new(&server);
    let work = stage.room.work();
    let all = POLICIES.map(|(name, overlap)| {
        let mut one = schedule(name, Rule::Every(EACH_MS));
        let script = "exec 9>lock-$0; flock -n 9 || echo overlap >>overlaps; echo run >>runs-$0; sleep 0.2";
        one.job.argv = ["sh", "-c", script, name].map(Into::into).to_vec();
        one.job.cwd = Some(Bytes(work.as_os_str().as_bytes().to_vec()));
        one.overlap = overlap;
        one
    });
    stage.publish(&all);
    let beat = stage.beat().spawn();
    let start = || stage.room.ready_worker(&["-q", "q", "-c", "4", "--lease", "1s"]);
    let runs = || POLICIES.map(|(name, _)| stage.room.read(&format!("runs-{name}")).lines().count());
    let all_after = |before: [usize; 3]| {
        wait_for("a run of each schedule", PATIENCE, || {
            runs().iter().zip(before).all(|(now, before)| *now > before)
        });
    };
    let mut counts = Counts { kills, ..Counts::default() };
    let mut workers = [start(), start()];
    all_after([0; 3]);
    for number in 0..kills {
        let [first, second] = workers;
        let (before, at) = (runs(), Instant::now());
        die(first, number % 3);
        all_after(before);
        counts.late += usize::from(at.elapsed() > SOON);
        counts.slowest_ms = counts.slowest_ms.max(u64::try_from(at.elapsed().as_millis()).unwrap());
        workers = [second, start()];
    }
    kill(beat);
    workers.into_iter().for_each(kill);
    counts.runs = runs().iter().sum();
    counts.overlapping = stage.room.read("overlaps").lines().count();
    counts
}

fn die(worker: Running, how: usize) {
    let engine = engine_of(worker.pid());
    match how {
        0 => {}
        1 => signal(engine, Signal::KILL),
        _ => {
            signal(engine, Signal::STOP);
            worker.signal(Signal::KILL);
            signal(engine, Signal::KILL);
        }
    }
    kill(worker);
}
