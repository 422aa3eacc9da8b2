//! No verb holds the server up, however much there is.

use std::cell::Cell;

use jobq::core::store::{NewJob, When};

use super::{Desk, id, job};

const MANY: usize = 20_000;
const LIMIT_US: i64 = 10_000;

/// Looks at every call. SLOWLOG tells which took more than 10 ms by the clock; on a busy
/// machine the server may just have been set aside, so its processor time must say the same.
struct Watch<'a> {
    desk: &'a Desk,
    calls: Cell<usize>,
}

impl Watch<'_> {
    #[track_caller]
    fn call<T>(&self, verb: impl FnOnce(&Desk) -> T) -> T {
        let before = self.cpu_us();
        let answer = verb(self.desk);
        let used = self.cpu_us() - before;
        self.calls.set(self.calls.get() + 1);
        let slow = self.desk.raw(&["SLOWLOG", "LEN"]).int() > 0;
        self.desk.raw(&["SLOWLOG", "RESET"]);
        assert!(!slow || used <= LIMIT_US, "call {}: {used} us of processor time", self.calls.get());
        answer
    }

    /// What the server's main thread used so far.
    fn cpu_us(&self) -> i64 {
        let info = self.desk.raw(&["INFO", "cpu"]).text();
        let seconds = |name: &str| -> f64 {
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.strip_prefix(':')).expect("a fact of INFO").trim().parse().unwrap()
        };
        let both = seconds("used_cpu_user_main_thread") + seconds("used_cpu_sys_main_thread");
        (both * 1e6) as i64
    }

    fn fill(&self, prefix: &str, not_before: Option<When>) {
        let jobs: Vec<NewJob> =
            (0..MANY).map(|number| NewJob { not_before, ..job(&format!("{prefix}{number:05}")) }).collect();
        for slice in jobs.chunks(200) {
            self.call(|desk| desk.enqueue(slice));
        }
    }
}

#[test]
fn no_command_takes_ten_milliseconds() {
    let desk = Desk::new();
    desk.raw(&["CONFIG", "SET", "slowlog-log-slower-than", &LIMIT_US.to_string()]);
    let watch = Watch { desk: &desk, calls: Cell::new(0) };
    let who = desk.worker("w");
    watch.fill("p", None);
    watch.fill("d", Some(When::At(desk.now_ms() + 600_000)));
    // Their time has come, all at once.
    desk.raw(&[
        "EVAL",
        "local all = redis.call('ZRANGE', KEYS[1], 0, -1)
         for _, id in ipairs(all) do
           redis.call('ZADD', KEYS[1], 1000, id)
           redis.call('HSET', 'jobq:{t}:job:' .. id, 'due', 1000)
         end",
        "1",
        "jobq:{t}:in:SCHEDULED:q",
    ]);
    desk.raw(&["SLOWLOG", "RESET"]);
    for _ in 0..60 {
        let jobs = watch.call(|desk| desk.claim(&who, 100));
        for job in jobs.iter().take(3) {
            watch.call(|desk| desk.finish(job.id.as_str(), &job.token));
        }
    }
    watch.call(|desk| desk.run(desk.store.overview()).unwrap());
    let peer = desk.peer(&who);
    watch.call(|desk| desk.takeover(&peer, 30_000));
    while watch.call(|desk| desk.run(desk.store.handback(&who)).unwrap()).1 > 0 {}
    let who = desk.worker("v");
    assert!(watch.call(|desk| desk.run(desk.store.purge(&id("q"), "enough")).unwrap()) > 30_000);
    while watch.call(|desk| desk.run(desk.store.chores(&[id("q")])).unwrap()) > 0 {}
    assert!(watch.call(|desk| desk.claim(&who, 100)).is_empty());
    let (_, queues) = watch.call(|desk| desk.run(desk.store.queues()).unwrap());
    assert_eq!(queues[0].depth, 0);
}
