//! A Redis Cluster on loopback: three primaries, and replicas of the first.

use super::resp::Value;
use super::server::free_port;
use super::{PATIENCE, Server, ServerOptions, wait_for, wait_for_some};

const PRIMARIES: usize = 3;
const SLOTS: usize = 16_384;

/// A Cluster of one node, which has all slots.
pub fn alone(options: ServerOptions) -> Server {
    let bus = format!("cluster-port {}", free_port());
    let node = options.tcp().config("cluster-enabled yes").config(&bus).start();
    node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", &(SLOTS - 1).to_string()]).text();
    wait_for("the Cluster", PATIENCE, || node.cli(&["CLUSTER", "INFO"]).text().contains("cluster_state:ok"));
    node
}

/// Running nodes, killed when dropped. The first three begin as primaries.
pub struct ClusterScene {
    nodes: Vec<Server>,
}

impl ClusterScene {
    /// Three primaries share all slots; `replicas` more nodes follow the one that has the
    /// slot of `namespace`.
    pub fn start(namespace: &str, replicas: usize) -> ClusterScene {
        let node = |_| {
            let options = Server::options().tcp().config("cluster-enabled yes");
            // The usual port of the bus, ten thousand above, may be out of range or taken.
            let options = options.config(&format!("cluster-port {}", free_port()));
            let options = options.config("cluster-node-timeout 2000").config("repl-diskless-sync-delay 0");
            options.config("cluster-replica-validity-factor 0").start()
        };
        let scene = ClusterScene { nodes: (0..PRIMARIES + replicas).map(node).collect() };
        scene.assemble();
        let owner = scene.id(scene.owner_place(namespace));
        for node in &scene.nodes[PRIMARIES..] {
            wait_for("the replica to know its primary", PATIENCE, || {
                node.cli(&["CLUSTER", "REPLICATE", &owner]) == Value::Bytes(b"OK".to_vec())
            });
        }
        scene.wait_whole();
        scene.wait_replicated(scene.owner(namespace), replicas);
        scene
    }

    fn assemble(&self) {
        for (place, node) in self.nodes.iter().enumerate() {
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]).text();
            if place < PRIMARIES {
                let bound = |place: usize| place * SLOTS / PRIMARIES;
                let (first, last) = (bound(place), bound(place + 1) - 1);
                node.cli(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).text();
            }
        }
        for node in &self.nodes[1..] {
            let bus = node.cli(&["CONFIG", "GET", "cluster-port"]).texts()[1].clone();
            self.nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string(), &bus]).text();
        }
        self.wait_whole();
    }

    /// Waits until all running nodes call the Cluster whole and know all of them.
    #[track_caller]
    pub fn wait_whole(&self) {
        let all = format!("cluster_known_nodes:{}", self.nodes.len());
        wait_for("the Cluster to be whole", 2 * PATIENCE, || {
            self.nodes.iter().filter(|node| node.is_running()).all(|node| {
                let info = node.cli(&["CLUSTER", "INFO"]).text();
                info.contains("cluster_state:ok") && info.contains(&all)
            })
        });
    }

    /// Waits until this node has so many replicas in step with it.
    #[track_caller]
    pub fn wait_replicated(&self, port: u16, replicas: usize) {
        let node = self.nodes.iter().find(|node| node.port() == port).expect("a node of the scene");
        wait_for("the replicas to be in step", 2 * PATIENCE, || {
            node.cli(&["WAIT", &replicas.to_string(), "100"]).int() as usize >= replicas
        });
    }

    /// `redis+cluster://…` with the first three nodes.
    pub fn url(&self) -> String {
        let ports = self.nodes[..PRIMARIES].iter().map(|node| format!("127.0.0.1:{}", node.port()));
        format!("redis+cluster://{}", ports.collect::<Vec<_>>().join(","))
    }

    /// Every node.
    pub fn nodes(&mut self) -> &mut [Server] {
        &mut self.nodes
    }

    /// The node on this port.
    #[track_caller]
    pub fn node(&mut self, port: u16) -> &mut Server {
        self.nodes.iter_mut().find(|node| node.port() == port).expect("a node of the scene")
    }

    /// The port of the node that has the namespace, as all running nodes say.
    #[track_caller]
    pub fn owner(&self, namespace: &str) -> u16 {
        self.owner_that("an owner that all agree on", namespace, |_| true)
    }

    /// The port of the next owner after `old`.
    #[track_caller]
    pub fn owner_after(&self, old: u16, namespace: &str) -> u16 {
        self.owner_that("another owner", namespace, |port| port != old)
    }

    #[track_caller]
    fn owner_that(&self, what: &str, namespace: &str, fits: impl Fn(u16) -> bool) -> u16 {
        wait_for_some(what, 2 * PATIENCE, || {
            let running = self.nodes.iter().filter(|node| node.is_running());
            let mut said: Vec<u16> =
                running.map(|node| owner_says(node, namespace)).collect::<Option<_>>()?;
            said.dedup();
            (said.len() == 1 && fits(said[0])).then_some(said[0])
        })
    }

    fn owner_place(&self, namespace: &str) -> usize {
        let port = self.owner(namespace);
        self.nodes.iter().position(|node| node.port() == port).expect("a node of the scene")
    }

    /// A node's name in the Cluster.
    pub fn id(&self, place: usize) -> String {
        self.nodes[place].cli(&["CLUSTER", "MYID"]).text()
    }

    /// Begins to move the namespace's slot from one node to another: from now on the
    /// new one imports and the old one migrates.
    #[track_caller]
    pub fn begin_move(&mut self, namespace: &str, from: u16, to: u16) {
        let slot = slot(&self.nodes[0], namespace);
        let id = |scene: &mut ClusterScene, port| scene.node(port).cli(&["CLUSTER", "MYID"]).text();
        let (old, new) = (id(self, from), id(self, to));
        assert_eq!(self.node(to).cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &old]).text(), "OK");
        assert_eq!(self.node(from).cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &new]).text(), "OK");
    }

    /// Moves at most `most` keys of the slot; says whether there are more.
    #[track_caller]
    pub fn move_keys(&mut self, namespace: &str, from: u16, to: u16, most: usize) -> bool {
        let slot = slot(&self.nodes[0], namespace);
        let page = (most + 1).to_string();
        let mut keys = self.node(from).cli(&["CLUSTER", "GETKEYSINSLOT", &slot, &page]).texts();
        let more = keys.len() > most;
        keys.truncate(most);
        if !keys.is_empty() {
            let port = to.to_string();
            let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            words.extend(keys.iter().map(String::as_str));
            self.node(from).cli(&words).text();
        }
        more
    }

    /// Ends the move: the new node owns the slot.
    #[track_caller]
    pub fn end_move(&mut self, namespace: &str, from: u16, to: u16) {
        let slot = slot(&self.nodes[0], namespace);
        let new = self.node(to).cli(&["CLUSTER", "MYID"]).text();
        for port in [to, from] {
            assert_eq!(self.node(port).cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &new]).text(), "OK");
        }
    }
}

fn slot(node: &Server, namespace: &str) -> String {
    node.cli(&["CLUSTER", "KEYSLOT", &format!("{{{namespace}}}")]).text()
}

fn owner_says(node: &Server, namespace: &str) -> Option<u16> {
    let slot = slot(node, namespace).parse::<i64>().expect("a slot");
    let ranges = node.cli(&["CLUSTER", "SLOTS"]).array().into_iter().map(Value::array);
    let mut found = ranges.filter(|range| (range[0].int()..=range[1].int()).contains(&slot));
    let owner = found.next()?.remove(2).array();
    u16::try_from(owner[1].int()).ok()
}
