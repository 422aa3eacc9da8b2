//! What is said to machines that watch: `worker --metrics`, `beat --metrics` and `inspect stats`.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use jobq::metrics::catalog;
use jobq::metrics::text::Family;
use serde_json::Value as Json;

use crate::support::openmetrics::{Exposition, read};
use crate::support::run::Running;
use crate::support::{PATIENCE, Room, Server, Signal, engine_of, wait_for, wait_for_some};

/// Host and port that a worker or beat says it serves at, the newest time.
#[track_caller]
fn address(worker: &Running) -> String {
    wait_for_some("the address of the metrics", PATIENCE, || {
        let lines = worker.stderr_lines();
        let line = lines.iter().rev().find(|line| line.contains(" serves metrics "))?;
        let address = line.split("http://").nth(1)?.split('/').next()?;
        Some(address.to_owned())
    })
}

/// Status and body of a page; `None` where nobody answers.
fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

#[track_caller]
fn scrape(address: &str) -> Exposition {
    let (status, body) = get(address, "/metrics").expect("an answer");
    assert_eq!(status, 200);
    read(&body)
}

#[track_caller]
fn ready(address: &str, status: u16, words: &str) {
    let mut last = None;
    wait_for(&format!("/readyz to say {status} {words}"), PATIENCE, || {
        last = get(address, "/readyz");
        last.as_ref().is_some_and(|(code, body)| *code == status && body.contains(words))
    });
}

#[track_caller]
fn same_families(lists: &[&[&Family]], text: &Exposition) {
    let families = || lists.iter().copied().flatten();
    let listed: BTreeSet<&str> = families().map(|family| family.name).collect();
    assert_eq!(listed, text.names());
    for family in families() {
        let labels: BTreeSet<&str> = family.labels.iter().copied().collect();
        for sample in text.samples.iter().filter(|sample| {
            let ending = sample.name.strip_prefix(family.name);
            ending
                .is_some_and(|ending| ["", "_total", "_info", "_bucket", "_count", "_sum"].contains(&ending))
        }) {
            let own: BTreeSet<&str> =
                sample.labels.keys().map(String::as_str).filter(|name| *name != "le").collect();
            assert_eq!(own, labels, "{sample:?}");
        }
    }
}

#[test]
fn a_worker_counts_what_its_jobs_did() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["-c", "2", "--metrics", "0"]);
    let address = address(&worker);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    room.shell(&[], "printf hello; printf oh >&2");
    room.shell(&["--ok-codes", "3"], "exit 3");
    room.shell(&[], "exit 3");
    room.shell(&["--snooze-on", "9=1h"], "exit 9");
    room.enqueue(["--", "no-such-program"]);
    room.enqueue(["--unchecked", "-q", "default", "send_nothing"]);
    let ended = |text: &Exposition, outcome: &str| {
        text.value("jobq_worker_attempts_ended_total", &[("queue", "default"), ("outcome", outcome)])
    };
    wait_for("all ends to be counted", PATIENCE, || {
        let text = scrape(&address);
        ended(&text, "released") >= 1.0
            && ended(&text, "success") + ended(&text, "exit") + ended(&text, "not_found") >= 4.0
    });
    wait_for("the snooze", PATIENCE, || ended(&scrape(&address), "snoozed") == 1.0);
    let text = scrape(&address);
    same_families(&[catalog::PROCESS, catalog::WORKER], &text);
    assert_eq!([ended(&text, "success"), ended(&text, "exit"), ended(&text, "not_found")], [2.0, 1.0, 1.0]);
    assert!(text.value("jobq_worker_jobs_released_total", &[("reason", "refused")]) >= 1.0);
    let of_queue = |name: &str| text.value(name, &[("queue", "default")]);
    assert!(of_queue("jobq_worker_attempts_started_total") >= 6.0);
    assert_eq!(of_queue("jobq_worker_job_run_seconds_count"), 4.0);
    assert_eq!(
        of_queue("jobq_worker_job_wait_seconds_count"),
        of_queue("jobq_worker_attempts_started_total")
    );
    assert_eq!(text.value("jobq_worker_output_bytes_total", &[("stream", "stdout")]), 5.0);
    assert_eq!(text.value("jobq_worker_output_bytes_total", &[("stream", "stderr")]), 2.0);
    assert_eq!(text.value("jobq_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert!(text.value("jobq_worker_pulses_total", &[]) >= 6.0);
    assert_eq!(text.value("jobq_worker_ready", &[]), 1.0);
    assert_eq!(get(&address, "/nothing").unwrap().0, 404);
}

#[test]
fn a_worker_is_ready_only_while_it_takes_jobs() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["-c", "1", "--lease", "2s", "--metrics", ":0"]);
    let address = address(&worker);
    ready(&address, 200, "ready");
    server.stop();
    ready(&address, 503, "Redis away since ");
    assert_eq!(get(&address, "/healthz").unwrap(), (200, "alive\n".to_owned()));
    assert!(scrape(&address).value("jobq_redis_errors_total", &[("kind", "unknown")]) >= 1.0);
    server.cont();
    ready(&address, 200, "ready");
    worker.signal(Signal::USR1);
    ready(&address, 503, "quiet");
    assert_eq!(scrape(&address).value("jobq_worker_ready", &[]), 0.0);
}

