//! What the sandbox answers for each id. What it serves and what `acctq sandbox --help` prints both come from here.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use self::Answer::{Account, Bytes, Delivered, Failure, OnOdd};
use super::http::{Delivery, Headers, Reply, phrases};
use super::{connected, partner};
use crate::account::Resource;
use crate::error::Kind;
use crate::json::{self, View};

/// Stands for [`hostile`] in the values of a layer.
const HOSTILE: &str = "\"<hostile>\"";

/// A JSON string with everything that a stranger's text can do to a terminal and its reader: sequences that clear, colour, link and
/// write to the clipboard (C0 and C1), DEL, bidirectional controls, zero-width and tag characters, a byte order mark,
/// noncharacters, a forged second line, and 200 combining marks. What JSON allows unescaped is unescaped.
fn hostile() -> String {
    let marks = "\u{301}\u{30a}\u{327}\u{336}\u{489}\u{301}\u{30a}\u{327}".repeat(25);
    [
        r#""Acme\u001b[2J\u001b[31m\u001b]0;title\u0007"#,
        r"\u001b]8;;https://evil.test\u0007bank\u001b]8;;\u0007",
        r"\u001b]52;c;cm0gLXJmIH4K\u0007\u0000",
        "\u{9b}32m\\u0085\u{7f}\\b\\r",
        "\u{202e}gnp.exe\u{202c}\u{2066}\u{2069} pay\u{200b}pal\u{200d}\u{feff}\u{ad} ",
        "\u{e0041}\u{e0042}\u{e007f}\u{2028}\u{fffe}\u{ffff}",
        r"\nstatus\tactive e",
        &marks,
        r#" 漢字😀""#,
    ]
    .concat()
}

/// The days whose dates stand for `<-30d>` and so on in the values of a layer, relative to today.
const DAYS: [i64; 4] = [-30, -20, -2, 12];

/// JSON objects whose members replace those of the seed; a member `-name` removes `name`. Later layers win.
pub(super) type Layers = &'static [&'static str];

