//! The life of jobs as a person would tell it, in plain Rust: what each verb does to states,
//! counters, holders and the order. Nothing here knows Redis.
//!
//! Time does not matter: the instants at which jobs fall due are read off the store (and
//! checked to be plausible), and each claim says by itself what time it was.

use std::collections::{BTreeMap, BTreeSet};

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Scheduled,
    Pending,
    Started,
    Retry,
    Success,
    Failure,
    Revoked,
    Expired,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Scheduled => "SCHEDULED",
            State::Pending => "PENDING",
            State::Started => "STARTED",
            State::Retry => "RETRY",
            State::Success => "SUCCESS",
            State::Failure => "FAILURE",
            State::Revoked => "REVOKED",
            State::Expired => "EXPIRED",
        }
    }

    pub fn is_final(self) -> bool {
        matches!(self, State::Success | State::Failure | State::Revoked | State::Expired)
    }
}

/// How an attempt ends, by its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Success,
    Retry,
    Snooze,
    Failure,
    Revoke,
    Lost,
    Stop,
    Starved,
    Refused,
}

#[derive(Debug, Clone)]
pub struct Job {
    pub queue: &'static str,
    pub priority: i64,
    pub state: State,
    /// The number in the order of arrival, while it has one.
    pub arrived: Option<u64>,
    /// When it falls due, while it waits for that.
    pub due_ms: Option<i64>,
    /// Its expiry is over, and it never started.
    pub expired: bool,
    pub once: bool,
    pub cancelled: bool,
    /// Its holder was told to give it back.
    pub requeued: bool,
    pub holder: Option<usize>,
    /// What the holder proves its right with.
    pub token: Option<String>,
    pub attempts: i64,
    pub failures: i64,
    pub losses: i64,
    /// Losses that count.
    pub blame: i64,
    pub snoozes: i64,
    pub releases: i64,
}

impl Job {
    pub fn new(queue: &'static str) -> Job {
        Job {
            queue,
            priority: 0,
            state: State::Pending,
            arrived: None,
            due_ms: None,
            expired: false,
            once: false,
            cancelled: false,
            requeued: false,
            holder: None,
            token: None,
            attempts: 0,
            failures: 0,
            losses: 0,
            blame: 0,
            snoozes: 0,
            releases: 0,
        }
    }
}

/// Everything.
#[derive(Debug, Default)]
pub struct Model {
    pub jobs: BTreeMap<String, Job>,
    arrivals: u64,
    /// Limits of queues.
    pub limits: BTreeMap<&'static str, usize>,
    /// Ids of jobs whose records were removed.
    pub tombs: BTreeSet<String>,
}

impl Model {
    /// Unfinished jobs of a queue.
    pub fn depth(&self, queue: &str) -> usize {
        self.jobs.values().filter(|job| job.queue == queue && !job.state.is_final()).count()
    }

    fn arrive(&mut self, id: &str) {
        self.arrivals += 1;
        self.jobs.get_mut(id).expect("a job").arrived.get_or_insert(self.arrivals);
    }

    fn make_ready(&mut self, id: &str) {
        self.arrive(id);
        let job = self.jobs.get_mut(id).expect("a job");
        job.state = State::Pending;
        job.due_ms = None;
    }

    fn end_for_good(&mut self, id: &str, state: State) {
        let job = self.jobs.get_mut(id).expect("a job");
        (job.state, job.arrived, job.due_ms, job.expired, job.cancelled) = (state, None, None, false, false);
    }

    /// Whether the new job was taken; `false` for a known id. `None` when the queue is full.
    pub fn enqueue(&mut self, id: &str, job: Job) -> Option<bool> {
        if self.jobs.contains_key(id) || self.tombs.contains(id) {
            return Some(false);
        }
        if self.limits.get(job.queue).is_some_and(|most| self.depth(job.queue) >= *most) {
            return None;
        }
        let ready = job.state == State::Pending;
        self.jobs.insert(id.to_owned(), job);
        if ready {
            self.arrive(id);
        }
        Some(true)
    }

    /// Waiting jobs whose expiry is over.
    pub fn sweep(&mut self, queue: &str) {
        let waits = |job: &Job| matches!(job.state, State::Pending | State::Scheduled);
        let late: Vec<String> = self.ids(|job| job.queue == queue && waits(job) && job.expired);
        late.iter().for_each(|id| self.end_for_good(id, State::Expired));
    }

    fn promote(&mut self, queue: &str, now_ms: i64) {
        let mut due: Vec<(i64, String)> = self
            .jobs
            .iter()
            .filter(|(_, job)| job.queue == queue && matches!(job.state, State::Scheduled | State::Retry))
            .filter_map(|(id, job)| Some((job.due_ms?, id.clone())))
            .filter(|(due, _)| *due <= now_ms)
            .collect();
        due.sort();
        due.iter().for_each(|(_, id)| self.make_ready(id));
    }

    /// Ready jobs of a queue, the next first.
    pub fn ready(&self, queue: &str) -> Vec<String> {
        let mut ready: Vec<(i64, Option<u64>, &String)> = self
            .jobs
            .iter()
            .filter(|(_, job)| job.queue == queue && job.state == State::Pending)
            .map(|(id, job)| (-job.priority, job.arrived, id))
            .collect();
        ready.sort();
        ready.into_iter().map(|(_, _, id)| id.clone()).collect()
    }

