//! A loopback server with both APIs and every failure, so that scripts can be tried without network, token or risk.
//!
//! Its clients may be hostile: a web page in the user's browser, another user of the machine. So it binds to loopback only, answers
//! only to its own name (DNS rebinding), accepts well-known tokens only and drops every other unseen, never repeats what a request
//! holds, and bounds what a request may cost.

mod cases;
mod connected;
mod http;
mod list;
mod partner;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use httparse::Request;
use jiff::Timestamp;

use cases::{APIS, Answer, Api};
use http::{Body, Reply};
use list::List;

use crate::process::lock;

pub use cases::rows;
pub use list::ACCOUNTS;

/// The bearer token that the sandbox accepts. It is public and grants nothing. With `-N` behind it, it expires after N requests.
pub const TOKEN: &str = "acctq-sandbox-token";

/// The most connections that are served; more are answered with 503.
const MAX_CONNECTIONS: usize = 256;

/// Starts a sandbox that serves until the process ends, and returns its base URL, such as `http://127.0.0.1:41234`. It binds `port`
/// of 127.0.0.1 (0: a free one), with this number of accounts in Connect's list.
///
/// # Errors
/// If the port is taken or not allowed, or no thread can be started.
pub fn start(port: u16, accounts: u32) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    let now = Timestamp::now();
    let shared = Shared {
        address,
        list: List { count: accounts, now },
        replies: AtomicU64::default(),
        now,
        requests: Mutex::default(),
    };
    thread::Builder::new().spawn(move || accept(&listener, &Arc::new(shared)))?;
    Ok(format!("http://{address}"))
}

/// What the threads share.
struct Shared {
    address: SocketAddr,
    list: List,
    /// The number of answers, for `X-Request-Id`.
    replies: AtomicU64,
    /// When the server started: the times of accounts stay the same.
    now: Timestamp,
    /// How often each id was requested, for ids whose answer changes, and how often each token was used that expires.
    requests: Mutex<HashMap<String, usize>>,
}

/// Accepts connections, each on a thread of its own, which holds `shared` while it lasts.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Most likely no file descriptor is free; other connections have to end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if Arc::strong_count(shared) > MAX_CONNECTIONS {
            // A few bytes always fit into a fresh socket, so this does not block.
            let _ = Reply::refusal(503).write(&stream, &shared.replies, false);
            continue;
        }
        let shared = Arc::clone(shared);
        // If no thread can be started, the connection is closed.
        let _ = thread::Builder::new().spawn(move || http::serve(stream, &shared.replies, |r| shared.reply(r)));
    }
}

impl Shared {
    fn reply(&self, request: &Request<'_, '_>) -> Reply {
        if !http::only(request, "host").is_some_and(|host| self.is_own_name(host)) {
            return Reply::refusal(403);
        }
        // Paths are compared as they come: nothing is decoded, so no encoding can smuggle anything in.
        let path = request.path.unwrap_or_default();
        let Some((api, rest)) = APIS.iter().find_map(|api| Some((api, api.below(path)?))) else {
            return Reply::refusal(404);
        };
        let token = http::only(request, "authorization").and_then(|value| value.strip_prefix(b"Bearer "));
        let token = token.and_then(|token| str::from_utf8(token).ok());
        if token != Some(TOKEN) {
            match token.and_then(|token| token.strip_prefix(TOKEN)?.strip_prefix('-')?.parse::<u16>().ok()) {
                Some(requests) if self.count(&format!("{TOKEN}-{requests}")) <= requests.into() => {}
                Some(_) => return Reply::new(api.unauthorized, api.expired),
                None => return api.failure(api.unauthorized),
            }
        }
        if request.method != Some("GET") {
            // Without a body, which the answer to a HEAD must not have.
            return Reply { headers: &[("Allow", "GET")], ..Reply::new(405, "") };
        }
        let id = match rest.strip_prefix('/') {
            Some(id) => id,
            None if rest.is_empty() && api.has_list => {
                return Reply { body: Body::List(self.list), ..Reply::new(200, "") };
            }
            None => return api.failure(404),
        };
        if let Some(case) = api.case(id) {
            return self.answer(api, id, &case.answer);
        }
        match api.has_list.then(|| self.list.account(id)).flatten() {
            Some(account) => Reply::new(200, account),
            None => api.failure(404),
        }
    }

    fn answer(&self, api: &Api, id: &str, answer: &Answer) -> Reply {
        match *answer {
            Answer::Account(layers) => Reply::new(200, api.document(id, layers, self.now)),
            Answer::Delivered(delivery) => Reply { delivery, ..Reply::new(200, api.document(id, &[], self.now)) },
            Answer::Failure(status, headers) => Reply { headers, ..api.failure(status) },
            Answer::Bytes(status, headers, body) => Reply { headers, ..Reply::new(status, body) },
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
        let port = match self.address.port() {
            80 => String::new(),
            port => format!(":{port}"),
        };
        ["127.0.0.1", "localhost"].iter().any(|name| host.eq_ignore_ascii_case(format!("{name}{port}").as_bytes()))
    }

    /// How often the id, or the token, has been requested, this time included.
    fn count(&self, id: &str) -> usize {
        let mut requests = lock(&self.requests);
        let times = requests.entry(id.to_owned()).or_default();
        *times += 1;
        *times
    }
}
