//! What happened, told by the jobs themselves: the record that `job.c` writes, read back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of CLOCK_BOOTTIME, the clock of the record.
pub fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// The program that jobs run, and the files it writes.
pub struct Truth {
    program: PathBuf,
    record: PathBuf,
    locks: PathBuf,
}

/// One attempt as it really was.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub number: u64,
    pub fence: String,
    pub start_ns: u64,
    /// The last sign of life, its own end included.
    pub last_ns: u64,
    /// Its code, if it ended by itself.
    pub code: Option<i64>,
    pub pid: u32,
    /// The process that started it.
    pub engine: u32,
    /// It killed its engine.
    pub killed: bool,
    /// It found another attempt alive.
    pub met: bool,
}

/// All attempts of each job, in the order in which they started.
pub type Lives = BTreeMap<String, Vec<Attempt>>;

impl Truth {
    /// Compiles the program into `dir`, where the files will be as well.
    pub fn new(dir: &Path) -> Truth {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chaos/job.c");
        let program = dir.join("job");
        let compile = |linking: &[&str]| {
            let mut cc = Command::new("cc");
            cc.args(["-O2", "-Wall", "-Werror", "-o"]).arg(&program).arg(&source).args(linking);
            cc.output().expect("these tests need a C compiler named cc: run `make setup`")
        };
        // Linked statically it starts twice as fast, where the C library can be.
        let done = Some(compile(&["-static"])).filter(|done| done.status.success());
        let done = done.unwrap_or_else(|| compile(&[]));
        assert!(done.status.success(), "cc: {}", String::from_utf8_lossy(&done.stderr));
        Truth { program, record: dir.join("record"), locks: dir.join("locks") }
    }

    /// The argv of job `number`.
    pub fn argv(&self, number: usize, ms: u64, plan: &str) -> Vec<String> {
        let path = |path: &Path| path.to_str().expect("a temporary path is text").to_owned();
        let files = [&self.program, &self.record, &self.locks].map(|file| path(file));
        files.into_iter().chain([number.to_string(), ms.to_string(), plan.to_owned()]).collect()
    }

    /// How many lines of this kind there are.
    pub fn count(&self, kind: char) -> usize {
        self.text().lines().filter(|line| line.starts_with(kind)).count()
    }

    /// The newest starts, each with its engine and instant.
    pub fn starts(&self) -> Vec<(u32, u64)> {
        /// More than any round writes.
        const NEWEST: usize = 1 << 20;
        let bytes = fs::read(&self.record).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(NEWEST)..]).into_owned();
        let starts = text.lines().filter_map(|line| {
            let mut words = line.strip_prefix("S ")?.split(' ').skip(3);
            let (at, engine) = (words.next()?.parse().ok()?, words.nth(1)?.parse().ok()?);
            Some((engine, at))
        });
        starts.collect()
    }

    /// The processes that trees were made of.
    pub fn trees(&self) -> Vec<u32> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.starts_with('T'));
        lines.filter_map(|line| line.split(' ').nth(5)?.parse().ok()).collect()
    }

    fn text(&self) -> String {
        let mut text = fs::read_to_string(&self.record).unwrap_or_default();
        // A line that is being written while it is read is not there yet.
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        text
    }

    /// Reads the whole record; panics on a line that `job.c` did not write.
    pub fn lives(&self) -> Lives {
        let mut lives = Lives::new();
        for line in self.text().lines() {
            add(&mut lives, line).unwrap_or_else(|| panic!("not a line of a job's: {line:?}"));
        }
        lives
    }
}

fn add(lives: &mut Lives, line: &str) -> Option<()> {
    let [kind, id, number, fence, at, pid, extra] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let (at, pid, extra): (u64, u32, i64) = (at.parse().ok()?, pid.parse().ok()?, extra.parse().ok()?);
    let attempts = lives.entry(id.to_owned()).or_default();
    if kind == "T" {
        // A process of its tree; who wants those asks for them by themselves.
        return Some(());
    }
    if kind == "S" {
        attempts.push(Attempt {
            number: number.parse().ok()?,
            fence: fence.to_owned(),
            start_ns: at,
            last_ns: at,
            code: None,
            pid,
            engine: u32::try_from(extra).ok()?,
            killed: false,
            met: false,
        });
        return Some(());
    }
    let attempt = attempts.iter_mut().rev().find(|one| one.pid == pid && one.fence == fence)?;
    attempt.last_ns = attempt.last_ns.max(at);
    match kind {
        "B" => {}
        "E" => attempt.code = Some(extra),
        "K" => attempt.killed = true,
        "X" => attempt.met = true,
        _ => return None,
    }
    Some(())
}
