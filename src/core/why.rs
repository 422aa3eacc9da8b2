//! Why a job stands where it stands: one reading of the store, one reason. Pure.

use super::report::JobReport;
use super::state::State;

/// A worker whose last sign of life is older than this is called silent, in milliseconds.
/// Renewals come every few seconds; nothing is decided by it.
pub const SILENT_MS: i64 = 30_000;
/// Ends older than this say nothing about how fast a queue moves now, in milliseconds.
const RECENT_MS: i64 = 600_000;
/// With fewer ends than this nothing is estimated.
const FEW: usize = 3;

/// Most jobs that a blocked one is said to wait for.
pub const PARENTS: usize = 20;

/// What the store knows about the surroundings of a job, read with it at one instant.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What its queue allows.
    pub bounds: Bounds,
    /// The pause of its queue, where it is paused.
    pub pause: Option<Pause>,
    /// The purge under way in its queue: which jobs it is for (enqueued up to then), and why.
    pub purge: Option<(i64, String)>,
    /// Jobs before it in the ready order; `None` where it is not in that order.
    pub ahead: Option<u64>,
    /// Running jobs of its queue.
    pub running: u64,
    /// Some of them.
    pub held_by: Vec<String>,
    /// Live workers that serve its queue, at most fifty.
    pub workers: Vec<Serving>,
    /// When a worker last said that it serves the queue.
    pub last_seen_ms: Option<i64>,
    /// When the worker that holds the job last gave a sign of life.
    pub holder_seen_ms: Option<i64>,
    /// When the last jobs of the queue ended.
    pub ends_ms: Vec<i64>,
    /// Jobs that a BLOCKED one waits for, at most [`PARENTS`]; no state for those that are gone.
    pub parents: Vec<(String, Option<State>)>,
}

/// Why a queue is paused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since_ms: i64,
    /// When it ends by itself.
    pub until_ms: Option<i64>,
    /// Who paused it: user, and host.
    pub by: (String, String),
    /// What they said about it.
    pub said: Option<String>,
}

/// Limits of a queue, and how much of its rate is left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// Most jobs at once.
    pub max_running: Option<u64>,
    /// Starts in [`Bounds::rate_ms`].
    pub rate: Option<f64>,
    /// The time of a rate, in milliseconds.
    pub rate_ms: i64,
    /// Starts that were saved up at [`Bounds::tokens_at_ms`].
    pub tokens: Option<f64>,
    /// When they were counted.
    pub tokens_at_ms: Option<i64>,
}

impl Bounds {
    /// When the rate allows the next start; `None` where it allows one now.
    fn next_start(&self, now_ms: i64) -> Option<i64> {
        let (rate, rate_ms) = (self.rate.filter(|rate| *rate > 0.0)?, self.rate_ms.max(1) as f64);
        let passed = now_ms.saturating_sub(self.tokens_at_ms.unwrap_or(0)).max(0) as f64;
        let have = rate.min(self.tokens.unwrap_or(rate) + passed * rate / rate_ms);
        (have < 1.0).then(|| now_ms.saturating_add(((1.0 - have) * rate_ms / rate).ceil() as i64))
    }
}

/// A live worker as the jobs of its queue see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Its id.
    pub name: String,
    /// `running`, `quiet` or `draining`.
    pub mode: String,
    /// Its places for running jobs.
    pub slots: u64,
    /// Jobs it holds.
    pub held: u64,
}

/// The reason. Instants are milliseconds since the epoch by Redis time.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It ended; how is in the job.
    Ended(State),
    /// It is on a worker that is there.
    Running,
    /// It is on a worker that is not there any more, or cannot be heard.
    Silent {
        /// Its last sign of life; `None` where the books do not know it any more.
        seen_ms: Option<i64>,
        /// Live workers of its queue, which may take it over.
        workers: usize,
    },
    /// It is on a worker and being ended.
    Cancelling,
    /// A purge of its queue will end it.
    Purging {
        /// Who purges, in words.
        reason: String,
    },
    /// It waits for other jobs.
    Blocked,
    /// Workers would not run it.
    Refused {
        /// The next one that looks.
        next_ms: Option<i64>,
    },
    /// A machine could not start it.
    Starved {
        /// The next try.
        next_ms: Option<i64>,
    },
    /// It put itself back.
    Snoozed {
        /// When it is due again.
        next_ms: Option<i64>,
    },
    /// Its producer said when.
    Scheduled {
        /// When it is due.
        next_ms: Option<i64>,
    },
    /// It failed and is tried again.
    RetryDue {
        /// When.
        next_ms: Option<i64>,
    },
    /// Somebody paused its queue.
    Paused(Pause),
    /// Nobody alive serves its queue.
    NoWorker {
        /// When somebody last did.
        last_seen_ms: Option<i64>,
    },
    /// All that serve its queue take no new jobs.
    WorkersQuiet {
        /// How many there are.
        workers: usize,
    },
    /// As many jobs of its queue run as may.
    LimitRunning {
        /// How many may.
        most: u64,
        /// Some of those that run.
        jobs: Vec<String>,
    },
    /// The rate of its queue is used up.
    LimitRate {
        /// When it allows the next start.
        next_ms: i64,
    },
    /// Nothing stands in its way but the jobs before it.
    InLine {
        /// Jobs before it, and whether it stands in the order already.
        ahead: Option<u64>,
        /// Free places of the workers of its queue.
        free: u64,
        /// When its turn comes if jobs go on ending as they did lately.
        start_ms: Option<i64>,
    },
}

