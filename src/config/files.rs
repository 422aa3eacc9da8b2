//! Which files count, and whether they can be trusted.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::node::{self, Fault, Node, Origin, Source};
use super::{Config, ConfigError, read};

/// Of the machine.
pub const SYSTEM: &str = "/etc/jobq/jobq.toml";
/// Of the folder that a command is run in.
pub const HERE: &str = "jobq.toml";
/// The most bytes of one file.
const MOST_BYTES: u64 = 4 << 20;

/// What is needed of the environment.
#[derive(Debug, Clone, Default)]
pub struct Where {
    /// The only file to read (`--config`, `JOBQ_CONFIG`).
    pub only: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, where it is absolute.
    pub xdg_config_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The current folder; `None` when it was removed or is closed to us.
    pub cwd: Option<PathBuf>,
    /// The effective user id.
    pub euid: u32,
}

/// Reads and merges the files that there are.
///
/// # Errors
/// [`ConfigError::Unreadable`], [`ConfigError::Unsafe`] for a `./jobq.toml` that others could
/// have written, [`ConfigError::Faults`].
pub fn load(place: &Where) -> Result<Config, ConfigError> {
    load_from(place, Path::new(SYSTEM))
}

/// As [`load`], with another file of the machine.
pub(super) fn load_from(place: &Where, system: &Path) -> Result<Config, ConfigError> {
    let mut texts: Vec<(Arc<Source>, String)> = Vec::new();
    if let Some(only) = &place.only {
        let file = File::open(only).map_err(|source| unreadable(only, source))?;
        texts.push((source(place, only), text(file, only)?));
    } else {
        let mut seen = Vec::new();
        let user = place
            .xdg_config_home
            .clone()
            .or_else(|| place.home.as_ref().map(|home| home.join(".config")))
            .map(|dir| dir.join("jobq/jobq.toml"));
        let here = place.cwd.as_ref().map(|cwd| cwd.join(HERE));
        for (path, shown, careful) in [
            (Some(system.to_owned()), None, false),
            (user, None, false),
            (here, Some(PathBuf::from(HERE)), true),
        ] {
            let Some(path) = path else { continue };
            let shown = shown.unwrap_or_else(|| path.clone());
            let Some((file, meta)) = open(&path, &shown)? else { continue };
            // Standing in ~/.config/jobq must not make two files of one.
            if seen.contains(&(meta.dev(), meta.ino())) {
                continue;
            }
            seen.push((meta.dev(), meta.ino()));
            if careful {
                trusted(&path, &shown, &meta, place.euid)?;
            }
            let source = Source { dir: folder(&path), shown: shown.clone() };
            texts.push((Arc::new(source), text(file, &shown)?));
        }
    }
    if texts.is_empty() {
        return Ok(Config::default());
    }
    merged(&texts)
}

fn merged(texts: &[(Arc<Source>, String)]) -> Result<Config, ConfigError> {
    let mut faults = Vec::new();
    let mut tree: Option<Node> = None;
    for (source, text) in texts {
        match (node::parse(source, text), &mut tree) {
            (Ok(node), None) => tree = Some(node),
            (Ok(node), Some(tree)) => tree.merge(node),
            (Err(found), _) => faults.extend(found),
        }
    }
    // A file that is no TOML would only make followers of its fault.
    let Some(tree) = tree.filter(|_| faults.is_empty()) else { return Err(ConfigError::Faults { faults }) };
    let files = texts.iter().map(|(source, _)| source.dir.join(file_name(&source.shown))).collect();
    read::read(tree, files).map_err(|mut faults| {
        let rank = |fault: &Fault| {
            texts.iter().position(|(source, _)| Arc::ptr_eq(source, &fault.origin.source)).unwrap_or_default()
        };
        faults.sort_by_key(|fault| (rank(fault), fault.origin.line, fault.origin.column));
        ConfigError::Faults { faults }
    })
}

/// Reads one text as if it stood in a file, for tests and for checking what is not yet saved.
///
/// # Errors
/// [`ConfigError::Faults`].
pub fn from_text(shown: &Path, dir: &Path, text: &str) -> Result<Config, ConfigError> {
    merged(&[(Arc::new(Source { shown: shown.to_owned(), dir: dir.to_owned() }), text.to_owned())])
}

fn file_name(path: &Path) -> &Path {
    path.file_name().map_or(path, Path::new)
}

fn folder(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

fn source(place: &Where, shown: &Path) -> Arc<Source> {
    let path = place.cwd.as_ref().map_or_else(|| shown.to_owned(), |cwd| cwd.join(shown));
    Arc::new(Source { shown: shown.to_owned(), dir: folder(&path) })
}

fn unreadable(file: &Path, source: io::Error) -> ConfigError {
    ConfigError::Unreadable { file: file.to_owned(), source }
}

/// A file that may be missing, and what it is.
fn open(path: &Path, shown: &Path) -> Result<Option<(File, Metadata)>, ConfigError> {
    // A pipe of that name must not hold every command up.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(shown, error)),
    };
    let meta = file.metadata().map_err(|error| unreadable(shown, error))?;
    if !meta.is_file() {
        return Err(unreadable(shown, io::Error::other("it is not a file")));
    }
    Ok(Some((file, meta)))
}

fn text(file: File, shown: &Path) -> Result<String, ConfigError> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(shown, error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unreadable(shown, io::Error::other("it is larger than 4 MiB")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let good = String::from_utf8_lossy(good);
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let source = Arc::new(Source { shown: shown.to_owned(), dir: folder(shown) });
        let origin = Origin { source, line, column };
        ConfigError::Faults { faults: vec![Fault::new(origin, "this is not UTF-8".to_owned())] }
    })
}

/// A command run in somebody else's folder must not obey a file that was laid there.
fn trusted(path: &Path, shown: &Path, meta: &Metadata, euid: u32) -> Result<(), ConfigError> {
    let refuse = |why: String, hint: String| ConfigError::Unsafe { file: shown.to_owned(), why, hint };
    let other = |uid: u32| {
        let hint = "it says what commands run: copy it to a folder of yours, or name it with --config";
        refuse(format!("it belongs to another user ({uid})"), hint.to_owned())
    };
    let ours = |uid: u32| uid == euid || uid == 0;
    let link = fs::symlink_metadata(path).map_err(|error| unreadable(shown, error))?;
    for one in [&link, meta] {
        if !ours(one.uid()) {
            return Err(other(one.uid()));
        }
    }
    if meta.mode() & 0o022 != 0 {
        let hint = format!("chmod go-w {}", shown.display());
        return Err(refuse(format!("others can write it (mode {:03o})", meta.mode() & 0o777), hint));
    }
    let real = if link.is_symlink() { fs::canonicalize(path).ok() } else { None };
    for dir in std::iter::once(folder(path)).chain(real.as_deref().map(folder)) {
        let meta = fs::metadata(&dir).map_err(|error| unreadable(shown, error))?;
        let open_to_all = meta.mode() & 0o002 != 0 && meta.mode() & 0o1000 == 0;
        if open_to_all && meta.uid() != euid {
            let why = format!("anybody can put files into its folder {}", dir.display());
            return Err(refuse(why, "copy it to a folder of yours, or name it with --config".to_owned()));
        }
    }
    Ok(())
}
