//! What is allowed and seldom meant.

use super::calendar::full;
use super::error::Warning;
use super::field::{DAY, Field, HOUR, MINUTE, MONTH, Read, SECOND, Step, WEEKDAY};

const MONTHS: [(&str, u8); 12] = [
    ("January", 31),
    ("February", 29),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];

/// The warnings about five or six fields of `text`.
pub(super) fn all(text: &str, reads: &[Read]) -> Vec<Warning> {
    const FIELDS: [&Field; 6] = [&SECOND, &MINUTE, &HOUR, &DAY, &MONTH, &WEEKDAY];
    let fields = &FIELDS[6 - reads.len().min(6)..];
    let mut found = Vec::new();
    for (index, (field, read)) in fields.iter().zip(reads).enumerate() {
        found.extend(read.uneven.iter().map(|step| uneven(field, step, index)));
    }
    if let [.., day, month, weekday] = reads {
        let index = reads.len() - 3;
        found.extend(both_days(text, day, weekday, index));
        found.extend(missing_days(day, month, weekday, index));
    }
    found
}

/// `*/7` in minutes: seven, and then four to the full hour.
fn uneven(field: &Field, step: &Step, index: usize) -> Warning {
    let Step { first, step, last, ref span } = *step;
    let message = if first == last {
        format!("a step of {step} takes {} {first} alone", field.name)
    } else if field.name == DAY.name {
        format!("a step of {step} does not divide the month: after day {last} at most comes day {first}")
    } else {
        let gap = field.size() + u64::from(first) - u64::from(last);
        format!("a step of {step} does not divide the {}: from {last} to {first} it is {gap}", field.whole)
    };
    Warning { message, field: index, span: span.clone() }
}

/// `*/2 * MON`: as the day of month begins with `*`, both days must match.
fn both_days(text: &str, day: &Read, weekday: &Read, index: usize) -> Option<Warning> {
    let some_days = day.set != full(1..32);
    let some_weekdays = weekday.set != full(0..7);
    if !(some_days && some_weekdays && (day.star || weekday.star)) {
        return None;
    }
    let (star, field) = if day.star { (day, index) } else { (weekday, index + 2) };
    let spelled = text.get(star.span.clone()).unwrap_or_default();
    Some(Warning {
        message: format!("{spelled} begins with *, so both day of month and day of week must match"),
        field,
        span: star.span.clone(),
    })
}

/// Days that some of the chosen months do not have.
fn missing_days(day: &Read, month: &Read, weekday: &Read, index: usize) -> Option<Warning> {
    if !day.star && !weekday.star {
        // Either day is enough, and weekdays come every week.
        return None;
    }
    let chosen = (1..13).zip(MONTHS).filter(|(number, _)| month.set >> number & 1 == 1);
    let without: Vec<&str> = chosen
        .filter(|(_, (_, days))| day.set & full(1..i64::from(*days) + 1) == 0)
        .map(|(_, (name, _))| name)
        .collect();
    let february = month.set >> 2 & 1 == 1 && day.set & full(1..30) == 1 << 29;
    let message = match (without.as_slice(), february) {
        ([], false) => return None,
        ([], true) => "February has such a day in leap years only".to_owned(),
        (months, _) => format!("there is no such day in {}", months.join(", ")),
    };
    Some(Warning { message, field: index, span: day.span.clone() })
}
