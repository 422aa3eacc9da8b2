//! The stream of events, read in pages or as it grows.

use redis::Value;

use super::super::error::{Error, Result};
use super::super::reply::{self, Items};
use super::super::report::Event;
use super::super::store::Store;

/// Events that one reading gives.
pub const EVENTS_AT_ONCE: usize = 500;

impl Store {
    /// The events after an id of the stream (`0` for all), oldest first; at most
    /// [`EVENTS_AT_ONCE`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn events_after(&self, id: &str) -> Result<Vec<Event>> {
        let mut command = redis::cmd("XRANGE");
        command.arg(self.keys.events("")).arg(format!("({id}")).arg("+").arg("COUNT").arg(EVENTS_AT_ONCE);
        events(self.link.send(&command).await?)
    }

    /// The events before an id of the stream (all without one), newest first; at most
    /// [`EVENTS_AT_ONCE`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn events_before(&self, id: Option<&str>) -> Result<Vec<Event>> {
        let from = id.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
        let mut command = redis::cmd("XREVRANGE");
        command.arg(self.keys.events("")).arg(from).arg("-").arg("COUNT").arg(EVENTS_AT_ONCE);
        events(self.link.send(&command).await?)
    }

    /// Waits up to `wait_ms` for events after an id; none where nothing happened. The
    /// connection is busy meanwhile, and `wait_ms` has to be well below its patience.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn await_events(&self, id: &str, wait_ms: u64) -> Result<Vec<Event>> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(EVENTS_AT_ONCE).arg("BLOCK").arg(wait_ms);
        command.arg("STREAMS").arg(self.keys.events("")).arg(id);
        match self.link.send(&command).await? {
            Value::Nil => Ok(Vec::new()),
            // By stream: its name, then its entries.
            Value::Array(streams) => match streams.into_iter().next() {
                Some(stream) => {
                    let mut stream = Items::of(stream)?;
                    let _name = stream.text()?;
                    events(stream.next()?)
                }
                None => Ok(Vec::new()),
            },
            Value::Map(streams) => {
                streams.into_iter().next().map_or(Ok(Vec::new()), |(_, found)| events(found))
            }
            _ => Err(Error::Protocol("wanted streams".into())),
        }
    }
}

fn events(found: Value) -> Result<Vec<Event>> {
    Items::of(found)?.lists().map(|entry| event(entry?)).collect()
}

fn event(mut entry: Items) -> Result<Event> {
    let id = entry.text()?;
    let at_ms = id.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let fields = match entry.next()? {
        Value::Map(pairs) => {
            pairs.into_iter().map(|(name, value)| Ok((text(name)?, text(value)?))).collect::<Result<_>>()?
        }
        list => Items::of(list)?.pairs()?,
    };
    Ok(Event { id, at_ms, fields })
}

fn text(value: Value) -> Result<String> {
    reply::bytes(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
