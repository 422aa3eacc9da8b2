//! register, renew and bye.

use jobq::core::store::{Beat, Identity};

use super::{Desk, id, registration};

#[test]
fn a_worker_enters_the_books() {
    let desk = Desk::new();
    let register = |desk: &Desk| desk.run(desk.store.register(&registration("w", &["q", "r"]))).unwrap();
    desk.expect(
        register,
        "
            + event = joined w=w h=h-w
            + meta format = 1
            + queues q = 0
            + queues r = 0
            + serves:q w = NOW
            + serves:r w = NOW
            + worker:w boot = boot
            + worker:w counter = 1
            + worker:w halves = halves of w
            + worker:w host = h-w
            + worker:w label = 
            + worker:w lease = 30000
            + worker:w mode = running
            + worker:w nonce = nw
            + worker:w pid = 7
            + worker:w queues = q r
            + worker:w seen = NOW
            + worker:w slots = 4
            + worker:w started = NOW
            + worker:w version = 0.1
            + workers w = 0
        ",
    );
}

#[test]
fn a_second_registration_brings_the_facts_up_to_date() {
    let desk = Desk::new();
    desk.worker("w");
    let mut facts = registration("w", &["r", "s"]);
    facts.label = Some(id("blue"));
    facts.slots = 9;
    facts.identity.nonce = "other".to_owned();
    desk.expect(
        |desk| desk.run(desk.store.register(&facts)).unwrap(),
        "
            + queues s = 0
            - serves:q w = NOW
            ~ serves:r w = NOW -> NOW
            + serves:s w = NOW
            ~ worker:w counter = 1 -> 2
            ~ worker:w label =  -> blue
            ~ worker:w nonce = nw -> other
            ~ worker:w queues = q r -> r s
            ~ worker:w seen = NOW -> NOW
            ~ worker:w slots = 4 -> 9
        ",
    );
}

#[test]
fn a_renewal_moves_the_counter_and_nothing_else() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let renew =
        |desk: &Desk| desk.run(desk.store.renew(&who, "quiet", None, 9, &[("a", &token)], None)).unwrap();
    let Beat::Ok(pulse) = desk.expect(
        renew,
        "
            ~ worker:w counter = 2 -> 3
            ~ worker:w mode = running -> quiet
            ~ worker:w seen = NOW -> NOW
        ",
    ) else {
        panic!("known")
    };
    assert!(pulse.lost.is_empty() && pulse.mail.is_empty() && pulse.peers.is_empty());
}

#[test]
fn a_renewal_lists_what_is_lost() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.add(&["a", "b", "c"]);
    let jobs = desk.claim(&who, 3);
    desk.finish("b", &jobs[1].token);
    let held = [("a", jobs[0].token.as_str()), ("b", &jobs[1].token), ("c", "1-nw"), ("gone", "2-nw")];
    let Beat::Ok(pulse) = desk.run(desk.store.renew(&who, "running", None, 9, &held, None)).unwrap() else {
        panic!("known")
    };
    assert_eq!(pulse.lost, ["b", "c", "gone"]);
}

#[test]
fn mail_is_repeated_until_the_job_ends() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    desk.cancel("a");
    let mail = vec![("a".to_owned(), "cancel".to_owned())];
    assert_eq!(desk.renew(&who).mail, mail);
    assert_eq!(desk.renew(&who).mail, mail);
    assert_eq!(desk.pulse(&who, "r", 1, &[("q", 1)]).mail, mail);
    desk.fail("a", &token, "revoke", 0);
    assert!(desk.renew(&who).mail.is_empty());
}

#[test]
fn peers_come_in_pages() {
    let desk = Desk::new();
    let workers: Vec<String> = (0..40).map(|number| format!("w{number:02}")).collect();
    for name in &workers {
        desk.worker(name);
    }
    let who = desk.worker("w00");
    desk.add(&["a"]);
    desk.start(&who, "a");
    let page =
        |after: &str| match desk.run(desk.store.renew(&who, "running", Some(after), 9, &[], None)).unwrap() {
            Beat::Ok(pulse) => pulse.peers,
            Beat::Unknown => panic!("known"),
        };
    let first = page("-");
    let second = page(&first[first.len() - 1].worker);
    let seen: Vec<&str> = first.iter().chain(&second).map(|peer| peer.worker.as_str()).collect();
    assert_eq!((first.len(), seen), (32, workers.iter().map(String::as_str).collect()));
    assert_eq!((first[0].held, first[1].held, first[1].lease_ms), (1, 0, Some(30_000)));
    assert!(page(&second[second.len() - 1].worker).is_empty());
    assert!(page("").is_empty());
}

#[test]
fn the_queues_are_said_again_when_asked() {
    let desk = Desk::new();
    let who = desk.worker("w");
    desk.raw(&["ZADD", "jobq:{t}:serves:q", "1", "w"]);
    desk.raw(&["ZADD", "jobq:{t}:serves:r", "1", "w"]);
    desk.expect(
        |desk| desk.run(desk.store.renew(&who, "running", None, 9, &[], Some(&["q"]))).unwrap(),
        "
            ~ serves:q w = 1 -> NOW
            ~ worker:w counter = 1 -> 2
            ~ worker:w seen = NOW -> NOW
        ",
    );
}

#[test]
fn a_forged_nonce_is_unknown() {
    let desk = Desk::new();
    let (who, _) = desk.running();
    let forged = Identity { nonce: "x".to_owned(), ..who };
    let stranger = Identity { worker: id("nobody"), nonce: String::new() };
    desk.unchanged(|desk| {
        for one in [&forged, &stranger] {
            let beat = desk.run(desk.store.renew(one, "running", Some("-"), 9, &[], Some(&["q"]))).unwrap();
            assert!(matches!(beat, Beat::Unknown));
            assert!(desk.run(desk.store.bye(one)).unwrap());
            assert_eq!(desk.run(desk.store.handback(one)).unwrap(), (0, 0));
        }
    });
}

#[test]
fn a_worker_with_jobs_cannot_leave() {
    let desk = Desk::new();
    let (who, token) = desk.running();
    assert!(!desk.unchanged(|desk| desk.run(desk.store.bye(&who)).unwrap()));
    desk.finish("a", &token);
    assert!(desk.expect(
        |desk| desk.run(desk.store.bye(&who)).unwrap(),
        "
            + event = left w=w h=h-w
            - serves:q w = NOW
            - serves:r w = NOW
            - worker:w boot = boot
            - worker:w counter = 2
            - worker:w got = a
            - worker:w halves = halves of w
            - worker:w host = h-w
            - worker:w label = 
            - worker:w lease = 30000
            - worker:w mode = running
            - worker:w nonce = nw
            - worker:w pid = 7
            - worker:w queues = q r
            - worker:w req = r1
            - worker:w seen = NOW
            - worker:w slots = 4
            - worker:w started = NOW
            - worker:w version = 0.1
            - workers w = 0
        "
    ));
    assert!(desk.unchanged(|desk| desk.run(desk.store.bye(&who)).unwrap()));
}
