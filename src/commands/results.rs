//! The results of a command that prints many, shared with the shutdown hook that completes them.
//!
//! Whole lines are written at once, as many as a pipe takes. The lock on the output is held until what was written is counted; where a
//! stalled reader holds it, the summary, which has a lock of its own, still counts just that.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};

use super::summary::Summary;
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer};
use crate::process::lock;
use crate::signals::Shutdown;
use crate::ui::Ui;

/// `PIPE_BUF` on Linux: a pipe takes writes of up to this size as a whole, in bytes.
const PORTION: usize = 4096;

/// The results of one command.
pub struct Results {
    ui: Arc<Ui>,
    output: Mutex<Output>,
    summary: Mutex<Summary>,
    are_verdicts: bool,
}

/// The results that are not written yet.
struct Output {
    printer: Printer,
    pending: Vec<u8>,
    /// How many results are pending, those that the printer holds back included.
    waiting: usize,
    /// The last one's line in standard input.
    line: Option<usize>,
    is_finished: bool,
}

/// How the output ends. Where it has not begun, it stays empty, but for an empty array if it is whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is all there is.
    Whole,
    /// The command was stopped: an array is closed.
    Stopped,
    /// A list was cut off: an array is left open, so that no reader takes it for the whole.
    CutOff,
}

impl Results {
    /// Puts results together as `printer` does; a signal ends them like `ending`. Verdicts have a `report` then, and go on without a
    /// reader, since the exit code tells them too.
    pub fn new(
        ui: &Arc<Ui>,
        printer: Printer,
        shutdown: &Shutdown,
        ending: Ending,
        report: Option<Box<dyn FnOnce(Kind) + Send>>,
    ) -> Arc<Self> {
        let output = Output { printer, pending: Vec::new(), waiting: 0, line: None, is_finished: false };
        let results = Arc::new(Results {
            ui: ui.clone(),
            output: Mutex::new(output),
            summary: Mutex::default(),
            are_verdicts: report.is_some(),
        });
        let ended = results.clone();
        shutdown.on_signal(move |kind| {
            let mut output = lock(&ended.output);
            ended.ui.close();
            // The signal matters more than an output that cannot be written.
            let _ = ended.end(&mut output, ending);
            if let Some(report) = report {
                report(kind);
            }
        });
        results
    }

    /// What has been written.
    pub fn summary(&self) -> MutexGuard<'_, Summary> {
        lock(&self.summary)
    }

    /// How many results there are, written or not, and failures.
    pub fn count(&self) -> usize {
        let waiting = lock(&self.output).waiting;
        waiting + self.summary().done()
    }

    /// Takes a result, which is written with others.
    pub fn add(&self, piece: Piece, line: Option<usize>) -> Result<()> {
        let mut output = lock(&self.output);
        if output.is_finished {
            return Ok(());
        }
        let Output { printer, pending, .. } = &mut *output;
        let before = pending.len();
        printer.add(piece, pending);
        if before > 0 && pending.len() > PORTION {
            let added = pending.split_off(before);
            self.write(&mut output)?;
            output.pending = added;
        }
        output.waiting += 1;
        output.line = line.or(output.line);
        Ok(())
    }

    /// Reports a failure, with its place among the results if it has one, after the results before it.
    pub fn add_failure(&self, error: &Error, piece: Option<Piece>, line: Option<usize>) -> Result<()> {
        let mut output = lock(&self.output);
        if output.is_finished {
            return Ok(());
        }
        let Output { printer, pending, .. } = &mut *output;
        if let Some(piece) = piece {
            printer.add(piece, pending);
        }
        self.write(&mut output)?;
        self.ui.failure(error);
        let mut summary = self.summary();
        summary.add_failure(error.kind());
        // A row before it may be held back: its line is done when that is written.
        let done = if output.waiting == 0 { &mut summary.line } else { &mut output.line };
        *done = line.or(*done);
        Ok(())
    }

    /// Writes what is pending, but for what the printer holds back.
    pub fn flush(&self) -> Result<()> {
        self.write(&mut lock(&self.output))
    }

    /// Ends the output: writes what waits.
    pub fn finish(&self, ending: Ending) -> Result<()> {
        let finished = self.end(&mut lock(&self.output), ending);
        self.ui.end_progress();
        finished
    }

    fn end(&self, output: &mut Output, ending: Ending) -> Result<()> {
        if mem::replace(&mut output.is_finished, true) {
            return Ok(());
        }
        match ending {
            Ending::Stopped | Ending::CutOff if output.printer.is_empty => {}
            Ending::CutOff => output.printer.flush(&mut output.pending),
            Ending::Whole | Ending::Stopped => output.printer.finish(&mut output.pending),
        }
        self.write(output)
    }

    fn write(&self, output: &mut Output) -> Result<()> {
        let pending = mem::take(&mut output.pending);
        let mut rest = &pending[..];
        while !rest.is_empty() {
            // Rows that the printer held back come at once.
            let line_end = |bytes: &[u8]| bytes.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
            let portion = rest.get(..PORTION).and_then(line_end).unwrap_or(rest.len());
            let portion = if rest.len() > PORTION { portion } else { rest.len() };
            if self.are_verdicts { self.ui.report(&rest[..portion]) } else { self.ui.print(&rest[..portion]) }?;
            rest = &rest[portion..];
        }
        if !output.printer.has_waiting() && output.waiting > 0 {
            let mut summary = self.summary();
            summary.found += mem::take(&mut output.waiting);
            summary.line = output.line.or(summary.line);
        }
        Ok(())
    }
}
