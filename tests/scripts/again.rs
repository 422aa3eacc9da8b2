//! A lost reply: every verb sent twice leaves what it leaves when sent once.

use jobq::core::schedule::{Overlap, Rule};
use jobq::core::store::{NewJob, OutputBatch, When, Wish};

use super::schedules::{Schedules as _, in_an_hour, presence};
use super::{Bound, Desk, ann, id, job, registration};

/// Runs the story with each verb sent `times` times; the whole content in stable words, after
/// each step.
fn story(times: usize) -> Vec<String> {
    let desk = Desk::new();
    let mut pages = Vec::new();
    let mut send = |step: &str, verb: &dyn Fn(&Desk)| {
        for _ in 0..times {
            verb(&desk);
        }
        // A sign of life is one more sign of life, and a delay of a second may pass meanwhile; no
        // other number may differ.
        let lines = desk.all().replace("NOW+1s", "NOW").replace("NOW+2s", "NOW");
        let kept = lines.lines().filter(|line| !line.contains(" counter = "));
        pages.push(format!("after {step}:\n{}", kept.collect::<Vec<_>>().join("\n")));
    };
    let who = registration("w", &["q", "r"]);
    let other = registration("v", &["q"]);
    let (w, v) = (who.identity.clone(), other.identity.clone());
    let token = |desk: &Desk, name: &str| desk.field(name, "token");
    let tokens = std::cell::RefCell::new(std::collections::BTreeMap::new());
    let keep = |desk: &Desk| {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        *tokens.borrow_mut() = names.map(|name| (name, token(desk, name))).into_iter().collect();
    };
    let held = |name: &str| tokens.borrow()[name].clone();

    send("register", &|desk| desk.run(desk.store.register(&who)).unwrap());
    send("register v", &|desk| desk.run(desk.store.register(&other)).unwrap());
    send("limit", &|desk| {
        desk.run(desk.store.limit(&id("q"), &ann(""), &[("max_depth", Bound::Most(12))])).unwrap();
    });
    let later = NewJob { not_before: Some(When::At(9_999_999_999_999)), ..job("later") };
    let jobs: Vec<NewJob> =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i"].iter().map(|name| job(name)).chain([later]).collect();
    send("enqueue", &|desk| {
        desk.enqueue(&jobs);
    });
    send("claim", &|desk| {
        desk.pulse(&w, "one", 8, &[("q", 8)]);
    });
    send("claim v", &|desk| {
        desk.pulse(&v, "two", 1, &[("q", 1)]);
    });
    send("note", &|desk| keep(desk));
    send("renew", &|desk| {
        desk.renew(&w);
    });
    let chunk = OutputBatch { totals: [5, 0], chunks: vec![(2, 1, 0, b"hello".to_vec())], drop: vec![1] };
    send("log", &|desk| assert!(desk.run(desk.store.log(&id("a"), &held("a"), &chunk)).unwrap()));
    send("finish", &|desk| {
        desk.finish("a", &held("a"));
    });
    send("retry", &|desk| {
        desk.fail("b", &held("b"), "retry", 3_600_000);
    });
    send("snooze", &|desk| {
        desk.fail("c", &held("c"), "snooze", 3_600_000);
    });
    send("failure", &|desk| {
        desk.fail("d", &held("d"), "failure", 0);
    });
    send("lost", &|desk| {
        desk.fail("e", &held("e"), "lost", 0);
    });
    send("stop", &|desk| {
        desk.release("f", &held("f"), "stop");
    });
    send("refused", &|desk| {
        desk.release("g", &held("g"), "refused");
    });
    send("cancel", &|desk| {
        desk.run(desk.store.cancel(&["h", "b", "later"].map(id), &ann("ann"), &[])).unwrap();
    });
    send("requeue", &|desk| {
        desk.run(desk.store.requeue(&["c", "i"].map(id), &ann(""), &[])).unwrap();
    });
    send("retry by hand", &|desk| {
        desk.run(desk.store.retry(&["a", "b", "d"].map(id), &ann(""), "word", &[])).unwrap();
    });
    send("delete", &|desk| {
        desk.run(desk.store.delete(&["later"].map(id), &ann(""), &[])).unwrap();
    });
    let till = Some(When::At(9_999_999_999_999));
    send("pause", &|desk| drop(desk.run(desk.store.pause(&[id("q")], &ann(""), till)).unwrap()));
    send("resume", &|desk| drop(desk.run(desk.store.resume(&[id("q")], &ann(""))).unwrap()));
    send("order", &|desk| drop(desk.run(desk.store.order(&w.worker, Wish::Quiet, &ann(""))).unwrap()));
    send("keep", &|desk| desk.run(desk.store.keep_events(Bound::Most(500), &ann(""))).unwrap());
    let peer = std::cell::RefCell::new(None);
    send("look", &|desk| *peer.borrow_mut() = Some(desk.peer(&v)));
    send("takeover", &|desk| {
        desk.takeover(peer.borrow().as_ref().unwrap(), 30_000);
    });
    send("handback", &|desk| {
        desk.run(desk.store.handback(&w)).unwrap();
    });
    send("bye", &|desk| {
        desk.run(desk.store.bye(&v)).unwrap();
    });
    send("purge and its chores", &|desk| {
        desk.run(desk.store.purge(&id("q"), &ann("ann"))).unwrap();
        desk.drain();
    });
    pages
}

