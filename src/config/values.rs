//! Values of the file, each checked by itself.

use std::path::PathBuf;

use super::nearest::{nearest, one_of};
use super::node::{Node, Origin, Value};
use super::schema::Kind;
use super::template::{self, Word};
use super::{Rate, Stated};
use crate::core::codes::{CodeSet, SnoozeRule};
use crate::core::name::Name;
use crate::core::schedule::Expiry;
use crate::core::signal;
use crate::core::spec::is_mail_address;
use crate::core::when::{self, duration as parse_duration, short, some_duration};
use crate::metrics::Address;

/// What is wrong with a value: goes right behind the name of its key.
pub(super) struct Bad {
    pub(super) origin: Origin,
    pub(super) tail: String,
}

pub(super) type Read<T> = Result<T, Bad>;

/// ` must be …, not …`
pub(super) fn must(node: &Node, be: &str) -> Bad {
    Bad { origin: node.origin.clone(), tail: format!(" must be {be}, not {}", node.show()) }
}

/// `: …`
pub(super) fn wrong(node: &Node, why: impl std::fmt::Display) -> Bad {
    Bad { origin: node.origin.clone(), tail: format!(": {why}") }
}

pub(super) fn text(node: &Node, _: Kind) -> Read<String> {
    match &node.value {
        Value::Text(text) if text.contains('\0') => Err(wrong(node, "a NUL has no place here")),
        Value::Text(text) => Ok(text.clone()),
        _ => Err(must(node, "a string")),
    }
}

/// A text that is never repeated in a message.
pub(super) fn secret(node: &Node, kind: Kind) -> Read<String> {
    match &node.value {
        Value::Text(text) if text.is_empty() => Err(wrong(node, "it is empty")),
        Value::Text(_) => text(node, kind),
        _ => {
            Err(Bad { origin: node.origin.clone(), tail: format!(" must be a string, not {}", node.what()) })
        }
    }
}

pub(super) fn url(node: &Node, kind: Kind) -> Read<String> {
    use crate::core::link::{Target, TlsFiles};
    let url = secret(node, kind)?;
    Target::parse(&url, &TlsFiles::default(), None).map_err(|error| wrong(node, error))?;
    Ok(url)
}

/// An absolute path, or one from the folder of the file.
pub(super) fn path(node: &Node, kind: Kind) -> Read<PathBuf> {
    let typed = text(node, kind)?;
    if typed.is_empty() {
        return Err(wrong(node, "the path is empty"));
    }
    if typed == "~" || typed.starts_with("~/") || typed.starts_with('$') {
        return Err(wrong(node, format!("{typed:?} is not expanded here; write the whole path")));
    }
    node.path().ok_or_else(|| must(node, "a path"))
}

pub(super) fn name(node: &Node, _: Kind) -> Read<Name> {
    match &node.value {
        Value::Text(text) => Name::new(text.as_str()).map_err(|error| wrong(node, error)),
        _ => Err(must(node, "a name")),
    }
}

pub(super) fn names(node: &Node, kind: Kind) -> Read<Vec<Name>> {
    match &node.value {
        Value::List(items) => items.iter().map(|item| name(item, kind)).collect(),
        _ => Err(must(node, "an array of names")),
    }
}

pub(super) fn boolean(node: &Node, _: Kind) -> Read<bool> {
    match node.value {
        Value::Bool(value) => Ok(value),
        _ => Err(must(node, "true or false")),
    }
}

/// A whole number within the bounds of its key, which fit the type.
pub(super) fn integer<T: TryFrom<i64>>(node: &Node, kind: Kind) -> Read<T> {
    let (least, most) = match kind {
        Kind::Integer { least, most } => (least, most),
        _ => (0, i64::MAX),
    };
    let bounds = || match most {
        ..1_000_000 => format!("a whole number from {least} to {most}"),
        _ => format!("a whole number, at least {least}"),
    };
    match node.value {
        Value::Integer(number) if (least..=most).contains(&number) => {
            T::try_from(number).map_err(|_| must(node, &bounds()))
        }
        _ => Err(must(node, &bounds())),
    }
}

