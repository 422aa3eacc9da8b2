//! The table of scripts: one verb each, joined with the shared pieces at compile time,
//! called by hash.

use std::sync::LazyLock;

use super::keys::LUA_KEYS;

/// The major version of the stored data. Every changing script compares it first.
pub const FORMAT: &str = "1";

/// How long a worker counts as live after it last said what it serves, in milliseconds.
pub const LIVE_MS: i64 = 20_000;

/// The queue of tasks' hooks. Every worker that knows tasks serves it with a slot of its own.
pub const HOOK_QUEUE: &str = "hooks";

/// The queue of hooks that are commands: alerts of schedules. Every worker that may run commands
/// serves it with a slot of its own.
pub const COMMAND_HOOK_QUEUE: &str = "hooks.commands";

/// Both.
pub const HOOK_QUEUES: [&str; 2] = [HOOK_QUEUE, COMMAND_HOOK_QUEUE];

/// The constants that scripts share with this code.
const CONSTANTS: &str = "\
local FORMAT = '1'
local LIVE_MS = 20000
local SEQ_SPAN = 17592186044416
local MAX_LOSSES = 3
local KEEP_ATTEMPTS = 10
local MAX_FINISHED = 100000
local MAX_OUTPUT_BYTES = 268435456
local MAX_INPUT_BYTES = 268435456
local RESULT_TTL_MS = '86400000'
local FAILURE_TTL_MS = '1209600000'
local TOMB_MS = 86400000
local DEFAULT_LEASE_MS = '30000'
local HOOK_QUEUE = 'hooks'
local COMMAND_HOOK_QUEUE = 'hooks.commands'
local REMIND_MS = 3600000
local MAX_EVENTS = '100000'
local WAITING_MAX = 100
local FULL_WAIT_MS = 1000
local DONE_MS = 86400000
local LEAD_MS = 2500
local FORGET_BEAT_MS = 3600000
local CENSUS_PAGE = 500
local AHEAD_MS = 1000
local MAX_HOLES = 8
";

/// One script: its text and its hash.
pub struct Script {
    /// The verb, for messages.
    pub name: &'static str,
    /// Never writes, so it is called by `EVALSHA_RO` and a viewer may run it.
    pub reads_only: bool,
    /// Refused by a server whose memory is full.
    pub needs_memory: bool,
    verb: &'static str,
    source: String,
    sha: String,
}

impl Script {
    fn new(name: &'static str, flags: &'static str, parts: &[&'static str]) -> Script {
        let mut source = format!("#!lua{flags}\n{LUA_KEYS}{CONSTANTS}");
        for part in parts {
            source.push_str(part);
        }
        let sha = redis::Script::new(&source).get_hash().to_owned();
        let reads_only = flags.contains("no-writes");
        let needs_memory = flags == AT_THE_DOOR;
        Script { name, reads_only, needs_memory, verb: parts.last().unwrap_or(&""), source, sha }
    }

    /// The head of its file: purpose, KEYS, ARGV, replies. docs/protocol.md repeats it.
    pub fn head(&self) -> String {
        let lines = self.verb.lines().map_while(|line| line.strip_prefix("--"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// The whole text, for `EVAL` when the server does not know the hash.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The SHA-1 of the text in hexadecimal.
    pub fn sha(&self) -> &str {
        &self.sha
    }
}

const CLOCK: &str = include_str!("lua/lib/clock.lua");
const CLOCK_READ: &str = include_str!("lua/lib/clock_read.lua");
const BASE: &str = include_str!("lua/lib/base.lua");
const EVENTS: &str = include_str!("lua/lib/events.lua");
const TALLY: &str = include_str!("lua/lib/tally.lua");
const MOVE: &str = include_str!("lua/lib/move.lua");
const AFTER: &str = include_str!("lua/lib/after.lua");
const ATTEMPT: &str = include_str!("lua/lib/attempt.lua");
const CHORE: &str = include_str!("lua/lib/chores.lua");
const ACCEPT: &str = include_str!("lua/lib/accept.lua");
const SCHEDULE: &str = include_str!("lua/lib/schedule.lua");
const PAUSES: &str = include_str!("lua/lib/pauses.lua");
const LIMITS: &str = include_str!("lua/lib/limits.lua");
const READING: &str = include_str!("lua/lib/read.lua");
const HOUSE: &str = include_str!("lua/lib/house.lua");
const MEND: &str = include_str!("lua/lib/mend.lua");
const BEGIN: &str = include_str!("lua/lib/begin.lua");
const WALK: &str = include_str!("lua/lib/walk.lua");

// A full server refuses new work and lets everything that ends or moves work through. A
// script that begins with a removal would escape the check by itself; with a header it is
// the flag that decides.
const AT_THE_DOOR: &str = "";
const ALWAYS: &str = " flags=allow-oom";
const READ: &str = " flags=no-writes";

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal, $flags:ident, [$($part:ident),*];)*) => {
        $($(#[$doc])* pub static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new($file, $flags, &[$($part,)* include_str!(concat!("lua/", $file, ".lua"))])
        });)*

        /// Every script, for tests and documents.
        pub fn all() -> Vec<&'static Script> {
            vec![$(&*$name),*]
        }
    };
}

