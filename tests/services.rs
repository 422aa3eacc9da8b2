//! What the commands that stay do as services: words to the service manager, patience at the
//! start, and none that ends once Redis was there.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::server::free_port;
use crate::support::{PATIENCE, Room, Running, Server, Signal, signal, wait_for, wait_for_some};

const EVERY_SECOND: &str = "[schedules.often]\nevery = \"1s\"\ncommand = [\"true\"]\n";

/// How many jobs the schedule of [`EVERY_SECOND`] made so far; `None` without an answer.
fn fired(room: &Room) -> Option<u64> {
    let output = room.jobq(["inspect", "schedules", "--json"]).run();
    serde_json::from_slice::<serde_json::Value>(&output.stdout).ok()?["fired"].as_u64()
}

#[track_caller]
fn ticks_again(room: &Room) {
    let before = wait_for_some("an answer", PATIENCE, || fired(room));
    wait_for("another tick", PATIENCE, || fired(room).is_some_and(|now| now > before));
}

/// The service manager's end of the sd_notify protocol.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(room: &Room) -> Manager {
        let path = room.tmp().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Manager { socket, path }
    }

    /// The next message.
    #[track_caller]
    fn hear(&self) -> String {
        let mut bytes = [0; 256];
        let count = self.socket.recv(&mut bytes).expect("a message within a minute");
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    /// Waits for a message that begins so.
    #[track_caller]
    fn hear_of(&self, word: &str) {
        while !self.hear().starts_with(word) {}
    }
}

#[test]
fn a_service_tells_its_manager_when_it_is_ready_alive_and_stopping() {
    let server = Server::start();
    for words in [&["worker"][..], &["beat"], &["beat", "--shadow"]] {
        let room = Room::new(&server);
        let manager = Manager::new(&room);
        let command = room.jobq(words).env("NOTIFY_SOCKET", &manager.path);
        let service = command.env("WATCHDOG_USEC", "1000000").spawn();
        manager.hear_of("READY=1");
        (0..3).for_each(|_| manager.hear_of("WATCHDOG=1"));
        // A server that does not answer is no reason to start the service anew.
        server.stop();
        service.wait_stderr("no answer from Redis", PATIENCE);
        manager.hear_of("WATCHDOG=1");
        service.signal(Signal::TERM);
        manager.hear_of("STOPPING=1");
        server.cont();
        service.wait_exit(PATIENCE).status(0);
    }
}

/// Those who wait in vain show when the time is over that those who were there outlast.
#[test]
fn without_redis_at_its_start_a_service_gives_up_and_later_never() {
    let mut server = Server::options().aof().start();
    let room = Room::with_tasks(&server, EVERY_SECOND);
    let mut worker = room.ready_worker(&[]);
    let mut beat = room.jobq(["beat"]).spawn();
    ticks_again(&room);
    server.kill9();
    let nowhere = Room::at(&format!("redis://127.0.0.1:{}", free_port()));
    let vain = ["worker", "beat"].map(|name| nowhere.jobq([name]).spawn());
    for one in vain {
        let output = one.wait_exit(3 * PATIENCE).status(69);
        let text = output.stderr_text();
        assert!(
            text.contains("waiting for Redis") && text.contains("jobq: cannot reach Redis at"),
            "{output}"
        );
    }
    assert!(!worker.has_ended() && !beat.has_ended());
    server.restart();
    ticks_again(&room);
    let id = room.enqueue(["--", "true"]);
    room.job_in(&id, "SUCCESS", PATIENCE);
    end(worker);
    end(beat);
}

#[test]
fn a_beat_brings_a_local_store_back_that_died() {
    let room = Room::local();
    room.write("jobq.toml", EVERY_SECOND);
    let beat = room.jobq(["beat"]).spawn();
    ticks_again(&room);
    let pid = jobq::local::describe(&room.place()).unwrap().pid.unwrap();
    signal(pid, Signal::KILL);
    beat.wait_stderr("started the local store again", PATIENCE);
    assert_ne!(jobq::local::describe(&room.place()).unwrap().pid, Some(pid));
    ticks_again(&room);
    end(beat);
}

#[track_caller]
fn end(running: Running) {
    running.signal(Signal::TERM);
    running.wait_exit(Duration::from_secs(60)).status(0);
}
