//! The one redactor: what of an account and of this run must not be shown.
//!
//! Results leave out members named like a secret, at any depth, and whatever repeats a secret's text, unless `--reveal`. Messages
//! and reports show `••••••••` for secrets, tokens in use and what looks like a credential, `--reveal` or not.
//!
//! For tickets (`--redact`) only what [`Resource::is_public`] says remains of an account and of a server's other words.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::iter;
use std::sync::{Arc, LazyLock, Mutex};

use super::{Account, Document, RESOURCES, Resource};
use crate::error::{Error, ErrorContext};
use crate::json::{self, Json, View};
use crate::process::lock;
use crate::text;

/// What stands for a secret.
pub const REDACTED: &str = "••••••••";

/// What stands for anything else that a ticket must not hold, and the same as JSON.
pub const WITHHELD: &str = "[redacted]";
const WITHHELD_JSON: &str = "\"[redacted]\"";

/// A secret's text is looked for elsewhere from this length on; a shorter one would be found by accident.
const SHORTEST_SECRET: usize = 6;

/// As many texts are looked for. An account has one secret; one with thousands is an attack on our time.
const MOST_SECRETS: usize = 64;

/// The same for bearer tokens: people give short ones to mock servers, and a helper may print a new one again and again.
pub const SHORTEST_TOKEN: usize = 8;
const MOST_TOKENS: usize = 64;

/// The bearer tokens in use, shared by the token cache that reads them and by every redactor. Never printed.
#[derive(Clone, Default)]
pub struct Tokens(Arc<Mutex<Vec<String>>>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    pub fn add(&self, token: &str) {
        let mut tokens = lock(&self.0);
        if token.len() >= SHORTEST_TOKEN && !tokens.iter().any(|known| known == token) {
            tokens.truncate(MOST_TOKENS - 1);
            tokens.insert(0, token.to_owned());
        }
    }
}

/// Who reads what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Readers {
    #[default]
    Own,
    /// Of reports: values are shown without what looks like a credential.
    Many,
    /// Of tickets: of a server's words, only what is public by the contract is shown.
    Strangers,
}

/// Knows an account's secrets, the bearer tokens in use, and what looks like a credential: every text from outside passes it.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    reveal: bool,
    readers: Readers,
    /// A document has been read that names no secret: nothing of it is hidden.
    is_idle: bool,
    /// Nor does anything in it need an escape.
    is_plain: bool,
    tokens: Tokens,
    secrets: Vec<String>,
    /// The texts of the account that tickets do not show.
    withheld: Vec<String>,
}

impl Redactor {
    /// Of a run with these tokens; with `reveal`, results show an account's secrets.
    pub fn new(reveal: bool, tokens: Tokens) -> Self {
        Redactor { reveal, tokens, ..Redactor::default() }
    }

    /// The same redactor for tickets.
    pub fn for_tickets(self) -> Self {
        Redactor { readers: Readers::Strangers, ..self }
    }

    pub fn is_for_tickets(&self) -> bool {
        self.readers == Readers::Strangers
    }

    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The same redactor for reports: it reveals nothing.
    pub fn for_reports(&self) -> Self {
        let readers = if self.is_for_tickets() { Readers::Strangers } else { Readers::Many };
        Redactor { reveal: false, readers, ..self.clone() }
    }

    /// The same redactor, which also knows the secrets of `document`.
    pub fn for_document(&self, document: &Document) -> Self {
        let (is_idle, is_plain) = (!document.names_secret, document.is_plain);
        let mut redactor = Redactor { is_idle, is_plain, ..self.clone() };
        if document.names_secret {
            document.members().for_each(|(name, value)| redactor.collect(value, is_secret_name(name)));
        }
        redactor
    }

    /// The same for an account that was asked for: its id and the words of the contract are public, whatever a secret's text is.
    pub fn for_account(&self, account: &Account) -> Self {
        let Account { resource, document } = account;
        let mut redactor = self.for_document(document);
        if self.is_for_tickets() {
            let mut personal = Redactor::default();
            let members = document.members().filter(|(name, value)| !resource.is_public(name, *value));
            members.for_each(|(_, value)| personal.collect(value, true));
            redactor.withheld = personal.secrets;
        }
        let is_private = |text: &String| {
            let id = account.text(resource.id_field).unwrap_or_default();
            let mut words = resource.fields.iter().flat_map(|field| field.kind.words().chain([field.name]));
            !id.contains(text) && !words.any(|word| word.contains(text))
        };
        redactor.secrets.retain(is_private);
        redactor.withheld.retain(is_private);
        redactor
    }

