//! Crontabs on the queue: every form that Debian's own have, run by a real worker or refused
//! by line with the reason.

use serde_json::{Value as Json, json};

use crate::support::{PATIENCE, Room, Running, Server, Signal, compile_shim, wait_for, wait_for_some};

/// Who runs the tests, and with it beats and workers.
fn me(room: &Room) -> String {
    room.program("/usr/bin/id").args(["-un"]).run().status(0).line()
}

fn schedules(room: &Room) -> Vec<Json> {
    let output = room.jobq(["inspect", "schedules", "--json"]).run().status(0);
    output.stdout_text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[track_caller]
fn beat(room: &Room, args: &[&str]) -> Running {
    let beat = room.jobq(["beat", "--host", "web1"]).args(args).spawn();
    beat.wait_stderr(" ready ", PATIENCE);
    beat
}

#[track_caller]
fn end(running: Running) {
    running.signal(Signal::TERM);
    running.wait_exit(PATIENCE).status(0);
}

/// The schedule whose script has this in it, triggered; its ended job and what it wrote.
#[track_caller]
fn run(room: &Room, all: &[Json], part: &str) -> (Json, String) {
    let has = |one: &&Json| one["argv"][2].as_str().is_some_and(|script| script.contains(part));
    let found: Vec<&Json> = all.iter().filter(has).collect();
    assert_eq!(found.len(), 1, "{part}: {all:#?}");
    let id = room.jobq(["beat", "trigger", found[0]["name"].as_str().unwrap()]).run().status(0).line();
    let job = wait_for_some("the job to end", PATIENCE, || {
        let job = room.job(&id);
        ["SUCCESS", "FAILURE"].contains(&job.state()).then_some(job.0)
    });
    let text = String::from_utf8(room.stdout_of(&id)).unwrap();
    (job, text)
}

/// As /etc/crontab and the files of packages are written: comments, blank lines, columns of
/// spaces and tabs, users, conditions, percent signs with a backslash.
const SYSTEM: &str = "\
# The crontab of a machine. Unlike others it names a user in each line.

SHELL=/bin/sh
# PATH is inherited where nobody sets it
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

# m h dom mon dow user\tcommand
17 *\t* * *\tUSER\tcd / && echo hourly in $(pwd)
25 6\t* * *\tUSER\ttest -x /usr/sbin/nothing || { cd / && echo daily; }
52 6\t1 * *\tUSER\ttest -x /usr/sbin/nothing || ( cd / && echo monthly )
09,39 *     * * *     USER   [ -x /bin/sh ] && if [ ! -d /run/nowhere ]; then echo sessions; fi
5-55/10 * * * * USER command -v sh > /dev/null && echo sampled 1 1
57 0 * * 0 USER if [ -x /bin/sh ] && [ $(date +\\%d) -le 31 ]; then echo checked --cron --all; fi
0 */12 * * * USER test -x /bin/sh -a \\! -d /run/nowhere && echo renewed
30 7-23 * * *   USER\t[ -x /bin/sh ] && if [ ! -d /run/nowhere ]; then echo invoked >/dev/null; fi
@reboot         USER    if [ -x /bin/sh ]; then nice -n10 echo up; fi
";

#[test]
fn each_line_of_a_system_crontab_runs() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("system.cron", SYSTEM.replace("USER", &me(&room)));
    let running = beat(&room, &["--crontab", "system.cron", "--user-field"]);
    let worker = room.worker(&["-q", "cron-web1"]).spawn();
    let all = schedules(&room);
    assert_eq!(all.len(), 9, "{all:#?}");
    assert!(all.iter().all(|one| one["queue"] == "cron-web1" && one["overlap"] == "allow"), "{all:#?}");
    for (part, output) in [
        ("hourly", "hourly in /\n"),
        ("daily", "daily\n"),
        ("monthly", "monthly\n"),
        ("sessions", "sessions\n"),
        ("sampled", "sampled 1 1\n"),
        ("checked", "checked --cron --all\n"),
        ("renewed", "renewed\n"),
        ("invoked", ""),
        ("nice", "up\n"),
    ] {
        let (job, text) = run(&room, &all, part);
        assert_eq!((job["state"].as_str(), text.as_str()), (Some("SUCCESS"), output), "{part}");
    }
    end(running);
    end(worker);
}

