//! Many jobs at once: all of them, each once, in their order, within their limits.

use std::collections::HashMap;
use std::time::Duration;

use crate::support::{PATIENCE, Room, Server, enqueue_many, wait_for};

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

#[test]
fn a_thousand_jobs_over_two_queues_and_two_workers_all_run_once_within_the_limits() {
    let server = Server::options().aof().start();
    let room = Room::new(&server);
    let note = format!("{}/log", room.work().display());
    let script = format!(
        "echo S $JOBQ_QUEUE $PPID $JOBQ_JOB_ID >>{note}; echo E $JOBQ_QUEUE $PPID $JOBQ_JOB_ID >>{note}"
    );
    let jobs: Vec<_> = (0..1_000)
        .map(|n| (if n % 2 == 0 { "even" } else { "odd" }, [-5, 0, 7][n % 3], shell(&script)))
        .collect();
    let ids = enqueue_many(&server.url(), "test", &jobs);
    let args = ["--burst", "--quiet", "-c", "4", "-q", "even,odd", "--queue-limit", "even=1,odd=3"];
    let workers = [room.worker(&args).spawn(), room.worker(&args).spawn()];
    for worker in workers {
        worker.wait_exit(Duration::from_secs(120)).status(0).stderr("");
    }
    assert_eq!((room.count("even", "SUCCESS"), room.count("odd", "SUCCESS")), (500, 500));
    let log = room.read("log");
    let (mut busy, mut most, mut started) = (HashMap::new(), HashMap::new(), HashMap::new());
    for line in log.lines() {
        let [kind, queue, worker, id] = line.split(' ').collect::<Vec<_>>().try_into().expect(line);
        let now: &mut i32 = busy.entry((queue, worker)).or_default();
        *now += if kind == "S" { 1 } else { -1 };
        let high: &mut i32 = most.entry((queue, worker)).or_default();
        *high = (*high).max(*now);
        if kind == "S" {
            *started.entry(id).or_insert(0) += 1;
        }
    }
    assert!(most.iter().all(|((queue, _), high)| *high <= if *queue == "even" { 1 } else { 3 }), "{most:?}");
    // Both workers had their share.
    assert_eq!(most.len(), 4, "{most:?}");
    assert!(ids.iter().all(|id| started.get(id.as_str()) == Some(&1)) && started.len() == 1_000);
}

#[test]
fn one_slot_runs_by_priority_and_equal_ones_in_order_of_arrival() {
    let server = Server::start();
    let room = Room::new(&server);
    let priorities = [0, 5, -100, 100, 0, 1, -3, 5, 99, 0];
    let jobs: Vec<_> = (0..300)
        .map(|n| {
            ("default", priorities[n * 7 % 10], shell(&format!("echo {n} >>{}/order", room.work().display())))
        })
        .collect();
    enqueue_many(&server.url(), "test", &jobs);
    room.worker(&["--burst", "--quiet", "-c", "1"]).run().status(0);
    let mut expected: Vec<usize> = (0..300).collect();
    expected.sort_by_key(|n| -jobs[*n].1);
    let order: Vec<usize> = room.read("order").lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(order, expected);
}

#[test]
fn delayed_jobs_come_in_the_order_in_which_they_fall_due() {
    let server = Server::start();
    let room = Room::new(&server);
    // The later a job is enqueued, the sooner it is due; all are due when the worker starts.
    let last = jiff::Timestamp::now() + Duration::from_secs(4);
    let ids: Vec<String> = (0..10)
        .map(|n| {
            let at = (last - Duration::from_millis(n * 100)).to_string();
            room.shell(&["--at", &at], "echo $JOBQ_JOB_ID >>order")
        })
        .collect();
    wait_for("all to be due", PATIENCE, || ids.iter().all(|id| room.job(id).state() == "PENDING"));
    room.burst(&["-c", "1"]);
    let expected: String = ids.iter().rev().map(|id| format!("{id}\n")).collect();
    assert_eq!(room.read("order"), expected);
}
