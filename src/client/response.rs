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
use super::token::Token;
use super::{MAX_BODY, retry};
use crate::account::{Account, Document, Id, NotADocument, Redactor, Resource};
use crate::error::{Error, Kind};
use crate::json::Flaw;
use crate::text::{EXCERPT, span};

/// What to think of when the API does not seem to be there.
pub const CHECK_URL: &str = "is base_url right? `acctq config show` shows it";

/// What to do about JSON that ends too early though the connection does not.
const CUT_OFF: &str =
    "try again; if it stays so, the server or something before it cuts answers off";

/// The headers that name a request; the first one that is there counts.
const REQUEST_IDS: [&str; 5] =
    ["x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"];

/// What is asked for: one account, or all of them.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The account of that id.
    Account(&'a Id),
    /// The list of all accounts.
    List(&'static Resource),
}

impl Target<'_> {
    /// What it is an account of.
    pub fn resource(self) -> &'static Resource {
        match self {
            Target::Account(id) => id.resource(),
            Target::List(resource) => resource,
        }
    }

    /// The id, if it is about one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Target::Account(id) => Some(id.as_str()),
            Target::List(_) => None,
        }
    }

    fn question(self) -> &'static str {
        match self {
            Target::Account(_) => "look-up",
            Target::List(_) => "list",
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
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The profile in use, if there is one.
    pub profile: Option<&'a str>,
    /// The proxy in use, if there is one.
    pub proxy: Option<&'a Proxy>,
    /// A server's words go through it.
    pub redactor: &'a Redactor,
}

impl Site<'_> {
    /// `api.example.com (profile test)`
    fn words(self) -> String {
        match self.profile {
            Some(profile) => format!("{} (profile {profile})", self.host),
            None => self.host.to_owned(),
        }
    }

    fn doubt(self) -> String {
        match self.profile {
            Some(profile) => {
                format!("is {profile} the right profile? `acctq config show` lists them")
            }
            None => "do the ACCTQ_ variables name the right server? `acctq config show` tells"
                .to_owned(),
        }
    }
}

/// A response as it came, with as much of its body as was read.
#[derive(Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; cut if the response is no success.
    pub body: Vec<u8>,
}

