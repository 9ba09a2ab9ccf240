//! A server that does to its clients exactly what a script says, byte by byte, and records what it was sent.

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What to do on a connection, one after the other; then it is closed.
#[derive(Clone, Debug)]
pub enum Do {
    /// Read one request head.
    Read,
    /// Read the first byte of a request, so that a `Reset` finds the others unread.
    Start,
    /// Write these bytes.
    Write(Vec<u8>),
    /// Write these bytes below TLS, where there is TLS.
    Below(Vec<u8>),
    /// Write these bytes one by one, so many milliseconds apart, until the client goes away.
    Dribble(Vec<u8>, u64),
    /// Write this again and again until the client goes away.
    Flood(Vec<u8>),
    /// Wait until somebody opens this.
    Pass(Gate),
    /// Open this.
    Open(Gate),
    /// Wait until the client goes away.
    Hold,
    /// Close the sending half, and read to the client's end.
    Finish,
    /// Be a tunnel to this port of 127.0.0.1; what the client sends is recorded as one more request.
    Tunnel(u16),
    /// Close so that the client is reset: with what it sent left unread.
    Reset,
}

/// Somewhere that nobody may go: the test fails if there was a single connection, and tells what came through it.
pub struct Untouched(TcpListener);

impl Untouched {
    /// Listens on a free port, on every address of this machine.
    pub fn new() -> Self {
        Untouched(TcpListener::bind("0.0.0.0:0").unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Fails if anybody has come.
    pub fn check(&self) {
        // The system accepts connections for us, so who has come is there, be it gone again.
        self.0.set_nonblocking(true).unwrap();
        if let Ok((mut stream, _)) = self.0.accept() {
            let mut said = [0; 4096];
            stream
                .set_read_timeout(Some(Duration::from_secs(1)))
                .unwrap();
            let length = stream.read(&mut said).unwrap_or(0);
            panic!(
                "somebody came, and said {:?}",
                String::from_utf8_lossy(&said[..length])
            );
        }
    }
}

impl Drop for Untouched {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.check();
        }
    }
}

/// A port that takes no further connection and refuses none: whoever asks for one gets no answer at all.
pub struct BlackHole {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl BlackHole {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        // Nobody accepts, so the system keeps what comes until it has no room for more.
        let wait = Duration::from_millis(200);
        let waiting: Vec<_> = (0..10_000)
            .map_while(|_| TcpStream::connect_timeout(&at, wait).ok())
            .collect();
        assert!(waiting.len() < 10_000, "there is always room");
        BlackHole {
            listener,
            _waiting: waiting,
        }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }
}

/// Scripts for one connection after the other; the last one serves all further ones.
pub struct Wire {
    url: String,
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Count>,
}

/// A number that others wait for.
#[derive(Default)]
struct Count {
    number: Mutex<usize>,
    grown: Condvar,
}

impl Wire {
    /// Listens on a free port of 127.0.0.1.
    pub fn new(scripts: Vec<Vec<Do>>) -> Self {
        Wire::serving("http://127.0.0.1", move |number, stream, seen| {
            let script = scripts.get(number).or(scripts.last());
            play(script.map_or(&[], Vec::as_slice), stream, seen);
        })
    }

    /// Listens on a free port of `localhost`, speaks TLS, answers one request with these bytes and closes.
    pub fn tls(config: ServerConfig, answer: Vec<u8>) -> Self {
        Wire::tls_ending(config, answer, |connection| connection.send_close_notify())
    }

    /// The same, but for the end: the connection is closed without a word (TLS's `close_notify`).
    pub fn tls_cut(config: ServerConfig, answer: Vec<u8>) -> Self {
        Wire::tls_ending(config, answer, |_| ())
    }

