//! Who makes the requests: one ureq agent for each look-up under way, with one connection.
//!
//! An agent of ureq's can be shared, but it holds the lock on all its connections while it asks the system whether one of
//! them is still open: with many look-ups at once, they would wait for each other at every request.

use std::sync::{Arc, Mutex, PoisonError};

use ureq::Agent;
use ureq::config::Config;
use ureq::unversioned::transport::Connector as _;

use super::failure::Failure;
use super::kept::Keeper;
use super::patience::Patience;
use super::proxy::Proxy;
use super::resolve::{Remembering, Shared};
use super::tls::{Tls, TlsConnector};
use super::tunnel::Tunnel;

/// The agents of one client.
pub struct Agents {
    /// What they have in common.
    pub config: Config,
    /// How to speak TLS; `None` for plain http.
    pub tls: Option<Tls>,
    /// The proxy, if the way leads through one.
    pub proxy: Option<Arc<Proxy>>,
    /// Where the server, or the proxy, is.
    pub resolver: Arc<Remembering>,
    /// Those that nobody uses.
    pub idle: Mutex<Vec<Lent>>,
}

/// One agent.
pub struct Lent {
    pub agent: Agent,
    /// For how long its connection may keep whoever reads from it.
    pub patience: Patience,
}

impl Agents {
    /// Lends one to `work`, the one that was used last if there is one; if it is to be `new`, none that was used. After a
    /// failure of which nobody knows where on the connection it ends, that is not used again.
    pub fn with<T>(
        &self,
        new: bool,
        work: impl FnOnce(&Lent) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let idle = if new { None } else { self.with_idle(Vec::pop) };
        let lent = idle.unwrap_or_else(|| self.make());
        let result = work(&lent);
        if result.as_ref().err().is_none_or(Failure::is_in_step) {
            self.with_idle(|idle| idle.push(lent));
        }
        result
    }

    fn make(&self) -> Lent {
        let patience = Patience::default();
        let tunnel = Tunnel {
            proxy: self.proxy.clone(),
        };
        let tls = TlsConnector {
            tls: self.tls.clone(),
        };
        let keeper = Keeper {
            patience: patience.clone(),
        };
        let connector = ().chain(tunnel).chain(tls).chain(keeper);
        let resolver = Shared(self.resolver.clone());
        Lent {
            agent: Agent::with_parts(self.config.clone(), connector, resolver),
            patience,
        }
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn with_idle<T>(&self, change: impl FnOnce(&mut Vec<Lent>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
