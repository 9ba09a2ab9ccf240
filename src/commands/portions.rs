//! Results on their way out, in portions of whole results that a pipe takes whole or not at all: so what is known to be
//! written is, and a signal tears nothing.

use std::collections::VecDeque;

use crate::error::Result;
use crate::output::{Piece, Printer};
use crate::ui::Ui;

/// What a pipe takes whole, in bytes (Linux; POSIX promises 512).
const PORTION: usize = 4096;

/// How much waits to be written, at most, in bytes.
const PENDING: usize = 64 * 1024;

/// Results, each with what its owner keeps of it until it is written.
pub struct Portions<T> {
    printer: Printer,
    /// What has been printed and is not written yet.
    pending: Vec<u8>,
    /// Where in it each result ends, if the printer does not keep it back.
    ends: VecDeque<(Option<usize>, T)>,
}

impl<T> Portions<T> {
    /// As `printer` puts them together.
    pub fn new(printer: Printer) -> Self {
        Portions {
            printer,
            pending: Vec::new(),
            ends: VecDeque::new(),
        }
    }

    /// Adds a result; whether so much waits that it should be written.
    pub fn add(&mut self, piece: Piece, kept: T) -> bool {
        self.printer.add(piece, &mut self.pending);
        let end = (!self.printer.keeps_back()).then_some(self.pending.len());
        self.ends.push_back((end, kept));
        self.pending.len() >= PENDING
    }

    /// How many results wait.
    pub fn waiting(&self) -> usize {
        self.ends.len()
    }

    /// What is kept of the last one that waits.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.ends.back_mut().map(|(_, kept)| kept)
    }

    /// Adds what closes the output.
    pub fn finish(&mut self) {
        self.printer.finish(&mut self.pending);
    }

    /// Adds what is kept back, and leaves the output open.
    pub fn break_off(&mut self) {
        self.printer.break_off(&mut self.pending);
    }

    /// Writes what waits; `written` is told of each result.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn write(&mut self, ui: &Ui, mut written: impl FnMut(T)) -> Result<()> {
        if self.printer.keeps_back() {
            return Ok(());
        }
        // What was kept back came out with the first result that was not.
        let came_out = self.ends.iter().find_map(|(end, _)| *end);
        let came_out = came_out.unwrap_or(self.pending.len());
        let end_of = |(end, _): &(Option<usize>, T)| end.unwrap_or(came_out);
        let mut start = 0;
        while start < self.pending.len() {
            // One that is larger than a portion goes alone; what closes an array is no result.
            let first = self.ends.front().map(end_of);
            let most = first.map(|first| first.max(start + PORTION));
            let fits = |result: &&(Option<usize>, T)| Some(end_of(result)) <= most;
            let results = self.ends.iter().take_while(fits).count();
            let end = match results {
                0 => self.pending.len(),
                results => end_of(&self.ends[results - 1]),
            };
            ui.print(&self.pending[start..end])?;
            start = end;
            for (_, kept) in self.ends.drain(..results) {
                written(kept);
            }
        }
        self.pending.clear();
        self.pending.shrink_to(2 * PENDING);
        Ok(())
    }
}
