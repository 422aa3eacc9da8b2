//! The keys of `jobq.toml`: one table for the reader, the JSON schema and the manual page.

use serde_json::{Map, Value as Json, json};

use super::params::ParamType;

mod schedules;

pub use schedules::{MISSED_ALERT, SCHEDULE};

/// What a key takes.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // the words of [`Kind::words`]
pub enum Kind {
    Text,
    Secret,
    Url,
    Path,
    Name,
    Names,
    Bool,
    Integer {
        least: i64,
        most: i64,
    },
    /// A duration of at least so many milliseconds.
    Duration {
        least_ms: u64,
    },
    Size,
    Codes,
    Snooze,
    Choice(&'static [&'static str]),
    Signal,
    Umask,
    Rate,
    Address,
    OutOf,
    Times,
    /// A program and its arguments, with placeholders for parameters.
    Argv,
    /// The same, or a script with `shell = true`.
    Command,
    Env,
    Labels,
    Queues,
    QueueLimits,
    Params,
    /// A program and its arguments as they are.
    Words,
    /// A cron expression.
    Cron,
    /// The IANA name of a time zone.
    Zone,
    /// A date and time.
    Instant,
    /// A duration, or the next tick.
    Expiry,
    /// A table of values.
    Args,
    Any,
    List,
    /// A table with these keys.
    Table(&'static [&'static [Key]]),
    /// A table of names, each with a table of these keys.
    Named(&'static [&'static [Key]]),
    /// Spoken for, and not in this version.
    Later,
}

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it, as it would be written; empty for nothing.
    pub default: &'static str,
    /// Whether its table is nothing without it.
    pub required: bool,
    /// What it means: one sentence, `code` marked.
    pub help: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Key {
    Key { name, kind, default, required: false, help }
}

const fn must(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, default: "", required: true, help }
}

const SOME: Kind = Kind::Duration { least_ms: 1 };
const COUNT: Kind = Kind::Integer { least: 1, most: 1_000_000_000 };
const ANY: Kind = Kind::Duration { least_ms: 0 };
const LEASE: Kind = Kind::Duration { least_ms: 1_000 };

/// The top of the file.
pub const ROOT: &[Key] = &[
    key("redis", Kind::Table(&[REDIS]), "", "Where the queues live."),
    key("worker", Kind::Table(&[WORKER]), "", "How workers run."),
    key("beat", Kind::Table(&[BEAT]), "", "How the scheduler runs."),
    key("queues", Kind::Named(&[QUEUE, POLICY]), "", "Queues: bounds, and the policy of their jobs."),
    key("tasks", Kind::Named(&[TASK, POLICY]), "", "Named tasks: what may run, and how."),
    key("schedules", Kind::Named(&[SCHEDULE, POLICY]), "", "Schedules: what `jobq beat` enqueues, and when."),
    key("trust", Kind::Later, "", ""),
    key("alerts", Kind::Later, "", ""),
];

/// `[redis]`.
pub const REDIS: &[Key] = &[
    key("url", Kind::Url, "", "The server; without one, the local store."),
    key("namespace", Kind::Name, "default", "One independent system on a server."),
    key("tls_ca", Kind::Path, "", "Certificates (PEM) to trust instead of the system's, for `rediss://`."),
    key("tls_cert", Kind::Path, "", "Client certificate (PEM), for `rediss://`; needs `tls_key`."),
    key("tls_key", Kind::Path, "", "Key (PEM) of the client certificate; needs `tls_cert`."),
    key("password_file", Kind::Path, "", "A file that holds the server's password."),
    key("password", Kind::Secret, "", "The password itself; a `password_file` is better kept."),
];

