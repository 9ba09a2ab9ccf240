//! What the end-to-end tests cannot reach, or only slowly: tables of texts.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::document::Document;
use super::permissions::shell_quoted;
use super::values::{parse_rate, parse_retries, parse_timeout};
use super::{BaseUrl, Secret};
use crate::error::Kind;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Suite {
    version: u32,
    check: Vec<Spanned<Check>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Check {
    id: Spanned<String>,
    expect: Option<Expect>,
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be an expression or a list of them")]
#[allow(dead_code)]
enum Expect {
    One(String),
    Several(Vec<String>),
}

/// How a suite begins, how it goes on with a mistake in it, the mistake's line, and what is named.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    ("", "version = \"hunter2\"\n", 1, "`version`"),
    ("", "version = -1\ncheck = []\n", 1, "`version`"),
    ("", "version = 1\n", 1, "`check`"),
    ("", "version = 1\ncheck = \"hunter2\"\n", 2, "`check`"),
    (CHECK, "strict = true\n", 4, "`id`"),
    (CHECK, "id = [\"hunter2\"]\n", 5, "`id`"),
    (CHECK, "id = \"b\"\nstrict = \"hunter2\"\n", 6, "`strict`"),
    (CHECK, "id = \"b\"\nexpect = { hunter2 = 1 }\n", 6, "`expect` must be an expression or a list of them"),
    (CHECK, "id = \"b\"\nexpekt = \"hunter2\"\n", 6, "did you mean `expect`?"),
    (CHECK, "id = \"b\"\nhunter2 = 1\n", 6, "unknown key"),
    (CHECK, "id = \"hunter2\n", 5, "invalid basic string"),
    (CHECK, "id = \"b\"\nid = \"hunter2\"\n", 6, "duplicate key"),
];
const CHECK: &str = "version = 1\n[[check]]\nid = \"a\"\n[[check]]\n";

#[test]
fn mistakes_are_described_by_their_place_and_never_by_their_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("suite.toml");
    for &(head, text, line, named) in MISTAKES {
        fs::write(&path, format!("{head}{text}")).unwrap();
        let (document, _) = Document::read(&path, Kind::Usage, "the suite").unwrap().unwrap();
        let error = document.parse::<Suite>().unwrap_err();
        let all = format!("{error} {} {error:?}", error.hint_text().unwrap_or_default());
        let place = format!(" ({}, line {line}, column ", path.display());
        assert!(all.contains(named) && all.contains(&place), "{text}: {all}");
        assert!(!all.contains("hunter2"), "{all}");
        assert_eq!((error.context().line, error.kind()), (Some(line), Kind::Usage));
    }
}

#[test]
fn a_token_has_at_most_8_kib_and_no_debug_output() {
    assert!(Secret::new("x".repeat(8 * 1024)).is_ok());
    assert!(Secret::new("x".repeat(8 * 1024 + 1)).is_err());
    assert_eq!(format!("{:?}", Secret::new("s3cr3t-hunter2")), "Ok(Secret(…))");
}

#[test]
fn settings_as_text() {
    let timeouts = ["60s", "1m30s", "1m 30s", "500ms", "1ms", "1.5s", "24h"];
    let millis = [60_000, 90_000, 90_000, 500, 1, 1_500, 86_400_000];
    for (text, millis) in timeouts.into_iter().zip(millis) {
        assert_eq!(parse_timeout(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    let wrong = "0,0s,-1s,1s ago,60,,NaN,1e309s,99999999999999999999s,999us,24h1ms,00:01";
    for text in wrong.split(',') {
        assert!(parse_timeout(text).is_err(), "{text}");
    }
    for text in ["", "-1", "1.0", "11", " 1", "99999999999999999999"] {
        assert!(parse_retries(text).is_err(), "{text}");
    }
    assert_eq!((parse_retries("0"), parse_retries("10")), (Ok(0), Ok(10)));
    for text in ["0/s", "1", "-1/s", "NaN/s", "inf/s", "100001/s", "/s"] {
        assert!(parse_rate(text).is_err(), "{text}");
    }
    assert_eq!(parse_rate("0.5/s"), Ok(0.5));
}

#[test]
fn paths_are_quoted_for_a_shell() {
    for (path, quoted) in [
        ("/A-1_b/c+d:e,f@g%h.toml", "/A-1_b/c+d:e,f@g%h.toml"),
        ("/Application Support/x", "'/Application Support/x'"),
        ("/it's", r"'/it'\''s'"),
        ("/$(id)`id`;&|", "'/$(id)`id`;&|'"),
        ("~/x", "'~/x'"),
        ("-R", "'-R'"),
    ] {
        assert_eq!(shell_quoted(Path::new(path)), quoted);
    }
}

#[test]
fn where_requests_go() {
    for (text, url) in [
        ("https://api.example.com", "https://api.example.com/v1/x"),
        ("HTTPS://API.Example.COM:443/", "https://api.example.com/v1/x"),
        ("https://h:8443/a/b/", "https://h:8443/a/b/v1/x"),
        ("https://h//", "https://h/v1/x"),
        ("https://192.0.2.1/p", "https://192.0.2.1/p/v1/x"),
        ("http://127.8.9.1:80", "http://127.8.9.1/v1/x"),
        ("http://[0:0::1]", "http://[::1]/v1/x"),
        ("http://[::FFFF:7f00:1]", "http://[::ffff:127.0.0.1]/v1/x"),
        ("https://[fd00::]:8443", "https://[fd00::]:8443/v1/x"),
        ("http://localhost:1", "http://localhost:1/v1/x"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/v1/x"),
    ] {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!(format!("{base}/v1/x"), url);
        assert_eq!(BaseUrl::parse(&base.to_string()), Ok(base));
    }
    for url in ["https://127.0.0.1.nip.io", "https://localhost.evil.test"] {
        assert!(!BaseUrl::parse(url).unwrap().is_loopback(), "{url}");
    }
}

#[test]
fn what_could_lead_elsewhere_is_refused() {
    let urls = "/ api.example.com https: https:// https:///path https://:443 https://user@h https://user:hunter2@h \
        https://h@evil.test https://h?hunter2 https://h/?hunter2=1 https://h#hunter2 https://h/# https://h/.. \
        https://h/a/../b https://h/%2e%2E/b https://h/.%2e https://h/./b https://h/a//b https://h/%2f https://h/% \
        https://h/a\\b https://h\\@evil.test https://h:0 https://h: https://h:65536 https://h:99999999999999999999 \
        https://h:1:2 https://[::1 https://[::1]x https://[nope] https://[fe80::1%25eth0] https://exa$mple \
        https://bücher.example ftp://h file:///etc/passwd javascript://h http://api.example.com \
        http://127.0.0.1.evil.test http://localhost.evil.test http://128.0.0.1 http://0.0.0.0 http://[::2] \
        http://[::ffff:128.0.0.1] http://[::127.0.0.1]";
    for text in urls.split_whitespace().chain(["", "https://h/a b", "https://h/\n", " https://h"]) {
        let error = BaseUrl::parse(text).expect_err(text);
        assert!(!error.contains("hunter2"), "{error}");
    }
}
