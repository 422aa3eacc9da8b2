//! The reading side: scripts that cannot write, called so that a read-only user may.

use super::error::{Error, Result};
use super::name::Name;
use super::outcome::Outcome;
use super::reply::{self, Items};
use super::report::{FailureLine, Overview, Pause, QueueReport, ServerReport, WorkerReport};
use super::script;
use super::spec::Spec;
use super::state::State;
use super::store::Store;

mod events;
mod health;
mod jobs;
mod list;
mod schedules;
mod verify;

pub use events::EVENTS_AT_ONCE;
pub use jobs::SHOW_AT_ONCE;
pub use list::{Cursor, Filter, Listed, Order};
pub use verify::Verified;

/// A page of a job's output.
#[derive(Debug, Clone)]
pub struct OutputPage {
    /// The state to show.
    pub state: State,
    /// Number of the newest attempt.
    pub attempt: u32,
    /// Bytes written to each stream so far.
    pub totals: [u64; 2],
    /// Whether there is more after this page.
    pub more: bool,
    /// Sequence number, stream (1 or 2), offset in the stream, bytes.
    pub chunks: Vec<(u64, u8, u64, Vec<u8>)>,
}

impl Store {
    /// Output chunks after a sequence number; `None` when there is no such job.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn output(&self, id: &str, after: u64) -> Result<Option<OutputPage>> {
        let after = after.to_string();
        let mut reply = self.call(&script::OUTPUT, &[id.as_bytes(), after.as_bytes()]).await?;
        let now_ms = reply.number()?;
        let Some(state) = reply.maybe_text()? else { return Ok(None) };
        let state = known_state(&state)?;
        let attempt = reply.number()?;
        let (due_ms, expires_ms) = (reply.maybe_number()?, reply.maybe_number()?);
        let mut totals = reply.items()?;
        let totals = [totals.maybe_number()?.unwrap_or(0), totals.maybe_number()?.unwrap_or(0)];
        let more = reply.number::<u8>()? == 1;
        let chunks = reply
            .lists()
            .map(|entry| {
                let mut entry = entry?;
                chunk(entry.number()?, &entry.bytes()?)
            })
            .collect::<Result<_>>()?;
        Ok(Some(OutputPage { state: state.shown(due_ms, expires_ms, now_ms), attempt, totals, more, chunks }))
    }

    /// Every queue, with Redis time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn queues(&self) -> Result<(i64, Vec<QueueReport>)> {
        let mut queues = Vec::new();
        let mut after = "-".to_owned();
        loop {
            let mut reply = self.call(&script::QUEUES, &[after.as_bytes()]).await?;
            let now_ms = reply.number()?;
            let page: Vec<QueueReport> =
                reply.lists().map(|entry| queue_report(entry?)).collect::<Result<_>>()?;
            let Some(last) = page.last() else { return Ok((now_ms, queues)) };
            after.clone_from(&last.name);
            queues.extend(page);
        }
    }

    /// Every registered worker, with Redis time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn workers(&self) -> Result<(i64, Vec<WorkerReport>)> {
        let mut workers = Vec::new();
        let mut after = "-".to_owned();
        loop {
            let mut reply = self.call(&script::WORKERS, &[after.as_bytes()]).await?;
            let now_ms = reply.number()?;
            let page: Vec<WorkerReport> =
                reply.lists().map(|entry| worker_report(entry?)).collect::<Result<_>>()?;
            let Some(last) = page.last() else { return Ok((now_ms, workers)) };
            after.clone_from(&last.id);
            workers.extend(page);
        }
    }

    /// The newest failed jobs of a queue, newest first; at most 100.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn failures(&self, queue: &str, most: usize) -> Result<Vec<FailureLine>> {
        let most = most.to_string();
        let mut reply = self.call(&script::FAILURES, &[queue.as_bytes(), most.as_bytes()]).await?;
        let _now: i64 = reply.number()?;
        reply.lists().map(|entry| failure_line(entry?, queue)).collect()
    }

    /// The server, as it describes itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn server(&self) -> Result<ServerReport> {
        let info = self.server_info().await?;
        let valkey = info.get("valkey_version");
        let count = |name: &str| info.get(name).parse().unwrap_or(0);
        let place = self.link.whereabouts().await;
        Ok(ServerReport {
            address: self.link.target().address.clone(),
            kind: if valkey.is_empty() { "redis" } else { "valkey" }.to_owned(),
            version: if valkey.is_empty() { info.get("redis_version") } else { valkey }.to_owned(),
            role: if info.get("role") == "slave" { "replica" } else { "primary" }.to_owned(),
            // One node that has the whole Cluster is known as such by its own word only.
            mode: if info.get("redis_mode") == "cluster" { "cluster" } else { place.mode },
            primary: place.primary.filter(|primary| *primary != self.link.target().address),
            replicas: count("connected_slaves"),
            nodes: place.known,
            pid: info.get("process_id").parse().ok(),
            aof: info.get("aof_enabled") == "1",
            rdb: self.has_save_points().await.unwrap_or(count("rdb_saves") > 0),
            eviction: info.get("maxmemory_policy").to_owned(),
            used_memory: count("used_memory"),
            max_memory: count("maxmemory"),
            save_failed: info.get("rdb_last_bgsave_status") == "err"
                || info.get("aof_last_write_status") == "err",
            kept_jobs: self.counted(redis::cmd("ZCARD").arg(self.keys.retain(""))).await?,
            kept_output: self.counted(redis::cmd("HGET").arg(self.keys.meta("")).arg("out_bytes")).await?,
            local_dir: None,
        })
    }

    /// A number that a key holds; 0 where it holds none.
    async fn counted(&self, command: &redis::Cmd) -> Result<u64> {
        Ok(match self.link.send(command).await? {
            redis::Value::Nil => 0,
            value => String::from_utf8_lossy(&reply::bytes(value)?).parse().unwrap_or(0),
        })
    }

    /// Whether the server writes snapshots by itself. INFO does not tell, and not everybody
    /// may read the configuration.
    async fn has_save_points(&self) -> Result<bool> {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg("save");
        let pair = Items::of(self.link.send(&command).await?)?.pairs()?;
        Ok(pair.iter().any(|(_, points)| !points.is_empty()))
    }

    /// The jobs that the books say this worker holds, each with its token.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn held_by(&self, worker: &Name) -> Result<Vec<(String, String)>> {
        let (mut held, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let (next, _, page) = self.book("held", worker.as_str(), &cursor).await?;
            held.extend(page.into_iter().map(|entry| (entry.id, entry.value)));
            if next == "0" {
                return Ok(held);
            }
            cursor = next;
        }
    }

    /// Everything in one look.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn overview(&self) -> Result<Overview> {
        let (now_ms, queues) = self.queues().await?;
        let (_, workers) = self.workers().await?;
        let mut failures = Vec::new();
        for queue in queues.iter().filter(|queue| queue.count(State::Failure) > 0) {
            failures.extend(self.failures(&queue.name, 10).await?);
        }
        failures.sort_by_key(|line| std::cmp::Reverse(line.finished_ms));
        failures.truncate(10);
        let server = self.server().await?;
        let beats = self.beats().await?;
        let overdue = if beats.schedules > 0 { self.overdue().await? } else { Vec::new() };
        let (incidents, chores) = (self.incidents().await?, self.chores_under_way().await?);
        let namespace = self.namespace.to_string();
        Ok(Overview {
            namespace,
            now_ms,
            queues,
            workers,
            failures,
            beats,
            overdue,
            server,
            incidents,
            chores,
        })
    }

    /// Whether the namespace has such a queue: a job or a setting was ever put there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn knows_queue(&self, queue: &Name) -> Result<bool> {
        let mut command = redis::cmd("ZSCORE");
        command.arg(self.keys.queues("")).arg(queue.as_str());
        Ok(!matches!(self.link.send(&command).await?, redis::Value::Nil))
    }
}

