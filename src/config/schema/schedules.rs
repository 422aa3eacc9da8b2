//! The keys of a schedule.

use super::{ANY, Key, Kind, SOME, key, must};

/// `[schedules.NAME]`, besides the policy of its jobs.
pub const SCHEDULE: &[Key] = &[
    key(
        "cron",
        Kind::Cron,
        "",
        "When: five fields as Debian's cron reads them, six with seconds in front, or a nickname such as \
         `@daily`; see jobq-cron(5). One of `cron`, `every` and `at` must be there.",
    ),
    key(
        "every",
        Kind::Duration { least_ms: 1_000 },
        "",
        "When: at whole multiples of this since 1970 in UTC.",
    ),
    key(
        "at",
        Kind::Instant,
        "",
        "When: once, at this date and time. When it has passed, nothing more happens.",
    ),
    key(
        "timezone",
        Kind::Zone,
        "",
        "The zone of `cron` and of dates without one. Without it, that of the machine that reads the file.",
    ),
    key("spread", ANY, "0s", "Delay each tick by a time below this that depends on the name alone."),
    key("starts", Kind::Instant, "", "No tick before this."),
    key("ends", Kind::Instant, "", "No tick after this."),
    key(
        "overlap",
        Kind::Choice(&["queue", "skip", "replace", "allow"]),
        "queue",
        "While an earlier job of it has not ended, the next waits for it, is not made, ends it and takes its \
         place, or runs beside it.",
    ),
    key(
        "missed",
        Kind::Choice(&["once", "all", "skip"]),
        "once",
        "Of ticks that no beat was there for: one job for all, one for each, or none.",
    ),
    key("missed_window", SOME, "", "Ticks that were missed longer ago than this make no job."),
    key(
        "missed_max",
        Kind::Integer { least: 1, most: 1_000 },
        "100",
        "The most jobs that missed ticks make with `missed = \"all\"`; the newest count.",
    ),
    key(
        "expires",
        Kind::Expiry,
        "",
        "Drop a job as EXPIRED if it has not started by then: a time after it was made, or `\"next tick\"`. \
         Without it, the task's or the queue's.",
    ),
    key(
        "alert",
        Kind::Table(&[MISSED_ALERT]),
        "",
        "When to raise an alert: once per incident, and once on recovery.",
    ),
    key("task", Kind::Name, "", "The task it enqueues. One of `task` and `command` must be there."),
    key("args", Kind::Args, "", "The parameters of `task`."),
    key("command", Kind::Words, "", "The program it enqueues and its arguments, as they are."),
    key(
        "cwd",
        Kind::Path,
        "",
        "The folder `command` runs in. Without it, the folder of the file that has `command`.",
    ),
    key("env", Kind::Env, "", "Variables for its jobs."),
    key("stdin", Kind::Text, "", "The standard input of its jobs."),
    key(
        "mailto",
        Kind::Text,
        "",
        "Mail what `command` prints to this address, if it prints anything; its worker needs `sendmail`.",
    ),
    key("queue", Kind::Name, "", "The queue of its jobs. Without it, the task's, else `default`."),
    key("labels", Kind::Labels, "", "Labels of its jobs."),
    // The worker's own file says these, by task and queue.
    key("output_head", Kind::Later, "", ""),
    key("output_tail", Kind::Later, "", ""),
];

/// `alert` of a schedule.
pub const MISSED_ALERT: &[Key] = &[
    must("missed", SOME, "No job of it has succeeded so long after a tick."),
    key(
        "command",
        Kind::Words,
        "",
        "What to run then, in the folder of the file that has it. Without it, what the task's `alert` runs; \
         workers with `tasks_only` run no other.",
    ),
];
