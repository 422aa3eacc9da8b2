//! From a URL to a target: which nodes to ask, and what every connection has in common.

use std::path::PathBuf;
use std::time::Duration;

use redis::{ConnectionInfo, IntoConnectionInfo as _, RedisError};

use super::dial::{Dialer, Node, describe};
use super::fault::words;
use super::sentinel::Watched;
use crate::core::error::{Error, Result};

const PLAIN: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];
const SOCKETS: [&str; 3] = ["unix", "redis+unix", "valkey+unix"];
const SENTINEL_PORT: u16 = 26_379;
const REDIS_PORT: u16 = 6_379;

/// Files for `rediss://`, `rediss+sentinel://` and `rediss+cluster://`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM of the authority to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM of the client's certificate.
    pub cert: Option<PathBuf>,
    /// PEM of the client's key.
    pub key: Option<PathBuf>,
}

/// A Redis to talk to.
#[derive(Clone)]
pub struct Target {
    pub(super) dialer: Dialer,
    pub(super) way: Way,
    /// Where, without user or password, for messages.
    pub address: String,
    /// On this machine, so that a missing password is no worry.
    pub is_local: bool,
    /// A password goes with the connection.
    pub has_password: bool,
}

/// How the node that takes writes is found.
#[derive(Clone)]
pub(super) enum Way {
    /// It is the one that the URL names, unless that turns out to be a node of a Cluster.
    Direct,
    /// Sentinels know.
    Sentinel(Watched),
    /// These nodes of a Cluster know.
    Cluster(Vec<Node>),
}

impl Target {
    /// Reads a URL: `redis://`, `rediss://`, `unix://`, `redis+unix://`, `redis+sentinel://` or
    /// `redis+cluster://`, the last two also with `rediss`. `password` is used where the URL
    /// has none. The URL itself is never repeated in an error: it may hold a password.
    ///
    /// # Errors
    /// [`Error::Config`] for anything that cannot work.
    pub fn parse(url: &str, tls: &TlsFiles, password: Option<&str>) -> Result<Target> {
        let Some((scheme, rest)) = url.split_once("://") else { return Err(no_scheme()) };
        if url.contains('#') {
            return Err(Error::Config("the Redis URL must not have a fragment ('#…')".into()));
        }
        let (base, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        match kind {
            "sentinel" if PLAIN.contains(&base) => sentinel(base, rest, tls, password),
            "cluster" if PLAIN.contains(&base) => cluster(base, rest, tls, password),
            _ if PLAIN.contains(&scheme) || SOCKETS.contains(&scheme) => direct(url, tls, password),
            _ => Err(no_scheme()),
        }
    }
}

fn no_scheme() -> Error {
    Error::Config(
        "the Redis URL must begin with redis://, rediss://, unix://, redis+unix://, redis+sentinel:// or redis+cluster://".into(),
    )
}

fn bad(error: &RedisError) -> Error {
    Error::Config(format!("the Redis URL is not valid: {}", words(error)))
}

fn direct(url: &str, tls: &TlsFiles, password: Option<&str>) -> Result<Target> {
    let socket = SOCKETS.iter().any(|scheme| url.starts_with(&format!("{scheme}://")));
    let known: &[&str] = if socket { &["protocol", "user", "pass", "db"] } else { &["protocol"] };
    check_query(url, known)?;
    let info = url.into_connection_info().map_err(|error| bad(&error))?;
    let (address, is_local) = describe(info.addr(), info.redis_settings().db());
    target(info, Way::Direct, address, is_local, tls, password)
}

fn target(
    info: ConnectionInfo,
    way: Way,
    address: String,
    is_local: bool,
    tls: &TlsFiles,
    password: Option<&str>,
) -> Result<Target> {
    let dialer = Dialer::new(common(info, password), tls)?;
    Ok(Target { has_password: dialer.credentials().1.is_some(), dialer, way, address, is_local })
}

/// `redis+sentinel://[user:password@]h1[:port],h2/NAME[/db][?…]`. User and password are the
/// primary's; the Sentinels' own stand in the query.
fn sentinel(base: &str, rest: &str, tls: &TlsFiles, password: Option<&str>) -> Result<Target> {
    let parts = Parts::of(rest);
    let mut path = parts.path.trim_matches('/').split('/');
    let (name, db) = (path.next().unwrap_or_default(), path.next());
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if name.is_empty() || !name.chars().all(fits) || path.next().is_some() {
        return Err(Error::Config(format!(
            "{base}+sentinel:// needs the name under which the Sentinels know the primary: {base}+sentinel://HOST,HOST/NAME"
        )));
    }
    let tail = format!("{}{}", db.map(|db| format!("/{db}")).unwrap_or_default(), parts.query);
    let (info, sentinels) = parts.nodes(base, &tail, SENTINEL_PORT)?;
    let url = parts.one(base, parts.hosts.first().unwrap_or(&""), &tail, SENTINEL_PORT);
    let query = check_query(&url, &["protocol", "sentinel_user", "sentinel_pass"])?;
    let of = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let (address, is_local) = several(base, "sentinel", &sentinels, &format!("/{name}"));
    let credentials = (of("sentinel_user"), of("sentinel_pass"));
    let way = Way::Sentinel(Watched { name: name.to_owned(), sentinels, credentials });
    target(info, way, address, is_local, tls, password)
}

/// `redis+cluster://[user:password@]h1[:port],h2[?…]`.
fn cluster(base: &str, rest: &str, tls: &TlsFiles, password: Option<&str>) -> Result<Target> {
    let parts = Parts::of(rest);
    if !matches!(parts.path.trim_matches('/'), "" | "0") {
        return Err(Error::Config(format!("{base}+cluster:// has no path: a Cluster has database 0 only")));
    }
    let (info, nodes) = parts.nodes(base, parts.query, REDIS_PORT)?;
    check_query(&parts.one(base, parts.hosts.first().unwrap_or(&""), parts.query, 0), &["protocol"])?;
    let (address, is_local) = several(base, "cluster", &nodes, "");
    target(info, Way::Cluster(nodes), address, is_local, tls, password)
}

/// A URL with several hosts, behind its scheme.
struct Parts<'a> {
    /// `user:password@`, or ''.
    user: &'a str,
    hosts: Vec<&'a str>,
    /// From its first slash, or ''.
    path: &'a str,
    /// With its question mark, or ''.
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Parts<'a> {
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Parts { user, hosts: hosts.split(',').collect(), path, query }
    }

    /// The URL of one of the hosts, which the library can read.
    fn one(&self, base: &str, host: &str, tail: &str, port: u16) -> String {
        let has_port = host.rsplit(']').next().unwrap_or(host).contains(':');
        let port = if has_port { String::new() } else { format!(":{port}") };
        format!("{base}://{}{host}{port}{tail}", self.user)
    }

    /// What connections have in common, and the nodes.
    fn nodes(&self, base: &str, tail: &str, port: u16) -> Result<(ConnectionInfo, Vec<Node>)> {
        let mut common = None;
        let mut nodes = Vec::new();
        for host in &self.hosts {
            let read = self.one(base, host, tail, port).as_str().into_connection_info();
            let info = read.map_err(|error| bad(&error))?;
            nodes.extend(Node::of(info.addr()));
            common.get_or_insert(info);
        }
        let none = || Error::Config("the Redis URL names no host".into());
        common.map(|info| (info, nodes)).ok_or_else(none)
    }
}

