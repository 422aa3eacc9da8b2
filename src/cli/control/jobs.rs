//! `jobq control cancel`, `retry`, `requeue` and `delete`.

use std::time::Duration;

use super::super::args::{BulkArgs, CancelArgs, DeleteArgs, RequeueArgs, RetryArgs};
use super::super::{Context, Done, Stop, exit, wait};
use super::{bulk, insist};
use crate::core::name::{Name, new_nonce};
use crate::core::state::State;
use crate::core::store::{By, CONTROL_AT_ONCE, Came, Store, Touched};
use crate::view::words::count;
use crate::view::{Problem, json};

/// Between two looks at jobs that are being ended.
const LOOK_PACE: Duration = Duration::from_millis(100);

pub(super) const HINT_FULL: &str = "try again later, or raise the limit: jobq control limit QUEUE";
pub(super) const HINT_NO_INPUT: &str = "enqueue it again, with its input";

/// What is to be done with jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Cancel,
    Retry,
    Requeue,
    Delete,
}

impl Act {
    /// As its command is called.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Act::Cancel => "cancel",
            Act::Retry => "retry",
            Act::Requeue => "requeue",
            Act::Delete => "delete",
        }
    }
}

pub(super) async fn cancel(context: &Context, args: &CancelArgs) -> Done {
    let why = args.why.reason.as_deref();
    if args.ids.is_empty() {
        return bulk::on_filter(context, Act::Cancel, &args.bulk, why, args.wait).await;
    }
    let store = context.existing()?;
    let by = context.by(why);
    let done = Work { context, store: &store, act: Act::Cancel, by, among: &[] }.on(&args.ids).await?;
    if args.wait {
        await_ends(&store, done.cancelling).await?;
    }
    done.verdict.map_or(Ok(0), |problem| Err(problem.into()))
}

pub(super) async fn retry(context: &Context, args: &RetryArgs) -> Done {
    either(context, Act::Retry, &args.ids, &args.bulk, args.why.reason.as_deref()).await
}

pub(super) async fn requeue(context: &Context, args: &RequeueArgs) -> Done {
    either(context, Act::Requeue, &args.ids, &args.bulk, args.why.reason.as_deref()).await
}

pub(super) async fn delete(context: &Context, args: &DeleteArgs) -> Done {
    either(context, Act::Delete, &args.ids, &args.bulk, args.why.reason.as_deref()).await
}

/// Jobs are named by id or by filter.
async fn either(context: &Context, act: Act, ids: &[Name], bulk: &BulkArgs, why: Option<&str>) -> Done {
    if ids.is_empty() {
        return bulk::on_filter(context, act, bulk, why, false).await;
    }
    let store = context.existing()?;
    let work = Work { context, store: &store, act, by: context.by(why), among: &[] };
    work.on(ids).await?.verdict.map_or(Ok(0), |problem| Err(problem.into()))
}

/// One thing done to jobs.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context,
    pub(super) store: &'a Store,
    pub(super) act: Act,
    pub(super) by: By,
    /// Only of jobs that are still in one of these states, as shown.
    pub(super) among: &'a [State],
}

/// What came of all of it.
#[derive(Default)]
struct Worked {
    /// Jobs whose workers were told to end them.
    cancelling: Vec<Name>,
    /// What keeps the exit code from being 0.
    verdict: Option<Problem>,
}

