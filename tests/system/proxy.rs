//! The way through a proxy, next to curl's, and through a real one.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread;

use crate::harness::{Home, PROXY_PASSWORD, Run, TOKEN};
use crate::https::{ID, Nginx};
use crate::programs::program;
use crate::wire::Do::{Finish, Read, Start, Tunnel, Write};
use crate::wire::{Wire, response};

/// Where a client turns to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// To the proxy A.
    A,
    /// To the proxy B.
    B,
    /// To the server itself.
    Direct,
    /// To nobody.
    Nowhere,
}
use Way::{A, B, Direct, Nowhere};

/// Variables, in whose values `{A}` and `{B}` stand for the proxies; the URL's host; where both turn to.
type Row = (&'static [(&'static str, &'static str)], &'static str, Way);

const NAME: &str = "api.example.test";
const IPV4: &str = "192.0.2.7";
const IPV6: &str = "[2001:db8::7]";

#[rustfmt::skip]
const ALIKE: &[Row] = &[
    // Which variable.
    (&[], NAME, Direct),
    (&[("https_proxy", "http://{A}")], NAME, A),
    (&[("HTTPS_PROXY", "http://{A}")], NAME, A),
    (&[("https_proxy", "http://{A}"), ("HTTPS_PROXY", "http://{B}")], NAME, A),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "http://{B}")], NAME, B),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "")], NAME, Direct),
    (&[("all_proxy", "http://{A}"), ("ALL_PROXY", "http://{B}")], NAME, A),
    (&[("all_proxy", ""), ("ALL_PROXY", "http://{B}")], NAME, B),
    (&[("HTTPS_PROXY", "http://{A}"), ("all_proxy", "http://{B}")], NAME, A),
    (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "http://{B}")], NAME, B),
    (&[("HTTP_PROXY", "http://{A}"), ("http_proxy", "http://{B}")], NAME, Direct),
    (&[("HTTPS_PROXY", "http://{A}")], IPV4, A),
    (&[("HTTPS_PROXY", "http://{A}")], IPV6, A),
    // What it says.
    (&[("HTTPS_PROXY", "{A}")], NAME, A),
    (&[("HTTPS_PROXY", "HTTP://{A}/")], NAME, A),
    (&[("HTTPS_PROXY", "user:pass@{A}")], NAME, A),
    (&[("HTTPS_PROXY", "http://user@{A}")], NAME, A),
    (&[("HTTPS_PROXY", "http://@{A}")], NAME, A),
    (&[("HTTPS_PROXY", "ftp://{A}")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://127.0.0.1:x")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://127.0.0.1:99999")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://127.0.0.1:0")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://u:p/w@{A}")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://")], NAME, Nowhere),
    (&[("HTTPS_PROXY", "http://two words")], NAME, Nowhere),
    (&[("HTTPS_PROXY", " ")], NAME, Nowhere),
    (&[("https_proxy", "ftp://{A}"), ("ALL_PROXY", "http://{B}")], NAME, Nowhere),
    // Which hosts do without it.
    (&[("ALL_PROXY", "{A}"), ("no_proxy", "x"), ("NO_PROXY", "*")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("no_proxy", ""), ("NO_PROXY", "*")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "*")], IPV6, Direct),
    (&[("ALL_PROXY", "ftp://{A}"), ("NO_PROXY", "*")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "*,x.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", " *")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "api.example.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "API.Example.TEST")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "example.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", ".example.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "example.test.")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test,example.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test, example.test ")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test example.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test ,\texample.test")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", ",,example.test,,")], NAME, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "ample.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "b.api.example.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "*.example.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "..example.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", ".")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "api.example.test:443")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "https://api.example.test")], NAME, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test, 192.0.2.0/24")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.0/29")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7/32")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "128.0.0.0/1")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.0/30")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "0.0.0.0/0")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7/0")], IPV4, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7/33")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7/-8")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7:443")], IPV4, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "2001:db8::7")], IPV6, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "x.test,2001:DB8::7")], IPV6, Direct),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "2001:db9::/32")], IPV6, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "2001:db8::7/129")], IPV6, A),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "[2001:db8::7]")], IPV6, A),
];

