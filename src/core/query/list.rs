//! Jobs by filter, in pages that cost the same at any depth.
//!
//! A listing is a row of sources, each one index of all the queues asked for, merged by score
//! and id; or the one index of a label, where that is shorter. A cursor is a place in that row,
//! so going on costs what beginning costs. What no index knows (task, group, more labels) is
//! looked for page by page, up to a bound; the cursor then says where to go on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::super::error::{Error, Result};
use super::super::name::Name;
use super::super::report::JobReport;
use super::super::script;
use super::super::state::State;
use super::super::store::Store;

/// Members of indexes that one listing looks at before it hands out a cursor.
const LOOK_AT_MOST: usize = 20_000;
/// Members that one reading of a queue's index gives.
const PAGE: usize = 100;
/// Queues that one reading carries.
const QUEUES_AT_ONCE: usize = 20;

/// Which jobs. Filters combine; an empty list means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one of these queues.
    pub queues: Vec<Name>,
    /// In one of these states, as shown.
    pub states: Vec<State>,
    /// Of one of these tasks.
    pub tasks: Vec<Name>,
    /// With all of these labels.
    pub labels: BTreeMap<Name, String>,
    /// Of one of these groups.
    pub groups: Vec<Name>,
    /// Ended, or enqueued where they have not ended, at this millisecond or later.
    pub since_ms: Option<i64>,
    /// Ended, or enqueued where they have not ended, before this millisecond.
    pub until_ms: Option<i64>,
}

impl Filter {
    /// Whether a job is one of them.
    pub fn fits(&self, job: &JobReport) -> bool {
        let any = |names: &[Name], own: Option<&Name>| {
            names.is_empty() || own.is_some_and(|own| names.contains(own))
        };
        let at = job.finished_ms.unwrap_or(job.enqueued_ms);
        any(&self.queues, Some(&job.spec.queue))
            && (self.states.is_empty() || self.states.contains(&job.state))
            && any(&self.tasks, job.spec.task.as_ref())
            && any(&self.groups, job.spec.group.as_ref())
            && self.labels.iter().all(|(key, value)| job.spec.labels.get(key) == Some(value))
            && self.since_ms.is_none_or(|since| at >= since)
            && self.until_ms.is_none_or(|until| at < until)
    }

    /// Whether only reading a job tells if it fits.
    fn looks_inside(&self, source: &Source) -> bool {
        let timed = self.since_ms.is_some() || self.until_ms.is_some();
        !self.tasks.is_empty()
            || !self.groups.is_empty()
            || source.shown.is_none()
            || (timed && !source.is_final())
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// What runs or waits: the first in line first. What ended, or was found by a label: the
    /// newest first.
    #[default]
    Natural,
    /// The newest of each state first.
    Newest,
    /// The oldest of each state first.
    Oldest,
}

/// One index, or the part of it that is due or not due yet.
struct Source {
    index: &'static str,
    /// The state of its members; `None` where that may be any.
    shown: Option<State>,
    /// `Some(true)`: scores up to now; `Some(false)`: later ones.
    due: Option<bool>,
}

impl Source {
    fn is_final(&self) -> bool {
        self.shown.is_some_and(State::is_final)
    }
}

const fn source(index: &'static str, shown: State, due: Option<bool>) -> Source {
    Source { index, shown: Some(shown), due }
}

/// All of them, in the order in which people ask: what runs, what waits, what ended.
const SOURCES: [Source; 13] = [
    source("STARTED", State::Started, None),
    source("PENDING", State::Pending, None),
    source("SCHEDULED", State::Pending, Some(true)),
    source("RETRY", State::Pending, Some(true)),
    source("RETRY", State::Retry, Some(false)),
    source("SCHEDULED", State::Scheduled, Some(false)),
    source("BLOCKED", State::Blocked, None),
    source("FAILURE", State::Failure, None),
    source("SUCCESS", State::Success, None),
    source("REVOKED", State::Revoked, None),
    source("EXPIRED", State::Expired, None),
    source("expiry", State::Expired, Some(true)),
    Source { index: "label", shown: None, due: None },
];
/// The last of them: what has a label, by when it was enqueued.
const LABELLED: usize = 12;

/// A place in a listing. It means the same only with the same filters and order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    source: usize,
    score: String,
    id: Name,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.score, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Cursor, String> {
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (source, score, id) = (part().parse::<usize>(), part(), Name::new(part()));
        match (source, score.parse::<f64>(), id) {
            (Ok(source), Ok(number), Ok(id)) if source < SOURCES.len() && number.is_finite() => {
                Ok(Cursor { source, score: score.to_owned(), id })
            }
            _ => Err(format!("{text:?} is not a cursor; take the one that the page before ended with")),
        }
    }
}

