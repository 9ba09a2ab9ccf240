//! Where an API lives: the one origin that its token is sent to.
//!
//! A base URL that could lead a token elsewhere than its reader believes is refused: no user name (`https://good@evil.test`),
//! no query or fragment, no `..` in any notation, no host that is a number in disguise, and no plain HTTP except to this
//! machine. What is wrong is described without repeating the text, for it may hold a password.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A checked base URL: `https`, or `http` to a loopback address; a host, maybe a port, maybe a path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    is_https: bool,
    host: String,
    port: u16,
    origin: String,
    /// Empty, or with a slash at its start and none at its end.
    prefix: String,
}

impl BaseUrl {
    /// Checks `text`.
    ///
    /// # Errors
    /// What is wrong, in words that follow "`base_url` …".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (is_https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err("must begin with https://"),
        };
        if rest.contains('@') {
            return Err("must not have a user name or password in it");
        }
        if rest.contains(['?', '#']) {
            return Err("must not have a query (?…) or a fragment (#…)");
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (scheme, default_port) = if is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        let (host, port) = host_and_port(authority, default_port)?;
        let shown = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.clone(),
        };
        let origin = match port == default_port {
            true => format!("{scheme}://{shown}"),
            false => format!("{scheme}://{shown}:{port}"),
        };
        let prefix = path.trim_end_matches('/');
        let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        let is_odd = |part: &str| matches!(part, "" | "." | "..");
        if !prefix.bytes().all(is_legal) || prefix.split('/').skip(1).any(is_odd) {
            return Err("must have a plain path: letters, digits and -._~, without `..` and `//`");
        }
        let url = BaseUrl {
            is_https,
            host,
            port,
            origin,
            prefix: prefix.to_owned(),
        };
        if !is_https && !url.is_loopback() {
            return Err("must begin with https:// (http:// goes to a loopback address only)");
        }
        Ok(url)
    }

    /// The URL of `path` below it, and of `name` below that.
    #[must_use]
    pub fn join(&self, path: &str, name: &str) -> String {
        let path = path.trim_start_matches('/');
        [self.origin.as_str(), &self.prefix, "/", path, name].concat()
    }

    /// Scheme, host, and port if it is not the scheme's own.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host in lower case, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, even if it is the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is this machine: 127.0.0.0/8, in IPv6 notation too, `::1` or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

/// The host in lower case, an IPv6 address without its brackets, and the port of `host[:port]`.
///
/// # Errors
/// What is wrong, in words that follow the name of a URL.
pub fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), &'static str> {
    // The colons before a bracket are those of an address.
    let bracket = authority.rfind(']').unwrap_or(0);
    let colon = authority[bracket..].find(':').map(|at| bracket + at);
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    let port = match port.strip_prefix(':').map(str::parse) {
        None => default,
        Some(Ok(number)) if number > 0 && !port.starts_with(":+") => number,
        Some(_) => return Err("has a port that is not a number from 1 to 65535"),
    };
    let host = host.to_ascii_lowercase();
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').map(str::parse::<Ipv6Addr>);
        return match address {
            Some(Ok(address)) => Ok((address.to_string(), port)),
            _ => Err("has brackets around what is no IPv6 address"),
        };
    }
    let is_label_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_label =
        |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_label_byte);
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err(
            "has no host, or one that is no ASCII host name (xn--… for an international one)",
        );
    }
    // Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses, though people do not.
    let last = host.rsplit('.').next().unwrap_or(&host);
    let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    let is_number =
        last.bytes().all(|b| b.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hex);
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        return Err("has a number for a host that is no IPv4 address");
    }
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_requests_go() {
        for (text, url) in [
            ("https://api.example.com", "https://api.example.com/v1/x"),
            ("https://api.example.com/", "https://api.example.com/v1/x"),
            (
                "HTTPS://API.Example.COM:443/",
                "https://api.example.com/v1/x",
            ),
            ("https://h:8443/a/b/", "https://h:8443/a/b/v1/x"),
            ("https://h//", "https://h/v1/x"),
            ("https://192.0.2.1/p", "https://192.0.2.1/p/v1/x"),
            ("http://127.8.9.1:80", "http://127.8.9.1/v1/x"),
            ("http://[::1]:8080", "http://[::1]:8080/v1/x"),
            ("http://[0:0::1]", "http://[::1]/v1/x"),
            ("http://[::FFFF:7f00:1]", "http://[::ffff:127.0.0.1]/v1/x"),
            ("https://[fd00::]:8443", "https://[fd00::]:8443/v1/x"),
            ("https://[fd00::]", "https://[fd00::]/v1/x"),
            ("http://localhost:1", "http://localhost:1/v1/x"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example/v1/x",
            ),
        ] {
            let base = BaseUrl::parse(text).expect(text);
            assert_eq!(base.join("/v1/", "x"), url);
            assert_eq!(BaseUrl::parse(&base.to_string()), Ok(base));
        }
    }

    #[test]
    fn how_long_a_host_may_be() {
        let label = |len| "a".repeat(len);
        let longest = format!("{0}.{0}.{0}", label(63));
        for (host, expected) in [
            (label(63), true),
            (label(64), false),
            (format!("{longest}.{}", label(61)), true),
            (format!("{longest}.{}", label(62)), false),
        ] {
            let url = format!("https://{host}");
            assert_eq!(BaseUrl::parse(&url).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn its_parts() {
        let base = BaseUrl::parse("http://[::1]:8080/x/").expect("URL");
        assert_eq!((base.host(), base.port()), ("::1", 8080));
        assert!(base.is_loopback() && !base.is_https());
        assert_eq!(base.origin(), "http://[::1]:8080");
        assert_eq!(base.to_string(), "http://[::1]:8080/x");
        assert!(
            !BaseUrl::parse("https://127.0.0.1.nip.io")
                .expect("URL")
                .is_loopback()
        );
        assert!(
            !BaseUrl::parse("https://localhost.evil.test")
                .expect("URL")
                .is_loopback()
        );
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for text in [
            "",
            "/",
            "api.example.com",
            "https:",
            "https://",
            "https:///path",
            "https://:443",
            "https://user@h",
            "https://user:hunter2@h",
            "https://h@evil.test",
            "https://h?hunter2",
            "https://h/?hunter2=1",
            "https://h#hunter2",
            "https://h/#",
            "https://h/..",
            "https://h/a/../b",
            "https://h/%2e%2E/b",
            "https://h/.%2e",
            "https://h/./b",
            "https://h/a//b",
            "https://h/%2f",
            "https://h/%5c",
            "https://h/%252e",
            "https://h/%zz",
            "https://h/%",
            "https://h/a\\b",
            "https://h\\@evil.test",
            "https://h/a b",
            "https://h/\n",
            " https://h",
            "https://h:0",
            "https://h:",
            "https://h:65536",
            "https://h:99999999999999999999",
            "https://h:+1",
            "https://h:1:2",
            "https://[::1",
            "https://[::1]x",
            "https://[nope]",
            "https://[fe80::1%25eth0]",
            "https://a..b",
            "https://h.",
            "https://.",
            "https://127.1",
            "https://0x7f000001",
            "https://2130706433",
            "https://exa$mple",
            "https://bücher.example",
            "ftp://h",
            "file:///etc/passwd",
            "javascript://h",
            "http://api.example.com",
            "http://127.0.0.1.evil.test",
            "http://localhost.evil.test",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "http://[::2]",
            "http://[::ffff:128.0.0.1]",
            "http://[::127.0.0.1]",
        ] {
            let error = BaseUrl::parse(text).expect_err(text);
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
