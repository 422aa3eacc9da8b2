//! `jobq inspect`: looks closer, and never changes anything.

mod config;
mod doctor;
mod events;
mod jobs;
pub(super) mod present;
mod verify;
mod stats;

use super::args::{InspectArgs, InspectCommand, QueuesArgs, ViewArgs};
use super::connect::Missing;
use super::{Context, Done, Stop, connect, exit};
use crate::core::name::Name;
use crate::core::report::QueueReport;
use crate::core::store::Store;
use crate::local;
use crate::view::lists::{Queues, Server, Workers};
use crate::view::{Problem, json};

use present::present;

pub(super) use jobs::{explained, filter};

pub(super) async fn run(context: &Context, args: &InspectArgs) -> Done {
    match &args.command {
        InspectCommand::Queues(args) => queues(context, args).await,
        InspectCommand::Jobs(args) => jobs::list(context, args).await,
        InspectCommand::Job(args) => jobs::pages(context, args).await,
        InspectCommand::Why(args) => jobs::why(context, args).await,
        InspectCommand::Workers(view) => workers(context, view).await,
        InspectCommand::Schedules(view) => super::beat::inspect(context, view).await,
        InspectCommand::Failures(args) => jobs::failures(context, args).await,
        InspectCommand::Events(args) => events::show(context, args).await,
        InspectCommand::Doctor(view) => doctor::run(context, view).await,
        InspectCommand::Verify(view) => verify::run(context, view).await,
        InspectCommand::Stats(args) => stats::run(context, args).await,
        InspectCommand::Server(view) => server(context, view).await,
        InspectCommand::Config(args) => config::show(context, args).await,
    }
}

/// The namespace to look at, its server started where it is ours and was stopped; `None`, and
/// said so, where there is no local store: nothing was ever enqueued.
pub(super) fn open(context: &Context) -> Result<Option<Store>, Stop> {
    let found = connect::open_existing(&context.global, &context.env, &context.out, Missing::Wake)?;
    if found.is_none() {
        context.out.say("no local store yet: the first jobq enqueue makes one");
    }
    Ok(found.map(|(store, _)| store))
}

async fn queues(context: &Context, args: &QueuesArgs) -> Done {
    present::check::<Queues>(&args.view)?;
    let Some(store) = open(context)? else { return absent_queue(&args.queues) };
    present(context, &args.view, async || {
        let (now_ms, mut queues) = store.queues().await?;
        if !args.queues.is_empty() {
            let found = |name: &Name| queues.iter().position(|queue| queue.name == name.as_str());
            if let Some(absent) = args.queues.iter().find(|name| found(name).is_none()) {
                return Err(unknown_queue(absent, &queues).into());
            }
            queues.retain(|queue| args.queues.iter().any(|name| name.as_str() == queue.name));
        }
        Ok((Queues { now_ms, queues }, 0))
    })
    .await
}

fn absent_queue(asked: &[Name]) -> Done {
    match asked.first() {
        Some(name) => Err(unknown_queue(name, &[]).into()),
        None => Ok(0),
    }
}

fn unknown_queue(name: &Name, queues: &[QueueReport]) -> Problem {
    let known: Vec<&str> = queues.iter().map(|queue| queue.name.as_str()).collect();
    let problem = Problem::new(exit::UNKNOWN, "no_such_queue", format!("no queue {name}"));
    match crate::config::nearest::nearest(name.as_str(), &known) {
        Some(near) => problem.hint(format!("did you mean {near}?")),
        None => problem,
    }
}

async fn workers(context: &Context, view: &ViewArgs) -> Done {
    present::check::<Workers>(view)?;
    let Some(store) = open(context)? else { return Ok(0) };
    present(context, view, async || {
        let (now_ms, workers) = store.workers().await?;
        Ok((Workers { now_ms, workers }, 0))
    })
    .await
}

async fn server(context: &Context, view: &ViewArgs) -> Done {
    present::check::<Server>(view)?;
    let Some((store, place)) =
        connect::open_existing(&context.global, &context.env, &context.out, Missing::Report)?
    else {
        return no_server(context);
    };
    present(context, view, async || {
        let mut report = store.server().await?;
        report.local_dir = place.as_ref().map(|place| place.dir.clone());
        Ok((Server(report), 0))
    })
    .await
}

fn no_server(context: &Context) -> Done {
    let place = connect::place(&context.env)?;
    let info = local::describe(&place)?;
    if context.global.json {
        let object =
            serde_json::json!({"running": false, "local_dir": info.dir, "disk_bytes": info.disk_bytes});
        context.out.data(&json::line(&object))?;
    } else {
        let dir = info.dir.display().to_string();
        let dir = crate::view::escape::text(&dir);
        let words = if info.disk_bytes > 0 {
            format!(
                "the local store in {dir} is not running; the next jobq enqueue, worker or status starts it\n"
            )
        } else {
            format!("no local store yet; the first jobq enqueue makes one in {dir}\n")
        };
        context.out.data(&words)?;
    }
    Ok(0)
}
