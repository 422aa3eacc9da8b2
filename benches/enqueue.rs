//! One `jobq enqueue -- true` from exec to exit, beside programs that do less.

use std::process::Command;

use crate::stage;
use crate::verdict::{Promise, Samples, Verdict};

const ROUNDS: usize = 400;

pub fn measure() -> Vec<Verdict> {
    let server = stage::server();
    let socket = server.socket();
    let mut nothing = stage::command("/bin/true", &server);
    let mut jobq = stage::jobq(&server, &["enqueue", "--quiet", "--", "true"]);
    let mut push: Command = stage::command("/usr/bin/redis-cli", &server);
    push.arg("-s").arg(&socket).args(["LPUSH", "list", "true"]);
    let mut samples = [Samples::default(), Samples::default(), Samples::default()];
    for round in 0..ROUNDS + 10 {
        for (command, samples) in [&mut nothing, &mut jobq, &mut push].into_iter().zip(&mut samples) {
            let took = stage::time(command);
            // The first few only warm the caches.
            if round >= 10 {
                samples.add(took);
            }
        }
    }
    let [nothing, jobq, push] = samples;
    nothing.print("/bin/true");
    jobq.print("jobq enqueue -- true");
    push.print("redis-cli LPUSH");
    vec![
        Verdict::new(
            "jobq enqueue, unix socket, against /bin/true",
            Promise::AtMost(2.5),
            jobq.median() / nothing.median(),
        ),
        Verdict::new(
            "jobq enqueue against redis-cli LPUSH",
            Promise::AtMost(1.0),
            jobq.median() / push.median(),
        ),
    ]
}