    /// Adds the texts of the secrets in a value: strings and the digits of numbers.
    fn collect(&mut self, value: Json<'_>, is_secret: bool) {
        if !is_secret && !value.is_container() {
            return;
        }
        match value.view() {
            View::String(text) => self.add(&text),
            View::Number(digits) => self.add(digits),
            View::Array(elements) => elements.into_iter().for_each(|value| self.collect(value, is_secret)),
            View::Object(members) => {
                for (name, value) in members {
                    self.collect(value, is_secret || is_secret_name(&name));
                }
            }
            View::Null | View::Bool(_) => {}
        }
    }

    fn add(&mut self, text: &str) {
        let is_new = || !self.secrets.iter().any(|known| known == text);
        if text.len() >= SHORTEST_SECRET && self.secrets.len() < MOST_SECRETS && is_new() {
            self.secrets.push(text.to_owned());
        }
    }

    /// Whether results leave out a member of that name and value.
    pub fn hides(&self, name: &str, value: Json<'_>) -> bool {
        !self.reveal && !self.is_idle && (is_secret_name(name) || self.hides_text(name) || self.hides_value(value))
    }

    /// Whether results leave out a string or number: it holds one of the secrets.
    pub fn hides_value(&self, value: Json<'_>) -> bool {
        let text = || value.as_str().unwrap_or(value.text().into());
        !self.secrets.is_empty() && !value.is_container() && self.hides_text(&text())
    }

    /// Whether a text holds one of the secrets, and results do not show them.
    pub fn hides_text(&self, text: &str) -> bool {
        !self.reveal && self.secrets.iter().any(|secret| text.contains(secret))
    }

    /// Whether a document that has been read is shown as it is.
    pub fn changes_nothing(&self) -> bool {
        self.is_idle && self.readers == Readers::Own
    }

    /// Whether, besides, every string of it stands as it is in its text.
    pub fn escapes_nothing(&self) -> bool {
        self.is_plain && self.changes_nothing()
    }

    /// A value of an account that is not hidden, as results show it.
    pub fn shown<'a>(&self, resource: &'static Resource, name: &str, value: Json<'a>) -> Json<'a> {
        let is_withheld = self.is_for_tickets() && !resource.is_public(name, value);
        if is_withheld { Json::checked(WITHHELD_JSON) } else { value }
    }

    /// A member's name, as results show it: for tickets only one that looks like a field's, since any text may be a name.
    pub fn shown_name<'a>(&self, name: &'a str) -> &'a str {
        let is_word = || {
            let is_name_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(is_name_byte)
        };
        if self.is_for_tickets() && !is_word() { WITHHELD } else { name }
    }

    /// A string of an account that is not hidden, as results or reports show it.
    pub fn reported<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.readers == Readers::Own { text.into() } else { self.redact(text).into() }
    }

    /// `text` with tokens, secrets and what looks like a credential replaced: for messages and reports.
    pub fn redact(&self, text: &str) -> String {
        hide_credentials(&self.redact_known(text))
    }

    /// `text` with tokens and secrets replaced, as they are or as in quotes: a file may be called `ops_smoke.toml`.
    pub fn redact_known(&self, text: &str) -> String {
        let tokens = lock(&self.tokens.0).clone();
        let secrets = tokens.iter().chain(&self.secrets).map(|secret| (secret, REDACTED));
        let mut known: Vec<_> = secrets.chain(self.withheld.iter().map(|text| (text, WITHHELD))).collect();
        // One may hold another.
        known.sort_by_key(|(secret, _)| Reverse(secret.len()));
        known.iter().fold(text.to_owned(), |text, (secret, shown)| {
            let quoted = json::to_string(secret);
            text.replace(*secret, shown).replace(&quoted[1..quoted.len() - 1], shown)
        })
    }

    /// The error, unless it repeats part of a token: as much as a token has at least.
    pub fn withhold(&self, error: Error) -> Error {
        let context = ErrorContext { id: None, ..error.context().clone() };
        let words = format!("{error} {} {:?}", error.hint_text().unwrap_or_default(), error.context().id);
        let repeats = |part: &[u8]| words.as_bytes().windows(SHORTEST_TOKEN).any(|word| word == part);
        if !lock(&self.tokens.0).iter().any(|token| token.as_bytes().windows(SHORTEST_TOKEN).any(repeats)) {
            return error;
        }
        let hint = "remove it, also from your shell's history; `acctq help environment` tells where a token belongs";
        let message = "what is wrong holds a bearer token, and is not repeated here";
        Error::new(error.kind(), message).hint(hint).with_context(|own| *own = context)
    }

    /// [`Redactor::redact`], escaped and cut to `limit` characters: a server's words in our messages, of which tickets show none.
    pub fn excerpt(&self, text: &str, limit: usize) -> String {
        let is_withheld = self.is_for_tickets() && !text.is_empty();
        if is_withheld { WITHHELD.to_owned() } else { text::excerpt(&self.redact(text), limit) }
    }
}

