//! What the reading side answers with: plain values, rendered by `view`.

mod schedule;

pub use schedule::{BeatReport, BeatsReport, Census, EndedJob, PauseReport, ScheduleReport};

use super::bytes::Bytes;
use super::outcome::Outcome;
use super::spec::Spec;
use super::state::State;

/// One job in full. Instants are milliseconds since the epoch by Redis time.
#[derive(Debug, Clone)]
pub struct JobReport {
    /// Its id.
    pub id: String,
    /// The state to show, derived at read time.
    pub state: State,
    /// Why it is in this state, where there is something to say (`unknown task`, `purged by ann@web1`).
    pub reason: Option<String>,
    /// What the producer asked for.
    pub spec: Spec,
    /// Number of the newest attempt, 0 before the first.
    pub attempt: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Attempts cut by the death of their worker.
    pub losses: u32,
    /// Times the job put itself back.
    pub snoozes: u32,
    /// Times a worker gave it back unharmed.
    pub releases: u32,
    /// Times in a row that a worker would not run it.
    pub refusals: u32,
    /// How the newest ended attempt ended.
    pub outcome: Option<Outcome>,
    /// One line about the newest failure (`exit code 3`, `cannot find program "x"`).
    pub error: Option<String>,
    /// JSON that the job gave as its result.
    pub result: Option<serde_json::Value>,
    /// Progress in percent, and words.
    pub progress: Option<Progress>,
    /// When it was accepted.
    pub enqueued_ms: i64,
    /// When it becomes eligible, while it waits for that.
    pub due_ms: Option<i64>,
    /// When it expires, while it never started.
    pub expires_ms: Option<i64>,
    /// When the newest attempt started.
    pub started_ms: Option<i64>,
    /// When it reached its final state.
    pub finished_ms: Option<i64>,
    /// The worker that holds it, or held it last.
    pub worker: Option<String>,
    /// That worker's host.
    pub host: Option<String>,
    /// Whether a cancel was recorded and the tree is being ended.
    pub cancelling: bool,
    /// Bytes the newest attempt wrote, and how many of them are not kept.
    pub output: OutputTotals,
    /// Its output was removed to keep all output together within its bound.
    pub output_gone: bool,
    /// The last ten ended attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Live workers that serve its queue.
    pub workers: u64,
    /// Redis time of the reading.
    pub now_ms: i64,
}

/// How far a job says it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// 0 to 100.
    pub percent: Option<f64>,
    /// The job's own words.
    pub message: Option<String>,
}

/// Sizes of what an attempt wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputTotals {
    /// Bytes written to standard output.
    pub stdout_bytes: u64,
    /// Bytes written to standard error.
    pub stderr_bytes: u64,
    /// Bytes of both that are not kept.
    pub dropped: u64,
}

/// One ended attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its number, from 1; an attempt that was given back shares its number with the next.
    pub attempt: u32,
    /// Its fencing number, as text (it exceeds what JSON numbers carry safely).
    pub fence: String,
    /// The worker that ran it.
    pub worker: String,
    /// That worker's host.
    pub host: String,
    /// When it started.
    pub started_ms: i64,
    /// When its end was recorded.
    pub ended_ms: i64,
    /// How it ended; `None` for an ending this version does not know.
    pub outcome: Option<Outcome>,
    /// The ending's stored name, also where `outcome` is `None`.
    pub outcome_name: String,
    /// The last bytes of its output, both streams in the order they were read.
    pub tail: Bytes,
}

/// One queue. Counts are of shown states.
#[derive(Debug, Clone, Default)]
pub struct QueueReport {
    /// Its name.
    pub name: String,
    /// Jobs by state, in the order of [`State::ALL`].
    pub counts: [u64; 9],
    /// Unfinished jobs: what `max_depth` bounds.
    pub depth: u64,
    /// Their limit.
    pub max_depth: Option<u64>,
    /// Bytes of unfinished jobs: what `max_bytes` bounds.
    pub bytes: u64,
    /// Their limit.
    pub max_bytes: Option<u64>,
    /// Most jobs that may run at once.
    pub max_running: Option<u64>,
    /// Most starts in [`QueueReport::rate_ms`].
    pub rate: Option<u64>,
    /// The time of a rate, in milliseconds.
    pub rate_ms: Option<u64>,
    /// Its pause, while it lasts.
    pub paused: Option<Pause>,
    /// Live workers that serve it.
    pub workers: u64,
    /// When the job that is next in line was enqueued.
    pub head_enqueued_ms: Option<i64>,
}

/// A queue's pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when, milliseconds since the epoch.
    pub since_ms: i64,
    /// When it ends by itself, where it does.
    pub until_ms: Option<i64>,
    /// Who paused it.
    pub user: String,
    /// On which host.
    pub host: String,
    /// Why, in their words; empty for none.
    pub why: String,
}

impl QueueReport {
    /// Jobs in `state`.
    pub fn count(&self, state: State) -> u64 {
        State::ALL.iter().position(|one| *one == state).map_or(0, |place| self.counts[place])
    }
}