/// What tasks and queues may both say. A flag wins over the task, the task over its queue.
pub const POLICY: &[Key] = &[
    key("priority", Kind::Integer { least: -100, most: 100 }, "0", "Higher runs first."),
    key("retries", Kind::Integer { least: 0, most: 10_000 }, "0", "Further attempts after a failure."),
    key("retry_delay", ANY, "10s", "Wait before the first retry."),
    key(
        "backoff",
        Kind::Choice(&["fixed", "exponential"]),
        "fixed",
        "How the wait grows from retry to retry.",
    ),
    key("retry_max_delay", ANY, "1h", "Longest wait before a retry."),
    key("retry_jitter", Kind::Bool, "false", "Draw each wait at random from its upper half."),
    key("ok_codes", Kind::Codes, "0", "Exit codes that are success."),
    key("retry_on", Kind::Codes, "", "Exit codes worth a retry; 75 always is. Without it, all are."),
    key("no_retry_on", Kind::Codes, "", "Exit codes that end the job at once."),
    key(
        "snooze_on",
        Kind::Snooze,
        "",
        "Exit codes that put the job back for a while without using up an attempt: `{ 99 = \"5m\" }`.",
    ),
    key(
        "on_lost",
        Kind::Choice(&["retry", "fail"]),
        "retry",
        "When the worker or machine dies: run it again (at most 3 times), or fail.",
    ),
    key(
        "lease",
        LEASE,
        "",
        "How long a worker may be out of touch before another may take the job over. Without it, the worker's.",
    ),
    key("timeout", SOME, "", "Kill the job, with all its processes, after this long."),
    key("soft_timeout", SOME, "", "Send it a signal it can catch after this long."),
    key("soft_signal", Kind::Signal, "TERM", "The signal of `soft_timeout`."),
    key(
        "expires",
        SOME,
        "",
        "Drop the job as EXPIRED if it has not started this long after it was enqueued.",
    ),
    key("result_ttl", SOME, "1d", "How long to keep the record of a success."),
    key("failure_ttl", SOME, "14d", "How long to keep the record of a failure."),
    key(
        "output_head",
        Kind::Size,
        "",
        "Bytes to keep of the beginning of each output. Without it, the worker's.",
    ),
    key("output_tail", Kind::Size, "", "Bytes to keep of the end of each output. Without it, the worker's."),
];

/// `[tasks.NAME]`, besides the policy.
pub const TASK: &[Key] = &[
    key("queue", Kind::Name, "default", "The queue of its jobs."),
    must(
        "command",
        Kind::Command,
        "The program and its arguments, as an array; with `shell = true` a script, as one string.",
    ),
    key(
        "shell",
        Kind::Bool,
        "false",
        "`command` is a script for `sh -c`. Parameters never become part of it; they are in the environment.",
    ),
    key(
        "params",
        Kind::Params,
        "",
        "The parameters, in the order in which they can be given without a name.",
    ),
    key(
        "cwd",
        Kind::Path,
        "",
        "The folder to run in. Without it, the folder of the file that has `command`.",
    ),
    key("env", Kind::Env, "", "Variables for the job."),
    key("umask", Kind::Umask, "", "The file mode mask, in octal digits: `\"027\"`."),
    key("nice", Kind::Integer { least: -20, most: 19 }, "", "The nice value."),
    key("memory", Kind::Size, "", "The most address space that each of its processes may have."),
    key("open_files", Kind::Integer { least: 16, most: 1 << 30 }, "", "The most files each may have open."),
    key(
        "stdin",
        Kind::Choice(&["none", "json"]),
        "none",
        "What it reads: nothing, or all parameters as one JSON object.",
    ),
    key("pass_redis", Kind::Bool, "false", "Give it the server's address and password, as `JOBQ_URL`."),
    key("on_success", Kind::Argv, "", "A job of its own, made when the task succeeded."),
    key("on_failure", Kind::Argv, "", "A job of its own, made when the task failed for good."),
    key("on_retry", Kind::Argv, "", "A job of its own, made when an attempt failed and another will follow."),
    key(
        "alert",
        Kind::Table(&[ALERT]),
        "",
        "When to raise an alert: once per incident, and once on recovery.",
    ),
    key("labels", Kind::Labels, "", "Labels of its jobs."),
    key("user", Kind::Later, "", ""),
];

/// `alert` of a task.
pub const ALERT: &[Key] = &[
    key("consecutive_failures", COUNT, "", "So many failures in a row."),
    key("failures", Kind::OutOf, "", "So many failures among the last jobs: `\"3 of 10\"`."),
    key("slower_than", Kind::Times, "", "A run so much slower than usual: `\"3x median\"`."),
    must("command", Kind::Argv, "What to run then; it takes no parameters."),
];

/// A parameter that is a table.
pub const PARAM: &[Key] = &[
    must("type", Kind::Choice(ParamType::NAMES), "Its type."),
    key("default", Kind::Any, "", "Its value when it is not given."),
    key("required", Kind::Bool, "", "Whether it must be given. Without it, yes unless there is a default."),
    key("dash", Kind::Bool, "false", "Whether a value may begin with `-` where it begins an argument."),
    key("values", Kind::List, "", "The only values it may have."),
];

/// `[queues.NAME]`, besides the policy.
pub const QUEUE: &[Key] = &[
    key("max_depth", Kind::Integer { least: 0, most: (1 << 53) - 1 }, "", "The most unfinished jobs."),
    key("max_bytes", Kind::Size, "", "The most bytes of unfinished jobs."),
    key(
        "rate",
        Kind::Rate,
        "",
        "The most starts in a time, over all workers: `\"10/s\"`, `\"100/m\"`, `\"1000/h\"`.",
    ),
    key("max_running", COUNT, "", "The most jobs running at once, over all workers."),
];

