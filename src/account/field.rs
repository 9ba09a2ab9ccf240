//! What the contract says of one field, and whether a value keeps to it.

use std::borrow::Cow;

use super::time::is_time;
use crate::json;

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
    pub fn drift(&self, value: Option<&str>) -> Option<Drift> {
        match value {
            None if self.optional => None,
            None => Some(Drift::Missing),
            Some("null") if self.optional || self.kind == Kind::Json => None,
            Some("null") => Some(Drift::Null),
            Some(value) => self.kind.drift(value),
        }
    }
}

/// What the values of a field look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An id with this prefix and the base62 of a 128-bit number.
    Id(&'static str),
    /// One of these words. The list may grow: another word is drift, and shown.
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
pub enum Drift {
    /// The member is not there.
    Missing,
    /// Null where the contract has a value.
    Null,
    /// Another JSON type.
    WrongType,
    /// The right type, but not a value that the contract knows.
    UnknownValue,
}

impl Drift {
    /// In words that follow a field's name.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Drift::Missing => "missing",
            Drift::Null => "null",
            Drift::WrongType => "wrong type",
            Drift::UnknownValue => "unknown value",
        }
    }
}

impl Kind {
    fn drift(self, value: &str) -> Option<Drift> {
        let fits = match self {
            Kind::Json => true,
            Kind::Integer => {
                if !value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
                    return Some(Drift::WrongType);
                }
                !value.contains(['.', 'e', 'E'])
            }
            _ => {
                let Some(text) = text(value) else {
                    return Some(Drift::WrongType);
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
        (!fits).then_some(Drift::UnknownValue)
    }
}

/// The string that a JSON value is; `None` if it is something else.
#[must_use]
pub fn text(value: &str) -> Option<Cow<'_, str>> {
    let [b'"', inner @ .., b'"'] = value.as_bytes() else {
        return None;
    };
    json::decode(value.get(1..=inner.len())?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_ends_at_the_largest_128_bit_number() {
        assert!(is_base62_u128("7n42DGM5Tflk9n8mt7Fhc7"));
        assert!(!is_base62_u128("7n42DGM5Tflk9n8mt7Fhc8"));
        assert!(!is_base62_u128(&"z".repeat(22)));
        assert!(!is_base62_u128("7n42DGM5Tflk9n8mtA0000"));
        assert!(is_base62_u128(&"z".repeat(21)));
        assert!(!is_base62_u128("0000000000000000000000/"));
        assert!(!is_base62_u128("000000000000000000000/"));
        assert!(!is_base62_u128(&"0".repeat(23)));
        assert!(!is_base62_u128(""));
        assert!(!is_base62_u128("a-b"));
    }

    #[test]
    fn each_kind_knows_its_drift() {
        let drift = |kind, value| Field::new("f", "F", kind, "").drift(value);
        assert_eq!(drift(Kind::Text, None), Some(Drift::Missing));
        assert_eq!(drift(Kind::Text, Some("null")), Some(Drift::Null));
        assert_eq!(drift(Kind::Text, Some("1")), Some(Drift::WrongType));
        assert_eq!(
            drift(Kind::Id("org_"), Some("\"cus_1\"")),
            Some(Drift::UnknownValue)
        );
        assert_eq!(
            drift(Kind::Enum(&["a"]), Some("\"b\"")),
            Some(Drift::UnknownValue)
        );
        assert_eq!(drift(Kind::Enum(&["a"]), Some("\"\\u0061\"")), None);
        assert_eq!(
            drift(Kind::Integer, Some("123456789012345678901234567890")),
            None
        );
        assert_eq!(drift(Kind::Integer, Some("1.5")), Some(Drift::UnknownValue));
        assert_eq!(drift(Kind::Integer, Some("\"1\"")), Some(Drift::WrongType));
        assert_eq!(
            drift(Kind::Country, Some("\"us\"")),
            Some(Drift::UnknownValue)
        );
        assert_eq!(
            drift(Kind::Email, Some("\"nobody\"")),
            Some(Drift::UnknownValue)
        );
        for (value, expected) in [
            ("\"2023-11-07T05:31:56Z\"", None),
            ("\"2023-01-23T15:55:58.000Z\"", None),
            ("\"2023-01-23T15:55:58+02:00\"", None),
            ("\"20230123T155558Z\"", Some(Drift::UnknownValue)),
            ("\"2023-01-23\"", Some(Drift::UnknownValue)),
            ("\"2023-02-30T00:00:00Z\"", Some(Drift::UnknownValue)),
            ("1700000000", Some(Drift::WrongType)),
            ("\"9999-12-31T23:59:59Z\"", None),
        ] {
            assert_eq!(drift(Kind::Time, Some(value)), expected, "{value}");
        }
        let optional = Field::new("f", "F", Kind::Time, "").optional();
        assert_eq!(
            (optional.drift(None), optional.drift(Some("null"))),
            (None, None)
        );
    }
}
