//! What stands in the store, read raw and at one instant: keys, types and values, without
//! the product's help. And the difference of two such readings, in words that do not change
//! from run to run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::resp::{Client, Value};

/// The namespace of all tests that read raw.
pub const NAMESPACE: &str = "t";
const PREFIX: &str = "jobq:{t}:";

const READ: &str = "
local books = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  local value
  if kind == 'string' then value = {redis.call('GET', key)}
  elseif kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'stream' then
    value = {}
    for i, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do value[i] = table.concat(entry[2], '\\1') end
  end
  books[#books + 1] = {key, kind, redis.call('PTTL', key), value}
end
return {redis.call('TIME'), books}";

/// One key's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Text(String),
    Hash(BTreeMap<String, String>),
    List(Vec<String>),
    /// Member and score, in order.
    Zset(Vec<(String, String)>),
    /// Each entry as `KIND field=value…`, oldest first.
    Stream(Vec<String>),
}

/// All keys, without the namespace's prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    pub keys: BTreeMap<String, Entry>,
    /// Redis time of the reading, in milliseconds.
    pub now_ms: i64,
}

impl Books {
    /// Reads everything in one script, so that nothing moves meanwhile.
    #[track_caller]
    pub fn read(client: &mut Client) -> Books {
        let reply = client.call(&["EVAL", READ, "0"]).expect("a reply");
        let Value::Array(reply) = reply else { panic!("{reply}") };
        let clock = reply[0].clone().texts();
        let now_ms = clock[0].parse::<i64>().unwrap() * 1000 + clock[1].parse::<i64>().unwrap() / 1000;
        let keys = reply[1].clone().array().into_iter().map(|entry| {
            let entry = entry.array();
            let key = entry[0].text();
            let name = key.strip_prefix(PREFIX).unwrap_or_else(|| panic!("{key} is outside the namespace"));
            assert_eq!(entry[2].int(), -1, "{key} has a time to live: no truth may vanish by itself");
            let mut items = entry[3].clone().texts();
            let value = match entry[1].text().as_str() {
                "string" => Entry::Text(items.remove(0)),
                "hash" => Entry::Hash(pairs(&items).into_iter().collect()),
                "list" => Entry::List(items),
                "zset" => Entry::Zset(pairs(&items)),
                "stream" => Entry::Stream(items.iter().map(|entry| event(entry)).collect()),
                other => panic!("{key} is a {other}"),
            };
            (name.to_owned(), value)
        });
        Books { keys: keys.collect(), now_ms }
    }

    /// A hash, empty where there is none.
    pub fn hash(&self, key: &str) -> BTreeMap<String, String> {
        match self.keys.get(key) {
            Some(Entry::Hash(fields)) => fields.clone(),
            None => BTreeMap::new(),
            other => panic!("{key} is {other:?}"),
        }
    }

    /// A sorted set, empty where there is none.
    pub fn zset(&self, key: &str) -> &[(String, String)] {
        match self.keys.get(key) {
            Some(Entry::Zset(members)) => members,
            None => &[],
            other => panic!("{key} is {other:?}"),
        }
    }

    /// A list, empty where there is none.
    pub fn list(&self, key: &str) -> &[String] {
        match self.keys.get(key) {
            Some(Entry::List(items)) => items,
            None => &[],
            other => panic!("{key} is {other:?}"),
        }
    }

    /// All events, oldest first, as `KIND field=value…`.
    pub fn events(&self) -> &[String] {
        match self.keys.get("events") {
            Some(Entry::Stream(events)) => events,
            None => &[],
            other => panic!("events is {other:?}"),
        }
    }

    /// The last parts of all keys of a family (`job:`).
    pub fn family<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a str> {
        self.keys.keys().filter_map(move |key| key.strip_prefix(family))
    }

    /// One line's worth for each value: path and value.
    fn flat(&self) -> BTreeMap<String, String> {
        let mut flat = BTreeMap::new();
        // How far the walk that mends got is nobody's state.
        for (key, entry) in self.keys.iter().filter(|(key, _)| *key != "mend") {
            match entry {
                Entry::Text(text) => drop(flat.insert(key.clone(), text.clone())),
                Entry::Hash(fields) => {
                    flat.extend(
                        fields.iter().map(|(field, value)| (format!("{key} {field}"), value.clone())),
                    );
                }
                Entry::List(items) => flat.extend(
                    items.iter().enumerate().map(|(place, item)| (format!("{key} {place}"), item.clone())),
                ),
                Entry::Stream(events) => flat.extend(
                    events
                        .iter()
                        .enumerate()
                        .map(|(place, event)| (format!("{key} {place:06}"), event.clone())),
                ),
                Entry::Zset(members) => flat
                    .extend(members.iter().map(|(member, score)| (format!("{key} {member}"), score.clone()))),
            }
        }
        flat
    }
}

/// An entry of the stream of events: fields and values with a mark between them.
fn event(entry: &str) -> String {
    let parts: Vec<&str> = entry.split('\u{1}').collect();
    let [first, kind, rest @ ..] = parts.as_slice() else { panic!("no event: {entry:?}") };
    assert_eq!(*first, "k", "an event begins with its kind");
    rest.chunks(2).fold((*kind).to_owned(), |text, pair| format!("{text} {}={}", pair[0], pair[1]))
}

