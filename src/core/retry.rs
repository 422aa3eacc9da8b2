//! What an ending means for the job: pure, decided by the worker, carried out by a script.

use super::outcome::Outcome;
use super::spec::{Backoff, Codes, Retry};

/// The code that always asks for another try (`EX_TEMPFAIL` of sysexits.h).
pub const TEMPFAIL: u8 = 75;

/// What to tell the store about an attempt that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The job is done.
    Success,
    /// Try again after this many milliseconds; a failure is counted.
    Retry {
        /// The wait, in milliseconds.
        delay_ms: u64,
    },
    /// Back to the queue for this many milliseconds; nothing is counted but the snooze.
    Snooze {
        /// The wait, in milliseconds.
        delay_ms: u64,
    },
    /// No attempts are left, or none would help.
    Failure,
}

/// Decides what `outcome` means.
///
/// `failures` counts earlier attempts that failed; losses, snoozes and releases are counted
/// elsewhere and cost nothing here. `asked_ms` is what the job wrote to `$JOBQ_RETRY_AFTER`.
/// `random` is a number in 0..1 for the jitter.
pub fn decide(
    retry: &Retry,
    codes: &Codes,
    outcome: Outcome,
    failures: u32,
    asked_ms: Option<u64>,
    random: f64,
) -> Verdict {
    if let Outcome::Exit(code) = outcome {
        if let Some(rule) = codes.snooze_on.iter().find(|rule| rule.codes.contains(code)) {
            return Verdict::Snooze { delay_ms: asked_ms.unwrap_or(rule.delay_ms) };
        }
        if codes.ok.as_ref().map_or(code == 0, |ok| ok.contains(code)) {
            return Verdict::Success;
        }
    }
    if failures >= retry.retries || !worth_retrying(codes, outcome) {
        return Verdict::Failure;
    }
    Verdict::Retry { delay_ms: asked_ms.unwrap_or_else(|| delay_ms(retry, failures + 1, random)) }
}

/// Whether another attempt could end otherwise.
fn worth_retrying(codes: &Codes, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Exit(TEMPFAIL) => true,
        Outcome::Exit(code) => {
            codes.retry_on.as_ref().is_none_or(|only| only.contains(code))
                && !codes.no_retry_on.as_ref().is_some_and(|never| never.contains(code))
        }
        // The same bytes will be too big again, and these were somebody's decision.
        Outcome::TooBig | Outcome::Cancelled | Outcome::Expired | Outcome::Rejected => false,
        _ => true,
    }
}

/// The wait before the retry that follows failure number `failure` (from 1), in milliseconds.
fn delay_ms(retry: &Retry, failure: u32, random: f64) -> u64 {
    let grown = match retry.backoff {
        Backoff::Fixed => retry.delay_ms,
        Backoff::Exponential => retry.delay_ms.saturating_mul(1u64 << (failure - 1).min(40)),
    };
    let capped = grown.min(retry.max_delay_ms);
    if !retry.jitter {
        return capped;
    }
    // Half of the delay is kept, so that jitter never turns a wait into none.
    let half = capped / 2;
    half + ((capped - half) as f64 * random.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::codes::SnoozeRule;
    use proptest::prelude::*;

    fn retries(retries: u32) -> Retry {
        Retry { retries, ..Retry::default() }
    }

    fn verdict(retry: &Retry, codes: &Codes, outcome: Outcome, failures: u32) -> Verdict {
        decide(retry, codes, outcome, failures, None, 0.5)
    }

    #[test]
    fn zero_is_success_and_anything_else_fails_without_retries() {
        let codes = Codes::default();
        assert_eq!(verdict(&retries(0), &codes, Outcome::Exit(0), 0), Verdict::Success);
        assert_eq!(verdict(&retries(0), &codes, Outcome::Exit(75), 0), Verdict::Failure);
        assert_eq!(verdict(&retries(0), &codes, Outcome::Timeout, 0), Verdict::Failure);
    }

    #[test]
    fn the_exit_code_policy_is_obeyed() {
        let codes = Codes {
            ok: Some("0,3".parse().unwrap()),
            retry_on: Some("10-20".parse().unwrap()),
            no_retry_on: Some("15".parse().unwrap()),
            snooze_on: vec![SnoozeRule { codes: "99".parse().unwrap(), delay_ms: 5 }],
        };
        let again = Verdict::Retry { delay_ms: 10_000 };
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(3), 0), Verdict::Success);
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(10), 0), again);
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(15), 0), Verdict::Failure);
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(30), 0), Verdict::Failure);
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(75), 0), again);
        assert_eq!(verdict(&retries(1), &codes, Outcome::Exit(75), 1), Verdict::Failure);
        assert_eq!(verdict(&retries(0), &codes, Outcome::Exit(99), 7), Verdict::Snooze { delay_ms: 5 });
        assert_eq!(verdict(&retries(1), &codes, Outcome::TooBig, 0), Verdict::Failure);
    }

    #[test]
    fn the_job_may_choose_its_own_delay() {
        let asked = decide(&retries(2), &Codes::default(), Outcome::Exit(1), 0, Some(30_000), 0.0);
        assert_eq!(asked, Verdict::Retry { delay_ms: 30_000 });
    }

    proptest! {
        #[test]
        fn delays_stay_within_their_bounds(
            delay in 0u64..10_000_000, max in 0u64..10_000_000, failure in 1u32..2_000, random in 0.0f64..1.0,
            jitter: bool, exponential: bool,
        ) {
            let backoff = if exponential { Backoff::Exponential } else { Backoff::Fixed };
            let retry = Retry { retries: 1, delay_ms: delay, backoff, max_delay_ms: max, jitter };
            let wait = delay_ms(&retry, failure, random);
            prop_assert!(wait <= max);
            if !jitter { prop_assert!(wait >= delay.min(max)); } else { prop_assert!(wait >= delay.min(max) / 2); }
        }

        #[test]
        fn the_number_of_attempts_is_bounded(allowed in 0u32..50, code in 1u8..=255) {
            let retry = retries(allowed);
            let mut failures = 0;
            while let Verdict::Retry { .. } = verdict(&retry, &Codes::default(), Outcome::Exit(code), failures) {
                failures += 1;
                prop_assert!(failures <= allowed);
            }
            prop_assert_eq!(failures, allowed);
        }
    }
}
