//! `jobq inspect why`: each situation made for real, and told by its code and in its sentence,
//! the same by `status`.

use serde_json::Value as Json;

use crate::support::{PATIENCE, Room, Server, ServerOptions, Signal, wait_for};

/// A server, and a room in the raw readers' namespace.
fn scene() -> (Server, Room) {
    let server = Server::start();
    let room = Room::new(&server).namespace("t");
    (server, room)
}

#[track_caller]
fn why(room: &Room, id: &str) -> Json {
    room.jobq(["inspect", "why", "--json", id]).run().status(0).json_lines().remove(0)
}

/// The reason and the sentence, which the job's own page repeats.
#[track_caller]
fn reason(room: &Room, id: &str) -> (String, String) {
    let answer = why(room, id);
    let word = |field: &str| answer[field].as_str().expect("a text").to_owned();
    let job = room.jobq(["status", "--json", id]).run().status(0).json_lines().remove(0);
    assert_eq!(job["why"]["code"], answer["code"], "status and why agree: {job}");
    (word("code"), word("sentence"))
}

#[track_caller]
fn because(room: &Room, id: &str, code: &str, words: &str) {
    let (its_code, sentence) = reason(room, id);
    assert!(its_code == code && sentence.contains(words), "{id}: {its_code}: {sentence}");
    let told = room.jobq(["inspect", "why", id]).run().status(0).stdout_text();
    assert!(told.ends_with(&format!("({code})\n")) && told.contains(words), "{told}");
}

#[track_caller]
fn until(room: &Room, id: &str, code: &str) {
    wait_for(&format!("{id} to be {code}"), PATIENCE, || why(room, id)["code"] == code);
}

#[test]
fn why_a_job_ended() {
    let (_server, room) = scene();
    room.shell(&["--id", "good"], "true");
    room.shell(&["--id", "bad", "--retries", "1", "--retry-delay", "0s"], "exit 3");
    room.burst(&["--idle", "1s", "--quiet"]);
    room.shell(&["--id", "gone"], "true");
    room.jobq(["control", "cancel", "gone", "--reason", "wrong list"]).run().status(0);
    room.shell(&["--id", "late", "--expires", "1ms"], "true");
    until(&room, "late", "expired");
    because(&room, "good", "succeeded", "it succeeded");
    because(&room, "bad", "failed", "with exit code 3 after 2 attempts");
    because(&room, "gone", "cancelled", "wrong list");
    because(&room, "late", "expired", "it had not started when it expired");
    let page = room.jobq(["status", "gone"]).run().status(0).stdout_text();
    assert!(page.contains("\nreason    ") && !page.contains("\nwhy "), "{page}");
}

#[test]
fn why_a_job_is_still_to_come() {
    let (_server, room) = scene();
    room.enqueue(["--id", "later", "--at", "2037-01-01 09:00", "--", "true"]);
    room.shell(&["--id", "again", "--retries", "1", "--retry-delay", "1h"], "exit 3");
    room.shell(&["--id", "snooze", "--snooze-on", "75=1h"], "exit 75");
    room.burst(&["--quiet"]);
    because(&room, "later", "scheduled", "it is scheduled for 2037-01-01 09:00:00 UTC, in ");
    because(&room, "again", "retry", "it failed (exit code 3) and is tried again at ");
    because(&room, "snooze", "snoozed", "it put itself back (exit code 75); it is due in 59m");
    assert!(why(&room, "again")["next_at"].is_string());
}

#[test]
fn why_nobody_takes_a_job() {
    let (server, room) = scene();
    room.enqueue(["-q", "lonely", "--id", "a", "--", "true"]);
    because(&room, "a", "no_worker", "no live worker serves queue lonely; none ever has");
    let page = room.jobq(["status", "a"]).run().status(0).stdout_text();
    assert!(page.contains("\nwhy       no live worker serves queue lonely; none ever has\n"), "{page}");
    // One that was there and is silent now.
    server.cli(&["ZADD", "jobq:{t}:serves:lonely", "1000", "w-1"]);
    because(&room, "a", "no_worker", "no live worker serves queue lonely; the last one was seen ");
    server.cli(&["ZREM", "jobq:{t}:serves:lonely", "w-1"]);

    let worker = room.ready_worker(&["-q", "lonely", "-c", "1"]);
    room.job_in("a", "SUCCESS", PATIENCE);
    room.shell(&["-q", "lonely", "--id", "long"], "sleep 1000");
    room.job_in("long", "STARTED", PATIENCE);
    worker.signal(Signal::USR1);
    room.enqueue(["-q", "lonely", "--id", "b", "--", "true"]);
    until(&room, "b", "workers_quiet");
    because(&room, "b", "workers_quiet", "the only worker of queue lonely takes no new jobs");
    because(&room, "long", "running", "it has been running for ");
    room.jobq(["control", "cancel", "long"]).run().status(0);
}

