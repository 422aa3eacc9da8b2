//! The local store as people meet it: no URL, no server, no configuration.

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::support::{PATIENCE, Room, Signal, alive, path, signal, wait_for};

fn pid(room: &Room) -> u32 {
    let server: Json =
        serde_json::from_str(&room.jobq(["inspect", "server", "--json"]).run().status(0).line()).unwrap();
    u32::try_from(server["pid"].as_u64().unwrap_or_else(|| panic!("no pid in {server}"))).unwrap()
}

fn enqueue(room: &Room, args: &[&str]) -> String {
    room.jobq(["enqueue", "--quiet"]).args(args).run().stderr("").status(0).line()
}

#[test]
fn the_first_enqueue_makes_it_and_says_so_once() {
    let room = Room::local();
    let first = room.jobq(["enqueue", "--", "echo", "one"]).run().status(0);
    let no_worker = "jobq: no live worker serves queue default; to start one: jobq worker -q default\n";
    assert_eq!(
        first.stderr_text(),
        format!(
            "jobq: made a local store in {} (a private server, one per user; JOBQ_URL names another)\n{no_worker}",
            room.place().dir.display()
        )
    );
    room.jobq(["enqueue", "--", "echo", "two"]).run().stderr(no_worker).status(0).line();
    room.jobq(["worker", "--burst", "--quiet"]).run().stderr("").status(0);
    room.jobq(["status", "--wait", &first.line()]).run().stdout("one\n").stderr("").status(0);
}

