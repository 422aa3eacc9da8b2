//! `jobq status` without an id: is it healthy, what waits, what fails, what needs me.

use crate::core::report::{FailureLine, Overview, QueueReport, ScheduleReport, WorkerReport};
use crate::core::state::State;
use crate::core::when::{ago, short};
use crate::core::why::SILENT_MS;

use super::checks::{self, full};
use super::style::{BAD, BUSY, DIM, GOOD, Look, PLAIN, WARN};
use super::table::{Cell, Column, NONE, Table};
use super::words::{count, outcome as outcome_words, size};
use super::{escape, server, shell};

const HOUR_MS: i64 = 3_600_000;

/// The answer to "is it healthy?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What needs somebody, the most important first; none when healthy.
    pub attention: Vec<String>,
    summary: String,
}

impl Health {
    /// Whether nothing needs attention.
    pub fn is_healthy(&self) -> bool {
        self.attention.is_empty()
    }

    /// One sentence: `healthy: 3 workers, 12 running, 40 waiting`.
    pub fn headline(&self) -> String {
        match self.attention.first() {
            None => format!("healthy: {}", self.summary),
            Some(first) => format!("attention: {first}"),
        }
    }
}

/// Judges a namespace.
pub fn health(overview: &Overview) -> Health {
    let attention = checks::attention(overview);
    Health { attention, summary: summary(overview) }
}

/// Schedules whose tick nobody acts on, with the time they are late, in milliseconds.
pub(super) fn late(overview: &Overview) -> impl Iterator<Item = (&str, u64)> {
    let late = |due_ms: i64| u64::try_from(overview.now_ms.saturating_sub(due_ms)).unwrap_or(0);
    let all = overview.overdue.iter().map(move |(name, due_ms)| (name.as_str(), late(*due_ms)));
    all.filter(|(_, late_ms)| *late_ms >= ScheduleReport::LATE_MS)
}

fn summary(overview: &Overview) -> String {
    let live = overview.workers.iter().filter(|worker| is_live(worker, overview.now_ms)).count();
    let total = |states: &[State]| -> u64 {
        overview.queues.iter().flat_map(|queue| states.iter().map(|state| queue.count(*state))).sum()
    };
    let mut parts = vec![
        count(live as u64, "worker"),
        format!("{} running", total(&[State::Started])),
        format!("{} waiting", total(&[State::Pending])),
    ];
    let later = total(&[State::Scheduled, State::Blocked, State::Retry]);
    if later > 0 {
        parts.push(format!("{later} for later"));
    }
    let recent = overview.failures.iter().filter(|f| overview.now_ms - f.finished_ms < HOUR_MS).count();
    if recent > 0 {
        let more = if recent >= 10 { "+" } else { "" };
        parts.push(format!("{recent}{more} failed in the last hour"));
    }
    parts.join(", ")
}

/// Whether a worker gave a sign of life lately; nothing is decided by it.
pub(super) fn is_live(worker: &WorkerReport, now_ms: i64) -> bool {
    now_ms.saturating_sub(worker.seen_ms) < SILENT_MS
}

/// A whole namespace for people.
pub fn overview(look: &Look, overview: &Overview) -> String {
    let health = health(overview);
    let (word, style) =
        if health.is_healthy() { ("healthy:", GOOD.bold()) } else { ("attention:", WARN.bold()) };
    let mut text = String::new();
    for reason in &health.attention {
        let line = format!("{} {}", look.paint(style, word), escape::text(reason));
        text.push_str(&format!("{}\n", look.fold(&line, word.len() + 1)));
    }
    if health.is_healthy() {
        text.push_str(&format!("{} {}\n", look.paint(style, word), health.summary));
    } else {
        text.push_str(&format!("{}\n", health.summary));
    }
    let place = format!("namespace {} on {}", overview.namespace, server::phrase(&overview.server));
    text.push_str(&format!("{}\n", look.paint(DIM, &place)));
    let parts = [queues(look, overview), workers(look, overview), failures(look, overview)];
    for part in parts.into_iter().flatten() {
        text.push('\n');
        text.push_str(&part);
    }
    text
}

fn number(number: u64, style: anstyle::Style) -> Cell {
    if number == 0 { Cell::styled("0", DIM) } else { Cell::styled(number.to_string(), style) }
}

