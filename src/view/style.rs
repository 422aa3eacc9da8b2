//! How a text for people looks: colours, width, time zone.

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

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

impl Look {
    /// A line of words that does not end in the middle of one: where it is longer than the
    /// terminal is wide, it goes on below, `indent` columns from the left. What is told in
    /// several numbers (`2d 10h`, a day and its time) stays together.
    pub(super) fn fold(&self, line: &str, indent: usize) -> String {
        let Some(columns) = self.width.filter(|columns| *columns > 2 * indent) else {
            return line.to_owned();
        };
        let (mut text, mut at) = (String::with_capacity(line.len()), 0);
        let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let (mut words, mut is_first) = (line.split(' ').peekable(), true);
        while let Some(word) = words.next() {
            let mut word = word.to_owned();
            while let Some(next) = words.next_if(|next| is_number(&word) && is_number(next)) {
                word = format!("{word} {next}");
            }
            let width = shown_width(&word);
            if at + 1 + width > columns && at > indent {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                at = indent;
            } else if !is_first {
                text.push(' ');
                at += 1;
            }
            is_first = false;
            text.push_str(&word);
            at += width;
        }
        text
    }
}

/// Columns that a word takes, without the colours in it.
fn shown_width(word: &str) -> usize {
    let mut in_color = false;
    let mut width = 0;
    for c in word.chars() {
        match c {
            '\u{1b}' => in_color = true,
            'm' if in_color => in_color = false,
            _ if in_color => {}
            c => width += c.width().unwrap_or(0),
        }
    }
    width
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_below_between_words() {
        let narrow = Look { width: Some(12), ..Look::plain() };
        assert_eq!(narrow.fold("one two three four", 2), "one two\n  three four");
        assert_eq!(
            narrow.fold("\u{1b}[31mone\u{1b}[0m two  three", 2),
            "\u{1b}[31mone\u{1b}[0m two\n  three"
        );
        assert_eq!(narrow.fold("averyveryverylongword x", 2), "averyveryverylongword\n  x");
        assert_eq!(narrow.fold("  short", 2), "  short");
        assert_eq!(narrow.fold("it is due 2d 10h", 2), "it is due\n  2d 10h");
        assert_eq!(Look::plain().fold("one two three four", 2), "one two three four");
    }
}
