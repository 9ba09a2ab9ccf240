//! Which proxy the environment asks for, by curl's rules: `https_proxy` or `HTTPS_PROXY`, else `all_proxy` or `ALL_PROXY`; not
//! for what `no_proxy` or `NO_PROXY` names, nor for loopback addresses. What cannot be honoured is an error, and so is what curl
//! would guess at (a path, a second `@`): where a token and a password go must not depend on the reader.

use std::ffi::OsStr;
use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use ureq::ProxyProtocol;

use crate::config::BaseUrl;
use crate::config::base_url::host_and_port;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The port of a proxy that names none, as curl has it.
const PORT: u16 = 1080;

const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// An HTTP proxy that tunnels (CONNECT) to the one origin of a base URL.
pub struct Proxy {
    /// Host, port and credentials.
    pub address: ureq::Proxy,
    pub authority: String,
    variable: &'static str,
    hint: String,
}

impl Proxy {
    /// The proxy that the environment asks for on the way to `url`, if it asks for one.
    pub fn choose(url: &BaseUrl, env: &Environment) -> Result<Option<Self>> {
        let Some((variable, value)) = variable(url, env) else {
            return Ok(None);
        };
        let (host, exceptions) = (url.host(), set(NO_PROXY, env).map_or("NO_PROXY", |(name, _)| name));
        let hint = format!(
            "{variable} takes an HTTP proxy as http://USER:PASSWORD@HOST:PORT, special characters percent-encoded, and none over SOCKS or TLS; if {host} may be reached directly, add it to {exceptions}"
        );
        let message = format!("{variable} does not name an HTTP proxy that can be used");
        let address = value.to_str().and_then(parse).ok_or_else(|| Error::new(Kind::Proxy, message).hint(&hint))?;
        let authority = format!("{}:{}", address.host(), address.port());
        Ok(Some(Proxy { address, authority, variable, hint }))
    }

    pub fn error(&self, message: String) -> Error {
        Error::new(Kind::Proxy, message).hint(&self.hint)
    }
}

/// `the proxy proxy.example.com:3128 (HTTPS_PROXY)`
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.authority, self.variable)
    }
}

/// Reads `[http://][user[:password]@]host[:port][/]`.
fn parse(text: &str) -> Option<ureq::Proxy> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let has_more = rest.contains(['/', '?', '#', '\\']) || !rest.bytes().all(|b| b.is_ascii_graphic());
    if has_more || !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let (userinfo, server) = rest.rsplit_once('@').map_or((None, rest), |(userinfo, server)| (Some(userinfo), server));
    let (host, port) = host_and_port(server, PORT).ok()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let mut proxy = ureq::Proxy::builder(ProxyProtocol::Http).host(&host).port(port);
    if let Some(userinfo) = userinfo {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        // No proxy can tell a colon in the user name from the one before the password (RFC 7617).
        let user = decode(user).filter(|user| !user.contains(':'))?;
        proxy = proxy.username(&user).password(&decode(password)?);
    }
    proxy.build().ok()
}

fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    let is_fit = decoded.len() <= 4096 && !text.contains('@') && !decoded.contains(char::is_control);
    is_fit.then(|| decoded.into_owned())
}

/// The first of these variables that is set, and its value.
fn set<'a>(names: [&'static str; 2], env: &'a Environment) -> Option<(&'static str, &'a OsStr)> {
    names.into_iter().find_map(|name| Some((name, env.get(name)?)))
}

fn variable<'a>(url: &BaseUrl, env: &'a Environment) -> Option<(&'static str, &'a OsStr)> {
    if url.is_loopback() || !url.is_https() {
        return None;
    }
    let asked = set(["https_proxy", "HTTPS_PROXY"], env).or_else(|| set(["all_proxy", "ALL_PROXY"], env))?;
    let is_excepted = set(NO_PROXY, env).is_some_and(|(_, list)| excepts(&list.to_string_lossy(), url.host()));
    (!is_excepted).then_some(asked)
}

/// Whether a `NO_PROXY` list names `host`: the host, a domain above it, a network around it, or everything. As in curl, a name
/// may have a dot before it, an entry with a port names nothing, and a star counts alone only.
fn excepts(list: &str, host: &str) -> bool {
    let mut entries = list.split([',', ' ', '\t']);
    list == "*"
        || match host.parse() {
            Ok(address) => entries.any(|entry| network_holds(entry, address)),
            Err(_) => entries.any(|entry| domain_holds(entry, host)),
        }
}

