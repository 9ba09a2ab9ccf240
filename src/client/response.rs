//! What a response means: an account, or which failure. Everything is checked before anything is shown: status, encoding, content
//! type, completeness, and that the account is the one that was asked for. A server's own words go through the redactor.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ureq::http::Uri;
use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};

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

/// A response as it came.
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
        if !self.may_be_json() {
            return Err(self.not_json(attempt));
        }
        let text = String::from_utf8(std::mem::take(&mut self.body)).map_err(|_| self.bad("is not UTF-8", attempt))?;
        if text.trim().is_empty() {
            return Err(self.bad("is empty", attempt));
        }
        let account = self.read_account(text, "", attempt)?;
        if account.echoes(id) == Some(false) {
            let Account { resource, document } = &account;
            let attempt = &Attempt { redactor: &attempt.redactor.for_document(document), ..*attempt };
            let other = document.get(resource.id_field).and_then(Json::as_str).unwrap_or_default();
            let other = attempt.excerpt(&other, 80);
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

    /// Refuses a success whose headers repeat the token.
    pub fn check_head(&self, attempt: &Attempt<'_>) -> Result<()> {
        let mut values = self.headers.values();
        let repeats = values.any(|value| attempt.token.appears_in(value.as_bytes()));
        if repeats { Err(self.repeats_token(attempt)) } else { Ok(()) }
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
        // Either API's form of an error.
        let member = |names: [&str; 2]| {
            let document = document.as_ref()?;
            let text = names.into_iter().find_map(|name| document.get(name)?.as_str())?;
            Some(attempt.excerpt(&text, EXCERPT)).filter(|text| !text.is_empty())
        };
        let (code, words) = (member(["code", "error"]), member(["message", "description"]));
        let says = words.as_ref().map(|words| format!("; the server says: \"{words}\"")).unwrap_or_default();
        let retry_after = self.retry_after();
        let (kind, message, hint) = self.meaning(attempt, retry_after);
        let error = Error::new(kind, message + &says).hint(hint);
        let error = if self.status == 501 { error.retryable(false) } else { error };
        self.with_head(error, attempt).with_context(|context| {
            context.server_code = code;
            context.server_message = words;
            context.retry_after = retry_after;
        })
    }

    /// Kind, message and hint.
    fn meaning(&self, attempt: &Attempt<'_>, retry_after: Option<Duration>) -> (Kind, String, String) {
        let (host, status, target) = (attempt.host(), self.status, attempt.target);
        let wanted = match target.id {
            Some(_) => format!("this {}", target.resource.noun),
            None => format!("the {}", target.name()),
        };
        let bad = |message| (Kind::BadResponse, message, CHECK_URL.to_owned());
        let time = retry_after.map(span);
        let later = match &time {
            Some(time) => format!("try again in {time}, as it asks"),
            None => "try again later, and with fewer look-ups at once".to_owned(),
        };
        let asks = time.map(|time| format!(" and asks to wait for {time}")).unwrap_or_default();
        match status {
            300..=399 if self.headers.contains_key(LOCATION) => bad(format!(
                "{host} redirects to {} (status {status}), and redirects are not followed",
                self.destination(attempt)
            )),
            // A firewall's or a portal's page says nothing about the token.
            401 | 403 if self.is_page() => {
                bad(format!("{host} answers {status} with a page, not with the API's error"))
            }
            401 | 403 if target.resource.token_rejected.contains(&status) => (
                Kind::Auth,
                format!("{host} rejects the token (status {status})"),
                "is it current, and of this environment? `acctq config show` says where it comes from".to_owned(),
            ),
            401 | 403 => (
                Kind::Auth,
                format!("{host} does not let this token read {wanted} (status {status})"),
                "ask for a token that has the right to read it".to_owned(),
            ),
            404 if self.is_from_the_api() => {
                let profile = target.profile.unwrap_or("this");
                let hint = match target.id {
                    None => CHECK_URL.to_owned(),
                    Some(_) => format!(
                        "{}is {profile} the right profile? `acctq config show` lists them",
                        target.resource.not_found
                    ),
                };
                (Kind::NotFound, format!("no {} at {host}", target.name()), hint)
            }
            404 => bad(format!("{host} answers 404, but not with the API's error")),
            410 => (
                Kind::Gone,
                format!("the {} at {host} is gone", target.name()),
                "it has been removed and will not come back".to_owned(),
            ),
            429 => (Kind::RateLimited, format!("{host} has had too many requests{asks} (status 429)"), later),
            501 => (Kind::Server, format!("{host} failed with status 501"), CHECK_URL.to_owned()),
            408 | 500..=599 => {
                let hint = match request_id(&self.headers, attempt.redactor) {
                    Some(id) => format!("{later}; its operator can look for request {id}"),
                    None => later,
                };
                (Kind::Server, format!("{host} failed with status {status}{asks}"), hint)
            }
            _ => bad(format!("{host} answers with status {status}, which the API does not have for this request")),
        }
    }

    /// The failure, with what the head says in its context.
    pub fn with_head(&self, error: Error, attempt: &Attempt<'_>) -> Error {
        error.with_context(|context| {
            context.status = Some(self.status);
            context.request_id = request_id(&self.headers, attempt.redactor);
        })
    }

    /// Whether a success may be JSON, as far as head and body tell.
    pub fn may_be_json(&self) -> bool {
        if self.media_type() == "application/json" && self.body.starts_with(b"{") {
            return self.encoding().is_none();
        }
        let media = self.media_type().to_ascii_lowercase();
        let is_json = media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"));
        (is_json || media.is_empty()) && !self.is_page() && self.encoding().is_none()
    }

    /// Says what a success is that cannot be JSON.
    pub fn not_json(&self, attempt: &Attempt<'_>) -> Error {
        if attempt.token.appears_in(&self.body) {
            return self.repeats_token(attempt);
        }
        let attempt = &Attempt { redactor: &redactor(self.document().as_ref(), attempt), ..*attempt };
        let what = match self.encoding() {
            Some(encoding) => format!("is in the encoding {}, which was not asked for", attempt.excerpt(&encoding, 40)),
            None if self.is_page() => "is a web page, not JSON".to_owned(),
            None => format!("is {}, not JSON", attempt.excerpt(self.media_type(), 60)),
        };
        self.bad(&what, attempt)
    }

    /// The encodings of the body, none of which were asked for.
    pub fn encoding(&self) -> Option<String> {
        let content = self.headers.get_all(CONTENT_ENCODING).iter();
        let transfer = self.headers.get_all(TRANSFER_ENCODING).iter();
        let names = content.chain(transfer).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let none = ["", "identity", "chunked"];
        let names = names.filter(|name| !none.iter().any(|n| name.trim().eq_ignore_ascii_case(n)));
        Some(names.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
    }

    /// `Content-Type` without parameters.
    fn media_type(&self) -> &str {
        let declared = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        declared.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    fn is_page(&self) -> bool {
        let first = self.body.iter().find(|b| !b.is_ascii_whitespace());
        first == Some(&b'<') || self.media_type().to_ascii_lowercase().contains("html")
    }

    /// Whether a 404 is the API's, and so about the account: without a body, or with a JSON object.
    fn is_from_the_api(&self) -> bool {
        // A line end is no body; a screenful of blanks is a page.
        let is_empty = self.body.len() <= 2 && self.body.trim_ascii().is_empty() && self.encoding().is_none();
        is_empty || (self.may_be_json() && self.document().is_some())
    }

    fn retry_after(&self) -> Option<Duration> {
        let (value, date) = (self.header(RETRY_AFTER)?, self.header(DATE));
        retry::retry_after(&value, date.as_deref(), SystemTime::now())
    }

    fn header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// The body, if it is a JSON object.
    fn document(&self) -> Option<Document> {
        Document::parse(String::from_utf8_lossy(&self.body).into_owned()).ok()
    }

    /// Where `Location` points to: an origin without userinfo, if it is more than a path (RFC 3986 4.2).
    fn destination(&self, attempt: &Attempt<'_>) -> String {
        let location = self.header(LOCATION).unwrap_or_default();
        let scheme = attempt.uri.scheme_str().unwrap_or_default();
        let url = match location.strip_prefix("//") {
            Some(rest) => format!("{scheme}://{rest}"),
            None => location.into_owned(),
        };
        let origin = url.parse::<Uri>().ok().and_then(|url| {
            let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{}{port}", url.scheme_str()?, url.host()?))
        });
        origin.map_or("another path".to_owned(), |origin| attempt.excerpt(&origin, EXCERPT))
    }
}

/// The redactor, which knows the secrets of that body, too.
fn redactor(document: Option<&Document>, attempt: &Attempt<'_>) -> Redactor {
    document.map_or_else(|| attempt.redactor.clone(), |document| attempt.redactor.for_document(document))
}
