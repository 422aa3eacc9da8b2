//! Beats on a real server: one job for each tick, whatever happens to them.

mod failover;
pub mod owners;
pub mod storm;

use std::time::{Duration, Instant};

use jobq::core::schedule::{Missed, Overlap, Rule};
use jobq::core::store::By;

use crate::support::beats::{Stage, kill, schedule, ticks};
use crate::support::{PATIENCE, Server, Signal, invariants, wait_for};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

#[test]
fn what_was_missed_in_a_minute_a_day_or_a_year_is_counted_exactly() {
    let server = Server::start();
    let stage = Stage::new(&server);
    let every_minute = |name: &str, missed| {
        let mut one = schedule(name, Rule::Cron { text: "* * * * *".into(), crontab: false });
        one.missed = missed;
        // Only the first job is made at once; the others wait for it and need no worker.
        one.overlap = Overlap::Queue;
        one
    };
    let spans = [("minute", MINUTE), ("day", DAY), ("year", 365 * DAY)];
    let policies = [("once", Missed::Once), ("all", Missed::All), ("skip", Missed::Skip)];
    let mut all = Vec::new();
    for (span, _) in spans {
        all.extend(policies.map(|(policy, missed)| every_minute(&format!("{span}-{policy}"), missed)));
    }
    stage.publish(&all);
    // As if nobody had been there for so long: the first tick in question is the one after.
    let mut firsts = std::collections::BTreeMap::new();
    let now_ms = stage.now_ms();
    for (span, length_ms) in spans {
        for (policy, _) in policies {
            let name = format!("{span}-{policy}");
            let first = (now_ms - length_ms).div_euclid(MINUTE) * MINUTE;
            server.cli(&["ZADD", "jobq:{t}:due", &first.to_string(), &name]);
            server.cli(&["HSET", &format!("jobq:{{t}}:schedule:{name}"), "due", &first.to_string()]);
            firsts.insert(name, first);
        }
    }
    let beat = stage.beat().spawn();
    stage.wait_past(now_ms);
    let lines = beat.stderr_lines().len();
    assert!(lines < 1_000, "{lines} lines of log");
    kill(beat);
    let made = ticks(&mut server.client());
    for (name, first) in firsts {
        let report = stage.report(&name);
        let last = report.last_ms.unwrap();
        let due = u64::try_from((last - first) / MINUTE + 1).unwrap();
        assert_eq!(report.fired + report.skipped + report.missed, due, "{name}: {report:?}");
        let own = made.get(&name).map_or(0, |ticks| ticks.len() as u64);
        assert_eq!(own, report.fired, "{name}");
        // Within the last minute each tick fires by itself; a beat that is slow to start may
        // find one or two of those.
        let late = if name.starts_with("minute") { 0..=1 } else { 1..=u64::MAX };
        match name.rsplit('-').next().unwrap() {
            "once" => assert!((1..=4).contains(&report.fired) && report.skipped == 0, "{name}: {report:?}"),
            "skip" => assert!(report.fired <= 3 && report.skipped == 0, "{name}: {report:?}"),
            _ if name.starts_with("minute") => assert_eq!(report.missed, 0, "{name}"),
            // The hundred newest; what is due beside them finds a hundred waiting already.
            _ => assert!(report.fired == 101 || report.fired == 100, "{name}: {report:?}"),
        }
        assert!(
            !name.ends_with("skip") || late.contains(&report.missed) || report.missed == 2,
            "{name}: {report:?}"
        );
    }
    invariants::check(&mut server.client());
}

#[test]
fn a_wrong_clock_of_a_beats_host_changes_nothing() {
    let server = Server::options().clock_shift().start();
    let stage = Stage::new(&server);
    stage.publish(&[schedule("s", Rule::Every(1_000))]);
    let first = stage.report("s").next_ms.unwrap();
    // The host's clock is seven hours ahead, or the server's seven behind: the same to a beat.
    let shim = server.dir().join("clockshift.so");
    let offset = stage.room.write("offset", (7_i64 * 3_600).to_ne_bytes());
    let beat = stage.beat().env("LD_PRELOAD", shim).env("CLOCKSHIFT_FILE", offset).spawn();
    let report = stage.wait_report("s", "five ticks", |report| report.fired >= 5);
    kill(beat);
    assert_eq!((report.missed, report.skipped), (0, 0));
    let made = ticks(&mut server.client()).remove("s").unwrap();
    let expected: Vec<i64> = (0..made.len() as i64).map(|number| first + number * 1_000).collect();
    assert_eq!(made.keys().copied().collect::<Vec<_>>(), expected);
    assert!(report.lag_ms.unwrap() < 60_000, "{report:?}");
}

