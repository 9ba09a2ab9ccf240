//! Why there is no way through the proxy, and whether there may be one soon.

use std::io;
use std::time::Duration;

use super::{Failure, again, closed, plain, seconds};
use crate::client::proxy::Proxy;
use crate::client::wire::NoTunnel;
use crate::error::{Error, Kind};

/// No tunnel: whether it may come to be by itself is told by what the proxy said.
pub fn of_tunnel(failed: &NoTunnel, proxy: Option<&Proxy>, host: &str, phase: Duration) -> Failure {
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
        NoTunnel::Name => (
            format!("the name of {proxy} does not resolve to an address"),
            format!("check the spelling of {variable}, and that this machine is online"),
            true,
        ),
        NoTunnel::NameInTime => (
            format!("the name of {proxy} did not resolve {within}"),
            again(phase),
            true,
        ),
        NoTunnel::ConnectInTime => (format!("no connection to {proxy} {within}"), up, true),
        NoTunnel::Connect(e) => {
            let message = match e.kind() {
                io::ErrorKind::ConnectionRefused => format!("{proxy} refuses the connection"),
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    format!("no route to {proxy}")
                }
                _ => format!("no connection to {proxy}: {}", plain(e)),
            };
            (message, up, true)
        }
        NoTunnel::AnswerInTime => (
            format!("{proxy} did not open a tunnel to {host} {within}"),
            behind,
            true,
        ),
        NoTunnel::Closed => (
            format!("{proxy} closed the connection instead of opening a tunnel to {host}"),
            behind,
            true,
        ),
        NoTunnel::NotHttp => (
            format!("{proxy} does not answer as an HTTP proxy does"),
            format!("check {variable}, its port included"),
            false,
        ),
        // 407 by the standard; tinyproxy answers wrong credentials with 401.
        NoTunnel::Status(status @ (401 | 407)) if credentials.is_some() => (
            format!("{proxy} answers {status}: it does not accept the user name and password"),
            format!(
                "mend them in {variable}, special characters percent-encoded; acctq knows Basic authentication only"
            ),
            false,
        ),
        NoTunnel::Status(status @ (401 | 407)) => (
            format!("{proxy} answers {status}: it wants a user name and password"),
            format!(
                "{variable} takes them as http://USER:PASSWORD@{}, special characters percent-encoded",
                proxy.place()
            ),
            false,
        ),
        NoTunnel::Status(403) => (
            format!("{proxy} answers 403: it forbids the connection to {host}"),
            format!("ask its operator to allow {}", proxy.target),
            false,
        ),
        NoTunnel::Status(status @ (408 | 429 | 500 | 502..600)) => (
            format!("{proxy} answers {status}: it could not open a tunnel to {host}"),
            behind,
            true,
        ),
        NoTunnel::Status(status) => (
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