impl Work<'_> {
    async fn on(&self, ids: &[Name]) -> Result<Worked, Stop> {
        let mut worked = Worked::default();
        let mut refused: Vec<(&Name, Touched)> = Vec::new();
        for page in ids.chunks(CONTROL_AT_ONCE) {
            for (touched, id) in self.page(page).await?.into_iter().zip(page) {
                if touched.came == Came::Cancelling && self.act == Act::Cancel {
                    worked.cancelling.push(id.clone());
                }
                self.tell_json(id, &touched)?;
                if self.refuses(touched.came) {
                    refused.push((id, touched));
                } else if !self.context.global.json {
                    self.context.out.say(&self.sentence(id, &touched));
                }
            }
        }
        worked.verdict = self.verdict(&refused, ids.len());
        Ok(worked)
    }

    /// One script: what came of each.
    pub(super) async fn page(&self, ids: &[Name]) -> Result<Vec<Touched>, Stop> {
        let (store, by, among) = (self.store, &self.by, self.among);
        // One word for all repetitions of one asking.
        let word = new_nonce();
        let answers = insist(async || match self.act {
            Act::Cancel => store.cancel(ids, by, among).await,
            Act::Retry => store.retry(ids, by, &word, among).await,
            Act::Requeue => store.requeue(ids, by, among).await,
            Act::Delete => store.delete(ids, by, among).await,
        });
        Ok(answers.await?)
    }

    /// Whether the answer means that what was asked for does not hold.
    fn refuses(&self, came: Came) -> bool {
        match came {
            Came::Finished | Came::Cancelling => self.act != Act::Cancel,
            Came::Unfinished | Came::Blocked | Came::NoInput | Came::Full | Came::Other | Came::Unknown => {
                true
            }
            _ => false,
        }
    }

    /// A line for machines; where nothing was done, with the state that the job is in.
    pub(super) fn tell_json(&self, id: &Name, touched: &Touched) -> Result<(), Stop> {
        if !self.context.global.json {
            return Ok(());
        }
        let mut object = serde_json::json!({"id": id, "result": touched.came.word()});
        if self.refuses(touched.came) {
            object["state"] = touched.state.map(State::name).into();
        }
        Ok(self.context.out.data(&json::line(&object))?)
    }

    fn sentence(&self, id: &Name, touched: &Touched) -> String {
        let state = touched.state.map_or("an unknown state", State::name);
        match touched.came {
            Came::Cancelled => format!("{id} cancelled, it never runs"),
            Came::Cancelling if self.act == Act::Cancel => format!("{id} is being ended"),
            Came::Cancelling => format!("{id} was cancelled and is being ended"),
            Came::Retried => format!("{id} runs again"),
            Came::Requeued => format!("{id} waits no longer"),
            Came::Stopping => format!("{id} is being stopped, it goes back to its queue"),
            Came::Waits => format!("{id} is next when its turn comes"),
            Came::Blocked => format!("{id} waits for other jobs"),
            Came::Deleted => format!("{id} deleted"),
            Came::Gone => format!("{id} was gone already"),
            Came::Finished => format!("{id} had ended already ({state})"),
            Came::Unfinished => format!("{id} has not ended ({state})"),
            Came::NoInput => format!("{id} succeeded, and the standard input it needs was not kept"),
            Came::Full => format!("the queue of {id} is full"),
            Came::Other => format!("{id} has moved on ({state})"),
            Came::Unknown => format!("no job {id} in this namespace"),
        }
    }

    /// One problem for all that was refused: the gravest decides.
    fn verdict(&self, refused: &[(&Name, Touched)], of: usize) -> Option<Problem> {
        let rank = |came| match came {
            Came::Unknown => 0,
            Came::Full => 1,
            _ => 2,
        };
        let (id, gravest) = refused.iter().min_by_key(|(_, touched)| rank(touched.came))?;
        let [only] = refused else {
            if !self.context.global.json {
                refused.iter().for_each(|(id, touched)| self.context.out.warn(&self.sentence(id, touched)));
            }
            let stay = count(refused.len() as u64, "job");
            let message = format!("{stay} of {of} stay as they are");
            return Some(
                self.with_hint(Problem::new(code(gravest.came), kind(gravest.came), message), gravest),
            );
        };
        Some(match only.1.came {
            Came::Unknown => wait::unknown(id.as_str()),
            came => self.with_hint(Problem::new(code(came), kind(came), self.sentence(id, gravest)), gravest),
        })
    }

    fn with_hint(&self, problem: Problem, touched: &Touched) -> Problem {
        match (touched.came, self.act) {
            (Came::Unfinished, Act::Delete) => problem.hint("end it first: jobq control cancel --wait ID"),
            (Came::Unfinished, _) if touched.state == Some(State::Started) => {
                problem.hint("to stop the run and start over: jobq control requeue ID")
            }
            (Came::Unfinished, _) => problem.hint("to let it wait no longer: jobq control requeue ID"),
            (Came::Finished, _) => problem.hint("to run it again: jobq control retry ID"),
            (Came::Full, _) => problem.hint(HINT_FULL),
            (Came::NoInput, _) => problem.hint(HINT_NO_INPUT),
            (Came::Unknown, _) => problem
                .hint("its record may have been removed after its time, or --namespace or --url differ"),
            _ => problem,
        }
    }
}

fn code(came: Came) -> u8 {
    match came {
        Came::Unknown => exit::UNKNOWN,
        Came::Full => exit::FULL,
        _ => exit::NO,
    }
}

fn kind(came: Came) -> &'static str {
    match came {
        Came::Unknown => "no_such_job",
        Came::Full => "queue_full",
        other => other.word(),
    }
}

/// Waits until the trees of cancelled jobs are gone: their workers have said so.
pub(super) async fn await_ends(store: &Store, mut ending: Vec<Name>) -> Result<(), Stop> {
    while !ending.is_empty() {
        let page: Vec<&str> = ending.iter().map(Name::as_str).take(CONTROL_AT_ONCE).collect();
        let reports = store.show(&page).await?;
        let over: Vec<bool> = reports
            .iter()
            .map(|report| report.as_ref().is_none_or(|report| report.state != State::Started))
            .collect();
        let mut over = over.into_iter();
        ending.retain(|_| !over.next().unwrap_or(false));
        if !ending.is_empty() {
            tokio::time::sleep(LOOK_PACE).await;
        }
    }
    Ok(())
}
