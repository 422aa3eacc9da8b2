//! `jobq control` by filter: shown, asked about, done in steps, and never done to what has
//! moved on.

use std::io::Read as _;

use serde_json::Value as Json;

use crate::status::{NASTY, is_tame, on_a_terminal};
use crate::support::books::NAMESPACE;
use crate::support::{PATIENCE, Room, Server, Signal, enqueue_many, wait_for};

fn control(room: &Room, args: &[&str]) -> crate::support::Output {
    room.jobq(["control"]).args(args).run()
}

fn states(room: &Room, ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| room.job(id).state().to_owned()).collect()
}

/// Six jobs: two red emails, one blue, a delayed one, a report, and one that failed.
fn scene() -> (Server, Room) {
    let server = Server::start();
    let room = Room::new(&server).namespace(NAMESPACE);
    room.enqueue(["--id", "f1", "-q", "emails", "--label", "team=red", "--", "false"]);
    room.burst(&["-q", "emails", "--quiet"]);
    for (id, queue, label) in [
        ("e1", "emails", "team=red"),
        ("e2", "emails", "team=red"),
        ("e3", "emails", "team=blue"),
        ("r1", "reports", "team=red"),
    ] {
        room.enqueue(["--id", id, "-q", queue, "--label", label, "--", "true"]);
    }
    room.enqueue(["--id", "d1", "-q", "emails", "--delay", "1h", "--", "true"]);
    (server, room)
}

#[test]
fn a_bulk_off_a_terminal_needs_yes_and_shows_what_it_would_do_without() {
    let (server, room) = scene();
    let before = server.dump_all();
    for act in ["cancel", "retry", "requeue", "delete"] {
        control(&room, &[act, "-q", "emails"])
            .stdout("")
            .stderr(format!(
                "jobq: {act} by filter needs --yes off a terminal\nhint: to see what it would do: --dry-run\n"
            ))
            .status(2);
    }
    let told = control(&room, &["cancel", "-q", "emails", "--dry-run"]).stdout("").status(0).stderr_text();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "4 jobs to cancel (1 delayed, 3 waiting):");
    assert!(lines[1].starts_with("JOB ") && lines.len() == 6, "{told}");
    let told = control(&room, &["cancel", "--state", "pending", "--dry-run", "--json"]).stderr("").status(0);
    let object: Json = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(object["jobs"], 4);
    assert_eq!(object["states"], serde_json::json!({"PENDING": 4}));
    assert_eq!(object["sample"].as_array().unwrap().len(), 4);
    // Ids or filters, and states that fit the verb.
    for wrong in [
        &["cancel", "e1", "-q", "emails"][..],
        &["cancel", "e1", "--dry-run"],
        &["cancel", "e1", "--limit", "3"],
        &["cancel", "--limit", "3", "--yes"],
        &["cancel", "--yes"],
        &["cancel", "-q", "emails", "--state", "success", "--yes"],
        &["retry", "-q", "emails", "--state", "pending", "--yes"],
        &["requeue", "-q", "emails", "--state", "pending", "--yes"],
        &["delete", "-q", "emails", "--state", "started", "--yes"],
    ] {
        control(&room, wrong).stdout("").status(2);
    }
    assert_eq!(server.dump_all(), before);
    control(&room, &["cancel", "-q", "nobody", "--yes"]).stdout("").stderr("no jobs to cancel\n").status(0);
}

