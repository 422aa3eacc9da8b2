//! The scheduler: makes one job for each tick of each schedule, however many beats run.
//!
//! # Theory of operation
//!
//! ```text
//!   jobq.toml, crontabs --publish--> Redis <--tick-- beat (leads)
//!   jobq beat add/pause -----------> Redis <--tick-- beat, beat, … a little later
//! ```
//!
//! All state is in Redis: definitions, due times, counts, pauses, alarms. A beat reads which
//! schedules are due, works out what that means (`plan`, pure), and calls one script that
//! checks that the due time is still the one that was read, makes the job and writes the next
//! due time. So of any number of beats, and of any number of repetitions after a lost reply,
//! one acts; and the job's id is made from the schedule and the tick, so that not even a
//! restored older state makes a second one.
//!
//! Leading is only an optimisation. The leader acts when a tick is due; the others look
//! [`settings::FOLLOW_MS`] later for what is left. A dead or stopped leader costs that long.
//!
//! Time is Redis TIME, learned from each reply and carried on by the monotonic clock
//! (`clock`); the script has the last word. If the server's clock jumps forward, the ticks
//! between are missed ones; if it jumps back, nothing is repeated, because the due time stays,
//! and what the jump forward had passed over is acted on after all (`lua/anchor.lua`). A beat looks at least once a second, so a lost bell or a jump costs no more.
//!
//! A beat holds nothing that its death could cost. Definitions are read when they are due and
//! kept by their hash (`book`); what is not due costs nothing. `publish` writes this beat's
//! own files down at start, at HUP and when they change, and tells when Redis has another
//! version since. `alarms` tells of schedules without a success in time, from stored times.
//! `metrics` is what a beat says of itself to machines. `shadow` is the rehearsal: it says what its files would have run, and runs nothing.

mod act;
mod alarms;
mod book;
mod clock;
pub mod crontab;
mod metrics;
mod plan;
mod publish;
mod round;
pub mod settings;
mod shadow;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use crate::core::error::{Error, Result};
use crate::core::name::{Name, new_nonce};
use crate::core::store::Store;
use crate::service::bell;
use crate::service::journal::{Event, Journal, Level};
use crate::service::notify::Notifier;
use crate::service::pages;
use crate::service::reach::reach;
use metrics::Metrics;
use settings::{Order, Settings};

/// How long leaving the books may take: whoever stops a beat has not got much time.
const FAREWELL: Duration = Duration::from_millis(500);

/// Between two looks at whether the loop gets on.
const WATCH: Duration = Duration::from_secs(1);

/// What the parts of a beat share.
struct Shared {
    settings: Settings,
    store: Arc<Store>,
    journal: Journal,
    metrics: Arc<Metrics>,
    /// This beat, in the store.
    beat: Name,
}

impl Shared {
    fn say(&self, event: &Event) {
        self.journal.say(event);
    }

    /// An error of the store: one line a second for each kind.
    fn complain(&self, what: &'static str, error: &Error) {
        self.journal.complain(error.kind(), &Event::new(Level::Warn, what).with("error", error));
    }
}

