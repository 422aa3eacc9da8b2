//! Statistics: what was counted of queues and tasks, and what can be said from it.
//!
//! The books are laid out and written by `lua/lib/tally.lua`; here they are read. Times are
//! counted in buckets of powers of two, so a percentile is right within a factor of two, and
//! mostly far closer.

use super::error::{Error, Result};

mod check;
mod read;

pub(super) use check::{MAX_LINES, fault, fault_in_lines};

/// Buckets of a histogram: times of at most 1, 2, 4, … ms, and one for all above.
pub const BUCKETS: usize = 28;
/// Bytes of one slot of a book.
const SLOT: usize = 4 * (1 + COUNTERS.len() + 2 * BUCKETS) + 16;

/// What is counted, in the order of the books.
pub const COUNTERS: [&str; 10] = [
    "enqueued", "SUCCESS", "FAILURE", "REVOKED", "EXPIRED", "failed", "retried", "lost", "snoozed",
    "released",
];

/// One of [`COUNTERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Jobs accepted.
    Enqueued,
    /// Jobs that ended well.
    Succeeded,
    /// Jobs that failed for good.
    Failed,
    /// Jobs that were cancelled.
    Revoked,
    /// Jobs that did not start in time.
    Expired,
    /// Attempts that failed, whatever followed.
    FailedAttempts,
    /// Failed attempts that another one follows.
    Retried,
    /// Attempts cut by the death of their worker.
    Lost,
    /// Attempts that put themselves back.
    Snoozed,
    /// Attempts given back unharmed.
    Released,
}

/// A queue or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A queue, with the hooks in `hooks`.
    Queue,
    /// A task, without its hooks.
    Task,
}

impl Kind {
    /// Its word in keys, JSON and labels.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Queue => "queue",
            Kind::Task => "task",
        }
    }
}

/// The name under which is counted what is one too many; no queue and no task can have it.
pub const OTHERS: &str = "~other";

/// The bucket of a time.
pub fn bucket(ms: u64) -> usize {
    let power = ms.max(1).next_power_of_two().trailing_zeros();
    usize::try_from(power).map_or(BUCKETS - 1, |power| power.min(BUCKETS - 1))
}

/// The longest time of a bucket in milliseconds; `None` for the last one, which has no end.
pub fn bound_ms(bucket: usize) -> Option<u64> {
    (bucket + 1 < BUCKETS).then(|| 1 << bucket)
}

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By [`bucket`].
    pub counts: [u64; BUCKETS],
    /// All times together, in milliseconds.
    pub sum_ms: u64,
}

impl Histogram {
    /// One more.
    pub fn record(&mut self, ms: u64) {
        self.counts[bucket(ms)] += 1;
        self.sum_ms = self.sum_ms.saturating_add(ms);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean in milliseconds.
    pub fn mean_ms(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum_ms as f64 / count as f64)
    }

    /// The time that this part of all (0.99) did not exceed, in milliseconds: within its
    /// bucket by the place that it has there.
    pub fn quantile_ms(&self, part: f64) -> Option<f64> {
        let count = self.count();
        let rank = (part * count as f64).ceil().max(1.0);
        let mut below = 0;
        for (bucket, here) in self.counts.iter().copied().enumerate() {
            if here > 0 && (below + here) as f64 >= rank {
                let low = if bucket == 0 { 0.5 } else { 2f64.powi(bucket as i32 - 1) };
                let share = (rank - below as f64) / here as f64;
                // Nothing is known of times beyond the last bound but that they are longer.
                let there = if bucket + 1 == BUCKETS { low } else { low * 2f64.powf(share) };
                // No time is longer than all together: of a single one this is all there is to say.
                return Some(there.min(self.sum_ms.max(1) as f64));
            }
            below += here;
        }
        None
    }

    fn add(&mut self, other: &Histogram) {
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
    }
}

/// What was counted in some time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counters: [u64; COUNTERS.len()],
    /// From the moment in which a job could run to its start, for each start.
    pub wait: Histogram,
    /// How long attempts ran that succeeded or failed by themselves.
    pub run: Histogram,
}

