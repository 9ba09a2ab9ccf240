//! What whoever asks has spelt out: the names of checks, and what is expected. Reports repeat it, and are read by more people
//! than the answers: what is secret in it, which nobody needs to spell out, is not repeated.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::Context;
use crate::account::id::{credentials, hide};
use crate::account::{Account, Concealment, RESOURCES, Resource};
use crate::config::{Endpoint, Flags, Given, Settings};
use crate::error::{Error, Kind, Result};
use crate::expression::{self, Expression};
use crate::json::string;

/// A text of whoever asks; it is shown through a veil only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spelt(String);

impl Spelt {
    pub fn new(text: String) -> Self {
        Spelt(text)
    }

    /// As a report repeats it.
    pub fn shown(&self, veil: &Veil) -> String {
        veil.over(&self.0)
    }
}

/// Hides what looks like a credential, the bearer tokens in use, and the secrets of an account.
#[derive(Clone, Default)]
pub struct Veil {
    tokens: Arc<[Given]>,
    /// Those that are spelt out.
    secrets: Vec<String>,
}

impl Veil {
    /// Before anything is known of the account.
    pub fn new(tokens: impl IntoIterator<Item = Given>) -> Self {
        Veil {
            tokens: tokens.into_iter().collect(),
            secrets: Vec::new(),
        }
    }

    /// Before anything is asked: with the tokens of this profile, or of the one that is chosen, that stand somewhere to be read.
    pub fn at_hand(context: &Context<'_>, profile: Option<&str>) -> Self {
        let flags = context.flags.for_config();
        let named = profile.map(|name| (name.to_owned(), "--suite"));
        let flags = Flags {
            profile: named.or(flags.profile),
            ..flags
        };
        let Ok(settings) = Settings::load(&flags, context.env) else {
            return Veil::default();
        };
        let endpoints = RESOURCES.iter().map(|resource| settings.endpoint(resource));
        let token =
            |endpoint: &Endpoint| endpoint.token.value.at_hand(context.env, context.interrupt);
        Veil::new(endpoints.flatten().map(token))
    }

    /// Hides from now on what of `texts` is a secret of the account, as it hides the account's own values.
    pub fn conceal(&mut self, account: &Account, texts: impl FnOnce() -> Vec<Spelt>) {
        let concealment = Concealment::of_account(account, false);
        let mut secrets = concealment.secrets().peekable();
        if secrets.peek().is_none() {
            return;
        }
        let texts = texts();
        for secret in secrets {
            let is_in = |Spelt(text): &Spelt| forms(secret).any(|form| text.contains(&*form));
            if texts.iter().any(is_in) && !self.secrets.iter().any(|known| known == secret) {
                self.secrets.push(secret.to_owned());
            }
        }
    }

    /// The text, but for what is secret in it.
    pub fn over(&self, text: &str) -> String {
        hidden(text, credentials(text).into_iter().chain(self.known(text)))
    }

    /// The text, but for what is known to be secret, whatever it looks like: a file may be called `ops_smoke.toml`.
    pub fn over_known(&self, text: &str) -> String {
        hidden(text, self.known(text))
    }

    /// Where in the text a token or a secret stands.
    fn known(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut find = |secret: &str| {
            for form in forms(secret) {
                let found = text.match_indices(&*form);
                places.extend(found.map(|(at, found)| at..at + found.len()));
            }
        };
        self.tokens.iter().for_each(|given| given.each(&mut find));
        self.secrets.iter().for_each(|secret| find(secret));
        places
    }
}

/// Reads an expression. What is wrong with it is told of what `veil` leaves of it.
///
/// # Errors
/// `usage`: it is none.
pub fn parse(text: &str, resource: &Resource, veil: impl FnOnce() -> Veil) -> Result<Expression> {
    expression::parse(text, resource).map_err(|flaw| {
        let shown = veil().over_known(text);
        if shown == text {
            return flaw.into();
        }
        match expression::parse(&shown, resource) {
            Err(flaw) => flaw.into(),
            Ok(_) => Error::new(
                Kind::Usage,
                "this is no expression; it holds the bearer token and is not repeated here",
            )
            .hint("remove the token from where it stands, such as your shell's history"),
        }
    })
}

/// How a secret stands in an expression: as it is, and as in quotes, where that differs.
fn forms(secret: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let quoted = string(secret);
    let quoted = quoted[1..quoted.len() - 1].to_owned();
    let other = (quoted != secret).then_some(Cow::Owned(quoted));
    [Cow::Borrowed(secret)].into_iter().chain(other)
}

/// The text without these places, which may overlap.
fn hidden(text: &str, places: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_by_key(|place| place.start);
    places.dedup_by(|next, place| {
        let overlap = next.start < place.end;
        if overlap {
            place.end = place.end.max(next.end);
        }
        overlap
    });
    hide(text, &places)
}
