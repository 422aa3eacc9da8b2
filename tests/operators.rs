//! `jobq control` beyond cancelling: retry, requeue, delete, pause, limits, workers.

use serde_json::Value as Json;

use crate::support::jobs::engine_of;
use crate::support::{PATIENCE, Room, Server, Signal, signal, wait_for, wait_for_some};

fn control(room: &Room, args: &[&str]) -> crate::support::Output {
    room.jobq(["control"]).args(args).run()
}

fn object(output: &crate::support::Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn a_failed_job_is_run_again_with_its_input() {
    let server = Server::start();
    let room = Room::new(&server);
    let script = "read line; echo \"got $line\"; test -e ready";
    room.jobq(["enqueue", "--quiet", "--id", "a", "--stdin", "--shell", script])
        .stdin(*b"word\n")
        .run()
        .status(0);
    control(&room, &["retry", "a"])
        .stdout("")
        .stderr("jobq: a has not ended (PENDING)\nhint: to let it wait no longer: jobq control requeue ID\n")
        .status(1);
    room.burst(&["--quiet"]);
    assert_eq!(room.job("a").counters(), [1, 1, 0, 0, 0]);
    control(&room, &["retry", "a", "--reason", "the disk has room"])
        .stdout("")
        .stderr("a runs again\n")
        .status(0);
    let waiting = room.job("a");
    assert_eq!((waiting.state(), waiting.counters()), ("PENDING", [0; 5]));
    assert!(waiting.0["reason"].is_null() && waiting.0["outcome"].is_null(), "{}", waiting.0);
    room.write("ready", "");
    room.burst(&["--quiet"]);
    assert_eq!((room.job("a").state(), room.stdout_of("a")), ("SUCCESS", b"got word\n".to_vec()));
    assert_eq!(room.job("a").outcomes(), ["exit", "exit"]);
    control(&room, &["retry", "a"])
        .stderr(
            "jobq: a succeeded, and the standard input it needs was not kept\n\
             hint: enqueue it again, with its input\n",
        )
        .status(1);
}

#[test]
fn several_jobs_have_an_answer_each_and_the_gravest_decides() {
    let server = Server::start();
    let room = Room::new(&server);
    for id in ["done", "waits"] {
        room.enqueue(["--id", id, "--", "true"]);
    }
    control(&room, &["cancel", "done"]).status(0);
    control(&room, &["delete", "done", "waits", "nobody"])
        .stdout("")
        .stderr(
            "done deleted\njobq: waits has not ended (PENDING)\njobq: no job nobody in this namespace\n\
             jobq: 2 jobs of 3 stay as they are\n\
             hint: its record may have been removed after its time, or --namespace or --url differ\n",
        )
        .status(66);
    let told = control(&room, &["delete", "done", "waits", "--json"]).status(1);
    told.stdout(
        "{\"id\":\"done\",\"result\":\"gone\"}\n\
         {\"id\":\"waits\",\"result\":\"unfinished\",\"state\":\"PENDING\"}\n",
    );
    let room = room.namespace("other");
    control(&room, &["delete", "done"]).status(66);
}

#[test]
fn a_running_job_is_stopped_and_starts_over_as_the_same_attempt() {
    let server = Server::start();
    let room = Room::new(&server);
    room.shell(&["--id", "a"], "echo $$ >>pids; test -e go || exec sleep 600");
    let _worker = room.ready_worker(&["-c", "1"]);
    let first: u32 = room.lines_in("pids", 1).trim().parse().unwrap();
    room.write("go", "");
    control(&room, &["requeue", "a"])
        .stdout("")
        .stderr("a is being stopped, it goes back to its queue\n")
        .status(0);
    let job = room.job_in("a", "SUCCESS", PATIENCE);
    assert!(!crate::support::alive(first));
    assert_eq!(job.counters(), [1, 0, 0, 0, 1]);
    assert_eq!(job.outcomes(), ["released", "exit"]);
    control(&room, &["requeue", "a"])
        .stderr("jobq: a had ended already (SUCCESS)\nhint: to run it again: jobq control retry ID\n")
        .status(1);
}

#[test]
fn a_delayed_job_waits_no_longer() {
    let server = Server::start();
    let room = Room::new(&server);
    room.enqueue(["--id", "a", "--delay", "1h", "--", "true"]);
    assert_eq!(object(&control(&room, &["requeue", "a", "--json"]).status(0))["result"], "requeued");
    room.burst(&["--quiet"]);
    assert_eq!(room.job("a").state(), "SUCCESS");
}

#[test]
fn a_paused_queue_starts_nothing_and_says_so() {
    let server = Server::start();
    let room = Room::new(&server);
    control(&room, &["pause", "default"]).stderr("jobq: no queue default in this namespace\n").status(66);
    let worker = room.ready_worker(&["-q", "default,other"]);
    control(&room, &["pause", "default", "--reason", "the relay is down"])
        .stdout("")
        .stderr("queue default is paused; to let it go on: jobq control resume default\n")
        .status(0);
    let held = room.enqueue(["--", "true"]);
    let other = room.enqueue(["-q", "other", "--", "true"]);
    room.job_in(&other, "SUCCESS", PATIENCE);
    assert_eq!(room.job(&held).state(), "PENDING");
    let overview = room.overview();
    let line = overview["attention"][0].as_str().unwrap();
    assert!(line.starts_with("queue default is paused since "), "{line}");
    assert!(line.ends_with(": the relay is down; 1 job waits"), "{line}");
    assert_eq!(overview["queues"][0]["paused"]["reason"], "the relay is down");
    // A burst does not wait for the end of a pause.
    room.burst(&["--quiet"]);
    control(&room, &["resume", "default"]).stdout("").stderr("queue default goes on\n").status(0);
    room.job_in(&held, "SUCCESS", PATIENCE);
    control(&room, &["resume", "default"]).stderr("queue default was not paused\n").status(0);
    drop(worker);
}

#[test]
fn a_pause_with_a_time_ends_by_itself() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&[]);
    let told = object(&control(&room, &["pause", "default", "--for", "2s", "--json"]).status(0));
    assert_eq!((&told["queue"], &told["result"]), (&"default".into(), &"paused".into()));
    assert!(told["until"].is_string(), "{told}");
    let held = room.enqueue(["--", "true"]);
    room.job_in(&held, "SUCCESS", PATIENCE);
    assert!(room.job(&held).0["started_at"].as_str() >= told["until"].as_str());
    control(&room, &["pause", "default", "--until", "2001-01-01 09:00"]).stdout("").status(2);
    control(&room, &["pause", "default", "--until", "09:00", "--for", "1h"]).stdout("").status(2);
}

