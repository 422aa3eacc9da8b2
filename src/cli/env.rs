//! The only file that reads the environment (clap reads `JOBQ_URL`, `JOBQ_NAMESPACE` and
//! `JOBQ_CONFIG` for the options of the same name).

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::core::when::LocalZone;

/// Where this process finds itself. An empty variable counts as none.
#[derive(Debug, Clone)]
pub struct EnvFacts {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_STATE_HOME`, where it is absolute, as its specification demands.
    pub xdg_state_home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, where it is absolute.
    pub xdg_config_home: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// `JOBQ_LOCAL=never`: a missing URL is an error.
    pub local_never: bool,
    /// `JOBQ_PASSWORD_FILE`.
    pub password_file: Option<PathBuf>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// The local time zone: `TZ`, else the system's.
    pub zone: LocalZone,
    /// The user: `USER`, else `LOGNAME`, else the number.
    pub user: String,
    /// The host's name.
    pub host: String,
    /// The effective user id.
    pub euid: u32,
    /// The current folder; `None` when it was removed or is closed to us.
    pub cwd: Option<PathBuf>,
    /// `TMPDIR`, else /tmp.
    pub temp: PathBuf,
    /// Whether `TMPDIR` says so.
    pub temp_named: bool,
}

impl EnvFacts {
    /// Reads it all, once; the time zone when it is needed.
    pub fn read() -> EnvFacts {
        let euid = rustix::process::geteuid().as_raw();
        let user = ["USER", "LOGNAME"].iter().find_map(|name| text(name));
        EnvFacts {
            home: path("HOME"),
            xdg_state_home: path("XDG_STATE_HOME").filter(|path| path.is_absolute()),
            xdg_config_home: path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()),
            path: var("PATH"),
            local_never: text("JOBQ_LOCAL").is_some_and(|value| value == "never"),
            password_file: path("JOBQ_PASSWORD_FILE"),
            no_color: var("NO_COLOR").is_some(),
            zone: LocalZone::found_by(TimeZone::system),
            user: user.unwrap_or_else(|| euid.to_string()),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            euid,
            cwd: std::env::current_dir().ok(),
            temp: std::env::temp_dir(),
            temp_named: var("TMPDIR").is_some(),
        }
    }
}

/// One variable as it stands, for `-e NAME`; here empty is a value like any other.
pub fn lookup(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn var(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    var(name).map(|value| value.to_string_lossy().into_owned())
}

fn path(name: &str) -> Option<PathBuf> {
    var(name).map(PathBuf::from)
}
