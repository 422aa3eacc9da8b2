//! All tests that need a server or the real program, linked into one binary: `support` is
//! the room they run in, then one module per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and nobody reads rustdoc of tests"
)]

mod support;

mod beat;
mod bulk;
mod chaos;
#[path = "chaos/short.rs"]
mod chaos_short;
mod cleanroom;
mod cluster;
mod cli;
mod config;
mod console;
mod control;
mod cron;
mod crontab;
mod docs;
mod durable;
mod enqueue;
mod faults;
mod generated;
mod hooks;
mod inspect;
mod limits;
mod load;
mod local;
mod model;
mod metrics;
mod mutants;
mod operators;
mod outcomes;
mod output;
mod races;
mod reconnect;
mod refusals;
mod schedules;
mod scripts;
mod sentinel;
mod services;
mod setup;
mod signals;
mod starvation;
mod status;
mod store;
mod support_itself;
mod takeover;
mod tasks;
mod tidy;
mod tls;
mod waiting;
mod web;
mod why;
mod worker;
