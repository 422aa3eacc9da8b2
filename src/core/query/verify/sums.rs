//! Sums that the store keeps, against what they are of.

use super::super::super::error::Result;
use super::super::super::reply::Items;
use super::super::super::state::State;
use super::super::super::store::Store;
use super::super::super::verify::Violation;
use super::Walk;

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

    /// What all outputs count adds up to what the namespace counts, if nothing was written
    /// since the walk began.
    pub(super) async fn add_up_output(&self, walk: &mut Walk, before: i64) -> Result<()> {
        let after = self.meta_number("out_bytes").await?;
        if before != after {
            walk.found.notes.push("jobs write too much to add the bytes of all output up".to_owned());
        } else if walk.out_bytes != after {
            let says =
                format!("the namespace counts {after} bytes of output, its jobs have {}", walk.out_bytes);
            let (code, subject) = ("out_bytes", "meta".to_owned());
            walk.found.violations.push(Violation { code, subject, says });
        }
        Ok(())
    }
}
