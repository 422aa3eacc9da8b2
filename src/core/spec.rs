//! What a producer asked for: written once at enqueue, never changed.
//!
//! The spec is canonical JSON (serde's field order, maps sorted, no spaces). Scripts store
//! and hand it out as an opaque string; what they need to decide stands beside it in the
//! job's state fields. Fields are only ever added; a reader ignores what it does not know
//! and refuses a `v` it does not know. The record has room for the whole contract: fields
//! that this version does not fill are left out of the JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::codes::{CodeSet, SnoozeRule};
use super::name::Name;

/// The form of the spec that this version writes and reads.
pub const SPEC_VERSION: u32 = 1;

/// What a job is to its system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A producer enqueued it.
    #[default]
    Job,
    /// The end of another job made it.
    Hook,
}

/// When the next attempt comes after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// The same delay each time.
    #[default]
    Fixed,
    /// The delay doubles with each failure, up to the maximum.
    Exponential,
}

/// How often and when to try again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts after the first failure.
    pub retries: u32,
    /// Delay before the first retry, in milliseconds.
    pub delay_ms: u64,
    /// How the delay grows.
    pub backoff: Backoff,
    /// The longest delay, in milliseconds.
    pub max_delay_ms: u64,
    /// Whether each delay is drawn at random from its upper half.
    pub jitter: bool,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            retries: 0,
            delay_ms: 10_000,
            backoff: Backoff::Fixed,
            max_delay_ms: 3_600_000,
            jitter: false,
        }
    }
}

/// What an exit code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Codes {
    /// Codes that are success; code 0 always is unless this is given without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<CodeSet>,
    /// The only codes worth a retry, when given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on: Option<CodeSet>,
    /// Codes that are never retried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_retry_on: Option<CodeSet>,
    /// Codes that put the job back without using up an attempt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub snooze_on: Vec<SnoozeRule>,
}

/// Limits of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Limits {
    /// After this many milliseconds the job gets the soft signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_timeout_ms: Option<u64>,
    /// The soft signal's number; TERM when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_signal: Option<i32>,
    /// After this many milliseconds the whole tree is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What happens when a run is cut by the death of its worker or machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnLost {
    /// Run it again, unless it was lost three times.
    #[default]
    Retry,
    /// End it as FAILURE.
    Fail,
}

impl OnLost {
    /// The word scripts know it by.
    pub fn word(self) -> &'static str {
        match self {
            OnLost::Retry => "retry",
            OnLost::Fail => "fail",
        }
    }
}

/// Where a job came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Origin {
    /// The producer's user name.
    pub user: String,
    /// The producer's host name.
    pub host: String,
    /// The producer's jobq version.
    pub version: String,
}

/// A tick of a schedule that made a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The schedule.
    pub schedule: Name,
    /// The due instant, RFC 3339 UTC.
    pub tick: String,
    /// Who made it out of turn, where no tick did: `user@host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_by: Option<String>,
}

/// A job as its producer described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the contract's; the few that need words have them
pub struct Spec {
    /// [`SPEC_VERSION`] of the writer.
    pub v: u32,
    #[serde(default)]
    pub kind: Kind,
    /// The command: program and arguments, never a shell line. Empty for a task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Name>,
    /// Positional and named parameters of a task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<serde_json::Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<String, serde_json::Value>,
    /// Environment added to the worker's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whom its output is mailed to by the worker, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailto: Option<String>,
    pub queue: Name,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i32,
    /// `--delay` or `--at` as it was typed; the due instant is in the state fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// RFC 3339 UTC by the producer's clock; for people, nothing is decided by it.
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// `--expires` as it was typed; the instant is in the state fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: Retry,
    #[serde(default, skip_serializing_if = "is_default")]
    pub codes: Codes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_lost: OnLost,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_key: Option<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Tick>,
    /// W3C trace context of the producer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    pub origin: Origin,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Name, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_ttl_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_ttl_ms: Option<u64>,
    /// The events its task has hooks for (`success`, `failure`, `retry`), joined by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<String>,
    /// When its task's failures are an incident: `c3` in a row, `f3/10` of the last ten, `s3`
    /// times slower than the median, joined by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// Kept word for word for whoever put it there.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub meta: serde_json::Map<String, serde_json::Value>,
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why a stored spec cannot be read by this version.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Written by a newer jobq.
    #[error("the job was written by a newer jobq (spec version {0}, this one reads {SPEC_VERSION})")]
    Newer(u64),
    /// Not a spec at all.
    #[error("the stored job is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

impl Spec {
    /// An ordinary command for `queue`, nothing else set.
    pub fn command(queue: Name, argv: Vec<Bytes>) -> Spec {
        Spec {
            v: SPEC_VERSION,
            kind: Kind::Job,
            argv,
            task: None,
            args: Vec::new(),
            named: BTreeMap::new(),
            env: BTreeMap::new(),
            cwd: None,
            user: None,
            mailto: None,
            queue,
            priority: 0,
            not_before: None,
            created_at: String::new(),
            valid_until: None,
            expires: None,
            limits: Limits::default(),
            retry: Retry::default(),
            codes: Codes::default(),
            lease_ms: None,
            on_lost: OnLost::default(),
            unique: None,
            limit_key: None,
            parents: Vec::new(),
            group: None,
            schedule: None,
            traceparent: None,
            tracestate: None,
            origin: Origin::default(),
            labels: BTreeMap::new(),
            result_ttl_ms: None,
            failure_ttl_ms: None,
            hooks: None,
            alert: None,
            meta: serde_json::Map::new(),
        }
    }

