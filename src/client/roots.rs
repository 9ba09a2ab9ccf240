//! Which certificates are trusted: the system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and those
//! of `ca_file`. Whatever holds them is read like any file of ours: no more than is sensible, and without waiting.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

use super::verifier::{Use, usable};
use crate::config::{Environment, Opened, Setting};
use crate::error::{Error, Kind, Result};

/// The most that is read of a list of CA certificates, be it a file or a directory. Mozilla's roots are 220 KiB.
const LARGEST: usize = 8 * 1024 * 1024;

/// What is trusted.
#[derive(Debug)]
pub struct Roots {
    /// CAs: whoever these certify is trusted.
    pub cas: RootCertStore,
    /// Servers' certificates that signed themselves: each is trusted for itself, and nobody whom it certifies.
    pub servers: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// The system's roots or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and `ca_file`.
    ///
    /// # Errors
    /// `config`: what is named cannot be read or holds no certificate, or the system has none.
    pub fn new(ca_file: Option<&Setting<PathBuf>>, env: &Environment) -> Result<Self> {
        let mut roots = Roots {
            cas: RootCertStore::empty(),
            servers: Vec::new(),
        };
        let file = env.get("SSL_CERT_FILE").map(Path::new);
        let dirs = env.get("SSL_CERT_DIR").map(std::env::split_paths);
        let dirs: Vec<_> = dirs
            .into_iter()
            .flatten()
            .filter(|dir| !dir.as_os_str().is_empty())
            .collect();
        if let Some(file) = file {
            let hint = "SSL_CERT_FILE names it, as the PEM file of the CA certificates to trust; unset it to trust the system's";
            roots.add_file(file).map_err(|e| e.hint(hint))?;
        }
        for dir in &dirs {
            roots.add_dir(dir)?;
        }
        if file.is_none() && dirs.is_empty() && !roots.add_system() && ca_file.is_none() {
            return Err(Error::new(Kind::Config, "this system has no root certificates to verify a server with")
                .hint("install them (Debian: ca-certificates), or name a bundle in SSL_CERT_FILE or ca_file"));
        }
        if let Some(ca_file) = ca_file {
            roots.add_file(&ca_file.value).map_err(|e| {
                e.hint(format!(
                    "ca_file ({}) names it, as the PEM file of CA certificates to trust beside the system's",
                    ca_file.origin
                ))
            })?;
        }
        Ok(roots)
    }

    /// Adds a certificate; false if it cannot be used.
    fn add(&mut self, certificate: CertificateDer<'static>) -> bool {
        match usable(&certificate) {
            Some(Use::Ca) => self.cas.add(certificate).is_ok(),
            Some(Use::Itself) => {
                self.servers.push(certificate);
                true
            }
            None => false,
        }
    }

    /// Adds those that can be used; false if none can.
    fn add_all(&mut self, certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> bool {
        let usable = certificates
            .into_iter()
            .filter_map(|certificate| self.add(certificate).then_some(()));
        usable.count() > 0
    }

    /// Adds the system's own roots; false if there is none. Where it keeps them both in a bundle and in directories, the
    /// bundle has all of them, and reading the directories, too, would double the time.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn add_system(&mut self) -> bool {
        let places = openssl_probe::probe();
        let bundle = places.cert_file.and_then(|file| {
            let bytes = Opened::open(&file).ok()?.read(LARGEST).ok()??;
            Some(self.add_all(certificates(&plain(&bytes)).flatten()))
        });
        bundle == Some(true) || {
            let dirs = places.cert_dir.iter();
            self.add_all(dirs.filter_map(|dir| of_dir(dir).ok()).flatten())
        }
    }

