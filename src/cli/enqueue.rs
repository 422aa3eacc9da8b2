//! `jobq enqueue`.

use std::io::Read as _;
use std::time::{Duration, Instant};

use super::args::{EnqueueArgs, IfFull};
use super::resolve::{self, EnqueuePlan, Facts, Moment, StdinFrom};
use super::{Context, Done, Stop, connect, env, exit, wait};
use crate::core::error::Error;
use crate::core::link::Patience;
use crate::core::name::new_id;
use crate::core::state::State;
use crate::core::store::{Accepted, Enqueued, Full, NewJob, Store, When};
use crate::core::when::rfc3339;
use crate::view::json::Replicas;
use crate::view::{Problem, job as view_job, json, words};

/// The most bytes of standard input that a job may have.
const MAX_STDIN: usize = 1024 * 1024;
/// For how long an enqueue whose reply was lost is repeated.
const INSIST: Duration = Duration::from_secs(3);
/// For how long replicas are waited for; shorter than a reply may take.
const REPLICATION: Duration = Duration::from_secs(4);
/// Between two looks at a full queue.
const ROOM_PACE: Duration = Duration::from_millis(200);

pub(super) async fn run(context: &Context, args: &EnqueueArgs) -> Done {
    let plan = plan(context, args)?;
    for note in &plan.notes {
        context.out.warn(note);
    }
    if plan.dry_run {
        return show_plan(context, &plan);
    }
    let stdin = read_stdin(&plan.stdin)?;
    let job = NewJob {
        id: plan.id.clone().unwrap_or_else(new_id),
        not_before: when(plan.not_before),
        expires: when(plan.expires),
        spec: plan.spec,
        stdin,
    };
    let (store, _) = connect::open(&context.global, &context.env, &context.out, Patience::default())?;
    let accepted = match insist(&store, &job, plan.if_full).await {
        Ok(accepted) => accepted,
        Err(Stop::Problem(problem)) if problem.code == exit::UNCONFIRMED => {
            return Err(unconfirmed(context, &job, problem, plan.wait)?);
        }
        Err(other) => return Err(other),
    };
    let replicas = match plan.durable {
        Some(want) => Some(replicate(&store, &job, plan.if_full, want).await),
        None => None,
    };
    say_accepted(
        context,
        &job,
        &accepted,
        replicas.as_ref().and_then(|found| found.as_ref().ok()),
        plan.wait,
    )?;
    let short = replicas.transpose()?.and_then(|found| under_replicated(&job, &found));
    if let Some(problem) = short {
        return Err(problem.into());
    }
    if plan.wait {
        return wait::one(context, &store, job.id.as_str(), plan.wait_timeout_ms).await;
    }
    Ok(0)
}

fn plan(context: &Context, args: &EnqueueArgs) -> Result<EnqueuePlan, Stop> {
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let facts = Facts {
        cwd: context.env.cwd.as_deref(),
        env: &env::lookup,
        now_ms,
        zone: &context.env.zone,
        user: &context.env.user,
        host: &context.env.host,
    };
    Ok(resolve::enqueue(args, &facts, &context.config)?)
}

fn when(moment: Moment) -> Option<When> {
    match moment {
        Moment::None => None,
        Moment::In(ms) => Some(When::In(ms)),
        Moment::At(ms) => Some(When::At(ms)),
    }
}

fn show_plan(context: &Context, plan: &EnqueuePlan) -> Done {
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let (due_ms, expires_ms) = (plan.not_before.at(now_ms), plan.expires.at(now_ms));
    let text = if context.global.json {
        json::line(&json::Planned {
            dry_run: true,
            due_at: due_ms.map(rfc3339),
            expires_at: expires_ms.map(rfc3339),
            spec: &plan.spec,
        })
    } else {
        view_job::planned(context.out.look(), &plan.spec, due_ms, expires_ms, now_ms)
    };
    context.out.data(&text)?;
    Ok(0)
}

pub(super) fn read_stdin(from: &StdinFrom) -> Result<Option<Vec<u8>>, Stop> {
    let mut bytes = Vec::new();
    let limit = MAX_STDIN as u64 + 1;
    let (what, read) = match from {
        StdinFrom::Nothing => return Ok(None),
        StdinFrom::Here => {
            ("standard input".to_owned(), std::io::stdin().lock().take(limit).read_to_end(&mut bytes))
        }
        StdinFrom::File(path) => {
            let read = std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
            (path.display().to_string(), read)
        }
    };
    read.map_err(|error| Problem::new(exit::UNKNOWN, "no_input", format!("cannot read {what}: {error}")))?;
    if bytes.len() > MAX_STDIN {
        return Err(Problem::new(
            65,
            "input_too_large",
            format!("{what} has more than 1 MiB, the most a job's input may have"),
        )
        .hint("put it into a file that the worker can read, and pass its name")
        .into());
    }
    Ok(Some(bytes))
}

