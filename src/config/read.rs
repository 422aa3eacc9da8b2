//! From the merged tree to the typed configuration, by the table of keys.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::nearest::{nearest, one_of};
use super::node::{Fault, Node, Origin, Value};
use super::params::{ParamDef, ParamType, fits, is_param_name};
use super::policy::{Policy, resolve};
use super::schema::{
    ALERT, BEAT, Key, Kind, MISSED_ALERT, PARAM, POLICY, QUEUE, REDIS, ROOT, SCHEDULE, TASK, WORKER, keys,
};
use super::template::{Piece, Word};
use super::values::{self, Bad, Read, choice};
use super::{
    Alert, Command, Config, DEFAULT_QUEUE, LogFormat, QueueDef, RedisConf, StdinMode, TaskDef, WorkerConf,
};
use crate::core::name::Name;
use crate::core::spec::{Backoff, FNV_START, OnLost, fnv1a};

mod schedule;
mod task;

/// The typed configuration, or all that is wrong.
pub(super) fn read(tree: Node, files: Vec<PathBuf>) -> Result<Config, Vec<Fault>> {
    let faults = RefCell::default();
    let mut config = Config { files, ..Config::default() };
    let root = Section::open(&tree, String::new(), &[ROOT], &faults);
    if let Some(section) = root.table("redis", &[REDIS]) {
        config.redis = redis(&section);
    }
    if let Some(section) = root.table("worker", &[WORKER]) {
        config.worker = worker(&section);
    }
    if let Some(section) = root.table("beat", &[BEAT]) {
        config.beat.metrics = section.read("metrics", values::address);
        section.done();
    }
    for (name, section) in root.named("queues", &[QUEUE, POLICY]) {
        config.queues.insert(name, queue(&section));
    }
    for (name, section) in root.named("tasks", &[TASK, POLICY]) {
        if let Some(task) = task::task(&section) {
            config.tasks.insert(name, task);
        }
    }
    if root.node.get("schedules").is_some() {
        let schedules = root.named("schedules", &[SCHEDULE, POLICY]);
        let found = schedules.into_iter().filter_map(|(name, section)| {
            let schedule = schedule::schedule(&section, &name, &config, &tree)?;
            Some((name, schedule))
        });
        config.schedules = Some(found.collect());
    } else {
        root.ask("schedules");
    }
    root.done();
    across(&config, &tree, &faults);
    let faults = faults.into_inner();
    if faults.is_empty() { Ok(Config { tree: Some(tree), ..config }) } else { Err(faults) }
}

