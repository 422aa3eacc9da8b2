//! Where the local store lives, and whether that directory can be trusted.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::LocalError;

/// `sun_path` of unix(7) holds 108 bytes, the closing zero among them.
const SOCKET_PATH_MAX: usize = 107;

/// What the choice of the directory depends on, read from the process by the caller.
#[derive(Debug, Clone, Default)]
pub struct EnvFacts {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub xdg_state_home: Option<PathBuf>,
    /// The effective user id.
    pub euid: u32,
}

/// The directory of one local store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory; it need not exist yet.
    pub dir: PathBuf,
}

impl Place {
    /// `$XDG_STATE_HOME/jobq`, else `/var/lib/jobq` for root, else `~/.local/state/jobq`,
    /// where `~` is `HOME` or, without that, the home directory in /etc/passwd. As the XDG
    /// rules have it, empty and relative values count as unset.
    ///
    /// # Errors
    /// [`LocalError::NoHome`].
    pub fn from_env(facts: &EnvFacts) -> Result<Place, LocalError> {
        let absolute = |path: &Option<PathBuf>| path.clone().filter(|p| p.is_absolute());
        if let Some(state) = absolute(&facts.xdg_state_home) {
            return Ok(Place { dir: state.join("jobq") });
        }
        if facts.euid == 0 {
            return Ok(Place { dir: PathBuf::from("/var/lib/jobq") });
        }
        let home = absolute(&facts.home)
            .or_else(|| home_in_passwd(&fs::read("/etc/passwd").ok()?, facts.euid))
            .ok_or(LocalError::NoHome)?;
        Ok(Place { dir: home.join(".local/state/jobq") })
    }

    /// The socket's real path, for people and other processes. It may be too long for
    /// connect(2); see [`super::Ready::socket`].
    pub fn socket(&self) -> PathBuf {
        self.dir.join("redis.sock")
    }

    /// Whether a server has kept anything here.
    pub(super) fn has_data(&self) -> bool {
        self.dir.join("appendonlydir").exists()
    }

    /// The file whose lock the server holds for its whole life.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.dir.join("redis.log")
    }

    /// Whether the directory exists; an error if it cannot be trusted.
    pub(super) fn check(&self) -> Result<bool, LocalError> {
        let meta = match fs::symlink_metadata(&self.dir) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(LocalError::io("look at", &self.dir)(error)),
        };
        let me = rustix::process::geteuid().as_raw();
        let why = if meta.is_symlink() {
            "it is a symbolic link".to_owned()
        } else if !meta.is_dir() {
            "it is not a directory".to_owned()
        } else if meta.uid() != me {
            format!("it belongs to user {}, not to user {me}", meta.uid())
        } else if meta.mode() & 0o022 != 0 {
            format!("others may write to it (mode {:04o}); chmod 700 it", meta.mode() & 0o7777)
        } else {
            return Ok(true);
        };
        Err(LocalError::Unsafe { dir: self.dir.clone(), why })
    }

    /// Makes the directory, or makes sure that nobody else can look into an existing one.
    pub(super) fn create(&self) -> Result<(), LocalError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(LocalError::io("create", &self.dir))?;
        self.check()?;
        fs::set_permissions(&self.dir, Permissions::from_mode(0o700))
            .map_err(LocalError::io("protect", &self.dir))
    }

    /// Writes a file in the directory that only its owner can read.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), LocalError> {
        let path = self.dir.join(name);
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content))
            .map_err(LocalError::io("write", &path))
    }

    /// A path of the socket that connect(2) takes: the real one, or one through a
    /// descriptor of the directory when that is too long.
    pub(super) fn connectable_socket(&self) -> Result<PathBuf, LocalError> {
        let socket = self.socket();
        if socket.as_os_str().len() <= SOCKET_PATH_MAX {
            return Ok(socket);
        }
        short_dir(&self.dir).map(|dir| dir.join("redis.sock")).map_err(LocalError::io("open", &self.dir))
    }
}

/// The directories that were opened for [`short_dir`], by their long names. They stay open
/// until the process ends, for the short path is used again at every reconnect.
static OPENED: Mutex<BTreeMap<PathBuf, OwnedFd>> = Mutex::new(BTreeMap::new());

/// `dir` as `/proc/self/fd/N`.
fn short_dir(dir: &Path) -> io::Result<PathBuf> {
    let by_fd = |fd: &OwnedFd| PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(fd) = opened.get(dir) {
        // Removed and made anew in the meantime, it would be another directory.
        let (held, named) = (fs::metadata(by_fd(fd))?, fs::metadata(dir)?);
        if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
            return Ok(by_fd(fd));
        }
    }
    let fd = OwnedFd::from(File::open(dir)?);
    let path = by_fd(&fd);
    opened.insert(dir.to_path_buf(), fd);
    Ok(path)
}

/// The home directory of `uid` in the text of /etc/passwd.
fn home_in_passwd(passwd: &[u8], uid: u32) -> Option<PathBuf> {
    let wanted = uid.to_string();
    passwd.split(|&byte| byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
        let (id, home) = (fields.get(2)?, fields.get(5)?);
        (*id == wanted.as_bytes() && home.starts_with(b"/"))
            .then(|| PathBuf::from(std::ffi::OsString::from_vec(home.to_vec())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(home: Option<&str>, state: Option<&str>, euid: u32) -> PathBuf {
        let facts = EnvFacts { home: home.map(Into::into), xdg_state_home: state.map(Into::into), euid };
        Place::from_env(&facts).unwrap().dir
    }

    #[test]
    fn the_state_directory_is_chosen_as_xdg_says() {
        assert_eq!(dir(Some("/home/a"), None, 1000), Path::new("/home/a/.local/state/jobq"));
        assert_eq!(dir(Some("/home/a"), Some("/s"), 1000), Path::new("/s/jobq"));
        assert_eq!(dir(Some("/home/a"), Some(""), 1000), Path::new("/home/a/.local/state/jobq"));
        assert_eq!(dir(Some("/home/a"), Some("here"), 1000), Path::new("/home/a/.local/state/jobq"));
    }

    #[test]
    fn root_has_a_place_of_its_own_unless_told_otherwise() {
        assert_eq!(dir(Some("/root"), None, 0), Path::new("/var/lib/jobq"));
        assert_eq!(dir(Some("/home/a"), None, 0), Path::new("/var/lib/jobq"));
        assert_eq!(dir(None, Some("/s"), 0), Path::new("/s/jobq"));
    }

    #[test]
    fn without_home_the_passwd_entry_decides() {
        let passwd =
            b"root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:,,,:/home/ann:/bin/sh\nx:x:7:7::rel:/\n";
        assert_eq!(home_in_passwd(passwd, 1000), Some(PathBuf::from("/home/ann")));
        assert_eq!(home_in_passwd(passwd, 7), None);
        assert_eq!(home_in_passwd(passwd, 8), None);
        let nobody = EnvFacts { home: None, xdg_state_home: None, euid: 4_000_000_000 };
        assert!(matches!(Place::from_env(&nobody), Err(LocalError::NoHome)));
    }
}
