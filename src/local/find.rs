//! Which server program to start.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{LocalError, Place};

/// Searched when `PATH` is unset.
pub const DEFAULT_SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The names looked for, the preferred one first.
const NAMES: [&str; 2] = ["valkey-server", "redis-server"];

/// The program for this store: the one that wrote its data while that is installed, else
/// the first one on the search path.
///
/// The first rule keeps a store in one hand when both servers are installed (neither reads
/// everything that the other writes), and lets cron, whose PATH is short, start it too.
pub(super) fn server(place: &Place, search_path: Option<&OsStr>) -> Result<PathBuf, LocalError> {
    let search_path = search_path.unwrap_or(OsStr::new(DEFAULT_SEARCH_PATH));
    recorded(place)
        .filter(|path| is_program(path))
        .or_else(|| on_path(search_path))
        .ok_or_else(|| LocalError::NoServerBinary { searched: search_path.to_string_lossy().into_owned() })
}

/// The program noted by [`record`].
pub(super) fn recorded(place: &Place) -> Option<PathBuf> {
    let path = PathBuf::from(OsString::from_vec(fs::read(place.dir.join("server")).ok()?));
    path.is_absolute().then_some(path)
}

/// Notes which program writes the data of this store.
pub(super) fn record(place: &Place, server: &Path) -> Result<(), LocalError> {
    place.write("server", server.as_os_str().as_bytes())
}

/// Relative and empty entries (the current directory) are passed over: what runs for weeks
/// must not depend on where somebody happened to stand.
fn on_path(search_path: &OsStr) -> Option<PathBuf> {
    let dirs: Vec<PathBuf> = std::env::split_paths(search_path).filter(|dir| dir.is_absolute()).collect();
    NAMES.iter().find_map(|name| dirs.iter().map(|dir| dir.join(name)).find(|path| is_program(path)))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(dir: &Path, name: &str, mode: u32) -> PathBuf {
        fs::create_dir_all(dir).unwrap();
        let path = dir.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn valkey_is_preferred_and_files_that_cannot_run_are_passed_over() {
        let temp = tempfile::tempdir().unwrap();
        let (a, b) = (temp.path().join("a"), temp.path().join("b"));
        let search = std::env::join_paths([&a, &b]).unwrap();
        let redis = program(&a, "redis-server", 0o755);
        program(&a, "valkey-server", 0o644);
        assert_eq!(on_path(&search), Some(redis));
        let valkey = program(&b, "valkey-server", 0o755);
        assert_eq!(on_path(&search), Some(valkey));
    }

    #[test]
    fn the_program_that_wrote_the_data_is_kept_while_it_exists() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place { dir: temp.path().join("store") };
        let first = program(&temp.path().join("a"), "redis-server", 0o755);
        let other = program(&temp.path().join("b"), "valkey-server", 0o755);
        fs::create_dir(&place.dir).unwrap();
        record(&place, &first).unwrap();
        let search = temp.path().join("b").into_os_string();
        assert_eq!(server(&place, Some(&search)).unwrap(), first);
        fs::remove_file(&first).unwrap();
        assert_eq!(server(&place, Some(&search)).unwrap(), other);
    }

    #[test]
    fn a_missing_program_is_told_with_both_names_and_the_line_that_installs_one() {
        let temp = tempfile::tempdir().unwrap();
        let place = Place { dir: temp.path().join("store") };
        let error = server(&place, Some(OsStr::new("/nowhere:relative"))).unwrap_err().to_string();
        assert_eq!(
            error,
            "no valkey-server or redis-server found in /nowhere:relative; \
             install one: apt install redis-server"
        );
    }
}
