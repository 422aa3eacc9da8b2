//! Producers: the real program, again and again, with a note of every exit code. Of a load that
//! no machine could start so many programs for, most goes past it, through the same library.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jobq::core::error::Error;
use jobq::core::link::{Link, Patience, Target, TlsFiles};
use jobq::core::name::Name;
use jobq::core::spec::Spec;
use jobq::core::store::{Enqueued, NewJob, Store, When};

use super::stage::{Rng, Stage, lock};
use super::truth::now_ns;
use crate::support::books::NAMESPACE;
use crate::support::{Signal, signal};

/// What a producer knows of a job that it tried to enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was told that the job is in: exit 0.
    Accepted,
    /// It was told that nobody knows (74), or was killed before it was told anything.
    Unknown,
    /// It was told that certainly nothing was accepted.
    Refused(i32),
}

/// A job as its producer meant it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: String,
    pub plan: &'static str,
    pub fate: Fate,
    /// How often the program was run for it.
    pub runs: usize,
    /// When it was told so last.
    pub at_ns: u64,
}

/// All that was sent.
#[derive(Default)]
pub struct Book {
    next: AtomicUsize,
    sent: Mutex<Vec<Sent>>,
}

/// Plans and how many of a thousand jobs follow each.
const PLANS: [(&str, usize); 8] = [
    ("ok", 778),
    ("print:20000", 60),
    ("flaky", 50),
    ("fail", 40),
    ("delayed", 40),
    ("fork", 20),
    ("stubborn", 10),
    ("poison", 2),
];

fn plan(rng: &mut Rng) -> &'static str {
    let mut place = rng.below(1_000);
    for (plan, share) in PLANS {
        if place < share {
            return plan;
        }
        place -= share;
    }
    "ok"
}

impl Book {
    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.sent).clone()
    }

    /// Enqueues jobs until all of the run's are sent, at an even pace. Several may do so.
    pub fn produce(&self, stage: &Stage, mut rng: Rng) {
        let (start, line) = (Instant::now(), Line::new(stage));
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= stage.shape.jobs || start.elapsed() > stage.shape.time.mul_f64(1.1) {
                return;
            }
            let due = stage.shape.time.mul_f64(number as f64 / stage.shape.jobs as f64);
            sleep(due.saturating_sub(start.elapsed()));
            let plan = plan(&mut rng);
            // Refused for certain means that this id never runs: the job comes under another.
            for turn in 0.. {
                let one = send(stage, &line, number, format!("c{number:06}.{turn}"), plan, &mut rng);
                let refused = matches!(one.fate, Fate::Refused(_));
                lock(&self.sent).push(one);
                if !refused {
                    break;
                }
                sleep(rng.ms(50, 300));
            }
        }
    }
}

/// A way in past the program.
struct Line {
    runtime: tokio::runtime::Runtime,
    store: Store,
    /// How many of a hundred jobs take it.
    percent: u64,
}

impl Line {
    fn new(stage: &Stage) -> Line {
        let url = stage.proxies[stage.shape.workers].url();
        let target = Target::parse(&url, &TlsFiles::default(), None).expect("a URL");
        let namespace = Name::new(NAMESPACE).expect("a name");
        let store = Store::new(Link::new(target, Patience::default()), namespace);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Line { runtime, store, percent: if stage.shape.jobs > 1_000 { 85 } else { 0 } }
    }

    fn send(&self, job: &NewJob) -> Fate {
        match self.runtime.block_on(self.store.enqueue(std::slice::from_ref(job))) {
            Ok(Enqueued::Accepted(_)) => Fate::Accepted,
            Ok(Enqueued::Full(_)) => Fate::Refused(75),
            Err(Error::Unknown { .. }) => Fate::Unknown,
            Err(Error::Unreachable { .. } | Error::Refusing { .. }) => Fate::Refused(69),
            Err(Error::Denied { .. }) => Fate::Refused(77),
            Err(_) => Fate::Refused(78),
        }
    }
}

fn new_job(id: &str, plan: &str, argv: &[String]) -> NewJob {
    let argv = argv.iter().map(|word| word.as_str().into()).collect();
    let mut spec = Spec::command(Name::new("default").expect("a queue"), argv);
    let (retries, delay_ms) = match plan {
        "fail" => (2, 300),
        "flaky" => (3, 200),
        _ => (0, 0),
    };
    (spec.retry.retries, spec.retry.delay_ms) = (retries, delay_ms);
    let not_before = (plan == "delayed").then_some(When::In(2_000));
    NewJob { id: Name::new(id).expect("an id"), spec, not_before, expires: None, stdin: None }
}

fn send(stage: &Stage, line: &Line, number: usize, id: String, plan: &'static str, rng: &mut Rng) -> Sent {
    let ms = if rng.chance(5) { 500 + rng.next() % 1_500 } else { 5 + rng.next() % 200 };
    let argv = stage.truth.argv(number, ms, if plan == "delayed" { "ok" } else { plan });
    let mut words: Vec<String> = ["enqueue", "--quiet", "--id", &id].map(str::to_owned).to_vec();
    let more: &[&str] = match plan {
        "fail" => &["--retries", "2", "--retry-delay", "300ms"],
        "flaky" => &["--retries", "3", "--retry-delay", "200ms"],
        "delayed" => &["--delay", "2s"],
        _ => &[],
    };
    words.extend(more.iter().map(|word| (*word).to_owned()));
    words.push("--".to_owned());
    words.extend(argv.iter().cloned());
    let past = rng.chance(line.percent).then(|| new_job(&id, plan, &argv));
    let mut one = Sent { id, plan, fate: Fate::Refused(0), runs: 0, at_ns: 0 };
    loop {
        let fate = match &past {
            Some(job) => line.send(job),
            None => run(stage, &words, rng),
        };
        (one.runs, one.at_ns) = (one.runs + 1, now_ns());
        // What an earlier run may have done stays possible, whatever a later one is told.
        one.fate = if one.fate == Fate::Unknown && fate != Fate::Accepted { Fate::Unknown } else { fate };
        if one.fate != Fate::Unknown || rng.chance(20) {
            return one;
        }
        sleep(rng.ms(20, 200));
    }
}

/// Runs the program once; one in fifty is killed in the middle.
fn run(stage: &Stage, words: &[String], rng: &mut Rng) -> Fate {
    let mut command: Command = stage.room.jobq(words).command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let killed = rng.chance(2);
    if killed {
        sleep(Duration::from_millis(rng.next() % 25));
        signal(child.id(), Signal::KILL);
    }
    let status = child.wait().expect("it is our child");
    match status.code() {
        Some(0) => Fate::Accepted,
        Some(74) | None => Fate::Unknown,
        Some(code) => Fate::Refused(code),
    }
}
