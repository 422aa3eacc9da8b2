//! What can go wrong between jobq and Redis, by what the caller can do about it.

/// A failed call. Refusals that a verb can expect (queue full, not your job) are ordinary
/// answers with types of their own, never errors.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No connection: certainly nothing was accepted.
    #[error("cannot reach Redis at {address}: {why}")]
    Unreachable {
        /// Where, without any password.
        address: String,
        /// The cause in a few words.
        why: String,
    },
    /// The request may have been carried out; its reply did not come. Repeat it.
    #[error("no answer from Redis at {address}: {why}")]
    Unknown {
        /// Where, without any password.
        address: String,
        /// The cause in a few words.
        why: String,
    },
    /// The server answers and takes nothing at the moment (loading, read-only, out of memory).
    #[error("Redis at {address} is refusing: {why}")]
    Refusing {
        /// Where, without any password.
        address: String,
        /// The server's own words.
        why: String,
    },
    /// The server does not let this user do this.
    #[error("Redis at {address} denies it: {why}")]
    Denied {
        /// Where, without any password.
        address: String,
        /// The server's own words.
        why: String,
    },
    /// The namespace was written by another major version of jobq.
    #[error("the stored data has format {stored}, this jobq reads and writes format {ours}")]
    Format {
        /// The format found.
        stored: String,
        /// The format of this version.
        ours: String,
    },
    /// The server cannot be used as it is set up, or the URL is no URL.
    #[error("{0}")]
    Config(String),
    /// An answer that this version does not understand: a bug, or not a jobq namespace.
    #[error("Redis answered in a way this jobq does not understand: {0}")]
    Protocol(String),
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, Error::Unreachable { .. } | Error::Unknown { .. } | Error::Refusing { .. })
    }

    /// Whether the server's memory is full: it takes nothing new, and lets what is there end.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Refusing { why, .. } if why.starts_with("OOM"))
    }

    /// A short stable word for counters, JSON and one log line a cause.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Unreachable { .. } => "unreachable",
            Error::Unknown { .. } => "unknown",
            Error::Refusing { .. } => "refusing",
            Error::Denied { .. } => "denied",
            Error::Format { .. } => "format",
            Error::Config(_) => "config",
            Error::Protocol(_) => "protocol",
        }
    }
}

/// Every word of [`Error::kind`].
pub const KINDS: [&str; 7] = ["unreachable", "unknown", "refusing", "denied", "format", "config", "protocol"];

/// The result of talking to Redis.
pub type Result<T> = std::result::Result<T, Error>;
