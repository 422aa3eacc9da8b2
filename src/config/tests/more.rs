//! Files that are merged or refused; the reader against its own tables.

use super::*;

#[test]
fn later_files_win_key_by_key() {
    let files = Files::new();
    assert!(files.load(&files.place()).unwrap().files.is_empty());
    let etc = files.write(
        "etc/jobq.toml",
        "[redis]\nnamespace = \"etc\"\nurl = \"redis://etc\"\n[tasks.t]\ncommand = [\"etc\"]\nretries = 1\nenv = { A = \"etc\", B = \"etc\" }",
    );
    let home = files
        .write("home/.config/jobq/jobq.toml", "[redis]\nnamespace = \"home\"\n[tasks.t]\nenv.A = \"home\"");
    let work = files.write("work/jobq.toml", "[tasks.t]\n\nretries = 3\n[tasks.u]\ncommand = [\"work\"]");
    let config = files.load(&files.place()).unwrap();
    assert_eq!(config.files, [etc.clone(), home.clone(), work]);
    assert_eq!(config.redis.namespace, Some(name("home")));
    assert_eq!(config.redis.url.as_deref(), Some("redis://etc"));
    let task = &config.tasks[&name("t")];
    assert_eq!(
        (task.policy.retries, task.env["A"].as_str(), task.env["B"].as_str()),
        (Some(3), "home", "etc")
    );
    // Each path begins where its file is.
    assert_eq!(task.cwd, files.path("etc"));
    assert_eq!(config.tasks[&name("u")].cwd, files.path("work"));
    let at = |path: &[&str]| config.origin(path).unwrap().to_string();
    assert_eq!(at(&["tasks", "t", "retries"]), "jobq.toml:3:11");
    assert_eq!(at(&["redis", "url"]), format!("{}:3:7", etc.display()));
    assert_eq!(at(&["tasks", "t", "env", "A"]), format!("{}:4:9", home.display()));

    // One that is named stands alone, and must be there.
    let mut place = files.place();
    place.only = Some(etc);
    assert_eq!(files.load(&place).unwrap().redis.namespace, Some(name("etc")));
    place.only = Some(files.path("missing"));
    assert_eq!(files.refused(&place), "cannot read TEMP/missing: there is no such file");
    // One file is not two, though it be found twice.
    let mut place = files.place();
    place.cwd = Some(files.path("home/.config/jobq"));
    assert_eq!(files.load(&place).unwrap().files.len(), 2);
}

#[test]
fn a_file_that_others_could_have_written_is_refused() {
    let files = Files::new();
    let file = files.write("work/jobq.toml", "[worker]\nname = \"x\"\n");
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for bits in [0o664, 0o646] {
        mode(&file, bits);
        let expected =
            format!("jobq.toml is refused: others can write it (mode {bits:03o}) (chmod go-w jobq.toml)");
        assert_eq!(files.refused(&files.place()), expected);
    }
    mode(&file, 0o644);
    assert!(files.load(&files.place()).is_ok());

    // A link to such a file.
    let elsewhere = files.write("elsewhere.toml", "");
    mode(&elsewhere, 0o666);
    fs::remove_file(&file).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert_eq!(
        files.refused(&files.place()),
        "jobq.toml is refused: others can write it (mode 666) (chmod go-w jobq.toml)"
    );
    mode(&elsewhere, 0o644);
    assert!(files.load(&files.place()).is_ok());

    // Somebody else's: as seen by another user.
    let mut place = files.place();
    place.euid += 1;
    if files.place().euid == 0 {
        // Root's files are everybody's to obey, unless anybody could have put them there.
        assert!(files.load(&place).is_ok());
        mode(&files.path("work"), 0o777);
        let told = files.refused(&place);
        assert!(
            told.starts_with("jobq.toml is refused: anybody can put files into its folder TEMP/work"),
            "{told}"
        );
        mode(&files.path("work"), 0o1777);
        assert!(files.load(&place).is_ok());
        std::os::unix::fs::lchown(&file, Some(4711), None).unwrap();
    }
    let told = files.refused(&place);
    assert!(told.starts_with("jobq.toml is refused: it belongs to another user ("), "{told}");
}

