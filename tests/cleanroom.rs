//! What a job gets and what it does not: arguments, input, environment, descriptors, signals.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::support::{Room, Server, path};

/// Runs the worker through a shell that first does `before`.
fn burst_after(room: &Room, before: &str) {
    let script = format!("{before}; exec \"$@\"");
    let jobq = env!("CARGO_BIN_EXE_jobq");
    room.program("/bin/sh").args(["-c", &script, "sh", jobq, "worker", "--burst"]).run().status(0);
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let server = Server::start();
    let room = Room::new(&server);
    let words: Vec<Vec<u8>> = [
        &b""[..],
        b" ",
        b"a b",
        b"'",
        b"\"",
        b"$HOME `id` $(id)",
        b"line\nline\n",
        b"-n",
        b"--",
        b"--queue=x",
        b"*",
        b"\\",
        b"\xff\xfe\x80",
        b"\x1b[31m",
        "\u{202e}\u{fc}\u{1f600}".as_bytes(),
        b"{}",
        b"%s\\0",
    ]
    .into_iter()
    .map(<[u8]>::to_vec)
    .chain([vec![b'x'; 131_071]])
    .collect();
    // A zero byte ends each: no argument can have one.
    let printer = ["--", "sh", "-c", "for word; do printf '%s\\0' \"$word\"; done", "sh"];
    let command = printer.iter().map(OsString::from);
    let id = room.enqueue(command.chain(words.iter().cloned().map(OsString::from_vec)));
    room.burst(&["--output-head", "1M"]);
    let expected: Vec<u8> = words.iter().flat_map(|word| [word.as_slice(), b"\0"].concat()).collect();
    assert!(room.stdout_of(&id) == expected, "{}", room.stdout_of(&id).escape_ascii());
}

#[test]
fn an_argument_beyond_the_kernels_limit_gets_no_further_than_the_kernel() {
    let server = Server::start();
    let room = Room::new(&server);
    // The kernel itself does not let anybody give such an argument, nor such a variable.
    let script = "big=$(printf 'x%.0s' $(seq 131072)); \"$1\" enqueue -- true \"$big\"";
    room.program("/bin/sh").args(["-c", script, "sh", env!("CARGO_BIN_EXE_jobq")]).run().status(126);
    assert_eq!(server.dump_all().len(), 0);
    // What it lets through as an option of ours reaches the job whole.
    let most = "x".repeat(131_071 - "BIG=".len());
    let id = room.enqueue(["-e", &format!("BIG={most}"), "--shell", "printf %s \"$BIG\" | wc -c"]);
    room.burst(&[]);
    assert_eq!(String::from_utf8(room.stdout_of(&id)).unwrap(), format!("{}\n", most.len()));
}

#[test]
fn standard_input_arrives_byte_for_byte_or_is_empty() {
    let server = Server::start();
    let room = Room::new(&server);
    let input: Vec<u8> = (0..1_048_576_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    room.write("input", &input);
    let line = room.jobq(["enqueue", "--quiet", "--stdin", "--shell", "cat >copy1"]).stdin(input.clone());
    line.run().status(0);
    room.shell(&["--stdin-file", "input"], "cat >copy2");
    room.jobq(["enqueue", "--quiet", "--stdin", "--shell", "wc -c"]).run().status(0);
    // One that does not read it is not disturbed.
    let deaf = room.enqueue(["--stdin-file", "input", "--", "true"]);
    let null = room.shell(&[], "readlink /proc/self/fd/0; wc -c");
    room.burst(&[]);
    for copy in ["copy1", "copy2"] {
        assert!(std::fs::read(room.work().join(copy)).unwrap() == input, "{copy} differs");
    }
    assert_eq!(room.job(&deaf).state(), "SUCCESS");
    assert_eq!(room.stdout_of(&null), b"/dev/null\n0\n");
    let much = room.jobq(["enqueue", "--stdin", "--", "true"]).stdin(vec![0; 1_048_577]).run();
    assert!(much.status(65).stderr_text().contains("1 MiB"));
}

#[test]
fn a_job_has_three_descriptors_also_when_the_worker_was_given_more() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "ls -v /proc/$$/fd; readlink /proc/$$/fd/1 /proc/$$/fd/2 | sed 's/:.*//'");
    burst_after(&room, "exec 5</etc/passwd 7>leak 9</dev/null");
    assert_eq!(String::from_utf8(room.stdout_of(&id)).unwrap(), "0\n1\n2\npipe\npipe\n");
}

