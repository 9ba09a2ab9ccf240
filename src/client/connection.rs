//! A connection to the server, and what has arrived on it.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::MAX_HEAD;
use super::tcp::Stream;
use super::tls::TlsStream;
use super::wire::{Broken, Deadline};

/// What is held of what has arrived: a head must fit, and a little of what makes it too large.
const BUFFER: usize = MAX_HEAD + 1024;

/// For how long a connection is kept that is not used. Many servers close theirs after 60 seconds, some after 20.
const MAX_IDLE_AGE: Duration = Duration::from_secs(15);

/// A connection, with TLS or without.
pub enum Transport {
    /// To a loopback address.
    Plain(Stream),
    /// To anywhere else.
    Tls(Box<TlsStream>),
}

impl Transport {
    fn socket(&mut self) -> &mut Stream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(tls) => tls.socket(),
        }
    }

    fn is_quiet(&mut self) -> bool {
        match self {
            Transport::Plain(stream) => stream.is_quiet(),
            Transport::Tls(tls) => tls.is_quiet(),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Transport::Plain(stream) => stream.write_all(bytes),
            Transport::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(buffer),
            Transport::Tls(tls) => tls.read(buffer),
        }
    }
}

/// A connection on which one question is asked after another.
pub struct Connection {
    transport: Transport,
    /// What has arrived is in `start..end` of it.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// When it was kept, if nothing has been heard on it since.
    kept: Option<Instant>,
    /// Whether the last answer has come whole, and the server goes on.
    pub is_free: bool,
    /// Whether it has been kept before.
    pub is_reused: bool,
}

impl Connection {
    /// One that has just been made.
    pub fn new(transport: Transport) -> Self {
        Connection {
            transport,
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: 0,
            kept: None,
            is_free: false,
            is_reused: false,
        }
    }

    /// Whether another question may be asked: the last answer is over, and nothing has come behind it.
    pub fn may_be_kept(&self) -> bool {
        self.is_free && self.input().is_empty()
    }

    /// Notes that it is kept from now on.
    pub fn keep(&mut self) {
        self.kept = Some(Instant::now());
        self.is_reused = true;
    }

    /// Whether it has not been kept for too long until `now`, and the server has neither closed it since nor said anything
    /// unasked.
    pub fn is_open(&mut self, now: Instant) -> bool {
        let is_young = |kept| now.saturating_duration_since(kept) < MAX_IDLE_AGE;
        self.kept.is_none_or(is_young) && self.transport.is_quiet()
    }

    /// Sends a question.
    ///
    /// # Errors
    /// The connection is closed, or the server does not take it in time.
    pub fn send(&mut self, question: &[u8], deadline: Deadline) -> Result<(), Broken> {
        self.is_free = false;
        self.transport.socket().set_deadline(deadline);
        let sent = self.transport.send(question);
        sent.map_err(|error| self.explain(error))
    }

    /// What has arrived and is not taken.
    pub fn input(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Takes so much of what has arrived.
    pub fn take(&mut self, amount: usize) -> &[u8] {
        let taken = self.start..(self.start + amount).min(self.end);
        self.start = taken.end;
        &self.buffer[taken]
    }

    /// Waits until more has arrived; `false` if nothing comes any more, or there is no room for it.
    ///
    /// # Errors
    /// The connection broke, or nothing arrives in time.
    pub fn receive(&mut self, deadline: Deadline) -> Result<bool, Broken> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.transport.socket().set_deadline(deadline);
        match self.transport.read(&mut self.buffer[self.end..]) {
            Ok(0) if self.kept.is_some() => Err(Broken::Stale),
            Ok(amount) => {
                self.kept = None;
                self.end += amount;
                Ok(amount > 0)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: io::Error) -> Broken {
        match Broken::from(error) {
            Broken::Closed | Broken::Garbled if self.kept.is_some() => Broken::Stale,
            broken => broken,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::wire::Phase;
    use super::*;

    #[test]
    fn what_was_kept_for_too_long_is_not_used() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let deadline = Deadline::of(Phase::Connect, Duration::from_secs(60));
        let stream = Stream::connect(&[address], deadline).expect("a connection");
        let mut connection = Connection::new(Transport::Plain(stream));
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        // A machine that has just been started has no such time.
        for (seconds, is_open) in [(10, true), (15, false), (60, false)] {
            if let Some(kept) = ago(seconds) {
                connection.kept = Some(kept);
                assert_eq!(connection.is_open(Instant::now()), is_open, "{seconds} s");
            }
        }
    }
}
