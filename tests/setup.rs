//! Where the queue lives and who may enter: bad configuration is 78, and passwords stay secret.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{PATIENCE, Room, Server, Signal};

#[test]
fn a_password_comes_from_its_file() {
    let server = Server::options().aof().requirepass("s3cret").start();
    let bare = format!("unix://{}", server.socket().display());
    let room = Room::at(&bare);
    let file = room.write("password", "s3cret\n");
    room.jobq(["enqueue", "--", "true"]).env("JOBQ_PASSWORD_FILE", &file).run().status(0).line();
    room.jobq(["worker", "--burst", "--quiet"]).env("JOBQ_PASSWORD_FILE", &file).run().stderr("").status(0);
    let absent = room.work().join("absent");
    for args in [&["enqueue", "--", "true"][..], &["status"], &["worker", "--burst"]] {
        room.jobq(args)
            .env("JOBQ_PASSWORD_FILE", &absent)
            .run()
            .stdout("")
            .stderr(format!(
                "jobq: cannot read JOBQ_PASSWORD_FILE {}: No such file or directory (os error 2)\n",
                absent.display()
            ))
            .status(78);
    }
}

#[test]
fn a_url_that_cannot_work_is_78_and_is_not_repeated() {
    for (url, message) in [
        (
            "http://x:s3cret@y",
            "the Redis URL must begin with redis://, rediss://, unix://, redis+unix://, redis+sentinel:// or redis+cluster://",
        ),
        (
            "s3cret",
            "the Redis URL must begin with redis://, rediss://, unix://, redis+unix://, redis+sentinel:// or redis+cluster://",
        ),
        (
            "redis+sentinel://:s3cret@a,b",
            "redis+sentinel:// needs the name under which the Sentinels know the primary: redis+sentinel://HOST,HOST/NAME",
        ),
        ("redis+cluster://:s3cret@a,b/1", "redis+cluster:// has no path: a Cluster has database 0 only"),
        ("rediss://:s3cret@h/#insecure", "the Redis URL must not have a fragment ('#…')"),
    ] {
        let room = Room::at(url);
        for args in [&["enqueue", "--", "true"][..], &["status"], &["worker", "--burst"]] {
            room.jobq(args).run().stdout("").stderr(format!("jobq: {message}\n")).status(78);
        }
    }
    let stderr =
        Room::at("redis://:s3cret@host:port").jobq(["status"]).run().stdout("").status(78).stderr_text();
    assert!(
        stderr.starts_with("jobq: the Redis URL is not valid: ") && !stderr.contains("s3cret"),
        "{stderr}"
    );
}

#[test]
fn local_never_without_a_url_is_78() {
    let room = Room::local();
    for args in [&["enqueue", "--", "true"][..], &["status"], &["worker", "--burst"], &["inspect", "server"]]
    {
        room.jobq(args)
            .env("JOBQ_LOCAL", "never")
            .run()
            .stdout("")
            .stderr(
                "jobq: no server is named, and JOBQ_LOCAL=never rules out the local store\n\
                 hint: name one with --url or JOBQ_URL\n",
            )
            .status(78);
    }
    assert_eq!(std::fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn a_namespace_of_another_version_is_78_and_stays_as_it_is() {
    let server = Server::options().aof().start();
    let room = Room::new(&server);
    room.jobq(["enqueue", "--quiet", "--id", "job", "--", "true"]).run().status(0);
    server.cli(&["HSET", "jobq:{test}:meta", "format", "2"]);
    let before = server.dump_all();
    let told = "jobq: the stored data has format 2, this jobq reads and writes format 1\n\
                hint: use the jobq that wrote it, or another --namespace\n";
    for args in [
        &["enqueue", "--", "true"][..],
        &["control", "cancel", "job"],
        &["control", "limit", "default", "--max-depth", "1"],
        &["worker", "--burst", "--quiet"],
    ] {
        room.jobq(args).run().stdout("").stderr(told).status(78);
    }
    assert_eq!(server.dump_all(), before);
}

#[test]
fn a_worker_refuses_a_server_that_may_drop_any_key() {
    let server = Server::options().maxmemory("64mb").config("maxmemory-policy allkeys-lru").start();
    let room = Room::new(&server);
    room.jobq(["worker", "--burst", "--quiet"])
        .run()
        .stdout("")
        .stderr(
            "jobq: the server may evict any key (maxmemory-policy allkeys-lru), so jobs could vanish; \
             set noeviction, or say --allow-eviction\n",
        )
        .status(78);
    room.jobq(["worker", "--burst", "--quiet", "--allow-eviction"]).run().status(0);
}

#[test]
fn passwords_are_on_no_command_line_and_in_no_log() {
    let server = Server::options().requirepass("s3cret").start();
    let room = Room::new(&server);
    let mut worker = room.jobq(["worker"]).spawn();
    worker.wait_stderr("ready", PATIENCE);
    room.jobq(["enqueue", "--wait", "--", "sh", "-c", "env"]).run().status(0).stdout_text();
    let env = room.jobq(["enqueue", "--wait", "--quiet", "--", "env"]).run().status(0).stdout_text();
    assert!(!env.contains("s3cret"), "{env}");
    let processes = room.processes();
    assert!(processes.len() >= 2, "{processes:?}");
    assert!(!processes.iter().any(|(_, words)| words.contains("s3cret")), "{processes:?}");
    for args in
        [&["status"][..], &["status", "--json"], &["inspect", "server"], &["inspect", "server", "--json"]]
    {
        let output = room.jobq(args).run().status(0);
        assert!(!output.to_string().contains("s3cret"), "{output}");
    }
    assert!(!worker.has_ended());
    worker.signal(Signal::TERM);
    let output = worker.wait_exit(PATIENCE).status(0);
    assert!(!output.to_string().contains("s3cret"), "{output}");
}

#[test]
fn a_folder_that_others_may_write_is_no_local_store() {
    let room = Room::local();
    let dir = room.place().dir;
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    room.jobq(["enqueue", "--", "true"])
        .run()
        .stdout("")
        .stderr(format!(
            "jobq: refusing to keep the local store in {}: others may write to it (mode 0777); chmod 700 it\n",
            dir.display()
        ))
        .status(78);
}
