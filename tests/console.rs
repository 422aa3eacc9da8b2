//! Every screen of the console on one seeded system: word for word as a table at widths of 80
//! and 200, as JSON and in a pipe; against the schema; for a viewer who may only read; and
//! with everything hostile that a store can hold.
//!
//! The expected output is in tests/console/. After a change that is meant, look at what
//! `JOBQ_GOLDEN=write cargo test --test jobq -- console::` writes there, with `git diff`.

mod damage;
mod hostile;
mod schema;
mod seed;

use std::path::Path;

use crate::status::{on_a_terminal, viewer};
use crate::support::{Room, Server};

use seed::{ID, seeded};

/// The looks whose output does not depend on the machine: a name for its files, and the words.
fn screens() -> Vec<(&'static str, Vec<String>)> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    vec![
        ("queues", words("inspect queues")),
        ("jobs", words("inspect jobs")),
        ("jobs-waiting", words("inspect jobs -q emails --state pending --newest")),
        ("job-failed", words(&format!("inspect job {ID}008"))),
        ("job-running", words(&format!("inspect job {ID}001"))),
        ("why", [words("inspect why"), (1..=12).map(|number| format!("{ID}{number:03}")).collect()].concat()),
        ("workers", words("inspect workers")),
        ("schedules", words("inspect schedules")),
        ("failures", words("inspect failures")),
        ("stats", words("inspect stats --window 1h")),
        ("events", words("inspect events")),
        ("verify", words("inspect verify")),
        ("status", words("status")),
        ("doctor", words("inspect doctor")),
        ("server", words("inspect server")),
        ("config", words("inspect config")),
    ]
}

/// What the server, this machine and the minute decide becomes '#'.
fn tame(name: &str, text: &str, port: u16) -> String {
    let text = text.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:PPPPP").replace("valkey", "redis");
    let (fields, lines): (&[&str], &[&str]) = match name {
        "stats" => (&["window_ms", "enqueued_per_second", "started_per_second", "finished_per_second"], &[]),
        "server" => (&["version", "pid", "used_memory"], &["server ", "memory ", "process "]),
        "status" => (&["version", "pid", "used_memory"], &["namespace t on"]),
        "config" => (&["files", "file"], &[]),
        "doctor" => (&[], &["version", "memory", "connections"]),
        _ => (&[], &[]),
    };
    let tamed = text.split_inclusive('\n').map(|line| match fields {
        [_, ..] if line.starts_with('{') => {
            fields.iter().fold(line.to_owned(), |line, name| without(&line, name))
        }
        _ if lines.iter().any(|word| line.contains(word)) => without_numbers(line),
        _ => line.to_owned(),
    });
    tamed.collect()
}

/// A line of JSON with another value for a field.
fn without(line: &str, name: &str) -> String {
    let mark = format!("\"{name}\":");
    let mut parts = line.split(&mark);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}{mark}#{}", &part[part.find([',', '}']).unwrap_or(0)..]))
}

fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        let goes_on = text.ends_with('#') && (c.is_ascii_digit() || c == '.');
        if !goes_on {
            text.push(if c.is_ascii_digit() { '#' } else { c });
        }
    }
    text
}

