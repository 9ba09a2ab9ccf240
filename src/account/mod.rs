//! What an account is: the server's document, read through a table of fields. No input or output.
//!
//! Each API is one file with one constant ([`Resource`]); everything that knows a field's name reads it from there. A third one
//! takes such a file, a place in [`RESOURCES`], its command in `commands/mod.rs`, and its accounts in `sandbox/cases.rs`.

mod connected;
pub mod field;
pub mod id;
mod number;
mod partner;
pub mod redact;
mod select;
mod time;

pub use connected::CONNECTED;
pub use field::{Field, Tone, Violation};
pub use id::Id;
pub use number::Number;
pub use partner::{PARTNER, redeem_url};
pub use redact::{Redactor, is_secret_name};
pub use select::{Entry, Selection, path_flaw};
pub use time::Time;

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, Kind};
use crate::json::{self, Flaw, Json, View};
use crate::text::is_harmless;

/// The resources that can be looked up, in the order in which ids are routed: the narrower alphabet first.
pub static RESOURCES: [&Resource; 2] = [&CONNECTED, &PARTNER];

/// Something an API has by id, and all that the program knows of it.
#[derive(Debug)]
pub struct Resource {
    pub noun: &'static str,
    /// The API it lives at: the key in a profile, the infix of the variables (in capitals), `api` in JSON errors.
    pub api: &'static str,
    /// Its name in `acctq schema`.
    pub schema: &'static str,
    pub command: &'static str,
    /// The path below the base URL, to which the id is appended.
    pub path: &'static str,
    /// Whether a text is an id of it, going by its characters.
    is_id: fn(&str) -> bool,
    pub id_rule: &'static str,
    pub id_field: &'static str,
    pub example_id: &'static str,
    pub example_url: &'static str,
    /// An id that no account can have, if there is one: its look-up tries a token. Otherwise the list does.
    pub nobodys_id: Option<&'static str>,
    /// The fields of the contract, in its order.
    pub fields: &'static [Field],
    /// The fields that matter when several accounts stand below each other, as many as fit on 80 columns.
    pub columns: &'static [&'static str],
    /// The statuses that mean the bearer token itself is not accepted.
    pub token_rejected: &'static [u16],
    /// What states come to, each as a field and its value: their colours.
    pub tones: &'static [(&'static str, &'static str, Tone)],
    /// What to think of when the account is not found, before the profile.
    pub not_found: &'static str,
    /// What the state of an account means for the operator at this time: sentences, with commands in backticks.
    pub notes: fn(&Account, Time) -> Vec<String>,
}

impl Resource {
    /// Whether a failure of a look-up says that the server does not accept the token.
    pub fn rejects_token(&self, error: &Error) -> bool {
        let is_listed = |status| self.token_rejected.contains(&status);
        error.kind() == Kind::Auth && error.context().status.is_some_and(is_listed)
    }

    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether a value may stand in a public ticket, going by the contract: an id, a type, a state, a time or a count, and null.
    pub fn is_public(&'static self, name: &str, value: Json<'_>) -> bool {
        let is_id = || name == self.id_field && value.as_str().is_some_and(|text| self.parse_id(&text).is_ok());
        let keeps = |field: &Field| field.kind.is_public() && !field.secret && field.violation(Some(value)).is_none();
        value.is_null() || is_id() || self.field(name).is_some_and(keeps)
    }

    /// The field's own name, if people mean one: `id` and `uid` are each resource's own id, and a table's labels are understood.
    pub fn own_name<'a>(&self, name: &'a str) -> &'a str {
        let is_id = ["id", "uid"].iter().any(|id| name.eq_ignore_ascii_case(id));
        let own = if is_id { self.id_field } else { name };
        let labelled = || self.fields.iter().find(|field| field.label.eq_ignore_ascii_case(name));
        self.field(own).or_else(labelled).map_or(name, |field| field.name)
    }
}

/// A JSON object as the server wrote it, split into its members.
#[derive(Debug)]
pub struct Document {
    text: String,
    members: Vec<Member>,
    /// Whether a member is named like a secret, at any depth.
    names_secret: bool,
    /// Whether nothing in its text needs an escape in any format.
    is_plain: bool,
}

/// A member of the object, by its places in the text.
#[derive(Debug)]
struct Member {
    name: Range<usize>,
    /// The name, if it is written with escapes.
    decoded: Option<String>,
    value: Range<usize>,
}

impl Document {
    pub fn parse(text: String) -> Result<Self, Flaw> {
        let mut names_secret = false;
        let View::Object(members) = json::parse(&text, &mut |name| names_secret |= is_secret_name(name))? else {
            return Err(Flaw::Invalid("is JSON, but not an object"));
        };
        let place = |part: &str| {
            let start = part.as_ptr().addr() - text.as_ptr().addr();
            start..start + part.len()
        };
        let member = |(name, value): (Cow<'_, str>, Json<'_>)| Member {
            name: if let Cow::Borrowed(name) = name { place(name) } else { 0..0 },
            decoded: if let Cow::Owned(name) = name { Some(name) } else { None },
            value: place(value.text()),
        };
        let members = members.into_iter().map(member).collect();
        let is_plain = is_harmless(&text, |b| matches!(b, b'\n' | b' '..=b'[' | b']'..=b'~'));
        Ok(Document { text, members, names_secret, is_plain })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<Json<'_>> {
        self.members.iter().find(|member| self.name(member) == name).map(|member| self.value(member))
    }

