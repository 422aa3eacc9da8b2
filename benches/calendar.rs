//! The calendar of schedules: what the layer around the bare crate costs, and that counting
//! takes no walk.

use std::hint::black_box;
use std::time::Instant;

use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Dialect, Parsed, Ticks, Timing};

use crate::verdict::{Promise, Samples, Verdict};

/// What is asked for in one sample, so that a sample is long beside the clock's grain.
const CALLS: u32 = 2_000;
const SAMPLES: usize = 40;
/// 2026-11-25 00:00:00 UTC, in milliseconds.
const START: i64 = 1_795_564_800_000;
const YEAR: i64 = 365 * 86_400_000;

/// Each as jobq reads it and as the crate does, whose fields begin with seconds.
const TEXTS: [(&str, &str); 4] = [
    ("*/5 * * * *", "0 0,5,10,15,20,25,30,35,40,45,50,55 * * * * *"),
    ("30 2 * * *", "0 30 2 * * * *"),
    ("0 9-17 * * MON-FRI", "0 0 9,10,11,12,13,14,15,16,17 * * 2,3,4,5,6 *"),
    ("0 0 29 2 *", "0 0 0 29 2 * *"),
];

fn timing(text: &str, zone: &TimeZone) -> Timing {
    let Ok(Parsed::Calendar { cron, .. }) = Cron::parse(text, Dialect::Schedule, "name") else {
        panic!("{text}")
    };
    Ticks::Cron { cron, zone: zone.clone() }.into()
}

/// One sample: the time of a call, over many.
fn sample(samples: &mut Samples, mut call: impl FnMut(u32)) {
    let start = Instant::now();
    (0..CALLS).for_each(&mut call);
    samples.add(start.elapsed() / CALLS);
}

/// Milliseconds are too coarse for what is measured here.
fn print(name: &str, samples: &Samples) {
    println!("  {name:<34} median {:>8.2} µs   min {:>8.2} µs", samples.median() * 1e3, samples.min() * 1e3);
}

pub fn measure() -> Vec<Verdict> {
    let mut samples: [Samples; 5] = Default::default();
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let layers = [TimeZone::UTC, paris.clone()].map(|zone| TEXTS.map(|(text, _)| timing(text, &zone)));
    let bare = TEXTS.map(|(_, text)| text.parse::<cron::Schedule>().unwrap());
    let every_second = timing("* * * * * *", &paris);
    let texts = TEXTS.map(|(text, _)| text);
    // From all over a year, so that the changes of its clock are among it.
    let at = |call: u32| START + i64::from(call) * (YEAR / i64::from(CALLS));
    for _ in 0..SAMPLES {
        sample(&mut samples[0], |call| {
            let from = chrono::DateTime::from_timestamp_millis(at(call)).unwrap();
            black_box(bare[call as usize % 4].after(&from).next());
        });
        for (layer, samples) in layers.iter().zip(&mut samples[1..]) {
            sample(samples, |call| {
                black_box(layer[call as usize % 4].next_after(at(call)));
            });
        }
        sample(&mut samples[3], |call| {
            black_box(every_second.count_between(at(call), at(call) + YEAR));
        });
        sample(&mut samples[4], |call| {
            black_box(Cron::parse(texts[call as usize % 4], Dialect::Schedule, "name")).unwrap();
        });
    }
    let names = [
        "the bare crate, next",
        "next_after, UTC",
        "next_after, Paris",
        "a year of seconds counted",
        "parse",
    ];
    names.iter().zip(&samples).for_each(|(name, samples)| print(name, samples));
    let [bare, utc, paris, count, _] = samples.map(|samples| samples.min());
    vec![
        Verdict::new("next_after in UTC, to the bare crate", Promise::AtMost(2.0), utc / bare),
        Verdict::new("next_after in Paris, to the bare crate", Promise::AtMost(4.0), paris / bare),
        Verdict::new("31,536,000 ticks counted, to one next_after", Promise::AtMost(10.0), count / paris),
    ]
}
