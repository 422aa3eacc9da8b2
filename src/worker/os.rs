//! The system calls that need `unsafe`, and the little the safe crates do not offer.
//!
//! This is the only file of the crate with unsafe code; each block says why it is sound.
//! What is here is small on purpose: a reviewer can read all of it in one sitting.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::c_int;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// CLOCK_BOOTTIME in nanoseconds: it counts the time a suspended machine slept, so a
/// lease deadline kept in it cannot be outlived by closing a lid.
pub fn boottime_ns() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let secs = u64::try_from(now.tv_sec).unwrap_or(0);
    secs.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// CLOCK_BOOTTIME in the ticks in which /proc/PID/stat gives a start time.
pub fn boottime_ticks() -> u64 {
    boottime_ns() / (1_000_000_000 / ticks_per_second())
}

fn ticks_per_second() -> u64 {
    static TICKS: OnceLock<u64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        // SAFETY: sysconf reads a constant and has no preconditions.
        let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        u64::try_from(ticks).ok().filter(|ticks| *ticks > 0).unwrap_or(100)
    })
}

/// Marks every descriptor from 3 up as close-on-exec, so that what the worker inherited
/// by somebody's leak does not reach the jobs.
pub fn close_descriptors_on_exec() -> io::Result<()> {
    // SAFETY: close_range with CLOSE_RANGE_CLOEXEC closes nothing; it sets a flag on
    // descriptors, which changes no memory and invalidates no owner.
    let done = unsafe {
        libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_uint)
    };
    if done == 0 {
        return Ok(());
    }
    // Kernels before 5.11 do not know the flag.
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(fd) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else { continue };
        if fd >= 3 {
            // SAFETY: F_SETFD on a number changes a flag or fails with EBADF (the
            // descriptor of the directory being read may be gone by now).
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

fn action_of(signal: c_int) -> Option<libc::sigaction> {
    // SAFETY: sigaction is plain data for which all-zero bytes are a valid value, and the
    // call only writes to it.
    unsafe {
        let mut current: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &raw mut current) == 0).then_some(current)
    }
}

fn set_action(signal: c_int, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: zeroed is valid as above; every handler given here is SIG_DFL, SIG_IGN or a
    // function of this file that is async-signal-safe.
    let done = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, std::ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether this process was started with the signal ignored (nohup does that to HUP).
pub fn is_ignored(signal: c_int) -> bool {
    action_of(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

/// Ignores a signal in this process; programs it starts inherit that until
/// [`reset_signals`].
pub fn ignore(signal: c_int) -> io::Result<()> {
    set_action(signal, libc::SIG_IGN)
}

/// Gives every ignored signal its default action again and unblocks all: what a process
/// ignores or blocks is inherited by the programs it starts, and jobs get a clean room.
/// SIGPIPE stays: std ignores it in this process and restores it in each child.
///
/// The mask belongs to the thread, so call this before any other thread exists.
pub fn reset_signals() {
    for signal in 1..=64 {
        if signal != libc::SIGPIPE && is_ignored(signal) {
            // The two numbers that the C library keeps for itself refuse; nothing is lost.
            let _ = set_action(signal, libc::SIG_DFL);
        }
    }
    // SAFETY: an initialised empty set is passed; only this thread's mask changes.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

extern "C" fn swallow(_: c_int) {}

/// Makes the process deaf to a signal without *ignoring* it: a handler, unlike SIG_IGN,
/// is not inherited across exec, so the jobs keep the default action.
pub fn deafen(signal: c_int) -> io::Result<()> {
    set_action(signal, swallow as extern "C" fn(c_int) as libc::sighandler_t)
}

static NOTE_TO: AtomicI32 = AtomicI32::new(-1);

extern "C" fn note(signal: c_int) {
    let fd = NOTE_TO.load(Ordering::Relaxed);
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: write and errno access are async-signal-safe; one byte is read from a local.
    // The descriptor is never closed once stored; a full pipe loses only a repetition.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        libc::write(fd, (&raw const byte).cast(), 1);
        *errno = saved;
    }
}

/// Turns the given signals into bytes (their numbers) readable from the returned
/// descriptor. Once per process: a later call replaces the earlier pipe.
pub fn signals_as_bytes(signals: &[c_int]) -> io::Result<OwnedFd> {
    use rustix::pipe::{PipeFlags, pipe_with};
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    NOTE_TO.store(writer.as_raw_fd(), Ordering::Relaxed);
    // The handlers may run until the process ends, so this end is never closed.
    std::mem::forget(writer);
    for signal in signals {
        set_action(*signal, note as extern "C" fn(c_int) as libc::sighandler_t)?;
    }
    Ok(reader)
}

/// Lets tokio watch a descriptor for being readable.
pub fn watch_readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the registration asks that the object names one open descriptor until it is
    // dropped, which is what an OwnedFd is; AsyncFd gives out shared references only.
    unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }.map_err(io::Error::from)
}

/// Takes descriptor 0 away (to a close-on-exec number) and leaves /dev/null in its place.
pub fn take_stdin() -> io::Result<OwnedFd> {
    let null = std::fs::File::open("/dev/null")?;
    // SAFETY: F_DUPFD_CLOEXEC returns a new descriptor that nobody else owns.
    let taken = unsafe {
        let fd = libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    // SAFETY: 0 is replaced in one step by a live descriptor, so no owner of 0 (std's
    // Stdin does not close it) sees it vanish.
    if unsafe { libc::dup2(null.as_raw_fd(), 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(taken)
}

/// Removes variables from this process's environment. Call it before any other thread
/// exists.
pub fn forget_env(names: &[&str]) {
    for name in names {
        // SAFETY: called at the start of the engine while it is single-threaded (see
        // `enter_engine`), so nothing reads the environment at the same time.
        unsafe { std::env::remove_var(name) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boottime_is_what_proc_says() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let secs: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let ours = boottime_ns() as f64 / 1e9;
        assert!((ours - secs).abs() < 5.0, "{ours} against {secs}");
    }
}
