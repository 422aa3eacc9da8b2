//! The tests' own tools, for a tool that lies makes every test lie.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{
    Mode, Oracle, PATIENCE, Proxy, Room, Server, Signal, Value, alive, resp, temp_dir, wait_for,
};

/// One command through the proxy; `None` if the connection was cut.
fn ask(proxy: &Proxy, args: &[&str], limit: Duration) -> Option<Value> {
    let mut stream = std::net::TcpStream::connect(proxy.address()).ok()?;
    stream.set_read_timeout(Some(limit)).unwrap();
    let words: String = args.iter().map(|arg| format!("${}\r\n{arg}\r\n", arg.len())).collect();
    stream.write_all(format!("*{}\r\n{words}", args.len()).as_bytes()).ok()?;
    let mut raw = Vec::new();
    resp::read_frame(&mut std::io::BufReader::new(stream), &mut raw).ok()?;
    Some(resp::parse(&mut raw.as_slice()))
}

#[test]
fn a_server_answers_on_both_doors_and_comes_back_with_its_data() {
    let mut server = Server::options().tcp().aof().start();
    assert_eq!(server.cli(&["SET", "k", "v"]).text(), "OK");
    let direct = Proxy::to_tcp(([127, 0, 0, 1], server.port()).into());
    assert_eq!(ask(&direct, &["GET", "k"], PATIENCE), Some(Value::Bytes(b"v".into())));
    let (pid, port) = (server.pid(), server.port());
    server.restart();
    assert_ne!(server.pid(), pid);
    assert_eq!(server.port(), port);
    assert_eq!(server.cli(&["GET", "k"]).text(), "v");
}

#[test]
fn a_server_has_the_limits_it_was_given() {
    let server = Server::options().maxmemory("4mb").requirepass("secret").config("hz 50").start();
    assert_eq!(server.cli(&["CONFIG", "GET", "maxmemory"]).texts(), ["maxmemory", "4194304"]);
    assert_eq!(server.cli(&["CONFIG", "GET", "hz"]).texts(), ["hz", "50"]);
    assert!(server.url().ends_with("?pass=secret"));
    let mut stranger = resp::Client::connect(&server.socket()).unwrap();
    assert!(matches!(stranger.call(&["GET", "k"]), Ok(Value::Error(text)) if text.starts_with("NOAUTH")));
}

#[test]
fn a_dump_shows_every_kind_of_value_in_one_order() {
    let server = Server::start();
    for command in [
        &["SET", "s", "a\nb"][..],
        &["SET", "t", "1", "EX", "100"],
        &["RPUSH", "l", "2", "1"],
        &["SADD", "set", "b", "a"],
        &["HSET", "h", "y", "2", "x", "1"],
        &["ZADD", "z", "2", "b", "1", "a"],
        &["XADD", "x", "1-1", "f", "v"],
    ] {
        server.cli(command);
    }
    let dump: Vec<String> = server.dump_all().into_iter().map(|(k, v)| format!("{k} = {v}")).collect();
    assert_eq!(
        dump,
        [
            r#"h = hash {["x" "1"] ["y" "2"]}"#,
            r#"l = list ["2" "1"]"#,
            r#"s = string "a\nb""#,
            r#"set = set {["a"] ["b"]}"#,
            r#"t = string "1" expires"#,
            r#"x = stream [["1-1" ["f" "v"]]]"#,
            r#"z = zset ["a" "1" "b" "2"]"#,
        ]
    );
}

#[test]
fn a_clock_shift_moves_redis_time_and_nothing_else() {
    let server = Server::options().clock_shift().start();
    let now = || server.cli(&["TIME"]).array()[0].int();
    let in_script = || server.cli(&["EVAL", "return redis.call('TIME')[1]", "0"]).int();
    let before = now();
    server.set_offset(86_400);
    assert!((now() - before - 86_400).abs() < 60);
    assert!((in_script() - before - 86_400).abs() < 60);
    server.set_offset(-3_600);
    assert!((now() - before + 3_600).abs() < 60);
}

