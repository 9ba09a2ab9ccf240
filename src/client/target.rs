//! What a look-up, a message or an error is about.

use std::fmt;

use crate::account::{Id, Resource};
use crate::error::{Error, ErrorContext};

/// An account, or the list of all of them, of one profile.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub resource: &'static Resource,
    /// The account's id; `None` for the list, or for an account without a valid id.
    pub id: Option<&'a Id>,
    /// The profile, unless the environment says where look-ups go.
    pub profile: Option<&'a str>,
}

impl<'a> Target<'a> {
    pub fn account(id: &'a Id, profile: Option<&'a str>) -> Self {
        Target { resource: id.resource(), id: Some(id), profile }
    }

    /// `connected account cacc_1`
    pub fn name(self) -> String {
        match self.id {
            Some(id) => format!("{} {}", self.resource.noun, id.as_str()),
            None => format!("list of {}s", self.resource.noun),
        }
    }

    /// The path of its URL, below the base URL.
    pub fn path(self) -> String {
        match self.id {
            Some(id) => [self.resource.path, id.as_str()].concat(),
            None => self.resource.path.trim_end_matches('/').to_owned(),
        }
    }

    /// Adds to an error's context what it is about.
    pub fn describe(self, error: Error) -> Error {
        let ErrorContext { id, api, profile, .. } = self.context();
        error.with_context(|context| (context.id, context.api, context.profile) = (id, api, profile))
    }

    /// The context of an error that is about nothing else.
    pub fn context(self) -> ErrorContext {
        ErrorContext {
            id: self.id.map(|id| id.as_str().to_owned()),
            api: Some(self.resource.api),
            profile: self.profile.map(str::to_owned),
            ..ErrorContext::default()
        }
    }
}

/// `the connected account cacc_1 (profile test)`
impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = self.profile.map(|name| format!(" (profile {name})"));
        write!(f, "the {}{}", self.name(), profile.unwrap_or_default())
    }
}
