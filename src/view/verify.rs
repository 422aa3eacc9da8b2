//! `jobq inspect verify`: what does not hold of the stored state.

use serde::Serialize;

use crate::core::verify::Violation;

use super::fields::{self, Shape};
use super::json::{SCHEMA, line};
use super::style::{BAD, Look};
use super::table::{Cell, Column, Table};
use super::words::count;
use super::{View, escape};

/// What a walk through the store found.
#[derive(Debug)]
pub struct Verdicts {
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// What could not be judged.
    pub notes: Vec<String>,
    /// Keys and jobs that were looked at.
    pub looked: (u64, u64),
}

impl View for Verdicts {
    fn shape() -> &'static Shape {
        &fields::VIOLATION
    }

    fn text(&self, look: &Look) -> String {
        let (keys, jobs) = self.looked;
        let looked = format!("{} and {} were checked", count(jobs, "job"), count(keys, "key"));
        if self.violations.is_empty() {
            return format!("sound: {looked}\n");
        }
        let mut table =
            Table::new(&[("CODE", Column::Whole), ("ABOUT", Column::Whole), ("WHAT", Column::Text)]);
        for one in &self.violations {
            table.row(vec![
                Cell::styled(one.code, BAD),
                escape::text(&one.subject).into(),
                escape::text(&one.says).into(),
            ]);
        }
        let found = count(self.violations.len() as u64, "violation");
        format!("{}\n{found}: {looked}\n", table.render(look))
    }

    fn records(&self) -> Vec<String> {
        self.violations.iter().map(record).collect()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

fn record(one: &Violation) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        code: &'a str,
        subject: &'a str,
        says: &'a str,
        schema: u32,
    }
    line(&Record { code: one.code, subject: &one.subject, says: &one.says, schema: SCHEMA })
}
