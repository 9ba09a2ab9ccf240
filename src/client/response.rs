//! What a response means: an account, or which failure. A pure function of status, headers and body.
//!
//! Everything is checked before anything is shown: status, encoding, content type, completeness, and that the account is the one
//! that was asked for. A server's own words are excerpts that have gone through the redactor.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ureq::http::Uri;
use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
    TRANSFER_ENCODING,
};

use super::error::AttemptError;
use super::proxy::Proxy;
use super::retry;
use super::token::{Token, repeated};
use crate::account::{Account, Document, Id, NotADocument, Redactor, Resource};
use crate::error::{Error, Kind};
use crate::json::{Flaw, Json};
use crate::text::EXCERPT;

/// What to think of when the API does not seem to be there.
pub const CHECK_URL: &str = "is base_url right? `acctq config show` shows it";

/// The headers that name a request, the likeliest first.
const REQUEST_IDS: [&str; 5] =
    ["x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"];

/// What is asked for: one account, or all of them.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    Account(&'a Id),
    List(&'static Resource),
}

impl Target<'_> {
    pub fn resource(self) -> &'static Resource {
        match self {
            Target::Account(id) => id.resource(),
            Target::List(resource) => resource,
        }
    }

    pub fn id(&self) -> Option<&str> {
        match self {
            Target::Account(id) => Some(id.as_str()),
            Target::List(_) => None,
        }
    }

    /// `connected account cacc_1`
    fn words(self) -> String {
        match self {
            Target::Account(id) => format!("{} {}", id.resource().noun, id.as_str()),
            Target::List(resource) => format!("list of {}s", resource.noun),
        }
    }
}

/// Where responses come from.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Host, with the port if it is not the usual one.
    pub host: &'a str,
    pub scheme: &'a str,
    pub profile: Option<&'a str>,
    pub proxy: Option<&'a Proxy>,
    pub redactor: &'a Redactor,
}

/// A response as it came, with as much of its body as was read.
#[derive(Debug, Default)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; cut if the response is no success.
    pub body: Vec<u8>,
}

impl Response {
    /// The account that was asked for, or why it is none.
    pub fn account(
        mut self,
        id: &Id,
        token: &Token,
        site: Site<'_>,
    ) -> Result<Account, AttemptError> {
        if self.status != 200 {
            return Err(self.refusal(Target::Account(id), site));
        }
        self.check_head(token, site)?;
        // A page, too, is refused for the token first.
        if token.appears_in(&self.body) {
            return Err(repeated(site));
        }
        if self.not_json(site).is_some() {
            return Err(self.refusal(Target::Account(id), site));
        }
        let host = site.host;
        let text = String::from_utf8(std::mem::take(&mut self.body));
        let text =
            text.map_err(|_| self.bad(format!("the answer of {host} is not UTF-8"), site))?;
        if text.trim().is_empty() {
            return Err(self.bad(format!("the answer of {host} is empty"), site));
        }
        let document = Document::parse(text).map_err(|flaw| match flaw {
            NotADocument::Flaw(Flaw::Incomplete) => self.cut_off(site),
            NotADocument::Flaw(Flaw::Invalid(words)) => {
                self.bad(format!("the answer of {host} {words}"), site)
            }
            NotADocument::NotAnObject => {
                self.bad(format!("the answer of {host} is JSON, but not an object"), site)
            }
        })?;
        token.check_document(&document, site)?;
        let resource = id.resource();
        let account = Account { resource, document };
        if account.echoes(id) == Some(false) {
            let redactor = site.redactor.for_document(&account.document);
            let other = account.document.get(resource.id_field).and_then(Json::as_str);
            let message = format!(
                "{host} answers with another {}: {} instead of {}",
                resource.noun,
                redactor.excerpt(&other.unwrap_or_default(), 80),
                id.as_str()
            );
            return Err(self.bad(message, Site { redactor: &redactor, ..site }));
        }
        Ok(account)
    }

    /// Refuses a success whose headers repeat the token.
    pub fn check_head(&self, token: &Token, site: Site<'_>) -> Result<(), AttemptError> {
        let mut values = self.headers.values();
        let repeats = values.any(|value| token.appears_in(value.as_bytes()));
        if repeats { Err(repeated(site)) } else { Ok(()) }
    }

