//! The `jobq` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(jobq::cli::run(std::env::args_os()))
}
