use super::*;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::report::{EndedJob, PauseReport};
use crate::core::schedule::{DEFINITION_VERSION, Source};

/// 2026-12-01 08:00:00 UTC.
const NOW: i64 = 1_796_112_000_000;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn report(title: &str, rule: Rule, argv: &[&str]) -> ScheduleReport {
    let mut job = Spec::command(name("reports"), argv.iter().map(|word| Bytes::from(*word)).collect());
    job.origin.user = "ann".into();
    let definition = Definition {
        v: DEFINITION_VERSION,
        name: name(title),
        rule,
        timezone: "Asia/Tokyo".into(),
        spread_ms: 0,
        starts_ms: None,
        ends_ms: None,
        overlap: Overlap::Queue,
        missed: Missed::Once,
        missed_window_ms: None,
        missed_max: Definition::MISSED_MAX,
        alert_after_ms: None,
        alert_command: Vec::new(),
        alert_cwd: None,
        expires: None,
        job,
        stdin: None,
        source: Source { kind: name("file"), place: "/etc/jobq/jobq.toml:12".into() },
    };
    ScheduleReport {
        name: title.into(),
        definition: Ok(definition),
        hash: String::new(),
        source: "file".into(),
        changed_ms: Some(NOW - 86_400_000),
        next_ms: Some(NOW + 25_200_000),
        done_ms: None,
        last_ms: Some(NOW - 61_200_000),
        lag_ms: Some(4),
        last_job: Some(format!("{title}.20261130T150000Z")),
        ended: None,
        succeeded_ms: None,
        fired: 12,
        skipped: 0,
        missed: 0,
        why: None,
        pause: None,
        stuck: None,
        incident_ms: None,
        unfinished: 0,
        oldest: None,
        now_ms: NOW,
    }
}

fn some() -> Vec<ScheduleReport> {
    let cron = |text: &str| Rule::Cron { text: text.into(), crontab: false };
    let mut nightly = report("nightly", cron("0 0 * * *"), &["sh", "-c", "./report.sh | mail"]);
    let ended = |state, outcome| {
        Some(EndedJob {
            id: "nightly.20261130T150000Z".into(),
            at_ms: NOW - 61_000_000,
            state: Some(state),
            outcome,
        })
    };
    nightly.ended = ended(State::Success, Some(Outcome::Exit(0)));
    let mut broken = report("broken", Rule::Every(600_000), &["./sync.sh", "--all"]);
    broken.ended = ended(State::Failure, Some(Outcome::Exit(3)));
    (broken.skipped, broken.missed, broken.incident_ms) = (2, 130, Some(NOW - 7_200_000));
    let mut paused = report("paused", cron("@weekly"), &["make", "x y"]);
    paused.pause = Some(PauseReport {
        by: "ann@web1".into(),
        since_ms: NOW - 3_600_000,
        until_ms: Some(NOW + 7_200_000),
        reason: Some("moving\u{202e}".into()),
    });
    let mut late = report("late", cron("*/5 * * * *"), &["true"]);
    (late.next_ms, late.last_ms, late.lag_ms) = (Some(NOW - 65_000), None, None);
    let mut once = report("once", Rule::At(NOW - 3_600_000), &["true"]);
    (once.next_ms, once.done_ms) = (None, Some(NOW - 3_600_000));
    let mut newer = report("newer", cron("@daily"), &["true"]);
    newer.definition = Err("the job was written by a newer jobq".into());
    vec![broken, late, newer, nightly, once, paused]
}

fn shown(plain: bool, width: Option<usize>) -> String {
    Schedules { reports: some(), plain }.text(&Look { width, ..Look::plain() })
}

fn lines(plain: bool, width: usize) -> Vec<String> {
    let text = shown(plain, Some(width));
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width), "{text}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn how_schedules_fare_at_200_and_80_columns() {
    assert_eq!(
        lines(false, 200),
        [
            "SCHEDULE        NEXT         LAST  ENDED                LAG  FIRED  SKIPPED  MISSED  NOTE",
            "broken     in 7h 00m  17h 00m ago  FAILURE exit code 3  4ms     12        2     130  no success in time, told 2h 00m ago",
            "late      1m 05s ago            -  -                      -     12        0       0  late by 1m 05s: no beat acts on it",
            "newer      in 7h 00m  17h 00m ago  -                    4ms     12        0       0  the job was written by a newer jobq",
            "nightly    in 7h 00m  17h 00m ago  SUCCESS              4ms     12        0       0",
            "once               -  17h 00m ago  -                    4ms     12        0       0  done 1h 00m ago",
            "paused     in 7h 00m  17h 00m ago  -                    4ms     12        0       0  paused by ann@web1, for 2h 00m: moving\\u{202e}",
        ]
    );
    assert_eq!(
        lines(false, 80),
        [
            "SCHEDULE        NEXT         LAST  ENDED               MISSED  NOTE",
            "broken     in 7h 00m  17h 00m ago  FAILURE exit code…     130  no success in ti…",
            "late      1m 05s ago            -  -                        0  late by 1m 05s: …",
            "newer      in 7h 00m  17h 00m ago  -                        0  the job was writ…",
            "nightly    in 7h 00m  17h 00m ago  SUCCESS                  0",
            "once               -  17h 00m ago  -                        0  done 1h 00m ago",
            "paused     in 7h 00m  17h 00m ago  -                        0  paused by ann@we…",
        ]
    );
}

#[test]
fn what_schedules_are_at_200_and_80_columns() {
    assert_eq!(
        lines(true, 200),
        [
            "SCHEDULE  WHEN                                       NEXT  QUEUE    JOB                 FROM",
            "broken    every 10m                             in 7h 00m  reports  ./sync.sh --all     /etc/jobq/jobq.toml:12",
            "late      */5 * * * * Asia/Tokyo               1m 05s ago  reports  true                /etc/jobq/jobq.toml:12",
            "newer     the job was written by a newer jobq   in 7h 00m  -        -                   file",
            "nightly   0 0 * * * Asia/Tokyo                  in 7h 00m  reports  ./report.sh | mail  /etc/jobq/jobq.toml:12",
            "once      at 2026-12-01 16:00:00 JST                 done  reports  true                /etc/jobq/jobq.toml:12",
            "paused    @weekly Asia/Tokyo                       paused  reports  make 'x y'          /etc/jobq/jobq.toml:12",
        ]
    );
    assert_eq!(
        lines(true, 80),
        [
            "SCHEDULE  WHEN                                 NEXT  QUEUE    JOB",
            "broken    every 10m                       in 7h 00m  reports  ./sync.sh --all",
            "late      */5 * * * * Asia/Tokyo         1m 05s ago  reports  true",
            "newer     the job was written by a new…   in 7h 00m  -        -",
            "nightly   0 0 * * * Asia/Tokyo            in 7h 00m  reports  ./report.sh | mail",
            "once      at 2026-12-01 16:00:00 JST           done  reports  true",
            "paused    @weekly Asia/Tokyo                 paused  reports  make 'x y'",
        ]
    );
}

#[test]
fn machines_read_every_field() {
    for record in (Schedules { reports: some(), plain: true }).records() {
        let value: serde_json::Value = serde_json::from_str(&record).unwrap();
        for field in fields::SCHEDULE.fields {
            let top = field.path.split(['.', '[']).next().unwrap();
            assert!(value.get(top).is_some(), "{top}: {record}");
        }
        assert!(!record.contains('\u{202e}') && !record.contains('\x1b'), "{record}");
    }
}
