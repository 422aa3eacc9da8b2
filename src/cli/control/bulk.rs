//! Jobs by filter: read page by page, shown, asked about, and then changed by id.
//!
//! Time goes by between reading and changing, so the script that changes a job looks once more
//! whether it still is in one of the states that were asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::args::BulkArgs;
use super::super::wait::Signals;
use super::super::{Context, Done, Stop, exit, inspect};
use super::jobs::{Act, Work, await_ends};
use crate::core::name::Name;
use crate::core::query::{Filter, Order};
use crate::core::report::JobReport;
use crate::core::state::State;
use crate::core::store::{CONTROL_AT_ONCE, Came, Store};
use crate::view::bar::Bar;
use crate::view::lists::Jobs;
use crate::view::words::{count, parts};
use crate::view::{Problem, View as _, json};

/// Jobs that one reading asks for.
const PAGE: usize = 500;
/// Jobs that are shown before the question.
const SAMPLE: usize = 5;

/// Jobs that fit, and what is said of them.
#[derive(Default)]
struct Found {
    ids: Vec<Name>,
    states: BTreeMap<State, u64>,
    sample: Vec<JobReport>,
}

/// What came of them.
#[derive(Default)]
struct Tally {
    came: BTreeMap<&'static str, u64>,
    /// Jobs whose workers were told to end them.
    cancelling: Vec<Name>,
    done: usize,
}

/// Does `act` to all jobs that fit, and where `wait` waits until those that ran are gone.
pub(super) async fn on_filter(
    context: &Context,
    act: Act,
    args: &BulkArgs,
    why: Option<&str>,
    wait: bool,
) -> Done {
    let states = states(act, &args.states)?;
    let what = format!("{} by filter", act.verb());
    if !args.yes && !args.dry_run {
        context.can_ask(&what).map_err(|problem| problem.hint("to see what it would do: --dry-run"))?;
    }
    let store = context.existing()?;
    let found = find(context, &store, args, &states).await?;
    match context.global.json {
        true if args.dry_run => context.out.data(&json::line(&found.object()))?,
        true if args.yes => {}
        _ => context.out.say(&found.words(context, act)),
    }
    if args.dry_run || found.ids.is_empty() {
        return Ok(0);
    }
    if !args.yes && !context.confirmed(&what, &format!("{what} changes {}", count(found.total(), "job")))? {
        return Ok(exit::NO);
    }
    let work = Work { context, store: &store, act, by: context.by(why), among: &states };
    apply(&work, found.ids, wait).await
}

/// The states to look for: those that were typed, if jobs in them can be so treated at all.
fn states(act: Act, typed: &[State]) -> Result<Vec<State>, Problem> {
    let fits: Vec<State> = match act {
        Act::Cancel => State::ALL.into_iter().filter(|state| !state.is_final()).collect(),
        Act::Requeue => vec![State::Started, State::Scheduled, State::Retry],
        Act::Retry | Act::Delete => State::ALL.into_iter().filter(|state| state.is_final()).collect(),
    };
    if let Some(wrong) = typed.iter().find(|state| !fits.contains(state)) {
        let names: Vec<&str> = fits.iter().map(|state| state.name()).collect();
        let message = format!("--state {}: {} is for {}", wrong.name(), act.verb(), names.join(", "));
        return Err(Problem::new(exit::USAGE, "usage", message));
    }
    Ok(match (typed, act) {
        // Who says nothing means what went wrong.
        ([], Act::Retry) => vec![State::Failure],
        ([], _) => fits,
        _ => typed.to_vec(),
    })
}

async fn find(context: &Context, store: &Store, args: &BulkArgs, states: &[State]) -> Result<Found, Stop> {
    let mut filter = inspect::filter(context, &args.filter, states, store.redis_now().await?)?;
    let most = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let bar = Bar::counting("jobs found", context.out.wants_bar());
    let mut found = Found::default();
    walk(context, store, &filter, most, &bar, &mut |job| found.add(job)).await?;
    // What was started while the others were read stands in neither place.
    if states.contains(&State::Started) && states.len() > 1 && args.limit.is_none() {
        filter.states = vec![State::Started];
        let mut unseen = BTreeMap::new();
        walk(context, store, &filter, most, &bar, &mut |job| drop(unseen.insert(job.id.clone(), job)))
            .await?;
        for id in &found.ids {
            unseen.remove(id.as_str());
        }
        unseen.into_values().for_each(|job| found.add(job));
    }
    bar.clear();
    Ok(found)
}

/// Gives all jobs that fit to `take`, at most `most`.
async fn walk(
    context: &Context,
    store: &Store,
    filter: &Filter,
    most: usize,
    bar: &Bar,
    take: &mut impl FnMut(JobReport),
) -> Result<(), Stop> {
    let (mut taken, mut after) = (0, None);
    loop {
        let page = store.list(filter, Order::Oldest, after.as_ref(), PAGE.min(most - taken)).await?;
        taken += page.jobs.len();
        page.jobs.into_iter().for_each(&mut *take);
        for (id, why) in page.damaged {
            context.out.warn(&format!("job {id} cannot be read and is left alone: {why}"));
        }
        bar.reach(taken as u64);
        after = page.next;
        if after.is_none() || taken >= most {
            return Ok(());
        }
    }
}

impl Found {
    fn add(&mut self, job: JobReport) {
        self.ids.extend(Name::new(job.id.as_str()));
        *self.states.entry(job.state).or_default() += 1;
        if self.sample.len() < SAMPLE {
            self.sample.push(job);
        }
    }

