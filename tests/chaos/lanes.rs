//! Rounds that mostly wait go on several at a time, each lane on a stage of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// How far a section is; told at every tenth of a long one.
pub struct Progress {
    all: usize,
    done: AtomicUsize,
    start: Instant,
}

impl Progress {
    pub fn of(all: usize) -> Progress {
        Progress { all, done: AtomicUsize::new(0), start: Instant::now() }
    }

    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        if self.all >= 50 && done * 10 / self.all > (done - 1) * 10 / self.all {
            eprintln!("  {done} of {} after {} s", self.all, self.start.elapsed().as_secs());
        }
    }
}

/// Divides the rounds among the lanes; `run` gets its lane's number, from 0, and how many rounds
/// are its own.
pub fn each<T: Send>(
    rounds: usize,
    lanes: usize,
    run: impl Fn(usize, usize, &Progress) -> T + Sync,
) -> Vec<T> {
    let lanes = lanes.clamp(1, rounds.max(1));
    let progress = Progress::of(rounds);
    let (run, progress) = (&run, &progress);
    thread::scope(|scope| {
        let running = (0..lanes).map(|lane| {
            let own = rounds / lanes + usize::from(lane < rounds % lanes);
            scope.spawn(move || run(lane, own, progress))
        });
        let running: Vec<_> = running.collect();
        running.into_iter().map(|lane| lane.join().expect("a lane of the run panicked")).collect()
    })
}
