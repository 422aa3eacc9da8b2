//! From the call of enqueue to the start of the job on an idle worker. The job opens a pipe;
//! that it is open is the sign. Starting the same program by hand is the floor.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::stage::{self, Background, Driver};
use crate::support::wait_for;
use crate::verdict::{Samples, Verdict};

const ROUNDS: usize = 300;

pub fn measure() -> Vec<Verdict> {
    let server = stage::server();
    let driver = Driver::new(&server);
    let fifo = server.dir().join("sign");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo starts").success());
    let sign = fifo.to_str().expect("a plain path").to_owned();
    let worker = Background::start(&mut stage::jobq(&server, &["worker", "-c", "2"]));
    let runtime = &driver.runtime;
    wait_for("the worker to be in the books", Duration::from_secs(10), || {
        !runtime.block_on(driver.store.workers()).unwrap().1.is_empty()
    });
    let (mut by_hand, mut queued) = (Samples::default(), Samples::default());
    for round in 0..ROUNDS + 5 {
        let start = Instant::now();
        let mut child = stage::command("/usr/bin/tee", &server).arg(&sign).spawn().expect("tee starts");
        let floor = opened(&fifo, start);
        child.wait().expect("it is our child");
        // Idle again, at no fixed distance from its last pulse.
        std::thread::sleep(Duration::from_millis(20 + (round as u64 * 7) % 31));
        let jobs = [stage::job(&["/usr/bin/tee", &sign])];
        let start = Instant::now();
        runtime.block_on(driver.store.enqueue(&jobs)).unwrap();
        let took = opened(&fifo, start);
        std::thread::sleep(Duration::from_millis(20));
        if round >= 5 {
            by_hand.add(floor);
            queued.add(took);
        }
    }
    for (name, samples) in [("start of a process", &by_hand), ("enqueue to start, idle worker", &queued)] {
        println!("  {name:<34} p50    {:>8.3} ms   p99 {:>8.3} ms", samples.median(), samples.percentile(99));
    }
    println!("  {:<34} {:.1} MiB", "idle worker, guardian and engine", resident_mib(worker.pid()));
    Vec::new()
}

fn opened(fifo: &Path, start: Instant) -> Duration {
    let pipe = File::open(fifo).expect("the pipe opens");
    let took = start.elapsed();
    drop(pipe);
    took
}

/// Proportional memory of a process and its children: pages they share count once.
fn resident_mib(pid: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = children.split_whitespace().map(str::to_owned).chain([pid.to_string()]);
    let kib: f64 = pids
        .map(|pid| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or("0 kB");
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0)
        })
        .sum();
    kib / 1024.0
}
