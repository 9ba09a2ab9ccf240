//! Standard input as records: an id a line, or CSV, as spreadsheets export it, with an id in one column.
//!
//! It is read in portions, and no more of a cell is kept than an id could take: memory is bounded whatever comes. A record of CSV that
//! is not whole is a failure of its line, so that no id behind a quote that is never closed is dropped in silence.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use csv_core::{ReadFieldResult, ReaderBuilder, Terminator};
use memchr::{memchr, memchr_iter};

use crate::account::redact::hide_credentials;
use crate::error::{Error, Kind, Result};
use crate::text::{EXCERPT, SHOWN, UTF16_HINT, excerpt, is_utf16};

/// How much of a cell is kept, in bytes: any id, and enough of anything else to name it.
const MAX_CELL: usize = 4096;
/// How long the header of CSV may be, in bytes.
const MAX_HEADER: usize = 64 * 1024;

/// Between cells; of two that the header has as often, the first one.
const DELIMITERS: [u8; 3] = *b",;\t";
/// Ends the cell that a line is, where no CSV is read: no valid text has it.
const NONE: u8 = 0xff;

/// The records of standard input.
pub struct Records<R> {
    /// The first line or the header, which tells the encoding and the delimiter, and the rest.
    input: Chain<Cursor<Vec<u8>>, BufReader<R>>,
    csv: csv_core::Reader,
    /// The column of CSV, from 0; `None` for lines.
    column: Option<usize>,
}

impl<R: Read> Records<R> {
    /// Reads the first line, or the header, to find the column with this name or number from 1.
    pub fn open(input: R, wanted: Option<&str>) -> Result<Self> {
        let (mut input, mut head) = (BufReader::new(input), Vec::new());
        let is_partial = |head: &[u8]| {
            // A line end in quotes belongs to a name.
            head.is_empty() || wanted.is_some() && (memchr_iter(b'"', head).count() % 2 == 1 || is_blank(head))
        };
        while is_partial(&head) {
            let room = (MAX_HEADER - head.len()) as u64;
            if input.by_ref().take(room).read_until(b'\n', &mut head).map_err(unreadable)? == 0 {
                break;
            }
        }
        if is_utf16(&head) {
            return Err(Error::new(Kind::Usage, "standard input is UTF-16, not UTF-8").hint(UTF16_HINT));
        }
        let Some(wanted) = wanted else {
            let csv = ReaderBuilder::new().quoting(false).delimiter(NONE).terminator(Terminator::Any(b'\n')).build();
            return Ok(Records { input: Cursor::new(head).chain(input), csv, column: None });
        };
        if head.len() == MAX_HEADER || is_partial(&head) {
            let error = Error::new(Kind::Usage, "standard input does not begin with a header of CSV");
            return Err(
                error.hint("--column reads CSV whose first record names the columns; is a quote in it not closed?")
            );
        }
        let outside = || head.split(|b| *b == b'"').step_by(2).flatten();
        let count = |delimiter: &u8| outside().filter(|b| *b == delimiter).count();
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(DELIMITERS[0]);
        let mut header = csv::ReaderBuilder::new();
        let header = header.delimiter(delimiter).has_headers(false).from_reader(&*head).into_byte_records().next();
        let names = header.and_then(Result::ok).unwrap_or_default();
        let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let column = Some(find(&names, wanted)?);
        let csv = ReaderBuilder::new().delimiter(delimiter).build();
        let mut records = Records { input: Cursor::new(head).chain(input), csv, column };
        records.next().map_err(unreadable)?;
        Ok(records)
    }

    /// Whether the next record has to be waited for.
    pub fn has_to_wait(&self) -> bool {
        // A line end behind a CR still belongs to the record before.
        memchr(b'\n', self.input.get_ref().1.buffer().trim_ascii_start()).is_none()
    }

    /// How many lines have been read.
    pub fn lines(&self) -> usize {
        usize::try_from(self.csv.line() - 1).unwrap_or(usize::MAX)
    }

    /// The line that the next record begins in, and the id in it, if there is one; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<(usize, Result<Option<String>>)>> {
        while let Some(b @ (b'\r' | b'\n')) = self.input.fill_buf()?.first().copied() {
            self.csv.set_line(self.csv.line() + u64::from(b == b'\n'));
            self.input.consume(1);
        }
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let line = self.lines() + 1;
        let (mut cells, mut cell, mut is_empty, mut output) = (0, Vec::new(), true, [0; 1024]);
        let is_closed = loop {
            let bytes = self.input.fill_buf()?;
            let is_over = bytes.is_empty();
            // At the end, one more line end belongs to a cell only if its quote is not closed.
            let (result, read, written) = self.csv.read_field(if is_over { b"\n" } else { bytes }, &mut output);
            self.input.consume(if is_over { 0 } else { read });
            is_empty &= is_blank(&output[..written]);
            if cells == self.column.unwrap_or(0) && cell.len() < MAX_CELL {
                cell.extend_from_slice(&output[..written]);
            }
            cells += usize::from(matches!(result, ReadFieldResult::Field { .. }));
            match result {
                ReadFieldResult::Field { record_end: true } => break true,
                ReadFieldResult::InputEmpty if is_over => break false,
                _ => {}
            }
        };
        let text = String::from_utf8_lossy(&cell);
        // What is too long for an id even without blanks stays as it is.
        let id = if cell.len() < MAX_CELL { text.trim() } else { &text };
        let broken = |what: String| {
            let hint = "a cell with a delimiter or a line end stands in quotes: is one missing?";
            Err(Error::new(Kind::Usage, format!("the record {what}")).hint(hint))
        };
        let id = match self.column {
            None if cells > 1 => Ok(Some(format!("{id}\u{fffd}"))),
            None => Ok(Some(id).filter(|id| !id.is_empty() && !id.starts_with('#')).map(str::to_owned)),
            Some(_) if !is_closed => broken("has a quote that is never closed".to_owned()),
            Some(_) if is_empty => Ok(None),
            Some(place) if cells <= place => broken(format!("has no column {}, but {cells} cells", place + 1)),
            Some(_) => Ok(Some(id.strip_prefix('\'').unwrap_or(id)).filter(|id| !id.is_empty()).map(str::to_owned)),
        };
        Ok(Some((line, id)))
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.trim_ascii().is_empty()
}

pub fn unreadable(cause: io::Error) -> Error {
    Error::new(Kind::Failed, "standard input cannot be read").because(cause)
}

/// The place of the column with this name or number.
fn find(names: &[String], wanted: &str) -> Result<usize> {
    let mut places = (0..names.len()).filter(|place| names[*place] == wanted);
    let place = wanted.parse().map_or_else(|_| places.next(), |number: usize| number.checked_sub(1));
    let wrong = match place.filter(|place| *place < names.len()) {
        Some(_) if places.next().is_some() => "has several columns",
        Some(place) => return Ok(place),
        None => "has no column",
    };
    let shown = |text: &str| format!("`{}`", excerpt(&hide_credentials(text), SHOWN));
    let names: Vec<_> = names.iter().zip(1..).map(|(name, number)| format!("{number} {}", shown(name))).collect();
    let message =
        format!("the header of the CSV {wrong} {}, but {}", shown(wanted), excerpt(&names.join(", "), EXCERPT));
    Err(Error::new(Kind::Usage, message).hint("--column takes a name as the header has it, or the number"))
}
