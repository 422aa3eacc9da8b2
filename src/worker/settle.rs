//! Reporting the end of a run until the answer is certain.

use std::time::Duration;

use super::carry::Carrier;
use super::shared::{LastOrders, Shared};
use crate::core::error::Result;
use crate::core::outcome::Outcome;
use crate::core::retry::{self, Verdict};
use crate::core::spec::Spec;
use crate::core::store::{Claimed, Failed, Left, Settled};
use crate::service::chance::random_unit;
use crate::service::journal::{Event, Level};

/// How a run ended, as far as the store is concerned.
pub(super) enum End {
    /// By itself, by a limit, or it could not be started.
    Ended(Ending),
    /// Somebody cancelled it.
    Cancelled,
    /// Nothing it did counts.
    LeaseLost,
    /// Back to the queue: `stop`, `starved` or `refused`, and why.
    Released(&'static str, String),
}

/// A run that counts.
pub(super) struct Ending {
    /// How.
    pub(super) outcome: Outcome,
    /// In one line for people; '' for a plain success.
    pub(super) error: String,
    /// The next delay that the job asked for, in milliseconds.
    pub(super) asked_ms: Option<u64>,
    /// Its result as JSON, or ''.
    pub(super) result: String,
}

impl Ending {
    /// A run that never began.
    pub(super) fn not_started(outcome: Outcome, error: String) -> End {
        End::Ended(Ending { outcome, error, asked_ms: None, result: String::new() })
    }
}

/// Reports the end until the answer is certain: done, or not ours any more.
pub(super) async fn settle(
    shared: &Shared,
    job: &Claimed,
    verdict: Verdict,
    end: &End,
    carrier: &Carrier,
    last_orders: &mut LastOrders<'_>,
) {
    let left = left(end, carrier);
    let mut wait = Duration::from_millis(50);
    loop {
        match report(shared, job, end, verdict, &left).await {
            Ok(Settled::Done(_)) => return,
            Ok(Settled::Lost) => {
                shared.metrics.refused_reports.add(1);
                let event = Event::new(Level::Warn, "no longer this worker's job, its end does not count");
                return shared.journal.say(&event.job(&job.id));
            }
            Err(error) => {
                let event =
                    Event::new(Level::Warn, "cannot report an end, trying again").with("error", &error);
                shared.journal.complain(error.kind(), &event);
            }
        }
        if !last_orders.pause(wait.mul_f64(0.5 + random_unit() / 2.0)).await {
            return;
        }
        wait = (wait * 2).min(Duration::from_secs(1));
    }
}

/// What the ending means; drawn once, so that every repetition reports the same.
pub(super) fn verdict(job: &Claimed, spec: Option<&Spec>, end: &End) -> Verdict {
    let (End::Ended(ending), Some(spec)) = (end, spec) else { return Verdict::Failure };
    retry::decide(&spec.retry, &spec.codes, ending.outcome, job.failures, ending.asked_ms, random_unit())
}

fn left(end: &End, carrier: &Carrier) -> Left {
    let mut left = Left { tail: carrier.tail_json(), ..Left::default() };
    if let End::Ended(ending) = end {
        left.result.clone_from(&ending.result);
        left.note.clone_from(&ending.error);
    }
    left
}

async fn report(shared: &Shared, job: &Claimed, end: &End, verdict: Verdict, left: &Left) -> Result<Settled> {
    let (store, id, token) = (&shared.store, &job.id, job.token.as_str());
    let failed = |outcome, verdict, delay_ms, error| Failed { outcome, verdict, delay_ms, error, left };
    match end {
        End::Ended(ending) => {
            let (outcome, error) = (ending.outcome, ending.error.as_str());
            match verdict {
                Verdict::Success => store.finish(id, token, outcome.detail().unwrap_or_default(), left).await,
                Verdict::Retry { delay_ms } => {
                    store.fail(id, token, &failed(outcome, "retry", delay_ms, error)).await
                }
                Verdict::Snooze { delay_ms } => {
                    store.fail(id, token, &failed(outcome, "snooze", delay_ms, error)).await
                }
                Verdict::Failure => store.fail(id, token, &failed(outcome, "failure", 0, error)).await,
            }
        }
        End::Cancelled => store.fail(id, token, &failed(Outcome::Cancelled, "revoke", 0, "")).await,
        End::LeaseLost => store.fail(id, token, &failed(Outcome::LeaseLost, "lost", 0, "")).await,
        End::Released(why, reason) => store.release(id, token, why, reason).await,
    }
}

/// An ending in one line for people; '' for a success.
pub(super) fn in_words(outcome: Outcome, spec: &Spec) -> String {
    match outcome {
        Outcome::Exit(0) => String::new(),
        Outcome::Exit(code) => format!("exit code {code}"),
        Outcome::Signal { number, core } => {
            let name = crate::core::signal::name(i32::from(number));
            format!("killed by {name}{}", if core { " (core dumped)" } else { "" })
        }
        Outcome::Timeout => {
            format!(
                "timed out after {}",
                crate::core::when::short(spec.limits.timeout_ms.unwrap_or_default())
            )
        }
        other => other.name().to_owned(),
    }
}

/// Counts an end, whether or not its report will be taken.
pub(super) fn count_end(shared: &Shared, job: &Claimed, end: &End, verdict: Verdict, took: Duration) {
    let (outcome, ran) = match (end, verdict) {
        (End::Ended(_), Verdict::Success) => ("success", Some(took)),
        (End::Ended(_), Verdict::Snooze { .. }) => ("snoozed", None),
        (End::Ended(ending), _) => (ending.outcome.name(), Some(took)),
        (End::Cancelled, _) => (Outcome::Cancelled.name(), None),
        (End::LeaseLost, _) => (Outcome::LeaseLost.name(), None),
        (End::Released(why, _), _) => {
            shared.metrics.released(why);
            ("released", None)
        }
    };
    shared.metrics.ended(&job.queue, outcome, ran);
}

/// The log's line about an end.
pub(super) fn log_end(shared: &Shared, job: &Claimed, end: &End, took: Duration) {
    let event = match end {
        End::Ended(Ending { outcome: Outcome::Exit(0), .. }) => Event::new(Level::Info, "succeeded"),
        End::Ended(ending) => Event::new(Level::Warn, "failed").with("error", &ending.error),
        End::Cancelled => Event::new(Level::Info, "cancelled"),
        End::LeaseLost => Event::new(Level::Warn, "killed: its lease could not be kept"),
        End::Released(_, why) if why.is_empty() => Event::new(Level::Info, "stopped, goes back to the queue"),
        End::Released(_, why) => {
            Event::new(Level::Warn, "not run here, goes back to the queue").with("reason", why)
        }
    };
    shared.journal.say(&event.job(&job.id).with("ms", took.as_millis()));
}
