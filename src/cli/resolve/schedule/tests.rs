use super::*;
use crate::cli::args::{BeatCommand, Command, parse};
use crate::config::files::from_text;
use crate::core::schedule::{Missed, Overlap};

/// 2026-12-01 08:00:00 UTC.
const NOW: i64 = 1_796_112_000_000;

fn with_facts<T>(zone: &str, run: impl FnOnce(&Facts<'_>) -> T) -> T {
    let zone = TimeZone::get(zone).unwrap().into();
    let none = |_: &str| None;
    run(&Facts {
        cwd: Some(Path::new("/srv/app")),
        env: &none,
        now_ms: NOW,
        zone: &zone,
        user: "ann",
        host: "web1",
    })
}

fn of_file(text: &str) -> Result<Vec<Definition>, String> {
    let config = from_text(Path::new("jobq.toml"), Path::new("/srv/app"), text).unwrap();
    with_facts("Europe/Paris", |facts| definitions(&config, facts)).map_err(|problem| problem.message)
}

fn typed(args: &[&str]) -> Result<Added, String> {
    let Command::Beat(beat) = parse(["jobq", "beat", "add"].iter().chain(args)).unwrap().command else {
        panic!()
    };
    let Some(BeatCommand::Add(args)) = beat.command else { panic!() };
    with_facts("Europe/Paris", |facts| added(&args, facts, &Config::default()))
        .map_err(|problem| problem.message)
}

#[test]
fn the_zone_is_written_down_and_dates_are_read_in_it() {
    let found = of_file(
        "[schedules.a]\ncron = \"@daily\"\ncommand = [\"x\"]\n\
         [schedules.b]\nat = \"2026-12-24 18:00\"\ntimezone = \"Asia/Tokyo\"\ncommand = [\"x\"]\nstarts = \"2026-12-01 00:00\"\n",
    )
    .unwrap();
    assert_eq!(found[0].timezone, "Europe/Paris");
    assert_eq!(
        found[1].rule,
        Rule::At("2026-12-24T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond())
    );
    assert_eq!(found[1].starts_ms, Some(NOW - 17 * 3_600_000));
    assert_eq!(
        (found[0].source.kind.as_str(), found[0].source.place.as_str()),
        ("file", "/srv/app/jobq.toml:1")
    );
    let gap = of_file("[schedules.a]\nat = \"2027-03-28 02:30\"\ncommand = [\"x\"]\n").unwrap_err();
    assert!(
        gap.starts_with("jobq.toml:2:6: schedules.a.at: 2027-03-28 02:30:00 does not exist in Europe/Paris"),
        "{gap}"
    );
}

#[test]
fn policy_is_resolved_when_it_is_published() {
    let file = "[queues.q]\npriority = 7\nresult_ttl = \"1h\"\n[tasks.t]\nqueue = \"q\"\ncommand = [\"x\"]\nretries = 5\nexpires = \"1h\"\n\
                timeout = \"5m\"\nlabels = { team = \"a\" }\non_failure = [\"y\"]\n[schedules.s]\nevery = \"1m\"\ntask = \"t\"\nretries = 1\n";
    let found = of_file(file).unwrap().remove(0);
    let job = &found.job;
    assert_eq!((job.queue.as_str(), job.priority, job.retry.retries), ("q", 7, 1));
    assert_eq!((job.limits.timeout_ms, job.result_ttl_ms), (Some(300_000), Some(3_600_000)));
    assert_eq!((found.expires, job.hooks.as_deref()), (Some(Expiry::In(3_600_000)), Some("failure")));
    assert_eq!((job.labels.len(), job.cwd.as_ref(), job.origin.host.as_str()), (1, None, "web1"));
    let own = of_file(&format!("{file}expires = \"next tick\"\n")).unwrap().remove(0);
    assert_eq!(own.expires, Some(Expiry::NextTick));
    let clash = of_file(&format!("{file}soft_timeout = \"10m\"\n")).unwrap_err();
    assert!(
        clash.contains("soft_timeout 10m 00s must be shorter than timeout 5m 00s (with queue q)"),
        "{clash}"
    );
}

#[test]
fn what_is_typed_says_the_same_as_a_file() {
    let file = of_file(
        "[schedules.s]\ncron = \"0 9 * * 1-5\"\ntimezone = \"Asia/Tokyo\"\nspread = \"5m\"\noverlap = \"skip\"\nmissed = \"all\"\nmissed_max = 3\n\
         expires = \"next tick\"\ncommand = [\"./x\", \"y\"]\nqueue = \"q\"\nretries = 2\nenv = { A = \"b\" }\nlabels = { k = \"v\" }\n\
         alert = { missed = \"15m\", command = [\"sh\", \"-c\", \"page\"] }\n",
    )
    .unwrap()
    .remove(0);
    let typed = typed(&[
        "s",
        "--cron",
        "0 9 * * 1-5",
        "--tz",
        "Asia/Tokyo",
        "--spread",
        "5m",
        "--overlap",
        "skip",
        "--missed",
        "all",
        "--missed-max",
        "3",
        "--expires",
        "next-tick",
        "-q",
        "q",
        "--retries",
        "2",
        "-e",
        "A=b",
        "--label",
        "k=v",
        "--alert-missed",
        "15m",
        "--alert-shell",
        "page",
        "--",
        "./x",
        "y",
    ])
    .unwrap()
    .definition;
    assert_eq!((typed.source.kind.as_str(), typed.source.place.as_str()), ("added", "ann@web1"));
    assert_eq!((typed.overlap, typed.missed), (Overlap::Skip, Missed::All));
    assert_eq!(typed.alert_cwd, Some("/srv/app".into()));
    assert_eq!(Definition { source: file.source.clone(), ..typed }, file);
}

#[test]
fn what_is_typed_wrong_is_told() {
    for (args, expected) in [
        (&["s", "--cron", "61 * * * *", "--", "x"][..], "--cron: 61 is no minute: they go from 0 to 59"),
        (
            &["s", "--every", "1h", "--tz", "Nowhere", "--", "x"],
            "--tz: \"Nowhere\" is not a time zone; write an IANA name such as Europe/Paris",
        ),
        (
            &["s", "--at", "2026-11-01 09:00", "--", "x"],
            "--at: \"2026-11-01 09:00\" has passed: it means 2026-11-01T08:00:00.000Z, 30d 00h ago",
        ),
        (
            &["s", "--every", "1h", "--starts", "2027-01-02 00:00", "--ends", "2027-01-01 00:00", "--", "x"],
            "--ends comes before --starts: it would never tick",
        ),
        (
            &["s", "--every", "1h", "-q", "hooks", "--", "x"],
            "the queue hooks is jobq's own; use another name",
        ),
    ] {
        assert_eq!(typed(args).unwrap_err(), expected, "{args:?}");
    }
    assert!(typed(&["s", "--every", "1h", "--starts", "2020-01-01 00:00", "--", "x"]).is_ok());
    let doubtful = typed(&["s", "--cron", "*/7 * * * *", "--", "x"]).unwrap();
    assert_eq!(doubtful.notes.len(), 1, "{:?}", doubtful.notes);
}

#[test]
fn a_zone_without_a_name_is_asked_for() {
    let nameless = TimeZone::posix("XYZ-3").unwrap();
    assert!(zone_name(&nameless).unwrap_err().message.contains("has no name"));
    assert_eq!(zone_name(&TimeZone::UTC).unwrap(), "UTC");
}
