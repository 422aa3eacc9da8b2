//! Cancels against everything else: whoever claims, ends or dies at that moment, what was
//! acknowledged holds; and a running tree is gone in time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jobq::core::name::Name;
use jobq::core::store::{By, Came};

use super::stage::Rng;
use crate::support::books::{Books, NAMESPACE};
use crate::support::{
    PATIENCE, Room, Server, Signal, alive, beats, engine_of, enqueue_many, signal, wait_for, wait_for_some,
};

/// Slots of the workers that race.
const SLOTS: usize = 6;
/// Cancels between two deaths of an engine.
const CALM: usize = 60;

/// What came of the cancels.
#[derive(Debug, Default, serde::Serialize)]
pub struct Cancels {
    pub cancels: usize,
    /// Acknowledged before a start, during a run, and after its end.
    pub before_a_start: usize,
    pub during_a_run: usize,
    pub after_the_end: usize,
    pub engines_killed: usize,
    /// By the events in the store, and by what the jobs themselves wrote down.
    pub started_after_acknowledgement: Vec<String>,
    pub double_endings: Vec<String>,
    pub unexpected: Vec<String>,
}

impl Cancels {
    /// Whether what was promised holds.
    pub fn is_clean(&self) -> bool {
        self.started_after_acknowledgement.is_empty()
            && self.double_endings.is_empty()
            && self.unexpected.is_empty()
    }
}

/// Each job notes its start and each acknowledged cancel its own line, all appended whole to
/// one file: the order of the lines is the order in which things happened.
fn append(log: &Path, line: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(log).expect("the log opens");
    file.write_all(format!("{line}\n").as_bytes()).expect("the log is written");
}

/// So many jobs, each cancelled just as its turn comes or ends, while engines are killed.
pub fn race(cancels: usize) -> Cancels {
    let server = Server::start();
    let room = Room::new(&server).namespace(NAMESPACE);
    let log = room.work().join("log");
    append(&log, "");
    let script = format!("echo \"S $JOBQ_JOB_ID\" >>'{}'; sleep 0.02", log.display());
    let argv = ["sh", "-c", &script].map(str::to_owned).to_vec();
    let jobs: Vec<_> = (0..cancels * 3).map(|_| ("default", 0, argv.clone())).collect();
    let ids = enqueue_many(&server.url(), NAMESPACE, &jobs);
    let slots = (SLOTS / 2).to_string();
    let workers = [(); 2].map(|()| room.ready_worker(&["-c", &slots, "--lease", "2s"]));
    let (done, mut killed) = (AtomicUsize::new(0), 0);
    let told = thread::scope(|scope| {
        let cancelling = scope.spawn(|| cancel_some(&server, &ids, cancels, &log, &done));
        while !cancelling.is_finished() {
            if done.load(Ordering::Relaxed) >= (killed + 1) * CALM {
                signal(engine_of(workers[killed % 2].pid()), Signal::KILL);
                killed += 1;
            }
            thread::sleep(Duration::from_millis(5));
        }
        cancelling.join().expect("the cancels end")
    });
    room.jobq(["control", "cancel", "-q", "default", "--yes", "--quiet"]).run().status(0);
    wait_for("all jobs to end", PATIENCE * 4, || {
        ["PENDING", "STARTED", "RETRY", "SCHEDULED"].iter().all(|state| room.count("default", state) == 0)
    });
    drop(workers);
    let lines = std::fs::read_to_string(&log).expect("the log");
    let mut counts = judge(&Books::read(&mut server.client()), &lines, &told);
    counts.engines_killed = killed;
    counts
}

