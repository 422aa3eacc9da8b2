//! From a claimed job to what is to be launched: command, environment, folder, limits.
//!
//! A command says itself what it runs. For a task the worker's own file says it: command,
//! folder, environment and upper bounds never come from Redis, only the parameters do, and
//! they are checked here again. A hook is a task's too: the store knows no more of it than
//! the task, the event and the job that caused it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Map, Value};

use super::child::Launch;
use super::launch::resolve;
use super::mail;
use super::notes::Notes;
use super::shared::Shared;
use crate::config::params::check;
use crate::config::template::{self, Word};
use crate::config::{Command, StdinMode, TaskDef};
use crate::core::bytes::Bytes;
use crate::core::name::Name;
use crate::core::report::JobReport;
use crate::core::spec::{Kind, Spec, is_mail_address};
use crate::core::store::Claimed;

/// What a job runs, before limits and jobq's own variables.
struct Recipe {
    argv: Vec<Bytes>,
    cwd: PathBuf,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
}

/// What to launch for this job.
///
/// # Errors
/// Why it cannot run *here*: the job goes back for a worker that can run it.
pub(super) async fn launch(
    shared: &Shared,
    job: &Claimed,
    spec: &Spec,
    notes: &Notes,
) -> Result<Launch, String> {
    let tasks = shared.settings.tasks();
    let def = match &spec.task {
        Some(name) => {
            allowed(shared, name)?;
            Some(tasks.get(name).ok_or_else(|| format!("this worker does not know the task {name}"))?)
        }
        None => None,
    };
    let recipe = match (def, spec.kind) {
        (None, _) => command(shared, job, spec)?,
        (Some(def), Kind::Job) => task(shared, job, spec, def)?,
        (Some(def), Kind::Hook) => hook(shared, job, spec, def).await?,
    };
    let limit = |asked: Option<u64>, bound: Option<u64>| match (asked, bound) {
        (Some(asked), Some(bound)) => Some(asked.min(bound)),
        (asked, bound) => asked.or(bound),
    };
    // A hook has a limit of its own: that of its task is meant for the task's jobs.
    let policy = def.filter(|_| spec.kind == Kind::Job).map(|def| &def.policy);
    // The worker's own file is an upper bound for what a producer recorded.
    let timeout_ms = limit(spec.limits.timeout_ms, policy.and_then(|policy| policy.timeout_ms));
    let env = environment(shared, job, spec, notes, &recipe, timeout_ms);
    let argv: Vec<OsString> = recipe.argv.iter().map(OsString::from).collect();
    Ok(Launch {
        argv: match def {
            Some(def) => limited(argv, def, &env, &recipe.cwd),
            None => argv,
        },
        env,
        cwd: recipe.cwd,
        stdin: recipe.stdin,
        mark: job.fence().to_owned(),
        soft_timeout: spec.limits.soft_timeout_ms.map(Duration::from_millis),
        timeout: timeout_ms.map(Duration::from_millis),
        soft_signal: spec.limits.soft_signal.and_then(Signal::from_named_raw).unwrap_or(Signal::TERM),
        kill_after: shared.settings.kill_after,
    })
}

fn allowed(shared: &Shared, name: &Name) -> Result<(), String> {
    match &shared.settings.allow {
        Some(allow) if !allow.contains(name) => {
            Err(format!("this worker is not allowed to run the task {name}"))
        }
        _ => Ok(()),
    }
}

fn command(shared: &Shared, job: &Claimed, spec: &Spec) -> Result<Recipe, String> {
    if shared.settings.tasks_only {
        return Err("this worker runs named tasks only".into());
    }
    if let Some(user) = spec.user.as_ref().filter(|user| **user != shared.settings.user) {
        let own = &shared.settings.user;
        return Err(format!("the job is the user {user}'s, and this worker runs as {own}"));
    }
    let home = || shared.settings.home.clone();
    Ok(Recipe {
        argv: match &spec.mailto {
            Some(to) if is_mail_address(to.as_bytes()) => mail::wrapped(&spec.argv, to),
            _ => spec.argv.clone(),
        },
        cwd: spec.cwd.as_ref().map_or_else(home, |cwd| PathBuf::from(OsString::from(cwd))),
        env: Vec::new(),
        stdin: job.stdin.clone(),
    })
}

