//! The parameters of a task: what it takes, and whether what it was given is that.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::nearest::{nearest, one_of};
use crate::core::bytes::Bytes;

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamType {
    /// Text; bytes that are not UTF-8 as `{"b64": …}`.
    String,
    /// A whole number of at most 64 bits.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An array of strings, numbers and booleans.
    List,
    /// Anything that JSON has.
    Json,
}

impl ParamType {
    /// The words of the configuration.
    pub const NAMES: &[&str] = &["string", "integer", "number", "boolean", "list", "json"];
    const ALL: [ParamType; 6] = [
        ParamType::String,
        ParamType::Integer,
        ParamType::Number,
        ParamType::Boolean,
        ParamType::List,
        ParamType::Json,
    ];

    /// The type of that name.
    pub fn of(name: &str) -> Option<ParamType> {
        Self::NAMES.iter().zip(Self::ALL).find(|(one, _)| **one == name).map(|(_, kind)| kind)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().zip(Self::ALL).find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn article(self) -> &'static str {
        match self {
            ParamType::Integer => "an",
            _ => "a",
        }
    }

    /// Whether `value` is of this type.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            ParamType::String => text_of(value).is_some(),
            ParamType::Integer => value.is_i64() || value.is_u64(),
            ParamType::Number => value.is_number(),
            ParamType::Boolean => value.is_boolean(),
            ParamType::List => value.as_array().is_some_and(|items| items.iter().all(is_scalar)),
            ParamType::Json => true,
        }
    }
}

fn is_scalar(value: &Value) -> bool {
    value.is_number() || value.is_boolean() || text_of(value).is_some()
}

/// The bytes of a text: a string, or `{"b64": …}` and nothing beside it.
pub(super) fn text_of(value: &Value) -> Option<Bytes> {
    match value {
        Value::String(text) => Some(Bytes::from(text.as_str())),
        Value::Object(object) if object.len() == 1 && object.contains_key("b64") => {
            serde_json::from_value(value.clone()).ok()
        }
        _ => None,
    }
}

/// A parameter as the configuration defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDef {
    /// Its name: `[a-z_][a-z0-9_]*`.
    pub name: String,
    /// What it takes.
    pub kind: ParamType,
    /// Its value when it is not given.
    pub default: Option<Value>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether a value may begin with `-` where it begins an argument.
    pub dash: bool,
    /// The only values it may have.
    pub values: Option<Vec<Value>>,
}

/// Parameters that cannot be used: exit 65.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamError {
    /// The parameter at fault, where it is one.
    pub param: Option<String>,
    /// What is wrong: one line without a final stop.
    pub message: String,
}

pub(super) fn bad(param: &str, message: String) -> ParamError {
    ParamError { param: Some(param.to_owned()), message }
}

/// Whether a text can be the name of a parameter.
pub fn is_param_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Puts positional and named parameters together, checks each against its definition, and
/// fills in defaults. What comes out passes again unchanged, as named parameters.
///
/// # Errors
/// A parameter that is unknown (with the nearest right name), given twice, missing, of
/// another type, or not one of its values.
pub fn check(
    defs: &[ParamDef],
    positional: Vec<Value>,
    named: Map<String, Value>,
) -> Result<BTreeMap<String, Value>, ParamError> {
    let mut given = BTreeMap::new();
    let count = positional.len();
    for (at, value) in positional.into_iter().enumerate() {
        let def = defs.get(at).ok_or_else(|| ParamError {
            param: None,
            message: format!(
                "{count} parameters were given without a name, and the task takes {}",
                defs.len()
            ),
        })?;
        given.insert(def.name.clone(), value);
    }
    for (name, value) in named {
        if !defs.iter().any(|def| def.name == name) {
            return Err(bad(&name, unknown(defs, &name)));
        }
        if given.insert(name.clone(), value).is_some() {
            return Err(bad(&name, format!("parameter {name} is given twice, by its place and by its name")));
        }
    }
    for def in defs {
        match (given.get(&def.name), &def.default) {
            (Some(value), _) => fits(def, value)?,
            (None, Some(default)) => {
                given.insert(def.name.clone(), default.clone());
            }
            (None, None) if def.required => {
                let what =
                    format!("parameter {} is missing ({} {})", def.name, def.kind.article(), def.kind.name());
                return Err(bad(&def.name, what));
            }
            (None, None) => {}
        }
    }
    Ok(given)
}

fn unknown(defs: &[ParamDef], name: &str) -> String {
    let names: Vec<&str> = defs.iter().map(|def| def.name.as_str()).collect();
    let hint = match nearest(name, &names) {
        Some(near) => format!("; did you mean {near}?"),
        None if names.is_empty() => "; the task takes none".to_owned(),
        None => format!("; the task takes {}", names.join(", ")),
    };
    format!("unknown parameter {name:?}{hint}")
}

/// Whether `value` fits its definition.
pub(super) fn fits(def: &ParamDef, value: &Value) -> Result<(), ParamError> {
    let name = &def.name;
    if !def.kind.takes(value) {
        let hint = match (def.kind, value) {
            // From a command line: `user_id=42` is a text, whatever it looks like.
            (
                ParamType::Integer | ParamType::Number | ParamType::Boolean | ParamType::List,
                Value::String(text),
            ) if serde_json::from_str(text).is_ok_and(|value: Value| def.kind.takes(&value)) => {
                format!("; on a command line write {name}:={text}")
            }
            (ParamType::List, Value::Array(_)) => "; its items are strings, numbers and booleans".to_owned(),
            _ => String::new(),
        };
        let (article, kind) = (def.kind.article(), def.kind.name());
        return Err(bad(
            name,
            format!("parameter {name} must be {article} {kind}, not {}{hint}", what(value)),
        ));
    }
    match &def.values {
        Some(values) if !values.contains(value) => {
            let words: Vec<String> = values.iter().map(Value::to_string).collect();
            Err(bad(name, format!("parameter {name} must be {}, not {value}", one_of(&words))))
        }
        _ => Ok(()),
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a point",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
