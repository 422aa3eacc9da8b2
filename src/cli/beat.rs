//! `jobq beat`: the scheduler, and the desk at which schedules are kept.

mod check;
mod desk;
mod files;
mod folder;
mod import;
mod next;
mod run;

use super::args::{BeatArgs, BeatCommand, ImportCommand};
use super::resolve::Facts;
use super::{Context, Done, env, exit, short};
use crate::core::name::Name;
use crate::core::store::By;
use crate::view::Problem;

pub(super) fn run(context: &Context, args: &BeatArgs) -> Done {
    match &args.command {
        None => run::run(context, &args.run),
        Some(BeatCommand::Next(args)) => short(next::run(context, args)),
        Some(BeatCommand::Check(args)) => check::run(context, args),
        Some(BeatCommand::Add(args)) => short(desk::add(context, args)),
        Some(BeatCommand::List(view)) => short(desk::list(context, view)),
        Some(BeatCommand::Remove(args)) => short(desk::remove(context, args)),
        Some(BeatCommand::Pause(args)) => short(desk::pause(context, args)),
        Some(BeatCommand::Resume(args)) => short(desk::resume(context, &args.name)),
        Some(BeatCommand::Trigger(args)) => short(desk::trigger(context, &args.name)),
        Some(BeatCommand::Import(ImportCommand::Crontab(args))) => import::crontab(context, args),
    }
}

pub(super) use desk::inspect;

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn facts(env: &env::EnvFacts) -> Facts<'_> {
    Facts {
        cwd: env.cwd.as_deref(),
        env: &env::lookup,
        now_ms: now_ms(),
        zone: &env.zone,
        user: &env.user,
        host: &env.host,
    }
}

fn by(context: &Context, why: Option<&str>) -> By {
    By {
        user: context.env.user.clone(),
        host: context.env.host.clone(),
        why: why.unwrap_or_default().to_owned(),
    }
}

fn unknown(name: &Name) -> Problem {
    Problem::new(exit::UNKNOWN, "no_such_schedule", format!("there is no schedule {name} in this namespace"))
        .hint("jobq beat list shows them")
}