/// `[worker]`.
pub const WORKER: &[Key] = &[
    key(
        "queues",
        Kind::Queues,
        "",
        "Queues to serve: `[\"emails:3\", \"reports\"]`, or a table of weights. Without it, all queues named \
         in the configuration, else `default`.",
    ),
    key("strict", Kind::Bool, "false", "Serve the next queue only while those before it are empty."),
    key(
        "concurrency",
        Kind::Integer { least: 1, most: 10_000 },
        "",
        "Jobs to run at once. Without it, the number of CPUs.",
    ),
    key(
        "queue_limits",
        Kind::QueueLimits,
        "",
        "Jobs of one queue to run at once on a worker: `{ emails = 2 }`.",
    ),
    key("tasks_only", Kind::Bool, "false", "Refuse commands, run named tasks only."),
    key("allow", Kind::Names, "", "The only tasks to run. Without it, all that the configuration defines."),
    key("name", Kind::Name, "", "Label to show for the worker."),
    key("lease", LEASE, "30s", "How long it may be out of touch before others take its jobs over."),
    key("grace", ANY, "20s", "Time running jobs get to end when it is stopped."),
    key("kill_after", ANY, "5s", "Time between TERM and KILL for what still runs then."),
    key("log_format", Kind::Choice(&["text", "json"]), "text", "Form of the log on standard error."),
    key("log_dir", Kind::Path, "", "Folder for complete outputs, one file per attempt and stream."),
    key("output_head", Kind::Size, "32KiB", "Bytes to keep of the beginning of each output."),
    key("output_tail", Kind::Size, "224KiB", "Bytes to keep of the end of each output."),
    key("allow_eviction", Kind::Bool, "false", "Run on a server that may drop any key when memory is short."),
    key(
        "tmp",
        Kind::Path,
        "",
        "Where to make the folder for small files of jobs. Without it, `TMPDIR`, else `/tmp`.",
    ),
    METRICS,
];

/// `[beat]`.
pub const BEAT: &[Key] = &[METRICS];

const METRICS: Key = key(
    "metrics",
    Kind::Address,
    "",
    "Serve `/metrics`, `/healthz` and `/readyz` there: `\"HOST:PORT\"`; a port alone is of this machine only.",
);

impl Kind {
    /// The type in words, for the manual.
    pub fn words(self) -> String {
        match self {
            Kind::Text | Kind::Secret => "string".to_owned(),
            Kind::Url => "URL".to_owned(),
            Kind::Path => "path".to_owned(),
            Kind::Name => "name".to_owned(),
            Kind::Names => "array of names".to_owned(),
            Kind::Bool => "boolean".to_owned(),
            Kind::Integer { least, most } if most < 1_000_000 => format!("integer, {least} to {most}"),
            Kind::Integer { least, .. } => format!("integer, at least {least}"),
            Kind::Duration { least_ms: 1_000.. } => "duration, at least 1s".to_owned(),
            Kind::Duration { .. } => "duration".to_owned(),
            Kind::Size => "size".to_owned(),
            Kind::Codes => "codes".to_owned(),
            Kind::Snooze => "table of codes and durations".to_owned(),
            Kind::Choice(words) => {
                words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
            }
            Kind::Signal => "signal".to_owned(),
            Kind::Umask | Kind::Rate | Kind::OutOf | Kind::Times => "string".to_owned(),
            Kind::Argv => "array of strings".to_owned(),
            Kind::Command => "array of strings, or string".to_owned(),
            Kind::Env | Kind::Labels => "table of strings".to_owned(),
            Kind::Queues => "array of names, or table of weights".to_owned(),
            Kind::QueueLimits => "table of integers".to_owned(),
            Kind::Params => "table of types".to_owned(),
            Kind::Address => "address".to_owned(),
            Kind::Words => "array of strings".to_owned(),
            Kind::Cron => "cron expression".to_owned(),
            Kind::Zone => "time zone".to_owned(),
            Kind::Instant => "date and time".to_owned(),
            Kind::Expiry => "duration or \"next tick\"".to_owned(),
            Kind::Args => "table of values".to_owned(),
            Kind::Any => "any value".to_owned(),
            Kind::List => "array".to_owned(),
            Kind::Table(_) | Kind::Named(_) => "table".to_owned(),
            Kind::Later => "not in this version".to_owned(),
        }
    }

