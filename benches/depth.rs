//! The verbs of a job's life with a thousand and with a million jobs pending.

use std::time::{Duration, Instant};

use jobq::core::name::new_nonce;
use jobq::core::store::{Beat, ClaimRequest, Left, Settled};

use crate::stage::{self, Driver};
use crate::support::Server;
use crate::verdict::{Promise, Samples, Verdict};

const SHALLOW: usize = 1_000;
const DEEP: usize = 1_000_000;
const ROUNDS: usize = 2_000;

struct Queue {
    driver: Driver,
    _server: Server,
    samples: [Samples; 3],
}

impl Queue {
    fn filled(jobs: usize) -> Queue {
        let server = stage::server();
        let driver = Driver::new(&server);
        driver.register();
        let empty = used_memory(&server);
        let start = Instant::now();
        driver.enqueue(&["/bin/true"], jobs);
        let took = start.elapsed().as_secs_f64();
        println!(
            "  {jobs:>9} pending: enqueued at {:.0} a second, {:.0} bytes each",
            jobs as f64 / took,
            (used_memory(&server) - empty) / jobs as f64
        );
        Queue { driver, _server: server, samples: Default::default() }
    }

    /// One job in, one job out: the depth stays.
    fn round(&mut self) {
        let Driver { runtime, store, identity } = &self.driver;
        let jobs = [stage::job(&["/bin/true"])];
        let queues = [("default", 1)];
        let word = new_nonce();
        let request = ClaimRequest {
            identity,
            request: &word,
            want: 1,
            mode: "running",
            connection: None,
            peers_after: None,
            full: false,
            queues: &queues,
        };
        let (enqueue, _) = timed(|| runtime.block_on(store.enqueue(&jobs)).unwrap());
        let (claim, beat) = timed(|| runtime.block_on(store.claim(&request)).unwrap());
        let Beat::Ok(pulse) = beat else { panic!("the worker is in the books") };
        let job = &pulse.jobs[0];
        let (finish, settled) =
            timed(|| runtime.block_on(store.finish(&job.id, &job.token, 0, &Left::default())).unwrap());
        assert!(matches!(settled, Settled::Done(_)));
        for (samples, took) in self.samples.iter_mut().zip([enqueue, claim, finish]) {
            samples.add(took);
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

fn used_memory(server: &Server) -> f64 {
    let info = server.cli(&["INFO", "memory"]).text();
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("INFO tells it");
    line.trim().parse().expect("a number")
}

pub fn measure() -> Vec<Verdict> {
    let (mut shallow, mut deep) = (Queue::filled(SHALLOW), Queue::filled(DEEP));
    for _ in 0..ROUNDS {
        shallow.round();
        deep.round();
    }
    ["enqueue", "claim", "finish"]
        .iter()
        .zip(shallow.samples.iter().zip(&deep.samples))
        .map(|(verb, (shallow, deep))| {
            shallow.print(&format!("{verb}, {SHALLOW} pending"));
            deep.print(&format!("{verb}, {DEEP} pending"));
            let ratio = deep.median() / shallow.median();
            Verdict::new(
                format!("{verb} at a million pending against a thousand"),
                Promise::AtMost(1.5),
                ratio,
            )
        })
        .collect()
}
