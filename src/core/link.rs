//! The connection to Redis: where it is, when to give a connection up, and what an error
//! means.
//!
//! One multiplexed connection carries all scripts. It is opened when first needed and
//! dropped after any transport error or timeout, because a timed-out reply still comes and
//! a half-open peer answers nothing for hours; and after an answer that says that this node
//! takes no writes now. The next call looks for the node that does, opens a connection to it,
//! and all who wait for one share what comes of that. Nothing in here retries: only the
//! caller knows whether its call may be repeated, and how long it can wait. A node of a
//! Cluster that names another one did nothing, so that is followed. Subscriptions have a
//! connection of their own, to the same node, and end with the other one.

mod cluster;
mod counts;
mod dial;
mod fault;
mod route;
mod sentinel;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::Value;
use redis::aio::{MultiplexedConnection, PubSubStream};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::error::{Error, Result};
use super::script::Script;
use counts::Counts;
use dial::{Dialer, exchange};
use fault::{Fault, Kind};
use route::Route;

pub use counts::LinkCounts;
pub use route::Whereabouts;
pub use url::{Target, TlsFiles};

/// How often the Sentinels are asked whether the connection still goes to the primary.
const CHECK: Duration = Duration::from_secs(2);
/// How often in one call a node may name another one.
const HOPS: usize = 5;

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, including its handshake; as long again for finding where it should go.
    pub connect: Duration,
    /// For a reply.
    pub reply: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { connect: Duration::from_millis(2_000), reply: Duration::from_secs(5) }
    }
}

/// A target and the connection to it.
pub struct Link {
    patience: Patience,
    /// The keys that every script names.
    keys: [String; 2],
    shared: Arc<Shared>,
}

/// What a check in the background needs as well.
struct Shared {
    target: Target,
    route: Route,
    line: Mutex<Line>,
    /// Failed and successful dials.
    dials: AtomicU64,
    /// The number of the newest connection.
    newest: AtomicU64,
    counts: Counts,
    /// The number of the newest connection that was given up.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct Line {
    open: Option<Open>,
    /// What came of the newest dial, for those who waited for it.
    failed: Option<Error>,
}

