//! Connections that have been kept: one that fails before anything is heard on it says nothing about the server, which may
//! have closed it long ago (RFC 9112 9.3.1).

use std::fmt;
use std::io;

use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::patience::Patience;

/// Marks the connections of the connector before it.
#[derive(Debug)]
pub struct Keeper {
    /// For how long they may keep whoever reads from them.
    pub patience: Patience,
}

impl<In: Transport> Connector<In> for Keeper {
    type Out = Kept<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Kept<In>>, ureq::Error> {
        Ok(chained.map(|inner| Kept {
            inner,
            patience: self.patience.clone(),
            may_be_stale: false,
        }))
    }
}

/// A connection that knows whether it has been kept since something was heard on it.
#[derive(Debug)]
pub struct Kept<T> {
    inner: T,
    patience: Patience,
    may_be_stale: bool,
}

impl<T> Kept<T> {
    /// The error, or that the connection was stale.
    fn explain(&self, error: ureq::Error) -> ureq::Error {
        match error {
            ureq::Error::Io(e) if self.may_be_stale && is_closed(&e) => Stale::wrapped(),
            // ureq takes a reset for the end of a body without a length. That is an end in order only (RFC 9112 8).
            ureq::Error::Io(e) if is_closed(&e) => {
                io::Error::from(io::ErrorKind::NotConnected).into()
            }
            error => error,
        }
    }
}

/// Whether an error tells that the other side has closed the connection.
pub fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
    )
}

impl<T: Transport> Transport for Kept<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let sent = self.inner.transmit_output(amount, timeout);
        sent.map_err(|error| self.explain(error))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        match self.inner.await_input(self.patience.limit(timeout)) {
            Ok(false) if self.may_be_stale => Err(Stale::wrapped()),
            Ok(is_there) => {
                self.may_be_stale = false;
                Ok(is_there)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// ureq asks when it keeps a connection, and before it uses it again.
    fn is_open(&mut self) -> bool {
        self.may_be_stale = true;
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// The server had closed a connection that was kept.
#[derive(Debug)]
pub struct Stale;

impl Stale {
    fn wrapped() -> ureq::Error {
        ureq::Error::Other(Box::new(Stale))
    }
}

/// For ureq, which wants one; what people read is in `failure`.
impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was stale")
    }
}

impl std::error::Error for Stale {}