fn several(base: &str, kind: &str, nodes: &[Node], tail: &str) -> (String, bool) {
    let hosts: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    (format!("{base}+{kind}://{}{tail}", hosts.join(",")), nodes.iter().all(Node::is_local))
}

/// The query, decoded. A word in it that is not known would be a setting that is ignored.
fn check_query(url: &str, known: &[&str]) -> Result<Vec<(String, String)>> {
    let Some(parsed) = redis::parse_redis_url(url) else { return Ok(Vec::new()) };
    let pairs: Vec<(String, String)> =
        parsed.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    match pairs.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        None => Ok(pairs),
        Some(_) => Err(Error::Config(format!(
            "the Redis URL has a word after '?' that is not known here; known: {}",
            known.join(", ")
        ))),
    }
}

/// What all connections have in common: credentials, and how soon a silent peer is noticed.
fn common(info: ConnectionInfo, password: Option<&str>) -> ConnectionInfo {
    let mut settings = info.redis_settings().clone().set_skip_set_lib_name();
    if let (None, Some(password)) = (settings.password(), password) {
        settings = settings.set_password(password);
    }
    let keepalive = redis::io::tcp::socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(10))
        .with_interval(Duration::from_secs(5));
    let tcp = redis::io::tcp::TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(Duration::from_secs(15));
    info.set_redis_settings(settings).set_tcp_settings(tcp)
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
        assert_eq!(parse("rediss://[::1]:7000").unwrap().address, "rediss://[::1]:7000");
    }

    #[test]
    fn several_hosts_are_read_with_their_default_ports() {
        let target = parse("redis+sentinel://ann:s3c%2Cret@a,b:7,[::1]/main/2?sentinel_pass=p%40ss").unwrap();
        assert_eq!(target.address, "redis+sentinel://a:26379,b:7,[::1]:26379/main");
        assert!(!target.is_local && target.has_password);
        assert_eq!(target.dialer.credentials(), (Some("ann"), Some("s3c,ret")));
        let Way::Sentinel(watched) = &target.way else { panic!("not by Sentinel") };
        assert_eq!(watched.name, "main");
        assert_eq!(watched.credentials, (None, Some("p@ss".into())));
        let target = parse("rediss+cluster://127.0.0.1:7000,localhost").unwrap();
        assert_eq!(target.address, "rediss+cluster://127.0.0.1:7000,localhost:6379");
        assert!(target.is_local && !target.has_password);
    }

    #[test]
    fn bad_urls_are_named_without_being_shown() {
        for url in [
            "s3cret",
            "http://s3cret@x",
            "redis://s3cret@h:notaport",
            "rediss://h/#insecure",
            "redis://h?s3cret=1",
            "unix:///s?password=s3cret",
            "redis+sentinel://:s3cret@a,b",
            "redis+sentinel://:s3cret@a,/main",
            "redis+sentinel://:s3cret@a/main/1/2",
            "redis+sentinel://:s3cret@a/main/x",
            "redis+sentinel://a/main?sentinel_password=s3cret",
            "redis+cluster://:s3cret@a/1",
            "redis+cluster://:s3cret@",
            "redis+else://:s3cret@a",
        ] {
            let error = parse(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("s3cret"), "{url}: {error}");
        }
    }
}
