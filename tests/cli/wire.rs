//! Servers for what no HTTP library would send: [`Wire`] plays a script on each connection, [`Server`] decides about each
//! request, [`Untouched`] and [`BlackHole`] are addresses that must not or cannot be reached.

use std::collections::HashMap;
use std::io::{BufReader, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// An action on a connection; after the last one it is closed.
#[derive(Clone, Debug)]
pub enum Do {
    Read,
    /// Read the first byte of a request, so that a `Reset` finds the others unread.
    Start,
    Write(Vec<u8>),
    /// Write these bytes one by one, with this many milliseconds before each, until the client closes.
    Dribble(Vec<u8>, u64),
    /// Write these bytes repeatedly until the client closes.
    Flood(Vec<u8>),
    Pass(Gate),
    Open(Gate),
    Hold,
    /// Close the sending half, and read to the client's end.
    Finish,
    /// Be a tunnel to this port of 127.0.0.1; the client's bytes are recorded as one more request.
    Tunnel(u16),
    /// Close with unread input, which resets the connection.
    Reset,
}

/// A value that other threads wait for.
#[derive(Debug, Default)]
struct Watched<T>(Mutex<T>, Condvar);

impl<T> Watched<T> {
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }

    fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.1.notify_all();
        result
    }

    /// Waits until `done`, at most for this many seconds.
    fn wait(&self, seconds: u64, done: impl Fn(&T) -> bool) -> MutexGuard<'_, T> {
        let guard = Duration::from_secs(seconds);
        let waits = |value: &mut T| !done(value);
        let waited = self.1.wait_timeout_while(self.lock(), guard, waits);
        let (value, result) = waited.unwrap();
        assert!(!result.timed_out(), "waited in vain");
        value
    }
}

/// A gate that stays open once it has been opened.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Watched<bool>>);

impl Gate {
    pub fn pass(&self) {
        drop(self.0.wait(3600, |is_open| *is_open));
    }

    pub fn open(&self) {
        self.0.change(|is_open| *is_open = true);
    }
}

/// An address that no connection may be made to: the test fails if there was one.
pub struct Untouched(TcpListener);

impl Untouched {
    pub fn new() -> Self {
        Untouched(TcpListener::bind("0.0.0.0:0").unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    pub fn check(&self) {
        self.0.set_nonblocking(true).unwrap();
        assert!(self.0.accept().is_err(), "there was a connection");
    }
}

impl Drop for Untouched {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.check();
        }
    }
}

/// A port whose queue of connections is full: a further one is neither accepted nor refused.
pub struct BlackHole(TcpListener, Vec<TcpStream>);

impl BlackHole {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let wait = Duration::from_millis(200);
        let connect = |_| TcpStream::connect_timeout(&at, wait).ok();
        let waiting: Vec<_> = (0..10_000).map_while(connect).collect();
        assert!(waiting.len() < 10_000, "the queue is never full");
        BlackHole(listener, waiting)
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }
}

/// Serves each connection to a free port of 127.0.0.1 on a thread of its own; returns the port.
fn listen(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let serve = serve.clone();
            thread::spawn(move || serve(number, stream.unwrap()));
        }
    });
    port
}

/// Plays a script for each connection in turn; the last script serves all further ones.
pub struct Wire {
    url: String,
    port: u16,
    seen: Arc<Watched<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    connections: usize,
}

impl Wire {
    pub fn new(scripts: Vec<Vec<Do>>) -> Self {
        Wire::serving("http://127.0.0.1", move |number, stream, seen| {
            let script = scripts.get(number).or(scripts.last());
            play(script.map_or(&[], Vec::as_slice), stream, seen);
        })
    }

    pub fn always(script: Vec<Do>) -> Self {
        Wire::new(vec![script])
    }

    /// Answers one request of each connection with these bytes, then closes it.
    pub fn answers(bytes: impl Into<Vec<u8>>) -> Self {
        Wire::always(vec![Do::Read, Do::Write(bytes.into()), Do::Finish])
    }

    /// The same over TLS, for `localhost`.
    pub fn tls(config: ServerConfig, answer: Vec<u8>) -> Self {
        Wire::tls_closing(config, answer, true)
    }

    /// The same, with or without TLS's `close_notify` at the end.
    pub fn tls_closing(config: ServerConfig, answer: Vec<u8>, notifies: bool) -> Self {
        let config = Arc::new(config);
        Wire::serving("https://localhost", move |_, stream, seen| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust this server closes the connection in the handshake.
            let Ok(head) = read_head(&mut stream) else {
                return;
            };
            seen.change(|seen| seen.requests.push(head));
            stream.write_all(&answer).unwrap();
            if notifies {
                stream.conn.send_close_notify();
            }
            let _ = stream.flush();
        })
    }

    fn serving(origin: &str, serve: impl Fn(usize, TcpStream, &Watched<Seen>) + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Watched::<Seen>::default());
        let log = seen.clone();
        let port = listen(move |number, stream| {
            log.change(|seen| seen.connections += 1);
            serve(number, stream, &log);
        });
        let url = format!("{origin}:{port}");
        Wire { url, port, seen }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The request heads so far.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().requests.clone()
    }

    /// Waits for this many requests.
    pub fn asked(&self, requests: usize) {
        drop(self.seen.wait(60, |seen| seen.requests.len() >= requests));
    }

    pub fn connections(&self) -> usize {
        self.seen.lock().connections
    }

    /// Waits for this many connections, the last of which may be accepted after the client's end; returns how many there are.
    pub fn connections_of(&self, least: usize) -> usize {
        let seen = self.seen.wait(10, |seen| seen.connections >= least);
        seen.connections
    }
}

