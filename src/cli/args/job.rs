//! What a job is and how it runs, as typed: what `enqueue` and `beat add` both take.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::values::{EnvArg, Label, Span, env_parser, lease, snooze, soft_signal, some_span};
use crate::core::codes::{CodeSet, SnoozeRule};
use crate::core::name::Name;
use crate::core::spec;

/// The options of a job.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)] // the fields are the options, and their help says it
pub struct JobArgs {
    /// Queue to put it on; default: the task's, else default
    #[arg(short, long, value_name = "NAME")]
    pub queue: Option<Name>,
    /// Priority from -100 to 100; higher runs first, equal in order of arrival; default: 0
    #[arg(short, long, value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(i32).range(-100..=100))]
    pub priority: Option<i32>,
    /// Label to find it by; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<Label>,
    /// Script for sh -c; what follows -- becomes $1, $2 and so on
    #[arg(long, value_name = "SCRIPT", value_hint = ValueHint::CommandString)]
    pub shell: Option<OsString>,

    /// Further attempts after a failure; default: the task's or queue's, else none
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000), help_heading = RETRY)]
    pub retries: Option<u32>,
    /// Wait before the first retry; default: 10s
    #[arg(long, value_name = "DURATION", help_heading = RETRY)]
    pub retry_delay: Option<Span>,
    /// How the wait grows from retry to retry; default: fixed
    #[arg(long, value_name = "HOW", help_heading = RETRY)]
    pub backoff: Option<BackoffArg>,
    /// Longest wait before a retry; default: 1h
    #[arg(long, value_name = "DURATION", help_heading = RETRY)]
    pub retry_max_delay: Option<Span>,
    /// Draw each wait at random from its upper half
    #[arg(long, help_heading = RETRY)]
    pub retry_jitter: bool,
    /// Exit codes that are success instead of 0: 0,3 or 100-110
    #[arg(long, value_name = "CODES", help_heading = RETRY)]
    pub ok_codes: Option<CodeSet>,
    /// Exit codes worth a retry; 75 always is; default: all
    #[arg(long, value_name = "CODES", help_heading = RETRY)]
    pub retry_on: Option<CodeSet>,
    /// Exit codes that end the job at once
    #[arg(long, value_name = "CODES", help_heading = RETRY)]
    pub no_retry_on: Option<CodeSet>,
    /// Exit codes that put it back for a while without using up an attempt; may be repeated
    #[arg(long, value_name = "CODES=DURATION", value_parser = snooze, help_heading = RETRY)]
    pub snooze_on: Vec<SnoozeRule>,
    /// When its worker or machine dies: run it again (at most 3 times), or fail; default: retry
    #[arg(long, value_name = "HOW", help_heading = RETRY)]
    pub on_lost: Option<OnLostArg>,

    /// Kill it, with all its processes, after this long
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = LIMITS)]
    pub timeout: Option<Span>,
    /// Send it a signal it can catch after this long
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = LIMITS)]
    pub soft_timeout: Option<Span>,
    /// Signal of --soft-timeout; default: TERM
    #[arg(long, value_name = "SIGNAL", value_parser = soft_signal, requires = "soft_timeout", help_heading = LIMITS)]
    pub soft_signal: Option<i32>,
    /// How long a worker may be out of touch before another may take the job over; at least 1s;
    /// default: the worker's
    #[arg(long, value_name = "DURATION", value_parser = lease, help_heading = LIMITS)]
    pub lease: Option<Span>,
    /// How long to keep the record of a success; default: 1d
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = LIMITS)]
    pub result_ttl: Option<Span>,
    /// How long to keep the record of a failure; default: 14d
    #[arg(long, value_name = "DURATION", value_parser = some_span, help_heading = LIMITS)]
    pub failure_ttl: Option<Span>,

    /// Variable for the job; NAME alone copies it from here; may be repeated
    #[arg(short, long = "env", value_name = "NAME[=VALUE]", value_parser = env_parser(), help_heading = INPUT)]
    pub env: Vec<EnvArg>,
    /// Folder to run in; default: the current one
    #[arg(short = 'C', long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = INPUT)]
    pub cwd: Option<PathBuf>,
    /// Pass standard input on to the job, at most 1 MiB; without it the job reads /dev/null
    #[arg(long, conflicts_with = "stdin_file", help_heading = INPUT)]
    pub stdin: bool,
    /// Pass a file on to the job as its standard input, at most 1 MiB
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = INPUT)]
    pub stdin_file: Option<PathBuf>,

    /// Allow a task that this machine's configuration does not define; needs --queue
    #[arg(long, requires = "queue", help_heading = INPUT)]
    pub unchecked: bool,

    /// Task of jobq.toml, and its parameters: KEY=TEXT, KEY:=JSON or KEY@=FILE
    #[arg(value_name = "TASK [KEY=VALUE]")]
    pub words: Vec<OsString>,
    /// Program to run and its arguments
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

const RETRY: &str = "Failures and retries";
const LIMITS: &str = "Limits";
const INPUT: &str = "What the job gets";

/// `--backoff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackoffArg {
    /// The same each time
    Fixed,
    /// Doubled each time, up to --retry-max-delay
    Exponential,
}

impl From<BackoffArg> for spec::Backoff {
    fn from(typed: BackoffArg) -> spec::Backoff {
        match typed {
            BackoffArg::Fixed => spec::Backoff::Fixed,
            BackoffArg::Exponential => spec::Backoff::Exponential,
        }
    }
}

/// `--on-lost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnLostArg {
    /// Run it again
    Retry,
    /// End it as FAILURE
    Fail,
}

impl From<OnLostArg> for spec::OnLost {
    fn from(typed: OnLostArg) -> spec::OnLost {
        match typed {
            OnLostArg::Retry => spec::OnLost::Retry,
            OnLostArg::Fail => spec::OnLost::Fail,
        }
    }
}

impl JobArgs {
    /// What only all options together can tell. `verb` says what is done with the job, `tip`
    /// how a command is given.
    pub(super) fn check(&self, verb: &str, tip: &str) -> Result<(), String> {
        if self.words.is_empty() {
            return match self.command.is_empty() && self.shell.is_none() {
                true => Err(format!("there is no command to {verb}\n\n  tip: {tip}")),
                false => Ok(()),
            };
        }
        if self.shell.is_some() || !self.command.is_empty() {
            return Err("a task and a command cannot stand in one call".to_owned());
        }
        // A bare word behind the task is somebody who left out the `--`.
        let bare = self.words.iter().skip(1).find(|word| !word.as_encoded_bytes().contains(&b'='));
        if let Some(word) = bare {
            let word = crate::view::escape::text(&word.to_string_lossy());
            return Err(format!("{word:?} is not KEY=VALUE\n\n  tip: {tip}"));
        }
        Ok(())
    }
}
