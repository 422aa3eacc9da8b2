//! When a schedule is due: cron expressions as Debian's Vixie cron reads them, `every` and
//! `at`. Pure: ticks are a function of the text, the schedule's name and the zone, so any
//! number of beats agree on them without having stored anything.
//!
//! The text becomes bit sets ([`parse`](self::parse)); the crate `cron` walks them over naive
//! local time and bit arithmetic counts them ([`calendar`](self::calendar)); [`stretch`](self::stretch)
//! lays local time on the line of UTC, with Debian's rule for daylight saving;
//! [`Timing`] puts it together.

mod calendar;
mod error;
mod fault;
mod field;
mod parse;
mod remark;
mod seed;
mod stretch;
#[cfg(test)]
mod tests;
mod timing;
mod warn;

pub use calendar::Cron;
pub use error::{CronError, Warning};
pub use parse::{Dialect, Parsed, split};
pub use remark::Remark;
pub use seed::spread_offset;
pub use timing::{Ticks, Timing};
