//! ureq, set up once. Concurrent requests have an agent each, since ureq probes pooled connections under the pool's lock; the agents
//! of a client share the TLS configuration, the address that worked and the resolver.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, ClientCert, RootCerts, TlsConfig};

use super::PHASE;
use super::connector::{Connector, Progress, Shared};
use super::proxy::Proxy;
use crate::process::lock;

pub const USER_AGENT: &str = concat!("acctq/", env!("CARGO_PKG_VERSION"));

/// The size of a buffer, which holds the head of a response and a byte more.
const BUFFER: usize = 16 * 1024;

/// An agent, which keeps one connection open at most.
pub struct Worker {
    pub agent: Agent,
    pub progress: Progress,
}

pub struct AgentPool {
    config: Config,
    connector: Arc<Shared>,
    idle: Mutex<Vec<Worker>>,
}

impl AgentPool {
    /// Agents that trust `roots`, show `client_cert` to a server that asks for one, and whose look-ups have `timeout` each.
    pub fn new(
        timeout: Duration,
        proxy: Option<&Proxy>,
        roots: Vec<Certificate<'static>>,
        client_cert: Option<ClientCert>,
    ) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).client_cert(client_cert);
        let tls = tls.unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let phase = Some(timeout.min(PHASE));
        let config = Agent::config_builder()
            .tls_config(tls.build())
            // Never from the environment, which ureq reads by rules of its own.
            .proxy(proxy.map(|proxy| proxy.address.clone()))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(USER_AGENT)
            .timeout_global(Some(timeout))
            .timeout_connect(phase)
            .timeout_send_request(phase)
            .timeout_recv_response(phase)
            .timeout_recv_body(phase)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_response_header_size(BUFFER - 1)
            .max_idle_connections(1)
            .build();
        AgentPool { config, connector: Arc::default(), idle: Mutex::default() }
    }

    /// An agent, with the connection that it kept if there is one.
    pub fn take(&self) -> Worker {
        lock(&self.idle).pop().unwrap_or_else(|| {
            let progress = Progress::default();
            let connector = Connector { shared: self.connector.clone(), progress: progress.clone() };
            let resolver = self.connector.resolver.clone();
            Worker { agent: Agent::with_parts(self.config.clone(), connector, resolver), progress }
        })
    }

    pub fn put(&self, worker: Worker) {
        lock(&self.idle).push(worker);
    }

    pub fn forget_addresses(&self) {
        self.connector.resolver.forget();
    }
}
