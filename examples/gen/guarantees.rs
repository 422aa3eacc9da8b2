//! The tables of docs/guarantees.md that are made from what the fault runs counted.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// The page with its table of runs made anew from `results`, a folder of JSON files.
pub(crate) fn page(written: &str, results: &Path) -> Result<String, String> {
    let (open, close) = ("<!-- runs: written by make gen -->\n", "<!-- end of runs -->");
    let missing = || format!("no place for the runs: {open:?} … {close:?}");
    let (before, rest) = written.split_once(open).ok_or_else(missing)?;
    let (_, after) = rest.split_once(close).ok_or_else(missing)?;
    Ok(format!("{before}{open}{}{close}{after}", table(results)?))
}

fn table(results: &Path) -> Result<String, String> {
    let mut files: Vec<_> = std::fs::read_dir(results)
        .map_err(|error| format!("{}: {error}", results.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut text =
        "| run | seed, commit, time | counted | faults injected |\n| --- | --- | --- | --- |\n".to_owned();
    for file in files {
        let json = std::fs::read(&file).map_err(|error| error.to_string());
        let run: Value = json
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let word = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
        let _ = writeln!(
            text,
            "| {} | {}, `{}`, {} s | {} | {} |",
            word("section"),
            run["seed"],
            word("commit"),
            run["took_s"],
            counts(&run["counts"]),
            faults(&run["counts"]),
        );
    }
    Ok(text)
}

/// Every count: a list by its length, a list of milliseconds by its longest.
fn counts(counts: &Value) -> String {
    let Value::Object(fields) = counts else { return String::new() };
    let mut words = Vec::new();
    for (name, value) in fields {
        let name_in_words = name.replace('_', " ");
        match value {
            Value::Number(number) => words.push(format!("{name_in_words} {number}")),
            Value::Array(list) if name == "healed_ms" => {
                let most = list.iter().filter_map(Value::as_u64).max().unwrap_or(0);
                words.push(format!("healed after at most {most} ms"));
            }
            Value::Array(list) if name == "recovery" => words.push(recovery(list)),
            Value::Array(list) => words.push(format!("{name_in_words} {}", list.len())),
            _ => {}
        }
    }
    words.join(", ")
}

/// Milliseconds from each fault to the last start of a job that it had cut, or, where it had cut
/// none, to the next start of any.
fn recovery(list: &[Value]) -> String {
    let of = |one: &Value| {
        let ms = one["last_of_them_again_ms"].as_u64().or_else(|| one["next_start_ms"].as_u64());
        ms.map_or("–".to_owned(), |ms| ms.to_string())
    };
    let all: Vec<String> = list.iter().map(of).collect();
    format!("recovered after {} ms", all.join(" / "))
}

fn faults(counts: &Value) -> String {
    let listed = ["faults", "endings"].into_iter().find_map(|name| counts[name].as_object());
    let Some(faults) = listed else { return String::new() };
    let total: u64 = faults.values().filter_map(Value::as_u64).sum();
    let kinds: Vec<String> = faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    format!("{total}: {}", kinds.join(", "))
}
