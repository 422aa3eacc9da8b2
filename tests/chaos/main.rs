//! The long forms of the fault suite, with a printed seed: `make chaos`. Each section writes
//! what it counted to docs/results/, and the program ends with 1 if a promise was broken.
//!
//! `make chaos SEED=7 MINUTES=10 JOBS=20000 WORKERS=8 ONLY="storm shutdown"`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a tool of the source tree, which fails by panicking and prints its findings"
)]

#[path = "../beat/storm.rs"]
mod beats;
#[path = "mod.rs"]
mod chaos;
#[path = "../beat/owners.rs"]
mod owners;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};

use chaos::stage::{Shape, Stage};
use chaos::storm::{self, Weather};
use chaos::{cancels, durable, faults, recovery, rollback, sections, shutdown, syscalls};
use support::Server;

/// What was asked for, from the environment that `make` sets.
struct Wanted {
    seed: u64,
    minutes: f64,
    jobs: usize,
    workers: usize,
    /// How often a section repeats its round, where `make` says so.
    rounds: Option<usize>,
    /// How many rounds go on at a time where they mostly wait.
    parallel: usize,
    only: Vec<String>,
    /// What runs: read at the start, for the tree may have moved on by the end.
    commit: String,
}

type Section = (&'static str, fn(&Wanted) -> Json);

const SECTIONS: [Section; 16] = [
    ("storm", |wanted| storm(wanted, Fsync::Always)),
    ("everysec", |wanted| storm(wanted, Fsync::Everysec)),
    ("restore", |wanted| counted(&rollback::restores(wanted.seed, wanted.rounds(100), wanted.parallel))),
    ("lost-keys", |wanted| counted(&rollback::losses(wanted.seed, wanted.rounds(1_000), wanted.parallel))),
    ("baseline-workers", |wanted| sections::baseline(wanted.seed, 300, false)),
    ("baseline-redis", |wanted| sections::baseline(wanted.seed, 300, true)),
    ("durable", |wanted| durable::durable(wanted.seed, wanted.rounds(100), wanted.parallel)),
    ("takeover", |wanted| recovery::takeover(wanted.seed, wanted.rounds(200), wanted.parallel)),
    ("outages", |wanted| recovery::outages(wanted.seed, wanted.rounds(65))),
    ("syscalls", |wanted| {
        if syscalls::can_trace() {
            return syscalls::syscalls(wanted.rounds(400), wanted.parallel);
        }
        println!("there is no strace that may trace: nothing dies at its n-th system call");
        Json::Null
    }),
    ("trees", |wanted| sections::trees(wanted.rounds(1_000))),
    ("cancel", cancel),
    ("output", |_| sections::output(4, 5_000_000_000)),
    ("beat", beat),
    ("owners", |wanted| counted(&owners::owners(wanted.rounds(500)))),
    ("shutdown", |wanted| counted(&shutdown::shutdown(wanted.seed, wanted.rounds(1_000), wanted.parallel))),
];

/// Counts that must be nothing, in whichever section they stand.
const MUST_BE_NOTHING: [&str; 23] = [
    "lost",
    "missing",
    "doubled",
    "unexpected",
    "stuck",
    "overlapping",
    "stale_writes",
    "unexplained",
    "wrong",
    "violations",
    "not_completed",
    "unfinished_in_the_store",
    "unfinished",
    "survivors",
    "late",
    "leased_after",
    "processes_left",
    "untold",
    "started_after_acknowledgement",
    "double_endings",
    "ticks_doubled",
    "ticks_miscounted",
    "ticks_unaccounted",
];

impl Wanted {
    fn read() -> Wanted {
        fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
            let text = std::env::var(format!("CHAOS_{name}")).ok().filter(|text| !text.is_empty())?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not what it should be")))
        }
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs());
        let only: String = variable("ONLY").unwrap_or_default();
        let root = env!("CARGO_MANIFEST_DIR");
        let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(root).output();
        let commit = git.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
        Wanted {
            seed: variable("SEED").unwrap_or(clock),
            minutes: variable("MINUTES").unwrap_or(10.0),
            jobs: variable("JOBS").unwrap_or(20_000),
            workers: variable("WORKERS").unwrap_or(8),
            rounds: variable("ROUNDS"),
            parallel: variable("PARALLEL").unwrap_or(4),
            only: only.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            commit: commit.unwrap_or_default(),
        }
    }

    fn rounds(&self, usual: usize) -> usize {
        self.rounds.unwrap_or(usual)
    }
}

/// Cancels at the moment of a start, an end or a death; then trees that hear no TERM.
fn cancel(wanted: &Wanted) -> Json {
    let mut counts = counted(&cancels::race(wanted.rounds(2_000)));
    let trees = counted(&cancels::trees(wanted.rounds(2_000).div_ceil(40), Duration::from_secs(1)));
    for (name, count) in trees.as_object().into_iter().flatten() {
        counts[name] = count.clone();
    }
    counts
}

/// Beats under fire: half as long as a storm, a tick a second of each schedule.
fn beat(wanted: &Wanted) -> Json {
    let size = beats::Size {
        beats: 5,
        schedules: wanted.rounds(500),
        lasts: Duration::from_secs_f64(wanted.minutes * 30.0),
        calm: Duration::from_millis(1_000),
        seed: wanted.seed,
    };
    let mut counts = counted(&beats::storm(&size));
    counts["beats"] = json!(size.beats);
    counts["schedules"] = json!(size.schedules);
    counts["seconds"] = json!(size.lasts.as_secs());
    counts
}

