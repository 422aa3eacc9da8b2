//! docs/output.schema.json against what commands really print.

use serde_json::Value;

use super::seed::{ID, seeded};

fn schema() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/output.schema.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Everything in `value` that `schema` does not allow. As much of JSON Schema as the file
/// uses; any other word in it is a fault of its own.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (word, rule) in schema.as_object().expect("a schema is an object") {
        let wrong = match word.as_str() {
            "$ref" => {
                let target =
                    root.pointer(rule.as_str().unwrap().trim_start_matches('#')).expect("a definition");
                faults(root, target, value, at, found);
                false
            }
            "type" => match rule.as_str().unwrap() {
                "object" => !value.is_object(),
                "array" => !value.is_array(),
                "string" => !value.is_string(),
                "boolean" => !value.is_boolean(),
                "integer" => !(value.is_i64() || value.is_u64()),
                "number" => !value.is_number(),
                "null" => !value.is_null(),
                other => panic!("no type {other}"),
            },
            "enum" => !rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()),
            "format" => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_err()),
            "anyOf" => !rule.as_array().unwrap().iter().any(|one| {
                let mut inner = Vec::new();
                faults(root, one, value, at, &mut inner);
                inner.is_empty()
            }),
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    faults(root, rule, item, &format!("{at}[{number}]"), found);
                }
                false
            }
            "properties" => {
                for (name, one) in rule.as_object().unwrap() {
                    if let Some(part) = value.get(name) {
                        faults(root, one, part, &format!("{at}.{name}"), found);
                    }
                }
                false
            }
            "required" => {
                let missing = rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{at} has no {name}")));
                false
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, part) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    match rule {
                        Value::Bool(false) => found.push(format!("{at}.{name} is not in the schema")),
                        rule => faults(root, rule, part, &format!("{at}.{name}"), found),
                    }
                }
                false
            }
            "description" | "title" => false,
            other => panic!("the schema has {other}, which this test does not know"),
        };
        if wrong {
            found.push(format!("{at} is {value}, against {word} {rule}"));
        }
    }
}

#[test]
fn what_commands_print_is_what_the_schema_says() {
    let (_server, room, _) = seeded();
    let root = schema();
    let why: Vec<String> = (1..=12).map(|number| format!("{ID}{number:03}")).collect();
    for (kind, look) in [
        ("job", "inspect jobs".to_owned()),
        ("job", format!("inspect job {}", why.join(" "))),
        ("job", format!("status {ID}001 {ID}008")),
        ("job", format!("status --wait {ID}009")),
        ("why", format!("inspect why {}", why.join(" "))),
        ("queue", "inspect queues".into()),
        ("worker", "inspect workers".into()),
        ("job", "inspect failures".into()),
        ("event", "inspect events".into()),
        ("finding", "inspect doctor".into()),
        ("server", "inspect server".into()),
        ("config", "inspect config".into()),
        ("overview", "status".into()),
    ] {
        let output = room.jobq(look.split(' ').chain(["--json"])).run().status(0);
        let definition = &root["$defs"][kind];
        let mut lines = 0;
        for line in output.stdout_text().lines() {
            let mut found = Vec::new();
            faults(&root, definition, &serde_json::from_str(line).unwrap(), kind, &mut found);
            assert!(found.is_empty(), "{look}:\n{}\n{line}", found.join("\n"));
            lines += 1;
        }
        assert!(lines > 0, "{look} printed nothing");
    }
}

#[test]
fn the_schema_refuses_what_is_not_so() {
    let root = schema();
    let (_server, room, _) = seeded();
    let output = room.jobq(["inspect", "why", "--json", &format!("{ID}001")]).run().status(0);
    let good: Value = serde_json::from_str(&output.line()).unwrap();
    let refused = |value: &Value| {
        let mut found = Vec::new();
        faults(&root, &root["$defs"]["why"], value, "why", &mut found);
        !found.is_empty()
    };
    assert!(!refused(&good));
    for (field, value) in [
        ("state", "DONE".into()),
        ("code", 1.into()),
        ("since_at", "soon".into()),
        ("position", (-1).into()),
        ("new", 1.into()),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(refused(&bad), "{field}");
    }
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().remove("sentence");
    assert!(refused(&bad));
}