fn play(script: &[Do], mut stream: TcpStream, seen: &Watched<Seen>) {
    for action in script {
        let result = match action {
            Do::Read => read_head(&mut stream).map(|head| seen.change(|s| s.requests.push(head))),
            Do::Start => stream.read_exact(&mut [0]),
            Do::Write(bytes) => stream.write_all(bytes),
            Do::Dribble(bytes, pause) => bytes.iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(*pause));
                stream.write_all(&[*byte])
            }),
            Do::Flood(bytes) => loop {
                if let Err(e) = stream.write_all(bytes) {
                    break Err(e);
                }
            },
            Do::Pass(gate) => {
                gate.pass();
                Ok(())
            }
            Do::Open(gate) => {
                gate.open();
                Ok(())
            }
            Do::Hold => stream.read_to_end(&mut Vec::new()).map(drop),
            Do::Finish => {
                let closed = stream.shutdown(Shutdown::Write);
                closed.and_then(|()| stream.read_to_end(&mut Vec::new()).map(drop))
            }
            Do::Tunnel(port) => tunnel(&stream, *port, seen),
            Do::Reset => stream.peek(&mut [0]).map(drop),
        };
        if result.is_err() || matches!(action, Do::Reset) {
            return;
        }
    }
}

/// Copies bytes in both directions until both ends have closed.
fn tunnel(client: &TcpStream, port: u16, seen: &Watched<Seen>) -> Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let place = seen.change(|seen| {
        seen.requests.push(String::new());
        seen.requests.len() - 1
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &server, &mut &*client);
            let _ = client.shutdown(Shutdown::Write);
        });
        let mut buffer = [0; 4096];
        while let Ok(amount @ 1..) = (&*client).read(&mut buffer) {
            // Recorded before it is passed on, so that it is there once the client has its answer.
            let sent = String::from_utf8_lossy(&buffer[..amount]);
            seen.change(|seen| seen.requests[place] += &sent);
            if (&server).write_all(&buffer[..amount]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    });
    Ok(())
}

fn read_head(stream: &mut impl Read) -> Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A response with this status line, these header lines and this body, and its length.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// A good answer with this JSON.
pub fn json(body: &str) -> Vec<u8> {
    response("200 OK", "Content-Type: application/json\r\n", body)
}

/// Serves what `answer` makes of each request's path, on connections that stay open; returns the URL.
pub fn serves(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> String {
    Server::new(move |request| Reply::Send(answer(request.path))).url
}

/// What a [`Server`] does about a request: it sends these bytes, and goes on, closes or resets the connection.
pub enum Reply {
    Send(Vec<u8>),
    Close(Vec<u8>),
    Reset(Vec<u8>),
}

/// What an answer may depend on. The id is the last part of the path; requests are counted from 1: `number` of all, `attempt` for
/// this id, `on_connection` on theirs.
pub struct Request<'a> {
    pub path: &'a str,
    pub id: &'a str,
    pub attempt: usize,
    pub number: usize,
    pub on_connection: usize,
    pub bearer: &'a str,
}

/// A server that decides about each request, on connections that stay open. A decision may block: the others go on.
pub struct Server {
    url: String,
    log: Arc<Watched<Log>>,
}

#[derive(Default)]
struct Log {
    /// When each request came, and for which id.
    requests: Vec<(Instant, String)>,
    attempts: HashMap<String, usize>,
    answered: usize,
}

impl Server {
    pub fn new(decide: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> Self {
        let log = Arc::new(Watched::default());
        let shared = log.clone();
        let port = listen(move |_, stream| decide_each(&stream, &shared, &decide));
        let url = format!("http://127.0.0.1:{port}");
        Server { url, log }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// When each request came, and for which id.
    pub fn requests(&self) -> Vec<(Instant, String)> {
        self.log.lock().requests.clone()
    }

    pub fn count(&self) -> usize {
        self.log.lock().requests.len()
    }

    /// The number of requests that are not answered yet.
    pub fn under_way(&self) -> usize {
        let log = self.log.lock();
        log.requests.len() - log.answered
    }

    /// Waits for this many requests.
    pub fn asked(&self, requests: usize) {
        drop(self.log.wait(60, |log| log.requests.len() >= requests));
    }
}

fn decide_each(stream: &TcpStream, log: &Watched<Log>, decide: impl Fn(&Request<'_>) -> Reply) {
    let mut reader = BufReader::new(stream);
    let mut on_connection = 0;
    while let Ok(head) = read_head(&mut reader) {
        let path = head.split(' ').nth(1).unwrap();
        let id = path.rsplit('/').next().unwrap();
        let bearer = head.lines().find_map(|line| Some(line.split_once(": Bearer ")?.1));
        on_connection += 1;
        let (number, attempt) = log.change(|log| {
            log.requests.push((Instant::now(), id.to_owned()));
            let attempt = log.attempts.entry(id.to_owned()).or_default();
            *attempt += 1;
            (log.requests.len(), *attempt)
        });
        let bearer = bearer.unwrap_or_default();
        #[rustfmt::skip]
        let reply = decide(&Request { path, id, attempt, number, on_connection, bearer });
        log.change(|log| log.answered += 1);
        let (bytes, goes_on) = match &reply {
            Reply::Send(bytes) => (bytes, true),
            Reply::Close(bytes) => (bytes, false),
            Reply::Reset(bytes) => {
                let at_once = Some(Duration::ZERO);
                rustix::net::sockopt::set_socket_linger(stream, at_once).unwrap();
                (bytes, false)
            }
        };
        if (&*stream).write_all(bytes).is_err() || !goes_on {
            return;
        }
    }
}
