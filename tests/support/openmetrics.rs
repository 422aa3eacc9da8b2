//! A strict reader of OpenMetrics 1.0 text, which trusts nothing that the writer may have got
//! wrong: order, names, endings, escapes, doubles, and the sums of histograms.

use std::collections::{BTreeMap, BTreeSet};

/// One line with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// A whole text, found to be right.
#[derive(Debug, Default)]
pub struct Exposition {
    /// Name and type of each family, in order.
    pub families: Vec<(String, String)>,
    pub samples: Vec<Sample>,
}

impl Exposition {
    /// The value of one sample, 0 where there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = self.samples.iter().find(|sample| sample.name == name && sample.labels == wanted);
        found.map_or(0.0, |sample| sample.value)
    }

    pub fn names(&self) -> BTreeSet<&str> {
        self.families.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// Reads a text; panics with the line where anything is not as it must be.
#[track_caller]
pub fn read(text: &str) -> Exposition {
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    let mut all = Exposition::default();
    let mut seen = BTreeSet::new();
    let mut group: Vec<Sample> = Vec::new();
    let mut stage = "";
    for line in body.lines() {
        let Some(meta) = line.strip_prefix("# ") else {
            let (_, kind) = all.families.last().unwrap_or_else(|| panic!("a sample of no family: {line}"));
            let sample = sample(line);
            assert!(seen.insert(format!("{} {:?}", sample.name, sample.labels)), "twice: {line}");
            let (family, _) = all.families.last().unwrap();
            let ending =
                sample.name.strip_prefix(family.as_str()).unwrap_or_else(|| panic!("{line}: of {family}"));
            let endings: &[&str] = match kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "histogram" => &["_bucket", "_count", "_sum"],
                "info" => &["_info"],
                other => panic!("type {other}"),
            };
            assert!(endings.contains(&ending), "{line}: a {kind}");
            assert!(kind == "gauge" || sample.value >= 0.0, "{line}");
            group.push(sample);
            stage = "samples";
            continue;
        };
        let (word, rest) = meta.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (name, value) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        match (word, stage) {
            ("TYPE", _) => {
                end_of_family(&mut all, &mut group);
                assert!(is_name(name), "{line}");
                assert!(!all.names().contains(name), "a family twice: {line}");
                for ending in ["_total", "_bucket", "_count", "_sum", "_info", "_created"] {
                    assert!(!name.ends_with(ending), "{line}: ends as a sample would");
                }
                all.families.push((name.to_owned(), value.to_owned()));
            }
            ("UNIT", "TYPE") => assert!(name.ends_with(&format!("_{value}")), "{line}: not the name's end"),
            ("HELP", "TYPE" | "UNIT") => assert!(!value.is_empty() && unescaped(value).is_some(), "{line}"),
            _ => panic!("out of order: {line}"),
        }
        assert_eq!(all.families.last().unwrap().0, name, "{line}");
        stage = ["TYPE", "UNIT", "HELP"].into_iter().find(|known| *known == word).unwrap();
    }
    end_of_family(&mut all, &mut group);
    all
}

/// Histograms are whole and add up.
fn end_of_family(all: &mut Exposition, group: &mut Vec<Sample>) {
    let Some((name, kind)) = all.families.last().cloned() else { return };
    if kind == "histogram" {
        let mut rest = group.as_slice();
        while let Some(first) = rest.first() {
            let mut labels = first.labels.clone();
            labels.remove("le");
            let (mut last, mut below) = (f64::NEG_INFINITY, 0.0);
            let buckets = rest
                .iter()
                .take_while(|sample| sample.name == format!("{name}_bucket"))
                .take_while(|sample| {
                    let mut own = sample.labels.clone();
                    own.remove("le");
                    own == labels
                });
            let buckets: Vec<&Sample> = buckets.collect();
            for bucket in &buckets {
                let le = &bucket.labels["le"];
                let bound: f64 = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
                assert!(le == "+Inf" || le.contains('.'), "{bucket:?}: a bound is a canonical number");
                assert!(bound > last && bucket.value >= below, "{bucket:?} is not cumulative");
                (last, below) = (bound, bucket.value);
            }
            assert_eq!(last, f64::INFINITY, "{name} {labels:?} has no last bucket");
            let [count, sum] = [&rest[buckets.len()], &rest[buckets.len() + 1]];
            assert_eq!((&count.name, &count.labels), (&format!("{name}_count"), &labels));
            assert_eq!((&sum.name, &sum.labels), (&format!("{name}_sum"), &labels));
            assert_eq!(count.value, below);
            assert!(count.value > 0.0 || sum.value == 0.0);
            rest = &rest[buckets.len() + 2..];
        }
    }
    all.samples.append(group);
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    let mut rest = rest;
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(label), "{line}");
            let close = closing_quote(after).unwrap_or_else(|| panic!("{line}"));
            let value = unescaped(&after[..close]).unwrap_or_else(|| panic!("{line}"));
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[close + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap_or_else(|| panic!("{line}"));
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    assert!(!value.contains(' '), "{line}");
    Sample { name: name.to_owned(), labels, value: value.parse().unwrap_or_else(|_| panic!("{line}")) }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The text behind the escapes; `None` where there is another one, or a raw quote.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            },
            '"' => return None,
            c => c,
        });
    }
    Some(plain)
}
