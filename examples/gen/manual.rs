//! The pages: made from the argument definitions, with hand-written sections in jobq.1.

use clap::{Arg, ArgAction, Command};

use super::roff::{Page, bold, escape, italic};

/// Bumped with each release; the clock would make two builds differ.
pub(crate) const DATE: &str = "2026-11-23";
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
const GLOBAL: &str = "Global options";

/// The page of one subcommand.
pub(crate) fn page(command: &Command) -> String {
    let name = format!("jobq-{}", command.get_name());
    let mut page = Page::new(&name, 1, DATE, VERSION);
    page.section("NAME");
    page.text(&format!("{name} - {}", lower(&about(command))));
    page.section("SYNOPSIS");
    let leaves = leaves(command);
    // A command that does something without a subcommand too has options of its own.
    let alone = leaves.is_empty() || own(command).next().is_some();
    let mut usages: Vec<String> = if alone { usage(command) } else { Vec::new() };
    if !leaves.is_empty() {
        usages.truncate(1);
        usages.extend(leaves.iter().flat_map(|leaf| usage(leaf)));
    }
    page.synopsis(&usages);
    page.section("DESCRIPTION");
    page.text(&beyond_about(command));
    if leaves.is_empty() {
        page.section("OPTIONS");
        options(&mut page, command);
    } else {
        page.section("COMMANDS");
        for leaf in leaves {
            page.subsection(leaf.get_bin_name().unwrap_or_else(|| leaf.get_name()));
            page.text(&format!("{}.", about(leaf)));
            arguments(&mut page, own(leaf));
        }
        page.section("OPTIONS");
        if alone {
            page.text("Without a command:");
            options(&mut page, command);
        }
    }
    globals_named(&mut page, command);
    after(&mut page, command);
    if command.get_name() == "worker" {
        job_environment(&mut page);
    }
    if command.get_name() == "beat" {
        page.section("CRONTABS");
        page.text(super::text::CRONTABS);
    }
    page.section("EXIT STATUS");
    page.text("The table and the rules of waiting stand in jobq(1).");
    see_also(&mut page, Some(command.get_name()));
    page.done()
}

/// jobq.1.
pub(crate) fn overview(command: &Command) -> String {
    let mut page = Page::new("jobq", 1, DATE, VERSION);
    page.section("NAME");
    page.text("jobq - a job queue for people who live in the shell");
    page.section("SYNOPSIS");
    page.synopsis(&["jobq <COMMAND> [OPTIONS] [ARGUMENTS]".to_owned()]);
    page.section("DESCRIPTION");
    page.text(&format!(
        "{}

{}",
        beyond_about(command),
        super::text::WORDS
    ));
    page.section("COMMANDS");
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        page.item(
            &bold(&format!("jobq {}", one.get_name())),
            &format!("{}. See jobq-{}(1).", about(one), one.get_name()),
        );
    }
    page.section("OPTIONS");
    page.text("Every command knows these.");
    arguments(&mut page, command.get_arguments().filter(|arg| !arg.is_hide_set()));
    for (title, intro, items) in super::text::SECTIONS {
        page.section(title);
        if !intro.is_empty() {
            page.text(intro);
        }
        for (term, meaning) in *items {
            page.item(&bold(term), meaning);
        }
    }
    after(&mut page, command);
    see_also(&mut page, None);
    page.done()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The long description without its first line, which the NAME section has already.
fn beyond_about(command: &Command) -> String {
    let text = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    text.split_once(
        "

",
    )
    .map(|(_, rest)| rest.to_owned())
    .unwrap_or(text)
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// The commands below this one, deepest only.
fn leaves(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|one| !one.is_hide_set());
    below.flat_map(|one| if one.has_subcommands() { leaves(one) } else { vec![one] }).collect()
}

fn usage(command: &Command) -> Vec<String> {
    let text = command.clone().render_usage().to_string();
    text.lines().map(|line| line.trim().trim_start_matches("Usage:").trim().to_owned()).collect()
}

fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    let shown = |arg: &&Arg| {
        !arg.is_hide_set()
            && arg.get_help_heading() != Some(GLOBAL)
            && arg.get_id() != "help"
            && arg.get_id() != "version"
    };
    command.get_arguments().filter(shown)
}

/// Options in the order of the help: positionals, those without a heading, then each heading.
fn options(page: &mut Page, command: &Command) {
    arguments(page, own(command).filter(|arg| arg.is_positional()));
    let named = || own(command).filter(|arg| !arg.is_positional());
    arguments(page, named().filter(|arg| arg.get_help_heading().is_none()));
    let mut headings: Vec<&str> = Vec::new();
    for heading in named().filter_map(Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        page.subsection(heading);
        arguments(page, named().filter(|arg| arg.get_help_heading() == Some(heading)));
    }
}

fn arguments<'a>(page: &mut Page, args: impl Iterator<Item = &'a Arg>) {
    for arg in args {
        page.item(&term(arg), &meaning(arg));
    }
}

fn term(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default();
    let value = values.first().map(|name| italic(name)).unwrap_or_default();
    if arg.is_positional() {
        let more = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
        return format!("{value}{more}");
    }
    let mut names: Vec<String> =
        arg.get_short().map(|short| bold(&format!("-{short}"))).into_iter().collect();
    names.extend(arg.get_long().map(|long| bold(&format!("--{long}"))));
    names.extend(
        arg.get_visible_aliases().unwrap_or_default().iter().map(|alias| bold(&format!("--{alias}"))),
    );
    let takes = arg.get_action().takes_values();
    let value = if takes { format!(" {value}") } else { String::new() };
    format!("{}{value}", names.join(", "))
}

fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|choice| {
            let help =
                choice.get_help().map(|help| format!(" ({})", lower(&help.to_string()))).unwrap_or_default();
            format!("`{}`{help}", choice.get_name())
        })
        .collect();
    if !choices.is_empty() {
        text.push_str(&format!(". One of {}", choices.join(", ")));
    }
    if let (Some(default), true) = (arg.get_default_values().first(), arg.get_action().takes_values()) {
        text.push_str(&format!(". Default: `{}`", default.to_string_lossy()));
    }
    if let Some(env) = arg.get_env() {
        text.push_str(&format!(". Also `{}`", env.to_string_lossy()));
    }
    text + "."
}

fn globals_named(page: &mut Page, command: &Command) {
    let names: Vec<String> = command
        .get_arguments()
        .filter(|arg| arg.get_help_heading() == Some(GLOBAL))
        .filter_map(|arg| arg.get_long().map(|long| format!("`--{long}`")))
        .collect();
    page.subsection(GLOBAL);
    page.text(&format!("{}; see jobq(1).", names.join(", ")));
}

/// The blocks after the help: `Examples:` and `Signals:` become sections; the exit codes
/// stand in jobq.1 at length.
fn after(page: &mut Page, command: &Command) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for block in text.split("\n\n") {
        let Some((title, rest)) = block.split_once(":\n") else { continue };
        match title {
            "Examples" => {
                page.section("EXAMPLES");
                page.verbatim(rest.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)));
            }
            "Exit codes" => {}
            other => {
                page.section(&other.to_uppercase());
                page.text(rest);
            }
        }
    }
}

fn job_environment(page: &mut Page) {
    page.section("ENVIRONMENT OF A JOB");
    page.text(super::text::JOB_INTRO);
    for (name, meaning) in super::text::JOB_ENVIRONMENT {
        page.item(&bold(name), meaning);
    }
}

fn see_also(page: &mut Page, without: Option<&str>) {
    page.section("SEE ALSO");
    let mut pages: Vec<String> = without.map(|_| "jobq(1)".to_owned()).into_iter().collect();
    for name in ["beat", "control", "enqueue", "inspect", "status", "worker"] {
        if without != Some(name) {
            pages.push(format!("jobq-{name}(1)"));
        }
    }
    pages.push("jobq.toml(5)".to_owned());
    if without == Some("beat") {
        pages.push("jobq-cron(5)".to_owned());
    }
    let pages: Vec<String> = pages.iter().map(|one| escape(one)).collect();
    page.raw(&pages.join(",\n"));
}
