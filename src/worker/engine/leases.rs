//! Leases: kept, lost, watched by the guardian, taken over from others; and what an outage
//! of Redis means for them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::{Engine, Held, Order, Settings, Shared, TALK_PACE, start};
use crate::core::error::Error;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::store::{Failed, Identity, Left, Peer, Settled};
use crate::service::journal::{Event, Level};
use crate::worker::control::TALK_EVERY;
use crate::worker::os::boottime_ns;
use crate::worker::tree;
use crate::worker::watch::{BURY, Still};
use crate::worker::witness::Halves;

impl Engine {
    /// Kills the jobs whose lease could not be kept.
    pub(super) fn condemn_late(&mut self) {
        let (now, good_ns) = (boottime_ns(), self.good_ns);
        self.condemn(|held| held.deadline_ns(good_ns, Settings::margin(held.lease)) <= now);
    }

    /// Kills those running jobs: they are not, or soon not, this worker's any more.
    pub(super) fn condemn(&mut self, which: impl Fn(&Held) -> bool) {
        for held in self.held.values_mut().filter(|held| held.counts() && which(held)) {
            held.condemned = true;
            self.shared.metrics.leases_lost.add(1);
            let _ = held.orders.send(Order::LeaseLost);
        }
    }

    /// The guardian acts a little after the engine should have.
    pub(super) fn tell_guardian(&mut self) {
        let running = self.held.values().filter(|held| held.runs);
        let deadline =
            running.map(|held| held.deadline_ns(self.good_ns, Settings::margin(held.lease) / 2)).min();
        // A first lease and an earlier end are news that cannot wait. A later end can: the
        // guardian is the more careful for not knowing it, and short jobs move it at every
        // claim. Said again while nothing changes, because the guardian feeds the service
        // manager's watchdog only while this loop turns.
        let urgent = deadline.is_some_and(|new| self.told_lease.is_none_or(|told| new < told));
        let running = self.running();
        let changed = deadline != self.told_lease || running != self.told_running;
        let since = self.talked.elapsed();
        if urgent || since >= TALK_EVERY || (changed && since >= TALK_PACE) {
            self.told_lease = deadline;
            self.talked = Instant::now();
            self.guardian.send_lease(deadline);
            if running != self.told_running {
                self.told_running = running;
                self.guardian.send_running(u32::try_from(running).unwrap_or(u32::MAX));
            }
        }
    }

    pub(super) fn take_over(&self, still: Still) {
        let shared = Arc::clone(&self.shared);
        let me = self.identity.worker.clone();
        tokio::spawn(async move {
            let stood_ms = u64::try_from(still.stood.as_millis()).unwrap_or(u64::MAX);
            let bury_ms = u64::try_from(BURY.as_millis()).unwrap_or(u64::MAX);
            // A lost reply needs no repetition: the next look at the peer decides again.
            if let Ok(Some(lost @ 1..)) = shared.store.takeover(&me, &still.peer, stood_ms, bury_ms).await {
                shared.metrics.taken_over.add(lost);
                shared.journal.say(
                    &Event::new(Level::Warn, "took the jobs of a worker that stands still")
                        .with("worker", &still.peer.worker)
                        .with("jobs", lost)
                        .with("still_ms", stood_ms),
                );
            }
        });
    }

    /// Neighbours on this machine that are dead for certain need not be watched: what is left of
    /// their jobs dies, and then the jobs go back.
    pub(super) fn witness(&self, peers: &[Peer]) {
        for peer in peers {
            let Some(halves) = Halves::parse(&peer.halves) else { continue };
            let Ok(worker) = Name::new(peer.worker.as_str()) else { continue };
            if !halves.are_dead() {
                continue;
            }
            let shared = Arc::clone(&self.shared);
            let dead = Identity { worker, nonce: peer.nonce.clone() };
            // Trouble with Redis ends it: the next look at the peer begins it again.
            tokio::spawn(async move {
                let held = shared.store.held_by(&dead.worker).await?;
                clear_away(&shared, &dead, held).await;
                let event = "gave back the jobs of a dead worker";
                let given = start::give_back(&shared.store, &dead, &shared.journal, event).await?;
                shared.metrics.taken_over.add(given);
                Ok::<(), Error>(())
            });
        }
    }

