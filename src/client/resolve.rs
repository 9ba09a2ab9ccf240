//! Names to addresses: once for a run, and within a deadline.
//!
//! `localhost` is never asked for: plain http is allowed to it, and a name server must not decide where a bearer token goes
//! (RFC 6761 6.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::proxy::Proxy;
use super::wire::{Broken, Deadline};
use crate::config::BaseUrl;

/// How many addresses of a name are tried.
const KEPT: usize = 16;

/// A resolver for the one host that is connected to: the base URL's, or the proxy's on the way there.
pub struct Remembering {
    host: String,
    port: u16,
    known: Mutex<Vec<SocketAddr>>,
}

impl Remembering {
    /// For `proxy`, or else for the host of `url`.
    pub fn new(url: &BaseUrl, proxy: Option<&Proxy>) -> Self {
        let (host, port) = proxy.map_or((url.host(), url.port()), |p| (&p.host, p.port));
        Remembering {
            host: host.to_owned(),
            port,
            known: Mutex::default(),
        }
    }

    /// Where the host is.
    ///
    /// # Errors
    /// The name has no address, or it does not resolve in time.
    pub fn addresses(&self, deadline: Deadline) -> Result<Vec<SocketAddr>, Broken> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            *known = look_up(&self.host, self.port, deadline)?;
            known.truncate(KEPT);
        }
        Ok(known.clone())
    }

    /// Asks anew next time: the address that was known does not answer.
    pub fn forget(&self) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

fn look_up(host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>, Broken> {
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
    match answers.recv_timeout(deadline.left()?) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(_) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(Broken::NoAddress),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Broken::Late(deadline.phase)),
    }
}
