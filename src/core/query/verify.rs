//! A walk through everything that is stored, in bounded steps, by scripts that cannot write.
//!
//! A violation counts only if a second look, when the walk is over, finds the same thing on
//! the same version: what a busy system was in the middle of is none.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::{Error, Result};
use super::super::keys;
use super::super::reply::Items;
use super::super::script::FORMAT;
use super::super::store::Store;
use super::super::verify::Violation;

mod read;
mod sums;

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
    Member { set: &'static str, last: String, id: String },
    Held { book: &'static str, worker: String, id: String },
    Output(String),
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
        let total_before = self.meta_number("out_bytes").await?;
        let mut cursor = "0".to_owned();
        loop {
            let mut command = redis::cmd("SCAN");
            let all = format!("{}*", self.prefix());
            command.arg(&cursor).arg("MATCH").arg(all).arg("COUNT").arg(SCAN_COUNT);
            let mut reply = Items::of(self.link.send(&command).await?)?;
            cursor = reply.text()?;
            let names = reply.items()?.texts()?;
            walk.found.keys += names.len() as u64;
            self.look_at_keys(&mut walk, &names).await?;
            tell(walk.found.keys);
            if cursor == "0" {
                break;
            }
        }
        for queue in std::mem::take(&mut walk.queues) {
            self.add_up(&mut walk, &queue).await?;
        }
        self.add_up_output(&mut walk, total_before).await?;
        self.confirm(&mut walk).await?;
        walk.found.violations.sort();
        walk.found.violations.dedup();
        Ok(walk.found)
    }

    fn prefix(&self) -> String {
        let anchor = self.keys.anchor();
        anchor.strip_suffix("meta").unwrap_or(&anchor).to_owned()
    }

    /// Sorts some keys by family and looks at each as its family demands.
    async fn look_at_keys(&self, walk: &mut Walk, names: &[String]) -> Result<()> {
        let prefix = self.prefix();
        let (mut jobs, mut parts, mut outputs) = (Vec::new(), BTreeSet::new(), Vec::new());
        for name in names.iter().filter_map(|name| name.strip_prefix(&prefix)) {
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
                "retain" => self.look_at_set(walk, "retain", "").await?,
                "outputs" => self.look_at_set(walk, "outputs", "").await?,
                "tombs" => self.look_at_set(walk, "tombs", "").await?,
                "held:" => self.look_at_book(walk, "held", last).await?,
                "mail:" => self.look_at_book(walk, "mail", last).await?,
                _ => {
                    if family == "queue:" {
                        walk.queues.insert(last.to_owned());
                    }
                    let subject = Subject::Key(name.to_owned());
                    let seen = self.look(&subject).await?;
                    walk.suspect(subject, seen);
                }
            }
        }
        walk.found.jobs += jobs.len() as u64;
        self.look_at_jobs(walk, &jobs).await?;
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
            Subject::Key(name) => self.look_at_key(name).await?.into_iter().collect(),
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

    /// A key that is neither a job's nor a set of jobs.
    async fn look_at_key(&self, name: &str) -> Result<Option<Seen>> {
        let (family, last) = family(name);
        let wrong = |code, says: String| {
            let violation = Violation { code, subject: name.to_owned(), says };
            Some((violation, String::new()))
        };
        Ok(match family {
            "" => wrong("stray_key", "no such key is jobq's".to_owned()),
            "meta" => {
                let mut command = redis::cmd("HMGET");
                command.arg(self.keys.meta("")).arg(&["format"]);
                let format = Items::of(self.link.send(&command).await?)?.maybe_text()?;
                if format.as_deref() == Some(FORMAT) {
                    None
                } else {
                    wrong("format", format!("the format is {format:?}, not {FORMAT}"))
                }
            }
            "worker:" | "held:" | "mail:" if !self.is_member(&self.keys.workers(""), last).await? => {
                wrong("worker_unknown", format!("worker {last} is not among the workers"))
            }
            "queue:" => match self.purge_gone(last).await? {
                Some(chore) => wrong("purge_gone", format!("it names purge {chore}, which is not there")),
                None if !self.is_member(&self.keys.queues(""), last).await? => {
                    wrong("queue_unknown", format!("queue {last} is not among the queues"))
                }
                None => None,
            },
            "chore:" => {
                let mut command = redis::cmd("LPOS");
                command.arg(self.keys.chores("")).arg(last);
                let listed = !matches!(self.link.send(&command).await?, redis::Value::Nil);
                if listed {
                    None
                } else {
                    wrong("chore_unlisted", format!("chore {last} is not among the chores"))
                }
            }
            "serves:" | "workers" | "chores" | "incidents" => self.look_at_names(name, family).await?,
            _ => None,
        })
    }

    /// Lists and sets whose members have a record of their own.
    async fn look_at_names(&self, name: &str, family: &str) -> Result<Option<Seen>> {
        let mut command = redis::cmd(if family == "chores" { "LRANGE" } else { "ZRANGE" });
        // Workers and chores are few; a page of ten thousand is a bound, and no limit.
        command.arg(format!("{}{name}", self.prefix())).arg(0).arg(9_999);
        let members = Items::of(self.link.send(&command).await?)?.texts()?;
        for member in members {
            let (there, what) = match family {
                "chores" => (self.exists(&self.keys.chore(&member)).await?, "chore_gone"),
                "incidents" => (self.exists(&self.keys.alert(&member)).await?, "incident_gone"),
                _ => (self.exists(&self.keys.worker(&member)).await?, "worker_gone"),
            };
            if !there {
                let says = format!("it names {member}, which has no record");
                let violation = Violation { code: what, subject: name.to_owned(), says };
                return Ok(Some((violation, member)));
            }
        }
        Ok(None)
    }

    /// The purge that a queue names and that is not there.
    async fn purge_gone(&self, queue: &str) -> Result<Option<String>> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.queue(queue)).arg(&["purge"]);
        let Some(chore) = Items::of(self.link.send(&command).await?)?.maybe_text()? else { return Ok(None) };
        Ok((!self.exists(&self.keys.chore(&chore)).await?).then_some(chore))
    }

    async fn meta_number(&self, name: &str) -> Result<i64> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.meta("")).arg(&[name]);
        Ok(Items::of(self.link.send(&command).await?)?.maybe_number()?.unwrap_or(0))
    }

    async fn number(&self, command: &redis::Cmd) -> Result<i64> {
        match self.link.send(command).await? {
            redis::Value::Int(number) => Ok(number),
            _ => Err(Error::Protocol("wanted a number".into())),
        }
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        let mut command = redis::cmd("EXISTS");
        command.arg(key);
        Ok(self.number(&command).await? == 1)
    }

    async fn is_member(&self, key: &str, member: &str) -> Result<bool> {
        let mut command = redis::cmd("ZSCORE");
        command.arg(key).arg(member);
        Ok(!matches!(self.link.send(&command).await?, redis::Value::Nil))
    }
}

/// The family of a key without its prefix, and what follows it; '' for none of ours.
fn family(name: &str) -> (&'static str, &str) {
    let known = keys::LIST.iter().filter_map(|(word, _)| {
        let rest = name.strip_prefix(word)?;
        (word.ends_with(':') != rest.is_empty()).then_some((*word, rest))
    });
    known.max_by_key(|(word, _)| word.len()).unwrap_or(("", name))
}

fn output_violation(id: &str, counted: i64, bytes: i64) -> Option<Seen> {
    (counted != bytes).then(|| {
        let says = format!("its output counts {counted} bytes and has {bytes}");
        let violation = Violation { code: "output_bytes", subject: id.to_owned(), says };
        (violation, format!("{counted} {bytes}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_by_the_longest_word() {
        for (name, expected) in [
            ("queue:emails", ("queue:", "emails")),
            ("queues", ("queues", "")),
            ("meta", ("meta", "")),
            ("metal", ("", "metal")),
            ("job:a", ("job:", "a")),
            ("job:", ("", "job:")),
            ("in:PENDING:q", ("in:", "PENDING:q")),
            ("nonsense:q", ("", "nonsense:q")),
        ] {
            assert_eq!(family(name), expected);
        }
    }
}
