//! Ids: checked against the API's own alphabet before anything else happens to them, and explained when they are not one.
//!
//! A checked id is a type; only that type reaches a URL. What looks like a credential is refused without being repeated.

use std::ops::Range;

use super::{RESOURCES, Resource};
use crate::error::{Error, Kind, Result};
use crate::text::excerpt;

/// How much of a malformed id a message shows, in characters.
const SHOWN: usize = 60;

/// Prefixes of ids at Connect and what they name (vendor), for explaining what was pasted.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("cacc_", "connected account"),
    ("org_", "organization"),
    ("ten_", "tenant"),
    ("cus_", "customer"),
    ("sub_", "subscription"),
    ("inv_", "invoice"),
    ("usr_", "user"),
    ("tkn_", "API token"),
    ("app_", "OAuth app"),
    ("plan_", "plan"),
];

/// The id of an account of one resource, in the API's own alphabet: it needs no escaping anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    resource: &'static Resource,
    text: String,
}

impl Id {
    /// The resource it belongs to.
    #[must_use]
    pub fn resource(&self) -> &'static Resource {
        self.resource
    }

    /// Its text, as given and as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a text is no id of a resource.
#[derive(Debug)]
pub(super) enum Flaw {
    /// Not in the alphabet, too long, too large.
    Malformed,
    /// An id of this other kind.
    Other(&'static str),
}

impl Resource {
    /// Checks `text` against the resource's id rule.
    ///
    /// # Errors
    /// `usage`: says what the text is instead, if that can be told, and which command to use.
    pub fn parse_id(&'static self, text: &str) -> Result<Id> {
        match (self.id_flaw)(text) {
            None if !looks_like_a_credential(text) => Ok(Id {
                resource: self,
                text: text.to_owned(),
            }),
            _ => Err(self.explain(text)),
        }
    }

    /// Says why `text` is no id of this resource.
    fn explain(&'static self, text: &str) -> Error {
        let wanted = || format!("a {} is looked up by its id: {}", self.noun, self.id_rule);
        let bare = text
            .trim()
            .trim_matches(|c: char| c.is_control() || "\"'`<>,;()[]{}“”‘’«»".contains(c))
            .trim();
        // Inside a link or a sentence it is a secret, too.
        if looks_like_a_credential(bare) || hide_credentials(text) != text {
            return Error::new(
                Kind::Usage,
                "this looks like a credential, not an id; it is not repeated here",
            )
            .hint(format!(
                "{}; if it was a secret, remove it from where it stands, such as your shell's history",
                wanted()
            ));
        }
        let shown = shown(text);
        let error = |message: String| {
            Error::new(Kind::Usage, message)
                .with_context(|context| context.id = Some(shown.clone()))
        };
        if text.is_empty() {
            return error("the id is empty".to_owned()).hint(wanted());
        }
        if let Some((_, rest)) = bare.split_once("://") {
            let last = rest
                .split(['?', '#'])
                .next()
                .and_then(|path| path.trim_end_matches('/').rsplit('/').next())
                // Any word could be a uid; the last one of a link hardly is.
                .filter(|last| is_uuid(last) || PREFIXES.iter().any(|(p, _)| last.starts_with(p)));
            let error = Error::new(Kind::Usage, "this is a URL, not an id");
            return match last.and_then(owner) {
                Some((resource, id)) => error.hint(format!("try: {} {id}", resource.command)),
                None => error.hint(wanted()),
            };
        }
        if bare != text && (self.id_flaw)(bare).is_none() {
            return error(format!("`{shown}` has something around the id"))
                .hint(format!("try: {} {bare}", self.command));
        }
        match (self.id_flaw)(bare) {
            // What only begins like the id of an account is malformed there, too.
            Some(Flaw::Other(noun))
                if owner(bare).is_some() || RESOURCES.iter().all(|r| r.noun != noun) =>
            {
                let what = if noun == "UUID" {
                    format!("a UUID, not a {}'s id", self.noun)
                } else if noun != "user"
                    && noun.to_lowercase().starts_with(['a', 'e', 'i', 'o', 'u'])
                {
                    format!("an {noun}'s id, not a {}'s", self.noun)
                } else {
                    format!("a {noun}'s id, not a {}'s", self.noun)
                };
                let error = error(format!("`{shown}` is {what}"));
                match owner(bare) {
                    Some((resource, id)) => error.hint(format!("try: {} {id}", resource.command)),
                    None => error.hint(wanted()),
                }
            }
            _ => error(format!("`{shown}` is not a {}'s id", self.noun)).hint(wanted()),
        }
    }
}

/// The resource that `text` is a well-formed id of, and `text`.
fn owner(text: &str) -> Option<(&'static Resource, &str)> {
    RESOURCES
        .into_iter()
        .find(|resource| (resource.id_flaw)(text).is_none())
        .map(|resource| (resource, text))
}

/// A malformed id for people. No id has a character beyond ASCII, and one that looks like a letter would not be seen.
fn shown(text: &str) -> String {
    let ascii = |c: char| match c {
        c if c.is_ascii() => c.to_string(),
        c => c.escape_unicode().to_string(),
    };
    let escaped: String = text.chars().take(SHOWN + 1).map(ascii).collect();
    excerpt(&escaped, SHOWN)
}

/// Finds the resource that `text` is an id of: `cacc_…` at Connect, any legal uid at Partner.
///
/// # Errors
/// `usage`, as [`Resource::parse_id`].
pub fn route(text: &str) -> Result<Id> {
    for resource in RESOURCES {
        if (resource.id_flaw)(text).is_none() {
            return resource.parse_id(text);
        }
    }
    let nearest = RESOURCES
        .iter()
        .find(|r| text.contains(r.example_id.split('_').next().unwrap_or_default()));
    nearest
        .unwrap_or(&RESOURCES[RESOURCES.len() - 1])
        .parse_id(text)
}

/// Whether `text` is a UUID in its usual notation (RFC 9562).
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| {
            if [8, 13, 18, 23].contains(&i) {
                b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        })
}

