//! Accounts for people: one as labels and values, several as rows.
//!
//! On a terminal long values wrap inside their column and times say how long ago they are; in a pipe nothing is wrapped,
//! cut or coloured, so that a line is a row. Every text goes through [`for_people`]: a name can neither move the cursor
//! nor forge a row.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::json;
use crate::account::field::{Kind, text, time};
use crate::account::{Account, Concealment, Entry, Field, Resource, Selection};
use crate::escape::for_people;

/// What stands for a secret.
const CONCEALED: &str = "••••••••";

/// What stands for null.
const NULL: &str = "–";

/// The gap between columns.
const GAP: u16 = 2;

/// The mean month and year of the Gregorian calendar, in seconds.
const MONTH: i64 = 2_629_746;
const YEAR: i64 = 31_556_952;

/// How many rows decide the widths of the columns.
const SAMPLE: usize = 100;

/// What the reader's terminal adds to a table; all `None` or false in a pipe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Screen {
    /// The width to wrap at, in columns.
    pub width: Option<u16>,
    /// Whether labels are set off by colour.
    pub color: bool,
    /// The time that relative times are measured from; `None` to leave them out.
    pub now: Option<Timestamp>,
}

/// Writes one account as label and value, in the order of the contract, then what is beyond it.
///
/// # Errors
/// Those of `out`.
pub fn write_one(
    out: &mut impl Write,
    account: &Account,
    mut entries: Vec<Entry<'_>>,
    selected: bool,
    concealment: &Concealment,
    screen: Screen,
) -> io::Result<()> {
    let position = |entry: &Entry<'_>| {
        let fields = account.resource.fields;
        fields
            .iter()
            .position(|field| field.name == entry.name)
            .unwrap_or(fields.len())
    };
    if !selected {
        entries.sort_by_key(position);
    }
    let mut table = layout(screen);
    for entry in &entries {
        let label = entry
            .field
            .map_or_else(|| for_people(entry.name), |field| field.label.into());
        let mut value = cell(entry, concealment);
        if let Some(ago) = screen.now.and_then(|now| ago(entry, now)) {
            value = format!("{value}  ({ago})");
        }
        if entry.value.is_none() {
            value.push_str("  (--reveal shows it)");
        }
        table.add_row([label.as_ref(), &value]);
    }
    space(&mut table);
    let labels = table
        .column_max_content_widths()
        .first()
        .map_or(0, |&width| usize::from(width));
    for line in table.lines() {
        let line = line.trim_end();
        match line.get(..labels) {
            Some(label) if screen.color && !label.trim().is_empty() => {
                writeln!(out, "\u{1b}[1m{label}\u{1b}[0m{}", &line[labels..])?;
            }
            _ => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// Several accounts as one row each, streamed: the first hundred decide the widths of the columns.
#[derive(Debug)]
pub struct Rows {
    columns: Vec<Column>,
    screen: Screen,
    waiting: Vec<Vec<String>>,
    /// The columns' widths, once they are fixed.
    widths: Option<Vec<usize>>,
}

#[derive(Debug)]
struct Column {
    label: String,
    /// The names of the entry that it shows: of each resource in question, or as selected.
    names: Vec<String>,
}

impl Rows {
    /// Rows of accounts of `resources`: with the columns that matter, those that all have in common, or those selected.
    #[must_use]
    pub fn new(
        resources: &[&'static Resource],
        selection: Option<&Selection>,
        screen: Screen,
    ) -> Self {
        let of_field = |field: &Field| Column {
            label: field.label.to_owned(),
            names: vec![field.name.to_owned()],
        };
        let columns = match (selection, resources) {
            (Some(selection), _) => selection
                .names()
                .map(|name| {
                    let field = resources.iter().find_map(|resource| resource.field(name));
                    Column {
                        label: field
                            .map_or_else(|| for_people(name).into_owned(), |f| f.label.to_owned()),
                        names: vec![name.to_owned()],
                    }
                })
                .collect(),
            (None, [resource]) => resource
                .columns
                .iter()
                .filter_map(|name| resource.field(name))
                .map(of_field)
                .collect(),
            (None, resources) => {
                let id = Column {
                    label: "ID".to_owned(),
                    names: resources
                        .iter()
                        .map(|resource| resource.id_field.to_owned())
                        .collect(),
                };
                let shared = resources.first().into_iter().flat_map(|first| first.fields);
                let shared = shared.filter(|field| {
                    resources
                        .iter()
                        .all(|other| other.field(field.name).is_some())
                });
                [id].into_iter().chain(shared.map(of_field)).collect()
            }
        };
        Rows {
            columns,
            screen,
            waiting: Vec::new(),
            widths: None,
        }
    }

    /// Adds the row of one account.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(
        &mut self,
        out: &mut impl Write,
        entries: &[Entry<'_>],
        concealment: &Concealment,
    ) -> io::Result<()> {
        let row = self.columns.iter().map(|column| {
            let entry = entries
                .iter()
                .find(|entry| column.names.iter().any(|name| name == entry.name));
            entry
                .map(|entry| cell(entry, concealment))
                .unwrap_or_default()
        });
        let row: Vec<String> = row.collect();
        if let Some(widths) = &self.widths {
            write_row(out, &row, widths)
        } else {
            self.waiting.push(row);
            if self.waiting.len() < SAMPLE {
                Ok(())
            } else {
                self.settle(out)
            }
        }
    }

    /// Writes what still waits. A table without rows is empty: not even its header stands there.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.widths.is_none() && !self.waiting.is_empty() {
            self.settle(out)
        } else {
            Ok(())
        }
    }

    fn settle(&mut self, out: &mut impl Write) -> io::Result<()> {
        let mut table = layout(self.screen);
        table.set_header(self.columns.iter().map(|column| &column.label));
        table.add_rows(self.waiting.drain(..));
        space(&mut table);
        write_with_header(out, &table, self.screen)?;
        self.widths = Some(
            table
                .column_max_content_widths()
                .into_iter()
                .map(usize::from)
                .collect(),
        );
        Ok(())
    }
}

/// A table of our own texts, with a header.
#[must_use]
pub fn grid<const N: usize>(header: &[&str; N], rows: &[[String; N]], screen: Screen) -> Vec<u8> {
    let mut table = layout(screen);
    table.set_header(header.iter());
    table.add_rows(
        rows.iter()
            .map(|row| row.iter().map(|cell| for_people(cell).into_owned())),
    );
    space(&mut table);
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = write_with_header(&mut out, &table, screen);
    out
}

fn write_with_header(out: &mut impl Write, table: &Table, screen: Screen) -> io::Result<()> {
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if number == 0 && screen.color {
            writeln!(out, "\u{1b}[1m{line}\u{1b}[0m")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn write_row(out: &mut impl Write, row: &[String], widths: &[usize]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line.push_str(cell);
        let padding = width.saturating_sub(cell.width()) + usize::from(GAP);
        line.extend(std::iter::repeat_n(' ', padding));
    }
    writeln!(out, "{}", line.trim_end())
}

fn layout(screen: Screen) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match screen.width {
        Some(width) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width.max(20)),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// Sets the columns apart by [`GAP`].
fn space(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
}

/// A value in one line: text as it is, anything else as JSON.
fn cell(entry: &Entry<'_>, concealment: &Concealment) -> String {
    match entry.value {
        None => CONCEALED.to_owned(),
        Some("null") => NULL.to_owned(),
        Some(value) => match text(value) {
            Some(text) => for_people(&text).into_owned(),
            None => for_people(&json::compact(value, concealment)).into_owned(),
        },
    }
}

/// How long ago a time is, roughly, or how long until then.
fn ago(entry: &Entry<'_>, now: Timestamp) -> Option<String> {
    if entry.field?.kind != Kind::Time {
        return None;
    }
    let then = time(&text(entry.value?)?)?;
    let apart = now.duration_since(then);
    let words = about(apart.abs());
    Some(if apart.is_negative() {
        format!("in {words}")
    } else {
        format!("{words} ago")
    })
}

/// `3 days`, in the largest unit that fits once.
fn about(apart: SignedDuration) -> String {
    let seconds = apart.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..5_184_000 => (seconds / 86_400, "day"),
        5_184_000..63_072_000 => ((seconds + MONTH / 2) / MONTH, "month"),
        _ => ((seconds + YEAR / 2) / YEAR, "year"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "1 minute"),
            (7_200, "2 hours"),
            (86_400, "1 day"),
            (5_000_000, "57 days"),
            (5_184_000, "2 months"),
            (63_072_000, "2 years"),
            (95_000_000, "3 years"),
        ] {
            assert_eq!(about(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn rows_beyond_the_sample_are_padded_alike() {
        let mut out = Vec::new();
        write_row(
            &mut out,
            &["漢字".to_owned(), "b".to_owned(), String::new()],
            &[6, 3, 4],
        )
        .expect("written");
        assert_eq!(String::from_utf8(out).expect("text"), "漢字    b\n");
    }
}
