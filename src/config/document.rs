//! TOML with places: what stands where, and what is said when it is not as it must be.
//!
//! Messages name file, line and column and never show the line: it may hold the token. Neither do they show a value, nor
//! a key that is not like any of ours, for people paste tokens in the wrong place. `toml`'s own errors print the source
//! line; only their position and their `message()`, which is made of fixed words, are used.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::values::shown;
use super::{Origin, Setting};
use crate::error::{Error, Kind, Result};
use crate::nearest::nearest;

pub(super) type Key<'t> = Spanned<DeString<'t>>;
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// The text and where it comes from.
pub(super) struct Document<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

impl<'a> Document<'a> {
    pub fn parse(&self) -> Result<Spanned<DeTable<'a>>> {
        DeTable::parse(self.text)
            .map_err(|error| self.error(&error.span().unwrap_or_default(), error.message()))
    }

    pub fn string<'t>(&self, key: &Key<'_>, value: &'t Value<'_>) -> Result<&'t str> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            other => {
                let what = format!(
                    "`{}` must be text in quotes, not {}",
                    key.get_ref(),
                    kind(other)
                );
                Err(self.error(&value.span(), &what))
            }
        }
    }

    pub fn table<'t, 'i>(&self, name: &str, value: &'t Value<'i>) -> Result<&'t DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => {
                let what = format!("{name} must be a table, not {}", kind(other));
                Err(self.error(&value.span(), &what))
            }
        }
    }

    /// A key that is not ours is repeated only if it is clearly a word: it is short and, like all of ours, has no digit.
    pub fn unknown(&self, key: &Key<'_>, section: &str, legal: &[&str]) -> Error {
        let word = key.get_ref().as_ref();
        let near = nearest(word, legal.iter().copied());
        let named = shown(word)
            .filter(|word| !word.bytes().any(|b| b.is_ascii_digit()))
            .map(|word| format!(" `{word}`"))
            .unwrap_or_default();
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys of {section} are {}", legal.join(", ")),
        };
        self.error(&key.span(), &format!("unknown key{named} in {section}"))
            .hint(hint)
    }

    pub fn error(&self, span: &Range<usize>, what: &str) -> Error {
        let line = self.line(span.start);
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        let path = self.path.display();
        let message = format!("{what} ({path}, line {line}, column {column})");
        Error::new(Kind::Config, message).at(self.path, Some(line))
    }

    pub fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.split('\n').count()
    }

    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: self.line(span.start),
        }
    }

    pub fn setting<T>(&self, at: &Value<'_>, value: T) -> Setting<T> {
        Setting {
            value,
            origin: self.origin(&at.span()),
        }
    }
}

/// The entries as they stand in the file, so that its first mistake is the one that is told.
pub(super) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