#[test]
fn why_a_running_job_is_being_ended() {
    let server = ServerOptions::default().clock_shift().start();
    let room = Room::new(&server).namespace("t");
    let worker = room.ready_worker(&["-c", "1"]);
    room.shell(&["--id", "long"], "sleep 1000");
    room.job_in("long", "STARTED", PATIENCE);
    because(&room, "long", "running", " on ");
    // With its worker frozen, the cancel is recorded and not yet carried out.
    let engine = crate::support::engine_of(worker.pid());
    crate::support::signal(worker.pid(), Signal::STOP);
    crate::support::signal(engine, Signal::STOP);
    room.jobq(["control", "cancel", "long", "--reason", "enough"]).run().status(0);
    because(&room, "long", "cancelling", "enough");
    // To people it is gone when it was not heard of for a while; nothing is decided by that.
    server.set_offset(60);
    because(&room, "long", "worker_silent", "gave its last sign of life 1m ");
    because(&room, "long", "worker_silent", "its cancel is recorded, and it does not start again");
    server.set_offset(0);
    crate::support::signal(engine, Signal::CONT);
    crate::support::signal(worker.pid(), Signal::CONT);
    room.job_in("long", "REVOKED", PATIENCE);
    because(&room, "long", "cancelled", "enough");
}

#[test]
fn why_a_run_was_taken_over() {
    let (_server, room) = scene();
    let first = room.ready_worker(&["-c", "1", "--lease", "2s"]);
    room.shell(&["--id", "long"], "sleep 1000");
    room.job_in("long", "STARTED", PATIENCE);
    let name = room.job("long").0["worker"].as_str().unwrap().to_owned();
    let _second = room.ready_worker(&["-c", "1", "--lease", "2s"]);
    crate::support::signal(first.pid(), Signal::KILL);
    wait_for("the second attempt", PATIENCE, || {
        let job = room.job("long");
        job.state() == "STARTED" && job.0["worker"] != name.as_str()
    });
    because(&room, "long", "running", &format!("; its run on {name} was cut"));
    room.jobq(["control", "cancel", "long"]).run().status(0);
}

#[test]
fn why_a_queue_is_held() {
    let (_server, room) = scene();
    let _worker = room.ready_worker(&[]);
    let pause = ["control", "pause", "default", "--for", "2h", "--reason", "moving house"];
    room.jobq(pause).run().status(0);
    room.enqueue(["--id", "a", "--", "true"]);
    because(&room, "a", "paused", "queue default was paused ");
    because(&room, "a", "paused", " and goes on in 1h 59m: moving house");
    let answer = why(&room, "a");
    assert!(answer["since_at"].is_string() && answer["next_at"].is_string(), "{answer}");
    room.jobq(["control", "resume", "default"]).run().status(0);
    room.job_in("a", "SUCCESS", PATIENCE);
}

#[test]
fn why_a_limit_keeps_a_job_waiting() {
    let (_server, room) = scene();
    room.write("jobq.toml", "[queues.narrow]\nmax_running = 1\n[queues.slow]\nrate = \"1/h\"\n");
    let _worker = room.ready_worker(&["-q", "narrow,slow", "-c", "4"]);
    room.shell(&["-q", "narrow", "--id", "first"], "sleep 1000");
    room.job_in("first", "STARTED", PATIENCE);
    room.enqueue(["-q", "narrow", "--id", "second", "--", "true"]);
    because(&room, "second", "limit_running", "queue narrow may run 1 job at once, and does: first");
    assert_eq!(why(&room, "second")["jobs"], serde_json::json!(["first"]));
    room.enqueue(["-q", "slow", "--id", "third", "--", "true"]);
    room.job_in("third", "SUCCESS", PATIENCE);
    room.enqueue(["-q", "slow", "--id", "fourth", "--", "true"]);
    because(
        &room,
        "fourth",
        "limit_rate",
        "queue slow may start 1 job in 1h 00m, and has; the next may start in 59m",
    );
    room.jobq(["control", "cancel", "first"]).run().status(0);
}

#[test]
fn why_a_job_stands_in_line_and_when_its_turn_comes() {
    let (_server, room) = scene();
    let _worker = room.ready_worker(&["-c", "1"]);
    for number in 0..4 {
        room.enqueue(["--id", &format!("done{number}"), "--", "true"]);
    }
    room.job_in("done3", "SUCCESS", PATIENCE);
    room.shell(&["--id", "now"], "while [ ! -e go ]; do sleep 0.01; done");
    room.job_in("now", "STARTED", PATIENCE);
    for id in ["one", "two", "three"] {
        room.enqueue(["--id", id, "--", "true"]);
    }
    because(
        &room,
        "one",
        "in_line",
        "it is next in line of queue default; all places of its workers are taken",
    );
    because(&room, "three", "in_line", "it is number 3 in line of queue default");
    let third = why(&room, "three");
    assert_eq!(third["position"], 3);
    assert!(third["start_at"].is_string(), "four ended lately: {third}");
    room.write("go", "");
    room.job_in("three", "SUCCESS", PATIENCE);
}

