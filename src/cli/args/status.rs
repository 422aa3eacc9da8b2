//! `jobq status`, as typed.

use clap::Args;

use super::help;
use super::values::{Span, some_span};
use crate::core::name::Name;

/// The arguments of `jobq status`; its help stands with the command.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::STATUS)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct StatusArgs {
    /// Jobs to show
    #[arg(value_name = "ID")]
    pub ids: Vec<Name>,
    /// Write the job's standard output, byte for byte
    #[arg(long, visible_alias = "output", group = "mode", conflicts_with = "json", help_heading = SHOW)]
    stdout: bool,
    /// Write the job's standard error, byte for byte
    #[arg(long, group = "mode", conflicts_with = "json", help_heading = SHOW)]
    stderr: bool,
    /// Write the job's output while it runs, until it ends
    #[arg(long, group = "mode", conflicts_with = "json", help_heading = SHOW)]
    follow: bool,
    /// Wait until the jobs have ended; for one job, show its output and end with its exit code
    #[arg(long, group = "mode", help_heading = SHOW)]
    wait: bool,
    /// With --wait, wait at most this long; the jobs go on
    #[arg(long, value_name = "DURATION", value_parser = some_span, requires = "wait", help_heading = SHOW)]
    pub wait_timeout: Option<Span>,
}

const SHOW: &str = "Instead of a summary";

/// What `status` is to do with its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusMode {
    /// Show them, or the whole namespace where there are none.
    Show,
    /// The raw standard output of one.
    Stdout,
    /// The raw standard error of one.
    Stderr,
    /// The output of one, live.
    Follow,
    /// Wait for one or more.
    Wait,
}

impl StatusArgs {
    /// What to do with the ids. All but `Show` and `Wait` have exactly one, `Wait` at least one.
    pub fn mode(&self) -> StatusMode {
        match self {
            StatusArgs { stdout: true, .. } => StatusMode::Stdout,
            StatusArgs { stderr: true, .. } => StatusMode::Stderr,
            StatusArgs { follow: true, .. } => StatusMode::Follow,
            StatusArgs { wait: true, .. } => StatusMode::Wait,
            _ => StatusMode::Show,
        }
    }

    /// What only all options together can tell.
    pub(super) fn check(&self) -> Result<(), String> {
        let flag = match self.mode() {
            StatusMode::Show => return Ok(()),
            StatusMode::Wait if self.ids.is_empty() => {
                return Err("--wait needs the id of a job".to_owned());
            }
            StatusMode::Wait => return Ok(()),
            StatusMode::Stdout => "--stdout",
            StatusMode::Stderr => "--stderr",
            StatusMode::Follow => "--follow",
        };
        match self.ids.len() {
            1 => Ok(()),
            0 => Err(format!("{flag} needs the id of a job")),
            _ => Err(format!("{flag} takes one job at a time")),
        }
    }
}
