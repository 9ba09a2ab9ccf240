//! The standard streams, as if they blocked: what a non-blocking stream refuses is tried again when its partner is ready.
//!
//! A pipe may be inherited as non-blocking (from Node, Docker, agents of CI). All processes that share it share that flag, so it stays.
//! std's buffers are left out: they lose what they hold when a write is refused.

#[cfg(not(unix))]
use std::convert::identity as Waiting;
use std::io::{self, Read, Write};

#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, poll};
#[cfg(unix)]
use rustix::{fd::AsFd, io::Errno, io::retry_on_intr};

/// Locks standard output.
pub fn stdout() -> impl Write {
    Waiting(io::stdout().lock())
}

/// Locks standard error.
pub fn stderr() -> impl Write {
    Waiting(io::stderr().lock())
}

pub fn stdin() -> impl Read {
    Waiting(io::stdin())
}

/// A stream that waits instead of refusing.
#[cfg(unix)]
struct Waiting<S>(S);

#[cfg(unix)]
impl<S: AsFd> Waiting<S> {
    fn wait<T>(&self, events: PollFlags, mut call: impl FnMut(&S) -> Result<T, Errno>) -> io::Result<T> {
        loop {
            match call(&self.0) {
                Err(Errno::AGAIN) => drop(retry_on_intr(|| poll(&mut [PollFd::new(&self.0, events)], None))?),
                done => return Ok(done?),
            }
        }
    }
}

#[cfg(unix)]
impl<S: AsFd> Read for Waiting<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::IN, |stream| rustix::io::read(stream, &mut *buffer))
    }
}

#[cfg(unix)]
impl<S: AsFd> Write for Waiting<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFlags::OUT, |stream| rustix::io::write(stream, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether progress may show on standard error at this moment: the process is in the foreground of that terminal, and standard output
/// leads there too, or to what is no other program (a pager or `jq` shares the terminal): a file, or `/dev/null`.
pub fn is_terminal_ours() -> bool {
    let stdout = io::stdout();
    #[cfg(not(unix))]
    return io::IsTerminal::is_terminal(&stdout);
    #[cfg(unix)]
    {
        use rustix::{fs, process::getpgrp, termios};
        let owns = |stream: &dyn AsFd| termios::tcgetpgrp(stream.as_fd()).is_ok_and(|group| group == getpgrp());
        let is_free = match fs::fstat(&stdout).map(|stat| fs::FileType::from_raw_mode(stat.st_mode)) {
            Ok(fs::FileType::CharacterDevice) => !termios::isatty(&stdout) || owns(&stdout),
            kind => kind == Ok(fs::FileType::RegularFile),
        };
        is_free && owns(&io::stderr())
    }
}
