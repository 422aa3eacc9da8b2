//! Asking Sentinels which node is the primary.
//!
//! All known Sentinels are asked at once. What counts is the answer of the newest
//! configuration: a Sentinel that was cut off or restarted may still name the old primary.
//! Their word is asked for anew at each connection, and checked again while one is in use:
//! an old primary that comes back takes writes for about ten seconds before a Sentinel makes
//! it a replica, and what it took is thrown away then.

use std::time::Duration;

use redis::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Patience;
use super::dial::{Dialer, Node, exchange};
use super::fault::{Fault, Kind};

/// How long a Sentinel may take, with a handshake of TLS over a long way.
const ASK: Duration = Duration::from_millis(1_500);
/// Once one has answered, how long the others are waited for.
const OTHERS: Duration = Duration::from_millis(250);

/// A primary that Sentinels watch.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    /// The name under which they know it.
    pub(super) name: String,
    /// The Sentinels of the URL.
    pub(super) sentinels: Vec<Node>,
    /// The Sentinels' own user and password.
    pub(super) credentials: (Option<String>, Option<String>),
}

/// What one Sentinel says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// `None` when it does not know the name.
    primary: Option<Node>,
    /// Of its configuration: the higher, the newer.
    epoch: u64,
    /// The other Sentinels it knows.
    others: Vec<Node>,
}

/// What all Sentinels say.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) primary: Node,
    /// All Sentinels that are known now, those that answered first.
    pub(super) sentinels: Vec<Node>,
}

/// Asks these Sentinels for the primary.
pub(super) async fn find(
    watched: &Watched,
    dialer: &Dialer,
    sentinels: Vec<Node>,
) -> std::result::Result<Verdict, Fault> {
    let mut asking = JoinSet::new();
    for node in sentinels.iter().cloned() {
        let (watched, dialer) = (watched.clone(), dialer.clone());
        asking.spawn(async move {
            let word = tokio::time::timeout(ASK, ask(&watched, &dialer, &node)).await;
            (node, word.unwrap_or_else(|_| Err(Fault::silent(ASK))))
        });
    }
    // Each has a time of its own; this one counts from the first answer.
    let mut until = Instant::now() + ASK * 2;
    let (mut words, mut silent) = (Vec::new(), Vec::new());
    while let Ok(Some(answer)) = timeout_at(until, asking.join_next()).await {
        match answer {
            Ok((node, Ok(word))) => {
                words.push((node, word));
                until = until.min(Instant::now() + OTHERS);
            }
            Ok((node, Err(fault))) => silent.push((node, fault)),
            Err(_) => {}
        }
        if agreed(&words, sentinels.len()) {
            break;
        }
    }
    judge(&watched.name, sentinels, &words, &silent)
}

/// Most of them said the same: the others cannot change that.
fn agreed(words: &[(Node, Word)], of: usize) -> bool {
    let same = |word: &Word| {
        words.iter().filter(|(_, one)| one.primary == word.primary && one.epoch == word.epoch).count()
    };
    words.iter().any(|(_, word)| word.primary.is_some() && same(word) * 2 > of)
}

fn judge(
    name: &str,
    asked: Vec<Node>,
    words: &[(Node, Word)],
    silent: &[(Node, Fault)],
) -> std::result::Result<Verdict, Fault> {
    let newest = words.iter().filter(|(_, word)| word.primary.is_some()).max_by_key(|(_, word)| word.epoch);
    let Some(primary) = newest.and_then(|(_, word)| word.primary.clone()) else {
        return Err(no_primary(name, words, silent));
    };
    let mut sentinels: Vec<Node> = words.iter().map(|(node, _)| node.clone()).collect();
    let others = words.iter().flat_map(|(_, word)| word.others.clone());
    for node in asked.into_iter().chain(others) {
        if !sentinels.contains(&node) {
            sentinels.push(node);
        }
    }
    Ok(Verdict { primary, sentinels })
}

fn no_primary(name: &str, words: &[(Node, Word)], silent: &[(Node, Fault)]) -> Fault {
    if let Some((node, _)) = words.first() {
        return Fault::new(
            Kind::Unreachable,
            format!("the Sentinel at {node} knows no primary named {name}"),
        );
    }
    let said: Vec<String> = silent.iter().map(|(node, fault)| format!("{node}: {}", fault.why)).collect();
    let denied = silent.iter().all(|(_, fault)| matches!(fault.kind, Kind::Denied(_))) && !silent.is_empty();
    let kind = if denied { Kind::Denied(true) } else { Kind::Unreachable };
    Fault::new(kind, format!("no Sentinel answers ({})", said.join("; ")))
}

