//! Hooks and alerts: made in the step that ends the parent, run once, whoever dies.

use crate::support::books::{Books, NAMESPACE};
use crate::support::{PATIENCE, Room, Running, Server, Signal, engine_of, invariants, signal, wait_for};

const FLAKY: &str = r#"
[tasks.flaky]
command = ["sh", "-c", "echo out $JOBQ_ATTEMPT; exit $JOBQ_ARG_CODE"]
params = { code = "integer", who = { type = "string", default = "me" } }
timeout = "20s"
on_success = ["sh", "hook.sh", "{who}"]
on_failure = ["sh", "hook.sh", "{who}"]
on_retry = ["sh", "hook.sh", "{who}"]
"#;

const HOOK: &str = "tail=$(cat); echo $JOBQ_EVENT $JOBQ_PARENT_ID $JOBQ_PARENT_STATE \
                    $JOBQ_PARENT_ATTEMPT $JOBQ_PARENT_DETAIL $1 $tail >>events\n";

/// Kills both halves of a worker, with no chance to say anything.
fn kill_both(worker: &Running) {
    let engine = engine_of(worker.pid());
    worker.signal(Signal::KILL);
    signal(engine, Signal::KILL);
}

/// How many jobs there are for this event.
fn made(server: &Server, event: &str) -> usize {
    let books = Books::read(&mut server.client());
    let mark = format!(".{event}");
    books.family("job:").filter(|id| id.contains(&mark)).count()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn each_event_runs_its_hook_once_with_the_facts_and_the_tail() {
    assert_eq!(NAMESPACE, "t");
    let server = Server::start();
    let room = Room::with_tasks(&server, FLAKY);
    room.write("hook.sh", HOOK);
    let worker = room.ready_worker(&["-c", "2"]);
    let bad = room.enqueue(["--retries", "1", "--retry-delay", "0s", "flaky", "code:=4", "who=$(id)"]);
    let good = room.enqueue(["flaky", "code:=0"]);
    let events = room.lines_in("events", 3);
    assert_eq!(
        sorted(&events),
        [
            format!("failure {bad} FAILURE 2 4 $(id) out 2"),
            // The tail is read when the hook runs: the second attempt may have ended by then.
            sorted(&events)[1].clone(),
            format!("success {good} SUCCESS 1 0 me out 1"),
        ]
    );
    assert!(sorted(&events)[1].starts_with(&format!("retry {bad} RETRY 1 4 $(id) out ")), "{events}");
    for hook in [format!("{bad}.failure"), format!("{bad}.retry.1"), format!("{good}.success")] {
        let job = room.job_in(&hook, "SUCCESS", PATIENCE);
        assert_eq!((job.0["queue"].as_str(), job.counters()), (Some("hooks"), [1, 0, 0, 0, 0]));
    }
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
    assert_eq!(room.read("events").lines().count(), 3);
    invariants::check(&mut server.client());
}

#[test]
fn a_hook_outlives_the_worker_that_ended_its_parent() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FLAKY);
    room.write("hook.sh", format!("[ -e again ] || {{ touch begun; exec sleep 1000; }}\n{HOOK}"));
    let first = room.ready_worker(&["-c", "1", "--lease", "2s"]);
    let id = room.enqueue(["flaky", "code:=3"]);
    wait_for("the hook to run", PATIENCE, || room.work().join("begun").exists());
    kill_both(&first);
    room.write("again", "");
    let _second = room.ready_worker(&["-c", "1", "--lease", "2s"]);
    room.lines_in("events", 1);
    let job = room.job_in(&format!("{id}.failure"), "SUCCESS", PATIENCE);
    assert_eq!(job.number("losses"), 1);
    assert_eq!(room.read("events"), format!("failure {id} FAILURE 1 3 me out 1\n"));
    assert_eq!(made(&server, "failure"), 1);
    invariants::check(&mut server.client());
}

#[test]
fn a_failing_hook_is_seen_and_tried_again_in_bounds() {
    let server = Server::start();
    let room = Room::with_tasks(&server, FLAKY);
    room.write("hook.sh", "exit 7");
    let _worker = room.ready_worker(&["-c", "1"]);
    let id = room.enqueue(["flaky", "code:=3"]);
    let hook = format!("{id}.failure");
    room.job_in(&id, "FAILURE", PATIENCE);
    let job = room.job_in(&hook, "RETRY", PATIENCE);
    assert_eq!((job.number("retries"), job.number("failures"), job.outcome()), (3, 1, "exit"));
    let shown = room.jobq(["status", &hook]).run().status(0).stdout_text();
    assert!(shown.contains("exit code 7"), "{shown}");
    // A hook has no hooks.
    assert_eq!((made(&server, "failure"), made(&server, "retry")), (1, 0));
    invariants::check(&mut server.client());
}

