//! Named tasks: what parameters may be, how they reach the program, what comes back by id.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt as _;

use crate::support::{PATIENCE, Room, Server, Signal, invariants, wait_for};

const MAIL: &str = r#"
[tasks.mail]
queue = "emails"
command = ["printf", '%s\0', "--to", "{to}", "v={v}", "{n}", "{tags...}", "{free}"]

[tasks.mail.params]
to = "string"
v = { type = "string", default = "plain" }
n = { type = "integer", default = -3 }
tags = { type = "list", default = [] }
free = { type = "string", dash = true, default = "end" }
"#;

#[test]
fn parameters_are_typed_have_defaults_and_reach_the_program() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    let plain = room.enqueue(["mail", "to=a@b.c"]);
    let full = room.enqueue(["mail", "to=x", "v=", "n:=42", "tags:=[\"a b\",1,true]", "free=-rf"]);
    room.burst(&[]);
    assert_eq!(room.stdout_of(&plain), b"--to\0a@b.c\0v=plain\0-3\0end\0");
    assert_eq!(room.stdout_of(&full), b"--to\0x\0v=\x0042\0a b\x001\0true\0-rf\0");
    let job = room.job(&plain);
    assert_eq!((job.0["task"].as_str(), job.0["queue"].as_str()), (Some("mail"), Some("emails")));
    invariants::check(&mut server.client());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    room.write("nul", b"a\0b");
    room.write("large", vec![b'x'; 200 * 1024]);
    for (words, said) in [
        (&["to=x", "subjekt=1"][..], "subjekt"),
        (&["n:=1"], "parameter to is missing"),
        (&["to=x", "n=1"], "n:=1"),
        (&["to=x", "n:=1.5"], "parameter n must be an integer"),
        (&["to=x", "tags:=[[]]"], "parameter tags"),
        (&["to=-x"], "dash = true"),
        (&["to=x", "tags:=[\"-x\"]"], "dash = true"),
        (&["to=x", "to=y"], "to is given twice"),
        (&["to@=nul"], "NUL"),
        (&["to@=large"], "large"),
        (&["to@=absent"], "absent"),
    ] {
        let output = room.jobq(["enqueue", "mail"]).args(words).run().status(65).stdout("");
        assert!(output.stderr_text().contains(said), "{words:?}: {output}");
    }
    let unknown = room.jobq(["enqueue", "mial", "to=x"]).run().status(66).stdout("");
    assert!(unknown.stderr_text().contains("did you mean mail?"), "{unknown}");
    assert_eq!(server.dump_all().len(), 0);
}

#[test]
fn awkward_values_arrive_byte_for_byte_and_no_shell_reads_them() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    let mut values: Vec<Vec<u8>> = [
        "'\"\\ `touch hacked`",
        "$(touch hacked)",
        "; touch hacked;",
        "line\nline\r\n\n",
        "{to} {{v}} {n...}",
        "-rf",
        "--",
        "%s %d \\0",
        "*?[a]~",
        "\u{feff}\u{202e}ünïcödé 🦀",
        "\t \x0b",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    values.push((1..=255).collect());
    values.push(vec![0xff, 0xfe, b'\n', 0x80]);
    values.push(b"0123456789abcdef".repeat(100 * 64));
    let ids: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            room.write(&format!("value{at}"), value);
            let mut words = vec![OsString::from("mail"), "to=x".into(), format!("v@=value{at}").into()];
            // As a word of the command line too, where that is possible.
            if value.len() < 1000 {
                words[2] = OsString::from_vec([b"v=".as_slice(), value].concat());
            }
            room.enqueue(words)
        })
        .collect();
    room.burst(&["-c", "4"]);
    for (id, value) in ids.iter().zip(&values) {
        let wanted = [b"--to\0x\0v=", value.as_slice(), b"\0-3\0end\0"].concat();
        assert!(room.stdout_of(id) == wanted, "{:?}", String::from_utf8_lossy(value));
    }
    let file = room.enqueue(["mail", "to=x", "v@=value13"]);
    room.burst(&[]);
    assert_eq!(room.stdout_of(&file), b"--to\0x\0v=\xff\xfe\n\x80\0-3\0end\0");
    assert!(!room.work().join("hacked").exists());
}

