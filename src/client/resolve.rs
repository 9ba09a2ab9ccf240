//! Names to addresses: once for a run, and within a deadline.
//!
//! ureq asks before each request, pool or not, and on a fresh thread each time; this one remembers. `localhost` is never
//! asked for: plain http is allowed to it, and a name server must not decide where a bearer token goes (RFC 6761 6.3).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::proxy::Proxy;
use super::tunnel::Failed;
use crate::config::BaseUrl;

/// How many addresses of a name are kept: as many as ureq's array holds.
const KEPT: usize = 16;

/// A resolver for the one host that is connected to: the base URL's, or the proxy's on the way there.
pub struct Remembering {
    host: String,
    port: u16,
    is_proxy: bool,
    known: Mutex<Vec<SocketAddr>>,
}

impl Remembering {
    /// For `proxy`, or else for the host of `url`.
    pub fn new(url: &BaseUrl, proxy: Option<&Proxy>) -> Self {
        let (host, port) = proxy.map_or((url.host(), url.port()), |p| (&p.host, p.port));
        Remembering {
            host: host.to_owned(),
            port,
            is_proxy: proxy.is_some(),
            known: Mutex::default(),
        }
    }

    /// Asks anew next time: the address that was known does not answer.
    pub fn forget(&self) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembering")
    }
}

/// The resolver as ureq wants to own it.
#[derive(Debug)]
pub struct Shared(pub std::sync::Arc<Remembering>);

impl Resolver for Shared {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let Remembering { host, port, .. } = &*self.0;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            *known = look_up(host, *port, timeout).map_err(|error| {
                if self.0.is_proxy {
                    Failed::to_resolve(&error).wrapped()
                } else {
                    error
                }
            })?;
        }
        let mut addresses = self.empty();
        for &address in known.iter().take(KEPT) {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

fn look_up(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![
            (Ipv4Addr::LOCALHOST, port).into(),
            (Ipv6Addr::LOCALHOST, port).into(),
        ]);
    }
    let (answer, answers) = mpsc::sync_channel(1);
    let name = host.to_owned();
    // The system's resolver cannot be interrupted; if it hangs, its thread is left behind.
    thread::Builder::new()
        .name("resolver".to_owned())
        .spawn(move || {
            let addresses = (name.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            answer.send(addresses).ok();
        })?;
    match answers.recv_timeout(*timeout.after) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(_) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(ureq::Error::HostNotFound),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(ureq::Error::Timeout(timeout.reason)),
    }
}
