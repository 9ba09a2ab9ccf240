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
mod time;

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use crate::json::{self, Step, Token};

pub use concealment::{Concealment, Visible, is_secret_name};
pub use connected::CONNECTED;
pub use field::{Drift, Field};
pub use id::Id;
pub use partner::PARTNER;
pub use selection::{Entry, Selection, path_flaw};
pub use time::Time;

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
    /// The states that no account leaves, each as a field and its value.
    pub final_states: &'static [(&'static str, &'static str)],
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
    members: Vec<Member>,
    /// Whether a member at any depth is named like a secret.
    names_a_secret: bool,
    /// Whether it has no blanks but in strings, no escapes, and nothing beyond ASCII.
    is_terse: bool,
}

/// A member of the object, by its places in the text.
#[derive(Debug)]
struct Member {
    name: Range<usize>,
    /// The name, if it is written with escapes.
    decoded: Option<String>,
    value: Range<usize>,
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
        let mut is_object = false;
        let mut members: Vec<Member> = Vec::with_capacity(16);
        let mut names_a_secret = false;
        // What other control characters there are, are blanks.
        let mut is_terse = text.is_ascii() && memchr2(b'\\', b'\x7f', text.as_bytes()).is_none();
        let mut end = 0;
        json::read(&text, |step| {
            let Step { depth, place, .. } = step;
            is_terse &= step.is_close;
            end = place.end;
            if let Token::Key(_) = step.token {
                names_a_secret |= is_secret_name(&step.decoded);
                if *depth == 1 {
                    members.push(Member {
                        name: place.start + 1..place.end - 1,
                        decoded: match &step.decoded {
                            Cow::Borrowed(_) => None,
                            Cow::Owned(name) => Some(name.clone()),
                        },
                        value: place.end..place.end,
                    });
                }
            } else if *depth == 1 {
                // The value as such, or the beginning or the end of one.
                if let Some(Member { value, .. }) = members.last_mut() {
                    if value.start == value.end {
                        value.start = place.start;
                    }
                    value.end = place.end;
                }
            } else if *depth == 0 {
                is_object = step.token == Token::ObjectEnd;
            }
        })
        .map_err(Undocumented::Flaw)?;
        if !is_object {
            return Err(Undocumented::NotAnObject);
        }
        is_terse &= end == text.len();
        Ok(Document {
            text,
            members,
            names_a_secret,
            is_terse,
        })
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.capacity() + self.members.capacity() * size_of::<Member>()
    }

    /// The member's value as JSON text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let text = self.text.as_bytes();
        let member = self.members.iter().find(|member| match &member.decoded {
            // Most names differ in length: that is asked first.
            None => {
                member.name.end == member.name.start + name.len()
                    && text[member.name.clone()] == *name.as_bytes()
            }
            Some(decoded) => decoded == name,
        });
        member.map(|member| self.value(member))
    }

    /// The whole of it, if the server wrote it on one line as we do, and names no secret in it.
    #[must_use]
    pub fn as_line(&self) -> Option<&str> {
        (self.is_terse && !self.names_a_secret).then_some(&self.text)
    }

    /// Names and values (as JSON text), in the server's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = self.members.iter();
        members.map(|member| (self.name(member), self.value(member)))
    }

    fn name<'a>(&'a self, member: &'a Member) -> &'a str {
        let written = || &self.text[member.name.clone()];
        member.decoded.as_deref().unwrap_or_else(written)
    }

    fn value(&self, member: &Member) -> &str {
        &self.text[member.value.clone()]
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

    /// The state that it cannot leave any more, as a field and its value, if it is in one.
    #[must_use]
    pub fn final_state(&self) -> Option<(&'static str, &'static str)> {
        let is_so = |(name, value): &&(&str, &str)| {
            let member = self.document.get(name);
            member.and_then(field::text).is_some_and(|is| is == *value)
        };
        self.resource.final_states.iter().find(is_so).copied()
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
        let document =
            Document::parse(r#" {"b": 1.50, "a" : {"b":[2]} ,"\u0063":null} "#.to_owned())
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
    fn a_line_is_what_needs_no_laying_out() {
        for (text, is_line) in [
            (r#"{"a":[1,{"b c, d":null}],"e":"f : g"}"#, true),
            ("{}", true),
            (r#"{"a": 1}"#, false),
            (r#"{"a" :1}"#, false),
            (r#"{"a":1, "b":2}"#, false),
            (r#"{"a":[ ]}"#, false),
            (r#"{"a":1 }"#, false),
            (r#" {"a":1}"#, false),
            (r#"{"a":1} "#, false),
            ("{\"a\":1}\n", false),
            ("{\"a\":\t1}", false),
            (r#"{"a":"\u0041"}"#, false),
            (r#"{"\/":1}"#, false),
            ("{\"a\":\"\u{e9}\"}", false),
            ("{\"a\":\"\u{7f}\"}", false),
            (r#"{"a":[{"activationToken":1}]}"#, false),
        ] {
            let document = Document::parse(text.to_owned()).expect(text);
            assert_eq!(document.as_line(), is_line.then_some(text), "{text}");
        }
    }

    #[test]
    fn anything_but_an_object_is_no_document() {
        for text in ["[]", "null", "\"x\"", "1", "[{\"a\":1}]"] {
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
            for (name, value) in resource.final_states {
                let kind = resource.field(name).map(|field| field.kind);
                assert!(matches!(kind, Some(field::Kind::Enum(words)) if words.contains(value)));
            }
        }
    }
}