#[test]
fn limits_are_set_lifted_and_left_to_the_file() {
    let server = Server::start();
    let room = Room::new(&server);
    control(&room, &["limit", "q", "--max-running", "2", "--rate", "100/m"])
        .stdout("")
        .stderr("queue q: max_running 2\nqueue q: rate 100/m\n")
        .status(0);
    let queue = |room: &Room| room.overview()["queues"][0].clone();
    let set = queue(&room);
    assert_eq!(
        (&set["max_running"], &set["rate"], &set["rate_ms"]),
        (&2.into(), &100.into(), &60_000.into())
    );
    control(&room, &["limit", "q", "--max-running", "none", "--rate", "file", "--json"])
        .stdout("{\"max_running\":null,\"queue\":\"q\",\"rate\":\"file\"}\n")
        .stderr("")
        .status(0);
    assert!(queue(&room)["max_running"].is_null() && queue(&room)["rate"].is_null());
    control(&room, &["limit", "q", "--rate", "10"]).stdout("").status(2);
}

#[test]
fn what_only_a_rate_keeps_back_starts_at_its_time() {
    let server = Server::start();
    let room = Room::new(&server);
    control(&room, &["limit", "default", "--rate", "1/h"]).status(0);
    let first = room.enqueue(["--", "true"]);
    let second = room.enqueue(["--", "true"]);
    let _worker = room.ready_worker(&[]);
    room.job_in(&first, "SUCCESS", PATIENCE);
    assert_eq!(room.job(&second).state(), "PENDING");
    control(&room, &["limit", "default", "--rate", "none"]).status(0);
    room.job_in(&second, "SUCCESS", PATIENCE);
}

