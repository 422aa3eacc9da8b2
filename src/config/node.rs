//! A parsed file as a tree in which every key and value knows where it stands.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// As it is shown: the way it was found.
    pub shown: PathBuf,
    /// The folder it is in, absolute: what relative paths inside it start from.
    pub dir: PathBuf,
}

/// Where a key or a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub source: Arc<Source>,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Origin {
    /// The file, as it is shown.
    pub fn file(&self) -> &Path {
        &self.source.shown
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file().display(), self.line, self.column)
    }
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The key.
    pub text: String,
    /// Its place.
    pub origin: Origin,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place.
    pub origin: Origin,
}

/// What TOML can say. Tables keep the order of the file.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // TOML's own words
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Moment(String),
    List(Vec<Node>),
    Table(Vec<(Name, Node)>),
}

impl Node {
    /// The value of `key`, where this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, node)| node)
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[(Name, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// A text as a path: absolute, or from the folder of its file.
    pub fn path(&self) -> Option<PathBuf> {
        let Value::Text(text) = &self.value else { return None };
        // `./x` and `.` would be shown to people and passed to programs.
        Some(self.origin.source.dir.join(text).components().collect())
    }

    /// What it is, with its article: `a string`.
    pub(super) fn what(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number with a point",
            Value::Bool(_) => "a boolean",
            Value::Moment(_) => "a date or time",
            Value::List(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The value in short, for a message.
    pub(super) fn show(&self) -> String {
        match &self.value {
            Value::Text(text) if text.chars().count() > 60 => {
                format!("{:?}", format!("{}…", text.chars().take(60).collect::<String>()))
            }
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Moment(_) | Value::List(_) | Value::Table(_) => self.what().to_owned(),
        }
    }

    /// The same value in JSON; a date is its text.
    ///
    /// # Errors
    /// The place of a number that JSON does not have.
    pub fn json(&self) -> Result<Json, &Origin> {
        Ok(match &self.value {
            Value::Text(text) | Value::Moment(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => {
                serde_json::Number::from_f64(*number).map(Json::Number).ok_or(&self.origin)?
            }
            Value::Bool(value) => Json::from(*value),
            Value::List(items) => Json::Array(items.iter().map(Node::json).collect::<Result<_, _>>()?),
            Value::Table(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(name, node)| Ok((name.text.clone(), node.json()?)))
                    .collect::<Result<_, &Origin>>()?,
            ),
        })
    }

    /// Writes the value, and nothing of its place, in one form; the order of keys counts.
    pub(super) fn canonical(&self, text: &mut String) {
        match &self.value {
            Value::List(items) => {
                text.push('[');
                for item in items {
                    item.canonical(text);
                    text.push(',');
                }
                text.push(']');
            }
            Value::Table(entries) => {
                text.push('{');
                for (name, node) in entries {
                    text.push_str(&format!("{:?}=", name.text));
                    node.canonical(text);
                    text.push(',');
                }
                text.push('}');
            }
            Value::Moment(moment) => text.push_str(moment),
            Value::Text(value) => text.push_str(&format!("{value:?}")),
            _ => text.push_str(&self.show()),
        }
    }

    /// This tree with `over` laid upon it: tables key by key, anything else as a whole.
    pub(super) fn merge(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Table(mine), Value::Table(theirs)) => {
                for (name, node) in theirs {
                    match mine.iter_mut().find(|(known, _)| known.text == name.text) {
                        Some((known, value)) => {
                            value.merge(node);
                            *known = name;
                        }
                        None => mine.push((name, node)),
                    }
                }
                self.origin = over.origin;
            }
            (mine, theirs) => {
                *mine = theirs;
                self.origin = over.origin;
            }
        }
    }
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place.
    pub origin: Origin,
    /// One line without a final stop.
    pub message: String,
    /// The text at fault with a caret below, where that helps; safe for a terminal.
    pub shown: Vec<String>,
}

impl Fault {
    /// A fault that needs no picture.
    pub fn new(origin: Origin, message: String) -> Fault {
        Fault { origin, message, shown: Vec::new() }
    }

    /// What to tell: the fault, and what shows it, two spaces further in.
    pub fn lines(&self) -> Vec<String> {
        std::iter::once(self.to_string()).chain(self.shown.iter().map(|line| format!("  {line}"))).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// Finds lines and columns.
struct Places<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    lines: Vec<usize>,
}

impl Places<'_> {
    fn origin(&self, at: usize) -> Origin {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..at).unwrap_or_default();
        Origin { source: self.source.clone(), line, column: before.chars().count() + 1 }
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Vec<(Name, Node)>, Fault> {
        let mut entries: Vec<_> = table.iter().collect();
        // The parser's map goes by the alphabet; the order of parameters is the file's.
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let origin = self.origin(key.span().start);
                Ok((Name { text: key.get_ref().to_string(), origin }, self.node(value)?))
            })
            .collect()
    }

    fn node(&self, spanned: &Spanned<DeValue<'_>>) -> Result<Node, Fault> {
        let origin = self.origin(spanned.span().start);
        let fault = |message: String| Fault::new(origin.clone(), message);
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Integer(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_err(|_| fault(format!("the number {number} is too large")))?,
            ),
            DeValue::Float(number) => {
                Value::Float(number.as_str().parse().map_err(|_| fault(format!("{number} is not a number")))?)
            }
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => Value::Table(self.table(table)?),
        };
        Ok(Node { value, origin })
    }
}

/// Reads the text of a file.
///
/// # Errors
/// Everything that is no TOML, in the order of the file.
pub(super) fn parse(source: &Arc<Source>, text: &str) -> Result<Node, Vec<Fault>> {
    let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    let places = Places { source, text, lines: std::iter::once(0).chain(starts).collect() };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let fault = |error: toml::de::Error| {
            // Some of the parser's messages go on in further lines.
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            Fault::new(places.origin(error.span().map_or(0, |span| span.start)), message)
        };
        return Err(errors.into_iter().map(fault).collect());
    }
    let entries = places.table(table.get_ref()).map_err(|fault| vec![fault])?;
    Ok(Node { value: Value::Table(entries), origin: places.origin(0) })
}
