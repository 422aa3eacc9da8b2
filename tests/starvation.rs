//! A machine that is short of something: jobs go back unharmed and run later, none of them
//! fails for it, and no attempt is used up.

use std::time::Duration;

use crate::support::{PATIENCE, Room, Running, Server, jobq_program, wait_for};

const JOBS: usize = 24;

/// A worker of many slots, started by a shell that sets its limits first.
fn starved(room: &Room, limits: &str, url: &str) -> Running {
    let script = format!("{limits}\nexec \"$0\" worker -c 12 --lease 20s");
    let command = room.program("/bin/sh").args(["-c", &script]).args([jobq_program()]);
    let worker = command.env("JOBQ_URL", url).spawn();
    worker.wait_stderr(" ready ", PATIENCE);
    worker
}

/// All jobs succeed in their first attempt, though some had to be given back.
#[track_caller]
fn all_succeed_unharmed(room: &Room, worker: &Running, ids: &[String]) {
    let said = || worker.stderr_lines().join("\n");
    for id in ids {
        let job = room.job_when(&format!("{id} to end"), id, Duration::from_secs(120), |job| {
            !["PENDING", "SCHEDULED", "STARTED"].contains(&job.state())
        });
        assert_eq!(job.state(), "SUCCESS", "{:#}\n{}", job.0, said());
        let [attempt, failures, losses, snoozes, _] = job.counters();
        assert_eq!([attempt, failures, losses, snoozes], [1, 0, 0, 0], "{id}\n{}", said());
    }
    let released: u64 = ids.iter().map(|id| room.job(id).counters()[4]).sum();
    assert!(released > 0, "nothing was scarce:\n{}", said());
    assert!(said().contains("the machine is short of something"), "{}", said());
}

#[test]
fn a_worker_without_descriptors_gives_jobs_back_and_takes_fewer() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..JOBS).map(|_| room.shell(&[], "sleep 0.5; echo done")).collect();
    let worker = starved(&room, "ulimit -n 32", &server.url());
    all_succeed_unharmed(&room, &worker, &ids);
    for id in &ids {
        assert_eq!(room.stdout_of(id), b"done\n");
    }
    worker.signal(crate::support::Signal::TERM);
    worker.wait_exit(PATIENCE).status(0);
}

#[test]
fn what_is_scarce_shows_with_the_job() {
    let server = Server::start();
    let room = Room::new(&server);
    let ids: Vec<String> = (0..JOBS).map(|_| room.shell(&[], "sleep 1")).collect();
    let _worker = starved(&room, "ulimit -n 32", &server.url());
    wait_for("a job that says why it waits", PATIENCE, || {
        ids.iter().any(|id| {
            let job = room.job(id);
            job.0["reason"].as_str().unwrap_or_default().contains("the machine is short of something")
        })
    });
}

/// What sets a limit of processes, in whichever shell sh is.
fn processes(most: usize) -> String {
    format!("ulimit -p {most} 2>/dev/null || ulimit -u {most}")
}

/// Only a user other than root has a limit of processes; as root the worker becomes one that
/// nobody else is.
#[test]
fn a_worker_that_cannot_fork_gives_jobs_back_and_takes_fewer() {
    let server = Server::options().tcp().start();
    let room = Room::at(&server.tcp_url());
    let ids: Vec<String> = (0..JOBS).map(|_| room.enqueue(["-C", "/", "--", "sleep", "0.5"])).collect();
    let limits = if rustix::process::geteuid().is_root() {
        let user = 60_000 + std::process::id() % 5_000;
        room.open_to_all();
        // The shell is one of them: it becomes the guardian.
        format!(
            "[ \"$1\" ] || exec setpriv --reuid {user} --regid {user} --clear-groups /bin/sh -c '\n\
             {}; exec \"$0\" worker -c 12 --lease 20s' \"$0\"",
            processes(14)
        )
    } else {
        let mine = room.program("/bin/sh").args(["-c", "ps -L -o pid= -u $(id -u) | wc -l"]).run();
        let mine: usize = mine.stdout_text().trim().parse().unwrap_or(0);
        processes(mine + 16)
    };
    let worker = starved(&room, &limits, &server.tcp_url());
    all_succeed_unharmed(&room, &worker, &ids);
}

/// A small disk of its own below the room, gone with the handle.
struct Disk(std::path::PathBuf);

impl Disk {
    /// `None` where only root may mount, or nobody may.
    fn mount(at: std::path::PathBuf) -> Option<Disk> {
        std::fs::create_dir_all(&at).expect("a folder");
        let words = ["-t", "tmpfs", "-o", "size=64k,mode=777", "none"];
        let done = std::process::Command::new("mount").args(words).arg(&at).output().ok()?;
        done.status.success().then_some(Disk(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A lazy one: whoever still looks into it keeps it no longer than that.
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_fails_no_job_that_does_not_need_it() {
    let server = Server::start();
    let room = Room::new(&server);
    let Some(disk) = Disk::mount(room.work().join("disk")) else {
        // Said aloud: everywhere else this part of the promise is not looked at.
        eprintln!("a full disk needs the right to mount one: not looked at here");
        return;
    };
    let worker = room.worker(&["-c", "4"]).env("TMPDIR", &disk.0).spawn();
    worker.wait_stderr(" ready ", PATIENCE);
    let fill = format!("cat /dev/zero >{}/fill 2>/dev/null; true", disk.0.display());
    room.program("/bin/sh").args(["-c", &fill]).run().status(0);
    let ids: Vec<String> = (0..8)
        .map(|_| {
            let words = ["enqueue", "--quiet", "--stdin", "--shell", "cat"];
            room.jobq(words).stdin("x".repeat(100_000)).run().status(0).line()
        })
        .collect();
    for id in &ids {
        let job = room.job_in(id, "SUCCESS", PATIENCE);
        assert_eq!(job.counters(), [1, 0, 0, 0, 0]);
        assert_eq!(room.stdout_of(id).len(), 100_000);
    }
    // A result that cannot be written is the job's own trouble, and told as such.
    let id = room.shell(&[], "echo '{\"a\": 1}' >$JOBQ_RESULT");
    assert_eq!(room.job_in(&id, "FAILURE", PATIENCE).outcome(), "exit");
}
