//! The web application of `examples/fastapi` for real, under uvicorn with its pinned packages;
//! the same flow in plain shell; and what puts them to work, as far as it can be checked here.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};

use crate::support::{
    PATIENCE, Room, Running, Server, Signal, engine_of, path, signal, wait_for, wait_for_some,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jobq");
const LEASE: &str = "3s";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python with the packages of the application, made once for each set of versions. It
/// comes from the tester's own index, through the tester's own configuration.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let wanted = root().join("tests/web/requirements.txt");
        let mut hash = DefaultHasher::new();
        for file in [&wanted, &root().join("examples/fastapi/requirements.txt")] {
            std::fs::read(file).unwrap().hash(&mut hash);
        }
        // Fails where it is too old, and tells which one it is.
        let version = "import sys; assert sys.version_info >= (3, 11), sys.version; print(sys.version)";
        finished(Command::new("python3").args(["-c", version])).hash(&mut hash);
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let lock = std::fs::File::create(tmp.join("venv.lock")).unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let venv = tmp.join(format!("venv-{:016x}", hash.finish()));
        let (python, ready) = (venv.join("bin/python"), venv.join("ready"));
        if !(ready.exists() && python.exists()) {
            finished(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
            let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "-r"];
            finished(Command::new(&python).args(pip).arg(&wanted));
            std::fs::write(ready, "").unwrap();
        }
        python
    })
}

