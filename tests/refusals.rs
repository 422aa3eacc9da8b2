//! Every refusal: its exit code, its one line, its hint, and that nothing was changed.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::server::free_port;
use crate::support::{Mode, PATIENCE, Proxy, Room, Server, wait_for};

/// A server that says the same to whatever it is asked.
fn parrot(reply: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut chunk = [0; 65_536];
                while matches!(stream.read(&mut chunk), Ok(1..)) && stream.write_all(reply.as_bytes()).is_ok()
                {
                }
            });
        }
    });
    format!("redis://{address}")
}

/// `enqueue -- true` in this room is refused so, and in JSON with the same code and words.
#[track_caller]
fn refused(room: &Room, code: i32, message: &str, hint: &str) {
    let hints = if hint.is_empty() { String::new() } else { format!("hint: {hint}\n") };
    room.jobq(["enqueue", "--", "true"])
        .run()
        .stdout("")
        .stderr(format!("jobq: {message}\n{hints}"))
        .status(code);
    let json = room.jobq(["enqueue", "--json", "--", "true"]).run().stdout("").status(code);
    let error: Json = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["message"]), (&code.into(), &message.into()));
}

// 2: wrong usage

#[test]
fn a_bare_word_gets_the_hint() {
    let room = Room::at("unix:///nowhere/s");
    room.jobq(["enqueue", "make", "test"])
        .run()
        .stdout("")
        .stderr(
            "error: \"test\" is not KEY=VALUE\n\n  \
             tip: to run a command: jobq enqueue … -- make test\n\n\
             Usage: jobq enqueue [OPTIONS] <TASK> [KEY=VALUE | KEY:=JSON | KEY@=FILE]...\n       \
             jobq enqueue [OPTIONS] -- <COMMAND> [ARG]...\n       \
             jobq enqueue [OPTIONS] --shell <SCRIPT> [-- ARG...]\n\n\
             For more information, try '--help'.\n",
        )
        .status(2);
}

#[test]
fn wrong_usage_is_2_and_reaches_no_server() {
    let room = Room::at("unix:///nowhere/s");
    for (args, words) in [
        (&["enqueue", "-p", "101", "--", "x"][..], "101 is not in -100..=100"),
        (&["enqueue", "-p", "high", "--", "x"], "invalid digit"),
        (&["enqueue", "--frobnicate", "--", "x"], "unexpected argument '--frobnicate'"),
        (&["enqueue", "--unique", "k", "--", "x"], "unexpected argument '--unique'"),
        (&["enqueue", "--after", "id", "--", "x"], "unexpected argument '--after'"),
        (&["enqueue", "--each", "--", "x"], "unexpected argument '--each'"),
        (&["enqueue", "--delay", "1h", "--at", "09:00", "--", "x"], "cannot be used with"),
        (&["enqueue", "--stdin", "--stdin-file", "f", "--", "x"], "cannot be used with"),
        (&["enqueue", "--wait", "--dry-run", "--", "x"], "cannot be used with"),
        (&["enqueue", "--id", "a b", "--", "x"], "'--id <ID>'"),
        (&["enqueue", "--label", "novalue", "--", "x"], "'--label <KEY=VALUE>'"),
        (&["enqueue", "-q", "é", "--", "x"], "'--queue <NAME>'"),
        (
            &["enqueue", "--delay", "1h", "--expires", "30m", "--", "x"],
            "it would expire 30m 00s before it may run",
        ),
        (&["enqueue", "--at", "1999-01-01 09:00", "--", "x"], "--at: "),
        (&["enqueue", "--tz", "Mars/Olympus", "--at", "09:00", "--", "x"], "--tz: "),
        (&["enqueue", "--tz", "Europe/Paris", "--", "x"], "--tz needs --at or --expires"),
        (&["enqueue", "--", ""], "the command is empty"),
        (
            &["enqueue", "--soft-timeout", "2m", "--timeout", "1m", "--", "x"],
            "must be shorter than --timeout",
        ),
        (&["worker", "--metrics", ":port"], "does not end with a port"),
        (&["status", "--group", "g"], "unexpected argument '--group'"),
        (&["beat", "backfill"], "unrecognized subcommand 'backfill'"),
        (&["control", "top"], "unrecognized subcommand 'top'"),
        (&["inspect", "groups"], "unrecognized subcommand 'groups'"),
    ] {
        let stderr = room.jobq(args).run().stdout("").status(2).stderr_text();
        assert!(stderr.contains(words), "{args:?}: {stderr}");
        assert!(!stderr.contains('\x1b') && stderr.ends_with('\n'), "{args:?}: {stderr:?}");
    }
}

