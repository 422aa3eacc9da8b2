//! How an attempt may end, what each end is called, and what follows from it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Room, Server, Signal, engine_of, signal, wait_for};

/// Enqueues, runs, and checks outcome, code and signal of the only attempt.
#[track_caller]
fn ends_as(room: &Room, words: &[&str], outcome: &str, code: Option<u64>, number: Option<u64>, wait: i32) {
    let id = room.enqueue(words);
    room.burst(&[]);
    let job = room.job(&id);
    let got = (job.outcome(), job.0["exit_code"].as_u64(), job.0["signal"].as_u64());
    assert_eq!(got, (outcome, code, number), "{words:?}: {:#}", job.0);
    assert_eq!(job.outcomes(), [outcome]);
    room.jobq(["status", "--wait", &id]).run().status(wait);
}

#[test]
fn every_end_of_a_command_has_its_name_and_its_code() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("plain", "not a program");
    room.write("no-interpreter", "#!/no/such/interpreter\n");
    fs::set_permissions(room.work().join("no-interpreter"), Permissions::from_mode(0o755)).unwrap();
    ends_as(&room, &["--", "true"], "exit", Some(0), None, 0);
    ends_as(&room, &["--shell", "exit 255"], "exit", Some(255), None, 255);
    // The shell's own words for these are ordinary exits.
    ends_as(&room, &["--shell", "exit 127"], "exit", Some(127), None, 127);
    ends_as(&room, &["--shell", "kill -KILL $$"], "signal", None, Some(9), 137);
    ends_as(&room, &["--shell", "kill -USR2 $$"], "signal", None, Some(12), 140);
    ends_as(&room, &["--", "no-such-program"], "not_found", None, None, 127);
    ends_as(&room, &["--", "./no-such-program"], "not_found", None, None, 127);
    ends_as(&room, &["--", "./plain"], "not_executable", None, None, 126);
    ends_as(&room, &["--", "./no-interpreter"], "not_executable", None, None, 126);
    ends_as(&room, &["--", "/"], "not_executable", None, None, 126);
    ends_as(&room, &["-C", "/no/such/folder", "--", "true"], "bad_cwd", None, None, 126);
    ends_as(&room, &["--timeout", "300ms", "--", "sleep", "1000"], "timeout", None, None, 124);
}

#[test]
fn a_core_dump_is_told_apart_where_the_kernel_made_one() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "ulimit -c 0; kill -ABRT $$");
    room.burst(&[]);
    assert_eq!(room.job(&id).0["error"], "killed by SIGABRT");
    // With cores allowed, the shell that ran the command says whether there was one.
    let id = room.shell(&[], "ulimit -c unlimited 2>/dev/null || exit 0; kill -ABRT $$");
    room.burst(&[]);
    let job = room.job(&id);
    let error = job.0["error"].as_str().unwrap_or_default();
    let dumped = fs::read_dir(room.work())
        .unwrap()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("core"));
    if dumped {
        assert_eq!(error, "killed by SIGABRT (core dumped)");
    } else {
        // Cores may go to a program or be switched off for all: the name of the end stays.
        assert!(job.outcome() == "signal" || job.state() == "SUCCESS", "{error}");
    }
}

#[test]
fn more_arguments_than_the_kernel_takes_are_too_big() {
    let server = Server::start();
    let room = Room::new(&server);
    // Each argument is allowed; together they pass the limit of an exec, a quarter of the
    // stack limit that the worker was started with.
    let word = "x".repeat(100_000);
    let words: Vec<&str> = std::iter::repeat_n(word.as_str(), 8).collect();
    let id = room.enqueue(["--", "true"].iter().copied().chain(words));
    let script = "ulimit -s 1024; exec \"$@\"";
    let jobq = env!("CARGO_BIN_EXE_jobq");
    room.program("/bin/sh").args(["-c", script, "sh", jobq, "worker", "--burst"]).run().status(0);
    let job = room.job(&id);
    assert_eq!((job.state(), job.outcome()), ("FAILURE", "too_big"));
    room.jobq(["status", "--wait", &id]).run().status(126);
}

