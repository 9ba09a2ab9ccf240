//! What is wrong with a text that is no expression.

use crate::account::id::hide_credentials;
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
    /// The text, as far as it may be shown.
    pub(super) text: Option<String>,
}

impl Flaw {
    /// At a byte of `text`; where something is missing at its end, at its last character.
    pub(super) fn at(
        text: &str,
        at: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let before = text[..at].chars().count();
        let all = text.chars().count();
        Flaw {
            column: (before + 1).min(all.max(1)),
            message: message.into(),
            hint: hint.into(),
            text: Some(excerpt(&hide_credentials(text), TEXT)),
        }
    }
}

/// A word of an expression as a message shows it.
pub(super) fn word(text: &str) -> String {
    excerpt(&hide_credentials(text), WORD)
}

/// A usage error that names the place.
impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        let of = flaw
            .text
            .map_or_else(String::new, |text| format!(" of `{text}`"));
        Error::new(
            error::Kind::Usage,
            format!("{} (column {}{of})", flaw.message, flaw.column),
        )
        .hint(flaw.hint)
    }
}
