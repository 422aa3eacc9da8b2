//! Connections to one node, all with the same credentials and the same limits.

use std::fmt;
use std::path::PathBuf;

use redis::aio::{MultiplexedConnection, PubSubStream};
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, Value};

use super::fault::{Fault, words};
use super::{Patience, TlsFiles};
use crate::core::error::{Error, Result};

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Node {
    /// The node of an address, unless that is a socket.
    pub(super) fn of(addr: &ConnectionAddr) -> Option<Node> {
        match addr {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Node { host: host.clone(), port: *port })
            }
            _ => None,
        }
    }

    /// Reads `HOST:PORT` as Redis writes it: an IPv6 address has no brackets there.
    pub(super) fn parse(text: &str) -> Option<Node> {
        let (host, port) = text.rsplit_once(':')?;
        Some(Node { host: host.to_owned(), port: port.parse().ok()? })
    }

    /// On this machine.
    pub(super) fn is_local(&self) -> bool {
        self.host == "localhost" || self.host == "::1" || self.host.starts_with("127.")
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// An address for messages, and whether it is on this machine.
pub(super) fn describe(addr: &ConnectionAddr, db: i64) -> (String, bool) {
    let db = if db == 0 { String::new() } else { format!("/{db}") };
    let scheme = if matches!(addr, ConnectionAddr::TcpTls { .. }) { "rediss" } else { "redis" };
    match (Node::of(addr), addr) {
        (Some(node), _) => (format!("{scheme}://{node}{db}"), node.is_local()),
        (None, ConnectionAddr::Unix(path)) => (format!("unix://{}", path.display()), true),
        (None, _) => ("redis".to_owned(), false),
    }
}

/// Opens connections that differ only in where they go.
#[derive(Clone)]
pub(super) struct Dialer {
    info: ConnectionInfo,
}

impl Dialer {
    /// A dialer for connections like this one.
    pub(super) fn new(info: ConnectionInfo, tls: &TlsFiles) -> Result<Dialer> {
        let secure = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        Ok(Dialer { info: if secure { with_certificates(info, tls)? } else { info } })
    }

    /// User and password.
    pub(super) fn credentials(&self) -> (Option<&str>, Option<&str>) {
        (self.info.redis_settings().username(), self.info.redis_settings().password())
    }

    /// The node of the URL, unless that is a socket.
    pub(super) fn node(&self) -> Option<Node> {
        Node::of(self.info.addr())
    }

    /// The same to another node.
    pub(super) fn to(&self, node: &Node) -> Dialer {
        let addr = match self.info.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host: node.host.clone(),
                port: node.port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(node.host.clone(), node.port),
        };
        Dialer { info: self.info.clone().set_addr(addr) }
    }

    /// The same without credentials and database: for Sentinels.
    pub(super) fn bare(&self) -> Dialer {
        let settings = redis::RedisConnectionInfo::default()
            .set_skip_set_lib_name()
            .set_protocol(self.info.redis_settings().protocol());
        Dialer { info: self.info.clone().set_redis_settings(settings) }
    }

    /// Where it goes, for messages.
    pub(super) fn address(&self) -> String {
        describe(self.info.addr(), self.info.redis_settings().db()).0
    }

    /// A connection. A fault says certainly that nothing was done.
    pub(super) async fn open(&self, patience: Patience) -> std::result::Result<MultiplexedConnection, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience.connect))
            .set_response_timeout(Some(patience.reply));
        let dial = async {
            let client = redis::Client::open(self.info.clone())?;
            client.get_multiplexed_async_connection_with_config(&config).await
        };
        // The library's limit covers the dial; AUTH and SELECT after it can hang as well.
        match tokio::time::timeout(patience.connect, dial).await {
            Ok(dialled) => dialled.map_err(|error| Fault::of_dial(&error)),
            Err(_) => Err(Fault::silent(patience.connect)),
        }
    }

    /// A connection that hears these channels.
    pub(super) async fn hear(
        &self,
        channels: &[String],
        patience: Patience,
    ) -> std::result::Result<PubSubStream, Fault> {
        let dial = async {
            let mut pubsub = redis::Client::open(self.info.clone())?.get_async_pubsub().await?;
            pubsub.subscribe(channels).await?;
            Ok(pubsub.into_on_message())
        };
        match tokio::time::timeout(patience.connect, dial).await {
            Ok(dialled) => dialled.map_err(|error| Fault::of_dial(&error)),
            Err(_) => Err(Fault::silent(patience.connect)),
        }
    }
}

/// Sends one command and reads its reply.
pub(super) async fn exchange(
    connection: &mut MultiplexedConnection,
    command: &redis::Cmd,
) -> std::result::Result<Value, Fault> {
    match connection.send_packed_command(command).await {
        Ok(Value::ServerError(error)) => Err(Fault::of(&error.into())),
        Ok(value) => Ok(value),
        Err(error) => Err(Fault::of(&error)),
    }
}

fn with_certificates(info: ConnectionInfo, tls: &TlsFiles) -> Result<ConnectionInfo> {
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
    let client = redis::Client::build_with_tls(info, redis::TlsCertificates { client_tls, root_cert })
        .map_err(|error| Error::Config(format!("TLS cannot be set up: {}", words(&error))))?;
    Ok(client.get_connection_info().clone())
}
