//! Which proxy the environment asks for, by curl's rules; failing closed.
//!
//! `https_proxy` or `HTTPS_PROXY`, else `all_proxy` or `ALL_PROXY`, the lower-case one first; not for what `no_proxy` or
//! `NO_PROXY` names. A loopback address never goes through a proxy, and `HTTP_PROXY` is for nobody, since plain http goes
//! to loopback addresses only. What cannot be honoured ends the look-up: going around a proxy is not ours to decide.
//! Where curl would guess (a port without digits, a path, a second `@`), this does not: what is a password, and what a
//! host that it is sent to, must not depend on the reader.

use std::ffi::OsStr;
use std::fmt;
use std::net::IpAddr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::percent_decode_str;

use crate::config::base_url::host_and_port;
use crate::config::{BaseUrl, Environment, Secret};
use crate::error::{Error, Kind, Result};

/// The port of a proxy that names none, as curl has it.
const PORT: u16 = 1080;

/// An HTTP proxy that tunnels (CONNECT) to the one origin of a base URL.
pub struct Proxy {
    /// The variable that names it.
    pub variable: &'static str,
    /// Its host, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Where it is asked to connect to: host and port.
    pub target: String,
    /// How to do without it, where that is allowed.
    pub around: String,
    /// User name and password, in base64: for the proxy, and for nobody else.
    pub credentials: Option<Secret>,
}

impl Proxy {
    /// The proxy that the environment asks for on the way to `url`, if it asks for one.
    ///
    /// # Errors
    /// `proxy`, naming the variable: what it asks for cannot be done. Its value, which may hold a password, is not shown.
    pub fn of(url: &BaseUrl, env: &Environment) -> Result<Option<Self>> {
        let Some(variable) = variable(url, env) else {
            return Ok(None);
        };
        let around = format!(
            "if {} may be reached directly, add it to {}",
            url.host(),
            exceptions(env).unwrap_or("NO_PROXY")
        );
        let value = env.get(variable).unwrap_or_default();
        let proxy = Server::parse(value.to_str().unwrap_or("\u{fffd}"));
        let Server {
            host,
            port,
            credentials,
        } = proxy.map_err(|words| {
            Error::new(Kind::Proxy, format!("{variable} {words}")).hint(format!(
                "{variable} takes an HTTP proxy, as http://USER:PASSWORD@HOST:PORT; {around}"
            ))
        })?;
        Ok(Some(Proxy {
            variable,
            host,
            port,
            target: authority(url.host(), url.port()),
            around,
            credentials,
        }))
    }

    /// Host and port.
    pub fn place(&self) -> String {
        authority(&self.host, self.port)
    }
}

/// `the proxy proxy.example.com:3128 (HTTPS_PROXY)`
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.place(), self.variable)
    }
}

/// Without the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.place())
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// What a variable names.
struct Server {
    host: String,
    port: u16,
    credentials: Option<Secret>,
}

impl Server {
    /// Reads `[http://][user[:password]@]host[:port][/]`.
    ///
    /// # Errors
    /// What is wrong, in words that follow the variable's name.
    fn parse(text: &str) -> Result<Self, String> {
        let fail = |words: &str| Err(words.to_owned());
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return fail(
                "has a character in it that no URL has (a space, a control character, one beyond ASCII)",
            );
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => {
                return fail("names a proxy that is spoken to over TLS, which acctq cannot do");
            }
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return fail("names a SOCKS proxy, which acctq cannot use");
            }
            _ => return fail("names a kind of proxy that acctq does not know"),
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('\\') {
            return fail("has a backslash (that of a user name or password is written %5C)");
        }
        if rest.contains(['/', '?', '#']) {
            return fail(
                "has more than a host and a port (a / ? or # of a password is written %2F %3F or %23)",
            );
        }
        let (userinfo, server) = match rest.rsplit_once('@') {
            Some((userinfo, server)) => (Some(userinfo), server),
            None => (None, rest),
        };
        if userinfo.is_some_and(|text| text.contains('@')) {
            return fail("has two @ (that of a user name or password is written %40)");
        }
        let (host, port) = host_and_port(server, PORT)?;
        Ok(Server {
            host,
            port,
            credentials: userinfo.map(credentials).transpose()?,
        })
    }
}

