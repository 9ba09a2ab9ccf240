//! Who is trusted is for rustls to say; this only adds why not, for people.
//!
//! webpki has one word, an unknown issuer, for several things with several remedies: a certificate that signed itself, one of
//! a CA that this machine does not know, and one whose intermediate the server forgot to send. Which of them it is shows in
//! the certificates that came. And it takes every root for a CA's, so that which of them may sign for others is told by
//! [`may_sign`]. Every verdict is rustls's, as that of its `WebPkiServerVerifier`: nothing it refuses is let through here.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::roots::Roots;

/// Why a certificate is not trusted.
#[derive(Debug)]
pub enum Untrusted {
    /// It names itself as its issuer.
    SelfSigned,
    /// So does it, and says that it is a CA's, which no server's may be, trusted or not.
    SelfSignedCa,
    /// It came alone, and its issuer, of this name, is no trusted root.
    Alone(String),
    /// The certificates that came with it do not lead on from it: the issuer of this name is missing.
    Gap(String),
    /// The last of its chain has an issuer of this name, which is no trusted root.
    UnknownCa(String),
    /// An issuer, of this name, is trusted as a server, and is no CA.
    NoCa(String),
    /// It is as it should be. What signed it is not, or not for it: the certificate of this name, if it is known which.
    Above(Option<String>, CertificateError),
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Untrusted {}

/// Verifies as rustls does, and says which [`Untrusted`] it is.
#[derive(Debug)]
pub struct Verifier {
    roots: Roots,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Trusts `roots`.
    pub fn new(roots: Roots, provider: &CryptoProvider) -> Arc<Self> {
        Arc::new(Verifier {
            roots,
            algorithms: provider.signature_verification_algorithms,
        })
    }

    /// Whether the certificate is one of a server, of today, and comes from one of `roots`.
    fn verify(
        &self,
        certificate: &ParsedCertificate<'_>,
        roots: &RootCertStore,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            certificate,
            roots,
            intermediates,
            now,
            algorithms,
        )
    }