#[test]
fn variables_standard_input_and_the_folder_are_the_tasks() {
    let server = Server::start();
    let room = Room::with_tasks(
        &server,
        r#"
[tasks.show]
command = ["sh", "show.sh"]
stdin = "json"
env = { FROM = "file" }
umask = "027"
open_files = 77
params = { user_id = "integer", name = "string", tags = { type = "list", default = ["a"] } }
[tasks.script]
shell = true
command = 'printf %s "$JOBQ_ARG_NAME"'
params = { name = "string" }
"#,
    );
    room.write(
        "show.sh",
        "echo $JOBQ_ARG_USER_ID $JOBQ_ARG_TAGS \"$JOBQ_ARG_NAME\" $JOBQ_TASK $FROM; umask; ulimit -n; pwd; cat",
    );
    let file = room.work().join("jobq.toml");
    let enqueue = |words: &[&str]| {
        let from_elsewhere = room.jobq(["enqueue", "--quiet", "--config"]).args([&file]).args(words);
        from_elsewhere.cwd(room.home()).run().status(0).line()
    };
    let id = enqueue(&["show", "user_id:=7", "name=$(id) '"]);
    let script = enqueue(&["script", "name=$(id) \"'; exit 3"]);
    room.burst(&[]);
    let shown = String::from_utf8(room.stdout_of(&id)).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[..3], ["7 [\"a\"] $(id) ' show file", "0027", "77"]);
    assert_eq!(lines[3], room.work().canonicalize().unwrap().to_str().unwrap());
    assert_eq!(lines[4], "{\"name\":\"$(id) '\",\"tags\":[\"a\"],\"user_id\":7}");
    assert_eq!(room.stdout_of(&script), b"$(id) \"'; exit 3");
}

#[test]
fn a_producer_chooses_neither_the_program_nor_the_folder_of_a_task() {
    let server = Server::start();
    let room = Room::with_tasks(
        &server,
        "[tasks.where]\ncommand = [\"sh\", \"-c\", \"pwd; echo $LD_LIBRARY_PATH $KEPT\"]\n",
    );
    let elsewhere = room.tmp();
    let refused = room.jobq(["enqueue", "-C"]).args([elsewhere.as_os_str()]).args(["where"]).run();
    let refused = refused.status(2).stdout("");
    assert!(refused.stderr_text().contains("--cwd is for commands"), "{refused}");
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let trap = room.write("sh", "#!/bin/sh\necho trapped\n");
    std::fs::set_permissions(&trap, own).unwrap();
    let path = format!("PATH={}", room.work().display());
    let id = room.enqueue(["-e", &path, "-e", "LD_LIBRARY_PATH=/evil", "-e", "KEPT=kept", "where"]);
    room.burst(&[]);
    assert_eq!(room.stdout_of(&id), format!("{}\nkept\n", room.work().display()).into_bytes());
    let hooks = room.jobq(["enqueue", "-q", "hooks", "--", "true"]).run().status(2).stdout("");
    assert!(hooks.stderr_text().contains("the queue hooks is jobq's own"), "{hooks}");
}

#[test]
fn a_worker_checks_again_and_holds_what_its_own_file_does_not_take() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    room.write(
        "other/jobq.toml",
        "[tasks.mail]\nqueue = \"emails\"\ncommand = [\"true\", \"{old}\"]\nparams = { old = \"string\" }\n\
         [tasks.strange]\nqueue = \"emails\"\ncommand = [\"true\"]\n",
    );
    let from = |words: &[&str]| {
        room.jobq(["enqueue", "--quiet"]).args(words).cwd(room.work().join("other")).run().status(0).line()
    };
    let old = from(&["mail", "old=1"]);
    let strange = from(&["strange"]);
    let dash = from(&["--unchecked", "-q", "emails", "nowhere", "a=1"]);
    room.burst(&[]);
    for (id, why) in [
        (&old, "unknown parameter \"old\""),
        (&strange, "this worker does not know the task strange"),
        (&dash, "this worker does not know the task nowhere"),
    ] {
        let job = room.job(id);
        assert_eq!((job.state(), job.counters()[0]), ("SCHEDULED", 0));
        assert!(job.0["reason"].as_str().unwrap().contains(why), "{}", job.0);
        let shown = room.jobq(["status", id]).run().status(0).stdout_text();
        assert!(shown.contains(why), "{shown}");
    }
    invariants::check(&mut server.client());
}

#[test]
fn a_producer_without_the_definition_names_the_queue() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    let home = room.home();
    let bare = |words: &[&str]| room.jobq(["enqueue", "--quiet"]).args(words).cwd(&home).run();
    bare(&["mail", "to=x"]).status(2);
    bare(&["--unchecked", "mail", "to=x"]).status(2);
    let id = bare(&["--unchecked", "-q", "emails", "mail", "to=x"]).status(0).line();
    let dash = bare(&["--unchecked", "-q", "emails", "mail", "to=-x"]).status(0).line();
    room.burst(&["--allow", "other", "-q", "emails"]);
    assert_eq!(room.job(&id).0["reason"], "this worker is not allowed to run the task mail");
    room.burst(&["--idle", "10s", "--max-jobs", "2"]);
    assert_eq!(room.stdout_of(&id), b"--to\0x\0v=plain\0-3\0end\0");
    assert!(room.job(&dash).0["reason"].as_str().unwrap().contains("dash = true"));
}

