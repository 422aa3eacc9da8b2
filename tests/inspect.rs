//! `jobq inspect`: lists and their pages, patterns, `--watch`.

use crate::support::{PATIENCE, Room, Server, Signal, wait_for};

/// A room in the raw readers' namespace, its server, and a worker's file.
fn scene() -> (Server, Room) {
    let server = Server::start();
    let room = Room::new(&server).namespace("t");
    (server, room)
}

#[test]
fn filters_combine_and_pages_go_on_where_they_ended() {
    let (_server, room) = scene();
    for number in 0..25 {
        let queue = if number % 2 == 0 { "even" } else { "odd" };
        let label = format!("third={}", number % 3);
        room.enqueue(["-q", queue, "--label", &label, "--id", &format!("j{number:02}"), "--", "true"]);
    }
    room.jobq(["control", "cancel", "j00", "j01"]).run().status(0);
    let ids = |args: &[&str]| -> Vec<String> {
        let output = room.jobq(["inspect", "jobs", "--format", "{id}"]).args(args).run().status(0);
        output.stdout_text().lines().map(str::to_owned).collect()
    };
    assert_eq!(ids(&["-q", "even", "--label", "third=1"]), ["j22", "j16", "j10", "j04"]);
    assert_eq!(ids(&["-q", "even", "--label", "third=1", "--oldest", "--limit", "2"]), ["j04", "j10"]);
    assert_eq!(ids(&["--label", "third=1", "--state", "revoked"]), ["j01"]);
    assert_eq!(ids(&["--label", "third=9"]), [""; 0]);
    assert_eq!(ids(&["--state", "revoked"]), ["j01", "j00"]);
    assert_eq!(ids(&["--state", "revoked", "--oldest"]), ["j00", "j01"]);
    assert_eq!(ids(&["--state", "PENDING", "--newest", "--limit", "2"]), ["j24", "j23"]);
    assert_eq!(ids(&["--task", "none"]), [""; 0]);
    assert_eq!(ids(&["--since", "1h", "-q", "odd", "-q", "even"]).len(), 25);
    assert_eq!(ids(&["--until", "1h"]).len(), 0);
    let all = ids(&["--limit", "1000"]);
    assert_eq!(all.len(), 25);
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut args = vec!["--limit", "4", "--format", "{id}"];
        args.extend(after.as_deref().map(|_| "--after"));
        args.extend(after.as_deref());
        let page = room.jobq(["inspect", "jobs"]).args(&args).run().status(0);
        seen.extend(page.stdout_text().lines().map(str::to_owned));
        // A job that went away meanwhile is no place lost.
        if seen.len() == 8 {
            room.jobq(["control", "cancel", &seen[7]]).run().status(0);
        }
        match page.stderr_text().split_once("--after ") {
            Some((_, cursor)) => after = Some(cursor.trim_end().to_owned()),
            None => break,
        }
        assert!(seen.len() < 100, "no end: {seen:?}");
    }
    // The one that was cancelled on the way is met again among the cancelled.
    assert_eq!(seen.len(), 26);
    assert_eq!(seen[..23], all[..23]);
    room.jobq(["inspect", "jobs", "--after", "nonsense"]).run().stdout("").status(2);
    room.jobq(["inspect", "jobs", "--state", "done"]).run().stdout("").status(2);
    room.jobq(["inspect", "jobs", "--since", "someday"]).run().stdout("").status(2);
}

#[test]
fn the_shorter_index_leads_of_the_label_or_of_the_states() {
    let (_server, room) = scene();
    for number in 0..6 {
        let label = format!("team={}", if number < 4 { "red" } else { "blue" });
        room.enqueue(["--label", &label, "--label", "odd=x:y", "--id", &format!("j{number}"), "--", "true"]);
    }
    room.jobq(["control", "cancel", "j0"]).run().status(0);
    // The ids, and where to go on.
    let page = |args: &[&str]| -> (Vec<String>, String) {
        let page = room.jobq(["inspect", "jobs", "--format", "{id}"]).args(args).run().status(0);
        let after = page.stderr_text().rsplit(' ').next().unwrap().trim_end().to_owned();
        (page.stdout_text().lines().map(str::to_owned).collect(), after)
    };
    let (first, after) = page(&["--label", "team=red", "--limit", "2"]);
    assert!(first == ["j3", "j2"] && after.starts_with("12:"), "{first:?} {after}");
    assert_eq!(page(&["--label", "team=red", "--after", &after]).0, ["j1", "j0"]);
    let (both, after) = page(&["--label", "odd=x:y", "--label", "team=blue", "--limit", "1"]);
    assert!(both == ["j5"] && after.starts_with("12:"), "{both:?} {after}");
    let (all, after) = page(&["--label", "odd=x:y", "--limit", "3"]);
    assert!(all == ["j1", "j2", "j3"] && after.starts_with("1:"), "{all:?} {after}");
    assert_eq!(page(&["--label", "team=red", "--state", "revoked"]).0, ["j0"]);
    assert_eq!(page(&["--label", "team=red", "--until", "1h"]).0, [""; 0]);
}

