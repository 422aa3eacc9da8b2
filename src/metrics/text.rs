//! OpenMetrics 1.0 text. A family says itself what it is; the writer keeps its samples together
//! and their labels escaped.

use std::fmt::{Display, Write as _};

/// What kind of numbers a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; samples end with `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size; samples end with `_bucket`, `_sum` and `_count`.
    Histogram,
    /// Facts as labels; samples end with `_info`.
    Info,
}

impl Kind {
    /// Its word in `# TYPE`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Info => "info",
        }
    }
}

/// A family of samples.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Its name, without the endings of samples.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// `seconds` or `bytes`, with which the name ends; or ''.
    pub unit: &'static str,
    /// The labels of its samples, besides `le`.
    pub labels: &'static [&'static str],
    /// What it means: one sentence.
    pub help: &'static str,
}

/// What is served under this type.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A text under construction.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// An empty one.
    pub fn new() -> Text {
        Text::default()
    }

    /// Begins a family; its samples follow.
    pub fn family(&mut self, family: &'static Family) -> Samples<'_> {
        let Family { name, kind, unit, help, .. } = family;
        let _ = writeln!(self.0, "# TYPE {name} {}", kind.word());
        if !unit.is_empty() {
            let _ = writeln!(self.0, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.0, "# HELP {name} {}", escaped(help));
        Samples { family, text: &mut self.0 }
    }

    /// The whole text, with its end marked.
    pub fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

/// The samples of a family. Labels are given by value, in the order of the family.
pub struct Samples<'a> {
    family: &'static Family,
    text: &'a mut String,
}

impl Samples<'_> {
    /// One sample of a counter or gauge.
    pub fn value(&mut self, labels: &[&str], value: impl Display) -> &mut Self {
        let ending = if self.family.kind == Kind::Counter { "_total" } else { "" };
        self.sample(ending, labels, None, value);
        self
    }

    /// The sample of an info: all its facts.
    pub fn facts(&mut self, labels: &[&str]) -> &mut Self {
        self.sample("_info", labels, None, 1);
        self
    }

    /// One histogram. `counts` are by bucket and not cumulative, `bound` the upper bound of
    /// each but the last.
    pub fn histogram(
        &mut self,
        labels: &[&str],
        counts: &[u64],
        bound: impl Fn(usize) -> Option<f64>,
        sum: f64,
    ) -> &mut Self {
        let mut below = 0;
        for (bucket, count) in counts.iter().enumerate() {
            below += count;
            let le = bound(bucket).map_or("+Inf".to_owned(), |bound| format!("{bound:?}"));
            self.sample("_bucket", labels, Some(&le), below);
        }
        self.sample("_count", labels, None, below);
        self.sample("_sum", labels, None, sum);
        self
    }

    fn sample(&mut self, ending: &str, labels: &[&str], le: Option<&str>, value: impl Display) {
        let _ = write!(self.text, "{}{ending}", self.family.name);
        let named = self.family.labels.iter().copied().zip(labels.iter().copied());
        let mut open = '{';
        for (name, value) in named.chain(le.map(|le| ("le", le))) {
            let _ = write!(self.text, "{open}{name}=\"{}\"", escaped(value));
            open = ',';
        }
        let close = if open == ',' { "}" } else { "" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

/// A label's value or a help text as it may stand in the text.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: Family =
        Family { name: "x_jobs", kind: Kind::Counter, unit: "", labels: &["queue"], help: "Jobs \"done\"." };
    const RUN: Family =
        Family { name: "x_run_seconds", kind: Kind::Histogram, unit: "seconds", labels: &[], help: "Run." };

    #[test]
    fn a_text_says_what_its_numbers_are() {
        let mut text = Text::new();
        text.family(&JOBS).value(&["a\\b\"c\nd"], 3).value(&["e"], 0);
        text.family(&RUN).histogram(&[], &[1, 0, 2], |k| [Some(0.001), Some(1.0), None][k], 7.5);
        assert_eq!(
            text.end(),
            "\
# TYPE x_jobs counter
# HELP x_jobs Jobs \\\"done\\\".
x_jobs_total{queue=\"a\\\\b\\\"c\\nd\"} 3
x_jobs_total{queue=\"e\"} 0
# TYPE x_run_seconds histogram
# UNIT x_run_seconds seconds
# HELP x_run_seconds Run.
x_run_seconds_bucket{le=\"0.001\"} 1
x_run_seconds_bucket{le=\"1.0\"} 1
x_run_seconds_bucket{le=\"+Inf\"} 3
x_run_seconds_count 3
x_run_seconds_sum 7.5
# EOF
"
        );
    }
}
