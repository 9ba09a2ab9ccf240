//! ureq's errors in our own words: theirs hold the URL, with a proxy's password in it, and the server's raw bytes.

use std::io;

use rustls::CertificateError as Flaw;
use ureq::Timeout;

use super::PHASE;
use super::proxy::Proxy;
use super::request::Attempt;
use super::response::CHECK_URL;
use crate::error::{Error, Kind};
use crate::text::{EXCERPT, span};

/// What a request was about when it failed. With a proxy, resolving and connecting are about that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Connect,
    Tunnel,
    Handshake,
    Send,
    Answer,
    Body,
    /// Reading more of a list.
    More,
}

/// Whether the connection was closed or reset.
pub fn is_closed(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ureq::Error::Io(error) = error else {
        return false;
    };
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

fn is_late(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Timeout(_) => true,
        ureq::Error::Io(error) => error.kind() == io::ErrorKind::TimedOut,
        _ => false,
    }
}

/// Puts a failure of `phase` into words.
pub fn explain(error: &ureq::Error, phase: Phase, attempt: &Attempt<'_>) -> Error {
    let phase = match error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(Timeout::Resolve) => Phase::Resolve,
        ureq::Error::Timeout(Timeout::SendRequest) => Phase::Send,
        _ => phase,
    };
    if let (Some(proxy), Phase::Resolve | Phase::Connect | Phase::Tunnel) = (&attempt.client.proxy, phase) {
        return at_proxy(error, phase, proxy, attempt);
    }
    let host = attempt.host();
    let tls = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
        _ => None,
    };
    if let Some(error) = tls {
        return of_tls(error, phase, attempt);
    }
    let (kind, message, hint) = match error {
        _ if is_late(error) => (
            Kind::Timeout,
            late(error, phase, host, attempt),
            "try again; --timeout gives a look-up more time, and each of its phases up to 10 s",
        ),
        ureq::Error::HostNotFound => (
            Kind::Network,
            format!("the name {host} does not resolve to an address"),
            "is base_url spelled right, and is this machine online? `acctq config show` shows it",
        ),
        ureq::Error::LargeResponseHeader(..) => {
            (Kind::BadResponse, format!("{host} sends more header lines than any API does (over 16 KiB)"), CHECK_URL)
        }
        ureq::Error::Protocol(_) | ureq::Error::BodyStalled => {
            (Kind::BadResponse, format!("{host} does not answer in valid HTTP/1.1"), CHECK_URL)
        }
        _ if is_closed(error) && phase == Phase::Handshake => (
            Kind::Network,
            format!("{host} closed the connection during the TLS handshake"),
            "is base_url right, its port included? else try again",
        ),
        _ => (
            Kind::Network,
            broken(error, host),
            "is the server up, and is base_url right? `acctq config show` shows it",
        ),
    };
    Error::new(kind, message).hint(hint)
}

/// What did not happen in time.
fn late(error: &ureq::Error, phase: Phase, who: &str, attempt: &Attempt<'_>) -> String {
    let time = match (error, phase) {
        // The bound of all reads for one account of a list.
        (ureq::Error::Io(_), Phase::More) => attempt.client.limits.timeout,
        (_, Phase::More) => attempt.client.limits.timeout.min(PHASE),
        _ => attempt.remaining.min(PHASE),
    };
    let time = span(time);
    let what = match phase {
        Phase::Resolve => return format!("the name of {who} did not resolve within {time}"),
        Phase::Connect => "did not accept the connection",
        Phase::Tunnel => "did not open a tunnel",
        Phase::Handshake => "accepted the connection, but did not complete the TLS handshake",
        Phase::Send => "did not take the request",
        Phase::Answer => "did not answer",
        Phase::Body => "did not send the whole answer",
        Phase::More => "did not send the next account of the list",
    };
    format!("{who} {what} within {time}")
}

/// The words of the system say no more than these; ureq's own may.
fn broken(error: &ureq::Error, who: &str) -> String {
    match error {
        _ if is_closed(error) => {
            format!("{who} closed the connection before its answer was complete")
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            format!("{who} refuses the connection")
        }
        ureq::Error::Io(error) if error.raw_os_error().is_some() => {
            format!("no connection to {who}: {error}")
        }
        _ => format!("no connection to {who}"),
    }
}

