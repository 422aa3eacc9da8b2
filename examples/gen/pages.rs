//! All generated files: name and text. The same on every machine and every day.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};
use jobq::cli::args::Cli;

use super::manual::{overview, page};

fn built() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// The man pages: jobq.1, one for each subcommand, jobq.toml.5 and jobq-cron.5.
pub(crate) fn man() -> Vec<(String, String)> {
    let command = built();
    let mut pages = vec![("jobq.1".to_owned(), overview(&command))];
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        pages.push((format!("jobq-{}.1", subcommand.get_name()), page(subcommand)));
    }
    pages.push(("jobq.toml.5".to_owned(), super::config_page::page()));
    pages.push(("jobq-cron.5".to_owned(), super::cron_page::page()));
    pages
}

/// What editors complete `jobq.toml` with, and what readers of `--json` can rely on.
pub(crate) fn docs() -> Vec<(String, String)> {
    vec![
        ("jobq.schema.json".to_owned(), jobq::config::schema::json_schema()),
        ("output.schema.json".to_owned(), super::schema::page()),
    ]
}

/// The completions of the three shells, under the names that their folders expect.
pub(crate) fn completions() -> Vec<(String, String)> {
    [(Shell::Bash, "jobq.bash"), (Shell::Zsh, "_jobq"), (Shell::Fish, "jobq.fish")]
        .into_iter()
        .map(|(shell, name)| {
            let mut text = Vec::new();
            generate(shell, &mut visible(&Cli::command()), "jobq", &mut text);
            (name.to_owned(), String::from_utf8_lossy(&text).into_owned())
        })
        .collect()
}

/// Completion scripts offer hidden subcommands too; what is not for people is left out here.
fn visible(command: &clap::Command) -> clap::Command {
    let shown: Vec<clap::Command> =
        command.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
    let mut bare = clap::Command::new("jobq").disable_help_subcommand(true).subcommands(shown);
    bare = bare.version(env!("CARGO_PKG_VERSION"));
    bare.args(command.get_arguments().cloned())
}
