//! Redis Cluster: a namespace stands in one slot, and wherever that slot goes, every command
//! and every worker follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::books::{Books, NAMESPACE};
use crate::support::{
    ClusterScene, Oracle, PATIENCE, Room, Running, Server, Signal, engine_of, invariants, signal, wait_for,
};

/// Ten times the five seconds within which a worker consumes again.
const BACK: Duration = Duration::from_secs(50);

/// Enqueues until it is certain; the id is the caller's, so that it may insist.
#[track_caller]
fn insist(room: &Room, id: &str, options: &[&str], script: &str) {
    let start = Instant::now();
    loop {
        let output =
            room.jobq(["enqueue", "--quiet", "--id", id]).args(options).args(["--shell", script]).run();
        match output.code {
            Some(0) => return assert_eq!(output.line(), id),
            Some(69 | 74) => {}
            _ => panic!("{output}"),
        }
        assert!(start.elapsed() < 2 * PATIENCE, "not taken: {output}");
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

fn room(url: &str) -> Room {
    Room::at(url).namespace(NAMESPACE)
}

#[test]
fn a_primary_of_a_cluster_that_dies_under_load_costs_nothing_that_replicas_had() {
    let mut scene = ClusterScene::start(NAMESPACE, 2);
    let owner = scene.owner(NAMESPACE);
    let elsewhere = scene.nodes().iter().map(|node| node.port()).find(|port| *port != owner).unwrap();
    // One worker was told the Cluster, the other one node of it, and not the right one.
    let rooms = [room(&scene.url()), room(&format!("redis://127.0.0.1:{elsewhere}"))];
    let oracle = Oracle::new(&rooms[0].work());
    let script = oracle.script("sleep 0.2; echo done");
    let mut workers = [0, 1].map(|n| {
        rooms[n].ready_worker(&["-c", "2", "--lease", "4s", "-q", ["default,left", "default,right"][n]])
    });
    let ids: Vec<String> = (0..24).map(|n| format!("job-{n}")).collect();
    for id in &ids[..12] {
        insist(&rooms[0], id, &["--durable", "1"], &script);
    }
    wait_for("the load to run", PATIENCE, || oracle.counts().1 >= 4);
    scene.node(owner).kill9();
    let new = scene.owner_after(owner, NAMESPACE);
    for id in &ids[12..18] {
        insist(&rooms[1], id, &["--durable", "1"], &script);
    }
    for (n, queue) in ["left", "right"].into_iter().enumerate() {
        is_not_deaf(&rooms[n], &mut workers[n], queue);
    }
    scene.node(owner).restart();
    for id in &ids[18..] {
        insist(&rooms[0], id, &["--durable", "1"], &script);
    }
    // A report that no replica had yet died with the old primary. Its job is done again once
    // its worker is gone.
    drop(workers);
    let _successor = rooms[0].ready_worker(&["-c", "4", "--lease", "4s"]);
    for id in &ids {
        rooms[0].job_in(id, "SUCCESS", 2 * PATIENCE);
    }
    let verdict = oracle.verdict(&ids);
    assert_eq!((&verdict.lost, &verdict.overlap, &verdict.unexpected), (&vec![], &vec![], &vec![]));
    assert!(verdict.duplicate.len() <= 4, "more reports were lost than slots there are: {verdict:#?}");
    invariants::check(&mut scene.node(new).client());
}

#[test]
fn a_slot_that_moves_under_load_takes_its_namespace_along_whole() {
    let mut scene = ClusterScene::start(NAMESPACE, 0);
    let from = scene.owner(NAMESPACE);
    let to = scene.nodes().iter().map(|node| node.port()).find(|port| *port != from).unwrap();
    let room = room(&scene.url());
    let oracle = Oracle::new(&room.work());
    let script = oracle.script("sleep 0.3; echo done");
    let mut worker = room.ready_worker(&["-c", "2", "--lease", "30s"]);
    let ids: Vec<String> = (0..24).map(|n| format!("job-{n}")).collect();
    for id in &ids[..16] {
        insist(&room, id, &[], &script);
    }
    wait_for("the load to run", PATIENCE, || oracle.counts().1 >= 2);
    scene.begin_move(NAMESPACE, from, to);
    // From the first moment nothing is done in part: what comes is refused whole.
    let refused = room.jobq(["enqueue", "--", "true"]).run().status(69).stdout("").stderr_text();
    assert!(refused.contains("the slot of this namespace is moving to another node"), "{refused}");
    worker.wait_stderr("is moving to another node", PATIENCE);
    let running = oracle.counts().0;
    while scene.move_keys(NAMESPACE, from, to, 5) {
        let look = room.jobq(["status", &ids[0]]).run();
        assert_eq!(look.code, Some(69), "{look}");
    }
    scene.end_move(NAMESPACE, from, to);
    assert_eq!(scene.owner(NAMESPACE), to);
    assert_eq!(oracle.counts().0, running, "nothing was started meanwhile");
    for id in &ids[16..] {
        insist(&room, id, &[], &script);
    }
    for id in &ids {
        assert_eq!(room.job_in(id, "SUCCESS", 2 * PATIENCE).counters(), [1, 0, 0, 0, 0], "{id}");
        assert_eq!(room.stdout_of(id), b"done\n");
    }
    let verdict = oracle.verdict(&ids);
    verdict.assert_exactly_once();
    assert_eq!(verdict.repeated, [""; 0]);
    is_not_deaf(&room, &mut worker, "default");
    invariants::check(&mut scene.node(to).client());
    assert_eq!(Books::read(&mut scene.node(from).client()).keys.len(), 0);
}

/// Forgets all scripts of a node every 10 ms until dropped.
struct Flusher {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<usize>>,
}

impl Flusher {
    fn start(node: &Server) -> Flusher {
        let (mut client, over) = (node.client(), Arc::new(AtomicBool::new(false)));
        let until = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut times = 0;
            while !until.load(Ordering::SeqCst) {
                client.call(&["SCRIPT", "FLUSH"]).expect("a reply").text();
                times += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            times
        });
        Flusher { over, thread: Some(thread) }
    }

    fn end(mut self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        self.thread.take().expect("ended once").join().expect("the flushes")
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

#[test]
fn every_verb_works_on_three_nodes_that_forget_their_scripts_all_the_time() {
    let mut scene = ClusterScene::start(NAMESPACE, 0);
    let owner = scene.owner(NAMESPACE);
    let flusher = Flusher::start(scene.node(owner));
    let room = room(&scene.url());
    let start = || room.ready_worker(&["-c", "2", "--lease", "2s"]);
    let mut worker = start();
    // Claimed, failed, retried, finished; output, progress and a result.
    let script = "echo out $JOBQ_ATTEMPT; echo '50% half' >$JOBQ_PROGRESS; echo '{\"a\":1}' >$JOBQ_RESULT; [ $JOBQ_ATTEMPT = 2 ]";
    let id = room.shell(&["--retries", "1", "--retry-delay", "0s"], script);
    let job = room.job_in(&id, "SUCCESS", PATIENCE);
    assert_eq!((job.counters(), job.0["result"]["a"].as_u64()), ([2, 1, 0, 0, 0], Some(1)));
    assert_eq!(room.stdout_of(&id), b"out 2\n");
    room.jobq(["enqueue", "--quiet", "--wait", "--", "sh", "-c", "echo no; exit 3"])
        .run()
        .status(3)
        .stdout("no\n");
    let later = room.enqueue(["--delay", "1s", "--", "true"]);
    room.job_in(&later, "SUCCESS", PATIENCE);
    // Cancelled while it waits and while it runs.
    let (waits, runs) = (room.enqueue(["--delay", "1h", "--", "true"]), room.shell(&[], "sleep 1000"));
    room.job_in(&runs, "STARTED", PATIENCE);
    room.jobq(["control", "cancel", "--wait", &waits, &runs]).run().status(0);
    for id in [&waits, &runs] {
        assert_eq!(room.job(id).state(), "REVOKED");
    }
    // Limited and purged.
    room.jobq(["control", "limit", "idle", "--max-depth", "1"]).run().status(0);
    let kept = room.enqueue(["-q", "idle", "--", "true"]);
    room.jobq(["enqueue", "-q", "idle", "--", "true"]).run().status(75);
    room.jobq(["control", "purge", "idle", "--yes"]).run().status(0);
    room.job_in(&kept, "REVOKED", PATIENCE);
    // Handed back by a guardian, released by a stop, taken over from a worker that is gone.
    let cut = room.shell(&[], "[ -e three ] || { [ -e two ] && touch three || touch two; sleep 1000; }");
    room.job_in(&cut, "STARTED", PATIENCE);
    wait_for("its first run", PATIENCE, || room.work().join("two").exists());
    signal(engine_of(worker.pid()), Signal::KILL);
    room.job_when("a loss", &cut, BACK, |job| job.counters()[2] == 1);
    wait_for("its second run", PATIENCE, || room.work().join("three").exists());
    worker.signal(Signal::TERM);
    worker.wait_stderr("send TERM again", PATIENCE);
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
    assert_eq!(room.job(&cut).counters()[4], 1);
    let dead = start();
    room.job_in(&cut, "SUCCESS", PATIENCE);
    let taken = room.shell(&[], "[ -e four ] || { touch four; sleep 1000; }");
    wait_for("its run", PATIENCE, || room.work().join("four").exists());
    let engine = engine_of(dead.pid());
    signal(dead.pid(), Signal::STOP);
    signal(engine, Signal::STOP);
    worker = start();
    assert_eq!(room.job_in(&taken, "SUCCESS", BACK).counters(), [2, 0, 1, 0, 0]);
    is_not_deaf(&room, &mut worker, "default");
    assert_eq!(room.overview()["server"]["mode"], "cluster");
    assert!(worker.stderr_lines().iter().all(|line| !line.contains("NOSCRIPT")));
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
    assert!(flusher.end() > 100);
    invariants::check(&mut scene.node(owner).client());
}
