//! The checked-in man pages, completions, schema and protocol tables are what the code says.

#[path = "../examples/gen/config_page.rs"]
mod config_page;
#[path = "../examples/gen/cron_page.rs"]
mod cron_page;
#[path = "../examples/gen/guarantees.rs"]
mod guarantees;
#[path = "../examples/gen/manual.rs"]
mod manual;
#[path = "../examples/gen/metrics.rs"]
mod metrics;
#[path = "../examples/gen/pages.rs"]
mod pages;
#[path = "../examples/gen/protocol.rs"]
mod protocol;
#[path = "../examples/gen/roff.rs"]
mod roff;
#[path = "../examples/gen/schema.rs"]
mod schema;
#[path = "../examples/gen/text.rs"]
mod text;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn man_pages_and_completions_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (dir, files) in [("man", pages::man()), ("completions", pages::completions())] {
        let expected: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let found: BTreeSet<String> = std::fs::read_dir(root.join(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, expected, "files of {dir}/");
        for (name, text) in files {
            let stored = std::fs::read_to_string(root.join(dir).join(&name)).unwrap();
            assert!(stored == text, "{dir}/{name} is not what the code says; run make gen");
        }
    }
}

#[test]
fn the_protocol_page_repeats_the_code() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md")).unwrap();
    assert!(
        protocol::page(&page).unwrap() == page,
        "docs/protocol.md is not what the code says; run make gen"
    );
}

#[test]
fn the_page_of_metrics_repeats_the_catalogue() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")).unwrap();
    assert!(metrics::page(&page).unwrap() == page, "docs/metrics.md is not what the code says; run make gen");
}

#[test]
fn the_protocol_page_names_every_field_of_a_job_that_scripts_use() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/protocol.md")).unwrap();
    for script in jobq::core::script::all() {
        for rest in script.source().split("job.").skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
            let field = &rest[..end];
            // `job.base` is where enqueue's own arguments begin; K.job is a key.
            if !field.is_empty() && field != "base" {
                assert!(
                    page.contains(&format!("`{field}`")),
                    "{}: field {field} is not in the page",
                    script.name
                );
            }
        }
    }
}

#[test]
fn the_schemas_are_up_to_date() {
    for (name, text) in pages::docs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(&name);
        let stored = std::fs::read_to_string(path).unwrap();
        assert!(stored == text, "docs/{name} is not what the code says; run make gen");
    }
}

#[test]
fn the_page_of_guarantees_repeats_what_was_counted() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = std::fs::read_to_string(docs.join("guarantees.md")).unwrap();
    assert!(
        guarantees::page(&page, &docs.join("results")).unwrap() == page,
        "docs/guarantees.md is not what docs/results says; run make gen"
    );
}

#[test]
fn the_page_of_guarantees_names_tests_and_runs_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let program = std::fs::read_to_string(root.join("tests/chaos/main.rs")).unwrap();
    let mut named = 0;
    for name in page.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
        let (module, test) = name.split_once("::").unwrap();
        let file = match (module, test) {
            ("chaos_short", _) => "tests/chaos/short.rs".to_owned(),
            ("scripts", test) => format!("tests/scripts/{test}.rs"),
            _ => format!("tests/{module}.rs"),
        };
        let text = std::fs::read_to_string(root.join(&file)).unwrap_or_else(|_| panic!("{name}: no {file}"));
        let start = test.trim_end_matches('…');
        assert!(
            module == "scripts" || text.contains(&format!("fn {start}")),
            "{name}: no such test in {file}"
        );
        named += 1;
    }
    assert!(named > 30, "{named} tests are named");
    for section in [
        "storm",
        "everysec",
        "syscalls",
        "takeover",
        "durable",
        "outages",
        "restore",
        "lost-keys",
        "baseline-workers",
        "trees",
        "output",
        "beat",
        "owners",
        "shutdown",
    ] {
        assert!(page.contains(&format!("*{section}*")), "{section} is not on the page");
        assert!(program.contains(&format!("(\"{section}\", ")), "{section} is no section");
    }
}