impl Why {
    /// The stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Why::Ended(State::Success) => "succeeded",
            Why::Ended(State::Failure) => "failed",
            Why::Ended(State::Expired) => "expired",
            Why::Ended(_) => "cancelled",
            Why::Running => "running",
            Why::Silent { .. } => "worker_silent",
            Why::Cancelling => "cancelling",
            Why::Purging { .. } => "purging",
            Why::Blocked => "blocked",
            Why::Refused { .. } => "refused",
            Why::Starved { .. } => "starved",
            Why::Snoozed { .. } => "snoozed",
            Why::Scheduled { .. } => "scheduled",
            Why::RetryDue { .. } => "retry",
            Why::Paused(_) => "paused",
            Why::NoWorker { .. } => "no_worker",
            Why::WorkersQuiet { .. } => "workers_quiet",
            Why::LimitRunning { .. } => "limit_running",
            Why::LimitRate { .. } => "limit_rate",
            Why::InLine { .. } => "in_line",
        }
    }

    /// Decides. What keeps a job longest goes before what keeps it for a moment.
    pub fn of(job: &JobReport, context: &Context) -> Why {
        if job.state.is_final() {
            return Why::Ended(job.state);
        }
        if job.state == State::Started {
            let seen_ms = context.holder_seen_ms;
            let silent = seen_ms.is_none_or(|seen| job.now_ms.saturating_sub(seen) >= SILENT_MS);
            return match (silent, job.cancelling) {
                (true, _) => Why::Silent { seen_ms, workers: context.workers.len() },
                (false, true) => Why::Cancelling,
                (false, false) => Why::Running,
            };
        }
        if let Some((_, reason)) = context.purge.as_ref().filter(|(before, _)| job.enqueued_ms <= *before) {
            return Why::Purging { reason: reason.clone() };
        }
        let next_ms = job.due_ms;
        match job.state {
            State::Blocked => Why::Blocked,
            State::Scheduled if job.refusals > 0 => Why::Refused { next_ms },
            State::Scheduled if was_given_back(job) => Why::Starved { next_ms },
            State::Scheduled if job.snoozes > 0 => Why::Snoozed { next_ms },
            State::Scheduled => Why::Scheduled { next_ms },
            State::Retry => Why::RetryDue { next_ms },
            _ => of_ready(job, context),
        }
    }
}

/// Whether the newest attempt ended with the job given back unharmed.
fn was_given_back(job: &JobReport) -> bool {
    job.attempts.last().is_some_and(|attempt| attempt.outcome_name == "released")
}

/// Of a job that could run now.
fn of_ready(job: &JobReport, context: &Context) -> Why {
    if let Some(pause) = &context.pause {
        return Why::Paused(pause.clone());
    }
    if context.workers.is_empty() {
        return Why::NoWorker { last_seen_ms: context.last_seen_ms };
    }
    let taking: Vec<&Serving> = context.workers.iter().filter(|worker| worker.mode == "running").collect();
    if taking.is_empty() {
        return Why::WorkersQuiet { workers: context.workers.len() };
    }
    if let Some(most) = context.bounds.max_running.filter(|most| context.running >= *most) {
        return Why::LimitRunning { most, jobs: context.held_by.clone() };
    }
    if let Some(next_ms) = context.bounds.next_start(job.now_ms) {
        return Why::LimitRate { next_ms };
    }
    let free = taking.iter().map(|worker| worker.slots.saturating_sub(worker.held)).sum();
    Why::InLine { ahead: context.ahead, free, start_ms: estimate(job, context, free) }
}

/// When a place is free for the job, if the queue goes on as it did in the last minutes.
fn estimate(job: &JobReport, context: &Context, free: u64) -> Option<i64> {
    let turns = context.ahead?.saturating_add(1).saturating_sub(free);
    if turns == 0 {
        return Some(job.now_ms);
    }
    let recent = context.ends_ms.iter().filter(|end| job.now_ms.saturating_sub(**end) <= RECENT_MS);
    let (count, oldest) = recent.fold((0, i64::MAX), |(count, oldest), end| (count + 1, oldest.min(*end)));
    if count < FEW {
        return None;
    }
    let each_ms = job.now_ms.saturating_sub(oldest).max(1) as f64 / count as f64;
    Some(job.now_ms.saturating_add((each_ms * turns as f64) as i64))
}

#[cfg(test)]
mod tests;
