//! Which CA certificates are trusted: the system's bundle, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and those
//! of `ca_file`; and the client certificate that is shown to a gateway. What is named must hold at least one that can be used; reading
//! is bounded and never waits.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, PrivateKey};

use crate::config::reading::read_file;
use crate::config::{ClientCert, Setting, refuse_other_readers};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The most that is read of a file or a directory of CA certificates. Mozilla's are 220 KiB.
const LIMIT: usize = 8 * 1024 * 1024;

type Roots = Vec<Certificate<'static>>;

pub fn roots(ca_file: Option<&Setting<PathBuf>>, env: &Environment) -> Result<Roots> {
    let read = |name: &str, path: &Path, read: fn(&Path) -> Result<Roots>| {
        read(&env.expand_home(path)).map_err(|error| {
            error.hint(format!("{name} names it; SSL_CERT_FILE and SSL_CERT_DIR replace the system's CA certificates, ca_file adds to them"))
        })
    };
    let file = env.get("SSL_CERT_FILE").map(|file| read("SSL_CERT_FILE", file.as_ref(), of_file));
    let dirs = env.get("SSL_CERT_DIR").map(std::env::split_paths).into_iter().flatten();
    let dirs = dirs.filter(|dir| !dir.as_os_str().is_empty()).map(|dir| read("SSL_CERT_DIR", &dir, of_dir));
    let named: Vec<_> = file.into_iter().chain(dirs).collect::<Result<_>>()?;
    let mut roots = if named.is_empty() { of_system() } else { named.concat() };
    if let Some(file) = ca_file {
        roots.extend(read("ca_file", &file.value, of_file)?);
    }
    if roots.is_empty() {
        let message = "this system has no CA certificates to verify a server with";
        return Err(Error::new(Kind::Config, message)
            .hint("install them (Debian: ca-certificates), or name a bundle in SSL_CERT_FILE or ca_file"));
    }
    Ok(roots)
}

/// The system's own: the bundle has all that its directory has, and is read in half the time.
#[cfg(all(unix, not(target_os = "macos")))]
fn of_system() -> Roots {
    let places = openssl_probe::probe();
    let bundle = places.cert_file.and_then(|file| of_file(&file).ok());
    bundle.unwrap_or_else(|| places.cert_dir.iter().filter_map(|dir| of_dir(dir).ok()).flatten().collect())
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn of_system() -> Roots {
    rustls_native_certs::load_native_certs().certs.iter().map(to_ureq).collect()
}

/// The PEM certificates of a file. A damaged one is an error: it might be the one that is needed.
fn of_file(path: &Path) -> Result<Roots> {
    let (bytes, _) = read_whole(path)?;
    // The parser's own words hold the file's bytes.
    let roots = certificates(&bytes).ok_or_else(|| flaw(path, "is damaged: a certificate in it is not whole"))?;
    usable(path, roots)
}

/// The PEM certificates of the files in a directory; what holds none, or damaged ones, is passed over.
fn of_dir(dir: &Path) -> Result<Roots> {
    let entries = dir.read_dir().map_err(|error| flaw(dir, &format!("cannot be read: {}", error.kind())))?;
    // `openssl rehash` links to each file by its hash: what has several names is read once.
    let paths: BTreeSet<_> = entries.flatten().flat_map(|e| e.path().canonicalize()).collect();
    let mut read = 0;
    let mut roots = Roots::new();
    for (bytes, _) in paths.iter().flat_map(|path| read_file(path, LIMIT)).flatten() {
        read += bytes.len();
        if read > LIMIT {
            return Err(flaw(dir, &format!("holds more than {} MiB", LIMIT >> 20)));
        }
        roots.extend(certificates(&bytes).unwrap_or_default());
    }
    usable(dir, roots)
}

/// The certificates, if rustls takes one of them for a CA.
fn usable(path: &Path, roots: Roots) -> Result<Roots> {
    let is_usable = |root: &Certificate<'_>| RootCertStore::empty().add(CertificateDer::from(root.der())).is_ok();
    let is_good = roots.iter().any(is_usable);
    is_good.then_some(roots).ok_or_else(|| flaw(path, "holds no CA certificate in PEM form that can be used"))
}

/// Reads a client certificate and its key, and checks that they belong together: ureq relies on that.
pub fn client_cert(ClientCert { cert_file, key_file }: &ClientCert) -> Result<ureq::tls::ClientCert> {
    read_client_cert(&cert_file.value, &key_file.value).map_err(|error| match error.hint_text() {
        Some(_) => error,
        None => error.hint(format!(
            "client_cert_file and client_key_file name both ({}); both are PEM, the key without a passphrase",
            cert_file.origin
        )),
    })
}

fn read_client_cert(cert_file: &Path, key_file: &Path) -> Result<ureq::tls::ClientCert> {
    let chain = certificates(&read_whole(cert_file)?.0).filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| flaw(cert_file, "holds no certificate in PEM form"))?;
    let (bytes, metadata) = read_whole(key_file)?;
    refuse_other_readers(key_file, &metadata)?;
    let key = PrivateKeyDer::from_pem_slice(&bytes).ok().zip(PrivateKey::from_pem(&bytes).ok());
    let (der, key) = key.ok_or_else(|| flaw(key_file, "holds no private key in PEM form"))?;
    let ders = chain.iter().map(|cert| CertificateDer::from(cert.der()).into_owned()).collect();
    CertifiedKey::from_der(ders, der, &rustls::crypto::ring::default_provider())
        .map_err(|error| flaw(key_file, &format!("holds no key for that certificate: {error}")))?;
    Ok(ureq::tls::ClientCert::new_with_certs(&chain, key))
}

/// The bytes of a file that must exist, and its metadata.
fn read_whole(path: &Path) -> Result<(Vec<u8>, Metadata)> {
    let read = read_file(path, LIMIT).map_err(|words| flaw(path, &words))?;
    read.ok_or_else(|| flaw(path, "does not exist"))
}

fn flaw(path: &Path, words: &str) -> Error {
    let what = if path.is_dir() { "directory" } else { "file" };
    let message = format!("the {what} {} {words}", path.display());
    Error::new(Kind::Config, message).at(path, None)
}

/// The certificates of PEM text, if all of them are whole; before it a byte order mark is passed over.
fn certificates(text: &[u8]) -> Option<Roots> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    CertificateDer::pem_slice_iter(text).map(|found| found.as_ref().map(to_ureq).ok()).collect()
}

fn to_ureq(certificate: &CertificateDer<'static>) -> Certificate<'static> {
    Certificate::from_der(certificate).to_owned()
}
