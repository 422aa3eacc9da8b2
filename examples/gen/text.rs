//! The hand-written parts of the pages. `code` becomes bold.

/// A section: title, introduction, terms and meanings.
pub(crate) type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The words of the system, after the description.
pub(crate) const WORDS: &str = "\
A job is one command with its arguments. It waits in a queue until a worker with a free slot takes \
it; each run is an attempt. While a worker runs an attempt it holds a lease and renews it; when \
the worker dies, another takes the job over after the old run is known to be gone. All state is in \
the server, so any process can be killed at any moment. A namespace is one independent system on a \
server.";

pub(crate) const SECTIONS: &[Section] = &[
    (
        "STATES",
        "The state is derived from the record and the server's clock when it is read, so it is true \
         also while no worker is alive.",
        &[
            ("SCHEDULED", "Its time has not come (`--delay`, `--at`)."),
            ("PENDING", "It could run now."),
            ("STARTED", "A worker runs it."),
            ("RETRY", "It failed; its next attempt is due later."),
            ("SUCCESS", "It ended well: exit code 0, or one of `--ok-codes`."),
            ("FAILURE", "It failed and no attempts are left."),
            ("REVOKED", "It was cancelled."),
            ("EXPIRED", "Its `--expires` passed before it started."),
        ],
    ),
    (
        "TIMES",
        "",
        &[
            (
                "Durations",
                "A number and a unit: `ms`, `s`, `m`, `h`, `d` or `w`, the larger first: `90s`, `1h30m`, `2d`, \
                 `1.5h`. A number without a unit is refused.",
            ),
            (
                "Instants",
                "RFC 3339 (`2026-12-01T09:00:00+01:00`); `2026-12-01 09:00` with seconds if wanted; `09:00`, \
                 the next one; `today`, `tomorrow` or a weekday with a time of day, such as `friday 09:00`; \
                 `@1796112000`, seconds since the epoch. A time without an offset is read in the zone \
                 of `--tz`, else in one that follows it (`09:00 Europe/Paris`), else in the local one. A time \
                 that clocks jump over is refused; of one that happens twice the earlier is taken, and \
                 standard error says so. A time that has passed is refused.",
            ),
        ],
    ),
    (
        "EXIT STATUS",
        "Every command but a wait ends with one of these.",
        &[
            ("0", "Done. An empty list is 0; `jobq status ID` is 0 whatever the state of the job."),
            ("1", "The answer is no: jobs that were waited for did not all succeed."),
            ("2", "Wrong usage, or a sweeping command without `--yes` off a terminal."),
            ("65", "Bad input data."),
            ("66", "No such job, queue or worker."),
            ("69", "The server cannot be reached or refuses writes; certainly nothing was accepted."),
            (
                "74",
                "Not confirmed: the reply was lost, or fewer replicas than `--durable` asks for have the job. The id is on \
                 standard output; repeat the command with `--id`.",
            ),
            ("75", "The queue is full or a limit is reached; nothing was accepted. Try again later."),
            ("77", "Refused: permission."),
            ("78", "Bad configuration."),
            ("130, 143", "Interrupted."),
        ],
    ),
    (
        "WAITING",
        "`jobq enqueue --wait` and `jobq status --wait ID` show the job's standard output on standard output and \
         its standard error on standard error, as they are written; the id goes to standard error. They end \
         with the job's own exit code, or with one of these. Ctrl-C leaves the job alone and ends the \
         wait; a second one within 2 seconds cancels the job.",
        &[
            ("124", "It ran out of time (`--timeout`)."),
            (
                "125",
                "jobq itself failed: the job was refused or revoked, it expired, `--wait-timeout` passed, the \
                 server was gone, or there is no such job. With `--json` the error holds the code of the table above.",
            ),
            ("126", "It could not be executed."),
            ("127", "Its program was not found."),
            ("128+N", "Signal N killed it."),
            ("0 or 1", "For several jobs: whether all of them succeeded."),
        ],
    ),
    (
        "ENVIRONMENT",
        "Options win over variables, and variables over files. Workers never pass the server's address or password on to jobs.",
        &[
            ("JOBQ_URL", "The server; as `--url`. May hold a password, which is never shown."),
            ("JOBQ_NAMESPACE", "The namespace; as `--namespace`."),
            ("JOBQ_CONFIG", "The only configuration file to read; as `--config`."),
            ("JOBQ_PASSWORD_FILE", "A file that holds the server's password."),
            ("JOBQ_LOCAL", "With `never`, a missing URL is an error (exit 78) instead of the local store."),
            ("XDG_CONFIG_HOME", "Where the user's `jobq/jobq.toml` is; default: `~/.config`."),
            ("XDG_STATE_HOME", "Where the local store lives; default: `~/.local/state`."),
            ("NO_COLOR", "Set to anything: no colours, unless `--color always`."),
            ("TZ", "The local time zone."),
        ],
    ),
    (
        "FILES",
        "",
        &[
            (
                "$XDG_STATE_HOME/jobq",
                "The local store: the data, socket and lock of the private server that jobq starts when no URL \
                 is given. Usually `~/.local/state/jobq`.",
            ),
            ("/var/lib/jobq", "The same for root."),
            (
                "jobq.toml",
                "The configuration: of the machine in `/etc/jobq`, of the user in `~/.config/jobq`, and of the \
                 current folder; see jobq.toml(5).",
            ),
        ],
    ),
];

