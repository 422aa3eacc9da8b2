//! What is well and what is not: the judgement behind `status` and `inspect doctor`.

use crate::core::report::{Checkup, Overview, QueueReport, ServerReport, WorkerReport};
use crate::core::state::State;
use crate::core::when::{ago, short};

use super::overview::{is_live, late};
use super::words::{count, size};

/// A chore that is not done after this long needs somebody, in milliseconds.
const STUCK_MS: i64 = 600_000;
/// Output kept in a namespace at most, in bytes; the oldest goes first.
const OUTPUT_BOUND: u64 = 268_435_456;
/// A difference of clocks that people would notice, in milliseconds.
const CLOCK_MS: i64 = 5_000;

/// How good or bad a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should look.
    Warn,
    /// Something does not work, or may lose jobs.
    Bad,
}

impl Verdict {
    /// The word in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Bad => "bad",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check, a stable word.
    pub check: &'static str,
    /// How good or bad it is.
    pub verdict: Verdict,
    /// What is so. Not yet safe for a terminal.
    pub says: String,
    /// What to do about it.
    pub advice: Option<String>,
}

fn finding(check: &'static str, verdict: Verdict, says: impl Into<String>) -> Finding {
    Finding { check, verdict, says: says.into(), advice: None }
}

impl Finding {
    fn advice(mut self, advice: impl Into<String>) -> Finding {
        self.advice = Some(advice.into());
        self
    }
}

/// What `status` calls attention to, the most important first.
pub fn attention(overview: &Overview) -> Vec<String> {
    let checks = [
        unserved(overview),
        paused_queues(overview),
        full_queues(overview),
        schedules(overview),
        workers(overview),
        incidents(overview),
        chores(overview),
    ];
    let mut found: Vec<Finding> = checks.into_iter().flatten().collect();
    found.extend(eviction(&overview.server).filter(|one| one.verdict == Verdict::Bad));
    found.extend(memory(&overview.server));
    found.extend(saving(&overview.server));
    found.into_iter().filter(|one| one.verdict != Verdict::Ok).map(|one| one.says).collect()
}

/// All checks, in the order of a check-up: the server, what it keeps, who works, what waits.
pub fn checkup(checkup: &Checkup) -> Vec<Finding> {
    let (overview, server) = (&checkup.overview, &checkup.overview.server);
    let mut all = vec![version(server), role(checkup), format(checkup)];
    all.push(persistence(server));
    all.extend(saving(server));
    all.push(eviction(server).unwrap_or_else(|| {
        finding("eviction", Verdict::Ok, format!("nothing is evicted ({})", server.eviction))
    }));
    all.push(memory(server).unwrap_or_else(|| room(server)));
    all.extend([clients(checkup), password(checkup), clock(checkup), output(server)]);
    let parts = [
        ("workers", workers(overview), live_words(overview)),
        ("queues", unserved(overview), "no job waits in a queue without workers".to_owned()),
        ("paused", paused_queues(overview), "no queue is paused".to_owned()),
        ("limits", full_queues(overview), "no queue is full".to_owned()),
        ("schedules", schedules(overview), "no schedule is late".to_owned()),
        ("chores", chores(overview), "no chore is stuck".to_owned()),
        ("incidents", incidents(overview), "no task has an open incident".to_owned()),
    ];
    for (check, found, fine) in parts {
        if found.is_empty() { all.push(finding(check, Verdict::Ok, fine)) } else { all.extend(found) }
    }
    all
}

fn version(server: &ServerReport) -> Finding {
    let says = format!("{} {}", server.kind, server.version);
    let major = server.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= 7 => finding("version", Verdict::Ok, says),
        _ => finding("version", Verdict::Bad, format!("{says} is too old"))
            .advice("jobq needs Redis 7.0 or newer, or Valkey"),
    }
}

fn role(checkup: &Checkup) -> Finding {
    match checkup.overview.server.role.as_str() {
        "replica" if checkup.replica_cut => {
            finding("role", Verdict::Bad, "this server is a replica that has lost its primary")
                .advice("name the primary with --url, or repair the replication")
        }
        "replica" => {
            finding("role", Verdict::Warn, "this server is a replica: looking works, nothing else does")
                .advice("name the primary with --url for everything but looking")
        }
        _ => finding("role", Verdict::Ok, "this server is a primary"),
    }
}

fn format(checkup: &Checkup) -> Finding {
    match &checkup.foreign_format {
        Some(format) => finding("format", Verdict::Bad, format!("the stored data has format {format}"))
            .advice("use the jobq that wrote it, or another --namespace"),
        None => finding("format", Verdict::Ok, "the stored data has the format of this jobq"),
    }
}

