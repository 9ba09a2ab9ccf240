//! TCP within deadlines, at three system calls a look-up: one that sends, one that receives, one that asks whether a kept
//! connection is still open.

use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::wire::{Broken, Deadline};

/// What there is of the time at least: for an address that answers nothing, however many there are, and for a look at the
/// socket once this program goes on that was stopped.
const LEAST: Duration = Duration::from_millis(10);

/// A connection whose reads and writes end at a deadline: at first, that of connecting.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    deadline: Deadline,
    /// What the socket was told.
    read_timeout: Duration,
    write_timeout: Duration,
}

impl Stream {
    /// Connects to the first address that accepts. Each has half of the time that is left, the last one all of it.
    ///
    /// # Errors
    /// As the last address failed.
    pub fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Self, Broken> {
        let mut addresses = addresses.iter();
        let mut failed = Broken::NoAddress;
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
                    });
                }
                Err(e) if is_timeout(&e) => Broken::Late(deadline.phase),
                Err(e) if concerns_the_address(&e) => e.into(),
                Err(e) => return Err(e.into()),
            };
        }
        Err(failed)
    }

    /// Whether there is nothing to read, not even an end: the server has neither closed the connection nor said anything
    /// unasked.
    pub fn is_quiet(&self) -> bool {
        is_quiet(&self.socket)
    }

    /// Sets the deadline of what follows.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
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
        within(self.deadline, &mut self.read_timeout, tell, || {
            socket.read(buf)
        })
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
/// the socket is told once; and no call ends later than a 32nd of its time after its deadline.
fn within(
    deadline: Deadline,
    told: &mut Duration,
    tell: impl Fn(Option<Duration>) -> io::Result<()>,
    mut call: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    let mut was_interrupted = false;
    loop {
        let left = match deadline.left() {
            // Whoever was stopped for long may find what came meanwhile.
            Err(_) if was_interrupted => LEAST,
            left => left?,
        };
        if !(left..=left + left / 32).contains(told) {
            let time = left + left / 64;
            match tell(Some(time)) {
                Ok(()) => *told = time,
                // The server has closed the connection; what it said can be read still.
                Err(e) if cfg!(target_os = "macos") && e.kind() == io::ErrorKind::InvalidInput => {}
                Err(e) => return Err(e),
            }
        }
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => was_interrupted = true,
            Err(e) if is_timeout(&e) => return Err(Broken::Late(deadline.phase).into()),
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::TcpListener;
    use std::time::Instant;

    use super::super::wire::Phase;
    use super::*;

    fn deadline(seconds: u64) -> Deadline {
        Deadline {
            at: Instant::now() + Duration::from_secs(seconds),
            phase: Phase::Answer,
        }
    }

    #[test]
    fn a_socket_is_told_a_time_only_if_the_one_it_has_does_not_do() {
        let mut told = Duration::ZERO;
        for (left, is_told) in [
            (3200, true),
            (3200, false),
            (3190, false),
            (3240, false),
            (3000, true),
            (3200, true),
            (3, true),
            (0, false),
        ] {
            let now = Cell::new(None);
            let tell = |timeout: Option<Duration>| {
                now.set(timeout);
                Ok(())
            };
            let result = within(deadline(left), &mut told, tell, || Ok(1));
            assert_eq!(now.get().is_some(), is_told, "{left}");
            if left == 0 {
                assert!(result.is_err(), "too late");
                continue;
            }
            assert_eq!(result.expect("one byte"), 1);
            // A second for whatever stops this test for so long.
            let left = Duration::from_secs(left);
            assert!(told + Duration::from_secs(1) >= left, "{told:?}");
            assert!(told <= left + left / 32 + left / 320, "{told:?}");
        }
    }

    #[test]
    fn a_signal_interrupts_nothing_and_a_timeout_is_its_phases() {
        use io::ErrorKind::{ConnectionReset, Interrupted, TimedOut, WouldBlock};
        let outcomes = |kinds: &[io::ErrorKind]| {
            let mut kinds = kinds.iter();
            let call = || kinds.next().map_or(Ok(1), |kind| Err((*kind).into()));
            let mut told = Duration::ZERO;
            within(deadline(60), &mut told, |_| Ok(()), call).map_err(Broken::from)
        };
        assert!(matches!(outcomes(&[Interrupted, Interrupted]), Ok(1)));
        for kind in [TimedOut, WouldBlock] {
            let ended = outcomes(&[Interrupted, kind]);
            assert!(
                matches!(ended, Err(Broken::Late(Phase::Answer))),
                "{ended:?}"
            );
        }
        let ended = outcomes(&[ConnectionReset]);
        assert!(matches!(ended, Err(Broken::Closed)), "{ended:?}");
    }

    #[test]
    fn whoever_was_stopped_for_too_long_looks_once_more() {
        let soon = Deadline {
            at: Instant::now() + Duration::from_millis(5),
            phase: Phase::More,
        };
        let calls = Cell::new(0);
        let call = || {
            calls.set(calls.get() + 1);
            while soon.left().is_ok() {}
            match calls.get() {
                1 => Err(io::ErrorKind::Interrupted.into()),
                _ => Ok(7),
            }
        };
        let result = within(soon, &mut Duration::default(), |_| Ok(()), call);
        assert_eq!((result.expect("what came"), calls.get()), (7, 2));
    }

    #[test]
    fn a_connection_that_was_closed_or_speaks_unasked_is_not_quiet() {
        for (what, is_quiet) in [("nothing", true), ("a word", false), ("an end", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let socket = TcpStream::connect(listener.local_addr().expect("bound")).expect("open");
            let (mut server, _) = listener.accept().expect("one");
            let mut stream = Stream {
                socket,
                deadline: deadline(60),
                read_timeout: Duration::ZERO,
                write_timeout: Duration::ZERO,
            };
            server.write_all(b"x").expect("sent");
            stream.read_exact(&mut [0]).expect("an answer");
            match what {
                "nothing" => {}
                "a word" => server.write_all(b"y").expect("sent"),
                _ => server.shutdown(std::net::Shutdown::Write).expect("sent"),
            }
            if !is_quiet {
                stream.socket.peek(&mut [0]).expect("arrived");
            }
            for _ in 0..2 {
                assert_eq!(stream.is_quiet(), is_quiet, "{what}");
            }
        }
    }
}