#[test]
fn a_user_crontab_with_everything_runs_as_cron_would_run_it() {
    let server = Server::start();
    let room = Room::new(&server);
    let elsewhere = room.tmp().canonicalize().unwrap();
    room.write(
        "user.cron",
        format!(
            "0 0 * * * echo first $SHELL $PATH [$GREETING]; pwd\n\
             SHELL = /bin/bash\nGREETING = \"  hello \"\nHOME={}\nTZ=Asia/Tokyo\n\
             0 0 1,15 * MON-FRI echo second $SHELL \"[$GREETING]\" $TZ; pwd; [[ x == x ]]\n\
             1 0 * * * cat%one%two\\%\n\
             2 0 * * *\texit 3\n\
             CRON_TZ=Asia/Tokyo\n@daily echo tokyo\n~ 4 * * sat echo spread\n",
            elsewhere.display()
        ),
    );
    let running = beat(&room, &["--crontab", "user.cron", "-q", "cron"]);
    let worker = room.worker(&["-q", "cron"]).spawn();
    let all = schedules(&room);
    assert_eq!(all.len(), 6, "{all:#?}");
    assert_eq!(
        run(&room, &all, "first").1,
        format!("first /bin/sh /usr/bin:/bin []\n{}\n", room.home().display())
    );
    let second = format!("second /bin/bash [  hello ] Asia/Tokyo\n{}\n", elsewhere.display());
    assert_eq!(run(&room, &all, "second").1, second);
    assert_eq!(run(&room, &all, "cat").1, "one\ntwo%\n");
    let (failed, _) = run(&room, &all, "exit 3");
    assert_eq!((&failed["state"], &failed["exit_code"]), (&json!("FAILURE"), &json!(3)));
    let zones: Vec<&str> = all.iter().filter_map(|one| one["timezone"].as_str()).collect();
    assert_eq!(zones.iter().filter(|zone| **zone == "Asia/Tokyo").count(), 2, "{zones:?}");
    end(running);
    end(worker);
}

#[test]
fn a_refused_line_stops_the_whole_file_unless_it_is_left_out() {
    let server = Server::start();
    let room = Room::new(&server);
    let user = me(&room);
    room.write(
        "bad.cron",
        format!("* * * * * {user} true\n0 22-2 * * * {user} true\n*/5 * * * *\tmunin-x munin-update\n"),
    );
    let words = ["--crontab", "bad.cron", "--user-field"];
    let refused = room.jobq(["beat"]).args(words).run().status(65).stdout("").stderr_text();
    let user_words = format!("bad.cron:3:1: its user is \"munin-x\", and its jobs would run as {user}");
    for part in
        ["jobq: bad.cron:2:3: the range ends before it begins", "\n        ^^^^\n", user_words.as_str()]
    {
        assert!(refused.contains(part), "no {part:?} in {refused}");
    }
    assert_eq!(schedules(&room).len(), 0);
    let running = beat(&room, &["--crontab", "bad.cron", "--user-field", "--skip-refused"]);
    running.wait_stderr("bad.cron:3:1: its user is", PATIENCE);
    assert_eq!(schedules(&room).len(), 1);
    end(running);
    let other =
        room.jobq(["beat", "check", "bad.cron", "--user-field", "--worker-user", "munin-x"]).run().status(65);
    assert!(other.stdout_text().contains(&format!("its user is \"{user}\"")), "{other}");
}

#[test]
fn a_worker_of_another_user_does_not_run_its_jobs() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("their.cron", "0 0 * * * true\n");
    let running = beat(&room, &["--crontab", "their.cron", "--worker-user", "nobody-else"]);
    let name = schedules(&room)[0]["name"].as_str().unwrap().to_owned();
    let id = room.jobq(["beat", "trigger", &name]).run().status(0).line();
    room.burst(&["-q", "cron-web1"]);
    let job = room.job(&id);
    assert_eq!((job.state(), job.counters()[0]), ("SCHEDULED", 0));
    let reason = job.0["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("the job is the user nobody-else's, and this worker runs as"), "{reason}");
    end(running);
}

#[test]
fn a_changed_crontab_is_read_again_and_its_lines_keep_their_names() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("my.cron", "0 0 * * * one\n0 1 * * * two\n");
    let running = beat(&room, &["--crontab", "my.cron"]);
    let names = || -> Vec<String> {
        schedules(&room).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let before = names();
    assert!(before.iter().all(|name| name.starts_with("cron-web1.")), "{before:?}");
    room.write("my.cron", "# moved\n\n0 1 * * * two\n0 2 * * * three\n");
    wait_for("the new file", PATIENCE, || {
        let now = names();
        now.len() == 2 && now != before
    });
    assert_eq!(names().iter().filter(|name| before.contains(name)).count(), 1);
    // A version that cannot run does not count.
    room.write("my.cron", "0 99 * * * two\n");
    running.wait_stderr("what was published stays", PATIENCE);
    assert_eq!(schedules(&room).len(), 2);
    end(running);
}

