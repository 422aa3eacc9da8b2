//! The books of statistics.

use super::super::super::error::Result;
use super::super::super::reply::{self, Items};
use super::super::super::stats;
use super::super::super::store::Store;
use super::super::super::verify::Violation;
use super::Seen;

impl Store {
    /// A book is known and adds up; what is not in the books yet is short and can be read.
    pub(super) async fn look_at_stats(&self, name: &str, key: &str, last: &str) -> Result<Option<Seen>> {
        let found = match last.split_once(':') {
            Some((kind, whose)) => {
                let mut command = redis::cmd("GET");
                let book = reply::bytes(self.link.send(command.arg(key)).await?).unwrap_or_default();
                let known = self.is_member(&self.keys.counted(kind), whose).await?;
                let unlisted = || format!("{whose} is not among what is counted of {kind}s");
                let fault = stats::fault(&book).map(|says| ("stats_sum", says));
                fault.or_else(|| (!known).then(|| ("stats_unlisted", unlisted())))
            }
            None => {
                let mut command = redis::cmd("LRANGE");
                command.arg(key).arg(0).arg(2 * stats::MAX_LINES);
                let lines = Items::of(self.link.send(&command).await?)?.texts()?;
                stats::fault_in_lines(&lines).map(|says| ("tally", says))
            }
        };
        Ok(found.map(|(code, says)| (Violation { code, subject: name.to_owned(), says }, String::new())))
    }
}
