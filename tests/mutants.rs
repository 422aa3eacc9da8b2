//! Mutants: patches under tests/mutants that each break one thing which must not break. `make
//! mutants` builds and tests each of them; here is what can be said without a build: that they
//! still apply, and that the scripts' own mutants are noticed by a probe on a real server.

use std::collections::BTreeMap;
use std::path::Path;

use jobq::core::script::{self, Script};

use crate::scripts::Desk;
use crate::support::Value;

struct Mutant {
    name: String,
    before: String,
    after: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mutants() -> BTreeMap<String, Mutant> {
    let files = std::fs::read_dir(root().join("tests/mutants")).unwrap();
    let paths = files.map(|entry| entry.unwrap().path());
    paths.map(|path| Mutant::read(&path)).map(|mutant| (mutant.name.clone(), mutant)).collect()
}

impl Mutant {
    #[track_caller]
    fn read(patch: &Path) -> Mutant {
        let name = patch.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(patch).unwrap();
        for head in ["Breaks: ", "Noticed-by: "] {
            assert!(text.lines().any(|line| line.starts_with(head)), "{name} does not say {head:?}");
        }
        let path = text.lines().find_map(|line| line.strip_prefix("+++ b/")).expect("a file to change");
        let path = root().join(path);
        let before = std::fs::read_to_string(&path).unwrap();
        let after = apply(&before, &text).unwrap_or_else(|| {
            panic!("tests/mutants/{name}.patch does not apply to {} any more", path.display())
        });
        assert_ne!(before, after, "{name} changes nothing");
        Mutant { name, before, after }
    }

    /// A script with this mutation in it.
    fn of(&self, script: &Script) -> String {
        assert!(script.source().contains(&self.before), "{} is no part of {}", self.name, script.name);
        script.source().replace(&self.before, &self.after)
    }
}

/// The text with all hunks of a unified diff applied, each where its lines stand.
fn apply(text: &str, patch: &str) -> Option<String> {
    let mut text = text.to_owned();
    for hunk in patch.split("\n@@ ").skip(1) {
        let lines = hunk.lines().skip(1);
        let side = |gone: char| -> String {
            let of_side = lines.clone().filter(|line| !line.starts_with(gone));
            of_side.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
        };
        let (old, new) = (side('+'), side('-'));
        let stands = text.matches(&old).count() == 1;
        text = stands.then(|| text.replacen(&old, &new, 1))?;
    }
    Some(text)
}

/// Calls a script by its text.
fn call(desk: &Desk, source: &str, args: &[&str]) -> Vec<Value> {
    let mut words = vec!["EVAL", source, "1", "jobq:{t}:meta"];
    words.extend(args);
    desk.raw(&words).array()
}

/// A stale token settles nothing.
fn the_fence_holds(finish: &str) -> bool {
    let desk = Desk::new();
    let (who, stale) = desk.running();
    desk.takeover(&desk.peer(&who), 30_000);
    let fresh = desk.start(&desk.worker("v"), "a").token;
    let answer = call(&desk, finish, &["a", &stale, "0", "", "", ""]);
    let refused = answer[0].text() == "LOST" && desk.state("a") == "STARTED";
    if refused {
        desk.finish("a", &fresh);
    }
    refused
}

/// A refusal leaves everything as it was.
fn the_guard_stands_first(takeover: &str) -> bool {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let seen = desk.peer(&who);
    desk.renew(&who);
    let before = desk.server.dump_all();
    let answer = call(&desk, takeover, &["w", &seen.nonce, &seen.counter, "30000", "60000", "v"]);
    let untouched = answer[0].text() == "MOVED" && desk.server.dump_all() == before;
    desk.finish("a", &token);
    untouched
}

/// Whoever renews is not taken for dead.
fn a_renewal_counts(renew: &str) -> bool {
    let desk = Desk::new();
    let (who, token) = desk.running();
    let seen = desk.peer(&who);
    call(&desk, renew, &["w", "nw", "running", "", "", "1", "1", "a", &token]);
    let spared = desk.takeover(&seen, 30_000).is_none();
    if spared {
        desk.finish("a", &token);
    }
    spared
}

#[test]
fn each_mutant_still_applies() {
    let names: Vec<String> = mutants().into_keys().collect();
    assert_eq!(
        names,
        [
            "declared-key",
            "fence",
            "guard-order",
            "reconnect",
            "renewal",
            "sentinel-checks",
            "settling",
            "tree-kill",
            "watching",
            "witness",
        ]
    );
}

#[test]
fn the_mutants_of_scripts_are_noticed() {
    type Probe = fn(&str) -> bool;
    let mutants = mutants();
    let probes: [(&str, &Script, Probe); 3] = [
        ("fence", &script::FINISH, the_fence_holds),
        ("guard-order", &script::TAKEOVER, the_guard_stands_first),
        ("renewal", &script::RENEW, a_renewal_counts),
    ];
    for (name, script, holds) in probes {
        assert!(holds(script.source()), "the probe of {name} complains about the script as it is");
        assert!(!holds(&mutants[name].of(script)), "nothing notices the mutant {name}");
    }
}