/// Instants become their distance from the reading or a word of the same length.
fn stable(text: &str, now_ms: i64) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let instant = rest
            .get(..24)
            .filter(|one| one.ends_with('Z'))
            .and_then(|one| one.parse::<jiff::Timestamp>().ok());
        // Events have instants of their own that never change.
        let moving = |ms: i64| (ms - now_ms).abs() < 20 * 86_400_000;
        if let Some(stamp) = instant.filter(|stamp| moving(stamp.as_millisecond())) {
            let hours = (stamp.as_millisecond() - now_ms).div_euclid(3_600_000);
            out.push_str(&format!("NOW{hours:+}h"));
            rest = &rest[24..];
            continue;
        }
        let clock =
            rest.get(..19).and_then(|one| one.replace(' ', "T").parse::<jiff::civil::DateTime>().ok());
        let ms = clock
            .and_then(|one| Some(one.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()));
        if ms.is_some_and(moving) {
            out.push_str("YYYY-MM-DD hh:mm:ss");
            rest = &rest[19..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[track_caller]
fn golden(name: &str, got: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/console").join(name);
    if std::env::var("JOBQ_GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(&file, got).expect("write the expected output");
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(expected == got, "{name}: expected:\n{expected}\ngot:\n{got}");
}

#[test]
fn every_screen_at_80_and_200_columns_in_json_and_in_a_pipe() {
    let (server, room, now_ms) = seeded();
    for (name, words) in screens() {
        let stable = |text: &str, now_ms| stable(&tame(name, text, server.port()), now_ms);
        let pipe = room.jobq(&words).run().status(0);
        golden(&format!("{name}.txt"), &stable(&pipe.stdout_text(), now_ms));
        let json = room.jobq(words.iter().map(String::as_str).chain(["--json"])).run().status(0);
        golden(&format!("{name}.json"), &stable(&json.stdout_text(), now_ms));
        for columns in [80, 200] {
            let screen = on_a_terminal(&room, columns, &format!("NO_COLOR=1 jobq {}", words.join(" ")));
            let screen = stable(&screen, now_ms);
            golden(&format!("{name}.{columns}.txt"), &screen);
            let widest = screen.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= columns as usize, "{name}: {screen}");
        }
    }
}

#[test]
fn the_overview_of_the_seeded_system_says_what_needs_somebody() {
    let (_server, room, _) = seeded();
    let text = room.jobq(["status"]).run().status(0).stdout_text();
    let attention: Vec<&str> = text.lines().take_while(|line| line.starts_with("attention: ")).collect();
    assert_eq!(
        attention,
        [
            "attention: worker web2-988-p0q2 gave its last sign of life 2d 05h ago",
            "attention: task send_email has an open incident, begun 1d 02h ago: 3 failures in a row",
        ]
    );
}

/// All looks that there are, the seeded ids in them.
fn looks() -> Vec<String> {
    let mut looks: Vec<String> = screens().into_iter().map(|(_, words)| words.join(" ")).collect();
    looks.push("inspect queues emails".to_owned());
    looks.push(format!("status {ID}009 {ID}001"));
    looks
}

#[test]
fn a_viewer_can_look_at_everything_and_nothing_changes() {
    let (server, room, _) = seeded();
    let eyes = Room::at(&viewer(&server, "t")).namespace("t");
    server.flush_scripts();
    let before = server.dump_all();
    for look in looks() {
        for json in [&[][..], &["--json"]] {
            let output = eyes.jobq(look.split(' ').chain(json.iter().copied())).run();
            let told = output.stderr_text();
            assert!(!told.contains("NOPERM") && !told.contains("denies"), "{output}");
            assert!(output.code == Some(0), "{output}");
        }
    }
    for mode in ["--stdout", "--stderr", "--follow", "--wait"] {
        eyes.jobq(["status", mode, &format!("{ID}009")]).run().status(0);
    }
    let follow = eyes.jobq(["inspect", "events", "--follow", "--json"]).spawn();
    crate::support::wait_for("the events", crate::support::PATIENCE, || {
        String::from_utf8_lossy(&follow.stdout_so_far()).lines().count() == seed::EVENTS
    });
    drop(follow);
    assert_eq!(server.dump_all(), before);
    // And the eyes are the viewer's: a change is refused.
    eyes.jobq(["control", "cancel", &format!("{ID}002")]).run().status(77);
    drop(room);
}

#[test]
fn patterns_work_on_every_screen() {
    let (_server, room, _) = seeded();
    for (look, pattern, first) in [
        ("queues", "{name}:{counts.PENDING}", "emails:3"),
        ("jobs", "{id} {state}", &format!("{ID}001 STARTED")[..]),
        ("workers", "{id} {live}", "web1-4121-k3f9 true"),
        ("failures", "{exit_code} {error}", "3 exit code 3"),
        ("events", "{id} {kind}", "1764000000000-0 joined"),
        ("doctor", "{check}", "version"),
        ("config", "{key}", "redis.url"),
        ("server", "{role}", "primary"),
    ] {
        let output = room.jobq(["inspect", look, "--format", pattern]).run().status(0);
        assert_eq!(output.stdout_text().lines().next(), Some(first), "{look}");
    }
}

#[test]
fn a_server_without_trouble_is_well_and_one_with_trouble_is_not() {
    let server = Server::start();
    let room = Room::new(&server).namespace("t");
    let verdicts = |code: i32| {
        let output = room.jobq(["inspect", "doctor", "--format", "{check} {verdict}"]).run().status(code);
        output.stdout_text()
    };
    let well = verdicts(0);
    let checks: Vec<&str> = well.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(
        checks,
        [
            "version",
            "role",
            "format",
            "persistence",
            "eviction",
            "memory",
            "connections",
            "password",
            "clock",
            "output",
            "workers",
            "queues",
            "paused",
            "limits",
            "schedules",
            "chores",
            "incidents"
        ]
    );
    assert!(well.contains("persistence warn\n") && !well.contains(" bad"), "{well}");
    room.enqueue(["-q", "lonely", "--", "true"]);
    let now = server.cli(&["TIME"]).texts()[0].parse::<i64>().unwrap() * 1000;
    let long_ago = (now - 3_600_000).to_string();
    for command in [
        &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"][..],
        &["HSET", "jobq:{t}:meta", "out_bytes", "260000000"],
        &["RPUSH", "jobq:{t}:chores", "9"],
        &["HSET", "jobq:{t}:chore:9", "kind", "purge", "queue", "lonely", "before", &long_ago, "done", "0"],
        &["ZADD", "jobq:{t}:incidents", &long_ago, "mail"],
        &["HSET", "jobq:{t}:alert:mail", "why", "3 failures in a row"],
        &["ZADD", "jobq:{t}:workers", "0", "w-1"],
        &["HSET", "jobq:{t}:worker:w-1", "seen", &long_ago, "host", "w"],
        &["HSET", "jobq:{t}:held:w-1", "x", "1-n"],
        &["HSET", "jobq:{t}:queue:lonely", "max_depth", "1"],
    ] {
        server.cli(command);
    }
    let ill = verdicts(1);
    for line in [
        "eviction bad",
        "output warn",
        "workers bad",
        "queues bad",
        "limits warn",
        "chores bad",
        "incidents warn",
    ] {
        assert!(ill.contains(&format!("{line}\n")), "{line} in {ill}");
    }
    let told = room.jobq(["inspect", "doctor"]).run().status(1).stdout_text();
    assert!(told.contains("-> jobq worker -q lonely\n"), "{told}");
    server.cli(&["HSET", "jobq:{t}:meta", "format", "9"]);
    assert!(verdicts(1).contains("format bad\n"));
    // Only now, or the server would begin to drop things.
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    server.cli(&["CONFIG", "SET", "maxmemory", "1mb"]);
    let full = verdicts(1);
    assert!(full.contains("eviction warn\n") && full.contains("memory bad\n"), "{full}");
}
