//! One job from its claim to its settle.
//!
//! The slot owns the job: it alone runs the attempt, carries its output to the store and
//! reports the end. The dispatcher owns the lease, and tells the slot when it is gone.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::mpsc;

use super::carry::Carrier;
use super::child::{self, ChildOrder, Ended, Launch, Refused};
use super::journal::{Event, Journal, Level};
use super::order::random_unit;
use super::reaper::Reaper;
use super::settings::Settings;
use super::tree;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::retry::{self, Verdict};
use crate::core::signal;
use crate::core::spec::Spec;
use crate::core::store::{Claimed, Failed, Settled, Store};
use crate::core::when;

/// What the dispatcher may tell a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The worker stops: end the job politely, it goes back to the queue.
    Stop,
    /// The worker stops at once.
    StopNow,
    /// Somebody cancelled the job.
    Cancel,
    /// The lease cannot be kept: kill the tree, nothing it did counts.
    LeaseLost,
    /// Give up reporting: the process is about to end.
    Abandon,
}

/// What a slot tells the dispatcher.
#[derive(Debug)]
pub enum News {
    /// The tree is gone: the slot is free for another job.
    Free(Name),
    /// The end was reported, or does not count: the lease is given back.
    Settled(Name),
}

/// What all slots of a worker share.
pub struct Shared {
    /// The worker's settings.
    pub settings: Settings,
    /// The store.
    pub store: Arc<Store>,
    /// The registry of processes.
    pub reaper: Arc<Reaper>,
    /// Where events go.
    pub journal: Journal,
    /// Where news go.
    pub news: mpsc::UnboundedSender<News>,
}

/// How the run ended, as far as the store is concerned.
enum End {
    Ended {
        outcome: Outcome,
        error: String,
        asked_ms: Option<u64>,
    },
    Cancelled,
    LeaseLost,
    /// Back to the queue: `stop`, `starved` or `refused`, and why.
    Released(&'static str, String),
}

/// Runs `job` to its settle. Never fails: whatever goes wrong is some end of the job.
pub async fn run(shared: Arc<Shared>, job: Claimed, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut carrier = Carrier::new(&shared, &job);
    let started = tokio::time::Instant::now();
    let (end, spec) = match Spec::from_json(&job.spec) {
        Err(error) => (End::Released("refused", error.to_string()), None),
        Ok(spec) => (attempt(&shared, &job, &spec, &mut carrier, &mut orders).await, Some(spec)),
    };
    shared.tell(News::Free(job.id.clone()));
    log_end(&shared, &job, &end, started.elapsed());
    let mut last_orders = LastOrders { orders: &mut orders, abandoned: false };
    if !matches!(end, End::LeaseLost) {
        carrier.deliver_rest(&mut last_orders).await;
    }
    settle(&shared, &job, spec.as_ref(), &end, &carrier, &mut last_orders).await;
    shared.tell(News::Settled(job.id));
}

impl Shared {
    fn tell(&self, news: News) {
        // The dispatcher is gone only when the process is about to be.
        let _ = self.news.send(news);
    }
}

/// Orders that still matter once the tree is gone.
pub(super) struct LastOrders<'a> {
    orders: &'a mut mpsc::UnboundedReceiver<Order>,
    abandoned: bool,
}

impl LastOrders<'_> {
    /// Waits, or learns that there is no time left: `false`.
    pub(super) async fn pause(&mut self, time: Duration) -> bool {
        let until = tokio::time::Instant::now() + time;
        while !self.abandoned {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return true,
                order = self.orders.recv() => self.abandoned = matches!(order, None | Some(Order::Abandon)),
            }
        }
        false
    }
}

