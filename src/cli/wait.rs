//! Waiting for jobs: their output here, their exit code ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::stream::{Follower, Printer};
use super::{Context, Done, Stop, exit};
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::query::{OutputPage, SHOW_AT_ONCE};
use crate::core::report::JobReport;
use crate::core::state::State;
use crate::core::store::{CONTROL_AT_ONCE, Store};
use crate::view::bar::Bar;
use crate::view::why::Reason;
use crate::view::{Problem, json};

/// How long an outage of Redis is waited out.
const OUTAGE: Duration = Duration::from_secs(60);
/// Between two looks while nothing is heard.
const LOOK: Duration = Duration::from_secs(1);
/// A second Ctrl-C within this time cancels.
const SECOND_THOUGHT: Duration = Duration::from_secs(2);

/// What ended a wait before the job did.
enum Interrupted {
    Detach,
    Terminated,
    Timeout,
}

/// Waits for one job: streams its output, exits with its code.
pub(super) async fn one(context: &Context, store: &Store, id: &str, timeout_ms: Option<u64>) -> Done {
    let mut printer = Printer::new(&context.out);
    let mut follower = Follower::default();
    let streams = !context.global.json;
    let piped = printer.is_piped();
    let mut write = |stream, bytes: &[u8]| if streams { printer.write(stream, bytes) } else { Ok(()) };
    let mut signals = Signals::catch();
    let watching = follow(context, store, id, &mut follower, &mut write);
    let ended = tokio::select! {
        ended = watching => Ok(ended),
        interrupted = interruption(&mut signals, timeout_ms) => Err(interrupted),
    };
    match ended {
        Ok(ended) => ended?,
        Err(interrupted) => {
            let name = Name::new(id).map_err(|_| unknown(id))?;
            return interrupt(context, store, &[name], &mut signals, interrupted, timeout_ms).await;
        }
    }
    let report = report(store, id).await?;
    conclude(context, &report, follower.missed.iter().sum(), piped)
}

/// Follows one job's output to its end, wherever it goes, and exits 0.
pub(super) async fn follow_only(context: &Context, store: &Store, id: &str) -> Done {
    let mut printer = Printer::new(&context.out);
    let mut follower = Follower::default();
    follow(context, store, id, &mut follower, &mut |stream, bytes| printer.write(stream, bytes)).await?;
    let missed: u64 = follower.missed.iter().sum();
    if missed > 0 {
        context.out.warn(&format!("{missed} bytes of its output were not kept"));
    }
    Ok(0)
}

/// Reads output until the job is in a final state and all of it is read.
async fn follow(
    context: &Context,
    store: &Store,
    id: &str,
    follower: &mut Follower,
    write: &mut dyn FnMut(u8, &[u8]) -> std::io::Result<()>,
) -> Result<(), Stop> {
    let bell = Arc::new(Notify::new());
    let listening = listen(store, id, Arc::clone(&bell));
    let reading = async {
        loop {
            let page = patiently(context, || store.output(id, follower.after())).await?;
            let page = page.ok_or_else(|| unknown(id))?;
            let Some(pieces) = follower.take(&page) else { continue };
            for (stream, bytes) in &pieces {
                write(*stream, bytes)?;
            }
            if is_over(&page, pieces.is_empty()) {
                return Ok(());
            }
            if !page.more {
                let _ = tokio::time::timeout(LOOK, bell.notified()).await;
            }
        }
    };
    tokio::select! {
        done = reading => done,
        () = listening => Ok(()),
    }
}

/// State and chunks are read in one script, so a final state with nothing new is the end.
fn is_over(page: &OutputPage, nothing_new: bool) -> bool {
    page.state.is_final() && !page.more && nothing_new
}