#[test]
fn odd_files_are_told() {
    let files = Files::new();
    fs::create_dir(files.path("work/jobq.toml")).unwrap();
    assert_eq!(files.refused(&files.place()), "cannot read jobq.toml: it is not a file");
    fs::remove_dir(files.path("work/jobq.toml")).unwrap();
    fs::write(files.path("work/jobq.toml"), b"[worker]\nname = \"\xff\"").unwrap();
    assert_eq!(files.refused(&files.place()), "jobq.toml:2:9: this is not UTF-8");
}

/// A value that the key takes, as it is written in a file.
fn sample(key: &Key) -> String {
    match key.kind {
        Kind::Url => "\"redis://x\"".into(),
        Kind::Text | Kind::Secret | Kind::Path | Kind::Name => "\"x\"".into(),
        Kind::Names => "[\"t\"]".into(),
        Kind::Bool => if key.name == "shell" { "false" } else { "true" }.into(),
        Kind::Integer { least, .. } => least.max(1).to_string(),
        Kind::Duration { .. } => match key.name {
            "soft_timeout" => "\"1.5s\"".into(),
            _ => "\"1h 30m\"".into(),
        },
        Kind::Size => "\"64M\"".into(),
        Kind::Codes => match key.name {
            "ok_codes" => "0".into(),
            "retry_on" => "[1, \"3-5\"]".into(),
            _ => "\"6,7-9\"".into(),
        },
        Kind::Snooze => "{ 99 = \"5m\", \"100-101\" = \"1h\" }".into(),
        Kind::Choice(words) => match key.name {
            "missed" => "\"all\"".into(),
            _ => format!("{:?}", words[0]),
        },
        Kind::Signal => "\"INT\"".into(),
        Kind::Umask => "\"027\"".into(),
        Kind::Rate => "\"100/m\"".into(),
        Kind::Address => "\"[::1]:9464\"".into(),
        Kind::OutOf => "\"3 of 10\"".into(),
        Kind::Times => "\"2.5x median\"".into(),
        Kind::Argv | Kind::Command => "[\"x\"]".into(),
        Kind::Env | Kind::Labels => "{ A = \"b\" }".into(),
        Kind::Queues => "[\"emails\"]".into(),
        Kind::QueueLimits => "{ emails = 2 }".into(),
        Kind::Params => "{ a = \"string\", b = { type = \"list\", default = [1], dash = true } }".into(),
        Kind::Words => "[\"x\", \"{y}\"]".into(),
        Kind::Cron => "\"*/5 0 1 * *\"".into(),
        Kind::Zone => "\"Asia/Tokyo\"".into(),
        Kind::Instant => "2026-12-01 09:00:00".into(),
        Kind::Expiry => "\"next tick\"".into(),
        Kind::Args => "{ a = 1 }".into(),
        Kind::Any => "\"x\"".into(),
        Kind::List => "[\"x\"]".into(),
        Kind::Table(tables) => table(tables, &[]),
        Kind::Named(tables) if key.name == "schedules" => {
            format!("{{ t = {} }}", table(tables, &["every", "at", "task", "args"]))
        }
        Kind::Named(tables) => format!("{{ t = {} }}", table(tables, &[])),
        Kind::Later => unreachable!(),
    }
}

/// All keys of some tables, but for those that exclude others.
fn table(tables: &[&'static [Key]], without: &[&str]) -> String {
    let keys = schema::keys(tables).filter(|key| !without.contains(&key.name) && key.name != "password");
    let lines: Vec<String> = keys.map(|key| format!("{} = {}", key.name, sample(key))).collect();
    format!("{{ {} }}", lines.join(", "))
}

fn json_of(text: &str) -> Json {
    let config = from_text(Path::new("x"), Path::new("/"), text);
    config.unwrap_or_else(|error| panic!("{error}\n{text}")).tree.unwrap().json().unwrap()
}

#[test]
fn the_reader_and_the_schema_know_the_same_keys() {
    let schema: Json = serde_json::from_str(&schema::json_schema()).unwrap();
    // All at once: the reader asserts that it asked for each key of each table.
    let whole: String =
        schema::keys(&[schema::ROOT]).map(|key| format!("{} = {}\n", key.name, sample(key))).collect();
    assert_eq!(valid(&schema, &json_of(&whole), ""), Ok(()));
    for (at, tables) in [
        ("redis", &[schema::REDIS][..]),
        ("worker", &[schema::WORKER]),
        ("beat", &[schema::BEAT]),
        ("queues.q", &[schema::QUEUE, schema::POLICY]),
        ("tasks.t", &[schema::TASK, schema::POLICY]),
        ("tasks.t.alert", &[schema::ALERT]),
    ] {
        let mut place = &schema["properties"];
        for part in at.split('.') {
            place = match part {
                "q" | "t" => &place["patternProperties"]["^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"]["properties"],
                "alert" => &place[part]["properties"],
                _ if matches!(part, "redis" | "worker" | "beat") => &place[part]["properties"],
                _ => &place[part],
            };
        }
        let mut listed: Vec<&str> = place.as_object().unwrap().keys().map(String::as_str).collect();
        let mut known: Vec<&str> = schema::keys(tables).map(|key| key.name).collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known, "{at}");
    }
}

