use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::files::{from_text, load_from};
use super::schema::{self, Key, Kind};
use super::*;

fn read(text: &str) -> Config {
    from_text(Path::new("jobq.toml"), Path::new("/srv/app"), text).unwrap_or_else(|error| panic!("{error}"))
}

fn faults(text: &str) -> Vec<String> {
    match from_text(Path::new("jobq.toml"), Path::new("/srv/app"), text) {
        Ok(_) => Vec::new(),
        Err(error) => error.lines(),
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// `[tasks.t]` with these lines after its command.
fn task_faults(lines: &str) -> Vec<String> {
    faults(&format!("[tasks.t]\ncommand = [\"x\"]\n{lines}\n"))
}

const EXAMPLE: &str = include_str!("../../jobq.example.toml");

#[test]
fn the_example_is_understood() {
    let config = read(EXAMPLE);
    let email = &config.tasks[&name("send_email")];
    assert_eq!(email.queue, name("emails"));
    assert_eq!(
        email.params.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["to", "subject", "attachments"]
    );
    assert_eq!(email.cwd, Path::new("/srv/app"));
    let policy = config.policy(&Policy::default(), Some(&name("send_email")), &email.queue);
    assert_eq!(
        (policy.retries, policy.result_ttl_ms, policy.timeout_ms),
        (Some(5), Some(21_600_000), Some(60_000))
    );
    assert_eq!(email.alert.as_ref().unwrap().consecutive_failures, Some(3));
    let report = &config.tasks[&name("generate_report")];
    assert_eq!((report.umask, report.memory, report.stdin), (Some(0o27), Some(2 << 30), StdinMode::Json));
    assert!(matches!(report.command, Command::Script(_)));
    assert_eq!(config.queues[&name("emails")].rate, Some(Rate { count: 10, per_ms: 1_000 }));
    assert_eq!(config.worker.queues, Some(vec![(name("emails"), 3), (name("reports"), 1)]));
    assert_eq!(config.queues_named(), [name("emails"), name("reports")]);
    let origin = config.origin(&["redis", "namespace"]).unwrap();
    assert_eq!(origin.to_string(), "jobq.toml:8:13");
    assert!(!format!("{:?}", config.redis).contains("example.org"));
}

#[test]
fn wrong_keys_are_told_with_their_place_and_the_nearest_right_one() {
    for (text, expected) in [
        ("tsks = 1", "jobq.toml:1:1: unknown key \"tsks\" at the top; did you mean \"tasks\"?"),
        ("[wroker]\nlease = 1", "jobq.toml:1:2: unknown key \"wroker\" at the top; did you mean \"worker\"?"),
        (
            "# über\n[tasks.t]\ncommand = [\"x\"]\n  retires = 5",
            "jobq.toml:4:3: unknown key \"retires\" in tasks.t; did you mean \"retries\"?",
        ),
        (
            "[queues.q]\nsoft-timeout = \"1s\"",
            "jobq.toml:2:1: unknown key \"soft-timeout\" in queues.q; did you mean \"soft_timeout\"?",
        ),
        (
            "[worker]\ncolour = 1",
            "jobq.toml:2:1: unknown key \"colour\" in worker; jobq.toml(5) lists the keys",
        ),
        (
            "[redis]\nhost = 1",
            "jobq.toml:2:1: unknown key \"host\" in redis; known are url, namespace, tls_ca, tls_cert, tls_key, password_file, password",
        ),
        (
            "[tasks.t]\ncommand = [\"x\"]\nuser = \"www\"",
            "jobq.toml:3:1: tasks.t.user is not in this version",
        ),
        ("[trust]", "jobq.toml:1:2: trust is not in this version"),
        (
            "[worker]\nmetrics = \"web\"",
            "jobq.toml:2:11: worker.metrics: \"web\" does not end with a port, 0 to 65535",
        ),
        (
            "[tasks.\"a b\"]\ncommand = [\"x\"]",
            "jobq.toml:1:8: tasks: \"a b\" is not a name: ' ' is not allowed at character 2; names are letters, digits, '.', '_' and '-', and begin with a letter or digit",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn wrong_values_are_told_with_their_place() {
    for (text, expected) in [
        ("[redis]\nurl = 5", "jobq.toml:2:7: redis.url must be a string, not an integer"),
        (
            "[redis]\nurl = \"http://me:secret@x\"",
            "jobq.toml:2:7: redis.url: the Redis URL must begin with redis://, rediss://, unix://, redis+unix://, redis+sentinel:// or redis+cluster://",
        ),
        ("[redis]\ntls_cert = \"a\"", "jobq.toml:2:12: redis: tls_cert and tls_key need each other"),
        (
            "[redis]\npassword = \"a\"\npassword_file = \"b\"",
            "jobq.toml:2:12: redis: password and password_file exclude each other",
        ),
        (
            "[redis]\ntls_ca = \"~/ca\"",
            "jobq.toml:2:10: redis.tls_ca: \"~/ca\" is not expanded here; write the whole path",
        ),
        ("worker = 3", "jobq.toml:1:10: worker must be a table, not 3"),
        ("[worker]\nlease = 10", "jobq.toml:2:9: worker.lease: 10 what? write \"10s\" or \"10m\""),
        ("[worker]\nlease = \"10ms\"", "jobq.toml:2:9: worker.lease: it must be at least 1s"),
        (
            "[worker]\nlog_format = \"xml\"",
            "jobq.toml:2:14: worker.log_format must be \"text\" or \"json\", not \"xml\"",
        ),
        (
            "[worker]\nconcurrency = 0",
            "jobq.toml:2:15: worker.concurrency must be a whole number from 1 to 10000, not 0",
        ),
        ("[worker]\nqueues = [\"a:0\"]", "jobq.toml:2:11: worker.queues: \"0\" is not a weight (1 to 1000)"),
        ("[worker]\nqueues = [\"a\", \"a\"]", "jobq.toml:2:10: worker.queues: queue a is named twice"),
        (
            "[worker]\nstrict = true\nqueues = { a = 2 }",
            "jobq.toml:2:10: worker: strict goes by the order of the queues; weights have no place there",
        ),
        (
            "[worker]\nqueues = [\"a\"]\nqueue_limits = { b = 1 }",
            "jobq.toml:3:16: worker: queue_limits names b, which queues does not",
        ),
        (
            "[worker]\nallow = [\"sendmail\"]\n[tasks.send_mail]\ncommand = [\"x\"]",
            "jobq.toml:2:9: worker.allow: there is no task \"sendmail\"; did you mean \"send_mail\"?",
        ),
        (
            "[queues.q]\nrate = \"10\"",
            "jobq.toml:2:8: queues.q.rate must be a rate such as \"10/s\", \"100/m\" or \"1000/h\", not \"10\"",
        ),
        (
            "[queues.q]\nmax_bytes = \"1X\"",
            "jobq.toml:2:13: queues.q.max_bytes: \"1X\" is not a size; write one such as 4096, 32K or 64M",
        ),
        (
            "[queues.q]\nretries = \"five\"",
            "jobq.toml:2:11: queues.q.retries must be a whole number from 0 to 10000, not \"five\"",
        ),
        (
            "[queues.q]\nbackoff = \"exponental\"",
            "jobq.toml:2:11: queues.q.backoff must be \"fixed\" or \"exponential\", not \"exponental\"",
        ),
        (
            "[queues.q]\nok_codes = \"256\"",
            "jobq.toml:2:12: queues.q.ok_codes: \"256\" is not an exit code (0 to 255)",
        ),
        (
            "[queues.q]\nsnooze_on = { 99 = \"0s\" }",
            "jobq.toml:2:20: queues.q.snooze_on: the duration must be longer than zero",
        ),
        (
            "[queues.q]\nsoft_signal = \"KILL\"",
            "jobq.toml:2:15: queues.q.soft_signal: a job cannot catch SIGKILL",
        ),
        (
            "[queues.q]\nsoft_timeout = \"1m\"\ntimeout = \"1m\"",
            "jobq.toml:2:16: queues.q: soft_timeout 1m 00s must be shorter than timeout 1m 00s",
        ),
        ("[queues.q]\nretries = 5\nretries = 6", "jobq.toml:3:1: duplicate key"),
        ("[tasks.t]\nqueue = \"q\"", "jobq.toml:1:1: tasks.t has no command"),
        (
            "[tasks.t]\ncommand = \"x y\"",
            "jobq.toml:2:11: tasks.t.command must be an array of strings; a script needs shell = true",
        ),
        (
            "[tasks.t]\nshell = true\ncommand = [\"x\"]",
            "jobq.toml:3:11: tasks.t.command must be one string with shell = true",
        ),
        (
            "[tasks.t]\ncommand = []",
            "jobq.toml:2:11: tasks.t.command: it is empty; the first item is the program",
        ),
        (
            "[tasks.t]\ncommand = [\"x\", 5]",
            "jobq.toml:2:17: tasks.t.command: an argument must be a string, not 5",
        ),
        (
            "[queues.q]\ntimeout = \"10s\"\n[tasks.t]\ncommand = [\"x\"]\nqueue = \"q\"\nsoft_timeout = \"20s\"",
            "jobq.toml:3:1: tasks.t: soft_timeout 20s must be shorter than timeout 10s (with queue q)",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn wrong_parts_of_a_task_are_told_with_their_place() {
    for (lines, expected) in [
        (
            "umask = 27",
            "jobq.toml:3:9: tasks.t.umask must be three or four octal digits in quotes, such as \"027\", not 27",
        ),
        (
            "env = { JOBQ_URL = \"x\" }",
            "jobq.toml:3:9: tasks.t.env: JOBQ_URL is reserved: names that begin with JOBQ_ are set by the worker",
        ),
        ("env = { A = 1 }", "jobq.toml:3:13: tasks.t.env.A must be a string, not 1"),
        ("stdin = \"yes\"", "jobq.toml:3:9: tasks.t.stdin must be \"none\" or \"json\", not \"yes\""),
        (
            "params = { a = \"strng\" }",
            "jobq.toml:3:16: tasks.t.params.a: \"strng\" is not a type; did you mean \"string\"?",
        ),
        (
            "params = { A = \"string\" }",
            "jobq.toml:3:12: tasks.t.params: \"A\" is not the name of a parameter; they are of a-z, 0-9 and _, and begin with no digit",
        ),
        ("params = { a = { default = 1 } }", "jobq.toml:3:16: tasks.t.params.a has no type"),
        (
            "params = { a = { type = \"integer\", default = \"1\" } }",
            "jobq.toml:3:46: tasks.t.params.a: parameter a must be an integer, not a string; on a command line write a:=1",
        ),
        (
            "params = { a = { type = \"string\", default = \"x\", values = [\"y\"] } }",
            "jobq.toml:3:45: tasks.t.params.a: parameter a must be \"y\", not \"x\"",
        ),
        (
            "params = { a = { type = \"string\", default = \"\" }, b = \"string\" }",
            "jobq.toml:3:51: tasks.t.params: b must be given and a need not: put it first",
        ),
        (
            "params = { a = { type = \"string\", requird = true } }",
            "jobq.toml:3:35: unknown key \"requird\" in tasks.t.params.a; did you mean \"required\"?",
        ),
        (
            "on_failure = [\"y\", \"{to}\"]",
            "jobq.toml:3:20: tasks.t.on_failure: {to} is no parameter of the task; for the characters themselves write {{ and }}",
        ),
        ("alert = { consecutive_failures = 3 }", "jobq.toml:3:9: tasks.t.alert has no command"),
        (
            "alert = { command = [\"y\"] }",
            "jobq.toml:3:9: tasks.t.alert says no condition: consecutive_failures, failures or slower_than",
        ),
        (
            "alert = { command = [\"y\"], failures = \"3 in 10\" }",
            "jobq.toml:3:39: tasks.t.alert.failures must be such as \"3 of 10\", not \"3 in 10\"",
        ),
        (
            "alert = { command = [\"y\"], failures = \"11 of 10\" }",
            "jobq.toml:3:39: tasks.t.alert.failures: 11 of 10 cannot be reached",
        ),
        (
            "alert = { command = [\"y\"], slower_than = \"1x median\" }",
            "jobq.toml:3:42: tasks.t.alert.slower_than: it must be more than 1x",
        ),
    ] {
        assert_eq!(task_faults(lines), [expected], "{lines}");
    }
}

#[test]
fn placeholders_are_checked_with_the_parameters() {
    let told = |command: &str, params: &str| {
        let found = faults(&format!("[tasks.t]\nparams = {{ {params} }}\ncommand = {command}\n"));
        found.first().cloned().unwrap_or_default()
    };
    let (text, list, any) = ("to = \"string\"", "to = \"list\"", "to = \"json\"");
    for (command, params, expected) in [
        (r#"["x", "--to={to}", "{to}", "{{to}}"]"#, text, ""),
        (r#"["x", "{to...}"]"#, list, ""),
        (r#"["x", "{to}"]"#, any, ""),
        (
            r#"["x", "{too}"]"#,
            text,
            "3:17: tasks.t.command: {too} is no parameter of the task; did you mean {to}?",
        ),
        (
            r#"["x", "{to...}"]"#,
            text,
            "3:17: tasks.t.command: {to...} needs a list, and to is of type string",
        ),
        (
            r#"["x", "{to}"]"#,
            list,
            "3:17: tasks.t.command: to is a list: write {to...} as an argument of its own",
        ),
        (
            r#"["x", "a{to...}"]"#,
            list,
            "3:17: tasks.t.command: {to...} must be an argument of its own, with nothing beside it",
        ),
        (
            r#"["x", "a{to}"]"#,
            any,
            "3:17: tasks.t.command: to is of type json: it must be an argument of its own",
        ),
        (
            r#"["x", "a}"]"#,
            text,
            "3:17: tasks.t.command: in \"a}\" a brace is no placeholder; for the character itself write {{ or }}",
        ),
        (r#"["{to}"]"#, text, "3:12: tasks.t.command: the program itself cannot be a parameter, nor empty"),
        (
            r#"["/bin/sh", "-ec", "echo {to}"]"#,
            text,
            "3:30: tasks.t.command: a parameter must not become part of a shell's script; use shell = true and its environment",
        ),
        (r#"["sh", "-c", "echo \"$1\"", "sh", "{to}"]"#, text, ""),
    ] {
        let expected = if expected.is_empty() { String::new() } else { format!("jobq.toml:{expected}") };
        assert_eq!(told(command, params), expected, "{command} {params}");
    }
    let script = |script: &str| {
        faults(&format!("[tasks.t]\nshell = true\nparams = {{ to = \"string\" }}\ncommand = '{script}'\n"))
    };
    assert_eq!(script("f() { echo ${to} {a,b}; }"), [""; 0]);
    assert_eq!(
        script("echo {to}"),
        ["jobq.toml:4:11: tasks.t: a script is never filled in: write \"$JOBQ_ARG_TO\" for {to}"]
    );
}

#[test]
fn all_faults_are_collected_and_five_are_told() {
    let text = "[worker]\na = 1\nlease = 5\n[queues.q]\nrate = 1\nb = 1\n[tasks.t]\nc = 1\n[redis]\nd = 1\n";
    let told = faults(text);
    let places: Vec<&str> = told.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        ["jobq.toml:2:1", "jobq.toml:3:9", "jobq.toml:5:8", "jobq.toml:6:1", "jobq.toml:7:1", "and 2 more"]
    );
    assert_eq!(faults("[worker\nlease = \"5s\"\n"), ["jobq.toml:1:8: unclosed table, expected `]`"]);
}

struct Files {
    temp: tempfile::TempDir,
}

impl Files {
    fn new() -> Files {
        let temp = tempfile::tempdir().unwrap();
        for dir in ["etc", "home/.config/jobq", "work"] {
            fs::create_dir_all(temp.path().join(dir)).unwrap();
        }
        Files { temp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn place(&self) -> Where {
        Where {
            only: None,
            xdg_config_home: None,
            home: Some(self.path("home")),
            cwd: Some(self.path("work")),
            euid: rustix::process::geteuid().as_raw(),
        }
    }

    fn load(&self, place: &Where) -> Result<Config, ConfigError> {
        load_from(place, &self.path("etc/jobq.toml"))
    }

    fn refused(&self, place: &Where) -> String {
        let error = self.load(place).unwrap_err();
        let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{error}{hint}").replace(&self.temp.path().display().to_string(), "TEMP")
    }
}

mod more;
mod schedules;
