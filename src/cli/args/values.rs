//! Values of options: what was typed, checked by itself.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::str::FromStr;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::config::Rate;
use crate::core::codes::SnoozeRule;
use crate::core::name::Name;
use crate::core::signal;
use crate::core::size::size;
use crate::core::state::State;
use crate::core::stats::Window;
use crate::core::store::Bound;
use crate::core::when::{self, duration, some_duration};

/// A duration and how it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Milliseconds.
    pub ms: u64,
    /// As typed.
    pub text: String,
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Span, String> {
        let ms = duration(text).map_err(|error| error.to_string())?;
        Ok(Span { ms, text: text.trim().to_owned() })
    }
}

/// A duration longer than zero.
pub(super) fn some_span(text: &str) -> Result<Span, String> {
    some_duration(text).map_err(|error| error.to_string())?;
    text.parse()
}

/// How far statistics look back.
pub(super) fn window(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    Window::of_ms(span.ms).map_err(str::to_owned)?;
    Ok(span)
}

/// A state by its name, in any case.
pub(super) fn state(text: &str) -> Result<State, String> {
    State::parse(&text.to_ascii_uppercase()).ok_or_else(|| {
        let names = State::ALL.map(State::name).join(", ");
        format!("{text:?} is not a state; there are {names}")
    })
}

/// An instant of the past. It is read against the present later; here only its form is checked.
pub(super) fn past(text: &str) -> Result<String, String> {
    when::past(text, 0, &jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// An id of the stream of events: `MILLISECONDS-NUMBER`, or `MILLISECONDS`.
pub(super) fn event_id(text: &str) -> Result<String, String> {
    let (ms, number) = text.split_once('-').unwrap_or((text, "0"));
    match (ms.parse::<u64>(), number.parse::<u64>()) {
        (Ok(ms), Ok(number)) => Ok(format!("{ms}-{number}")),
        _ => Err(format!("{text:?} is not the id of an event; write one such as 1796112000000-0")),
    }
}

/// A lease: shorter than a second would be lost to any hiccup of the network.
pub(super) fn lease(text: &str) -> Result<Span, String> {
    match text.parse::<Span>()? {
        span if span.ms < 1_000 => Err("a lease is at least 1s".to_owned()),
        span => Ok(span),
    }
}

/// A size in bytes: `4096`, `32KiB`, `32K`, `64M`, `1GiB`; all in powers of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Size, String> {
        size(text).map(Size).map_err(|error| error.to_string())
    }
}

/// A limit to set, or to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    None,
    /// What a worker's file says.
    File,
    /// At most this many.
    Most(u64),
}

impl Limit {
    /// As the store takes it.
    pub fn bound(self) -> Bound {
        match self {
            Limit::None => Bound::None,
            Limit::File => Bound::Unsaid,
            Limit::Most(most) => Bound::Most(most),
        }
    }
}

pub(super) fn depth_limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit::None),
        "file" => Ok(Limit::File),
        number => number
            .parse()
            .ok()
            .filter(|most| *most < 1 << 53)
            .map(Limit::Most)
            .ok_or_else(|| format!("{text:?} is neither a number nor none")),
    }
}

pub(super) fn size_limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit::None),
        "file" => Ok(Limit::File),
        size => size.parse::<Size>().map(|size| Limit::Most(size.0)),
    }
}

/// `--rate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// No limit.
    None,
    /// What a worker's file says.
    File,
    /// At most this.
    Most(Rate),
}

impl RateLimit {
    /// As the store takes it: how many, in how many milliseconds.
    pub fn bounds(self) -> (Bound, Bound) {
        match self {
            RateLimit::None => (Bound::None, Bound::Unsaid),
            RateLimit::File => (Bound::Unsaid, Bound::Unsaid),
            RateLimit::Most(rate) => (Bound::Most(rate.count), Bound::Most(rate.per_ms)),
        }
    }
}

