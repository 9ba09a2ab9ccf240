//! Accounts for people: one as labels and values, several as rows.
//!
//! On a terminal long values wrap inside their column, the first column last, so that an id stays in one piece to copy. In a pipe a
//! line is a row. Every text is escaped before, so that a name can neither move the cursor nor forge a row. The widths of columns
//! are decided here, by the first hundred rows; comfy-table wraps a row with a cell that does not fit.

use std::borrow::Cow;
use std::collections::HashSet;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Format;
use super::document::compact;
use crate::account::field::Kind;
use crate::account::redact::REDACTED;
use crate::account::{Account, Entry, Field, RESOURCES, Redactor, Resource, Selection, Time, Tone};
use crate::json::Json;
use crate::text::escape;

/// What stands for null.
pub(crate) const NULL: &str = "–";

const GAP: usize = 2;

/// Styles, as terminals number them: of labels, of those of members that differ, and of what is neither label nor state.
pub const BOLD: u8 = 1;
pub const DIFFERS: u8 = Tone::Waiting as u8;
pub const PLAIN: u8 = 0;

/// No screen is taken to be narrower: nothing could be read there.
const NARROWEST_SCREEN: u16 = 20;

/// In a pipe, no wider cell widens its column: every row would be padded to the width of one.
const WIDEST: usize = 120;

/// How far the further lines of a first column's cell are indented: none of them looks like a row.
const INDENT: usize = 2;

/// Columns but the first give way until they are this narrow; an RFC 3339 date still fits.
const NARROW: usize = 10;

/// The rows that decide the widths of the columns; fewer, if they take more memory than this, in bytes.
const SAMPLE: usize = 100;
const SAMPLE_SIZE: usize = 256 * 1024;

/// Between the columns that comfy-table lays out; no escaped text has it.
const SEPARATOR: char = '\u{1f}';

/// What the reader's terminal adds to a table; all `None` or false in a pipe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Screen {
    pub width: Option<u16>,
    pub color: bool,
    /// The time that relative times are measured from; `None` to leave them out.
    pub now: Option<Timestamp>,
    /// Tables have Markdown's lines: no terminal shows them.
    pub markdown: bool,
}

impl Screen {
    /// What shows a table in this format.
    pub fn of(self, format: Format) -> Self {
        let is_markdown = format == Format::Markdown;
        if is_markdown { Screen { markdown: true, ..Screen::default() } } else { self }
    }
}

/// Writes one account as label and value with its meaning: id and status, then the order of the contract unless selected, then what is
/// beyond it.
pub(super) fn write_one<'a>(
    out: &mut Vec<u8>,
    account: &'a Account,
    mut entries: Vec<Entry<'a>>,
    is_selected: bool,
    redactor: &Redactor,
    screen: Screen,
) {
    if !is_selected {
        entries.sort_by_key(|entry| position(account.resource, entry.name));
    }
    // A name may hold the secret itself.
    entries.retain(|entry| entry.value.is_some() || !redactor.hides_text(entry.name));
    let label = |name| (label(name, account.resource.field(name)), BOLD);
    // Markdown has no table without a header.
    let head = screen.markdown.then(|| ["Field", "Value"].map(|text| (text.to_owned(), BOLD)).to_vec());
    let rows = entries.iter().map(|entry| vec![label(entry.name), described(account, entry, redactor, screen.now)]);
    out.extend(write_cells(&head.into_iter().chain(rows).collect::<Vec<_>>(), screen));
}

/// A text and its style.
pub type Cell = (String, u8);

/// Writes rows of cells.
pub fn write_cells(rows: &[Vec<Cell>], screen: Screen) -> Vec<u8> {
    let mut out = Vec::new();
    Layout::new(rows, screen).write_table(&mut out, rows);
    out
}

/// The place of a member among those of its account: id and status, then the order of the contract, then what is beyond it.
pub fn position(resource: &Resource, name: &str) -> (usize, usize) {
    let fields = resource.fields;
    let is_later = if name == resource.id_field { 0 } else { 1 + usize::from(name != "status") };
    (is_later, fields.iter().position(|field| field.name == name).unwrap_or(fields.len()))
}

