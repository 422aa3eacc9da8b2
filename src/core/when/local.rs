//! The local zone, looked for when it is first needed: finding a zone walks a folder of
//! hundreds of names, which would double the time of a short command that shows no time.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;

/// A time zone that may not be known yet. Clones share what was found.
#[derive(Debug, Clone)]
pub struct LocalZone {
    known: Arc<OnceLock<TimeZone>>,
    find: fn() -> TimeZone,
}

impl LocalZone {
    /// The zone that `find` answers with, asked once and only when needed.
    pub fn found_by(find: fn() -> TimeZone) -> LocalZone {
        LocalZone { known: Arc::default(), find }
    }
}

impl From<TimeZone> for LocalZone {
    fn from(zone: TimeZone) -> LocalZone {
        LocalZone { known: Arc::new(zone.into()), find: || TimeZone::UTC }
    }
}

impl Deref for LocalZone {
    type Target = TimeZone;

    fn deref(&self) -> &TimeZone {
        self.known.get_or_init(self.find)
    }
}
