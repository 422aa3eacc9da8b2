//! Keys as such: their kinds, the lists and sets of names among them, and what has a record
//! of its own without being a job or a schedule.

use super::super::super::error::{Error, Result};
use super::super::super::keys;
use super::super::super::reply::Items;
use super::super::super::script::{self, FORMAT};
use super::super::super::store::Store;
use super::super::super::verify::Violation;
use super::{AT_ONCE, Seen, Subject, Walk};

/// Keys that one look at kinds carries.
const KINDS_AT_ONCE: usize = 200;

fn wrong(code: &'static str, subject: &str, says: String) -> Option<Seen> {
    Some((Violation { code, subject: subject.to_owned(), says }, String::new()))
}

impl Store {
    /// What is of the wrong kind is suspect; the rest can be read.
    pub(super) async fn look_at_kinds(&self, walk: &mut Walk, names: &[String]) -> Result<Vec<String>> {
        let (prefix, mut sound) = (self.prefix(), Vec::with_capacity(names.len()));
        for some in names.chunks(KINDS_AT_ONCE) {
            for (key, kind) in some.iter().zip(self.kinds(some).await?) {
                let name = key.strip_prefix(&prefix).unwrap_or(key);
                match kind_violation(name, &kind) {
                    None => sound.push(key.clone()),
                    seen => walk.suspect(Subject::Key(name.to_owned()), seen),
                }
            }
        }
        Ok(sound)
    }

    async fn kinds(&self, names: &[String]) -> Result<Vec<(String, i64)>> {
        let args: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let mut reply = self.call(&script::KINDS, &args).await?;
        let _now: i64 = reply.number()?;
        let kinds = reply.lists().map(|entry| {
            let mut entry = entry?;
            Ok((entry.text()?, entry.number()?))
        });
        kinds.collect()
    }

    /// Looks at each name in a set, or each schedule.
    pub(super) async fn look_at_names(
        &self,
        walk: &mut Walk,
        set: &str,
        family: &'static str,
        last: &str,
    ) -> Result<()> {
        let mut cursor = "0".to_owned();
        loop {
            let mut command = redis::cmd("ZSCAN");
            command.arg(format!("{}{set}", self.prefix())).arg(&cursor).arg("COUNT").arg(2 * AT_ONCE);
            let mut reply = Items::of(self.link.send(&command).await?)?;
            cursor = reply.text()?;
            let names: Vec<String> = reply.items()?.pairs()?.into_iter().map(|(name, _)| name).collect();
            match self.record_of(set) {
                None => self.look_at_schedules(walk, (family, last), &names).await?,
                Some((_, record)) if !names.is_empty() => {
                    let mut command = redis::cmd("EXISTS");
                    for name in &names {
                        command.arg(format!("{record}{name}"));
                    }
                    // Mostly all are there.
                    if self.number(&command).await? != names.len() as i64 {
                        for name in names {
                            let subject = Subject::Name { set: set.to_owned(), name };
                            let seen = self.look(&subject).await?;
                            walk.suspect(subject, seen);
                        }
                    }
                }
                Some(_) => {}
            }
            if cursor == "0" {
                return Ok(());
            }
        }
    }

    /// What names in a set have a record under, and the code for those that have none.
    fn record_of(&self, set: &str) -> Option<(&'static str, String)> {
        Some(match family(set) {
            ("serves:" | "workers", _) => ("worker_gone", self.keys.worker("")),
            ("incidents", _) => ("incident_gone", self.keys.alert("")),
            ("beats", _) => ("beat_gone", self.keys.beat("")),
            ("counted:", kind) => ("stats_gone", self.keys.stats(&format!("{kind}:"))),
            _ => return None,
        })
    }

    pub(super) async fn look_at_name(&self, set: &str, name: &str) -> Result<Option<Seen>> {
        let Some((code, record)) = self.record_of(set) else { return Ok(None) };
        if self.exists(&format!("{record}{name}")).await? {
            return Ok(None);
        }
        // It may have left the set together with its record.
        let stands = self.is_member(&format!("{}{set}", self.prefix()), name).await?;
        Ok(if stands { wrong(code, set, format!("it names {name}, which has no record")) } else { None })
    }

