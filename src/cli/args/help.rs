//! The longer texts of the help. Examples are also the EXAMPLES of the man pages.

/// What jobq is, for `--help` and `man jobq`.
pub(super) const ABOUT: &str = "\
A job queue for people who live in the shell.

Jobs are commands. `jobq enqueue` puts them on a queue in Redis or Valkey, `jobq worker` runs \
them, on one machine or many, and `jobq status` tells how they fare. Without a server address \
jobq starts a private server for you and keeps everything in one folder.";

/// After the list of commands.
pub(super) const TOP: &str = "\
Examples:
  jobq enqueue -- make test            put a command on the queue, print its id
  jobq worker                          run what is queued, until stopped
  jobq beat                            enqueue what is scheduled, until stopped
  jobq enqueue --wait -- ./backup.sh   run it on a worker as if it ran here
  jobq status                          how things stand
  jobq status ID                       one job in full

Exit codes:
    0  done                          74  not confirmed; repeat with --id
    1  the answer is no              75  queue full, try again later
    2  wrong usage                   77  refused
   65  bad input data                78  bad configuration
   66  no such job or queue         125  --wait: jobq itself failed
   69  server unreachable      130, 143  interrupted

A wait ends with the job's own exit code; 124 if it timed out, 126 and 127 if
it could not be executed or was not found, 128+N if signal N killed it.
More in man jobq.";

/// The hint for a command without its `--`.
pub(in crate::cli) const TO_RUN_A_COMMAND: &str = "to run a command: jobq enqueue … -- make test";

pub(super) const ENQUEUE: &str = "\
Examples:
  jobq enqueue -- make test
  jobq enqueue -q emails --retries 5 --backoff exponential -- ./send.sh 42
  jobq enqueue --at 'tomorrow 09:00' --tz Europe/Paris -- ./report.sh
  jobq enqueue --shell 'gzip -c \"$1\" > \"$1.gz\"' -- 'my file.txt'
  mysqldump shop | jobq enqueue --stdin -- ./store-dump.sh
  jobq enqueue --wait --timeout 10m -- ./migrate.sh && echo migrated";

pub(super) const WORKER: &str = "\
Examples:
  jobq worker                                   queue default, a job per CPU
  jobq worker -q emails:3,reports:1 -c 8        three emails for each report
  jobq worker -q urgent,bulk --strict           bulk only while urgent is empty
  jobq worker -q emails --queue-limit emails=2  at most two at once here
  jobq worker --burst                           run what is there, then end

Signals:
  First TERM or INT: take no new jobs, let running ones end within --grace.
  Second: end them now; they go back to their queue. Third: kill at once.
  USR1 or TSTP: finish, take nothing.";

pub(super) const BEAT: &str = "\
Examples:
  jobq beat                                      run the schedules of jobq.toml
  jobq beat --crontab /etc/crontab --shadow      only say what would run
  jobq beat --crontab backup.cron -q backups     a crontab on the queue
  jobq beat add nightly --cron '0 0 * * *' --tz Asia/Tokyo -- ./report.sh
  jobq beat next nightly                         its coming ticks
  jobq inspect schedules                         how they fare

Signals:
  TERM or INT: end; other beats go on, and so does the next one that starts.
  HUP: read the files again and publish them.";

pub(super) const BEAT_NEXT: &str = "\
Examples:
  jobq beat next
  jobq beat next nightly -n 3 --tz Europe/Paris
  jobq beat next --cron '30 2 * * *' --tz Europe/Paris";

pub(super) const BEAT_CHECK: &str = "\
Examples:
  jobq beat check
  jobq beat check staging.toml
  jobq beat check /etc/crontab";

pub(super) const BEAT_ADD: &str = "\
Examples:
  jobq beat add nightly --cron '0 0 * * *' --tz Asia/Tokyo report user_id:=1
  jobq beat add sync --every 10m --overlap skip --timeout 1h -- ./sync.sh
  jobq beat add launch --at '2026-12-01 09:00' -- ./launch.sh";

pub(super) const BEAT_LIST: &str = "\
Examples:
  jobq beat list
  jobq beat list --json";

pub(super) const BEAT_REMOVE: &str = "\
Examples:
  jobq beat remove nightly";

pub(super) const BEAT_PAUSE: &str = "\
Examples:
  jobq beat pause nightly --reason 'the source is being moved'
  jobq beat pause nightly --until 'friday 09:00'
  jobq beat pause nightly --for 2h";

pub(super) const BEAT_RESUME: &str = "\
Examples:
  jobq beat resume nightly";

pub(super) const BEAT_TRIGGER: &str = "\
Examples:
  jobq beat trigger nightly
  jobq status --wait $(jobq beat trigger nightly)";

pub(super) const BEAT_IMPORT: &str = "\
Examples:
  jobq beat import crontab backup.cron > jobq.toml
  jobq beat import crontab /etc/cron.d/php";

pub(super) const INSPECT_SCHEDULES: &str = "\
Examples:
  jobq inspect schedules
  jobq inspect schedules --json";

pub(super) const STATUS: &str = "\
Examples:
  jobq status                         how things stand
  jobq status ID                      one job in full
  jobq status --stdout ID > result    what it wrote, byte for byte
  jobq status --follow ID             what it writes, while it writes
  jobq status --wait ID1 ID2          wait; exit 0 if all succeeded";

pub(super) const INSPECT: &str = "\
Examples:
  jobq inspect queues --watch
  jobq inspect jobs -q emails --state failure --since 1h
  jobq inspect why ID
  jobq inspect jobs --format '{id}\\t{state}\\t{queue}'";

pub(super) const INSPECT_QUEUES: &str = "\
Examples:
  jobq inspect queues
  jobq inspect queues emails --watch 5s
  jobq inspect queues --format '{name} {counts.PENDING}'";

