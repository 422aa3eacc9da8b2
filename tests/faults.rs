//! Redis away, broken or forgetful under a working worker: no job is lost, none runs twice,
//! and every worker works afterwards.

use std::time::{Duration, Instant};

use jobq::core::script;

use crate::support::{
    Mode, Oracle, PATIENCE, Proxy, Room, Running, Server, Signal, alive, engine_of, signal, wait_for,
};

/// Ten times the five seconds within which a worker consumes again.
const BACK: Duration = Duration::from_secs(50);

/// Jobs that take a while each, and note what they do; the ids.
fn enqueue_load(room: &Room, oracle: &Oracle, jobs: usize, seconds: &str) -> Vec<String> {
    let script = oracle.script(&format!("sleep {seconds}; echo done"));
    (0..jobs).map(|_| room.shell(&[], &script)).collect()
}

/// Every job ran once, to success, and its output is there.
#[track_caller]
fn all_ran_exactly_once(room: &Room, oracle: &Oracle, ids: &[String]) {
    for id in ids {
        let job = room.job_in(id, "SUCCESS", PATIENCE);
        assert_eq!(job.counters(), [1, 0, 0, 0, 0], "{id}");
        assert_eq!(room.stdout_of(id), b"done\n");
    }
    let verdict = oracle.verdict(ids);
    verdict.assert_exactly_once();
    assert_eq!(verdict.repeated, [""; 0]);
}

/// A worker that is still the same and runs jobs.
#[track_caller]
fn is_not_deaf(room: &Room, worker: &mut Running, queue: &str) {
    let id = room.enqueue(["-q", queue, "--", "true"]);
    room.job_in(&id, "SUCCESS", BACK);
    assert!(!worker.has_ended());
}

/// No second has more lines of one kind than one, within what reading a clock twice allows.
#[track_caller]
fn complains_once_a_second(worker: &Running, outage: Duration) {
    let lines = worker.stderr_lines();
    for cause in ["Redis is not answering", "cannot store output", "cannot report an end"] {
        let count = lines.iter().filter(|line| line.contains(cause)).count() as u64;
        assert!(count <= outage.as_secs() + 2, "{count} × {cause:?}:\n{}", lines.join("\n"));
    }
    let troubles = lines.iter().filter(|line| line.contains(", trying again")).count() as u64;
    // Causes: unreachable and unknown. Each may be told once a second.
    assert!(troubles <= 2 * (outage.as_secs() + 2), "{}", lines.join("\n"));
}

/// Two workers under load, Redis away for four of the ten seconds of their lease.
#[track_caller]
fn an_outage(mut server: Server, begin: impl Fn(&mut Server), end: impl Fn(&mut Server)) {
    let room = Room::new(&server);
    let oracle = Oracle::new(&room.work());
    let start =
        |queue: &str| room.ready_worker(&["-c", "2", "--lease", "10s", "-q", &format!("default,{queue}")]);
    let mut workers = [start("left"), start("right")];
    let ids = enqueue_load(&room, &oracle, 24, "0.5");
    wait_for("the load to run", PATIENCE, || oracle.counts().1 >= 4);
    begin(&mut server);
    let began = Instant::now();
    // The jobs go on and end; only an outage as long as this is one worth the name.
    let ended = oracle.counts().1;
    wait_for("jobs to end during the outage", PATIENCE, || oracle.counts().1 >= ended + 2);
    wait_for("four seconds without Redis", PATIENCE, || began.elapsed() >= Duration::from_secs(4));
    end(&mut server);
    let outage = began.elapsed();
    let start = Instant::now();
    while oracle.counts().1 < ids.len() {
        let said = || workers.iter().flat_map(Running::stderr_lines).collect::<Vec<_>>().join("\n");
        assert!(start.elapsed() < BACK, "{:?} after {BACK:?}:\n{}", oracle.verdict(&ids), said());
        std::thread::sleep(Duration::from_millis(20));
    }
    all_ran_exactly_once(&room, &oracle, &ids);
    for (worker, queue) in workers.iter_mut().zip(["left", "right"]) {
        is_not_deaf(&room, worker, queue);
        complains_once_a_second(worker, outage);
        assert!(worker.stderr_lines().iter().any(|line| line.contains("Redis is back")));
    }
    let overview = room.overview();
    assert_eq!(overview["workers"].as_array().map(Vec::len), Some(2));
    assert!(overview["workers"].as_array().unwrap().iter().all(|worker| worker["held"] == 0));
}

