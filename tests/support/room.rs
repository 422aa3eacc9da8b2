//! The sealed room: a home directory, a namespace, and nothing of the tester's environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use jobq::local::{self, Place};

use super::run::{Output, Running};
use super::{PATIENCE, Server, Signal, path, signal, temp_dir};

/// A home for the commands of one test. When dropped, everything that still runs in it is
/// killed, a local store included.
pub struct Room {
    dir: tempfile::TempDir,
    url: Option<String>,
    namespace: String,
}

impl Room {
    /// A room whose commands use `server` through its socket.
    pub fn new(server: &Server) -> Room {
        Room::at(&server.url())
    }

    /// A room whose commands use this URL, a proxy's perhaps.
    pub fn at(url: &str) -> Room {
        Room::build(Some(url.to_owned()))
    }

    /// A room without a URL: its commands use a local store inside it.
    pub fn local() -> Room {
        Room::build(None)
    }

    fn build(url: Option<String>) -> Room {
        let dir = temp_dir();
        for name in ["home", "work", "tmp"] {
            fs::create_dir(dir.path().join(name)).expect("create a directory in the room");
        }
        Room { dir, url, namespace: "test".to_owned() }
    }

    /// Uses another namespace than `test`.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Room {
        name.clone_into(&mut self.namespace);
        self
    }

    /// `HOME` of everything in the room.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The directory that commands start in.
    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// `TMPDIR`.
    pub fn tmp(&self) -> PathBuf {
        self.dir.path().join("tmp")
    }

    /// Lets every user use the room: for a worker that is not root.
    pub fn open_to_all(&self) {
        use std::os::unix::fs::PermissionsExt as _;
        for dir in [self.dir.path().to_path_buf(), self.home(), self.work(), self.tmp()] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).expect("it is ours");
        }
    }

    /// Writes a file below [`Room::work`], with directories as needed.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().expect("a file in the room")).expect("create its directory");
        fs::write(&path, content).expect("write a file in the room");
        path
    }

    /// The text of a file below [`Room::work`]; empty if there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.work().join(name)).unwrap_or_default()
    }

    /// The local store that commands of this room use when they have no URL.
    pub fn place(&self) -> Place {
        Place { dir: self.home().join(".local/state/jobq") }
    }

    /// The real program with these arguments.
    pub fn jobq<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Jobq {
        self.program(jobq_program()).args(args)
    }

    /// Any other program in the same room.
    pub fn program(&self, program: impl AsRef<Path>) -> Jobq {
        let home = self.home();
        let mut env: BTreeMap<OsString, OsString> = BTreeMap::new();
        let mut set = |name: &str, value: &OsStr| env.insert(name.into(), value.into());
        set("PATH", &path());
        set("HOME", home.as_os_str());
        set("XDG_STATE_HOME", home.join(".local/state").as_os_str());
        set("XDG_CONFIG_HOME", home.join(".config").as_os_str());
        set("TMPDIR", self.tmp().as_os_str());
        set("LANG", OsStr::new("C.UTF-8"));
        set("TZ", OsStr::new("UTC"));
        set("JOBQ_NAMESPACE", OsStr::new(&self.namespace));
        match &self.url {
            Some(url) => {
                set("JOBQ_URL", OsStr::new(url));
                set("JOBQ_LOCAL", OsStr::new("never"))
            }
            None => None,
        };
        Jobq {
            program: program.as_ref().to_path_buf(),
            args: Vec::new(),
            env,
            cwd: self.work(),
            stdin: Vec::new(),
            limit: PATIENCE,
            home,
        }
    }

    /// The processes alive that have this room's `HOME`, with their command lines. (A local
    /// store's server has no environment and is not among them.)
    pub fn processes(&self) -> Vec<(u32, String)> {
        processes_at_home(&self.home())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        kill_all_at_home(&self.home());
        if let Ok(local::Info { pid: Some(pid), .. }) = local::describe(&self.place()) {
            signal(pid, Signal::KILL);
        }
    }
}

/// The program as cargo built it for the tests, else the one that a make target names.
pub fn jobq_program() -> PathBuf {
    std::env::var_os("JOBQ_TEST_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_jobq").into(), PathBuf::from)
}

/// One command, not yet run.
#[must_use = "nothing runs before .run() or .spawn()"]
#[derive(Debug, Clone)]
pub struct Jobq {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) env: BTreeMap<OsString, OsString>,
    pub(super) cwd: PathBuf,
    pub(super) stdin: Vec<u8>,
    pub(super) limit: Duration,
    pub(super) home: PathBuf,
}

impl Jobq {
    /// More arguments.
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Standard input; empty unless given.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Unsets a variable that the room sets.
    pub fn without_env(mut self, name: &str) -> Self {
        self.env.remove(OsStr::new(name));
        self
    }

    /// Starts in another directory than [`Room::work`].
    pub fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        dir.as_ref().clone_into(&mut self.cwd);
        self
    }

    /// Another limit for [`Jobq::run`] than 60 s.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end; panics, with what it printed, if that takes longer than the limit.
    #[track_caller]
    pub fn run(self) -> Output {
        let limit = self.limit;
        self.spawn().wait_exit(limit)
    }

    /// Starts it in the background.
    #[track_caller]
    pub fn spawn(self) -> Running {
        Running::start(self)
    }

    /// The command itself, for whoever looks after the process alone. Leads a group.
    pub fn command(self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(&self.cwd).process_group(0);
        command
    }
}

/// Kills every process of the room, and those that these start meanwhile.
pub(super) fn kill_all_at_home(home: &Path) {
    let start = Instant::now();
    let mut empty_looks = 0;
    loop {
        let found = processes_at_home(home);
        // One in the middle of an exec shows no environment: one empty look proves nothing.
        empty_looks = if found.is_empty() { empty_looks + 1 } else { 0 };
        if empty_looks >= 3 || start.elapsed() > Duration::from_secs(5) {
            return;
        }
        for (pid, _) in found {
            signal(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A process belongs to a room if it has its `HOME`: that outlives every double fork.
fn processes_at_home(home: &Path) -> Vec<(u32, String)> {
    let mark = [b"HOME=", home.as_os_str().as_bytes()].concat();
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|variable| variable == mark) && super::alive(*pid)
    })
    .map(|pid| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (pid, String::from_utf8_lossy(&words).replace('\0', " "))
    })
    .collect()
}
