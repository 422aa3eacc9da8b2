//! `jobq inspect jobs`, `job`, `why` and `failures`.

use super::super::args::{FailuresArgs, FilterArgs, IdsArgs, JobsArgs, PageArgs, ViewArgs};
use super::super::{Context, Done, Stop, exit, status, wait};
use super::open;
use super::present::{check, present};
use crate::core::error::Error;
use crate::core::name::Name;
use crate::core::query::{Filter, Listed, Order};
use crate::core::report::ServerReport;
use crate::core::state::State;
use crate::core::store::Store;
use crate::core::when;
use crate::view::Problem;
use crate::view::lists::{Jobs, Pages};
use crate::view::why::{Reason, Reasons};

pub(super) async fn list(context: &Context, args: &JobsArgs) -> Done {
    check::<Jobs>(&args.view)?;
    listing(context, &args.filter, &args.states, &args.page, &args.view, false).await
}

pub(super) async fn failures(context: &Context, args: &FailuresArgs) -> Done {
    check::<Jobs>(&args.view)?;
    listing(context, &args.filter, &[State::Failure], &args.page, &args.view, true).await
}

async fn listing(
    context: &Context,
    typed: &FilterArgs,
    states: &[State],
    page: &PageArgs,
    view: &ViewArgs,
    failed: bool,
) -> Done {
    let Some(store) = open(context)? else { return Ok(0) };
    let order = match (page.newest, page.oldest) {
        (true, _) => Order::Newest,
        (_, true) => Order::Oldest,
        _ => Order::Natural,
    };
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    present(context, view, async || {
        let filter = filter(context, typed, states, store.redis_now().await?)?;
        let listed = store.list(&filter, order, page.after.as_ref(), limit).await?;
        let notes = notes(&listed, if failed { "no failed jobs" } else { "no such jobs" });
        Ok((Jobs { jobs: listed.jobs, failed, notes }, 0))
    })
    .await
}

/// The filter that was typed, at Redis time `now_ms`.
pub(in crate::cli) fn filter(
    context: &Context,
    typed: &FilterArgs,
    states: &[State],
    now_ms: i64,
) -> Result<Filter, Problem> {
    let instant = |option: &str, text: &Option<String>| {
        let read = |text: &String| {
            when::past(text, now_ms, &context.env.zone)
                .map_err(|error| Problem::new(exit::USAGE, "usage", format!("{option}: {error}")))
        };
        text.as_ref().map(read).transpose()
    };
    Ok(Filter {
        queues: typed.queues.clone(),
        states: states.to_vec(),
        tasks: typed.tasks.clone(),
        labels: typed.labels.iter().map(|label| (label.key.clone(), label.value.clone())).collect(),
        groups: typed.groups.clone(),
        since_ms: instant("--since", &typed.since)?,
        until_ms: instant("--until", &typed.until)?,
    })
}

fn notes(listed: &Listed, none: &str) -> Vec<String> {
    let mut notes: Vec<String> =
        listed.damaged.iter().map(|(id, why)| format!("job {id} cannot be shown: {why}")).collect();
    match &listed.next {
        Some(cursor) if listed.tired => {
            notes.push(format!("looked at {} jobs; to look further: --after {cursor}", listed.looked));
        }
        Some(cursor) => notes.push(format!("there are more; to see them: --after {cursor}")),
        None if listed.jobs.is_empty() => notes.push(none.to_owned()),
        None => {}
    }
    notes
}

pub(super) async fn pages(context: &Context, args: &IdsArgs) -> Done {
    check::<Pages>(&args.view)?;
    let Some(store) = open(context)? else { return Err(absent(&args.ids).into()) };
    present(context, &args.view, async || {
        let mut pages = Vec::with_capacity(args.ids.len());
        for id in &args.ids {
            pages.push(
                status::page(context, &store, id.as_str())
                    .await?
                    .ok_or_else(|| wait::unknown(id.as_str()))?,
            );
        }
        Ok((Pages(pages), 0))
    })
    .await
}

pub(super) async fn why(context: &Context, args: &IdsArgs) -> Done {
    check::<Reasons>(&args.view)?;
    let Some(store) = open(context)? else { return Err(absent(&args.ids).into()) };
    present(context, &args.view, async || {
        let mut reasons = Vec::with_capacity(args.ids.len());
        let mut code = 0;
        for id in &args.ids {
            match reason(context, &store, id.as_str()).await {
                Ok(Some(reason)) => reasons.push(reason),
                Ok(None) => return Err(wait::unknown(id.as_str()).into()),
                // That is an answer as well: nothing starts without the server.
                Err(error) => match Reason::of_trouble(id.as_str(), &error) {
                    Some(reason) => {
                        code = Problem::from(error).code;
                        reasons.push(reason);
                    }
                    None => return Err(Stop::from(error)),
                },
            }
        }
        Ok((Reasons(reasons), if code == exit::UNCONFIRMED { exit::UNAVAILABLE } else { code }))
    })
    .await
}

fn absent(ids: &[Name]) -> Problem {
    wait::unknown(ids.first().map_or("", Name::as_str))
}

async fn reason(context: &Context, store: &Store, id: &str) -> Result<Option<Reason>, Error> {
    let Some((job, around)) = store.explain(id).await? else { return Ok(None) };
    explained(store, Reason::of(&job, &around, &context.env.zone)).await.map(Some)
}

/// A reason that stands also where the server itself is what keeps workers away.
///
/// # Errors
/// See [`Error`].
pub(in crate::cli) async fn explained(store: &Store, reason: Reason) -> Result<Reason, Error> {
    if !reason.may_be_ailing() {
        return Ok(reason);
    }
    Ok(match ailment(&store.server().await?) {
        Some(ailment) => reason.ailing(ailment),
        None => reason,
    })
}

/// What keeps a server from taking changes: the reason code and the words.
fn ailment(server: &ServerReport) -> Option<(&'static str, &'static str)> {
    if server.role == "replica" {
        return Some(("redis_read_only", "is a replica and takes no changes"));
    }
    server.save_failed.then_some(("redis_disk", "cannot write its disk and may take no changes"))
}
