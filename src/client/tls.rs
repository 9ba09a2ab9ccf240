//! TLS: which roots are trusted, and rustls (with ring) below ureq.
//!
//! ureq's own TLS builds a new configuration for every connection whose request has deadlines of its own, and hides what
//! rustls found wrong; this adapter keeps one configuration and the rustls error.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_native_certs::CertificateResult;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter, time,
};

use crate::config::{Environment, Setting};
use crate::error::{Error, Kind, Result};

/// The TLS configuration: the system's roots or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and `ca_file`.
///
/// # Errors
/// `config`: a file that is named cannot be read or holds no certificate.
pub fn config(
    ca_file: Option<&Setting<std::path::PathBuf>>,
    env: &Environment,
) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let file = env.get("SSL_CERT_FILE").map(Path::new);
    let dirs = env.get("SSL_CERT_DIR");
    if let Some(file) = file {
        let hint = "SSL_CERT_FILE names this file; unset it to trust the system's roots";
        add(&mut roots, file).map_err(|e| e.hint(hint))?;
    }
    for dir in dirs
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|dir| !dir.as_os_str().is_empty())
    {
        let found = rustls_native_certs::load_certs_from_paths(None, Some(&dir));
        if found.certs.is_empty() {
            return Err(Error::new(Kind::Config, format!("no CA certificate in the directory {}", dir.display()))
                .hint("SSL_CERT_DIR names this directory; it must hold certificates under their hashes (openssl rehash)"));
        }
        roots.add_parsable_certificates(found.certs);
    }
    if file.is_none() && dirs.is_none() {
        let found = of_the_system();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 && ca_file.is_none() {
            return Err(Error::new(Kind::Config, "this system has no root certificates to verify a server with")
                .hint("install them (Debian: ca-certificates), or name a bundle in SSL_CERT_FILE or ca_file"));
        }
    }
    if let Some(ca_file) = ca_file {
        add(&mut roots, &ca_file.value).map_err(|e| {
            e.hint(format!(
                "ca_file ({}) must name PEM certificates",
                ca_file.origin
            ))
        })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(Kind::Failed, "TLS could not be set up").because(e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The system's own roots. Where it keeps them both in a bundle and in a directory, the bundle has all of them, and reading
/// the directory, too, would double the time.
#[cfg(all(unix, not(target_os = "macos")))]
fn of_the_system() -> CertificateResult {
    let bundle = openssl_probe::probe().cert_file;
    let found = bundle.map(|file| rustls_native_certs::load_certs_from_paths(Some(&file), None));
    found
        .filter(|found| !found.certs.is_empty())
        .unwrap_or_else(rustls_native_certs::load_native_certs)
}

/// The system's own roots.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn of_the_system() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}

/// Adds the PEM certificates of a file.
fn add(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let broken =
        |what: &str| Error::new(Kind::Config, format!("{what} {}", path.display())).at(path, None);
    let found = rustls_native_certs::load_certs_from_paths(Some(path), None);
    let error = found.errors.into_iter().next();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    match error {
        Some(error) if added == 0 => Err(broken("cannot read CA certificates from").because(error)),
        None if added == 0 && ignored == 0 => Err(broken("no CA certificate in")),
        None if added == 0 => Err(broken("no usable CA certificate in")),
        _ => Ok(()),
    }
}

/// Puts TLS onto the connections to an https base URL, and counts the connections opened to any.
pub struct TlsConnector {
    /// How to speak TLS; `None` for plain http.
    pub config: Option<Arc<ClientConfig>>,
    /// How many connections were opened: an attempt that opened none used a kept one.
    pub opened: Arc<AtomicU64>,
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        self.opened.fetch_add(1, Ordering::Relaxed);
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let config = self.config.clone().ok_or(ureq::Error::TlsRequired)?;
        let host = details
            .uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ureq::Error::HostNotFound)?;
        let mut connection =
            ClientConnection::new(config, name).map_err(|e| ureq::Error::Other(Box::new(e)))?;
        let mut socket = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        socket.set_timeout(remaining(details));
        connection.complete_io(&mut socket)?;
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        Ok(Some(Either::B(TlsTransport {
            buffers,
            stream: StreamOwned::new(connection, socket),
        })))
    }
}

/// What is left of the time to connect.
pub fn remaining(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (time::Duration::Exact(after), time::Instant::Exact(since)) =
        (timeout.after, details.now)
    {
        timeout.after = time::Duration::Exact(
            after.saturating_sub(Instant::now().saturating_duration_since(since)),
        );
    }
    timeout
}

/// A TLS connection.
pub struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
