//! ureq's connectors, put together by hand for three reasons (faults.md): the addresses of a host are tried side by side, so that
//! a dropped one costs a quarter of a second instead of most of the timeout (RFC 8305); a proxy's whole answer is bounded, not
//! each read of it; and an error says how far the connection had come. The TLS configuration is shared by all agents of a client.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::Resolver as _;
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector as UreqConnector, RustlsConnector, TcpConnector, Transport,
};
use ureq::{Error, Timeout};

use super::error::Phase;
use super::resolver::Resolver;
use crate::process::lock;

/// When the next address is tried beside those that have not answered.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// How far a request has come; none while no connection was needed.
pub type Progress = Arc<Mutex<Option<Phase>>>;

type Opened = Result<Box<dyn Transport>, Error>;

#[derive(Debug)]
pub struct Connector {
    pub shared: Arc<Shared>,
    pub progress: Progress,
}

/// What the agents of one client share.
#[derive(Debug, Default)]
pub struct Shared {
    tls: RustlsConnector,
    pub resolver: Resolver,
    /// The address that worked last.
    preferred: Mutex<Option<SocketAddr>>,
}

impl UreqConnector for Connector {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, Error> {
        let reach = |phase| *lock(&self.progress) = Some(phase);
        reach(Phase::Connect);
        let transport = self.shared.open(details).inspect_err(|_| {
            // The way to the proxy came this far.
            if *lock(&self.progress) == Some(Phase::Answer) {
                reach(Phase::Tunnel);
            }
        })?;
        reach(Phase::Handshake);
        let secured = self.shared.tls.connect(details, Some(transport))?;
        reach(Phase::Answer);
        Ok(secured.map(|transport| Box::new(transport) as Self::Out))
    }
}

impl Shared {
    /// Connects to the first address that accepts, beginning with the one that worked last; or has the proxy open a tunnel, for
    /// which ureq comes back to this connector.
    fn open(&self, details: &ConnectionDetails) -> Opened {
        let mut ways: Vec<Option<SocketAddr>> = match details.config.proxy() {
            Some(_) => vec![None],
            None => details.addrs.iter().copied().map(Some).collect(),
        };
        if let [Some(_)] = ways[..] {
            return connect(&TcpConnector::default(), details);
        }
        let preferred = *lock(&self.preferred);
        // Stable: the others stay in the resolver's order.
        ways.sort_by_key(|way| *way != preferred);
        let mut ways = ways.into_iter();
        let deadline = Instant::now() + *details.timeout.after;
        let (sender, results) = mpsc::channel();
        let mut pending = 0_usize;
        let mut failure: Option<Error> = None;
        loop {
            if let Some(way) = ways.next() {
                self.connect_on_thread(details, way, &sender)?;
                pending += 1;
            } else if pending == 0 {
                return Err(failure.unwrap_or(Error::ConnectionFailed));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if ways.len() > 0 { left.min(NEXT_ADDRESS) } else { left };
            match results.recv_timeout(wait) {
                Ok((way, Ok(transport))) => {
                    if way.is_some() {
                        *lock(&self.preferred) = way;
                    }
                    return Ok(transport);
                }
                Ok((_, Err(error))) => {
                    pending -= 1;
                    failure = failure.filter(is_the_hosts).or(Some(error));
                }
                Err(_) if left <= wait => return Err(Error::Timeout(Timeout::Connect)),
                Err(_) => {}
            }
        }
    }

    fn connect_on_thread(
        &self,
        details: &ConnectionDetails,
        way: Option<SocketAddr>,
        sender: &Sender<(Option<SocketAddr>, Opened)>,
    ) -> Result<(), Error> {
        let (uri, config, resolver) = (details.uri.clone(), details.config.clone(), self.resolver.clone());
        let (request_level, now, timeout) = (details.request_level, details.now, details.timeout);
        let (current_time, run_connector) = (details.current_time.clone(), details.run_connector.clone());
        let register_shutdown = details.register_shutdown.clone();
        let sender = sender.clone();
        let connect = move || {
            let mut addrs = resolver.empty();
            if let Some(address) = way {
                addrs.push(address);
            }
            let details = ConnectionDetails {
                uri: &uri,
                addrs,
                config: &config,
                request_level,
                resolver: &resolver,
                now,
                timeout,
                current_time,
                run_connector,
                register_shutdown,
            };
            let opened = match way {
                Some(_) => connect(&TcpConnector::default(), &details),
                None => connect(&ConnectProxyConnector::default(), &details),
            };
            // The receiver is gone if another address was quicker, or time is up.
            sender.send((way, opened)).ok();
        };
        thread::Builder::new().name("connect".to_owned()).spawn(connect).map(drop).map_err(Error::Io)
    }
}

fn connect<C: UreqConnector>(connector: &C, details: &ConnectionDetails) -> Opened {
    let transport = connector.connect(details, None)?.ok_or(Error::ConnectionFailed)?;
    Ok(Box::new(transport))
}

/// Whether the host itself refused, or did not answer. Any other failure is this machine's, or the network's: it has no way to such an
/// address, or a firewall forbids it. That says less about the host.
fn is_the_hosts(error: &Error) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
    let answers = |error: &io::Error| matches!(error.kind(), ConnectionRefused | ConnectionReset | TimedOut);
    matches!(error, Error::Timeout(_)) || matches!(error, Error::Io(error) if answers(error))
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
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            let mut resolved = self.empty();
            self.0.iter().for_each(|address| resolved.push(*address));
            Ok(resolved)
        }
    }

    #[test]
    fn a_family_that_this_process_has_not_says_nothing_about_the_host() {
        assert!(!is_the_hosts(&Error::Io(rustix::io::Errno::AFNOSUPPORT.into())));
        assert!(is_the_hosts(&Error::Io(rustix::io::Errno::CONNREFUSED.into())));
    }

    fn ask(addresses: &[SocketAddr], shared: &Arc<Shared>) -> Result<u16, Error> {
        let config = Agent::config_builder().timeout_connect(Some(Duration::from_secs(1)));
        let connector = Connector { shared: shared.clone(), progress: Progress::default() };
        let agent = Agent::with_parts(config.proxy(None).build(), connector, Fixed(addresses.to_vec()));
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
        let _waiting: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&dropped, wait).ok()).collect();
        let no_way: SocketAddr = "255.255.255.255:1".parse().unwrap();
        for addresses in [vec![good], vec![free, good], vec![dropped, free, good], vec![no_way, good]] {
            let shared = Arc::default();
            assert_eq!(ask(&addresses, &shared).unwrap(), 200, "{addresses:?}");
            if addresses.len() > 1 {
                assert_eq!(*shared.preferred.lock().unwrap(), Some(good));
            }
        }
        asked.assert();
        for addresses in [[free, no_way], [no_way, free]] {
            let failure = ask(&addresses, &Arc::default()).unwrap_err();
            let refused = matches!(&failure, Error::Io(e) if e.kind() == ErrorKind::ConnectionRefused);
            assert!(refused, "{failure:?}");
        }
        let late = ask(&[dropped, dropped], &Arc::default()).unwrap_err();
        assert!(matches!(late, Error::Timeout(Timeout::Connect)), "{late:?}");
    }
}
