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

/// Where a client turns to: one of two proxies, the server, or none of them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    A,
    B,
    Direct,
    Nowhere,
}
use Way::{A, B, Direct, Nowhere};

/// Variables, in whose values `{A}` and `{B}` stand for the proxies.
type Variables = &'static [(&'static str, &'static str)];

const NAME: &str = "api.example.test";
const IPV4: &str = "192.0.2.7";
const IPV6: &str = "[2001:db8::7]";

/// Which variable counts.
#[rustfmt::skip]
const VARIABLES: &[(Variables, Way)] = &[
    (&[], Direct), (&[("https_proxy", "http://{A}")], A), (&[("HTTPS_PROXY", "http://{A}")], A),
    (&[("https_proxy", "http://{A}"), ("HTTPS_PROXY", "http://{B}")], A),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "http://{B}")], B),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "")], Direct),
    (&[("all_proxy", "http://{A}"), ("ALL_PROXY", "http://{B}")], A),
    (&[("all_proxy", ""), ("ALL_PROXY", "http://{B}")], B),
    (&[("HTTPS_PROXY", "http://{A}"), ("all_proxy", "http://{B}")], A),
    (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "http://{B}")], B),
    (&[("HTTP_PROXY", "http://{A}"), ("http_proxy", "http://{B}")], Direct),
    (&[("https_proxy", "ftp://{A}"), ("ALL_PROXY", "http://{B}")], Nowhere),
    (&[("ALL_PROXY", "{A}"), ("no_proxy", "x"), ("NO_PROXY", "*")], A),
    (&[("ALL_PROXY", "{A}"), ("no_proxy", ""), ("NO_PROXY", "*")], Direct),
    (&[("ALL_PROXY", "ftp://{A}"), ("NO_PROXY", "*")], Direct),
];

/// What `HTTPS_PROXY` may say: a value, acctq's way, curl's.
#[rustfmt::skip]
const PROXIES: &[(&str, Way, Way)] = &[
    ("{A}", A, A), ("HTTP://{A}/", A, A), ("user:pass@{A}", A, A), ("http://user@{A}", A, A), ("http://@{A}", A, A),
    ("ftp://{A}", Nowhere, Nowhere), ("http://127.0.0.1:x", Nowhere, Nowhere), ("http://127.0.0.1:99999", Nowhere, Nowhere),
    ("http://127.0.0.1:0", Nowhere, Nowhere), ("http://u:p/w@{A}", Nowhere, Nowhere), ("http://", Nowhere, Nowhere),
    ("http://two words", Nowhere, Nowhere), (" ", Nowhere, Nowhere),
    // Not supported.
    ("https://{A}", Nowhere, A), ("socks4://{A}", Nowhere, A), ("socks5h://{A}", Nowhere, A),
    // A proxy that cannot be used is no reason to do without.
    ("http://u:%00@{A}", Nowhere, Direct), ("http://u:%0d%0a@{A}", Nowhere, Direct), ("http://u%0a@{A}", Nowhere, Direct),
    // A typing error, or half a password; and a part of the name that a proxy would take for the password.
    ("http://{A}/path", Nowhere, A), ("http://{A}?q", Nowhere, A), ("http://a%3Ab:c@{A}", Nowhere, A),
];

/// Which hosts do without the proxy A: the value of `NO_PROXY`, a host, acctq's way, curl's.
#[rustfmt::skip]
const EXCEPTIONS: &[(&str, &str, Way, Way)] = &[
    ("", IPV4, A, A), ("", IPV6, A, A), ("*", IPV6, Direct, Direct), ("*,x.test", NAME, A, A), (" *", NAME, A, A),
    ("api.example.test", NAME, Direct, Direct), ("API.Example.TEST", NAME, Direct, Direct),
    ("example.test", NAME, Direct, Direct), (".example.test", NAME, Direct, Direct),
    ("example.test.", NAME, Direct, Direct), ("test", NAME, Direct, Direct),
    ("x.test,example.test", NAME, Direct, Direct), ("x.test, example.test ", NAME, Direct, Direct),
    ("x.test example.test", NAME, Direct, Direct), ("x.test ,\texample.test", NAME, Direct, Direct),
    (",,example.test,,", NAME, Direct, Direct), ("ample.test", NAME, A, A), ("b.api.example.test", NAME, A, A),
    ("*.example.test", NAME, A, A), ("..example.test", NAME, A, A), (".", NAME, A, A),
    ("api.example.test:443", NAME, A, A), ("https://api.example.test", NAME, A, A),
    ("192.0.2.7", IPV4, Direct, Direct), ("x.test, 192.0.2.0/24", IPV4, Direct, Direct),
    ("192.0.2.0/29", IPV4, Direct, Direct), ("192.0.2.7/32", IPV4, Direct, Direct), ("128.0.0.0/1", IPV4, Direct, Direct),
    ("192.0.2.0/30", IPV4, A, A), ("0.0.0.0/0", IPV4, A, A), ("192.0.2.7/0", IPV4, Direct, Direct),
    ("192.0.2.7/33", IPV4, A, A), ("192.0.2.7/-8", IPV4, A, A), ("192.0.2", IPV4, A, A), ("192.0.2.7:443", IPV4, A, A),
    ("2001:db8::7", IPV6, Direct, Direct), ("x.test,2001:DB8::7", IPV6, Direct, Direct), ("2001:db9::/32", IPV6, A, A),
    ("2001:db8::7/129", IPV6, A, A), ("[2001:db8::7]", IPV6, A, A),
    // curl 7.88 documents networks of IPv6, but compares as text.
    ("2001:db8::/32", IPV6, Direct, A), ("2001:db8:0::7", IPV6, Direct, A),
    // No number is no prefix: to curl a whole address, or 29.
    ("192.0.2.7/x", IPV4, A, Direct), ("192.0.2.0/29x", IPV4, A, Direct),
    // A loopback address never goes through a proxy.
    ("", "127.0.0.1", Direct, A), ("", "[::1]", Direct, A), ("", "[::ffff:127.0.0.1]", Direct, A), ("", "localhost", Direct, A),
];