#[test]
fn a_rehearsal_says_what_would_run_and_publishes_nothing() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("my.cron", "* * * * * echo hi\n");
    room.write("jobq.toml", "[schedules.often]\nevery = \"1s\"\ncommand = [\"true\"]\n");
    let running = room.jobq(["beat", "--crontab", "my.cron", "--shadow"]).spawn();
    running.wait_stderr("rehearsing: nothing is published and nothing runs", PATIENCE);
    running.wait_stderr("would run schedule=often", PATIENCE);
    end(running);
    assert_eq!(schedules(&room).len(), 0);
    assert!(server.dump_all().is_empty());
}

#[test]
fn what_is_imported_means_the_same() {
    let server = Server::start();
    let room = Room::new(&server);
    let text = "GREETING=' a \"b'\nMAILTO=ops@example.org\n*/15 2 * * 1-5 echo \"$GREETING\" 'x\\y'%in%put\n\
                CRON_TZ=Asia/Tokyo\n@weekly echo \u{fc}\u{1f980}\n";
    room.write("my.cron", text);
    let imported = room.jobq(["beat", "import", "crontab", "my.cron", "--host", "web1"]).run().status(0);
    end(beat(&room, &["--crontab", "my.cron"]));
    let wanted = schedules(&room);
    let other = Room::new(&server).namespace("other");
    other.write("jobq.toml", imported.stdout_text());
    end(beat(&other, &[]));
    let found = schedules(&other);
    assert_eq!((wanted.len(), found.len()), (2, 2));
    for (one, two) in wanted.iter().zip(&found) {
        for field in ["name", "cron", "timezone", "next_at", "argv", "overlap", "missed_policy", "queue"] {
            assert_eq!(one[field], two[field], "{field}");
        }
    }
    room.write("my.cron", "@reboot echo up\n0 0 * * * echo hi\n");
    let part = room.jobq(["beat", "import", "crontab", "my.cron"]).run().status(65);
    let text = part.stdout_text();
    assert!(text.contains("# Line 1 is left out: @reboot") && text.contains("\"echo hi\""), "{text}");
}

#[test]
fn output_is_mailed_by_the_sendmail_of_the_worker() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let room = Room::new(&server);
    let program = room.write("bin/sendmail", format!("#!/bin/sh\ncat >>{}/mail\n", room.work().display()));
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    room.write(
        "my.cron",
        format!(
            "PATH={}/bin:/usr/bin:/bin\nMAILTO=ops@example.org\n0 0 * * * echo out; echo err >&2; exit 4\n1 0 * * * true\n",
            room.work().display()
        ),
    );
    let running = beat(&room, &["--crontab", "my.cron"]);
    let worker = room.worker(&["-q", "cron-web1"]).spawn();
    let all = schedules(&room);
    run(&room, &all, "true");
    let (job, text) = run(&room, &all, "echo err");
    assert_eq!((&job["exit_code"], text.as_str()), (&json!(4), "out\nerr\n"));
    assert_eq!(job["argv"][2], "echo out; echo err >&2; exit 4");
    let mail = room.read("mail");
    assert_eq!(mail.matches("To: ops@example.org\n").count(), 1, "{mail}");
    assert!(
        mail.contains("> echo out; echo err >&2; exit 4\n") && mail.ends_with("\n\nout\nerr\n"),
        "{mail}"
    );
    end(running);
    end(worker);
}