#[test]
fn a_word_as_long_as_the_kernel_takes_arrives() {
    let server = Server::start();
    let room = Room::new(&server);
    let most = "x".repeat(131_071);
    let copied = &most["JQ=".len()..];
    let script = "printf %s \"$1$JQ\" | wc -c";
    let id = room.jobq(["enqueue", "-e", "JQ", "--", "sh", "-c", script, "sh", &most]).env("JQ", copied);
    let id = id.run().status(0).line();
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    room.jobq(["status", "--wait", &id]).run().stdout("262139\n").status(0);
}

// 65 and 66

#[test]
fn input_beyond_a_mebibyte_is_65() {
    let server = Server::start();
    let room = Room::new(&server);
    let most = vec![b'x'; 1024 * 1024];
    room.jobq(["enqueue", "--quiet", "--id", "most", "--stdin", "--", "wc", "-c"])
        .stdin(most.clone())
        .run()
        .status(0);
    let before = server.dump_all();
    let more = [most, vec![b'y']].concat();
    let hint = "hint: put it into a file that the worker can read, and pass its name\n";
    room.jobq(["enqueue", "--stdin", "--", "cat"])
        .stdin(more.clone())
        .run()
        .stdout("")
        .stderr(format!("jobq: standard input has more than 1 MiB, the most a job's input may have\n{hint}"))
        .status(65);
    room.write("big", more);
    room.jobq(["enqueue", "--stdin-file", "big", "--", "cat"])
        .run()
        .stdout("")
        .stderr(format!("jobq: big has more than 1 MiB, the most a job's input may have\n{hint}"))
        .status(65);
    room.jobq(["enqueue", "--stdin-file", "absent", "--", "cat"])
        .run()
        .stdout("")
        .stderr("jobq: cannot read absent: No such file or directory (os error 2)\n")
        .status(66);
    assert_eq!(server.dump_all(), before);
    room.jobq(["worker", "--burst", "--quiet"]).run().status(0);
    room.jobq(["status", "--stdout", "most"]).run().stdout("1048576\n").status(0);
}

#[test]
fn what_is_not_there_is_66() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--quiet", "--id", "known", "--", "true"]).run().status(0);
    let unknown = "jobq: no job nobody in this namespace\n\
                   hint: its record may have been removed after its time, or --namespace or --url differ\n";
    for args in [
        &["status", "nobody"][..],
        &["status", "--stdout", "nobody"],
        &["status", "--stderr", "nobody"],
        &["status", "--follow", "nobody"],
        &["control", "cancel", "nobody"],
    ] {
        room.jobq(args).run().stdout("").stderr(unknown).status(66);
    }
    let both = room.jobq(["status", "--json", "nobody", "known"]).run().status(66);
    assert!(both.line().starts_with("{\"id\":\"known\""), "{both}");
    room.jobq(["control", "purge", "absent", "--yes"])
        .run()
        .stdout("")
        .stderr("jobq: no queue absent in this namespace\n")
        .status(66);
}

// 69: certainly nothing accepted