/// Cancels so many jobs, each by a call of its own, next to the newest start: jobs that are
/// about to be taken, that run, and that end. What each was told.
fn cancel_some(
    server: &Server,
    ids: &[String],
    cancels: usize,
    log: &Path,
    done: &AtomicUsize,
) -> BTreeMap<String, Came> {
    let store = beats::store(&server.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let places: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let newest = || {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        text.lines().rev().find_map(|line| places.get(line.strip_prefix("S ")?).copied())
    };
    let (mut told, mut rng) = (BTreeMap::new(), Rng::new(cancels as u64, 0));
    while told.len() < cancels {
        let near = wait_for_some("jobs that can be cancelled", PATIENCE, || {
            let at = newest()?;
            let near = &ids[at.saturating_sub(SLOTS)..ids.len().min(at + SLOTS)];
            let near: Vec<&String> = near.iter().filter(|id| !told.contains_key(*id)).collect();
            (!near.is_empty()).then_some(near)
        });
        let id = *rng.pick(&near);
        let name = [Name::new(id.as_str()).expect("an id")];
        let answer = runtime.block_on(store.cancel(&name, &By::default(), &[])).expect("an answer");
        append(log, &format!("A {id}"));
        told.insert(id.clone(), answer[0].came);
        done.fetch_add(1, Ordering::Relaxed);
    }
    told
}

fn judge(books: &Books, lines: &str, told: &BTreeMap<String, Came>) -> Cancels {
    let count = |wanted: Came| told.values().filter(|came| **came == wanted).count();
    let mut counts = Cancels {
        cancels: told.len(),
        before_a_start: count(Came::Cancelled),
        during_a_run: count(Came::Cancelling),
        after_the_end: count(Came::Finished),
        ..Cancels::default()
    };
    // By the jobs: one that ran when it was cancelled may have been on its way into its process.
    let mut acknowledged = BTreeSet::new();
    for (kind, id) in lines.lines().filter_map(|line| line.split_once(' ')) {
        match kind {
            "A" => drop(acknowledged.insert(id)),
            _ if acknowledged.contains(id) && told[id] == Came::Cancelled => {
                counts.started_after_acknowledgement.push(format!("{id} ran, told {:?}", told[id]));
            }
            _ => {}
        }
    }
    // By the store: it is one order of all that happened.
    let (mut ends, mut ordered): (BTreeMap<&str, Vec<&str>>, BTreeSet<&str>) = Default::default();
    for event in books.events() {
        let mut words = event.split(' ');
        let kind = words.next().unwrap_or_default();
        let Some(id) = words.next().and_then(|word| word.strip_prefix("id=")) else { continue };
        match kind {
            "started" if ordered.contains(id) => {
                counts.started_after_acknowledgement.push(format!("{id} was started by the store"));
            }
            "cancelling" => drop(ordered.insert(id)),
            "succeeded" | "failed" | "revoked" | "expired" => {
                ordered.insert(id);
                ends.entry(id).or_default().push(kind);
            }
            _ => {}
        }
    }
    for (id, ends) in ends.iter().filter(|(_, ends)| ends.len() > 1) {
        counts.double_endings.push(format!("{id} ended as {ends:?}"));
    }
    for (id, came) in told {
        let state = books.hash(&format!("job:{id}")).remove("state").unwrap_or_default();
        let fits = match came {
            Came::Cancelled => state == "REVOKED",
            Came::Cancelling => state == "REVOKED" || state == "SUCCESS",
            Came::Finished => state == "SUCCESS",
            _ => false,
        };
        if !fits {
            counts.unexpected.push(format!("{id} was told {came:?} and is {state}"));
        }
    }
    counts
}

/// How long trees lived that were cancelled.
#[derive(Debug, Default, serde::Serialize)]
pub struct Trees {
    pub trees: usize,
    pub promised_ms: u128,
    pub slowest_ms: u128,
    pub late: Vec<String>,
    pub processes_left: usize,
}

/// Cancels so many running trees that hear no TERM; from the call to the last process.
pub fn trees(rounds: usize, kill_after: Duration) -> Trees {
    let server = Server::start();
    let room = Room::new(&server).namespace(NAMESPACE);
    let promised = kill_after + Duration::from_secs(1);
    let kill_after = format!("{}ms", kill_after.as_millis());
    let _worker = room.ready_worker(&["-c", "1", "--kill-after", &kill_after]);
    let deaf = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >>inner; while :; do sleep 1; done' & \
                while :; do sleep 1; done";
    let mut found = Trees { trees: rounds, promised_ms: promised.as_millis(), ..Trees::default() };
    for round in 1..=rounds {
        let id = room.shell(&[], deaf);
        let inner: u32 =
            room.lines_in("inner", round).lines().last().expect("a line").parse().expect("a pid");
        let began = Instant::now();
        room.jobq(["control", "cancel", "--quiet", &id]).run().status(0);
        wait_for("the tree to be gone", PATIENCE, || !alive(inner));
        wait_for("the job to be told of", PATIENCE, || room.job(&id).state() == "REVOKED");
        let took = began.elapsed();
        found.slowest_ms = found.slowest_ms.max(took.as_millis());
        if took > promised {
            found.late.push(format!("{} ms", took.as_millis()));
        }
        found.processes_left += room.processes_of(&id).len();
    }
    found
}
