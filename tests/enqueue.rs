//! `jobq enqueue`: what it prints, what it stores, and what a job then gets.

use std::os::unix::ffi::OsStringExt as _;

use serde_json::Value as Json;

use crate::support::{Output, PATIENCE, Room, Server, wait_for};

/// What `enqueue` says on stderr when nobody serves the queue.
const NO_WORKER: &str = "jobq: no live worker serves queue default; to start one: jobq worker -q default\n";

fn object(output: &Output) -> Json {
    serde_json::from_str(&output.line()).unwrap_or_else(|error| panic!("{error} in {output}"))
}

/// One job as `status --json` tells it.
fn show(room: &Room, id: &str) -> Json {
    object(&room.jobq(["status", "--json", id]).run().status(0).stderr(""))
}

fn enqueue(room: &Room, args: &[&str]) -> String {
    room.jobq(["enqueue"]).args(args).run().status(0).line()
}

/// Runs all that waits.
fn burst(room: &Room) {
    room.jobq(["worker", "--burst", "--quiet"]).run().stdout("").status(0);
}

fn stdout_of(room: &Room, id: &str) -> Vec<u8> {
    room.jobq(["status", "--stdout", id]).run().status(0).stderr("").stdout
}

#[test]
fn an_id_and_nothing_else_then_its_output_and_its_code() {
    let server = Server::start();
    let room = Room::new(&server);
    let accepted = room.jobq(["enqueue", "--", "sh", "-c", "echo hi; exit 3"]).run();
    let id = accepted.clone().status(0).stderr(NO_WORKER).line();
    assert!(id.len() == 26 && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{id}");
    burst(&room);
    room.jobq(["status", "--wait", &id]).run().stdout("hi\n").stderr("").status(3);
    room.jobq(["status", "--stdout", &id]).run().stdout("hi\n").stderr("").status(0);
    room.jobq(["status", "--stderr", &id]).run().stdout("").stderr("").status(0);
    room.jobq(["status", "--output", &id]).run().stdout("hi\n").status(0);
}

#[test]
fn nothing_is_said_where_a_worker_serves_the_queue() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.jobq(["worker", "-q", "emails"]).spawn();
    wait_for("the worker to be in the books", PATIENCE, || {
        let answer = object(&room.jobq(["enqueue", "--json", "-q", "emails", "--", "true"]).run());
        answer["workers"] == 1
    });
    room.jobq(["enqueue", "-q", "emails", "--", "true"]).run().stderr("").status(0).line();
}

#[test]
fn words_and_input_arrive_byte_for_byte() {
    let server = Server::start();
    let room = Room::new(&server);
    let odd = std::ffi::OsString::from_vec(b"\xff\x80 latin".to_vec());
    let words = ["--", "-x", "", " a  b ", "it's", "$HOME \"q\" `x`", "two\nlines", "*", "日本"];
    let report = r#"for w in "$@"; do printf '%s|' "$w"; done"#;
    let line = room.jobq(["enqueue", "--", "sh", "-c", report, "sh"]).args(words).args([&odd]).run();
    let args = line.status(0).line();
    let input: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let piped = room.jobq(["enqueue", "--stdin", "--", "cat"]).stdin(input.clone()).run().status(0).line();
    let file = room.write("input", &input);
    let from_file = room.jobq(["enqueue", "--stdin-file"]).args([&file]).args(["--", "cat"]).run().line();
    let nothing = room.jobq(["enqueue", "--", "cat"]).stdin("not for the job").run().line();
    burst(&room);
    let mut expected = words.iter().map(|w| format!("{w}|")).collect::<String>().into_bytes();
    expected.extend(b"\xff\x80 latin|");
    assert_eq!(stdout_of(&room, &args), expected);
    assert!(stdout_of(&room, &piped) == input && stdout_of(&room, &from_file) == input);
    assert_eq!(stdout_of(&room, &nothing), b"");
    let job = show(&room, &args);
    assert_eq!(job["argv"][13]["b64"], "/4AgbGF0aW4=");
}

