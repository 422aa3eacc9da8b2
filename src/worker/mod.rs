//! Running jobs: the guardian, the engine, and the attempts below them.
//!
//! # Theory of operation
//!
//! ```text
//!   terminal, systemd            guardian   signals, clocks of the shutdown, lease watch
//!        | signals                  | socketpair = engine's stdin, lines of text
//!        v                          v
//!     guardian  ---starts--->    engine     Redis, slots, output   (session of its own)
//!                                   | posix_spawn, process group of its own
//!                                   v
//!                                attempt -> whatever it starts
//! ```
//!
//! Both halves are subreapers, and each watches the other. If the engine dies, hangs or is
//! stopped past its lease, the guardian kills everything below itself and starts another
//! engine, which hands the leases back at once. If the guardian dies, the engine sees the
//! socket close and does the same with what is below it. If both die at one instant, any
//! other worker on the machine, also one that is started later, sees it (`witness`) and does
//! the same. Only the end of the whole machine leaves leases to run out.
//!
//! An attempt has no process of its own beside it: `reaper` knows the roots, `tree` finds
//! and kills what hangs below them, `child` runs one attempt, `output` remembers what it
//! wrote. docs/design/0001-guardian-and-engine.md gives the reasons and the figures.

mod carry;
mod cgroup;
pub mod child;
pub mod control;
pub mod engine;
pub mod exec;
pub mod guardian;
mod ladder;
mod launch;
mod mail;
mod metrics;
mod notes;
pub mod order;
pub mod os;
pub mod output;
mod pipes;
mod prepare;
pub mod proc;
mod pulse;
pub mod reaper;
mod scarcity;
pub mod settings;
mod settle;
mod shared;
mod slot;
mod start;
pub mod tree;
mod watch;
mod witness;

#[cfg(test)]
mod testing;

pub use launch::resolve;
