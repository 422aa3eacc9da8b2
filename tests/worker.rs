//! `jobq worker` in good weather: how it ends, what it takes and in which order.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{PATIENCE, Proxy, Room, Server, Signal, enqueue_many, wait_for};

#[test]
fn a_burst_runs_what_is_there_and_exits_0_whatever_came_of_it() {
    let server = Server::start();
    let room = Room::new(&server);
    let good = room.shell(&[], "echo hi; exit 0");
    let bad = room.shell(&[], "echo hi; exit 3");
    let absent = room.enqueue(["--", "no-such-program"]);
    let output = room.burst(&[]).stdout("");
    assert!(
        output.stderr_text().ends_with("left nothing\n") || output.stderr_text().contains(" left nothing\n")
    );
    assert_eq!(room.job(&good).state(), "SUCCESS");
    assert_eq!(room.job(&bad).state(), "FAILURE");
    assert_eq!(room.job(&absent).outcome(), "not_found");
    room.jobq(["status", "--wait", &bad]).run().status(3).stdout("hi\n").stderr("");
    room.jobq(["status", "--wait", &absent]).run().status(127);
    room.jobq(["status", "--stdout", &bad]).run().status(0).stdout("hi\n");
}

#[test]
fn a_burst_leaves_what_is_not_due_and_says_so() {
    let server = Server::start();
    let room = Room::new(&server);
    let now = room.enqueue(["--", "true"]);
    let later = room.enqueue(["--delay", "1h", "--", "true"]);
    let again = room.enqueue(["--retries", "1", "--retry-delay", "1h", "--", "false"]);
    let elsewhere = room.enqueue(["-q", "other", "--", "true"]);
    let said = room.burst(&[]).stderr_text();
    assert!(said.contains(" left in its queues SCHEDULED=1 RETRY=1\n"), "{said}");
    let states = [&now, &later, &again, &elsewhere].map(|id| room.job(id).state().to_owned());
    assert_eq!(states, ["SUCCESS", "SCHEDULED", "RETRY", "PENDING"]);
}

#[test]
fn an_idle_time_makes_a_burst_wait_for_what_falls_due_within_it() {
    let server = Server::start();
    let room = Room::new(&server);
    let soon = room.enqueue(["--delay", "700ms", "--", "true"]);
    let twice = room.enqueue(["--retries", "1", "--retry-delay", "800ms", "--", "false"]);
    let later = room.enqueue(["--delay", "1h", "--", "true"]);
    room.burst(&["--idle", "30s"]);
    assert_eq!(room.job(&soon).state(), "SUCCESS");
    assert_eq!(room.job(&twice).counters(), [2, 2, 0, 0, 0]);
    assert_eq!(room.job(&later).state(), "SCHEDULED");
}

#[test]
fn a_burst_is_not_over_while_a_retry_is_due_at_once() {
    let server = Server::start();
    let room = Room::new(&server);
    // The end of the one job comes while the claim that found nothing is on its way.
    for _ in 0..5 {
        let id = room.enqueue(["--retries", "6", "--retry-delay", "0s", "--", "false"]);
        room.burst(&["-c", "2"]);
        assert_eq!(room.job(&id).counters(), [7, 7, 0, 0, 0]);
    }
}

#[test]
fn a_queue_limit_does_not_end_a_burst_early() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..12).map(|_| room.enqueue(["--", "true"])).collect();
    room.burst(&["-c", "4", "--queue-limit", "default=1"]);
    assert_eq!(ids.iter().filter(|id| room.job(id).state() == "SUCCESS").count(), 12);
}

#[test]
fn max_jobs_is_exact_and_max_runtime_ends_a_worker_that_waits() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..5).map(|_| room.enqueue(["--", "true"])).collect();
    room.worker(&["-c", "4", "--max-jobs", "3"]).run().status(0);
    let states: Vec<String> = ids.iter().map(|id| room.job(id).state().to_owned()).collect();
    assert_eq!(states, ["SUCCESS", "SUCCESS", "SUCCESS", "PENDING", "PENDING"]);
    let start = Instant::now();
    let long = room.shell(&[], "sleep 0.3");
    room.worker(&["--max-runtime", "1s"]).run().status(0);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(room.job(&long).state(), "SUCCESS");
}

