//! What is wrong with a server's TLS, each flaw in words of its own and with what to do.

use jiff::tz::Offset;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::Failure;
use crate::account::id::hide_credentials;
use crate::client::verifier::Untrusted;
use crate::config::TELLING;
use crate::error::{Error, Kind};
use crate::escape::excerpt;

/// How much of a name in a certificate a message shows, in characters.
const NAME: usize = 60;

/// Puts into words what rustls found wrong; names in certificates are shown without `bearer`.
pub fn of_tls(error: &rustls::Error, host: &str, bearer: &str) -> Failure {
    let (message, hint) = match error {
        rustls::Error::InvalidCertificate(flaw) => of_certificate(flaw, host, bearer),
        rustls::Error::InvalidMessage(_) => (
            format!("{host} does not speak TLS on this port"),
            "is base_url right, its port included? https needs the TLS port",
        ),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => (
            format!("{host} demands a client certificate"),
            "acctq has none to offer; ask the server's operator for a way without",
        ),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => (
            format!("{host} offers no TLS version or cipher that is safe"),
            "it must speak TLS 1.2 or 1.3; ask its operator",
        ),
        rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        ) => (
            format!(
                "{host} refused the TLS handshake: it found no cipher or kind of key in common"
            ),
            "is base_url right, its host name included? else its operator must offer TLS 1.3, or 1.2 with ECDHE and AES-GCM or ChaCha20, and a key of RSA, P-256, P-384 or Ed25519",
        ),
        rustls::Error::AlertReceived(_) => (
            format!("{host} refused the TLS handshake"),
            "is base_url right, its host name included? else ask the server's operator",
        ),
        _ => (
            format!("no TLS connection to {host} could be made"),
            "is base_url right, its port included?",
        ),
    };
    // What is wrong with a certificate, or with what either side offers, is wrong for everybody, and stays so. The rest may
    // be a single connection's: a server that is overloaded or restarted, something between that answers in its place.
    let lasts = matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::HandshakeFailure
                    | AlertDescription::InsufficientSecurity
                    | AlertDescription::ProtocolVersion
            )
    );
    let error = Error::new(Kind::Tls, message).hint(hint);
    Failure::lasting(error.retryable(!lasts))
}

fn of_certificate(flaw: &CertificateError, host: &str, bearer: &str) -> (String, &'static str) {
    const EXPIRED: &str =
        "its operator must renew it; if others reach it, check this machine's clock";
    const EARLY: &str = "check this machine's clock; else its operator must mend it";
    const OTHER_NAME: &str =
        "is base_url right? A captive portal or an intercepting proxy looks like this, too";
    match flaw {
        CertificateError::ExpiredContext { time, not_after } => (
            format!(
                "the certificate of {host} expired{}",
                moment("on", *not_after, *time)
            ),
            EXPIRED,
        ),
        CertificateError::Expired => (format!("the certificate of {host} has expired"), EXPIRED),
        CertificateError::NotValidYetContext { time, not_before } => (
            format!(
                "the certificate of {host} is not valid yet, only{}",
                moment("from", *not_before, *time)
            ),
            EARLY,
        ),
        CertificateError::NotValidYet => {
            (format!("the certificate of {host} is not valid yet"), EARLY)
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names = names(presented, bearer);
            let message = if names.is_empty() {
                format!(
                    "the certificate of {host} says of no name or address that it is for it (subjectAltName)"
                )
            } else {
                format!("the certificate presented is for {names}, not for {host}")
            };
            (message, OTHER_NAME)
        }
        CertificateError::NotValidForName => (
            format!("the certificate presented is not for {host}"),
            OTHER_NAME,
        ),
        CertificateError::Revoked => (
            format!("the certificate of {host} is revoked"),
            "do not trust this server",
        ),
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(untrusted) => of_untrusted(untrusted, host, bearer),
            None => does_not_verify(host),
        },
        _ => does_not_verify(host),
    }
}

fn does_not_verify(host: &str) -> (String, &'static str) {
    (
        format!("the certificate of {host} is not one that a server may have"),
        "its operator must replace it; `openssl s_client` and `openssl x509 -text` show it",
    )
}

fn of_untrusted(untrusted: &Untrusted, host: &str, bearer: &str) -> (String, &'static str) {
    let known = |name: &str| strangers(name, bearer);
    match untrusted {
        Untrusted::SelfSigned => (
            format!("the certificate of {host} is self-signed"),
            "if its operator gave it to you, name its file in ca_file; else it may be anybody's",
        ),
        Untrusted::SelfSignedCa => (
            format!(
                "the certificate of {host} is self-signed, and as a CA, which no server's may be"
            ),
            "its operator must make another one, with basicConstraints CA:FALSE; that one you can name in ca_file",
        ),
        Untrusted::Above(name, flaw) => {
            let ca = name.as_ref().map_or_else(
                || "a CA".to_owned(),
                |name| format!("the CA \"{}\"", known(name)),
            );
            of_issuer(&ca, flaw, host)
        }
        Untrusted::Alone(issuer) => (
            format!(
                "the certificate of {host} comes from \"{}\", which this machine does not trust; no intermediate certificate came with it",
                known(issuer)
            ),
            "if that is a private CA, name its file in ca_file or SSL_CERT_FILE; if a public one, the server must send its intermediate certificate",
        ),
        Untrusted::Gap(issuer) => (
            format!(
                "the certificate of {host} comes from \"{}\", whose certificate the server did not send, though it sent others",
                known(issuer)
            ),
            "its operator must add the missing intermediate certificate; only if that is a private CA itself, name its file in ca_file or SSL_CERT_FILE",
        ),
        Untrusted::NoCa(issuer) => (
            format!(
                "the certificate of {host} comes from \"{}\", which is trusted as a server of its own, and is no CA",
                known(issuer)
            ),
            "if there is a CA above both, name its file in ca_file; else do not trust this server: anybody with that one's key may be it",
        ),
        Untrusted::UnknownCa(issuer) => (
            format!(
                "the certificate of {host} comes from the CA \"{}\", which this machine does not trust",
                known(issuer)
            ),
            "if that is a private CA, or an intercepting proxy that you know, name its file in ca_file or SSL_CERT_FILE",
        ),
    }
}

