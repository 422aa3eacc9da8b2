//! Samples, and what they say about a promise.

use std::fmt::Write as _;
use std::time::Duration;

/// Times of one thing, measured again and again.
#[derive(Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The time that `percent` of the samples did not exceed, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent / 100).min(sorted.len() - 1);
        sorted[place].as_secs_f64() * 1e3
    }

    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    pub fn min(&self) -> f64 {
        self.percentile(0)
    }

    /// One line of the report.
    pub fn print(&self, name: &str) {
        println!("  {name:<34} median {:>8.3} ms   min {:>8.3} ms", self.median(), self.min());
    }
}

/// What was promised of a ratio.
#[derive(Debug, Clone, Copy)]
pub enum Promise {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table at the end.
#[derive(Debug)]
pub struct Verdict {
    pub what: String,
    pub promise: Promise,
    pub measured: f64,
}

impl Verdict {
    pub fn new(what: impl Into<String>, promise: Promise, measured: f64) -> Verdict {
        Verdict { what: what.into(), promise, measured }
    }

    fn is_kept(&self) -> bool {
        match self.promise {
            Promise::AtMost(limit) => self.measured <= limit,
            Promise::AtLeast(limit) => self.measured >= limit,
        }
    }

    pub fn is_missed(&self, allowance: f64) -> bool {
        match self.promise {
            Promise::AtMost(limit) => self.measured > limit * (1.0 + allowance),
            Promise::AtLeast(limit) => self.measured < limit * (1.0 - allowance),
        }
    }
}

/// All verdicts, aligned.
pub fn table(verdicts: &[Verdict], allowance: f64) -> String {
    let mut text = format!("{:<58} {:>10} {:>9}\n", "PROMISE", "PROMISED", "MEASURED");
    for verdict in verdicts {
        let promised = match verdict.promise {
            Promise::AtMost(limit) => format!("<= {limit:.2}"),
            Promise::AtLeast(limit) => format!(">= {limit:.2}"),
        };
        let word = match (verdict.is_kept(), verdict.is_missed(allowance)) {
            (true, _) => "kept",
            (false, false) => "within noise",
            (false, true) => "MISSED",
        };
        let _ = writeln!(text, "{:<58} {promised:>10} {:>9.2}  {word}", verdict.what, verdict.measured);
    }
    let _ = write!(text, "noise allowance: {:.0} %", allowance * 100.0);
    text
}