#[test]
fn the_ends_that_no_command_chooses_have_names_too() {
    let server = Server::start();
    let room = Room::new(&server);
    let cancelled = room.enqueue(["--", "true"]);
    room.jobq(["control", "cancel", &cancelled]).run().status(0);
    assert_eq!((room.job(&cancelled).state(), room.job(&cancelled).outcome()), ("REVOKED", "cancelled"));
    room.jobq(["status", "--wait", &cancelled]).run().status(125);

    let expired = room.enqueue(["--expires", "1ms", "--", "true"]);
    room.burst(&[]);
    assert_eq!((room.job(&expired).state(), room.job(&expired).outcome()), ("EXPIRED", "expired"));
    room.jobq(["status", "--wait", &expired]).run().status(125);

    let lost = room.enqueue(["--on-lost", "fail", "--", "sleep", "1000"]);
    let worker = room.ready_worker(&[]);
    room.job_in(&lost, "STARTED", PATIENCE);
    signal(engine_of(worker.pid()), Signal::KILL);
    let job = room.job_in(&lost, "FAILURE", PATIENCE);
    assert_eq!((job.outcome(), job.counters()), ("worker_lost", [1, 0, 1, 0, 0]));
    room.jobq(["status", "--wait", &lost]).run().status(125);
}

#[test]
fn retries_wait_their_delay_and_stop_at_their_number() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&["--retries", "2", "--retry-delay", "400ms"], "cat /proc/uptime >>times; exit 9");
    room.burst(&["--idle", "30s"]);
    let job = room.job(&id);
    assert_eq!((job.state(), job.counters()), ("FAILURE", [3, 3, 0, 0, 0]));
    assert_eq!(job.outcomes(), ["exit", "exit", "exit"]);
    let text = room.read("times");
    let times: Vec<f64> = text.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    // To the hundredth in which that clock counts.
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 0.39), "{times:?}");
}

