//! `jobq worker`, as typed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::help;
use super::values::{QueueLimit, QueueWeight, Size, Span, lease, some_span};
use crate::core::name::Name;
use crate::metrics::Address;

/// The arguments of `jobq worker`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::WORKER)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct WorkerArgs {
    /// Queues to serve, with weights: emails:3,reports:1; default: all that the configuration
    /// names, else default
    #[arg(short, long = "queue", value_name = "NAME[:WEIGHT]", value_delimiter = ',')]
    pub queues: Vec<QueueWeight>,
    /// Serve the queues in the order given: the next only while those before it are empty
    #[arg(long)]
    pub strict: bool,
    /// Jobs to run at once; default: the number of CPUs
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub concurrency: Option<u32>,
    /// Jobs of one queue to run at once here: emails=2; may be repeated
    #[arg(long = "queue-limit", value_name = "NAME=N", value_delimiter = ',')]
    pub queue_limits: Vec<QueueLimit>,
    /// Refuse commands, run named tasks only
    #[arg(long)]
    pub tasks_only: bool,
    /// Run only these named tasks
    #[arg(long, value_name = "TASK", value_delimiter = ',')]
    pub allow: Vec<Name>,
    /// Label to show for this worker
    #[arg(long, value_name = "LABEL")]
    pub name: Option<Name>,

    /// End when there is nothing left to do
    #[arg(long, help_heading = ENDING)]
    pub burst: bool,
    /// With --burst, stay for jobs that fall due within this long; default: 0s
    #[arg(long, value_name = "DURATION", requires = "burst", help_heading = ENDING)]
    pub idle: Option<Span>,
    /// End after this many jobs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = ENDING)]
    pub max_jobs: Option<u64>,
    /// End after this long, as if stopped
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = ENDING)]
    pub max_runtime: Option<Span>,
    /// Time running jobs get to end when the worker is stopped; default: 20s
    #[arg(long, value_name = "DURATION", help_heading = ENDING)]
    pub grace: Option<Span>,
    /// Time between TERM and KILL for what still runs then; default: 5s
    #[arg(long, value_name = "DURATION", help_heading = ENDING)]
    pub kill_after: Option<Span>,
    /// How long this worker may be out of touch before others take its jobs over; at least 1s; default: 30s
    #[arg(long, value_name = "DURATION", value_parser = lease, help_heading = ENDING)]
    pub lease: Option<Span>,

    /// Form of the log on standard error; default: text
    #[arg(long, value_name = "FORMAT", help_heading = OUTPUT)]
    pub log_format: Option<LogFormat>,
    /// Folder for complete outputs, one file per attempt and stream
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub log_dir: Option<PathBuf>,
    /// Bytes to keep of the beginning of each output; default: 32KiB
    #[arg(long, value_name = "SIZE", help_heading = OUTPUT)]
    pub output_head: Option<Size>,
    /// Bytes to keep of the end of each output; default: 224KiB
    #[arg(long, value_name = "SIZE", help_heading = OUTPUT)]
    pub output_tail: Option<Size>,

    /// Serve /metrics (OpenMetrics), /healthz and /readyz at HOST:PORT; a port alone is of this machine only
    #[arg(long, value_name = "ADDRESS", help_heading = OUTPUT)]
    pub metrics: Option<Address>,

    /// Run on a server that may drop any key when memory is short
    #[arg(long, help_heading = "Safety")]
    pub allow_eviction: bool,
}

const ENDING: &str = "Ending";
const OUTPUT: &str = "Logs and output";

/// `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl WorkerArgs {
    /// What only all options together can tell.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut served = BTreeSet::new();
        for one in &self.queues {
            if !served.insert(&one.queue) {
                return Err(format!("queue {} is named twice", one.queue));
            }
        }
        let mut limited = BTreeSet::new();
        for one in &self.queue_limits {
            // Without -q the configuration says what is served.
            if !served.is_empty() && !served.contains(&one.queue) {
                return Err(format!("--queue-limit names {}, which this worker does not serve", one.queue));
            }
            if !limited.insert(&one.queue) {
                return Err(format!("--queue-limit names {} twice", one.queue));
            }
        }
        if self.strict && self.queues.iter().any(|one| one.weight != 1) {
            return Err("--strict goes by the order of the queues; weights have no place there".to_owned());
        }
        Ok(())
    }
}
