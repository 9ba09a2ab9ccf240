//! The way through a proxy: scripted proxies, and a listener at the server's own address that must see nothing of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Home, PROXY_PASSWORD, Run, TOKEN};
use crate::http::certified;
use crate::wire::Do::{Dribble, Finish, Flood, Hold, Read, Reset, Start, Tunnel, Write};
use crate::wire::{BlackHole, Do, Untouched, Wire, json, response};

const ACCOUNT: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2025-01-02T03:04:05Z"}"#;

/// A server that can be reached directly but must not be: `0.0.0.0` is this machine, and no loopback address.
struct Direct {
    home: Home,
    host: String,
    ca: PathBuf,
    _server: Untouched,
}

impl Direct {
    fn new() -> Self {
        let home = Home::new();
        let server = Untouched::new();
        let host = format!("0.0.0.0:{}", server.port());
        home.profile(&format!("https://{host}"));
        let ca = home.file("ca.pem", certified("another CA").0, 0o644);
        Direct {
            home,
            host,
            ca,
            _server: server,
        }
    }

    /// A look-up of `cacc_1` with a retry.
    fn get(&self, args: &str) -> Run {
        self.home
            .acctq(&format!("cacc get cacc_1 --retries 1 {args}"))
            .env("SSL_CERT_FILE", &self.ca)
    }
}

/// A server, and a home whose profile is behind a proxy: nobody but the proxy finds `api.example.com` there.
fn behind_a_proxy() -> (Home, Wire) {
    let (ca, config) = certified("a CA");
    let server = Wire::tls(config, json(ACCOUNT));
    let home = Home::new();
    home.file("ca.pem", ca, 0o644);
    home.profile(&format!("https://api.example.com:{}", server.port()));
    (home, server)
}

/// A proxy that answers to CONNECT like this, and then is a tunnel to `server`.
fn tunnelling(answer: &str, server: &Wire) -> Wire {
    Wire::always(vec![Read, Write(answer.into()), Tunnel(server.port())])
}

fn get(home: &Home, args: &str) -> Run {
    home.acctq(&format!("cacc get {args}"))
        .env("SSL_CERT_FILE", home.path().join("ca.pem"))
}

#[test]
fn the_token_goes_through_the_tunnel_and_the_password_to_the_proxy() {
    let (home, server) = behind_a_proxy();
    for (answer, userinfo, credentials) in [
        (
            "HTTP/1.1 200 Connection established\r\n\r\n",
            String::new(),
            "",
        ),
        // base64 of `user:canary-proxy-5d20b1`, as coreutils makes it.
        (
            "HTTP/1.0 200 OK\r\nProxy-agent: p/1\r\nContent-Length: 99\r\n\r\n",
            format!("user:{PROXY_PASSWORD}@"),
            "Proxy-Authorization: Basic dXNlcjpjYW5hcnktcHJveHktNWQyMGIx\r\n",
        ),
        // base64 of `a b:p@ß`.
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nX: y\r\n\r\nHTTP/1.1 299\r\n\r\n",
            "a%20b:p%40%C3%9F@".to_owned(),
            "Proxy-Authorization: Basic YSBiOnBAw58=\r\n",
        ),
        ("HTTP/1.0 200 OK\nX: y\n\n", String::new(), ""),
    ] {
        let proxy = tunnelling(answer, &server);
        let before = server.requests().len();
        get(&home, "cacc_1 -o ndjson")
            .env(
                "HTTPS_PROXY",
                format!("http://{userinfo}127.0.0.1:{}", proxy.port()),
            )
            .run()
            .prints(&format!("{ACCOUNT}\n"));
        let [connect, tunnelled] = &proxy.requests()[..] else {
            panic!("{:?}", proxy.requests());
        };
        let target = format!("api.example.com:{}", server.port());
        let agent = concat!("acctq/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            *connect,
            format!(
                "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {agent}\r\n{credentials}\r\n"
            )
        );
        // A TLS handshake, and nothing that can be read.
        assert!(tunnelled.starts_with("\u{16}\u{3}"), "{tunnelled:?}");
        assert!(
            !tunnelled.contains("cacc_1") && !tunnelled.contains(TOKEN),
            "{tunnelled:?}"
        );
        let requests = server.requests();
        assert_eq!(requests.len(), before + 1);
        let request = requests[before].to_ascii_lowercase();
        assert!(
            request.starts_with("get /api/v1/connected-accounts/cacc_1 http/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains(&format!("authorization: bearer {TOKEN}\r\n")),
            "{request}"
        );
        assert!(!request.contains("proxy"), "{request}");
    }
}

