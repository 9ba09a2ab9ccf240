//! Which CA certificates are trusted: the system's bundle, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead, and those
//! of `ca_file`. What is named must hold at least one that can be used; reading is bounded and never waits.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::tls::Certificate;

use crate::config::Setting;
use crate::config::reading::read_file;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The most that is read of a file or a directory of CA certificates. Mozilla's are 220 KiB.
const LIMIT: usize = 8 * 1024 * 1024;

type Roots = Vec<Certificate<'static>>;

/// All CA certificates that are trusted.
pub fn load(ca_file: Option<&Setting<PathBuf>>, env: &Environment) -> Result<Roots> {
    let instead = "unset it to trust the system's";
    let mut roots = Roots::new();
    let mut is_replaced = false;
    if let Some(file) = env.get("SSL_CERT_FILE") {
        let hint = format!("SSL_CERT_FILE names it, as a PEM file of CA certificates; {instead}");
        roots.extend(of_file(&env.expand_home(Path::new(file))).map_err(|error| error.hint(hint))?);
        is_replaced = true;
    }
    let dirs = env.get("SSL_CERT_DIR").map(std::env::split_paths).into_iter().flatten();
    for dir in dirs.filter(|dir| !dir.as_os_str().is_empty()) {
        let hint = format!("SSL_CERT_DIR names it, as a directory of PEM files; {instead}");
        roots.extend(of_dir(&env.expand_home(&dir)).map_err(|error| error.hint(hint))?);
        is_replaced = true;
    }
    if !is_replaced {
        roots = of_system();
        if roots.is_empty() && ca_file.is_none() {
            let message = "this system has no CA certificates to verify a server with";
            return Err(Error::new(Kind::Config, message).hint(
                "install them (Debian: ca-certificates), or name a bundle in SSL_CERT_FILE or ca_file",
            ));
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
    let bundle = places.cert_file.and_then(|file| of_file(&file).ok());
    bundle.unwrap_or_else(|| {
        places.cert_dir.iter().filter_map(|dir| of_dir(dir).ok()).flatten().collect()
    })
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn of_system() -> Roots {
    rustls_native_certs::load_native_certs().certs.iter().map(to_ureq).collect()
}

/// The PEM certificates of a file. A damaged one is an error: it might be the one that is needed.
fn of_file(path: &Path) -> Result<Roots> {
    let flaw = |words: &str| {
        let message = format!("the CA file {} {words}", path.display());
        Error::new(Kind::Config, message).at(path, None)
    };
    let read = read_file(path, LIMIT).map_err(|words| flaw(&words))?;
    let (bytes, _) = read.ok_or_else(|| flaw("does not exist"))?;
    // The parser's own words hold the file's bytes.
    let roots =
        certificates(&bytes).map_err(|()| flaw("is damaged: a certificate in it is not whole"))?;
    if !roots.iter().any(is_usable) {
        return Err(flaw("holds no certificate in PEM form that can be used"));
    }
    Ok(roots)
}

/// The PEM certificates of the files in a directory; what holds none, or damaged ones, is passed over.
fn of_dir(dir: &Path) -> Result<Roots> {
    let flaw = |words: &str| {
        let message = format!("the CA directory {} {words}", dir.display());
        Error::new(Kind::Config, message).at(dir, None)
    };
    let entries = dir.read_dir().map_err(|e| flaw(&format!("cannot be read: {}", e.kind())))?;
    // `openssl rehash` links to each file by its hash: what has several names is read once.
    let mut paths: Vec<_> = entries.flatten().flat_map(|e| e.path().canonicalize()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut left = LIMIT;
    let mut roots = Roots::new();
    for (bytes, _) in paths.iter().filter_map(|path| read_file(path, LIMIT).ok()?) {
        left = left
            .checked_sub(bytes.len())
            .ok_or_else(|| flaw("holds more than any list of CAs (8 MiB)"))?;
        roots.extend(certificates(&bytes).unwrap_or_default());
    }
    if !roots.iter().any(is_usable) {
        return Err(flaw("holds no CA certificate in PEM form"));
    }
    Ok(roots)
}

/// The certificates of PEM text, if all of them are whole; before it a byte order mark is passed over.
fn certificates(text: &[u8]) -> std::result::Result<Roots, ()> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let found = CertificateDer::pem_slice_iter(text);
    found.map(|found| found.as_ref().map(to_ureq).map_err(drop)).collect()
}

fn to_ureq(certificate: &CertificateDer<'static>) -> Certificate<'static> {
    Certificate::from_der(certificate).to_owned()
}

/// Whether rustls takes it for a CA.
fn is_usable(certificate: &Certificate<'_>) -> bool {
    RootCertStore::empty().add(CertificateDer::from(certificate.der())).is_ok()
}
