//! The reading side: from stored chunks back to what the stream was.

use super::{Chunk, Keep, Stream};

/// One stream as far as the store has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// Its beginning.
    pub head: Vec<u8>,
    /// Bytes between `head` and `tail` that are not kept.
    pub gap: u64,
    /// What follows the gap; empty when everything is in `head`.
    pub tail: Vec<u8>,
}

impl Cut {
    /// Offset behind the last byte; less than the total while some was not stored yet.
    pub fn end(&self) -> u64 {
        self.head.len() as u64 + self.gap + self.tail.len() as u64
    }
}

/// Puts the stored chunks of one stream together: the first `keep.head` bytes and the last
/// `keep.tail` of the `total` written, each as far as it is there in one piece. Chunks may
/// come in any order, overlap, and belong to the other stream as well.
pub fn cut(chunks: &[Chunk], stream: Stream, total: u64, keep: Keep) -> Cut {
    let mut parts: Vec<&Chunk> = chunks.iter().filter(|chunk| chunk.stream == stream).collect();
    parts.sort_by_key(|chunk| chunk.offset);
    let head_limit = (keep.head as u64).min(total);
    let tail_limit = total.saturating_sub(keep.tail as u64).max(head_limit);

    let head = run(&parts, 0, head_limit);
    // The last piece without a hole that begins at the tail's limit or later.
    let (mut start, mut end) = (tail_limit, tail_limit);
    for chunk in &parts {
        let chunk_end = (chunk.offset + chunk.bytes.len() as u64).min(total);
        if chunk_end <= end {
            continue;
        }
        if chunk.offset > end {
            start = chunk.offset;
        }
        end = chunk_end;
    }
    let tail = run(&parts, start, end);
    let gap = if tail.is_empty() { 0 } else { start.saturating_sub(head.len() as u64) };
    Cut { head, gap, tail }
}

/// The bytes from `start` up to `end` or the first hole; `parts` sorted by offset.
fn run(parts: &[&Chunk], start: u64, end: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in parts {
        let position = start + bytes.len() as u64;
        if position >= end || chunk.offset > position {
            break;
        }
        let skip = usize::try_from(position - chunk.offset).unwrap_or(usize::MAX);
        let want = usize::try_from(end - position).unwrap_or(usize::MAX);
        let rest = chunk.bytes.get(skip..).unwrap_or_default();
        bytes.extend_from_slice(rest.get(..want).unwrap_or(rest));
    }
    bytes
}
