//! jobq-cron.5: when schedules are due. What it says of changes of the clock is worked out by
//! the product itself.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jobq::core::cron::{Cron, Dialect, Parsed, Ticks, Timing};

use super::manual::{DATE, VERSION};
use super::roff::{Page, bold};

const ABOUT: &str = "\
A schedule of jobq-beat(1) is due by a cron expression, by a period (`every`), or once (`at`). Expressions mean \
what they mean to the cron of Debian (Vixie cron 3.0 with Debian's changes), whether they stand after `--cron`, \
as `cron =` in jobq.toml(5) or in a crontab. What that cron accepts and never runs, or accepts and reads in part, \
is refused with a hint.

When a schedule is due depends on its expression, its name and its time zone, and on nothing else: not on when \
a beat was started, nor on what any beat did before. `jobq beat next` shows the coming ticks.";

const FIELDS: &[&str] = &[
    "field          values                 names",
    "minute         0 to 59",
    "hour           0 to 23",
    "day of month   1 to 31",
    "month          1 to 12                JAN to DEC",
    "day of week    0 to 7, both Sunday    SUN to SAT",
];

const ITEMS: &[(&str, &str)] = &[
    ("*", "Every value."),
    ("5", "A value. Months and days of the week may be named by three letters, in capitals or not."),
    ("1-5", "A range, both ends included; `MON-FRI` as well. It may not end before it begins."),
    ("*/15, 10-50/20", "Every so many values of a range: `0,15,30,45` and `10,30,50`."),
    ("0,30, 1-5,SAT", "A list of any of these, without blanks."),
    (
        "~, 10~20, ~/15",
        "A value of the field or of the range that the name of the schedule draws; with a step, one that lies in \
         the first step, and every step from there. It is the same on every machine and after every restart.",
    ),
    ("H, H(10-20), H/15", "The same as it is written elsewhere."),
];

const RULES: &str = "\
A schedule is due when minute, hour and month match, and the day. If neither `day of month` nor `day of week` \
begins with `*`, one of the two is enough: `0 4 1,15 * FRI` is due on the 1st, on the 15th and on every Friday. \
If one of them begins with `*`, both must match: `0 4 * * FRI` on Fridays only, and `0 4 */2 * FRI` on Fridays \
that are odd days of the month, since `*/2` begins with `*` too. There is a warning for the latter.

By themselves `~` and `H` draw a day of month from 1 to 28, which every month has.";

const NICKNAMES: &[&str] = &[
    "@hourly                0 * * * *",
    "@daily, @midnight      0 0 * * *",
    "@weekly                0 0 * * 0",
    "@monthly               0 0 1 * *",
    "@yearly, @annually     0 0 1 1 *",
    "@reboot                once after each boot; in crontabs only",
];

const SECONDS: &str = "\
Six fields, which crontabs cannot have, put seconds in front: `*/10 * * * * *` is due every ten seconds. Five \
fields are due at second 0.";

const CHANGES: &str = "\
An expression is read on the clock of the schedule's time zone. What happens when that clock is put forward or \
back depends on how the minute and the hour begin.

If either begins with `*`, the schedule follows the clock: times that are skipped are left out, and times that \
come twice are due twice.

Any other has fixed times: those that are skipped are due once, together, right after the change, and those that \
come twice are due the first time only. So a nightly job runs once a night, whatever the clock does.

In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October 2026. \
Between 01:45 and 03:15 these are due at";

/// What the table of changes shows.
const SHOWN: [&str; 7] =
    ["30 2 * * *", "0,30 2 * * *", "0 1-3 * * *", "0-59/30 2 * * *", "*/30 2 * * *", "30 * * * *", "@hourly"];

const CORRECTIONS: &str = "\
Where a clock goes forward by three hours or more, or back by more than three hours (a country moves over the \
date line), it is taken as corrected: all schedules follow it. `jobq beat next` names the changes that concern a \
schedule. The time zone data are those of the machine.";

const PERIODS: &[(&str, &str)] = &[
    (
        "every",
        "A duration such as `90s`, `10m` or `1h30m`. Ticks are the whole multiples of it since 1970-01-01 00:00:00 \
         UTC, so that `every = \"10m\"` is due at full tens of minutes and no restart moves it. It knows no time \
         zone: `24h` is not a day where clocks change.",
    ),
    ("at", "One instant, and one tick."),
    (
        "spread",
        "A duration. Every tick of the schedule is later by a time below it that the name of the schedule draws, \
         always the same. A hundred schedules `0 * * * *` with `spread = \"10m\"` begin all over the first ten \
         minutes.",
    ),
];

const REFUSED: &[(&str, &str)] = &[
    (
        "22-2, FRI-MON",
        "Ranges that end before they begin; write `22,23,0,1,2`. Debian's daemon never runs them.",
    ),
    ("5/15", "A step without a range; write `5-59/15`."),
    (
        "5#2, 15W, L, ?",
        "What other crons have. Debian's daemon refuses these, or skips what follows a number.",
    ),
    ("0 0 30 2 *", "Dates that no year before 2100 has. Schedules end with that year."),
    ("Monday", "Names of more than three letters."),
];

const WARNED: &[(&str, &str)] = &[
    ("*/7 * * * *", "Steps that do not divide the range: from minute 56 to minute 0 it is four minutes."),
    ("*/100 * * * *", "Steps that leave one value."),
    ("0 0 */2 * MON", "Two days that must both match."),
    ("0 0 31 * *", "Days that some of the months do not have, or February in leap years only."),
];

