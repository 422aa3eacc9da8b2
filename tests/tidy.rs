//! The rules of the house as tests: who may import whom, what stands where, how long things
//! may get. A rule with exceptions lists them with a reason each.

use std::fs;
use std::path::Path;

/// A source file as the rules see it: without comments and without its unit tests.
struct Source {
    path: String,
    text: String,
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &Path, extension: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
}

fn list(dir: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    files_under(&root().join(dir), extension, &mut found);
    assert!(!found.is_empty(), "no {extension} files in {dir}");
    found
}

/// All of `src/` that is built into the program.
fn sources() -> Vec<Source> {
    list("src", "rs").into_iter().filter(|path| !is_test_file(path)).map(Source::read).collect()
}

/// Modules that exist for unit tests only.
fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || ["src/worker/testing.rs", "src/worker/guardian/end_to_end.rs", "src/view/samples.rs"]
            .contains(&path)
}

impl Source {
    fn read(path: String) -> Source {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let built = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = built.lines().map(|line| {
            // `//` inside a string is always part of a URL here.
            let at = line.find("//").filter(|at| !line[..*at].ends_with(':'));
            &line[..at.unwrap_or(line.len())]
        });
        let code = lines.collect::<Vec<_>>().join("\n");
        Source { path, text, code }
    }

    fn is_in(&self, room: &str) -> bool {
        self.path == format!("src/{room}.rs") || self.path.starts_with(&format!("src/{room}/"))
    }

    /// The places where this file names a room of the crate: `core::store`.
    fn imports(&self) -> Vec<String> {
        let mut found = Vec::new();
        for part in self.code.split("crate::").skip(1) {
            let end = part.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(part.len());
            let name = part[..end].trim_end_matches(':');
            let group = part[end..].strip_prefix('{').and_then(|rest| rest.split('}').next());
            match group {
                Some(group) if part[..end].ends_with("::") => {
                    found.extend(group.split(',').map(|one| format!("{name}::{}", one.trim())));
                }
                _ => found.push(name.to_owned()),
            }
        }
        found
    }
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in `code` by itself, and not inside a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let (open_start, open_end) = (!word.starts_with(is_name_part), !word.ends_with(is_name_part));
    code.match_indices(word).any(|(at, _)| {
        (open_start || !code[..at].ends_with(is_name_part))
            && (open_end || !code[at + word.len()..].starts_with(is_name_part))
    })
}

