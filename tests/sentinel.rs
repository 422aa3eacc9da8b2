//! Redis watched by Sentinels: whatever becomes of the primary, every command and every
//! worker finds the new one, and nothing that replicas confirmed is lost.

use std::time::{Duration, Instant};

use crate::support::sentinel::{FAILOVER, NAME};
use crate::support::{Oracle, PATIENCE, Room, Running, SentinelScene, wait_for};

/// Ten times the five seconds within which a worker consumes again.
const BACK: Duration = Duration::from_secs(50);

/// Enqueues until a replica has the job too; the id is the caller's, so that it may insist.
#[track_caller]
fn insist(room: &Room, id: &str, script: &str) {
    let start = Instant::now();
    loop {
        let words = ["enqueue", "--quiet", "--durable", "1", "--id", id, "--shell", script];
        let output = room.jobq(words).run();
        match output.code {
            Some(0) => return assert_eq!(output.line(), id),
            // Refused for certain, or not known: both are repeated with the same id.
            Some(69 | 74) => {}
            _ => panic!("{output}"),
        }
        assert!(start.elapsed() < FAILOVER, "not taken: {output}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A worker that is still the same and runs jobs.
#[track_caller]
fn is_not_deaf(room: &Room, worker: &mut Running, queue: &str) {
    let back = Instant::now();
    let id = room.enqueue(["-q", queue, "--", "true"]);
    room.job_in(&id, "SUCCESS", BACK);
    assert!(!worker.has_ended());
    eprintln!("{queue} consumes again: {} ms", back.elapsed().as_millis());
}

/// Jobs, a fault in their midst, more jobs, and what all that came to. `fault` returns when
/// there is a new primary.
#[track_caller]
fn a_failover(
    scene: &mut SentinelScene,
    fault: impl FnOnce(&mut SentinelScene, u16),
    after: impl FnOnce(&mut SentinelScene, u16),
) {
    let room = Room::at(&scene.url());
    let oracle = Oracle::new(&room.work());
    let script = oracle.script("sleep 0.2; echo done");
    let start =
        |queue: &str| room.ready_worker(&["-c", "2", "--lease", "4s", "-q", &format!("default,{queue}")]);
    let mut workers = [start("left"), start("right")];
    let ids: Vec<String> = (0..24).map(|n| format!("job-{n}")).collect();
    for id in &ids[..12] {
        insist(&room, id, &script);
    }
    wait_for("the load to run", PATIENCE, || oracle.counts().1 >= 4);
    let old = scene.primary();
    fault(scene, old);
    for id in &ids[12..18] {
        insist(&room, id, &script);
    }
    for (worker, queue) in workers.iter_mut().zip(["left", "right"]) {
        is_not_deaf(&room, worker, queue);
    }
    after(scene, old);
    for id in &ids[18..] {
        insist(&room, id, &script);
    }
    for (worker, queue) in workers.iter_mut().zip(["left", "right"]) {
        is_not_deaf(&room, worker, queue);
    }
    // A report that no replica had yet died with the old primary. Its job is done again once
    // its worker is gone.
    drop(workers);
    let _successor = room.ready_worker(&["-c", "4", "--lease", "4s"]);
    for id in &ids {
        room.job_in(id, "SUCCESS", 2 * PATIENCE);
    }
    let verdict = oracle.verdict(&ids);
    assert_eq!((&verdict.lost, &verdict.overlap, &verdict.unexpected), (&vec![], &vec![], &vec![]));
    assert!(verdict.duplicate.len() <= 4, "more reports were lost than slots there are: {verdict:#?}");
}

#[test]
fn a_primary_that_dies_under_load_costs_nothing_that_replicas_had() {
    let mut scene = SentinelScene::options().replicas(2).start();
    let fault = |scene: &mut SentinelScene, old: u16| {
        scene.node(old).kill9();
        scene.primary_after(old);
    };
    // It comes back and takes itself for the primary, until a Sentinel tells it better.
    a_failover(&mut scene, fault, |scene, old| scene.node(old).restart());
}

#[test]
fn a_primary_that_stands_still_and_wakes_gets_no_writes_any_more() {
    let mut scene = SentinelScene::options().replicas(2).start();
    let fault = |scene: &mut SentinelScene, old: u16| {
        scene.node(old).stop();
        scene.primary_after(old);
    };
    a_failover(&mut scene, fault, |scene, old| scene.node(old).cont());
}

#[test]
fn passwords_go_to_whom_they_are_for_and_the_server_page_tells_the_roles() {
    let scene = SentinelScene::options().password("s3cret").sentinel_password("gu4rd").start();
    let room = Room::at(&scene.url());
    room.shell(&[], "echo hello");
    room.burst(&["--quiet"]);
    let shown = room.jobq(["inspect", "server", "--json"]).run().status(0);
    let server: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let primary = format!("redis://127.0.0.1:{} (the primary main)", scene.primary());
    assert_eq!(server["mode"], "sentinel");
    assert_eq!(server["primary"], primary);
    assert_eq!(server["replicas"], 1);
    assert_eq!(server["nodes"].as_array().map(Vec::len), Some(3));
    let page = room.jobq(["inspect", "server"]).run().status(0).stdout_text();
    assert!(page.contains("mode      sentinel, 1 replica\n") && page.contains(&primary), "{page}");
    // One password for all is tried with the Sentinels as well.
    let same = SentinelScene::options().password("s3cret").sentinel_password("s3cret").start();
    let file = room.write("password", "s3cret\n");
    let url = same.url().replace(":s3cret@", "").replace("?sentinel_pass=s3cret", "");
    let asked = room.jobq(["enqueue", "--quiet", "--url", &url, "--", "true"]);
    asked.env("JOBQ_PASSWORD_FILE", &file).run().status(0);
    let wrong = room.jobq(["enqueue", "--url", &url, "--", "true"]).run().status(77);
    assert!(wrong.stderr_text().contains("no Sentinel answers"), "{wrong}");
}

#[test]
fn what_cannot_be_found_is_said_with_all_that_were_asked() {
    let mut scene = SentinelScene::start();
    let ports = scene.sentinel_ports();
    let room = Room::at(&scene.url().replace("/main", "/other"));
    let unknown = room.jobq(["enqueue", "--", "true"]).run().status(69).stderr_text();
    assert!(unknown.contains("knows no primary named other"), "{unknown}");
    // One of three is enough, wherever it stands in the list, and a frozen one is waited for
    // no longer than the others need.
    scene.sentinel(0).kill9();
    scene.sentinel(1).stop();
    let room = Room::at(&scene.url());
    room.enqueue(["--", "true"]);
    scene.sentinel(2).kill9();
    let none = room.jobq(["enqueue", "--", "true"]).run().status(69).stderr_text();
    for port in ports {
        assert!(none.contains(&format!("127.0.0.1:{port}: ")), "{none}");
    }
}

#[test]
fn sentinels_that_the_url_does_not_name_are_learned_and_remembered() {
    let mut scene = SentinelScene::start();
    let first = scene.sentinel_ports()[0];
    let room = Room::at(&scene.url_of(&[first]));
    let mut worker = room.ready_worker(&["--lease", "4s"]);
    is_not_deaf(&room, &mut worker, "default");
    // The only one that the worker was told of is gone; so is then the primary.
    scene.sentinel(0).kill9();
    let old = scene.primary();
    scene.node(old).kill9();
    scene.primary_after(old);
    let elsewhere = Room::at(&scene.url());
    let id = elsewhere.enqueue(["--", "true"]);
    elsewhere.job_in(&id, "SUCCESS", BACK);
    assert!(!worker.has_ended());
}

#[test]
fn a_worker_leaves_an_old_primary_that_nobody_makes_a_replica() {
    let mut scene = SentinelScene::start();
    let room = Room::at(&scene.url());
    let mut worker = room.ready_worker(&["--lease", "10s"]);
    is_not_deaf(&room, &mut worker, "default");
    let old = scene.primary();
    // It is healthy, its connections hold, and the Sentinels cannot change it any more.
    scene.node(old).cli(&["ACL", "SETUSER", "default", "-slaveof", "-replicaof", "-client|kill"]).text();
    let begun = scene.sentinel(0).call(&["SENTINEL", "FAILOVER", NAME]).unwrap();
    assert_eq!(begun.text(), "OK");
    scene.primary_after(old);
    is_not_deaf(&room, &mut worker, "default");
    assert_eq!(scene.node(old).cli(&["ROLE"]).array()[0].text(), "master");
}
