//! The verdict over a run, after a full drain: what producers were told, what the jobs did,
//! and what the store says in the end are compared, job by job.
//!
//! In the manner of Jepsen's total queue: *lost* was accepted and never finished, *unexpected*
//! ran though it was refused or never sent, *recovered* was unknown and ran. Beyond it:
//! attempts that overlap, writes of a stale attempt that were accepted, and every run beyond
//! the first must be explained by a fault that hit its worker, or by the job's own retries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::producers::{Fate, Sent};
use super::stage::Fault;
use super::truth::{Attempt, Lives};
use crate::support::books::Books;

/// The counts of a run. Everything named in [`Verdict::faults_found`] must be zero.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct Verdict {
    pub accepted: usize,
    pub unknown: usize,
    pub refused: usize,
    /// By the exit code that said so.
    pub refused_with: BTreeMap<i32, usize>,
    /// Unknown to their producer, and in the store.
    pub recovered: usize,
    /// Ended as they were meant to.
    pub completed: usize,
    /// Attempts that really ran.
    pub attempts: usize,
    /// Attempts that a fault cut, by the store's own word.
    pub cut: usize,
    /// Attempts given back unharmed by a worker that was told to end.
    pub released: usize,
    /// Jobs that succeeded in more than one attempt, each explained by a fault.
    pub duplicated: usize,
    /// Accepted so shortly before a kill of the server that it had not written them, where that is
    /// allowed for.
    pub forgotten: usize,
    /// Attempts of jobs that it has, of which it forgot the end, or all, in the same way.
    pub forgotten_attempts: usize,
    /// Jobs that ended after the limit of losses, with the reason (poison is not among them).
    pub given_up: usize,
    pub lost: Vec<String>,
    pub unexpected: Vec<String>,
    pub stuck: Vec<String>,
    pub overlapping: Vec<String>,
    /// An attempt that was not the newest settled the job.
    pub stale_writes: Vec<String>,
    /// Attempts beyond the first that nothing explains.
    pub unexplained: Vec<String>,
    /// Jobs that did not end as they were meant to, or counted wrongly.
    pub wrong: Vec<String>,
    /// What does not hold of the stored state.
    pub violations: Vec<String>,
}

