use super::*;
use crate::worker::proc;
use crate::worker::testing::{HOSTILE, alive_with, in_own_process, wait_for};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn launch(argv: &[&str]) -> Launch {
    Launch {
        argv: argv.iter().map(OsString::from).collect(),
        env: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
        cwd: PathBuf::from("/"),
        stdin: None,
        mark: "1".to_owned(),
        soft_timeout: None,
        timeout: None,
        soft_signal: Signal::TERM,
        kill_after: Duration::from_secs(30),
    }
}

fn sh(script: &str) -> Launch {
    launch(&["sh", "-c", script])
}

/// A launch whose whole tree can be found by the tests, however it detaches.
fn traced(name: &str, script: &str, ready: &Path) -> Launch {
    let mut launch = sh(script);
    launch.mark = format!("{name}-{}", std::process::id());
    launch.env.push(("JOBQ_TEST_TREE".into(), launch.mark.clone().into()));
    launch.env.push(("READY".into(), ready.into()));
    launch
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

struct Seen {
    result: Result<Ended, Refused>,
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Seen {
    fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(ended) => ended.outcome,
            Err(Refused::Outcome(outcome, _)) => *outcome,
            Err(Refused::Starved(error)) => panic!("starved: {error}"),
        }
    }

    fn ended(&self) -> &Ended {
        self.result.as_ref().unwrap()
    }
}

async fn run_with(launch: Launch, reaper: &Arc<Reaper>, orders: &mut mpsc::Receiver<ChildOrder>) -> Seen {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut sink = |stream, bytes: &[u8]| match stream {
        Stream::Stdout => out.extend_from_slice(bytes),
        Stream::Stderr => err.extend_from_slice(bytes),
    };
    let result = run(launch, reaper, orders, &mut sink).await;
    Seen { result, out, err }
}

fn see(launch: Launch) -> Seen {
    let (_keep, mut orders) = mpsc::channel(1);
    block_on(run_with(launch, &Reaper::new(), &mut orders))
}

#[test]
fn every_ending_has_its_own_name() {
    in_own_process("worker::child::tests::every_ending_has_its_own_name", || {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plain");
        std::fs::write(&file, "no program").unwrap();
        let garbage = dir.path().join("garbage");
        std::fs::write(&garbage, "\u{1}\u{2}").unwrap();
        let orphaned = dir.path().join("orphaned");
        std::fs::write(&orphaned, "#!/no/such/interpreter\n").unwrap();
        for script in [&garbage, &orphaned] {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = |path: &Path| launch(&[path.to_str().unwrap()]);
        let at = |cwd: &Path, mut launch: Launch| {
            launch.cwd = cwd.to_path_buf();
            launch
        };
        let on_path = |dir: &Path, name: &str| {
            let mut launch = launch(&[name]);
            launch.env = vec![("PATH".into(), dir.into())];
            launch
        };
        let signal = |number| Outcome::Signal { number, core: false };
        let cases = [
            (launch(&["true"]), Outcome::Exit(0)),
            (sh("exit 7"), Outcome::Exit(7)),
            (sh("exit 255"), Outcome::Exit(255)),
            (sh("kill -TERM $$"), signal(15)),
            (sh("kill -KILL $$"), signal(9)),
            (sh("exit 143"), Outcome::Exit(143)),
            (launch(&["jobq-no-such-program"]), Outcome::NotFound),
            (launch(&["/no/such/program"]), Outcome::NotFound),
            (launch(&["/bin/true/below"]), Outcome::NotFound),
            (launch(&[""]), Outcome::NotFound),
            (launch(&["/tmp"]), Outcome::NotExecutable),
            (path(&file), Outcome::NotExecutable),
            (path(&garbage), Outcome::NotExecutable),
            (path(&orphaned), Outcome::NotExecutable),
            (on_path(dir.path(), "plain"), Outcome::NotExecutable),
            (on_path(dir.path(), "true"), Outcome::NotFound),
            (on_path(dir.path(), "garbage"), Outcome::NotExecutable),
            (launch(&["true", "a\0b"]), Outcome::NotExecutable),
            (at(Path::new("/no/such/folder"), launch(&["true"])), Outcome::BadCwd),
            (at(&file, launch(&["true"])), Outcome::BadCwd),
            (at(Path::new("/no/such/folder"), launch(&["/no/such/program"])), Outcome::BadCwd),
            (at(Path::new("/bin"), launch(&["./true"])), Outcome::Exit(0)),
            (launch(&["true", &"x".repeat(131_072)]), Outcome::TooBig),
            (launch(&["true", &"x".repeat(131_071)]), Outcome::Exit(0)),
        ];
        for (launch, expected) in cases {
            let what = format!("{:.80?} in {:?}", launch.argv, launch.cwd);
            assert_eq!(see(launch).outcome(), expected, "{what}");
        }
    });
}

#[test]
fn the_child_starts_in_a_clean_room() {
    in_own_process("worker::child::tests::the_child_starts_in_a_clean_room", || {
        // A leaked descriptor, an ignored and a blocked signal, as under a careless parent.
        let leak = std::fs::File::open("/dev/null").unwrap();
        rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).unwrap();
        crate::worker::os::ignore(libc::SIGHUP).unwrap();
        crate::worker::os::close_descriptors_on_exec().unwrap();
        crate::worker::os::reset_signals();
        let seen = see(sh(
            "ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; env | sort",
        ));
        let text = String::from_utf8(seen.out).unwrap();
        // 3 is the folder that ls itself reads.
        assert!(text.starts_with("0 1 2 3 SigBlk"), "{text}");
        assert!(text.contains("SigBlk:\t0000000000000000"), "{text}");
        // posix_spawn of glibc leaves the two signals it keeps for itself ignored: 32 and 33.
        let ignored = text.split("SigIgn:\t").nth(1).and_then(|rest| rest.get(..16)).unwrap();
        let ignored = u64::from_str_radix(ignored, 16).unwrap();
        assert_eq!(ignored & !(0b11 << 31), 0, "{text}");
        assert!(text.contains("JOBQ_FENCE=1") && !text.contains("JOBQ_TEST_ALONE"), "{text}");
    });
}