#[test]
fn the_environment_and_the_folder_are_what_was_asked_for() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("sub/file", "");
    let script = "pwd; echo \"$GREETING|$COPIED|${NOT_COPIED-unset}|${JOBQ_URL-none}|$JOBQ_ATTEMPT\"";
    let full = ["enqueue", "-C", "sub", "-e", "GREETING=a=b c", "-e", "COPIED", "--shell", script];
    let id = room.jobq(full).env("COPIED", "yes").env("NOT_COPIED", "no").run().status(0).line();
    let plain = enqueue(&room, &["--", "pwd"]);
    let args = enqueue(&room, &["--shell", "echo \"$1-$2\"", "--", "a b", "$c"]);
    burst(&room);
    let sub = room.work().join("sub");
    assert_eq!(
        String::from_utf8(stdout_of(&room, &id)).unwrap(),
        format!("{}\na=b c|yes|unset|none|1\n", sub.display())
    );
    assert_eq!(String::from_utf8(stdout_of(&room, &plain)).unwrap(), format!("{}\n", room.work().display()));
    assert_eq!(stdout_of(&room, &args), b"a b-$c\n");
}

#[test]
fn a_variable_to_copy_must_be_there() {
    let server = Server::start();
    let room = Room::new(&server);
    let before = server.dump_all();
    room.jobq(["enqueue", "-e", "ABSENT", "--", "true"])
        .run()
        .stdout("")
        .stderr("jobq: -e ABSENT: ABSENT is not set here\nhint: for an empty one: -e ABSENT=\n")
        .status(2);
    assert_eq!(server.dump_all(), before);
}

#[test]
fn json_tells_id_created_state_queue_and_workers() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--json", "--id", "job1", "-q", "emails", "--", "true"])
        .run()
        .stdout(
            r#"{"id":"job1","created":true,"state":"PENDING","queue":"emails","workers":0}"#.to_owned()
                + "\n",
        )
        .stderr("jobq: no live worker serves queue emails; to start one: jobq worker -q emails\n")
        .status(0);
    room.jobq(["enqueue", "--json", "--quiet", "--id", "job2", "--delay", "1h", "--", "true"])
        .run()
        .stdout("{\"id\":\"job2\",\"created\":true,\"state\":\"SCHEDULED\",\"queue\":\"default\",\"workers\":0}\n")
        .stderr("")
        .status(0);
}

#[test]
fn quiet_leaves_the_id_alone() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--quiet", "--id", "one", "--", "true"]).run().stdout("one\n").stderr("").status(0);
}

#[test]
fn the_same_id_makes_one_job() {
    let server = Server::start();
    let room = Room::new(&server);
    let first = ["enqueue", "--id", "once", "--", "echo", "one"];
    room.jobq(first).run().stdout("once\n").stderr(NO_WORKER).status(0);
    let before = server.dump_all();
    room.jobq(first).run().stdout("once\n").stderr("").status(0);
    assert_eq!(server.dump_all(), before);
}

#[test]
fn the_same_id_with_another_description_says_so() {
    let server = Server::start();
    let room = Room::new(&server);
    let first = ["enqueue", "--id", "once", "--", "echo"];
    room.jobq(first).args(["one"]).run().stdout("once\n").status(0);
    let before = server.dump_all();
    let differs = "jobq: job once exists already and was enqueued differently; it stays as it is\n";
    room.jobq(first).args(["two"]).run().stdout("once\n").stderr(differs).status(0);
    room.jobq(["--json"])
        .args(first)
        .args(["two"])
        .run()
        .stdout("{\"id\":\"once\",\"created\":false,\"same\":false,\"state\":\"PENDING\",\"queue\":\"default\",\"workers\":0}\n")
        .stderr(differs)
        .status(0);
    assert_eq!(server.dump_all(), before);
    burst(&room);
    let ended =
        room.jobq(["enqueue", "--json", "--id", "once", "--", "echo", "one"]).run().stderr("").status(0);
    let ended = object(&ended);
    assert_eq!(
        (&ended["created"], &ended["same"], &ended["state"]),
        (&false.into(), &true.into(), &"SUCCESS".into())
    );
    assert_eq!(stdout_of(&room, "once"), b"one\n");
}

