//! A loopback server with both APIs and every failure, so that scripts can be tried without network, token or risk.
//!
//! Whoever can reach it may be hostile: a web page in the user's browser, another user of the machine. So it binds to
//! loopback and nowhere else, answers only to its own name (DNS rebinding), takes one well-known token and drops every
//! other unseen, has nothing to change or to steal, never repeats what a request holds, and bounds what a request may
//! cost. It knows nothing of the client that it is there to try.
//!
//! What it answers is a table ([`rows`]); an id that is not in it is not found.

#[macro_use]
mod hostile;
mod case;
mod connected;
mod http;
mod list;
mod partner;
mod table;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use httparse::Request;

use jiff::Timestamp;

use case::Answer;
use http::{Body, Connection, Delivery, Limits, Received, Reply};
use list::List;
use table::{APIS, Api, Asked};

pub use list::ACCOUNTS;
pub use table::{Row, rows};

/// The bearer token that the sandbox accepts. It is public and grants nothing.
pub const TOKEN: &str = "acctq-sandbox-token";

/// What a connection's thread needs, with room to spare in a debug build.
const STACK: usize = 128 * 1024;

const LIMITS: Limits = Limits {
    connections: 256,
    request: Duration::from_secs(5),
    write: Duration::from_secs(30),
    late: Duration::from_secs(30),
};

/// A sandbox at work, until dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds `port` of 127.0.0.1 (0: any free one) and serves on threads until dropped.
    ///
    /// # Errors
    /// If the port is taken or not allowed, or no thread can be started.
    pub fn start(port: u16) -> io::Result<Server> {
        Server::with_accounts(port, ACCOUNTS)
    }

    /// The same, with so many accounts in Connect's list.
    ///
    /// # Errors
    /// Those of [`Server::start`].
    pub fn with_accounts(port: u16, accounts: u32) -> io::Result<Server> {
        Server::with(port, accounts, LIMITS)
    }

    fn with(port: u16, accounts: u32, limits: Limits) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            limits,
            list: List::new(accounts, Timestamp::now()),
            is_stopping: AtomicBool::new(false),
            replies: AtomicU64::new(0),
            asked: Mutex::default(),
            open: Mutex::default(),
        });
        let acceptor = thread::Builder::new()
            .name("sandbox".to_owned())
            .stack_size(STACK)
            .spawn({
                let shared = Arc::clone(&shared);
                move || accept(&listener, &shared)
            })?;
        Ok(Server {
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Where it is, as `http://127.0.0.1:41234`.
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
        // The acceptor waits for a connection; this is one. If there can be none, it is left to end with the process.
        let woken = TcpStream::connect_timeout(&self.shared.address, Duration::from_secs(1));
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            // It does not panic, and there is nothing left to save if it did.
            let _ = acceptor.join();
        }
    }
}

/// What the threads of a server share.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    limits: Limits,
    list: List,
    is_stopping: AtomicBool,
    /// How many answers were given: the number in `X-Request-Id`.
    replies: AtomicU64,
    /// For ids whose answers change, how often they were asked for.
    asked: Mutex<HashMap<&'static str, usize>>,
    /// The connections being served, so that stopping can end them.
    open: Mutex<HashMap<u64, Arc<TcpStream>>>,
}

