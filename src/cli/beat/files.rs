//! The files of a beat: `[schedules]` of the configuration, and crontabs.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::args::{BeatRunArgs, CrontabArgs};
use super::super::env::EnvFacts;
use super::super::resolve::schedule;
use super::super::{Context, config_place, exit, host_name};
use super::facts;
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
    /// Who may remove its schedules.
    pub(super) source: Name,
    /// Who its jobs run as.
    pub(super) user: String,
    /// What it says.
    pub(super) crontab: Crontab,
}

/// Reads a crontab; what is wrong with its lines is part of the answer.
///
/// # Errors
/// It cannot be read (66), or the local zone has no name (78).
pub(super) fn crontab(path: &Path, args: &CrontabArgs, env: &EnvFacts) -> Result<Found, Problem> {
    let shown = path.display().to_string();
    let unread = |why: &dyn std::fmt::Display| {
        Problem::new(exit::UNKNOWN, "no_input", format!("cannot read {shown}: {why}"))
    };
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| unread(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| unread(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(unread(&"it is larger than 4 MiB"));
    }
    let real = fs::canonicalize(path).map_err(|error| unread(&error))?;
    let host = args.host.clone().unwrap_or_else(|| host_name(&env.host));
    let label = crontab::label(&real.to_string_lossy());
    let named = |name: Option<Name>| name.ok_or_else(|| unread(&"its path makes no name"));
    let user =
        args.worker_user.clone().unwrap_or_else(|| user::own(env.euid).unwrap_or_else(|| env.user.clone()));
    let zone = schedule::zone_name(&env.zone)?;
    let place = real.display().to_string();
    let reading = Reading {
        place: &place,
        user_field: args.user_field || is_of_the_system(&real),
        user: &user,
        queue: match &args.queue {
            Some(queue) => queue.clone(),
            None => named(crontab::queue(&host))?,
        },
        zone: &zone,
        origin: Origin {
            user: env.user.clone(),
            host: env.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        created_at: rfc3339(super::now_ms()),
        label: label.clone(),
        host: host.clone(),
    };
    let crontab = crontab::read(&text, &reading);
    Ok(Found { source: named(crontab::source(&host, &label))?, user, crontab, shown })
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
        .hint("nothing of this file runs; --skip-refused runs its other lines")
}

/// What tells one state of a file from another.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

fn stamp(path: &Path) -> Stamp {
    let meta = fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.size()))
}

/// The files of a running beat.
pub(super) struct BeatFiles {
    place: Where,
    env: EnvFacts,
    crontabs: Vec<PathBuf>,
    reading: CrontabArgs,
    skip_refused: bool,
    seen: Mutex<Vec<Stamp>>,
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

    /// Everything, with `config` as the configuration.
    ///
    /// # Errors
    /// Bad configuration (78), lines that are refused (65), a file that cannot be read (66).
    pub(super) fn gather(&self, config: &Config) -> Result<Gathered, Problem> {
        // First, so that a change while a file is read is seen as one afterwards.
        let stamps = self.crontabs.iter().map(|path| stamp(path)).collect();
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
            let one = crontab(path, &self.reading, &self.env)?;
            if found.said.iter().any(|said| said.source == one.source) {
                let words = format!("{} is given twice", one.shown);
                return Err(Problem::new(exit::USAGE, "usage", words));
            }
            found.notes.extend(one.crontab.warnings.iter().map(|remark| note(&one.shown, remark)));
            let refusals = one.crontab.refused.iter().map(|remark| note(&one.shown, remark));
            if self.skip_refused {
                found.notes.extend(refusals);
            } else {
                wrong.extend(refusals);
            }
            found.mails |= one.crontab.mails;
            let definitions = one.crontab.entries.into_iter().map(|(_, definition)| definition).collect();
            found.said.push(Said { source: one.source, definitions });
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
        let now: Vec<Stamp> = self.crontabs.iter().map(|path| stamp(path)).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != now
    }
}
