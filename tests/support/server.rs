//! A private server for one test.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::resp::{Client, Value};
use super::{Signal, compile_shim, guard, server_program, signal, temp_dir, wait_for, wait_for_some};

/// What kind of server a test wants. The default has no TCP port and no persistence.
#[must_use = "nothing starts before .start()"]
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    tcp: bool,
    aof: bool,
    maxmemory: Option<String>,
    requirepass: Option<String>,
    clock_shift: bool,
    own_disk: bool,
    extra: Vec<String>,
}

/// Far more than any run writes.
const OWN_DISK_MIB: &str = "4096";

impl ServerOptions {
    /// Listens on a free loopback port as well.
    pub fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Append-only persistence, every write synced, so that a kill loses nothing.
    pub fn aof(mut self) -> Self {
        self.aof = true;
        self
    }

    /// A memory limit such as `4mb`.
    pub fn maxmemory(mut self, limit: &str) -> Self {
        self.maxmemory = Some(limit.to_owned());
        self
    }

    /// A password for the default user; URLs and calls from here carry it.
    pub fn requirepass(mut self, password: &str) -> Self {
        self.requirepass = Some(password.to_owned());
        self
    }

    /// A wall clock that [`Server::set_offset`] can move.
    pub fn clock_shift(mut self) -> Self {
        self.clock_shift = true;
        self
    }

    /// A disk of its own that [`Server::fill_disk`] can fill, where this user may mount one.
    pub fn own_disk(mut self) -> Self {
        self.own_disk = true;
        self
    }

    /// One more line of configuration, such as `hz 100`.
    pub fn config(mut self, line: &str) -> Self {
        self.extra.push(line.to_owned());
        self
    }

    /// Starts it and waits until it answers.
    pub fn start(self) -> Server {
        let dir = temp_dir();
        let has_disk = self.own_disk
            && mount(&["-t", "tmpfs", "-o", &format!("size={OWN_DISK_MIB}m"), "tmpfs"], dir.path());
        let shim = self.clock_shift.then(|| {
            fs::write(dir.path().join("clock"), 0_i64.to_ne_bytes()).expect("write the clock's offset");
            compile_shim(dir.path(), "clockshift")
        });
        let mut server = Server { options: self, dir, has_disk, port: None, shim, child: None };
        // Somebody else may take the free port first; then another one is free.
        for _ in 0..3 {
            server.port = server.options.tcp.then(free_port);
            if server.try_launch().is_ok() {
                return server;
            }
        }
        server.launch();
        server
    }
}

/// A running server, killed when dropped.
pub struct Server {
    options: ServerOptions,
    dir: tempfile::TempDir,
    has_disk: bool,
    port: Option<u16>,
    shim: Option<PathBuf>,
    child: Option<Child>,
}

impl Server {
    /// A server on a unix socket, without persistence.
    pub fn start() -> Server {
        Server::options().start()
    }

    /// For any other kind of server.
    pub fn options() -> ServerOptions {
        ServerOptions::default()
    }

    /// `unix:///…`, with the password if there is one.
    pub fn url(&self) -> String {
        let query = self.options.requirepass.as_ref().map(|pass| format!("?pass={pass}"));
        format!("unix://{}{}", self.socket().display(), query.unwrap_or_default())
    }

    /// `redis://127.0.0.1:…`; the server must have been started with [`ServerOptions::tcp`].
    pub fn tcp_url(&self) -> String {
        let user = self.options.requirepass.as_ref().map(|pass| format!(":{pass}@"));
        format!("redis://{}127.0.0.1:{}", user.unwrap_or_default(), self.port())
    }

    /// The loopback port.
    #[track_caller]
    pub fn port(&self) -> u16 {
        self.port.expect("a server started with .tcp()")
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    /// Where its data and its log (`log`) are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Whether it was started and not killed since.
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a server that was not killed").id()
    }

    /// Freezes it: connections are accepted by the kernel, nothing is answered.
    pub fn stop(&self) {
        signal(self.pid(), Signal::STOP);
    }

    /// Ends a [`Server::stop`].
    pub fn cont(&self) {
        signal(self.pid(), Signal::CONT);
    }