async fn ask(watched: &Watched, dialer: &Dialer, node: &Node) -> std::result::Result<Word, Fault> {
    let patience = Patience { connect: ASK, reply: ASK };
    let mut connection = dialer.bare().to(node).open(patience).await?;
    let mut address = sentinel("GET-MASTER-ADDR-BY-NAME", &watched.name);
    let mut found = exchange(&mut connection, &address).await;
    // Whether it wants a password is known only now.
    if let Err(Fault { kind: Kind::Denied(_), .. }) = &found
        && let Some(auth) = auth(watched, dialer)
    {
        exchange(&mut connection, &auth).await?;
        found = exchange(&mut connection, &address).await;
    }
    let primary = node_of(texts(found?));
    address = sentinel("MASTER", &watched.name);
    // These two are of use, and not worth a failure.
    let facts = texts(exchange(&mut connection, &address).await.unwrap_or(Value::Nil));
    let epoch = fact(&facts, "config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
    let others = exchange(&mut connection, &sentinel("SENTINELS", &watched.name)).await.unwrap_or(Value::Nil);
    Ok(Word { primary, epoch, others: items(others).into_iter().filter_map(other).collect() })
}

fn sentinel(verb: &str, name: &str) -> redis::Cmd {
    let mut command = redis::cmd("SENTINEL");
    command.arg(verb).arg(name);
    command
}

/// The Sentinels' own password, else the primary's.
fn auth(watched: &Watched, dialer: &Dialer) -> Option<redis::Cmd> {
    let (user, password) = match &watched.credentials {
        (user, Some(password)) => (user.as_deref(), password.as_str()),
        (user, None) => {
            let (primarys, password) = dialer.credentials();
            (user.as_deref().or(primarys), password?)
        }
    };
    let mut command = redis::cmd("AUTH");
    command.arg(user).arg(password);
    Some(command)
}

fn other(facts: Value) -> Option<Node> {
    let facts = texts(facts);
    Some(Node { host: fact(&facts, "ip")?.to_owned(), port: fact(&facts, "port")?.parse().ok()? })
}

fn node_of(texts: Vec<String>) -> Option<Node> {
    let [host, port] = <[String; 2]>::try_from(texts).ok()?;
    Some(Node { host, port: port.parse().ok()? })
}

/// A field of a flat list of names and values.
fn fact<'a>(facts: &'a [String], name: &str) -> Option<&'a str> {
    facts.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1].as_str())
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Map(pairs) => pairs.into_iter().flat_map(|(name, value)| [name, value]).collect(),
        _ => Vec::new(),
    }
}

fn texts(value: Value) -> Vec<String> {
    let text = |value| crate::core::reply::bytes(value).ok();
    let texts = items(value).into_iter().filter_map(text);
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(port: u16) -> Node {
        Node { host: "h".into(), port }
    }

    fn word(primary: Option<u16>, epoch: u64) -> Word {
        Word { primary: primary.map(node), epoch, others: vec![node(3)] }
    }

    #[test]
    fn the_newest_configuration_counts_whoever_answers_first() {
        let words = [(node(1), word(Some(70), 1)), (node(2), word(Some(71), 4)), (node(4), word(None, 9))];
        let verdict = judge("main", vec![node(1), node(2), node(4), node(5)], &words, &[]).unwrap();
        assert_eq!(verdict.primary, node(71));
        assert_eq!(verdict.sentinels, [1, 2, 4, 5, 3].map(node));
        assert!(!agreed(&words, 4));
        assert!(agreed(&[(node(1), word(Some(7), 1)), (node(2), word(Some(7), 1))], 3));
    }

    #[test]
    fn a_failure_names_every_sentinel_and_its_cause() {
        let silent = [(node(1), Fault::new(Kind::Unreachable, "refused")), (node(2), Fault::silent(ASK))];
        let fault = judge("main", vec![], &[], &silent).unwrap_err();
        assert_eq!(fault.why, "no Sentinel answers (h:1: refused; h:2: no answer within 1.5s)");
        let fault = judge("main", vec![], &[(node(1), word(None, 0))], &silent).unwrap_err();
        assert_eq!(fault.why, "the Sentinel at h:1 knows no primary named main");
    }
}
