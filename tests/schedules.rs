//! `jobq beat` as people meet it: schedules of files, schedules that are added, crontabs.

use serde_json::{Value as Json, json};

use crate::support::{Output, PATIENCE, Room, Running, Server, Signal, wait_for, wait_for_some};

#[track_caller]
fn beat(room: &Room, args: &[&str]) -> Running {
    let beat = room.jobq(["beat"]).args(args).spawn();
    beat.wait_stderr(" ready ", PATIENCE);
    beat
}

#[track_caller]
fn end(running: Running) {
    running.signal(Signal::TERM);
    running.wait_exit(PATIENCE).status(0);
}

fn schedules(room: &Room) -> Vec<Json> {
    room.jobq(["inspect", "schedules", "--json"]).run().status(0).json_lines()
}

#[track_caller]
fn schedule(room: &Room, name: &str) -> Json {
    let found = schedules(room).into_iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no schedule {name}"))
}

#[track_caller]
fn said(output: Output, code: i32, words: &[&str]) {
    let output = output.status(code);
    let text = output.stderr_text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {output}");
    }
}

const FILE: &str = r#"
[tasks.report]
queue = "reports"
command = ["printf", "%s", "{user}"]
params = { user = "integer" }
[schedules.nightly]
cron = "30 2 * * *"
timezone = "Europe/Paris"
task = "report"
args = { user = 7 }
[schedules.often]
every = "1s"
command = ["sh", "-c", "pwd; cat; echo $A"]
stdin = "in"
env = { A = "b" }
"#;

#[test]
fn schedules_of_a_file_are_published_followed_and_removed_with_it() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FILE);
    let running = beat(&room, &[]);
    let worker = room.worker(&["-q", "default,reports"]).spawn();
    wait_for("two ticks", PATIENCE, || schedule(&room, "often")["fired"].as_u64() >= Some(2));
    let often = wait_for_some("a success", PATIENCE, || {
        Some(schedule(&room, "often")).filter(|one| one["ended"]["state"] == "SUCCESS")
    });
    let id = often["ended"]["job"].as_str().unwrap();
    assert!(id.starts_with("often.20") && id.ends_with('Z'), "{id}");
    let here = room.work().canonicalize().unwrap();
    assert_eq!(room.stdout_of(id), format!("{}\ninb\n", here.display()).into_bytes());
    assert_eq!(often["place"], format!("{}/jobq.toml:11", here.display()));

    // A job by hand: the id alone on stdout, whatever the pause says.
    room.jobq(["beat", "pause", "nightly", "--reason", "moving"]).run().status(0).stdout("");
    let id = room.jobq(["beat", "trigger", "nightly"]).run().status(0).line();
    wait_for("the report", PATIENCE, || room.job(&id).state() == "SUCCESS");
    assert_eq!(room.stdout_of(&id), b"7");
    let nightly = schedule(&room, "nightly");
    assert_eq!((&nightly["paused"]["reason"], &nightly["fired"]), (&json!("moving"), &json!(0)), "{nightly}");
    room.jobq(["beat", "resume", "nightly"]).run().status(0);
    assert_eq!(schedule(&room, "nightly")["paused"], json!(null));

    // HUP reads the file again; what is gone from it goes.
    room.write("jobq.toml", FILE.split("[schedules.often]").next().unwrap());
    running.signal(Signal::HUP);
    wait_for("the schedule to go", PATIENCE, || schedules(&room).len() == 1);
    end(running);
    end(worker);
}

#[test]
fn a_configuration_that_says_nothing_of_schedules_leaves_them_alone() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FILE);
    end(beat(&room, &[]));
    room.write("jobq.toml", "[worker]\nlease = \"1m\"\n");
    end(beat(&room, &[]));
    assert_eq!(schedules(&room).len(), 2);
    room.write("jobq.toml", "[schedules]\n");
    end(beat(&room, &[]));
    assert_eq!(schedules(&room).len(), 0);
}

#[test]
fn what_is_added_ticks_and_what_a_file_owns_is_the_files() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FILE);
    let add = |args: &[&str]| room.jobq(["beat", "add"]).args(args).run();
    said(add(&["sync", "--every", "1h", "--", "true"]), 0, &["added sync, every 1h;", "no beat is running"]);
    let running = beat(&room, &[]);
    let worker = room.worker(&["-q", "default,reports"]).spawn();
    let made = add(&["--json", "sync", "--every", "1s", "--stdin-file", "jobq.toml", "--", "cat"]).status(0);
    let made = made.json_lines().remove(0);
    assert_eq!(
        (&made["result"], made["next"].as_array().map(Vec::len)),
        (&json!("changed"), Some(5)),
        "{made}"
    );
    let done = wait_for_some("a tick of what was changed", PATIENCE, || {
        let one = schedule(&room, "sync");
        (one["ended"]["state"] == "SUCCESS").then(|| one["ended"]["job"].as_str().unwrap().to_owned())
    });
    assert_eq!(room.stdout_of(&done), FILE.as_bytes());
    said(add(&["nightly", "--every", "1h", "--", "true"]), 77, &["schedule nightly stands in jobq.toml"]);
    said(add(&["r", "--every", "1h", "report", "user=x"]), 65, &["parameter user must be an integer"]);
    said(add(&["r", "--every", "1h", "reprot", "user:=1"]), 66, &["did you mean report?"]);
    said(add(&["r", "--cron", "0 0 30 2 *", "--", "x"]), 2, &["      0 0 30 2 *\n", "^^"]);

    room.jobq(["beat", "remove", "sync"]).run().status(0);
    said(
        room.jobq(["beat", "remove", "nightly"]).run(),
        0,
        &["it stands in file: a beat that publishes that"],
    );
    for verb in ["remove", "pause", "resume", "trigger", "next"] {
        said(room.jobq(["beat", verb, "nobody"]).run(), 66, &["there is no schedule nobody"]);
    }
    end(running);
    end(worker);
}

