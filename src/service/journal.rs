//! What a worker says about itself: one event, one line, rendered elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How loud an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only with `-v`.
    Debug,
    /// What an operator expects to see.
    Info,
    /// Something is not as it should be.
    Warn,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// How loud.
    pub level: Level,
    /// What, in words that do not vary.
    pub text: &'static str,
    /// The job it is about.
    pub job: Option<String>,
    /// The particulars.
    pub fields: Vec<(&'static str, String)>,
}

impl Event {
    /// An event without particulars.
    pub fn new(level: Level, text: &'static str) -> Event {
        Event { level, text, job: None, fields: Vec::new() }
    }

    /// About this job.
    #[must_use]
    pub fn job(mut self, id: impl ToString) -> Event {
        self.job = Some(id.to_string());
        self
    }

    /// With this particular.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Event {
        self.fields.push((name, value.to_string()));
        self
    }
}

/// Where events go.
#[derive(Clone)]
pub struct Journal {
    sink: Arc<dyn Fn(&Event) + Send + Sync>,
    spoken: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Journal {
    /// A journal that hands events to `sink`, which must not block.
    pub fn new(sink: impl Fn(&Event) + Send + Sync + 'static) -> Journal {
        Journal { sink: Arc::new(sink), spoken: Arc::default() }
    }

    /// Says it.
    pub fn say(&self, event: &Event) {
        (self.sink)(event);
    }

    /// Says it, unless the same cause was heard within the last second.
    pub fn complain(&self, cause: &str, event: &Event) {
        let mut spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if spoken.get(cause).is_some_and(|last| now.duration_since(*last) < Duration::from_secs(1)) {
            return;
        }
        // Causes are few; this only keeps a hostile server from filling the memory.
        if spoken.len() > 256 {
            spoken.clear();
        }
        spoken.insert(cause.to_owned(), now);
        drop(spoken);
        self.say(event);
    }
}
