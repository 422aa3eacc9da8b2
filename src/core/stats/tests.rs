use super::*;
use proptest::prelude::*;

#[test]
fn a_bucket_holds_the_times_up_to_its_bound() {
    let cases = [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (1 << 26, 26),
        ((1 << 26) + 1, 27),
        (u64::MAX / 2, 27),
    ];
    for (ms, place) in cases {
        assert_eq!(bucket(ms), place, "{ms} ms");
    }
    assert_eq!((bound_ms(0), bound_ms(10), bound_ms(BUCKETS - 1)), (Some(1), Some(1024), None));
}

#[test]
fn nothing_counted_has_no_mean_and_no_percentile() {
    let none = Histogram::default();
    assert_eq!((none.count(), none.mean_ms(), none.quantile_ms(0.5)), (0, None, None));
    assert_eq!(Tally::default().failure_rate(), None);
}

#[test]
fn a_line_counts_what_it_says() {
    let mut tally = Tally::default();
    let lines = [
        "enqueued 29000000 q mail 7",
        "started 29000000 q mail 100",
        "SUCCESS 29000000 q mail 50",
        "retried 29000000 q mail 60",
        "FAILURE 29000000 q mail 70",
        "FAILURE 29000000 q mail -",
        "REVOKED 29000000 q  -",
        "EXPIRED 29000000 q  -",
        "lost 29000000 q  -",
        "snoozed 29000000 q  -",
        "released 29000000 q  -",
    ];
    for line in lines {
        tally.count(&Line::parse(line).unwrap());
    }
    assert_eq!(tally.counters, [7, 1, 2, 1, 1, 2, 1, 1, 1, 1]);
    assert_eq!((tally.started(), tally.wait.sum_ms), (1, 100));
    assert_eq!((tally.run.count(), tally.run.sum_ms), (3, 180));
    assert_eq!((tally.finished(), tally.failure_rate()), (5, Some(2.0 / 3.0)));
}

#[test]
fn a_window_begins_with_a_whole_minute_or_hour() {
    let now_ms = 29_000_000 * 60_000 + 30_000;
    let start = |ms| Window::of_ms(ms).unwrap().start_ms(now_ms);
    assert_eq!(now_ms - start(60_000), 90_000);
    assert_eq!(now_ms - start(61_000), 150_000);
    assert_eq!(now_ms - start(3_600_000), 3_630_000);
    assert_eq!(start(3_600_001) % 3_600_000, 0);
    assert!((86_400_000..90_000_000).contains(&(now_ms - start(86_400_000))));
    assert!(Window::of_ms(59_999).is_err() && Window::of_ms(Window::MOST_MS + 1).is_err());
}

proptest! {
    #[test]
    fn a_percentile_is_right_within_its_bucket(
        mut times in proptest::collection::vec(1u64..50_000_000, 1..300),
        part in 0.01f64..0.999,
    ) {
        let mut histogram = Histogram::default();
        times.iter().for_each(|ms| histogram.record(*ms));
        times.sort_unstable();
        let rank = (part * times.len() as f64).ceil() as usize;
        let exact = times[rank.max(1) - 1] as f64;
        let said = histogram.quantile_ms(part).unwrap();
        prop_assert!(said / exact <= 2.0 && exact / said <= 2.0, "{said} for {exact}");
        let mean = times.iter().sum::<u64>() as f64 / times.len() as f64;
        prop_assert!((histogram.mean_ms().unwrap() - mean).abs() < 1e-6 * mean.max(1.0));
    }
}

#[test]
fn a_book_that_does_not_add_up_is_told() {
    const LEN: usize = SLOT * 113 + 8 * 69;
    let faulty = |change: fn(&mut [u8])| {
        let mut book = vec![0; LEN];
        change(&mut book);
        fault(&book)
    };
    assert_eq!(faulty(|_| {}), None);
    assert_eq!(fault(&[0; 9]), Some(format!("it has 9 bytes, a book has {LEN}")));
    // The slot of the third minute is for minute 4, which belongs to the next place.
    assert_eq!(faulty(|book| book[3 * SLOT + 3] = 4).unwrap(), "4 stands at place 3 of its minutes");
    let more = faulty(|book| book[70 * SLOT + 7] = 1);
    assert_eq!(more.unwrap(), "its hours have more than all since it was begun");
    assert_eq!(faulty(|book| (book[70 * SLOT + 7], book[SLOT * 113 + 15]) = (1, 1)), None);
    let lines = |line: &str, count| fault_in_lines(&vec![line.to_owned(); count]);
    assert_eq!(lines("started 29000000 q  5", 63), None);
    assert!(lines("started 29000000 q  5", 64).is_some() && lines("dance 29000000 q  5", 1).is_some());
}