/// Where acctq and curl part, on purpose: variables, host, acctq's way, curl's, and why.
type Difference = (
    &'static [(&'static str, &'static str)],
    &'static str,
    Way,
    Way,
    &'static str,
);

#[rustfmt::skip]
const DIFFERENT: &[Difference] = &[
    (&[("HTTPS_PROXY", "http://{A}")], "127.0.0.1", Direct, A, "a loopback address never goes through a proxy"),
    (&[("HTTPS_PROXY", "http://{A}")], "[::1]", Direct, A, "a loopback address never goes through a proxy"),
    (&[("HTTPS_PROXY", "http://{A}")], "[::ffff:127.0.0.1]", Direct, A, "a loopback address never goes through a proxy"),
    (&[("ALL_PROXY", "socks5://{A}")], "localhost", Direct, A, "a loopback address never goes through a proxy"),
    (&[("HTTPS_PROXY", "https://{A}")], NAME, Nowhere, A, "no TLS to a proxy: not supported, and said so"),
    (&[("HTTPS_PROXY", "socks4://{A}")], NAME, Nowhere, A, "no SOCKS: not supported, and said so"),
    (&[("HTTPS_PROXY", "socks5h://{A}")], NAME, Nowhere, A, "no SOCKS: not supported, and said so"),
    (&[("HTTPS_PROXY", "http://u:%00@{A}")], NAME, Nowhere, Direct, "a proxy that cannot be used is no reason to do without"),
    (&[("HTTPS_PROXY", "http://u:%0d%0a@{A}")], NAME, Nowhere, Direct, "a proxy that cannot be used is no reason to do without"),
    (&[("HTTPS_PROXY", "http://u%0a@{A}")], NAME, Nowhere, Direct, "a proxy that cannot be used is no reason to do without"),
    (&[("HTTPS_PROXY", "http://{A}/path")], NAME, Nowhere, A, "a path is a typing error, or half a password"),
    (&[("HTTPS_PROXY", "http://{A}?q")], NAME, Nowhere, A, "a query is a typing error, or half a password"),
    (&[("HTTPS_PROXY", "http://a%3Ab:c@{A}")], NAME, Nowhere, A, "the proxy would take a part of the name for the password"),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "2001:db8::/32")], IPV6, Direct, A, "curl 7.88 documents networks of IPv6, but compares as text"),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "2001:db8:0::7")], IPV6, Direct, A, "the same address, but curl 7.88 compares as text"),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.7/x")], IPV4, A, Direct, "no number is no prefix, to curl a whole address"),
    (&[("ALL_PROXY", "{A}"), ("NO_PROXY", "192.0.2.0/29x")], IPV4, A, Direct, "no number is no prefix, to curl 29"),
];

/// Proxies that refuse everybody, and a server that is not spoken to for long.
struct Field {
    home: Home,
    a: Wire,
    b: Wire,
    server: Wire,
}

impl Field {
    fn new() -> Self {
        let hangs_up = || {
            let forbidden = response("403 Forbidden", "", "");
            Wire::always(vec![Start, Write(forbidden), Finish])
        };
        let home = Home::new();
        // Any certificate: no handshake comes to its end.
        let key = rcgen::generate_simple_self_signed(["x.test".to_owned()]).unwrap();
        home.file("ca.pem", key.cert.pem(), 0o644);
        Field {
            home,
            a: hangs_up(),
            b: hangs_up(),
            server: hangs_up(),
        }
    }

    /// A value with the proxies in it.
    fn value(&self, text: &str) -> String {
        text.replace("{A}", &format!("127.0.0.1:{}", self.a.port()))
            .replace("{B}", &format!("127.0.0.1:{}", self.b.port()))
    }

    fn way(&self, run: impl FnOnce() -> Way) -> Way {
        let count = || [&self.a, &self.b].map(Wire::connections);
        let [a, b] = count();
        let otherwise = run();
        match count() {
            [after, _] if after > a => A,
            [_, after] if after > b => B,
            _ => otherwise,
        }
    }