#[test]
fn a_tunnel_that_the_server_has_closed_is_invisible() {
    let (home, server) = behind_a_proxy();
    let proxy = tunnelling("HTTP/1.1 200 OK\r\n\r\n", &server);
    get(&home, "cacc_1 cacc_1 cacc_1 -o ndjson --retries 0")
        .env("ALL_PROXY", format!("127.0.0.1:{}", proxy.port()))
        .run()
        .prints(&format!("{ACCOUNT}\n").repeat(3));
    assert_eq!((server.requests().len(), proxy.connections()), (3, 3));
}

#[test]
fn verbose_lines_name_the_proxy() {
    let (home, server) = behind_a_proxy();
    let proxy = tunnelling("HTTP/1.1 200 OK\r\n\r\n", &server);
    let value = format!("http://user:{PROXY_PASSWORD}@127.0.0.1:{}", proxy.port());
    let ended = get(&home, "cacc_1 -v -F id")
        .env("https_proxy", &value)
        .run();
    let url = format!(
        "https://api.example.com:{}/api/v1/connected-accounts/cacc_1",
        server.port()
    );
    let first = format!(
        "> GET {url} via proxy 127.0.0.1:{} (attempt 1)\n< 200 in ",
        proxy.port()
    );
    assert!(
        ended.code == 0 && ended.stderr.starts_with(&first),
        "{ended:#?}"
    );
    let ended = get(&home, "cacc_1 -v -o json")
        .env("https_proxy", &value)
        .run();
    let trace: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(
        trace["trace"]["proxy"],
        format!("127.0.0.1:{}", proxy.port())
    );
    assert_eq!(trace["trace"]["url"], url);
}

#[test]
fn what_goes_wrong_behind_the_proxy_tells_of_it() {
    let (home, server) = behind_a_proxy();
    let host = format!("api.example.com:{}", server.port());
    let proxy = tunnelling("HTTP/1.1 200 OK\r\n\r\n", &server);
    home.file("ca.pem", certified("another CA").0, 0o644);
    let via = |proxy: &Wire| format!("via the proxy 127.0.0.1:{} (HTTPS_PROXY)", proxy.port());
    let value = |proxy: &Wire| format!("http://user:{PROXY_PASSWORD}@127.0.0.1:{}", proxy.port());
    get(&home, "cacc_1").env("HTTPS_PROXY", value(&proxy)).run().fails(7, &[&format!(
        "error: the certificate of {host} comes from \"a CA\", which this machine does not trust; no intermediate certificate came with it (cacc_1, profile test, {})\n",
        via(&proxy)
    )]);
    assert_eq!((proxy.connections(), server.requests().len()), (1, 0));

    let closing = Wire::always(vec![Read, Write(b"HTTP/1.1 200 OK\r\n\r\n".into()), Finish]);
    let error = get(&home, "cacc_1 -o json --retries 1")
        .env("HTTPS_PROXY", value(&closing))
        .run()
        .fails(7, &[])
        .error();
    let message = format!(
        "{host} closed the connection during the TLS handshake (cacc_1, profile test, {}, tried 2 times)",
        via(&closing)
    );
    assert_eq!(
        (&error["code"], &error["message"]),
        (&"network".into(), &message.into())
    );

    let garbage = Wire::always(vec![
        Read,
        Write(b"HTTP/1.1 200 OK\r\n\r\n<html>".into()),
        Finish,
    ]);
    get(&home, "cacc_1")
        .env("HTTPS_PROXY", value(&garbage))
        .run()
        .fails(
            7,
            &[&format!(
                "error: {host} does not speak TLS on this port (cacc_1, profile test, {})\n",
                via(&garbage)
            )],
        );

    let silent = Wire::always(vec![Read, Write(b"HTTP/1.1 200 OK\r\n\r\n".into()), Hold]);
    get(&home, "cacc_1 --timeout 200ms")
        .env("HTTPS_PROXY", value(&silent))
        .run()
        .fails(
            7,
            &[&format!(
                "error: {host} took the connection, but did not complete the TLS handshake within 0.2 s (cacc_1, profile test, {})\n",
                via(&silent)
            )],
        );
}

