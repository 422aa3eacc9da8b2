//! The stage of a fault run: a server, workers that a keeper starts again when they die, a
//! proxy before each, and a ledger of every fault.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::truth::{Truth, now_ns};
use crate::support::books::{Books, NAMESPACE};
use crate::support::{Proxy, Room, Server, Signal, Value, engine_now, invariants, signal, wait_for};

/// How a run is set up.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub workers: usize,
    pub slots: usize,
    pub lease: Duration,
    /// Jobs to enqueue.
    pub jobs: usize,
    /// How long the enqueueing takes; faults go on for as long.
    pub time: Duration,
}

/// One injected fault.
#[derive(Debug, Clone)]
pub struct Fault {
    pub kind: &'static str,
    /// The engine of the worker that it hit; `None` where it may have hit all.
    pub engine: Option<u32>,
    pub from_ns: u64,
    pub to_ns: u64,
}

/// A random number generator with a printed seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator of its own for each part of a run.
    pub fn new(seed: u64, part: u64) -> Rng {
        Rng(seed ^ part.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to `bound - 1`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    /// From `low` to `high` milliseconds.
    pub fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(low + self.next() % (high - low + 1))
    }

    /// With a chance of `percent`.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Everything of one run.
pub struct Stage {
    pub shape: Shape,
    pub room: Room,
    pub server: Mutex<Server>,
    /// One before each worker; the last is the producers'.
    pub proxies: Vec<Proxy>,
    pub truth: Truth,
    faults: Mutex<Vec<Fault>>,
    workers: Vec<Mutex<Option<Child>>>,
    beats: Vec<Mutex<Option<Child>>>,
    /// Faults go on.
    storming: AtomicBool,
    /// Dead workers are started again.
    keeping: AtomicBool,
    /// Dead beats are.
    beating: AtomicBool,
}

impl Stage {
    /// A server with an append-only file, and no worker yet.
    pub fn new(shape: Shape) -> Stage {
        // Every write synced: with `everysec` a server on a busy disk answers before it has written
        // (for up to two seconds while a sync is under way), and a kill then loses what it accepted.
        Stage::on(Server::options().aof().clock_shift().start(), shape)
    }

    /// On this server.
    pub fn on(server: Server, shape: Shape) -> Stage {
        let proxies: Vec<Proxy> = (0..=shape.workers).map(|_| Proxy::before(&server)).collect();
        let room = Room::at(&proxies[shape.workers].url()).namespace(NAMESPACE);
        let truth = Truth::new(&room.work());
        let workers = (0..shape.workers).map(|_| Mutex::new(None)).collect();
        Stage {
            shape,
            room,
            server: Mutex::new(server),
            proxies,
            truth,
            faults: Mutex::default(),
            workers,
            beats: Vec::new(),
            storming: AtomicBool::new(true),
            keeping: AtomicBool::new(true),
            beating: AtomicBool::new(true),
        }
    }

    /// With so many beats, which are kept as the workers are.
    #[must_use]
    pub fn with_beats(mut self, beats: usize) -> Stage {
        self.beats = (0..beats).map(|_| Mutex::new(None)).collect();
        self
    }

    fn start_beat(&self) -> Child {
        let log = self.room.work().join("beats.log");
        let log = OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        let mut command = self.room.jobq(["beat"]).command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().expect("the beat starts")
    }

    /// A beat, if there are any and this one lives.
    pub fn beat(&self, number: usize) -> Option<u32> {
        let mut beat = lock(self.beats.get(number % self.beats.len().max(1))?);
        let child = beat.as_mut()?;
        matches!(child.try_wait(), Ok(None)).then(|| child.id())
    }

    /// Whether it has beats.
    pub fn has_beats(&self) -> bool {
        !self.beats.is_empty()
    }

    /// Kills all beats for good.
    pub fn stop_beats(&self) {
        self.beating.store(false, Ordering::SeqCst);
        for beat in &self.beats {
            if let Some(mut child) = lock(beat).take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// Starts a worker that nobody looks after.
    pub fn start_worker(&self, number: usize) -> Child {
        let log = self.room.work().join(format!("worker-{number}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        let (slots, lease) = (self.shape.slots.to_string(), format!("{}ms", self.shape.lease.as_millis()));
        let words = ["-c", &slots, "--lease", &lease, "--grace", "500ms", "--kill-after", "500ms"];
        let command = self.room.worker(&words).env("JOBQ_URL", self.proxies[number].url());
        let mut command = command.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().expect("the worker starts")
    }

    /// Starts all workers, and again whichever ended, until [`Stage::stop_workers`].
    pub fn keep_workers(&self) {
        while self.keeping.load(Ordering::SeqCst) {
            for (number, worker) in self.workers.iter().enumerate() {
                let mut worker = lock(worker);
                let ended = worker.as_mut().is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))));
                if ended && self.keeping.load(Ordering::SeqCst) {
                    *worker = Some(self.start_worker(number));
                }
            }
            for beat in &self.beats {
                let mut beat = lock(beat);
                let ended = beat.as_mut().is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))));
                if ended && self.beating.load(Ordering::SeqCst) {
                    *beat = Some(self.start_beat());
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Dead workers stay dead.
    pub fn let_workers_be(&self) {
        self.keeping.store(false, Ordering::SeqCst);
    }

    /// Ends all workers politely.
    pub fn stop_workers(&self) {
        self.let_workers_be();
        for worker in &self.workers {
            if let Some(child) = &*lock(worker) {
                signal(child.id(), Signal::TERM);
            }
        }
        for worker in &self.workers {
            if let Some(mut child) = lock(worker).take() {
                wait_for("a worker to end", Duration::from_secs(60), || {
                    matches!(child.try_wait(), Ok(Some(_)))
                });
            }
        }
    }

    /// A worker's guardian and, if it has one now, its engine.
    pub fn halves(&self, number: usize) -> Option<(u32, Option<u32>)> {
        let guardian = lock(&self.workers[number]).as_ref().map(Child::id)?;
        Some((guardian, engine_now(guardian)))
    }

    /// Whether a worker of this name is the one of this guardian.
    pub fn is_of(&self, name: &str, guardian: u32) -> bool {
        name.split('-').rev().nth(1).is_some_and(|pid| pid == guardian.to_string())
    }

    /// Whether faults shall go on.
    pub fn storms(&self) -> bool {
        self.storming.load(Ordering::SeqCst)
    }

    /// No more faults.
    pub fn calm(&self) {
        self.storming.store(false, Ordering::SeqCst);
    }

    /// Does a fault and writes it down, from its beginning to its end.
    pub fn fault(&self, kind: &'static str, engine: Option<u32>, act: impl FnOnce()) {
        let from_ns = now_ns();
        act();
        lock(&self.faults).push(Fault { kind, engine, from_ns, to_ns: now_ns() });
    }

    /// All faults so far.
    pub fn ledger(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    /// How many faults there were of each kind.
    pub fn fault_counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        lock(&self.faults).iter().for_each(|fault| *counts.entry(fault.kind).or_default() += 1);
        counts
    }

    /// What does not hold of the stored state, by the tests' own reading and by the program's.
    pub fn violations(&self) -> Vec<String> {
        let mut found = invariants::violations(&Books::read(&mut lock(&self.server).client()));
        let said = self.room.jobq(["inspect", "verify"]).run();
        if said.code != Some(0) {
            found.push(format!("inspect verify: {}", said.stdout_text()));
        }
        found
    }

    /// Jobs that are in no final state.
    pub fn unfinished(&self) -> i64 {
        let server = lock(&self.server);
        let queues = server.cli(&["ZRANGE", &format!("jobq:{{{NAMESPACE}}}:queues"), "0", "-1"]).texts();
        let states = ["BLOCKED", "SCHEDULED", "PENDING", "STARTED", "RETRY"];
        let card = |queue: &String, state: &str| {
            server.cli(&["ZCARD", &format!("jobq:{{{NAMESPACE}}}:in:{state}:{queue}")]).int()
        };
        queues.iter().flat_map(|queue| states.map(|state| card(queue, state))).sum()
    }

    /// Waits until nothing is left to do; how long it took, `None` when it took too long.
    pub fn drain(&self, limit: Duration) -> Option<Duration> {
        let start = Instant::now();
        while self.unfinished() > 0 {
            if start.elapsed() > limit {
                return None;
            }
            thread::sleep(Duration::from_millis(100));
        }
        Some(start.elapsed())
    }

    /// One command on the server, past all proxies; `None` if it cannot be asked.
    pub fn admin(&self, args: &[&str]) -> Option<Value> {
        lock(&self.server).try_client().ok()?.call(args).ok()
    }

    /// How often the workers' logs have a line with this text.
    pub fn said(&self, text: &str) -> usize {
        let logs = (0..self.shape.workers).map(|number| self.room.read(&format!("worker-{number}.log")));
        logs.map(|log| log.lines().filter(|line| line.contains(text)).count()).sum()
    }

    /// Keeps the folder for whoever wants to know what happened.
    pub fn keep(&self) -> String {
        let kept = std::env::temp_dir().join(format!("jobq-chaos-{}", std::process::id()));
        let _ = fs::create_dir_all(&kept);
        for entry in fs::read_dir(self.room.work()).into_iter().flatten().flatten() {
            let _ = fs::copy(entry.path(), kept.join(entry.file_name()));
        }
        kept.display().to_string()
    }
}

/// The guard, also after a panic elsewhere.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