#[test]
fn filters_choose_and_everything_else_stays() {
    let (server, room) = scene();
    let told =
        control(&room, &["cancel", "-q", "emails", "--label", "team=red", "--reason", "wrong list", "--yes"])
            .stdout("")
            .status(0)
            .stderr_text();
    assert!(told.starts_with("2 jobs to cancel (2 waiting):\n"), "{told}");
    assert!(told.ends_with("\n2 jobs: 2 cancelled\n"), "{told}");
    assert_eq!(
        states(&room, &["e1", "e2", "e3", "r1", "d1", "f1"]),
        ["REVOKED", "REVOKED", "PENDING", "PENDING", "SCHEDULED", "FAILURE"]
    );
    assert!(room.job("e1").0["reason"].as_str().unwrap().contains("wrong list"));
    // Without a state, retry means what failed.
    let told = control(&room, &["retry", "-q", "emails", "--since", "1h", "--yes"]).status(0).stderr_text();
    assert!(
        told.starts_with("1 job to retry (1 failed):\n") && told.ends_with("\n1 job: 1 to run again\n"),
        "{told}"
    );
    assert_eq!(states(&room, &["f1", "e1"]), ["PENDING", "REVOKED"]);
    control(&room, &["requeue", "-q", "emails", "--yes", "--json"])
        .stdout("{\"id\":\"d1\",\"result\":\"requeued\"}\n")
        .stderr("")
        .status(0);
    assert_eq!(states(&room, &["d1"]), ["PENDING"]);
    control(&room, &["delete", "--state", "revoked", "--limit", "1", "--yes", "--quiet"])
        .stderr("")
        .status(0);
    let left = room.jobq(["inspect", "jobs", "--state", "revoked", "--format", "{id}"]).run().status(0);
    left.stdout("e2\n");
    // Full is full, also in bulk.
    control(&room, &["limit", "emails", "--max-depth", "3"]).status(0);
    let told =
        control(&room, &["retry", "-q", "emails", "--state", "revoked", "--yes"]).stdout("").status(75);
    assert!(
        told.stderr_text().contains(
            "\n1 job: 1 left, their queue is full\njobq: 1 job of 1 stay as they are: the queue is full\n"
        ),
        "{told}"
    );
    let books = crate::support::books::Books::read(&mut server.client());
    let found = crate::support::invariants::violations(&books);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn on_a_terminal_somebody_is_asked_and_what_moved_on_meanwhile_is_left_alone() {
    let (server, room) = scene();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_jobq")).parent().unwrap();
    let path = std::env::join_paths([bin, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    // The answer is typed once it stands in a file.
    let ask = |answer: &str, args: &str| {
        room.write(answer, "");
        std::fs::remove_file(room.work().join(answer)).unwrap();
        let typed = format!("while [ ! -s {answer} ]; do sleep 0.02; done; cat {answer}");
        let line =
            format!("({typed}) | script -qec 'stty -echo; jobq control {args}; echo code $?' /dev/null");
        let asked = room.program("/bin/sh").args(["-c", &line]);
        let asked = asked.env("PATH", &path).env("TERM", "xterm").env("SHELL", "/bin/sh").spawn();
        wait_for("the question", PATIENCE, || {
            String::from_utf8_lossy(&asked.stdout_so_far()).contains("Go on? [y/N] ")
        });
        asked
    };
    let before = server.dump_all();
    let refused = ask("first", "cancel -q emails");
    room.write("first", "n\n");
    let told = refused.wait_exit(PATIENCE).stdout_text();
    assert!(told.contains("4 jobs to cancel (1 delayed, 3 waiting)") && told.contains("code 1"), "{told}");
    assert_eq!(server.dump_all(), before);

    let asked = ask("second", "cancel -q emails --state pending");
    room.enqueue(["--id", "new", "-q", "emails", "--", "true"]);
    room.jobq(["control", "cancel", "e1"]).run().status(0);
    room.jobq(["control", "delete", "e1"]).run().status(0);
    room.jobq(["control", "cancel", "e2"]).run().status(0);
    room.write("second", "y\n");
    let told = asked.wait_exit(PATIENCE).stdout_text();
    assert!(told.contains("3 jobs: 1 cancelled; 2 moved on meanwhile, left alone"), "{told}");
    assert!(told.contains("code 0"), "{told}");
    assert_eq!(
        states(&room, &["e2", "e3", "new", "d1", "r1"]),
        ["REVOKED", "REVOKED", "PENDING", "SCHEDULED", "PENDING"]
    );
}

#[test]
fn running_jobs_are_ended_and_waited_for() {
    let server = Server::start();
    let room = Room::new(&server).namespace(NAMESPACE);
    for id in ["a", "b"] {
        room.shell(&["--id", id, "--label", "x=1"], "echo up >>up; exec sleep 600");
    }
    let _worker = room.ready_worker(&["-c", "2"]);
    room.lines_in("up", 2);
    room.enqueue(["--id", "c", "--label", "x=1", "--", "true"]);
    let told = control(&room, &["cancel", "--label", "x=1", "--wait", "--yes"]).status(0).stderr_text();
    assert!(told.ends_with("\n3 jobs: 1 cancelled; 2 being ended\n"), "{told}");
    assert_eq!(states(&room, &["a", "b", "c"]), ["REVOKED"; 3]);
    assert!(room.processes_of("a").is_empty() && room.processes_of("b").is_empty());
}

#[test]
fn an_interrupted_bulk_ends_between_two_steps() {
    let server = Server::start();
    let room = Room::new(&server).namespace(NAMESPACE);
    let jobs: Vec<_> = (0..2_500).map(|_| ("default", 0, vec!["true".to_owned()])).collect();
    enqueue_many(&server.url(), NAMESPACE, &jobs);
    // It cannot go on while nobody reads what it prints.
    room.program("/usr/bin/mkfifo").args(["lines"]).run().status(0);
    let line = format!("exec '{}' control cancel -q default --yes --json >lines", env!("CARGO_BIN_EXE_jobq"));
    let bulk = room.program("/bin/sh").args(["-c", &line]).spawn();
    let mut lines = std::fs::File::open(room.work().join("lines")).unwrap();
    wait_for("some to be cancelled", PATIENCE, || room.count("default", "REVOKED") >= 500);
    bulk.signal(Signal::INT);
    let mut text = String::new();
    lines.read_to_string(&mut text).unwrap();
    bulk.wait_exit(PATIENCE).stderr("").status(130);
    let revoked = room.count("default", "REVOKED");
    assert_eq!((text.lines().count() as u64, revoked + room.count("default", "PENDING")), (revoked, 2_500));
    assert!(revoked < 2_500 && revoked.is_multiple_of(100), "{revoked}");
}

#[test]
fn a_sample_of_hostile_jobs_is_tame_on_a_terminal() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("nasty", NASTY);
    let label = format!("l={NASTY}");
    room.enqueue(["--id", "a", "--label", &label, "--", "printf", NASTY]);
    for act in [
        "cancel --dry-run -q default",
        "cancel --yes -q default",
        "retry --dry-run --state revoked",
        "delete --yes --state revoked",
    ] {
        let screen = on_a_terminal(&room, 80, &format!("jobq control {act}; echo \"code $?\""));
        assert!(is_tame(&screen) && screen.contains("code 0"), "{act}: {screen:?}");
        assert!(!screen.contains("\x1b]") && !screen.contains("\x1b[2J"), "{act}: {screen:?}");
    }
}
