//! What an attempt wrote: bounded memory here, a bounded number of bytes in the store.
//!
//! # Theory of operation
//!
//! Of each stream the first `head` and the last `tail` bytes are kept, in memory and in
//! the store; the middle is forgotten. The store is fed with *chunks* while the attempt
//! runs, so that output can be followed live:
//!
//! ```text
//!   stream   |---- head ----|........ forgotten ........|----------- tail -----------|
//!   memory    head                                       ring                        total
//!   store     chunks from 0                              chunks         up to sent
//! ```
//!
//! What must hold, per stream, after every batch:
//!
//! 1. Stored chunks of the head are contiguous from 0; those of the tail are contiguous up
//!    to `sent`. No chunk lies across the border between head and tail.
//! 2. A chunk of the tail is dropped as soon as all of it is older than the last `tail`
//!    bytes. The oldest one may stick out at the front: readers cut by offset ([`cut`]).
//! 3. If the reader of batches is slower than the writer, unsent bytes that left the ring
//!    are skipped: nothing here grows with the amount of output.
//! 4. Many small writes make many small chunks; beyond [`MANY`] neighbours are merged. A
//!    merged chunk replaces the last of its parts under that one's number, so a reader
//!    that has seen that number has seen all of it, and one that has not cuts by offset.
//!
//! A batch stays pending until it is acknowledged, and applying it twice is the same as
//! applying it once: remove the dropped numbers, put the chunks under theirs.

use std::collections::VecDeque;
use std::sync::Arc;

mod cut;
pub use cut::{Cut, cut};

/// Largest chunk, in bytes.
pub const CHUNK_BYTES: usize = 16 * 1024;

/// Stored chunks of a stream beyond which neighbours are merged.
pub const MANY: usize = 256;

/// Chunks from this size up are left alone by merging, so that no byte is sent again for
/// ever and merging always gets the number well below [`MANY`].
const LARGE: usize = CHUNK_BYTES / 2;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output, 1 in the store.
    Stdout,
    /// Standard error, 2 in the store.
    Stderr,
}

impl Stream {
    /// 1 or 2.
    pub fn number(self) -> u8 {
        match self {
            Stream::Stdout => 1,
            Stream::Stderr => 2,
        }
    }

    /// The inverse of [`Stream::number`].
    pub fn from_number(number: u8) -> Option<Stream> {
        match number {
            1 => Some(Stream::Stdout),
            2 => Some(Stream::Stderr),
            _ => None,
        }
    }
}

/// How much of each stream is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// From the beginning.
    pub head: usize,
    /// From the end.
    pub tail: usize,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep { head: 32 * 1024, tail: 224 * 1024 }
    }
}

/// A piece of a stream as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// One sequence over both streams, from 1; unique among stored chunks.
    pub seq: u64,
    /// Which stream.
    pub stream: Stream,
    /// Offset of the first byte in that stream.
    pub offset: u64,
    /// At most [`CHUNK_BYTES`].
    pub bytes: Vec<u8>,
}

/// One step for the store. Idempotent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// To be put under their `seq`, replacing what is there.
    pub chunks: Vec<Chunk>,
    /// Numbers to remove; never one of `chunks`.
    pub drop: Vec<u64>,
}

/// Remembers the output of one attempt.
#[derive(Debug)]
pub struct Recorder {
    keep: Keep,
    streams: [Track; 2],
    last_seq: u64,
    pending: Option<Arc<Batch>>,
}

/// One stream.
#[derive(Debug, Default)]
struct Track {
    total: u64,
    head: Vec<u8>,
    /// The last bytes beyond the head: offsets `total - ring.len() .. total`.
    ring: VecDeque<u8>,
    /// Everything before this offset was put into a batch or skipped.
    sent: u64,
    /// The stored chunks by offset.
    stored: VecDeque<Stored>,
}

#[derive(Debug, Clone, Copy)]
struct Stored {
    seq: u64,
    offset: u64,
    length: usize,
}

impl Stored {
    fn end(&self) -> u64 {
        self.offset + self.length as u64
    }
}

/// What is left of a batch's limits.
struct Room {
    bytes: usize,
    chunks: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.chunks = self.chunks.saturating_sub(1);
    }

    fn is_left(&self) -> bool {
        self.bytes > 0 && self.chunks > 0
    }
}

impl Recorder {
    /// An empty one.
    pub fn new(keep: Keep) -> Recorder {
        Recorder { keep, streams: [Track::default(), Track::default()], last_seq: 0, pending: None }
    }

    fn track(&self, stream: Stream) -> &Track {
        let [stdout, stderr] = &self.streams;
        if stream == Stream::Stdout { stdout } else { stderr }
    }