/// A value of one account in words, and its style.
pub fn described(account: &Account, entry: &Entry<'_>, redactor: &Redactor, now: Option<Timestamp>) -> Cell {
    // An empty secret is none.
    let is_empty = |value: &Json<'_>| matches!(value.text(), "null" | "\"\"" | "[]" | "{}");
    let value = entry.value.or_else(|| account.document.get(entry.name).filter(is_empty));
    let field = account.resource.field(entry.name);
    let text = value.and_then(Json::as_str);
    let time = text.as_ref().filter(|_| field.is_some_and(|field| field.kind == Kind::Time));
    let meaning = field.zip(text.as_ref()).and_then(|(field, text)| field.kind.meaning(text));
    let note = match (now.zip(time.and_then(|time| Time::parse(time))), meaning) {
        (Some((now, time)), _) => format!("  ({})", ago(time, now)),
        (None, Some(meaning)) => format!(" ({meaning})"),
        (None, None) if value.is_none() => "  (--reveal shows it)".to_owned(),
        (None, None) => String::new(),
    };
    let style = text.map_or(PLAIN, |text| style(&[entry.name], &text));
    (cell(&Entry { value, ..*entry }, redactor) + &note, style)
}

/// A table of our own, with a header.
pub fn table(head: &[&str], rows: &[Vec<String>], screen: Screen) -> String {
    let labels = head.iter().map(|label| ((*label).to_owned(), BOLD)).collect();
    let cell = |(label, text): (&&str, &String)| (escape(text).into_owned(), style(&[label], text));
    let rows = rows.iter().map(|row| head.iter().zip(row).map(cell).collect());
    let rows: Vec<_> = [labels].into_iter().chain(rows).collect();
    String::from_utf8(write_cells(&rows, screen)).unwrap_or_default()
}

/// What stands for an account's member in a table.
pub(super) fn cell(entry: &Entry<'_>, redactor: &Redactor) -> String {
    match entry.value {
        None => REDACTED.to_owned(),
        Some(value) if value.is_null() => NULL.to_owned(),
        Some(_) => escape(&value(entry, redactor)).into_owned(),
    }
}

/// A member's text as it is, anything else as JSON: empty for null and secrets, never a placeholder.
pub(super) fn value<'a>(entry: &Entry<'a>, redactor: &Redactor) -> Cow<'a, str> {
    let value = entry.value.filter(|value| !value.is_null());
    value.map_or("".into(), |value| value.as_str().unwrap_or_else(|| compact(value, redactor).into()))
}

pub fn label(name: &str, field: Option<&Field>) -> String {
    field.map_or_else(|| escape(name).into_owned(), |field| field.label.to_owned())
}

/// The columns of rows: each a label, and the names of the entry that it shows, one for each resource or as selected.
#[derive(Debug)]
pub(super) struct Columns(Vec<(String, Vec<String>)>);

impl Columns {
    /// For accounts of `resources`: those selected; else `all` of the contract, or the columns that matter, which for several resources
    /// are those that all have in common.
    pub fn new(resources: &[&'static Resource], selection: Option<&Selection>, all: bool) -> Self {
        let field = |name: &str| resources.iter().find_map(|resource| resource.field(resource.own_name(name)));
        let column = |name: &str| {
            let own_names = resources.iter().map(|resource| resource.own_name(name).to_owned());
            (label(name, field(name)), own_names.collect())
        };
        let fields = resources.iter().flat_map(|resource| resource.fields).map(|field| field.name);
        let is_shared = |name: &&str| resources.iter().all(|resource| resource.field(name).is_some());
        let names: Vec<&str> = match (selection, resources) {
            (Some(selection), _) => selection.names().collect(),
            (None, _) if all => fields.collect(),
            (None, [resource]) => resource.columns.to_vec(),
            (None, _) => ["id"].into_iter().chain(fields.filter(is_shared)).collect(),
        };
        let mut seen = HashSet::new();
        Columns(names.into_iter().filter(|name| seen.insert(*name)).map(column).collect())
    }

    pub fn of_records(columns: &[(&str, &str)]) -> Self {
        Columns(columns.iter().map(|(label, name)| ((*label).to_owned(), vec![(*name).to_owned()])).collect())
    }

    /// The cells of an account, each made of an entry by `text`.
    pub fn cells(&self, entries: &[Entry<'_>], text: impl Fn(&Entry<'_>) -> String) -> Vec<String> {
        let entry = |names: &[String]| entries.iter().find(|entry| names.iter().any(|name| name == entry.name));
        self.0.iter().map(|(_, names)| entry(names).map(&text).unwrap_or_default()).collect()
    }

    /// The fields' own names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(_, names)| names.first().cloned().unwrap_or_default()).collect()
    }

