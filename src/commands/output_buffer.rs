//! Results on their way to standard output, in portions of whole results that a pipe takes at once. So a result counts as printed
//! only if it is, and a signal cuts no line in two.

use std::mem;

use crate::error::Result;
use crate::output::{Piece, Printer};
use crate::ui::Ui;

/// `PIPE_BUF` on Linux: a pipe takes writes of up to this size as a whole, in bytes.
const PORTION: usize = 4096;

/// The results that are not written yet.
pub struct OutputBuffer {
    printer: Printer,
    pending: Vec<u8>,
    /// How many results are pending, those that the printer holds back included.
    count: usize,
    has_begun: bool,
    is_finished: bool,
}

impl OutputBuffer {
    /// Puts results together as `printer` does.
    pub fn new(printer: Printer) -> Self {
        OutputBuffer {
            printer,
            pending: Vec::new(),
            count: 0,
            has_begun: false,
            is_finished: false,
        }
    }

    /// Whether there is a result, written or not.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How many results wait to be written.
    pub fn waiting(&self) -> usize {
        self.count
    }

    /// Adds a result. Returns how many results were written to make room for it.
    /// Err: `failed` if they cannot be written.
    pub fn add(&mut self, piece: Piece, ui: &Ui) -> Result<usize> {
        self.has_begun = true;
        let before = self.pending.len();
        self.printer.add(piece, &mut self.pending);
        let mut written = 0;
        if before > 0 && self.pending.len() > PORTION {
            let added = self.pending.split_off(before);
            written = self.write(ui)?;
            self.pending = added;
        }
        self.count += 1;
        Ok(written)
    }

    /// Writes what is pending, but for what the printer holds back. Returns how many results that were.
    /// Err: `failed` if it cannot be written.
    pub fn write(&mut self, ui: &Ui) -> Result<usize> {
        let pending = mem::take(&mut self.pending);
        let mut rest = &pending[..];
        while !rest.is_empty() {
            // Rows that the printer held back come at once: they are written in portions of whole lines.
            let line_end = |bytes: &[u8]| bytes.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
            let portion = match rest.get(..PORTION).and_then(line_end) {
                Some(end) if rest.len() > PORTION => end,
                _ => rest.len(),
            };
            ui.print(&rest[..portion])?;
            rest = &rest[portion..];
        }
        if self.printer.has_waiting() {
            return Ok(0);
        }
        Ok(mem::take(&mut self.count))
    }

    /// Completes the output: writes what waits, and closes what is open.
    /// Err: `failed` if it cannot be written.
    pub fn finish(&mut self, ui: &Ui) -> Result<usize> {
        if !mem::replace(&mut self.is_finished, true) {
            self.printer.finish(&mut self.pending);
        }
        self.write(ui)
    }

    /// Ends the output before it is complete: writes what waits, and leaves open what is open.
    /// Err: `failed` if it cannot be written.
    pub fn break_off(&mut self, ui: &Ui) -> Result<usize> {
        if !mem::replace(&mut self.is_finished, true) {
            self.printer.flush(&mut self.pending);
        }
        self.write(ui)
    }
}