#[test]
fn both_streams_and_standard_input_are_carried_whole() {
    in_own_process("worker::child::tests::both_streams_and_standard_input_are_carried_whole", || {
        let mut echo = sh("cat; echo problem >&2");
        let input: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
        echo.stdin = Some(input.clone());
        let seen = see(echo);
        assert_eq!(seen.outcome(), Outcome::Exit(0));
        assert!(seen.out == input && seen.err == b"problem\n" && seen.ended().drained);
        // One that does not read its input is not waited for.
        let mut deaf = launch(&["true"]);
        deaf.stdin = Some(input);
        assert_eq!(see(deaf).outcome(), Outcome::Exit(0));
    });
}

#[test]
fn exit_decides_and_leftovers_are_counted() {
    in_own_process("worker::child::tests::exit_decides_and_leftovers_are_counted", || {
        let seen = see(sh("sleep 1000 & echo done"));
        let expected = Ended {
            outcome: Outcome::Exit(0),
            ordered: false,
            leftovers: 1,
            survivors: 0,
            drained: true,
            soft_fired: false,
        };
        assert_eq!(seen.ended(), &expected);
        assert_eq!(seen.out, b"done\n");
        // Without any evidence: detached twice, environment cleared, no other attempt runs.
        let seen = see(sh(
            "(env -i setsid sleep 1000 >/dev/null 2>&1 &) ; while ! pgrep -P 1 -x none; do break; done",
        ));
        assert_eq!(seen.outcome(), Outcome::Exit(0));
        assert!(proc::children().is_empty());
    });
}

#[test]
fn a_hostile_tree_is_gone_after_exit_timeout_kill_and_terminate() {
    in_own_process(
        "worker::child::tests::a_hostile_tree_is_gone_after_exit_timeout_kill_and_terminate",
        || {
            for ending in ["exit", "timeout", "kill", "terminate"] {
                let dir = tempfile::tempdir().unwrap();
                let ready = dir.path().join("ready");
                let go = dir.path().join("go");
                let rest = format!("while ! [ -e {} ]; do sleep 0.01; done", go.display());
                let rest = if ending == "exit" { rest } else { "wait".to_owned() };
                let mut job = traced(ending, &format!("{HOSTILE}\n{rest}"), &ready);
                job.kill_after = Duration::from_millis(50);
                let name = job.mark.clone();
                if ending == "timeout" {
                    job.timeout = Some(Duration::from_secs(2));
                }
                let (orders, mut receiver) = mpsc::channel(1);
                let seen = block_on(async {
                    let reaper = Reaper::new();
                    let attempt = run_with(job, &reaper, &mut receiver);
                    let driver = async {
                        let (name, ready) = (name.clone(), ready.clone());
                        let grown =
                            move || wait_for("the tree", || ready.exists() && alive_with(&name).len() >= 17);
                        tokio::task::spawn_blocking(grown).await.unwrap();
                        std::fs::write(&go, "").unwrap();
                        match ending {
                            "kill" => orders.send(ChildOrder::Kill).await.unwrap(),
                            "terminate" => orders.send(ChildOrder::Terminate).await.unwrap(),
                            _ => {}
                        }
                    };
                    tokio::join!(attempt, driver).0
                });
                let killed = Outcome::Signal { number: 9, core: false };
                let expected = match ending {
                    "exit" => Outcome::Exit(0),
                    "timeout" => Outcome::Timeout,
                    _ => killed,
                };
                assert_eq!(seen.outcome(), expected, "{ending}");
                assert_eq!(seen.ended().ordered, matches!(ending, "kill" | "terminate"));
                assert!(ending != "exit" || seen.ended().leftovers >= 12, "{:?}", seen.ended());
                assert_eq!(alive_with(&name), [], "{ending}");
                assert!(proc::children().is_empty(), "{ending}: zombies remain");
            }
        },
    );
}

