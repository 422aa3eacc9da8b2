//! `inspect stats`: queues and tasks in numbers.

use serde::Serialize;

use crate::core::stats::{Counter, Histogram, Kind, OTHERS, Stats as Numbers};
use crate::core::when::short;

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, DIM, Look, PLAIN};
use super::table::{Cell, Column, NONE, Table};
use super::{View, escape};

/// `inspect stats`.
#[derive(Debug)]
pub struct Stats {
    /// Queues and tasks, as they were asked for.
    pub stats: Vec<Numbers>,
    /// The window as it was typed.
    pub window: String,
}

impl Stats {
    fn table(&self, look: &Look, kind: Kind, title: &'static str) -> Option<String> {
        let mut table = Table::new(&[
            (title, Column::Text),
            ("IN/S", Column::Number),
            ("DONE/S", Column::Number),
            ("FAILED", Column::Number),
            ("WAITED", Column::Number),
            ("90%", Column::Number),
            ("99%", Column::Number),
            ("RAN", Column::Number),
            ("90%", Column::Number),
            ("99%", Column::Number),
            ("NOTE", Column::Spare),
        ]);
        let mut any = false;
        for one in self.stats.iter().filter(|one| one.kind == kind) {
            any = true;
            let window = &one.window;
            let name = if one.name == OTHERS { "all others".to_owned() } else { escape::text(&one.name) };
            let mut row: Vec<Cell> = vec![
                name.into(),
                rate(one.per_second(window.get(Counter::Enqueued))),
                rate(one.per_second(window.finished())),
                window.failure_rate().map_or_else(|| NONE.into(), share),
            ];
            for histogram in [&window.wait, &window.run] {
                row.extend([0.5, 0.9, 0.99].map(|part| time(histogram.quantile_ms(part))));
            }
            row.push(note(one));
            table.row(row);
        }
        any.then(|| table.render(look))
    }
}

/// Jobs a second: three digits are enough, and a little is not nothing.
fn rate(per_second: f64) -> Cell {
    let text = match per_second {
        0.0 => return Cell::styled("0", DIM),
        ..0.001 => "<0.001".to_owned(),
        ..0.1 => format!("{per_second:.3}"),
        ..10.0 => format!("{per_second:.2}"),
        ..100.0 => format!("{per_second:.1}"),
        _ => format!("{per_second:.0}"),
    };
    text.into()
}

fn share(failed: f64) -> Cell {
    let percent = failed * 100.0;
    let text = match percent {
        0.0 => return Cell::styled("0%", DIM),
        ..0.1 => "<0.1%".to_owned(),
        ..10.0 => format!("{percent:.1}%"),
        _ => format!("{percent:.0}%"),
    };
    Cell::styled(text, BAD)
}

fn time(ms: Option<f64>) -> Cell {
    // A quarter of a millisecond is below what is measured.
    ms.map_or_else(|| NONE.into(), |ms| short(ms.round().max(1.0) as u64).into())
}

/// What else happened: `3 retried, 1 lost`.
fn note(one: &Numbers) -> Cell {
    let parts = [
        (Counter::Retried, "retried"),
        (Counter::Lost, "lost"),
        (Counter::Snoozed, "snoozed"),
        (Counter::Released, "given back"),
        (Counter::Revoked, "revoked"),
        (Counter::Expired, "expired"),
    ];
    let some = parts.iter().map(|(counter, word)| (one.window.get(*counter), word));
    let parts: Vec<String> =
        some.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { Cell::styled(NONE, DIM) } else { Cell::styled(parts.join(", "), PLAIN) }
}

impl View for Stats {
    fn shape() -> &'static Shape {
        &fields::STATS
    }

    fn text(&self, look: &Look) -> String {
        let tables = [(Kind::Queue, "QUEUE"), (Kind::Task, "TASK")];
        let tables: Vec<String> =
            tables.iter().filter_map(|(kind, title)| self.table(look, *kind, title)).collect();
        if tables.is_empty() {
            return String::new();
        }
        let head = format!("the last {}; times: half, 90% and 99% took no longer", self.window);
        format!("{}\n\n{}", look.paint(DIM, &escape::text(&head)), tables.join("\n"))
    }

    fn records(&self) -> Vec<String> {
        self.stats.iter().map(record).collect()
    }

    fn notes(&self) -> Vec<String> {
        if self.stats.is_empty() { vec!["nothing was counted yet".to_owned()] } else { Vec::new() }
    }
}

#[derive(Serialize)]
struct Record<'a> {
    kind: &'static str,
    name: &'a str,
    window_ms: u64,
    enqueued: u64,
    started: u64,
    finished: u64,
    succeeded: u64,
    failed: u64,
    revoked: u64,
    expired: u64,
    failed_attempts: u64,
    retried: u64,
    lost: u64,
    snoozed: u64,
    released: u64,
    enqueued_per_second: f64,
    started_per_second: f64,
    finished_per_second: f64,
    failure_rate: Option<f64>,
    wait: Times,
    run: Times,
    schema: u32,
}

#[derive(Serialize)]
struct Times {
    count: u64,
    mean_ms: Option<f64>,
    p50_ms: Option<f64>,
    p90_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// Three decimals, so that no figure claims more than was measured.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn times(histogram: &Histogram) -> Times {
    let part = |part| histogram.quantile_ms(part).map(rounded);
    Times {
        count: histogram.count(),
        mean_ms: histogram.mean_ms().map(rounded),
        p50_ms: part(0.5),
        p90_ms: part(0.9),
        p99_ms: part(0.99),
    }
}

fn record(one: &Numbers) -> String {
    let window = &one.window;
    let per_second = |count| rounded(one.per_second(count));
    line(&Record {
        kind: one.kind.word(),
        name: &one.name,
        window_ms: one.window_ms,
        enqueued: window.get(Counter::Enqueued),
        started: window.started(),
        finished: window.finished(),
        succeeded: window.get(Counter::Succeeded),
        failed: window.get(Counter::Failed),
        revoked: window.get(Counter::Revoked),
        expired: window.get(Counter::Expired),
        failed_attempts: window.get(Counter::FailedAttempts),
        retried: window.get(Counter::Retried),
        lost: window.get(Counter::Lost),
        snoozed: window.get(Counter::Snoozed),
        released: window.get(Counter::Released),
        enqueued_per_second: per_second(window.get(Counter::Enqueued)),
        started_per_second: per_second(window.started()),
        finished_per_second: per_second(window.finished()),
        failure_rate: window.failure_rate().map(rounded),
        wait: times(&window.wait),
        run: times(&window.run),
        schema: SCHEMA,
    })
}

#[cfg(test)]
mod tests;
