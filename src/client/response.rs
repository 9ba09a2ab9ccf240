//! What a response means: an account, or which failure.
//!
//! Everything is checked before anything is shown: status, encoding, content type, completeness, and that the account is the one
//! that was asked for. A server's own words are excerpts that have gone through the redactor.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ureq::http::Uri;
use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};

use super::request::Attempt;
use super::retry;
use crate::account::{Account, Document, Id};
use crate::error::{Error, Kind, Result};
use crate::json::{Flaw, Json};
use crate::text::{EXCERPT, span};

/// What to check when the API does not seem to be there.
pub const CHECK_URL: &str = "is base_url right? `acctq config show` shows it";

/// The headers that name a request, the likeliest first.
const REQUEST_IDS: [&str; 5] = ["x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"];

/// A response as it came.
#[derive(Debug, Default)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; cut if the response is no success.
    pub body: Vec<u8>,
}

impl Response {
    /// The account that was asked for, or why it is none.
    pub fn account(mut self, id: &Id, attempt: &Attempt<'_>) -> Result<Account> {
        if self.status != 200 {
            return Err(self.refusal(attempt));
        }
        self.check_head(attempt)?;
        // A page, too, is refused for the token first.
        if attempt.token.appears_in(&self.body) {
            return Err(self.repeats_token(attempt));
        }
        if self.not_json(attempt).is_some() {
            return Err(self.refusal(attempt));
        }
        let text = String::from_utf8(std::mem::take(&mut self.body)).map_err(|_| self.bad("is not UTF-8", attempt))?;
        if text.trim().is_empty() {
            return Err(self.bad("is empty", attempt));
        }
        let document = Document::parse(text).map_err(|flaw| match flaw {
            Flaw::Incomplete => self.cut_off(attempt),
            Flaw::Invalid(words) => self.bad(words, attempt),
        })?;
        if attempt.token.is_escaped_in(&document) {
            return Err(self.repeats_token(attempt));
        }
        let resource = id.resource();
        let account = Account { resource, document };
        if account.echoes(id) == Some(false) {
            let redactor = attempt.redactor.for_document(&account.document);
            let attempt = Attempt { redactor: &redactor, ..*attempt };
            let other = account.document.get(resource.id_field).and_then(Json::as_str);
            let other = attempt.excerpt(&other.unwrap_or_default(), 80);
            let what = format!("is another {}: {other} instead of {}", resource.noun, id.as_str());
            return Err(self.bad(&what, &attempt));
        }
        Ok(account)
    }

    /// Refuses a success whose headers repeat the token.
    pub fn check_head(&self, attempt: &Attempt<'_>) -> Result<()> {
        let mut values = self.headers.values();
        let repeats = values.any(|value| attempt.token.appears_in(value.as_bytes()));
        if repeats { Err(self.repeats_token(attempt)) } else { Ok(()) }
    }

    /// A success that repeats the bearer token.
    pub fn repeats_token(&self, attempt: &Attempt<'_>) -> Error {
        self.bad("repeats the bearer token; it is not shown", attempt)
            .hint("tell the server's operator, and consider the token compromised")
    }

    /// A success that is no account.
    pub fn bad(&self, what: &str, attempt: &Attempt<'_>) -> Error {
        let message = format!("the answer of {} {what}", attempt.host());
        self.describe(Error::new(Kind::BadResponse, message).hint(CHECK_URL), attempt)
    }

    /// JSON that ends too early, though the connection does not.
    pub fn cut_off(&self, attempt: &Attempt<'_>) -> Error {
        let message = format!("the answer of {} ends in the middle of its JSON", attempt.host());
        let hint = "try again; if it stays so, the server or something before it cuts answers off";
        self.describe(Error::new(Kind::Network, message).hint(hint), attempt)
    }

