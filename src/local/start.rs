//! Starting the server once, however many processes want it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::wire::{self, Health};
use super::{LocalError, Place, Ready, find};

/// The longest wait for a server to come up or to go away.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks; a start takes about 10 ms.
const PAUSE: Duration = Duration::from_millis(2);
/// A log beyond this size is begun anew at the next start.
const LOG_MAX_BYTES: u64 = 1 << 20;
/// How much of the log's end an error quotes.
const LOG_TAIL_LINES: usize = 8;

/// All paths are relative: the server starts in the directory of the store, so neither
/// the limit on socket paths nor the quoting of odd directory names can bite.
const CONFIG: &str = "\
# Written by jobq at every start of the local store. Changes made here are lost.
dir .
port 0
unixsocket redis.sock
unixsocketperm 700
daemonize yes
supervised no
pidfile redis.pid
logfile redis.log
appendonly yes
appendfsync everysec
save \"\"
maxmemory-policy noeviction
databases 1
proc-title-template \"{title} jobq local store {unixsocket}\"
";

/// Moves the lock from standard input, which a daemon closes, to a descriptor that the
/// server keeps without knowing. A shell does it because clearing close-on-exec in this
/// process would hand the lock to whatever another thread starts at that moment.
const LAUNCH: &str = r#"umask 077; exec "$0" ./redis.conf 9<&0 </dev/null"#;

/// Starts a server unless somebody else does, and waits until one answers.
///
/// Every turn of the loop asks one question, "does a server answer?", and if not tries for
/// the lock. Holding it means that no server lives, so one may be started, by each caller
/// once: getting the lock a second time means that the server just started has died.
pub(super) fn start(place: &Place, search_path: Option<&OsStr>) -> Result<Ready, LocalError> {
    let server = find::server(place, search_path)?;
    place.create()?;
    let socket = place.connectable_socket()?;
    let deadline = Instant::now() + PATIENCE;
    let (mut launched, mut created, mut loading) = (None::<Child>, false, false);
    let failed = |why: String| LocalError::StartFailed { server: server.clone(), why, log: log_tail(place) };
    loop {
        if let Some(stream) = wire::connect(place, &socket)? {
            match wire::ping(&stream) {
                Health::Ready => {
                    let (pid, started) = (wire::peer_pid(&stream), launched.is_some());
                    reap(launched);
                    let server = find::recorded(place).unwrap_or(server);
                    return Ok(Ready { socket, started, created, server, pid });
                }
                Health::Loading => loading = true,
                Health::Silent | Health::Gone => {}
            }
        } else if let Some(child) = &mut launched {
            let status = child.try_wait().map_err(LocalError::io("wait for", &server))?;
            if let Some(status) = status.filter(|status| !status.success()) {
                return Err(failed(status.to_string()));
            }
            if status.is_some() && try_lock(place)?.is_some() {
                return Err(failed("it ended at once".to_owned()));
            }
        } else if let Some(lock) = try_lock(place)? {
            created = !place.has_data();
            launched = Some(launch(place, &server, lock)?);
        }
        if Instant::now() > deadline {
            reap(launched);
            return Err(match loading {
                true => failed(format!("it is still loading after {} s", PATIENCE.as_secs())),
                false => LocalError::Busy { lock: place.lock(), socket: place.socket() },
            });
        }
        thread::sleep(PAUSE);
    }
}

/// Waits until the last process of a server that was told to stop has let go of the lock.
pub(super) fn wait_until_gone(place: &Place) -> Result<(), LocalError> {
    let deadline = Instant::now() + PATIENCE;
    while try_lock(place)?.is_none() {
        if Instant::now() > deadline {
            return Err(LocalError::StopFailed {
                why: format!("it is still there after {} s", PATIENCE.as_secs()),
            });
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The lock, unless a server or somebody about to start one has it.
fn try_lock(place: &Place) -> Result<Option<File>, LocalError> {
    let path = place.lock();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(LocalError::io("open", &path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(LocalError::io("lock", &path)(error.into())),
    }
    // A file removed and made anew meanwhile: this lock would keep nobody out.
    let held = file.metadata().map_err(LocalError::io("look at", &path))?;
    let same = fs::metadata(&path).is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino()));
    Ok(same.then_some(file))
}

/// Starts `server`, which inherits `lock`. The process returned ends as soon as the server
/// has gone into the background.
fn launch(place: &Place, server: &Path, lock: File) -> Result<Child, LocalError> {
    place.write("redis.conf", CONFIG.as_bytes())?;
    find::record(place, server)?;
    let log = open_log(place).map_err(LocalError::io("open", &place.log()))?;
    let errors = log.try_clone().map_err(LocalError::io("open", &place.log()))?;
    // The environment is left behind: it may hold passwords, and what a job's environment
    // marks as the job's is killed with the job.
    Command::new("/bin/sh")
        .args(["-c", LAUNCH])
        .arg(server)
        .current_dir(&place.dir)
        .env_clear()
        .stdin(lock)
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(LocalError::io("start", server))
}

/// Collects the launcher. Its work is done, so this does not wait; if it hangs all the
/// same (no server at all behind that name), it is ended.
fn reap(launched: Option<Child>) {
    let Some(mut child) = launched else { return };
    let deadline = Instant::now() + Duration::from_secs(1);
    while let Ok(None) = child.try_wait() {
        if Instant::now() > deadline {
            // Gone already is as good as killed.
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        thread::sleep(PAUSE);
    }
}

fn open_log(place: &Place) -> io::Result<File> {
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(place.log())?;
    if log.metadata()?.len() > LOG_MAX_BYTES {
        log.set_len(0)?;
    }
    Ok(log)
}

/// The last lines of the log; empty if it cannot be read, for this only adds to an error.
fn log_tail(place: &Place) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(place.log())?;
        let start = file.metadata()?.len().saturating_sub(4096);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_log_is_quoted() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place { dir: temp.path().to_path_buf() };
        assert_eq!(log_tail(&place), "");
        let text: String = (1..=2000).map(|n| format!("line {n}\n")).collect();
        fs::write(place.log(), text).unwrap();
        let tail = log_tail(&place);
        assert_eq!(tail.lines().count(), LOG_TAIL_LINES);
        assert!(tail.ends_with("line 2000"), "{tail}");
    }

    #[test]
    fn a_log_that_grew_large_is_begun_anew() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place { dir: temp.path().to_path_buf() };
        fs::write(place.log(), "x").unwrap();
        open_log(&place).unwrap();
        assert_eq!(fs::metadata(place.log()).unwrap().len(), 1);
        File::create(place.log()).unwrap().set_len(LOG_MAX_BYTES + 1).unwrap();
        open_log(&place).unwrap();
        assert_eq!(fs::metadata(place.log()).unwrap().len(), 0);
    }

    #[test]
    fn the_lock_excludes_a_second_holder() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place { dir: temp.path().to_path_buf() };
        let held = try_lock(&place).unwrap().unwrap();
        assert!(try_lock(&place).unwrap().is_none());
        drop(held);
        // A child just forked by another test has a copy of the descriptor until it executes.
        while try_lock(&place).unwrap().is_none() {}
    }
}
