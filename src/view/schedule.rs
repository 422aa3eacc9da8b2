//! Schedules: `jobq inspect schedules`, `jobq beat list` and `jobq beat next`.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, DIM, GOOD, Look, PLAIN, WARN};
use super::table::{Cell, Column, NONE, Table};
use super::words::{self, outcome as outcome_words};
use super::{View, escape};
use crate::core::bytes::Bytes;
use crate::core::report::ScheduleReport;
use crate::core::schedule::{Definition, Missed, Overlap, Rule};
use crate::core::spec::Spec;
use crate::core::state::State;
use crate::core::when::{ago, clock, rfc3339, short};

/// When it ticks, as its author would say it: `0 0 * * * Asia/Tokyo`, `every 10m`.
pub fn when(definition: &Definition) -> String {
    match &definition.rule {
        Rule::Cron { text, .. } => format!("{text} {}", definition.timezone),
        Rule::Every(ms) => {
            let period = short(*ms);
            let whole = [" 00s", " 00m", " 00h"].iter().find_map(|zero| period.strip_suffix(zero));
            format!("every {}", whole.unwrap_or(&period))
        }
        Rule::At(at_ms) => format!("at {}", in_zone(*at_ms, &definition.timezone)),
        Rule::Reboot { host } => format!("@reboot of {host}"),
    }
}

/// An instant as the clock of a named zone shows it; in UTC where this machine lacks the zone.
fn in_zone(ms: i64, zone: &str) -> String {
    clock(ms, &TimeZone::get(zone).unwrap_or(TimeZone::UTC))
}

/// What its jobs run; of a script of the shell, the script, for it says more than its shell.
fn what(job: &Spec) -> String {
    match job.argv.as_slice() {
        [_, dash, script] if job.task.is_none() && dash.as_str() == Some("-c") => escape::line(&script.0),
        _ => words::what(job),
    }
}

/// What somebody should know of a schedule, the most urgent first; and how it looks.
fn note(report: &ScheduleReport) -> (String, anstyle::Style) {
    if let Some(pause) = &report.pause {
        let until = pause.until_ms.map_or(String::new(), |until| format!(", {}", ago(report.now_ms - until)));
        let until = until.replace(", in", ", for");
        let why = pause.reason.as_ref().map_or(String::new(), |why| format!(": {why}"));
        return (format!("paused by {}{until}{why}", pause.by), WARN);
    }
    if let Some((queue, since_ms)) = &report.stuck {
        return (format!("queue {queue} is full, {}", ago(report.now_ms - since_ms)), BAD);
    }
    if report.overdue_ms() >= ScheduleReport::LATE_MS {
        return (format!("late by {}: no beat acts on it", short(report.overdue_ms())), BAD);
    }
    if let Some(since_ms) = report.incident_ms {
        return (format!("no success in time, told {}", ago(report.now_ms - since_ms)), BAD);
    }
    if let Err(why) = &report.definition {
        return (why.clone(), BAD);
    }
    if let Some(done_ms) = report.done_ms {
        return (format!("done {}", ago(report.now_ms - done_ms)), DIM);
    }
    if report.unfinished > 1 {
        return (format!("{} of its jobs have not ended", report.unfinished), PLAIN);
    }
    match &report.why {
        Some(why) if report.skipped + report.missed > 0 => (format!("last without a job: {why}"), DIM),
        _ => (String::new(), PLAIN),
    }
}

/// How its newest ended job ended, or how the first that has not ended stands.
fn ended(report: &ScheduleReport) -> Cell {
    let Some(job) = &report.ended else {
        let state = report.oldest.as_ref().and_then(|(_, state)| *state);
        return state.map_or(NONE.into(), |state| Cell::styled(state.name(), super::style::state(state)));
    };
    let style = job.state.map_or(PLAIN, super::style::state);
    match (job.state, job.outcome) {
        (Some(State::Success), _) => Cell::styled("SUCCESS", GOOD),
        (Some(state), Some(outcome)) if state == State::Failure => {
            Cell::styled(format!("{} {}", state.name(), outcome_words(outcome)), style)
        }
        (Some(state), _) => Cell::styled(state.name(), style),
        (None, _) => NONE.into(),
    }
}

fn counted(number: u64, style: anstyle::Style) -> Cell {
    Cell::styled(number.to_string(), if number == 0 { DIM } else { style })
}

