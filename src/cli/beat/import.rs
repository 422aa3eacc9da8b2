//! `jobq beat import`: another scheduler's file as jobq.toml.

use std::path::Path;

use super::super::args::ImportArgs;
use super::super::{Context, Done};
use super::files::{self, Found, note};
use crate::core::bytes::Bytes;
use crate::core::schedule::{Definition, Rule};
use crate::service::user;
use crate::view::checked::Note;
use crate::view::schedule::{missed_word, overlap_word};
use crate::view::{Problem, json, toml};

pub(super) fn crontab(context: &Context, args: &ImportArgs) -> Done {
    let all = files::crontabs(&args.file, &args.reading, &context.env)?;
    for note in &all.left_out {
        context.out.warn(&format!("{}: {}", note.file, note.message));
    }
    let (mut text, mut wrong) = (String::new(), Vec::new());
    for found in &all.found {
        for remark in &found.crontab.warnings {
            context.out.warn(&format!("{}:{}: {}", found.shown, remark.line, remark.message));
        }
        let (sections, left_out) = sections(found);
        text.push_str(&toml::comment(&format!("From {}.", found.shown)));
        for note in &left_out {
            text.push_str(&toml::comment(&format!("Line {} is left out: {}", note.line, note.message)));
        }
        text.push_str(&sections);
        wrong.extend(left_out);
    }
    if context.global.json {
        text = json::line(&serde_json::json!({"toml": text, "left_out": wrong}));
    }
    context.out.data(&text)?;
    match wrong.is_empty() {
        true => Ok(0),
        false => Err(Problem { hint: None, ..files::refused(&wrong) }.into()),
    }
}

/// A crontab as sections of jobq.toml, and its lines that have no such form.
fn sections(found: &Found) -> (String, Vec<Note>) {
    let mut wrong: Vec<Note> =
        found.crontab.refused.iter().map(|remark| note(&found.shown, remark)).collect();
    // Cron starts a job in its user's home; a file would start it in its own folder.
    let home = user::home(&found.user).unwrap_or_else(|| "/".into());
    let mut sections = String::new();
    for (line, definition) in &found.crontab.entries {
        match written(definition, &home) {
            Ok(section) => sections.push_str(&section),
            Err(why) => wrong.push(Note {
                file: found.shown.clone(),
                line: *line,
                column: 1,
                message: why.to_owned(),
                shown: Vec::new(),
                hint: None,
            }),
        }
    }
    wrong.sort_by_key(|note| (note.line, note.column));
    (sections, wrong)
}

/// A definition as a section of jobq.toml that means the same; `Err` where TOML has no form.
fn written(definition: &Definition, home: &Path) -> Result<String, &'static str> {
    let Rule::Cron { text, .. } = &definition.rule else {
        return Err("@reboot belongs to the crontab of a host: leave it there, and run it with --crontab");
    };
    let job = &definition.job;
    let string = |bytes: &Bytes| bytes.as_str().map(toml::string).ok_or("TOML holds UTF-8 only");
    let mut section = format!("\n[schedules.{}]\n", toml::key(definition.name.as_str()));
    let mut set = |key: &str, value: String| section.push_str(&format!("{key} = {value}\n"));
    set("cron", toml::string(text));
    set("timezone", toml::string(&definition.timezone));
    set("overlap", toml::string(overlap_word(definition.overlap)));
    set("missed", toml::string(missed_word(definition.missed)));
    set("queue", toml::string(job.queue.as_str()));
    let argv: Vec<String> = job.argv.iter().map(string).collect::<Result<_, _>>()?;
    set("command", format!("[{}]", argv.join(", ")));
    match &job.cwd {
        Some(cwd) => set("cwd", string(cwd)?),
        None => set("cwd", toml::string(&home.to_string_lossy())),
    }
    let env = job.env.iter().map(|(name, value)| Ok(format!("{} = {}", toml::key(name), string(value)?)));
    set("env", format!("{{ {} }}", env.collect::<Result<Vec<_>, &'static str>>()?.join(", ")));
    if let Some(stdin) = &definition.stdin {
        set("stdin", string(stdin)?);
    }
    if let Some(to) = &job.mailto {
        set("mailto", toml::string(to));
    }
    Ok(section)
}
