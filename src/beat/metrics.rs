//! What a beat counts of itself, and what it says over HTTP: `/metrics`, `/healthz`, `/readyz`.
//!
//! The responder looks at nothing but these numbers, so its answers are true when Redis is not
//! there and also when the loop stands still.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use crate::core::error::Error;
use crate::core::report::Census;
use crate::core::stats::{Histogram, bound_ms};
use crate::core::store::Store;
use crate::metrics::text::Text;
use crate::metrics::{Count, catalog};
use crate::service::pages::{self, Birth, FRESH, Speaks, locked};

/// The room of a beat's counters.
#[derive(Debug)]
pub(super) struct Metrics {
    birth: Birth,
    /// When the loop last turned, or a call that it waits for was answered.
    moved: Mutex<Option<Instant>>,
    heard: Mutex<Option<Instant>>,
    trouble: Mutex<Option<(Instant, &'static str)>>,
    lag: Mutex<Histogram>,
    last_tick_ms: AtomicI64,
    fired: Count,
    /// Whether a whole look was done: its files are published, and what was due was read.
    pub(super) works: AtomicBool,
    /// Whether it acts first.
    pub(super) leads: AtomicBool,
    /// Files that say something else than Redis.
    pub(super) drift: AtomicUsize,
    /// Definitions that it cannot read.
    pub(super) unreadable: AtomicUsize,
    /// Ticks without a job because of a pause or an earlier job.
    pub(super) skipped: Count,
    /// Ticks without a job because nobody acted in time.
    pub(super) missed: Count,
    /// Times that a queue had no room for a tick's job.
    pub(super) full: Count,
    /// Steps of the server's clock.
    pub(super) jumps: Count,
    /// The newest census that was finished.
    pub(super) census: Mutex<Census>,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        Metrics {
            birth: Birth::now(),
            moved: Mutex::default(),
            heard: Mutex::default(),
            trouble: Mutex::default(),
            lag: Mutex::default(),
            last_tick_ms: AtomicI64::new(0),
            fired: Count::default(),
            works: AtomicBool::new(false),
            leads: AtomicBool::new(false),
            drift: AtomicUsize::new(0),
            unreadable: AtomicUsize::new(0),
            skipped: Count::default(),
            missed: Count::default(),
            full: Count::default(),
            jumps: Count::default(),
            census: Mutex::default(),
        }
    }

    /// A job was made, so many milliseconds after its tick.
    pub(super) fn fired(&self, tick_ms: i64, lag_ms: u64) {
        self.fired.add(1);
        self.last_tick_ms.fetch_max(tick_ms, Relaxed);
        locked(&self.lag).record(lag_ms);
    }

    /// The loop turned.
    pub(super) fn turned(&self) {
        *locked(&self.moved) = Some(Instant::now());
    }

    /// Redis answered: so far the loop cannot stand still.
    pub(super) fn heard(&self) {
        self.turned();
        *locked(&self.heard) = Some(Instant::now());
    }

    /// A whole look was done.
    pub(super) fn looked(&self) {
        *locked(&self.trouble) = None;
        self.works.store(true, Relaxed);
    }

    /// A look failed.
    pub(super) fn failed(&self, error: &Error) {
        let mut trouble = locked(&self.trouble);
        let since = trouble.map_or_else(Instant::now, |(since, _)| since);
        *trouble = Some((since, error.kind()));
    }

    /// When there was a sign of life: now, until there is a loop that could stand still.
    pub(super) fn alive(&self) -> Instant {
        locked(&self.moved).unwrap_or_else(Instant::now)
    }
}

impl Speaks for Metrics {
    fn text(&self, store: &Store) -> String {
        let mut text = Text::new();
        pages::of_process(&mut text, self.birth, store);
        text.family(&catalog::BEAT_READY).value(&[], u8::from(self.why_not_ready().is_none()));
        text.family(&catalog::BEAT_LEADER).value(&[], u8::from(self.leads.load(Relaxed)));
        let lag = locked(&self.lag).clone();
        let bound = |bucket| bound_ms(bucket).map(|ms| ms as f64 / 1000.0);
        text.family(&catalog::BEAT_LAG).histogram(&[], &lag.counts, bound, lag.sum_ms as f64 / 1000.0);
        let last_s = self.last_tick_ms.load(Relaxed) as f64 / 1000.0;
        text.family(&catalog::BEAT_LAST_TICK).value(&[], last_s);
        let mut ticks = text.family(&catalog::BEAT_TICKS);
        for (result, count) in [("fired", &self.fired), ("skipped", &self.skipped), ("missed", &self.missed)]
        {
            ticks.value(&[result], count.get());
        }
        text.family(&catalog::BEAT_FULL).value(&[], self.full.get());
        let census = *locked(&self.census);
        let mut schedules = text.family(&catalog::BEAT_SCHEDULES);
        for (state, count) in census.states() {
            schedules.value(&[state], count);
        }
        text.family(&catalog::BEAT_UNREADABLE).value(&[], self.unreadable.load(Relaxed));
        text.family(&catalog::BEAT_DRIFT).value(&[], self.drift.load(Relaxed));
        text.family(&catalog::BEAT_CLOCK).value(&[], self.jumps.get());
        text.end()
    }

    fn turned(&self) -> Option<(&'static str, Instant)> {
        locked(&self.moved).map(|moved| ("beat", moved))
    }

    fn why_not_ready(&self) -> Option<String> {
        if let Some((since, kind)) = *locked(&self.trouble) {
            return Some(pages::away(since, kind));
        }
        match *locked(&self.heard) {
            Some(heard) if heard.elapsed() > FRESH => Some(pages::stale(heard)),
            Some(_) if self.works.load(Relaxed) => None,
            Some(_) => Some("starting: the schedules have not been read yet".to_owned()),
            None => Some("starting: Redis has not answered yet".to_owned()),
        }
    }
}
