//! Which node to connect to, as far as is known.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::aio::MultiplexedConnection;

use super::dial::{Dialer, Node, exchange};
use super::fault::{Fault, Kind};
use super::url::{Target, Way};
use super::{Patience, cluster, sentinel};
use crate::core::error::Result;

/// How a link finds its node, and what it learned on the way.
pub(super) struct Route {
    way: Way,
    /// The one node that the URL names, unless by its socket.
    direct: Option<Node>,
    map: Mutex<Map>,
}

#[derive(Default)]
struct Map {
    /// Nodes of the Cluster, or Sentinels: those to ask first stand first.
    known: Vec<Node>,
    /// The node of a plain URL is one of a Cluster.
    is_cluster: bool,
    slot: u16,
}

/// Where a link goes, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// `standalone`, `sentinel` or `cluster`.
    pub mode: &'static str,
    /// The node that takes writes, while there is a connection to it.
    pub primary: Option<String>,
    /// The Sentinels, or the nodes of the Cluster, that are known: `HOST:PORT`.
    pub known: Vec<String>,
}

/// A connection: like which others, to where, and itself.
type Found = (Dialer, String, MultiplexedConnection);

impl Route {
    pub(super) fn new(target: &Target) -> Route {
        let known = match &target.way {
            Way::Direct => Vec::new(),
            Way::Sentinel(watched) => watched.sentinels.clone(),
            Way::Cluster(nodes) => nodes.clone(),
        };
        let is_cluster = matches!(target.way, Way::Cluster(_));
        let map = Mutex::new(Map { known, is_cluster, slot: 0 });
        let direct = target.dialer.node().filter(|_| matches!(target.way, Way::Direct));
        Route { way: target.way.clone(), direct, map }
    }

    fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_slot(&self, slot: u16) {
        self.map().slot = slot;
    }

    /// Another node owns the slot: it is the first to ask.
    pub(super) fn moved(&self, to: Option<Node>) {
        self.is_cluster_now();
        let mut map = self.map();
        // A node without a host of its own is at the host that was asked.
        let Some(to) = to.filter(|to| !to.host.is_empty()) else { return };
        map.is_cluster = true;
        map.known.retain(|node| *node != to);
        map.known.insert(0, to);
    }

    /// The node answers as one of a Cluster. Says whether that is news.
    pub(super) fn is_cluster_now(&self) -> bool {
        let mut map = self.map();
        let Some(direct) = self.direct.clone().filter(|_| !map.is_cluster) else { return false };
        *map = Map { is_cluster: true, known: vec![direct], slot: map.slot };
        true
    }

    /// Whether somebody should be asked now and then if a connection still goes right.
    pub(super) fn wants_checks(&self) -> bool {
        matches!(self.way, Way::Sentinel(_))
    }

    /// Whether Sentinels name another primary than the one that `open` leads to. Where none
    /// answers, nothing is known.
    pub(super) async fn leads_elsewhere(&self, dialer: &Dialer, open: &Dialer) -> bool {
        let Way::Sentinel(watched) = &self.way else { return false };
        let known = self.map().known.clone();
        match sentinel::find(watched, dialer, known).await {
            Ok(verdict) => {
                self.map().known = verdict.sentinels;
                open.node().is_some_and(|node| node != verdict.primary)
            }
            Err(_) => false,
        }
    }

    /// Finds the node and connects to it.
    pub(super) async fn open(&self, target: &Target, patience: Patience) -> Result<Found> {
        let (is_cluster, slot) = {
            let map = self.map();
            (map.is_cluster, map.slot)
        };
        let find = async {
            match &self.way {
                _ if is_cluster => self.owner(slot, target, patience).await,
                Way::Sentinel(watched) => self.primary(watched, target, patience).await,
                _ => {
                    let connection =
                        target.dialer.open(patience).await.map_err(|fault| fault.at(&target.address))?;
                    Ok((target.dialer.clone(), target.address.clone(), connection))
                }
            }
        };
        // To ask and then to connect may take two times as long.
        match tokio::time::timeout(patience.connect * 2, find).await {
            Ok(found) => found,
            Err(_) => {
                self.turn();
                Err(Fault::silent(patience.connect * 2).at(&target.address))
            }
        }
    }

    async fn primary(
        &self,
        watched: &sentinel::Watched,
        target: &Target,
        patience: Patience,
    ) -> Result<Found> {
        let known = self.map().known.clone();
        let verdict = sentinel::find(watched, &target.dialer, known).await;
        let verdict = verdict.map_err(|fault| fault.at(&target.address))?;
        self.map().known = verdict.sentinels;
        let dialer = target.dialer.to(&verdict.primary);
        let address = format!("{} (the primary {})", dialer.address(), watched.name);
        let mut connection = dialer.open(patience).await.map_err(|fault| fault.at(&address))?;
        if is_replica(&mut connection).await.map_err(|fault| fault.at(&address))? {
            let why = "READONLY it is a replica, whatever the Sentinels say; they may be changing that";
            return Err(Fault::new(Kind::Elsewhere, why).at(&address));
        }
        Ok((dialer, address, connection))
    }

    async fn owner(&self, slot: u16, target: &Target, patience: Patience) -> Result<Found> {
        let known = self.map().known.clone();
        let found = match cluster::find(slot, &target.dialer, &known, patience).await {
            Ok(owner) => {
                self.map().known = owner.nodes;
                let dialer = target.dialer.to(&owner.node);
                let address = format!("{} (a node of a Cluster)", dialer.address());
                let opened = match owner.connection {
                    Some(connection) => Ok(connection),
                    None => dialer.open(patience).await,
                };
                opened.map_err(|fault| fault.at(&address)).map(|open| (dialer, address, open))
            }
            Err(fault) => Err(fault.at(&target.address)),
        };
        if found.is_err() {
            // Next time another one is asked first: this one's map may be old.
            self.turn();
        }
        found
    }

    fn turn(&self) {
        let mut map = self.map();
        if !map.known.is_empty() {
            map.known.rotate_left(1);
        }
    }

    pub(super) fn whereabouts(&self, primary: Option<String>) -> Whereabouts {
        let map = self.map();
        let mode = match &self.way {
            _ if map.is_cluster => "cluster",
            Way::Sentinel(_) => "sentinel",
            _ => "standalone",
        };
        Whereabouts { mode, primary, known: map.known.iter().map(ToString::to_string).collect() }
    }
}

/// `INFO` tells the role to more users than `ROLE` does; to whom it does not, the first write
/// will.
async fn is_replica(connection: &mut MultiplexedConnection) -> std::result::Result<bool, Fault> {
    let mut command = redis::cmd("INFO");
    command.arg("replication");
    match exchange(connection, &command).await {
        Ok(value) => {
            let text = crate::core::reply::bytes(value).unwrap_or_default();
            Ok(super::ServerInfo::parse(&String::from_utf8_lossy(&text)).get("role") == "slave")
        }
        Err(Fault { kind: Kind::Denied(false), .. }) => Ok(false),
        // Nothing of ours was sent yet.
        Err(Fault { kind: Kind::Unknown, why }) => Err(Fault::new(Kind::Unreachable, why)),
        Err(fault) => Err(fault),
    }
}
