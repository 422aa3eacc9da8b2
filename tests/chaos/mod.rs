//! The fault suite: what must hold when things break, counted.
//!
//! The truth is kept outside Redis. Each job is a small program (`job.c`) that writes its start,
//! its signs of life and its end to a file; each producer's exit codes are noted; each fault is
//! written into a ledger. After a full drain [`judge`] compares the three with the store. A short
//! form runs with the tests; `make chaos` runs the long ones, and writes what it counted to
//! docs/results/, from which the tables of docs/guarantees.md are made.

#![allow(dead_code, reason = "the tests use a part of it, the program of `make chaos` the rest")]

pub mod cancels;
pub mod durable;
pub mod faults;
pub mod judge;
pub mod lanes;
pub mod producers;
pub mod recovery;
pub mod rollback;
pub mod sections;
pub mod shutdown;
pub mod stage;
pub mod storm;
pub mod syscalls;
pub mod ticks;
pub mod truth;
