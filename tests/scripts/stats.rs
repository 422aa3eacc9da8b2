//! Statistics: exact in what they count, bounded in what they keep.

use std::collections::BTreeMap;

use jobq::core::stats::{BUCKETS, Counter, Kind, OTHERS, Stats, StatsReport, Window, bucket};
use jobq::core::store::{NewJob, When};

use super::{Desk, id, job};

/// Bytes of one book, whatever it holds.
const BOOK: i64 = 32_644;

fn minutes(count: u64) -> Window {
    Window::of_ms(count * 60_000).unwrap()
}

fn stats(desk: &Desk, kind: Kind, window: Window) -> StatsReport {
    desk.unchanged(|desk| desk.run(desk.store.stats(kind, window)).unwrap())
}

fn one(desk: &Desk, kind: Kind, name: &str, window: Window) -> Stats {
    let found = stats(desk, kind, window).stats.into_iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("nothing is known of {name}"))
}

fn of_task(name: &str, task: &str) -> NewJob {
    let mut job = job(name);
    job.spec.task = Some(id(task));
    job
}

/// Puts lines at the end of the list as scripts do, and lets a script take them.
fn happened(desk: &Desk, lines: &[String]) {
    for line in lines {
        desk.raw(&["RPUSH", "jobq:{t}:tally", line]);
        if desk.raw(&["LLEN", "jobq:{t}:tally"]).int() >= 63 {
            settle(desk);
        }
    }
    settle(desk);
}

/// Fills the list up, so that the script of the last filling counts all of it.
fn settle(desk: &Desk) {
    while desk.raw(&["LLEN", "jobq:{t}:tally"]).int() > 0 {
        let fresh = id(&format!("filling-{}", desk.request()));
        let mut job = job("x");
        (job.id, job.spec.queue) = (fresh, id("filling"));
        desk.enqueue(&[job]);
    }
}

#[test]
fn every_end_is_counted_once_where_it_belongs() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    desk.enqueue(&names.map(|name| of_task(name, "mail")));
    let tokens: Vec<String> = desk.claim(&who, 7).into_iter().map(|job| job.token).collect();
    desk.finish("a", &tokens[0]);
    desk.finish("a", &tokens[0]);
    desk.fail("b", &tokens[1], "failure", 0);
    desk.fail("c", &tokens[2], "retry", 3_600_000);
    desk.fail("d", &tokens[3], "snooze", 3_600_000);
    desk.fail("e", &tokens[4], "lost", 0);
    desk.release("f", &tokens[5], "stop");
    desk.cancel("g");
    desk.fail("g", &tokens[6], "revoke", 0);
    desk.cancel("c");
    desk.enqueue(&[NewJob { expires: Some(When::At(1)), ..of_task("h", "mail") }]);
    desk.claim(&who, 1);
    for (kind, name) in [(Kind::Queue, "q"), (Kind::Task, "mail")] {
        let total = one(&desk, kind, name, minutes(5)).total;
        let counts = [
            (Counter::Enqueued, 8),
            (Counter::Succeeded, 1),
            (Counter::Failed, 1),
            (Counter::Revoked, 2),
            (Counter::Expired, 1),
            (Counter::FailedAttempts, 2),
            (Counter::Retried, 1),
            (Counter::Lost, 1),
            (Counter::Snoozed, 1),
            (Counter::Released, 1),
        ];
        for (counter, count) in counts {
            assert_eq!(total.get(counter), count, "{counter:?} of {name}");
        }
        // Seven, and the one that was given back or lost once more, as the last claim.
        assert_eq!((total.started(), total.run.count()), (8, 3));
    }
}

