//! A small synchronous Redis client of our own, so that tests do not judge the product by the
//! library it is built on. Also the framing that the proxy needs.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Nil,
    Int(i64),
    /// Simple and bulk strings.
    Bytes(Vec<u8>),
    /// An error reply, without its `-`.
    Error(String),
    /// Arrays, and what RESP3 adds to them (maps as flat pairs).
    Array(Vec<Value>),
}

impl Value {
    /// The text of a string or number; panics on anything else.
    #[track_caller]
    pub fn text(&self) -> String {
        match self {
            Value::Int(n) => n.to_string(),
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => panic!("not a string: {other:?}"),
        }
    }

    /// The number of an integer reply or of a string that holds one.
    #[track_caller]
    pub fn int(&self) -> i64 {
        self.text().parse().unwrap_or_else(|_| panic!("not a number: {self:?}"))
    }

    /// The elements of an array; panics on anything else.
    #[track_caller]
    pub fn array(self) -> Vec<Value> {
        match self {
            Value::Array(items) => items,
            other => panic!("not an array: {other:?}"),
        }
    }

    /// The elements of an array of strings.
    #[track_caller]
    pub fn texts(self) -> Vec<String> {
        self.array().iter().map(Value::text).collect()
    }
}

impl fmt::Display for Value {
    /// Canonical: bytes escaped and quoted, arrays in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => write!(f, "nil"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Bytes(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Value::Error(text) => write!(f, "error {text}"),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(" "))
            }
        }
    }
}

/// Any stream.
trait Duplex: Read + Write + Send {}

impl<T: Read + Write + Send> Duplex for T {}

/// One connection.
pub struct Client {
    stream: BufReader<Box<dyn Duplex>>,
}

impl Client {
    /// Connects to a unix socket. Replies must come within 30 s.
    pub fn connect(socket: &Path) -> io::Result<Client> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Client { stream: BufReader::new(Box::new(stream)) })
    }

    /// Connects to a loopback port. Replies must come within 30 s.
    pub fn connect_tcp(port: u16) -> io::Result<Client> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(Box::new(stream)) })
    }

    /// Sends one command and reads its reply.
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Value> {
        let mut request = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            let arg = arg.as_ref();
            request.extend(format!("${}\r\n", arg.len()).bytes());
            request.extend(arg);
            request.extend(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)?;
        let mut raw = Vec::new();
        read_frame(&mut self.stream, &mut raw)?;
        Ok(parse(&mut raw.as_slice()))
    }
}

/// Appends one whole request or reply to `raw`, byte by byte as it came. RESP2, RESP3 and
/// inline commands. `UnexpectedEof` when the peer hung up between frames or inside one.
pub fn read_frame(from: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<()> {
    let start = raw.len();
    if from.read_until(b'\n', raw)? == 0 || raw.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let kind = raw[start];
    let number = std::str::from_utf8(&raw[start + 1..]).ok().and_then(|s| s.trim_end().parse::<i64>().ok());
    let children = match (kind, number) {
        (b'$' | b'=' | b'!', Some(len @ 0..)) => {
            let len = len.unsigned_abs() + 2;
            return match from.take(len).read_to_end(raw)? as u64 {
                got if got == len => Ok(()),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        (b'*' | b'~' | b'>', Some(count)) => count,
        (b'%' | b'|', Some(count)) => count * 2,
        _ => 0,
    };
    (0..children).try_for_each(|_| read_frame(from, raw))
}

/// The value of one whole frame, which is taken off the front of `raw`.
pub fn parse(raw: &mut &[u8]) -> Value {
    let end = raw.iter().position(|&byte| byte == b'\n').expect("a whole frame") + 1;
    let (line, rest) = raw.split_at(end);
    *raw = rest;
    let text = String::from_utf8_lossy(&line[1..]).trim_end().to_owned();
    let number = || text.parse::<i64>().expect("a number");
    match line[0] {
        b'+' | b',' | b'(' => Value::Bytes(text.into_bytes()),
        b'-' => Value::Error(text),
        b':' => Value::Int(number()),
        b'#' => Value::Int(i64::from(text == "t")),
        b'_' => Value::Nil,
        b'$' | b'=' | b'!' => match usize::try_from(number()) {
            Err(_) => Value::Nil,
            Ok(len) => {
                let (bytes, rest) = raw.split_at(len);
                *raw = &rest[2..];
                Value::Bytes(bytes.to_vec())
            }
        },
        b'*' | b'~' | b'>' if number() < 0 => Value::Nil,
        b'*' | b'~' | b'>' => Value::Array((0..number()).map(|_| parse(raw)).collect()),
        b'%' | b'|' => Value::Array((0..number() * 2).map(|_| parse(raw)).collect()),
        other => panic!("not a reply: {:?}", other as char),
    }
}
