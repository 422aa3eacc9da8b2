//! Beats while the primary of a Sentinel scene or of a Cluster dies, stands still, or hands the
//! slot of their namespace over: each tick makes one job, and workers consume on.

use std::collections::BTreeSet;
use std::time::Instant;

use jobq::core::name::Name;
use jobq::core::schedule::{Definition, Missed, Overlap, Rule};

use crate::support::beats::{Stage, kill, schedule, ticks};
use crate::support::books::NAMESPACE;
use crate::support::resp::Client;
use crate::support::{ClusterScene, Oracle, PATIENCE, Running, SentinelScene, Server, invariants, wait_for};

const EACH_MS: i64 = 2_000;
const SLOTS: &str = "4";

/// Two beats and a worker at work on a server that is about to change.
struct Play {
    stage: Stage,
    oracle: Oracle,
    definitions: Vec<Definition>,
    firsts: Vec<i64>,
    beats: Vec<Running>,
    worker: Running,
    /// Jobs that had ended, as so many replicas knew, before anything happened.
    safe: Vec<String>,
}

impl Play {
    /// Returns when all that has ended so far is on `replicas`.
    #[track_caller]
    fn begin(url: &str, replicas: u32) -> Play {
        let stage = Stage::at(url);
        let oracle = Oracle::new(&stage.room.work());
        let script = oracle.script("true");
        let definition = |number: usize| {
            let mut one = schedule(&format!("s{number}"), Rule::Every(EACH_MS as u64));
            one.overlap = if number < 3 { Overlap::Queue } else { Overlap::Allow };
            // However long the vote takes, what was missed meanwhile is made up for.
            (one.missed, one.missed_max) = (Missed::All, 1_000);
            one.job.argv = ["sh", "-c", &script].map(Into::into).to_vec();
            one
        };
        let definitions: Vec<Definition> = (0..6).map(definition).collect();
        stage.publish(&definitions);
        let firsts = definitions.iter().map(|one| stage.report(one.name.as_str()).next_ms.unwrap()).collect();
        let beats = (0..2).map(|_| stage.beat().spawn()).collect();
        let worker = stage.room.ready_worker(&["-q", "q", "-c", SLOTS, "--lease", "4s"]);
        let mut play = Play { stage, oracle, definitions, firsts, beats, worker, safe: Vec::new() };
        wait_for("jobs that have ended", PATIENCE, || {
            play.safe = play.ended();
            play.safe.len() >= 12
        });
        let names: Vec<Name> = play.safe.iter().map(|id| Name::new(id.as_str()).unwrap()).collect();
        let have = play.stage.run(play.stage.store.replicated(&names, replicas, PATIENCE)).unwrap();
        assert!(have.is_some_and(|have| have >= u64::from(replicas)), "{have:?}");
        play
    }