    /// Gives up what the books say this worker holds and it does not run: a server restored to
    /// an older state forgot that it ended. Only what two renewals named, because the report of
    /// an end may be on its way.
    pub(super) fn disown(&mut self, named: Vec<(String, String)>) {
        let before = self.strange.take().unwrap_or_default();
        let unknown = named.into_iter().filter(|(_, token)| !self.held.contains_key(token));
        let unknown: Vec<(String, String)> = unknown.collect();
        if unknown.is_empty() {
            return;
        }
        for (id, token) in unknown.iter().filter(|(_, token)| before.contains(token)) {
            let Ok(id) = Name::new(id.clone()) else { continue };
            let (store, journal, token) =
                (Arc::clone(&self.shared.store), self.shared.journal.clone(), token.clone());
            tokio::spawn(async move {
                let left = Left::default();
                let lost = Failed {
                    outcome: Outcome::WorkerLost,
                    verdict: "lost",
                    delay_ms: 0,
                    error: "",
                    left: &left,
                };
                // A lost reply needs no repetition: the next renewals name it again.
                if let Ok(Settled::Done(_)) = store.fail(&id, &token, &lost).await {
                    let event = Event::new(Level::Warn, "gave up a job that it does not run");
                    journal.say(&event.job(&id).with("why", "the server's state is an older one"));
                }
            });
        }
        self.strange = Some(unknown.into_iter().map(|(_, token)| token).collect());
    }

    pub(super) fn say_mended(&self, mended: u64) {
        if mended > 0 {
            let event = Event::new(Level::Warn, "the stored state was torn, mending it");
            self.shared.journal.complain("torn", &event.with("mended", mended));
        }
    }

    pub(super) fn trouble(&mut self, error: &Error) {
        let since = self.trouble_since.map_or_else(Instant::now, |(since, _)| since);
        self.trouble_since = Some((since, error.kind()));
        let event = Event::new(Level::Warn, "Redis is not answering, trying again").with("error", error);
        self.shared.journal.complain(error.kind(), &event);
        if matches!(error, Error::Unreachable { .. } | Error::Unknown { .. }) {
            self.revive_local_store();
        }
    }

    /// Nobody else may be about to start the local store's server again.
    pub(super) fn revive_local_store(&self) {
        let Some(local) = self.shared.settings.local.clone() else { return };
        let journal = self.shared.journal.clone();
        tokio::task::spawn_blocking(move || match (local.revive)() {
            Ok(true) => journal.say(&Event::new(Level::Warn, "started the local store's server again")),
            Ok(false) => {}
            Err(error) => {
                let event =
                    Event::new(Level::Warn, "cannot start the local store's server").with("error", &error);
                journal.complain("local store", &event);
            }
        });
    }

    pub(super) fn recovered(&mut self) {
        if let Some((since, _)) = self.trouble_since.take() {
            // What was seen of the peers before the gap proves nothing about it.
            self.watch.forget();
            self.pulses.say_serving_again();
            let event =
                Event::new(Level::Info, "Redis is back").with("after_ms", since.elapsed().as_millis());
            self.shared.journal.say(&event);
        }
    }

    /// The books do not know this worker any more: others have its jobs.
    pub(super) fn start_over(&mut self) {
        let event = Event::new(Level::Warn, "struck off the books, registering again");
        self.shared.journal.complain("unknown worker", &event);
        self.condemn(|_| true);
        self.pulses.register(start::registration(&self.shared.settings, &self.identity));
    }
}

/// Kills what a dead neighbour's attempts left on this machine.
async fn clear_away(shared: &Shared, dead: &Identity, held: Vec<(String, String)>) {
    let namespace = shared.store.namespace.to_string();
    let fence = |token: &str| token.split('-').next().unwrap_or_default().to_owned();
    let attempts: HashSet<(String, String)> =
        held.into_iter().map(|(id, token)| (id, fence(&token))).collect();
    if attempts.is_empty() {
        return;
    }
    let clear = move || tree::kill_attempts_on_host(&namespace, &attempts);
    if let Ok(report) = tokio::task::spawn_blocking(clear).await
        && report.killed > 0
    {
        shared.journal.say(
            &Event::new(Level::Warn, "killed what a dead worker left behind")
                .with("worker", &dead.worker)
                .with("processes", report.killed),
        );
    }
}
