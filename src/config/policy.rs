//! How jobs are run, retried and kept: what a flag, a task or a queue may each say.

use crate::core::codes::{CodeSet, SnoozeRule};
use crate::core::retry::TEMPFAIL;
use crate::core::spec::{Backoff, Codes, Limits, OnLost, Retry};
use crate::core::when::short;

/// What was said about a job's running; what was not said is `None`. Times in milliseconds,
/// sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the keys of jobq.toml(5), and its words
pub struct Policy {
    pub priority: Option<i32>,
    pub retries: Option<u32>,
    pub retry_delay_ms: Option<u64>,
    pub backoff: Option<Backoff>,
    pub retry_max_delay_ms: Option<u64>,
    pub retry_jitter: Option<bool>,
    pub ok_codes: Option<CodeSet>,
    pub retry_on: Option<CodeSet>,
    pub no_retry_on: Option<CodeSet>,
    pub snooze_on: Option<Vec<SnoozeRule>>,
    pub on_lost: Option<OnLost>,
    pub lease_ms: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub soft_timeout_ms: Option<u64>,
    pub soft_signal: Option<i32>,
    pub expires_ms: Option<u64>,
    pub result_ttl_ms: Option<u64>,
    pub failure_ttl_ms: Option<u64>,
    pub output_head: Option<u64>,
    pub output_tail: Option<u64>,
}

/// The policy of one job: flag over task over queue, each key by itself. What nobody said
/// stays `None`; the defaults are in [`Policy::retry`] and its neighbours, and the worker's.
pub fn resolve(flags: &Policy, task: Option<&Policy>, queue: Option<&Policy>) -> Policy {
    let nothing = Policy::default();
    flags.over(task.unwrap_or(&nothing)).over(queue.unwrap_or(&nothing))
}

impl Policy {
    fn over(&self, under: &Policy) -> Policy {
        Policy {
            priority: self.priority.or(under.priority),
            retries: self.retries.or(under.retries),
            retry_delay_ms: self.retry_delay_ms.or(under.retry_delay_ms),
            backoff: self.backoff.or(under.backoff),
            retry_max_delay_ms: self.retry_max_delay_ms.or(under.retry_max_delay_ms),
            retry_jitter: self.retry_jitter.or(under.retry_jitter),
            ok_codes: self.ok_codes.as_ref().or(under.ok_codes.as_ref()).cloned(),
            retry_on: self.retry_on.as_ref().or(under.retry_on.as_ref()).cloned(),
            no_retry_on: self.no_retry_on.as_ref().or(under.no_retry_on.as_ref()).cloned(),
            snooze_on: self.snooze_on.as_ref().or(under.snooze_on.as_ref()).cloned(),
            on_lost: self.on_lost.or(under.on_lost),
            lease_ms: self.lease_ms.or(under.lease_ms),
            timeout_ms: self.timeout_ms.or(under.timeout_ms),
            soft_timeout_ms: self.soft_timeout_ms.or(under.soft_timeout_ms),
            soft_signal: self.soft_signal.or(under.soft_signal),
            expires_ms: self.expires_ms.or(under.expires_ms),
            result_ttl_ms: self.result_ttl_ms.or(under.result_ttl_ms),
            failure_ttl_ms: self.failure_ttl_ms.or(under.failure_ttl_ms),
            output_head: self.output_head.or(under.output_head),
            output_tail: self.output_tail.or(under.output_tail),
        }
    }

    /// The retry part of a spec, defaults filled in.
    pub fn retry(&self) -> Retry {
        let usual = Retry::default();
        let delay_ms = self.retry_delay_ms.unwrap_or(usual.delay_ms);
        Retry {
            retries: self.retries.unwrap_or(usual.retries),
            delay_ms,
            backoff: self.backoff.unwrap_or(usual.backoff),
            // A long first wait is meant: the usual bound must not shorten it.
            max_delay_ms: self.retry_max_delay_ms.unwrap_or(usual.max_delay_ms.max(delay_ms)),
            jitter: self.retry_jitter.unwrap_or(usual.jitter),
        }
    }

