//! Accounts for people: one as labels and values, several as rows.
//!
//! On a terminal long values wrap inside their column, the first column last, so that an id stays in one piece to copy;
//! and times say how long ago they are. In a pipe nothing is wrapped, cut or coloured, so that a line is a row. Every text
//! goes through [`for_people`]: a name can neither move the cursor nor forge a row.
//!
//! Which column gives way, and that rows beyond the sample look like those in it, is decided here; `comfy-table` wraps.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::json;
use crate::account::field::{Kind, text};
use crate::account::{Account, Concealment, Entry, Field, Resource, Selection, Time};
use crate::escape::for_people;

/// What stands for a secret.
const CONCEALED: &str = "••••••••";

/// What stands for null.
const NULL: &str = "–";

/// The gap between columns.
const GAP: usize = 2;

/// No screen is taken to be narrower: nothing could be read there.
const NARROWEST_SCREEN: u16 = 20;

/// In a pipe, no cell widens its column beyond: every row would be padded to the width of one.
const WIDEST: usize = 120;

/// How far the lines of a first column's cell but the first stand in: none of them looks like a row.
const INDENT: usize = 2;

/// Columns but the first give way until they are so narrow; an RFC 3339 date still fits.
const NARROW: usize = 10;

/// The mean month and year of the Gregorian calendar, in seconds.
const MONTH: i64 = 2_629_746;
const YEAR: i64 = 31_556_952;

/// What is shorter is told in days, or in months.
const TWO_MONTHS: i64 = 2 * MONTH;
const TWO_YEARS: i64 = 2 * YEAR;

/// How many rows decide the widths of the columns.
const SAMPLE: usize = 100;

/// How much memory they may take, in bytes: before larger ones, fewer decide.
const SAMPLE_SIZE: usize = 256 * 1024;

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
pub fn write_one<'a>(
    out: &mut impl Write,
    account: &'a Account,
    mut entries: Vec<Entry<'a>>,
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
    // Its name may hold the secret itself.
    entries.retain(|entry| entry.value.is_some() || !concealment.hides_text(entry.name));
    for entry in entries.iter_mut().filter(|entry| entry.value.is_none()) {
        // Of nothing, there is nothing to hide.
        let value = account.document.get(entry.name);
        entry.value = value.filter(|value| matches!(*value, "null" | "\"\"" | "[]" | "{}"));
    }
    let rows: Vec<[String; 2]> = entries
        .iter()
        .map(|entry| {
            let label = entry.field.map_or_else(
                || for_people(entry.name).into_owned(),
                |field| field.label.to_owned(),
            );
            let mut value = cell(entry, concealment);
            if let Some(ago) = screen.now.and_then(|now| ago(entry, now)) {
                value = format!("{value}  ({ago})");
            }
            if entry.value.is_none() {
                value.push_str("  (--reveal shows it)");
            }
            [label, value]
        })
        .collect();
    let layout = Layout::new(rows.iter().map(|row| &row[..]), screen);
    rows.iter()
        .try_for_each(|row| layout.write(out, row, |column| column == 0))
}

/// Several accounts as one row each, streamed: the first hundred, or some that are very large, decide the widths of the
/// columns.
#[derive(Debug)]
pub struct Rows {
    labels: Vec<String>,
    screen: Screen,
    waiting: Vec<Row>,
    /// How much memory those that wait take, in bytes.
    size: usize,
    /// How the columns are laid out, once that is fixed, and how times are written.
    settled: Option<(Layout, Times)>,
}

/// The cells of one account.
#[derive(Debug)]
pub struct Row(Vec<Value>);

impl Row {
    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0
            .iter()
            .map(|value| size_of_val(value) + value.text.capacity())
            .sum()
    }
}

/// One cell: what the server says and, of a time on a terminal, how long ago that is.
#[derive(Debug, Default)]
struct Value {
    text: String,
    ago: Option<String>,
}

/// How times stand in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    /// `2023-11-07T05:31:56Z  (3 years ago)`, where there is room.
    Both,
    /// `3 years ago`
    Ago,
}

impl Value {
    fn shown(&self, times: Times) -> String {
        match (&self.ago, times) {
            (None, _) => self.text.clone(),
            (Some(ago), Times::Both) => format!("{}  ({ago})", self.text),
            (Some(ago), Times::Ago) => ago.clone(),
        }
    }
}

/// The columns of rows.
#[derive(Debug)]
pub struct Columns(Vec<Column>);

#[derive(Debug)]
struct Column {
    label: String,
    /// The names of the entry that it shows: of each resource in question, or as selected.
    names: Vec<String>,
}

impl Columns {
    /// For accounts of `resources`: those that matter, those that all have in common, or those selected.
    #[must_use]
    pub fn new(resources: &[&'static Resource], selection: Option<&Selection>) -> Self {
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
        Columns(columns)
    }

    /// What stands above them.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.0.iter().map(|column| column.label.clone()).collect()
    }

