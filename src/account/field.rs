//! What the contract says of one field, and whether a value keeps to it.

use std::borrow::Cow;

use super::time::is_time;

/// One field of a resource: a row of the tables of the two APIs' contracts. Everything that knows a field's name reads it here.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The member's name in the API's JSON.
    pub name: &'static str,
    /// Its name in a table for people.
    pub label: &'static str,
    /// What its values look like.
    pub kind: Kind,
    /// Whether it may be null or absent without straying from the contract.
    pub optional: bool,
    /// Whether it grants something to whoever reads it: left out unless asked for by name of the flag.
    pub secret: bool,
    /// One sentence, for the JSON Schema.
    pub doc: &'static str,
}

impl Field {
    /// A field that every account has.
    #[must_use]
    pub const fn new(
        name: &'static str,
        label: &'static str,
        kind: Kind,
        doc: &'static str,
    ) -> Self {
        Field {
            name,
            label,
            kind,
            optional: false,
            secret: false,
            doc,
        }
    }

    /// It may be null or absent.
    #[must_use]
    pub const fn optional(self) -> Self {
        Field {
            optional: true,
            ..self
        }
    }

    /// It is a secret.
    #[must_use]
    pub const fn secret(self) -> Self {
        Field {
            secret: true,
            ..self
        }
    }

    /// How a value strays from the contract: `None` if it does not. `value` is JSON text, `None` if the member is absent.
    #[must_use]
    pub fn violation(&self, value: Option<&str>) -> Option<Violation> {
        match value {
            None if self.optional => None,
            None => Some(Violation::Missing),
            Some("null") if self.optional || self.kind == Kind::Json => None,
            Some("null") => Some(Violation::Null),
            Some(value) => self.kind.violation(value),
        }
    }
}

/// What the values of a field look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An id with this prefix and the base62 of a 128-bit number.
    Id(&'static str),
    /// One of these words. The list may grow: another word is violation, and shown.
    Enum(&'static [&'static str]),
    /// RFC 3339.
    Time,
    /// Any text.
    Text,
    /// An e-mail address; any text with an `@` passes.
    Email,
    /// ISO 3166-1 alpha-2.
    Country,
    /// A whole number.
    Integer,
    /// Any JSON.
    Json,
}

/// How a value strays from the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The member is not there.
    Missing,
    /// Null where the contract has a value.
    Null,
    /// Another JSON type.
    WrongType,
    /// The right type, but not a value that the contract knows.
    UnknownValue,
}

impl Violation {
    /// In words that follow a field's name.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Violation::Missing => "missing",
            Violation::Null => "null",
            Violation::WrongType => "wrong type",
            Violation::UnknownValue => "unknown value",
        }
    }
}

impl Kind {
    fn violation(self, value: &str) -> Option<Violation> {
        let fits = match self {
            Kind::Json => true,
            Kind::Integer => {
                if !value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
                    return Some(Violation::WrongType);
                }
                !value.contains(['.', 'e', 'E'])
            }
            _ => {
                let Some(text) = text(value) else {
                    return Some(Violation::WrongType);
                };
                match self {
                    Kind::Id(prefix) => text.strip_prefix(prefix).is_some_and(is_base62_u128),
                    Kind::Enum(words) => words.contains(&text.as_ref()),
                    Kind::Time => is_time(&text),
                    Kind::Email => text.contains('@'),
                    Kind::Country => {
                        text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
                    }
                    Kind::Text | Kind::Integer | Kind::Json => true,
                }
            }
        };
        (!fits).then_some(Violation::UnknownValue)
    }
}

/// The string that a JSON value is; `None` if it is something else.
#[must_use]
pub fn text(value: &str) -> Option<Cow<'_, str>> {
    let [b'"', inner @ .., b'"'] = value.as_bytes() else {
        return None;
    };
    todo!("R3 {inner:?}")
}

/// 2^128 - 1 in base62.
const LARGEST: &str = "7n42DGM5Tflk9n8mt7Fhc7";

/// Which bytes are digits of base62: to look one up takes less time than to compare it with the ends of three ranges.
static IS_DIGIT: [bool; 256] = {
    let mut are = [false; 256];
    let mut byte = 0;
    while byte < u8::MAX {
        are[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    are
};

/// Whether `digits` is the base62 (`0-9A-Za-z`) of a number below 2^128.
#[must_use]
pub fn is_base62_u128(digits: &str) -> bool {
    // The digits' order is that of ASCII, so numbers of the same length compare as texts do.
    !digits.is_empty()
        && (digits.len() < LARGEST.len() || digits.len() == LARGEST.len() && digits <= LARGEST)
        && digits.bytes().all(|b| IS_DIGIT[usize::from(b)])
}
