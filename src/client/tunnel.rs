//! The way through a proxy: CONNECT (RFC 9110 9.3.6), within what is left of the time to connect.

use std::io::{self, Read, Write};

use super::MAX_HEAD;
use super::proxy::Proxy;
use super::wire::{Broken, NoTunnel};

/// Has the proxy connect `stream` to the server.
///
/// # Errors
/// Why it does not.
pub fn open(proxy: &Proxy, stream: &mut (impl Read + Write)) -> Result<(), NoTunnel> {
    match ask(proxy, stream)? {
        200..300 => Ok(()),
        status => Err(NoTunnel::Status(status)),
    }
}

/// Asks for the tunnel, and returns the status of the answer. Nothing behind its head is read: that belongs to the tunnel.
fn ask(proxy: &Proxy, stream: &mut (impl Read + Write)) -> Result<u16, NoTunnel> {
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
        .map_err(NoTunnel::to_answer)?;
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
fn status(stream: &mut impl Read, read: &mut usize) -> Result<u16, NoTunnel> {
    let mut head = Vec::new();
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        // Byte by byte, for what follows is not ours; it is a line or a few, once a connection.
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => return Err(NoTunnel::Closed),
            Ok(_) => head.push(byte[0]),
            Err(e) => return Err(NoTunnel::to_answer(e)),
        }
        *read += 1;
        // Whoever speaks something else is not waited for.
        if head.len() <= 7 && !b"HTTP/1.".starts_with(&head) || *read > MAX_HEAD {
            return Err(NoTunnel::NotHttp);
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&head) {
        Ok(httparse::Status::Complete(_)) => response.code.ok_or(NoTunnel::NotHttp),
        _ => Err(NoTunnel::NotHttp),
    }
}

impl NoTunnel {
    /// As what looking for the proxy's address comes to.
    pub fn to_resolve(broken: &Broken) -> Self {
        match broken {
            Broken::Late(_) => NoTunnel::NameInTime,
            _ => NoTunnel::Name,
        }
    }

    /// As what connecting to the proxy comes to.
    pub fn to_connect(broken: Broken) -> Self {
        match broken {
            Broken::Late(_) => NoTunnel::ConnectInTime,
            broken => NoTunnel::Connect(broken.into()),
        }
    }

    fn to_answer(error: io::Error) -> Self {
        match Broken::from(error) {
            Broken::Late(_) => NoTunnel::AnswerInTime,
            _ => NoTunnel::Closed,
        }
    }
}
