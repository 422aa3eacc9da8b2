//! Limits of a queue that hold over all workers, from the file and from an operator.

use crate::support::{PATIENCE, Room, Running, Server, invariants};

#[test]
fn max_running_holds_over_three_workers() {
    let server = Server::start();
    let room = Room::with_tasks(&server, "[queues.narrow]\nmax_running = 2\n");
    let workers: Vec<Running> = (0..3).map(|_| room.ready_worker(&["-c", "4", "-q", "narrow"])).collect();
    let script = "mkdir run.$$; ls -d run.* | wc -l >>busy; sleep 0.1; rmdir run.$$";
    let ids: Vec<String> = (0..14).map(|_| room.shell(&["-q", "narrow"], script)).collect();
    for id in &ids {
        room.job_in(id, "SUCCESS", PATIENCE);
    }
    let busy = room.read("busy");
    let counts: Vec<u32> = busy.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().max()), (14, Some(&2)), "{counts:?}");
    drop(workers);
    invariants::check(&mut server.client());
}

#[test]
fn a_rate_holds_within_the_bucket_over_two_workers() {
    let server = Server::start();
    let room = Room::with_tasks(&server, "[queues.slow]\nrate = \"5/s\"\n");
    let _workers: Vec<Running> = (0..2).map(|_| room.ready_worker(&["-c", "8", "-q", "slow"])).collect();
    let ids: Vec<String> = (0..14).map(|_| room.enqueue(["-q", "slow", "--", "true"])).collect();
    let mut starts: Vec<i64> = ids
        .iter()
        .map(|id| {
            let job = room.job_in(id, "SUCCESS", PATIENCE);
            let text = job.0["attempts"][0]["started_at"].as_str().unwrap();
            text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
        })
        .collect();
    starts.sort_unstable();
    for (first, from) in starts.iter().enumerate() {
        for (last, to) in starts.iter().enumerate().skip(first) {
            // Five saved up, and one each 200 ms; times are whole milliseconds.
            let most = 5 + (to - from + 1) / 200;
            let started = i64::try_from(last - first).unwrap() + 1;
            assert!(started <= most, "{started} starts from {from} to {to}: {starts:?}");
        }
    }
    invariants::check(&mut server.client());
}

#[test]
fn an_operators_limit_goes_before_that_of_the_file() {
    let server = Server::start();
    let room = Room::with_tasks(&server, "[queues.q]\nmax_depth = 2\n");
    let enqueue = || room.jobq(["enqueue", "--quiet", "-q", "q", "--delay", "1h", "--", "true"]).run();
    let worker = room.ready_worker(&["-q", "q"]);
    enqueue().status(0);
    enqueue().status(0);
    enqueue().status(75);
    room.jobq(["control", "limit", "q", "--max-depth", "3"]).run().status(0);
    enqueue().status(0);
    enqueue().status(75);
    // The file speaks again at every start of a worker, and still second.
    drop(worker);
    let _worker = room.ready_worker(&["-q", "q"]);
    enqueue().status(75);
    room.jobq(["control", "limit", "q", "--max-depth", "10"]).run().status(0);
    enqueue().status(0);
    invariants::check(&mut server.client());
}