    fn of_acctq(&self, variables: &[(&str, &str)], host: &str) -> Way {
        self.way(|| {
            let mut run = self
                .home
                .acctq("cacc get cacc_1 --retries 0 --timeout 300ms -o json")
                .env("ACCTQ_CONNECT_URL", format!("https://{host}"))
                .env("ACCTQ_CONNECT_TOKEN", TOKEN)
                .env("SSL_CERT_FILE", self.home.path().join("ca.pem"));
            for (name, value) in variables {
                run = run.env(name, self.value(value));
            }
            let error = run.run().fails(7, &[]).error();
            if error["code"] == "proxy" {
                Nowhere
            } else {
                Direct
            }
        })
    }

    fn of_curl(&self, variables: &[(&str, &str)], host: &str) -> Way {
        let before = self.server.connections();
        self.way(|| {
            let mut curl = program(&self.home, "curl", "curl");
            // Whatever is connected to directly is the server here: no name is looked up, nothing leaves this machine.
            curl.args(["-sS", "--max-time", "10", "--connect-to"])
                .arg(format!("::127.0.0.1:{}", self.server.port()))
                .arg(format!("https://{host}"));
            for (name, value) in variables {
                curl.env(name, self.value(value));
            }
            let ended = Run::of(curl).run();
            assert_ne!(ended.code, 0, "{ended:#?}");
            if self.server.connections() > before {
                Direct
            } else {
                Nowhere
            }
        })
    }
}

