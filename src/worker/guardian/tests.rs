use super::*;
use crate::worker::proc;
use crate::worker::testing::{HOSTILE, alive_with, in_own_process, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A guarded stand-in for the engine: a shell script that speaks the protocol on its
/// standard input. `$LOG` takes what it wants to tell the test.
struct Stage {
    dir: tempfile::TempDir,
    said: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    fn new() -> Stage {
        Stage { dir: tempfile::tempdir().unwrap(), said: Arc::default() }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn said(&self, part: &str) -> bool {
        self.said.lock().unwrap().iter().any(|line| line.contains(part))
    }

    /// Guards `script` on this thread while `act` runs on another; returns the exit code.
    fn play(&self, script: &str, limits: (Duration, Duration), act: impl FnOnce() + Send) -> u8 {
        let log = self.dir.path().join("log");
        let ready = self.dir.path().join("ready");
        let setting = format!(
            "LOG={}; export READY={}; DIR={};",
            log.display(),
            ready.display(),
            self.dir.path().display()
        );
        let options = GuardOptions {
            engine: EngineCommand {
                program: "/bin/sh".into(),
                arg0: None,
                args: vec!["-c".into(), format!("{setting}\n{script}").into()],
            },
            grace: limits.0,
            kill_after: limits.1,
            interactive: true,
            quiet: false,
        };
        let said = Arc::clone(&self.said);
        std::thread::scope(|scope| {
            // The handlers must stand before the first signal is sent.
            scope.spawn(|| {
                wait_for("the engine", || log.exists());
                act();
            });
            guard(options, &mut |line| said.lock().unwrap().push(line.to_owned())).unwrap()
        })
    }
}

const LONG: (Duration, Duration) = (Duration::from_secs(50), Duration::from_secs(50));

fn signal_self(signal: Signal) {
    kill_process(rustix::process::getpid(), signal).unwrap();
}

fn pid_in(path: &Path) -> i32 {
    std::fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

#[test]
fn an_orderly_end_passes_its_code_on_and_leaves_nothing() {
    in_own_process("worker::guardian::tests::an_orderly_end_passes_its_code_on_and_leaves_nothing", || {
        let stage = Stage::new();
        let script = "echo up >> $LOG; (setsid sleep 1000 &); echo bye 78 >&0; exit 78";
        assert_eq!(stage.play(script, LONG, || ()), 78);
        assert!(proc::children().is_empty());
        // What the engine inherits: its role, and none of the service manager's variables.
        let script = "env >> $LOG; exit 0";
        assert_eq!(stage.play(script, LONG, || ()), 0);
        assert!(stage.log().contains("JOBQ__ENGINE=1") && !stage.log().contains("JOBQ__HANDBACK"));
    });
}

#[test]
fn signals_become_orders_and_words() {
    in_own_process("worker::guardian::tests::signals_become_orders_and_words", || {
        let stage = Stage::new();
        let script = "trap '' INT TERM; echo running 3 >&0; echo ready >&0; echo up >> $LOG
            while read -r order; do echo $order >> $LOG; [ $order = kill ] && exit 0; done";
        let code = stage.play(script, LONG, || {
            let steps = [
                (Signal::USR1, "quiet", "taking no new"),
                (Signal::TSTP, "quiet\nquiet", "taking no new"),
                (Signal::HUP, "reload", ""),
                (Signal::INT, "drain", "finishing 3 running jobs, taking no new ones; press Ctrl-C again"),
                (Signal::TERM, "terminate", "stopping 3 running jobs; press Ctrl-C again"),
                (Signal::INT, "kill", "killing 3 running jobs"),
            ];
            for (signal, order, words) in steps {
                signal_self(signal);
                wait_for(order, || stage.log().contains(order) && (words.is_empty() || stage.said(words)));
            }
        });
        assert_eq!(code, 0);
        assert_eq!(stage.log(), "up\nquiet\nquiet\nreload\ndrain\nterminate\nkill\n");
    });
}

#[test]
fn a_crashed_engine_is_followed_by_one_that_hands_back() {
    in_own_process("worker::guardian::tests::a_crashed_engine_is_followed_by_one_that_hands_back", || {
        let stage = Stage::new();
        let name = format!("crash-{}", std::process::id());
        // The first serves and dies with a hostile tree below it, the second dies before it
        // is ready, the third hands both back, the fourth has nothing to hand back.
        let script = format!(
            "echo run $JOBQ__HANDBACK >> $LOG; n=$(wc -l < $LOG)
            echo identity w$n n$n >&0
            if [ $n = 1 ]; then
                echo ready >&0
                JOBQ_TEST_TREE={name} sh -c '{}; wait' & echo $$ > $DIR/pid
                read -r never
            fi
            [ $n = 2 ] && exit 101
            if [ $n = 3 ]; then echo ready >&0; kill -KILL $$; fi
            echo bye 0 >&0",
            HOSTILE.replace('\'', "'\\''")
        );
        let code = stage.play(&script, LONG, || {
            let ready = stage.dir.path().join("ready");
            wait_for("the tree", || ready.exists() && alive_with(&name).len() >= 12);
            let pid = pid_in(&stage.dir.path().join("pid"));
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
            wait_for("its successor", || stage.log().lines().count() >= 2);
            assert_eq!(alive_with(&name), [], "the successor started beside the old tree");
        });
        assert_eq!(code, 0);
        assert_eq!(stage.log(), "run\nrun w1:n1\nrun w1:n1,w2:n2\nrun w3:n3\n");
        assert!(stage.said("was killed by signal 9") && stage.said("code 101"));
    });
}

#[test]
fn an_engine_that_lets_its_lease_pass_is_killed_with_all_it_started() {
    in_own_process(
        "worker::guardian::tests::an_engine_that_lets_its_lease_pass_is_killed_with_all_it_started",
        || {
            let stage = Stage::new();
            let name = format!("lease-{}", std::process::id());
            // The lease is renewed once, then the engine stops itself, as by SIGSTOP.
            let now = os::boottime_ns();
            let (soon, later) = (now + 300_000_000, now + 1_500_000_000);
            let script = format!(
                "echo run $JOBQ__HANDBACK >> $LOG; [ $(wc -l < $LOG) = 2 ] && exit 0
            echo identity w n >&0; echo ready >&0; echo lease {soon} >&0
            JOBQ_TEST_TREE={name} setsid sleep 1000 &
            echo lease {later} >&0; kill -STOP $$; echo never >> $LOG"
            );
            let code = stage.play(&script, LONG, || wait_for("the end", || stage.log().lines().count() >= 2));
            assert_eq!(code, 0);
            assert!(os::boottime_ns() > later, "killed before the renewed lease was over");
            assert_eq!(stage.log(), "run\nrun w:n\n");
            assert!(stage.said("did not renew"));
            assert_eq!(alive_with(&name), []);
        },
    );
}

#[test]
fn the_clock_of_the_shutdown_runs_although_the_engine_is_stuck() {
    in_own_process(
        "worker::guardian::tests::the_clock_of_the_shutdown_runs_although_the_engine_is_stuck",
        || {
            let stage = Stage::new();
            let script = "trap '' TERM INT; echo up >> $LOG; (setsid sleep 1000 &); kill -STOP $$";
            let short = (Duration::from_millis(100), Duration::from_millis(100));
            let begun = Instant::now();
            let code = stage.play(script, short, || signal_self(Signal::TERM));
            assert_eq!(code, 143);
            assert!(begun.elapsed() >= Duration::from_millis(200));
            assert!(stage.said("finishing running jobs") && stage.said("stopping running jobs"));
            assert!(stage.said("did not end in time"));
            assert!(proc::children().is_empty());
        },
    );
}

#[test]
fn a_crash_while_stopping_still_hands_back() {
    in_own_process("worker::guardian::tests::a_crash_while_stopping_still_hands_back", || {
        let stage = Stage::new();
        let script = "echo run $JOBQ__HANDBACK >> $LOG; n=$(wc -l < $LOG)
            echo identity w$n n$n >&0; echo ready >&0
            read -r order; echo $order >> $LOG
            [ $n = 1 ] && kill -KILL $$
            echo bye 0 >&0";
        let code = stage.play(script, LONG, || signal_self(Signal::TERM));
        assert_eq!(code, 0);
        assert_eq!(stage.log(), "run\ndrain\nrun w1:n1\nterminate\n");
    });
}
