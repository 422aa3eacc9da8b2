//! Every field of every JSON record, in one table: `--format` is checked against it, and the
//! schema that is shipped is made from it (examples/gen). A test compares it with what the
//! commands really print.

/// What a field holds. A `?` after the word in the table below means that it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, with points where it is nested; `[]` after the name of a list of objects,
    /// `*` for names that users choose.
    pub path: &'static str,
    /// `text`, `flag`, `count`, `number`, `time` (RFC 3339 UTC), `bytes` (text, or
    /// `{"b64":…}` where it is not UTF-8), `any`, `texts`, `bytes[]`, `state`, and `object`
    /// where an object as a whole may be null; `?` after it where it may be null.
    pub kind: &'static str,
    /// What it says, in a few words.
    pub about: &'static str,
}

/// One kind of record.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the schema.
    pub name: &'static str,
    /// Which commands print it.
    pub about: &'static str,
    /// Its fields, in the order of the JSON.
    pub fields: &'static [Field],
}

impl Shape {
    /// Whether records of this shape have the field.
    pub fn has(&self, path: &str) -> bool {
        self.fields.iter().any(|field| {
            let known = field.path;
            let free = known.strip_suffix(".*").and_then(|head| path.strip_prefix(head));
            known == path
                || free.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && rest.len() > 1)
                || known
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
        })
    }
}

const fn f(path: &'static str, kind: &'static str, about: &'static str) -> Field {
    Field { path, kind, about }
}

const SCHEMA: Field = f("schema", "count", "version of the form; it changes only if a field had to go");

/// One job.
pub const JOB: Shape = Shape {
    name: "job",
    about: "one job: status --json ID, inspect job, inspect jobs (without attempts and why), enqueue --wait --json",
    fields: &[
        f("id", "text", "the job's id"),
        f("state", "state", "the state to show, derived when it was read"),
        f("reason", "text?", "why it is in this state, in words"),
        f("queue", "text", "the queue"),
        f("task", "text?", "the task; null for a command"),
        f("argv", "bytes[]?", "the command; null for a task"),
        f("args.*", "any?", "the parameters of a task, by name; null for a command"),
        f("priority", "number", "-100 to 100, higher first"),
        f("labels.*", "text", "labels, by name"),
        f("group", "text?", "the group"),
        f("attempt", "count", "number of the newest attempt, 0 before the first"),
        f("retries", "count", "retries allowed"),
        f("outcome", "text?", "how the newest ended attempt ended"),
        f("exit_code", "count?", "its exit code, where it ended by itself"),
        f("signal", "count?", "the signal that ended it"),
        f("result", "any?", "the JSON that the job left as its result"),
        f("error", "text?", "one line about the newest failure"),
        f("progress", "object?", "how far the job says it is"),
        f("progress.percent", "number?", "0 to 100"),
        f("progress.message", "text?", "the job's own words"),
        f("enqueued_at", "time", "when it was accepted"),
        f("due_at", "time?", "when it becomes eligible, while it waits for that"),
        f("expires_at", "time?", "when it expires, while it never started"),
        f("started_at", "time?", "when the newest attempt started"),
        f("finished_at", "time?", "when it reached its final state"),
        f("worker", "text?", "the worker that has it, or had it last"),
        f("host", "text?", "that worker's host"),
        f("output.stdout_bytes", "count", "bytes written to standard output"),
        f("output.stderr_bytes", "count", "bytes written to standard error"),
        f("output.dropped", "count", "bytes of both that are not kept"),
        f("failures", "count", "attempts that failed"),
        f("losses", "count", "attempts cut by the death of their worker"),
        f("snoozes", "count", "times the job put itself back"),
        f("releases", "count", "times a worker gave it back unharmed"),
        f("cancelling", "flag", "a cancel was recorded and its processes are being ended"),
        f("workers", "count", "live workers that serve its queue"),
        f("cwd", "bytes?", "its working directory"),
        f("attempts[].attempt", "count", "number of the attempt"),
        f("attempts[].fence", "text", "its fencing number"),
        f("attempts[].worker", "text", "the worker that ran it"),
        f("attempts[].host", "text", "that worker's host"),
        f("attempts[].started_at", "time", "when it started"),
        f("attempts[].ended_at", "time", "when its end was recorded"),
        f("attempts[].duration_ms", "number", "the time between"),
        f("attempts[].outcome", "text", "how it ended"),
        f("attempts[].exit_code", "count?", "its exit code"),
        f("attempts[].signal", "count?", "the signal that ended it"),
        f("attempts[].tail", "bytes", "the end of its output"),
        f("why", "object?", "why it stands where it stands"),
        f("why.code", "text", "the reason code, as in inspect why"),
        f("why.sentence", "text", "the reason in one sentence"),
        SCHEMA,
    ],
};