fn pairs(items: &[String]) -> Vec<(String, String)> {
    items.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

/// Puts changing numbers into words that stay: fences by the order of their birth, instants
/// by their distance from the reading.
#[derive(Debug, Default)]
pub struct Words {
    fences: Vec<String>,
}

const STEPS: [(i64, &str); 13] = [
    (0, "NOW"),
    (1_000, "NOW+1s"),
    (2_000, "NOW+2s"),
    (4_000, "NOW+4s"),
    (8_000, "NOW+8s"),
    (16_000, "NOW+16s"),
    (32_000, "NOW+32s"),
    (60_000, "NOW+60s"),
    (600_000, "NOW+10m"),
    (3_600_000, "NOW+1h"),
    (7_200_000, "NOW+2h"),
    (86_400_000, "NOW+1d"),
    (1_209_600_000, "NOW+14d"),
];

impl Words {
    /// What is different in `after`, one line each, in the order of keys.
    pub fn changes(&mut self, before: &Books, after: &Books) -> String {
        for books in [before, after] {
            let mut born: Vec<String> = books.flat().into_iter().filter_map(fence_of).collect();
            born.sort();
            born.retain(|fence| !self.fences.contains(fence));
            born.dedup();
            self.fences.extend(born);
        }
        let (mut old, mut new) = (before.flat(), after.flat());
        for flat in [&mut old, &mut new] {
            // Statistics have tests of their own: scripts/stats.rs.
            flat.retain(|path, _| {
                !["tally ", "stats:", "counted:"].iter().any(|family| path.starts_with(family))
            });
        }
        let mut lines = String::new();
        let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for path in paths {
            let show = |value: &str| self.show(path, value, after.now_ms);
            // An event is told by what it says, not by its place.
            let name = if path.starts_with("events ") { "event" } else { path };
            let _ = match (old.get(path), new.get(path)) {
                (Some(old), Some(new)) if old == new => Ok(()),
                (Some(old), Some(new)) => writeln!(lines, "~ {name} = {} -> {}", show(old), show(new)),
                (Some(old), None) => writeln!(lines, "- {name} = {}", show(old)),
                (None, Some(new)) => writeln!(lines, "+ {name} = {}", show(new)),
                (None, None) => Ok(()),
            };
        }
        lines
    }

    /// The whole reading in the same words.
    pub fn all(&mut self, books: &Books) -> String {
        self.changes(&Books { keys: BTreeMap::new(), now_ms: books.now_ms }, books)
    }

    fn show(&self, path: &str, value: &str, now_ms: i64) -> String {
        if path.starts_with("spec:") || path.starts_with("plan:") {
            return "SPEC".to_owned();
        }
        if path.starts_with("schedule:") && path.ends_with(" lag") {
            return "LAG".to_owned();
        }
        if path.starts_with("schedule:") && (path.ends_with(" hash") || path.ends_with(" times")) {
            return "HASH".to_owned();
        }
        let is_size = path.ends_with(" bytes") && (path.starts_with("job:") || path.starts_with("queue:"));
        if is_size && value != "0" {
            return "BYTES".to_owned();
        }
        if path.starts_with("job:") && path.ends_with(" sum") {
            return "SUM".to_owned();
        }
        if path.starts_with("in:PENDING:") {
            let (prio, seq) = super::invariants::place(value);
            return format!("p{prio}#{seq}");
        }
        if path.starts_with("tries:") {
            return self.attempt(value, now_ms);
        }
        if path.ends_with(" labels") {
            return value.replace('\0', " ");
        }
        if path.ends_with(" cause") {
            // Lua writes the fields in any order.
            let facts: serde_json::Value = serde_json::from_str(value).expect("facts are JSON");
            return self.numbers(&facts.to_string(), now_ms);
        }
        self.numbers(value, now_ms)
    }

    fn attempt(&self, json: &str, now_ms: i64) -> String {
        let entry: serde_json::Value = serde_json::from_str(json).expect("an attempt is JSON");
        let field = |name: &str| match &entry[name] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let times = [field("started"), field("ended")].map(|time| self.numbers(&time, now_ms));
        let tail = entry.get("tail").map(|tail| format!(" tail {tail}")).unwrap_or_default();
        let (outcome, detail) = (field("outcome"), field("detail"));
        let fence = self.numbers(&field("fence"), now_ms);
        let at = format!("{}@{}", field("worker"), field("host"));
        format!("{} {fence} {at} {}..{} {outcome} {detail}{tail}", field("attempt"), times[0], times[1])
    }

    /// Long runs of digits become words.
    fn numbers(&self, value: &str, now_ms: i64) -> String {
        let mut shown = String::new();
        let mut rest = value;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            shown.push_str(&rest[..start]);
            let end = rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |len| start + len);
            let digits = &rest[start..end];
            if let Some(place) = self.fences.iter().position(|fence| fence == digits) {
                let _ = write!(shown, "F{}", place + 1);
            } else if digits.len() == 13 {
                shown.push_str(distance(digits.parse::<i64>().unwrap() - now_ms));
            } else {
                shown.push_str(digits);
            }
            rest = &rest[end..];
        }
        shown.push_str(rest);
        shown
    }
}

/// The word of an instant this far ahead: the next step up, for some time went by since.
fn distance(ahead_ms: i64) -> &'static str {
    if ahead_ms < -120_000 {
        return "PAST";
    }
    STEPS.iter().find(|(step, _)| ahead_ms <= *step).map_or("FAR", |(_, word)| word)
}

fn fence_of((path, value): (String, String)) -> Option<String> {
    let is_token = path.ends_with(" token") || path.ends_with(" settled") || path == "meta fence";
    let fence = value.split('-').next().unwrap_or_default();
    (is_token && fence.len() == 16).then(|| fence.to_owned())
}
