use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::params::{ParamType, check};
use super::*;

fn def(name: &str, kind: &str) -> ParamDef {
    let kind = ParamType::of(kind).unwrap();
    ParamDef { name: name.into(), kind, default: None, required: true, dash: false, values: None }
}

fn optional(name: &str, kind: &str, default: Option<Value>) -> ParamDef {
    ParamDef { required: false, default, ..def(name, kind) }
}

fn words(command: &[&str]) -> Vec<Word> {
    command.iter().map(|word| parse(word).unwrap()).collect()
}

fn values(json: Value) -> BTreeMap<String, Value> {
    json.as_object().unwrap().clone().into_iter().collect()
}

fn rendered(command: &[&str], defs: &[ParamDef], json: Value) -> Result<Vec<String>, String> {
    match render(&words(command), defs, &values(json)) {
        Ok(argv) => Ok(argv.iter().map(|word| word.lossy().into_owned()).collect()),
        Err(error) => Err(error.message),
    }
}

#[test]
fn each_placeholder_fills_one_argument() {
    let defs = [
        def("to", "string"),
        def("n", "integer"),
        def("yes", "boolean"),
        def("all", "list"),
        def("any", "json"),
    ];
    let given =
        json!({"to": "a b 'c' $(d)", "n": -5, "yes": true, "all": ["x", 1, true], "any": {"k": [1, null]}});
    let command = ["x", "--to={to}", "{to}", "{n}", "{yes}", "{all...}", "{any}", "{{to}}", "{n}{n}", ""];
    let expected = [
        "x",
        "--to=a b 'c' $(d)",
        "a b 'c' $(d)",
        "-5",
        "true",
        "x",
        "1",
        "true",
        r#"{"k":[1,null]}"#,
        "{to}",
        "-5-5",
        "",
    ];
    assert_eq!(rendered(&command, &defs, given).unwrap(), expected);
}

#[test]
fn what_is_absent_is_left_out() {
    let defs = [optional("a", "string", None), optional("b", "list", None)];
    assert_eq!(rendered(&["x", "{a}", "--a={a}", "{b...}", "end"], &defs, json!({})).unwrap(), ["x", "end"]);
    assert_eq!(rendered(&["x", "{a}"], &defs, json!({"a": ""})).unwrap(), ["x", ""]);
}

#[test]
fn no_value_becomes_an_option() {
    let refusal = "parameter a begins with '-' and would become an option; its definition would have to say dash = true";
    let (text, list) = ([def("a", "string"), def("b", "string")], [def("a", "list")]);
    let told = |command: &[&str], defs: &[ParamDef], json: Value| rendered(command, defs, json).unwrap_err();
    assert_eq!(told(&["x", "{a}"], &text, json!({"a": "-rf", "b": ""})), refusal);
    assert_eq!(told(&["x", "{a}.txt"], &text, json!({"a": "-rf", "b": ""})), refusal);
    // An empty value in front does not hide it.
    assert_eq!(told(&["x", "{b}{a}"], &text, json!({"a": "-rf", "b": ""})), refusal);
    assert_eq!(told(&["x", "{a...}"], &list, json!({"a": ["ok", "-rf"]})), refusal);
    assert_eq!(told(&["x", "{a}"], &text, json!({"a": {"b64": "LXg="}, "b": ""})), refusal);
    assert_eq!(rendered(&["x", "--to={a}"], &text, json!({"a": "-rf"})).unwrap(), ["x", "--to=-rf"]);
    let dash = [ParamDef { dash: true, ..def("a", "string") }];
    assert_eq!(rendered(&["x", "{a}"], &dash, json!({"a": "-rf"})).unwrap(), ["x", "-rf"]);
    assert_eq!(rendered(&["x", "{a...}"], &list, json!({"a": [-1]})).unwrap(), ["x", "-1"]);
}

#[test]
fn what_no_process_can_be_given_is_refused() {
    let defs = [def("a", "string")];
    assert_eq!(
        rendered(&["x", "{a}"], &defs, json!({"a": "b\0c"})).unwrap_err(),
        "parameter a holds a NUL, which no argument can"
    );
    let long = "x".repeat(MAX_WORD_BYTES);
    assert!(rendered(&["x", "{a}"], &defs, json!({"a": long})).is_ok());
    assert_eq!(
        rendered(&["x", "{a}"], &defs, json!({"a": format!("{long}x")})).unwrap_err(),
        "an argument has 131072 bytes; no program can be given more than 131071 in one word"
    );
    assert!(
        environment(&defs, &values(json!({"a": long}))).unwrap_err().message.contains("no variable can have")
    );
    assert_eq!(
        environment(&defs, &values(json!({"a": "b"}))).unwrap(),
        [("JOBQ_ARG_A".to_owned(), Bytes::from("b"))]
    );
}