fn persistence(server: &ServerReport) -> Finding {
    let advice = "turn on the append-only file: CONFIG SET appendonly yes, and in redis.conf";
    match (server.aof, server.rdb) {
        (true, _) => finding("persistence", Verdict::Ok, "the append-only file is on"),
        (false, true) => finding(
            "persistence",
            Verdict::Warn,
            "snapshots only: the newest jobs are lost if the server dies",
        )
        .advice(advice),
        (false, false) => finding(
            "persistence",
            Verdict::Warn,
            "nothing is written to disk: all jobs are lost if the server stops",
        )
        .advice(advice),
    }
}

fn saving(server: &ServerReport) -> Option<Finding> {
    server.save_failed.then(|| {
        finding("saving", Verdict::Bad, "the server could not write its data to disk")
            .advice("look into its log, and whether the disk is full")
    })
}

fn eviction(server: &ServerReport) -> Option<Finding> {
    let policy = server.eviction.as_str();
    let advice = "CONFIG SET maxmemory-policy noeviction, and in redis.conf";
    if policy.starts_with("allkeys") {
        let says = format!("the server may drop jobs when memory is short ({policy})");
        return Some(finding("eviction", Verdict::Bad, says).advice(advice));
    }
    policy.starts_with("volatile").then(|| {
        let says = format!("the server may drop keys of others when memory is short ({policy})");
        finding("eviction", Verdict::Warn, says).advice(advice)
    })
}

fn memory(server: &ServerReport) -> Option<Finding> {
    // Nine tenths: still time to act before enqueue is refused.
    (server.max_memory > 0 && server.used_memory / 9 >= server.max_memory / 10).then(|| {
        let percent = u128::from(server.used_memory) * 100 / u128::from(server.max_memory);
        let verdict = if percent >= 100 { Verdict::Bad } else { Verdict::Warn };
        finding("memory", verdict, format!("the server uses {percent}% of its memory"))
            .advice("let workers drain it, keep less (--result-ttl), or raise maxmemory")
    })
}

fn room(server: &ServerReport) -> Finding {
    let says = match server.max_memory {
        0 => format!("{} in use, no limit", size(server.used_memory)),
        max => format!("{} of {} in use", size(server.used_memory), size(max)),
    };
    finding("memory", Verdict::Ok, says)
}

fn clients(checkup: &Checkup) -> Finding {
    let says = format!("{} of {} connections are in use", checkup.clients, checkup.max_clients);
    if checkup.max_clients > 0 && checkup.clients / 9 >= checkup.max_clients / 10 {
        return finding("connections", Verdict::Warn, says).advice("raise maxclients");
    }
    finding("connections", Verdict::Ok, says)
}

fn password(checkup: &Checkup) -> Finding {
    if checkup.open_to_all {
        return finding(
            "password",
            Verdict::Warn,
            "the server is on another machine and asks for no password",
        )
        .advice("whoever reaches it can run commands on the workers: set requirepass or users (ACL)");
    }
    finding("password", Verdict::Ok, "the server is on this machine, or asks for a password")
}

fn clock(checkup: &Checkup) -> Finding {
    let ahead = checkup.clock_ahead_ms;
    if ahead.abs() < CLOCK_MS {
        return finding("clock", Verdict::Ok, "the server's clock and this machine's agree");
    }
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let says = format!("the server's clock is {} {way} this machine's", short(ahead.unsigned_abs()));
    finding("clock", Verdict::Warn, says).advice("jobs go by the server's clock: set it by NTP")
}

fn output(server: &ServerReport) -> Finding {
    let says = format!("{} of {} of output are kept", size(server.kept_output), size(OUTPUT_BOUND));
    if server.kept_output / 9 >= OUTPUT_BOUND / 10 {
        return finding("output", Verdict::Warn, format!("{says}: the oldest is being removed")).advice(
            "keep less of it for each job ([queues.NAME] or [worker] in jobq.toml), or use --log-dir",
        );
    }
    finding("output", Verdict::Ok, says)
}

fn live_words(overview: &Overview) -> String {
    let live = overview.workers.iter().filter(|worker| is_live(worker, overview.now_ms)).count();
    format!("{}, none of them silent", count(live as u64, "worker"))
}

fn workers(overview: &Overview) -> Vec<Finding> {
    let silent = |worker: &&WorkerReport| !is_live(worker, overview.now_ms);
    overview.workers.iter().filter(silent).map(|worker| silence(worker, overview.now_ms)).collect()
}

fn silence(worker: &WorkerReport, now_ms: i64) -> Finding {
    let seen = ago(now_ms.saturating_sub(worker.seen_ms));
    let says = format!("worker {} gave its last sign of life {seen}", worker.id);
    if worker.held == 0 {
        return finding("workers", Verdict::Warn, says).advice("other workers take it out of the books");
    }
    finding("workers", Verdict::Bad, format!("{says} and holds {}", count(u64::from(worker.held), "job")))
        .advice("a live worker takes them over when the lease has run out; is one there?")
}

