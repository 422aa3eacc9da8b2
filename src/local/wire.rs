//! The three things said to the server from here: connect, PING, SHUTDOWN.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{LocalError, Place};

/// How a server answered PING.
pub(super) enum Health {
    /// It serves commands. It may refuse writes (a full disk); that is told to whoever writes.
    Ready,
    /// It is reading its data.
    Loading,
    /// No answer in time.
    Silent,
    /// It hung up: it is ending, or has ended.
    Gone,
}

/// A connection, or `None` if no server accepts one: no socket file, or one that a killed
/// server left behind.
pub(super) fn connect(place: &Place, socket: &Path) -> Result<Option<UnixStream>, LocalError> {
    match UnixStream::connect(socket) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            Ok(None)
        }
        Err(error) => Err(LocalError::io("connect to", &place.socket())(error)),
    }
}

/// The process that listens at the other end, as the kernel knows it.
pub(super) fn peer_pid(stream: &UnixStream) -> Option<u32> {
    let credentials = rustix::net::sockopt::socket_peercred(stream).ok()?;
    u32::try_from(credentials.pid.as_raw_nonzero().get()).ok()
}

/// Asks for one PONG, waiting at most 1 s.
pub(super) fn ping(stream: &UnixStream) -> Health {
    match ask(stream, "PING\r\n", Duration::from_secs(1)) {
        Ok(reply) if reply.is_empty() => Health::Gone,
        Ok(reply) if reply.starts_with("-LOADING") => Health::Loading,
        Ok(_) => Health::Ready,
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Health::Silent
        }
        Err(_) => Health::Gone,
    }
}

/// Orders an end with the data kept. A server that obeys closes the connection instead of
/// answering, so any answer is a refusal.
pub(super) fn shutdown(place: &Place, stream: &UnixStream) -> Result<(), LocalError> {
    match ask(stream, "SHUTDOWN\r\n", Duration::from_secs(30)) {
        Ok(reply) if reply.is_empty() => Ok(()),
        Ok(reply) => Err(LocalError::StopFailed { why: reply.trim().to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(LocalError::io("stop the server on", &place.socket())(error)),
    }
}

/// Sends an inline command and reads one line, empty if the server hangs up.
fn ask(mut stream: &UnixStream, command: &str, limit: Duration) -> io::Result<String> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(command.as_bytes())?;
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply)?;
    Ok(reply)
}