/// Proxies and a server that refuse and hang up.
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
        any_certificate(&home);
        Field { home, a: hangs_up(), b: hangs_up(), server: hangs_up() }
    }

    /// Where a client turns to: a proxy that gets a connection, or else what its run says.
    fn way(&self, run: Run, otherwise: impl FnOnce(Run) -> Way, variables: &[(&str, &str)]) -> Way {
        let [a, b] = [&self.a, &self.b].map(Wire::connections);
        let run = variables.iter().fold(run, |run, (name, value)| {
            let value = value.replace("{A}", &format!("127.0.0.1:{}", self.a.port()));
            let value = value.replace("{B}", &format!("127.0.0.1:{}", self.b.port()));
            run.env(name, value)
        });
        let otherwise = otherwise(run);
        match [&self.a, &self.b].map(Wire::connections) {
            [after, _] if after > a => A,
            [_, after] if after > b => B,
            _ => otherwise,
        }
    }

    fn of_acctq(&self, variables: &[(&str, &str)], host: &str) -> Way {
        let get = "cacc get cacc_1 --retries 0 --timeout 300ms -o json";
        let run = at(&self.home, &format!("https://{host}"), get);
        let otherwise = |run: Run| match run.run().fails(7, &[]).error()["code"].as_str() {
            Some("proxy") => Nowhere,
            _ => Direct,
        };
        self.way(run, otherwise, variables)
    }

    fn of_curl(&self, variables: &[(&str, &str)], host: &str) -> Way {
        let before = self.server.connections();
        let mut curl = program(&self.home, "curl", "curl");
        // A direct connection is one to this server: no name is looked up, nothing leaves this machine.
        let to = format!("::127.0.0.1:{}", self.server.port());
        curl.args(["-sS", "--max-time", "10", "--connect-to", &to]);
        curl.arg(format!("https://{host}"));
        let otherwise = |run: Run| {
            assert_ne!(run.run().code, 0);
            let is_direct = self.server.connections() > before;
            if is_direct { Direct } else { Nowhere }
        };
        self.way(Run::of(curl), otherwise, variables)
    }
}

/// Trusts a CA that has certified nothing: no handshake comes to its end.
fn any_certificate(home: &Home) {
    let key = rcgen::generate_simple_self_signed(["x.test".to_owned()]).unwrap();
    home.file("ca.pem", key.cert.pem(), 0o644);
}

fn at(home: &Home, url: &str, args: &str) -> Run {
    let run = home.acctq(args).env("ACCTQ_CONNECT_URL", url);
    let run = run.env("ACCTQ_CONNECT_TOKEN", TOKEN);
    run.env("SSL_CERT_FILE", home.path().join("ca.pem"))
}