    /// The ids of jobs whose success the store has.
    fn ended(&self) -> Vec<String> {
        let page = self.stage.room.jobq(["inspect", "jobs", "--state", "SUCCESS", "--json"]).run();
        let lines = page.stdout_text();
        let jobs = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        jobs.map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a tick that is still to come has made a job that ran.
    #[track_caller]
    fn goes_on(&self) {
        let (back, now_ms) = (Instant::now(), self.stage.now_ms());
        let one = &self.definitions[5];
        let after = (now_ms - self.firsts[5]).div_euclid(EACH_MS) + 1;
        let id = one.job_id(self.firsts[5] + after * EACH_MS);
        wait_for("a new tick's job to run", 2 * PATIENCE, || {
            self.oracle.lines().iter().any(|line| line.kind == 'E' && line.id == id.as_str())
        });
        eprintln!("a tick ran {} ms after the change", back.elapsed().as_millis());
    }

    /// Ends it all and counts; `primary` is where everything is now.
    #[track_caller]
    fn end(self, mut primary: Client) {
        let Play { stage, oracle, definitions, firsts, mut beats, worker, safe } = self;
        let end_ms = stage.now_ms();
        stage.wait_past(end_ms);
        for beat in &mut beats {
            assert!(!beat.has_ended(), "{:#?}", beat.stderr_lines());
        }
        beats.into_iter().for_each(kill);
        // The report of a job that no replica had is lost with the old primary: the job is run
        // again when its worker is gone.
        drop(worker);
        let _successor = stage.room.ready_worker(&["-q", "q", "-c", SLOTS, "--lease", "4s"]);
        let made = ticks(&mut primary);
        let mut ids = Vec::new();
        for (definition, first) in definitions.iter().zip(firsts) {
            let own = &made[definition.name.as_str()];
            let last = *own.keys().last().unwrap();
            assert!(last + EACH_MS > end_ms, "{}: {last} of {end_ms}", definition.name);
            let expected: Vec<i64> = (first..=last).step_by(EACH_MS as usize).collect();
            assert_eq!(own.keys().copied().collect::<Vec<_>>(), expected, "{}", definition.name);
            assert!(own.values().all(|times| *times == 1), "{}: {own:?}", definition.name);
            ids.extend(expected.into_iter().map(|tick| definition.job_id(tick).to_string()));
        }
        wait_for("all jobs to end", 2 * PATIENCE, || {
            let open = ["PENDING", "STARTED", "BLOCKED", "RETRY"].map(|state| format!("--state={state}"));
            let page = stage.room.jobq(["inspect", "jobs", "--json"]).args(open).run();
            page.code == Some(0) && page.stdout.is_empty()
        });
        let verdict = oracle.verdict(&ids);
        assert_eq!((&verdict.lost, &verdict.overlap, &verdict.unexpected), (&vec![], &vec![], &vec![]));
        let repeated: BTreeSet<String> = verdict.repeated.into_iter().collect();
        assert!(repeated.len() <= 8, "more than two rounds of all slots: {repeated:?}");
        let again: Vec<&String> = safe.iter().filter(|id| repeated.contains(*id)).collect();
        assert!(again.is_empty(), "on the replicas, and run again: {again:?}");
        invariants::check(&mut primary);
        eprintln!("{} ticks, {} jobs run again", ids.len(), repeated.len());
    }
}

#[test]
fn a_primary_under_sentinels_that_dies_and_returns_costs_no_tick_and_doubles_none() {
    let mut scene = SentinelScene::options().replicas(2).start();
    let play = Play::begin(&scene.url(), 2);
    let old = scene.primary();
    scene.node(old).kill9();
    let new = scene.primary_after(old);
    play.goes_on();
    // It takes itself for the primary until a Sentinel tells it better.
    scene.node(old).restart();
    scene.wait_settled();
    play.goes_on();
    play.end(scene.node(new).client());
}

#[test]
fn a_primary_under_sentinels_that_stands_still_and_wakes_gets_no_tick_any_more() {
    let mut scene = SentinelScene::options().replicas(2).start();
    let play = Play::begin(&scene.url(), 2);
    let old = scene.primary();
    scene.node(old).stop();
    let new = scene.primary_after(old);
    play.goes_on();
    scene.node(old).cont();
    scene.wait_settled();
    play.goes_on();
    play.end(scene.node(new).client());
}

#[test]
fn a_primary_of_a_cluster_that_dies_and_a_slot_that_moves_cost_no_tick_and_double_none() {
    let mut scene = ClusterScene::start(NAMESPACE, 2);
    let play = Play::begin(&scene.url(), 2);
    let old = scene.owner(NAMESPACE);
    scene.node(old).kill9();
    let new = scene.owner_after(old, NAMESPACE);
    play.goes_on();
    scene.node(old).restart();
    scene.wait_whole();
    let to = scene.nodes().iter().map(|node| node.port()).find(|port| ![old, new].contains(port));
    let to = to.expect("another primary");
    scene.begin_move(NAMESPACE, new, to);
    for beat in &play.beats {
        beat.wait_stderr("is moving to another node", PATIENCE);
    }
    wait_for("all keys to move", PATIENCE, || !scene.move_keys(NAMESPACE, new, to, 50));
    scene.end_move(NAMESPACE, new, to);
    play.goes_on();
    play.end(scene.node(to).client());
}

#[test]
fn a_primary_without_replicas_that_refuses_writes_costs_no_tick_and_doubles_none() {
    let primary = Server::options().tcp().config("repl-diskless-sync-delay 0").start();
    let replica = Server::options().config(&format!("replicaof 127.0.0.1 {}", primary.port())).start();
    wait_for("the replica", PATIENCE, || primary.cli(&["WAIT", "1", "100"]).int() == 1);
    for (name, value) in [("min-replicas-to-write", "1"), ("min-replicas-max-lag", "2")] {
        primary.cli(&["CONFIG", "SET", name, value]).text();
    }
    let stage = Stage::new(&primary);
    let mut often = schedule("s", Rule::Every(1_000));
    (often.missed, often.missed_max) = (Missed::All, 1_000);
    stage.publish(&[often]);
    let first = stage.report("s").next_ms.unwrap();
    let beat = stage.beat().spawn();
    stage.wait_report("s", "two ticks", |report| report.fired >= 2);
    replica.stop();
    beat.wait_stderr("NOREPLICAS", PATIENCE);
    let before = stage.report("s").fired;
    replica.cont();
    stage.wait_report("s", "ticks again", |report| report.fired >= before + 3);
    kill(beat);
    let own = ticks(&mut primary.client()).remove("s").unwrap();
    let expected: Vec<i64> = (0..own.len() as i64).map(|number| first + number * 1_000).collect();
    assert_eq!(own.keys().copied().collect::<Vec<_>>(), expected);
    assert!(own.values().all(|times| *times == 1), "{own:?}");
}
