//! The three pipes of an attempt, served without ever waiting for the other side.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use rustix::io::ioctl_fionbio;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::output::Stream;

/// Bytes read at once; the capacity of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// Reads in a row before the other stream and the rest of the attempt get their turn.
const READS_IN_A_ROW: u32 = 16;

thread_local! {
    /// One buffer a thread instead of one a job: nothing is kept in it between polls.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Our ends.
#[derive(Debug)]
pub(super) struct Pipes {
    stdin: Option<Feed>,
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
}

/// The child's ends.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

#[derive(Debug)]
struct Feed {
    pipe: Sender,
    bytes: Vec<u8>,
    written: usize,
}

fn reader() -> io::Result<(Receiver, OwnedFd)> {
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&ours, true)?;
    Ok((Receiver::from_owned_fd_unchecked(ours)?, theirs))
}

fn writer(bytes: Vec<u8>) -> io::Result<(Feed, OwnedFd)> {
    let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&ours, true)?;
    Ok((Feed { pipe: Sender::from_owned_fd_unchecked(ours)?, bytes, written: 0 }, theirs))
}

impl Pipes {
    /// Opens and registers all of them, before there is a child: whatever is short is
    /// found out while nothing has been started yet.
    pub(super) fn open(stdin: Option<Vec<u8>>) -> io::Result<(Pipes, Ends)> {
        let (stdout, child_stdout) = reader()?;
        let (stderr, child_stderr) = reader()?;
        let (feed, child_stdin) = stdin.map(writer).transpose()?.unzip();
        let pipes = Pipes { stdin: feed, stdout: Some(stdout), stderr: Some(stderr) };
        Ok((pipes, Ends { stdin: child_stdin, stdout: child_stdout, stderr: child_stderr }))
    }

    /// Whether there is anything left to do.
    pub(super) fn is_open(&self) -> bool {
        self.stdin.is_some() || self.is_readable()
    }

    /// Whether output may still come.
    pub(super) fn is_readable(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Nobody reads standard input any more.
    pub(super) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Moves what can be moved; ready when all pipes are closed.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) -> Poll<()> {
        feed(&mut self.stdin, cx);
        BUFFER.with_borrow_mut(|buffer| {
            drain(&mut self.stdout, cx, buffer, &mut |bytes| sink(Stream::Stdout, bytes));
            drain(&mut self.stderr, cx, buffer, &mut |bytes| sink(Stream::Stderr, bytes));
        });
        if self.is_open() { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// Writes until the pipe is full or all is written. A child that does not read (EPIPE, or
/// simply never) is none of our business.
fn feed(feed: &mut Option<Feed>, cx: &mut Context<'_>) {
    while let Some(Feed { pipe, bytes, written }) = feed {
        let rest = bytes.get(*written..).unwrap_or_default();
        if rest.is_empty() {
            *feed = None;
            return;
        }
        match pipe.poll_write_ready(cx) {
            Poll::Pending => return,
            Poll::Ready(Err(_)) => *feed = None,
            Poll::Ready(Ok(())) => match pipe.try_write(rest) {
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => *feed = None,
            },
        }
    }
}

fn drain(pipe: &mut Option<Receiver>, cx: &mut Context<'_>, buffer: &mut [u8], sink: &mut dyn FnMut(&[u8])) {
    for _ in 0..READS_IN_A_ROW {
        let Some(open) = pipe else { return };
        match open.poll_read_ready(cx) {
            Poll::Pending => return,
            Poll::Ready(Err(_)) => *pipe = None,
            Poll::Ready(Ok(())) => match open.try_read(buffer) {
                Ok(0) => *pipe = None,
                Ok(count) => sink(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => *pipe = None,
            },
        }
    }
    // It could go on for ever: come back after the others.
    cx.waker().wake_by_ref();
}
