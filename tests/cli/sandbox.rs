//! Every row of the sandbox's table, and its manners.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::Value;

use crate::harness::{Home, Started, TOKEN};

/// What the sandbox takes for a token; it is public.
const PUBLIC: &str = "acctq-sandbox-token";

/// An id, the flags that keep its case short, the exit code, the error's code, and what a person is told (for a success:
/// what the document says, as one line of JSON has it).
type Row = (&'static str, &'static str, i32, &'static str, &'static str);

const CONNECT: &[Row] = &[
    (
        "cacc_7n42DGM5Tflk9n8mt7Fhc7",
        "",
        0,
        "",
        r#""pending_organization_name":"Analytical Engines Ltd""#,
    ),
    ("cacc_pendingstandard", "", 0, "", r#""status":"pending""#),
    (
        "cacc_pendingexpress",
        "",
        0,
        "",
        r#""connected_organization_id":null"#,
    ),
    (
        "cacc_activestandard",
        "",
        0,
        "",
        r#""connected_tenant_id":null"#,
    ),
    (
        "cacc_activeexpress",
        "",
        0,
        "",
        r#""connection_type":"express""#,
    ),
    (
        "cacc_suspendedstandard",
        "",
        0,
        "",
        r#""status":"suspended""#,
    ),
    (
        "cacc_suspendedexpress",
        "",
        0,
        "",
        r#""pending_country":"FR""#,
    ),
    (
        "cacc_revokedstandard",
        "",
        0,
        "",
        r#""revoked_at":"2024-06-30T23:59:59Z""#,
    ),
    ("cacc_revokedexpress", "", 0, "", r#""status":"revoked""#),
    ("cacc_onboarding", "", 0, "", r#""status":"pending""#),
    ("cacc_revoking", "", 0, "", r#""status":"pending""#),
    (
        "cacc_appearing",
        "",
        5,
        "not_found",
        "no connected account cacc_appearing at 127.0.0.1:",
    ),
    (
        "cacc_newfield",
        "",
        0,
        "",
        r#""region":"eu-west-1","limits":{"invoices_per_day":1000}"#,
    ),
    ("cacc_drift", "-q", 0, "", r#""status":"archived""#),
    (
        "cacc_drift",
        "--strict",
        9,
        "bad_response",
        "strays from the contract: onboarding_mode (missing), status (unknown value), created_at (wrong type)",
    ),
    (
        "cacc_hostile",
        "",
        0,
        "",
        r#""pending_organization_name":"Acme\u001b[2J\u001b[31m\u001b]0;title\u0007"#,
    ),
    (
        "cacc_wrongid",
        "",
        9,
        "bad_response",
        "answers with another connected account: cacc_7n42DGM5Tflk9n8mt7Fhc7 instead of cacc_wrongid",
    ),
    (
        "cacc_notfound",
        "",
        5,
        "not_found",
        "no connected account cacc_notfound at 127.0.0.1:",
    ),
    (
        "cacc_notfoundempty",
        "",
        5,
        "not_found",
        "no connected account cacc_notfoundempty at 127.0.0.1:",
    ),
    (
        "cacc_gone",
        "",
        5,
        "gone",
        "the connected account cacc_gone at 127.0.0.1:",
    ),
    (
        "cacc_unauthorized",
        "",
        4,
        "auth",
        "rejects the token of profile sandbox (status 401)",
    ),
    (
        "cacc_forbidden",
        "",
        4,
        "auth",
        "does not let this token read the connected account cacc_forbidden (status 403)",
    ),
    (
        "cacc_badrequest",
        "",
        9,
        "bad_response",
        "refuses the look-up (status 400)",
    ),
    (
        "cacc_conflict",
        "",
        9,
        "bad_response",
        r#"the server says: "The account is being changed.""#,
    ),
    (
        "cacc_ratelimitedonce",
        "",
        0,
        "",
        r#""id":"cacc_ratelimitedonce""#,
    ),
    (
        "cacc_ratelimitedonce",
        "--retries 0",
        6,
        "rate_limited",
        "asks to wait for 1 s (status 429)",
    ),
    (
        "cacc_ratelimited",
        "--retries 0",
        6,
        "rate_limited",
        "asks to wait for 1 s (status 429)",
    ),
    (
        "cacc_ratelimitedlong",
        "",
        6,
        "rate_limited",
        "asks to wait for 60 min (status 429)",
    ),
    ("cacc_erroronce", "", 0, "", r#""id":"cacc_erroronce""#),
    (
        "cacc_erroronce",
        "--retries 0",
        8,
        "server",
        "(profile sandbox) failed with status 500",
    ),
    (
        "cacc_error",
        "--retries 0",
        8,
        "server",
        r#"the server says: "Something went wrong.""#,
    ),
    (
        "cacc_notimplemented",
        "",
        8,
        "server",
        "failed with status 501",
    ),
    (
        "cacc_unavailable",
        "--retries 0",
        8,
        "server",
        "failed with status 503",
    ),
    (
        "cacc_html",
        "",
        9,
        "bad_response",
        "answers with a web page, not with JSON",
    ),
    (
        "cacc_truncated",
        "--retries 0",
        7,
        "network",
        "closed the connection before its answer was complete",
    ),
    ("cacc_garbage", "", 9, "bad_response", "is not UTF-8"),
    ("cacc_empty", "", 9, "bad_response", "is empty"),
    (
        "cacc_array",
        "",
        9,
        "bad_response",
        "is JSON, but not an object",
    ),
    (
        "cacc_slow",
        "--timeout 300ms",
        7,
        "timeout",
        "did not answer within 0.3 s",
    ),
    (
        "cacc_reset",
        "--retries 0",
        7,
        "network",
        "closed the connection before its answer was complete",
    ),
    (
        "cacc_redirect",
        "",
        9,
        "bad_response",
        "redirects to https://example.com (status 302), and redirects are not followed",
    ),
    (
        "cacc_gzip",
        "",
        9,
        "bad_response",
        "answers in the encoding gzip, which was not asked for",
    ),
];

const PARTNER: &[Row] = &[
    (
        "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b",
        "",
        0,
        "",
        r#""ends_at":null"#,
    ),
    ("entitled-individual", "", 0, "", r#""deployed_members":0"#),
    ("entitled-family", "", 0, "", r#""status":"entitled""#),
    ("provisioned-individual", "", 0, "", r#""account_type":"I""#),
    ("provisioned-family", "", 0, "", r#""account_type":"F""#),
    (
        "ending",
        "",
        0,
        "",
        r#""ends_at":"2099-12-31T23:59:59.000Z""#,
    ),
    ("signingup", "", 0, "", r#""status":"entitled""#),
    (
        "newfield",
        "",
        0,
        "",
        r#""region":"eu","plan":{"name":"families","seats":5}"#,
    ),
    ("drift", "-q", 0, "", r#""deployed_members":"1""#),
    (
        "drift",
        "--strict",
        9,
        "bad_response",
        "strays from the contract: status (unknown value), deployed_members (wrong type), updated_at (missing)",
    ),
    ("hostile", "", 0, "", r#""display_name":"Acme\u001b[2J"#),
    ("secretive", "", 0, "", r#""promotion":{"name":"autumn"}}"#),
    (
        "secretive",
        "--reveal",
        0,
        "",
        r#""promotion":{"name":"autumn","activation_token":"PNS-SBXP4321"},"redeem_url":"https://start.b5test.com/partnership/redeem?t=I&c=PNS-SBXI2345""#,
    ),
    (
        "wrongid",
        "",
        9,
        "bad_response",
        "answers with another partner account: aabee51b-0be2-4a0c-aa39-5bbcbb903d1b instead of wrongid",
    ),
    (
        "notfound",
        "",
        5,
        "not_found",
        "no partner account notfound at 127.0.0.1:",
    ),
    (
        "notfoundempty",
        "",
        5,
        "not_found",
        "no partner account notfoundempty at 127.0.0.1:",
    ),
    (
        "gone",
        "",
        5,
        "gone",
        "the partner account gone at 127.0.0.1:",
    ),
    (
        "unauthorized",
        "",
        4,
        "auth",
        "rejects the token of profile sandbox (status 401)",
    ),
    (
        "forbidden",
        "",
        4,
        "auth",
        "rejects the token of profile sandbox (status 403)",
    ),
    (
        "badrequest",
        "",
        9,
        "bad_response",
        "refuses the look-up (status 400)",
    ),
    (
        "conflict",
        "",
        9,
        "bad_response",
        "refuses the look-up for now (status 409)",
    ),
    (
        "ratelimitedonce",
        "",
        0,
        "",
        r#""customer_account_uid":"ratelimitedonce""#,
    ),
    (
        "ratelimited",
        "--retries 0",
        6,
        "rate_limited",
        "asks to wait for 1 s (status 429)",
    ),
    (
        "ratelimitedlong",
        "",
        6,
        "rate_limited",
        "asks to wait for 60 min (status 429)",
    ),
    (
        "erroronce",
        "",
        0,
        "",
        r#""customer_account_uid":"erroronce""#,
    ),
    (
        "error",
        "--retries 0",
        8,
        "server",
        "failed with status 500",
    ),
    ("notimplemented", "", 8, "server", "failed with status 501"),
    (
        "unavailable",
        "--retries 0",
        8,
        "server",
        "failed with status 503",
    ),
    (
        "html",
        "",
        9,
        "bad_response",
        "answers with a web page, not with JSON",
    ),
    (
        "truncated",
        "--retries 0",
        7,
        "network",
        "closed the connection before its answer was complete",
    ),
    ("garbage", "", 9, "bad_response", "is not UTF-8"),
    ("empty", "", 9, "bad_response", "is empty"),
    ("array", "", 9, "bad_response", "is JSON, but not an object"),
    (
        "slow",
        "--timeout 300ms",
        7,
        "timeout",
        "did not answer within 0.3 s",
    ),
    (
        "reset",
        "--retries 0",
        7,
        "network",
        "closed the connection before its answer was complete",
    ),
    (
        "redirect",
        "",
        9,
        "bad_response",
        "redirects to https://example.com (status 302)",
    ),
    (
        "gzip",
        "",
        9,
        "bad_response",
        "answers in the encoding gzip",
    ),
];

fn check(command: &str, rows: &[Row]) {
    let home = Home::new();
    for &(id, flags, code, error_code, says) in rows {
        let run = |format: &str| {
            home.acctq(&format!("-p sandbox {command} {id} {flags} -o {format}"))
                .run()
        };
        let ended = run("ndjson");
        if code == 0 {
            assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:#?}");
            assert_eq!(ended.stdout.lines().count(), 1, "{ended:#?}");
            assert!(ended.stdout.contains(says), "{says} in {ended:#?}");
            assert_eq!(
                ended.stdout.contains("PNS-"),
                flags == "--reveal",
                "{ended:#?}"
            );
        } else {
            let error = ended.fails(code, &[]).error();
            assert_eq!(error["code"], error_code, "{error}");
            assert_eq!(
                (&error["id"], &error["profile"]),
                (&id.into(), &"sandbox".into())
            );
            assert!(error["message"].as_str().unwrap().contains(says), "{error}");
            run("table").fails(code, &["error: ", says, "\n  hint: "]);
        }
    }
}

#[test]
fn every_connected_account_of_the_sandbox() {
    check("cacc get", CONNECT);
}

#[test]
fn every_partner_account_of_the_sandbox() {
    check("partner account get", PARTNER);
}

#[test]
fn its_help_lists_exactly_these() {
    // Not by the harness, which takes the header of its example for one that leaks.
    let home = Home::new();
    let mut started = home.acctq("sandbox --help").start();
    let mut help = String::new();
    let mut stdout = started.stdout.take().unwrap();
    stdout.read_to_string(&mut help).unwrap();
    started.exits().prints("");
    // A long answer goes on in its own column.
    let listed: Vec<_> = help
        .split("\nID ")
        .skip(1)
        .flat_map(|table| table.lines().skip(1))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut known: Vec<_> = CONNECT.iter().chain(PARTNER).map(|row| row.0).collect();
    known.dedup();
    assert_eq!(listed, known);
    // With the exit code that the default flags have.
    for (id, flags, code, ..) in CONNECT.iter().chain(PARTNER) {
        let is_default = !matches!(*flags, "--strict") && !id.ends_with("once");
        let row = help.split(&format!("\n{id} ")).nth(1).unwrap();
        let told = row.split_whitespace().next().unwrap();
        assert!(!is_default || told == code.to_string(), "{id}: {told}");
    }
}

/// `acctq sandbox`, ended with the test.
struct Sandbox {
    started: Started,
    port: u16,
    _home: Home,
}

impl Sandbox {
    fn start() -> Self {
        Self::with("")
    }

    fn with(flags: &str) -> Self {
        let home = Home::new();
        let mut started = home.acctq(&format!("sandbox -o ndjson {flags}")).start();
        let told: Value = serde_json::from_str(&started.line()).unwrap();
        assert_eq!(told["token"], PUBLIC);
        let port = told["base_url"]
            .as_str()
            .unwrap()
            .strip_prefix("http://127.0.0.1:")
            .unwrap();
        let port = port.parse().unwrap();
        Sandbox {
            started,
            port,
            _home: home,
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// What it answers to these bytes.
    fn answer(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        // It may have refused before the end.
        let _ = stream.write_all(request.as_ref());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn get(&self, host: &str, path: &str, token: &str) -> String {
        let port = self.port;
        self.answer(format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            host.replace("PORT", &port.to_string())
        ))
    }

    #[track_caller]
    fn is_up(&self) {
        let answer = self.get("127.0.0.1:PORT", "/api/v1/partners/accounts/ending", PUBLIC);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }

    /// Ends it, and returns what it has written since its first line.
    fn end(mut self, signal: Signal) -> (i32, String) {
        self.started.signal(signal);
        let ended = self.started.exits();
        (ended.code, ended.stdout + &ended.stderr)
    }
}

#[test]
fn it_says_where_it_is_in_every_format_and_ends_with_a_signal() {
    for (format, signal, code, first, messages) in [
        (
            "table",
            Signal::INT,
            130,
            "export ACCTQ_CONNECT_URL=% ACCTQ_CONNECT_TOKEN=acctq-sandbox-token\nexport ACCTQ_PARTNER_URL=% ACCTQ_PARTNER_TOKEN=acctq-sandbox-token\n",
            "the sandbox serves at % until interrupted (Ctrl-C); `acctq sandbox --help` lists its ids\n",
        ),
        (
            "json",
            Signal::TERM,
            143,
            "{\n  \"base_url\": \"%\",\n  \"token\": \"acctq-sandbox-token\"\n}\n",
            "",
        ),
        (
            "yaml",
            Signal::TERM,
            143,
            "base_url: \"%\"\ntoken: acctq-sandbox-token\n",
            "",
        ),
        (
            "ndjson",
            Signal::INT,
            130,
            "{\"base_url\":\"%\",\"token\":\"acctq-sandbox-token\"}\n",
            "",
        ),
    ] {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("http://127.0.0.1:{port}");
        let home = Home::new();
        let mut started = home
            .acctq(&format!("sandbox --port {port} -o {format}"))
            .start();
        for line in first.replace('%', &url).lines() {
            assert_eq!(started.line(), format!("{line}\n"));
        }
        // The variables are enough for another call.
        home.acctq("get gone")
            .env("ACCTQ_PARTNER_URL", &url)
            .env("ACCTQ_PARTNER_TOKEN", PUBLIC)
            .run()
            .fails(5, &["error: the partner account gone at "]);
        started.signal(signal);
        let messages = messages.replace('%', &url);
        started.exits().is(code, "", &messages);
    }
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = Home::new();
    home.acctq(&format!("sandbox --port {port}")).run().fails(
        1,
        &[
            &format!("error: the sandbox cannot listen on 127.0.0.1:{port}: "),
            "\n  hint: is another program using that port? --port 0 takes a free one\n",
        ],
    );
    let error = home
        .acctq(&format!("sandbox --port {port} -o json"))
        .run()
        .fails(1, &[])
        .error();
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&"failed".into(), &false.into())
    );
    for port in ["65536", "-1", "http"] {
        home.acctq(&format!("sandbox --port={port}"))
            .run()
            .fails(2, &["error: invalid value", "--port"]);
    }
}

#[test]
fn flags_that_have_no_meaning_for_it_are_refused() {
    let home = Home::new();
    for flags in [
        "-p test",
        "-F id",
        "--reveal",
        "--strict",
        "--timeout 1s",
        "--retries 1",
        "--config x",
        "-v",
    ] {
        home.acctq(&format!("sandbox {flags}"))
            .run()
            .fails(2, &["has no meaning for `acctq sandbox`"]);
    }
}

#[test]
fn it_binds_to_loopback_and_answers_to_its_own_name_only() {
    let sandbox = Sandbox::start();
    let path = "/api/v1/partners/accounts/ending";
    for (host, status) in [
        ("127.0.0.1:PORT", "200 OK"),
        ("localhost:PORT", "200 OK"),
        ("evil.test", "403 Forbidden"),
        ("evil.test:PORT", "403 Forbidden"),
        ("127.0.0.1", "403 Forbidden"),
        ("127.0.0.1:1", "403 Forbidden"),
        ("127.0.0.1:PORT\r\nHost: evil.test", "403 Forbidden"),
        ("", "403 Forbidden"),
    ] {
        let answer = sandbox.get(host, path, PUBLIC);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{host}: {answer}"
        );
        assert!(!answer.contains("evil"), "{answer}");
    }
    // Another address of this machine's own loopback network is not its own.
    if cfg!(target_os = "linux") {
        assert!(TcpStream::connect(("127.0.0.2", sandbox.port)).is_err());
    }
    sandbox.is_up();
}

#[test]
fn a_real_token_is_refused_and_never_logged() {
    let sandbox = Sandbox::start();
    for (path, status) in [
        (
            "/api/v1/connected-accounts/cacc_activestandard",
            "401 Unauthorized",
        ),
        ("/api/v1/partners/accounts/ending", "403 Forbidden"),
    ] {
        for token in [TOKEN, "", &format!("{PUBLIC}x")] {
            let answer = sandbox.get("127.0.0.1:PORT", path, token);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{answer}"
            );
            assert!(
                !answer.contains("canary") && !answer.contains(PUBLIC),
                "{answer}"
            );
        }
    }
    let answer = sandbox.get("127.0.0.1:PORT", &format!("/{TOKEN}"), TOKEN);
    assert!(
        answer.starts_with("HTTP/1.1 404 ") && !answer.contains("canary"),
        "{answer}"
    );
    let (code, said) = sandbox.end(Signal::TERM);
    assert_eq!((code, said.as_str()), (143, ""));
}

#[test]
fn no_path_leads_out_of_it() {
    let sandbox = Sandbox::start();
    for path in [
        "/",
        "/etc/passwd",
        "/../../../../etc/passwd",
        "/api/v1/partners/accounts/../../../../../etc/passwd",
        "/api/v1/partners/accounts/%2e%2e%2fending",
        "/api/v1/partners/accounts/ending/",
        "/api/v1/partners/accounts/ending?x=1",
        "/api/v1/partners/accounts/",
        "//api/v1/partners/accounts/ending",
        "http://evil.test/api/v1/partners/accounts/ending",
    ] {
        let answer = sandbox.get("127.0.0.1:PORT", path, PUBLIC);
        assert!(
            answer.starts_with("HTTP/1.1 404 Not Found\r\n"),
            "{path}: {answer}"
        );
        assert!(
            !answer.contains("root:") && !answer.contains("evil"),
            "{answer}"
        );
    }
    sandbox.is_up();
}

#[test]
fn it_stays_up_whatever_clients_do() {
    // A thousand connections are more than some systems allow unasked.
    let files = getrlimit(Resource::Nofile);
    let enough = files.maximum.map_or(4096, |most| most.min(4096));
    let raised = Rlimit {
        current: files.current.map(|now| now.max(enough)),
        ..files
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let sandbox = Sandbox::start();
    // Slow ones, who hold on to what they have got.
    let mut slow: Vec<_> = (0..100).map(|_| sandbox.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /api/v1/par").unwrap();
    }
    sandbox.is_up();
    for (request, status) in [
        (
            format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000)),
            "431",
        ),
        (
            format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000)),
            "431",
        ),
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
            "414",
        ),
        ("\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), "400"),
        (
            "GET / HTTP/1.1\r\nContent-Length: 99\r\n\r\n".to_owned(),
            "413",
        ),
        (
            format!(
                "POST /api/v1/partners/accounts/ending HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {PUBLIC}\r\n\r\n",
                sandbox.port
            ),
            "405",
        ),
    ] {
        let answer = sandbox.answer(&request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{}: {answer}",
            &request[..20]
        );
        sandbox.is_up();
    }
    // Whoever does not come to the end of a request loses the place.
    let mut told = String::new();
    // A guard against a hang, not a measurement.
    let guard = Duration::from_secs(60);
    slow[0].set_read_timeout(Some(guard)).unwrap();
    slow[0].read_to_string(&mut told).unwrap();
    assert!(
        told.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{told}"
    );
    drop(slow);
    // A thousand at once, none of which says a word; who is one too many is told, and the others go on when they leave.
    let many: Vec<_> = (0..1000)
        .map_while(|_| TcpStream::connect(("127.0.0.1", sandbox.port)).ok())
        .collect();
    assert_eq!(many.len(), 1000);
    // On a busy machine the last ones may have got a place when the first ones' time was up.
    let is_told = |mut stream: &TcpStream| {
        let mut told = String::new();
        stream.read_to_string(&mut told).unwrap();
        told.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
    };
    assert!(many.iter().rev().any(is_told));
    drop(many);
    while !sandbox
        .get("127.0.0.1:PORT", "/api/v1/partners/accounts/ending", PUBLIC)
        .starts_with("HTTP/1.1 200")
    {
        std::thread::yield_now();
    }
    let (code, said) = sandbox.end(Signal::INT);
    assert_eq!((code, said.as_str()), (130, ""));
}

/// The path of Connect's list.
const LIST: &str = "/api/v1/connected-accounts";

#[test]
fn an_account_changes_from_one_look_up_to_the_next() {
    let home = Home::new();
    // Each server begins anew.
    for _ in 0..2 {
        let sandbox = home.sandbox();
        for (command, turns) in [
            (
                "get cacc_onboarding",
                ["pending", "pending", "active", "active"],
            ),
            (
                "get cacc_revoking",
                ["pending", "suspended", "revoked", "revoked"],
            ),
            (
                "get signingup",
                ["entitled", "entitled", "provisioned", "provisioned"],
            ),
        ] {
            for turn in turns {
                home.acctq(&format!("{command} -F status -o ndjson"))
                    .env("ACCTQ_CONNECT_URL", &sandbox.url)
                    .env("ACCTQ_CONNECT_TOKEN", PUBLIC)
                    .env("ACCTQ_PARTNER_URL", &sandbox.url)
                    .env("ACCTQ_PARTNER_TOKEN", PUBLIC)
                    .run()
                    .prints(&format!("{{\"status\":\"{turn}\"}}\n"));
            }
        }
    }
    // In one run, too.
    home.acctq(
        "-p sandbox cacc get cacc_onboarding cacc_onboarding cacc_onboarding --jobs 1 -F status -o ndjson",
    )
    .run()
    .prints("{\"status\":\"pending\"}\n{\"status\":\"pending\"}\n{\"status\":\"active\"}\n");
}

/// The body of an answer to HTTP/1.0, which has no chunks.
fn body(sandbox: &Sandbox, path: &str) -> String {
    let answer = sandbox.answer(format!(
        "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {PUBLIC}\r\n\r\n",
        sandbox.port
    ));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    body.to_owned()
}

#[test]
fn a_list_is_as_long_as_it_was_asked_to_be() {
    for (flags, count) in [("", 20), ("--accounts 0", 0), ("--accounts 137", 137)] {
        let sandbox = Sandbox::with(flags);
        let listed: Value = serde_json::from_str(&body(&sandbox, LIST)).unwrap();
        let accounts = listed["data"].as_array().unwrap();
        assert_eq!(accounts.len(), count, "{flags}");
        assert_eq!(listed, serde_json::json!({ "data": accounts }));
        for (number, account) in (1..).zip(accounts) {
            let id = format!("cacc_sandbox{number:07}");
            assert_eq!(account["id"], *id);
            let alone: Value =
                serde_json::from_str(&body(&sandbox, &format!("{LIST}/{id}"))).unwrap();
            assert_eq!(alone, *account);
        }
        let beyond = format!("{LIST}/cacc_sandbox{:07}", count + 1);
        let answer = sandbox.get("127.0.0.1:PORT", &beyond, PUBLIC);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
    // They are looked up like all others, and keep to the contract.
    Home::new()
        .acctq("-p sandbox cacc get cacc_sandbox0000001 cacc_sandbox0000020 --strict -F id,status -o ndjson")
        .run()
        .prints("{\"id\":\"cacc_sandbox0000001\",\"status\":\"active\"}\n{\"id\":\"cacc_sandbox0000020\",\"status\":\"active\"}\n");
    for accounts in ["-1", "4294967296", "many", "1e3", ""] {
        Home::new()
            .acctq(&format!("sandbox --accounts={accounts}"))
            .run()
            .fails(2, &["error: ", "--accounts"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_list_takes_no_more_memory_than_a_short_one() {
    let sandbox = Sandbox::with("--accounts 40000");
    let list = body(&sandbox, LIST);
    assert!(list.ends_with("}]}"), "it is cut off");
    assert!(list.len() > 20_000_000, "only {} bytes", list.len());
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", sandbox.started.child.id())).unwrap();
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let most: usize = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(most < 16 * 1024, "{most} kB");
}
