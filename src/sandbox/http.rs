//! A minimal HTTP/1.1 server side: every request and every wait is bounded.
//!
//! `httparse` reads the requests. A request with a body is refused, and the connection of a malformed one is closed after the
//! answer, so that none of its bytes can be taken for the next request.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use httparse::{EMPTY_HEADER, Error, Request, Status};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::list::List;

/// The largest request line and headers together, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// The time to wait for a request, and again from its first byte to the end of its head.
const REQUEST: Duration = Duration::from_secs(5);

/// The time to write while the client reads nothing.
const WRITE: Duration = Duration::from_secs(30);

/// The delay of [`Delivery::Late`].
const LATE: Duration = Duration::from_secs(30);

/// Time and bytes for a client that is still sending when it is refused: closing earlier would reset the connection, and the
/// answer would be lost.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1024 * 1024);

/// How a reply reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// As it should.
    Whole,
    /// Half of the body, then the end of the connection.
    Half,
    /// After 30 seconds.
    Late,
    /// The connection is reset instead.
    Reset,
}

/// The body of a reply.
#[derive(Debug)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// Generated while it is written: in chunks, or, to HTTP/1.0, until the connection ends.
    List(List, bool),
}

/// A reply to a request.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    /// Headers beside those of every reply.
    pub headers: &'static [(&'static str, &'static str)],
    pub content_type: Option<&'static str>,
    pub body: Body,
    pub delivery: Delivery,
}

impl Reply {
    pub fn new(status: u16, body: Body) -> Self {
        let content_type = Some("application/json");
        Reply { status, headers: &[], content_type, body, delivery: Delivery::Whole }
    }

    pub fn json(status: u16, body: String) -> Self {
        Reply::new(status, Body::Bytes(body.into_bytes()))
    }

    pub fn list(list: List, chunked: bool) -> Self {
        Reply::new(200, Body::List(list, chunked))
    }

