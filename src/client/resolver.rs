//! A resolver with a cache: ureq resolves for every request, on a thread each time. Names are resolved anew after a minute and
//! after a connection error; a slow answer is waited for by all who need it, a retry included, and not asked for again.
//! `localhost` is never asked for: plain http is allowed to it, and a name server must not decide where a token goes (RFC 6761).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

use crate::process::lock;

const FRESH: Duration = Duration::from_secs(60);

/// The most addresses of a name that are tried; ureq has room for as many.
const MAX_ADDRESSES: usize = 16;

/// A resolver of the one host that a client connects to: the base URL's, or the proxy's.
#[derive(Clone, Debug, Default)]
pub struct Resolver(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_asking: bool,
    /// The last answer, and when it came; none for a name without addresses.
    answer: Option<(Instant, Vec<SocketAddr>)>,
}

impl Resolver {
    pub fn forget(&self) {
        lock(&self.0.state).answer = None;
    }

    fn look_up(&self, host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        let began = Instant::now();
        let mut state = lock(&self.0.state);
        loop {
            match &state.answer {
                Some((at, addresses)) if addresses.is_empty() && *at >= began => return Err(Error::HostNotFound),
                Some((at, addresses)) if !addresses.is_empty() && at.elapsed() < FRESH => return Ok(addresses.clone()),
                _ => {}
            }
            if !state.is_asking {
                ask(self.0.clone(), host.to_owned(), port)?;
                state.is_asking = true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout(Timeout::Resolve));
            }
            let waited = self.0.answered.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Asks the system's resolver, which cannot be interrupted, on a thread of its own.
fn ask(shared: Arc<Shared>, host: String, port: u16) -> Result<(), Error> {
    let ask = move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        let addresses = addresses.map(|found| found.take(MAX_ADDRESSES).collect());
        let mut state = lock(&shared.state);
        state.is_asking = false;
        state.answer = Some((Instant::now(), addresses.unwrap_or_default()));
        shared.answered.notify_all();
    };
    thread::Builder::new().name("resolver".to_owned()).spawn(ask).map(drop).map_err(Error::Io)
}

impl ureq::unversioned::resolver::Resolver for Resolver {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let addresses = if let Ok(address) = host.parse::<IpAddr>() {
            vec![(address, port).into()]
        } else if host.eq_ignore_ascii_case("localhost") {
            vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
        } else {
            self.look_up(host, port, Instant::now() + *timeout.after)?
        };
        let mut resolved = self.empty();
        for address in addresses {
            resolved.push(address);
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(resolver: &Resolver, url: &str) -> Result<Vec<SocketAddr>, Error> {
        let uri: Uri = url.parse().expect("a URL");
        let timeout = NextTimeout { after: Duration::from_millis(200).into(), ..NextTimeout::default() };
        let resolver: &dyn ureq::unversioned::resolver::Resolver = resolver;
        let found = resolver.resolve(&uri, &Config::default(), timeout)?;
        Ok(found.iter().copied().collect())
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        let resolver = Resolver::default();
        lock(&resolver.0.state).is_asking = true;
        for (url, expected) in [
            ("http://127.0.0.1:8080/x", vec!["127.0.0.1:8080"]),
            ("https://[::1]/", vec!["[::1]:443"]),
            ("http://LOCALHOST/", vec!["127.0.0.1:80", "[::1]:80"]),
        ] {
            let expected: Vec<SocketAddr> = expected.iter().map(|a| a.parse().expect("address")).collect();
            assert_eq!(resolve(&resolver, url).expect("addresses"), expected);
        }
    }

    #[test]
    fn an_answer_is_kept_for_a_minute_and_no_longer_than_it_works() {
        let resolver = Resolver::default();
        let address: SocketAddr = "192.0.2.1:443".parse().expect("address");
        let answer = |age| {
            let mut state = lock(&resolver.0.state);
            // A question that is never answered.
            state.is_asking = true;
            state.answer = Instant::now().checked_sub(age).map(|at| (at, vec![address]));
        };
        answer(Duration::from_secs(50));
        let found = resolve(&resolver, "https://api.example.com");
        assert_eq!(found.expect("remembered"), [address]);
        for is_forgotten in [false, true] {
            answer(Duration::from_secs(if is_forgotten { 0 } else { 61 }));
            if is_forgotten {
                resolver.forget();
            }
            let late = resolve(&resolver, "https://api.example.com");
            assert!(matches!(late, Err(Error::Timeout(Timeout::Resolve))), "{late:?}");
        }
    }

    #[test]
    fn a_question_under_way_is_waited_for() {
        let resolver = Resolver::default();
        lock(&resolver.0.state).is_asking = true;
        let shared = resolver.0.clone();
        let waits = thread::spawn(move || resolve(&resolver, "https://api.example.com"));
        let mut state = lock(&shared.state);
        state.answer = Some((Instant::now() + Duration::from_secs(1), Vec::new()));
        drop(state);
        shared.answered.notify_all();
        let none = waits.join().expect("no panic");
        assert!(matches!(none, Err(Error::HostNotFound)), "{none:?}");
    }
}
