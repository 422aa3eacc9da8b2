//! `jobq beat check`: what is wrong with a file, what is doubtful, and what it would do.

use serde::Serialize;

use super::escape;
use super::json::{SCHEMA, line};
use super::style::{BAD, DIM, GOOD, Look, WARN};
use super::table::{Cell, Column, NONE, Table};
use super::words::count;
use crate::core::when::{clock, rfc3339};

/// A word about a place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong or doubtful.
    pub message: String,
    /// The place, with a caret below.
    pub shown: Vec<String>,
    /// What would mend it.
    pub hint: Option<String>,
}

/// A schedule that is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Its name.
    pub name: String,
    /// Where it stands: `/etc/crontab:17`.
    pub place: String,
    /// When it ticks, in words.
    pub when: String,
    /// Its next tick, in milliseconds since the epoch.
    pub next_ms: Option<i64>,
    /// Its zone.
    pub timezone: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub errors: Vec<Note>,
    /// What is doubtful.
    pub warnings: Vec<Note>,
    /// What is well.
    pub schedules: Vec<Sound>,
}

/// For people: the faults by place, then the schedules and the sum.
pub fn text(look: &Look, checked: &Checked) -> String {
    let mut notes: Vec<(&Note, &str, anstyle::Style)> =
        checked.errors.iter().map(|note| (note, "error", BAD.bold())).collect();
    notes.extend(checked.warnings.iter().map(|note| (note, "warning", WARN)));
    notes.sort_by_key(|(note, ..)| (note.file.as_str(), note.line, note.column));
    let mut text = String::new();
    for (note, word, style) in notes {
        let place = escape::text(&format!("{}:{}:{}:", note.file, note.line, note.column));
        text.push_str(&format!(
            "{place} {} {}\n",
            look.paint(style, &format!("{word}:")),
            escape::text(&note.message)
        ));
        for shown in &note.shown {
            text.push_str(&format!("    {}\n", escape::text(shown)));
        }
        if let Some(hint) = &note.hint {
            text.push_str(&format!("    {} {}\n", look.paint(DIM, "hint:"), escape::text(hint)));
        }
    }
    if !checked.schedules.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&schedules(look, &checked.schedules));
        text.push('\n');
    }
    let (errors, warnings) = (checked.errors.len() as u64, checked.warnings.len() as u64);
    let (word, style) = if errors == 0 { ("good:", GOOD.bold()) } else { ("wrong:", BAD.bold()) };
    let sums = [(errors, "error"), (warnings, "warning")].map(|(number, noun)| match number {
        0 => String::new(),
        number => format!(", {}", count(number, noun)),
    });
    let sound = count(checked.schedules.len() as u64, "schedule");
    text.push_str(&format!("{} {sound}{}\n", look.paint(style, word), sums.concat()));
    text
}

fn schedules(look: &Look, sound: &[Sound]) -> String {
    let mut table = Table::new(&[
        ("SCHEDULE", Column::Text),
        ("WHEN", Column::Text),
        ("NEXT TICK", Column::Whole),
        ("AT", Column::Text),
    ]);
    for one in sound {
        let zone = jiff::tz::TimeZone::get(&one.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
        table.row(vec![
            escape::text(&one.name).into(),
            escape::text(&one.when).into(),
            one.next_ms.map_or(NONE.to_owned(), |next| clock(next, &zone)).into(),
            Cell::styled(escape::text(&one.place), DIM),
        ]);
    }
    table.render(look)
}

/// For machines: one object.
pub fn json(checked: &Checked) -> String {
    #[derive(Serialize)]
    struct Outer<'a> {
        ok: bool,
        errors: &'a [Note],
        warnings: &'a [Note],
        schedules: Vec<Line<'a>>,
        schema: u32,
    }
    #[derive(Serialize)]
    struct Line<'a> {
        name: &'a str,
        place: &'a str,
        when: &'a str,
        timezone: &'a str,
        next_at: Option<String>,
    }
    let schedules = checked.schedules.iter().map(|one| Line {
        name: &one.name,
        place: &one.place,
        when: &one.when,
        timezone: &one.timezone,
        next_at: one.next_ms.map(rfc3339),
    });
    line(&Outer {
        ok: checked.errors.is_empty(),
        errors: &checked.errors,
        warnings: &checked.warnings,
        schedules: schedules.collect(),
        schema: SCHEMA,
    })
}
