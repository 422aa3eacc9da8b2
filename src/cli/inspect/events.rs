//! `jobq inspect events`: what happened, and what happens.

use super::super::args::EventsArgs;
use super::super::{Context, Done, Stop, exit};
use super::open;
use super::present::{check, present, print};
use crate::core::query::EVENTS_AT_ONCE;
use crate::core::report::Event;
use crate::core::store::Store;
use crate::core::when;
use crate::view::Problem;
use crate::view::events::Events;

/// How long one reading waits for something to happen, in milliseconds.
const WAIT_MS: u64 = 1_000;
/// How long to wait before another try where the server is away, in milliseconds.
const AWAY_MS: u64 = 1_000;

pub(super) async fn show(context: &Context, args: &EventsArgs) -> Done {
    check::<Events>(&args.view)?;
    let Some(store) = open(context)? else { return Ok(0) };
    if args.follow {
        return follow(context, args, &store).await;
    }
    present(context, &args.view, async || Ok((past(context, args, &store).await?, 0))).await
}

fn fits(args: &EventsArgs, event: &Event) -> bool {
    let any = |wanted: &[String], own: Option<&str>| {
        wanted.is_empty() || own.is_some_and(|own| wanted.iter().any(|one| one == own))
    };
    let names = |names: &[crate::core::name::Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    any(&names(&args.queues), event.field("q"))
        && any(&names(&args.jobs), event.field("id"))
        && any(&args.kinds, event.field("k"))
}

/// Where to begin: after an id, or at an instant; `None` where the newest ones are wanted.
async fn beginning(context: &Context, args: &EventsArgs, store: &Store) -> Result<Option<String>, Stop> {
    if let Some(id) = &args.after {
        return Ok(Some(id.clone()));
    }
    let Some(since) = &args.since else { return Ok(None) };
    let now_ms = store.redis_now().await?;
    let ms = when::past(since, now_ms, &context.env.zone)
        .map_err(|error| Problem::new(exit::USAGE, "usage", format!("--since: {error}")))?;
    // The last id that the millisecond before can have.
    Ok(Some(format!("{}-{}", ms.max(1) - 1, u64::MAX)))
}

/// What happened: the first ones after a place, or the newest.
async fn past(context: &Context, args: &EventsArgs, store: &Store) -> Result<Events, Stop> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut events = Vec::new();
    let mut notes = Vec::new();
    match beginning(context, args, store).await? {
        Some(mut after) => {
            notes.extend(gap(args, store).await?);
            loop {
                let page = store.events_after(&after).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                let whole = page.len() == EVENTS_AT_ONCE;
                events.extend(page.into_iter().filter(|event| fits(args, event)));
                if events.len() > limit {
                    events.truncate(limit);
                    let last = events.last().map_or("0", |event| event.id.as_str());
                    notes.push(format!("there are more; to see them: --after {last}"));
                    break;
                }
                if !whole {
                    break;
                }
            }
        }
        None => {
            let mut before = None;
            loop {
                let page = store.events_before(before.as_deref()).await?;
                before = page.last().map(|event| event.id.clone());
                let whole = page.len() == EVENTS_AT_ONCE;
                events.extend(page.into_iter().filter(|event| fits(args, event)));
                if events.len() >= limit || !whole {
                    break;
                }
            }
            events.truncate(limit);
            events.reverse();
        }
    }
    if events.is_empty() {
        notes.push("no such events".to_owned());
    }
    Ok(Events { events, notes })
}

/// Said where the stream does not reach back to the id that was given.
async fn gap(args: &EventsArgs, store: &Store) -> Result<Option<String>, Stop> {
    let Some(after) = args.after.as_deref().filter(|after| place(after) > (0, 0)) else { return Ok(None) };
    let oldest = store.events_after("0").await?.into_iter().next();
    Ok(oldest
        .filter(|oldest| place(&oldest.id) > place(after))
        .map(|oldest| format!("the stream begins at {}: what came before is not kept", oldest.id)))
}

/// An id of the stream as two numbers.
fn place(id: &str) -> (u64, u64) {
    let (ms, number) = id.split_once('-').unwrap_or((id, "0"));
    (ms.parse().unwrap_or(0), number.parse().unwrap_or(0))
}

/// The last few, then each as it happens, through outages of the server.
async fn follow(context: &Context, args: &EventsArgs, store: &Store) -> Done {
    let begun = match beginning(context, args, store).await? {
        Some(after) => {
            if let Some(note) = gap(args, store).await? {
                context.out.say(&note);
            }
            after
        }
        None => {
            let shown = past(context, args, store).await?;
            print(context, &args.view, &shown)?;
            // Not after the last that is shown: filters may have kept newer ones back.
            let newest = store.events_before(None).await?.into_iter().next();
            let last = shown.events.last().or(newest.as_ref());
            last.map_or_else(|| "0-0".to_owned(), |event| event.id.clone())
        }
    };
    let mut after = begun;
    let mut away = false;
    loop {
        let page = match store.await_events(&after, WAIT_MS).await {
            Ok(page) => page,
            Err(error) if error.is_passing() => {
                // Said once an outage.
                if !std::mem::replace(&mut away, true) {
                    context.out.warn(&format!("{error}; still trying"));
                }
                tokio::time::sleep(std::time::Duration::from_millis(AWAY_MS)).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if std::mem::replace(&mut away, false) {
            context.out.warn("the server is back");
        }
        let Some(last) = page.last() else { continue };
        after.clone_from(&last.id);
        let events = page.into_iter().filter(|event| fits(args, event)).collect();
        print(context, &args.view, &Events { events, notes: Vec::new() })?;
    }
}