    /// What is wrong with a certificate, whoever signed it: an unknown issuer if nothing else is.
    fn by_itself(
        &self,
        certificate: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Option<CertificateError> {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        match self.verify(&parsed, &RootCertStore::empty(), &[], now) {
            Err(Error::InvalidCertificate(flaw)) => Some(flaw),
            _ => None,
        }
    }

    fn why(
        &self,
        flaw: &CertificateError,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<Untrusted> {
        let certificate = Certificate::read(end_entity)?;
        if certificate.is_self_signed() {
            return match flaw {
                CertificateError::UnknownIssuer => Some(Untrusted::SelfSigned),
                // webpki's word for it, CaUsedAsEndEntity, is not in rustls's.
                CertificateError::Other(_) => Some(Untrusted::SelfSignedCa),
                _ => None,
            };
        }
        if self.by_itself(end_entity, now)? != CertificateError::UnknownIssuer {
            return None;
        }
        let others: Vec<_> = intermediates
            .iter()
            .filter_map(|der| Certificate::read(der))
            .collect();
        let mut chain = vec![&certificate];
        let is_in = |chain: &[&Certificate<'_>], other: &Certificate<'_>| {
            chain.iter().any(|one| one.subject == other.subject)
        };
        let mut last = &certificate;
        while let Some(next) = others
            .iter()
            .find(|other| other.subject == last.issuer && !is_in(&chain, other))
        {
            chain.push(next);
            last = next;
        }
        let servers = self.roots.servers.iter();
        let server = servers
            .filter_map(|der| Certificate::read(der))
            .find(|server| chain.iter().any(|one| one.issuer == server.subject));
        if let Some(server) = server {
            return Some(Untrusted::NoCa(in_words(server.subject)));
        }
        if *flaw != CertificateError::UnknownIssuer {
            let faulty = intermediates
                .iter()
                .find(|der| self.by_itself(der, now).as_ref() == Some(flaw))
                .and_then(|der| Certificate::read(der));
            let name = faulty.map(|faulty| in_words(faulty.subject));
            return Some(Untrusted::Above(name, flaw.clone()));
        }
        let issuer = in_words(last.issuer);
        Some(
            if !last.is_self_signed() && !others.iter().all(|other| is_in(&chain, other)) {
                Untrusted::Gap(issuer)
            } else if chain.len() == 1 {
                Untrusted::Alone(issuer)
            } else {
                Untrusted::UnknownCa(issuer)
            },
        )
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let verdict = if self.roots.servers.contains(end_entity) {
            // It signed itself, and is trusted for itself alone.
            let mut itself = RootCertStore::empty();
            itself.add(end_entity.clone())?;
            self.verify(&certificate, &itself, &[], now)
        } else {
            self.verify(&certificate, &self.roots.cas, intermediates, now)
        };
        verdict.map_err(|error| {
            let Error::InvalidCertificate(flaw) = &error else {
                return error;
            };
            match self.why(flaw, end_entity, intermediates, now) {
                Some(why) => {
                    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
                }
                None => error,
            }
        })?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What of a certificate is read here (RFC 5280 4.1).
struct Certificate<'a> {
    /// Whether it is of version 1, which knows no extensions.
    is_first_version: bool,
    /// The DER of the issuer's name.
    issuer: &'a [u8],
    /// The DER of the subject's name.
    subject: &'a [u8],
    /// The DER of its extensions, one after the other.
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// `None` if it is no certificate.
    fn read(der: &'a [u8]) -> Option<Self> {
        const VERSION: u8 = 0xa0;
        const EXTENSIONS: u8 = 0xa3;
        let (_, certificate, _) = element(der)?;
        let (_, mut rest, _) = element(certificate)?;
        let mut next = || {
            let (tag, content, after) = element(rest)?;
            rest = after;
            Some((tag, content))
        };
        let is_first_version = next()?.0 != VERSION;
        if !is_first_version {
            next()?; // the serial number
        }
        next()?; // the signature's algorithm
        let (_, issuer) = next()?;
        next()?; // the validity
        let (_, subject) = next()?;
        next()?; // the public key
        let mut extensions: &[u8] = &[];
        while let Some((tag, content)) = next() {
            if tag == EXTENSIONS {
                (_, extensions, _) = element(content)?;
            }
        }
        Some(Certificate {
            is_first_version,
            issuer,
            subject,
            extensions,
        })
    }

    fn is_self_signed(&self) -> bool {
        self.issuer == self.subject
    }

    /// The value of the extension that is `2.5.29.number` (RFC 5280 4.2).
    fn extension(&self, number: u8) -> Option<&'a [u8]> {
        let mut rest = self.extensions;
        while let Some((_, extension, after)) = element(rest) {
            let (_, name, mut value) = element(extension)?;
            if name == [0x55, 29, number] {
                let mut last: &[u8] = &[];
                // Whether it is critical may be said before.
                while let Some((_, content, after)) = element(value) {
                    (last, value) = (content, after);
                }
                return Some(last);
            }
            rest = after;
        }
        None
    }
}

/// Whether a certificate is one of a CA, by the rules of OpenSSL, which trusts those of version 1 that signed themselves.
fn may_sign(certificate: &Certificate<'_>) -> bool {
    const KEY_USAGE: u8 = 15;
    const BASIC_CONSTRAINTS: u8 = 19;
    const SIGNS_CERTIFICATES: u8 = 0b100;
    // A bit string: how many bits of its last byte count for nothing, then the bits.
    let key_usage = certificate.extension(KEY_USAGE).map(|value| {
        element(value).is_some_and(|(_, bits, _)| {
            bits.get(1)
                .is_some_and(|bits| bits & SIGNS_CERTIFICATES != 0)
        })
    });
    // A sequence that begins with TRUE for a CA, and is empty for others.
    let constraints = certificate.extension(BASIC_CONSTRAINTS).map(|value| {
        element(value).is_some_and(|(_, ca, _)| matches!(element(ca), Some((1, [0xff], _))))
    });
    match (constraints, key_usage) {
        (_, Some(false)) => false,
        (Some(is_ca), _) => is_ca,
        (None, Some(true)) => true,
        (None, None) => certificate.is_first_version && certificate.is_self_signed(),
    }
}

/// What a certificate may be trusted for.
pub enum Use {
    /// For those that it certifies.
    Ca,
    /// For itself: it signed itself, and is not of a CA.
    Itself,
}

/// What a certificate may be trusted for, if for anything.
pub fn usable(certificate: &[u8]) -> Option<Use> {
    let certificate = Certificate::read(certificate)?;
    if may_sign(&certificate) {
        return Some(Use::Ca);
    }
    certificate.is_self_signed().then_some(Use::Itself)
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
            in_words(Certificate::read(&certificate).expect("names").issuer)
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
    fn what_a_certificate_may_be_trusted_for() {
        use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose as Purpose};
        let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
        for (is_ca, purposes, is_a_ca) in [
            (ca(), vec![], true),
            (ca(), vec![Purpose::CrlSign, Purpose::KeyCertSign], true),
            (ca(), vec![Purpose::CrlSign], false),
            (IsCa::ExplicitNoCa, vec![], false),
            (IsCa::ExplicitNoCa, vec![Purpose::KeyCertSign], false),
            (IsCa::NoCa, vec![], false),
            (IsCa::NoCa, vec![Purpose::DigitalSignature], false),
            // As CAs were before basicConstraints.
            (IsCa::NoCa, vec![Purpose::KeyCertSign], true),
        ] {
            let what = format!("{is_ca:?} {purposes:?}");
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect(&what);
            params.is_ca = is_ca;
            params.key_usages = purposes;
            let key = KeyPair::generate().expect(&what);
            let own = params.self_signed(&key).expect(&what);
            let another = Issuer::new(CertificateParams::default(), &key);
            params
                .distinguished_name
                .push(DnType::CommonName, "another subject");
            let others = params.signed_by(&key, &another).expect(&what);
            let (own, others) = (usable(own.der()), usable(others.der()));
            if is_a_ca {
                assert!(matches!(own, Some(Use::Ca)), "{what}");
                assert!(matches!(others, Some(Use::Ca)), "{what}");
            } else {
                assert!(matches!(own, Some(Use::Itself)), "{what}");
                assert!(others.is_none(), "{what}");
            }
        }
    }

    #[test]
    fn one_of_the_first_version_is_a_cas_if_it_signed_itself() {
        for (is_first_version, issuer, expected) in [
            (true, b"root", true),
            (true, b"else", false),
            (false, b"root", false),
        ] {
            let certificate = Certificate {
                is_first_version,
                issuer,
                subject: b"root",
                extensions: b"",
            };
            assert_eq!(may_sign(&certificate), expected);
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_no_certificate_and_no_panic() {
        let whole = certificate(&[(DnType::CommonName, "a CA")]);
        let read = |der: &[u8]| {
            let _ = usable(der);
            let _ = Certificate::read(der).map(|certificate| in_words(certificate.issuer));
        };
        for end in 0..whole.len() {
            read(&whole[..end]);
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0x88, 0xff] {
                let mut broken = whole.clone();
                broken[at] = byte;
                read(&broken);
            }
        }
        assert!(Certificate::read(b"").is_none());
        assert!(Certificate::read(&[0x30, 0x88, 1, 2, 3, 4, 5, 6, 7, 8, 9]).is_none());
    }
}
