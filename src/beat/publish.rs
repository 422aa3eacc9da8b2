//! This beat's own files: written down at start, at HUP and when they change; after that it
//! follows Redis, and says so when somebody else published the same source since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Shared;
use super::settings::Said;
use crate::core::error::Result;
use crate::core::name::Name;
use crate::core::store::{Origin, Publication, Published, Put};
use crate::service::journal::{Event, Level};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(3);

/// The files and what became of them.
pub(super) struct Publisher {
    /// What is still to be written down.
    pending: Vec<Said>,
    /// The word of what was published, by source.
    ours: BTreeMap<Name, String>,
    /// The word of what stands there instead, where that was told.
    theirs: BTreeMap<String, String>,
    looked: Instant,
}

impl Publisher {
    pub(super) fn new(first: Vec<Said>) -> Publisher {
        Publisher { pending: first, ours: BTreeMap::new(), theirs: BTreeMap::new(), looked: Instant::now() }
    }

    /// The sources of this beat's files.
    pub(super) fn sources(&self) -> Vec<Name> {
        self.ours.keys().cloned().collect()
    }

    /// Sources that say something else in Redis.
    pub(super) fn drift(&self) -> Vec<String> {
        self.theirs.keys().cloned().collect()
    }

    /// Reads the files anew where that was asked for or they changed.
    pub(super) async fn look(&mut self, shared: &Shared, asked: bool) {
        let due = self.looked.elapsed() >= LOOK;
        if !asked && !due {
            return;
        }
        self.looked = Instant::now();
        let files = Arc::clone(&shared.settings.files);
        let read = tokio::task::spawn_blocking(move || (asked || files.changed()).then(|| files.read()));
        match read.await {
            Ok(Some(Ok(said))) => {
                shared.say(&Event::new(Level::Info, "read the files anew"));
                // A source that no file is left of says nothing any more.
                let silent = self.ours.keys().filter(|name| said.iter().all(|one| one.source != **name));
                let silent: Vec<Said> =
                    silent.map(|source| Said { source: source.clone(), definitions: Vec::new() }).collect();
                self.pending = said;
                self.pending.extend(silent);
            }
            Ok(Some(Err(why))) => {
                let event = Event::new(Level::Warn, "the files cannot be read; what was published stays");
                shared.say(&event.with("error", why));
            }
            Ok(None) | Err(_) => {}
        }
    }

    /// Writes down what is pending.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`]; then it is still pending.
    pub(super) async fn publish(&mut self, shared: &Shared) -> Result<()> {
        while let Some(said) = self.pending.first() {
            let settings = &shared.settings;
            let publication = Publication {
                source: &said.source,
                definitions: &said.definitions,
                by: &settings.by,
                boot_id: &settings.boot_id,
            };
            let hash = publication.hash();
            let came = shared.store.schedules_publish(&publication).await?;
            let said = self.pending.remove(0);
            tell(shared, &said, &came);
            self.theirs.remove(said.source.as_str());
            if said.definitions.is_empty() {
                self.ours.remove(&said.source);
            } else {
                self.ours.insert(said.source, hash);
            }
        }
        Ok(())
    }

    /// Compares what was published with what stands there now; each difference is told once.
    pub(super) fn compare(&mut self, shared: &Shared, origins: &[Origin]) {
        for origin in origins {
            let same = self
                .ours
                .iter()
                .any(|(source, hash)| source.as_str() == origin.source && *hash == origin.hash);
            if same {
                if self.theirs.remove(&origin.source).is_some() {
                    let event = Event::new(Level::Info, "the file says the same as Redis again");
                    shared.say(&event.with("source", &origin.source));
                }
            } else if self.theirs.get(&origin.source) != Some(&origin.hash) {
                self.theirs.insert(origin.source.clone(), origin.hash.clone());
                let event = Event::new(Level::Warn, "another file was published; this beat follows Redis");
                shared.say(&event.with("source", &origin.source).with("by", &origin.by));
            }
        }
    }
}

fn tell(shared: &Shared, said: &Said, came: &Published) {
    match came {
        Published::Done { puts, removed } => {
            let count = |wanted: &Put| puts.iter().filter(|put| *put == wanted).count();
            let event = Event::new(Level::Info, "published").with("source", &said.source);
            let event = event.with("schedules", said.definitions.len());
            let event = event.with("new", count(&Put::New)).with("changed", count(&Put::Changed));
            shared.say(&event.with("removed", removed));
            for (definition, put) in said.definitions.iter().zip(puts) {
                if let Put::Owned(owner) = put {
                    let event = Event::new(Level::Warn, "a schedule of this name has another source");
                    let event = event.with("schedule", &definition.name).with("source", owner);
                    shared.say(&event.with("place", &definition.source.place));
                }
            }
        }
        Published::Superseded => {
            let event = Event::new(Level::Warn, "another beat published meanwhile");
            shared.say(&event.with("source", &said.source));
        }
    }
}
