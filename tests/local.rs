//! The local store, with real servers.

use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Barrier;
use std::time::Duration;

use jobq::local::{self, LocalError, Place, Ready};

use crate::support::{PATIENCE, Room, Signal, Value, alive, path, resp, signal, wait_for};

/// Starts or finds the room's store.
fn ensure(room: &Room) -> Ready {
    local::ensure(&room.place(), Some(&path())).unwrap()
}

fn call(ready: &Ready, args: &[&str]) -> Value {
    resp::Client::connect(&ready.socket).unwrap().call(args).unwrap()
}

fn kill9(place: &Place, ready: &Ready) {
    let pid = ready.pid.unwrap();
    signal(pid, Signal::KILL);
    // Its last threads may go on accepting for a moment; the lock is the sign that counts.
    wait_for("the server to be gone", PATIENCE, || lock_is_free(place));
    assert!(place.socket().exists(), "a killed server leaves its socket file behind");
}

fn mode(path: PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Whether a lock on this file could be had, as another starter would try.
fn lock_is_free(place: &Place) -> bool {
    let file = File::open(place.lock()).unwrap();
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
}

#[test]
fn looking_creates_nothing() {
    let room = Room::local();
    let place = room.place();
    assert_eq!(local::running(&place).unwrap(), None);
    assert!(!local::stop(&place).unwrap());
    let info = local::describe(&place).unwrap();
    assert!(!info.running);
    assert_eq!((info.disk_bytes, info.pid), (0, None));
    assert_eq!(fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn the_first_call_makes_a_store_and_the_second_finds_it() {
    let room = Room::local();
    let first = ensure(&room);
    assert!(first.started && first.created);
    assert!(first.server.ends_with("redis-server") || first.server.ends_with("valkey-server"));
    let second = ensure(&room);
    assert_eq!(second, Ready { started: false, created: false, ..first.clone() });
    assert_eq!(local::running(&room.place()).unwrap(), Some(first.socket.clone()));
    let info = local::describe(&room.place()).unwrap();
    assert!(info.running && info.disk_bytes > 0);
    assert_eq!(info.pid, first.pid);
    assert_eq!(call(&first, &["CONFIG", "GET", "appendonly"]).texts(), ["appendonly", "yes"]);
    assert_eq!(call(&first, &["CONFIG", "GET", "port"]).texts(), ["port", "0"]);
}

#[test]
fn nobody_else_can_look_into_the_store() {
    let room = Room::local();
    let place = room.place();
    fs::create_dir_all(&place.dir).unwrap();
    fs::set_permissions(&place.dir, Permissions::from_mode(0o755)).unwrap();
    ensure(&room);
    assert_eq!(mode(place.dir.clone()), 0o700);
    assert_eq!(mode(place.socket()), 0o700);
    for file in ["lock", "redis.conf", "redis.log", "server"] {
        assert_eq!(mode(place.dir.join(file)), 0o600, "{file}");
    }
}

#[test]
fn the_server_has_no_environment_and_a_session_of_its_own() {
    let room = Room::local();
    let pid = ensure(&room).pid.unwrap();
    // Its title may run on into the space where the environment was, so look for any variable.
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(!environ.contains(&b'='), "{}", environ.escape_ascii());
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let (session, terminal) = (fields[3], fields[4]);
    assert_ne!(session, std::process::id().to_string());
    assert_eq!(terminal, "0");
}

#[test]
fn twenty_simultaneous_cold_starts_make_one_server() {
    let room = Room::local();
    let barrier = Barrier::new(20);
    let all: Vec<Ready> = std::thread::scope(|scope| {
        let start = || {
            barrier.wait();
            ensure(&room)
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all.iter().filter(|ready| ready.started).count(), 1);
    assert_eq!(all.iter().filter(|ready| ready.created).count(), 1);
    assert!(all.iter().all(|ready| ready.pid == all[0].pid), "{all:?}");
    let log = fs::read_to_string(room.place().log()).unwrap();
    assert_eq!(log.matches("Server initialized").count(), 1, "{log}");
}

#[test]
fn racing_restarts_after_a_crash_make_one_server() {
    let room = Room::local();
    let place = room.place();
    let first = ensure(&room);
    call(&first, &["SET", "k", "v"]);
    wait_for("the data to reach the disk", PATIENCE, || {
        call(&first, &["INFO", "persistence"]).text().contains("aof_pending_bio_fsync:0")
    });
    kill9(&place, &first);
    let all: Vec<Ready> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| ensure(&room))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all.iter().filter(|ready| ready.started).count(), 1);
    assert!(all.iter().all(|ready| !ready.created && ready.pid == all[0].pid), "{all:?}");
    assert_eq!(call(&all[0], &["GET", "k"]).text(), "v");
}

#[test]
fn a_stale_socket_is_not_taken_for_a_server() {
    let room = Room::local();
    let place = room.place();
    kill9(&place, &ensure(&room));
    assert_eq!(local::running(&place).unwrap(), None);
    assert!(!local::stop(&place).unwrap());
    assert!(!local::describe(&place).unwrap().running);
    assert!(ensure(&room).started);
}

#[test]
fn the_server_holds_the_lock_until_it_is_gone() {
    let room = Room::local();
    let place = room.place();
    let ready = ensure(&room);
    assert!(!lock_is_free(&place));
    signal(ready.pid.unwrap(), Signal::STOP);
    assert!(!lock_is_free(&place));
    kill9(&place, &ready);
}

#[test]
fn a_lock_without_a_server_behind_it_stops_a_second_start() {
    let room = Room::local();
    let place = room.place();
    let ready = ensure(&room);
    // As seen from a second machine on a shared home: the lock is held, the socket is dead.
    fs::remove_file(place.socket()).unwrap();
    let again = std::thread::scope(|scope| {
        let thread = scope.spawn(|| local::ensure(&place, Some(&path())));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!thread.is_finished(), "it waits for the holder");
        signal(ready.pid.unwrap(), Signal::KILL);
        thread.join().unwrap().unwrap()
    });
    assert!(again.started && !again.created && again.pid != ready.pid);
}

#[test]
fn stop_keeps_the_data_and_returns_when_the_server_is_gone() {
    let room = Room::local();
    let place = room.place();
    let ready = ensure(&room);
    call(&ready, &["SET", "k", "v"]);
    assert!(local::stop(&place).unwrap());
    assert!(!alive(ready.pid.unwrap()));
    assert!(!local::stop(&place).unwrap());
    let again = ensure(&room);
    assert!(again.started && !again.created);
    assert_eq!(call(&again, &["GET", "k"]).text(), "v");
}

#[test]
fn a_path_too_long_for_a_socket_works_all_the_same() {
    let room = Room::local();
    let place = Place { dir: room.home().join("long".repeat(60)).join("jobq 'quoted' ü") };
    let ready = local::ensure(&place, Some(&path())).unwrap();
    assert!(place.socket().as_os_str().len() > 107);
    assert!(ready.socket.as_os_str().as_bytes().len() <= 107);
    assert!(UnixStream::connect(place.socket()).is_err());
    assert_eq!(call(&ready, &["PING"]).text(), "PONG");
    assert_eq!(local::running(&place).unwrap(), Some(ready.socket));
    assert_eq!(local::describe(&place).unwrap().socket, place.socket());
    assert!(local::stop(&place).unwrap());
    fs::remove_dir_all(&place.dir).unwrap();
    let anew = local::ensure(&place, Some(&path())).unwrap();
    assert!(anew.created, "a directory removed and made anew is another store");
    assert_eq!(call(&anew, &["PING"]).text(), "PONG");
    assert!(local::stop(&place).unwrap());
}

#[test]
fn without_a_server_program_nothing_is_created() {
    let room = Room::local();
    let error = local::ensure(&room.place(), Some(room.work().as_os_str())).unwrap_err();
    assert!(matches!(error, LocalError::NoServerBinary { .. }));
    assert_eq!(fs::read_dir(room.home()).unwrap().count(), 0);
}

#[test]
fn unsafe_directories_are_refused_by_every_call() {
    let room = Room::local();
    let place = room.place();
    let refused = |why: &str| {
        let errors = [
            local::running(&place).map(drop).unwrap_err(),
            local::ensure(&place, None).map(drop).unwrap_err(),
            local::stop(&place).map(drop).unwrap_err(),
            local::describe(&place).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, LocalError::Unsafe { .. }), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    };
    fs::create_dir_all(place.dir.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(room.work(), &place.dir).unwrap();
    refused("symbolic link");
    fs::remove_file(&place.dir).unwrap();
    fs::write(&place.dir, "").unwrap();
    refused("not a directory");
    fs::remove_file(&place.dir).unwrap();
    fs::create_dir(&place.dir).unwrap();
    fs::set_permissions(&place.dir, Permissions::from_mode(0o720)).unwrap();
    refused("others may write to it (mode 0720)");
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    // Root can make one; anybody else finds one ready made.
    let room = Room::local();
    let place = if rustix::process::geteuid().is_root() {
        let place = room.place();
        fs::create_dir_all(&place.dir).unwrap();
        std::os::unix::fs::chown(&place.dir, Some(65_534), None).unwrap();
        place
    } else {
        Place { dir: PathBuf::from("/usr") }
    };
    let error = local::ensure(&place, None).unwrap_err();
    assert!(error.to_string().contains("it belongs to user"), "{error}");
}

#[test]
fn a_server_that_cannot_start_is_told_with_the_end_of_its_log() {
    let room = Room::local();
    let place = room.place();
    let ready = ensure(&room);
    call(&ready, &["SET", "k", "v"]);
    assert!(local::stop(&place).unwrap());
    let manifest = place.dir.join("appendonlydir/appendonly.aof.manifest");
    fs::write(manifest, "nonsense\n").unwrap();
    let error = local::ensure(&place, Some(&path())).unwrap_err();
    assert!(matches!(error, LocalError::StartFailed { .. }), "{error}");
    assert!(error.to_string().contains("manifest"), "{error}");
}

#[test]
fn a_program_that_is_no_server_is_told_with_what_it_said() {
    let room = Room::local();
    let fake = room.write("bin/redis-server", "#!/bin/sh\necho 'no such option' >&2\nexit 3\n");
    fs::set_permissions(&fake, Permissions::from_mode(0o755)).unwrap();
    let error = local::ensure(&room.place(), Some(room.work().join("bin").as_os_str())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} did not start: exit status: 3\n    no such option", fake.display())
    );
    wait_for("the lock to be given back", PATIENCE, || lock_is_free(&room.place()));
}
