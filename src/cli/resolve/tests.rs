use super::*;
use crate::cli::args::{Command, parse};
use crate::core::spec::{Backoff, Codes, Limits, OnLost};

/// 2026-12-01 08:00:00 UTC.
const NOW: i64 = 1_796_112_000_000;

fn plan_with(args: &[&str], env: &dyn Fn(&str) -> Option<OsString>) -> Result<EnqueuePlan, Problem> {
    let Command::Enqueue(args) = parse(["jobq", "enqueue"].iter().chain(args)).unwrap().command else {
        panic!()
    };
    let zone = TimeZone::UTC.into();
    let facts =
        Facts { cwd: Some(Path::new("/srv/app")), env, now_ms: NOW, zone: &zone, user: "ann", host: "web1" };
    enqueue(&args, &facts, &Config::default())
}

fn plan(args: &[&str]) -> EnqueuePlan {
    plan_with(args, &|_| None).unwrap()
}

fn fault(args: &[&str]) -> String {
    plan_with(args, &|_| None).unwrap_err().message
}

fn words(plan: &EnqueuePlan) -> Vec<&str> {
    plan.spec.argv.iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn a_plain_command() {
    let plan = plan(&["--", "make", "test"]);
    assert_eq!(words(&plan), ["make", "test"]);
    assert_eq!(plan.spec.cwd, Some("/srv/app".into()));
    assert_eq!(plan.spec.created_at, "2026-12-01T08:00:00.000Z");
    assert_eq!((plan.spec.origin.user.as_str(), plan.spec.origin.host.as_str()), ("ann", "web1"));
    assert_eq!(
        (plan.not_before, plan.expires, &plan.stdin),
        (Moment::None, Moment::None, &StdinFrom::Nothing)
    );
    assert_eq!((plan.if_full, plan.wait, plan.dry_run, plan.id), (IfFull::Fail, false, false, None));
    assert_eq!(plan.spec.retry, Retry::default());
    assert_eq!(plan.spec.codes, Codes::default());
    assert_eq!(plan.spec.limits, Limits::default());
}

#[test]
fn everything_at_once() {
    let plan = plan(&[
        "-q",
        "emails",
        "-p",
        "-5",
        "--delay",
        "10m",
        "--expires",
        "1h",
        "--retries",
        "3",
        "--retry-delay",
        "5s",
        "--backoff",
        "exponential",
        "--retry-max-delay",
        "1m",
        "--retry-jitter",
        "--ok-codes",
        "0,3",
        "--retry-on",
        "10-20",
        "--no-retry-on",
        "30",
        "--snooze-on",
        "99=5m",
        "--on-lost",
        "fail",
        "--lease",
        "10s",
        "--timeout",
        "60s",
        "--soft-timeout",
        "50s",
        "--soft-signal",
        "INT",
        "--id",
        "one",
        "-e",
        "A=b",
        "-C",
        "sub",
        "--stdin-file",
        "in",
        "--label",
        "team=mail",
        "--result-ttl",
        "1h",
        "--failure-ttl",
        "2d",
        "--if-full",
        "wait=10s",
        "--wait",
        "--wait-timeout",
        "5m",
        "--",
        "x",
    ]);
    let spec = &plan.spec;
    assert_eq!((spec.queue.as_str(), spec.priority), ("emails", -5));
    assert_eq!((plan.not_before, plan.expires), (Moment::In(600_000), Moment::In(3_600_000)));
    assert_eq!((spec.not_before.as_deref(), spec.expires.as_deref()), (Some("10m"), Some("1h")));
    let retry = Retry {
        retries: 3,
        delay_ms: 5_000,
        backoff: Backoff::Exponential,
        max_delay_ms: 60_000,
        jitter: true,
    };
    assert_eq!(spec.retry, retry);
    assert_eq!(spec.codes.snooze_on[0].delay_ms, 300_000);
    assert_eq!((spec.on_lost, spec.lease_ms), (OnLost::Fail, Some(10_000)));
    let limits = Limits { soft_timeout_ms: Some(50_000), soft_signal: Some(2), timeout_ms: Some(60_000) };
    assert_eq!(spec.limits, limits);
    assert_eq!((plan.id.as_ref().map(Name::as_str), spec.env["A"].as_str()), (Some("one"), Some("b")));
    assert_eq!(spec.cwd, Some("/srv/app/sub".into()));
    assert_eq!(plan.stdin, StdinFrom::File("in".into()));
    assert_eq!((spec.result_ttl_ms, spec.failure_ttl_ms), (Some(3_600_000), Some(172_800_000)));
    assert_eq!(plan.if_full, IfFull::Wait(Some(10_000)));
    assert_eq!((plan.wait, plan.wait_timeout_ms), (true, Some(300_000)));
    assert_eq!(Spec::from_json(spec.to_json().unwrap().as_bytes()).unwrap(), *spec);
}

#[test]
fn a_script_gets_its_arguments_as_data() {
    assert_eq!(words(&plan(&["--shell", "echo hi"])), ["sh", "-c", "echo hi"]);
    let with = plan(&["--shell", "echo \"$1\"", "--", "$HOME", "b"]);
    assert_eq!(words(&with), ["sh", "-c", "echo \"$1\"", "sh", "$HOME", "b"]);
}

#[test]
fn times_are_read_in_their_zone() {
    let there = plan(&["--at", "tomorrow 09:00", "--tz", "Asia/Tokyo", "--", "x"]);
    assert_eq!(there.not_before, Moment::At(NOW + 16 * 3_600_000));
    assert_eq!(there.spec.not_before.as_deref(), Some("tomorrow 09:00"));
    assert_eq!(plan(&["--expires", "12:00", "--", "x"]).expires, Moment::At(NOW + 4 * 3_600_000));
    let twice = plan(&["--at", "2027-10-31 02:30", "--tz", "Europe/Paris", "--", "x"]);
    assert!(
        twice.notes[0].starts_with("--at: 2027-10-31 02:30:00 happens twice in Europe/Paris"),
        "{:?}",
        twice.notes
    );
}

#[test]
fn contradictions_are_refused() {
    for (args, expected) in [
        (&["--delay", "1h", "--expires", "10m", "--", "x"][..], "it would expire 50m 00s before it may run"),
        (&["--delay", "1h", "--expires", "1h", "--", "x"], "it would expire at the moment it may run"),
        (&["--at", "10:00", "--expires", "09:00", "--", "x"], "it would expire 1h 00m before it may run"),
        (
            &["--timeout", "5s", "--soft-timeout", "5s", "--", "x"],
            "--soft-timeout 5s must be shorter than --timeout 5s",
        ),
        (
            &["--retries", "1", "--no-retry-on", "70-80", "--", "x"],
            "--no-retry-on: code 75 always asks for another try",
        ),
        (
            &["--ok-codes", "0,9", "--snooze-on", "9=1s", "--", "x"],
            "exit code 9 is in --ok-codes and in --snooze-on",
        ),
        (
            &["--retries", "1", "--retry-delay", "2m", "--retry-max-delay", "1m", "--", "x"],
            "--retry-max-delay 1m is shorter than the first wait, 2m 00s",
        ),
        (&["--tz", "UTC", "--", "x"], "--tz needs --at or --expires"),
        (
            &["--tz", "Nowhere", "--at", "09:00", "--", "x"],
            "--tz: \"Nowhere\" is not a time zone; write an IANA name such as Europe/Paris",
        ),
        (&["--expires", "10", "--", "x"], "--expires: 10 what? write 10s or 10m"),
        (&["--expires", "-5m", "--", "x"], "--expires: a duration cannot be negative: -5m"),
        (
            &["--at", "2026-12-01T07:00:00Z", "--", "x"],
            "--at: \"2026-12-01T07:00:00Z\" has passed: it means 2026-12-01T07:00:00.000Z, 1h 00m ago",
        ),
        (&["--at", "10m", "--", "x"], "--at: \"10m\" is a duration, not a time; --delay takes durations"),
        (&["-e", "NOT_SET", "--", "x"], "-e NOT_SET: NOT_SET is not set here"),
        (&["--", ""], "the command is empty"),
    ] {
        assert_eq!(fault(args), expected, "{args:?}");
    }
    let long = "x".repeat(MAX_WORD_BYTES + 1);
    assert!(fault(&["--", "echo", &long]).starts_with("argument 1 has 131072 bytes"));
    let most = "x".repeat(MAX_WORD_BYTES);
    assert_eq!(plan(&["--", "echo", &most]).spec.argv.len(), 2);
}

#[test]
fn a_long_first_wait_is_not_shortened() {
    let retry = plan(&["--retries", "1", "--retry-delay", "2h", "--", "x"]).spec.retry;
    assert_eq!((retry.delay_ms, retry.max_delay_ms), (7_200_000, 7_200_000));
}

#[test]
fn the_environment_is_copied_by_name_only() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let env = |name: &str| match name {
        "LANG" => Some("C".into()),
        "TRACEPARENT" => Some(parent.into()),
        "TRACESTATE" => Some("a=b".into()),
        _ => None,
    };
    let plan = plan_with(&["-e", "LANG", "-e", "X=1", "-e", "X=2", "--", "x"], &env).unwrap();
    assert_eq!(plan.spec.env.len(), 2);
    assert_eq!((plan.spec.env["LANG"].as_str(), plan.spec.env["X"].as_str()), (Some("C"), Some("2")));
    assert_eq!(
        (plan.spec.traceparent.as_deref(), plan.spec.tracestate.as_deref()),
        (Some(parent), Some("a=b"))
    );
    let odd = plan_with(&["--", "x"], &|name| (name == "TRACEPARENT").then(|| "zz".into())).unwrap();
    assert_eq!((odd.spec.traceparent, odd.spec.tracestate), (None, None));
}

#[test]
fn retry_options_need_retries_from_somewhere() {
    let text = fault(&["--retry-delay", "5s", "--", "x"]);
    assert_eq!(text, "--retry-delay has no effect without retries");
    assert_eq!(plan(&["--retries", "2", "--retry-delay", "5s", "--", "x"]).spec.retry.delay_ms, 5_000);
}
