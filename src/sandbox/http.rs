//! A minimal HTTP/1.1 server side: every request and every wait is bounded.
//!
//! `httparse` reads the requests. A malformed one, or one with a body, is refused with 400 and its connection closed, so that none of
//! its bytes can be taken for the next request.

use std::io::{self, BufWriter, Read as _, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use httparse::{EMPTY_HEADER, Request, Status};

use super::list::List;

/// The largest request line and headers together, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// Timeout of waiting for a request, to the end of its head.
const REQUEST: Duration = Duration::from_secs(5);
/// Timeout of a write.
const WRITE: Duration = Duration::from_secs(30);
/// The delay of [`Delivery::Late`].
const LATE: Duration = Duration::from_secs(30);
/// Time for a client that is still sending when the connection is ended: closing earlier would reset it, and the answer would be
/// lost.
const LINGER: Duration = Duration::from_secs(1);

/// Names and values.
pub(super) type Headers = &'static [(&'static str, &'static str)];

/// How a reply reaches the client.
#[derive(Clone, Copy, PartialEq, Eq)]
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
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// Generated while it is written, in chunks.
    List(List),
}

/// A reply to a request.
pub(super) struct Reply {
    pub status: u16,
    /// Headers beside those of every reply. Without a Content-Type among them, the body is JSON.
    pub headers: Headers,
    pub body: Body,
    pub delivery: Delivery,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Reply { status, headers: &[], body: Body::Bytes(body.into()), delivery: Delivery::Whole }
    }

    /// A refusal by the server itself rather than by one of the APIs.
    pub fn refusal(status: u16) -> Self {
        Reply::new(status, format!(r#"{{"status":{status},"message":"{}"}}"#, phrases(status).1))
    }

    /// Writes the reply, with its number among the replies as its request id.
    pub fn write(&self, stream: &TcpStream, replies: &AtomicU64, keep_alive: bool) -> io::Result<()> {
        let mut out = BufWriter::new(stream);
        let number = replies.fetch_add(1, Ordering::Relaxed) + 1;
        let (status, phrase) = (self.status, phrases(self.status).0);
        write!(out, "HTTP/1.1 {status} {phrase}\r\nX-Request-Id: sandbox-{number:06}\r\n")?;
        let has_type = self.headers.iter().any(|(name, _)| *name == "Content-Type");
        let content_type = (!has_type).then_some(("Content-Type", "application/json"));
        let connection = (!keep_alive).then_some(("Connection", "close"));
        for (name, value) in self.headers.iter().copied().chain(content_type).chain(connection) {
            write!(out, "{name}: {value}\r\n")?;
        }
        match &self.body {
            Body::Bytes(body) => {
                write!(out, "Content-Length: {}\r\n\r\n", body.len())?;
                let is_half = self.delivery == Delivery::Half;
                out.write_all(if is_half { &body[..body.len() / 2] } else { body })?;
            }
            Body::List(list) => {
                write!(out, "Transfer-Encoding: chunked\r\n\r\n")?;
                for piece in list.pieces() {
                    write!(out, "{:x}\r\n{piece}\r\n", piece.len())?;
                }
                write!(out, "0\r\n\r\n")?;
            }
        }
        out.flush()
    }
}

/// Answers the requests of a client until the connection ends, and counts the replies. An error means that the client has gone: there
/// is no one to report it to.
pub(super) fn serve(
    stream: TcpStream,
    replies: &AtomicU64,
    answer: impl Fn(&Request<'_, '_>) -> Reply,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(WRITE))?;
    let mut connection = Connection { stream, buffer: Vec::new() };
    while let Some((reply, keep_alive)) = connection.receive(&answer)? {
        match reply.delivery {
            Delivery::Reset => {
                // Closing a socket that does not linger resets the connection (socket(7)).
                #[cfg(unix)]
                rustix::net::sockopt::set_socket_linger(&connection.stream, Some(Duration::ZERO))?;
                break;
            }
            Delivery::Late => connection.discard(LATE)?,
            Delivery::Whole | Delivery::Half => {}
        }
        reply.write(&connection.stream, replies, keep_alive)?;
        if !keep_alive {
            connection.stream.shutdown(Shutdown::Write)?;
            return connection.discard(LINGER);
        }
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    /// The bytes received and not yet answered.
    buffer: Vec<u8>,
}

impl Connection {
    /// Waits for a request. Returns the reply that `answer` or a fault of the request gives it, and whether the connection is kept
    /// alive; `None` if the client has gone.
    fn receive(&mut self, answer: impl Fn(&Request<'_, '_>) -> Reply) -> io::Result<Option<(Reply, bool)>> {
        let deadline = Instant::now() + REQUEST;
        loop {
            let mut headers = [EMPTY_HEADER; MAX_HEADERS];
            let mut request = Request::new(&mut headers);
            match request.parse(&self.buffer) {
                Ok(Status::Complete(length)) if request.version == Some(1) && !has_body(&request) => {
                    let reply = answer(&request);
                    let keep_alive = reply.delivery == Delivery::Whole && !asks_to_close(&request);
                    self.buffer.drain(..length);
                    return Ok(Some((reply, keep_alive)));
                }
                Ok(Status::Partial) if self.buffer.len() < MAX_HEAD => {
                    if self.read(deadline)? == 0 {
                        return Ok(None);
                    }
                }
                _ => return Ok(Some((Reply::refusal(400), false))),
            }
        }
    }

    /// Reads what arrives before `deadline`; 0 at the end.
    fn read(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        // No time left is an error.
        self.stream.set_read_timeout(Some(deadline.saturating_duration_since(Instant::now())))?;
        let length = self.stream.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..length]);
        Ok(length)
    }

    /// Discards what arrives for this time. A client that goes away ends it, with an error.
    fn discard(&mut self, time: Duration) -> io::Result<()> {
        let deadline = Instant::now() + time;
        loop {
            self.buffer.clear();
            match self.read(deadline) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                // Time is up, or the connection is broken, which writing will tell.
                Err(_) => return Ok(()),
            }
        }
    }
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

fn has_body(request: &Request<'_, '_>) -> bool {
    values(request, "transfer-encoding").next().is_some()
        || values(request, "content-length").any(|length| length != b"0")
}

/// Whether this is to be the last request of its connection (RFC 9112, 9.6).
fn asks_to_close(request: &Request<'_, '_>) -> bool {
    values(request, "connection").any(|value| value.eq_ignore_ascii_case(b"close"))
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
        405 => ("Method Not Allowed", ""),
        409 => ("Conflict", "The account is being changed."),
        410 => ("Gone", "The account has been removed."),
        429 => ("Too Many Requests", "Too many requests; slow down."),
        501 => ("Not Implemented", "This is not implemented."),
        503 => ("Service Unavailable", "The service is down for maintenance."),
        _ => ("Internal Server Error", "Something went wrong."),
    }
}
