//! What a server may do on the wire.

use std::io::Write as _;

use crate::harness::{Home, TOKEN};
use crate::wire::Do::{Dribble, Finish, Flood, Hold, Open, Pass, Read, Reset, Start, Write};
use crate::wire::{BlackHole, Do, Gate, Reply, Server, Untouched, Wire, json, response};

/// An account that keeps to the contract.
const ACCOUNT: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2025-01-02T03:04:05Z"}"#;

const JSON: &str = "Content-Type: application/json\r\n";

/// A server's misbehaviour, and what comes of looking up `cacc_1` there with one retry, for people and for scripts.
struct Case {
    name: &'static str,
    /// One for each connection; the last serves all further ones.
    scripts: Vec<Vec<Do>>,
    /// More arguments.
    args: &'static str,
    exit_code: i32,
    code: &'static str,
    /// The whole message. `HOST` stands for the server, `WHO` and `TWICE` for what is said of every look-up.
    says: &'static str,
    /// How many connections are made: 1 is no retry, 2 is one.
    connections: usize,
}

/// Cases, one a line: `lasting` if it is not tried again, `passing` if it is; name, script, exit, message, more arguments.
macro_rules! cases {
    ($($again:ident $name:literal: $script:expr => $exit:expr, $says:expr $(, with $args:literal)?;)*) => {
        [$($again($name, $script, $exit, $says)$(.args($args))?),*]
    };
}

/// Scripts, one a line, each with its name.
macro_rules! scripts {
    ($($name:literal: $script:expr;)*) => {
        [$(($name, $script)),*]
    };
}

/// A case that is not tried again.
fn lasting(
    name: &'static str,
    script: Vec<Do>,
    exit: (i32, &'static str),
    says: &'static str,
) -> Case {
    let (exit_code, code) = exit;
    Case {
        name,
        scripts: vec![script],
        args: "",
        exit_code,
        code,
        says,
        connections: 1,
    }
}

/// A case that is tried once more.
fn passing(
    name: &'static str,
    script: Vec<Do>,
    exit: (i32, &'static str),
    says: &'static str,
) -> Case {
    Case {
        connections: 2,
        ..lasting(name, script, exit, says)
    }
}

impl Case {
    fn args(self, args: &'static str) -> Self {
        Case { args, ..self }
    }

    fn check(&self) {
        let name = self.name;
        let run = |more: &str| {
            let wire = Wire::new(self.scripts.clone());
            let home = Home::new();
            home.profile(wire.url());
            let ended = home
                .acctq(&format!("cacc get cacc_1 --retries 1 {} {more}", self.args))
                .run();
            assert_eq!(
                wire.connections_of(self.connections),
                self.connections,
                "connections: {name}: {ended:#?}"
            );
            let says = self
                .says
                .replace("HOST", &wire.url()["http://".len()..])
                .replace("WHO", "(cacc_1, profile test)")
                .replace("TWICE", "(cacc_1, profile test, tried 2 times)");
            (ended, says)
        };
        let (ended, says) = run("");
        ended.fails(self.exit_code, &[]);
        let lines: Vec<_> = ended.stderr.lines().collect();
        assert_eq!(lines[0], format!("error: {says}"), "{name}");
        assert!(
            lines.len() == 2 && lines[1].starts_with("  hint: "),
            "{name}: {ended:#?}"
        );
        let (ended, says) = run("-o json");
        ended.fails(self.exit_code, &[]);
        let error = ended.error();
        assert_eq!(error["message"], says, "{name}");
        assert_eq!(error["code"], self.code, "{name}");
        assert_eq!(error["exit_code"], self.exit_code, "{name}");
        assert_eq!(error["id"], "cacc_1", "{name}");
        assert_eq!(error["profile"], "test", "{name}");
        assert_eq!(error["attempts"], self.connections, "{name}");
    }
}

#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>) {
    // Every row is tried before the test fails: a table is read as a whole.
    let failed: Vec<_> = cases
        .into_iter()
        .filter(|case| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case.check())).is_err()
        })
        .map(|case| case.name)
        .collect();
    assert_eq!(failed, Vec::<&str>::new());
}

/// Reads a request, writes this, closes.
fn says(bytes: impl Into<Vec<u8>>) -> Vec<Do> {
    vec![Read, Write(bytes.into()), Finish]
}

fn status(status: &str, body: &str) -> Vec<Do> {
    says(response(status, JSON, body))
}

fn head(lines: &str, body: &str) -> Vec<Do> {
    says(format!("HTTP/1.1 200 OK\r\n{JSON}{lines}\r\n{body}"))
}

const NETWORK: (i32, &str) = (7, "network");
const TIMEOUT: (i32, &str) = (7, "timeout");
const LIMITED: (i32, &str) = (6, "rate_limited");
const BAD: (i32, &str) = (9, "bad_response");
const CLOSED: &str = "HOST closed the connection before its answer was complete TWICE";
const MANY: &str = "HOST sends more header lines than any API does (over 128) WHO";
const LONG: &str = "HOST sends more header lines than any API does (over 16 KiB) WHO";
const NO_HTTP: &str = "HOST does not answer in valid HTTP/1.1 WHO";

