//! Debian's cron in small: how its parser reads five fields, with all that it lets pass, and
//! what its daemon starts, minute by minute. Written after the behaviour of that daemon and
//! kept apart from the product, of which nothing is used here.

/// One line's times.
#[derive(Debug, Clone)]
pub struct Entry {
    minute: [bool; 60],
    hour: [bool; 24],
    day: [bool; 32],
    month: [bool; 13],
    weekday: [bool; 8],
    minute_star: bool,
    hour_star: bool,
    day_star: bool,
    weekday_star: bool,
    /// Something behind a value was skipped in silence.
    pub skipped: bool,
    /// A range was backwards: accepted, and empty.
    pub inverted: bool,
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The characters of a line, one ahead.
struct Line<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Line<'_> {
    fn now(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    fn blank(&self) -> bool {
        matches!(self.now(), b' ' | b'\t')
    }
}

/// What the daemon makes of the times of a line; `None` where it refuses the line.
pub fn read(times: &str) -> Option<Entry> {
    let text = format!("{times} command\n");
    let mut line = Line { bytes: text.as_bytes(), at: 0 };
    while line.blank() {
        line.at += 1;
    }
    if line.now() == b'@' {
        let word = text.trim().split([' ', '\t']).next()?;
        return nickname(&word[1..]);
    }
    let mut entry = Entry {
        minute: [false; 60],
        hour: [false; 24],
        day: [false; 32],
        month: [false; 13],
        weekday: [false; 8],
        minute_star: line.now() == b'*',
        hour_star: false,
        day_star: false,
        weekday_star: false,
        skipped: false,
        inverted: false,
    };
    let (mut skipped, mut inverted) = (false, false);
    let mut list = |line: &mut Line<'_>, set: &mut [bool], low, names| {
        let star = line.now() == b'*';
        loop {
            range(line, set, low, names, &mut inverted)?;
            if line.now() != b',' {
                break;
            }
            line.at += 1;
        }
        skipped |= !line.blank();
        while !line.blank() && line.now() != b'\n' {
            line.at += 1;
        }
        while line.blank() {
            line.at += 1;
        }
        Some(star)
    };
    entry.minute_star = list(&mut line, &mut entry.minute, 0, &[])?;
    entry.hour_star = list(&mut line, &mut entry.hour, 0, &[])?;
    entry.day_star = list(&mut line, &mut entry.day, 1, &[])?;
    list(&mut line, &mut entry.month, 1, MONTHS)?;
    entry.weekday_star = list(&mut line, &mut entry.weekday, 0, WEEKDAYS)?;
    let sunday = entry.weekday[0] || entry.weekday[7];
    (entry.weekday[0], entry.weekday[7]) = (sunday, sunday);
    (entry.skipped, entry.inverted) = (skipped, inverted);
    (line.now() != b'\n').then_some(entry)
}

fn nickname(word: &str) -> Option<Entry> {
    // In lower case only; the daemon sets the same bits and flags as these lines do, but for
    // flags that make no difference when a field is full.
    let times = match word {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        _ => return None,
    };
    read(times)
}

/// The length of `set` says how far the field goes.
fn range(line: &mut Line<'_>, set: &mut [bool], low: i64, names: &[&str], inverted: &mut bool) -> Option<()> {
    let high = set.len() as i64 - 1;
    let (first, last);
    if line.now() == b'*' {
        line.at += 1;
        (first, last) = (low, high);
    } else {
        first = number(line, low, names)?;
        if line.now() != b'-' {
            if line.now() == b'/' || first < low || first > high {
                return None;
            }
            set[first as usize] = true;
            return Some(());
        }
        line.at += 1;
        last = number(line, low, names)?;
    }
    let mut step = 1;
    if line.now() == b'/' {
        line.at += 1;
        step = number(line, 0, &[])?;
        if step <= 0 {
            return None;
        }
    }
    if first < low || first > high || last < low || last > high {
        return None;
    }
    *inverted |= first > last;
    let mut value = first;
    while value <= last {
        set[value as usize] = true;
        value += step;
    }
    Some(())
}

fn number(line: &mut Line<'_>, low: i64, names: &[&str]) -> Option<i64> {
    let start = line.at;
    while line.now().is_ascii_alphanumeric() {
        line.at += 1;
    }
    let word = std::str::from_utf8(&line.bytes[start..line.at]).ok()?.to_ascii_lowercase();
    if let Some(place) = names.iter().position(|name| *name == word) {
        return Some(place as i64 + low);
    }
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(word.parse().unwrap_or(1 << 40))
}

