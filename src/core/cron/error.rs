//! What is wrong or doubtful in a cron text, and where.

use std::ops::Range;

/// Why a text is no schedule. The message is for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CronError {
    /// What is wrong, in one line without control characters.
    pub message: String,
    /// The number of the field, from 0, where it is one field's fault.
    pub field: Option<usize>,
    /// The bytes of the text that are at fault.
    pub span: Range<usize>,
    /// What would mend it.
    pub hint: Option<String>,
    text: String,
}

/// What is allowed and seldom meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What will happen, in one line.
    pub message: String,
    /// The number of the field, from 0.
    pub field: usize,
    /// The bytes of the text it is about.
    pub span: Range<usize>,
}

/// Columns of a text that are shown with a caret; longer ones are cut around the fault.
const SHOWN: usize = 72;

impl CronError {
    pub(super) fn new(text: &str, field: Option<usize>, span: Range<usize>, message: String) -> CronError {
        CronError { message, field, span, hint: None, text: text.to_owned() }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> CronError {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn at(self, span: Range<usize>) -> CronError {
        CronError { span, ..self }
    }

    /// Whether what is at fault was written with letters.
    pub(super) fn spells_letters(&self) -> bool {
        self.text.get(self.span.clone()).is_some_and(|part| part.bytes().any(|b| b.is_ascii_alphabetic()))
    }

    /// The text, and below it carets under what is wrong; two lines, safe for a terminal.
    pub fn pointed(&self) -> String {
        pointed(&self.text, &self.span)
    }
}

impl Warning {
    /// As [`CronError::pointed`], for the text that was read.
    pub fn pointed(&self, text: &str) -> String {
        pointed(text, &self.span)
    }
}

/// One column for each character: a valid schedule is plain ASCII, so whatever else stands in
/// it is shown as `?`, and the message names it.
fn pointed(text: &str, span: &Range<usize>) -> String {
    let columns = |part: &str| part.chars().count();
    let start = columns(text.get(..span.start).unwrap_or(text));
    let width = columns(text.get(span.clone()).unwrap_or_default()).max(1);
    let shown: Vec<char> = text
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c == ' ' || c.is_ascii_graphic() => c,
            _ => '?',
        })
        .collect();
    let from = if shown.len() > SHOWN { start.saturating_sub(SHOWN / 2) } else { 0 };
    let to = shown.len().min(from + SHOWN);
    let (left, right) = (if from > 0 { "..." } else { "" }, if to < shown.len() { "..." } else { "" });
    let line: String = shown.get(from..to).unwrap_or_default().iter().collect();
    let pad = " ".repeat(left.len() + start.saturating_sub(from));
    let carets = "^".repeat(width.min((from + SHOWN).saturating_sub(start)).max(1));
    format!("{left}{line}{right}\n{pad}{carets}")
}
