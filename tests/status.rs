//! `jobq status` and `inspect`: exact pages, raw bytes, terminals, and a reader's rights.

use serde_json::Value as Json;

use crate::support::{Output, PATIENCE, Room, Server, wait_for};

fn enqueue(room: &Room, args: &[&str]) -> String {
    room.jobq(["enqueue", "--quiet"]).args(args).run().status(0).line()
}

fn object(output: &Output) -> Json {
    serde_json::from_str(&output.line()).unwrap_or_else(|error| panic!("{error} in {output}"))
}

/// The program on a terminal of this width, `script`'s, and all that reached the screen.
pub fn on_a_terminal(room: &Room, columns: u32, command: &str) -> String {
    let line = format!("stty cols {columns} -onlcr; {command}");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_jobq")).parent().unwrap();
    let path = std::env::join_paths([bin, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let terminal = room.program("/usr/bin/script").args(["-qec", &line, "/dev/null"]);
    let output = terminal.env("PATH", path).env("TERM", "xterm").env("SHELL", "/bin/sh").run();
    output.stdout_text()
}

/// What may never reach a terminal from a job: escapes, other controls, bidi, C1.
pub fn is_tame(screen: &str) -> bool {
    let plain = anstream::adapter::strip_str(screen).to_string();
    !plain.chars().any(|c| jobq::view::escape::is_unsafe(c) && !matches!(c, '\n' | '\r' | '\t'))
}

pub const NASTY: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gpj.exe\u{9b}31m\u{8}\u{200b}";

#[test]
fn one_job_in_full() {
    let server = Server::start();
    let room = Room::new(&server);
    enqueue(
        &room,
        &["--id", "job", "-q", "emails", "-p", "5", "--label", "team=mail", "--", "sh", "-c", "echo hi"],
    );
    let page = room.jobq(["status", "job"]).run().stderr("").status(0).stdout_text();
    let (stable, enqueued) = page.split_once("enqueued  ").unwrap();
    assert_eq!(
        stable,
        format!(
            "job       job\nstate     PENDING\nwhy       no live worker serves queue emails; none ever has\n\
             queue     emails, priority 5\ncommand   sh -c 'echo hi'\nfolder    {}\nlabels    team=mail\n\
             attempts  0 of 1\n",
            room.work().display()
        )
    );
    assert!(enqueued.contains(" UTC  (") && enqueued.ends_with(")\n"), "{enqueued}");
    enqueue(&room, &["--id", "other", "--", "true"]);
    let two = room.jobq(["status", "other", "job"]).run().status(0).stdout_text();
    assert!(two.starts_with("job       other\n") && two.contains("\n\njob       job\n"), "{two}");
    let lines = room.jobq(["status", "--json", "other", "job"]).run().status(0).stdout_text();
    let ids: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!([&ids[0]["id"], &ids[1]["id"]], ["other", "job"]);
}

#[test]
fn an_empty_namespace_and_a_busy_one() {
    let server = Server::start();
    let room = Room::new(&server);
    let empty = room.jobq(["status"]).run().stderr("").status(0).stdout_text();
    assert!(empty.starts_with("healthy: no workers, 0 running, 0 waiting\nnamespace test on "), "{empty}");
    assert_eq!(empty.lines().count(), 2, "{empty}");
    enqueue(&room, &["--id", "bad", "-q", "emails", "--shell", "exit 3"]);
    enqueue(&room, &["-q", "emails", "--delay", "1h", "--", "true"]);
    let text = room.jobq(["status"]).run().status(0).stdout_text();
    assert!(text.starts_with("attention: 1 job waits in emails and no live worker serves it\n"), "{text}");
    room.jobq(["worker", "-q", "emails", "--burst", "--quiet"]).run().status(0);
    let text = room.jobq(["status"]).run().status(0).stdout_text();
    assert!(
        text.starts_with(
            "healthy: no workers, 0 running, 0 waiting, 1 for later, 1 failed in the last hour\n"
        )
    );
    assert!(text.contains("\nbad "), "{text}");
    let all = object(&room.jobq(["status", "--json"]).run().status(0));
    assert_eq!((&all["healthy"], &all["namespace"]), (&true.into(), &"test".into()));
    assert_eq!(all["queues"][0]["counts"]["FAILURE"], 1);
    assert_eq!(all["failures"][0]["id"], "bad");
    for field in ["headline", "attention", "now", "workers", "server", "schema"] {
        assert!(!all[field].is_null(), "{field} in {all}");
    }
}

#[test]
fn raw_output_is_byte_for_byte() {
    let server = Server::start();
    let room = Room::new(&server);
    let script = r"printf 'a\033[31m\000\377\r\n'; printf 'e\200' >&2";
    let id = enqueue(&room, &["--shell", script]);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    room.jobq(["status", "--stdout", &id]).run().stdout(b"a\x1b[31m\x00\xff\r\n").stderr("").status(0);
    room.jobq(["status", "--stderr", &id]).run().stdout(b"e\x80").stderr("").status(0);
    room.jobq(["status", "--follow", &id]).run().stdout(b"a\x1b[31m\x00\xff\r\n").stderr(b"e\x80").status(0);
    let page = room.jobq(["status", &id]).run().status(0).stdout_text();
    assert!(page.contains("\n│ a\\x1b[31m\\x00\\xff\n") && page.contains("\n│ e\\x80\n"), "{page}");
}

#[test]
fn the_output_of_a_running_job_is_shown_while_it_runs() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.jobq(["worker", "--quiet"]).spawn();
    let id = enqueue(&room, &["--shell", "echo so far; while [ ! -e go ]; do sleep 0.01; done"]);
    wait_for("its first line on its page", PATIENCE, || {
        let page = room.jobq(["status", &id]).run().status(0).stdout_text();
        page.contains("state     STARTED\n") && page.ends_with("\n│ so far\n")
    });
    room.write("go", "");
    room.jobq(["status", "--wait", &id]).run().status(0);
}

#[test]
fn nothing_of_a_job_reaches_a_terminal_raw() {
    let server = Server::start();
    let room = Room::new(&server);
    let script =
        r"printf '\033]0;owned\007\033[2J\342\200\256rtl\302\2339\10\2339x\n' | tee /dev/stderr; exit 3";
    let label = format!("l={NASTY}");
    let args = ["-q", "q", "--id", "nasty", "--label", &label, "--", "sh", "-c", script, NASTY];
    enqueue(&room, &args);
    room.jobq(["worker", "-q", "q", "--burst", "--quiet"]).run().status(0);
    room.write("nasty", NASTY);
    for command in [
        "jobq status",
        "jobq status nasty",
        "jobq status --json nasty",
        "jobq status --json",
        "jobq status --wait nasty",
        "jobq status --follow nasty",
        "jobq control cancel nasty",
        "jobq enqueue --dry-run -- printf \"$NASTY\"",
        "jobq enqueue \"$NASTY\"",
        "jobq status \"$NASTY\"",
    ] {
        let screen = on_a_terminal(&room, 100, &format!("NASTY=$(cat nasty); {command}"));
        assert!(
            is_tame(&screen) && !screen.contains("\x1b]") && !screen.contains("\x1b[2J"),
            "{command}: {screen:?}"
        );
        assert!(!screen.is_empty(), "{command}");
    }
}

#[test]
fn a_terminal_gets_colours_and_whole_ids_and_a_pipe_plain_text() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = enqueue(
        &room,
        &["-q", "emails", "--", "sh", "-c", &format!("exit 3 # {}", "long ".repeat(40).trim_end())],
    );
    room.jobq(["worker", "-q", "emails", "--burst", "--quiet"]).run().status(0);
    for columns in [60, 80, 200] {
        let screen = on_a_terminal(&room, columns, "jobq status");
        assert!(screen.contains('\x1b') && screen.contains(&id), "{screen}");
        let plain = anstream::adapter::strip_str(&screen).to_string();
        let tables = plain.split_once("\n\n").unwrap().1;
        let widest = tables.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
        assert!(widest <= usize::try_from(columns).unwrap().max(80), "{columns}: {plain}");
    }
    let bare = on_a_terminal(&room, 80, "NO_COLOR=1 jobq status");
    assert!(!bare.contains('\x1b') && bare.contains(&id), "{bare:?}");
    let never = on_a_terminal(&room, 80, "jobq status --color never");
    assert!(!never.contains('\x1b'), "{never:?}");
    let piped = room.jobq(["status"]).run().status(0).stdout_text();
    assert!(!piped.contains('\x1b') && piped.contains("long ".repeat(40).trim_end()), "{piped}");
    let forced = room.jobq(["status", "--color", "always"]).run().status(0).stdout_text();
    assert_eq!(anstream::adapter::strip_str(&forced).to_string().lines().count(), piped.lines().count());
    assert!(forced.contains('\x1b'));
}

