//! `jobq worker`: the guardian in this process, and the engine in the one it starts.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::Context as _;

use super::args::{LogFormat, Span, WorkerArgs};
use super::settle::{self, WorkerPlan};
use super::{Context, Done, Stop, connect, env, exit, host_name};
use crate::config;
use crate::core::link::Patience;
use crate::core::name::{Name, new_nonce};
use crate::local::{self, Place};
use crate::service::journal::{Event, Journal, Level};
use crate::service::user;
use crate::view::{Problem, log};
use crate::worker::control::{self, ControlChannel};
use crate::worker::engine::{self, Finish};
use crate::worker::guardian::{self, EngineCommand, GuardOptions};
use crate::worker::settings::{LocalStore, QueueSettings, Reload, Settings};

/// Variables of the worker that its jobs get. LC_* come on top.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"];
const LOCALE: [&str; 13] = [
    "LC_ALL",
    "LC_CTYPE",
    "LC_COLLATE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_ADDRESS",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_NAME",
    "LC_PAPER",
    "LC_TELEPHONE",
];

pub(super) fn run(context: &Context, args: &WorkerArgs) -> Done {
    if control::is_engine() {
        return engine_half(context, args);
    }
    let plan = settle::worker(args, &context.config, &context.env)?;
    // What is wrong with the words is told here, once, and not by each engine.
    check_log_dir(&plan)?;
    connect::prepare(&context.global, &context.env, &context.out)?;
    let options = GuardOptions {
        engine: EngineCommand::this_program(),
        grace: plan.grace,
        kill_after: plan.kill_after,
        interactive: std::io::stderr().is_terminal(),
        quiet: context.global.quiet,
    };
    let mut say = |text: &str| context.out.say(text);
    Ok(guardian::guard(options, &mut say).context("the worker cannot run")?)
}

fn check_log_dir(plan: &WorkerPlan) -> Result<(), Stop> {
    match &plan.log_dir {
        Some(dir) if !dir.is_dir() => {
            Err(Problem::new(exit::CONFIG, "log_dir", format!("--log-dir {} is not a folder", dir.display()))
                .into())
        }
        _ => Ok(()),
    }
}

fn span(span: &Span) -> Duration {
    Duration::from_millis(span.ms)
}

fn engine_half(context: &Context, args: &WorkerArgs) -> Done {
    let channel = control::enter_engine().context("the worker's engine cannot run")?;
    let goodbye = channel.sender();
    let code = match start_engine(context, args, channel) {
        Ok(code) | Err(Stop::Code(code)) => code,
        Err(Stop::Problem(problem)) => {
            context.out.problem(&problem);
            problem.code
        }
    };
    // The guardian must not take this for a crash and try again.
    goodbye.send_bye(code);
    Ok(code)
}

fn start_engine(context: &Context, args: &WorkerArgs, channel: ControlChannel) -> Done {
    let plan = settle::worker(args, &context.config, &context.env)?;
    // A connection that falls silent is given up soon enough to consume again within 5 s.
    let reply = (plan.lease / 4).clamp(Duration::from_millis(500), Duration::from_secs(3));
    let patience = Patience { connect: reply.min(Duration::from_secs(2)), reply };
    let (store, local) = connect::open_started(&context.global, &context.env, &context.out, patience)?;
    let log_format = plan.log_format;
    let settings = settings(context, args, plan, local)?;
    let journal = journal(context, log_format);
    let runtime = engine_runtime().context("the worker's engine cannot start")?;
    // On one of the two, and not on this third thread: most of what it hears comes from there.
    let engine = runtime.spawn(engine::run(settings, Arc::new(store), channel, journal));
    let finish = match runtime.block_on(engine) {
        Ok(finish) => finish,
        // As if it had run here: the guardian sees the engine die and starts another.
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    // Whatever still waits for Redis in the background must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    match finish? {
        Finish::Done => Ok(0),
        Finish::Orphaned => Ok(exit::NO),
    }
}

/// Two threads, so that a slow line of log never delays a renewal; and others for what blocks.
fn engine_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        // Once there they stay: on a machine that is out of processes no other could be started,
        // and without any the trees of jobs could not be killed.
        .thread_keep_alive(Duration::from_secs(u64::from(u32::MAX)))
        .enable_all()
        .build()?;
    // Where even this one cannot be started, that is an error and no panic.
    std::thread::Builder::new().spawn(|| ())?.join().ok();
    let first = runtime.spawn_blocking(|| ());
    let _ = runtime.block_on(first);
    Ok(runtime)
}

