//! Enqueueing a task: its definition, its parameters, what of it is recorded with the job.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::{Map, Value};

use crate::cli::args::JobArgs;
use crate::cli::args::help::TO_RUN_A_COMMAND;
use crate::cli::exit;
use crate::config::template::accept;
use crate::config::{Alert, Config, ParamError, StdinMode, TaskDef};
use crate::core::name::Name;
use crate::core::spec::Spec;
use crate::view::Problem;

/// The most bytes that a parameter may take from a file.
const MAX_FILE: u64 = 128 * 1024;

/// The task that was named, with its definition; no definition under `--unchecked`.
pub(super) fn find<'a>(
    args: &JobArgs,
    config: &'a Config,
) -> Result<Option<(Name, Option<&'a TaskDef>)>, Problem> {
    let Some(word) = args.words.first() else { return Ok(None) };
    let typed = word.to_string_lossy().into_owned();
    let name = Name::new(typed.as_str()).ok();
    if let Some((name, def)) = name.as_ref().and_then(|name| config.tasks.get_key_value(name)) {
        return Ok(Some((name.clone(), Some(def))));
    }
    match name {
        Some(name) if args.unchecked => Ok(Some((name, None))),
        _ => Err(unknown(&typed, config)),
    }
}

fn unknown(typed: &str, config: &Config) -> Problem {
    let shown = crate::view::escape::text(typed);
    if config.tasks.is_empty() {
        let problem = Problem::new(
            exit::USAGE,
            "usage",
            format!("there is no task {shown:?}: no jobq.toml defines any"),
        );
        return problem.hint(TO_RUN_A_COMMAND);
    }
    let near = config.nearest_task(typed).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Problem::new(exit::UNKNOWN, "no_such_task", format!("there is no task {shown:?}{near}"))
        .hint(format!("jobq inspect config lists them; {TO_RUN_A_COMMAND}"))
}

/// What was typed behind the task: `KEY=TEXT`, `KEY:=JSON`, `KEY@=FILE`.
fn typed(words: &[OsString]) -> Result<Map<String, Value>, ParamError> {
    let mut named = Map::new();
    for word in words {
        let bytes = word.as_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
        let (key, value) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
        let (key, value) = match key.last() {
            Some(b':') => (&key[..key.len() - 1], json(key, value)?),
            Some(b'@') => (&key[..key.len() - 1], file(value)?),
            _ => (key, text(value)),
        };
        let key = String::from_utf8_lossy(key).into_owned();
        if !is_key(&key) {
            return Err(bad(format!(
                "{key:?} is no parameter's name: those are small letters, digits and _"
            )));
        }
        if named.insert(key.clone(), value).is_some() {
            return Err(bad(format!("{key} is given twice")));
        }
    }
    Ok(named)
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn bad(message: String) -> ParamError {
    ParamError { param: None, message }
}

fn text(bytes: &[u8]) -> Value {
    serde_json::to_value(crate::core::bytes::Bytes(bytes.to_vec())).unwrap_or_default()
}

fn json(key: &[u8], value: &[u8]) -> Result<Value, ParamError> {
    let key = String::from_utf8_lossy(key);
    serde_json::from_slice(value).map_err(|error| bad(format!("{key}= wants JSON: {error}")))
}

fn file(path: &[u8]) -> Result<Value, ParamError> {
    use std::io::Read as _;
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| bad(format!("cannot read {}: {error}", path.display())))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(bad(format!("{} has more than 128 KiB, the most a parameter may have", path.display())));
    }
    Ok(text(&bytes))
}

/// Fills in what was typed of a task, and what the task says about its jobs.
pub(super) fn describe(
    args: &JobArgs,
    name: &Name,
    def: Option<&TaskDef>,
    spec: &mut Spec,
) -> Result<(), Problem> {
    let named = typed(args.words.get(1..).unwrap_or_default())?;
    if def.is_some_and(|def| def.stdin == StdinMode::Json) && (args.stdin || args.stdin_file.is_some()) {
        return Err(reads_parameters(name));
    }
    Ok(filled(name, def, named, spec)?)
}

/// What is wrong with standard input for a task that reads its parameters there.
fn reads_parameters(name: &Name) -> Problem {
    let words = format!("the task {name} reads its parameters from standard input");
    Problem::new(exit::USAGE, "usage", words)
}

/// Fills in a task and its parameters, checked where its definition is known.
pub(super) fn filled(
    name: &Name,
    def: Option<&TaskDef>,
    named: Map<String, Value>,
    spec: &mut Spec,
) -> Result<(), ParamError> {
    spec.task = Some(name.clone());
    let Some(def) = def else {
        spec.named = named.into_iter().collect();
        return Ok(());
    };
    spec.named = accept(def, named)?;
    for (key, value) in &def.labels {
        spec.labels.entry(key.clone()).or_insert_with(|| value.clone());
    }
    let events = [("success", &def.on_success), ("failure", &def.on_failure), ("retry", &def.on_retry)];
    let events: Vec<&str> =
        events.iter().filter(|(_, words)| words.is_some()).map(|(event, _)| *event).collect();
    spec.hooks = (!events.is_empty()).then(|| events.join(","));
    spec.alert = def.alert.as_ref().map(alert);
    Ok(())
}

/// An alert's rules in the form that scripts read.
fn alert(alert: &Alert) -> String {
    let rules = [
        alert.consecutive_failures.map(|count| format!("c{count}")),
        alert.failures.map(|(bad, of)| format!("f{bad}/{of}")),
        alert.slower_than.map(|times| format!("s{times}")),
    ];
    rules.into_iter().flatten().collect::<Vec<_>>().join(",")
}
