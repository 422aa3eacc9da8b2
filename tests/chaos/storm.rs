//! The storm: everything goes wrong at once while jobs come in and run; then the verdict.

use std::thread;
use std::time::Duration;

use super::faults::{self, Kind};
use super::judge::{Verdict, judge};
use super::producers::Book;
use super::stage::{Rng, Stage, lock};
use super::ticks::{Tally, Ticks};
use crate::support::books::Books;

/// Schedules of a storm with beats.
const SCHEDULES: usize = 10;

/// What goes wrong, and how often.
pub struct Weather<'a> {
    /// Each group takes its turns beside the others.
    pub groups: &'a [&'a [Kind]],
    /// The shortest and longest rest between two faults of a group, in milliseconds.
    pub rest_ms: (u64, u64),
    pub producers: u64,
    /// How old what the server answered may be when it dies without having written it.
    pub unwritten: Duration,
    /// How long everything may take to end once nothing goes wrong any more.
    pub drain: Duration,
}

/// How a storm went.
pub struct Passed {
    pub verdict: Verdict,
    /// From the last fault to the last end of a job.
    pub drained_ms: u128,
    /// Of the schedules, where the stage has beats.
    pub ticks: Option<Tally>,
}

/// Runs a storm to its verdict.
pub fn run(stage: Stage, seed: u64, weather: &Weather<'_>) -> (Stage, Passed) {
    let shape = stage.shape;
    let (book, stage_ref) = (Book::default(), &stage);
    let ticks = stage.has_beats().then(|| Ticks::begin(&stage, SCHEDULES));
    let drained = thread::scope(|scope| {
        scope.spawn(|| stage_ref.keep_workers());
        let _end = EndOfKeeping(stage_ref);
        let storms = (100..).zip(weather.groups).map(|(part, kinds)| {
            scope.spawn(move || faults::storm(stage_ref, Rng::new(seed, part), kinds, weather.rest_ms))
        });
        let storms: Vec<_> = storms.collect();
        let sending = (0..weather.producers).map(|part| {
            let (book, rng) = (&book, Rng::new(seed, part));
            scope.spawn(move || book.produce(stage_ref, rng))
        });
        let sending: Vec<_> = sending.collect();
        let told = sending.into_iter().map(thread::ScopedJoinHandle::join).all(|end| end.is_ok());
        stage_ref.calm();
        let calmed = storms.into_iter().map(thread::ScopedJoinHandle::join).all(|end| end.is_ok());
        assert!(told && calmed, "a thread of the run panicked");
        stage_ref.stop_beats();
        // What was made while the clock stood an hour ahead falls due an hour later: let it pass.
        lock(&stage_ref.server).set_offset(3_700);
        let drained = stage_ref.drain(weather.drain);
        stage_ref.stop_workers();
        drained
    });
    let books = Books::read(&mut lock(&stage.server).client());
    let slack = shape.lease * 2 + Duration::from_secs(5);
    let slack_ns = u64::try_from(slack.as_nanos()).unwrap_or(u64::MAX);
    let mut verdict =
        judge(&book.sent(), &stage.truth.lives(), &books, &stage.ledger(), slack_ns, weather.unwritten);
    verdict.violations = stage.violations();
    let drained_ms = drained.unwrap_or(weather.drain).as_millis();
    let ticks = ticks.map(|ticks| ticks.count(&stage));
    (stage, Passed { verdict, drained_ms, ticks })
}

/// Ends the keeping of workers, also after a panic: a scope waits for their keeper.
pub struct EndOfKeeping<'a>(pub &'a Stage);

impl Drop for EndOfKeeping<'_> {
    fn drop(&mut self) {
        self.0.calm();
        self.0.let_workers_be();
    }
}
