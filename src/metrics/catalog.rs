//! Every metric of jobq: the only file that names one. docs/metrics.md repeats it.
//!
//! Names follow Prometheus: base units, the unit last, `_total` for what only grows. No label
//! holds an id or a command; queues and tasks that are counted by name are at most 500 each.

use super::text::Family;
use super::text::Kind::{self, Counter, Gauge, Histogram, Info};

const fn family(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind, unit, labels, help }
}

macro_rules! families {
    ($(#[$doc:meta])* $list:ident { $($name:ident = $text:literal, $kind:expr, $unit:literal, $labels:expr, $help:literal;)* }) => {
        $(#[doc = $help] pub static $name: Family = family($text, $kind, $unit, &$labels, $help);)*

        $(#[$doc])* pub static $list: &[&Family] = &[$(&$name),*];
    };
}

families! {
    /// What worker and beat serve at `--metrics` alike: about the process.
    PROCESS {
        BUILD = "jobq_build", Info, "", ["version"], "The version of jobq.";
        PROCESS_START = "process_start_time_seconds", Gauge, "seconds", [],
            "When this process started, in seconds since 1970; a worker whose engine died begins anew.";
        REDIS_ERRORS = "jobq_redis_errors", Counter, "", ["kind"], "Failed calls to Redis, by what went wrong.";
        REDIS_CONNECTIONS = "jobq_redis_connections", Counter, "", [],
            "Connections opened for calls: each after the first is a reconnect.";
    }
}

families! {
    /// What a worker serves at `--metrics`: about its own process.
    WORKER {
        READY = "jobq_worker_ready", Gauge, "", [], "1 while the worker takes jobs, as /readyz says; else 0.";
        SLOTS = "jobq_worker_slots", Gauge, "", ["state"], "Places for running jobs, busy and free.";
        HELD = "jobq_worker_held_jobs", Gauge, "", [],
            "Jobs whose lease the worker keeps: those that run, and those whose end is being reported.";
        STARTED = "jobq_worker_attempts_started", Counter, "", ["queue"], "Attempts that this process started.";
        ENDED = "jobq_worker_attempts_ended", Counter, "", ["queue", "outcome"],
            "Attempts that ended here: success, snoozed, released, cancelled, lease_lost, or how they failed.";
        WAIT = "jobq_worker_job_wait_seconds", Histogram, "seconds", ["queue"],
            "From the moment in which a job could run to its start here.";
        RUN = "jobq_worker_job_run_seconds", Histogram, "seconds", ["queue"],
            "How long attempts ran here that ended by themselves or by a limit.";
        OUTPUT = "jobq_worker_output_bytes", Counter, "bytes", ["stream"],
            "What jobs wrote to stdout and stderr, kept or not.";
        PULSES = "jobq_worker_pulses", Counter, "", [], "Claims and renewals that Redis answered.";
        PULSE_AGE = "jobq_worker_pulse_age_seconds", Gauge, "seconds", [],
            "Since the newest answered claim or renewal was sent, or since the start; leases count from there.";
        LEASES_LOST = "jobq_worker_leases_lost", Counter, "", [],
            "Running jobs that were killed because their lease could not be kept.";
        TAKEN_OVER = "jobq_worker_jobs_taken_over", Counter, "", [],
            "Runs of other workers that were cut from here, because the worker stood still or was dead.";
        HANDED_BACK = "jobq_worker_jobs_handed_back", Counter, "", [],
            "Jobs given back that a dead engine of this worker had.";
        RELEASED = "jobq_worker_jobs_released", Counter, "", ["reason"],
            "Jobs given back unharmed: stop, refused (cannot run here), starved (no process or memory left).";
        REFUSED_REPORTS = "jobq_worker_reports_refused", Counter, "", [],
            "Ends that did not count, because the job was not this worker's any more.";
    }
}

families! {
    /// What a beat serves at `--metrics`: about its own process.
    BEAT {
        BEAT_READY = "jobq_beat_ready", Gauge, "", [], "1 while the beat acts on ticks, as /readyz says; else 0.";
        BEAT_LEADER = "jobq_beat_leader", Gauge, "", [],
            "1 while this beat acts first; the others act on what it leaves, a moment later.";
        BEAT_LAG = "jobq_beat_tick_lag_seconds", Histogram, "seconds", [],
            "From the instant of a tick to its job, for the jobs that this beat made.";
        BEAT_LAST_TICK = "jobq_beat_last_tick_timestamp_seconds", Gauge, "seconds", [],
            "The newest tick that this beat made a job for, in seconds since 1970; 0 for none.";
        BEAT_TICKS = "jobq_beat_ticks", Counter, "", ["result"],
            "Ticks that this beat acted on: fired, skipped (paused, or an earlier job runs), missed (nobody acted in time).";
        BEAT_FULL = "jobq_beat_ticks_held_up", Counter, "", [],
            "Times that a tick found no room in its queue; it is tried again.";
        BEAT_SCHEDULES = "jobq_beat_schedules", Gauge, "", ["state"],
            "Schedules in Redis as this beat last counted them, five hundred a second: active, paused or done.";
        BEAT_UNREADABLE = "jobq_beat_schedules_unreadable", Gauge, "", [],
            "Schedules whose definition this version or machine cannot read; it leaves them to others.";
        BEAT_DRIFT = "jobq_beat_drifting_files", Gauge, "", [],
            "Files of this beat that say something else than what was published under their name since.";
        BEAT_CLOCK = "jobq_beat_clock_jumps", Counter, "", [], "Steps of Redis time of more than two seconds.";
    }
}

families! {
    /// What `inspect stats --openmetrics` prints: about the whole namespace.
    STORE {
        QUEUE_JOBS = "jobq_queue_jobs", Gauge, "", ["queue", "state"],
            "Jobs of the queue by shown state; of finished ones those that are kept.";
        QUEUE_OLDEST = "jobq_queue_oldest_job_age_seconds", Gauge, "seconds", ["queue"],
            "How long the longest waiting job could have run by now, of those next in their priority; 0 for none.";
        QUEUE_DEPTH_LIMIT = "jobq_queue_depth_limit", Gauge, "", ["queue"],
            "The most unfinished jobs, where the queue has such a limit.";
        QUEUE_BYTES = "jobq_queue_size_bytes", Gauge, "bytes", ["queue"], "What the unfinished jobs take.";
        QUEUE_BYTES_LIMIT = "jobq_queue_size_limit_bytes", Gauge, "bytes", ["queue"],
            "The most that they may take, where the queue has such a limit.";
        QUEUE_PAUSED = "jobq_queue_paused", Gauge, "", ["queue"], "1 while an operator's pause holds the queue; else 0.";
        QUEUE_WORKERS = "jobq_queue_workers", Gauge, "", ["queue"], "Live workers that serve the queue.";
        WORKERS = "jobq_workers", Gauge, "", ["mode"], "Registered workers: running, quiet, draining or silent.";
        SCHEDULES = "jobq_schedules", Gauge, "", ["state"],
            "Schedules: active, paused, or done (they have no more ticks).";
        SCHEDULES_OVERDUE = "jobq_schedules_overdue", Gauge, "", [],
            "Active schedules whose tick has been due for five seconds and nobody has acted on.";
        SCHEDULES_FULL = "jobq_schedules_held_up", Gauge, "", [],
            "Schedules whose tick waits for room in its queue.";
        SCHEDULES_ALARMED = "jobq_schedules_without_success", Gauge, "", [],
            "Schedules that had no success in time, and none since.";
        SCHEDULES_NEXT = "jobq_schedules_next_due_timestamp_seconds", Gauge, "seconds", [],
            "The earliest tick that is due or to come of those that are active, in seconds since 1970; 0 for none.";
        SCHEDULE_TICKS = "jobq_schedule_ticks", Counter, "", ["result"],
            "Ticks of all schedules, each counted once: fired, skipped or missed.";
        BEATS = "jobq_beats", Gauge, "", [], "Beats that gave a sign of life within ten seconds.";
        ENQUEUED = "jobq_jobs_enqueued", Counter, "", ["queue"], "Jobs that the queue accepted.";
        FINISHED = "jobq_jobs_finished", Counter, "", ["queue", "outcome"],
            "Jobs that ended for good: success, failure, revoked or expired.";
        ATTEMPTS = "jobq_attempts_started", Counter, "", ["queue"], "Attempts that started.";
        ATTEMPTS_ENDED = "jobq_attempts_ended", Counter, "", ["queue", "how"],
            "Attempts that did not succeed: failed, lost (cut), snoozed or released.";
        RETRIED = "jobq_attempts_retried", Counter, "", ["queue"], "Failed attempts that another one follows.";
        JOB_WAIT = "jobq_job_wait_seconds", Histogram, "seconds", ["queue"],
            "From the moment in which a job could run to its start.";
        JOB_RUN = "jobq_job_run_seconds", Histogram, "seconds", ["queue"],
            "How long attempts ran that succeeded or failed by themselves.";
        TASK_FINISHED = "jobq_task_jobs_finished", Counter, "", ["task", "outcome"],
            "Jobs of the task that ended for good: success, failure, revoked or expired.";
        TASK_FAILED = "jobq_task_attempts_failed", Counter, "", ["task"], "Attempts of the task that failed.";
        TASK_RUN = "jobq_task_run_seconds", Histogram, "seconds", ["task"],
            "How long attempts of the task ran that succeeded or failed by themselves.";
    }
}
