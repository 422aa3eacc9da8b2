//! `--durable N`: success means that N replicas have the job, and nothing else does.

use serde_json::Value as Json;

use crate::support::{Output, PATIENCE, Room, Server, wait_for};

/// A primary and one replica that is in step with it.
fn pair() -> (Server, Server) {
    let primary = Server::options().tcp().config("repl-diskless-sync-delay 0").start();
    let replica = Server::options().config(&format!("replicaof 127.0.0.1 {}", primary.port())).start();
    wait_for("the replica", PATIENCE, || primary.cli(&["WAIT", "1", "100"]).int() == 1);
    (primary, replica)
}

fn json(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).expect("one JSON object")
}

#[track_caller]
fn is_short(output: &Output, id: &str, have: u64, want: u64) {
    assert_eq!(json(&output.stdout)["id"], id);
    let error = json(output.stderr.split(|byte| *byte == b'\n').next().unwrap());
    let error = &error["error"];
    assert_eq!((&error["code"], &error["kind"]), (&74.into(), &"under_replicated".into()), "{output}");
    assert_eq!(error["replicas"], serde_json::json!({"have": have, "want": want}), "{output}");
    assert!(error["hint"].as_str().unwrap().ends_with(&format!("--id {id}")), "{output}");
}

#[test]
fn success_means_that_the_replicas_have_the_job_and_a_repetition_asks_again() {
    let (primary, replica) = pair();
    let room = Room::new(&primary);
    let durable = |id: &str, n: &str| {
        room.jobq(["enqueue", "--quiet", "--json", "--durable", n, "--id", id, "--", "true"]).run()
    };
    let said = json(&durable("a", "1").status(0).stdout);
    assert_eq!(said["replicas"], serde_json::json!({"have": 1, "want": 1}));
    assert_eq!(said["created"], true);
    is_short(&durable("a", "2").status(74), "a", 1, 2);
    // Nothing is new at the primary for the job that is there: that alone proves nothing.
    replica.stop();
    is_short(&durable("b", "1").status(74), "b", 0, 1);
    is_short(&durable("b", "1").status(74), "b", 0, 1);
    // The job was accepted all the same, and the id is on stdout.
    let plain = room.jobq(["enqueue", "--durable", "1", "--id", "b", "--", "true"]).run().status(74);
    assert_eq!(plain.line(), "b");
    let told = "jobq: b was accepted, but 0 of 1 replicas have it after 4s\nhint: to wait again, repeat the command with --id b\n";
    assert!(plain.stderr_text().ends_with(told), "{plain}");
    assert_eq!(room.job("b").state(), "PENDING");
    replica.cont();
    let said = json(&durable("b", "1").status(0).stdout);
    assert_eq!((&said["replicas"]["have"], &said["created"]), (&1.into(), &false.into()));
    assert_eq!(replica.cli(&["HGET", "jobq:{test}:job:b", "state"]).text(), "PENDING");
    // Also of a job whose record is gone, and whose id is known.
    room.burst(&["--quiet"]);
    assert_eq!(json(&durable("a", "1").status(0).stdout)["replicas"]["have"], 1);
}

#[test]
fn a_wait_begins_when_the_replicas_have_the_job_and_not_before() {
    let (primary, replica) = pair();
    let room = Room::new(&primary);
    let _worker = room.ready_worker(&[]);
    let words = ["enqueue", "--wait", "--durable", "1", "--", "sh", "-c", "echo out; exit 3"];
    room.jobq(words).run().status(3).stdout("out\n");
    replica.stop();
    let short = room.jobq(words).run().status(125).stdout("");
    assert!(short.stderr_text().contains("0 of 1 replicas have it"), "{short}");
    replica.cont();
}

#[test]
fn without_replicas_to_count_it_is_never_a_success() {
    let server = Server::start();
    let room = Room::new(&server);
    let alone = room.jobq(["enqueue", "--durable", "1", "--", "true"]).run().status(74);
    assert_eq!(room.job(&alone.line()).state(), "PENDING");
    let page = room.jobq(["inspect", "server"]).run().status(0).stdout_text();
    assert!(page.contains("\nmode      standalone, no replicas\n"), "{page}");
    room.jobq(["enqueue", "--durable", "0", "--", "true"]).run().status(2);
    room.jobq(["enqueue", "--durable", "1", "--dry-run", "--", "true"]).run().status(2);
}

#[test]
fn a_user_who_may_not_wait_is_told_that_the_job_is_accepted() {
    let server = Server::start();
    server.cli(&["ACL", "SETUSER", "ann", "on", ">pw", "~*", "&*", "+@all", "-wait"]);
    let room = Room::at(&format!("{}?user=ann&pass=pw", server.url()));
    let output = room.jobq(["enqueue", "--quiet", "--durable", "1", "--", "true"]).run().status(74);
    assert_eq!(room.job(&output.line()).state(), "PENDING");
    assert!(
        output.stderr_text().contains("was accepted; whether 1 replicas have it is not known"),
        "{output}"
    );
}