#[test]
fn a_jump_of_the_servers_clock_doubles_nothing_and_floods_no_log() {
    let server = Server::options().clock_shift().start();
    let stage = Stage::new(&server);
    stage.publish(&[schedule("s", Rule::Every(1_000))]);
    let first = stage.report("s").next_ms.unwrap();
    let beat = stage.beat().spawn();
    stage.wait_report("s", "a tick", |report| report.fired >= 2);
    server.set_offset(3_600);
    // What lies between was missed: the newest of it fires for all, then those of the last
    // minute each by itself.
    stage.wait_report("s", "the missed ones", |report| report.missed > 3_000);
    let now_ms = stage.now_ms();
    stage.wait_past(now_ms);
    server.set_offset(-3_600);
    beat.wait_stderr("the server's clock jumped", PATIENCE);
    let before = stage.report("s");
    let looked = Instant::now();
    wait_for("two more seconds of the beat", PATIENCE, || looked.elapsed() > Duration::from_secs(2));
    let after = stage.report("s");
    assert_eq!(before.fired, after.fired, "nothing is repeated");
    // What the jump had passed over is to come.
    assert!(after.next_ms.is_some_and(|next| next > first), "{after:?}");
    server.set_offset(3_600 + 2);
    stage.wait_report("s", "another tick", |report| report.fired > after.fired);
    let lines = beat.stderr_lines().len();
    assert!(lines < 1_000, "{lines} lines of log");
    kill(beat);
    let report = stage.report("s");
    let due = u64::try_from((report.last_ms.unwrap() - first) / 1_000 + 1).unwrap();
    // Each was counted once, and once more what each jump forward passed over.
    assert!((due..=2 * due).contains(&(report.fired + report.skipped + report.missed)), "{report:?}");
    let made = ticks(&mut server.client()).remove("s").unwrap();
    assert!(made.values().all(|times| *times == 1));
    assert_eq!(made.len() as u64, report.fired);
}

#[test]
fn two_files_side_by_side_make_each_tick_once_and_tell_of_their_difference() {
    let server = Server::start();
    let stage = Stage::new(&server);
    let file = "[schedules.s]\nevery = \"1s\"\ncommand = [\"true\"]\n";
    let one = stage.beat_with("old.toml", file).spawn();
    stage.wait_report("s", "a tick", |report| report.fired >= 1);
    let first = *ticks(&mut server.client())["s"].keys().next().unwrap();
    let two = stage.beat_with("new.toml", &format!("{file}priority = 7\n")).spawn();
    one.wait_stderr("another file was published", PATIENCE);
    let so_far = stage.report("s").fired;
    let report = stage.wait_report("s", "ticks of both", |report| report.fired >= so_far + 3);
    assert_eq!(report.definition.unwrap().job.priority, 7, "the last one counts");
    wait_for("the drift to be told", PATIENCE, || {
        let beats = stage.run(stage.store.beats()).unwrap();
        beats.beats.iter().any(|beat| beat.drift == ["file"])
    });
    assert_eq!(one.stderr_lines().iter().filter(|line| line.contains("another file")).count(), 1);
    // At HUP it publishes again what it says.
    one.signal(Signal::HUP);
    two.wait_stderr("another file was published", PATIENCE);
    kill(one);
    kill(two);
    let report = stage.report("s");
    let made = ticks(&mut server.client()).remove("s").unwrap();
    let due = (report.last_ms.unwrap() - first) / 1_000 + 1;
    assert_eq!((made.len() as i64, made.values().all(|times| *times == 1)), (due, true));
}

#[test]
fn a_beat_leaves_at_once_and_the_next_one_leads() {
    let server = Server::start();
    let stage = Stage::new(&server);
    let leader = || stage.run(stage.store.beats()).unwrap().beats.into_iter().find(|beat| beat.leads);
    let one = stage.beat().spawn();
    wait_for("a leader", PATIENCE, || leader().is_some());
    let pid = one.pid();
    assert_eq!(leader().unwrap().pid, pid);
    let two = stage.beat().spawn();
    wait_for("the other", PATIENCE, || stage.run(stage.store.beats()).unwrap().beats.len() == 2);
    one.signal(Signal::TERM);
    one.wait_exit(Duration::from_secs(20)).status(0);
    wait_for("another leader", PATIENCE, || leader().is_some_and(|beat| beat.pid == two.pid()));
    // Also while Redis does not answer.
    server.stop();
    two.signal(Signal::TERM);
    two.wait_exit(Duration::from_secs(20)).status(0);
    server.cont();
}

#[test]
fn changes_are_seen_without_waiting_for_anything() {
    let server = Server::start();
    let stage = Stage::new(&server);
    let far = schedule("far", Rule::At(4_000_000_000_000));
    stage.publish(std::slice::from_ref(&far));
    let beat = stage.beat().spawn();
    wait_for("the beat", PATIENCE, || !stage.run(stage.store.beats()).unwrap().beats.is_empty());
    stage.publish(&[far, schedule("s", Rule::Every(500))]);
    stage.wait_report("s", "a tick", |report| report.fired >= 1);
    let by = By { user: "ann".into(), host: "h".into(), why: String::new() };
    let name = jobq::core::name::Name::new("s").unwrap();
    stage.run(stage.store.schedule_pause(&name, &by, None)).unwrap();
    let fired = stage.report("s").fired;
    stage.wait_report("s", "skipped ticks", |report| report.skipped >= 2);
    assert_eq!(stage.report("s").fired, fired);
    stage.run(stage.store.schedule_resume(&name, &by)).unwrap();
    stage.wait_report("s", "ticks again", |report| report.fired > fired);
    kill(beat);
}

