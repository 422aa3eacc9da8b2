//! `jobq control`, as typed.

use clap::{ArgAction, ArgGroup, Args, Subcommand};

use super::help;
use super::inspect::{FILTERS, FilterArgs};
use super::values::{Kept, Limit, RateLimit, Span, depth_limit, reason, size_limit, some_span, state};
use crate::core::name::Name;
use crate::core::state::State;

/// The arguments of `jobq control`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::CONTROL, disable_help_subcommand = true)]
pub struct ControlArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ControlCommand,
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
pub enum ControlCommand {
    /// Cancel jobs: those that wait never run, those that run are ended
    ///
    /// By id, or all that fit the filters: their number and some of them are shown first. What
    /// moves on between that and the act is left alone.
    Cancel(CancelArgs),
    /// Run finished jobs again: the same id and command, all counters from zero
    ///
    /// What was enqueued is run as it was, standard input included. A success keeps no input,
    /// so one that had some cannot be run again. Limits of the queue hold. By filter without
    /// --state: those in FAILURE.
    Retry(RetryArgs),
    /// Put jobs back to run now: those that run are stopped and use up no attempt
    ///
    /// A job that waits for its time or for its next attempt waits no longer. One that runs
    /// gets TERM, and KILL after the worker's --kill-after, and goes back to its place. By filter
    /// without --state: those in STARTED, SCHEDULED and RETRY.
    Requeue(RequeueArgs),
    /// Remove the records of finished jobs, with their output
    Delete(DeleteArgs),
    /// Hold queues: nothing of them is started; what runs goes on, new jobs are accepted
    Pause(PauseArgs),
    /// Let paused queues go on
    Resume(ResumeArgs),
    /// Bound a queue; producers beyond its size get exit 75
    Limit(LimitArgs),
    /// End all unfinished jobs of a queue: waiting, delayed and running ones
    Purge(PurgeArgs),
    /// Ask workers to take no more jobs, and to stay
    ///
    /// Recorded in the store: a worker that is away hears of it when it is back. As USR1 does.
    Quiet(QuietArgs),
    /// Ask workers to end, as TERM does
    ///
    /// Recorded in the store: a worker that is away hears of it when it is back. It takes no
    /// more jobs; running ones get its --grace, then they are ended and go back.
    Stop(StopArgs),
    /// Say how many events are kept
    Events(KeepArgs),
    /// Manage the local store's server
    #[command(subcommand, disable_help_subcommand = true)]
    Server(ServerCommand),
}

/// What can be done with the local server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ServerCommand {
    /// Stop the local store's server; its jobs stay on disk, the next command starts it again
    #[command(after_help = help::SERVER_STOP)]
    Stop,
}

/// `--reason`.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct Why {
    /// Why, for whoever looks later
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
}

/// The filters: jobs are named by id or by them.
const FILTER: [&str; 7] = ["queues", "states", "tasks", "labels", "groups", "since", "until"];

/// Jobs by filter instead of by id.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct BulkArgs {
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Only in this state, as shown; may be repeated
    #[arg(long = "state", value_name = "STATE", action = ArgAction::Append, value_parser = state, help_heading = FILTERS)]
    pub states: Vec<State>,
    /// Of those that fit, at most this many, in the order of inspect jobs --oldest
    #[arg(long, value_name = "N", conflicts_with = "ids", value_parser = clap::value_parser!(u32).range(1..), help_heading = FILTERS)]
    pub limit: Option<u32>,
    /// Only say how many fit, and show some
    #[arg(long, conflicts_with = "ids", help_heading = FILTERS)]
    pub dry_run: bool,
    /// Do not ask; needed off a terminal
    #[arg(short, long, conflicts_with = "ids", help_heading = FILTERS)]
    pub yes: bool,
}

/// `control cancel`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::CANCEL)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct CancelArgs {
    /// Jobs to cancel
    #[arg(value_name = "ID", required_unless_present_any = FILTER, conflicts_with_all = FILTER)]
    pub ids: Vec<Name>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    /// Wait until their processes are gone
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub why: Why,
}