/// `user:password` for the Basic scheme (RFC 7617), percent-decoded and then in base64.
fn credentials(userinfo: &str) -> Result<Secret, String> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let user: Vec<u8> = percent_decode_str(user).collect();
    let password: Vec<u8> = percent_decode_str(password).collect();
    if user.contains(&b':') {
        return Err(
            "has a colon in its user name, which no proxy can tell from the password".to_owned(),
        );
    }
    let both = [user.as_slice(), b":", password.as_slice()].concat();
    if both.iter().any(u8::is_ascii_control) {
        return Err("has a control character in its user name or password".to_owned());
    }
    Secret::new(BASE64_STANDARD.encode(both))
        .map_err(|_| "has a user name or password that is too long".to_owned())
}

/// The first of these variables that is set.
fn set(names: [&'static str; 2], env: &Environment) -> Option<&'static str> {
    names.into_iter().find(|name| env.get(name).is_some())
}

/// The variable that lists who goes without a proxy.
fn exceptions(env: &Environment) -> Option<&'static str> {
    set(["no_proxy", "NO_PROXY"], env)
}

/// The variable whose proxy applies to `url`.
fn variable(url: &BaseUrl, env: &Environment) -> Option<&'static str> {
    if url.is_loopback() || !url.is_https() {
        return None;
    }
    let variable = set(["https_proxy", "HTTPS_PROXY"], env)
        .or_else(|| set(["all_proxy", "ALL_PROXY"], env))?;
    let exceptions = exceptions(env)
        .and_then(|name| env.get(name))
        .map(OsStr::to_string_lossy);
    (!exceptions.is_some_and(|list| excepts(&list, url.host()))).then_some(variable)
}

/// Whether a `NO_PROXY` list names `host`: itself, a domain above it, a network around it, or everything.
///
/// A name may have a dot before it, and a port names nothing, as in curl. A star counts alone only.
fn excepts(list: &str, host: &str) -> bool {
    if list == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' ', '\t']).any(|entry| match address {
        Some(address) => network_holds(entry, address),
        None => domain_holds(entry, host),
    })
}

