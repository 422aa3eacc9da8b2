use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The store, as the simplest thing that can apply batches.
#[derive(Default)]
struct Store(BTreeMap<u64, Chunk>);

impl Store {
    fn apply(&mut self, batch: &Batch) {
        for seq in &batch.drop {
            assert!(batch.chunks.iter().all(|chunk| chunk.seq != *seq));
            self.0.remove(seq);
        }
        for chunk in &batch.chunks {
            assert!(!chunk.bytes.is_empty() && chunk.bytes.len() <= CHUNK_BYTES);
            self.0.insert(chunk.seq, chunk.clone());
        }
    }

    fn chunks(&self) -> Vec<Chunk> {
        self.0.values().cloned().collect()
    }

    fn count(&self, stream: Stream) -> usize {
        self.0.values().filter(|chunk| chunk.stream == stream).count()
    }
}

fn expected(all: &[u8], keep: Keep) -> Cut {
    let head = all.len().min(keep.head);
    let tail = all.len().saturating_sub(keep.tail).max(head);
    let gap = if tail == all.len() { 0 } else { (tail - head) as u64 };
    Cut { head: all[..head].to_vec(), gap, tail: all[tail..].to_vec() }
}

fn settle(recorder: &mut Recorder, store: &mut Store, max_bytes: usize, max_chunks: usize) {
    while let Some(batch) = recorder.take_batch(max_bytes, max_chunks) {
        store.apply(&batch);
        recorder.ack();
    }
    assert!(recorder.is_settled());
}

