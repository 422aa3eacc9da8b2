//! Jobs: in full, in a line, and why one stands where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::bytes::Bytes;
use super::super::error::{Error, Result};
use super::super::name::Name;
use super::super::outcome::Outcome;
use super::super::reply::{self, Items};
use super::super::report::{Attempt, JobReport, OutputTotals, Progress};
use super::super::script;
use super::super::spec::Spec;
use super::super::state::State;
use super::super::store::Store;
use super::super::why::{Bounds, Context, PARENTS, Pause, Serving};
use super::known_state;

/// Most ids that one reading of jobs may carry.
pub const SHOW_AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct StoredAttempt {
    attempt: u32,
    fence: String,
    worker: String,
    host: String,
    started: i64,
    ended: i64,
    outcome: String,
    detail: Option<u8>,
    #[serde(default)]
    tail: Bytes,
}

/// A job's stored fields, by name.
pub(super) struct Fields(pub(super) BTreeMap<String, String>);

impl Fields {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|text| !text.is_empty()).cloned()
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name).and_then(|text| text.parse().ok())
    }

    fn count(&self, name: &str) -> u32 {
        self.number(name).unwrap_or(0)
    }
}

impl Store {
    /// Jobs in full, `None` for ids that the namespace does not know; at most
    /// [`SHOW_AT_ONCE`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, ids: &[&str]) -> Result<Vec<Option<JobReport>>> {
        let found = self.read_jobs("1", ids).await?;
        found.into_iter().map(Option::transpose).collect()
    }

    /// As [`Store::show`], without the attempts. A record that cannot be read is an error of
    /// its own and hides no other.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn outline(&self, ids: &[&str]) -> Result<Vec<Option<Result<JobReport>>>> {
        self.read_jobs("", ids).await
    }

    async fn read_jobs(&self, full: &str, ids: &[&str]) -> Result<Vec<Option<Result<JobReport>>>> {
        let mut found = Vec::with_capacity(ids.len());
        while found.len() < ids.len() {
            let left = &ids[found.len()..];
            let args: Vec<&[u8]> =
                std::iter::once(full).chain(left.iter().copied()).map(str::as_bytes).collect();
            let mut reply = self.call(&script::SHOW, &args).await?;
            let now_ms = reply.number()?;
            let before = found.len();
            for (value, id) in reply.rest().zip(left) {
                found.push(match value {
                    redis::Value::Array(_) => {
                        Some(Items::of(value).and_then(|job| job_report(id, job, now_ms)))
                    }
                    _ => None,
                });
            }
            if found.len() == before {
                return Err(Error::Protocol("show answered for no job".into()));
            }
        }
        Ok(found)
    }

    /// A job in full and all that decides whether and when it runs, at one instant; `None`
    /// for an id that the namespace does not know.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn explain(&self, id: &str) -> Result<Option<(JobReport, Context)>> {
        let mut reply = self.call(&script::WHY, &[id.as_bytes()]).await?;
        let now_ms = reply.number()?;
        let found = reply.next()?;
        if !matches!(found, redis::Value::Array(_)) {
            return Ok(None);
        }
        let mut found = Items::of(found)?;
        let job = job_report(id, found.items()?, now_ms)?;
        let (mut context, chain) = context(found, now_ms)?;
        if job.state == State::Blocked {
            context.parents = self.parents(&job, &chain).await?;
        }
        Ok(Some((job, context)))
    }

    /// What a blocked job waits for: its parents, and earlier jobs of its schedule.
    async fn parents(&self, job: &JobReport, chain: &[String]) -> Result<Vec<(String, Option<State>)>> {
        let earlier = chain.iter().map(String::as_str).take_while(|id| *id != job.id);
        let ids: Vec<&str> = job.spec.parents.iter().map(Name::as_str).chain(earlier).take(PARENTS).collect();
        let found = self.outline(&ids).await?;
        let states = found.into_iter().map(|parent| parent?.ok().map(|parent| parent.state));
        Ok(ids.into_iter().map(str::to_owned).zip(states).collect())
    }
}

/// The surroundings of a job, and the first jobs of its schedule.
fn context(mut found: Items, now_ms: i64) -> Result<(Context, Vec<String>)> {
    let settings = Fields(found.items()?.pairs()?.into_iter().collect());
    let purge = found.items()?.pairs()?.pop();
    let ahead = found.maybe_number()?;
    let running = found.number()?;
    let held_by = found.items()?.texts()?;
    let workers = found.items()?.lists().map(|worker| serving(worker?)).collect::<Result<_>>()?;
    let last_seen_ms = found.maybe_number()?;
    let mut holder = found.items()?;
    let holder_seen_ms = match holder.maybe_text() {
        Ok(_mode) => holder.maybe_number()?,
        Err(_) => None,
    };
    let ends = found.items()?.texts()?;
    let chain = found.items()?.texts()?;
    let context = Context {
        bounds: bounds(&settings),
        pause: pause(&settings, now_ms),
        purge: purge.and_then(|(before, reason)| Some((before.parse().ok()?, reason))),
        ahead,
        running,
        held_by,
        workers,
        last_seen_ms,
        holder_seen_ms,
        ends_ms: ends.iter().filter_map(|end| end.parse().ok()).collect(),
        parents: Vec::new(),
    };
    Ok((context, chain))
}

