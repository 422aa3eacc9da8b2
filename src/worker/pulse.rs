//! Pulses: one call in flight that renews, and claims while slots are free.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::os::boottime_ns;
use crate::core::error::{Error, Result};
use crate::core::name::new_nonce;
use crate::core::store::{Beat, ClaimRequest, Identity, Pulse, RENEW_AT_ONCE, Registration, Store};
use crate::service::chance::random_unit;

/// Between two claims that the doorbell asks for while nothing is found.
const BELL_PACE: Duration = Duration::from_millis(2);
/// Between two pulses that hints ask for while no slot is free.
const NUDGE_PACE: Duration = Duration::from_millis(50);
/// How often the served queues are said again.
const SERVING: Duration = Duration::from_secs(5);

/// What came of a pulse.
#[derive(Debug)]
pub enum Answer {
    /// It went through.
    Pulse {
        /// CLOCK_BOOTTIME when it was sent.
        sent_ns: u64,
        /// It was a claim.
        claimed: bool,
        /// What it brought.
        pulse: Pulse,
    },
    /// The books do not know this worker.
    Unknown,
    /// They do again.
    Registered,
    /// Redis cannot be asked at the moment.
    Trouble(Error),
}

/// A claim whose answer is not known.
#[derive(Debug, Clone)]
struct OpenClaim {
    request: String,
    want: usize,
    queues: Vec<(String, usize)>,
    /// It may have taken effect: from then on only an answer ends it. That a repetition
    /// certainly failed says nothing about the first time.
    uncertain: bool,
}

/// The sender of pulses.
pub struct Pulses {
    store: Arc<Store>,
    answers: mpsc::UnboundedReceiver<Answer>,
    answer_to: mpsc::UnboundedSender<Answer>,
    in_flight: bool,
    sent: Option<Instant>,
    /// Send the next as soon as the one in flight is answered.
    hurry: bool,
    nudged: bool,
    not_before: Instant,
    back_off: Duration,
    open: Option<OpenClaim>,
    said_serving: Option<Instant>,
    renewed: usize,
}

impl Pulses {
    /// A sender that owes the first pulse.
    pub fn new(store: Arc<Store>) -> Pulses {
        let (answer_to, answers) = mpsc::unbounded_channel();
        Pulses {
            store,
            answers,
            answer_to,
            in_flight: false,
            sent: None,
            hurry: true,
            nudged: false,
            not_before: Instant::now(),
            back_off: Duration::ZERO,
            open: None,
            said_serving: None,
            renewed: 0,
        }
    }

    /// Whether a pulse is under way.
    pub fn in_flight(&self) -> bool {
        self.in_flight
    }

    /// Whether the answer to a claim is not known yet.
    pub fn has_open_claim(&self) -> bool {
        self.open.is_some()
    }

    /// Something changed: the next pulse need not wait for its time.
    pub fn hurry(&mut self) {
        self.hurry = true;
    }

    /// A hint came: the next pulse need not wait for its time, but hints are many and
    /// renewals are not free.
    pub fn nudge(&mut self) {
        self.nudged = true;
    }

    /// Whether to send one now; `pace` is the longest time between two.
    pub fn is_due(&mut self, pace: Duration) -> bool {
        let now = Instant::now();
        if self.in_flight || now < self.not_before {
            return false;
        }
        let pace = if self.nudged { pace.min(NUDGE_PACE) } else { pace };
        self.hurry || self.sent.is_none_or(|sent| now.duration_since(sent) >= pace)
    }

    /// When to look again.
    pub fn next(&self, now: Instant) -> Instant {
        if self.in_flight {
            return now + Duration::from_secs(1);
        }
        let pace = match (self.hurry, self.nudged) {
            (true, _) => Duration::ZERO,
            (_, true) => NUDGE_PACE,
            _ => Duration::from_millis(100),
        };
        self.not_before.max(now + pace)
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        let Some(answer) = self.answers.recv().await else { return std::future::pending().await };
        self.in_flight = false;
        match &answer {
            Answer::Trouble(error) => {
                // A claim that certainly had no effect is over; any other must be repeated.
                if let Some(claim) = &mut self.open {
                    claim.uncertain |= matches!(error, Error::Unknown { .. } | Error::Protocol(_));
                }
                self.open = self.open.take().filter(|claim| claim.uncertain);
                self.back_off =
                    (self.back_off * 2).clamp(Duration::from_millis(50), Duration::from_millis(500));
                self.not_before = Instant::now() + self.back_off.mul_f64(0.5 + random_unit() / 2.0);
                self.hurry = true;
            }
            Answer::Pulse { claimed, pulse, .. } => {
                if *claimed {
                    self.open = None;
                }
                self.back_off = Duration::ZERO;
                let found = !pulse.jobs.is_empty() || !*claimed;
                self.not_before = if found { Instant::now() } else { Instant::now() + BELL_PACE };
            }
            Answer::Unknown => {
                self.open = None;
                self.said_serving = None;
                self.not_before = Instant::now() + Duration::from_millis(100);
            }
            Answer::Registered => {
                self.back_off = Duration::ZERO;
                self.not_before = Instant::now();
            }
        }
        answer
    }

