//! Keeping schedules: add, list, remove, pause, resume, trigger; and `inspect schedules`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::args::{AddArgs, RemoveArgs, SuspendArgs, ViewArgs};
use super::super::connect::Missing;
use super::super::inspect::present;
use super::super::resolve::schedule;
use super::super::{Context, Done, Stop, connect, enqueue, exit};
use super::{by, facts, now_ms, unknown};
use crate::core::bytes::Bytes;
use crate::core::error::Error;
use crate::core::link::Patience;
use crate::core::name::{Name, new_id};
use crate::core::report::ScheduleReport;
use crate::core::schedule::{Definition, Times};
use crate::core::store::{Put, Removed, Resumed, Store, Triggered, When};
use crate::core::when::{self, clock, rfc3339};
use crate::view::schedule::{self as view, Schedules};
use crate::view::{Problem, json as view_json};

/// For how long a trigger whose reply was lost is repeated.
const INSIST: Duration = Duration::from_secs(3);
/// How many coming ticks are told of a schedule that was added.
const TOLD: usize = 5;

pub(super) async fn add(context: &Context, args: &AddArgs) -> Done {
    let added = schedule::added(args, &facts(&context.env), &context.config)?;
    for note in &added.notes {
        context.out.warn(note);
    }
    let stdin = enqueue::read_stdin(&added.stdin)?.map(Bytes);
    let definition = Definition { stdin, ..added.definition };
    let never =
        || Problem::new(exit::USAGE, "usage", format!("schedule {} would never tick", definition.name));
    let times =
        Times::of(&definition).map_err(|error| Problem::new(exit::CONFIG, "schedule", error.to_string()))?;
    times.next_after(now_ms()).ok_or_else(never)?;
    let (store, _) = connect::open(&context.global, &context.env, &context.out, Patience::default())?;
    let put = store.schedule_put(&definition, &by(context, None)).await?;
    let (word, words) = match &put {
        Put::New => ("new", "added"),
        Put::Changed => ("changed", "changed"),
        Put::Same => ("same", "is the same already:"),
        Put::Owned(source) => return Err(owned(&definition.name, source).into()),
    };
    let now = store.server_now().await?;
    let ticks: Vec<i64> =
        std::iter::successors(times.next_after(now), |tick| times.next_after(*tick)).take(TOLD).collect();
    if context.global.json {
        let next: Vec<String> = ticks.iter().map(|tick| rfc3339(*tick)).collect();
        context
            .out
            .data(&view_json::line(&json!({"name": definition.name, "result": word, "next": next})))?;
    } else {
        context.out.say(&format!("{words} {}, {}; it ticks at", definition.name, view::when(&definition)));
        let zone = when::zone(&definition.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
        for tick in ticks {
            context.out.say(&format!("  {}", clock(tick, &zone)));
        }
    }
    if store.beats().await?.live().next().is_none() {
        context.out.warn("no beat is running; to start one: jobq beat");
    }
    Ok(0)
}

fn owned(name: &Name, source: &str) -> Problem {
    let (place, hint) = match source {
        schedule::FILE => ("jobq.toml".to_owned(), "change it there, or take another name"),
        source => (source.to_owned(), "take another name"),
    };
    let words = format!("schedule {name} stands in {place}, which says what it does");
    Problem::new(exit::DENIED, "owned", words).hint(hint)
}

/// A namespace that exists: nothing here makes a server.
fn existing(context: &Context, missing: Missing) -> Result<Option<Store>, Stop> {
    let found = connect::open_existing(&context.global, &context.env, &context.out, missing)?;
    Ok(found.map(|(store, _)| store))
}

fn wanted(context: &Context, name: &Name) -> Result<Store, Stop> {
    Ok(existing(context, Missing::Wake)?.ok_or_else(|| unknown(name))?)
}

/// All schedules, page by page.
pub(super) async fn all(store: &Store) -> Result<Vec<ScheduleReport>, Error> {
    let mut found: Vec<ScheduleReport> = Vec::new();
    loop {
        let after = found.last().map(|report| report.name.clone());
        let (_, page) = store.schedules(after.as_deref()).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

pub(super) async fn list(context: &Context, view: &ViewArgs) -> Done {
    show(context, view, true).await
}

/// `jobq inspect schedules`.
pub(in crate::cli) async fn inspect(context: &Context, view: &ViewArgs) -> Done {
    show(context, view, false).await
}

async fn show(context: &Context, view: &ViewArgs, plain: bool) -> Done {
    present::check::<Schedules>(view)?;
    let store = existing(context, Missing::Wake)?;
    present::present(context, view, async || {
        let reports = match &store {
            Some(store) => all(store).await?,
            None => Vec::new(),
        };
        Ok((Schedules { reports, plain }, 0))
    })
    .await
}

pub(super) async fn remove(context: &Context, args: &RemoveArgs) -> Done {
    let store = wanted(context, &args.name)?;
    match store.schedule_remove(&args.name, &by(context, args.reason.as_deref())).await? {
        Removed::Unknown => Err(unknown(&args.name).into()),
        Removed::Gone { source } => {
            told(context, &args.name, "removed", &format!("removed {}; jobs that it made stay", args.name))?;
            if source != schedule::ADDED {
                context
                    .out
                    .warn(&format!("it stands in {source}: a beat that publishes that brings it back"));
            }
            Ok(0)
        }
    }
}

pub(super) async fn pause(context: &Context, args: &SuspendArgs) -> Done {
    let until = match (&args.until, &args.for_) {
        (Some(text), _) => Some(When::At(instant(context, text, args.tz.as_deref())?)),
        (None, Some(span)) => Some(When::In(span.ms)),
        (None, None) => None,
    };
    let store = wanted(context, &args.name)?;
    if !store.schedule_pause(&args.name, &by(context, args.reason.as_deref()), until).await? {
        return Err(unknown(&args.name).into());
    }
    let until = match (&args.until, &args.for_) {
        (Some(text), _) => format!("until {text}"),
        (None, Some(span)) => format!("for {}", span.text),
        (None, None) => "until it is resumed".to_owned(),
    };
    told(context, &args.name, "paused", &format!("{} is paused {until}", args.name))?;
    Ok(0)
}

fn instant(context: &Context, text: &str, tz: Option<&str>) -> Result<i64, Problem> {
    let usage = |words: String| Problem::new(exit::USAGE, "usage", words);
    let zone = match tz {
        Some(name) => when::zone(name).map_err(|error| usage(format!("--tz: {error}")))?,
        None => jiff::tz::TimeZone::clone(&context.env.zone),
    };
    let found = when::instant(text, now_ms(), &zone).map_err(|error| usage(format!("--until: {error}")))?;
    if let Some(note) = found.note {
        context.out.warn(&note);
    }
    Ok(found.ms)
}

pub(super) async fn resume(context: &Context, name: &Name) -> Done {
    let store = wanted(context, name)?;
    match store.schedule_resume(name, &by(context, None)).await? {
        Resumed::Unknown => Err(unknown(name).into()),
        Resumed::Resumed => told(context, name, "resumed", &format!("{name} goes on")).map(|()| 0),
        Resumed::WasRunning => told(context, name, "running", &format!("{name} was not paused")).map(|()| 0),
    }
}

pub(super) async fn trigger(context: &Context, name: &Name) -> Done {
    let store = wanted(context, name)?;
    let (id, began) = (new_id(), Instant::now());
    let came = loop {
        match store.schedule_trigger(name, &id, &by(context, None)).await {
            // The id makes a repetition harmless.
            Err(Error::Unknown { .. }) if began.elapsed() < INSIST => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            came => break came?,
        }
    };
    match came {
        Triggered::Unknown => Err(unknown(name).into()),
        Triggered::Full(full) => Err(enqueue::full_problem(&full).into()),
        Triggered::Skipped(why) => {
            Err(Problem::new(exit::FULL, "overlap", format!("no job was made of {name}: {why}")).into())
        }
        Triggered::Made { waits } => {
            if context.global.json {
                let made = json!({"name": name, "id": id, "waits": waits});
                context.out.data(&view_json::line(&made))?;
            } else {
                context.out.data(&format!("{id}\n"))?;
                if waits {
                    context.out.warn("it waits for an earlier job of the schedule");
                }
            }
            Ok(0)
        }
    }
}

fn told(context: &Context, name: &Name, word: &str, words: &str) -> Result<(), Stop> {
    if context.global.json {
        context.out.data(&view_json::line(&json!({"name": name, "result": word})))?;
    } else {
        context.out.say(words);
    }
    Ok(())
}
