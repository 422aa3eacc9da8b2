//! `jobq inspect doctor`: a line for each check, and what to do where it is not well.

use serde::Serialize;

use super::checks::{Finding, Verdict};
use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, DIM, GOOD, Look, WARN};
use super::{View, escape};

/// The column in which sentences begin.
const SAYS_AT: usize = 19;

/// What a check-up found.
#[derive(Debug)]
pub struct Diagnosis(pub Vec<Finding>);

impl Diagnosis {
    /// Whether nothing is bad; a warning is not.
    pub fn is_well(&self) -> bool {
        self.0.iter().all(|finding| finding.verdict != Verdict::Bad)
    }
}

impl View for Diagnosis {
    fn shape() -> &'static Shape {
        &fields::FINDING
    }

    fn text(&self, look: &Look) -> String {
        let mut text = String::new();
        for finding in &self.0 {
            let style = match finding.verdict {
                Verdict::Ok => GOOD,
                Verdict::Warn => WARN,
                Verdict::Bad => BAD.bold(),
            };
            let verdict = look.paint(style, &format!("{:<4}", finding.verdict.word()));
            let check = look.paint(DIM, &format!("{:<11}", finding.check));
            let line = format!("{verdict}  {check}  {}", escape::text(&finding.says));
            text.push_str(&format!("{}\n", look.fold(&line, SAYS_AT)));
            if let Some(advice) = &finding.advice {
                let advice = look.paint(DIM, &format!("-> {}", escape::text(advice)));
                let line = format!("{:SAYS_AT$}{advice}", "");
                text.push_str(&format!("{}\n", look.fold(&line, SAYS_AT + 3)));
            }
        }
        text
    }

    fn records(&self) -> Vec<String> {
        self.0.iter().map(record).collect()
    }
}

fn record(finding: &Finding) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        check: &'a str,
        verdict: &'a str,
        says: &'a str,
        advice: Option<&'a str>,
        schema: u32,
    }
    line(&Record {
        check: finding.check,
        verdict: finding.verdict.word(),
        says: &finding.says,
        advice: finding.advice.as_deref(),
        schema: SCHEMA,
    })
}
