//! HTTP/1.1 (RFC 9112), as far as a look-up needs it: `GET`, and an answer whose framing is beyond doubt.
//!
//! Where a server says two things about where its answer ends, nobody can tell where the next one on the connection
//! begins: whatever is not as the standard has it is refused, or ends the connection.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};
use memchr::memchr;

use super::MAX_HEAD;
use super::connection::Connection;
use super::wire::{Broken, Deadline};

/// The most lines of a head.
const MAX_LINES: usize = 128;

/// What the size of a chunk takes at most, with its line end.
const SIZE: usize = 16 + 2;

/// The question for `path` of `host`, with the bearer token.
pub fn question(host: &str, path: &str, token: &str) -> Vec<u8> {
    const END: &str = concat!(
        "\r\nuser-agent: acctq/",
        env!("CARGO_PKG_VERSION"),
        "\r\naccept: application/json\r\naccept-encoding: identity\r\n\r\n",
    );
    [
        "GET ",
        path,
        " HTTP/1.1\r\nhost: ",
        host,
        "\r\nauthorization: Bearer ",
        token,
        END,
    ]
    .concat()
    .into_bytes()
}

/// Waits for the head of the answer; `of` makes of its status and its lines what is wanted. What follows it is the body.
///
/// # Errors
/// There is no head in time, or none that is valid.
pub fn head<T>(
    connection: &mut Connection,
    deadline: Deadline,
    of: impl Fn(u16, &[Header<'_>]) -> T,
) -> Result<(T, Body<'_>), Broken> {
    let mut before = 0;
    loop {
        // Nobody clears what is written to or not looked at: that is a fiftieth of a look-up.
        let mut lines = [const { MaybeUninit::uninit() }; MAX_LINES];
        let mut response = Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            connection.input(),
            &mut lines,
        );
        let parsed = parsed.map_err(|e| match e {
            httparse::Error::TooManyHeaders => Broken::ManyLines,
            _ => Broken::NotHttp,
        })?;
        let Status::Complete(length) = parsed else {
            if before + connection.input().len() > MAX_HEAD {
                return Err(Broken::LongHead);
            }
            if !connection.receive(deadline)? {
                return Err(Broken::Closed);
            }
            continue;
        };
        before += length;
        if before > MAX_HEAD {
            return Err(Broken::LongHead);
        }
        let status = response.code.filter(|code| *code >= 100);
        let status = status.ok_or(Broken::NotHttp)?;
        // An interim answer is followed by another (RFC 9110 15.2). To 101, that is another protocol.
        if !(100..200).contains(&status) || status == 101 {
            let framing = Framing::of(status, response.version, response.headers)?;
            let told = of(status, response.headers);
            connection.take(length);
            return Ok((told, Body::new(connection, framing)));
        }
        connection.take(length);
    }
}

/// What the head says of the body.
#[derive(Clone, Copy, Debug)]
struct Framing {
    rest: Rest,
    /// How long it is, if that is told.
    length: Option<u64>,
    /// Whether the connection goes on after it.
    goes_on: bool,
}

impl Framing {
    /// By RFC 9112 6.3.
    fn of(status: u16, version: Option<u8>, lines: &[Header<'_>]) -> Result<Self, Broken> {
        let mut length = None;
        let mut coding: Option<&[u8]> = None;
        let mut goes_on = version == Some(1);
        for Header { name, value } in lines {
            if name.eq_ignore_ascii_case("content-length") {
                for part in value.split(|b| *b == b',') {
                    let told = number(part.trim_ascii()).ok_or(Broken::NotHttp)?;
                    if length.replace(told).is_some_and(|other| other != told) {
                        return Err(Broken::NotHttp);
                    }
                }
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                // The last one applied is the outermost.
                let last = value.rsplit(|b| *b == b',').next().map(<[u8]>::trim_ascii);
                coding = last.filter(|last| !last.is_empty()).or(coding);
            } else if name.eq_ignore_ascii_case("connection") {
                let mut options = value.split(|b| *b == b',');
                goes_on &= !options.any(|o| o.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
        }
        // A server that says both may have been led to by somebody.
        goes_on &= coding.is_none() || length.is_none();
        let rest = match (status, coding, length) {
            (101 | 204 | 304, ..) => Rest::Bytes(0),
            (_, Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => Rest::Chunk,
            (_, None, Some(length)) => Rest::Bytes(length),
            _ => Rest::ToEnd,
        };
        Ok(Framing {
            rest,
            length: length.filter(|_| coding.is_none()),
            goes_on: goes_on && status != 101 && !matches!(rest, Rest::ToEnd),
        })
    }
}

/// Digits, and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What is still to come of a body.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// So many bytes.
    Bytes(u64),
    /// All that comes before the connection ends.
    ToEnd,
    /// A chunk, from its size on.
    Chunk,
    /// So many bytes of a chunk, its line end, and what follows it.
    OfChunk(u64),
    /// The lines behind the last chunk.
    Trailers,
}

/// The body of an answer, as it arrives.
#[derive(Debug)]
pub struct Body<'c> {
    connection: &'c mut Connection,
    framing: Framing,
    /// How much has come that says nothing: extensions of chunks, and lines behind them, in bytes.
    passed: usize,
}

impl<'c> Body<'c> {
    fn new(connection: &'c mut Connection, framing: Framing) -> Self {
        let mut body = Body {
            connection,
            framing,
            passed: 0,
        };
        body.go_on(framing.rest);
        body
    }

    /// How long it is, in bytes, if the server says so.
    pub fn length(&self) -> Option<u64> {
        self.framing.length
    }

    /// Goes on to what is still to come; after the last of it, the connection is free, if it goes on.
    fn go_on(&mut self, rest: Rest) {
        self.framing.rest = rest;
        if matches!(rest, Rest::Bytes(0)) {
            self.connection.is_free = self.framing.goes_on;
        }
    }

    /// The next bytes of it, at most so many; none at its end.
    ///
    /// # Errors
    /// It is cut off, not framed as the standard has it, or none of it arrives in time.
    pub fn next(&mut self, most: usize, deadline: Deadline) -> Result<&[u8], Broken> {
        loop {
            match self.framing.rest {
                Rest::Bytes(0) => return Ok(&[]),
                Rest::Bytes(rest) => {
                    self.wait(deadline)?;
                    let amount = self.arrived(most, rest);
                    self.go_on(Rest::Bytes(rest - amount as u64));
                    return Ok(self.connection.take(amount));
                }
                Rest::OfChunk(rest @ 1..) => {
                    self.wait(deadline)?;
                    let amount = self.arrived(most, rest);
                    self.go_on(Rest::OfChunk(rest - amount as u64));
                    return Ok(self.connection.take(amount));
                }
                Rest::ToEnd => {
                    if self.connection.input().is_empty() && !self.connection.receive(deadline)? {
                        return Ok(&[]);
                    }
                    let amount = self.arrived(most, u64::MAX);
                    return Ok(self.connection.take(amount));
                }
                Rest::OfChunk(0) => self.line_end(deadline)?,
                Rest::Chunk => self.size(deadline)?,
                Rest::Trailers => self.trailers(deadline)?,
            }
        }
    }

    /// How much of what has arrived is of the `rest`, and at most so much.
    fn arrived(&self, most: usize, rest: u64) -> usize {
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        self.connection.input().len().min(most).min(rest)
    }

    /// Waits for something, if nothing is there.
    fn wait(&mut self, deadline: Deadline) -> Result<(), Broken> {
        if self.connection.input().is_empty() {
            self.more(deadline)?;
        }
        Ok(())
    }

    /// Waits for more of what must come.
    fn more(&mut self, deadline: Deadline) -> Result<(), Broken> {
        if self.passed + self.connection.input().len() > MAX_HEAD + SIZE {
            return Err(Broken::LongHead);
        }
        if self.connection.receive(deadline)? {
            Ok(())
        } else {
            Err(Broken::Closed)
        }
    }

    /// The size of a chunk (RFC 9112 7.1): at least a digit, which httparse does not ask for.
    fn size(&mut self, deadline: Deadline) -> Result<(), Broken> {
        loop {
            self.wait(deadline)?;
            let input = self.connection.input();
            if !input[0].is_ascii_hexdigit() {
                return Err(Broken::NotHttp);
            }
            match httparse::parse_chunk_size(input) {
                Ok(Status::Complete((length, size))) => {
                    self.passes(length.saturating_sub(SIZE))?;
                    self.connection.take(length);
                    self.go_on(if size == 0 {
                        Rest::Trailers
                    } else {
                        Rest::OfChunk(size)
                    });
                    return Ok(());
                }
                Ok(Status::Partial) => self.more(deadline)?,
                Err(_) => return Err(Broken::NotHttp),
            }
        }
    }

    /// Counts what says nothing.
    fn passes(&mut self, amount: usize) -> Result<(), Broken> {
        self.passed += amount;
        if self.passed > MAX_HEAD {
            return Err(Broken::LongHead);
        }
        Ok(())
    }

    /// What ends a chunk.
    fn line_end(&mut self, deadline: Deadline) -> Result<(), Broken> {
        while self.connection.input().len() < 2 && b"\r\n".starts_with(self.connection.input()) {
            self.more(deadline)?;
        }
        if !self.connection.input().starts_with(b"\r\n") {
            return Err(Broken::NotHttp);
        }
        self.connection.take(2);
        self.go_on(Rest::Chunk);
        Ok(())
    }

    /// The lines behind the last chunk, which say nothing that matters here. With that chunk the body is complete, be the end of
    /// these missing (RFC 9112 8).
    fn trailers(&mut self, deadline: Deadline) -> Result<(), Broken> {
        loop {
            let input = self.connection.input();
            let Some(end) = memchr(b'\n', input) else {
                if self.passed + input.len() > MAX_HEAD {
                    return Err(Broken::LongHead);
                }
                if !self.connection.receive(deadline)? {
                    self.framing.goes_on = false;
                    self.go_on(Rest::Bytes(0));
                    return Ok(());
                }
                continue;
            };
            let is_last = input[..end].trim_ascii().is_empty();
            self.passes(end + 1)?;
            self.connection.take(end + 1);
            if is_last {
                self.go_on(Rest::Bytes(0));
                return Ok(());
            }
        }
    }
}
