//! `jobq beat next`: the coming ticks, each on the clock of its schedule and on yours.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::escape;
use super::json::{SCHEMA, line};
use super::style::{DIM, Look, WARN};
use super::table::{Cell, Column, Table};
use crate::core::when::{ago, clock, rfc3339};

/// A tick that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The schedule; `None` for an expression that is not stored.
    pub schedule: Option<String>,
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// What a change of the clock before it does, or why no job will be made.
    pub notes: Vec<String>,
    /// The name of its zone.
    pub zone: String,
}

/// A table: one line a tick.
pub fn table(look: &Look, coming: &[Coming], here: &TimeZone, now_ms: i64) -> String {
    let named = coming.iter().any(|one| one.schedule.is_some());
    let elsewhere = coming.iter().any(|one| here.iana_name() != Some(one.zone.as_str()));
    let noted = coming.iter().any(|one| !one.notes.is_empty());
    let mut columns = vec![("TICK", Column::Whole)];
    columns.extend(elsewhere.then_some(("HERE", Column::Whole)));
    columns.push(("IN", Column::Number));
    columns.extend(named.then_some(("SCHEDULE", Column::Text)));
    columns.extend(noted.then_some(("NOTE", Column::Text)));
    let mut table = Table::new(&columns);
    for one in coming {
        let zone = TimeZone::get(&one.zone).unwrap_or(TimeZone::UTC);
        let mut row: Vec<Cell> = vec![clock(one.at_ms, &zone).into()];
        if elsewhere {
            row.push(Cell::styled(clock(one.at_ms, here), DIM));
        }
        let wait = ago(now_ms.saturating_sub(one.at_ms));
        row.push(wait.strip_prefix("in ").unwrap_or(&wait).into());
        if named {
            row.push(escape::text(one.schedule.as_deref().unwrap_or("-")).into());
        }
        if noted {
            row.push(Cell::styled(escape::text(&one.notes.join("; ")), WARN));
        }
        table.row(row);
    }
    table.render(look)
}

/// One object a line.
pub fn json(one: &Coming, now_ms: i64) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        schedule: Option<&'a str>,
        at: String,
        local: String,
        timezone: &'a str,
        in_ms: i64,
        notes: &'a [String],
        schema: u32,
    }
    let zone = TimeZone::get(&one.zone).unwrap_or(TimeZone::UTC);
    line(&Line {
        schedule: one.schedule.as_deref(),
        at: rfc3339(one.at_ms),
        local: local(one.at_ms, &zone),
        timezone: &one.zone,
        in_ms: one.at_ms.saturating_sub(now_ms),
        notes: &one.notes,
        schema: SCHEMA,
    })
}

/// RFC 3339 with the zone's offset.
fn local(ms: i64, zone: &TimeZone) -> String {
    let stamp = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    stamp.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}
