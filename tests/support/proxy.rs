//! A loopback TCP proxy that breaks connections at a chosen request. It understands the
//! protocol's framing, so "the request took effect and its reply was lost" is exact.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::resp::{parse, read_frame};
use super::{Server, Value};

/// What happens to traffic from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything goes through.
    Pass,
    /// Every request is held back this long; those behind it on the same connection wait too.
    Delay(Duration),
    /// Nothing goes through; what was said meanwhile is delivered when this ends.
    Freeze,
    /// Connections are accepted and whatever is said is lost. They are cut when this ends.
    Blackhole,
    /// Live connections are cut, new ones are refused.
    Refuse,
}

/// The fault that is armed.
struct Fault {
    /// The request must contain this text; upper and lower case are the same.
    needle: Vec<u8>,
    /// Which of those requests, counted down to 1.
    nth: usize,
    loss: Loss,
}

/// What is lost; then the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Request,
    Reply,
    /// The second half of the reply.
    HalfReply,
}

enum Upstream {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

struct Shared {
    upstream: Upstream,
    listener: Mutex<Option<TcpListener>>,
    mode: Mutex<Mode>,
    fault: Mutex<Option<Fault>>,
    live: Mutex<BTreeMap<usize, [Stream; 2]>>,
    requests: AtomicUsize,
    replies: AtomicUsize,
    commands: Mutex<Vec<String>>,
    closing: AtomicBool,
}

/// A proxy that listens until it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Proxy {
    /// Before a test server, through its socket.
    pub fn before(server: &Server) -> Proxy {
        Proxy::to_unix(&server.socket())
    }

    pub fn to_unix(socket: &Path) -> Proxy {
        Proxy::start(Upstream::Unix(socket.to_path_buf()))
    }

    pub fn to_tcp(address: SocketAddr) -> Proxy {
        Proxy::start(Upstream::Tcp(address))
    }

    fn start(upstream: Upstream) -> Proxy {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared {
            upstream,
            listener: Mutex::new(Some(listener)),
            mode: Mutex::new(Mode::Pass),
            fault: Mutex::new(None),
            live: Mutex::default(),
            requests: AtomicUsize::new(0),
            replies: AtomicUsize::new(0),
            commands: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept());
        Proxy { shared, address }
    }

    /// `redis://127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, mode: Mode) {
        let before = std::mem::replace(&mut *lock(&self.shared.mode), mode);
        if mode == Mode::Refuse || before == Mode::Blackhole {
            self.cut_all();
        }
        let mut listener = lock(&self.shared.listener);
        match mode {
            Mode::Refuse => close(listener.take()),
            _ if listener.is_none() => *listener = Some(listen(self.address)),
            _ => {}
        }
    }

    /// Cuts all live connections now; new ones are welcome.
    pub fn cut_all(&self) {
        for stream in lock(&self.shared.live).values().flatten() {
            stream.shutdown();
        }
    }

    /// The `nth` request from now (1 is the next) is carried out, and its connection cut
    /// before the reply is returned.
    pub fn lose_reply(&self, nth: usize) {
        self.lose_reply_to("", nth);
    }

    /// As [`Proxy::lose_reply`], counting requests that contain `text`, a command's name perhaps.
    pub fn lose_reply_to(&self, text: &str, nth: usize) {
        self.arm(text, nth, Loss::Reply);
    }

    /// The connection is cut before the `nth` request that contains `text` is passed on.
    pub fn lose_request(&self, text: &str, nth: usize) {
        self.arm(text, nth, Loss::Request);
    }

    /// As [`Proxy::lose_reply_to`], but the first half of the reply is returned.
    pub fn halve_reply_to(&self, text: &str, nth: usize) {
        self.arm(text, nth, Loss::HalfReply);
    }

    fn arm(&self, text: &str, nth: usize, loss: Loss) {
        let needle = text.to_ascii_lowercase().into_bytes();
        *lock(&self.shared.fault) = Some(Fault { needle, nth, loss });
    }

    /// Whether the fault armed last has come to pass.
    pub fn fault_happened(&self) -> bool {
        lock(&self.shared.fault).is_none()
    }

    /// Requests that were passed on since the start.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Replies that were returned since the start.
    pub fn replies(&self) -> usize {
        self.shared.replies.load(Ordering::SeqCst)
    }

    /// The names of all commands passed on, in upper case, in order.
    pub fn commands(&self) -> Vec<String> {
        lock(&self.shared.commands).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        close(lock(&self.shared.listener).take());
        self.cut_all();
    }
}

impl Shared {
    fn accept(self: Arc<Self>) {
        for number in 0.. {
            let client = loop {
                if self.closing.load(Ordering::SeqCst) {
                    return;
                }
                // The lock is given back before the pause: `set` wants it too.
                let accepted = lock(&self.listener).as_ref().and_then(|listener| listener.accept().ok());
                match accepted {
                    Some((client, _)) => break client,
                    None => thread::sleep(Duration::from_millis(1)),
                }
            };
            // A server that is down shows as a connection cut at once.
            if let Ok(upstream) = self.connect_upstream() {
                let _ = self.serve(number, client, upstream);
            }
        }
    }

