//! TLS to single servers, Sentinels and Cluster nodes, with certificates made for these tests
//! (`tests/support/tls`). The server has to be built with TLS, as Debian's is.

use std::path::{Path, PathBuf};

use crate::support::sentinel::{NAME, Sentinel};
use crate::support::server::free_port;
use crate::support::{Output, PATIENCE, Room, Server, wait_for};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls").join(name)
}

/// The lines of a configuration that make a server answer on this port in TLS alone, to
/// clients that show a certificate.
fn lines(port: u16) -> Vec<String> {
    let path = |name: &str| file(name).display().to_string();
    vec![
        format!("tls-port {port}"),
        format!("tls-ca-cert-file {}", path("ca.pem")),
        format!("tls-cert-file {}", path("cert.pem")),
        format!("tls-key-file {}", path("key.pem")),
        "tls-auth-clients yes".to_owned(),
        "tls-replication yes".to_owned(),
    ]
}

/// A server that speaks TLS on the port; its socket stays plain.
fn server(more: &[&str]) -> (Server, u16) {
    let port = free_port();
    let all = lines(port).into_iter().chain(more.iter().map(|line| (*line).to_owned()));
    (all.fold(Server::options(), |options, line| options.config(&line)).start(), port)
}

/// `jobq enqueue` with a certificate and, unless `ca` is empty, an authority to trust.
fn enqueue(room: &Room, ca: &str) -> Output {
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let mut words =
        vec!["enqueue".into(), "--quiet".into(), "--tls-cert".into(), cert, "--tls-key".into(), key];
    if !ca.is_empty() {
        words.extend(["--tls-ca".into(), file(ca)]);
    }
    words.extend(["--", "true"].map(PathBuf::from));
    room.jobq(words).run()
}

#[track_caller]
fn works(url: &str) {
    let room = Room::at(url);
    let id = enqueue(&room, "ca.pem").status(0).line();
    room.write(
        "jobq.toml",
        format!(
            "[redis]\ntls_ca = {:?}\ntls_cert = {:?}\ntls_key = {:?}\n",
            file("ca.pem"),
            file("cert.pem"),
            file("key.pem")
        ),
    );
    let worker = room.ready_worker(&[]);
    room.job_in(&id, "SUCCESS", PATIENCE);
    room.job_in(&room.enqueue(["--", "true"]), "SUCCESS", PATIENCE);
    let ready = worker.stderr_lines().into_iter().find(|line| line.contains(" ready ")).unwrap();
    assert!(ready.contains("redis=rediss"), "{ready}");
}

#[test]
fn a_server_is_believed_only_with_a_certificate_that_is_trusted_and_names_it() {
    let (_server, port) = server(&["bind 127.0.0.1 127.0.0.2"]);
    works(&format!("rediss://127.0.0.1:{port}"));
    works(&format!("rediss://localhost:{port}"));
    // Not trusted; and trusted, but another's.
    for (url, ca) in
        [(format!("rediss://127.0.0.1:{port}"), ""), (format!("rediss://127.0.0.2:{port}"), "ca.pem")]
    {
        let refused = enqueue(&Room::at(&url), ca).status(69).stdout("");
        assert!(refused.stderr_text().contains("invalid peer certificate"), "{refused}");
    }
}

#[test]
fn sentinels_and_their_primary_speak_it_all() {
    let (_primary, port) = server(&[]);
    let guarded = free_port();
    let mut conf = lines(guarded);
    conf.push(format!("sentinel monitor {NAME} 127.0.0.1 {port} 1"));
    let sentinel = Sentinel::with(conf);
    wait_for("the Sentinel to see the primary", PATIENCE, || sentinel.knows(port, 0, 0));
    works(&format!("rediss+sentinel://127.0.0.1:{guarded}/{NAME}"));
}

#[test]
fn nodes_of_a_cluster_speak_it_all() {
    let bus = format!("cluster-port {}", free_port());
    let (node, port) = server(&["cluster-enabled yes", "tls-cluster yes", &bus]);
    node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).text();
    wait_for("the Cluster", PATIENCE, || node.cli(&["CLUSTER", "INFO"]).text().contains("cluster_state:ok"));
    works(&format!("rediss+cluster://127.0.0.1:{port}"));
    // Known by its own word only.
    works(&format!("rediss://127.0.0.1:{port}"));
}
