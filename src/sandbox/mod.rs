//! A loopback server with both APIs and every failure, so that scripts can be tried without network, token or risk.
//!
//! Its clients may be hostile: a web page in the user's browser, another user of the machine. So it binds to loopback only, answers
//! only to its own name (DNS rebinding), accepts one well-known token and drops every other unseen, never repeats what a request
//! holds, and bounds what a request may cost.

#[macro_use]
mod cases;
mod connected;
mod http;
mod list;
mod partner;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use httparse::Request;
use jiff::Timestamp;

use cases::{APIS, Answer, Api, Target};
use http::{Body, Connection, Received, Reply};
use list::List;

use crate::process::lock;

pub use cases::{Row, rows};
pub use list::ACCOUNTS;

/// The bearer token that the sandbox accepts. It is public and grants nothing.
pub const TOKEN: &str = "acctq-sandbox-token";

/// The stack of a connection's thread, with room to spare in a debug build.
const STACK: usize = 128 * 1024;

/// The most connections that are served; more are answered with 503.
const MAX_CONNECTIONS: usize = 256;

/// A running sandbox; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds `port` of 127.0.0.1 (0: a free one) and serves on threads until dropped.
    ///
    /// # Errors
    /// If the port is taken or not allowed, or no thread can be started.
    pub fn start(port: u16) -> io::Result<Server> {
        Server::with_accounts(port, ACCOUNTS)
    }

    /// The same, with this number of accounts in Connect's list.
    ///
    /// # Errors
    /// Those of [`Server::start`].
    pub fn with_accounts(port: u16, accounts: u32) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            list: List::new(accounts, Timestamp::now()),
            is_stopping: AtomicBool::new(false),
            replies: AtomicU64::new(0),
            requests: Mutex::default(),
            open: Mutex::default(),
        });
        let acceptor = thread::Builder::new().name("sandbox".to_owned()).stack_size(STACK).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        Ok(Server { shared, acceptor: Some(acceptor) })
    }

    /// Its base URL, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Serves until the process ends.
    pub fn wait(&self) {
        while !self.shared.is_stopping.load(Ordering::SeqCst) {
            thread::park();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        // A connection wakes the acceptor. If none can be made, the acceptor ends with the process.
        let woken = TcpStream::connect_timeout(&self.shared.address, Duration::from_secs(1));
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            let _ = acceptor.join();
        }
    }
}

/// What the threads of a server share.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    list: List,
    is_stopping: AtomicBool,
    /// The number of answers, for `X-Request-Id`.
    replies: AtomicU64,
    /// How often each id was requested, for ids whose answer changes.
    requests: Mutex<HashMap<&'static str, usize>>,
    /// The open connections, so that stopping can end them.
    open: Mutex<HashMap<u64, Arc<TcpStream>>>,
}

/// Accepts connections until the server stops, then ends those that are left.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for key in 0.. {
        let accepted = listener.accept();
        if shared.is_stopping.load(Ordering::SeqCst) {
            break;
        }
        let Ok((stream, _)) = accepted else {
            // Most likely no file descriptor is free; other connections have to end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let stream = Arc::new(stream);
        let has_room = {
            let mut open = lock(&shared.open);
            let has_room = open.len() < MAX_CONNECTIONS;
            if has_room {
                open.insert(key, Arc::clone(&stream));
            }
            has_room
        };
        if !has_room {
            // A few bytes always fit into a fresh socket, so this does not block.
            let _ = Reply::refusal(503).write(&*stream, shared.next_number(), false);
            continue;
        }
        let client = Client { shared: Arc::clone(shared), key, stream };
        // If no thread can be started, dropping the client closes the connection.
        let _ =
            thread::Builder::new().name("sandbox client".to_owned()).stack_size(STACK).spawn(move || client.serve());
    }
    for stream in lock(&shared.open).values() {
        // An error means that it is closed already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// A connection being served.
struct Client {
    shared: Arc<Shared>,
    key: u64,
    stream: Arc<TcpStream>,
}

impl Client {
    /// Answers requests until the connection ends. An error means that the client is gone: there is no one to report it to.
    fn serve(&self) {
        let Ok(mut connection) = Connection::new(&self.stream) else {
            return;
        };
        loop {
            let (reply, keep_alive) = match connection.receive(|request| self.shared.reply(request)) {
                Received::Request(reply, keep_alive) => (reply, keep_alive),
                Received::Refused(status) => (Reply::refusal(status), false),
                Received::Closed => return,
            };
            let sent = connection.send(&reply, self.shared.next_number(), keep_alive);
            if !matches!(sent, Ok(true)) {
                return;
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        lock(&self.shared.open).remove(&self.key);
    }
}

impl Shared {
    fn next_number(&self) -> u64 {
        self.replies.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn reply(&self, request: &Request<'_, '_>) -> Reply {
        if !http::only(request, "host").is_some_and(|host| self.is_own_name(host)) {
            return Reply::refusal(403);
        }
        // Paths are compared as they come: nothing is decoded, so no encoding can smuggle anything in.
        let path = request.path.unwrap_or_default();
        let Some((api, target)) = APIS.iter().find_map(|api| Some((api, api.target(path)?))) else {
            return Reply::refusal(404);
        };
        let token = http::only(request, "authorization").and_then(|value| value.strip_prefix(b"Bearer "));
        if token != Some(TOKEN.as_bytes()) {
            return api.failure(api.unauthorized);
        }
        if request.method != Some("GET") {
            let mut reply = Reply { headers: &[("Allow", "GET")], ..api.failure(405) };
            if request.method == Some("HEAD") {
                reply.body = Body::Bytes(Vec::new());
            }
            return reply;
        }
        let id = match target {
            Target::List => return Reply::list(self.list, request.version == Some(1)),
            Target::Account(id) => id,
        };
        if let Some((id, case)) = api.case(id) {
            return self.answer(api, id, &case.answer);
        }
        match api.has_list.then(|| self.list.account(id)).flatten() {
            Some(account) => Reply::json(200, account),
            None => api.failure(404),
        }
    }

    fn answer(&self, api: &Api, id: &'static str, answer: &Answer) -> Reply {
        match *answer {
            Answer::Account(layers) => Reply::json(200, api.document(id, layers)),
            Answer::Delivered(delivery) => Reply { delivery, ..Reply::json(200, api.document(id, &[])) },
            Answer::Failure(status, headers) => Reply { headers, ..api.failure(status) },
            Answer::Bytes(status, headers, body) => {
                Reply { headers, content_type: None, ..Reply::new(status, Body::Bytes(body.to_vec())) }
            }
            Answer::OnOdd(other) if self.count(id) % 2 == 1 => self.answer(api, id, other),
            Answer::OnOdd(_) => self.answer(api, id, &Answer::Account(&[])),
            Answer::InTurn(answers) => match answers.get(self.count(id) - 1).or(answers.last()) {
                Some(answer) => self.answer(api, id, answer),
                None => api.failure(404),
            },
        }
    }

    /// Whether a Host header names this server. A page from elsewhere cannot, whatever its own name resolves to.
    fn is_own_name(&self, host: &[u8]) -> bool {
        let host = std::str::from_utf8(host).unwrap_or_default();
        let port = self.address.port().to_string();
        let name = match host.rsplit_once(':') {
            Some((name, given)) => (given == port).then_some(name),
            None => (port == "80").then_some(host),
        };
        name.is_some_and(|name| name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
    }

    /// How often the id has been requested, this time included.
    fn count(&self, id: &'static str) -> usize {
        let mut requests = lock(&self.requests);
        let times = requests.entry(id).or_default();
        *times = times.saturating_add(1);
        *times
    }
}