    /// A refusal by the server itself rather than by one of the APIs.
    pub fn refusal(status: u16) -> Self {
        Reply::json(status, format!(r#"{{"status":{status},"message":"{}"}}"#, phrases(status).1))
    }

    /// Writes the reply with this number as its request id.
    pub fn write(&self, mut out: impl Write, number: u64, keep_alive: bool) -> io::Result<()> {
        let mut bytes = self.head(number, keep_alive).into_bytes();
        match &self.body {
            Body::Bytes(body) => {
                let length = if self.delivery == Delivery::Half { body.len() / 2 } else { body.len() };
                bytes.extend_from_slice(&body[..length]);
                return out.write_all(&bytes);
            }
            Body::List(list, true) => {
                for piece in list.pieces() {
                    bytes.extend_from_slice(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes());
                    out.write_all(&bytes)?;
                    bytes.clear();
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
            Body::List(list, false) => {
                for piece in list.pieces() {
                    bytes.extend_from_slice(piece.as_bytes());
                    out.write_all(&bytes)?;
                    bytes.clear();
                }
            }
        }
        out.write_all(&bytes)
    }

    fn head(&self, number: u64, keep_alive: bool) -> String {
        let (status, phrase) = (self.status, phrases(self.status).0);
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()).unwrap_or_default();
        let mut head = format!("HTTP/1.1 {status} {phrase}\r\nDate: {date}\r\nX-Request-Id: sandbox-{number:06}\r\n");
        // Writing to a String cannot fail.
        let _ = match &self.body {
            Body::Bytes(bytes) => write!(head, "Content-Length: {}\r\n", bytes.len()),
            Body::List(_, true) => write!(head, "Transfer-Encoding: chunked\r\n"),
            Body::List(_, false) => Ok(()),
        };
        let content_type = self.content_type.map(|value| ("Content-Type", value));
        let connection = (!keep_alive || self.ends_connection()).then_some(("Connection", "close"));
        for (name, value) in self.headers.iter().copied().chain(content_type).chain(connection) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head + "\r\n"
    }

    /// Whether the end of the connection is the end of the reply.
    fn ends_connection(&self) -> bool {
        self.delivery == Delivery::Half || matches!(self.body, Body::List(_, false))
    }
}

/// The result of waiting for a request.
pub(super) enum Received<T> {
    /// A request: what `judge` made of it, and whether the connection is kept alive.
    Request(T, bool),
    /// A request that is answered with this status and the end of the connection.
    Refused(u16),
    /// The client closed the connection or stayed silent.
    Closed,
}

/// The requests of one client.
pub(super) struct Connection<'a> {
    stream: &'a TcpStream,
    /// The bytes received and not yet answered.
    buffer: Vec<u8>,
}

impl<'a> Connection<'a> {
    pub fn new(stream: &'a TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE))?;
        Ok(Connection { stream, buffer: Vec::new() })
    }

    /// Waits for a request and shows it to `judge`. It does not outlive the call, and neither does a token in it.
    pub fn receive<T>(&mut self, judge: impl Fn(&Request<'_, '_>) -> T) -> Received<T> {
        let mut deadline = Instant::now() + REQUEST;
        loop {
            let mut headers = [EMPTY_HEADER; MAX_HEADERS];
            let mut request = Request::new(&mut headers);
            match request.parse(&self.buffer) {
                Ok(Status::Complete(length)) => {
                    let received = match body_refusal(&request) {
                        Some(status) => Received::Refused(status),
                        None => Received::Request(judge(&request), keeps_alive(&request)),
                    };
                    self.buffer.drain(..length);
                    return received;
                }
                Ok(Status::Partial) if self.buffer.len() >= MAX_HEAD => {
                    let has_line = self.buffer.contains(&b'\n');
                    return Received::Refused(if has_line { 431 } else { 414 });
                }
                Ok(Status::Partial) => {}
                Err(Error::TooManyHeaders) => return Received::Refused(431),
                Err(_) => return Received::Refused(400),
            }
            let is_first = self.buffer.is_empty();
            match self.read(deadline) {
                Ok(0) => return Received::Closed,
                Ok(_) if is_first => deadline = Instant::now() + REQUEST,
                Ok(_) => {}
                Err(e) if is_timeout(&e) && !is_first => return Received::Refused(408),
                Err(_) => return Received::Closed,
            }
        }
    }

    /// Writes a reply; `Ok(true)` if the connection is kept alive.
    pub fn send(&mut self, reply: &Reply, number: u64, keep_alive: bool) -> io::Result<bool> {
        match reply.delivery {
            Delivery::Reset => return self.reset(),
            Delivery::Late if !self.stays_open(LATE) => return Ok(false),
            _ => reply.write(self.stream, number, keep_alive)?,
        }
        if keep_alive && !reply.ends_connection() {
            return Ok(true);
        }
        self.linger()?;
        Ok(false)
    }

    /// Reads what arrives before `deadline`; 0 at the end.
    fn read(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(wait))?;
            match self.stream.read(&mut chunk) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
                Ok(length) => {
                    self.buffer.extend_from_slice(&chunk[..length]);
                    return Ok(length);
                }
            }
        }
    }

    /// Closes the connection by a reset.
    #[cfg(unix)]
    fn reset(&self) -> io::Result<bool> {
        // Closing a socket that does not linger resets the connection (socket(7)).
        rustix::net::sockopt::set_socket_linger(self.stream, Some(Duration::ZERO))?;
        Ok(false)
    }

    /// Closes the connection.
    #[cfg(not(unix))]
    fn reset(&self) -> io::Result<bool> {
        self.stream.shutdown(Shutdown::Both)?;
        Ok(false)
    }

    /// Whether the client stays connected for this time. It listens instead of sleeping, so that a client that goes away, or the
    /// end of the server, ends the wait at once.
    fn stays_open(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            match self.read(deadline) {
                Ok(0) => return false,
                Ok(_) if self.buffer.len() > MAX_HEAD => return false,
                Ok(_) => {}
                Err(e) => return is_timeout(&e),
            }
        }
    }

    /// Ends our side of the connection and lets the client finish.
    fn linger(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let (wait, mut left) = LINGER;
        let deadline = Instant::now() + wait;
        while left > 0 {
            self.buffer.clear();
            match self.read(deadline)? {
                0 => break,
                length => left = left.saturating_sub(length),
            }
        }
        Ok(())
    }
}

fn is_timeout(error: &io::Error) -> bool {
    // The first on Unix, the second on Windows.
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The value of a header that is there exactly once: of two, neither can be trusted.
pub(super) fn only<'a>(request: &Request<'_, 'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = values(request, name);
    values.next().filter(|_| values.next().is_none())
}

fn values<'a>(request: &Request<'_, 'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let headers = request.headers.iter();
    headers.filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// The status with which a request that announces a body is refused.
fn body_refusal(request: &Request<'_, '_>) -> Option<u16> {
    if values(request, "transfer-encoding").next().is_some() {
        return Some(413);
    }
    values(request, "content-length").find_map(|length| match length {
        b"0" => None,
        [_, ..] if length.iter().all(u8::is_ascii_digit) => Some(413),
        _ => Some(400),
    })
}

/// Whether the client keeps the connection alive after this request (RFC 9112, 9.3).
fn keeps_alive(request: &Request<'_, '_>) -> bool {
    let has_option = |option: &str| {
        let mut options = values(request, "connection").flat_map(|value| value.split(|b| *b == b','));
        options.any(|word| word.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
    };
    match request.version {
        Some(1) => !has_option("close"),
        _ => has_option("keep-alive"),
    }
}

/// A status's reason phrase, from which the APIs form their error codes too, and a sentence.
pub(super) const fn phrases(status: u16) -> (&'static str, &'static str) {
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
        431 => ("Request Header Fields Too Large", "The request's headers are too large."),
        501 => ("Not Implemented", "This is not implemented."),
        503 => ("Service Unavailable", "The service is down for maintenance."),
        _ => ("Internal Server Error", "Something went wrong."),
    }
}
