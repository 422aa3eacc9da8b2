//! `jobq control quiet` and `stop`.

use serde_json::json;

use super::super::args::{QuietArgs, StopArgs};
use super::super::{Context, Done, Stop, exit};
use super::insist;
use crate::core::name::Name;
use crate::core::report::WorkerReport;
use crate::core::script::LIVE_MS;
use crate::core::store::{Ordered, Wish};
use crate::core::when::{ago, rfc3339};
use crate::view::Problem;

pub(super) async fn quiet(context: &Context, args: &QuietArgs) -> Done {
    let wish = if args.off { Wish::Run } else { Wish::Quiet };
    ask(context, &args.workers, wish, args.why.reason.as_deref()).await
}

pub(super) async fn stop(context: &Context, args: &StopArgs) -> Done {
    let wish = if args.now { Wish::StopNow } else { Wish::Stop };
    ask(context, &args.workers, wish, args.why.reason.as_deref()).await
}

async fn ask(context: &Context, words: &[String], wish: Wish, why: Option<&str>) -> Done {
    let store = context.existing()?;
    let (_, known) = store.workers().await?;
    // Who is meant is settled for all of them before the first is asked.
    let mut meant: Vec<Name> = Vec::new();
    for word in words {
        for worker in named(&known, word)? {
            let id = Name::new(worker.id.as_str()).map_err(|_| no_such_worker(word))?;
            if !meant.contains(&id) {
                meant.push(id);
            }
        }
    }
    let by = context.by(why);
    for worker in &meant {
        match insist(async || store.order(worker, wish, &by).await).await? {
            Some(ordered) => tell(context, worker, wish, &ordered)?,
            None => return Err(no_such_worker(worker.as_str()).into()),
        }
    }
    Ok(0)
}

/// The workers that a word means: the one with this id, all with this label, or the one whose
/// id begins like it.
fn named<'a>(known: &'a [WorkerReport], word: &str) -> Result<Vec<&'a WorkerReport>, Problem> {
    let fits = |test: &dyn Fn(&WorkerReport) -> bool| -> Vec<&'a WorkerReport> {
        known.iter().filter(|worker| test(worker)).collect()
    };
    let exact = fits(&|worker| worker.id == word);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let labelled = fits(&|worker| worker.label.as_deref() == Some(word));
    if !labelled.is_empty() {
        return Ok(labelled);
    }
    let begins = fits(&|worker| !word.is_empty() && worker.id.starts_with(word));
    match begins.as_slice() {
        [] => Err(no_such_worker(word)),
        [_] => Ok(begins),
        [first, second, ..] => Err(Problem::new(
            exit::USAGE,
            "ambiguous",
            format!(
                "{word} begins the ids of {} workers, {} and {} among them",
                begins.len(),
                first.id,
                second.id
            ),
        )
        .hint("write one id in full: jobq status lists them")),
    }
}

fn no_such_worker(word: &str) -> Problem {
    Problem::new(exit::UNKNOWN, "no_such_worker", format!("no worker {word} in this namespace"))
        .hint("jobq status lists them")
}

fn tell(context: &Context, worker: &Name, wish: Wish, ordered: &Ordered) -> Result<(), Stop> {
    let does = match wish {
        Wish::Quiet => "takes no more jobs",
        Wish::Run => "takes jobs again",
        Wish::Stop => "ends with its running jobs",
        Wish::StopNow => "ends now, its jobs go back to their queues",
    };
    let silent = ordered.seen_ms.map(|seen| ordered.now_ms - seen).filter(|silent| *silent > LIVE_MS);
    let words = match silent {
        Some(silent) => format!("{worker} {does} when it is back; it was last seen {}", ago(silent)),
        None => format!("{worker} {does}"),
    };
    let object = json!({
        "worker": worker,
        "result": wish.word(),
        "mode": ordered.mode,
        "seen_at": ordered.seen_ms.map(rfc3339),
    });
    context.told(&object, &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(id: &str, label: Option<&str>) -> WorkerReport {
        WorkerReport {
            id: id.to_owned(),
            label: label.map(str::to_owned),
            host: String::new(),
            pid: 1,
            queues: Vec::new(),
            slots: 1,
            held: 0,
            mode: String::new(),
            started_ms: 0,
            seen_ms: 0,
            version: String::new(),
        }
    }

    #[test]
    fn a_worker_is_meant_by_id_label_or_beginning() {
        let known =
            [worker("web-1-aa", Some("front")), worker("web-12-bb", Some("front")), worker("db-1-cc", None)];
        let ids = |word: &str| -> Result<Vec<&str>, u8> {
            named(&known, word)
                .map(|found| found.iter().map(|worker| worker.id.as_str()).collect())
                .map_err(|problem| problem.code)
        };
        assert_eq!(ids("web-1-aa"), Ok(vec!["web-1-aa"]));
        assert_eq!(ids("front"), Ok(vec!["web-1-aa", "web-12-bb"]));
        assert_eq!(ids("db"), Ok(vec!["db-1-cc"]));
        assert_eq!(ids("web-1"), Err(exit::USAGE));
        assert_eq!(ids("nobody"), Err(exit::UNKNOWN));
        assert_eq!(ids(""), Err(exit::UNKNOWN));
    }
}
