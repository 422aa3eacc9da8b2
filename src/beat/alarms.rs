//! Schedules without a success in time: one hook job when that is so, one when it is over,
//! and reminders at growing distances in between. The script decides that it is told once.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Shared;
use super::book::{Book, Known};
use crate::core::error::Result;
use crate::core::name::Name;
use crate::core::script::{COMMAND_HOOK_QUEUE, HOOK_QUEUE};
use crate::core::spec::{Backoff, Kind, Limits, Retry, Spec};
use crate::core::store::{Alarm, NewJob};
use crate::service::journal::{Event, Level};

/// Tells of all of them.
///
/// # Errors
/// See [`crate::core::error::Error`].
pub(super) async fn tell(shared: &Shared, book: &mut Book, alarms: &[Alarm]) -> Result<()> {
    let wanted: Vec<(&str, &str)> =
        alarms.iter().map(|alarm| (alarm.name.as_str(), alarm.hash.as_str())).collect();
    book.learn(&shared.store, &wanted).await?;
    for alarm in alarms {
        let Some(page) = book.get(&alarm.name, &alarm.hash) else { continue };
        let Ok(known) = &*page else { continue };
        let Some((cause, hook)) = hook(alarm, known) else { continue };
        if shared.store.alarm(alarm, &cause, &hook).await? {
            let (level, text) = match alarm.event.as_str() {
                "alert" => (Level::Warn, "no success in time"),
                "reminder" => (Level::Warn, "still no success"),
                _ => (Level::Info, "successful again"),
            };
            shared.say(&Event::new(level, text).job(&hook.id).with("schedule", &alarm.name));
        }
    }
    Ok(())
}

/// What the alarm's hook is told as JSON, and the hook: a command of the schedule's, else the
/// alert of its task.
fn hook(alarm: &Alarm, known: &Known) -> Option<(String, NewJob)> {
    let definition = &known.definition;
    let of_task = definition.alert_command.is_empty();
    let queue = Name::new(if of_task { HOOK_QUEUE } else { COMMAND_HOOK_QUEUE }).ok()?;
    let reason = match definition.alert_after_ms {
        Some(after_ms) => {
            format!("no success of schedule {} within {} s of its tick", alarm.name, after_ms / 1000)
        }
        None => format!("no success of schedule {}", alarm.name),
    };
    let mut facts = Map::new();
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.insert(name.to_owned(), Value::String(value));
        }
    };
    fact("schedule", Some(alarm.name.clone()));
    fact("reason", (alarm.event != "recovery").then_some(reason));
    fact("since", alarm.incident_ms.map(|at| at.to_string()));
    fact("id", alarm.job.clone());
    let mut spec = Spec::command(queue, definition.alert_command.clone());
    spec.kind = Kind::Hook;
    spec.limits = Limits { timeout_ms: Some(600_000), ..Limits::default() };
    spec.retry = Retry {
        retries: 3,
        delay_ms: 10_000,
        backoff: Backoff::Exponential,
        max_delay_ms: 600_000,
        jitter: false,
    };
    if of_task {
        spec.task = Some(definition.job.task.clone()?);
        spec.named = BTreeMap::from([("event".to_owned(), Value::String(alarm.event.clone()))]);
    } else {
        spec.cwd = definition.alert_cwd.clone().or_else(|| definition.job.cwd.clone());
        spec.env = environment(alarm, &facts);
    }
    let id = Name::new(format!("{}.{}-{}", definition.name, alarm.event, alarm.at));
    let id = id.unwrap_or_else(|_| crate::core::name::new_id());
    let job = NewJob { id, spec, not_before: None, expires: None, stdin: None };
    Some((Value::Object(facts).to_string(), job))
}

/// The facts under the names that hooks of tasks know them by.
fn environment(alarm: &Alarm, facts: &Map<String, Value>) -> BTreeMap<String, crate::core::bytes::Bytes> {
    let names = [
        ("JOBQ_SCHEDULE", "schedule"),
        ("JOBQ_ALERT_REASON", "reason"),
        ("JOBQ_ALERT_SINCE", "since"),
        ("JOBQ_PARENT_ID", "id"),
    ];
    let told = names
        .iter()
        .filter_map(|(name, fact)| Some(((*name).to_owned(), facts.get(*fact)?.as_str()?.into())));
    std::iter::once(("JOBQ_EVENT".to_owned(), alarm.event.as_str().into())).chain(told).collect()
}