fn domain_holds(domain: &str, host: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(&domain);
    let above = host.strip_suffix(domain);
    !domain.is_empty() && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Whether `entry`, an address or a network in CIDR notation, holds `address`. curl takes a prefix of no bits for that of a
/// whole address, and so does this: a token must not take a way that curl's would not.
fn network_holds(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = entry.split_once('/').unwrap_or((entry, "0"));
    let (a, b, width) = match (network.parse(), address) {
        (Ok(IpAddr::V4(a)), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (Ok(IpAddr::V6(a)), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    match bits.parse::<u32>() {
        Ok(0) => a == b,
        Ok(bits) => bits <= width && (a ^ b) >> (width - bits) == 0,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(url: &str, vars: &[(&str, &str)]) -> Option<&'static str> {
        variable(&BaseUrl::parse(url).expect("URL"), &Environment::from_pairs(vars.iter().copied()))
            .map(|(name, _)| name)
    }

    #[test]
    fn the_variables_of_curl() {
        let url = "https://api.example.com";
        for (url, variables, expected) in [
            (url, &[][..], None),
            (url, &[("HTTPS_PROXY", "p:1")], Some("HTTPS_PROXY")),
            (url, &[("HTTPS_PROXY", "p:1"), ("https_proxy", "q:1")], Some("https_proxy")),
            (url, &[("ALL_PROXY", "socks5://p:1")], Some("ALL_PROXY")),
            (url, &[("HTTP_PROXY", "p:1"), ("http_proxy", "p:1")], None),
            (url, &[("HTTPS_PROXY", "")], None),
            ("https://127.0.0.1:8443", &[("HTTPS_PROXY", "p:1")], None),
            ("https://[::ffff:127.0.0.1]", &[("HTTPS_PROXY", "p:1")], None),
            ("http://localhost:8080", &[("ALL_PROXY", "p:1")], None),
        ] {
            assert_eq!(applies(url, variables), expected, "{url} {variables:?}");
        }
    }

    #[test]
    fn exceptions() {
        for (list, host, expected) in [
            ("*", "api.example.com", true),
            ("other.org, example.com", "api.example.com", true),
            (".example.com", "api.example.com", true),
            ("EXAMPLE.com", "example.com", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3/0", "10.1.2.3", true),
            ("fd00::/8", "[fd00::1]", true),
            ("ample.com", "example.com", false),
            ("api.example.com", "example.com", false),
            ("10.0.0.0/33", "10.1.2.3", false),
            ("10.0.0.0/0", "10.1.2.3", false),
            ("10.0.0.0/8", "[fd00::1]", false),
            ("*, other.org", "example.com", false),
            ("*.example.com", "api.example.com", false),
            ("api.example.com:443", "api.example.com", false),
            ("", "example.com", false),
        ] {
            let url = format!("https://{host}");
            let variables = [("HTTPS_PROXY", "p:1"), ("NO_PROXY", list)];
            assert_eq!(applies(&url, &variables).is_none(), expected, "{list} {host}");
        }
    }

    #[test]
    fn what_a_proxy_is_called() {
        for (text, authority, credentials) in [
            ("http://p:3128", "p:3128", None),
            ("HTTP://P.example:3128/", "p.example:3128", None),
            ("p", "p:1080", None),
            ("http://[fd00::1]:8", "[fd00::1]:8", None),
            ("192.0.2.1:8", "192.0.2.1:8", None),
            ("@p:8", "p:8", Some(("", ""))),
            ("http://user:secret@p:8", "p:8", Some(("user", "secret"))),
            ("user@p:8", "p:8", Some(("user", ""))),
            ("u:a:b@p:8", "p:8", Some(("u", "a:b"))),
            ("u%20x:%40%2f%25%C3%A9@p:8", "p:8", Some(("u x", "@/%é"))),
            ("u:100%@p:8", "p:8", Some(("u", "100%"))),
        ] {
            let url = BaseUrl::parse("https://api.example.com").expect("URL");
            let env = Environment::from_pairs([("HTTPS_PROXY", text)]);
            let proxy = Proxy::choose(&url, &env).expect(text).expect(text);
            assert_eq!(proxy.authority, authority);
            let sent = proxy.address.username().zip(proxy.address.password());
            assert_eq!(sent, credentials, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for text in [
            "https://hunter2@p:1",
            "socks://hunter2@p:1",
            "hunter2://p:1",
            "http://",
            "http://hunter2@",
            "http://p:0",
            "http://p:hunter2",
            "http://p:1/hunter2",
            "http://u:hunter/2@p:1",
            "http://u:hunter2@x@p:1",
            "http://u:hunter2\\@p:1",
            "http://u%3Ax:hunter2@p:1",
            "http://u:hunter2%0d%0aX-Y:1@p:1",
            "http://u:hunter2%ff@p:1",
            "http://u:hunter2 @p:1",
            "http://b\u{fc}cher:1",
            "\u{fffd}",
            &format!("http://u:{}@p:1", "hunter2".repeat(1000)),
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
