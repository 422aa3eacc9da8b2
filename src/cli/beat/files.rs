//! The files of a beat: `[schedules]` of the configuration, and crontabs.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::args::{BeatRunArgs, CrontabArgs};
use super::super::env::EnvFacts;
use super::super::resolve::schedule;
use super::super::{Context, config_place, exit, host_name};
use super::{facts, folder};
use crate::beat::crontab::{self, Crontab, Reading, Remark};
use crate::beat::settings::{Files, Said};
use crate::config::{self, Config, Where};
use crate::core::name::Name;
use crate::core::spec::Origin;
use crate::core::when::rfc3339;
use crate::service::user;
use crate::view::Problem;
use crate::view::checked::Note;

/// The most bytes of a crontab.
const MOST_BYTES: u64 = 4 << 20;

/// A crontab that was read.
pub(super) struct Found {
    /// As it is shown.
    pub(super) shown: String,
    /// Who its jobs run as.
    pub(super) user: String,
    /// What it says.
    pub(super) crontab: Crontab,
}

/// What one `--crontab` names: a file, or a folder of them such as /etc/cron.d.
pub(super) struct Crontabs {
    /// As it is shown.
    pub(super) shown: String,
    /// Who may remove its schedules. A folder is one source, so that what is gone from it goes,
    /// also what went while no beat was there.
    pub(super) source: Name,
    /// The files.
    pub(super) found: Vec<Found>,
    /// Files of a folder that are left out, as cron would, and why.
    pub(super) left_out: Vec<Note>,
}

/// Reads a crontab, or all of a folder; what is wrong with their lines is part of the answer.
///
/// # Errors
/// It cannot be read (66), or the local zone has no name (78).
pub(super) fn crontabs(path: &Path, args: &CrontabArgs, env: &EnvFacts) -> Result<Crontabs, Problem> {
    let real = fs::canonicalize(path).map_err(|error| unread(path, &error))?;
    let host = args.host.clone().unwrap_or_else(|| host_name(&env.host));
    let label = crontab::label(&real.to_string_lossy());
    let source = crontab::source(&host, &label).ok_or_else(|| unread(path, &"its path makes no name"))?;
    let mut all =
        Crontabs { shown: path.display().to_string(), source, found: Vec::new(), left_out: Vec::new() };
    if !real.is_dir() {
        all.found.push(crontab(path, &all.source, args, env)?);
        return Ok(all);
    }
    let args = CrontabArgs { user_field: true, ..args.clone() };
    for path in folder::entries(path).map_err(|error| unread(path, &error))? {
        let read = folder::why_not(&path, env.euid)
            .map_or_else(|| crontab(&path, &all.source, &args, env).map_err(|problem| problem.message), Err);
        match read {
            Ok(found) => all.found.push(found),
            Err(message) => all.left_out.push(Note {
                file: path.display().to_string(),
                line: 1,
                column: 1,
                message,
                shown: Vec::new(),
                hint: None,
            }),
        }
    }
    Ok(all)
}

fn unread(path: &Path, why: &dyn std::fmt::Display) -> Problem {
    Problem::new(exit::UNKNOWN, "no_input", format!("cannot read {}: {why}", path.display()))
}