fn finished(command: &mut Command) -> Vec<u8> {
    let needs = "these tests need python3 (3.11 or newer) with venv, and an index of Python packages: \
                 run `make setup`";
    let done = command.output().unwrap_or_else(|error| panic!("{needs}: {command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{needs}\n{command:?}: {}\n{said}", done.status);
    done.stdout
}

/// A copy of the examples in a room of their own, on a private server.
struct Site {
    server: Server,
    room: Room,
}

impl Site {
    fn set() -> Site {
        let server = Server::options().aof().start();
        let room = Room::new(&server);
        for dir in ["fastapi", "shell"] {
            let to = room.work().join(dir);
            std::fs::create_dir(&to).unwrap();
            for entry in std::fs::read_dir(root().join("examples").join(dir)).unwrap() {
                let from = entry.unwrap().path();
                if from.is_file() {
                    let name = from.file_name().unwrap();
                    std::fs::copy(&from, to.join(name)).unwrap();
                }
            }
        }
        let site = Site { server, room };
        site.edit("", "");
        site
    }

    fn app(&self) -> PathBuf {
        self.room.work().join("fastapi")
    }

    /// Another value in the copy of jobq.toml.
    fn edit(&self, from: &str, to: &str) {
        let file = self.app().join("jobq.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "no {from} in jobq.toml");
        std::fs::write(&file, text.replace(from, to)).unwrap();
        // Others must not be able to write it, whatever the umask of the checkout was.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    #[track_caller]
    fn worker(&self, args: &[&str]) -> Running {
        let worker = self.room.worker(args).args(["--lease", LEASE]).cwd(self.app()).spawn();
        worker.wait_stderr(" ready ", PATIENCE);
        worker
    }

    #[track_caller]
    fn web(&self) -> Web {
        let python = self.room.program(python());
        let words = ["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", "0", "--no-access-log"];
        let mut server = python
            .args(words)
            .cwd(self.app())
            .env("JOBQ_PROGRAM", PROGRAM)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .spawn();
        let port = wait_for_some("uvicorn to listen", PATIENCE, || {
            let lines = server.stderr_lines();
            assert!(!server.has_ended(), "uvicorn ended:\n{}", lines.join("\n"));
            let line = lines.into_iter().find(|line| line.contains("Uvicorn running on"))?;
            line.split("127.0.0.1:").nth(1)?.split(' ').next()?.parse().ok()
        });
        Web { server, port }
    }
}

struct Web {
    server: Running,
    port: u16,
}

struct Answer {
    status: u16,
    head: String,
    body: Json,
}

impl Web {
    #[track_caller]
    fn call(&self, request: &str, extra: &str, body: Option<Json>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{kind}{extra}Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: serde_json::from_str(body).unwrap(),
        }
    }

    /// A request that is refused; the reason.
    #[track_caller]
    fn refused(&self, request: &str, body: Option<Json>, status: u16) -> Answer {
        let answer = self.call(request, "", body);
        assert_eq!(answer.status, status, "{request}: {}", answer.body);
        let again = answer.head.contains("\r\nretry-after: ");
        assert_eq!(again, status == 503, "{}", answer.head);
        answer
    }

    #[track_caller]
    fn accepted(&self, request: &str, body: Option<Json>) -> String {
        let answer = self.call(request, "", body);
        assert_eq!(answer.status, 202, "{request}: {}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn task_when(&self, what: &str, id: &str, holds: impl Fn(&Json) -> bool) -> Json {
        wait_for_some(what, PATIENCE, || {
            let answer = self.call(&format!("GET /tasks/{id}"), "", None);
            assert_eq!(answer.status, 200, "{}", answer.body);
            holds(&answer.body).then_some(answer.body)
        })
    }

    fn end(self) {
        self.server.signal(Signal::TERM);
        let done = self.server.wait_exit(PATIENCE);
        assert!(!done.stderr_text().contains("Traceback"), "{done}");
    }
}

fn end(worker: Running) {
    worker.signal(Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn hundreds_of_requests_get_their_results_while_a_worker_is_killed() {
    const EMAILS: usize = 270;
    const REPORTS: usize = 30;
    let site = Site::set();
    site.edit("PART_SECONDS = \"0.2\"", "PART_SECONDS = \"0.05\"");
    let web = site.web();
    let emails = site.worker(&["-q", "emails", "-c", "8"]);
    let reports = site.worker(&["-q", "reports", "-c", "2"]);
    let client = site
        .room
        .program(python())
        .args([root().join("tests/web/client.py")])
        .args([web.port.to_string(), EMAILS.to_string(), REPORTS.to_string()])
        .spawn();
    let halves = [emails.pid(), engine_of(emails.pid())];
    let both = |number| halves.iter().for_each(|pid| signal(*pid, number));
    // Stopped, so that what it is found to be running is not over when it is killed.
    wait_for("emails in the hands of their worker", PATIENCE, || {
        if site.room.count("emails", "SUCCESS") < 20 {
            return false;
        }
        both(Signal::STOP);
        let holds = site.room.count("emails", "STARTED") >= 1;
        both(if holds { Signal::KILL } else { Signal::CONT });
        holds
    });
    let second = site.worker(&["-q", "emails", "-c", "8"]);
    let told = client.wait_exit(PATIENCE).status(0).stdout_text();
    let mut lines = told.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let ids: Vec<String> = serde_json::from_value(lines.next().unwrap()["ids"].take()).unwrap();
    let ended: Vec<Json> = serde_json::from_value(lines.next().unwrap()["ended"].take()).unwrap();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), EMAILS + REPORTS);
    assert_eq!(ended.len(), ids.len());
    for (number, (id, task)) in ids.iter().zip(&ended).enumerate() {
        assert_eq!((&task["id"], &task["state"]), (&json!(id), &json!("SUCCESS")), "{task}");
        let result = if number < EMAILS {
            json!({"message_id": format!("<{id}@jobq.example>")})
        } else {
            json!({"user_id": number, "partial": false, "parts": 2, "sum": 5})
        };
        assert_eq!(task["result"], result, "{task}");
        if number < EMAILS {
            let mail = site.room.read(&format!("fastapi/outbox/{id}.eml"));
            let start = format!("To: user{number}@example.org\nSubject: Hello; $(exit) 'there'\n");
            assert!(mail.starts_with(&start) && mail.ends_with("\n\ntwo\nlines\n"), "{mail}");
        }
    }
    let cut = ended.iter().filter(|task| task["attempt"].as_u64() > Some(1)).count();
    assert!(cut >= 1, "the killed worker ran nothing that another had to run again");
    drop(emails.wait_exit(PATIENCE));
    end(second);
    end(reports);
    web.end();
    assert_eq!(site.room.processes(), [], "left running");
}

#[test]
fn what_goes_wrong_is_told_in_the_words_of_http() {
    let mut site = Site::set();
    site.edit("soft_timeout = \"4m\"", "soft_timeout = \"2s\"");
    let web = site.web();
    let worker = site.worker(&["-q", "emails,reports", "-c", "2"]);

    // A full queue; progress while it runs; what there was when time was up.
    site.room.jobq(["control", "limit", "reports", "--max-depth", "1"]).run().status(0);
    let id = web.accepted("POST /reports/7", Some(json!({"parts": 1000})));
    let full = web.refused("POST /reports/8", None, 503);
    assert!(full.body["detail"].as_str().unwrap().contains("queue reports is full"), "{}", full.body);
    let task = web.task_when("progress", &id, |task| task["progress"]["message"].is_string());
    assert_eq!(task["state"], "STARTED");
    assert!(task["progress"]["message"].as_str().unwrap().starts_with("part "), "{task}");
    let task = web.task_when("the soft limit", &id, |task| task["state"] == "SUCCESS");
    assert_eq!((&task["result"]["partial"], &task["result"]["user_id"]), (&json!(true), &json!(7)));
    assert!(task["result"]["parts"].as_u64() >= Some(1), "{task}");
    web.accepted("POST /reports/8", Some(json!({"parts": 1})));

    // What cannot be: refused by the application, by jobq, by the kernel.
    for body in [
        json!({"to": "nobody"}),
        json!({"to": "-a@example.org"}),
        json!({"to": "a@example.org", "subject": "a\0b"}),
        json!({"to": "a@example.org", "body": "\u{20ac}".repeat(50_000)}),
        json!({"subject": "no address"}),
    ] {
        web.refused("POST /emails", Some(body), 422);
    }
    web.refused("POST /reports/somebody", None, 422);
    web.refused("POST /reports/-1", None, 422);
    for id in ["nope", "-h", "--help", "a%20b", "01m8462wg1e5x9366yyprszfnr"] {
        web.refused(&format!("GET /tasks/{id}"), None, 404);
    }

    // The same request twice is one job.
    let mail = json!({"to": "ann@example.org"});
    for created in [true, false] {
        let answer = web.call("POST /emails", "Idempotency-Key: order-1\r\n", Some(mail.clone()));
        assert_eq!((answer.status, answer.body), (202, json!({"id": "order-1", "created": created})));
    }
    web.task_when("the mail", "order-1", |task| task["state"] == "SUCCESS");

    // A failure, and the hook that tells somebody.
    let id = web.accepted("POST /emails", Some(json!({"to": "ann@nowhere.invalid"})));
    let task = web.task_when("the failure", &id, |task| task["state"] == "FAILURE");
    assert_eq!((&task["error"], &task["attempt"]), (&json!("exit code 65"), &json!(1)), "{task}");
    let notice = format!("not sent: failure {id} ");
    wait_for("the notice", PATIENCE, || site.room.read("fastapi/outbox/notices").contains(&notice));

    // Redis does not answer; Redis is gone.
    end(worker);
    site.server.stop();
    let unsure = web.refused("POST /emails", Some(mail.clone()), 503);
    site.server.cont();
    let id = unsure.body["id"].as_str().expect("an id to repeat it with");
    let answer = web.call("POST /emails", &format!("Idempotency-Key: {id}\r\n"), Some(mail.clone()));
    assert_eq!((answer.status, &answer.body["id"]), (202, &json!(id)));
    site.server.kill9();
    web.refused("POST /emails", Some(mail), 503);
    web.refused("GET /tasks/order-1", None, 503);
    web.end();
    assert_eq!(site.room.processes(), [], "left running");
}

#[test]
fn the_nightly_report_is_one_report_however_many_beats_run() {
    let site = Site::set();
    site.edit("PART_SECONDS = \"0.2\"", "PART_SECONDS = \"0\"");
    let next = site.room.jobq(["beat", "next", "nightly_report", "-n", "1"]).cwd(site.app()).run().status(0);
    assert!(next.stdout_text().contains(" 00:00:00 JST "), "{next}");
    // Midnight is seconds away: as often as that, and otherwise the same schedule.
    site.edit("cron = \"0 0 * * *\"", "cron = \"* * * * * *\"");
    let beats: Vec<Running> = (0..2).map(|_| site.room.jobq(["beat"]).cwd(site.app()).spawn()).collect();
    beats.iter().for_each(|beat| beat.wait_stderr(" ready ", PATIENCE));
    let worker = site.worker(&["-q", "emails,reports", "-c", "2"]);
    let schedule = || -> Json {
        let output = site.room.jobq(["inspect", "schedules", "--json"]).run().status(0);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    wait_for("five nights", PATIENCE, || schedule()["fired"].as_u64() >= Some(5));
    for beat in beats {
        end(beat);
    }
    let fired = schedule()["fired"].as_u64().unwrap();
    let by_hand = site.room.jobq(["beat", "trigger", "nightly_report"]).run().status(0).line();
    let jobs = || ["SUCCESS", "EXPIRED"].iter().map(|state| site.room.count("reports", state)).sum::<u64>();
    wait_for("the reports", PATIENCE, || jobs() == fired + 1);
    assert_eq!(site.room.job(&by_hand).0["result"]["user_id"], 1);
    end(worker);
}

#[test]
fn the_flow_in_plain_shell() {
    let site = Site::set();
    let worker = site.worker(&["-q", "emails,reports", "-c", "2"]);
    let mut dirs = vec![Path::new(PROGRAM).parent().unwrap().to_path_buf()];
    dirs.extend(std::env::split_paths(&path()));
    let flow = site.room.program("/bin/sh").args(["shell/flow.sh"]);
    let done = flow.env("PATH", std::env::join_paths(dirs).unwrap()).run().status(0).stderr("");
    let text = done.stdout_text();
    let id = text.strip_prefix("email ").unwrap().lines().next().unwrap();
    assert!(text.contains("\nreport is STARTED "), "{text}");
    let last = "\nreport is SUCCESS\n\
        result {\"partial\":false,\"parts\":10,\"sum\":385,\"user_id\":42}\n\
        email is SUCCESS\n\
        user_id=somebody is refused with exit code 65\n";
    assert!(text.ends_with(last), "{text}");
    let mail = site.room.read(&format!("fastapi/outbox/{id}.eml"));
    assert!(mail.starts_with("To: ann@example.org\nSubject: Hello; $(you)\n"), "{mail}");
    end(worker);
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let room = Room::at("unix:///nowhere/s");
    let file = "jobq-worker@.service";
    let text = std::fs::read_to_string(root().join("dist").join(file)).unwrap();
    let value = |key: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(&format!("{key}=")));
        values.next().unwrap_or_else(|| panic!("no {key} in the unit"))
    };
    for (key, wanted) in [
        ("Type", "notify"),
        ("KillMode", "mixed"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "2 78"),
        ("Environment", "JOBQ_LOCAL=never"),
        ("OOMPolicy", "continue"),
    ] {
        assert_eq!(value(key), wanted, "{key}");
    }
    let stop: u64 = value("TimeoutStopSec").parse().unwrap();
    assert!(stop > 20 + 5, "the worker's own two steps take 25 s");
    assert!(value("WatchdogSec").parse::<u64>().is_ok());
    let words: Vec<&str> = value("ExecStart").split(' ').collect();
    assert_eq!(words, ["/usr/local/bin/jobq", "worker", "-q", "%i", "$JOBQ_WORKER_ARGS"]);
    checked_unit(&room, file, &text);
}

/// Well formed, and taken by `systemd-analyze` where that is at hand.
#[track_caller]
fn checked_unit(room: &Room, file: &str, text: &str) {
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let key = line.split_once('=').map(|(key, _)| key);
        let is_key = key.is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(is_key || ["[Unit]", "[Service]", "[Install]"].contains(&line), "{line}");
    }
    let path = path();
    let mut analyze = std::env::split_paths(&path).map(|dir| dir.join("systemd-analyze"));
    if let Some(analyze) = analyze.find(|program| program.is_file()) {
        // As installed, with the program where it is now.
        let unit = room.write(file, text.replace("/usr/local/bin/jobq", PROGRAM));
        let words = ["verify", "--man=no"];
        room.program(analyze).args(words).args([unit]).run().stdout("").stderr("").status(0);
    }
}

#[test]
fn the_schedulers_unit_is_one_that_systemd_takes() {
    let room = Room::at("unix:///nowhere/s");
    let text = std::fs::read_to_string(root().join("dist/jobq-beat.service")).unwrap();
    checked_unit(&room, "jobq-beat.service", &text);
    for line in ["Type=notify", "WatchdogSec=30", "Environment=JOBQ_LOCAL=never", "NoNewPrivileges=yes"] {
        assert!(text.lines().any(|one| one == line), "{line}");
    }
}

#[test]
fn make_install_puts_the_unit_where_systemd_looks() {
    let room = Room::at("unix:///nowhere/s");
    let built = room.write("target/release/jobq", "");
    let to = room.work().join("to");
    room.program("/usr/bin/make")
        .args(["-s", "install", "PREFIX=/usr"])
        .args([format!("DESTDIR={}", to.display())])
        .env("CARGO_TARGET_DIR", built.ancestors().nth(2).unwrap())
        .cwd(root())
        .run()
        .stderr("")
        .status(0);
    for (file, start) in [("jobq-worker@", "worker -q %i "), ("jobq-beat", "beat $JOBQ_BEAT_ARGS\n")] {
        let file = format!("usr/lib/systemd/system/{file}.service");
        let unit = std::fs::read_to_string(to.join(file)).unwrap();
        assert!(unit.contains(&format!("\nExecStart=/usr/bin/jobq {start}")), "{unit}");
        assert!(!unit.contains("/usr/local"), "{unit}");
    }
}

#[test]
fn the_container_files_are_well_formed() {
    let room = Room::at("unix:///nowhere/s");
    let example = root().join("examples/fastapi");
    let shown = room
        .program(python())
        .args([root().join("tests/web/compose.py"), example.join("compose.yaml")])
        .run()
        .status(0);
    let compose: Json = serde_json::from_slice(&shown.stdout).unwrap();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(
        services.keys().collect::<Vec<_>>(),
        ["beat", "redis", "web", "worker-emails", "worker-reports"]
    );
    for (name, queue, slots) in [("worker-emails", "emails", "8"), ("worker-reports", "reports", "2")] {
        assert_eq!(services[name]["command"], json!(["jobq", "worker", "-q", queue, "-c", slots]));
        assert_eq!(services[name]["environment"]["JOBQ_LOCAL"], "never");
        assert_eq!(services[name]["stop_grace_period"], "45s");
    }
    assert_eq!(
        (&services["beat"]["command"], &services["beat"]["deploy"]["replicas"]),
        (&json!(["jobq", "beat"]), &json!(2))
    );
    let redis = services["redis"]["command"].as_array().unwrap();
    assert!(redis.windows(2).any(|pair| pair == ["--appendonly", "yes"]), "{redis:?}");
    let build = &services["web"]["build"];
    let context = example.join(build["context"].as_str().unwrap()).canonicalize().unwrap();
    assert_eq!(context, root().canonicalize().unwrap());
    // Instructions, what they copy, and stages that exist.
    let text = std::fs::read_to_string(context.join(build["dockerfile"].as_str().unwrap())).unwrap();
    let mut stages = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "CMD"];
        assert!(known.contains(&words[0]) && words.len() > 1, "{line}");
        match words.as_slice() {
            ["FROM", _, "AS", name] => assert!(stages.insert((*name).to_owned()), "{line}"),
            ["COPY", from, ..] if from.starts_with("--from=") => {
                assert!(stages.contains(&from["--from=".len()..]), "{line}");
            }
            ["COPY", sources @ .., _] => {
                for source in sources.iter().filter(|word| !word.starts_with("--") && !word.contains('*')) {
                    assert!(context.join(source).exists(), "{line}");
                }
            }
            ["CMD", ..] => assert!(serde_json::from_str::<Vec<String>>(&line[4..]).is_ok(), "{line}"),
            _ => {}
        }
    }
}
