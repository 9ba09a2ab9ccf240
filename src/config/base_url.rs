//! Where an API lives: the one origin that its token is sent to.
//!
//! A base URL that could lead a token elsewhere than its reader believes is refused rather than understood: no userinfo
//! (`https://api.example.com@evil.test`), no query or fragment that would swallow the path, no `..` in any notation, no
//! host that is a number in disguise, and no plain HTTP except to this machine. What is wrong is told without repeating
//! the text, for it may hold a password.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// A checked base URL: `https`, or `http` to a loopback address; a host, maybe a port, maybe a path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    https: bool,
    /// In lower case, an IPv6 address without its brackets.
    host: String,
    port: u16,
    /// Scheme, host, and port if it is not the scheme's own.
    origin: String,
    /// Empty, or with a slash at its start and none at its end.
    prefix: String,
}

impl BaseUrl {
    /// Checks `text`.
    ///
    /// # Errors
    /// What is wrong, in words that follow "`base_url` …".
    pub fn parse(text: &str) -> Result<Self, String> {
        // `Uri` drops a fragment without a word, so it is looked for first.
        if text.contains('#') {
            return fail("must not have a fragment (#…)");
        }
        if text.contains('?') {
            return fail("must not have a query (?…)");
        }
        if !text.is_ascii() {
            return fail("must be ASCII (an international host name in its xn-- form)");
        }
        if !text.contains("://") {
            return fail("must begin with https://");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return fail("is not a URL of the form https://host[:port][/path]");
        };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return fail("has no host");
        };
        if authority.as_str().contains('@') {
            return fail("must not have a user name or password in it");
        }
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return fail("must begin with https://"),
        };
        let (host, port) = host_and_port(authority.as_str(), default_port(https))?;
        let url = BaseUrl {
            https,
            origin: origin(https, &host, port),
            host,
            port,
            prefix: check_prefix(uri.path())?,
        };
        if !https && !url.is_loopback() {
            return fail("must begin with https:// (http:// goes to a loopback address only)");
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

    /// The port, be it the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the way there is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether it is this machine: 127.0.0.0/8, in IPv6 notation, too, `::1` or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

fn fail<T>(words: &str) -> Result<T, String> {
    Err(words.to_owned())
}

fn origin(https: bool, host: &str, port: u16) -> String {
    let scheme = if https { "https" } else { "http" };
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    if port == default_port(https) {
        format!("{scheme}://{host}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// The host in lower case, an IPv6 address without its brackets, and the port of `host[:port]`.
///
/// # Errors
/// What is wrong, in words that follow the name of a URL.
pub fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), String> {
    let (host, port) = split(authority);
    let port = match port {
        None => default,
        Some(digits) => match digits.parse() {
            Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
            _ => return fail("has a port that is not a number from 1 to 65535"),
        },
    };
    Ok((check_host(&host.to_ascii_lowercase())?, port))
}

/// Host and port as they are written. `Authority` takes any text for a port and then has none, so it is not asked.
fn split(authority: &str) -> (&str, Option<&str>) {
    // The colons before a bracket are those of an address.
    let bracket = authority.rfind(']').unwrap_or(0);
    match authority[bracket..].split_once(':') {
        Some((rest, port)) => (&authority[..bracket + rest.len()], Some(port)),
        None => (authority, None),
    }
}

/// The host, without the brackets of an IPv6 address.
fn check_host(host: &str) -> Result<String, String> {
    if host.is_empty() {
        return fail("has no host");
    }
    if let Some(inner) = host.strip_prefix('[') {
        return match inner.strip_suffix(']').map(str::parse::<Ipv6Addr>) {
            Some(Ok(address)) => Ok(address.to_string()),
            _ => fail("has brackets around what is no IPv6 address"),
        };
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return fail("has a host that is no host name");
    }
    // Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses; nobody else does.
    let last = host.rsplit('.').next().unwrap_or(host);
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return fail("has a number for a host that is no IPv4 address");
    }
    Ok(host.to_owned())
}

/// The path without its final slashes.
fn check_prefix(path: &str) -> Result<String, String> {
    let prefix = path.trim_end_matches('/');
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&b);
    if !prefix.bytes().all(legal) {
        return fail("has a path with characters that do not belong in a URL");
    }
    let decoded = prefix.to_ascii_lowercase().replace("%2e", ".");
    if decoded.split('/').any(|part| part == "." || part == "..") {
        return fail("must not have `.` or `..` in its path");
    }
    let mut rest = decoded.split('%').skip(1);
    if rest.any(|escape| {
        let code = escape.get(..2).unwrap_or_default();
        !code.bytes().all(|b| b.is_ascii_hexdigit())
            || matches!(code, "" | "2f" | "5c" | "00" | "25")
    }) {
        return fail("has a path with a percent escape that servers read differently");
    }
    if prefix.contains("//") {
        return fail("has an empty part (//) in its path");
    }
    Ok(prefix.to_owned())
}