/// Why a job stands where it stands.
pub const WHY: Shape = Shape {
    name: "why",
    about: "inspect why",
    fields: &[
        f("id", "text", "the job's id"),
        f("state", "state?", "its state; null where the server could not be asked"),
        f("code", "text", "the reason code"),
        f("sentence", "text", "the reason in one sentence"),
        f("since_at", "time?", "since when it is so, where that is known"),
        f("next_at", "time?", "when something happens next: due, tried again, allowed to start"),
        f("position", "count?", "its place in line, from 1"),
        f("start_at", "time?", "when its turn comes if the queue goes on as in the last minutes"),
        f("jobs", "texts", "jobs that it waits for, or that hold its limit"),
        f("reason", "text?", "what somebody said about it: an operator, a worker"),
        SCHEMA,
    ],
};

/// One schedule.
pub const SCHEDULE: Shape = Shape {
    name: "schedule",
    about: "inspect schedules, beat list",
    fields: &[
        f("name", "text", "the schedule"),
        f("when", "text?", "when it ticks, in words"),
        f("timezone", "text?", "the zone in which its times are read"),
        f("cron", "text?", "its cron expression"),
        f("every_ms", "count?", "its period"),
        f("at", "time?", "its only tick"),
        f("next_at", "time?", "when its next tick is due; past where nobody acts on it"),
        f("last_at", "time?", "the newest tick that was acted on"),
        f("last_job", "text?", "the newest job that it made"),
        f("lag_ms", "count?", "how late that was made"),
        f("late_ms", "count", "how long its next tick has been due"),
        f("ended", "object?", "the job of it that ended last"),
        f("ended.job", "text", "its id"),
        f("ended.at", "time", "when it ended"),
        f("ended.state", "state?", "how"),
        f("ended.outcome", "text?", "how its last attempt ended"),
        f("ended.exit_code", "count?", "its exit code, where it ended by itself"),
        f("succeeded_at", "time?", "when a job of it last succeeded"),
        f("fired", "count", "ticks that made a job"),
        f("skipped", "count", "ticks that made none because of a pause or an earlier job"),
        f("missed", "count", "ticks that made none because no beat acted in time, or the queue was full"),
        f("why", "text?", "why the newest tick without a job made none"),
        f("unfinished", "count", "jobs of it that have not ended"),
        f("paused", "object?", "its pause"),
        f("paused.by", "text", "who paused it: user@host"),
        f("paused.since", "time", "since when"),
        f("paused.until", "time?", "until when"),
        f("paused.reason", "text?", "why, in their words"),
        f("full_queue", "text?", "the queue that has no room for its tick"),
        f("incident_at", "time?", "since when a success is overdue, where that was told"),
        f("done_at", "time?", "when it had its last tick, where no more will come"),
        f("overlap", "text?", "queue, skip, replace or allow"),
        f("missed_policy", "text?", "once, all or skip"),
        f("queue", "text?", "the queue of its jobs"),
        f("task", "text?", "the task of its jobs; null for a command"),
        f("args.*", "any?", "the parameters of the task, by name; null for a command"),
        f("argv", "bytes[]?", "the command; null for a task"),
        f("source", "text", "who says so: file, crontab.HOST.FILE or added"),
        f("place", "text?", "where it stands there"),
        f("changed_at", "time?", "when it was last changed"),
        f("unreadable", "text?", "why this version cannot read it"),
        SCHEMA,
    ],
};

/// One queue.
pub const QUEUE: Shape = Shape {
    name: "queue",
    about: "inspect queues; the queues of status --json",
    fields: &[
        f("name", "text", "the queue"),
        f("counts.SCHEDULED", "count", "jobs in this state, as shown"),
        f("counts.BLOCKED", "count", "jobs in this state, as shown"),
        f("counts.PENDING", "count", "jobs in this state, as shown"),
        f("counts.STARTED", "count", "jobs in this state, as shown"),
        f("counts.RETRY", "count", "jobs in this state, as shown"),
        f("counts.SUCCESS", "count", "jobs in this state that are kept"),
        f("counts.FAILURE", "count", "jobs in this state that are kept"),
        f("counts.REVOKED", "count", "jobs in this state that are kept"),
        f("counts.EXPIRED", "count", "jobs in this state that are kept"),
        f("depth", "count", "unfinished jobs: what max_depth bounds"),
        f("max_depth", "count?", "their limit"),
        f("bytes", "count", "bytes of unfinished jobs: what max_bytes bounds"),
        f("max_bytes", "count?", "their limit"),
        f("max_running", "count?", "most jobs that may run at once"),
        f("rate", "count?", "most starts in rate_ms"),
        f("rate_ms", "count?", "the time of a rate, in milliseconds"),
        f("paused", "object?", "its pause, while it lasts"),
        f("paused.since_at", "time", "since when"),
        f("paused.until_at", "time?", "when it ends by itself"),
        f("paused.user", "text", "who paused it"),
        f("paused.host", "text", "on which host"),
        f("paused.reason", "text?", "why, in their words"),
        f("workers", "count", "live workers that serve it"),
        f("head_enqueued_at", "time?", "when the job that is next in line was enqueued"),
    ],
};