/// Takes connections until the server stops, then ends those that are left.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for key in 0.. {
        let accepted = listener.accept();
        if shared.is_stopping.load(Ordering::SeqCst) {
            break;
        }
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely; others have to end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let stream = Arc::new(stream);
        if !shared.admit(key, &stream) {
            // A few bytes always fit into a fresh socket, so this does not wait.
            let _ = Reply::refusal(503).write(&*stream, shared.number(), false);
            continue;
        }
        let visit = Visit {
            shared: Arc::clone(shared),
            key,
            stream,
        };
        // If no thread can be started, the visit is dropped and the connection closed.
        let _ = thread::Builder::new()
            .name("sandbox client".to_owned())
            .stack_size(STACK)
            .spawn(move || visit.serve());
    }
    for stream in lock(&shared.open).values() {
        // One that is closed already needs no closing.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// A connection being served.
struct Visit {
    shared: Arc<Shared>,
    key: u64,
    stream: Arc<TcpStream>,
}

impl Visit {
    /// Answers requests until there are no more. An error means that the client cannot be reached: there is nobody to tell.
    fn serve(&self) {
        let Ok(mut connection) = Connection::new(&self.stream, self.shared.limits) else {
            return;
        };
        loop {
            let (reply, keep_alive) = match connection.receive(|request| self.shared.reply(request))
            {
                Received::Request(reply, keep_alive) => (reply, keep_alive),
                Received::Refused(status) => (Reply::refusal(status), false),
                Received::Closed => return,
            };
            if !matches!(
                connection.send(&reply, self.shared.number(), keep_alive),
                Ok(true)
            ) {
                return;
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        lock(&self.shared.open).remove(&self.key);
    }
}

impl Shared {
    /// Makes the connection one of those being served, unless they are too many.
    fn admit(&self, key: u64, stream: &Arc<TcpStream>) -> bool {
        let mut open = lock(&self.open);
        let has_room = open.len() < self.limits.connections;
        if has_room {
            open.insert(key, Arc::clone(stream));
        }
        has_room
    }

    /// The number of the next answer.
    fn number(&self) -> u64 {
        self.replies.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What is answered to a request.
    fn reply(&self, request: &Request<'_, '_>) -> Reply {
        if !http::only(request, "host").is_some_and(|host| self.is_own_name(host)) {
            return Reply::refusal(403);
        }
        // Paths are compared as they come: nothing is decoded, so nothing can be smuggled in by an encoding.
        let target = request.path.unwrap_or_default();
        let Some((api, asked)) = APIS
            .iter()
            .find_map(|api| Some((api, api.asked_of(target)?)))
        else {
            return Reply::refusal(404);
        };
        let token = http::only(request, "authorization").and_then(|v| v.strip_prefix(b"Bearer "));
        if token != Some(TOKEN.as_bytes()) {
            return failure(api, api.unauthorized);
        }
        match request.method {
            Some("GET") => {}
            method => {
                let mut reply = failure(api, 405);
                reply.headers = &[("Allow", "GET")];
                if method == Some("HEAD") {
                    reply.body = Body::Bytes(Cow::Borrowed(b""));
                }
                return reply;
            }
        }
        let id = match asked {
            Asked::List => return Reply::list(self.list, request),
            Asked::Account(id) => id,
        };
        match (api.case(id), api.has_list.then(|| self.list.account(id))) {
            (Some((id, case)), _) => self.answer(api, id, &case.answer),
            (None, Some(Some(account))) => Reply::json(200, account),
            (None, _) => failure(api, 404),
        }
    }

    fn answer(&self, api: &Api, id: &'static str, answer: &Answer) -> Reply {
        match *answer {
            Answer::Account(layers) => Reply::json(200, api.document(id, layers)),
            Answer::Delivered(delivery) => Reply {
                delivery,
                ..Reply::json(200, api.document(id, &[]))
            },
            Answer::Failure(status, headers) => Reply {
                headers,
                ..failure(api, status)
            },
            Answer::Bytes(status, headers, body) => Reply {
                status,
                headers,
                content_type: None,
                body: Body::Bytes(Cow::Borrowed(body)),
                delivery: Delivery::Whole,
            },
            Answer::OnOdd(other) if self.asked(id) % 2 == 1 => self.answer(api, id, other),
            Answer::OnOdd(_) => self.answer(api, id, &Answer::Account(&[])),
            Answer::InTurn(answers) => match answers.get(self.asked(id) - 1).or(answers.last()) {
                Some(answer) => self.answer(api, id, answer),
                None => failure(api, 404),
            },
        }
    }

    /// Whether a Host header names this server: a page from elsewhere cannot, whatever its own name resolves to.
    fn is_own_name(&self, host: &[u8]) -> bool {
        let port = self.address.port().to_string();
        std::str::from_utf8(host)
            .ok()
            .and_then(|host| match host.rsplit_once(':') {
                Some((name, given)) => (given == port).then_some(name),
                None => (port == "80").then_some(host),
            })
            .is_some_and(|name| name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
    }

    /// How often that id has been asked for, this time included.
    fn asked(&self, id: &'static str) -> usize {
        let mut asked = lock(&self.asked);
        let times = asked.entry(id).or_default();
        *times = times.saturating_add(1);
        *times
    }
}

fn failure(api: &Api, status: u16) -> Reply {
    Reply::json(status, (api.error)(status))
}

/// The data survive a panic of another thread: each change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
