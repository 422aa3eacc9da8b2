//! log: output chunks and the bytes they are counted as.

use jobq::core::store::{NewJob, OutputBatch};

use super::{Desk, id, job};

fn write(desk: &Desk, token: &str, batch: &OutputBatch) -> bool {
    desk.run(desk.store.log(&id("a"), token, batch)).unwrap()
}

fn batch(totals: [u64; 2], chunks: &[(u64, u8, u64, &str)], drop: &[u64]) -> OutputBatch {
    let chunks = chunks.iter().map(|(seq, stream, at, text)| (*seq, *stream, *at, text.as_bytes().to_vec()));
    OutputBatch { totals, chunks: chunks.collect(), drop: drop.to_vec() }
}

#[test]
fn chunks_are_appended_and_only_their_bytes_count() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let first = batch([5, 2], &[(1, 1, 0, "hello"), (2, 2, 0, "er")], &[]);
    assert!(desk.expect(
        |desk| write(desk, &token, &first),
        "
            + meta out_bytes = 7
            + out:a 1 = 1:0:hello
            + out:a 2 = 2:0:er
            + out:a bytes = 7
            + out:a stderr = 2
            + out:a stdout = 5
        "
    ));
    assert!(desk.unchanged(|desk| write(desk, &token, &first)));
}

#[test]
fn chunks_that_fell_out_are_dropped() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    write(&desk, &token, &batch([5, 2], &[(1, 1, 0, "hello"), (2, 2, 0, "er")], &[]));
    let second = batch([9, 2], &[(3, 1, 5, "1:2:")], &[1]);
    assert!(desk.expect(
        |desk| write(desk, &token, &second),
        "
            ~ meta out_bytes = 7 -> 6
            - out:a 1 = 1:0:hello
            + out:a 3 = 1:5:1:2:
            ~ out:a bytes = 7 -> 6
            ~ out:a stdout = 5 -> 9
        "
    ));
    assert!(desk.unchanged(|desk| write(desk, &token, &second)));
}

#[test]
fn a_chunk_that_grew_is_replaced() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    write(&desk, &token, &batch([3, 0], &[(1, 1, 0, "abc")], &[]));
    desk.expect(
        |desk| write(desk, &token, &batch([6, 0], &[(1, 1, 0, "abcdef")], &[])),
        "
            ~ meta out_bytes = 3 -> 6
            ~ out:a 1 = 1:0:abc -> 1:0:abcdef
            ~ out:a bytes = 3 -> 6
            ~ out:a stdout = 3 -> 6
        ",
    );
}

#[test]
fn what_is_no_text_comes_back_byte_for_byte() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let bytes = vec![0, 255, b':', b'\n', 0xf0, 0x28];
    let batch = OutputBatch { totals: [6, 0], chunks: vec![(1, 1, 0, bytes.clone())], drop: vec![] };
    assert!(write(&desk, &token, &batch));
    let page = desk.run(desk.store.output("a", 0)).unwrap().unwrap();
    assert_eq!((page.chunks, page.totals, page.more), (vec![(1, 1, 0, bytes)], [6, 0], false));
    assert_eq!(desk.books().hash("out:a")["bytes"], "6");
}

#[test]
fn output_is_read_in_pages_of_64() {
    let desk = Desk::new();
    let (_, token) = desk.running();
    let chunks: Vec<_> = (1..=130).map(|seq| (seq, 1, seq - 1, b"x".to_vec())).collect();
    assert!(write(&desk, &token, &OutputBatch { totals: [130, 0], chunks, drop: vec![] }));
    let mut seen = Vec::new();
    let mut pages = Vec::new();
    loop {
        let page = desk.run(desk.store.output("a", seen.last().copied().unwrap_or(0))).unwrap().unwrap();
        pages.push(page.chunks.len());
        seen.extend(page.chunks.iter().map(|chunk| chunk.0));
        if !page.more {
            break;
        }
    }
    assert_eq!((pages, seen), (vec![64, 64, 2], (1..=130).collect()));
    assert!(desk.run(desk.store.output("unheard-of", 0)).unwrap().is_none());
}

#[test]
fn who_does_not_hold_the_job_writes_nothing() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let more = batch([1, 0], &[(9, 1, 0, "x")], &[1]);
    write(&desk, &token, &batch([3, 0], &[(1, 1, 0, "abc")], &[]));
    assert!(!desk.unchanged(|desk| write(desk, "1-nw", &more)));
    desk.release("a", &token, "stop");
    assert!(!desk.unchanged(|desk| write(desk, &token, &more)));
    let next = desk.start(&who, "a").token;
    assert!(!desk.unchanged(|desk| write(desk, &token, &more)));
    desk.finish("a", &next);
    assert!(!desk.unchanged(|desk| write(desk, &next, &more)));
}

#[test]
fn a_run_that_wrote_nothing_kept_can_end_in_every_way() {
    for verdict in ["retry", "snooze", "failure", "lost", "success"] {
        let desk = Desk::new();
        let who = desk.worker("w");
        desk.enqueue(&[NewJob { ..job("a") }]);
        let token = desk.start(&who, "a").token;
        write(&desk, &token, &batch([7, 0], &[(1, 1, 0, "abc")], &[]));
        write(&desk, &token, &batch([7, 0], &[], &[1]));
        if verdict == "success" {
            desk.finish("a", &token);
        } else {
            desk.fail("a", &token, verdict, 0);
        }
        if let "retry" | "snooze" = verdict {
            desk.wake("a", 1_000);
        }
        desk.claim(&who, 1);
    }
}