    /// The canonical JSON that is stored.
    ///
    /// # Errors
    /// Only if a map key could not be written, which the types here rule out.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads a stored spec.
    ///
    /// # Errors
    /// [`SpecError::Newer`] for a form that came after this version, else [`SpecError::Damaged`].
    pub fn from_json(json: &[u8]) -> Result<Spec, SpecError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let version: Version = serde_json::from_slice(json)?;
        if version.v > u64::from(SPEC_VERSION) {
            return Err(SpecError::Newer(version.v));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// A digest of what the producer asked for: equal for two requests that differ only in
    /// when and where they were made. Says whether a repeated `--id` means the same job.
    pub fn digest(&self, stdin: Option<&[u8]>) -> String {
        let mut asked = self.clone();
        asked.created_at = String::new();
        asked.origin = Origin::default();
        asked.traceparent = None;
        asked.tracestate = None;
        let json = asked.to_json().unwrap_or_default();
        let hash = fnv1a(fnv1a(FNV_START, json.as_bytes()), stdin.unwrap_or_default());
        format!("{hash:016x}")
    }

    /// What to call the job in one short line: its task, or its command.
    pub fn title(&self) -> String {
        match &self.task {
            Some(task) => task.to_string(),
            None => self.argv.iter().map(Bytes::lossy).collect::<Vec<_>>().join(" "),
        }
    }
}

/// Whether mail can go to `text`: letters, digits, and what stands between them in addresses
/// and lists of them. Nothing here can end a header or become an option.
pub fn is_mail_address(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"@!:%-.,_+ ".contains(byte))
}

pub(crate) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: tells honest differences apart, and is no protection against a forger.
pub(crate) fn fnv1a(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_spec_is_short_and_survives() {
        let mut spec = Spec::command(Name::new("default").unwrap(), vec!["echo".into(), Bytes(vec![0xff])]);
        spec.created_at = "2026-11-23T00:00:00Z".into();
        let json = spec.to_json().unwrap();
        assert_eq!(
            json,
            r#"{"v":1,"kind":"job","argv":["echo",{"b64":"/w=="}],"queue":"default","created_at":"2026-11-23T00:00:00Z","origin":{"user":"","host":"","version":""}}"#
        );
        assert_eq!(Spec::from_json(json.as_bytes()).unwrap(), spec);
    }

    #[test]
    fn newer_and_damaged_specs_are_told_apart() {
        assert!(matches!(Spec::from_json(br#"{"v":2,"future":true}"#), Err(SpecError::Newer(2))));
        assert!(matches!(Spec::from_json(b"{"), Err(SpecError::Damaged(_))));
    }

    #[test]
    fn the_digest_ignores_when_and_where() {
        let one = Spec::command(Name::new("q").unwrap(), vec!["true".into()]);
        let mut two = one.clone();
        two.created_at = "later".into();
        two.origin.host = "elsewhere".into();
        assert_eq!(one.digest(None), two.digest(None));
        two.priority = 1;
        assert_ne!(one.digest(None), two.digest(None));
        assert_ne!(one.digest(None), one.digest(Some(b"x")));
    }
}
