//! `jobq control`: changes other people's work.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use super::args::{ControlArgs, ControlCommand, ServerCommand};
use super::connect::{self, Missing};
use super::{Context, Done, Stop, exit};
use crate::core::error::{Error, Result as Answer};
use crate::core::store::{By, Store};
use crate::local;
use crate::view::{Problem, json};

mod bulk;
mod jobs;
mod queues;
mod workers;

/// For how long a verb whose reply was lost is repeated.
const INSIST: Duration = Duration::from_secs(3);

pub(super) async fn run(context: &Context, args: &ControlArgs) -> Done {
    match &args.command {
        ControlCommand::Cancel(args) => jobs::cancel(context, args).await,
        ControlCommand::Retry(args) => jobs::retry(context, args).await,
        ControlCommand::Requeue(args) => jobs::requeue(context, args).await,
        ControlCommand::Delete(args) => jobs::delete(context, args).await,
        ControlCommand::Pause(args) => queues::pause(context, args).await,
        ControlCommand::Resume(args) => queues::resume(context, args).await,
        ControlCommand::Limit(args) => queues::limit(context, args).await,
        ControlCommand::Purge(args) => queues::purge(context, args).await,
        ControlCommand::Quiet(args) => workers::quiet(context, args).await,
        ControlCommand::Stop(args) => workers::stop(context, args).await,
        ControlCommand::Events(args) => queues::events(context, args).await,
        ControlCommand::Server(ServerCommand::Stop) => stop_server(context),
    }
}

impl Context {
    /// Who asks, for the record of what somebody did to other people's work.
    pub(super) fn by(&self, why: Option<&str>) -> By {
        let (user, host) = (self.env.user.clone(), self.env.host.clone());
        By { user, host, why: why.unwrap_or_default().to_owned() }
    }

    /// A namespace that exists: changing other people's work never starts a server.
    fn existing(&self) -> Result<Store, Stop> {
        match connect::open_existing(&self.global, &self.env, &self.out, Missing::Wake)? {
            Some((store, _)) => Ok(store),
            None => Err(Problem::new(
                exit::UNKNOWN,
                "no_store",
                "there is no local store, so there is nothing to control",
            )
            .hint("name a server with --url or JOBQ_URL")
            .into()),
        }
    }

    /// One object on standard output, or words on standard error.
    fn told(&self, object: &serde_json::Value, words: &str) -> Result<(), Stop> {
        if self.global.json {
            self.out.data(&json::line(object))?;
        } else {
            self.out.say(words);
        }
        Ok(())
    }

    /// Off a terminal only `--yes` says that somebody means it.
    fn can_ask(&self, what: &str) -> Result<(), Problem> {
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            return Ok(());
        }
        Err(Problem::new(exit::USAGE, "needs_yes", format!("{what} needs --yes off a terminal")))
    }

    /// Whether the person says yes.
    fn confirmed(&self, what: &str, question: &str) -> Result<bool, Stop> {
        self.can_ask(what)?;
        self.out.ask(&format!("{question}. Go on? [y/N] "));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// Repeats a verb whose reply was lost; every verb here may be.
async fn insist<T>(verb: impl AsyncFn() -> Answer<T>) -> Answer<T> {
    let began = Instant::now();
    let mut uncertain = None;
    loop {
        match verb().await {
            Err(error) if began.elapsed() < INSIST && (uncertain.is_some() || is_unknown(&error)) => {
                if !error.is_passing() {
                    return Err(error);
                }
                uncertain.get_or_insert(error);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            // After an uncertain sending, "cannot reach" says nothing about that one.
            Err(error) if error.is_passing() => return Err(uncertain.unwrap_or(error)),
            done => return done,
        }
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::Unknown { .. })
}

fn stop_server(context: &Context) -> Done {
    if context.global.url().is_some() {
        return Err(Problem::new(
            exit::USAGE,
            "not_local",
            "only the local store's server is jobq's to stop, and a URL names another",
        )
        .hint("leave out --url and JOBQ_URL")
        .into());
    }
    let place = connect::place(&context.env)?;
    let was = local::stop(&place)?;
    let dir = place.dir.display().to_string();
    let words = if was { "stopped; its jobs stay in" } else { "was not running; it would be in" };
    let object = serde_json::json!({"stopped": was, "local_dir": dir});
    context.told(&object, &format!("the local store {words} {dir}"))?;
    Ok(0)
}