fn queues(look: &Look, overview: &Overview) -> Option<String> {
    if overview.queues.is_empty() {
        return None;
    }
    let bounded = overview.queues.iter().any(|queue| limits(queue).is_some());
    let mut columns = vec![
        ("QUEUE", Column::Text),
        ("WAITING", Column::Number),
        ("RUNNING", Column::Number),
        ("LATER", Column::Number),
        ("FAILED", Column::Number),
        ("DONE", Column::Number),
        ("WORKERS", Column::Number),
        ("NEXT WAITS", Column::Number),
    ];
    if bounded {
        columns.push(("LIMIT", Column::Whole));
    }
    let mut table = Table::new(&columns);
    for queue in &overview.queues {
        let later = queue.count(State::Scheduled) + queue.count(State::Blocked) + queue.count(State::Retry);
        let waiting = queue.count(State::Pending);
        let stuck = waiting > 0 && queue.workers == 0;
        let waits = queue.head_enqueued_ms.filter(|_| waiting > 0).map_or(NONE.to_owned(), |since| {
            short(u64::try_from(overview.now_ms.saturating_sub(since)).unwrap_or(0))
        });
        let mut row: Vec<Cell> = vec![
            escape::text(&queue.name).into(),
            number(waiting, if stuck { WARN } else { PLAIN }),
            number(queue.count(State::Started), BUSY),
            number(later, PLAIN),
            number(queue.count(State::Failure), BAD),
            number(queue.count(State::Success), GOOD),
            number(queue.workers, PLAIN),
            waits.into(),
        ];
        if bounded {
            row.push(limits(queue).unwrap_or_else(|| NONE.into()));
        }
        table.row(row);
    }
    Some(table.render(look))
}

/// What holds a queue back: `paused, 40/1000 jobs, 3.1 KiB/64.0 MiB`.
fn limits(queue: &QueueReport) -> Option<Cell> {
    let paused = queue.paused.as_ref().map(|_| "paused".to_owned());
    let depth = queue.max_depth.map(|max| format!("{}/{max} jobs", queue.depth));
    let bytes = queue.max_bytes.map(|max| format!("{}/{}", size(queue.bytes), size(max)));
    let style = if queue.paused.is_some() || full(queue).is_some() { WARN } else { PLAIN };
    let parts: Vec<String> = [paused, depth, bytes].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Cell::styled(parts.join(", "), style))
}

fn workers(look: &Look, overview: &Overview) -> Option<String> {
    if overview.workers.is_empty() {
        return None;
    }
    let mut table = Table::new(&[
        ("WORKER", Column::Text),
        ("BUSY", Column::Number),
        ("MODE", Column::Whole),
        ("SEEN", Column::Number),
        ("QUEUES", Column::Text),
    ]);
    for worker in &overview.workers {
        let live = is_live(worker, overview.now_ms);
        let label = worker.label.as_deref().map(|label| format!(" ({label})")).unwrap_or_default();
        let (mode, style) = match worker.mode.as_str() {
            _ if !live => ("silent", BAD),
            "running" => ("running", PLAIN),
            other => (other, WARN),
        };
        table.row(vec![
            escape::text(&format!("{}{label}", worker.id)).into(),
            format!("{}/{}", worker.held, worker.slots).into(),
            Cell::styled(escape::text(mode), style),
            ago(overview.now_ms.saturating_sub(worker.seen_ms).max(0)).into(),
            escape::text(&worker.queues.join(",")).into(),
        ]);
    }
    Some(table.render(look))
}

/// The kind of ending; its particulars are on the job's own page.
fn why(failure: &FailureLine) -> String {
    match (failure.outcome, &failure.error) {
        (Some(outcome), None) => outcome_words(outcome),
        (Some(outcome), _) if outcome.is_no_start() => outcome_words(outcome),
        (_, error) => error.clone().unwrap_or_else(|| NONE.to_owned()),
    }
}

fn failures(look: &Look, overview: &Overview) -> Option<String> {
    if overview.failures.is_empty() {
        return None;
    }
    let mut table = Table::new(&[
        ("FAILED JOB", Column::Whole),
        ("WHEN", Column::Number),
        ("QUEUE", Column::Text),
        ("WHY", Column::Text),
        ("COMMAND", Column::Text),
    ]);
    for failure in &overview.failures {
        table.row(vec![
            escape::text(&failure.id).into(),
            ago(overview.now_ms.saturating_sub(failure.finished_ms)).into(),
            escape::text(&failure.queue).into(),
            Cell::styled(escape::text(&why(failure)), BAD),
            match failure.argv.as_slice() {
                [] => escape::text(&failure.title),
                argv => shell::command(argv),
            }
            .into(),
        ]);
    }
    Some(table.render(look))
}