/// Whether `host` is `domain` or below it.
fn domain_holds(domain: &str, host: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    !domain.is_empty()
        && host
            .get(start..)
            .is_some_and(|tail| tail.eq_ignore_ascii_case(domain))
        && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

/// Whether `entry`, an address or a network in CIDR notation, holds `address`. A prefix of no bits is that of a whole
/// address to curl, and so that nobody's token takes a way that curl would not, it is so here.
fn network_holds(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => match bits.parse::<u32>() {
            Ok(0) => (network, None),
            Ok(bits) => (network, Some(bits)),
            Err(_) => return false,
        },
        None => (entry, None),
    };
    let Ok(network) = network.parse::<IpAddr>() else {
        return false;
    };
    let (a, b, width) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let bits = bits.unwrap_or(width);
    bits <= width && (a ^ b) >> (width - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(url: &str, vars: &[(&str, &str)]) -> Option<&'static str> {
        variable(
            &BaseUrl::parse(url).expect("URL"),
            &Environment::from_pairs(vars.iter().copied()),
        )
    }

    #[test]
    fn the_variables_of_curl() {
        let url = "https://api.example.com";
        assert_eq!(applies(url, &[]), None);
        assert_eq!(
            applies(url, &[("HTTPS_PROXY", "http://p:1")]),
            Some("HTTPS_PROXY")
        );
        assert_eq!(
            applies(
                url,
                &[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:1")]
            ),
            Some("https_proxy")
        );
        assert_eq!(
            applies(url, &[("ALL_PROXY", "socks5://p:1")]),
            Some("ALL_PROXY")
        );
        assert_eq!(
            applies(
                url,
                &[("HTTP_PROXY", "http://p:1"), ("http_proxy", "http://p:1")]
            ),
            None
        );
        assert_eq!(applies(url, &[("HTTPS_PROXY", "")]), None);
        assert_eq!(
            applies("https://127.0.0.1:8443", &[("HTTPS_PROXY", "http://p:1")]),
            None
        );
        assert_eq!(
            applies(
                "https://[::ffff:127.0.0.1]:8443",
                &[("HTTPS_PROXY", "http://p:1")]
            ),
            None
        );
        assert_eq!(
            applies("http://localhost:8080", &[("ALL_PROXY", "http://p:1")]),
            None
        );
    }

    #[test]
    fn exceptions() {
        let excepted = |list: &str, host: &str| {
            applies(
                &format!("https://{host}"),
                &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", list)],
            )
            .is_none()
        };
        for (list, host) in [
            ("*", "api.example.com"),
            ("other.org, example.com", "api.example.com"),
            ("other.org\texample.com.", "api.example.com"),
            (".example.com", "api.example.com"),
            ("EXAMPLE.com", "example.com"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/0", "10.1.2.3"),
            ("fd00::/8", "[fd00::1]"),
        ] {
            assert!(excepted(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("ample.com", "example.com"),
            ("api.example.com", "example.com"),
            ("10.0.0.0/33", "10.1.2.3"),
            ("10.0.0.0/x", "10.1.2.3"),
            ("10.0.0.0/0", "10.1.2.3"),
            ("10.0.0.0/-8", "10.1.2.3"),
            ("10.0.0.0/8", "[fd00::1]"),
            ("[fd00::1]", "[fd00::1]"),
            ("0.0", "10.0.0.0"),
            ("*, other.org", "example.com"),
            ("*.example.com", "api.example.com"),
            ("..example.com", "api.example.com"),
            (".", "example.com"),
            ("api.example.com:443", "api.example.com"),
            ("", "example.com"),
        ] {
            assert!(!excepted(list, host), "{list} {host}");
        }
    }

    fn parsed(text: &str) -> Result<(String, u16, Option<String>), String> {
        Server::parse(text).map(|server| {
            let credentials = server.credentials.map(|secret| secret.expose().to_owned());
            (server.host, server.port, credentials)
        })
    }

    #[test]
    fn what_a_proxy_is_called() {
        for (text, host, port, credentials) in [
            ("http://p:3128", "p", 3128, None),
            ("HTTP://P.example:3128/", "p.example", 3128, None),
            ("p:3128", "p", 3128, None),
            ("p", "p", 1080, None),
            ("http://p", "p", 1080, None),
            ("http://[fd00::1]:8", "fd00::1", 8, None),
            ("192.0.2.1:8", "192.0.2.1", 8, None),
            ("@p:8", "p", 8, Some("Og==")),
            // Each of the right is what `base64` of coreutils makes of the left, decoded.
            ("http://user:secret@p:8", "p", 8, Some("dXNlcjpzZWNyZXQ=")),
            ("user@p:8", "p", 8, Some("dXNlcjo=")),
            (":secret@p:8", "p", 8, Some("OnNlY3JldA==")),
            ("u:a:b@p:8", "p", 8, Some("dTphOmI=")),
            ("u%20x:%40%2f%25%C3%A9@p:8", "p", 8, Some("dSB4OkAvJcOp")),
            ("u:100%@p:8", "p", 8, Some("dToxMDAl")),
        ] {
            let expected = (host.to_owned(), port, credentials.map(str::to_owned));
            assert_eq!(parsed(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_and_not_repeated() {
        for text in [
            "https://hunter2@p:1",
            "socks://hunter2@p:1",
            "socks4://hunter2@p:1",
            "socks4a://hunter2@p:1",
            "socks5://hunter2@p:1",
            "SOCKS5H://hunter2@p:1",
            "hunter2://p:1",
            "://hunter2",
            "http://",
            "http:///",
            "http://hunter2@",
            "http://hunter2@:1",
            "http:p:1",
            "http://p:",
            "http://p:0",
            "http://p:65536",
            "http://p:hunter2",
            "http://p:+1",
            "http://p:1/hunter2",
            "http://p:1?hunter2",
            "http://p:1#hunter2",
            "http://u:hunter/2@p:1",
            "http://u:hunter2@x@p:1",
            "http://u:hunter2\\@p:1",
            "http://u%3Ax:hunter2@p:1",
            "http://u:hunter2%0d%0aX-Y:1@p:1",
            "http://u:hunter2%00@p:1",
            "http://u:hunter2%7f@p:1",
            "http://u:hunter2 @p:1",
            " http://p:1",
            "http://p:1\n",
            "http://b\u{fc}cher:1",
            "http://[::1",
            "http://[hunter2]:1",
            "http://p..q:1",
            "http://127.1:1",
            "\u{fffd}",
            &format!("http://u:{}@p:1", "hunter2".repeat(1000)),
        ] {
            let words = parsed(text).expect_err(text);
            assert!(!words.contains("hunter"), "{words}");
        }
    }

    #[test]
    fn debug_shows_no_credentials() {
        let proxy = Proxy::of(
            &BaseUrl::parse("https://api.example.com").expect("URL"),
            &Environment::from_pairs([("HTTPS_PROXY", "http://user:hunter2@p:1")]),
        );
        let proxy = proxy.expect("a proxy").expect("a proxy");
        assert_eq!(format!("{proxy:?}"), "Proxy(p:1)");
        assert_eq!(proxy.to_string(), "the proxy p:1 (HTTPS_PROXY)");
        assert_eq!(proxy.target, "api.example.com:443");
    }
}
