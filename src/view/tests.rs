//! What people and machines see, word for word.

use serde_json::Value;

use super::samples::{NOW, calm, failed, troubled, waiting};
use super::why::Reason;
use super::{Look, job, json, overview, server};
use crate::core::outcome::Outcome;
use crate::core::report::JobReport;
use crate::core::state::State;
use crate::core::why::Context;

fn at_width(width: usize) -> Look {
    Look { width: Some(width), ..Look::plain() }
}

/// A job with nothing around it.
fn page(look: &Look, report: &JobReport, newest: Option<&[u8]>) -> String {
    let why = Reason::of(report, &Context::default(), &jiff::tz::TimeZone::UTC);
    job::job(look, report, &why, newest)
}

#[test]
fn a_job_that_waits() {
    assert_eq!(
        page(&Look::plain(), &waiting(), None),
        "\
job       01kdcb2m9we3xr7yqh5t8vnabc
state     PENDING
why       no live worker serves queue emails; none ever has
queue     emails
command   sh -c 'echo hi; exit 3'
folder    '/srv/my app'
attempts  0 of 1
enqueued  2026-12-01 07:56:55 UTC  (3m 05s ago)
"
    );
}

#[test]
fn a_job_that_failed() {
    assert_eq!(
        page(&Look::plain(), &failed(), None),
        "\
job       01kdcb2m9we3xr7yqh5t8vnabc
state     FAILURE
queue     emails, priority 5
command   sh -c 'echo hi; exit 3'
folder    '/srv/my app'
env       LANG
labels    team=mail\\u{202e}
policy    1 retry after 10s, timeout 1m 00s
attempts  2 of 2 (2 failed)
enqueued  2026-12-01 07:56:55 UTC  (3m 05s ago)
started   2026-12-01 07:58:58 UTC  (1m 01s ago)
finished  2026-12-01 07:59:00 UTC  (1m 00s ago, ran 1.2s)
worker    web1-4121-k3f9 on web1
outcome   exit code 3
progress  40% resizing
result    {\"sent\":2}
output    1.2 MiB on stdout, 12 B on stderr (1.0 MiB not kept)

ATTEMPT  OUTCOME                           RAN       ENDED  WORKER
      1  killed by SIGSEGV (core dumped)  1.2s  2m 00s ago  web1-4121-k3f9
      2  exit code 3                      1.2s  1m 00s ago  web1-4121-k3f9

│ connecting\\x1b[31m
│     no route
"
    );
}

#[test]
fn a_job_that_runs_shows_its_newest_output() {
    let mut report = waiting();
    report.state = State::Started;
    report.cancelling = true;
    report.attempt = 1;
    report.started_ms = Some(NOW - 2_000);
    let live: String = (1..=30).map(|n| format!("line {n}\n")).collect();
    let text = page(&at_width(20), &report, Some(live.as_bytes()));
    assert!(text.contains("state     STARTED, being cancelled\n"), "{text}");
    assert!(text.contains("\n\n│ line 21\n") && text.ends_with("│ line 30\n"), "{text}");
}

#[test]
fn a_job_that_will_run_says_when() {
    let mut report = waiting();
    report.state = State::Scheduled;
    report.due_ms = Some(NOW + 7_800_000);
    report.attempt = 4;
    report.losses = 2;
    report.releases = 1;
    let text = page(&Look::plain(), &report, None);
    assert!(text.contains("due       2026-12-01 10:10:00 UTC  (in 2h 10m)\n"), "{text}");
    assert!(text.contains("attempts  4 (2 lost, 1 given back)\n"), "{text}");
    assert!(text.contains("why       it is scheduled for 2026-12-01 10:10:00 UTC, in 2h 10m\n"), "{text}");
}

#[test]
fn a_dry_run_says_that_nothing_happened() {
    assert_eq!(
        job::planned(&Look::plain(), &waiting().spec, Some(NOW + 3_600_000), None, NOW),
        "\
dry run   nothing was enqueued
queue     emails
command   sh -c 'echo hi; exit 3'
folder    '/srv/my app'
due       2026-12-01 09:00:00 UTC  (in 1h 00m)
"
    );
}

#[test]
fn a_calm_namespace() {
    assert_eq!(
        overview::overview(&at_width(80), &calm()),
        "\
healthy: 2 workers, 5 running, 40 waiting, 4 for later, 1 failed in the last hour
namespace default on redis 7.2.5 at redis://queue.example.org:6379

QUEUE    WAITING  RUNNING  LATER  FAILED   DONE  WORKERS  NEXT WAITS
default        0        1      0       0   1204        2           -
emails        40        4      4       2  58113        1      3m 05s

WORKER          BUSY  MODE       SEEN  QUEUES
web1-4121-k3f9   4/4  running  1s ago  default,emails
web2-988-p0q2    1/4  running  3s ago  default

FAILED JOB                        WHEN  QUEUE   WHY          COMMAND
01kdcb2m9we3xr7yqh5t8vnabc  1m 00s ago  emails  exit code 3  ./send_email.sh --…
"
    );
}

#[test]
fn a_namespace_in_trouble_says_so_first() {
    let text = overview::overview(&Look::plain(), &troubled());
    let head: Vec<&str> = text.lines().take(6).collect();
    assert_eq!(
        head,
        [
            "attention: 40 jobs wait in emails and no live worker serves it",
            "attention: queue default is full: 1 of 1 jobs",
            "attention: worker web1-4121-k3f9 gave its last sign of life 1m 35s ago and holds 4 jobs",
            "attention: the server may drop jobs when memory is short (allkeys-lru)",
            "attention: the server uses 96% of its memory",
            "1 worker, 5 running, 40 waiting, 4 for later, 1 failed in the last hour",
        ]
    );
    assert!(text.contains("web1-4121-k3f9         4/4  silent    1m 35s ago"), "{text}");
    assert!(text.contains("web2-988-p0q2 (blue)   1/4  draining      3s ago"), "{text}");
}

#[test]
fn limits_stand_beside_the_queues_that_have_them() {
    let mut bounded = calm();
    bounded.queues[1].max_depth = Some(1_000);
    bounded.queues[1].max_bytes = Some(64 << 20);
    bounded.queues[1].bytes = 3_200;
    let text = overview::overview(&at_width(120), &bounded);
    assert!(text.contains("WORKERS  NEXT WAITS  LIMIT\n"), "{text}");
    assert!(text.contains("      2           -  -\n"), "{text}");
    assert!(text.contains("      1      3m 05s  48/1000 jobs, 3.1 KiB/64.0 MiB\n"), "{text}");
}

#[test]
fn a_program_that_never_ran_is_told_by_its_kind() {
    let mut overview = calm();
    overview.failures[0].outcome = Some(Outcome::NotFound);
    overview.failures[0].error = Some("send_email: not found on PATH".into());
    let text = overview::overview(&at_width(120), &overview);
    assert!(text.contains("  program not found  ./send_email.sh"), "{text}");
}

#[test]
fn an_ending_is_told_once() {
    let mut report = failed();
    let mut line = |outcome: Outcome, error: &str| {
        (report.outcome, report.error) = (Some(outcome), Some(error.to_owned()));
        let text = page(&Look::plain(), &report, None);
        text.lines().find_map(|line| line.strip_prefix("outcome   ").map(str::to_owned)).unwrap()
    };
    assert_eq!(line(Outcome::Timeout, "timed out after 100 ms"), "timed out after 100 ms");
    assert_eq!(line(Outcome::NotFound, "./x: No such file"), "program not found: ./x: No such file");
    assert_eq!(line(Outcome::BadCwd, "bad_cwd"), "working directory missing or closed");
    assert_eq!(line(Outcome::Exit(3), "exit code 3"), "exit code 3");
}

#[test]
fn an_empty_namespace_is_healthy() {
    let mut empty = calm();
    (empty.queues, empty.workers, empty.failures) = (Vec::new(), Vec::new(), Vec::new());
    assert_eq!(
        overview::overview(&Look::plain(), &empty),
        "healthy: no workers, 0 running, 0 waiting\nnamespace default on redis 7.2.5 at redis://queue.example.org:6379\n"
    );
}

#[test]
fn tables_fit_terminals() {
    for width in [80, 100, 132, 200] {
        let text = overview::overview(&at_width(width), &calm());
        let tables = text.split_once("\n\n").unwrap().1;
        assert!(tables.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
    }
}

#[test]
fn without_colour_there_are_no_escapes_and_with_it_the_same_words() {
    let color = Look { color: true, ..at_width(80) };
    for (plain, coloured) in [
        (page(&at_width(80), &failed(), None), page(&color, &failed(), None)),
        (overview::overview(&at_width(80), &troubled()), overview::overview(&color, &troubled())),
    ] {
        assert!(!plain.contains('\x1b'));
        assert!(coloured.contains('\x1b'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }
}

#[test]
fn the_server_in_lines() {
    let mut report = calm().server;
    report.pid = Some(77);
    report.local_dir = Some("/home/ann/.local/state/jobq".into());
    assert_eq!(
        server::server(&Look::plain(), &report),
        "\
address   redis://queue.example.org:6379
server    redis 7.2.5, primary
mode      standalone, no replicas
persists  append-only file
memory    2.9 MiB, no limit
eviction  noeviction
keeps     no jobs that ended, 0 B of output
process   77
local     started by jobq, data in /home/ann/.local/state/jobq
"
    );
}

#[test]
fn a_jobs_object_has_the_fields_of_the_manual_in_order() {
    let text = json::job(&failed(), None);
    let promised = "id state reason queue task argv args priority labels group attempt retries outcome exit_code \
                    result error progress enqueued_at due_at started_at finished_at worker output schema";
    let mut from = 0;
    for field in promised.split_whitespace() {
        let at = text[from..].find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("{field} in {text}"));
        from += at + 1;
    }
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["state"], "FAILURE");
    assert_eq!(value["exit_code"], 3);
    assert_eq!(value["args"], Value::Null);
    assert_eq!(value["progress"], serde_json::json!({"percent": 40.0, "message": "resizing"}));
    assert_eq!(value["finished_at"], "2026-12-01T07:59:00.000Z");
    assert_eq!(value["output"]["dropped"], 1_050_000);
    assert_eq!(value["attempts"][0]["signal"], 11);
    assert_eq!(value["attempts"][0]["duration_ms"], 1_250);
    assert_eq!(value["labels"]["team"], "mail\u{202e}");
    assert!(text.contains("mail\\u202e") && text.ends_with("}\n"), "{text}");
}

#[test]
fn a_waiting_jobs_object_has_nulls() {
    let mut report = waiting();
    report.outcome = Some(Outcome::Timeout);
    let value: Value = serde_json::from_str(&json::job(&report, None)).unwrap();
    for field in
        ["reason", "task", "exit_code", "result", "error", "progress", "due_at", "started_at", "worker"]
    {
        assert_eq!(value[field], Value::Null, "{field}");
    }
    assert_eq!(value["outcome"], "timeout");
    assert_eq!(value["attempt"], 0);
}

#[test]
fn smaller_objects() {
    let accepted = json::Accepted {
        id: "abc",
        created: false,
        same: Some(true),
        state: "PENDING",
        queue: "default",
        workers: 0,
        replicas: None,
    };
    assert_eq!(
        json::line(&accepted),
        "{\"id\":\"abc\",\"created\":false,\"same\":true,\"state\":\"PENDING\",\"queue\":\"default\",\"workers\":0}\n"
    );
    let value: Value = serde_json::from_str(&json::overview(&troubled())).unwrap();
    assert_eq!(value["healthy"], false);
    assert_eq!(value["queues"][1]["counts"]["PENDING"], 40);
    assert_eq!(value["workers"][1]["label"], "blue");
    assert_eq!(json::line(&"\u{e0001}\u{9b}"), "\"\\udb40\\udc01\\u009b\"\n");
}
