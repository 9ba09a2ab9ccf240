//! Just enough HTTP/1.1 to be a server that no client can bring down: every request and every wait is bounded.
//!
//! `httparse` reads the requests. A body is refused, since nothing here takes one; what cannot be framed is answered once
//! and its connection closed, so that no byte of it can pass for the next request.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use httparse::{EMPTY_HEADER, Header, Request, Status};

use super::list::List;

/// The largest request line and headers together, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long and how much is read from a client that may still be sending when it has been refused, so that the answer is
/// not lost to the reset that closing over unread bytes sends.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1024 * 1024);

/// How much at once, and how long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The most connections that are served; more are turned away.
    pub connections: usize,
    /// To wait for a request, and again from its first byte to the end of its head.
    pub request: Duration,
    /// To write, as long as the client takes nothing: somebody may be reading a list page by page.
    pub write: Duration,
    /// What [`Delivery::Late`] waits.
    pub late: Duration,
}

/// How a reply reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// As it should.
    Whole,
    /// Half of the body, then the end of the connection.
    Half,
    /// After a long wait.
    Late,
    /// Not at all: the connection is reset.
    Reset,
}

/// What an answer says.
#[derive(Debug)]
pub(super) enum Body {
    Bytes(Cow<'static, [u8]>),
    /// Written while it is made up: in chunks, or (to HTTP/1.0, which has none) up to the end of the connection.
    List(List, Framing),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Chunks,
    Close,
}

/// An answer to a request.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    /// Beside those that every answer has.
    pub headers: &'static [(&'static str, &'static str)],
    pub content_type: Option<&'static str>,
    pub body: Body,
    pub delivery: Delivery,
}

impl Reply {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: String) -> Self {
        Reply {
            status,
            headers: &[],
            content_type: Some("application/json"),
            body: Body::Bytes(Cow::Owned(body.into_bytes())),
            delivery: Delivery::Whole,
        }
    }

    /// A list.
    pub fn list(list: List, request: &Request<'_, '_>) -> Self {
        let framing = match request.version {
            Some(1) => Framing::Chunks,
            _ => Framing::Close,
        };
        Reply {
            body: Body::List(list, framing),
            ..Reply::json(200, String::new())
        }
    }

    /// A refusal that is neither API's.
    pub fn refusal(status: u16) -> Self {
        Reply::json(
            status,
            format!(r#"{{"status":{status},"message":"{}"}}"#, words(status).1),
        )
    }

    /// Writes it, with the number of the answer.
    pub fn write(&self, mut out: impl Write, number: u64, keep_alive: bool) -> io::Result<()> {
        let mut bytes = self.head(number, keep_alive).into_bytes();
        let (list, framing) = match &self.body {
            Body::Bytes(body) => {
                let sent = match self.delivery {
                    Delivery::Half => body.len() / 2,
                    _ => body.len(),
                };
                bytes.extend_from_slice(&body[..sent]);
                return out.write_all(&bytes);
            }
            Body::List(list, framing) => (list, *framing),
        };
        for piece in list.pieces() {
            if framing == Framing::Chunks {
                bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                bytes.extend_from_slice(piece.as_bytes());
                bytes.extend_from_slice(b"\r\n");
            } else {
                bytes.extend_from_slice(piece.as_bytes());
            }
            out.write_all(&bytes)?;
            bytes.clear();
        }
        if framing == Framing::Chunks {
            out.write_all(b"0\r\n\r\n")?;
        }
        Ok(())
    }

    fn head(&self, number: u64, keep_alive: bool) -> String {
        let mut head = String::with_capacity(1024);
        // Writing to a String cannot fail; `httpdate` cannot write a date before its epoch.
        let _ = write!(
            head,
            "HTTP/1.1 {} {}\r\nDate: {}\r\nX-Request-Id: sandbox-{number:06}\r\n",
            self.status,
            words(self.status).0,
            httpdate::fmt_http_date(SystemTime::now().max(SystemTime::UNIX_EPOCH)),
        );
        let framing = match &self.body {
            Body::Bytes(bytes) => Some(("Content-Length", bytes.len().to_string())),
            Body::List(_, Framing::Chunks) => Some(("Transfer-Encoding", "chunked".to_owned())),
            Body::List(_, Framing::Close) => None,
        };
        let content_type = self.content_type.map(|value| ("Content-Type", value));
        let is_last = !keep_alive || self.is_framed_by_its_end();
        let connection = is_last.then_some(("Connection", "close"));
        for (name, value) in framing
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(self.headers.iter().copied())
            .chain(content_type)
            .chain(connection)
        {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head
    }

    fn is_framed_by_its_end(&self) -> bool {
        matches!(self.body, Body::List(_, Framing::Close))
    }
}

/// What came of waiting for a request.
pub(super) enum Received<T> {
    /// A request, what was made of it, and whether another one may follow.
    Request(T, bool),
    /// Something that cannot be answered but with this status and the end of the connection.
    Refused(u16),
    /// Nothing: the client went away or stayed silent.
    Closed,
}

/// The requests of one client.
pub(super) struct Connection<'a> {
    stream: &'a TcpStream,
    limits: Limits,
    buffer: Box<[u8]>,
    /// How much of `buffer` is filled.
    filled: usize,
    /// How much of `filled` has only been peeked at, and still lies in the socket. Closing over it is what resets a
    /// connection: the one way to do so that `std` has.
    peeked: usize,
    /// How much of `filled` is the request that is being answered.
    answered: usize,
}