/// A page of a listing.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The jobs, without their attempts.
    pub jobs: Vec<JobReport>,
    /// Where to go on, where there is or may be more.
    pub next: Option<Cursor>,
    /// Whether the search stopped because it had looked at many jobs, and not because the page
    /// was full.
    pub tired: bool,
    /// Members of indexes that were looked at.
    pub looked: usize,
    /// Records that cannot be read: id, and why.
    pub damaged: Vec<(String, String)>,
    /// Redis time of the last reading.
    pub now_ms: i64,
}

/// A member of an index.
struct Member {
    score: f64,
    text: String,
    id: String,
}

/// A walk through one source.
struct Walk<'a> {
    filter: &'a Filter,
    limit: usize,
    down: bool,
    /// The last member that was looked at.
    last: Option<Cursor>,
    found: Listed,
}

impl Store {
    /// The jobs that fit, at most `limit`, after a place.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(
        &self,
        filter: &Filter,
        order: Order,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed> {
        let label = self.shortcut(filter, after).await?;
        let queues = match (&label, filter.queues.as_slice()) {
            (Some(label), _) => vec![label.clone()],
            (None, []) => self.queue_names().await?,
            (None, some) => some.iter().map(Name::to_string).collect(),
        };
        let mut walk = Walk { filter, limit, down: false, last: None, found: Listed::default() };
        let first = after.map_or(0, |cursor| cursor.source);
        for (number, source) in SOURCES.iter().enumerate().skip(first) {
            let asked =
                source.shown.is_none_or(|shown| filter.states.is_empty() || filter.states.contains(&shown));
            if !asked || label.is_some() != (number == LABELLED) {
                continue;
            }
            walk.down = match order {
                Order::Natural => source.is_final() || number == LABELLED,
                Order::Newest => true,
                Order::Oldest => false,
            };
            let from = after.filter(|cursor| cursor.source == number);
            let mut place = from.map(|cursor| (cursor.score.clone(), cursor.id.to_string()));
            let mut ended = false;
            while !ended && walk.found.next.is_none() {
                ended = self.walk_on(&mut walk, number, &queues, &mut place).await?;
            }
            if walk.found.next.is_some() {
                return Ok(walk.found);
            }
        }
        Ok(walk.found)
    }

    /// The label, `KEY=VALUE`, that leads to the jobs by a shorter index than their states do.
    /// A listing that began by states goes on so, and one by a label by the rarest there is: the
    /// order in all of them is the same.
    async fn shortcut(&self, filter: &Filter, after: Option<&Cursor>) -> Result<Option<String>> {
        if after.is_some_and(|cursor| cursor.source != LABELLED) {
            return Ok(None);
        }
        let mut rarest: Option<(u64, String)> = None;
        for (key, value) in &filter.labels {
            let label = format!("{key}={value}");
            let jobs = self.counted(redis::cmd("ZCARD").arg(self.keys.label(&label))).await?;
            if rarest.as_ref().is_none_or(|(least, _)| jobs < *least) {
                rarest = Some((jobs, label));
            }
        }
        let Some((labelled, label)) = rarest else { return Ok(None) };
        if after.is_some() {
            return Ok(Some(label));
        }
        let (_, queues) = self.queues().await?;
        let asked = queues.iter().filter(|queue| {
            filter.queues.is_empty() || filter.queues.iter().any(|name| name.as_str() == queue.name)
        });
        let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
        let others: u64 =
            asked.map(|queue| states.iter().map(|state| queue.count(*state)).sum::<u64>()).sum();
        Ok((labelled < others).then_some(label))
    }

