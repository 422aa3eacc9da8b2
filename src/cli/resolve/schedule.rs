//! Schedules as beats store them: from a file's `[schedules]`, or from the options of
//! `beat add`. Whatever depends on this machine is written down here, above all the zone.

use super::*;
use crate::cli::args::AddArgs;
use crate::cli::exit;
use crate::config::{Fault, Origin as Place, RuleDef, ScheduleDef, Stated, Work};
use crate::core::cron::{Cron, Dialect, Parsed};
use crate::core::schedule::{DEFINITION_VERSION, Definition, Expiry, Rule, Source};

/// The source of the schedules of jobq.toml.
pub const FILE: &str = "file";
/// The source of schedules that were added by hand.
pub const ADDED: &str = "added";

/// The name under which everybody knows the local zone.
///
/// # Errors
/// It has none: the machine has only the rules of it.
pub fn zone_name(zone: &TimeZone) -> Result<String, Problem> {
    match zone.iana_name() {
        Some("Etc/Unknown") => Ok("UTC".to_owned()),
        Some(name) => Ok(name.to_owned()),
        None if *zone == TimeZone::UTC => Ok("UTC".to_owned()),
        None => {
            let words = "this machine's time zone has no name, so others could not know which it is";
            Err(Problem::new(exit::CONFIG, "no_zone", words)
                .hint("say timezone = \"Europe/Paris\" or --tz Europe/Paris, or set TZ"))
        }
    }
}

/// A definition with nothing but its job and its times.
fn bare(name: Name, rule: Rule, timezone: String, job: Spec, source: Source) -> Definition {
    Definition {
        v: DEFINITION_VERSION,
        name,
        rule,
        timezone,
        spread_ms: 0,
        starts_ms: None,
        ends_ms: None,
        overlap: Default::default(),
        missed: Default::default(),
        missed_window_ms: None,
        missed_max: Definition::MISSED_MAX,
        alert_after_ms: None,
        alert_command: Vec::new(),
        alert_cwd: None,
        expires: None,
        job,
        stdin: None,
        source,
    }
}

fn source(kind: &str, place: String) -> Result<Source, Problem> {
    Ok(Source { kind: Name::new(kind).map_err(|error| wrong(error.to_string()))?, place })
}

/// All schedules of the configuration; none where it says nothing of schedules.
///
/// # Errors
/// Bad configuration (78) that only this machine's zone can tell.
pub fn definitions(config: &Config, facts: &Facts<'_>) -> Result<Vec<Definition>, Problem> {
    let found = config.schedules.iter().flatten().map(|(name, def)| definition(name, def, config, facts));
    found
        .collect::<Result<_, Fault>>()
        .map_err(|fault| Problem::new(exit::CONFIG, "config", fault.to_string()))
}

/// One schedule of the configuration.
///
/// # Errors
/// What only this machine's zone can tell.
pub fn definition(
    name: &Name,
    def: &ScheduleDef,
    config: &Config,
    facts: &Facts<'_>,
) -> Result<Definition, Fault> {
    let bad = |place: &Place, why: String| Fault::new(place.clone(), format!("schedules.{name}{why}"));
    let timezone = match &def.timezone {
        Some(zone) => zone.clone(),
        None => {
            zone_name(facts.zone).map_err(|problem| bad(&def.origin, format!(": {}", problem.message)))?
        }
    };
    let zone = when::zone(&timezone).map_err(|error| bad(&def.origin, format!(": {error}")))?;
    let instant = |key: &str, stated: &Stated| match when::fixed(&stated.text, &zone) {
        Ok(found) => Ok(found.ms),
        Err(error) => Err(bad(&stated.origin, format!(".{key}: {error}"))),
    };
    let rule = match &def.rule {
        RuleDef::Cron(text) => Rule::Cron { text: text.clone(), crontab: false },
        RuleDef::Every(ms) => Rule::Every(*ms),
        RuleDef::At(stated) => Rule::At(instant("at", stated)?),
    };
    let (mut job, policy) =
        of_file(def, config).map_err(|problem| bad(&def.origin, format!(": {}", problem.message)))?;
    job::recorded(&mut job, &policy, facts);
    let place = format!("{}:{}", place_of(&def.origin).display(), def.origin.line);
    let source = source(FILE, place).map_err(|error| bad(&def.origin, format!(": {}", error.message)))?;
    Ok(Definition {
        spread_ms: def.spread_ms,
        starts_ms: def.starts.as_ref().map(|stated| instant("starts", stated)).transpose()?,
        ends_ms: def.ends.as_ref().map(|stated| instant("ends", stated)).transpose()?,
        overlap: def.overlap,
        missed: def.missed,
        missed_window_ms: def.missed_window_ms,
        missed_max: def.missed_max,
        alert_after_ms: def.alert.as_ref().map(|alert| alert.after_ms),
        alert_command: def
            .alert
            .iter()
            .flat_map(|alert| &alert.command)
            .map(|word| word.as_str().into())
            .collect(),
        alert_cwd: def.alert.as_ref().map(|alert| alert.cwd.clone().into_os_string().into()),
        expires: def.expires.or(policy.expires_ms.map(Expiry::In)),
        stdin: def.stdin.as_deref().map(Bytes::from),
        ..bare(name.clone(), rule, timezone, job, source)
    })
}

fn place_of(origin: &Place) -> PathBuf {
    let file = origin.file();
    if file.is_absolute() {
        file.to_owned()
    } else {
        origin.source.dir.join(file.file_name().unwrap_or_default())
    }
}