/// Fails with every file that has one of the words and is not one of `homes`.
fn only_in(words: &[&str], homes: &[&str], rule: &str) {
    let guilty: Vec<String> = sources()
        .iter()
        .filter(|source| !homes.iter().any(|home| source.path.starts_with(home)))
        .flat_map(|source| {
            let found = words.iter().filter(|word| has_word(&source.code, word));
            found.map(|word| format!("{} has {word}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(guilty.is_empty(), "{rule}:\n{}", guilty.join("\n"));
    for home in homes {
        let used = sources().iter().any(|source| {
            source.path.starts_with(home) && words.iter().any(|word| has_word(&source.code, word))
        });
        assert!(used, "{home} needs no exception any more: {rule}");
    }
}

#[test]
fn imports_go_one_way() {
    // Each room and the rooms it may use. `view` sees the core's values and what a worker or
    // beat says, never the store.
    let may: [(&str, &[&str]); 9] = [
        ("core", &["core"]),
        ("local", &["local"]),
        ("metrics", &["metrics"]),
        ("config", &["config", "core", "metrics"]),
        // A task's command, folder and bounds are the worker's own file's, never the store's.
        ("worker", &["worker", "config", "metrics", "core", "service"]),
        // All that a beat needs of files comes in through its settings.
        ("beat", &["beat", "core", "metrics", "service"]),
        ("service", &["service", "metrics", "core"]),
        ("view", &["view", "core", "metrics", "service::journal"]),
        ("cli", &["cli", "view", "worker", "beat", "service", "config", "local", "metrics", "core"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((room, allowed)) = may.iter().find(|(room, _)| source.is_in(room)) else { continue };
        for import in source.imports() {
            let fits = |one: &&str| import == **one || import.starts_with(&format!("{one}::"));
            let hidden = *room == "view"
                && ["core::store", "core::link", "core::query", "core::script"]
                    .iter()
                    .any(|inner| import.starts_with(inner));
            if !allowed.iter().any(fits) || hidden {
                wrong.push(format!("{} uses {import}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the grain:\n{}", wrong.join("\n"));
}

#[test]
fn the_domain_knows_neither_redis_nor_the_runtime() {
    let domain = [
        "name", "state", "outcome", "retry", "spec", "codes", "bytes", "keys", "when", "report", "schedule",
        "cron", "stats",
    ];
    for source in sources() {
        if domain.iter().any(|part| source.is_in(&format!("core/{part}"))) {
            for word in ["redis", "tokio"] {
                assert!(!has_word(&source.code, &format!("{word}::")), "{} uses {word}", source.path);
            }
        }
    }
}

#[test]
fn each_library_has_its_room() {
    only_in(&["clap::"], &["src/cli/"], "clap is the command line's");
    only_in(&["redis::"], &["src/core/"], "only the core talks to Redis");
    only_in(&["chrono::"], &["src/core/cron/"], "chrono is what the cron crate takes; time is jiff's");
    only_in(&["indicatif::"], &["src/view/"], "what people see is drawn in view");
}

#[test]
fn only_view_prints() {
    only_in(
        &["println!", "eprintln!", "print!", "eprint!", "stdout().lock", "stderr().lock", "dbg!"],
        &["src/view/"],
        "only view prints (clap's own messages aside)",
    );
    only_in(
        &["stdout()", "stderr()"],
        &[
            "src/view/",
            // Both only ask whether it is a terminal.
            "src/cli/",
        ],
        "only view has the streams in its hands",
    );
}

#[test]
fn the_environment_is_read_in_one_place() {
    only_in(
        &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::current_dir", "env::temp_dir"],
        &[
            "src/cli/env.rs",
            // What a guardian tells its engine goes through variables that no user sets.
            "src/worker/control.rs",
            // NOTIFY_SOCKET and WATCHDOG_USEC are the service manager's protocol.
            "src/service/notify.rs",
        ],
        "only cli/env reads the environment",
    );
    only_in(
        &["env::args", "env::args_os"],
        // The engine is started with the guardian's own words.
        &["src/main.rs", "src/worker/guardian/engine.rs"],
        "arguments come in through main",
    );
    only_in(
        &["env::set_var", "env::remove_var"],
        // Before there is a second thread: jobs must not see what a guardian tells its engine.
        &["src/worker/os.rs"],
        "nobody changes the environment",
    );
}

#[test]
fn nobody_exits_from_the_depths() {
    only_in(&["process::exit", "process::abort", "exit_group"], &[], "main returns the exit code");
}

#[test]
fn unsafe_code_has_one_home_and_reasons() {
    only_in(&["unsafe"], &["src/worker/os.rs"], "unsafe code is in worker/os.rs");
    let os = fs::read_to_string(root().join("src/worker/os.rs")).unwrap();
    let blocks = os.lines().filter(|line| !line.trim_start().starts_with("//") && line.contains("unsafe {"));
    assert!(os.matches("// SAFETY:").count() >= blocks.count(), "each block says why it is sound");
}

#[test]
fn files_fit_a_sitting_and_functions_a_screen() {
    let mut wrong = Vec::new();
    for path in list("src", "rs") {
        let source = Source::read(path);
        let lines = source.text.lines().count();
        if lines > 500 {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        // A table of cases is no harder to read for being long.
        if !is_test_file(&source.path) {
            wrong.extend(long_functions(&source));
        }
    }
    assert!(wrong.is_empty(), "files have at most 500 lines, functions 70:\n{}", wrong.join("\n"));
}

/// Functions longer than 70 lines, from `fn` to the brace that closes it at the same depth;
/// rustfmt guarantees the indentation.
fn long_functions(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = &line[..line.len() - body.len()];
        let opens =
            ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(super) fn ", "pub(super) async fn "]
                .iter()
                .any(|start| body.starts_with(start));
        if !opens || body.ends_with(';') || body.ends_with('}') {
            continue;
        }
        let close = format!("{indent}}}");
        let length = lines[at..].iter().position(|line| *line == close).map_or(0, |last| last + 1);
        if length > 70 {
            let name = body.split('(').next().unwrap_or_default();
            found.push(format!("{}: {name} has {length} lines", source.path));
        }
    }
    found
}

#[test]
fn nothing_is_left_for_later() {
    // Spelled in two halves, or this file would find itself.
    let marks =
        [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat(), ["#[ig", "nore"].concat()];
    let mut found = Vec::new();
    for dir in ["src", "tests", "examples", "benches", "tools"] {
        for extension in ["rs", "lua", "sh", "c"] {
            let mut files = Vec::new();
            files_under(&root().join(dir), extension, &mut files);
            for path in files {
                let text = fs::read_to_string(root().join(&path)).unwrap();
                found.extend(
                    marks.iter().filter(|mark| text.contains(*mark)).map(|mark| format!("{path}: {mark}")),
                );
            }
        }
    }
    assert!(found.is_empty(), "notes and ignored tests:\n{}", found.join("\n"));
}

#[test]
fn scripts_have_a_head_and_spell_no_key() {
    for path in list("src/core/lua", "lua") {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let name = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        if path.contains("/lib/") {
            assert!(text.starts_with("-- "), "{path} does not say what it is");
        } else {
            let order = [
                format!("-- {name}: "),
                "\n-- KEYS  meta\n".into(),
                "\n-- ARGV  ".into(),
                "\n-- reply {".into(),
            ];
            let mut from = 0;
            for part in &order {
                let found = text[from..].find(part.as_str());
                from += found.unwrap_or_else(|| {
                    panic!("{path}: no {:?} in its head, or in another order", part.trim())
                });
            }
            assert!(text.starts_with(&order[0]), "{path} does not begin with its purpose");
        }
        assert!(!text.contains("jobq:") && !text.contains("'job:"), "{path} spells a key");
        let longest = text.lines().map(str::len).max().unwrap_or(0);
        assert!(text.lines().count() <= 200 && longest <= 140, "{path} has outgrown a page");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let mut reason = false;
    for line in section.lines() {
        if line.starts_with('#') {
            reason = true;
        } else if !line.is_empty() {
            assert!(reason, "no reason above {line}");
            reason = false;
            let name = line.split([' ', '=']).next().unwrap().replace('-', "_");
            let used = sources().iter().any(|source| has_word(&source.code, &name));
            assert!(used, "{name} is not used");
        }
    }
}

#[test]
fn make_lists_every_target() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY: ")).unwrap();
    for target in phony.split(' ') {
        assert!(
            makefile.lines().any(|line| line.starts_with(&format!("{target}:")) && line.contains(" ## ")),
            "make {target} is not documented"
        );
    }
    let test = makefile.lines().find(|line| line.starts_with("test:")).unwrap();
    for part in ["check", "unit", "gen-check"] {
        assert!(has_word(test, part), "make test leaves out {part}");
    }
}
