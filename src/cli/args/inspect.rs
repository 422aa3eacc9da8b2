//! `jobq inspect`, as typed.

use clap::{Args, Subcommand};

use super::help;

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
    /// Show where the server is, what it is, and how it keeps data
    #[command(after_help = help::INSPECT_SERVER)]
    Server,
    /// Show the configuration that holds, and where each value was said
    #[command(after_help = help::INSPECT_CONFIG)]
    Config,
}
