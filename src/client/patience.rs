//! For how long a read of an answer's body may go on with nothing to show for it.
//!
//! ureq gives each read of the connection its time anew, and one read of a body may be many of those: what frames the chunks
//! of a body (extensions, leading zeros, trailers) may come byte by byte for ever, and none of it reaches the reader.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ureq::Timeout;
use ureq::unversioned::transport::NextTimeout;

/// When whoever reads from a connection has waited long enough, and what is too slow then: known to both.
#[derive(Clone, Debug, Default)]
pub struct Patience(Arc<Mutex<Option<(Instant, Timeout)>>>);

impl Patience {
    /// What a read of the connection has of the time that ureq gives it.
    pub fn limit(&self, timeout: NextTimeout) -> NextTimeout {
        let end = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match end {
            Some((at, reason)) => NextTimeout {
                after: at.saturating_duration_since(Instant::now()).into(),
                reason,
                ..timeout
            },
            None => timeout,
        }
    }

    fn set(&self, end: Option<(Instant, Timeout)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }
}

/// A body, each read of which goes on no longer than to its `end`.
pub struct Bounded<'a, R, E> {
    pub reader: R,
    pub patience: &'a Patience,
    pub end: E,
}

impl<R: Read, E: Fn() -> (Instant, Timeout)> Read for Bounded<'_, R, E> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (at, reason) = (self.end)();
        if Instant::now() > at {
            return Err(ureq::Error::Timeout(reason).into_io());
        }
        self.patience.set(Some((at, reason)));
        let read = self.reader.read(buffer);
        // The connection may be used again.
        self.patience.set(None);
        read
    }
}
