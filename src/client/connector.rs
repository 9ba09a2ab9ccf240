//! ureq's connectors, put together by hand for two reasons (faults.md): the addresses of a host are tried side by side, so that
//! a dropped one costs a quarter of a second instead of most of the timeout (RFC 8305); and how far a connection has come is
//! written down, which ureq's errors do not tell. The TLS configuration is shared by all agents of a client.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::Resolver as _;
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector as _, RustlsConnector, TcpConnector,
    Transport,
};
use ureq::{Error, Timeout};

use super::error::Phase;
use super::lock;
use super::resolver::Resolver;

/// When the next address is tried beside those that have not answered.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// How far the request under way has come; none while no connection was needed.
pub type Progress = Arc<Mutex<Option<Phase>>>;

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
    pub resolver: Resolver,
    /// The address that worked last.
    preferred: Mutex<Option<SocketAddr>>,
}

impl ureq::unversioned::transport::Connector for Connector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        *lock(&self.phase) = Some(Phase::Connect);
        let transport = if details.config.proxy().is_some() {
            let tunnel = self.shared.tunnel(details);
            if tunnel.is_err() && *lock(&self.phase) == Some(Phase::Answer) {
                *lock(&self.phase) = Some(Phase::Tunnel);
            }
            tunnel?
        } else {
            self.shared.open(details)?
        };
        *lock(&self.phase) = Some(Phase::Handshake);
        let secured = self.shared.tls.connect(details, Some(transport))?;
        *lock(&self.phase) = Some(Phase::Answer);
        Ok(secured.map(|transport| Box::new(transport) as Self::Out))
    }
}

impl Shared {
    /// Has the proxy open a tunnel; this comes back to the connector for the connection to it. On a thread, since ureq bounds each
    /// read of the proxy's answer, not all of them.
    fn tunnel(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Error> {
        let (sender, result) = mpsc::sync_channel(1);
        self.on_thread(details, move |details| {
            let tunnel = ConnectProxyConnector::default().connect(&details, None::<()>);
            sender.send(tunnel).ok();
        })?;
        let tunnel = result.recv_timeout(*details.timeout.after);
        match tunnel.unwrap_or(Err(Error::Timeout(Timeout::Connect)))? {
            Some(tunnel) => Ok(Box::new(tunnel)),
            None => Err(Error::ConnectionFailed),
        }
    }

    /// Runs `work` on a thread of its own, with the same details but no address.
    fn on_thread(
        &self,
        details: &ConnectionDetails,
        work: impl FnOnce(ConnectionDetails<'_>) + Send + 'static,
    ) -> Result<(), Error> {
        let (uri, config) = (details.uri.clone(), details.config.clone());
        let resolver = self.resolver.clone();
        let (request_level, now, timeout) = (details.request_level, details.now, details.timeout);
        let current_time = details.current_time.clone();
        let run_connector = details.run_connector.clone();
        let register_shutdown = details.register_shutdown.clone();
        let run = move || {
            work(ConnectionDetails {
                uri: &uri,
                addrs: resolver.empty(),
                config: &config,
                request_level,
                resolver: &resolver,
                now,
                timeout,
                current_time,
                run_connector,
                register_shutdown,
            });
        };
        let thread = thread::Builder::new().name("connect".to_owned());
        thread.spawn(run).map(drop).map_err(Error::Io)
    }

    /// Connects to the first address that accepts, beginning with the one that worked last.
    fn open(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Error> {
        let mut addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        if addresses.len() == 1 {
            return connect(details);
        }
        let preferred = *lock(&self.preferred);
        // Stable: the others stay in the resolver's order.
        addresses.sort_by_key(|address| Some(*address) != preferred);
        let deadline = Instant::now() + *details.timeout.after;
        let (sender, results) = mpsc::channel();
        let mut addresses = addresses.into_iter();
        let mut under_way = 0_usize;
        let mut told: Option<Error> = None;
        loop {
            if let Some(address) = addresses.next() {
                let sender = sender.clone();
                self.on_thread(details, move |mut details| {
                    details.addrs.push(address);
                    // The receiver is gone if another address was quicker.
                    sender.send((address, connect(&details))).ok();
                })?;
                under_way += 1;
            } else if under_way == 0 {
                return Err(told.unwrap_or(Error::ConnectionFailed));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if addresses.len() > 0 { left.min(NEXT_ADDRESS) } else { left };
            match results.recv_timeout(wait) {
                Ok((address, Ok(transport))) => {
                    *lock(&self.preferred) = Some(address);
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

/// Connects to the only address.
fn connect(details: &ConnectionDetails) -> Result<Box<dyn Transport>, Error> {
    match TcpConnector::default().connect(details, None::<()>)? {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use ureq::Agent;
    use ureq::config::Config;
    use ureq::http::Uri;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::NextTimeout;

    use super::*;

    #[derive(Debug)]
    struct Fixed(Vec<SocketAddr>);

    impl Resolver for Fixed {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, Error> {
            let mut resolved = self.empty();
            self.0.iter().for_each(|address| resolved.push(*address));
            Ok(resolved)
        }
    }

    fn ask(addresses: &[SocketAddr], shared: &Arc<Shared>) -> Result<u16, Error> {
        let config = Agent::config_builder().timeout_connect(Some(Duration::from_secs(1)));
        let connector = Connector { shared: shared.clone(), phase: Progress::default() };
        let agent =
            Agent::with_parts(config.proxy(None).build(), connector, Fixed(addresses.to_vec()));
        Ok(agent.get("http://api.example.com/").call()?.status().as_u16())
    }

    #[test]
    fn an_address_that_does_not_answer_does_not_matter() {
        let mut server = mockito::Server::new();
        let good = server.socket_address();
        let asked = server.mock("GET", "/").expect(4).create();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // It accepts nothing, so the system keeps what comes until it has no room for more.
        let full = TcpListener::bind("127.0.0.1:0").unwrap();
        let dropped = full.local_addr().unwrap();
        let wait = Duration::from_millis(200);
        let _waiting: Vec<_> =
            std::iter::from_fn(|| TcpStream::connect_timeout(&dropped, wait).ok()).collect();
        let no_way: SocketAddr = "255.255.255.255:1".parse().unwrap();
        for addresses in
            [vec![good], vec![free, good], vec![dropped, free, good], vec![no_way, good]]
        {
            let shared = Arc::default();
            assert_eq!(ask(&addresses, &shared).unwrap(), 200, "{addresses:?}");
            if addresses.len() > 1 {
                assert_eq!(*shared.preferred.lock().unwrap(), Some(good));
            }
        }
        asked.assert();
        for addresses in [[free, no_way], [no_way, free]] {
            let told = ask(&addresses, &Arc::default()).unwrap_err();
            let refused = matches!(&told, Error::Io(e) if e.kind() == ErrorKind::ConnectionRefused);
            assert!(refused, "{told:?}");
        }
        let late = ask(&[dropped, dropped], &Arc::default()).unwrap_err();
        assert!(matches!(late, Error::Timeout(Timeout::Connect)), "{late:?}");
    }
}
