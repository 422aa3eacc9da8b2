//! pause and resume, limits said by operator and file, what is asked of workers, and how many
//! events are kept.

use jobq::core::store::{When, Wish};

use super::{Bound, Desk, ann, id, names};

fn pause(desk: &Desk, until: Option<When>) -> Option<Vec<Option<jobq::core::report::Pause>>> {
    desk.run(desk.store.pause(&[id("q")], &ann("the relay is down"), until)).unwrap()
}

#[test]
fn nothing_of_a_paused_queue_starts() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.add(&["b"]);
    desk.expect(
        |desk| pause(desk, None),
        "
            + event = paused q=q u=ann h=desk r=the relay is down
            + queue:q paused = NOW
            + queue:q paused_by = ann
            + queue:q paused_on = desk
            + queue:q paused_why = the relay is down
        ",
    );
    desk.unchanged(|desk| pause(desk, None));
    let pulse = desk.pulse(&who, &desk.request(), 2, &[("q", 2)]);
    assert!(pulse.jobs.is_empty() && !pulse.withheld && pulse.next_due_ms.is_none());
    // What runs goes on, what comes is accepted.
    desk.finish("a", &token);
    desk.add(&["c"]);
    desk.expect(
        |desk| desk.run(desk.store.resume(&[id("q")], &ann(""))).unwrap(),
        "
            + event = resumed q=q u=ann h=desk
            - queue:q paused = NOW
            - queue:q paused_by = ann
            - queue:q paused_on = desk
            - queue:q paused_why = the relay is down
        ",
    );
    assert_eq!(
        desk.unchanged(|desk| desk.run(desk.store.resume(&[id("q")], &ann(""))).unwrap()),
        [Some(false)]
    );
    assert_eq!(names(&desk.claim(&who, 2)), ["b", "c"]);
}

#[test]
fn a_pause_ends_at_its_time_by_itself() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a"]);
    let paused = desk.expect(
        |desk| pause(desk, Some(When::In(600_000))),
        "
            + event = paused q=q due=NOW+10m u=ann h=desk r=the relay is down
            + queue:q paused = NOW
            + queue:q paused_by = ann
            + queue:q paused_on = desk
            + queue:q paused_until = NOW+10m
            + queue:q paused_why = the relay is down
        ",
    );
    let until = paused.unwrap()[0].as_ref().unwrap().until_ms.unwrap();
    let pulse = desk.pulse(&who, &desk.request(), 1, &[("q", 1)]);
    assert_eq!((pulse.jobs.len(), pulse.next_due_ms), (0, Some(until)));
    let queue = |desk: &Desk| desk.run(desk.store.queues()).unwrap().1.remove(0).paused;
    assert_eq!(queue(&desk).unwrap().why, "the relay is down");
    desk.raw(&["HSET", "jobq:{t}:queue:q", "paused_until", &(desk.now_ms() - 1).to_string()]);
    assert_eq!(queue(&desk), None);
    assert_eq!(
        desk.unchanged(|desk| desk.run(desk.store.resume(&[id("q")], &ann(""))).unwrap()),
        [Some(false)]
    );
    assert_eq!(names(&desk.claim(&who, 1)), ["a"]);
    let told = desk.books().events().iter().any(|event| event == "resumed q=q r=its time was over");
    assert!(told && !desk.books().hash("queue:q").contains_key("paused"));
}

#[test]
fn other_queues_go_on_and_unknown_ones_are_named() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut elsewhere = super::job("x");
    elsewhere.spec.queue = id("r");
    desk.add(&["a"]);
    desk.enqueue(&[elsewhere]);
    let both = ["q", "nowhere"].map(id);
    let paused = desk.run(desk.store.pause(&both, &ann(""), None)).unwrap().unwrap();
    assert_eq!(paused.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
    assert_eq!(names(&desk.pulse(&who, &desk.request(), 2, &[("q", 2), ("r", 2)]).jobs), ["x"]);
    assert_eq!(desk.run(desk.store.resume(&both, &ann(""))).unwrap(), [Some(true), None]);
    assert_eq!(desk.unchanged(|desk| pause(desk, Some(When::At(1)))), None);
}

#[test]
fn an_operators_word_goes_before_the_file_and_none_lifts_both() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b", "c", "d"]);
    let limit =
        |settings: &[(&str, Bound)]| desk.run(desk.store.limit(&id("q"), &ann(""), settings)).unwrap();
    limit(&[("file_max_running", Bound::Most(1))]);
    assert_eq!(names(&desk.claim(&who, 4)), ["a"]);
    limit(&[("max_running", Bound::Most(2))]);
    assert_eq!(names(&desk.claim(&who, 4)), ["b"]);
    limit(&[("max_running", Bound::Unsaid)]);
    assert!(desk.claim(&who, 4).is_empty());
    limit(&[
        ("max_running", Bound::None),
        ("file_rate", Bound::Most(1)),
        ("file_rate_ms", Bound::Most(3_600_000)),
    ]);
    assert_eq!(names(&desk.claim(&who, 4)), ["c"]);
    assert!(desk.claim(&who, 4).is_empty());
    limit(&[("rate", Bound::None)]);
    assert_eq!(names(&desk.claim(&who, 4)), ["d"]);
    limit(&[("max_depth", Bound::None), ("file_max_depth", Bound::Most(1))]);
    desk.add(&["e"]);
}

#[test]
fn a_worker_finds_in_its_mail_what_is_asked_of_it() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let ask = |desk: &Desk, wish| desk.run(desk.store.order(&who.worker, wish, &ann("upgrade"))).unwrap();
    let answer = desk
        .expect(
            |desk| ask(desk, Wish::Quiet),
            "
            + event = quiet w=w u=ann h=desk r=upgrade
            + mail:w @ = quiet
            + worker:w order = quiet
            + worker:w order_by = ann
            + worker:w order_on = desk
            + worker:w order_why = upgrade
        ",
        )
        .unwrap();
    assert_eq!(answer.mode, "running");
    desk.unchanged(|desk| ask(desk, Wish::Quiet));
    assert_eq!(desk.renew(&who).mail, [("@".to_owned(), "quiet".to_owned())]);
    ask(&desk, Wish::StopNow);
    let pulse = desk.pulse(&who, &desk.request(), 0, &[("q", 0)]);
    assert_eq!(pulse.mail, [("@".to_owned(), "stop_now".to_owned())]);
    desk.run(desk.store.bye(&who)).unwrap();
    assert_eq!(desk.unchanged(|desk| ask(desk, Wish::Run)), None);
    assert!(desk.books().hash("mail:w").is_empty());
}

#[test]
fn the_bound_of_the_stream_is_a_setting() {
    let desk = Desk::new();
    desk.add(&["a"]);
    let keep = |desk: &Desk, most| desk.run(desk.store.keep_events(most, &ann(""))).unwrap();
    desk.expect(
        |desk| keep(desk, Bound::Most(50)),
        "
            + event = limited s=events=50 u=ann h=desk
            + meta events = 50
        ",
    );
    desk.unchanged(|desk| keep(desk, Bound::Most(50)));
    keep(&desk, Bound::Most(0));
    desk.add(&["b"]);
    assert!(desk.books().events().is_empty());
    desk.expect(
        |desk| keep(desk, Bound::Unsaid),
        "
            + event = limited s=events=100000 u=ann h=desk
            - meta events = 0
        ",
    );
}