/// One worker.
#[derive(Debug, Clone)]
pub struct WorkerReport {
    /// Its id: `HOST-PID-…`.
    pub id: String,
    /// Its label, where one was given.
    pub label: Option<String>,
    /// Its host.
    pub host: String,
    /// Its main process.
    pub pid: u32,
    /// Queues it serves.
    pub queues: Vec<String>,
    /// Places for running jobs.
    pub slots: u32,
    /// Jobs it holds.
    pub held: u32,
    /// `running`, `quiet` or `draining`.
    pub mode: String,
    /// When it started.
    pub started_ms: i64,
    /// When it last renewed.
    pub seen_ms: i64,
    /// Its jobq version.
    pub version: String,
}

/// A whole namespace in one look.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The namespace.
    pub namespace: String,
    /// Redis time of the reading.
    pub now_ms: i64,
    /// Every queue, by name.
    pub queues: Vec<QueueReport>,
    /// Every registered worker.
    pub workers: Vec<WorkerReport>,
    /// The newest failures, newest first, at most ten.
    pub failures: Vec<FailureLine>,
    /// The beats, and how many schedules they are for.
    pub beats: BeatsReport,
    /// Schedules that are not paused and whose tick is due, with the time it is due since.
    pub overdue: Vec<(String, i64)>,
    /// What the server is.
    pub server: ServerReport,
    /// Tasks with an open incident, the oldest first; at most twenty.
    pub incidents: Vec<Incident>,
    /// Chores under way, the one that is worked on first; at most twenty.
    pub chores: Vec<ChoreReport>,
}

/// A task whose failures set off an alert that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The task.
    pub task: String,
    /// Since when.
    pub since_ms: i64,
    /// What is wrong with it (`3 failures in a row`).
    pub why: String,
}

/// Work that is written down and done in slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoreReport {
    /// Its number.
    pub id: String,
    /// What it does: `purge`.
    pub kind: String,
    /// The queue it is about.
    pub queue: Option<String>,
    /// When it was written down.
    pub since_ms: Option<i64>,
    /// Jobs that are done.
    pub done: u64,
}

/// What a check-up looks at.
#[derive(Debug, Clone)]
pub struct Checkup {
    /// The namespace and its server.
    pub overview: Overview,
    /// How far the server's clock is ahead of this machine's, in milliseconds.
    pub clock_ahead_ms: i64,
    /// The format of the stored data, where it is not ours.
    pub foreign_format: Option<String>,
    /// The server is on another machine, and the connection has no password.
    pub open_to_all: bool,
    /// Connections that it has.
    pub clients: u64,
    /// Connections that it takes.
    pub max_clients: u64,
    /// It is a replica without a connection to its primary.
    pub replica_cut: bool,
}

/// A failed job in one line.
#[derive(Debug, Clone)]
pub struct FailureLine {
    /// Its id.
    pub id: String,
    /// Its queue.
    pub queue: String,
    /// Its task or command.
    pub title: String,
    /// Its command, where it is one.
    pub argv: Vec<Bytes>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How it ended, in words.
    pub error: Option<String>,
    /// When.
    pub finished_ms: i64,
}

/// The Redis or Valkey server.
#[derive(Debug, Clone, Default)]
pub struct ServerReport {
    /// Where, without any password.
    pub address: String,
    /// `redis` or `valkey`.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// `primary` or `replica`.
    pub role: String,
    /// `standalone`, `sentinel` or `cluster`.
    pub mode: &'static str,
    /// The node that takes writes, where others had to be asked for it.
    pub primary: Option<String>,
    /// Replicas that are connected to it.
    pub replicas: u64,
    /// The Sentinels, or the nodes of the Cluster, that are known: `HOST:PORT`.
    pub nodes: Vec<String>,
    /// Its process, where it says so.
    pub pid: Option<u32>,
    /// Append-only persistence is on.
    pub aof: bool,
    /// Snapshot persistence is on.
    pub rdb: bool,
    /// `maxmemory-policy`.
    pub eviction: String,
    /// Bytes in use.
    pub used_memory: u64,
    /// Bytes it may use, 0 for no limit.
    pub max_memory: u64,
    /// Its last snapshot or append to its file failed; most servers then refuse changes.
    pub save_failed: bool,
    /// Finished jobs whose records are kept.
    pub kept_jobs: u64,
    /// Bytes of output that are kept.
    pub kept_output: u64,
    /// The folder of the local store, where this is one.
    pub local_dir: Option<std::path::PathBuf>,
}

/// One event of the stream: who changed what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id in the stream: `MILLISECONDS-NUMBER`.
    pub id: String,
    /// When it happened, by Redis time.
    pub at_ms: i64,
    /// Its fields as they are stored (docs/events.md), the kind (`k`) among them.
    pub fields: Vec<(String, String)>,
}

impl Event {
    /// A field; `None` where the event has none of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// What happened.
    pub fn kind(&self) -> &str {
        self.field("k").unwrap_or_default()
    }
}
