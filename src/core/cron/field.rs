//! One field of an expression: a list of values, ranges and steps, as Debian's cron reads it,
//! without what it skips in silence.

use std::ops::Range;

use super::calendar::full;
use super::error::CronError;
use super::fault::shortened;
use super::seed;

/// What a field may hold.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// What all its values make together.
    pub(super) whole: &'static str,
    pub(super) low: u8,
    pub(super) high: u8,
    /// Names of the values from `low` on, three letters each.
    pub(super) names: &'static [&'static str],
    /// The highest value that `~` and `H` draw without a range: one that every month has, and
    /// no day of the week twice.
    drawn: u8,
}

const fn plain(name: &'static str, whole: &'static str, low: u8, high: u8) -> Field {
    Field { name, whole, low, high, names: &[], drawn: high }
}

pub(super) const SECOND: Field = plain("second", "minute", 0, 59);
pub(super) const MINUTE: Field = plain("minute", "hour", 0, 59);
pub(super) const HOUR: Field = plain("hour", "day", 0, 23);
pub(super) const DAY: Field = Field { drawn: 28, ..plain("day of month", "month", 1, 31) };
pub(super) const MONTH: Field = Field {
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ..plain("month", "year", 1, 12)
};
pub(super) const WEEKDAY: Field = Field {
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    drawn: 6,
    ..plain("day of week", "week", 0, 7)
};

/// A field that was read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) set: u64,
    /// Begins with `*`, which is what Debian goes by.
    pub(super) star: bool,
    /// Steps over a whole field that do not come out even, and steps beyond the end.
    pub(super) uneven: Vec<Step>,
    pub(super) span: Range<usize>,
}

/// A step, for the warnings.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) first: u8,
    pub(super) step: u64,
    /// The last value it reaches.
    pub(super) last: u8,
    pub(super) span: Range<usize>,
}

/// Reads one field: `text[span]` is field number `index` of a schedule called `name`.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    pub(super) field: &'static Field,
    pub(super) index: usize,
    pub(super) span: Range<usize>,
    at: usize,
}

type Result<T> = std::result::Result<T, CronError>;

