//! `--format '{id}\t{state}'`: a line of one's own for each record.

use std::str::FromStr;

use serde_json::Value;

use super::escape;
use super::fields::Shape;

/// A pattern, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

impl FromStr for Template {
    type Err = String;

    /// Reads `{field}`, `{{` and `}}` for the braces themselves, and the escapes `\t`, `\n`
    /// and `\\`.
    fn from_str(pattern: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => text.push(match chars.next() {
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('\\') => '\\',
                    other => {
                        let other = other.map(String::from).unwrap_or_default();
                        return Err(format!("\\{other} is no escape; there are \\t, \\n and \\\\"));
                    }
                }),
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    text.push(c);
                }
                '{' => {
                    let mut field = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => field.push(c),
                            None => return Err(format!("{{{field} has no closing brace")),
                        }
                    }
                    if field.is_empty() {
                        return Err("{} names no field; write {{}} for the braces themselves".to_owned());
                    }
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    parts.push(Part::Field(field));
                }
                '}' => return Err("a single }; write }} for the brace itself".to_owned()),
                c => text.push(c),
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Template { parts })
    }
}

impl Template {
    /// The first field that records of this shape do not have.
    pub fn unknown(&self, shape: &Shape) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Field(field) if !shape.has(field) => Some(field.as_str()),
            _ => None,
        })
    }

    /// The line of one record (JSON), ended. Texts come as they are, or made safe for a
    /// terminal; what is absent is empty; lists and objects stay JSON.
    pub fn line(&self, record: &str, safe: bool) -> String {
        let record: Value = serde_json::from_str(record).unwrap_or_default();
        let mut line = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Field(field) => {
                    let value = value(&record, field);
                    line.push_str(&if safe { escape::text(&value) } else { value });
                }
            }
        }
        line.push('\n');
        line
    }
}

fn value(record: &Value, field: &str) -> String {
    let mut found = record;
    let mut rest = Some(field);
    while let Some(path) = rest {
        // A label's name may have points of its own: the whole rest goes first.
        let (next, more) = match found.get(path) {
            Some(next) => (Some(next), None),
            None => {
                let (name, more) = path.split_once('.').unwrap_or((path, ""));
                (found.get(name), (!more.is_empty()).then_some(more))
            }
        };
        let Some(next) = next else { return String::new() };
        (found, rest) = (next, more);
    }
    match found {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fields::JOB;

    fn line(pattern: &str, safe: bool) -> String {
        let record = r#"{"id":"a","state":"PENDING","attempt":2,"worker":null,"argv":["x"],
            "output":{"stdout_bytes":7},"labels":{"team.a":"m\u001b"}}"#;
        pattern.parse::<Template>().unwrap().line(record, safe)
    }

    #[test]
    fn fields_escapes_and_braces() {
        assert_eq!(line(r"{id}\t{state}", false), "a\tPENDING\n");
        assert_eq!(line(r"{{{attempt}}} \\ {worker}|{argv}", false), "{2} \\ |[\"x\"]\n");
        assert_eq!(line("{output.stdout_bytes}{nothing.at.all}", false), "7\n");
        assert_eq!(line("{labels.team.a}", false), "m\x1b\n");
        assert_eq!(line("{labels.team.a}\\n", true), "m\\x1b\n\n");
    }

    #[test]
    fn mistakes_are_named() {
        for (pattern, said) in [
            ("{id", "has no closing brace"),
            ("{}", "names no field"),
            ("id}", "a single }"),
            (r"\x", "is no escape"),
            ("\\", "is no escape"),
        ] {
            let fault = pattern.parse::<Template>().unwrap_err();
            assert!(fault.contains(said), "{pattern}: {fault}");
        }
    }

    #[test]
    fn unknown_fields_are_found_before_anything_is_read() {
        let unknown = |pattern: &str| pattern.parse::<Template>().unwrap().unknown(&JOB).map(str::to_owned);
        assert_eq!(unknown("{id} {labels.any.thing} {output.dropped}"), None);
        assert_eq!(unknown("{id} {stat}"), Some("stat".into()));
        assert_eq!(unknown("{output.x}"), Some("output.x".into()));
    }
}