#[test]
fn a_missing_success_runs_the_alarms_command_and_a_success_ends_it() {
    let server = Server::start();
    let stage = Stage::new(&server);
    let mut fails = schedule("s", Rule::Every(1_000));
    let say = "printf '%s %s %s\\n' \"$JOBQ_EVENT\" \"$JOBQ_SCHEDULE\" \"${JOBQ_ALERT_REASON:+r}\" >>told";
    let work = stage.room.work();
    let here = jobq::core::bytes::Bytes(std::os::unix::ffi::OsStrExt::as_bytes(work.as_os_str()).to_vec());
    fails.job.argv = ["sh", "-c", "test -e good"].map(Into::into).to_vec();
    fails.job.cwd = Some(here);
    fails.alert_after_ms = Some(100);
    fails.alert_command = ["sh", "-c", say].map(Into::into).to_vec();
    stage.publish(&[fails]);
    let beat = stage.beat().spawn();
    // Any worker that may run commands will do: it needs no task, nor to be told of such jobs.
    let refusing = stage.room.ready_worker(&["-q", "other", "--tasks-only"]);
    let worker = stage.room.ready_worker(&["-q", "q", "-c", "2"]);
    assert_eq!(stage.room.lines_in("told", 1), "alert s r\n");
    stage.room.write("good", "");
    let told = stage.room.lines_in("told", 2);
    assert_eq!(told, "alert s r\nrecovery s \n");
    kill(beat);
    drop((worker, refusing));
}

#[test]
fn jobs_of_one_schedule_never_run_side_by_side_however_their_workers_die() {
    let counts = owners::owners(6);
    assert!(counts.overlapping == 0 && counts.runs > 18, "{counts:?}");
}

/// The server's clock runs a year ahead for a while and is set right again: what was passed over
/// is not silent for a year, and no tick makes two jobs.
#[test]
fn a_clock_that_was_far_ahead_and_is_set_back_leaves_no_schedule_silent() {
    let server = Server::options().clock_shift().start();
    let stage = Stage::new(&server);
    let year_s = 365 * 86_400;
    let once = |name: &str, at_ms: i64| {
        let mut one = schedule(name, Rule::At(at_ms));
        one.missed = Missed::Skip;
        one
    };
    let start_ms = stage.now_ms();
    stage.publish(&[schedule("s", Rule::Every(1_000)), once("o", start_ms + 30_000)]);
    let beat = stage.beat().spawn();
    stage.wait_report("s", "a tick", |report| report.fired >= 2);
    server.set_offset(year_s);
    let ahead = stage.wait_report("s", "ticks a year ahead", |report| {
        report.missed > 30_000_000 && report.last_ms.is_some_and(|last| report.now_ms - last < 30_000)
    });
    stage.wait_report("o", "the missed one", |report| report.missed == 1 && report.next_ms.is_none());
    server.set_offset(0);
    let back = stage.wait_report("s", "ticks of today", |report| {
        report.last_ms.is_some_and(|last| last < start_ms + 1_000_000_000) && report.fired > ahead.fired + 3
    });
    assert!(back.next_ms.unwrap() < start_ms + 1_000_000_000, "{back:?}");
    // What the jump had passed over comes after all, once.
    stage.wait_report("o", "the one that was passed over", |report| report.fired == 1);
    // Whoever sets the clock ahead again finds what was done then done.
    let seen = stage.report("s");
    server.set_offset(year_s - 20);
    stage.wait_report("s", "ticks beyond those of then", |report| {
        report.last_ms.is_some_and(|last| last > ahead.last_ms.unwrap() + 3_000) && report.fired > seen.fired
    });
    let lines = beat.stderr_lines().len();
    assert!(lines < 1_000, "{lines} lines of log");
    kill(beat);
    let made = ticks(&mut server.client());
    assert!(made.values().flatten().all(|(_, jobs)| *jobs == 1), "{made:?}");
    let events = stage.room.jobq(["inspect", "events", "--limit", "1000"]).run().status(0).stdout_text();
    assert!(events.contains("clock_back"), "{events}");
    invariants::check(&mut server.client());
}

#[test]
fn a_beat_refuses_a_server_that_may_forget_its_schedules() {
    let server = Server::options().config("maxmemory-policy allkeys-lru").start();
    let refused = Stage::new(&server).beat().run().status(78);
    assert!(refused.stderr_text().contains("maxmemory-policy allkeys-lru"), "{refused}");
}

#[test]
fn each_tick_makes_one_job_while_beats_are_stopped_killed_and_cut_off() {
    let size = storm::Size {
        beats: 3,
        schedules: 20,
        lasts: Duration::from_secs(12),
        calm: Duration::from_millis(500),
        seed: 4,
    };
    let counts = storm::storm(&size);
    assert!(counts.expected >= 200 && counts.faults > 3, "{counts:?}");
    assert_eq!((counts.missing, counts.doubled, counts.unexpected), (0, 0, 0), "{counts:?}");
}
