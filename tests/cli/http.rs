//! What a server may do, on the wire and in its answers.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::harness::{Ended, Home, TOKEN};
pub use crate::tls::certified;
use crate::wire::Do::{Dribble, Finish, Flood, Hold, Open, Pass, Read, Reset, Start, Write};
use crate::wire::{BlackHole, Do, Gate, Untouched, Wire, json, response};

/// An account that keeps to the contract.
pub const ACCOUNT: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2025-01-02T03:04:05Z"}"#;

/// The end of an activation token that is known from the body only.
const SECRET: &str = "zz91-qqq";

const HTML: &str = "Content-Type: text/html";
const ERROR: &str = r#"{"code":"SOME_CODE","message":"Some message."}"#;

/// Tuples, one a line.
macro_rules! rows {
    ($($first:expr $(, $more:expr)*;)*) => { [$(($first $(, $more)*)),*] };
}
pub(crate) use rows;

/// Cases, one a line, behind arguments for all of them: the attempts, a name, what the server does, the exit code, the error
/// code, more keys of the error. Every row is tried before the test fails.
macro_rules! fails {
    ($args:literal, $attempts:literal => $exit:literal $code:ident; $($name:literal: $api:expr $(, $key:ident = $value:expr)*;)*) => {
        fails! { $args; $($attempts $name: $api => $exit $code $(, $key = $value)*;)* }
    };
    ($args:literal; $($attempts:literal $name:literal: $serves:expr => $exit:literal $code:ident $(, $key:ident = $value:expr)*;)*) => {
        let mut failed = Vec::new();
        $(if catch_unwind(AssertUnwindSafe(|| {
            let facts = [$((stringify!($key), Value::from($value))),*];
            fails($args, $attempts, $serves.into(), $exit, stringify!($code), &facts);
        })).is_err() {
            failed.push($name);
        })*
        assert!(failed.is_empty(), "{failed:?}");
    };
}

enum Api {
    Script(Vec<Do>),
    /// A status, header lines and a body.
    Http(usize, String, String),
}

impl From<Vec<Do>> for Api {
    fn from(script: Vec<Do>) -> Self {
        Api::Script(script)
    }
}

/// Checks what comes of looking up `cacc_1` with one retry. Of the key `message`, the value is a part.
fn fails(args: &str, attempts: usize, api: Api, exit: i32, code: &str, more: &[(&str, Value)]) {
    let get = |url: &str| {
        let get = format!("cacc get cacc_1 --retries 1 -o json {args}");
        at(url).acctq(&get).run()
    };
    let ended = match api {
        Api::Script(script) => {
            let wire = Wire::always(script);
            let ended = get(wire.url());
            connected(&wire, attempts, code);
            ended
        }
        Api::Http(status, headers, body) => {
            let mut server = mockito::Server::new();
            let mock = server.mock("GET", mockito::Matcher::Any);
            let headers = headers.lines().filter_map(|line| line.split_once(": "));
            let mock = headers.fold(mock, |mock, (name, value)| mock.with_header(name, value));
            let mock = mock.with_status(status).with_body(body);
            let mock = mock.expect(attempts).create();
            let ended = get(&server.url());
            mock.assert();
            ended
        }
    };
    let errors = ended.errors();
    let outcome = (ended.code, &*ended.stdout, errors.len());
    assert_eq!(outcome, (exit, "", 1), "{ended:#?}");
    let error = &errors[0];
    let found = facts(error, "code exit_code id api profile attempts");
    let expected = format!("{code} {exit} cacc_1 connect test {attempts}");
    assert_eq!(found, expected, "{error:#}");
    if attempts > 1 || !(6..=8).contains(&exit) {
        assert_eq!(error["retryable"], attempts > 1, "{error:#}");
    }
    for (key, value) in more {
        let text = error[key].as_str().unwrap_or_default();
        let is_part = *key == "message" && text.contains(value.as_str().unwrap());
        assert!(is_part || error[key] == *value, "{key}: {error:#}");
    }
    assert!(!ended.stderr.contains(SECRET), "{ended:#?}");
}

/// Checks the number of connections. One that is closed before a byte of an answer may cost another, which is no attempt.
#[track_caller]
pub fn connected(wire: &Wire, attempts: usize, code: &str) {
    let free = attempts * usize::from(["network", "proxy"].contains(&code));
    let made = wire.connections_of(attempts);
    assert!((attempts..=attempts + free).contains(&made), "{made}");
}

