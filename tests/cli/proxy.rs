//! The way through a proxy: scripted proxies, and a listener at the server's own address that must see nothing of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::harness::{Home, PROXY_PASSWORD, Run, TOKEN};
use crate::http::{ACCOUNT, at, certified, connected, facts, free_port, has, rows};
use crate::wire::Do::{Dribble, Finish, Flood, Hold, Read, Reset, Start, Tunnel, Write};
use crate::wire::{BlackHole, Untouched, Wire, json, response};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A server that can be reached directly but must not be: `0.0.0.0` is this machine, and no loopback address.
struct Direct {
    home: Home,
    ca: PathBuf,
    _server: Untouched,
}

impl Direct {
    fn new() -> Self {
        let server = Untouched::new();
        let home = at(&format!("https://0.0.0.0:{}", server.port()));
        let ca = home.file("ca.pem", certified("another CA").0, 0o644);
        Direct { home, ca, _server: server }
    }

    /// A look-up of `cacc_1` with a retry.
    fn get(&self, args: &str) -> Run {
        let get = format!("cacc get cacc_1 --retries 1 -o json {args}");
        self.home.acctq(&get).env("SSL_CERT_FILE", &self.ca)
    }
}

/// A server, and a home whose profile is behind a proxy: only the proxy finds `api.example.com` there.
fn behind_a_proxy() -> (Home, Wire) {
    let (ca, config) = certified("a CA");
    let server = Wire::tls(config, json(ACCOUNT));
    let home = at(&format!("https://api.example.com:{}", server.port()));
    home.file("ca.pem", ca, 0o644);
    (home, server)
}

/// A proxy that answers to CONNECT like this, and then is a tunnel to `server`.
fn tunnelling(answer: &str, server: &Wire) -> Wire {
    Wire::always(vec![Read, Write(answer.into()), Tunnel(server.port())])
}

fn get(home: &Home, args: &str) -> Run {
    let get = home.acctq(&format!("cacc get {args}"));
    get.env("SSL_CERT_FILE", home.path().join("ca.pem"))
}

#[test]
fn the_token_goes_through_the_tunnel_and_the_password_to_the_proxy() {
    let (home, server) = behind_a_proxy();
    for (answer, userinfo, credentials) in rows! {
        ESTABLISHED, String::new(), "";
        // base64 of `user:canary-proxy-5d20b1`, as coreutils makes it.
        "HTTP/1.0 200 OK\r\nProxy-agent: p/1\r\n\r\n", format!("user:{PROXY_PASSWORD}@"), "dXNlcjpjYW5hcnktcHJveHktNWQyMGIx";
        // base64 of `a b:p@ß`.
        ESTABLISHED, "a%20b:p%40%C3%9F@".to_owned(), "YSBiOnBAw58=";
    } {
        let proxy = tunnelling(answer, &server);
        let value = format!("http://{userinfo}{}", place(&proxy));
        let before = server.requests().len();
        let ended = get(&home, "cacc_1 -o ndjson").env("HTTPS_PROXY", value);
        ended.run().prints(&format!("{ACCOUNT}\n"));
        let [connect, tunnelled] = &proxy.requests()[..] else {
            panic!("{:?}", proxy.requests());
        };
        let line = format!("CONNECT api.example.com:{} HTTP/1.1\r\n", server.port());
        has(connect, &[&line], &["cacc_1", TOKEN]);
        let sent = connect.lines().find_map(|line| line.split_once(": Basic "));
        assert_eq!(sent.map_or("", |(_, value)| value), credentials);
        // A TLS handshake, and nothing that can be read.
        has(tunnelled, &["\u{16}\u{3}"], &["cacc_1", TOKEN]);
        let requests = server.requests();
        assert_eq!(requests.len(), before + 1);
        let bearer = format!("Bearer {TOKEN}\r\n");
        has(&requests[before], &[&bearer], &["Proxy", "proxy"]);
    }
    // A tunnel that the server has closed costs nothing.
    let proxy = tunnelling(ESTABLISHED, &server);
    let ended = get(&home, "cacc_1 cacc_1 cacc_1 -o ndjson --retries 0");
    let ended = ended.env("ALL_PROXY", place(&proxy));
    ended.run().prints(&format!("{ACCOUNT}\n").repeat(3));
    assert_eq!((server.requests().len(), proxy.connections()), (6, 3));
}

/// The value that names this proxy.
fn value(proxy: &Wire) -> String {
    format!("http://user:{PROXY_PASSWORD}@{}", place(proxy))
}

fn place(proxy: &Wire) -> String {
    format!("127.0.0.1:{}", proxy.port())
}

