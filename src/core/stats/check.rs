//! What must hold of the books.

use super::{COUNTERS, Line, SLOT, Tally, number};

/// Slots of a minute and of an hour in a book.
const MINUTES: usize = 64;
const SLOTS: usize = MINUTES + 49;
/// Bytes of the sums since a book was begun, with the minute of that before them.
const TOTAL: usize = 8 * (1 + COUNTERS.len() + 2 * super::BUCKETS + 2);
/// So many lines are added to the books by the script that makes the last of them.
pub(in super::super) const MAX_LINES: usize = 64;

impl Tally {
    /// Whether nothing was counted more often than in all.
    fn is_within(&self, all: &Tally) -> bool {
        let cells = |tally: &Tally| [&tally.counters[..], &tally.wait.counts, &tally.run.counts].concat();
        let sums = |tally: &Tally| [tally.wait.sum_ms, tally.run.sum_ms];
        let within = |some: &[u64], all: &[u64]| some.iter().zip(all).all(|(some, all)| some <= all);
        within(&cells(self), &cells(all)) && within(&sums(self), &sums(all))
    }
}

/// What is wrong with a book: its length, a stamp in a place that is not its own, or more in
/// its minutes or hours than in all.
pub(in super::super) fn fault(book: &[u8]) -> Option<String> {
    if book.len() != SLOT * SLOTS + TOTAL {
        return Some(format!("it has {} bytes, a book has {}", book.len(), SLOT * SLOTS + TOTAL));
    }
    let (slots, total) = book.split_at(SLOT * SLOTS);
    let all = Tally::of_total(total);
    let slots: Vec<&[u8]> = slots.chunks_exact(SLOT).collect();
    let (minutes, hours) = slots.split_at(MINUTES);
    for (what, slots) in [("minutes", minutes), ("hours", hours)] {
        let mut sum = Tally::default();
        for (place, slot) in slots.iter().enumerate() {
            let stamp = slot.first_chunk::<4>().map_or(0, |stamp| number(stamp));
            if stamp != 0 && stamp % slots.len() as u64 != place as u64 {
                return Some(format!("{stamp} stands at place {place} of its {what}"));
            }
            sum.add(&Tally::of_slot(slot));
        }
        if !sum.is_within(&all) {
            return Some(format!("its {what} have more than all since it was begun"));
        }
    }
    None
}

/// What is wrong with what is not in the books yet.
pub(in super::super) fn fault_in_lines(lines: &[String]) -> Option<String> {
    if lines.len() >= MAX_LINES {
        return Some(format!("{} lines or more wait for the books", lines.len()));
    }
    let known = |what: &str| what == "started" || COUNTERS.contains(&what);
    let odd = lines.iter().find(|line| !Line::parse(line).is_some_and(|line| known(&line.what)))?;
    Some(format!("it has a line that says nothing: {odd:?}"))
}
