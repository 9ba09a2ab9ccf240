//! The formats that results are written in, and the one place that chooses between them.
//!
//! A format is a file that writes one account, and an arm of [`Renderer::render`].

mod document;
mod table;
mod yaml;

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::Serialize;

use self::document::Writer;
use self::table::{Columns, Rows};
use crate::account::redact::Tokens;
use crate::account::{Account, Id, Redactor, Resource, Selection};
use crate::error::{Error, Result};
use crate::json::{self, Json, View};
use crate::text::escape;

pub(crate) use self::document::compact;
pub(crate) use self::table::NULL;
pub use self::table::{BOLD, Cell, DIFFERS, PLAIN, Screen, described, label, position, table, write_cells};

/// How results are written: `--output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
    Yaml,
    // One JSON object a line.
    Ndjson,
    // Records for spreadsheets, with a header.
    Csv,
    // Values with tabs between them, one account a line.
    Tsv,
    // Tables for tickets and CI summaries.
    Markdown,
}

impl Format {
    /// Whether messages on standard error are JSON objects too, one a line.
    pub const fn has_json_errors(self) -> bool {
        matches!(self, Format::Json | Format::Ndjson)
    }

    /// Whether it is for accounts only, and has no form for what else commands print.
    pub const fn is_for_accounts(self) -> bool {
        matches!(self, Format::Csv | Format::Tsv)
    }

    /// Whether it is for people, with labels and rows.
    pub const fn is_table(self) -> bool {
        matches!(self, Format::Table | Format::Markdown)
    }

    /// The format of what is no account: a variable that asks for one of accounts has no meaning there.
    pub const fn for_other_results(self) -> Self {
        if self.is_for_accounts() { Format::Table } else { self }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ValueEnum::from_str(text, false).map_err(|_| "must be table, json, yaml, ndjson, csv, tsv or markdown")
    }
}

/// Renders each account on its own: what [`Printer`] puts together in order can be rendered in any.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    /// Several accounts: an array or rows instead of one document.
    many: bool,
    selection: Option<Selection>,
    screen: Screen,
    columns: Columns,
    has_ids: bool,
}

#[derive(Debug)]
pub enum Piece {
    /// Text, without what stands between it and others.
    Text(Box<[u8]>),
    /// The cells of a row, whose widths depend on other rows, too.
    Row(Vec<String>),
}

impl Piece {
    pub fn size(&self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Row(row) => table::size(row),
        }
    }
}

impl Renderer {
    /// For accounts of `resources`; `many` if they stand in an array.
    pub fn new(
        format: Format,
        many: bool,
        resources: &[&'static Resource],
        selection: Option<Selection>,
        screen: Screen,
    ) -> Self {
        let columns = Columns::new(resources, selection.as_ref(), format.is_for_accounts());
        Renderer { format, many, selection, screen: screen.of(format), columns, has_ids: false }
    }

    /// Renders one account, which was asked for by `id`. Fails (`usage`) if the selection names what the account cannot have.
    pub fn render(&self, account: &Account, redactor: &Redactor, id: Option<&Id>) -> Result<Piece> {
        let redactor = &redactor.for_account(account);
        let selection = self.selection.as_ref();
        let entries = account.entries(selection, redactor)?;
        let mut out = Vec::with_capacity(1024);
        match self.format {
            format if format.is_table() && self.many => {
                return Ok(Piece::Row(self.columns.cells(&entries, |entry| table::cell(entry, redactor))));
            }
            format if format.is_table() => {
                table::write_one(&mut out, account, entries, selection.is_some(), redactor, self.screen);
            }
            Format::Csv => {
                let cells = self.columns.cells(&entries, |entry| spreadsheet_cell(&table::value(entry, redactor)));
                let id = id.map_or("", Id::as_str);
                return Ok(Piece::Text(self.record(id, cells, "")));
            }
            Format::Tsv => {
                let cells = self.columns.cells(&entries, |entry| shell_value(&table::value(entry, redactor)));
                return Ok(Piece::Text(shell_line(&cells)));
            }
            format => {
                let members = entries.iter().filter_map(|entry| Some((entry.name, entry.value?)));
                write_object(&mut out, format, members, redactor, self.many);
            }
        }
        Ok(Piece::Text(out.into_boxed_slice()))
    }

    /// Accounts that were asked for by ids: in CSV each id that was tried has a record, which begins with it.
    pub fn by_ids(mut self, resources: &[&'static Resource]) -> Self {
        self.has_ids = self.format == Format::Csv;
        if self.has_ids {
            self.columns.remove_ids(resources);
        }
        self
    }

    /// A record of CSV, between an id and what failed if each id has one.
    fn record(&self, id: &str, mut cells: Vec<String>, failure: &str) -> Box<[u8]> {
        if self.has_ids {
            cells.insert(0, spreadsheet_cell(id));
            cells.push(failure.to_owned());
        }
        csv_record(&cells)
    }

    /// The piece of an id that has failed, where each id has one.
    pub fn failure(&self, error: &Error) -> Option<Piece> {
        let id = error.context().id.as_deref().unwrap_or_default();
        let cells = vec![String::new(); self.columns.names().len()];
        self.has_ids.then(|| Piece::Text(self.record(id, cells, error.kind().code())))
    }

    pub fn document(&self, account: &Account, redactor: &Redactor) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut printer = Printer::new(self);
        printer.add(self.render(account, redactor, None)?, &mut out);
        printer.finish(&mut out);
        Ok(out)
    }
}

/// Writes an object in a format other than a table.
fn write_object<'a>(
    out: &mut Vec<u8>,
    format: Format,
    members: impl Iterator<Item = (&'a str, Json<'a>)>,
    redactor: &Redactor,
    many: bool,
) {
    let indent = match format {
        Format::Yaml => return yaml::write_object(out, members, redactor, many),
        Format::Ndjson => None,
        _ if many => Some(2),
        _ => Some(0),
    };
    Writer { out, redactor, indent }.object(members, 0);
    if indent != Some(2) {
        out.push(b'\n');
    }
}

