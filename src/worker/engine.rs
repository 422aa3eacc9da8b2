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

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use super::control::{ControlChannel, ControlSender, Order as GuardOrder, TALK_EVERY};
use super::journal::{Event, Journal, Level};
use super::os::boottime_ns;
use super::pulse::{Answer, Pulses};
use super::reaper::Reaper;
use super::settings::Settings;
use super::slot::{self, News, Order, Shared};
use super::start;
use super::watch::{BURY, Watch};
use super::{bell, order};
use crate::core::error::Error;
use crate::core::name::Name;
use crate::core::store::{Claimed, Identity, Pulse, Store};
use crate::local;

/// Most workers on one page of peers; the script's number.
const PEERS_PAGE: usize = 32;
/// Past the time that a stop may take, the engine waits this long for reports.
const LAST_WORDS: Duration = Duration::from_millis(800);

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
    token: String,
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

/// The loop's state.
struct Engine {
    shared: Arc<Shared>,
    identity: Identity,
    control: ControlChannel,
    guardian: ControlSender,
    held: HashMap<Name, Held>,
    mode: Mode,
    pulses: Pulses,
    watch: Watch,
    watched: Instant,
    /// CLOCK_BOOTTIME at which the newest successful pulse was sent.
    good_ns: u64,
    trouble_since: Option<Instant>,
    started: u64,
    born: Instant,
    next_due: Option<Instant>,
    /// The newest claim found nothing, although a slot was free.
    empty: bool,
    /// When a stop must be over.
    end_by: Option<Instant>,
    abandoned: bool,
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
    start::reach(&store, &settings, &journal).await?;
    start::hand_back(&store, &predecessors(&control), &journal).await?;
    let identity = start::register(&store, &settings).await?;
    let (news_out, news) = mpsc::unbounded_channel();
    let spared = settings.local.as_ref().and_then(|place| place.dir.canonicalize().ok());
    let reaper = Reaper::sparing(spared);
    let shared = Arc::new(Shared { settings, store, reaper, journal, news: news_out });
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
        let now = Instant::now();
        Engine {
            pulses: Pulses::new(Arc::clone(&shared.store)),
            shared,
            identity,
            control,
            guardian,
            held: HashMap::new(),
            mode: Mode::Running,
            watch: Watch::default(),
            watched: now,
            good_ns: boottime_ns(),
            trouble_since: None,
            started: 0,
            born: now,
            next_due: None,
            empty: false,
            end_by: None,
            abandoned: false,
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
                answer = self.pulses.answer() => self.take(answer).await,
                () = bell.notified() => if self.free() > 0 { self.pulses.hurry() } else { self.pulses.nudge() },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.condemn_late();
            self.limits_of_life();
        }
        listener.abort();
        self.leave().await
    }

    fn channels(&self) -> Vec<String> {
        let keys = self.shared.store.keys();
        let queues = self.shared.settings.queues.iter().map(|(queue, _)| keys.bell(queue.as_str()));
        queues.chain([keys.note(self.identity.worker.as_str())]).collect()
    }

    fn say_ready(&self) {
        let queues: Vec<&str> = self.shared.settings.queues.iter().map(|(queue, _)| queue.as_str()).collect();
        self.shared.journal.say(
            &Event::new(Level::Info, "ready")
                .with("worker", &self.identity.worker)
                .with("queues", queues.join(","))
                .with("slots", self.shared.settings.slots)
                .with("redis", &self.shared.store.link().target().address),
        );
    }

    fn running(&self) -> usize {
        self.held.values().filter(|held| held.runs).count()
    }

    /// Slots that a claim may fill. Jobs whose end is being reported do not take a slot, but
    /// more of them than slots means that Redis does not take reports: then wait.
    fn free(&self) -> usize {
        let slots = self.shared.settings.slots;
        let running = self.running();
        if self.mode != Mode::Running || self.held.len() - running > slots {
            return 0;
        }
        let left = self.shared.settings.max_jobs.map_or(u64::MAX, |most| most.saturating_sub(self.started));
        (slots - running.min(slots)).min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Starts a pulse when one is due and none is in flight.
    fn pulse_if_due(&mut self) {
        let shortest = self.held.values().map(|held| held.lease).min().unwrap_or(self.shared.settings.lease);
        if !self.pulses.is_due(Settings::pace(shortest)) {
            return;
        }
        let free = self.free();
        let peers_after = (self.watched.elapsed() >= Duration::from_millis(900)).then(|| {
            self.watched = Instant::now();
            self.watch.cursor().to_owned()
        });
        let settings = &self.shared.settings;
        if free > 0 || self.pulses.has_open_claim() {
            let order = order::order(&settings.queues, settings.strict);
            let queues = order.into_iter().map(|place| {
                let queue = &settings.queues[place].0;
                let limit = settings.queue_limits.get(queue).copied().unwrap_or(usize::MAX);
                let busy =
                    self.held.values().filter(|held| held.runs && held.queue == queue.as_str()).count();
                (queue.to_string(), limit.saturating_sub(busy).min(free))
            });
            let queues = queues.collect();
            self.pulses.claim(&self.identity, free, self.mode.word(), peers_after, queues);
        } else {
            let held = self.held.iter().map(|(id, held)| (id.to_string(), held.token.clone())).collect();
            let queues = settings.queues.iter().map(|(queue, _)| queue.to_string()).collect();
            self.pulses.renew(&self.identity, self.mode.word(), peers_after, held, queues);
        }
    }

    async fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Pulse { sent_ns, claimed, pulse } => {
                self.good_ns = self.good_ns.max(sent_ns);
                self.recovered();
                self.take_pulse(sent_ns, claimed, pulse);
            }
            Answer::Unknown => self.start_over().await,
            Answer::Trouble(error) => self.trouble(&error),
        }
    }

    fn take_pulse(&mut self, sent_ns: u64, claimed: bool, pulse: Pulse) {
        if claimed {
            self.empty = pulse.jobs.is_empty();
            self.next_due = pulse.next_due_ms.map(|due| {
                let wait = u64::try_from(due - pulse.now_ms).unwrap_or(0);
                Instant::now() + Duration::from_millis(wait)
            });
        }
        for job in pulse.jobs {
            self.start(job, sent_ns);
        }
        for (id, word) in &pulse.mail {
            if word == "cancel"
                && let Some(held) = Name::new(id.as_str()).ok().and_then(|id| self.held.get(&id))
                && held.runs
            {
                let _ = held.orders.send(Order::Cancel);
            }
        }
        for id in &pulse.lost {
            if let Ok(id) = Name::new(id.as_str()) {
                self.condemn(&id);
            }
        }
        let still =
            self.watch.observe(pulse.peers, PEERS_PAGE, self.identity.worker.as_str(), Instant::now());
        for still in still {
            self.take_over(still);
        }
    }

    fn start(&mut self, job: Claimed, sent_ns: u64) {
        let (orders, inbox) = mpsc::unbounded_channel();
        let lease = job.lease_ms.map_or(self.shared.settings.lease, Duration::from_millis);
        let held = Held {
            token: job.token.clone(),
            queue: job.queue.clone(),
            lease,
            since_ns: sent_ns,
            orders,
            runs: true,
            condemned: false,
        };
        if self.held.get(&job.id).is_some_and(|known| known.token == job.token) {
            return;
        }
        self.started += 1;
        if self.mode == Mode::Stopping {
            // It came with an answer that was on its way: it goes straight back.
            let _ = held.orders.send(Order::StopNow);
        }
        self.held.insert(job.id.clone(), held);
        tokio::spawn(slot::run(Arc::clone(&self.shared), job, inbox));
    }

    fn hear(&mut self, item: News) {
        match item {
            News::Free(id) => {
                if let Some(held) = self.held.get_mut(&id) {
                    held.runs = false;
                }
                self.pulses.hurry();
            }
            News::Settled(id) => {
                self.held.remove(&id);
            }
        }
    }

    /// When the right to run this job certainly ends, on CLOCK_BOOTTIME.
    fn deadline_ns(&self, held: &Held, margin: Duration) -> u64 {
        let lease = held.lease.saturating_sub(margin);
        self.good_ns.max(held.since_ns).saturating_add(u64::try_from(lease.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Kills the jobs whose lease could not be kept.
    fn condemn_late(&mut self) {
        let now = boottime_ns();
        let late: Vec<Name> = self
            .held
            .iter()
            .filter(|(_, held)| held.runs && !held.condemned)
            .filter(|(_, held)| self.deadline_ns(held, Settings::margin(held.lease)) <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.condemn(&id);
        }
    }

    fn condemn(&mut self, id: &Name) {
        if let Some(held) = self.held.get_mut(id)
            && held.runs
            && !held.condemned
        {
            held.condemned = true;
            let _ = held.orders.send(Order::LeaseLost);
        }
    }

    /// The guardian acts a little after the engine should have.
    fn tell_guardian(&mut self) {
        let running = self.held.values().filter(|held| held.runs);
        let deadline = running.map(|held| self.deadline_ns(held, Settings::margin(held.lease) / 2)).min();
        let running = self.running();
        if running != self.told_running {
            self.told_running = running;
            self.guardian.send_running(u32::try_from(running).unwrap_or(u32::MAX));
        }
        // Said again while nothing changes, because the guardian feeds the service manager's
        // watchdog only while this loop turns.
        if deadline != self.told_lease || self.talked.elapsed() >= TALK_EVERY {
            self.told_lease = deadline;
            self.talked = Instant::now();
            self.guardian.send_lease(deadline);
        }
    }

    fn take_over(&self, still: super::watch::Still) {
        let (store, journal) = (Arc::clone(&self.shared.store), self.shared.journal.clone());
        tokio::spawn(async move {
            let stood_ms = u64::try_from(still.stood.as_millis()).unwrap_or(u64::MAX);
            let bury_ms = u64::try_from(BURY.as_millis()).unwrap_or(u64::MAX);
            // A lost reply needs no repetition: the next look at the peer decides again.
            if let Ok(Some(lost @ 1..)) = store.takeover(&still.peer, stood_ms, bury_ms).await {
                journal.say(
                    &Event::new(Level::Warn, "took the jobs of a worker that stands still")
                        .with("worker", &still.peer.worker)
                        .with("jobs", lost)
                        .with("still_ms", stood_ms),
                );
            }
        });
    }

    fn trouble(&mut self, error: &Error) {
        self.trouble_since.get_or_insert_with(Instant::now);
        let event = Event::new(Level::Warn, "Redis is not answering, trying again").with("error", error);
        self.shared.journal.complain(error.kind(), &event);
        if matches!(error, Error::Unreachable { .. } | Error::Unknown { .. }) {
            self.revive_local_store();
        }
    }

    /// Nobody else may be about to start the local store's server again.
    fn revive_local_store(&self) {
        let Some(place) = self.shared.settings.local.clone() else { return };
        let (path, journal) = (self.shared.settings.search_path.clone(), self.shared.journal.clone());
        tokio::task::spawn_blocking(move || match local::ensure(&place, path.as_deref()) {
            Ok(ready) if ready.started => {
                journal.say(&Event::new(Level::Warn, "started the local store's server again"));
            }
            Ok(_) => {}
            Err(error) => {
                let event =
                    Event::new(Level::Warn, "cannot start the local store's server").with("error", &error);
                journal.complain("local store", &event);
            }
        });
    }

    fn recovered(&mut self) {
        if let Some(since) = self.trouble_since.take() {
            // What was seen of the peers before the gap proves nothing about it.
            self.watch.forget();
            self.pulses.say_serving_again();
            let event =
                Event::new(Level::Info, "Redis is back").with("after_ms", since.elapsed().as_millis());
            self.shared.journal.say(&event);
        }
    }

    /// The books do not know this worker any more: others have its jobs.
    async fn start_over(&mut self) {
        let event = Event::new(Level::Warn, "struck off the books, registering again");
        self.shared.journal.complain("unknown worker", &event);
        let ids: Vec<Name> = self.held.keys().cloned().collect();
        for id in ids {
            self.condemn(&id);
        }
        match start::register_again(&self.shared.store, &self.shared.settings, &self.identity).await {
            Ok(()) => self.pulses.hurry(),
            Err(error) => self.trouble(&error),
        }
    }

    fn obey(&mut self, order: GuardOrder) {
        match order {
            GuardOrder::Quiet if self.mode == Mode::Running => self.enter(Mode::Quiet),
            GuardOrder::Drain if self.mode < Mode::Draining => self.enter(Mode::Draining),
            GuardOrder::Terminate => self.stop(Order::Stop, self.shared.settings.kill_after),
            GuardOrder::Kill => self.stop(Order::StopNow, Duration::ZERO),
            GuardOrder::Reload => {
                self.shared.journal.say(&Event::new(Level::Info, "nothing to reload: no configuration file"));
            }
            _ => {}
        }
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.pulses.hurry();
        let event = Event::new(Level::Info, if mode == Mode::Quiet { "quiet" } else { "draining" });
        self.shared.journal.say(&event.with("running", self.running()));
    }

    fn stop(&mut self, order: Order, time: Duration) {
        self.mode = Mode::Stopping;
        let by = Instant::now() + time + LAST_WORDS;
        self.end_by = Some(self.end_by.map_or(by, |earlier| earlier.min(by)));
        for held in self.held.values() {
            let _ = held.orders.send(order);
        }
    }

    /// Burst, `--max-jobs` and `--max-runtime` end a worker by themselves.
    fn limits_of_life(&mut self) {
        if self.mode != Mode::Running {
            return;
        }
        let settings = &self.shared.settings;
        let old = settings.max_runtime.is_some_and(|most| self.born.elapsed() >= most);
        let spent = settings.max_jobs.is_some_and(|most| self.started >= most);
        let idle = settings.burst.is_some_and(|idle| {
            let soon = self.next_due.is_some_and(|due| due <= Instant::now() + idle);
            self.empty && self.held.is_empty() && !self.pulses.in_flight() && !soon
        });
        if old || spent || idle {
            self.enter(Mode::Draining);
        }
    }

    fn is_over(&mut self) -> bool {
        if self.mode < Mode::Draining {
            return false;
        }
        // A claim whose answer is not known yet may hold jobs.
        if self.held.is_empty() && !self.pulses.in_flight() && !self.pulses.has_open_claim() {
            return true;
        }
        let late = self.end_by.is_some_and(|by| Instant::now() >= by);
        if late && !self.abandoned {
            self.abandoned = true;
            for held in self.held.values() {
                let _ = held.orders.send(Order::Abandon);
            }
        }
        // Abandoned slots report themselves settled at once; a dead Redis is not waited for.
        late && self.running() == 0
    }

    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let mut wake = self.pulses.next(now).min(now + Duration::from_secs(1));
        if let Some(deadline) = self.told_lease {
            wake = wake.min(now + Duration::from_nanos(deadline.saturating_sub(boottime_ns())));
            for held in self.held.values().filter(|held| held.runs && !held.condemned) {
                let deadline = self.deadline_ns(held, Settings::margin(held.lease));
                wake = wake.min(now + Duration::from_nanos(deadline.saturating_sub(boottime_ns())));
            }
        }
        if let Some(due) = self.next_due.filter(|_| self.mode == Mode::Running && self.free() > 0) {
            wake = wake.min(due.max(now));
        }
        if let Some(by) = self.end_by.filter(|_| !self.abandoned) {
            wake = wake.min(by);
        }
        if let Some(most) = self.shared.settings.max_runtime.filter(|_| self.mode == Mode::Running) {
            wake = wake.min(self.born + most);
        }
        wake
    }

    /// The guardian is gone: nobody would kill the trees if this process died too.
    async fn orphaned(mut self) -> Finish {
        let reaper = Arc::clone(&self.shared.reaper);
        let _ = tokio::task::spawn_blocking(move || reaper.kill_everything()).await;
        self.shared
            .journal
            .say(&Event::new(Level::Warn, "the guardian died: killed all jobs, giving them back"));
        for held in self.held.values() {
            let _ = held.orders.send(Order::LeaseLost);
        }
        self.control.remove_group();
        let limit = self.shared.settings.lease;
        let _ = tokio::time::timeout(
            limit,
            start::hand_back(&self.shared.store, &[self.identity.clone()], &self.shared.journal),
        )
        .await;
        self.held.clear();
        Finish::Orphaned
    }

    async fn leave(self) -> Finish {
        let left = self.held.len();
        let bye = self.shared.store.bye(&self.identity);
        let gone = tokio::time::timeout(Duration::from_secs(1), bye).await;
        let mut event = Event::new(Level::Info, "stopped").with("jobs_started", self.started);
        if left > 0 || !matches!(gone, Ok(Ok(true))) {
            event = event.with("leases_left_to_run_out", left);
        }
        self.shared.journal.say(&event);
        let _ = std::fs::remove_dir_all(&self.shared.settings.scratch);
        self.guardian.send_bye(0);
        Finish::Done
    }
}
