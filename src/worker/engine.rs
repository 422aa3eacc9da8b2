//! The engine: takes jobs from the store, keeps their leases, and ends in good order.
//!
//! # Theory of operation
//!
//! One loop owns all facts about the worker. It reacts to news from slots, orders from the
//! guardian, the doorbell, the end of a pulse and the clock; it never waits for Redis itself.
//!
//! A *pulse* is one call that says "I live": a claim while slots are free, else a renewal.
//! One is in flight at a time, at least one a second, more when there is work. A pulse that
//! succeeded keeps every lease from the moment in which it was *sent*. A job's deadline is
//! that moment plus its lease, less a margin; when it comes, the tree is killed, because
//! from then on somebody else may start the job. The guardian gets the same deadline, a
//! little later, and keeps it when the engine cannot.
//!
//! A claim whose reply was lost is repeated with the same request word until its answer is
//! known, so no job is ever held without being run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use settling::Settling;

use super::control::{ControlChannel, ControlSender, Order as GuardOrder};
use super::metrics::Metrics;
use super::order;
use super::os::boottime_ns;
use super::pulse::{Answer, Pulses};
use super::reaper::Reaper;
use super::scarcity::Scarcity;
use super::settings::Settings;
use super::shared::{News, Order, Shared};
use super::slot;
use super::start;
use super::watch::Watch;
use crate::core::error::Error;
use crate::core::name::Name;
use crate::core::script::HOOK_QUEUES;
use crate::core::store::{Claimed, Identity, Pulse, Store, TO_THE_WORKER, Wish};
use crate::service::journal::Journal;
use crate::service::{bell, pages, reach};

/// Most jobs of one claim, so that no script runs long; the next follows at once.
const CLAIM_AT_ONCE: usize = 64;
/// Between two looks at a page of peers.
const LOOK_AT_PEERS: Duration = Duration::from_millis(900);
/// Most workers on one page of peers; the script's number.
const PEERS_PAGE: usize = 32;
/// Between two messages to the guardian that are not urgent; far below any lease.
const TALK_PACE: Duration = Duration::from_millis(50);
/// Past the time that a stop may take, the engine waits this long for reports.
const LAST_WORDS: Duration = Duration::from_millis(600);

mod ending;
mod facts;
mod leases;
mod settling;
mod wake;

/// Why an engine ended.
#[derive(Debug)]
pub enum Finish {
    /// It was told to, or had nothing more to do.
    Done,
    /// The guardian died: all trees are dead and the leases are given back.
    Orphaned,
}

/// A job whose lease this worker keeps.
struct Held {
    id: Name,
    queue: String,
    lease: Duration,
    /// CLOCK_BOOTTIME at which the claim was sent.
    since_ns: u64,
    orders: mpsc::UnboundedSender<Order>,
    /// The tree lives.
    runs: bool,
    condemned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    /// Takes jobs.
    Running,
    /// Takes none, and stays.
    Quiet,
    /// Takes none, and ends with the last one.
    Draining,
    /// Told its jobs to end.
    Stopping,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Mode::Running => "running",
            Mode::Quiet => "quiet",
            Mode::Draining | Mode::Stopping => "draining",
        }
    }
}

impl Held {
    /// It runs, and its run can still count.
    fn counts(&self) -> bool {
        self.runs && !self.condemned
    }

