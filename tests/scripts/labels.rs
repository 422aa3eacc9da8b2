//! The index of labels.

use jobq::core::store::NewJob;

use super::{Desk, id, job};

fn labelled(name: &str, labels: &[(&str, &str)]) -> NewJob {
    let mut new = job(name);
    new.spec.labels = labels.iter().map(|(key, value)| (id(key), (*value).to_owned())).collect();
    new
}

#[test]
fn a_job_stands_under_each_of_its_labels_while_its_record_is_kept() {
    let desk = Desk::new();
    desk.expect(
        |desk| desk.enqueue(&[labelled("a", &[("team", "red"), ("size", "x=y z")])]),
        "
            + event = enqueued id=a q=q
            + in:PENDING:q a = p0#1
            + job:a bytes = BYTES
            + job:a enq = NOW
            + job:a labels = size=x=y z team=red
            + job:a queue = q
            + job:a seq = 1
            + job:a state = PENDING
            + job:a sum = SUM
            + label:size=x=y z a = NOW
            + label:team=red a = NOW
            + meta format = 1
            + meta seq = 1
            + queue:q bytes = BYTES
            + queues q = 0
            + spec:a = SPEC
        ",
    );
    desk.enqueue(&[labelled("b", &[("team", "red"), ("odd", "{\n}\u{85}é"), ("none", "")])]);
    let under = |desk: &Desk, label: &str| -> Vec<String> {
        desk.books().zset(&format!("label:{label}")).iter().map(|(id, _)| id.clone()).collect()
    };
    assert_eq!(under(&desk, "team=red"), ["a", "b"]);
    assert_eq!(
        (under(&desk, "odd={\n}\u{85}é"), under(&desk, "none=")),
        (vec!["b".into()], vec!["b".into()])
    );
    desk.cancel("a");
    assert_eq!(under(&desk, "team=red"), ["a", "b"]);
    desk.delete("a");
    assert_eq!(under(&desk, "team=red"), ["b"]);
    desk.cancel("b");
    desk.delete("b");
    assert!(desk.books().family("label:").next().is_none());
}
