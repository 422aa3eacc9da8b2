//! What only a check-up asks: chores, incidents, and the server's limits.

use super::super::error::Result;
use super::super::link::ServerInfo;
use super::super::reply::Items;
use super::super::report::{Checkup, ChoreReport, Incident, Overview};
use super::super::script::FORMAT;
use super::super::store::Store;

/// Chores and incidents that are read; there are hardly ever more.
const A_FEW: i64 = 20;

impl Store {
    /// The chores under way, the one that is worked on first; at most twenty.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn chores_under_way(&self) -> Result<Vec<ChoreReport>> {
        let mut command = redis::cmd("LRANGE");
        command.arg(self.keys.chores("")).arg(0).arg(A_FEW - 1);
        let ids = Items::of(self.link.send(&command).await?)?.texts()?;
        let mut chores = Vec::with_capacity(ids.len());
        for id in ids {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.chore(&id)).arg(&["kind", "queue", "before", "done"]);
            let mut facts = Items::of(self.link.send(&command).await?)?;
            chores.push(ChoreReport {
                id,
                kind: facts.maybe_text()?.unwrap_or_default(),
                queue: facts.maybe_text()?,
                since_ms: facts.maybe_number()?,
                done: facts.maybe_number()?.unwrap_or(0),
            });
        }
        Ok(chores)
    }

    /// Tasks with an open incident, the oldest first; at most twenty.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn incidents(&self) -> Result<Vec<Incident>> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(self.keys.incidents("")).arg(0).arg(A_FEW - 1).arg("WITHSCORES");
        let found = Items::of(self.link.send(&command).await?)?.pairs()?;
        let mut incidents = Vec::with_capacity(found.len());
        for (task, since) in found {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.alert(&task)).arg(&["why"]);
            let why = Items::of(self.link.send(&command).await?)?.maybe_text()?.unwrap_or_default();
            incidents.push(Incident { task, since_ms: since.parse().unwrap_or(0), why });
        }
        Ok(incidents)
    }

    /// Everything that a check-up looks at. `local_ms` is this machine's own time, in
    /// milliseconds since the epoch.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn checkup(&self, local_ms: impl Fn() -> i64) -> Result<Checkup> {
        let overview: Overview = self.overview().await?;
        // The middle of the call is the best guess at when the server looked at its clock.
        let before = local_ms();
        let redis_ms = self.redis_now().await?;
        let here_ms = before.midpoint(local_ms());
        let info = self.server_info().await?;
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.meta("")).arg(&["format"]);
        let format = Items::of(self.link.send(&command).await?)?.maybe_text()?;
        let count = |name: &str| number(&info, name);
        let target = self.link.target();
        Ok(Checkup {
            overview,
            clock_ahead_ms: redis_ms.saturating_sub(here_ms),
            foreign_format: format.filter(|format| format != FORMAT),
            open_to_all: !target.is_local && !target.has_password,
            clients: count("connected_clients"),
            max_clients: count("maxclients"),
            replica_cut: info.get("role") == "slave" && info.get("master_link_status") != "up",
        })
    }
}

fn number(info: &ServerInfo, name: &str) -> u64 {
    info.get(name).parse().unwrap_or(0)
}