#[test]
fn a_server_that_stands_still_for_a_while_costs_nothing() {
    an_outage(Server::start(), |server| server.stop(), |server| server.cont());
}

#[test]
fn a_server_that_dies_and_comes_back_with_its_data_costs_nothing() {
    an_outage(Server::options().aof().start(), Server::kill9, Server::restart);
}

#[test]
fn an_outage_beyond_the_lease_kills_the_jobs_and_they_run_again() {
    let server = Server::start();
    let room = Room::new(&server);
    let oracle = Oracle::new(&room.work());
    let mut workers = [(); 2].map(|()| room.ready_worker(&["-c", "1", "--lease", "2s"]));
    let body = "[ $JOBQ_ATTEMPT = 2 ] || sleep 1000";
    let ids: Vec<String> = (0..2).map(|_| room.shell(&[], &oracle.script(body))).collect();
    wait_for("both to run", PATIENCE, || oracle.counts().0 == 2);
    server.stop();
    // Without anybody's leave: nobody else may start them before they are dead.
    wait_for("the jobs to be killed", Duration::from_secs(20), || {
        ids.iter().all(|id| room.processes_of(id).is_empty())
    });
    server.cont();
    for id in &ids {
        let job = room.job_in(id, "SUCCESS", PATIENCE);
        assert_eq!(job.counters(), [2, 0, 1, 0, 0]);
        assert!(["lease_lost", "worker_lost"].contains(&job.outcomes()[0].as_str()), "{:#}", job.0);
    }
    oracle.verdict(&ids).assert_exactly_once();
    assert!(workers.iter_mut().all(|worker| !worker.has_ended()));
}

#[test]
fn forgotten_scripts_and_cut_connections_under_load_cost_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    let oracle = Oracle::new(&room.work());
    let mut worker = room.ready_worker(&["-c", "3", "--lease", "10s"]);
    let ids = enqueue_load(&room, &oracle, 40, "0.05");
    while oracle.counts().1 < ids.len() {
        let ended = oracle.counts().1;
        server.flush_scripts();
        server.client_kill_all();
        wait_for("jobs to end after that", BACK, || oracle.counts().1 >= (ended + 3).min(ids.len()));
    }
    all_ran_exactly_once(&room, &oracle, &ids);
    is_not_deaf(&room, &mut worker, "default");
}

