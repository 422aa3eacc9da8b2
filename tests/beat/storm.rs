//! Several beats under fire: stopped, killed, cut off, their server restarted. Each tick makes
//! exactly one job. The same code is the long form of `make chaos`.

use std::time::{Duration, Instant};

use jobq::core::schedule::{Definition, Overlap, Rule};
use jobq::core::spec::Spec;

use crate::support::beats::{Stage, kill, schedule, ticks};
use crate::support::{Running, Server, Signal, signal, wait_for};

/// How large a storm is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub beats: usize,
    pub schedules: usize,
    pub lasts: Duration,
    /// Between two faults.
    pub calm: Duration,
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub expected: usize,
    pub missing: usize,
    pub doubled: usize,
    pub unexpected: usize,
    pub faults: usize,
}

/// A little generator: the same seed, the same storm.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Each second a tick of each schedule; a job takes the place of the one before, so that no
/// chain grows, and its record stays.
fn definitions(size: &Size) -> Vec<Definition> {
    (0..size.schedules)
        .map(|number| {
            let mut one = schedule(&format!("s{number:04}"), Rule::Every(1_000));
            one.overlap = Overlap::Replace;
            // Not all in one queue: that keeps its newest 100,000 jobs only.
            let queue = jobq::core::name::Name::new(format!("q{}", number % 5)).unwrap();
            one.job = Spec::command(queue, vec!["true".into()]);
            one
        })
        .collect()
}

/// Runs a storm to its end and counts.
pub fn storm(size: &Size) -> Counts {
    let mut server = Server::options().aof().config("appendfsync everysec").tcp().start();
    let stage = Stage::new(&server);
    let definitions = definitions(size);
    stage.publish(&definitions);
    let firsts: Vec<i64> =
        definitions.iter().map(|one| stage.report(one.name.as_str()).next_ms.unwrap()).collect();
    let mut beats: Vec<Running> = (0..size.beats).map(|_| stage.beat().spawn()).collect();
    let mut dice = Dice(size.seed);
    let (start, mut faults, mut restarts) = (Instant::now(), 0, 0);
    while start.elapsed() < size.lasts {
        std::thread::sleep(size.calm);
        let which = dice.below(beats.len());
        faults += 1;
        match dice.below(8) {
            0..=2 => {
                let pid = beats[which].pid();
                signal(pid, Signal::STOP);
                std::thread::sleep(size.calm * 2);
                signal(pid, Signal::CONT);
            }
            3..=5 => kill(std::mem::replace(&mut beats[which], stage.beat().spawn())),
            6 => drop(server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])),
            // Everything is on disk before it dies: what a crash may lose is another promise.
            _ if restarts < 3 => {
                restarts += 1;
                server.cli(&["SCRIPT", "FLUSH"]);
                wait_for("the disk", Duration::from_secs(60), || {
                    let info = server.cli(&["INFO", "persistence"]).text();
                    info.contains("aof_pending_bio_fsync:0") && info.contains("aof_buffer_length:0")
                });
                server.restart();
            }
            _ => drop(server.cli(&["SCRIPT", "FLUSH"])),
        }
    }
    let end_ms = stage.now_ms();
    stage.wait_past(end_ms);
    beats.into_iter().for_each(kill);
    let made = ticks(&mut server.client());
    let mut counts = Counts { faults, ..Counts::default() };
    for (definition, first) in definitions.iter().zip(firsts) {
        let own = made.get(definition.name.as_str()).cloned().unwrap_or_default();
        let expected: Vec<i64> =
            (0..).map(|number| first + number * 1_000).take_while(|tick| *tick <= end_ms).collect();
        counts.expected += expected.len();
        counts.missing += expected.iter().filter(|tick| !own.contains_key(tick)).count();
        counts.doubled += own.values().filter(|times| **times > 1).count();
        counts.unexpected +=
            own.keys().filter(|tick| **tick <= end_ms && (*tick - first) % 1_000 != 0).count();
    }
    counts
}