#[test]
fn traces_name_the_proxy() {
    let (home, server) = behind_a_proxy();
    let proxy = tunnelling(ESTABLISHED, &server);
    let get = |args: &str| {
        let get = get(&home, &format!("cacc_1 {args}"));
        get.env("https_proxy", value(&proxy)).run()
    };
    has(&get("-v").stderr, &[&place(&proxy)], &[]);
    let traces = get("-v -o json").told("trace");
    assert_eq!(facts(&traces[0], "proxy status"), place(&proxy) + " 200");
}

#[test]
fn failures_behind_the_proxy() {
    let (home, server) = behind_a_proxy();
    home.file("ca.pem", certified("another CA").0, 0o644);
    let says = |more: &str| Write(format!("{ESTABLISHED}{more}").into());
    for (name, proxy, args, codes) in rows! {
        "a certificate", tunnelling(ESTABLISHED, &server), "", &["tls"][..];
        "garbage", Wire::always(vec![Read, says("<html>"), Finish]), "", &["tls"];
        "closed", Wire::always(vec![Read, says(""), Finish]), "", &["network", "proxy"];
        "silent", Wire::always(vec![Read, says(""), Hold]), "--timeout 200ms", &["timeout", "proxy"];
    } {
        let get = get(&home, &format!("cacc_1 -o json {args}"));
        let ended = get.env("HTTPS_PROXY", value(&proxy)).run();
        // Both are named: either may be at fault.
        has(&ended.stderr, &[&place(&proxy), "api.example.com"], &[]);
        let code = facts(&ended.fails(7, &[]).error(), "code");
        assert!(codes.contains(&&*code), "{name}: {code}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn proxies_that_fail() {
    let status = |status: &str| {
        let page = response(status, "Content-Type: text/html\r\n", "<b>no</b>");
        vec![Read, Write(page), Finish]
    };
    let hold = |bytes: &[u8]| vec![Read, Write(bytes.into()), Hold];
    let slow = "HTTP/1.1 200 OK\r\n".to_owned() + &"X: y\r\n".repeat(100);
    let direct = Direct::new();
    for (name, script, attempts, retryable) in rows! {
        "407", status("407 Denied"), 1, false; "401", status("401 Denied"), 1, false;
        "403", status("403 Filtered"), 1, false; "405", status("405 Method Not Allowed"), 1, false;
        "501", status("501 Not Implemented"), 1, false;
        "302", status("302 Found\r\nLocation: http://0.0.0.0/"), 1, false;
        "500", status("500 Internal Server Error"), 2, true; "502", status("502 Bad Gateway"), 2, true;
        "503", status("503 Unavailable"), 2, true; "504", status("504 Gateway Timeout"), 2, true;
        "FIN at once", vec![Start, Finish], 2, true;
        "FIN in the head", vec![Read, Write(b"HTTP/1.1 200 OK\r\nX: y\r\n".into()), Finish], 2, true;
        "reset", vec![Start, Reset], 2, true; "garbage", hold(&[0xa5; 64]), 1, false;
        "SSH", hold(b"SSH-2.0-OpenSSH_9.2\r\n"), 1, false;
        "a status of four digits", hold(b"HTTP/1.1 2000 OK\r\n\r\n"), 1, false;
        "endless lines", vec![Read, Write(b"HTTP/1.1 200 OK\r\n".into()), Flood(b"X: y\r\n".into())], 1, false;
        "silence", vec![Hold], 1, true;
        "a byte now and then", vec![Read, Dribble(slow.into(), 20)], 1, true;
    } {
        let proxy = Wire::always(script);
        let is_slow = name.contains("silence") || name.contains("byte");
        let timeout = if is_slow { "200ms" } else { "30s" };
        let get = direct.get(&format!("--timeout {timeout}"));
        let ended = get.env("HTTPS_PROXY", value(&proxy)).run();
        let error = ended.fails(7, &[&place(&proxy), "HTTPS_PROXY"]).error();
        let found = facts(&error, "code retryable id api profile status attempts");
        let expected = format!("proxy {retryable} cacc_1 connect test null {attempts}");
        assert_eq!(found, expected, "{name}");
        connected(&proxy, attempts, "proxy");
        // What the proxy offers is not known: the hint must not be about Basic alone.
        let names_others = error["hint"].as_str().unwrap().contains("NTLM");
        assert_eq!(names_others, matches!(name, "401" | "407"), "{name}");
        for request in proxy.requests() {
            has(&request, &["CONNECT "], &[TOKEN]);
        }
    }
    let full = BlackHole::new();
    for (place, shown, args, attempts) in rows! {
        format!("127.0.0.1:{}", free_port()), "127.0.0.1", "", 2;
        "nothing.invalid:3128".to_owned(), "nothing.invalid:3128", "", 2;
        // curl's port, where none is named.
        "nothing.invalid".to_owned(), "nothing.invalid:1080", "", 2;
        format!("127.0.0.1:{}", full.port()), "127.0.0.1", "--timeout 200ms", 1;
    } {
        let ended = direct.get(args).env("HTTPS_PROXY", &place).run();
        let error = ended.fails(7, &[shown]).error();
        let found = facts(&error, "code retryable attempts");
        assert_eq!(found, format!("proxy true {attempts}"), "{shown}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_no_reason_to_go_directly() {
    let direct = Direct::new();
    let proxy = Untouched::new();
    let values = rows! {
        "https://user:PASSWORD@AT"; "socks://user:PASSWORD@AT"; "socks4a://user:PASSWORD@AT"; "SOCKS5://user:PASSWORD@AT";
        "socks5h://user:PASSWORD@AT"; "ftp://user:PASSWORD@AT"; "http://"; "http://user:PASSWORD@"; "::: no URL";
        "http://user:PASSWORD\u{e9}@AT"; "http://user:PASSWORD@127.0.0.1:0"; "http://user:PASSWORD@127.0.0.1:65536";
        "http://user:PASSWORD@127.0.0.1:x"; "http://user:PASSWORD@two words";
        "http://user:PASSWORD@AT/path"; "http://user:/PASSWORD@AT";
        "http://DOM\\user:PASSWORD@AT"; "http://user:PASSWORD@@AT"; "http://user:PASSWORD%0D%0AX-Evil:%20y@AT";
        "http://user%00:PASSWORD@AT"; "http://us%3Aer:PASSWORD@AT";
    };
    for (number, value) in values.into_iter().enumerate() {
        let name = ["HTTPS_PROXY", "all_proxy"][number % 2];
        let value = value.replace("AT", &format!("127.0.0.1:{}", proxy.port()));
        let value = value.replace("PASSWORD", PROXY_PASSWORD);
        let get = direct.get("").env("NO_PROXY", "10.0.0.0/8");
        let error = get.env(name, &value).run().fails(7, &[name]).error();
        let found = facts(&error, "code retryable id profile attempts");
        assert_eq!(found, "proxy false cacc_1 test null", "{value}");
    }
    // An environment variable need not be text.
    let bytes = OsStr::from_bytes(b"http://\xff");
    let ended = direct.get("").env("HTTPS_PROXY", bytes).run();
    ended.fails_with(7, "proxy");
}

#[test]
fn what_goes_directly() {
    let direct = Direct::new();
    let closes = Wire::always(vec![Finish]);
    let url = format!("https://0.0.0.0:{}", closes.port());
    direct.home.profile(&url);
    let proxy = Untouched::new();
    let value = format!("http://user:{PROXY_PASSWORD}@127.0.0.1:{}", proxy.port());
    for (name, exceptions) in rows! {
        "HTTPS_PROXY", "*"; "https_proxy", "0.0.0.0"; "ALL_PROXY", "api.example.com 0.0.0.0/8";
        "HTTP_PROXY", ""; "http_proxy", "";
    } {
        let before = closes.connections();
        let get = direct.get("").env(name, &value);
        let ended = get.env("NO_PROXY", exceptions).run();
        ended.fails(7, &["0.0.0.0:"]).fails_with(7, "network");
        assert!(closes.connections_of(before + 1) > before, "{name}");
    }
    // A loopback address never goes through a proxy, TLS or not, whatever NO_PROXY says.
    let plain = Wire::answers(json(ACCOUNT));
    let (ca, config) = certified("a CA");
    let tls = Wire::tls(config, json(ACCOUNT));
    let ca = direct.home.file("own.pem", ca, 0o644);
    let variables = ["HTTPS_PROXY", "HTTP_PROXY", "http_proxy"].map(|name| (name, &*value));
    for url in rows! {
        plain.url().to_owned(); format!("http://localhost:{}", plain.port());
        format!("https://LOCALHOST:{}", tls.port());
    } {
        direct.home.profile(&url);
        let get = direct.get("-q").env("SSL_CERT_FILE", &ca).envs(&variables);
        let get = get.env("ALL_PROXY", "socks5://127.0.0.1:9");
        let ended = get.env("NO_PROXY", "example.com").run();
        has(&ended.stdout, &["\"id\": \"cacc_1\""], &[]);
    }
}

#[test]
fn a_misconfigured_proxy_ends_a_batch_and_a_failing_one_is_an_outage() {
    let direct = Direct::new();
    let ids = "cacc_1 ".repeat(25);
    for (status, asked) in [("407 No", 1), ("503 Unavailable", 20)] {
        let proxy = Wire::always(vec![Read, Write(response(status, "", "")), Finish]);
        let batch = format!("cacc get {ids} --retries 0 --jobs 1 -o ndjson");
        let batch = direct.home.acctq(&batch).env("SSL_CERT_FILE", &direct.ca);
        let ended = batch.env("HTTPS_PROXY", place(&proxy)).run();
        // One for each that was tried, and one that says why it ends.
        assert_eq!(ended.fails(7, &[]).errors().len(), asked + 1);
        assert_eq!(proxy.connections(), asked);
    }
}