/// Schedules: how they fare (`inspect schedules`), or what they are (`beat list`).
#[derive(Debug)]
pub struct Schedules {
    /// The schedules, by name.
    pub reports: Vec<ScheduleReport>,
    /// Whether to show what they are.
    pub plain: bool,
}

impl View for Schedules {
    fn shape() -> &'static Shape {
        &fields::SCHEDULE
    }

    fn text(&self, look: &Look) -> String {
        match self.reports.as_slice() {
            [] => String::new(),
            reports if self.plain => list(look, reports),
            reports => table(look, reports),
        }
    }

    fn records(&self) -> Vec<String> {
        self.reports.iter().map(json).collect()
    }

    fn notes(&self) -> Vec<String> {
        let none = "no schedules: [schedules] of jobq.toml and jobq beat add make them";
        if self.reports.is_empty() { vec![none.to_owned()] } else { Vec::new() }
    }
}

fn table(look: &Look, reports: &[ScheduleReport]) -> String {
    let whole = rows(reports, true);
    // Where room is short, what somebody has to know is worth more than counts.
    if whole.fits_well(look) { whole.render(look) } else { rows(reports, false).render(look) }
}

fn rows(reports: &[ScheduleReport], counts: bool) -> Table {
    let mut columns = vec![
        ("SCHEDULE", Column::Text),
        ("NEXT", Column::Number),
        ("LAST", Column::Number),
        ("ENDED", Column::Text),
    ];
    if counts {
        columns.extend([("LAG", Column::Number), ("FIRED", Column::Number), ("SKIPPED", Column::Number)]);
    }
    columns.extend([("MISSED", Column::Number), ("NOTE", Column::Text)]);
    let mut table = Table::new(&columns);
    for report in reports {
        let (note, style) = note(report);
        let mut row: Vec<Cell> = vec![
            escape::text(&report.name).into(),
            report.next_ms.map_or(NONE.to_owned(), |next| ago(report.now_ms - next)).into(),
            report.last_ms.map_or(NONE.to_owned(), |last| ago(report.now_ms - last)).into(),
            ended(report),
        ];
        if counts {
            row.push(report.lag_ms.map_or(NONE.to_owned(), short).into());
            row.extend([counted(report.fired, PLAIN), counted(report.skipped, WARN)]);
        }
        row.extend([counted(report.missed, BAD), Cell::styled(escape::text(&note), style)]);
        table.row(row);
    }
    table
}

fn list(look: &Look, reports: &[ScheduleReport]) -> String {
    let mut table = Table::new(&[
        ("SCHEDULE", Column::Text),
        ("WHEN", Column::Text),
        ("NEXT", Column::Number),
        ("QUEUE", Column::Text),
        ("JOB", Column::Text),
        ("FROM", Column::Spare),
    ]);
    for report in reports {
        let next = match (&report.pause, report.next_ms) {
            (Some(_), _) => Cell::styled("paused", WARN),
            (None, Some(next)) => ago(report.now_ms - next).into(),
            (None, None) => Cell::styled(if report.done_ms.is_some() { "done" } else { NONE }, DIM),
        };
        let (rule, queue, job, from) = match &report.definition {
            Ok(definition) => {
                let place = match definition.source.place.as_str() {
                    "" => report.source.clone(),
                    place => place.to_owned(),
                };
                (when(definition), definition.job.queue.to_string(), what(&definition.job), place)
            }
            Err(why) => (why.clone(), NONE.to_owned(), NONE.to_owned(), report.source.clone()),
        };
        table.row(vec![
            escape::text(&report.name).into(),
            escape::text(&rule).into(),
            next,
            escape::text(&queue).into(),
            job.into(),
            Cell::styled(escape::text(&from), DIM),
        ]);
    }
    table.render(look)
}