#[derive(Debug, Clone)]
enum Step {
    Push(Stream, usize),
    /// Tiny writes, each sent by itself.
    Trickle(Stream, usize),
    Send {
        max_bytes: usize,
        max_chunks: usize,
        lost_replies: u8,
        acknowledged: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let stream = || prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    let size = prop_oneof![0..20_usize, 0..3000_usize, 0..70_000_usize];
    let step = prop_oneof![
        4 => (stream(), size).prop_map(|(stream, size)| Step::Push(stream, size)),
        2 => (stream(), 1..400_usize).prop_map(|(stream, times)| Step::Trickle(stream, times)),
        4 => (1..80_000_usize, 1..20_usize, 0..3_u8, any::<bool>()).prop_map(
            |(max_bytes, max_chunks, lost_replies, acknowledged)| {
                Step::Send { max_bytes, max_chunks, lost_replies, acknowledged }
            }
        ),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_store_ends_with_head_and_tail_byte_for_byte(
        steps in steps(),
        head in 0..40_000_usize,
        tail in 0..120_000_usize,
    ) {
        let keep = Keep { head, tail };
        let mut recorder = Recorder::new(keep);
        let mut store = Store::default();
        let mut written: BTreeMap<Stream, Vec<u8>> = BTreeMap::new();
        let mut next = 0_u32;
        let mut make = |size: usize| -> Vec<u8> {
            (0..size).map(|_| { next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); (next >> 24) as u8 }).collect()
        };
        for step in steps {
            match step {
                Step::Push(stream, size) => {
                    let bytes = make(size);
                    written.entry(stream).or_default().extend(&bytes);
                    recorder.push(stream, &bytes);
                }
                Step::Trickle(stream, times) => for _ in 0..times {
                    let bytes = make(3);
                    written.entry(stream).or_default().extend(&bytes);
                    recorder.push(stream, &bytes);
                    if let Some(batch) = recorder.take_batch(4096, 4) {
                        store.apply(&batch);
                        recorder.ack();
                    }
                    prop_assert!(store.count(stream) <= 300, "{}", store.count(stream));
                },
                Step::Send { max_bytes, max_chunks, lost_replies, acknowledged } => {
                    for _ in 0..lost_replies {
                        if let Some(batch) = recorder.take_batch(max_bytes, max_chunks) {
                            store.apply(&batch);
                        }
                    }
                    if acknowledged {
                        recorder.ack_after(&mut store, max_bytes, max_chunks);
                    }
                }
            }
            let stored: usize = store.0.values().map(|chunk| chunk.bytes.len()).sum();
            prop_assert!(stored <= 2 * (head + tail + CHUNK_BYTES) + 80_000);
        }
        settle(&mut recorder, &mut store, 10_000, 3);
        for stream in [Stream::Stdout, Stream::Stderr] {
            let all = written.remove(&stream).unwrap_or_default();
            prop_assert_eq!(recorder.total(stream), all.len() as u64);
            prop_assert_eq!(recorder.gap(stream), (all.len().saturating_sub(head + tail)) as u64);
            let cut = cut(&store.chunks(), stream, all.len() as u64, keep);
            prop_assert_eq!(cut, expected(&all, keep));
            let last = recorder.tail_of(stream, 100.min(tail));
            prop_assert!(all.ends_with(&last));
            prop_assert_eq!(last.len(), all.len().min(100.min(tail)));
            prop_assert!(store.count(stream) <= 300);
        }
    }
}

impl Recorder {
    fn ack_after(&mut self, store: &mut Store, max_bytes: usize, max_chunks: usize) {
        if let Some(batch) = self.take_batch(max_bytes, max_chunks) {
            store.apply(&batch);
            self.ack();
        }
    }
}

#[test]
fn a_batch_stays_the_same_until_it_is_acknowledged() {
    let mut recorder = Recorder::new(Keep::default());
    recorder.push(Stream::Stdout, b"one");
    let first = recorder.take_batch(1000, 10).unwrap();
    recorder.push(Stream::Stderr, b"two");
    assert_eq!(recorder.take_batch(1000, 10).unwrap(), first);
    recorder.ack();
    let second = recorder.take_batch(1000, 10).unwrap();
    assert_eq!(second.chunks[0].bytes, b"two");
    assert_eq!(second.chunks[0].seq, 2);
    recorder.ack();
    assert!(recorder.take_batch(1000, 10).is_none() && recorder.is_settled());
}

#[test]
fn a_flood_nobody_reads_costs_no_more_memory_than_what_is_kept() {
    let keep = Keep::default();
    let mut recorder = Recorder::new(keep);
    let block = vec![7_u8; 64 * 1024];
    for _ in 0..2000 {
        recorder.push(Stream::Stdout, &block);
    }
    let track = recorder.track(Stream::Stdout);
    assert!(track.ring.capacity() <= 2 * keep.tail, "{}", track.ring.capacity());
    assert!(track.head.capacity() <= 2 * keep.head);
    let mut store = Store::default();
    settle(&mut recorder, &mut store, 64 * 1024, 8);
    let total = recorder.total(Stream::Stdout);
    let cut = cut(&store.chunks(), Stream::Stdout, total, keep);
    assert_eq!((cut.head.len(), cut.tail.len()), (keep.head, keep.tail));
    assert_eq!(cut.gap, recorder.gap(Stream::Stdout));
    assert_eq!(cut.end(), total);
}

#[test]
fn a_day_of_single_letters_stays_a_few_hundred_chunks() {
    let mut recorder = Recorder::new(Keep::default());
    let mut store = Store::default();
    let (mut most, mut sent) = (0, 0);
    for _ in 0..86_400 {
        recorder.push(Stream::Stdout, b".");
        let batch = recorder.take_batch(16 * 1024, 16).unwrap();
        sent += batch.chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>();
        store.apply(&batch);
        recorder.ack();
        most = most.max(store.0.len());
    }
    assert!(most <= 300, "{most}");
    // Merging may repeat bytes, within reason.
    assert!(sent < 86_400 * 40, "{sent}");
}

#[test]
fn a_quiet_stream_is_heard_beside_a_loud_one() {
    let mut recorder = Recorder::new(Keep::default());
    recorder.push(Stream::Stdout, &[b'x'; 200_000]);
    recorder.push(Stream::Stderr, b"help");
    let batch = recorder.take_batch(20_000, 4).unwrap();
    assert!(batch.chunks.iter().any(|chunk| chunk.bytes == b"help"));
}

#[test]
fn a_cut_with_holes_says_what_it_has() {
    let chunk =
        |seq, offset, bytes: &[u8]| Chunk { seq, stream: Stream::Stdout, offset, bytes: bytes.to_vec() };
    let keep = Keep { head: 4, tail: 4 };
    let some = [chunk(2, 8, b"ij"), chunk(1, 0, b"ab")];
    let cut = cut(&some, Stream::Stdout, 12, keep);
    assert_eq!(cut, Cut { head: b"ab".to_vec(), gap: 6, tail: b"ij".to_vec() });
    assert_eq!(super::cut(&[], Stream::Stdout, 12, keep), Cut::default());
}
