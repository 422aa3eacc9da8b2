//! Errors, told once: what failed, where, why, and one hint.

use serde::Serialize;

use super::escape;
use super::style::{BAD, DIM, Look};

/// A failure of jobq itself, ready to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The exit code of the manual's table, also where a wait exits 125.
    pub code: u8,
    /// One stable word: `unreachable`, `no_such_job`, `queue_full`, …
    pub kind: &'static str,
    /// What failed, where and why: one line without a final stop.
    pub message: String,
    /// Further faults of the same kind, a line each; a line that begins with two spaces goes
    /// on from the one before it, and shows what it is about.
    pub more: Vec<String>,
    /// For machines: further members of the error object.
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(code: u8, kind: &'static str, message: impl Into<String>) -> Problem {
        let (message, more, facts) = (message.into(), Vec::new(), serde_json::Map::new());
        Problem { code, kind, message, more, facts, hint: None }
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem with a fact for machines.
    #[must_use]
    pub fn fact(mut self, name: &str, value: serde_json::Value) -> Problem {
        self.facts.insert(name.to_owned(), value);
        self
    }

    /// The same problem with further faults.
    #[must_use]
    pub fn more(mut self, more: Vec<String>) -> Problem {
        self.more = more;
        self
    }

    /// For people: one `jobq:` line for each fault and perhaps one `hint:` line, ended.
    pub fn text(&self, look: &Look) -> String {
        let mut text = String::new();
        for message in std::iter::once(&self.message).chain(&self.more) {
            match message.starts_with("  ") {
                true => text.push_str(&format!("    {}\n", escape::text(message))),
                false => {
                    text.push_str(&format!(
                        "{} {}\n",
                        look.paint(BAD.bold(), "jobq:"),
                        escape::text(message)
                    ));
                }
            }
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("{} {}\n", look.paint(DIM, "hint:"), escape::text(hint)));
        }
        text
    }

    /// For machines: `{"error":{"code":69,"kind":"unreachable","message":…,"hint":…}}`.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Outer<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            code: u8,
            kind: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            more: &'a [String],
            #[serde(flatten)]
            facts: &'a serde_json::Map<String, serde_json::Value>,
            hint: Option<&'a str>,
        }
        super::json::line(&Outer {
            error: Inner {
                code: self.code,
                kind: self.kind,
                message: &self.message,
                more: &self.more,
                facts: &self.facts,
                hint: self.hint.as_deref(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_the_place_stands_below_the_fault() {
        let problem = Problem::new(78, "config", "jobq.toml:2:9: 61 is no minute")
            .more(vec!["  61 *".into(), "  ^^".into()]);
        assert_eq!(
            problem.text(&Look::plain()),
            "jobq: jobq.toml:2:9: 61 is no minute\n      61 *\n      ^^\n"
        );
    }

    #[test]
    fn told_for_people_and_for_machines() {
        let problem =
            Problem::new(69, "unreachable", "cannot reach Redis at 127.0.0.1:1: connection refused\x1b")
                .hint("is the server running?");
        assert_eq!(
            problem.text(&Look::plain()),
            "jobq: cannot reach Redis at 127.0.0.1:1: connection refused\\x1b\nhint: is the server running?\n"
        );
        assert_eq!(
            problem.json(),
            "{\"error\":{\"code\":69,\"kind\":\"unreachable\",\"message\":\"cannot reach Redis at 127.0.0.1:1: connection refused\\u001b\",\"hint\":\"is the server running?\"}}\n"
        );
    }
}
