//! TOML that serde's derived types read, with mistakes described in words of our own and by their place.
//!
//! The messages of toml and serde may repeat the text at fault, which may be a token. So a message here names file, line and
//! column, and of serde's only what is fixed: the keys or the type that it expected. A key that is not one of ours is
//! repeated only if it is clearly a word, since people paste tokens in the wrong place.

use std::fs::Metadata;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::Origin;
use super::reading::read_file;
use crate::account::redact::repeatable;
use crate::error::{Error, Kind, Result};
use crate::text::{UTF16_HINT, is_utf16, nearest};

/// Size limit of a file; one written by hand is a page or two.
const MAX: usize = 1024 * 1024;

/// A TOML file.
pub struct Document {
    path: PathBuf,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    kind: Kind,
}

impl Document {
    /// Reads the file; `None` if nothing of that name exists. `noun` is what messages call it, `kind` their kind.
    pub fn read(path: &Path, kind: Kind, noun: &str) -> Result<Option<(Self, Metadata)>> {
        let failed = |words: &str, line| {
            Error::new(kind, format!("{noun} {} {words}", path.display()))
                .hint("it must be a TOML file in UTF-8 that you can read")
                .at(path, line)
        };
        let read = read_file(path, MAX).map_err(|words| failed(&words, None))?;
        let Some((bytes, metadata)) = read else {
            return Ok(None);
        };
        if is_utf16(&bytes) {
            return Err(failed("is UTF-16, not UTF-8", None).hint(UTF16_HINT));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|b| *b == b'\n').count();
            failed(&format!("is not valid UTF-8 in line {line}"), Some(line))
        })?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let lines = text.split_inclusive('\n').scan(0, |end, line| Some(std::mem::replace(end, *end + line.len())));
        Ok(Some((Document { path: path.to_owned(), lines: lines.collect(), text, kind }, metadata)))
    }

    /// Parses it as a derived type, as [`Document::decode`] does.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        self.decode(self.root()?)
    }

    /// The whole document, in which only the syntax has been checked.
    pub fn root(&self) -> Result<Spanned<DeValue<'_>>> {
        let table = DeTable::parse(&self.text)
            .map_err(|error| self.error(&error.span().unwrap_or_default(), error.message()))?;
        Ok(Spanned::new(table.span(), DeValue::Table(table.into_inner())))
    }

    /// Reads a part of it as a derived type. For places, use `Spanned`; for unknown keys to be errors, `deny_unknown_fields`. A
    /// custom message, or `expecting` of an untagged enum, begins with "must be".
    pub fn decode<'a, T: Deserialize<'a>>(&self, value: Spanned<DeValue<'a>>) -> Result<T> {
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| self.mistake(&error))
    }

    /// The error for what serde refused.
    fn mistake(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or_default();
        let message = error.message();
        // What serde expected is never text of the document.
        let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
        if message.starts_with("unknown field ") {
            let keys: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
            return self.unknown_key(&span, &keys);
        }
        if let Some(field) = message.strip_prefix("missing field ") {
            return self.error(&span, &format!("{field} is missing"));
        }
        let key = self.key_before(&span).map(|key| format!("`{key}` ")).unwrap_or_default();
        let words = match expected {
            _ if message.starts_with("must ") => message.to_owned(),
            "" => "has a value that is not allowed".to_owned(),
            "a sequence" => "must be a list".to_owned(),
            "u32" => "must be a whole number".to_owned(),
            map if map == "a map" || map.starts_with("struct ") => "must be a table".to_owned(),
            other => format!("must be {other}"),
        };
        self.error(&span, &format!("{key}{words}"))
    }

    /// The error for a key that is none of `keys`.
    pub fn unknown_key(&self, span: &Range<usize>, keys: &[&str]) -> Error {
        let word = self.text.get(span.clone()).unwrap_or_default();
        let shown = harmless_word(word).map(|word| format!(" `{word}`")).unwrap_or_default();
        let hint = match nearest(word, keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if word == "output" => "use -o or ACCTQ_OUTPUT".to_owned(),
            None => format!("the keys here are {}", keys.join(", ")),
        };
        self.error(span, &format!("unknown key{shown}")).hint(hint)
    }

    /// The key of the value at `span`, if both are in one line.
    fn key_before(&self, span: &Range<usize>) -> Option<&str> {
        let line = self.text.get(..span.start)?.rsplit('\n').next()?;
        harmless_word(line.split_once('=')?.0.trim())
    }

    /// An error about the text at `span`: `what`, then file, line and column.
    pub fn error(&self, span: &Range<usize>, what: &str) -> Error {
        self.place(Error::new(self.kind, what), span)
    }

    /// Adds file, line and column to an error.
    pub fn place(&self, error: Error, span: &Range<usize>) -> Error {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        let (path, line) = (self.path.display(), self.line(span));
        error.with_suffix(&format!(" ({path}, line {line}, column {column})")).at(&self.path, Some(line))
    }

    /// The line where `span` begins, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.lines.partition_point(|begin| *begin <= span.start).max(1)
    }

    /// The file, and the line where `span` begins.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File { path: self.path.clone(), line: self.line(span) }
    }
}

/// The word, unless it may be a secret.
fn harmless_word(word: &str) -> Option<&str> {
    repeatable(word).filter(|word| !word.bytes().any(|b| b.is_ascii_digit()))
}
