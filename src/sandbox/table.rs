//! The one table of what the sandbox knows: what it serves and what `acctq sandbox --help` says both come from here.

use std::fmt::Write as _;

use super::case::{ABSENT, Answer, Case, Edit, Headers};
use super::http::Delivery;
use super::{connected, partner};
use crate::account::Resource;
use crate::error::Kind;
use crate::json::{self, Token, Tokens};

/// An API as the sandbox imitates it.
#[derive(Debug)]
pub(super) struct Api {
    pub resource: &'static Resource,
    /// An account, as one line of JSON.
    seed: &'static str,
    /// Its accounts, beside [`FAILURES`].
    accounts: &'static [Case],
    /// Whether it lists its accounts.
    pub has_list: bool,
    /// The status for a missing or wrong token.
    pub unauthorized: u16,
    /// The body of an error.
    pub error: fn(u16) -> String,
}

pub(super) static APIS: [Api; 2] = [
    Api {
        resource: &crate::account::CONNECTED,
        seed: connected::SEED,
        accounts: connected::ACCOUNTS,
        has_list: true,
        unauthorized: 401,
        error: connected::error,
    },
    Api {
        resource: &crate::account::PARTNER,
        seed: partner::SEED,
        accounts: partner::ACCOUNTS,
        has_list: false,
        unauthorized: 403,
        error: partner::error,
    },
];

/// What a request is about.
#[derive(Debug)]
pub(super) enum Asked<'a> {
    /// The account of that id.
    Account(&'a str),
    /// All accounts.
    List,
}

impl Api {
    /// What a request's target asks of it; `None` if it is another one's.
    pub fn asked_of<'a>(&self, target: &'a str) -> Option<Asked<'a>> {
        let path = self.resource.path;
        if self.has_list && Some(target) == path.strip_suffix('/') {
            return Some(Asked::List);
        }
        target.strip_prefix(path).map(Asked::Account)
    }

    /// What is answered for each id that it knows.
    fn cases(&'static self) -> impl Iterator<Item = (&'static str, &'static Case)> {
        // They are written as Connect's ids; Partner's are the same without the prefix, which no uid can hold.
        let is_prefixed = self.resource.example_id.starts_with(PREFIX);
        let failures = FAILURES.iter().map(move |case| {
            let bare = case.id.strip_prefix(PREFIX).unwrap_or(case.id);
            (if is_prefixed { case.id } else { bare }, case)
        });
        self.accounts
            .iter()
            .map(|case| (case.id, case))
            .chain(failures)
    }

    /// What is answered for that id; `None` if it is not found.
    pub fn case(&'static self, id: &str) -> Option<(&'static str, &'static Case)> {
        self.cases().find(|(known, _)| *known == id)
    }

    /// The seed's account with another id and other changes; what the seed does not have comes last.
    pub fn document(&self, id: &str, layers: &[&[Edit]]) -> String {
        let id = json::string(id);
        let own = [(self.resource.id_field, id.as_str())];
        let changed = |name: &str| {
            layers
                .iter()
                .rev()
                .copied()
                .chain([own.as_slice()])
                .find_map(|layer| layer.iter().find(|(other, _)| *other == name))
                .map(|(_, value)| *value)
        };
        let mut members: Vec<(&str, &str)> = Vec::with_capacity(24);
        let mut tokens = Tokens::new(self.seed);
        tokens.next();
        while let Some(Token::Key(name)) = tokens.next() {
            let value = tokens.value();
            members.push((name, changed(name).unwrap_or(value)));
        }
        for (name, _) in layers.iter().copied().flatten() {
            if !members.iter().any(|(other, _)| other == name) {
                members.push((name, changed(name).unwrap_or(ABSENT)));
            }
        }
        let mut text = String::with_capacity(1024);
        for (name, value) in members.iter().filter(|(_, value)| *value != ABSENT) {
            text.push(if text.is_empty() { '{' } else { ',' });
            // Writing to a String cannot fail.
            let _ = write!(text, "\"{name}\":{value}");
        }
        text.push('}');
        text
    }
}

const PREFIX: &str = "cacc_";

const RETRY_AFTER_1: Headers = &[("Retry-After", "1")];