fn crontab(path: &Path, source: &Name, args: &CrontabArgs, env: &EnvFacts) -> Result<Found, Problem> {
    let unread = |why: &dyn std::fmt::Display| unread(path, why);
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| unread(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| unread(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(unread(&"it is larger than 4 MiB"));
    }
    let real = fs::canonicalize(path).map_err(|error| unread(&error))?;
    let host = args.host.clone().unwrap_or_else(|| host_name(&env.host));
    let user =
        args.worker_user.clone().unwrap_or_else(|| user::own(env.euid).unwrap_or_else(|| env.user.clone()));
    let zone = schedule::zone_name(&env.zone)?;
    let place = real.display().to_string();
    let reading = Reading {
        place: &place,
        source: source.clone(),
        user_field: args.user_field || is_of_the_system(&real),
        user: &user,
        queue: match &args.queue {
            Some(queue) => queue.clone(),
            None => crontab::queue(&host).ok_or_else(|| unread(&"its host makes no name"))?,
        },
        zone: &zone,
        origin: Origin {
            user: env.user.clone(),
            host: env.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        created_at: rfc3339(super::now_ms()),
        label: crontab::label(&place),
        host,
    };
    let crontab = crontab::read(&text, &reading);
    Ok(Found { user, crontab, shown: path.display().to_string() })
}

/// The crontabs that have a user in each line on every machine.
fn is_of_the_system(path: &Path) -> bool {
    path == Path::new("/etc/crontab") || path.parent() == Some(Path::new("/etc/cron.d"))
}

/// A word about a line of a crontab, with its file.
pub(super) fn note(file: &str, remark: &Remark) -> Note {
    Note {
        file: file.to_owned(),
        line: remark.line,
        column: remark.column,
        message: remark.message.clone(),
        shown: remark.shown.clone(),
        hint: remark.hint.clone(),
    }
}

/// All lines that are refused, as one problem.
pub(super) fn refused(notes: &[Note]) -> Problem {
    let mut lines = Vec::new();
    for note in notes {
        let hint = note.hint.as_ref().map_or(String::new(), |hint| format!("; {hint}"));
        lines.push(format!("{}:{}:{}: {}{hint}", note.file, note.line, note.column, note.message));
        lines.extend(note.shown.iter().map(|shown| format!("  {shown}")));
    }
    let more = lines.split_off(lines.len().min(1));
    Problem::new(exit::DATA, "bad_crontab", lines.pop().unwrap_or_default())
        .more(more)
        .hint("nothing of it runs; --skip-refused runs the other lines")
}

/// The files of a running beat.
pub(super) struct BeatFiles {
    place: Where,
    env: EnvFacts,
    crontabs: Vec<PathBuf>,
    reading: CrontabArgs,
    skip_refused: bool,
    seen: Mutex<Vec<folder::Stamp>>,
}

/// What was read, and what the person should know.
pub(super) struct Gathered {
    pub(super) said: Vec<Said>,
    pub(super) notes: Vec<Note>,
    pub(super) mails: bool,
}

impl BeatFiles {
    pub(super) fn new(context: &Context, args: &BeatRunArgs) -> BeatFiles {
        BeatFiles {
            place: config_place(&context.global, &context.env),
            env: context.env.clone(),
            crontabs: args.crontabs.clone(),
            reading: args.reading.clone(),
            skip_refused: args.skip_refused,
            seen: Mutex::new(Vec::new()),
        }
    }

    fn stamps(&self) -> Vec<folder::Stamp> {
        self.crontabs.iter().flat_map(|path| folder::stamps(path)).collect()
    }

    /// Everything, with `config` as the configuration.
    ///
    /// # Errors
    /// Bad configuration (78), lines that are refused (65), a file that cannot be read (66).
    pub(super) fn gather(&self, config: &Config) -> Result<Gathered, Problem> {
        // First, so that a change while a file is read is seen as one afterwards.
        let stamps = self.stamps();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        let mut found = Gathered { said: Vec::new(), notes: Vec::new(), mails: false };
        if config.schedules.is_some() {
            let definitions = schedule::definitions(config, &facts(&self.env))?;
            let source = Name::new(schedule::FILE)
                .map_err(|error| Problem::new(exit::CONFIG, "config", error.to_string()))?;
            found.said.push(Said { source, definitions });
        }
        let mut wrong = Vec::new();
        for path in &self.crontabs {
            let all = crontabs(path, &self.reading, &self.env)?;
            if found.said.iter().any(|said| said.source == all.source) {
                let words = format!("{} is given twice", all.shown);
                return Err(Problem::new(exit::USAGE, "usage", words));
            }
            found.notes.extend(all.left_out);
            let mut definitions = Vec::new();
            for one in all.found {
                found.notes.extend(one.crontab.warnings.iter().map(|remark| note(&one.shown, remark)));
                let refusals = one.crontab.refused.iter().map(|remark| note(&one.shown, remark));
                if self.skip_refused {
                    found.notes.extend(refusals);
                } else {
                    wrong.extend(refusals);
                }
                found.mails |= one.crontab.mails;
                definitions.extend(one.crontab.entries.into_iter().map(|(_, definition)| definition));
            }
            found.said.push(Said { source: all.source, definitions });
        }
        if wrong.is_empty() { Ok(found) } else { Err(refused(&wrong)) }
    }
}

impl Files for BeatFiles {
    fn read(&self) -> Result<Vec<Said>, String> {
        let told = |lines: Vec<String>| {
            // One line of a log has no room for carets.
            lines.into_iter().filter(|line| !line.starts_with("  ")).collect::<Vec<_>>().join("; ")
        };
        let config = config::load(&self.place).map_err(|error| told(error.lines()))?;
        let found = self
            .gather(&config)
            .map_err(|problem| told(std::iter::once(problem.message).chain(problem.more).collect()));
        found.map(|found| found.said)
    }

    fn changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != self.stamps()
    }
}
