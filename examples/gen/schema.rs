//! docs/output.schema.json: the JSON that commands print, made from the table of fields.

use jobq::core::state::State;
use jobq::view::fields::{Field, SHAPES};
use serde_json::{Map, Value, json};

/// The schema: one definition for each kind of record.
pub(crate) fn page() -> String {
    let mut kinds = Map::new();
    for shape in SHAPES {
        let fields: Vec<(&str, &Field)> = shape.fields.iter().map(|field| (field.path, field)).collect();
        let mut kind = object(&fields);
        kind["description"] = shape.about.into();
        kinds.insert(shape.name.to_owned(), kind);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What jobq prints with --json",
        "description": "One definition for each kind of record. Fields are only ever added; `schema` in a record changes if one had to go.",
        "$defs": kinds,
    });
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    format!("{text}\n")
}

/// An object of these fields, each with what is left of its path.
fn object(fields: &[(&str, &Field)]) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (path, field) in fields {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let bare = name.trim_end_matches("[]");
        if properties.contains_key(bare) {
            continue;
        }
        let below: Vec<(&str, &Field)> = fields
            .iter()
            .filter_map(|(path, field)| Some((path.strip_prefix(name)?.strip_prefix('.')?, *field)))
            .collect();
        let nullable = field.kind.ends_with('?');
        let value = match rest {
            "*" => {
                let map =
                    json!({"type": "object", "additionalProperties": kind(field.kind.trim_end_matches('?'))});
                described(or_null(map, nullable), field)
            }
            _ if name.ends_with("[]") => json!({"type": "array", "items": object(&below)}),
            // The object itself has a line in the table where it may be null.
            "" if !below.is_empty() => described(or_null(object(&below), nullable), field),
            "" => described(or_null(kind(field.kind.trim_end_matches('?')), nullable), field),
            _ => object(&below),
        };
        properties.insert(bare.to_owned(), value);
        required.push(bare.into());
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn described(mut value: Value, field: &Field) -> Value {
    value["description"] = field.about.into();
    value
}

fn or_null(value: Value, nullable: bool) -> Value {
    if nullable && value != json!({}) { json!({"anyOf": [value, {"type": "null"}]}) } else { value }
}

fn kind(word: &str) -> Value {
    match word {
        "text" => json!({"type": "string"}),
        "flag" => json!({"type": "boolean"}),
        "count" => json!({"type": "integer", "minimum": 0}),
        "number" => json!({"type": "number"}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "state" => json!({"enum": State::ALL.map(State::name)}),
        "texts" => json!({"type": "array", "items": {"type": "string"}}),
        "bytes" => json!({"anyOf": [{"type": "string"}, {
            "type": "object", "properties": {"b64": {"type": "string"}}, "required": ["b64"],
            "additionalProperties": false,
        }]}),
        "any" => json!({}),
        list if list.ends_with("[]") => json!({"type": "array", "items": kind(list.trim_end_matches("[]"))}),
        shape => json!({"$ref": format!("#/$defs/{shape}")}),
    }
}