/// `control retry`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::RETRY)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct RetryArgs {
    /// Finished jobs to run again
    #[arg(value_name = "ID", required_unless_present_any = FILTER, conflicts_with_all = FILTER)]
    pub ids: Vec<Name>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    #[command(flatten)]
    pub why: Why,
}

/// `control requeue`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::REQUEUE)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct RequeueArgs {
    /// Jobs to put back
    #[arg(value_name = "ID", required_unless_present_any = FILTER, conflicts_with_all = FILTER)]
    pub ids: Vec<Name>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    #[command(flatten)]
    pub why: Why,
}

/// `control delete`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::DELETE)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct DeleteArgs {
    /// Finished jobs whose records are to go
    #[arg(value_name = "ID", required_unless_present_any = FILTER, conflicts_with_all = FILTER)]
    pub ids: Vec<Name>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    #[command(flatten)]
    pub why: Why,
}

/// `control pause`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::PAUSE)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct PauseArgs {
    /// Queues to hold
    #[arg(value_name = "QUEUE", required = true)]
    pub queues: Vec<Name>,
    /// Until this time: RFC 3339, "2026-12-01 09:00", 09:00, "tomorrow 09:00"
    #[arg(long, value_name = "TIME", conflicts_with = "for_")]
    pub until: Option<String>,
    /// For this long: 90s, 10m, 1h30m, 2d
    #[arg(long = "for", value_name = "DURATION", value_parser = some_span)]
    pub for_: Option<Span>,
    #[command(flatten)]
    pub why: Why,
}

/// `control resume`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::RESUME)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct ResumeArgs {
    /// Queues to let go on
    #[arg(value_name = "QUEUE", required = true)]
    pub queues: Vec<Name>,
    #[command(flatten)]
    pub why: Why,
}

/// `control limit`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = help::LIMIT,
    group = ArgGroup::new("limits").required(true).multiple(true),
    override_usage = "jobq control limit [OPTIONS] <QUEUE>"
)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct LimitArgs {
    /// Queue to bound
    #[arg(value_name = "QUEUE")]
    pub queue: Name,
    /// Unfinished jobs it may hold; none for no limit, file for what a worker's jobq.toml says
    #[arg(long, value_name = "N|none|file", value_parser = depth_limit, group = "limits")]
    pub max_depth: Option<Limit>,
    /// Bytes its unfinished jobs may take, such as 64M; none, or file
    #[arg(long, value_name = "SIZE|none|file", value_parser = size_limit, group = "limits")]
    pub max_bytes: Option<Limit>,
    /// Jobs of it that run at once, over all workers; none, or file
    #[arg(long, value_name = "N|none|file", value_parser = depth_limit, group = "limits")]
    pub max_running: Option<Limit>,
    /// Jobs of it that start in a time, over all workers: 10/s, 100/m or 1000/h; none, or file
    #[arg(long, value_name = "N/UNIT|none|file", group = "limits")]
    pub rate: Option<RateLimit>,
    #[command(flatten)]
    pub why: Why,
}

/// `control purge`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::PURGE)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct PurgeArgs {
    /// Queue to empty
    #[arg(value_name = "QUEUE")]
    pub queue: Name,
    /// Do not ask; needed off a terminal
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub why: Why,
}

/// `control quiet`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::QUIET)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct QuietArgs {
    /// Workers, by id, label, or the beginning of an id that is one worker's alone
    #[arg(value_name = "WORKER", required = true)]
    pub workers: Vec<String>,
    /// Let them take jobs again
    #[arg(long)]
    pub off: bool,
    #[command(flatten)]
    pub why: Why,
}

/// `control stop`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::STOP)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct StopArgs {
    /// Workers, by id, label, or the beginning of an id that is one worker's alone
    #[arg(value_name = "WORKER", required = true)]
    pub workers: Vec<String>,
    /// Leave running jobs no grace: they are ended now and go back to their queue
    #[arg(long)]
    pub now: bool,
    #[command(flatten)]
    pub why: Why,
}

/// `control events`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::EVENTS)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct KeepArgs {
    /// About how many of the newest are kept; 0 for none, default for 100000
    #[arg(long, value_name = "N|default", required = true)]
    pub keep: Option<Kept>,
    #[command(flatten)]
    pub why: Why,
}
