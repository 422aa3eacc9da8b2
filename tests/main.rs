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

mod config;
mod local;
mod support_itself;
