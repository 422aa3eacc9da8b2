//! The ticks of a storm's schedules, counted: each made one job, or is said to be skipped or
//! missed, whatever befell the beats, the server and its clock.

use super::faults::key;
use super::stage::{Stage, lock};
use crate::support::beats::ticks;
use crate::support::books::Books;

/// A tick of each schedule is due so often, in milliseconds.
const EVERY_MS: i64 = 1_000;

/// Schedules, each with its first tick.
pub struct Ticks(Vec<(String, i64)>);

/// What came of the ticks.
#[derive(Debug, Default, serde::Serialize)]
pub struct Tally {
    pub schedules: usize,
    /// Between the first tick and the next one that will be, over all schedules.
    pub due: i64,
    pub made: i64,
    pub skipped: i64,
    pub missed: i64,
    /// Ticks that made two jobs or more.
    pub doubled: usize,
    /// Jobs that the books do not count, or count and that are not there.
    pub miscounted: Vec<String>,
    /// Ticks of which nothing is said.
    pub unaccounted: Vec<String>,
}

impl Ticks {
    /// Adds so many schedules.
    pub fn begin(stage: &Stage, schedules: usize) -> Ticks {
        let all = (0..schedules).map(|number| {
            let name = format!("tick-{number}");
            // A job takes the place of the one before, so that no chain grows.
            let words = ["beat", "add", &name, "--every", "1s", "--overlap", "replace", "--", "true"];
            stage.room.jobq(words).run().status(0);
            let due = lock(&stage.server).cli(&["HGET", &key(&format!("schedule:{name}")), "due"]).text();
            (name, due.parse().expect("an instant"))
        });
        Ticks(all.collect())
    }

    /// Counts, once the beats are gone.
    pub fn count(&self, stage: &Stage) -> Tally {
        let mut client = lock(&stage.server).client();
        let (jobs, books) = (ticks(&mut client), Books::read(&mut client));
        let mut tally = Tally { schedules: self.0.len(), ..Tally::default() };
        for (name, first) in &self.0 {
            let fields = books.hash(&format!("schedule:{name}"));
            let number = |field: &str| fields.get(field).and_then(|text| text.parse().ok()).unwrap_or(0_i64);
            let (fired, skipped, missed) = (number("fired"), number("skipped"), number("missed"));
            let due = (number("due") - first) / EVERY_MS;
            let made = jobs.get(name);
            let there = made.map_or(0, |made| made.values().sum::<usize>());
            tally.doubled += made.map_or(0, |made| made.values().filter(|times| **times > 1).count());
            if i64::try_from(there) != Ok(fired) {
                tally.miscounted.push(format!("{name}: {there} jobs, {fired} are counted"));
            }
            if due != fired + skipped + missed {
                tally.unaccounted.push(format!(
                    "{name}: {due} were due, {fired} made a job, {skipped} were skipped, {missed} missed"
                ));
            }
            tally.due += due;
            tally.made += fired;
            tally.skipped += skipped;
            tally.missed += missed;
        }
        tally
    }
}
