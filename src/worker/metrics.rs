//! What a worker's process counts, and what it says of itself over HTTP: `/metrics`, `/healthz`
//! and `/readyz`.
//!
//! Whoever causes a fact counts it: slots their attempts, the carrier the output, the engine its
//! leases, the link its errors. The engine also leaves a picture of itself here each time that
//! its loop turns; the responder looks at that alone, so its answers are true when Redis is not
//! there and also when the loop stands still.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::output::Stream;
use super::settings::Settings;
use crate::core::script::HOOK_QUEUES;
use crate::core::stats::{Histogram, bound_ms};
use crate::core::store::Store;
use crate::metrics::text::Text;
use crate::metrics::{Count, catalog};
use crate::service::pages::{self, Birth, FRESH, Speaks, locked};

/// Counters of one queue.
#[derive(Debug, Default)]
struct QueueCounts {
    started: u64,
    ended: BTreeMap<&'static str, u64>,
    wait: Histogram,
    run: Histogram,
}

/// What the engine says of itself.
#[derive(Debug, Clone)]
pub(super) struct Vitals {
    /// Its mode in one word.
    pub(super) mode: &'static str,
    /// When the newest answered pulse was sent.
    pub(super) pulsed: Option<Instant>,
    /// Since when Redis does not answer, and what it is.
    pub(super) trouble: Option<(Instant, &'static str)>,
    /// Jobs whose lease it keeps.
    pub(super) held: usize,
    /// Jobs in slots.
    pub(super) running: usize,
}

/// The room of a worker's counters.
#[derive(Debug)]
pub(super) struct Metrics {
    birth: Birth,
    slots: usize,
    queues: Mutex<BTreeMap<String, QueueCounts>>,
    vitals: Mutex<Vitals>,
    turned: Mutex<Instant>,
    output: [Count; 2],
    released: [(&'static str, Count); 3],
    /// Claims and renewals that were answered.
    pub(super) pulses: Count,
    /// Jobs killed because their lease could not be kept.
    pub(super) leases_lost: Count,
    /// Runs of others that were cut from here.
    pub(super) taken_over: Count,
    /// Jobs of dead engines that were given back.
    pub(super) handed_back: Count,
    /// Ends that did not count.
    pub(super) refused_reports: Count,
}

impl Metrics {
    /// Nothing counted yet. Only queues that the worker serves are ever labels.
    pub(super) fn new(settings: &Settings) -> Metrics {
        let served = settings.queues.iter().map(|(queue, _)| queue.to_string());
        let queues =
            served.chain(HOOK_QUEUES.map(str::to_owned)).map(|queue| (queue, QueueCounts::default()));
        Metrics {
            birth: Birth::now(),
            slots: settings.slots,
            queues: Mutex::new(queues.collect()),
            vitals: Mutex::new(Vitals { mode: "starting", pulsed: None, trouble: None, held: 0, running: 0 }),
            turned: Mutex::new(Instant::now()),
            output: Default::default(),
            released: ["stop", "refused", "starved"].map(|why| (why, Count::default())),
            pulses: Count::default(),
            leases_lost: Count::default(),
            taken_over: Count::default(),
            handed_back: Count::default(),
            refused_reports: Count::default(),
        }
    }

    fn of_queue(&self, queue: &str, count: impl FnOnce(&mut QueueCounts)) {
        if let Some(counts) = locked(&self.queues).get_mut(queue) {
            count(counts);
        }
    }

    /// An attempt started.
    pub(super) fn started(&self, queue: &str, waited_ms: u64) {
        self.of_queue(queue, |counts| {
            counts.started += 1;
            counts.wait.record(waited_ms);
        });
    }

    /// An attempt ended; `ran` where its time counts.
    pub(super) fn ended(&self, queue: &str, outcome: &'static str, ran: Option<Duration>) {
        self.of_queue(queue, |counts| {
            *counts.ended.entry(outcome).or_default() += 1;
            if let Some(ran) = ran {
                counts.run.record(u64::try_from(ran.as_millis()).unwrap_or(u64::MAX));
            }
        });
    }

    /// A job was given back unharmed.
    pub(super) fn released(&self, why: &str) {
        if let Some((_, count)) = self.released.iter().find(|(word, _)| *word == why) {
            count.add(1);
        }
    }

    /// A job wrote something.
    pub(super) fn wrote(&self, stream: Stream, bytes: usize) {
        self.output[usize::from(stream.number()) - 1].add(u64::try_from(bytes).unwrap_or(0));
    }

    /// The loop turned, and found itself like this.
    pub(super) fn turn(&self, vitals: Vitals) {
        *locked(&self.vitals) = vitals;
        *locked(&self.turned) = Instant::now();
    }

    fn of_queues(&self, text: &mut Text) {
        let queues = locked(&self.queues);
        let mut started = text.family(&catalog::STARTED);
        for (queue, counts) in queues.iter() {
            started.value(&[queue], counts.started);
        }
        let mut ended = text.family(&catalog::ENDED);
        for (queue, counts) in queues.iter() {
            for (outcome, count) in &counts.ended {
                ended.value(&[queue, outcome], count);
            }
        }
        let bound = |bucket| bound_ms(bucket).map(|ms| ms as f64 / 1000.0);
        let mut wait = text.family(&catalog::WAIT);
        for (queue, counts) in queues.iter() {
            wait.histogram(&[queue], &counts.wait.counts, bound, counts.wait.sum_ms as f64 / 1000.0);
        }
        let mut run = text.family(&catalog::RUN);
        for (queue, counts) in queues.iter() {
            run.histogram(&[queue], &counts.run.counts, bound, counts.run.sum_ms as f64 / 1000.0);
        }
    }
}

impl Speaks for Metrics {
    fn text(&self, store: &Store) -> String {
        let mut text = Text::new();
        let vitals = locked(&self.vitals).clone();
        let age = vitals.pulsed.unwrap_or(self.birth.at).elapsed().as_secs_f64();
        let free = self.slots.saturating_sub(vitals.running);
        pages::of_process(&mut text, self.birth, store);
        text.family(&catalog::READY).value(&[], u8::from(self.why_not_ready().is_none()));
        text.family(&catalog::SLOTS).value(&["busy"], vitals.running).value(&["free"], free);
        text.family(&catalog::HELD).value(&[], vitals.held);
        self.of_queues(&mut text);
        let mut output = text.family(&catalog::OUTPUT);
        for (stream, count) in ["stdout", "stderr"].iter().zip(&self.output) {
            output.value(&[stream], count.get());
        }
        text.family(&catalog::PULSES).value(&[], self.pulses.get());
        text.family(&catalog::PULSE_AGE).value(&[], age);
        text.family(&catalog::LEASES_LOST).value(&[], self.leases_lost.get());
        text.family(&catalog::TAKEN_OVER).value(&[], self.taken_over.get());
        text.family(&catalog::HANDED_BACK).value(&[], self.handed_back.get());
        let mut released = text.family(&catalog::RELEASED);
        for (why, count) in &self.released {
            released.value(&[why], count.get());
        }
        text.family(&catalog::REFUSED_REPORTS).value(&[], self.refused_reports.get());
        text.end()
    }

    fn turned(&self) -> Option<(&'static str, Instant)> {
        // Until it works there is no loop; what it waits for is what /readyz says.
        let works = locked(&self.vitals).mode != "starting";
        works.then(|| ("engine", *locked(&self.turned)))
    }

    fn why_not_ready(&self) -> Option<String> {
        let vitals = locked(&self.vitals).clone();
        if let Some((since, kind)) = vitals.trouble {
            return Some(pages::away(since, kind));
        }
        match (vitals.mode, vitals.pulsed) {
            ("running", Some(pulsed)) if pulsed.elapsed() <= FRESH => None,
            ("running", Some(pulsed)) => Some(pages::stale(pulsed)),
            ("running" | "starting", None) => Some("starting: Redis has not answered yet".to_owned()),
            (mode, _) => Some(mode.to_owned()),
        }
    }
}