    /// Kills it at once, as a crash or a power cut would.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Gone already is as good as killed.
            let _ = child.kill();
            let _ = child.wait();
            guard::forget(child.id());
        }
    }

    /// Kills it if it runs, and starts it again on the same directory, socket and port.
    pub fn restart(&mut self) {
        self.kill9();
        self.launch();
    }

    /// Whether it has a disk of its own.
    pub fn has_disk(&self) -> bool {
        self.has_disk
    }

    /// Leaves no room on the server's own disk.
    pub fn fill_disk(&self) {
        // It writes on meanwhile, and a disk does not get smaller than what is on it.
        wait_for("the disk to get smaller", Duration::from_secs(10), || {
            let disk = rustix::fs::statvfs(self.dir.path()).expect("a disk");
            let used_kib = (disk.f_blocks - disk.f_bfree) * disk.f_frsize / 1024;
            mount(&["-o", &format!("remount,size={used_kib}k")], self.dir.path())
        });
    }

    /// Ends a [`Server::fill_disk`]; a server that ended because of it is started again.
    pub fn empty_disk(&mut self) {
        let size = format!("remount,size={OWN_DISK_MIB}m");
        assert!(mount(&["-o", &size], self.dir.path()), "make the disk larger");
        let ended = self.child.as_mut().is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))));
        if ended {
            self.restart();
        }
    }

    /// Its whole state as it is now.
    pub fn snapshot(&self) -> Vec<u8> {
        assert_eq!(self.cli(&["SAVE"]).text(), "OK");
        fs::read(self.dir.path().join("dump.rdb")).expect("the server wrote its snapshot")
    }

    /// Kills it and starts it again with an older state; it must not keep an append-only file.
    pub fn restore(&mut self, snapshot: &[u8]) {
        self.kill9();
        fs::write(self.dir.path().join("dump.rdb"), snapshot).expect("write the snapshot");
        self.launch();
    }

    /// As [`Server::restart`], answering LOADING for about this long.
    pub fn restart_loading(&mut self, time: Duration) {
        self.kill9();
        // Redis waits after so many commands of its log; how many there are tells its size.
        let bytes = files_below(self.dir.path(), "appendonly").unwrap_or(0);
        let commands = (bytes / 90).max(1);
        let wait_us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / commands;
        let before = self.options.extra.len();
        let delay = match wait_us {
            60.. => format!("key-load-delay {}", wait_us - 55),
            _ => format!(
                "key-load-delay -{}",
                (60 * commands / u64::try_from(time.as_micros()).unwrap_or(1)).max(1)
            ),
        };
        self.options.extra.push(delay);
        self.launch();
        self.options.extra.truncate(before);
    }

    /// One command on a connection of its own; error replies are values.
    #[track_caller]
    pub fn cli<A: AsRef<[u8]>>(&self, args: &[A]) -> Value {
        self.client().call(args).unwrap_or_else(|error| {
            let words: Vec<_> = args.iter().map(|a| a.as_ref().escape_ascii().to_string()).collect();
            panic!("no reply to {}: {error}", words.join(" "))
        })
    }

    /// A connection that stays open, for transactions and blocking commands.
    #[track_caller]
    pub fn client(&self) -> Client {
        self.try_client().expect("the server accepts connections")
    }

    pub fn try_client(&self) -> std::io::Result<Client> {
        let mut client = Client::connect(&self.socket())?;
        if let Some(password) = &self.options.requirepass {
            client.call(&["AUTH", password])?;
        }
        Ok(client)
    }

    /// The whole content: each key's type, value and whether it expires. Two equal dumps mean
    /// that nothing changed, except for a remaining time to live.
    pub fn dump_all(&self) -> BTreeMap<String, String> {
        let mut client = self.client();
        let mut call = |args: &[&[u8]]| client.call(args).expect("a reply");
        let keys = call(&[b"KEYS", b"*"]).array();
        keys.into_iter()
            .filter_map(|key| {
                let Value::Bytes(key) = key else { panic!("a key is a string") };
                // How far the walk that mends got is nobody's state.
                if key.ends_with(b":mend") {
                    return None;
                }
                let kind = call(&[b"TYPE", &key]).text();
                let value = match kind.as_str() {
                    "none" => return None,
                    "string" => call(&[b"GET", &key]).to_string(),
                    "list" => call(&[b"LRANGE", &key, b"0", b"-1"]).to_string(),
                    "set" => sorted(call(&[b"SMEMBERS", &key]), 1),
                    "hash" => sorted(call(&[b"HGETALL", &key]), 2),
                    "zset" => call(&[b"ZRANGE", &key, b"0", b"-1", b"WITHSCORES"]).to_string(),
                    "stream" => call(&[b"XRANGE", &key, b"-", b"+"]).to_string(),
                    other => panic!("cannot dump a {other}"),
                };
                let expires = if call(&[b"PTTL", &key]).int() >= 0 { " expires" } else { "" };
                Some((key.escape_ascii().to_string(), format!("{kind} {value}{expires}")))
            })
            .collect()
    }

    /// Forgets all loaded scripts, as a failover or a restart does.
    pub fn flush_scripts(&self) {
        assert_eq!(self.cli(&["SCRIPT", "FLUSH"]).text(), "OK");
    }

    /// Cuts every client connection but its own.
    pub fn client_kill_all(&self) {
        for kind in ["normal", "pubsub"] {
            self.cli(&["CLIENT", "KILL", "TYPE", kind]).int();
        }
    }

    /// Moves its wall clock this far from the true one; needs [`ServerOptions::clock_shift`].
    /// Returns when a running server has noticed: Valkey looks at the clock a few times a
    /// second only.
    #[track_caller]
    pub fn set_offset(&self, seconds: i64) {
        assert!(self.options.clock_shift, "a server started with .clock_shift()");
        let file = fs::OpenOptions::new().write(true).open(self.dir.path().join("clock"));
        file.and_then(|f| f.write_all_at(&seconds.to_ne_bytes(), 0)).expect("write the clock's offset");
        if self.child.is_some() {
            wait_for("the server's clock to shift", Duration::from_secs(10), || {
                let its = self.cli(&["TIME"]).array();
                let its_us = its[0].int() * 1_000_000 + its[1].int();
                let mine = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
                let mine_us = i64::try_from(mine.as_micros()).expect("a time before the year 294000");
                (its_us - mine_us - seconds * 1_000_000).abs() < 100_000
            });
        }
    }

    fn launch(&mut self) {
        if let Err(log) = self.try_launch() {
            panic!("the server ended at once:\n{log}");
        }
    }

    /// Starts it and waits for an answer; its log if it ends instead.
    fn try_launch(&mut self) -> Result<(), String> {
        fs::write(self.dir.path().join("conf"), self.config()).expect("write the server's configuration");
        let mut command = Command::new(server_program());
        command.arg("./conf").current_dir(self.dir.path()).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if let Some(shim) = &self.shim {
            command.env("LD_PRELOAD", shim).env("CLOCKSHIFT_FILE", self.dir.path().join("clock"));
        }
        let child = command.spawn().expect("the server starts");
        guard::watch(child.id());
        self.child = Some(child);
        wait_for_some("the server to answer", Duration::from_secs(30), || {
            let child = self.child.as_mut().expect("set above");
            if let Ok(Some(_)) = child.try_wait() {
                self.kill9();
                return Some(Err(fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()));
            }
            let reply = self.try_client().ok()?.call(&["PING"]).ok()?;
            matches!(reply, Value::Bytes(_)).then_some(Ok(()))
        })
    }

    fn config(&self) -> String {
        let options = &self.options;
        let mut lines = vec![
            format!("port {}", self.port.unwrap_or(0)),
            "bind 127.0.0.1".to_owned(),
            "unixsocket s".to_owned(),
            "save \"\"".to_owned(),
            "logfile log".to_owned(),
            "enable-debug-command yes".to_owned(),
            format!("appendonly {}", if options.aof { "yes" } else { "no" }),
            "appendfsync always".to_owned(),
        ];
        lines.extend(options.maxmemory.iter().map(|limit| format!("maxmemory {limit}")));
        lines.extend(options.requirepass.iter().map(|pass| format!("requirepass {pass}")));
        lines.extend(options.extra.iter().cloned());
        lines.join("\n") + "\n"
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
        if self.has_disk {
            let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
        }
    }
}

/// Whether it could be mounted.
fn mount(options: &[&str], at: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(options).arg(at).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound address").port()
}

/// Bytes in files whose names begin so, in this folder and those below.
fn files_below(dir: &Path, prefix: &str) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)?.flatten() {
        let meta = entry.metadata()?;
        let named = entry.file_name().to_string_lossy().starts_with(prefix);
        bytes += match (meta.is_dir(), named) {
            (true, _) => files_below(&entry.path(), prefix)?,
            (false, true) => meta.len(),
            _ => 0,
        };
    }
    Ok(bytes)
}

/// The elements in groups of `width` (a hash's pairs), in order.
fn sorted(reply: Value, width: usize) -> String {
    let items = reply.array();
    let mut groups: Vec<String> =
        items.chunks(width).map(|group| Value::Array(group.to_vec()).to_string()).collect();
    groups.sort();
    format!("{{{}}}", groups.join(" "))
}
