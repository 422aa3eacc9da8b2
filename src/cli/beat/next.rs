//! `jobq beat next`: what is to come, from Redis where there is a server, else from the files.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::tz::TimeZone;

use super::super::args::NextArgs;
use super::super::connect::{self, Missing};
use super::super::resolve::schedule;
use super::super::{Context, Done, Stop, exit};
use super::{desk, facts, now_ms, unknown};
use crate::core::error::Error;
use crate::core::name::{Name, new_id};
use crate::core::schedule::{Definition, Times};
use crate::core::when;
use crate::view::Problem;
use crate::view::ticks::{self, Coming};

/// Ticks of one schedule to show where nobody says how many.
const COUNT: u16 = 10;
/// How far behind the last tick that is shown changes of the clock are told, and how many.
const AHEAD: (i64, usize) = (400 * 86_400_000, 2);

/// A schedule to look ahead at.
struct Ahead {
    name: Option<String>,
    definition: Definition,
    /// Why its ticks make no jobs, and until when.
    paused: Option<(String, Option<i64>)>,
}

pub(super) async fn run(context: &Context, args: &NextArgs) -> Done {
    let here = match (&args.tz, &args.cron) {
        (Some(name), None) => when::zone(name).map_err(|error| usage(format!("--tz: {error}")))?,
        _ => TimeZone::clone(&context.env.zone),
    };
    let (now_ms, schedules) = match (&args.cron, &args.name) {
        (Some(cron), _) => (now_ms(), vec![typed(context, cron, args)?]),
        (None, name) => found(context, name.as_ref()).await?,
    };
    let all = args.cron.is_none() && args.name.is_none();
    let count = args.count.or((!all).then_some(COUNT)).map(usize::from);
    let (coming, later) = merged(&schedules, now_ms, count)?;
    if context.global.json {
        let text: String = coming.iter().map(|one| ticks::json(one, now_ms)).collect();
        context.out.data(&text)?;
        return Ok(0);
    }
    match coming.is_empty() {
        true => context.out.say("nothing is to come"),
        false => context.out.data(&ticks::table(context.out.look(), &coming, &here, now_ms))?,
    }
    for note in later {
        context.out.say(&format!("later: {note}"));
    }
    Ok(0)
}

fn usage(words: String) -> Problem {
    Problem::new(exit::USAGE, "usage", words)
}

/// An expression that may stand nowhere.
fn typed(context: &Context, cron: &str, args: &NextArgs) -> Result<Ahead, Problem> {
    let name = args.name.clone().or_else(|| Name::new("expression").ok()).unwrap_or_else(new_id);
    for note in schedule::expression(cron, name.as_str())? {
        context.out.warn(&note);
    }
    let timezone = match args.tz.as_deref() {
        Some(name) => {
            when::zone(name).map_err(|error| usage(format!("--tz: {error}")))?;
            name.to_owned()
        }
        None => schedule::zone_name(&context.env.zone)?,
    };
    Ok(Ahead { name: None, definition: schedule::of_expression(name, cron, timezone)?, paused: None })
}

/// The schedules that are asked for, and the present as whoever holds them sees it.
async fn found(context: &Context, name: Option<&Name>) -> Result<(i64, Vec<Ahead>), Stop> {
    let stored = match connect::open_existing(&context.global, &context.env, &context.out, Missing::Report)? {
        None => None,
        Some((store, _)) => match stored(&store, name).await {
            Ok(found) => Some(found),
            Err(error @ Error::Unreachable { .. }) => {
                context.out.warn(&format!("{error}; these are the schedules of the files"));
                None
            }
            Err(error) => return Err(error.into()),
        },
    };
    match (stored, name) {
        (Some((now_ms, found)), None) if !found.is_empty() || context.config.schedules.is_none() => {
            Ok((now_ms, found))
        }
        (Some((now_ms, found)), Some(_)) if !found.is_empty() => Ok((now_ms, found)),
        (stored, name) => {
            let written = written(context, name)?;
            match (name, written.first()) {
                (Some(name), None) => Err(unknown(name).into()),
                (_, Some(one)) if stored.is_some() => {
                    let place = match name {
                        Some(_) => one.definition.source.place.as_str(),
                        None => "jobq.toml",
                    };
                    context.out.warn(&format!("not published yet; this is what {place} says"));
                    Ok((now_ms(), written))
                }
                _ => Ok((now_ms(), written)),
            }
        }
    }
}

