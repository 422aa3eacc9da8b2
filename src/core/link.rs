//! The connection to Redis: where it is, when to give a connection up, and what an error
//! means.
//!
//! One multiplexed connection carries all scripts. It is opened when first needed and
//! dropped after any transport error or timeout, because a timed-out reply still comes and
//! a half-open peer answers nothing for hours; the next call opens a new one. Nothing in
//! here retries: only the caller knows whether its call may be repeated, and how long it can
//! wait. Subscriptions have a connection of their own.

use std::path::PathBuf;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, IntoConnectionInfo as _, RedisError, Value};
use tokio::sync::Mutex;

use super::error::{Error, Result};
use super::script::Script;

/// Files for `rediss://`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM of the authority to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM of the client's certificate.
    pub cert: Option<PathBuf>,
    /// PEM of the client's key.
    pub key: Option<PathBuf>,
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, including its handshake.
    pub connect: Duration,
    /// For a reply.
    pub reply: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { connect: Duration::from_millis(2_000), reply: Duration::from_secs(5) }
    }
}

/// A Redis to talk to.
#[derive(Clone)]
pub struct Target {
    client: redis::Client,
    /// Where, without user or password, for messages.
    pub address: String,
    /// On this machine, so that a missing password is no worry.
    pub is_local: bool,
    /// A password goes with the connection.
    pub has_password: bool,
}

