//! The formats that results are written in, and the one place that chooses between them.

pub mod json;
pub mod table;
pub mod yaml;

use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;

use self::table::{Columns, Rows, Screen};

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

/// How accounts are rendered, each by itself: what [`Printer`] puts together in order can be rendered in any.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    /// Several accounts: an array or rows instead of one document.
    many: bool,
    selection: Option<Selection>,
    reveal: bool,
    screen: Screen,
    columns: Columns,
}

/// One account, rendered.
#[derive(Debug)]
pub enum Piece {
    /// As text, without what stands between it and others.
    Text(Vec<u8>),
    /// As the cells of a row, whose widths others decide, too.
    Row(table::Row),
}

impl Piece {
    /// The same, in no more memory than it needs: for those who hold many.
    #[must_use]
    pub fn shrunk(self) -> Self {
        match self {
            Piece::Text(mut text) => {
                text.shrink_to_fit();
                Piece::Text(text)
            }
            row @ Piece::Row(_) => row,
        }
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Piece::Text(text) => text.capacity(),
            Piece::Row(row) => row.size(),
        }
    }
}

impl Renderer {
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
        let columns = Columns::new(resources, selection.as_ref());
        Renderer {
            format,
            many,
            selection,
            reveal,
            screen,
            columns,
        }
    }

    /// Judges what is selected, at the end of a list.
    ///
    /// # Errors
    /// `usage`, if no account of the list can have it.
    pub fn judge_selection(&self) -> Result<()> {
        self.selection.as_ref().map_or(Ok(()), Selection::judge)
    }

    /// Renders one account.
    ///
    /// # Errors
    /// `usage`, if the selection names what the account cannot have.
    pub fn render(&self, account: &Account) -> Result<Piece> {
        if let (Format::Ndjson, None, Some(line)) =
            (self.format, &self.selection, account.document.as_line())
        {
            return Ok(Piece::Text(
                [
                    line, "
",
                ]
                .concat()
                .into_bytes(),
            ));
        }
        let concealment = Concealment::of_account(account, self.reveal);
        let entries = account.entries(self.selection.as_ref(), &concealment)?;
        if let (true, false, Some(selection)) = (entries.is_empty(), self.many, &self.selection) {
            account.may_have_any(selection, &concealment)?;
        }
        if let (Format::Table, true) = (self.format, self.many) {
            let row = self.columns.row(&entries, &concealment, self.screen);
            return Ok(Piece::Row(row));
        }
        let mut out = Vec::with_capacity(1024);
        // Writing to a Vec cannot fail.
        let _ = self.write(&mut out, account, entries, &concealment);
        Ok(Piece::Text(out))
    }

    /// Writes an account that does not have to be aligned with others.
    fn write<'a>(
        &self,
        out: &mut Vec<u8>,
        account: &'a Account,
        entries: Vec<Entry<'a>>,
        concealment: &Concealment,
    ) -> io::Result<()> {
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
            (Format::Json, true) => json::write_object(out, &entries, concealment, 2),
            (Format::Ndjson, _) => {
                json::write_line(out, &entries, concealment)?;
                out.write_all(b"\n")
            }
            (Format::Yaml, many) => yaml::write_object(out, &entries, concealment, many),
        }
    }
}

/// Puts the results of one call together, one account after the other.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    many: bool,
    rows: Rows,
    printed: usize,
}

impl Printer {
    /// For what `renderer` renders.
    #[must_use]
    pub fn new(renderer: &Renderer) -> Self {
        Printer {
            format: renderer.format,
            many: renderer.many,
            rows: Rows::new(renderer.columns.labels(), renderer.screen),
            printed: 0,
        }
    }

    /// Adds an account to `out`, and what stands between it and the one before.
    pub fn add(&mut self, piece: Piece, out: &mut Vec<u8>) {
        if let (Format::Json, true) = (self.format, self.many) {
            let first = self.printed == 0;
            out.extend_from_slice(if first { b"[\n  " } else { b",\n  " });
        }
        self.printed += 1;
        match piece {
            Piece::Text(text) => out.extend_from_slice(&text),
            // Writing to a Vec cannot fail.
            Piece::Row(row) => drop(self.rows.write(out, row)),
        }
    }

    /// Whether accounts that were added are kept back until others have come.
    #[must_use]
    pub fn keeps_back(&self) -> bool {
        self.rows.are_waiting()
    }

    /// Adds what is kept back, and ends the line: what closes the output is missing, as more results are.
    pub fn break_off(&mut self, out: &mut Vec<u8>) {
        match (self.format, self.many, self.printed) {
            (Format::Json, true, 1..) => out.push(b'\n'),
            // Writing to a Vec cannot fail.
            (Format::Table, true, _) => drop(self.rows.finish(out)),
            _ => {}
        }
    }

    /// Adds what closes the output: the end of an array, the rows of a table that still wait. Without any account, an
    /// empty array is one still.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match (self.format, self.many, self.printed) {
            (Format::Json | Format::Yaml, true, 0) => out.extend_from_slice(b"[]\n"),
            (Format::Json, true, _) => out.extend_from_slice(b"\n]\n"),
            // Writing to a Vec cannot fail.
            (Format::Table, true, _) => drop(self.rows.finish(out)),
            _ => {}
        }
    }
}

/// Renders a document of our own, which is JSON text, in a format other than a table.
#[must_use]
pub fn document(format: Format, text: String) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    write_document(&mut out, format, text, false);
    if format == Format::Json || format == Format::Table {
        out.push(b'\n');
    }
    out
}

/// Writes several documents of our own, likewise, one after the other: an array, or a line each.
///
/// # Errors
/// Those of `out`.
pub fn write_documents(
    out: &mut dyn io::Write,
    format: Format,
    texts: impl Iterator<Item = String>,
) -> io::Result<()> {
    let is_array = format == Format::Json || format == Format::Table;
    let mut is_empty = true;
    let mut piece = Vec::new();
    for text in texts {
        if is_array {
            out.write_all(if is_empty { b"[\n  " } else { b",\n  " })?;
        }
        is_empty = false;
        write_document(&mut piece, format, text, true);
        out.write_all(&piece)?;
        piece.clear();
    }
    match (is_array, is_empty) {
        (_, true) if format != Format::Ndjson => out.write_all(b"[]\n"),
        (true, false) => out.write_all(b"\n]\n"),
        _ => Ok(()),
    }
}

fn write_document(out: &mut Vec<u8>, format: Format, text: String, many: bool) {
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
            Format::Yaml => yaml::write_object(out, &entries, &nothing_hidden, many),
            Format::Ndjson => {
                json::write_line(out, &entries, &nothing_hidden).and_then(|()| out.write_all(b"\n"))
            }
            Format::Json | Format::Table => {
                json::write_object(out, &entries, &nothing_hidden, if many { 2 } else { 0 })
            }
        };
    }
}