const DIFFERENCES: &[(&str, &str)] = &[
    (
        "Debian's cron",
        "It starts a job once for each time that a change of the clock skipped, ten seconds apart; jobq once for \
         all. It takes nicknames in small letters only, and knows neither `~` nor `H` nor seconds. What it \
         skips in silence is refused here, as said above. Ticks that it sleeps through are lost; see `missed` in \
         jobq.toml(5).",
    ),
    (
        "cronie",
        "It draws `~` anew at each start, and from all days of the month. It takes a range that ends in day 0.",
    ),
    (
        "Quartz, Spring and their kin",
        "Their days of the week begin with 1 for Sunday, so that their `1-5` is Sunday to Thursday; their fields \
         of days are never joined by \"or\"; they take `5/15`, `?`, `L`, `W`, `#` and years.",
    ),
    (
        "Most libraries",
        "They take `*/2 * MON` as either day, leave out fixed times that a change skips, or run them twice when \
         they come twice.",
    ),
];

const EXAMPLES: &[&str] = &[
    "*/5 * * * *          every five minutes",
    "30 4 * * *           at 04:30 every day",
    "0 9-17 * * MON-FRI   every full hour from 9 to 17 on working days",
    "0 0 1 */3 *          on the first day of each quarter",
    "0 6 1 * MON          at 06:00 on the first of the month and on every Monday",
    "H H * * *            once a day, at a time of its own",
    "H 2~5 * * SUN        on Sundays, some time from 02:00 to 05:59",
    "*/10 * * * * *       every ten seconds",
];

/// The page.
pub(crate) fn page() -> String {
    let mut page = Page::new("jobq-cron", 5, DATE, VERSION);
    page.section("NAME");
    page.text("jobq-cron - when schedules of jobq are due");
    page.section("DESCRIPTION");
    page.text(ABOUT);
    page.section("FIELDS");
    page.text("Five fields, parted by blanks:");
    table(&mut page, FIELDS.iter().copied());
    page.text("Each holds one of");
    items(&mut page, ITEMS);
    page.subsection("Days");
    page.text(RULES);
    page.subsection("Nicknames");
    page.text("Instead of the fields, in capitals or not:");
    table(&mut page, NICKNAMES.iter().copied());
    page.subsection("Seconds");
    page.text(SECONDS);
    page.section("CHANGES OF THE CLOCK");
    page.text(CHANGES);
    let changes = changes();
    table(&mut page, changes.iter().map(String::as_str));
    page.text(CORRECTIONS);
    page.section("PERIODS, INSTANTS, SPREAD");
    items(&mut page, PERIODS);
    page.section("WHAT IS REFUSED");
    items(&mut page, REFUSED);
    page.section("WHAT IS WARNED OF");
    items(&mut page, WARNED);
    page.section("DIFFERENCES");
    items(&mut page, DIFFERENCES);
    page.section("EXAMPLES");
    page.verbatim(EXAMPLES.iter().copied());
    page.section("SEE ALSO");
    page.raw("jobq(1),\njobq\\-beat(1),\njobq.toml(5),\ncrontab(5)");
    page.done()
}

fn items(page: &mut Page, items: &[(&str, &str)]) {
    for (term, meaning) in items {
        page.item(&bold(term), meaning);
    }
}

/// Lines as they stand, parted from the text around them.
fn table<'a>(page: &mut Page, lines: impl IntoIterator<Item = &'a str>) {
    page.raw(".PP");
    page.verbatim(lines);
    page.raw(".PP");
}

/// Lines of the table: an expression, and when it is due around the changes of 2026.
fn changes() -> Vec<String> {
    let mut lines = vec![format!("{:<17} {:<20} {}", "", "29 March", "25 October")];
    for text in SHOWN {
        let columns =
            [(2026, 3, 29), (2026, 10, 25)].map(|(year, month, day)| match due(text, year, month, day) {
                times if times.is_empty() => "never".to_owned(),
                times => times.join(", "),
            });
        lines.push(format!("{text:<17} {:<20} {}", columns[0], columns[1]));
    }
    lines
}

/// The times at which `text` is due from 01:45 to 03:15 of that day, as the clock shows them.
fn due(text: &str, year: i16, month: i8, day: i8) -> Vec<String> {
    // Spelled out, so that the page does not depend on the machine's data.
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
    let instant = |hour, minute| {
        let civil = date(year, month, day).at(hour, minute, 0, 0);
        zone.to_ambiguous_timestamp(civil).compatible().map_or(0, |stamp| stamp.as_millisecond())
    };
    let Ok(Parsed::Calendar { cron, .. }) = Cron::parse(text, Dialect::Schedule, "") else {
        return Vec::new();
    };
    let timing: Timing = Ticks::Cron { cron, zone: zone.clone() }.into();
    let ticks = std::iter::successors(timing.next_after(instant(1, 45)), |tick| timing.next_after(*tick));
    ticks
        .take_while(|tick| *tick <= instant(3, 15))
        .filter_map(|tick| jiff::Timestamp::from_millisecond(tick).ok())
        .map(|stamp| stamp.to_zoned(zone.clone()).strftime("%H:%M %Z").to_string())
        .collect()
}