#[test]
fn why_workers_give_a_job_back() {
    let (_server, room) = scene();
    room.write("jobq.toml", "[tasks.known]\ncommand = [\"true\"]\n");
    room.enqueue(["--id", "strange", "--unchecked", "-q", "default", "stranger"]);
    let _worker = room.ready_worker(&[]);
    until(&room, "strange", "refused");
    because(&room, "strange", "refused", "workers refused it ");
    let answer = why(&room, "strange");
    assert!(
        answer["next_at"].is_string() && answer["reason"].as_str().unwrap().contains("stranger"),
        "{answer}"
    );
}

#[test]
fn why_a_machine_cannot_start_a_job() {
    let (_server, room) = scene();
    let worker = room.ready_worker(&["-c", "1"]);
    // Neither half of it can open anything any more.
    for pid in [worker.pid(), crate::support::engine_of(worker.pid())] {
        let free = (0..).find(|fd| !std::path::Path::new(&format!("/proc/{pid}/fd/{fd}")).exists());
        let limit = rustix::process::Rlimit { current: free, maximum: free };
        let pid = rustix::process::Pid::from_raw(pid.cast_signed());
        rustix::process::prlimit(pid, rustix::process::Resource::Nofile, limit).expect("a limit");
    }
    room.enqueue(["--id", "a", "--", "true"]);
    until(&room, "a", "starved");
    wait_for("the whole sentence", PATIENCE, || {
        let answer = why(&room, "a");
        let sentence = answer["sentence"].as_str().unwrap();
        sentence.starts_with("a worker's machine could not start it: ") && answer["next_at"].is_string()
    });
}

#[test]
fn why_a_purge_or_another_job_stands_before_a_job() {
    let (server, room) = scene();
    // A purge goes through a queue in slices: whoever does them stops in the middle.
    let jobs = vec![("old", 0, vec!["true".to_owned()]); 5_000];
    let last = crate::support::enqueue_many(&server.url(), "t", &jobs).pop().unwrap();
    let purge = room.jobq(["control", "purge", "old", "--yes", "--reason", "wrong list"]).spawn();
    let mut client = server.client();
    wait_for("a purge under way", PATIENCE, || {
        matches!(client.call(&["HGET", "jobq:{t}:queue:old", "purge"]), Ok(crate::support::Value::Bytes(_)))
    });
    purge.signal(Signal::STOP);
    because(&room, &last, "purging", "a purge of queue old is under way and will end it: purged by ");
    assert!(why(&room, &last)["reason"].as_str().unwrap().ends_with(": wrong list"));
    purge.signal(Signal::CONT);
    purge.wait_exit(PATIENCE).status(0);
    because(&room, &last, "cancelled", "it was purged ");

    let add = ["beat", "add", "nightly", "--cron", "0 0 1 1 *", "--", "true"];
    room.jobq(add).run().status(0);
    let [first, second] = [(); 2].map(|()| room.jobq(["beat", "trigger", "nightly"]).run().status(0).line());
    because(&room, &second, "blocked", &format!("it waits for {first} (PENDING)"));
    assert_eq!(why(&room, &second)["jobs"], serde_json::json!([first]));
}

#[test]
fn why_the_server_takes_no_changes() {
    let mut server = ServerOptions::default().aof().config("save 900 1").start();
    let room = Room::new(&server).namespace("t");
    room.enqueue(["-q", "lonely", "--id", "a", "--", "true"]);
    let _worker = room.ready_worker(&[]);
    room.enqueue(["--id", "done", "--", "true"]);
    room.job_in("done", "SUCCESS", PATIENCE);
    // Enough that reading them takes a while.
    crate::support::enqueue_many(&server.url(), "t", &vec![("lonely", 0, vec!["true".to_owned()]); 2_000]);
    // A snapshot cannot be put in the place of a folder: from then on the server refuses.
    std::fs::create_dir(server.dir().join("dump.rdb")).expect("a folder in its way");
    server.cli(&["BGSAVE"]);
    wait_for("a server that refuses", PATIENCE, || {
        room.jobq(["enqueue", "--", "true"]).run().code == Some(69)
    });
    because(&room, "a", "redis_disk", "Redis cannot write its disk");
    std::fs::remove_dir(server.dir().join("dump.rdb")).expect("out of its way");
    std::thread::scope(|scope| {
        scope.spawn(|| server.restart_loading(std::time::Duration::from_secs(10)));
        wait_for("a server that reads its data", PATIENCE, || {
            let output = room.jobq(["inspect", "why", "--json", "a"]).run();
            output.code == Some(69) && output.json_lines()[0]["code"] == "redis_loading"
        });
    });
}
