//! Words to the service manager: the sd_notify protocol, one datagram per message.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// Variables that are the guardian's own business and are not passed on.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// The connection, if there is a service manager that listens.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
    fed: Option<Instant>,
}

impl Notifier {
    /// As the environment says; without `NOTIFY_SOCKET` every message goes nowhere.
    pub fn from_env() -> Notifier {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| ours && *usec > 0).map(Duration::from_micros);
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| open(name.as_bytes()));
        Notifier { socket, watchdog, fed: None }
    }

    /// Sends assignments such as `READY=1`; a manager that does not listen is no error.
    pub fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(message.as_bytes(), address);
        }
    }

    /// Feeds the watchdog when it is due, provided the engine was heard lately.
    pub fn feed_watchdog(&mut self, now: Instant, heard: Instant) {
        let Some(limit) = self.watchdog else { return };
        let due = self.fed.is_none_or(|fed| now.duration_since(fed) >= limit / 4);
        if due && now.duration_since(heard) < limit {
            self.fed = Some(now);
            self.send("WATCHDOG=1");
        }
    }

    /// How often [`Notifier::feed_watchdog`] wants to be called.
    pub fn interval(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 4)
    }
}

fn open(name: &[u8]) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(listener: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        let count = listener.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    #[test]
    fn messages_reach_sockets_with_a_path_and_abstract_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier { socket: open(path.as_os_str().as_bytes()), ..Notifier::default() };
        notifier.send("READY=1");
        assert_eq!(heard(&listener), "READY=1");

        let name = format!("jobq-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        let notifier = Notifier { socket: open(format!("@{name}").as_bytes()), ..Notifier::default() };
        notifier.send("STOPPING=1");
        assert_eq!(heard(&listener), "STOPPING=1");
        Notifier::default().send("to nobody");
    }

    #[test]
    fn the_watchdog_is_fed_only_while_the_engine_talks() {
        let (listener, ours) = UnixDatagram::pair().unwrap();
        drop(ours);
        listener.set_nonblocking(true).unwrap();
        let mut notifier = Notifier { watchdog: Some(Duration::from_secs(4)), ..Notifier::default() };
        let start = Instant::now();
        notifier.feed_watchdog(start, start);
        assert_eq!(notifier.fed, Some(start));
        let soon = start + Duration::from_millis(500);
        notifier.feed_watchdog(soon, start);
        assert_eq!(notifier.fed, Some(start), "not due yet");
        let later = start + Duration::from_secs(2);
        notifier.feed_watchdog(later, start);
        assert_eq!(notifier.fed, Some(later));
        notifier.feed_watchdog(start + Duration::from_secs(9), start);
        assert_eq!(notifier.fed, Some(later), "the engine is silent");
    }
}
