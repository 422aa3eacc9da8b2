//! Reading a job's output as it grows, and writing it where it belongs.

use std::io::{self, IsTerminal as _};

use crate::core::query::OutputPage;
use crate::view::escape;
use crate::view::out::Out;

/// Bytes of one stream, in order.
type Piece = (u8, Vec<u8>);

/// Follows the chunks of the newest attempt over pages.
#[derive(Debug, Default)]
pub(super) struct Follower {
    attempt: u32,
    /// The last sequence number that was read.
    after: u64,
    /// Where each stream is, as an offset.
    at: [u64; 2],
    /// Bytes of each stream that were gone before they could be read.
    pub(super) missed: [u64; 2],
}

impl Follower {
    /// Where the next page begins.
    pub(super) fn after(&self) -> u64 {
        self.after
    }

    /// Takes a page. `None` when it belongs to a newer attempt than the one followed: read
    /// again from the beginning.
    pub(super) fn take(&mut self, page: &OutputPage) -> Option<Vec<Piece>> {
        if page.attempt != self.attempt {
            let first_look = self.attempt == 0 && self.after == 0;
            *self = Follower { attempt: page.attempt, missed: self.missed, ..Follower::default() };
            if !first_look {
                return None;
            }
        }
        let mut pieces = Vec::with_capacity(page.chunks.len());
        for (seq, stream, offset, bytes) in &page.chunks {
            self.after = self.after.max(*seq);
            let Some(at) = self.at.get_mut(usize::from(*stream).wrapping_sub(1)) else { continue };
            let end = offset + bytes.len() as u64;
            if end <= *at {
                continue;
            }
            // A chunk made of older ones may begin before what was read of them.
            let fresh = usize::try_from(at.saturating_sub(*offset)).unwrap_or(0);
            self.missed[usize::from(*stream) - 1] += offset.saturating_sub(*at);
            *at = end;
            pieces.push((*stream, bytes.get(fresh..).unwrap_or_default().to_vec()));
        }
        Some(pieces)
    }
}

/// Writes pieces to stdout and stderr: byte for byte, except that a terminal gets no control
/// characters of a job.
pub(super) struct Printer<'a> {
    out: &'a Out,
    screens: [Screen; 2],
}

/// A terminal's side of one stream.
struct Screen {
    is_terminal: bool,
    /// The beginning of a character whose rest has not come.
    rest: Vec<u8>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(out: &'a Out) -> Printer<'a> {
        let screen = |is_terminal| Screen { is_terminal, rest: Vec::new() };
        Printer { out, screens: [screen(io::stdout().is_terminal()), screen(io::stderr().is_terminal())] }
    }

    /// Whether stdout is read by a program.
    pub(super) fn is_piped(&self) -> bool {
        !self.screens[0].is_terminal
    }

    /// Writes one piece.
    ///
    /// # Errors
    /// As the system reports it.
    pub(super) fn write(&mut self, stream: u8, bytes: &[u8]) -> io::Result<()> {
        let screen = &mut self.screens[usize::from(stream != 1)];
        let shown = if screen.is_terminal { screen.show(bytes) } else { bytes.to_vec() };
        if stream == 1 { self.out.bytes(&shown) } else { self.out.err_bytes(&shown) }
    }
}

impl Screen {
    fn show(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let keep = unfinished(&all);
        self.rest = all.split_off(all.len() - keep);
        escape::block(&all).into_bytes()
    }
}

/// How many bytes at the end are the beginning of a UTF-8 character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    for (back, byte) in tail.iter().rev().enumerate() {
        let length = match byte {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if back + 1 < length { back + 1 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::state::State;

    fn page(attempt: u32, chunks: &[(u64, u8, u64, &str)]) -> OutputPage {
        OutputPage {
            state: State::Started,
            attempt,
            totals: [0, 0],
            more: false,
            chunks: chunks.iter().map(|(s, t, o, b)| (*s, *t, *o, b.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn merged_chunks_are_not_shown_twice_and_gaps_are_counted() {
        let mut follower = Follower::default();
        let first = follower.take(&page(1, &[(1, 1, 0, "ab"), (2, 2, 0, "x"), (3, 1, 2, "cd")])).unwrap();
        assert_eq!(first, [(1, b"ab".to_vec()), (2, b"x".to_vec()), (1, b"cd".to_vec())]);
        let merged = follower.take(&page(1, &[(5, 1, 2, "cdef")])).unwrap();
        assert_eq!(merged, [(1, b"ef".to_vec())]);
        let after_gap = follower.take(&page(1, &[(9, 1, 100, "z")])).unwrap();
        assert_eq!(after_gap, [(1, b"z".to_vec())]);
        assert_eq!(follower.missed, [94, 0]);
        assert_eq!(follower.after(), 9);
        assert!(follower.take(&page(2, &[(9, 1, 0, "new")])).is_none());
        assert_eq!(follower.after(), 0);
        assert_eq!(follower.take(&page(2, &[(1, 1, 0, "new")])).unwrap(), [(1, b"new".to_vec())]);
    }

    #[test]
    fn characters_are_not_torn() {
        assert_eq!(unfinished("é".as_bytes()), 0);
        assert_eq!(unfinished(&"é".as_bytes()[..1]), 1);
        assert_eq!(unfinished(&"a😀".as_bytes()[..4]), 3);
        assert_eq!(unfinished(b"abc"), 0);
        assert_eq!(unfinished(b"\xff"), 0);
    }
}
