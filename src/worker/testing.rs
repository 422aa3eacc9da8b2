//! Support for tests with real processes.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{os, proc, tree};

const ALONE: &str = "JOBQ_TEST_ALONE";

/// Runs the body of a test in a process of its own, which is a subreaper: adopting and
/// killing descendants is a matter of the whole process, and the test runner shares its
/// process among all tests. `name` is the path of the calling test.
pub(crate) fn in_own_process(name: &str, body: impl FnOnce()) {
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        become_subreaper();
        body();
        let leftovers = tree::kill_all_descendants(&mut reap_everything);
        assert_eq!(leftovers.killed, 0, "the test left processes behind");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, name)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && words.contains("1 passed"),
        "{words}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn become_subreaper() {
    os::reset_signals();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
}

pub(crate) fn reap_everything() {
    while let Ok(Some(_)) = rustix::process::wait(rustix::process::WaitOptions::NOHANG) {}
}

/// Waits until a condition holds; a limit this generous only ends a broken test.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "waited a minute for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Living processes whose environment holds `JOBQ_TEST_TREE=<name>`.
pub(crate) fn alive_with(name: &str) -> Vec<proc::Proc> {
    let entry = format!("JOBQ_TEST_TREE={name}").into_bytes();
    let has = |pid: i32| {
        std::fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == entry))
    };
    proc::all().into_iter().filter(|one| one.is_alive() && has(one.pid)).collect()
}

/// A shell script that grows a hostile tree and then touches `$READY`: six generations
/// that ignore TERM, a new session, a double fork into a new session, a stopped process.
pub(crate) const HOSTILE: &str = r#"
    trap '' TERM
    deep='if [ "$1" -gt 1 ]; then sh -c "$DEEP" sh $(($1 - 1)) & fi; trap "" TERM; sleep 1000 & wait'
    export DEEP="$deep"
    sh -c "$DEEP" sh 6 &
    setsid sleep 1000 &
    ( setsid sh -c 'sleep 1000 & sleep 1000' & )
    sleep 1000 & kill -STOP $!
    : > "$READY"
"#;
