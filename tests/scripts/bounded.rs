//! No verb holds the server up, however much there is.

use std::cell::Cell;

use jobq::core::schedule::Overlap;
use jobq::core::script;
use jobq::core::store::{NewJob, When};

use super::schedules::{Schedules as _, hourly, presence};
use super::{Desk, ann, id, job};

const MANY: usize = 20_000;
/// More than [`LIMIT`], so that a walk over all of them is too much.
const SCHEDULES: usize = 6_000;
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

#[test]
fn no_call_of_a_beat_does_more_however_many_schedules_and_jobs_of_them_there_are() {
    let desk = Desk::new();
    let watch = Watch { desk: &desk, calls: Cell::new(0) };
    let all: Vec<_> = (0..SCHEDULES).map(|number| hourly(&format!("s{number:05}"))).collect();
    desk.publish(&all);
    let [beat, host] = ["b1", "h"].map(id);
    watch.call(|desk| desk.run(desk.store.attend(&presence(&beat, &host, &[id("file")]))).unwrap());
    // A full page of new ones, and one that is known.
    let mut page: Vec<_> = (0..50).map(|number| hourly(&format!("t{number}"))).collect();
    page.iter_mut().for_each(|one| one.source.kind = id("other"));
    for one in &page {
        watch.call(|desk| desk.put(one));
    }
    watch.call(|desk| desk.put(&page[0]));
    // All of them are due, alarmed and to be booted at once, and then none is.
    let due_at = |at: &str| {
        let each = "for _, name in ipairs(redis.call('ZRANGE', 'jobq:{t}:schedules', 0, -1)) do
             redis.call('ZADD', KEYS[1], ARGV[1], name)
             redis.call('ZADD', 'jobq:{t}:alarms', ARGV[1], name)
             redis.call('ZADD', 'jobq:{t}:boots:h', 0, name)
             redis.call('HSET', 'jobq:{t}:schedule:' .. name, 'due', ARGV[1])
           end";
        desk.raw(&["EVAL", each, "1", "jobq:{t}:due", at]);
    };
    due_at("1000");
    for from in [0, SCHEDULES - 1] {
        let due = watch.call(|desk| desk.run(desk.store.due(from, Some((&host, "boot-2")))).unwrap());
        assert!(due.ticks.len() <= 100 && due.boots.len() <= 200 && due.alarms.len() <= 100);
    }
    due_at("4000000000000");
    desk.raw(&["DEL", "jobq:{t}:alarms", "jobq:{t}:boots:h"]);
    // Chains as long as they get, and longer: those of `allow` have no end.
    let mut one = hourly("s00000");
    for (overlap, ticks) in [(Overlap::Allow, 400), (Overlap::Queue, 2), (Overlap::Replace, 3)] {
        one.overlap = overlap;
        desk.put(&one);
        for _ in 0..ticks {
            // Redis time goes on between two of them, so each is another tick.
            let due = desk.overdue("s00000", 500);
            watch.call(|desk| desk.act(&one, &due));
        }
        watch.call(|desk| desk.run(desk.store.schedule_trigger_new(&one.name, &ann(""))).unwrap());
    }
    watch.call(|desk| desk.run(desk.store.schedules(None)).unwrap());
    watch.call(|desk| desk.run(desk.store.schedule_pause(&one.name, &ann(""), None)).unwrap());
    watch.call(|desk| desk.run(desk.store.schedule_resume(&one.name, &ann(""))).unwrap());
    watch.call(|desk| desk.run(desk.store.schedule_remove(&one.name, &ann(""))).unwrap());
    // What a file says no more goes in slices.
    let begin: [&[u8]; 5] = [b"file", b"hash", b"0", b"ann", b"h"];
    watch.call(|desk| desk.run(desk.store.link().call(&script::SCHEDULES_BEGIN, &begin)).unwrap());
    let generation = desk.books().hash("origin:file")["gen"].clone();
    for _ in 0..3 {
        let args: [&[u8]; 2] = [b"file", generation.as_bytes()];
        watch.call(|desk| desk.run(desk.store.link().call(&script::SCHEDULES_SWEEP, &args)).unwrap());
    }
    watch.call(|desk| desk.run(desk.store.leave(&beat)).unwrap());
    assert_eq!(desk.raw(&["ZCARD", "jobq:{t}:schedules"]).int() as usize, SCHEDULES + 50 - 1 - 300);
}
