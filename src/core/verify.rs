//! What must hold of the stored state (docs/states.md), checked on one reading of one thing.
//! Pure; [`super::query`] walks through the store and reads.

use std::collections::BTreeMap;

use super::state::State;

mod members;
mod schedules;

pub use members::{Held, Member};
pub use schedules::ScheduleFacts;

/// Room for sequence numbers in a score of the ready order, as scripts have it.
const SEQ_SPAN: i64 = 1 << 44;
/// Attempts that a record keeps.
const KEEP_ATTEMPTS: u64 = 10;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The invariant, a stable word.
    pub code: &'static str,
    /// What it is about: a job's id, a queue, a worker, a key.
    pub subject: String,
    /// What is so, and should not be.
    pub says: String,
}

/// A job and all that stands about it elsewhere, read at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// Its id.
    pub id: String,
    /// Its state fields; none where there is no record.
    pub fields: BTreeMap<String, String>,
    /// Where it stands in the indexes of its queue: states and scores.
    pub places: Vec<(String, String)>,
    /// Its scores in these sets.
    pub expiry: Option<String>,
    /// See [`JobFacts::expiry`].
    pub retain: Option<String>,
    /// See [`JobFacts::expiry`].
    pub outputs: Option<String>,
    /// See [`JobFacts::expiry`].
    pub inputs: Option<String>,
    /// See [`JobFacts::expiry`].
    pub tomb: Option<String>,
    /// Its score in the chain of the schedule that made it.
    pub chain: Option<String>,
    /// Its labels, and its score in the index of each.
    pub labels: Vec<(String, String)>,
    /// Whether its queue is known.
    pub queue_known: bool,
    /// Bytes of its spec, where there is one.
    pub spec_bytes: Option<i64>,
    /// Bytes of its input, where there is one.
    pub stdin_bytes: Option<i64>,
    /// Whether it has a result.
    pub has_result: bool,
    /// Attempts that are kept.
    pub tries: u64,
    /// Whether it has output.
    pub has_output: bool,
    /// The token under which its worker holds it.
    pub held: Option<String>,
    /// What its worker was asked about it.
    pub mail: Option<String>,
}

/// The last numbers issued in the namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Issued {
    /// Fences.
    pub fence: i64,
    /// Sequence numbers.
    pub seq: i64,
}

struct Found<'a> {
    id: &'a str,
    all: Vec<Violation>,
}

impl Found<'_> {
    fn unless(&mut self, holds: bool, code: &'static str, says: impl FnOnce() -> String) {
        if !holds {
            self.all.push(Violation { code, subject: self.id.to_owned(), says: says() });
        }
    }
}

impl JobFacts {
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Everything about this job that does not hold. `issued` was read at the same instant.
    pub fn violations(&self, issued: Issued) -> Vec<Violation> {
        let mut found = Found { id: &self.id, all: Vec::new() };
        if self.fields.is_empty() {
            self.remains(&mut found);
            return found.all;
        }
        let Some(state) = State::parse(self.text("state")) else {
            found.unless(false, "job_state", || format!("its state is {:?}", self.text("state")));
            return found.all;
        };
        self.index(state, &mut found);
        self.own_fields(state, &mut found);
        self.sets(state, &mut found);
        self.lease(state, issued, &mut found);
        found.all
    }

    /// Of a job without a record nothing may be left.
    fn remains(&self, found: &mut Found<'_>) {
        let left = [
            ("spec", self.spec_bytes.is_some()),
            ("stdin", self.stdin_bytes.is_some()),
            ("result", self.has_result),
            ("attempts", self.tries > 0),
            ("output", self.has_output),
        ];
        for (what, _) in left.into_iter().filter(|(_, is_left)| *is_left) {
            found.unless(false, "orphan", || format!("its {what} is there and its record is not"));
        }
    }

    /// It stands in exactly one index, that of its state, at the score that its fields say.
    fn index(&self, state: State, found: &mut Found<'_>) {
        let at: Vec<&str> = self.places.iter().map(|(state, _)| state.as_str()).collect();
        found.unless(at == [state.name()], "job_index", || {
            format!(
                "it is {state} and stands in {}",
                if at.is_empty() { "no index".into() } else { at.join(", ") }
            )
        });
        let expected = match state {
            State::Scheduled | State::Retry => self.text("due").to_owned(),
            State::Started => self.text("started").to_owned(),
            State::Pending => ((100 - self.number("prio")) * SEQ_SPAN + self.number("seq")).to_string(),
            State::Blocked => self.text("enq").to_owned(),
            _ => self.text("finished").to_owned(),
        };
        if let Some((_, score)) = self.places.iter().find(|(own, _)| own == state.name()) {
            found.unless(*score == expected, "job_score", || {
                format!("it stands at {score}, not at {expected}")
            });
        }
    }