impl Response {
    /// The account that was asked for.
    ///
    /// # Errors
    /// Why it is none.
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
        if let Some(message) = self.not_json(site) {
            return Err(self.bad(message, site));
        }
        let (host, resource) = (site.host, id.resource());
        let Ok(text) = String::from_utf8(std::mem::take(&mut self.body)) else {
            return Err(self.bad(format!("the answer of {host} is not UTF-8"), site));
        };
        if token.appears_in(text.as_bytes()) {
            return Err(repeats_token(host));
        }
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
        if holds_token(&document, token) {
            return Err(repeats_token(host));
        }
        let account = Account { resource, document };
        if account.echoes(id) == Some(false) {
            let redactor = site.redactor.for_document(&account.document);
            let site = Site { redactor: &redactor, ..site };
            let other = account.document.get(resource.id_field);
            let other = other.and_then(crate::json::Json::as_str).unwrap_or_default();
            let message = format!(
                "{host} answers with another {}: {} instead of {}",
                resource.noun,
                redactor.excerpt(&other, 80),
                id.as_str()
            );
            return Err(self.bad(message, site));
        }
        Ok(account)
    }

    /// Whether a good response's head repeats the token.
    ///
    /// # Errors
    /// It does.
    pub fn check_head(&self, token: &Token, site: Site<'_>) -> Result<(), AttemptError> {
        let mut values = self.headers.values();
        if values.any(|value| token.appears_in(value.as_bytes())) {
            return Err(repeats_token(site.host));
        }
        Ok(())
    }

    /// Why there is not what was asked for.
    pub fn refusal(&self, target: Target<'_>, site: Site<'_>) -> AttemptError {
        let (host, status) = (site.host, self.status);
        if status == 200
            && let Some(message) = self.not_json(site)
        {
            return self.bad(message, site);
        }
        let document = Document::parse(self.text().into_owned()).ok();
        let redactor = match &document {
            Some(document) => site.redactor.for_document(document),
            None => site.redactor.clone(),
        };
        let site = Site { redactor: &redactor, ..site };
        let (code, words) =
            document.as_ref().map(|document| server_words(document, &redactor)).unwrap_or_default();
        let says = words
            .as_ref()
            .map(|words| format!("; the server says: \"{words}\""))
            .unwrap_or_default();
        let asked = self.retry_after();
        let wanted = target.words();
        let new = |kind, message: String, hint: &str| Error::new(kind, message).hint(hint);
        let bad = |message| new(Kind::BadResponse, message, CHECK_URL);
        let (error, transient) = match status {
            300..=399 if status != 304 => (self.redirect(site), false),
            // A firewall's or a portal's page says nothing about the token.
            401 | 403 if self.is_page() => {
                let message =
                    format!("{host} answers {status} with a page, not with the API's error");
                (bad(message), false)
            }
            401 | 403 => (rejected(target, site, status, &says), false),
            404 if self.is_about_account(site) => {
                let hint = match target {
                    Target::Account(id) => format!("{}{}", id.resource().not_found, site.doubt()),
                    Target::List(_) => CHECK_URL.to_owned(),
                };
                let message = format!("no {wanted} at {}{says}", site.words());
                (new(Kind::NotFound, message, &hint), false)
            }
            404 => {
                let page =
                    format!("{host} answers 404 with a page of its own, not with the API's error");
                (bad(self.encoded(site).unwrap_or(page)), false)
            }
            410 => {
                let message = format!("the {wanted} at {} is gone{says}", site.words());
                (new(Kind::Gone, message, "it has been removed and will not come back"), false)
            }
            429 => {
                let time = asked.map(|asked| format!(" for {}", span(asked))).unwrap_or_default();
                let hint = match asked {
                    Some(asked) => format!("try again in {}, as it asks", span(asked)),
                    None => "try again in a while, and with fewer look-ups at once".to_owned(),
                };
                let message = format!("{host} asks to wait{time} (status 429)");
                (new(Kind::RateLimited, message, &hint), true)
            }
            408 | 500..=599 => {
                let asks = asked.map(|asked| format!(" and asks to wait for {}", span(asked)));
                let message =
                    format!("{host} failed with status {status}{}{says}", asks.unwrap_or_default());
                let hint = match (status, self.request_id(&redactor)) {
                    (501, _) => CHECK_URL.to_owned(),
                    (_, Some(id)) => {
                        format!("try again later; its operator can look for request {id}")
                    }
                    (_, None) => "try again later".to_owned(),
                };
                let error = new(Kind::Server, message, &hint).retryable(status != 501);
                (error, matches!(status, 408 | 500 | 502 | 503 | 504))
            }
            400 | 409 => {
                let what = target.question();
                (bad(format!("{host} refuses the {what} (status {status}){says}")), false)
            }
            _ => {
                let what = target.question();
                let message = format!(
                    "{host} answers with status {status}, which the API does not have for a {what}{says}"
                );
                (bad(message), false)
            }
        };
        let error = error.with_context(|context| {
            context.server_code = code;
            context.server_message = words;
            context.retry_after = asked;
        });
        self.with_head(AttemptError { error, transient }, site)
    }

    /// A success that is no account.
    pub fn bad(&self, message: String, site: Site<'_>) -> AttemptError {
        let error = Error::new(Kind::BadResponse, message).hint(CHECK_URL);
        self.with_head(AttemptError::lasting(error), site)
    }

    /// JSON that ends too early.
    pub fn cut_off(&self, site: Site<'_>) -> AttemptError {
        let message = format!("the answer of {} ends in the middle of its JSON", site.host);
        let error = Error::new(Kind::Network, message).hint(CUT_OFF);
        self.with_head(AttemptError::transient(error), site)
    }

    /// A body beyond the limit.
    pub fn too_large(&self, site: Site<'_>) -> AttemptError {
        let (host, kib) = (site.host, MAX_BODY / 1024);
        self.bad(format!("the answer of {host} is larger than any account ({kib} KiB)"), site)
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
        let host = site.host;
        self.encoded(site).or_else(|| {
            if self.is_page() {
                return Some(format!("{host} answers with a web page, not with JSON"));
            }
            let media = self.media_type();
            let is_json = media.is_empty()
                || media == "application/json"
                || (media.starts_with("application/") && media.ends_with("+json"));
            let media = || site.redactor.excerpt(&media, 60);
            (!is_json).then(|| format!("{host} answers with {}, not with JSON", media()))
        })
    }

    /// Whether it has an encoding that was not asked for.
    pub fn is_encoded(&self) -> bool {
        !self.encodings().is_empty()
    }

    fn encodings(&self) -> Vec<Cow<'_, str>> {
        let content = self.headers.get_all(CONTENT_ENCODING).iter();
        let transfer = self.headers.get_all(TRANSFER_ENCODING).iter();
        let names = content.chain(transfer).map(|value| String::from_utf8_lossy(value.as_bytes()));
        names
            .filter(|name| {
                let known = ["", "identity", "chunked"];
                !known.iter().any(|known| name.trim().eq_ignore_ascii_case(known))
            })
            .collect()
    }

    fn encoded(&self, site: Site<'_>) -> Option<String> {
        let names = self.encodings();
        let name = (!names.is_empty()).then(|| site.redactor.excerpt(&names.join(", "), 40))?;
        Some(format!("{} answers in the encoding {name}, which was not asked for", site.host))
    }

    /// `Content-Type` without parameters, in lower case.
    fn media_type(&self) -> String {
        let declared = self.header(CONTENT_TYPE).unwrap_or_default();
        let media = declared.split(';').next().unwrap_or_default();
        media.trim().to_ascii_lowercase()
    }

    fn is_page(&self) -> bool {
        let first = self.body.iter().find(|b| !b.is_ascii_whitespace());
        first == Some(&b'<') || self.media_type().contains("html")
    }

    /// Whether a 404 is about the account: no body at all, or a JSON object. One that is encoded may be any page.
    fn is_about_account(&self, site: Site<'_>) -> bool {
        let text = self.text();
        // A line end is no body; a screenful of blanks is a page.
        !self.is_encoded()
            && ((text.len() <= 2 && text.trim().is_empty())
                || (self.not_json(site).is_none() && Document::parse(text.into_owned()).is_ok()))
    }

    fn retry_after(&self) -> Option<Duration> {
        let (value, date) = (self.header(RETRY_AFTER)?, self.header(DATE));
        retry::retry_after(&value, date.as_deref(), SystemTime::now())
    }

    fn header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        let value = self.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    fn redirect(&self, site: Site<'_>) -> Error {
        let to = match self.header(LOCATION) {
            Some(location) => destination(&location, site),
            None => "nowhere".to_owned(),
        };
        let (host, status) = (site.host, self.status);
        let message =
            format!("{host} redirects to {to} (status {status}), and redirects are not followed");
        Error::new(Kind::BadResponse, message).hint(CHECK_URL)
    }
}