    pub(super) async fn look_at_schedules(
        &self,
        walk: &mut Walk,
        (set, last): (&'static str, &str),
        names: &[String],
    ) -> Result<()> {
        for some in names.chunks(AT_ONCE) {
            for facts in self.appointments(some).await? {
                let version = format!("{facts:?}");
                let seen = facts.violations((set, last)).into_iter().map(|one| (one, version.clone()));
                let subject = Subject::Schedule { set, last: last.to_owned(), name: facts.name.clone() };
                walk.suspect(subject, seen);
            }
        }
        Ok(())
    }

    /// A key that is neither a job's nor a schedule's nor a set of either.
    pub(super) async fn look_at_key(&self, name: &str) -> Result<Option<Seen>> {
        let key = format!("{}{name}", self.prefix());
        let kind = self.kinds(std::slice::from_ref(&key)).await?.pop().unwrap_or_default();
        if let Some(seen) = kind_violation(name, &kind) {
            return Ok(Some(seen));
        }
        let (family, last) = family(name);
        let listed = |set: String| async move { self.is_member(&set, last).await };
        let seen = match family {
            "meta" => {
                let format = self.field(&key, "format").await?;
                let fits = format.as_deref() == Some(FORMAT);
                if fits {
                    None
                } else {
                    wrong("format", name, format!("the format is {format:?}, not {FORMAT}"))
                }
            }
            "worker:" | "held:" | "mail:" if !listed(self.keys.workers("")).await? => {
                wrong("worker_unknown", name, format!("worker {last} is not among the workers"))
            }
            "beat:" if !listed(self.keys.beats("")).await? => {
                wrong("beat_unknown", name, format!("beat {last} is not among the beats"))
            }
            "alert:" => {
                let open = self.field(&key, "since").await?.is_some();
                if open == listed(self.keys.incidents("")).await? {
                    None
                } else {
                    wrong(
                        "incident",
                        name,
                        format!("its incident is open: {open}; the open ones say otherwise"),
                    )
                }
            }
            "queue:" => self.look_at_queue(name, &key, last).await?,
            "chores" | "chore:" => self.look_at_chores(name, family, last).await?,
            "stats:" | "tally" => self.look_at_stats(name, &key, last).await?,
            _ => None,
        };
        // What was listed when the walk met it may be over since.
        let is_over = family != "meta" && seen.is_some() && !self.exists(&key).await?;
        Ok(if is_over { None } else { seen })
    }

    async fn look_at_queue(&self, name: &str, key: &str, queue: &str) -> Result<Option<Seen>> {
        if !self.is_member(&self.keys.queues(""), queue).await? {
            return Ok(wrong("queue_unknown", name, format!("queue {queue} is not among the queues")));
        }
        let Some(chore) = self.field(key, "purge").await? else { return Ok(None) };
        let gone = !self.exists(&self.keys.chore(&chore)).await?;
        Ok(if gone {
            wrong("purge_gone", name, format!("it names purge {chore}, which is not there"))
        } else {
            None
        })
    }

    /// Chores are few: a page of ten thousand is a bound, and no limit.
    async fn look_at_chores(&self, name: &str, family: &str, last: &str) -> Result<Option<Seen>> {
        let mut command = redis::cmd("LRANGE");
        command.arg(self.keys.chores("")).arg(0).arg(9_999);
        let listed = Items::of(self.link.send(&command).await?)?.texts()?;
        if family == "chore:" {
            let says = format!("chore {last} is not among the chores");
            return Ok(if listed.iter().any(|id| id == last) {
                None
            } else {
                wrong("chore_unlisted", name, says)
            });
        }
        for (place, id) in listed.iter().enumerate() {
            if listed[..place].contains(id) {
                return Ok(wrong("chore_twice", name, format!("it names {id} twice")));
            }
            if !self.exists(&self.keys.chore(id)).await? {
                return Ok(wrong("chore_gone", name, format!("it names {id}, which has no record")));
            }
        }
        Ok(None)
    }

    pub(super) async fn field(&self, key: &str, field: &str) -> Result<Option<String>> {
        let mut command = redis::cmd("HMGET");
        command.arg(key).arg(&[field]);
        Items::of(self.link.send(&command).await?)?.maybe_text()
    }

    pub(super) async fn meta_number(&self, name: &str) -> Result<i64> {
        let number = self.field(&self.keys.meta(""), name).await?;
        Ok(number.and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    pub(super) async fn number(&self, command: &redis::Cmd) -> Result<i64> {
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

    pub(super) async fn is_member(&self, key: &str, member: &str) -> Result<bool> {
        let mut command = redis::cmd("ZSCORE");
        command.arg(key).arg(member);
        Ok(!matches!(self.link.send(&command).await?, redis::Value::Nil))
    }
}

/// Each family has one type, the first word of its description, and no time to live: no truth
/// may vanish by itself.
fn kind_violation(name: &str, (kind, ttl_ms): &(String, i64)) -> Option<Seen> {
    let (family, _) = family(name);
    let described = keys::LIST.iter().find(|(word, _)| *word == family).map_or("", |(_, what)| what);
    let expected = described.trim_start().split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or("");
    match (expected, kind.as_str()) {
        (_, "none" | "") => None,
        ("hash" | "zset" | "string" | "list" | "stream", kind) if kind != expected => {
            wrong("key_type", name, format!("it is a {kind}, not a {expected}"))
        }
        ("hash" | "zset" | "string" | "list" | "stream", _) if *ttl_ms >= 0 => {
            wrong("key_ttl", name, "it has a time to live, and would vanish by itself".to_owned())
        }
        ("hash" | "zset" | "string" | "list" | "stream", _) => None,
        _ => wrong("stray_key", name, "no such key is jobq's".to_owned()),
    }
}

/// The family of a key without its prefix, and what follows it; '' for none of ours.
pub(super) fn family(name: &str) -> (&'static str, &str) {
    let known = keys::LIST.iter().filter_map(|(word, _)| {
        let rest = name.strip_prefix(word)?;
        (word.ends_with(':') != rest.is_empty()).then_some((*word, rest))
    });
    known.max_by_key(|(word, _)| word.len()).unwrap_or(("", name))
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