#[test]
fn a_folder_of_crontabs_is_followed_as_cron_follows_its_own() {
    let server = Server::start();
    let room = Room::new(&server);
    let me = me(&room);
    let line = |word: &str| format!("# of a package\nMAILTO=\"\"\n* * * * *\t{me}\techo {word}\n");
    std::fs::create_dir(room.work().join("cron.d")).unwrap();
    for name in ["php", "e2scrub_all", "old.dpkg-old", ".placeholder"] {
        room.write(&format!("cron.d/{name}"), line(name));
    }
    let private = room.write("cron.d/loose", line("loose"));
    std::fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    room.write("single", "* * * * * echo single\n");

    let check = room.jobq(["beat", "check", "cron.d"]).run().status(0).stdout_text();
    assert!(
        check.contains("cron.d/old.dpkg-old:1:1: warning: left out: as with cron, a name has"),
        "{check}"
    );
    assert!(
        check.contains("cron.d/loose:1:1: warning: left out: others than its owner can write it"),
        "{check}"
    );
    let imported = room.jobq(["beat", "import", "crontab", "cron.d"]).run().status(0).stdout_text();
    assert_eq!(imported.matches("[schedules.").count(), 2, "{imported}");

    let given = ["--crontab", "cron.d", "--crontab", "single"];
    let running = beat(&room, &given);
    let scripts = || -> Vec<String> {
        let all = schedules(&room);
        let mut scripts: Vec<String> =
            all.iter().map(|one| one["argv"][2].as_str().unwrap().to_owned()).collect();
        scripts.sort();
        scripts
    };
    let wait = |wanted: &[&str]| wait_for(&format!("{wanted:?}"), PATIENCE, || scripts() == wanted);
    wait(&["echo e2scrub_all", "echo php", "echo single"]);
    // Files come, go and change while it runs.
    std::fs::remove_file(room.work().join("cron.d/php")).unwrap();
    room.write("cron.d/new", line("new"));
    wait(&["echo e2scrub_all", "echo new", "echo single"]);
    std::fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    wait(&["echo e2scrub_all", "echo loose", "echo new", "echo single"]);
    end(running);
    // What goes while no beat is there goes with the next one.
    std::fs::remove_file(room.work().join("cron.d/new")).unwrap();
    let running = beat(&room, &given);
    wait(&["echo e2scrub_all", "echo loose", "echo single"]);
    end(running);
    // One line that cannot run holds all of the folder up, unless it is left out by word.
    room.write("cron.d/bad", "* * * * * nobody-there echo bad\n");
    let refused = room.jobq(["beat", "--crontab", "cron.d"]).run().status(65);
    assert!(refused.stderr_text().contains("cron.d/bad:1:1: its user is "), "{refused}");
    room.jobq(["beat", "--crontab", "cron.d", "--crontab", "./cron.d"]).run().status(2);
    room.jobq(["beat", "--crontab", "cron.e"]).run().status(66);
}

#[test]
fn a_line_for_the_boot_runs_once_after_each_boot_of_its_host() {
    let server = Server::start();
    let room = Room::new(&server);
    let shim = compile_shim(&room.tmp(), "otherboot");
    room.write("up.cron", "@reboot echo up\n");
    // Says that it is ready after its first look, and looks for boots in that.
    let booted = |host: &str, number: u32| {
        let boot = format!("{number:08}-0000-4000-8000-000000000000\n");
        let beat = room.jobq(["beat", "--host", host, "--crontab", "up.cron", "-q", "up"]);
        let file = room.write(&format!("boot-{number}"), boot);
        let beat = beat.env("LD_PRELOAD", &shim).env("BOOT_ID_FILE", file).spawn();
        beat.wait_stderr(" ready ", PATIENCE);
        beat
    };
    let jobs = || -> Vec<String> {
        let page = room.jobq(["inspect", "jobs", "--json"]).run().status(0).stdout_text();
        let jobs = page.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        jobs.map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    for _ in 0..2 {
        end(booted("web1", 1));
        assert!(jobs().is_empty(), "the machine was up before the line was there");
    }
    let both = [booted("web1", 2), booted("web1", 2)];
    let first = jobs();
    assert!(first.len() == 1 && first[0].ends_with(".boot-0000000200004000"), "{first:?}");
    both.into_iter().for_each(end);
    end(booted("web1", 2));
    end(booted("web2", 3));
    assert_eq!(jobs(), first);
    end(booted("web1", 3));
    end(booted("web2", 4));
    let worker = room.worker(&["-q", "up"]).spawn();
    let all = jobs();
    assert_eq!(all.len(), 3, "{all:?}");
    for id in &all {
        room.job_in(id, "SUCCESS", PATIENCE);
        assert_eq!(room.stdout_of(id), b"up\n");
    }
    end(worker);
}

/// The one test that waits for the clock on the wall: a minute at most.
#[test]
fn a_line_for_each_minute_runs_at_the_next_one() {
    let server = Server::start();
    let room = Room::new(&server);
    room.write("my.cron", "* * * * * date +\\%s\n");
    let running = beat(&room, &["--crontab", "my.cron"]);
    let worker = room.worker(&["-q", "cron-web1"]).spawn();
    let text = |one: &Json| one.as_str().unwrap().to_owned();
    let name = text(&schedules(&room)[0]["name"]);
    let id = wait_for_some("a tick", 3 * PATIENCE, || {
        schedules(&room)[0]["ended"]["job"].as_str().map(str::to_owned)
    });
    let tick = id.strip_prefix(&format!("{name}.")).expect("the schedule's name and the minute");
    assert!(tick.len() == "20261125T090600Z".len() && tick.ends_with("00Z"), "{id}");
    assert_eq!(room.job(&id).state(), "SUCCESS");
    let digits: String = tick.chars().filter(char::is_ascii_digit).collect();
    let started = String::from_utf8(room.stdout_of(&id)).unwrap();
    let minute = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", &digits).unwrap();
    let due_s = minute.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    assert!(started.trim().parse::<i64>().unwrap() >= due_s, "{started} for {tick}");
    end(running);
    end(worker);
}
