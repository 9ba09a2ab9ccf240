//! What goes wrong on the way to the server and back, in our own words.
//!
//! A failure says what happened and in which phase; whether it is tried again is told by [`Failure::transient`].

use std::io;
use std::time::Duration;

use jiff::tz::Offset;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::PHASE;
use super::answer::TELLING;
use super::proxy::Proxy;
use super::tunnel::Failed;
use super::verifier::Untrusted;
use super::wire::{Broken, Phase};
use crate::account::id::hide_credentials;
use crate::error::{Error, Kind};
use crate::escape::excerpt;

/// How much of a name in a certificate a message shows, in characters.
const NAME: usize = 60;

/// A failed attempt.
#[derive(Debug)]
pub struct Failure {
    /// What to tell.
    pub error: Error,
    /// Whether it may pass by itself within the look-up.
    pub transient: bool,
    /// Whether it is the connection's alone, which had been kept for too long.
    pub stale: bool,
}

impl Failure {
    /// A failure that trying again will not mend.
    #[must_use]
    pub fn lasting(error: Error) -> Self {
        Failure {
            error,
            transient: false,
            stale: false,
        }
    }

    /// A failure that may pass by itself.
    #[must_use]
    pub fn passing(error: Error) -> Self {
        Failure {
            error,
            transient: true,
            stale: false,
        }
    }

    /// Whether it is an answer that the API gives to a question, so that the next answer on the connection is that to the next
    /// question. One that makes no sense, or is about another account, may have been another question's.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        matches!(
            self.error.kind(),
            Kind::NotFound | Kind::Gone | Kind::Auth | Kind::RateLimited | Kind::Server
        )
    }
}

/// Puts into words what broke. `host` is where the connection goes, through `proxy` if there is one, `time` what a phase
/// had. What strangers say is shown without `bearer`.
pub fn of_wire(
    broken: Broken,
    host: &str,
    proxy: Option<&Proxy>,
    time: Duration,
    bearer: &str,
) -> Failure {
    match broken {
        Broken::Late(phase) => timed_out(phase, host, time),
        Broken::NoAddress => Failure::passing(
            Error::new(Kind::Network, format!("the name {host} does not resolve to an address"))
                .hint("is base_url spelled right, and is this machine online? `acctq config show` shows it"),
        ),
        Broken::Tunnel(failed) => of_tunnel(&failed, proxy, host, time),
        Broken::NoHandshake => Failure::passing(
            Error::new(
                Kind::Network,
                format!("{host} closed the connection during the TLS handshake"),
            )
            .hint("is base_url right, its port included? else try again"),
        ),
        Broken::Tls(error) => of_tls(&error, host, bearer),
        Broken::Closed => Failure::passing(closed(host)),
        Broken::Stale => Failure {
            stale: true,
            ..Failure::passing(closed(host))
        },
        Broken::NotHttp => contract(format!("{host} does not answer in valid HTTP/1.1")),
        Broken::LongHead => {
            contract(format!("{host} sends more header lines than any API does (over 16 KiB)"))
        }
        Broken::ManyLines => {
            contract(format!("{host} sends more header lines than any API does (over 128)"))
        }
        Broken::Io(error) => of_io(&error, host, time),
    }
}

fn contract(message: String) -> Failure {
    Failure::lasting(
        Error::new(Kind::BadResponse, message)
            .hint("is base_url right? `acctq config show` shows it"),
    )
}

