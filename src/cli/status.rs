//! `jobq status`: looks, and never changes anything.

use super::args::{StatusArgs, StatusMode};
use super::connect::Missing;
use super::inspect::explained;
use super::stream::{Follower, Printer};
use super::{Context, Done, Stop, connect, exit, wait};
use crate::core::name::Name;
use crate::core::report::JobReport;
use crate::core::store::Store;
use crate::view::lists::Page;
use crate::view::why::Reason;
use crate::view::{Problem, job, json, overview};

/// The most bytes of a job's output that its page looks at.
const TAIL: usize = 16 * 1024;

pub(super) async fn run(context: &Context, args: &StatusArgs) -> Done {
    let Some((store, place)) =
        connect::open_existing(&context.global, &context.env, &context.out, Missing::Wake)?
    else {
        return no_store(context, args);
    };
    let first = args.ids.first().map_or("", Name::as_str);
    match args.mode() {
        StatusMode::Show if args.ids.is_empty() => {
            let mut overview = store.overview().await?;
            overview.server.local_dir = place.map(|place| place.dir);
            let text = if context.global.json {
                json::overview(&overview)
            } else {
                overview::overview(context.out.look(), &overview)
            };
            context.out.data(&text)?;
            Ok(0)
        }
        StatusMode::Show => show(context, &store, &args.ids).await,
        StatusMode::Stdout => raw(context, &store, first, 1).await,
        StatusMode::Stderr => raw(context, &store, first, 2).await,
        StatusMode::Follow => wait::follow_only(context, &store, first).await,
        StatusMode::Wait => {
            let timeout_ms = args.wait_timeout.as_ref().map(|span| span.ms);
            match args.ids.as_slice() {
                [one] => wait::one(context, &store, one.as_str(), timeout_ms).await,
                many => wait::many(context, &store, many, timeout_ms).await,
            }
        }
    }
}

/// There is no local store, and looking does not make one: nothing was ever enqueued.
fn no_store(context: &Context, args: &StatusArgs) -> Done {
    if let Some(id) = args.ids.first() {
        return Err(wait::unknown(id.as_str()).into());
    }
    if context.global.json {
        context.out.data("{\"store\":null}\n")?;
    } else {
        context.out.data("no local store yet: the first jobq enqueue makes one\n")?;
    }
    Ok(0)
}

async fn show(context: &Context, store: &Store, ids: &[Name]) -> Done {
    let mut missing = None;
    let mut first = true;
    for id in ids {
        let Some(page) = page(context, store, id.as_str()).await? else {
            missing.get_or_insert(id);
            continue;
        };
        let text = if context.global.json {
            json::job(&page.job, Some(&page.why))
        } else {
            let between = if first { "" } else { "\n" };
            let text = job::job(context.out.look(), &page.job, &page.why, page.newest.as_deref());
            format!("{between}{text}")
        };
        first = false;
        context.out.data(&text)?;
    }
    match missing {
        Some(id) => Err(wait::unknown(id.as_str()).into()),
        None => Ok(0),
    }
}

/// One job in full, and why it stands where it stands; `None` for an unknown id.
pub(super) async fn page(context: &Context, store: &Store, id: &str) -> Result<Option<Page>, Stop> {
    let Some((job, around)) = store.explain(id).await? else { return Ok(None) };
    let why = explained(store, Reason::of(&job, &around, &context.env.zone)).await?;
    let newest = if context.global.json { None } else { newest_output(store, &job).await? };
    Ok(Some(Page { job, why, newest }))
}

/// The newest output of a job, both streams in the order they were read.
async fn newest_output(store: &Store, report: &JobReport) -> Result<Option<Vec<u8>>, Stop> {
    let wrote = report.output.stdout_bytes + report.output.stderr_bytes > 0;
    if !wrote || report.output_gone {
        return Ok(None);
    }
    let (mut tail, mut last) = (Vec::new(), None);
    let mut follower = Follower::default();
    while let Some(page) = store.output(&report.id, follower.after()).await? {
        let Some(pieces) = follower.take(&page) else { break };
        for (stream, bytes) in pieces {
            // An unfinished line of one stream is not continued by the other.
            if last.is_some_and(|last| last != stream) && tail.last().is_some_and(|byte| *byte != b'\n') {
                tail.push(b'\n');
            }
            last = Some(stream);
            tail.extend_from_slice(&bytes);
        }
        let excess = tail.len().saturating_sub(TAIL);
        tail.drain(..excess);
        if !page.more {
            break;
        }
    }
    Ok(Some(tail))
}

/// One stream of a job, byte for byte; what was not kept is said on stderr.
async fn raw(context: &Context, store: &Store, id: &str, wanted: u8) -> Done {
    let mut printer = Printer::new(&context.out);
    let mut follower = Follower::default();
    let mut known = false;
    while let Some(page) = store.output(id, follower.after()).await? {
        known = true;
        let Some(pieces) = follower.take(&page) else { continue };
        for (_, bytes) in pieces.iter().filter(|(stream, _)| *stream == wanted) {
            printer.write(1, bytes)?;
        }
        if !page.more {
            break;
        }
    }
    if !known {
        return Err(wait::unknown(id).into());
    }
    let missed = follower.missed[usize::from(wanted) - 1];
    if missed > 0 {
        context.out.warn(&format!("{missed} bytes in its middle were not kept"));
    }
    let dropped = store.show(&[id]).await?.pop().flatten().is_some_and(|report| report.output_gone);
    if dropped {
        return Err(Problem::new(
            exit::UNKNOWN,
            "output_gone",
            format!("the output of {id} is no longer kept"),
        )
        .hint("output of all finished jobs together is bounded; the oldest goes first")
        .into());
    }
    Ok(0)
}
