//! Before the first job: reach Redis, give back what a dead predecessor held, enter the books.

use std::time::{Duration, Instant};

use super::journal::{Event, Journal, Level};
use super::settings::Settings;
use crate::core::error::{Error, Result};
use crate::core::name::{Name, new_nonce};
use crate::core::store::{By, Identity, Registration, Store};

/// How long a worker tries to reach Redis before it gives up. Once it has worked, it never
/// gives up.
const REACH: Duration = Duration::from_secs(30);

/// Connects, and looks whether the server can be relied on.
///
/// # Errors
/// [`Error::Unreachable`] after 30 s; [`Error::Config`] for a server that may evict keys or
/// is too old; [`Error::Denied`].
pub async fn reach(store: &Store, settings: &Settings, journal: &Journal) -> Result<()> {
    let info = patiently(journal, || store.server_info()).await?;
    let version = info.get("redis_version");
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < 7 && info.get("valkey_version").is_empty() {
        return Err(Error::Config(format!(
            "the server is Redis {version}; jobq needs Redis 7.0 or newer, or Valkey"
        )));
    }
    let warn = |text| journal.say(&Event::new(Level::Warn, text));
    match info.get("maxmemory_policy") {
        policy if policy.starts_with("allkeys-") && !settings.allow_eviction => {
            return Err(Error::Config(format!(
                "the server may evict any key (maxmemory-policy {policy}), so jobs could vanish; set noeviction, or say --allow-eviction"
            )));
        }
        policy if policy.starts_with("allkeys-") || policy.starts_with("volatile-") => {
            warn("the server may evict keys; set maxmemory-policy noeviction");
        }
        _ => {}
    }
    if info.get("aof_enabled") == "0" {
        warn("the server's append-only file is off: what it accepted since its last snapshot dies with it");
    }
    let target = store.link().target();
    if !target.is_local && !target.has_password {
        warn("the server is remote and has no password: whoever reaches it can run commands here");
    }
    Ok(())
}

/// Repeats `call` while Redis cannot be reached, for [`REACH`].
async fn patiently<T, F: Future<Output = Result<T>>>(journal: &Journal, call: impl Fn() -> F) -> Result<T> {
    let until = Instant::now() + REACH;
    loop {
        match call().await {
            Err(error) if error.is_passing() && Instant::now() < until => {
                let event = Event::new(Level::Warn, "waiting for Redis").with("error", &error);
                journal.complain(error.kind(), &event);
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            Err(Error::Unknown { address, why }) => return Err(Error::Unreachable { address, why }),
            other => return other,
        }
    }
}

/// Gives back the jobs of workers that died; their trees are dead.
///
/// # Errors
/// See [`Error`].
pub async fn hand_back(store: &Store, dead: &[Identity], journal: &Journal) -> Result<()> {
    for identity in dead {
        loop {
            let (lost, left) = patiently(journal, || store.handback(identity)).await?;
            if lost > 0 {
                let event = Event::new(Level::Warn, "gave back the jobs of a dead engine");
                journal.say(&event.with("worker", &identity.worker).with("jobs", lost));
            }
            if left == 0 {
                break;
            }
        }
    }
    Ok(())
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
    register_again(store, settings, &identity).await?;
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
        store.limit(queue, &by, values).await?;
    }
    Ok(())
}

/// Enters the books under a name it has.
///
/// # Errors
/// See [`Error`].
pub async fn register_again(store: &Store, settings: &Settings, identity: &Identity) -> Result<()> {
    store
        .register(&Registration {
            identity: identity.clone(),
            label: settings.label.clone(),
            host: settings.host.clone(),
            pid: settings.pid,
            boot_id: settings.boot_id.clone(),
            slots: u32::try_from(settings.slots).unwrap_or(u32::MAX),
            lease_ms: u64::try_from(settings.lease.as_millis()).unwrap_or(u64::MAX),
            version: env!("CARGO_PKG_VERSION"),
            queues: settings.queues.iter().map(|(queue, _)| queue.clone()).collect(),
        })
        .await
}
