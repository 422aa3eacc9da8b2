//! `jobq inspect config`: what holds, and where it was said. Needs no server.

use serde_json::Value;

use super::super::args::{ConfigArgs, ViewArgs};
use super::super::{Context, Done, settle};
use super::present::{check, present};
use crate::config::node::{Node, Value as Toml};
use crate::config::schema::{Key, Kind, POLICY, REDIS, TASK, WORKER, keys};
use crate::config::{Config, Origin, TaskDef};
use crate::view::config::{ConfigReport, Entry, From, HIDDEN, hide_url};

pub(super) async fn show(context: &Context, args: &ConfigArgs) -> Done {
    let view = ViewArgs { format: args.format.clone(), watch: None };
    check::<ConfigReport>(&view)?;
    present(context, &view, async || Ok((report(context), 0))).await
}

fn report(context: &Context) -> ConfigReport {
    let config = &context.config;
    let mut entries = redis(context);
    for key in keys(&[WORKER]) {
        entries.extend(setting(config, "worker", key).or_else(|| worker_default(context, key)));
    }
    if let Some(queues) = config.tree.as_ref().and_then(|tree| tree.get("queues")) {
        flatten("queues", queues, &mut entries);
    }
    if let Some(schedules) = config.tree.as_ref().and_then(|tree| tree.get("schedules")) {
        flatten("schedules", schedules, &mut entries);
    }
    for (name, task) in &config.tasks {
        let node = config.tree.as_ref().and_then(|tree| tree.get("tasks")?.get(name.as_str()));
        if let Some(node) = node {
            entries.extend(of_task(config, &format!("tasks.{name}"), node, task));
        }
    }
    ConfigReport { files: config.files.clone(), entries }
}

fn entry(key: impl Into<String>, value: Value, from: From) -> Entry {
    Entry { key: key.into(), value, hidden: false, from }
}

fn place(origin: &Origin) -> From {
    From::File { file: origin.file().display().to_string(), line: origin.line, column: origin.column }
}

/// A value of the files as it stands there.
fn written(key: &str, node: &Node) -> Entry {
    entry(key, node.json().unwrap_or_default(), place(&node.origin))
}

/// A path of the files as it is used.
fn written_path(key: &str, node: &Node) -> Option<Entry> {
    Some(entry(key, node.path()?.to_string_lossy().into(), place(&node.origin)))
}

/// A key of a section: as a file has it, else its default where there is one.
fn setting(config: &Config, section: &str, key: &Key) -> Option<Entry> {
    let name = format!("{section}.{}", key.name);
    match config.tree.as_ref().and_then(|tree| tree.get(section)?.get(key.name)) {
        Some(node) if matches!(key.kind, Kind::Path) => written_path(&name, node),
        Some(node) => Some(written(&name, node)),
        None if key.default.is_empty() => None,
        None => Some(entry(name, key.default_json(), From::Default)),
    }
}

/// What a worker does where no file says anything and no word stands for it.
fn worker_default(context: &Context, key: &Key) -> Option<Entry> {
    let value = match key.name {
        "queues" => {
            let queues = settle::queues(&[], &context.config);
            Value::from(queues.iter().map(|(queue, _)| queue.as_str()).collect::<Vec<_>>())
        }
        "concurrency" => Value::from(std::thread::available_parallelism().map_or(1, usize::from)),
        "tmp" => Value::from(context.env.temp.to_string_lossy()),
        _ => Value::Null,
    };
    let from =
        if key.name == "tmp" && context.env.temp_named { From::Environment("TMPDIR") } else { From::Default };
    Some(entry(format!("worker.{}", key.name), value, from))
}

fn redis(context: &Context) -> Vec<Entry> {
    let (global, env, config) = (&context.global, &context.env, &context.config);
    let typed = |name: &str| match name {
        "url" => {
            global.typed_url().map(|(url, flag)| (url.to_owned(), flag.then_some("--url").ok_or("JOBQ_URL")))
        }
        "namespace" => global
            .typed_namespace()
            .map(|(name, flag)| (name.to_string(), flag.then_some("--namespace").ok_or("JOBQ_NAMESPACE"))),
        "tls_ca" => shown(global.tls_ca.as_deref()).map(|path| (path, Ok("--tls-ca"))),
        "tls_cert" => shown(global.tls_cert.as_deref()).map(|path| (path, Ok("--tls-cert"))),
        "tls_key" => shown(global.tls_key.as_deref()).map(|path| (path, Ok("--tls-key"))),
        "password_file" => shown(env.password_file.as_deref()).map(|path| (path, Err("JOBQ_PASSWORD_FILE"))),
        _ => None,
    };
    keys(&[REDIS])
        .map(|key| {
            let mut one = match typed(key.name) {
                Some((text, Ok(flag))) => entry(format!("redis.{}", key.name), text.into(), From::Flag(flag)),
                Some((text, Err(variable))) => {
                    entry(format!("redis.{}", key.name), text.into(), From::Environment(variable))
                }
                None => setting(config, "redis", key)
                    .unwrap_or_else(|| entry(format!("redis.{}", key.name), Value::Null, From::Default)),
            };
            match (key.name, &one.value) {
                ("url", Value::String(url)) => {
                    let (url, hidden) = hide_url(url);
                    (one.value, one.hidden) = (url.into(), hidden);
                }
                ("password", Value::String(_)) => (one.value, one.hidden) = (HIDDEN.into(), true),
                _ => {}
            }
            one
        })
        .collect()
}

fn shown(path: Option<&std::path::Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// What holds for a job of a task: its own keys, then its queue's, then the defaults.
fn of_task(config: &Config, path: &str, node: &Node, task: &TaskDef) -> Vec<Entry> {
    let queue = config.tree.as_ref().and_then(|tree| tree.get("queues")?.get(task.queue.as_str()));
    let mut entries = Vec::new();
    for key in keys(&[TASK, POLICY]) {
        let name = format!("{path}.{}", key.name);
        let of_queue = || queue.filter(|_| POLICY.iter().any(|one| one.name == key.name))?.get(key.name);
        match node.get(key.name).or_else(of_queue) {
            Some(found) if matches!(key.kind, Kind::Path) => entries.extend(written_path(&name, found)),
            Some(found) => flatten(&name, found, &mut entries),
            None if key.name == "cwd" => {
                entries.push(entry(name, task.cwd.to_string_lossy().into(), From::Default));
            }
            None if key.default.is_empty() => {}
            None => entries.push(entry(name, key.default_json(), From::Default)),
        }
    }
    entries
}

/// The leaves of a table, each with its own place: files may each have a part of it.
fn flatten(path: &str, node: &Node, entries: &mut Vec<Entry>) {
    let Toml::Table(parts) = &node.value else {
        let mut one = written(path, node);
        if secret(path) {
            (one.value, one.hidden) = (HIDDEN.into(), true);
        }
        entries.push(one);
        return;
    };
    for (key, part) in parts {
        flatten(&format!("{path}.{}", key.text), part, entries);
    }
}

/// Whether a variable of a task sounds like a secret.
fn secret(path: &str) -> bool {
    let Some((_, variable)) = path.split_once(".env.") else { return false };
    let variable = variable.to_ascii_uppercase();
    ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"].iter().any(|word| variable.contains(word))
}