#[test]
fn a_job_waits_from_the_moment_in_which_it_could_run() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let now = desk.now_ms();
    desk.enqueue(&[NewJob { not_before: Some(When::In(3_600_000)), ..job("a") }, job("b")]);
    desk.wake("a", now - 10_000);
    desk.raw(&["HSET", "jobq:{t}:job:b", "enq", &(now - 700_000).to_string()]);
    let waited: BTreeMap<String, u64> =
        desk.claim(&who, 2).into_iter().map(|job| (job.id.to_string(), job.waited_ms)).collect();
    assert!(
        (10_000..100_000).contains(&waited["a"]) && (700_000..800_000).contains(&waited["b"]),
        "{waited:?}"
    );
    let wait = one(&desk, Kind::Queue, "q", minutes(1)).window.wait;
    assert_eq!((wait.count(), wait.sum_ms), (2, waited.values().sum()));
}

#[test]
fn a_seeded_history_is_counted_exactly_before_and_after_it_is_booked() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut random = 20_261_125u64;
    let mut draw = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut expected: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for round in 0..150 {
        let (name, task) = (format!("j{round}"), ["mail", "report", "sync"][draw(3) as usize]);
        desk.enqueue(&[of_task(&name, task)]);
        let token = desk.start(&who, &name).token;
        let end = ["SUCCESS", "failure", "retry", "snooze"][draw(4) as usize];
        match end {
            "SUCCESS" => drop(desk.finish(&name, &token)),
            verdict => drop(desk.fail(&name, &token, verdict, 86_400_000)),
        }
        for name in [task.to_owned(), "q".to_owned()] {
            *expected.entry((name, end)).or_default() += 1;
        }
        if draw(10) > 0 {
            continue;
        }
        for (kind, names) in [(Kind::Queue, &["q"][..]), (Kind::Task, &["mail", "report", "sync"])] {
            for stats in stats(&desk, kind, minutes(60)).stats {
                assert!(names.contains(&stats.name.as_str()));
                let count = |end| expected.get(&(stats.name.clone(), end)).copied().unwrap_or(0);
                for tally in [&stats.total, &stats.window] {
                    assert_eq!(tally.get(Counter::Succeeded), count("SUCCESS"));
                    assert_eq!(tally.get(Counter::Failed), count("failure"));
                    assert_eq!(tally.get(Counter::Retried), count("retry"));
                    assert_eq!(tally.get(Counter::Snoozed), count("snooze"));
                    assert_eq!(tally.get(Counter::FailedAttempts), count("failure") + count("retry"));
                    assert_eq!(tally.run.count(), count("SUCCESS") + count("failure") + count("retry"));
                    assert_eq!(tally.started(), tally.get(Counter::Enqueued));
                }
            }
        }
    }
    assert!(desk.raw(&["LLEN", "jobq:{t}:tally"]).int() < 64);
}

#[test]
fn four_days_fit_in_the_room_of_one_book_and_windows_hold_what_is_theirs() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let now = desk.now_ms() / 60_000;
    let first = now - 4 * 1440;
    // One success in each minute, three in each that begins an hour; they ran 2^(hour) ms.
    let times = |minute: i64| if minute % 60 == 0 { 3 } else { 1 };
    let took = |minute: i64| 1u64 << (minute / 60 % 20);
    let lines: Vec<String> = (first..=now)
        .flat_map(|minute| {
            let line = format!("SUCCESS {minute} emails mail {}", took(minute));
            std::iter::repeat_n(line, times(minute) as usize)
        })
        .collect();
    happened(&desk, &lines);
    for key in ["queue:emails", "task:mail"] {
        assert_eq!(desk.raw(&["STRLEN", &format!("jobq:{{t}}:stats:{key}")]).int(), BOOK);
    }
    let sum = |from: i64| (from..=now).map(times).sum::<i64>() as u64;
    let later = |unit: i64| desk.now_ms() / 60_000 / unit != now / unit;
    for (window, from, unit) in [
        (minutes(1), now - 1, 1),
        (minutes(5), now - 5, 1),
        (minutes(60), now - 60, 1),
        (Window::of_ms(86_400_000).unwrap(), (now / 60 - 24) * 60, 60),
        (Window::of_ms(Window::MOST_MS).unwrap(), (now / 60 - 48) * 60, 60),
    ] {
        let stats = one(&desk, Kind::Queue, "emails", window);
        assert_eq!(stats.total.get(Counter::Succeeded), sum(first));
        // The clock may have gone on to another minute or hour meanwhile.
        if !later(unit) {
            assert_eq!(stats.window.get(Counter::Succeeded), sum(from), "{window:?}");
            let mut counts = [0; BUCKETS];
            (from..=now).for_each(|minute| counts[bucket(took(minute))] += times(minute) as u64);
            assert_eq!(stats.window.run.counts, counts);
        }
        assert!(stats.window_ms >= (now - from) as u64 * 60_000);
    }
}