fn unserved(overview: &Overview) -> Vec<Finding> {
    let mut queues: Vec<&QueueReport> = overview
        .queues
        .iter()
        .filter(|queue| queue.workers == 0 && queue.count(State::Pending) > 0)
        .collect();
    queues.sort_by_key(|queue| std::cmp::Reverse(queue.count(State::Pending)));
    let told = queues.into_iter().map(|queue| {
        let name = &queue.name;
        let says = match queue.count(State::Pending) {
            1 => format!("1 job waits in {name} and no live worker serves it"),
            jobs => format!("{jobs} jobs wait in {name} and no live worker serves it"),
        };
        finding("queues", Verdict::Bad, says).advice(format!("jobq worker -q {name}"))
    });
    told.collect()
}

/// Whether a queue takes no more jobs, and how that reads.
pub(super) fn full(queue: &QueueReport) -> Option<String> {
    let by_depth = queue.max_depth.filter(|max| queue.depth >= *max);
    if let Some(max) = by_depth {
        return Some(format!("queue {} is full: {} of {max} jobs", queue.name, queue.depth));
    }
    let by_bytes = queue.max_bytes.filter(|max| queue.bytes >= *max);
    by_bytes.map(|max| format!("queue {} is full: {} of {}", queue.name, size(queue.bytes), size(max)))
}

/// `queue emails is paused for 10m by ann@web1: the relay is down; 12 jobs wait`.
fn paused(queue: &QueueReport, now_ms: i64) -> Option<String> {
    let pause = queue.paused.as_ref()?;
    let time = |ms: i64| short(u64::try_from(ms).unwrap_or(0));
    let until = pause.until_ms.map(|until| format!(", {} to go", time(until - now_ms))).unwrap_or_default();
    let why = if pause.why.is_empty() { String::new() } else { format!(": {}", pause.why) };
    let waiting = count(queue.count(State::Pending), "job");
    let verb = if queue.count(State::Pending) == 1 { "waits" } else { "wait" };
    let since = time(now_ms - pause.since_ms);
    let by = format!("{}@{}", pause.user, pause.host);
    Some(format!("queue {} is paused since {since}{until}, by {by}{why}; {waiting} {verb}", queue.name))
}

fn paused_queues(overview: &Overview) -> Vec<Finding> {
    let told = overview.queues.iter().filter_map(|queue| {
        let says = paused(queue, overview.now_ms)?;
        Some(finding("paused", Verdict::Warn, says).advice(format!("jobq control resume {}", queue.name)))
    });
    told.collect()
}

fn full_queues(overview: &Overview) -> Vec<Finding> {
    let told = overview.queues.iter().filter_map(full);
    told.map(|says| {
        finding("limits", Verdict::Warn, says)
            .advice("start more workers, or raise it with jobq control limit")
    })
    .collect()
}

/// Schedules that nobody acts on.
fn schedules(overview: &Overview) -> Vec<Finding> {
    let schedules = overview.beats.schedules;
    if schedules > 0 && overview.beats.live().next().is_none() {
        let says = match schedules {
            1 => "there is 1 schedule and no beat is running".to_owned(),
            many => format!("there are {many} schedules and no beat is running"),
        };
        return vec![finding("schedules", Verdict::Bad, says).advice("start one: jobq beat")];
    }
    let Some((name, worst_ms)) = late(overview).max_by_key(|(_, late_ms)| *late_ms) else {
        return Vec::new();
    };
    let says = match late(overview).count() {
        1 => format!("schedule {name} is late by {}", short(worst_ms)),
        many => format!("{many} schedules are late, {name} by {}", short(worst_ms)),
    };
    vec![finding("schedules", Verdict::Warn, says).advice("jobq inspect schedules tells of each")]
}

fn incidents(overview: &Overview) -> Vec<Finding> {
    let told = overview.incidents.iter().map(|one| {
        let since = ago(overview.now_ms.saturating_sub(one.since_ms));
        let says = format!("task {} has an open incident, begun {since}: {}", one.task, one.why);
        finding("incidents", Verdict::Warn, says).advice(format!("jobq inspect failures --task {}", one.task))
    });
    told.collect()
}

fn chores(overview: &Overview) -> Vec<Finding> {
    let age = |since: Option<i64>| since.map_or(0, |since| overview.now_ms.saturating_sub(since));
    let stuck = overview.chores.iter().filter(|chore| age(chore.since_ms) > STUCK_MS);
    let told = stuck.map(|chore| {
        let of = chore.queue.as_ref().map(|queue| format!(" of queue {queue}")).unwrap_or_default();
        let since = ago(age(chore.since_ms));
        finding("chores", Verdict::Bad, format!("a {}{of}, begun {since}, is not done", chore.kind))
            .advice("workers do a slice of it with each of their turns: is one running?")
    });
    told.collect()
}