impl<'a> Connection<'a> {
    pub fn new(stream: &'a TcpStream, limits: Limits) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(limits.write))?;
        Ok(Connection {
            stream,
            limits,
            buffer: vec![0; MAX_HEAD].into_boxed_slice(),
            filled: 0,
            peeked: 0,
            answered: 0,
        })
    }

    /// Waits for a request and shows it to `judge`; it does not outlive the call, and so neither does a token in it.
    pub fn receive<T>(&mut self, judge: impl Fn(&Request<'_, '_>) -> T) -> Received<T> {
        self.buffer.copy_within(self.answered..self.filled, 0);
        self.filled -= self.answered;
        self.answered = 0;
        let mut deadline = Instant::now() + self.limits.request;
        loop {
            let mut headers = [EMPTY_HEADER; MAX_HEADERS];
            let mut request = Request::new(&mut headers);
            match request.parse(&self.buffer[..self.filled]) {
                Ok(Status::Complete(length)) => {
                    self.answered = length;
                    return match body(&request) {
                        Some(refusal) => Received::Refused(refusal),
                        None => Received::Request(judge(&request), keeps_alive(&request)),
                    };
                }
                Ok(Status::Partial) if self.filled == MAX_HEAD => {
                    let is_target = !self.buffer.contains(&b'\n');
                    return Received::Refused(if is_target { 414 } else { 431 });
                }
                Ok(Status::Partial) => {}
                Err(httparse::Error::TooManyHeaders) => return Received::Refused(431),
                Err(_) => return Received::Refused(400),
            }
            let is_first = self.filled == 0;
            match self.take().and_then(|()| self.peek(deadline)) {
                Ok(0) => return Received::Closed,
                Ok(_) if is_first => deadline = Instant::now() + self.limits.request,
                Ok(_) => {}
                Err(e) if is_timeout(&e) && !is_first => return Received::Refused(408),
                Err(_) => return Received::Closed,
            }
        }
    }

    /// Writes an answer; `Ok(true)` if another request may follow.
    pub fn send(&mut self, reply: &Reply, request_id: u64, keep_alive: bool) -> io::Result<bool> {
        match reply.delivery {
            Delivery::Reset => return Ok(false),
            Delivery::Late if !self.outlasts(self.limits.late)? => return Ok(false),
            _ => self.take()?,
        }
        reply.write(self.stream, request_id, keep_alive)?;
        if keep_alive && reply.delivery != Delivery::Half && !reply.is_framed_by_its_end() {
            return Ok(true);
        }
        self.linger()?;
        Ok(false)
    }

