//! A primary, its replicas, and three Sentinels that watch them, on loopback.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::resp::{Client, Value};
use super::server::free_port;
use super::{PATIENCE, Server, Signal, guard, server_program, signal, temp_dir, wait_for, wait_for_some};

/// The name under which the Sentinels know the primary.
pub const NAME: &str = "main";
const QUORUM: usize = 2;

/// What kind of scene a test wants. The default has one replica and no passwords.
#[must_use = "nothing starts before .start()"]
#[derive(Debug, Clone)]
pub struct SentinelOptions {
    replicas: usize,
    password: Option<String>,
    sentinel_password: Option<String>,
}

impl SentinelOptions {
    /// So many replicas.
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// A password of primary and replicas.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// A password of the Sentinels.
    pub fn sentinel_password(mut self, password: &str) -> Self {
        self.sentinel_password = Some(password.to_owned());
        self
    }

    /// Starts everything, and waits until all know each other.
    pub fn start(self) -> SentinelScene {
        let mut nodes = Vec::new();
        for _ in 0..=self.replicas {
            let mut options = Server::options().tcp().config("repl-diskless-sync-delay 0");
            if let Some(password) = &self.password {
                options = options.requirepass(password).config(&format!("masterauth {password}"));
            }
            if let Some(primary) = nodes.first().map(Server::port) {
                options = options.config(&format!("replicaof 127.0.0.1 {primary}"));
            }
            nodes.push(options.start());
        }
        let sentinels = (0..3).map(|_| Sentinel::start(nodes[0].port(), &self)).collect();
        let scene = SentinelScene { options: self, nodes, sentinels };
        scene.wait_settled();
        scene
    }
}

/// Running servers and Sentinels, killed when dropped.
pub struct SentinelScene {
    options: SentinelOptions,
    nodes: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

impl SentinelScene {
    /// One primary, one replica, three Sentinels.
    pub fn start() -> SentinelScene {
        SentinelScene::options().start()
    }

    /// For any other kind of scene.
    pub fn options() -> SentinelOptions {
        SentinelOptions { replicas: 1, password: None, sentinel_password: None }
    }

    /// `redis+sentinel://…`, with all Sentinels and the passwords there are.
    pub fn url(&self) -> String {
        self.url_of(&self.sentinels.iter().map(|sentinel| sentinel.port).collect::<Vec<_>>())
    }

    /// As [`SentinelScene::url`], naming these Sentinels only.
    pub fn url_of(&self, ports: &[u16]) -> String {
        let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let user = self.options.password.as_ref().map(|password| format!(":{password}@"));
        let query = self.options.sentinel_password.as_ref().map(|word| format!("?sentinel_pass={word}"));
        let (user, query) = (user.unwrap_or_default(), query.unwrap_or_default());
        format!("redis+sentinel://{user}{}/{NAME}{query}", hosts.join(","))
    }

    /// The ports of the Sentinels.
    pub fn sentinel_ports(&self) -> Vec<u16> {
        self.sentinels.iter().map(|sentinel| sentinel.port).collect()
    }

    /// One Sentinel.
    pub fn sentinel(&mut self, place: usize) -> &mut Sentinel {
        &mut self.sentinels[place]
    }

    /// Every server, in the order of their start.
    pub fn nodes(&mut self) -> &mut [Server] {
        &mut self.nodes
    }

    /// The server on this port.
    #[track_caller]
    pub fn node(&mut self, port: u16) -> &mut Server {
        self.nodes.iter_mut().find(|node| node.port() == port).expect("a server of the scene")
    }

    /// The port of the primary, once enough Sentinels say the same and it says so too.
    #[track_caller]
    pub fn primary(&self) -> u16 {
        self.primary_that("a primary that all agree on", |_| true)
    }

    /// The port of the next primary after `old`.
    #[track_caller]
    pub fn primary_after(&self, old: u16) -> u16 {
        self.primary_that("another primary", |port| port != old)
    }

    #[track_caller]
    fn primary_that(&self, what: &str, fits: impl Fn(u16) -> bool) -> u16 {
        // A Sentinel that was held up for two seconds trusts its clock again after thirty.
        wait_for_some(what, 2 * PATIENCE, || {
            let said: Vec<u16> = self.sentinels.iter().filter_map(Sentinel::primary).collect();
            let port = *said.iter().find(|port| said.iter().filter(|one| one == port).count() >= QUORUM)?;
            let node = self.nodes.iter().find(|node| node.port() == port)?;
            (fits(port) && node.is_running() && role(node) == "master").then_some(port)
        })
    }

