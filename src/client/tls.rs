//! TLS: rustls (with ring) below ureq.
//!
//! ureq's own TLS builds a new configuration for every connection whose request has deadlines of its own, and hides what
//! rustls found wrong; this adapter keeps one configuration and the rustls error.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ClientConfig, ClientConnection, SignatureScheme, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

use super::kept::is_closed;
use super::roots::Roots;
use super::tcp::{self, Stream, TcpTransport};
use super::verifier::Verifier;
use crate::config::{Environment, Setting};
use crate::error::{Error, Kind, Result};

/// How a client speaks TLS, and what its servers wanted of it.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    clients: Arc<NoClientCertificate>,
}

/// There is no client certificate; whether one was asked for is remembered, since few servers say that this is why they
/// refuse.
#[derive(Debug, Default)]
struct NoClientCertificate {
    asked: AtomicBool,
}

impl ResolvesClientCert for NoClientCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl NoClientCertificate {
    /// The error of a connection, told as what it means where a client certificate was asked for.
    fn explain(&self, error: io::Error) -> io::Error {
        use rustls::AlertDescription as Alert;
        let alert = error
            .get_ref()
            .and_then(|e| e.downcast_ref::<rustls::Error>());
        let refused = matches!(
            alert,
            Some(rustls::Error::AlertReceived(
                Alert::HandshakeFailure
                    | Alert::BadCertificate
                    | Alert::CertificateUnknown
                    | Alert::UnknownCA
                    | Alert::AccessDenied
            ))
        );
        if refused && self.asked.load(Ordering::Relaxed) {
            let meant = rustls::Error::AlertReceived(Alert::CertificateRequired);
            return io::Error::new(io::ErrorKind::InvalidData, meant);
        }
        error
    }
}

/// The TLS configuration, trusting what [`Roots::new`] finds.
///
/// # Errors
/// `config`: a file that is named cannot be read or holds no certificate.
pub fn config(ca_file: Option<&Setting<std::path::PathBuf>>, env: &Environment) -> Result<Tls> {
    let roots = Roots::new(ca_file, env)?;
    let provider = Arc::new(CryptoProvider {
        key_provider: &NoPrivateKeys,
        ..ring::default_provider()
    });
    let clients = Arc::new(NoClientCertificate::default());
    let verifier = Verifier::new(roots, &provider);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(Kind::Failed, "TLS could not be set up").because(e))?
        // Nothing is less verified: see `verifier`.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(clients.clone());
    Ok(Tls {
        config: Arc::new(config),
        clients,
    })
}

/// We sign nothing. That is said here so that the code which could, a tenth of a MiB, is not in the program.
#[derive(Debug)]
struct NoPrivateKeys;

impl KeyProvider for NoPrivateKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> std::result::Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no private key is used".to_owned()))
    }
}

/// Puts TLS onto the connections to an https base URL.
pub struct TlsConnector {
    /// How to speak TLS; `None` for plain http.
    pub tls: Option<Tls>,
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl Connector<TcpTransport> for TlsConnector {
    type Out = Either<TcpTransport, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<TcpTransport>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let tls = self.tls.clone().ok_or(ureq::Error::TlsRequired)?;
        let host = details
            .uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ureq::Error::HostNotFound)?;
        let mut connection =
            ClientConnection::new(tls.config, name).map_err(|e| ureq::Error::Other(Box::new(e)))?;
        let mut socket = transport.stream;
        connection.complete_io(&mut socket).map_err(|error| {
            let error = last_words(&mut connection, &mut socket, error);
            Unfinished::explain(tls.clients.explain(error))
        })?;
        Ok(Some(Either::B(TlsTransport {
            buffers: tcp::buffers(details),
            stream: StreamOwned::new(connection, socket),
            clients: tls.clients,
        })))
    }
}

/// What goes wrong in the handshake without a word of the server's.
#[derive(Debug)]
pub enum Unfinished {
    /// It was not complete in time.
    InTime,
    /// The connection was closed.
    Closed,
}

impl Unfinished {
    fn explain(error: io::Error) -> ureq::Error {
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => ureq::Error::Other(Box::new(Unfinished::InTime)),
            ureq::Error::Io(e) if is_closed(&e) => ureq::Error::Other(Box::new(Unfinished::Closed)),
            error => error,
        }
    }
}

/// For ureq, which wants one; what people read is in `failure`.
impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no TLS handshake")
    }
}

impl std::error::Error for Unfinished {}

/// A TLS connection.
pub struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, Stream>,
    clients: Arc<NoClientCertificate>,
}

/// A server that refuses says why before it closes, while the client may still be writing: what it said is read before a
/// write that fails is told as a connection that broke.
fn last_words(
    connection: &mut ClientConnection,
    socket: &mut Stream,
    error: io::Error,
) -> io::Error {
    let closed = matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    );
    while closed && connection.read_tls(socket).is_ok_and(|amount| amount > 0) {
        if let Err(alert) = connection.process_new_packets() {
            return io::Error::new(io::ErrorKind::InvalidData, alert);
        }
    }
    error
}

impl TlsTransport {
    fn explain(&mut self, error: io::Error) -> io::Error {
        let StreamOwned { conn, sock } = &mut self.stream;
        self.clients.explain(last_words(conn, sock, error))
    }
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
        self.stream.sock.set_deadline(timeout);
        let output = &self.buffers.output()[..amount];
        let written = self.stream.write_all(output);
        written.map_err(|error| self.explain(error))?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_deadline(timeout.for_read());
        let read = self.stream.read(self.buffers.input_append_buf());
        let amount = read.map_err(|error| match error.kind() {
            // No close_notify: anybody may have ended the connection. ureq takes this kind for the end of a body
            // without a length (RFC 9112 9.8), and the other one for what it is.
            io::ErrorKind::UnexpectedEof => io::ErrorKind::NotConnected.into(),
            _ => self.explain(error),
        })?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
