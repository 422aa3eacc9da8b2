//! How a text for people looks: colours, width, time zone.

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;

use crate::core::state::State;
use crate::core::when::LocalZone;

/// Headings, labels and what matters less.
pub(super) const DIM: Style = Style::new().dimmed();
/// What is good.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What somebody should look at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// What is under way.
pub(super) const BUSY: Style = AnsiColor::Cyan.on_default();
/// As it comes.
pub(super) const PLAIN: Style = Style::new();

/// How texts for one stream are to look.
#[derive(Debug, Clone)]
pub struct Look {
    /// Whether colours may be used.
    pub color: bool,
    /// Columns of the terminal; `None` where there is no terminal, and nothing is cut short.
    pub width: Option<usize>,
    /// The zone in which instants are shown.
    pub zone: LocalZone,
}

impl Look {
    /// No colours, any width, UTC.
    pub fn plain() -> Look {
        Look { color: false, width: None, zone: TimeZone::UTC.into() }
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.color && style != PLAIN && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

pub(super) fn state(state: State) -> Style {
    match state {
        State::Success => GOOD,
        State::Failure => BAD.bold(),
        State::Started => BUSY,
        State::Retry => WARN,
        State::Pending => PLAIN,
        State::Scheduled | State::Blocked | State::Revoked | State::Expired => DIM,
    }
}