    fn total(&self) -> u64 {
        self.ids.len() as u64
    }

    fn states(&self) -> Vec<(State, u64)> {
        self.states.iter().map(|(state, jobs)| (*state, *jobs)).collect()
    }

    /// `12 jobs to cancel: 10 waiting, 2 running`, and a few of them.
    fn words(&self, context: &Context, act: Act) -> String {
        let what = format!("{} to {}", count(self.total(), "job"), act.verb());
        if self.sample.is_empty() {
            return what;
        }
        let shown = self.sample.len();
        let such = if shown < self.ids.len() { format!("; the first {shown}") } else { String::new() };
        let jobs = Jobs { jobs: self.sample.clone(), failed: false, notes: Vec::new() };
        let table = jobs.text(context.out.stderr_look());
        format!("{what} ({}){such}:\n{}", parts(&self.states()), table.trim_end())
    }

    fn object(&self) -> serde_json::Value {
        let states: serde_json::Map<_, _> =
            self.states().into_iter().map(|(state, jobs)| (state.name().to_owned(), jobs.into())).collect();
        let sample: Vec<&str> = self.sample.iter().map(|job| job.id.as_str()).collect();
        serde_json::json!({"dry_run": true, "jobs": self.total(), "states": states, "sample": sample})
    }
}

/// Changes them in steps of a script each. A signal ends it between two steps: what is done
/// stays done and is said.
async fn apply(work: &Work<'_>, mut ids: Vec<Name>, wait: bool) -> Done {
    let context = work.context;
    if work.act == Act::Cancel {
        // What runs comes first in the listing, and would make room for what waits.
        ids.reverse();
    }
    let mut signals = Signals::catch();
    let bar = Bar::new(ids.len() as u64, context.out.wants_bar());
    let mut tally = Tally::default();
    let mut ended = Ok(0);
    for page in ids.chunks(CONTROL_AT_ONCE) {
        ended = step(work, page, &mut tally).await.map(|()| 0);
        bar.reach(tally.done as u64);
        // No time at all, but enough to hear of one that has come.
        if let Ok(code) = tokio::time::timeout(Duration::ZERO, Signals::caught(&mut signals)).await {
            ended = ended.and(Ok(code));
        }
        if !matches!(ended, Ok(0)) {
            break;
        }
    }
    bar.clear();
    if !context.global.json {
        context.out.say(&tally.words(work.act, ids.len()));
    }
    if matches!(ended, Ok(0)) && wait {
        ended = tokio::select! {
            done = await_ends(work.store, std::mem::take(&mut tally.cancelling)) => done.map(|()| 0),
            code = Signals::caught(&mut signals) => Ok(code),
        };
    }
    match tally.verdict(ids.len()) {
        Some(problem) if matches!(ended, Ok(0)) => Err(problem.into()),
        _ => ended,
    }
}

async fn step(work: &Work<'_>, ids: &[Name], tally: &mut Tally) -> Result<(), Stop> {
    for (touched, id) in work.page(ids).await?.into_iter().zip(ids) {
        *tally.came.entry(touched.came.word()).or_default() += 1;
        tally.done += 1;
        if touched.came == Came::Cancelling && work.act == Act::Cancel {
            tally.cancelling.push(id.clone());
        }
        work.tell_json(id, &touched)?;
    }
    Ok(())
}

impl Tally {
    fn of(&self, came: Came) -> u64 {
        self.came.get(came.word()).copied().unwrap_or(0)
    }

    /// `10 jobs cancelled, 2 being ended, 1 moved on meanwhile and was left alone`.
    fn words(&self, act: Act, of: usize) -> String {
        let ending = if act == Act::Cancel { "being ended" } else { "cancelled before and being ended" };
        let mut parts: Vec<String> = [
            (Came::Cancelled, "cancelled"),
            (Came::Cancelling, ending),
            (Came::Retried, "to run again"),
            (Came::Requeued, "wait no longer"),
            (Came::Stopping, "being stopped, back to their queue"),
            (Came::Deleted, "deleted"),
            (Came::Full, "left, their queue is full"),
            (Came::NoInput, "left, what they read is not kept"),
        ]
        .into_iter()
        .filter(|(came, _)| self.of(*came) > 0)
        .map(|(came, words)| format!("{} {words}", self.of(came)))
        .collect();
        let told = [Came::Cancelled, Came::Cancelling, Came::Retried, Came::Requeued, Came::Stopping]
            .into_iter()
            .chain([Came::Deleted, Came::Full, Came::NoInput]);
        let moved = self.done as u64 - told.map(|came| self.of(came)).sum::<u64>();
        if moved > 0 {
            parts.push(format!("{moved} moved on meanwhile, left alone"));
        }
        if self.done < of {
            parts.push(format!("{} not reached", of - self.done));
        }
        format!("{}: {}", count(of as u64, "job"), parts.join("; "))
    }

    /// What keeps the exit code from being 0; the gravest.
    fn verdict(&self, of: usize) -> Option<Problem> {
        let problem = |came, code, kind, why, hint: &str| {
            let stay = count(self.of(came), "job");
            let message = format!("{stay} of {of} stay as they are: {why}");
            (self.of(came) > 0).then(|| Problem::new(code, kind, message).hint(hint))
        };
        problem(Came::Full, exit::FULL, "queue_full", "the queue is full", super::jobs::HINT_FULL).or_else(
            || {
                problem(
                    Came::NoInput,
                    exit::NO,
                    "no_input",
                    "what they read is not kept",
                    super::jobs::HINT_NO_INPUT,
                )
            },
        )
    }
}