#[test]
fn connections_that_break() {
    let partly = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 500\r\n\r\n{ACCOUNT}");
    let unframed = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{}", &ACCOUNT[..80]);
    let in_a_chunk = format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n40\r\n{{");
    let between_chunks = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{ACCOUNT}\r\n",
        ACCOUNT.len()
    );
    check(cases! {
        passing "FIN at once": vec![Finish] => NETWORK, CLOSED;
        passing "FIN before the status line": vec![Read, Finish] => NETWORK, CLOSED;
        passing "FIN in the status line": says("HTTP/1.1 2") => NETWORK, CLOSED;
        passing "FIN after the status line": says("HTTP/1.1 200 OK\r\n") => NETWORK, CLOSED;
        passing "FIN in the head": says("HTTP/1.1 200 OK\r\nContent-Le") => NETWORK, CLOSED;
        passing "FIN before the body": says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") => NETWORK, CLOSED;
        passing "Content-Length too long": says(partly.clone()) => NETWORK, CLOSED;
        passing "reset in the body": vec![Start, Write(partly.into()), Reset] => NETWORK, CLOSED;
        passing "reset behind a body without a length": vec![Start, Write(format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{ACCOUNT}").into()), Reset] => NETWORK, CLOSED;
        passing "reset behind a 404 without a length": vec![Start, Write(format!("HTTP/1.1 404 Not Found\r\n{JSON}\r\n{{}}").into()), Reset] => NETWORK, CLOSED;
        passing "reset before the end of the last chunk": vec![Start, Write(format!("{between_chunks}0\r\n").into()), Reset] => NETWORK, CLOSED;
        passing "no length and cut off": says(unframed) => NETWORK, "the answer of HOST ends in the middle of its JSON TWICE";
        passing "cut off in a chunk": says(in_a_chunk) => NETWORK, CLOSED;
        passing "cut off between chunks": says(between_chunks) => NETWORK, CLOSED;
        passing "a 404 that is cut off, which may be any page": says("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n") => NETWORK, CLOSED;
        passing "reset at once": vec![Reset] => NETWORK, CLOSED;
        passing "reset in the request": vec![Start, Reset] => NETWORK, CLOSED;
    });
}

#[test]
fn answers_that_take_too_long() {
    let slow = format!("HTTP/1.1 200 OK\r\n{JSON}X: {}\r\n\r\n", "x".repeat(9000));
    let start = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n",
        ACCOUNT.len()
    );
    check(cases! {
            lasting "silent": vec![Hold] => TIMEOUT, "HOST did not answer within 0.2 s WHO";
            lasting "silent after the request": vec![Read, Hold] => TIMEOUT, "HOST did not answer within 0.2 s WHO";
            lasting "the head dribbles": vec![Read, Dribble(slow.into(), 20)] => TIMEOUT, "HOST did not answer within 0.2 s WHO";
            lasting "the body does not come": vec![Read, Write(start.clone().into()), Hold] => TIMEOUT, "the answer of HOST did not arrive whole within 0.2 s WHO";
            lasting "the body dribbles": vec![Read, Write(start.into()), Dribble(ACCOUNT.into(), 20)] => TIMEOUT, "the answer of HOST did not arrive whole within 0.2 s WHO";
        }
        .map(|case| case.args("--timeout 200ms")),
    );
    // Each phase in time, but not all of them.
    let length = ACCOUNT.len();
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: {length}\r\n\r\n");
    let (of_head, of_body) = (1800 / head.len() as u64, 1200 / length as u64);
    check(
        cases! {
            lasting "the head and the body are slow": vec![Read, Dribble(head.into(), of_head), Dribble(ACCOUNT.into(), of_body), Finish] => TIMEOUT, "the answer of HOST did not arrive whole within 2 s WHO";
        }
        .map(|case| case.args("--timeout 2s")),
    );
}

#[test]
fn answers_without_end() {
    let start = format!("HTTP/1.1 200 OK\r\n{JSON}");
    let one_mebibyte = |extra: usize| {
        let filler = "x".repeat(1024 * 1024 - ACCOUNT.len() - r#","filler":"""#.len() + extra);
        format!(
            "{},\"filler\":\"{filler}\"}}",
            ACCOUNT.trim_end_matches('}')
        )
    };
    check(cases! {
        lasting "endless headers": vec![Read, Write(start.clone().into()), Flood(b"X: y\r\n".into())] => BAD, MANY;
        lasting "150 header lines": says(response("200 OK", &"X: y\r\n".repeat(150), ACCOUNT)) => BAD, MANY;
        lasting "an endless header": vec![Read, Write(start.clone().into()), Flood(b"xxxxxxx".into())] => BAD, LONG;
        lasting "an endless body": vec![Read, Write(format!("{start}\r\n").into()), Flood(vec![b' '; 4096])] => BAD, "the answer of HOST is larger than any account (1024 KiB) WHO";
        lasting "endless chunks": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n").into()), Flood(b"8\r\n        \r\n".into())] => BAD, "the answer of HOST is larger than any account (1024 KiB) WHO";
        lasting "an endless chunk size": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n").into()), Flood(b"0000000".into())] => BAD, NO_HTTP;
        lasting "an endless chunk extension": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n2;").into()), Flood(b"xxxxxxx".into())] => BAD, LONG;
        lasting "endless extensions": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n").into()), Flood(b"1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n \r\n".into())] => BAD, LONG;
        lasting "endless lines behind the last chunk": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n0\r\n").into()), Flood(b"X: y\r\n".into())] => BAD, LONG;
        lasting "an endless line behind the last chunk": vec![Read, Write(format!("{start}Transfer-Encoding: chunked\r\n\r\n0\r\n").into()), Flood(b"xxxxxxx".into())] => BAD, LONG;
        lasting "endless interim answers": vec![Read, Flood(b"HTTP/1.1 103 Early Hints\r\n\r\n".into())] => BAD, LONG;
        lasting "a byte more than a mebibyte": says(json(&one_mebibyte(1))) => BAD, "the answer of HOST is larger than any account (1024 KiB) WHO";
        lasting "a length of 2^62": head("Content-Length: 4611686018427387904\r\n", "{") => BAD, "the answer of HOST is larger than any account (1024 KiB) WHO";
    });

    let body = one_mebibyte(0);
    assert_eq!(body.len(), 1024 * 1024);
    let wire = Wire::answers(json(&body));
    let home = Home::new();
    home.profile(wire.url());
    home.acctq("cacc get cacc_1 -o ndjson")
        .run()
        .prints(&format!("{body}\n"));
}

#[test]
fn broken_framing() {
    let chunked = |body: &str| head("Transfer-Encoding: chunked\r\n", body);
    let length = ACCOUNT.len();
    let twice = format!("Content-Length: {length}\r\nContent-Length: 5\r\n");
    let list = format!("Content-Length: {length}, 5\r\n");
    check(cases! {
        lasting "conflicting lengths": head(&twice, ACCOUNT) => BAD, NO_HTTP;
        lasting "conflicting lengths in a list": head(&list, ACCOUNT) => BAD, NO_HTTP;
        lasting "a length of 2^63": head("Content-Length: 9223372036854775808\r\n", ACCOUNT) => BAD, "the answer of HOST is larger than any account (1024 KiB) WHO";
        lasting "a length of 2^64": head("Content-Length: 18446744073709551616\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "a negative length": head("Content-Length: -1\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "a signed length": head("Content-Length: +5\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "no length": head("Content-Length: \r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "a chunk of no size": chunked("zz\r\n{}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a chunk that does not end where it says": chunked(&format!("{length:x}\r\n{ACCOUNT}}}}}0\r\n\r\n")) => BAD, NO_HTTP;
        lasting "a chunk too long": chunked("2\r\n{}}}}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a chunk of 2^64": chunked("10000000000000000\r\n{}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a negative chunk": chunked("-2\r\n{}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a last chunk without a size": chunked(&format!("{length:x}\r\n{ACCOUNT}\r\n\r\n\r\n")) => BAD, NO_HTTP;
        lasting "a last chunk with an extension and no size": chunked(&format!("{length:x}\r\n{ACCOUNT}\r\n;a=b\r\n\r\n")) => BAD, NO_HTTP;
        lasting "a chunk size with 0x": chunked("0x2\r\n{}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a chunk size that ends in LF only": chunked("2\n{}\r\n0\r\n\r\n") => BAD, NO_HTTP;
        lasting "a length in hex": head("Content-Length: 0x5\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "a length and a word": head("Content-Length: 5 bytes\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "chunks that are not outermost": head("Transfer-Encoding: chunked, gzip\r\n", "2\r\n{}\r\n0\r\n\r\n") => BAD, "HOST answers in the encoding chunked, gzip, which was not asked for WHO";
        lasting "a status below 100": says("HTTP/1.1 099 What\r\n\r\n") => BAD, NO_HTTP;
        lasting "a transfer encoding": head("Transfer-Encoding: gzip\r\n", ACCOUNT) => BAD, "HOST answers in the encoding gzip, which was not asked for WHO";
        lasting "no HTTP": says("hello\r\n\r\n") => BAD, NO_HTTP;
        lasting "another protocol": says("SSH-2.0-OpenSSH_9.6\r\n") => BAD, NO_HTTP;
        lasting "HTTP/2": says("HTTP/2 200\r\n\r\n") => BAD, NO_HTTP;
        lasting "a status of two digits": says("HTTP/1.1 20 OK\r\n\r\n") => BAD, NO_HTTP;
        lasting "a status of 999": status("999 What", "{}") => BAD, "HOST answers with status 999, which the API does not have for a look-up WHO";
        lasting "a header line without a colon": head("nothing\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "a folded header line": head("X-Folded: a\r\n b\r\n", ACCOUNT) => BAD, NO_HTTP;
        lasting "NUL in a header": head("X-Nul: a\0b\r\n", ACCOUNT) => BAD, NO_HTTP;
    });
}

/// Checks that `cacc_1` is found whatever the server does before, with these arguments, in so many connections.
#[track_caller]
fn finds(name: &str, scripts: &[Vec<Do>], args: &str, connections: usize) {
    let run = |more: &str| {
        let wire = Wire::new(scripts.to_vec());
        let home = Home::new();
        home.profile(wire.url());
        let ended = home.acctq(&format!("cacc get cacc_1 {args} {more}")).run();
        assert_eq!(wire.connections(), connections, "{name}: {ended:#?}");
        ended
    };
    let people = run("");
    assert_eq!(people.code, 0, "{name}: {people:#?}");
    people.prints(
        "ID                     cacc_1\n\
         Connection type        standard\n\
         Onboarding mode        full\n\
         Status                 active\n\
         Platform organization  org_1\n\
         Created                2025-01-02T03:04:05Z\n",
    );
    run("-o ndjson").prints(&format!("{ACCOUNT}\n"));
}

#[test]
fn good_answers_in_unusual_clothes() {
    let length = ACCOUNT.len();
    let good = String::from_utf8(json(ACCOUNT)).unwrap();
    let (one, two) = ACCOUNT.split_at(20);
    for (name, script) in scripts! {
        "a length": says(json(ACCOUNT));
        "chunks": head("Transfer-Encoding: chunked\r\n", &format!("14\r\n{one}\r\n{:X}\r\n{two}\r\n0\r\n\r\n", two.len()));
        "chunks with extensions and trailers": head("Transfer-Encoding: Chunked\r\n", &format!("{length:x};a=b\r\n{ACCOUNT}\r\n0\r\nX-Sum: 1\r\n\r\n"));
        "chunks, and 15 KiB of extensions and lines": head("Transfer-Encoding: chunked\r\n", &format!("{length:x};{0}\r\n{ACCOUNT}\r\n0;{0}\r\nX: {0}\r\n\r\n", "y".repeat(5 * 1024)));
        "chunks, and a line that is none behind them": head("Transfer-Encoding: chunked\r\n", &format!("{length:x}\r\n{ACCOUNT}\r\n0\r\nnothing\r\n\r\n"));
        "chunks, and an end instead of the last line": head("Transfer-Encoding: chunked\r\n", &format!("{length:x}\r\n{ACCOUNT}\r\n0\r\n"));
        "codings that are none": head(&format!("Content-Length: {length}\r\nTransfer-Encoding: \r\nContent-Encoding: \r\n"), ACCOUNT);
        "no length and complete": head("", ACCOUNT);
        // Chunks win over a length (RFC 9112 6.3).
        "chunks and a length": head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &format!("{length:x}\r\n{ACCOUNT}\r\n0\r\n\r\n"));
        "the same length twice in a line": head(&format!("Content-Length: {length}, {length}\r\n"), ACCOUNT);
        "the same length twice": head(&format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"), ACCOUNT);
        "HTTP/1.0": says(format!("HTTP/1.0 200 OK\r\n\r\n{ACCOUNT}"));
        "HTTP/1.0 with a length": says(format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{ACCOUNT}"));
        "no reason": says(good.replace("200 OK", "200"));
        "100 before": says(format!("HTTP/1.1 100 Continue\r\n\r\n{good}"));
        "103 before": says(format!("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{good}"));
        "102, 100 and 103 before": says(format!("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n{good}"));
        "103, then the answer later": vec![Read, Write("HTTP/1.1 103 Early Hints\r\n\r\n".into()), Dribble(good.clone().into(), 0), Finish];
        "byte by byte": vec![Read, Dribble(good.clone().into(), 0), Finish];
        "names in lower case": says(good.to_lowercase().replace("http/1.1", "HTTP/1.1").replace(&ACCOUNT.to_lowercase(), ACCOUNT));
        "bytes beyond ASCII in a header": says([b"HTTP/1.1 200 OK\r\nX-City: K\xf6ln\r\n\r\n", ACCOUNT.as_bytes()].concat());
        "identity": says(response("200 OK", "Content-Encoding: identity\r\n", ACCOUNT));
        "a hundred header lines": says(response("200 OK", &"X-Many: y\r\n".repeat(100), ACCOUNT));
        "15 KiB of cookies": says(response("200 OK", &format!("Set-Cookie: {}\r\n", "y".repeat(15 * 1024)), ACCOUNT));
    } {
        finds(name, &[script], "--retries 0", 1);
    }
}

#[test]
fn what_passes_by_itself() {
    let good = says(json(ACCOUNT));
    for (name, script) in scripts! {
        "FIN": vec![Read, Finish];
        "reset": vec![Start, Reset];
        "cut off": head("Content-Length: 500\r\n", ACCOUNT);
        "500": status("500 Internal Server Error", "{}");
        "502": status("502 Bad Gateway", "");
        "503": status("503 Service Unavailable", "<html>");
        "503, at once": says(response("503 Service Unavailable", "Retry-After: 0\r\n", ""));
        "504": status("504 Gateway Timeout", "");
        "429": status("429 Too Many Requests", "");
        "429, at once": says(response("429 Too Many Requests", "Retry-After: 0\r\n", ""));
        "429, until the answer's own now": says(response("429 Too Many Requests", "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", ""));
        "429, until a date long ago": says(response("429 Too Many Requests", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""));
        "429, until whenever": says(response("429 Too Many Requests", "Retry-After: soon\r\n", ""));
    } {
        finds(name, &[script, good.clone()], "--retries 1", 2);
    }
    // Two retries are built in.
    let script = vec![Read, Finish];
    finds("FIN twice", &[script.clone(), script, good], "", 3);
}

#[test]
fn a_stale_connection_is_invisible() {
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let first = || Write(json(&account("cacc_1")));
    let rest = vec![
        Read,
        Write(json(&account("cacc_2"))),
        Read,
        Write(json(&account("cacc_3"))),
        Finish,
    ];
    for (name, script) in [
        ("closed after the answer", vec![Read, first()]),
        ("closed after the next request", vec![Read, first(), Read]),
        (
            "reset at the next request",
            vec![Read, first(), Start, Reset],
        ),
        // RFC 9110 15.5.9.
        (
            "timed out at the next request",
            vec![
                Read,
                first(),
                Read,
                Write(response("408 Request Timeout", "Connection: close\r\n", "")),
            ],
        ),
    ] {
        let wire = Wire::new(vec![script, rest.clone()]);
        let home = Home::new();
        home.profile(wire.url());
        home.acctq("cacc get cacc_1 cacc_2 cacc_3 -o ndjson --retries 0 --jobs 1")
            .run()
            .prints(&format!(
                "{}\n{}\n{}\n",
                account("cacc_1"),
                account("cacc_2"),
                account("cacc_3")
            ));
        assert_eq!(wire.connections(), 2, "{name}");
    }
}

#[test]
fn a_connection_is_kept() {
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let wire = Wire::always(vec![
        Read,
        Write(json(&account("cacc_1"))),
        Read,
        Write(response("404 Not Found", JSON, "{}")),
        Read,
        Write(json(&account("cacc_3"))),
        Finish,
    ]);
    let home = Home::new();
    home.profile(wire.url());
    let ended = home
        .acctq("cacc get cacc_1 cacc_2 cacc_3 -o ndjson --retries 0 --jobs 1")
        .run();
    assert_eq!(ended.code, 5);
    assert_eq!(
        ended.stdout,
        format!("{}\n{}\n", account("cacc_1"), account("cacc_3"))
    );
    assert_eq!(ended.error()["id"], "cacc_2");
    assert_eq!((wire.connections(), wire.requests().len()), (1, 3));
}

#[test]
fn a_connection_is_kept_only_where_the_next_answer_begins_beyond_doubt() {
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let length = ACCOUNT.len();
    let ok = |lines: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{JSON}{lines}\r\n{body}");
    let sized = |more: &str| ok(&format!("Content-Length: {length}\r\n{more}"), ACCOUNT);
    let chunks = format!("{length:x}\r\n{ACCOUNT}\r\n0\r\n\r\n");
    let chunked = |more: &str| ok(&format!("Transfer-Encoding: chunked\r\n{more}"), &chunks);
    for (name, first, is_kept) in [
        ("a length", sized(""), true),
        ("chunks", chunked(""), true),
        (
            "chunks and lines behind them",
            chunked("").replace("0\r\n\r\n", "0\r\nX: y\r\n\r\n"),
            true,
        ),
        (
            "an interim answer",
            format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", sized("")),
            true,
        ),
        ("keep-alive", sized("Connection: keep-alive\r\n"), true),
        ("close", sized("Connection: close\r\n"), false),
        (
            "close, among others",
            sized("Connection: upgrade, Close\r\n"),
            false,
        ),
        ("HTTP/1.0", sized("").replace("HTTP/1.1", "HTTP/1.0"), false),
        (
            "chunks and a length",
            chunked("Content-Length: 5\r\n"),
            false,
        ),
        (
            "more than was announced",
            format!("{}\r\n", sized("")),
            false,
        ),
        (
            "more than the last chunk",
            format!("{} ", chunked("")),
            false,
        ),
        ("a second answer", format!("{0}{0}", sized("")), false),
    ] {
        let (second, third) = (json(&account("cacc_2")), json(&account("cacc_3")));
        let kept = vec![
            Read,
            Write(first.into()),
            Read,
            Write(second.clone()),
            Read,
            Write(third.clone()),
            Finish,
        ];
        let new = vec![Read, Write(second), Read, Write(third), Finish];
        let wire = Wire::new(vec![kept, new]);
        let home = Home::new();
        home.profile(wire.url());
        home.acctq("cacc get cacc_1 cacc_2 cacc_3 -o ndjson --retries 0 --jobs 1")
            .run()
            .prints(&format!(
                "{}\n{}\n{}\n",
                account("cacc_1"),
                account("cacc_2"),
                account("cacc_3")
            ));
        assert_eq!(wire.connections(), if is_kept { 1 } else { 2 }, "{name}");
    }
}

#[test]
fn a_connection_that_is_out_of_step_is_not_used_again() {
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let missing = || response("404 Not Found", JSON, "{}");
    for (name, stray, says) in [
        (
            "another account",
            json(&account("cacc_1")),
            "answers with another connected account: cacc_1 instead of cacc_2 (profile test)",
        ),
        (
            "no JSON",
            json("{\"id\":"),
            "ends in the middle of its JSON (cacc_2, profile test)",
        ),
    ] {
        // From then on each answer is that to the question before.
        let out_of_step = vec![
            Read,
            Write(json(&account("cacc_1"))),
            Read,
            Write(stray),
            Read,
            Write(missing()),
            Hold,
        ];
        let in_step = vec![Read, Write(json(&account("cacc_3"))), Finish];
        let wire = Wire::new(vec![out_of_step, in_step]);
        let home = Home::new();
        home.profile(wire.url());
        let ended = home
            .acctq("cacc get cacc_1 cacc_2 cacc_3 -o ndjson --retries 0 --jobs 1")
            .run();
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(says), "{name}: {ended:#?}");
        let expected = format!("{}\n{}\n", account("cacc_1"), account("cacc_3"));
        let code = if name == "no JSON" { 7 } else { 9 };
        assert_eq!((ended.code, &ended.stdout), (code, &expected), "{name}");
        assert_eq!(wire.connections(), 2, "{name}");
    }
}

#[test]
fn the_free_retry_is_free_once() {
    let keeps = vec![Read, Write(json(ACCOUNT)), Read, Finish];
    let wire = Wire::new(vec![keeps, vec![Read, Finish]]);
    let home = Home::new();
    home.profile(wire.url());
    let ended = home
        .acctq("cacc get cacc_1 cacc_2 -o ndjson --retries 0 --jobs 1")
        .run();
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (7, &*format!("{ACCOUNT}\n"))
    );
    assert_eq!(
        (
            ended.error()["code"].as_str(),
            ended.error()["attempts"].as_u64()
        ),
        (Some("network"), Some(1))
    );
    assert_eq!(wire.connections(), 2);
}

#[test]
fn the_free_retry_goes_to_a_new_connection() {
    let both = Gate::default();
    let asked = both.clone();
    let server = Server::new(move |request| match request.id {
        // It had closed all of them.
        "cacc_3" if request.on_connection > 1 => Reply::Close(Vec::new()),
        id => {
            asked.pass();
            Reply::Send(json(&ACCOUNT.replace("cacc_1", id)))
        }
    });
    let home = Home::new();
    home.profile(server.url());
    let run = home.acctq("cacc get - -o ndjson --retries 0 --jobs 2");
    let (mut started, mut stdin) = run.start_fed();
    stdin.write_all(b"cacc_1\ncacc_2\n").unwrap();
    server.asked(2);
    both.open();
    for id in ["cacc_1", "cacc_2"] {
        assert_eq!(
            started.line(),
            format!("{}\n", ACCOUNT.replace("cacc_1", id))
        );
    }
    stdin.write_all(b"cacc_3\n").unwrap();
    drop(stdin);
    started
        .exits()
        .prints(&format!("{}\n", ACCOUNT.replace("cacc_1", "cacc_3")));
    assert_eq!(server.count(), 4);
}

#[test]
fn what_comes_unasked_is_not_the_next_answer() {
    let account = |id: &str| ACCOUNT.replace("cacc_1", id);
    let (idle, arrived) = (Gate::default(), Gate::default());
    let speaks = vec![
        Read,
        Write(json(&account("cacc_1"))),
        Pass(idle.clone()),
        Write(response("404 Not Found", JSON, "{}")),
        Open(arrived.clone()),
        Hold,
    ];
    let wire = Wire::new(vec![speaks, says(json(&account("cacc_2")))]);
    let home = Home::new();
    home.profile(wire.url());
    let run = home.acctq("cacc get - -o ndjson --retries 0 --jobs 1");
    let (mut started, mut stdin) = run.start_fed();
    stdin.write_all(b"cacc_1\n").unwrap();
    assert_eq!(started.line(), format!("{}\n", account("cacc_1")));
    idle.open();
    arrived.pass();
    stdin.write_all(b"cacc_2\n").unwrap();
    drop(stdin);
    started.exits().prints(&format!("{}\n", account("cacc_2")));
    assert_eq!(wire.connections(), 2);
}

#[test]
fn a_connection_that_breaks_in_its_answer_is_not_stale() {
    let half = json(ACCOUNT)[..100].to_vec();
    let breaks = vec![Read, Write(json(ACCOUNT)), Read, Write(half), Finish];
    let other = ACCOUNT.replace("cacc_1", "cacc_2");
    let wire = Wire::new(vec![breaks, says(json(&other))]);
    let home = Home::new();
    home.profile(wire.url());
    let ended = home
        .acctq("cacc get cacc_1 cacc_2 -o ndjson --retries 0 --jobs 1")
        .run();
    assert_eq!((ended.code, &*ended.stdout), (7, &*format!("{ACCOUNT}\n")));
    assert_eq!(
        (
            ended.error()["code"].as_str(),
            ended.error()["attempts"].as_u64()
        ),
        (Some("network"), Some(1))
    );
    assert_eq!(wire.connections(), 1);
}

#[test]
fn the_request_is_exactly_this() {
    let version = env!("CARGO_PKG_VERSION");
    for (base, prefix) in [
        ("", ""),
        ("/", ""),
        ("/gateway", "/gateway"),
        ("/a/b%20c/", "/a/b%20c"),
    ] {
        for (command, id, path) in [
            ("cacc get", "cacc_1", "/api/v1/connected-accounts/cacc_1"),
            (
                "partner account get",
                "Gone-1",
                "/api/v1/partners/accounts/Gone-1",
            ),
        ] {
            let wire = Wire::answers(response("404 Not Found", "", ""));
            let home = Home::new();
            home.profile(&format!("{}{base}", wire.url()));
            assert_eq!(home.acctq(&format!("{command} {id}")).run().code, 5);
            let requests = wire.requests();
            let mut lines: Vec<_> = requests[0].trim_end().split("\r\n").collect();
            assert_eq!(lines.remove(0), format!("GET {prefix}{path} HTTP/1.1"));
            lines.sort_unstable();
            assert_eq!(
                lines,
                [
                    "accept-encoding: identity".to_owned(),
                    "accept: application/json".to_owned(),
                    format!("authorization: Bearer {TOKEN}"),
                    format!("host: 127.0.0.1:{}", wire.port()),
                    format!("user-agent: acctq/{version}"),
                ]
            );
            assert_eq!(requests.len(), 1);
        }
    }
}

#[test]
fn encodings_are_refused_before_decoding() {
    // A gzip bomb begins like this; that nothing decodes it is told by the message.
    let gzip: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x01\x0d\x00\x00\x00";
    let encoded = |name: &str, body: &[u8]| {
        says(
            [
                format!("HTTP/1.1 200 OK\r\n{JSON}Content-Encoding: {name}\r\n\r\n").as_bytes(),
                body,
            ]
            .concat(),
        )
    };
    check(cases! {
        lasting "gzip": encoded("gzip", gzip) => BAD, "HOST answers in the encoding gzip, which was not asked for WHO";
        lasting "br": encoded("br", ACCOUNT.as_bytes()) => BAD, "HOST answers in the encoding br, which was not asked for WHO";
        lasting "two": encoded("gzip, identity", ACCOUNT.as_bytes()) => BAD, "HOST answers in the encoding gzip, identity, which was not asked for WHO";
        lasting "two lines": encoded("identity\r\nContent-Encoding: gzip", gzip) => BAD, "HOST answers in the encoding gzip, which was not asked for WHO";
        lasting "gzip without end": vec![Read, Write(format!("HTTP/1.1 200 OK\r\n{JSON}Content-Encoding: gzip\r\n\r\n").into()), Flood(gzip.into())] => BAD, "HOST answers in the encoding gzip, which was not asked for WHO";
        lasting "a page that may be a 404 of anything": says(response("404 Not Found", "Content-Type: text/html\r\nContent-Encoding: gzip\r\n", "\x1f")) => BAD, "HOST answers in the encoding gzip, which was not asked for WHO";
    });
}

#[test]
fn redirects_are_not_followed() {
    let other = Untouched::new();
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        for (location, target) in [
            (format!("{}/x?y=z", other.url()), other.url()),
            (
                "/api/v1/connected-accounts/cacc_1/".to_owned(),
                "another path of its own".to_owned(),
            ),
            ("?x=1".to_owned(), "another path of its own".to_owned()),
            (
                format!("http://user:pass@127.0.0.1:{}/", other.port()),
                other.url(),
            ),
            (format!("//127.0.0.1:{}/x", other.port()), other.url()),
            (
                "https://login.example.com/sso?next=/".to_owned(),
                "https://login.example.com".to_owned(),
            ),
            (
                "http://api.example.com/".to_owned(),
                "http://api.example.com".to_owned(),
            ),
            // A browser takes each backslash for a slash, and does not see a tab.
            (format!("\\\\127.0.0.1:{}\\x", other.port()), other.url()),
            (format!("/\\127.0.0.1:{}", other.port()), other.url()),
            (format!("/\t/127.0.0.1:{}/?//", other.port()), other.url()),
            (format!("{}\\@api.example.com/", other.url()), other.url()),
            (
                "x?next=\\\\evil.test".to_owned(),
                "another path of its own".to_owned(),
            ),
            (
                "javascript:alert(1)".to_owned(),
                "something that is no web address".to_owned(),
            ),
            (
                "https://evil example/".to_owned(),
                "something that is no web address".to_owned(),
            ),
        ] {
            let answer = response(status, &format!("{JSON}Location: {location}\r\n"), ACCOUNT);
            let wire = Wire::answers(answer);
            let home = Home::new();
            home.profile(wire.url());
            let code = &status[..3];
            let message = format!(
                "127.0.0.1:{} redirects to {target} (status {code}), and redirects are not followed (cacc_1, profile test)",
                wire.port()
            );
            let hint = "is base_url right? `acctq config show` shows it";
            let ended = home.acctq("cacc get cacc_1").run();
            // Before anything else is looked at: that nobody came is what matters.
            other.check();
            ended.is(9, "", &format!("error: {message}\n  hint: {hint}\n"));
            let error = home
                .acctq("cacc get cacc_1 -o json")
                .run()
                .fails(9, &[])
                .error();
            assert_eq!(error["message"], message.as_str());
            assert_eq!(error["status"], code.parse::<u16>().unwrap());
            assert_eq!(wire.connections(), 2, "{location}");
        }
    }
    check(cases! {
        lasting "no location": status("302 Found", "") => BAD, "HOST redirects to nowhere (status 302), and redirects are not followed WHO";
    });
}

#[test]
fn two_hundred_without_an_account() {
    let page = "HOST answers with a web page, not with JSON (cacc_1, profile test)";
    let object = "the answer of HOST is JSON, but not an object (cacc_1, profile test)";
    let after = "the answer of HOST goes on after the end of its JSON (cacc_1, profile test)";
    let typed = |content_type: &str, body: &str| {
        says(response(
            "200 OK",
            &format!("Content-Type: {content_type}\r\n"),
            body,
        ))
    };
    let body = |body: &str| says(json(body));
    check(cases! {
        lasting "a captive portal": typed("text/html; charset=utf-8", "<!doctype html><title>Free Wi-Fi</title>") => BAD, page;
        lasting "a page called JSON": body(" \r\n<html><body>sign in</body></html>") => BAD, page;
        lasting "an account called a page": typed("TEXT/HTML", ACCOUNT) => BAD, page;
        lasting "XML": typed("application/xml", "<?xml version=\"1.0\"?>") => BAD, page;
        lasting "plain text": typed("text/plain", "OK") => BAD, "HOST answers with text/plain, not with JSON WHO";
        lasting "empty": body("") => BAD, "the answer of HOST is empty WHO";
        lasting "blank": body(" \r\n") => BAD, "the answer of HOST is empty WHO";
        lasting "null": body("null") => BAD, object;
        lasting "an array": body(&format!("[{ACCOUNT}]")) => BAD, object;
        lasting "a string": body("\"cacc_1\"") => BAD, object;
        lasting "two documents": body(&format!("{ACCOUNT}\n{ACCOUNT}")) => BAD, after;
        lasting "trailing garbage": body(&format!("{ACCOUNT}x")) => BAD, after;
        lasting "text called JSON": body("OK") => BAD, "the answer of HOST is not JSON WHO";
        lasting "a byte order mark": body(&format!("\u{feff}{ACCOUNT}")) => BAD, "the answer of HOST begins with a byte order mark, which JSON must not WHO";
        lasting "NaN": body("{\"id\":NaN}") => BAD, "the answer of HOST is not JSON WHO";
        lasting "not UTF-8": says([&b"HTTP/1.1 200 OK\r\n\r\n{\"id\":\"\xff\"}"[..]].concat()) => BAD, "the answer of HOST is not UTF-8 WHO";
        lasting "another account": body(&ACCOUNT.replace("cacc_1", "cacc_2")) => BAD, "HOST answers with another connected account: cacc_2 instead of cacc_1 (profile test)";
        lasting "an id in another case": body(&ACCOUNT.replace("cacc_1", "CACC_1")) => BAD, "HOST answers with another connected account: CACC_1 instead of cacc_1 (profile test)";
        lasting "an id that paints": body(&ACCOUNT.replace("cacc_1", "\\u001b[31m\\u202e")) => BAD, "HOST answers with another connected account: \\u{1b}[31m\\u{202e} instead of cacc_1 (profile test)";
        lasting "204": says("HTTP/1.1 204 No Content\r\n\r\n") => BAD, "HOST answers with status 204, which the API does not have for a look-up WHO";
        lasting "206": status("206 Partial Content", ACCOUNT) => BAD, "HOST answers with status 206, which the API does not have for a look-up WHO";
        lasting "304": says("HTTP/1.1 304 Not Modified\r\n\r\n") => BAD, "HOST answers with status 304, which the API does not have for a look-up WHO";
        lasting "101": says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n") => BAD, "HOST answers with status 101, which the API does not have for a look-up WHO";
    });
}

#[test]
fn refusals() {
    let error = r#"{"code":"SOME_CODE","message":"Some message."}"#;
    let html = |status: &str| {
        says(response(
            status,
            "Content-Type: text/html\r\n",
            "<html>404</html>",
        ))
    };
    let page =
        "HOST answers 404 with a page of its own, not with the API's error (cacc_1, profile test)";
    check(cases! {
        lasting "401": status("401 Unauthorized", error) => (4, "auth"), "HOST rejects the token of profile test (status 401); the server says: \"Some message.\" (cacc_1)";
        lasting "401 without body": status("401 Unauthorized", "") => (4, "auth"), "HOST rejects the token of profile test (status 401) (cacc_1)";
        lasting "403": status("403 Forbidden", error) => (4, "auth"), "HOST (profile test) does not let this token read the connected account cacc_1 (status 403); the server says: \"Some message.\"";
        lasting "404": status("404 Not Found", error) => (5, "not_found"), "no connected account cacc_1 at HOST (profile test); the server says: \"Some message.\"";
        lasting "404 without body": says(response("404 Not Found", "", "")) => (5, "not_found"), "no connected account cacc_1 at HOST (profile test)";
        lasting "404 of a page": html("404 Not Found") => BAD, page;
        lasting "404 of a page that begins with blanks": says(response("404 Not Found", "Content-Type: text/html\r\n", &format!("{}<html>", " ".repeat(70_000)))) => BAD, page;
        lasting "404 without end": vec![Read, Write(b"HTTP/1.1 404 Not Found\r\n\r\n".into()), Flood(vec![b'x'; 4096])] => BAD, page;
        lasting "404 of a plain text": says(response("404 Not Found", "Content-Type: text/plain\r\n", "404 page not found")) => BAD, page;
        lasting "410": status("410 Gone", error) => (5, "gone"), "the connected account cacc_1 at HOST (profile test) is gone; the server says: \"Some message.\"";
        lasting "400": status("400 Bad Request", error) => BAD, "HOST refuses the look-up (status 400); the server says: \"Some message.\" WHO";
        lasting "409": status("409 Conflict", error) => BAD, "HOST refuses the look-up for now (status 409); the server says: \"Some message.\" WHO";
        lasting "422": status("422 Unprocessable Content", error) => BAD, "HOST answers with status 422, which the API does not have for a look-up; the server says: \"Some message.\" WHO";
        lasting "501": status("501 Not Implemented", error) => (8, "server"), "HOST (profile test) failed with status 501; the server says: \"Some message.\" (cacc_1)";
        lasting "511": status("511 Network Authentication Required", error) => (8, "server"), "HOST (profile test) failed with status 511; the server says: \"Some message.\" (cacc_1)";
        passing "500": status("500 Internal Server Error", error) => (8, "server"), "HOST (profile test) failed with status 500; the server says: \"Some message.\" (cacc_1, tried 2 times)";
        passing "502": html("502 Bad Gateway") => (8, "server"), "HOST (profile test) failed with status 502 (cacc_1, tried 2 times)";
        passing "503": status("503 Service Unavailable", "") => (8, "server"), "HOST (profile test) failed with status 503 (cacc_1, tried 2 times)";
        passing "504": status("504 Gateway Timeout", "{") => (8, "server"), "HOST (profile test) failed with status 504 (cacc_1, tried 2 times)";
        passing "an error without end": vec![Read, Write(b"HTTP/1.1 500 Oops\r\n\r\n".into()), Flood(vec![b'x'; 4096])] => (8, "server"), "HOST (profile test) failed with status 500 (cacc_1, tried 2 times)";
        passing "an error cut off": head("", "").into_iter().map(|action| match action { Write(_) => Write(b"HTTP/1.1 503 Oops\r\nContent-Length: 900\r\n\r\n{".into()), other => other, }).collect() => (8, "server"), "HOST (profile test) failed with status 503 (cacc_1, tried 2 times)";
    });
}

#[test]
fn what_is_cut_off_says_in_which_answer() {
    let wire = Wire::answers(response("200 OK", "X-Request-Id: r-1\r\n", "{\"id\":"));
    let home = Home::new();
    home.profile(wire.url());
    let error = home
        .acctq("cacc get cacc_1 --retries 0 -o json")
        .run()
        .fails(7, &["ends in the middle of its JSON"])
        .error();
    assert_eq!(
        (&error["status"], &error["request_id"]),
        (&200.into(), &"r-1".into())
    );
}

#[test]
fn an_id_that_is_a_word_of_the_message_is_told() {
    let wire = Wire::answers(response("422 Unprocessable", "", ""));
    let gone = Wire::answers(response("410 Gone", "", ""));
    for (wire, id, code, says) in [
        (&wire, "with", 9, " (with, profile test)\n"),
        (&wire, "status", 9, " (status, profile test)\n"),
        (&gone, "with", 5, "error: the partner account with at "),
        (&gone, "the", 5, " (profile test) is gone\n"),
    ] {
        let home = Home::new();
        home.profile(wire.url());
        let get = format!("partner account get {id}");
        home.acctq(&get).run().fails(code, &[says]);
    }
}

#[test]
fn retries_are_counted() {
    for (args, requests) in [
        ("--retries 0", 1),
        ("--retries 1", 2),
        ("--retries 3", 4),
        ("", 3),
    ] {
        let wire = Wire::answers(response(
            "503 Service Unavailable",
            "Retry-After: 0\r\n",
            "",
        ));
        let home = Home::new();
        home.profile(wire.url());
        let error = home
            .acctq(&format!("cacc get cacc_1 -o json {args}"))
            .run()
            .fails(8, &[])
            .error();
        assert_eq!(error["attempts"], requests, "{args}");
        assert_eq!(wire.connections_of(requests), requests, "{args}");
    }
}

#[test]
fn a_second_attempt_has_what_is_left() {
    let busy = response("503 Service Unavailable", "Retry-After: 1\r\n", "");
    let wire = Wire::new(vec![says(busy), vec![Read, Hold]]);
    let home = Home::new();
    home.profile(wire.url());
    let error = home
        .acctq("cacc get cacc_1 --timeout 3s -o json")
        .run()
        .fails(7, &[])
        .error();
    let message = error["message"].as_str().unwrap();
    let (before, after) = message.split_once(" within ").unwrap();
    let (seconds, after) = after.split_once(" s ").unwrap();
    assert_eq!(
        (before, after),
        (
            format!("{} did not answer", &wire.url()["http://".len()..]).as_str(),
            "(cacc_1, profile test, tried 2 times)"
        )
    );
    // The pause took one of the three.
    let seconds: f64 = seconds.parse().unwrap();
    assert!(seconds <= 2.0, "{message}");
}

#[test]
fn asked_to_wait() {
    let asks = |headers: &str| {
        says(response(
            "429 Too Many Requests",
            headers,
            r#"{"code":"TOO_MANY_REQUESTS","message":"slow down"}"#,
        ))
    };
    check(cases! {
        passing "for ever, at once": asks("Retry-After: 0\r\n") => LIMITED, "HOST (profile test) asks to wait for 0 s (status 429) (cacc_1, tried 2 times)";
        passing "for ever": asks("") => LIMITED, "HOST (profile test) asks to wait (status 429) (cacc_1, tried 2 times)";
        passing "garbage": asks("Retry-After: 1.5e3 soon\r\n") => LIMITED, "HOST (profile test) asks to wait (status 429) (cacc_1, tried 2 times)";
        lasting "longer than the deadline": asks("Retry-After: 61\r\n") => LIMITED, "HOST (profile test) asks to wait for 61 s (status 429) (cacc_1)";
        lasting "for thirty years": asks("Retry-After: 999999999\r\n") => LIMITED, "HOST (profile test) asks to wait for more than 100 h (status 429) (cacc_1)";
        lasting "for longer than there are numbers": asks("Retry-After: 99999999999999999999999\r\n") => LIMITED, "HOST (profile test) asks to wait for more than 100 h (status 429) (cacc_1)";
        lasting "until a date, by the answer's clock": asks("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n") => LIMITED, "HOST (profile test) asks to wait for 2 min (status 429) (cacc_1)";
        lasting "for over five minutes": asks("Retry-After: 301\r\n") => LIMITED, "HOST (profile test) asks to wait for 6 min (status 429) (cacc_1)", with "--timeout 1h";
        lasting "503, longer than the deadline": says(response("503 Service Unavailable", "Retry-After: 61\r\n", "")) => (8, "server"), "HOST (profile test) failed with status 503 and asks to wait for 61 s (cacc_1)";
    });

    let wire = Wire::always(asks("Retry-After: 61\r\nX-Request-Id: req-7\r\n"));
    let home = Home::new();
    home.profile(wire.url());
    let error = home
        .acctq("cacc get cacc_1 -o json")
        .run()
        .fails(6, &[])
        .error();
    for (key, value) in [
        ("retryable", true.into()),
        ("retry_after_s", 61.into()),
        ("server_code", "TOO_MANY_REQUESTS".into()),
        ("server_message", "slow down".into()),
        ("request_id", "req-7".into()),
        ("status", 429.into()),
        ("api", "connect".into()),
        ("file", serde_json::Value::Null),
    ] {
        assert_eq!(error[key], value, "{key}");
    }
}

#[test]
fn who_asks_for_no_pause_is_not_hammered_at() {
    for retry_after in ["0", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let headers = format!("Retry-After: {retry_after}\r\n");
        let wire = Wire::answers(response("503 Busy", &headers, ""));
        let home = Home::new();
        home.profile(wire.url());
        for ids in ["cacc_1", "cacc_1 cacc_2 cacc_3"] {
            let ended = home.acctq(&format!("cacc get {ids} -v -o ndjson")).run();
            assert_eq!((ended.code, ended.stdout.as_str()), (8, ""));
            let told = ended.stderr.lines().map(|line| {
                let told: serde_json::Value = serde_json::from_str(line).unwrap();
                told["trace"]["retry_in_ms"].as_u64()
            });
            let waits: Vec<u64> = told.flatten().collect();
            assert_eq!(waits.len(), 2 * ids.split(' ').count());
            // Each is chosen at random from many.
            assert!(waits.iter().any(|wait| *wait > 0), "{waits:?}");
        }
    }
}

/// The account with this as its metadata.
fn with_metadata(metadata: &str) -> String {
    format!(
        "{},\"metadata\":{metadata}}}",
        ACCOUNT.trim_end_matches('}')
    )
}

#[test]
fn what_is_json_stays_exact() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for metadata in [
        // The account itself is the first level.
        &*deep(127),
        "123456789012345678901234567890",
        "-0.1234567890123456789012345678901234567890",
        "1e400",
        "-1E-400",
        "1.10",
        "-0",
        r#"{"$serde_json::private::RawValue":"[1,2]"}"#,
        r#"{"$serde_json::private::Number":"1e999"}"#,
        r#"{"$__toml_private_datetime":"1979-05-27"}"#,
        r#"{"b":1,"a":2,"":3,"A":4}"#,
        r#""\ud83d\ude00""#,
        "null",
    ] {
        let account = with_metadata(metadata);
        let wire = Wire::answers(json(&account));
        let home = Home::new();
        home.profile(wire.url());
        let shown = account.replace(r"\ud83d\ude00", "\u{1f600}");
        home.acctq("cacc get cacc_1 -o ndjson")
            .run()
            .prints(&format!("{shown}\n"));
        home.acctq("cacc get cacc_1 -o ndjson -F metadata")
            .run()
            .prints(&format!(
                "{{\"metadata\":{}}}\n",
                &shown[ACCOUNT.len() + ",\"metadata\":".len() - 1..shown.len() - 1]
            ));
        let table = home.acctq("cacc get cacc_1").run();
        assert_eq!((table.code, table.stderr.as_str()), (0, ""), "{metadata}");
    }
}

/// Laid out to the last bracket, this would be a hundred times as long, and more than a run may have (see the harness).
#[test]
fn depth_takes_no_memory() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let metadata = format!("[{}0]", format!("{deep},").repeat(5000));
    let account = with_metadata(&metadata);
    let wire = Wire::answers(json(&account));
    let home = Home::new();
    home.profile(wire.url());
    for format in ["json", "yaml", "ndjson", "table"] {
        let ended = home.acctq(&format!("cacc get cacc_1 -o {format}")).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{format}");
        if format == "json" {
            let blank = |c: char| c.is_ascii_whitespace();
            let shown: String = ended.stdout.chars().filter(|c| !blank(*c)).collect();
            assert_eq!(shown, account);
            assert!(ended.stdout.contains("\n    [\n      [\n        ["));
        }
    }
}

#[test]
fn what_readers_disagree_on_is_refused() {
    let with = |metadata: &str| says(json(&with_metadata(metadata)));
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let too_deep = "the answer of HOST nests deeper than 128 levels (cacc_1, profile test)";
    let twice = "the answer of HOST names a member of an object twice (cacc_1, profile test)";
    let half = "the answer of HOST holds half of a surrogate pair (cacc_1, profile test)";
    check(cases! {
        lasting "129 levels": with(&deep(128)) => BAD, too_deep;
        lasting "200,000 levels": with(&deep(199_999)) => BAD, too_deep;
        lasting "200,000 levels of objects": with(&format!("{}1{}", "{\"a\":".repeat(150_000), "}".repeat(150_000))) => BAD, too_deep;
        passing "half a million open brackets": says(json(&"[".repeat(500_000))) => NETWORK, "the answer of HOST ends in the middle of its JSON TWICE";
        lasting "a member twice": says(json(&ACCOUNT.replace('{', r#"{"id":"cacc_2","#))) => BAD, twice;
        lasting "a member twice, deep down": with(r#"[{"a":1,"\u0061":2}]"#) => BAD, twice;
        lasting "half a surrogate pair": with(r#""\ud800""#) => BAD, half;
        lasting "the other half": with(r#"{"\udc00":1}"#) => BAD, half;
        lasting "two halves that do not fit": with(r#""\ud800\ud800""#) => BAD, half;
        lasting "a control character in a string": with("\"\n\"") => BAD, "the answer of HOST is not JSON WHO";
    });
}

#[test]
fn drift_is_shown_with_a_warning() {
    for (name, account, drift) in [
        (
            "a wrong type",
            ACCOUNT.replace("\"active\"", "7"),
            "status (wrong type)",
        ),
        (
            "an unknown status",
            ACCOUNT.replace("active", "dormant"),
            "status (unknown value)",
        ),
        (
            "a missing field",
            ACCOUNT.replace(",\"status\":\"active\"", ""),
            "status (missing)",
        ),
        (
            "an id of another type",
            ACCOUNT.replace("\"cacc_1\"", "1"),
            "id (wrong type)",
        ),
        (
            "nothing",
            "{}".to_owned(),
            "id (missing), connection_type (missing), onboarding_mode (missing), status (missing), platform_organization_id (missing), created_at (missing)",
        ),
    ] {
        let wire = Wire::answers(json(&account));
        let home = Home::new();
        home.profile(wire.url());
        let message = format!("the connected account cacc_1 strays from the contract: {drift}");
        let run = |args: &str| home.acctq(&format!("cacc get cacc_1 {args}")).run();
        let people = run("");
        assert_eq!(
            (people.code, people.stderr.as_str()),
            (
                0,
                &*format!(
                    "warning: {message}\n  hint: it is shown as it came; --strict makes this an error\n"
                )
            ),
            "{name}"
        );
        let script = run("-o ndjson");
        assert_eq!(
            (script.code, script.stdout.as_str()),
            (0, &*format!("{account}\n")),
            "{name}"
        );
        let warning: serde_json::Value = serde_json::from_str(&script.stderr).unwrap();
        assert_eq!(warning["warning"]["message"], message, "{name}");
        let strict = run("--strict -o json").fails(9, &[]).error();
        assert_eq!(
            (strict["code"].as_str(), strict["message"].as_str()),
            (Some("bad_response"), Some(&*message)),
            "{name}"
        );
    }
    // A new field is no drift.
    let account = with_metadata("{}").replace("metadata", "brand_new");
    let wire = Wire::answers(json(&account));
    let home = Home::new();
    home.profile(wire.url());
    home.acctq("cacc get cacc_1 --strict -o ndjson")
        .run()
        .prints(&format!("{account}\n"));
}

#[test]
fn a_server_that_repeats_the_token() {
    let said =
        "the answer of HOST repeats the bearer token; it is not shown (cacc_1, profile test)";
    let rejects = "HOST rejects the token of profile test (status 401) (cacc_1)";
    let escaped = TOKEN.replace('-', "\\u002d");
    let message = |token: &str| format!(r#"{{"code":"X","message":"bad token {token}"}}"#);
    let named = |name: &str| format!("{name}: {}{TOKEN}\r\n", "x".repeat(190));
    let cut = format!("HTTP/1.1 200 OK\r\nX-Request-Id: {TOKEN}\r\nContent-Length: 9\r\n\r\n{{");
    let refused = |headers: &str, body: &str| says(response("401 Unauthorized", headers, body));
    let found = |headers: &str, body: &str| says(response("200 OK", headers, body));
    check(cases! {
        lasting "in an error": refused(JSON, &message(TOKEN)) => (4, "auth"), rejects;
        lasting "escaped in an error": refused(JSON, &message(&escaped)) => (4, "auth"), rejects;
        lasting "as an error code": refused(JSON, &format!(r#"{{"code":"{TOKEN}"}}"#)) => (4, "auth"), rejects;
        lasting "in an error's header": refused(&named("X-Request-Id"), "") => (4, "auth"), rejects;
        lasting "in the reason": says(format!("HTTP/1.1 401 {TOKEN}\r\n\r\n")) => (4, "auth"), rejects;
        lasting "in a 404": says(response("404 Not Found", JSON, &message(TOKEN))) => (5, "not_found"), "no connected account cacc_1 at HOST (profile test)";
        lasting "in a 404 of any page": says(response("404 Not Found", "Content-Type: text/html\r\n", &format!("<html>{TOKEN}"))) => BAD, "HOST answers 404 with a page of its own, not with the API's error WHO";
        lasting "in a redirect": says(response("302 Found", &format!("Location: https://{TOKEN}.example.com/\r\n"), "")) => BAD, "HOST redirects to an address that repeats a secret (status 302), and redirects are not followed WHO";
        lasting "in the request's name": found(&named("X-Request-Id"), ACCOUNT) => BAD, said;
        lasting "in the type": found(&format!("Content-Type: text/{TOKEN}\r\n"), ACCOUNT) => BAD, said;
        lasting "in the encoding": found(&format!("Content-Encoding: {TOKEN}\r\n"), ACCOUNT) => BAD, said;
        lasting "in the account": found("", &with_metadata(&format!("\"{TOKEN}\""))) => BAD, said;
        lasting "as a name in the account": found("", &with_metadata(&format!("{{\"{TOKEN}\":1}}"))) => BAD, said;
        lasting "escaped in the account": found("", &with_metadata(&format!("\"{escaped}\""))) => BAD, said;
        lasting "in a page": found("", &format!("<html>{TOKEN}")) => BAD, said;
        passing "in an answer cut off": says(cut) => NETWORK, CLOSED;
        lasting "as another account": found("", &ACCOUNT.replace("cacc_1", TOKEN)) => BAD, said;
    });
    let ended = {
        let wire = Wire::answers(response("401 Unauthorized", JSON, &message(TOKEN)));
        let home = Home::new();
        home.profile(wire.url());
        home.acctq("cacc get cacc_1 -o json").run()
    };
    assert_eq!(
        ended.fails(4, &[]).error()["hint"],
        "is it current, and of this environment? `acctq config show` says where it comes from; the answer repeats the token: \
         whoever runs that server should know; consider the token compromised"
    );
    // In the successful request's trace, too.
    let wire = Wire::answers(response("404 Not Found", &named("X-Request-Id"), ""));
    let home = Home::new();
    home.profile(wire.url());
    for args in ["-v", "-v -o json"] {
        assert_eq!(home.acctq(&format!("cacc get cacc_1 {args}")).run().code, 5);
    }
}

#[test]
fn a_servers_words_about_a_secret() {
    // No activation token that is known by its form: only the body says that it is one.
    let secret = "ACTIV-zz91-qqq";
    let named = |more: &str| format!(r#"{{"activation_token":"{secret}",{more}}}"#);
    let message = named(&format!(
        r#""message":"coupon {secret} used","code":"{secret}""#
    ));
    let nested = format!(
        r#"{{"description":"coupon ACTIV\u002dzz91-qqq used","details":[{}]}}"#,
        named("\"a\":1")
    );
    let request_id = format!("{JSON}X-Request-Id: req-{secret}\r\n");
    let answers = |status: &str, headers: &str, body: &str| says(response(status, headers, body));
    let moved = format!("Location: https://{secret}.example.com/\r\n");
    let cases = cases! {
        lasting "in a message": answers("501 No", &request_id, &message) => (8, "server"), "HOST (profile test) failed with status 501; the server says: \"••••••••\" (cacc_1)";
        lasting "escaped, of a nested one": answers("410 Gone", JSON, &nested) => (5, "gone"), "the connected account cacc_1 at HOST (profile test) is gone; the server says: \"••••••••\"";
        lasting "in a redirect": answers("302 Found", &moved, &named("\"a\":1")) => BAD, "HOST redirects to an address that repeats a secret (status 302), and redirects are not followed WHO";
        lasting "in the type": answers("200 OK", &format!("Content-Type: text/{secret}\r\n"), &named("\"a\":1")) => BAD, "HOST answers with ••••••••, not with JSON WHO";
        lasting "in the name of a wrong one's request": answers("200 OK", &request_id, &named(&format!(r#""id":"{secret}""#))) => BAD, "HOST answers with another connected account: •••••••• instead of cacc_1 (profile test)";
    };
    for case in &cases {
        let wire = Wire::new(case.scripts.clone());
        let home = Home::new();
        home.profile(wire.url());
        let ended = home.acctq("cacc get cacc_1 -v -o json").run();
        ended.fails(case.exit_code, &["\"trace\""]);
        assert!(!ended.stderr.contains("zz91"), "{}: {ended:#?}", case.name);
    }
    check(cases);
}

#[test]
fn a_servers_words_are_escaped_and_cut() {
    let said = |message: &str| {
        let body = format!(r#"{{"code":"{message}","message":"{message}"}}"#);
        let wire = Wire::answers(response(
            "400 Bad Request",
            &format!("X-Request-Id: {}\r\n", "r".repeat(5000)),
            &body,
        ));
        let home = Home::new();
        home.profile(wire.url());
        let people = home
            .acctq("cacc get cacc_1")
            .run()
            .fails(9, &[])
            .stderr
            .clone();
        let error = home
            .acctq("cacc get cacc_1 -o json")
            .run()
            .fails(9, &[])
            .error();
        let shown = error["server_message"].as_str().unwrap().to_owned();
        assert!(
            people.contains(&format!(
                "; the server says: \"{shown}\" (cacc_1, profile test)\n"
            )),
            "{people}"
        );
        assert_eq!(error["server_code"], shown);
        assert_eq!(error["request_id"], format!("{}…", "r".repeat(199)));
        shown
    };
    for (message, shown) in [
        (r"\u001b[2J\u001b]0;x\u0007", r"\u{1b}[2J\u{1b}]0;x\u{7}"),
        (r"a\r\n\tb\u0000\u009b\u007f", r"a\r\n\tb\u{0}\u{9b}\u{7f}"),
        (
            r"\u202egpj.exe\u200b\udb40\udc41",
            r"\u{202e}gpj.exe\u{200b}\u{e0041}",
        ),
        (
            "use sk_live_abcdef or eyJhbGciOiJIUzI1NiJ9.e30",
            "use •••••••• or ••••••••",
        ),
        ("Zoë 漢字", "Zoë 漢字"),
    ] {
        assert_eq!(said(message), shown);
    }
    assert_eq!(said(&"x".repeat(10_000)), format!("{}…", "x".repeat(199)));
    assert_eq!(said(&r"\u001b".repeat(1000)).chars().count(), 200);
    // Cut between characters, wherever that is in bytes.
    assert_eq!(said(&"漢".repeat(300)), format!("{}…", "漢".repeat(199)));
}

/// `text` with every number of milliseconds replaced by `N`.
fn without_times(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let timed =
        |i: usize| words.get(i + 1).is_some_and(|next| next.starts_with("ms")) && number(words[i]);
    let shown: Vec<_> = (0..words.len())
        .map(|i| if timed(i) { "N" } else { words[i] })
        .collect();
    shown.join(" ")
}

#[test]
fn verbose_tells_every_attempt() {
    let home = Home::new();
    let run = |args: &str| {
        let wire = Wire::new(vec![
            says(response(
                "503 Service Unavailable",
                "X-Request-Id: one\r\n",
                "",
            )),
            vec![Read, Finish],
            says(response("200 OK", "X-Request-Id: three\r\n", ACCOUNT)),
        ]);
        home.profile(wire.url());
        let ended = home
            .acctq(&format!("cacc get cacc_1 -F status {args}"))
            .run();
        (ended, wire.url()["http://".len()..].to_owned())
    };
    let (ended, host) = run("-v");
    let url = format!("http://{host}/api/v1/connected-accounts/cacc_1");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "Status  active\n"));
    assert_eq!(
        without_times(&ended.stderr),
        format!(
            "> GET {url} (attempt 1)\n< 503 in N ms, request one; again in N ms\n\
         > GET {url} (attempt 2)\n< network: {host} closed the connection before its answer was complete, after N ms; again in N ms\n\
         > GET {url} (attempt 3)\n< 200 in N ms, request three\n"
        )
    );
    let (ended, host) = run("-v -o json");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (0, "{\n  \"status\": \"active\"\n}\n")
    );
    let traces: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = traces
        .iter()
        .map(|line| {
            let trace = &line["trace"];
            assert_eq!(line.as_object().unwrap().len(), 1);
            assert_eq!(
                trace["url"],
                format!("http://{host}/api/v1/connected-accounts/cacc_1")
            );
            assert!(trace["elapsed_ms"].is_u64() && trace["method"] == "GET");
            let text = |key: &str| trace[key].as_str().unwrap_or("-").to_owned();
            (
                trace["attempt"].as_u64(),
                trace["status"].as_u64(),
                text("request_id"),
                text("error"),
                trace["retry_in_ms"].is_u64(),
            )
        })
        .collect();
    let line = |attempt, status, request: &str, error: &str, again| {
        (
            Some(attempt),
            status,
            request.to_owned(),
            error.to_owned(),
            again,
        )
    };
    assert_eq!(
        told,
        [
            line(1, Some(503), "one", "server", true),
            line(2, None, "-", "network", true),
            line(3, Some(200), "three", "-", false),
        ]
    );
    for quiet in ["-v -q", "-v -q -o json", ""] {
        assert_eq!(run(quiet).0.stderr, "");
    }
}

/// A CA of that name, and what a server needs that it has certified for `localhost` and for `api.example.com`.
pub fn certified(ca: &str) -> (String, rustls::ServerConfig) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, ca);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost", "api.example.com"].map(str::to_owned))
        .unwrap()
        .signed_by(&key, &Issuer::new(params, ca_key))
        .unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    (ca, config)
}

#[test]
fn https_with_a_ca_of_ones_own() {
    let (ca, config) = certified("a CA");
    let (other, _) = certified("another CA");
    let wire = Wire::tls(config, json(ACCOUNT));
    let home = Home::new();
    home.profile(wire.url());
    let ca = home.file("ca.pem", ca, 0o644);
    let other = home.file("other.pem", other, 0o644);
    let get = || home.acctq("cacc get cacc_1 -o ndjson");
    get()
        .env("SSL_CERT_FILE", &ca)
        .run()
        .prints(&format!("{ACCOUNT}\n"));
    assert!(wire.requests()[0].contains(&format!("host: localhost:{}\r\n", wire.port())));

    // Not trusted: no request, no retry.
    let message = format!(
        "the certificate of localhost:{} comes from \"a CA\", which this machine does not trust; no intermediate certificate came with it (cacc_1, profile test)",
        wire.port()
    );
    let hint = "if that is a private CA, name its file in ca_file or SSL_CERT_FILE; if a public one, the server must send its intermediate certificate";
    home.acctq("cacc get cacc_1")
        .env("SSL_CERT_FILE", &other)
        .run()
        .is(7, "", &format!("error: {message}\n  hint: {hint}\n"));
    let error = get()
        .env("SSL_CERT_FILE", &other)
        .run()
        .fails(7, &[])
        .error();
    assert_eq!(
        (&error["code"], &error["retryable"], &error["attempts"]),
        (&"tls".into(), &false.into(), &1.into())
    );
    assert_eq!((wire.connections_of(3), wire.requests().len()), (3, 1));

    // ca_file adds to what SSL_CERT_FILE names.
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\ntoken = \"{TOKEN}\"\nca_file = \"{}\"\n",
        wire.url(), ca.display()
    ));
    get()
        .env("SSL_CERT_FILE", &other)
        .run()
        .prints(&format!("{ACCOUNT}\n"));
}

#[test]
fn what_is_no_tls() {
    let ca = certified("a CA").0;
    let plain = "HOST does not speak TLS on this port (cacc_1, profile test)";
    let late = "HOST took the connection, but did not complete the TLS handshake within 0.2 s (cacc_1, profile test)";
    let closed = "HOST closed the connection during the TLS handshake TWICE";
    let tls = (7, "tls");
    for (name, script, (exit_code, code), says, connections) in [
        (
            "plain HTTP",
            vec![
                Start,
                Write(b"HTTP/1.1 400 Bad Request\r\n\r\n".into()),
                Finish,
            ],
            tls,
            plain,
            1,
        ),
        (
            "garbage",
            vec![Start, Write(vec![0xa5; 64]), Finish],
            tls,
            plain,
            1,
        ),
        (
            "an alert",
            vec![Start, Write(b"\x15\x03\x03\0\x02\x02\x50".into()), Finish],
            tls,
            "HOST refused the TLS handshake (cacc_1, profile test)",
            1,
        ),
        ("FIN", vec![Start, Finish], NETWORK, closed, 2),
        ("reset", vec![Start, Reset], NETWORK, closed, 2),
        ("silence", vec![Hold], TIMEOUT, late, 1),
        (
            "a handshake byte by byte",
            vec![Start, Dribble(b"\x16\x03\x03\x3f\xff".repeat(100), 20)],
            TIMEOUT,
            late,
            1,
        ),
    ] {
        let wire = Wire::always(script);
        let home = Home::new();
        home.profile(&format!("https://localhost:{}", wire.port()));
        let ca = home.file("ca.pem", &ca, 0o644);
        let timeout = if code == "timeout" { "200ms" } else { "30s" };
        let get = |args: &str| {
            home.acctq(&format!(
                "cacc get cacc_1 --retries 1 --timeout {timeout} {args}"
            ))
            .env("SSL_CERT_FILE", &ca)
            .run()
        };
        let message = says
            .replace("HOST", &format!("localhost:{}", wire.port()))
            .replace("TWICE", "(cacc_1, profile test, tried 2 times)");
        get("").fails(exit_code, &[&format!("error: {message}\n  hint: ")]);
        let error = get("-o json").fails(exit_code, &[]).error();
        assert_eq!(
            (&error["code"], &error["message"]),
            (&code.into(), &message.into()),
            "{name}"
        );
        assert_eq!(
            wire.connections_of(2 * connections),
            2 * connections,
            "{name}"
        );
    }
}

#[test]
fn a_black_hole() {
    let nobody = BlackHole::new();
    let home = Home::new();
    let ca = home.file("ca.pem", certified("a CA").0, 0o644);
    for scheme in ["http", "https"] {
        let host = format!("127.0.0.1:{}", nobody.port());
        home.profile(&format!("{scheme}://{host}"));
        let message = format!("no connection to {host} within 0.2 s (cacc_1, profile test)");
        let get = |args: &str| {
            home.acctq(&format!("cacc get cacc_1 --timeout 200ms {args}"))
                .env("SSL_CERT_FILE", &ca)
                .run()
        };
        get("").is(
            7,
            "",
            &format!("error: {message}\n  hint: try again; --timeout gives a look-up more time\n"),
        );
        let error = get("-o json").fails(7, &[]).error();
        assert_eq!(
            (&error["code"], &error["message"], &error["attempts"]),
            (&"timeout".into(), &message.into(), &1.into())
        );
    }
}

#[test]
fn servers_that_are_not_there() {
    let home = Home::new();
    let ca = home.file("ca.pem", certified("a CA").0, 0o644);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (url, message) in [
        (format!("http://127.0.0.1:{port}"), format!("127.0.0.1:{port} refuses the connection (cacc_1, profile test, tried 2 times)")),
        ("https://nothing.invalid".to_owned(), "the name nothing.invalid does not resolve to an address (cacc_1, profile test, tried 2 times)".to_owned()),
    ] {
        home.profile(&url);
        let get = |args: &str| home.acctq(&format!("cacc get cacc_1 --retries 1 {args}")).env("SSL_CERT_FILE", &ca).run();
        get("").fails(7, &[&format!("error: {message}\n  hint: is ")]);
        let error = get("-o json").fails(7, &[]).error();
        assert_eq!((&error["code"], &error["message"], &error["retryable"]), (&"network".into(), &message.into(), &true.into()));
        assert_eq!((&error["attempts"], &error["status"]), (&2.into(), &serde_json::Value::Null));
    }
}