/// One worker.
pub const WORKER: Shape = Shape {
    name: "worker",
    about: "inspect workers; the workers of status --json",
    fields: &[
        f("id", "text", "the worker: HOST-PID-…"),
        f("label", "text?", "its --name"),
        f("host", "text", "its host"),
        f("pid", "count", "its main process"),
        f("queues", "texts", "queues it serves"),
        f("slots", "count", "places for running jobs"),
        f("held", "count", "jobs it holds"),
        f("mode", "text", "running, quiet or draining"),
        f("live", "flag", "it gave a sign of life within 30 s"),
        f("started_at", "time", "when it started"),
        f("seen_at", "time", "when it last gave a sign of life"),
        f("version", "text", "its version of jobq"),
    ],
};

/// One failed job.
pub const FAILURE: Shape = Shape {
    name: "failure",
    about: "the failures of status --json",
    fields: &[
        f("id", "text", "the job's id"),
        f("queue", "text", "its queue"),
        f("title", "text", "its task or command"),
        f("outcome", "text?", "how it ended"),
        f("error", "text?", "how it ended, in words"),
        f("finished_at", "time", "when"),
    ],
};

/// A queue or a task in numbers.
pub const STATS: Shape = Shape {
    name: "stats",
    about: "inspect stats",
    fields: &[
        f("kind", "text", "queue or task"),
        f("name", "text", "its name; ~other for those beyond 500"),
        f("window_ms", "count", "the time that the numbers are about, in milliseconds"),
        f("enqueued", "count", "jobs accepted"),
        f("started", "count", "attempts that started"),
        f("finished", "count", "jobs that ended for good: the next four together"),
        f("succeeded", "count", "jobs that succeeded"),
        f("failed", "count", "jobs that failed for good"),
        f("revoked", "count", "jobs that were cancelled"),
        f("expired", "count", "jobs that did not start in time"),
        f("failed_attempts", "count", "attempts that failed, whatever followed"),
        f("retried", "count", "failed attempts that another one follows"),
        f("lost", "count", "attempts cut by the death of their worker"),
        f("snoozed", "count", "attempts that put themselves back"),
        f("released", "count", "attempts given back unharmed"),
        f("enqueued_per_second", "number", "jobs accepted, a second"),
        f("started_per_second", "number", "attempts started, a second"),
        f("finished_per_second", "number", "jobs ended, a second"),
        f("failure_rate", "number?", "failed of those that succeeded or failed, 0 to 1"),
        f("wait.count", "count", "starts"),
        f("wait.mean_ms", "number?", "mean time from the moment in which a job could run to its start"),
        f("wait.p50_ms", "number?", "what half of them did not exceed"),
        f("wait.p90_ms", "number?", "what 90% did not exceed"),
        f("wait.p99_ms", "number?", "what 99% did not exceed"),
        f("run.count", "count", "attempts that succeeded or failed by themselves"),
        f("run.mean_ms", "number?", "mean time that they ran"),
        f("run.p50_ms", "number?", "what half of them did not exceed"),
        f("run.p90_ms", "number?", "what 90% did not exceed"),
        f("run.p99_ms", "number?", "what 99% did not exceed"),
        SCHEMA,
    ],
};

/// The server.
pub const SERVER: Shape = Shape {
    name: "server",
    about: "inspect server; the server of status --json",
    fields: &[
        f("address", "text", "where it is, without a password"),
        f("kind", "text", "redis or valkey"),
        f("version", "text", "its version"),
        f("role", "text", "primary or replica"),
        f("mode", "text", "standalone, sentinel or cluster"),
        f("primary", "text?", "the primary that was found, by way of Sentinels or a Cluster"),
        f("replicas", "count", "replicas that the primary has"),
        f("nodes", "texts", "the Sentinels, or the nodes of the Cluster, that are known"),
        f("pid", "count?", "its process"),
        f("aof", "flag", "append-only persistence is on"),
        f("rdb", "flag", "snapshots are on"),
        f("eviction", "text", "maxmemory-policy"),
        f("used_memory", "count", "bytes in use"),
        f("max_memory", "count", "bytes it may use, 0 for no limit"),
        f("kept_jobs", "count", "jobs that ended and are kept"),
        f("kept_output_bytes", "count", "bytes of output that are kept"),
        f("local_dir", "bytes?", "the folder of the local store"),
    ],
};

