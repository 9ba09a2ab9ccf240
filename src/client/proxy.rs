//! Which proxy the environment asks for, by curl's rules; failing closed.
//!
//! `https_proxy` or `HTTPS_PROXY`, else `all_proxy` or `ALL_PROXY`, the lower-case one first; never for a loopback address;
//! not for what `no_proxy` or `NO_PROXY` names. Proxies themselves are not supported yet, so one that would apply ends the
//! look-up: going around it is not ours to decide.

use std::net::IpAddr;

use crate::config::{BaseUrl, Environment};
use crate::error::{Error, Kind, Result};

/// Refuses to go on if a proxy applies to `url`.
///
/// # Errors
/// `proxy`, naming the variable.
pub fn refuse(url: &BaseUrl, env: &Environment) -> Result<()> {
    let Some(variable) = variable(url, env) else {
        return Ok(());
    };
    let host = url.host();
    Err(Error::new(
        Kind::Proxy,
        format!(
            "{variable} asks for a proxy to {host}, and this version of acctq cannot use one yet"
        ),
    )
    .hint(format!(
        "if {host} may be reached directly, add it to NO_PROXY"
    )))
}

/// The variable whose proxy applies to `url`.
fn variable(url: &BaseUrl, env: &Environment) -> Option<&'static str> {
    let set = |names: [&'static str; 2]| names.into_iter().find(|name| env.get(name).is_some());
    if url.is_loopback() || !url.is_https() {
        return None;
    }
    let variable =
        set(["https_proxy", "HTTPS_PROXY"]).or_else(|| set(["all_proxy", "ALL_PROXY"]))?;
    let exceptions = set(["no_proxy", "NO_PROXY"])
        .and_then(|name| env.get(name))
        .and_then(|value| value.to_str());
    (!exceptions.is_some_and(|list| excepts(list, url.host()))).then_some(variable)
}

/// Whether a `NO_PROXY` list names `host`: itself, a domain above it, a network around it, or everything.
fn excepts(list: &str, host: &str) -> bool {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.');
    if list.trim() == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            if let Some(address) = address {
                network_holds(entry, address)
            } else {
                let domain = entry.trim_start_matches('.').trim_end_matches('.');
                let Some(start) = host.len().checked_sub(domain.len()) else {
                    return false;
                };
                !domain.is_empty()
                    && host
                        .get(start..)
                        .is_some_and(|tail| tail.eq_ignore_ascii_case(domain))
                    && (start == 0 || host.as_bytes()[start - 1] == b'.')
            }
        })
}

/// Whether `entry`, an address or a network in CIDR notation, holds `address`.
fn network_holds(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => match bits.parse::<u32>() {
            Ok(bits) => (network, Some(bits)),
            Err(_) => return false,
        },
        None => (entry, None),
    };
    let Ok(network) = network
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    else {
        return false;
    };
    let (a, b, width) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let bits = bits.unwrap_or(width);
    bits <= width && (bits == 0 || (a ^ b) >> (width - bits) == 0)
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
            (".example.com", "api.example.com"),
            ("EXAMPLE.com", "example.com"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3"),
            ("fd00::/8", "[fd00::1]"),
        ] {
            assert!(excepted(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("ample.com", "example.com"),
            ("api.example.com", "example.com"),
            ("10.0.0.0/33", "10.1.2.3"),
            ("10.0.0.0/x", "10.1.2.3"),
            ("0.0", "10.0.0.0"),
            ("", "example.com"),
        ] {
            assert!(!excepted(list, host), "{list} {host}");
        }
    }
}
