//! A schedule as it stands in Redis: all that is needed to make its jobs, without any file.
//!
//! Who publishes a schedule resolves it: zones are named, policy is written into the job, so
//! that every beat reads the same thing whatever its own files say.

use serde::{Deserialize, Serialize};

mod times;

pub use times::{Times, TimesError};

use super::bytes::Bytes;
use super::name::Name;
use super::spec::{Spec, SpecError, fnv1a};

/// The version of the stored definition that this jobq writes.
pub const DEFINITION_VERSION: u32 = 1;

/// A tick that no beat acted on within this time, in milliseconds, is missed: what happens
/// then is for [`Missed`] to say. Until then it is only late, and fires like any other.
pub const LATE_MS: i64 = 60_000;

/// The most jobs of one schedule that wait for an earlier one under [`Overlap::Queue`].
pub const WAITING_MAX: u64 = 100;

/// When a schedule ticks, as its author wrote it; `core::cron` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A cron expression; `crontab` where it came from a crontab, which has five fields.
    Cron {
        /// The expression.
        text: String,
        /// Whether only what a crontab may say is allowed.
        #[serde(default, skip_serializing_if = "is_false")]
        crontab: bool,
    },
    /// Every so many milliseconds, at whole multiples since the epoch.
    Every(u64),
    /// Once, at this instant in milliseconds since the epoch.
    At(i64),
    /// Once for each boot of this host.
    Reboot {
        /// The host.
        host: Name,
    },
}

/// What happens to a tick while the job of an earlier tick is unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Its job waits, BLOCKED, until the earlier one has ended: they run one after another.
    #[default]
    Queue,
    /// It makes no job.
    Skip,
    /// The earlier job is cancelled, and its own runs when that has ended.
    Replace,
    /// Its job runs beside it, as with cron.
    Allow,
}

/// What happens to ticks that no beat acted on within [`LATE_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The newest of them makes a job, for all.
    #[default]
    Once,
    /// Each makes a job, the newest up to the bound.
    All,
    /// None does.
    Skip,
}

/// When a tick's job expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// When the next tick is due.
    NextTick,
    /// So many milliseconds after it was made.
    In(u64),
}

