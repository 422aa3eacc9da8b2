//! Reading the books of queues and tasks.

use std::collections::BTreeSet;

use super::super::error::Result;
use super::super::reply::{self, Items};
use super::super::script;
use super::super::store::Store;
use super::{Kind, Line, OTHERS, Stats, StatsReport, Tally, Window, number, slots};

/// Most names that one reading may carry.
const AT_ONCE: usize = 20;
/// Most books of a kind; the script's number.
const MAX_BOOKS: usize = 500;

impl Store {
    /// Statistics of these queues or tasks, known or not.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn stats_of(&self, kind: Kind, window: Window, names: &[&str]) -> Result<StatsReport> {
        let mut report = StatsReport { now_ms: 0, stats: Vec::with_capacity(names.len()) };
        for page in names.chunks(AT_ONCE) {
            let mut reply = self.stats_page(kind, window, page).await?;
            report.now_ms = reply.number()?;
            // Of each page its own: between two of them lines may have gone into the books.
            let lines = lines(reply.items()?)?;
            for entry in reply.lists() {
                report.stats.push(stats(entry?, kind, window, report.now_ms, &lines)?);
            }
        }
        Ok(report)
    }

    /// Statistics of all queues or tasks that were ever counted, those that have no name of
    /// their own last.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn stats(&self, kind: Kind, window: Window) -> Result<StatsReport> {
        let mut reply = self.stats_page(kind, window, &[]).await?;
        let now_ms = reply.number()?;
        let fresh = lines(reply.items()?)?;
        let mut names = BTreeSet::new();
        for name in reply.rest() {
            names.insert(String::from_utf8_lossy(&reply::bytes(name)?).into_owned());
        }
        // Where there is no room for another book, the lines go to the others when they are due.
        if names.len() < MAX_BOOKS {
            let named = fresh.iter().map(|line| line.name(kind)).filter(|name| !name.is_empty());
            names.extend(named.map(str::to_owned));
        }
        // '~' stands after all letters.
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let report = self.stats_of(kind, window, &names).await?;
        Ok(if names.is_empty() { StatsReport { now_ms, ..report } } else { report })
    }

    async fn stats_page(&self, kind: Kind, window: Window, names: &[&str]) -> Result<Items> {
        let unit = if window.unit_ms == 60_000 { "minute" } else { "hour" };
        let back = window.back.to_string();
        let mut args = vec![kind.word().as_bytes(), unit.as_bytes(), back.as_bytes()];
        args.extend(names.iter().map(|name| name.as_bytes()));
        self.call(&script::STATS, &args).await
    }
}

fn lines(items: Items) -> Result<Vec<Line>> {
    let texts = items.rest().map(reply::bytes);
    texts
        .map(|text| Ok(Line::parse(&String::from_utf8_lossy(&text?))))
        .filter_map(Result::transpose)
        .collect()
}

fn stats(mut entry: Items, kind: Kind, window: Window, now_ms: i64, lines: &[Line]) -> Result<Stats> {
    let name = entry.text()?;
    let ready_ms = entry.maybe_number()?;
    let start_ms = window.start_ms(now_ms);
    let mut counted = Tally::default();
    for slot in slots(&entry.bytes()?)? {
        counted.add(&slot);
    }
    let stored = entry.bytes()?;
    let mut total = Tally::of_total(&stored);
    let born = stored.first_chunk::<8>().map(|minute| i64::try_from(number(minute)).unwrap_or(0));
    let mine = lines.iter().filter(|line| line.name(kind) == name && name != OTHERS);
    let mut born = born.unwrap_or(i64::MAX);
    for line in mine {
        born = born.min(line.minute);
        total.count(line);
        if line.minute * 60_000 >= start_ms {
            counted.count(line);
        }
    }
    let since_ms = start_ms.max(born.saturating_mul(60_000)).min(now_ms);
    let window_ms = u64::try_from(now_ms - since_ms).unwrap_or(0);
    Ok(Stats { kind, name, window: counted, window_ms, total, ready_ms })
}