#[test]
fn a_lost_reply_of_a_claim_a_report_or_an_output_is_made_good() {
    let server = Server::start();
    Room::new(&server).burst(&[]);
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let oracle = Oracle::new(&outside.work());
    let mut worker = inside.ready_worker(&["-c", "2", "--lease", "10s"]);
    // All scripts are known to the server before their replies are counted.
    let warm = outside.shell(&["--retries", "1", "--retry-delay", "0s"], "echo warm; [ $JOBQ_ATTEMPT = 2 ]");
    outside.job_in(&warm, "SUCCESS", PATIENCE);
    let mut ids = Vec::new();
    for verb in [&*script::CLAIM, &*script::FINISH, &*script::LOG] {
        for _ in 0..2 {
            proxy.lose_reply_to(verb.sha(), 1);
            ids.extend(enqueue_load(&outside, &oracle, 3, "0.05"));
            let done = ids.len();
            wait_for(verb.name, PATIENCE, || oracle.counts().1 >= done && proxy.fault_happened());
        }
    }
    all_ran_exactly_once(&outside, &oracle, &ids);
    is_not_deaf(&outside, &mut worker, "default");
    // A report of failure, and the request itself lost on its way.
    proxy.lose_reply_to(script::FAIL.sha(), 1);
    let failing = outside.shell(&["--retries", "2", "--retry-delay", "0s"], "exit 1");
    assert_eq!(outside.job_in(&failing, "FAILURE", PATIENCE).counters(), [3, 3, 0, 0, 0]);
    assert!(proxy.fault_happened());
    proxy.lose_request(script::FINISH.sha(), 1);
    let fine = outside.enqueue(["--", "true"]);
    assert_eq!(outside.job_in(&fine, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
}

#[test]
fn a_claim_whose_reply_was_lost_before_an_outage_is_made_good() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let oracle = Oracle::new(&outside.work());
    let mut worker = inside.ready_worker(&["-c", "2", "--lease", "10s"]);
    let mut ids = enqueue_load(&outside, &oracle, 1, "0.05");
    wait_for("the scripts to be known", PATIENCE, || oracle.counts().1 == 1);
    for _ in 0..3 {
        proxy.set(Mode::Refuse);
        ids.extend(enqueue_load(&outside, &oracle, 2, "0.05"));
        proxy.lose_reply_to(script::CLAIM.sha(), 1);
        proxy.set(Mode::Pass);
        wait_for("the claim", PATIENCE, || proxy.fault_happened());
        // That the next attempts certainly fail says nothing about the one before.
        let before = worker.stderr_lines().len();
        proxy.set(Mode::Refuse);
        wait_for("a refused connection", PATIENCE, || {
            worker.stderr_lines().len() > before || oracle.counts().1 == ids.len()
        });
        proxy.set(Mode::Pass);
        wait_for("the jobs to end", BACK, || oracle.counts().1 == ids.len());
    }
    all_ran_exactly_once(&outside, &oracle, &ids);
    is_not_deaf(&outside, &mut worker, "default");
}

#[test]
fn a_producer_that_loses_the_reply_says_so_and_makes_no_second_job() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let oracle = Oracle::new(&outside.work());
    let script = oracle.script("true");
    let mut ids = vec![inside.shell(&[], &script)];
    for n in 0..5 {
        proxy.lose_reply_to(script::ENQUEUE.sha(), 1);
        let id = format!("job-{n}");
        let words = ["enqueue", "--quiet", "--id", &id, "--shell", &script];
        let output = inside.jobq(words).run();
        assert!(proxy.fault_happened());
        // Made good by itself, or told as unknown; never told as refused.
        assert!(matches!(output.code, Some(0 | 74)), "{output}");
        assert_eq!(output.line(), id);
        outside.jobq(words).run().status(0);
        ids.push(id);
    }
    outside.burst(&[]);
    let verdict = oracle.verdict(&ids);
    verdict.assert_exactly_once();
    assert_eq!(verdict.repeated, [""; 0]);
}

#[test]
fn a_half_open_connection_is_given_up_and_the_worker_consumes_again() {
    let server = Server::start();
    let proxy = Proxy::before(&server);
    let (inside, outside) = (Room::at(&proxy.url()), Room::new(&server));
    let mut worker = inside.ready_worker(&["--lease", "4s"]);
    for mode in [Mode::Blackhole, Mode::Freeze, Mode::Refuse] {
        proxy.set(mode);
        worker_notices(&worker, mode);
        proxy.set(Mode::Pass);
        let back = Instant::now();
        is_not_deaf(&outside, &mut worker, "default");
        eprintln!("consuming again after {mode:?}: {} ms", back.elapsed().as_millis());
    }
    // One whose peer is gone without a word, while others get through: the next call must
    // not wait for it for ever.
    proxy.cut_all();
    is_not_deaf(&outside, &mut worker, "default");
}

/// Waits for one more complaint than there was.
#[track_caller]
fn worker_notices(worker: &Running, mode: Mode) {
    let complaints = || {
        let lines = worker.stderr_lines();
        let told = lines.iter().filter(|line| line.contains("Redis is not answering")).count();
        let back = lines.iter().filter(|line| line.contains("Redis is back")).count();
        told.saturating_sub(back)
    };
    let before = complaints();
    wait_for(&format!("a complaint about {mode:?}"), BACK, || complaints() > before);
}