#[test]
fn a_hook_runs_although_every_slot_is_busy_and_past_its_tasks_limit() {
    let server = Server::start();
    let room = Room::with_tasks(&server, &FLAKY.replace("20s", "1s"));
    room.write("hook.sh", format!("until [ -e busy ]; do sleep 0.02; done; sleep 1.5\n{HOOK}"));
    let id = room.enqueue(["flaky", "code:=3"]);
    let long = room.shell(&[], "touch busy; until [ -e events ]; do sleep 0.02; done");
    let _worker = room.ready_worker(&["-c", "1"]);
    room.job_in(&long, "SUCCESS", PATIENCE);
    let job = room.job_in(&format!("{id}.failure"), "SUCCESS", PATIENCE);
    assert_eq!(job.number("attempt"), 1);
}

const PAGED: &str = r#"
[tasks.t]
command = ["sh", "-c", "exit $JOBQ_ARG_CODE"]
params = { code = "integer" }
alert = { RULE, command = ["sh", "page.sh"] }
"#;

fn paged(server: &Server, rule: &str) -> Room {
    let room = Room::with_tasks(server, &PAGED.replace("RULE", rule));
    room.write("page.sh", "echo $JOBQ_EVENT: $JOBQ_ALERT_REASON >>pages\n");
    room
}

#[test]
fn three_failures_in_a_row_page_once_and_recovery_once_over_five_workers() {
    let server = Server::start();
    let room = paged(&server, "consecutive_failures = 3");
    let workers: Vec<Running> = (0..5).map(|_| room.ready_worker(&["-c", "1", "--lease", "2s"])).collect();
    let run = |code: u32| room.enqueue(["t", &format!("code:={code}")]);
    let mut ids: Vec<String> = (0..2).map(|_| run(1)).collect();
    for id in &ids {
        room.job_in(id, "FAILURE", PATIENCE);
    }
    assert_eq!(made(&server, "alert"), 0);
    kill_both(&workers[0]);
    ids.extend((0..4).map(|_| run(1)));
    for id in &ids {
        room.job_in(id, "FAILURE", PATIENCE);
    }
    assert_eq!((made(&server, "alert"), made(&server, "recovery")), (1, 0));
    for _ in 0..2 {
        room.job_in(&run(0), "SUCCESS", PATIENCE);
    }
    assert_eq!((made(&server, "alert"), made(&server, "recovery")), (1, 1));
    assert_eq!(sorted(&room.lines_in("pages", 2)), ["alert: 3 failures in a row", "recovery:"]);
    invariants::check(&mut server.client());
}

#[test]
fn a_flapping_task_is_caught_by_a_rate_of_failures() {
    let server = Server::start();
    let both = PAGED.replace("RULE", "failures = \"3 of 10\"")
        + &PAGED.replace("RULE", "consecutive_failures = 3").replace("tasks.t", "tasks.row");
    let room = Room::with_tasks(&server, &both);
    room.write("page.sh", "echo $JOBQ_EVENT $JOBQ_TASK: $JOBQ_ALERT_REASON >>pages\n");
    for task in ["t", "row"] {
        for code in [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0] {
            room.enqueue([task, &format!("code:={code}")]);
        }
    }
    room.burst(&["-c", "1"]);
    assert_eq!((made(&server, "alert"), made(&server, "recovery")), (1, 0));
    room.burst(&["--idle", "1s"]);
    assert_eq!(room.read("pages"), "alert t: 3 failures in the last 5\n");
    invariants::check(&mut server.client());
}

#[test]
fn a_run_much_slower_than_the_others_pages() {
    let server = Server::start();
    let room = paged(&server, "slower_than = \"3x median\"");
    let toml = room.read("jobq.toml").replace("exit $JOBQ_ARG_CODE", "sleep 0.$JOBQ_ARG_CODE; exit 0");
    room.write("jobq.toml", toml);
    for code in [1, 1, 1, 1, 1, 9, 1] {
        room.enqueue(["t", &format!("code:={code}")]);
    }
    let _worker = room.ready_worker(&["-c", "1"]);
    let pages = sorted(&room.lines_in("pages", 2));
    assert!(pages[0].starts_with("alert: took ") && pages[1] == "recovery:", "{pages:?}");
    assert_eq!((made(&server, "alert"), made(&server, "recovery")), (1, 1));
}