/// What is wrong with a certificate above the host's: with that of `ca`, where that is known.
fn of_issuer(ca: &str, flaw: &CertificateError, host: &str) -> (String, &'static str) {
    const CHAIN: &str = "its operator must renew the chain of certificates that it sends; if others reach it, check this machine's clock";
    const UNSAFE: &str = "its operator must get certificates with keys of RSA (2048 bits at least), P-256, P-384 or Ed25519, and without SHA-1";
    const SHOWS: &str =
        "its operator must get another certificate; `openssl s_client -showcerts` shows the chain";
    let from = match flaw {
        CertificateError::ExpiredContext { time, not_after } => {
            let message = format!(
                "the certificate of {host} comes from {ca}, whose own certificate expired{}",
                moment("on", *not_after, *time)
            );
            return (message, CHAIN);
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let message = format!(
                "the certificate of {host} comes from {ca}, whose own certificate is not valid yet, only{}",
                moment("from", *not_before, *time)
            );
            return (message, CHAIN);
        }
        CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            let message = format!(
                "in the chain of certificates of {host} is a signature that is wrong, or of a kind that is not safe"
            );
            return (message, UNSAFE);
        }
        CertificateError::InvalidPurposeContext { .. } => {
            "a CA that may not certify servers (extendedKeyUsage)"
        }
        // Told by their names: the type is webpki's, which rustls does not pass on.
        flaw => match format!("{flaw:?}") {
            name if name.contains("NameConstraintViolation") => {
                "a CA that may not certify this name (nameConstraints)"
            }
            name if name.contains("PathLenConstraintViolated") => {
                "a CA that may not certify other CAs (pathLenConstraint)"
            }
            name if name.contains("EndEntityUsedAsCa") => {
                "a certificate that is no CA's (basicConstraints)"
            }
            _ => "a chain of certificates that cannot be verified",
        },
    };
    (
        format!("the certificate of {host} comes from {from}"),
        SHOWS,
    )
}

/// ` on 2026-01-31`, with the time of day if that is near to `now`; nothing if no calendar has it.
fn moment(preposition: &str, time: UnixTime, now: UnixTime) -> String {
    const NEAR: u64 = 48 * 60 * 60;
    let Some(at) = i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map(|time| Offset::UTC.to_datetime(time))
    else {
        return String::new();
    };
    if time.as_secs().abs_diff(now.as_secs()) > NEAR {
        return format!(" {preposition} {}", at.date());
    }
    let (hour, minute) = (at.hour(), at.minute());
    format!(" {preposition} {} at {hour:02}:{minute:02} UTC", at.date())
}

/// What a certificate is for, of rustls's `DnsName("example.com")` and `IpAddress(127.0.0.1)`; no server is an e-mail
/// address, or what else a certificate may be for.
fn names(presented: &[String], bearer: &str) -> String {
    let servers = presented.iter().filter_map(|name| {
        let name = name
            .strip_prefix("DnsName(")
            .or_else(|| name.strip_prefix("IpAddress("))?;
        Some(name.trim_end_matches(')').trim_matches('"'))
    });
    let mut names: Vec<_> = servers
        .clone()
        .take(3)
        .map(|name| strangers(name, bearer))
        .collect();
    if servers.count() > names.len() {
        names.push("others".to_owned());
    }
    names.join(" and ")
}

/// A name in a certificate, which anybody may have put there, as a message shows it.
fn strangers(name: &str, bearer: &str) -> String {
    let name = if bearer.len() < TELLING {
        name.to_owned()
    } else {
        name.replace(bearer, "••••••••")
    };
    excerpt(&hide_credentials(&name), NAME)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_day_is_told_with_its_hour_when_it_is_near() {
        let now = 1_767_225_600; // 2026-01-01T00:00:00Z
        let from = |seconds: u64| {
            let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            moment("from", at(seconds), at(now))
        };
        for (seconds, expected) in [
            (now + 3_900, " from 2026-01-01 at 01:05 UTC"),
            (now - 60, " from 2025-12-31 at 23:59 UTC"),
            (now + 172_800, " from 2026-01-03 at 00:00 UTC"),
            (now + 172_801, " from 2026-01-03"),
            (now - 172_801, " from 2025-12-29"),
            (0, " from 1970-01-01"),
            (u64::MAX, ""),
        ] {
            assert_eq!(from(seconds), expected, "{seconds}");
        }
    }
}