/// Rings for each word about the job; never ends.
async fn listen(store: &Store, id: &str, bell: Arc<Notify>) {
    let channels = [store.keys().news(id)];
    loop {
        if let Ok(mut messages) = store.link().subscribe(&channels).await {
            bell.notify_one();
            while messages.heard().await.is_some() {
                bell.notify_one();
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Repeats a reading through an outage.
async fn patiently<T, F>(context: &Context, read: impl Fn() -> F) -> Result<T, Stop>
where
    F: Future<Output = crate::core::error::Result<T>>,
{
    let mut since: Option<Instant> = None;
    loop {
        match read().await {
            Err(error) if error.is_passing() => {
                let began = *since.get_or_insert_with(|| {
                    context.out.warn(&format!("{error}; still waiting"));
                    Instant::now()
                });
                if began.elapsed() >= OUTAGE {
                    return Err(error.into());
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            other => return Ok(other?),
        }
    }
}

/// Waits for whatever ends a wait early. The streams are made once, so that no signal falls
/// between two of them.
async fn interruption(signals: &mut Option<Signals>, timeout_ms: Option<u64>) -> Interrupted {
    let limit = async {
        match timeout_ms {
            Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            None => std::future::pending().await,
        }
    };
    let Some(signals) = signals else {
        limit.await;
        return Interrupted::Timeout;
    };
    tokio::select! {
        _ = signals.interrupt.recv() => Interrupted::Detach,
        _ = signals.terminate.recv() => Interrupted::Terminated,
        () = limit => Interrupted::Timeout,
    }
}

/// The signals that end a wait; `None` where the system has none to spare.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn catch() -> Option<Signals> {
        let catch = |kind| signal(kind).ok();
        Some(Signals {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
        })
    }

    /// The exit code of whoever is ended by the one that comes.
    pub(super) async fn caught(this: &mut Option<Signals>) -> u8 {
        match interruption(this, None).await {
            Interrupted::Terminated => 143,
            _ => 130,
        }
    }
}

async fn interrupt(
    context: &Context,
    store: &Store,
    ids: &[Name],
    signals: &mut Option<Signals>,
    what: Interrupted,
    timeout_ms: Option<u64>,
) -> Done {
    let one = if let [one] = ids { Some(one) } else { None };
    match what {
        Interrupted::Terminated => Ok(143),
        Interrupted::Timeout => {
            let waited = crate::core::when::short(timeout_ms.unwrap_or_default());
            let problem = |message| Problem::new(exit::FULL, "wait_timeout", message);
            Err(match one {
                Some(id) => problem(format!("{id} has not ended after {waited}; it goes on"))
                    .hint(format!("wait on: jobq status --wait {id}")),
                None => problem(format!("not all jobs have ended after {waited}; they go on")),
            }
            .into())
        }
        Interrupted::Detach => {
            context.out.say(&match one {
                Some(id) => format!("jobq: detached, {id} goes on; Ctrl-C again within 2 s cancels it"),
                None => "jobq: detached, the jobs go on; Ctrl-C again within 2 s cancels them".to_owned(),
            });
            let second = async {
                match signals {
                    Some(signals) => signals.interrupt.recv().await,
                    None => std::future::pending().await,
                }
            };
            if tokio::time::timeout(SECOND_THOUGHT, second).await.is_ok() {
                for page in ids.chunks(CONTROL_AT_ONCE) {
                    store.cancel(page, &context.by(None), &[]).await?;
                }
                context.out.say("jobq: cancelled");
            }
            Ok(130)
        }
    }
}

async fn report(store: &Store, id: &str) -> Result<JobReport, Stop> {
    let found = store.show(&[id]).await?.pop().flatten();
    found.ok_or_else(|| unknown(id).into())
}

pub(super) fn unknown(id: &str) -> Problem {
    Problem::new(exit::UNKNOWN, "no_such_job", format!("no job {id} in this namespace"))
        .hint("its record may have been removed after its time, or --namespace or --url differ")
}

/// The exit code of a wait for one ended job.
fn conclude(context: &Context, report: &JobReport, missed: u64, piped: bool) -> Done {
    if context.global.json {
        context.out.data(&json::job(report, Reason::of_ended(report).as_ref()))?;
    } else if missed > 0 && piped {
        context.out.warn(&format!("{missed} bytes of its output were not kept and are missing above"));
    }
    // Nothing ran that could have said a word about it.
    let unstarted = matches!(report.outcome.and_then(Outcome::shell_code), Some(126 | 127))
        && !matches!(report.outcome, Some(Outcome::Exit(_)));
    if let (State::Failure, true, Some(error)) = (report.state, unstarted, &report.error) {
        context.out.warn(error);
    }
    match code_of(report) {
        Some(0) if missed > 0 && piped && !context.global.json => Ok(exit::WAIT_FAILED),
        Some(code) => Ok(code),
        None => {
            let reason = report.reason.as_deref().or(report.error.as_deref());
            let why = reason.map(|why| format!(": {why}")).unwrap_or_default();
            context.out.problem(&Problem::new(
                exit::NO,
                "job_not_run",
                format!("{} ended as {}{why}", report.id, report.state),
            ));
            Ok(exit::WAIT_FAILED)
        }
    }
}

/// The job's own code; `None` where it has none.
fn code_of(report: &JobReport) -> Option<u8> {
    let code = report.outcome.and_then(Outcome::shell_code);
    match report.state {
        State::Success => Some(code.unwrap_or(0)),
        // A code that `--ok-codes` does not accept must not look like success here.
        State::Failure => code.map(|code| if code == 0 { exit::NO } else { code }),
        _ => None,
    }
}

/// Waits for several jobs; 0 when all succeeded, else 1.
pub(super) async fn many(context: &Context, store: &Store, ids: &[Name], timeout_ms: Option<u64>) -> Done {
    let mut signals = Signals::catch();
    let waiting = all_ended(context, store, ids);
    let interrupted = tokio::select! {
        done = waiting => return done,
        interrupted = interruption(&mut signals, timeout_ms) => interrupted,
    };
    interrupt(context, store, ids, &mut signals, interrupted, timeout_ms).await
}

async fn all_ended(context: &Context, store: &Store, ids: &[Name]) -> Done {
    let bar = Bar::new(ids.len() as u64, context.out.wants_bar());
    let mut left: Vec<&str> = ids.iter().map(Name::as_str).collect();
    let (mut ended, mut failed) = (0, 0);
    while !left.is_empty() {
        let mut still = Vec::new();
        let mut running = 0;
        for page in left.chunks(SHOW_AT_ONCE) {
            let reports = patiently(context, || store.show(page)).await?;
            for (report, id) in reports.into_iter().zip(page) {
                let report = report.ok_or_else(|| unknown(id))?;
                if !report.state.is_final() {
                    running += u64::from(report.state == State::Started);
                    still.push(*id);
                    continue;
                }
                ended += 1;
                failed += u64::from(report.state != State::Success);
                if context.global.json {
                    context.out.data(&json::job(&report, Reason::of_ended(&report).as_ref()))?;
                }
            }
        }
        bar.show(ended, failed, running);
        left = still;
        if !left.is_empty() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    bar.clear();
    if failed > 0 {
        context.out.say(&format!("jobq: {failed} of {} jobs did not succeed", ids.len()));
    }
    Ok(if failed > 0 { exit::NO } else { 0 })
}
