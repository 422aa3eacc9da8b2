//! A shell that outlives the test process by a moment and kills the servers it left behind:
//! a test run ended by Ctrl-C or `kill -9` runs no destructors.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Reads `+ PID` and `- PID`; at the end of input kills what is still listed.
const SCRIPT: &str = r#"
list=
while read -r sign pid; do
    case $sign in
    +) list="$list $pid" ;;
    -) kept=; for one in $list; do [ "$one" = "$pid" ] || kept="$kept $one"; done; list=$kept ;;
    esac
done
for pid in $list; do kill -9 "$pid" 2>/dev/null; done
"#;

fn tell(line: &str) {
    static GUARD: OnceLock<Mutex<Child>> = OnceLock::new();
    let guard = GUARD.get_or_init(|| {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of the terminal's Ctrl-C.
            .process_group(0)
            .spawn()
            .expect("/bin/sh starts");
        // Never waited for: it ends after this process.
        Mutex::new(shell)
    });
    let mut guard = guard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    writeln!(guard.stdin.as_mut().expect("its input is a pipe"), "{line}").expect("the guard listens");
}

/// `pid` dies with the test process.
pub fn watch(pid: u32) {
    tell(&format!("+ {pid}"));
}

/// `pid` was reaped; its number may belong to somebody else soon.
pub fn forget(pid: u32) {
    tell(&format!("- {pid}"));
}