    /// Names and values in the server's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, Json<'_>)> {
        self.members.iter().map(|member| (self.name(member), self.value(member)))
    }

    fn name<'a>(&'a self, member: &'a Member) -> &'a str {
        let decoded = member.decoded.as_deref();
        decoded.unwrap_or_else(|| &self.text[member.name.clone()])
    }

    fn value(&self, member: &Member) -> Json<'_> {
        Json::checked(&self.text[member.value.clone()])
    }
}

/// An account: the answer to a look-up.
#[derive(Debug)]
pub struct Account {
    pub resource: &'static Resource,
    pub document: Document,
}

impl Account {
    /// Whether the answer is about `id`: `None` if it does not say, or not as text.
    pub fn echoes(&self, id: &Id) -> Option<bool> {
        let echoed = self.text(self.resource.id_field)?;
        // A UUID is the same in either case (RFC 9562 4); other ids are not.
        let is_same_uuid = id::is_uuid(&echoed) && echoed.eq_ignore_ascii_case(id.as_str());
        Some(echoed == id.as_str() || is_same_uuid)
    }

    /// The text of a field; `None` if it is absent or anything else.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.document.get(name).and_then(Json::as_str)
    }

    /// How many days a field's time is past, or still to come if negative.
    fn days_since(&self, name: &str, now: Time) -> Option<i64> {
        let time = Time::parse(&self.text(name)?)?;
        Some(now.since(time).as_hours().div_euclid(24))
    }

    /// How long ago a field's time was, in words that follow a state: ` for 3 days`; empty if it has none.
    fn lasted(&self, name: &str, now: Time) -> String {
        match self.days_since(name, now) {
            None => String::new(),
            Some(..1) => " for less than a day".to_owned(),
            Some(days) => format!(" for {}", days_long(days)),
        }
    }

    /// The state that the account cannot leave any more, as a field and its value.
    pub fn final_state(&self) -> Option<(&'static str, &'static str)> {
        let mut states = self.resource.tones.iter().filter(|(.., tone)| *tone == Tone::Ended);
        let state = states.find(|(name, value, _)| self.text(name).as_deref() == Some(*value))?;
        Some((state.0, state.1))
    }

    /// The fields that violate the contract, in its order.
    pub fn violations(&self) -> Vec<(&'static Field, Violation)> {
        let fields = self.resource.fields.iter();
        fields.filter_map(|field| Some((field, field.violation(self.document.get(field.name))?))).collect()
    }
}

/// `1 day`, `12 days`
fn days_long(days: i64) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let document = Document::parse(format!("{{\"customer_account_uid\":{echoed}}}"));
            let account = Account { resource: &PARTNER, document: document.expect("object") };
            let id = PARTNER.parse_id(asked).expect("id");
            assert_eq!(account.echoes(&id), expected, "{asked} {echoed}");
        }
    }

    #[test]
    fn a_state_means_something_to_the_operator() {
        let now = Time::parse("2026-03-10T12:00:00Z").expect("a time");
        for (resource, text, expected) in [
            (
                &CONNECTED,
                r#"{"status":"pending","created_at":"2026-03-08T12:00:00Z"}"#,
                &["pending for 2 days", "7 days"][..],
            ),
            (
                &CONNECTED,
                r#"{"status":"pending","created_at":"2026-02-08T12:00:00Z"}"#,
                &["pending for 30 days", "new one"],
            ),
            (
                &CONNECTED,
                r#"{"status":"pending","created_at":"2026-03-10T11:00:00Z"}"#,
                &["pending for less than a day"],
            ),
            (&CONNECTED, r#"{"status":"pending","created_at":7}"#, &["onboarding"]),
            (&CONNECTED, r#"{"status":"suspended"}"#, &["suspension"]),
            (&CONNECTED, r#"{"status":"revoked"}"#, &["revoked: "]),
            (&CONNECTED, r#"{"status":"revoked","revoked_at":"2026-03-09T11:00:00Z"}"#, &["revoked for 1 day"]),
            (&CONNECTED, r#"{"status":"active"}"#, &[]),
            (&CONNECTED, r#"{"status":"archived"}"#, &[]),
            (
                &PARTNER,
                r#"{"status":"entitled","customer_account_uid":"-u","created_at":"2026-03-01T12:00:00Z"}"#,
                &["entitled for 9 days", "`acctq partner account redeem-url -- -u`"],
            ),
            (&PARTNER, r#"{"status":"entitled","customer_account_uid":"`id`"}"#, &[]),
            (&PARTNER, r#"{"status":"provisioned","ends_at":"2026-03-12T11:00:00Z"}"#, &["in 1 day"]),
            (&PARTNER, r#"{"status":"provisioned","ends_at":"2026-03-10T13:00:00Z"}"#, &["in less than a day"]),
            (&PARTNER, r#"{"status":"provisioned","ends_at":"2026-03-08T11:00:00Z"}"#, &["frozen for 2 days"]),
            (&PARTNER, r#"{"status":"provisioned","ends_at":null}"#, &[]),
        ] {
            let document = Document::parse(text.to_owned()).expect("object");
            let notes = (resource.notes)(&Account { resource, document }, now);
            assert_eq!(notes.len(), usize::from(!expected.is_empty()), "{text}: {notes:?}");
            assert!(expected.iter().all(|part| notes[0].contains(part)), "{text}: {notes:?}");
        }
    }

    #[test]
    fn what_a_resource_names_is_a_field_of_it() {
        for resource in RESOURCES {
            for name in resource.columns.iter().chain([&resource.id_field]) {
                assert!(resource.field(name).is_some(), "{name}");
            }
            assert!(resource.parse_id(resource.example_id).is_ok());
            for (name, value, _) in resource.tones {
                let field = resource.field(name).expect(name);
                assert!(field.kind.words().any(|word| word == *value), "{name}");
            }
        }
    }
}