fn task(shared: &Shared, job: &Claimed, spec: &Spec, def: &TaskDef) -> Result<Recipe, String> {
    let values = values(spec, def)?;
    let mut env: Vec<(OsString, OsString)> =
        def.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.extend(arguments(def, &values)?);
    if let (true, Some(url)) = (def.pass_redis, &shared.settings.redis_url) {
        env.push(("JOBQ_URL".into(), url.into()));
    }
    Ok(Recipe {
        argv: match &def.command {
            Command::Argv(words) => render(words, def, &values)?,
            Command::Script(script) => vec!["sh".into(), "-c".into(), script.as_str().into()],
        },
        cwd: def.cwd.clone(),
        env,
        stdin: match def.stdin {
            StdinMode::Json => Some(serde_json::to_vec(&values).map_err(|error| error.to_string())?),
            StdinMode::None => job.stdin.clone(),
        },
    })
}

fn values(spec: &Spec, def: &TaskDef) -> Result<BTreeMap<String, Value>, String> {
    let named: Map<String, Value> = spec.named.clone().into_iter().collect();
    check(&def.params, spec.args.clone(), named).map_err(|error| error.to_string())
}

fn arguments(def: &TaskDef, values: &BTreeMap<String, Value>) -> Result<Vec<(OsString, OsString)>, String> {
    let vars = template::environment(&def.params, values).map_err(|error| error.to_string())?;
    Ok(vars.into_iter().map(|(name, value)| (name.into(), OsString::from(&value))).collect())
}

fn render(words: &[Word], def: &TaskDef, values: &BTreeMap<String, Value>) -> Result<Vec<Bytes>, String> {
    template::render(words, &def.params, values).map_err(|error| error.to_string())
}

/// A hook runs with the parameters of the job that caused it, learns the facts in its
/// environment, and reads the end of that job's output.
async fn hook(shared: &Shared, job: &Claimed, spec: &Spec, def: &TaskDef) -> Result<Recipe, String> {
    let event = spec.named.get("event").and_then(Value::as_str).unwrap_or_default();
    let facts: Map<String, Value> =
        job.cause.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let fact = |name: &str| match facts.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let parent = cause(shared, &fact("id")).await?;
    let values = match &parent {
        Some(parent) => values(&parent.spec, def)?,
        None => BTreeMap::new(),
    };
    let words = match event {
        "success" => def.on_success.as_deref(),
        "failure" => def.on_failure.as_deref(),
        "retry" => def.on_retry.as_deref(),
        _ => None,
    };
    let argv = match (words, &def.alert) {
        (Some(words), _) => render(words, def, &values)?,
        (None, Some(alert)) if matches!(event, "alert" | "recovery" | "reminder") => {
            alert.command.iter().map(|word| word.as_str().into()).collect()
        }
        _ => return Err(format!("this worker's task has no hook for {event}")),
    };
    let mut env: Vec<(OsString, OsString)> =
        def.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.extend(arguments(def, &values)?);
    let told = [
        ("JOBQ_EVENT", event.to_owned()),
        ("JOBQ_PARENT_ID", fact("id")),
        ("JOBQ_PARENT_QUEUE", fact("queue")),
        ("JOBQ_PARENT_ATTEMPT", fact("attempt")),
        ("JOBQ_PARENT_STATE", fact("state")),
        ("JOBQ_PARENT_OUTCOME", fact("outcome")),
        ("JOBQ_PARENT_DETAIL", fact("detail")),
        ("JOBQ_PARENT_ERROR", parent.as_ref().and_then(|parent| parent.error.clone()).unwrap_or_default()),
        ("JOBQ_ALERT_REASON", fact("reason")),
        ("JOBQ_ALERT_SINCE", fact("since")),
    ];
    // A text with a NUL cannot be a variable, and would keep the hook from running at all.
    env.extend(
        told.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into(), value.replace('\0', " ").into())),
    );
    let tail = parent.and_then(|parent| parent.attempts.last().map(|attempt| attempt.tail.0.clone()));
    Ok(Recipe { argv, cwd: def.cwd.clone(), env, stdin: tail })
}

