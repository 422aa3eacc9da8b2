//! Short jobs through one worker: output captured, exit code and attempt recorded, nothing
//! of a job left behind; beside xargs, which records nothing.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::stage::{self, Driver};
use crate::verdict::{Promise, Samples, Verdict};

const JOBS: usize = 3000;
const ROUNDS: usize = 5;

pub fn measure() -> Vec<Verdict> {
    let server = stage::server();
    let driver = Driver::new(&server);
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for round in 0..=ROUNDS {
        let xargs = xargs(&server);
        driver.enqueue(&["/bin/true"], JOBS);
        // All of it counts: the start of guardian and engine, and their leave.
        let jobq = stage::time(&mut stage::jobq(&server, &["worker", "--burst", "-c", "4"]));
        if round > 0 {
            theirs.add(xargs);
            ours.add(jobq);
        }
    }
    let per_second = |ms: f64| JOBS as f64 / ms * 1e3;
    for (name, samples) in [("xargs -P2 -n1 /bin/true", &theirs), ("jobq worker --burst -c 4", &ours)] {
        samples.print(name);
        println!("  {:<34} median {:>8.0} jobs/s", "", per_second(samples.median()));
    }
    vec![Verdict::new(
        "/bin/true through one worker against xargs -P2 -n1",
        Promise::AtLeast(0.7),
        theirs.median() / ours.median(),
    )]
}

fn xargs(server: &crate::support::Server) -> Duration {
    let mut command = stage::command("/usr/bin/xargs", server);
    command.args(["-P2", "-n1", "/bin/true"]).stdin(Stdio::piped());
    let input = "x\n".repeat(JOBS);
    let start = Instant::now();
    let mut child = command.spawn().expect("xargs starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("xargs reads");
    assert!(child.wait().expect("it is our child").success());
    start.elapsed()
}