/// Five messages: not trusted, wrong name, not valid now, no TLS spoken, and the rest in rustls's words.
fn of_tls(error: &rustls::Error, phase: Phase, attempt: &Attempt<'_>) -> Error {
    use rustls::Error::{
        AlertReceived, InappropriateHandshakeMessage, InappropriateMessage, InvalidCertificate, InvalidMessage,
    };
    let host = attempt.host();
    if phase != Phase::Handshake && !matches!(error, AlertReceived(_)) {
        let message = format!("what came from {host} over TLS was damaged on the way");
        return Error::new(Kind::Network, message)
            .hint("try again; if it stays so, something between here and there interferes");
    }
    let (message, hint) = match error {
        InvalidCertificate(Flaw::Expired | Flaw::ExpiredContext { .. }) => (
            format!("the certificate of {host}, or one above it, has expired"),
            "its operator must renew it; if others reach it, check this machine's clock",
        ),
        InvalidCertificate(Flaw::NotValidYet | Flaw::NotValidYetContext { .. }) => (
            format!("the certificate of {host}, or one above it, is not valid yet"),
            "check this machine's clock; else its operator must replace it",
        ),
        InvalidCertificate(Flaw::NotValidForName | Flaw::NotValidForNameContext { .. }) => (
            format!("the certificate presented is not for {host}"),
            "is base_url right? A captive portal or an intercepting proxy looks like this, too",
        ),
        InvalidCertificate(Flaw::UnknownIssuer) => (
            format!("the certificate of {host} is self-signed, or of a CA that is not trusted here"),
            "name a private CA's file in ca_file or SSL_CERT_FILE; with a public CA, the server must send its intermediate certificate",
        ),
        InvalidMessage(_) | InappropriateMessage { .. } | InappropriateHandshakeMessage { .. } => (
            format!("{host} does not speak TLS on this port"),
            "is base_url right, its port included? `acctq config show` shows it",
        ),
        // rustls's words may hold names of a certificate.
        _ => (
            format!("no TLS connection to {host}: {}", attempt.excerpt(&error.to_string(), EXCERPT)),
            "is base_url right? `openssl s_client -showcerts` shows what the server's operator must mend",
        ),
    };
    let is_retryable = !matches!(error, InvalidCertificate(_));
    Error::new(Kind::Tls, message).hint(hint).retryable(is_retryable)
}

/// Why there is no way through the proxy, and whether there may be one soon.
fn at_proxy(error: &ureq::Error, phase: Phase, proxy: &Proxy, attempt: &Attempt<'_>) -> Error {
    let (who, host) = (proxy.to_string(), attempt.host());
    // `proxy server responded 407/407`: no other place tells the status.
    let status: Option<u16> = match error {
        ureq::Error::ConnectProxyFailed(said) => said.rsplit('/').next().and_then(|status| status.parse().ok()),
        _ => None,
    };
    let (message, is_retryable) = match (error, status) {
        (_, Some(status)) => {
            let why = match status {
                // 407 by the standard; tinyproxy answers wrong credentials with 401.
                401 | 407 => "asks for another user name and password",
                _ => "does not open a tunnel",
            };
            let is_retryable = matches!(status, 408 | 429 | 500 | 502..600);
            (format!("{who} {why} on the way to {host} (status {status})"), is_retryable)
        }
        (ureq::Error::HostNotFound, _) => (format!("the name of {who} does not resolve to an address"), true),
        _ if is_late(error) => (late(error, phase, &who, attempt), true),
        (ureq::Error::Io(_), _) if phase == Phase::Connect => (broken(error, &who), true),
        (ureq::Error::ConnectProxyFailed(_) | ureq::Error::Io(_), _) => {
            (format!("{who} closed the connection instead of opening a tunnel to {host}"), true)
        }
        _ => (format!("{who} does not answer as an HTTP proxy does"), false),
    };
    proxy.error(message).retryable(is_retryable)
}
