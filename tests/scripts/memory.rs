//! A full server: nothing new is taken, and everything that runs can end.

use jobq::core::error::Error;
use jobq::core::state::State;
use jobq::core::store::{Beat, Came, Enqueued, NewJob, Settled};

use super::{Bound, Desk, ann, id, job, names};

#[test]
fn a_full_server_refuses_only_new_work() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let running: Vec<String> = (0..6).map(|number| format!("run{number}")).collect();
    desk.add(&running.iter().map(String::as_str).collect::<Vec<_>>());
    let held = desk.claim(&who, 6);
    let waiting: Vec<String> = (0..4).map(|number| format!("wait{number}")).collect();
    desk.add(&waiting.iter().map(String::as_str).collect::<Vec<_>>());
    desk.raw(&["CONFIG", "SET", "maxmemory", "1"]);

    let refused = desk.unchanged(|desk| {
        let big = NewJob { stdin: Some(vec![b'x'; 100_000]), ..job("big") };
        [
            desk.run(desk.store.enqueue(&[job("b"), big])).err(),
            desk.run(desk.store.log(&id("run0"), &held[0].token, &Default::default())).err(),
        ]
    });
    for error in refused {
        assert!(matches!(error, Some(Error::Refusing { .. })), "{error:?}");
    }

    // A worker says what its file says of queues when it starts, and must be able to start.
    assert!(desk.run(desk.store.limit(&id("q"), &ann(""), &[("file_max_depth", Bound::Most(100))])).is_ok());
    let token = |place: usize| held[place].token.as_str();
    let done = |state| Settled::Done(Some(state));
    assert_eq!(desk.finish("run0", token(0)), done(State::Success));
    assert_eq!(desk.fail("run1", token(1), "retry", 60_000), done(State::Retry));
    assert_eq!(desk.fail("run2", token(2), "failure", 0), done(State::Failure));
    assert_eq!(desk.fail("run3", token(3), "snooze", 0), done(State::Scheduled));
    assert_eq!(desk.release("run4", token(4), "stop"), done(State::Pending));
    assert_eq!(desk.cancel("run5"), Came::Cancelling);
    assert_eq!(desk.fail("run5", token(5), "revoke", 0), done(State::Revoked));
    assert_eq!(desk.cancel("wait3"), Came::Cancelled);
    assert!(matches!(desk.run(desk.store.renew(&who, "running", None, 9, &[], None)), Ok(Beat::Ok(_))));
    assert_eq!(names(&desk.claim(&who, 1)), ["run4"]);
    let other = desk.worker("v");
    assert_eq!(desk.claim(&other, 1).len(), 1);
    assert_eq!(desk.takeover(&desk.peer(&other), 30_000), Some(1));
    assert_eq!(desk.run(desk.store.handback(&who)).unwrap(), (1, 0));
    assert!(desk.run(desk.store.bye(&other)).unwrap());
    assert!(desk.run(desk.store.purge(&id("q"), &ann("full"))).unwrap() > 0);
    desk.drain();

    desk.raw(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(matches!(desk.enqueue(&[job("b")]), Enqueued::Accepted(_)));
}

#[test]
fn a_server_filled_by_enqueues_holds_only_whole_jobs() {
    let desk = Desk::new();
    let used = desk.run(desk.store.server()).unwrap().used_memory;
    desk.raw(&["CONFIG", "SET", "maxmemory", &(used + 600_000).to_string()]);
    let mut accepted = 0;
    let refused = (0..2_000).find_map(|number| {
        let jobs = ["x", "y"].map(|side| {
            let stdin = Some(vec![b'x'; 2_000]);
            NewJob { stdin, ..job(&format!("{side}{number}")) }
        });
        match desk.run(desk.store.enqueue(&jobs)) {
            Ok(_) => {
                accepted += 2;
                None
            }
            Err(error) => Some(error),
        }
    });
    assert!(matches!(refused, Some(Error::Refusing { .. })), "{refused:?}");
    assert!(accepted > 0);
    assert_eq!(desk.books().family("job:").count(), accepted);
}