#[test]
fn a_dry_run_stores_nothing_and_needs_no_server() {
    let room = Room::at("unix:///nowhere/at/all");
    let plan = room.jobq(["enqueue", "--dry-run", "-q", "emails", "-p", "5", "--label", "team=mail"]);
    let plan = plan.args(["--retries", "2", "--timeout", "90s", "--", "sh", "-c", "echo hi"]);
    plan.run()
        .stdout(format!(
            "dry run   nothing was enqueued\nqueue     emails, priority 5\ncommand   sh -c 'echo hi'\n\
             folder    {}\nlabels    team=mail\npolicy    2 retries after 10s, timeout 1m 30s\n",
            room.work().display()
        ))
        .stderr("")
        .status(0);
    let object = object(&room.jobq(["enqueue", "--dry-run", "--json", "--delay", "1h", "--", "true"]).run());
    assert_eq!(object["dry_run"], true);
    assert_eq!(object["spec"]["argv"], serde_json::json!(["true"]));
    assert!(object["due_at"].as_str().unwrap().ends_with('Z') && object["expires_at"].is_null());
}

#[test]
fn a_dry_run_without_a_url_makes_no_local_store() {
    let room = Room::local();
    room.jobq(["enqueue", "--dry-run", "--", "true"]).run().stderr("").status(0);
    assert_eq!(std::fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn a_delayed_job_waits_for_its_time_and_an_expired_one_never_runs() {
    let server = Server::options().clock_shift().start();
    let room = Room::new(&server);
    let delayed = enqueue(&room, &["--delay", "1h", "--", "echo", "late"]);
    let at = enqueue(&room, &["--at", "2036-12-01 09:00", "--tz", "Europe/Paris", "--", "true"]);
    let fleeting = enqueue(&room, &["--expires", "10m", "--", "true"]);
    let state = |id: &str| show(&room, id)["state"].as_str().unwrap().to_owned();
    assert_eq!(show(&room, &at)["due_at"], "2036-12-01T08:00:00.000Z");
    assert_eq!([state(&delayed), state(&at), state(&fleeting)], ["SCHEDULED", "SCHEDULED", "PENDING"]);
    server.set_offset(1800);
    assert_eq!([state(&delayed), state(&fleeting)], ["SCHEDULED", "EXPIRED"]);
    burst(&room);
    server.set_offset(3700);
    assert_eq!(state(&delayed), "PENDING");
    burst(&room);
    assert_eq!([state(&delayed), state(&at), state(&fleeting)], ["SUCCESS", "SCHEDULED", "EXPIRED"]);
    assert_eq!(stdout_of(&room, &delayed), b"late\n");
    room.jobq(["status", "--wait", &fleeting]).run().stdout("").status(125);
}

#[test]
fn what_was_asked_for_is_what_status_tells() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = enqueue(
        &room,
        &[
            "-q",
            "emails",
            "-p",
            "-7",
            "--label",
            "team=mail",
            "--label",
            "run=a b",
            "--retries",
            "3",
            "--",
            "true",
            "x",
        ],
    );
    let job = show(&room, &id);
    let fields: Vec<&str> = "id state reason queue task argv args priority labels group attempt retries \
        outcome exit_code result error progress enqueued_at due_at started_at finished_at worker output schema"
        .split_whitespace()
        .filter(|field| job.get(*field).is_none())
        .collect();
    assert!(fields.is_empty(), "missing: {fields:?} in {job}");
    assert_eq!(job["id"], id);
    assert_eq!(job["argv"], serde_json::json!(["true", "x"]));
    assert_eq!(
        (&job["queue"], &job["priority"], &job["retries"]),
        (&"emails".into(), &(-7).into(), &3.into())
    );
    assert_eq!(job["labels"], serde_json::json!({"team": "mail", "run": "a b"}));
    assert_eq!(job["output"], serde_json::json!({"stdout_bytes": 0, "stderr_bytes": 0, "dropped": 0}));
}

#[test]
fn a_failed_job_is_tried_again_as_asked() {
    let server = Server::start();
    let room = Room::new(&server);
    let script = "test $JOBQ_ATTEMPT = 3 && exit 4; exit 9";
    let asked = ["--retries", "5", "--retry-delay", "0s", "--ok-codes", "4", "--shell", script];
    let id = enqueue(&room, &asked);
    let fatal = enqueue(&room, &["--retries", "5", "--no-retry-on", "9", "--shell", "exit 9"]);
    room.jobq(["worker", "--burst", "--idle", "10s", "--quiet"]).run().status(0);
    let (job, fatal) = (show(&room, &id), show(&room, &fatal));
    assert_eq!(
        (&job["state"], &job["attempt"], &job["exit_code"]),
        (&"SUCCESS".into(), &3.into(), &4.into())
    );
    assert_eq!((&fatal["state"], &fatal["attempt"]), (&"FAILURE".into(), &1.into()));
}