#[test]
fn strict_empties_the_first_queue_before_it_looks_at_the_second() {
    let server = Server::start();
    let room = Room::new(&server);
    for n in 0..6 {
        room.shell(&["-q", if n % 2 == 0 { "low" } else { "high" }], "echo $JOBQ_QUEUE >>order");
    }
    room.burst(&["-c", "1", "-q", "high,low", "--strict"]);
    assert_eq!(room.read("order"), "high\nhigh\nhigh\nlow\nlow\nlow\n");
}

#[test]
fn weights_share_a_slot_and_starve_nobody() {
    let server = Server::start();
    let room = Room::new(&server);
    for _ in 0..40 {
        for queue in ["much", "little"] {
            room.shell(&["-q", queue], "echo $JOBQ_QUEUE >>order");
        }
    }
    room.burst(&["-c", "1", "-q", "much:9,little:1"]);
    let order = room.read("order");
    let first: Vec<&str> = order.lines().take(40).collect();
    let much = first.iter().filter(|queue| **queue == "much").count();
    // 36 of 40 expected, standard deviation 1.9.
    assert!((26..40).contains(&much), "{much} of the first 40");
    assert_eq!(order.lines().count(), 80);
}

#[test]
fn a_queue_limit_is_kept_while_other_queues_use_the_slots() {
    let server = Server::start();
    let room = Room::new(&server);
    let script = "mkdir run.$JOBQ_QUEUE.$$; ls -d run.$JOBQ_QUEUE.* | wc -l >>busy.$JOBQ_QUEUE; sleep 0.1; \
                  rmdir run.$JOBQ_QUEUE.$$";
    for _ in 0..8 {
        room.shell(&["-q", "narrow"], script);
        room.shell(&["-q", "wide"], script);
    }
    room.burst(&["-c", "6", "-q", "narrow,wide", "--queue-limit", "narrow=2"]);
    let most =
        |queue: &str| room.read(&format!("busy.{queue}")).lines().map(|n| n.parse::<u32>().unwrap()).max();
    assert_eq!(most("narrow"), Some(2));
    assert!(most("wide") > Some(2));
}

#[test]
fn a_worker_for_tasks_only_holds_commands_and_says_why() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "echo ran >>ran");
    room.burst(&["--tasks-only"]);
    let job = room.job(&id);
    assert_eq!(
        (job.state(), job.0["reason"].as_str()),
        ("SCHEDULED", Some("this worker runs named tasks only"))
    );
    assert_eq!((job.counters(), job.outcome()), ([0, 0, 0, 0, 1], "rejected"));
    let shown = room.jobq(["status", &id]).run().status(0).stdout_text();
    assert!(shown.contains("this worker runs named tasks only"), "{shown}");
    assert_eq!(room.read("ran"), "");
    // Held for a second, then for two: another worker may run it in between.
    room.burst(&["--idle", "20s"]);
    assert_eq!(
        (room.job(&id).state().to_owned(), room.read("ran")),
        ("SUCCESS".to_owned(), "ran\n".to_owned())
    );
}

