//! `jobq enqueue`, as typed.

use clap::Args;

use super::help;
use super::job::JobArgs;
use super::values::{IfFull, Span, some_span};
use crate::core::name::Name;

/// The arguments of `jobq enqueue`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = help::ENQUEUE,
    override_usage = "jobq enqueue [OPTIONS] <TASK> [KEY=VALUE | KEY:=JSON | KEY@=FILE]...\n       \
                      jobq enqueue [OPTIONS] -- <COMMAND> [ARG]...\n       \
                      jobq enqueue [OPTIONS] --shell <SCRIPT> [-- ARG...]"
)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct EnqueueArgs {
    /// Id to give it; a second enqueue with the same id makes no second job
    #[arg(long, value_name = "ID")]
    pub id: Option<Name>,
    /// Show what would be enqueued, and enqueue nothing
    #[arg(long, conflicts_with = "wait")]
    pub dry_run: bool,

    /// Run it no sooner than after this long: 90s, 10m, 1h30m, 2d
    #[arg(long, value_name = "DURATION", conflicts_with = "at", allow_hyphen_values = true, help_heading = WHEN)]
    pub delay: Option<Span>,
    /// Run it no sooner than at this time: RFC 3339, "2026-12-01 09:00", 09:00, "tomorrow 09:00",
    /// "friday 09:00" or @SECONDS
    #[arg(long, value_name = "TIME", help_heading = WHEN)]
    pub at: Option<String>,
    /// Time zone of --at and --expires: an IANA name; default: the local one
    #[arg(long, value_name = "ZONE", help_heading = WHEN)]
    pub tz: Option<String>,
    /// Drop it as EXPIRED if it has not started by then
    #[arg(long, value_name = "DURATION|TIME", allow_hyphen_values = true, help_heading = WHEN)]
    pub expires: Option<String>,

    /// Wait for the job, show its output, and end with its exit code
    #[arg(short, long, help_heading = WAITING)]
    pub wait: bool,
    /// Wait at most this long; the job goes on
    #[arg(long, value_name = "DURATION", value_parser = some_span, requires = "wait", help_heading = WAITING)]
    pub wait_timeout: Option<Span>,
    /// When the queue is full: fail (exit 75), wait, or wait=DURATION
    #[arg(long, value_name = "HOW", default_value = "fail", help_heading = WAITING)]
    pub if_full: IfFull,
    /// Wait until N replicas of the server have the job too; fewer after 4 seconds: exit 74
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "dry_run",
          help_heading = WAITING)]
    pub durable: Option<u32>,

    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
}

const WHEN: &str = "When to run";
const WAITING: &str = "Waiting";

impl EnqueueArgs {
    /// What only all options together can tell.
    pub(super) fn check(&self) -> Result<(), String> {
        self.job.check("enqueue", help::TO_RUN_A_COMMAND)
    }
}
