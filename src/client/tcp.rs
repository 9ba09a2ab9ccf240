//! TCP below ureq, at three system calls a look-up: one that sends, one that receives, one that asks whether a kept
//! connection is still open.
//!
//! ureq's own transport asks that twice, with three calls each, and tells the socket how much time is left before nearly
//! every other call, since it is never quite the same.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::mem;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, time,
};

/// What an address that answers nothing has of the time, however many there are.
const LEAST: Duration = Duration::from_millis(10);

/// Longer than anything is waited for.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When something must be done, and what is too slow if it is not.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: Instant,
    reason: Timeout,
}

impl Deadline {
    fn new(timeout: NextTimeout, since: Instant) -> Self {
        Deadline {
            at: since + (*timeout.after).min(LONGEST),
            reason: timeout.reason,
        }
    }

    /// What is left.
    ///
    /// # Errors
    /// If nothing is.
    fn left(self) -> Result<Duration, ureq::Error> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(self.reason));
        }
        Ok(left)
    }
}

/// A connection whose reads and writes end at a deadline: at first, that of connecting.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    deadline: Deadline,
    /// What the socket was told.
    read_timeout: Duration,
    write_timeout: Duration,
    /// Whether something has arrived since ureq last asked whether the connection is open.
    has_answered: bool,
}

impl Stream {
    /// Connects to the first address that accepts. Each has half of the time that is left, the last one all of it.
    ///
    /// # Errors
    /// As the last address failed.
    pub fn connect(details: &ConnectionDetails) -> Result<Self, ureq::Error> {
        let now = match details.now {
            time::Instant::Exact(now) => now,
            _ => Instant::now(),
        };
        let deadline = Deadline::new(details.timeout, now);
        let mut addresses = details.addrs.iter();
        let mut failed = ureq::Error::ConnectionFailed;
        while let Some(address) = addresses.next() {
            let left = deadline.left()?;
            let share = match addresses.len() {
                0 => left,
                _ => (left / 2).max(LEAST),
            };
            failed = match TcpStream::connect_timeout(address, share) {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    return Ok(Stream {
                        socket,
                        deadline,
                        read_timeout: Duration::ZERO,
                        write_timeout: Duration::ZERO,
                        has_answered: false,
                    });
                }
                Err(e) if is_timeout(&e) => ureq::Error::Timeout(deadline.reason),
                Err(e) if concerns_the_address(&e) => e.into(),
                Err(e) => return Err(e.into()),
            };
        }
        Err(failed)
    }

    /// Whether the server has neither closed the connection nor said anything unasked.
    ///
    /// ureq asks when it keeps a connection that has answered, and again when it is to be used. What the first question
    /// would find, the second one finds too, so that only that one is put to the system.
    pub fn is_open(&mut self) -> bool {
        mem::take(&mut self.has_answered) || is_quiet(&self.socket)
    }

    /// Sets the deadline of what follows.
    pub fn set_deadline(&mut self, timeout: NextTimeout) {
        self.deadline = Deadline::new(timeout, Instant::now());
    }

    fn send(
        &mut self,
        mut send: impl FnMut(&mut &TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let socket = &self.socket;
        let tell = |timeout| socket.set_write_timeout(timeout);
        within(self.deadline, &mut self.write_timeout, tell, || {
            send(&mut &*socket)
        })
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut socket = &self.socket;
        let tell = |timeout| self.socket.set_read_timeout(timeout);
        let amount = within(self.deadline, &mut self.read_timeout, tell, || {
            socket.read(buf)
        })?;
        self.has_answered = amount > 0;
        Ok(amount)
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.send(|socket| socket.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send(|socket| socket.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does one `call` within the time that is left, again if a signal interrupts it.
///
/// What is left is never quite the same, and to `tell` the socket is a system call, too. A time that it was told before
/// does if it is not shorter, and longer by no more than a 32nd. So where each phase has the same time in every look-up,
/// the socket is told once; and no call ends later than a 32nd of its time after its deadline, which ureq checks between
/// the calls.
fn within(
    deadline: Deadline,
    told: &mut Duration,
    tell: impl Fn(Option<Duration>) -> io::Result<()>,
    mut call: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        let left = deadline.left().map_err(ureq::Error::into_io)?;
        let slack = left / 32;
        if *told < left || *told - left > slack {
            match tell(Some(left + slack)) {
                Ok(()) => *told = left + slack,
                // The server has closed the connection; what it said can be read still.
                Err(e) if cfg!(target_os = "macos") && e.kind() == io::ErrorKind::InvalidInput => {}
                Err(e) => return Err(e),
            }
        }
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if is_timeout(&e) => return Err(ureq::Error::Timeout(deadline.reason).into_io()),
            result => return result,
        }
    }
}

/// A socket's time is up: one or the other, by system.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

/// Whether another address of the same host may do: nobody listens at this one, or there is no way to it, as with IPv6
/// on many machines.
fn concerns_the_address(error: &io::Error) -> bool {
    // WSAEACCES: so some VPNs block one of the address families.
    const BLOCKED: Option<i32> = Some(10013);
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
    ) || cfg!(windows) && error.raw_os_error() == BLOCKED
}

/// Whether there is nothing to read, not even an end.
#[cfg(unix)]
fn is_quiet(socket: &TcpStream) -> bool {
    use rustix::io::Errno;
    use rustix::net::{RecvFlags, recv};

    let peeked = recv(socket, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    peeked.is_err_and(|e| e == Errno::AGAIN)
}

/// Whether there is nothing to read, not even an end.
#[cfg(not(unix))]
fn is_quiet(socket: &TcpStream) -> bool {
    let peek = || {
        socket.set_nonblocking(true)?;
        let peeked = socket.peek(&mut [0]);
        socket.set_nonblocking(false)?;
        peeked
    };
    peek().is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
}

/// A connection without TLS, or below it.
pub struct TcpTransport {
    /// The connection.
    pub stream: Stream,
    buffers: LazyBuffers,
}

impl TcpTransport {
    /// With ureq's buffers, which are made when they are used.
    pub fn new(stream: Stream, details: &ConnectionDetails) -> Self {
        TcpTransport {
            stream,
            buffers: buffers(details),
        }
    }
}

/// Buffers as they are configured.
pub fn buffers(details: &ConnectionDetails) -> LazyBuffers {
    LazyBuffers::new(
        details.config.input_buffer_size(),
        details.config.output_buffer_size(),
    )
}

impl fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TcpTransport")
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.set_deadline(timeout);
        let output = &self.buffers.output()[..amount];
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.set_deadline(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.is_open()
    }
}
