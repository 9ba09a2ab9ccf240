//! What an account is: a server's document, read through a table of fields. No input or output.
//!
//! The two APIs differ in a path, an id rule and a list of fields; each is one file holding one constant, and everything
//! that knows a field's name reads it from there.

mod concealment;
mod connected;
pub mod field;
pub mod id;
mod partner;
mod selection;

use std::ops::Range;

use crate::json::{self, Token, Tokens};

pub use concealment::{Concealment, Visible};
pub use connected::CONNECTED;
pub use field::{Drift, Field};
pub use id::Id;
pub use partner::PARTNER;
pub use selection::{Entry, Selection};

/// The resources that can be looked up. The order is the one in which ids are routed: the narrower alphabet first.
pub static RESOURCES: [&Resource; 2] = [&CONNECTED, &PARTNER];

/// Something an API has by id, and all that the program knows of it.
#[derive(Debug)]
pub struct Resource {
    /// What people call it.
    pub noun: &'static str,
    /// The API it lives at: the key in a profile, the infix of the variables (in capitals), `api` in JSON errors.
    pub api: &'static str,
    /// Its name in `acctq schema`.
    pub schema: &'static str,
    /// The command that looks it up.
    pub command: &'static str,
    /// The path below the base URL, to which the id is appended.
    pub path: &'static str,
    /// Why a text is no id of it; `None` if it is one.
    id_flaw: fn(&str) -> Option<id::Flaw>,
    /// The id rule in words.
    pub id_rule: &'static str,
    /// The field that holds the id.
    pub id_field: &'static str,
    /// The id of the seed.
    pub example_id: &'static str,
    /// The fields of the contract, in its order.
    pub fields: &'static [Field],
    /// The fields that matter when several accounts stand below each other: so many as fit on 80 columns.
    pub columns: &'static [&'static str],
    /// The statuses that mean the bearer token itself is not accepted.
    pub token_rejected: &'static [u16],
    /// What to think of when the account is not found, before the profile.
    pub not_found: &'static str,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.api == other.api
    }
}

impl Eq for Resource {}

impl Resource {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A JSON object as the server wrote it, split into its members.
#[derive(Debug)]
pub struct Document {
    text: String,
    members: Vec<(String, Range<usize>)>,
}

/// Why an answer is no document.
#[derive(Debug, PartialEq, Eq)]
pub enum Undocumented {
    /// It is not JSON that every reader reads alike.
    Flaw(json::Flaw),
    /// It is JSON, but not an object.
    NotAnObject,
}

impl Document {
    /// Checks and splits `text`.
    ///
    /// # Errors
    /// If it is anything but one JSON object.
    pub fn parse(text: String) -> Result<Self, Undocumented> {
        json::check(&text).map_err(Undocumented::Flaw)?;
        let mut tokens = Tokens::new(&text);
        if tokens.next() != Some(Token::ObjectStart) {
            return Err(Undocumented::NotAnObject);
        }
        let mut members = Vec::with_capacity(16);
        while let Some(Token::Key(name)) = tokens.next() {
            let value = tokens.value();
            let start = value.as_ptr().addr() - text.as_ptr().addr();
            // `check` has seen every string decode.
            members.push((
                json::decode(name).unwrap_or_default().into_owned(),
                start..start + value.len(),
            ));
        }
        Ok(Document { text, members })
    }

    /// The member's value as JSON text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// Names and values (as JSON text), in the server's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members
            .iter()
            .map(|(name, value)| (name.as_str(), &self.text[value.clone()]))
    }
}

/// An account: the answer to a look-up.
#[derive(Debug)]
pub struct Account {
    /// What it is an account of.
    pub resource: &'static Resource,
    /// What the server said.
    pub document: Document,
}

impl Account {
    /// Whether the answer is about `id`: `None` if it does not say, or not as text.
    #[must_use]
    pub fn echoes(&self, id: &Id) -> Option<bool> {
        let echoed = field::text(self.document.get(self.resource.id_field)?)?;
        // A UUID is the same in either case (RFC 9562 4); other ids are not.
        let same_uuid = id::is_uuid(&echoed) && echoed.eq_ignore_ascii_case(id.as_str());
        Some(echoed == id.as_str() || same_uuid)
    }

    /// The fields that stray from the contract, in its order.
    pub fn drift(&self) -> impl Iterator<Item = (&'static Field, Drift)> {
        self.resource
            .fields
            .iter()
            .filter_map(|field| Some((field, field.drift(self.document.get(field.name))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_the_servers_members() {
        let document = Document::parse(r#" {"b": 1.50, "a":{"b":[2]},"\u0063":null} "#.to_owned())
            .expect("object");
        let members: Vec<_> = document.members().collect();
        assert_eq!(
            members,
            [("b", "1.50"), ("a", r#"{"b":[2]}"#), ("c", "null")]
        );
        assert_eq!(document.get("a"), Some(r#"{"b":[2]}"#));
        assert_eq!(document.get("d"), None);
    }

    #[test]
    fn anything_but_an_object_is_no_document() {
        for text in ["[]", "null", "\"x\"", "1"] {
            assert_eq!(
                Document::parse(text.to_owned()).expect_err("no object"),
                Undocumented::NotAnObject
            );
        }
    }

    #[test]
    fn an_answer_is_about_the_id_that_it_names() {
        const UUID: &str = "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";
        let upper = UUID.to_uppercase();
        for (asked, echoed, expected) in [
            (UUID, format!("\"{UUID}\""), Some(true)),
            (UUID, format!("\"{upper}\""), Some(true)),
            (&upper, format!("\"{UUID}\""), Some(true)),
            (UUID, format!("\"{UUID}0\""), Some(false)),
            ("abcdef", "\"\\u0061bcdef\"".to_owned(), Some(true)),
            ("abcdef", "\"ABCDEF\"".to_owned(), Some(false)),
            ("1", "1".to_owned(), None),
        ] {
            let text = format!("{{\"customer_account_uid\":{echoed}}}");
            let account = Account {
                resource: &PARTNER,
                document: Document::parse(text).expect("object"),
            };
            let id = PARTNER.parse_id(asked).expect("id");
            assert_eq!(account.echoes(&id), expected, "{asked} {echoed}");
        }
    }

    #[test]
    fn columns_and_ids_are_fields() {
        for resource in RESOURCES {
            for name in resource.columns.iter().chain([&resource.id_field]) {
                assert!(resource.field(name).is_some(), "{name}");
            }
            assert!(resource.parse_id(resource.example_id).is_ok());
        }
    }
}