impl FromStr for RateLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<RateLimit, String> {
        match text {
            "none" => Ok(RateLimit::None),
            "file" => Ok(RateLimit::File),
            rate => Rate::parse(rate)
                .map(RateLimit::Most)
                .ok_or_else(|| format!("{text:?} is not a rate; write one such as 10/s, 100/m or 1000/h")),
        }
    }
}

/// How many events are kept; `None` for the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(pub Option<u64>);

impl FromStr for Kept {
    type Err = String;
    fn from_str(text: &str) -> Result<Kept, String> {
        match text {
            "default" => Ok(Kept(None)),
            number => match number.parse() {
                Ok(most @ 0..=100_000_000) => Ok(Kept(Some(most))),
                _ => Err(format!("{text:?} is neither a number up to 100000000 nor default")),
            },
        }
    }
}

/// A reason: one line that fits into a record.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason is missing".to_owned()),
        reason if reason.len() > 500 => {
            Err(format!("a reason has at most 500 bytes, this one has {}", reason.len()))
        }
        reason => Ok(reason.to_owned()),
    }
}

/// A queue and how often its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueWeight {
    /// The queue.
    pub queue: Name,
    /// Its share of turns, 1 to 1000.
    pub weight: u32,
}

impl FromStr for QueueWeight {
    type Err = String;
    fn from_str(text: &str) -> Result<QueueWeight, String> {
        let (queue, weight) = text.split_once(':').unwrap_or((text, "1"));
        let queue = Name::new(queue).map_err(|error| error.to_string())?;
        match weight.parse() {
            Ok(weight @ 1..=1000) => Ok(QueueWeight { queue, weight }),
            _ => Err(format!("{weight:?} is not a weight (1 to 1000)")),
        }
    }
}

/// How many jobs of one queue a worker runs at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueLimit {
    /// The queue.
    pub queue: Name,
    /// At most this many.
    pub most: u32,
}

impl FromStr for QueueLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<QueueLimit, String> {
        let (queue, most) = text.split_once('=').ok_or("write QUEUE=N, such as emails=2")?;
        let queue = Name::new(queue).map_err(|error| error.to_string())?;
        match most.parse() {
            Ok(most) if most > 0 => Ok(QueueLimit { queue, most }),
            _ => Err(format!("{most:?} is not a number of jobs (1 or more)")),
        }
    }
}

/// `--if-full`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfFull {
    /// Exit 75 at once.
    Fail,
    /// Wait for room; at most this many milliseconds where given.
    Wait(Option<u64>),
}

impl FromStr for IfFull {
    type Err = String;
    fn from_str(text: &str) -> Result<IfFull, String> {
        match text.split_once('=') {
            None if text == "fail" => Ok(IfFull::Fail),
            None if text == "wait" => Ok(IfFull::Wait(None)),
            Some(("wait", most)) => Ok(IfFull::Wait(Some(some_span(most)?.ms))),
            _ => Err("write fail, wait or wait=DURATION".to_owned()),
        }
    }
}

/// `--label KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The key.
    pub key: Name,
    /// The value, at most 256 bytes.
    pub value: String,
}

impl FromStr for Label {
    type Err = String;
    fn from_str(text: &str) -> Result<Label, String> {
        let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
        let key = Name::new(key).map_err(|error| error.to_string())?;
        if value.len() > 256 {
            return Err(format!("a label has at most 256 bytes, this one has {}", value.len()));
        }
        Ok(Label { key, value: value.to_owned() })
    }
}

pub(super) fn snooze(text: &str) -> Result<SnoozeRule, String> {
    let (codes, delay) = text.split_once('=').ok_or("write CODES=DURATION, such as 99=5m")?;
    let codes = codes.parse().map_err(|error| format!("{error}"))?;
    Ok(SnoozeRule { codes, delay_ms: some_span(delay)?.ms })
}

/// A signal that a job can catch.
pub(super) fn soft_signal(text: &str) -> Result<i32, String> {
    let number = signal::number(text)
        .ok_or_else(|| format!("{text:?} is not a signal; write a name such as TERM or INT, or a number"))?;
    match signal::name(number).as_str() {
        name @ ("SIGKILL" | "SIGSTOP") => {
            Err(format!("a job cannot catch {name}; --timeout kills it, with all its processes"))
        }
        _ => Ok(number),
    }
}

