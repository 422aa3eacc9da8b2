//! A walk through everything that is stored, in bounded steps, by scripts that cannot write.
//!
//! A violation counts only if a second look, when the walk is over, finds the same thing on
//! the same version: what a busy system was in the middle of is none.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::Result;
use super::super::reply::Items;
use super::super::store::Store;
use super::super::verify::{JobFacts, Violation};

mod books;
mod keys;
mod read;
mod sums;

use keys::family;

/// Keys that one step of the walk asks for.
const SCAN_COUNT: usize = 1_000;
/// Ids that one reading of jobs or outputs carries.
const AT_ONCE: usize = 50;

/// What a walk found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// What does not hold, by code and subject.
    pub violations: Vec<Violation>,
    /// What could not be judged, and why.
    pub notes: Vec<String>,
    /// Keys that were looked at.
    pub keys: u64,
    /// Jobs that were checked.
    pub jobs: u64,
}

/// One thing to look at, small enough to be read at one instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Job(String),
    Member {
        set: &'static str,
        last: String,
        id: String,
    },
    Held {
        book: &'static str,
        worker: String,
        id: String,
    },
    /// Two running jobs with one fence.
    Twins(String, String),
    Output(String),
    /// A schedule, and the set that named it.
    Schedule {
        set: &'static str,
        last: String,
        name: String,
    },
    /// A name in a set, that should have a record of its own.
    Name {
        set: String,
        name: String,
    },
    Key(String),
}

/// A violation, and the version of the thing that has it.
type Seen = (Violation, String);

/// What the walk has collected besides suspects.
#[derive(Default)]
struct Walk {
    found: Verified,
    suspects: BTreeMap<Subject, Vec<Seen>>,
    queues: BTreeSet<String>,
    out_bytes: i64,
    /// Jobs that are held, by fence.
    fences: BTreeMap<String, String>,
}

impl Walk {
    fn suspect(&mut self, subject: Subject, seen: impl IntoIterator<Item = Seen>) {
        let seen: Vec<Seen> = seen.into_iter().collect();
        if !seen.is_empty() {
            self.suspects.insert(subject, seen);
        }
    }
}

