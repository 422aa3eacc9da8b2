//! The tables of docs/metrics.md, from the catalogue of metrics.

use std::fmt::Write as _;

use jobq::metrics::catalog::{BEAT, PROCESS, STORE, WORKER};
use jobq::metrics::text::{Family, Kind};

use super::protocol::replace;

/// The page with its tables made anew; the rest stays as it is written.
pub(crate) fn page(written: &str) -> Result<String, String> {
    let tables = [("process", PROCESS), ("worker", WORKER), ("beat", BEAT), ("store", STORE)];
    tables
        .iter()
        .try_fold(written.to_owned(), |text, (name, families)| replace(&text, name, &table(families)))
}

fn table(families: &[&Family]) -> String {
    let mut text =
        "\n| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for family in families {
        let ending = match family.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(
            text,
            "| `{}{ending}` | {} | {} | {} | {} |",
            family.name,
            family.kind.word(),
            family.unit,
            labels.join(", "),
            family.help
        );
    }
    text.push('\n');
    text
}