#[test]
fn a_killed_server_is_told_and_forgiven() {
    let mut server = Server::options().aof().start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["-c", "1", "--metrics", "127.0.0.1:0"]);
    let address = address(&worker);
    ready(&address, 200, "ready");
    server.kill9();
    ready(&address, 503, "unreachable");
    server.restart();
    ready(&address, 200, "ready");
    let text = scrape(&address);
    assert!(text.value("jobq_redis_errors_total", &[("kind", "unreachable")]) >= 1.0);
    assert!(text.value("jobq_redis_connections_total", &[]) >= 2.0);
}

#[test]
fn a_draining_worker_is_not_ready_and_still_answers() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["-c", "1", "--metrics", "0", "--grace", "10m"]);
    let address = address(&worker);
    let id = room.shell(&[], "sleep 600");
    room.job_in(&id, "STARTED", PATIENCE);
    wait_for("the slot to be busy", PATIENCE, || {
        scrape(&address).value("jobq_worker_slots", &[("state", "busy")]) == 1.0
    });
    worker.signal(Signal::TERM);
    ready(&address, 503, "draining");
    assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE);
    assert_eq!(get(&address, "/readyz"), None);
}

#[test]
fn a_new_engine_serves_again_and_counts_what_it_gave_back() {
    let server = Server::start();
    let room = Room::new(&server);
    let port = crate::support::server::free_port().to_string();
    let worker = room.ready_worker(&["-c", "1", "--metrics", &port]);
    let address = address(&worker);
    let id = room.shell(&[], "sleep 600");
    room.job_in(&id, "STARTED", PATIENCE);
    let engine = rustix::process::Pid::from_raw(engine_of(worker.pid()) as i32).unwrap();
    rustix::process::kill_process(engine, Signal::KILL).unwrap();
    wait_for("a new engine at the same address", PATIENCE, || {
        get(&address, "/metrics")
            .is_some_and(|(_, body)| read(&body).value("jobq_worker_jobs_handed_back_total", &[]) == 1.0)
    });
    ready(&address, 200, "ready");
}

#[test]
fn an_address_that_cannot_be_had_is_told_at_the_start() {
    let server = Server::start();
    let room = Room::new(&server);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = room.worker(&["--metrics", &address]).run().status(78);
    assert!(output.stderr_text().contains(&format!("cannot serve metrics at {address}: ")), "{output}");
    room.worker(&["--metrics", "web"]).run().status(2);
    room.write("jobq.toml", format!("[worker]\nmetrics = \"{address}\"\n"));
    let output = room.worker(&[]).run().status(78);
    assert!(output.stderr_text().contains(&address), "{output}");
}

#[test]
fn whoever_attacks_the_responder_harms_no_job() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["-c", "2", "--metrics", "0"]);
    let address = address(&worker);
    let crowd: Vec<TcpStream> = (0..300)
        .filter_map(|number| {
            let mut stream = TcpStream::connect(&address).ok()?;
            let _ = match number % 3 {
                0 => stream.write_all(b"GET /metrics HTTP/1.1\r\nX: "),
                1 => stream.write_all(&[0xff; 20_000]),
                _ => stream.write_all(b"\x16\x03\x01\x02"),
            };
            Some(stream)
        })
        .collect();
    let id = room.shell(&[], "echo fine");
    assert_eq!(room.job_in(&id, "SUCCESS", PATIENCE).outcome(), "exit");
    assert!(scrape(&address).value("jobq_worker_attempts_started_total", &[("queue", "default")]) >= 1.0);
    drop(crowd);
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn stats_say_how_queues_and_tasks_do() {
    let server = Server::start();
    let room = Room::with_tasks(&server, "[tasks.nap]\ncommand = [\"sleep\", \"0.2\"]\nqueue = \"naps\"\n");
    room.enqueue(["nap"]);
    room.enqueue(["nap"]);
    room.enqueue(["-q", "naps", "--", "false"]);
    room.burst(&[]);
    let output = room.jobq(["inspect", "stats", "--json"]).run().status(0);
    let records: Vec<Json> =
        output.stdout_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str, name: &str| {
        let found = records.iter().find(|record| record["kind"] == kind && record["name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name}: {output}"))
    };
    let naps = of("queue", "naps");
    assert_eq!([&naps["enqueued"], &naps["succeeded"], &naps["failed"]], [3, 2, 1]);
    assert_eq!(naps["failure_rate"], 0.333);
    let nap = of("task", "nap");
    assert_eq!([&nap["started"], &nap["run"]["count"], &nap["failed"]], [2, 2, 0]);
    assert!(nap["run"]["p50_ms"].as_f64().unwrap() > 128.0, "{nap}");
    assert!(nap["run"]["mean_ms"].as_f64().unwrap() >= 200.0, "{nap}");
    let table = room.jobq(["inspect", "stats", "-q", "naps", "--window", "1h"]).run().status(0).stdout_text();
    assert!(table.starts_with("the last 1h; times: half, 90% and 99% took no longer\n\nQUEUE "), "{table}");
    assert!(!table.contains("TASK"), "{table}");
    let line = room.jobq(["inspect", "stats", "--task", "nap", "--format", "{name} {succeeded}"]).run();
    line.status(0).stdout("nap 2\n");
    room.jobq(["inspect", "stats", "-q", "nap"]).run().status(66);
    room.jobq(["inspect", "stats", "--task", "napp"]).run().status(66);
    for wrong in [&["--window", "30s"][..], &["--window", "3d"], &["-q", "a", "--task", "b"]] {
        room.jobq(["inspect", "stats"].iter().chain(wrong)).run().status(2);
    }
}

