use super::*;

/// `[schedules.s]` with these lines, beside a task.
fn schedule_faults(lines: &str) -> Vec<String> {
    let task = "[tasks.report]\ncommand = [\"x\", \"{user}\"]\nparams = { user = \"integer\" }\n";
    faults(&format!("{task}[schedules.s]\n{lines}\n"))
}

#[test]
fn a_schedule_says_when_and_what() {
    for (lines, expected) in [
        (
            "task = \"report\"\nargs = { user = 1 }",
            &["jobq.toml:4:1: schedules.s says no time: cron, every or at"][..],
        ),
        ("every = \"1h\"", &["jobq.toml:4:1: schedules.s enqueues nothing: task or command"]),
        (
            "every = \"1h\"\ncron = \"@daily\"\ncommand = [\"x\"]",
            &["jobq.toml:5:9: schedules.s: cron and every exclude each other"],
        ),
        (
            "every = \"1h\"\ntask = \"report\"\nargs = { user = 1 }\ncommand = [\"x\"]",
            &["jobq.toml:8:11: schedules.s: task and command exclude each other"],
        ),
        (
            "every = \"1h\"\ntask = \"reprot\"",
            &["jobq.toml:6:8: schedules.s: there is no task \"reprot\"; did you mean \"report\"?"],
        ),
        (
            "every = \"1h\"\ntask = \"report\"\nargs = { user = \"ann\" }",
            &["jobq.toml:7:17: schedules.s.args: parameter user must be an integer, not a string"],
        ),
        (
            "every = \"1h\"\ntask = \"report\"",
            &["jobq.toml:4:1: schedules.s.args: parameter user is missing (an integer)"],
        ),
        (
            "every = \"1h\"\ntask = \"report\"\nargs = { user = 1 }\ncwd = \"/srv\"",
            &["jobq.toml:8:7: schedules.s: cwd is for commands; a task is its worker's jobq.toml's"],
        ),
        (
            "every = \"500ms\"\ncommand = [\"x\"]",
            &["jobq.toml:5:9: schedules.s.every: it must be at least 1s"],
        ),
        (
            "at = \"tomorrow 09:00\"\ncommand = [\"x\"]",
            &[
                "jobq.toml:5:6: schedules.s.at: \"tomorrow 09:00\" depends on the day it is read; write 2026-12-01 09:00",
            ],
        ),
        (
            "every = \"1h\"\ntimezone = \"Mars/Olympus\"\ncommand = [\"x\"]",
            &[
                "jobq.toml:6:12: schedules.s.timezone: \"Mars/Olympus\" is not a time zone; write an IANA name such as Europe/Paris",
            ],
        ),
    ] {
        assert_eq!(schedule_faults(lines), expected, "{lines}");
    }
}

#[test]
fn what_has_no_effect_or_no_meaning_is_refused() {
    for (lines, expected) in [
        (
            "every = \"1h\"\nexpires = \"next ticks\"\ncommand = [\"x\"]\nmissed_max = 3",
            &[
                "jobq.toml:6:11: schedules.s.expires must be a duration or \"next tick\", not \"next ticks\"",
                "jobq.toml:8:14: schedules.s: missed_max has no effect without missed = \"all\"",
            ][..],
        ),
        (
            "every = \"1h\"\ncommand = [\"x\"]\nalert = { missed = \"1h\" }\nmailto = \"a; rm\"",
            &[
                "jobq.toml:7:9: schedules.s.alert has no command, and there is no alert of a task",
                "jobq.toml:8:10: schedules.s.mailto: \"a; rm\" is not a mail address",
            ],
        ),
        (
            "every = \"1h\"\ncommand = [\"x\"]\noutput_head = 1\nqueue = \"hooks\"\nenabled = true",
            &[
                "jobq.toml:7:1: schedules.s.output_head is not in this version",
                "jobq.toml:8:9: schedules.s: the queue hooks is jobq's own; use another name",
                "jobq.toml:9:1: unknown key \"enabled\" in schedules.s; jobq.toml(5) lists the keys",
            ],
        ),
    ] {
        assert_eq!(schedule_faults(lines), expected, "{lines}");
    }
}

#[test]
fn a_wrong_cron_expression_is_shown_with_a_caret_below_the_fault() {
    let told = schedule_faults("cron = \"0 0 * * FRI-MON\"\ncommand = [\"x\"]");
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(
        told[0].starts_with("jobq.toml:5:17: schedules.s.cron: the range ends before it begins"),
        "{told:#?}"
    );
    assert_eq!(told[1..], ["  0 0 * * FRI-MON", "          ^^^^^^^"]);
    let reboot = schedule_faults("cron = \"@reboot\"\ncommand = [\"x\"]");
    assert!(reboot[0].contains("@reboot is for crontabs"), "{reboot:?}");
}

#[test]
fn schedules_are_read_with_all_their_keys() {
    let config = read(
        "[tasks.report]\ncommand = [\"x\", \"{user}\"]\nparams = { user = \"integer\" }\n\
         [schedules.s]\ncron = \"0 0 */2 * MON\"\ntimezone = \"Asia/Tokyo\"\nspread = \"5m\"\nstarts = 2026-12-01T00:00:00Z\n\
         ends = \"2027-12-01 09:00\"\noverlap = \"allow\"\nmissed = \"all\"\nmissed_window = \"1d\"\nmissed_max = 3\n\
         expires = \"next tick\"\nalert = { missed = \"15m\", command = [\"./page.sh\", \"{s}\"] }\ntask = \"report\"\n\
         args = { user = 1 }\nretries = 2\nqueue = \"q\"\nlabels = { a = \"b\" }\n[schedules.c]\nevery = \"1m\"\n\
         command = [\"./x\", \"{y}\"]\nenv = { A = \"b\" }\nstdin = \"in\"\nmailto = \"ops@example.org\"\n",
    );
    let schedules = config.schedules.as_ref().unwrap();
    let (one, two) = (&schedules[&name("s")], &schedules[&name("c")]);
    assert_eq!(one.rule, RuleDef::Cron("0 0 */2 * MON".into()));
    assert_eq!((one.policy.retries, one.missed_max, one.spread_ms), (Some(2), 3, 300_000));
    assert_eq!(one.expires, Some(crate::core::schedule::Expiry::NextTick));
    let alert = one.alert.as_ref().unwrap();
    assert_eq!(
        (alert.command.join(" ").as_str(), alert.cwd.as_path()),
        ("./page.sh {s}", Path::new("/srv/app"))
    );
    assert_eq!(one.starts.as_ref().unwrap().text, "2026-12-01T00:00:00Z");
    assert_eq!(one.warnings.len(), 2, "{:?}", one.warnings);
    let Work::Command { argv, cwd } = &two.work else { panic!() };
    assert_eq!((argv.join(" ").as_str(), cwd.as_path()), ("./x {y}", Path::new("/srv/app")));
    assert_eq!(config.queues_named(), [name("default"), name("q")]);
    assert_eq!(read("[worker]\nlease = \"1m\"").schedules, None);
    assert_eq!(read("[schedules]").schedules, Some(Default::default()));
}
