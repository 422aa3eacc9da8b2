//! What `inspect` and `status` read, with a thousand and with a million jobs pending, and
//! whether any command of theirs kept the server for ten milliseconds.

use std::time::{Duration, Instant};

use jobq::core::query::{Filter, Order};
use jobq::core::state::State;

use crate::stage::{self, Driver};
use crate::support::Server;
use crate::verdict::{Promise, Samples, Verdict};

const SHALLOW: usize = 1_000;
const DEEP: usize = 1_000_000;
const ROUNDS: usize = 300;
/// Jobs of a page.
const PAGE: usize = 50;
const VIEWS: [&str; 7] =
    ["queues", "first page", "page in the middle", "last page", "why", "overview", "events"];

struct Filled {
    driver: Driver,
    server: Server,
    middle: String,
    samples: [Samples; VIEWS.len()],
}

impl Filled {
    fn new(jobs: usize) -> Filled {
        let server = stage::server();
        let driver = Driver::new(&server);
        driver.register();
        driver.enqueue(&["/bin/true"], jobs);
        let middle = server.cli(&[
            "ZRANGE",
            "jobq:{default}:in:PENDING:default",
            &(jobs / 2).to_string(),
            &(jobs / 2).to_string(),
        ]);
        let middle = middle.texts().remove(0);
        server.cli(&["CONFIG", "SET", "slowlog-log-slower-than", "10000"]);
        server.cli(&["SLOWLOG", "RESET"]);
        println!("  {jobs:>9} pending");
        Filled { driver, server, middle, samples: Default::default() }
    }

    fn round(&mut self) {
        let Driver { runtime, store, .. } = &self.driver;
        let pending = Filter { states: vec![State::Pending], ..Filter::default() };
        let score = self.server.cli(&["ZSCORE", "jobq:{default}:in:PENDING:default", &self.middle]).text();
        let cursor = format!("1:{score}:{}", self.middle).parse().unwrap();
        let list = |order, after| {
            let listed = runtime.block_on(store.list(&pending, order, after, PAGE)).unwrap();
            assert_eq!(listed.jobs.len(), PAGE);
        };
        let reads: [&dyn Fn(); VIEWS.len()] = [
            &|| drop(runtime.block_on(store.queues()).unwrap()),
            &|| list(Order::Natural, None),
            &|| list(Order::Natural, Some(&cursor)),
            &|| list(Order::Newest, None),
            &|| drop(runtime.block_on(store.explain(&self.middle)).unwrap()),
            &|| drop(runtime.block_on(store.overview()).unwrap()),
            &|| drop(runtime.block_on(store.events_before(None)).unwrap()),
        ];
        let took: Vec<Duration> = reads
            .iter()
            .map(|read| {
                let start = Instant::now();
                read();
                start.elapsed()
            })
            .collect();
        for (samples, took) in self.samples.iter_mut().zip(took) {
            samples.add(took);
        }
    }
}

pub fn measure() -> Vec<Verdict> {
    let (mut shallow, mut deep) = (Filled::new(SHALLOW), Filled::new(DEEP));
    for _ in 0..ROUNDS {
        shallow.round();
        deep.round();
    }
    let mut verdicts: Vec<Verdict> = VIEWS
        .iter()
        .zip(shallow.samples.iter().zip(&deep.samples))
        .map(|(view, (shallow, deep))| {
            shallow.print(&format!("{view}, {SHALLOW} pending"));
            deep.print(&format!("{view}, {DEEP} pending"));
            let ratio = deep.median() / shallow.median();
            Verdict::new(
                format!("{view} at a million pending against a thousand"),
                Promise::AtMost(1.5),
                ratio,
            )
        })
        .collect();
    let slow = deep.server.cli(&["SLOWLOG", "LEN"]).int();
    verdicts.push(Verdict::new(
        "commands of views that took 10 ms".to_owned(),
        Promise::AtMost(0.0),
        slow as f64,
    ));
    verdicts
}
