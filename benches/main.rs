//! What jobq promises about speed, measured as ratios: everything that a figure is compared
//! with runs in the same minute on the same machine, turn by turn, so that a noisy machine
//! slows both. Nothing in here is a test; `make bench` prints a table and exits 1 if a promise
//! is missed by more than [`ALLOWANCE`].
//!
//! `make bench ONLY=depth` runs one section; their names stand in `SECTIONS`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a tool of the source tree, which fails by panicking and prints its findings"
)]

mod beat;
mod calendar;
mod depth;
mod enqueue;
mod pickup;
mod stage;
#[path = "../tests/support/mod.rs"]
mod support;
mod throughput;
mod verdict;
mod views;

use std::process::ExitCode;

use verdict::Verdict;

/// By how much a figure may miss its promise before that counts: two runs of the same program
/// on a shared machine differ by about as much.
const ALLOWANCE: f64 = 0.10;

type Section = (&'static str, fn() -> Vec<Verdict>);

const SECTIONS: [Section; 7] = [
    ("enqueue", enqueue::measure),
    ("throughput", throughput::measure),
    ("depth", depth::measure),
    ("pickup", pickup::measure),
    ("beat", beat::measure),
    ("views", views::measure),
    ("calendar", calendar::measure),
];

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!("not optimised: these figures mean nothing; run `make bench`");
    }
    // cargo adds `--bench`.
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let mut verdicts = Vec::new();
    for (name, measure) in SECTIONS {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            println!("\n{name}");
            verdicts.extend(measure());
        }
    }
    println!("\n{}", verdict::table(&verdicts, ALLOWANCE));
    if verdicts.iter().any(|verdict| verdict.is_missed(ALLOWANCE)) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
