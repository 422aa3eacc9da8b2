//! Signals to a worker: each climbs one step of the ladder, on time whatever Redis does.

use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Room, Server, Signal, wait_for};

/// A job that runs until the file `go` is there, whatever polite signals it gets.
const STUBBORN: &str = "trap '' TERM; setsid sleep 1000 & touch up.$JOBQ_ATTEMPT.$$; \
                        until [ -e go ]; do sleep 0.05; done; echo done";
/// Far beyond all limits that these tests set, far below those they leave alone.
const SOON: Duration = Duration::from_secs(20);

fn has_started(room: &Room) -> bool {
    let entries = std::fs::read_dir(room.work()).unwrap().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("up."))
}

/// Nothing is leased and nobody is in the books.
fn assert_nothing_held(room: &Room) {
    let overview = room.overview();
    assert_eq!(overview["workers"], serde_json::json!([]));
    assert!(overview["queues"].as_array().unwrap().iter().all(|queue| queue["counts"]["STARTED"] == 0));
}

#[test]
fn an_idle_worker_ends_at_the_first_signal() {
    let server = Server::start();
    let room = Room::new(&server);
    for number in [Signal::TERM, Signal::INT] {
        let worker = room.ready_worker(&["--grace", "100s"]);
        worker.signal(number);
        worker.wait_exit(SOON).status(0);
    }
    assert_nothing_held(&room);
}

#[test]
fn the_first_signal_lets_running_jobs_finish_and_takes_no_more() {
    let server = Server::start();
    let room = Room::new(&server);
    let running = room.shell(&[], STUBBORN);
    let worker = room.ready_worker(&["-c", "1", "--grace", "100s"]);
    wait_for("the job", PATIENCE, || has_started(&room));
    let waiting = room.enqueue(["--", "true"]);
    worker.signal(Signal::TERM);
    worker.wait_stderr(
        "jobq: finishing 1 running job, taking no new ones; send TERM again to stop them",
        PATIENCE,
    );
    worker.wait_stderr("draining", PATIENCE);
    room.write("go", "");
    worker.wait_exit(SOON).status(0);
    assert_eq!((room.job(&running).state(), room.stdout_of(&running)), ("SUCCESS", b"done\n".to_vec()));
    assert_eq!((room.job(&waiting).state(), room.job(&waiting).counters()), ("PENDING", [0; 5]));
    assert_nothing_held(&room);
}

#[test]
fn the_second_signal_stops_jobs_and_they_go_back_without_using_an_attempt() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&["-p", "1"], STUBBORN);
    let polite = room.shell(&[], "trap 'exit 0' TERM; until [ -e go ]; do sleep 0.05; done");
    let worker = room.ready_worker(&["-c", "2", "--grace", "100s", "--kill-after", "500ms"]);
    room.job_in(&polite, "STARTED", PATIENCE);
    wait_for("the job", PATIENCE, || has_started(&room));
    worker.signal(Signal::TERM);
    worker.wait_stderr("jobq: finishing", PATIENCE);
    worker.signal(Signal::INT);
    let said = worker.wait_exit(SOON).status(0).stderr_text();
    assert!(said.contains("jobq: stopping 2 running jobs; send TERM again to kill them at once"), "{said}");
    for id in [&id, &polite] {
        let job = room.job(id);
        assert_eq!(
            (job.state(), job.counters(), job.outcomes()),
            ("PENDING", [0, 0, 0, 0, 1], vec!["released".to_owned()])
        );
        assert_eq!(room.processes_of(id), [0_u32; 0]);
    }
    assert_nothing_held(&room);
    room.write("go", "");
    room.burst(&["-c", "1"]);
    // The number is that of the attempt that did not count, and the old place was kept.
    assert_eq!(room.job(&id).counters(), [1, 0, 0, 0, 1]);
    assert_eq!((room.job(&id).state(), room.job(&polite).state()), ("SUCCESS", "SUCCESS"));
}

