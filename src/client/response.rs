//! What a response means: an account, or which failure. Everything is checked before anything is shown: status, encoding, content
//! type, completeness, and that the account is the one that was asked for. A server's own words go through the redactor.

use std::borrow::Cow;
use std::time::SystemTime;

use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use ureq::http::uri::Authority;

use super::request::Attempt;
use super::{MAX_BODY, retry};
use crate::account::{Account, Document, Id, Redactor};
use crate::error::{Error, Kind, Result};
use crate::json::{Flaw, Json};
use crate::text::{EXCERPT, span};

/// What to check when the API does not seem to be there.
pub const CHECK_URL: &str = "is base_url right? `acctq config show` shows it";

/// The headers that name a request, the likeliest first.
static REQUEST_IDS: [HeaderName; 5] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-amzn-requestid"),
    HeaderName::from_static("cf-ray"),
];

/// The server's name for the request, fit to be shown.
pub fn request_id(headers: &HeaderMap, redactor: &Redactor) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| headers.get(name))?;
    Some(redactor.excerpt(&String::from_utf8_lossy(id.as_bytes()), EXCERPT))
}

#[derive(Debug, Default)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; cut if the response is no success.
    pub body: Vec<u8>,
}

impl Response {
    /// The account that was asked for, or why it is none. The body is used up.
    pub fn account(&mut self, id: &Id, attempt: &Attempt<'_>) -> Result<Account> {
        if self.status != 200 {
            return Err(self.refusal(attempt));
        }
        self.check_head(attempt)?;
        let text = String::from_utf8(std::mem::take(&mut self.body)).map_err(|_| self.bad("is not UTF-8", attempt))?;
        if text.trim().is_empty() {
            return Err(self.bad("is empty", attempt));
        }
        let account = self.read_account(text, "", attempt)?;
        if account.echoes(id) == Some(false) {
            let Account { resource, document } = &account;
            let attempt = &Attempt { redactor: &attempt.redactor.for_document(document), ..*attempt };
            let other = document.get(resource.id_field).and_then(Json::as_str).unwrap_or_default();
            let other = attempt.redactor.excerpt(&other, 80);
            return Err(self.bad(&format!("is another {}: {other} instead of {}", resource.noun, id.as_str()), attempt));
        }
        Ok(account)
    }

    /// Reads one account of the answer; `place` leads to what is wrong with it.
    pub fn read_account(&self, text: String, place: &str, attempt: &Attempt<'_>) -> Result<Account> {
        if attempt.token.appears_in(text.as_bytes()) {
            return Err(self.repeats_token(attempt));
        }
        let document = Document::parse(text).map_err(|flaw| match flaw {
            Flaw::Incomplete => self.cut_off(attempt),
            Flaw::Invalid(words) => self.bad(&format!("{place}{words}"), attempt),
        })?;
        if attempt.token.is_escaped_in(&document) {
            return Err(self.repeats_token(attempt));
        }
        Ok(Account { resource: attempt.target.resource, document })
    }

    /// Refuses a success that repeats the token in its head, or cannot be JSON.
    pub fn check_head(&self, attempt: &Attempt<'_>) -> Result<()> {
        if self.headers.values().any(|value| attempt.token.appears_in(value.as_bytes())) {
            return Err(self.repeats_token(attempt));
        }
        if self.may_be_json() { Ok(()) } else { Err(self.not_json(attempt)) }
    }

    fn repeats_token(&self, attempt: &Attempt<'_>) -> Error {
        self.bad("repeats the bearer token; it is not shown", attempt)
            .hint("tell the server's operator, and consider the token compromised")
    }

    pub fn too_large(&self, attempt: &Attempt<'_>) -> Error {
        self.bad(&format!("holds something larger than any account ({} MiB)", MAX_BODY >> 20), attempt)
    }

    /// A success that is no account; `what` follows "the answer".
    pub fn bad(&self, what: &str, attempt: &Attempt<'_>) -> Error {
        let message = format!("the answer of {} {what}", attempt.host());
        self.with_head(Error::new(Kind::BadResponse, message).hint(CHECK_URL), attempt)
    }

