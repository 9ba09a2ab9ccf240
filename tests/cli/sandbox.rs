//! The sandbox: each of its ids, and how it treats its clients.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::harness::{Home, Run, Started, TOKEN};

/// The sandbox's own token; it is public.
const PUBLIC: &str = "acctq-sandbox-token";

/// An id, the flags that keep its case short, the exit code, the error's code, and a fact of the document or the error, as
/// JSON text.
type Row = (&'static str, &'static str, i32, &'static str, &'static str);

#[rustfmt::skip]
const CONNECT: &[Row] = &[
    ("cacc_7n42DGM5Tflk9n8mt7Fhc7", "", 0, "", r#""pending_organization_name":"Analytical Engines Ltd""#),
    ("cacc_pendingexpress", "", 0, "", r#""connected_organization_id":null"#),
    ("cacc_revokedstandard", "", 0, "", r#""revoked_at":"2024-06-30T23:59:59Z""#),
    ("cacc_newfield", "", 0, "", r#""region":"eu-west-1","limits":{"invoices_per_day":1000}"#),
    ("cacc_drift", "-q", 0, "", r#""status":"archived""#),
    ("cacc_drift", "--strict", 9, "bad_response", "onboarding_mode"),
    ("cacc_hostile", "", 0, "", r#""pending_organization_name":"Acme\u001b[2J\u001b[31m\u001b]0;title\u0007"#),
    ("cacc_wrongid", "", 9, "bad_response", "cacc_7n42DGM5Tflk9n8mt7Fhc7"),
];

#[rustfmt::skip]
const PARTNER: &[Row] = &[
    ("newfield", "", 0, "", r#""region":"eu","plan":{"name":"families","seats":5}"#),
    ("drift", "-q", 0, "", r#""deployed_members":"1""#),
    ("drift", "--strict", 9, "bad_response", "deployed_members"),
    ("hostile", "", 0, "", r#""display_name":"Acme\u001b[2J"#),
    ("secretive", "", 0, "", r#""promotion":{"name":"autumn"}}"#),
    ("secretive", "--reveal", 0, "", r#""promotion":{"name":"autumn","activation_token":"PNS-SBXP4321"},"redeem_url":"https://start.b5test.com/partnership/redeem?t=I&c=PNS-SBXI2345""#),
    ("wrongid", "", 9, "bad_response", "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b"),
];

/// What either API has, Connect with `cacc_` before it.
#[rustfmt::skip]
const BOTH: &[Row] = &[
    ("notfound", "", 5, "not_found", r#""status":404,"#),
    ("gone", "", 5, "gone", r#""status":410,"#),
    ("forbidden", "", 4, "auth", r#""status":403,"#),
    ("ratelimited", "--retries 0", 6, "rate_limited", r#""retry_after_s":1,"#),
    ("ratelimitedlong", "", 6, "rate_limited", r#""retry_after_s":3600,"#),
    ("unavailable", "--retries 0", 8, "server", r#""status":503,"#),
    ("html", "", 9, "bad_response", r#""status":200,"#),
    ("truncated", "--retries 0", 7, "network", ""),
    ("slow", "--timeout 300ms", 7, "timeout", ""),
    ("reset", "--retries 0", 7, "network", ""),
    ("redirect", "", 9, "bad_response", "https://example.com"),
    ("gzip", "", 9, "bad_response", "gzip"),
];

/// Every row: its id with its API's prefix, and the rest.
fn rows() -> impl Iterator<Item = (String, &'static Row)> {
    let both = ["cacc_", ""].into_iter();
    let both = both.flat_map(|prefix| BOTH.iter().map(move |row| (format!("{prefix}{}", row.0), row)));
    let own = CONNECT.iter().chain(PARTNER);
    own.map(|row| (row.0.to_owned(), row)).chain(both)
}

#[test]
fn each_id_has_its_outcome() {
    let home = Home::new();
    for (id, &(_, flags, code, error_code, says)) in rows() {
        let ended = home.acctq(&format!("-p sandbox get {id} {flags} -o ndjson")).run();
        if code == 0 {
            assert!(ended.stdout.contains(says) && ended.stdout.lines().count() == 1, "{says} in {ended:#?}");
            assert_eq!((ended.code, ended.stdout.contains("PNS-")), (0, flags == "--reveal"), "{ended:#?}");
        } else {
            let error = ended.fails_with(code, error_code);
            assert_eq!([&error["id"], &error["profile"]], [id.as_str(), "sandbox"]);
            ended.fails(code, &[says]);
        }
    }
}

#[test]
fn each_id_of_its_help_has_the_exit_code_that_stands_there() {
    let home = Home::new();
    let help = home.acctq("sandbox --help").run().stdout;
    let lines = help.split("\nID ").skip(1).flat_map(|table| table.lines().skip(1));
    // A long answer goes on in its own column.
    let listed: Vec<_> = lines.filter_map(|line| line.split_once(' ').filter(|(id, _)| !id.is_empty())).collect();
    for (id, rest) in &listed {
        let flags = match id.trim_start_matches("cacc_") {
            "slow" => "--timeout 300ms",
            "ratelimitedonce" | "erroronce" => "",
            _ => "--retries 0",
        };
        let ended = home.acctq(&format!("-p sandbox get {id} {flags} -q")).run();
        assert_eq!(rest.split_whitespace().next(), Some(ended.code.to_string().as_str()), "{ended:#?}");
    }
    let is_listed = |id: &str| listed.iter().any(|(known, _)| *known == id);
    assert!(rows().all(|(id, _)| is_listed(&id)));
}

/// `acctq sandbox`, ended with the test.
struct Sandbox {
    started: Started,
    port: u16,
    _home: Home,
}

impl Sandbox {
    fn start(flags: &str) -> Self {
        let home = Home::new();
        let mut started = home.acctq(&format!("sandbox -o ndjson {flags}")).start();
        let told: Value = serde_json::from_str(&started.line()).unwrap();
        let port = told["base_url"].as_str().unwrap().strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
        Sandbox { started, port, _home: home }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Its answer to these bytes, in which `PORT` is its own.
    fn answer(&self, request: &str) -> String {
        let mut stream = self.connect();
        // It may have refused before the end.
        let request = request.replace("PORT", &self.port.to_string());
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn get(&self, host: &str, path: &str, token: &str) -> String {
        self.answer(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ))
    }

    /// Asserts the status of an answer, in which no fact of the request is repeated.
    #[track_caller]
    fn answers(&self, host: &str, path: &str, token: &str, status: u16) {
        let answer = self.get(host, path, token);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {path}: {answer}");
        for never in ["evil", "canary", "root:", PUBLIC] {
            assert!(!answer.contains(never), "{answer}");
        }
    }

    #[track_caller]
    fn is_up(&self) {
        self.answers(OWN, ENDING, PUBLIC, 200);
    }

    /// Ends it, and asserts that it has written no more than its first line.
    #[track_caller]
    fn end(mut self, signal: Signal, code: i32) {
        self.started.signal(signal);
        self.started.exits().is(code, "", "");
    }
}

/// A run with both APIs at this sandbox.
fn at(run: Run, url: &str) -> Run {
    let run = run.env("ACCTQ_CONNECT_URL", url).env("ACCTQ_CONNECT_TOKEN", PUBLIC);
    run.env("ACCTQ_PARTNER_URL", url).env("ACCTQ_PARTNER_TOKEN", PUBLIC)
}

const OWN: &str = "127.0.0.1:PORT";
const ENDING: &str = "/api/v1/partners/accounts/ending";
const LIST: &str = "/api/v1/connected-accounts";

/// A format, a signal, its exit code, and what is printed first.
#[rustfmt::skip]
const FIRST: &[(&str, Signal, i32, &str)] = &[
    ("table", Signal::INT, 130, "export ACCTQ_CONNECT_URL=% ACCTQ_CONNECT_TOKEN=acctq-sandbox-token\nexport ACCTQ_PARTNER_URL=% ACCTQ_PARTNER_TOKEN=acctq-sandbox-token\n"),
    ("json", Signal::TERM, 143, "{\n  \"base_url\": \"%\",\n  \"token\": \"acctq-sandbox-token\"\n}\n"),
    ("yaml", Signal::TERM, 143, "base_url: \"%\"\ntoken: acctq-sandbox-token\n"),
    ("ndjson", Signal::INT, 130, "{\"base_url\":\"%\",\"token\":\"acctq-sandbox-token\"}\n"),
];

#[test]
fn it_prints_where_it_is_in_every_format_and_ends_with_a_signal() {
    for &(format, signal, code, first) in FIRST {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let url = format!("http://{}", free.unwrap());
        let home = Home::new();
        let port = url.rsplit(':').next().unwrap();
        let line = format!("sandbox --port {port} -o {format}");
        let mut started = home.acctq(&line).start();
        for line in first.replace('%', &url).lines() {
            assert_eq!(started.line(), format!("{line}\n"));
        }
        // The variables are enough for another call.
        at(home.acctq("get gone -o json"), &url).run().fails_with(5, "gone");
        started.signal(signal);
        let ended = started.exits();
        assert_eq!((ended.code, ended.stderr.contains(&url)), (code, format == "table"), "{ended:#?}");
    }
}

#[test]
fn a_port_that_it_cannot_have_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = Home::new();
    let ended = home.acctq(&format!("sandbox --port {port} -o json")).run();
    let error = ended.fails_with(1, "failed");
    assert_eq!(error["retryable"], false);
    ended.fails(1, &[&format!("127.0.0.1:{port}"), "--port 0"]);
    let bad = "--port=65536 --port=-1 --port=http --accounts=-1 --accounts=4294967296 --accounts=1e3 --accounts=";
    for flag in bad.split(' ') {
        let ended = home.acctq(&format!("sandbox {flag}")).run();
        ended.fails(2, &[flag.split('=').next().unwrap()]);
    }
}

#[test]
fn it_answers_to_its_own_name_its_own_token_and_its_own_paths_only() {
    let sandbox = Sandbox::start("");
    sandbox.answers("localhost:PORT", ENDING, PUBLIC, 200);
    for host in "evil.test|evil.test:PORT|127.0.0.1|127.0.0.1:1|127.0.0.1:PORT\r\nHost: evil.test|".split('|') {
        sandbox.answers(host, ENDING, PUBLIC, 403);
    }
    let beside =
        ["acctq-sandbox-tokenx", "acctq-sandbox-token-", "acctq-sandbox-token-1x", "acctq-sandbox-token-65536"];
    for token in beside.into_iter().chain([TOKEN, ""]) {
        sandbox.answers(OWN, &format!("{LIST}/cacc_activestandard"), token, 401);
        sandbox.answers(OWN, ENDING, token, 403);
    }
    sandbox.answers(OWN, &format!("/{TOKEN}"), TOKEN, 404);
    let paths = "/ /../../../../etc/passwd /api/v1/partners/accounts/../../../../../etc/passwd /api/v1/partners/accounts/ \
         /api/v1/partners/accounts/%2e%2e%2fending /api/v1/partners/accounts/ending/ /api/v1/partners/accounts/ending?x=1 \
         //api/v1/partners/accounts/ending http://evil.test/api/v1/partners/accounts/ending";
    for path in paths.split_whitespace() {
        sandbox.answers(OWN, path, PUBLIC, 404);
    }
    // Another address of this machine's own loopback network is not its own.
    if cfg!(target_os = "linux") {
        assert!(TcpStream::connect(("127.0.0.2", sandbox.port)).is_err());
    }
    sandbox.is_up();
    sandbox.end(Signal::TERM, 143);
}

#[test]
fn it_stays_up_whatever_clients_do() {
    // A thousand connections are more than some systems allow unasked.
    let files = getrlimit(Resource::Nofile);
    let enough = files.maximum.map_or(4096, |most| most.min(4096));
    let raised = Rlimit { current: files.current.map(|now| now.max(enough)), ..files };
    setrlimit(Resource::Nofile, raised).unwrap();
    let sandbox = Sandbox::start("");
    // Slow ones, who hold on to what they have got.
    let mut slow: Vec<_> = (0..100).map(|_| sandbox.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /api/v1/par").unwrap();
    }
    let long = "x".repeat(100_000);
    let many = "X: y\r\n".repeat(1000);
    let post = format!("POST {ENDING} HTTP/1.1\r\nHost: {OWN}\r\nAuthorization: Bearer {PUBLIC}");
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\nX: {long}"), 400),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), 400),
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), 400),
        ("\0\u{1}\u{2} and what follows it\r\n\r\n".to_owned(), 400),
        (format!("{post}\r\nContent-Length: 99\r\n\r\n"), 400),
        (format!("{post}\r\n\r\n"), 405),
    ] {
        let answer = sandbox.answer(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", &request[..20]);
        sandbox.is_up();
    }
    // A client that does not come to the end of a request loses its place.
    let told = |mut stream: &TcpStream| {
        let mut told = String::new();
        // A guard against a hang, not a measurement.
        let guard = Some(Duration::from_secs(60));
        stream.set_read_timeout(guard).unwrap();
        stream.read_to_string(&mut told).unwrap();
        told
    };
    assert_eq!(told(&slow[0]), "");
    drop(slow);
    // A thousand at once, all silent: those beyond its capacity are refused, and it goes on when they leave.
    let many: Vec<_> = (0..1000).map(|_| sandbox.connect()).collect();
    // On a busy machine the last ones may have got a place when the first ones' time was up.
    let is_refused = |stream| told(stream).starts_with("HTTP/1.1 503 ");
    assert!(many.iter().rev().any(is_refused));
    drop(many);
    let get = || sandbox.get(OWN, ENDING, PUBLIC);
    assert!((0..100_000).any(|_| get().starts_with("HTTP/1.1 200 ")));
    sandbox.end(Signal::INT, 130);
}

#[test]
fn a_token_expires_after_the_number_of_requests_in_its_name() {
    let home = Home::new();
    let sandbox = home.sandbox();
    let with = |line: &str, number: &str| {
        let [connect, partner] = ["ACCTQ_CONNECT_TOKEN", "ACCTQ_PARTNER_TOKEN"];
        let token = format!("{PUBLIC}-{number}");
        at(home.acctq(&format!("{line} -o ndjson")), &sandbox.url).env(connect, &token).env(partner, &token).run()
    };
    for (id, status, code) in [("cacc_activestandard", 401, "TOKEN_EXPIRED"), ("ending", 403, "forbidden")] {
        let error = with(&format!("get {id}"), "0").fails_with(4, "auth");
        assert_eq!((&error["status"], &error["server_code"]), (&status.into(), &code.into()));
    }
    // In the middle of a batch, and for good.
    let ids = "cacc_pendingnew cacc_pendinglong cacc_activestandard cacc_activeexpress";
    let ended = with(&format!("get {ids} --jobs 1 -F id"), "2");
    assert_eq!((ended.code, ended.stdout.lines().count()), (4, 2), "{ended:#?}");
    with("get ending", "02").fails_with(4, "auth");
    assert_eq!(with("get ending", "65535").code, 0);
}

#[test]
fn an_account_changes_from_one_look_up_to_the_next() {
    let home = Home::new();
    // Each server begins anew.
    for _ in 0..2 {
        let sandbox = home.sandbox();
        for turns in [
            "cacc_onboarding pending pending active active",
            "cacc_revoking pending suspended revoked revoked",
            "signingup entitled entitled provisioned provisioned",
        ] {
            let (id, turns) = turns.split_once(' ').unwrap();
            for turn in turns.split(' ') {
                let run = at(home.acctq(&format!("get {id} -F status -o ndjson")), &sandbox.url);
                run.run().prints(&format!("{{\"status\":\"{turn}\"}}\n"));
            }
        }
    }
}

#[test]
fn a_list_is_as_long_as_it_was_asked_to_be() {
    for (flags, count) in [("", 20), ("--accounts 0", 0), ("--accounts 137", 137)] {
        let sandbox = Sandbox::start(flags);
        let body = |path: &str| -> Value {
            let answer = sandbox.get(OWN, path, PUBLIC);
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            // Each chunk stands in a line of its own, after that of its length.
            let is_chunked = head.contains("Transfer-Encoding: chunked");
            let text: String = body.split("\r\n").skip(is_chunked.into()).step_by(2).collect();
            serde_json::from_str(&text).unwrap()
        };
        let listed = body(LIST);
        let accounts = listed["data"].as_array().unwrap();
        assert_eq!(listed, json!({"data": accounts}));
        assert_eq!(accounts.len(), count);
        for (number, account) in (1..).zip(accounts) {
            let id = format!("cacc_sandbox{number:07}");
            assert_eq!(account["id"], *id);
            assert_eq!(body(&format!("{LIST}/{id}")), *account);
        }
        let beyond = format!("{LIST}/cacc_sandbox{:07}", count + 1);
        sandbox.answers(OWN, &beyond, PUBLIC, 404);
    }
    // They are looked up like all others, and keep to the contract.
    Home::new()
        .acctq("-p sandbox get cacc_sandbox0000001 cacc_sandbox0000020 --strict -F id,status -o ndjson")
        .run()
        .prints("{\"id\":\"cacc_sandbox0000001\",\"status\":\"active\"}\n{\"id\":\"cacc_sandbox0000020\",\"status\":\"active\"}\n");
}
