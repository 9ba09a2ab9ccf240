//! What an answer means: an account, or which failure. Pure.
//!
//! Everything is checked before anything is shown: status, encoding, content type, completeness, and that the answer is
//! about the id that was asked for. A server's own words are excerpts, and never repeat a credential.

mod refusal;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use httparse::Header;

use super::bearer::Token;
use super::failure::Failure;
use super::target::{CHECK_URL, Place, Target};
use super::{LARGE, retry};
use crate::account::{
    Account, Concealment, Document, Id, Undocumented, field, id::hide_credentials,
};
use crate::error::{Error, Kind};
use crate::escape::{EXCERPT, excerpt};
use crate::json::Flaw;
use crate::process::aside;

/// An answer as it came: the head, as far as it matters, and the bounded body.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// How the body is encoded, by `Content-Encoding` or `Transfer-Encoding`, if it is.
    pub encoding: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// `Retry-After`, as a time to wait.
    pub retry_after: Option<Duration>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the answer repeats the bearer token; what does is not here.
    repeats_token: bool,
    /// Whether a body that was dropped was about the account.
    was_about_account: Option<bool>,
}

/// What to think of when JSON ends too early, though the connection does not.
pub(super) const CUT_OFF: &str =
    "try again; if it stays so, the server or something before it cuts answers off";

/// What to do about a server that repeats the bearer token.
const COMPROMISED: &str = "whoever runs that server should know; consider the token compromised";

/// The headers that matter.
const HEADERS: [&str; 6] = [
    "content-encoding",
    "content-type",
    "date",
    "location",
    "retry-after",
    "transfer-encoding",
];

/// The headers that name a request; the first one that there is counts.
const REQUEST_IDS: [&str; 5] = [
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "cf-ray",
];

