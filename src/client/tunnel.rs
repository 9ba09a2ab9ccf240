//! The way to the server: a TCP connection, through a proxy if there is one.
//!
//! ureq has a connector for CONNECT, too. It gives each read of the proxy's answer the whole time again, so that a byte
//! now and then holds it for ever; takes no success but 200; and tells every failure in one text, with the server's words
//! in it. This one reads within what is left of the time to connect, keeps the head bounded, and says what happened. The
//! resolver beside it knows the proxy's addresses instead of the server's, so TCP leads to the proxy and nowhere else.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use ureq::unversioned::transport::{ConnectionDetails, Connector};

use super::MAX_HEAD;
use super::proxy::Proxy;
use super::tcp::{Stream, TcpTransport};

/// Connects to the server, or to the proxy and through it.
#[derive(Debug)]
pub struct Tunnel {
    /// The proxy, if the way leads through one.
    pub proxy: Option<Arc<Proxy>>,
}

impl Connector for Tunnel {
    type Out = TcpTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<TcpTransport>, ureq::Error> {
        let connected = Stream::connect(details);
        let stream = match &self.proxy {
            None => connected?,
            Some(proxy) => {
                let mut stream = connected.map_err(|e| Failed::to_connect(e).wrapped())?;
                match open(proxy, &mut stream) {
                    Ok(200..300) => stream,
                    Ok(status) => return Err(Failed::Status(status).wrapped()),
                    Err(failed) => return Err(failed.wrapped()),
                }
            }
        };
        Ok(Some(TcpTransport::new(stream, details)))
    }
}

/// Asks for the tunnel, and returns the status of the answer. Nothing behind its head is read: that belongs to the tunnel.
fn open(proxy: &Proxy, stream: &mut (impl Read + Write)) -> Result<u16, Failed> {
    let target = &proxy.target;
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    request += concat!("User-Agent: acctq/", env!("CARGO_PKG_VERSION"), "\r\n");
    if let Some(credentials) = &proxy.credentials {
        request += "Proxy-Authorization: Basic ";
        request += credentials.expose();
        request += "\r\n";
    }
    request += "\r\n";
    stream
        .write_all(request.as_bytes())
        .map_err(Failed::to_answer)?;
    let mut read = 0;
    loop {
        let status = status(stream, &mut read)?;
        // An interim answer is followed by another (RFC 9110 15.2).
        if !(100..200).contains(&status) {
            return Ok(status);
        }
    }
}

/// Reads one head, and returns its status. `read` counts the bytes of all.
fn status(stream: &mut impl Read, read: &mut usize) -> Result<u16, Failed> {
    let mut head = Vec::new();
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        // Byte by byte, for what follows is not ours; it is a line or a few, once a connection.
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => return Err(Failed::Closed),
            Ok(_) => head.push(byte[0]),
            Err(e) => return Err(Failed::to_answer(e)),
        }
        *read += 1;
        // Whoever speaks something else is not waited for.
        if head.len() <= 7 && !b"HTTP/1.".starts_with(&head) || *read > MAX_HEAD {
            return Err(Failed::NotHttp);
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&head) {
        Ok(httparse::Status::Complete(_)) => response.code.ok_or(Failed::NotHttp),
        _ => Err(Failed::NotHttp),
    }
}

/// What goes wrong before there is a tunnel.
#[derive(Debug)]
pub enum Failed {
    /// The proxy's name has no address.
    Name,
    /// The name did not resolve in time.
    NameInTime,
    /// No connection to the proxy in time.
    ConnectInTime,
    /// No connection to the proxy.
    Connect(io::Error),
    /// The proxy did not answer in time.
    AnswerInTime,
    /// The proxy closed the connection before its answer was complete.
    Closed,
    /// The answer is not HTTP, or never ends.
    NotHttp,
    /// The proxy answered that there is no tunnel.
    Status(u16),
}

impl Failed {
    /// As what the proxy's resolver says.
    pub fn to_resolve(error: &ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Failed::NameInTime,
            _ => Failed::Name,
        }
    }

    fn to_connect(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Failed::ConnectInTime,
            ureq::Error::Io(e) => Failed::Connect(e),
            _ => Failed::Connect(io::ErrorKind::Other.into()),
        }
    }

    fn to_answer(error: io::Error) -> Self {
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => Failed::AnswerInTime,
            _ => Failed::Closed,
        }
    }

    /// As ureq carries it.
    pub fn wrapped(self) -> ureq::Error {
        ureq::Error::Other(Box::new(self))
    }
}

/// For ureq, which wants one; what people read is in `failure`.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no tunnel through the proxy")
    }
}

impl std::error::Error for Failed {}