pub(super) fn duration(node: &Node, kind: Kind) -> Read<u64> {
    let least = match kind {
        Kind::Duration { least_ms } => least_ms,
        _ => 1,
    };
    let ms = match &node.value {
        Value::Text(text) if least == 0 => parse_duration(text),
        Value::Text(text) => some_duration(text),
        Value::Integer(number) => {
            return Err(wrong(node, format!("{number} what? write \"{number}s\" or \"{number}m\"")));
        }
        _ => return Err(must(node, "a duration such as \"90s\"")),
    };
    match ms.map_err(|error| wrong(node, error))? {
        ms if ms < least => Err(wrong(node, format!("it must be at least {}", short(least)))),
        ms => Ok(ms),
    }
}

pub(super) fn size(node: &Node, _: Kind) -> Read<u64> {
    match &node.value {
        Value::Text(text) => crate::core::size::size(text).map_err(|error| wrong(node, error)),
        Value::Integer(number) => {
            u64::try_from(*number).ok().filter(|bytes| *bytes < 1 << 53).ok_or_else(|| must(node, "a size"))
        }
        _ => Err(must(node, "a size such as 4096, \"32K\" or \"64M\"")),
    }
}

pub(super) fn codes(node: &Node, _: Kind) -> Read<CodeSet> {
    let words = |node: &Node| match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        _ => Err(must(node, "exit codes such as 75, \"75,100-110\" or [75, 100]")),
    };
    let typed = match &node.value {
        Value::List(items) => items.iter().map(words).collect::<Read<Vec<_>>>()?.join(","),
        _ => words(node)?,
    };
    typed.parse().map_err(|error| wrong(node, error))
}

pub(super) fn snooze(node: &Node, _: Kind) -> Read<Vec<SnoozeRule>> {
    let Value::Table(entries) = &node.value else {
        return Err(must(node, "a table of codes and durations such as { 99 = \"5m\" }"));
    };
    let rule = |(key, value): &(super::node::Name, Node)| {
        let codes = key
            .text
            .parse()
            .map_err(|error| Bad { origin: key.origin.clone(), tail: format!(": {error}") })?;
        Ok(SnoozeRule { codes, delay_ms: duration(value, Kind::Duration { least_ms: 1 })? })
    };
    entries.iter().map(rule).collect()
}

pub(super) fn choice<T: Copy>(node: &Node, kind: Kind, values: &[T]) -> Read<T> {
    let Kind::Choice(words) = kind else { return Err(must(node, "another value")) };
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    let Value::Text(typed) = &node.value else { return Err(must(node, &one_of(&quoted))) };
    match words.iter().zip(values).find(|(word, _)| *word == typed) {
        Some((_, value)) => Ok(*value),
        None => {
            let mut bad = must(node, &one_of(&quoted));
            if let (Some(near), true) = (nearest(typed, words), words.len() > 2) {
                bad.tail.push_str(&format!("; did you mean {near:?}?"));
            }
            Err(bad)
        }
    }
}

/// A signal that a job can catch.
pub(super) fn caught(node: &Node, _: Kind) -> Read<i32> {
    let typed = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => return Err(must(node, "a signal such as \"TERM\"")),
    };
    let number = signal::number(&typed)
        .ok_or_else(|| wrong(node, format!("{typed:?} is not a signal; write a name such as TERM or INT")))?;
    match signal::name(number).as_str() {
        name @ ("SIGKILL" | "SIGSTOP") => Err(wrong(node, format!("a job cannot catch {name}"))),
        _ => Ok(number),
    }
}

