//! `jobq inspect`, as typed.

use clap::{ArgAction, Args, Subcommand};

use super::help;
use super::values::{Label, Span, event_id, past, some_span, state, window};
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
    /// first. Where few jobs have the label that was asked for, they come newest first in any
    /// state. Where there is more, standard error names the place to go on from.
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
    /// Show what happened, and with --follow what happens: every change of a job, every act of an operator
    ///
    /// Without --after and --since: the newest. The id of the last event is the place to go on
    /// from with --after; docs/events.md tells other programs how to read the stream.
    #[command(after_help = help::INSPECT_EVENTS)]
    Events(Box<EventsArgs>),
    /// Check the server, the workers and the queues, and say what to do; exit 1 if something is bad
    #[command(after_help = help::INSPECT_DOCTOR)]
    Doctor(ViewArgs),
    /// Check every invariant of the stored state, in small steps that change nothing; exit 1 if one does not hold
    ///
    /// Reads everything. What does not hold counts only if a second look finds it unchanged,
    /// so a busy system can be checked while it works. -v tells how far it is.
    #[command(after_help = help::INSPECT_VERIFY)]
    Verify(ViewArgs),
    /// Show how fast queues and tasks work, how often they fail, how long jobs wait and run
    ///
    /// Times are the longest that half, 90% and 99% of the jobs took; they are right within a
    /// factor of two. A window begins with a whole minute, above 1h with a whole hour.
    #[command(after_help = help::INSPECT_STATS)]
    Stats(StatsArgs),
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
pub(super) const FILTERS: &str = "Filters; they combine";

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

/// `inspect stats`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct StatsArgs {
    /// Only this queue; may be repeated
    #[arg(short, long = "queue", value_name = "QUEUE", action = ArgAction::Append, conflicts_with = "tasks")]
    pub queues: Vec<Name>,
    /// Only this task; may be repeated
    #[arg(long = "task", value_name = "TASK", action = ArgAction::Append)]
    pub tasks: Vec<Name>,
    /// How far to look back, 1m to 48h
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = window)]
    pub window: Span,
    /// Print gauges and counters of the whole namespace as OpenMetrics, for a collector of text files
    #[arg(long, conflicts_with_all = ["queues", "tasks", "window", "format", "watch", "json"])]
    pub openmetrics: bool,
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

/// `inspect events`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct EventsArgs {
    /// Go on with each event as it happens, until stopped
    #[arg(short, long, conflicts_with = "watch")]
    pub follow: bool,
    /// Only of this queue; may be repeated
    #[arg(short, long = "queue", value_name = "QUEUE", action = ArgAction::Append, help_heading = FILTERS)]
    pub queues: Vec<Name>,
    /// Only about this job; may be repeated
    #[arg(long = "job", value_name = "ID", action = ArgAction::Append, help_heading = FILTERS)]
    pub jobs: Vec<Name>,
    /// Only of this kind, such as failed or lost; may be repeated
    #[arg(long = "kind", value_name = "KIND", action = ArgAction::Append, help_heading = FILTERS)]
    pub kinds: Vec<String>,
    /// Only since then: 1h, yesterday 09:00, a date
    #[arg(long, value_name = "WHEN", value_parser = past, conflicts_with = "after", help_heading = FILTERS)]
    pub since: Option<String>,
    /// Only after the event with this id; 0 for all there are
    #[arg(long, value_name = "EVENT", value_parser = event_id)]
    pub after: Option<String>,
    /// At most this many; the newest, or with --after and --since the first
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub limit: u32,
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
