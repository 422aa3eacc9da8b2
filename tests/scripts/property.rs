//! Random histories of two queues and three workers, step by step beside the model.

use std::collections::BTreeMap;

use jobq::core::store::{Bound, Enqueued, Identity, NewJob, Peer, Settled, When};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Desk, ann, id, job, names};
use crate::model::{End, Job, Model, State};
use crate::support::books::Books;
use crate::support::{PATIENCE, invariants, wait_for};

const SEQUENCES: u32 = 200;
const STEPS: usize = 60;
const QUEUES: [&str; 2] = ["q", "r"];
const WORKERS: [&str; 3] = ["w0", "w1", "w2"];
const DAY_MS: i64 = 86_400_000;

/// One verb. Numbers pick among what there is when the step is taken.
#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        id: usize,
        queue: usize,
        priority: i64,
        when: Wait,
        once: bool,
    },
    Claim {
        worker: usize,
        want: usize,
        most: usize,
        other_first: bool,
    },
    ClaimAgain {
        worker: usize,
    },
    End {
        pick: usize,
        end: End,
        again: bool,
    },
    Stale {
        pick: usize,
        end: End,
    },
    Cancel {
        id: usize,
    },
    Retry {
        id: usize,
    },
    Requeue {
        id: usize,
    },
    Delete {
        id: usize,
    },
    Takeover {
        worker: usize,
        moved: bool,
    },
    Handback {
        worker: usize,
    },
    Renew {
        worker: usize,
    },
    Bye {
        worker: usize,
    },
    Purge {
        queue: usize,
    },
    Limit {
        queue: usize,
        most: Option<usize>,
    },
    /// A waiting job falls due, this many milliseconds after the epoch.
    Wake {
        pick: usize,
        due: i64,
    },
    Chores,
}

#[derive(Debug, Clone, Copy)]
enum Wait {
    No,
    Delayed,
    Expired,
    DelayedAndExpired,
}

fn ends() -> impl Strategy<Value = End> {
    prop::sample::select(vec![
        End::Success,
        End::Retry,
        End::Retry,
        End::Snooze,
        End::Failure,
        End::Revoke,
        End::Lost,
        End::Stop,
        End::Starved,
        End::Refused,
    ])
}

fn steps() -> impl Strategy<Value = Step> {
    use Wait::{Delayed, DelayedAndExpired, Expired, No};
    let wait = prop::sample::select(vec![No, No, No, No, Delayed, Delayed, Expired, DelayedAndExpired]);
    let worker = 0..WORKERS.len();
    let queue = 0..QUEUES.len();
    prop_oneof![
        8 => (0..24usize, queue.clone(), -1..2i64, wait, prop::bool::weighted(0.15))
            .prop_map(|(id, queue, priority, when, once)| Step::Enqueue { id, queue, priority, when, once }),
        8 => (worker.clone(), 0..4usize, 1..3usize, any::<bool>())
            .prop_map(|(worker, want, most, other_first)| Step::Claim { worker, want, most, other_first }),
        2 => worker.clone().prop_map(|worker| Step::ClaimAgain { worker }),
        10 => (any::<usize>(), ends(), any::<bool>()).prop_map(|(pick, end, again)| Step::End { pick, end, again }),
        2 => (any::<usize>(), ends()).prop_map(|(pick, end)| Step::Stale { pick, end }),
        2 => (0..24usize).prop_map(|id| Step::Cancel { id }),
        2 => (0..24usize).prop_map(|id| Step::Retry { id }),
        2 => (0..24usize).prop_map(|id| Step::Requeue { id }),
        1 => (0..24usize).prop_map(|id| Step::Delete { id }),
        2 => (worker.clone(), any::<bool>()).prop_map(|(worker, moved)| Step::Takeover { worker, moved }),
        1 => worker.clone().prop_map(|worker| Step::Handback { worker }),
        1 => worker.clone().prop_map(|worker| Step::Renew { worker }),
        1 => worker.prop_map(|worker| Step::Bye { worker }),
        1 => queue.clone().prop_map(|queue| Step::Purge { queue }),
        1 => (queue, prop::option::of(0..8usize)).prop_map(|(queue, most)| Step::Limit { queue, most }),
        4 => (any::<usize>(), 1..50i64).prop_map(|(pick, due)| Step::Wake { pick, due }),
        1 => Just(Step::Chores),
    ]
}