    /// The row of one account.
    #[must_use]
    pub fn row(&self, entries: &[Entry<'_>], concealment: &Concealment, screen: Screen) -> Row {
        let values = self.0.iter().map(|column| {
            let entry = entries
                .iter()
                .find(|entry| column.names.iter().any(|name| name == entry.name));
            entry.map_or_else(Value::default, |entry| Value {
                text: cell(entry, concealment),
                ago: screen.now.and_then(|now| ago(entry, now)),
            })
        });
        Row(values.collect())
    }
}

impl Rows {
    /// Rows below these labels.
    #[must_use]
    pub fn new(labels: Vec<String>, screen: Screen) -> Self {
        Rows {
            labels,
            screen,
            waiting: Vec::new(),
            size: 0,
            settled: None,
        }
    }

    /// Adds the row of one account.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, out: &mut impl Write, row: Row) -> io::Result<()> {
        if let Some((layout, times)) = &self.settled {
            let row: Vec<_> = row.0.iter().map(|value| value.shown(*times)).collect();
            layout.write(out, &row, |_| false)
        } else {
            self.size += row.size();
            self.waiting.push(row);
            if self.waiting.len() < SAMPLE && self.size < SAMPLE_SIZE {
                Ok(())
            } else {
                self.settle(out)
            }
        }
    }

    /// Whether rows wait for others.
    #[must_use]
    pub fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what still waits. A table without rows is empty: not even its header stands there.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.settled.is_none() && !self.waiting.is_empty() {
            self.settle(out)
        } else {
            Ok(())
        }
    }

    fn settle(&mut self, out: &mut impl Write) -> io::Result<()> {
        let header = &self.labels;
        let waiting = std::mem::take(&mut self.waiting);
        let laid_out = |times| {
            let rows: Vec<Vec<String>> = waiting
                .iter()
                .map(|row| row.0.iter().map(|value| value.shown(times)).collect())
                .collect();
            let all = rows.iter().chain([header]).map(Vec::as_slice);
            (Layout::new(all, self.screen), times, rows)
        };
        let mut chosen = laid_out(Times::Both);
        if chosen.0.wraps {
            chosen = laid_out(Times::Ago);
        }
        let (layout, times, rows) = chosen;
        layout.write(out, header, |_| true)?;
        for row in &rows {
            layout.write(out, row, |_| false)?;
        }
        self.settled = Some((layout, times));
        Ok(())
    }
}

/// A table of our own texts, with a header.
#[must_use]
pub fn grid<const N: usize>(header: &[&str; N], rows: &[[String; N]], screen: Screen) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = write_grid(&mut out, header, || rows.iter().cloned(), screen);
    out
}

/// The same, of rows that are made twice instead of being held: for their widths, and to be written.
///
/// # Errors
/// Those of `out`.
pub fn write_grid<const N: usize, I: Iterator<Item = [String; N]>>(
    out: &mut impl Write,
    header: &[&str; N],
    rows: impl Fn() -> I,
    screen: Screen,
) -> io::Result<()> {
    let escaped = |row: [String; N]| row.map(|cell| for_people(&cell).into_owned());
    let header = header.map(str::to_owned);
    let layout = Layout::new(rows().map(escaped).chain([header.clone()]), screen);
    layout.write(out, &header, |_| true)?;
    for row in rows().map(escaped) {
        layout.write(out, &row, |_| false)?;
    }
    Ok(())
}

/// The columns' widths, and whether cells wrap to keep to them.
#[derive(Debug)]
struct Layout {
    widths: Vec<usize>,
    wraps: bool,
    color: bool,
}

impl Layout {
    /// As wide as the widest of these cells, of those that are not very wide; on a screen, no wider than it if that can be.
    fn new(rows: impl Iterator<Item = impl AsRef<[String]>>, screen: Screen) -> Self {
        let mut widths: Vec<usize> = Vec::new();
        for row in rows {
            let row = row.as_ref();
            widths.resize(row.len(), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                let cell = cell.width();
                if cell <= WIDEST || screen.width.is_some() {
                    *width = cell.max(*width);
                }
            }
        }
        let wraps = screen.width.is_some_and(|screen| {
            let screen = usize::from(screen.max(NARROWEST_SCREEN));
            fit(&mut widths, screen)
        });
        Layout {
            widths,
            wraps,
            color: screen.color,
        }
    }

