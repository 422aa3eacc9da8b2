//! Sums that the store keeps, against what they are of.

use std::collections::BTreeSet;

use super::super::super::error::Result;
use super::super::super::reply::Items;
use super::super::super::state::State;
use super::super::super::store::Store;
use super::super::super::verify::Violation;
use super::{AT_ONCE, Walk};

/// Times that a busy sum is added up before it is left alone.
const SUM_TRIES: usize = 5;

impl Store {
    /// The bytes of a queue's unfinished jobs add up to what it counts. Added up until nothing
    /// has changed meanwhile, and then once more.
    pub(super) async fn add_up(&self, walk: &mut Walk, queue: &str) -> Result<()> {
        let mut wrong: Option<(String, i64)> = None;
        for _ in 0..SUM_TRIES {
            let before = self.stamp(queue).await?;
            let mut sum = 0;
            for state in State::ALL.into_iter().filter(|state| !state.is_final()) {
                let last = format!("{state}:{queue}");
                let (mut score, mut id) = (String::new(), String::new());
                loop {
                    let page = self.members_of(&["index", &last, "page", &score, &id]).await?;
                    let Some(end) = page.last() else { break };
                    (score, id) = (end.score.clone().unwrap_or_default(), end.id.clone());
                    sum += page.iter().map(|member| member.bytes).sum::<i64>();
                }
            }
            let after = self.stamp(queue).await?;
            if before != after {
                continue;
            }
            let counted: i64 = before.first().and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
            if counted == sum {
                return Ok(());
            }
            let seen = Some((before.join(" "), sum));
            if wrong == seen {
                let says = format!("it counts {counted} bytes, its unfinished jobs have {sum}");
                let (code, subject) = ("queue_bytes", queue.to_owned());
                walk.found.violations.push(Violation { code, subject, says });
                return Ok(());
            }
            wrong = seen;
        }
        walk.found.notes.push(format!("queue {queue} is too busy to add its bytes up"));
        Ok(())
    }

    /// What changes when anything about the jobs of a queue does; its `bytes` first.
    async fn stamp(&self, queue: &str) -> Result<Vec<String>> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.queue(queue)).arg(&["bytes"]);
        let mut stamp = vec![Items::of(self.link.send(&command).await?)?.maybe_text()?.unwrap_or_default()];
        for name in ["seq", "fence"] {
            stamp.push(self.meta_number(name).await?.to_string());
        }
        for state in State::ALL {
            let mut command = redis::cmd("ZCARD");
            command.arg(self.keys.index(&format!("{state}:{queue}")));
            stamp.push(self.number(&command).await?.to_string());
        }
        Ok(stamp)
    }

    /// All output together, and all kept input, is what the namespace counts. `met` is the
    /// output that the walk met, and what was counted before it.
    pub(super) async fn add_up_kept(&self, walk: &mut Walk, met: (i64, i64)) -> Result<()> {
        // A walk may meet a key twice, so only a sum that fits is believed.
        let fits = met.0 == met.1 && self.meta_number("out_bytes").await? == met.1;
        let fields = [("in_bytes", "kept input"), ("out_bytes", "output")];
        for (field, what) in fields.into_iter().take(if fits { 1 } else { 2 }) {
            match self.kept(field).await? {
                Some((counted, sum)) if counted != sum => {
                    let says = format!("the namespace counts {counted} bytes of {what}, its jobs have {sum}");
                    walk.found.violations.push(Violation { code: field, subject: "meta".to_owned(), says });
                }
                Some(_) => {}
                None => walk.found.notes.push(format!("jobs are too busy to add the bytes of all {what} up")),
            }
        }
        Ok(())
    }

    /// What is counted and what it is, once they agree or are the same twice.
    async fn kept(&self, field: &str) -> Result<Option<(i64, i64)>> {
        let mut last = None;
        for _ in 0..SUM_TRIES {
            let counted = self.meta_number(field).await?;
            let sum = if field == "out_bytes" { self.all_output().await? } else { self.all_input().await? };
            if counted != self.meta_number(field).await? {
                continue;
            }
            if counted == sum || last == Some((counted, sum)) {
                return Ok(Some((counted, sum)));
            }
            last = Some((counted, sum));
        }
        Ok(None)
    }

    async fn all_output(&self) -> Result<i64> {
        let (mut ids, mut cursor) = (BTreeSet::new(), "0".to_owned());
        let prefix = self.keys.out("");
        loop {
            let names = self.scan(&mut cursor, &prefix).await?;
            ids.extend(names.iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned));
            if cursor == "0" {
                break;
            }
        }
        let (ids, mut at, mut sum): (Vec<String>, _, _) = (ids.into_iter().collect(), 0, 0);
        while at < ids.len() {
            let page = self.weigh(&ids[at..ids.len().min(at + AT_ONCE)]).await?;
            at += page.len().max(1);
            sum += page.iter().map(|(_, counted, _)| counted).sum::<i64>();
        }
        Ok(sum)
    }

    async fn all_input(&self) -> Result<i64> {
        let (mut score, mut id, mut sum) = (String::new(), String::new(), 0);
        loop {
            let page = self.members_of(&["inputs", "", "page", &score, &id]).await?;
            let Some(end) = page.last() else { return Ok(sum) };
            (score, id) = (end.score.clone().unwrap_or_default(), end.id.clone());
            for some in page.chunks(AT_ONCE) {
                let ids: Vec<String> = some.iter().map(|member| member.id.clone()).collect();
                let found = self.audit(&ids).await?;
                sum += found.iter().filter_map(|(facts, _)| facts.stdin_bytes).sum::<i64>();
            }
        }
    }
}
