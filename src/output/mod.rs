//! The formats that results are written in, and the one place that chooses between them.
//!
//! A format is a file that writes one account, and an arm of [`Renderer::render`].

mod document;
mod table;
mod yaml;

use std::fmt;
use std::io;
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

    /// What opens an array of results, stands between two of them, closes it, and is an empty one.
    const fn array(self) -> [&'static str; 4] {
        match self {
            Format::Json => ["[\n  ", ",\n  ", "\n]\n", "[]\n"],
            Format::Yaml => ["", "", "", "[]\n"],
            _ => [""; 4],
        }
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

    /// Renders one account. Fails (`usage`) if the selection names what the account cannot have.
    pub fn render(&self, account: &Account, redactor: &Redactor) -> Result<Piece> {
        let redactor = &redactor.for_account(account);
        let selection = self.selection.as_ref();
        let entries = account.entries(selection, redactor)?;
        let mut out = Vec::with_capacity(1024);
        match self.format {
            format if format.is_table() && self.many => {
                return Ok(Piece::Row(self.columns.row(&entries, redactor)));
            }
            format if format.is_table() => {
                table::write_one(&mut out, account, entries, selection.is_some(), redactor, self.screen);
            }
            Format::Csv => return Ok(Piece::Row(self.columns.values(&entries, redactor, spreadsheet_cell))),
            Format::Tsv => {
                let values = self.columns.values(&entries, redactor, shell_value);
                return Ok(Piece::Text(shell_line(values.into_iter())));
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

    /// The piece of the account that `id` was asked for.
    pub fn identified(&self, piece: Piece, id: &Id) -> Piece {
        match piece {
            Piece::Row(cells) if self.has_ids => {
                let id = spreadsheet_cell(id.as_str());
                Piece::Row([id].into_iter().chain(cells).chain([String::new()]).collect())
            }
            piece => piece,
        }
    }

    /// The piece of an id that has failed, where each id has one.
    pub fn failure(&self, error: &Error) -> Option<Piece> {
        let id = error.context().id.as_deref().map(spreadsheet_cell).unwrap_or_default();
        let mut cells = vec![String::new(); self.columns.header(false).len()];
        cells.push(error.kind().code().to_owned());
        self.has_ids.then(|| Piece::Row([id].into_iter().chain(cells).collect()))
    }

    pub fn document(&self, account: &Account, redactor: &Redactor) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut printer = Printer::new(self);
        printer.add(self.render(account, redactor)?, &mut out);
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

/// Puts the results of one run together, one account after the other.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    many: bool,
    rows: Rows,
    pub is_empty: bool,
    /// What stands above CSV.
    header: Vec<String>,
}

impl Printer {
    pub fn new(renderer: &Renderer) -> Self {
        Printer {
            format: renderer.format,
            many: renderer.many,
            rows: Rows::new(&renderer.columns, renderer.screen),
            is_empty: true,
            header: renderer.columns.header(renderer.has_ids),
        }
    }

    /// For records of our own, which in a table have these columns: labels and names.
    pub fn of_records(format: Format, columns: &[(&str, &str)], screen: Screen) -> Self {
        let columns = Columns::of_records(columns);
        let rows = Rows::new(&columns, screen.of(format));
        Printer { format, many: true, rows, is_empty: true, header: columns.header(false) }
    }

    /// Adds an account to `out`, and what stands between it and the one before.
    pub fn add(&mut self, piece: Piece, out: &mut Vec<u8>) {
        if self.many {
            let [open, separator, ..] = self.format.array();
            out.extend_from_slice(if self.is_empty { open } else { separator }.as_bytes());
        }
        if self.is_empty && self.format == Format::Csv {
            write_record(out, &self.header);
        }
        self.is_empty = false;
        match piece {
            Piece::Row(row) if self.format == Format::Csv => write_record(out, &row),
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
        if self.many && !self.is_empty && self.format == Format::Json {
            out.push(b'\n');
        }
    }

    /// Adds the rows that wait, and closes an array.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.rows.flush(out);
        if self.is_empty && self.format == Format::Csv {
            write_record(out, &self.header);
        }
        if self.many {
            let [.., close, empty] = self.format.array();
            out.extend_from_slice(if self.is_empty { empty } else { close }.as_bytes());
        }
    }
}

/// A text for a shell: on one line, without tabs, and a backslash is two.
fn shell_value(text: &str) -> String {
    escape(&text.replace('\\', r"\\")).into_owned()
}

fn shell_line(values: impl Iterator<Item = String>) -> Box<[u8]> {
    (values.collect::<Vec<_>>().join("\t") + "\n").into_bytes().into()
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

/// Writes a record as RFC 4180 has it.
fn write_record(out: &mut Vec<u8>, cells: &[String]) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    // Writing to a Vec cannot fail.
    let _ = writer.write_record(cells);
}

/// Renders a document of our own; where people asked for a table, as JSON.
pub fn document(format: Format, value: &impl Serialize) -> Vec<u8> {
    own_document(format, value, false)
}

/// Writes several documents of our own, one after the other: an array, or a line each.
pub fn documents(
    out: &mut dyn io::Write,
    format: Format,
    values: impl Iterator<Item = impl Serialize>,
) -> io::Result<()> {
    let format = if format.is_table() { Format::Json } else { format };
    let mut printer = Printer::of_records(format, &[], Screen::default());
    let mut text = Vec::new();
    for value in values {
        printer.add(Piece::Text(own_document(format, &value, true).into()), &mut text);
        out.write_all(&text)?;
        text.clear();
    }
    printer.finish(&mut text);
    out.write_all(&text)
}

/// A record of our own among others: these cells, or a document.
pub fn record(format: Format, value: &impl Serialize, cells: &[&str]) -> Piece {
    match format {
        Format::Table | Format::Markdown => Piece::Row(cells.iter().map(|cell| escape(cell).into_owned()).collect()),
        Format::Csv => Piece::Row(cells.iter().map(|cell| spreadsheet_cell(cell)).collect()),
        Format::Tsv => Piece::Text(shell_line(cells.iter().map(|cell| shell_value(cell)))),
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
