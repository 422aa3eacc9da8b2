//! A record that jobs write themselves, judged afterwards: was one lost, did one run twice,
//! did two attempts of one job run at the same time?
//!
//! Lines are appended whole (O_APPEND, far below the size the kernel may split), so their
//! order in the file is the order in which things happened, whatever any clock said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The record of one test.
pub struct Oracle {
    path: PathBuf,
}

/// One line: `S` when an attempt started, `B` while it lives, `E` when it ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: char,
    pub id: String,
    pub attempt: u64,
    /// As `JOBQ_FENCE` had it.
    pub fence: String,
    /// Centiseconds since boot, suspension included, for people who read a failed run.
    pub boottime_cs: u64,
    pub pid: u32,
}

/// What the record says. All lists are of job ids, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Expected, and never ended.
    pub lost: Vec<String>,
    /// Ended more than once.
    pub duplicate: Vec<String>,
    /// An attempt still lived after a later one of the same job had started.
    pub overlap: Vec<String>,
    /// Started more than once: allowed after a loss or a retry, worth a look otherwise.
    pub repeated: Vec<String>,
    /// Ran, and nobody expected them.
    pub unexpected: Vec<String>,
}

impl Verdict {
    /// Panics unless every expected job ended once and no two attempts overlapped.
    #[track_caller]
    pub fn assert_exactly_once(&self) {
        assert!(
            self.lost.is_empty()
                && self.duplicate.is_empty()
                && self.overlap.is_empty()
                && self.unexpected.is_empty(),
            "the record is not clean: {self:#?}"
        );
    }
}

impl Oracle {
    /// A record in `dir`.
    pub fn new(dir: &Path) -> Oracle {
        Oracle { path: dir.join("oracle") }
    }

    /// A `sh` script that records its start, does `body`, records its end. Code and all
    /// else are the body's; an `exit` in it leaves no end behind.
    pub fn script(&self, body: &str) -> String {
        format!("{}note S\n{body}\ncode=$?\nnote E\nexit $code\n", self.note())
    }

    /// As [`Oracle::script`] for a job that lives about `beats` times 20 ms, recording each:
    /// only signs of life can show that two attempts overlapped when one was killed.
    pub fn beating_script(&self, beats: u32) -> String {
        self.script(&format!("i=0; while [ $i -lt {beats} ]; do note B; sleep 0.02; i=$((i+1)); done"))
    }

    /// The shell function `note KIND [PID]`: writes a line, as the process PID where given.
    /// For scripts of helpers that give signs of life in an attempt's name.
    pub fn note(&self) -> String {
        let path = self.path.to_str().expect("a temporary path is text").replace('\'', r"'\''");
        format!(
            "note() {{ read -r up rest </proc/uptime; printf '%s %s %s %s %s %s\\n' \"$1\" \
             \"$JOBQ_JOB_ID\" \"$JOBQ_ATTEMPT\" \"${{JOBQ_FENCE:--}}\" \"$up\" ${{2:-$$}} >>'{path}'; }}\n"
        )
    }

    /// All lines so far; panics on one that no script of ours wrote.
    #[track_caller]
    pub fn lines(&self) -> Vec<Line> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("not a record: {line:?}"))).collect()
    }

    /// How many attempts have started and ended so far.
    pub fn counts(&self) -> (usize, usize) {
        let lines = self.lines();
        let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
        (count('S'), count('E'))
    }

    /// Judges the record against the ids that should have run.
    pub fn verdict<I: IntoIterator<Item: AsRef<str>>>(&self, expected: I) -> Verdict {
        let expected: BTreeSet<String> = expected.into_iter().map(|id| id.as_ref().to_owned()).collect();
        let mut by_id: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        for line in self.lines() {
            by_id.entry(line.id.clone()).or_default().push(line);
        }
        let ids = |holds: &dyn Fn(&[Line]) -> bool| -> Vec<String> {
            by_id.iter().filter(|(_, lines)| holds(lines)).map(|(id, _)| id.clone()).collect()
        };
        let count = |lines: &[Line], kind| lines.iter().filter(|line| line.kind == kind).count();
        let ended = ids(&|lines| count(lines, 'E') > 0);
        Verdict {
            lost: expected.iter().filter(|id| !ended.contains(id)).cloned().collect(),
            duplicate: ids(&|lines| count(lines, 'E') > 1),
            overlap: ids(&overlaps),
            repeated: ids(&|lines| count(lines, 'S') > 1),
            unexpected: by_id.keys().filter(|id| !expected.contains(*id)).cloned().collect(),
        }
    }
}

/// Whether an attempt gives a sign of life after another one of the same job started. The
/// process id tells attempts apart: a fence could be the very thing that is wrong.
fn overlaps(lines: &[Line]) -> bool {
    let mut latest = None;
    lines.iter().any(|line| {
        if line.kind == 'S' {
            latest = Some(line.pid);
        }
        latest != Some(line.pid)
    })
}

fn parse(line: &str) -> Option<Line> {
    let [kind, id, attempt, fence, boottime, pid] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let (seconds, hundredths) = boottime.split_once('.')?;
    let kind = kind.chars().next().filter(|kind| matches!(kind, 'S' | 'B' | 'E'))?;
    Some(Line {
        kind,
        id: id.to_owned(),
        attempt: attempt.parse().ok()?,
        fence: fence.to_owned(),
        boottime_cs: seconds.parse::<u64>().ok()? * 100 + hundredths.parse::<u64>().ok()?,
        pid: pid.parse().ok()?,
    })
}