#[test]
fn acctq_and_curl_take_the_same_way() {
    let field = Field::new();
    let mut wrong = Vec::new();
    let mut check = |variables: &[(&'static str, &'static str)], host, expected| {
        let found = (field.of_acctq(variables, host), field.of_curl(variables, host));
        if found != expected {
            wrong.push((variables.to_vec(), host, found));
        }
    };
    for (variables, way) in VARIABLES {
        check(variables, NAME, (*way, *way));
    }
    for (value, ours, curls) in PROXIES {
        check(&[("HTTPS_PROXY", value)], NAME, (*ours, *curls));
    }
    for (value, host, ours, curls) in EXCEPTIONS {
        check(&[("ALL_PROXY", "{A}"), ("NO_PROXY", value)], host, (*ours, *curls));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn acctq_and_curl_send_the_same_credentials() {
    let home = Home::new();
    any_certificate(&home);
    #[rustfmt::skip]
    let userinfos = [
        "", "@", "user@", "user:@", ":pass@", "user:pass@", "us%20er:p%40%3a%2F%25%23@", "u:a:b@", "u:a+b%2B@", "u:%C3%9F@",
        "u:100%@", "u:%4@", "u:%zz@", "u:!$&'()*,;=~@",
    ];
    for userinfo in userinfos {
        let proxy = Wire::always(vec![Read, Write(response("403 No", "", "")), Finish]);
        let value = format!("http://{userinfo}127.0.0.1:{}", proxy.port());
        let run = at(&home, "https://api.example.test", "cacc get cacc_1 -o json");
        let error = run.env("HTTPS_PROXY", &value).run().fails(7, &[]).error();
        assert_eq!(error["code"], "proxy", "{userinfo}");
        let mut curl = program(&home, "curl", "curl");
        curl.args(["-sS", "https://api.example.test"]);
        Run::of(curl).env("HTTPS_PROXY", &value).run();
        let credentials = proxy.requests().into_iter().map(|head| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": Basic "));
            lines.next().map(|(_, value)| value.to_owned())
        });
        let credentials: Vec<_> = credentials.collect();
        assert_eq!(credentials.len(), 2, "{userinfo}");
        assert_eq!(credentials[0], credentials[1], "{userinfo}");
        assert_eq!(credentials[0].is_some(), !userinfo.is_empty(), "{userinfo}");
    }
}

/// tinyproxy in the foreground, until dropped.
struct Tinyproxy {
    child: Child,
    place: String,
}

impl Tinyproxy {
    fn new(home: &Home, settings: &str) -> Self {
        let port = free_port();
        let conf = format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\n{settings}\n");
        let conf = home.file("tinyproxy.conf", conf, 0o600);
        let mut command = program(home, "tinyproxy", "tinyproxy-bin");
        command.args(["-d", "-c"]).arg(conf);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = log.find(|line| line.as_ref().unwrap().contains("Accepting connections"));
        assert!(ready.is_some(), "tinyproxy did not start");
        thread::spawn(move || log.for_each(drop));
        let place = format!("127.0.0.1:{port}");
        Tinyproxy { child, place }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A look-up at nginx that may go through a proxy: `0.0.0.0` is this machine, and no loopback address.
fn get(home: &Home, port: u16, proxy: &str, args: &str) -> Run {
    let get = format!("cacc get {ID} -F status -o ndjson --retries 1 {args}");
    at(home, &format!("https://0.0.0.0:{port}"), &get).env("HTTPS_PROXY", proxy)
}

const FOUND: &str = "{\"status\":\"active\"}\n";

#[test]
fn a_real_proxy() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let fails = |proxy: &str, port: u16, retryable: bool| {
        let error = get(&home, port, proxy, "").run().fails(7, &[]).error();
        let facts = (&error["code"], &error["retryable"]);
        assert_eq!(facts, (&"proxy".into(), &retryable.into()), "{proxy}");
    };
    let proxy = Tinyproxy::new(&home, "");
    get(&home, nginx.port, &proxy.place, "").run().prints(FOUND);
    // It is the proxy that connects.
    fails(&proxy.place, free_port(), true);

    let proxy = Tinyproxy::new(&home, "ConnectPort 1");
    fails(&proxy.place, nginx.port, false);

    let proxy = Tinyproxy::new(&home, &format!("BasicAuth user {PROXY_PASSWORD}"));
    let at = &proxy.place;
    let encoded = PROXY_PASSWORD.replace('-', "%2D");
    for password in [PROXY_PASSWORD, &encoded] {
        let value = format!("http://%75ser:{password}@{at}");
        get(&home, nginx.port, &value, "").run().prints(FOUND);
    }
    fails(at, nginx.port, false);
    fails(&format!("http://user:not-{PROXY_PASSWORD}@{at}"), nginx.port, false);
}

#[test]
fn one_tunnel_serves_many_look_ups() {
    let home = Home::new();
    let nginx = Nginx::new(&home);
    let established = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let proxy = Wire::always(vec![Read, Write(established), Tunnel(nginx.port)]);
    let place = format!("127.0.0.1:{}", proxy.port());
    let run = get(&home, nginx.port, &place, &format!("{ID} {ID} {ID} --jobs 1"));
    run.run().prints(&FOUND.repeat(4));
    assert_eq!(proxy.connections(), 1);
}
