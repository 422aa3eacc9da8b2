//! `jobq control`, as typed.

use clap::{ArgGroup, Args, Subcommand};

use super::help;
use super::values::{Limit, depth_limit, size_limit};
use crate::core::name::Name;

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
    Cancel(CancelArgs),
    /// Bound a queue; producers beyond the bound get exit 75
    Limit(LimitArgs),
    /// End all unfinished jobs of a queue: waiting, delayed and running ones
    Purge(PurgeArgs),
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

/// `control cancel`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::CANCEL)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct CancelArgs {
    /// Jobs to cancel
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<Name>,
    /// Wait until their processes are gone
    #[arg(long)]
    pub wait: bool,
    /// Why, for whoever looks at the jobs later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `control limit`.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::LIMIT, group = ArgGroup::new("limits").required(true).multiple(true))]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct LimitArgs {
    /// Queue to bound
    #[arg(value_name = "QUEUE")]
    pub queue: Name,
    /// Unfinished jobs it may hold, or none for no limit
    #[arg(long, value_name = "N|none", value_parser = depth_limit, group = "limits")]
    pub max_depth: Option<Limit>,
    /// Bytes its unfinished jobs may take, such as 64M, or none for no limit
    #[arg(long, value_name = "SIZE|none", value_parser = size_limit, group = "limits")]
    pub max_bytes: Option<Limit>,
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
}
