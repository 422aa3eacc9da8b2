//! Before the first job: reach Redis, give back what a dead predecessor held, enter the books.

use super::settings::Settings;
use super::witness::Halves;
use crate::core::error::{Error, Result};
use crate::core::name::{Name, new_nonce};
use crate::core::store::{Bound, By, Identity, Registration, Store};
use crate::service::journal::{Event, Journal, Level};
use crate::service::reach::patiently;

/// Gives back the jobs of this worker's dead engines, and says how many; their trees are dead.
///
/// # Errors
/// See [`Error`].
pub async fn hand_back(store: &Store, dead: &[Identity], journal: &Journal) -> Result<u64> {
    let mut given = 0;
    for identity in dead {
        given += give_back(store, identity, journal, "gave back the jobs of a dead engine").await?;
    }
    Ok(given)
}

/// Gives back the jobs of one that is dead, and says how many; their trees are dead. `event` is
/// what the journal says of it.
///
/// # Errors
/// See [`Error`].
pub async fn give_back(
    store: &Store,
    dead: &Identity,
    journal: &Journal,
    event: &'static str,
) -> Result<u64> {
    let mut given = 0;
    loop {
        let (lost, left) = patiently(journal, || store.handback(dead)).await?;
        given += lost;
        if lost > 0 {
            let event = Event::new(Level::Warn, event);
            journal.say(&event.with("worker", &dead.worker).with("jobs", lost));
        }
        if left == 0 {
            return Ok(given);
        }
    }
}

/// Enters the books under a new name: host, process, and a word that makes it unique.
///
/// # Errors
/// See [`Error`].
pub async fn register(store: &Store, settings: &Settings) -> Result<Identity> {
    let nonce = new_nonce();
    let word = &nonce[nonce.len() - 6..];
    let mut host = settings.host.to_string();
    host.truncate(100);
    let worker = Name::new(format!("{host}-{}-{word}", settings.pid))
        .map_err(|error| Error::Config(format!("this host's name cannot be used: {error}")))?;
    let identity = Identity { worker, nonce };
    store.register(&registration(settings, &identity)).await?;
    publish_queue_settings(store, settings).await?;
    Ok(identity)
}

/// Says what this worker's file says of queues. An operator's word goes before it.
///
/// # Errors
/// See [`Error`].
pub async fn publish_queue_settings(store: &Store, settings: &Settings) -> Result<()> {
    let by = By { host: settings.host.to_string(), why: "its file says so".into(), ..By::default() };
    for (queue, values) in &settings.queue_settings {
        let values: Vec<(&str, Bound)> =
            values.iter().map(|(name, most)| (*name, most.map_or(Bound::Unsaid, Bound::Most))).collect();
        store.limit(queue, &by, &values).await?;
    }
    Ok(())
}

/// What the books say of this worker.
pub fn registration(settings: &Settings, identity: &Identity) -> Registration {
    Registration {
        identity: identity.clone(),
        label: settings.label.clone(),
        host: settings.host.clone(),
        pid: settings.pid,
        boot_id: settings.boot_id.clone(),
        slots: u32::try_from(settings.slots).unwrap_or(u32::MAX),
        lease_ms: u64::try_from(settings.lease.as_millis()).unwrap_or(u64::MAX),
        version: env!("CARGO_PKG_VERSION"),
        halves: Halves::own(settings.pid).map(|halves| halves.to_string()).unwrap_or_default(),
        queues: settings.queues.iter().map(|(queue, _)| queue.clone()).collect(),
    }
}
