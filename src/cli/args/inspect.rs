//! `jobq inspect`, as typed.

use clap::{ArgAction, Args, Subcommand};

use super::help;
use super::values::{Label, Span, past, some_span, state};
use crate::core::name::Name;
use crate::core::query::Cursor;
use crate::core::state::State;
use crate::view::template::Template;

/// The arguments of `jobq inspect`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::INSPECT, disable_help_subcommand = true)]
pub struct InspectArgs {
    /// What to look at.
    #[command(subcommand)]
    pub command: InspectCommand,
}

/// What can be looked at.
#[derive(Debug, Clone, Subcommand)]
pub enum InspectCommand {
    /// Show every queue: what it holds, who serves it, what bounds it
    #[command(after_help = help::INSPECT_QUEUES)]
    Queues(QueuesArgs),
    /// List jobs, in pages that cost the same at any depth
    ///
    /// What runs comes first, then what waits, first in line first, then what ended, newest
    /// first. Where there is more, standard error names the place to go on from.
    #[command(after_help = help::INSPECT_JOBS)]
    Jobs(Box<JobsArgs>),
    /// Show jobs in full: state, reason, attempts, times, the end of the output
    #[command(after_help = help::INSPECT_JOB)]
    Job(IdsArgs),
    /// Say why a job stands where it stands, in one sentence and a stable word
    #[command(after_help = help::INSPECT_WHY)]
    Why(IdsArgs),
    /// Show every worker: how busy it is, whether it lives, what it serves
    #[command(after_help = help::INSPECT_WORKERS)]
    Workers(ViewArgs),
    /// Show every schedule: next and last tick, how its job ended, what was skipped and missed
    #[command(after_help = help::INSPECT_SCHEDULES)]
    Schedules(ViewArgs),
    /// List failed jobs and why they failed, newest first
    #[command(after_help = help::INSPECT_FAILURES)]
    Failures(FailuresArgs),
    /// Show where the server is, what it is, and how it keeps data
    #[command(after_help = help::INSPECT_SERVER)]
    Server(ViewArgs),
    /// Show the configuration that holds, and where each value was said
    #[command(after_help = help::INSPECT_CONFIG)]
    Config(ConfigArgs),
}

/// How a reading is shown.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct ViewArgs {
    /// Print a line of your own for each record, such as '{id}\\t{state}'; any field of the JSON by its name
    #[arg(long, value_name = "PATTERN", conflicts_with = "json", help_heading = VIEW)]
    pub format: Option<Template>,
    /// Look again and again, every 2s unless DURATION says otherwise
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "2s",
          value_parser = some_span, help_heading = VIEW)]
    pub watch: Option<Span>,
}

const VIEW: &str = "How it is shown";
const FILTERS: &str = "Filters; they combine";

/// `inspect queues`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct QueuesArgs {
    /// Queues to show; all without one
    #[arg(value_name = "QUEUE")]
    pub queues: Vec<Name>,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Commands that take ids.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct IdsArgs {
    /// Jobs to look at
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<Name>,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// `inspect config`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct ConfigArgs {
    /// Print a line of your own for each value, such as '{key}={value}'
    #[arg(long, value_name = "PATTERN", conflicts_with = "json", help_heading = VIEW)]
    pub format: Option<Template>,
}

/// Which jobs, for every command that takes them by filter.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct FilterArgs {
    /// Only of this queue; may be repeated
    #[arg(short, long = "queue", value_name = "QUEUE", action = ArgAction::Append, help_heading = FILTERS)]
    pub queues: Vec<Name>,
    /// Only of this task; may be repeated
    #[arg(long = "task", value_name = "TASK", action = ArgAction::Append, help_heading = FILTERS)]
    pub tasks: Vec<Name>,
    /// Only with this label; repeated, all of them
    #[arg(long = "label", value_name = "KEY=VALUE", action = ArgAction::Append, help_heading = FILTERS)]
    pub labels: Vec<Label>,
    /// Only of this group; may be repeated
    #[arg(long = "group", value_name = "NAME", action = ArgAction::Append, help_heading = FILTERS)]
    pub groups: Vec<Name>,
    /// Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date
    #[arg(long, value_name = "WHEN", value_parser = past, help_heading = FILTERS)]
    pub since: Option<String>,
    /// Only what ended, or was enqueued if it has not ended, before then
    #[arg(long, value_name = "WHEN", value_parser = past, help_heading = FILTERS)]
    pub until: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct PageArgs {
    /// The newest first, whatever the state; of what waits, the last in line
    #[arg(long, conflicts_with = "oldest")]
    pub newest: bool,
    /// The oldest first, whatever the state; of what waits, the first in line
    #[arg(long)]
    pub oldest: bool,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Go on where a page ended, with the same filters and order
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<Cursor>,
}

/// `inspect jobs`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct JobsArgs {
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Only in this state, as shown; may be repeated
    #[arg(long = "state", value_name = "STATE", action = ArgAction::Append, value_parser = state, help_heading = FILTERS)]
    pub states: Vec<State>,
    #[command(flatten)]
    pub page: PageArgs,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// `inspect failures`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct FailuresArgs {
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub page: PageArgs,
    #[command(flatten)]
    pub view: ViewArgs,
}
