//! From a claimed job to what is to be launched: command, environment, folder, limits.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::child::Launch;
use super::notes::Notes;
use super::slot::Shared;
use crate::core::spec::Spec;
use crate::core::store::Claimed;

/// What to launch for this job.
///
/// # Errors
/// Why it cannot run *here*: the job goes back for a worker that can run it.
pub(super) fn launch(shared: &Shared, job: &Claimed, spec: &Spec, notes: &Notes) -> Result<Launch, String> {
    if let Some(task) = &spec.task {
        return Err(format!("no worker of this version knows tasks ({task})"));
    }
    if shared.settings.tasks_only {
        return Err("this worker runs named tasks only".into());
    }
    let cwd = spec
        .cwd
        .as_ref()
        .map_or_else(|| shared.settings.home.clone(), |cwd| PathBuf::from(OsString::from(cwd)));
    let env = environment(shared, job, spec, notes, &cwd);
    Ok(Launch {
        argv: spec.argv.iter().map(OsString::from).collect(),
        env,
        cwd,
        stdin: job.stdin.clone(),
        mark: job.fence().to_owned(),
        soft_timeout: spec.limits.soft_timeout_ms.map(Duration::from_millis),
        timeout: spec.limits.timeout_ms.map(Duration::from_millis),
        soft_signal: spec.limits.soft_signal.and_then(Signal::from_named_raw).unwrap_or(Signal::TERM),
        kill_after: shared.settings.kill_after,
    })
}

/// The worker's few variables, then the job's, then jobq's own.
fn environment(
    shared: &Shared,
    job: &Claimed,
    spec: &Spec,
    notes: &Notes,
    cwd: &std::path::Path,
) -> Vec<(OsString, OsString)> {
    let mut env = shared.settings.child_env.clone();
    env.push(("PWD".into(), cwd.as_os_str().to_owned()));
    env.extend(spec.env.iter().map(|(name, value)| (name.into(), value.into())));
    let mut set = |name: &str, value: &str| env.push((name.into(), value.into()));
    set("JOBQ_JOB_ID", job.id.as_str());
    set("JOBQ_QUEUE", &job.queue);
    set("JOBQ_ATTEMPT", &job.attempt.to_string());
    set("JOBQ_FENCE", job.fence());
    set("JOBQ_NAMESPACE", shared.store.namespace.as_str());
    if let Some(group) = &spec.group {
        set("JOBQ_GROUP", group.as_str());
    }
    if let Some(parent) = &spec.traceparent {
        set("TRACEPARENT", parent);
    }
    if let Some(state) = &spec.tracestate {
        set("TRACESTATE", state);
    }
    if let Some(limit) = spec.limits.timeout_ms {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        set("JOBQ_DEADLINE", &(now + Duration::from_millis(limit)).as_secs().to_string());
    }
    for (name, path) in [
        ("JOBQ_PROGRESS", &notes.progress),
        ("JOBQ_RESULT", &notes.result),
        ("JOBQ_RETRY_AFTER", &notes.retry_after),
    ] {
        env.push((name.into(), path.as_os_str().to_owned()));
    }
    env
}