#[test]
fn a_reader_that_goes_away_is_no_accident() {
    let server = Server::start();
    let room = Room::new(&server);
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_jobq")).parent().unwrap();
    let path = std::env::join_paths([bin, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let id = enqueue(&room, &["--", "true"]);
    for command in
        ["jobq status", "jobq status --json", "jobq --help", "jobq enqueue --help", "jobq status $ID"]
    {
        // The reader is gone before the first byte: the writer waits until it has said so.
        let line = format!(
            "{{ while [ ! -e gone ]; do :; done; {command}; echo $? >&2; }} | {{ exec <&-; : >gone; }}"
        );
        let run = room.program("/bin/bash").args(["-c", &line]).env("PATH", &path).env("ID", &id).run();
        run.stdout("").stderr("141\n").status(0);
    }
    let big = enqueue(&room, &["-q", "emails", "--", "seq", "20000"]);
    room.jobq(["worker", "-q", "emails", "--burst", "--quiet"]).run().status(0);
    let line = "jobq status --stdout $ID | head -1; echo ${PIPESTATUS[0]}";
    let run = room.program("/bin/bash").args(["-c", line]).env("PATH", &path).env("ID", &big).run();
    run.stdout("1\n141\n").stderr("").status(0);
}

/// What contract and manual promise that a viewer needs, and no more.
pub fn viewer(server: &Server, namespace: &str) -> String {
    let mut rules = vec!["ACL".to_owned(), "SETUSER".into(), "viewer".into(), "on".into(), ">look".into()];
    let rights = format!(
        "%R~jobq:{{{namespace}}}:* &jobq:{{{namespace}}}:* +@read +@connection +eval_ro +evalsha_ro +info +subscribe"
    );
    rules.extend(rights.split(' ').map(str::to_owned));
    assert_eq!(server.cli(&rules).text(), "OK");
    format!("unix://{}?user=viewer&pass=look", server.socket().display())
}

#[test]
fn a_viewer_sees_everything_and_changes_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    let done = enqueue(&room, &["--shell", "echo hi; exit 3"]);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    let waits = enqueue(&room, &["--", "true"]);
    let url = viewer(&server, "test");
    let eyes = Room::at(&url);
    server.flush_scripts();
    let before = server.dump_all();
    for (args, code) in [
        (&["status"][..], 0),
        (&["status", "--json"], 0),
        (&["status", &done], 0),
        (&["status", "--stdout", &done], 0),
        (&["status", "--follow", &done], 0),
        (&["status", "--wait", &done], 3),
        (&["status", "--wait", "--wait-timeout", "100ms", &waits], 125),
        (&["inspect", "server"], 0),
        (&["inspect", "server", "--json"], 0),
    ] {
        let output = eyes.jobq(args).run();
        assert!(!output.stderr_text().contains("NOPERM"), "{output}");
        output.status(code);
    }
    for args in [&["enqueue", "--", "true"][..], &["control", "cancel", &waits], &["worker", "--burst"]] {
        eyes.jobq(args).run().stdout("").status(77);
    }
    Room::at(&url).namespace("other").jobq(["status"]).run().stdout("").status(77);
    assert_eq!(server.dump_all(), before);
}

#[test]
fn inspect_server_tells_where_it_is_and_what_it_keeps() {
    let server = Server::start();
    let room = Room::new(&server);
    let text = room.jobq(["inspect", "server"]).run().stderr("").status(0).stdout_text();
    assert!(
        text.starts_with(&format!("address   unix://{}\nserver    ", server.socket().display())),
        "{text}"
    );
    assert!(text.contains("\npersists  nothing: all jobs are lost if the server stops\n"), "{text}");
    assert!(text.contains(&format!("\nprocess   {}\n", server.pid())), "{text}");
    let json = object(&room.jobq(["inspect", "server", "--json"]).run().status(0));
    assert_eq!((&json["aof"], &json["pid"]), (&false.into(), &server.pid().into()));
}
