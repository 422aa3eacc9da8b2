//! Watching other workers: who has stood still, and for how long, on our own clock.
//!
//! A lease is never taken back because a clock says so. This process looks at each peer's
//! (nonce, counter) once a second and remembers since when it has not moved, on the
//! monotonic clock of this machine. What it does with that is one script's business, which
//! checks that the pair still is the one that stood still.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::core::store::Peer;

/// A peer that moves at least once a second is well; from here on it is asked about.
const SUSPICIOUS: Duration = Duration::from_secs(2);

/// How long a peer that holds nothing must have stood still to be struck off.
pub const BURY: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Seen {
    nonce: String,
    counter: String,
    since: Instant,
    /// When its lease will have passed, if it holds jobs and goes on standing still.
    due: Option<Instant>,
    round: u64,
}

/// What has been seen of all peers.
#[derive(Debug, Default)]
pub struct Watch {
    seen: HashMap<String, Seen>,
    after: Option<String>,
    round: u64,
}

/// A peer that has stood still, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// The peer as it stood.
    pub peer: Peer,
    /// For this long.
    pub stood: Duration,
}

impl Watch {
    /// Where the next page of peers begins.
    pub fn cursor(&self) -> &str {
        self.after.as_deref().unwrap_or("-")
    }

    /// Takes a page of peers that was read no earlier than `now`; answers with those worth a
    /// takeover. `me` is not watched.
    pub fn observe(&mut self, page: Vec<Peer>, page_size: usize, me: &str, now: Instant) -> Vec<Still> {
        self.after = (page.len() >= page_size).then(|| page.last().map(|peer| peer.worker.clone())).flatten();
        let mut still = Vec::new();
        for peer in page.into_iter().filter(|peer| peer.worker != me) {
            let entry = self.seen.entry(peer.worker.clone()).or_insert_with(|| Seen {
                nonce: String::new(),
                counter: String::new(),
                since: now,
                due: None,
                round: self.round,
            });
            entry.round = self.round;
            if entry.nonce != peer.nonce || entry.counter != peer.counter {
                entry.nonce.clone_from(&peer.nonce);
                entry.counter.clone_from(&peer.counter);
                entry.since = now;
            }
            let stood = now.duration_since(entry.since);
            let passes = peer.lease_ms.map(|lease_ms| entry.since + Duration::from_millis(lease_ms));
            entry.due = passes.filter(|at| peer.held > 0 && *at > now);
            // One without a record has nothing to come back to.
            let forgotten = peer.nonce.is_empty();
            if stood >= SUSPICIOUS && (peer.held > 0 || forgotten || stood >= BURY) {
                still.push(Still { peer, stood });
            }
        }
        if self.after.is_none() {
            // A whole round is over: whoever did not appear in it has left the books.
            let round = self.round;
            self.seen.retain(|_, seen| seen.round == round);
            self.round += 1;
        }
        still
    }

    /// When to look again, sooner than usual: somebody's lease will have passed.
    pub fn due(&self) -> Option<Instant> {
        self.seen.values().filter_map(|seen| seen.due).min()
    }

    /// After a gap in our own watching (suspended machine, outage) what was seen before it
    /// proves nothing about the gap: begin again.
    pub fn forget(&mut self) {
        self.seen.clear();
        self.after = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(worker: &str, counter: &str, held: u64) -> Peer {
        Peer {
            worker: worker.into(),
            nonce: "n".into(),
            counter: counter.into(),
            lease_ms: Some(1000),
            held,
            halves: String::new(),
        }
    }

    #[test]
    fn only_an_unmoved_counter_makes_a_peer_suspicious() {
        let mut watch = Watch::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watch.observe(vec![peer("a", "1", 1), peer("me", "1", 1)], 32, "me", at(0)), []);
        assert_eq!(watch.observe(vec![peer("a", "1", 1)], 32, "me", at(1)), []);
        let still = watch.observe(vec![peer("a", "1", 1)], 32, "me", at(3));
        assert_eq!(still.len(), 1);
        assert_eq!(still[0].stood, Duration::from_secs(3));
        assert_eq!(watch.due(), None, "its lease of a second has passed");
        assert_eq!(watch.observe(vec![peer("a", "2", 1)], 32, "me", at(4)), []);
        assert_eq!(watch.due(), Some(at(5)));
        assert_eq!(watch.observe(vec![peer("a", "2", 0)], 32, "me", at(30)), []);
        assert_eq!(watch.observe(vec![peer("a", "2", 0)], 32, "me", at(64)).len(), 1);
    }

    #[test]
    fn pages_are_walked_and_begun_again() {
        let mut watch = Watch::default();
        let now = Instant::now();
        assert_eq!(watch.cursor(), "-");
        watch.observe(vec![peer("a", "1", 0), peer("b", "1", 0)], 2, "me", now);
        assert_eq!(watch.cursor(), "b");
        watch.observe(vec![peer("c", "1", 0)], 2, "me", now);
        assert_eq!(watch.cursor(), "-");
        assert_eq!(watch.seen.len(), 3);
        watch.observe(vec![peer("a", "1", 0)], 2, "me", now);
        assert_eq!(watch.seen.len(), 1);
    }
}
