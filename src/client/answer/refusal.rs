//! What an answer means that is not what was asked for: which failure it is, and in which words.

use http::Uri;

use super::{Answer, COMPROMISED, told};
use crate::account::{Concealment, Document, field};
use crate::client::failure::{Failure, seconds};
use crate::client::target::{CHECK_URL, Place, Target};
use crate::error::{Error, Kind};
use crate::escape::EXCERPT;

impl Answer {
    /// Why there is not what was asked for.
    pub fn refuse(mut self, target: Target<'_>, place: Place<'_>) -> Failure {
        if self.status == 200
            && let Some(failure) = self.refuse_unreadable(place)
        {
            return failure;
        }
        self.refusal(target, place)
    }

    fn refusal(mut self, target: Target<'_>, place: Place<'_>) -> Failure {
        let (host, status) = (place.host, self.status);
        let wanted = format!("{} at {}", target.words(), place.words());
        let (mut code, mut words) = (None, None);
        // One that repeats the bearer token is not here any more.
        let leads_somewhere = self.location.is_some() || self.repeats_token;
        if let Some((document, concealment)) = self.parsed() {
            self.conceal(&concealment);
            (code, words) = server_words(&document, &concealment);
        }
        let says = words
            .as_ref()
            .map(|words| format!("; the server says: \"{words}\""))
            .unwrap_or_default();
        let asked = self.retry_after.map(seconds);
        let (error, transient) = match status {
            300..=399 if status != 304 => (self.redirect(place, leads_somewhere), false),
            401 | 403 => (Self::rejected(target, place, status, &says), false),
            404 if self.is_about_account() => {
                let hint = target.not_found(place);
                (
                    Error::new(Kind::NotFound, format!("no {wanted}{says}")).hint(hint),
                    false,
                )
            }
            404 => {
                let message = self.encoded(host).unwrap_or_else(|| {
                    format!("{host} answers 404 with a page of its own, not with the API's error")
                });
                (
                    Error::new(Kind::BadResponse, message).hint(CHECK_URL),
                    false,
                )
            }
            410 => {
                let message = format!("the {wanted} is gone{says}");
                (
                    Error::new(Kind::Gone, message)
                        .hint("it has been removed and will not come back"),
                    false,
                )
            }
            429 => {
                let long = asked
                    .as_ref()
                    .map(|d| format!(" for {d}"))
                    .unwrap_or_default();
                let message = format!("{} asks to wait{long} (status 429)", place.words());
                let hint = match asked {
                    Some(asked) => format!("try again in {asked}, as it asks"),
                    None => "try again in a while, and with fewer look-ups at once".to_owned(),
                };
                (Error::new(Kind::RateLimited, message).hint(hint), true)
            }
            500..=599 => {
                let asks = asked
                    .map(|d| format!(" and asks to wait for {d}"))
                    .unwrap_or_default();
                let message = format!("{} failed with status {status}{asks}{says}", place.words());
                let error = Error::new(Kind::Server, message)
                    .retryable(status != 501)
                    .hint(match (self.request_id(), status) {
                        (_, 501) => CHECK_URL.to_owned(),
                        (Some(id), _) => {
                            format!("try again later; its operator can look for request {id}")
                        }
                        (None, _) => "try again later".to_owned(),
                    });
                (error, matches!(status, 500 | 502 | 503 | 504))
            }
            _ => (Self::other(target, host, status, &says), false),
        };
        let error = match error.hint_text() {
            Some(hint) if self.repeats_token => {
                let hint = format!("{hint}; the answer repeats the token: {COMPROMISED}");
                error.hint(hint)
            }
            _ => error,
        };
        let error = error.with(|facts| {
            facts.status = Some(status);
            facts.server_code = code;
            facts.server_message = words;
            facts.request_id = self.request_id();
            facts.retry_after = self.retry_after;
        });
        Failure {
            error,
            transient,
            stale: false,
        }
    }

    fn redirect(&self, place: Place<'_>, leads_somewhere: bool) -> Error {
        let target = match &self.location {
            Some(location) => destination(location, place.scheme),
            None if leads_somewhere => "an address that repeats a secret".to_owned(),
            None => "nowhere".to_owned(),
        };
        let (host, status) = (place.host, self.status);
        let message = format!(
            "{host} redirects to {target} (status {status}), and redirects are not followed"
        );
        Error::new(Kind::BadResponse, message).hint(CHECK_URL)
    }

    fn other(target: Target<'_>, host: &str, status: u16, says: &str) -> Error {
        let what = target.question();
        let (message, hint) = match status {
            400 => (
                format!("{host} refuses the {what} (status 400){says}"),
                CHECK_URL,
            ),
            409 => (
                format!("{host} refuses the {what} for now (status 409){says}"),
                "try again; something else may be under way with it",
            ),
            _ => (
                format!(
                    "{host} answers with status {status}, which the API does not have for a {what}{says}"
                ),
                CHECK_URL,
            ),
        };
        Error::new(Kind::BadResponse, message).hint(hint)
    }

    fn rejected(target: Target<'_>, place: Place<'_>, status: u16, says: &str) -> Error {
        let host = place.host;
        if target.resource().token_rejected.contains(&status) {
            let whose = place
                .profile
                .map(|profile| format!(" of profile {profile}"))
                .unwrap_or_default();
            Error::new(Kind::Auth, format!("{host} rejects the token{whose} (status {status}){says}"))
                .hint("is it current, and of this environment? `acctq config show` says where it comes from")
        } else {
            let message = format!(
                "{} does not let this token read the {} (status {status}){says}",
                place.words(),
                target.words()
            );
            Error::new(Kind::Auth, message).hint("ask for a token that has the right to read it")
        }
    }
}

/// The code and the message of an error, in either API's form.
fn server_words(
    document: &Document,
    concealment: &Concealment,
) -> (Option<String>, Option<String>) {
    let member = |names: [&str; 2]| {
        let text = names
            .into_iter()
            .find_map(|name| field::text(document.get(name)?))?;
        Some(told(&concealment.veil(text.into_owned()), EXCERPT)).filter(|text| !text.is_empty())
    };
    (
        member(["code", "error"]),
        member(["message", "description"]),
    )
}

/// Where a `Location` points to (RFC 3986 4.2): an origin, without userinfo, for whatever is more than a path.
fn destination(location: &str, scheme: &str) -> String {
    // As browsers read it (WHATWG URL, 4.4): a backslash before the query is a slash, and a tab is nothing.
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let location = path.trim().replace('\t', "").replace('\\', "/");
    let absolute = if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else {
        location
    };
    let before_path = absolute.split('/').next().unwrap_or_default();
    if !before_path.contains(':') {
        return "another path of its own".to_owned();
    }
    let origin = absolute.parse::<Uri>().ok().and_then(|url| {
        let (scheme, host) = (url.scheme_str()?, url.host()?);
        let port = url
            .port_u16()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Some(told(&format!("{scheme}://{host}{port}"), EXCERPT))
    });
    origin.unwrap_or_else(|| "something that is no web address".to_owned())
}
