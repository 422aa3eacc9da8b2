//! Waiting: the job's streams and code become the command's own.

use serde_json::Value as Json;

use crate::support::{Mode, Output, PATIENCE, Proxy, Room, Running, Server, Signal, alive, wait_for};

fn enqueue(room: &Room, args: &[&str]) -> String {
    room.jobq(["enqueue", "--quiet"]).args(args).run().status(0).line()
}

fn worker(room: &Room) -> Running {
    room.jobq(["worker", "-c", "4", "--quiet"]).spawn()
}

fn state(room: &Room, id: &str) -> String {
    let job: Json = serde_json::from_slice(&room.jobq(["status", "--json", id]).run().stdout).unwrap();
    job["state"].as_str().unwrap().to_owned()
}

/// `enqueue --wait` of a job with the id `job`; stderr without the id's line.
fn wait_for_job(room: &Room, args: &[&str]) -> (Output, String) {
    let output = room.jobq(["enqueue", "--wait", "--id", "job"]).args(args).run();
    let stderr = output.stderr_text();
    let words = stderr.split("job\n").last().unwrap_or_default().to_owned();
    assert!(stderr.contains("job\n"), "no id on stderr: {output}");
    (output, words)
}

#[test]
fn both_streams_come_apart_and_the_code_is_the_jobs() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let script = "echo out; echo err >&2; printf '\\000\\377tail'; exit 7";
    let (output, stderr) = wait_for_job(&room, &["--", "sh", "-c", script]);
    output.stdout(b"out\n\0\xfftail").status(7);
    assert_eq!(stderr, "err\n");
}

#[test]
fn every_way_to_end_has_its_code() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    room.write("plain", "#!/bin/sh\n");
    for (args, code) in [
        (&["--", "true"][..], 0),
        (&["--", "sh", "-c", "exit 255"], 255),
        (&["--", "sh", "-c", "kill -9 $$"], 137),
        (&["--", "sh", "-c", "kill -15 $$"], 143),
        (&["--timeout", "50ms", "--", "sleep", "60"], 124),
        (&["--", "no-such-program-anywhere"], 127),
        (&["--", "./plain"], 126),
        (&["-C", "/no/such/folder", "--", "true"], 126),
        (&["--ok-codes", "3", "--", "sh", "-c", "exit 3"], 3),
        (&["--ok-codes", "3", "--", "true"], 1),
    ] {
        let waited = room.jobq(["enqueue", "--wait", "--quiet"]).args(args).run();
        waited.stdout("").stderr("").status(code);
    }
}

#[test]
fn output_comes_while_the_job_runs() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let script = "echo first; while [ ! -e go ]; do sleep 0.01; done; echo second";
    let waiting = room.jobq(["enqueue", "--wait", "--id", "job", "--shell", script]).spawn();
    wait_for("the first line", PATIENCE, || waiting.stdout_so_far() == b"first\n");
    let follower = room.jobq(["status", "--follow", "job"]).spawn();
    wait_for("the follower to have it too", PATIENCE, || follower.stdout_so_far() == b"first\n");
    room.write("go", "");
    waiting.wait_exit(PATIENCE).stdout("first\nsecond\n").status(0);
    follower.wait_exit(PATIENCE).stdout("first\nsecond\n").stderr("").status(0);
}

#[test]
fn json_is_one_final_object() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let output = room.jobq(["enqueue", "--wait", "--json", "--", "sh", "-c", "echo hi; exit 3"]).run();
    let job: Json = serde_json::from_str(&output.line()).unwrap();
    assert_eq!((&job["state"], &job["exit_code"]), (&"FAILURE".into(), &3.into()));
    assert_eq!(job["output"]["stdout_bytes"], 3);
    let again = output.status(3);
    let id = job["id"].as_str().unwrap();
    room.jobq(["status", "--wait", "--json", id]).run().stdout(again.stdout).stderr("").status(3);
}

