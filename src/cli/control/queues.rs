//! `jobq control pause`, `resume`, `limit` and `purge`; and how many events are kept.

use serde_json::{Value as Json, json};

use super::super::args::{KeepArgs, LimitArgs, PauseArgs, PurgeArgs, RateLimit, ResumeArgs};
use super::super::{Context, Done, Stop, connect, exit};
use super::insist;
use crate::core::link::Patience;
use crate::core::name::Name;
use crate::core::report::{Pause, QueueReport};
use crate::core::state::State;
use crate::core::store::{Bound, CONTROL_AT_ONCE, When};
use crate::core::when::{self, clock, rfc3339};
use crate::view::Problem;
use crate::view::words::{self, count};

pub(super) async fn pause(context: &Context, args: &PauseArgs) -> Done {
    let until = until(context, args)?;
    let store = context.existing()?;
    let by = context.by(args.why.reason.as_deref());
    let mut missing = None;
    for page in args.queues.chunks(CONTROL_AT_ONCE) {
        let Some(answers) = insist(async || store.pause(page, &by, until).await).await? else {
            return Err(
                Problem::new(exit::USAGE, "usage", "--until: that time has passed on the server").into()
            );
        };
        for (queue, paused) in page.iter().zip(answers) {
            match paused {
                Some(pause) => tell_pause(context, queue, &pause)?,
                None => drop(missing.get_or_insert(queue)),
            }
        }
    }
    missing.map_or(Ok(0), |queue| Err(no_such_queue(queue).into()))
}

fn until(context: &Context, args: &PauseArgs) -> Result<Option<When>, Problem> {
    if let Some(span) = &args.for_ {
        return Ok(Some(When::In(span.ms)));
    }
    let Some(text) = &args.until else { return Ok(None) };
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let found = when::instant(text, now_ms, &context.env.zone)
        .map_err(|error| Problem::new(exit::USAGE, "usage", format!("--until: {error}")))?;
    if let Some(note) = found.note {
        context.out.warn(&format!("--until: {note}"));
    }
    Ok(Some(When::At(found.ms)))
}

fn tell_pause(context: &Context, queue: &Name, pause: &Pause) -> Result<(), Stop> {
    let words = match pause.until_ms {
        Some(until) => format!("queue {queue} is paused until {}", clock(until, &context.env.zone)),
        None => format!("queue {queue} is paused; to let it go on: jobq control resume {queue}"),
    };
    let object = json!({
        "queue": queue,
        "result": "paused",
        "since": rfc3339(pause.since_ms),
        "until": pause.until_ms.map(rfc3339),
    });
    context.told(&object, &words)
}

pub(super) async fn resume(context: &Context, args: &ResumeArgs) -> Done {
    let store = context.existing()?;
    let by = context.by(args.why.reason.as_deref());
    let mut missing = None;
    for page in args.queues.chunks(CONTROL_AT_ONCE) {
        let answers = insist(async || store.resume(page, &by).await).await?;
        for (queue, was) in page.iter().zip(answers) {
            let (word, words) = match was {
                Some(true) => ("resumed", format!("queue {queue} goes on")),
                Some(false) => ("running", format!("queue {queue} was not paused")),
                None => {
                    missing.get_or_insert(queue);
                    continue;
                }
            };
            context.told(&json!({"queue": queue, "result": word}), &words)?;
        }
    }
    missing.map_or(Ok(0), |queue| Err(no_such_queue(queue).into()))
}

fn no_such_queue(queue: &Name) -> Problem {
    Problem::new(exit::UNKNOWN, "no_such_queue", format!("no queue {queue} in this namespace"))
}

/// A limit for people, and for machines.
fn in_words(bound: Bound) -> (String, Json) {
    match bound {
        Bound::Most(most) => (most.to_string(), most.into()),
        Bound::None => ("none".to_owned(), Json::Null),
        Bound::Unsaid => ("as the file says".to_owned(), "file".into()),
    }
}

