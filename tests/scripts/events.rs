//! The stream of events: bounded, readable by its ids, and described in full.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Desk, ann, id};

const STREAM: &str = "jobq:{t}:events";

/// The kinds of all events, oldest first.
fn kinds(desk: &Desk) -> Vec<String> {
    let books = desk.books();
    books.events().iter().map(|event| event.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_life_is_told_in_order() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.fail("a", &token, "retry", 0);
    desk.wake("a", 1_000);
    let token = desk.start(&who, "a").token;
    desk.cancel("a");
    desk.cancel("a");
    desk.fail("a", &token, "revoke", 0);
    desk.cancel("a");
    desk.run(desk.store.bye(&who)).unwrap();
    let expected = ["joined", "enqueued", "started", "retry", "started", "cancelling", "revoked", "left"];
    assert_eq!(kinds(&desk), expected);
}

#[test]
fn a_reader_goes_on_after_the_last_id_it_saw() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let newest = desk.raw(&["XREVRANGE", STREAM, "+", "-", "COUNT", "1"]).array().remove(0).array();
    let last = newest[0].text();
    desk.add(&["b", "c"]);
    let came = desk.raw(&["XRANGE", STREAM, &format!("({last}"), "+"]).array();
    let ids: Vec<String> =
        came.into_iter().map(|entry| entry.array()[1].clone().texts()[3].clone()).collect();
    assert_eq!(ids, ["b", "c"]);
}

#[test]
fn the_stream_keeps_about_as_many_as_it_is_told() {
    let desk = Desk::new();
    let names: Vec<String> = (0..600).map(|number| format!("j{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    desk.raw(&["HSET", "jobq:{t}:meta", "events", "100"]);
    names.chunks(200).for_each(|page| desk.add(page));
    let kept = desk.raw(&["XLEN", STREAM]).int();
    assert!((100..=200).contains(&kept), "{kept}");
    assert_eq!(desk.books().events().last().unwrap(), "enqueued id=j599 q=q");
    desk.raw(&["HSET", "jobq:{t}:meta", "events", "0"]);
    desk.raw(&["DEL", STREAM]);
    desk.run(desk.store.cancel(&[id("j1")], &ann(""), &[])).unwrap();
    assert_eq!(desk.raw(&["EXISTS", STREAM]).int(), 0);
}

/// The first cells of the tables under a heading of the page.
fn cells(page: &str, heading: &str) -> BTreeSet<String> {
    let part = page.split(&format!("\n## {heading}\n")).nth(1).expect("the heading");
    let part = part.split("\n## ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| row.split(" |").next().unwrap().split(", "))
        .map(|word| word.trim_matches('`').to_owned())
        .collect()
}

/// The quoted words that follow one of the openings: `emit('enqueued', …`.
fn quoted(line: &str, openings: &[&str]) -> Vec<String> {
    let found = openings.iter().flat_map(|opening| line.split(opening).skip(1));
    found.filter_map(|rest| rest.split('\'').next()).map(str::to_owned).collect()
}

#[test]
fn the_page_names_every_kind_and_every_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/events.md")).unwrap();
    let (mut kinds, mut fields) = (BTreeSet::new(), BTreeSet::from(["k".to_owned()]));
    for dir in ["src/core/lua", "src/core/lua/lib"] {
        for file in fs::read_dir(root.join(dir)).unwrap() {
            let file = file.unwrap().path();
            if file.is_dir() {
                continue;
            }
            for line in fs::read_to_string(file).unwrap().lines() {
                kinds.extend(quoted(line, &["emit('", "tell('", "tell_run('"]));
                if line.starts_with("local ENDED") || line.starts_with("local KINDS") {
                    kinds.extend(quoted(line, &["= '"]));
                }
                let tells = [
                    "emit('",
                    "tell('",
                    "tell(kind",
                    "tell_run('",
                    "speak(",
                    "forget(",
                    "to_final(",
                    "emit(kind",
                ];
                if tells.iter().any(|tell| line.contains(tell)) {
                    let names = quoted(line, &[", '"]);
                    fields.extend(names.into_iter().filter(|name| {
                        name.len() <= 3 && !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())
                    }));
                }
            }
        }
    }
    assert_eq!(cells(&page, "Kinds"), kinds);
    assert_eq!(cells(&page, "Fields"), fields);
}