#[test]
fn output_that_outlives_an_outage_is_complete() {
    let server = Server::start();
    let room = Room::new(&server);
    let _worker = room.ready_worker(&["--lease", "10s"]);
    let script = "echo first; until [ -e away ]; do sleep 0.02; done; for n in $(seq 2000); do echo line $n; done; \
                  touch written; until [ -e go ]; do sleep 0.02; done; echo last";
    let id = room.shell(&[], script);
    wait_for("the first line", PATIENCE, || room.stdout_of(&id) == b"first\n");
    server.stop();
    room.write("away", "");
    wait_for("the rest", PATIENCE, || room.work().join("written").exists());
    room.write("go", "");
    wait_for("the end of the job", PATIENCE, || room.processes_of(&id).is_empty());
    server.cont();
    assert_eq!(room.job_in(&id, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    let lines: String = (1..=2000).map(|n| format!("line {n}\n")).collect();
    assert!(room.stdout_of(&id) == format!("first\n{lines}last\n").into_bytes());
}

#[test]
fn a_server_that_forgets_everything_gets_its_workers_back() {
    let mut server = Server::start();
    let room = Room::new(&server);
    let mut worker = room.ready_worker(&["-c", "1", "--lease", "10s"]);
    let lost = room.shell(&[], "touch up; sleep 1000");
    wait_for("the job", PATIENCE, || room.work().join("up").exists());
    // Without persistence: all is gone, the job and the worker's registration too.
    server.restart();
    wait_for("the job's tree to be gone", BACK, || room.processes_of(&lost).is_empty());
    is_not_deaf(&room, &mut worker, "default");
    room.jobq(["status", &lost]).run().status(66);
}

#[test]
fn a_worker_without_a_url_uses_the_local_store_and_outlives_its_server() {
    let room = Room::local();
    let mut worker = room.ready_worker(&[]);
    let server = || jobq::local::describe(&room.place()).unwrap().pid;
    let first = server().expect("a server");
    for _ in 0..3 {
        is_not_deaf(&room, &mut worker, "default");
    }
    // It does not count among what jobs leave behind.
    assert_eq!(server(), Some(first));
    let engine = engine_of(worker.pid());
    signal(first, Signal::KILL);
    worker.wait_stderr("Redis is not answering", BACK);
    wait_for("the server to be gone", PATIENCE, || !alive(first));
    // The next command starts the server again, with its data; the worker finds it.
    is_not_deaf(&room, &mut worker, "default");
    assert!(alive(engine) && engine_of(worker.pid()) == engine);
    // The server that a worker brought back ends with it; the next command has its data.
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
    let id = room.enqueue(["--", "true"]);
    assert_eq!(room.job(&id).state(), "PENDING");
}

#[test]
fn the_local_store_outlives_the_worker_that_started_it() {
    let room = Room::local();
    room.burst(&[]);
    let server = jobq::local::describe(&room.place()).unwrap().pid.expect("a server");
    let id = room.enqueue(["--", "true"]);
    room.burst(&[]);
    assert_eq!(room.job(&id).state(), "SUCCESS");
    assert_eq!(jobq::local::describe(&room.place()).unwrap().pid, Some(server));
}

#[test]
fn a_run_that_a_restored_server_forgot_goes_on_and_nobody_starts_it_again() {
    let mut server = Server::start();
    let room = Room::new(&server);
    let oracle = Oracle::new(&room.work());
    let mut workers: Vec<Running> =
        (0..3).map(|_| room.ready_worker(&["-c", "2", "--lease", "30s"])).collect();
    // As many as a claim may take, and not started when the snapshot is taken.
    room.jobq(["control", "pause", "default"]).run().status(0);
    let ids: Vec<String> = (0..4)
        .map(|_| room.shell(&[], &oracle.script("until [ -e go ]; do note B; sleep 0.02; done")))
        .collect();
    let snapshot = server.snapshot();
    room.jobq(["control", "resume", "default"]).run().status(0);
    wait_for("all to run", PATIENCE, || oracle.counts().0 == 4);
    server.restore(&snapshot);
    for id in &ids {
        assert_eq!(room.job_in(id, "STARTED", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    }
    room.jobq(["control", "resume", "default"]).run().status(0);
    // Whatever the others can take is taken before the end of the first.
    let more = room.enqueue(["--", "true"]);
    room.job_in(&more, "SUCCESS", BACK);
    room.write("go", "");
    for id in &ids {
        assert_eq!(room.job_in(id, "SUCCESS", PATIENCE).counters(), [1, 0, 0, 0, 0]);
    }
    oracle.verdict(&ids).assert_exactly_once();
    is_not_deaf(&room, &mut workers[0], "default");
}