async fn attempt(
    shared: &Arc<Shared>,
    job: &Claimed,
    spec: &Spec,
    carrier: &mut Carrier,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> End {
    if let Some(task) = &spec.task {
        return End::Released("refused", format!("no worker of this version knows tasks ({task})"));
    }
    if shared.settings.tasks_only {
        return End::Released("refused", "this worker runs named tasks only".into());
    }
    clear_the_host(shared, job).await;
    let note = shared.settings.scratch.join(format!("{}.retry", job.fence()));
    let launch = launch(shared, job, spec, &note);
    let running = match child::start(launch, &shared.reaper) {
        Ok(running) => running,
        Err(Refused::Starved(error)) => {
            return End::Released("starved", format!("the machine is short of something: {error}"));
        }
        Err(Refused::Outcome(outcome, error)) => return End::Ended { outcome, error, asked_ms: None },
    };
    shared.journal.say(
        &Event::new(Level::Info, "started")
            .job(&job.id)
            .with("queue", &job.queue)
            .with("attempt", job.attempt)
            .with("pid", running.pid()),
    );
    let (child_orders, mut child_inbox) = mpsc::channel(4);
    let recorder = carrier.recorder();
    let mut sink = move |stream, bytes: &[u8]| recorder.push(stream, bytes);
    let supervise = running.supervise(&mut child_inbox, &mut sink);
    tokio::pin!(supervise);
    let mut told = None;
    let ended = loop {
        tokio::select! {
            ended = &mut supervise => break ended,
            Some(order) = orders.recv() => {
                // The first reason stands, but a lost lease goes before every other.
                if told.is_none() || order == Order::LeaseLost {
                    told = Some(order);
                }
                let child_order = match order {
                    Order::Stop | Order::Cancel => ChildOrder::Terminate,
                    Order::StopNow | Order::LeaseLost | Order::Abandon => ChildOrder::Kill,
                };
                let _ = child_orders.try_send(child_order);
            }
            () = carrier.carry() => {}
        }
    };
    let asked_ms = read_note(&note);
    report_leftovers(shared, job, &ended);
    how_it_ended(told, &ended, spec, asked_ms)
}

/// Before a run that follows a cut one on this host: whatever is left of it dies first.
async fn clear_the_host(shared: &Arc<Shared>, job: &Claimed) {
    if job.cut_on.as_deref() != Some(shared.settings.host.as_str()) {
        return;
    }
    let (namespace, id, fence) =
        (shared.store.namespace.to_string(), job.id.to_string(), job.fence().to_owned());
    let clear = move || tree::kill_marked_on_host(&namespace, &id, Some(&fence));
    if let Ok(report) = tokio::task::spawn_blocking(clear).await
        && report.killed > 0
    {
        shared.journal.say(
            &Event::new(Level::Warn, "killed what an earlier run left behind")
                .job(&job.id)
                .with("processes", report.killed),
        );
    }
}

fn launch(shared: &Shared, job: &Claimed, spec: &Spec, note: &std::path::Path) -> Launch {
    let cwd = spec
        .cwd
        .as_ref()
        .map_or_else(|| shared.settings.home.clone(), |cwd| PathBuf::from(OsString::from(cwd)));
    let mut env = shared.settings.child_env.clone();
    env.push(("PWD".into(), cwd.clone().into_os_string()));
    env.extend(spec.env.iter().map(|(name, value)| (name.into(), value.into())));
    let mut set = |name: &str, value: &str| env.push((name.into(), value.into()));
    set("JOBQ_JOB_ID", job.id.as_str());
    set("JOBQ_QUEUE", &job.queue);
    set("JOBQ_ATTEMPT", &job.attempt.to_string());
    set("JOBQ_FENCE", job.fence());
    set("JOBQ_NAMESPACE", shared.store.namespace.as_str());
    if let Some(group) = &spec.group {
        set("JOBQ_GROUP", group.as_str());
    }
    if let Some(parent) = &spec.traceparent {
        set("TRACEPARENT", parent);
    }
    if let Some(state) = &spec.tracestate {
        set("TRACESTATE", state);
    }
    if let Some(limit) = spec.limits.timeout_ms {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        set("JOBQ_DEADLINE", &(now + Duration::from_millis(limit)).as_secs().to_string());
    }
    env.push(("JOBQ_RETRY_AFTER".into(), note.as_os_str().to_owned()));
    Launch {
        argv: spec.argv.iter().map(OsString::from).collect(),
        env,
        cwd,
        stdin: job.stdin.clone(),
        mark: job.fence().to_owned(),
        soft_timeout: spec.limits.soft_timeout_ms.map(Duration::from_millis),
        timeout: spec.limits.timeout_ms.map(Duration::from_millis),
        soft_signal: spec.limits.soft_signal.and_then(Signal::from_named_raw).unwrap_or(Signal::TERM),
        kill_after: shared.settings.kill_after,
    }
}

/// What the job wrote to `$JOBQ_RETRY_AFTER`, if it is a duration.
fn read_note(note: &std::path::Path) -> Option<u64> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(note).ok()?;
    // A duration is short; whatever else a job writes there is not read into memory.
    let read = file.take(64).read_to_string(&mut text);
    let _ = std::fs::remove_file(note);
    read.ok()?;
    when::duration(&text).ok()
}

fn report_leftovers(shared: &Shared, job: &Claimed, ended: &Ended) {
    if ended.leftovers > 0 {
        shared.journal.say(
            &Event::new(Level::Info, "killed what the job left behind")
                .job(&job.id)
                .with("processes", ended.leftovers),
        );
    }
    if ended.survivors > 0 {
        shared.journal.say(
            &Event::new(Level::Warn, "some processes of the job cannot be killed")
                .job(&job.id)
                .with("processes", ended.survivors),
        );
    }
}

