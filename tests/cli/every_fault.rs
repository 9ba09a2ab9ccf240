//! A server at which one id in a hundred meets each fault that concerns one id, and what must come of each.

use serde_json::Value;

use crate::harness::ACTIVATION;
use crate::wire::{Reply, Request, json, response};

const JSON: &str = "Content-Type: application/json\r\n";

/// The reply to a request for an id.
type Does = fn(&Request<'_>) -> Reply;

/// What happens to the ids with this number among a hundred, and the code of the error that comes of it, if one does.
#[rustfmt::skip]
const FAULTS: &[(Does, Option<&str>)] = &[
    (|_| error(404, r#"{"code":"NOT_FOUND","message":"no such account"}"#), Some("not_found")),
    (|_| error(404, ""), Some("not_found")),
    (|_| page("404 Not Found"), Some("bad_response")),
    (|_| error(410, ""), Some("gone")),
    (|_| error(400, r#"{"code":"BAD_REQUEST","message":"\u001b[2J"}"#), Some("bad_response")),
    (|_| error(403, ""), Some("auth")),
    (|_| error(409, "{}"), Some("bad_response")),
    (|_| error(422, ""), Some("bad_response")),
    (|_| error(501, ""), Some("server")),
    (|_| error(503, ""), Some("server")),
    (|r| once(r, error(500, "")), None),
    (|r| once(r, Reply::Send(response("429 Slow", "Retry-After: 0\r\n", ""))), None),
    (|_| Reply::Send(response("429 Slow", "Retry-After: 0\r\n", "")), Some("rate_limited")),
    (|_| Reply::Send(json(&account("cacc_Another"))), Some("bad_response")),
    (|_| page("200 OK"), Some("bad_response")),
    (|_| Reply::Send(json("")), Some("bad_response")),
    (|_| Reply::Send(json("null")), Some("bad_response")),
    (|_| Reply::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), Some("bad_response")),
    (|_| Reply::Send(response("302 Found", "Location: https://evil.test/\r\n", "")), Some("bad_response")),
    (|_| Reply::Send(response("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), "\u{1f}")), Some("bad_response")),
    (|r| Reply::Close(cut(r)), Some("network")),
    (|r| once(r, Reply::Close(cut(r))), None),
    (|r| Reply::Reset(cut(r)), Some("network")),
    (|_| Reply::Reset(vec![]), Some("network")),
    (|r| once(r, Reply::Reset(vec![])), None),
    (|_| Reply::Close(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), Some("network")),
    (|_| Reply::Close(b"garbage\r\n\r\n".to_vec()), Some("bad_response")),
    (|r| body(&with(r.id, r#""status":"active""#)), Some("bad_response")),
    (|r| body(&with(r.id, &format!(r#""deep":{}{}"#, "[".repeat(200), "]".repeat(200)))), Some("bad_response")),
    (|r| body(&with(r.id, r#""name":"\ud800""#)), Some("bad_response")),
    (|r| body(&(account(r.id) + "{}")), Some("bad_response")),
    (|r| body(&with(r.id, &format!(r#""note":"{}""#, "x".repeat(1024 * 1024)))), Some("bad_response")),
    (|r| body(&with(r.id, &format!(r#""note":"{}""#, "x".repeat(100 * 1024)))), None),
    (|r| body(&account(r.id).replace("active", "archived")), None),
    (|r| body(&with(r.id, &format!(r#""activation_token":"{ACTIVATION}""#))), None),
    (|r| body(&with(r.id, r#""pending_organization_name":"\u001b]0;x\u0007\u202e""#)), None),
    (|r| Reply::Send(chunked(&account(r.id))), None),
    (|r| Reply::Close(response("200 OK", &format!("{JSON}Connection: close\r\n"), &account(r.id))), None),
    (|r| Reply::Close(json(&account(r.id))), None),
    (|r| Reply::Close(format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{}", account(r.id)).into_bytes()), None),
    (|r| Reply::Send([&b"HTTP/1.1 100 Continue\r\n\r\n"[..], &json(&account(r.id))].concat()), None),
    // Its line is no id, and no request is made.
    (|r| panic!("{} is looked up", r.id), Some("usage")),
];

/// The number among a hundred of those whose line is no id.
const MALFORMED: usize = FAULTS.len() - 1;

/// An account whose last member repeats its number.
fn account(id: &str) -> String {
    let number = number(id);
    format!(
        r#"{{"id":"{id}","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2026-01-02T03:04:05Z","metadata":{{"number":{number}}}}}"#
    )
}

/// The same with one more member.
fn with(id: &str, member: &str) -> String {
    account(id).replace(r#","metadata""#, &format!(r#",{member},"metadata""#))
}

fn number(id: &str) -> usize {
    id.trim_start_matches("cacc_").parse().unwrap_or_default()
}

fn body(text: &str) -> Reply {
    Reply::Send(json(text))
}

fn error(status: u16, body: &str) -> Reply {
    Reply::Send(response(&format!("{status} Failed"), JSON, body))
}

fn page(status: &str) -> Reply {
    let html = "Content-Type: text/html\r\n";
    Reply::Send(response(status, html, "<html>Please sign in</html>"))
}

/// This reply the first time, and the account from then on.
fn once(request: &Request<'_>, reply: Reply) -> Reply {
    match request.attempt {
        1 => reply,
        _ => body(&account(request.id)),
    }
}

/// All but the last bytes.
fn cut(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = json(&account(request.id));
    bytes.truncate(bytes.len() - 9);
    bytes
}

fn chunked(text: &str) -> Vec<u8> {
    let (first, second) = text.split_at(17);
    format!(
        "HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n11\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        second.len()
    )
    .into_bytes()
}

/// The reply to a request.
pub fn decide(request: &Request<'_>) -> Reply {
    let fault = FAULTS.get(number(request.id) % 100);
    fault.map_or_else(|| body(&account(request.id)), |(does, _)| does(request))
}

/// The line of standard input with that number, from 1.
pub fn line(number: usize) -> String {
    match number % 100 {
        MALFORMED => format!("cacc-{number}\n"),
        _ => format!("cacc_{number}\n"),
    }
}

/// The code of the error that must come of the id in that line; `None` if it is found.
fn fails(number: usize) -> Option<&'static str> {
    FAULTS.get(number % 100).and_then(|(_, code)| *code)
}

/// The numbers of the lines whose accounts are found, from 1 to `ids`.
pub fn found(ids: usize) -> impl Iterator<Item = usize> {
    (1..=ids).filter(|number| fails(*number).is_none())
}

/// Asserts that these lines of standard output are the accounts that can be found among `ids` ids, in their order.
pub fn check_found(ids: usize, lines: impl Iterator<Item = String>) {
    let mut expected = found(ids);
    for line in lines {
        let number = expected.next().expect("no more than can be found");
        let start = format!("{{\"id\":\"cacc_{number}\",");
        let end = format!("\"metadata\":{{\"number\":{number}}}}}");
        let is_whole = line.starts_with(&start) && line.ends_with(&end);
        assert!(is_whole, "not cacc_{number}, but {line:.200}");
    }
    assert_eq!(expected.next(), None, "not found");
}

/// Asserts that these lines of standard error are the failures of all others, in their order, and two warnings about fields
/// that violate the contract: the first of them, and their count.
pub fn check_failed(ids: usize, lines: impl Iterator<Item = String>) {
    let mut expected = (1..=ids).filter_map(|number| Some((number, fails(number)?)));
    let mut warnings = 0;
    for line in lines {
        let told: Value = serde_json::from_str(&line).expect("a line is a whole object");
        let Some(error) = told.get("error") else {
            assert_eq!(told["warning"]["code"], "drift", "{line}");
            warnings += 1;
            continue;
        };
        let (number, code) = expected.next().expect(&line);
        let id = if number % 100 == MALFORMED { "-" } else { "_" };
        assert_eq!(error["line"], number, "{line}");
        assert_eq!(error["code"], code, "{line}");
        assert_eq!(error["id"], format!("cacc{id}{number}"), "{line}");
    }
    assert_eq!(expected.next(), None, "no failure");
    assert_eq!(warnings, 2);
}