#[test]
fn parameters_are_checked_by_name_and_type() {
    let defs = [
        def("to", "string"),
        def("user_id", "integer"),
        ParamDef {
            values: Some(vec![json!("a"), json!("b")]),
            ..optional("kind", "string", Some(json!("a")))
        },
        optional("all", "list", None),
    ];
    let told = |positional: Vec<Value>, named: Value| {
        let named: Map<String, Value> = named.as_object().unwrap().clone();
        check(&defs, positional, named)
            .map(|map| json!(map).to_string())
            .unwrap_or_else(|error| error.to_string())
    };
    for (positional, named, expected) in [
        (vec![json!("x"), json!(5)], json!({}), r#"{"kind":"a","to":"x","user_id":5}"#),
        (vec![json!("x")], json!({"user_id": 5, "kind": "b"}), r#"{"kind":"b","to":"x","user_id":5}"#),
        (
            vec![],
            json!({"to": {"b64": "/w=="}, "user_id": 5}),
            r#"{"kind":"a","to":{"b64":"/w=="},"user_id":5}"#,
        ),
        (vec![json!("x")], json!({}), "parameter user_id is missing (an integer)"),
        (vec![json!("x")], json!({"to": "y"}), "parameter to is given twice, by its place and by its name"),
        (vec![json!(1); 5], json!({}), "5 parameters were given without a name, and the task takes 4"),
        (vec![], json!({"user": 5}), "unknown parameter \"user\"; did you mean user_id?"),
        (vec![], json!({"zzz": 5}), "unknown parameter \"zzz\"; the task takes to, user_id, kind, all"),
        (
            vec![json!("x"), json!("42")],
            json!({}),
            "parameter user_id must be an integer, not a string; on a command line write user_id:=42",
        ),
        (
            vec![json!("x"), json!(1.5)],
            json!({}),
            "parameter user_id must be an integer, not a number with a point",
        ),
        (vec![json!("x"), json!(null)], json!({}), "parameter user_id must be an integer, not null"),
        (vec![json!(["x"]), json!(1)], json!({}), "parameter to must be a string, not an array"),
        (
            vec![json!("x"), json!(1), json!("c")],
            json!({}),
            "parameter kind must be \"a\" or \"b\", not \"c\"",
        ),
        (
            vec![json!("x"), json!(1)],
            json!({"all": [[1]]}),
            "parameter all must be a list, not an array; its items are strings, numbers and booleans",
        ),
    ] {
        assert_eq!(told(positional, named), expected);
    }
}

proptest! {
    #[test]
    fn an_argument_is_the_value_byte_for_byte_or_refused(
        raw in proptest::collection::vec(any::<u8>(), 0..60), head in "[a-z=-]{0,5}", dash: bool,
    ) {
        let given = serde_json::to_value(Bytes(raw.clone())).unwrap();
        let defs = [ParamDef { dash, ..def("a", "string") }];
        let template = format!("{head}{{a}}");
        let command = words(&["prog", &template, "last"]);
        match render(&command, &defs, &values(json!({"a": given}))) {
            Ok(argv) => {
                prop_assert_eq!(argv.len(), 3);
                prop_assert_eq!(&argv[0], &Bytes::from("prog"));
                prop_assert_eq!(&argv[1].0, &[head.as_bytes(), &raw].concat());
                prop_assert_eq!(&argv[2], &Bytes::from("last"));
            }
            Err(_) => prop_assert!(raw.contains(&0) || (head.is_empty() && !dash && raw.starts_with(b"-"))),
        }
    }

    #[test]
    fn a_list_becomes_its_items_and_nothing_else_changes(
        items in proptest::collection::vec("\\PC{0,10}|[-{}'\"$()\n]{0,6}", 0..10), other in "[^-\0]\\PC{0,10}",
    ) {
        let defs = [def("all", "list"), def("one", "string")];
        let command = words(&["prog", "{one}", "{all...}", "{one}"]);
        match render(&command, &defs, &values(json!({"all": items, "one": other}))) {
            Ok(argv) => {
                let mut expected = vec!["prog".to_owned(), other.clone()];
                expected.extend(items.iter().cloned());
                expected.push(other);
                prop_assert_eq!(argv, expected.iter().map(|one| Bytes::from(one.as_str())).collect::<Vec<_>>());
            }
            Err(_) => prop_assert!(items.iter().any(|one| one.starts_with('-') || one.contains('\0'))),
        }
    }

    #[test]
    fn no_template_panics_and_braces_survive(text in "[{}a.x]{0,12}|\\PC{0,20}") {
        let _ = parse(&text);
        let escaped = text.replace('{', "{{").replace('}', "}}");
        let word = parse(&escaped).unwrap();
        prop_assert_eq!(word.literal(), Some(text.as_str()));
    }
}