/// The letters of the secret fields' names.
static SECRET_NAMES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let fields = RESOURCES.iter().flat_map(|resource| resource.fields);
    fields.filter(|field| field.secret).map(|field| letters(field.name.as_bytes()).collect()).collect()
});

/// Whether a member is a secret by its name: a secret field's, in any spelling (`activationToken`, `old_activation_token`).
pub fn is_secret_name(name: &str) -> bool {
    let name = name.as_bytes();
    SECRET_NAMES.iter().any(|secret| {
        let is_there = |at: usize| letters(&name[at..]).take(secret.len()).eq(secret.iter().copied());
        let mut starts = 0..(name.len() + 1).saturating_sub(secret.len());
        starts.any(|at| name[at].eq_ignore_ascii_case(&secret[0]) && is_there(at))
    })
}

fn letters(name: &[u8]) -> impl Iterator<Item = u8> {
    name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase)
}

/// A stranger's word, if it may be repeated in a message: short, in the alphabet of names, and so hardly a token.
pub(crate) fn repeatable(word: &str) -> Option<&str> {
    let is_harmless = (1..=32).contains(&word.len()) && word.bytes().all(is_name_byte) && credential_in(word).is_none();
    is_harmless.then_some(word)
}

/// Whether it belongs to the alphabet of profiles' names.
pub(crate) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
}

/// How secrets begin that people paste by mistake, in any case: keys of Stripe and 1Password, activation tokens, tokens of
/// GitHub, Slack and GitLab, an authorization header.
#[rustfmt::skip]
const PREFIXES: [&str; 21] = [
    "sk_", "rk_", "pk_", "ops_", "PNS-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xoxa-", "xoxb-", "xoxe-",
    "xoxp-", "xoxr-", "xoxs-", "xapp-", "glpat-", "Bearer ", "Authorization:",
];