scripts! {
    /// Accepts jobs.
    ENQUEUE = "enqueue", AT_THE_DOOR, [CLOCK, BASE, EVENTS, TALLY, ACCEPT];
    /// Makes a WAIT cover jobs.
    TOUCH = "touch", ALWAYS, [CLOCK, BASE];
    /// Writes a worker into the books.
    REGISTER = "register", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE];
    /// Starts attempts.
    CLAIM = "claim", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, HOUSE, CHORE, MEND, WALK, BEGIN, PAUSES, LIMITS];
    /// Keeps leases.
    RENEW = "renew", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, HOUSE, CHORE, MEND, WALK, BEGIN];
    /// Takes the jobs of a worker that stands still.
    TAKEOVER = "takeover", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// Gives up the jobs of a dead half.
    HANDBACK = "handback", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// A worker leaves.
    BYE = "bye", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// A success.
    FINISH = "finish", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// Anything but a success.
    FAIL = "fail", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// Gives a job back unharmed.
    RELEASE = "release", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, ATTEMPT];
    /// Cancels jobs.
    CANCEL = "cancel", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE];
    /// Runs finished jobs again.
    RETRY = "retry", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE];
    /// Puts jobs back to run now.
    REQUEUE = "requeue", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE];
    /// Removes records of finished jobs.
    DELETE = "delete", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE];
    /// Holds queues.
    PAUSE = "pause", ALWAYS, [CLOCK, BASE, EVENTS, PAUSES];
    /// Lets them go on.
    RESUME = "resume", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, PAUSES];
    /// Asks a worker for something.
    ORDER = "order", ALWAYS, [CLOCK, BASE, EVENTS];
    /// Sets limits of a queue.
    LIMIT = "limit", ALWAYS, [CLOCK, BASE, EVENTS];
    /// Says how many events are kept.
    KEEP = "keep", ALWAYS, [CLOCK, BASE, EVENTS];
    /// Writes down a purge.
    PURGE = "purge", ALWAYS, [CLOCK, BASE, EVENTS];
    /// A slice of housework.
    CHORES = "chores", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, AFTER, HOUSE, CHORE, MEND, WALK];
    /// Appends output.
    LOG = "log", AT_THE_DOOR, [CLOCK, BASE];
    /// Says how far a job is.
    PROGRESS = "progress", AT_THE_DOOR, [CLOCK, BASE];
    /// Begins to publish the schedules of a source.
    SCHEDULES_BEGIN = "schedules_begin", AT_THE_DOOR, [CLOCK, BASE];
    /// Writes schedules down.
    SCHEDULE_PUT = "schedule_put", AT_THE_DOOR, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Removes what a source mentions no more.
    SCHEDULES_SWEEP = "schedules_sweep", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Removes a schedule.
    SCHEDULE_REMOVE = "schedule_remove", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Pauses and resumes a schedule.
    SCHEDULE_PAUSE = "schedule_pause", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Makes a job of a schedule now.
    TRIGGER = "trigger", AT_THE_DOOR, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Acts on a tick.
    TICK = "tick", AT_THE_DOOR, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Goes on after the clock was set back.
    ANCHOR = "anchor", ALWAYS, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// Tells of a missing success.
    ALARM = "alarm", AT_THE_DOOR, [CLOCK, BASE, EVENTS, TALLY, MOVE, HOUSE, CHORE, ACCEPT, SCHEDULE];
    /// A beat is there.
    ATTEND = "attend", ALWAYS, [CLOCK, BASE];
    /// A beat leaves.
    LEAVE = "leave", ALWAYS, [CLOCK, BASE];
    /// Reads what is due of schedules.
    DUE = "due", READ, [CLOCK_READ, BASE];
    /// Reads definitions of schedules.
    PLANS = "plans", READ, [CLOCK_READ, BASE];
    /// Reads schedules.
    SCHEDULES = "schedules", READ, [CLOCK_READ, BASE];
    /// Counts schedules.
    CENSUS = "census", READ, [CLOCK_READ, BASE];
    /// Reads beats.
    BEATS = "beats", READ, [CLOCK_READ, BASE];
    /// Reads jobs.
    SHOW = "show", READ, [CLOCK_READ, BASE, READING];
    /// Reads indexes.
    LIST = "list", READ, [CLOCK_READ, BASE, READING];
    /// Reads what decides when a job runs.
    WHY = "why", READ, [CLOCK_READ, BASE, READING];
    /// Reads jobs and all that stands about them elsewhere.
    AUDIT = "audit", READ, [CLOCK_READ, BASE, READING];
    /// Reads sets of jobs.
    MEMBERS = "members", READ, [CLOCK_READ, BASE, READING];
    /// Reads what workers hold.
    HOLDS = "holds", READ, [CLOCK_READ, BASE, READING];
    /// Adds output up.
    WEIGH = "weigh", READ, [CLOCK_READ, BASE, READING];
    /// Reads schedules and all that stands about them elsewhere.
    APPOINTMENTS = "appointments", READ, [CLOCK_READ, BASE, READING];
    /// Reads what kinds of keys there are.
    KINDS = "kinds", READ, [CLOCK_READ, BASE];
    /// Reads output.
    OUTPUT = "output", READ, [CLOCK_READ, BASE];
    /// Reads queues.
    QUEUES = "queues", READ, [CLOCK_READ, BASE];
    /// Reads workers.
    WORKERS = "workers", READ, [CLOCK_READ, BASE];
    /// Reads statistics.
    STATS = "stats", READ, [CLOCK_READ, BASE];
    /// Reads failed jobs.
    FAILURES = "failures", READ, [CLOCK_READ, BASE];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_has_a_header_and_its_own_hash() {
        let all = all();
        let mut hashes: Vec<&str> = all.iter().map(|script| script.sha()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), all.len());
        for script in all {
            assert!(script.source().starts_with("#!lua"), "{}", script.name);
            assert!(
                script.source().contains(&format!("-- {}: ", script.name)),
                "{} has no head",
                script.name
            );
            assert!(script.source().contains("-- KEYS  meta\n-- ARGV  "), "{} has no contract", script.name);
            assert!(script.source().contains("-- reply {"), "{} names no reply", script.name);
        }
        assert!(CONSTANTS.contains(&format!("FORMAT = '{FORMAT}'")));
        assert!(CONSTANTS.contains(&format!("LIVE_MS = {LIVE_MS}")));
    }

    #[test]
    fn changing_scripts_compare_the_format_before_they_write() {
        for script in all().into_iter().filter(|script| !script.reads_only) {
            let verb = script.source().split("-- reply ").nth(1).unwrap();
            let guard = verb.find("if wrong_format then return {'FORMAT', stored_format} end");
            assert!(guard.is_some(), "{} does not compare the format", script.name);
            for write in [
                "'HSET'",
                "'ZADD'",
                "'HINCRBY'",
                "'SET'",
                "move(",
                "beat(",
                "lose_held(",
                "end_attempt(",
                "emit(",
            ] {
                if let Some(place) = verb.find(write) {
                    let defined = verb[..place].contains("local function");
                    assert!(defined || guard < Some(place), "{} writes before the guard", script.name);
                }
            }
        }
    }
}
