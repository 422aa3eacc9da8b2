//! Flag over environment over file over default, for the server and for a worker.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::args::{LogFormat, QueueWeight, Span, WorkerArgs};
use super::env::EnvFacts;
use super::exit;
use crate::config::{self, Config, DEFAULT_QUEUE};
use crate::core::name::Name;
use crate::core::script::HOOK_QUEUES;
use crate::metrics::Address;
use crate::view::Problem;
use crate::worker::output::Keep;

/// What a worker was told to be, by whomever.
#[derive(Debug, Clone)]
pub struct WorkerPlan {
    /// Queues to serve, with weights.
    pub queues: Vec<(Name, u32)>,
    /// Whether their order is absolute.
    pub strict: bool,
    /// Jobs to run at once; `None` for one per CPU.
    pub concurrency: Option<u32>,
    /// Jobs of one queue to run at once here.
    pub queue_limits: BTreeMap<Name, usize>,
    /// Whether to refuse commands.
    pub tasks_only: bool,
    /// The only tasks to run, where that was said.
    pub allow: Option<Vec<Name>>,
    /// A word for people.
    pub name: Option<Name>,
    /// The lease of jobs that do not ask for another.
    pub lease: Duration,
    /// Time running jobs get when the worker is stopped.
    pub grace: Duration,
    /// Between TERM and KILL.
    pub kill_after: Duration,
    /// The form of the log.
    pub log_format: LogFormat,
    /// Where complete outputs go.
    pub log_dir: Option<PathBuf>,
    /// How much output is kept.
    pub keep: Keep,
    /// Whether to run on a server that may drop keys.
    pub allow_eviction: bool,
    /// Where to serve metrics, if anywhere.
    pub metrics: Option<Address>,
    /// Where to make the scratch folder.
    pub tmp: PathBuf,
}

fn millis(flag: Option<&Span>, file: Option<u64>, default_ms: u64) -> Duration {
    Duration::from_millis(flag.map(|span| span.ms).or(file).unwrap_or(default_ms))
}

fn bytes(flag: Option<u64>, file: Option<u64>, default: u64) -> usize {
    usize::try_from(flag.or(file).unwrap_or(default)).unwrap_or(usize::MAX)
}

/// Puts together what the options and the files say of a worker.
///
/// # Errors
/// Wrong usage that only both together show.
pub fn worker(args: &WorkerArgs, config: &Config, env: &EnvFacts) -> Result<WorkerPlan, Problem> {
    let file = &config.worker;
    let queues = queues(&args.queues, config);
    if let Some((queue, _)) = queues.iter().find(|(queue, _)| HOOK_QUEUES.contains(&queue.as_str())) {
        let words = format!("the queue {queue} is jobq's own: workers serve it without being told");
        return Err(Problem::new(exit::USAGE, "usage", words));
    }
    let strict = args.strict || file.strict.unwrap_or_default();
    if !args.strict && strict && args.queues.iter().any(|one| one.weight != 1) {
        let place = config.origin(&["worker", "strict"]).map(ToString::to_string).unwrap_or_default();
        let words = format!(
            "{place} says strict, which goes by the order of the queues; weights have no place there"
        );
        return Err(Problem::new(exit::USAGE, "usage", words));
    }
    Ok(WorkerPlan {
        queue_limits: limits(args, config, &queues)?,
        queues,
        strict,
        concurrency: args.concurrency.or(file.concurrency),
        tasks_only: args.tasks_only || file.tasks_only.unwrap_or_default(),
        allow: if args.allow.is_empty() { file.allow.clone() } else { Some(args.allow.clone()) },
        name: args.name.clone().or_else(|| file.name.clone()),
        lease: millis(args.lease.as_ref(), file.lease_ms, 30_000),
        grace: millis(args.grace.as_ref(), file.grace_ms, 20_000),
        kill_after: millis(args.kill_after.as_ref(), file.kill_after_ms, 5_000),
        log_format: args.log_format.unwrap_or(match file.log_format {
            Some(config::LogFormat::Json) => LogFormat::Json,
            Some(config::LogFormat::Text) | None => LogFormat::Text,
        }),
        log_dir: args.log_dir.clone().or_else(|| file.log_dir.clone()),
        keep: Keep {
            head: bytes(args.output_head.map(|size| size.0), file.output_head, 32 << 10),
            tail: bytes(args.output_tail.map(|size| size.0), file.output_tail, 224 << 10),
        },
        allow_eviction: args.allow_eviction || file.allow_eviction.unwrap_or_default(),
        metrics: args.metrics.clone().or_else(|| file.metrics.clone()),
        tmp: file.tmp.clone().unwrap_or_else(|| env.temp.clone()),
    })
}

