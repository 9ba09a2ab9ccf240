//! What an account is: the server's document, read through a table of fields. No input or output.
//!
//! Each API is one file with one constant ([`Resource`]); everything that knows a field's name reads it from there.

mod connected;
pub mod field;
pub mod id;
mod partner;
pub mod redact;
mod select;
mod time;

pub use connected::CONNECTED;
pub use field::{Field, Violation};
pub use id::Id;
pub use partner::PARTNER;
pub use redact::Redactor;
pub use select::{Entry, Selection};
pub use time::Time;

use crate::json::{Flaw, Json};

/// The resources that can be looked up, in the order in which ids are routed: the narrower alphabet first.
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
}

/// Why an answer is no document.
#[derive(Debug, PartialEq, Eq)]
pub enum NotADocument {
    /// It is not JSON that every reader understands alike.
    Flaw(Flaw),
    /// It is JSON, but not an object.
    NotAnObject,
}

impl Document {
    /// Checks and splits `text`.
    ///
    /// # Errors
    /// If it is anything but one JSON object.
    pub fn parse(text: String) -> Result<Self, NotADocument> {
        todo!("R3 {text}")
    }

    /// The text to the letter.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<Json<'_>> {
        todo!("R3 {name}")
    }

    /// Names and values in the server's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, Json<'_>)> {
        std::iter::empty()
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
    pub fn echoes(&self, id: &Id) -> Option<bool> {
        todo!("R3 {id:?}")
    }

    /// The state that the account cannot leave any more, as a field and its value.
    pub fn final_state(&self) -> Option<(&'static str, &'static str)> {
        todo!("R3")
    }

    /// The fields that violate the contract, in its order.
    pub fn violations(&self) -> Vec<(&'static Field, Violation)> {
        todo!("R3")
    }

    /// What is shown: everything in the server's order, or what `selection` names in its order; secrets have no value.
    ///
    /// # Errors
    /// `usage`: a selected name is neither a field nor a member, or is a secret.
    pub fn entries<'a>(
        &'a self,
        selection: Option<&'a Selection>,
        redactor: &Redactor,
    ) -> crate::error::Result<Vec<Entry<'a>>> {
        todo!("R3 {selection:?} {redactor:?}")
    }

    /// The value at a path: a member of that name, or a path into one.
    pub fn find(&self, path: &str) -> Option<Json<'_>> {
        todo!("R3 {path}")
    }
}
