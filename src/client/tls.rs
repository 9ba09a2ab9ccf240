//! TLS: which roots are trusted, and rustls (with ring) below ureq.
//!
//! ureq's own TLS builds a new configuration for every connection whose request has deadlines of its own, and hides what
//! rustls found wrong; this adapter keeps one configuration and the rustls error.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SignatureScheme, StreamOwned};
use rustls_native_certs::CertificateResult;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

use super::kept::is_closed;
use super::tcp::{self, Stream, TcpTransport};
use super::verifier::Verifier;
use crate::config::{Environment, Opened, Setting};
use crate::error::{Error, Kind, Result};

/// The largest file of CA certificates that is read. Mozilla's roots are 220 KiB.
const LARGEST: usize = 8 * 1024 * 1024;

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

/// The TLS configuration: the system's roots or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and `ca_file`.
///
/// # Errors
/// `config`: a file that is named cannot be read or holds no certificate.
pub fn config(ca_file: Option<&Setting<std::path::PathBuf>>, env: &Environment) -> Result<Tls> {
    let mut roots = RootCertStore::empty();
    let file = env.get("SSL_CERT_FILE").map(Path::new);
    let dirs = env.get("SSL_CERT_DIR").map(std::env::split_paths);
    let dirs: Vec<_> = dirs
        .into_iter()
        .flatten()
        .filter(|dir| !dir.as_os_str().is_empty())
        .collect();
    if let Some(file) = file {
        let hint = "SSL_CERT_FILE names it, as the PEM file of the CA certificates to trust; unset it to trust the system's";
        add(&mut roots, file).map_err(|e| e.hint(hint))?;
    }
    for dir in &dirs {
        add_dir(&mut roots, dir)?;
    }
    if file.is_none() && dirs.is_empty() {
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
                "ca_file ({}) names it, as the PEM file of CA certificates to trust beside the system's",
                ca_file.origin
            ))
        })?;
    }
    let provider = Arc::new(CryptoProvider {
        key_provider: &NoPrivateKeys,
        ..ring::default_provider()
    });
    let broken = |e| Error::new(Kind::Failed, "TLS could not be set up").because(e);
    let clients = Arc::new(NoClientCertificate::default());
    let verifier = Verifier::new(roots, provider.clone()).map_err(broken)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| broken(e.into()))?
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

/// Adds the PEM certificates of a file. One that rustls cannot use is passed over, as long as another one can be; a file
/// that is damaged is refused: what is missing in it might be what is needed.
fn add(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let flaw = |words: &str| {
        let message = format!("the CA file {} {words}", path.display());
        Error::new(Kind::Config, message).at(path, None)
    };
    let opened = Opened::open(path).map_err(|e| flaw(&e.words))?;
    let Some(bytes) = opened.read(LARGEST).map_err(|e| flaw(&e.words))? else {
        return Err(flaw("is larger than any list of CAs (8 MiB)"));
    };
    let mut usable = 0;
    let mut others = 0;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        // The parser's own words hold the file's bytes.
        let number = usable + others + 1;
        let certificate = certificate.map_err(|_| {
            flaw(&format!(
                "is damaged: its certificate number {number} is not whole"
            ))
        })?;
        match roots.add(certificate) {
            Ok(()) => usable += 1,
            Err(_) => others += 1,
        }
    }
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    match (usable, others) {
        (1.., _) => Ok(()),
        (_, 1..) => Err(flaw("holds no certificate that can be used")),
        _ if bytes.trim_ascii().is_empty() => Err(flaw("is empty")),
        _ if holds(b"PRIVATE KEY-----") => Err(flaw("holds a private key and no certificate")),
        // A SEQUENCE, as every certificate in DER begins.
        _ if bytes.starts_with(&[0x30, 0x82]) => Err(flaw(
            "is not in PEM form (`openssl x509 -inform der` converts it)",
        )),
        _ => Err(flaw("holds no certificate in PEM form")),
    }
}

/// Adds the PEM certificates of the files in a directory; those that are none are passed over.
fn add_dir(roots: &mut RootCertStore, dir: &Path) -> Result<()> {
    let flaw = |words: &str| {
        Error::new(Kind::Config, format!("the CA directory {} {words}", dir.display()))
            .hint("SSL_CERT_DIR names it; it must hold PEM certificates, as `openssl rehash` expects them")
            .at(dir, None)
    };
    let found = rustls_native_certs::load_certs_from_paths(None, Some(dir));
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(());
    }
    Err(match std::fs::read_dir(dir).map_err(|e| e.kind()) {
        Ok(_) => flaw("holds no CA certificate"),
        Err(io::ErrorKind::NotFound) => flaw("does not exist"),
        Err(io::ErrorKind::NotADirectory) => flaw("is not a directory"),
        Err(io::ErrorKind::PermissionDenied) => flaw("may not be read by this user"),
        Err(_) => flaw("cannot be read"),
    })
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
