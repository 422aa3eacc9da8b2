//! From a command with placeholders to the arguments of a process. Never a shell.
//!
//! `{name}` stands for one value and never becomes more than one argument, nor less than
//! what the configuration wrote around it; `{name...}`, alone, becomes as many arguments as
//! the list has items; `{{` and `}}` are braces. An argument that needs an absent parameter
//! is left out. A text from outside that would become the beginning `-` of an argument is
//! refused unless its parameter says `dash = true`: no value turns into an option.

use std::collections::BTreeMap;

use serde_json::Value;

use super::params::{ParamDef, ParamError, bad, is_param_name, text_of};
use crate::core::bytes::{Bytes, MAX_WORD_BYTES};

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// The value of a parameter.
    Param(String),
}

/// One argument of a command, as the configuration writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// One argument, made of pieces.
    One(Vec<Piece>),
    /// As many arguments as this list has items.
    Spread(String),
}

impl Word {
    /// The parameters it names.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        let (pieces, spread) = match self {
            Word::One(pieces) => (pieces.as_slice(), None),
            Word::Spread(name) => (&[][..], Some(name.as_str())),
        };
        let named = pieces.iter().filter_map(|piece| match piece {
            Piece::Param(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        });
        named.chain(spread)
    }

    /// The text, where there is no placeholder in it.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Word::One(pieces) => match pieces.as_slice() {
                [] => Some(""),
                [Piece::Text(text)] => Some(text),
                _ => None,
            },
            Word::Spread(_) => None,
        }
    }
}

/// Reads one argument of a command.
///
/// # Errors
/// A brace that neither opens a placeholder nor is doubled, or a spread with something
/// beside it.
pub fn parse(text: &str) -> Result<Word, String> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut spread = None;
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or(from.strip_prefix("}}")) {
            literal.push_str(&from[..1]);
            rest = after;
            continue;
        }
        let inner = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = inner else { return Err(lone(text)) };
        let name = inner.strip_suffix("...").unwrap_or(inner);
        if !is_param_name(name) {
            return Err(lone(text));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        if name.len() < inner.len() {
            spread = Some(name.to_owned());
        }
        pieces.push(Piece::Param(name.to_owned()));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    match spread {
        None => Ok(Word::One(pieces)),
        Some(name) if pieces.len() == 1 => Ok(Word::Spread(name)),
        Some(name) => Err(format!("{{{name}...}} must be an argument of its own, with nothing beside it")),
    }
}

fn lone(text: &str) -> String {
    format!("in {text:?} a brace is no placeholder; for the character itself write {{{{ or }}}}")
}

/// The arguments of the process: `values` as [`super::params::check`] returned them.
///
/// # Errors
/// A value with a NUL, one that would make an argument begin with `-`, an argument that is
/// too long for any program, or a value that its definition does not allow.
pub fn render(
    command: &[Word],
    defs: &[ParamDef],
    values: &BTreeMap<String, Value>,
) -> Result<Vec<Bytes>, ParamError> {
    let mut argv = Vec::new();
    for word in command {
        match word {
            Word::One(pieces) => argv.extend(one(pieces, defs, values)?),
            Word::Spread(name) => {
                let def = definition(defs, name)?;
                let Some(value) = values.get(name) else { continue };
                let items =
                    value.as_array().ok_or_else(|| bad(name, format!("parameter {name} must be a list")))?;
                for item in items {
                    argv.push(finished(plain(def, item)?, Some((def, is_text(item))))?);
                }
            }
        }
    }
    Ok(argv)
}

fn definition<'a>(defs: &'a [ParamDef], name: &str) -> Result<&'a ParamDef, ParamError> {
    defs.iter()
        .find(|def| def.name == name)
        .ok_or_else(|| bad(name, format!("the command names {name}, which is no parameter of the task")))
}

fn one(
    pieces: &[Piece],
    defs: &[ParamDef],
    values: &BTreeMap<String, Value>,
) -> Result<Option<Bytes>, ParamError> {
    let mut bytes = Vec::new();
    // Whose value the first byte is, and whether it is a text.
    let mut first = None;
    for piece in pieces {
        match piece {
            Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Piece::Param(name) => {
                let def = definition(defs, name)?;
                let Some(value) = values.get(name) else { return Ok(None) };
                let filled = plain(def, value)?;
                if bytes.is_empty() && !filled.is_empty() {
                    first = Some((def, is_text(value)));
                }
                bytes.extend(filled);
            }
        }
    }
    finished(bytes, first).map(Some)
}

/// Numbers may begin with `-`: they are no options.
fn is_text(value: &Value) -> bool {
    !value.is_number()
}

/// A value as bytes: text as it is, everything else as compact JSON.
fn plain(def: &ParamDef, value: &Value) -> Result<Vec<u8>, ParamError> {
    let text = if def.kind == super::params::ParamType::Json { None } else { text_of(value) };
    let bytes = match text {
        Some(bytes) => bytes.0,
        None => value.to_string().into_bytes(),
    };
    if bytes.contains(&0) {
        return Err(bad(&def.name, format!("parameter {} holds a NUL, which no argument can", def.name)));
    }
    Ok(bytes)
}

fn finished(bytes: Vec<u8>, first: Option<(&ParamDef, bool)>) -> Result<Bytes, ParamError> {
    if let Some((def, true)) = first
        && bytes.starts_with(b"-")
        && !def.dash
    {
        return Err(bad(
            &def.name,
            format!(
                "parameter {0} begins with '-' and would become an option; its definition would have to say dash = true",
                def.name
            ),
        ));
    }
    if bytes.len() > MAX_WORD_BYTES {
        return Err(ParamError {
            param: first.map(|(def, _)| def.name.clone()),
            message: format!(
                "an argument has {} bytes; no program can be given more than {MAX_WORD_BYTES} in one word",
                bytes.len()
            ),
        });
    }
    Ok(Bytes(bytes))
}

/// The parameters as variables: `JOBQ_ARG_<NAME>`, text as it is, everything else as compact
/// JSON.
///
/// # Errors
/// A value with a NUL, or one that is too long for a variable.
pub fn environment(
    defs: &[ParamDef],
    values: &BTreeMap<String, Value>,
) -> Result<Vec<(String, Bytes)>, ParamError> {
    let mut vars = Vec::new();
    for def in defs {
        let Some(value) = values.get(&def.name) else { continue };
        let name = format!("JOBQ_ARG_{}", def.name.to_ascii_uppercase());
        let bytes = plain(def, value)?;
        let len = name.len() + 1 + bytes.len();
        if len > MAX_WORD_BYTES {
            let message = format!(
                "parameter {} has {} bytes; no variable can have more than {MAX_WORD_BYTES} with its name",
                def.name,
                bytes.len()
            );
            return Err(bad(&def.name, message));
        }
        vars.push((name, Bytes(bytes)));
    }
    Ok(vars)
}

/// The parameters of a job of `task`, defaults filled in: what could not be run is refused
/// here, not found out by a worker.
///
/// # Errors
/// A parameter that the task does not take, or that its command or environment cannot hold.
pub fn accept(
    task: &super::TaskDef,
    named: serde_json::Map<String, Value>,
) -> Result<BTreeMap<String, Value>, ParamError> {
    let values = super::params::check(&task.params, Vec::new(), named)?;
    if let super::Command::Argv(words) = &task.command {
        render(words, &task.params, &values)?;
    }
    environment(&task.params, &values)?;
    Ok(values)
}

#[cfg(test)]
mod tests;
