//! All that knows Redis, and the domain it keeps there. Nothing in here prints, exits,
//! spawns or reads the environment.

pub mod bytes;
pub mod codes;
pub mod cron;
pub mod error;
pub mod keys;
pub mod link;
pub mod name;
pub mod outcome;
pub mod query;
mod reply;
pub mod report;
pub mod retry;
pub mod schedule;
pub mod script;
pub mod signal;
pub mod size;
pub mod spec;
pub mod state;
pub mod stats;
pub mod store;
pub mod verify;
pub mod when;
pub mod why;