    fn connect_upstream(&self) -> io::Result<Stream> {
        match &self.upstream {
            Upstream::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
            Upstream::Tcp(address) => TcpStream::connect(address).and_then(Stream::tcp),
        }
    }

    fn serve(self: &Arc<Self>, number: usize, client: TcpStream, upstream: Stream) -> io::Result<()> {
        client.set_nonblocking(false)?;
        let client = Stream::tcp(client)?;
        lock(&self.live).insert(number, [client.try_clone()?, upstream.try_clone()?]);
        let (losing, lost) = channel();
        let (from, to) = (BufReader::new(client.try_clone()?), upstream.try_clone()?);
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let _ = shared.pass_requests(from, to, &losing);
            shared.hang_up(number);
        });
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let _ = shared.pass_replies(BufReader::new(upstream), client, &lost);
            shared.hang_up(number);
        });
        Ok(())
    }

    /// Ends both sides of a connection; the other thread notices.
    fn hang_up(&self, number: usize) {
        if let Some(streams) = lock(&self.live).remove(&number) {
            streams.iter().for_each(Stream::shutdown);
        }
    }

    /// Returns when the connection ends or a fault cuts it.
    fn pass_requests(
        &self,
        mut from: BufReader<Stream>,
        mut to: Stream,
        losing: &Sender<Option<Loss>>,
    ) -> io::Result<()> {
        loop {
            let mut request = Vec::new();
            read_frame(&mut from, &mut request)?;
            if let Mode::Delay(time) = self.mode() {
                thread::sleep(time);
            }
            if self.gate() == Mode::Blackhole {
                continue;
            }
            let fault = self.fault_for(&request);
            if fault == Some(Loss::Request) {
                return Ok(());
            }
            self.requests.fetch_add(1, Ordering::SeqCst);
            lock(&self.commands).push(command_name(&request));
            // Said before the request goes out, so the other thread knows before the reply.
            let _ = losing.send(fault);
            to.write_all(&request)?;
        }
    }

    fn pass_replies(
        &self,
        mut from: BufReader<Stream>,
        mut to: Stream,
        lost: &Receiver<Option<Loss>>,
    ) -> io::Result<()> {
        loop {
            let mut reply = Vec::new();
            read_frame(&mut from, &mut reply)?;
            if let Some(loss) = lost.try_recv().ok().flatten() {
                if loss == Loss::HalfReply {
                    to.write_all(&reply[..reply.len() / 2])?;
                }
                *lock(&self.fault) = None;
                return Ok(());
            }
            if self.gate() == Mode::Blackhole {
                continue;
            }
            // Counted first: who has the reply must find it counted.
            self.replies.fetch_add(1, Ordering::SeqCst);
            to.write_all(&reply)?;
        }
    }

    fn mode(&self) -> Mode {
        *lock(&self.mode)
    }

    /// The mode, once it is not [`Mode::Freeze`].
    fn gate(&self) -> Mode {
        while self.mode() == Mode::Freeze && !self.closing.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        self.mode()
    }

    /// What this request, or its reply, is to suffer.
    fn fault_for(&self, request: &[u8]) -> Option<Loss> {
        let mut armed = lock(&self.fault);
        let fault = armed.as_mut().filter(|fault| fault.nth > 0)?;
        let request = request.to_ascii_lowercase();
        let found = fault.needle.is_empty() || request.windows(fault.needle.len()).any(|w| w == fault.needle);
        if !found {
            return None;
        }
        fault.nth -= 1;
        if fault.nth > 0 {
            return None;
        }
        let loss = fault.loss;
        if loss == Loss::Request {
            *armed = None;
        }
        Some(loss)
    }
}

/// Either kind of stream.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Small requests must not wait for each other's acknowledgement.
    fn tcp(stream: TcpStream) -> io::Result<Stream> {
        stream.set_nodelay(true)?;
        Ok(Stream::Tcp(stream))
    }

    fn try_clone(&self) -> io::Result<Stream> {
        match self {
            Stream::Tcp(stream) => stream.try_clone().map(Stream::Tcp),
            Stream::Unix(stream) => stream.try_clone().map(Stream::Unix),
        }
    }

    fn shutdown(&self) {
        // Shut already is as good.
        let _ = match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(buffer),
            Stream::Unix(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).expect("a loopback port");
    listener.set_nonblocking(true).expect("a socket that polls");
    listener
}

/// Dropping alone would not do: a child that another thread has just forked has a copy of
/// the descriptor until it executes its program.
fn close(listener: Option<TcpListener>) {
    if let Some(listener) = listener {
        rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).expect("it was listening");
    }
}

fn command_name(request: &[u8]) -> String {
    let name = match request.first() {
        Some(b'*') => match parse(&mut &*request) {
            Value::Array(words) => words.first().map(Value::text).unwrap_or_default(),
            _ => String::new(),
        },
        _ => String::from_utf8_lossy(request).split_whitespace().next().unwrap_or_default().to_owned(),
    };
    name.to_ascii_uppercase()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
