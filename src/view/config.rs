//! `jobq inspect config`: what holds, and where it was said.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{DIM, Look};
use super::table::{Cell, Column, NONE, Table};
use super::{View, escape};
use crate::core::bytes::Bytes;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// An option.
    Flag(&'static str),
    /// A variable.
    Environment(&'static str),
    /// A file, as it is shown.
    File {
        /// Its name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The character, from 1.
        column: usize,
    },
    /// Nobody said anything.
    Default,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it would be written with points: `worker.lease`.
    pub key: String,
    /// The value, secrets hidden; `null` for none.
    pub value: Value,
    /// Whether a secret is hidden in it.
    pub hidden: bool,
    /// Where it comes from.
    pub from: From,
}

/// All that holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigReport {
    /// The files that were read, the one that wins last.
    pub files: Vec<PathBuf>,
    /// The values, in the order of the manual.
    pub entries: Vec<Entry>,
}

/// For people: a table.
pub fn table(look: &Look, report: &ConfigReport) -> String {
    let mut table = Table::new(&[("KEY", Column::Whole), ("VALUE", Column::Text), ("FROM", Column::Whole)]);
    for entry in &report.entries {
        let value = match &entry.value {
            Value::Null => NONE.to_owned(),
            Value::String(text) => escape::text(text),
            other => escape::text(&other.to_string()),
        };
        let from = match &entry.from {
            From::Flag(name) | From::Environment(name) => (*name).to_owned(),
            From::File { file, line, .. } => escape::text(&format!("{file}:{line}")),
            From::Default => "default".to_owned(),
        };
        table.row(vec![escape::text(&entry.key).into(), value.into(), Cell::styled(from, DIM)]);
    }
    table.render(look)
}

/// For machines: one object.
pub fn json(report: &ConfigReport) -> String {
    #[derive(Serialize)]
    struct Outer<'a> {
        files: Vec<Bytes>,
        values: Vec<Line<'a>>,
        schema: u32,
    }
    line(&Outer {
        files: report.files.iter().map(|file| Bytes::from(file.clone().into_os_string())).collect(),
        values: report.entries.iter().map(machine).collect(),
        schema: SCHEMA,
    })
}

impl View for ConfigReport {
    fn shape() -> &'static Shape {
        &fields::SETTING
    }

    fn text(&self, look: &Look) -> String {
        table(look, self)
    }

    fn records(&self) -> Vec<String> {
        vec![json(self)]
    }

    fn items(&self) -> Vec<String> {
        self.entries.iter().map(|entry| line(&machine(entry))).collect()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    value: &'a Value,
    hidden: bool,
    from: &'static str,
    name: Option<&'static str>,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

fn machine(entry: &Entry) -> Line<'_> {
    let Entry { key, value, hidden, from } = entry;
    let bare = Line {
        key,
        value,
        hidden: *hidden,
        from: "default",
        name: None,
        file: None,
        line: None,
        column: None,
    };
    match from {
        From::Flag(name) => Line { from: "flag", name: Some(name), ..bare },
        From::Environment(name) => Line { from: "environment", name: Some(name), ..bare },
        From::File { file, line, column } => {
            Line { from: "file", file: Some(file), line: Some(*line), column: Some(*column), ..bare }
        }
        From::Default => bare,
    }
}

/// A server's URL without its secrets: `redis://me:***@host`.
pub fn hide_url(url: &str) -> (String, bool) {
    let Some((scheme, rest)) = url.split_once("://") else { return (HIDDEN.to_owned(), true) };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let at = rest.find('/').unwrap_or(rest.len());
    // A password may hold a slash that should have been escaped: the last @ of all counts.
    let (user, place) = match rest.rfind('@').filter(|found| scheme.starts_with("re") || *found < at) {
        Some(found) => (Some(&rest[..found]), &rest[found + 1..]),
        None => (None, rest),
    };
    let mut hidden = false;
    let mut shown = format!("{scheme}://");
    if let Some(user) = user {
        hidden = true;
        let name = user.split_once(':').map(|(name, _)| format!("{name}:")).unwrap_or_default();
        shown.push_str(&format!("{name}{HIDDEN}@"));
    }
    shown.push_str(place);
    for (index, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                hidden = true;
                shown.push_str(&format!("{name}={HIDDEN}"));
            }
            _ => shown.push_str(pair),
        }
    }
    (shown, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_hidden() {
        for (url, shown) in [
            ("redis://h:6379/0", "redis://h:6379/0"),
            ("redis://me:secret@h:6379", "redis://me:***@h:6379"),
            ("redis://:sec:ret@h", "redis://:***@h"),
            ("redis://:se/cr@et@h/1", "redis://:***@h/1"),
            ("redis://secret@h", "redis://***@h"),
            ("unix:///run/a@b.sock?user=me&pass=secret&db=1", "unix:///run/a@b.sock?user=me&pass=***&db=1"),
            ("secret", "***"),
        ] {
            assert_eq!(hide_url(url).0, shown);
            assert_eq!(hide_url(url).1, shown.contains("***"));
        }
    }

    #[test]
    fn told_for_people_and_for_machines() {
        let file = From::File { file: "jobq.toml".into(), line: 3, column: 9 };
        let entry =
            |key: &str, value: Value, from: From| Entry { key: key.into(), value, hidden: false, from };
        let report = ConfigReport {
            files: vec!["/srv/jobq.toml".into()],
            entries: vec![
                entry("redis.url", Value::Null, From::Default),
                entry("redis.namespace", "shop\x1b".into(), From::Environment("JOBQ_NAMESPACE")),
                entry("worker.queues", serde_json::json!(["a"]), file),
            ],
        };
        assert_eq!(
            table(&Look::plain(), &report),
            "KEY              VALUE     FROM\n\
             redis.url        -         default\n\
             redis.namespace  shop\\x1b  JOBQ_NAMESPACE\n\
             worker.queues    [\"a\"]     jobq.toml:3\n"
        );
        let machine: Value = serde_json::from_str(&json(&report)).unwrap();
        assert_eq!(machine["values"][2]["line"], 3);
        assert_eq!(machine["values"][1]["from"], "environment");
        assert_eq!(machine["files"][0], "/srv/jobq.toml");
    }
}
