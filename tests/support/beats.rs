//! Beats around a store, and the ticks that made jobs, counted on the records of those jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use jobq::core::link::{Link, Patience, Target, TlsFiles};
use jobq::core::name::Name;
use jobq::core::report::ScheduleReport;
use jobq::core::schedule::{DEFINITION_VERSION, Definition, Missed, Overlap, Rule, Source};
use jobq::core::spec::Spec;
use jobq::core::store::{By, Publication, Published, Store};

use super::books::NAMESPACE;
use super::resp::{Client, Value};
use super::room::{Jobq, Room};
use super::run::Running;
use super::{PATIENCE, Server, wait_for};

/// A schedule without a name's worth of options: `true` on queue `q`, at each second.
pub fn schedule(name: &str, rule: Rule) -> Definition {
    Definition {
        v: DEFINITION_VERSION,
        name: Name::new(name).expect("a name"),
        rule,
        timezone: "UTC".to_owned(),
        spread_ms: 0,
        starts_ms: None,
        ends_ms: None,
        overlap: Overlap::Queue,
        missed: Missed::Once,
        missed_window_ms: None,
        missed_max: Definition::MISSED_MAX,
        alert_after_ms: None,
        alert_command: Vec::new(),
        alert_cwd: None,
        expires: None,
        job: Spec::command(Name::new("q").expect("a name"), vec!["true".into()]),
        stdin: None,
        source: Source { kind: Name::new("file").expect("a name"), place: String::new() },
    }
}

/// A store, schedules in it, and beats around it.
pub struct Stage {
    pub room: Room,
    pub store: Store,
    runtime: tokio::runtime::Runtime,
}

impl Stage {
    pub fn new(server: &Server) -> Stage {
        Stage::at(&server.url())
    }

    /// Whatever server this URL leads to.
    pub fn at(url: &str) -> Stage {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Stage { room: Room::at(url).namespace(NAMESPACE), store: store(url), runtime }
    }

    /// Waits for an answer of the store.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Publishes these, as one file.
    #[track_caller]
    pub fn publish(&self, definitions: &[Definition]) {
        let source = Name::new("file").expect("a name");
        let by = By { user: "ann".into(), host: "web1".into(), why: String::new() };
        let publication = Publication { source: &source, definitions, by: &by, boot_id: "" };
        let came = self.run(self.store.schedules_publish(&publication)).expect("an answer");
        assert!(matches!(came, Published::Done { .. }), "{came:?}");
    }

    /// A beat that follows Redis and has no files of its own, not yet started.
    pub fn beat(&self) -> Jobq {
        self.room.jobq(["beat"])
    }

    /// A beat whose `[schedules]` are this file's.
    pub fn beat_with(&self, name: &str, toml: &str) -> Jobq {
        self.beat().env("JOBQ_CONFIG", self.room.write(name, toml))
    }

    /// The schedule as it is reported.
    #[track_caller]
    pub fn report(&self, name: &str) -> ScheduleReport {
        let name = Name::new(name).expect("a name");
        self.run(self.store.schedule_one(&name)).expect("an answer").expect("a schedule")
    }

    /// Waits until this holds of the schedule.
    #[track_caller]
    pub fn wait_report(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&ScheduleReport) -> bool,
    ) -> ScheduleReport {
        let wanted = Name::new(name).expect("a name");
        wait_for(what, PATIENCE, || {
            let found = self.run(self.store.schedule_one(&wanted));
            found.is_ok_and(|found| found.is_some_and(|report| holds(&report)))
        });
        self.report(name)
    }

    /// Redis time, after whatever was done to the server.
    #[track_caller]
    pub fn now_ms(&self) -> i64 {
        super::wait_for_some("Redis time", PATIENCE, || self.run(self.store.server_now()).ok())
    }

    /// Waits until every schedule has acted on all ticks up to `at_ms`.
    #[track_caller]
    pub fn wait_past(&self, at_ms: i64) {
        wait_for("the last ticks", Duration::from_secs(120), || {
            let Ok(due) = self.run(self.store.due(0, None)) else { return false };
            due.now_ms > at_ms && due.ticks.iter().all(|tick| tick.due_ms.is_none_or(|due| due > at_ms))
        });
    }
}

/// A store on `url`.
pub fn store(url: &str) -> Store {
    let target = Target::parse(url, &TlsFiles::default(), None).expect("a URL");
    let namespace = Name::new(NAMESPACE).expect("a namespace");
    Store::new(Link::new(target, Patience::default()), namespace)
}

/// How often each tick made a job, by schedule and instant, from the records of all jobs.
pub fn ticks(client: &mut Client) -> BTreeMap<String, BTreeMap<i64, usize>> {
    let mut found: BTreeMap<String, BTreeMap<i64, usize>> = BTreeMap::new();
    let mut cursor = "0".to_owned();
    loop {
        let args = ["SCAN", cursor.as_str(), "MATCH", "jobq:{t}:spec:*", "COUNT", "1000"];
        let mut page = client.call(&args).expect("a reply").array();
        let keys = page.pop().expect("keys").texts();
        cursor = page.pop().expect("a cursor").text();
        if !keys.is_empty() {
            let ask: Vec<&str> = std::iter::once("MGET").chain(keys.iter().map(String::as_str)).collect();
            for value in client.call(&ask).expect("a reply").array() {
                if let Value::Bytes(json) = value {
                    let spec = Spec::from_json(&json).expect("a spec");
                    if let Some(tick) = spec.schedule {
                        let at: jiff::Timestamp = tick.tick.parse().expect("an instant");
                        *found
                            .entry(tick.schedule.to_string())
                            .or_default()
                            .entry(at.as_millisecond())
                            .or_default() += 1;
                    }
                }
            }
        }
        if cursor == "0" {
            return found;
        }
    }
}

/// Kills a running command as the kernel would, and nothing else in its room.
pub fn kill(running: Running) {
    running.signal(super::Signal::KILL);
    running.wait_exit(PATIENCE);
}
