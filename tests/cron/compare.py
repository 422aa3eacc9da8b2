"""The ticks of jobq beside those of cronsim and croniter from PyPI.

usage: compare.py FOLDER, where the long run of the tests left texts.tsv and zones.tsv. Both
hold only what agrees with Debian's daemon, so a package that disagrees with them disagrees
with Debian. Why it may is the list of EXCUSES below: each case is counted under its reason,
and a case without one is a difference (exit 1).
"""

import calendar
import collections
import datetime
import itertools
import pathlib
import re
import sys
import zoneinfo

import croniter
import cronsim

UTC = datetime.timezone.utc
START = 29_926_080  # 2026-11-25 00:00 UTC, in minutes; the same in differential.rs
MINUTES = 8 * 366 * 1_440
FIRES = 40
REFUSED = "refused"


def moment(minute, zone=UTC):
    return datetime.datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)


def minutes(moments, end):
    """Minutes of UTC up to `end`, each once."""
    found = []
    for one in moments:
        minute = one.timestamp() / 60
        if minute > end:
            break
        if not found or found[-1] != minute:
            found.append(minute)
    return found


def with_cronsim(text, begin, end, count, zone=UTC):
    try:
        ticks = cronsim.CronSim(text, moment(begin, zone) - datetime.timedelta(seconds=1))
    except cronsim.CronSimError:
        return REFUSED
    return minutes(itertools.islice(ticks, count), end)


def with_croniter(text, begin, end, count, zone=UTC):
    try:
        ticks = croniter.croniter(text, moment(begin, zone) - datetime.timedelta(seconds=1), max_years_between_matches=90)
    except (croniter.CroniterError, ValueError, KeyError):
        return REFUSED

    def each():
        for _ in range(count):
            try:
                yield ticks.get_next(datetime.datetime)
            except croniter.CroniterBadDateError:
                return

    return minutes(each(), end)


def fields(text):
    return text.split()


def items(text):
    """(field number, item) of a text of five fields."""
    return [(place, item) for place, field in enumerate(fields(text)) for item in field.split(",")]


def has(text, pattern, places=range(5)):
    return any(place in places and re.fullmatch(pattern, item) for place, item in items(text))


def begins_with_star(text, place):
    return len(fields(text)) == 5 and fields(text)[place].startswith("*")


def is_fixed(text):
    return not any(begins_with_star(text, place) for place in (0, 1))


def takes(pattern, places=range(5)):
    """Debian refuses the text, and the package knows an item like that."""
    return lambda text, ours, theirs, zone: ours == REFUSED and has(text, pattern, places)


def refuses(pattern):
    return lambda text, ours, theirs, zone: theirs == REFUSED and re.match(pattern, text)


def at_change(fixed, only=None):
    """Around a change of the clock, of a schedule with fixed times or of one without."""

    def holds(text, ours, theirs, zone):
        return zone and zone == (only or zone) and theirs != REFUSED and is_fixed(text) == fixed

    return holds


def value(word):
    """A number, or the number of a name: JAN is 1, SUN is 0."""
    names = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
    names |= {name.lower(): (number + 1) % 7 for number, name in enumerate(calendar.day_abbr)}
    return int(word) if word.isdecimal() else names.get(word.lower(), word)


def of_one(step):
    """A range whose ends are the same."""

    def holds(text, *_):
        ranges = [re.fullmatch(r"(\w+)-(\w+)" + step, item) for _, item in items(text)]
        return any(ends and value(ends[1]) == value(ends[2]) for ends in ranges)

    return holds


def other_star(text, *_):
    """A day field has a `*` and more."""
    return len(fields(text)) == 5 and any("*" in fields(text)[place] != "*" for place in (2, 4))


STEP_ALONE = r"\w+/\d+"

# For each package: reasons, and whether one holds for a text, what Debian and jobq say of it,
# what the package says, and the zone. The first that holds counts.
EXCUSES = {
    "cronsim": [
        ("knows no nicknames", refuses("@")),
        ("takes 5/15 for 5-59/15", takes(STEP_ALONE)),
        ("knows L and #", takes(r"L|LW|\w+L|\w+#\d", (2, 4))),
        ("takes 5-5/15 for 5-59/15", of_one(r"/\d+")),
        ("loses times that follow the clock at a change of half an hour", at_change(False, "Australia/Lord_Howe")),
    ],
    "croniter": [
        ("takes 5/15 for 5-59/15", takes(STEP_ALONE)),
        ("takes ? for *", takes(r"\?", (2, 4))),
        ("knows L, W and #", takes(r"[lL]|[lL]?\w*[lLwW]|\w+#\d", (2, 4))),
        ("takes 5-5 for *", of_one(r"(/\d+)?")),
        ("takes ranges that end in a 0 the field has not", takes(r"\d+-0+(/\d+)?", (2, 3))),
        ("takes */2 of the days for no *, and 5,* for *", other_star),
        ("repeats or moves fixed times at changes of the clock", at_change(True)),
        ("moves skipped times that follow the clock", at_change(False)),
    ],
}


def verdict(package, text, ours, theirs, zone):
    if ours == theirs:
        return "same times" if ours != REFUSED else "both refuse"
    for reason, holds in EXCUSES[package]:
        if holds(text, ours, theirs, zone):
            return reason
    return None


def main(folder):
    tally = {package: collections.Counter() for package in EXCUSES}
    wrong = []

    def compare(text, ours, begin, end, count, zone=None):
        run = zoneinfo.ZoneInfo(zone) if zone else UTC
        for package, ticks in (("cronsim", with_cronsim), ("croniter", with_croniter)):
            theirs = ticks(text, begin, end, count, run)
            found = verdict(package, text, ours, theirs, zone)
            tally[package][found or "DIFFERENT"] += 1
            if not found:
                wrong.append((package, zone, text, ours, theirs))

    for line in (folder / "texts.tsv").read_text().splitlines():
        text, ticks = line.rsplit("\t", 1)
        ours = REFUSED if ticks == REFUSED else [int(tick) for tick in ticks.split()]
        compare(text, ours, START, START + MINUTES - 1, FIRES)
    for line in (folder / "zones.tsv").read_text().splitlines():
        zone, text, begin, end, ticks = line.split("\t")
        compare(text, [int(tick) for tick in ticks.split()], int(begin), int(end), 10_000, zone)

    for package, counts in tally.items():
        print(f"{package}: {sum(counts.values())} cases")
        for reason, count in counts.most_common():
            print(f"  {count:>7}  {reason}")
    for package, zone, text, ours, theirs in wrong[-40:]:
        print(f"{package} {zone or 'UTC'} {text!r}:\n  Debian {str(ours)[:300]}\n  {package} {str(theirs)[:300]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