/// `-e NAME=VALUE`, or `-e NAME` to copy it from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvArg {
    /// The variable.
    pub name: String,
    /// Its value, `None` to copy it from the producer.
    pub value: Option<OsString>,
}

/// Reads `-e`; values need not be UTF-8.
pub(super) fn env_parser() -> impl TypedValueParser<Value = EnvArg> {
    OsStringValueParser::new().try_map(|raw| env_arg(&raw))
}

fn env_arg(raw: &OsStr) -> Result<EnvArg, String> {
    let bytes = raw.as_bytes();
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (&bytes[..at], Some(OsString::from_vec(bytes[at + 1..].to_vec()))),
        None => (bytes, None),
    };
    let name = std::str::from_utf8(name).map_err(|_| "the name is not UTF-8".to_owned())?;
    if name.is_empty() {
        return Err("the name is missing; write NAME=VALUE, or NAME to copy it from here".to_owned());
    }
    if name.contains(char::is_control) {
        return Err("the name holds a control character".to_owned());
    }
    if name.starts_with("JOBQ_") {
        return Err(format!("{name} is reserved: names that begin with JOBQ_ are set by the worker"));
    }
    Ok(EnvArg { name: name.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_limits() {
        assert_eq!("32KiB".parse(), Ok(Size(32_768)));
        assert_eq!("64M".parse(), Ok(Size(64 << 20)));
        assert_eq!("7".parse(), Ok(Size(7)));
        for bad in ["", "K", "-1", "1.5M", "9999999999G", "1T"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
        assert_eq!(depth_limit("none"), Ok(Limit::None));
        assert_eq!(size_limit("1K").map(Limit::bound), Ok(Bound::Most(1024)));
    }

    #[test]
    fn queues_with_weights_and_limits() {
        let emails = Name::new("emails").unwrap();
        assert_eq!("emails:3".parse(), Ok(QueueWeight { queue: emails.clone(), weight: 3 }));
        assert_eq!("emails=2".parse(), Ok(QueueLimit { queue: emails, most: 2 }));
        assert_eq!("emails:0".parse::<QueueWeight>(), Err("\"0\" is not a weight (1 to 1000)".into()));
        assert!("a b".parse::<QueueWeight>().is_err());
        assert!("emails=0".parse::<QueueLimit>().is_err());
    }

    #[test]
    fn waiting_for_room() {
        assert_eq!("fail".parse(), Ok(IfFull::Fail));
        assert_eq!("wait".parse(), Ok(IfFull::Wait(None)));
        assert_eq!("wait=10s".parse(), Ok(IfFull::Wait(Some(10_000))));
        for bad in ["", "wait=", "wait=0s", "fail=1s", "later"] {
            assert!(bad.parse::<IfFull>().is_err(), "{bad}");
        }
    }

    #[test]
    fn environment_names_are_checked_and_values_are_not() {
        let read = |raw: &[u8]| env_arg(OsStr::from_bytes(raw));
        assert_eq!(read(b"A=b=c").unwrap().value, Some("b=c".into()));
        assert_eq!(read(b"A=\xff").unwrap().value, Some(OsString::from_vec(vec![0xff])));
        assert_eq!(read(b"A").unwrap(), EnvArg { name: "A".into(), value: None });
        assert!(read(b"=x").is_err());
        assert!(read(b"\xff=x").is_err());
        assert_eq!(
            read(b"JOBQ_FENCE=1").unwrap_err(),
            "JOBQ_FENCE is reserved: names that begin with JOBQ_ are set by the worker"
        );
    }

    #[test]
    fn signals_that_can_be_caught() {
        assert_eq!(soft_signal("INT"), Ok(2));
        assert!(soft_signal("KILL").unwrap_err().starts_with("a job cannot catch SIGKILL"));
        assert!(soft_signal("nope").is_err());
    }
}
