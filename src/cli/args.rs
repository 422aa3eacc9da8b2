//! What can be typed. Parsing has no effects; [`super::resolve`] turns what was typed into
//! what is wanted.

mod beat;
mod control;
mod enqueue;
pub(in crate::cli) mod help;
mod inspect;
mod job;
mod status;
mod values;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub use beat::{
    AddArgs, BeatArgs, BeatCommand, BeatRunArgs, CheckArgs, CrontabArgs, ImportArgs, ImportCommand, NextArgs,
    RemoveArgs, SuspendArgs,
};
pub use control::{
    BulkArgs, CancelArgs, ControlArgs, ControlCommand, DeleteArgs, KeepArgs, LimitArgs, PauseArgs, PurgeArgs,
    QuietArgs, RequeueArgs, ResumeArgs, RetryArgs, ServerCommand, StopArgs,
};
pub use enqueue::EnqueueArgs;
pub use inspect::{
    ConfigArgs, EventsArgs, FailuresArgs, FilterArgs, IdsArgs, InspectArgs, InspectCommand, JobsArgs,
    PageArgs, QueuesArgs, StatsArgs, ViewArgs,
};
pub use job::JobArgs;
pub use status::{StatusArgs, StatusMode};
pub use values::{EnvArg, IfFull, Kept, Label, Limit, QueueLimit, QueueWeight, RateLimit, Size, Span};
pub use worker::{LogFormat, WorkerArgs};

use crate::config::RedisConf;
use crate::core::link::TlsFiles;
use crate::core::name::Name;
use crate::view::out::{Color, Manner};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "jobq",
    version,
    about = "A job queue for people who live in the shell",
    long_about = help::ABOUT,
    after_help = help::TOP,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Options that every command knows.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put a command on a queue
    ///
    /// Prints the job's id, and nothing else, on standard output. The command is a program
    /// and its arguments, passed on byte for byte; no shell reads them unless --shell asks for
    /// one. It runs in the current folder, or the one that --cwd names, as the worker's user,
    /// with the worker's PATH and HOME.
    Enqueue(Box<EnqueueArgs>),
    /// Run jobs from queues
    ///
    /// Runs until it is stopped. Each job is a process of its own, and nothing of its tree of
    /// children is left when it has ended. Any number of workers, on any number of machines,
    /// share the queues; when one of them dies, another runs its jobs again.
    Worker(Box<WorkerArgs>),
    /// Enqueue jobs on time: a scheduler, as many as you like
    ///
    /// Runs until it is stopped, and makes one job for each tick of each schedule, however many
    /// beats run, die or disagree. Schedules stand in [schedules] of jobq.toml, in crontabs
    /// (--crontab), or were added by `jobq beat add`; Redis holds what counts. The beat publishes
    /// its files when it starts, when they change, and at HUP: what is gone from a file is
    /// removed. Without a table [schedules] the configuration says nothing of schedules.
    Beat(Box<BeatArgs>),
    /// Show how things stand, or one job in full
    ///
    /// Without an id: whether all is well, what waits, what runs, what failed. With ids: each
    /// job in full. Never changes anything, and exits 0 whatever the state of a job.
    Status(StatusArgs),
    /// Look closer at the system; never changes anything
    ///
    /// Answers from the store alone, also when no worker is alive.
    Inspect(InspectArgs),
    /// Change other people's work: cancel, retry, pause, limit, purge, stop
    ///
    /// What is done is recorded in the store and holds for every worker, also for those that
    /// are away at the moment.
    Control(ControlArgs),
    /// Not for people: what the worker starts for jobs that need preparation.
    #[command(name = "__exec", hide = true)]
    Exec(ExecArgs),
}

/// `jobq enqueue` by itself. Scripts call it in loops, and building the whole tree of
/// commands would take a tenth of its time.
#[derive(Debug, Parser)]
#[command(name = "jobq", disable_help_subcommand = true)]
struct EnqueueAlone {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: EnqueueOnly,
}

#[derive(Debug, Subcommand)]
enum EnqueueOnly {
    Enqueue(Box<EnqueueArgs>),
}

/// Options that every command knows.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME
    /// or redis+cluster://HOST,HOST; without it the local store
    #[arg(long, global = true, value_name = "URL", env = "JOBQ_URL", hide_env_values = true)]
    url: Option<String>,
    /// Namespace: one independent system on a server; default: default
    #[arg(long, global = true, value_name = "NAME", env = "JOBQ_NAMESPACE", hide_env_values = true)]
    namespace: Option<Name>,
    /// The only configuration file to read; without it /etc/jobq/jobq.toml, then the user's, then ./jobq.toml
    #[arg(long, global = true, value_name = "FILE", env = "JOBQ_CONFIG", hide_env_values = true,
          value_hint = clap::ValueHint::FilePath)]
    config: Option<OsString>,
    /// Certificates (PEM) to trust instead of the system's, for rediss://
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_ca: Option<PathBuf>,
    /// Client certificate (PEM), for rediss://; needs --tls-key
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_cert: Option<PathBuf>,
    /// Key (PEM) of the client certificate; needs --tls-cert
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_key: Option<PathBuf>,
    /// Print JSON: one object, or one a line for lists
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but data and errors
    #[arg(long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorArg,
    /// What the files say of the server, for all that was not typed.
    #[arg(skip)]
    pub file: RedisConf,
    /// Whether the URL and the namespace were typed, and not found in the environment.
    #[arg(skip)]
    flags: (bool, bool),
}

