//! ureq's errors in our own words: theirs hold the URL, with a proxy's password in it, and the server's raw bytes.

use std::io;

use rustls::{AlertDescription as Alert, CertificateError as Flaw};
use ureq::Timeout;

use super::PHASE;
use super::proxy::Proxy;
use super::request::Attempt;
use super::response::CHECK_URL;
use crate::error::{Error, Kind, LIMIT_HINT, is_limit_reached};
use crate::text::{EXCERPT, span};

/// What a request was about when it failed. With a proxy, resolving and connecting are about that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Connect,
    Tunnel,
    Handshake,
    Answer,
    Body,
    More,
}

pub fn is_closed(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ureq::Error::Io(error) = error else {
        return false;
    };
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

fn is_late(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Timeout(_))
        || matches!(error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// Puts a failure of `phase` into words.
pub fn explain(error: &ureq::Error, phase: Phase, attempt: &Attempt<'_>) -> Error {
    use ureq::Error::{BodyStalled, ConnectProxyFailed, HostNotFound, Io, LargeResponseHeader, Protocol, Rustls};
    let phase = match error {
        HostNotFound | ureq::Error::Timeout(Timeout::Resolve) => Phase::Resolve,
        _ => phase,
    };
    let tls = match error {
        Rustls(error) => Some(error),
        Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
        _ => None,
    };
    if let Some(error) = tls {
        return of_tls(error, phase, attempt);
    }
    let host = attempt.host();
    let proxy = attempt.client.proxy.as_ref();
    let proxy = proxy.filter(|_| matches!(phase, Phase::Resolve | Phase::Connect | Phase::Tunnel));
    let who = proxy.map_or_else(|| host.to_owned(), Proxy::to_string);
    let fail = |kind: Kind, message, hint| match proxy {
        // As retryable as the same failure of a server.
        Some(proxy) => proxy.error(message).retryable(kind.row().2),
        None => Error::new(kind, message).hint(hint),
    };
    match error {
        Io(error) if is_limit_reached(error) => {
            Error::new(Kind::Network, format!("no connection to {host}: {error}")).hint(LIMIT_HINT)
        }
        _ if is_late(error) => {
            let hint = "try again; --timeout gives a look-up more time, and each of its phases up to 10 s";
            fail(Kind::Timeout, late(phase, &who, attempt), hint)
        }
        ConnectProxyFailed(said) => {
            // `proxy server responded 407/407`: no other place tells the status.
            let status = said.rsplit('/').next().and_then(|status| status.parse::<u16>().ok());
            let kind = match status {
                None | Some(408 | 429 | 500 | 502..600) => Kind::Network,
                Some(_) => Kind::BadResponse,
            };
            let status_words = status.map(|status| format!(" (status {status})")).unwrap_or_default();
            let error = fail(kind, format!("{who} does not open a tunnel to {host}{status_words}"), CHECK_URL);
            match status {
                // 407 by the standard; tinyproxy answers wrong credentials with 401. ureq does not pass on what the proxy offers.
                Some(401 | 407) => error.hint("are its user name and password right? One that wants NTLM or Negotiate needs a local proxy that signs in, such as px or cntlm"),
                _ => error,
            }
        }
        Protocol(_) | BodyStalled | LargeResponseHeader(..) => {
            let message = format!("{who} does not answer in valid HTTP/1.1, with at most 16 KiB of header lines");
            fail(Kind::BadResponse, message, CHECK_URL)
        }
        _ => {
            let is_refused = is_closed(error) && phase == Phase::Handshake;
            let hint = attempt
                .gateway_hint()
                .filter(|_| is_refused)
                .unwrap_or("are server and network up, and is base_url right? `acctq config show` shows it");
            fail(Kind::Network, unreached(error, phase, &who), hint)
        }
    }
}

fn late(phase: Phase, who: &str, attempt: &Attempt<'_>) -> String {
    let what = match phase {
        Phase::Resolve => "did not resolve to an address",
        Phase::Connect => "did not accept the connection",
        Phase::Tunnel => "did not open a tunnel",
        Phase::Handshake => "accepted the connection, but did not complete the TLS handshake",
        Phase::Answer => "did not answer",
        Phase::Body => "did not send the whole answer",
        Phase::More => "did not send the next account of the list",
    };
    let limit = match phase {
        Phase::Resolve => attempt.remaining,
        Phase::More => attempt.client.limits.timeout.min(PHASE),
        _ => attempt.remaining.min(PHASE),
    };
    format!("{who} {what} within {}", span(limit))
}

/// Why there is no connection. Of the words of an I/O error only the system's are known to be harmless.
fn unreached(error: &ureq::Error, phase: Phase, who: &str) -> String {
    match error {
        ureq::Error::HostNotFound => format!("the name of {who} does not resolve to an address"),
        _ if is_closed(error) && phase == Phase::Handshake => {
            format!("{who} closed the connection during the TLS handshake")
        }
        _ if is_closed(error) => format!("{who} closed the connection before its answer was complete"),
        ureq::Error::Io(error) if error.raw_os_error().is_some() => format!("no connection to {who}: {error}"),
        _ => format!("no connection to {who}"),
    }
}

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
    let certificate = |what| format!("the certificate of {host}, or one above it, {what}");
    let clock = "check this machine's clock; if it is right, the server's operator must renew the certificate";
    let (message, hint) = match error {
        InvalidCertificate(Flaw::Expired | Flaw::ExpiredContext { .. }) => (certificate("has expired"), clock),
        InvalidCertificate(Flaw::NotValidYet | Flaw::NotValidYetContext { .. }) => {
            (certificate("is not valid yet"), clock)
        }
        InvalidCertificate(Flaw::NotValidForName | Flaw::NotValidForNameContext { .. }) => {
            let hint = "is base_url right? A captive portal or an intercepting proxy looks like this, too";
            (format!("the certificate presented is not for {host}"), hint)
        }
        InvalidCertificate(Flaw::UnknownIssuer) => (
            format!("the certificate of {host} is self-signed, or of a CA that is not trusted here"),
            "name a private CA's file in ca_file or SSL_CERT_FILE; with a public CA, the server must send its intermediate certificate",
        ),
        InvalidMessage(_) | InappropriateMessage { .. } | InappropriateHandshakeMessage { .. } => {
            (format!("{host} does not speak TLS on this port"), CHECK_URL)
        }
        AlertReceived(Alert::CertificateRequired) if attempt.client.endpoint.client_cert.is_none() => (
            format!("{host} wants a client certificate"),
            "name it and its private key in the profile: client_cert_file and client_key_file",
        ),
        AlertReceived(_) => {
            (format!("{host} ended the TLS connection: {error}"), attempt.gateway_hint().unwrap_or(CHECK_URL))
        }
        // rustls's words may hold names of a certificate.
        _ => (
            format!("no TLS connection to {host}: {}", attempt.redactor.excerpt(&error.to_string(), EXCERPT)),
            "is base_url right? `openssl s_client -showcerts` shows what the server's operator must mend",
        ),
    };
    Error::new(Kind::Tls, message)
        .hint(hint)
        .retryable(!matches!(error, InvalidCertificate(_) | AlertReceived(Alert::CertificateRequired)))
}