#[test]
fn a_job_has_default_signals_also_when_the_worker_was_started_with_ignored_ones() {
    let server = Server::start();
    let room = Room::new(&server);
    let id = room.shell(&[], "cat /proc/self/status");
    burst_after(&room, "trap '' HUP INT QUIT PIPE USR1 USR2 TERM TSTP TTIN TTOU CHLD ALRM");
    let status = String::from_utf8(room.stdout_of(&id)).unwrap();
    for field in ["SigBlk", "SigIgn", "SigCgt"] {
        let mask = status.lines().find_map(|line| line.strip_prefix(&format!("{field}:\t"))).expect(field);
        // 32 and 33 are the C library's own and cannot be set by anybody else.
        let mask = u64::from_str_radix(mask, 16).unwrap() & !0x1_8000_0000;
        assert_eq!(mask, 0, "{field}");
    }
}

#[test]
fn the_environment_is_exactly_what_the_manual_says() {
    let server = Server::options().requirepass("planted-secret").start();
    let room = Room::new(&server);
    let id = room
        .jobq([
            "enqueue",
            "--quiet",
            "-q",
            "mail",
            "-e",
            "GREETING=hello world",
            "-e",
            "COPIED",
            "--timeout",
            "60s",
        ])
        .args(["--", "env", "-0"])
        .env("COPIED", "from the producer")
        .env("NOT_COPIED", "x")
        .run()
        .status(0)
        .line();
    let worker = room.worker(&["--burst", "-q", "mail"]);
    let worker = worker.env("LC_TIME", "C").env("SHELL", "/bin/sh").env("USER", "ann").env("LOGNAME", "ann");
    worker.env("JOBQ_PASSWORD", "planted-secret").env("SOMETHING", "else").run().status(0);
    let printed = String::from_utf8(room.stdout_of(&id)).unwrap();
    assert!(!printed.contains("planted-secret") && !printed.contains("unix://"), "{printed}");
    let mut got: Vec<(&str, &str)> =
        printed.split_terminator('\0').map(|entry| entry.split_once('=').expect(entry)).collect();
    got.sort_unstable();
    let value = |name: &str| got.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let home = room.home();
    let path = path();
    let work = room.work();
    let mut expected = vec![
        ("COPIED", "from the producer"),
        ("GREETING", "hello world"),
        ("HOME", home.to_str().unwrap()),
        ("JOBQ_ATTEMPT", "1"),
        ("JOBQ_DEADLINE", value("JOBQ_DEADLINE").expect("a deadline")),
        ("JOBQ_FENCE", value("JOBQ_FENCE").expect("a fence")),
        ("JOBQ_JOB_ID", id.as_str()),
        ("JOBQ_LOCAL", "never"),
        ("JOBQ_NAMESPACE", "test"),
        ("JOBQ_PROGRESS", value("JOBQ_PROGRESS").expect("a path")),
        ("JOBQ_QUEUE", "mail"),
        ("JOBQ_RESULT", value("JOBQ_RESULT").expect("a path")),
        ("JOBQ_RETRY_AFTER", value("JOBQ_RETRY_AFTER").expect("a path")),
        ("LANG", "C.UTF-8"),
        ("LC_TIME", "C"),
        ("LOGNAME", "ann"),
        ("PATH", path.to_str().unwrap()),
        ("PWD", work.to_str().unwrap()),
        ("SHELL", "/bin/sh"),
        ("TZ", "UTC"),
        ("USER", "ann"),
    ];
    expected.sort_unstable();
    assert_eq!(got, expected);
    assert!(value("JOBQ_FENCE").unwrap().parse::<u64>().is_ok());
}

#[test]
fn a_job_runs_in_the_producers_folder_or_in_the_one_it_names() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("a b/file", "");
    let here = room.enqueue(["--", "pwd"]);
    let there = room.enqueue(["-C", "a b", "--", "pwd"]);
    // The worker's own folder does not matter.
    room.worker(&["--burst"]).cwd("/").run().status(0);
    let work = room.work();
    assert_eq!(room.stdout_of(&here), format!("{}\n", work.display()).into_bytes());
    assert_eq!(room.stdout_of(&there), format!("{}/a b\n", work.display()).into_bytes());
}
