//! `[schedules.NAME]`: when what is enqueued.

use serde_json::Map;

use super::super::schedule::{MissedAlert, RuleDef, ScheduleDef, Work};
use super::*;
use crate::config::template;
use crate::core::cron::{Cron, Dialect, Parsed};
use crate::core::schedule::{Definition, Missed, Overlap};
use crate::core::script::HOOK_QUEUES;

pub(super) fn schedule(
    section: &Section<'_>,
    name: &Name,
    config: &Config,
    tree: &Node,
) -> Option<ScheduleDef> {
    let mut warnings = Vec::new();
    let rule = rule(section, name, &mut warnings);
    let work = work(section, config, tree);
    let found = ScheduleDef {
        timezone: section.read("timezone", values::zone),
        spread_ms: section.read("spread", values::duration).unwrap_or_default(),
        starts: section.read("starts", values::stated),
        ends: section.read("ends", values::stated),
        overlap: section
            .read("overlap", |node, kind| {
                choice(node, kind, &[Overlap::Queue, Overlap::Skip, Overlap::Replace, Overlap::Allow])
            })
            .unwrap_or_default(),
        missed: section
            .read("missed", |node, kind| choice(node, kind, &[Missed::Once, Missed::All, Missed::Skip]))
            .unwrap_or_default(),
        missed_window_ms: section.read("missed_window", values::duration),
        missed_max: section.read("missed_max", values::integer).unwrap_or(Definition::MISSED_MAX),
        expires: section.read("expires", values::expiry),
        alert: section.table("alert", &[MISSED_ALERT]).and_then(|alerts| alert(&alerts, section, config)),
        env: section.read("env", values::env).unwrap_or_default().into_iter().collect(),
        stdin: section.read("stdin", values::text),
        mailto: section.read("mailto", values::mail_address),
        queue: section.read("queue", values::name),
        policy: policy(section),
        labels: section.read("labels", values::labels).unwrap_or_default().into_iter().collect(),
        origin: section.node.origin.clone(),
        rule: rule.clone().unwrap_or(RuleDef::Every(0)),
        work: work.clone().unwrap_or(Work::Command { argv: Vec::new(), cwd: PathBuf::new() }),
        warnings,
    };
    section.done();
    consistent(section, &found);
    // Only after all keys were read: each has its own faults.
    (rule.is_some() && work.is_some()).then_some(found)
}

fn rule(section: &Section<'_>, name: &Name, warnings: &mut Vec<Fault>) -> Option<RuleDef> {
    let given: Vec<&str> =
        ["cron", "every", "at"].into_iter().filter(|key| section.node.get(key).is_some()).collect();
    match given.as_slice() {
        [] => {
            let words = format!("{} says no time: cron, every or at", section.path);
            section.fault(&section.node.origin, words);
        }
        [first, second, ..] => section.fault_at(second, format!("{first} and {second} exclude each other")),
        [_] => {}
    }
    let cron = section.read("cron", |node, kind| {
        let text = values::text(node, kind)?;
        Ok(expression(section, node, &text, name, warnings).then_some(text))
    });
    let every = section.read("every", values::duration).map(RuleDef::Every);
    let at = section.read("at", values::stated).map(RuleDef::At);
    cron.flatten().map(RuleDef::Cron).or(every).or(at).filter(|_| given.len() == 1)
}

/// Whether a cron expression can be read; what is wrong or doubtful is told, with a caret.
fn expression(
    section: &Section<'_>,
    node: &Node,
    text: &str,
    name: &Name,
    warnings: &mut Vec<Fault>,
) -> bool {
    let key = section.name("cron");
    // The value begins behind its quote.
    let place = |start: usize| {
        let before = text.get(..start).unwrap_or(text).chars().count();
        Origin { column: node.origin.column + 1 + before, ..node.origin.clone() }
    };
    let lines = |shown: String| shown.lines().map(str::to_owned).collect();
    match Cron::parse(text, Dialect::Schedule, name.as_str()) {
        Ok(Parsed::Calendar { warnings: found, .. }) => {
            warnings.extend(found.into_iter().map(|warning| Fault {
                origin: place(warning.span.start),
                shown: lines(warning.pointed(text)),
                message: format!("{key}: {}", warning.message),
            }));
            true
        }
        Ok(Parsed::Reboot) => {
            section.fault(&node.origin, format!("{key}: @reboot is for crontabs"));
            false
        }
        Err(error) => {
            let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            section.faults.borrow_mut().push(Fault {
                origin: place(error.span.start),
                shown: lines(error.pointed()),
                message: format!("{key}: {}{hint}", error.message),
            });
            false
        }
    }
}