/// How a proxy answers, and what comes of it.
struct Case {
    name: &'static str,
    /// Before the proxy's host in the variable.
    userinfo: String,
    script: Vec<Do>,
    timeout: &'static str,
    retryable: bool,
    /// How often it is tried.
    attempts: usize,
    /// `WHICH` stands for the proxy, `AT` for its host and port, `HOST` for the server.
    says: &'static str,
    advice: &'static str,
}

/// What may pass: it is tried once more.
fn passing(name: &'static str, script: Vec<Do>, says: &'static str, advice: &'static str) -> Case {
    Case {
        name,
        userinfo: format!("user:{PROXY_PASSWORD}@"),
        script,
        timeout: "30s",
        retryable: true,
        attempts: 2,
        says,
        advice,
    }
}

/// What lasts: it is tried once.
fn lasting(name: &'static str, script: Vec<Do>, says: &'static str, advice: &'static str) -> Case {
    Case {
        retryable: false,
        attempts: 1,
        ..passing(name, script, says, advice)
    }
}

/// What takes the whole time.
fn hanging(name: &'static str, script: Vec<Do>, says: &'static str, advice: &'static str) -> Case {
    Case {
        timeout: "200ms",
        attempts: 1,
        ..passing(name, script, says, advice)
    }
}

impl Case {
    fn check(&self, direct: &Direct, at: &str) {
        let fill = |text: &str| {
            text.replace("WHICH", &format!("the proxy {at} (HTTPS_PROXY)"))
                .replace("AT", at)
                .replace("HOST", &direct.host)
        };
        let tried = if self.attempts > 1 {
            ", tried 2 times"
        } else {
            ""
        };
        let message = format!("{} (cacc_1, profile test{tried})", fill(self.says));
        let hint = format!(
            "{}; if 0.0.0.0 may be reached directly, add it to NO_PROXY",
            fill(self.advice)
        );
        let get = |format: &str| {
            direct
                .get(&format!("--timeout {} {format}", self.timeout))
                .env("HTTPS_PROXY", format!("http://{}{at}", self.userinfo))
                .run()
        };
        get("").is(7, "", &format!("error: {message}\n  hint: {hint}\n"));
        let error = get("-o json").fails(7, &[]).error();
        for (key, expected) in [
            ("code", Value::from("proxy")),
            ("retryable", self.retryable.into()),
            ("message", message.into()),
            ("hint", hint.into()),
            ("id", "cacc_1".into()),
            ("api", "connect".into()),
            ("profile", "test".into()),
            ("status", Value::Null),
            ("attempts", self.attempts.into()),
        ] {
            assert_eq!(error[key], expected, "{}: {key}", self.name);
        }
    }
}

fn answers(status: &str) -> Vec<Do> {
    vec![
        Read,
        Write(response(status, "Content-Type: text/html\r\n", "<b>no</b>")),
        Finish,
    ]
}

const OPERATOR: &str = "try again, or check that the proxy can reach HOST";
const UP: &str = "check HTTPS_PROXY, and that the proxy is up";

/// Cases, one a line: what it lasts, name, script, message, advice.
macro_rules! cases {
    ($($lasts:ident $name:literal: $script:expr => $says:expr, $advice:expr;)*) => {
        [$($lasts($name, $script, $says, $advice)),*]
    };
}

fn check(cases: impl IntoIterator<Item = Case>) {
    let direct = Direct::new();
    for case in cases {
        let proxy = Wire::always(case.script.clone());
        case.check(&direct, &format!("127.0.0.1:{}", proxy.port()));
        let connections = 2 * case.attempts;
        assert_eq!(
            proxy.connections_of(connections),
            connections,
            "{}",
            case.name
        );
        for request in proxy.requests() {
            assert!(
                request.starts_with("CONNECT ") && !request.contains(TOKEN),
                "{request}"
            );
        }
    }
}

