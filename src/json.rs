//! JSON as the server wrote it, and the one escaper of the JSON that acctq writes.
//!
//! A document stays text: it is checked once ([`check`]) by one serde visitor, then viewed one level at a time ([`Json::view`]),
//! so that no digit, key order or duplicate is lost and no key is special. All JSON that acctq writes passes `SafeFormatter`,
//! which escapes what must not reach a terminal.

use std::borrow::Cow;

use serde::Serialize;

/// The deepest nesting that is accepted (RFC 8259 leaves it to the reader).
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON that every reader understands alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It ends in the middle of a value.
    Incomplete,
    /// Anything else, in words that follow "the answer …".
    Invalid(&'static str),
}

/// A JSON value as text, already checked by [`check`]. Copying it copies a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// One level of a JSON value: strings decoded, numbers to the letter, members in the server's order.
#[derive(Clone, Debug, PartialEq)]
pub enum View<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, to the letter.
    Number(&'a str),
    /// A string, decoded.
    String(Cow<'a, str>),
    /// The elements of an array.
    Array(Vec<Json<'a>>),
    /// The members of an object, names decoded.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Checks that `text` is one JSON value: RFC 8259, at most [`MAX_DEPTH`] levels, no duplicate member names, no lone surrogate,
/// nothing after it.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<Json<'_>, Flaw> {
    todo!("R3 {text}")
}

impl<'a> Json<'a> {
    /// The text to the letter, without surrounding blanks.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// One level of it.
    pub fn view(self) -> View<'a> {
        todo!("R3")
    }

    /// The string that it is, decoded; `None` for any other type.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        todo!("R3")
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }
}

/// Serializes on one line through `SafeFormatter`.
pub fn to_string(value: &impl Serialize) -> String {
    todo!("R3 {}", size_of_val(value))
}