#[test]
fn an_email_is_sent_at_the_third_try() {
    let server = Server::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = std::thread::spawn(move || {
        for answer in ["503 Busy", "500 Broken", "200 OK"] {
            let (mut peer, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                peer.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"POST /send?to=a@b.c "), "{}", String::from_utf8_lossy(&request));
            write!(peer, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    let toml = format!(
        "[tasks.send_email]\nqueue = \"emails\"\ncommand = [\"bash\", \"send_email.sh\", \"{{to}}\", \"{port}\"]\n\
         params = {{ to = \"string\" }}\nretries = 5\nretry_delay = \"300ms\"\ntimeout = \"20s\"\n"
    );
    let room = Room::with_tasks(&server, &toml);
    room.write(
        "send_email.sh",
        "exec 3<>/dev/tcp/127.0.0.1/$2 || exit 1\nprintf 'POST /send?to=%s HTTP/1.1\\r\\n\\r\\n' \"$1\" >&3\n\
         read -r _ code _ <&3\necho \"$code\"\n[ \"$code\" = 200 ]\n",
    );
    let id = room.enqueue(["send_email", "to=a@b.c"]);
    room.burst(&["--idle", "10s"]);
    web.join().unwrap();
    let job = room.job(&id);
    assert_eq!((job.state(), job.counters()), ("SUCCESS", [3, 2, 0, 0, 0]));
    let at = |at: usize, name: &str| {
        let text = job.0["attempts"][at][name].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    };
    for next in 1..3 {
        assert!(at(next, "started_at") - at(next - 1, "ended_at") >= 300, "{}", job.0);
    }
    assert_eq!(room.stdout_of(&id), b"200\n");
}

#[test]
fn a_report_that_runs_out_of_time_saves_what_it_has() {
    let server = Server::start();
    let room = Room::with_tasks(
        &server,
        r#"
[tasks.generate_report]
command = ["sh", "report.sh"]
params = { user_id = "integer" }
soft_timeout = "2s"
timeout = "50s"
[tasks.stubborn]
command = ["sh", "-c", "trap '' TERM; echo '[1]' >\"$JOBQ_RESULT\"; while :; do sleep 0.05; done"]
soft_timeout = "300ms"
timeout = "1s"
"#,
    );
    room.write(
        "report.sh",
        "trap 'echo \"{\\\"user\\\": $JOBQ_ARG_USER_ID, \\\"rows\\\": 7}\" >\"$JOBQ_RESULT\"; exit 9' TERM\n\
         echo '40% resizing' >>\"$JOBQ_PROGRESS\"\nwhile :; do sleep 0.05; done\n",
    );
    let worker = room.ready_worker(&["-c", "2"]);
    let id = room.enqueue(["generate_report", "user_id:=3"]);
    let stubborn = room.enqueue(["stubborn"]);
    let job = room.job_when("progress", &id, PATIENCE, |job| !job.0["progress"].is_null());
    assert_eq!((job.state(), &job.0["result"]), ("STARTED", &serde_json::Value::Null));
    assert_eq!(job.0["progress"], serde_json::json!({"percent": 40.0, "message": "resizing"}));
    let shown = room.jobq(["status", &id]).run().status(0).stdout_text();
    assert!(shown.contains("resizing") || room.job(&id).state() != "STARTED", "{shown}");
    let job = room.job_in(&id, "FAILURE", PATIENCE);
    assert_eq!((job.outcome(), job.0["exit_code"].as_u64()), ("exit", Some(9)));
    assert_eq!(job.0["result"], serde_json::json!({"user": 3, "rows": 7}));
    let job = room.job_in(&stubborn, "FAILURE", PATIENCE);
    assert_eq!((job.outcome(), &job.0["result"]), ("timeout", &serde_json::json!([1])));
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
    invariants::check(&mut server.client());
}

#[test]
fn hup_reads_the_tasks_anew_and_a_broken_file_changes_nothing() {
    let server = Server::start();
    let room = Room::with_tasks(&server, MAIL);
    let worker = room.ready_worker(&["-q", "emails,default"]);
    room.write("jobq.toml", "[tasks.mail]\ncommand = 3\n");
    worker.signal(Signal::HUP);
    worker.wait_stderr("the tasks stay as they were", PATIENCE);
    room.write("new/jobq.toml", format!("{MAIL}\n[tasks.new]\ncommand = [\"echo\", \"new\"]\n"));
    let from_new = |words: &[&str]| {
        room.jobq(["enqueue", "--quiet"]).args(words).cwd(room.work().join("new")).run().status(0).line()
    };
    let mail = from_new(&["mail", "to=x"]);
    wait_for("the task as it was", PATIENCE, || server.dump_all().values().any(|v| v.contains("SUCCESS")));
    std::fs::copy(room.work().join("new/jobq.toml"), room.work().join("jobq.toml")).unwrap();
    worker.signal(Signal::HUP);
    worker.wait_stderr("read the tasks anew", PATIENCE);
    let new = room.enqueue(["new"]);
    room.job_in(&new, "SUCCESS", PATIENCE);
    room.job_in(&mail, "SUCCESS", PATIENCE);
    assert_eq!(room.stdout_of(&new), b"new\n");
}
