//! The command line: arguments in, exit code out. The only part that knows clap, reads the
//! environment (in `env`), and turns problems into exit codes (in `exit`).

pub mod args;
mod beat;
mod connect;
mod control;
mod enqueue;
pub mod env;
mod exit;
mod inspect;
pub mod resolve;
mod settle;
mod status;
mod stream;
mod wait;
mod worker;

use std::ffi::OsString;
use std::io;

use anyhow::Context as _;

use args::{Cli, Command};
use env::EnvFacts;

use crate::config::{Config, Where};
use crate::core::name::Name;
use crate::view::out::Out;
use crate::view::{Problem, out};

/// How a command ends short of its goal.
enum Stop {
    /// Something is wrong: told on stderr, with its own exit code.
    Problem(Problem),
    /// Told already, or nothing to tell.
    Code(u8),
}

impl<T: Into<Problem>> From<T> for Stop {
    fn from(problem: T) -> Stop {
        Stop::Problem(problem.into())
    }
}

impl From<io::Error> for Stop {
    /// An error of writing to stdout or stderr.
    fn from(error: io::Error) -> Stop {
        if out::is_closed(&error) {
            return Stop::Code(exit::PIPE);
        }
        Stop::Problem(Problem::new(exit::IO, "io", format!("cannot write the output: {error}")))
    }
}

type Done = Result<u8, Stop>;

/// Everything a command needs to know besides its own arguments.
struct Context {
    global: args::Global,
    env: EnvFacts,
    out: Out,
    config: Config,
}

/// Runs `jobq` with these arguments (the program's name first); returns the exit code.
pub fn run<I: IntoIterator<Item = OsString>>(args: I) -> u8 {
    match args::parse(args) {
        Ok(cli) => dispatch(cli),
        Err(error) => tell_usage(&error),
    }
}

fn tell_usage(error: &clap::Error) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
    let told = if error.use_stderr() { out::usage(&error.to_string()) } else { error.print() };
    match told {
        Err(error) if out::is_closed(&error) => exit::PIPE,
        _ => code,
    }
}

fn dispatch(cli: Cli) -> u8 {
    if let Command::Exec(exec) = cli.command {
        let failed = crate::worker::exec::exec(exec.args);
        let out = Out::new(cli.global.manner(), &jiff::tz::TimeZone::UTC.into());
        out.problem(&Problem::new(failed.code, "exec", failed.message));
        return failed.code;
    }
    let env = EnvFacts::read();
    let out = Out::new(cli.global.manner(), &env.zone);
    let waits = match &cli.command {
        Command::Enqueue(args) => args.wait,
        Command::Status(args) => args.mode() == args::StatusMode::Wait,
        _ => false,
    };
    let looks = match &cli.command {
        Command::Status(_) | Command::Inspect(_) => true,
        Command::Beat(args) => args.is_look(),
        _ => false,
    };
    let teller = out.clone();
    // A check tells of all that is wrong with the files itself.
    let checks = matches!(&cli.command, Command::Beat(args) if args.is_check());
    let done = configured(cli.global, env, out, checks).and_then(|context| match cli.command {
        Command::Enqueue(args) => short(enqueue::run(&context, &args)),
        Command::Worker(args) => worker::run(&context, &args),
        Command::Beat(args) => beat::run(&context, &args),
        Command::Status(args) => short(status::run(&context, &args)),
        Command::Inspect(args) => short(inspect::run(&context, &args)),
        Command::Control(args) => short(control::run(&context, &args)),
        Command::Exec(_) => Ok(0),
    });
    match done {
        Ok(code) | Err(Stop::Code(code)) => code,
        Err(Stop::Problem(problem)) => {
            let problem = if looks { exit::of_a_look(problem) } else { problem };
            teller.problem(&problem);
            // While waiting, the codes of the table would look like the job's own.
            if waits && problem.code != exit::USAGE { exit::WAIT_FAILED } else { problem.code }
        }
    }
}

/// The options, with what the files say of the server behind them.
fn configured(mut global: args::Global, env: EnvFacts, out: Out, bare: bool) -> Result<Context, Stop> {
    let config = if bare { Config::default() } else { crate::config::load(&config_place(&global, &env))? };
    global.file = config.redis.clone();
    Ok(Context { global, env, out, config })
}

/// Where configuration files may be.
fn config_place(global: &args::Global, env: &EnvFacts) -> Where {
    Where {
        only: global.config(),
        xdg_config_home: env.xdg_config_home.clone(),
        home: env.home.clone(),
        cwd: env.cwd.clone(),
        euid: env.euid,
    }
}

/// A command that does little and ends: one thread carries it.
fn short(work: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("jobq cannot start")?;
    let done = runtime.block_on(work);
    // The process is about to end, and the kernel closes everything at once.
    std::mem::forget(runtime);
    done
}

/// The host as a name: what a name cannot have becomes a dash.
fn host_name(host: &str) -> Name {
    let clean: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .take(100)
        .collect();
    let clean = clean.trim_start_matches(['.', '_', '-']);
    Name::new(clean).or_else(|_| Name::new("host")).unwrap_or_else(|_| crate::core::name::new_id())
}