impl Target {
    /// Reads a URL: `redis://`, `rediss://`, `unix://` or `redis+unix://`. `password` is used
    /// where the URL has none. The URL itself is never repeated in an error: it may hold a
    /// password.
    ///
    /// # Errors
    /// [`Error::Config`] for anything that cannot work.
    pub fn parse(url: &str, tls: &TlsFiles, password: Option<&str>) -> Result<Target> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix") => {}
            Some("redis+sentinel" | "rediss+sentinel" | "redis+cluster" | "rediss+cluster") => {
                let scheme = scheme.unwrap_or_default();
                return Err(Error::Config(format!("{scheme}:// is not in this version")));
            }
            _ => {
                return Err(Error::Config(
                    "the Redis URL must begin with redis://, rediss://, unix:// or redis+unix://".into(),
                ));
            }
        }
        if url.contains('#') {
            return Err(Error::Config("the Redis URL must not have a fragment ('#…')".into()));
        }
        let bad = |error: RedisError| Error::Config(format!("the Redis URL is not valid: {}", words(&error)));
        let info = url.into_connection_info().map_err(bad)?;
        let mut settings = info.redis_settings().clone().set_skip_set_lib_name();
        if let (None, Some(password)) = (settings.password(), password) {
            settings = settings.set_password(password);
        }
        let has_password = settings.password().is_some();
        let (address, is_local) = describe(info.addr(), settings.db());
        let keepalive = redis::io::tcp::socket2::TcpKeepalive::new()
            .with_time(Duration::from_secs(10))
            .with_interval(Duration::from_secs(5));
        let tcp = redis::io::tcp::TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive)
            .set_user_timeout(Duration::from_secs(15));
        let secure = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        let info = info.set_redis_settings(settings).set_tcp_settings(tcp);
        let client =
            if secure { secure_client(info, tls)? } else { redis::Client::open(info).map_err(bad)? };
        Ok(Target { client, address, is_local, has_password })
    }

    fn unreachable(&self, why: impl Into<String>) -> Error {
        Error::Unreachable { address: self.address.clone(), why: why.into() }
    }

    async fn connect(&self, patience: Patience) -> Result<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience.connect))
            .set_response_timeout(Some(patience.reply));
        let dial = self.client.get_multiplexed_async_connection_with_config(&config);
        // The library's limit covers the dial; AUTH and SELECT after it can hang as well.
        match tokio::time::timeout(patience.connect, dial).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.classify_dial(&error)),
            Err(_) => Err(self.unreachable(format!("no answer within {:?}", patience.connect))),
        }
    }

    /// A connection for subscriptions.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Denied`] or [`Error::Refusing`].
    pub async fn subscribe(
        &self,
        channels: &[String],
        patience: Patience,
    ) -> Result<redis::aio::PubSubStream> {
        let dial = async {
            let mut pubsub = self.client.get_async_pubsub().await?;
            pubsub.subscribe(channels).await?;
            Ok(pubsub.into_on_message())
        };
        match tokio::time::timeout(patience.connect, dial).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.classify_dial(&error)),
            Err(_) => Err(self.unreachable(format!("no answer within {:?}", patience.connect))),
        }
    }

    /// While connecting nothing of ours was sent, so a transport error is certain.
    fn classify_dial(&self, error: &RedisError) -> Error {
        match self.classify(error) {
            Error::Unknown { address, why } => Error::Unreachable { address, why },
            other => other,
        }
    }

    fn classify(&self, error: &RedisError) -> Error {
        let address = self.address.clone();
        let why = words(error);
        if error.kind() == redis::ErrorKind::AuthenticationFailed {
            // The library keeps the server's own words to itself.
            return Error::Denied { address, why: "it does not take this user name and password".into() };
        }
        match error.code() {
            Some("NOPERM" | "NOAUTH" | "WRONGPASS") => Error::Denied { address, why },
            Some(
                "LOADING" | "READONLY" | "OOM" | "MISCONF" | "NOREPLICAS" | "BUSY" | "MASTERDOWN"
                | "CLUSTERDOWN" | "TRYAGAIN" | "UNBLOCKED",
            ) => Error::Refusing { address, why },
            Some("MOVED" | "ASK" | "CROSSSLOT") => {
                Error::Config(format!("{address} is a node of a Redis Cluster, which is not in this version"))
            }
            Some("ERR") if why.contains("The user executing the script") => Error::Denied { address, why },
            // To a stranger the server does not even read a long command.
            Some("ERR") if why.contains("unauthenticated") => {
                Error::Denied { address, why: "NOAUTH Authentication required.".into() }
            }
            Some(_) if why.contains("max number of clients") => Error::Refusing { address, why },
            Some("ERR") if why.contains("unknown command") || why.contains("compiling script") => {
                Error::Config(format!(
                    "the server at {address} is too old; jobq needs Redis 7.0 or newer, or Valkey ({why})"
                ))
            }
            Some(_) => Error::Protocol(why),
            None if matches!(
                error.kind(),
                redis::ErrorKind::Parse | redis::ErrorKind::UnexpectedReturnType
            ) =>
            {
                Error::Protocol(format!("{address} does not speak its protocol"))
            }
            None => Error::Unknown { address, why },
        }
    }
}

fn describe(addr: &ConnectionAddr, db: i64) -> (String, bool) {
    let db = if db == 0 { String::new() } else { format!("/{db}") };
    let loopback = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    match addr {
        ConnectionAddr::Tcp(host, port) => (format!("redis://{host}:{port}{db}"), loopback(host)),
        ConnectionAddr::TcpTls { host, port, .. } => (format!("rediss://{host}:{port}{db}"), loopback(host)),
        ConnectionAddr::Unix(path) => (format!("unix://{}", path.display()), true),
        _ => ("redis".to_owned(), false),
    }
}

fn secure_client(info: redis::ConnectionInfo, tls: &TlsFiles) -> Result<redis::Client> {
    // redis enables rustls without a provider and would panic without this. An error means
    // that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| Error::Config(format!("cannot read {}: {error}", path.display())))
    };
    let client_tls = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            Some(redis::ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? })
        }
        (None, None) => None,
        _ => return Err(Error::Config("--tls-cert and --tls-key go together".into())),
    };
    let root_cert = tls.ca.as_ref().map(read).transpose()?;
    redis::Client::build_with_tls(info, redis::TlsCertificates { client_tls, root_cert })
        .map_err(|error| Error::Config(format!("TLS cannot be set up: {}", words(&error))))
}

