//! What is wrong with a text that is no expression.

use crate::account::id::{credentials, hide, hide_credentials};
use crate::account::is_secret_name;
use crate::error::{self, Error};
use crate::escape::excerpt;

/// How much of an expression, and of a word of it, a message shows, in characters.
const TEXT: usize = 60;
const WORD: usize = 40;

/// Why a text is no expression.
#[derive(Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where it goes wrong: a character of the text, from 1.
    pub column: usize,
    /// What is wrong, without the place.
    pub message: String,
    /// What would be right.
    pub hint: String,
    /// The text, as far as it may be shown, and the place in it; `None` if it may hold a secret.
    shown: Option<(String, usize)>,
}

impl Flaw {
    /// At a byte of `text`; where something is missing at its end, at its last character.
    pub(super) fn at(
        text: &str,
        at: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Flaw {
            column: column(text, &text[..at]),
            message: message.into(),
            hint: hint.into(),
            shown: (!is_secret_name(text)).then(|| shown(text, at)),
        }
    }

    /// Without the text: it may hold a secret.
    pub(super) fn unquoted(self) -> Self {
        Flaw {
            shown: None,
            ..self
        }
    }
}

/// Where what follows `before` stands in `text`: a character, from 1.
fn column(text: &str, before: &str) -> usize {
    let all = text.chars().count();
    (before.chars().count() + 1).min(all.max(1))
}

/// The text without credentials, and where in it a byte of the text is then; of a credential, where that begins.
fn shown(text: &str, at: usize) -> (String, usize) {
    let places = credentials(text);
    let all = hide(text, &places);
    let before = places.partition_point(|place| place.end <= at);
    let at = match places.get(before) {
        Some(place) if place.start < at => place.start,
        _ => at,
    };
    let column = column(&all, &hide(&text[..at], &places[..before]));
    (excerpt(&all, TEXT), column)
}

/// A word of an expression as a message shows it.
pub(super) fn word(text: &str) -> String {
    excerpt(&hide_credentials(text), WORD)
}

/// A usage error that names the place.
impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        let place = match flaw.shown {
            Some((text, column)) => format!("(column {column} of `{text}`)"),
            None => format!("(column {})", flaw.column),
        };
        Error::new(error::Kind::Usage, format!("{} {place}", flaw.message)).hint(flaw.hint)
    }
}
