//! From the merged tree to the typed configuration, by the table of keys.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value as Json;

use super::nearest::{nearest, one_of};
use super::node::{Fault, Node, Origin, Value};
use super::params::{ParamDef, ParamType, fits, is_param_name};
use super::policy::{Policy, resolve};
use super::schema::{ALERT, Key, Kind, PARAM, POLICY, QUEUE, REDIS, ROOT, TASK, WORKER, keys};
use super::template::{Piece, Word};
use super::values::{self, Bad, Read, choice};
use super::{
    Alert, Command, Config, DEFAULT_QUEUE, LogFormat, QueueDef, RedisConf, StdinMode, TaskDef, WorkerConf,
};
use crate::core::name::Name;
use crate::core::spec::{Backoff, FNV_START, OnLost, fnv1a};

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
    for (name, section) in root.named("queues", &[QUEUE, POLICY]) {
        config.queues.insert(name, queue(&section));
    }
    for (name, section) in root.named("tasks", &[TASK, POLICY]) {
        if let Some(task) = task(&section) {
            config.tasks.insert(name, task);
        }
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
        self.faults.borrow_mut().push(Fault { origin: origin.clone(), message });
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
        expires_ms: section.read("expires", values::duration),
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

fn task(section: &Section<'_>) -> Option<TaskDef> {
    let params = section.read("params", |node, _| Ok(params(section, node))).unwrap_or_default();
    let shell = section.read("shell", values::boolean).unwrap_or_default();
    let command = command(section, shell, &params);
    let place = section.node.get("command").unwrap_or(section.node);
    let cwd = section.read("cwd", values::path).unwrap_or_else(|| place.origin.source.dir.clone());
    let hook = |name| section.read(name, values::argv).map(|words| checked(section, name, words, &params));
    let mut digest = String::new();
    section.node.canonical(&mut digest);
    let broken = command.is_none();
    let task = TaskDef {
        queue: section.read("queue", values::name).unwrap_or_else(default_queue),
        command: command.unwrap_or_else(|| Command::Argv(Vec::new())),
        params: params.clone(),
        policy: policy(section),
        cwd,
        env: section.read("env", values::env).unwrap_or_default().into_iter().collect(),
        umask: section.read("umask", values::umask),
        nice: section.read("nice", values::integer),
        memory: section.read("memory", values::size),
        open_files: section.read("open_files", values::integer),
        stdin: section
            .read("stdin", |node, kind| choice(node, kind, &[StdinMode::None, StdinMode::Json]))
            .unwrap_or_default(),
        pass_redis: section.read("pass_redis", values::boolean).unwrap_or_default(),
        on_success: hook("on_success"),
        on_failure: hook("on_failure"),
        on_retry: hook("on_retry"),
        alert: section.table("alert", &[ALERT]).and_then(|section| alert(&section)),
        labels: section.read("labels", values::labels).unwrap_or_default().into_iter().collect(),
        digest: format!("{:016x}", fnv1a(FNV_START, digest.as_bytes())),
        origin: section.node.origin.clone(),
    };
    section.done();
    // Only after all keys were read: each has its own faults.
    (!broken).then_some(task)
}

fn default_queue() -> Name {
    // The word is a name.
    Name::new(DEFAULT_QUEUE).unwrap_or_else(|_| crate::core::name::new_id())
}

fn command(section: &Section<'_>, shell: bool, params: &[ParamDef]) -> Option<Command> {
    let (node, kind) = section.ask("command").or_else(|| {
        section.fault(&section.node.origin, format!("{} has no command", section.path));
        None
    })?;
    match (&node.value, shell) {
        (Value::Text(_), true) => {
            let script = section.read("command", values::text)?;
            if script.trim().is_empty() {
                section.fault_at("command", "the script is empty");
            }
            if let Some(param) = params.iter().find(|param| filled_in(&script, &param.name)) {
                let variable = param.name.to_ascii_uppercase();
                let words = format!(
                    "a script is never filled in: write \"$JOBQ_ARG_{variable}\" for {{{}}}",
                    param.name
                );
                section.fault_at("command", words);
            }
            Some(Command::Script(script))
        }
        (Value::Text(_), false) => {
            section.fault(
                &node.origin,
                format!("{}.command must be an array of strings; a script needs shell = true", section.path),
            );
            None
        }
        (_, true) => {
            section.fault(
                &node.origin,
                format!("{}.command must be one string with shell = true", section.path),
            );
            None
        }
        (_, false) => {
            let words = section.read("command", |node, _| values::argv(node, kind))?;
            Some(Command::Argv(checked(section, "command", words, params)))
        }
    }
}

/// Whether a script has `{name}` in it, and not as the shell's own `${name}`.
fn filled_in(script: &str, name: &str) -> bool {
    [format!("{{{name}}}"), format!("{{{name}...}}")].iter().any(|placeholder| {
        script.match_indices(placeholder.as_str()).any(|(at, _)| !script[..at].ends_with('$'))
    })
}

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh"];

fn checked(section: &Section<'_>, key: &str, words: Vec<(Word, Origin)>, params: &[ParamDef]) -> Vec<Word> {
    let name = section.name(key);
    let mut in_shell = false;
    let mut script_next = false;
    for (at, (word, origin)) in words.iter().enumerate() {
        if let Some(why) = misplaced(word, params) {
            section.fault(origin, format!("{name}: {why}"));
        }
        let literal = word.literal();
        if at == 0 && literal.is_none_or(str::is_empty) {
            section.fault(origin, format!("{name}: the program itself cannot be a parameter, nor empty"));
        }
        if script_next && word.params().next().is_some() {
            let words =
                "a parameter must not become part of a shell's script; use shell = true and its environment";
            section.fault(origin, format!("{name}: {words}"));
        }
        let shell =
            literal.and_then(|text| text.rsplit('/').next()).is_some_and(|base| SHELLS.contains(&base));
        script_next = in_shell
            && literal
                .is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'));
        in_shell |= shell;
    }
    words.into_iter().map(|(word, _)| word).collect()
}

/// Why a placeholder cannot stand where it does.
fn misplaced(word: &Word, params: &[ParamDef]) -> Option<String> {
    for name in word.params() {
        let Some(def) = params.iter().find(|def| def.name == name) else {
            let names: Vec<&str> = params.iter().map(|def| def.name.as_str()).collect();
            let hint = match nearest(name, &names) {
                Some(near) => format!("; did you mean {{{near}}}?"),
                None => "; for the characters themselves write {{ and }}".to_owned(),
            };
            return Some(format!("{{{name}}} is no parameter of the task{hint}"));
        };
        let alone = matches!(word, Word::One(pieces) if matches!(pieces.as_slice(), [Piece::Param(_)]));
        match (word, def.kind) {
            (Word::Spread(_), ParamType::List) => {}
            (Word::Spread(_), kind) => {
                return Some(format!("{{{name}...}} needs a list, and {name} is of type {}", kind.name()));
            }
            (_, ParamType::List) => {
                return Some(format!("{name} is a list: write {{{name}...}} as an argument of its own"));
            }
            (_, ParamType::Json) if !alone => {
                return Some(format!("{name} is of type json: it must be an argument of its own"));
            }
            _ => {}
        }
    }
    None
}

fn params(section: &Section<'_>, node: &Node) -> Vec<ParamDef> {
    let path = section.name("params");
    if !matches!(node.value, Value::Table(_)) {
        section.fault(&node.origin, format!("{path} must be a table, not {}", node.show()));
    }
    let mut defs: Vec<ParamDef> = Vec::new();
    for (key, node) in node.entries() {
        if !is_param_name(&key.text) {
            let words = "is not the name of a parameter; they are of a-z, 0-9 and _, and begin with no digit";
            section.fault(&key.origin, format!("{path}: {:?} {words}", key.text));
            continue;
        }
        let Some(def) = param(section, &format!("{path}.{}", key.text), &key.text, node) else { continue };
        if let Some(earlier) = defs.iter().find(|earlier| !earlier.required && def.required) {
            let words = format!("{} must be given and {} need not: put it first", def.name, earlier.name);
            section.fault(&key.origin, format!("{path}: {words}"));
        }
        defs.push(def);
    }
    defs
}

fn param(section: &Section<'_>, path: &str, name: &str, node: &Node) -> Option<ParamDef> {
    let kind_of = |node: &Node| match &node.value {
        Value::Text(text) => ParamType::of(text).ok_or_else(|| {
            let hint = match nearest(text, ParamType::NAMES) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => format!("; types are {}", one_of(ParamType::NAMES)),
            };
            values::wrong(node, format!("{text:?} is not a type{hint}"))
        }),
        _ => Err(values::must(node, "a type such as \"string\", or a table with one")),
    };
    let mut def = ParamDef {
        name: name.to_owned(),
        kind: ParamType::String,
        default: None,
        required: true,
        dash: false,
        values: None,
    };
    if !matches!(node.value, Value::Table(_)) {
        match kind_of(node) {
            Ok(kind) => def.kind = kind,
            Err(Bad { origin, tail }) => {
                section.fault(&origin, format!("{path}{tail}"));
                return None;
            }
        }
        return Some(def);
    }
    let table = Section::open(node, path.to_owned(), &[PARAM], section.faults);
    let kind = table.read("type", |node, _| kind_of(node));
    def.default = table.read("default", |node, _| json(node));
    def.required = table.read("required", values::boolean).unwrap_or(def.default.is_none());
    def.dash = table.read("dash", values::boolean).unwrap_or_default();
    let allowed = table.read("values", |node, _| match json(node)? {
        Json::Array(items) if !items.is_empty() => Ok(items),
        _ => Err(values::must(node, "an array of at least one value")),
    });
    table.done();
    if node.get("type").is_none() {
        section.fault(&node.origin, format!("{path} has no type"));
    }
    def.kind = kind?;
    for value in allowed.iter().flatten() {
        if let Err(error) = fits(&def, value) {
            table.fault_at("values", error);
        }
    }
    def.values = allowed;
    if let Some(default) = &def.default {
        if let Err(error) = fits(&def, default) {
            table.fault_at("default", error);
        }
        if node.get("required").is_some() && def.required {
            table.fault_at("default", "what must be given needs no default");
        }
    }
    Some(def)
}