/// A minute as the daemon takes it apart.
#[derive(Clone, Copy)]
struct Broken {
    minute: usize,
    hour: usize,
    day: usize,
    month: usize,
    weekday: usize,
}

/// Minutes of a local clock since 1970, taken apart; the day is worked out only when it changes.
struct Almanac {
    today: i64,
    day: usize,
    month: usize,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl Almanac {
    fn new() -> Almanac {
        Almanac { today: i64::MIN, day: 0, month: 0 }
    }

    fn turn_to(&mut self, day: i64) {
        if day == self.today {
            return;
        }
        self.today = day;
        let mut left = day;
        let mut year = 1970;
        while left >= 365 + i64::from(is_leap(year)) {
            left -= 365 + i64::from(is_leap(year));
            year += 1;
        }
        let mut month = 0;
        loop {
            let length = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month];
            if left < length {
                break;
            }
            left -= length;
            month += 1;
        }
        (self.day, self.month) = (left as usize + 1, month + 1);
    }

    fn take_apart(&mut self, minutes: i64) -> Broken {
        self.turn_to(minutes / 1_440);
        let of_day = minutes % 1_440;
        Broken {
            minute: (of_day % 60) as usize,
            hour: (of_day / 60) as usize,
            day: self.day,
            month: self.month,
            weekday: ((self.today + 4) % 7) as usize,
        }
    }
}

impl Entry {
    fn is_wild(&self) -> bool {
        self.minute_star || self.hour_star
    }

    fn has_day(&self, time: Broken) -> bool {
        let (day, weekday) = (self.day[time.day], self.weekday[time.weekday]);
        let fits = if self.day_star || self.weekday_star { day && weekday } else { day || weekday };
        self.month[time.month] && fits
    }

    fn is_due(&self, time: Broken) -> bool {
        self.minute[time.minute] && self.hour[time.hour] && self.has_day(time)
    }

    /// The first `count` minutes of a clock that never changes, from `from` on, within `days`.
    pub fn plain(&self, from: i64, days: i64, count: usize) -> Vec<i64> {
        let mut almanac = Almanac::new();
        let mut found = Vec::new();
        for day in from / 1_440..from / 1_440 + days {
            if !self.has_day(almanac.take_apart(day * 1_440)) {
                continue;
            }
            for minute in (day * 1_440).max(from)..(day + 1) * 1_440 {
                if self.is_due(almanac.take_apart(minute)) {
                    found.push(minute);
                    if found.len() == count {
                        return found;
                    }
                }
            }
        }
        found
    }

    /// Whether any day before 2100 is one of its days, and any minute one of its minutes.
    pub fn ever_runs(&self) -> bool {
        !self.plain(0, 130 * 366, 1).is_empty()
    }
}

/// The daemon at work from minute `from` to minute `to` of UTC, awake at each of them:
/// for each entry the minutes in which it starts it, once each. `offset` gives the zone's
/// distance from UTC in minutes.
pub fn daemon(entries: &[Entry], offset: impl Fn(i64) -> i64, from: i64, to: i64) -> Vec<Vec<i64>> {
    let mut almanac = Almanac::new();
    let mut started = vec![Vec::new(); entries.len()];
    // The latest minute of the local clock whose jobs have been started.
    let mut reached = from + offset(from);
    for now in from + 1..=to {
        let clock = now + offset(now);
        let ahead = clock - reached;
        let mut run = |minute: i64, wild: bool, fixed: bool| {
            let time = almanac.take_apart(minute);
            for (entry, started) in entries.iter().zip(&mut started) {
                let wanted = if entry.is_wild() { wild } else { fixed };
                if wanted && entry.is_due(time) && started.last() != Some(&now) {
                    started.push(now);
                }
            }
        };
        match ahead {
            // On time, or a few minutes late: all of them, one after the other.
            1..=5 => {
                for minute in reached + 1..=clock {
                    run(minute, true, true);
                }
                reached = clock;
            }
            // The clock was put forward: wildcard jobs of this minute, fixed jobs of all since.
            6..=180 => {
                run(clock, true, false);
                for minute in reached + 1..=clock {
                    run(minute, false, true);
                }
                reached = clock;
            }
            // It was put back: fixed jobs of these minutes have been started.
            -179..=0 => run(clock, true, false),
            // It was wrong, and has been corrected.
            _ => {
                run(clock, true, true);
                reached = clock;
            }
        }
    }
    started
}
