//! Reports for machines: one object a line, fields in the order of the manual, absent
//! values `null`. Fields are only ever added; `schema` changes if one had to go.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::core::bytes::Bytes;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::report::{
    Attempt, FailureLine, JobReport, Overview, Pause, QueueReport, ServerReport, WorkerReport,
};
use crate::core::spec::Spec;
use crate::core::state::State;
use crate::core::when::rfc3339;

use super::escape::is_unsafe;
use super::overview::{health, is_live};
use super::why::{Reason, Short};

/// The form of these objects.
pub const SCHEMA: u32 = 1;

/// Any of these objects as one line, ended.
///
/// JSON itself escapes only C0; what else could act on a terminal is escaped too, so that
/// `--json` is as safe to look at as a table and still the same value to a parser.
pub fn line<T: Serialize>(object: &T) -> String {
    // The objects have string keys and no failing parts, so there is always a text.
    let json = serde_json::to_string(object).unwrap_or_default();
    let mut safe = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if is_unsafe(c) {
            // Only strings can hold such a character, so an escape is valid where it stands.
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe.push('\n');
    safe
}

/// What `enqueue --json` says.
#[derive(Debug, Clone, Serialize)]
pub struct Accepted<'a> {
    /// The job's id.
    pub id: &'a str,
    /// Whether this call made the job.
    pub created: bool,
    /// Whether a job that was there already has the same description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
    /// Its shown state.
    pub state: &'a str,
    /// Its queue.
    pub queue: &'a str,
    /// Live workers that serve the queue.
    pub workers: u64,
    /// With `--durable`: how many replicas have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<&'a Replicas>,
}

/// Replicas that have a job, and that should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replicas {
    /// So many have it.
    pub have: u64,
    /// So many were asked for.
    pub want: u64,
}

/// The same as a value, for an error's object.
pub fn replicas(replicas: &Replicas) -> serde_json::Value {
    serde_json::json!({"have": replicas.have, "want": replicas.want})
}

/// What `enqueue --dry-run --json` says.
#[derive(Debug, Clone, Serialize)]
pub struct Planned<'a> {
    /// Always true: nothing was enqueued.
    pub dry_run: bool,
    /// When it would be due, RFC 3339 UTC.
    pub due_at: Option<String>,
    /// When it would expire, RFC 3339 UTC.
    pub expires_at: Option<String>,
    /// The record as it would be stored.
    pub spec: &'a Spec,
}

#[derive(Serialize)]
struct Job<'a> {
    id: &'a str,
    state: &'static str,
    reason: Option<&'a str>,
    queue: &'a Name,
    task: Option<&'a Name>,
    argv: Option<&'a [Bytes]>,
    args: Option<&'a BTreeMap<String, Value>>,
    priority: i32,
    labels: &'a BTreeMap<Name, String>,
    group: Option<&'a Name>,
    attempt: u32,
    retries: u32,
    outcome: Option<&'static str>,
    exit_code: Option<u8>,
    signal: Option<u8>,
    result: Option<&'a Value>,
    error: Option<&'a str>,
    progress: Option<Progress<'a>>,
    enqueued_at: String,
    due_at: Option<String>,
    expires_at: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
    worker: Option<&'a str>,
    host: Option<&'a str>,
    output: Output,
    failures: u32,
    losses: u32,
    snoozes: u32,
    releases: u32,
    cancelling: bool,
    workers: u64,
    cwd: Option<&'a Bytes>,
    attempts: Vec<AttemptLine<'a>>,
    why: Option<Short<'a>>,
    schema: u32,
}

#[derive(Serialize)]
struct Progress<'a> {
    percent: Option<f64>,
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct Output {
    stdout_bytes: u64,
    stderr_bytes: u64,
    dropped: u64,
}

#[derive(Serialize)]
struct AttemptLine<'a> {
    attempt: u32,
    fence: &'a str,
    worker: &'a str,
    host: &'a str,
    started_at: String,
    ended_at: String,
    duration_ms: i64,
    outcome: &'a str,
    exit_code: Option<u8>,
    signal: Option<u8>,
    tail: &'a Bytes,
}

fn exit_code(outcome: Option<Outcome>) -> Option<u8> {
    match outcome {
        Some(Outcome::Exit(code)) => Some(code),
        _ => None,
    }
}