impl Tally {
    /// One of the counters.
    pub fn get(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Attempts that started.
    pub fn started(&self) -> u64 {
        self.wait.count()
    }

    /// Jobs that ended, whichever way.
    pub fn finished(&self) -> u64 {
        [Counter::Succeeded, Counter::Failed, Counter::Revoked, Counter::Expired]
            .map(|counter| self.get(counter))
            .iter()
            .sum()
    }

    /// The part of jobs that failed for good, of those that succeeded or failed.
    pub fn failure_rate(&self) -> Option<f64> {
        let failed = self.get(Counter::Failed);
        let both = failed + self.get(Counter::Succeeded);
        (both > 0).then(|| failed as f64 / both as f64)
    }

    /// So many more.
    pub(crate) fn plus(&mut self, counter: Counter, by: u64) {
        self.counters[counter as usize] += by;
    }

    fn add(&mut self, other: &Tally) {
        for (sum, count) in self.counters.iter_mut().zip(other.counters) {
            *sum += count;
        }
        self.wait.add(&other.wait);
        self.run.add(&other.run);
    }

    /// From the numbers of a book, without their stamp.
    fn of(mut numbers: impl Iterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
        let mut next = || numbers.next().unwrap_or(0);
        tally.counters = std::array::from_fn(|_| next());
        tally.wait.counts = std::array::from_fn(|_| next());
        tally.run.counts = std::array::from_fn(|_| next());
        (tally.wait.sum_ms, tally.run.sum_ms) = (next(), next());
        tally
    }

    /// One slot: the minute or hour it is for is left out.
    fn of_slot(slot: &[u8]) -> Tally {
        let (cells, sums) = slot.split_at(slot.len().saturating_sub(16));
        let narrow = cells.chunks_exact(4).map(number);
        Tally::of(narrow.skip(1).chain(sums.chunks_exact(8).map(number)))
    }

    /// What was summed since a book was begun.
    fn of_total(total: &[u8]) -> Tally {
        Tally::of(total.chunks_exact(8).map(number).skip(1))
    }

    /// A line that is not in the books yet.
    fn count(&mut self, line: &Line) {
        let place = COUNTERS.iter().position(|name| *name == line.what);
        match (place, line.number) {
            (Some(0), by) => self.counters[0] += by.unwrap_or(0),
            (Some(place), ms) => {
                self.counters[place] += 1;
                let Some(ms) = ms else { return };
                self.run.record(ms);
                if matches!(line.what.as_str(), "retried" | "FAILURE") {
                    self.plus(Counter::FailedAttempts, 1);
                }
            }
            (None, Some(ms)) => self.wait.record(ms),
            (None, None) => {}
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Something that happened lately.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    what: String,
    minute: i64,
    queue: String,
    task: String,
    /// Jobs, or milliseconds.
    number: Option<u64>,
}

impl Line {
    fn parse(text: &str) -> Option<Line> {
        let mut parts = text.split(' ');
        let mut part = || parts.next().map(str::to_owned);
        Some(Line {
            what: part()?,
            minute: part()?.parse().ok()?,
            queue: part()?,
            task: part()?,
            number: part()?.parse().ok(),
        })
    }

    fn name(&self, kind: Kind) -> &str {
        match kind {
            Kind::Queue => &self.queue,
            Kind::Task => &self.task,
        }
    }
}

/// How far back to look: whole minutes or whole hours, besides the one that has just begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    unit_ms: i64,
    back: i64,
}

impl Window {
    /// The longest, in milliseconds: two days.
    pub const MOST_MS: u64 = 172_800_000;

    /// At least this long: by the minute up to an hour, by the hour above.
    ///
    /// # Errors
    /// What is wrong, in words: shorter than a minute, longer than [`Window::MOST_MS`].
    pub fn of_ms(ms: u64) -> std::result::Result<Window, &'static str> {
        match ms {
            0..60_000 => Err("the shortest window is 1m"),
            _ if ms > Window::MOST_MS => Err("the longest window is 48h"),
            60_000..=3_600_000 => Ok(Window::back(60_000, ms)),
            _ => Ok(Window::back(3_600_000, ms)),
        }
    }

    fn back(unit_ms: u64, ms: u64) -> Window {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Window { unit_ms: whole(unit_ms), back: whole(ms.div_ceil(unit_ms)) }
    }

    /// The first millisecond that counts.
    fn start_ms(self, now_ms: i64) -> i64 {
        (now_ms.div_euclid(self.unit_ms) - self.back) * self.unit_ms
    }
}

/// A queue or a task in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// Which of the two.
    pub kind: Kind,
    /// Its name, or [`OTHERS`].
    pub name: String,
    /// What the window holds.
    pub window: Tally,
    /// How long that was, in milliseconds: since its beginning, or since the first event ever.
    pub window_ms: u64,
    /// Everything since the counting began.
    pub total: Tally,
    /// Since when the longest waiting pending job of a queue could run, of those that are next
    /// in their priority.
    pub ready_ms: Option<i64>,
}

impl Stats {
    /// So many a second, over the window.
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 * 1000.0 / self.window_ms.max(1) as f64
    }
}

/// Statistics read at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct StatsReport {
    /// Redis time, in milliseconds.
    pub now_ms: i64,
    /// Queues or tasks by name, [`OTHERS`] last.
    pub stats: Vec<Stats>,
}

fn damaged(what: &str) -> Error {
    Error::Protocol(format!("damaged statistics: {what}"))
}

/// The slots of a book that were sent.
fn slots(bytes: &[u8]) -> Result<impl Iterator<Item = Tally>> {
    if !bytes.len().is_multiple_of(SLOT) {
        return Err(damaged("a broken slot"));
    }
    Ok(bytes.chunks_exact(SLOT).map(Tally::of_slot))
}

#[cfg(test)]
mod tests;
