//! What is wrong with a field, said so that it can be mended.

use super::error::CronError;
use super::field::{DAY, Field, MONTH, Reader, WEEKDAY};

/// What other crons have and Debian's has not.
const FOREIGN: &str = "L, W and # are not in Debian's cron; let the command look at the date";

/// So much of a word stands in a message; the rest can be seen above the caret.
const WORD: usize = 24;

impl Reader<'_> {
    pub(super) fn wrong(&self, start: usize, message: String) -> CronError {
        let first = self.text.get(start..).and_then(|text| text.chars().next());
        let end = self.at().max(start + first.map_or(0, char::len_utf8));
        CronError::new(self.text, Some(self.index), start..end, message)
    }

    /// A value was expected, and there is none.
    pub(super) fn nothing(&self) -> CronError {
        let at = self.at();
        let Some(found) = self.peek() else {
            let last = self.text.get(..at).and_then(|text| text.chars().next_back()).unwrap_or(' ');
            return self.wrong(at - 1, format!("a value is missing after {last}"));
        };
        let name = self.field.name;
        match found {
            '?' => self.wrong(at, format!("? is no {name}")).hint("write *"),
            ',' => self.wrong(at, format!("a value is missing before the comma in {name}")),
            found => self.wrong(at, format!("{} does not belong in {name}", found.escape_default())),
        }
    }

    /// Something follows an item that cannot.
    pub(super) fn junk(&self) -> CronError {
        let (at, name) = (self.at(), self.field.name);
        let rest = self.text.get(at..self.span.end).unwrap_or_default();
        let found = self.peek().unwrap_or(' ');
        let whole = CronError::new(
            self.text,
            Some(self.index),
            at..self.span.end,
            format!("{} cannot stand here in {name}", shortened(rest)),
        );
        let after_star = self.text.get(self.span.start..at).is_some_and(|before| before.ends_with('*'));
        match found {
            '#' => whole.hint(FOREIGN),
            '0'..='9' if after_star => whole.hint(format!("write */{}", shortened(rest))),
            '-' if after_star => whole.hint("* is the whole range by itself"),
            _ => whole,
        }
    }

    /// A word that is no value of this field.
    pub(super) fn strange(&self, start: usize, word: &str) -> CronError {
        let Field { name, low, high, names, .. } = self.field;
        let error = self.wrong(start, format!("{} is no {name}", shortened(word)));
        let upper = word.to_ascii_uppercase();
        let is_in =
            |field: &Field| field.names.iter().any(|own| upper.starts_with(&own.to_ascii_uppercase()));
        let foreign = matches!(upper.as_str(), "L" | "W" | "LW")
            || upper
                .strip_suffix(['L', 'W'])
                .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
        if foreign {
            return error.hint(FOREIGN);
        }
        if word == "h" {
            return error.hint("the letter that draws a value from the name is a capital: write H");
        }
        if word.len() > 3 && is_in(self.field) {
            return error
                .hint(format!("names have three letters: write {}", upper.get(..3).unwrap_or_default()));
        }
        for other in [&DAY, &MONTH, &WEEKDAY] {
            if !names.is_empty() && is_in(other) {
                return error.hint(format!(
                    "this is the field of the {name}, {} is a {}",
                    shortened(word),
                    other.name
                ));
            }
        }
        match (names.first(), names.last()) {
            (Some(first), Some(last)) => error.hint(format!(
                "write a number from {low} to {high} or a name from {} to {}",
                first.to_ascii_uppercase(),
                last.to_ascii_uppercase()
            )),
            _ => error.hint(format!("write a number from {low} to {high}")),
        }
    }

    /// `5/15`, which other crons take for `5-59/15` and Debian's refuses.
    pub(super) fn bare_step(&mut self, start: usize, first: u8) -> CronError {
        self.eat('/');
        let step = self.word();
        let error = self.wrong(start, "a step needs a range in front of it".to_owned());
        if step.is_empty() || !step.bytes().all(|byte| byte.is_ascii_digit()) {
            return error;
        }
        error.hint(format!("write {first}-{}/{}", self.field.high, shortened(step)))
    }

    /// `22-2`: Debian's daemon accepts it and never runs it.
    pub(super) fn inverted(&mut self, start: usize, first: u8, last: u8) -> CronError {
        let step = if self.eat('/') { self.step().unwrap_or(1) } else { 1 };
        let error = self.wrong(start, format!("the range ends before it begins in {}", self.field.name));
        let Field { low, names, .. } = *self.field;
        let (high, size) = (self.field.last(), self.field.size());
        let spells_names = error.spells_letters();
        let shown = |value: u64| match names.get(usize::try_from(value).unwrap_or(0)) {
            Some(name) if spells_names => name.to_ascii_uppercase(),
            _ => (value + u64::from(low)).to_string(),
        };
        let values: Vec<String> = (0..=u64::from(last) + size - u64::from(first))
            .step_by(usize::try_from(step).unwrap_or(usize::MAX))
            .map(|ahead| shown((u64::from(first - low) + ahead) % size))
            .collect();
        let two_ranges = format!("{first}-{high},{low}-{last}");
        error.hint(format!(
            "write {}",
            if step == 1 && values.len() > 12 { two_ranges } else { values.join(",") }
        ))
    }
}

/// The beginning of a text, without anything that could disturb a terminal.
pub(super) fn shortened(text: &str) -> String {
    let mut safe: String = text.chars().take(WORD).flat_map(char::escape_default).collect();
    if text.chars().nth(WORD).is_some() {
        safe.push_str("...");
    }
    safe
}