/// The answer for an id.
pub(super) enum Answer {
    /// The seed's account with these changes, and with the id in question unless they name another.
    Account(Layers),
    /// The seed's account with that id, delivered in an unusual way.
    Delivered(Delivery),
    /// The API's own error.
    Failure(u16, Headers),
    /// These bytes.
    Bytes(u16, Headers, &'static [u8]),
    /// This answer to every odd request for the id, and the account to the others.
    OnOdd(&'static Answer),
    /// One answer after the other; the last one stays.
    InTurn(&'static [Answer]),
}

/// An id with its answer, and the kind of error with which `get` fails, if it does.
pub(super) struct Case {
    /// The id without the API's prefix.
    name: &'static str,
    kind: Option<Kind>,
    pub answer: Answer,
    /// The answer in a few words.
    what: &'static str,
}

/// An account that is found.
pub(super) const fn account(name: &'static str, layers: Layers, what: &'static str) -> Case {
    Case { name, kind: None, answer: Account(layers), what }
}

/// Any other answer that `get` succeeds with.
pub(super) const fn found(name: &'static str, answer: Answer, what: &'static str) -> Case {
    Case { name, kind: None, answer, what }
}

/// An answer that `get` fails with.
pub(super) const fn fails(name: &'static str, kind: Kind, answer: Answer, what: &'static str) -> Case {
    Case { name, kind: Some(kind), answer, what }
}

/// The failures of both APIs.
static FAILURES: &[Case] = &[
    fails("notfound", Kind::NotFound, Failure(404, &[]), "404, as any id not named here"),
    fails("notfoundempty", Kind::NotFound, Bytes(404, &[], b""), "404 without a body"),
    fails("gone", Kind::Gone, Failure(410, &[]), "410"),
    fails("unauthorized", Kind::Auth, Failure(401, &[]), "401"),
    fails("forbidden", Kind::Auth, Failure(403, &[]), "403"),
    fails("badrequest", Kind::BadResponse, Failure(400, &[]), "400"),
    fails("conflict", Kind::BadResponse, Failure(409, &[]), "409"),
    found(
        "ratelimitedonce",
        OnOdd(&Failure(429, RETRY_AFTER_1)),
        "429 with Retry-After: 1 to every odd request, else an account",
    ),
    fails("ratelimited", Kind::RateLimited, Failure(429, RETRY_AFTER_1), "429 with Retry-After: 1, always"),
    fails(
        "ratelimitedlong",
        Kind::RateLimited,
        Failure(429, &[("Retry-After", "3600")]),
        "429 with Retry-After: 3600, always",
    ),
    found("erroronce", OnOdd(&Failure(500, &[])), "500 to every odd request, else an account"),
    fails("error", Kind::Server, Failure(500, &[]), "500, always"),
    fails("notimplemented", Kind::Server, Failure(501, &[]), "501"),
    fails("unavailable", Kind::Server, Failure(503, &[]), "503, always"),
    fails(
        "html",
        Kind::BadResponse,
        Bytes(200, &[("Content-Type", "text/html")], b"<!DOCTYPE html>\n<title>Sign in</title><h1>Sign in</h1>\n"),
        "200 with a sign-in page instead of JSON",
    ),
    fails("truncated", Kind::Network, Delivered(Delivery::Half), "an account cut off in the middle"),
    fails(
        "garbage",
        Kind::BadResponse,
        Bytes(200, &[], b"{\"id\": \x00\xff\xfe not JSON"),
        "200 with bytes that are not JSON",
    ),
    fails("empty", Kind::BadResponse, Bytes(200, &[], b""), "200 with an empty body"),
    fails("array", Kind::BadResponse, Bytes(200, &[], b"[]"), "200 with an array"),
    fails("slow", Kind::Timeout, Delivered(Delivery::Late), "an account, but only after 30 seconds"),
    fails("reset", Kind::Network, Delivered(Delivery::Reset), "the connection is reset (RST)"),
    fails(
        "redirect",
        Kind::BadResponse,
        Bytes(302, &[("Location", "https://example.com/elsewhere")], b""),
        "302 to another host",
    ),
    fails(
        "gzip",
        Kind::BadResponse,
        // The two bytes `{}`, compressed.
        Bytes(
            200,
            &[("Content-Encoding", "gzip")],
            b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0",
        ),
        "200 with a compressed body",
    ),
];

const RETRY_AFTER_1: Headers = &[("Retry-After", "1")];

/// An API as the sandbox imitates it.
pub(super) struct Api {
    pub resource: &'static Resource,
    /// An account as JSON.
    seed: &'static str,
    /// What all its ids begin with.
    prefix: &'static str,
    /// Its accounts, beside [`FAILURES`].
    accounts: &'static [Case],
    pub has_list: bool,
    /// The status for a missing or wrong token.
    pub unauthorized: u16,
    /// The body of an error.
    error: fn(u16) -> String,
    /// The body of the error for a token that has expired.
    pub expired: &'static str,
}

pub(super) static APIS: [&Api; 2] = [&CONNECT, &PARTNER];

static CONNECT: Api = Api {
    resource: &crate::account::CONNECTED,
    seed: connected::SEED,
    prefix: "cacc_",
    accounts: connected::ACCOUNTS,
    has_list: true,
    unauthorized: 401,
    error: |status| {
        let (phrase, message) = phrases(status);
        let code = phrase.to_ascii_uppercase().replace(' ', "_");
        format!(r#"{{"code":"{code}","message":"{message}"}}"#)
    },
    expired: r#"{"code":"TOKEN_EXPIRED","message":"The token has expired."}"#,
};

static PARTNER: Api = Api {
    resource: &crate::account::PARTNER,
    seed: partner::SEED,
    prefix: "",
    accounts: partner::ACCOUNTS,
    has_list: false,
    unauthorized: 403,
    error: |status| {
        let (phrase, description) = phrases(status);
        let error = phrase.to_ascii_lowercase().replace(' ', "_");
        format!(r#"{{"description":"{description}","code":{status},"error":"{error}"}}"#)
    },
    expired: r#"{"description":"Invalid auth token.","code":403,"error":"forbidden"}"#,
};

impl Api {
    /// The rest of a path of this API: empty for the list, else a slash and an id.
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.resource.path.trim_end_matches('/'))
    }

    /// Every case that it knows.
    fn cases(&self) -> impl Iterator<Item = &'static Case> {
        self.accounts.iter().chain(FAILURES)
    }

    /// The case of that id.
    pub fn case(&self, id: &str) -> Option<&'static Case> {
        let name = id.strip_prefix(self.prefix)?;
        self.cases().find(|case| case.name == name)
    }

    /// The API's own error.
    pub fn failure(&self, status: u16) -> Reply {
        Reply::new(status, (self.error)(status))
    }

    /// The seed's account with another id and the changes of `layers`; members that the seed does not have come last.
    pub fn document(&self, id: &str, layers: Layers, now: Timestamp) -> String {
        let id = json::to_string(&id);
        let id = (Cow::Borrowed(self.resource.id_field), id.as_str());
        let mut document = members(self.seed);
        for (name, value) in [id].into_iter().chain(layers.iter().flat_map(|layer| members(layer))) {
            let place = document.iter_mut().find(|(known, _)| *known == name);
            match (name.strip_prefix('-'), place) {
                (Some(removed), _) => document.retain(|(known, _)| known != removed),
                (None, Some((_, known))) => *known = value,
                (None, None) => document.push((name, value)),
            }
        }
        let written = |(name, value): &(Cow<'_, str>, &str)| format!("{}:{value}", json::to_string(name));
        let written: Vec<_> = document.iter().map(written).collect();
        let document = format!("{{{}}}", written.join(",")).replace(HOSTILE, &hostile());
        DAYS.iter().fold(document, |document, days| {
            let day = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
            document.replace(&format!("<{days}d>"), &day.strftime("%F").to_string())
        })
    }
}

/// The members of an object of ours.
fn members(object: &str) -> Vec<(Cow<'_, str>, &str)> {
    match json::check(object).map(json::Json::view) {
        Ok(View::Object(members)) => members.into_iter().map(|(name, value)| (name, value.text())).collect(),
        _ => Vec::new(),
    }
}

/// Every id that the sandbox knows of a resource, the exit code of `get` with the default flags, and the answer in a few words.
pub fn rows(resource: &Resource) -> impl Iterator<Item = [String; 3]> {
    let apis = APIS.iter().filter(move |api| api.resource.api == resource.api);
    apis.flat_map(|api| {
        api.cases().map(|case| {
            let exit_code = case.kind.map_or(0, Kind::exit_code);
            [format!("{}{}", api.prefix, case.name), exit_code.to_string(), case.what.to_owned()]
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::account::field::Kind;
    use crate::account::{Account, Document, Time};

    fn account(api: &Api, text: String) -> Account {
        Account { resource: api.resource, document: Document::parse(text).expect("an object") }
    }

    /// The notes of an account at noon, without their numbers and how long something has lasted.
    fn notes(account: &Account) -> Vec<String> {
        let notes = (account.resource.notes)(account, Time::parse("2026-12-01T12:00:00Z").expect("a time"));
        let durations = [" for  days", " for less than a day"];
        let plain = |note: &String| note.replace(|c: char| c.is_ascii_digit(), "");
        let bare = |note: String| durations.iter().fold(note, |note, duration| note.replace(duration, ""));
        notes.iter().map(plain).map(bare).collect()
    }

    #[test]
    fn each_word_of_the_contract_and_each_note_has_an_account() {
        let now = "2026-12-01T00:00:00Z".parse().expect("a time");
        for api in &APIS {
            let id = api.resource.example_id;
            let plain = api.accounts.iter().filter_map(|case| match case.answer {
                Answer::Account(layers) if case.kind.is_none() => Some(account(api, api.document(id, layers, now))),
                _ => None,
            });
            let accounts: Vec<_> = plain.collect();
            // Accounts with every combination of words, and of times long past, past, to come and null.
            let mut states = vec![format!("{{\"{}\":\"{id}\"", api.resource.id_field)];
            for field in api.resource.fields {
                let values: Vec<_> = match field.kind {
                    Kind::Enum(_) => field.kind.words().map(|word| format!("\"{word}\"")).collect(),
                    Kind::Time => {
                        let days = ["2026-11-01", "2026-11-29", "2026-12-13"].iter();
                        days.map(|day| format!("\"{day}T00:00:00Z\"")).chain(["null".to_owned()]).collect()
                    }
                    _ => continue,
                };
                let of_field =
                    |account: &Account| account.document.get(field.name).map(|value| value.text().to_owned());
                let seen: BTreeSet<_> = accounts.iter().filter_map(of_field).collect();
                let is_seen = |word: &String| field.kind == Kind::Time || seen.contains(word);
                assert!(values.iter().all(is_seen), "{}: {values:?}, but {seen:?}", field.name);
                let with =
                    |state: &String| values.iter().map(|value| format!("{state},\"{}\":{value}", field.name)).collect();
                states = states.iter().flat_map(|state| -> Vec<_> { with(state) }).collect();
            }
            let possible: BTreeSet<_> =
                states.iter().flat_map(|state| notes(&account(api, format!("{state}}}")))).collect();
            let seen: BTreeSet<_> = accounts.iter().flat_map(notes).collect();
            assert_eq!(seen, possible);
        }
    }
}