impl<'a> Reader<'a> {
    pub(super) fn new(
        text: &'a str,
        name: &'a str,
        field: &'static Field,
        index: usize,
        span: Range<usize>,
    ) -> Reader<'a> {
        let at = span.start;
        Reader { text, name, field, index, span, at }
    }

    /// `item {"," item}` to the end of the field.
    pub(super) fn list(mut self) -> Result<Read> {
        let star = self.peek() == Some('*');
        let mut read = Read { set: 0, star, uneven: Vec::new(), span: self.span.clone() };
        loop {
            self.item(&mut read)?;
            if !self.eat(',') {
                break;
            }
        }
        match self.peek() {
            None => {
                // 7 is Sunday as well.
                if self.field.names.len() == 7 {
                    read.set = (read.set | read.set >> 7) & full(0..7);
                }
                Ok(read)
            }
            Some(_) => Err(self.junk()),
        }
    }

    /// `*`, a value, a range, `~` or `H`, with a step where that makes sense.
    fn item(&mut self, read: &mut Read) -> Result<()> {
        let start = self.at;
        let Field { low, high, .. } = *self.field;
        if self.eat('*') {
            return self.stepped(read, start, low, high);
        }
        if self.word() == "H" {
            return self.hashed(read, start);
        }
        self.at = start;
        if self.eat('~') {
            return self.drawn(read, start, low, None);
        }
        let first = self.value()?;
        if self.eat('~') {
            return self.drawn(read, start, first, Some(first));
        }
        if self.eat('-') {
            let last = self.value()?;
            if first > last {
                return Err(self.inverted(start, first, last));
            }
            return self.stepped(read, start, first, last);
        }
        if self.peek() == Some('/') {
            return Err(self.bare_step(start, first));
        }
        read.set |= full(i64::from(first)..i64::from(first) + 1);
        Ok(())
    }

    /// The values from `first` to `last`, each or in steps.
    pub(super) fn stepped(&mut self, read: &mut Read, start: usize, first: u8, last: u8) -> Result<()> {
        if !self.eat('/') {
            read.set |= full(i64::from(first)..i64::from(last) + 1);
            return Ok(());
        }
        let step = self.step()?;
        let values = u64::from(first)..=u64::from(last);
        let values = values.step_by(usize::try_from(step).unwrap_or(usize::MAX));
        let mut reached = first;
        for value in values {
            read.set |= 1u64 << value;
            reached = u8::try_from(value).unwrap_or(last);
        }
        let whole = (first, last) == (self.field.low, self.field.high);
        if (whole && !self.field.size().is_multiple_of(step))
            || (step > 1 && first < last && reached == first)
        {
            read.uneven.push(Step { first, step, last: reached, span: start..self.at });
        }
        Ok(())
    }

    /// `H`, `H(a-b)`, `H/n`, `H(a-b)/n`: values that the schedule's name draws.
    fn hashed(&mut self, read: &mut Read, start: usize) -> Result<()> {
        let (mut low, mut high) = (self.field.low, self.field.drawn);
        if self.eat('(') {
            low = self.value()?;
            if !self.eat('-') {
                return Err(self
                    .wrong(start, "H takes a range in its brackets".to_owned())
                    .hint("write H(0-29)"));
            }
            high = self.value()?;
            if low > high {
                return Err(self.inverted(start, low, high));
            }
            if !self.eat(')') {
                return Err(self.wrong(start, "the bracket after H is not closed".to_owned()));
            }
        }
        self.draw(read, low, high)
    }

    /// What follows `~`: the end of its range, if any, and a step.
    fn drawn(&mut self, read: &mut Read, start: usize, low: u8, first: Option<u8>) -> Result<()> {
        let open = matches!(self.peek(), None | Some(',' | '/'));
        let high = match (open, first) {
            (true, None) => self.field.drawn,
            (true, Some(_)) => self.field.last(),
            (false, _) => self.value()?,
        };
        if low > high {
            return Err(self.inverted(start, low, high));
        }
        self.draw(read, low, high)
    }

    /// One value of the range; with a step, one in its first step and then every step.
    fn draw(&mut self, read: &mut Read, low: u8, high: u8) -> Result<()> {
        let step = if self.eat('/') { self.step()? } else { 64 };
        let reach = u8::try_from(u64::from(low) + step - 1).unwrap_or(high).min(high);
        let first = seed::draw(self.name, self.field.name, low, reach);
        for value in (u64::from(first)..=u64::from(high)).step_by(usize::try_from(step).unwrap_or(usize::MAX))
        {
            read.set |= 1u64 << value;
        }
        Ok(())
    }

    /// A number or a name of this field.
    fn value(&mut self) -> Result<u8> {
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.nothing());
        }
        let lower = word.to_ascii_lowercase();
        if let Some(at) = self.field.names.iter().position(|name| *name == lower) {
            return Ok(self.field.low + u8::try_from(at).unwrap_or(0));
        }
        let value = number(word).ok_or_else(|| self.strange(start, word))?;
        let Field { name, low, high, .. } = *self.field;
        match u8::try_from(value).ok().filter(|value| (low..=high).contains(value)) {
            Some(value) => Ok(value),
            None => {
                let message = format!("{} is no {name}: they go from {low} to {high}", shortened(word));
                let error = self.wrong(start, message);
                Err(if name == "hour" && value == 24 { error.hint("midnight is hour 0") } else { error })
            }
        }
    }

    pub(super) fn step(&mut self) -> Result<u64> {
        let start = self.at;
        let word = self.word();
        match number(word) {
            Some(0) => Err(self.wrong(start, "a step cannot be 0".to_owned())),
            Some(step) => Ok(step),
            None if word.is_empty() => Err(self.wrong(start - 1, "a number is missing after /".to_owned())),
            None => Err(self.wrong(start, format!("{} is no number; a step is one", shortened(word)))),
        }
    }

    /// How far it has read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..self.span.end).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Letters and digits from here on.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}

impl Field {
    /// How many different values it has.
    pub(super) fn size(&self) -> u64 {
        u64::from(self.last() - self.low) + 1
    }

    /// The last value that is not another's second name: Sunday is 0, and 7 as well.
    pub(super) fn last(&self) -> u8 {
        if self.names.len() == 7 { self.high - 1 } else { self.high }
    }
}

/// Digits alone, however many: what is too large for the type is too large for any field.
fn number(word: &str) -> Option<u64> {
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| u64::from(word.parse().unwrap_or(u32::MAX)))
}