    /// Looks at what arrives before `deadline`, without taking it off the socket; 0 at the end.
    fn peek(&mut self, deadline: Instant) -> io::Result<usize> {
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(wait))?;
            match self.stream.peek(&mut self.buffer[self.filled..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
                Ok(length) => {
                    self.filled += length;
                    self.peeked = length;
                    return Ok(length);
                }
            }
        }
    }

    /// Takes off the socket what has been peeked at.
    fn take(&mut self) -> io::Result<()> {
        let start = self.filled - self.peeked;
        self.peeked = 0;
        self.stream.read_exact(&mut self.buffer[start..self.filled])
    }

    /// Whether the client is still there after `wait`, having listened rather than slept, so that its going away, or the
    /// server's, ends this at once.
    fn outlasts(&mut self, wait: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + wait;
        loop {
            self.take()?;
            if self.filled == MAX_HEAD {
                return Ok(false);
            }
            match self.peek(deadline) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(e) if is_timeout(&e) => return Ok(true),
                Err(e) => return Err(e),
            }
        }
    }

    /// Says that nothing follows, and lets the client finish.
    fn linger(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let (wait, mut left) = LINGER;
        let deadline = Instant::now() + wait;
        while left > 0 {
            self.filled = 0;
            match self.peek(deadline)? {
                0 => break,
                length => left = left.saturating_sub(length),
            }
            self.take()?;
        }
        Ok(())
    }
}

fn is_timeout(error: &io::Error) -> bool {
    // Unix says the one, Windows the other.
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// The value of the header of that name if it is there exactly once: of two, nobody can say which one counts.
pub(super) fn only<'a>(request: &Request<'_, 'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = named(request, name);
    values.next().filter(|_| values.next().is_none())
}

fn named<'a>(request: &Request<'_, 'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let is_named = move |header: &&Header<'a>| header.name.eq_ignore_ascii_case(name);
    request
        .headers
        .iter()
        .filter(is_named)
        .map(|header| header.value)
}

/// The status with which a request is refused that announces a body.
fn body(request: &Request<'_, '_>) -> Option<u16> {
    if named(request, "transfer-encoding").next().is_some() {
        return Some(413);
    }
    named(request, "content-length").find_map(|length| match length {
        b"0" => None,
        [] => Some(400),
        _ if length.iter().all(u8::is_ascii_digit) => Some(413),
        _ => Some(400),
    })
}

/// Whether the client wants to go on after this request (RFC 9112, 9.3).
fn keeps_alive(request: &Request<'_, '_>) -> bool {
    let asks_for = |option: &str| {
        named(request, "connection").any(|value| {
            value
                .split(|b| *b == b',')
                .any(|word| word.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
        })
    };
    match request.version {
        Some(1) => !asks_for("close"),
        _ => asks_for("keep-alive"),
    }
}

/// A status's reason phrase, from which the APIs form their error codes too, and a sentence about it.
pub(super) const fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        200 => ("OK", ""),
        302 => ("Found", ""),
        400 => ("Bad Request", "The request is malformed."),
        401 => ("Unauthorized", "The token is missing or invalid."),
        403 => ("Forbidden", "Access is denied."),
        404 => ("Not Found", "Failed to find the requested account."),
        405 => ("Method Not Allowed", "Only GET is served."),
        408 => ("Request Timeout", "The request took too long to arrive."),
        409 => ("Conflict", "The account is being changed."),
        410 => ("Gone", "The account has been removed."),
        413 => ("Content Too Large", "A request has no body here."),
        414 => ("URI Too Long", "The request's target is too long."),
        429 => ("Too Many Requests", "Too many requests; slow down."),
        431 => (
            "Request Header Fields Too Large",
            "The request's headers are too large.",
        ),
        501 => ("Not Implemented", "This is not implemented."),
        503 => (
            "Service Unavailable",
            "The service is down for maintenance.",
        ),
        _ => ("Internal Server Error", "Something went wrong."),
    }
}