    /// Removes the columns of the resources' own ids.
    pub fn remove_ids(&mut self, resources: &[&'static Resource]) {
        let is_id = |name: &String| resources.iter().any(|resource| resource.id_field == name);
        self.0.retain(|(_, names)| !names.iter().all(is_id));
    }
}

/// Several accounts as one row each, streamed.
#[derive(Debug, Default)]
pub(super) struct Rows {
    screen: Screen,
    /// The names of the fields that each column shows.
    names: Vec<Vec<String>>,
    /// The header, and rows until the widths of the columns are decided.
    waiting: Vec<Vec<Cell>>,
    layout: Option<Layout>,
}

impl Rows {
    pub fn new(columns: &Columns, screen: Screen) -> Self {
        let (labels, names) = columns.0.iter().map(|(label, names)| ((label.clone(), BOLD), names.clone())).unzip();
        Rows { screen, names, waiting: vec![labels], ..Rows::default() }
    }

    pub fn add(&mut self, out: &mut Vec<u8>, row: Vec<String>) {
        let styled = |(text, names): (String, &Vec<String>)| {
            let style = style(names, &text);
            (text, style)
        };
        let row: Vec<Cell> = row.into_iter().zip(&self.names).map(styled).collect();
        if let Some(layout) = &self.layout {
            return layout.write(out, &row);
        }
        self.waiting.push(row);
        let size: usize = self.waiting.iter().flatten().map(|(text, _)| text.len()).sum();
        if self.screen.markdown || self.waiting.len() > SAMPLE || size >= SAMPLE_SIZE {
            self.flush(out);
        }
    }

    pub fn has_waiting(&self) -> bool {
        self.waiting.len() > 1
    }

    /// Decides the widths and writes the rows that wait. A table without rows is empty: it has not even a header.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        if self.has_waiting() {
            let rows = std::mem::take(&mut self.waiting);
            self.layout.insert(Layout::new(&rows, self.screen)).write_table(out, &rows);
        }
    }
}

/// The style of a cell in a column of these names: the colour of a state or verdict, from the 16 of the terminal's theme.
fn style(names: &[impl AsRef<str>], cell: &str) -> u8 {
    let is_about = |name: &str| names.iter().any(|own| own.as_ref() == name);
    if is_about("Verdict") {
        return if matches!(cell, "met" | "works") { Tone::Working } else { Tone::Ended } as u8;
    }
    let mut states = RESOURCES.iter().flat_map(|resource| resource.tones);
    let state = states.find(|(name, word, _)| *word == cell && is_about(name));
    state.map_or(PLAIN, |(.., tone)| *tone as u8)
}

pub(super) fn size(row: &[String]) -> usize {
    row.iter().map(|cell| size_of_val(cell) + cell.capacity()).sum()
}

/// The columns' widths, and whether cells wrap to keep to them.
#[derive(Debug)]
struct Layout {
    widths: Vec<usize>,
    wraps: bool,
    screen: Screen,
}

impl Layout {
    /// As wide as the widest of these cells; on a screen, no wider than it if that is possible.
    fn new(rows: &[Vec<Cell>], screen: Screen) -> Self {
        let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
        for row in rows {
            for (room, (cell, _)) in widths.iter_mut().zip(row) {
                let cell = width(cell);
                if cell <= WIDEST || screen.width.is_some() {
                    *room = cell.max(*room);
                }
            }
        }
        let wraps = screen.width.is_some_and(|screen| fit(&mut widths, usize::from(screen.max(NARROWEST_SCREEN))));
        Layout { widths, wraps, screen }
    }

