//! Writes the man pages, the completions, the JSON schemas, and what
//! docs/protocol.md repeats from the code: `cargo run --example gen -- man completions docs`.
//! With `--check` it changes nothing, and exits 1 naming what differs.
#![allow(clippy::print_stderr)] // a tool of the source tree, not the product

mod config_page;
mod cron_page;
mod manual;
mod pages;
mod protocol;
mod roff;
mod schema;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let check = args.iter().any(|arg| arg == "--check");
    args.retain(|arg| arg != "--check");
    let [man, completions, docs] = args.as_slice() else {
        eprintln!("usage: gen [--check] MAN-DIR COMPLETIONS-DIR DOCS-DIR");
        return ExitCode::from(2);
    };
    let mut pages: Vec<(PathBuf, String)> = Vec::new();
    for (dir, files) in [(man, pages::man()), (completions, pages::completions()), (docs, pages::docs())] {
        pages.extend(files.into_iter().map(|(name, text)| (Path::new(dir).join(name), text)));
    }
    let protocol = Path::new(docs).join("protocol.md");
    let written = std::fs::read_to_string(&protocol).map_err(|error| error.to_string());
    match written.and_then(|text| protocol::page(&text)) {
        Ok(text) => pages.push((protocol, text)),
        Err(fault) => {
            eprintln!("{}: {fault}", protocol.display());
            return ExitCode::FAILURE;
        }
    }
    let wrong =
        pages.iter().filter(|(path, text)| if check { differs(path, text) } else { !write(path, text) });
    if wrong.count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn differs(path: &Path, text: &str) -> bool {
    let differs = std::fs::read(path).ok().as_deref() != Some(text.as_bytes());
    if differs {
        eprintln!("{} is not what the code says; run make gen", path.display());
    }
    differs
}

fn write(path: &Path, text: &str) -> bool {
    let folder = path.parent().unwrap_or(Path::new("."));
    let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text));
    if let Err(error) = &done {
        eprintln!("cannot write {}: {error}", path.display());
    }
    done.is_ok()
}
