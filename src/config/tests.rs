//! What the end-to-end tests cannot reach, or only slowly: tables of texts, and the interfaces of later commands.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use toml::Spanned;

use super::document::Document;
use super::helper::Helper;
use super::permissions::shell_quoted;
use super::values::{parse_jobs, parse_port, parse_rate, parse_retries, parse_timeout};
use super::{
    BaseUrl, DEFAULT_RETRIES, DEFAULT_TIMEOUT, Flags, SANDBOX, Secret, Settings, TEMPLATE,
    TokenSource,
};
use crate::account::{CONNECTED, PARTNER};
use crate::environment::Environment;
use crate::error::{Kind, Result};
use crate::signals::Shutdown;

const SECRET: &str = "s3cr3t-hunter2";

/// A home directory with this configuration, closed to others.
fn home(config: &str) -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".config/acctq/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, config).unwrap();
    #[cfg(unix)]
    for path in [path.as_path(), path.parent().unwrap()] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let variables = vec![
        ("HOME", dir.path().to_str().unwrap().to_owned()),
        ("PATH", "/usr/bin:/bin".to_owned()),
    ];
    (dir, variables)
}

fn load(config: &str, more: &[(&'static str, &str)]) -> Result<Settings> {
    let (_dir, mut variables) = home(config);
    variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Settings::load(&Flags::default(), &Environment::from_pairs(variables))
}

fn read(source: &TokenSource, variables: &[(&str, &str)]) -> Result<Secret> {
    let env = Environment::from_pairs(variables.iter().copied().chain([("PATH", "/usr/bin:/bin")]));
    source.read(&env, Instant::now() + Duration::from_secs(30), &Shutdown::default())
}

#[test]
fn the_template_is_a_valid_configuration() {
    let settings = load(TEMPLATE, &[]).unwrap();
    assert!(settings.profiles.contains(&SANDBOX.to_owned()));
    assert_eq!(settings.timeout.value, parse_timeout(DEFAULT_TIMEOUT).unwrap());
    assert_eq!(settings.retries.value, parse_retries(DEFAULT_RETRIES).unwrap());
}

#[test]
fn the_endpoints_of_any_profile_can_be_had_by_name() {
    let config = "default_profile = \"a\"\n\
        [profiles.a.connect]\nbase_url = \"https://a.test\"\ntoken_env = \"A\"\n\
        [profiles.b.connect]\nbase_url = \"https://b.test\"\ntoken = \"s3cr3t-hunter2\"\n\
        [profiles.b.partner]\nbase_url = \"https://p.test\"\n";
    let env = [("ACCTQ_CONNECT_TOKEN", SECRET), ("ACCTQ_PARTNER_TOKEN", ""), ("A", "of-a")];
    let settings = load(config, &env).unwrap();
    let selected = settings.endpoint(&CONNECTED).unwrap();
    assert_eq!(selected.base_url.value.origin(), "https://a.test");
    assert_eq!(read(&selected.token.value, &env).unwrap().expose(), SECRET);
    assert_eq!(settings.endpoint(&PARTNER).unwrap_err().kind(), Kind::Auth);

    // The environment is set aside.
    let named = settings.endpoint_of("a", "-p", &CONNECTED).unwrap();
    assert_eq!(named.profile.as_deref(), Some("a"));
    assert_eq!(read(&named.token.value, &env).unwrap().expose(), "of-a");
    let named = settings.endpoint_of("b", "-p", &CONNECTED).unwrap();
    assert_eq!(read(&named.token.value, &[]).unwrap().expose(), SECRET);
    assert!(!format!("{settings:?} {named:?}").contains(SECRET));
    for (profile, kind) in [("b", Kind::Auth), ("a", Kind::Config), ("c", Kind::Config)] {
        let error = settings.endpoint_of(profile, "-p", &PARTNER).unwrap_err();
        assert_eq!(error.kind(), kind, "{profile}: {error}");
    }
}

#[test]
fn the_environment_alone_needs_both_variables() {
    for (variables, result) in [
        (
            &[("ACCTQ_CONNECT_URL", "https://e.test\n"), ("ACCTQ_CONNECT_TOKEN", "t\n")][..],
            Ok(None),
        ),
        (&[("ACCTQ_CONNECT_TOKEN", "t")], Err(Kind::Config)),
        (&[("ACCTQ_CONNECT_URL", "https://e.test")], Err(Kind::Config)),
        (
            &[("ACCTQ_CONNECT_URL", "https://e.test"), ("ACCTQ_CONNECT_TOKEN", "\n")],
            Err(Kind::Auth),
        ),
    ] {
        let settings = load("", variables).unwrap();
        let endpoint = settings.endpoint(&CONNECTED).map(|endpoint| endpoint.profile.clone());
        assert_eq!(endpoint.map_err(|error| error.kind()), result, "{variables:?}");
    }
}

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

#[test]
fn mistakes_are_told_by_their_place_and_never_by_their_text() {
    const CHECK: &str = "version = 1\n[[check]]\nid = \"a\"\n[[check]]\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("suite.toml");
    for (head, text, line, said) in [
        ("", "version = \"hunter2\"\n", 1, "`version` must be a whole number"),
        ("", "version = -1\ncheck = []\n", 1, "`version` must be a whole number"),
        ("", "version = 1\n", 1, "the file has no `check`"),
        ("", "version = 1\ncheck = \"hunter2\"\n", 2, "`check` must be a list"),
        (CHECK, "strict = true\n", 4, "[check] has no `id`"),
        (CHECK, "id = [\"hunter2\"]\n", 5, "`id` must be text in quotes"),
        (CHECK, "id = \"b\"\nstrict = \"hunter2\"\n", 6, "`strict` must be true or false"),
        (
            CHECK,
            "id = \"b\"\nexpect = { hunter2 = 1 }\n",
            6,
            "`expect` must be an expression or a list of them",
        ),
        (
            CHECK,
            "id = \"b\"\nexpekt = \"hunter2\"\n",
            6,
            "unknown key `expekt` in [check] | did you mean `expect`?",
        ),
        (CHECK, "id = \"b\"\nhunter2 = 1\n", 6, "unknown key in [check]"),
        (CHECK, "id = \"hunter2\n", 5, "invalid basic string"),
        (CHECK, "id = \"b\"\nid = \"hunter2\"\n", 6, "duplicate key"),
    ] {
        fs::write(&path, format!("{head}{text}")).unwrap();
        let (document, _) = Document::read(&path, Kind::Usage, "the suite").unwrap().unwrap();
        let error = document.parse::<Suite>().unwrap_err();
        let all = format!("{error} | {}", error.hint_text().unwrap_or_default());
        let place = format!(" ({}, line {line}, column ", path.display());
        let all = all.replacen(&place, "\0", 1);
        let (what, rest) = all.split_once('\0').expect(&all);
        let hint = rest.split_once(" | ").map_or("", |(_, hint)| hint);
        assert!(format!("{what} | {hint}").starts_with(said), "{text}: {all}");
        assert!(!format!("{all}{error:?}").contains("hunter2"), "{all}");
        assert_eq!((error.context().line, error.kind()), (Some(line), Kind::Usage));
    }
}

#[test]
fn what_is_no_token() {
    for (text, flaw) in [
        ("s3cr3t", None),
        ("s3cr3t\n", None),
        ("s3cr3t\r\n", None),
        ("Bearer", None),
        ("", Some("is empty")),
        ("\n", Some("is empty")),
        ("s3cr3t\n\n", Some("line break")),
        ("s3cr3t\r", Some("line break")),
        ("\ns3cr3t", Some("line break")),
        ("s3\tcr3t", Some("a tab")),
        (" s3cr3t", Some("a space")),
        ("s3\0cr3t", Some("a NUL")),
        ("\u{feff}s3cr3t", Some("not ASCII")),
        ("s3cr3t\x7f", Some("control character")),
        ("bEARER s3cr3t", Some("without the word Bearer")),
        ("'s3cr3t'", Some("without quotes")),
    ] {
        let result = Secret::from_line(text.as_bytes());
        let words = result.as_ref().err().copied().unwrap_or_default();
        assert_eq!(result.is_err(), flaw.is_some(), "{text:?}");
        assert!(words.contains(flaw.unwrap_or_default()) && !words.contains("s3cr3t"), "{words}");
    }
    assert!(Secret::new("x".repeat(8 * 1024)).is_ok());
    assert!(Secret::new("x".repeat(8 * 1024 + 1)).is_err());
    assert_eq!(format!("{:?}", Secret::new(SECRET)), "Ok(Secret(…))");
}

#[test]
#[cfg(unix)]
fn a_helper_ends_with_its_output_and_takes_its_descendants_along() {
    for (script, kind) in [
        ("echo token", None),
        ("cat; printf token", None),
        ("sleep 600 >/dev/null & echo token", None),
        ("echo token; exit 3", Some(Kind::Auth)),
        ("echo token; kill -9 $$", Some(Kind::Auth)),
        ("yes s3cr3t-hunter2", Some(Kind::Auth)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        // Every descendant holds the FIFO open: reading it ends when the last one is gone.
        let opened = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read_to_string(fifo).unwrap()
        });
        let script = format!("exec 9>'{}'; echo ran >&9; {script}", fifo.display());
        let arguments = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
        let source = TokenSource::Command(Helper::new(arguments, [].into()));
        let result = read(&source, &[]);
        let shown = format!("{result:?} {source:?}");
        assert!(!shown.contains(SECRET) && source.describe() == "command `sh`", "{shown}");
        match result {
            Ok(token) => assert_eq!((token.expose(), kind), ("token", None), "{script}"),
            Err(error) => assert_eq!(Some(error.kind()), kind, "{script}: {error}"),
        }
        assert_eq!(opened.join().unwrap(), "ran\n");
    }
}

#[test]
fn settings_as_text() {
    let timeouts = ["60s", "1m30s", "1m 30s", "500ms", "1ms", "1.5s", "24h"];
    let millis = [60_000, 90_000, 90_000, 500, 1, 1_500, 86_400_000];
    for (text, millis) in timeouts.into_iter().zip(millis) {
        assert_eq!(parse_timeout(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    let wrong = [
        "0",
        "0s",
        "-1s",
        "1s ago",
        "60",
        "",
        "NaN",
        "1e309s",
        "99999999999999999999s",
        "999us",
        "24h1ms",
        "00:01",
    ];
    for text in wrong {
        assert!(parse_timeout(text).is_err(), "{text}");
    }
    for text in ["", "+1", "-1", "1.0", "11", " 1", "99999999999999999999"] {
        assert!(parse_retries(text).is_err(), "{text}");
    }
    assert_eq!((parse_retries("0"), parse_retries("10")), (Ok(0), Ok(10)));
    assert_eq!((parse_jobs("0").is_err(), parse_jobs("256")), (true, Ok(256)));
    for text in ["0/s", "1", "1e3/s", "+1/s", "NaN/s", "inf/s", "100001/s", "/s"] {
        assert!(parse_rate(text).is_err(), "{text}");
    }
    assert_eq!((parse_rate("0.5/s"), parse_port("65536").is_err()), (Ok(0.5), true));
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
        ("https://api.example.com/", "https://api.example.com/v1/x"),
        ("HTTPS://API.Example.COM:443/", "https://api.example.com/v1/x"),
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
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/v1/x"),
    ] {
        let base = BaseUrl::parse(text).expect(text);
        assert_eq!(base.join("/v1/", "x"), url);
        assert_eq!(BaseUrl::parse(&base.to_string()), Ok(base));
    }
}

#[test]
fn its_parts() {
    let base = BaseUrl::parse("http://[::1]:8080/x/").expect("URL");
    assert_eq!((base.host(), base.port()), ("::1", 8080));
    assert!(base.is_loopback() && !base.is_https());
    assert_eq!(base.origin(), "http://[::1]:8080");
    assert_eq!(base.to_string(), "http://[::1]:8080/x");
    assert!(!BaseUrl::parse("https://127.0.0.1.nip.io").expect("URL").is_loopback());
    assert!(!BaseUrl::parse("https://localhost.evil.test").expect("URL").is_loopback());
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