fn signal(outcome: Option<Outcome>) -> Option<u8> {
    match outcome {
        Some(Outcome::Signal { number, .. }) => Some(number),
        _ => None,
    }
}

/// One job; in full if its attempts were read. `why` where it was asked for.
pub fn job(report: &JobReport, why: Option<&Reason>) -> String {
    let spec = &report.spec;
    line(&Job {
        id: &report.id,
        state: report.state.name(),
        reason: report.reason.as_deref(),
        queue: &spec.queue,
        task: spec.task.as_ref(),
        argv: (!spec.argv.is_empty()).then_some(spec.argv.as_slice()),
        args: spec.task.is_some().then_some(&spec.named),
        priority: spec.priority,
        labels: &spec.labels,
        group: spec.group.as_ref(),
        attempt: report.attempt,
        retries: spec.retry.retries,
        outcome: report.outcome.map(Outcome::name),
        exit_code: exit_code(report.outcome),
        signal: signal(report.outcome),
        result: report.result.as_ref(),
        error: report.error.as_deref(),
        progress: report
            .progress
            .as_ref()
            .map(|progress| Progress { percent: progress.percent, message: progress.message.as_deref() }),
        enqueued_at: rfc3339(report.enqueued_ms),
        due_at: report.due_ms.map(rfc3339),
        expires_at: report.expires_ms.map(rfc3339),
        started_at: report.started_ms.map(rfc3339),
        finished_at: report.finished_ms.map(rfc3339),
        worker: report.worker.as_deref(),
        host: report.host.as_deref(),
        output: Output {
            stdout_bytes: report.output.stdout_bytes,
            stderr_bytes: report.output.stderr_bytes,
            dropped: report.output.dropped,
        },
        failures: report.failures,
        losses: report.losses,
        snoozes: report.snoozes,
        releases: report.releases,
        cancelling: report.cancelling,
        workers: report.workers,
        cwd: spec.cwd.as_ref(),
        attempts: report.attempts.iter().map(attempt).collect(),
        why: why.map(Reason::short),
        schema: SCHEMA,
    })
}

fn attempt(attempt: &Attempt) -> AttemptLine<'_> {
    AttemptLine {
        attempt: attempt.attempt,
        fence: &attempt.fence,
        worker: &attempt.worker,
        host: &attempt.host,
        started_at: rfc3339(attempt.started_ms),
        ended_at: rfc3339(attempt.ended_ms),
        duration_ms: attempt.ended_ms.saturating_sub(attempt.started_ms),
        outcome: &attempt.outcome_name,
        exit_code: exit_code(attempt.outcome),
        signal: signal(attempt.outcome),
        tail: &attempt.tail,
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    namespace: &'a str,
    healthy: bool,
    headline: String,
    attention: Vec<String>,
    now: String,
    queues: Vec<Queue<'a>>,
    workers: Vec<Worker<'a>>,
    failures: Vec<Failure<'a>>,
    schedules: u64,
    beats: usize,
    overdue: Vec<&'a str>,
    server: Server<'a>,
    schema: u32,
}

#[derive(Serialize)]
struct Queue<'a> {
    name: &'a str,
    /// By state, in the order people read them.
    #[serde(serialize_with = "in_order")]
    counts: &'a [u64; 9],
    depth: u64,
    max_depth: Option<u64>,
    bytes: u64,
    max_bytes: Option<u64>,
    max_running: Option<u64>,
    rate: Option<u64>,
    rate_ms: Option<u64>,
    paused: Option<Paused<'a>>,
    workers: u64,
    head_enqueued_at: Option<String>,
}

#[derive(Serialize)]
struct Paused<'a> {
    since_at: String,
    until_at: Option<String>,
    user: &'a str,
    host: &'a str,
    reason: Option<&'a str>,
}

fn in_order<S: serde::Serializer>(counts: &[u64; 9], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(State::ALL.iter().map(|state| state.name()).zip(counts))
}

#[derive(Serialize)]
struct Worker<'a> {
    id: &'a str,
    label: Option<&'a str>,
    host: &'a str,
    pid: u32,
    queues: &'a [String],
    slots: u32,
    held: u32,
    mode: &'a str,
    live: bool,
    started_at: String,
    seen_at: String,
    version: &'a str,
}