    /// The same by a script for each connection, of `Read`, `Write` and `Below` only; each `Write` is a record, of 16 KiB at most.
    pub fn tls_by(config: ServerConfig, scripts: Vec<Vec<Do>>) -> Self {
        let config = Arc::new(config);
        Wire::serving("https://localhost", move |number, stream, seen| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            for action in scripts.get(number).or(scripts.last()).into_iter().flatten() {
                let done = match action {
                    Do::Read => read_head(&mut stream).map(|head| seen.lock().unwrap().push(head)),
                    Do::Write(bytes) => stream.write_all(bytes).and_then(|()| stream.flush()),
                    Do::Below(bytes) => stream.sock.write_all(bytes),
                    other => panic!("not over TLS: {other:?}"),
                };
                if done.is_err() {
                    return;
                }
            }
        })
    }

    fn tls_ending(
        config: ServerConfig,
        answer: Vec<u8>,
        end: impl Fn(&mut ServerConnection) + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(config);
        Wire::serving("https://localhost", move |_, stream, seen| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust us goes away in the handshake: no head, no answer.
            if let Ok(head) = read_head(&mut stream) {
                seen.lock().unwrap().push(head);
                stream.write_all(&answer).unwrap();
                end(&mut stream.conn);
                let _ = stream.flush();
            }
        })
    }

    fn serving(
        origin: &str,
        serve: impl Fn(usize, TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Count::default());
        let (requests, count, serve) = (seen.clone(), connections.clone(), Arc::new(serve));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                *count.number.lock().unwrap() += 1;
                count.grown.notify_all();
                let (requests, serve) = (requests.clone(), serve.clone());
                thread::spawn(move || serve(number, stream.unwrap(), &requests));
            }
        });
        Wire {
            url: format!("{origin}:{port}"),
            port,
            seen,
            connections,
        }
    }

    /// One script for every connection.
    pub fn always(script: Vec<Do>) -> Self {
        Wire::new(vec![script])
    }

    /// Answers every request with these bytes, then closes.
    pub fn answers(bytes: impl Into<Vec<u8>>) -> Self {
        Wire::always(vec![Do::Read, Do::Write(bytes.into()), Do::Finish])
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The request heads so far.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until there were so many requests.
    pub fn asked(&self, requests: usize) {
        let began = Instant::now();
        while self.requests().len() < requests {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "nobody asks: {:?}",
                self.requests()
            );
            thread::yield_now();
        }
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        *self.connections.number.lock().unwrap()
    }

    /// How many connections were made, at least `expected`: the last one may be accepted after the client's end.
    pub fn connections_of(&self, expected: usize) -> usize {
        let guard = Duration::from_secs(10);
        let count = self.connections.number.lock().unwrap();
        let fewer = |count: &mut usize| *count < expected;
        *self
            .connections
            .grown
            .wait_timeout_while(count, guard, fewer)
            .unwrap()
            .0
    }
}

fn play(script: &[Do], mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    for action in script {
        let result = match action {
            Do::Read => read_head(&mut stream).map(|head| seen.lock().unwrap().push(head)),
            Do::Start => stream.read_exact(&mut [0]),
            Do::Write(bytes) | Do::Below(bytes) => stream.write_all(bytes),
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
            Do::Hold => stream.read_to_end(&mut Vec::new()).map(|_| ()),
            Do::Finish => stream
                .shutdown(Shutdown::Write)
                .and_then(|()| stream.read_to_end(&mut Vec::new()).map(|_| ())),
            Do::Tunnel(port) => tunnel(&stream, *port, seen),
            // Unread input at the time of closing makes the kernel send a reset.
            Do::Reset => stream.peek(&mut [0]).map(|_| ()),
        };
        if result.is_err() || matches!(action, Do::Reset) {
            return;
        }
    }
}

/// Passes bytes on in both directions until both ends have closed.
fn tunnel(client: &TcpStream, port: u16, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let place = {
        let mut seen = seen.lock().unwrap();
        seen.push(String::new());
        seen.len() - 1
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &server, &mut &*client);
            let _ = client.shutdown(Shutdown::Write);
        });
        let mut buffer = [0; 4096];
        while let Ok(1..) = (&*client).read(&mut buffer).map(|amount| {
            // Recorded before it is passed on, so it is there once the client has its answer.
            seen.lock().unwrap()[place] += &String::from_utf8_lossy(&buffer[..amount]);
            (&server)
                .write_all(&buffer[..amount])
                .map_or(0, |()| amount)
        }) {}
        let _ = server.shutdown(Shutdown::Write);
    });
    Ok(())
}

fn read_head(stream: &mut impl Read) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A response with this status line, these header lines and this body, and its length.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A good answer with this JSON.
pub fn json(body: &str) -> Vec<u8> {
    response("200 OK", "Content-Type: application/json\r\n", body)
}

