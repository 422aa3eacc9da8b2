//! The scheduler: how long after its tick a job is made, and what schedules cost that are not
//! due.

use std::time::{Duration, Instant};

use jobq::core::schedule::{Overlap, Rule};

use crate::support::beats::{Stage, kill, schedule};
use crate::support::{PATIENCE, Server, wait_for};
use crate::verdict::{Promise, Samples, Verdict};

const TICKING: usize = 20;
const IDLE: usize = 100_000;
/// A year that is far enough.
const FAR_MS: i64 = 4_000_000_000_000;

pub fn measure() -> Vec<Verdict> {
    vec![lag(), idle()]
}

/// Each second a tick of twenty schedules, for a quarter of a minute.
fn lag() -> Verdict {
    let server = Server::start();
    let stage = Stage::new(&server);
    let all: Vec<_> = (0..TICKING)
        .map(|number| {
            let mut one = schedule(&format!("s{number}"), Rule::Every(1_000));
            one.overlap = Overlap::Replace;
            one
        })
        .collect();
    stage.publish(&all);
    let beat = stage.beat().spawn();
    stage.wait_report("s0", "fifteen ticks", |report| report.fired >= 15);
    kill(beat);
    let mut samples = Samples::default();
    for event in server.cli(&["XRANGE", "jobq:{t}:events", "-", "+"]).array() {
        let event = event.array();
        let made_ms: u64 = event[0].text().split('-').next().unwrap().parse().unwrap();
        let fields = event[1].clone().texts();
        let field = |name: &str| fields.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1].clone());
        if field("k").as_deref() == Some("fired") {
            let tick_ms: u64 = field("at").unwrap().parse().unwrap();
            samples.add(Duration::from_millis(made_ms - tick_ms));
        }
    }
    samples.print("from tick to job");
    Verdict::new("tick to job, median, ms", Promise::AtMost(20.0), samples.median())
}

/// Ten seconds of a beat with many schedules of which none is due.
fn idle() -> Verdict {
    let server = Server::start();
    let stage = Stage::new(&server);
    let all: Vec<_> = (0..IDLE).map(|number| schedule(&format!("s{number}"), Rule::At(FAR_MS))).collect();
    let start = Instant::now();
    stage.publish(&all);
    println!("  {IDLE} schedules published in {:.1} s", start.elapsed().as_secs_f64());
    let beat = stage.beat().spawn();
    wait_for("the beat", PATIENCE, || !stage.run(stage.store.beats()).unwrap().beats.is_empty());
    let (start, before) = (Instant::now(), ticks_of(beat.pid()));
    std::thread::sleep(Duration::from_secs(10));
    let used = Duration::from_millis(10 * (ticks_of(beat.pid()) - before));
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64();
    println!("  idle beat: {:.2} % of a core", share * 100.0);
    kill(beat);
    Verdict::new("share of a core, 100,000 schedules", Promise::AtMost(0.05), share)
}

/// User and system time of a process in hundredths of a second.
fn ticks_of(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
