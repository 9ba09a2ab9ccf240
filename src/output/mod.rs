//! The formats that results are written in, and the one place that chooses between them.

pub mod json;
pub mod table;
pub mod yaml;

use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;

use self::table::{Rows, Screen};

use crate::account::{Account, Concealment, Document, Entry, Resource, Selection};
use crate::error::Result;

/// How results are written: `--output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Table, Format::Json, Format::Yaml, Format::Ndjson];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::Ndjson => "ndjson",
        }
    }

    /// Whether messages on standard error are JSON objects too, one a line.
    #[must_use]
    pub const fn has_json_errors(self) -> bool {
        matches!(self, Format::Json | Format::Ndjson)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is none of the formats' names.
#[derive(Debug)]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Format::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or(UnknownFormat)
    }
}

/// Writes the results of one call, one account after the other.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    /// Several accounts: an array or rows instead of one document.
    many: bool,
    selection: Option<Selection>,
    reveal: bool,
    screen: Screen,
    rows: Rows,
    printed: usize,
}

impl Printer {
    /// For accounts of `resources`; `many` if they stand in an array.
    #[must_use]
    pub fn new(
        format: Format,
        many: bool,
        resources: &[&'static Resource],
        selection: Option<Selection>,
        reveal: bool,
        screen: Screen,
    ) -> Self {
        let rows = Rows::new(resources, selection.as_ref(), screen);
        Printer {
            format,
            many,
            selection,
            reveal,
            screen,
            rows,
            printed: 0,
        }
    }

    /// Renders one account.
    ///
    /// # Errors
    /// `usage`, if the selection names what the account cannot have: nothing is rendered then.
    pub fn render(&mut self, account: &Account) -> Result<Vec<u8>> {
        if let (Format::Ndjson, None, Some(line)) =
            (self.format, &self.selection, account.document.as_line())
        {
            self.printed += 1;
            return Ok([line, "\n"].concat().into_bytes());
        }
        let concealment = Concealment::of(&account.document, self.reveal);
        let entries = account.entries(self.selection.as_ref(), &concealment)?;
        let mut out = Vec::with_capacity(2048);
        let written = if let (Format::Table, true) = (self.format, self.many) {
            self.rows.write(&mut out, &entries, &concealment)
        } else {
            self.write(&mut out, account, entries, &concealment)
        };
        // Writing to a Vec cannot fail.
        let _ = written;
        self.printed += 1;
        Ok(out)
    }

    /// Writes an account that does not have to be aligned with others.
    fn write(
        &self,
        out: &mut Vec<u8>,
        account: &Account,
        entries: Vec<Entry<'_>>,
        concealment: &Concealment,
    ) -> io::Result<()> {
        let first = self.printed == 0;
        match (self.format, self.many) {
            (Format::Table, _) => table::write_one(
                out,
                account,
                entries,
                self.selection.is_some(),
                concealment,
                self.screen,
            ),
            (Format::Json, false) => {
                json::write_object(out, &entries, concealment, 0)?;
                out.write_all(b"\n")
            }
            (Format::Json, true) => {
                out.write_all(if first { b"[\n  " } else { b",\n  " })?;
                json::write_object(out, &entries, concealment, 2)
            }
            (Format::Ndjson, _) => {
                json::write_line(out, &entries, concealment)?;
                out.write_all(b"\n")
            }
            (Format::Yaml, many) => yaml::write_object(out, &entries, concealment, many),
        }
    }

    /// What closes the output: the end of an array, the rows of a table that still wait. Without any account, an empty
    /// array is one still.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        match (self.format, self.many, self.printed) {
            (Format::Json | Format::Yaml, true, 0) => out.extend_from_slice(b"[]\n"),
            (Format::Json, true, _) => out.extend_from_slice(b"\n]\n"),
            (Format::Table, true, _) => {
                // Writing to a Vec cannot fail.
                let _ = self.rows.finish(&mut out);
            }
            _ => {}
        }
        out
    }
}

/// Renders a document of our own, which is JSON text, in a format other than a table.
#[must_use]
pub fn document(format: Format, text: String) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    // Only our own, well-formed texts come here, and writing to a Vec cannot fail.
    if let Ok(document) = Document::parse(text) {
        let nothing_hidden = Concealment::of(&document, true);
        let entries: Vec<_> = document
            .members()
            .map(|(name, value)| Entry {
                name,
                field: None,
                value: Some(value),
            })
            .collect();
        let _ = match format {
            Format::Yaml => yaml::write_object(&mut out, &entries, &nothing_hidden, false),
            Format::Ndjson => json::write_line(&mut out, &entries, &nothing_hidden)
                .and_then(|()| out.write_all(b"\n")),
            Format::Json | Format::Table => {
                json::write_object(&mut out, &entries, &nothing_hidden, 0)
                    .and_then(|()| out.write_all(b"\n"))
            }
        };
    }
    out
}