    /// What a claim of `worker` takes, in order.
    pub fn claim(
        &mut self,
        worker: usize,
        want: usize,
        queues: &[(&'static str, usize)],
        now_ms: i64,
    ) -> Vec<String> {
        let mut taken = Vec::new();
        for (queue, most) in queues {
            self.sweep(queue);
            self.promote(queue, now_ms);
            let room = (*most).min(want - taken.len());
            let until = taken.len() + room;
            for id in self.ready(queue) {
                if taken.len() == until {
                    break;
                }
                // One on its last chance runs beside no other such.
                let last_chance = |job: &Job| job.blame == 2;
                let busy = self.jobs.values().any(|job| job.holder == Some(worker) && last_chance(job));
                if busy && last_chance(&self.jobs[&id]) {
                    continue;
                }
                let job = self.jobs.get_mut(&id).expect("a job");
                (job.state, job.holder, job.expired) = (State::Started, Some(worker), false);
                job.attempts += 1;
                taken.push(id);
            }
        }
        taken
    }

    /// The end of an attempt that `id` is in. The caller knows that the token is right.
    pub fn end(&mut self, id: &str, end: End) {
        let job = self.jobs.get_mut(id).expect("a job");
        let cancelled = job.cancelled;
        (job.holder, job.token, job.requeued) = (None, None, false);
        match end {
            End::Lost => {
                job.losses += 1;
                job.blame += 1;
            }
            End::Stop | End::Starved | End::Refused => {
                job.attempts -= 1;
                job.releases += 1;
            }
            End::Snooze if !cancelled => {
                job.attempts -= 1;
                job.snoozes += 1;
            }
            End::Retry | End::Failure if !cancelled => job.failures += 1,
            _ => {}
        }
        let over = job.once || job.blame >= 3;
        match end {
            End::Success => self.end_for_good(id, State::Success),
            _ if cancelled => self.end_for_good(id, State::Revoked),
            End::Revoke => self.end_for_good(id, State::Revoked),
            End::Failure => self.end_for_good(id, State::Failure),
            End::Lost if over => self.end_for_good(id, State::Failure),
            End::Lost | End::Stop => self.make_ready(id),
            End::Retry => (job.state, job.arrived) = (State::Retry, None),
            End::Snooze => (job.state, job.arrived) = (State::Scheduled, None),
            End::Starved | End::Refused => job.state = State::Scheduled,
        }
    }

    /// Cancels a job, whatever it is doing.
    pub fn cancel(&mut self, id: &str) {
        match self.jobs.get_mut(id) {
            Some(job) if job.state == State::Started => job.cancelled = true,
            Some(job) if !job.state.is_final() => self.end_for_good(id, State::Revoked),
            _ => {}
        }
    }

    /// What is too late is so from the moment in which somebody does something about it.
    fn catch_up(&mut self, id: &str) -> Option<State> {
        let job = self.jobs.get(id)?;
        if job.expired && matches!(job.state, State::Pending | State::Scheduled) {
            self.end_for_good(id, State::Expired);
        }
        Some(self.jobs[id].state)
    }

    /// An operator cancels a job; what the verb says of it.
    pub fn control_cancel(&mut self, id: &str) -> &'static str {
        match self.catch_up(id) {
            None => "unknown",
            Some(state) if state.is_final() => "finished",
            Some(state) => {
                self.cancel(id);
                if state == State::Started { "cancelling" } else { "cancelled" }
            }
        }
    }

    /// An operator runs a finished job again; what the verb says of it.
    pub fn control_retry(&mut self, id: &str) -> &'static str {
        match self.catch_up(id) {
            None => return "unknown",
            Some(state) if !state.is_final() => return "unfinished",
            Some(_) => {}
        }
        let queue = self.jobs[id].queue;
        if self.limits.get(queue).is_some_and(|most| self.depth(queue) >= *most) {
            return "full";
        }
        let job = self.jobs.get_mut(id).expect("a job");
        (job.attempts, job.failures, job.losses, job.snoozes, job.releases) = (0, 0, 0, 0, 0);
        job.blame = 0;
        self.make_ready(id);
        "retried"
    }

    /// An operator puts a job back; what the verb says of it.
    pub fn control_requeue(&mut self, id: &str) -> &'static str {
        match self.catch_up(id) {
            None => "unknown",
            Some(State::Started) if self.jobs[id].cancelled => "cancelling",
            Some(State::Started) => {
                self.jobs.get_mut(id).expect("a job").requeued = true;
                "stopping"
            }
            Some(State::Scheduled | State::Retry) => {
                self.make_ready(id);
                "requeued"
            }
            Some(State::Pending) => "waits",
            Some(_) => "finished",
        }
    }

    /// An operator removes a record; what the verb says of it.
    pub fn control_delete(&mut self, id: &str) -> &'static str {
        match self.catch_up(id) {
            None if self.tombs.contains(id) => "gone",
            None => "unknown",
            Some(state) if !state.is_final() => "unfinished",
            Some(_) => {
                self.jobs.remove(id);
                self.tombs.insert(id.to_owned());
                "deleted"
            }
        }
    }

    /// Cancels all unfinished jobs of a queue.
    pub fn purge(&mut self, queue: &str) {
        self.ids(|job| job.queue == queue).iter().for_each(|id| self.cancel(id));
    }

    /// All runs of a worker are cut; how many.
    pub fn cut(&mut self, worker: usize) -> u64 {
        let held = self.ids(|job| job.holder == Some(worker));
        // Those that were blamed most often before are to blame.
        let most = held.iter().map(|id| self.jobs[id].blame).max().unwrap_or(0);
        for id in &held {
            let blamed = self.jobs[id].blame == most;
            self.jobs.get_mut(id).expect("a job").blame -= i64::from(!blamed);
            self.end(id, End::Lost);
        }
        held.len() as u64
    }

    fn ids(&self, wanted: impl Fn(&Job) -> bool) -> Vec<String> {
        self.jobs.iter().filter(|(_, job)| wanted(job)).map(|(id, _)| id.clone()).collect()
    }
}
