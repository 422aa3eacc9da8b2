//! Crontabs as Debian's cron reads them: lines in, definitions out. Pure.
//!
//! A line is one of three things: nothing (blank, or a comment), a variable for the lines
//! below it ([`env`]), or an entry: times, in system crontabs a user, and a command for the
//! shell ([`line`]). Whatever cannot be carried out as cron would is refused by its line,
//! with the reason, before anything runs.

mod env;
mod line;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::core::bytes::Bytes;
use crate::core::cron::{Cron, CronError, Dialect, Parsed};
use crate::core::name::Name;
use crate::core::schedule::{DEFINITION_VERSION, Definition, Missed, Overlap, Rule, Source};
use crate::core::spec::{FNV_START, Origin, Spec, fnv1a, is_mail_address};

/// What a job of a crontab has unless a line above says otherwise, as with cron.
const SHELL: &str = "/bin/sh";
const PATH: &str = "/usr/bin:/bin";

/// How a crontab is to be read.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// Where it is, for people: `/etc/crontab`.
    pub place: &'a str,
    /// Who may remove its schedules: [`source`] of it, or of the folder that has it.
    pub source: Name,
    /// Its part in the names of its schedules, the same as long as the file is where it is.
    pub label: Name,
    /// The machine it belongs to.
    pub host: Name,
    /// Whether a user stands between times and command.
    pub user_field: bool,
    /// The user that its jobs run as: the workers' own.
    pub user: &'a str,
    /// The queue of its jobs.
    pub queue: Name,
    /// The IANA name of the zone in which its times are read.
    pub zone: &'a str,
    /// Who reads it, and when, for the jobs' records.
    pub origin: Origin,
    /// RFC 3339 UTC.
    pub created_at: String,
}

/// What a crontab says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Crontab {
    /// Its entries, with their lines.
    pub entries: Vec<(usize, Definition)>,
    /// What cannot be carried out, in the order of the lines.
    pub refused: Vec<Remark>,
    /// What is seldom meant, or differs from cron.
    pub warnings: Vec<Remark>,
    /// Whom cron would mail output to: where that is set, a worker needs `sendmail`.
    pub mails: bool,
}

/// A word about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong or doubtful: one line.
    pub message: String,
    /// The place, shown with a caret below; safe for a terminal.
    pub shown: Vec<String>,
    /// What would mend it.
    pub hint: Option<String>,
}

