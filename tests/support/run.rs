//! Running a command of a [`super::Room`] and judging what came out.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::room::{Jobq, kill_all_at_home};
use super::{Signal, signal, wait_for};

/// A background command, killed with all its room when dropped before it was waited for.
pub struct Running {
    child: Child,
    words: String,
    home: PathBuf,
    stdout: Collected,
    stderr: Collected,
    ended: bool,
}

impl Running {
    pub(super) fn start(command: Jobq) -> Running {
        let words: Vec<_> = std::iter::once(command.program.file_name().unwrap_or_default())
            .chain(command.args.iter().map(|arg| arg.as_os_str()))
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let words = words.join(" ");
        let (input, home) = (command.stdin.clone(), command.home.clone());
        let mut child = command
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {words}: {error}"));
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that does not read its input is no failure of the test.
        thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = Collected::from(child.stdout.take().expect("a pipe"));
        let stderr = Collected::from(child.stderr.take().expect("a pipe"));
        Running { child, words, home, stdout, stderr, ended: false }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the command itself, not to what it started.
    #[track_caller]
    pub fn signal(&self, number: Signal) {
        signal(self.pid(), number);
    }

    /// What came out so far.
    pub fn stdout_so_far(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// The lines on standard error so far.
    pub fn stderr_lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.stderr.bytes()).lines().map(str::to_owned).collect()
    }

    /// Waits until standard error has a line containing `needle`.
    #[track_caller]
    pub fn wait_stderr(&self, needle: &str, limit: Duration) {
        let start = Instant::now();
        while !self.stderr_lines().iter().any(|line| line.contains(needle)) {
            assert!(
                start.elapsed() < limit,
                "{}: no line with {needle:?} within {limit:?}; stderr:\n{}",
                self.words,
                self.stderr_lines().join("\n")
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.try_wait().is_some()
    }

    /// Waits for its end; panics with what it printed, and kills it, if that takes longer.
    #[track_caller]
    pub fn wait_exit(mut self, limit: Duration) -> Output {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.try_wait() {
                break status;
            }
            assert!(start.elapsed() < limit, "{} did not end within {limit:?}{}", self.words, self.printed());
            thread::sleep(Duration::from_millis(1));
        };
        wait_for("its output to be closed by what it started", Duration::from_secs(10), || {
            self.stdout.is_closed() && self.stderr.is_closed()
        });
        self.ended = true;
        Output {
            stdout: self.stdout.bytes(),
            stderr: self.stderr.bytes(),
            code: status.code(),
            signal: status.signal(),
            words: std::mem::take(&mut self.words),
        }
    }

    fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    fn printed(&self) -> String {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        format!("\n--- stdout\n{}--- stderr\n{}", text(self.stdout.bytes()), text(self.stderr.bytes()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            // Gone already is as good as killed.
            let _ = self.child.kill();
            kill_all_at_home(&self.home);
            let _ = self.child.wait();
        }
    }
}

/// What a command left behind. The checks return it, so that they chain.
#[derive(Debug, Clone)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The exit code, `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    words: String,
}

impl Output {
    /// Standard output as text.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as one JSON value a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout_text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Standard error as text.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The one line on standard output, without its end: an id, for example.
    #[track_caller]
    pub fn line(&self) -> String {
        let text = self.stdout_text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 1 && text.ends_with('\n'), "not one line of output from {self}");
        lines[0].to_owned()
    }

    /// Standard output is exactly this.
    #[track_caller]
    pub fn stdout(self, exact: impl AsRef<[u8]>) -> Self {
        self.same("stdout", &self.stdout, exact.as_ref());
        self
    }

    /// Standard error is exactly this.
    #[track_caller]
    pub fn stderr(self, exact: impl AsRef<[u8]>) -> Self {
        self.same("stderr", &self.stderr, exact.as_ref());
        self
    }

    /// It ended by itself with this code.
    #[track_caller]
    pub fn status(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit code {code} from {self}");
        self
    }

    #[track_caller]
    fn same(&self, what: &str, got: &[u8], wanted: &[u8]) {
        assert!(got == wanted, "expected on {what}:\n{}\ngot from {self}", String::from_utf8_lossy(wanted));
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = match (self.code, self.signal) {
            (Some(code), _) => format!("code {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        let (stdout, stderr) = (self.stdout_text(), self.stderr_text());
        write!(f, "`{}` ({end})\n--- stdout\n{stdout}--- stderr\n{stderr}", self.words)
    }
}

/// A pipe emptied by a thread as long as it is open.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Collected {
    fn from(mut pipe: impl Read + Send + 'static) -> Collected {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                into.lock().unwrap_or_else(PoisonError::into_inner).extend(&chunk[..n]);
            }
        });
        Collected { bytes, reader }
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_closed(&self) -> bool {
        self.reader.is_finished()
    }
}