    /// Why there is not what was asked for.
    pub fn refusal(&self, target: Target<'_>, site: Site<'_>) -> AttemptError {
        let document = Document::parse(self.text().into_owned()).ok();
        let redactor = document.as_ref().map(|document| site.redactor.for_document(document));
        let site = Site { redactor: redactor.as_ref().unwrap_or(site.redactor), ..site };
        // Either API's form of an error.
        let member = |names: [&str; 2]| {
            let document = document.as_ref()?;
            let text = names.into_iter().find_map(|name| document.get(name)?.as_str())?;
            Some(site.redactor.excerpt(&text, EXCERPT)).filter(|text| !text.is_empty())
        };
        let (code, words) = (member(["code", "error"]), member(["message", "description"]));
        let says = words.as_ref().map(|words| format!("; the server says: \"{words}\""));
        let says = says.unwrap_or_default();
        let asked = self.retry_after();
        let (kind, message, hint) = self.meaning(target, site, &says, asked);
        let failure = AttemptError {
            error: Error::new(kind, message).hint(hint).with_context(|context| {
                context.server_code = code;
                context.server_message = words;
                context.retry_after = asked;
            }),
            transient: matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504),
        };
        let failure = self.with_head(failure, site);
        if self.status == 501 {
            return AttemptError { error: failure.error.retryable(false), ..failure };
        }
        failure
    }

    /// Kind, message and hint.
    fn meaning(
        &self,
        target: Target<'_>,
        site: Site<'_>,
        says: &str,
        asked: Option<Duration>,
    ) -> (Kind, String, String) {
        let (host, status, wanted) = (site.host, self.status, target.words());
        let bad = |message| (Kind::BadResponse, message, CHECK_URL.to_owned());
        let time = asked.map(|asked| format!("{} s", asked.as_secs()));
        let later = match &time {
            Some(time) => format!("try again in {time}, as it asks"),
            None => "try again later, and with fewer look-ups at once".to_owned(),
        };
        let time = time.map(|time| format!(" and asks to wait for {time}")).unwrap_or_default();
        match status {
            200 => bad(self.not_json(site).unwrap_or_default()),
            300..=399 if status != 304 => bad(format!(
                "{host} redirects to {} (status {status}), and redirects are not followed",
                self.destination(site)
            )),
            // A firewall's or a portal's page says nothing about the token.
            401 | 403 if self.is_page() => {
                bad(format!("{host} answers {status} with a page, not with the API's error"))
            }
            401 | 403 if target.resource().token_rejected.contains(&status) => (
                Kind::Auth,
                format!("{host} rejects the token (status {status}){says}"),
                "is it current, and of this environment? `acctq config show` says where it comes from".to_owned(),
            ),
            401 | 403 => (
                Kind::Auth,
                format!("{host} does not let this token read the {wanted} (status {status}){says}"),
                "ask for a token that has the right to read it".to_owned(),
            ),
            404 if self.is_about_account(site) => {
                let profile = site.profile.unwrap_or("this");
                let hint = match target {
                    Target::List(_) => CHECK_URL.to_owned(),
                    Target::Account(id) => format!(
                        "{}is {profile} the right profile? `acctq config show` lists them",
                        id.resource().not_found
                    ),
                };
                (Kind::NotFound, format!("no {wanted} at {host}{says}"), hint)
            }
            404 => bad(self.encoded(site).unwrap_or_else(|| {
                format!("{host} answers 404 with a page of its own, not with the API's error")
            })),
            410 => {
                let hint = "it has been removed and will not come back".to_owned();
                (Kind::Gone, format!("the {wanted} at {host} is gone{says}"), hint)
            }
            429 => {
                (Kind::RateLimited, format!("{host} has had too many requests{time} (status 429)"), later)
            }
            501 => {
                (Kind::Server, format!("{host} failed with status 501{says}"), CHECK_URL.to_owned())
            }
            408 | 500..=599 => {
                let hint = match self.request_id(site.redactor) {
                    Some(id) => format!("{later}; its operator can look for request {id}"),
                    None => later,
                };
                (Kind::Server, format!("{host} failed with status {status}{time}{says}"), hint)
            }
            400 | 409 => bad(format!("{host} refuses the request (status {status}){says}")),
            _ => bad(format!(
                "{host} answers with status {status}, which the API does not have for this request{says}"
            )),
        }
    }

    /// A success that is no account.
    pub fn bad(&self, message: String, site: Site<'_>) -> AttemptError {
        self.with_head(AttemptError::lasting(Kind::BadResponse, message, CHECK_URL), site)
    }

    /// JSON that ends too early, though the connection does not.
    pub fn cut_off(&self, site: Site<'_>) -> AttemptError {
        let message = format!("the answer of {} ends in the middle of its JSON", site.host);
        let hint = "try again; if it stays so, the server or something before it cuts answers off";
        self.with_head(AttemptError::transient(Kind::Network, message, hint), site)
    }

    /// The failure, with what the head says.
    pub fn with_head(&self, failure: AttemptError, site: Site<'_>) -> AttemptError {
        AttemptError {
            error: failure.error.with_context(|context| {
                context.status = Some(self.status);
                context.request_id = self.request_id(site.redactor);
            }),
            ..failure
        }
    }

    /// The server's name for the request, fit to be shown.
    pub fn request_id(&self, redactor: &Redactor) -> Option<String> {
        let id = REQUEST_IDS.into_iter().find_map(|name| self.headers.get(name))?;
        Some(redactor.excerpt(&String::from_utf8_lossy(id.as_bytes()), EXCERPT))
    }

    /// Why a success cannot be JSON, as far as head and body tell.
    pub fn not_json(&self, site: Site<'_>) -> Option<String> {
        if let Some(encoded) = self.encoded(site) {
            return Some(encoded);
        }
        let media = self.media_type();
        let kind = media.to_ascii_lowercase();
        let is_json = kind.is_empty()
            || kind == "application/json"
            || (kind.starts_with("application/") && kind.ends_with("+json"));
        let what = if self.is_page() {
            "a web page".to_owned()
        } else if is_json {
            return None;
        } else {
            site.redactor.excerpt(&media, 60)
        };
        Some(format!("{} answers with {what}, not with JSON", site.host))
    }

    /// The encodings that were not asked for; empty if there is none.
    pub fn encodings(&self) -> String {
        let content = self.headers.get_all(CONTENT_ENCODING).iter();
        let transfer = self.headers.get_all(TRANSFER_ENCODING).iter();
        let names = content.chain(transfer).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let none = ["", "identity", "chunked"];
        let names = names.filter(|name| !none.iter().any(|n| name.trim().eq_ignore_ascii_case(n)));
        names.collect::<Vec<_>>().join(", ")
    }

    fn encoded(&self, site: Site<'_>) -> Option<String> {
        let names = Some(self.encodings()).filter(|names| !names.is_empty())?;
        let names = site.redactor.excerpt(&names, 40);
        Some(format!("{} answers in the encoding {names}, which was not asked for", site.host))
    }

    /// `Content-Type` without parameters.
    fn media_type(&self) -> String {
        let declared = self.header(CONTENT_TYPE).unwrap_or_default();
        declared.split(';').next().unwrap_or_default().trim().to_owned()
    }

    fn is_page(&self) -> bool {
        let first = self.body.iter().find(|b| !b.is_ascii_whitespace());
        first == Some(&b'<') || self.media_type().to_ascii_lowercase().contains("html")
    }

    /// Whether a 404 is about the account: no body at all, or a JSON object.
    fn is_about_account(&self, site: Site<'_>) -> bool {
        let text = self.text();
        // A line end is no body; a screenful of blanks is a page.
        let is_empty = text.len() <= 2 && text.trim().is_empty() && self.encodings().is_empty();
        is_empty || (self.not_json(site).is_none() && Document::parse(text.into_owned()).is_ok())
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

    /// Where `Location` points to (RFC 3986 4.2): an origin without userinfo, if it is more than a path.
    fn destination(&self, site: Site<'_>) -> String {
        let Some(location) = self.header(LOCATION) else {
            return "nowhere".to_owned();
        };
        // As browsers read it: a backslash is a slash, two of them begin a host, and a tab is nothing.
        let location = location.trim().replace('\t', "").replace('\\', "/");
        let path = location.split(['/', '?', '#']).next().unwrap_or_default();
        let url = match location.strip_prefix("//") {
            Some(rest) => format!("{}://{rest}", site.scheme),
            None if path.contains(':') => location,
            None => return "another path of its own".to_owned(),
        };
        let origin = url.parse::<Uri>().ok().and_then(|url| {
            let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{}{port}", url.scheme_str()?, url.host()?))
        });
        let origin = origin.map(|origin| site.redactor.excerpt(&origin, EXCERPT));
        origin.unwrap_or_else(|| "something that is no web address".to_owned())
    }
}