#[derive(Serialize)]
struct Schedule<'a> {
    name: &'a str,
    when: Option<String>,
    timezone: Option<&'a str>,
    cron: Option<&'a str>,
    every_ms: Option<u64>,
    at: Option<String>,
    next_at: Option<String>,
    last_at: Option<String>,
    last_job: Option<&'a str>,
    lag_ms: Option<u64>,
    late_ms: u64,
    ended: Option<Ended<'a>>,
    succeeded_at: Option<String>,
    fired: u64,
    skipped: u64,
    missed: u64,
    why: Option<&'a str>,
    unfinished: u64,
    paused: Option<Paused<'a>>,
    full_queue: Option<&'a str>,
    incident_at: Option<String>,
    done_at: Option<String>,
    overlap: Option<&'static str>,
    missed_policy: Option<&'static str>,
    queue: Option<&'a str>,
    task: Option<&'a str>,
    args: Option<&'a std::collections::BTreeMap<String, serde_json::Value>>,
    argv: Option<&'a [Bytes]>,
    source: &'a str,
    place: Option<&'a str>,
    changed_at: Option<String>,
    unreadable: Option<&'a str>,
    schema: u32,
}

#[derive(Serialize)]
struct Ended<'a> {
    job: &'a str,
    at: String,
    state: Option<&'static str>,
    outcome: Option<&'static str>,
    exit_code: Option<u8>,
}

#[derive(Serialize)]
struct Paused<'a> {
    by: &'a str,
    since: String,
    until: Option<String>,
    reason: Option<&'a str>,
}

/// The word of the configuration for `overlap`.
pub fn overlap_word(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Queue => "queue",
        Overlap::Skip => "skip",
        Overlap::Replace => "replace",
        Overlap::Allow => "allow",
    }
}

/// The word of the configuration for `missed`.
pub fn missed_word(missed: Missed) -> &'static str {
    match missed {
        Missed::Once => "once",
        Missed::All => "all",
        Missed::Skip => "skip",
    }
}

/// A schedule for machines: one object.
fn json(report: &ScheduleReport) -> String {
    let definition = report.definition.as_ref().ok();
    let rule = definition.map(|definition| &definition.rule);
    let job = definition.map(|definition| &definition.job);
    line(&Schedule {
        name: &report.name,
        when: definition.map(when),
        timezone: definition.map(|definition| definition.timezone.as_str()),
        cron: rule.and_then(|rule| match rule {
            Rule::Cron { text, .. } => Some(text.as_str()),
            Rule::Reboot { .. } => Some("@reboot"),
            _ => None,
        }),
        every_ms: rule.and_then(|rule| if let Rule::Every(ms) = rule { Some(*ms) } else { None }),
        at: rule.and_then(|rule| if let Rule::At(ms) = rule { Some(rfc3339(*ms)) } else { None }),
        next_at: report.next_ms.map(rfc3339),
        last_at: report.last_ms.map(rfc3339),
        last_job: report.last_job.as_deref(),
        lag_ms: report.lag_ms,
        late_ms: report.overdue_ms(),
        ended: report.ended.as_ref().map(|ended| Ended {
            job: &ended.id,
            at: rfc3339(ended.at_ms),
            state: ended.state.map(State::name),
            outcome: ended.outcome.map(|outcome| outcome.name()),
            exit_code: ended.outcome.and_then(|outcome| match outcome {
                crate::core::outcome::Outcome::Exit(code) => Some(code),
                _ => None,
            }),
        }),
        succeeded_at: report.succeeded_ms.map(rfc3339),
        fired: report.fired,
        skipped: report.skipped,
        missed: report.missed,
        why: report.why.as_deref(),
        unfinished: report.unfinished,
        paused: report.pause.as_ref().map(|pause| Paused {
            by: &pause.by,
            since: rfc3339(pause.since_ms),
            until: pause.until_ms.map(rfc3339),
            reason: pause.reason.as_deref(),
        }),
        full_queue: report.stuck.as_ref().map(|(queue, _)| queue.as_str()),
        incident_at: report.incident_ms.map(rfc3339),
        done_at: report.done_ms.map(rfc3339),
        overlap: definition.map(|definition| overlap_word(definition.overlap)),
        missed_policy: definition.map(|definition| missed_word(definition.missed)),
        queue: job.map(|job| job.queue.as_str()),
        task: job.and_then(|job| job.task.as_ref()).map(|task| task.as_str()),
        args: job.filter(|job| job.task.is_some()).map(|job| &job.named),
        argv: job.filter(|job| job.task.is_none()).map(|job| job.argv.as_slice()),
        source: &report.source,
        place: definition
            .map(|definition| definition.source.place.as_str())
            .filter(|place| !place.is_empty()),
        changed_at: report.changed_ms.map(rfc3339),
        unreadable: report.definition.as_ref().err().map(String::as_str),
        schema: SCHEMA,
    })
}

#[cfg(test)]
mod tests;