/// The store and the model side by side.
struct Pair<'a> {
    desk: &'a Desk,
    model: Model,
    workers: Vec<Identity>,
    /// The newest claim of each worker.
    requests: BTreeMap<usize, (String, Vec<String>)>,
    /// Every token that ended, and how its holder may be answered.
    old: Vec<(String, String)>,
}

impl<'a> Pair<'a> {
    fn new(desk: &'a Desk) -> Pair<'a> {
        desk.raw(&["FLUSHALL"]);
        let workers = WORKERS.map(|name| desk.worker(name)).to_vec();
        Pair { desk, model: Model::default(), workers, requests: BTreeMap::new(), old: Vec::new() }
    }

    fn enqueue(&mut self, number: usize, queue: usize, priority: i64, when: Wait, once: bool) {
        let name = format!("j{number:02}");
        let mut new = NewJob { ..job(&name) };
        new.spec.queue = id(QUEUES[queue]);
        new.spec.priority = i32::try_from(priority).unwrap();
        if once {
            new.spec.on_lost = jobq::core::spec::OnLost::Fail;
        }
        let mut told = Job { priority, once, ..Job::new(QUEUES[queue]) };
        if let Wait::Delayed | Wait::DelayedAndExpired = when {
            new.not_before = Some(When::In(DAY_MS as u64));
            told.state = State::Scheduled;
        }
        if let Wait::Expired | Wait::DelayedAndExpired = when {
            new.expires = Some(When::At(1));
            told.expired = true;
        }
        let answer = self.desk.enqueue(&[new]);
        match (self.model.enqueue(&name, told), answer) {
            (None, Enqueued::Full(full)) => assert_eq!(full.queue, QUEUES[queue]),
            (Some(created), Enqueued::Accepted(accepted)) => assert_eq!(accepted[0].created, created),
            (told, answer) => panic!("the model says {told:?}, the store {answer:?}"),
        }
    }

    fn claim(&mut self, worker: usize, want: usize, most: usize, other_first: bool) {
        let mut queues = QUEUES.map(|queue| (queue, most));
        if other_first {
            queues.reverse();
        }
        let request = self.desk.request();
        let pulse = self.desk.pulse(&self.workers[worker], &request, want, &queues);
        let expected = self.model.claim(worker, want, &queues, pulse.now_ms);
        assert_eq!(names(&pulse.jobs), expected);
        for job in &pulse.jobs {
            let told = self.model.jobs.get_mut(job.id.as_str()).unwrap();
            assert_eq!((i64::from(job.attempt), i64::from(job.failures)), (told.attempts, told.failures));
            told.token = Some(job.token.clone());
        }
        if want > 0 {
            let tokens = pulse.jobs.iter().map(|job| job.token.clone()).collect();
            self.requests.insert(worker, (request, tokens));
        }
    }

    /// The reply was lost: the same claim once more.
    fn claim_again(&mut self, worker: usize) {
        let Some((request, tokens)) = self.requests.get(&worker) else { return };
        let pulse = self.desk.pulse(&self.workers[worker], request, 3, &QUEUES.map(|queue| (queue, 3)));
        let came: Vec<&String> = pulse.jobs.iter().map(|job| &job.token).collect();
        let runs = |token: &&String| self.model.jobs.values().any(|job| job.token.as_ref() == Some(token));
        assert_eq!(came, tokens.iter().filter(runs).collect::<Vec<_>>());
    }

    /// What a holder tells the store.
    fn settle(&self, name: &str, token: &str, end: End) -> Settled {
        let desk = self.desk;
        match end {
            End::Success => desk.finish(name, token),
            End::Retry => desk.fail(name, token, "retry", 0),
            End::Snooze => desk.fail(name, token, "snooze", DAY_MS as u64),
            End::Failure => desk.fail(name, token, "failure", 0),
            End::Revoke => desk.fail(name, token, "revoke", 0),
            End::Lost => desk.fail(name, token, "lost", 0),
            End::Stop => desk.release(name, token, "stop"),
            End::Starved => desk.release(name, token, "starved"),
            End::Refused => desk.release(name, token, "refused"),
        }
    }

    fn end(&mut self, pick: usize, end: End, again: bool) {
        let running: Vec<&String> =
            self.model.jobs.iter().filter(|(_, job)| job.token.is_some()).map(|(id, _)| id).collect();
        let Some(name) = running.get(pick % running.len().max(1)).map(|name| (*name).clone()) else { return };
        let token = self.model.jobs[&name].token.clone().unwrap();
        for _ in 0..=usize::from(again) {
            let answer = self.settle(&name, &token, end);
            assert!(matches!(answer, Settled::Done(Some(_))), "{answer:?}");
        }
        self.model.end(&name, end);
        self.old.push((name, token));
    }

    /// Somebody who was away speaks up about an attempt that is over.
    fn stale(&mut self, pick: usize, end: End) {
        let Some((name, token)) = self.old.get(pick % self.old.len().max(1)) else { return };
        let before = self.desk.books();
        self.settle(name, token, end);
        assert_eq!(before.keys, self.desk.books().keys);
    }

    fn takeover(&mut self, worker: usize, moved: bool) {
        let peer: Peer = self.desk.peer(&self.workers[worker]);
        if moved {
            self.desk.renew(&self.workers[worker]);
        }
        let came = self.desk.takeover(&peer, 30_000);
        let expected = (!moved).then(|| self.cut(worker));
        assert_eq!(came, expected);
    }

    fn cut(&mut self, worker: usize) -> u64 {
        let held = self.model.jobs.iter().filter(|(_, job)| job.holder == Some(worker));
        self.old.extend(held.filter_map(|(name, job)| Some((name.clone(), job.token.clone()?))));
        self.model.cut(worker)
    }

    fn handback(&mut self, worker: usize) {
        let (lost, left) = self.desk.run(self.desk.store.handback(&self.workers[worker])).unwrap();
        assert_eq!((lost, left), (self.cut(worker), 0));
        self.come_back(worker);
    }

    fn bye(&mut self, worker: usize) {
        let free = !self.model.jobs.values().any(|job| job.holder == Some(worker));
        assert_eq!(self.desk.run(self.desk.store.bye(&self.workers[worker])).unwrap(), free);
        if free {
            self.come_back(worker);
        }
    }

    fn come_back(&mut self, worker: usize) {
        self.desk.worker(WORKERS[worker]);
        self.requests.remove(&worker);
    }

    fn renew(&mut self, worker: usize) {
        let held = self.model.jobs.iter().filter(|(_, job)| job.holder == Some(worker));
        let mail: Vec<(String, String)> = held
            .filter(|(_, job)| job.cancelled || job.requeued)
            .map(|(name, job)| (name.clone(), if job.cancelled { "cancel" } else { "requeue" }.to_owned()))
            .collect();
        let mut came = self.desk.renew(&self.workers[worker]).mail;
        came.sort();
        assert_eq!(came, mail);
    }

    fn wake(&mut self, pick: usize, due: i64) {
        let waits = |job: &Job| matches!(job.state, State::Scheduled | State::Retry);
        let waiting: Vec<String> =
            self.model.jobs.iter().filter(|(_, job)| waits(job)).map(|(id, _)| id.clone()).collect();
        if let Some(name) = waiting.get(pick % waiting.len().max(1)) {
            self.desk.wake(name, due);
            self.model.jobs.get_mut(name).unwrap().due_ms = Some(due);
        }
    }

    fn take(&mut self, step: &Step) {
        let (desk, before) = (self.desk, self.desk.now_ms());
        match *step {
            Step::Enqueue { id, queue, priority, when, once } => {
                self.enqueue(id, queue, priority, when, once);
            }
            Step::Claim { worker, want, most, other_first } => self.claim(worker, want, most, other_first),
            Step::ClaimAgain { worker } => self.claim_again(worker),
            Step::End { pick, end, again } => self.end(pick, end, again),
            Step::Stale { pick, end } => self.stale(pick, end),
            Step::Cancel { id } => {
                let name = format!("j{id:02}");
                assert_eq!(desk.cancel(&name).word(), self.model.control_cancel(&name));
            }
            Step::Retry { id } => {
                let name = format!("j{id:02}");
                assert_eq!(desk.retry(&name).word(), self.model.control_retry(&name));
            }
            Step::Requeue { id } => {
                let name = format!("j{id:02}");
                assert_eq!(desk.requeue(&name).word(), self.model.control_requeue(&name));
            }
            Step::Delete { id } => {
                let name = format!("j{id:02}");
                assert_eq!(desk.delete(&name).word(), self.model.control_delete(&name));
            }
            Step::Takeover { worker, moved } => self.takeover(worker, moved),
            Step::Handback { worker } => self.handback(worker),
            Step::Renew { worker } => self.renew(worker),
            Step::Bye { worker } => self.bye(worker),
            Step::Purge { queue } => {
                desk.run(desk.store.purge(&id(QUEUES[queue]), &ann("purged"))).unwrap();
                desk.drain();
                // A purge covers its whole millisecond.
                wait_for("the next millisecond", PATIENCE, || desk.now_ms() > before + 1);
                self.model.purge(QUEUES[queue]);
            }
            Step::Limit { queue, most } => {
                let bound = most.map_or(Bound::Unsaid, |most| Bound::Most(most as u64));
                let setting = [("max_depth", bound)];
                desk.run(desk.store.limit(&id(QUEUES[queue]), &ann(""), &setting)).unwrap();
                match most {
                    Some(most) => drop(self.model.limits.insert(QUEUES[queue], most)),
                    None => drop(self.model.limits.remove(QUEUES[queue])),
                }
            }
            Step::Wake { pick, due } => self.wake(pick, due),
            Step::Chores => {
                desk.run(desk.store.chores(&QUEUES.map(id))).unwrap();
                QUEUES.iter().for_each(|queue| self.model.sweep(queue));
            }
        }
        self.compare(before);
    }

    /// Every fact that the model knows is the store's too.
    fn compare(&mut self, before: i64) {
        let books = self.desk.books();
        invariants::assert_sound(&books);
        assert_eq!(books.family("job:").count(), self.model.jobs.len());
        for (name, told) in &mut self.model.jobs {
            let fields = books.hash(&format!("job:{name}"));
            let number = |field: &str| fields.get(field).map_or(0, |text| text.parse::<i64>().unwrap());
            let due = fields.get("due").map(|due| due.parse::<i64>().unwrap());
            if let (Some(at), None) = (due, told.due_ms) {
                // The store's choice; retries and holds were counted from the time of the step.
                let wait = at - before;
                assert!((0..=DAY_MS + 60_000).contains(&wait), "{name} waits for {wait} ms");
                told.due_ms = due;
            }
            let counted = ["attempts", "failures", "losses", "snoozes", "releases"].map(number);
            let stored = (fields["state"].as_str(), counted, fields.contains_key("cancel"), due);
            let expected = [told.attempts, told.failures, told.losses, told.snoozes, told.releases];
            assert_eq!(stored, (told.state.name(), expected, told.cancelled, told.due_ms), "{name}");
            assert_eq!(fields.get("token"), told.token.as_ref(), "{name}");
            assert_eq!(fields.contains_key("requeue"), told.requeued, "{name}");
            let holder = told.holder.map(|worker| WORKERS[worker]);
            let stored = fields.contains_key("token").then(|| fields["worker"].as_str());
            assert_eq!(stored, holder, "{name}");
        }
        for queue in QUEUES {
            assert_eq!(order(&books, queue), self.model.ready(queue), "{queue}");
        }
    }
}

/// The stored order of a queue.
fn order(books: &Books, queue: &str) -> Vec<String> {
    books.zset(&format!("in:PENDING:{queue}")).iter().map(|(id, _)| id.clone()).collect()
}

#[test]
fn random_histories_follow_the_model() {
    let desk = Desk::new();
    let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let histories = prop::collection::vec(steps(), STEPS);
    let outcome = runner.run(&histories, |history| {
        let mut pair = Pair::new(&desk);
        history.iter().for_each(|step| pair.take(step));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