#[test]
fn proxies_that_refuse_a_tunnel() {
    let mend = "mend them in HTTPS_PROXY, special characters percent-encoded; acctq knows Basic authentication only";
    let allow = "check HTTPS_PROXY, and that the proxy allows CONNECT to HOST";
    check(cases! {
        lasting "407": answers("407 Denied") => "WHICH answers 407: it does not accept the user name and password", mend;
        lasting "401": answers("401 Denied") => "WHICH answers 401: it does not accept the user name and password", mend;
        lasting "403": answers("403 Filtered") => "WHICH answers 403: it forbids the connection to HOST", "ask its operator to allow HOST";
        lasting "405": answers("405 Method Not Allowed") => "WHICH answers 405: it refuses to open a tunnel to HOST", allow;
        lasting "501": answers("501 Not Implemented") => "WHICH answers 501: it refuses to open a tunnel to HOST", allow;
        lasting "302": answers("302 Found\r\nLocation: http://0.0.0.0/") => "WHICH answers 302: it refuses to open a tunnel to HOST", allow;
        passing "408": answers("408 Request Timeout") => "WHICH answers 408: it could not open a tunnel to HOST", OPERATOR;
        passing "429": answers("429 Too Many Requests") => "WHICH answers 429: it could not open a tunnel to HOST", OPERATOR;
        passing "500": answers("500 Internal Server Error") => "WHICH answers 500: it could not open a tunnel to HOST", OPERATOR;
        passing "502": answers("502 Bad Gateway") => "WHICH answers 502: it could not open a tunnel to HOST", OPERATOR;
        passing "503": answers("503 Unavailable\r\nRetry-After: 9") => "WHICH answers 503: it could not open a tunnel to HOST", OPERATOR;
        passing "504": answers("504 Gateway Timeout") => "WHICH answers 504: it could not open a tunnel to HOST", OPERATOR;
    });
    check([Case {
        userinfo: String::new(),
        ..lasting(
            "407 without credentials",
            answers("407 Proxy Authentication Required"),
            "WHICH answers 407: it wants a user name and password",
            "HTTPS_PROXY takes them as http://USER:PASSWORD@AT, special characters percent-encoded",
        )
    }]);
}

#[test]
fn proxies_that_answer_badly() {
    let no_http = "WHICH does not answer as an HTTP proxy does";
    let closed = "WHICH closed the connection instead of opening a tunnel to HOST";
    let late = "WHICH did not open a tunnel to HOST within 0.2 s";
    let port = "check HTTPS_PROXY, its port included";
    let head = |rest: &str| -> Vec<u8> { format!("HTTP/1.1 200 OK\r\n{rest}").into() };
    check(cases! {
        passing "FIN at once": vec![Start, Finish] => closed, OPERATOR;
        passing "FIN in the head": vec![Read, Write(head("X: y\r\n")), Finish] => closed, OPERATOR;
        passing "reset": vec![Start, Reset] => closed, OPERATOR;
        lasting "garbage": vec![Read, Write(vec![0xa5; 64]), Hold] => no_http, port;
        lasting "an alert of TLS": vec![Start, Write(b"\x15\x03\x01\0\x02\x02\x16".into()), Hold] => no_http, port;
        lasting "SSH": vec![Write(b"SSH-2.0-OpenSSH_9.2\r\n".into()), Hold] => no_http, port;
        lasting "a broken head": vec![Read, Write(b"HTTP/1.1 2000 OK\r\n\r\n".into()), Hold] => no_http, port;
        lasting "an endless line": vec![Read, Write(head("X: ")), Flood(vec![b'a'; 4096])] => no_http, port;
        lasting "endless lines": vec![Read, Write(head("")), Flood(b"X: y\r\n".repeat(1000))] => no_http, port;
        lasting "endless interim answers": vec![Read, Flood(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100))] => no_http, port;
        hanging "silence": vec![Hold] => late, OPERATOR;
        hanging "a byte now and then": vec![Read, Dribble(head(&"X: y\r\n".repeat(100)), 20)] => late, OPERATOR;
    });
}

