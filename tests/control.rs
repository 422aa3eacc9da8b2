//! `jobq control`: limits that hold under pressure, cancelling, purging.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{PATIENCE, Room, Running, Server, alive, wait_for};

fn enqueue(room: &Room, args: &[&str]) -> String {
    room.jobq(["enqueue", "--quiet"]).args(args).run().status(0).line()
}

fn show(room: &Room, id: &str) -> Json {
    serde_json::from_str(&room.jobq(["status", "--json", id]).run().status(0).line()).unwrap()
}

fn state(room: &Room, id: &str) -> String {
    show(room, id)["state"].as_str().unwrap().to_owned()
}

fn depth(room: &Room, queue: &str) -> u64 {
    let overview: Json =
        serde_json::from_str(&room.jobq(["status", "--json"]).run().status(0).line()).unwrap();
    let queues = overview["queues"].as_array().unwrap();
    queues.iter().find(|one| one["name"] == queue).map_or(0, |one| one["depth"].as_u64().unwrap())
}

const FULL: &str = "jobq: queue default is full (2 of 2 jobs); nothing was accepted\n\
                    hint: try again later, or wait for room with --if-full wait\n";

#[test]
fn a_full_queue_is_75_and_takes_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["control", "limit", "default", "--max-depth", "2"])
        .run()
        .stdout("")
        .stderr("queue default: max_depth 2\n")
        .status(0);
    let first = enqueue(&room, &["--", "true"]);
    enqueue(&room, &["--delay", "1h", "--", "true"]);
    let before = server.dump_all();
    room.jobq(["enqueue", "--", "true"]).run().stdout("").stderr(FULL).status(75);
    let json = room.jobq(["enqueue", "--json", "--", "true"]).run().stdout("").status(75);
    let error: Json = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["kind"]), (&75.into(), &"queue_full".into()));
    assert_eq!(server.dump_all(), before);
    // What is known already is no new job.
    room.jobq(["enqueue", "--quiet", "--id", &first, "--", "true"]).run().status(0);
    enqueue(&room, &["-q", "other", "--", "true"]);
    room.jobq(["control", "limit", "default", "--max-depth", "none", "--json"])
        .run()
        .stdout("{\"max_depth\":null,\"queue\":\"default\"}\n")
        .stderr("")
        .status(0);
    enqueue(&room, &["--", "true"]);
}

#[test]
fn a_queue_is_full_by_bytes_too() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["control", "limit", "default", "--max-bytes", "64K"])
        .run()
        .stderr("queue default: max_bytes 65536\n")
        .status(0);
    let small = enqueue(&room, &["--", "true"]);
    let refused = room.jobq(["enqueue", "--stdin", "--", "cat"]).stdin(vec![b'x'; 65_536]).run();
    let stderr = refused.stdout("").status(75).stderr_text();
    assert!(
        stderr.starts_with("jobq: queue default is full (") && stderr.contains(" of 65536 bytes);"),
        "{stderr}"
    );
    assert_eq!(depth(&room, "default"), 1);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    assert_eq!(state(&room, &small), "SUCCESS");
    room.jobq(["enqueue", "--quiet", "--stdin", "--", "cat"]).stdin(vec![b'x'; 60_000]).run().status(0);
}

#[test]
fn a_producer_can_wait_for_room() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["control", "limit", "default", "--max-depth", "2"]).run().status(0);
    let first = enqueue(&room, &["--", "true"]);
    enqueue(&room, &["--", "true"]);
    let began = Instant::now();
    room.jobq(["enqueue", "--if-full", "wait=300ms", "--", "true"]).run().stdout("").stderr(FULL).status(75);
    assert!(began.elapsed() >= Duration::from_millis(300));
    let mut patient =
        room.jobq(["enqueue", "--quiet", "--if-full", "wait", "--id", "late", "--", "true"]).spawn();
    let timely =
        room.jobq(["enqueue", "--quiet", "--if-full", "wait=1m", "--id", "timely", "--", "true"]).spawn();
    wait_for("the producers to have asked", PATIENCE, || {
        let stats = server.cli(&["INFO", "commandstats"]).text();
        let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.and_then(|text| text.split(',').next()?.parse::<u32>().ok()).is_some_and(|calls| calls > 8)
    });
    assert!(!patient.has_ended());
    room.jobq(["control", "cancel", &first]).run().status(0);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    patient.wait_exit(PATIENCE).stdout("late\n").stderr("").status(0);
    timely.wait_exit(PATIENCE).stdout("timely\n").stderr("").status(0);
}