#[test]
fn a_stopped_server_is_silent_until_it_goes_on() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    server.stop();
    assert_eq!(ask(&proxy, &["PING"], Duration::from_millis(50)), None);
    server.cont();
    assert_eq!(ask(&proxy, &["PING"], PATIENCE), Some(Value::Bytes(b"PONG".into())));
}

#[test]
fn killed_clients_and_flushed_scripts_are_gone() {
    let server = Server::start();
    let mut client = server.client();
    let sha = client.call(&["SCRIPT", "LOAD", "return 1"]).unwrap().text();
    server.flush_scripts();
    assert!(matches!(client.call(&["EVALSHA", &sha, "0"]), Ok(Value::Error(_))));
    server.client_kill_all();
    assert!(client.call(&["PING"]).is_err());
}

#[test]
fn a_lost_reply_means_that_the_request_took_effect() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    proxy.lose_reply(2);
    assert_eq!(ask(&proxy, &["INCR", "n"], PATIENCE), Some(Value::Int(1)));
    assert!(!proxy.fault_happened());
    assert_eq!(ask(&proxy, &["INCR", "n"], PATIENCE), None);
    assert!(proxy.fault_happened());
    assert_eq!(ask(&proxy, &["INCR", "n"], PATIENCE), Some(Value::Int(3)));
    assert_eq!((proxy.requests(), proxy.replies()), (3, 2));
    assert_eq!(proxy.commands(), ["INCR", "INCR", "INCR"]);
}

#[test]
fn a_fault_can_wait_for_a_command_and_can_lose_the_request_itself() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    proxy.lose_reply_to("incr", 1);
    assert!(ask(&proxy, &["PING"], PATIENCE).is_some());
    assert_eq!(ask(&proxy, &["INCR", "n"], PATIENCE), None);
    proxy.lose_request("INCR", 1);
    assert_eq!(ask(&proxy, &["INCR", "n"], PATIENCE), None);
    assert!(proxy.fault_happened());
    assert_eq!(server.cli(&["GET", "n"]).text(), "1");
}

#[test]
fn each_mode_does_what_it_says() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let short = Duration::from_millis(50);
    let start = Instant::now();
    proxy.set(Mode::Delay(short));
    assert!(ask(&proxy, &["INCR", "n"], PATIENCE).is_some());
    assert!(start.elapsed() >= short);
    proxy.set(Mode::Blackhole);
    assert_eq!(ask(&proxy, &["INCR", "n"], short), None);
    proxy.set(Mode::Refuse);
    assert!(std::net::TcpStream::connect(proxy.address()).is_err());
    proxy.set(Mode::Freeze);
    let late = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&proxy, &["INCR", "n"], PATIENCE));
        wait_for("the connection to be taken", PATIENCE, || {
            server.cli(&["CLIENT", "LIST"]).text().lines().count() == 2
        });
        proxy.set(Mode::Pass);
        asking.join().unwrap()
    });
    assert_eq!(late, Some(Value::Int(2)), "what a black hole swallowed took no effect");
}

#[test]
fn cutting_all_ends_live_connections_and_takes_new_ones() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let blocked = std::thread::scope(|scope| {
        let blocked = scope.spawn(|| ask(&proxy, &["BLPOP", "q", "0"], PATIENCE));
        wait_for("the request", PATIENCE, || proxy.requests() == 1);
        proxy.cut_all();
        blocked.join().unwrap()
    });
    assert_eq!(blocked, None);
    assert!(ask(&proxy, &["PING"], PATIENCE).is_some());
}

#[test]
fn commands_see_only_the_room() {
    let room = Room::at("redis://127.0.0.1:1");
    let out = room.program("/bin/sh").args(["-c", "env; pwd"]).env("MORE", "yes").run().status(0);
    let text = out.stdout_text();
    let mut names: Vec<&str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "HOME JOBQ_LOCAL JOBQ_NAMESPACE JOBQ_URL LANG MORE PATH PWD TMPDIR TZ XDG_CONFIG_HOME XDG_STATE_HOME"
    );
    assert!(text.ends_with(&format!("{}\n", room.work().display())));
}

