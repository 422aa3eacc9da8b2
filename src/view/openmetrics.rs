//! `inspect stats --openmetrics`: a whole namespace for a collector of text files.

use crate::core::report::{Census, QueueReport, WorkerReport};
use crate::core::state::State;
use crate::core::stats::{Counter, Histogram, Stats, Tally, bound_ms};
use crate::metrics::catalog;
use crate::metrics::text::{Family, Text};

use super::overview::is_live;

/// What is measured; nothing of a store that is not there.
#[derive(Debug, Default)]
pub struct Measured {
    /// Redis time of the reading, in milliseconds.
    pub now_ms: i64,
    /// Every queue.
    pub queues: Vec<QueueReport>,
    /// Statistics of queues.
    pub of_queues: Vec<Stats>,
    /// Statistics of tasks.
    pub of_tasks: Vec<Stats>,
    /// Every registered worker.
    pub workers: Vec<WorkerReport>,
    /// Schedules.
    pub schedules: Census,
    /// Live beats.
    pub beats: usize,
}

/// Final outcomes, as labels.
const OUTCOMES: [(&str, Counter); 4] = [
    ("success", Counter::Succeeded),
    ("failure", Counter::Failed),
    ("revoked", Counter::Revoked),
    ("expired", Counter::Expired),
];
/// How attempts end that do not succeed.
const HOW: [(&str, Counter); 4] = [
    ("failed", Counter::FailedAttempts),
    ("lost", Counter::Lost),
    ("snoozed", Counter::Snoozed),
    ("released", Counter::Released),
];

/// The whole text, with its end.
pub fn text(measured: &Measured) -> String {
    let mut text = Text::new();
    gauges(&mut text, measured);
    schedules(&mut text, measured);
    let (queues, tasks) = (&measured.of_queues, &measured.of_tasks);
    counters(&mut text, &catalog::ENQUEUED, queues, |tally| tally.get(Counter::Enqueued));
    by_word(&mut text, &catalog::FINISHED, queues, &OUTCOMES);
    counters(&mut text, &catalog::ATTEMPTS, queues, Tally::started);
    by_word(&mut text, &catalog::ATTEMPTS_ENDED, queues, &HOW);
    counters(&mut text, &catalog::RETRIED, queues, |tally| tally.get(Counter::Retried));
    histograms(&mut text, &catalog::JOB_WAIT, queues, |tally| &tally.wait);
    histograms(&mut text, &catalog::JOB_RUN, queues, |tally| &tally.run);
    by_word(&mut text, &catalog::TASK_FINISHED, tasks, &OUTCOMES);
    counters(&mut text, &catalog::TASK_FAILED, tasks, |tally| tally.get(Counter::FailedAttempts));
    histograms(&mut text, &catalog::TASK_RUN, tasks, |tally| &tally.run);
    text.end()
}

fn gauges(text: &mut Text, measured: &Measured) {
    let queues = &measured.queues;
    let mut jobs = text.family(&catalog::QUEUE_JOBS);
    for queue in queues {
        for state in State::ALL {
            jobs.value(&[&queue.name, state.name()], queue.count(state));
        }
    }
    let mut oldest = text.family(&catalog::QUEUE_OLDEST);
    for queue in queues {
        let stats = measured.of_queues.iter().find(|stats| stats.name == queue.name);
        let ready_ms = stats.and_then(|stats| stats.ready_ms);
        let age_ms = ready_ms.map_or(0, |ready_ms| (measured.now_ms - ready_ms).max(0));
        oldest.value(&[&queue.name], age_ms as f64 / 1000.0);
    }
    let mut one = |family, number: &dyn Fn(&QueueReport) -> Option<u64>| {
        let mut samples = text.family(family);
        for queue in queues {
            if let Some(number) = number(queue) {
                samples.value(&[&queue.name], number);
            }
        }
    };
    one(&catalog::QUEUE_DEPTH_LIMIT, &|queue| queue.max_depth);
    one(&catalog::QUEUE_BYTES, &|queue| Some(queue.bytes));
    one(&catalog::QUEUE_BYTES_LIMIT, &|queue| queue.max_bytes);
    one(&catalog::QUEUE_PAUSED, &|queue| Some(queue.paused.is_some().into()));
    one(&catalog::QUEUE_WORKERS, &|queue| Some(queue.workers));
    let mut workers = text.family(&catalog::WORKERS);
    for mode in ["running", "quiet", "draining", "silent"] {
        let is = |worker: &&WorkerReport| match is_live(worker, measured.now_ms) {
            true => worker.mode == mode,
            false => mode == "silent",
        };
        workers.value(&[mode], measured.workers.iter().filter(is).count());
    }
}

fn schedules(text: &mut Text, measured: &Measured) {
    let census = &measured.schedules;
    let mut states = text.family(&catalog::SCHEDULES);
    for (state, count) in census.states() {
        states.value(&[state], count);
    }
    text.family(&catalog::SCHEDULES_OVERDUE).value(&[], census.overdue);
    text.family(&catalog::SCHEDULES_FULL).value(&[], census.held_up);
    text.family(&catalog::SCHEDULES_ALARMED).value(&[], census.without_success);
    let next_s = census.next_ms.unwrap_or(0) as f64 / 1000.0;
    text.family(&catalog::SCHEDULES_NEXT).value(&[], next_s);
    let mut ticks = text.family(&catalog::SCHEDULE_TICKS);
    for (result, count) in ["fired", "skipped", "missed"].iter().zip(census.ticks) {
        ticks.value(&[result], count);
    }
    text.family(&catalog::BEATS).value(&[], measured.beats);
}

fn counters(text: &mut Text, family: &'static Family, stats: &[Stats], count: impl Fn(&Tally) -> u64) {
    let mut samples = text.family(family);
    for one in stats {
        samples.value(&[&one.name], count(&one.total));
    }
}

fn by_word(text: &mut Text, family: &'static Family, stats: &[Stats], words: &[(&str, Counter)]) {
    let mut samples = text.family(family);
    for one in stats {
        for (word, counter) in words {
            samples.value(&[&one.name, word], one.total.get(*counter));
        }
    }
}

fn histograms(text: &mut Text, family: &'static Family, stats: &[Stats], of: impl Fn(&Tally) -> &Histogram) {
    let mut samples = text.family(family);
    for one in stats {
        let histogram = of(&one.total);
        let bound = |bucket| bound_ms(bucket).map(|ms| ms as f64 / 1000.0);
        samples.histogram(&[&one.name], &histogram.counts, bound, histogram.sum_ms as f64 / 1000.0);
    }
}
