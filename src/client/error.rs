//! ureq's errors in our own words: theirs hold the URL, with a proxy's password in it, and the server's raw bytes.
//!
//! A failure has a kind, names its phase, and says whether the retry loop may try again.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use ureq::Timeout;

use super::PHASE;
use super::connector::ConnectError;
use super::proxy::Proxy;
use super::response::{CHECK_URL, Site};
use crate::error::{Error, Kind};
use crate::text::{EXCERPT, span};

/// A failed attempt.
#[derive(Debug)]
pub struct AttemptError {
    /// What is told.
    pub error: Error,
    /// Whether trying again within the look-up may help.
    pub transient: bool,
}

impl AttemptError {
    /// A failure that trying again does not mend.
    pub fn lasting(error: Error) -> Self {
        AttemptError { error, transient: false }
    }

    /// A failure that may pass.
    pub fn transient(error: Error) -> Self {
        AttemptError { error, transient: true }
    }
}

/// What a request was about when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Resolving the name.
    Resolve,
    /// Connecting to an address of the server, or of the proxy if there is one.
    Connect,
    /// Having the proxy open a tunnel.
    Tunnel,
    /// The TLS handshake.
    Handshake,
    /// Sending the request.
    Send,
    /// Waiting for the response's head.
    Answer,
    /// Reading the body.
    Body,
    /// Reading more of a list.
    More,
}

/// Whether a connection that had been idle was closed before an answer came.
pub fn is_stale(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error) if error.get_ref().is_none_or(|e| !e.is::<rustls::Error>()) && is_closed(error))
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof,
    };
    matches!(
        error.kind(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected
    )
}

/// Puts a failure of `phase` into words; `time` is what a phase had.
pub fn explain(error: &ureq::Error, phase: Phase, site: Site<'_>, time: Duration) -> AttemptError {
    if let ureq::Error::Other(other) = error
        && let Some(ConnectError { phase, error }) = other.downcast_ref()
    {
        return explain(error, *phase, site, time);
    }
    let phase = match error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(Timeout::Resolve) => Phase::Resolve,
        ureq::Error::Timeout(Timeout::SendRequest) => Phase::Send,
        _ => phase,
    };
    // With a proxy, the client resolves and connects to nothing else.
    let proxy = site.proxy;
    if let (Some(proxy), Phase::Resolve | Phase::Connect | Phase::Tunnel) = (proxy, phase) {
        return at_proxy(error, phase, proxy, site.host, time);
    }
    match error {
        ureq::Error::HostNotFound => network(
            format!("the name {} does not resolve to an address", site.host),
            "is base_url spelled right, and is this machine online? `acctq config show` shows it",
        ),
        ureq::Error::Timeout(_) => timed_out(phase, site.host, time),
        ureq::Error::Rustls(error) => of_tls(error, phase, site),
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => of_tls(error, phase, site),
            None => of_io(error, phase, site.host, time),
        },
        ureq::Error::LargeResponseHeader(..) => contract(format!(
            "{} sends more header lines than any API does (over 16 KiB)",
            site.host
        )),
        ureq::Error::Protocol(_) => {
            contract(format!("{} does not answer in valid HTTP/1.1", site.host))
        }
        _ => network(format!("no connection to {}", site.host), CHECK_URL),
    }
}

fn contract(message: String) -> AttemptError {
    AttemptError::lasting(Error::new(Kind::BadResponse, message).hint(CHECK_URL))
}

fn network(message: String, hint: &str) -> AttemptError {
    AttemptError::transient(Error::new(Kind::Network, message).hint(hint))
}

fn timed_out(phase: Phase, host: &str, time: Duration) -> AttemptError {
    let within = format!("within {}", span(time));
    let message = match phase {
        Phase::Resolve => format!("the name {host} did not resolve {within}"),
        Phase::Connect | Phase::Tunnel => format!("no connection to {host} {within}"),
        Phase::Handshake => {
            format!("{host} took the connection, but did not complete the TLS handshake {within}")
        }
        Phase::Send => format!("{host} did not take the request {within}"),
        Phase::Answer => format!("{host} did not answer {within}"),
        Phase::Body => format!("the answer of {host} did not arrive whole {within}"),
        Phase::More => format!("nothing more came of the answer of {host} {within}"),
    };
    AttemptError::transient(Error::new(Kind::Timeout, message).hint(more_time(time)))
}

/// More time for a phase is to be had only up to the phase's own limit.
fn more_time(time: Duration) -> String {
    if time < PHASE {
        "try again; --timeout gives a look-up more time".to_owned()
    } else {
        format!("try again; no --timeout gives a phase of a look-up more than {}", span(PHASE))
    }
}

fn of_io(error: &io::Error, phase: Phase, host: &str, time: Duration) -> AttemptError {
    const UP: &str = "is the server up, and is base_url right? `acctq config show` shows it";
    match error.kind() {
        io::ErrorKind::ConnectionRefused => network(format!("{host} refuses the connection"), UP),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            network(format!("no route to {host}"), UP)
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timed_out(phase, host, time),
        _ if is_closed(error) && phase == Phase::Handshake => network(
            format!("{host} closed the connection during the TLS handshake"),
            "is base_url right, its port included? else try again",
        ),
        _ if is_closed(error) => {
            network(format!("{host} closed the connection before its answer was complete"), UP)
        }
        _ if is_out_of_files(error) => AttemptError::transient(
            Error::new(Kind::Failed, format!("no connection to {host}: too many open files"))
                .hint("raise the limit of open files (`ulimit -n`), or give fewer --jobs")
                .retryable(true),
        ),
        kind => network(format!("the connection to {host} broke: {kind}"), UP),
    }
}