#[test]
fn exit_codes_decide_what_follows() {
    let server = Server::start();
    let room = Room::new(&server);
    let run = |options: &[&str], script: &str| {
        let id = room.shell(options, script);
        room.burst(&["--idle", "20s"]);
        let job = room.job(&id);
        (job.state().to_owned(), job.counters())
    };
    let quick = ["--retries", "3", "--retry-delay", "10ms"];
    let with = |more: &[&'static str]| [&quick[..], more].concat();
    let ended = |state: &str, counters| (state.to_owned(), counters);
    assert_eq!(run(&["--ok-codes", "0,3"], "exit 3"), ended("SUCCESS", [1, 0, 0, 0, 0]));
    assert_eq!(run(&with(&["--retry-on", "5"]), "exit 6"), ended("FAILURE", [1, 1, 0, 0, 0]));
    assert_eq!(run(&with(&["--retry-on", "5"]), "exit 75"), ended("FAILURE", [4, 4, 0, 0, 0]));
    assert_eq!(run(&with(&["--no-retry-on", "6-9"]), "exit 7"), ended("FAILURE", [1, 1, 0, 0, 0]));
    assert_eq!(run(&with(&["--no-retry-on", "6-9"]), "exit 5"), ended("FAILURE", [4, 4, 0, 0, 0]));
    assert_eq!(run(&with(&[]), "[ $JOBQ_ATTEMPT = 3 ] || exit 1"), ended("SUCCESS", [3, 2, 0, 0, 0]));
    assert_eq!(
        run(&["--snooze-on", "8=10ms"], "echo x >>seen; [ $(wc -l <seen) = 3 ] || exit 8"),
        ended("SUCCESS", [1, 0, 0, 2, 0])
    );
}

#[test]
fn a_job_sets_its_own_next_delay() {
    let server = Server::start();
    let room = Room::new(&server);
    let note = "echo 10ms >$JOBQ_RETRY_AFTER; exit 1";
    let id = room.shell(&["--retries", "1", "--retry-delay", "1h"], note);
    let junk = "echo soon >$JOBQ_RETRY_AFTER; exit 1";
    let other = room.shell(&["--retries", "1", "--retry-delay", "1h"], junk);
    room.burst(&["--idle", "20s"]);
    assert_eq!((room.job(&id).state(), room.job(&id).counters()), ("FAILURE", [2, 2, 0, 0, 0]));
    assert_eq!(room.job(&other).state(), "RETRY");
}

#[test]
fn a_soft_timeout_can_be_caught_and_the_job_keeps_its_own_code() {
    let server = Server::start();
    let room = Room::new(&server);
    let caught = room.shell(
        &["--soft-timeout", "300ms", "--timeout", "60s"],
        "trap 'echo tidy; exit 5' TERM; while :; do sleep 0.05; done",
    );
    let other = room.shell(
        &["--soft-timeout", "300ms", "--soft-signal", "USR1"],
        "trap 'exit 6' USR1; while :; do sleep 0.05; done",
    );
    let plain = room.enqueue(["--soft-timeout", "300ms", "--", "sleep", "1000"]);
    room.burst(&["-c", "3"]);
    let job = room.job(&caught);
    assert_eq!((job.outcome(), &job.0["exit_code"]), ("exit", &5.into()));
    assert_eq!(room.stdout_of(&caught), b"tidy\n");
    assert_eq!(room.job(&other).0["exit_code"], 6);
    // Not caught: the signal it died of, not a timeout.
    assert_eq!((room.job(&plain).outcome(), &room.job(&plain).0["signal"]), ("signal", &15.into()));
}

#[test]
fn a_hard_timeout_kills_the_whole_tree() {
    let server = Server::start();
    let room = Room::new(&server);
    let script = "trap '' TERM; setsid sleep 1000 & ( setsid sh -c 'sleep 1000 & sleep 1000' & ); \
                  sleep 1000 & kill -STOP $!; touch grown; wait; sleep 1000";
    let id = room.shell(&["--timeout", "1s"], script);
    let start = Instant::now();
    let worker = room.ready_worker(&[]);
    let job = room.job_in(&id, "FAILURE", PATIENCE);
    assert!(room.work().join("grown").exists());
    assert_eq!(job.outcome(), "timeout");
    // The tree is gone before the end is told, so nothing is waited for here.
    assert_eq!(room.processes_of(&id), [0_u32; 0]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    room.jobq(["status", "--wait", &id]).run().status(124);
    drop(worker);
}

#[test]
fn what_a_job_leaves_behind_is_killed_and_delays_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    // It holds the pipes and ignores TERM, in a session of its own.
    let id = room.shell(&[], "trap '' TERM; setsid sleep 1000 & ( setsid sleep 1000 & ) ; echo done; exit 0");
    let worker = room.ready_worker(&[]);
    let job = room.job_in(&id, "SUCCESS", Duration::from_secs(10));
    assert_eq!(job.outcome(), "exit");
    assert_eq!(room.stdout_of(&id), b"done\n");
    wait_for("the leftovers to be gone", Duration::from_secs(10), || room.processes_of(&id).is_empty());
    worker.wait_stderr("killed what the job left behind", PATIENCE);
}

#[test]
fn a_cancelled_job_that_waits_never_starts() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..10).map(|_| room.shell(&[], "echo $JOBQ_JOB_ID >>ran")).collect();
    let later = room.shell(&["--delay", "300ms"], "echo $JOBQ_JOB_ID >>ran");
    let mut cancel = vec!["control", "cancel", &later];
    cancel.extend(ids.iter().step_by(2).map(String::as_str));
    room.jobq(cancel).run().status(0);
    room.burst(&["--idle", "1s"]);
    let mut expected: Vec<&str> = ids.iter().skip(1).step_by(2).map(String::as_str).collect();
    expected.sort_unstable();
    let ran = room.read("ran");
    let mut ran: Vec<&str> = ran.lines().collect();
    ran.sort_unstable();
    assert_eq!(ran, expected);
}

#[test]
fn a_cancelled_job_that_runs_loses_its_tree() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&["--kill-after", "300ms"]);
    let script =
        "trap '' TERM; setsid sleep 1000 & ( setsid sleep 1000 & ); touch grown; sleep 1000; sleep 1000";
    let id = room.shell(&["--retries", "3"], script);
    wait_for("the tree to grow", PATIENCE, || room.work().join("grown").exists());
    room.jobq(["control", "cancel", "--wait", "--reason", "enough", &id]).run().status(0);
    assert_eq!(room.processes_of(&id), [0_u32; 0]);
    let job = room.job(&id);
    assert_eq!((job.state(), job.outcome()), ("REVOKED", "cancelled"));
    assert_eq!(job.counters(), [1, 0, 0, 0, 0]);
    room.jobq(["status", "--wait", &id]).run().status(125);
    // A polite one ends at its TERM and is cancelled all the same.
    let polite = room.shell(&[], "trap 'exit 0' TERM; while :; do sleep 0.05; done");
    room.job_in(&polite, "STARTED", PATIENCE);
    room.jobq(["control", "cancel", "--wait", &polite]).run().status(0);
    assert_eq!(room.job(&polite).state(), "REVOKED");
}
