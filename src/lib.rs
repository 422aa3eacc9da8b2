//! jobq: a job queue for people who live in the shell.
//!
//! The modules in reading order; ARCHITECTURE.md draws how they may use each other.

pub mod core;
pub mod config;
pub mod local;
pub mod metrics;
pub mod service;
pub mod worker;
pub mod beat;
pub mod view;
pub mod cli;
