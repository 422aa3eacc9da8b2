//! What a command that stays serves over HTTP, and what every one of them says of its process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::journal::{Event, Journal, Level};
use crate::core::error::Error;
use crate::core::store::Store;
use crate::core::when::rfc3339;
use crate::metrics::http::{self, Page, Pages};
use crate::metrics::text::Text;
use crate::metrics::{Address, catalog};

/// Between two tries to have an address again.
const BIND_PACE: Duration = Duration::from_secs(1);
/// A loop that turns at least once a second is stuck when it has not for so long.
const STUCK: Duration = Duration::from_secs(15);
/// Redis is asked at least once a second; after this long without an answer nobody may rely on
/// whoever asks.
pub const FRESH: Duration = Duration::from_secs(5);

/// What a command that stays says of itself.
pub trait Speaks: Send + Sync + 'static {
    /// Its numbers, as OpenMetrics.
    fn text(&self, store: &Store) -> String;
    /// What turns here, and when it last did; `None` while there is nothing yet that could
    /// stand still.
    fn turned(&self) -> Option<(&'static str, Instant)>;
    /// Why it does not do its work at the moment, in one line.
    fn why_not_ready(&self) -> Option<String>;
}

/// The pages of one of them.
pub fn of<T: Speaks>(speaker: Arc<T>, store: Arc<Store>) -> Pages {
    let line = |good: &str, bad: Option<String>| Page::line(bad.is_none(), bad.as_deref().unwrap_or(good));
    Arc::new(move |path: &str| match path {
        "/metrics" => Some(Page::metrics(speaker.text(&store))),
        "/healthz" => {
            let stuck = speaker.turned().filter(|(_, turned)| turned.elapsed() > STUCK);
            let stood = |(what, turned): (&str, Instant)| {
                format!("the {what}'s loop has stood still for {} s", turned.elapsed().as_secs())
            };
            Some(line("alive", stuck.map(stood)))
        }
        "/readyz" => Some(line("ready", speaker.why_not_ready())),
        _ => None,
    })
}

/// Serves these pages as long as the process lives. Who served them before and was started
/// `again` goes on without where another program took the address meanwhile, and tries again.
///
/// # Errors
/// [`Error::Config`] where the address cannot be had.
pub async fn serve(address: &Address, pages: Pages, journal: &Journal, again: bool) -> Result<(), Error> {
    let ready =
        |bound| Event::new(Level::Info, "serves metrics").with("address", format!("http://{bound}/metrics"));
    match http::bind(address).await {
        Ok((listener, bound)) => {
            journal.say(&ready(bound));
            tokio::spawn(http::serve(listener, pages));
        }
        Err(error) if again => {
            let (address, journal) = (address.clone(), journal.clone());
            let event = Event::new(Level::Warn, "cannot serve metrics, trying again");
            journal.say(&event.with("address", &address).with("error", error));
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(BIND_PACE).await;
                    if let Ok((listener, bound)) = http::bind(&address).await {
                        journal.say(&ready(bound));
                        return http::serve(listener, pages).await;
                    }
                }
            });
        }
        Err(error) => {
            return Err(Error::Config(format!(
                "cannot serve metrics at {address}: {error}; --metrics names another place"
            )));
        }
    }
    Ok(())
}

/// When a process began.
#[derive(Debug, Clone, Copy)]
pub struct Birth {
    /// By the monotonic clock.
    pub at: Instant,
    wall: SystemTime,
}

impl Birth {
    /// Now.
    pub fn now() -> Birth {
        Birth { at: Instant::now(), wall: SystemTime::now() }
    }
}

/// What is said of every process: its version, its age, and how it gets on with Redis.
pub fn of_process(text: &mut Text, birth: Birth, store: &Store) {
    let since_1970 = birth.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    text.family(&catalog::BUILD).facts(&[env!("CARGO_PKG_VERSION")]);
    text.family(&catalog::PROCESS_START).value(&[], since_1970.as_secs_f64());
    let link = store.link().counts();
    let mut errors = text.family(&catalog::REDIS_ERRORS);
    for (kind, count) in link.errors {
        errors.value(&[kind], count);
    }
    text.family(&catalog::REDIS_CONNECTIONS).value(&[], link.connections);
}

/// One line about a Redis that has not answered since then, and what it is.
pub fn away(since: Instant, kind: &str) -> String {
    let ago = i64::try_from(since.elapsed().as_millis()).unwrap_or(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = i64::try_from(now.as_millis()).unwrap_or(0) - ago;
    format!("Redis away since {} ({kind})", rfc3339(since))
}

/// One line about a last answer that is not [`FRESH`].
pub fn stale(heard: Instant) -> String {
    format!("Redis has not answered for {} s", heard.elapsed().as_secs())
}

/// What is guarded, whoever died holding it: a picture of numbers is never torn.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