    /// One page of a source; whether that was its last.
    async fn walk_on(
        &self,
        walk: &mut Walk<'_>,
        number: usize,
        queues: &[String],
        place: &mut Option<(String, String)>,
    ) -> Result<bool> {
        let source = &SOURCES[number];
        // One more than is shown, to know whether there is more.
        let room = walk.limit.saturating_sub(walk.found.jobs.len()) + 1;
        let want = if walk.filter.looks_inside(source) { PAGE } else { room.min(PAGE) };
        let members = self.members(walk, source, queues, place.as_ref(), want).await?;
        let last = members.len() < want;
        let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let jobs = self.outline(&ids).await?;
        for (member, job) in members.iter().zip(jobs) {
            match job {
                Some(Ok(job))
                    if source.shown.is_none_or(|shown| job.state == shown) && walk.filter.fits(&job) =>
                {
                    if walk.found.jobs.len() == walk.limit {
                        walk.found.next = walk.last.take();
                        return Ok(false);
                    }
                    walk.found.now_ms = job.now_ms;
                    walk.found.jobs.push(job);
                }
                Some(Err(error)) => walk.found.damaged.push((member.id.clone(), error.to_string())),
                // Moved on between the two readings, or something else.
                _ => {}
            }
            *place = Some((member.text.clone(), member.id.clone()));
            let id = Name::new(member.id.as_str()).map_err(|error| Error::Protocol(error.to_string()))?;
            walk.last = Some(Cursor { source: number, score: member.text.clone(), id });
            walk.found.looked += 1;
        }
        if walk.found.looked >= LOOK_AT_MOST && !last {
            walk.found.tired = true;
            walk.found.next = walk.last.take();
        }
        Ok(last)
    }

    /// The next members of a source over all queues, merged.
    async fn members(
        &self,
        walk: &Walk<'_>,
        source: &Source,
        queues: &[String],
        place: Option<&(String, String)>,
        want: usize,
    ) -> Result<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        // Before the first reading the server's present is not known: an empty page tells it.
        let now_ms = if source.due.is_some() { self.redis_now().await? } else { 0 };
        let (mut low, mut high) = match source.due {
            None => ("-inf".to_owned(), "+inf".to_owned()),
            Some(true) => ("-inf".to_owned(), now_ms.to_string()),
            Some(false) => (format!("({now_ms}"), "+inf".to_owned()),
        };
        if source.is_final() && source.due.is_none() {
            low = walk.filter.since_ms.map_or(low, |since| since.to_string());
            high = walk.filter.until_ms.map_or(high, |until| format!("({until}"));
        }
        if source.shown.is_none() {
            // What ended before then was enqueued before then.
            high = walk.filter.until_ms.map_or(high, |until| format!("({until}"));
        }
        let order = if walk.down { "down" } else { "up" };
        let (score, id) = place.map_or(("", ""), |(score, id)| (score.as_str(), id.as_str()));
        let most = want.to_string();
        for some in queues.chunks(QUEUES_AT_ONCE) {
            let head = [source.index, order, &low, &high, score, id, &most];
            let args: Vec<&[u8]> =
                head.into_iter().chain(some.iter().map(String::as_str)).map(str::as_bytes).collect();
            let mut reply = self.call(&script::LIST, &args).await?;
            let _now: i64 = reply.number()?;
            for page in reply.lists() {
                for (id, text) in page?.pairs()? {
                    let score = text.parse().map_err(|_| Error::Protocol("a score is no number".into()))?;
                    members.push(Member { score, text, id });
                }
            }
        }
        members.sort_by(|one, other| one.score.total_cmp(&other.score).then_with(|| one.id.cmp(&other.id)));
        if walk.down {
            members.reverse();
        }
        members.truncate(want);
        Ok(members)
    }

    /// Redis time, in milliseconds since the epoch.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn redis_now(&self) -> Result<i64> {
        self.call(&script::SHOW, &[b""]).await?.number()
    }

    /// The names of all queues.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn queue_names(&self) -> Result<Vec<String>> {
        let (mut names, mut from): (Vec<String>, String) = (Vec::new(), "-".into());
        loop {
            let mut command = redis::cmd("ZRANGE");
            command.arg(self.keys.queues("")).arg(&from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(500);
            let page = super::super::reply::Items::of(self.link.send(&command).await?)?.texts()?;
            let Some(last) = page.last() else { return Ok(names) };
            from = format!("({last}");
            names.extend(page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_and_nonsense_is_refused() {
        for text in ["0:1796112000000:01kdcb2m9we3xr7yqh5t8vnabc", "12:1.5e3:a.b-c_d"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in ["", "1", "1:2", "13:1:a", "1:inf:a", "1:x:a", "1:1:a:b", "-1:1:a"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