    /// Waits until the primary has all its replicas, in step with it, and every Sentinel
    /// knows all of them.
    #[track_caller]
    pub fn wait_settled(&self) {
        wait_for("the replicas and Sentinels to settle", 2 * PATIENCE, || {
            let Some(primary) = self.nodes.iter().find(|node| node.is_running() && role(node) == "master")
            else {
                return false;
            };
            let others = self.nodes.iter().filter(|node| node.is_running()).count() - 1;
            let wait = ask(primary, &["WAIT", &others.to_string(), "100"]);
            matches!(wait, Some(Value::Int(have)) if have as usize >= others)
                && self
                    .sentinels
                    .iter()
                    .all(|one| one.knows(primary.port(), others, self.sentinels.len() - 1))
        });
    }
}

/// One command; `None` where a change of roles cuts it off.
fn ask(node: &Server, args: &[&str]) -> Option<Value> {
    node.try_client().ok()?.call(args).ok()
}

/// `master` or `slave`.
fn role(node: &Server) -> String {
    match ask(node, &["ROLE"]) {
        Some(Value::Array(facts)) => facts[0].text(),
        _ => String::new(),
    }
}

/// One Sentinel.
pub struct Sentinel {
    pub port: u16,
    dir: tempfile::TempDir,
    password: Option<String>,
    child: Option<Child>,
}

impl Sentinel {
    fn start(primary: u16, options: &SentinelOptions) -> Sentinel {
        let mut lines = vec![
            format!("sentinel monitor {NAME} 127.0.0.1 {primary} {QUORUM}"),
            format!("sentinel down-after-milliseconds {NAME} 1000"),
            format!("sentinel failover-timeout {NAME} 4000"),
        ];
        lines.extend(options.password.iter().map(|word| format!("sentinel auth-pass {NAME} {word}")));
        lines.extend(options.sentinel_password.iter().map(|word| format!("requirepass {word}")));
        Sentinel::configured(lines, options.sentinel_password.clone())
    }

    /// One with these lines of configuration, besides its port.
    pub fn with(lines: Vec<String>) -> Sentinel {
        Sentinel::configured(lines, None)
    }

    fn configured(mut lines: Vec<String>, password: Option<String>) -> Sentinel {
        let (port, dir) = (free_port(), temp_dir());
        lines.splice(0..0, [format!("port {port}"), "bind 127.0.0.1".to_owned(), "logfile log".to_owned()]);
        fs::write(dir.path().join("conf"), lines.join("\n") + "\n").expect("write its configuration");
        let mut sentinel = Sentinel { port, dir, password, child: None };
        sentinel.launch();
        sentinel
    }

    /// Starts it, with what it had learned when it was killed.
    pub fn launch(&mut self) {
        let mut command = Command::new(server_program());
        command.args(["./conf", "--sentinel"]).current_dir(self.dir.path()).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().expect("the Sentinel starts");
        guard::watch(child.id());
        self.child = Some(child);
        wait_for("the Sentinel to answer", PATIENCE, || {
            self.call(&["PING"]).is_some_and(|reply| matches!(reply, Value::Bytes(_)))
        });
    }

    /// Kills it at once.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Gone already is as good as killed.
            let _ = child.kill();
            let _ = child.wait();
            guard::forget(child.id());
        }
    }

    /// Freezes it: connections are accepted by the kernel, nothing is answered.
    pub fn stop(&self) {
        signal(self.child.as_ref().expect("a Sentinel that was not killed").id(), Signal::STOP);
    }

    /// Ends a [`Sentinel::stop`].
    pub fn cont(&self) {
        signal(self.child.as_ref().expect("a Sentinel that was not killed").id(), Signal::CONT);
    }

    /// One command; `None` when it does not answer.
    pub fn call(&self, args: &[&str]) -> Option<Value> {
        self.child.as_ref()?;
        let mut client = Client::connect_tcp(self.port).ok()?;
        if let Some(password) = &self.password {
            client.call(&["AUTH", password]).ok()?;
        }
        client.call(args).ok()
    }

    fn primary(&self) -> Option<u16> {
        match self.call(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME])? {
            Value::Array(both) => u16::try_from(both[1].int()).ok(),
            _ => None,
        }
    }

    /// Whether it sees the primary on this port, up, with so many replicas and other Sentinels.
    pub fn knows(&self, primary: u16, replicas: usize, others: usize) -> bool {
        let Some(Value::Array(facts)) = self.call(&["SENTINEL", "MASTER", NAME]) else { return false };
        let fact = |name: &str| {
            let at = facts.iter().position(|fact| fact.text() == name).expect("a fact about the primary");
            facts[at + 1].text()
        };
        fact("port") == primary.to_string()
            && fact("flags") == "master"
            && fact("num-slaves") >= replicas.to_string()
            && fact("num-other-sentinels") == others.to_string()
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// What the scene's tests allow for a failover on a busy machine: Sentinels notice after a
/// second, and vote again after eight when a vote came to nothing.
pub const FAILOVER: Duration = Duration::from_secs(120);
