//! What is answered for one id: the vocabulary of the table.

use super::http::Delivery;
use crate::error::Kind;

/// A member of a document and its value, both as JSON text; the value [`ABSENT`] takes the member away.
pub(super) type Edit = (&'static str, &'static str);

/// Stands for a member that is not there.
pub(super) const ABSENT: &str = "";

/// What is answered for an id.
#[derive(Debug)]
pub(super) enum Answer {
    /// The seed's account with these changes, the later ones last, and the id in question unless they name another.
    Account(&'static [&'static [Edit]]),
    /// The seed's account with that id, brought in an unusual way.
    Delivered(Delivery),
    /// The API's own error.
    Failure(u16, Headers),
    /// These bytes.
    Bytes(u16, Headers, &'static [u8]),
    /// That on every odd request for the id, and the account on the others.
    OnOdd(&'static Answer),
    /// One after the other, a request for the id each; the last one for ever.
    InTurn(&'static [Answer]),
}

pub(super) type Headers = &'static [(&'static str, &'static str)];

/// What is answered for one id, and what comes of it.
#[derive(Debug)]
pub(super) struct Case {
    pub id: &'static str,
    pub answer: Answer,
    /// What the look-up fails with; `None` if it does not.
    pub kind: Option<Kind>,
    pub what: &'static str,
}

impl Case {
    /// A case whose look-up succeeds.
    pub const fn account(
        id: &'static str,
        layers: &'static [&'static [Edit]],
        what: &'static str,
    ) -> Self {
        Case {
            id,
            answer: Answer::Account(layers),
            kind: None,
            what,
        }
    }

    /// A case whose look-up fails.
    pub const fn fails(id: &'static str, kind: Kind, answer: Answer, what: &'static str) -> Self {
        Case {
            id,
            answer,
            kind: Some(kind),
            what,
        }
    }
}
