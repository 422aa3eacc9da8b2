//! Finding the node of a Redis Cluster that owns the slot of a namespace.
//!
//! All keys of a namespace have one hash tag and stand in one slot, so one node at a time has
//! all of it, and a link needs the map of the Cluster only to find that node and, when it
//! fails, the next. The library's own Cluster client spreads commands over all slots; it
//! would be more code, bound in for a routing that is always the same.

use std::time::Duration;

use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Patience;
use super::dial::{Dialer, Node, exchange};
use super::fault::{Fault, Kind};

/// How long after one node the next is asked as well.
const STAGGER: Duration = Duration::from_millis(150);
const SLOTS: u16 = 16_384;

/// The slot of a key: CRC-16 (XMODEM) of what stands in its first braces, if anything does.
pub(super) fn slot(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(key);
    let crc = hashed.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

/// The owner of a slot, as one node knows it.
pub(super) struct Owner {
    pub(super) node: Node,
    /// The connection to it, where it was the one that was asked.
    pub(super) connection: Option<MultiplexedConnection>,
    /// All nodes, the one that answered first.
    pub(super) nodes: Vec<Node>,
}

/// Asks these nodes, in this order, who owns the slot. The first answer counts: if it is out
/// of date, its owner refuses or does not answer, and next time another node comes first.
pub(super) async fn find(
    slot: u16,
    dialer: &Dialer,
    nodes: &[Node],
    patience: Patience,
) -> std::result::Result<Owner, Fault> {
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for (place, node) in (0..).zip(nodes) {
        let (dialer, node) = (dialer.to(node), node.clone());
        asking.spawn(async move {
            tokio::time::sleep_until(began + STAGGER * place).await;
            let answer = ask(slot, &dialer, &node, patience).await;
            answer.map_err(|fault| (node, fault))
        });
    }
    let mut faults = Vec::new();
    while let Some(answer) = asking.join_next().await {
        match answer {
            Ok(Ok(owner)) => return Ok(with_all(owner, nodes)),
            Ok(Err(fault)) => faults.push(fault),
            Err(_) => {}
        }
    }
    Err(nobody(faults))
}

/// Nodes that this one does not know, a seed perhaps that is away, may be of use again.
fn with_all(mut owner: Owner, asked: &[Node]) -> Owner {
    for node in asked {
        if !owner.nodes.contains(node) {
            owner.nodes.push(node.clone());
        }
    }
    owner
}

fn nobody(faults: Vec<(Node, Fault)>) -> Fault {
    let alike = |kind: &Kind| faults.iter().all(|(_, fault)| fault.kind == *kind).then(|| kind.clone());
    let kind = faults.first().and_then(|(_, fault)| alike(&fault.kind)).unwrap_or(Kind::Unreachable);
    let said: Vec<String> = faults.iter().map(|(node, fault)| format!("{node}: {}", fault.why)).collect();
    Fault::new(kind, format!("no node of the Cluster knows where the namespace is ({})", said.join("; ")))
}

async fn ask(
    slot: u16,
    dialer: &Dialer,
    node: &Node,
    patience: Patience,
) -> std::result::Result<Owner, Fault> {
    let mut connection = dialer.open(patience).await?;
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    let map = match exchange(&mut connection, &command).await {
        Ok(map) => map,
        // This user may not ask. The node itself says MOVED if it is another.
        Err(Fault { kind: Kind::Denied(_), .. }) => {
            return Ok(Owner { node: node.clone(), connection: Some(connection), nodes: vec![node.clone()] });
        }
        Err(fault) => return Err(fault),
    };
    let ranges = ranges(map, node);
    let owner = ranges.iter().find(|range| (range.first..=range.last).contains(&slot));
    let Some(owner) = owner.and_then(|range| range.nodes.first().cloned()) else {
        return Err(Fault::new(Kind::Elsewhere, format!("CLUSTERDOWN slot {slot} is not served")));
    };
    let mut nodes = vec![node.clone()];
    for other in ranges.into_iter().flat_map(|range| range.nodes) {
        if !nodes.contains(&other) {
            nodes.push(other);
        }
    }
    Ok(Owner { connection: (owner == *node).then_some(connection), node: owner, nodes })
}

/// Some slots, with their primary before its replicas.
struct Range {
    first: u16,
    last: u16,
    nodes: Vec<Node>,
}

/// Reads the reply to `CLUSTER SLOTS`. A node without a name is the one that was asked.
fn ranges(map: Value, asked: &Node) -> Vec<Range> {
    let list = |value| if let Value::Array(items) = value { items } else { Vec::new() };
    let number =
        |value: &Value| if let Value::Int(number) = value { u16::try_from(*number).ok() } else { None };
    let node = |value| {
        let mut facts = list(value).into_iter();
        let host = facts.next().map(|host| match host {
            Value::Nil => Some(String::new()),
            host => crate::core::reply::bytes(host).ok().and_then(|host| String::from_utf8(host).ok()),
        })??;
        let host = if host.is_empty() { asked.host.clone() } else { host };
        // A host that is not known yet is told as a question mark.
        (host != "?").then_some(Node { host, port: number(&facts.next()?)? })
    };
    let range = |value| {
        let mut facts = list(value).into_iter();
        let (first, last) = (number(&facts.next()?)?, number(&facts.next()?)?);
        Some(Range { first, last, nodes: facts.filter_map(node).collect() })
    };
    list(map).into_iter().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_servers() {
        // The check value of CRC-16/XMODEM, and what CLUSTER KEYSLOT says.
        assert_eq!(slot("123456789"), 0x31C3);
        assert_eq!(slot("jobq:{123456789}:meta"), 0x31C3);
        assert_eq!(slot("foo{}{bar}"), slot("foo{}{bar}"));
        assert_ne!(slot("foo{}{bar}"), slot("bar"));
        assert_eq!(slot("{user1000}.following"), slot("{user1000}.followers"));
    }

    #[test]
    fn a_map_is_read_with_its_oddities() {
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let node =
            |host: Value, port| Value::Array(vec![host, Value::Int(port), bulk("id"), Value::Array(vec![])]);
        let map = Value::Array(vec![
            Value::Array(vec![Value::Int(0), Value::Int(99), node(bulk(""), 1), node(bulk("?"), 2)]),
            Value::Array(vec![Value::Int(100), Value::Int(16_383), node(Value::Nil, 3), node(bulk("b"), 4)]),
            Value::Array(vec![bulk("nonsense")]),
        ]);
        let ranges = ranges(map, &Node { host: "a".into(), port: 9 });
        let seen: Vec<String> = ranges
            .iter()
            .map(|range| {
                let nodes: Vec<String> = range.nodes.iter().map(ToString::to_string).collect();
                format!("{}-{} {}", range.first, range.last, nodes.join(" "))
            })
            .collect();
        assert_eq!(seen, ["0-99 a:1", "100-16383 a:3 b:4"]);
    }
}
