//! `jobq status ID` for people.

use anstyle::Style;

use crate::core::outcome::Outcome;
use crate::core::report::{Attempt, JobReport};
use crate::core::spec::{Backoff, Spec};
use crate::core::state::State;
use crate::core::when::{ago, clock, short};

use super::style::{BAD, DIM, Look, PLAIN, WARN, state as state_style};
use super::table::{Cell, Column, NONE, Table, cut};
use super::why::Reason;
use super::{escape, shell, words};

/// Lines of output shown at the end.
const TAIL_LINES: usize = 10;
const LABEL_WIDTH: usize = 10;

/// Labelled lines, collected.
struct Page<'a> {
    look: &'a Look,
    text: String,
}

impl Page<'_> {
    /// One labelled line; `value` is safe already.
    fn field(&mut self, label: &str, style: Style, value: &str) {
        let label = format!("{label:<LABEL_WIDTH$}");
        let line = format!("{}{}", self.look.paint(DIM, &label), self.look.paint(style, value));
        self.text.push_str(&format!("{}\n", self.look.fold(&line, LABEL_WIDTH)));
    }

    /// One labelled line of text from a job or user.
    fn foreign(&mut self, label: &str, style: Style, value: &str) {
        self.field(label, style, &escape::text(value));
    }

    fn instant(&mut self, label: &str, ms: Option<i64>, now_ms: i64, more: &str) {
        if let Some(ms) = ms {
            let when = clock(ms, &self.look.zone);
            let past = self.look.paint(DIM, &format!("({}{more})", ago(now_ms.saturating_sub(ms))));
            self.field(label, PLAIN, &format!("{when}  {past}"));
        }
    }
}

/// One job in full. `newest` is the newest output of both streams; where that is not kept,
/// the tail that the last attempt left is shown.
pub fn job(look: &Look, report: &JobReport, why: &Reason, newest: Option<&[u8]>) -> String {
    let mut page = Page { look, text: String::new() };
    let now = report.now_ms;
    page.foreign("job", PLAIN.bold(), &report.id);
    page.field("state", state_style(report.state), &state_words(report));
    // The sentence has the reason in it where there is one to tell.
    let stuck = !matches!(why.code, "in_line" | "running" | "scheduled" | "retry" | "snoozed");
    match &report.reason {
        Some(reason) if report.state.is_final() => page.foreign("reason", PLAIN, reason),
        _ if report.state.is_final() => {}
        _ => page.foreign("why", if stuck { WARN } else { PLAIN }, &why.sentence),
    }
    described(&mut page, &report.spec);
    page.field("attempts", PLAIN, &attempts_words(report));
    page.instant("enqueued", Some(report.enqueued_ms), now, "");
    if !report.state.is_final() {
        page.instant("due", report.due_ms, now, "");
        page.instant("expires", report.expires_ms, now, "");
    }
    page.instant("started", report.started_ms, now, "");
    page.instant("finished", report.finished_ms, now, &lasted(report));
    if let Some(worker) = &report.worker {
        let host = report.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default();
        page.foreign("worker", PLAIN, &format!("{worker}{host}"));
    }
    ended(&mut page, report);
    if report.attempts.len() > 1 {
        page.text.push('\n');
        page.text.push_str(&attempts_table(look, &report.attempts, now));
    }
    let kept = report.attempts.last().map(|attempt| attempt.tail.0.as_slice());
    if let Some(tail) = newest.or(kept).filter(|tail| !tail.is_empty()) {
        page.text.push('\n');
        page.text.push_str(&output_tail(look, tail));
    }
    page.text
}

/// What `--dry-run` shows: the job as it would be enqueued at `now_ms`. `due_ms` and
/// `expires_ms` are its instants, where it has them.
pub fn planned(
    look: &Look,
    spec: &Spec,
    due_ms: Option<i64>,
    expires_ms: Option<i64>,
    now_ms: i64,
) -> String {
    let mut page = Page { look, text: String::new() };
    page.field("dry run", WARN, "nothing was enqueued");
    described(&mut page, spec);
    page.instant("due", due_ms, now_ms, "");
    page.instant("expires", expires_ms, now_ms, "");
    page.text
}

fn described(page: &mut Page<'_>, spec: &Spec) {
    let priority = if spec.priority == 0 { String::new() } else { format!(", priority {}", spec.priority) };
    page.field("queue", PLAIN, &format!("{}{priority}", spec.queue));
    match &spec.task {
        Some(task) => page.field("task", PLAIN, task.as_str()),
        None => page.field("command", PLAIN, &shell::command(&spec.argv)),
    }
    if let Some(cwd) = &spec.cwd {
        page.field("folder", PLAIN, &shell::quote(&cwd.0));
    }
    if !spec.env.is_empty() {
        // Names only: values are often secrets.
        let names = spec.env.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        page.foreign("env", PLAIN, &names);
    }
    if !spec.labels.is_empty() {
        let labels = spec.labels.iter().map(|(key, value)| format!("{key}={value}"));
        page.foreign("labels", PLAIN, &labels.collect::<Vec<_>>().join(" "));
    }
    if let Some(policy) = policy(spec) {
        page.field("policy", PLAIN, &policy);
    }
}

