//! What jobs write: both streams apart, live, and bounded without a wrong byte.

use std::time::Duration;

use crate::support::{PATIENCE, Room, Server, wait_for};

#[test]
fn both_streams_are_kept_apart_and_shown_apart() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&[]);
    let script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done; exit 7";
    let waited = room.jobq(["enqueue", "--wait", "--quiet", "--shell", script]).run().status(7);
    let waited = waited.stdout("out 1\nout 2\nout 3\n");
    assert!(waited.stderr_text().ends_with("err 1\nerr 2\nerr 3\n"), "{waited}");
    let id = room.shell(&[], script);
    room.jobq(["status", "--wait", &id])
        .run()
        .status(7)
        .stdout("out 1\nout 2\nout 3\n")
        .stderr("err 1\nerr 2\nerr 3\n");
    assert_eq!(room.stderr_of(&id), b"err 1\nerr 2\nerr 3\n");
}

#[test]
fn output_can_be_followed_while_the_job_runs() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&[]);
    let id = room.shell(&[], "echo first; while [ ! -e go ]; do sleep 0.05; done; printf second");
    let follow = room.jobq(["status", "--follow", &id]).spawn();
    wait_for("the first line", PATIENCE, || follow.stdout_so_far() == b"first\n");
    wait_for("the first line in the store", PATIENCE, || room.stdout_of(&id) == b"first\n");
    assert_eq!(room.job(&id).state(), "STARTED");
    room.write("go", "");
    follow.wait_exit(PATIENCE).status(0).stdout("first\nsecond");
}

#[test]
fn of_five_random_megabytes_on_each_stream_head_and_tail_are_exact() {
    const SIZE: usize = 5_000_000;
    const HEAD: usize = 32 * 1024;
    const TAIL: usize = 224 * 1024;
    let server = Server::start();
    let room = Room::new(&server);
    let script = format!(
        "head -c {SIZE} /dev/urandom | tee out.bin & head -c {SIZE} /dev/urandom | tee err.bin >&2; wait"
    );
    let id = room.shell(&[], &script);
    room.burst(&[]);
    let job = room.job(&id);
    assert_eq!(job.state(), "SUCCESS");
    let dropped = 2 * (SIZE - HEAD - TAIL) as u64;
    assert_eq!(
        job.0["output"],
        serde_json::json!({"stdout_bytes": SIZE, "stderr_bytes": SIZE, "dropped": dropped})
    );
    for (stored, file) in [(room.stdout_of(&id), "out.bin"), (room.stderr_of(&id), "err.bin")] {
        let written = std::fs::read(room.work().join(file)).unwrap();
        assert_eq!(written.len(), SIZE);
        assert!(stored.starts_with(&written[..HEAD]), "{file}: the head differs");
        assert!(stored.ends_with(&written[SIZE - TAIL..]), "{file}: the tail differs");
        // Between them at most the line that says how much is missing.
        let between = &stored[HEAD..stored.len() - TAIL];
        assert!(between.len() < 200, "{file}: {} bytes between head and tail", between.len());
    }
}

#[test]
fn a_job_that_never_stops_writing_is_still_read_killed_and_told_right() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.enqueue(["--timeout", "1s", "--", "yes"]);
    room.worker(&["--burst"]).limit(Duration::from_secs(30)).run().status(0);
    let job = room.job(&id);
    assert_eq!(job.outcome(), "timeout");
    let [bytes, dropped] = ["stdout_bytes", "dropped"].map(|field| job.0["output"][field].as_u64().unwrap());
    assert_eq!(bytes - dropped, 256 * 1024);
}

#[test]
fn a_reader_that_was_outrun_is_told_how_much_it_missed() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "head -c 1000000 /dev/zero");
    room.burst(&[]);
    let waited = room.jobq(["status", "--wait", &id]).run().status(125);
    let missed = 1_000_000 - 256 * 1024;
    assert_eq!(waited.stdout.len(), 256 * 1024);
    assert!(waited.stderr_text().contains(&format!("{missed} bytes")), "{}", waited.stderr_text());
}