#[test]
fn the_json_log_has_one_object_a_line() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "exit 4");
    let output = room.worker(&["--burst", "--log-format", "json"]).run().status(0).stdout("");
    let text = output.stderr_text();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["time"].is_string() && line["event"].is_string()));
    let of_job: Vec<_> = lines.iter().filter(|line| line["job"] == id.as_str()).collect();
    assert_eq!(
        of_job.iter().map(|line| line["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["started", "failed"]
    );
    assert_eq!(of_job[1]["error"], "exit code 4");
}

#[test]
fn log_dir_has_the_complete_output_of_each_attempt() {
    let server = Server::start();
    let room = Room::new(&server);
    let logs = room.work().join("logs");
    fs::create_dir(&logs).unwrap();
    let script = "head -c 300000 /dev/zero | tr '\\0' a; echo err $JOBQ_ATTEMPT >&2; exit 1";
    let id = room.shell(&["--retries", "1", "--retry-delay", "0s"], script);
    room.burst(&["--log-dir", logs.to_str().unwrap(), "--output-head", "1k", "--output-tail", "1k"]);
    for attempt in 1..=2 {
        let file = |stream: &str| fs::read(logs.join(format!("{id}.{attempt}.{stream}"))).unwrap();
        assert_eq!(file("out"), vec![b'a'; 300_000]);
        assert_eq!(file("err"), format!("err {attempt}\n").into_bytes());
    }
    assert_eq!(room.stdout_of(&id).iter().filter(|byte| **byte == b'a').count(), 2048);
    room.worker(&["--burst", "--log-dir", "/no/such"]).run().status(78);
}

#[test]
fn the_end_of_a_job_makes_room_for_the_next_at_once() {
    let server = Server::start();
    let room = Room::new(&server);
    let jobs: Vec<_> = (0..200).map(|_| ("default", 0, vec!["true".to_owned()])).collect();
    enqueue_many(&server.url(), "test", &jobs);
    let log = room.worker(&["--burst", "-c", "1", "--log-format", "json"]).run().status(0).stderr_text();
    let events = log.lines().map(|line| serde_json::from_str::<Json>(line).expect(line));
    let times: Vec<jiff::Timestamp> = events
        .filter(|event| event["event"] == "started" || event["event"] == "succeeded")
        .map(|event| event["time"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(times.len(), 400);
    let pause = jiff::SignedDuration::from_millis(900);
    let pauses = times.windows(2).filter(|pair| pair[1].duration_since(pair[0]) > pause).count();
    // Where the end of a job does not wake the worker, the slow poll does, a second later.
    assert!(pauses < 3, "{pauses} pauses of a second:\n{log}");
}

#[test]
fn an_idle_worker_sends_about_one_command_a_second() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let room = Room::at(&proxy.url());
    let worker = room.ready_worker(&["-c", "4"]);
    wait_for("the subscription", PATIENCE, || proxy.commands().iter().any(|name| name == "SUBSCRIBE"));
    // A new subscription may have missed a bell, so one claim follows it at once.
    let subscribed = proxy.requests();
    wait_for("the claim after it, and one more", PATIENCE, || proxy.requests() >= subscribed + 2);
    let (before, start) = (proxy.requests(), Instant::now());
    wait_for("five more commands", PATIENCE, || proxy.requests() >= before + 5);
    // The fifth may come right after four whole seconds; more than 1.5 a second is too many.
    assert!(start.elapsed() > Duration::from_millis(3_300), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(50), "{:?}", start.elapsed());
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn the_doorbell_wakes_an_idle_worker_and_a_lost_one_costs_a_second() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&[]);
    wait_for("the subscription", PATIENCE, || server.cli(&["PUBSUB", "CHANNELS"]).texts().len() >= 2);
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        room.jobq(["enqueue", "--wait", "--", "true"]).run().status(0);
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < Duration::from_millis(500), "{quickest:?}");
    // A user that may not listen hears no bell at all; the slow poll finds the job.
    let deaf = room.jobq(["enqueue", "-q", "deaf", "--quiet", "--", "true"]).run().line();
    server.cli(&["ACL", "SETUSER", "deaf", "on", "nopass", "~*", "resetchannels", "+@all"]);
    let url = format!("unix://{}?user=deaf&pass=x", server.socket().display());
    let _other = room.worker(&["-q", "deaf", "--url", &url]).spawn();
    room.jobq(["status", "--wait", &deaf]).run().status(0);
    let start = Instant::now();
    let next = room.enqueue(["-q", "deaf", "--", "true"]);
    room.jobq(["status", "--wait", &next]).run().status(0);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