pub(crate) const CRONTABS: &str = "\
A crontab runs as it is. Times are read as Debian's cron reads them; see jobq-cron(5). Each line becomes a \
schedule whose jobs run `SHELL -c COMMAND` in the queue `cron-HOST`, so a worker has to serve that: `jobq worker \
-q cron-HOST`. As with cron, jobs of one line may overlap, ticks that nobody was there for are left out, and the \
exit code is not looked at; jobq records it all the same, and a job that failed shows as FAILURE.

Lines that set a variable hold for the lines below them; `PATH` is `/usr/bin:/bin` and `SHELL` `/bin/sh` unless \
they say otherwise. `CRON_TZ` sets the zone of the times below it. `TZ` does not: as with cron it is a variable of \
the commands. `HOME` is the folder that jobs start in, else the home of the worker's user. `%` and `\\%` mean what \
they mean to cron: the input, and a percent sign.

With `MAILTO` the worker collects what a job prints and hands it to `sendmail`, if there is anything; the job's \
output and exit code stay as they are. A worker without `sendmail` says so in the output of the job, and `jobq beat \
check` and the start of the beat say so when it is missing there. Without `MAILTO`, or with an empty one, nothing \
is mailed; cron would mail to the owner of the crontab. What a job printed before it was killed is not mailed.

jobq cannot become another user. In `/etc/crontab`, in `/etc/cron.d` and with `--user-field` each line names a \
user; a line whose user is not the one that the workers run as (`--worker-user`, else the user of this command) is \
refused, and a worker that runs as somebody else does not run its jobs. What is refused is told by file and line \
before anything runs, and nothing of that file is published, unless `--skip-refused` leaves such lines out.

A folder is read as cron reads `/etc/cron.d`: each line names a user, and files count whose names have only letters, \
digits, `_` and `-`, that belong to root or to the user of this command, that nobody else can write, and that have no \
second name. The others are left out, and the start of the beat and `jobq beat check` say so. Files that come and go \
are seen within seconds.

`@reboot` makes one job for each boot of the machine whose crontab has it, and only a beat on that machine makes \
it. The name of a schedule is made of host, path and line: it stays the same wherever the line stands in its file. \
A file is read again within seconds of a change; a version with a line that is refused does not count, and what \
was published stays.";

pub(crate) const JOB_INTRO: &str = "\
A job gets the worker's `PATH`, `HOME`, `USER`, `LOGNAME`, `SHELL`, `LANG`, `LC_*` and `TZ`, then what \
its producer gave with `-e`, then these.";

pub(crate) const JOB_ENVIRONMENT: &[(&str, &str)] = &[
    ("JOBQ_JOB_ID", "The job's id."),
    ("JOBQ_QUEUE", "Its queue."),
    ("JOBQ_NAMESPACE", "Its namespace."),
    ("JOBQ_ATTEMPT", "The number of this attempt, from 1."),
    (
        "JOBQ_FENCE",
        "A number that grows with every attempt, for stores that refuse a writer older than the last.",
    ),
    ("JOBQ_DEADLINE", "When `--timeout` will end it, if it has one."),
    ("JOBQ_PROGRESS", "A file to write progress to, such as `40% resizing`."),
    ("JOBQ_RESULT", "A file to write a result to, as JSON."),
    ("JOBQ_RETRY_AFTER", "A file to write the wait before the next attempt to, such as `30s`."),
    ("TRACEPARENT", "The producer's trace context, if it had one."),
];
