//! What goes wrong, and how it is set right again.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::stage::{Rng, Stage, lock};
use crate::support::books::NAMESPACE;
use crate::support::resp::Client;
use crate::support::{Mode, Signal, signal};

/// A kind of fault: its name, and what it does. It ends with everything set right.
pub type Kind = (&'static str, fn(&Stage, &mut Rng));

/// What happens to processes of workers.
pub const OF_WORKERS: [Kind; 9] = [
    ("kill engine", kill_engine),
    ("kill guardian", kill_guardian),
    ("kill both halves", kill_both),
    ("stop engine shortly", |stage, rng| stop(stage, rng, "stop engine shortly", [false, true], false)),
    ("stop guardian shortly", |stage, rng| stop(stage, rng, "stop guardian shortly", [true, false], false)),
    ("stop engine past its lease", |stage, rng| {
        stop(stage, rng, "stop engine past its lease", [false, true], true);
    }),
    ("stop guardian past its lease", |stage, rng| {
        stop(stage, rng, "stop guardian past its lease", [true, false], true);
    }),
    ("stop both halves past their lease", |stage, rng| {
        stop(stage, rng, "stop both halves past their lease", [true, true], true);
    }),
    ("TERM to a worker", term),
];

/// What happens to Redis.
pub const OF_REDIS: [Kind; 13] = [
    ("kill Redis", kill_redis),
    ("freeze Redis", freeze_redis),
    ("LOADING", loading),
    ("READONLY", readonly),
    ("OOM", out_of_memory),
    ("MISCONF", misconf),
    ("max clients", max_clients),
    ("changed password", password),
    ("SCRIPT FLUSH", script_flush),
    ("CLIENT KILL", client_kill),
    ("CLIENT PAUSE", client_pause),
    ("clock jump by an hour", |stage, rng| clock(stage, rng, "clock jump by an hour", 3_600)),
    ("clock jump by a lease", |stage, rng| clock(stage, rng, "clock jump by a lease", 3)),
];

/// What happens to connections.
pub const OF_THE_NETWORK: [Kind; 7] = [
    ("reply lost", |stage, rng| lose(stage, rng, "reply lost", false)),
    ("request lost", |stage, rng| lose(stage, rng, "request lost", true)),
    ("connections cut", |stage, rng| {
        let proxy = rng.below(stage.proxies.len());
        on_worker(stage, "connections cut", proxy, || stage.proxies[proxy].cut_all());
    }),
    ("delay", |stage, rng| {
        let delay = rng.ms(20, 300);
        network(stage, rng, "delay", Mode::Delay(delay));
    }),
    ("frozen network", |stage, rng| network(stage, rng, "frozen network", Mode::Freeze)),
    ("black hole", |stage, rng| network(stage, rng, "black hole", Mode::Blackhole)),
    ("connections refused", |stage, rng| network(stage, rng, "connections refused", Mode::Refuse)),
];

/// What happens to beats.
pub const OF_BEATS: [Kind; 2] = [("kill a beat", kill_beat), ("stop a beat", stop_beat)];

/// What a machine runs out of.
pub const NO_DESCRIPTORS: Kind = ("no descriptors", no_descriptors);
pub const FULL_DISK: Kind = ("full disk", full_disk);

/// Does one after the other, each kind as often as any other, until the storm is over.
pub fn storm(stage: &Stage, mut rng: Rng, kinds: &[Kind], rest_ms: (u64, u64)) {
    // In a new order each round, so that a short run meets every kind once.
    let mut round: Vec<Kind> = Vec::new();
    while stage.storms() {
        if round.is_empty() {
            round = kinds.to_vec();
            for place in (1..round.len()).rev() {
                round.swap(place, rng.below(place + 1));
            }
        }
        let (_, act) = round.pop().expect("not empty");
        act(stage, &mut rng);
        let until = Instant::now() + rng.ms(rest_ms.0, rest_ms.1);
        while stage.storms() && Instant::now() < until {
            sleep(Duration::from_millis(10));
        }
    }
}

/// Shorter than what harms a job.
fn short(stage: &Stage, rng: &mut Rng) -> Duration {
    rng.ms(50, millis(stage.shape.lease) / 3)
}

/// Mostly short, sometimes longer than the lease.
fn some_time(stage: &Stage, rng: &mut Rng) -> Duration {
    let lease = millis(stage.shape.lease);
    if rng.chance(75) { short(stage, rng) } else { rng.ms(lease, lease * 2) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A worker that has both halves, if there is one.
fn victim(stage: &Stage, rng: &mut Rng) -> Option<(u32, u32)> {
    let first = rng.below(stage.shape.workers);
    (0..stage.shape.workers).find_map(|step| {
        let (guardian, engine) = stage.halves((first + step) % stage.shape.workers)?;
        Some((guardian, engine?))
    })
}

fn kill_engine(stage: &Stage, rng: &mut Rng) {
    let Some((_, engine)) = victim(stage, rng) else { return };
    stage.fault("kill engine", Some(engine), || signal(engine, Signal::KILL));
}

fn kill_guardian(stage: &Stage, rng: &mut Rng) {
    let Some((guardian, engine)) = victim(stage, rng) else { return };
    stage.fault("kill guardian", Some(engine), || signal(guardian, Signal::KILL));
}

/// Stopped first, so that neither sees the other's end.
fn kill_both(stage: &Stage, rng: &mut Rng) {
    let Some((guardian, engine)) = victim(stage, rng) else { return };
    stage.fault("kill both halves", Some(engine), || {
        signal(engine, Signal::STOP);
        signal(guardian, Signal::KILL);
        signal(engine, Signal::KILL);
    });
}

fn stop(stage: &Stage, rng: &mut Rng, kind: &'static str, halves: [bool; 2], past_lease: bool) {
    let lease = millis(stage.shape.lease);
    let time = if past_lease { rng.ms(lease, lease * 3) } else { short(stage, rng) };
    let Some((guardian, engine)) = victim(stage, rng) else { return };
    let pids = [guardian, engine].into_iter().zip(halves).filter_map(|(pid, hit)| hit.then_some(pid));
    let pids: Vec<u32> = pids.collect();
    stage.fault(kind, Some(engine), || {
        pids.iter().for_each(|pid| signal(*pid, Signal::STOP));
        sleep(time);
        pids.iter().for_each(|pid| signal(*pid, Signal::CONT));
    });
}

fn term(stage: &Stage, rng: &mut Rng) {
    let Some((guardian, engine)) = victim(stage, rng) else { return };
    stage.fault("TERM to a worker", Some(engine), || signal(guardian, Signal::TERM));
}

fn kill_redis(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("kill Redis", None, || {
        let mut server = lock(&stage.server);
        server.kill9();
        sleep(time);
        server.restart();
    });
}

fn freeze_redis(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("freeze Redis", None, || {
        let server = lock(&stage.server);
        server.stop();
        sleep(time);
        server.cont();
    });
}

fn loading(stage: &Stage, rng: &mut Rng) {
    let time = rng.ms(300, 2_000);
    stage.fault("LOADING", None, || lock(&stage.server).restart_loading(time));
}

fn readonly(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("READONLY", None, || {
        held(stage, |client| {
            ask(client, &["REPLICAOF", "127.0.0.1", "1"]);
            sleep(time);
            ask(client, &["REPLICAOF", "NO", "ONE"]);
        });
    });
}

fn out_of_memory(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("OOM", None, || {
        held(stage, |client| {
            ask(client, &["CONFIG", "SET", "maxmemory", "1"]);
            sleep(time);
            ask(client, &["CONFIG", "SET", "maxmemory", "0"]);
        });
    });
}

/// A snapshot that cannot be written, so that the server refuses every write.
fn misconf(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("MISCONF", None, || {
        let in_the_way = lock(&stage.server).dir().join("dump.rdb");
        held(stage, |client| {
            let save = |client: &mut Client, want: &str| {
                let start = Instant::now();
                loop {
                    ask(client, &["BGSAVE"]);
                    sleep(Duration::from_millis(20));
                    let status = client.call(&["INFO", "persistence"]).map(|info| info.text());
                    let want = format!("rdb_last_bgsave_status:{want}");
                    if status.is_ok_and(|text| text.contains(&want))
                        || start.elapsed() > Duration::from_secs(20)
                    {
                        return;
                    }
                }
            };
            let _ = fs::remove_file(&in_the_way);
            fs::create_dir(&in_the_way).expect("a folder in the way of the snapshot");
            ask(client, &["CONFIG", "SET", "save", "3600 1"]);
            save(client, "err");
            sleep(time);
            fs::remove_dir(&in_the_way).expect("the folder in the way");
            save(client, "ok");
            ask(client, &["CONFIG", "SET", "save", ""]);
        });
        let _ = fs::remove_file(&in_the_way);
    });
}

fn max_clients(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("max clients", None, || {
        held(stage, |client| {
            ask(client, &["CONFIG", "SET", "maxclients", "1"]);
            kill_clients(client);
            sleep(time);
            ask(client, &["CONFIG", "SET", "maxclients", "10000"]);
        });
    });
}

fn password(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    stage.fault("changed password", None, || {
        held(stage, |client| {
            ask(client, &["CONFIG", "SET", "requirepass", "another"]);
            kill_clients(client);
            sleep(time);
            ask(client, &["CONFIG", "SET", "requirepass", ""]);
        });
    });
}

fn script_flush(stage: &Stage, rng: &mut Rng) {
    let time = rng.ms(200, 1_500);
    stage.fault("SCRIPT FLUSH", None, || {
        held(stage, |client| {
            let until = Instant::now() + time;
            while Instant::now() < until {
                ask(client, &["SCRIPT", "FLUSH"]);
                sleep(Duration::from_millis(10));
            }
        });
    });
}

fn client_kill(stage: &Stage, _: &mut Rng) {
    stage.fault("CLIENT KILL", None, || held(stage, kill_clients));
}

fn client_pause(stage: &Stage, rng: &mut Rng) {
    let (time, what) = (some_time(stage, rng), *rng.pick(&["WRITE", "ALL"]));
    stage.fault("CLIENT PAUSE", None, || {
        held(stage, |client| ask(client, &["CLIENT", "PAUSE", &time.as_millis().to_string(), what]));
        sleep(time);
    });
}

fn clock(stage: &Stage, rng: &mut Rng, kind: &'static str, seconds: i64) {
    let (time, seconds) = (rng.ms(200, 2_000), if rng.chance(50) { seconds } else { -seconds });
    stage.fault(kind, None, || {
        lock(&stage.server).set_offset(seconds);
        sleep(time);
        lock(&stage.server).set_offset(0);
    });
}

fn lose(stage: &Stage, rng: &mut Rng, kind: &'static str, request: bool) {
    let (proxy, nth) = (rng.below(stage.proxies.len()), 1 + rng.below(6));
    on_worker(stage, kind, proxy, || {
        let proxy = &stage.proxies[proxy];
        if request {
            proxy.lose_request("", nth);
        } else {
            proxy.lose_reply(nth);
        }
        let start = Instant::now();
        while !proxy.fault_happened() && start.elapsed() < Duration::from_secs(2) {
            sleep(Duration::from_millis(5));
        }
    });
}

fn network(stage: &Stage, rng: &mut Rng, kind: &'static str, mode: Mode) {
    let time = some_time(stage, rng);
    // One client is cut off, or all of them.
    let hit = rng.chance(80).then(|| rng.below(stage.proxies.len()));
    let act = || {
        let set = |mode| {
            let proxies = stage.proxies.iter().enumerate();
            proxies
                .filter(|(number, _)| hit.is_none_or(|hit| hit == *number))
                .for_each(|(_, one)| one.set(mode));
        };
        set(mode);
        sleep(time);
        set(Mode::Pass);
    };
    match hit {
        Some(proxy) => on_worker(stage, kind, proxy, act),
        None => stage.fault(kind, None, act),
    }
}

fn kill_beat(stage: &Stage, rng: &mut Rng) {
    let Some(beat) = stage.beat(rng.below(100)) else { return };
    stage.fault("kill a beat", NO_WORKER, || signal(beat, Signal::KILL));
}

fn stop_beat(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    let Some(beat) = stage.beat(rng.below(100)) else { return };
    stage.fault("stop a beat", NO_WORKER, || {
        signal(beat, Signal::STOP);
        sleep(time);
        signal(beat, Signal::CONT);
    });
}

/// As many as the engine has now and no more.
fn no_descriptors(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    let Some((_, engine)) = victim(stage, rng) else { return };
    let open = fs::read_dir(format!("/proc/{engine}/fd")).map_or(0, |fds| fds.count() as u64);
    let pid = i32::try_from(engine).ok().and_then(Pid::from_raw);
    // One that has ended meanwhile has no limits.
    let limit = |limit| prlimit(pid, Resource::Nofile, limit).ok();
    let Some(before) = limit(Rlimit {
        current: Some(open),
        maximum: Some(getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 20)),
    }) else {
        return;
    };
    stage.fault("no descriptors", Some(engine), || {
        sleep(time);
        limit(before);
    });
}

fn full_disk(stage: &Stage, rng: &mut Rng) {
    let time = some_time(stage, rng);
    if !lock(&stage.server).has_disk() {
        return;
    }
    stage.fault("full disk", None, || {
        let mut server = lock(&stage.server);
        server.fill_disk();
        sleep(time);
        server.empty_disk();
    });
}

/// A fault that hits no worker.
const NO_WORKER: Option<u32> = Some(0);

/// A fault of the connection of one worker, or of the producers.
fn on_worker(stage: &Stage, kind: &'static str, proxy: usize, act: impl FnOnce()) {
    // Without an engine at the moment, whichever comes is hit; a producer has none.
    let engine = match proxy < stage.shape.workers {
        true => stage.halves(proxy).and_then(|(_, engine)| engine),
        false => NO_WORKER,
    };
    stage.fault(kind, engine, act);
}

/// Does something on one connection, opened before it matters.
fn held(stage: &Stage, act: impl FnOnce(&mut Client)) {
    let client = lock(&stage.server).try_client();
    act(&mut client.expect("the server accepts connections"));
}

fn ask(client: &mut Client, args: &[&str]) {
    // A refusal by a server in trouble is no failure of the run: the fault is what it is.
    let _ = client.call(args);
}

fn kill_clients(client: &mut Client) {
    for kind in ["normal", "pubsub"] {
        ask(client, &["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
    }
}

/// The prefix of all keys of a run.
pub fn key(name: &str) -> String {
    format!("jobq:{{{NAMESPACE}}}:{name}")
}