/// Whether a document holds the token, however it is escaped.
pub fn holds_token(document: &Document, token: &Token) -> bool {
    document.text().contains('\\')
        && document
            .members()
            .any(|(name, value)| token.appears_in(name.as_bytes()) || token.appears_in_json(value))
}

/// A success that repeats the bearer token.
pub fn repeats_token(host: &str) -> AttemptError {
    let message = format!("the answer of {host} repeats the bearer token; it is not shown");
    let error = Error::new(Kind::BadResponse, message)
        .hint("whoever runs that server should know; consider the token compromised");
    AttemptError::lasting(error.with_context(|context| context.status = Some(200)))
}

fn rejected(target: Target<'_>, site: Site<'_>, status: u16, says: &str) -> Error {
    let host = site.host;
    if target.resource().token_rejected.contains(&status) {
        let message = format!("{host} rejects the token (status {status}){says}");
        Error::new(Kind::Auth, message).hint(
            "is it current, and of this environment? `acctq config show` says where it comes from",
        )
    } else {
        let wanted = target.words();
        let message =
            format!("{host} does not let this token read the {wanted} (status {status}){says}");
        Error::new(Kind::Auth, message).hint("ask for a token that has the right to read it")
    }
}

/// The code and the message of an error, in either API's form.
fn server_words(document: &Document, redactor: &Redactor) -> (Option<String>, Option<String>) {
    let member = |names: [&str; 2]| {
        let text = names.into_iter().find_map(|name| document.get(name)?.as_str())?;
        Some(redactor.excerpt(&text, EXCERPT)).filter(|text| !text.is_empty())
    };
    (member(["code", "error"]), member(["message", "description"]))
}

/// Where a `Location` points to (RFC 3986 4.2): an origin, without userinfo, for what is more than a path.
fn destination(location: &str, site: Site<'_>) -> String {
    // As browsers read it (WHATWG URL, 4.4): a backslash before the query is a slash, and a tab is nothing.
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let location = path.trim().replace('\t', "").replace('\\', "/");
    let absolute =
        if location.starts_with("//") { format!("{}:{location}", site.scheme) } else { location };
    let before_path = absolute.split('/').next().unwrap_or_default();
    if !before_path.contains(':') {
        return "another path of its own".to_owned();
    }
    let origin = absolute.parse::<Uri>().ok().and_then(|url| {
        let (scheme, host) = (url.scheme_str()?, url.host()?);
        let port = url.port_u16().map(|port| format!(":{port}"));
        let origin = format!("{scheme}://{host}{}", port.unwrap_or_default());
        Some(site.redactor.excerpt(&origin, EXCERPT))
    });
    origin.unwrap_or_else(|| "something that is no web address".to_owned())
}
