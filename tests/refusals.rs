//! Every refusal: its exit code, its one line, its hint, and that nothing was changed.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::server::free_port;
use crate::support::{Mode, PATIENCE, Proxy, Room, Server, Signal, wait_for};

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
            "error: there is no task \"make\": named tasks are not in this version\n\n  \
             tip: to run a command: jobq enqueue … -- make test\n\n\
             Usage: jobq enqueue [OPTIONS] -- <COMMAND> [ARG]...\n       \
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
        (&["worker", "--metrics", ":9000"], "unexpected argument '--metrics'"),
        (&["status", "--group", "g"], "unexpected argument '--group'"),
        (&["beat"], "unrecognized subcommand 'beat'"),
        (&["control", "pause", "q"], "unrecognized subcommand 'pause'"),
        (&["inspect", "queues"], "unrecognized subcommand 'queues'"),
        (&["--config", "x", "status"], "unexpected argument '--config'"),
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
        &format!("Redis answered in a way this jobq does not understand: {web} does not speak its protocol"),
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

// 75 is in control.rs, beside the limits

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

#[test]
fn a_password_comes_from_its_file() {
    let server = Server::options().aof().requirepass("s3cret").start();
    let bare = format!("unix://{}", server.socket().display());
    let room = Room::at(&bare);
    let file = room.write("password", "s3cret\n");
    room.jobq(["enqueue", "--", "true"]).env("JOBQ_PASSWORD_FILE", &file).run().status(0).line();
    room.jobq(["worker", "--burst", "--quiet"]).env("JOBQ_PASSWORD_FILE", &file).run().stderr("").status(0);
    let absent = room.work().join("absent");
    for args in [&["enqueue", "--", "true"][..], &["status"], &["worker", "--burst"]] {
        room.jobq(args)
            .env("JOBQ_PASSWORD_FILE", &absent)
            .run()
            .stdout("")
            .stderr(format!(
                "jobq: cannot read JOBQ_PASSWORD_FILE {}: No such file or directory (os error 2)\n",
                absent.display()
            ))
            .status(78);
    }
}

// 78: bad configuration

#[test]
fn a_url_that_cannot_work_is_78_and_is_not_repeated() {
    for (url, message) in [
        ("http://x:s3cret@y", "the Redis URL must begin with redis://, rediss://, unix:// or redis+unix://"),
        ("s3cret", "the Redis URL must begin with redis://, rediss://, unix:// or redis+unix://"),
        ("redis+sentinel://:s3cret@a,b/main", "redis+sentinel:// is not in this version"),
        ("redis+cluster://:s3cret@a,b", "redis+cluster:// is not in this version"),
        ("rediss://:s3cret@h/#insecure", "the Redis URL must not have a fragment ('#…')"),
    ] {
        refused(&Room::at(url), 78, message, "");
        let worker = Room::at(url);
        worker.jobq(["worker", "--burst"]).run().stdout("").stderr(format!("jobq: {message}\n")).status(78);
    }
    let stderr =
        Room::at("redis://:s3cret@host:port").jobq(["status"]).run().stdout("").status(78).stderr_text();
    assert!(
        stderr.starts_with("jobq: the Redis URL is not valid: ") && !stderr.contains("s3cret"),
        "{stderr}"
    );
}

#[test]
fn local_never_without_a_url_is_78() {
    let room = Room::local();
    for args in [&["enqueue", "--", "true"][..], &["status"], &["worker", "--burst"], &["inspect", "server"]]
    {
        room.jobq(args)
            .env("JOBQ_LOCAL", "never")
            .run()
            .stdout("")
            .stderr(
                "jobq: no server is named, and JOBQ_LOCAL=never rules out the local store\n\
                 hint: name one with --url or JOBQ_URL\n",
            )
            .status(78);
    }
    assert_eq!(std::fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn a_namespace_of_another_version_is_78_and_stays_as_it_is() {
    let server = Server::options().aof().start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--quiet", "--id", "job", "--", "true"]).run().status(0);
    server.cli(&["HSET", "jobq:{test}:meta", "format", "2"]);
    let before = server.dump_all();
    let told = "jobq: the stored data has format 2, this jobq reads and writes format 1\n\
                hint: use the jobq that wrote it, or another --namespace\n";
    for args in [
        &["enqueue", "--", "true"][..],
        &["control", "cancel", "job"],
        &["control", "limit", "default", "--max-depth", "1"],
        &["worker", "--burst", "--quiet"],
    ] {
        room.jobq(args).run().stdout("").stderr(told).status(78);
    }
    assert_eq!(server.dump_all(), before);
}

#[test]
fn a_worker_refuses_a_server_that_may_drop_any_key() {
    let server = Server::options().maxmemory("64mb").config("maxmemory-policy allkeys-lru").start();
    let room = Room::new(&server);
    room.jobq(["worker", "--burst", "--quiet"])
        .run()
        .stdout("")
        .stderr(
            "jobq: the server may evict any key (maxmemory-policy allkeys-lru), so jobs could vanish; \
             set noeviction, or say --allow-eviction\n",
        )
        .status(78);
    room.jobq(["worker", "--burst", "--quiet", "--allow-eviction"]).run().status(0);
}

#[test]
fn passwords_are_on_no_command_line_and_in_no_log() {
    let server = Server::options().requirepass("s3cret").start();
    let room = Room::new(&server);
    let mut worker = room.jobq(["worker"]).spawn();
    worker.wait_stderr("ready", PATIENCE);
    room.jobq(["enqueue", "--wait", "--", "sh", "-c", "env"]).run().status(0).stdout_text();
    let env = room.jobq(["enqueue", "--wait", "--quiet", "--", "env"]).run().status(0).stdout_text();
    assert!(!env.contains("s3cret"), "{env}");
    let processes = room.processes();
    assert!(processes.len() >= 2, "{processes:?}");
    assert!(!processes.iter().any(|(_, words)| words.contains("s3cret")), "{processes:?}");
    for args in
        [&["status"][..], &["status", "--json"], &["inspect", "server"], &["inspect", "server", "--json"]]
    {
        let output = room.jobq(args).run().status(0);
        assert!(!output.to_string().contains("s3cret"), "{output}");
    }
    assert!(!worker.has_ended());
    worker.signal(Signal::TERM);
    let output = worker.wait_exit(PATIENCE).status(0);
    assert!(!output.to_string().contains("s3cret"), "{output}");
}

#[test]
fn a_folder_that_others_may_write_is_no_local_store() {
    let room = Room::local();
    let dir = room.place().dir;
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    room.jobq(["enqueue", "--", "true"])
        .run()
        .stdout("")
        .stderr(format!(
            "jobq: refusing to keep the local store in {}: others may write to it (mode 0777); chmod 700 it\n",
            dir.display()
        ))
        .status(78);
}