#[test]
fn an_unreachable_server_is_69_within_3_s() {
    let hint = "is the server running? --url or JOBQ_URL says where it is";
    let port = free_port();
    let began = Instant::now();
    refused(
        &Room::at(&format!("redis://ann:s3cret@127.0.0.1:{port}/2")),
        69,
        &format!("cannot reach Redis at redis://127.0.0.1:{port}/2: Connection refused (os error 111)"),
        hint,
    );
    let nowhere = Room::at("unix:///nowhere/s?pass=s3cret");
    refused(
        &nowhere,
        69,
        "cannot reach Redis at unix:///nowhere/s: No such file or directory (os error 2)",
        hint,
    );
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    nowhere
        .jobq(["status"])
        .run()
        .stdout("")
        .stderr(format!(
            "jobq: cannot reach Redis at unix:///nowhere/s: No such file or directory (os error 2)\nhint: {hint}\n"
        ))
        .status(69);
}

#[test]
fn a_server_that_accepts_and_is_silent_is_69_within_3_s_where_nothing_was_sent() {
    let server = Server::options().requirepass("s3cret").start();
    let room = Room::new(&server);
    server.stop();
    let began = Instant::now();
    let both = [&["enqueue", "--", "true"][..], &["status"]].map(|args| room.jobq(args).spawn());
    for one in both {
        let stderr = one.wait_exit(PATIENCE).stdout("").status(69).stderr_text();
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(
            stderr
                .starts_with(&format!("jobq: cannot reach Redis at unix://{}: ", server.socket().display()))
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
    server.cont();
}

#[test]
fn a_look_that_gets_no_answer_is_69_within_3_s() {
    let server = Server::start();
    let room = Room::new(&server);
    server.stop();
    let began = Instant::now();
    let all = [&["status"][..], &["status", "x"], &["inspect", "server"]].map(|args| room.jobq(args).spawn());
    for one in all {
        let stderr = one.wait_exit(PATIENCE).stdout("").status(69).stderr_text();
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(stderr.contains("\nhint: is the server busy or stopped? try again\n"), "{stderr}");
    }
    server.cont();
}

#[test]
fn a_server_that_takes_no_writes_is_69_with_its_own_words() {
    let full = Server::options().maxmemory("500kb").start();
    let socket = |server: &Server| format!("Redis at unix://{} is refusing: ", server.socket().display());
    refused(
        &Room::new(&full),
        69,
        &format!("{}OOM command not allowed when used memory > 'maxmemory'.", socket(&full)),
        "the server's memory is full: let workers drain it, or raise maxmemory",
    );
    assert!(full.dump_all().is_empty());
    let replica = Server::options().config("replicaof 127.0.0.1 1").start();
    refused(
        &Room::new(&replica),
        69,
        &format!("{}READONLY You can't write against a read only replica.", socket(&replica)),
        "this is a replica: name the primary",
    );
    let loading = parrot("-LOADING Redis is loading the dataset in memory\r\n");
    refused(
        &Room::at(&loading),
        69,
        &format!("Redis at {loading} is refusing: LOADING Redis is loading the dataset in memory"),
        "the server is reading its data: try again in a moment",
    );
    let sick = parrot("-MISCONF Errors writing to the AOF file: No space left on device\r\n");
    refused(
        &Room::at(&sick),
        69,
        &format!(
            "Redis at {sick} is refusing: MISCONF Errors writing to the AOF file: No space left on device"
        ),
        "the server cannot write its disk: free some space there",
    );
    let web = parrot("HTTP/1.1 400 Bad Request\r\n\r\n");
    refused(
        &Room::at(&web),
        69,
        &format!(
            "Redis answered in a way this jobq does not understand: {web}: it does not speak the protocol of Redis"
        ),
        "is this server Redis 7.0 or newer, or Valkey, and the namespace jobq's?",
    );
}

// 74: not confirmed

#[test]
fn a_lost_reply_is_asked_for_again() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let room = Room::at(&proxy.url());
    room.jobq(["enqueue", "--quiet", "--", "true"]).run().status(0);
    proxy.lose_reply_to("EVALSHA", 1);
    let output = room.jobq(["enqueue", "--json", "--quiet", "--id", "job", "--", "true"]).run();
    assert!(proxy.fault_happened());
    output
        .stdout(
            "{\"id\":\"job\",\"created\":true,\"state\":\"PENDING\",\"queue\":\"default\",\"workers\":0}\n",
        )
        .stderr("")
        .status(0);
    proxy.lose_request("EVALSHA", 1);
    room.jobq(["enqueue", "--quiet", "--id", "other", "--", "true"])
        .run()
        .stdout("other\n")
        .stderr("")
        .status(0);
}

#[test]
fn a_reply_lost_for_good_is_74_with_the_id_to_repeat() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (room, inside) = (Room::at(&proxy.url()), Room::new(&server));
    for json in [false, true] {
        // The next EVALSHA is then the only one that is looked for.
        inside.jobq(["enqueue", "--quiet", "--id", "warm", "--", "true"]).run().status(0);
        proxy.lose_reply_to("EVALSHA", 1);
        let flags: &[&str] = if json { &["--json"] } else { &[] };
        let unsure = room.jobq(["enqueue"]).args(flags).args(["--", "true"]).spawn();
        wait_for("the reply to be lost", PATIENCE, || proxy.fault_happened());
        proxy.set(Mode::Refuse);
        let output = unsure.wait_exit(PATIENCE).status(74);
        proxy.set(Mode::Pass);
        let id = if json {
            let answer: Json = serde_json::from_str(&output.line()).unwrap();
            assert!(answer["created"].is_null(), "{answer}");
            answer["id"].as_str().unwrap().to_owned()
        } else {
            let stderr = output.stderr_text();
            assert!(
                stderr.starts_with(&format!("jobq: no answer from Redis at {}: ", proxy.url())),
                "{stderr}"
            );
            let id = output.line();
            assert_eq!(
                stderr.lines().nth(1).unwrap(),
                format!(
                    "hint: it may have been accepted or not; to be certain, repeat the command with --id {id}"
                )
            );
            id
        };
        let jobs = server.cli(&["KEYS", "jobq:*:spec:*"]).array().len();
        let again = room.jobq(["enqueue", "--json", "--quiet", "--id", &id, "--", "true"]).run().status(0);
        let answer: Json = serde_json::from_str(&again.line()).unwrap();
        assert_eq!((&answer["created"], &answer["same"]), (&false.into(), &true.into()));
        assert_eq!(server.cli(&["KEYS", "jobq:*:spec:*"]).array().len(), jobs);
    }
}

// 75 is in control.rs, beside the limits; 78 in setup.rs

// 77: refused

#[test]
fn what_the_server_does_not_allow_is_77_and_no_password_is_shown() {
    let server = Server::options().requirepass("right").tcp().start();
    server.cli(&["ACL", "SETUSER", "weak", "on", ">s3cret", "~*", "&*", "+@read", "+@connection"]);
    let hint = "the password or the rights of this Redis user do not suffice";
    let at = format!("redis://127.0.0.1:{}", server.port());
    let wrong = Room::at(&at.replace("//", "//:s3cret@"));
    refused(
        &wrong,
        77,
        &format!("Redis at {at} denies it: it does not take this user name and password"),
        hint,
    );
    refused(&Room::at(&at), 77, &format!("Redis at {at} denies it: NOAUTH Authentication required."), hint);
    let weak = Room::at(&at.replace("//", "//weak:s3cret@"));
    let stderr = weak.jobq(["enqueue", "--", "true"]).run().stdout("").status(77).stderr_text();
    assert!(stderr.starts_with(&format!("jobq: Redis at {at} denies it: NOPERM ")), "{stderr}");
    assert!(!stderr.contains("s3cret"), "{stderr}");
}