#[test]
fn every_key_has_words_and_refuses_what_it_does_not_take() {
    let schema: Json = serde_json::from_str(&schema::json_schema()).unwrap();
    for (head, json, tables) in [
        ("[redis]\n", "redis", &[schema::REDIS][..]),
        ("[worker]\n", "worker", &[schema::WORKER]),
        ("[beat]\n", "beat", &[schema::BEAT]),
        ("[queues.q]\n", "queues", &[schema::QUEUE, schema::POLICY]),
        ("[tasks.t]\n", "tasks", &[schema::TASK, schema::POLICY]),
    ] {
        for key in schema::keys(tables) {
            assert!(key.help.ends_with('.') && !key.kind.words().is_empty(), "{}", key.name);
            // No key takes a date, neither here nor in the schema's types.
            let text = format!("{head}{} = 2026-01-01\n", key.name);
            let told = faults(&text);
            assert!(told.iter().any(|line| line.contains(":2:")), "{text}: {told:?}");
            let entry = if matches!(json, "redis" | "worker" | "beat") {
                serde_json::json!({json: {key.name: [[null]]}})
            } else {
                serde_json::json!({json: {"t": {"command": ["x"], key.name: [[null]]}}})
            };
            assert!(valid(&schema, &entry, "").is_err(), "{entry}");
        }
    }
}

#[test]
fn the_example_fits_the_schema() {
    let schema: Json = serde_json::from_str(&schema::json_schema()).unwrap();
    assert_eq!(valid(&schema, &json_of(EXAMPLE), ""), Ok(()));
    let wrong = serde_json::json!({"tasks": {"t": {"command": ["x"], "retires": 1}}});
    assert_eq!(valid(&schema, &wrong, ""), Err("/tasks/t/retires is not allowed".to_owned()));
    let missing = serde_json::json!({"tasks": {"t": {}}});
    assert_eq!(valid(&schema, &missing, ""), Err("/tasks/t needs command".to_owned()));
}

/// As much of JSON schema as ours uses; patterns of texts are left to real validators.
fn valid(schema: &Json, value: &Json, at: &str) -> Result<(), String> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    for (word, rule) in schema {
        let good = match word.as_str() {
            "type" => {
                let types: Vec<&str> = rule.as_str().map_or_else(
                    || rule.as_array().unwrap().iter().filter_map(Json::as_str).collect(),
                    |one| vec![one],
                );
                types.iter().any(|one| match *one {
                    "string" => value.is_string(),
                    "integer" => value.is_i64(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("{other}"),
                })
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| valid(one, value, at).is_ok()),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "items" => {
                value.as_array().is_none_or(|items| items.iter().all(|one| valid(rule, one, at).is_ok()))
            }
            "required" => {
                let lacks = |key: &&Json| value.get(key.as_str().unwrap()).is_none();
                if let Some(key) = rule.as_array().unwrap().iter().find(lacks) {
                    return Err(format!("{at} needs {}", key.as_str().unwrap()));
                }
                true
            }
            "properties" | "patternProperties" | "additionalProperties" => true,
            "pattern" | "description" | "default" | "title" | "$schema" => true,
            other => panic!("{other}"),
        };
        if !good {
            return Err(format!("{at} breaks {word}: {rule}"));
        }
    }
    for (key, one) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{key}");
        let pattern =
            schema.get("patternProperties").and_then(Json::as_object).and_then(|map| map.values().next());
        match schema.get("properties").and_then(|map| map.get(key)).or(pattern) {
            Some(rule) => valid(rule, one, &at)?,
            None => match schema.get("additionalProperties") {
                Some(Json::Bool(false)) => return Err(format!("{at} is not allowed")),
                Some(rule) => valid(rule, one, &at)?,
                None => {}
            },
        }
    }
    Ok(())
}