#[test]
fn tasks_beyond_the_bound_are_counted_together() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let now = desk.now_ms() / 60_000;
    let lines: Vec<String> = (0..700).map(|task| format!("SUCCESS {now} q t{task:03} 5")).collect();
    happened(&desk, &lines);
    let report = stats(&desk, Kind::Task, minutes(60)).stats;
    let total = |stats: &Stats| stats.total.get(Counter::Succeeded);
    assert_eq!(report.iter().map(total).sum::<u64>(), 700);
    assert_eq!((report.len(), report.last().unwrap().name.as_str()), (501, OTHERS));
    assert_eq!(total(report.last().unwrap()), 200);
    let books = desk.books();
    assert_eq!(books.family("stats:task:").count(), 501);
    // A task that was idle for two days makes room for another.
    desk.raw(&["ZADD", "jobq:{t}:counted:task", "XX", &(now - 2881).to_string(), "t007"]);
    happened(&desk, &[format!("SUCCESS {now} q late 5")]);
    let report = stats(&desk, Kind::Task, minutes(60)).stats;
    let names: Vec<&str> = report.iter().map(|stats| stats.name.as_str()).collect();
    assert!(names.contains(&"late") && !names.contains(&"t007") && names.len() == 501);
    assert_eq!(desk.raw(&["EXISTS", "jobq:{t}:stats:task:t007"]).int(), 0);
}

#[test]
fn a_book_of_another_length_is_begun_anew() {
    let desk = Desk::new();
    desk.add(&["a"]);
    desk.raw(&["SET", "jobq:{t}:stats:queue:q", "short"]);
    settle(&desk);
    assert_eq!(one(&desk, Kind::Queue, "q", minutes(1)).total.get(Counter::Enqueued), 1);
    assert_eq!(desk.raw(&["STRLEN", "jobq:{t}:stats:queue:q"]).int(), BOOK);
}

#[test]
fn the_longest_waiting_job_is_found_below_the_first() {
    let desk = Desk::new();
    let now = desk.now_ms();
    let mut jobs: Vec<NewJob> = ["new", "old", "newer"].map(job).to_vec();
    (jobs[0].spec.priority, jobs[1].spec.priority, jobs[2].spec.priority) = (100, -3, 0);
    desk.enqueue(&jobs);
    desk.raw(&["HSET", "jobq:{t}:job:old", "enq", &(now - 50_000).to_string()]);
    let report = desk.run(desk.store.stats_of(Kind::Queue, minutes(1), &["q", "unheard-of"])).unwrap();
    assert_eq!(report.stats[0].ready_ms, Some(now - 50_000));
    assert_eq!((report.stats[1].ready_ms, report.stats[1].total.started()), (None, 0));
}

#[test]
fn hooks_are_counted_in_their_queue_and_not_for_their_task() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut first = of_task("a", "mail");
    first.spec.hooks = Some("success".to_owned());
    desk.enqueue(&[first]);
    let token = desk.start(&who, "a").token;
    desk.finish("a", &token);
    let hooks = desk.pulse(&who, &desk.request(), 1, &[("hooks", 1)]).jobs;
    desk.finish(hooks[0].id.as_str(), &hooks[0].token);
    let task = one(&desk, Kind::Task, "mail", minutes(1)).total;
    assert_eq!((task.started(), task.get(Counter::Succeeded)), (1, 1));
    let queue = one(&desk, Kind::Queue, "hooks", minutes(1)).total;
    assert_eq!((queue.get(Counter::Enqueued), queue.get(Counter::Succeeded)), (1, 1));
}
