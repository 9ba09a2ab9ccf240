//! The client against a scripted server on loopback.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::account::{CONNECTED, redact::Tokens};
use crate::config::{BaseUrl, Secret};

const TOKEN: &str = "canary-4f1d2c";

/// What one connection does: reads a request before each of these, and closes after the last; `None` holds it open.
type Script = Vec<Option<String>>;

/// A server that gives each connection the next script, and all further ones the last.
fn serve(scripts: Vec<Script>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let number = count.fetch_add(1, Ordering::SeqCst);
            let script = scripts[number.min(scripts.len() - 1)].clone();
            thread::spawn(move || play(stream.unwrap(), script));
        }
    });
    (url, connections)
}

fn play(mut stream: TcpStream, script: Script) {
    for answer in script {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            request.push(byte[0]);
        }
        let head = String::from_utf8(request).unwrap();
        assert!(head.contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{head}");
        match answer {
            Some(answer) => drop(stream.write_all(answer.as_bytes())),
            None => drop(stream.read(&mut [0])),
        }
    }
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::built_in(BaseUrl::parse(url).unwrap(), Secret::new(TOKEN).unwrap())
}

/// Runs `with` on a client of `endpoint`.
fn client<T>(
    endpoint: &Endpoint,
    throttle: &Throttle,
    timeout: u64,
    retries: u32,
    with: impl FnOnce(&Client<'_>) -> T,
) -> T {
    let limits = Limits { timeout: Duration::from_millis(timeout), retries };
    let run = Run {
        env: &Environment::from_pairs([("", ""); 0]),
        shutdown: &Shutdown::default(),
        throttle,
        redactor: &Redactor::new(false, Tokens::default()),
        trace: &|_| {},
    };
    with(&Client::new(endpoint, Some("test".to_owned()), limits, run).unwrap())
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn account(id: &str) -> String {
    response("200 OK", "Content-Type: application/json\r\n", &format!("{{\"id\":\"{id}\"}}"))
}

fn once(answer: impl Into<String>) -> Script {
    vec![Some(answer.into())]
}

/// A few of each kind; the rest is tested through the program.
#[test]
fn each_answer_has_its_meaning() {
    let answers = |status: &str, body: &str| once(response(status, "", body));
    let escaped = format!("{{\"a\":[\"{}\"]}}", TOKEN.replace('-', "\\u002d"));
    let header = format!("X: {TOKEN}\r\n");
    // One retry is allowed: two attempts mean that it was made.
    for (name, script, expected, attempts) in [
        ("found", once(account("cacc_1")), None, 1),
        ("closed at once", once(""), Some(Kind::Network), 2),
        ("cut off", once("HTTP/1.1 200 OK\r\n\r\n{\"id\":"), Some(Kind::Network), 2),
        ("no HTTP", once("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Some(Kind::BadResponse), 1),
        ("the token, escaped", answers("200 OK", &escaped), Some(Kind::BadResponse), 1),
        (
            "the token in a header",
            once(response("200 OK", &header, "{}")),
            Some(Kind::BadResponse),
            1,
        ),
        ("401", answers("401 Unauthorized", ""), Some(Kind::Auth), 1),
        ("401 of a portal", answers("401 Unauthorized", "<html>"), Some(Kind::BadResponse), 1),
        ("403 of a firewall", answers("403 Forbidden", "<html>"), Some(Kind::BadResponse), 1),
        ("408", answers("408 Request Timeout", ""), Some(Kind::Server), 2),
        ("501", answers("501 Oops", ""), Some(Kind::Server), 1),
    ] {
        let (url, connections) = serve(vec![script]);
        let id = CONNECTED.parse_id("cacc_1").unwrap();
        let found = client(&endpoint(&url), &Throttle::single(), 30_000, 1, |client| {
            client.look_up(&id, Instant::now(), None)
        });
        let (kind, made) = match &found {
            Ok(found) => (None, found.attempts),
            Err(error) => (Some(error.kind()), error.context().attempts.unwrap()),
        };
        assert_eq!((kind, made), (expected, attempts), "{name}: {found:?}");
        assert_eq!(connections.load(Ordering::SeqCst), attempts as usize, "{name}");
        assert!(!format!("{found:?}").contains(TOKEN), "{name}: {found:?}");
    }
}

#[test]
fn a_phase_ends_in_time_and_is_named() {
    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{";
    for (script, says) in [
        (vec![None], "did not answer within 0.2 s"),
        (vec![Some(begun.to_owned()), None], "did not send the whole answer within 0.2 s"),
    ] {
        let (url, _) = serve(vec![script]);
        let id = CONNECTED.parse_id("cacc_1").unwrap();
        let late = client(&endpoint(&url), &Throttle::single(), 200, 1, |client| {
            client.look_up(&id, Instant::now(), None).unwrap_err()
        });
        assert_eq!((late.kind(), late.context().attempts), (Kind::Timeout, Some(1)));
        assert!(late.to_string().contains(says), "{late}");
    }
}

#[test]
fn connections_are_kept_while_they_are_in_step() {
    let kept = |second: &str| vec![Some(account("cacc_1")), Some(second.to_owned()), None];
    let chunked = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    for (name, first, second, connections) in [
        ("kept", kept(&account("cacc_2")), Ok(()), 1),
        ("kept after a 404", kept(&response("404 Not Found", "", "")), Err(Kind::NotFound), 1),
        ("closed while idle", once(account("cacc_1")), Ok(()), 2),
        ("closed on the request", kept("")[..2].to_vec(), Ok(()), 2),
        ("another account", kept(&account("cacc_1")), Err(Kind::BadResponse), 2),
        ("a length and chunks", kept(chunked), Ok(()), 2),
        ("more than was announced", kept(&(account("cacc_2") + "\r\n")), Ok(()), 2),
    ] {
        let rest = vec![Some(account("cacc_2")), Some(account("cacc_3"))];
        let last = vec![Some(account("cacc_3"))];
        let new =
            if matches!(name, "closed while idle" | "closed on the request") { rest } else { last };
        let mut first = first;
        if connections == 1 {
            first.insert(2, Some(account("cacc_3")));
        }
        let (url, made) = serve(vec![first, new]);
        client(&endpoint(&url), &Throttle::shared(None), 30_000, 0, |client| {
            for (id, expected) in [("cacc_1", Ok(())), ("cacc_2", second), ("cacc_3", Ok(()))] {
                let id = CONNECTED.parse_id(id).unwrap();
                let found = client.look_up(&id, Instant::now(), None);
                let found = found.map(drop).map_err(|error| error.kind());
                assert_eq!(found, expected, "{name}: {}", id.as_str());
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), connections, "{name}");
    }
}

#[test]
fn a_list_is_read_as_it_comes() {
    let body = |body: &str| once(response("200 OK", "", body));
    let two =
        r#"{"ok":false,"data":[{"id":"cacc_1"}, {"id":"cacc_2"}],"has_more":true,"next":null}"#;
    let cut = || once("HTTP/1.1 200 OK\r\n\r\n{\"data\":[{\"id\":\"cacc_1\"},{\"id\"");
    let large = format!("{{\"data\":[{{}},{{\"a\":\"{}\"}}]}}", "x".repeat(MAX_BODY));
    for (name, scripts, expected, accounts) in [
        ("two", vec![body(two)], None, 2),
        ("none", vec![body("{\"data\":[]}")], None, 0),
        ("cut off before the first", vec![body("{\"data\":["), body(two)], None, 2),
        ("cut off behind the first", vec![cut(), body(two)], Some(Kind::Network), 1),
        ("two lists", vec![body("{\"data\":[{}],\"data\":[]}")], Some(Kind::BadResponse), 1),
        ("no object in it", vec![body("{\"data\":[{},null]}")], Some(Kind::BadResponse), 1),
        ("no JSON", vec![body("{\"data\":[{},}")], Some(Kind::BadResponse), 1),
        ("more than a list", vec![body("{\"data\":[{}]}x")], Some(Kind::BadResponse), 1),
        ("a large account", vec![body(&large)], Some(Kind::BadResponse), 1),
        (
            "the token",
            vec![body(&format!("{{\"data\":[{{\"a\":\"{TOKEN}\"}}]}}"))],
            Some(Kind::BadResponse),
            0,
        ),
        (
            "silence",
            vec![vec![Some("HTTP/1.1 200 OK\r\n\r\n{\"data\":[{},".to_owned()), None]],
            Some(Kind::Timeout),
            1,
        ),
    ] {
        let (url, _) = serve(scripts);
        let mut seen = 0;
        let timeout = if name == "silence" { 200 } else { 30_000 };
        let end = client(&endpoint(&url), &Throttle::single(), timeout, 1, |client| {
            client.list(&CONNECTED, Instant::now(), &mut |_| {
                seen += 1;
                Ok(ControlFlow::Continue(()))
            })
        });
        let kind = end.as_ref().err().map(Error::kind);
        assert_eq!((kind, seen), (expected, accounts), "{name}: {end:?}");
        if name == "two" {
            let end = end.unwrap();
            assert_eq!((end.is_complete, end.unknown), (true, vec!["has_more".to_owned()]));
        }
    }
    let (url, _) =
        serve(vec![vec![Some("HTTP/1.1 200 OK\r\n\r\n{\"data\":[{},{},{".to_owned()), None]]);
    client(&endpoint(&url), &Throttle::single(), 30_000, 1, |client| {
        let mut seen = 0;
        let end = client.list(&CONNECTED, Instant::now(), &mut |_| {
            seen += 1;
            Ok(if seen < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        assert!(!end.unwrap().is_complete);
        let full = || Error::new(Kind::Failed, "the disk is full");
        let end = client.list(&CONNECTED, Instant::now(), &mut |_| Err(full()));
        assert_eq!(end.unwrap_err().to_string(), "the disk is full");
    });
}

#[test]
fn a_pause_that_a_server_asks_for_holds_the_batch_and_not_the_look_ups_time() {
    let id = CONNECTED.parse_id("cacc_1").unwrap();
    for (throttle, is_found) in [(Throttle::single(), false), (Throttle::shared(None), true)] {
        let busy = response("429 Busy", "Retry-After: 1\r\n", "");
        let (url, _) = serve(vec![once(busy), once(account("cacc_1"))]);
        let found = client(&endpoint(&url), &throttle, 900, 1, |client| {
            client.look_up(&id, Instant::now(), None)
        });
        assert_eq!(found.is_ok(), is_found, "{found:?}");
    }
}
