//! The calendar against a simulation of Debian's daemon, and against itself.
//!
//! `make cron-oracle` sets `JOBQ_CRON_ORACLE` to a folder: the same tests then take all zones
//! and ten times the texts, and write what other programs are compared with there.

mod differential;
mod oracle;
mod properties;
mod zones;

use std::path::PathBuf;

use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Dialect, Parsed, Ticks, Timing};

/// Where the long run leaves its files; `None` in `make test`.
fn long_run() -> Option<PathBuf> {
    std::env::var_os("JOBQ_CRON_ORACLE").map(PathBuf::from)
}

/// The calendar of a text that the product takes.
fn read(text: &str) -> Cron {
    match Cron::parse(text, Dialect::Schedule, "name") {
        Ok(Parsed::Calendar { cron, .. }) => cron,
        other => panic!("{text}: {other:?}"),
    }
}

fn timing(text: &str, zone: &TimeZone) -> Timing {
    Ticks::Cron { cron: read(text), zone: zone.clone() }.into()
}

/// All ticks after `from_ms` and not after `to_ms`, asked for one by one.
fn walk(timing: &Timing, from_ms: i64, to_ms: i64) -> Vec<i64> {
    let ticks = std::iter::successors(timing.next_after(from_ms), |tick| timing.next_after(*tick));
    ticks.take_while(|tick| *tick <= to_ms).collect()
}

/// Numbers that are the same on every run (xorshift), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, range: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % range
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