/// The queues that a worker serves: those of the options, else those of `[worker]`, else all
/// that are named in the configuration, else `default`.
pub fn queues(typed: &[QueueWeight], config: &Config) -> Vec<(Name, u32)> {
    if !typed.is_empty() {
        return typed.iter().map(|one| (one.queue.clone(), one.weight)).collect();
    }
    if let Some(queues) = &config.worker.queues {
        return queues.clone();
    }
    let mut named = config.queues_named();
    if named.is_empty() {
        named.extend(Name::new(DEFAULT_QUEUE));
    }
    named.into_iter().map(|queue| (queue, 1)).collect()
}

fn limits(
    args: &WorkerArgs,
    config: &Config,
    queues: &[(Name, u32)],
) -> Result<BTreeMap<Name, usize>, Problem> {
    let served: BTreeSet<&Name> = queues.iter().map(|(queue, _)| queue).collect();
    if let Some(one) = args.queue_limits.iter().find(|one| !served.contains(&one.queue)) {
        let words = format!("--queue-limit names {}, which this worker does not serve", one.queue);
        return Err(Problem::new(exit::USAGE, "usage", words));
    }
    let typed = args.queue_limits.iter().map(|one| (one.queue.clone(), one.most));
    // A file speaks for all workers that read it: what it says of other queues is not for this one.
    let written = config.worker.queue_limits.iter().flatten().filter(|_| args.queue_limits.is_empty());
    let limits = typed.chain(written.filter(|(queue, _)| served.contains(queue)).cloned());
    Ok(limits.map(|(queue, most)| (queue, usize::try_from(most).unwrap_or(usize::MAX))).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::args::{Command, parse};
    use super::*;
    use crate::config::files::from_text;
    use crate::config::schema;

    fn plan(flags: &[&str], file: &str) -> Result<WorkerPlan, String> {
        let Command::Worker(args) = parse(["jobq", "worker"].iter().chain(flags)).unwrap().command else {
            panic!()
        };
        let config = from_text(Path::new("jobq.toml"), Path::new("/srv"), file).unwrap();
        worker(&args, &config, &EnvFacts::read()).map_err(|problem| problem.message)
    }

    fn queues_of(flags: &[&str], file: &str) -> String {
        let queues = plan(flags, file).unwrap().queues;
        queues.iter().map(|(queue, weight)| format!("{queue}:{weight}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = "[worker]\nlease = \"1m\"\nconcurrency = 3\noutput_head = \"1K\"\nlog_format = \"json\"\ntmp = \"t\"";
        let plan = plan(&["--lease", "2m", "--output-tail", "2K"], file).unwrap();
        assert_eq!((plan.lease.as_secs(), plan.grace.as_secs(), plan.concurrency), (120, 20, Some(3)));
        assert_eq!((plan.keep.head, plan.keep.tail, plan.log_format), (1024, 2048, LogFormat::Json));
        assert_eq!(plan.tmp, Path::new("/srv/t"));
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let default = |name: &str| schema::WORKER.iter().find(|key| key.name == name).unwrap().default;
        let written: String = ["lease", "grace", "kill_after", "log_format", "output_head", "output_tail"]
            .iter()
            .map(|name| format!("{name} = {:?}\n", default(name)))
            .collect();
        let (bare, spelled) = (plan(&[], "").unwrap(), plan(&[], &format!("[worker]\n{written}")).unwrap());
        assert_eq!(format!("{bare:?}"), format!("{spelled:?}"));
    }

    #[test]
    fn which_queues_a_worker_serves() {
        let named = "[queues.b]\n[tasks.t]\nqueue = \"a\"\ncommand = [\"x\"]\n[tasks.u]\ncommand = [\"x\"]\n";
        assert_eq!(queues_of(&[], ""), "default:1");
        assert_eq!(queues_of(&[], named), "a:1 b:1 default:1");
        assert_eq!(queues_of(&[], &format!("{named}[worker]\nqueues = [\"z:3\", \"a\"]")), "z:3 a:1");
        assert_eq!(queues_of(&["-q", "x:2"], named), "x:2");
    }

    #[test]
    fn limits_of_other_queues_are_for_other_workers() {
        let file = "[worker]\nqueue_limits = { a = 1, b = 2 }";
        assert_eq!(plan(&["-q", "b,c"], file).unwrap().queue_limits, [(Name::new("b").unwrap(), 2)].into());
        assert_eq!(
            plan(&["--queue-limit", "z=1"], file).unwrap_err(),
            "--queue-limit names z, which this worker does not serve"
        );
        assert_eq!(
            plan(&["-q", "a:2"], "[worker]\nstrict = true").unwrap_err(),
            "jobq.toml:2:10 says strict, which goes by the order of the queues; weights have no place there"
        );
    }
}