#[test]
fn a_namespace_is_told_to_collectors_of_text_files() {
    let server = Server::start();
    let room = Room::with_tasks(&server, "[tasks.nap]\ncommand = [\"true\"]\nqueue = \"naps\"\n");
    room.enqueue(["nap"]);
    room.shell(&[], "exit 3");
    room.burst(&["-q", "naps,default"]);
    room.enqueue(["-q", "lonely", "--", "true"]);
    room.jobq(["control", "limit", "lonely", "--max-depth", "9"]).run().status(0);
    room.jobq(["control", "pause", "lonely", "--for", "1h"]).run().status(0);
    let text = read(&room.jobq(["inspect", "stats", "--openmetrics"]).run().status(0).stdout_text());
    same_families(&[catalog::STORE], &text);
    let jobs =
        |queue: &str, state: &str| text.value("jobq_queue_jobs", &[("queue", queue), ("state", state)]);
    assert_eq!([jobs("naps", "SUCCESS"), jobs("default", "FAILURE"), jobs("lonely", "PENDING")], [1.0; 3]);
    assert_eq!(text.value("jobq_queue_depth_limit", &[("queue", "lonely")]), 9.0);
    let paused = |queue: &str| text.value("jobq_queue_paused", &[("queue", queue)]);
    assert_eq!([paused("lonely"), paused("naps")], [1.0, 0.0]);
    assert!(text.value("jobq_queue_oldest_job_age_seconds", &[("queue", "lonely")]) > 0.0);
    let finished = |queue: &str, outcome: &str| {
        text.value("jobq_jobs_finished_total", &[("queue", queue), ("outcome", outcome)])
    };
    assert_eq!([finished("naps", "success"), finished("default", "failure")], [1.0; 2]);
    assert_eq!(text.value("jobq_jobs_enqueued_total", &[("queue", "lonely")]), 1.0);
    assert_eq!(text.value("jobq_task_run_seconds_count", &[("task", "nap")]), 1.0);
    // A store that is not there yet has nothing to tell, which is no failure.
    let nobody = Room::local();
    read(&nobody.jobq(["inspect", "stats", "--openmetrics"]).run().status(0).stdout_text());
}

const TICKING: &str = r#"
[schedules.often]
every = "1s"
command = ["true"]
[schedules.held]
every = "1s"
overlap = "skip"
command = ["true"]
[schedules.asleep]
every = "1h"
command = ["true"]
[schedules.over]
at = "2020-01-01T00:00:00Z"
command = ["true"]
"#;