/// One event.
pub const EVENT: Shape = Shape {
    name: "event",
    about: "inspect events",
    fields: &[
        f("id", "text", "its place in the stream: MILLISECONDS-NUMBER"),
        f("at", "time", "when it happened, by Redis time"),
        f("kind", "text", "what happened; docs/events.md has all kinds"),
        f("job", "text?", "the job that it is about"),
        f("queue", "text?", "its queue"),
        f("task", "text?", "its task"),
        f("attempt", "count?", "number of the attempt"),
        f("worker", "text?", "the worker that it is about, or that ran the attempt"),
        f("user", "text?", "the person who did it"),
        f("host", "text?", "the host: of the person where there is one, else of the worker"),
        f("by", "text?", "the worker that did it, where it is another one"),
        f("outcome", "text?", "how the attempt or the job ended"),
        f("exit_code", "count?", "its exit code"),
        f("signal", "count?", "the signal that ended it"),
        f("reason", "text?", "why, in words"),
        f("due_at", "time?", "when the job may run"),
        f("count", "count?", "how many jobs"),
        f("settings", "text?", "settings, NAME=VALUE with spaces between"),
        f("parent", "text?", "the job whose end made this one"),
        f("more.*", "text", "fields that this version does not know, by their stored names"),
        SCHEMA,
    ],
};

/// One check of a check-up.
pub const FINDING: Shape = Shape {
    name: "finding",
    about: "inspect doctor",
    fields: &[
        f("check", "text", "the check, a stable word"),
        f("verdict", "text", "ok, warn or bad"),
        f("says", "text", "what is so"),
        f("advice", "text?", "what to do about it"),
        SCHEMA,
    ],
};

/// Something that does not hold of the stored state.
pub const VIOLATION: Shape = Shape {
    name: "violation",
    about: "inspect verify",
    fields: &[
        f("code", "text", "the invariant, a stable word"),
        f("subject", "text", "what it is about: a job's id, a queue, a worker, a key"),
        f("says", "text", "what is so, and should not be"),
        SCHEMA,
    ],
};

/// One value of the configuration.
pub const SETTING: Shape = Shape {
    name: "setting",
    about: "the values of inspect config --json, and what its --format shows",
    fields: &[
        f("key", "text", "as it would be written with points: worker.lease"),
        f("value", "any?", "the value; null for none"),
        f("hidden", "flag", "a secret is hidden in it"),
        f("from", "text", "flag, environment, file or default"),
        f("name", "text?", "the option or variable"),
        f("file", "text?", "the file"),
        f("line", "count?", "the line, from 1"),
        f("column", "count?", "the character, from 1"),
    ],
};

/// `inspect config --json`.
pub const CONFIG: Shape = Shape {
    name: "config",
    about: "inspect config --json",
    fields: &[
        f("files", "bytes[]", "the files that were read, the one that wins last"),
        f("values", "setting[]", "the values, in the order of the manual"),
        SCHEMA,
    ],
};

/// `status --json` without an id.
pub const OVERVIEW: Shape = Shape {
    name: "overview",
    about: "status --json without an id",
    fields: &[
        f("namespace", "text", "the namespace"),
        f("healthy", "flag", "nothing needs attention"),
        f("headline", "text", "how things stand, in one sentence"),
        f("attention", "texts", "what needs somebody, the most important first"),
        f("now", "time", "Redis time of the reading"),
        f("queues", "queue[]", "every queue, by name"),
        f("workers", "worker[]", "every worker"),
        f("failures", "failure[]", "the newest failures, at most ten"),
        f("schedules", "count", "schedules"),
        f("beats", "count", "beats that gave a sign of life within 10 s"),
        f("overdue", "texts", "schedules whose tick is due and nobody acts on it, a hundred at most"),
        f("server", "server", "the server"),
        SCHEMA,
    ],
};

/// All shapes, for documents and tests.
pub const SHAPES: &[&Shape] = &[
    &JOB, &WHY, &SCHEDULE, &QUEUE, &WORKER, &FAILURE, &STATS, &SERVER, &EVENT, &FINDING, &VIOLATION,
    &SETTING, &CONFIG, &OVERVIEW,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_know_their_fields_and_what_is_in_them() {
        for known in
            ["id", "labels", "labels.a.b", "output", "output.dropped", "attempts", "progress.percent"]
        {
            assert!(JOB.has(known), "{known}");
        }
        for unknown in ["", "i", "labels.", "labelsx", "output.x", "attempt.x", "attempts.attempt"] {
            assert!(!JOB.has(unknown), "{unknown}");
        }
    }
}
