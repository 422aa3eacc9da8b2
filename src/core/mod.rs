//! All that knows Redis, and the domain it keeps there. Nothing in here prints, exits,
//! spawns or reads the environment.

pub mod outcome;
