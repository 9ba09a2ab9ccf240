//! Which CA certificates are trusted: the system's bundle, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and those
//! of `ca_file`. What is named must hold at least one that can be used; reading is bounded and never waits.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use ureq::tls::Certificate;

use crate::config::Setting;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The most that is read of a file or a directory of CA certificates. Mozilla's are 220 KiB.
const LIMIT: u64 = 8 * 1024 * 1024;

type Roots = Vec<Certificate<'static>>;

/// All CA certificates that are trusted.
///
/// # Errors
/// `config`: what is named cannot be read or holds no certificate, or the system has none.
pub fn load(ca_file: Option<&Setting<PathBuf>>, env: &Environment) -> Result<Roots> {
    let file = env.get("SSL_CERT_FILE").map(Path::new);
    let dirs = env.get("SSL_CERT_DIR").map(std::env::split_paths);
    let dirs: Vec<_> =
        dirs.into_iter().flatten().filter(|dir| !dir.as_os_str().is_empty()).collect();
    let mut roots = Roots::new();
    if let Some(file) = file {
        let hint = "SSL_CERT_FILE names it, as the PEM file of the CA certificates to trust; unset it to trust the system's";
        roots.extend(of_file(file).map_err(|error| error.hint(hint))?);
    }
    for dir in &dirs {
        let hint = "SSL_CERT_DIR names it, as a directory of PEM files of CA certificates; unset it to trust the system's";
        roots.extend(of_dir(dir).map_err(|error| error.hint(hint))?);
    }
    if file.is_none() && dirs.is_empty() {
        roots = of_system();
        if roots.is_empty() && ca_file.is_none() {
            return Err(Error::new(
                Kind::Config,
                "this system has no CA certificates to verify a server with",
            )
            .hint("install them (Debian: ca-certificates), or name a bundle in SSL_CERT_FILE or ca_file"));
        }
    }
    if let Some(ca_file) = ca_file {
        let hint =
            "ca_file names it, as a PEM file of CA certificates to trust beside the system's";
        roots.extend(of_file(&ca_file.value).map_err(|error| error.hint(hint))?);
    }
    Ok(roots)
}

/// The system's own: the bundle has all that its directory has, and is read in half the time.
#[cfg(all(unix, not(target_os = "macos")))]
fn of_system() -> Roots {
    let places = openssl_probe::probe();
    let read = |file: &PathBuf| Some(certificates(&read(file, LIMIT).ok()?).flatten().collect());
    let bundle: Option<Roots> = places.cert_file.as_ref().and_then(read);
    bundle.filter(|roots| !roots.is_empty()).unwrap_or_else(|| {
        let dirs = places.cert_dir.iter();
        dirs.filter_map(|dir| of_dir(dir).ok()).flatten().collect()
    })
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn of_system() -> Roots {
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(to_ureq).collect()
}

/// The PEM certificates of a file. A damaged one is an error: it might be the one that is needed.
fn of_file(path: &Path) -> Result<Roots> {
    let flaw = |words: &str| {
        let message = format!("the CA file {} {words}", path.display());
        Error::new(Kind::Config, message).at(path, None)
    };
    let bytes = read(path, LIMIT).map_err(|words| flaw(&words))?;
    let found: Result<Roots, _> = certificates(&bytes).collect();
    // The parser's own words hold the file's bytes.
    let found = found.map_err(|_| flaw("is damaged: a certificate in it is not whole"))?;
    if found.iter().any(is_usable) {
        return Ok(found);
    }
    let has = |text: &[u8]| memchr::memmem::find(&bytes, text).is_some();
    Err(flaw(if bytes.trim_ascii().is_empty() {
        "is empty"
    } else if !found.is_empty() {
        "holds no certificate that can be used"
    } else if has(b"PRIVATE KEY-----") {
        "holds a private key and no certificate"
    } else if bytes.starts_with(&[0x30, 0x82]) {
        "is not in PEM form (`openssl x509 -inform der` converts it)"
    } else {
        "holds no certificate in PEM form"
    }))
}

/// The PEM certificates of the files in a directory; what holds none, or damaged ones, is passed over.
fn of_dir(dir: &Path) -> Result<Roots> {
    let flaw = |words: &str| {
        let message = format!("the CA directory {} {words}", dir.display());
        Error::new(Kind::Config, message).at(dir, None)
    };
    let entries = dir.read_dir();
    let entries = entries.map_err(|error| flaw(&format!("cannot be read: {}", error.kind())))?;
    // `openssl rehash` links to each file by its hash: what has several names is read once.
    let mut paths: Vec<_> =
        entries.flatten().filter_map(|entry| entry.path().canonicalize().ok()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut left = LIMIT;
    let mut found = Roots::new();
    for bytes in paths.iter().filter_map(|path| read(path, LIMIT).ok()) {
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| flaw("holds more than any list of CAs (8 MiB)"))?;
        found.extend(certificates(&bytes).flatten());
    }
    if found.iter().any(is_usable) {
        Ok(found)
    } else {
        Err(flaw("holds no CA certificate in PEM form"))
    }
}

/// Reads a regular file; else the words that follow its name. To open anything else may be to wait.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| format!("cannot be read: {}", error.kind());
    if !fs::metadata(path).map_err(words)?.is_file() {
        return Err("is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(words)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(words)?;
    if bytes.len() as u64 > limit {
        return Err("is larger than any list of CAs (8 MiB)".to_owned());
    }
    Ok(bytes)
}

/// The certificates of PEM text, whole or not; before it a byte order mark is passed over.
fn certificates(
    text: &[u8],
) -> impl Iterator<Item = Result<Certificate<'static>, pem::Error>> + '_ {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    CertificateDer::pem_slice_iter(text)
        .map(|found| found.as_ref().map(to_ureq).map_err(|_| pem::Error::NoItemsFound))
}

fn to_ureq(certificate: &CertificateDer<'static>) -> Certificate<'static> {
    Certificate::from_der(certificate).to_owned()
}

/// Whether rustls takes it for a CA.
fn is_usable(certificate: &Certificate<'_>) -> bool {
    let der = CertificateDer::from(certificate.der());
    RootCertStore::empty().add(der).is_ok()
}