#[test]
fn acctq_and_curl_take_the_same_way() {
    let field = Field::new();
    let mut wrong = Vec::new();
    let alike = ALIKE.iter().map(|&(v, host, way)| (v, host, way, way, ""));
    for (variables, host, ours, curls, why) in alike.chain(DIFFERENT.iter().copied()) {
        let found = (
            field.of_acctq(variables, host),
            field.of_curl(variables, host),
        );
        if found != (ours, curls) {
            wrong.push((variables, host, why, "acctq and curl took", found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn acctq_and_curl_send_the_same_credentials() {
    let home = Home::new();
    let key = rcgen::generate_simple_self_signed(["x.test".to_owned()]).unwrap();
    let ca = home.file("ca.pem", key.cert.pem(), 0o644);
    for userinfo in [
        "",
        "@",
        "user@",
        "user:@",
        ":pass@",
        "user:pass@",
        "us%20er:p%40%3a%2F%25%23@",
        "u:a:b@",
        "u:a+b%2B@",
        "u:%C3%9F@",
        "u:%ff@",
        "u:100%@",
        "u:%4@",
        "u:%zz@",
        "u:!$&'()*,;=~@",
    ] {
        let proxy = Wire::always(vec![Read, Write(response("403 No", "", "")), Finish]);
        let value = format!("http://{userinfo}127.0.0.1:{}", proxy.port());
        home.acctq("cacc get cacc_1")
            .env("ACCTQ_CONNECT_URL", "https://api.example.test")
            .env("ACCTQ_CONNECT_TOKEN", TOKEN)
            .env("SSL_CERT_FILE", &ca)
            .env("HTTPS_PROXY", &value)
            .run()
            .fails(7, &["answers 403"]);
        let mut curl = program(&home, "curl", "curl");
        curl.args(["-sS", "https://api.example.test"])
            .env("HTTPS_PROXY", &value);
        Run::of(curl).run();
        let credentials: Vec<_> = proxy
            .requests()
            .iter()
            .map(|head| {
                let mut lines = head.lines().map(str::to_owned);
                lines.find(|line| line.to_ascii_lowercase().starts_with("proxy-authorization"))
            })
            .collect();
        assert_eq!(credentials.len(), 2, "{userinfo}");
        assert_eq!(credentials[0], credentials[1], "{userinfo}");
        assert_eq!(credentials[0].is_some(), !userinfo.is_empty(), "{userinfo}");
    }
}

/// tinyproxy in the foreground, until dropped.
struct Tinyproxy {
    child: Child,
    port: u16,
}

impl Tinyproxy {
    fn new(home: &Home, settings: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let conf = home.file(
            "tinyproxy.conf",
            format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\n{settings}\n"),
            0o600,
        );
        let mut child = program(home, "tinyproxy", "tinyproxy-bin")
            .args(["-d", "-c"])
            .arg(conf)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        while !said.contains("Accepting connections") {
            said = match log.next() {
                Some(line) => format!("{said}\n{}", line.unwrap()),
                None => panic!("tinyproxy did not start: {said}"),
            };
        }
        thread::spawn(move || log.for_each(drop));
        Tinyproxy { child, port }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A look-up at nginx that may go through a proxy: `0.0.0.0` is this machine, and no loopback address.
fn get(home: &Home, nginx: &Nginx, port: u16, args: &str) -> Run {
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"https://0.0.0.0:{port}\"\ntoken = \"{TOKEN}\"\n"
    ));
    home.acctq(&format!(
        "cacc get {ID} -F status -o ndjson --retries 1 {args}"
    ))
    .env("SSL_CERT_FILE", &nginx.ca)
}

const FOUND: &str = "{\"status\":\"active\"}\n";

#[test]
fn a_real_proxy() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let proxy = Tinyproxy::new(&home, "");
    let at = format!("127.0.0.1:{}", proxy.port);
    get(&home, &nginx, nginx.port, "")
        .env("HTTPS_PROXY", &at)
        .run()
        .prints(FOUND);
    // It is the proxy that connects.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = get(&home, &nginx, free, "")
        .env("HTTPS_PROXY", &at)
        .run()
        .fails(7, &[])
        .error();
    let message = format!(
        "the proxy {at} (HTTPS_PROXY) answers 500: it could not open a tunnel to 0.0.0.0:{free} ({ID}, profile test, tried 2 times)"
    );
    assert_eq!(
        (&error["message"], &error["code"], &error["retryable"]),
        (&message.into(), &"proxy".into(), &true.into())
    );

    let proxy = Tinyproxy::new(&home, "ConnectPort 1");
    let at = format!("127.0.0.1:{}", proxy.port);
    get(&home, &nginx, nginx.port, "")
        .env("HTTPS_PROXY", &at)
        .run()
        .fails(7, &["answers 403: it forbids the connection to 0.0.0.0:"]);
}

#[test]
fn a_real_proxy_with_authentication() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let proxy = Tinyproxy::new(&home, &format!("BasicAuth user {PROXY_PASSWORD}"));
    let at = format!("127.0.0.1:{}", proxy.port);
    for (userinfo, says) in [
        (format!("user:{PROXY_PASSWORD}@"), None),
        // The same, percent-encoded.
        (
            format!("%75ser:{}@", PROXY_PASSWORD.replace('-', "%2D")),
            None,
        ),
        (String::new(), Some("wants a user name and password")),
        (
            format!("user:not-{PROXY_PASSWORD}@"),
            Some("does not accept the user name and password"),
        ),
    ] {
        // tinyproxy answers wrong credentials with the server's status.
        let status = if userinfo.contains("not") { 401 } else { 407 };
        let ended = get(&home, &nginx, nginx.port, "")
            .env("HTTPS_PROXY", format!("http://{userinfo}{at}"))
            .run();
        let Some(says) = says else {
            ended.prints(FOUND);
            continue;
        };
        let error = ended.fails(7, &[]).error();
        let message = format!(
            "the proxy {at} (HTTPS_PROXY) answers {status}: it {says} ({ID}, profile test)"
        );
        assert_eq!(
            (&error["message"], &error["code"], &error["retryable"]),
            (&message.into(), &"proxy".into(), &false.into())
        );
    }
}

#[test]
fn one_tunnel_serves_many_look_ups() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let proxy = Wire::always(vec![
        Read,
        Write(b"HTTP/1.1 200 OK\r\n\r\n".into()),
        Tunnel(nginx.port),
    ]);
    get(
        &home,
        &nginx,
        nginx.port,
        &format!("{ID} {ID} {ID} --jobs 1"),
    )
    .env("HTTPS_PROXY", format!("127.0.0.1:{}", proxy.port()))
    .run()
    .prints(&FOUND.repeat(4));
    assert_eq!(proxy.connections(), 1);
}