/// What a caller wants of the node.
enum Ask<'a> {
    Command(&'a redis::Cmd),
    /// On no other connection than that with this number, where one is given.
    Script(&'a Script, &'a [&'a [u8]], Option<u64>),
    /// And, on the same connection, that so many replicas have what was written on it.
    Replicated(&'a Script, &'a [&'a [u8]], u32, Duration),
}

/// An open connection.
#[derive(Clone)]
struct Open {
    connection: MultiplexedConnection,
    dialer: Dialer,
    address: Arc<str>,
    number: u64,
    checked: Option<Instant>,
}

impl Link {
    /// A link that connects when first used.
    pub fn new(target: Target, patience: Patience) -> Link {
        let (ended, _) = watch::channel(0);
        let route = Route::new(&target);
        let (line, dials, newest) = (Mutex::default(), AtomicU64::new(0), AtomicU64::new(0));
        let shared =
            Arc::new(Shared { target, route, line, dials, newest, counts: Counts::default(), ended });
        Link { patience, keys: [String::new(), String::new()], shared }
    }

    /// The same link for the namespace with these keys. All keys of scripts stand in their
    /// slot. The second never exists: a node that has a slot only in part refuses a script
    /// that names it, at once and whole, instead of failing it at the first key that is away.
    #[must_use]
    pub fn anchored(mut self, anchor: String, absent: String) -> Link {
        self.shared.route.set_slot(cluster::slot(&anchor));
        self.keys = [anchor, absent];
        self
    }

    /// Where the link goes.
    pub fn target(&self) -> &Target {
        &self.shared.target
    }

    /// What happened to its calls so far.
    pub fn counts(&self) -> LinkCounts {
        self.shared.counts.read()
    }

    /// How long it waits.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Calls a script by its hash, and with its text where the server does not know it.
    ///
    /// # Errors
    /// See [`Error`]; after [`Error::Unknown`] the script may have run.
    pub async fn call(&self, script: &Script, args: &[&[u8]]) -> Result<Value> {
        self.on_owner(&Ask::Script(script, args, None)).await.map(|(value, _)| value)
    }

    /// As [`Link::call`], for what another state of the server would make wrong: only on the
    /// connection with this number.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unreachable`] where there is another connection by now.
    pub async fn call_on(&self, connection: u64, script: &Script, args: &[&[u8]]) -> Result<Value> {
        self.on_owner(&Ask::Script(script, args, Some(connection))).await.map(|(value, _)| value)
    }

    /// The number of the newest connection. Behind another one the server may be another, or an
    /// older state of the same.
    pub fn connection(&self) -> u64 {
        self.shared.newest.load(Ordering::Acquire)
    }

    /// Calls a script, and then waits until so many replicas have all that it and earlier
    /// calls wrote, or until `limit` is over. Answers also how many have.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn call_replicated(
        &self,
        script: &Script,
        args: &[&[u8]],
        replicas: u32,
        limit: Duration,
    ) -> Result<(Value, u64)> {
        self.on_owner(&Ask::Replicated(script, args, replicas, limit)).await
    }

    /// Sends one command.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(&self, command: &redis::Cmd) -> Result<Value> {
        self.on_owner(&Ask::Command(command)).await.map(|(value, _)| value)
    }

    /// What the server says of itself: the node that takes writes for this namespace.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn info(&self) -> Result<ServerInfo> {
        let read = async || -> Result<ServerInfo> {
            let text = super::reply::bytes(self.send(&redis::cmd("INFO")).await?)?;
            Ok(ServerInfo::parse(&String::from_utf8_lossy(&text)))
        };
        let info = read().await?;
        if info.get("redis_mode") == "cluster" && self.shared.route.is_cluster_now() {
            // Any node was asked; the one that counts may be another.
            self.drop_connection().await;
            return read().await;
        }
        Ok(info)
    }

    /// Hears these channels at the node that the link goes to, for as long as the link's own
    /// connection holds: whatever ends that may end this without a word.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Denied`] or [`Error::Refusing`].
    pub async fn subscribe(&self, channels: &[String]) -> Result<Subscription> {
        let open = self.connected().await?;
        let messages = open.dialer.hear(channels, self.patience).await.map_err(|f| f.at(&open.address))?;
        Ok(Subscription { messages, number: open.number, ended: self.shared.ended.subscribe() })
    }

    /// The word that the server made up when it was started: another one, or the same one started
    /// again, has another.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn life(&self) -> Result<String> {
        let text = super::reply::bytes(self.send(redis::cmd("INFO").arg("server")).await?)?;
        Ok(ServerInfo::parse(&String::from_utf8_lossy(&text)).get("run_id").to_owned())
    }

    /// Where the link goes at the moment, and what it knows of the ways there.
    pub async fn whereabouts(&self) -> Whereabouts {
        let address = self.shared.line.lock().await.open.as_ref().map(|open| open.address.to_string());
        self.shared.route.whereabouts(address)
    }

    /// Gives the connection up; the next call opens another.
    pub async fn drop_connection(&self) {
        self.shared.give_up(None).await;
    }

    /// Asks at the node that owns the namespace: where one says that another does, there.
    /// Answers also how many replicas have it, where that was asked.
    async fn on_owner(&self, ask: &Ask<'_>) -> Result<(Value, u64)> {
        let answer = self.follow(ask).await;
        match &answer {
            Ok(_) => self.shared.counts.answered(),
            Err(error) => self.shared.counts.failed(error),
        }
        answer
    }

    async fn follow(&self, ask: &Ask<'_>) -> Result<(Value, u64)> {
        let mut hops = 0;
        loop {
            let open = self.connected().await?;
            if matches!(ask, Ask::Script(_, _, Some(known)) if *known != open.number) {
                let why = "the connection was lost".into();
                return Err(Error::Unreachable { address: open.address.to_string(), why });
            }
            let fault = match self.exchange(&open, ask).await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            if fault.ends_connection() {
                self.shared.give_up(Some(open.number)).await;
            }
            match &fault.kind {
                Kind::Moved(to) if hops < HOPS => self.shared.route.moved(to.clone()),
                _ => return Err(fault.at(&open.address)),
            }
            hops += 1;
        }
    }

    async fn exchange(&self, open: &Open, ask: &Ask<'_>) -> std::result::Result<(Value, u64), Fault> {
        let mut connection = open.connection.clone();
        match ask {
            Ask::Command(command) => exchange(&mut connection, command).await.map(|value| (value, 0)),
            Ask::Script(script, args, _) => {
                self.run(&mut connection, script, args).await.map(|value| (value, 0))
            }
            Ask::Replicated(script, args, replicas, limit) => {
                let value = self.run(&mut connection, script, args).await?;
                let mut wait = redis::cmd("WAIT");
                wait.arg(*replicas).arg(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
                connection.set_response_timeout(*limit + self.patience.reply);
                let have = exchange(&mut connection, &wait).await?;
                let Value::Int(have) = have else {
                    return Err(Fault::new(Kind::Protocol, format!("WAIT answered {have:?}")));
                };
                Ok((value, u64::try_from(have).unwrap_or(0)))
            }
        }
    }

    async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        script: &Script,
        args: &[&[u8]],
    ) -> std::result::Result<Value, Fault> {
        let (by_hash, by_text) =
            if script.reads_only { ("EVALSHA_RO", "EVAL_RO") } else { ("EVALSHA", "EVAL") };
        let build = |verb: &str, body: &str| {
            let mut command = redis::cmd(verb);
            command.arg(body).arg(self.keys.len()).arg(&self.keys).arg(args);
            command
        };
        match exchange(connection, &build(by_hash, script.sha())).await {
            Err(Fault { kind: Kind::NoScript, .. }) => {
                exchange(connection, &build(by_text, script.source())).await
            }
            other => other,
        }
    }

    async fn connected(&self) -> Result<Open> {
        let dials = self.shared.dials.load(Ordering::Acquire);
        let mut line = self.shared.line.lock().await;
        if let Some(open) = &mut line.open {
            if self.shared.route.wants_checks() && open.checked.is_none_or(|last| last.elapsed() >= CHECK) {
                open.checked = Some(Instant::now());
                tokio::spawn(Arc::clone(&self.shared).check(open.clone()));
            }
            return Ok(open.clone());
        }
        let now = self.shared.dials.load(Ordering::Acquire);
        // Another call dialled while this one waited; to dial once more would only make the
        // next one wait as long.
        if let (true, Some(error)) = (now != dials, &line.failed) {
            return Err(error.clone());
        }
        let found = self.shared.route.open(&self.shared.target, self.patience).await;
        let number = self.shared.dials.fetch_add(1, Ordering::AcqRel) + 1;
        match found {
            Ok((dialer, address, connection)) => {
                let open = Open { connection, dialer, address: address.into(), number, checked: None };
                *line = Line { open: Some(open.clone()), failed: None };
                self.shared.newest.store(number, Ordering::Release);
                self.shared.counts.connected();
                Ok(open)
            }
            Err(error) => {
                line.failed = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl Shared {
    /// Gives the connection with this number up, or whichever there is.
    async fn give_up(&self, number: Option<u64>) {
        let mut line = self.line.lock().await;
        let given_up = line.open.take_if(|open| number.is_none_or(|number| number == open.number));
        if let Some(open) = given_up {
            self.ended.send_replace(open.number);
        }
    }

    /// Asks whether the connection still goes to the primary, and gives it up if not.
    async fn check(self: Arc<Shared>, open: Open) {
        if self.route.leads_elsewhere(&self.target.dialer, &open.dialer).await {
            self.give_up(Some(open.number)).await;
        }
    }
}

/// Messages of some channels.
pub struct Subscription {
    messages: PubSubStream,
    number: u64,
    ended: watch::Receiver<u64>,
}

impl Subscription {
    /// Waits for the next message; `None` when there will be no more.
    pub async fn heard(&mut self) -> Option<()> {
        let number = self.number;
        tokio::select! {
            message = self.messages.next() => message.map(drop),
            _ = self.ended.wait_for(|ended| *ended >= number) => None,
        }
    }
}

/// Facts about the server from `INFO`.
#[derive(Debug, Clone, Default)]
pub struct ServerInfo(std::collections::BTreeMap<String, String>);

impl ServerInfo {
    /// Reads the text that `INFO` answers with.
    pub fn parse(text: &str) -> ServerInfo {
        let facts = text.lines().filter_map(|line| line.split_once(':'));
        ServerInfo(facts.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
    }

    /// One fact, empty where the server does not say.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read() {
        let info = ServerInfo::parse("# Server\r\nredis_version:7.0.15\r\nrole:master\r\n");
        assert_eq!(info.get("redis_version"), "7.0.15");
        assert_eq!(info.get("nothing"), "");
    }
}
