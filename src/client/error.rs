//! ureq's errors in our own words: theirs hold the URL, with a proxy's password in it, and the server's raw bytes.

use std::io;
use std::time::Duration;

use rustls::CertificateError as Flaw;
use ureq::Timeout;

use super::PHASE;
use super::proxy::Proxy;
use super::response::{CHECK_URL, Site};
use crate::error::{Error, Kind};
use crate::text::{EXCERPT, span};

/// A failed attempt.
#[derive(Debug)]
pub struct AttemptError {
    pub error: Error,
    /// Whether trying again within the look-up may help.
    pub transient: bool,
}

impl AttemptError {
    /// A failure that trying again does not mend.
    pub fn lasting(kind: Kind, message: String, hint: &str) -> Self {
        AttemptError { error: Error::new(kind, message).hint(hint), transient: false }
    }

    /// A failure that may pass.
    pub fn transient(kind: Kind, message: String, hint: &str) -> Self {
        AttemptError {
            error: Error::new(kind, message).hint(hint).retryable(true),
            transient: true,
        }
    }
}

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

/// Puts a failure of `phase` into words; `time` is what a phase had.
pub fn explain(error: &ureq::Error, phase: Phase, site: Site<'_>, time: Duration) -> AttemptError {
    let phase = match error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(Timeout::Resolve) => Phase::Resolve,
        ureq::Error::Timeout(Timeout::SendRequest) => Phase::Send,
        _ => phase,
    };
    if let (Some(proxy), Phase::Resolve | Phase::Connect | Phase::Tunnel) = (site.proxy, phase) {
        return at_proxy(error, phase, proxy, site.host, time);
    }
    let host = site.host;
    let network = |message, hint| AttemptError::transient(Kind::Network, message, hint);
    let contract = |message| AttemptError::lasting(Kind::BadResponse, message, CHECK_URL);
    let tls = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
        _ => None,
    };
    if let Some(error) = tls {
        return of_tls(error, phase, site);
    }
    match error {
        ureq::Error::Timeout(_) => {
            let hint = format!(
                "try again; --timeout gives a look-up more time, each phase up to {}",
                span(PHASE)
            );
            AttemptError::transient(Kind::Timeout, late(phase, host, time), &hint)
        }
        ureq::Error::HostNotFound => network(
            format!("the name {host} does not resolve to an address"),
            "is base_url spelled right, and is this machine online? `acctq config show` shows it",
        ),
        ureq::Error::LargeResponseHeader(..) => {
            contract(format!("{host} sends more header lines than any API does (over 16 KiB)"))
        }
        ureq::Error::Protocol(_) | ureq::Error::BodyStalled => {
            contract(format!("{host} does not answer in valid HTTP/1.1"))
        }
        _ if is_closed(error) && phase == Phase::Handshake => network(
            format!("{host} closed the connection during the TLS handshake"),
            "is base_url right, its port included? else try again",
        ),
        _ => network(
            broken(error, host),
            "is the server up, and is base_url right? `acctq config show` shows it",
        ),
    }
}

fn late(phase: Phase, who: &str, time: Duration) -> String {
    let what = match phase {
        Phase::Resolve => {
            return format!("the name of {who} did not resolve within {}", span(time));
        }
        Phase::Connect => "did not take the connection",
        Phase::Tunnel => "did not open a tunnel",
        Phase::Handshake => "took the connection, but did not complete the TLS handshake",
        Phase::Send => "did not take the request",
        Phase::Answer => "did not answer",
        Phase::Body => "did not send the whole answer",
        Phase::More => "sent nothing more of its answer",
    };
    format!("{who} {what} within {}", span(time))
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
fn of_tls(error: &rustls::Error, phase: Phase, site: Site<'_>) -> AttemptError {
    use rustls::Error::{
        AlertReceived, InappropriateHandshakeMessage, InappropriateMessage, InvalidCertificate,
        InvalidMessage,
    };
    let host = site.host;
    if phase != Phase::Handshake && !matches!(error, AlertReceived(_)) {
        let message = format!("what came from {host} over TLS was changed or mixed up on the way");
        let hint = "try again; if it stays so, something between here and there interferes";
        return AttemptError::transient(Kind::Tls, message, hint);
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
            format!(
                "the certificate of {host} is self-signed, or of a CA that is not trusted here"
            ),
            "if it is of a private CA, name the CA's file in ca_file or SSL_CERT_FILE; if of a public one, the server must send its intermediate certificate",
        ),
        InvalidMessage(_) | InappropriateMessage { .. } | InappropriateHandshakeMessage { .. } => (
            format!("{host} does not speak TLS on this port"),
            "is base_url right, its port included? `acctq config show` shows it",
        ),
        // rustls's words may hold names of a certificate.
        _ => {
            let words = site.redactor.excerpt(&error.to_string(), EXCERPT);
            (
                format!("no TLS connection to {host}: {words}"),
                "is base_url right, its host name included? else `openssl s_client -showcerts` shows what its operator must mend",
            )
        }
    };
    AttemptError::lasting(Kind::Tls, message, hint)
}

/// Why there is no way through the proxy, and whether there may be one soon.
fn at_proxy(
    error: &ureq::Error,
    phase: Phase,
    proxy: &Proxy,
    host: &str,
    time: Duration,
) -> AttemptError {
    let who = proxy.to_string();
    // `proxy server responded 407/407`: no other place tells the status.
    let status: Option<u16> = match error {
        ureq::Error::ConnectProxyFailed(said) => {
            said.rsplit('/').next().and_then(|s| s.parse().ok())
        }
        _ => None,
    };
    let (message, transient) = match (error, status) {
        (_, Some(status)) => {
            // 407 by the standard; tinyproxy answers wrong credentials with 401.
            let why = match status {
                401 | 407 if proxy.has_credentials() => {
                    "does not accept the user name and password"
                }
                401 | 407 => "wants a user name and password",
                _ => "does not open a tunnel",
            };
            let transient = matches!(status, 408 | 429 | 500 | 502..600);
            (format!("{who} {why} on the way to {host} (status {status})"), transient)
        }
        (ureq::Error::HostNotFound, _) => {
            (format!("the name of {who} does not resolve to an address"), true)
        }
        (ureq::Error::Timeout(_), _) => (late(phase, &who, time), true),
        (ureq::Error::Io(_), _) if phase == Phase::Connect => (broken(error, &who), true),
        (ureq::Error::ConnectProxyFailed(_) | ureq::Error::Io(_), _) => {
            (format!("{who} closed the connection instead of opening a tunnel to {host}"), true)
        }
        _ => (format!("{who} does not answer as an HTTP proxy does"), false),
    };
    let hint = format!(
        "check {}, with which a proxy is named as http://USER:PASSWORD@HOST:PORT, special characters percent-encoded; {}",
        proxy.variable, proxy.around
    );
    let failure = AttemptError::lasting(Kind::Proxy, message, &hint);
    AttemptError { error: failure.error.retryable(transient), transient }
}
