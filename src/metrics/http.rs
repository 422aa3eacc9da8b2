//! A small HTTP/1.1 responder on a listener of its own. It answers GET and HEAD for a handful of
//! pages and closes each connection after its answer. Whoever is slow, loud or many at once
//! harms nobody: a request has few bytes and little time, and of too many connections the
//! oldest goes.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::Address;

/// A request's head is not longer than this.
const HEAD_BYTES: usize = 8 * 1024;
/// From the first byte to the last of a request, and the same again for its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at once.
const AT_ONCE: usize = 64;
/// After a failed accept: most likely there are no descriptors left.
const BREATH: Duration = Duration::from_millis(100);
/// What a client still sends while it is being refused is read up to here, so that it gets to
/// see the answer.
const LEFTOVERS: usize = 64 * 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// 200 or 503.
    pub ok: bool,
    /// Its type.
    pub content_type: &'static str,
    /// Its text.
    pub body: String,
}

impl Page {
    /// One line of plain text.
    pub fn line(ok: bool, text: &str) -> Page {
        Page { ok, content_type: "text/plain; charset=utf-8", body: format!("{text}\n") }
    }

    /// OpenMetrics.
    pub fn metrics(body: String) -> Page {
        Page { ok: true, content_type: super::text::CONTENT_TYPE, body }
    }
}

/// Finds the page of a path; `None` where there is none.
pub type Pages = Arc<dyn Fn(&str) -> Option<Page> + Send + Sync>;

/// Listens.
///
/// # Errors
/// As the system reports it: the address is in use, is not this host's, or has no meaning.
pub async fn bind(address: &Address) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((address.host.as_str(), address.port)).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, pages: Pages) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= AT_ONCE
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        open.push_back(tokio::spawn(converse(stream, Arc::clone(&pages))).abort_handle());
    }
}

/// One request and its answer.
async fn converse(mut stream: TcpStream, pages: Pages) {
    let answer = match tokio::time::timeout(PATIENCE, read_head(&mut stream)).await {
        Ok(Ok(Head::Whole(head))) => respond(&head, &pages),
        Ok(Ok(Head::TooLong)) => refusal("431 Request Header Fields Too Large", ""),
        Ok(Ok(Head::Cut) | Err(_)) => return,
        Err(_) => refusal("408 Request Timeout", ""),
    };
    let say = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = vec![0; 4096];
        let mut read = 0;
        while read < LEFTOVERS {
            match stream.read(&mut rest).await? {
                0 => break,
                more => read += more,
            }
        }
        io::Result::Ok(())
    };
    // A client that went away or does not listen has itself to thank.
    let _ = tokio::time::timeout(PATIENCE, say).await;
}

enum Head {
    Whole(Vec<u8>),
    TooLong,
    /// The client went away in the middle of it.
    Cut,
}

async fn read_head(stream: &mut TcpStream) -> io::Result<Head> {
    let mut head = Vec::with_capacity(512);
    let mut chunk = [0; 1024];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(Head::Cut);
        }
        head.extend_from_slice(&chunk[..read]);
        let ends = |end: &[u8]| head.windows(end.len()).any(|window| window == end);
        if ends(b"\r\n\r\n") || ends(b"\n\n") {
            return Ok(Head::Whole(head));
        }
        if head.len() > HEAD_BYTES {
            return Ok(Head::TooLong);
        }
    }
}

fn respond(head: &[u8], pages: &Pages) -> String {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return refusal("400 Bad Request", "") };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return refusal("400 Bad Request", "");
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !target.starts_with('/') {
        return refusal("400 Bad Request", "");
    }
    if !matches!(method, "GET" | "HEAD") {
        return refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
    }
    let path = target.split('?').next().unwrap_or_default();
    let Some(page) = pages(path) else { return refusal("404 Not Found", "") };
    let status = if page.ok { "200 OK" } else { "503 Service Unavailable" };
    answer(status, "", page.content_type, &page.body, method == "HEAD")
}

fn refusal(status: &str, more: &str) -> String {
    let body = format!("{}\n", status.split_once(' ').map_or(status, |(_, words)| words));
    answer(status, more, "text/plain; charset=utf-8", &body, false)
}

fn answer(status: &str, more: &str, content_type: &str, body: &str, head_only: bool) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\n{more}Connection: close\r\n\r\n{}",
        body.len(),
        if head_only { "" } else { body }
    )
}

#[cfg(test)]
mod tests;
