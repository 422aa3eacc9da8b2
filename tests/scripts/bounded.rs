//! No verb holds the server up, however much there is.

use std::cell::Cell;

use jobq::core::store::{NewJob, When};

use super::{Desk, ann, id, job};

const MANY: usize = 20_000;
/// The most commands that one call may run inside the server: a fixed number, whatever the
/// depth. Two hundred enqueued jobs, or two hundred promoted and a hundred started, are the
/// largest calls; each job takes about a dozen commands.
const LIMIT: i64 = 5_000;

/// Looks at every call. Commands are counted, not timed: a count is the same on a busy machine.
struct Watch<'a> {
    desk: &'a Desk,
    calls: Cell<usize>,
}

impl Watch<'_> {
    #[track_caller]
    fn call<T>(&self, verb: impl FnOnce(&Desk) -> T) -> T {
        let before = self.commands();
        let answer = verb(self.desk);
        let ran = self.commands() - before;
        self.calls.set(self.calls.get() + 1);
        assert!(ran <= LIMIT, "call {}: {ran} commands", self.calls.get());
        answer
    }

    /// How many commands the server ran so far, those inside scripts included.
    fn commands(&self) -> i64 {
        let stats = self.desk.raw(&["INFO", "commandstats"]).text();
        let calls = stats
            .lines()
            .filter_map(|line| line.split_once("calls=")?.1.split(',').next()?.parse::<i64>().ok());
        calls.sum()
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
fn no_call_does_more_than_a_fixed_amount_of_work() {
    let desk = Desk::new();
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
    assert!(watch.call(|desk| desk.run(desk.store.purge(&id("q"), &ann("enough"))).unwrap()) > 30_000);
    while watch.call(|desk| desk.run(desk.store.chores(&[id("q")])).unwrap()) > 0 {}
    assert!(watch.call(|desk| desk.claim(&who, 100)).is_empty());
    let hundred: Vec<_> = (100..200).map(|number| id(&format!("p{number:05}"))).collect();
    watch.call(|desk| desk.run(desk.store.retry(&hundred, &ann(""), "word", &[])).unwrap());
    watch.call(|desk| desk.run(desk.store.requeue(&hundred, &ann(""), &[])).unwrap());
    watch.call(|desk| desk.run(desk.store.cancel(&hundred, &ann(""), &[])).unwrap());
    watch.call(|desk| desk.run(desk.store.delete(&hundred, &ann(""), &[])).unwrap());
    let (_, queues) = watch.call(|desk| desk.run(desk.store.queues()).unwrap());
    assert_eq!(queues[0].depth, 0);
}
