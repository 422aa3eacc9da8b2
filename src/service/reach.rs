//! Before the first job or tick: reach Redis, and look whether it can be relied on.

use std::time::{Duration, Instant};

use super::journal::{Event, Journal, Level};
use crate::core::error::{Error, Result};
use crate::core::store::Store;

/// How long a worker or beat tries to reach Redis before it gives up. Once it has worked, it never
/// gives up.
const REACH: Duration = Duration::from_secs(30);

/// Connects, and looks whether the server can be relied on.
///
/// # Errors
/// [`Error::Unreachable`] after 30 s; [`Error::Config`] for a server that may evict keys or
/// is too old; [`Error::Denied`].
pub async fn reach(store: &Store, allow_eviction: bool, journal: &Journal) -> Result<()> {
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
        policy if policy.starts_with("allkeys-") && !allow_eviction => {
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

/// Repeats `call` while Redis cannot be reached, for half a minute.
///
/// # Errors
/// See [`Error`].
pub async fn patiently<T, F: Future<Output = Result<T>>>(
    journal: &Journal,
    call: impl Fn() -> F,
) -> Result<T> {
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
