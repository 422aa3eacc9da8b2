use super::*;
use std::os::unix::ffi::OsStringExt as _;

fn enqueue(args: &[&str]) -> EnqueueArgs {
    let words = ["jobq", "enqueue"].iter().chain(args);
    match parse(words).unwrap().command {
        Command::Enqueue(args) => *args,
        other => panic!("{other:?}"),
    }
}

fn fault(args: &[&str]) -> String {
    let error = parse(std::iter::once(&"jobq").chain(args)).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string()
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn everything_after_the_dashes_is_the_command() {
    let raw = OsString::from_vec(vec![b'a', 0xff]);
    let words: Vec<OsString> =
        ["jobq", "enqueue", "-q", "x", "--", "sh", "-q", "--", "", "--help"].iter().map(Into::into).collect();
    let cli = parse(words.into_iter().chain([raw.clone()])).unwrap();
    let Command::Enqueue(args) = cli.command else { panic!() };
    assert_eq!(args.job.queue.as_ref().map(Name::as_str), Some("x"));
    assert_eq!(args.job.command[..5], ["sh", "-q", "--", "", "--help"]);
    assert_eq!(args.job.command[5], raw);
}

#[test]
fn a_command_without_dashes_gets_the_hint() {
    for args in [&["enqueue", "make", "test"][..], &["enqueue", "make", "-j4"], &["enqueue"]] {
        let text = fault(args);
        assert!(text.contains("to run a command: jobq enqueue … -- make test"), "{args:?}: {text}");
        assert!(text.contains("Usage: jobq enqueue"), "{args:?}: {text}");
    }
}

#[test]
fn values_say_what_is_wrong() {
    for (args, expected) in [
        (&["enqueue", "--delay", "10", "--", "x"][..], "10 what? write 10s or 10m"),
        (&["enqueue", "--delay", "-5m", "--", "x"], "a duration cannot be negative: -5m"),
        (&["enqueue", "--timeout", "0s", "--", "x"], "the duration must be longer than zero"),
        (&["enqueue", "-p", "101", "--", "x"], "101 is not in -100..=100"),
        (&["enqueue", "-q", "a b", "--", "x"], "' ' is not allowed at character 2"),
        (&["enqueue", "--ok-codes", "256", "--", "x"], "\"256\" is not an exit code (0 to 255)"),
        (&["enqueue", "--lease", "10ms", "--", "x"], "a lease is at least 1s"),
        (&["enqueue", "-e", "JOBQ_URL=x", "--", "x"], "JOBQ_URL is reserved"),
        (&["enqueue", "--soft-signal", "INT", "--", "x"], "--soft-timeout <DURATION>"),
        (&["enqueue", "--delay", "1s", "--at", "09:00", "--", "x"], "cannot be used with"),
        (&["enqueue", "--each", "--", "x"], "unexpected argument '--each'"),
        (&["worker", "-q", "a,b,a"], "queue a is named twice"),
        (&["worker", "-q", "a", "--queue-limit", "b=1"], "which this worker does not serve"),
        (&["worker", "--strict", "-q", "a:2,b"], "--strict goes by the order"),
        (&["worker", "--metrics", ":x"], "does not end with a port"),
        (&["worker", "--idle", "5s"], "--burst"),
        (&["status", "--stdout"], "--stdout needs the id of a job"),
        (&["status", "--follow", "a", "b"], "--follow takes one job at a time"),
        (&["status", "--wait"], "--wait needs the id of a job"),
        (&["status", "--stdout", "--stderr", "a"], "cannot be used with"),
        (&["control", "limit", "emails"], "--max-depth <N|none|file>"),
        (&["control", "cancel"], "<ID>"),
        (&["beat", "add", "x", "--", "true"], "<--cron <CRON>|--every <DURATION>|--at <TIME>>"),
        (&["beat", "add", "x", "--every", "1h"], "there is no command to schedule"),
        (&["beat", "add", "x", "--every", "10ms", "--", "true"], "a schedule ticks at most once a second"),
        (&["beat", "add", "x", "--every", "1h", "--cron", "@daily", "--", "true"], "cannot be used with"),
        (&["beat", "add", "x", "--every", "1h", "--missed-max", "3", "--", "true"], "without --missed all"),
        (
            &["beat", "add", "x", "--every", "1h", "--alert-missed", "1h", "--", "true"],
            "--alert-shell <SCRIPT>",
        ),
        (&["beat", "pause", "x", "--for", "1h", "--until", "09:00"], "cannot be used with"),
        (&["beat", "--skip-refused"], "--crontab <PATH>"),
        (&["beat", "--shadow", "list"], "cannot be used with"),
        (&["--tls-cert", "x", "status"], "need each other"),
    ] {
        let text = fault(args);
        assert!(text.contains(expected), "{args:?}: {text}");
    }
}

#[test]
fn ordinary_lines_are_understood() {
    let args = enqueue(&["-p", "-5", "-e", "A=b", "-e", "HOME", "--snooze-on", "99=5m", "-w", "--", "x"]);
    assert_eq!(
        (args.job.priority, args.job.env.len(), args.job.snooze_on[0].delay_ms, args.wait),
        (Some(-5), 2, 300_000, true)
    );

    let cli = parse(["jobq", "worker", "-q", "emails:3,reports", "-c", "4", "--json", "-vv"]).unwrap();
    assert_eq!((cli.global.json, cli.global.verbose), (true, 2));
    let Command::Worker(args) = cli.command else { panic!() };
    assert_eq!(args.queues.iter().map(|one| one.weight).collect::<Vec<_>>(), [3, 1]);
    assert!(args.lease.is_none() && args.output_head.is_none());

    let cli = parse(["jobq", "--url", "", "status", "--output", "a"]).unwrap();
    assert_eq!(cli.global.url(), None);
    let Command::Status(args) = cli.command else { panic!() };
    assert_eq!(args.mode(), StatusMode::Stdout);

    let cli =
        parse(["jobq", "control", "limit", "emails", "--max-depth", "none", "--max-bytes", "64M"]).unwrap();
    let Command::Control(ControlArgs { command: ControlCommand::Limit(args) }) = cli.command else {
        panic!()
    };
    assert_eq!((args.max_depth, args.max_bytes), (Some(Limit::None), Some(Limit::Most(64 << 20))));
}

#[test]
fn help_lists_the_products_commands_in_order() {
    let help = Cli::command().render_help().to_string();
    let mut from = 0;
    for name in ["enqueue", "worker", "beat", "status", "inspect", "control"] {
        from += help[from..].find(&format!("\n  {name} ")).unwrap_or_else(|| panic!("{name}: {help}")) + 1;
    }
    assert!(!help.contains("__exec"), "{help}");
    assert!(help.contains("Exit codes:"), "{help}");
}

#[test]
fn every_command_has_examples() {
    fn visit(command: &clap::Command) {
        let leaf = !command.has_subcommands() && !command.is_hide_set();
        assert!(!leaf || command.get_after_help().is_some(), "{}", command.get_name());
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let wide: Vec<&str> = after.lines().filter(|line| line.chars().count() > 79).collect();
        assert!(wide.is_empty(), "wraps on an ordinary terminal: {wide:#?}");
        command.get_subcommands().for_each(visit);
    }
    visit(&Cli::command());
}