#[derive(Serialize)]
struct Failure<'a> {
    id: &'a str,
    queue: &'a str,
    title: &'a str,
    outcome: Option<&'static str>,
    error: Option<&'a str>,
    finished_at: String,
}

#[derive(Serialize)]
struct Server<'a> {
    address: &'a str,
    kind: &'a str,
    version: &'a str,
    role: &'a str,
    mode: &'a str,
    primary: Option<&'a str>,
    replicas: u64,
    nodes: &'a [String],
    pid: Option<u32>,
    aof: bool,
    rdb: bool,
    eviction: &'a str,
    used_memory: u64,
    max_memory: u64,
    kept_jobs: u64,
    kept_output_bytes: u64,
    local_dir: Option<Bytes>,
}

/// A whole namespace.
pub fn overview(overview: &Overview) -> String {
    let health = health(overview);
    line(&Whole {
        namespace: &overview.namespace,
        healthy: health.is_healthy(),
        headline: health.headline(),
        attention: health.attention,
        now: rfc3339(overview.now_ms),
        queues: overview.queues.iter().map(queue).collect(),
        workers: overview.workers.iter().map(|one| worker(one, overview.now_ms)).collect(),
        failures: overview.failures.iter().map(failure).collect(),
        schedules: overview.beats.schedules,
        beats: overview.beats.live().count(),
        overdue: super::overview::late(overview).map(|(name, _)| name).collect(),
        server: server_object(&overview.server),
        schema: SCHEMA,
    })
}

/// The server alone.
pub fn server(report: &ServerReport) -> String {
    line(&server_object(report))
}

/// One queue.
pub fn queue_line(report: &QueueReport) -> String {
    line(&queue(report))
}

/// One worker, at Redis time `now_ms`.
pub fn worker_line(report: &WorkerReport, now_ms: i64) -> String {
    line(&worker(report, now_ms))
}

fn queue(queue: &QueueReport) -> Queue<'_> {
    Queue {
        name: &queue.name,
        counts: &queue.counts,
        depth: queue.depth,
        max_depth: queue.max_depth,
        bytes: queue.bytes,
        max_bytes: queue.max_bytes,
        max_running: queue.max_running,
        rate: queue.rate,
        rate_ms: queue.rate_ms,
        paused: queue.paused.as_ref().map(paused),
        workers: queue.workers,
        head_enqueued_at: queue.head_enqueued_ms.map(rfc3339),
    }
}

fn paused(pause: &Pause) -> Paused<'_> {
    Paused {
        since_at: rfc3339(pause.since_ms),
        until_at: pause.until_ms.map(rfc3339),
        user: &pause.user,
        host: &pause.host,
        reason: Some(pause.why.as_str()).filter(|why| !why.is_empty()),
    }
}

fn worker(worker: &WorkerReport, now_ms: i64) -> Worker<'_> {
    Worker {
        id: &worker.id,
        label: worker.label.as_deref(),
        host: &worker.host,
        pid: worker.pid,
        queues: &worker.queues,
        slots: worker.slots,
        held: worker.held,
        mode: &worker.mode,
        live: is_live(worker, now_ms),
        started_at: rfc3339(worker.started_ms),
        seen_at: rfc3339(worker.seen_ms),
        version: &worker.version,
    }
}

fn failure(failure: &FailureLine) -> Failure<'_> {
    Failure {
        id: &failure.id,
        queue: &failure.queue,
        title: &failure.title,
        outcome: failure.outcome.map(Outcome::name),
        error: failure.error.as_deref(),
        finished_at: rfc3339(failure.finished_ms),
    }
}

fn server_object(report: &ServerReport) -> Server<'_> {
    Server {
        address: &report.address,
        kind: &report.kind,
        version: &report.version,
        role: &report.role,
        mode: report.mode,
        primary: report.primary.as_deref(),
        replicas: report.replicas,
        nodes: &report.nodes,
        pid: report.pid,
        aof: report.aof,
        rdb: report.rdb,
        eviction: &report.eviction,
        used_memory: report.used_memory,
        max_memory: report.max_memory,
        kept_jobs: report.kept_jobs,
        kept_output_bytes: report.kept_output,
        local_dir: report.local_dir.clone().map(|dir| Bytes::from(dir.into_os_string())),
    }
}
