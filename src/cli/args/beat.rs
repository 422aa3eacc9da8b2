//! `jobq beat`, as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum, ValueHint};

use super::help;
use super::inspect::ViewArgs;
use super::job::JobArgs;
use super::values::{Span, some_span};
use super::worker::LogFormat;
use crate::core::name::Name;
use crate::core::schedule;
use crate::metrics::Address;

/// The arguments of `jobq beat`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT, disable_help_subcommand = true, args_conflicts_with_subcommands = true)]
pub struct BeatArgs {
    /// What to do instead of running.
    #[command(subcommand)]
    pub command: Option<BeatCommand>,
    /// How to run.
    #[command(flatten)]
    pub run: BeatRunArgs,
}

impl BeatArgs {
    /// Whether it is a check of files, which must not fail because of them.
    pub fn is_check(&self) -> bool {
        matches!(self.command, Some(BeatCommand::Check(_)))
    }

    /// Whether it only reads the store.
    pub fn is_look(&self) -> bool {
        matches!(self.command, Some(BeatCommand::Next(_) | BeatCommand::List(_)))
    }
}

/// What can be done besides running the scheduler.
#[derive(Debug, Clone, Subcommand)]
pub enum BeatCommand {
    /// Show the coming ticks, and what daylight saving does to them
    Next(NextArgs),
    /// Check the configuration, or a crontab: all that is wrong, by line
    Check(CheckArgs),
    /// Add a schedule that stands in no file, or put another in its place
    Add(Box<AddArgs>),
    /// List the schedules
    #[command(after_help = help::BEAT_LIST)]
    List(ViewArgs),
    /// Remove a schedule; jobs that it made stay
    Remove(RemoveArgs),
    /// Stop a schedule for a while: its ticks make no jobs
    Pause(SuspendArgs),
    /// End a pause
    Resume(ResumeArgs),
    /// Make a job of a schedule now, print its id; no tick is used up
    Trigger(TriggerArgs),
    /// Print another scheduler's file as jobq.toml
    #[command(subcommand, disable_help_subcommand = true)]
    Import(ImportCommand),
}

/// How `jobq beat` runs.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct BeatRunArgs {
    /// Crontab to run on the queue, or a folder of them as /etc/cron.d; read again on change; may be repeated
    #[arg(long = "crontab", value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = CRONTAB)]
    pub crontabs: Vec<PathBuf>,
    /// How crontabs are read
    #[command(flatten)]
    pub reading: CrontabArgs,
    /// Publish the other lines of a crontab that has lines that cannot run
    #[arg(long, requires = "crontabs", help_heading = CRONTAB)]
    pub skip_refused: bool,
    /// Publish nothing and run nothing; say at each tick what would have run
    #[arg(long)]
    pub shadow: bool,
    /// Form of the log on standard error; default: text
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Serve /metrics (OpenMetrics), /healthz and /readyz at HOST:PORT; a port alone is of this machine only
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<Address>,
    /// Run on a server that may drop any key when memory is short
    #[arg(long)]
    pub allow_eviction: bool,
}

/// How crontabs are read.
#[derive(Debug, Clone, Default, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct CrontabArgs {
    /// A user stands between times and command, as in /etc/crontab and /etc/cron.d, where that is known
    #[arg(long, help_heading = CRONTAB)]
    pub user_field: bool,
    /// User that the workers of the queue run as; default: the one who runs this
    #[arg(long, value_name = "USER", help_heading = CRONTAB)]
    pub worker_user: Option<String>,
    /// Queue of the crontab's jobs; default: cron-HOST
    #[arg(short, long, value_name = "NAME", help_heading = CRONTAB)]
    pub queue: Option<Name>,
    /// Name of this machine in the names of schedules and queue; default: the host name
    #[arg(long, value_name = "NAME", help_heading = CRONTAB)]
    pub host: Option<Name>,
}

const CRONTAB: &str = "Crontabs";
const TIMES: &str = "When it ticks";
const POLICY: &str = "What happens to its ticks";

/// `beat next`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_NEXT)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct NextArgs {
    /// Schedule to show; default: all, one tick each. With --cron, whom `~` and `H` draw for
    #[arg(value_name = "NAME")]
    pub name: Option<Name>,
    /// Ticks to show; default: 10 for one schedule
    #[arg(short = 'n', long = "count", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub count: Option<u16>,
    /// Expression to show the ticks of, stored or not
    #[arg(long, value_name = "CRON", allow_hyphen_values = true)]
    pub cron: Option<String>,
    /// Zone to show beside the schedule's; with --cron the zone of the expression; default: the local one
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
}

/// `beat check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_CHECK)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct CheckArgs {
    /// Configuration (FILE.toml), crontab, or folder of crontabs; default: the configuration files
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file: Option<PathBuf>,
    /// How crontabs are read
    #[command(flatten)]
    pub reading: CrontabArgs,
}