impl Remark {
    fn new(line: usize, message: impl Into<String>) -> Remark {
        Remark { line, column: 1, message: message.into(), shown: Vec::new(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Remark {
        Remark { hint: Some(hint.into()), ..self }
    }

    fn of_times(line: usize, start: usize, error: CronError) -> Remark {
        let shown = error.pointed().lines().map(str::to_owned).collect();
        Remark { line, column: start + error.span.start + 1, message: error.message, shown, hint: error.hint }
    }
}

/// The label of a crontab at an absolute path: `/etc/cron.d/php` is `etc.cron.d.php`.
pub fn label(path: &str) -> Name {
    let clean: String = path.trim_matches('/').chars().map(|c| if is_plain(c) { c } else { '.' }).collect();
    let clean = clean.trim_start_matches(['.', '_', '-']);
    let short = match clean.len() {
        0..=48 => clean.to_owned(),
        // The end says most; what is cut stands for itself by its hash.
        length => format!("{}.{:08x}", &clean[length - 39..], word(path.as_bytes())),
    };
    Name::new(short.trim_start_matches(['.', '_', '-'])).unwrap_or_else(|_| {
        Name::new(format!("{:08x}", word(path.as_bytes()))).unwrap_or_else(|_| crate::core::name::new_id())
    })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn word(bytes: &[u8]) -> u32 {
    let hash = fnv1a(FNV_START, bytes);
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or_default()
}

/// Who may remove the schedules of this crontab by no longer having them.
pub fn source(host: &Name, label: &Name) -> Option<Name> {
    Name::new(format!("crontab.{}.{label}", host_part(host))).ok()
}

/// A host's name in the names of schedules and queues: at most 40 characters of it.
fn host_part(host: &Name) -> String {
    match host.as_str() {
        short if short.len() <= 40 => short.to_owned(),
        long => format!("{}.{:08x}", &long[..31], word(long.as_bytes())),
    }
}

/// The queue of a host's crontabs unless another is named.
pub fn queue(host: &Name) -> Option<Name> {
    Name::new(format!("cron-{}", host_part(host))).ok()
}

/// Reads a crontab.
pub fn read(text: &[u8], reading: &Reading<'_>) -> Crontab {
    let mut reader = Reader {
        reading,
        env: BTreeMap::from([("SHELL".to_owned(), SHELL.into()), ("PATH".to_owned(), PATH.into())]),
        names: BTreeSet::new(),
        found: Crontab::default(),
    };
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        reader.line(index + 1, line);
    }
    if let Some(last) = text.last()
        && *last != b'\n'
    {
        let number = text.split(|byte| *byte == b'\n').count();
        let words = "no newline ends the last line; Debian's cron ignores such a file, jobq does not";
        reader.found.warnings.push(Remark::new(number, words));
    }
    reader.found
}

struct Reader<'a> {
    reading: &'a Reading<'a>,
    /// What holds for the next line.
    env: BTreeMap<String, Bytes>,
    names: BTreeSet<Name>,
    found: Crontab,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &[u8]) {
        let start = line.iter().take_while(|byte| line::is_blank(**byte)).count();
        let rest = &line[start..];
        if rest.is_empty() || rest[0] == b'#' {
            return;
        }
        if line.contains(&0) {
            self.found.refused.push(Remark::new(number, "a NUL has no place in a crontab"));
            return;
        }
        if line.ends_with(b"\r") {
            let words = "the line ends with a carriage return, which cron hands on to the command";
            self.found
                .warnings
                .push(Remark::new(number, words).hint("sed -i 's/\\r$//' turns the file into one of Unix"));
        }
        let done = match env::assignment(rest) {
            Some((name, value)) => self.variable(number, name, value),
            None => self.entry(number, start, rest),
        };
        if let Err(remark) = done {
            self.found.refused.push(remark);
        }
    }

    fn variable(&mut self, number: usize, name: String, value: Bytes) -> Result<(), Remark> {
        if name.starts_with("JOBQ_") {
            let words = format!("{name} is reserved: names that begin with JOBQ_ are set by the worker");
            return Err(Remark::new(number, words));
        }
        let warn = match name.as_str() {
            "CRON_TZ" => {
                let zone = value.as_str().map_or_else(|| "?".to_owned(), str::to_owned);
                if !value.0.is_empty() && crate::core::when::zone(&zone).is_err() {
                    let words = format!("{zone:?} is not a time zone");
                    return Err(Remark::new(number, words).hint("write an IANA name such as Europe/Paris"));
                }
                None
            }
            "TZ" => Some(format!(
                "as with cron, TZ is a variable of the commands only; their times are read in {}",
                self.zone()
            )),
            "LOGNAME" | "USER" => Some(format!("{name} cannot be set; it is the worker's user")),
            "MAILTO" if !value.0.is_empty() && !is_mail_address(&value.0) => {
                Some("cron takes this for no address: nothing is mailed".to_owned())
            }
            _ => None,
        };
        if let Some(words) = warn {
            let hint = (name == "TZ").then_some("CRON_TZ says in which zone the times below it are read");
            let remark = Remark::new(number, words);
            self.found.warnings.push(Remark { hint: hint.map(str::to_owned), ..remark });
        }
        if !matches!(name.as_str(), "LOGNAME" | "USER") {
            self.env.insert(name, value);
        }
        Ok(())
    }

    fn zone(&self) -> String {
        let set = self.env.get("CRON_TZ").and_then(Bytes::as_str).filter(|zone| !zone.is_empty());
        set.unwrap_or(self.reading.zone).to_owned()
    }

    fn entry(&mut self, number: usize, start: usize, rest: &[u8]) -> Result<(), Remark> {
        let reading = self.reading;
        let parts = line::split(rest, reading.user_field).map_err(|why| Remark::new(number, why))?;
        let name = self.name(&parts);
        // What is no UTF-8 is no part of any times, and is told as such.
        let times = String::from_utf8_lossy(parts.times);
        let parsed = Cron::parse(&times, Dialect::Crontab, name.as_str())
            .map_err(|error| Remark::of_times(number, start, error))?;
        if parts.command.is_empty() {
            return Err(Remark::new(number, "there is no command"));
        }
        if let Some(user) = parts.user.filter(|user| *user != reading.user.as_bytes()) {
            let user = String::from_utf8_lossy(user);
            let words = format!("its user is {user:?}, and its jobs would run as {}", reading.user);
            let hint = "jobq cannot become another user: run a worker of the queue as that user, and name it \
                        with --worker-user";
            return Err(Remark::new(number, words).hint(hint));
        }
        let rule = match parsed {
            Parsed::Reboot => Rule::Reboot { host: reading.host.clone() },
            Parsed::Calendar { warnings, .. } => {
                self.found.warnings.extend(warnings.iter().map(|warning| Remark {
                    line: number,
                    column: start + warning.span.start + 1,
                    message: warning.message.clone(),
                    shown: warning.pointed(&times).lines().map(str::to_owned).collect(),
                    hint: None,
                }));
                Rule::Cron { text: times.split_whitespace().collect::<Vec<_>>().join(" "), crontab: true }
            }
        };
        let definition = self.definition(number, name, rule, parts.command);
        self.found.entries.push((number, definition));
        Ok(())
    }

    /// The same line has the same name wherever it stands; a second one like it is the second.
    fn name(&mut self, parts: &line::Parts<'_>) -> Name {
        let spaced = String::from_utf8_lossy(parts.times).split_whitespace().collect::<Vec<_>>().join(" ");
        let user = parts.user.unwrap_or_default();
        let hash = word(&[spaced.as_bytes(), b" ", user, b" ", parts.command].concat());
        let stem = format!("cron-{}.{}.{hash:08x}", host_part(&self.reading.host), self.reading.label);
        let numbered = (1..).map(|count| match count {
            1 => stem.clone(),
            count => format!("{stem}.{count}"),
        });
        let free = numbered.filter_map(|text| Name::new(text).ok()).find(|name| !self.names.contains(name));
        let name = free.unwrap_or_else(crate::core::name::new_id);
        self.names.insert(name.clone());
        name
    }

    fn definition(&mut self, number: usize, name: Name, rule: Rule, command: &[u8]) -> Definition {
        let reading = self.reading;
        let (script, stdin) = line::percent(command);
        let shell = self.env.get("SHELL").cloned().unwrap_or_else(|| SHELL.into());
        let mut job = Spec::command(reading.queue.clone(), vec![shell, "-c".into(), Bytes(script)]);
        job.env.clone_from(&self.env);
        job.cwd = self.env.get("HOME").cloned();
        job.user = Some(reading.user.to_owned());
        job.mailto = self.mailto();
        job.created_at.clone_from(&reading.created_at);
        job.origin.clone_from(&reading.origin);
        self.found.mails |= job.mailto.is_some();
        Definition {
            v: DEFINITION_VERSION,
            rule,
            timezone: self.zone(),
            spread_ms: 0,
            starts_ms: None,
            ends_ms: None,
            // Cron starts the next one whether or not the last has ended, and what it missed
            // while it was down it leaves: both would be changes of what a crontab means.
            overlap: Overlap::Allow,
            missed: Missed::Skip,
            missed_window_ms: None,
            missed_max: Definition::MISSED_MAX,
            alert_after_ms: None,
            alert_command: Vec::new(),
            alert_cwd: None,
            expires: None,
            job,
            stdin: stdin.map(Bytes),
            source: Source { kind: reading.source.clone(), place: format!("{}:{number}", reading.place) },
            name,
        }
    }

    fn mailto(&self) -> Option<String> {
        let to = self.env.get("MAILTO")?;
        is_mail_address(&to.0).then(|| to.as_str().map(str::to_owned)).flatten()
    }
}