#[test]
fn cron_with_its_empty_environment_uses_the_same_server() {
    let room = Room::local();
    let first = enqueue(&room, &["--", "true"]);
    let server = pid(&room);
    let env = room.program("/usr/bin/env").args(["-i".to_owned(), format!("HOME={}", room.home().display())]);
    // Root has one store in /var/lib; its tests stay in their room.
    let env = env.args([format!("XDG_STATE_HOME={}", room.home().join(".local/state").display())]);
    let env =
        env.args(["JOBQ_NAMESPACE=test", env!("CARGO_BIN_EXE_jobq"), "enqueue", "--quiet", "--", "true"]);
    let second = env.run().stderr("").status(0).line();
    // Whatever a logout removes: there is nothing of the store outside its folder.
    fs::remove_dir_all(room.tmp()).unwrap();
    fs::create_dir(room.tmp()).unwrap();
    let both =
        room.jobq(["status", "--json", &first, &second]).env("XDG_RUNTIME_DIR", "/nowhere").run().status(0);
    assert_eq!(both.stdout_text().lines().count(), 2);
    assert_eq!(pid(&room), server);
    let runtime = PathBuf::from("/run/user");
    let open: Vec<PathBuf> = fs::read_dir(format!("/proc/{server}/fd"))
        .unwrap()
        .filter_map(|fd| fs::read_link(fd.unwrap().path()).ok())
        .filter(|file| file.starts_with(&runtime))
        .collect();
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_killed_server_comes_back_with_its_jobs() {
    let room = Room::local();
    // Each command is the first one after a kill: it may meet the server's last millisecond.
    let commands: [&[&str]; 4] = [
        &["enqueue", "--quiet", "--", "true"],
        &["status"],
        &["status", "kept"],
        &["control", "cancel", "kept"],
    ];
    enqueue(&room, &["--id", "kept", "--", "true"]);
    for command in commands {
        let server = pid(&room);
        wait_for("the data to be on the disk", PATIENCE, || {
            let ready = jobq::local::ensure(&room.place(), Some(&path())).unwrap();
            let mut client = crate::support::resp::Client::connect(&ready.socket).unwrap();
            client.call(&["INFO", "persistence"]).unwrap().text().contains("aof_pending_bio_fsync:0")
        });
        signal(server, Signal::KILL);
        room.jobq(command).run().status(0);
        assert!(!alive(server) && pid(&room) != server, "{command:?}");
        room.jobq(["status", "--json", "kept"]).run().stderr("").status(0).line();
    }
}

#[test]
fn a_worker_outlives_its_server() {
    let room = Room::local();
    enqueue(&room, &["--", "true"]);
    let worker = room.jobq(["worker"]).spawn();
    worker.wait_stderr("ready", PATIENCE);
    signal(pid(&room), Signal::KILL);
    room.jobq(["enqueue", "--wait", "--quiet", "--", "echo", "after"]).run().stdout("after\n").status(0);
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn looking_makes_nothing() {
    let room = Room::local();
    let dir = room.place().dir;
    let none = "no local store yet: the first jobq enqueue makes one\n";
    room.jobq(["status"]).run().stdout(none).stderr("").status(0);
    room.jobq(["status", "--json"]).run().stdout("{\"store\":null}\n").status(0);
    room.jobq(["status", "--quiet", "someid"]).run().stdout("").status(66);
    room.jobq(["status", "--wait", "someid"]).run().stdout("").status(125);
    room.jobq(["inspect", "server"])
        .run()
        .stdout(format!("no local store yet; the first jobq enqueue makes one in {}\n", dir.display()))
        .status(0);
    let json = room.jobq(["inspect", "server", "--json"]).run().status(0);
    let server: Json = serde_json::from_str(&json.line()).unwrap();
    assert_eq!((&server["running"], &server["disk_bytes"]), (&false.into(), &0.into()));
    let nothing = "jobq: there is no local store, so there is nothing to control\n\
                   hint: name a server with --url or JOBQ_URL\n";
    room.jobq(["control", "cancel", "someid"]).run().stdout("").stderr(nothing).status(66);
    room.jobq(["control", "purge", "default", "--yes"]).run().stdout("").stderr(nothing).status(66);
    room.jobq(["control", "server", "stop"])
        .run()
        .stdout("")
        .stderr(format!("the local store was not running; it would be in {}\n", dir.display()))
        .status(0);
    assert_eq!(fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn stopped_it_keeps_its_jobs_and_the_next_command_starts_it() {
    let room = Room::local();
    let dir = room.place().dir;
    let id = enqueue(&room, &["--", "true"]);
    let server = pid(&room);
    room.jobq(["control", "server", "stop"])
        .run()
        .stdout("")
        .stderr(format!("the local store stopped; its jobs stay in {}\n", dir.display()))
        .status(0);
    assert!(!alive(server));
    room.jobq(["inspect", "server"])
        .run()
        .stdout(format!(
            "the local store in {} is not running; the next jobq enqueue, worker or status starts it\n",
            dir.display()
        ))
        .stderr("")
        .status(0);
    let again = room.jobq(["control", "server", "stop", "--json"]).run().status(0);
    let again: Json = serde_json::from_str(&again.line()).unwrap();
    assert_eq!(again["stopped"], false);
    room.jobq(["status", "--json", &id]).run().stderr("").status(0).line();
    assert_ne!(pid(&room), server);
}

#[test]
fn without_a_server_program_the_line_that_installs_one_is_told() {
    let room = Room::local();
    let empty = room.work().join("empty");
    fs::create_dir(&empty).unwrap();
    for args in [&["enqueue", "--", "true"][..], &["worker", "--burst"]] {
        room.jobq(args)
            .env("PATH", &empty)
            .run()
            .stdout("")
            .stderr(format!(
                "jobq: no valkey-server or redis-server found in {}; install one: apt install redis-server\n\
                 hint: or name a running server with --url or JOBQ_URL\n",
                empty.display()
            ))
            .status(69);
    }
    assert_eq!(fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn a_job_finds_the_local_store_only_if_its_worker_used_it() {
    let room = Room::local();
    let program = env!("CARGO_BIN_EXE_jobq");
    let script = format!("JOBQ_NAMESPACE=test {program} enqueue --quiet --id child -- true");
    let parent = enqueue(&room, &["--shell", &script]);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    room.jobq(["status", "--wait", &parent]).run().stdout("child\n").stderr("").status(0);

    let server = crate::support::Server::start();
    let remote = room.jobq(["enqueue", "--quiet", "--shell", &script]).env("JOBQ_URL", server.url()).run();
    let remote = remote.status(0).line();
    room.jobq(["worker", "--burst", "--quiet"]).env("JOBQ_URL", server.url()).run().status(0);
    room.jobq(["status", "--wait", &remote])
        .env("JOBQ_URL", server.url())
        .run()
        .stdout("")
        .stderr(
            "jobq: no server is named, and JOBQ_LOCAL=never rules out the local store\n\
             hint: name one with --url or JOBQ_URL\n",
        )
        .status(78);
}
