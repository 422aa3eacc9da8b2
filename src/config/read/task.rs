//! `[tasks.NAME]`: what a task runs, with what, and what follows from its end.

use serde_json::Value as Json;

use super::*;

pub(super) fn task(section: &Section<'_>) -> Option<TaskDef> {
    let params = section.read("params", |node, _| Ok(params(section, node))).unwrap_or_default();
    let shell = section.read("shell", values::boolean).unwrap_or_default();
    let command = command(section, shell, &params);
    let place = section.node.get("command").unwrap_or(section.node);
    let cwd = section.read("cwd", values::path).unwrap_or_else(|| place.origin.source.dir.clone());
    let hook = |name| section.read(name, values::argv).map(|words| checked(section, name, words, &params));
    let mut digest = String::new();
    section.node.canonical(&mut digest);
    let broken = command.is_none();
    let task = TaskDef {
        queue: section.read("queue", values::name).unwrap_or_else(default_queue),
        command: command.unwrap_or_else(|| Command::Argv(Vec::new())),
        params: params.clone(),
        policy: policy(section),
        cwd,
        env: section.read("env", values::env).unwrap_or_default().into_iter().collect(),
        umask: section.read("umask", values::umask),
        nice: section.read("nice", values::integer),
        memory: section.read("memory", values::size),
        open_files: section.read("open_files", values::integer),
        stdin: section
            .read("stdin", |node, kind| choice(node, kind, &[StdinMode::None, StdinMode::Json]))
            .unwrap_or_default(),
        pass_redis: section.read("pass_redis", values::boolean).unwrap_or_default(),
        on_success: hook("on_success"),
        on_failure: hook("on_failure"),
        on_retry: hook("on_retry"),
        alert: section.table("alert", &[ALERT]).and_then(|section| alert(&section)),
        labels: section.read("labels", values::labels).unwrap_or_default().into_iter().collect(),
        digest: format!("{:016x}", fnv1a(FNV_START, digest.as_bytes())),
        origin: section.node.origin.clone(),
    };
    section.done();
    // Only after all keys were read: each has its own faults.
    (!broken).then_some(task)
}

fn default_queue() -> Name {
    // The word is a name.
    Name::new(DEFAULT_QUEUE).unwrap_or_else(|_| crate::core::name::new_id())
}

fn command(section: &Section<'_>, shell: bool, params: &[ParamDef]) -> Option<Command> {
    let (node, kind) = section.ask("command").or_else(|| {
        section.fault(&section.node.origin, format!("{} has no command", section.path));
        None
    })?;
    match (&node.value, shell) {
        (Value::Text(_), true) => {
            let script = section.read("command", values::text)?;
            if script.trim().is_empty() {
                section.fault_at("command", "the script is empty");
            }
            if let Some(param) = params.iter().find(|param| filled_in(&script, &param.name)) {
                let variable = param.name.to_ascii_uppercase();
                let words = format!(
                    "a script is never filled in: write \"$JOBQ_ARG_{variable}\" for {{{}}}",
                    param.name
                );
                section.fault_at("command", words);
            }
            Some(Command::Script(script))
        }
        (Value::Text(_), false) => {
            section.fault(
                &node.origin,
                format!("{}.command must be an array of strings; a script needs shell = true", section.path),
            );
            None
        }
        (_, true) => {
            section.fault(
                &node.origin,
                format!("{}.command must be one string with shell = true", section.path),
            );
            None
        }
        (_, false) => {
            let words = section.read("command", |node, _| values::argv(node, kind))?;
            Some(Command::Argv(checked(section, "command", words, params)))
        }
    }
}

/// Whether a script has `{name}` in it, and not as the shell's own `${name}`.
fn filled_in(script: &str, name: &str) -> bool {
    [format!("{{{name}}}"), format!("{{{name}...}}")].iter().any(|placeholder| {
        script.match_indices(placeholder.as_str()).any(|(at, _)| !script[..at].ends_with('$'))
    })
}

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh"];

fn checked(section: &Section<'_>, key: &str, words: Vec<(Word, Origin)>, params: &[ParamDef]) -> Vec<Word> {
    let name = section.name(key);
    let mut in_shell = false;
    let mut script_next = false;
    for (at, (word, origin)) in words.iter().enumerate() {
        if let Some(why) = misplaced(word, params) {
            section.fault(origin, format!("{name}: {why}"));
        }
        let literal = word.literal();
        if at == 0 && literal.is_none_or(str::is_empty) {
            section.fault(origin, format!("{name}: the program itself cannot be a parameter, nor empty"));
        }
        if script_next && word.params().next().is_some() {
            let words =
                "a parameter must not become part of a shell's script; use shell = true and its environment";
            section.fault(origin, format!("{name}: {words}"));
        }
        let shell =
            literal.and_then(|text| text.rsplit('/').next()).is_some_and(|base| SHELLS.contains(&base));
        script_next = in_shell
            && literal
                .is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'));
        in_shell |= shell;
    }
    words.into_iter().map(|(word, _)| word).collect()
}

