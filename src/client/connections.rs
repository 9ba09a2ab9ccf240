//! The connections of a client: one for each look-up under way, kept between them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::connection::{Connection, Transport};
use super::proxy::Proxy;
use super::resolve::Remembering;
use super::tcp::Stream;
use super::tls::Tls;
use super::tunnel;
use super::wire::{Broken, NoTunnel, Phase, Time};

/// Where the connections lead, and those that nobody uses.
pub struct Connections {
    /// The server's name, or its address, as its certificate has it.
    pub host: String,
    /// How to speak TLS; `None` for plain http.
    pub tls: Option<Tls>,
    /// The proxy, if the way leads through one.
    pub proxy: Option<Arc<Proxy>>,
    /// Where the server, or the proxy, is.
    pub resolver: Remembering,
    /// Those that nobody uses, the one that was used last at the end.
    pub idle: Mutex<Vec<Connection>>,
}

impl Connections {
    /// The one that was used last and is still open `now`, or a new one if there is none, or if it is to be `new`.
    ///
    /// # Errors
    /// There is no way to the server, or none in time.
    pub fn get(&self, new: bool, now: Instant, time: Time) -> Result<Connection, Broken> {
        while !new && let Some(mut connection) = self.with_idle(Vec::pop) {
            if connection.is_open(now) {
                return Ok(connection);
            }
        }
        self.connect(time).map(Connection::new)
    }

    /// Keeps a connection that may be used again.
    pub fn keep(&self, mut connection: Connection) {
        connection.keep();
        self.with_idle(|idle| idle.push(connection));
    }

    fn connect(&self, time: Time) -> Result<Transport, Broken> {
        let addresses = self.resolver.addresses(time.of(Phase::Resolve));
        let deadline = time.of(Phase::Connect);
        let stream = match &self.proxy {
            None => Stream::connect(&addresses?, deadline)?,
            Some(proxy) => {
                let tunnel = addresses
                    .map_err(|broken| NoTunnel::to_resolve(&broken))
                    .and_then(|addresses| {
                        let connected = Stream::connect(&addresses, deadline);
                        let mut stream = connected.map_err(NoTunnel::to_connect)?;
                        tunnel::open(proxy, &mut stream)?;
                        Ok(stream)
                    });
                tunnel.map_err(Broken::Tunnel)?
            }
        };
        Ok(match &self.tls {
            None => Transport::Plain(stream),
            Some(tls) => Transport::Tls(Box::new(tls.connect(&self.host, stream)?)),
        })
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn with_idle<T>(&self, change: impl FnOnce(&mut Vec<Connection>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
