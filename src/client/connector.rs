//! ureq's connectors, put together by hand for two reasons (faults.md): the addresses of a host are tried side by side, so that
//! a dropped one costs a quarter of a second instead of most of the timeout (RFC 8305); and how far a connection has come is
//! written down, which ureq's errors do not tell. The TLS configuration is shared by all agents of a client.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::{DefaultResolver, Resolver as _};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector as _, RustlsConnector, TcpConnector,
    Transport,
};
use ureq::{Error, Timeout};

use super::error::Phase;

/// When the next address is tried beside those that have not answered.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// How far the request under way has come; none while no connection was needed.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Option<Phase>>>);

impl Progress {
    pub fn get(&self) -> Option<Phase> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(phase);
    }
}

/// One agent's connector.
#[derive(Debug)]
pub struct Connector {
    pub shared: Arc<Shared>,
    pub phase: Progress,
}

/// What the agents of one client share.
#[derive(Debug, Default)]
pub struct Shared {
    tls: RustlsConnector,
    /// The address that worked last.
    preferred: Mutex<Option<SocketAddr>>,
}

impl ureq::unversioned::transport::Connector for Connector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        self.phase.set(Phase::Connect);
        // With a proxy, this comes back here for the connection to it.
        let tunnel = ConnectProxyConnector::default().connect(details, chained);
        if tunnel.is_err() && self.phase.get() == Some(Phase::Answer) {
            self.phase.set(Phase::Tunnel);
        }
        let transport: Self::Out = match tunnel? {
            Some(tunnel) => Box::new(tunnel),
            None => self.shared.open(details)?,
        };
        self.phase.set(Phase::Handshake);
        let secured = self.shared.tls.connect(&agent_level(details), Some(transport))?;
        self.phase.set(Phase::Answer);
        Ok(secured.map(|transport| Box::new(transport) as Self::Out))
    }
}

/// The same details as of the agent's own configuration: for a request's, ureq makes the TLS configuration anew.
fn agent_level<'a>(details: &ConnectionDetails<'a>) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs: details.addrs.clone(),
        config: details.config,
        request_level: false,
        resolver: details.resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

impl Shared {
    /// Connects to the first address that accepts, beginning with the one that worked last.
    fn open(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Error> {
        let mut addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        if let [address] = addresses[..] {
            return connect(details, address);
        }
        let preferred = *self.preferred.lock().unwrap_or_else(PoisonError::into_inner);
        // Stable: the others stay in the resolver's order.
        addresses.sort_by_key(|address| Some(*address) != preferred);
        let deadline = Instant::now() + *details.timeout.after;
        let (sender, results) = mpsc::channel();
        let mut addresses = addresses.into_iter();
        let mut under_way = 0_usize;
        let mut told: Option<Error> = None;
        loop {
            if let Some(address) = addresses.next() {
                race(details, address, sender.clone())?;
                under_way += 1;
            } else if under_way == 0 {
                return Err(told.unwrap_or(Error::ConnectionFailed));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if addresses.len() > 0 { left.min(NEXT_ADDRESS) } else { left };
            match results.recv_timeout(wait) {
                Ok((address, Ok(transport))) => {
                    *self.preferred.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
                    return Ok(transport);
                }
                Ok((_, Err(error))) => {
                    under_way -= 1;
                    if told.as_ref().is_none_or(|told| tells(&error) > tells(told)) {
                        told = Some(error);
                    }
                }
                Err(_) if left <= wait => return Err(Error::Timeout(Timeout::Connect)),
                Err(_) => {}
            }
        }
    }
}

type Raced = (SocketAddr, Result<Box<dyn Transport>, Error>);

/// Connects to `address` on a thread of its own, which ends by the timeout; if it is not the first, its connection is closed.
fn race(
    details: &ConnectionDetails,
    address: SocketAddr,
    sender: mpsc::Sender<Raced>,
) -> Result<(), Error> {
    let (uri, config) = (details.uri.clone(), details.config.clone());
    let (now, timeout) = (details.now, details.timeout);
    let current_time = details.current_time.clone();
    let run_connector = details.run_connector.clone();
    let register_shutdown = details.register_shutdown.clone();
    let connect = move || {
        let resolver = DefaultResolver::default();
        let details = ConnectionDetails {
            uri: &uri,
            addrs: resolver.empty(),
            config: &config,
            request_level: false,
            resolver: &resolver,
            now,
            timeout,
            current_time,
            run_connector,
            register_shutdown,
        };
        // Nobody listens any more if another address was quicker.
        sender.send((address, connect(&details, address))).ok();
    };
    let thread = thread::Builder::new().name("connect".to_owned());
    thread.spawn(connect).map(drop).map_err(Error::Io)
}

/// Connects to one address with all the time that is left.
fn connect(details: &ConnectionDetails, address: SocketAddr) -> Result<Box<dyn Transport>, Error> {
    let mut details = agent_level(details);
    details.addrs = details.resolver.empty();
    details.addrs.push(address);
    match TcpConnector::default().connect(&details, None::<()>)? {
        Some(transport) => Ok(Box::new(transport)),
        None => Err(Error::ConnectionFailed),
    }
}

/// How much a failure says about the host: most if it answered, least if this machine has no way to such an address.
fn tells(error: &Error) -> u8 {
    match error {
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => 3,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::AddrNotAvailable
            | ErrorKind::Unsupported => 0,
            _ => 1,
        },
        Error::Timeout(_) => 2,
        _ => 1,
    }
}