#[test]
fn a_beat_counts_its_ticks_and_the_schedules_it_knows() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("jobq.toml", format!("{TICKING}[beat]\nmetrics = \"127.0.0.1:0\"\n"));
    let beat = room.jobq(["beat"]).spawn();
    let address = address(&beat);
    ready(&address, 200, "ready");
    assert_eq!(get(&address, "/healthz").unwrap(), (200, "alive\n".to_owned()));
    room.jobq(["beat", "pause", "asleep"]).run().status(0);
    let ticks = |text: &Exposition, result: &str| text.value("jobq_beat_ticks_total", &[("result", result)]);
    let known = |text: &Exposition, state: &str| text.value("jobq_beat_schedules", &[("state", state)]);
    // One job of `held` waits for a worker that never comes.
    wait_for("ticks and a census", PATIENCE, || {
        let text = scrape(&address);
        ticks(&text, "fired") >= 4.0 && ticks(&text, "skipped") >= 2.0 && known(&text, "paused") == 1.0
    });
    let text = scrape(&address);
    same_families(&[catalog::PROCESS, catalog::BEAT], &text);
    assert_eq!([known(&text, "active"), known(&text, "paused"), known(&text, "done")], [2.0, 1.0, 1.0]);
    assert_eq!(text.value("jobq_beat_tick_lag_seconds_count", &[]), ticks(&text, "fired"));
    assert_eq!(text.value("jobq_beat_leader", &[]), 1.0);
    assert!(text.value("jobq_beat_last_tick_timestamp_seconds", &[]) > 1.7e9);
    for none in ["jobq_beat_drifting_files", "jobq_beat_schedules_unreadable", "jobq_beat_clock_jumps_total"]
    {
        assert_eq!(text.value(none, &[]), 0.0, "{none}");
    }

    // Another file under the same name is published: this beat follows it, and says so.
    let other = Room::new(&server);
    other.write("jobq.toml", "[schedules.often]\nevery = \"1h\"\ncommand = [\"true\"]\n");
    let second = other.jobq(["beat", "--metrics", "0"]).spawn();
    wait_for("the drift", PATIENCE, || scrape(&address).value("jobq_beat_drifting_files", &[]) == 1.0);
    second.signal(Signal::TERM);
    second.wait_exit(PATIENCE).status(0);

    let store = read(&room.jobq(["inspect", "stats", "--openmetrics"]).run().status(0).stdout_text());
    let all = |result: &str| store.value("jobq_schedule_ticks_total", &[("result", result)]);
    assert!(all("fired") >= 4.0 && all("skipped") >= 2.0 && all("missed") == 0.0);
    assert_eq!(store.value("jobq_schedules", &[("state", "active")]), 1.0);
    assert_eq!(store.value("jobq_beats", &[]), 1.0);
    assert!(store.value("jobq_schedules_next_due_timestamp_seconds", &[]) > 1.7e9);
    beat.signal(Signal::TERM);
    beat.wait_exit(PATIENCE).status(0);
    assert_eq!(get(&address, "/readyz"), None);
}

#[test]
fn a_beat_is_ready_only_while_it_acts_on_ticks() {
    let mut server = Server::options().aof().start();
    let room = Room::new(&server);
    room.write("jobq.toml", TICKING);
    let beat = room.jobq(["beat", "--metrics", "0"]).spawn();
    let address = address(&beat);
    ready(&address, 200, "ready");
    server.kill9();
    ready(&address, 503, "Redis away since ");
    assert_eq!(get(&address, "/healthz").unwrap(), (200, "alive\n".to_owned()));
    assert_eq!(scrape(&address).value("jobq_beat_ready", &[]), 0.0);
    server.restart();
    ready(&address, 200, "ready");
    let text = scrape(&address);
    let errors = text.samples.iter().filter(|sample| sample.name == "jobq_redis_errors_total");
    assert!(errors.map(|sample| sample.value).sum::<f64>() >= 1.0);
    assert!(text.value("jobq_redis_connections_total", &[]) >= 2.0);
    // The address is taken, and a beat that nobody can watch does not begin.
    let refused = room.jobq(["beat", "--metrics", &address]).run().status(78);
    assert!(refused.stderr_text().contains(&format!("cannot serve metrics at {address}: ")), "{refused}");
    // Nobody to ask: not ready, and alive.
    let lost = Room::at("redis://127.0.0.1:1");
    let waits = lost.jobq(["beat", "--metrics", "0"]).spawn();
    let address = self::address(&waits);
    ready(&address, 503, "starting: Redis has not answered yet");
    assert_eq!(get(&address, "/healthz").unwrap().0, 200);
    waits.signal(Signal::TERM);
    waits.wait_exit(PATIENCE).status(0);
}

#[test]
fn a_schedule_that_nobody_acts_on_is_told_to_collectors() {
    let server = Server::start();
    let room = Room::new(&server);
    room.jobq(["beat", "add", "late", "--every", "1h", "--", "true"]).run().status(0);
    let gauge = |name: &str| {
        let text = room.jobq(["inspect", "stats", "--openmetrics"]).run().status(0).stdout_text();
        read(&text).value(name, &[])
    };
    let next = gauge("jobq_schedules_next_due_timestamp_seconds");
    assert!(next > 0.0 && gauge("jobq_schedules_overdue") == 0.0 && gauge("jobq_beats") == 0.0);
    server.cli(&["HSET", "jobq:{test}:schedule:late", "due", "1000"]);
    assert_eq!(gauge("jobq_schedules_overdue"), 1.0);
    assert_eq!(gauge("jobq_schedules_next_due_timestamp_seconds"), 1.0);
    room.jobq(["beat", "pause", "late"]).run().status(0);
    assert_eq!(gauge("jobq_schedules_overdue"), 0.0);
}