/// Limits and retries that differ from the defaults.
fn policy(spec: &Spec) -> Option<String> {
    let mut parts = Vec::new();
    let retry = &spec.retry;
    if retry.retries > 0 {
        let grows = if retry.backoff == Backoff::Exponential { ", doubling" } else { "" };
        let retries =
            if retry.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", retry.retries) };
        let wait =
            if retry.delay_ms == 0 { "at once".into() } else { format!("after {}", short(retry.delay_ms)) };
        parts.push(format!("{retries} {wait}{grows}"));
    }
    if let Some(ms) = spec.limits.soft_timeout_ms {
        parts.push(format!("soft timeout {}", short(ms)));
    }
    if let Some(ms) = spec.limits.timeout_ms {
        parts.push(format!("timeout {}", short(ms)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn state_words(report: &JobReport) -> String {
    if report.cancelling && !report.state.is_final() {
        return format!("{}, being cancelled", report.state);
    }
    report.state.name().to_owned()
}

fn attempts_words(report: &JobReport) -> String {
    let allowed = report.spec.retry.retries.saturating_add(1);
    let mut counted = Vec::new();
    for (number, word) in [
        (report.failures, "failed"),
        (report.losses, "lost"),
        (report.snoozes, "snoozed"),
        (report.releases, "given back"),
    ] {
        if number > 0 {
            counted.push(format!("{number} {word}"));
        }
    }
    let counted = if counted.is_empty() { String::new() } else { format!(" ({})", counted.join(", ")) };
    match report.attempt {
        // A lost or given-back attempt does not use up a retry, so the number may pass the allowance.
        number if number <= allowed => format!("{number} of {allowed}{counted}"),
        number => format!("{number}{counted}"),
    }
}

fn lasted(report: &JobReport) -> String {
    match (report.started_ms, report.finished_ms) {
        (Some(started), Some(finished)) => {
            let ms = u64::try_from(finished.saturating_sub(started)).unwrap_or(0);
            format!(", ran {}", short(ms))
        }
        _ => String::new(),
    }
}

fn ended(page: &mut Page<'_>, report: &JobReport) {
    if let Some(outcome) = report.outcome {
        let style = if matches!(report.state, State::Failure) { BAD } else { PLAIN };
        let words = words::outcome(outcome);
        // What the worker wrote says the same, or more.
        let more = report.error.as_deref().filter(|error| *error != words && *error != outcome.name());
        match (outcome, more) {
            (Outcome::Timeout, Some(error)) => page.foreign("outcome", style, error),
            (_, Some(error)) => page.foreign("outcome", style, &format!("{words}: {error}")),
            (_, None) => page.field("outcome", style, &words),
        }
    } else if let Some(error) = &report.error {
        page.foreign("error", BAD, error);
    }
    if let Some(progress) = &report.progress {
        let percent = progress.percent.map(|percent| format!("{}%", percent.round()));
        let parts = [percent, progress.message.clone()];
        page.foreign("progress", PLAIN, &parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    if let Some(result) = &report.result {
        page.foreign("result", PLAIN, &result.to_string());
    }
    let output = report.output;
    if output.stdout_bytes + output.stderr_bytes > 0 {
        let dropped = match output.dropped {
            0 => String::new(),
            bytes => format!(" ({} not kept)", words::size(bytes)),
        };
        let (stdout, stderr) = (words::size(output.stdout_bytes), words::size(output.stderr_bytes));
        page.field("output", PLAIN, &format!("{stdout} on stdout, {stderr} on stderr{dropped}"));
    }
}

fn attempts_table(look: &Look, attempts: &[Attempt], now_ms: i64) -> String {
    let mut table = Table::new(&[
        ("ATTEMPT", Column::Number),
        ("OUTCOME", Column::Text),
        ("RAN", Column::Number),
        ("ENDED", Column::Number),
        ("WORKER", Column::Text),
    ]);
    for attempt in attempts {
        let ran = u64::try_from(attempt.ended_ms.saturating_sub(attempt.started_ms)).unwrap_or(0);
        let outcome = attempt.outcome.map_or_else(|| escape::text(&attempt.outcome_name), words::outcome);
        let worker = if attempt.worker.is_empty() { NONE } else { &attempt.worker };
        table.row(vec![
            attempt.attempt.into(),
            outcome.into(),
            short(ran).into(),
            ago(now_ms.saturating_sub(attempt.ended_ms)).into(),
            Cell::styled(escape::text(worker), DIM),
        ]);
    }
    table.render(look)
}

/// The last lines of an output, each behind a bar.
fn output_tail(look: &Look, tail: &[u8]) -> String {
    let safe = escape::block(tail);
    let lines: Vec<&str> = safe.lines().collect();
    let hidden = lines.len().saturating_sub(TAIL_LINES);
    let mut text = String::new();
    for line in &lines[hidden..] {
        let line = line.replace('\t', "    ");
        let line = look.width.map_or_else(|| line.clone(), |width| cut(&line, width.saturating_sub(2)));
        text.push_str(&format!("{} {line}\n", look.paint(DIM, "│")));
    }
    text
}
