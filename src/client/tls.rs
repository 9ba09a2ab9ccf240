//! TLS: rustls, with ring.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ClientConfig, ClientConnection, SignatureScheme, StreamOwned};

use super::roots::Roots;
use super::tcp::Stream;
use super::verifier::Verifier;
use super::wire::{Broken, Phase};
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

impl Tls {
    /// Agrees on TLS with `host` on the connection, within its deadline.
    ///
    /// # Errors
    /// `NoHandshake` or `Late`: the server does not speak TLS, or not in time. `Tls`: what is wrong with it.
    pub fn connect(&self, host: &str, mut socket: Stream) -> Result<TlsStream, Broken> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Broken::NoAddress)?;
        let mut connection =
            ClientConnection::new(self.config.clone(), name).map_err(Broken::Tls)?;
        connection.complete_io(&mut socket).map_err(|error| {
            let error = last_words(&mut connection, &mut socket, error);
            match Broken::from(self.clients.explain(error)) {
                Broken::Late(_) => Broken::Late(Phase::Handshake),
                Broken::Closed => Broken::NoHandshake,
                broken => broken,
            }
        })?;
        Ok(TlsStream {
            stream: StreamOwned::new(connection, socket),
            clients: self.clients.clone(),
        })
    }
}

/// A TLS connection.
pub struct TlsStream {
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

impl TlsStream {
    /// The connection below.
    pub fn socket(&mut self) -> &mut Stream {
        &mut self.stream.sock
    }

    /// Whether there is nothing to read, not even an end: neither in the connection below nor in what came of it.
    pub fn is_quiet(&mut self) -> bool {
        let StreamOwned { conn, sock } = &mut self.stream;
        let state = conn.process_new_packets();
        let is_empty =
            state.is_ok_and(|s| s.plaintext_bytes_to_read() == 0 && !s.peer_has_closed());
        is_empty && sock.is_quiet()
    }

    fn explain(&mut self, error: io::Error) -> io::Error {
        let StreamOwned { conn, sock } = &mut self.stream;
        match self.clients.explain(last_words(conn, sock, error)).into() {
            // After TLS 1.3's handshake the server may still refuse it.
            tls @ Broken::Tls(rustls::Error::AlertReceived(_)) => tls,
            Broken::Tls(_) => Broken::Garbled,
            broken => broken,
        }
        .into()
    }
}

/// An end without `close_notify`, which anybody may have made, is an error: the connection's end as a whole.
impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer);
        read.map_err(|error| self.explain(error))
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes);
        written.map_err(|error| self.explain(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        flushed.map_err(|error| self.explain(error))
    }
}
