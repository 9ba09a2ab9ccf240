//! The base URL of an API, with the one origin that its token is sent to.
//!
//! A base URL that could send a token elsewhere than its reader believes is refused: one with a user name
//! (`https://good@evil.test`), a query, a fragment or `..`, and plain HTTP except to this machine. Errors do not repeat the text,
//! which may hold a password.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ureq::http::Uri;
use ureq::http::uri::Authority;

use crate::account::RESOURCES;

/// A checked base URL: `https`, or `http` to a loopback address; a host, maybe a port, maybe a path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: &'static str,
    host: String,
    /// Host, and port if it is not the scheme's own.
    authority: String,
    /// Empty, or with a slash at its start and none at its end.
    prefix: String,
}

impl BaseUrl {
    /// Checks `text`. A base URL that ends in a part of an API's path, such as `/api/v1`, would make every account unknown, in the
    /// wrong API's path and in capital letters too. Err: what is wrong, in words that follow "`base_url` …".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains(['?', '#']) {
            return Err("must not have a query (?…) or a fragment (#…)");
        }
        let uri: Uri = text.parse().map_err(|_| "must be a URL such as https://api.example.com")?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("https") => ("https", 443),
            Some("http") => ("http", 80),
            _ => return Err("must begin with https://"),
        };
        let (host, port) = host_and_port(uri.authority().map_or("", Authority::as_str), default_port)?;
        let mut authority = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if port != default_port {
            authority = format!("{authority}:{port}");
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        let is_odd = |part: &str| matches!(part, "" | "." | "..");
        if !prefix.bytes().all(is_legal) || prefix.split('/').skip(1).any(is_odd) {
            return Err("must have a plain path: letters, digits and -._~, without `..` and `//`");
        }
        let url = BaseUrl { scheme, host, authority, prefix };
        if !url.is_https() && !url.is_loopback() {
            return Err("must begin with https:// (http:// goes to a loopback address only)");
        }
        let prefix = url.prefix.to_ascii_lowercase();
        let ends_in = |path: &str| {
            let ends = path.match_indices('/').map(|(end, _)| end).skip(2);
            ends.map(|end| &path[..end]).any(|part| prefix.ends_with(part))
        };
        if RESOURCES.iter().any(|resource| ends_in(resource.path)) {
            return Err("must not end in an API's own path, such as /api/v1, which is added to it");
        }
        Ok(url)
    }

    /// Host, and port if it is not the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host in lower case, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether connections are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether it is this machine: 127.0.0.0/8, in IPv6 notation too, `::1` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

/// The host in lower case, an IPv6 address without its brackets, and the port of `host[:port]`. Err: what is wrong, in words
/// that follow the name of a URL.
pub fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16), &'static str> {
    if text.contains('@') {
        return Err("must not have a user name or password in it");
    }
    let no_host = "has no host, or no ASCII host name (xn--… for an international one)";
    let authority: Authority = text.parse().map_err(|_| no_host)?;
    let host = authority.host().to_ascii_lowercase();
    let port = match authority.port_u16() {
        // A port that is no number is passed over by the parser.
        None if host.len() == text.len() => default_port,
        Some(port) if port > 0 => port,
        _ => return Err("has a port that is not a number from 1 to 65535"),
    };
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| "has brackets around what is no IPv6 address")?;
        return Ok((address.to_string(), port));
    }
    let is_host_byte = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if host.is_empty() || !host.bytes().all(is_host_byte) {
        return Err(no_host);
    }
    Ok((host, port))
}
