//! `jobq.toml` and the real program: which file counts, what wins, what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::support::{Room, Server};

/// One row of `inspect config`: value and origin, parted by a space.
fn row(table: &str, key: &str) -> String {
    let line = table.lines().find(|line| line.split(' ').next() == Some(key));
    let words: Vec<&str> = line.unwrap_or_default().split_whitespace().skip(1).collect();
    words.join(" ")
}

#[test]
fn a_flag_wins_over_the_environment_the_file_and_the_default() {
    let room = Room::at("redis://me:secret@127.0.0.1:1");
    room.write(
        "jobq.toml",
        "[redis]\nnamespace = \"file\"\npassword = \"hidden\"\n[worker]\nlog_dir = \"logs\"\n",
    );
    let table = room.jobq(["inspect", "config"]).run().stdout_text();
    assert_eq!(row(&table, "redis.namespace"), "test JOBQ_NAMESPACE");
    assert_eq!(row(&table, "redis.url"), "redis://me:***@127.0.0.1:1 JOBQ_URL");
    assert_eq!(row(&table, "redis.password"), "*** jobq.toml:3");
    assert_eq!(row(&table, "worker.lease"), "30s default");
    assert_eq!(row(&table, "worker.log_dir"), format!("{}/logs jobq.toml:5", room.work().display()));
    assert!(!table.contains("secret") && !table.contains("hidden"), "{table}");

    let table = room.jobq(["inspect", "config"]).without_env("JOBQ_NAMESPACE").run().stdout_text();
    assert_eq!(row(&table, "redis.namespace"), "file jobq.toml:2");
    let table = room.jobq(["inspect", "config", "--namespace", "flag"]).run().stdout_text();
    assert_eq!(row(&table, "redis.namespace"), "flag --namespace");
    let table = room.jobq(["inspect", "config", "--config", "/dev/null"]).without_env("JOBQ_NAMESPACE").run();
    assert_eq!(row(&table.stdout_text(), "redis.namespace"), "default default");
}

#[test]
fn what_is_wrong_stops_every_command() {
    let room = Room::at("redis://127.0.0.1:1");
    room.write("jobq.toml", "[worker]\nleese = \"5s\"\n\n[tasks.t]\nretries = 3\n");
    for args in [&["status"][..], &["enqueue", "--", "true"], &["worker", "--burst"], &["inspect", "config"]]
    {
        room.jobq(args).run().status(78).stdout("").stderr(
            "jobq: jobq.toml:2:1: unknown key \"leese\" in worker; did you mean \"lease\"?\n\
             jobq: jobq.toml:4:1: tasks.t has no command\n",
        );
    }
    // While waiting, every failure of jobq is 125; the error still holds its code.
    let output = room.jobq(["enqueue", "--wait", "--json", "--", "true"]).run().status(125);
    assert!(output.stderr_text().contains("\"code\":78"), "{}", output.stderr_text());

    let output = room.jobq(["status"]).env("JOBQ_CONFIG", "no.toml").run().status(78);
    output.stderr("jobq: cannot read no.toml: there is no such file\n");
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let room = Room::at("redis://127.0.0.1:1");
    let file = room.write("jobq.toml", "");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).unwrap();
    let output = room.jobq(["status"]).run().status(78);
    output.stderr("jobq: jobq.toml is refused: others can write it (mode 622)\nhint: chmod go-w jobq.toml\n");
    // Whoever names a file has looked at it.
    room.jobq(["inspect", "config", "--config", "jobq.toml"]).run().status(0);
}

#[test]
fn server_namespace_and_queues_come_from_the_file() {
    let server = Server::start();
    let room = Room::local();
    let url = server.url();
    room.write(
        "jobq.toml",
        format!("[redis]\nurl = {url:?}\nnamespace = \"file\"\n[queues.emails]\n[worker]\nconcurrency = 1\nname = \"post\"\n"),
    );
    let jobq = |args: &[&str]| {
        let command = room.jobq(args).without_env("JOBQ_NAMESPACE").env("JOBQ_LOCAL", "never");
        command.run().status(0).stdout_text()
    };
    let id = jobq(&["enqueue", "-q", "emails", "--", "true"]);
    // No -q: it serves what the file names.
    jobq(&["worker", "--burst"]);
    let shown = jobq(&["status", "--json", id.trim(), "--namespace", "file"]);
    assert!(shown.contains("\"state\":\"SUCCESS\""), "{shown}");
}