#[test]
fn the_third_signal_kills_at_once() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], STUBBORN);
    let worker = room.ready_worker(&["--grace", "100s", "--kill-after", "100s"]);
    wait_for("the job", PATIENCE, || has_started(&room));
    for sign in ["jobq: finishing", "jobq: stopping", "jobq: killing"] {
        worker.signal(Signal::TERM);
        worker.wait_stderr(sign, PATIENCE);
    }
    worker.wait_exit(SOON).status(0);
    assert_eq!(room.processes_of(&id), [0_u32; 0]);
    assert_eq!((room.job(&id).state(), room.job(&id).counters()), ("PENDING", [0, 0, 0, 0, 1]));
    assert_nothing_held(&room);
}

#[test]
fn the_clock_climbs_the_ladder_where_nobody_signals_again() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], STUBBORN);
    let worker = room.ready_worker(&["--grace", "500ms", "--kill-after", "500ms"]);
    wait_for("the job", PATIENCE, || has_started(&room));
    let start = Instant::now();
    worker.signal(Signal::TERM);
    worker.wait_exit(SOON).status(0);
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!((room.job(&id).state(), room.job(&id).counters()), ("PENDING", [0, 0, 0, 0, 1]));
    assert_nothing_held(&room);
}

#[test]
fn the_ladder_keeps_its_clock_while_redis_stands_still_or_is_gone() {
    for dead in [false, true] {
        let mut server = Server::options().aof().start();
        let room = Room::new(&server);
        let id = room.shell(&[], STUBBORN);
        let args = ["--grace", "300ms", "--kill-after", "300ms", "--lease", "3s"];
        let worker = room.ready_worker(&args);
        wait_for("the job", PATIENCE, || has_started(&room));
        if dead {
            server.kill9();
        } else {
            server.stop();
        }
        let start = Instant::now();
        worker.signal(Signal::TERM);
        let output = worker.wait_exit(SOON);
        // grace + kill-after + 2 s, and ten times the second it may be late.
        assert!(start.elapsed() < Duration::from_millis(12_600), "{:?}", start.elapsed());
        assert!(output.code.is_some(), "{output}");
        assert_eq!(room.processes_of(&id), [0_u32; 0]);
        if dead {
            server.restart();
        } else {
            server.cont();
        }
        // Nobody could be told, so the lease runs out and the next worker takes over.
        room.write("go", "");
        let _next = room.ready_worker(&["--lease", "2s"]);
        let job = room.job_in(&id, "SUCCESS", Duration::from_secs(130));
        let [attempt, failures, losses, snoozes, releases] = job.counters();
        assert_eq!((failures, snoozes, losses + releases), (0, 0, 1));
        assert_eq!(attempt, 1 + losses);
    }
}

#[test]
fn an_idle_worker_ends_at_once_while_redis_stands_still() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["--grace", "1s", "--kill-after", "1s"]);
    server.stop();
    worker.signal(Signal::TERM);
    let output = worker.wait_exit(SOON);
    assert!(output.code.is_some(), "{output}");
    server.cont();
}

#[test]
fn a_quiet_worker_finishes_its_jobs_takes_nothing_and_stays() {
    let server = Server::start();
    let room = Room::new(&server);
    let running = room.shell(&[], STUBBORN);
    let worker = room.ready_worker(&["-c", "2"]);
    wait_for("the job", PATIENCE, || has_started(&room));
    worker.signal(Signal::USR1);
    worker.wait_stderr("jobq: taking no new jobs", PATIENCE);
    wait_for("the books to say so", PATIENCE, || room.overview()["workers"][0]["mode"] == "quiet");
    let waiting = room.enqueue(["--", "true"]);
    room.write("go", "");
    assert_eq!(room.job_in(&running, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    // It still renews: two more signs of life, and the job was left alone.
    let sign = || room.overview()["workers"][0]["seen_at"].clone();
    for _ in 0..2 {
        let last = sign();
        wait_for("a sign of life", PATIENCE, || sign() != last);
    }
    assert_eq!(room.job(&waiting).state(), "PENDING");
    worker.signal(Signal::TERM);
    worker.wait_exit(SOON).status(0);
    assert_nothing_held(&room);
}
