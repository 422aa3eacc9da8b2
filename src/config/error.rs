//! What can be wrong with a configuration: all of it exit 78.

use std::io;
use std::path::PathBuf;

use super::node::Fault;

/// How many faults are told; the rest are counted.
const TOLD: usize = 5;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read, or the one that was named is not there.
    #[error("cannot read {}: {}", file.display(), why(source))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else could have written the file.
    #[error("{} is refused: {why}", file.display())]
    Unsafe {
        /// The file.
        file: PathBuf,
        /// Who could.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// What the files say is wrong.
    #[error("{}", lines(faults).join("\n"))]
    Faults {
        /// All of it, at least one, in the order of the files.
        faults: Vec<Fault>,
    },
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

fn lines(faults: &[Fault]) -> Vec<String> {
    let mut lines: Vec<String> = faults.iter().take(TOLD).flat_map(Fault::lines).collect();
    if faults.len() > TOLD {
        lines.push(format!("and {} more", faults.len() - TOLD));
    }
    lines
}

impl ConfigError {
    /// What to tell: a line for each fault, the first few of them; lines that begin with two
    /// spaces show the place.
    pub fn lines(&self) -> Vec<String> {
        match self {
            ConfigError::Faults { faults } => lines(faults),
            _ => vec![self.to_string()],
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            ConfigError::Unsafe { hint, .. } => Some(hint),
            _ => None,
        }
    }
}
