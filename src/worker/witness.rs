//! Witnessing: whether a worker of this very machine is dead for certain.
//!
//! Of a worker elsewhere nobody knows more than that it stands still, and a lease must pass.
//! Of processes of its own machine the kernel says whether they have ended. So a worker writes
//! into the books which processes its halves are, and a neighbour that finds both of them ended
//! needs no clock: it clears away what is left of the jobs and hands them back, as the dead
//! worker's own surviving half would have done.
//!
//! Any doubt means "not dead": another pid namespace, a /proc that shows another one than ours,
//! a process that may not be looked at. What cannot be witnessed is watched (see `watch`).

use std::fmt;
use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::proc::{self, Proc};

/// The processes of a worker, as others on its machine recognise them; the machine's boot
/// stands beside them in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halves {
    /// The pid namespace in which the numbers count.
    space: String,
    /// Pid and start, in ticks since boot: a pid alone may have become somebody else's.
    each: [(i32, u64); 2],
}

impl Halves {
    /// Those of the calling engine and its guardian; `None` where this machine does not tell.
    pub fn own(guardian: u32) -> Option<Halves> {
        let named = |pid: i32| Proc::read(pid).map(|process| (process.pid, process.start));
        let guardian = i32::try_from(guardian).ok()?;
        Some(Halves { space: own_space()?, each: [named(guardian)?, named(proc::self_pid())?] })
    }

    /// Reads what [`Halves::fmt`] wrote.
    pub fn parse(text: &str) -> Option<Halves> {
        let mut words = text.split(' ');
        let space = words.next()?.to_owned();
        let mut half = || Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?));
        let each = [half()?, half()?];
        words.next().is_none().then_some(Halves { space, each })
    }

    /// Whether none of them can run any code any more.
    pub fn are_dead(&self) -> bool {
        own_space().is_some_and(|space| space == self.space)
            && self.each.iter().all(|(pid, start)| has_ended(*pid, *start))
    }
}

impl fmt::Display for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [guardian, engine] = self.each;
        write!(f, "{} {} {} {} {}", self.space, guardian.0, guardian.1, engine.0, engine.1)
    }
}

/// This process's pid namespace, if /proc shows that one and not another.
fn own_space() -> Option<String> {
    let seen: i32 = fs::read_link("/proc/self").ok()?.to_str()?.parse().ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned();
    (seen == proc::self_pid() && !space.contains(' ')).then_some(space)
}

fn has_ended(pid: i32, start: u64) -> bool {
    let Some(id) = Pid::from_raw(pid) else { return false };
    // The kernel says so also where /proc hides the processes of others.
    test_kill_process(id) == Err(Errno::SRCH)
        || Proc::read(pid).is_some_and(|process| process.start != start || !process.is_alive())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_the_end_of_both_halves_is_a_death() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let other = i32::try_from(child.id()).unwrap();
        let own = Halves::own(child.id()).unwrap();
        assert_eq!(Halves::parse(&own.to_string()), Some(own.clone()));
        let both = |one: (i32, u64), two: (i32, u64)| Halves { each: [one, two], ..own.clone() };
        let [dying, living] = own.each;
        assert!(!own.are_dead() && !both(dying, dying).are_dead());
        child.kill().unwrap();
        while Proc::read(other).is_some_and(|process| process.is_alive()) {
            std::thread::yield_now();
        }
        // Not yet reaped, and later gone: dead either way.
        assert!(both(dying, dying).are_dead());
        child.wait().unwrap();
        assert!(both(dying, dying).are_dead());
        assert!(!own.are_dead() && !both(living, dying).are_dead());
        // The pid of somebody else who came later.
        assert!(both((living.0, living.1 - 1), dying).are_dead());
        let elsewhere = Halves { space: "pid:[1]".to_owned(), ..both(dying, dying) };
        assert!(!elsewhere.are_dead());
    }

    #[test]
    fn what_cannot_be_read_is_no_proof() {
        for text in ["", "pid:[1]", "pid:[1] 1 2 3", "pid:[1] 1 2 3 4 5", "pid:[1] 1 x 3 4"] {
            assert_eq!(Halves::parse(text), None, "{text:?}");
        }
        assert!(Halves::parse("pid:[1] 1 2 3 4").is_some());
    }
}
