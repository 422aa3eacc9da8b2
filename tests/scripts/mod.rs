//! The scripts, one verb at a time, at the level of the store and of raw Redis: the whole
//! content of the server is compared before and after each call.

mod desk;

mod again;
mod bounded;
mod cancel;
mod claim;
mod enqueue;
mod events;
mod hooks;
mod labels;
mod lease;
mod log;
mod memory;
mod mend;
mod pause;
mod property;
mod purge;
mod reads;
mod release;
mod retention;
mod retry;
mod schedules;
mod settle;
mod stats;
mod workers;

use jobq::core::store::Bound;

pub use desk::Desk;
use desk::{ann, id, job, names, registration, store};
