//! The lists of `jobq inspect`: queues, jobs, workers, failures.

use crate::core::report::{JobReport, QueueReport, WorkerReport};
use crate::core::state::State;
use crate::core::when::{ago, short};

use super::fields::{self, Shape};
use super::overview::is_live;
use super::style::{BAD, BUSY, DIM, GOOD, Look, PLAIN, WARN, state as state_style};
use super::table::{Cell, Column, NONE, Table};
use super::why::Reason;
use super::words::{self, size};
use super::{View, escape, job, json};

/// `inspect queues`.
#[derive(Debug)]
pub struct Queues {
    /// Redis time of the reading.
    pub now_ms: i64,
    /// The queues, by name.
    pub queues: Vec<QueueReport>,
}

/// A column of counts: its title, the state, its colour.
type Count = (&'static str, State, anstyle::Style);

const UNFINISHED: [Count; 5] = [
    ("PENDING", State::Pending, PLAIN),
    ("STARTED", State::Started, BUSY),
    ("RETRY", State::Retry, WARN),
    ("SCHEDULED", State::Scheduled, PLAIN),
    ("BLOCKED", State::Blocked, PLAIN),
];
const FINISHED: [Count; 4] = [
    ("SUCCESS", State::Success, GOOD),
    ("FAILURE", State::Failure, BAD),
    ("REVOKED", State::Revoked, DIM),
    ("EXPIRED", State::Expired, DIM),
];

impl Queues {
    /// The counts that are not everywhere 0, and those that always matter.
    fn counted(&self, counts: &[Count]) -> Vec<Count> {
        let always = [State::Pending, State::Started, State::Success, State::Failure];
        let any = |state| self.queues.iter().any(|queue| queue.count(state) > 0);
        counts.iter().filter(|(_, state, _)| always.contains(state) || any(*state)).copied().collect()
    }

    fn bounded(&self) -> bool {
        self.queues.iter().any(|queue| bounds(queue).is_some())
    }

    /// A table of some counts, with the workers or the limits, or with both.
    fn table(&self, counts: &[Count], served: bool, limits: bool) -> Table {
        let mut columns = vec![("QUEUE", Column::Text)];
        columns.extend(counts.iter().map(|(title, ..)| (*title, Column::Number)));
        if served {
            columns.extend([("WORKERS", Column::Number), ("NEXT WAITS", Column::Number)]);
        }
        if limits {
            columns.push(("LIMITS", Column::Text));
        }
        let mut table = Table::new(&columns);
        for queue in &self.queues {
            let stuck = queue.workers == 0 && queue.count(State::Pending) > 0;
            let mut row: Vec<Cell> = vec![escape::text(&queue.name).into()];
            row.extend(counts.iter().map(|(_, state, style)| {
                number(queue.count(*state), if stuck && *state == State::Pending { WARN } else { *style })
            }));
            if served {
                let waits = queue.head_enqueued_ms.filter(|_| queue.count(State::Pending) > 0);
                row.push(if stuck { Cell::styled("0", WARN) } else { number(queue.workers, PLAIN) });
                row.push(
                    waits
                        .map_or_else(
                            || NONE.to_owned(),
                            |since| short(self.now_ms.saturating_sub(since).max(0).unsigned_abs()),
                        )
                        .into(),
                );
            }
            if limits {
                row.push(bounds(queue).unwrap_or_else(|| NONE.to_owned()).into());
            }
            table.row(row);
        }
        table
    }
}

/// What a queue is bound by: `paused, 40/1000 jobs, 3.1 KiB/64.0 MiB, 2 at once, 10 in 1s`.
fn bounds(queue: &QueueReport) -> Option<String> {
    let parts = [
        queue.paused.as_ref().map(|_| "paused".to_owned()),
        queue.max_depth.map(|max| format!("{}/{max} jobs", queue.depth)),
        queue.max_bytes.map(|max| format!("{}/{}", size(queue.bytes), size(max))),
        queue.max_running.map(|max| format!("{max} at once")),
        queue.rate.map(|rate| format!("{rate} in {}", short(queue.rate_ms.unwrap_or(1_000)))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn number(number: u64, style: anstyle::Style) -> Cell {
    Cell::styled(number.to_string(), if number == 0 { DIM } else { style })
}

impl View for Queues {
    fn shape() -> &'static Shape {
        &fields::QUEUE
    }

    fn text(&self, look: &Look) -> String {
        if self.queues.is_empty() {
            return String::new();
        }
        let (unfinished, finished) = (self.counted(&UNFINISHED), self.counted(&FINISHED));
        let all: Vec<Count> = unfinished.iter().chain(&finished).copied().collect();
        let whole = self.table(&all, true, self.bounded());
        if whole.fits(look) {
            return whole.render(look);
        }
        // Two tables that fit say more than one whose lines break.
        let first = self.table(&unfinished, true, false).render(look);
        format!("{first}\n{}", self.table(&finished, false, self.bounded()).render(look))
    }

    fn records(&self) -> Vec<String> {
        self.queues.iter().map(json::queue_line).collect()
    }

    fn notes(&self) -> Vec<String> {
        if self.queues.is_empty() { vec!["no queues yet".to_owned()] } else { Vec::new() }
    }
}

/// `inspect workers`.
#[derive(Debug)]
pub struct Workers {
    /// Redis time of the reading.
    pub now_ms: i64,
    /// The workers, by id.
    pub workers: Vec<WorkerReport>,
}

impl View for Workers {
    fn shape() -> &'static Shape {
        &fields::WORKER
    }

    fn text(&self, look: &Look) -> String {
        if self.workers.is_empty() {
            return String::new();
        }
        let labelled = self.workers.iter().any(|worker| worker.label.is_some());
        let mut columns = vec![("WORKER", Column::Text)];
        columns.extend(labelled.then_some(("NAME", Column::Text)));
        columns.extend([
            ("BUSY", Column::Number),
            ("MODE", Column::Whole),
            ("SEEN", Column::Number),
            ("UP", Column::Number),
            ("QUEUES", Column::Text),
            ("VERSION", Column::Spare),
        ]);
        let mut table = Table::new(&columns);
        for worker in &self.workers {
            let (mode, style) = match worker.mode.as_str() {
                _ if !is_live(worker, self.now_ms) => ("silent", BAD),
                "running" => ("running", PLAIN),
                other => (other, WARN),
            };
            let since = |ms: i64| self.now_ms.saturating_sub(ms).max(0);
            let mut row: Vec<Cell> = vec![escape::text(&worker.id).into()];
            if labelled {
                row.push(worker.label.as_deref().map_or_else(|| NONE.to_owned(), escape::text).into());
            }
            row.extend([
                format!("{}/{}", worker.held, worker.slots).into(),
                Cell::styled(escape::text(mode), style),
                ago(since(worker.seen_ms)).into(),
                short(since(worker.started_ms).unsigned_abs()).into(),
                escape::text(&worker.queues.join(",")).into(),
                escape::text(&worker.version).into(),
            ]);
            table.row(row);
        }
        table.render(look)
    }

    fn records(&self) -> Vec<String> {
        self.workers.iter().map(|worker| json::worker_line(worker, self.now_ms)).collect()
    }

    fn notes(&self) -> Vec<String> {
        if self.workers.is_empty() { vec!["no workers".to_owned()] } else { Vec::new() }
    }
}

/// `inspect jobs` and `inspect failures`: a page of a listing.
#[derive(Debug)]
pub struct Jobs {
    /// The jobs, in the order of the listing.
    pub jobs: Vec<JobReport>,
    /// Whether all of them failed, and why is what matters.
    pub failed: bool,
    /// What to say after them.
    pub notes: Vec<String>,
}

impl View for Jobs {
    fn shape() -> &'static Shape {
        &fields::JOB
    }

    fn text(&self, look: &Look) -> String {
        match self.jobs.as_slice() {
            [] => String::new(),
            jobs if self.failed => failures(look, jobs),
            jobs => table_of_jobs(look, jobs),
        }
    }

    fn records(&self) -> Vec<String> {
        self.jobs.iter().map(|job| json::job(job, None)).collect()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

fn table_of_jobs(look: &Look, jobs: &[JobReport]) -> String {
    let mut table = Table::new(&[
        ("JOB", Column::Whole),
        ("STATE", Column::Whole),
        ("QUEUE", Column::Text),
        ("WHEN", Column::Number),
        ("WHAT", Column::Text),
        ("NOTE", Column::Spare),
    ]);
    for one in jobs {
        table.row(vec![
            escape::text(&one.id).into(),
            Cell::styled(one.state.name(), state_style(one.state)),
            escape::text(one.spec.queue.as_str()).into(),
            ago(one.now_ms.saturating_sub(moment(one))).into(),
            words::what(&one.spec).into(),
            note(one),
        ]);
    }
    table.render(look)
}

/// The instant that matters most in its state.
fn moment(one: &JobReport) -> i64 {
    let own = match one.state {
        State::Started => one.started_ms,
        State::Scheduled | State::Retry => one.due_ms,
        State::Expired if one.finished_ms.is_none() => one.expires_ms,
        state if state.is_final() => one.finished_ms,
        _ => None,
    };
    own.unwrap_or(one.enqueued_ms)
}

/// What else is worth knowing at a glance.
fn note(one: &JobReport) -> Cell {
    let text = match one.state {
        State::Started if one.cancelling => Some("being cancelled".to_owned()),
        State::Started => one.worker.as_ref().map(|worker| format!("on {worker}")),
        State::Success => None,
        State::Retry | State::Failure => one.error.clone().or_else(|| one.reason.clone()),
        _ => one.reason.clone(),
    };
    let style = if one.state == State::Failure { BAD } else { DIM };
    text.map_or_else(|| NONE.into(), |text| Cell::styled(escape::text(&text), style))
}

fn failures(look: &Look, jobs: &[JobReport]) -> String {
    let mut table = Table::new(&[
        ("JOB", Column::Whole),
        ("WHEN", Column::Number),
        ("QUEUE", Column::Text),
        ("TRIES", Column::Number),
        ("WHY", Column::Text),
        ("WHAT", Column::Text),
    ]);
    for one in jobs {
        let why = one.error.as_ref().or(one.reason.as_ref()).map(|text| escape::text(text));
        let why = why.or_else(|| one.outcome.map(words::outcome)).unwrap_or_else(|| NONE.to_owned());
        table.row(vec![
            escape::text(&one.id).into(),
            ago(one.now_ms.saturating_sub(moment(one))).into(),
            escape::text(one.spec.queue.as_str()).into(),
            one.attempt.into(),
            Cell::styled(why, BAD),
            words::what(&one.spec).into(),
        ]);
    }
    table.render(look)
}

/// `inspect job` and `status ID`: jobs in full.
#[derive(Debug)]
pub struct Pages(pub Vec<Page>);

/// One job in full.
#[derive(Debug)]
pub struct Page {
    /// The job.
    pub job: JobReport,
    /// Why it stands where it stands.
    pub why: Reason,
    /// Its newest output, both streams in the order they were read, where it is kept.
    pub newest: Option<Vec<u8>>,
}

impl View for Pages {
    fn shape() -> &'static Shape {
        &fields::JOB
    }

    fn text(&self, look: &Look) -> String {
        let page = |page: &Page| job::job(look, &page.job, &page.why, page.newest.as_deref());
        self.0.iter().map(page).collect::<Vec<_>>().join("\n")
    }

    fn records(&self) -> Vec<String> {
        self.0.iter().map(|page| json::job(&page.job, Some(&page.why))).collect()
    }
}

/// `inspect server` as a view.
#[derive(Debug)]
pub struct Server(pub crate::core::report::ServerReport);

impl View for Server {
    fn shape() -> &'static Shape {
        &fields::SERVER
    }

    fn text(&self, look: &Look) -> String {
        super::server::server(look, &self.0)
    }

    fn records(&self) -> Vec<String> {
        vec![json::server(&self.0)]
    }
}
