//! `--durable 1` means that the job outlives the primary: it is killed while producers send, its
//! replica, which falls behind now and then, takes its place, and has every job of those that were
//! told so. Beside them, for comparison, producers that did not ask for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value as Json, json};

use super::lanes::{self, Progress};
use super::stage::{Rng, lock};
use crate::support::{PATIENCE, Room, Server, wait_for};

/// Told that it is in, by id: of those that asked for a replica, and of the others.
type Told = [Mutex<Vec<String>>; 2];

/// What came of some rounds.
#[derive(Debug, Default)]
struct Tally {
    told: [usize; 2],
    lost: [usize; 2],
}

/// Kills so many primaries.
pub fn durable(seed: u64, rounds: usize, lanes: usize) -> Json {
    let run = |lane: usize, own: usize, progress: &Progress| {
        let (mut rng, mut sum) = (Rng::new(seed, lane as u64), Tally::default());
        for _ in 0..own {
            let one = one_round(&mut rng);
            for which in 0..2 {
                sum.told[which] += one.told[which];
                sum.lost[which] += one.lost[which];
            }
            progress.step();
        }
        sum
    };
    let parts = lanes::each(rounds, lanes, run);
    let sum = |count: fn(&Tally) -> usize| parts.iter().map(count).sum::<usize>();
    json!({
        "rounds": rounds,
        "accepted": sum(|one| one.told[0]),
        "lost": sum(|one| one.lost[0]),
        "accepted_without_durable": sum(|one| one.told[1]),
        "lost_without_durable": sum(|one| one.lost[1]),
    })
}

fn one_round(rng: &mut Rng) -> Tally {
    let mut primary = Server::options().tcp().config("repl-diskless-sync-delay 0").start();
    let replica = Server::options().config(&format!("replicaof 127.0.0.1 {}", primary.port())).start();
    wait_for("the replica", PATIENCE, || primary.cli(&["WAIT", "1", "100"]).int() == 1);
    let room = Room::new(&primary);
    let (told, over) = (Told::default(), AtomicBool::new(false));
    let (mut pauses, kill_after) = (Rng::new(rng.next(), 1), rng.ms(400, 900));
    thread::scope(|scope| {
        for producer in 0..4 {
            let (room, told, over) = (&room, &told[producer % 2], &over);
            scope.spawn(move || {
                let durable: &[&str] = if producer % 2 == 0 { &["--durable", "1"] } else { &[] };
                for number in 0.. {
                    let id = format!("d{producer}.{number}");
                    let words = [&["enqueue", "--quiet", "--id", &id], durable, &["--", "true"]].concat();
                    let sent = room.jobq(words).run();
                    if sent.code == Some(0) {
                        lock(told).push(id);
                    }
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
        let (replica, over) = (&replica, &over);
        scope.spawn(move || {
            while !over.load(Ordering::SeqCst) {
                thread::sleep(pauses.ms(10, 60));
                replica.stop();
                thread::sleep(pauses.ms(10, 100));
                replica.cont();
            }
        });
        thread::sleep(kill_after);
        primary.kill9();
        over.store(true, Ordering::SeqCst);
    });
    replica.cli(&["REPLICAOF", "NO", "ONE"]);
    let missing = |ids: &[String]| {
        let there = |id: &&String| replica.cli(&["EXISTS", &format!("jobq:{{test}}:job:{id}")]).int() == 1;
        ids.iter().filter(|id| !there(id)).count()
    };
    let told = told.map(|list| list.into_inner().unwrap_or_default());
    Tally { told: [told[0].len(), told[1].len()], lost: [missing(&told[0]), missing(&told[1])] }
}
