//! From options and environment to a namespace on a server.

use std::time::Duration;

use crate::core::link::{Link, Patience, Target, TlsFiles};
use crate::core::store::Store;
use crate::local::{self, Place};
use crate::view::Problem;
use crate::view::out::Out;

use super::args::Global;
use super::env::EnvFacts;
use super::exit::CONFIG;

/// How long a look waits: whoever looks wants to know soon that there is no answer.
const LOOK: Patience = Patience { connect: Duration::from_secs(2), reply: Duration::from_millis(2_500) };

/// A server to talk to.
pub struct Found {
    /// The target.
    pub target: Target,
    /// The local store's folder, where this is the local store.
    pub local: Option<Place>,
}

/// What to do when no URL is given and no local store runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make one.
    Make,
    /// Start the one that exists (its server may have died, or the machine was rebooted), but
    /// say so where there is none: looking never creates.
    Wake,
    /// Only say how things are.
    Report,
    /// Go on: somebody starts one, now or later. For a worker's engine, which adopts and kills
    /// what detaches itself below it, a server that it started included.
    Await,
}

/// The local store's folder.
///
/// # Errors
/// A problem for the person.
pub fn place(env: &EnvFacts) -> Result<Place, Problem> {
    let facts = local::EnvFacts {
        home: env.home.clone(),
        xdg_state_home: env.xdg_state_home.clone(),
        euid: env.euid,
    };
    Ok(Place::from_env(&facts)?)
}

/// Finds the server: the URL, else the local store. Never `None` for [`Missing::Make`].
///
/// # Errors
/// A problem for the person.
pub fn find(global: &Global, env: &EnvFacts, out: &Out, missing: Missing) -> Result<Option<Found>, Problem> {
    if let Some(url) = global.url() {
        let password = password(global, env)?;
        let target = Target::parse(url, &global.tls(), password.as_deref())?;
        return Ok(Some(Found { target, local: None }));
    }
    if env.local_never {
        return Err(no_url());
    }
    let place = place(env)?;
    let socket = match missing {
        Missing::Wake if !local::exists(&place)? => return Ok(None),
        Missing::Report => match local::running(&place)? {
            None => return Ok(None),
            Some(socket) => socket,
        },
        Missing::Await => local::address(&place)?,
        Missing::Wake | Missing::Make => {
            let ready = local::ensure(&place, env.path.as_deref())?;
            if ready.created {
                out.say(&format!(
                    "jobq: made a local store in {} (a private server, one per user; JOBQ_URL names another)",
                    place.dir.display()
                ));
            }
            ready.socket
        }
    };
    let mut target = Target::parse(&format!("unix://{}", escaped(&socket)), &TlsFiles::default(), None)?;
    target.address = format!("the local store in {}", place.dir.display());
    Ok(Some(Found { target, local: Some(place) }))
}

/// A path in a URL: what would end or change it is percent-encoded.
fn escaped(path: &std::path::Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn password(global: &Global, env: &EnvFacts) -> Result<Option<String>, Problem> {
    let named = env.password_file.as_ref().map(|file| (file, "JOBQ_PASSWORD_FILE"));
    let written = global.file.password_file.as_ref().map(|file| (file, "redis.password_file"));
    let Some((file, who)) = named.or(written) else { return Ok(global.file.password.clone()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Problem::new(CONFIG, "password_file", format!("cannot read {who} {}: {error}", file.display()))
    })?;
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Looks whether the words can work, without reaching anything, and starts the local store
/// where that is to be used. For a worker's guardian, before it adopts what detaches itself
/// below it: the server has to outlive the worker.
///
/// # Errors
/// A problem for the person.
pub fn prepare(global: &Global, env: &EnvFacts, out: &Out) -> Result<(), Problem> {
    match global.url() {
        Some(url) => Target::parse(url, &TlsFiles::default(), None).map(drop)?,
        None => find(global, env, out, Missing::Make).map(drop)?,
    }
    Ok(())
}

fn no_url() -> Problem {
    Problem::new(CONFIG, "no_url", "no server is named, and JOBQ_LOCAL=never rules out the local store")
        .hint("name one with --url or JOBQ_URL")
}

/// Opens the namespace that the options name, starting the local store where needed.
///
/// # Errors
/// A problem for the person.
pub fn open(
    global: &Global,
    env: &EnvFacts,
    out: &Out,
    patience: Patience,
) -> Result<(Store, Option<Place>), Problem> {
    open_with(global, env, out, patience, Missing::Make)
}

/// As [`open`], for a process that must not start the local store itself.
///
/// # Errors
/// A problem for the person.
pub fn open_started(
    global: &Global,
    env: &EnvFacts,
    out: &Out,
    patience: Patience,
) -> Result<(Store, Option<Place>), Problem> {
    open_with(global, env, out, patience, Missing::Await)
}

fn open_with(
    global: &Global,
    env: &EnvFacts,
    out: &Out,
    patience: Patience,
    missing: Missing,
) -> Result<(Store, Option<Place>), Problem> {
    match find(global, env, out, missing)? {
        Some(found) => {
            let store = Store::new(Link::new(found.target, patience), global.namespace());
            Ok((store, found.local))
        }
        None => Err(no_url()),
    }
}

/// Opens a namespace that is there; `None` when there is no local store. `missing` is not
/// [`Missing::Make`].
///
/// # Errors
/// A problem for the person.
pub fn open_existing(
    global: &Global,
    env: &EnvFacts,
    out: &Out,
    missing: Missing,
) -> Result<Option<(Store, Option<Place>)>, Problem> {
    let found = find(global, env, out, missing)?;
    Ok(found.map(|found| {
        let store = Store::new(Link::new(found.target, LOOK), global.namespace());
        (store, found.local)
    }))
}