#[test]
fn twice_is_once() {
    let (once, twice) = (story(1), story(2));
    for (once, twice) in once.iter().zip(&twice) {
        assert!(once == twice, "sent once, {once}\n\nsent twice, {twice}");
    }
    assert_eq!(once.len(), twice.len());
}

#[test]
fn a_second_purge_before_the_chores_finds_nothing_left_to_do() {
    let desk = Desk::new();
    desk.add(&["a", "b"]);
    for _ in 0..2 {
        desk.run(desk.store.purge(&id("q"), &ann("ann"))).unwrap();
    }
    desk.drain();
    assert_eq!((desk.state("a"), desk.state("b")), ("REVOKED".into(), "REVOKED".into()));
    assert!(desk.books().family("chore:").next().is_none());
}

/// A schedule's verb after another, each with exactly the words of the first time: the content
/// does not change any more. Times are words here, and a publishing has a number of its own.
#[test]
fn verbs_of_schedules_and_beats_twice_are_once() {
    let desk = Desk::new();
    let send = |step: &str, verb: &dyn Fn(&Desk)| {
        let page = || {
            verb(&desk);
            let all = desk.all();
            let kept = all.lines().filter(|line| {
                !["+ meta seq", "+ origin:file gen", "+ source:file"].iter().any(|own| line.starts_with(own))
            });
            kept.collect::<Vec<_>>().join("\n")
        };
        let (once, twice) = (page(), page());
        assert!(once == twice, "{step} sent once, {once}\n\nsent twice, {twice}");
    };
    let (beat, host) = (id("b1"), id("h"));
    let mut all = ["queues", "skips", "replaces"].map(|name| in_an_hour(&desk, name));
    (all[1].overlap, all[2].overlap) = (Overlap::Skip, Overlap::Replace);
    for one in &mut all {
        one.alert_after_ms = Some(900_000);
    }
    let boot = jobq::core::schedule::Definition {
        rule: Rule::Reboot { host: host.clone() },
        ..in_an_hour(&desk, "boot")
    };
    let file = [&all[..], std::slice::from_ref(&boot)].concat();
    send("attend", &|desk| {
        desk.run(desk.store.attend(&presence(&beat, &host, &[]))).unwrap();
    });
    send("publish", &|desk| {
        desk.publish(&file);
    });
    let mut added = in_an_hour(&desk, "added");
    added.source.kind = id("added");
    send("put", &|desk| {
        desk.put(&added);
    });
    for (round, ago_ms) in [900, 800].into_iter().enumerate() {
        for one in &all {
            // As it was read before the first of both.
            let due = desk.overdue(one.name.as_str(), ago_ms);
            send(&format!("tick {round} of {}", one.name), &|desk| drop(desk.act(one, &due)));
        }
    }
    let boots = desk.run(desk.store.due(0, Some((&host, "boot-2")))).unwrap().boots;
    let now_ms = desk.now_ms();
    send("tick of a boot", &|desk| drop(desk.act_on_boot(&boot, "boot-2", &boots[0], now_ms)));
    for one in &all {
        let word = id(&format!("{}-now", one.name));
        send("trigger", &|desk| {
            drop(desk.run(desk.store.schedule_trigger(&one.name, &word, &ann(""))).unwrap());
        });
    }
    desk.raw(&["ZADD", "jobq:{t}:alarms", "1000", "queues"]);
    let alarm = desk.run(desk.store.due(0, None)).unwrap().alarms.remove(0);
    send("alarm", &|desk| {
        desk.run(desk.store.alarm(&alarm, "{}", &job("told"))).unwrap();
    });
    let till = Some(When::At(9_999_999_999_999));
    send("pause", &|desk| {
        assert!(desk.run(desk.store.schedule_pause(&id("skips"), &ann("a"), till)).unwrap());
    });
    send("resume", &|desk| {
        desk.run(desk.store.schedule_resume(&id("skips"), &ann(""))).unwrap();
    });
    send("remove", &|desk| drop(desk.run(desk.store.schedule_remove(&id("skips"), &ann(""))).unwrap()));
    send("publish less", &|desk| {
        desk.publish(&file[2..]);
    });
    send("leave", &|desk| desk.run(desk.store.leave(&beat)).unwrap());
}