    /// Writes a header and rows.
    fn write_table(&self, out: &mut Vec<u8>, rows: &[Vec<Cell>]) {
        for (number, row) in rows.iter().enumerate() {
            self.write(out, row);
            if self.screen.markdown && number == 0 {
                out.extend_from_slice(format!("|{}\n", " --- |".repeat(row.len())).as_bytes());
            }
        }
    }

    /// Writes a row. Where nothing wraps, a wide cell pushes right what follows.
    fn write(&self, out: &mut Vec<u8>, row: &[Cell]) {
        if self.screen.markdown {
            let cells: Vec<_> = row.iter().map(|(cell, _)| markdown(cell)).collect();
            return out.extend_from_slice(format!("| {} |\n", cells.join(" | ")).as_bytes());
        }
        if !self.wraps || row.iter().zip(&self.widths).all(|((cell, _), room)| width(cell) <= *room) {
            return self.write_line(out, row, 0);
        }
        // The further lines of a first cell that wraps are indented.
        let indent = if width(&row[0].0) > self.widths[0] { INDENT } else { 0 };
        for (line, cells) in self.wrapped(row, indent).iter().enumerate() {
            self.write_line(out, cells, if line == 0 { 0 } else { indent });
        }
    }

    fn write_line(&self, out: &mut Vec<u8>, cells: &[Cell], indent: usize) {
        let mut blanks = indent;
        for (column, ((cell, style), room)) in cells.iter().zip(&self.widths).enumerate() {
            let taken = width(cell) + if column == 0 { indent } else { 0 };
            if !cell.is_empty() {
                out.resize(out.len() + blanks, b' ');
                if self.screen.color && *style != PLAIN {
                    out.extend_from_slice(format!("\u{1b}[{style}m{cell}\u{1b}[0m").as_bytes());
                } else {
                    out.extend_from_slice(cell.as_bytes());
                }
                blanks = 0;
            }
            blanks += room.saturating_sub(taken) + GAP;
        }
        out.push(b'\n');
    }

    /// The lines of a row; its first cell has that much less room.
    fn wrapped(&self, row: &[Cell], indent: usize) -> Vec<Vec<Cell>> {
        let mut widths = self.widths.clone();
        widths[0] = widths[0].saturating_sub(indent).max(1);
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.style_mut().content_lines.junction = Some(SEPARATOR);
        table.add_row(row.iter().zip(&widths).map(|((cell, _), &room)| break_words(cell, room)));
        for (column, width) in table.column_iter_mut().zip(&widths) {
            let width = Width::Fixed(u16::try_from(*width).unwrap_or(u16::MAX));
            column.set_padding((0, 0)).set_constraint(ColumnConstraint::Absolute(width));
        }
        let cell = |(text, (_, style)): (&str, &Cell)| (text.trim_end_matches(' ').to_owned(), *style);
        table.lines().map(|line| line.split(SEPARATOR).zip(row).map(cell).collect()).collect()
    }
}

/// A cell of Markdown: words and whole numbers as they are, anything else as code, which neither Markdown nor HTML nor a site that
/// looks for mentions, references and addresses acts on. What would end the code or the cell stands between, as a reference.
fn markdown(text: &str) -> String {
    let is_plain = |(at, c): (usize, char)| {
        let is_hyphen = || c == '-' && text[at + 1..].starts_with(char::is_alphabetic);
        c.is_alphabetic() || matches!(c, ' ' | '(' | ')' | ',' | '–') || is_hyphen()
    };
    if text.bytes().all(|b| b.is_ascii_digit()) || text.char_indices().all(is_plain) {
        return text.to_owned();
    }
    let part = |part: &str| {
        let code = part.trim_end_matches(['|', '`', '\\']);
        let ends = part[code.len()..].replace('\\', "&#92;").replace('|', "&#124;").replace('`', "&#96;");
        // Some renderers drop the blanks at the ends of code.
        let inner = code.trim_matches(' ');
        if inner.is_empty() { code.to_owned() + &ends } else { code.replacen(inner, &format!("`{inner}`"), 1) + &ends }
    };
    text.split_inclusive(['|', '`']).map(part).collect()
}