fn of_file(def: &ScheduleDef, config: &Config) -> Result<(Spec, Policy), Problem> {
    let task = match &def.work {
        Work::Task { name, args } => Some((name, config.tasks.get(name), args)),
        Work::Command { .. } => None,
    };
    let of_task = task.and_then(|(_, def, _)| def);
    let queue = job::queue(def.queue.as_ref(), of_task)?;
    let policy = config.policy(&def.policy, task.map(|(name, ..)| name), &queue);
    if let Some((_, words)) = policy.contradictions().into_iter().next() {
        return Err(wrong(format!("{words} (with queue {queue})")).into());
    }
    let mut spec = Spec::command(queue, Vec::new());
    spec.env = def.env.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    spec.labels.clone_from(&def.labels);
    spec.mailto.clone_from(&def.mailto);
    match &def.work {
        Work::Command { argv, cwd } => {
            spec.argv = argv.iter().map(|word| word.as_str().into()).collect();
            spec.cwd = Some(cwd.clone().into_os_string().into());
        }
        Work::Task { name, args } => task::filled(name, of_task, args.clone(), &mut spec)?,
    }
    Ok((spec, policy))
}

/// What an expression that stands nowhere ticks.
///
/// # Errors
/// Never, in practice: the names in it are names.
pub fn of_expression(name: Name, text: &str, timezone: String) -> Result<Definition, Problem> {
    let rule = Rule::Cron { text: text.to_owned(), crontab: false };
    let job = Spec::command(name.clone(), Vec::new());
    Ok(bare(name, rule, timezone, job, source(ADDED, String::new())?))
}

/// A schedule that was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// All of it but the standard input of its jobs.
    pub definition: Definition,
    /// Where that comes from.
    pub stdin: StdinFrom,
    /// What the person should know; for stderr.
    pub notes: Vec<String>,
}

/// The schedule that `beat add` describes.
///
/// # Errors
/// Wrong usage (2), an unknown task (66), a parameter that the task does not take (65), a
/// zone without a name (78).
pub fn added(args: &AddArgs, facts: &Facts<'_>, config: &Config) -> Result<Added, Problem> {
    let mut notes = Vec::new();
    let timezone = match &args.tz {
        Some(zone) => zone.clone(),
        None => zone_name(facts.zone)?,
    };
    let zone = when::zone(&timezone).map_err(|error| wrong(format!("--tz: {error}")))?;
    let mut read = |option: &str, text: &str| {
        let found =
            when::instant(text, facts.now_ms, &zone).or_else(|error| match when::fixed(text, &zone) {
                // That a start has passed is no reason not to write it.
                Ok(found) if option == "--starts" => Ok(found),
                _ => Err(wrong(format!("{option}: {error}"))),
            })?;
        notes.extend(found.note.map(|note| format!("{option}: {note}")));
        Ok::<i64, UsageError>(found.ms)
    };
    let starts_ms = args.starts.as_deref().map(|text| read("--starts", text)).transpose()?;
    let ends_ms = args.ends.as_deref().map(|text| read("--ends", text)).transpose()?;
    let at_ms = args.at.as_deref().map(|text| read("--at", text)).transpose()?;
    if let (Some(start), Some(end)) = (starts_ms, ends_ms)
        && end < start
    {
        return Err(wrong("--ends comes before --starts: it would never tick").into());
    }
    let rule = match (&args.cron, &args.every, at_ms) {
        (Some(text), ..) => {
            notes.extend(expression(text, args.name.as_str())?);
            Rule::Cron { text: text.clone(), crontab: false }
        }
        (None, Some(every), _) => Rule::Every(every.ms),
        (None, None, Some(at_ms)) => Rule::At(at_ms),
        (None, None, None) => return Err(wrong("say when: --cron, --every or --at").into()),
    };
    let Described { spec, stdin, policy } = job::describe(&args.job, facts, config)?;
    let by = format!("{}@{}", facts.user, facts.host);
    Ok(Added {
        definition: Definition {
            spread_ms: args.spread.as_ref().map_or(0, |span| span.ms),
            starts_ms,
            ends_ms,
            overlap: args.overlap.map(Into::into).unwrap_or_default(),
            missed: args.missed.map(Into::into).unwrap_or_default(),
            missed_window_ms: args.missed_window.as_ref().map(|span| span.ms),
            missed_max: args.missed_max.unwrap_or(Definition::MISSED_MAX),
            alert_after_ms: args.alert_missed.as_ref().map(|span| span.ms),
            alert_command: match &args.alert_shell {
                Some(script) => vec!["sh".into(), "-c".into(), script.clone().into()],
                None => Vec::new(),
            },
            alert_cwd: facts
                .cwd
                .filter(|_| args.alert_shell.is_some())
                .map(|cwd| cwd.as_os_str().to_owned().into()),
            expires: args.expires.or(policy.expires_ms.map(Expiry::In)),
            ..bare(args.name.clone(), rule, timezone, spec, source(ADDED, by)?)
        },
        stdin,
        notes,
    })
}

/// Reads an expression that was typed; answers with what is doubtful about it.
///
/// # Errors
/// Wrong usage, with a caret under the fault.
pub fn expression(text: &str, name: &str) -> Result<Vec<String>, Problem> {
    match Cron::parse(text, Dialect::Schedule, name) {
        Ok(Parsed::Calendar { warnings, .. }) => {
            Ok(warnings.into_iter().map(|warning| format!("--cron: {}", warning.message)).collect())
        }
        Ok(Parsed::Reboot) => Err(wrong("--cron: @reboot is for crontabs").into()),
        Err(error) => {
            let shown = error.pointed().lines().map(|line| format!("  {line}")).collect();
            let problem =
                Problem::new(exit::USAGE, "usage", format!("--cron: {}", error.message)).more(shown);
            Err(Problem { hint: error.hint, ..problem })
        }
    }
}

#[cfg(test)]
mod tests;