/// A table of the file and the keys it may have.
struct Section<'a> {
    /// As it is called in messages: `tasks.send_email`; empty at the top.
    path: String,
    node: &'a Node,
    tables: &'static [&'static [Key]],
    faults: &'a RefCell<Vec<Fault>>,
    /// Keys that were asked for: the reader must know all of the table.
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    fn open(
        node: &'a Node,
        path: String,
        tables: &'static [&'static [Key]],
        faults: &'a RefCell<Vec<Fault>>,
    ) -> Section<'a> {
        let section = Section { path, node, tables, faults, asked: RefCell::default() };
        if !matches!(node.value, Value::Table(_)) {
            section.fault(&node.origin, format!("{} must be a table, not {}", section.path, node.show()));
        }
        for (key, _) in node.entries() {
            match section.key(&key.text) {
                None => section.fault(&key.origin, section.unknown(&key.text)),
                Some(Key { kind: Kind::Later, .. }) => {
                    section.fault(&key.origin, format!("{} is not in this version", section.name(&key.text)));
                }
                Some(_) => {}
            }
        }
        section
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        self.tables.iter().flat_map(|table| table.iter()).find(|key| key.name == name)
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn unknown(&self, typed: &str) -> String {
        let known: Vec<&str> = keys(self.tables).map(|key| key.name).collect();
        let hint = match nearest(typed, &known) {
            Some(near) => format!("; did you mean {near:?}?"),
            None if known.len() <= 8 => format!("; known are {}", known.join(", ")),
            None => "; jobq.toml(5) lists the keys".to_owned(),
        };
        let place = if self.path.is_empty() { "at the top".to_owned() } else { format!("in {}", self.path) };
        format!("unknown key {typed:?} {place}{hint}")
    }

    fn fault(&self, origin: &Origin, message: String) {
        self.faults.borrow_mut().push(Fault::new(origin.clone(), message));
    }

    /// A fault of the value of `key`, or of the whole table where it is absent.
    fn fault_at(&self, key: &str, message: impl std::fmt::Display) {
        let origin = &self.node.get(key).unwrap_or(self.node).origin;
        self.fault(origin, format!("{}: {message}", self.path));
    }

    fn ask(&self, name: &'static str) -> Option<(&'a Node, Kind)> {
        self.asked.borrow_mut().insert(name);
        let key = self.key(name);
        debug_assert!(key.is_some(), "{name} is not in the table of {}", self.path);
        Some((self.node.get(name)?, key?.kind))
    }

    fn read<T>(&self, name: &'static str, read: impl FnOnce(&Node, Kind) -> Read<T>) -> Option<T> {
        let (node, kind) = self.ask(name)?;
        match read(node, kind) {
            Ok(value) => Some(value),
            Err(Bad { origin, tail }) => {
                self.fault(&origin, format!("{}{tail}", self.name(name)));
                None
            }
        }
    }

    fn table(&self, name: &'static str, tables: &'static [&'static [Key]]) -> Option<Section<'a>> {
        let (node, _) = self.ask(name)?;
        Some(Section::open(node, self.name(name), tables, self.faults))
    }

    /// A table of tables with names.
    fn named(&self, name: &'static str, tables: &'static [&'static [Key]]) -> Vec<(Name, Section<'a>)> {
        let Some((node, _)) = self.ask(name) else { return Vec::new() };
        if !matches!(node.value, Value::Table(_)) {
            self.fault(&node.origin, format!("{name} must be a table, not {}", node.show()));
        }
        let mut sections = Vec::new();
        for (key, node) in node.entries() {
            match Name::new(key.text.as_str()) {
                Ok(one) => {
                    let path = format!("{name}.{one}");
                    sections.push((one, Section::open(node, path, tables, self.faults)));
                }
                Err(error) => {
                    self.fault(&key.origin, format!("{name}: {:?} is not a name: {error}", key.text));
                }
            }
        }
        sections
    }

    /// All has been asked for.
    fn done(&self) {
        let asked = self.asked.borrow();
        for key in keys(self.tables) {
            debug_assert!(asked.contains(key.name), "nobody reads {}", self.name(key.name));
        }
    }
}

fn redis(section: &Section<'_>) -> RedisConf {
    let conf = RedisConf {
        url: section.read("url", values::url),
        namespace: section.read("namespace", values::name),
        tls_ca: section.read("tls_ca", values::path),
        tls_cert: section.read("tls_cert", values::path),
        tls_key: section.read("tls_key", values::path),
        password_file: section.read("password_file", values::path),
        password: section.read("password", values::secret),
    };
    section.done();
    let given = |key: &str| section.node.get(key).is_some();
    if given("tls_cert") != given("tls_key") {
        let key = if given("tls_cert") { "tls_cert" } else { "tls_key" };
        section.fault_at(key, "tls_cert and tls_key need each other");
    }
    if given("password") && given("password_file") {
        section.fault_at("password", "password and password_file exclude each other");
    }
    conf
}

fn worker(section: &Section<'_>) -> WorkerConf {
    let conf = WorkerConf {
        queues: section.read("queues", values::queues),
        strict: section.read("strict", values::boolean),
        concurrency: section.read("concurrency", values::integer),
        queue_limits: section.read("queue_limits", values::counts),
        tasks_only: section.read("tasks_only", values::boolean),
        allow: section.read("allow", values::names),
        name: section.read("name", values::name),
        lease_ms: section.read("lease", values::duration),
        grace_ms: section.read("grace", values::duration),
        kill_after_ms: section.read("kill_after", values::duration),
        log_format: section
            .read("log_format", |node, kind| choice(node, kind, &[LogFormat::Text, LogFormat::Json])),
        log_dir: section.read("log_dir", values::path),
        output_head: section.read("output_head", values::size),
        output_tail: section.read("output_tail", values::size),
        allow_eviction: section.read("allow_eviction", values::boolean),
        tmp: section.read("tmp", values::path),
        metrics: section.read("metrics", values::address),
    };
    section.done();
    let weighted = conf.queues.iter().flatten().any(|(_, weight)| *weight != 1);
    if conf.strict == Some(true) && weighted {
        section.fault_at("strict", "strict goes by the order of the queues; weights have no place there");
    }
    if let (Some(queues), Some(limits)) = (&conf.queues, &conf.queue_limits) {
        for (limited, _) in limits {
            if !queues.iter().any(|(queue, _)| queue == limited) {
                let words = format!("queue_limits names {limited}, which queues does not");
                section.fault_at("queue_limits", words);
            }
        }
    }
    conf
}

fn policy(section: &Section<'_>) -> Policy {
    let policy = Policy {
        priority: section.read("priority", values::integer),
        retries: section.read("retries", values::integer),
        retry_delay_ms: section.read("retry_delay", values::duration),
        backoff: section
            .read("backoff", |node, kind| choice(node, kind, &[Backoff::Fixed, Backoff::Exponential])),
        retry_max_delay_ms: section.read("retry_max_delay", values::duration),
        retry_jitter: section.read("retry_jitter", values::boolean),
        ok_codes: section.read("ok_codes", values::codes),
        retry_on: section.read("retry_on", values::codes),
        no_retry_on: section.read("no_retry_on", values::codes),
        snooze_on: section.read("snooze_on", values::snooze),
        on_lost: section.read("on_lost", |node, kind| choice(node, kind, &[OnLost::Retry, OnLost::Fail])),
        lease_ms: section.read("lease", values::duration),
        timeout_ms: section.read("timeout", values::duration),
        soft_timeout_ms: section.read("soft_timeout", values::duration),
        soft_signal: section.read("soft_signal", values::caught),
        // A schedule's has a reader of its own: it knows the next tick, too.
        expires_ms: match section.key("expires") {
            Some(Key { kind: Kind::Expiry, .. }) => None,
            _ => section.read("expires", values::duration),
        },
        result_ttl_ms: section.read("result_ttl", values::duration),
        failure_ttl_ms: section.read("failure_ttl", values::duration),
        output_head: section.read("output_head", values::size),
        output_tail: section.read("output_tail", values::size),
    };
    for (key, why) in policy.contradictions() {
        section.fault_at(key, why);
    }
    policy
}

fn queue(section: &Section<'_>) -> QueueDef {
    let queue = QueueDef {
        policy: policy(section),
        max_depth: section.read("max_depth", values::integer),
        max_bytes: section.read("max_bytes", values::size),
        rate: section.read("rate", values::rate),
        max_running: section.read("max_running", values::integer),
    };
    section.done();
    queue
}

/// What only all sections together can tell.
fn across(config: &Config, tree: &Node, faults: &RefCell<Vec<Fault>>) {
    let place = |path: &[&str]| {
        path.iter()
            .try_fold(tree, |node, key| node.get(key))
            .map_or(&tree.origin, |node| &node.origin)
            .clone()
    };
    let mut found: BTreeMap<String, Fault> = BTreeMap::new();
    for (name, task) in &config.tasks {
        let Some(queue) = config.queues.get(&task.queue) else { continue };
        let own = task.policy.contradictions();
        let of_queue = queue.policy.contradictions();
        let both = resolve(&Policy::default(), Some(&task.policy), Some(&queue.policy));
        for (key, why) in both.contradictions() {
            if own.iter().chain(&of_queue).any(|(known, _)| *known == key) {
                continue;
            }
            let message = format!("tasks.{name}: {why} (with queue {})", task.queue);
            let task_node = ["tasks", name.as_str()];
            found.insert(message.clone(), Fault::new(place(&task_node), message));
        }
    }
    // The reader has told of tasks that are wrong themselves; they are known all the same.
    let tasks: Vec<&str> = tree
        .get("tasks")
        .map(|tasks| tasks.entries().iter().map(|(key, _)| key.text.as_str()).collect())
        .unwrap_or_default();
    for allowed in config.worker.allow.iter().flatten() {
        if !tasks.contains(&allowed.as_str()) {
            let hint = nearest(allowed.as_str(), &tasks)
                .map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            let message = format!("worker.allow: there is no task {:?}{hint}", allowed.as_str());
            found.insert(message.clone(), Fault::new(place(&["worker", "allow"]), message));
        }
    }
    faults.borrow_mut().extend(found.into_values());
}