#[test]
fn what_never_ran_is_125_with_the_reason() {
    let server = Server::options().clock_shift().start();
    let room = Room::new(&server);
    enqueue(&room, &["--id", "unwanted", "--", "true"]);
    enqueue(&room, &["--id", "late", "--expires", "1m", "--", "true"]);
    room.jobq(["control", "cancel", "--reason", "wrong list", "unwanted"])
        .run()
        .stdout("")
        .stderr("unwanted cancelled, it never runs\n")
        .status(0);
    server.set_offset(61);
    let unwanted = room.jobq(["status", "--wait", "unwanted"]).run().stdout("").status(125).stderr_text();
    assert!(unwanted.starts_with("jobq: unwanted ended as REVOKED: cancelled by "), "{unwanted}");
    assert!(unwanted.ends_with(": wrong list\n"), "{unwanted}");
    let late = room.jobq(["status", "--wait", "late"]).run().stdout("").status(125).stderr_text();
    assert!(late.starts_with("jobq: late ended as EXPIRED"), "{late}");
    let json = room.jobq(["status", "--wait", "--json", "late"]).run().status(125);
    let job: Json = serde_json::from_str(&json.line()).unwrap();
    let error: Json = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!((&job["state"], &error["error"]["code"]), (&"EXPIRED".into(), &1.into()));
}

#[test]
fn jobqs_own_failures_are_125_and_keep_their_code_in_json() {
    let server = Server::start();
    let room = Room::new(&server);
    let hint = "hint: its record may have been removed after its time, or --namespace or --url differ\n";
    room.jobq(["status", "--wait", "nobody"])
        .run()
        .stdout("")
        .stderr(format!("jobq: no job nobody in this namespace\n{hint}"))
        .status(125);
    let error = room.jobq(["status", "--wait", "--json", "nobody"]).run().stdout("").status(125);
    let error: Json = serde_json::from_slice(&error.stderr).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["kind"]), (&66.into(), &"no_such_job".into()));
    room.jobq(["control", "limit", "default", "--max-depth", "0"]).run().status(0);
    room.jobq(["enqueue", "--wait", "--", "true"])
        .run()
        .stdout("")
        .stderr(
            "jobq: queue default is full (0 of 0 jobs); nothing was accepted\n\
             hint: try again later, or wait for room with --if-full wait\n",
        )
        .status(125);
    Room::at("unix:///nowhere/s").jobq(["enqueue", "--wait", "--", "true"]).run().stdout("").status(125);
    room.jobq(["enqueue", "--wait", "--priority", "1000", "--", "true"]).run().stdout("").status(2);
}

#[test]
fn a_wait_that_takes_too_long_ends_and_the_job_goes_on() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--wait", "--wait-timeout", "50ms", "--id", "job", "--", "true"])
        .run()
        .stdout("")
        .stderr(
            "jobq: no live worker serves queue default; to start one: jobq worker -q default\njob\n\
             jobq: job has not ended after 50ms; it goes on\nhint: wait on: jobq status --wait job\n",
        )
        .status(125);
    assert_eq!(state(&room, "job"), "PENDING");
    enqueue(&room, &["--id", "other", "--", "true"]);
    room.jobq(["status", "--wait", "--wait-timeout", "50ms", "job", "other"])
        .run()
        .stdout("")
        .stderr("jobq: not all jobs have ended after 50ms; they go on\n")
        .status(125);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    room.jobq(["status", "--wait", "job", "other"]).run().stdout("").stderr("").status(0);
}

#[test]
fn several_jobs_are_yes_or_no() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let good = enqueue(&room, &["--", "echo", "unseen"]);
    let bad = enqueue(&room, &["--", "sh", "-c", "exit 9"]);
    room.jobq(["status", "--wait", &good, &good]).run().stdout("").stderr("").status(0);
    room.jobq(["status", "--wait", &good, &bad])
        .run()
        .stdout("")
        .stderr("jobq: 1 of 2 jobs did not succeed\n")
        .status(1);
    let json = room.jobq(["status", "--wait", "--json", "--quiet", &good, &bad]).run().stderr("").status(1);
    let jobs: Vec<Json> =
        json.stdout_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(jobs.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["SUCCESS", "FAILURE"]);
    room.jobq(["status", "--wait", &good, "nobody"]).run().stdout("").status(125);
}

const DETACHED: &str = "jobq: detached, job goes on; Ctrl-C again within 2 s cancels it";