/// The job that caused a hook, if its record is still there.
async fn cause(shared: &Shared, id: &str) -> Result<Option<JobReport>, String> {
    let found = shared.store.show(&[id]).await.map_err(|error| error.to_string())?;
    Ok(found.into_iter().next().flatten())
}

/// What only a process can set for itself goes through a helper, for tasks that ask.
fn limited(argv: Vec<OsString>, def: &TaskDef, env: &[(OsString, OsString)], cwd: &Path) -> Vec<OsString> {
    let mut options: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: String| options.extend([name.into(), value.into()]);
    if let Some(mask) = def.umask {
        option("--umask", format!("{mask:03o}"));
    }
    if let Some(nice) = def.nice {
        option("--nice", nice.to_string());
    }
    if let Some(bytes) = def.memory {
        option("--rlimit", format!("as={bytes}"));
    }
    if let Some(files) = def.open_files {
        option("--rlimit", format!("nofile={files}"));
    }
    let path = env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let program = argv.first().map(|name| resolve(name, path, cwd));
    match program {
        // A program that cannot run is told as such, not as the helper's failure.
        Some(Ok(program)) if !options.is_empty() => {
            let helper = ["/proc/self/exe".into(), "__exec".into()];
            let command = std::iter::once(program.into_os_string()).chain(argv.into_iter().skip(1));
            helper.into_iter().chain(options).chain(["--".into()]).chain(command).collect()
        }
        _ => argv,
    }
}

/// The worker's few variables, then the task's and the job's, then jobq's own.
fn environment(
    shared: &Shared,
    job: &Claimed,
    spec: &Spec,
    notes: &Notes,
    recipe: &Recipe,
    timeout_ms: Option<u64>,
) -> Vec<(OsString, OsString)> {
    let mut env = shared.settings.child_env.clone();
    env.push(("PWD".into(), recipe.cwd.as_os_str().to_owned()));
    // A producer's variables must not choose the program of a task, or what is loaded into it.
    let harmless = |name: &str| {
        spec.task.is_none()
            || !(matches!(name, "PATH" | "ENV" | "BASH_ENV" | "IFS") || name.starts_with("LD_"))
    };
    let asked = spec.env.iter().filter(|(name, _)| harmless(name));
    env.extend(asked.map(|(name, value)| (name.into(), value.into())));
    env.extend(recipe.env.iter().cloned());
    let mut set = |name: &str, value: &str| env.push((name.into(), value.into()));
    set("JOBQ_JOB_ID", job.id.as_str());
    set("JOBQ_QUEUE", &job.queue);
    set("JOBQ_ATTEMPT", &job.attempt.to_string());
    set("JOBQ_FENCE", job.fence());
    set("JOBQ_NAMESPACE", shared.store.namespace.as_str());
    let told = [
        ("JOBQ_TASK", spec.task.as_ref().map(Name::as_str)),
        ("JOBQ_GROUP", spec.group.as_ref().map(Name::as_str)),
        ("TRACEPARENT", spec.traceparent.as_deref()),
        ("TRACESTATE", spec.tracestate.as_deref()),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            set(name, value);
        }
    }
    if let Some(limit) = timeout_ms {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        set("JOBQ_DEADLINE", &(now + Duration::from_millis(limit)).as_secs().to_string());
    }
    let files = [
        ("JOBQ_PROGRESS", &notes.progress),
        ("JOBQ_RESULT", &notes.result),
        ("JOBQ_RETRY_AFTER", &notes.retry_after),
    ];
    env.extend(files.map(|(name, path)| (name.into(), path.as_os_str().to_owned())));
    env
}