    /// Adds the system's own roots; false if there is none.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn add_system(&mut self) -> bool {
        self.add_all(rustls_native_certs::load_native_certs().certs)
    }

    /// Adds the PEM certificates of a file. One that cannot be used is passed over, as long as another one can be; a file
    /// that is damaged is refused: what is missing in it might be what is needed.
    fn add_file(&mut self, path: &Path) -> Result<()> {
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
        for certificate in certificates(&plain(&bytes)) {
            // The parser's own words hold the file's bytes.
            let number = usable + others + 1;
            let certificate = certificate.map_err(|_| {
                flaw(&format!(
                    "is damaged: its certificate number {number} is not whole"
                ))
            })?;
            if self.add(certificate) {
                usable += 1;
            } else {
                others += 1;
            }
        }
        let holds = |text: &str| memmem::find(&bytes, text.as_bytes()).is_some();
        match (usable, others) {
            (1.., _) => Ok(()),
            (_, 1..) => Err(flaw(
                "holds no certificate that can be used: none is of a CA, and none has signed itself",
            )),
            _ if bytes.trim_ascii().is_empty() => Err(flaw("is empty")),
            _ if holds("PRIVATE KEY-----") => Err(flaw("holds a private key and no certificate")),
            _ if holds("-----BEGIN TRUSTED CERTIFICATE-----") => Err(flaw(
                "holds certificates in a form of OpenSSL's own, TRUSTED CERTIFICATE (`openssl x509` converts one)",
            )),
            // A SEQUENCE, as every certificate in DER begins.
            _ if bytes.starts_with(&[0x30, 0x82]) => Err(flaw(
                "is not in PEM form (`openssl x509 -inform der` converts it)",
            )),
            _ => Err(flaw("holds no certificate in PEM form")),
        }
    }

    /// Adds the PEM certificates of a directory that `SSL_CERT_DIR` names.
    fn add_dir(&mut self, dir: &Path) -> Result<()> {
        let flaw = |words: &str| {
            Error::new(Kind::Config, format!("the CA directory {} {words}", dir.display()))
                .hint("SSL_CERT_DIR names it; it must hold PEM certificates, as `openssl rehash` expects them")
                .at(dir, None)
        };
        if self.add_all(of_dir(dir).map_err(flaw)?) {
            Ok(())
        } else {
            Err(flaw("holds no CA certificate"))
        }
    }
}

/// The certificates of a directory's files; files that hold none are passed over, and so are damaged ones.
///
/// # Errors
/// What is wrong, in words that follow "the CA directory …".
fn of_dir(dir: &Path) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let entries = dir.read_dir().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "does not exist",
        io::ErrorKind::NotADirectory => "is not a directory",
        io::ErrorKind::PermissionDenied => "may not be read by this user",
        _ => "cannot be read",
    })?;
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut rest = LARGEST;
    for entry in entries.flatten() {
        // `openssl rehash` links to each file by its hash: what has several names is read once.
        let Ok(path) = entry.path().canonicalize() else {
            continue;
        };
        // To open a device may be to change its state.
        if !path.is_file() || !seen.insert(path.clone()) {
            continue;
        }
        match Opened::open(&path).and_then(|opened| opened.read(rest)) {
            Ok(Some(bytes)) => {
                rest -= bytes.len();
                found.extend(certificates(&plain(&bytes)).flatten());
            }
            Ok(None) => return Err("is larger than any list of CAs (8 MiB)"),
            Err(_) => {}
        }
    }
    found.sort_unstable_by(|a, b| a.cmp(b));
    found.dedup();
    Ok(found)
}

/// The certificates of PEM text, be they whole or not. One at a time: all of them are a tenth of a MiB.
fn certificates(
    text: &[u8],
) -> impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>> + '_ {
    CertificateDer::pem_slice_iter(text)
}

/// PEM text as the parser takes it: without a byte order mark, and with the label of today for that of old.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some(at) = memmem::find(rest, b" X509 CERTIFICATE-----") {
        plain.extend(&rest[..at]);
        rest = &rest[at + " X509".len()..];
    }
    if plain.is_empty() {
        return text.into();
    }
    plain.extend(rest);
    plain.into()
}
