//! ureq's errors in our own words: theirs hold the URL, with a proxy's password in it, and the server's raw bytes.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use ureq::Timeout;

use super::PHASE;
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
    if let (Some(_), Phase::Resolve | Phase::Connect | Phase::Tunnel) = (site.proxy, phase) {
        return at_proxy(error, phase, site, time);
    }
    let host = site.host;
    let up = "is the server up, and is base_url right? `acctq config show` shows it";
    match error {
        ureq::Error::Timeout(_) => {
            AttemptError::transient(Kind::Timeout, late(phase, host, time), &more_time(time))
        }
        ureq::Error::HostNotFound => {
            let message = format!("the name {host} does not resolve to an address");
            let hint = "is base_url spelled right, and is this machine online? `acctq config show` shows it";
            AttemptError::transient(Kind::Network, message, hint)
        }
        ureq::Error::LargeResponseHeader(..) => {
            let message = format!("{host} sends more header lines than any API does (over 16 KiB)");
            AttemptError::lasting(Kind::BadResponse, message, CHECK_URL)
        }
        ureq::Error::Protocol(_) => {
            let message = format!("{host} does not answer in valid HTTP/1.1");
            AttemptError::lasting(Kind::BadResponse, message, CHECK_URL)
        }
        ureq::Error::Rustls(error) => of_tls(error, phase, site),
        _ if is_closed(error) && phase == Phase::Handshake => {
            let message = format!("{host} closed the connection during the TLS handshake");
            let hint = "is base_url right, its port included? else try again";
            AttemptError::transient(Kind::Network, message, hint)
        }
        _ if is_closed(error) => {
            let message = format!("{host} closed the connection before its answer was complete");
            AttemptError::transient(Kind::Network, message, up)
        }
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => of_tls(error, phase, site),
            // No fault of the server, and no outage.
            None if is_out_of_files(error) => {
                let message = format!("no connection to {host}: too many open files");
                let hint = "raise the limit of open files (`ulimit -n`), or give fewer --jobs";
                AttemptError::transient(Kind::Failed, message, hint)
            }
            None => AttemptError::transient(Kind::Network, of_io(error, host), up),
        },
        _ => AttemptError::transient(Kind::Network, format!("no connection to {host}"), up),
    }
}

fn late(phase: Phase, who: &str, time: Duration) -> String {
    let within = format!("within {}", span(time));
    match phase {
        Phase::Resolve => format!("the name of {who} did not resolve {within}"),
        Phase::Connect | Phase::Tunnel => format!("no connection to {who} {within}"),
        Phase::Handshake => {
            format!("{who} took the connection, but did not complete the TLS handshake {within}")
        }
        Phase::Send => format!("{who} did not take the request {within}"),
        Phase::Answer => format!("{who} did not answer {within}"),
        Phase::Body => format!("the answer of {who} did not arrive whole {within}"),
        Phase::More => format!("nothing more came of the answer of {who} {within}"),
    }
}

/// More time for a phase is to be had only up to the phase's own limit.
fn more_time(time: Duration) -> String {
    if time < PHASE {
        "try again; --timeout gives a look-up more time".to_owned()
    } else {
        format!("try again; no --timeout gives a phase of a look-up more than {}", span(PHASE))
    }
}

fn of_io(error: &io::Error, who: &str) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{who} refuses the connection"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("no route to {who}")
        }
        kind => format!("the connection to {who} failed: {kind}"),
    }
}

/// Whether this process, or all of them, can open no more files.
fn is_out_of_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|e| e.raw_os_error());
    #[cfg(not(unix))]
    let codes: [i32; 0] = [];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Five messages: not trusted, wrong name, not valid now, no TLS spoken, and the rest in rustls's words.
fn of_tls(error: &rustls::Error, phase: Phase, site: Site<'_>) -> AttemptError {
    let host = site.host;
    if phase != Phase::Handshake && !matches!(error, rustls::Error::AlertReceived(_)) {
        let message = format!("what came from {host} over TLS was changed or mixed up on the way");
        let hint = "try again; if it stays so, something between here and there interferes";
        return AttemptError::transient(Kind::Tls, message, hint);
    }
    let flaw = match error {
        rustls::Error::InvalidCertificate(flaw) => Some(flaw),
        _ => None,
    };
    let (message, hint) = match (error, flaw) {
        (_, Some(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => (
            format!("the certificate of {host}, or one above it, has expired"),
            "its operator must renew it; if others reach it, check this machine's clock",
        ),
        (_, Some(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. })) => (
            format!("the certificate of {host}, or one above it, is not valid yet"),
            "check this machine's clock; else its operator must replace it",
        ),
        (
            _,
            Some(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ),
        ) => (
            format!("the certificate presented is not for {host}"),
            "is base_url right? A captive portal or an intercepting proxy looks like this, too",
        ),
        (_, Some(CertificateError::UnknownIssuer)) => (
            format!(
                "the certificate of {host} is self-signed, or of a CA that is not trusted here"
            ),
            "if it is of a private CA, name the CA's file in ca_file or SSL_CERT_FILE; if of a public one, the server must send its intermediate certificate",
        ),
        (
            rustls::Error::InvalidMessage(_)
            | rustls::Error::InappropriateMessage { .. }
            | rustls::Error::InappropriateHandshakeMessage { .. },
            _,
        ) => (
            format!("{host} does not speak TLS on this port"),
            "is base_url right, its port included? `acctq config show` shows it",
        ),
        (rustls::Error::AlertReceived(AlertDescription::CertificateRequired), _) => (
            format!("{host} demands a client certificate"),
            "ask its operator for a way without one",
        ),
        // rustls's words may hold names of a certificate.
        _ => (
            format!(
                "no TLS connection to {host}: {}",
                site.redactor.excerpt(&error.to_string(), EXCERPT)
            ),
            "is base_url right, its host name included? else `openssl s_client -showcerts` shows what its operator must mend",
        ),
    };
    AttemptError::lasting(Kind::Tls, message, hint)
}

/// Why there is no way through the proxy, and whether there may be one soon.
fn at_proxy(error: &ureq::Error, phase: Phase, site: Site<'_>, time: Duration) -> AttemptError {
    let Some(proxy) = site.proxy else {
        return explain(error, phase, site, time);
    };
    let (who, host) = (proxy.to_string(), site.host);
    let (message, transient) = match error {
        ureq::Error::HostNotFound => {
            (format!("the name of {who} does not resolve to an address"), true)
        }
        ureq::Error::Timeout(_) if phase == Phase::Tunnel => {
            (format!("{who} did not open a tunnel to {host} within {}", span(time)), true)
        }
        ureq::Error::Timeout(_) => (late(phase, &who, time), true),
        ureq::Error::Io(error) if phase != Phase::Tunnel => (of_io(error, &who), true),
        ureq::Error::ConnectProxyFailed(said) if status(said).is_some() => {
            let status = status(said).unwrap_or_default();
            // 407 by the standard; tinyproxy answers wrong credentials with 401.
            let why = match status {
                401 | 407 if proxy.has_credentials() => {
                    "it does not accept the user name and password"
                }
                401 | 407 => "it wants a user name and password",
                _ => "it does not open a tunnel",
            };
            let transient = matches!(status, 408 | 429 | 500 | 502..600);
            (format!("{who} answers {status}: {why} to {host}"), transient)
        }
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::Io(_) => {
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

/// The status in ureq's text, `proxy server responded 407/407`; no other place tells it.
fn status(said: &str) -> Option<u16> {
    said.rsplit('/').next()?.parse().ok()
}