#[test]
fn twenty_producers_never_pass_the_depth() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["control", "limit", "default", "--max-depth", "10"]).run().status(0);
    let worker = room.jobq(["worker", "-c", "2", "--quiet"]).spawn();
    let script =
        "n=0; while [ $n -lt 10 ]; do jobq enqueue --quiet -- true; echo $? >>codes.$1; n=$((n+1)); done";
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_jobq")).parent().unwrap();
    let producers: Vec<Running> = (0..20)
        .map(|n| {
            let shell = room.program("/bin/sh").args(["-c", script, "sh", &n.to_string()]);
            let path = std::env::join_paths([bin, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
            shell.env("PATH", path).spawn()
        })
        .collect();
    let mut producers: Vec<Running> = producers;
    let mut deepest = 0;
    wait_for("all producers to end", PATIENCE, || {
        deepest = deepest.max(depth(&room, "default"));
        producers.iter_mut().all(Running::has_ended)
    });
    let ids: Vec<String> = producers
        .into_iter()
        .flat_map(|one| {
            let text = one.wait_exit(PATIENCE).stdout_text();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let codes: String = (0..20).map(|n| room.read(&format!("codes.{n}"))).collect();
    let count = |code: &str| codes.lines().filter(|line| *line == code).count();
    assert!(deepest <= 10, "{deepest}");
    assert_eq!(count("0") + count("75"), 200, "{codes}");
    assert_eq!(count("0"), ids.len());
    assert!(count("75") > 0 && count("0") >= 10, "nothing was tried: {codes}");
    wait_for("the queue to be empty", PATIENCE, || depth(&room, "default") == 0);
    drop(worker);
    let done = room.jobq(["status", "--wait"]).args(&ids).run();
    done.stdout("").status(0);
}

#[test]
fn what_waits_is_cancelled_at_once_and_what_runs_is_ended() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.jobq(["worker", "-c", "1", "--quiet"]).spawn();
    enqueue(&room, &["--id", "runs", "--shell", "echo $$ >pid; exec sleep 600"]);
    enqueue(&room, &["--id", "waits", "--", "true"]);
    wait_for("the first to run", PATIENCE, || room.read("pid").ends_with('\n'));
    let pid: u32 = room.read("pid").trim().parse().unwrap();
    room.jobq(["control", "cancel", "--wait", "--reason", "wrong list", "runs", "waits"])
        .run()
        .stdout("")
        .stderr("runs is being ended\nwaits cancelled, it never runs\n")
        .status(0);
    assert!(!alive(pid));
    let job = show(&room, "runs");
    assert_eq!((&job["state"], &job["outcome"]), (&"REVOKED".into(), &"cancelled".into()));
    assert_eq!(state(&room, "waits"), "REVOKED");
    room.jobq(["control", "cancel", "--json", "runs"])
        .run()
        .stdout("{\"id\":\"runs\",\"result\":\"finished\"}\n")
        .stderr("")
        .status(0);
    room.jobq(["control", "cancel", "runs", "nobody"])
        .run()
        .stdout("")
        .stderr(
            "runs had ended already (REVOKED)\njobq: no job nobody in this namespace\n\
             hint: its record may have been removed after its time, or --namespace or --url differ\n",
        )
        .status(66);
}

#[test]
fn a_purge_ends_what_a_queue_has_and_nothing_else() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..5).map(|_| enqueue(&room, &["--", "true"])).collect();
    let later = enqueue(&room, &["--delay", "1h", "--", "true"]);
    let other = enqueue(&room, &["-q", "other", "--", "true"]);
    room.jobq(["control", "purge", "default"])
        .run()
        .stdout("")
        .stderr("jobq: purge of queue default needs --yes off a terminal\n")
        .status(2);
    assert_eq!(depth(&room, "default"), 6);
    room.jobq(["control", "purge", "default", "--yes"])
        .run()
        .stdout("")
        .stderr("purged 6 jobs from queue default (1 delayed, 5 waiting)\n")
        .status(0);
    assert!(ids.iter().chain([&later]).all(|id| state(&room, id) == "REVOKED"));
    assert_eq!(state(&room, &other), "PENDING");
    room.jobq(["control", "purge", "default", "--yes", "--json"])
        .run()
        .stdout("{\"purged\":0,\"queue\":\"default\",\"states\":{}}\n")
        .status(0);
}

#[test]
fn only_the_local_server_is_jobqs_to_stop() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["control", "server", "stop"])
        .run()
        .stdout("")
        .stderr(
            "jobq: only the local store's server is jobq's to stop, and a URL names another\n\
             hint: leave out --url and JOBQ_URL\n",
        )
        .status(2);
    assert!(alive(server.pid()));
}
