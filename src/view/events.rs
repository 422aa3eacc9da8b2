//! `jobq inspect events`: a line for each event.

use std::collections::BTreeMap;

use anstyle::Style;
use serde::Serialize;

use crate::core::outcome::Outcome;
use crate::core::report::Event;
use crate::core::when::{ago, clock, rfc3339};

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, BUSY, DIM, GOOD, Look, PLAIN, WARN};
use super::{View, escape, words};

/// Some events, the oldest first.
#[derive(Debug)]
pub struct Events {
    /// The events.
    pub events: Vec<Event>,
    /// What to say after them.
    pub notes: Vec<String>,
}

impl View for Events {
    fn shape() -> &'static Shape {
        &fields::EVENT
    }

    fn text(&self, look: &Look) -> String {
        self.events.iter().map(|event| told(look, event)).collect()
    }

    fn records(&self) -> Vec<String> {
        self.events.iter().map(record).collect()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

fn style(kind: &str) -> Style {
    match kind {
        "succeeded" | "recovery" => GOOD,
        "failed" | "alert" => BAD,
        "retry" | "lost" | "refused" | "released" | "takeover" | "handback" | "buried" => WARN,
        "started" => BUSY,
        "enqueued" | "deleted" | "joined" | "left" => DIM,
        _ => PLAIN,
    }
}

/// When, what, about whom, and what else there is to say.
fn told(look: &Look, event: &Event) -> String {
    let kind = event.kind();
    let when = look.paint(DIM, &clock(event.at_ms, &look.zone));
    let what = look.paint(style(kind), &escape::text(&format!("{kind:<10}")));
    let rest = [subject(event), particulars(event), said(event)];
    let rest = rest.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let line = format!("{when}  {what}  {}", escape::text(&rest));
    // Below the kind: the times stand alone in their column.
    format!("{}\n", look.fold(&line, 25))
}

/// The job with its queue or task, or whatever else the event is about.
fn subject(event: &Event) -> String {
    let place = event.field("q").or_else(|| event.field("t"));
    match (event.field("id"), place) {
        (Some(id), Some(place)) => format!("{id} ({place})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => event.field("w").unwrap_or_default().to_owned(),
    }
}

fn particulars(event: &Event) -> String {
    let mut parts = Vec::new();
    if let Some(attempt) = event.field("n") {
        parts.push(format!("attempt {attempt}"));
    }
    if let Some(worker) = event.field("w").filter(|_| event.field("id").is_some()) {
        parts.push(format!("on {worker}"));
    }
    if let Some(outcome) = event.field("o").filter(|outcome| !outcome.is_empty()) {
        let known = Outcome::from_stored(outcome, detail(event));
        parts.push(known.map_or_else(|| outcome.to_owned(), words::outcome));
    }
    if let Some(count) = event.field("c").and_then(|count| count.parse().ok()) {
        parts.push(words::count(count, "job"));
    }
    if let Some(due) = event.field("due").and_then(|due| due.parse::<i64>().ok()) {
        // Against the event's own time, so that the line says the same whenever it is read.
        parts.push(format!("due {} later", ago(event.at_ms.saturating_sub(due)).trim_start_matches("in ")));
    }
    if let Some(settings) = event.field("s") {
        parts.push(settings.to_owned());
    }
    if let Some(parent) = event.field("p") {
        parts.push(format!("after {parent}"));
    }
    parts.join(", ")
}

fn detail(event: &Event) -> Option<u8> {
    event.field("d")?.parse().ok()
}

/// Who did it, and why.
fn said(event: &Event) -> String {
    let who = match (event.field("u"), event.field("by")) {
        (Some(user), _) => {
            let host = event.field("h").map(|host| format!("@{host}")).unwrap_or_default();
            format!("by {user}{host}")
        }
        (None, Some(worker)) => format!("by {worker}"),
        (None, None) => String::new(),
    };
    match event.field("r") {
        Some(why) if who.is_empty() => why.to_owned(),
        Some(why) => format!("{who}: {why}"),
        None => who,
    }
}

fn record(event: &Event) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        id: &'a str,
        at: String,
        kind: &'a str,
        job: Option<&'a str>,
        queue: Option<&'a str>,
        task: Option<&'a str>,
        attempt: Option<u64>,
        worker: Option<&'a str>,
        user: Option<&'a str>,
        host: Option<&'a str>,
        by: Option<&'a str>,
        outcome: Option<&'a str>,
        exit_code: Option<u8>,
        signal: Option<u8>,
        reason: Option<&'a str>,
        due_at: Option<String>,
        count: Option<u64>,
        settings: Option<&'a str>,
        parent: Option<&'a str>,
        more: BTreeMap<&'a str, &'a str>,
        schema: u32,
    }
    const KNOWN: [&str; 14] = ["k", "id", "q", "t", "n", "w", "u", "h", "by", "o", "d", "r", "due", "c"];
    let number = |name| event.field(name).and_then(|text| text.parse().ok());
    let outcome = event.field("o").and_then(|name| Outcome::from_stored(name, detail(event)));
    let more =
        event.fields.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()) && name != "s" && name != "p");
    line(&Record {
        id: &event.id,
        at: rfc3339(event.at_ms),
        kind: event.kind(),
        job: event.field("id"),
        queue: event.field("q"),
        task: event.field("t"),
        attempt: number("n"),
        worker: event.field("w"),
        user: event.field("u"),
        host: event.field("h"),
        by: event.field("by"),
        outcome: event.field("o"),
        exit_code: match outcome {
            Some(Outcome::Exit(code)) => Some(code),
            _ => None,
        },
        signal: match outcome {
            Some(Outcome::Signal { number, .. }) => Some(number),
            _ => None,
        },
        reason: event.field("r"),
        due_at: event.field("due").and_then(|due| due.parse().ok()).map(rfc3339),
        count: number("c"),
        settings: event.field("s"),
        parent: event.field("p"),
        more: more.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        schema: SCHEMA,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(fields: &[(&str, &str)]) -> Event {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Event { id: "1796112000000-3".into(), at_ms: 1_796_112_000_000, fields }
    }

    #[test]
    fn told_for_people_and_for_machines() {
        let failed = event(&[
            ("k", "retry"),
            ("id", "a\x1b"),
            ("q", "emails"),
            ("n", "2"),
            ("w", "web1-7"),
            ("h", "web1"),
            ("o", "exit"),
            ("d", "3"),
            ("due", "1796112010000"),
            ("new", "one"),
        ]);
        assert_eq!(
            told(&Look::plain(), &failed),
            "2026-12-01 08:00:00 UTC  retry       a\\x1b (emails)  attempt 2, on web1-7, exit code 3, due 10s later\n"
        );
        let record: serde_json::Value = serde_json::from_str(&record(&failed)).unwrap();
        assert_eq!((&record["exit_code"], &record["more"]["new"]), (&3.into(), &"one".into()));
        assert_eq!(record["due_at"], "2026-12-01T08:00:10.000Z");
        let purge =
            event(&[("k", "purge"), ("q", "emails"), ("u", "ann"), ("h", "web1"), ("c", "7"), ("r", "old")]);
        assert_eq!(
            told(&Look::plain(), &purge),
            "2026-12-01 08:00:00 UTC  purge       emails  7 jobs  by ann@web1: old\n"
        );
    }
}