pub(super) fn journal(context: &Context, format: LogFormat) -> Journal {
    let (out, verbose, quiet) = (context.out.clone(), context.global.verbose > 0, context.global.quiet);
    Journal::new(move |event: &Event| {
        let wanted = match event.level {
            Level::Debug => verbose,
            Level::Info => !quiet,
            Level::Warn => true,
        };
        if wanted {
            let now_ms = jiff::Timestamp::now().as_millisecond();
            let line = match format {
                LogFormat::Text => log::text(out.stderr_look(), event, now_ms),
                LogFormat::Json => log::json(event, now_ms),
            };
            out.log(&line);
        }
    })
}

fn settings(
    context: &Context,
    args: &WorkerArgs,
    plan: WorkerPlan,
    local: Option<Place>,
) -> Result<Settings, Stop> {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Settings {
        queues: plan.queues,
        strict: plan.strict,
        slots: plan.concurrency.map_or(cpus, |slots| usize::try_from(slots).unwrap_or(cpus)),
        queue_limits: plan.queue_limits,
        burst: args.burst.then(|| args.idle.as_ref().map_or(Duration::ZERO, span)),
        max_jobs: args.max_jobs,
        max_runtime: args.max_runtime.as_ref().map(span),
        tasks_only: plan.tasks_only,
        tasks: Arc::new(RwLock::new(Arc::new(context.config.tasks.clone()))),
        reload: reload(context),
        allow: plan.allow,
        queue_defs: context.config.queues.clone(),
        queue_settings: queue_settings(context),
        redis_url: context.global.url().map(str::to_owned),
        label: plan.name,
        lease: plan.lease,
        kill_after: plan.kill_after,
        keep: plan.keep,
        log_dir: plan.log_dir,
        metrics: plan.metrics,
        allow_eviction: plan.allow_eviction,
        child_env: child_env(context, local.is_some()),
        user: user::own(context.env.euid).unwrap_or_else(|| context.env.user.clone()),
        home: context.env.home.clone().unwrap_or_else(|| PathBuf::from("/")),
        scratch: scratch(&plan.tmp)?,
        local: local.map(|place| local_store(context, place)),
        host: host_name(&context.env.host),
        // The engine is the guardian's child; people and service managers know the guardian.
        pid: std::os::unix::process::parent_id(),
        boot_id: boot_id(),
    })
}

/// The present boot of this machine; empty where the kernel does not say.
pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// PATH, HOME, locale and zone of the worker, and nothing else of its environment: above all
/// no Redis credentials. A job finds the local store only if its worker uses that.
fn child_env(context: &Context, local: bool) -> Vec<(OsString, OsString)> {
    let names = INHERITED.iter().chain(&LOCALE);
    let mut vars: Vec<(OsString, OsString)> =
        names.filter_map(|name| Some(((*name).into(), env::lookup(name)?))).collect();
    match (&context.env.xdg_state_home, local) {
        (Some(state), true) => vars.push(("XDG_STATE_HOME".into(), state.clone().into_os_string())),
        (None, true) => {}
        (_, false) => vars.push(("JOBQ_LOCAL".into(), "never".into())),
    }
    vars
}

/// What HUP does: the same files again.
fn reload(context: &Context) -> Reload {
    let place = super::config_place(&context.global, &context.env);
    Reload(Arc::new(move || {
        config::load(&place).map(|config| config.tasks).map_err(|error| error.lines().join("; "))
    }))
}

/// What the file says of queues, under names of its own: an operator's word goes before it.
fn queue_settings(context: &Context) -> Vec<(Name, QueueSettings)> {
    let one = |(name, queue): (&Name, &config::QueueDef)| {
        let settings = vec![
            ("file_max_depth", queue.max_depth),
            ("file_max_bytes", queue.max_bytes),
            ("file_max_running", queue.max_running),
            ("file_rate", queue.rate.map(|rate| rate.count)),
            ("file_rate_ms", queue.rate.map(|rate| rate.per_ms)),
        ];
        (name.clone(), settings)
    };
    context.config.queues.iter().map(one).collect()
}

fn local_store(context: &Context, place: Place) -> LocalStore {
    let path = context.env.path.clone();
    let folder = place.dir.canonicalize().unwrap_or_else(|_| place.dir.clone());
    let revive = move || match local::ensure(&place, path.as_deref()) {
        Ok(ready) => Ok(ready.started),
        Err(error) => Err(error.to_string()),
    };
    LocalStore { folder, revive: Arc::new(revive) }
}

/// A folder of this engine's own, which nobody else can write.
fn scratch(parent: &Path) -> Result<PathBuf, Stop> {
    use std::os::unix::fs::DirBuilderExt as _;
    let dir = parent.join(format!("jobq-{}", new_nonce()));
    std::fs::DirBuilder::new().mode(0o700).create(&dir).map_err(|error| {
        let message = format!("cannot make a folder in {}: {error}", parent.display());
        Problem::new(exit::CONFIG, "scratch", message)
            .hint("TMPDIR, or tmp in the section worker of jobq.toml, names another place")
    })?;
    Ok(dir)
}
