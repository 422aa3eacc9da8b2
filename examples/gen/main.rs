//! Writes the man pages, the completions and the JSON schema of the configuration:
//! `cargo run --example gen -- man completions docs`.
//! With `--check` it changes nothing, and exits 1 naming what differs.
#![allow(clippy::print_stderr)] // a tool of the source tree, not the product

mod config_page;
mod manual;
mod pages;
mod roff;
mod text;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let check = args.iter().any(|arg| arg == "--check");
    args.retain(|arg| arg != "--check");
    let [man, completions, docs] = args.as_slice() else {
        eprintln!("usage: gen [--check] MAN-DIR COMPLETIONS-DIR DOCS-DIR");
        return ExitCode::from(2);
    };
    let mut good = true;
    for (dir, files) in [(man, pages::man()), (completions, pages::completions()), (docs, pages::docs())] {
        let dir = Path::new(dir);
        for (name, text) in files {
            let path = dir.join(name);
            if check {
                if std::fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
                    eprintln!("{} is not what the code says; run make gen", path.display());
                    good = false;
                }
            } else if let Err(error) =
                std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&path, &text))
            {
                eprintln!("cannot write {}: {error}", path.display());
                good = false;
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