/// Serves whatever `answer` makes of each request's path, on connections that stay open; says where.
pub fn serves(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            thread::spawn(move || {
                while let Ok(head) = read_head(&mut stream) {
                    let path = head.split(' ').nth(1).unwrap();
                    if stream.write_all(&answer(path)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// What a [`Server`] does about a request.
pub enum Reply {
    /// Sends these bytes, and waits for the next request.
    Send(Vec<u8>),
    /// Sends these bytes, and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes, and resets the connection.
    Reset(Vec<u8>),
}

/// A request, as far as an answer may depend on it.
pub struct Request<'a> {
    /// The last part of its path.
    pub id: &'a str,
    /// Which one for this id it is, from 1.
    pub attempt: usize,
    /// Which one of all it is, from 1.
    pub number: usize,
    /// Which one on its connection it is, from 1.
    pub on_connection: usize,
    /// The bearer token.
    pub bearer: &'a str,
}

/// A server that decides about each request when it comes, on connections that stay open. Who decides may wait for something
/// meanwhile, and keeps nobody else.
pub struct Server {
    url: String,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    asked: Mutex<Asked>,
    grown: Condvar,
}

#[derive(Default)]
struct Asked {
    /// When each request came, and for which id.
    requests: Vec<(Instant, String)>,
    attempts: HashMap<String, usize>,
    answered: usize,
}

impl Server {
    pub fn new(decide: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Log::default());
        let (shared, decide) = (log.clone(), Arc::new(decide));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, log, decide) = (stream.unwrap(), shared.clone(), decide.clone());
                thread::spawn(move || log.serve(&stream, &*decide));
            }
        });
        Server { url, log }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// When each request came, and for which id.
    pub fn requests(&self) -> Vec<(Instant, String)> {
        self.log.asked.lock().unwrap().requests.clone()
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.log.asked.lock().unwrap().requests.len()
    }

    /// How many requests are not answered yet.
    pub fn under_way(&self) -> usize {
        let asked = self.log.asked.lock().unwrap();
        asked.requests.len() - asked.answered
    }

    /// Waits until there were so many requests.
    pub fn asked(&self, requests: usize) {
        let fewer = |asked: &mut Asked| asked.requests.len() < requests;
        let asked = self.log.asked.lock().unwrap();
        let guard = Duration::from_secs(60);
        let (asked, waited) = self
            .log
            .grown
            .wait_timeout_while(asked, guard, fewer)
            .unwrap();
        assert!(
            !waited.timed_out(),
            "nobody asks: {} of {requests} requests",
            asked.requests.len()
        );
    }
}

impl Log {
    fn serve(&self, stream: &TcpStream, decide: &(impl Fn(&Request<'_>) -> Reply + ?Sized)) {
        let mut reader = BufReader::new(stream);
        let mut on_connection = 0;
        while let Ok(head) = read_head(&mut reader) {
            let path = head.split(' ').nth(1).unwrap();
            let id = path.rsplit('/').next().unwrap();
            let bearer = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_it = name.eq_ignore_ascii_case("authorization");
                is_it.then(|| value.strip_prefix("Bearer ")).flatten()
            });
            on_connection += 1;
            let request = {
                let mut asked = self.asked.lock().unwrap();
                asked.requests.push((Instant::now(), id.to_owned()));
                let number = asked.requests.len();
                let attempt = asked.attempts.entry(id.to_owned()).or_default();
                *attempt += 1;
                Request {
                    id,
                    attempt: *attempt,
                    number,
                    on_connection,
                    bearer: bearer.unwrap_or_default(),
                }
            };
            self.grown.notify_all();
            let reply = decide(&request);
            self.asked.lock().unwrap().answered += 1;
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
}

/// Keeps whoever comes until it is opened.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Waits until it is open.
    pub fn pass(&self) {
        let (is_open, opened) = &*self.0;
        let closed = |is_open: &mut bool| !*is_open;
        drop(opened.wait_while(is_open.lock().unwrap(), closed).unwrap());
    }

    /// Opens it, for good.
    pub fn open(&self) {
        let (is_open, opened) = &*self.0;
        *is_open.lock().unwrap() = true;
        opened.notify_all();
    }
}
