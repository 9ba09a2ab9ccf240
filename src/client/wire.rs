//! What breaks on the wire, and when something has taken too long there.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

/// Longer than anything is waited for.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a request and its answer go through. Each phase has its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The name is resolved.
    Resolve,
    /// A connection is made.
    Connect,
    /// TLS is agreed on.
    Handshake,
    /// The request is sent.
    Send,
    /// The answer's head is waited for.
    Answer,
    /// Its body is.
    Body,
    /// More of a body that has no end in sight is.
    More,
}

/// When something must be done, and what is too slow if it is not.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// What is too slow then.
    pub phase: Phase,
}

impl Deadline {
    /// That of a phase which begins, and has so long.
    pub fn of(phase: Phase, time: Duration) -> Self {
        Deadline {
            at: Instant::now() + time.min(LONGEST),
            phase,
        }
    }

    /// What is left.
    ///
    /// # Errors
    /// If nothing is.
    pub fn left(self) -> Result<Duration, Broken> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Broken::Late(self.phase));
        }
        Ok(left)
    }
}

/// The time that one attempt has: so long for each phase, and no longer than to the end, where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// For each phase.
    pub phase: Duration,
    /// The end of all.
    pub end: Option<Instant>,
}

impl Time {
    /// When the phase that begins now must be over.
    pub fn of(self, phase: Phase) -> Deadline {
        let deadline = Deadline::of(phase, self.phase);
        match self.end {
            Some(end) if end < deadline.at => Deadline { at: end, phase },
            _ => deadline,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Broken {
    /// A phase was not over in time.
    Late(Phase),
    /// The name has no address.
    NoAddress,
    /// There is no way through the proxy.
    Tunnel(NoTunnel),
    /// The other side closed the connection instead of speaking TLS.
    NoHandshake,
    /// What rustls found wrong.
    Tls(rustls::Error),
    /// What came over TLS, once that was agreed on, is not what whoever agreed has sent.
    Garbled,
    /// The connection ended before what was waited for was complete.
    Closed,
    /// The same on a connection that had been kept. That says nothing about the server, which may have closed it long ago
    /// (RFC 9112 9.3.1).
    Stale,
    /// What came is not HTTP/1.1.
    NotHttp,
    /// The head is larger than is read.
    LongHead,
    /// The head has more lines than are read.
    ManyLines,
    /// The system's own error.
    Io(io::Error),
}

/// Why there is no way through the proxy.
#[derive(Debug)]
pub enum NoTunnel {
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

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<Broken>() {
            Ok(broken) => return broken,
            Err(error) => error,
        };
        match error.downcast::<rustls::Error>() {
            Ok(tls) => Broken::Tls(tls),
            Err(error) if is_closed(error.kind()) => Broken::Closed,
            Err(error) => Broken::Io(error),
        }
    }
}

/// As rustls passes it on.
impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Io(error) => error,
            Broken::Closed => io::ErrorKind::ConnectionReset.into(),
            broken => io::Error::other(broken),
        }
    }
}

/// Whether an error tells that the other side has closed the connection.
fn is_closed(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
    )
}

/// For `io::Error`, which wants one; what people read is in `failure`.
impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke")
    }
}

impl std::error::Error for Broken {}
