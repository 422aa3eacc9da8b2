//! What a beat was told to be.

use std::sync::Arc;

use crate::core::name::Name;
use crate::core::schedule::Definition;
use crate::core::store::By;
use crate::metrics::Address;

/// How much later than the leader the others look for what is left, in milliseconds: the
/// least, and by how much chance makes it more.
pub const FOLLOW_MS: (u64, u64) = (250, 150);

/// What a beat may be told while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End within a second.
    Stop,
    /// Read the files anew and publish them.
    Reread,
}

/// Everything that one source says.
#[derive(Debug, Clone)]
pub struct Said {
    /// The source: `file`, `crontab.HOST.FILE`.
    pub source: Name,
    /// All its schedules.
    pub definitions: Vec<Definition>,
}

/// The files of a beat, as the command line knows them. Calls may block.
pub trait Files: Send + Sync {
    /// Reads everything anew.
    ///
    /// # Errors
    /// Why not, for people; nothing of it counts then.
    fn read(&self) -> std::result::Result<Vec<Said>, String>;

    /// Whether a file looks different from when it was last read. Asked every few seconds.
    fn changed(&self) -> bool {
        false
    }
}

/// Brings the local store's server back; says whether it did, or why it could not. May block.
pub type Revive = Arc<dyn Fn() -> std::result::Result<bool, String> + Send + Sync>;

/// The resolved settings of one beat.
#[derive(Clone)]
pub struct Settings {
    /// Its files.
    pub files: Arc<dyn Files>,
    /// Say what would run, and run nothing.
    pub shadow: bool,
    /// Run although the server may evict keys.
    pub allow_eviction: bool,
    /// Who publishes.
    pub by: By,
    /// This host, as a name.
    pub host: Name,
    /// This process.
    pub pid: u32,
    /// The host's boot.
    pub boot_id: String,
    /// Where metrics are served, if anywhere.
    pub metrics: Option<Address>,
    /// The local store, where the beat lives on it.
    pub revive: Option<Revive>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