    /// When the right to run it certainly ends, less a margin, on CLOCK_BOOTTIME. `good_ns`
    /// is when the newest successful pulse was sent.
    fn deadline_ns(&self, good_ns: u64, margin: Duration) -> u64 {
        let lease = self.lease.saturating_sub(margin);
        good_ns.max(self.since_ns).saturating_add(u64::try_from(lease.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// The loop's state.
struct Engine {
    shared: Arc<Shared>,
    identity: Identity,
    control: ControlChannel,
    guardian: ControlSender,
    /// By token: a job whose end is being reported may be claimed again before the report's
    /// answer is here, and then both attempts are in the books for a moment.
    held: HashMap<String, Held>,
    mode: Mode,
    pulses: Pulses,
    watch: Watch,
    watched: Instant,
    /// The newest pulse asked for a page of peers.
    asked_peers: bool,
    /// CLOCK_BOOTTIME at which the newest successful pulse was sent.
    good_ns: u64,
    /// When the newest answered pulse was sent, on the monotonic clock.
    pulsed: Option<Instant>,
    trouble_since: Option<(Instant, &'static str)>,
    settling: Settling,
    started: u64,
    born: Instant,
    next_due: Option<Instant>,
    /// The newest claim found nothing, and what this worker holds has not changed since it
    /// was sent: a job that ended meanwhile may have gone back to its queue, or have kept
    /// the claim from looking into a queue that has a limit here.
    empty: bool,
    /// A limit of a queue kept back jobs at the newest claim: a burst waits for them.
    withheld: bool,
    /// When a renewal last asked whether the jobs held are still ours.
    asked_lost: Instant,
    /// The books say that this worker holds more than it knows of: the tokens that the newest
    /// renewal named, of which those that the next one names again are given up.
    strange: Option<HashSet<String>>,
    scarcity: Scarcity,
    /// With all slots busy, the next pulse claims hooks instead of renewing.
    hooks_turn: bool,
    /// What this worker holds changed since the newest pulse was sent.
    changed: bool,
    /// When a stop must be over.
    end_by: Option<Instant>,
    abandoned: bool,
    /// What somebody asked for through the store, as it stands in the mail.
    wish: Option<Wish>,
    told_lease: Option<u64>,
    told_running: usize,
    talked: Instant,
}

/// Runs the engine to its end.
///
/// # Errors
/// What kept it from starting; once it runs, nothing that Redis does is an error.
pub async fn run(
    settings: Settings,
    store: Arc<Store>,
    control: ControlChannel,
    journal: Journal,
) -> Result<Finish, Error> {
    let dead = predecessors(&control);
    let metrics = Arc::new(Metrics::new(&settings));
    if let Some(address) = &settings.metrics {
        let pages = pages::of(Arc::clone(&metrics), Arc::clone(&store));
        pages::serve(address, pages, &journal, !dead.is_empty()).await?;
    }
    reach::reach(&store, settings.allow_eviction, &journal).await?;
    metrics.handed_back.add(start::hand_back(&store, &dead, &journal).await?);
    let identity = start::register(&store, &settings).await?;
    let (news_out, news) = mpsc::unbounded_channel();
    let spared = settings.local.as_ref().map(|local| local.folder.clone());
    let reaper = Reaper::sparing(spared);
    let shared = Arc::new(Shared { settings, store, reaper, journal, metrics, news: news_out });
    tokio::spawn(Arc::clone(&shared.reaper).keep_house());
    let engine = Engine::new(shared, identity, control);
    Ok(engine.work(news).await)
}

/// Dead engines of this guardian whose leases are still in the books.
fn predecessors(control: &ControlChannel) -> Vec<Identity> {
    let known = control.handback().iter().filter_map(|holder| {
        let worker = Name::new(holder.worker.as_str()).ok()?;
        Some(Identity { worker, nonce: holder.nonce.clone() })
    });
    known.collect()
}

impl Engine {
    fn new(shared: Arc<Shared>, identity: Identity, control: ControlChannel) -> Engine {
        let guardian = control.sender();
        guardian.send_identity(identity.worker.as_str(), &identity.nonce);
        guardian.send_ready();
        let mode = if control.is_quiet() { Mode::Quiet } else { Mode::Running };
        let now = Instant::now();
        Engine {
            pulses: Pulses::new(Arc::clone(&shared.store)),
            settling: Settling::default(),
            shared,
            identity,
            control,
            guardian,
            held: HashMap::new(),
            mode,
            watch: Watch::default(),
            // The first pulse asks: a dead neighbour is seen at once.
            watched: now.checked_sub(LOOK_AT_PEERS).unwrap_or(now),
            asked_peers: false,
            good_ns: boottime_ns(),
            pulsed: None,
            trouble_since: None,
            started: 0,
            born: now,
            next_due: None,
            empty: false,
            withheld: false,
            asked_lost: now,
            strange: None,
            scarcity: Scarcity::default(),
            hooks_turn: false,
            changed: false,
            end_by: None,
            abandoned: false,
            wish: None,
            told_lease: None,
            told_running: 0,
            talked: now,
        }
    }

    async fn work(mut self, mut news: mpsc::UnboundedReceiver<News>) -> Finish {
        let bell = Arc::new(Notify::new());
        let channels = self.channels();
        let listener =
            tokio::spawn(bell::listen(Arc::clone(&self.shared.store), channels, Arc::clone(&bell)));
        self.say_ready();
        loop {
            self.pulse_if_due();
            self.tell_guardian();
            self.shared.metrics.turn(self.vitals());
            if self.is_over() {
                break;
            }
            let wake = self.next_wake();
            tokio::select! {
                biased;
                order = self.control.recv() => match order {
                    GuardOrder::GuardianGone => {
                        listener.abort();
                        return self.orphaned().await;
                    }
                    other => self.obey(other),
                },
                Some(item) = news.recv() => self.hear(item),
                answer = self.pulses.answer() => self.take(answer),
                () = bell.notified() => if self.room() > 0 { self.pulses.hurry() } else { self.pulses.nudge() },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.condemn_late();
            self.claim_due();
            self.limits_of_life();
        }
        listener.abort();
        self.leave().await
    }

    fn channels(&self) -> Vec<String> {
        let keys = self.shared.store.keys();
        let queues = self.shared.settings.queues.iter().map(|(queue, _)| keys.bell(queue.as_str()));
        let hooks = HOOK_QUEUES.iter().map(|queue| keys.bell(queue));
        queues.chain(hooks).chain([keys.note(self.identity.worker.as_str())]).collect()
    }

    /// Slots that a claim may fill. Jobs whose end is being reported do not take a slot, but
    /// more of them than slots means that Redis does not take reports: then wait.
    fn free(&self) -> usize {
        let slots = self.shared.settings.slots;
        let is_hook = |queue: &str| HOOK_QUEUES.contains(&queue);
        let hooks = self.held.values().filter(|held| held.runs && is_hook(&held.queue)).count();
        let running = self.running();
        if self.mode != Mode::Running
            || self.held.len() - running > slots
            || self.is_unsettled()
            || self.scarcity.holds(Instant::now())
        {
            return 0;
        }
        let running = running - hooks;
        let room = (slots - running.min(slots)).min(CLAIM_AT_ONCE);
        let left = self.shared.settings.max_jobs.map_or(u64::MAX, |most| most.saturating_sub(self.started));
        room.min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Starts a pulse when one is due and none is in flight.
    fn pulse_if_due(&mut self) {
        self.look_at_the_connection();
        let shortest = self.held.values().map(|held| held.lease).min().unwrap_or(self.shared.settings.lease);
        if !self.pulses.is_due(Settings::pace(shortest)) {
            return;
        }
        let free = self.free();
        self.changed = self.pulses.has_open_claim();
        let now = Instant::now();
        let looks = self.watched.elapsed() >= LOOK_AT_PEERS || self.watch.due().is_some_and(|due| due <= now);
        let peers_after = looks.then(|| {
            self.watched = now;
            self.watch.cursor().to_owned()
        });
        self.asked_peers = peers_after.is_some();
        let settings = &self.shared.settings;
        let hooks = self.hook_room();
        // Only a renewal hears of jobs that are not ours any more: while any are held there is
        // one a second, and with all slots busy it takes turns with the claim of hooks.
        self.hooks_turn = !self.hooks_turn;
        let for_hooks = free == 0 && !hooks.is_empty() && self.hooks_turn;
        let ask = (self.held.values().any(Held::counts) || self.strange.is_some())
            && self.asked_lost.elapsed() >= Duration::from_secs(1);
        if self.pulses.has_open_claim() || for_hooks || (!ask && free > 0) {
            let order = order::order(&settings.queues, settings.strict);
            let queues = order.into_iter().map(|place| {
                let queue = &settings.queues[place].0;
                let limit = settings.queue_limits.get(queue).copied().unwrap_or(usize::MAX);
                let busy =
                    self.held.values().filter(|held| held.runs && held.queue == queue.as_str()).count();
                (queue.to_string(), limit.saturating_sub(busy).min(free))
            });
            let hooks = hooks.into_iter().map(|queue| (queue.to_owned(), 1));
            let queues = queues.chain(hooks).collect();
            let known = (!self.is_unsettled()).then_some(self.settling.connection());
            self.pulses.claim(&self.identity, known, free, self.mode.word(), peers_after, queues);
        } else {
            let held = self.held.iter().filter(|(_, held)| held.counts());
            let held = held.map(|(token, held)| (held.id.to_string(), token.clone())).collect();
            let queues = settings.queues.iter().map(|(queue, _)| queue.to_string()).collect();
            let (mode, holds) = (self.mode.word(), self.held.len());
            self.pulses.renew(&self.identity, mode, peers_after, holds, held, queues);
            self.asked_lost = Instant::now();
            if free > 0 {
                self.pulses.hurry();
            }
        }
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Pulse { sent_ns, claimed, pulse } => {
                self.good_ns = self.good_ns.max(sent_ns);
                let ago = Duration::from_nanos(boottime_ns().saturating_sub(sent_ns));
                self.pulsed = Instant::now().checked_sub(ago);
                self.shared.metrics.pulses.add(1);
                self.recovered();
                self.take_pulse(sent_ns, claimed, pulse);
            }
            Answer::Unknown => self.start_over(),
            Answer::Registered => self.pulses.hurry(),
            Answer::Trouble(error) => self.trouble(&error),
        }
    }

    fn take_pulse(&mut self, sent_ns: u64, claimed: bool, pulse: Pulse) {
        if claimed {
            self.withheld = pulse.withheld;
            self.empty = pulse.jobs.is_empty() && !self.changed && !self.withheld;
            self.next_due = pulse.next_due_ms.map(|due| {
                let wait = u64::try_from(due - pulse.now_ms).unwrap_or(0);
                Instant::now() + Duration::from_millis(wait)
            });
        }
        if !pulse.jobs.is_empty() {
            // There may be more where these came from.
            self.pulses.hurry();
        }
        for job in pulse.jobs {
            self.start(job, sent_ns);
        }
        for (id, word) in &pulse.mail {
            let order = match word.as_str() {
                "cancel" => Order::Cancel,
                // As if the worker ended, for this job alone.
                "requeue" => Order::Stop,
                _ if id == TO_THE_WORKER => {
                    self.hear_wish(word);
                    continue;
                }
                _ => continue,
            };
            if let Some(held) = self.held.values().find(|held| held.counts() && held.id.as_str() == id) {
                let _ = held.orders.send(order);
            }
        }
        for id in &pulse.lost {
            self.condemn(|held| held.id.as_str() == id);
        }
        if claimed {
            if self.strange.is_none() && pulse.holds > self.held.len() as u64 {
                self.strange = Some(HashSet::new());
            }
        } else {
            self.disown(pulse.strange);
        }
        self.say_mended(pulse.mended);
        // No page is not an empty page: that would say that all peers have left the books.
        if self.asked_peers {
            self.witness(&pulse.peers);
            let me = self.identity.worker.as_str();
            for still in self.watch.observe(pulse.peers, PEERS_PAGE, me, Instant::now()) {
                self.take_over(still);
            }
        }
    }

    fn start(&mut self, job: Claimed, sent_ns: u64) {
        let (orders, inbox) = mpsc::unbounded_channel();
        let lease = job.lease_ms.map_or(self.shared.settings.lease, Duration::from_millis);
        let held = Held {
            id: job.id.clone(),
            queue: job.queue.clone(),
            lease,
            since_ns: sent_ns,
            orders,
            runs: true,
            condemned: false,
        };
        if self.held.contains_key(&job.token) {
            return;
        }
        // An earlier attempt that still runs here was lost without our knowing: its tree is
        // the first thing that the new attempt clears away.
        self.condemn(|held| held.id == job.id);
        self.started += 1;
        self.shared.metrics.started(&job.queue, job.waited_ms);
        if self.mode == Mode::Stopping {
            // It came with an answer that was on its way: it goes straight back.
            let _ = held.orders.send(Order::StopNow);
        }
        self.held.insert(job.token.clone(), held);
        tokio::spawn(slot::run(Arc::clone(&self.shared), job, inbox));
    }

    fn hear(&mut self, item: News) {
        let was_free = self.room();
        match item {
            News::Free(token) => {
                self.scarcity.eased();
                self.frees(&token);
            }
            News::Starved(token) => {
                self.scarcity.struck(Instant::now());
                self.started = self.started.saturating_sub(1);
                self.frees(&token);
            }
            News::Settled(token) => {
                self.held.remove(&token);
            }
            News::Server(life) => return self.know_server(life),
        }
        self.changed = true;
        self.empty = false;
        // The last report of a backlog frees a slot just as the end of a job does; and a
        // burst is over only when a claim that was sent after the last report finds nothing.
        if self.room() > was_free || (self.shared.settings.burst.is_some() && self.held.is_empty()) {
            self.pulses.hurry();
        }
    }

    fn frees(&mut self, token: &str) {
        if let Some(held) = self.held.get_mut(token) {
            held.runs = false;
        }
    }
}
