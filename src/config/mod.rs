//! `jobq.toml`: from files to typed values, with the place of each.
//!
//! Three steps. [`files`] finds the files, refuses those that somebody else could write, and
//! makes a tree of each ([`node`]): every key and value knows its file, line and column. The
//! trees are laid upon each other key by key, the later file on top. Then `read` goes through
//! the one tree with the table of keys in [`schema`] and makes the [`Config`], collecting all
//! that is wrong instead of stopping at the first.
//!
//! Nothing here prints or reads the environment; [`Where`] carries what is needed of it.
//! No file costs three failed `open`s and nothing else.

mod error;
pub mod files;
pub mod nearest;
pub mod node;
pub mod params;
pub mod policy;
mod read;
mod schedule;
pub mod schema;
pub mod template;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::core::name::Name;
use crate::metrics::Address;

pub use error::ConfigError;
pub use files::{Where, load};
pub use node::{Fault, Node, Origin};
pub use params::{ParamDef, ParamError, ParamType};
pub use policy::Policy;
pub use schedule::{MissedAlert, RuleDef, ScheduleDef, Stated, Work};
pub use template::{Piece, Word};

/// The queue of a task that names none, and of a command.
pub const DEFAULT_QUEUE: &str = "default";

/// All that the files say.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where the queues live.
    pub redis: RedisConf,
    /// What may run.
    pub tasks: BTreeMap<Name, TaskDef>,
    /// Bounds and policies of queues.
    pub queues: BTreeMap<Name, QueueDef>,
    /// When what is enqueued; `None` where no file says anything of schedules.
    pub schedules: Option<BTreeMap<Name, ScheduleDef>>,
    /// How workers run.
    pub worker: WorkerConf,
    /// How the scheduler runs.
    pub beat: BeatConf,
    /// The files that were read, the one that wins last.
    pub files: Vec<PathBuf>,
    /// Everything as it was written, with its places; `None` without a file.
    pub tree: Option<Node>,
}

impl Config {
    /// Where the value of a key stands: `["worker", "lease"]`.
    pub fn origin(&self, path: &[&str]) -> Option<&Origin> {
        path.iter().try_fold(self.tree.as_ref()?, |node, key| node.get(key)).map(|node| &node.origin)
    }

    /// The queues that are named anywhere, in the order of the alphabet: those of `[queues]`,
    /// of the tasks and of the schedules. What a worker serves that was told no others.
    pub fn queues_named(&self) -> Vec<Name> {
        let tasks = self.tasks.values().map(|task| &task.queue);
        let schedules = self.schedules.iter().flat_map(BTreeMap::values).filter_map(|one| one.queue.as_ref());
        self.queues
            .keys()
            .chain(tasks)
            .chain(schedules)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect()
    }

    /// The policy of a job of `task` on `queue`, `flags` over both.
    pub fn policy(&self, flags: &Policy, task: Option<&Name>, queue: &Name) -> Policy {
        let task = task.and_then(|name| self.tasks.get(name)).map(|task| &task.policy);
        policy::resolve(flags, task, self.queues.get(queue).map(|queue| &queue.policy))
    }

    /// The name of the task most like `typed`.
    pub fn nearest_task(&self, typed: &str) -> Option<&str> {
        nearest::nearest(typed, &self.tasks.keys().map(Name::as_str).collect::<Vec<_>>())
    }
}

/// `[redis]`. Paths are absolute.
#[derive(Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the keys of jobq.toml(5)
pub struct RedisConf {
    pub url: Option<String>,
    pub namespace: Option<Name>,
    pub tls_ca: Option<PathBuf>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub password_file: Option<PathBuf>,
    pub password: Option<String>,
}

impl std::fmt::Debug for RedisConf {
    /// Without what may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConf").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// What a task runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments.
    Argv(Vec<Word>),
    /// A script for `sh -c`; parameters are in its environment only.
    Script(String),
}

/// What a task reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StdinMode {
    /// Nothing.
    #[default]
    None,
    /// All parameters as one JSON object.
    Json,
}

/// `[tasks.NAME]`. Sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDef {
    /// The queue of its jobs.
    pub queue: Name,
    /// What it runs.
    pub command: Command,
    /// Its parameters, in the order of their places.
    pub params: Vec<ParamDef>,
    /// How its jobs run.
    pub policy: Policy,
    /// The folder to run in, absolute.
    pub cwd: PathBuf,
    /// Variables for the job.
    pub env: BTreeMap<String, String>,
    /// The file mode mask.
    pub umask: Option<u32>,
    /// The nice value.
    pub nice: Option<i32>,
    /// `RLIMIT_AS`.
    pub memory: Option<u64>,
    /// `RLIMIT_NOFILE`.
    pub open_files: Option<u64>,
    /// What it reads.
    pub stdin: StdinMode,
    /// Whether it gets the server's address and password.
    pub pass_redis: bool,
    /// The job to make when it succeeded.
    pub on_success: Option<Vec<Word>>,
    /// The job to make when it failed for good.
    pub on_failure: Option<Vec<Word>>,
    /// The job to make when it failed and will be tried again.
    pub on_retry: Option<Vec<Word>>,
    /// When to raise an alert.
    pub alert: Option<Alert>,
    /// Labels of its jobs.
    pub labels: BTreeMap<Name, String>,
    /// Equal for equal definitions, wherever they stand: tells a drift between machines.
    pub digest: String,
    /// Where it is defined.
    pub origin: Origin,
}

/// `alert` of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// So many failures in a row.
    pub consecutive_failures: Option<u32>,
    /// So many failures (first) among so many jobs (second).
    pub failures: Option<(u32, u32)>,
    /// So many times the median of the run times.
    pub slower_than: Option<f64>,
    /// What to run.
    pub command: Vec<String>,
}

/// `[queues.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueDef {
    /// How its jobs run, where neither a flag nor the task says.
    pub policy: Policy,
    /// The most unfinished jobs.
    pub max_depth: Option<u64>,
    /// The most bytes of unfinished jobs.
    pub max_bytes: Option<u64>,
    /// The most starts in a time.
    pub rate: Option<Rate>,
    /// The most jobs running at once.
    pub max_running: Option<u64>,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how many milliseconds.
    pub per_ms: u64,
}

/// The form of a worker's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[worker]`. Times in milliseconds, sizes in bytes, paths absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the keys of jobq.toml(5)
pub struct WorkerConf {
    pub queues: Option<Vec<(Name, u32)>>,
    pub strict: Option<bool>,
    pub concurrency: Option<u32>,
    pub queue_limits: Option<Vec<(Name, u32)>>,
    pub tasks_only: Option<bool>,
    pub allow: Option<Vec<Name>>,
    pub name: Option<Name>,
    pub lease_ms: Option<u64>,
    pub grace_ms: Option<u64>,
    pub kill_after_ms: Option<u64>,
    pub log_format: Option<LogFormat>,
    pub log_dir: Option<PathBuf>,
    pub output_head: Option<u64>,
    pub output_tail: Option<u64>,
    pub allow_eviction: Option<bool>,
    pub tmp: Option<PathBuf>,
    pub metrics: Option<Address>,
}

/// `[beat]`.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)] // the keys of jobq.toml(5)
pub struct BeatConf {
    pub metrics: Option<Address>,
}