impl Answer {
    /// Takes what matters out of a response's head, but for what repeats the bearer token: no server has a reason to.
    pub fn of_head(status: u16, token: &Token, lines: &[Header<'_>]) -> Self {
        let mut repeats_token = false;
        let mut known: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(8);
        for Header { name, value } in lines {
            let mut names = HEADERS.iter().chain(&REQUEST_IDS);
            let Some(name) = names.find(|known| known.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if token.stands_in(value) {
                repeats_token = true;
            } else {
                known.push((*name, lossy(value)));
            }
        }
        let all = |wanted: &'static str| {
            let values = known.iter().filter(move |(name, _)| *name == wanted);
            values.map(|(_, value)| value.as_ref())
        };
        let first = |wanted| all(wanted).next();
        let encodings: Vec<_> = all("content-encoding")
            .chain(all("transfer-encoding"))
            .filter(|encoding| {
                let encoding = encoding.trim();
                !["", "identity", "chunked"]
                    .iter()
                    .any(|none| encoding.eq_ignore_ascii_case(none))
            })
            .collect();
        Answer {
            status,
            content_type: first("content-type").map(str::to_owned),
            encoding: (!encodings.is_empty()).then(|| encodings.join(", ")),
            location: first("location").map(str::to_owned),
            retry_after: first("retry-after")
                .and_then(|value| retry::retry_after(value, first("date"), SystemTime::now())),
            request_id: REQUEST_IDS.into_iter().find_map(first).map(str::to_owned),
            body: Vec::new(),
            repeats_token,
            was_about_account: None,
        }
    }

    /// Drops the body if it repeats the bearer token. Whether it or the head did is returned.
    pub fn drop_repeated(&mut self, token: &Token) -> bool {
        if token.is_repeated_by(&self.body) {
            self.was_about_account = Some(self.is_about_account());
            self.body.clear();
            self.repeats_token = true;
        }
        self.repeats_token
    }

    /// The account that was asked for, or why it is none.
    pub fn read(self, target: Target<'_>, place: Place<'_>) -> Result<Account, Failure> {
        match target {
            Target::Account(id) if self.status == 200 => self.document(id, place),
            _ => Err(self.refuse(target, place)),
        }
    }

    /// An answer that makes no sense.
    pub fn bad(&self, message: String) -> Failure {
        let error = Error::new(Kind::BadResponse, message).hint(CHECK_URL);
        self.with_head(Failure::lasting(error))
    }

    /// The failure, with what the answer's head tells.
    pub fn with_head(&self, failure: Failure) -> Failure {
        Failure {
            error: failure.error.with(|facts| {
                facts.status = Some(self.status);
                facts.request_id = self.request_id();
            }),
            ..failure
        }
    }

    /// The server's name for the request, as a message may repeat it.
    pub fn request_id(&self) -> Option<String> {
        self.request_id.as_deref().map(|id| told(id, EXCERPT))
    }

    /// The body as an account, or an error of the API, and what it names as its secrets.
    fn parsed(&self) -> Option<(Document, Concealment)> {
        let document = Document::parse(lossy(&self.body).into_owned()).ok()?;
        let concealment = Concealment::of(&document, false);
        Some((document, concealment))
    }

    /// Takes out of the head what holds one of the body's secrets.
    fn conceal(&mut self, concealment: &Concealment) {
        for text in [&mut self.request_id, &mut self.location] {
            text.take_if(|text| concealment.hides_text(text));
        }
        for text in [&mut self.content_type, &mut self.encoding] {
            *text = text.take().map(|text| concealment.veil(text));
        }
    }

    /// That the body cannot be JSON, if so.
    fn refuse_unreadable(&mut self, place: Place<'_>) -> Option<Failure> {
        self.unreadable(place)?;
        if let Some((_, concealment)) = self.parsed() {
            self.conceal(&concealment);
        }
        Some(self.bad(self.unreadable(place)?))
    }

    /// Why the body cannot be JSON, as far as its head and what has come of it tell.
    pub fn unreadable(&self, place: Place<'_>) -> Option<String> {
        let host = place.host;
        self.encoded(host).or_else(|| {
            let what = self.not_json()?;
            Some(format!("{host} answers with {what}, not with JSON"))
        })
    }

    fn document(mut self, id: &Id, place: Place<'_>) -> Result<Account, Failure> {
        let resource = id.resource();
        let host = place.host;
        if let Some(failure) = self.refuse_unreadable(place) {
            return Err(failure);
        }
        let body = std::mem::take(&mut self.body);
        let bad = |message| self.bad(message);
        let Ok(text) = String::from_utf8(body) else {
            return Err(bad(format!("the answer of {host} is not UTF-8")));
        };
        if text.trim().is_empty() {
            return Err(bad(format!("the answer of {host} is empty")));
        }
        let document = if text.len() > LARGE {
            // A copy of its own thread's, which lives no longer than the document.
            aside(move || Document::parse(text.as_str().to_owned())).map_err(Failure::lasting)?
        } else {
            Document::parse(text)
        };
        let document = document.map_err(|why| match why {
            Undocumented::Flaw(Flaw::Incomplete) => {
                let message = format!("the answer of {host} {}", Flaw::Incomplete.words());
                let error = Error::new(Kind::Network, message).hint(CUT_OFF);
                self.with_head(Failure::passing(error))
            }
            Undocumented::Flaw(flaw) => bad(format!("the answer of {host} {}", flaw.words())),
            Undocumented::NotAnObject => {
                bad(format!("the answer of {host} is JSON, but not an object"))
            }
        })?;
        let account = Account { resource, document };
        if account.echoes(id) == Some(false) {
            let other = account
                .document
                .get(resource.id_field)
                .and_then(field::text)
                .unwrap_or_default();
            let concealment = Concealment::of(&account.document, false);
            let other = told(&concealment.veil(other.into_owned()), 80);
            self.conceal(&concealment);
            return Err(self.bad(format!(
                "{host} answers with another {}: {other} instead of {}",
                resource.noun,
                id.as_str()
            )));
        }
        Ok(account)
    }

    /// That the body is encoded, if it is.
    fn encoded(&self, host: &str) -> Option<String> {
        let encoding = told(self.encoding.as_ref()?, 40);
        Some(format!(
            "{host} answers in the encoding {encoding}, which was not asked for"
        ))
    }

    /// What the body is instead of JSON, by its declared type and its first character.
    fn not_json(&self) -> Option<String> {
        const JSON: &str = "application/json";
        let declared = self.content_type.as_deref().unwrap_or_default();
        // What nearly every answer is costs the least.
        if declared == JSON && self.body.first() == Some(&b'{') {
            return None;
        }
        let declared = declared.split(';').next().unwrap_or_default().trim();
        let first = self.body.iter().find(|b| !b.is_ascii_whitespace());
        let is_page = first == Some(&b'<');
        let media = declared.to_ascii_lowercase();
        if media.contains("html") || is_page {
            return Some("a web page".to_owned());
        }
        let json = media.is_empty()
            || media == JSON
            || (media.starts_with("application/") && media.ends_with("+json"));
        (!json).then(|| told(declared, 60))
    }

    /// Whether a 404 is about the account: no body at all, or a JSON object. One that was not decoded may be any page.
    fn is_about_account(&self) -> bool {
        if let Some(known) = self.was_about_account {
            return known;
        }
        if self.encoding.is_some() {
            return false;
        }
        let text = lossy(&self.body);
        // A line end is no body; a screenful of blanks is a page.
        (text.len() <= 2 && text.trim().is_empty())
            || (self.not_json().is_none() && Document::parse(text.into_owned()).is_ok())
    }
}

/// That a good answer repeats the bearer token.
pub(super) fn repeated(host: &str) -> Failure {
    let message = format!("the answer of {host} repeats the bearer token; it is not shown");
    let error = Error::new(Kind::BadResponse, message).hint(COMPROMISED);
    Failure::lasting(error.with(|facts| facts.status = Some(200)))
}

/// `bytes` as text. What is UTF-8, as nearly everything is, is borrowed after a much faster look than the standard
/// library's own `from_utf8_lossy` takes.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A server's words as a message may repeat them: without credentials, which are looked for before anything is cut.
fn told(text: &str, limit: usize) -> String {
    excerpt(&hide_credentials(text), limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{CONNECTED, PARTNER};
    use crate::config::Secret;

    const PLACE: Place<'_> = Place {
        scheme: "https",
        host: "api.example.com",
        profile: Some("test"),
    };

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer {
            status,
            content_type: Some(content_type.to_owned()),
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        }
    }

