//! Nobody stays deaf: whatever a server does to its clients, a worker consumes again when it
//! is over, by itself, and says meanwhile that it cannot.

use std::time::{Duration, Instant};

use jobq::core::script;

use crate::support::{Mode, PATIENCE, Proxy, Room, Running, Server};

/// Ten times the five seconds within which a worker consumes again.
const BACK: Duration = Duration::from_secs(50);

/// A worker that is still the same and runs jobs; they come through `outside`.
#[track_caller]
fn is_not_deaf(outside: &Room, worker: &mut Running, what: &str) {
    let back = Instant::now();
    let id = outside.enqueue(["--", "true"]);
    outside.job_in(&id, "SUCCESS", BACK);
    assert!(!worker.has_ended());
    eprintln!("consuming again after {what}: {} ms", back.elapsed().as_millis());
}

/// Puts a worker through it twice. `begin` returns when the fault holds, `sign` is what the
/// worker says of it, and `end` returns when the server can be used.
#[track_caller]
fn survives<S>(
    mut server: S,
    url: impl Fn(&S) -> String,
    sign: &str,
    begin: impl Fn(&mut S),
    end: impl Fn(&mut S),
) {
    let room = Room::at(&url(&server));
    let mut worker = room.ready_worker(&["-c", "2", "--lease", "10s"]);
    is_not_deaf(&room, &mut worker, "nothing");
    for _ in 0..2 {
        let before = worker.stderr_lines().len();
        begin(&mut server);
        crate::support::wait_for(&format!("a word about {sign}"), BACK, || {
            worker.stderr_lines().iter().skip(before).any(|line| line.contains(sign))
        });
        end(&mut server);
        is_not_deaf(&room, &mut worker, sign);
    }
}

#[test]
fn a_server_that_becomes_a_replica_for_a_while() {
    survives(
        Server::start(),
        Server::url,
        "READONLY",
        |server| drop(server.cli(&["REPLICAOF", "127.0.0.1", "1"]).text()),
        |server| drop(server.cli(&["REPLICAOF", "NO", "ONE"]).text()),
    );
}

#[test]
fn a_server_that_reads_its_data_for_a_while() {
    let server =
        Server::options().config("key-load-delay 1000").config("loading-process-events-interval-bytes 1024");
    let server = server.start();
    server.cli(&["DEBUG", "POPULATE", "3000"]).text();
    survives(
        server,
        Server::url,
        "LOADING",
        |server| {
            server.cli(&["SAVE"]).text();
            // Returns when all is read.
            server.restart();
        },
        |_| {},
    );
}

#[test]
fn a_server_that_has_no_room_for_another_client() {
    let server = Server::start();
    let client = server.client();
    survives(
        (server, client),
        |(server, _)| server.url(),
        "max number of clients",
        |(_, client)| {
            client.call(&["CONFIG", "SET", "maxclients", "1"]).unwrap().text();
            for kind in ["normal", "pubsub"] {
                client.call(&["CLIENT", "KILL", "TYPE", kind]).unwrap().int();
            }
        },
        |(_, client)| drop(client.call(&["CONFIG", "SET", "maxclients", "1000"]).unwrap().text()),
    );
}

#[test]
fn a_password_that_changes_and_changes_back() {
    let server = Server::options().requirepass("first").start();
    let client = server.client();
    survives(
        (server, client),
        |(server, _)| server.url(),
        "does not take this user name and password",
        |(_, client)| {
            client.call(&["CONFIG", "SET", "requirepass", "second"]).unwrap().text();
            for kind in ["normal", "pubsub"] {
                client.call(&["CLIENT", "KILL", "TYPE", kind]).unwrap().int();
            }
        },
        |(_, client)| drop(client.call(&["CONFIG", "SET", "requirepass", "first"]).unwrap().text()),
    );
}

#[test]
fn a_server_that_pauses_its_clients_for_longer_than_a_reply_may_take() {
    survives(
        Server::start(),
        Server::url,
        "Redis is not answering",
        |server| drop(server.cli(&["CLIENT", "PAUSE", "7000", "ALL"]).text()),
        // Answered when the pause is over.
        |server| drop(server.cli(&["PING"]).text()),
    );
}

#[test]
fn a_reply_that_is_cut_in_its_middle() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let mut worker = inside.ready_worker(&["--lease", "10s"]);
    is_not_deaf(&outside, &mut worker, "nothing");
    for verb in [&*script::CLAIM, &*script::FINISH, &*script::CLAIM, &*script::FINISH] {
        proxy.halve_reply_to(verb.sha(), 1);
        let id = outside.enqueue(["--", "true"]);
        assert_eq!(outside.job_in(&id, "SUCCESS", BACK).counters(), [1, 0, 0, 0, 0]);
        crate::support::wait_for("the cut", PATIENCE, || proxy.fault_happened());
        is_not_deaf(&outside, &mut worker, verb.name);
    }
}

#[test]
fn a_doorbell_that_hangs_on_a_connection_gone_silent_is_hung_anew() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let mut worker = inside.ready_worker(&["--lease", "4s"]);
    is_not_deaf(&outside, &mut worker, "nothing");
    let bells = || proxy.commands().iter().filter(|command| *command == "SUBSCRIBE").count();
    for _ in 0..2 {
        let before = bells();
        // Neither connection hears of its end.
        proxy.set(Mode::Freeze);
        let told = worker.stderr_lines().len();
        crate::support::wait_for("a complaint", BACK, || worker.stderr_lines().len() > told);
        proxy.set(Mode::Pass);
        is_not_deaf(&outside, &mut worker, "a freeze");
        crate::support::wait_for("another subscription", BACK, || bells() > before);
    }
}