fn main() -> ExitCode {
    let wanted = Wanted::read();
    let unknown = wanted.only.iter().find(|name| SECTIONS.iter().all(|(known, _)| known != name));
    if let Some(name) = unknown {
        let known: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        eprintln!("no section {name:?}; there are: {}", known.join(" "));
        return ExitCode::from(2);
    }
    println!("seed {}", wanted.seed);
    let mut broken = Vec::new();
    for (name, run) in SECTIONS {
        if !wanted.only.is_empty() && !wanted.only.iter().any(|one| one == name) {
            continue;
        }
        println!("\n{name} …");
        let start = Instant::now();
        let counts = run(&wanted);
        if counts.is_null() {
            continue;
        }
        let faults = must_be_nothing(&counts);
        println!("{counts:#}");
        println!(
            "{name}: {}",
            if faults.is_empty() { "holds".to_owned() } else { format!("BROKEN: {faults:?}") }
        );
        broken.extend(faults.iter().map(|fault| format!("{name}: {fault}")));
        write(name, &wanted, start.elapsed(), &counts);
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The names of counts that are not nothing and must be.
fn must_be_nothing(counts: &Json) -> Vec<String> {
    let Json::Object(fields) = counts else { return Vec::new() };
    let nothing = |value: &Json| match value {
        Json::Number(number) => number.as_u64() == Some(0),
        Json::Array(list) => list.is_empty(),
        _ => true,
    };
    let bad =
        fields.iter().filter(|(name, value)| MUST_BE_NOTHING.contains(&name.as_str()) && !nothing(value));
    bad.map(|(name, _)| name.clone()).collect()
}

fn counted(counts: &impl serde::Serialize) -> Json {
    serde_json::to_value(counts).expect("counts are JSON")
}

/// When the storm's server writes to its disk.
#[derive(Clone, Copy)]
enum Fsync {
    /// Before it answers, as whoever must not lose an accepted job has it.
    Always,
    /// As most servers have it. While a sync is under way, what was answered may wait for two
    /// seconds before it is as much as written, and a kill loses that.
    Everysec,
}

fn storm(wanted: &Wanted, fsync: Fsync) -> Json {
    let shape = Shape {
        workers: wanted.workers,
        slots: 4,
        lease: Duration::from_secs(3),
        jobs: wanted.jobs,
        time: Duration::from_secs_f64(wanted.minutes * 60.0),
    };
    let of_workers = [&faults::OF_WORKERS[..], &[faults::NO_DESCRIPTORS]].concat();
    let of_redis = [&faults::OF_REDIS[..], &[faults::FULL_DISK]].concat();
    let groups: [&[faults::Kind]; 4] = [&of_workers, &of_redis, &faults::OF_THE_NETWORK, &faults::OF_BEATS];
    let (appendfsync, unwritten) = match fsync {
        Fsync::Always => ("appendfsync always", Duration::ZERO),
        Fsync::Everysec => ("appendfsync everysec", Duration::from_secs(3)),
    };
    let server = Server::options().aof().config(appendfsync).clock_shift().own_disk().start();
    if !server.has_disk() {
        println!("no disk can be mounted here (that takes root): full disks are left out");
    }
    let stage = Stage::on(server, shape).with_beats(3);
    let weather = Weather {
        groups: &groups,
        rest_ms: (500, 2_500),
        producers: 4,
        unwritten,
        drain: Duration::from_secs(180),
    };
    let (stage, passed) = storm::run(stage, wanted.seed, &weather);
    let mut counts = counted(&passed.verdict);
    counts["faults"] = json!(stage.fault_counts());
    counts["workers"] = json!(shape.workers);
    counts["slots"] = json!(shape.slots);
    counts["lease_ms"] = json!(shape.lease.as_millis());
    counts["drained_ms"] = json!(passed.drained_ms);
    let ticks = counted(&passed.ticks.expect("there are beats"));
    for (name, count) in ticks.as_object().into_iter().flatten() {
        counts[format!("ticks_{name}")] = count.clone();
    }
    // What the workers themselves say of the faults: none of them is silent.
    let words = [
        "took the jobs of a worker that stands still",
        "gave back the jobs of a dead engine",
        "the guardian died",
        "the engine was killed by signal",
        "the engine did not renew its lease in time",
        "killed: its lease could not be kept",
        "no longer this worker's job",
        "Redis is back",
    ];
    let said: serde_json::Map<String, Json> =
        words.iter().map(|word| ((*word).to_owned(), json!(stage.said(word)))).collect();
    counts["said"] = Json::Object(said);
    if !passed.verdict.is_clean() {
        println!("logs and record: {}", stage.keep());
    }
    counts
}

/// One file a section: what ran, and what was counted.
fn write(section: &str, wanted: &Wanted, took: Duration, counts: &Json) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let result = json!({
        "section": section,
        "seed": wanted.seed,
        "commit": wanted.commit,
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "took_s": took.as_secs(),
        "counts": counts,
    });
    let folder = root.join("docs/results");
    let file = folder.join(format!("{section}.json"));
    std::fs::create_dir_all(&folder).expect("docs/results");
    std::fs::write(&file, format!("{result:#}\n")).expect("write the results");
    println!("{section}: written to docs/results/{section}.json; make gen brings it to docs/guarantees.md");
}