    fn token(text: &str) -> Token {
        Token::new(Secret::new(text).expect("a token"), 0)
    }

    fn line<'a>(name: &'a str, value: &'a str) -> Header<'a> {
        let value = value.as_bytes();
        Header { name, value }
    }

    fn failure(answer: Answer) -> (Kind, String, bool) {
        let id = CONNECTED.parse_id("cacc_1").expect("id");
        let failure = answer
            .read(Target::Account(&id), PLACE)
            .expect_err("failure");
        (
            failure.error.kind(),
            failure.error.to_string(),
            failure.transient,
        )
    }

    #[test]
    fn an_account_is_read_whatever_json_is_called() {
        let id = CONNECTED.parse_id("cacc_1").expect("id");
        for content_type in [
            "application/json",
            "application/json; charset=utf-8",
            "application/hal+json",
            "APPLICATION/JSON",
        ] {
            let account = answer(200, content_type, r#"{"id":"cacc_1"}"#)
                .read(Target::Account(&id), PLACE)
                .expect(content_type);
            assert_eq!(account.document.get("id"), Some("\"cacc_1\""));
        }
        let untyped = Answer {
            content_type: None,
            ..answer(200, "", "{}")
        };
        assert!(
            untyped.read(Target::Account(&id), PLACE).is_ok(),
            "a missing id is drift, not another account"
        );
    }

    #[test]
    fn what_is_no_account() {
        for (content_type, body, kind, words, transient) in [
            (
                "text/html",
                "<html>",
                Kind::BadResponse,
                "a web page",
                false,
            ),
            (
                "application/json",
                " <!doctype html>",
                Kind::BadResponse,
                "a web page",
                false,
            ),
            ("text/csv", "a,b", Kind::BadResponse, "text/csv", false),
            (
                "application/xml",
                "{}",
                Kind::BadResponse,
                "application/xml",
                false,
            ),
            ("text/x+json", "{}", Kind::BadResponse, "text/x+json", false),
            ("application/json", "", Kind::BadResponse, "empty", false),
            (
                "application/json",
                "[]",
                Kind::BadResponse,
                "not an object",
                false,
            ),
            (
                "application/json",
                "null",
                Kind::BadResponse,
                "not an object",
                false,
            ),
            (
                "application/json",
                "{}{}",
                Kind::BadResponse,
                "goes on",
                false,
            ),
            (
                "application/json",
                "{\"a\":1,\"a\":2}",
                Kind::BadResponse,
                "twice",
                false,
            ),
            (
                "application/json",
                "{\"a\":",
                Kind::Network,
                "ends in the middle",
                true,
            ),
            (
                "application/json",
                "{\"id\":\"cacc_2\"}",
                Kind::BadResponse,
                "cacc_2 instead of cacc_1",
                false,
            ),
        ] {
            let (got, message, retried) = failure(answer(200, content_type, body));
            assert_eq!((got, retried), (kind, transient), "{message}");
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn each_status_has_its_kind() {
        for (status, body, kind, transient) in [
            (204, "", Kind::BadResponse, false),
            (206, "{}", Kind::BadResponse, false),
            (304, "", Kind::BadResponse, false),
            (400, "{}", Kind::BadResponse, false),
            (401, "", Kind::Auth, false),
            (403, "{}", Kind::Auth, false),
            (404, "", Kind::NotFound, false),
            (404, "{\"code\":\"NOT_FOUND\"}", Kind::NotFound, false),
            (404, "404 page not found", Kind::BadResponse, false),
            (409, "{}", Kind::BadResponse, false),
            (410, "", Kind::Gone, false),
            (422, "{}", Kind::BadResponse, false),
            (429, "", Kind::RateLimited, true),
            (500, "", Kind::Server, true),
            (501, "", Kind::Server, false),
            (503, "", Kind::Server, true),
            (511, "", Kind::Server, false),
        ] {
            let (got, message, retried) = failure(answer(status, "application/json", body));
            assert_eq!((got, retried), (kind, transient), "{status} {message}");
        }
        assert_eq!(
            failure(answer(404, "text/html", "<html>")).0,
            Kind::BadResponse
        );
    }

    #[test]
    fn the_servers_words_are_kept_short_and_clean() {
        let body = format!(
            "{{\"code\":\"X\",\"message\":\"\\u001b[31m token PNS-DEFG1234 {}\"}}",
            "y".repeat(1000)
        );
        let id = CONNECTED.parse_id("cacc_1").expect("id");
        let error = answer(400, "application/json", &body)
            .read(Target::Account(&id), PLACE)
            .expect_err("failure")
            .error;
        let words = error.facts().server_message.clone().expect("words");
        assert!(
            words.chars().count() <= 200 && !words.contains('\u{1b}') && !words.contains("DEFG"),
            "{words}"
        );
        assert_eq!(error.facts().server_code.as_deref(), Some("X"));
        let partner = r#"{"description":"Failed.","code":404,"error":"not_found"}"#;
        let id = PARTNER.parse_id("x").expect("id");
        let error = answer(404, "application/json", partner)
            .read(Target::Account(&id), PLACE)
            .expect_err("failure")
            .error;
        assert_eq!(error.facts().server_code.as_deref(), Some("not_found"));
        assert_eq!(error.facts().server_message.as_deref(), Some("Failed."));
    }

    #[test]
    fn a_repeated_token_is_dropped() {
        let token = token("s3cret/t0ken");
        let said = |location: &str, body: &str| {
            let mut answer = Answer::of_head(400, &token, &[line("Location", location)]);
            answer.body = body.as_bytes().to_vec();
            (answer.drop_repeated(&token), format!("{answer:?}"))
        };
        for (location, body) in [
            ("https://x/?s3cret/t0ken", "{}"),
            ("/", r#"{"message":"bad token s3cret/t0ken"}"#),
            ("/", r#"{"message":"bad token s3cret\/t0ken"}"#),
            ("/", r#"{"s3cret\u002ft0ken":1}"#),
        ] {
            let (repeated, kept) = said(location, body);
            assert!(repeated && !kept.contains("s3cret"), "{location} {body}");
        }
        assert!(!said("/", r#"{"message":"\u00e9"}"#).0);
    }

    #[test]
    fn a_short_token_may_stand_there_by_accident() {
        for (word, expected) in [("test", false), ("bearer7", false), ("bearer78", true)] {
            let token = token(word);
            for (location, body) in [("/", word), (word, "{}")] {
                let mut answer = Answer::of_head(200, &token, &[line("Location", location)]);
                answer.body = body.as_bytes().to_vec();
                assert_eq!(answer.drop_repeated(&token), expected, "{word}");
            }
        }
    }

    #[test]
    fn a_redirect_is_told_by_its_origin_only() {
        let to = |location: &str| {
            let answer = Answer {
                location: Some(location.to_owned()),
                ..answer(302, "text/html", "")
            };
            failure(answer).1
        };
        assert!(
            to("https://user:pw@evil.test:8443/x?token=1")
                .contains("redirects to https://evil.test:8443 (status 302)")
        );
        assert!(to("/login").contains("another path of its own"));
    }
}
