//! After a lost connection: is this the server that it was?
//!
//! Another server, or the same one started anew, may hold an older state of the books (a restored
//! snapshot, a replica that was behind) and have forgotten the newest claims. So the workers first
//! say what they run, each with its next renewal, and the script begins those runs again in the
//! books. Only when all had the time to find back does any of them take a job. A server that was
//! not started anew has forgotten nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Engine, News};

/// The time to find back: longer than the longest pause between two attempts to connect.
const SETTLE: Duration = Duration::from_secs(1);

/// What is known of the server behind the connection.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// The link's connection, as of the newest look.
    connection: u64,
    /// The word that the server made up when it was started.
    life: Option<String>,
    /// The server is asked whether it is the one that it was. Without an answer no job is taken
    /// until then.
    asked: Option<Instant>,
    /// It is not: no job is taken until then, whatever becomes of the connection meanwhile.
    until: Option<Instant>,
}

impl Settling {
    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// When jobs may be taken again, where they may not now.
    pub(super) fn until(&self) -> Option<Instant> {
        self.asked.max(self.until)
    }

    /// Whether the time has just passed; `true` once.
    pub(super) fn passed(&mut self, now: Instant) -> bool {
        let over = self.until().is_some_and(|until| until <= now);
        if over {
            (self.asked, self.until) = (None, None);
        }
        over
    }

    fn look(&mut self, connection: u64, now: Instant) -> bool {
        let is_new = connection != self.connection;
        if is_new {
            self.connection = connection;
            self.asked = Some(now + SETTLE);
        }
        is_new
    }

    fn know(&mut self, life: String, now: Instant) {
        self.asked = None;
        if self.life.as_ref().is_some_and(|known| *known != life) {
            self.until = Some(now + SETTLE);
        }
        self.life = Some(life);
    }
}

impl Engine {
    /// Whether the server may have forgotten what others run, who had no time yet to say so.
    pub(super) fn is_unsettled(&self) -> bool {
        self.trouble_since.is_some() || self.settling.until().is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn look_at_the_connection(&mut self) {
        if !self.settling.look(self.shared.store.link().connection(), Instant::now()) {
            return;
        }
        self.pulses.hurry();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            if let Ok(life) = shared.store.link().life().await {
                shared.tell(News::Server(life));
            }
        });
    }

    pub(super) fn know_server(&mut self, life: String) {
        self.settling.know(life, Instant::now());
        self.pulses.hurry();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_server_is_waited_for_and_a_new_connection_to_it_does_not_shorten_that() {
        let (mut settling, start) = (Settling::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert!(settling.look(1, at(0)) && !settling.look(1, at(0)));
        assert_eq!(settling.until(), Some(at(1_000)));
        settling.know("a".to_owned(), at(1));
        assert_eq!(settling.until(), None, "the first server is no other one");
        assert!(settling.look(2, at(10)));
        settling.know("a".to_owned(), at(20));
        assert_eq!(settling.until(), None, "it was not started anew");
        assert!(settling.look(3, at(30)));
        settling.know("b".to_owned(), at(40));
        assert_eq!(settling.until(), Some(at(1_040)));
        assert!(settling.look(4, at(50)));
        settling.know("b".to_owned(), at(60));
        assert_eq!(settling.until(), Some(at(1_040)));
        assert!(!settling.passed(at(1_039)) && settling.passed(at(1_040)) && !settling.passed(at(1_040)));
        assert!(settling.look(5, at(2_000)));
        assert_eq!(settling.until(), Some(at(3_000)), "without an answer");
    }
}
