//! Folders of crontabs, such as /etc/cron.d: which of their files count, as Debian's cron sees it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a folder has, in the order of the names; what begins with a point is hidden from cron too.
///
/// # Errors
/// As the system reports it.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Why cron would leave a file of a folder out; `None` where it counts. Besides root's, files
/// of the user who runs this count.
pub(super) fn why_not(path: &Path, euid: u32) -> Option<String> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)) {
        return Some("left out: as with cron, a name has only letters, digits, _ and -".to_owned());
    }
    let (link, file) = match (fs::symlink_metadata(path), fs::metadata(path)) {
        (Ok(link), Ok(file)) => (link, file),
        (Err(error), _) | (_, Err(error)) => return Some(format!("left out: {error}")),
    };
    let is_strange = |meta: &Metadata| meta.uid() != 0 && meta.uid() != euid;
    let why = match () {
        () if !file.is_file() => "it is no file",
        () if is_strange(&link) || is_strange(&file) => {
            "its owner is neither root nor the user who runs this"
        }
        () if file.mode() & 0o022 != 0 => "others than its owner can write it",
        () if file.nlink() != 1 => "it has another name elsewhere, whose owner could change it",
        () => return None,
    };
    Some(format!("left out: {why}"))
}

/// What tells one state of a file from another: of metadata, too, since that may count.
pub(super) type Stamp = (PathBuf, Option<(u64, u64, i64, i64, u64)>);

/// The stamps of a file, or of a folder and all that it has.
pub(super) fn stamps(path: &Path) -> Vec<Stamp> {
    let stamp = |path: PathBuf| {
        let meta = fs::metadata(&path).ok();
        let marks = meta.map(|meta| (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec(), meta.size()));
        (path, marks)
    };
    // One that is no folder has no entries.
    let inside = entries(path).unwrap_or_default();
    std::iter::once(path.to_owned()).chain(inside).map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn files_count_as_they_do_with_cron() {
        let dir = tempfile::tempdir().unwrap();
        let euid = fs::metadata(dir.path()).unwrap().uid();
        let file = |name: &str, mode: u32| {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for (name, mode) in [("php", 0o644), ("e2scrub_all", 0o644), ("a.dpkg-old", 0o644), ("b~", 0o644)] {
            file(name, mode);
        }
        for (name, mode) in [(".placeholder", 0o644), ("group", 0o664), ("others", 0o646), ("own", 0o600)] {
            file(name, mode);
        }
        fs::create_dir(dir.path().join("dir")).unwrap();
        file("twice", 0o644);
        fs::hard_link(dir.path().join("twice"), dir.path().join("x.other")).unwrap();
        symlink("php", dir.path().join("link")).unwrap();
        symlink("nothing", dir.path().join("dangling")).unwrap();
        let (good, bad): (Vec<PathBuf>, Vec<PathBuf>) =
            entries(dir.path()).unwrap().into_iter().partition(|path| why_not(path, euid).is_none());
        let names = |paths: &[PathBuf]| -> Vec<String> {
            paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&good), ["e2scrub_all", "link", "own", "php"]);
        assert_eq!(
            names(&bad),
            ["a.dpkg-old", "b~", "dangling", "dir", "group", "others", "twice", "x.other"]
        );
        // Root's own count for everybody.
        let strange = why_not(&dir.path().join("php"), euid + 1);
        assert_eq!(strange.is_none(), euid == 0, "{strange:?}");
    }

    #[test]
    fn whatever_changes_in_a_folder_changes_its_stamps() {
        let dir = tempfile::tempdir().unwrap();
        let before = stamps(dir.path());
        let path = dir.path().join("a");
        fs::write(&path, "x").unwrap();
        let with = stamps(dir.path());
        assert_ne!(before, with);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_ne!(with, stamps(dir.path()));
        fs::remove_file(&path).unwrap();
        assert_eq!(before.len(), stamps(dir.path()).len());
    }
}
