//! A worker's log: one event, one line, for people or for machines.

use serde_json::{Map, Value};

use super::escape;
use super::style::{BUSY, DIM, Look, PLAIN, WARN};
use crate::core::when::rfc3339;
use crate::service::journal::{Event, Level};

/// One event as a line of text: time, level, words, job, particulars.
pub fn text(look: &Look, event: &Event, now_ms: i64) -> String {
    let style = match event.level {
        Level::Debug => DIM,
        Level::Info => PLAIN,
        Level::Warn => WARN,
    };
    let mut line = format!("{} {}", look.paint(DIM, &rfc3339(now_ms)), look.paint(style, event.text));
    if let Some(job) = &event.job {
        line.push_str(&format!(" {}", look.paint(BUSY, &escape::text(job))));
    }
    for (name, value) in &event.fields {
        let value = escape::text(value);
        let value =
            if value.is_empty() || value.contains([' ', '"', '=']) { format!("{value:?}") } else { value };
        line.push_str(&format!(" {}{value}", look.paint(DIM, &format!("{name}="))));
    }
    line.push('\n');
    line
}

/// One event as a JSON object: `time`, `level`, `event`, `job` where there is one, and the
/// particulars.
pub fn json(event: &Event, now_ms: i64) -> String {
    let level = match event.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
    };
    let mut object = Map::new();
    object.insert("time".into(), Value::from(rfc3339(now_ms)));
    object.insert("level".into(), Value::from(level));
    object.insert("event".into(), Value::from(event.text));
    if let Some(job) = &event.job {
        object.insert("job".into(), Value::from(job.as_str()));
    }
    for (name, value) in &event.fields {
        // Numbers stay numbers: whoever reads the log adds them up.
        let value = value.parse::<u64>().map_or_else(|_| Value::from(value.as_str()), Value::from);
        object.insert((*name).into(), value);
    }
    super::json::line(&Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_is_one_line() {
        let event = Event::new(Level::Warn, "failed").job("01x").with("error", "exit\ncode 3").with("ms", 12);
        assert_eq!(
            text(&Look::plain(), &event, 0),
            "1970-01-01T00:00:00.000Z failed 01x error=\"exit\\\\ncode 3\" ms=12\n"
        );
        assert_eq!(
            json(&event, 0),
            "{\"error\":\"exit\\ncode 3\",\"event\":\"failed\",\"job\":\"01x\",\"level\":\"warn\",\"ms\":12,\"time\":\"1970-01-01T00:00:00.000Z\"}\n"
        );
    }
}