/// The columns that a text without control characters takes on a screen.
fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Narrows columns until they fit the screen, always the widest one, the first one last; whether there was need to.
fn fit(widths: &mut [usize], screen: usize) -> bool {
    let taken = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
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

/// The text with words broken that are wider than a line: comfy-table takes minutes to break one of a MiB.
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

/// `3 days ago`, `in 2 months`, in the largest unit that fits, of months and years twice; the rest is dropped.
fn ago(time: Time, now: Timestamp) -> String {
    /// How long a unit is, of months and years in the mean, in seconds; and how many of it are the fewest.
    const UNITS: [(&str, u64, u64); 6] = [
        ("year", 31_556_952, 2),
        ("month", 2_629_746, 2),
        ("day", 86_400, 1),
        ("hour", 3_600, 1),
        ("minute", 60, 1),
        ("second", 1, 0),
    ];
    let apart = Time::from(now).since(time);
    let counts = UNITS.map(|(unit, length, fewest)| (unit, apart.as_secs().unsigned_abs() / length, fewest));
    let largest = counts.into_iter().find(|(_, count, fewest)| count >= fewest);
    let words = largest.map_or(String::new(), |(unit, count, _)| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {unit}{plural}")
    });
    if apart.is_negative() { format!("in {words}") } else { format!("{words} ago") }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn the_first_column_gives_way_last() {
        for (natural, screen, narrowed) in [
            (&[27, 7, 15, 26, 20][..], 103, &[27, 7, 15, 26, 20][..]),
            (&[27, 7, 15, 26, 11], 80, &[27, 7, 14, 13, 11]),
            (&[27, 7, 15, 26, 11], 66, &[21, 7, 10, 10, 10]),
            (&[22, 100_000], 80, &[22, 56]),
            (&[9, 9, 9], 20, &[6, 5, 5]),
            (&[1; 9], 20, &[1; 9]),
            (&[], 20, &[]),
        ] {
            let mut widths = natural.to_vec();
            fit(&mut widths, screen);
            assert_eq!(widths, narrowed, "{natural:?} in {screen}");
        }
    }

    fn laid_out(rows: &[&[&str]], screen: Screen) -> String {
        let styles = [BOLD].into_iter().chain(iter::repeat(PLAIN));
        let cells = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).zip(styles.clone()).collect();
        let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
        String::from_utf8(write_cells(&rows, screen)).expect("text")
    }

    #[test]
    fn cells_are_padded_by_their_width_on_the_screen() {
        let color = Screen { color: true, ..Screen::default() };
        let rows: &[&[&str]] = &[&["漢字", "b", ""], &["abcdef", "", "e\u{301}"], &["", "x  ", ""]];
        let expected = "\u{1b}[1m漢字\u{1b}[0m    b\n\u{1b}[1mabcdef\u{1b}[0m       e\u{301}\n        x  \n";
        assert_eq!(laid_out(rows, color), expected);
    }

    #[test]
    fn in_a_pipe_long_cells_push_right() {
        let long = "word ".repeat(20_000);
        let rows: &[&[&str]] = &[&["a", "b"], &[&long, "c"], &["漢", &long]];
        assert_eq!(laid_out(rows, Screen::default()), format!("a   b\n{long}  c\n漢  {long}\n"));
    }

    #[test]
    fn on_a_screen_cells_wrap_at_blanks_where_they_can() {
        let screen = Screen { width: Some(20), ..Screen::default() };
        for (rows, expected) in [
            (&["id", "ab cde fghij klmnop qr"][..], "id  ab cde fghij\n    klmnop qr\n"),
            (&["id", "abcdefghijklmnopqrstuvw"], "id  abcdefghijklmnop\n    qrstuvw\n"),
            (&["id", "漢字漢字漢字漢字漢"], "id  漢字漢字漢字漢字\n    漢\n"),
            (&["a forged  row of many words"], "a forged  row of\n  many words\n"),
        ] {
            assert_eq!(laid_out(&[rows], screen), expected);
        }
    }
}