/// Why a placeholder cannot stand where it does.
fn misplaced(word: &Word, params: &[ParamDef]) -> Option<String> {
    for name in word.params() {
        let Some(def) = params.iter().find(|def| def.name == name) else {
            let names: Vec<&str> = params.iter().map(|def| def.name.as_str()).collect();
            let hint = match nearest(name, &names) {
                Some(near) => format!("; did you mean {{{near}}}?"),
                None => "; for the characters themselves write {{ and }}".to_owned(),
            };
            return Some(format!("{{{name}}} is no parameter of the task{hint}"));
        };
        let alone = matches!(word, Word::One(pieces) if matches!(pieces.as_slice(), [Piece::Param(_)]));
        match (word, def.kind) {
            (Word::Spread(_), ParamType::List) => {}
            (Word::Spread(_), kind) => {
                return Some(format!("{{{name}...}} needs a list, and {name} is of type {}", kind.name()));
            }
            (_, ParamType::List) => {
                return Some(format!("{name} is a list: write {{{name}...}} as an argument of its own"));
            }
            (_, ParamType::Json) if !alone => {
                return Some(format!("{name} is of type json: it must be an argument of its own"));
            }
            _ => {}
        }
    }
    None
}

fn params(section: &Section<'_>, node: &Node) -> Vec<ParamDef> {
    let path = section.name("params");
    if !matches!(node.value, Value::Table(_)) {
        section.fault(&node.origin, format!("{path} must be a table, not {}", node.show()));
    }
    let mut defs: Vec<ParamDef> = Vec::new();
    for (key, node) in node.entries() {
        if !is_param_name(&key.text) {
            let words = "is not the name of a parameter; they are of a-z, 0-9 and _, and begin with no digit";
            section.fault(&key.origin, format!("{path}: {:?} {words}", key.text));
            continue;
        }
        let Some(def) = param(section, &format!("{path}.{}", key.text), &key.text, node) else { continue };
        if let Some(earlier) = defs.iter().find(|earlier| !earlier.required && def.required) {
            let words = format!("{} must be given and {} need not: put it first", def.name, earlier.name);
            section.fault(&key.origin, format!("{path}: {words}"));
        }
        defs.push(def);
    }
    defs
}

fn param(section: &Section<'_>, path: &str, name: &str, node: &Node) -> Option<ParamDef> {
    let kind_of = |node: &Node| match &node.value {
        Value::Text(text) => ParamType::of(text).ok_or_else(|| {
            let hint = match nearest(text, ParamType::NAMES) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => format!("; types are {}", one_of(ParamType::NAMES)),
            };
            values::wrong(node, format!("{text:?} is not a type{hint}"))
        }),
        _ => Err(values::must(node, "a type such as \"string\", or a table with one")),
    };
    let mut def = ParamDef {
        name: name.to_owned(),
        kind: ParamType::String,
        default: None,
        required: true,
        dash: false,
        values: None,
    };
    if !matches!(node.value, Value::Table(_)) {
        match kind_of(node) {
            Ok(kind) => def.kind = kind,
            Err(Bad { origin, tail }) => {
                section.fault(&origin, format!("{path}{tail}"));
                return None;
            }
        }
        return Some(def);
    }
    let table = Section::open(node, path.to_owned(), &[PARAM], section.faults);
    let kind = table.read("type", |node, _| kind_of(node));
    def.default = table.read("default", |node, _| json(node));
    def.required = table.read("required", values::boolean).unwrap_or(def.default.is_none());
    def.dash = table.read("dash", values::boolean).unwrap_or_default();
    let allowed = table.read("values", |node, _| match json(node)? {
        Json::Array(items) if !items.is_empty() => Ok(items),
        _ => Err(values::must(node, "an array of at least one value")),
    });
    table.done();
    if node.get("type").is_none() {
        section.fault(&node.origin, format!("{path} has no type"));
    }
    def.kind = kind?;
    for value in allowed.iter().flatten() {
        if let Err(error) = fits(&def, value) {
            table.fault_at("values", error);
        }
    }
    def.values = allowed;
    if let Some(default) = &def.default {
        if let Err(error) = fits(&def, default) {
            table.fault_at("default", error);
        }
        if node.get("required").is_some() && def.required {
            table.fault_at("default", "what must be given needs no default");
        }
    }
    Some(def)
}

fn json(node: &Node) -> Read<Json> {
    node.json().map_err(|origin| Bad { origin: origin.clone(), tail: ": JSON has no such number".to_owned() })
}

fn alert(section: &Section<'_>) -> Option<Alert> {
    let words = section.read("command", values::argv);
    let alert = Alert {
        consecutive_failures: section.read("consecutive_failures", values::integer),
        failures: section.read("failures", values::out_of),
        slower_than: section.read("slower_than", values::times),
        command: Vec::new(),
    };
    section.done();
    if section.node.get("command").is_none() {
        section.fault(&section.node.origin, format!("{} has no command", section.path));
    }
    if ["consecutive_failures", "failures", "slower_than"].iter().all(|key| section.node.get(key).is_none()) {
        let words = "says no condition: consecutive_failures, failures or slower_than";
        section.fault(&section.node.origin, format!("{} {words}", section.path));
    }
    let words = words?;
    if let Some((_, origin)) = words.iter().find(|(word, _)| word.literal().is_none()) {
        let why =
            "it is about many jobs, and has no parameters; for the characters themselves write {{ and }}";
        section.fault(origin, format!("{}: {why}", section.name("command")));
    }
    let command = words.iter().filter_map(|(word, _)| word.literal().map(str::to_owned)).collect();
    Some(Alert { command, ..alert })
}