/// Puts the results of one run together, one after the other.
#[derive(Debug)]
pub struct Printer {
    /// What stands before the first result, between two, after the last, and for none at all.
    frame: [Box<[u8]>; 4],
    rows: Rows,
    pub is_empty: bool,
    is_array: bool,
}

impl Printer {
    pub fn new(renderer: &Renderer) -> Self {
        let header = &renderer.record("id", renderer.columns.names(), "error");
        Self::framed(renderer.format, renderer.many, header, Rows::new(&renderer.columns, renderer.screen))
    }

    /// For records of our own, which in a table have these columns: labels and names.
    pub fn of_records(format: Format, columns: &[(&str, &str)], screen: Screen) -> Self {
        let columns = Columns::of_records(columns);
        Self::framed(format, true, &csv_record(&columns.names()), Rows::new(&columns, screen.of(format)))
    }

    fn framed(format: Format, many: bool, header: &[u8], rows: Rows) -> Self {
        let frame: [&[u8]; 4] = match format {
            Format::Csv => [header, b"", b"", header],
            Format::Json if many => [b"[\n  ", b",\n  ", b"\n]\n", b"[]\n"],
            Format::Yaml if many => [b"", b"", b"", b"[]\n"],
            _ => [b""; 4],
        };
        Printer { frame: frame.map(Box::from), rows, is_empty: true, is_array: many && format == Format::Json }
    }

    /// Adds a result to `out`, and what stands between it and the one before.
    pub fn add(&mut self, piece: Piece, out: &mut Vec<u8>) {
        let [open, separator, ..] = &self.frame;
        out.extend_from_slice(if self.is_empty { open } else { separator });
        self.is_empty = false;
        match piece {
            Piece::Text(text) => out.extend_from_slice(&text),
            Piece::Row(row) => self.rows.add(out, row),
        }
    }

    pub fn has_waiting(&self) -> bool {
        self.rows.has_waiting()
    }

    /// Adds the rows that wait, and ends the line. An array stays open: more results are missing, too.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        self.rows.flush(out);
        if self.is_array && !self.is_empty {
            out.push(b'\n');
        }
    }

    /// Adds the rows that wait, and closes an array.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.rows.flush(out);
        let [.., close, empty] = &self.frame;
        out.extend_from_slice(if self.is_empty { empty } else { close });
    }
}

/// A text for a shell: on one line, without tabs, and a backslash is two.
fn shell_value(text: &str) -> String {
    escape(&text.replace('\\', r"\\")).into_owned()
}

fn shell_line(values: &[String]) -> Box<[u8]> {
    (values.join("\t") + "\n").into_bytes().into()
}

/// A text for a spreadsheet, which runs what begins like a formula, unless a `'` stands before it.
fn spreadsheet_cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_number = || {
        text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && text.parse::<f64>().is_ok()
    };
    if is_formula && !is_number() { format!("'{}", escape(text)) } else { escape(text).into_owned() }
}

/// A record as RFC 4180 has it.
fn csv_record(cells: &[String]) -> Box<[u8]> {
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut out).write_record(cells);
    out.into()
}

/// Renders a document of our own; where people asked for a table, as JSON.
pub fn document(format: Format, value: &impl Serialize) -> Vec<u8> {
    own_document(format, value, false)
}

/// Renders several documents of our own, one after the other: an array, or a line each.
pub fn documents(format: Format, values: impl Iterator<Item = impl Serialize>) -> Vec<u8> {
    let mut printer = Printer::of_records(format, &[], Screen::default());
    let mut out = Vec::new();
    values.for_each(|value| printer.add(record(format, &value, &[]), &mut out));
    printer.finish(&mut out);
    out
}

/// A record of our own among others: these cells, or a document.
pub fn record(format: Format, value: &impl Serialize, cells: &[&str]) -> Piece {
    let cells = |safe: fn(&str) -> String| cells.iter().map(|cell| safe(cell)).collect::<Vec<_>>();
    match format {
        Format::Table | Format::Markdown => Piece::Row(cells(|cell| escape(cell).into_owned())),
        Format::Csv => Piece::Text(csv_record(&cells(spreadsheet_cell))),
        Format::Tsv => Piece::Text(shell_line(&cells(shell_value))),
        _ => Piece::Text(own_document(format, value, true).into()),
    }
}

fn own_document(format: Format, value: &impl Serialize, many: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let text = json::to_string(value);
    // Our own types serialize to objects.
    if let Ok(View::Object(members)) = json::parse(&text, &mut |_| ()) {
        let reveals_all = Redactor::new(true, Tokens::default());
        let members = members.iter().map(|(name, value)| (&**name, *value));
        write_object(&mut out, format, members, &reveals_all, many);
    }
    out
}

/// Renders an object of values that are JSON already.
pub fn object<'a>(format: Format, members: impl Iterator<Item = (&'a str, Json<'a>)>, redactor: &Redactor) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, format, members, redactor, false);
    out
}