/// No tunnel: whether it may come to be by itself is told by what the proxy said.
fn of_tunnel(failed: &Failed, proxy: Option<&Proxy>, host: &str, phase: Duration) -> Failure {
    let Some(proxy) = proxy else {
        return Failure::passing(closed(host));
    };
    let Proxy {
        variable,
        credentials,
        ..
    } = proxy;
    let within = format!("within {}", seconds(phase));
    let up = format!("check {variable}, and that the proxy is up");
    let behind = format!("try again, or check that the proxy can reach {host}");
    let (message, advice, transient) = match failed {
        Failed::Name => (
            format!("the name of {proxy} does not resolve to an address"),
            format!("check the spelling of {variable}, and that this machine is online"),
            true,
        ),
        Failed::NameInTime => (
            format!("the name of {proxy} did not resolve {within}"),
            again(phase),
            true,
        ),
        Failed::ConnectInTime => (format!("no connection to {proxy} {within}"), up, true),
        Failed::Connect(e) => {
            let message = match e.kind() {
                io::ErrorKind::ConnectionRefused => format!("{proxy} refuses the connection"),
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    format!("no route to {proxy}")
                }
                _ => format!("no connection to {proxy}: {}", plain(e)),
            };
            (message, up, true)
        }
        Failed::AnswerInTime => (
            format!("{proxy} did not open a tunnel to {host} {within}"),
            behind,
            true,
        ),
        Failed::Closed => (
            format!("{proxy} closed the connection instead of opening a tunnel to {host}"),
            behind,
            true,
        ),
        Failed::NotHttp => (
            format!("{proxy} does not answer as an HTTP proxy does"),
            format!("check {variable}, its port included"),
            false,
        ),
        // 407 by the standard; tinyproxy answers wrong credentials with 401.
        Failed::Status(status @ (401 | 407)) if credentials.is_some() => (
            format!("{proxy} answers {status}: it does not accept the user name and password"),
            format!(
                "mend them in {variable}, special characters percent-encoded; acctq knows Basic authentication only"
            ),
            false,
        ),
        Failed::Status(status @ (401 | 407)) => (
            format!("{proxy} answers {status}: it wants a user name and password"),
            format!(
                "{variable} takes them as http://USER:PASSWORD@{}, special characters percent-encoded",
                proxy.place()
            ),
            false,
        ),
        Failed::Status(403) => (
            format!("{proxy} answers 403: it forbids the connection to {host}"),
            format!("ask its operator to allow {}", proxy.target),
            false,
        ),
        Failed::Status(status @ (408 | 429 | 500 | 502..600)) => (
            format!("{proxy} answers {status}: it could not open a tunnel to {host}"),
            behind,
            true,
        ),
        Failed::Status(status) => (
            format!("{proxy} answers {status}: it refuses to open a tunnel to {host}"),
            format!(
                "check {variable}, and that the proxy allows CONNECT to {}",
                proxy.target
            ),
            false,
        ),
    };
    Failure {
        error: Error::new(Kind::Proxy, message)
            .hint(format!("{advice}; {}", proxy.around))
            .retryable(transient),
        transient,
        stale: false,
    }
}

fn timed_out(phase: Phase, host: &str, time: Duration) -> Failure {
    let within = format!("within {}", seconds(time));
    let message = match phase {
        Phase::Resolve => format!("the name {host} did not resolve {within}"),
        Phase::Connect => format!("no connection to {host} {within}"),
        Phase::Handshake => {
            format!("{host} took the connection, but did not complete the TLS handshake {within}")
        }
        Phase::Send => format!("{host} did not take the request {within}"),
        Phase::Answer => format!("{host} did not answer {within}"),
        Phase::Body => format!("the answer of {host} did not arrive whole {within}"),
        Phase::More => format!("nothing more came of the answer of {host} {within}"),
    };
    Failure::passing(Error::new(Kind::Timeout, message).hint(again(time)))
}

/// What to do when a phase had so much time, and it was not enough: more of it is to be had only up to the phase's own limit.
fn again(phase: Duration) -> String {
    if phase < PHASE {
        "try again; --timeout gives a look-up more time".to_owned()
    } else {
        format!(
            "try again; no --timeout gives a phase of a look-up more than {}",
            seconds(PHASE)
        )
    }
}

fn network(message: String) -> Error {
    Error::new(Kind::Network, message)
        .hint("is the server up, and is base_url right? `acctq config show` shows it")
}

fn closed(host: &str) -> Error {
    network(format!(
        "{host} closed the connection before its answer was complete"
    ))
}

fn of_io(error: &io::Error, host: &str, time: Duration) -> Failure {
    Failure::passing(match error.kind() {
        io::ErrorKind::ConnectionRefused => network(format!("{host} refuses the connection")),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            network(format!("no route to {host}"))
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            return timed_out(Phase::Connect, host, time);
        }
        _ => network(format!("the connection to {host} broke")).because(plain(error)),
    })
}

/// The operating system's words only: an error of another origin may hold the server's bytes.
fn plain(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::from(error.kind()),
        io::Error::from_raw_os_error,
    )
}

fn of_tls(error: &rustls::Error, host: &str, bearer: &str) -> Failure {
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

/// A duration as a person writes it: `0.3 s`, `10 s`, `5 min`, `2 h`.
pub fn seconds(duration: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    // In tenths: what has passed of it already is not worth telling.
    let tenths = duration.as_millis().div_ceil(100);
    match duration.as_secs() {
        0..100 if !tenths.is_multiple_of(10) => format!("{}.{} s", tenths / 10, tenths % 10),
        0..100 => format!("{} s", tenths / 10),
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds.div_ceil(MINUTE)),
        seconds @ 7_200..360_000 => format!("{} h", seconds.div_ceil(HOUR)),
        _ => "more than 100 h".to_owned(),
    }
}

#[cfg(test)]
mod tests {
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