#[test]
fn status_says_when_schedules_have_nobody() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["beat", "add", "sync", "--every", "1h", "--", "true"]).run().status(0);
    let status = room.jobq(["status", "--json"]).run().status(0);
    let status = status.json_lines().remove(0);
    assert_eq!(status["attention"], json!(["there is 1 schedule and no beat is running"]));
    assert_eq!((&status["schedules"], &status["beats"]), (&json!(1), &json!(0)));
    let running = beat(&room, &[]);
    let status = room.jobq(["status", "--json"]).run().status(0).json_lines().remove(0);
    assert_eq!((&status["attention"], &status["beats"]), (&json!([]), &json!(1)));
    end(running);
}

#[test]
fn the_coming_ticks_are_told_with_daylight_saving() {
    let mut server = Server::start();
    let room = Room::with_tasks(&server, FILE);
    let next = |args: &[&str]| room.jobq(["beat", "next"]).args(args).run().status(0);
    // The server has none yet: the file speaks.
    said(next(&["nightly", "-n", "1"]), 0, &["not published yet", "jobq.toml:6 says"]);
    assert_eq!(next(&["--json"]).json_lines().len(), 2);
    end(beat(&room, &[]));
    let year = next(&["nightly", "-n", "366", "--json"]).json_lines();
    assert_eq!(year.len(), 366);
    let noted: Vec<&str> = year.iter().filter_map(|one| one["notes"][0].as_str()).collect();
    assert!(noted.iter().any(|note| note.ends_with("02:30 happens twice: runs once")), "{noted:?}");
    assert!(noted.iter().any(|note| note.ends_with("02:30 does not exist: runs at 03:00")), "{noted:?}");
    assert!(
        year.iter()
            .all(|one| one["local"].as_str().unwrap().contains("T02:30:00.000+0")
                || one["notes"][0].is_string())
    );
    let table = next(&["--cron", "0 9 * * 1", "--tz", "Asia/Tokyo", "-n", "1"]).stdout_text();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("TICK") && lines[0].contains("HERE"), "{table}");
    assert!(lines[1].contains(" 09:00:00 JST  ") && lines[1].contains(" 00:00:00 UTC  "), "{table}");
    said(room.jobq(["beat", "next", "--cron", "0 0 * * 8"]).run(), 2, &["^"]);
    server.kill9();
    said(next(&["nightly", "-n", "1"]), 0, &["these are the schedules of the files"]);
}

#[test]
fn a_check_tells_all_that_is_wrong_by_line() {
    let room = Room::at("redis://127.0.0.1:1");
    room.write("good.toml", "[schedules.a]\ncron = \"*/7 * * * *\"\ntimezone = \"UTC\"\ncommand = [\"x\"]\n");
    let good = room.jobq(["beat", "check", "good.toml", "--json"]).run().status(0);
    let good = good.json_lines().remove(0);
    assert_eq!(
        (&good["ok"], &good["warnings"][0]["line"], &good["errors"]),
        (&json!(true), &json!(2), &json!([]))
    );
    assert!(good["schedules"][0]["next_at"].is_string(), "{good}");
    let lines: String =
        (0..9).map(|at| format!("[schedules.s{at}]\ncron = \"61 * * * *\"\ncommand = [\"x\"]\n")).collect();
    room.write("jobq.toml", &lines);
    let bad = room.jobq(["beat", "check"]).run().status(78).stderr("").stdout_text();
    assert_eq!(bad.matches("61 is no minute").count(), 9, "{bad}");
    assert!(bad.starts_with("jobq.toml:2:9: error: schedules.s0.cron: 61 is no minute"), "{bad}");
    assert!(
        bad.contains("\n    61 * * * *\n    ^^\n") && bad.ends_with("wrong: no schedules, 9 errors\n"),
        "{bad}"
    );
    // Whatever else needs the configuration tells the first of them.
    said(room.jobq(["beat"]).run(), 78, &["61 is no minute", "and 4 more"]);
    room.write("my.cron", "* * * * * true\n0 0 31 2 * true\nA B\n@hourly\n");
    let bad = room.jobq(["beat", "check", "my.cron"]).run().status(65).stderr("").stdout_text();
    for place in ["my.cron:2:5: error: ", "my.cron:3:1: error: ", "my.cron:4:1: error: there is no command"] {
        assert!(bad.contains(place), "{bad}");
    }
    said(room.jobq(["beat", "check", "absent"]).run(), 66, &["cannot read absent"]);
    said(room.jobq(["beat", "check", "good.toml", "--user-field"]).run(), 2, &["is for crontabs"]);
}

#[test]
fn lists_have_their_columns_at_80_and_at_200() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FILE);
    let hostile = room.jobq([
        "beat",
        "add",
        "odd",
        "--cron",
        "0 0 1 1 *",
        "--tz",
        "UTC",
        "--",
        "echo",
        "\x1b[2J\u{202e}",
    ]);
    hostile.run().status(0);
    let list = room.jobq(["beat", "list"]).run().status(0).stdout_text();
    let head = list.lines().next().unwrap();
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["SCHEDULE", "WHEN", "NEXT", "QUEUE", "JOB", "FROM"]
    );
    assert!(list.contains("0 0 1 1 * UTC") && list.contains("$'\\x1b[2J\\U0000202e'"), "{list}");
    let pattern = room.jobq(["inspect", "schedules", "--format", "{name} {queue} {overlap}"]).run().status(0);
    pattern.stdout("odd default queue\n");
    said(room.jobq(["inspect", "schedules", "--format", "{nam}"]).run(), 2, &["did you mean name?"]);
}
