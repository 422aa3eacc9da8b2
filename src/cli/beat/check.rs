//! `jobq beat check`: all that is wrong with a file, before anything runs.

use std::path::Path;

use super::super::args::{CheckArgs, CrontabArgs};
use super::super::resolve::schedule;
use super::super::{Context, Done, config_place, exit};
use super::files::{self, Found, note};
use super::run::{NO_SENDMAIL, has_sendmail};
use super::{facts, now_ms};
use crate::config::{self, ConfigError, Fault, Where};
use crate::core::schedule::{Definition, Times};
use crate::view::Problem;
use crate::view::checked::{self, Checked, Note, Sound};
use crate::view::schedule::when;

pub(super) fn run(context: &Context, args: &CheckArgs) -> Done {
    let crontab = args.file.as_deref().filter(|file| file.extension().is_none_or(|ending| ending != "toml"));
    let (checked, code) = match crontab {
        Some(file) => (of_crontab(context, file, &args.reading)?, exit::DATA),
        None => {
            no_crontab_options(&args.reading)?;
            (of_config(context, args.file.as_deref())?, exit::CONFIG)
        }
    };
    let text = if context.global.json {
        checked::json(&checked)
    } else {
        checked::text(context.out.look(), &checked)
    };
    context.out.data(&text)?;
    Ok(if checked.errors.is_empty() { 0 } else { code })
}

fn no_crontab_options(reading: &CrontabArgs) -> Result<(), Problem> {
    let given = [
        ("--user-field", reading.user_field),
        ("--worker-user", reading.worker_user.is_some()),
        ("--queue", reading.queue.is_some()),
        ("--host", reading.host.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Problem::new(exit::USAGE, "usage", format!("{option} is for crontabs"))),
        None => Ok(()),
    }
}

fn of_crontab(context: &Context, file: &Path, reading: &CrontabArgs) -> Result<Checked, Problem> {
    let all = files::crontabs(file, reading, &context.env)?;
    let mut checked = Checked { warnings: all.left_out, ..Checked::default() };
    for found in &all.found {
        check_crontab(context, found, &mut checked);
    }
    Ok(checked)
}

fn check_crontab(context: &Context, found: &Found, checked: &mut Checked) {
    let noted = |remark| note(&found.shown, remark);
    checked.errors.extend(found.crontab.refused.iter().map(noted));
    checked.warnings.extend(found.crontab.warnings.iter().map(noted));
    checked.schedules.extend(found.crontab.entries.iter().map(|(_, definition)| sound(definition)));
    if found.crontab.mails && !has_sendmail(context) {
        let mailed = found.crontab.entries.iter().find(|(_, one)| one.job.mailto.is_some());
        checked.warnings.push(Note {
            file: found.shown.clone(),
            line: mailed.map_or(1, |(line, _)| *line),
            column: 1,
            message: NO_SENDMAIL.to_owned(),
            shown: Vec::new(),
            hint: None,
        });
    }
}

fn of_config(context: &Context, file: Option<&Path>) -> Result<Checked, Problem> {
    let place = config_place(&context.global, &context.env);
    let place = match file {
        Some(file) => Where { only: Some(file.to_owned()), ..place },
        None => place,
    };
    let config = match config::load(&place) {
        Ok(config) => config,
        Err(ConfigError::Faults { faults }) => {
            return Ok(Checked { errors: faults.iter().map(of_fault).collect(), ..Checked::default() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut checked = Checked::default();
    let facts = facts(&context.env);
    for (name, def) in config.schedules.iter().flatten() {
        checked.warnings.extend(def.warnings.iter().map(of_fault));
        match schedule::definition(name, def, &config, &facts) {
            Ok(definition) => checked.schedules.push(sound(&definition)),
            Err(fault) => checked.errors.push(of_fault(&fault)),
        }
    }
    Ok(checked)
}

fn of_fault(fault: &Fault) -> Note {
    Note {
        file: fault.origin.file().display().to_string(),
        line: fault.origin.line,
        column: fault.origin.column,
        message: fault.message.clone(),
        shown: fault.shown.clone(),
        hint: None,
    }
}

fn sound(definition: &Definition) -> Sound {
    Sound {
        name: definition.name.to_string(),
        place: definition.source.place.clone(),
        when: when(definition),
        next_ms: Times::of(definition).ok().and_then(|times| times.next_after(now_ms())),
        timezone: definition.timezone.clone(),
    }
}
