//! What is asked for, and where: in the words of messages.

use crate::account::{Id, Resource};

/// What to think of when nobody there seems to know the API.
pub const CHECK_URL: &str = "is base_url right? `acctq config show` shows it";

/// What is asked for: one account, or all of them.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The account of that id.
    Account(&'a Id),
    /// The list of all accounts.
    List(&'static Resource),
}

impl Target<'_> {
    /// What it is an account of.
    pub fn resource(self) -> &'static Resource {
        match self {
            Target::Account(id) => id.resource(),
            Target::List(resource) => resource,
        }
    }

    /// The id, if it is about one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Target::Account(id) => Some(id.as_str()),
            Target::List(_) => None,
        }
    }

    /// The path below the base URL, and the name below that.
    pub fn path(&self) -> (&str, &str) {
        match self {
            Target::Account(id) => (id.resource().path, id.as_str()),
            Target::List(resource) => (resource.path.trim_end_matches('/'), ""),
        }
    }

    /// What is asked: a `look-up` or a `list`.
    pub fn question(self) -> &'static str {
        match self {
            Target::Account(_) => "look-up",
            Target::List(_) => "list",
        }
    }

    /// What to think of when it is not found.
    pub fn not_found(self, place: Place<'_>) -> String {
        match self {
            Target::Account(id) => format!("{}{}", id.resource().not_found, place.doubt()),
            Target::List(_) => CHECK_URL.to_owned(),
        }
    }

    /// `connected account cacc_1`
    pub fn words(self) -> String {
        match self {
            Target::Account(id) => format!("{} {}", id.resource().noun, id.as_str()),
            Target::List(resource) => format!("list of {}s", resource.noun),
        }
    }
}

/// Where the answer comes from, in the words of messages.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host, with the port if it is not the usual one.
    pub host: &'a str,
    /// The profile in use, if there is one.
    pub profile: Option<&'a str>,
}

impl Place<'_> {
    /// What to think of when the place may be the wrong one.
    pub fn doubt(&self) -> String {
        match self.profile {
            Some(profile) => {
                format!("is {profile} the right profile? `acctq config show` lists them")
            }
            None => "do the ACCTQ_ variables name the right server? `acctq config show` tells"
                .to_owned(),
        }
    }

    /// `api.example.com (profile test)`
    pub fn words(&self) -> String {
        match self.profile {
            Some(profile) => format!("{} (profile {profile})", self.host),
            None => self.host.to_owned(),
        }
    }
}
