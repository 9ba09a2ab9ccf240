//! TOML that serde's derived types read, with mistakes described in words of our own and by their place.
//!
//! The messages of toml and serde may repeat the text at fault, which may be a token. So a message here names file, line and
//! column, and of serde's only what is fixed: the keys or the type that it expected. A key that is not one of ours is
//! repeated only if it is clearly a word, for people paste tokens in the wrong place.

use std::fs::Metadata;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::Origin;
use super::reading::read_file;
use crate::account::id::repeatable;
use crate::error::{Error, Kind, Result};
use crate::text::nearest;

/// The most that is read. What is written by hand is a page or two.
const MAX: usize = 1024 * 1024;

/// A TOML file.
pub struct Document {
    path: PathBuf,
    text: String,
    kind: Kind,
}

impl Document {
    /// Reads the file; `None` if nothing of that name exists. `noun` is what messages call it, `kind` their kind.
    pub fn read(path: &Path, kind: Kind, noun: &str) -> Result<Option<(Self, Metadata)>> {
        let failed = |words: &str, line| {
            Error::new(kind, format!("{noun} {} {words}", path.display()))
                .hint("it must be a TOML file that you can read")
                .at(path, line)
        };
        let content = match read_file(path, MAX) {
            Err(unreadable) if unreadable.is_absent => return Ok(None),
            other => other.map_err(|unreadable| failed(&unreadable.words, None))?,
        };
        let mut text = String::from_utf8(content.bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|b| *b == b'\n').count();
            failed(&format!("is not valid UTF-8 in line {line}"), Some(line))
        })?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let path = path.to_owned();
        Ok(Some((Document { path, text, kind }, content.metadata)))
    }

    /// Reads it as a derived type. For places, use `Spanned`; for unknown keys to be errors, `deny_unknown_fields`. A custom
    /// message, or `expecting` of an untagged enum, follows the key: "must be …".
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        let table = DeTable::parse(&self.text)
            .map_err(|error| self.error(&error.span().unwrap_or_default(), error.message()))?;
        T::deserialize(toml::Deserializer::from(table)).map_err(|error| self.mistake(&error))
    }

    /// An error about the text there: `what`, then file, line and column.
    pub fn error(&self, span: &Range<usize>, what: &str) -> Error {
        self.place(Error::new(self.kind, what), span)
    }

    /// Adds file, line and column to an error.
    pub fn place(&self, error: Error, span: &Range<usize>) -> Error {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        let (path, line) = (self.path.display(), self.line(span));
        error
            .with_suffix(&format!(" ({path}, line {line}, column {column})"))
            .at(&self.path, Some(line))
    }

    /// The error for a key that `section` does not have.
    pub fn unknown_key(
        &self,
        span: &Range<usize>,
        word: &str,
        section: &str,
        legal: &[&str],
    ) -> Error {
        let shown = repeatable(word)
            .filter(|word| !word.bytes().any(|b| b.is_ascii_digit()))
            .map(|word| format!(" `{word}`"))
            .unwrap_or_default();
        let hint = match nearest(word, legal.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if word == "output" => "use -o or ACCTQ_OUTPUT".to_owned(),
            None => format!("the keys of {section} are {}", legal.join(", ")),
        };
        self.error(span, &format!("unknown key{shown} in {section}")).hint(hint)
    }

    /// The line where it begins, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        1 + before.matches('\n').count()
    }

    /// The file and the line.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File { path: self.path.clone(), line: self.line(span) }
    }

    /// What serde refused, in our words.
    fn mistake(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or_default();
        let table = DeTable::parse(&self.text).map(toml::Spanned::into_inner);
        let mut path = Vec::new();
        let found = table.as_ref().ok().and_then(|t| find(t, &span, &mut path));
        let key = found.unwrap_or_default();
        let message = error.message();
        // What serde expected is never text of the document.
        let expected = message.rsplit_once(", expected ").map_or("", |(_, e)| e);
        if message.starts_with("unknown field ") {
            let legal: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
            return self.unknown_key(&span, key, &section(&path), &legal);
        }
        if let Some(field) = message.strip_prefix("missing field ") {
            path.extend((!key.is_empty()).then_some(key));
            return self.error(&span, &format!("{} has no {field}", section(&path)));
        }
        let words = match expected {
            _ if message.starts_with("must ") => message.to_owned(),
            "" => "has a value that is not allowed".to_owned(),
            "a string" => "must be text in quotes".to_owned(),
            "a sequence" => "must be a list".to_owned(),
            "a boolean" => "must be true or false".to_owned(),
            "u32" => "must be a whole number".to_owned(),
            table if table == "a map" || table.starts_with("struct ") => {
                "must be a table".to_owned()
            }
            other => format!("must be {other}"),
        };
        self.error(&span, &format!("`{}` {words}", quoted_key(key)))
    }
}

/// The key whose own or whose value's span that is; `path` becomes the keys of the tables around them.
fn find<'t>(
    table: &'t DeTable<'_>,
    span: &Range<usize>,
    path: &mut Vec<&'t str>,
) -> Option<&'t str> {
    for (key, value) in table {
        let key_span = key.span();
        let key = key.get_ref().as_ref();
        let mut items = std::slice::from_ref(value);
        if let DeValue::Array(array) = value.get_ref() {
            items = array;
        }
        if key_span == *span || value.span() == *span || items.iter().any(|i| i.span() == *span) {
            return Some(key);
        }
        for item in items {
            if let DeValue::Table(inner) = item.get_ref() {
                path.push(key);
                let found = find(inner, span, path);
                if found.is_some() {
                    return found;
                }
                path.pop();
            }
        }
    }
    None
}

/// The table of that path as it is named in a file.
pub(super) fn section(path: &[&str]) -> String {
    if path.is_empty() {
        return "the file".to_owned();
    }
    let keys: Vec<_> = path.iter().map(|key| quoted_key(key)).collect();
    format!("[{}]", keys.join("."))
}

/// A key as it stands in a file; `…` for one that may be a secret.
fn quoted_key(key: &str) -> String {
    match repeatable(key) {
        Some(key) if key.contains('.') => format!("\"{key}\""),
        Some(key) => key.to_owned(),
        None => "…".to_owned(),
    }
}