    fn schema(self) -> Json {
        let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
        let map = |values: Json| json!({"type": "object", "additionalProperties": values});
        match self {
            Kind::Text | Kind::Secret | Kind::Url | Kind::Path => json!({"type": "string", "minLength": 1}),
            Kind::Name => text(NAME),
            Kind::Names => json!({"type": "array", "items": text(NAME)}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Integer { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::Duration { .. } => text(DURATION),
            Kind::Size => json!({"anyOf": [{"type": "integer", "minimum": 0}, text(SIZE)]}),
            Kind::Codes => {
                let one = json!({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, text(CODES)]});
                json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
            }
            Kind::Snooze => map(text(DURATION)),
            Kind::Choice(words) => json!({"enum": words}),
            Kind::Signal => json!({"type": ["string", "integer"]}),
            Kind::Umask => text("^[0-7]{3,4}$"),
            Kind::Rate => text("^[1-9][0-9]*/[smh]$"),
            Kind::Address => text("^(.*:)?[0-9]{1,5}$"),
            Kind::OutOf => text("^[1-9][0-9]* of [1-9][0-9]*$"),
            Kind::Times => text("^[0-9]+(\\.[0-9]+)?x median$"),
            Kind::Argv => argv(),
            Kind::Command => json!({"anyOf": [argv(), {"type": "string", "minLength": 1}]}),
            Kind::Env | Kind::Labels => map(json!({"type": "string"})),
            Kind::Queues => json!({"anyOf": [
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                map(json!({"type": "integer", "minimum": 1, "maximum": 1000})),
            ]}),
            Kind::QueueLimits => map(json!({"type": "integer", "minimum": 1})),
            Kind::Params => json!({
                "type": "object",
                "patternProperties": {"^[a-z_][a-z0-9_]*$": {"anyOf": [
                    {"enum": ParamType::NAMES},
                    object(&[PARAM]),
                ]}},
                "additionalProperties": false,
            }),
            Kind::Words => argv(),
            Kind::Cron | Kind::Zone | Kind::Instant => json!({"type": "string", "minLength": 1}),
            Kind::Expiry => json!({"anyOf": [{"enum": ["next tick"]}, text(DURATION)]}),
            Kind::Args => json!({"type": "object"}),
            Kind::Any => json!({}),
            Kind::List => json!({"type": "array", "minItems": 1}),
            Kind::Table(tables) => object(tables),
            Kind::Named(tables) => json!({
                "type": "object",
                "patternProperties": {NAME: object(tables)},
                "additionalProperties": false,
            }),
            Kind::Later => Json::Bool(false),
        }
    }
}

const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";
const DURATION: &str = "^[0-9][0-9.]* ?(ms|s|m|h|d|w)( ?[0-9][0-9.]* ?(ms|s|m|h|d|w))*$";
const SIZE: &str = "^[0-9]+ ?([bB]|[kKmMgG]([iI][bB])?)?$";
const CODES: &str = "^[0-9]{1,3}(-[0-9]{1,3})?(,[0-9]{1,3}(-[0-9]{1,3})?)*$";

fn argv() -> Json {
    json!({"type": "array", "items": {"type": "string"}, "minItems": 1})
}

/// All keys of some tables that this version carries out. Where two have the same, the first
/// says what it takes.
pub fn keys(tables: &[&'static [Key]]) -> impl Iterator<Item = &'static Key> {
    let before =
        |at: usize, name: &str| tables[..at].iter().any(|table| table.iter().any(|key| key.name == name));
    tables
        .iter()
        .enumerate()
        .flat_map(move |(at, table)| table.iter().filter(move |key| !before(at, key.name)))
        .filter(|key| !matches!(key.kind, Kind::Later))
}

fn object(tables: &[&'static [Key]]) -> Json {
    let mut properties = Map::new();
    for key in keys(tables) {
        let mut one = key.kind.schema();
        if let Some(object) = one.as_object_mut() {
            object.insert("description".to_owned(), Json::from(key.help.replace('`', "")));
            if !key.default.is_empty() {
                object.insert("default".to_owned(), key.default_json());
            }
        }
        properties.insert(key.name.to_owned(), one);
    }
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    let required: Vec<&str> = keys(tables).filter(|key| key.required).map(|key| key.name).collect();
    if let (false, Some(object)) = (required.is_empty(), object.as_object_mut()) {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

impl Key {
    /// The default as it would be written; `null` for none.
    pub fn default_json(&self) -> Json {
        match (self.default, self.kind) {
            ("", _) => Json::Null,
            (text, Kind::Bool | Kind::Integer { .. }) => text.parse().unwrap_or_default(),
            (text, _) => Json::from(text),
        }
    }
}

/// The JSON schema of the file, draft 2020-12, ended with a newline.
pub fn json_schema() -> String {
    let mut schema = object(&[ROOT]);
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        object.insert("title".to_owned(), json!("jobq.toml"));
        object.insert("description".to_owned(), json!("Configuration of jobq, a job queue for the shell."));
    }
    // There are only strings as keys, so there is always a text.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