    /// Why the answer is not what was asked for, by its status.
    pub fn refusal(&self, attempt: &Attempt<'_>) -> Error {
        let document = Document::parse(self.text().into_owned()).ok();
        let redactor = document.as_ref().map(|document| attempt.redactor.for_document(document));
        let redactor = redactor.as_ref().unwrap_or(attempt.redactor);
        let attempt = &Attempt { redactor, ..*attempt };
        // Either API's form of an error.
        let member = |names: [&str; 2]| {
            let document = document.as_ref()?;
            let text = names.into_iter().find_map(|name| document.get(name)?.as_str())?;
            Some(attempt.excerpt(&text, EXCERPT)).filter(|text| !text.is_empty())
        };
        let (code, words) = (member(["code", "error"]), member(["message", "description"]));
        let says = words.as_ref().map(|words| format!("; the server says: \"{words}\""));
        let retry_after = self.retry_after();
        let (kind, message, hint) = self.meaning(attempt, retry_after);
        let error = Error::new(kind, message + &says.unwrap_or_default()).hint(hint);
        let error = if self.status == 501 { error.retryable(false) } else { error };
        self.describe(error, attempt).with_context(|context| {
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
            200 => bad(self.not_json(attempt).unwrap_or_default()),
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
            404 if self.is_from_the_api(attempt) => {
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
            404 => bad(self
                .encoded(attempt)
                .unwrap_or_else(|| format!("{host} answers 404 with a page of its own, not with the API's error"))),
            410 => (
                Kind::Gone,
                format!("the {} at {host} is gone", target.name()),
                "it has been removed and will not come back".to_owned(),
            ),
            429 => (Kind::RateLimited, format!("{host} has had too many requests{asks} (status 429)"), later),
            501 => (Kind::Server, format!("{host} failed with status 501"), CHECK_URL.to_owned()),
            408 | 500..=599 => {
                let hint = match self.request_id(attempt) {
                    Some(id) => format!("{later}; its operator can look for request {id}"),
                    None => later,
                };
                (Kind::Server, format!("{host} failed with status {status}{asks}"), hint)
            }
            _ => bad(format!("{host} answers with status {status}, which the API does not have for this request")),
        }
    }

    /// The failure, with what the head says in its context.
    pub fn describe(&self, error: Error, attempt: &Attempt<'_>) -> Error {
        error.with_context(|context| {
            context.status = Some(self.status);
            context.request_id = self.request_id(attempt);
        })
    }

    /// The server's name for the request, fit to be shown.
    pub fn request_id(&self, attempt: &Attempt<'_>) -> Option<String> {
        let id = REQUEST_IDS.into_iter().find_map(|name| self.headers.get(name))?;
        Some(attempt.excerpt(&String::from_utf8_lossy(id.as_bytes()), EXCERPT))
    }

    /// Why a success cannot be JSON, as far as head and body tell.
    pub fn not_json(&self, attempt: &Attempt<'_>) -> Option<String> {
        if let Some(encoded) = self.encoded(attempt) {
            return Some(encoded);
        }
        let declared = self.media_type();
        if declared == "application/json" && self.body.first() == Some(&b'{') {
            return None;
        }
        let media = declared.to_ascii_lowercase();
        let what = if self.is_page() {
            "a web page".to_owned()
        } else if matches!(&*media, "" | "application/json")
            || (media.starts_with("application/") && media.ends_with("+json"))
        {
            return None;
        } else {
            attempt.excerpt(declared, 60)
        };
        Some(format!("{} answers with {what}, not with JSON", attempt.host()))
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

    fn encoded(&self, attempt: &Attempt<'_>) -> Option<String> {
        let names = attempt.excerpt(&self.encoding()?, 40);
        let host = attempt.host();
        Some(format!("{host} answers in the encoding {names}, which was not asked for"))
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
    fn is_from_the_api(&self, attempt: &Attempt<'_>) -> bool {
        let text = self.text();
        // A line end is no body; a screenful of blanks is a page.
        let is_empty = text.len() <= 2 && text.trim().is_empty() && self.encoding().is_none();
        is_empty || (self.not_json(attempt).is_none() && Document::parse(text.into_owned()).is_ok())
    }

    fn retry_after(&self) -> Option<Duration> {
        let (value, date) = (self.header(RETRY_AFTER)?, self.header(DATE));
        retry::retry_after(&value, date.as_deref(), SystemTime::now())
    }

    fn header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
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
