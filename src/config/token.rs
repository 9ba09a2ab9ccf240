//! The bearer token: a type from its source to the header.
//!
//! What is not a token is found here, before any socket is opened, and told without being repeated.

mod given;
mod source;

use std::fmt;

pub use given::{Given, TELLING, Tokens};
pub use source::Source;
pub(super) use source::{Literal, Variable};

use crate::error::Result;

/// No known API has tokens of more than a quarter of this.
const MAX: usize = 8 * 1024;

/// A bearer token, checked. It is not shown by `Debug`, has no `Display`, and cannot be copied.
pub struct Secret(String);

impl Secret {
    /// Checks a token. Nothing is trimmed.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "the token …"; they do not repeat it.
    pub fn new(token: impl Into<Vec<u8>>) -> Result<Self, &'static str> {
        let token = token.into();
        match (flaw(&token), String::from_utf8(token)) {
            (None, Ok(token)) => Ok(Secret(token)),
            (flaw, _) => Err(flaw.unwrap_or("is not ASCII")),
        }
    }

    /// The token itself. Only for the `Authorization` header of a request to the origin that it belongs to, and to know it where
    /// it is not to be repeated.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why this is no token.
fn flaw(token: &[u8]) -> Option<&'static str> {
    let quote = |b: Option<&u8>| b.is_some_and(|b| b"\"'`".contains(b));
    if token.is_empty() {
        return Some("is empty");
    }
    if token.len() > MAX {
        return Some("is longer than 8 KiB");
    }
    if quote(token.first()) || quote(token.last()) {
        return Some("is in quotes: it must be given without quotes");
    }
    if token.len() > 6 && token[..6].eq_ignore_ascii_case(b"bearer") && token[6] == b' ' {
        return Some("begins with Bearer: it must be given without the word Bearer");
    }
    match token.iter().find(|b| !matches!(b, 0x21..=0x7e))? {
        b'\n' | b'\r' => Some("has a line break in it"),
        b'\t' => Some("has a tab in it"),
        b' ' => Some("has a space in it"),
        0 => Some("has a NUL in it"),
        0x80.. => Some("has a character in it that is not ASCII"),
        _ => Some("has a control character in it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_token() {
        assert!(Secret::new("x".repeat(MAX)).is_ok());
        let error = Secret::new("x".repeat(MAX + 1)).expect_err("too long");
        assert_eq!(error, "is longer than 8 KiB");
        assert!(Secret::new("!~").is_ok());
        assert!(Secret::new("Bearer").is_ok());
        assert_eq!(
            format!("{:?}", Secret::new("s3cr3t-hunter2")),
            "Ok(Secret(…))"
        );
    }
}