fn json(node: &Node) -> Read<Json> {
    node.json().map_err(|origin| Bad { origin: origin.clone(), tail: ": JSON has no such number".to_owned() })
}

fn alert(section: &Section<'_>) -> Option<Alert> {
    let words = section.read("command", values::argv);
    let alert = Alert {
        consecutive_failures: section.read("consecutive_failures", values::integer),
        failures: section.read("failures", values::out_of),
        slower_than: section.read("slower_than", values::times),
        command: Vec::new(),
    };
    section.done();
    if section.node.get("command").is_none() {
        section.fault(&section.node.origin, format!("{} has no command", section.path));
    }
    if ["consecutive_failures", "failures", "slower_than"].iter().all(|key| section.node.get(key).is_none()) {
        let words = "says no condition: consecutive_failures, failures or slower_than";
        section.fault(&section.node.origin, format!("{} {words}", section.path));
    }
    let words = words?;
    if let Some((_, origin)) = words.iter().find(|(word, _)| word.literal().is_none()) {
        let why =
            "it is about many jobs, and has no parameters; for the characters themselves write {{ and }}";
        section.fault(origin, format!("{}: {why}", section.name("command")));
    }
    let command = words.iter().filter_map(|(word, _)| word.literal().map(str::to_owned)).collect();
    Some(Alert { command, ..alert })
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
            found.insert(message.clone(), Fault { origin: place(&task_node), message });
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
            found.insert(message.clone(), Fault { origin: place(&["worker", "allow"]), message });
        }
    }
    faults.borrow_mut().extend(found.into_values());
}