/// A stranger's word, if it may be repeated in a message: short, in the alphabet of names, and so hardly a token.
pub(crate) fn repeatable(word: &str) -> Option<&str> {
    let harmless = (1..=32).contains(&word.len())
        && word.bytes().all(is_name_byte)
        && hide_credentials(word) == word;
    harmless.then_some(word)
}

/// Whether it belongs to the alphabet of profiles' names.
pub(crate) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
}

/// How secrets begin that people paste by mistake, in any case: keys of Stripe and 1Password, activation tokens, tokens of
/// GitHub, Slack and GitLab, an authorization header.
const SECRETS: &[&str] = &[
    "sk_",
    "rk_",
    "pk_",
    "ops_",
    "PNS-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "glpat-",
    "Bearer ",
    "Authorization:",
];

/// Whether `text` begins like a secret that people paste by mistake: one of [`SECRETS`], a JWT, or a key id of AWS. Those two
/// count in their own form only, since a partner's uid may begin with the same letters; and the locale `sk_SK` is none.
fn looks_like_a_credential(text: &str) -> bool {
    const CASE: u8 = 0x20;
    let first = text.as_bytes().first().map(|b| b | CASE);
    let starts = |prefix: &&str| {
        // Most texts are told by that.
        prefix.as_bytes().first().map(|b| b | CASE) == first
            && text
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let aws = text.len() == 20
        && ["AKIA", "ASIA"].iter().any(|start| text.starts_with(start))
        && text.bytes().all(capital);
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.strip_prefix("sk_SK").is_some_and(ends) {
        return false;
    }
    SECRETS.iter().any(starts) || (text.starts_with("eyJ") && text.len() > 20) || aws
}

/// `text` with every word that looks like a credential replaced: for a stranger's words in our messages.
#[must_use]
pub fn hide_credentials(text: &str) -> String {
    hide(text, &credentials(text))
}

/// `text` with what stands in these places replaced, which are in order and apart.
#[must_use]
pub(crate) fn hide(text: &str, places: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for place in places {
        shown.push_str(&text[end..place.start]);
        shown.push_str("••••••••");
        end = place.end;
    }
    shown.push_str(&text[end..]);
    shown
}

/// Where words stand that look like a credential, as far as they do; in order.
pub(crate) fn credentials(text: &str) -> Vec<Range<usize>> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let (mut start, mut is_encoded) = (0, false);
    let mut places = Vec::new();
    for word in text.split_inclusive(|c| !in_word(c)) {
        let bare = word.trim_end_matches(|c| !in_word(c));
        // `%3D` is another way to write what ends a word.
        let before = if is_encoded { 2 } else { 0 };
        is_encoded = word.ends_with('%');
        places.extend(credential_in(bare, before).map(|at| start + at..start + bare.len()));
        start += word.len();
    }
    places
}

/// Where in a word the credential begins: at its start, or behind so many bytes `before`; behind a dot if it has a digit, for
/// `metadata.ops_team` is a path; an activation token anywhere, which no other word looks like.
fn credential_in(word: &str, before: usize) -> Option<usize> {
    const ACTIVATION: &[u8] = b"PNS-";
    let starts = |at: &usize| word.get(*at..).is_some_and(looks_like_a_credential);
    [0, before].into_iter().find(starts).or_else(|| {
        let has_digit = |at: &usize| word[*at..].bytes().any(|b| b.is_ascii_digit());
        let mut dots = word.match_indices('.').map(|(dot, _)| dot + 1);
        let mut windows = word.as_bytes().windows(ACTIVATION.len());
        let behind_a_dot = dots.find(|at| starts(at) && has_digit(at));
        let anywhere = windows.position(|window| window.eq_ignore_ascii_case(ACTIVATION));
        behind_a_dot.into_iter().chain(anywhere).min()
    })
}