#[test]
fn places_are_found_among_many_with_the_same_score() {
    let (server, room) = scene();
    let names: Vec<String> = (0..300).map(|number| format!("same{number:03}")).collect();
    let jobs: Vec<(&str, i32, Vec<String>)> =
        names.iter().map(|_| ("q", 0, vec!["true".to_owned()])).collect();
    let ids = crate::support::enqueue_many(&server.url(), "t", &jobs);
    // All of them are due at the same instant.
    for id in &ids {
        server.cli(&["ZREM", "jobq:{t}:in:PENDING:q", id]);
        server.cli(&["ZADD", "jobq:{t}:in:SCHEDULED:q", "4102444800000", id]);
        server.cli(&["HSET", &format!("jobq:{{t}}:job:{id}"), "state", "SCHEDULED", "due", "4102444800000"]);
    }
    let mut sorted = ids.clone();
    sorted.sort();
    let after = format!("5:4102444800000:{}", sorted[149]);
    let page = |order: &str| {
        let args = ["inspect", "jobs", "--format", "{id}", "--limit", "1000", order, "--after", &after];
        let output = room.jobq(args).run().status(0);
        output.stdout_text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(page("--oldest"), sorted[150..]);
    server.cli(&["ZREM", "jobq:{t}:in:SCHEDULED:q", &sorted[149]]);
    assert_eq!(page("--oldest"), sorted[150..]);
    let mut before = sorted[..149].to_vec();
    before.reverse();
    assert_eq!(page("--newest"), before);
}

#[test]
fn patterns_are_checked_before_anything_is_read() {
    let (mut server, room) = scene();
    room.enqueue(["--id", "a", "--label", "x.y=z", "--", "true"]);
    let show = |pattern: &str| room.jobq(["inspect", "job", "a", "--format", pattern]).run();
    show(r"{id}\t{labels.x.y}\t{{{attempt}}}").stdout("a\tz\t{0}\n").status(0);
    server.kill9();
    for (pattern, said) in
        [("{stat}", "did you mean state?"), ("{id", "no closing brace"), (r"\q", "no escape")]
    {
        let output = show(pattern).stdout("").status(2);
        assert!(output.stderr_text().contains(said), "{output}");
    }
    for command in ["queues", "workers", "jobs", "failures", "server", "config"] {
        let output = room.jobq(["inspect", command, "--format", "{nonsense_at_all}"]).run().status(2);
        assert!(output.stderr_text().contains("nonsense_at_all"), "{output}");
    }
    room.jobq(["inspect", "queues", "--format", "{name}", "--json"]).run().status(2);
}

#[test]
fn a_watch_goes_on_through_an_outage() {
    let (mut server, room) = scene();
    room.enqueue(["--id", "a", "--", "true"]);
    let watch = room.jobq(["inspect", "queues", "--watch", "100ms", "--json"]).spawn();
    let lines = || String::from_utf8_lossy(&watch.stdout_so_far()).lines().count();
    wait_for("two readings", PATIENCE, || lines() >= 2);
    server.kill9();
    wait_for("word of the outage", PATIENCE, || !watch.stderr_lines().is_empty());
    server.restart();
    let before = lines();
    // The server kept nothing: no queue, no line, until there is a job again.
    room.enqueue(["--id", "b", "--", "true"]);
    wait_for("more readings", PATIENCE, || lines() > before);
    watch.signal(Signal::INT);
    let output = watch.wait_exit(PATIENCE);
    assert_eq!(output.signal, Some(2), "{output}");
}

#[test]
fn unknown_names_are_exit_66() {
    let (_server, room) = scene();
    room.enqueue(["-q", "emails", "--", "true"]);
    room.jobq(["inspect", "job", "nope"]).run().stdout("").status(66);
    room.jobq(["inspect", "why", "nope"]).run().stdout("").status(66);
    let output = room.jobq(["inspect", "queues", "email"]).run().stdout("").status(66);
    assert!(output.stderr_text().contains("did you mean emails?"), "{output}");
}

#[test]
fn an_empty_system_says_so_and_exits_0() {
    let (_server, room) = scene();
    for (command, said) in [
        ("queues", "no queues yet"),
        ("jobs", "no such jobs"),
        ("workers", "no workers"),
        ("failures", "no failed jobs"),
    ] {
        room.jobq(["inspect", command]).run().stdout("").stderr(format!("{said}\n")).status(0);
        room.jobq(["inspect", command, "--json"]).run().stdout("").status(0);
    }
    let local = Room::local();
    for command in ["queues", "jobs", "workers", "failures"] {
        let output = local.jobq(["inspect", command]).run().stdout("").status(0);
        assert!(output.stderr_text().contains("no local store yet"), "{output}");
    }
    local.jobq(["inspect", "why", "a"]).run().status(66);
    assert!(local.processes().is_empty(), "looking starts nothing");
}

#[test]
fn events_are_filtered_and_read_on_from_an_id() {
    let (server, room) = scene();
    room.shell(&["-q", "emails", "--id", "bad"], "exit 3");
    room.shell(&["-q", "reports", "--id", "good"], "true");
    room.burst(&["-q", "emails,reports", "--quiet"]);
    let kinds = |args: &[&str]| {
        let output = room.jobq(["inspect", "events", "--format", "{kind}"]).args(args).run().status(0);
        output.stdout_text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&["--job", "bad"]), ["enqueued", "started", "failed"]);
    assert_eq!(kinds(&["-q", "reports"]), ["enqueued", "started", "succeeded"]);
    assert_eq!(kinds(&["--kind", "failed", "--kind", "succeeded"]).len(), 2);
    assert_eq!(kinds(&["--since", "1h", "--kind", "joined"]), ["joined"]);
    let all = room.jobq(["inspect", "events", "--json"]).run().status(0).json_lines();
    let id = |number: usize| all[number]["id"].as_str().unwrap();
    let rest = room.jobq(["inspect", "events", "--json", "--after", id(1)]).run().status(0).json_lines();
    assert_eq!(rest, all[2..]);
    let page = room.jobq(["inspect", "events", "--json", "--after", "0", "--limit", "2"]).run().status(0);
    assert_eq!(page.json_lines(), all[..2]);
    assert!(page.stderr_text().contains(&format!("--after {}", id(1))), "{page}");
    assert_eq!(kinds(&["--limit", "1"]).len(), 1);
    server.cli(&["XTRIM", "jobq:{t}:events", "MAXLEN", "1"]);
    let gap = room.jobq(["inspect", "events", "--after", id(0)]).run().status(0);
    assert!(gap.stderr_text().contains("what came before is not kept"), "{gap}");
    room.jobq(["inspect", "events", "--after", "yesterday"]).run().stdout("").status(2);
}

#[test]
fn following_events_survives_cut_connections_and_a_restart() {
    let mut server = Server::options().aof().start();
    let room = Room::new(&server).namespace("t");
    room.enqueue(["--id", "before", "--", "true"]);
    let follow = room.jobq(["inspect", "events", "--follow", "--format", "{job}"]).spawn();
    let seen = |job: &str| {
        wait_for(&format!("the event of {job}"), PATIENCE, || {
            String::from_utf8_lossy(&follow.stdout_so_far()).lines().any(|line| line == job)
        });
    };
    seen("before");
    room.enqueue(["--id", "first", "--", "true"]);
    seen("first");
    server.client_kill_all();
    room.enqueue(["--id", "second", "--", "true"]);
    seen("second");
    server.restart();
    room.enqueue(["--id", "third", "--", "true"]);
    seen("third");
    let shown = String::from_utf8_lossy(&follow.stdout_so_far()).into_owned();
    assert_eq!(shown, "before\nfirst\nsecond\nthird\n", "each once, in order");
    follow.signal(Signal::INT);
    assert_eq!(follow.wait_exit(PATIENCE).signal, Some(2));
}