/// Whether this process, or all of them, can open no more files: no fault of the server, and no outage.
fn is_out_of_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = {
        use rustix::io::Errno;
        [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error)
    };
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
        return AttemptError::transient(Error::new(Kind::Tls, message).hint(hint).retryable(true));
    }
    let (message, hint) = match error {
        rustls::Error::InvalidCertificate(flaw) => match flaw {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                format!("the certificate of {host}, or one above it, has expired"),
                "its operator must renew it; if others reach it, check this machine's clock",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                format!("the certificate of {host}, or one above it, is not valid yet"),
                "check this machine's clock; else its operator must replace it",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (
                    format!("the certificate presented is not for {host}"),
                    "is base_url right? A captive portal or an intercepting proxy looks like this, too",
                )
            }
            CertificateError::UnknownIssuer => (
                format!(
                    "the certificate of {host} is self-signed, or of a CA that this machine does not trust"
                ),
                "if it is of a private CA, name the CA's file in ca_file or SSL_CERT_FILE; if of a public one, the server must send its intermediate certificate",
            ),
            _ => (
                format!("the certificate of {host} cannot be verified: {}", words(error, site)),
                "its operator must replace it; `openssl s_client -showcerts` shows it",
            ),
        },
        rustls::Error::InvalidMessage(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => (
            format!("{host} does not speak TLS on this port"),
            "is base_url right, its port included? `acctq config show` shows it",
        ),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => (
            format!("{host} demands a client certificate"),
            "ask its operator for a way without one",
        ),
        _ => (
            format!("no TLS connection to {host}: {}", words(error, site)),
            "is base_url right, its host name included? else ask the server's operator",
        ),
    };
    AttemptError::lasting(Error::new(Kind::Tls, message).hint(hint))
}

/// rustls's own words, which may hold names of a certificate.
fn words(error: &rustls::Error, site: Site<'_>) -> String {
    site.redactor.excerpt(&error.to_string(), EXCERPT)
}

/// Why there is no way through the proxy, and whether there may be one soon.
fn at_proxy(
    error: &ureq::Error,
    phase: Phase,
    proxy: &Proxy,
    host: &str,
    time: Duration,
) -> AttemptError {
    let variable = proxy.variable;
    let within = format!("within {}", span(time));
    let up = format!("check {variable}, and that the proxy is up");
    let behind = format!("try again, or check that the proxy can reach {host}");
    let (message, hint, transient) = match error {
        ureq::Error::HostNotFound => (
            format!("the name of {proxy} does not resolve to an address"),
            format!("check the spelling of {variable}, and that this machine is online"),
            true,
        ),
        ureq::Error::Timeout(_) => match phase {
            Phase::Resolve => {
                (format!("the name of {proxy} did not resolve {within}"), more_time(time), true)
            }
            Phase::Tunnel => {
                (format!("{proxy} did not open a tunnel to {host} {within}"), behind, true)
            }
            _ => (format!("no connection to {proxy} {within}"), up, true),
        },
        ureq::Error::Io(error) if is_out_of_files(error) => return of_io(error, phase, host, time),
        ureq::Error::Io(error) if phase == Phase::Connect => {
            (format!("no connection to {proxy}: {}", error.kind()), up, true)
        }
        ureq::Error::ConnectProxyFailed(said) => match status(said) {
            Some(status) => return refused_by_proxy(status, proxy, host),
            None => closed_by_proxy(proxy, host, behind),
        },
        ureq::Error::Io(_) => closed_by_proxy(proxy, host, behind),
        _ => (
            format!("{proxy} does not answer as an HTTP proxy does"),
            format!("check {variable}, its port included"),
            false,
        ),
    };
    proxy_error(message, &hint, transient, proxy)
}

fn closed_by_proxy(proxy: &Proxy, host: &str, hint: String) -> (String, String, bool) {
    let message = format!("{proxy} closed the connection instead of opening a tunnel to {host}");
    (message, hint, true)
}

/// The status in ureq's text, `proxy server responded 407/407`; no other place tells it.
fn status(said: &str) -> Option<u16> {
    said.rsplit('/').next()?.parse().ok()
}

fn refused_by_proxy(status: u16, proxy: &Proxy, host: &str) -> AttemptError {
    let variable = proxy.variable;
    let said = format!("{proxy} answers {status}");
    let (message, hint, transient) = match status {
        // 407 by the standard; tinyproxy answers wrong credentials with 401.
        401 | 407 if proxy.has_credentials() => (
            format!("{said}: it does not accept the user name and password"),
            format!(
                "mend them in {variable}, special characters percent-encoded; acctq knows Basic authentication only"
            ),
            false,
        ),
        401 | 407 => (
            format!("{said}: it wants a user name and password"),
            format!("{variable} takes them as http://USER:PASSWORD@{}", proxy.authority()),
            false,
        ),
        408 | 429 | 500 | 502..600 => (
            format!("{said}: it could not open a tunnel to {host}"),
            format!("try again, or check that the proxy can reach {host}"),
            true,
        ),
        _ => (
            format!("{said}: it refuses to open a tunnel to {host}"),
            format!("check {variable}, and that the proxy allows CONNECT to {host}"),
            false,
        ),
    };
    proxy_error(message, &hint, transient, proxy)
}

fn proxy_error(message: String, hint: &str, transient: bool, proxy: &Proxy) -> AttemptError {
    AttemptError {
        error: Error::new(Kind::Proxy, message)
            .hint(format!("{hint}; {}", proxy.around))
            .retryable(transient),
        transient,
    }
}