/// The values of these keys, separated by blanks.
pub fn facts(object: &Value, keys: &str) -> String {
    let text = |key| match &object[key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    keys.split(' ').map(text).collect::<Vec<_>>().join(" ")
}

/// Checks that the text has these parts, and not those.
#[track_caller]
pub fn has(text: &str, parts: &[&str], not: &[&str]) {
    for (parts, expected) in [(parts, true), (not, false)] {
        for part in parts {
            assert_eq!(text.contains(part), expected, "{part:?}: {text}");
        }
    }
}

/// Reads a request, writes this, closes.
fn says(bytes: impl Into<Vec<u8>>) -> Vec<Do> {
    vec![Read, Write(bytes.into()), Finish]
}

fn head(lines: &str, body: &str) -> Vec<Do> {
    says(format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}"))
}

fn chunked(body: &str) -> Vec<Do> {
    head("Transfer-Encoding: chunked\r\n", body)
}

fn http(status: usize, headers: &str, body: &str) -> Api {
    Api::Http(status, headers.to_owned(), body.to_owned())
}

/// 200, and this as JSON.
fn body(body: &str) -> Api {
    http(200, "Content-Type: application/json", body)
}

fn account(id: &str) -> String {
    ACCOUNT.replace("cacc_1", id)
}

/// The account with this as its metadata.
fn with_metadata(metadata: &str) -> String {
    let start = ACCOUNT.trim_end_matches('}');
    format!("{start},\"metadata\":{metadata}}}")
}

/// A home whose profile is this server.
pub fn at(url: &str) -> Home {
    let home = Home::new();
    home.profile(url);
    home
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn connections_that_break() {
    let partly = format!("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{ACCOUNT}");
    let chunk = format!("{:x}\r\n{ACCOUNT}\r\n", ACCOUNT.len());
    fails! { "", 2 => 7 network;
        "FIN at once": vec![Finish]; "FIN before the status line": vec![Read, Finish];
        "FIN in the status line": says("HTTP/1.1 2"); "FIN in the head": says("HTTP/1.1 200 OK\r\nContent-Le");
        "FIN before the body": head("Content-Length: 5\r\n", ""); "Content-Length too long": says(partly);
        "no length and cut off": head("", &ACCOUNT[..80]);
        "JSON cut off": says(response("200 OK", "X-Request-Id: r-1\r\n", "{\"id\":")), status = 200, request_id = "r-1";
        "cut off in a chunk": chunked("40\r\n{");
        "cut off between chunks": chunked(&chunk); "reset in the request": vec![Start, Reset];
    }
}

#[test]
fn answers_that_take_too_long() {
    let slow = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let length = ACCOUNT.len();
    let start = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let (of_head, of_body) = (1200 / start.len() as u64, 1200 / length as u64);
    fails! { "--timeout 200ms", 1 => 7 timeout;
        "silent": vec![Hold], retryable = true;
        "silent after the request": vec![Read, Hold], retryable = true; "the head dribbles": vec![Read, Dribble(slow.into(), 20)];
        "the body does not come": vec![Read, Write(start.clone().into()), Hold];
        "the body dribbles": vec![Read, Write(start.clone().into()), Dribble(ACCOUNT.into(), 20)];
    }
    fails! { "--timeout 1500ms", 1 => 7 timeout;
        "each phase in time, but not both": vec![Read, Dribble(start.into(), of_head), Dribble(ACCOUNT.into(), of_body), Finish];
    }
    // A second attempt has what is left.
    let busy = response("503 Busy", "Retry-After: 1\r\n", "");
    let wire = Wire::new(vec![says(busy), vec![Read, Hold]]);
    let get = "cacc get cacc_1 --timeout 3s -v -o json";
    let ended = at(wire.url()).acctq(get).run();
    assert_eq!(facts(&ended.errors()[0], "code attempts"), "timeout 2");
    assert!(ended.told("trace")[0]["retry_in_ms"].as_u64() >= Some(1000));
}

#[test]
fn answers_without_end() {
    let start = "HTTP/1.1 200 OK\r\n";
    let chunks = format!("{start}Transfer-Encoding: chunked\r\n\r\n");
    let flood = |start: &str, more: &[u8]| vec![Read, Write(start.into()), Flood(more.into())];
    let one_mebibyte = |extra: usize| {
        let filler = 1024 * 1024 - with_metadata("\"\"").len() + extra;
        with_metadata(&format!("\"{}\"", "x".repeat(filler)))
    };
    fails! { "", 1 => 9 bad_response;
        "endless headers": flood(start, b"X: y\r\n");
        "150 header lines": says(response("200 OK", &"X: y\r\n".repeat(150), ACCOUNT));
        "an endless body": flood(&format!("{start}\r\n"), &[b' '; 4096]); "endless chunks": flood(&chunks, b"8\r\n        \r\n");
        "an endless chunk size": flood(&chunks, b"0000000");
        "an endless chunk extension": flood(&format!("{chunks}2;"), b"xxxxxxx");
        "a byte more than a mebibyte": body(&one_mebibyte(1));
        "a length of 2^62": head("Content-Length: 4611686018427387904\r\n", "{");
        "a 404 without end": flood("HTTP/1.1 404 Not Found\r\n\r\n", &[b'x'; 4096]), status = 404;
    }
    // Refused, or ended by the timeout.
    for (start, more) in rows! {
        "", "HTTP/1.1 103 Early Hints\r\n\r\n"; start, "xxxxxxx"; &*format!("{chunks}0\r\n"), "X: y\r\n";
    } {
        let home = at(Wire::always(flood(start, more.as_bytes())).url());
        let ended = home.acctq("cacc get cacc_1 --timeout 1s -o json").run();
        assert!([7, 9].contains(&ended.code), "{ended:#?}");
    }
    let whole = one_mebibyte(0);
    assert_eq!(whole.len(), 1024 * 1024);
    let home = at(Wire::answers(json(&whole)).url());
    let ended = home.acctq("cacc get cacc_1 -o ndjson").run();
    ended.prints(&format!("{whole}\n"));
}

#[test]
fn broken_framing() {
    let length = ACCOUNT.len();
    let sized = |length: &str| head(&format!("Content-Length: {length}\r\n"), ACCOUNT);
    fails! { "", 1 => 9 bad_response;
        "conflicting lengths": sized(&format!("{length}\r\nContent-Length: 5"));
        "conflicting lengths in a list": sized(&format!("{length}, 5")); "a length of 2^63": sized("9223372036854775808");
        "a length of 2^64": sized("18446744073709551616"); "a negative length": sized("-1");
        "a length and a word": sized("5 bytes"); "a chunk of no size": chunked("zz\r\n{}\r\n0\r\n\r\n");
        "a chunk that is longer than its size": chunked("2\r\n{}}}\r\n0\r\n\r\n");
        "a transfer encoding": head("Transfer-Encoding: gzip\r\n", "\x1f");
        "no HTTP": says("hello\r\n\r\n"); "another protocol": says("SSH-2.0-OpenSSH_9.6\r\n");
        "HTTP/2": says("HTTP/2 200\r\n\r\n"); "a status of two digits": says("HTTP/1.1 20 OK\r\n\r\n");
        "a header line without a colon": head("nothing\r\n", ACCOUNT); "NUL in a header": head("X-Nul: a\0b\r\n", ACCOUNT);
    }
}

/// Checks that `cacc_1` is found, after this many connections.
#[track_caller]
fn finds(name: &str, scripts: Vec<Vec<Do>>, args: &str, connections: usize) {
    let wire = Wire::new(scripts);
    let get = format!("cacc get cacc_1 -o ndjson {args}");
    let ended = at(wire.url()).acctq(&get).run();
    let found = (ended.code, &*ended.stdout, &*ended.stderr);
    assert_eq!(found, (0, &*format!("{ACCOUNT}\n"), ""), "{name}");
    assert_eq!(wire.connections(), connections, "{name}");
}

#[test]
fn unusual_good_answers() {
    let length = ACCOUNT.len();
    let good = String::from_utf8(json(ACCOUNT)).unwrap();
    let (one, two) = ACCOUNT.split_at(20);
    let sized = |length: &str| head(&format!("Content-Length: {length}\r\n"), ACCOUNT);
    for (name, script) in rows! {
        "chunks", chunked(&format!("14\r\n{one}\r\n{:X}\r\n{two}\r\n0\r\n\r\n", two.len()));
        "chunks with extensions and trailers", chunked(&format!("{length:x};a=b\r\n{ACCOUNT}\r\n0\r\nX-Sum: 1\r\n\r\n"));
        "no length and complete", head("", ACCOUNT);
        // Chunks win over a length (RFC 9112 6.3).
        "chunks and a length", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &format!("{length:x}\r\n{ACCOUNT}\r\n0\r\n\r\n"));
        "the same length twice in a line", sized(&format!("{length}, {length}"));
        "the same length twice", sized(&format!("{length}\r\nContent-Length: {length}"));
        "HTTP/1.0", says(format!("HTTP/1.0 200 OK\r\n\r\n{ACCOUNT}")); "no reason", says(good.replace("200 OK", "200"));
        "interim answers", says(format!("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{good}"));
        "byte by byte", vec![Read, Dribble(good.clone().into(), 0), Finish];
        "names in lower case", says(good.replace("Content-", "content-"));
        "bytes beyond ASCII in a header", says([b"HTTP/1.1 200 OK\r\nX-City: K\xf6ln\r\n\r\n", ACCOUNT.as_bytes()].concat());
        "identity", head("Content-Encoding: identity\r\n", ACCOUNT);
        "a hundred header lines", head(&"X-Many: y\r\n".repeat(100), ACCOUNT);
        "15 KiB of cookies", head(&format!("Set-Cookie: {}\r\n", "y".repeat(15 * 1024)), ACCOUNT);
    } {
        finds(name, vec![script], "--retries 0", 1);
    }
}

#[test]
fn what_may_pass_is_retried() {
    let status = |status: &str, headers: &str| says(response(status, headers, "{}"));
    let asks = |headers: &str| status("429 Slow down", headers);
    let good = || says(json(ACCOUNT));
    for (name, script) in rows! {
        "FIN", vec![Read, Finish]; "reset", vec![Start, Reset]; "cut off", head("Content-Length: 500\r\n", ACCOUNT);
        "503", status("503 Service Unavailable", ""); "429", asks(""); "429, at once", asks("Retry-After: 0\r\n");
        "429, until the answer's own now", asks("Date: Fri, 01 Jan 2100 00:00:00 GMT\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n");
        "429, until a date long ago", asks("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        "429, until whenever", asks("Retry-After: soon\r\n");
    } {
        finds(name, vec![script, good()], "--retries 1", 2);
    }
    // Two retries are built in.
    let fails = || status("500 Oops", "");
    finds("500 twice", vec![fails(), fails(), good()], "", 3);
}

/// Looks up three accounts one after the other without retries; what `-o ndjson` prints of them.
fn get_three(scripts: Vec<Vec<Do>>) -> (Ended, usize, String) {
    let wire = Wire::new(scripts);
    let get = "cacc get cacc_1 cacc_2 cacc_3 -o ndjson --retries 0 --jobs 1";
    let ended = at(wire.url()).acctq(get).run();
    let found = ["cacc_1\n", "cacc_2\n", "cacc_3\n"];
    let found = found.map(|id| account(id.trim()) + "\n").concat();
    (ended, wire.connections(), found)
}

/// Answers requests for these accounts.
fn answers(ids: &[&str]) -> Vec<Do> {
    let answer = |id: &&str| [Read, Write(json(&account(id)))];
    ids.iter().flat_map(answer).collect()
}

#[test]
fn a_stale_connection_costs_no_attempt() {
    for (name, then) in rows! {
        "closed after the answer", vec![]; "closed after the next request", vec![Read];
        "reset at the next request", vec![Start, Reset];
    } {
        let first = [answers(&["cacc_1"]), then].concat();
        let (ended, connections, found) = get_three(vec![first, answers(&["cacc_2", "cacc_3"])]);
        ended.prints(&found);
        assert_eq!(connections, 2, "{name}");
    }
    // A further one does, and so does one that breaks in its answer.
    let half = says(&json(ACCOUNT)[..100]);
    for (first, second, connections) in rows! {
        vec![Read, Finish], vec![Read, Finish], 2; half, vec![], 1;
    } {
        let wire = Wire::new(vec![[answers(&["cacc_1"]), first].concat(), second]);
        let get = "cacc get cacc_1 cacc_2 -o ndjson --retries 0 --jobs 1";
        let ended = at(wire.url()).acctq(get).run();
        assert_eq!((ended.code, &*ended.stdout), (7, &*format!("{ACCOUNT}\n")));
        assert_eq!(facts(&ended.error(), "code attempts"), "network 1");
        assert_eq!(wire.connections(), connections);
    }
}

#[test]
fn which_connections_are_kept() {
    let length = ACCOUNT.len();
    let sized = |more: &str| head(&format!("Content-Length: {length}\r\n{more}"), ACCOUNT);
    let chunks = format!("{length:x}\r\n{ACCOUNT}\r\n0\r\n\r\n");
    let chunked = |more: &str| head(&format!("Transfer-Encoding: chunked\r\n{more}"), &chunks);
    let twice = format!("{ACCOUNT}HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{{}}");
    for (name, first, is_kept) in rows! {
        "a length", sized(""), true; "chunks", chunked(""), true; "close", sized("Connection: close\r\n"), false;
        "HTTP/1.0", says(format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{ACCOUNT}")), false;
        "both framings", chunked("Content-Length: 5\r\n"), false;
        "a second answer", head(&format!("Content-Length: {length}\r\n"), &twice), false;
    } {
        let more = answers(&["cacc_2", "cacc_3"]);
        let kept = [&first[..2], &more].concat();
        let (ended, connections, found) = get_three(vec![kept, more]);
        ended.prints(&found);
        assert_eq!(connections, if is_kept { 1 } else { 2 }, "{name}");
    }
}

#[test]
fn an_answer_to_another_question_is_not_believed() {
    let missing = || Write(response("404 Not Found", "", "{}"));
    // Each answer is that to the question before; the connection ends with the first that is found out.
    let mut late = answers(&["cacc_1", "cacc_1"]);
    late.extend([Read, missing(), Hold]);
    let (ended, connections, found) = get_three(vec![late, answers(&["cacc_3"])]);
    let found = found.replace(&(account("cacc_2") + "\n"), "");
    assert_eq!((ended.code, ended.stdout, connections), (9, found, 2));

    // It comes while the connection is idle.
    let (idle, arrived) = (Gate::default(), Gate::default());
    let mut first = answers(&["cacc_1"]);
    first.extend([Pass(idle.clone()), missing(), Open(arrived.clone()), Hold]);
    let wire = Wire::new(vec![first, answers(&["cacc_2"])]);
    let home = at(wire.url());
    let run = home.acctq("cacc get - -o ndjson --retries 0 --jobs 1");
    let (mut started, mut stdin) = run.start_fed();
    stdin.write_all(b"cacc_1\n").unwrap();
    assert_eq!(started.line(), format!("{ACCOUNT}\n"));
    idle.open();
    arrived.pass();
    stdin.write_all(b"cacc_2\n").unwrap();
    drop(stdin);
    started.exits().prints(&(account("cacc_2") + "\n"));
    assert_eq!(wire.connections(), 2);
}

#[test]
fn the_request_is_exactly_this() {
    for (base, get, path) in rows! {
        "", "cacc get cacc_1", "/api/v1/connected-accounts/cacc_1";
        "/", "partner account get Gone-1", "/api/v1/partners/accounts/Gone-1";
        "/a/b-c/", "cacc get cacc_1", "/a/b-c/api/v1/connected-accounts/cacc_1";
    } {
        let wire = Wire::answers(response("404 Not Found", "", ""));
        let home = at(&format!("{}{base}", wire.url()));
        assert_eq!(home.acctq(get).run().code, 5);
        let requests = wire.requests();
        let mut lines: Vec<_> = requests[0].trim_end().split("\r\n").collect();
        assert_eq!(lines.remove(0), format!("GET {path} HTTP/1.1"));
        lines.retain(|line| !line.eq_ignore_ascii_case("accept-encoding: identity"));
        lines.sort_unstable_by_key(|line| line.to_lowercase());
        let (port, agent) = (wire.port(), concat!("acctq/", env!("CARGO_PKG_VERSION")));
        let expected = [
            "accept: application/json",
            &format!("authorization: Bearer {TOKEN}"),
            &format!("host: 127.0.0.1:{port}"),
            &format!("user-agent: {agent}"),
        ];
        let expected = expected.join("\n");
        assert!(lines.join("\n").eq_ignore_ascii_case(&expected), "{lines:?}");
        has(lines[1], &[&format!("Bearer {TOKEN}")], &[]);
        assert_eq!(requests.len(), 1);
    }
}

#[test]
fn redirects_are_not_followed() {
    let other = Untouched::new();
    let url = &*other.url();
    for (status, location, origin) in rows! {
        301, "http://OTHER/x?y=z", url; 302, "http://user:secret@OTHER/", url; 303, "//OTHER/x", url; 307, "http://OTHER", url;
        308, "https://login.example.com/secret?next=/", "https://login.example.com"; 302, "http://api.example.com/", "http://api.example.com";
        302, "\\\\OTHER\\secret", ""; 302, "http://secret\\@api.example.com/", "";
        302, "/api/v1/connected-accounts/secret", ""; 302, "?secret=1", ""; 302, "x?next=\\\\secret.test", ""; 302, "javascript:secret(1)", "";
    } {
        let location = location.replace("OTHER", &url["http://".len()..]);
        let headers = format!("Location: {location}\r\n");
        let wire = Wire::answers(response(&format!("{status} Moved"), &headers, ACCOUNT));
        let ended = at(wire.url()).acctq("cacc get cacc_1 -o json").run();
        other.check();
        has(&ended.stderr, &[origin], &["secret"]);
        let error = ended.fails_with(9, "bad_response");
        assert_eq!((&error["status"], wire.connections()), (&status.into(), 1));
    }
}

#[test]
fn answers_that_are_no_account() {
    let typed = |kind: &str, body: &str| http(200, &format!("Content-Type: {kind}"), body);
    let other = |id: &str| body(&account(id));
    // A gzip bomb begins like this.
    let gzip: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x01\x0d\x00\x00\x00";
    let encoding = |name: &str| format!("HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\n\r\n");
    let encoded = |name: &str, body: &[u8]| says([encoding(name).as_bytes(), body].concat());
    let with = |metadata: &str| body(&with_metadata(metadata));
    let deep = |levels: usize| with(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    let objects = format!("{}1{}", "{\"a\":".repeat(150_000), "}".repeat(150_000));
    fails! { "", 1 => 9 bad_response;
        "a page called JSON": body(" \r\n<html><body>sign in</body></html>"), message = "page";
        "an account called a page": typed("TEXT/HTML", ACCOUNT), message = "page";
        "plain text": typed("text/plain", "OK"), message = "text/plain";
        "not UTF-8": says(&b"HTTP/1.1 200 OK\r\n\r\n{\"id\":\"\xff\"}"[..]);
        "another account": other("cacc_2"), message = "cacc_2"; "an id in another case": other("CACC_1"), message = "CACC_1";
        "an id that paints": other("\\u001b[31m\\u202e"), message = "\\u{1b}[31m\\u{202e}";
        "101": says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
        "an array": body(&format!("[{ACCOUNT}]")); "two documents": body(&format!("{ACCOUNT}\n{ACCOUNT}"));
        "a byte order mark": body("\u{feff}{}"); "NaN": body("{\"id\":NaN}");
        "206": http(206, "", ACCOUNT), status = 206; "304": http(304, "", ""), status = 304;
        "999": http(999, "", "{}"), status = 999; "gzip": encoded("gzip", gzip), message = "gzip";
        "br": encoded("br", ACCOUNT.as_bytes()), message = "br"; "two": encoded("gzip, identity", ACCOUNT.as_bytes());
        "two lines": encoded("identity\r\nContent-Encoding: gzip", gzip);
        "gzip without end": vec![Read, Write(encoding("gzip").into()), Flood(gzip.into())];
        "an encoded 404": http(404, "Content-Encoding: gzip", "\x1f"); "129 levels": deep(128);
        "200,000 levels": deep(199_999); "150,000 levels of objects": with(&objects);
        "a member twice, deep down": with(r#"[{"a":1,"\u0061":2}]"#); "the other half": with(r#"{"\udc00":1}"#);
        "two halves that do not fit": with(r#""\ud800\ud800""#); "a control character in a string": with("\"\n\"");
    }
}

#[test]
fn refusals() {
    let error = |status: usize| http(status, "X-Request-Id: r-1", ERROR);
    fails! { "";
        1 "401": error(401) => 4 auth, status = 401, server_code = "SOME_CODE", server_message = "Some message.", request_id = "r-1";
        1 "401 without body": http(401, "", "") => 4 auth, status = 401, server_message = Value::Null;
        1 "404": error(404) => 5 not_found, status = 404, server_code = "SOME_CODE";
        1 "401 of a page": http(401, HTML, "<html>Blocked</html>") => 9 bad_response, status = 401;
        1 "403 of a page": http(403, HTML, "<!doctype html>") => 9 bad_response, status = 403;
        2 "408": error(408) => 8 server, status = 408; 2 "408 without body": http(408, "", "") => 8 server;
        1 "404 of a page": http(404, HTML, "<html>404</html>") => 9 bad_response, status = 404;
        1 "404 of a text": http(404, "Content-Type: text/plain", "404 not found") => 9 bad_response;
        1 "403": error(403) => 4 auth, status = 403; 1 "410": error(410) => 5 gone, status = 410;
        1 "400": error(400) => 9 bad_response, status = 400; 1 "409": error(409) => 9 bad_response, status = 409;
        1 "422": error(422) => 9 bad_response, status = 422; 1 "404 without body": http(404, "", "") => 5 not_found;
        1 "501": error(501) => 8 server, status = 501, retryable = false;
        1 "511": error(511) => 8 server, status = 511; 2 "500": error(500) => 8 server, status = 500;
        2 "cut off": says("HTTP/1.1 503 Oops\r\nContent-Length: 900\r\n\r\n{") => 8 server, status = 503;
        2 "without end": vec![Read, Write(b"HTTP/1.1 500 Oops\r\n\r\n".into()), Flood(vec![b'x'; 4096])] => 8 server, status = 500;
        2 "502": http(502, HTML, "<html>") => 8 server, status = 502; 2 "504": http(504, "", "{") => 8 server, status = 504;
    }
}

#[test]
fn retries_are_counted() {
    for (args, requests) in [("--retries 0", 1), ("--retries 3", 4), ("", 3)] {
        let mut server = mockito::Server::new();
        let mock = server.mock("GET", "/api/v1/connected-accounts/cacc_1");
        let mock = mock.with_status(503).with_header("Retry-After", "0");
        let mock = mock.expect(requests).create();
        let get = format!("cacc get cacc_1 -o json {args}");
        let error = at(&server.url()).acctq(&get).run().fails(8, &[]).error();
        assert_eq!(error["attempts"], requests, "{args}");
        mock.assert();
    }
}

#[test]
fn asked_to_wait() {
    let after = |value: &str| http(429, &format!("Retry-After: {value}"), ERROR);
    let date = "Sun, 06 Nov 1994 08:51:37 GMT\nDate: Sun, 06 Nov 1994 08:49:37 GMT";
    fails! { "";
        2 "for ever, at once": after("0") => 6 rate_limited, retry_after_s = 0;
        2 "for ever": http(429, "", ERROR) => 6 rate_limited, status = 429, server_code = "SOME_CODE", retry_after_s = Value::Null;
        2 "garbage": after("1.5e3 soon") => 6 rate_limited;
        1 "a decimal point": after("61.0") => 6 rate_limited, retry_after_s = 61;
        1 "longer than the deadline": after("61") => 6 rate_limited, retry_after_s = 61, retryable = true;
        1 "for thirty years": after("999999999") => 6 rate_limited;
        1 "for longer than there are numbers": after("99999999999999999999999") => 6 rate_limited;
        1 "until a date, by the answer's clock": after(date) => 6 rate_limited, retry_after_s = 120;
        1 "503, longer than the deadline": http(503, "Retry-After: 61", "") => 8 server, retry_after_s = 61;
    }
    fails! { "--timeout 1h", 1 => 6 rate_limited;
        "for over five minutes": after("301"), retry_after_s = 301;
    }
    // Who asks for no pause is given one: chosen at random, so that not all of these are none.
    let home = at(Wire::answers(response("503 Busy", "Retry-After: 0\r\n", "")).url());
    let ended = home.acctq("cacc get cacc_1 cacc_2 cacc_3 -v -o ndjson").run();
    let traces = ended.fails(8, &[]).told("trace");
    let waits = traces.iter().filter_map(|trace| trace["retry_in_ms"].as_u64());
    assert!(waits.sum::<u64>() > 0, "{traces:?}");
}

#[test]
fn what_is_json_stays_exact() {
    let numbers = "[123456789012345678901234567890,-0.1234567890123456789012345678901234567890,1e400,-1E-400,1.10,-0]";
    let magic = r#"{"$serde_json::private::RawValue":"[1,2]","$serde_json::private::Number":"1e999","$__toml_private_datetime":"1979-05-27"}"#;
    // The account and its metadata are the first two levels.
    let deep = format!("{}{}", "[".repeat(126), "]".repeat(126));
    let metadata = format!(r#"{{"b":{deep},"a":{numbers},"":{magic},"A":"\ud83d\ude00","n":null}}"#);
    let home = at(Wire::answers(json(&with_metadata(&metadata))).url());
    let shown = metadata.replace(r"\ud83d\ude00", "\u{1f600}");
    let ended = home.acctq("cacc get cacc_1 -o ndjson").run();
    ended.prints(&format!("{}\n", with_metadata(&shown)));
    let ended = home.acctq("cacc get cacc_1 -o ndjson -F metadata").run();
    ended.prints(&format!("{{\"metadata\":{shown}}}\n"));
    let ended = home.acctq("cacc get cacc_1 -F metadata").run();
    assert!(ended.stdout.contains(numbers), "{ended:#?}");
}

#[test]
fn contract_violations_are_shown_with_a_warning() {
    let all = "id connection_type onboarding_mode status platform_organization_id created_at";
    for (account, fields) in rows! {
        ACCOUNT.replace("\"active\"", "7"), "status"; ACCOUNT.replace("active", "dormant"), "status";
        ACCOUNT.replace(",\"status\":\"active\"", ""), "status"; ACCOUNT.replace("\"cacc_1\"", "1"), "id"; "{}".to_owned(), all;
    } {
        let home = at(Wire::answers(json(&account)).url());
        let ended = home.acctq("cacc get cacc_1 -o ndjson").run();
        assert_eq!((ended.code, &ended.stdout), (0, &format!("{account}\n")));
        let warnings = ended.told("warning");
        let named = warnings[0]["fields"].as_array().unwrap().iter();
        let named: Vec<_> = named.map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!((warnings.len(), &*named.join(" ")), (1, fields));
        let strict = home.acctq("cacc get cacc_1 -o ndjson --strict").run();
        strict.fails(9, &named).fails_with(9, "bad_response");
    }
    // A new field is none.
    let account = with_metadata("{}").replace("metadata", "brand_new");
    let home = at(Wire::answers(json(&account)).url());
    let ended = home.acctq("cacc get cacc_1 -o ndjson --strict").run();
    ended.prints(&format!("{account}\n"));
}

#[test]
fn a_server_that_repeats_the_token() {
    let escaped = TOKEN.replace('-', "\\u002d");
    let message = |token: &str| format!(r#"{{"code":"X","message":"bad token {token}"}}"#);
    let id = format!("X-Request-Id: {}{TOKEN}", "x".repeat(190));
    let cut = format!("X-Request-Id: {TOKEN}\r\nContent-Length: 9\r\n");
    let found = |header: &str| http(200, header, ACCOUNT);
    let secret = r#""activation_token":"ACTIV-zz91-qqq""#;
    let said = format!(r#"{{{secret},"message":"ACTIV-zz91-qqq is used","code":"ACTIV-zz91-qqq"}}"#);
    let nested = format!(r#"{{"description":"ACTIV\u002dzz91-qqq is used","a":[{{{secret}}}]}}"#);
    let other = format!(r#"{{{secret},"id":"ACTIV-zz91-qqq"}}"#);
    // The harness looks for the token in everything that is printed.
    fails! { "-v", 1 => 9 bad_response;
        "in a redirect": http(302, &format!("Location: https://{TOKEN}.example.com/"), ""), status = 302;
        "in the request's name": found(&id); "in the type": found(&format!("Content-Type: text/{TOKEN}"));
        "in the encoding": found(&format!("Content-Encoding: {TOKEN}"));
        "in the account": body(&with_metadata(&format!("\"{TOKEN}\"")));
        "as a name in the account": body(&with_metadata(&format!("{{\"{TOKEN}\":1}}")));
        "escaped in the account": body(&with_metadata(&format!("\"{escaped}\"")));
        "in a page": http(200, HTML, &format!("<html>{TOKEN}")); "as another account": body(&account(TOKEN));
        "a secret in a redirect": http(302, "Location: https://ACTIV-zz91-qqq.example.com/", &said);
        "a secret in the type": http(200, "Content-Type: text/ACTIV-zz91-qqq", &said);
        "a secret as another id": body(&other);
    }
    fails! { "-v";
        1 "in an error": http(401, "", &message(TOKEN)) => 4 auth;
        1 "escaped in an error": http(401, "", &message(&escaped)) => 4 auth;
        1 "as an error code": http(401, "", &format!(r#"{{"code":"{TOKEN}"}}"#)) => 4 auth;
        1 "in an error's header": http(404, &id, "") => 5 not_found;
        1 "in the reason": says(format!("HTTP/1.1 401 {TOKEN}\r\n\r\n")) => 4 auth;
        1 "in a 404": http(404, "", &message(TOKEN)) => 5 not_found; 2 "in an answer cut off": head(&cut, "{") => 7 network;
        1 "a secret in a message": http(501, "X-Request-Id: req-ACTIV-zz91-qqq", &said) => 8 server, status = 501;
        1 "escaped, of a nested account": http(410, "", &nested) => 5 gone;
    }
}

#[test]
fn a_servers_words_are_escaped_and_cut() {
    let cut = |text: &str| format!("{}…", text.repeat(199));
    for (message, shown) in rows! {
        r"\u001b[2J\u001b]0;x\u0007", r"\u{1b}[2J\u{1b}]0;x\u{7}"; r"a\r\n\tb\u0000\u009b\u007f", r"a\r\n\tb\u{0}\u{9b}\u{7f}";
        r"\u202ef.exe\u200b\udb40\udc41", r"\u{202e}f.exe\u{200b}\u{e0041}";
        "use sk_live_abcdef or eyJhbGciOiJIUzI1NiJ9.e30", "use •••••••• or ••••••••";
        "Zoë 漢字", "Zoë 漢字"; &*"x".repeat(10_000), &*cut("x");
        // Cut between characters, wherever that is in bytes.
        &*"漢".repeat(300), &*cut("漢");
    } {
        let mut server = mockito::Server::new();
        let mock = server.mock("GET", mockito::Matcher::Any).with_status(400);
        let mock = mock.with_header("X-Request-Id", &"r".repeat(5000));
        let body = format!(r#"{{"code":"{message}","message":"{message}"}}"#);
        let _mock = mock.with_body(body).create();
        let home = at(&server.url());
        home.acctq("cacc get cacc_1").run().fails(9, &[shown]);
        let error = home.acctq("cacc get cacc_1 -o json").run().error();
        let found = ["server_code", "server_message", "request_id"].map(|key| error[key].as_str());
        assert_eq!(found, [Some(shown), Some(shown), Some(&*cut("r"))]);
    }
}

#[test]
fn verbose_shows_every_attempt() {
    let run = |args: &str| {
        let wire = Wire::new(vec![
            says(response("503 Busy", "X-Request-Id: one\r\n", "")),
            head("Content-Length: 500\r\n", "{"),
            says(response("200 OK", "X-Request-Id: three\r\n", ACCOUNT)),
        ]);
        let get = format!("cacc get cacc_1 {args}");
        let ended = at(wire.url()).acctq(&get).run();
        has(&ended.stdout, &["active"], &[]);
        let url = format!("{}/api/v1/connected-accounts/cacc_1", wire.url());
        (ended, url)
    };
    let (ended, url) = run("-v -o json");
    let attempts = ["1 503 one server", "2 200 null network", "3 200 three null"];
    let traces = ended.told("trace");
    let found = traces.iter().map(|trace| {
        assert!(trace["elapsed_ms"].is_u64());
        assert_eq!(trace["retry_in_ms"].is_u64(), trace["error"].is_string());
        facts(trace, "method url attempt status request_id error")
    });
    assert!(found.eq(attempts.map(|attempt| format!("GET {url} {attempt}"))), "{traces:#?}");
    let (ended, url) = run("-v");
    has(&ended.stderr, &[&*url, "503", "one", "three"], &[]);
    for quiet in ["-v -q", ""] {
        assert_eq!(run(quiet).0.stderr, "");
    }
}

#[test]
fn servers_that_cannot_be_reached() {
    let nothing = BlackHole::new();
    let (full, free) = (nothing.port(), free_port());
    for (url, args, expected) in rows! {
        format!("http://127.0.0.1:{full}"), "--timeout 200ms", "timeout 1 true null";
        format!("https://127.0.0.1:{full}"), "--timeout 200ms", "timeout 1 true null"; format!("http://127.0.0.1:{free}"), "", "network 2 true null";
        "https://nothing.invalid".to_owned(), "", "network 2 true null";
    } {
        let home = at(&url);
        let ca = home.file("ca.pem", certified("a CA").0, 0o644);
        let get = format!("cacc get cacc_1 --retries 1 -o json {args}");
        let ended = home.acctq(&get).env("SSL_CERT_FILE", &ca).run();
        let host = url.split("//").nth(1).unwrap();
        let error = ended.fails(7, &[host]).error();
        assert_eq!(facts(&error, "code attempts retryable status"), expected);
    }
}
