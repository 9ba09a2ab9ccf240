//! TOML with places: what stands where, and what is said when it is not as it must be.
//!
//! Messages name file, line and column and never show the line: it may hold the token. Neither do they show a value, nor
//! a key that is not like any of ours, for people paste tokens in the wrong place. `toml`'s own errors print the source
//! line; only their position and their `message()`, which is made of fixed words, are used.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::account::id::repeatable;
use crate::config::Opened;
use crate::error::{Error, Kind, Result};
use crate::nearest::nearest;

/// What is written by hand is a page or two.
const MAX: usize = 1024 * 1024;

pub(crate) type Key<'t> = Spanned<DeString<'t>>;
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// All of an open file as text, without the mark that some editors put at its beginning.
///
/// # Errors
/// What is wrong, in words that follow "the file …", and in which line.
pub(crate) fn read(opened: &Opened) -> Result<String, (String, Option<usize>)> {
    let bytes = opened
        .read(MAX)
        .map_err(|unreadable| (unreadable.words, None))?
        .ok_or(("is larger than 1 MiB".to_owned(), None))?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|b| *b == b'\n').count();
        (format!("is not valid UTF-8 in line {line}"), Some(line))
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// The text and where it comes from.
pub(crate) struct Document<'a> {
    pub path: &'a Path,
    text: &'a str,
    /// What sort of failure it is that something is wrong in it.
    kind: Kind,
    /// Where each line ends, found when the first one is asked for: a long file has many places.
    line_ends: OnceCell<Vec<usize>>,
}

impl<'a> Document<'a> {
    pub fn new(path: &'a Path, text: &'a str, kind: Kind) -> Self {
        Document {
            path,
            text,
            kind,
            line_ends: OnceCell::new(),
        }
    }

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
                    type_of(other)
                );
                Err(self.error(&value.span(), &what))
            }
        }
    }

    pub fn table<'t, 'i>(&self, name: &str, value: &'t Value<'i>) -> Result<&'t DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => {
                let what = format!("{name} must be a table, not {}", type_of(other));
                Err(self.error(&value.span(), &what))
            }
        }
    }

    /// A key that is not ours is repeated only if it is clearly a word: it is short and, like all of ours, has no digit.
    pub fn unknown(&self, key: &Key<'_>, section: &str, legal: &[&str]) -> Error {
        let word = key.get_ref().as_ref();
        let near = nearest(word, legal.iter().copied());
        let named = repeatable(word)
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
        let message = format!("{what}{}", self.place(span));
        Error::new(self.kind, message).at(self.path, Some(self.line(span.start)))
    }

    /// ` (smoke.toml, line 3, column 1)`
    pub fn place(&self, span: &Range<usize>) -> String {
        let line = self.line(span.start);
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        format!(" ({}, line {line}, column {column})", self.path.display())
    }

    pub fn line(&self, offset: usize) -> usize {
        let line_ends = self.line_ends.get_or_init(|| {
            let ends = self.text.bytes().enumerate();
            ends.filter_map(|(i, b)| (b == b'\n').then_some(i))
                .collect()
        });
        1 + line_ends.partition_point(|end| *end < offset)
    }
}

/// The entries as they stand in the file, so that its first mistake is the one that is told.
pub(crate) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
