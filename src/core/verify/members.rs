//! What stands in the sets of jobs, and in the books of workers.

use super::super::state::State;
use super::Violation;

/// A member of a sorted set of ids, and what its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: String,
    /// Its score; `None` where it has left the set.
    pub score: Option<String>,
    /// The state of its record; `None` where there is no record.
    pub state: Option<String>,
    /// The queue of its record.
    pub queue: String,
    /// The bytes that its record counts.
    pub bytes: i64,
    /// Where the set is a label's, the labels of its record; where it is a chain, its schedule.
    pub own: String,
    /// Whether it is the first of its chain.
    pub is_first: bool,
}

impl Member {
    /// What is wrong with its standing in this set: `index` (`last` is `STATE:QUEUE`),
    /// `expiry` (`last` is the queue), `label` (the label), `chain` (the schedule), `retain`,
    /// `outputs`, `inputs` or `tombs`.
    pub fn violation(&self, set: &str, last: &str) -> Option<Violation> {
        self.score.as_ref()?;
        let (code, says) = match (set, &self.state) {
            ("tombs", None) => return None,
            ("tombs", Some(state)) => ("job_tomb", format!("it is {state} and has a tombstone")),
            ("index", None) => ("index_ghost", format!("it stands in {last} and has no record")),
            ("index", Some(state)) => {
                let home = format!("{state}:{}", self.queue);
                if home == last {
                    return None;
                }
                ("job_index", format!("it is {home} and stands in {last}"))
            }
            (_, None) => ("set_ghost", format!("{set}{last} names it, and it has no record")),
            ("expiry", Some(_)) if self.queue != last => {
                ("job_expiry", format!("it is in {} and expires in {last}", self.queue))
            }
            ("label", Some(_)) if !self.own.split('\0').any(|label| label == last) => {
                ("job_label", format!("it stands under label {last}, which it has not"))
            }
            ("chain", Some(state)) => return self.in_chain(state, last),
            _ => return None,
        };
        Some(Violation { code, subject: self.id.clone(), says })
    }

    /// In a chain are the unfinished jobs of its schedule, and whoever is first may run.
    fn in_chain(&self, state: &str, schedule: &str) -> Option<Violation> {
        let (code, says) = if self.own != schedule || State::parse(state).is_none_or(State::is_final) {
            (
                "chain_ghost",
                format!("it is {state}, of schedule {:?}, and stands in chain {schedule}", self.own),
            )
        } else if self.is_first && state == State::Blocked.name() {
            ("chain_stuck", format!("it is the first of chain {schedule} and BLOCKED"))
        } else {
            return None;
        };
        Some(Violation { code, subject: self.id.clone(), says })
    }
}

/// A job that a worker's books name, and what its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The job.
    pub id: String,
    /// The token, or the request.
    pub value: String,
    /// The state of its record; `None` where there is no record.
    pub state: Option<String>,
    /// The token of its record.
    pub token: String,
    /// The worker of its record.
    pub worker: String,
}

impl Held {
    /// What is wrong with `worker` having it in its book of held jobs, or of mail.
    pub fn violation(&self, book: &str, worker: &str) -> Option<Violation> {
        let runs_there = self.state.as_deref() == Some("STARTED") && self.worker == worker;
        let (code, fits) = match book {
            // No job has such an id: what the worker is to do itself.
            "mail" if self.id == "@" => {
                ("mail_ghost", ["quiet", "run", "stop", "stop_now"].contains(&self.value.as_str()))
            }
            "held" => ("held_ghost", runs_there && self.token == self.value),
            _ => ("mail_ghost", runs_there),
        };
        (!fits).then(|| Violation {
            code,
            subject: self.id.clone(),
            says: match &self.state {
                None => format!("worker {worker} has {} for it, and it has no record", self.value),
                Some(state) => format!(
                    "worker {worker} has {} for it; it is {state}, worker {:?}, token {:?}",
                    self.value, self.worker, self.token
                ),
            },
        })
    }
}
