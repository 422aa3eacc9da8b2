//! Workers that die or stand still in mid-job: somebody else takes over, and the old tree is
//! gone before the new attempt starts.
//!
//! Every process of a job's tree, detached ones included, writes signs of life under its
//! attempt's name; the record then shows whether two attempts ever lived side by side.

use std::time::{Duration, Instant};

use crate::support::{
    Job, Oracle, PATIENCE, Room, Running, Server, Signal, alive, engine_of, process_state, signal, wait_for,
    wait_for_some,
};

/// The workers' lease.
const LEASE: &str = "2s";
/// Ten times what is promised where a lease has to run out: lease + 3 s.
const TAKEOVER: Duration = Duration::from_secs(50);
/// Ten times a generous second, where nothing has to run out.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A job whose first attempt would go on for ever and whose second ends by itself.
struct Scene {
    server: Server,
    room: Room,
    oracle: Oracle,
    id: String,
    first: Running,
    second: Running,
}

impl Scene {
    /// Two workers of which the first runs the job, with its whole tree alive.
    fn set(server: Server) -> Scene {
        Scene::with_lease(server, LEASE)
    }

    fn with_lease(server: Server, lease: &str) -> Scene {
        let room = Room::new(&server);
        let oracle = Oracle::new(&room.work());
        // Told whose sign of life it is by $1: the process that started the attempt.
        let beat = room.write("beat", format!("{}while :; do note B $1; sleep 0.05; done", oracle.note()));
        let body = format!(
            "if [ ! -e first ]; then
                 echo $$ >first
                 setsid sh '{beat}' $$ & ( setsid sh -c 'sh \"$1\" $2 & sleep 1000' sh '{beat}' $$ & )
                 touch grown; sh '{beat}' $$
             fi",
            beat = beat.display()
        );
        let first = room.ready_worker(&["-c", "1", "--lease", lease]);
        let id = room.shell(&[], &oracle.script(&body));
        wait_for("the tree to grow", PATIENCE, || {
            room.work().join("grown").exists() && room.processes_of(&id).len() >= 5
        });
        let second = room.ready_worker(&["-c", "1", "--lease", lease]);
        // It has looked at its peers when the first has renewed a few times.
        Scene { server, room, oracle, id, first, second }
    }