/// Where a definition came from: who may remove it by no longer mentioning it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `file` for jobq.toml, `crontab.HOST.FILE` for a crontab, `added` for `jobq beat add`.
    pub kind: Name,
    /// The place in it (`/etc/jobq/jobq.toml:12`), for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// [`DEFINITION_VERSION`] of the writer.
    pub v: u32,
    /// Its name.
    pub name: Name,
    /// When it ticks.
    pub rule: Rule,
    /// The IANA name of its time zone, resolved by its author.
    pub timezone: String,
    /// Ticks are shifted by a time below this, in milliseconds, that only the name decides.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spread_ms: u64,
    /// No tick before this, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_ms: Option<i64>,
    /// No tick after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<i64>,
    /// While an earlier job is unfinished.
    #[serde(default)]
    pub overlap: Overlap,
    /// After a time without any beat.
    #[serde(default)]
    pub missed: Missed,
    /// Missed ticks older than this make no job, in milliseconds; `None` for no such bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_window_ms: Option<u64>,
    /// The most jobs that missed ticks make under [`Missed::All`].
    pub missed_max: u64,
    /// Alert when no job of it has succeeded so long after a tick, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_after_ms: Option<u64>,
    /// What that alert runs, where it is not a task's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alert_command: Vec<Bytes>,
    /// Where that runs; without it, in the folder of the schedule's jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_cwd: Option<Bytes>,
    /// When its jobs expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// What each tick makes; its tick and times are filled in then.
    pub job: Spec,
    /// The standard input of its jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Bytes>,
    /// Where it came from.
    pub source: Source,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Definition {
    /// The most jobs that missed ticks make unless the definition says otherwise.
    pub const MISSED_MAX: u64 = 100;

    /// The JSON that is stored.
    ///
    /// # Errors
    /// Only if a map key could not be written, which the types here rule out.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads a stored definition.
    ///
    /// # Errors
    /// [`SpecError::Newer`] for a form that came after this version, else [`SpecError::Damaged`].
    pub fn from_json(json: &[u8]) -> Result<Definition, SpecError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let version: Version = serde_json::from_slice(json)?;
        if version.v > u64::from(DEFINITION_VERSION) {
            return Err(SpecError::Newer(version.v));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// A word for what it asks: equal for two definitions that differ only in where they were
    /// written and by whom. A beat whose file has another than Redis reports drift.
    pub fn hash(&self) -> String {
        let mut asked = self.clone();
        asked.source.place = String::new();
        asked.job.created_at = String::new();
        asked.job.origin = super::spec::Origin::default();
        let json = asked.to_json().unwrap_or_default();
        format!("{:016x}", fnv1a(super::spec::FNV_START, json.as_bytes()))
    }

    /// A word for when it ticks: a change of anything else leaves its due time as it is.
    pub fn times_word(&self) -> String {
        let times = (&self.rule, &self.timezone, self.spread_ms, self.starts_ms, self.ends_ms);
        let json = serde_json::to_string(&times).unwrap_or_default();
        format!("{:016x}", fnv1a(super::spec::FNV_START, json.as_bytes()))
    }

    /// The host whose boots tick, where that is its rule.
    pub fn boot_host(&self) -> Option<&Name> {
        match &self.rule {
            Rule::Reboot { host } => Some(host),
            _ => None,
        }
    }

    /// What the tick at `tick_ms` makes, without an id and an expiry.
    pub fn spec_at(&self, tick_ms: i64) -> Spec {
        let mut spec = self.job.clone();
        let tick = jiff::Timestamp::from_millisecond(tick_ms).unwrap_or_default().to_string();
        spec.created_at.clone_from(&tick);
        spec.expires = self.expires.map(|expiry| match expiry {
            Expiry::NextTick => "next tick".to_owned(),
            Expiry::In(ms) => format!("{ms}ms"),
        });
        spec.schedule = Some(super::spec::Tick { schedule: self.name.clone(), tick, triggered_by: None });
        spec
    }

    /// The id of the job that a boot makes: the same whichever beat makes it.
    pub fn boot_job_id(&self, boot_id: &str) -> Name {
        let word: String = boot_id.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        Name::new(format!("{}.boot-{word}", self.stem())).unwrap_or_else(|_| super::name::new_id())
    }

    /// A long name is cut, and what was cut off stands for itself by its hash.
    fn stem(&self) -> String {
        let name = self.name.as_str();
        match name.get(..80) {
            Some(head) if name.len() > 100 => {
                format!("{head}.{:016x}", fnv1a(super::spec::FNV_START, name.as_bytes()))
            }
            _ => name.to_owned(),
        }
    }

    /// The id of the job that the tick at `tick_ms` makes: the same whichever beat makes it.
    pub fn job_id(&self, tick_ms: i64) -> Name {
        let tick = jiff::Timestamp::from_millisecond(tick_ms).unwrap_or_default();
        let seconds = tick.strftime("%Y%m%dT%H%M%S");
        let millis = tick_ms.rem_euclid(1000);
        let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
        Name::new(format!("{}.{seconds}{fraction}Z", self.stem())).unwrap_or_else(|_| super::name::new_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nightly(name: &str) -> Definition {
        Definition {
            v: DEFINITION_VERSION,
            name: Name::new(name).unwrap(),
            rule: Rule::Cron { text: "0 0 * * *".into(), crontab: false },
            timezone: "Asia/Tokyo".into(),
            spread_ms: 0,
            starts_ms: None,
            ends_ms: None,
            overlap: Overlap::default(),
            missed: Missed::default(),
            missed_window_ms: None,
            missed_max: Definition::MISSED_MAX,
            alert_after_ms: None,
            alert_command: Vec::new(),
            alert_cwd: None,
            expires: Some(Expiry::NextTick),
            job: Spec::command(Name::new("reports").unwrap(), vec!["true".into()]),
            stdin: None,
            source: Source { kind: Name::new("file").unwrap(), place: "jobq.toml:3".into() },
        }
    }

    #[test]
    fn definitions_survive_and_newer_ones_are_told_apart() {
        let definition = nightly("nightly");
        let json = definition.to_json().unwrap();
        assert_eq!(Definition::from_json(json.as_bytes()).unwrap(), definition);
        assert!(matches!(Definition::from_json(br#"{"v":2}"#), Err(SpecError::Newer(2))));
        assert!(matches!(Definition::from_json(b"{"), Err(SpecError::Damaged(_))));
    }

    #[test]
    fn the_hash_ignores_where_it_was_written() {
        let (one, mut two) = (nightly("nightly"), nightly("nightly"));
        two.source.place = "/srv/jobq.toml:9".into();
        two.job.origin.host = "elsewhere".into();
        assert_eq!(one.hash(), two.hash());
        two.timezone = "UTC".into();
        assert_ne!(one.hash(), two.hash());
    }

    #[test]
    fn a_tick_has_one_job_id() {
        assert_eq!(nightly("nightly").job_id(0).as_str(), "nightly.19700101T000000Z");
        assert_eq!(nightly("n").job_id(1_764_028_800_250).as_str(), "n.20251125T000000.250Z");
        let (one, two) = (nightly(&"a".repeat(128)), nightly(&format!("{}b", "a".repeat(127))));
        assert_ne!(one.job_id(0), two.job_id(0));
        assert!(one.job_id(0).as_str().len() <= 128);
    }
}