/// `beat add`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = help::BEAT_ADD,
    group = ArgGroup::new("when").required(true),
    override_usage = "jobq beat add [OPTIONS] <NAME> <--cron <CRON>|--every <DURATION>|--at <TIME>> <TASK> [KEY=VALUE]...\n       \
                      jobq beat add [OPTIONS] <NAME> <--cron <CRON>|--every <DURATION>|--at <TIME>> -- <COMMAND> [ARG]..."
)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct AddArgs {
    /// Name of the schedule
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// Cron expression: five fields, six with seconds in front, or a nickname such as @daily
    #[arg(long, value_name = "CRON", group = "when", allow_hyphen_values = true, help_heading = TIMES)]
    pub cron: Option<String>,
    /// Period: it ticks at whole multiples of it since 1970 in UTC; at least 1s
    #[arg(long, value_name = "DURATION", group = "when", value_parser = period, help_heading = TIMES)]
    pub every: Option<Span>,
    /// Time of its only tick: as for jobq enqueue --at
    #[arg(long, value_name = "TIME", group = "when", help_heading = TIMES)]
    pub at: Option<String>,
    /// Time zone of --cron and of times without one; default: the local one
    #[arg(long, value_name = "ZONE", help_heading = TIMES)]
    pub tz: Option<String>,
    /// Delay each tick by a time below this that depends on the name alone
    #[arg(long, value_name = "DURATION", help_heading = TIMES)]
    pub spread: Option<Span>,
    /// No tick before this time
    #[arg(long, value_name = "TIME", help_heading = TIMES)]
    pub starts: Option<String>,
    /// No tick after this time
    #[arg(long, value_name = "TIME", help_heading = TIMES)]
    pub ends: Option<String>,
    /// While an earlier job has not ended; default: queue
    #[arg(long, value_name = "HOW", help_heading = POLICY)]
    pub overlap: Option<OverlapArg>,
    /// Ticks that no beat was there for; default: once
    #[arg(long, value_name = "HOW", help_heading = POLICY)]
    pub missed: Option<MissedArg>,
    /// Ticks that were missed longer ago than this make no job
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = POLICY)]
    pub missed_window: Option<Span>,
    /// The most jobs that missed ticks make with --missed all; default: 100
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000), help_heading = POLICY)]
    pub missed_max: Option<u64>,
    /// Drop a job as EXPIRED if it has not started by then: a duration, or next-tick
    #[arg(long, value_name = "DURATION|next-tick", value_parser = expiry, help_heading = POLICY)]
    pub expires: Option<schedule::Expiry>,
    /// Raise an alert when no job of it has succeeded so long after a tick
    #[arg(long, value_name = "DURATION", value_parser = some_span, requires = "alert_shell", help_heading = POLICY)]
    pub alert_missed: Option<Span>,
    /// Script for sh -c that the alert runs
    #[arg(long, value_name = "SCRIPT", requires = "alert_missed", value_hint = ValueHint::CommandString, help_heading = POLICY)]
    pub alert_shell: Option<OsString>,
    /// The job
    #[command(flatten)]
    pub job: JobArgs,
}

impl AddArgs {
    /// What only all options together can tell.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.missed_max.is_some() && self.missed != Some(MissedArg::All) {
            return Err("--missed-max has no effect without --missed all".to_owned());
        }
        if self.missed_window.is_some() && self.missed == Some(MissedArg::Skip) {
            return Err("--missed-window has no effect with --missed skip".to_owned());
        }
        self.job.check("schedule", "to run a command: jobq beat add NAME --cron … -- make test")
    }
}

/// `beat remove`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_REMOVE)]
pub struct RemoveArgs {
    /// Schedule to remove
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `beat pause`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_PAUSE)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct SuspendArgs {
    /// Schedule to pause
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// Go on at this time: as for jobq enqueue --at; default: when it is resumed
    #[arg(long, value_name = "TIME", conflicts_with = "for_")]
    pub until: Option<String>,
    /// Go on after this long
    #[arg(long = "for", value_name = "DURATION", value_parser = some_span)]
    pub for_: Option<Span>,
    /// Time zone of --until; default: the local one
    #[arg(long, value_name = "ZONE", requires = "until")]
    pub tz: Option<String>,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `beat resume`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_RESUME)]
pub struct ResumeArgs {
    /// Schedule to go on with
    #[arg(value_name = "NAME")]
    pub name: Name,
}

/// `beat trigger`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_TRIGGER)]
pub struct TriggerArgs {
    /// Schedule to make a job of
    #[arg(value_name = "NAME")]
    pub name: Name,
}

/// What can be imported.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Print a crontab as [schedules] of jobq.toml, with the same times and commands
    Crontab(ImportArgs),
}

/// `beat import crontab`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::BEAT_IMPORT)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct ImportArgs {
    /// Crontab to read, or a folder of them
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file: PathBuf,
    /// How crontabs are read
    #[command(flatten)]
    pub reading: CrontabArgs,
}

/// `--overlap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OverlapArg {
    /// The next waits until the earlier has ended
    Queue,
    /// The tick makes no job
    Skip,
    /// The earlier is cancelled, then the next runs
    Replace,
    /// They run side by side
    Allow,
}

impl From<OverlapArg> for schedule::Overlap {
    fn from(typed: OverlapArg) -> schedule::Overlap {
        match typed {
            OverlapArg::Queue => schedule::Overlap::Queue,
            OverlapArg::Skip => schedule::Overlap::Skip,
            OverlapArg::Replace => schedule::Overlap::Replace,
            OverlapArg::Allow => schedule::Overlap::Allow,
        }
    }
}

/// `--missed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissedArg {
    /// One job for all of them
    Once,
    /// A job for each, up to --missed-max
    All,
    /// No job
    Skip,
}

impl From<MissedArg> for schedule::Missed {
    fn from(typed: MissedArg) -> schedule::Missed {
        match typed {
            MissedArg::Once => schedule::Missed::Once,
            MissedArg::All => schedule::Missed::All,
            MissedArg::Skip => schedule::Missed::Skip,
        }
    }
}

/// A period: more often than once a second is no schedule.
fn period(text: &str) -> Result<Span, String> {
    match text.parse::<Span>()? {
        span if span.ms < 1_000 => Err("a schedule ticks at most once a second".to_owned()),
        span => Ok(span),
    }
}

fn expiry(text: &str) -> Result<schedule::Expiry, String> {
    match text {
        "next-tick" | "next tick" => Ok(schedule::Expiry::NextTick),
        text => some_span(text).map(|span| schedule::Expiry::In(span.ms)),
    }
}
