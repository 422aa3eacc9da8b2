//! When a schedule ticks: the rule it was given, within its start and its end.

use jiff::tz::TimeZone;

use super::{Definition, Rule};
use crate::core::cron::{self, CronError, Dialect, Parsed, Remark, Timing};

/// The ticks of one schedule: a function of its definition alone, so that any number of
/// beats agree on them. Instants are milliseconds since the epoch.
#[derive(Debug, Clone)]
pub struct Times {
    /// `None` where boots of a host tick, which no calendar knows.
    timing: Option<Timing>,
    starts_ms: i64,
    ends_ms: i64,
}

/// Why a stored rule has no ticks: the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// The cron expression cannot be read.
    #[error("{0}")]
    Cron(CronError),
    /// This machine's tables have no such zone.
    #[error("unknown time zone {0:?}")]
    Zone(String),
}

impl Times {
    /// The ticks of `definition`.
    ///
    /// # Errors
    /// [`TimesError`] for a rule that this version or this machine cannot read.
    pub fn of(definition: &Definition) -> Result<Times, TimesError> {
        let name = definition.name.as_str();
        let timing = match &definition.rule {
            Rule::Cron { text, crontab } => {
                let zone = TimeZone::get(&definition.timezone)
                    .map_err(|_| TimesError::Zone(definition.timezone.clone()))?;
                let dialect = if *crontab { Dialect::Crontab } else { Dialect::Schedule };
                match cron::Cron::parse(text, dialect, name).map_err(TimesError::Cron)? {
                    Parsed::Calendar { cron, .. } => Some(cron::Ticks::Cron { cron, zone }),
                    Parsed::Reboot => None,
                }
            }
            Rule::Every(period_ms) => Some(cron::Ticks::Every { period_ms: *period_ms }),
            Rule::At(at_ms) => Some(cron::Ticks::At { at_ms: *at_ms }),
            Rule::Reboot { .. } => None,
        };
        Ok(Times {
            timing: timing.map(|ticks| Timing::from(ticks).spread(name, definition.spread_ms)),
            starts_ms: definition.starts_ms.unwrap_or(i64::MIN),
            ends_ms: definition.ends_ms.unwrap_or(i64::MAX),
        })
    }

    /// The first tick after `after_ms`, `None` when there is none any more.
    pub fn next_after(&self, after_ms: i64) -> Option<i64> {
        let after_ms = after_ms.max(self.starts_ms.saturating_sub(1));
        self.timing.as_ref()?.next_after(after_ms).filter(|tick| *tick <= self.ends_ms)
    }

    /// How many ticks lie after `from_ms` and not after `to_ms`, by arithmetic.
    pub fn count_between(&self, from_ms: i64, to_ms: i64) -> u64 {
        let (from_ms, to_ms) = self.within(from_ms, to_ms);
        self.timing.as_ref().map_or(0, |timing| timing.count_between(from_ms, to_ms))
    }

    /// The last `n` ticks after `from_ms` and not after `to_ms`, the earliest first.
    pub fn last_between(&self, from_ms: i64, to_ms: i64, n: usize) -> Vec<i64> {
        let (from_ms, to_ms) = self.within(from_ms, to_ms);
        self.timing.as_ref().map(|timing| timing.last_between(from_ms, to_ms, n)).unwrap_or_default()
    }

    /// What changes of the zone's clock do to ticks after `from_ms` and not after `to_ms`.
    pub fn remarks(&self, from_ms: i64, to_ms: i64) -> Vec<Remark> {
        let (from_ms, to_ms) = self.within(from_ms, to_ms);
        self.timing.as_ref().map(|timing| timing.remarks(from_ms, to_ms)).unwrap_or_default()
    }

    fn within(&self, from_ms: i64, to_ms: i64) -> (i64, i64) {
        (from_ms.max(self.starts_ms.saturating_sub(1)), to_ms.min(self.ends_ms))
    }
}
