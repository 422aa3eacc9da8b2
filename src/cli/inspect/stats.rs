//! `jobq inspect stats`: how fast, how well and how long, by queue and by task.

use super::super::args::StatsArgs;
use super::super::{Context, Done, Stop, exit};
use super::{open, present, unknown_queue};
use crate::config::nearest::nearest;
use crate::core::name::Name;
use crate::core::stats::{Kind, StatsReport, Window};
use crate::core::store::Store;
use crate::view::openmetrics::{self, Measured};
use crate::view::stats::Stats;
use crate::view::{Problem, escape};

pub(super) async fn run(context: &Context, args: &StatsArgs) -> Done {
    present::check::<Stats>(&args.view)?;
    let store = open(context)?;
    if args.openmetrics {
        let measured = match &store {
            Some(store) => measure(store).await?,
            None => Measured::default(),
        };
        let text = openmetrics::text(&measured);
        // A collector gets the bytes; names may hold anything, and eyes get them harmless.
        let safe = || text.lines().map(|line| format!("{}\n", escape::text(line))).collect();
        context.out.data(&if context.out.is_terminal() { safe() } else { text })?;
        return Ok(0);
    }
    let Some(store) = store else { return Ok(0) };
    present::present(context, &args.view, async || {
        let window = Window::of_ms(args.window.ms).map_err(|why| Problem::new(exit::USAGE, "usage", why))?;
        let mut stats = Vec::new();
        if args.tasks.is_empty() {
            stats.extend(of_queues(&store, window, &args.queues).await?.stats);
        }
        if args.queues.is_empty() {
            stats.extend(of_tasks(&store, window, &args.tasks).await?.stats);
        }
        Ok((Stats { stats, window: args.window.text.clone() }, 0))
    })
    .await
}

async fn of_queues(store: &Store, window: Window, asked: &[Name]) -> Result<StatsReport, Stop> {
    if asked.is_empty() {
        return Ok(store.stats(Kind::Queue, window).await?);
    }
    for queue in asked {
        if !store.knows_queue(queue).await? {
            return Err(unknown_queue(queue, &store.queues().await?.1).into());
        }
    }
    let names: Vec<&str> = asked.iter().map(Name::as_str).collect();
    Ok(store.stats_of(Kind::Queue, window, &names).await?)
}

async fn of_tasks(store: &Store, window: Window, asked: &[Name]) -> Result<StatsReport, Stop> {
    let mut report = store.stats(Kind::Task, window).await?;
    let known = |name: &Name| report.stats.iter().any(|stats| stats.name == name.as_str());
    if let Some(absent) = asked.iter().find(|name| !known(name)) {
        let names: Vec<&str> = report.stats.iter().map(|stats| stats.name.as_str()).collect();
        let message = format!("no job of a task {absent} was counted here");
        let problem = Problem::new(exit::UNKNOWN, "no_such_task", message);
        return Err(match nearest(absent.as_str(), &names) {
            Some(near) => problem.hint(format!("did you mean {near}?")),
            None => problem,
        }
        .into());
    }
    if !asked.is_empty() {
        report.stats.retain(|stats| asked.iter().any(|name| name.as_str() == stats.name));
    }
    Ok(report)
}

/// Everything a collector wants, in a few bounded readings.
async fn measure(store: &Store) -> Result<Measured, Stop> {
    // Totals do not depend on the window.
    let window = Window::of_ms(60_000).map_err(|why| Problem::new(exit::USAGE, "usage", why))?;
    let (now_ms, queues) = store.queues().await?;
    let mut of_queues = store.stats(Kind::Queue, window).await?.stats;
    // A queue may have settings and jobs, and nothing that was counted.
    let uncounted = queues.iter().map(|queue| queue.name.as_str());
    let uncounted: Vec<&str> =
        uncounted.filter(|name| of_queues.iter().all(|stats| stats.name != *name)).collect();
    let others = store.stats_of(Kind::Queue, window, &uncounted).await?.stats;
    of_queues.extend(others);
    let of_tasks = store.stats(Kind::Task, window).await?.stats;
    let (_, workers) = store.workers().await?;
    let (schedules, beats) = (store.census().await?, store.beats().await?.live().count());
    Ok(Measured { now_ms, queues, of_queues, of_tasks, workers, schedules, beats })
}
