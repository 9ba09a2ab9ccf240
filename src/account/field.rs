//! What the contract says of one field, and whether a value keeps to it.

use super::{Number, Time};
use crate::json::Json;

/// One field of a resource: a row of the tables of the two APIs' contracts. Everything that knows a field's name reads it here.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The member's name in the API's JSON.
    pub name: &'static str,
    /// Its name in a table for people.
    pub label: &'static str,
    pub kind: Kind,
    /// Whether it may be null or absent without violating the contract.
    pub optional: bool,
    /// Whether it grants something to its reader: results leave it out without `--reveal`.
    pub secret: bool,
    /// One sentence, for the JSON Schema.
    pub doc: &'static str,
}

impl Field {
    pub const fn new(name: &'static str, label: &'static str, kind: Kind, doc: &'static str) -> Self {
        Field { name, label, kind, optional: false, secret: false, doc }
    }

    pub const fn optional(name: &'static str, label: &'static str, kind: Kind, doc: &'static str) -> Self {
        Field { optional: true, ..Field::new(name, label, kind, doc) }
    }

    pub const fn secret(name: &'static str, label: &'static str, kind: Kind, doc: &'static str) -> Self {
        Field { secret: true, ..Field::new(name, label, kind, doc) }
    }

    /// What the field says, and what each of its words means.
    pub fn describe(&self) -> String {
        let words = self.kind.vocabulary().iter().map(|(word, meaning)| format!("{word}: {meaning}"));
        let words = words.collect::<Vec<_>>().join("; ");
        if words.is_empty() { self.doc.to_owned() } else { format!("{} {words}.", self.doc) }
    }

    /// How a value violates the contract. `value` is `None` if the member is absent.
    pub fn violation(&self, value: Option<Json<'_>>) -> Option<Violation> {
        match value {
            None if self.optional => None,
            None => Some(Violation::Missing),
            Some(value) if value.is_null() => (!self.optional && self.kind != Kind::Json).then_some(Violation::Null),
            Some(value) => self.kind.violation(value),
        }
    }
}

/// What the values of a field look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An id with this prefix and the base62 of a 128-bit number.
    Id(&'static str),
    /// One of these words, each with its meaning. The list may grow: another word is a violation, and shown.
    Enum(&'static [(&'static str, &'static str)]),
    Time,
    Text,
    /// ISO 3166-1 alpha-2.
    Country,
    Integer,
    Json,
}

/// What a state comes to for the people who look after the account: green, yellow and red of a terminal's own theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Working = 32,
    Waiting = 33,
    Ended = 31,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    Missing,
    Null,
    WrongType,
    /// The right type, but not a value that the contract knows.
    UnknownValue,
}

impl Violation {
    /// In words that follow a field's name.
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
    /// The words of the contract, each with its meaning.
    pub fn vocabulary(self) -> &'static [(&'static str, &'static str)] {
        if let Kind::Enum(words) = self { words } else { &[] }
    }

    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.vocabulary().iter().map(|(word, _)| *word)
    }

    pub fn meaning(self, value: &str) -> Option<&'static str> {
        self.vocabulary().iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning)
    }

    /// Whether a value that keeps to it may stand in a public ticket: an id, a type, a state, a time or a count.
    pub const fn is_public(self) -> bool {
        matches!(self, Kind::Id(_) | Kind::Enum(_) | Kind::Time | Kind::Integer)
    }

    /// The type in words, for people.
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::Id(_) => "id",
            Kind::Enum(_) => "word",
            Kind::Time => "time",
            Kind::Text => "text",
            Kind::Country => "country",
            Kind::Integer => "integer",
            Kind::Json => "any JSON",
        }
    }

    fn violation(self, value: Json<'_>) -> Option<Violation> {
        let text = value.as_str();
        let fits = match (self, &text) {
            (Kind::Json, _) => true,
            (Kind::Integer, None) if value.is_number() => {
                Number::parse(value.text()).is_some_and(|number| number.is_whole())
            }
            (Kind::Integer, _) | (_, None) => return Some(Violation::WrongType),
            (Kind::Id(prefix), Some(text)) => text.strip_prefix(prefix).is_some_and(is_base62_u128),
            (Kind::Enum(_), Some(text)) => self.words().any(|word| word == text),
            (Kind::Time, Some(text)) => Time::parse(text).is_some(),
            (Kind::Country, Some(text)) => is_country(text),
            (Kind::Text, _) => true,
        };
        (!fits).then_some(Violation::UnknownValue)
    }
}

/// Whether `code` is written as ISO 3166-1 alpha-2, or `00` for an unknown country.
pub fn is_country(code: &str) -> bool {
    code == "00" || code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether `digits` is the base62 (`0-9A-Za-z`) of a number below 2^128.
pub fn is_base62_u128(digits: &str) -> bool {
    const LARGEST: &str = "7n42DGM5Tflk9n8mt7Fhc7";
    // The digits' order is that of ASCII, so numbers of the same length compare as texts do.
    !digits.is_empty()
        && (digits.len() < LARGEST.len() || digits.len() == LARGEST.len() && digits <= LARGEST)
        && digits.bytes().fold(true, |all, b| all & b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_knows_its_violations() {
        const WORDS: &[(&str, &str)] = &[("a", "")];
        use Violation::{Missing, Null, UnknownValue, WrongType};
        for (kind, value, expected) in [
            (Kind::Text, None, Some(Missing)),
            (Kind::Text, Some("null"), Some(Null)),
            (Kind::Text, Some("1"), Some(WrongType)),
            (Kind::Json, Some("null"), None),
            (Kind::Id("org_"), Some("\"org_1\""), None),
            (Kind::Id("org_"), Some("\"cus_1\""), Some(UnknownValue)),
            (Kind::Enum(WORDS), Some("\"b\""), Some(UnknownValue)),
            (Kind::Enum(WORDS), Some("\"\\u0061\""), None),
            (Kind::Integer, Some("123456789012345678901234567890"), None),
            (Kind::Integer, Some("-1.0"), None),
            (Kind::Integer, Some("1.5"), Some(UnknownValue)),
            (Kind::Integer, Some("\"1\""), Some(WrongType)),
            (Kind::Integer, Some("true"), Some(WrongType)),
            (Kind::Country, Some("\"us\""), Some(UnknownValue)),
            (Kind::Country, Some("\"00\""), None),
            (Kind::Time, Some("\"2023-01-23T15:55:58+02:00\""), None),
            (Kind::Time, Some("\"2023-01-23\""), Some(UnknownValue)),
            (Kind::Time, Some("1700000000"), Some(WrongType)),
        ] {
            let field = Field::new("f", "F", kind, "");
            let json = value.map(|value| crate::json::check(value).expect(value));
            assert_eq!(field.violation(json), expected, "{kind:?} {value:?}");
        }
        let optional = Field::optional("f", "F", Kind::Time, "");
        let null = crate::json::check("null").expect("JSON");
        assert_eq!((optional.violation(None), optional.violation(Some(null))), (None, None));
    }
}