/// The pause of a queue. One whose time is over is none, whoever has looked since.
fn pause(settings: &Fields, now_ms: i64) -> Option<Pause> {
    let until_ms = settings.number("paused_until");
    let over = until_ms.is_some_and(|until: i64| until <= now_ms);
    Some(Pause {
        since_ms: settings.number("paused").filter(|_| !over)?,
        until_ms,
        by: ["paused_by", "paused_on"].map(|name| settings.text(name).unwrap_or_default()).into(),
        said: settings.text("paused_why"),
    })
}

fn serving(mut worker: Items) -> Result<Serving> {
    Ok(Serving {
        name: worker.text()?,
        mode: worker.text()?,
        slots: worker.number()?,
        held: worker.number()?,
    })
}

/// What an operator said goes before what a worker's file says.
fn bounds(settings: &Fields) -> Bounds {
    fn either<T: std::str::FromStr>(settings: &Fields, name: &str) -> Option<T> {
        match settings.text(name) {
            // 'none' lifts the file's limit too.
            Some(said) => said.parse().ok(),
            None => settings.number(&format!("file_{name}")),
        }
    }
    Bounds {
        max_running: either(settings, "max_running"),
        rate: either(settings, "rate"),
        rate_ms: either(settings, "rate_ms").unwrap_or(1_000),
        tokens: settings.number("tokens"),
        tokens_at_ms: settings.number("tokens_at"),
    }
}

fn job_report(id: &str, mut reply: Items, now_ms: i64) -> Result<JobReport> {
    let fields = Fields(reply.items()?.pairs()?.into_iter().collect());
    let spec = reply.maybe_bytes()?.unwrap_or_default();
    let spec = Spec::from_json(&spec).map_err(|error| Error::Protocol(format!("job {id}: {error}")))?;
    let attempts =
        reply.items()?.rest().map(|entry| stored_attempt(&reply::bytes(entry)?)).collect::<Result<_>>()?;
    let mut totals = reply.items()?;
    let stdout_bytes = totals.maybe_number()?.unwrap_or(0);
    let stderr_bytes = totals.maybe_number()?.unwrap_or(0);
    let kept: u64 = totals.maybe_number()?.unwrap_or(0);
    let workers = reply.number()?;
    let result = reply.maybe_bytes()?.and_then(|json| serde_json::from_slice(&json).ok());
    let stored = known_state(&fields.text("state").unwrap_or_default())?;
    let (due_ms, expires_ms) = (fields.number("due"), fields.number("expires"));
    let outcome =
        fields.text("outcome").and_then(|name| Outcome::from_stored(&name, fields.number("detail")));
    Ok(JobReport {
        id: id.to_owned(),
        state: stored.shown(due_ms, expires_ms, now_ms),
        reason: fields.text("reason"),
        spec,
        attempt: fields.count("attempts"),
        failures: fields.count("failures"),
        losses: fields.count("losses"),
        snoozes: fields.count("snoozes"),
        releases: fields.count("releases"),
        refusals: fields.count("refusals"),
        outcome,
        error: fields.text("error"),
        result,
        progress: progress(&fields),
        enqueued_ms: fields.number("enq").unwrap_or(0),
        due_ms,
        expires_ms,
        started_ms: fields.number("started"),
        finished_ms: fields.number("finished"),
        worker: fields.text("worker"),
        host: fields.text("host"),
        cancelling: stored == State::Started && fields.text("cancel").is_some(),
        output: OutputTotals {
            stdout_bytes,
            stderr_bytes,
            dropped: (stdout_bytes + stderr_bytes).saturating_sub(kept),
        },
        output_gone: fields.text("out_gone").is_some(),
        attempts,
        workers,
        now_ms,
    })
}

fn progress(fields: &Fields) -> Option<Progress> {
    let (percent, message) = (fields.number("percent"), fields.text("message"));
    (percent.is_some() || message.is_some()).then_some(Progress { percent, message })
}

fn stored_attempt(json: &[u8]) -> Result<Attempt> {
    let stored: StoredAttempt =
        serde_json::from_slice(json).map_err(|error| Error::Protocol(format!("damaged attempt: {error}")))?;
    Ok(Attempt {
        attempt: stored.attempt,
        fence: stored.fence,
        worker: stored.worker,
        host: stored.host,
        started_ms: stored.started,
        ended_ms: stored.ended,
        outcome: Outcome::from_stored(&stored.outcome, stored.detail),
        outcome_name: stored.outcome,
        tail: stored.tail,
    })
}
