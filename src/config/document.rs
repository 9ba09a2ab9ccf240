//! TOML that serde's derived types read, with mistakes told in words of our own and by their place.
//!
//! The messages of toml and serde may repeat the text at fault, which may be a token. So a message here names file, line and
//! column, and of serde's only what is fixed: the keys or the type that it expected. A key that is not one of ours is
//! repeated only if it is clearly a word, for people paste tokens in the wrong place.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::reading::FileContent;
use super::{Origin, Setting};
use crate::account::id::repeatable;
use crate::error::{Error, Kind, Result};
use crate::text::nearest;

/// The most that is read of a file. What is written by hand is a page or two.
pub const MAX: usize = 1024 * 1024;

/// The text of a file as UTF-8, without a byte order mark. Err: what is wrong, in words that follow "the file …", and the line.
pub fn decode(content: FileContent) -> Result<String, (String, Option<usize>)> {
    let mut text = String::from_utf8(content.bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|b| *b == b'\n').count();
        (format!("is not valid UTF-8 in line {line}"), Some(line))
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// A TOML document and the file that it comes from.
pub struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    kind: Kind,
    line_ends: OnceCell<Vec<usize>>,
}

impl<'a> Document<'a> {
    /// `kind` is the kind of the errors about it.
    pub fn new(path: &'a Path, text: &'a str, kind: Kind) -> Self {
        Document {
            path,
            text,
            kind,
            line_ends: OnceCell::new(),
        }
    }

    /// Reads it as a derived type. For places, use `Spanned`; for unknown keys to be errors, `deny_unknown_fields`.
    ///
    /// A type's `#[serde(expecting = "…")]` should follow "must be …".
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T> {
        let table = DeTable::parse(self.text)
            .map_err(|error| self.error(&error.span().unwrap_or_default(), error.message()))?;
        T::deserialize(toml::Deserializer::from(table)).map_err(|error| self.mistake(&error))
    }

    /// An error about the text there: `what`, then file, line and column.
    pub fn error(&self, span: &Range<usize>, what: &str) -> Error {
        self.place(Error::new(self.kind, what), span)
    }

    /// Adds file, line and column to an error.
    pub fn place(&self, error: Error, span: &Range<usize>) -> Error {
        let line = self.line(span.start);
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        error
            .with_suffix(&format!(
                " ({}, line {line}, column {column})",
                self.path.display()
            ))
            .at(self.path, Some(line))
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
            None => format!("the keys of {section} are {}", legal.join(", ")),
        };
        self.error(span, &format!("unknown key{shown} in {section}"))
            .hint(hint)
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        let line_ends = self.line_ends.get_or_init(|| {
            let ends = self.text.match_indices('\n');
            ends.map(|(at, _)| at).collect()
        });
        1 + line_ends.partition_point(|end| *end < offset)
    }

    /// A value that stands there.
    pub fn setting<T>(&self, span: &Range<usize>, value: T) -> Setting<T> {
        Setting::new(value, self.origin(span))
    }

    /// The file and the line of that place.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: self.line(span.start),
        }
    }

    /// What serde refused, in our words.
    fn mistake(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or_default();
        let table = DeTable::parse(self.text).ok();
        let table = table.as_ref().map(|table| table.get_ref());
        let mut path = Vec::new();
        let found = table.and_then(|table| find(table, &span, &mut path));
        let key = found.map_or("", |(key, _)| key);
        let message = error.message();
        // What serde expected is never the document's text.
        let expected = message
            .rsplit_once(", expected ")
            .map_or("", |(_, end)| end);
        let names = |list: &'_ str| -> Vec<String> {
            list.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        if message.starts_with("unknown field ") {
            let legal = names(expected);
            let legal: Vec<_> = legal.iter().map(String::as_str).collect();
            return self.unknown_key(&span, key, &section(&path), &legal);
        }
        if let Some(field) = message.strip_prefix("missing field ") {
            path.extend(found.map(|(key, _)| key));
            return self.error(&span, &format!("{} has no {field}", section(&path)));
        }
        let subject = match repeatable(key) {
            Some(key) => format!("`{key}`"),
            None => "this".to_owned(),
        };
        let kind = found.map_or("what it is", |(_, value)| type_of(value));
        let words = if message.starts_with("unknown variant ") {
            format!("must be one of {}", names(expected).join(", "))
        } else if message.starts_with("invalid type: ") {
            format!("must be {}, not {kind}", in_words(expected))
        } else if message.starts_with("invalid ") {
            format!("must be {}", in_words(expected))
        } else {
            // Of a derived type's `expecting`.
            format!("must be {message}")
        };
        self.error(&span, &format!("{subject} {words}"))
    }
}

/// The key and value that stand at `span`; `path` becomes the keys of the tables around them.
fn find<'t>(
    table: &'t DeTable<'_>,
    span: &Range<usize>,
    path: &mut Vec<&'t str>,
) -> Option<(&'t str, &'t DeValue<'t>)> {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if key.span() == *span || value.span() == *span {
            return Some((name, value.get_ref()));
        }
        path.push(name);
        let found = match value.get_ref() {
            DeValue::Table(table) => find(table, span, path),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                item_value if item.span() == *span => {
                    path.pop();
                    Some((name, item_value))
                }
                DeValue::Table(table) => find(table, span, path),
                _ => None,
            }),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        path.pop();
    }
    None
}

/// The table of that path as it is named in a file.
fn section(path: &[&str]) -> String {
    if path.is_empty() {
        return "the file".to_owned();
    }
    let parts: Vec<_> = path.iter().map(|key| quoted_key(key)).collect();
    format!("[{}]", parts.join("."))
}

/// A key as it stands in a file; `…` for one that may be a secret.
pub(super) fn quoted_key(key: &str) -> String {
    match repeatable(key) {
        Some(key) if key.contains('.') => format!("\"{key}\""),
        Some(key) => key.to_owned(),
        None => "…".to_owned(),
    }
}

/// What serde calls a type, for people.
fn in_words(expected: &str) -> &str {
    match expected {
        "a string" => "text in quotes",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a map" => "a table",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
