//! `-F`: which members of an account are shown, and in which order.

use super::{Field, Resource};
use crate::error::Result;
use crate::json::Json;

/// A member to be shown.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The member's name, or a path as it was asked for.
    pub name: &'a str,
    /// Its field of the contract, if the name is one.
    pub field: Option<&'static Field>,
    /// Its value; `None` if it is a secret.
    pub value: Option<Json<'a>>,
}

/// The names given to `-F`, checked as far as that is possible without an answer.
#[derive(Debug)]
pub struct Selection {
    names: Vec<String>,
}

impl Selection {
    /// Checks the names for look-ups of any of `resources`.
    ///
    /// # Errors
    /// `usage`: an empty or repeated name, a path into a field that has no members, a secret field without `reveal`.
    pub fn new(names: &[String], resources: &[&'static Resource], reveal: bool) -> Result<Self> {
        todo!("R3 {names:?} {resources:?} {reveal}")
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
