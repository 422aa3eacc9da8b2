use super::*;
use crate::worker::testing::{HOSTILE, alive_with, in_own_process, reap_everything, wait_for};
use std::process::{Command, Stdio};

/// Grows the hostile tree; returns once all of it stands.
fn grow(name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{HOSTILE}\nwait")]);
    command.env("JOBQ_TEST_TREE", name).env("READY", &ready);
    command.env("JOBQ_NAMESPACE", name).env("JOBQ_JOB_ID", "j1").env("JOBQ_FENCE", "7");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    #[allow(clippy::zombie_processes, reason = "reaped by the code under test")]
    command.spawn().unwrap();
    wait_for("the tree", || ready.exists() && alive_with(name).len() >= 17);
}

#[test]
fn nothing_below_this_process_survives() {
    in_own_process("worker::tree::tests::nothing_below_this_process_survives", || {
        let name = format!("below-{}", std::process::id());
        grow(&name);
        let report = kill_all_descendants(&mut reap_everything);
        assert!(report.killed >= 17, "{report:?}");
        assert!(report.survivors.is_empty());
        assert!(alive_with(&name).is_empty());
        assert!(proc::children().is_empty(), "zombies remain");
    });
}

#[test]
fn processes_with_a_mark_die_wherever_they_hang_and_others_do_not() {
    in_own_process(
        "worker::tree::tests::processes_with_a_mark_die_wherever_they_hang_and_others_do_not",
        || {
            let name = format!("marked-{}", std::process::id());
            grow(&name);
            assert_eq!(kill_marked_on_host(&name, "j2", None).killed, 0);
            assert_eq!(kill_marked_on_host("other", "j1", None).killed, 0);
            assert_eq!(kill_marked_on_host(&name, "j1", Some("7")).killed, 0);
            let report = kill_marked_on_host(&name, "j1", Some("8"));
            assert!(report.killed >= 17 && report.survivors.is_empty(), "{report:?}");
            assert!(alive_with(&name).is_empty());
            reap_everything();
        },
    );
}

#[test]
fn a_signal_never_reaches_the_next_owner_of_a_pid() {
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let mut stale = Proc::read(pid).unwrap();
    stale.start -= 1;
    signal_each(&[stale], Signal::KILL);
    assert!(child.try_wait().unwrap().is_none());
    signal_each(&[Proc::read(pid).unwrap()], Signal::KILL);
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_snapshot_with_a_loop_ends() {
    let mut snapshot = Snapshot::default();
    for (pid, ppid) in [(2, 3), (3, 2), (4, 3)] {
        let process = Proc { pid, ppid, pgrp: 0, session: 0, state: b'S', start: 0 };
        snapshot.processes.insert(pid, process);
        snapshot.children.entry(ppid).or_default().push(pid);
    }
    assert_eq!(snapshot.with_descendants(2).len(), 3);
}