#[test]
fn terminate_lets_the_tree_put_its_things_away() {
    in_own_process("worker::child::tests::terminate_lets_the_tree_put_its_things_away", || {
        // The root dies of TERM at once; the program below it takes a moment.
        let script = "sh -c 'trap \"sleep 0.2; echo saved; exit\" TERM; echo up; while :; do sleep 0.01; done' & echo; wait";
        let (orders, mut receiver) = mpsc::channel(4);
        let seen = block_on(async {
            let (mut out, reaper) = (Vec::new(), Reaper::new());
            let mut sink = |_, bytes: &[u8]| {
                out.extend_from_slice(bytes);
                if bytes.windows(2).any(|two| two == b"up") {
                    orders.try_send(ChildOrder::Terminate).unwrap();
                }
            };
            let result = run(sh(script), &reaper, &mut receiver, &mut sink).await;
            Seen { result, out, err: Vec::new() }
        });
        assert!(String::from_utf8_lossy(&seen.out).contains("saved"), "{:?}", seen.result);
        assert_eq!(seen.outcome(), Outcome::Signal { number: 15, core: false });
        assert_eq!((seen.ended().ordered, seen.ended().leftovers), (true, 0));
    });
}

#[test]
fn limits_are_kept() {
    in_own_process("worker::child::tests::limits_are_kept", || {
        let mut soft = sh("trap 'echo caught; exit 3' TERM; while :; do sleep 0.01; done");
        soft.soft_timeout = Some(Duration::from_millis(200));
        soft.timeout = Some(Duration::from_secs(60));
        let seen = see(soft);
        assert_eq!((seen.outcome(), seen.ended().soft_fired), (Outcome::Exit(3), true));
        let mut hard = sh("trap '' TERM; echo on; sleep 1000");
        hard.soft_timeout = Some(Duration::from_millis(50));
        hard.timeout = Some(Duration::from_millis(150));
        let begun = std::time::Instant::now();
        let seen = see(hard);
        assert_eq!((seen.outcome(), seen.out), (Outcome::Timeout, b"on\n".to_vec()));
        assert!(begun.elapsed() >= Duration::from_millis(150));
    });
}

#[test]
fn attempts_that_end_together_are_not_mixed_up() {
    in_own_process("worker::child::tests::attempts_that_end_together_are_not_mixed_up", || {
        block_on(async {
            let reaper = Reaper::new();
            let house = tokio::spawn(Arc::clone(&reaper).keep_house());
            let mut tasks = tokio::task::JoinSet::new();
            for index in 0..200_u32 {
                let reaper = Arc::clone(&reaper);
                tasks.spawn(async move {
                    // Each leaves a detached process, writes its number and has its own code.
                    let code = index % 50;
                    let script = format!("(setsid sleep 1000 &); echo {index}; exit {code}");
                    let mut job = traced(&format!("mixed{index}"), &script, Path::new("/dev/null"));
                    job.env.push(("JOBQ_JOB_ID".into(), index.to_string().into()));
                    let name = job.mark.clone();
                    let (_keep, mut orders) = mpsc::channel(1);
                    let seen = run_with(job, &reaper, &mut orders).await;
                    assert_eq!(seen.outcome(), Outcome::Exit(u8::try_from(code).unwrap()));
                    assert_eq!(seen.out, format!("{index}\n").into_bytes());
                    assert_eq!(alive_with(&name), []);
                });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
            assert_eq!(reaper.running(), 0);
            house.abort();
            assert!(!reaper.reap());
        });
    });
}

#[test]
fn a_detached_helper_of_a_running_attempt_is_not_touched_by_the_end_of_another() {
    let name =
        "worker::child::tests::a_detached_helper_of_a_running_attempt_is_not_touched_by_the_end_of_another";
    in_own_process(name, || {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (ready, reaper) = (dir.path().join("ready"), Reaper::new());
            // With evidence, and without any.
            let script = "(setsid sleep 1000 &); (env -i setsid sleep 1000 & echo $! > $READY.pid) ; : > $READY; sleep 1000";
            let long = traced("long", script, &ready);
            let mark = long.mark.clone();
            let (stop, mut orders) = mpsc::channel(1);
            let long = run_with(long, &reaper, &mut orders);
            let others = async {
                let grown = ready.clone();
                tokio::task::spawn_blocking(move || wait_for("helpers", || grown.exists())).await.unwrap();
                for _ in 0..5 {
                    let (_keep, mut orders) = mpsc::channel(1);
                    let seen = run_with(sh("sleep 1000 & exit 0"), &reaper, &mut orders).await;
                    assert_eq!(seen.ended().leftovers, 1);
                    reaper.tick();
                }
                let pid = std::fs::read_to_string(dir.path().join("ready.pid")).unwrap();
                assert!(proc::Proc::read(pid.trim().parse().unwrap()).is_some_and(|one| one.is_alive()));
                assert!(alive_with(&mark).len() >= 2);
                stop.send(ChildOrder::Kill).await.unwrap();
            };
            let (long, ()) = tokio::join!(long, others);
            assert!(long.ended().ordered);
            assert_eq!(alive_with(&mark), []);
            // The one without evidence is nobody's as soon as no older attempt runs.
            assert!(proc::children().is_empty());
        });
    });
}
