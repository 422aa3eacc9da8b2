//! Reading /proc: who exists, whose child it is, and what its environment says.
//!
//! Nothing in here signals anybody. Every answer may be stale the moment it is given; a
//! process is therefore named by (pid, start time), never by pid alone, and whoever acts
//! on it checks the pair again (see `tree`).

use std::fs;
use std::io::{self, Read};
use std::time::{Duration, Instant};

/// One process as /proc/PID/stat described it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proc {
    /// Its id.
    pub pid: i32,
    /// Its parent, or whoever adopted it.
    pub ppid: i32,
    /// Its process group.
    pub pgrp: i32,
    /// Its session.
    pub session: i32,
    /// The state letter: `R`, `S`, `D`, `T`, `Z`, …
    pub state: u8,
    /// Start time in clock ticks since boot; with `pid` it names a process for good.
    pub start: u64,
}

impl Proc {
    /// Whether it can still run code: a zombie only waits to be reaped.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Reads one process; `None` when there is none with this id.
    pub fn read(pid: i32) -> Option<Proc> {
        let mut buffer = [0_u8; 1024];
        let mut file = fs::File::open(format!("/proc/{pid}/stat")).ok()?;
        let length = file.read(&mut buffer).ok()?;
        Proc::parse(buffer.get(..length)?)
    }

    /// Parses a stat line. The command's name stands in parentheses and may itself hold
    /// spaces and parentheses, so what follows is counted from the last one.
    fn parse(line: &[u8]) -> Option<Proc> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
        let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let mut number = || fields.next()?.parse::<i32>().ok();
        let (ppid, pgrp, session) = (number()?, number()?, number()?);
        // Field 22 of the line; the session was field 6.
        let start = fields.nth(15)?.parse().ok()?;
        Some(Proc { pid, ppid, pgrp, session, state, start })
    }
}

/// Every process this one can see.
pub fn all() -> Vec<Proc> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Proc::read)
        .collect()
}

/// This process's id.
pub fn self_pid() -> i32 {
    rustix::process::getpid().as_raw_pid()
}

/// Children of this process's main thread, which is where the kernel puts orphans that a
/// subreaper adopts (the first living thread, and a main thread lives as long as its
/// process). Cheap: one small file. `None` where the kernel does not offer it.
pub fn children_of_main_thread() -> Option<Vec<i32>> {
    let own = self_pid();
    read_children(&format!("/proc/self/task/{own}/children"))
}

/// Children of every thread of this process; without kernel support found by a scan.
pub fn children() -> Vec<i32> {
    let own = self_pid();
    let offered = children_of_main_thread().is_some();
    children_of(own).filter(|_| offered).unwrap_or_else(|| {
        all().iter().filter(|process| process.ppid == own).map(|process| process.pid).collect()
    })
}

/// Children of every thread of a process, if it exists and the kernel offers it.
pub fn children_of(pid: i32) -> Option<Vec<i32>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let Ok(entry) = entry else { break };
        // A thread may end while we read; its children move to another one.
        if let Some(some) = read_children(&format!("{}/children", entry.path().display())) {
            all.extend(some);
        }
    }
    Some(all)
}

fn read_children(path: &str) -> Option<Vec<i32>> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

/// What a process's environment says about whose attempt it belongs to. All three count:
/// two jobs claimed in the same microsecond share a fence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Value of `JOBQ_NAMESPACE`.
    pub namespace: Option<Vec<u8>>,
    /// Value of `JOBQ_JOB_ID`.
    pub job: Option<Vec<u8>>,
    /// Value of `JOBQ_FENCE`.
    pub fence: Option<Vec<u8>>,
}

impl Mark {
    /// Collects the mark from `NAME=value` entries.
    pub fn from_entries<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Mark {
        let mut mark = Mark::default();
        for entry in entries {
            let Some(rest) = entry.strip_prefix(b"JOBQ_") else { continue };
            // As getenv does: the first one counts.
            if let Some(value) = rest.strip_prefix(b"NAMESPACE=") {
                mark.namespace.get_or_insert_with(|| value.to_vec());
            } else if let Some(value) = rest.strip_prefix(b"JOB_ID=") {
                mark.job.get_or_insert_with(|| value.to_vec());
            } else if let Some(value) = rest.strip_prefix(b"FENCE=") {
                mark.fence.get_or_insert_with(|| value.to_vec());
            }
        }
        mark
    }

    /// The mark in a process's environment; empty if it has none or may not be read. `None`
    /// while nobody can tell: in the middle of an exec a process has neither environment nor
    /// arguments, and must not pass for one that has cleared its environment.
    pub fn look(pid: i32) -> Option<Mark> {
        let Ok(mut bytes) = environ(pid) else { return Some(Mark::default()) };
        if bytes.is_empty() {
            // A zombie has no arguments and never will; nor has a thread of the kernel, which
            // has no program either.
            let may_have_words = Proc::read(pid).is_some_and(|process| process.is_alive())
                && fs::read_link(format!("/proc/{pid}/exe")).is_ok();
            let has_words = fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| !words.is_empty());
            if may_have_words && !has_words {
                return None;
            }
            // The exec may have ended between the two looks.
            bytes = environ(pid).unwrap_or_default();
        }
        Some(Mark::from_entries(bytes.split(|byte| *byte == 0)))
    }

    /// As [`Mark::look`], waiting a second for a process in the middle of an exec. Blocks.
    pub fn of(pid: i32) -> Mark {
        let until = Instant::now() + Duration::from_secs(1);
        loop {
            match Mark::look(pid) {
                Some(mark) => return mark,
                None if Instant::now() >= until => return Mark::default(),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Whether it names an attempt at all.
    pub fn is_some(&self) -> bool {
        self.fence.is_some()
    }
}

/// In as few reads as it takes: an exec between two of them ends the file, and what was read
/// by then would pass for the whole.
fn environ(pid: i32) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(format!("/proc/{pid}/environ"))?;
    let mut bytes = vec![0; 256 * 1024];
    let mut length = 0;
    loop {
        match file.read(bytes.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if length == bytes.len() {
            bytes.resize(length * 2, 0);
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_and_parentheses_do_not_confuse_the_fields() {
        let line = b"42 (a) b (c)) S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3\n";
        let expected = Proc { pid: 42, ppid: 7, pgrp: 8, session: 9, state: b'S', start: 98765 };
        assert_eq!(Proc::parse(line), Some(expected));
        assert_eq!(Proc::parse(b"42 (x"), None);
    }

    #[test]
    fn this_process_is_found_with_its_parent() {
        let own = Proc::read(self_pid()).unwrap();
        assert_eq!(own.ppid, rustix::process::getppid().unwrap().as_raw_pid());
        assert!(all().iter().any(|process| process.pid == own.pid && process.start == own.start));
        assert!(crate::worker::os::boottime_ticks() >= own.start);
    }

    #[test]
    fn a_mark_is_read_from_its_three_variables() {
        let entries: [&[u8]; 4] = [b"PATH=/bin", b"JOBQ_FENCE=5", b"JOBQ_JOB_ID=x", b"JOBQ_FENCE=6"];
        let mark = Mark::from_entries(entries.into_iter());
        assert_eq!(mark.fence.as_deref(), Some(&b"5"[..]));
        assert_eq!(mark.job.as_deref(), Some(&b"x"[..]));
        assert!(mark.namespace.is_none() && mark.is_some());
    }
}