impl Store {
    /// Checks every invariant of the stored state; changes nothing. `tell` hears how many keys
    /// were looked at so far.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn verify(&self, mut tell: impl FnMut(u64)) -> Result<Verified> {
        let mut walk = Walk::default();
        let out_before = self.meta_number("out_bytes").await?;
        let mut cursor = "0".to_owned();
        loop {
            let names = self.scan(&mut cursor, &self.prefix()).await?;
            walk.found.keys += names.len() as u64;
            self.look_at_keys(&mut walk, &names).await?;
            tell(walk.found.keys);
            if cursor == "0" {
                break;
            }
        }
        if walk.found.keys > 0 {
            // Also where it is gone.
            let meta = Subject::Key("meta".to_owned());
            let seen = self.look(&meta).await?;
            walk.suspect(meta, seen);
        }
        for queue in std::mem::take(&mut walk.queues) {
            self.add_up(&mut walk, &queue).await?;
        }
        let met = (walk.out_bytes, out_before);
        self.add_up_kept(&mut walk, met).await?;
        self.confirm(&mut walk).await?;
        walk.found.violations.sort();
        walk.found.violations.dedup();
        Ok(walk.found)
    }

    /// Some of the keys that begin so; `cursor` is '0' again after the last.
    async fn scan(&self, cursor: &mut String, prefix: &str) -> Result<Vec<String>> {
        let mut command = redis::cmd("SCAN");
        command.arg(&*cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(SCAN_COUNT);
        let mut reply = Items::of(self.link.send(&command).await?)?;
        *cursor = reply.text()?;
        reply.items()?.texts()
    }

    fn prefix(&self) -> String {
        let anchor = self.keys.anchor();
        anchor.strip_suffix("meta").unwrap_or(&anchor).to_owned()
    }

    /// Sorts some keys by family and looks at each as its family demands.
    async fn look_at_keys(&self, walk: &mut Walk, names: &[String]) -> Result<()> {
        let prefix = self.prefix();
        let (mut jobs, mut parts, mut outputs) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut schedules = BTreeSet::new();
        let sound = self.look_at_kinds(walk, names).await?;
        for name in sound.iter().filter_map(|name| name.strip_prefix(&prefix)) {
            let (family, last) = family(name);
            match family {
                "job:" => jobs.push(last.to_owned()),
                "spec:" | "stdin:" | "tries:" | "result:" => drop(parts.insert(last.to_owned())),
                "out:" => {
                    parts.insert(last.to_owned());
                    outputs.push(last.to_owned());
                }
                "in:" => {
                    let queue = last.split_once(':').map_or(last, |(_, queue)| queue);
                    walk.queues.insert(queue.to_owned());
                    self.look_at_set(walk, "index", last).await?;
                }
                "expiry:" => self.look_at_set(walk, "expiry", last).await?,
                // Looked at when the walk is over.
                "meta" => {}
                "label:" => self.look_at_set(walk, "label", last).await?,
                "chain:" => self.look_at_set(walk, "chain", last).await?,
                "retain" | "outputs" | "inputs" | "tombs" => self.look_at_set(walk, family, "").await?,
                "held:" => self.look_at_book(walk, "held", last).await?,
                "mail:" => self.look_at_book(walk, "mail", last).await?,
                "schedule:" | "plan:" => drop(schedules.insert(last.to_owned())),
                "schedules" | "due" | "alarms" | "source:" | "boots:" => {
                    self.look_at_names(walk, name, family, last).await?;
                }
                _ => {
                    if family == "queue:" {
                        walk.queues.insert(last.to_owned());
                    }
                    let subject = Subject::Key(name.to_owned());
                    let seen = self.look(&subject).await?;
                    walk.suspect(subject, seen);
                    if matches!(family, "serves:" | "workers" | "incidents" | "counted:" | "beats") {
                        self.look_at_names(walk, name, family, last).await?;
                    }
                }
            }
        }
        walk.found.jobs += jobs.len() as u64;
        self.look_at_jobs(walk, &jobs).await?;
        let schedules: Vec<String> = schedules.into_iter().collect();
        self.look_at_schedules(walk, ("schedule:", ""), &schedules).await?;
        let parts: Vec<String> = parts.into_iter().collect();
        for some in parts.chunks(2 * AT_ONCE) {
            let mut command = redis::cmd("EXISTS");
            for id in some {
                command.arg(self.keys.job(id));
            }
            // Mostly all records are there, and are looked at by themselves.
            if self.number(&command).await? != some.len() as i64 {
                self.look_at_jobs(walk, some).await?;
            }
        }
        self.look_at_outputs(walk, &outputs).await
    }

    async fn look_at_jobs(&self, walk: &mut Walk, ids: &[String]) -> Result<()> {
        for some in ids.chunks(AT_ONCE) {
            for (facts, issued) in self.audit(some).await? {
                let version = format!("{facts:?}");
                let seen = facts.violations(issued).into_iter().map(|one| (one, version.clone()));
                walk.suspect(Subject::Job(facts.id.clone()), seen);
            }
        }
        Ok(())
    }

    async fn look_at_set(&self, walk: &mut Walk, set: &'static str, last: &str) -> Result<()> {
        let (mut score, mut id) = (String::new(), String::new());
        loop {
            let page = self.members_of(&[set, last, "page", &score, &id]).await?;
            let Some(end) = page.last() else { return Ok(()) };
            (score, id) = (end.score.clone().unwrap_or_default(), end.id.clone());
            for member in page {
                let seen = member.violation(set, last).map(|one| (one, format!("{member:?}")));
                let subject = Subject::Member { set, last: last.to_owned(), id: member.id };
                walk.suspect(subject, seen);
            }
        }
    }

    async fn look_at_book(&self, walk: &mut Walk, book: &'static str, worker: &str) -> Result<()> {
        let mut cursor = "0".to_owned();
        loop {
            let (next, known, page) = self.book(book, worker, &cursor).await?;
            for held in page {
                let seen = held.violation(book, worker).map(|one| (one, format!("{held:?}")));
                let fence = held.value.split('-').next().filter(|_| book == "held");
                let twin = fence.and_then(|fence| walk.fences.insert(fence.to_owned(), held.id.clone()));
                if let Some(other) = twin.filter(|other| *other != held.id) {
                    let subject = Subject::Twins(other, held.id.clone());
                    let seen = self.look(&subject).await?;
                    walk.suspect(subject, seen);
                }
                let subject = Subject::Held { book, worker: worker.to_owned(), id: held.id };
                walk.suspect(subject, seen);
            }
            if !known {
                let subject = Subject::Key(format!("{book}:{worker}"));
                let seen = self.look(&subject).await?;
                walk.suspect(subject, seen);
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn look_at_outputs(&self, walk: &mut Walk, ids: &[String]) -> Result<()> {
        let mut at = 0;
        while at < ids.len() {
            let page = self.weigh(&ids[at..ids.len().min(at + AT_ONCE)]).await?;
            at += page.len().max(1);
            for (id, counted, bytes) in page {
                walk.out_bytes += counted;
                walk.suspect(Subject::Output(id.clone()), output_violation(&id, counted, bytes));
            }
        }
        Ok(())
    }

    /// Looks at every suspect again: what is the same as before, on the same version, counts.
    async fn confirm(&self, walk: &mut Walk) -> Result<()> {
        for (subject, before) in std::mem::take(&mut walk.suspects) {
            let now = self.look(&subject).await?;
            let both = before.into_iter().filter(|seen| now.contains(seen));
            walk.found.violations.extend(both.map(|(violation, _)| violation));
        }
        Ok(())
    }

    /// What is wrong with one thing now.
    async fn look(&self, subject: &Subject) -> Result<Vec<Seen>> {
        Ok(match subject {
            Subject::Job(id) => {
                let found = self.audit(std::slice::from_ref(id)).await?;
                let told = found.into_iter().flat_map(|(facts, issued)| {
                    let version = format!("{facts:?}");
                    facts.violations(issued).into_iter().map(move |one| (one, version.clone()))
                });
                told.collect()
            }
            Subject::Member { set, last, id } => {
                let found = self.members_of(&[set, last, "these", id]).await?;
                let told =
                    found.iter().filter_map(|one| Some((one.violation(set, last)?, format!("{one:?}"))));
                told.collect()
            }
            Subject::Held { book, worker, id } => self.look_into_book(book, worker, id).await?,
            Subject::Output(id) => {
                let found = self.weigh(std::slice::from_ref(id)).await?;
                found
                    .iter()
                    .filter_map(|(id, counted, bytes)| output_violation(id, *counted, *bytes))
                    .collect()
            }
            Subject::Twins(one, other) => self.look_at_twins(one, other).await?,
            Subject::Schedule { set, last, name } => {
                let found = self.appointments(std::slice::from_ref(name)).await?;
                let told = found.into_iter().flat_map(|facts| {
                    let version = format!("{facts:?}");
                    facts.violations((set, last)).into_iter().map(move |one| (one, version.clone()))
                });
                told.collect()
            }
            Subject::Name { set, name } => self.look_at_name(set, name).await?.into_iter().collect(),
            Subject::Key(name) => self.look_at_key(name).await?.into_iter().collect(),
        })
    }

    /// No fence is issued twice.
    async fn look_at_twins(&self, one: &str, other: &str) -> Result<Vec<Seen>> {
        let found = self.audit(&[one.to_owned(), other.to_owned()]).await?;
        let fence = |facts: &JobFacts| Some(facts.fields.get("token")?.split('-').next()?.to_owned());
        let fences: Vec<String> = found.iter().filter_map(|(facts, _)| fence(facts)).collect();
        Ok(match fences.as_slice() {
            [fence, same] if fence == same => {
                let says = format!("{other} runs with the same fence, {fence}");
                vec![(Violation { code: "fence_twice", subject: one.to_owned(), says }, fence.clone())]
            }
            _ => Vec::new(),
        })
    }

    async fn look_into_book(&self, book: &str, worker: &str, id: &str) -> Result<Vec<Seen>> {
        let mut cursor = "0".to_owned();
        loop {
            let (next, _, page) = self.book(book, worker, &cursor).await?;
            if let Some(held) = page.iter().find(|held| held.id == id) {
                let seen = held.violation(book, worker).map(|one| (one, format!("{held:?}")));
                return Ok(seen.into_iter().collect());
            }
            if next == "0" {
                return Ok(Vec::new());
            }
            cursor = next;
        }
    }
}

fn output_violation(id: &str, counted: i64, bytes: i64) -> Option<Seen> {
    (counted != bytes).then(|| {
        let says = format!("its output counts {counted} bytes and has {bytes}");
        let violation = Violation { code: "output_bytes", subject: id.to_owned(), says };
        (violation, format!("{counted} {bytes}"))
    })
}