pub(super) const INSPECT_JOBS: &str = "\
Examples:
  jobq inspect jobs
  jobq inspect jobs -q emails --state pending --limit 10
  jobq inspect jobs --state failure --since 'yesterday 09:00' --label team=mail
  jobq inspect jobs --task send_email --json
  jobq inspect jobs --state success --limit 1000 --after CURSOR";

pub(super) const INSPECT_JOB: &str = "\
Examples:
  jobq inspect job ID
  jobq inspect job ID --json
  jobq inspect job ID1 ID2 --format '{id} {exit_code} {output.stdout_bytes}'";

pub(super) const INSPECT_WHY: &str = "\
Examples:
  jobq inspect why ID
  jobq inspect why ID --watch
  jobq inspect why ID --format '{code}'

Reasons:
  it ended         succeeded, failed, expired, cancelled
  on a worker      running, cancelling, worker_silent
  its time         scheduled, retry, snoozed, blocked
  given back       refused, starved
  its queue        paused, purging, limit_running, limit_rate
  its workers      no_worker, workers_quiet, in_line
  the server       redis_unreachable, redis_loading, redis_read_only,
                   redis_replica_cut, redis_disk, redis_memory,
                   redis_replicas, redis_denied, redis_refusing";

pub(super) const INSPECT_WORKERS: &str = "\
Examples:
  jobq inspect workers
  jobq inspect workers --format '{id} {held}/{slots} {live}'";

pub(super) const INSPECT_STATS: &str = "\
Examples:
  jobq inspect stats
  jobq inspect stats --queue emails --window 24h
  jobq inspect stats --format '{kind} {name} {run.p99_ms}'
  jobq inspect stats --openmetrics >jobq.prom.new && mv jobq.prom.new jobq.prom";

pub(super) const INSPECT_FAILURES: &str = "\
Examples:
  jobq inspect failures
  jobq inspect failures -q emails --since 1h
  jobq inspect failures --json";

pub(super) const INSPECT_EVENTS: &str = "\
Examples:
  jobq inspect events
  jobq inspect events --follow -q emails
  jobq inspect events --job ID
  jobq inspect events --kind failed --kind lost --since 1h --json
  jobq inspect events --after 1796112000000-0 --limit 1000 --json";

pub(super) const INSPECT_DOCTOR: &str = "\
Examples:
  jobq inspect doctor
  jobq inspect doctor --json
  jobq inspect doctor --quiet || echo something is wrong";

pub(super) const INSPECT_VERIFY: &str = "\
Examples:
  jobq inspect verify
  jobq inspect verify -v --json";

pub(super) const CONTROL: &str = "\
Examples:
  jobq control cancel ID
  jobq control retry -q emails --since 1h
  jobq control pause emails --for 1h --reason 'the relay is down'
  jobq control resume emails
  jobq control limit emails --max-depth 10000 --rate 10/s
  jobq control purge emails --yes
  jobq control stop WORKER
  jobq control server stop

Each is recorded with who and why, and shown by jobq inspect events.";

pub(super) const CANCEL: &str = "\
Examples:
  jobq control cancel 01kdcb2m9we3xr7yqh5t8vnabc
  jobq control cancel --wait --reason 'wrong list' ID1 ID2
  jobq control cancel -q emails --label team=red --dry-run
  jobq control cancel -q emails --state pending --yes";

pub(super) const RETRY: &str = "\
Examples:
  jobq control retry 01kdcb2m9we3xr7yqh5t8vnabc
  jobq control retry ID1 ID2 --reason 'the disk has room again'
  jobq control retry -q emails --since 1h --limit 100";

pub(super) const REQUEUE: &str = "\
Examples:
  jobq control requeue 01kdcb2m9we3xr7yqh5t8vnabc
  jobq control requeue ID --reason 'need not wait until tomorrow'
  jobq control requeue -q emails --state retry";

pub(super) const DELETE: &str = "\
Examples:
  jobq control delete 01kdcb2m9we3xr7yqh5t8vnabc
  jobq control cancel --wait ID && jobq control delete ID
  jobq control delete --state revoked --until 7d --yes";

pub(super) const PAUSE: &str = "\
Examples:
  jobq control pause emails
  jobq control pause emails reports --for 1h --reason 'the relay is down'
  jobq control pause emails --until 'tomorrow 06:00'";

pub(super) const RESUME: &str = "\
Examples:
  jobq control resume emails
  jobq control resume emails reports";

pub(super) const LIMIT: &str = "\
Examples:
  jobq control limit emails --max-depth 10000
  jobq control limit emails --max-running 4 --rate 100/m
  jobq control limit emails --max-depth none --max-bytes 64M
  jobq control limit emails --rate file";

pub(super) const QUIET: &str = "\
Examples:
  jobq control quiet web-4711-a1b2c3
  jobq control quiet night --reason 'upgrade at noon'
  jobq control quiet --off night";

pub(super) const STOP: &str = "\
Examples:
  jobq control stop web-4711-a1b2c3
  jobq control stop --now night";

pub(super) const EVENTS: &str = "\
Examples:
  jobq control events --keep 1000000
  jobq control events --keep default";

pub(super) const PURGE: &str = "\
Examples:
  jobq control purge emails
  jobq control purge emails --yes";

pub(super) const SERVER_STOP: &str = "\
Examples:
  jobq control server stop";

pub(super) const INSPECT_SERVER: &str = "\
Examples:
  jobq inspect server
  jobq inspect server --json";

pub(super) const INSPECT_CONFIG: &str = "\
Examples:
  jobq inspect config
  jobq inspect config --config ./staging.toml --json";
