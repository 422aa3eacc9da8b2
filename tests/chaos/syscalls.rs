//! Death at the n-th system call: strace kills a worker, a beat or a producer in the moment in
//! which one of its threads makes a call of some kind for the n-th time, over all kinds that they
//! use and rising n. A healthy worker and beat stand beside; the truth is judged as in the storm.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::judge::{Verdict, judge};
use super::lanes::{self, Progress};
use super::producers::{Fate, Sent};
use super::sections::put;
use super::stage::{Rng, Shape, Stage, lock};
use super::storm::EndOfKeeping;
use super::ticks::{Tally, Ticks};
use super::truth::now_ns;
use crate::support::books::Books;
use crate::support::{PATIENCE, Server, Signal, children_of, engine_now, jobq_program, signal, wait_for};

/// Calls that the halves of a worker, a beat and a producer make, and the jobs' own program does
/// not: strace follows whatever they start.
const CALLS: [&str; 15] = [
    "writev",
    "recvfrom",
    "epoll_wait",
    "sendto",
    "epoll_ctl",
    "futex",
    "clone3",
    "ppoll",
    "pipe2",
    "statx",
    "unlink",
    "pidfd_open",
    "waitid",
    "connect",
    "wait4",
];
/// A thread's n-th call of that kind.
const NTH: [usize; 16] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50];
const JOBS: usize = 4;
const SHAPE: Shape =
    Shape { workers: 1, slots: 1, lease: Duration::from_millis(1_500), jobs: 0, time: Duration::ZERO };

/// What is to die.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Worker,
    Producer,
    Beat,
}

/// One lane's part of the whole.
struct Part {
    verdict: Verdict,
    ticks: Tally,
    deaths: usize,
    tried: BTreeMap<&'static str, usize>,
}

/// Whether there is a strace that may trace.
pub fn can_trace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// So many deaths are tried; where a call comes less often than n times, nobody dies of it.
pub fn syscalls(rounds: usize, lanes: usize) -> Json {
    let next = AtomicUsize::new(0);
    let run = |lane: usize, own: usize, progress: &Progress| one_lane(lane, own, &next, progress);
    let parts = lanes::each(rounds, lanes, run);
    let sum = |count: fn(&Part) -> usize| parts.iter().map(count).sum::<usize>();
    let all = |list: fn(&Part) -> &Vec<String>| parts.iter().flat_map(list).cloned().collect::<Vec<_>>();
    let mut counts = json!({
        "rounds": rounds,
        "deaths": sum(|part| part.deaths),
        "accepted": sum(|part| part.verdict.accepted),
        "completed": sum(|part| part.verdict.completed),
        "attempts": sum(|part| part.verdict.attempts),
        "cut": sum(|part| part.verdict.cut),
        "duplicated": sum(|part| part.verdict.duplicated),
        "given_up": sum(|part| part.verdict.given_up),
        "ticks_due": parts.iter().map(|part| part.ticks.due).sum::<i64>(),
        "ticks_doubled": sum(|part| part.ticks.doubled),
        "ticks_miscounted": all(|part| &part.ticks.miscounted),
        "ticks_unaccounted": all(|part| &part.ticks.unaccounted),
    });
    let mut tried = BTreeMap::new();
    for (call, times) in parts.iter().flat_map(|part| &part.tried) {
        *tried.entry(*call).or_insert(0) += times;
    }
    counts["faults"] = json!(tried);
    for (name, _) in Verdict::default().faults_found() {
        let found = |part: &Part| {
            let lists = part.verdict.faults_found();
            lists.into_iter().find(|(own, _)| *own == name).map(|(_, list)| list.clone()).unwrap_or_default()
        };
        // As the storm's own counts are called.
        let name = match name {
            "stale writes accepted" => "stale_writes",
            "unexplained runs" => "unexplained",
            "wrong ends" => "wrong",
            other => other,
        };
        counts[name] = json!(parts.iter().flat_map(found).collect::<Vec<_>>());
    }
    counts
}

fn one_lane(lane: usize, rounds: usize, next: &AtomicUsize, progress: &Progress) -> Part {
    let stage = Stage::on(Server::options().aof().start(), SHAPE).with_beats(1);
    let (mut sent, mut deaths) = (Vec::new(), 0);
    let ticks = Ticks::begin(&stage, 3);
    thread::scope(|scope| {
        scope.spawn(|| stage.keep_workers());
        let _end = EndOfKeeping(&stage);
        let mut rng = Rng::new(1, lane as u64);
        for round in 0..rounds {
            let turn = next.fetch_add(1, Ordering::SeqCst);
            let call = CALLS[turn % CALLS.len()];
            let nth = NTH[turn / CALLS.len() % NTH.len()];
            let victim = *rng.pick(&[Victim::Worker, Victim::Worker, Victim::Producer, Victim::Beat]);
            let first = 1 + round * JOBS;
            stage.fault(call, None, || {
                let died = match victim {
                    Victim::Worker => worker(&stage, call, nth, first, &mut sent),
                    Victim::Producer => producer(&stage, call, nth, first, &mut sent),
                    Victim::Beat => beat(&stage, call, nth),
                };
                deaths += usize::from(died);
            });
            progress.step();
        }
        stage.stop_beats();
        stage.drain(Duration::from_secs(60));
        stage.stop_workers();
    });
    let books = Books::read(&mut lock(&stage.server).client());
    let slack_ns = 2 * u64::try_from(SHAPE.lease.as_nanos()).unwrap_or(0) + 5_000_000_000;
    let mut verdict = judge(&sent, &stage.truth.lives(), &books, &stage.ledger(), slack_ns, Duration::ZERO);
    verdict.violations = stage.violations();
    if !verdict.is_clean() {
        eprintln!("logs and record: {}", stage.keep());
    }
    Part { verdict, ticks: ticks.count(&stage), deaths, tried: stage.fault_counts() }
}

