//! The command line: arguments, the environment, and one file per subcommand.

pub mod args;
pub mod env;
pub mod resolve;
