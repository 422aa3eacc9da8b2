use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

fn cron(text: &str) -> Cron {
    match Cron::parse(text, Dialect::Schedule, "nightly") {
        Ok(Parsed::Calendar { cron, .. }) => cron,
        other => panic!("{text}: {other:?}"),
    }
}

fn timing(text: &str, zone: &str) -> Timing {
    Ticks::Cron { cron: cron(text), zone: TimeZone::get(zone).unwrap() }.into()
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The ticks after `from`, as times of UTC.
fn ticks(timing: &Timing, from: &str, count: usize) -> Vec<String> {
    std::iter::successors(timing.next_after(ms(from)), |tick| timing.next_after(*tick))
        .take(count)
        .map(|tick| Timestamp::from_millisecond(tick).unwrap().to_string())
        .collect()
}

#[test]
fn a_fixed_time_of_the_skipped_hour_runs_once_right_after_it() {
    let paris = timing("30 2 * * *", "Europe/Paris");
    assert_eq!(
        ticks(&paris, "2026-03-27T12:00:00Z", 3),
        ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
}

#[test]
fn a_fixed_time_of_the_repeated_hour_runs_the_first_time() {
    let paris = timing("30 2 * * *", "Europe/Paris");
    assert_eq!(ticks(&paris, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let wild = timing("*/30 2 * * *", "Europe/Paris");
    assert_eq!(
        ticks(&wild, "2026-10-24T12:00:00Z", 4),
        ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
    );
}

#[test]
fn what_is_refused_says_why_where_and_what_would_mend_it() {
    for (text, message, at_fault, hint) in [
        (
            "5m",
            "a schedule has five fields, or six with seconds in front; this has 1",
            "5m",
            "for a period there is every = \"5m\"",
        ),
        (
            "* * * *",
            "a schedule has five fields, or six with seconds in front; this has 4",
            "* * * *",
            "write minute, hour, day of month, month, day of week",
        ),
        (
            "* * * * * * *",
            "a schedule has five fields, or six with seconds in front; this has 7",
            "*",
            "there is no field for years",
        ),
        ("60 * * * *", "60 is no minute: they go from 0 to 59", "60", ""),
        ("* 24 * * *", "24 is no hour: they go from 0 to 23", "24", "midnight is hour 0"),
        ("* * 0 * *", "0 is no day of month: they go from 1 to 31", "0", ""),
        ("* * * 13 *", "13 is no month: they go from 1 to 12", "13", ""),
        ("* * * * 8", "8 is no day of week: they go from 0 to 7", "8", ""),
        ("5/15 * * * *", "a step needs a range in front of it", "5/15", "write 5-59/15"),
        ("0 22-2 * * *", "the range ends before it begins in hour", "22-2", "write 22,23,0,1,2"),
        (
            "0 0 * * FRI-MON",
            "the range ends before it begins in day of week",
            "FRI-MON",
            "write FRI,SAT,SUN,MON",
        ),
        ("0 0 * * SAT-SUN", "the range ends before it begins in day of week", "SAT-SUN", "write SAT,SUN"),
        ("0 0 * * 6-0/2", "the range ends before it begins in day of week", "6-0/2", "write 6"),
        ("50-10 * * * *", "the range ends before it begins in minute", "50-10", "write 50-59,0-10"),
        (
            "40-20/5 * * * *",
            "the range ends before it begins in minute",
            "40-20/5",
            "write 40,45,50,55,0,5,10,15,20",
        ),
        ("0 0 * NOV-FEB *", "the range ends before it begins in month", "NOV-FEB", "write NOV,DEC,JAN,FEB"),
        (
            "5#2 * * * *",
            "#2 cannot stand here in minute",
            "#2",
            "L, W and # are not in Debian's cron; let the command look at the date",
        ),
        (
            "0 0 L * *",
            "L is no day of month",
            "L",
            "L, W and # are not in Debian's cron; let the command look at the date",
        ),
        (
            "0 0 15W * *",
            "15W is no day of month",
            "15W",
            "L, W and # are not in Debian's cron; let the command look at the date",
        ),
        ("0 0 ? * *", "? is no day of month", "?", "write *"),
        ("*5 * * * *", "5 cannot stand here in minute", "5", "write */5"),
        ("1-5-9 * * * *", "-9 cannot stand here in minute", "-9", ""),
        ("*/ * * * *", "a number is missing after /", "/", ""),
        ("*/0 * * * *", "a step cannot be 0", "0", ""),
        ("*/x * * * *", "x is no number; a step is one", "x", ""),
        ("1, * * * *", "a value is missing after ,", ",", ""),
        (",1 * * * *", "a value is missing before the comma in minute", ",", ""),
        ("1- * * * *", "a value is missing after -", "-", ""),
        ("0 0 * * monday", "monday is no day of week", "monday", "names have three letters: write MON"),
        ("0 0 * MON *", "MON is no month", "MON", "this is the field of the month, MON is a day of week"),
        ("0 0 JAN * *", "JAN is no day of month", "JAN", "write a number from 1 to 31"),
        ("0 0 * foo *", "foo is no month", "foo", "write a number from 1 to 12 or a name from JAN to DEC"),
        (
            "h * * * *",
            "h is no minute",
            "h",
            "the letter that draws a value from the name is a capital: write H",
        ),
        ("H(5) * * * *", "H takes a range in its brackets", "H(5", "write H(0-29)"),
        ("H(9-5) * * * *", "the range ends before it begins in minute", "H(9-5", "write 9-59,0-5"),
        ("H(1-5 * * * *", "the bracket after H is not closed", "H(1-5", ""),
        ("20~5 * * * *", "the range ends before it begins in minute", "20~5", "write 20-59,0-5"),
        (
            "@never",
            "@never is no nickname",
            "@never",
            "there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually",
        ),
        ("@every 5m", "@every is no nickname", "@every", "for a period there is every = \"10m\""),
        (
            "@reboot",
            "@reboot is for crontabs",
            "@reboot",
            "a schedule belongs to no host; put the line into a file for beat --crontab",
        ),
        ("@daily x", "nothing can follow @daily", "x", ""),
        (
            "TZ=UTC 0 0 * * *",
            "a time zone is no part of the expression",
            "TZ=UTC",
            "its place is timezone = or --tz",
        ),
        (
            "0 0 30 2 *",
            "there is no such date before the year 2100",
            "30 2",
            "February has 29 days at most; April, June, September and November have 30",
        ),
        ("0 0 *\u{a0} * *", "\\u{a0} cannot stand here in day of month", "\u{a0}", ""),
        ("0\u{202e} 0 * * *", "\\u{202e} cannot stand here in minute", "\u{202e}", ""),
        ("0 0 1-31/31/2 * *", "/2 cannot stand here in day of month", "/2", ""),
        ("0 9-17 * * 1-5 /usr/bin/x", "/ does not belong in day of week", "/", ""),
    ] {
        let error = Cron::parse(text, Dialect::Schedule, "nightly").unwrap_err();
        let found = (error.to_string(), &text[error.span.clone()], error.hint.unwrap_or_default());
        assert_eq!(found, (message.to_owned(), at_fault, hint.to_owned()), "{text}");
    }
}

#[test]
fn a_caret_stands_under_the_fault_in_two_lines_that_no_text_breaks() {
    let pointed = |text: &str| Cron::parse(text, Dialect::Crontab, "").unwrap_err().pointed();
    assert_eq!(pointed("0 9-17 * * MON-FOO"), "0 9-17 * * MON-FOO\n               ^^^");
    assert_eq!(pointed("0\t\u{e9}\u{202e} 25 * *"), "0 ?? 25 * *\n  ^");
    assert_eq!(pointed("1\n * * * *"), "1? * * * *\n ^");
    assert_eq!(pointed(""), "\n^");
    let long = format!("{}61 * * * *", "1,".repeat(200));
    assert_eq!(pointed(&long), format!("...{}61 * * * *\n{}^^", "1,".repeat(18), " ".repeat(39)));
    let longer = pointed(&"5".repeat(5_000));
    assert!(longer.lines().count() == 2 && longer.lines().all(|line| line.len() < 80), "{longer}");
}

#[test]
fn crontabs_have_five_fields_and_schedules_no_reboot() {
    let read = |text, dialect| Cron::parse(text, dialect, "").map_err(|error| error.to_string());
    assert_eq!(read("@reboot", Dialect::Crontab), Ok(Parsed::Reboot));
    assert_eq!(read("@ReBoot ", Dialect::Crontab), Ok(Parsed::Reboot));
    assert!(read("30 0 0 * * *", Dialect::Schedule).is_ok());
    assert_eq!(read("30 0 0 * * *", Dialect::Crontab).unwrap_err(), "a schedule has five fields; this has 6");
}

#[test]
fn a_line_of_a_crontab_is_split_where_its_command_begins() {
    for (line, parts) in [
        ("*/5 * * * 1-5 /bin/true  -x", ("*/5 * * * 1-5", "/bin/true  -x")),
        (" \t0 0\t* *  * root\tcmd %in", ("0 0\t* *  *", "root\tcmd %in")),
        ("@daily run me", ("@daily", "run me")),
        ("@reboot", ("@reboot", "")),
        ("0 0 * *", ("0 0 * *", "")),
        ("", ("", "")),
    ] {
        assert_eq!(split(line), parts, "{line}");
    }
}

#[test]
fn nicknames_and_names_are_what_they_stand_for() {
    for (text, same) in [
        ("@yearly", "0 0 1 1 *"),
        ("@Annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@WEEKLY", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        (" @midnight\t", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("0 0 * JAN,mar-MAY/2,12 *", "0 0 * 1,3,5,12 *"),
        ("0 0 1 * sun", "0 0 1 * 7"),
        ("0 0 1 * 5-7,Mon-3", "0 0 1 * 0,1,2,3,5,6"),
        ("007 00 * * *", "7 0 * * *"),
        ("0 12 0 * * MON", "12 0 * * 1"),
        ("*/100 1-5/9 * * *", "*/60 1 * * *"),
    ] {
        assert_eq!(cron(text), cron(same), "{text}");
    }
    assert_ne!(cron("0-59 0 * * *"), cron("* 0 * * *"), "only the second follows the clock");
}

#[test]
fn either_day_is_enough_unless_one_begins_with_a_star() {
    let due = |text: &str| ticks(&timing(text, "UTC"), "2026-06-01T12:00:00Z", 3);
    assert_eq!(due("0 0 13 * FRI"), ["2026-06-05T00:00:00Z", "2026-06-12T00:00:00Z", "2026-06-13T00:00:00Z"]);
    assert_eq!(
        due("0 0 */2 * FRI"),
        ["2026-06-05T00:00:00Z", "2026-06-19T00:00:00Z", "2026-07-03T00:00:00Z"]
    );
    assert_eq!(due("0 0 1-31/2 * FRI")[..2], ["2026-06-03T00:00:00Z", "2026-06-05T00:00:00Z"]);
    assert_eq!(due("0 0 13 * */5"), ["2026-09-13T00:00:00Z", "2026-11-13T00:00:00Z", "2026-12-13T00:00:00Z"]);
}

#[test]
fn a_name_always_draws_the_same_values_within_the_range() {
    let parse = |text: &str, name: &str| match Cron::parse(text, Dialect::Crontab, name) {
        Ok(Parsed::Calendar { cron, .. }) => cron,
        other => panic!("{text}: {other:?}"),
    };
    for text in ["H H * * *", "~ ~ * * *", "0~59 ~23 * * *", "H(0-59) H(0-23) * * *"] {
        assert_eq!(parse(text, "nightly"), cron("52 19 * * *"), "{text}");
    }
    // In steps: somewhere in the first, then every one.
    assert_eq!(parse("H/15 * * * *", "nightly"), cron("13,28,43,58 * * * *"));
    assert_eq!(parse("~/15 * * * *", "nightly"), parse("H/15 * * * *", "nightly"));
    assert_eq!(parse("H(30-39)/5 * * * *", "nightly"), cron("34,39 * * * *"));
    for number in 0..500 {
        let name = format!("job-{number}");
        // By themselves they draw a day that every month has, and Sunday once.
        let drawn = parse("H 5~7 H * *", &name);
        let (january, march) = (31 * calendar::DAY, 59 * calendar::DAY);
        assert_eq!((drawn.count(0..january), drawn.count(january..march)), (1, 1), "{name}");
        assert_eq!(parse("0 0 * * ~", &name).count(0..7 * calendar::DAY), 1, "{name}");
    }
}

#[test]
fn what_is_seldom_meant_is_warned_of() {
    for (text, messages) in [
        ("*/7 * * * *", &["*/7: a step of 7 does not divide the hour: from 56 to 0 it is 4"][..]),
        ("*/60 * * * *", &["*/60: a step of 60 takes minute 0 alone"]),
        ("5-10/20 * * * *", &["5-10/20: a step of 20 takes minute 5 alone"]),
        ("*/45 * * * * *", &["*/45: a step of 45 does not divide the minute: from 45 to 0 it is 15"]),
        ("0 */5 * * *", &["*/5: a step of 5 does not divide the day: from 20 to 0 it is 4"]),
        ("0 0 * */5 *", &["*/5: a step of 5 does not divide the year: from 11 to 1 it is 2"]),
        ("0 0 * * */2", &["*/2: a step of 2 does not divide the week: from 6 to 0 it is 1"]),
        (
            "0 0 */2 * MON",
            &[
                "*/2: a step of 2 does not divide the month: after day 31 at most comes day 1",
                "*/2: */2 begins with *, so both day of month and day of week must match",
            ],
        ),
        ("0 0 13 * */7", &["*/7: */7 begins with *, so both day of month and day of week must match"]),
        ("0 0 31 * *", &["31: there is no such day in February, April, June, September, November"]),
        ("0 0 30 2,4 *", &["30: there is no such day in February"]),
        ("0 0 29 2 *", &["29: February has such a day in leap years only"]),
        ("0 0 31 * FRI", &[]),
        ("0 8-18/3 * * *", &[]),
        ("*/15 */6 1 */3 *", &[]),
        ("0 0 * * 1-5", &[]),
    ] {
        let Ok(Parsed::Calendar { warnings, .. }) = Cron::parse(text, Dialect::Schedule, "") else {
            panic!("{text}");
        };
        let found: Vec<String> =
            warnings.iter().map(|one| format!("{}: {}", &text[one.span.clone()], one.message)).collect();
        assert_eq!(found, messages, "{text}");
    }
}

#[test]
fn changes_of_the_clock_are_told() {
    let march = ("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z");
    let october = ("2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z");
    let apia = ("2011-12-29T00:00:00Z", "2011-12-31T00:00:00Z");
    for (text, zone, (from, to), at, said) in [
        (
            "30 2 * * *",
            "Europe/Paris",
            march,
            "2026-03-29T01:00:00Z",
            "2026-03-29 02:30 does not exist: runs at 03:00",
        ),
        (
            "0,15,30 2 * * *",
            "Europe/Paris",
            march,
            "2026-03-29T01:00:00Z",
            "2026-03-29 02:00 and 2 later times do not exist: run once for all, at 03:00",
        ),
        (
            "*/15 * * * *",
            "Europe/Paris",
            march,
            "2026-03-29T01:00:00Z",
            "2026-03-29 02:00 and 3 later times do not exist: are left out",
        ),
        (
            "30 2 * * *",
            "Europe/Paris",
            october,
            "2026-10-25T00:30:00Z",
            "2026-10-25 02:30 happens twice: runs once",
        ),
        (
            "0,15 2 * * *",
            "Europe/Paris",
            october,
            "2026-10-25T00:00:00Z",
            "2026-10-25 02:00 and one later time happen twice: run once each, the first time",
        ),
        (
            "30 * * * *",
            "Europe/Paris",
            october,
            "2026-10-25T00:30:00Z",
            "2026-10-25 02:30 happens twice: runs twice, as the clock shows it twice",
        ),
        (
            "10,20 30 2 * * *",
            "Europe/Paris",
            march,
            "2026-03-29T01:00:00Z",
            "2026-03-29 02:30:10 and one later time do not exist: run once for all, at 03:00",
        ),
        (
            "30 23 * * *",
            "America/Scoresbysund",
            march,
            "2026-03-29T01:00:00Z",
            "2026-03-28 23:30 does not exist: runs at 2026-03-29 00:00",
        ),
        (
            "30 2 30 * *",
            "Pacific/Apia",
            apia,
            "2011-12-30T10:00:00Z",
            "2011-12-30 02:30 does not exist: is left out",
        ),
    ] {
        let expected = Remark { at_ms: ms(at), text: said.to_owned() };
        assert_eq!(timing(text, zone).remarks(ms(from), ms(to)), [expected], "{text} in {zone}");
    }
    for (text, zone) in
        [("30 3 * * *", "Europe/Paris"), ("30 2 * * *", "UTC"), ("30 2 * * 1", "Europe/Paris")]
    {
        assert_eq!(timing(text, zone).remarks(ms(march.0), ms(october.1)), [], "{text} in {zone}");
    }
    // A remark belongs to the tick that it is about, and to no other.
    let paris = timing("30 2 * * *", "Europe/Paris");
    assert_eq!(paris.remarks(ms("2026-10-24T00:30:00Z"), ms("2026-10-25T00:30:00Z")).len(), 1);
    assert_eq!(paris.remarks(ms("2026-10-25T00:30:00Z"), ms("2026-11-01T00:00:00Z")), []);
}

#[test]
fn ticks_end_with_the_century_and_nothing_spins() {
    let leap = timing("0 0 29 2 */7", "Europe/Paris");
    // 29 February on a Sunday: 2032, 2060, 2088; the next would be 2128.
    assert_eq!(ticks(&leap, "2026-01-01T00:00:00Z", 9).len(), 3);
    assert_eq!(leap.count_between(ms("2026-01-01T00:00:00Z"), i64::MAX), 3);
    // Each clock has the years from 1970 to 2099, as it shows them.
    for (zone, first, last) in [
        ("America/New_York", "1970-01-01T05:00:00Z", "2100-01-01T04:59:59Z"),
        ("Asia/Tokyo", "1969-12-31T15:00:00Z", "2099-12-31T14:59:59Z"),
    ] {
        let every_second = timing("* * * * * *", zone);
        assert_eq!(every_second.next_after(i64::MIN), Some(ms(first)));
        assert_eq!(every_second.next_after(ms(last) - 500), Some(ms(last)));
        assert_eq!(every_second.next_after(ms(last)), None);
        assert_eq!(every_second.next_after(i64::MAX), None);
        assert_eq!(every_second.last_between(i64::MIN, i64::MAX, 1), [ms(last)]);
        // New York has gone back as often as forward since; Tokyo has not moved.
        assert_eq!(every_second.count_between(i64::MIN, i64::MAX), 4_102_444_800);
    }
    let every_second = timing("* * * * * *", "America/New_York");
    assert_eq!(every_second.remarks(ms("2090-01-01T00:00:00Z"), i64::MAX).len(), 20);
}

#[test]
fn periods_and_instants() {
    let every: Timing = Ticks::Every { period_ms: 600_000 }.into();
    assert_eq!(ticks(&every, "2026-01-01T00:10:00Z", 2), ["2026-01-01T00:20:00Z", "2026-01-01T00:30:00Z"]);
    assert_eq!(every.count_between(ms("2026-01-01T00:00:00Z"), ms("2027-01-01T00:00:00Z")), 52_560);
    let never: Timing = Ticks::Every { period_ms: 0 }.into();
    assert_eq!((never.next_after(0), never.count_between(0, i64::MAX)), (None, 0));
    assert_eq!(every.next_after(i64::MAX), None);
    let once: Timing = Ticks::At { at_ms: 5_000 }.into();
    assert_eq!((once.next_after(4_999), once.next_after(5_000)), (Some(5_000), None));
    assert_eq!((once.count_between(0, 5_000), once.count_between(5_000, 9_000)), (1, 0));
    assert_eq!((once.last_between(0, 9_000, 5), once.last_between(0, 9_000, 0)), (vec![5_000], vec![]));
    let spread = every.spread("nightly", 3_600_000);
    assert_eq!(spread.offset_ms, 2_834_265);
    assert_eq!(spread.next_after(0), Some(434_265));
}