fn work(section: &Section<'_>, config: &Config, tree: &Node) -> Option<Work> {
    let command = section.read("command", values::words);
    let cwd = section.read("cwd", values::path);
    let task = section.read("task", values::name);
    let args = section.read("args", values::args);
    let given = |key: &str| section.node.get(key).is_some();
    match (given("task"), given("command")) {
        (false, false) => {
            let words = format!("{} enqueues nothing: task or command", section.path);
            section.fault(&section.node.origin, words);
            None
        }
        (true, true) => {
            section.fault_at("command", "task and command exclude each other");
            None
        }
        (true, false) => {
            for key in ["cwd", "mailto"].into_iter().filter(|key| given(key)) {
                section.fault_at(key, format!("{key} is for commands; a task is its worker's jobq.toml's"));
            }
            let (name, args) = (task?, args.unwrap_or_default());
            takes(section, &name, &args, config, tree);
            Some(Work::Task { name, args })
        }
        (false, true) => {
            if given("args") {
                section.fault_at("args", "args are for a task; a command has all its arguments in itself");
            }
            let place = section.node.get("command").unwrap_or(section.node);
            let cwd = cwd.unwrap_or_else(|| place.origin.source.dir.clone());
            Some(Work::Command { argv: command?, cwd })
        }
    }
}

/// Tells of a task that there is not, and of parameters that it does not take.
fn takes(
    section: &Section<'_>,
    name: &Name,
    args: &Map<String, serde_json::Value>,
    config: &Config,
    tree: &Node,
) {
    let Some(task) = config.tasks.get(name) else {
        let tasks = tree.get("tasks").map(Node::entries).unwrap_or_default();
        let known: Vec<&str> = tasks.iter().map(|(key, _)| key.text.as_str()).collect();
        // One that is wrong itself has been told of.
        if !known.contains(&name.as_str()) {
            let hint = nearest(name.as_str(), &known)
                .map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            section.fault_at("task", format!("there is no task {:?}{hint}", name.as_str()));
        }
        return;
    };
    if let Err(error) = template::accept(task, args.clone()) {
        let node = section.node.get("args");
        let of_param = error.param.as_ref().and_then(|param| node?.get(param));
        let origin = &of_param.or(node).unwrap_or(section.node).origin;
        section.fault(origin, format!("{}: {}", section.name("args"), error.message));
    }
    if task.stdin == StdinMode::Json && section.node.get("stdin").is_some() {
        section.fault_at("stdin", format!("the task {name} reads its parameters from standard input"));
    }
}

fn alert(section: &Section<'_>, schedule: &Section<'_>, config: &Config) -> Option<MissedAlert> {
    let (after_ms, command) =
        (section.read("missed", values::duration), section.read("command", values::words));
    section.done();
    let given = |key: &str| section.node.get(key);
    if given("missed").is_none() {
        section.fault(&section.node.origin, format!("{} has no missed", section.path));
    }
    let task = match schedule.node.get("task").map(|node| &node.value) {
        Some(Value::Text(name)) => Name::new(name.as_str()).ok().and_then(|name| config.tasks.get(&name)),
        _ => None,
    };
    if given("command").is_none() && task.is_none_or(|task| task.alert.is_none()) {
        let words = format!("{} has no command, and there is no alert of a task", section.path);
        section.fault(&section.node.origin, words);
    }
    let cwd = given("command").unwrap_or(section.node).origin.source.dir.clone();
    Some(MissedAlert { after_ms: after_ms?, command: command.unwrap_or_default(), cwd })
}

/// Keys that would have no effect.
fn consistent(section: &Section<'_>, found: &ScheduleDef) {
    let given = |key: &str| section.node.get(key).is_some();
    if given("missed_max") && found.missed != Missed::All {
        section.fault_at("missed_max", "missed_max has no effect without missed = \"all\"");
    }
    if given("missed_window") && found.missed == Missed::Skip {
        section.fault_at("missed_window", "missed_window has no effect with missed = \"skip\"");
    }
    if let Some(queue) = found.queue.as_ref().filter(|queue| HOOK_QUEUES.contains(&queue.as_str())) {
        section.fault_at("queue", format!("the queue {queue} is jobq's own; use another name"));
    }
}
