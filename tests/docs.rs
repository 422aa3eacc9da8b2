//! The console sessions of the README, run for real, and the tour of `make demo`.
//!
//! In a ```console block a line `$ …` is a command, run by one shell for the whole page, and
//! what follows is all it prints. `...` by itself stands for any lines, inside a line for any
//! text; an id stands for any id.

use std::path::Path;
use std::time::Duration;

use jobq::local;

use crate::support::{Room, path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command and the lines it is said to print.
struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        for line in block.split("\n```").next().unwrap().lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => panic!("output before any command: {line}"),
            }
        }
    }
    assert!(!steps.is_empty(), "no console sessions in the page");
    steps
}

/// Generated ids are replaced by a word.
fn without_ids(line: &str) -> String {
    let is_id = |word: &str| {
        word.len() == 26
            && word.starts_with("01")
            && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    };
    let words: Vec<&str> = line.split(' ').map(|word| if is_id(word) { "AN-ID" } else { word }).collect();
    words.join(" ")
}

fn line_fits(expected: &str, got: &str) -> bool {
    let parts: Vec<&str> = expected.split("...").collect();
    let Some(mut rest) = got.strip_prefix(parts[0]) else { return false };
    let [_, middle @ .., last] = parts.as_slice() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn fits(expected: &[String], got: &[String]) -> bool {
    match expected {
        [] => got.is_empty(),
        [any, more @ ..] if any == "..." => (0..=got.len()).any(|skip| fits(more, &got[skip..])),
        [line, more @ ..] => {
            got.split_first().is_some_and(|(first, rest)| line_fits(line, first) && fits(more, rest))
        }
    }
}

/// All commands for one shell; after each a line with its number. `$?` is the command's.
fn script(steps: &[Step]) -> String {
    let run = |(at, step): (usize, &Step)| {
        format!("{{ {}\n}} 2>&1\ncode=$?; echo \"@end {at}\"; (exit $code)\n", step.command)
    };
    steps.iter().enumerate().map(run).collect()
}

#[test]
fn the_readmes_sessions_are_true() {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let steps = steps(&page);
    let room = Room::local();
    let program = Path::new(env!("CARGO_BIN_EXE_jobq"));
    let mut dirs = vec![program.parent().unwrap().to_path_buf()];
    dirs.extend(std::env::split_paths(&path()));
    let done = room
        .program("/bin/sh")
        .args(["-c", &script(&steps)])
        .env("PATH", std::env::join_paths(dirs).unwrap())
        .without_env("JOBQ_NAMESPACE")
        .run();
    let text = done.stdout_text();
    let mut rest = text.as_str();
    for (at, step) in steps.iter().enumerate() {
        let end = format!("@end {at}\n");
        let Some((got, after)) = rest.split_once(end.as_str()) else {
            panic!("no end of $ {}: {done}", step.command)
        };
        rest = after;
        let got: Vec<String> = got.lines().map(without_ids).collect();
        let expected: Vec<String> = step.expected.iter().map(|line| without_ids(line)).collect();
        let expected = expected.strip_suffix(&[String::new()]).unwrap_or(&expected);
        assert!(
            fits(expected, &got),
            "$ {}\nthe README says:\n{}\nit printed:\n{}",
            step.command,
            expected.join("\n"),
            got.join("\n")
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for page in ["README.md", "ARCHITECTURE.md", "docs/protocol.md", "docs/states.md", "docs/metrics.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap()) {
            let folder = root().join(page).parent().unwrap().to_path_buf();
            assert!(link.starts_with("http") || folder.join(link).exists(), "{page}: {link} leads nowhere");
        }
    }
}

#[test]
fn the_architecture_names_files_that_exist() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for word in text.split('`').skip(1).step_by(2) {
        let places = ["", "src/", "src/core/", "src/worker/"].map(|place| root().join(place).join(word));
        let is_file = word.ends_with(".rs") || word.ends_with(".lua");
        let plain = !word.contains(['*', '{', ' ']) && word.contains('/');
        assert!(!(is_file && plain) || places.iter().any(|place| place.exists()), "there is no {word}");
    }
}

#[test]
fn the_demo_shows_a_tour_and_leaves_only_the_local_store() {
    let room = Room::local();
    // A store with somebody's job in it is there already.
    let before = room.jobq(["enqueue", "--quiet", "--", "true"]).run().status(0).line();
    let done = room
        .program("/bin/sh")
        .args([root().join("examples/demo.sh")])
        .env("JOBQ_DEMO_PROGRAM", env!("CARGO_BIN_EXE_jobq"))
        .env("JOBQ_URL", "redis://127.0.0.1:1")
        .limit(Duration::from_secs(120))
        .run()
        .status(0)
        .stderr("");
    let text = done.stdout_text();
    let lines = [
        "1. Put work on two queues",
        "all of them succeeded. What one of them printed, and the same by hand:",
        "state     SUCCESS",
        "attempts  2 of 4 (1 failed)",
        "│ this is attempt 2",
        "exit code 124: it timed out, and its processes are gone",
        "step 3",
        "on its standard error: that was all",
        "exit code 7",
        "Done. Both workers have stopped; the local store goes on:",
    ];
    let mut from = 0;
    for line in lines {
        let wanted = format!("\n{line}\n");
        let at =
            text[from..].find(&wanted).unwrap_or_else(|| panic!("no line {line:?} in its place in {done}"));
        from += at + wanted.len() - 1;
    }
    assert!(text[from..].contains(&format!("  started by jobq, data in {}\n", room.place().dir.display())));
    assert!(text[from..].contains("jobq control server stop\n"), "{done}");
    assert!(!text.contains('\x1b'), "colours in a pipe: {done}");
    assert_eq!(room.processes(), [], "left running");
    assert!(local::running(&room.place()).unwrap().is_some(), "the local store goes on");
    let other = room.jobq(["status", &before]).run().status(0).stdout_text();
    assert!(other.contains("state     PENDING"), "a job of another namespace was touched: {other}");
    room.jobq(["control", "server", "stop"]).run().status(0);
    assert_eq!(local::running(&room.place()).unwrap(), None);
}