impl Global {
    /// The server's URL; one that is empty counts as none, as in `JOBQ_URL= jobq status`.
    pub fn url(&self) -> Option<&str> {
        self.typed_url().map(|(url, _)| url).or(self.file.url.as_deref())
    }

    /// The URL of the options or the environment, and whether it was the options.
    pub fn typed_url(&self) -> Option<(&str, bool)> {
        self.url.as_deref().filter(|url| !url.is_empty()).map(|url| (url, self.flags.0))
    }

    /// The namespace.
    pub fn namespace(&self) -> Name {
        let found = self.namespace.as_ref().or(self.file.namespace.as_ref()).cloned();
        // The word is a name.
        found.or_else(|| Name::new("default").ok()).unwrap_or_else(crate::core::name::new_id)
    }

    /// The namespace of the options or the environment, and whether it was the options.
    pub fn typed_namespace(&self) -> Option<(&Name, bool)> {
        self.namespace.as_ref().map(|name| (name, self.flags.1))
    }

    /// The files of a TLS connection.
    pub fn tls(&self) -> TlsFiles {
        let either =
            |typed: &Option<PathBuf>, file: &Option<PathBuf>| typed.as_ref().or(file.as_ref()).cloned();
        // A certificate and its key go together, wherever they were named.
        let pair = if self.tls_cert.is_some() {
            (&self.tls_cert, &self.tls_key)
        } else {
            (&self.file.tls_cert, &self.file.tls_key)
        };
        TlsFiles { ca: either(&self.tls_ca, &self.file.tls_ca), cert: pair.0.clone(), key: pair.1.clone() }
    }

    /// The only configuration file to read; an empty one counts as none.
    pub fn config(&self) -> Option<PathBuf> {
        self.config.as_ref().filter(|file| !file.is_empty()).map(PathBuf::from)
    }

    /// How to speak.
    pub fn manner(&self) -> Manner {
        let color = match self.color {
            ColorArg::Auto => Color::Auto,
            ColorArg::Always => Color::Always,
            ColorArg::Never => Color::Never,
        };
        Manner { color, quiet: self.quiet, verbose: self.verbose, json: self.json }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ColorArg {
    /// On terminals, unless NO_COLOR is set
    Auto,
    /// Also in pipes
    Always,
    /// Not at all
    Never,
}

/// What `__exec` was given.
#[derive(Debug, Clone, Args)]
pub struct ExecArgs {
    /// Its own words and the command.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// What clap has to say: help and version (exit 0, stdout), wrong usage (exit 2, stderr).
/// `print` and `exit_code` of the error are all that is left to do.
pub fn parse<I, T>(args: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    if let Some(cli) = enqueue_alone(&args) {
        return Ok(cli);
    }
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(args).map_err(|error| with_hint(error, &command))?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    cli.global.flags = (typed("url"), typed("namespace"));
    check(&cli).map_err(|(name, fault)| {
        let mut named = name.split(' ').filter(|word| !word.is_empty());
        let found = named.try_fold(&mut command, |at, word| at.find_subcommand_mut(word));
        found.map_or_else(
            || Cli::command().error(ErrorKind::ArgumentConflict, &fault),
            |subcommand| subcommand.error(ErrorKind::ArgumentConflict, &fault),
        )
    })?;
    Ok(cli)
}

/// The command line of a plain `jobq enqueue …`. Whatever else it is, help and mistakes
/// included, is for the whole tree to say: `None`.
fn enqueue_alone(args: &[OsString]) -> Option<Cli> {
    if args.get(1)? != "enqueue" {
        return None;
    }
    let EnqueueAlone { global, command: EnqueueOnly::Enqueue(args) } =
        EnqueueAlone::try_parse_from(args).ok()?;
    let cli = Cli { global, command: Command::Enqueue(args) };
    check(&cli).is_ok().then_some(cli)
}

/// `jobq enqueue make -j4` fails at the `-j`; what is missing is the `--` before `make`.
fn with_hint(mut error: clap::Error, command: &clap::Command) -> clap::Error {
    let unknown = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    if unknown && usage.contains("jobq enqueue") {
        let mut hint = clap::builder::StyledStr::new();
        hint.push_str(help::TO_RUN_A_COMMAND);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint]));
    }
    error.with_cmd(command)
}

/// What clap's own rules cannot say, with the subcommand whose usage explains it.
fn check(cli: &Cli) -> Result<(), (&'static str, String)> {
    if cli.global.tls_cert.is_some() != cli.global.tls_key.is_some() {
        return Err(("", "--tls-cert and --tls-key need each other".to_owned()));
    }
    match &cli.command {
        Command::Enqueue(args) => args.check().map_err(|fault| ("enqueue", fault)),
        Command::Worker(args) => args.check().map_err(|fault| ("worker", fault)),
        Command::Beat(args) => match &args.command {
            Some(BeatCommand::Add(args)) => args.check().map_err(|fault| ("beat add", fault)),
            _ => Ok(()),
        },
        Command::Status(args) => args.check().map_err(|fault| ("status", fault)),
        Command::Inspect(_) | Command::Control(_) | Command::Exec(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
