//! What a worker was told to be.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::output::Keep;
use crate::config::policy::{Policy, resolve};
use crate::config::{QueueDef, TaskDef};
use crate::core::name::Name;
use crate::metrics::Address;

/// Task definitions by name.
pub type Tasks = BTreeMap<Name, TaskDef>;

/// Name and value of each; `None` clears.
pub type QueueSettings = Vec<(&'static str, Option<u64>)>;

/// Reads the tasks of the file anew.
#[derive(Clone)]
pub struct Reload(pub Arc<dyn Fn() -> Result<Tasks, String> + Send + Sync>);

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reload")
    }
}

/// What a worker needs to know of the local store it lives on.
#[derive(Clone)]
pub struct LocalStore {
    /// Its folder, as the kernel spells it: the server runs there and outlives every job.
    pub folder: PathBuf,
    /// Starts the server if it is down; says whether it did, or why it could not. May block.
    pub revive: Arc<dyn Fn() -> Result<bool, String> + Send + Sync>,
}

impl std::fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The resolved settings of one worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Queues to serve, each with its weight.
    pub queues: Vec<(Name, u32)>,
    /// The order of `queues` is absolute and weights do not count.
    pub strict: bool,
    /// Places for running jobs.
    pub slots: usize,
    /// The most jobs of a queue that this worker runs at once.
    pub queue_limits: BTreeMap<Name, usize>,
    /// End when there is nothing to do and nothing falls due within this time.
    pub burst: Option<Duration>,
    /// End after this many jobs were started.
    pub max_jobs: Option<u64>,
    /// End after this time.
    pub max_runtime: Option<Duration>,
    /// Refuse commands.
    pub tasks_only: bool,
    /// The tasks of its own file; read anew at HUP.
    pub tasks: Arc<RwLock<Arc<Tasks>>>,
    /// Reads the file anew; answers why not.
    pub reload: Reload,
    /// The only tasks to run, where that was said.
    pub allow: Option<Vec<Name>>,
    /// What its own file says of queues.
    pub queue_defs: BTreeMap<Name, QueueDef>,
    /// Settings of queues in its own file: queue, then name and value of each.
    pub queue_settings: Vec<(Name, QueueSettings)>,
    /// The server's URL, for tasks that are to get it.
    pub redis_url: Option<String>,
    /// A word for people.
    pub label: Option<Name>,
    /// The lease of jobs that do not ask for another.
    pub lease: Duration,
    /// Between the TERM of an ordered stop and the KILL.
    pub kill_after: Duration,
    /// How much output is kept.
    pub keep: Keep,
    /// Where complete output goes, if anywhere.
    pub log_dir: Option<PathBuf>,
    /// Where metrics are served, if anywhere.
    pub metrics: Option<Address>,
    /// Work although the server may evict keys.
    pub allow_eviction: bool,
    /// The worker's environment for jobs: PATH, HOME, locale and the like.
    pub child_env: Vec<(OsString, OsString)>,
    /// The user that it runs as.
    pub user: String,
    /// Where a job without a recorded folder runs.
    pub home: PathBuf,
    /// A folder for the small files that jobs write to jobq.
    pub scratch: PathBuf,
    /// The local store, where the worker lives on it: brought back if its server dies.
    pub local: Option<LocalStore>,
    /// This host, as a name.
    pub host: Name,
    /// The main process: the guardian's.
    pub pid: u32,
    /// The host's boot.
    pub boot_id: String,
}

impl Settings {
    /// The tasks as the file has them now.
    pub fn tasks(&self) -> Arc<Tasks> {
        Arc::clone(&self.tasks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How much output of a job is kept: what the task says, else the queue, else the worker.
    pub fn keep_for(&self, task: Option<&Name>, queue: &str) -> Keep {
        let tasks = self.tasks();
        let task = task.and_then(|name| tasks.get(name)).map(|task| &task.policy);
        let queue = self.queue_defs.iter().find(|(name, _)| name.as_str() == queue);
        let policy = resolve(&Policy::default(), task, queue.map(|(_, queue)| &queue.policy));
        let bytes =
            |said: Option<u64>, usual| said.map_or(usual, |said| usize::try_from(said).unwrap_or(usual));
        Keep {
            head: bytes(policy.output_head, self.keep.head),
            tail: bytes(policy.output_tail, self.keep.tail),
        }
    }

    /// Takes the place of the tasks that were read before.
    pub fn put_tasks(&self, tasks: Tasks) {
        *self.tasks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tasks);
    }

    /// How often leases are renewed while `shortest` is the shortest lease held.
    pub fn pace(shortest: Duration) -> Duration {
        (shortest / 5).min(Duration::from_secs(1))
    }

    /// How long before a lease certainly runs out its job is killed: time for the tree to
    /// die in before anybody else may start the job.
    pub fn margin(lease: Duration) -> Duration {
        (lease / 10).clamp(Duration::from_millis(100), Duration::from_secs(3))
    }
}