/// What both APIs do alike, or both could do.
static FAILURES: &[Case] = &[
    Case::fails("cacc_notfound", Kind::NotFound, Answer::Failure(404, &[]), "404, as any id not named here"),
    Case::fails("cacc_notfoundempty", Kind::NotFound, Answer::Bytes(404, &[], b""), "404 without a body"),
    Case::fails("cacc_gone", Kind::Gone, Answer::Failure(410, &[]), "410"),
    Case::fails("cacc_unauthorized", Kind::Auth, Answer::Failure(401, &[]), "401"),
    Case::fails("cacc_forbidden", Kind::Auth, Answer::Failure(403, &[]), "403"),
    Case::fails("cacc_badrequest", Kind::BadResponse, Answer::Failure(400, &[]), "400"),
    Case::fails("cacc_conflict", Kind::BadResponse, Answer::Failure(409, &[]), "409"),
    Case {
        id: "cacc_ratelimitedonce",
        answer: Answer::OnOdd(&Answer::Failure(429, RETRY_AFTER_1)),
        kind: None,
        what: "429 with Retry-After: 1 on every odd request, else an account",
    },
    Case::fails(
        "cacc_ratelimited",
        Kind::RateLimited,
        Answer::Failure(429, RETRY_AFTER_1),
        "429 with Retry-After: 1, for ever",
    ),
    Case::fails(
        "cacc_ratelimitedlong",
        Kind::RateLimited,
        Answer::Failure(429, &[("Retry-After", "3600")]),
        "429 with Retry-After: 3600, for ever",
    ),
    Case {
        id: "cacc_erroronce",
        answer: Answer::OnOdd(&Answer::Failure(500, &[])),
        kind: None,
        what: "500 on every odd request, else an account",
    },
    Case::fails("cacc_error", Kind::Server, Answer::Failure(500, &[]), "500, for ever"),
    Case::fails("cacc_notimplemented", Kind::Server, Answer::Failure(501, &[]), "501"),
    Case::fails("cacc_unavailable", Kind::Server, Answer::Failure(503, &[]), "503, for ever"),
    Case::fails(
        "cacc_html",
        Kind::BadResponse,
        Answer::Bytes(
            200,
            &[("Content-Type", "text/html; charset=utf-8")],
            b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n",
        ),
        "200 with a sign-in page instead of JSON",
    ),
    Case::fails(
        "cacc_truncated",
        Kind::Network,
        Answer::Delivered(Delivery::Half),
        "an account that breaks off before its Content-Length",
    ),
    Case::fails(
        "cacc_garbage",
        Kind::BadResponse,
        Answer::Bytes(200, JSON, b"{\"id\": \x00\xff\xfe not JSON"),
        "200 with bytes that are no JSON",
    ),
    Case::fails("cacc_empty", Kind::BadResponse, Answer::Bytes(200, JSON, b""), "200 with an empty body"),
    Case::fails("cacc_array", Kind::BadResponse, Answer::Bytes(200, JSON, b"[]"), "200 with an array"),
    Case::fails(
        "cacc_slow",
        Kind::Timeout,
        Answer::Delivered(Delivery::Late),
        "an account, but only after 30 seconds",
    ),
    Case::fails(
        "cacc_reset",
        Kind::Network,
        Answer::Delivered(Delivery::Reset),
        "the connection is reset (RST) instead of an answer",
    ),
    Case::fails(
        "cacc_redirect",
        Kind::BadResponse,
        Answer::Bytes(302, &[("Location", "https://example.com/elsewhere")], b""),
        "302 to another host",
    ),
    Case::fails(
        "cacc_gzip",
        Kind::BadResponse,
        // The two bytes `{}`, compressed.
        Answer::Bytes(
            200,
            &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
            b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0",
        ),
        "200 with a compressed body",
    ),
];

const JSON: Headers = &[("Content-Type", "application/json")];

/// What the sandbox answers for one id.
#[derive(Debug)]
pub struct Row {
    /// What it is an id of.
    pub resource: &'static Resource,
    /// The id.
    pub id: &'static str,
    /// What `get` exits with, with the default retries and time.
    pub exit_code: u8,
    /// The code of its error; `None` if it succeeds.
    pub code: Option<&'static str>,
    /// What the server does, in a few words.
    pub what: &'static str,
}

/// A row for each id that the sandbox knows.
pub fn rows() -> impl Iterator<Item = Row> {
    APIS.iter().flat_map(|api| {
        api.cases().map(|(id, case)| Row {
            resource: api.resource,
            id,
            exit_code: case.kind.map_or(0, Kind::exit_code),
            code: case.kind.map(Kind::code),
            what: case.what,
        })
    })
}
