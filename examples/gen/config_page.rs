//! jobq.toml.5: the keys from the table that the reader goes by, the rest by hand.

use jobq::config::schema::{
    ALERT, BEAT, Key, MISSED_ALERT, PARAM, POLICY, QUEUE, REDIS, SCHEDULE, TASK, WORKER, keys,
};

use super::manual::{DATE, VERSION};
use super::roff::{Page, bold, escape};

const ABOUT: &str = "\
The configuration of jobq is TOML. These files are read, where they exist, and laid upon each other key by \
key; the later wins: `/etc/jobq/jobq.toml`, `$XDG_CONFIG_HOME/jobq/jobq.toml` (else `~/.config/jobq/jobq.toml`), \
and `jobq.toml` in the current folder. `--config FILE` or `JOBQ_CONFIG` names one that is read alone. What an \
option or a variable says wins over all files. `jobq inspect config` shows what holds, and where it was said.

A `jobq.toml` in the current folder is refused if its group or others can write it, or if it belongs to \
somebody else than the user or root: it says what commands run.

An unknown key or a wrong value is an error (exit 78) that names the file, the line and the character; nothing \
is passed over. An empty file is fine.";

const VALUES: &[(&str, &str)] = &[
    ("duration", "A string as on the command line: `\"90s\"`, `\"10m\"`, `\"1h30m\"`, `\"2d\"`."),
    ("size", "A number of bytes, or a string with a unit of 1024: `4096`, `\"32K\"`, `\"64M\"`, `\"1GiB\"`."),
    ("codes", "Exit codes: `75`, `\"75,100-110\"` or `[75, \"100-110\"]`."),
    (
        "date and time",
        "TOML's own, or a string: `2026-12-01 09:00`, RFC 3339, or `@` and seconds since 1970. Without an offset it \
         is read in the zone of the schedule. It must mean the same whenever it is read: no `tomorrow`.",
    ),
    ("name", "Letters, digits, `.`, `_` and `-`, beginning with a letter or digit; at most 128."),
    ("path", "Absolute, or from the folder of the file that has it. Neither `~` nor variables are expanded."),
];

const TEMPLATES: &str = "\
In `command` and the hooks of a task, `{name}` stands for the value of a parameter. It fills that one argument \
and never becomes more than one; a placeholder may be part of a larger argument (`--to={to}`) unless its type is \
`list` or `json`. `{name...}`, as an argument of its own, becomes one argument for each item of a list. `{{` and \
`}}` are braces. An argument that needs an optional parameter which was not given, and has no default, is left \
out. No shell reads any of it.

A text that would become the beginning `-` of an argument is refused (exit 65), so that no value turns into an \
option; `dash = true` in the definition of the parameter allows it. Numbers are exempt. A NUL is refused.

With `shell = true` the script is passed to `sh -c` as it stands, and a placeholder in it is an error. \
Parameters are in the environment of every task as `JOBQ_ARG_NAME`: strings as they are, everything else as JSON.";

const SCHEDULES: &str = "\
What jobq-beat(1) enqueues, and when. It takes the keys of the policy too, for its jobs. A beat publishes the \
table when it starts and at HUP: Redis then has these schedules and no others of a file, and the last publishing \
wins. A configuration without a table `[schedules]` says nothing of schedules and leaves them alone; an empty \
one removes those that were published from a file. Pausing a schedule is not for the file: `jobq beat pause`.";

const PARAMS: &str = "\
The order of the table is the order in which parameters can be given without a name; those that must be given \
come first. A parameter is the name of its type, `string`, `integer`, `number`, `boolean`, `list` (of strings, \
numbers and booleans) or `json`, or a table with these keys.";

/// The page.
pub(crate) fn page() -> String {
    let mut page = Page::new("jobq.toml", 5, DATE, VERSION);
    page.section("NAME");
    page.text("jobq.toml - configuration of jobq: server, tasks, schedules, queues, workers");
    page.section("DESCRIPTION");
    page.text(ABOUT);
    page.section("VALUES");
    for (term, meaning) in VALUES {
        page.item(&escape(term), meaning);
    }
    table(&mut page, "[redis]", "Where the queues live.", REDIS);
    table(
        &mut page,
        "[tasks.NAME]",
        "A named task: what may run, and how. It takes the keys of the policy too.",
        TASK,
    );
    page.subsection("Placeholders");
    page.text(TEMPLATES);
    page.subsection("params");
    page.text(PARAMS);
    entries(&mut page, PARAM);
    page.subsection("alert");
    page.text("One of the conditions at least.");
    entries(&mut page, ALERT);
    table(&mut page, "[schedules.NAME]", SCHEDULES, SCHEDULE);
    page.subsection("alert of a schedule");
    page.text("A job when a success is overdue, and one when there is a success again: on the queue `hooks.commands`, \
         which every worker serves that may run commands, or without a `command` the alert of its task on `hooks`.");
    entries(&mut page, MISSED_ALERT);
    table(
        &mut page,
        "[queues.NAME]",
        "Bounds of a queue over all workers. It takes the keys of the policy too, for jobs whose option or task \
         does not say otherwise.",
        QUEUE,
    );
    table(
        &mut page,
        "POLICY",
        "Keys of tasks, queues and schedules. An option wins over the task, the task over its queue, the queue over \
         the default; a schedule stands where options would.",
        POLICY,
    );
    table(&mut page, "[worker]", "How workers run. Options of jobq-worker(1) win.", WORKER);
    table(&mut page, "[beat]", "How the scheduler runs. Options of jobq-beat(1) win.", BEAT);
    page.section("FILES");
    page.item(&bold("jobq.example.toml"), "An example with remarks, in the source of jobq.");
    page.item(
        &bold("jobq.schema.json"),
        "The JSON schema of the file, for editors that complete TOML, in the `share/jobq` of the installation.",
    );
    page.section("SEE ALSO");
    page.raw("jobq(1),\njobq\\-beat(1),\njobq\\-inspect(1),\njobq\\-worker(1),\njobq\\-cron(5)");
    page.done()
}

fn table(page: &mut Page, title: &str, about: &str, table: &'static [Key]) {
    page.section(title);
    page.text(about);
    entries(page, table);
}

fn entries(page: &mut Page, table: &'static [Key]) {
    for key in keys(&[table]) {
        let mut text = key.help.to_owned();
        if key.required {
            text.push_str(" Required.");
        }
        if !key.default.is_empty() {
            text.push_str(&format!(" Default: `{}`.", key.default));
        }
        page.item(&format!("{} ({})", bold(key.name), escape(&key.kind.words())), &text);
    }
}
