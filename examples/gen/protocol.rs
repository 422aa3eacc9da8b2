//! The parts of docs/protocol.md that the code knows better than any writer.

use std::fmt::Write as _;

use jobq::core::keys::LIST;
use jobq::core::script;

/// The page with its generated parts made anew; the rest stays as it is written.
pub(crate) fn page(written: &str) -> Result<String, String> {
    let text = replace(written, "keys", &keys())?;
    replace(&text, "verbs", &verbs())
}

pub(crate) fn replace(text: &str, part: &str, content: &str) -> Result<String, String> {
    let (open, close) =
        (format!("<!-- {part}: written by make gen -->\n"), format!("<!-- end of {part} -->"));
    let missing = || format!("no place for {part}: {open:?} … {close:?}");
    let (before, rest) = text.split_once(&open).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&close).ok_or_else(missing)?;
    Ok(format!("{before}{open}{content}{close}{after}"))
}

fn keys() -> String {
    let mut text = "| key after `jobq:{NAMESPACE}:` | type, and what is there |\n| --- | --- |\n".to_owned();
    for (word, doc) in LIST {
        let last = if word.ends_with(':') { "…" } else { "" };
        let _ = writeln!(text, "| `{word}{last}` | {} |", doc.trim().replace('|', "\\|"));
    }
    text
}

fn verbs() -> String {
    let mut text = String::new();
    for script in script::all() {
        let how = match (script.reads_only, script.needs_memory) {
            (true, _) => "Reads only (`no-writes`): called with `EVALSHA_RO`, so a viewer may run it.",
            (_, true) => "Changes; refused whole by a server at `maxmemory`.",
            (_, false) => "Changes; works at `maxmemory` too (`allow-oom`).",
        };
        let _ = write!(text, "\n### {}\n\n{how}\n\n```text\n{}```\n", script.name, script.head());
    }
    text.push('\n');
    text
}