/// Runs a beat until it is told to stop.
///
/// # Errors
/// [`Error::Unreachable`] when Redis cannot be reached within half a minute of the start, and
/// [`Error::Config`] for a server that may evict keys or files that cannot be read. After
/// that it never gives up.
pub async fn run(
    settings: Settings,
    store: Arc<Store>,
    mut orders: mpsc::Receiver<Order>,
    journal: Journal,
) -> Result<()> {
    let notifier = Notifier::from_env();
    let metrics = Arc::new(Metrics::new());
    if let Some(address) = &settings.metrics {
        let pages = pages::of(Arc::clone(&metrics), Arc::clone(&store));
        pages::serve(address, pages, &journal, false).await?;
    }
    let start = async {
        reach(&store, settings.allow_eviction, &journal).await?;
        let first = settings.files.read().map_err(Error::Config)?;
        Ok::<_, Error>(first)
    };
    let first = tokio::select! {
        biased;
        () = stopped(&mut orders, None) => return Ok(()),
        first = start => first?,
    };
    let shared = Arc::new(Shared { beat: identity(&settings)?, settings, store, journal, metrics });
    notifier.send("READY=1");
    let watched = Arc::new(Wake::default());
    let work = async {
        if shared.settings.shadow {
            shadow::run(&shared, &watched, first).await;
        } else {
            let channels = vec![shared.store.keys().turn("")];
            let listener = bell::listen(Arc::clone(&shared.store), channels, Arc::clone(&watched.bell));
            tokio::select! {
                () = listener => {}
                () = round::run(&shared, &watched, first) => {}
            }
        }
    };
    tokio::select! {
        biased;
        () = stopped(&mut orders, Some(&watched)) => {}
        () = work => {}
        () = watch(&shared, notifier) => {}
    }
    Notifier::from_env().send("STOPPING=1");
    shared.say(&Event::new(Level::Info, "stopped"));
    if !shared.settings.shadow {
        // Dropped with the wait, if Redis does not answer: the books forget it by themselves.
        let _ = tokio::time::timeout(FAREWELL, shared.store.leave(&shared.beat)).await;
    }
    Ok(())
}

/// Tells those who watch over this process that it gets on: its loop turned, or a call that it
/// waits for was answered. Acting on much that was missed is one long turn.
async fn watch(shared: &Shared, mut notifier: Notifier) {
    let span = notifier.interval().map_or(WATCH, |interval| interval.min(WATCH));
    let mut answered = 0;
    loop {
        let newest = shared.store.link().counts().answered;
        if newest != answered {
            answered = newest;
            shared.metrics.heard();
        }
        notifier.feed_watchdog(Instant::now(), shared.metrics.alive());
        tokio::time::sleep(span).await;
    }
}

/// What brings a sleeping beat to look again.
#[derive(Default)]
struct Wake {
    bell: Arc<Notify>,
    reread: AtomicBool,
}

impl Wake {
    /// Whether the files are to be read anew, which is then somebody's task.
    fn take_reread(&self) -> bool {
        self.reread.swap(false, Ordering::Relaxed)
    }

    /// Sleeps until the bell rings, but at most so long.
    async fn sleep(&self, span: Duration) {
        // A bell that rings all the time is no reason to look all the time.
        let least = Instant::now() + Duration::from_millis(20);
        let _ = tokio::time::timeout(span, self.bell.notified()).await;
        tokio::time::sleep_until(least.min(Instant::now() + span).into()).await;
    }
}

/// Until the order to stop comes. Whoever gives orders is this process: without it there is
/// nobody left to stop for.
async fn stopped(orders: &mut mpsc::Receiver<Order>, wake: Option<&Wake>) {
    while let Some(Order::Reread) = orders.recv().await {
        if let Some(wake) = wake {
            wake.reread.store(true, Ordering::Relaxed);
            wake.bell.notify_one();
        }
    }
}

/// Host, process, and a word that makes it unique.
fn identity(settings: &Settings) -> Result<Name> {
    let nonce = new_nonce();
    let word = nonce.get(nonce.len().saturating_sub(6)..).unwrap_or_default();
    let host: String = settings.host.as_str().chars().take(100).collect();
    Name::new(format!("{host}-{}-{word}", settings.pid))
        .map_err(|error| Error::Config(format!("this host's name cannot be used: {error}")))
}

/// TERM and INT stop a beat, HUP reads its files anew.
///
/// # Errors
/// The system's, if it lets nobody listen for signals.
pub fn signals() -> std::io::Result<mpsc::Receiver<Order>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = mpsc::channel(4);
    for (kind, order) in [
        (SignalKind::terminate(), Order::Stop),
        (SignalKind::interrupt(), Order::Stop),
        (SignalKind::hangup(), Order::Reread),
    ] {
        let (mut heard, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while heard.recv().await.is_some() {
                // Full of the same: it is being worked on.
                let _ = sender.try_send(order);
            }
        });
    }
    Ok(receiver)
}
