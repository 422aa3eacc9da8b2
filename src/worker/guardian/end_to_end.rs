//! A real guardian, a real engine and a real attempt, each in a process of its own.

use super::*;
use crate::worker::child::{self, ChildOrder, Launch};
use crate::worker::control::{enter_engine, is_engine};
use crate::worker::reaper::Reaper;
use crate::worker::testing::{HOSTILE, alive_with, in_own_process, reap_everything, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};

const ROLE: &str = "JOBQ_TEST_GUARDIAN";
const DIR: &str = "JOBQ_TEST_DIR";

fn dir() -> PathBuf {
    PathBuf::from(std::env::var_os(DIR).unwrap())
}

/// The engine's whole life: one attempt with a hostile tree, then whatever is ordered.
fn be_the_engine() -> ! {
    let mut channel = enter_engine().unwrap();
    assert!(is_engine() && std::env::var_os(ENGINE_ENV).is_none());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let order = runtime.block_on(async {
        let (sender, reaper) = (channel.sender(), Reaper::new());
        sender.send_identity("w", "n");
        sender.send_ready();
        let name = dir().to_str().unwrap().to_owned();
        let launch = Launch {
            argv: ["sh", "-c", &format!("{HOSTILE}\nwait")].iter().map(Into::into).collect(),
            env: vec![
                ("PATH".into(), std::env::var_os("PATH").unwrap()),
                ("JOBQ_TEST_TREE".into(), name.into()),
                ("READY".into(), dir().join("ready").into()),
            ],
            cwd: "/".into(),
            stdin: None,
            mark: "1".to_owned(),
            soft_timeout: None,
            timeout: None,
            soft_signal: Signal::TERM,
            kill_after: Duration::from_secs(1),
        };
        let (stop, mut orders) = tokio::sync::mpsc::channel(1);
        let killer = std::sync::Arc::clone(&reaper);
        let obey = async {
            let order = channel.recv().await;
            if order == Order::GuardianGone {
                tokio::task::spawn_blocking(move || killer.kill_everything()).await.unwrap();
            } else {
                stop.send(ChildOrder::Kill).await.unwrap();
            }
            order
        };
        let mut ignore = |_, _: &[u8]| ();
        let attempt = child::run(launch, &reaper, &mut orders, &mut ignore);
        let (ended, order) = tokio::join!(attempt, obey);
        assert_eq!(ended.unwrap().outcome.name(), "signal");
        sender.send_bye(5);
        order
    });
    std::fs::write(dir().join("order"), order.word()).unwrap();
    if order == Order::GuardianGone {
        channel.remove_group();
    }
    #[allow(clippy::exit, reason = "not back into the test runner")]
    std::process::exit(5)
}

fn be_the_guardian(name: &str) -> ! {
    let engine = EngineCommand {
        program: "/proc/self/exe".into(),
        arg0: None,
        args: ["--exact", name, "--nocapture"].iter().map(Into::into).collect(),
    };
    let options = GuardOptions {
        engine,
        grace: Duration::from_secs(50),
        kill_after: Duration::from_secs(50),
        interactive: false,
        quiet: true,
    };
    let code = guard(options, &mut |line| eprintln!("{line}")).unwrap();
    #[allow(clippy::exit, reason = "not back into the test runner")]
    std::process::exit(i32::from(code))
}

/// Stages the three and calls `act` with the guardian once the tree stands.
fn stage(name: &str, act: impl FnOnce(&mut std::process::Child, &Path)) {
    if is_engine() {
        be_the_engine();
    }
    if std::env::var_os(ROLE).is_some() {
        be_the_guardian(name);
    }
    in_own_process(name, || {
        let dir = tempfile::tempdir().unwrap();
        let mut guardian = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(ROLE, "1")
            .env(DIR, dir.path())
            .spawn()
            .unwrap();
        let tree = dir.path().to_str().unwrap().to_owned();
        wait_for("the tree", || dir.path().join("ready").exists() && alive_with(&tree).len() >= 12);

        act(&mut guardian, dir.path());
        assert_eq!(alive_with(&tree), []);
        let groups = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mount =
            groups.lines().find(|line| line.contains(" - cgroup2 ")).and_then(|line| line.split(' ').nth(4));
        if let Some(mount) = mount {
            let left = Path::new(mount).join(format!("jobq-worker-{}", guardian.id()));
            assert!(!left.exists(), "a control group was left behind");
        }
    });
}

#[test]
fn an_engine_without_guardian_kills_its_trees_and_leaves() {
    let name = "worker::guardian::end_to_end::an_engine_without_guardian_kills_its_trees_and_leaves";
    stage(name, |guardian, dir| {
        guardian.kill().unwrap();
        guardian.wait().unwrap();
        wait_for("the engine's last word", || dir.join("order").exists());
        // The engine was adopted by this process.
        wait_for("the engine's end", || {
            reap_everything();
            crate::worker::proc::children().is_empty()
        });
        assert_eq!(std::fs::read_to_string(dir.join("order")).unwrap(), "gone");
    });
}

#[test]
fn an_order_goes_all_the_way_and_the_code_comes_back() {
    let name = "worker::guardian::end_to_end::an_order_goes_all_the_way_and_the_code_comes_back";
    stage(name, |guardian, dir| {
        let pid = Pid::from_raw(i32::try_from(guardian.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert_eq!(guardian.wait().unwrap().code(), Some(5));
        assert_eq!(std::fs::read_to_string(dir.join("order")).unwrap(), "drain");
    });
}