fn known_state(name: &str) -> Result<State> {
    State::parse(name).ok_or_else(|| Error::Protocol(format!("unknown state {name:?}")))
}

/// Reads `STREAM:OFFSET:BYTES`.
fn chunk(seq: u64, stored: &[u8]) -> Result<(u64, u8, u64, Vec<u8>)> {
    let mut parts = stored.splitn(3, |byte| *byte == b':');
    let mut part = || parts.next().unwrap_or_default();
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<u64>().ok());
    match (number(part()), number(part())) {
        (Some(stream @ 1..=2), Some(offset)) => Ok((seq, stream as u8, offset, part().to_vec())),
        _ => Err(Error::Protocol("damaged output chunk".into())),
    }
}

fn queue_report(mut entry: Items) -> Result<QueueReport> {
    let name = entry.text()?;
    let mut counts = [0; 9];
    for count in &mut counts {
        *count = entry.number()?;
    }
    let mut settings = entry.items()?;
    let mut queue = QueueReport {
        name,
        counts,
        depth: 0,
        max_depth: settings.maybe_number()?,
        max_bytes: settings.maybe_number()?,
        bytes: settings.maybe_number()?.unwrap_or(0),
        max_running: settings.maybe_number()?,
        rate: settings.maybe_number()?,
        rate_ms: settings.maybe_number()?,
        paused: pause(settings.items()?)?,
        workers: entry.number()?,
        head_enqueued_ms: entry.maybe_number()?,
    };
    queue.rate_ms = queue.rate.map(|_| queue.rate_ms.unwrap_or(1_000));
    queue.depth =
        State::ALL.into_iter().filter(|state| !state.is_final()).map(|state| queue.count(state)).sum();
    Ok(queue)
}