/// An error's own words on one line, without the library's wrapping.
fn words(error: &RedisError) -> String {
    if let Some(code) = error.code() {
        return format!("{code} {}", error.detail().unwrap_or_default());
    }
    if let Some(io) = std::error::Error::source(error) {
        return io.to_string();
    }
    error.to_string()
}

/// A target and the connection to it.
pub struct Link {
    target: Target,
    patience: Patience,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Link {
    /// A link that connects when first used.
    pub fn new(target: Target, patience: Patience) -> Link {
        Link { target, patience, connection: Mutex::new(None) }
    }

    /// Where the link goes.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How long it waits.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Calls a script by its hash, and with its text where the server does not know it.
    ///
    /// # Errors
    /// See [`Error`]; after [`Error::Unknown`] the script may have run.
    pub async fn call(&self, script: &Script, anchor: &str, args: &[&[u8]]) -> Result<Value> {
        let (by_hash, by_text) =
            if script.reads_only { ("EVALSHA_RO", "EVAL_RO") } else { ("EVALSHA", "EVAL") };
        let build = |verb: &str, body: &str| {
            let mut command = redis::cmd(verb);
            command.arg(body).arg(1).arg(anchor).arg(args);
            command
        };
        match self.send(&build(by_hash, script.sha())).await {
            Err(Error::Protocol(why)) if why.starts_with("NOSCRIPT") => {
                self.send(&build(by_text, script.source())).await
            }
            other => other,
        }
    }

    /// Sends one command.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(&self, command: &redis::Cmd) -> Result<Value> {
        let mut connection = self.connected().await?;
        match connection.send_packed_command(command).await {
            Ok(Value::ServerError(error)) => Err(self.target.classify(&error.into())),
            Ok(value) => Ok(value),
            Err(error) => {
                let answered = error.code().is_some();
                let error = self.target.classify(&error);
                if !answered || !matches!(error, Error::Denied { .. } | Error::Protocol(_) | Error::Config(_))
                {
                    self.drop_connection().await;
                }
                Err(error)
            }
        }
    }

    async fn connected(&self) -> Result<MultiplexedConnection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let fresh = self.target.connect(self.patience).await?;
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    /// Gives the connection up; the next call opens another.
    pub async fn drop_connection(&self) {
        *self.connection.lock().await = None;
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

    fn parse(url: &str) -> Result<Target> {
        Target::parse(url, &TlsFiles::default(), None)
    }

    #[test]
    fn addresses_never_show_a_password() {
        let target = parse("redis://ann:s3cret@db.example:6380/2").unwrap();
        assert_eq!(target.address, "redis://db.example:6380/2");
        assert!(!target.is_local && target.has_password);
        let target = parse("unix:///run/r.sock?user=ann&pass=s3cret").unwrap();
        assert_eq!(target.address, "unix:///run/r.sock");
        assert!(target.is_local && target.has_password);
        assert_eq!(parse("redis+unix:///run/r.sock").unwrap().address, "unix:///run/r.sock");
        assert_eq!(parse("redis://localhost").unwrap().address, "redis://localhost:6379");
        assert_eq!(parse("rediss://[::1]:7000").unwrap().address, "rediss://::1:7000");
    }

    #[test]
    fn bad_urls_are_named_without_being_shown() {
        for url in ["s3cret", "http://s3cret@x", "redis://s3cret@h:notaport", "rediss://h/#insecure"] {
            let error = parse(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("s3cret"), "{url}: {error}");
        }
        let error = parse("redis+sentinel://a,b/m").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("redis+sentinel:// is not in this version"));
    }

    #[test]
    fn info_is_read() {
        let info = ServerInfo::parse("# Server\r\nredis_version:7.0.15\r\nrole:master\r\n");
        assert_eq!(info.get("redis_version"), "7.0.15");
        assert_eq!(info.get("nothing"), "");
    }
}