/// Enqueues until the answer is certain: a lost reply is asked for again, since the id makes
/// the repetition harmless, and a full queue is waited for where that was asked for.
async fn insist(store: &Store, job: &NewJob, if_full: IfFull) -> Result<Accepted, Stop> {
    let began = Instant::now();
    let mut uncertain: Option<Error> = None;
    loop {
        match store.enqueue(std::slice::from_ref(job)).await {
            Ok(Enqueued::Accepted(mut accepted)) => {
                let Some(mut one) = accepted.pop() else {
                    return Err(Error::Protocol("enqueue answered for no job".into()).into());
                };
                // It is known because our own first sending made it.
                one.created |= uncertain.is_some() && one.same;
                return Ok(one);
            }
            Ok(Enqueued::Full(full)) => match if_full {
                IfFull::Fail => return Err(full_problem(&full).into()),
                IfFull::Wait(limit_ms) => {
                    if limit_ms.is_some_and(|limit| began.elapsed() >= Duration::from_millis(limit)) {
                        return Err(full_problem(&full).into());
                    }
                    tokio::time::sleep(ROOM_PACE).await;
                }
            },
            Err(error @ Error::Unknown { .. }) if began.elapsed() < INSIST => {
                uncertain = Some(error);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => {
                // After an uncertain sending, "cannot reach" says nothing about that one.
                if uncertain.is_some() && error.is_passing() {
                    if began.elapsed() < INSIST {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                    return Err(uncertain.unwrap_or(error).into());
                }
                return Err(error.into());
            }
        }
    }
}

/// Waits for so many replicas. A primary that lost the job with its connection is told again.
async fn replicate(store: &Store, job: &NewJob, if_full: IfFull, want: u32) -> Result<Replicas, Problem> {
    let began = Instant::now();
    let unsure = |error: &dyn std::fmt::Display| {
        let message =
            format!("{} was accepted; whether {want} replicas have it is not known: {error}", job.id);
        Problem::new(exit::UNCONFIRMED, "unknown", message)
            .hint(format!("to be certain, repeat the command with --id {}", job.id))
    };
    loop {
        match store.replicated(std::slice::from_ref(&job.id), want, REPLICATION).await {
            Ok(Some(have)) => return Ok(Replicas { have, want: u64::from(want) }),
            Ok(None) => match insist(store, job, if_full).await {
                Ok(_) => {}
                Err(Stop::Problem(problem)) => return Err(unsure(&problem.message)),
                Err(Stop::Code(_)) => return Err(unsure(&"it was interrupted")),
            },
            Err(error) if error.is_passing() && began.elapsed() < INSIST => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(unsure(&error)),
        }
    }
}

fn under_replicated(job: &NewJob, found: &Replicas) -> Option<Problem> {
    let Replicas { have, want } = *found;
    (have < want).then(|| {
        let after = crate::core::when::short(u64::try_from(REPLICATION.as_millis()).unwrap_or(u64::MAX));
        let message = format!("{} was accepted, but {have} of {want} replicas have it after {after}", job.id);
        Problem::new(exit::UNCONFIRMED, "under_replicated", message)
            .fact("replicas", json::replicas(found))
            .hint(format!("to wait again, repeat the command with --id {}", job.id))
    })
}

pub(super) fn full_problem(full: &Full) -> Problem {
    let what = match full.what.as_str() {
        "bytes" => format!("{} of {} bytes", full.have, full.limit),
        _ => format!("{} of {} jobs", full.have, full.limit),
    };
    Problem::new(
        exit::FULL,
        "queue_full",
        format!("queue {} is full ({what}); nothing was accepted", full.queue),
    )
    .hint("try again later, or wait for room with --if-full wait")
}

/// The id goes to stdout all the same, so that the caller can repeat with it.
fn unconfirmed(context: &Context, job: &NewJob, problem: Problem, waits: bool) -> Result<Stop, Stop> {
    if waits {
        context.out.say(job.id.as_str());
    } else if context.global.json {
        let unsure = serde_json::json!({"id": job.id, "created": null, "state": null, "queue": job.spec.queue, "workers": null});
        context.out.data(&json::line(&unsure))?;
    } else {
        context.out.data(&format!("{}\n", job.id))?;
    }
    Ok(problem
        .hint(format!(
            "it may have been accepted or not; to be certain, repeat the command with --id {}",
            job.id
        ))
        .into())
}

fn say_accepted(
    context: &Context,
    job: &NewJob,
    accepted: &Accepted,
    replicas: Option<&Replicas>,
    waits: bool,
) -> Result<(), Stop> {
    let known = !accepted.created;
    if known && accepted.state.is_none() {
        context.out.warn(&format!("{} is known: its job has ended and its record is gone", job.id));
    } else if known && !accepted.same {
        context.out.warn(&words::differs(job.id.as_str()));
    }
    if accepted.workers == 0 && accepted.created {
        context.out.warn(&words::no_worker(job.spec.queue.as_str()));
    }
    if waits {
        // stdout belongs to the job.
        if !context.global.json {
            context.out.say(job.id.as_str());
        }
        return Ok(());
    }
    let text = if context.global.json {
        json::line(&json::Accepted {
            id: job.id.as_str(),
            created: accepted.created,
            same: known.then_some(accepted.same),
            state: accepted.state.map_or("UNKNOWN", State::name),
            queue: job.spec.queue.as_str(),
            workers: accepted.workers,
            replicas,
        })
    } else {
        format!("{}\n", job.id)
    };
    context.out.data(&text)?;
    Ok(())
}
