//! Why there is no way through the proxy, and whether there may be one soon.

use std::io;
use std::time::Duration;

use super::{Failure, again, closed, plain, seconds};
use crate::client::proxy::Proxy;
use crate::client::tunnel::Failed;
use crate::error::{Error, Kind};

/// No tunnel: whether it may come to be by itself is told by what the proxy said.
pub fn of_tunnel(failed: &Failed, proxy: Option<&Proxy>, host: &str, phase: Duration) -> Failure {
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