    /// Takes in what was read.
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let keep = self.keep;
        let [stdout, stderr] = &mut self.streams;
        let track = if stream == Stream::Stdout { stdout } else { stderr };
        track.push(bytes, keep);
    }

    /// Bytes written to a stream so far, kept or not.
    pub fn total(&self, stream: Stream) -> u64 {
        self.track(stream).total
    }

    /// Bytes of a stream that are forgotten: neither head nor tail.
    pub fn gap(&self, stream: Stream) -> u64 {
        self.total(stream).saturating_sub((self.keep.head + self.keep.tail) as u64)
    }

    /// The last `count` bytes of a stream, or as many as are kept in one piece.
    pub fn tail_of(&self, stream: Stream, count: usize) -> Vec<u8> {
        let track = self.track(stream);
        let ring_start = track.ring_start();
        let start = track.total.saturating_sub(count as u64);
        let start = if ring_start > track.head.len() as u64 { start.max(ring_start) } else { start };
        track.slice(start, track.total)
    }

    /// The next step for the store: the pending batch if it was not acknowledged, else a
    /// new one of about `max_bytes` in at most `max_chunks` chunks (at least one of each);
    /// `None` when the store has everything.
    pub fn take_batch(&mut self, max_bytes: usize, max_chunks: usize) -> Option<Arc<Batch>> {
        if self.pending.is_none() {
            let mut batch = Batch::default();
            let mut room = Room { bytes: max_bytes.max(1), chunks: max_chunks.max(1) };
            // The quieter stream first: a flood on one must not starve the other.
            let [stdout, stderr] = &mut self.streams;
            let mut order = [(Stream::Stdout, stdout), (Stream::Stderr, stderr)];
            order.sort_by_key(|(_, track)| track.total - track.sent);
            for (stream, track) in &mut order {
                track.forget(&mut batch);
                track.merge(*stream, &mut batch, &mut room);
            }
            for (stream, track) in &mut order {
                track.emit(*stream, self.keep, &mut self.last_seq, &mut batch, &mut room);
            }
            batch.chunks.sort_by_key(|chunk| chunk.seq);
            if batch.chunks.is_empty() && batch.drop.is_empty() {
                return None;
            }
            self.pending = Some(Arc::new(batch));
        }
        self.pending.clone()
    }

    /// The store has the pending batch.
    pub fn ack(&mut self) {
        self.pending = None;
    }

    /// Whether the store has everything that is kept.
    pub fn is_settled(&self) -> bool {
        self.pending.is_none() && self.streams.iter().all(|track| track.sent == track.total)
    }
}

impl Track {
    fn push(&mut self, bytes: &[u8], keep: Keep) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(keep.head - self.head.len()));
        self.head.extend_from_slice(head);
        let (_, rest) = rest.split_at(rest.len().saturating_sub(keep.tail));
        let surplus = (self.ring.len() + rest.len()).saturating_sub(keep.tail);
        self.ring.drain(..surplus);
        self.ring.extend(rest);
    }

    fn ring_start(&self) -> u64 {
        self.total - self.ring.len() as u64
    }

    /// Bytes of a range that lies in what is kept.
    fn slice(&self, start: u64, end: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(usize::try_from(end.saturating_sub(start)).unwrap_or(0));
        let within = |offset: u64, base: u64, length: usize| {
            usize::try_from(offset.saturating_sub(base)).unwrap_or(usize::MAX).min(length)
        };
        let head = within(start, 0, self.head.len())..within(end, 0, self.head.len());
        bytes.extend_from_slice(self.head.get(head).unwrap_or_default());
        let base = self.ring_start();
        let (from, to) = (within(start, base, self.ring.len()), within(end, base, self.ring.len()));
        if from < to {
            bytes.extend(self.ring.range(from..to));
        }
        bytes
    }

    /// Drops what fell out of head and tail.
    fn forget(&mut self, batch: &mut Batch) {
        let (head, start) = (self.head.len() as u64, self.ring_start());
        self.stored.retain(|chunk| {
            let keep = chunk.offset < head || chunk.end() > start;
            if !keep {
                batch.drop.push(chunk.seq);
            }
            keep
        });
    }

    /// Merges neighbours when there are many.
    fn merge(&mut self, stream: Stream, batch: &mut Batch, room: &mut Room) {
        if self.stored.len() <= MANY {
            return;
        }
        let mut merged: VecDeque<Stored> = VecDeque::new();
        let mut parts: Vec<Vec<u64>> = Vec::new();
        for chunk in std::mem::take(&mut self.stored) {
            match (merged.back_mut(), parts.last_mut()) {
                (Some(last), Some(seqs)) if self.may_join(last, &chunk) => {
                    seqs.push(last.seq);
                    *last =
                        Stored { seq: chunk.seq, offset: last.offset, length: last.length + chunk.length };
                }
                _ => {
                    merged.push_back(chunk);
                    parts.push(Vec::new());
                }
            }
        }
        for (chunk, seqs) in merged.iter().zip(parts) {
            if !seqs.is_empty() {
                let bytes = self.slice(chunk.offset, chunk.end());
                room.take(bytes.len());
                batch.chunks.push(Chunk { seq: chunk.seq, stream, offset: chunk.offset, bytes });
                batch.drop.extend(seqs);
            }
        }
        self.stored = merged;
    }

    fn may_join(&self, left: &Stored, right: &Stored) -> bool {
        let head = self.head.len() as u64;
        let same_side = (left.offset < head) == (right.offset < head);
        // The one that sticks out at the front of the tail is no longer whole in memory.
        let whole = left.offset < head || left.offset >= self.ring_start();
        same_side
            && whole
            && left.end() == right.offset
            && left.length < LARGE
            && right.length < LARGE
            && left.length + right.length <= CHUNK_BYTES
    }

    /// Puts unsent bytes into the batch as far as there is room.
    fn emit(&mut self, stream: Stream, keep: Keep, last_seq: &mut u64, batch: &mut Batch, room: &mut Room) {
        while self.sent < self.total && room.is_left() {
            let head = keep.head as u64;
            if self.sent >= head {
                self.sent = self.sent.max(self.ring_start());
            }
            let border = if self.sent < head { head.min(self.total) } else { self.total };
            let end = border.min(self.sent + CHUNK_BYTES.min(room.bytes) as u64);
            let bytes = self.slice(self.sent, end);
            if bytes.is_empty() {
                // Only with `tail` 0: there is nothing beyond the head to send.
                self.sent = end.max(self.sent);
                break;
            }
            *last_seq += 1;
            self.stored.push_back(Stored { seq: *last_seq, offset: self.sent, length: bytes.len() });
            room.take(bytes.len());
            batch.chunks.push(Chunk { seq: *last_seq, stream, offset: self.sent, bytes });
            self.sent = end;
        }
    }
}

#[cfg(test)]
mod tests;