fn how_it_ended(told: Option<Order>, ended: &Ended, spec: &Spec, asked_ms: Option<u64>) -> End {
    match told {
        Some(Order::LeaseLost) => return End::LeaseLost,
        // A job that ended well in the moment it was told to stop has ended well.
        Some(Order::Cancel) if ended.ordered => return End::Cancelled,
        Some(Order::Stop | Order::StopNow | Order::Abandon) if ended.ordered => {
            return End::Released("stop", String::new());
        }
        _ => {}
    }
    End::Ended { outcome: ended.outcome, error: in_words(ended.outcome, spec), asked_ms }
}

/// An ending in one line for people; '' for a success.
fn in_words(outcome: Outcome, spec: &Spec) -> String {
    match outcome {
        Outcome::Exit(0) => String::new(),
        Outcome::Exit(code) => format!("exit code {code}"),
        Outcome::Signal { number, core } => {
            format!(
                "killed by {}{}",
                signal::name(i32::from(number)),
                if core { " (core dumped)" } else { "" }
            )
        }
        Outcome::Timeout => {
            format!("timed out after {} ms", spec.limits.timeout_ms.unwrap_or_default())
        }
        other => other.name().to_owned(),
    }
}

fn log_end(shared: &Shared, job: &Claimed, end: &End, took: Duration) {
    let event = match end {
        End::Ended { outcome: Outcome::Exit(0), .. } => Event::new(Level::Info, "succeeded"),
        End::Ended { error, .. } => Event::new(Level::Warn, "failed").with("error", error),
        End::Cancelled => Event::new(Level::Info, "cancelled"),
        End::LeaseLost => Event::new(Level::Warn, "killed: its lease could not be kept"),
        End::Released(_, why) if why.is_empty() => Event::new(Level::Info, "stopped, goes back to the queue"),
        End::Released(_, why) => {
            Event::new(Level::Warn, "not run here, goes back to the queue").with("reason", why)
        }
    };
    shared.journal.say(&event.job(&job.id).with("ms", took.as_millis()));
}

/// Reports the end until the answer is certain: done, or not ours any more.
async fn settle(
    shared: &Shared,
    job: &Claimed,
    spec: Option<&Spec>,
    end: &End,
    carrier: &Carrier,
    last_orders: &mut LastOrders<'_>,
) {
    let tail = carrier.tail_json();
    let random = random_unit();
    let mut wait = Duration::from_millis(50);
    loop {
        let answer = match end {
            End::Ended { outcome, error, asked_ms } => {
                report(shared, job, spec, (*outcome, error, *asked_ms, random), &tail).await
            }
            End::Cancelled => fail(shared, job, Outcome::Cancelled, "revoke", 0, "", &tail).await,
            End::LeaseLost => fail(shared, job, Outcome::LeaseLost, "lost", 0, "", "").await,
            End::Released(why, reason) => shared.store.release(&job.id, &job.token, why, reason).await,
        };
        match answer {
            Ok(Settled::Done(_)) => return,
            Ok(Settled::Lost) => {
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

async fn report(
    shared: &Shared,
    job: &Claimed,
    spec: Option<&Spec>,
    (outcome, error, asked_ms, random): (Outcome, &str, Option<u64>, f64),
    tail: &str,
) -> crate::core::error::Result<Settled> {
    let policy = spec.map(|spec| (spec.retry.clone(), spec.codes.clone())).unwrap_or_default();
    match retry::decide(&policy.0, &policy.1, outcome, job.failures, asked_ms, random) {
        Verdict::Success => {
            shared.store.finish(&job.id, &job.token, outcome.detail().unwrap_or_default(), tail).await
        }
        Verdict::Retry { delay_ms } => fail(shared, job, outcome, "retry", delay_ms, error, tail).await,
        Verdict::Snooze { delay_ms } => fail(shared, job, outcome, "snooze", delay_ms, error, tail).await,
        Verdict::Failure => fail(shared, job, outcome, "failure", 0, error, tail).await,
    }
}

async fn fail(
    shared: &Shared,
    job: &Claimed,
    outcome: Outcome,
    verdict: &str,
    delay_ms: u64,
    error: &str,
    tail: &str,
) -> crate::core::error::Result<Settled> {
    let failed = Failed { outcome, verdict, delay_ms, error, tail };
    shared.store.fail(&job.id, &job.token, &failed).await
}
