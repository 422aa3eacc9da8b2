//! All that knows Redis, and the domain it keeps there. Nothing in here prints, exits,
//! spawns or reads the environment.

pub mod bytes;
pub mod codes;
pub mod keys;
pub mod name;
pub mod outcome;
pub mod report;
pub mod retry;
pub mod signal;
pub mod spec;
pub mod state;
pub mod when;