async fn stored(store: &crate::core::store::Store, name: Option<&Name>) -> Result<(i64, Vec<Ahead>), Error> {
    let reports = match name {
        Some(name) => store.schedule_one(name).await?.into_iter().collect(),
        None => desk::all(store).await?,
    };
    let now_ms = match reports.first() {
        Some(report) => report.now_ms,
        None => store.server_now().await?,
    };
    let ahead = reports.into_iter().filter_map(|report| {
        let paused = report.pause.map(|pause| (format!("paused by {}", pause.by), pause.until_ms));
        Some(Ahead { name: Some(report.name), definition: report.definition.ok()?, paused })
    });
    Ok((now_ms, ahead.collect()))
}

fn written(context: &Context, name: Option<&Name>) -> Result<Vec<Ahead>, Problem> {
    let definitions = schedule::definitions(&context.config, &facts(&context.env))?;
    let wanted = definitions.into_iter().filter(|one| name.is_none_or(|name| *name == one.name));
    Ok(wanted.map(|one| Ahead { name: Some(one.name.to_string()), definition: one, paused: None }).collect())
}

/// The next ticks of all of them together, each with what is to be said of it, and what the
/// clock of a single one does after them. Without a count, one tick of each.
fn merged(
    schedules: &[Ahead],
    now_ms: i64,
    count: Option<usize>,
) -> Result<(Vec<Coming>, Vec<String>), Problem> {
    let mut times = Vec::with_capacity(schedules.len());
    for ahead in schedules {
        times.push(Times::of(&ahead.definition).map_err(|error| {
            let words = format!("schedule {}: {error}", ahead.definition.name);
            Problem::new(exit::CONFIG, "schedule", words)
        })?);
    }
    let firsts = times.iter().enumerate();
    let firsts = firsts.filter_map(|(at, times)| times.next_after(now_ms).map(|tick| Reverse((tick, at))));
    let mut heap: BinaryHeap<Reverse<(i64, usize)>> = firsts.collect();
    let mut last: Vec<i64> = vec![now_ms; schedules.len()];
    let mut coming = Vec::new();
    while count.is_none_or(|count| coming.len() < count) {
        let Some(Reverse((tick, at))) = heap.pop() else { break };
        coming.push(schedules[at].coming(&times[at], last[at], tick));
        last[at] = tick;
        if count.is_some() {
            heap.extend(times[at].next_after(tick).map(|next| Reverse((next, at))));
        }
    }
    let later = match times.as_slice() {
        [times] => {
            let remarks = times.remarks(last[0], last[0].saturating_add(AHEAD.0));
            remarks.into_iter().take(AHEAD.1).map(|remark| remark.text).collect()
        }
        _ => Vec::new(),
    };
    Ok((coming, later))
}

impl Ahead {
    /// A tick, with the changes of the clock since the one before it.
    fn coming(&self, times: &Times, after_ms: i64, tick: i64) -> Coming {
        let mut notes: Vec<String> =
            times.remarks(after_ms, tick).into_iter().map(|remark| remark.text).collect();
        if let Some((why, until_ms)) = &self.paused
            && until_ms.is_none_or(|until| tick < until)
        {
            notes.push(why.clone());
        }
        Coming { schedule: self.name.clone(), at_ms: tick, notes, zone: self.definition.timezone.clone() }
    }
}
