//! Short words for what nearly every test of running jobs does.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

use jobq::core::link::{Link, Patience, Target, TlsFiles};
use jobq::core::name::{Name, new_id};
use jobq::core::spec::Spec;
use jobq::core::store::{Enqueued, NewJob, Store};
use serde_json::Value as Json;

use super::books::NAMESPACE;
use super::room::{Jobq, Room};
use super::run::{Output, Running};
use super::{PATIENCE, Server, alive, wait_for_some};

impl Room {
    /// A room with this `jobq.toml`, in the namespace that is read raw.
    #[track_caller]
    pub fn with_tasks(server: &Server, toml: &str) -> Room {
        let room = Room::new(server).namespace(NAMESPACE);
        room.write("jobq.toml", toml);
        room
    }

    /// Waits until a file below [`Room::work`] has so many lines; its text.
    #[track_caller]
    pub fn lines_in(&self, name: &str, count: usize) -> String {
        wait_for_some(&format!("{count} lines in {name}"), PATIENCE, || {
            let text = self.read(name);
            (text.lines().count() >= count).then_some(text)
        })
    }

    /// Enqueues with the real program; the id.
    #[track_caller]
    pub fn enqueue<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> String {
        self.jobq(["enqueue", "--quiet"]).args(args).run().status(0).line()
    }

    /// Enqueues `sh -c SCRIPT`, with options before it; the id.
    #[track_caller]
    pub fn shell(&self, options: &[&str], script: &str) -> String {
        self.enqueue(options.iter().copied().chain(["--shell", script]))
    }

    /// `jobq worker` with these arguments, not yet run.
    pub fn worker(&self, args: &[&str]) -> Jobq {
        self.jobq(["worker"]).args(args)
    }

    /// A worker that has said that it is ready.
    #[track_caller]
    pub fn ready_worker(&self, args: &[&str]) -> Running {
        let worker = self.worker(args).spawn();
        worker.wait_stderr(" ready ", PATIENCE);
        worker
    }

    /// Runs what there is with `jobq worker --burst` and more arguments.
    #[track_caller]
    pub fn burst(&self, args: &[&str]) -> Output {
        self.worker(&["--burst"]).args(args).run().status(0)
    }

    /// One job as `jobq status --json` shows it.
    #[track_caller]
    pub fn job(&self, id: &str) -> Job {
        let shown = self.jobq(["status", "--json", id]).run().status(0);
        Job(serde_json::from_slice(&shown.stdout).expect("one JSON object"))
    }

    /// The job once it is in this state.
    #[track_caller]
    pub fn job_in(&self, id: &str, state: &str, limit: Duration) -> Job {
        self.job_when(&format!("{id} to be {state}"), id, limit, |job| job.state() == state)
    }

    /// The job once this holds.
    #[track_caller]
    pub fn job_when(&self, what: &str, id: &str, limit: Duration, holds: impl Fn(&Job) -> bool) -> Job {
        let start = Instant::now();
        loop {
            let job = self.job(id);
            if holds(&job) {
                return job;
            }
            assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}; now {:#}", job.0);
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// A job's standard output as it is stored.
    #[track_caller]
    pub fn stdout_of(&self, id: &str) -> Vec<u8> {
        self.jobq(["status", "--stdout", id]).run().status(0).stdout
    }

    /// A job's standard error as it is stored.
    #[track_caller]
    pub fn stderr_of(&self, id: &str) -> Vec<u8> {
        self.jobq(["status", "--stderr", id]).run().status(0).stdout
    }

    /// The overview as JSON.
    #[track_caller]
    pub fn overview(&self) -> Json {
        serde_json::from_slice(&self.jobq(["status", "--json"]).run().status(0).stdout).expect("JSON")
    }

    /// How many jobs of a queue are in this state.
    #[track_caller]
    pub fn count(&self, queue: &str, state: &str) -> u64 {
        let overview = self.overview();
        let queues = overview["queues"].as_array().expect("a list of queues");
        let found = queues.iter().find(|one| one["name"] == queue);
        found.map_or(0, |one| one["counts"][state].as_u64().expect("a count"))
    }

    /// Processes of the room that belong to this job: they have its id in their environment.
    pub fn processes_of(&self, id: &str) -> Vec<u32> {
        let mark = format!("JOBQ_JOB_ID={id}");
        let has = |pid: u32| {
            let all = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            all.split(|byte| *byte == 0).any(|one| one == mark.as_bytes())
        };
        self.processes().into_iter().map(|(pid, _)| pid).filter(|pid| has(*pid) && alive(*pid)).collect()
    }
}

/// A job as JSON, with short names for what tests ask of it.
#[derive(Debug, Clone)]
pub struct Job(pub Json);

impl Job {
    pub fn state(&self) -> &str {
        self.0["state"].as_str().unwrap_or_default()
    }

    pub fn outcome(&self) -> &str {
        self.0["outcome"].as_str().unwrap_or_default()
    }

    pub fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap_or_else(|| panic!("no number {field} in {}", self.0))
    }

    /// Attempt, failures, losses, snoozes, releases.
    pub fn counters(&self) -> [u64; 5] {
        ["attempt", "failures", "losses", "snoozes", "releases"].map(|field| self.number(field))
    }

    /// The outcomes of all attempts kept, oldest first.
    pub fn outcomes(&self) -> Vec<String> {
        let attempts = self.0["attempts"].as_array().expect("a list of attempts");
        attempts.iter().map(|one| one["outcome"].as_str().expect("an outcome").to_owned()).collect()
    }
}

/// The engine of a worker: the child of its guardian that is one too. Waits for a new one
/// where the last was killed.
#[track_caller]
pub fn engine_of(guardian: u32) -> u32 {
    wait_for_some("the engine", PATIENCE, || engine_now(guardian))
}

/// The engine of a worker at this moment, if it has one.
pub fn engine_now(guardian: u32) -> Option<u32> {
    children_of(guardian).into_iter().find(|pid| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        alive(*pid) && environ.split(|byte| *byte == 0).any(|one| one == b"JOBQ__ENGINE=1")
    })
}

/// Children of a process's main thread.
pub fn children_of(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Enqueues many commands at once, past the program: for loads of which the enqueueing is
/// not the point. Each is a queue, a priority and an argv. The ids, in the same order.
#[track_caller]
pub fn enqueue_many(url: &str, namespace: &str, jobs: &[(&str, i32, Vec<String>)]) -> Vec<String> {
    let target = Target::parse(url, &TlsFiles::default(), None).expect("a URL");
    let namespace = Name::new(namespace).expect("a namespace");
    let made = jobs.iter().map(|(queue, priority, argv)| {
        let argv = argv.iter().map(|word| word.as_str().into()).collect();
        let mut spec = Spec::command(Name::new(*queue).expect("a queue"), argv);
        spec.priority = *priority;
        NewJob { id: new_id(), spec, not_before: None, expires: None, stdin: None }
    });
    let made: Vec<NewJob> = made.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::new(Link::new(target, Patience::default()), namespace);
        for page in made.chunks(50) {
            let answer = store.enqueue(page).await.expect("an answer");
            assert!(matches!(answer, Enqueued::Accepted(_)), "{answer:?}");
        }
    });
    made.into_iter().map(|job| job.id.to_string()).collect()
}
