use super::*;
use crate::core::stats::Tally;

/// A queue or task that did something in five minutes and a half.
fn numbers(kind: Kind, name: &str, counts: &[(Counter, u64)], wait: &[u64], run: &[u64]) -> Numbers {
    let mut window = Tally::default();
    counts.iter().for_each(|(counter, count)| window.plus(*counter, *count));
    wait.iter().for_each(|ms| window.wait.record(*ms));
    run.iter().for_each(|ms| window.run.record(*ms));
    Numbers { kind, name: name.to_owned(), total: window.clone(), window, window_ms: 330_000, ready_ms: None }
}

fn some() -> Stats {
    let busy = [
        (Counter::Enqueued, 40_000),
        (Counter::Succeeded, 900),
        (Counter::Failed, 100),
        (Counter::Retried, 12),
        (Counter::Lost, 1),
    ];
    let quiet = [(Counter::Enqueued, 1), (Counter::Succeeded, 1)];
    Stats {
        stats: vec![
            numbers(Kind::Queue, "emails", &busy, &[1, 2, 3, 900, 70_000], &[30, 40, 50, 60_000]),
            numbers(Kind::Queue, "reports", &quiet, &[4], &[3_600_000]),
            numbers(Kind::Queue, OTHERS, &[], &[], &[]),
            numbers(Kind::Task, "send_email", &busy, &[5], &[30]),
        ],
        window: "5m".to_owned(),
    }
}

fn at_width(width: usize) -> Look {
    Look { width: Some(width), ..Look::plain() }
}

#[test]
fn stats_fit_a_narrow_terminal() {
    assert_eq!(some().text(&at_width(80)), NARROW);
    assert!(NARROW.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn a_wide_terminal_says_what_else_happened() {
    assert_eq!(some().text(&at_width(200)), WIDE);
    assert_eq!(some().text(&Look::plain()), WIDE);
}

#[test]
fn a_record_has_every_number() {
    assert_eq!(some().records()[1], RECORD);
    let empty = Stats { stats: Vec::new(), window: "5m".to_owned() };
    assert_eq!(
        (empty.text(&Look::plain()), empty.notes()),
        (String::new(), vec!["nothing was counted yet".into()])
    );
}

const NARROW: &str = "\
the last 5m; times: half, 90% and 99% took no longer

QUEUE       IN/S  DONE/S  FAILED  WAITED     90%     99%     RAN     90%     99%
emails       121    3.03     10%     4ms  1m 10s  1m 10s    45ms  1m 00s  1m 00s
reports    0.003   0.003      0%     4ms     4ms     4ms  1h 00m  1h 00m  1h 00m
all othe…      0       0       -       -       -       -       -       -       -

TASK        IN/S  DONE/S  FAILED  WAITED  90%  99%   RAN   90%   99%
send_email   121    3.03     10%     5ms  5ms  5ms  30ms  30ms  30ms
";

const WIDE: &str = "\
the last 5m; times: half, 90% and 99% took no longer

QUEUE        IN/S  DONE/S  FAILED  WAITED     90%     99%     RAN     90%     99%  NOTE
emails        121    3.03     10%     4ms  1m 10s  1m 10s    45ms  1m 00s  1m 00s  12 retried, 1 lost
reports     0.003   0.003      0%     4ms     4ms     4ms  1h 00m  1h 00m  1h 00m  -
all others      0       0       -       -       -       -       -       -       -  -

TASK        IN/S  DONE/S  FAILED  WAITED  90%  99%   RAN   90%   99%  NOTE
send_email   121    3.03     10%     5ms  5ms  5ms  30ms  30ms  30ms  12 retried, 1 lost
";

const RECORD: &str = concat!(
    r#"{"kind":"queue","name":"reports","window_ms":330000,"enqueued":1,"started":1,"finished":1,"#,
    r#""succeeded":1,"failed":0,"revoked":0,"expired":0,"failed_attempts":0,"retried":0,"lost":0,"#,
    r#""snoozed":0,"released":0,"enqueued_per_second":0.003,"started_per_second":0.003,"#,
    r#""finished_per_second":0.003,"failure_rate":0.0,"wait":{"count":1,"mean_ms":4.0,"#,
    r#""p50_ms":4.0,"p90_ms":4.0,"p99_ms":4.0},"run":{"count":1,"mean_ms":3600000.0,"#,
    r#""p50_ms":3600000.0,"p90_ms":3600000.0,"p99_ms":3600000.0},"schema":1}"#,
    "\n"
);