    /// Its fields agree with its state.
    fn own_fields(&self, state: State, found: &mut Found<'_>) {
        let ended = state.is_final();
        let waits = matches!(state, State::Scheduled | State::Retry);
        let tell = |name: &str| match self.fields.get(name) {
            Some(value) => format!("it is {state}, {name} is {value:?}"),
            None => format!("it is {state} and has no {name}"),
        };
        found.unless(self.has("token") == (state == State::Started), "job_token", || tell("token"));
        for mark in ["cancel", "requeue"] {
            found.unless(!self.has(mark) || state == State::Started, "job_cancel", || tell(mark));
        }
        found.unless(self.has("finished") == ended, "job_finished", || tell("finished"));
        found.unless(self.has("due") == waits, "job_due", || tell("due"));
        found.unless(self.has("seq") || state != State::Pending, "job_seq", || tell("seq"));
        let may_expire = matches!(state, State::Scheduled | State::Pending | State::Blocked);
        found.unless(!self.has("expires") || may_expire, "job_expires", || tell("expires"));
        for counter in ["attempts", "failures", "losses", "blame", "snoozes", "releases"] {
            found.unless(self.number(counter) >= 0, "job_counter", || tell(counter));
        }
        found.unless(self.tries <= KEEP_ATTEMPTS, "job_attempts", || {
            format!("it keeps {} attempts", self.tries)
        });
        found.unless(self.spec_bytes.is_some(), "job_spec", || "it has no spec".to_owned());
        found.unless(self.stdin_bytes.is_none() || state != State::Success, "job_stdin", || {
            format!("it is {state} and has its input still")
        });
        if let Some(spec) = self.spec_bytes.filter(|_| !ended) {
            let bytes = spec + self.stdin_bytes.unwrap_or(0);
            found.unless(self.number("bytes") == bytes, "job_bytes", || {
                format!("it has {bytes} bytes and counts {}", self.text("bytes"))
            });
        }
    }

    /// It is in the sets of its state and in no others.
    fn sets(&self, state: State, found: &mut Found<'_>) {
        let ended = state.is_final();
        found.unless(
            self.expiry.as_deref() == self.fields.get("expires").map(String::as_str),
            "job_expiry",
            || format!("it expires at {:?}, by the index at {:?}", self.text("expires"), self.expiry),
        );
        found.unless(self.retain.is_some() == ended, "job_retain", || {
            format!("it is {state} and {} among what is kept for a time", yes(self.retain.is_some()))
        });
        found.unless(self.outputs.is_some() == (self.has_output && ended), "job_outputs", || {
            let output = if self.has_output { "has output" } else { "has no output" };
            format!(
                "it is {state}, {output}, and {} among the outputs that may go",
                yes(self.outputs.is_some())
            )
        });
        let kept = ended && self.stdin_bytes.is_some_and(|bytes| bytes > 0);
        found.unless(self.inputs.is_some() == kept, "job_inputs", || {
            let input = if kept { "is kept" } else { "is not kept" };
            format!(
                "it is {state}, its input {input}, and {} among those that are",
                yes(self.inputs.is_some())
            )
        });
        for (label, score) in &self.labels {
            found.unless(*score == self.text("enq"), "job_label", || {
                format!("it has label {label} and stands there at {score:?}")
            });
        }
        let chained = self.has("sched") && !ended;
        found.unless(self.chain.is_some() == chained, "job_chain", || {
            let stands = yes(self.chain.is_some());
            format!("it is {state} and {stands} in the chain of schedule {:?}", self.text("sched"))
        });
        found.unless(state != State::Blocked || chained, "job_blocked", || {
            "it is BLOCKED and waits for nobody".to_owned()
        });
        found.unless(self.tomb.is_none(), "job_tomb", || "it lives and has a tombstone".to_owned());
        found.unless(self.queue_known, "job_queue", || {
            format!("its queue {} is not among the queues", self.text("queue"))
        });
    }

    /// STARTED if and only if its worker holds it with the same token.
    fn lease(&self, state: State, issued: Issued, found: &mut Found<'_>) {
        let (seq, mail) = (self.number("seq"), self.mail.as_deref());
        let asked = ["cancel", "requeue"].into_iter().find(|mark| self.has(mark));
        found.unless(mail == asked, "job_mail", || {
            format!(
                "{} is asked of it, its worker's mail says {}",
                asked.unwrap_or("nothing"),
                mail.unwrap_or("nothing")
            )
        });
        found.unless(seq <= issued.seq, "job_seq", || format!("its number {seq} was never issued"));
        if state == State::Started {
            let token = self.text("token");
            found.unless(self.held.as_deref() == Some(token), "job_lease", || {
                format!("it runs with {token}, worker {} holds {:?}", self.text("worker"), self.held)
            });
            let fence: i64 = token.split('-').next().and_then(|fence| fence.parse().ok()).unwrap_or(i64::MAX);
            found
                .unless(fence <= issued.fence, "job_fence", || format!("its fence {fence} was never issued"));
        } else {
            found.unless(self.held.is_none(), "job_lease", || {
                format!("it is {state} and worker {} holds it", self.text("worker"))
            });
        }
    }
}

fn yes(is: bool) -> &'static str {
    if is { "stands" } else { "does not stand" }
}

#[cfg(test)]
mod tests;