#[test]
fn proxies_that_are_not_there() {
    let direct = Direct::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (at, says, advice) in [
        (
            format!("127.0.0.1:{port}"),
            "WHICH refuses the connection",
            UP,
        ),
        (
            "nothing.invalid:3128".to_owned(),
            "the name of WHICH does not resolve to an address",
            "check the spelling of HTTPS_PROXY, and that this machine is online",
        ),
    ] {
        passing("not there", Vec::new(), says, advice).check(&direct, &at);
    }
    let nobody = BlackHole::new();
    hanging(
        "a black hole",
        Vec::new(),
        "no connection to WHICH within 0.2 s",
        UP,
    )
    .check(&direct, &format!("127.0.0.1:{}", nobody.port()));
    // curl's port, where none is named.
    direct
        .get("")
        .env("HTTPS_PROXY", "http://nothing.invalid")
        .run()
        .fails(
            7,
            &["the name of the proxy nothing.invalid:1080 (HTTPS_PROXY)"],
        );
}

#[test]
fn what_cannot_be_honoured_is_no_reason_to_go_directly() {
    let direct = Direct::new();
    let proxy = Untouched::new();
    let at = format!("127.0.0.1:{}", proxy.port());
    let tls = "names a proxy that is spoken to over TLS, which acctq cannot do";
    let socks = "names a SOCKS proxy, which acctq cannot use";
    let host = "has a host that is no host name";
    let port = "has a port that is not a number from 1 to 65535";
    let more =
        "has more than a host and a port (a / ? or # of a password is written %2F %3F or %23)";
    let control = "has a control character in its user name or password";
    let character =
        "has a character in it that no URL has (a space, a control character, one beyond ASCII)";
    for (value, words) in [
        ("https://user:PASSWORD@AT", tls),
        ("socks://user:PASSWORD@AT", socks),
        ("socks4://user:PASSWORD@AT", socks),
        ("socks4a://user:PASSWORD@AT", socks),
        ("SOCKS5://user:PASSWORD@AT", socks),
        ("socks5h://user:PASSWORD@AT", socks),
        (
            "ftp://user:PASSWORD@AT",
            "names a kind of proxy that acctq does not know",
        ),
        ("http://", "has no host"),
        ("http://user:PASSWORD@", "has no host"),
        ("::: no URL", character),
        ("http://user:PASSWORD@AT\n", character),
        ("http://user:PASSWORD\u{e9}@AT", character),
        ("http://user:PASSWORD@127.0.0.1:0", port),
        ("http://user:PASSWORD@127.0.0.1:65536", port),
        ("http://user:PASSWORD@127.0.0.1:x", port),
        ("http://user:PASSWORD@two words", character),
        ("http://user:PASSWORD@a..b", host),
        (
            "http://user:PASSWORD@127.1:8080",
            "has a number for a host that is no IPv4 address",
        ),
        ("http://user:PASSWORD@AT/path", more),
        ("http://user:/PASSWORD@AT", more),
        (
            "http://DOM\\user:PASSWORD@AT",
            "has a backslash (that of a user name or password is written %5C)",
        ),
        (
            "http://user:PASSWORD@@AT",
            "has two @ (that of a user name or password is written %40)",
        ),
        ("http://user:PASSWORD%0D%0AX-Evil:%20y@AT", control),
        ("http://user%00:PASSWORD@AT", control),
        (
            "http://us%3Aer:PASSWORD@AT",
            "has a colon in its user name, which no proxy can tell from the password",
        ),
    ] {
        let value = value.replace("AT", &at).replace("PASSWORD", PROXY_PASSWORD);
        for name in ["HTTPS_PROXY", "all_proxy"] {
            // It is the first of the lists that counts.
            let list = match name {
                "HTTPS_PROXY" => "NO_PROXY",
                _ => "no_proxy",
            };
            let get = |args: &str| {
                let get = direct.get(args).env(name, &value);
                get.env(list, "example.com")
                    .env("NO_PROXY", "10.0.0.0/8")
                    .run()
            };
            let message = format!("{name} {words} (cacc_1, profile test)");
            let hint = format!(
                "{name} takes an HTTP proxy, as http://USER:PASSWORD@HOST:PORT; if 0.0.0.0 may be reached directly, add it to {list}"
            );
            get("").is(7, "", &format!("error: {message}\n  hint: {hint}\n"));
            let error = get("-o json").fails(7, &[]).error();
            for (key, expected) in [
                ("code", Value::from("proxy")),
                ("retryable", false.into()),
                ("message", message.into()),
                ("id", "cacc_1".into()),
                ("profile", "test".into()),
                ("attempts", Value::Null),
            ] {
                assert_eq!(error[key], expected, "{value:?}: {key}");
            }
        }
    }
    // An environment variable need not be text.
    let bytes = OsStr::from_bytes(b"http://\xff");
    direct.get("").env("HTTPS_PROXY", bytes).run().fails(
        7,
        &["error: HTTPS_PROXY has a character in it that no URL has"],
    );
}

