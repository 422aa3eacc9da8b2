//! What an error of the library or an error reply means: for the caller, for the
//! connection, and for where to go next.

use std::time::Duration;

use redis::RedisError;

use super::dial::Node;
use crate::core::error::Error;

/// A failed exchange.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// The cause in a few words: the server's own, where it spoke.
    pub(super) why: String,
}

/// What a caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The node does not own the slot and did nothing; another one does.
    Moved(Option<Node>),
    /// No connection: certainly nothing was done.
    Unreachable,
    /// The connection broke or fell silent: it may have been done.
    Unknown,
    /// It takes nothing at the moment, but may when asked again here.
    Refusing,
    /// It takes nothing, and another node may: who asks again should look for it.
    Elsewhere,
    /// Not with these credentials. `true`: the connection has none.
    Denied(bool),
    /// The server cannot be used.
    Unfit,
    /// An answer that is not understood.
    Protocol,
    /// Not even the protocol of Redis.
    Gibberish,
    /// The script is not in the server's cache.
    NoScript,
}

impl Fault {
    pub(super) fn new(kind: Kind, why: impl Into<String>) -> Fault {
        Fault { kind, why: why.into() }
    }

    /// Nothing came within this time while connecting.
    pub(super) fn silent(limit: Duration) -> Fault {
        Fault::new(Kind::Unreachable, format!("no answer within {limit:?}"))
    }

    /// While connecting nothing of ours was sent, so a broken connection is certain.
    pub(super) fn of_dial(error: &RedisError) -> Fault {
        match Fault::of(error) {
            Fault { kind: Kind::Unknown, why } => Fault::new(Kind::Unreachable, why),
            other => other,
        }
    }

    /// A fault of an exchange.
    pub(super) fn of(error: &RedisError) -> Fault {
        let why = words(error);
        if error.kind() == redis::ErrorKind::AuthenticationFailed {
            // The library keeps the server's own words to itself.
            return Fault::new(Kind::Denied(true), "it does not take this user name and password");
        }
        let kind = match error.code() {
            Some("MOVED") => Kind::Moved(error.redirect_node().and_then(|(node, _)| Node::parse(node))),
            Some("NOAUTH" | "WRONGPASS") => Kind::Denied(true),
            Some("NOPERM") => Kind::Denied(false),
            Some("OOM" | "MISCONF" | "NOREPLICAS" | "BUSY") => Kind::Refusing,
            // ASK is not followed: it says that some keys of the slot are there and some here,
            // and a script needs all of them in one place.
            Some("ASK" | "TRYAGAIN") => return moving(&why),
            Some("LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "UNBLOCKED") => Kind::Elsewhere,
            Some("NOSCRIPT") => Kind::NoScript,
            Some("ERR") if why.contains("The user executing the script") => Kind::Denied(false),
            // To a stranger the server does not even read a long command.
            Some("ERR") if why.contains("unauthenticated") => {
                return Fault::new(Kind::Denied(true), "NOAUTH Authentication required.");
            }
            Some(_) if why.contains("max number of clients") => Kind::Elsewhere,
            Some("ERR") if why.contains("unknown command") || why.contains("compiling script") => Kind::Unfit,
            Some(_) => Kind::Protocol,
            None if is_gibberish(error) => {
                return Fault::new(Kind::Gibberish, "it does not speak the protocol of Redis");
            }
            None => Kind::Unknown,
        };
        Fault::new(kind, why)
    }

    /// Whether the connection is of no more use: the next call opens another, perhaps to
    /// another node.
    pub(super) fn ends_connection(&self) -> bool {
        !matches!(self.kind, Kind::Refusing | Kind::Denied(false) | Kind::Protocol | Kind::NoScript)
    }

    /// The error for the caller. `address` is the node's, for messages.
    pub(super) fn at(self, address: &str) -> Error {
        let (address, why) = (address.to_owned(), self.why);
        match self.kind {
            Kind::Unreachable => Error::Unreachable { address, why },
            Kind::Unknown => Error::Unknown { address, why },
            Kind::Refusing | Kind::Elsewhere | Kind::Moved(_) => Error::Refusing { address, why },
            Kind::Denied(_) => Error::Denied { address, why },
            Kind::Unfit => Error::Config(format!(
                "the server at {address} is too old; jobq needs Redis 7.0 or newer, or Valkey ({why})"
            )),
            Kind::Protocol | Kind::Gibberish | Kind::NoScript => Error::Protocol(format!("{address}: {why}")),
        }
    }
}

fn moving(why: &str) -> Fault {
    let code = why.split(' ').next().unwrap_or_default();
    Fault::new(Kind::Elsewhere, format!("{code} the slot of this namespace is moving to another node"))
}

fn is_gibberish(error: &RedisError) -> bool {
    matches!(error.kind(), redis::ErrorKind::Parse | redis::ErrorKind::UnexpectedReturnType)
}

/// An error's own words on one line, without the library's wrapping.
pub(super) fn words(error: &RedisError) -> String {
    if let Some(code) = error.code() {
        return format!("{code} {}", error.detail().unwrap_or_default());
    }
    if let Some(io) = std::error::Error::source(error) {
        return io.to_string();
    }
    error.to_string()
}