impl Verdict {
    /// What must not be, by name and number.
    pub fn faults_found(&self) -> [(&'static str, &Vec<String>); 8] {
        [
            ("lost", &self.lost),
            ("unexpected", &self.unexpected),
            ("stuck", &self.stuck),
            ("overlapping", &self.overlapping),
            ("stale writes accepted", &self.stale_writes),
            ("unexplained runs", &self.unexplained),
            ("wrong ends", &self.wrong),
            ("violations", &self.violations),
        ]
    }

    pub fn is_clean(&self) -> bool {
        self.faults_found().iter().all(|(_, list)| list.is_empty())
    }
}

/// One line of a job's history in the store.
struct Try {
    fence: String,
    outcome: String,
}

struct Job {
    fields: BTreeMap<String, String>,
    tries: Vec<Try>,
}

impl Job {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn outcome_of(&self, fence: &str) -> Option<&str> {
        self.tries.iter().find(|one| one.fence == fence).map(|one| one.outcome.as_str())
    }
}

const CUTS: [&str; 2] = ["worker_lost", "lease_lost"];

/// Kinds of faults that kill the server.
const OF_DEATH: [&str; 3] = ["kill Redis", "LOADING", "full disk"];

/// Judges a run. `slack_ns` is how long after the end of a fault its effects may show, `unwritten`
/// how old what a server answered may be when it dies without having written it.
pub fn judge(
    sent: &[Sent],
    lives: &Lives,
    books: &Books,
    faults: &[Fault],
    slack_ns: u64,
    unwritten: Duration,
) -> Verdict {
    let unwritten_ns = u64::try_from(unwritten.as_nanos()).unwrap_or(u64::MAX);
    let deaths = faults.iter().filter(|fault| OF_DEATH.contains(&fault.kind)).map(|fault| fault.from_ns);
    let deaths: Vec<u64> = deaths.collect();
    let forgettable = |at_ns: u64| {
        deaths.iter().any(|death| *death + slack_ns / 10 >= at_ns && *death <= at_ns + unwritten_ns)
            && unwritten_ns > 0
    };
    let mut verdict = Verdict::default();
    let known: BTreeSet<&str> = sent.iter().map(|one| one.id.as_str()).collect();
    let strangers = lives.keys().filter(|id| !known.contains(id.as_str()));
    verdict.unexpected.extend(strangers.cloned());
    let kills = self_inflicted(lives);
    for one in sent {
        let attempts = lives.get(&one.id).map_or(&[][..], Vec::as_slice);
        let job = stored(books, &one.id);
        match one.fate {
            Fate::Accepted => verdict.accepted += 1,
            Fate::Unknown => verdict.unknown += 1,
            Fate::Refused(code) => {
                verdict.refused += 1;
                *verdict.refused_with.entry(code).or_default() += 1;
            }
        }
        let Some(job) = job else {
            match one.fate {
                Fate::Accepted if forgettable(one.at_ns) => verdict.forgotten += 1,
                Fate::Accepted => verdict.lost.push(one.id.clone()),
                _ if !attempts.is_empty() => verdict.unexpected.push(one.id.clone()),
                _ => {}
            }
            continue;
        };
        match one.fate {
            Fate::Refused(code) => {
                verdict.unexpected.push(format!("{} was refused with {code} and is in", one.id));
            }
            Fate::Unknown => verdict.recovered += 1,
            Fate::Accepted => {}
        }
        one_job(&mut verdict, one, &job, attempts, &[faults, &kills], slack_ns, &forgettable);
    }
    verdict
}

fn stored(books: &Books, id: &str) -> Option<Job> {
    let fields = books.hash(&format!("job:{id}"));
    let tries = books.list(&format!("tries:{id}")).iter().map(|text| {
        let json: serde_json::Value = serde_json::from_str(text).expect("an attempt is JSON");
        let word = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Try { fence: word("fence"), outcome: word("outcome") }
    });
    (!fields.is_empty()).then(|| Job { fields, tries: tries.collect() })
}

/// Jobs that killed their engines are faults as well.
fn self_inflicted(lives: &Lives) -> Vec<Fault> {
    let killers = lives.values().flatten().filter(|attempt| attempt.killed);
    let fault = |attempt: &Attempt| Fault {
        kind: "poison",
        engine: Some(attempt.engine),
        from_ns: attempt.start_ns,
        to_ns: attempt.last_ns,
    };
    killers.map(fault).collect()
}

fn one_job(
    verdict: &mut Verdict,
    one: &Sent,
    job: &Job,
    attempts: &[Attempt],
    faults: &[&[Fault]; 2],
    slack_ns: u64,
    forgettable: &dyn Fn(u64) -> bool,
) {
    verdict.attempts += attempts.len();
    let state = job.get("state");
    if !["SUCCESS", "FAILURE"].contains(&state) {
        verdict.stuck.push(format!("{} is {state}", one.id));
        return;
    }
    overlaps(verdict, &one.id, attempts);
    let newest = attempts.iter().map(|attempt| attempt.fence.as_str()).max().unwrap_or_default();
    let settled = job.tries.last().map_or("", |last| last.fence.as_str());
    if settled < newest {
        verdict.stale_writes.push(format!("{}: {settled} settled it, {newest} ran", one.id));
    }
    let mut good_ends = 0;
    for attempt in attempts {
        good_ends += usize::from(attempt.code == Some(0));
        match job.outcome_of(&attempt.fence) {
            Some(cut) if CUTS.contains(&cut) => {
                verdict.cut += 1;
                let hit = |fault: &&Fault| {
                    fault.engine.is_none_or(|engine| engine == attempt.engine)
                        && fault.to_ns + slack_ns >= attempt.start_ns
                        && fault.from_ns <= attempt.last_ns + slack_ns
                };
                if !faults.iter().any(|list| list.iter().any(|fault| hit(&fault))) {
                    verdict.unexplained.push(format!("{} was cut by nothing: {attempt:?}", one.id));
                }
            }
            Some("released") => verdict.released += 1,
            Some("exit") => {}
            None if forgettable(attempt.last_ns) => verdict.forgotten_attempts += 1,
            other => verdict.unexplained.push(format!("{}: {other:?} of {attempt:?}", one.id)),
        }
    }
    verdict.duplicated += usize::from(good_ends > 1);
    match meant(one.plan, job, attempts) {
        Ok(true) => verdict.completed += 1,
        Ok(false) => verdict.given_up += 1,
        Err(why) => verdict.wrong.push(format!("{} ({}): {why}", one.id, one.plan)),
    }
}

/// The lock is exact; the clock shows it as well, in signs of life 20 ms apart.
fn overlaps(verdict: &mut Verdict, id: &str, attempts: &[Attempt]) {
    if let Some(met) = attempts.iter().find(|attempt| attempt.met) {
        verdict.overlapping.push(format!("{id}: {met:?} met another"));
    }
    for pair in attempts.windows(2) {
        if pair[0].last_ns > pair[1].start_ns {
            verdict.overlapping.push(format!("{id}: {:?} lived after {:?} began", pair[0], pair[1]));
        }
    }
}

/// Whether the job ended as it was meant to: `false` when it was given up after three cuts.
fn meant(plan: &str, job: &Job, attempts: &[Attempt]) -> Result<bool, String> {
    let number = |name: &str| job.get(name).parse::<u64>().unwrap_or(0);
    let (state, losses, failures) = (job.get("state"), number("losses"), number("failures"));
    let counted = job.tries.iter().filter(|one| one.outcome == "exit").count() as u64;
    let cut = job.tries.iter().filter(|one| CUTS.contains(&one.outcome.as_str())).count() as u64;
    if job.tries.len() < 10 && cut != losses {
        return Err(format!("{cut} attempts were cut, {losses} are counted"));
    }
    let given_up = state == "FAILURE" && number("blame") == 3 && CUTS.contains(&job.get("outcome"));
    let last_good = || {
        let settled = job.tries.last().map_or("", |last| last.fence.as_str());
        attempts.iter().any(|attempt| attempt.fence == settled && attempt.code == Some(0))
    };
    match plan {
        "poison" if given_up && counted == 0 => Ok(true),
        "fail" if state == "FAILURE" && failures == 3 && counted == 3 => Ok(true),
        "poison" => Err(format!("{state} after {losses} losses")),
        _ if given_up && !job.get("reason").is_empty() => Ok(false),
        "fail" => Err(format!("{state} with {failures} failures, {counted} attempts counted")),
        _ if state == "SUCCESS" && last_good() => Ok(true),
        _ => Err(format!("{state}, {} {}", job.get("outcome"), job.get("error"))),
    }
}
