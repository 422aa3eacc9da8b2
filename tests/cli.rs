//! The command line as a whole: help, version, completions in real shells.

use crate::support::{Jobq, Room};

fn room() -> Room {
    Room::at("unix:///nowhere/s")
}

#[test]
fn every_help_goes_to_stdout_and_reaches_no_server() {
    let room = room();
    for args in [
        &["--help"][..],
        &["-h"],
        &["enqueue", "--help"],
        &["worker", "--help"],
        &["status", "--help"],
        &["inspect", "--help"],
        &["inspect", "server", "--help"],
        &["control", "--help"],
        &["control", "cancel", "--help"],
        &["control", "limit", "--help"],
        &["control", "purge", "--help"],
        &["control", "server", "--help"],
        &["control", "server", "stop", "--help"],
    ] {
        let help = room.jobq(args).run().stderr("").status(0).stdout_text();
        assert!(help.contains("Usage: jobq") && !help.contains('\x1b'), "{args:?}: {help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{args:?}: {help}");
        assert!(!help.contains("__exec"), "{args:?}");
    }
    room.jobq(["--version"])
        .run()
        .stdout(format!("jobq {}\n", env!("CARGO_PKG_VERSION")))
        .stderr("")
        .status(0);
}

#[test]
fn no_command_at_all_shows_the_help_on_stderr() {
    let output = room().jobq::<[&str; 0]>([]).run().stdout("").status(2);
    assert!(output.stderr_text().contains("Usage: jobq"), "{output}");
}

#[test]
fn options_for_all_may_stand_anywhere() {
    let room = Room::at("");
    for args in [["--url", "unix:///nowhere/s", "status"], ["status", "--url", "unix:///nowhere/s"]] {
        room.jobq(args).run().stdout("").status(69);
    }
}

/// The completions as installed, asked in a real bash for what follows `line`.
fn bash_completes(room: &Room, line: &str) -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/completions/jobq.bash");
    // What readline does: split the line, name the word and the one before, call the function.
    let script = r#"
        source "$1"
        read -ra COMP_WORDS <<<"$2"
        [[ $2 == *' ' ]] && COMP_WORDS+=('')
        COMP_LINE=$2 COMP_POINT=${#2} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        spec=$(complete -p jobq) || exit 9
        function=$(sed 's/.*-F \([^ ]*\).*/\1/' <<<"$spec")
        "$function" jobq "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let bash: Jobq = room.program("/bin/bash").args(["--norc", "-c", script, "bash", file, line]);
    bash.run().stderr("").status(0).stdout_text().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let room = room();
    assert_eq!(bash_completes(&room, "jobq en"), ["enqueue"]);
    assert_eq!(bash_completes(&room, "jobq status --fo"), ["--follow"]);
    assert_eq!(bash_completes(&room, "jobq enqueue --backoff "), ["fixed", "exponential"]);
    assert_eq!(bash_completes(&room, "jobq control s"), ["stop", "server"]);
    let all = bash_completes(&room, "jobq enqueue --");
    for option in ["--queue", "--delay", "--if-full", "--wait", "--json", "--url"] {
        assert!(all.iter().any(|one| one == option), "{option} in {all:?}");
    }
    let top = bash_completes(&room, "jobq ");
    assert!(!top.iter().any(|word| word == "__exec" || word == "help"), "{top:?}");
}

#[test]
fn completions_create_no_store() {
    let room = Room::local();
    bash_completes(&room, "jobq status ");
    assert_eq!(std::fs::read_dir(room.home()).unwrap().count(), 0);
}
