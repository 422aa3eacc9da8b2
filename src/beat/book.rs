//! Definitions that were due lately, by their hash.

use std::collections::HashMap;
use std::sync::Arc;

use crate::core::error::Result;
use crate::core::schedule::{Definition, Times};
use crate::core::store::Store;

/// A definition and the ticks it has.
#[derive(Debug)]
pub(super) struct Known {
    pub definition: Definition,
    pub times: Times,
}

/// What is known of one schedule: nothing but the reason where it cannot be read.
type Page = Arc<std::result::Result<Known, String>>;

/// Definitions kept at most; then the book begins anew.
const PAGES: usize = 20_000;
/// Definitions read in one call.
const AT_ONCE: usize = 100;

/// The book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: HashMap<String, (String, Page)>,
}

impl Book {
    /// The schedule under this hash, if it was read already.
    pub(super) fn get(&self, name: &str, hash: &str) -> Option<Page> {
        self.pages.get(name).filter(|(known, _)| known == hash).map(|(_, page)| Arc::clone(page))
    }

    /// Reads what is not known yet of these names and hashes.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub(super) async fn learn(&mut self, store: &Store, wanted: &[(&str, &str)]) -> Result<()> {
        let unknown: Vec<&str> = wanted
            .iter()
            .filter(|(name, hash)| self.get(name, hash).is_none())
            .map(|(name, _)| *name)
            .collect();
        for names in unknown.chunks(AT_ONCE) {
            let (_, plans) = store.plans(names).await?;
            if self.pages.len() + names.len() > PAGES {
                self.pages.clear();
            }
            for (name, plan) in names.iter().zip(plans) {
                if let Some(plan) = plan {
                    self.pages.insert((*name).to_owned(), (plan.hash, Arc::new(read(&plan.definition))));
                }
            }
        }
        Ok(())
    }
}

fn read(json: &[u8]) -> std::result::Result<Known, String> {
    let definition = Definition::from_json(json).map_err(|error| error.to_string())?;
    let times = Times::of(&definition).map_err(|error| error.to_string())?;
    Ok(Known { definition, times })
}