    /// The limits of an attempt.
    pub fn limits(&self) -> Limits {
        Limits {
            soft_timeout_ms: self.soft_timeout_ms,
            soft_signal: self.soft_signal,
            timeout_ms: self.timeout_ms,
        }
    }

    /// What exit codes mean.
    pub fn codes(&self) -> Codes {
        Codes {
            ok: self.ok_codes.clone(),
            retry_on: self.retry_on.clone(),
            no_retry_on: self.no_retry_on.clone(),
            snooze_on: self.snooze_on.clone().unwrap_or_default(),
        }
    }

    /// What contradicts itself: the key at fault, and why. For a policy of one place, and
    /// again for what [`resolve`] made of several.
    pub fn contradictions(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if let (Some(soft), Some(hard)) = (self.soft_timeout_ms, self.timeout_ms)
            && soft >= hard
        {
            let words = format!("soft_timeout {} must be shorter than timeout {}", short(soft), short(hard));
            found.push(("soft_timeout", words));
        }
        let retry = self.retry();
        if retry.max_delay_ms < retry.delay_ms {
            found.push((
                "retry_max_delay",
                format!(
                    "retry_max_delay {} is shorter than the first wait, {}",
                    short(retry.max_delay_ms),
                    short(retry.delay_ms)
                ),
            ));
        }
        if self.no_retry_on.as_ref().is_some_and(|set| set.contains(TEMPFAIL)) {
            found.push(("no_retry_on", "no_retry_on: code 75 always asks for another try".to_owned()));
        }
        found.extend(self.code_twice());
        found
    }

    fn code_twice(&self) -> Option<(&'static str, String)> {
        let mut named: Vec<(&'static str, &CodeSet)> = Vec::new();
        for (key, set) in
            [("ok_codes", &self.ok_codes), ("retry_on", &self.retry_on), ("no_retry_on", &self.no_retry_on)]
        {
            named.extend(set.as_ref().map(|set| (key, set)));
        }
        named.extend(self.snooze_on.iter().flatten().map(|rule| ("snooze_on", &rule.codes)));
        for (at, (first, one)) in named.iter().enumerate() {
            for (second, other) in &named[at + 1..] {
                if let Some(code) = (0..=255).find(|code| one.contains(*code) && other.contains(*code)) {
                    return Some((second, format!("exit code {code} is in {first} and in {second}")));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_task_and_the_task_over_the_queue() {
        let flags = Policy { retries: Some(1), ..Policy::default() };
        let task = Policy { retries: Some(2), timeout_ms: Some(2), ..Policy::default() };
        let queue = Policy { retries: Some(3), timeout_ms: Some(3), priority: Some(3), ..Policy::default() };
        let one = resolve(&flags, Some(&task), Some(&queue));
        assert_eq!(
            (one.retries, one.timeout_ms, one.priority, one.lease_ms),
            (Some(1), Some(2), Some(3), None)
        );
        assert_eq!(resolve(&Policy::default(), None, None), Policy::default());
        assert_eq!(Policy::default().retry(), Retry::default());
    }

    #[test]
    fn contradictions_name_the_key() {
        let told =
            |policy: Policy| policy.contradictions().into_iter().map(|(_, why)| why).collect::<Vec<_>>();
        let set = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            told(Policy { soft_timeout_ms: Some(60_000), timeout_ms: Some(60_000), ..Policy::default() }),
            ["soft_timeout 1m 00s must be shorter than timeout 1m 00s"]
        );
        assert_eq!(
            told(Policy { retry_max_delay_ms: Some(5_000), ..Policy::default() }),
            ["retry_max_delay 5s is shorter than the first wait, 10s"]
        );
        assert_eq!(
            told(Policy { no_retry_on: set("70-80"), ok_codes: set("0,71"), ..Policy::default() }),
            [
                "no_retry_on: code 75 always asks for another try",
                "exit code 71 is in ok_codes and in no_retry_on"
            ]
        );
        assert_eq!(told(Policy { retry_delay_ms: Some(86_400_000), ..Policy::default() }), [""; 0]);
    }
}