    fn launch(&mut self, call: impl Future<Output = Result<(bool, Beat)>> + Send + 'static) {
        let sent_ns = boottime_ns();
        self.send(async move {
            Ok(match call.await? {
                (claimed, Beat::Ok(pulse)) => Answer::Pulse { sent_ns, claimed, pulse },
                (_, Beat::Unknown) => Answer::Unknown,
            })
        });
    }

    fn send(&mut self, call: impl Future<Output = Result<Answer>> + Send + 'static) {
        self.in_flight = true;
        self.hurry = false;
        self.nudged = false;
        self.sent = Some(Instant::now());
        let answer_to = self.answer_to.clone();
        tokio::spawn(async move {
            let _ = answer_to.send(call.await.unwrap_or_else(Answer::Trouble));
        });
    }

    /// Enters the books again, in the place of a pulse.
    pub fn register(&mut self, worker: Registration) {
        let store = Arc::clone(&self.store);
        self.send(async move { store.register(&worker).await.map(|()| Answer::Registered) });
    }

    /// The server may have forgotten how lately the queues were served.
    pub fn say_serving_again(&mut self) {
        self.said_serving = None;
    }

    fn say_serving(&mut self) -> bool {
        let due = self.said_serving.is_none_or(|last| last.elapsed() >= SERVING);
        if due {
            self.said_serving = Some(Instant::now());
        }
        due
    }

    /// Sends a claim for `want` jobs, or repeats the one whose answer is not known. Of a queue
    /// that has no room now the repetition asks only what came of it, and takes nothing new.
    /// Nothing is taken on another `connection`, where one is given.
    pub fn claim(
        &mut self,
        identity: &Identity,
        connection: Option<u64>,
        want: usize,
        mode: &'static str,
        peers_after: Option<String>,
        queues: Vec<(String, usize)>,
    ) {
        let full = self.say_serving();
        let claim = self
            .open
            .get_or_insert_with(|| OpenClaim {
                request: new_nonce(),
                want,
                queues: queues.clone(),
                uncertain: false,
            })
            .clone();
        let room: HashMap<String, usize> = queues.into_iter().collect();
        let (store, identity) = (Arc::clone(&self.store), identity.clone());
        self.launch(async move {
            let queues: Vec<(&str, usize)> = claim
                .queues
                .iter()
                .map(|(queue, most)| (queue.as_str(), room.get(queue).map_or(0, |now| *most.min(now))))
                .collect();
            let request = ClaimRequest {
                identity: &identity,
                request: &claim.request,
                // Hooks alone are wanted too when all slots are full, and so is an old answer.
                want: claim.want.max(1),
                connection,
                mode,
                peers_after: peers_after.as_deref(),
                full,
                queues: &queues,
            };
            store.claim(&request).await.map(|beat| (true, beat))
        });
    }

    /// Sends a renewal of the `holds` jobs that the worker knows of. Of many `held` ones it asks
    /// about some each time, in turn.
    pub fn renew(
        &mut self,
        identity: &Identity,
        mode: &'static str,
        peers_after: Option<String>,
        holds: usize,
        mut held: Vec<(String, String)>,
        queues: Vec<String>,
    ) {
        let full = self.say_serving();
        if held.len() > RENEW_AT_ONCE {
            held.sort_unstable();
            self.renewed = (self.renewed + RENEW_AT_ONCE) % held.len();
            held.rotate_left(self.renewed);
            held.truncate(RENEW_AT_ONCE);
        }
        let (store, identity) = (Arc::clone(&self.store), identity.clone());
        self.launch(async move {
            let held: Vec<(&str, &str)> =
                held.iter().map(|(id, token)| (id.as_str(), token.as_str())).collect();
            let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
            let queues = full.then_some(queues.as_slice());
            store
                .renew(&identity, mode, peers_after.as_deref(), holds, &held, queues)
                .await
                .map(|beat| (false, beat))
        });
    }
}
