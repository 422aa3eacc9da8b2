//! `jobq control`: changes other people's work.

use std::io::IsTerminal as _;
use std::time::Duration;

use super::args::{CancelArgs, ControlArgs, ControlCommand, LimitArgs, PurgeArgs, ServerCommand};
use super::connect::Missing;
use super::{Context, Done, Stop, connect, exit, wait};
use crate::core::link::Patience;
use crate::core::name::Name;
use crate::core::state::State;
use crate::core::store::{By, CANCEL_AT_ONCE, Cancelled, Store};
use crate::local;
use crate::view::words::count;
use crate::view::{Problem, json};

pub(super) async fn run(context: &Context, args: &ControlArgs) -> Done {
    match &args.command {
        ControlCommand::Cancel(args) => cancel(context, args).await,
        ControlCommand::Limit(args) => limit(context, args).await,
        ControlCommand::Purge(args) => purge(context, args).await,
        ControlCommand::Server(ServerCommand::Stop) => stop_server(context),
    }
}

impl Context {
    /// Who asks, for the record of what somebody did to other people's work.
    pub(super) fn by(&self, why: Option<&str>) -> By {
        let (user, host) = (self.env.user.clone(), self.env.host.clone());
        By { user, host, why: why.unwrap_or_default().to_owned() }
    }

    /// A namespace that exists: changing other people's work never starts a server.
    fn existing(&self) -> Result<Store, Stop> {
        match connect::open_existing(&self.global, &self.env, &self.out, Missing::Wake)? {
            Some((store, _)) => Ok(store),
            None => Err(Problem::new(
                exit::UNKNOWN,
                "no_store",
                "there is no local store, so there is nothing to control",
            )
            .hint("name a server with --url or JOBQ_URL")
            .into()),
        }
    }
}

async fn cancel(context: &Context, args: &CancelArgs) -> Done {
    let store = context.existing()?;
    let by = context.by(args.reason.as_deref());
    let mut unknown = None;
    let mut ending: Vec<&str> = Vec::new();
    for page in args.ids.chunks(CANCEL_AT_ONCE) {
        for (answer, id) in store.cancel(page, &by).await?.into_iter().zip(page) {
            if answer == Cancelled::Unknown {
                unknown.get_or_insert(id);
                continue;
            }
            if answer == Cancelled::Cancelling {
                ending.push(id.as_str());
            }
            tell_cancelled(context, id, &answer)?;
        }
    }
    if args.wait {
        await_ends(&store, ending).await?;
    }
    match unknown {
        Some(id) => Err(wait::unknown(id.as_str()).into()),
        None => Ok(0),
    }
}

fn tell_cancelled(context: &Context, id: &Name, answer: &Cancelled) -> Result<(), Stop> {
    let (word, words) = match answer {
        Cancelled::Revoked => ("cancelled", format!("{id} cancelled, it never runs")),
        Cancelled::Cancelling => ("cancelling", format!("{id} is being ended")),
        Cancelled::Finished(state) => {
            let state = state.map_or("an unknown state", State::name);
            ("finished", format!("{id} had ended already ({state})"))
        }
        Cancelled::Unknown => return Ok(()),
    };
    if context.global.json {
        context.out.data(&json::line(&serde_json::json!({"id": id, "result": word})))?;
    } else {
        context.out.say(&words);
    }
    Ok(())
}

/// Waits until the trees of cancelled jobs are gone: their workers have said so.
async fn await_ends(store: &Store, mut ending: Vec<&str>) -> Result<(), Stop> {
    while !ending.is_empty() {
        let page: Vec<&str> = ending.iter().copied().take(CANCEL_AT_ONCE).collect();
        let reports = store.show(&page).await?;
        let over = |id: &&str| {
            let place = page.iter().position(|one| one == id);
            place
                .and_then(|place| reports.get(place))
                .is_some_and(|report| report.as_ref().is_none_or(|report| report.state != State::Started))
        };
        ending.retain(|id| !over(id));
        if !ending.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

async fn limit(context: &Context, args: &LimitArgs) -> Done {
    let (store, _) = connect::open(&context.global, &context.env, &context.out, Patience::default())?;
    let wanted = [("max_depth", args.max_depth), ("max_bytes", args.max_bytes)];
    let settings: Vec<(&str, Option<u64>)> =
        wanted.into_iter().filter_map(|(name, limit)| Some((name, limit?.value()))).collect();
    store.limit(&args.queue, &context.by(None), &settings).await?;
    if context.global.json {
        let mut object = serde_json::Map::new();
        object.insert("queue".into(), serde_json::Value::from(args.queue.as_str()));
        object.extend(
            settings.iter().map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(*value))),
        );
        context.out.data(&json::line(&object))?;
    } else {
        for (name, value) in &settings {
            let value = value.map_or_else(|| "none".to_owned(), |value| value.to_string());
            context.out.say(&format!("queue {}: {name} {value}", args.queue));
        }
    }
    Ok(0)
}

async fn purge(context: &Context, args: &PurgeArgs) -> Done {
    let store = context.existing()?;
    if !store.knows_queue(&args.queue).await? {
        return Err(Problem::new(
            exit::UNKNOWN,
            "no_such_queue",
            format!("no queue {} in this namespace", args.queue),
        )
        .into());
    }
    let (_, queues) = store.queues().await?;
    let depth = queues.iter().find(|queue| queue.name == args.queue.as_str()).map_or(0, |queue| queue.depth);
    if !args.yes && !confirmed(context, args, depth)? {
        return Ok(exit::NO);
    }
    let jobs = store.purge(&args.queue, &context.by(None)).await?;
    // Slices, each a script of its own: a worker that lives does its share meanwhile.
    while store.chores(std::slice::from_ref(&args.queue)).await? > 0 {}
    if context.global.json {
        context.out.data(&json::line(&serde_json::json!({"queue": args.queue, "purged": jobs})))?;
    } else {
        context.out.say(&format!(
            "purged {} from queue {}; running ones are being ended",
            count(jobs, "job"),
            args.queue
        ));
    }
    Ok(0)
}

fn confirmed(context: &Context, args: &PurgeArgs, depth: u64) -> Result<bool, Stop> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Problem::new(
            exit::USAGE,
            "needs_yes",
            format!("purge of queue {} needs --yes off a terminal", args.queue),
        )
        .into());
    }
    context.out.say(&format!(
        "this ends {} of queue {}: waiting, delayed, blocked and running ones. Go on? [y/N]",
        count(depth, "unfinished job"),
        args.queue
    ));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn stop_server(context: &Context) -> Done {
    if context.global.url().is_some() {
        return Err(Problem::new(
            exit::USAGE,
            "not_local",
            "only the local store's server is jobq's to stop, and a URL names another",
        )
        .hint("leave out --url and JOBQ_URL")
        .into());
    }
    let place = connect::place(&context.env)?;
    let was = local::stop(&place)?;
    let dir = place.dir.display().to_string();
    let words = if was { "stopped; its jobs stay in" } else { "was not running; it would be in" };
    if context.global.json {
        context.out.data(&json::line(&serde_json::json!({"stopped": was, "local_dir": dir})))?;
    } else {
        context.out.say(&format!("the local store {words} {dir}"));
    }
    Ok(0)
}
