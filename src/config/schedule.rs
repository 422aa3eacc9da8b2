//! `[schedules.NAME]`, as it was written. What of it depends on the machine that publishes it,
//! the local zone and the producer above all, is filled in there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value as Json};

use super::node::{Fault, Origin};
use super::policy::Policy;
use crate::core::name::Name;
use crate::core::schedule::{Expiry, Missed, Overlap};

/// `[schedules.NAME]`. Times in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleDef {
    /// When it ticks.
    pub rule: RuleDef,
    /// Its zone, which this machine knows; `None` for the local one.
    pub timezone: Option<String>,
    /// By how much at most its ticks are delayed.
    pub spread_ms: u64,
    /// No tick before this.
    pub starts: Option<Stated>,
    /// No tick after this.
    pub ends: Option<Stated>,
    /// While an earlier job has not ended.
    pub overlap: Overlap,
    /// Ticks without any beat.
    pub missed: Missed,
    /// How long ago a missed tick may be.
    pub missed_window_ms: Option<u64>,
    /// How many of them make a job at most.
    pub missed_max: u64,
    /// When its jobs expire, where it says so itself.
    pub expires: Option<Expiry>,
    /// When to raise an alert.
    pub alert: Option<MissedAlert>,
    /// What it enqueues.
    pub work: Work,
    /// Variables of its jobs.
    pub env: BTreeMap<String, String>,
    /// Their standard input.
    pub stdin: Option<String>,
    /// Whom their output is mailed to.
    pub mailto: Option<String>,
    /// Their queue.
    pub queue: Option<Name>,
    /// How they run.
    pub policy: Policy,
    /// Their labels.
    pub labels: BTreeMap<Name, String>,
    /// What is seldom meant so.
    pub warnings: Vec<Fault>,
    /// Where it is defined.
    pub origin: Origin,
}

/// When a schedule ticks.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleDef {
    /// A cron expression that can be read.
    Cron(String),
    /// Every so many milliseconds.
    Every(u64),
    /// Once.
    At(Stated),
}

/// A date and time whose zone may be the schedule's.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// As it was written.
    pub text: String,
    /// Where.
    pub origin: Origin,
}

/// What a schedule enqueues.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A task of the same configuration.
    Task {
        /// Its name.
        name: Name,
        /// Its parameters, which it takes.
        args: Map<String, Json>,
    },
    /// A command.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
        /// Where it runs, absolute.
        cwd: PathBuf,
    },
}

/// `alert` of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedAlert {
    /// How long after a tick a job of it must have succeeded.
    pub after_ms: u64,
    /// What to run then; empty for what the task's alert runs.
    pub command: Vec<String>,
    /// Where, absolute.
    pub cwd: PathBuf,
}