    /// JSON that ends too early, though the connection does not.
    pub fn cut_off(&self, attempt: &Attempt<'_>) -> Error {
        let message = format!("the answer of {} ends in the middle of its JSON", attempt.host());
        let hint = "try again; if it stays so, the server or something before it cuts answers off";
        self.with_head(Error::new(Kind::Network, message).hint(hint), attempt)
    }

    /// Why the answer is not what was asked for, by its status.
    pub fn refusal(&self, attempt: &Attempt<'_>) -> Error {
        let document = self.document();
        let attempt = &Attempt { redactor: &redactor(document.as_ref(), attempt), ..*attempt };
        let member = |names: [&str; 2]| {
            let document = document.as_ref()?;
            let text = names.into_iter().find_map(|name| document.get(name)?.as_str())?;
            Some(attempt.redactor.excerpt(&text, EXCERPT)).filter(|text| !text.is_empty())
        };
        let (code, words) = (member(["code", "error"]), member(["message", "description"]));
        let says = words.as_ref().map(|words| format!("; the server says: \"{words}\"")).unwrap_or_default();
        let (asked, date) = (self.header(RETRY_AFTER), self.header(DATE));
        let retry_after = asked.and_then(|asked| retry::retry_after(&asked, date.as_deref(), SystemTime::now()));
        let (host, status, target) = (attempt.host(), self.status, attempt.target);
        let (token, token_hint) =
            (&attempt.client.endpoint.token, attempt.client.endpoint.token_hint(target.resource.api));
        let (resource, name) = (target.resource, target.name());
        let fail = |kind, what: &str, hint: &str| Error::new(kind, format!("{host} {what}{says}")).hint(hint);
        let bad = |what: &str| fail(Kind::BadResponse, what, CHECK_URL);
        let (asks, later) = match retry_after.map(span) {
            Some(time) => (format!(" and asks to wait for {time}"), format!("try again in {time}, as it asks")),
            None => (String::new(), "try again later, and with fewer look-ups at once".to_owned()),
        };
        let error = match status {
            300..=399 if self.headers.contains_key(LOCATION) => {
                let place = self.destination(attempt).unwrap_or_else(|| "another path".to_owned());
                bad(&format!("redirects to {place} (status {status}), and redirects are not followed"))
            }
            // A firewall's or a portal's page says nothing about the token. nginx asks with one for a client certificate (400).
            400 | 401 | 403 if self.is_page() => {
                let what = format!("answers {status} with a page, not with the API's error");
                fail(Kind::BadResponse, &what, attempt.gateway_hint().unwrap_or(CHECK_URL))
            }
            401 | 403 if resource.token_rejected.contains(&status) => {
                let what = format!("rejects the token from {} (status {status})", token.from());
                token.origin.blame(fail(
                    Kind::Auth,
                    &what,
                    &format!("is it current, and of this environment?{token_hint}"),
                ))
            }
            401 | 403 => {
                let what = format!("does not let the token from {} read the {name} (status {status})", token.from());
                token.origin.blame(fail(Kind::Auth, &what, "ask for a token that has the right to read it"))
            }
            404 if self.is_from_the_api() => {
                let profile = target.profile.unwrap_or("this");
                let is_right = format!("is {profile} the right profile? `acctq config show` lists them");
                let hint = target.id.map(|_| format!("{}{is_right}", resource.not_found));
                fail(Kind::NotFound, &format!("has no {name}"), hint.as_deref().unwrap_or(CHECK_URL))
            }
            404 => bad("answers 404, but not with the API's error"),
            410 => fail(Kind::Gone, &format!("says that the {name} is gone"), "it will not come back"),
            429 => fail(Kind::RateLimited, &format!("has had too many requests{asks} (status 429)"), &later),
            501 => fail(Kind::Server, "failed with status 501", CHECK_URL).retryable(false),
            408 | 500..=599 => {
                let id = request_id(&self.headers, attempt.redactor);
                let find = id.map(|id| format!("; its operator can look for request {id}")).unwrap_or_default();
                fail(Kind::Server, &format!("failed with status {status}{asks}"), &format!("{later}{find}"))
            }
            _ => bad(&format!("answers with status {status}, which the API does not have for this request")),
        };
        self.with_head(error, attempt).with_context(|context| {
            context.server_code = code;
            context.server_message = words;
            context.retry_after = retry_after;
        })
    }