    /// Writes one row: a line, or as many as its longest cell takes; the columns that `bold` says are set off.
    fn write(
        &self,
        out: &mut impl Write,
        row: &[String],
        bold: impl Fn(usize) -> bool,
    ) -> io::Result<()> {
        let cells = row.iter().zip(&self.widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| {
            if !self.wraps || cell.width() <= width {
                return vec![cell.clone()];
            }
            let indent = if column == 0 { INDENT } else { 0 };
            let mut lines = wrap(cell, width.saturating_sub(indent).max(1));
            for line in lines.iter_mut().skip(1) {
                line.insert_str(0, &" ".repeat(indent));
            }
            lines
        });
        let cells: Vec<_> = cells.collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut padding = 0;
            for (column, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
                let text = cell.get(line).map_or("", String::as_str);
                if !text.is_empty() {
                    out.write_all(" ".repeat(padding).as_bytes())?;
                    padding = 0;
                    if self.color && bold(column) {
                        write!(out, "\u{1b}[1m{text}\u{1b}[0m")?;
                    } else {
                        out.write_all(text.as_bytes())?;
                    }
                }
                padding += width.saturating_sub(text.width()) + GAP;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// Narrows columns until they fit the screen, always the widest one, the first one last; whether there was need to.
fn fit(widths: &mut [usize], screen: usize) -> bool {
    let taken =
        |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    if taken(widths) <= screen {
        return false;
    }
    for width in widths.iter_mut() {
        *width = screen.min(*width);
    }
    for (first, floor) in [(1, NARROW), (0, INDENT + 1), (1, 1)] {
        while taken(widths) > screen {
            let others = widths.get_mut(first..).unwrap_or_default();
            match others.iter_mut().max().filter(|width| **width > floor) {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
    }
    true
}

/// Cuts a text into lines of that width, at blanks where it can be.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .add_row([break_words(text, width)]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table
        .lines()
        .map(|line| line.trim_end_matches(' ').to_owned())
        .collect()
}

/// The text with the words broken that are wider than a line: `comfy-table`, which begins a line at `\n`, measures what is
/// left of a word before each of its lines, so that a word of a MiB took it minutes.
fn break_words(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / width.max(1));
    let mut used = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if c == ' ' {
            used = 0;
        } else if used > 0 && columns > 0 && used + columns > width {
            out.push('\n');
            used = columns;
        } else {
            used += columns;
        }
        out.push(c);
    }
    out
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
    let then = Time::parse(&text(entry.value?)?)?;
    let apart = now.duration_since(then.timestamp());
    let words = about(apart.abs());
    Some(if apart.is_negative() {
        format!("in {words}")
    } else {
        format!("{words} ago")
    })
}

/// `3 days`, in the largest unit that fits, of months and years twice; what is left over is dropped.
fn about(apart: SignedDuration) -> String {
    let seconds = apart.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..TWO_MONTHS => (seconds / 86_400, "day"),
        TWO_MONTHS..TWO_YEARS => (seconds / MONTH, "month"),
        _ => (seconds / YEAR, "year"),
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
            (2 * MONTH - 1, "60 days"),
            (2 * MONTH, "2 months"),
            (2 * YEAR - 1, "23 months"),
            (2 * YEAR, "2 years"),
            (4 * YEAR - 1, "3 years"),
        ] {
            assert_eq!(about(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn the_first_column_gives_way_last() {
        for (natural, screen, narrowed) in [
            (&[27, 7, 15, 26, 20][..], 103, &[27, 7, 15, 26, 20][..]),
            (&[27, 7, 15, 26, 11], 80, &[27, 7, 14, 13, 11]),
            (&[27, 7, 15, 26, 11], 66, &[21, 7, 10, 10, 10]),
            (&[22, 100_000], 80, &[22, 56]),
            (&[9, 9, 9], 20, &[6, 5, 5]),
            (
                &[1, 1, 1, 1, 1, 1, 1, 1, 1],
                20,
                &[1, 1, 1, 1, 1, 1, 1, 1, 1],
            ),
            (&[], 20, &[]),
        ] {
            let mut widths = natural.to_vec();
            fit(&mut widths, screen);
            assert_eq!(widths, narrowed, "{natural:?} in {screen}");
        }
    }

    #[test]
    fn texts_wrap_at_blanks_where_they_can() {
        for (text, width, lines) in [
            ("", 5, &[""][..]),
            ("abcde", 5, &["abcde"]),
            ("abcdef", 5, &["abcde", "f"]),
            ("ab cde fg", 5, &["ab", "cde", "fg"]),
            ("ab cd  ef", 5, &["ab cd", "ef"]),
            ("漢字漢", 5, &["漢字", "漢"]),
            ("漢字", 1, &["漢", "字"]),
            ("e\u{301}e\u{301}e", 2, &["e\u{301}e\u{301}", "e"]),
            ("  a", 2, &["a"]),
        ] {
            assert_eq!(wrap(text, width), lines, "{text:?} in {width}");
        }
    }

    #[test]
    fn cells_are_padded_by_their_width_on_the_screen() {
        let layout = Layout {
            widths: vec![6, 3, 4],
            wraps: false,
            color: true,
        };
        let mut out = Vec::new();
        let row = ["漢字".to_owned(), "b".to_owned(), String::new()];
        layout
            .write(&mut out, &row, |column| column == 1)
            .expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "漢字    \u{1b}[1mb\u{1b}[0m\n");
    }
}