/// The program under a strace that kills it there.
fn traced(stage: &Stage, call: &str, nth: usize, words: &[&str]) -> Child {
    let mut command = stage.room.program("strace").command();
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={nth}")]);
    command.arg(jobq_program()).args(words).stdin(Stdio::null()).stdout(Stdio::null());
    let log = stage.room.work().join("traced.log");
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log file");
    command.stderr(log).spawn().expect("strace starts")
}

fn said(stage: &Stage, text: &str) -> usize {
    stage.room.read("traced.log").lines().filter(|line| line.contains(text)).count()
}

/// Jobs come once it is ready, or will never be; they end with whoever is alive. Its engine is
/// started again after each death, and dies again.
fn worker(stage: &Stage, call: &str, nth: usize, first: usize, sent: &mut Vec<Sent>) -> bool {
    const KILLED: &str = "killed by signal 9";
    let (ready, killed) = (said(stage, " ready "), said(stage, KILLED));
    let mut tracer =
        traced(stage, call, nth, &["worker", "-c", "3", "--lease", "1500ms", "--kill-after", "500ms"]);
    let start = Instant::now();
    let mut ended = || matches!(tracer.try_wait(), Ok(Some(_)));
    while !ended() && said(stage, " ready ") == ready && start.elapsed() < Duration::from_secs(3) {
        thread::sleep(Duration::from_millis(5));
    }
    let plans = [(30, "ok"), (60, "ok"), (10, "print:5000"), (120, "ok")];
    let ids = put(stage, &plans, first);
    sent.extend(ids.into_iter().zip(plans).map(|(id, (_, plan))| told(id, plan, Fate::Accepted)));
    let at_once = Instant::now();
    // A second death would be the same again, and a third would give up its jobs.
    while stage.unfinished() > 0
        && said(stage, KILLED) == killed
        && !ended()
        && at_once.elapsed() < Duration::from_secs(10)
    {
        thread::sleep(Duration::from_millis(10));
    }
    let died = ended() || said(stage, KILLED) > killed;
    end(&mut tracer);
    died
}

/// Kills what is traced, both halves of a worker, and waits for strace.
fn end(tracer: &mut Child) {
    let traced = children_of(tracer.id());
    for pid in traced.iter().filter_map(|pid| engine_now(*pid)).chain(traced.iter().copied()) {
        signal(pid, Signal::KILL);
    }
    wait_for("strace to end", PATIENCE, || {
        // What was being started a moment ago.
        children_of(tracer.id()).into_iter().for_each(|pid| signal(pid, Signal::KILL));
        matches!(tracer.try_wait(), Ok(Some(_)))
    });
}

/// Killed in the middle, and repeated with the same id until it is told that the job is in.
fn producer(stage: &Stage, call: &str, nth: usize, first: usize, sent: &mut Vec<Sent>) -> bool {
    let id = format!("p{first:06}");
    let argv = stage.truth.argv(first, 10, "ok");
    let words: Vec<&str> = ["enqueue", "--quiet", "--id", &id, "--"]
        .into_iter()
        .chain(argv.iter().map(String::as_str))
        .collect();
    let mut tracer = traced(stage, call, nth, &words);
    let status = tracer.wait().expect("it is our child");
    wait_for("the enqueue", PATIENCE, || stage.room.jobq(&words).run().code == Some(0));
    sent.push(told(id, "ok", Fate::Accepted));
    !status.success()
}

fn told(id: String, plan: &'static str, fate: Fate) -> Sent {
    Sent { id, plan, fate, runs: 1, at_ns: now_ns() }
}

/// A few ticks long beside the healthy one, which may stand still meanwhile.
fn beat(stage: &Stage, call: &str, nth: usize) -> bool {
    let healthy = stage.beat(0);
    healthy.into_iter().for_each(|pid| signal(pid, Signal::STOP));
    let mut tracer = traced(stage, call, nth, &["beat"]);
    let start = Instant::now();
    let mut died = false;
    while !died && start.elapsed() < Duration::from_millis(2_500) {
        died = matches!(tracer.try_wait(), Ok(Some(_)));
        thread::sleep(Duration::from_millis(10));
    }
    end(&mut tracer);
    healthy.into_iter().for_each(|pid| signal(pid, Signal::CONT));
    died
}