pub(super) fn umask(node: &Node, _: Kind) -> Read<u32> {
    let bad = || must(node, "three or four octal digits in quotes, such as \"027\"");
    match &node.value {
        Value::Text(text) if (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => {
            u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777).ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

pub(super) fn rate(node: &Node, _: Kind) -> Read<Rate> {
    let bad = || must(node, "a rate such as \"10/s\", \"100/m\" or \"1000/h\"");
    let Value::Text(text) = &node.value else { return Err(bad()) };
    Rate::parse(text).ok_or_else(bad)
}

impl Rate {
    const UNITS: [(&'static str, u64); 3] = [("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    /// Reads `10/s`, `100/m` or `1000/h`.
    pub fn parse(text: &str) -> Option<Rate> {
        let (count, unit) = text.split_once('/')?;
        let (_, per_ms) = Rate::UNITS.into_iter().find(|(name, _)| *name == unit)?;
        Some(Rate { count: u64::from(positive(count)?), per_ms })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Rate::UNITS.iter().find(|(_, per_ms)| *per_ms == self.per_ms) {
            Some((unit, _)) => write!(f, "{}/{unit}", self.count),
            None => write!(f, "{} in {} ms", self.count, self.per_ms),
        }
    }
}

/// Digits without a sign, more than zero.
fn positive(text: &str) -> Option<u32> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number > 0 && *number <= 1_000_000_000)
}

/// `HOST:PORT`, or a port alone.
pub(super) fn address(node: &Node, kind: Kind) -> Read<Address> {
    text(node, kind)?.parse().map_err(|why| wrong(node, why))
}

/// `"3 of 10"`.
pub(super) fn out_of(node: &Node, _: Kind) -> Read<(u32, u32)> {
    let bad = || must(node, "such as \"3 of 10\"");
    let Value::Text(text) = &node.value else { return Err(bad()) };
    let (some, all) = text.split_once(" of ").ok_or_else(bad)?;
    let (some, all) = (positive(some).ok_or_else(bad)?, positive(all).ok_or_else(bad)?);
    match all {
        all if some > all => Err(wrong(node, format!("{some} of {all} cannot be reached"))),
        1_001.. => Err(wrong(node, "at most the last 1000 jobs are remembered")),
        all => Ok((some, all)),
    }
}

/// `"3x median"`.
pub(super) fn times(node: &Node, _: Kind) -> Read<f64> {
    let bad = || must(node, "such as \"3x median\"");
    let Value::Text(text) = &node.value else { return Err(bad()) };
    let factor = text.strip_suffix("x median").ok_or_else(bad)?;
    let digits = factor.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let factor: f64 = factor.parse().ok().filter(|_| digits).ok_or_else(bad)?;
    if factor > 1.0 && factor.is_finite() { Ok(factor) } else { Err(wrong(node, "it must be more than 1x")) }
}

pub(super) fn argv(node: &Node, _: Kind) -> Read<Vec<(Word, Origin)>> {
    let Value::List(items) = &node.value else {
        return Err(must(node, "an array of strings: the program and its arguments"));
    };
    if items.is_empty() {
        return Err(wrong(node, "it is empty; the first item is the program"));
    }
    let word = |item: &Node| {
        let text = text(item, Kind::Text).map_err(|_| match &item.value {
            Value::Text(_) => wrong(item, "a NUL has no place in an argument"),
            _ => wrong(item, format!("an argument must be a string, not {}", item.show())),
        })?;
        Ok((template::parse(&text).map_err(|why| wrong(item, why))?, item.origin.clone()))
    };
    items.iter().map(word).collect()
}

pub(super) fn env(node: &Node, _: Kind) -> Read<Vec<(String, String)>> {
    let Value::Table(entries) = &node.value else { return Err(must(node, "a table of strings")) };
    entries
        .iter()
        .map(|(key, value)| {
            let bad = |tail: String| Bad { origin: key.origin.clone(), tail };
            if key.text.is_empty() || key.text.contains('=') || key.text.contains(char::is_control) {
                return Err(bad(format!(": {:?} is not the name of a variable", key.text)));
            }
            if key.text.starts_with("JOBQ_") {
                return Err(bad(format!(
                    ": {} is reserved: names that begin with JOBQ_ are set by the worker",
                    key.text
                )));
            }
            let text = text(value, Kind::Text).map_err(|mut bad| {
                bad.tail = format!(".{}{}", key.text, bad.tail);
                bad
            })?;
            Ok((key.text.clone(), text))
        })
        .collect()
}

pub(super) fn labels(node: &Node, _: Kind) -> Read<Vec<(Name, String)>> {
    let Value::Table(entries) = &node.value else { return Err(must(node, "a table of strings")) };
    entries
        .iter()
        .map(|(key, value)| {
            let name = named(key)?;
            let text = text(value, Kind::Text).map_err(|mut bad| {
                bad.tail = format!(".{name}{}", bad.tail);
                bad
            })?;
            match text.len() {
                257.. => {
                    Err(wrong(value, format!("a label has at most 256 bytes, this one has {}", text.len())))
                }
                _ => Ok((name, text)),
            }
        })
        .collect()
}

fn named(key: &super::node::Name) -> Read<Name> {
    Name::new(key.text.as_str())
        .map_err(|error| Bad { origin: key.origin.clone(), tail: format!(": {error}") })
}

/// `["emails:3", "reports"]`, or `{ emails = 3, reports = 1 }`.
pub(super) fn queues(node: &Node, kind: Kind) -> Read<Vec<(Name, u32)>> {
    let queues: Vec<(Name, u32)> = match &node.value {
        Value::Table(_) => counts(node, Kind::Integer { least: 1, most: 1_000 })?,
        Value::List(items) => items
            .iter()
            .map(|item| {
                let typed = text(item, kind).map_err(|_| must(item, "a name or \"name:weight\""))?;
                let (queue, weight) = typed.split_once(':').unwrap_or((&typed, "1"));
                let queue = Name::new(queue).map_err(|error| wrong(item, error))?;
                match weight.parse() {
                    Ok(weight @ 1..=1000) => Ok((queue, weight)),
                    _ => Err(wrong(item, format!("{weight:?} is not a weight (1 to 1000)"))),
                }
            })
            .collect::<Read<_>>()?,
        _ => return Err(must(node, "an array of names such as [\"emails:3\", \"reports\"]")),
    };
    if queues.is_empty() {
        return Err(wrong(node, "it is empty; leave it out to serve all queues"));
    }
    for (at, (queue, _)) in queues.iter().enumerate() {
        if queues[..at].iter().any(|(other, _)| other == queue) {
            return Err(wrong(node, format!("queue {queue} is named twice")));
        }
    }
    Ok(queues)
}

/// A program and its arguments, as they are.
pub(super) fn words(node: &Node, kind: Kind) -> Read<Vec<String>> {
    let Value::List(items) = &node.value else {
        return Err(must(node, "an array of strings: the program and its arguments"));
    };
    let words: Vec<String> = items.iter().map(|item| text(item, kind)).collect::<Read<_>>()?;
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err(wrong(node, "it is empty; the first item is the program")),
    }
}

/// The IANA name of a zone that this machine knows.
pub(super) fn zone(node: &Node, kind: Kind) -> Read<String> {
    let name = text(node, kind)?;
    when::zone(&name).map_err(|error| wrong(node, error))?;
    Ok(name)
}

/// A date and time, which may yet need a zone.
pub(super) fn stated(node: &Node, _: Kind) -> Read<Stated> {
    let text = match &node.value {
        Value::Text(text) | Value::Moment(text) => text.clone(),
        _ => return Err(must(node, "a date and time such as \"2026-12-01 09:00\"")),
    };
    when::fixed(&text, &jiff::tz::TimeZone::UTC).map_err(|error| wrong(node, error))?;
    Ok(Stated { text, origin: node.origin.clone() })
}

/// A duration, or `"next tick"`.
pub(super) fn expiry(node: &Node, kind: Kind) -> Read<Expiry> {
    match &node.value {
        Value::Text(text) if text == "next tick" => Ok(Expiry::NextTick),
        Value::Text(text) if text.starts_with("next") => Err(must(node, "a duration or \"next tick\"")),
        _ => duration(node, kind).map(Expiry::In),
    }
}

/// The parameters of a task.
pub(super) fn args(node: &Node, _: Kind) -> Read<serde_json::Map<String, serde_json::Value>> {
    match node.json() {
        Ok(serde_json::Value::Object(args)) => Ok(args),
        Ok(_) => Err(must(node, "a table of parameters such as { user_id = 1 }")),
        Err(origin) => Err(Bad { origin: origin.clone(), tail: ": JSON has no such number".to_owned() }),
    }
}

pub(super) fn mail_address(node: &Node, kind: Kind) -> Read<String> {
    let to = text(node, kind)?;
    match is_mail_address(to.as_bytes()) {
        true => Ok(to),
        false => Err(wrong(node, format!("{to:?} is not a mail address"))),
    }
}

/// A table of names and whole numbers.
pub(super) fn counts(node: &Node, kind: Kind) -> Read<Vec<(Name, u32)>> {
    let Value::Table(entries) = &node.value else {
        return Err(must(node, "a table of whole numbers such as { emails = 2 }"));
    };
    let kind = match kind {
        Kind::Integer { .. } => kind,
        _ => Kind::Integer { least: 1, most: i64::from(u32::MAX) },
    };
    let one = |(key, value): &(super::node::Name, Node)| {
        let name = named(key)?;
        let count = integer(value, kind).map_err(|mut bad| {
            bad.tail = format!(".{name}{}", bad.tail);
            bad
        })?;
        Ok((name, count))
    };
    entries.iter().map(one).collect()
}
