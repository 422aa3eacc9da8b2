//! The small files through which a job talks to jobq: progress, result, next delay.
//!
//! Paths to files that do not exist yet are given to the job in its environment, so that
//! `echo 40% >> "$JOBQ_PROGRESS"` works from any language. They lie in a folder of the
//! worker's own and are named after the attempt's fence; nothing that a job writes there is
//! read beyond a bound.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::core::report::Progress;
use crate::core::when;

/// How often progress is looked at: the store hears of it at most this often.
pub const PROGRESS_PACE: Duration = Duration::from_millis(400);
/// The most bytes of a result.
pub const MAX_RESULT: u64 = 1024 * 1024;
/// The end of the progress file that is looked at for its last line.
const PROGRESS_TAIL: u64 = 4096;
/// The most characters of a progress message.
const MAX_MESSAGE: usize = 200;

/// The files of one attempt.
#[derive(Debug)]
pub struct Notes {
    /// Where the job writes its progress, a line at a time.
    pub progress: PathBuf,
    /// Where it writes its result as JSON.
    pub result: PathBuf,
    /// Where it writes how long to wait before its next attempt.
    pub retry_after: PathBuf,
    seen: Option<(u64, Option<std::time::SystemTime>)>,
}

/// Why a result is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    /// More than [`MAX_RESULT`].
    #[error("its result has more than 1 MiB and was not kept")]
    TooLarge,
    /// Not JSON.
    #[error("its result is not JSON and was not kept: {0}")]
    NotJson(String),
}

impl Notes {
    /// The files of the attempt with this fence, in the worker's folder.
    pub fn new(scratch: &Path, fence: &str) -> Notes {
        let file = |kind: &str| scratch.join(format!("{fence}.{kind}"));
        Notes { progress: file("progress"), result: file("result"), retry_after: file("retry"), seen: None }
    }

    /// The newest progress, if it was written since the last look.
    pub fn fresh_progress(&mut self) -> Option<Progress> {
        let meta = std::fs::metadata(&self.progress).ok()?;
        let seen = Some((meta.len(), meta.modified().ok()));
        if !meta.is_file() || seen == self.seen {
            return None;
        }
        self.seen = seen;
        let mut file = File::open(&self.progress).ok()?;
        file.seek(SeekFrom::Start(meta.len().saturating_sub(PROGRESS_TAIL))).ok()?;
        let mut bytes = Vec::new();
        file.take(PROGRESS_TAIL).read_to_end(&mut bytes).ok()?;
        parse_progress(&bytes)
    }

    /// What the job wrote as its next delay, in milliseconds, if it is a duration.
    pub fn retry_after(&self) -> Option<u64> {
        let mut text = String::new();
        File::open(&self.retry_after).ok()?.take(64).read_to_string(&mut text).ok()?;
        when::duration(&text).ok()
    }

    /// The job's result as compact JSON, if it wrote one.
    ///
    /// # Errors
    /// [`ResultError`].
    pub fn result(&self) -> Result<Option<String>, ResultError> {
        let Ok(file) = File::open(&self.result) else { return Ok(None) };
        let mut bytes = Vec::new();
        if file.take(MAX_RESULT + 1).read_to_end(&mut bytes).is_err() || bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() as u64 > MAX_RESULT {
            return Err(ResultError::TooLarge);
        }
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| ResultError::NotJson(error.to_string()))?;
        Ok(Some(value.to_string()))
    }

    /// Removes the files.
    pub fn remove(&self) {
        for path in [&self.progress, &self.result, &self.retry_after] {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Reads the last whole line: `40%`, `40/100`, `40% resizing`, or words alone.
fn parse_progress(bytes: &[u8]) -> Option<Progress> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let percent = percent(first);
    let message = if percent.is_some() { rest.trim() } else { line };
    let message: String = message.chars().take(MAX_MESSAGE).collect();
    Some(Progress { percent, message: (!message.is_empty()).then_some(message) })
}

fn percent(word: &str) -> Option<f64> {
    let value = match (word.strip_suffix('%'), word.split_once('/')) {
        (Some(number), _) => number.parse::<f64>().ok()?,
        (None, Some((part, whole))) => {
            let (part, whole) = (part.parse::<f64>().ok()?, whole.parse::<f64>().ok()?);
            if whole <= 0.0 {
                return None;
            }
            part * 100.0 / whole
        }
        (None, None) => return None,
    };
    // A job that counts wrong is shown as done, not as 240 %.
    value.is_finite().then(|| (value.clamp(0.0, 100.0) * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(text: &str) -> Option<(Option<f64>, Option<String>)> {
        parse_progress(text.as_bytes()).map(|one| (one.percent, one.message))
    }

    #[test]
    fn progress_is_the_last_line() {
        assert_eq!(progress("10%\n40% resizing\n"), Some((Some(40.0), Some("resizing".into()))));
        assert_eq!(progress("40/160"), Some((Some(25.0), None)));
        assert_eq!(progress("1/3 third"), Some((Some(33.3), Some("third".into()))));
        assert_eq!(progress("just words"), Some((None, Some("just words".into()))));
        assert_eq!(progress("400%"), Some((Some(100.0), None)));
        assert_eq!(progress("1/0"), Some((None, Some("1/0".into()))));
        assert_eq!(progress("nan%"), Some((None, Some("nan%".into()))));
        assert_eq!(progress("\n \n"), None);
    }

    #[test]
    fn results_are_json_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let mut notes = Notes::new(dir.path(), "7");
        assert_eq!(notes.result(), Ok(None));
        std::fs::write(&notes.result, "{ \"a\": [1, 2] }\n").unwrap();
        assert_eq!(notes.result(), Ok(Some("{\"a\":[1,2]}".into())));
        std::fs::write(&notes.result, "oops").unwrap();
        assert!(matches!(notes.result(), Err(ResultError::NotJson(_))));
        std::fs::write(&notes.result, vec![b' '; 1024 * 1024 + 1]).unwrap();
        assert_eq!(notes.result(), Err(ResultError::TooLarge));
        std::fs::write(&notes.retry_after, " 30s\n").unwrap();
        assert_eq!(notes.retry_after(), Some(30_000));
        assert_eq!(notes.fresh_progress(), None);
        std::fs::write(&notes.progress, "5%\n").unwrap();
        assert_eq!(notes.fresh_progress().and_then(|one| one.percent), Some(5.0));
        assert_eq!(notes.fresh_progress(), None);
        notes.remove();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
