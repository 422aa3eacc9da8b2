//! Jobs whose output is mailed, as cron mails it: when they have printed anything, to the
//! address that the job names, by the `sendmail` of the worker's machine.
//!
//! A shell stands around such a job. The output passes through it to the worker as it is
//! written and is collected for the mail beside that; the job's exit code stays its own. What
//! is killed, by a time limit or with its worker, mails nothing.

use crate::core::bytes::Bytes;

/// `$1` is the address, `$2` the subject behind `user@host`, then comes the command. Both
/// streams become one, as with cron. A signal that the job may catch reaches the command
/// alone: what it says then is mailed, too.
const SCRIPT: &str = r#"to=$1 about=$2
shift 2
sendmail=$(PATH=$PATH:/usr/sbin:/usr/lib command -v sendmail)
if [ -z "$sendmail" ]; then
    echo "jobq: there is no sendmail here: what follows is not mailed to $to" >&2
    exec "$@"
fi
file=$(mktemp) || exit 75
trap 'rm -f -- "$file"' EXIT
exec 4>&1
signals='HUP INT TERM'
trap : $signals
code=$(
    trap : $signals
    {
        { trap : $signals; (exec "$@" 2>&1 3>&- 4>&-); echo "$?" >&3; } 2>/dev/null |
            { trap '' $signals; exec tee -- "$file" >&4 3>&-; }
    } 3>&1
)
exec 4>&-
if [ -s "$file" ]; then
    {
        echo "To: $to"
        echo "Subject: Cron <$(id -un)@$(uname -n)> $about"
        echo 'Auto-Submitted: auto-generated'
        echo 'MIME-Version: 1.0'
        echo 'Content-Type: text/plain; charset=UTF-8'
        echo 'Content-Transfer-Encoding: 8bit'
        echo
        cat -- "$file"
    } | "$sendmail" -i -t || echo "jobq: sendmail failed ($?): this was not mailed to $to" >&2
fi
exit "${code:-1}""#;

/// The command that runs `argv` and mails what it prints to `to`.
pub(super) fn wrapped(argv: &[Bytes], to: &str) -> Vec<Bytes> {
    let head = ["/bin/sh", "-c", SCRIPT, "mail", to].map(Bytes::from);
    head.into_iter().chain([Bytes(subject(argv).into_bytes())]).chain(argv.iter().cloned()).collect()
}

/// The script of a shell, else the command, as far as one line of a header holds it.
fn subject(argv: &[Bytes]) -> String {
    let words = match argv {
        [_, dash, script] if dash.as_str() == Some("-c") => script.lossy().into_owned(),
        argv => argv.iter().map(Bytes::lossy).collect::<Vec<_>>().join(" "),
    };
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::{Command, Output};

    use super::*;

    /// Runs a script with its output mailed by a `sendmail` that keeps what it is given.
    fn run(dir: &Path, with_sendmail: bool, script: &str) -> Output {
        if with_sendmail {
            let program = dir.join("sendmail");
            fs::write(&program, format!("#!/bin/sh\necho \"$@\" >{0}/args\ncat >{0}/mail\n", dir.display()))
                .unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let argv: Vec<OsString> = wrapped(&["/bin/sh".into(), "-c".into(), script.into()], "ops@example.org")
            .iter()
            .map(Into::into)
            .collect();
        let path = format!("{}:/usr/bin:/bin", dir.display());
        Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .env("PATH", path)
            .env("TMPDIR", dir)
            .output()
            .unwrap()
    }

    #[test]
    fn what_is_printed_is_mailed_and_the_exit_code_stays() {
        let dir = tempfile::tempdir().unwrap();
        let out = run(dir.path(), true, "echo out; echo err >&2; cat; exit 3");
        assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(3), &b"out\nerr\n"[..]));
        let mail = fs::read_to_string(dir.path().join("mail")).unwrap();
        assert!(mail.starts_with("To: ops@example.org\nSubject: Cron <"), "{mail}");
        assert!(mail.contains("> echo out; echo err >&2; cat; exit 3\n"), "{mail}");
        assert!(mail.ends_with("\n\nout\nerr\n"), "{mail}");
        assert_eq!(fs::read_to_string(dir.path().join("args")).unwrap(), "-i -t\n");
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 3, "the collected output is gone");
    }

    #[test]
    fn silence_is_not_mailed_and_a_signal_shows_in_the_code() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(run(dir.path(), true, "true").status.code(), Some(0));
        assert_eq!(run(dir.path(), true, "kill -9 $$").status.code(), Some(137));
        assert!(!dir.path().join("mail").exists());
    }

    #[test]
    fn a_worker_without_sendmail_says_so_and_runs_the_job() {
        let mut argv =
            wrapped(&["/bin/sh".into(), "-c".into(), "echo out; exit 4".into()], "ops@example.org");
        argv[2] = Bytes::from(SCRIPT.replace(":/usr/sbin:/usr/lib", "").as_str());
        let argv: Vec<OsString> = argv.iter().map(Into::into).collect();
        let out =
            Command::new(&argv[0]).args(&argv[1..]).env_clear().env("PATH", "/nowhere").output().unwrap();
        assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(4), &b"out\n"[..]));
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(told, "jobq: there is no sendmail here: what follows is not mailed to ops@example.org\n");
    }

    #[test]
    fn what_a_job_says_at_its_soft_limit_is_mailed() {
        use std::os::unix::process::CommandExt as _;
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), true, "true");
        let script = format!(
            "trap 'echo late; exit 5' TERM; : >{}/ready; while :; do sleep 0.05; done",
            dir.path().display()
        );
        let argv: Vec<OsString> =
            wrapped(&["/bin/sh".into(), "-c".into(), script.as_str().into()], "ops@example.org")
                .iter()
                .map(Into::into)
                .collect();
        let mut child = Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", dir.path().display()))
            .stdout(std::process::Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        while !dir.path().join("ready").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let group = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process_group(group, rustix::process::Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(5));
        let mail = fs::read_to_string(dir.path().join("mail")).unwrap();
        assert!(mail.contains("\nlate\n"), "{mail}");
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(subject(&["/bin/sh".into(), "-c".into(), "a\nb".into()]), "a b");
        assert_eq!(subject(&["make".into(), "all".into()]), "make all");
    }
}