    pub fn with_head(&self, error: Error, attempt: &Attempt<'_>) -> Error {
        error.with_context(|context| {
            context.status = Some(self.status);
            context.request_id = request_id(&self.headers, attempt.redactor);
        })
    }

    /// Whether a success may be JSON, as far as head and body tell.
    fn may_be_json(&self) -> bool {
        let is_json = self.media_type().is_empty() || self.is_media("json");
        is_json && !self.is_page() && self.encoding().is_none()
    }

    fn not_json(&self, attempt: &Attempt<'_>) -> Error {
        if attempt.token.appears_in(&self.body) {
            return self.repeats_token(attempt);
        }
        let attempt = &Attempt { redactor: &redactor(self.document().as_ref(), attempt), ..*attempt };
        let what = match self.encoding() {
            Some(name) => {
                format!("is in the encoding {}, which was not asked for", attempt.redactor.excerpt(&name, 40))
            }
            None if self.is_page() => "is a web page, not JSON".to_owned(),
            None => format!("is {}, not JSON", attempt.redactor.excerpt(self.media_type(), 60)),
        };
        self.bad(&what, attempt)
    }

    /// An encoding of the body, none of which is asked for.
    pub fn encoding(&self) -> Option<Cow<'_, str>> {
        let mut names = [CONTENT_ENCODING, TRANSFER_ENCODING].into_iter().flat_map(|name| self.headers.get_all(name));
        let plain: [&[u8]; 3] = [b"", b"identity", b"chunked"];
        let is_plain = |name: &[u8]| plain.iter().any(|plain| name.trim_ascii().eq_ignore_ascii_case(plain));
        names.find(|name| !is_plain(name.as_bytes())).map(|name| String::from_utf8_lossy(name.as_bytes()))
    }

    fn media_type(&self) -> &str {
        let declared = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        declared.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// Whether a part of the media type is this: `application/problem+json` is JSON, too.
    fn is_media(&self, name: &str) -> bool {
        self.media_type().split(['/', '+']).any(|part| part.eq_ignore_ascii_case(name))
    }

    fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<") || self.is_media("html") || self.is_media("xhtml")
    }

    /// Whether a 404 is the API's, and so about the account: without a body, or with a JSON object.
    fn is_from_the_api(&self) -> bool {
        // A line end is no body; a screenful of blanks is a page.
        let is_empty = self.body.len() <= 2 && self.body.trim_ascii().is_empty() && self.encoding().is_none();
        is_empty || (self.may_be_json() && self.document().is_some())
    }

    fn header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    fn document(&self) -> Option<Document> {
        Document::parse(String::from_utf8_lossy(&self.body).into_owned()).ok()
    }

    /// The host that `Location` names, if it is more than a path (RFC 3986 4.2).
    fn destination(&self, attempt: &Attempt<'_>) -> Option<String> {
        let location = self.header(LOCATION)?;
        let (scheme, rest) = location.split_once("//").filter(|(scheme, _)| !scheme.contains(['/', '?', '#']))?;
        let authority: Authority = rest.split(['/', '?', '#']).next()?.parse().ok()?;
        let scheme = if scheme.is_empty() { attempt.uri.scheme_str()? } else { scheme.trim_end_matches(':') };
        let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(attempt.redactor.excerpt(&format!("{scheme}://{}{port}", authority.host()), EXCERPT))
    }
}

/// The redactor, which knows the secrets of that body, too.
fn redactor(document: Option<&Document>, attempt: &Attempt<'_>) -> Redactor {
    document.map_or_else(|| attempt.redactor.clone(), |document| attempt.redactor.for_document(document))
}