#[test]
fn who_goes_directly() {
    let direct = Direct::new();
    let server = Wire::always(vec![Finish]);
    direct
        .home
        .profile(&format!("https://0.0.0.0:{}", server.port()));
    let proxy = Untouched::new();
    let value = format!("http://user:{PROXY_PASSWORD}@127.0.0.1:{}", proxy.port());
    let mut connections = 0;
    for (name, exceptions) in [
        ("HTTPS_PROXY", "*"),
        ("https_proxy", "0.0.0.0"),
        ("ALL_PROXY", "api.example.com 0.0.0.0/8"),
        ("HTTP_PROXY", ""),
        ("http_proxy", ""),
    ] {
        direct
            .get("--retries 0")
            .env(name, &value)
            .env("NO_PROXY", exceptions)
            .run()
            .fails(7, &["error: 0.0.0.0:"]);
        connections += 1;
        assert_eq!(server.connections_of(connections), connections);
    }
    // A loopback address never goes through a proxy, TLS or not, and whatever NO_PROXY says.
    let plain = Wire::answers(json(ACCOUNT));
    let no_tls = Wire::always(vec![Start, Write(response("400 No TLS", "", "")), Finish]);
    for (scheme, host) in [
        ("http", "127.0.0.1"),
        ("http", "localhost"),
        ("https", "127.0.0.1"),
        ("https", "LOCALHOST"),
    ] {
        let port = if scheme == "http" {
            plain.port()
        } else {
            no_tls.port()
        };
        direct.home.profile(&format!("{scheme}://{host}:{port}"));
        let ended = direct
            .get("--retries 0 -o ndjson")
            .env("HTTPS_PROXY", &value)
            .env("HTTP_PROXY", &value)
            .env("http_proxy", &value)
            .env("ALL_PROXY", "socks5://127.0.0.1:9")
            .env("NO_PROXY", "example.com")
            .run();
        match scheme {
            "http" => ended.prints(&format!("{ACCOUNT}\n")),
            _ => ended.fails(7, &["does not speak TLS on this port"]),
        };
    }
}

#[test]
fn a_misconfigured_proxy_ends_a_batch_and_a_failing_one_is_an_outage() {
    let direct = Direct::new();
    let ids = "cacc_1 ".repeat(25);
    let batch = |proxy: &Wire| {
        let ended = direct
            .home
            .acctq(&format!("cacc get {ids} --retries 0 --jobs 1"))
            .env("SSL_CERT_FILE", &direct.ca)
            .env("HTTPS_PROXY", format!("127.0.0.1:{}", proxy.port()))
            .run();
        assert_eq!((ended.code, ended.stdout.as_str()), (7, ""), "{ended:#?}");
        ended.stderr
    };
    let proxy = Wire::always(answers("407 Proxy Authentication Required"));
    let told = batch(&proxy);
    assert!(
        told.contains(
            "error: stopped after 1 of 25 ids: no further id can be looked up like this\n"
        ),
        "{told}"
    );
    assert_eq!(proxy.connections(), 1);
    let proxy = Wire::always(answers("503 Service Unavailable"));
    let told = batch(&proxy);
    assert!(
        told.contains(
            "error: stopped after 20 of 25 ids: the last 20 failed alike; it looks like an outage\n"
        ),
        "{told}"
    );
    assert_eq!(proxy.connections(), 20);
}