fn pause(mut said: Items) -> Result<Option<Pause>> {
    let Some(since_ms) = said.maybe_number()? else { return Ok(None) };
    Ok(Some(Pause {
        since_ms,
        until_ms: said.maybe_number()?,
        user: said.maybe_text()?.unwrap_or_default(),
        host: said.maybe_text()?.unwrap_or_default(),
        why: said.maybe_text()?.unwrap_or_default(),
    }))
}

fn worker_report(mut entry: Items) -> Result<WorkerReport> {
    let (id, held) = (entry.text()?, entry.number()?);
    let mut facts = entry.items()?;
    Ok(WorkerReport {
        id,
        label: facts.maybe_text()?,
        host: facts.maybe_text()?.unwrap_or_default(),
        pid: facts.maybe_number()?.unwrap_or(0),
        queues: facts.maybe_text()?.unwrap_or_default().split(' ').map(str::to_owned).collect(),
        slots: facts.maybe_number()?.unwrap_or(0),
        held,
        mode: facts.maybe_text()?.unwrap_or_default(),
        started_ms: facts.maybe_number()?.unwrap_or(0),
        seen_ms: facts.maybe_number()?.unwrap_or(0),
        version: facts.maybe_text()?.unwrap_or_default(),
    })
}

fn failure_line(mut entry: Items, queue: &str) -> Result<FailureLine> {
    let id = entry.text()?;
    let finished_ms = entry.maybe_number()?.unwrap_or(0);
    let (outcome, detail) = (entry.maybe_text()?, entry.maybe_number()?);
    let error = entry.maybe_text()?;
    let spec = Spec::from_json(&entry.bytes()?).ok();
    let title = spec.as_ref().map(Spec::title).unwrap_or_default();
    let argv = spec.filter(|spec| spec.task.is_none()).map(|spec| spec.argv).unwrap_or_default();
    let outcome = outcome.and_then(|name| Outcome::from_stored(&name, detail));
    let error = error.or_else(|| outcome.map(|outcome| outcome.name().to_owned()));
    Ok(FailureLine { id, queue: queue.to_owned(), title, argv, outcome, error, finished_ms })
}