#[test]
fn ctrl_c_detaches_and_the_job_goes_on() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let script = "echo on; while [ ! -e go ]; do sleep 0.01; done; echo end";
    let waiting = room.jobq(["enqueue", "--wait", "--quiet", "--id", "job", "--shell", script]).spawn();
    wait_for("its output", PATIENCE, || waiting.stdout_so_far() == b"on\n");
    waiting.signal(Signal::INT);
    waiting.wait_exit(PATIENCE).stdout("on\n").stderr("").status(130);
    room.write("go", "");
    room.jobq(["status", "--wait", "job"]).run().stdout("on\nend\n").status(0);
}

#[test]
fn a_second_ctrl_c_cancels() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = worker(&room);
    let script = "echo $$; exec sleep 600";
    let waiting = room.jobq(["enqueue", "--wait", "--id", "job", "--shell", script]).spawn();
    wait_for("its output", PATIENCE, || waiting.stdout_so_far().ends_with(b"\n"));
    let pid: u32 = String::from_utf8(waiting.stdout_so_far()).unwrap().trim().parse().unwrap();
    waiting.signal(Signal::INT);
    waiting.wait_stderr(DETACHED, PATIENCE);
    waiting.signal(Signal::INT);
    let stderr = waiting.wait_exit(PATIENCE).status(130).stderr_text();
    assert!(stderr.ends_with(&format!("{DETACHED}\njobq: cancelled\n")), "{stderr}");
    wait_for("the job to be gone", PATIENCE, || !alive(pid));
    wait_for("its end to be recorded", PATIENCE, || state(&room, "job") == "REVOKED");
}

#[test]
fn ctrl_c_twice_cancels_several_jobs_too() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids = [enqueue(&room, &["--", "true"]), enqueue(&room, &["--", "true"])];
    let waiting = room.jobq(["status", "--wait"]).args(&ids).spawn();
    wait_until_it_catches_signals(&waiting);
    waiting.signal(Signal::INT);
    waiting.wait_stderr("detached, the jobs go on", PATIENCE);
    waiting.signal(Signal::INT);
    waiting.wait_exit(PATIENCE).stdout("").status(130);
    assert_eq!(ids.map(|id| state(&room, &id)), ["REVOKED", "REVOKED"]);
}

#[test]
fn term_while_waiting_is_143_and_changes_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = enqueue(&room, &["--", "true"]);
    let waiting = room.jobq(["status", "--wait", &id]).spawn();
    wait_until_it_catches_signals(&waiting);
    waiting.signal(Signal::TERM);
    waiting.wait_exit(PATIENCE).stdout("").stderr("").status(143);
    assert_eq!(state(&room, &id), "PENDING");
}

/// A wait has no word to say at its beginning; that it catches INT shows in its status.
fn wait_until_it_catches_signals(waiting: &Running) {
    wait_for("it to catch signals", PATIENCE, || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", waiting.pid())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap_or("0");
        let both = 1 << (Signal::INT.as_raw() - 1) | 1 << (Signal::TERM.as_raw() - 1);
        u64::from_str_radix(caught, 16).is_ok_and(|caught| caught & both == both)
    });
}

#[test]
fn a_short_outage_is_waited_out() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (room, inside) = (Room::at(&proxy.url()), Room::new(&server));
    let id = enqueue(&inside, &["--", "echo", "done"]);
    let waiting = room.jobq(["status", "--wait", &id]).spawn();
    wait_until_it_catches_signals(&waiting);
    proxy.set(Mode::Refuse);
    waiting.wait_stderr("; still waiting", PATIENCE);
    inside.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    proxy.set(Mode::Pass);
    waiting.wait_exit(PATIENCE).stdout("done\n").status(0);
}

#[test]
fn output_beyond_what_is_kept_is_said_and_not_taken_for_success() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = enqueue(&room, &["--shell", "seq 200000; echo end"]);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    let waited = room.jobq(["status", "--wait", &id]).run().status(125);
    let text = waited.stdout_text();
    assert!(text.starts_with("1\n2\n") && text.ends_with("200000\nend\n"));
    let total: usize = (1..=200_000).map(|n: u32| n.to_string().len() + 1).sum::<usize>() + 4;
    let missing = total - text.len();
    assert_eq!(
        waited.stderr_text(),
        format!("jobq: {missing} bytes of its output were not kept and are missing above\n")
    );
    let raw = room.jobq(["status", "--stdout", &id]).run().status(0);
    assert_eq!(raw.stdout, waited.stdout);
    assert_eq!(raw.stderr_text(), format!("jobq: {missing} bytes in its middle were not kept\n"));
}