pub(super) async fn limit(context: &Context, args: &LimitArgs) -> Done {
    let (store, _) = connect::open(&context.global, &context.env, &context.out, Patience::default())?;
    let wanted =
        [("max_depth", args.max_depth), ("max_bytes", args.max_bytes), ("max_running", args.max_running)];
    let mut settings: Vec<(&str, Bound)> =
        wanted.into_iter().filter_map(|(name, limit)| Some((name, limit?.bound()))).collect();
    let mut told: Vec<(&str, String, Json)> = settings
        .iter()
        .map(|(name, bound)| {
            let (words, json) = in_words(*bound);
            (*name, words, json)
        })
        .collect();
    if let Some(rate) = args.rate {
        let (count, per) = rate.bounds();
        settings.extend([("rate", count), ("rate_ms", per)]);
        let (words, json) = match rate {
            RateLimit::Most(rate) => (rate.to_string(), rate.to_string().into()),
            _ => in_words(count),
        };
        told.push(("rate", words, json));
    }
    let by = context.by(args.why.reason.as_deref());
    insist(async || store.limit(&args.queue, &by, &settings).await).await?;
    if context.global.json {
        let mut object = serde_json::Map::new();
        object.insert("queue".into(), args.queue.as_str().into());
        object.extend(told.into_iter().map(|(name, _, json)| (name.to_owned(), json)));
        context.told(&Json::Object(object), "")?;
    } else {
        for (name, words, _) in told {
            context.out.say(&format!("queue {}: {name} {words}", args.queue));
        }
    }
    Ok(0)
}

pub(super) async fn purge(context: &Context, args: &PurgeArgs) -> Done {
    let store = context.existing()?;
    let (_, queues) = store.queues().await?;
    let Some(queue) = queues.into_iter().find(|queue| queue.name == args.queue.as_str()) else {
        return Err(no_such_queue(&args.queue).into());
    };
    let parts = parts(&queue);
    if !args.yes {
        let of = if parts.is_empty() { String::new() } else { format!(": {}", words::parts(&parts)) };
        let what = count(queue.depth, "unfinished job");
        let question = format!("this ends {what} of queue {}{of}", args.queue);
        if !context.confirmed(&format!("purge of queue {}", args.queue), &question)? {
            return Ok(exit::NO);
        }
    }
    let by = context.by(args.why.reason.as_deref());
    let jobs = insist(async || store.purge(&args.queue, &by).await).await?;
    // Slices, each a script of its own: a worker that lives does its share meanwhile.
    while store.chores(std::slice::from_ref(&args.queue)).await? > 0 {}
    let mut object = serde_json::Map::new();
    object.insert("queue".into(), args.queue.as_str().into());
    object.insert("purged".into(), jobs.into());
    object.insert(
        "states".into(),
        parts.iter().map(|(state, jobs)| (state.name().to_owned(), Json::from(*jobs))).collect(),
    );
    let of = if parts.is_empty() { String::new() } else { format!(" ({})", words::parts(&parts)) };
    let runs = parts.iter().any(|(state, _)| *state == State::Started);
    let running = if runs { "; running ones are being ended" } else { "" };
    let words = format!("purged {} from queue {}{of}{running}", count(jobs, "job"), args.queue);
    context.told(&Json::Object(object), &words)?;
    Ok(0)
}

/// The unfinished jobs of a queue by state, without those that have none.
fn parts(queue: &QueueReport) -> Vec<(State, u64)> {
    let open = State::ALL.into_iter().filter(|state| !state.is_final());
    open.map(|state| (state, queue.count(state))).filter(|(_, jobs)| *jobs > 0).collect()
}

pub(super) async fn events(context: &Context, args: &KeepArgs) -> Done {
    let store = context.existing()?;
    let keep = args.keep.map_or(Bound::Unsaid, |keep| keep.0.map_or(Bound::Unsaid, Bound::Most));
    let by = context.by(args.why.reason.as_deref());
    insist(async || store.keep_events(keep, &by).await).await?;
    let (words, json) = match keep {
        Bound::Most(0) => ("no events are kept".to_owned(), 0.into()),
        Bound::Most(most) => (format!("about {most} events are kept"), most.into()),
        _ => ("as many events are kept as without a setting".to_owned(), Json::Null),
    };
    context.told(&json!({"events": json}), &words)?;
    Ok(0)
}
