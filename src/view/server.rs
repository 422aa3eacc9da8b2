//! `jobq inspect server` for people, and the line that names a server.

use crate::core::report::ServerReport;

use super::style::{DIM, Look};
use super::{escape, words};

/// A server in one phrase: `redis 7.2.5 at /run/user/…`.
pub fn phrase(server: &ServerReport) -> String {
    escape::text(&format!("{} {} at {}", server.kind, server.version, server.address))
}

/// Everything about the server, as labelled lines.
pub fn server(look: &Look, server: &ServerReport) -> String {
    let memory = match server.max_memory {
        0 => format!("{}, no limit", words::size(server.used_memory)),
        max => format!("{} of {}", words::size(server.used_memory), words::size(max)),
    };
    let mut lines = vec![
        ("address", server.address.clone()),
        ("server", format!("{} {}, {}", server.kind, server.version, server.role)),
        ("mode", format!("{}, {}", server.mode, words::count(server.replicas, "replica"))),
        ("persists", persistence(server).to_owned()),
        ("memory", memory),
        ("eviction", server.eviction.clone()),
        (
            "keeps",
            format!(
                "{} that ended, {} of output",
                words::count(server.kept_jobs, "job"),
                words::size(server.kept_output)
            ),
        ),
    ];
    if let Some(primary) = &server.primary {
        lines.push(("primary", primary.clone()));
    }
    if !server.nodes.is_empty() {
        lines.push((if server.mode == "sentinel" { "sentinels" } else { "nodes" }, server.nodes.join(" ")));
    }
    if let Some(pid) = server.pid {
        lines.push(("process", pid.to_string()));
    }
    if let Some(dir) = &server.local_dir {
        lines.push(("local", format!("started by jobq, data in {}", dir.display())));
    }
    let line = |(label, value): (&str, String)| {
        format!("{}{}\n", look.paint(DIM, &format!("{label:<10}")), escape::text(&value))
    };
    lines.into_iter().map(line).collect()
}

fn persistence(server: &ServerReport) -> &'static str {
    match (server.aof, server.rdb) {
        (true, true) => "append-only file and snapshots",
        (true, false) => "append-only file",
        (false, true) => "snapshots only: the newest jobs are lost if the server dies",
        (false, false) => "nothing: all jobs are lost if the server stops",
    }
}