/// Whether `text` begins like a secret that people paste by mistake: one of [`PREFIXES`], a JWT, or a key id of AWS. Those two
/// count in their own form only, since a partner's uid may begin with the same letters; and the locale `sk_SK` is none.
pub(super) fn looks_like_a_credential(text: &str) -> bool {
    let starts = |prefix: &&str| {
        let start = text.as_bytes().get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let is_aws = text.len() == 20
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let locale = text.strip_prefix("sk_SK");
    let is_locale = locale.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    !is_locale && PREFIXES.iter().any(starts) || text.starts_with("eyJ") && text.len() > 20 || is_aws
}

/// `text` with every word that looks like a credential replaced.
pub fn hide_credentials(text: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(|c| !in_word(c)) {
        let bare = word.trim_end_matches(|c| !in_word(c));
        match credential_in(bare) {
            Some(at) => shown.extend([&word[..at], REDACTED, &word[bare.len()..]]),
            None => shown.push_str(word),
        }
    }
    shown
}

/// Where in a word the credential begins: at its start; after a dot if it has a digit, for `metadata.ops_team` is a path; an
/// activation token anywhere, since no other word looks like one.
fn credential_in(word: &str) -> Option<usize> {
    let after_dots = word.match_indices('.').map(|(dot, _)| dot + 1);
    let has_digit = |at: usize| word[at..].bytes().any(|b| b.is_ascii_digit());
    let begins = |at: &usize| looks_like_a_credential(&word[*at..]) && (*at == 0 || has_digit(*at));
    let tokens = word.as_bytes().windows(4);
    let token = tokens.enumerate().find(|(_, start)| start.eq_ignore_ascii_case(b"PNS-"));
    iter::once(0).chain(after_dots).find(begins).into_iter().chain(token.map(|(at, _)| at)).min()
}

#[cfg(test)]
mod tests {
    use super::super::{CONNECTED, PARTNER};
    use super::*;

    fn document(members: &str) -> Document {
        Document::parse(format!("{{{members}}}")).expect("object")
    }

    fn json(text: &str) -> Json<'_> {
        json::check(text).expect(text)
    }

    #[test]
    fn names_like_a_secret_field() {
        for (name, expected) in [
            ("activation_token", true),
            ("activationToken", true),
            ("ACTIVATION-TOKEN", true),
            ("old_activation_token2", true),
            ("a\u{200b}ctivation\u{2013}tok\u{200d}en", true),
            ("activation", false),
            ("token", false),
            ("activati\u{f6}n_token", false),
        ] {
            assert_eq!(is_secret_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_text_wherever_it_was_named() {
        for (secret, text, is_hidden) in [
            (r#""PNS-DEFG1234""#, r#""https://x/?c=PNS-DEFG1234""#, true),
            (r#""PNS-DEFG1234""#, r#""PNS-DEFG\u0031234""#, true),
            ("98765432", "198765432.1", true),
            (r#"["list-item",["nested-item"]]"#, r#""nested-item""#, true),
            (r#""short""#, r#""short""#, false),
            (r#"{"deep":{"activationToken":"other-one"}}"#, r#""other-one""#, true),
        ] {
            let document = document(&format!("\"activation_token\":{secret}"));
            let account = Account { resource: &PARTNER, document };
            for reveal in [false, true] {
                let redactor = Redactor::new(reveal, Tokens::default()).for_account(&account);
                assert_eq!(redactor.hides("x", json(text)), is_hidden && !reveal, "{text}");
                assert_eq!(redactor.hides("activation_token", json("1")), !reveal);
            }
        }
    }

    #[test]
    fn what_is_public_stays() {
        let members = r#""id":"cacc_12345","status":"active","created_at":"2023-01-23T15:55:58Z","pending_email":"ada@example.com""#;
        for (secret, is_public) in [
            ("cacc_12345", true),
            ("active", true),
            ("pending_country", true),
            ("ada@example.com", false),
            ("PNS-DEFG1234", false),
        ] {
            let account = Account {
                resource: &CONNECTED,
                document: document(&format!("{members},\"activation_token\":\"{secret}\"")),
            };
            let redactor = Redactor::default();
            let redactor = redactor.for_account(&account);
            assert_eq!(redactor.hides_text(secret), !is_public, "{secret}");
            assert!(redactor.hides("activation_token", json("\"x\"")), "{secret}");
        }
    }

    #[test]
    fn messages_hide_tokens_secrets_and_credentials() {
        let tokens = Tokens::default();
        for token in ["seven77", "eight888", "qu\"ote99"] {
            tokens.add(token);
        }
        let account = Account { resource: &PARTNER, document: document(r#""activation_token":"COUPON77""#) };
        let redactor = Redactor::new(true, tokens.clone()).for_account(&account);
        for (text, shown) in [
            ("seven77 eight888x COUPON77", "seven77 ••••••••x ••••••••"),
            (r#"a qu"ote99 and "qu\"ote99""#, r#"a •••••••• and "••••••••""#),
            ("sk_eight888 eight888COUPON77", "•••••••• ••••••••"),
            ("x_PNS-WXYZ7890 used", "x_•••••••• used"),
            ("?a=c%3DPNS-WXYZ7890", "?a=c%3D••••••••"),
            ("sk_SK, sk_SK.UTF-8 sk_sk", "sk_SK, sk_SK.UTF-8 ••••••••"),
            ("x.ops_team y.PNS-A.ghp_1", "x.ops_team y.••••••••"),
        ] {
            // Places that touch are one.
            let told = redactor.redact(text).replace("••••••••••••••••", "••••••••");
            assert_eq!(told, shown, "{text}");
        }
        assert_eq!(redactor.redact_known("ops_smoke eight888"), "ops_smoke ••••••••");
        assert_eq!(redactor.excerpt("\u{1b}eight888-and-more", 12), "\\u{1b}•••••…");
        assert!(redactor.for_reports().hides_text("COUPON77") && !redactor.hides_text("COUPON77"));
        assert!(!format!("{redactor:?}").contains("eight888"));
    }
}
