use super::*;

use std::io::{Read as _, Write as _};
use std::net::TcpStream as Client;

fn pages() -> Pages {
    Arc::new(|path: &str| match path {
        "/metrics" => Some(Page::metrics("# EOF\n".to_owned())),
        "/readyz" => Some(Page::line(false, "draining")),
        _ => None,
    })
}

/// A responder on a free port, with threads of its own.
fn served() -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (listener, address) = runtime.block_on(bind(&"0".parse().unwrap())).unwrap();
    runtime.spawn(serve(listener, pages()));
    (runtime, address)
}

fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut client = Client::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let _ = client.write_all(request);
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer);
    answer
}

#[test]
fn pages_are_found_by_path_and_method() {
    let (_runtime, address) = served();
    let first =
        |request: &str| ask(address, request.as_bytes()).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        ask(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n\
         Content-Length: 6\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n# EOF\n"
    );
    assert!(ask(address, b"HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("Connection: close\r\n\r\n"));
    assert_eq!(first("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK");
    assert_eq!(first("GET /readyz HTTP/1.1\r\n\r\n"), "HTTP/1.1 503 Service Unavailable");
    assert_eq!(first("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found");
    let post = ask(address, b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET, HEAD\r\n"));
}

#[test]
fn garbage_and_giants_are_refused() {
    let (_runtime, address) = served();
    for garbage in
        [&b"\0\xff\xfe\r\n\r\n"[..], b"GET\r\n\r\n", b"GET /x\r\n\r\n", b"GET x HTTP/1.1\r\n\r\n", b"\n\n"]
    {
        assert!(ask(address, garbage).starts_with("HTTP/1.1 400 "), "{garbage:?}");
    }
    assert!(ask(address, b"GET / HTTP/9\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let giant = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'x'; 30_000]].concat();
    assert!(ask(address, &giant).starts_with("HTTP/1.1 431 "));
}

#[test]
fn the_slow_and_the_many_do_not_keep_others_out() {
    let (_runtime, address) = served();
    let idle: Vec<Client> = (0..200)
        .map(|_| {
            let mut client = Client::connect(address).unwrap();
            client.write_all(b"GET /metr").unwrap();
            client
        })
        .collect();
    assert!(ask(address, b"GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
    // The one that came last still has its time, and then hears that it is over.
    let mut last = idle.last().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut answer = String::new();
    let _ = last.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
}