    /// Waits for the second attempt, checks that nothing of the first was alive by then, and
    /// tells how long it took.
    #[track_caller]
    fn taken_over(&self, since: Instant, limit: Duration) -> Duration {
        let start = Instant::now();
        while self.oracle.counts().0 < 2 {
            assert!(
                start.elapsed() < limit,
                "no second attempt within {limit:?}; the workers said:\n{}\n{}",
                self.first.stderr_lines().join("\n"),
                self.second.stderr_lines().join("\n")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = since.elapsed();
        let lines = self.oracle.lines();
        let start = lines.iter().rposition(|line| line.kind == 'S').unwrap();
        let last_sign = lines[..start].iter().map(|line| line.boottime_cs).max().unwrap();
        assert!(last_sign <= lines[start].boottime_cs, "{:?}", &lines[start]);
        took
    }

    /// The job's end: as if the first attempt had never been, but for the loss in the books.
    #[track_caller]
    fn ends_well(&self, cut_as: &str) -> Job {
        let job = self.room.job_in(&self.id, "SUCCESS", PATIENCE);
        assert_eq!(job.counters(), [2, 0, 1, 0, 0]);
        assert_eq!(job.outcomes(), [cut_as, "exit"]);
        wait_for("both trees to be gone", AT_ONCE, || self.room.processes_of(&self.id).is_empty());
        // An E of the first attempt is missing, so nothing of it may have come after.
        self.oracle.verdict([&self.id]).assert_exactly_once();
        job
    }
}

fn log(what: &str, took: Duration) {
    eprintln!("takeover after {what}: {} ms", took.as_millis());
}

#[test]
fn after_the_engine_was_killed() {
    let scene = Scene::set(Server::start());
    signal(engine_of(scene.first.pid()), Signal::KILL);
    log("a killed engine", scene.taken_over(Instant::now(), AT_ONCE));
    scene.ends_well("worker_lost");
    // The guardian has started another engine, which works.
    scene.first.wait_stderr("the engine was killed by signal 9", PATIENCE);
    scene.first.wait_stderr("gave back the jobs of a dead engine", PATIENCE);
    drop(scene.second);
    let id = scene.room.enqueue(["--", "true"]);
    scene.room.job_in(&id, "PENDING", PATIENCE);
}

#[test]
fn after_the_guardian_was_killed() {
    let scene = Scene::set(Server::start());
    let engine = engine_of(scene.first.pid());
    scene.first.signal(Signal::KILL);
    log("a killed guardian", scene.taken_over(Instant::now(), AT_ONCE));
    let outcomes = scene.room.job_in(&scene.id, "SUCCESS", PATIENCE).outcomes();
    assert!(["worker_lost", "lease_lost"].contains(&outcomes[0].as_str()), "{outcomes:?}");
    scene.ends_well(&outcomes[0]);
    wait_for("the engine to follow its guardian", AT_ONCE, || !alive(engine));
}

/// Stopped first, so that neither half sees the other's end.
fn kill_both_halves(worker: &Running) {
    let engine = engine_of(worker.pid());
    signal(engine, Signal::STOP);
    worker.signal(Signal::KILL);
    signal(engine, Signal::KILL);
}

#[test]
fn after_both_halves_were_killed_at_once_a_neighbour_waits_for_no_lease() {
    // Only a neighbour that sees both dead can be in time.
    let scene = Scene::with_lease(Server::start(), "1h");
    kill_both_halves(&scene.first);
    log("both halves killed", scene.taken_over(Instant::now(), AT_ONCE));
    scene.ends_well("worker_lost");
    scene.second.wait_stderr("gave back the jobs of a dead worker", PATIENCE);
    let known = scene.server.cli(&["KEYS", "jobq:*:worker:*"]).texts();
    assert_eq!(known.len(), 1, "the dead one is off the books: {known:?}");
}

#[test]
fn a_worker_that_is_started_again_after_both_halves_were_killed_waits_for_no_lease() {
    let Scene { server, room, oracle, id, first, second } = Scene::with_lease(Server::start(), "1h");
    second.signal(Signal::TERM);
    second.wait_exit(PATIENCE).status(0);
    kill_both_halves(&first);
    let since = Instant::now();
    let second = room.ready_worker(&["-c", "1", "--lease", "1h"]);
    let scene = Scene { server, room, oracle, id, first, second };
    log("both halves killed, with the next worker's start", scene.taken_over(since, AT_ONCE));
    scene.ends_well("worker_lost");
}

#[test]
fn after_the_engine_was_stopped_past_its_lease() {
    let scene = Scene::set(Server::start());
    let engine = engine_of(scene.first.pid());
    signal(engine, Signal::STOP);
    log("a stopped engine", scene.taken_over(Instant::now(), TAKEOVER));
    scene.first.wait_stderr("the engine did not renew its lease in time", PATIENCE);
    assert!(!alive(engine));
    scene.ends_well("worker_lost");
}

#[test]
fn a_short_stop_of_the_engine_harms_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    let worker = room.ready_worker(&["--lease", "30s"]);
    let id = room.shell(&[], "touch up; while [ ! -e go ]; do sleep 0.02; done");
    wait_for("the job", PATIENCE, || room.work().join("up").exists());
    let engine = engine_of(worker.pid());
    for _ in 0..3 {
        signal(engine, Signal::STOP);
        wait_for("the stop", PATIENCE, || process_state(engine) == Some('T'));
        signal(engine, Signal::CONT);
    }
    room.write("go", "");
    assert_eq!(room.job_in(&id, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
}

#[test]
fn after_both_halves_were_stopped_and_what_they_do_later_changes_nothing() {
    let scene = Scene::set(Server::start());
    let engine = engine_of(scene.first.pid());
    scene.first.signal(Signal::STOP);
    signal(engine, Signal::STOP);
    wait_for("the stop", PATIENCE, || process_state(engine) == Some('T'));
    log("both halves stopped", scene.taken_over(Instant::now(), TAKEOVER));
    let before = scene.ends_well("worker_lost");
    signal(engine, Signal::CONT);
    scene.first.signal(Signal::CONT);
    // Whatever it wants to report of its lost attempt, the books do not listen; then it
    // serves again.
    let next = wait_for_some("the first worker to run a job again", PATIENCE, || {
        let id = scene.room.shell(&[], "echo $PPID");
        scene.room.jobq(["status", "--wait", &id]).run().status(0);
        let served_by = String::from_utf8(scene.room.stdout_of(&id)).unwrap();
        (served_by.trim() == engine_of(scene.first.pid()).to_string()).then_some(id)
    });
    assert_eq!(scene.room.job(&next).counters(), [1, 0, 0, 0, 0]);
    let after = scene.room.job(&scene.id);
    assert_eq!(after.0["attempts"], before.0["attempts"]);
    assert_eq!((after.state(), after.counters()), (before.state(), before.counters()));
}

#[test]
fn a_jump_of_the_servers_clock_starts_no_second_copy() {
    let server = Server::options().clock_shift().start();
    let room = Room::new(&server);
    let oracle = Oracle::new(&room.work());
    let _first = room.ready_worker(&["-c", "1", "--lease", LEASE]);
    let _second = room.ready_worker(&["-c", "1", "--lease", LEASE]);
    let ids: Vec<String> = (0..2)
        .map(|_| room.shell(&[], &oracle.script("until [ -e go ]; do note B; sleep 0.05; done")))
        .collect();
    wait_for("both to run", PATIENCE, || oracle.counts().0 == 2);
    for offset in [3_600, -3_600, 0] {
        server.set_offset(offset);
        let beats = || server.cli(&["INFO", "commandstats"]).text();
        let calls = || {
            let text = beats();
            let line = text.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
            let calls = line.split("calls=").nth(1).and_then(|rest| rest.split(',').next());
            calls.and_then(|calls| calls.parse::<u64>().ok()).unwrap_or_default()
        };
        let before = calls();
        // Two workers that renew at least every 400 ms: more than a lease goes by.
        wait_for("more than a lease of renewals", PATIENCE, || calls() >= before + 14);
        assert_eq!(oracle.counts(), (2, 0));
    }
    room.write("go", "");
    for id in &ids {
        assert_eq!(room.job_in(id, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    }
    oracle.verdict(&ids).assert_exactly_once();
}

#[test]
fn a_worker_that_stands_still_is_taken_over_whatever_the_servers_clock_says() {
    for offset in [3_600, -3_600] {
        let scene = Scene::set(Server::options().clock_shift().start());
        // Stopped, not dead: so it has to be watched.
        signal(engine_of(scene.first.pid()), Signal::STOP);
        scene.first.signal(Signal::STOP);
        scene.server.set_offset(offset);
        log("both halves stopped, clock moved", scene.taken_over(Instant::now(), TAKEOVER));
        scene.ends_well("worker_lost");
    }
}

#[test]
fn a_job_that_kills_its_worker_is_given_up_after_three_losses() {
    let server = Server::start();
    let room = Room::new(&server);
    // Its parent is the engine.
    let id = room.shell(&["--retries", "5"], "kill -KILL $PPID; sleep 1000");
    let good: Vec<String> = (0..5).map(|_| room.enqueue(["--", "true"])).collect();
    let worker = room.ready_worker(&["-c", "1", "--lease", LEASE]);
    let job = room.job_in(&id, "FAILURE", PATIENCE);
    assert_eq!(job.counters(), [3, 0, 3, 0, 0]);
    assert_eq!(job.outcomes(), ["worker_lost"; 3]);
    for id in &good {
        assert_eq!(room.job_in(id, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    }
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn jobs_that_run_beside_one_that_kills_its_worker_are_not_given_up_with_it() {
    let server = Server::start();
    let room = Room::new(&server);
    // Claimed together, they are cut together, and would be again to the end of all.
    let innocent = || room.shell(&[], "sleep 1.5");
    let mut good = vec![innocent()];
    let id = room.shell(&[], "sleep 0.3; kill -KILL $PPID; sleep 1000");
    good.extend([innocent(), innocent()]);
    let _worker = room.ready_worker(&["-c", "4", "--lease", LEASE]);
    assert_eq!(room.job_in(&id, "FAILURE", PATIENCE).counters(), [3, 0, 3, 0, 0]);
    for id in &good {
        room.job_in(id, "SUCCESS", PATIENCE);
    }
}