#[test]
fn output_is_judged_exactly() {
    let room = Room::local();
    let shell = |script: &str| room.program("/bin/sh").args(["-c", script]);
    shell("cat; echo oops >&2; exit 3").stdin("in\n").run().status(3).stdout("in\n").stderr("oops\n");
    assert_eq!(shell("echo one").run().line(), "one");
    let killed = shell("kill -9 $$").run();
    assert_eq!((killed.code, killed.signal), (None, Some(9)));
}

#[test]
fn a_background_command_dies_with_all_it_started() {
    let room = Room::local();
    let script = "setsid sh -c 'trap \"\" TERM; sleep 1000' & echo started >&2; sleep 1000";
    let running = room.program("/bin/sh").args(["-c", script]).spawn();
    running.wait_stderr("started", PATIENCE);
    wait_for("all of them", PATIENCE, || room.processes().len() >= 3);
    let pids: Vec<u32> = room.processes().into_iter().map(|(pid, _)| pid).collect();
    drop(running);
    // A killed process has lost its environment a moment before it is gone.
    wait_for("their end", PATIENCE, || pids.iter().all(|&pid| !alive(pid)));
}

#[test]
fn a_background_command_can_be_signalled_and_waited_for() {
    let room = Room::local();
    let script = "trap 'echo term >&2; exit 4' TERM; echo ready >&2; while :; do sleep 0.01; done";
    let running = room.program("/bin/sh").args(["-c", script]).spawn();
    running.wait_stderr("ready", PATIENCE);
    running.signal(Signal::TERM);
    running.wait_exit(PATIENCE).status(4).stderr("ready\nterm\n");
}

#[test]
fn an_overrun_is_a_clear_panic() {
    let room = Room::local();
    let slow = room.program("/bin/sh").args(["-c", "echo so far; sleep 1000"]);
    let overrun = std::panic::catch_unwind(|| slow.limit(Duration::from_millis(100)).run());
    let panic = overrun.unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("did not end within 100ms") && text.contains("so far"), "{text}");
    assert_eq!(room.processes(), []);
}

#[test]
fn the_oracle_tells_lost_duplicate_and_overlapping_jobs() {
    let dir = temp_dir();
    let oracle = Oracle::new(dir.path());
    let room = Room::local();
    let attempt = |id: &str, script: String| {
        let job = room.program("/bin/sh").args(["-c", &script]);
        job.env("JOBQ_JOB_ID", id).env("JOBQ_ATTEMPT", "1").env("JOBQ_FENCE", "7")
    };
    attempt("once", oracle.script("(exit 5)")).run().status(5);
    attempt("twice", oracle.script("true")).run().status(0);
    attempt("twice", oracle.script("true")).run().status(0);
    attempt("cut", oracle.script("kill -9 $$")).run();
    attempt("cut", oracle.script("true")).run().status(0);
    let first = attempt("both", oracle.beating_script(10_000)).spawn();
    let beats = || oracle.lines().iter().filter(|line| line.id == "both" && line.kind == 'B').count();
    wait_for("signs of life", PATIENCE, || beats() > 0);
    attempt("both", oracle.script("true")).run().status(0);
    let then = beats();
    wait_for("more signs of life", PATIENCE, || beats() > then);
    drop(first);
    let verdict = oracle.verdict(["once", "twice", "cut", "both", "never"]);
    assert_eq!(verdict.lost, ["never"]);
    assert_eq!(verdict.duplicate, ["twice"]);
    assert_eq!(verdict.overlap, ["both"]);
    assert_eq!(verdict.repeated, ["both", "cut", "twice"]);
    assert_eq!(verdict.unexpected, [""; 0]);
    assert!(std::panic::catch_unwind(|| verdict.assert_exactly_once()).is_err());
}