#[test]
fn a_worker_is_quiet_and_runs_again_by_the_store_also_after_a_crash() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["--name", "night"]);
    let mode = |mode: &str| {
        wait_for(&format!("the worker to be {mode}"), PATIENCE, || {
            let workers = room.overview()["workers"].clone();
            workers.as_array().unwrap().iter().any(|one| one["mode"] == mode)
        });
    };
    mode("running");
    let told = control(&room, &["quiet", "night", "--reason", "upgrade"]).stdout("").status(0).stderr_text();
    assert!(told.ends_with(" takes no more jobs\n"), "{told}");
    worker.wait_stderr("jobq: taking no new jobs", PATIENCE);
    mode("quiet");
    let first = room.overview()["workers"][0]["id"].clone();
    let waiting = room.enqueue(["--", "true"]);
    signal(engine_of(worker.pid()), Signal::KILL);
    worker.wait_stderr("jobq: the engine was killed by signal 9", PATIENCE);
    let second = wait_for_some("a successor that is quiet", PATIENCE, || {
        let workers = room.overview()["workers"].clone();
        let quiet = |one: &&Json| one["mode"] == "quiet" && one["id"] != first;
        workers.as_array()?.iter().find(quiet)?["id"].as_str().map(str::to_owned)
    });
    assert_eq!(room.job(&waiting).state(), "PENDING");
    control(&room, &["quiet", "--off", &second]).status(0);
    worker.wait_stderr("jobq: taking jobs again", PATIENCE);
    room.job_in(&waiting, "SUCCESS", PATIENCE);
    control(&room, &["quiet", "nobody"])
        .stderr("jobq: no worker nobody in this namespace\nhint: jobq status lists them\n")
        .status(66);
}

#[test]
fn a_worker_that_was_away_ends_when_it_is_back() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["--name", "night"]);
    let engine = engine_of(worker.pid());
    signal(engine, Signal::STOP);
    let told = object(&control(&room, &["stop", "night", "--json"]).status(0));
    assert_eq!((&told["result"], &told["mode"]), (&"stop".into(), &"running".into()));
    control(&room, &["stop", "night"]).status(0);
    signal(engine, Signal::CONT);
    worker.wait_exit(PATIENCE).status(0);
    assert_eq!(room.overview()["workers"], Json::Array(Vec::new()));
}

#[test]
fn a_worker_that_must_stop_now_gives_its_jobs_back() {
    let server = Server::start();
    let room = Room::new(&server);
    room.shell(&["--id", "a"], "echo $$ >pid; exec sleep 600");
    let worker = room.ready_worker(&["--name", "night", "--grace", "1h"]);
    let pid: u32 = room.lines_in("pid", 1).trim().parse().unwrap();
    control(&room, &["stop", "night"]).status(0);
    worker.wait_stderr("jobq: finishing 1 running job", PATIENCE);
    let told = control(&room, &["stop", "--now", "night"]).status(0).stderr_text();
    assert!(told.ends_with(" ends now, its jobs go back to their queues\n"), "{told}");
    worker.wait_exit(PATIENCE).status(0);
    assert!(!crate::support::alive(pid));
    let job = room.job("a");
    assert_eq!((job.state(), job.counters()), ("PENDING", [0, 0, 0, 0, 1]));
}

#[test]
fn every_act_is_an_event_with_who_and_why() {
    let server = Server::start();
    let room = Room::new(&server).namespace(crate::support::books::NAMESPACE);
    room.enqueue(["--id", "a", "--", "true"]);
    let because = ["--reason", "a test"];
    for args in [
        &["pause", "default"][..],
        &["resume", "default"],
        &["limit", "default", "--max-depth", "9"],
        &["cancel", "a"],
        &["retry", "a"],
        &["purge", "default", "--yes"],
        &["delete", "a"],
        &["events", "--keep", "500"],
    ] {
        control(&room, &[args, &because].concat()).status(0);
    }
    let books = crate::support::books::Books::read(&mut server.client());
    let acts: Vec<&String> = books.events().iter().filter(|event| event.contains("a test")).collect();
    let kinds: Vec<&str> = acts.iter().map(|event| event.split(' ').next().unwrap()).collect();
    let expected =
        ["paused", "resumed", "limited", "revoked", "retried", "purge", "revoked", "deleted", "limited"];
    assert_eq!(kinds, expected, "{acts:#?}");
    assert!(acts.iter().all(|event| event.contains(" u=") && event.contains(" h=")), "{acts:#?}");
}

#[test]
fn reasons_and_bounds_that_make_no_sense_are_refused() {
    let server = Server::start();
    let room = Room::new(&server);
    let long = "x".repeat(501);
    for args in [
        &["cancel", "a", "--reason", &long][..],
        &["cancel", "a", "--reason", " "],
        &["events"],
        &["events", "--keep", "many"],
        &["retry"],
        &["pause"],
        &["limit", "q"],
    ] {
        control(&room, args).stdout("").status(2);
    }
}
