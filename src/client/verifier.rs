//! Who is trusted is for rustls to say; this only adds why not, for people.
//!
//! webpki has one word, an unknown issuer, for three things with three remedies: a certificate that signed itself, one of a
//! CA that this machine does not know, and one whose intermediate the server forgot to send. Which of them it is shows in
//! the certificates that came. Every verdict is that of [`WebPkiServerVerifier`]: nothing it refuses is let through here.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

/// Why a chain of certificates leads to no trusted root.
#[derive(Debug)]
pub enum Untrusted {
    /// The server's certificate names itself as its issuer.
    SelfSigned,
    /// So does it, and says that it is a CA's, which no server's may be, trusted or not.
    SelfSignedCa,
    /// It came alone, and its issuer, of this name, is no trusted root.
    Alone(String),
    /// The last of the certificates that came has an issuer of this name, which is no trusted root.
    UnknownCa(String),
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Untrusted {}

/// [`WebPkiServerVerifier`], and which [`Untrusted`] it is.
#[derive(Debug)]
pub struct Verifier(Arc<WebPkiServerVerifier>);

impl Verifier {
    /// Trusts `roots`, of which there is at least one.
    pub fn new(
        roots: RootCertStore,
        provider: Arc<rustls::crypto::CryptoProvider>,
    ) -> anyhow::Result<Arc<Self>> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Arc::new(Verifier(verifier.build()?)))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| {
                let Error::InvalidCertificate(flaw) = &error else {
                    return error;
                };
                match why(flaw, end_entity, intermediates) {
                    Some(why) => Error::InvalidCertificate(CertificateError::Other(OtherError(
                        Arc::new(why),
                    ))),
                    None => error,
                }
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn why(
    flaw: &CertificateError,
    end_entity: &[u8],
    intermediates: &[CertificateDer<'_>],
) -> Option<Untrusted> {
    let (issuer, subject) = names(end_entity)?;
    match flaw {
        CertificateError::UnknownIssuer if issuer == subject => Some(Untrusted::SelfSigned),
        // webpki's word for it, CaUsedAsEndEntity, is not in rustls's.
        CertificateError::Other(_) if issuer == subject => Some(Untrusted::SelfSignedCa),
        CertificateError::UnknownIssuer => Some(match intermediates.last() {
            None => Untrusted::Alone(in_words(issuer)),
            Some(last) => Untrusted::UnknownCa(in_words(names(last)?.0)),
        }),
        _ => None,
    }
}

/// The issuer and the subject of a certificate, as the DER of their names (RFC 5280 4.1); `None` if it is no certificate.
fn names(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    const VERSION: u8 = 0xa0;
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    let mut next = || {
        let (tag, content, after) = element(rest)?;
        rest = after;
        Some((tag, content))
    };
    if next()?.0 == VERSION {
        next()?; // the serial number
    }
    next()?; // the signature's algorithm
    let (_, issuer) = next()?;
    next()?; // the validity
    let (_, subject) = next()?;
    Some((issuer, subject))
}

/// What people call the bearer of a name: its CN, else its O, else nothing that it has.
fn in_words(name: &[u8]) -> String {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const ORGANIZATION: &[u8] = &[0x55, 4, 10];
    [COMMON_NAME, ORGANIZATION]
        .into_iter()
        .find_map(|wanted| {
            let mut rest = name;
            while let Some((_, mut set, after)) = element(rest) {
                while let Some((_, attribute, others)) = element(set) {
                    let (_, kind, value) = element(attribute)?;
                    if kind == wanted {
                        return Some(String::from_utf8_lossy(element(value)?.1).into_owned());
                    }
                    set = others;
                }
                rest = after;
            }
            None
        })
        .unwrap_or_else(|| "a CA without a name".to_owned())
}

/// The first element of DER: its tag, its content, and what follows it (X.690 8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, der) = der.split_first()?;
    let (&first, mut der) = der.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, rest) = der.split_at_checked(usize::from(first & 0x7f))?;
        length = digits.iter().try_fold(0_usize, |length, &digit| {
            length.checked_mul(256)?.checked_add(usize::from(digit))
        })?;
        der = rest;
    }
    let (content, rest) = der.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    fn certificate(names: &[(DnType, &str)]) -> Vec<u8> {
        let mut issuer = CertificateParams::new(Vec::new()).expect("parameters");
        issuer.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, name) in names {
            issuer.distinguished_name.push(kind.clone(), *name);
        }
        let key = || KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&key(), &Issuer::new(issuer, key()));
        leaf.expect("a certificate").der().to_vec()
    }

    #[test]
    fn an_issuer_is_called_by_its_common_name_or_its_organization() {
        let named = |names: &[(DnType, &str)]| {
            let certificate = certificate(names);
            in_words(super::names(&certificate).expect("names").0)
        };
        let organization = (DnType::OrganizationName, "Acme");
        let unit = (DnType::OrganizationalUnitName, "IT");
        let common = (DnType::CommonName, "Root \u{1b}[1m漢");
        assert_eq!(
            named(&[organization.clone(), unit.clone(), common]),
            "Root \u{1b}[1m漢"
        );
        assert_eq!(named(&[unit.clone(), organization]), "Acme");
        assert_eq!(named(&[unit]), "a CA without a name");
        assert_eq!(named(&[]), "a CA without a name");
    }

    #[test]
    fn what_is_cut_or_changed_is_no_certificate_and_no_panic() {
        let whole = certificate(&[(DnType::CommonName, "a CA")]);
        for end in 0..whole.len() {
            let _ = names(&whole[..end]).map(|(issuer, _)| in_words(issuer));
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0x88, 0xff] {
                let mut broken = whole.clone();
                broken[at] = byte;
                let _ = names(&broken).map(|(issuer, _)| in_words(issuer));
            }
        }
        assert_eq!(names(b""), None);
        assert_eq!(names(&[0x30, 0x88, 1, 2, 3, 4, 5, 6, 7, 8, 9]), None);
    }
}
