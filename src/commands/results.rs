//! The results of a command that prints many, shared with the hook that completes them on a signal.
//!
//! One lock is held by whatever writes, results and messages alike, so nothing is torn, and nothing is written after a signal. A reader
//! that stalls can hold it for long. How far the command has come is behind another lock, which is never held for long and counts
//! only what has been written: results leave in portions of whole lines that a pipe takes at once.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::summary::Summary;
use crate::client::Trace;
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer};
use crate::signals::{Shutdown, complete};
use crate::ui::Ui;

/// `PIPE_BUF` on Linux: a pipe takes writes of up to this size as a whole, in bytes.
const PORTION: usize = 4096;

/// The results of one command.
pub struct Results {
    ui: Arc<Ui>,
    started: Instant,
    /// How many ids are expected, or how many accounts have been read; 0 if that is not known.
    total: AtomicUsize,
    progress: fn(&Progress<'_>) -> String,
    output: Mutex<Output>,
    summary: Mutex<Summary>,
}

/// What a progress line tells.
pub struct Progress<'a> {
    pub summary: &'a Summary,
    /// How many results are not written yet.
    pub waiting: usize,
    pub total: usize,
    pub elapsed: Duration,
}

/// The results that are not written yet.
pub struct Output {
    printer: Printer,
    pending: Vec<u8>,
    /// How many results are pending, those that the printer holds back included.
    waiting: usize,
    /// The last one's line in standard input.
    line: Option<usize>,
    has_begun: bool,
    is_finished: bool,
}

impl Output {
    /// Whether there is a result, written or not.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }
}

impl Results {
    /// Puts results together as `printer` does, and shows the progress in the words of `progress`.
    pub fn new(ui: &Arc<Ui>, printer: Printer, progress: fn(&Progress<'_>) -> String) -> Arc<Self> {
        Arc::new(Results {
            ui: ui.clone(),
            started: Instant::now(),
            total: AtomicUsize::new(0),
            progress,
            output: Mutex::new(Output {
                printer,
                pending: Vec::new(),
                waiting: 0,
                line: None,
                has_begun: false,
                is_finished: false,
            }),
            summary: Mutex::default(),
        })
    }

    /// Lets a signal end the output by `end`, and `explain` what it interrupted.
    pub fn end_on_signal(
        self: &Arc<Self>,
        shutdown: &Shutdown,
        end: fn(&Results, &mut Output) -> Result<()>,
        explain: impl FnOnce(&Summary, Kind) -> Error + Send + 'static,
    ) {
        let results = self.clone();
        shutdown.on_signal(move |kind| {
            let ended = results.clone();
            // That the output cannot be written is nothing to say beside the signal.
            let stalled = complete(move || drop(end(&ended, &mut lock(&ended.output))));
            Some(explain(&results.summary(), kind).with_suffix(stalled))
        });
    }

    /// The right to write; `None` once a signal has ended the command.
    pub fn output(&self, shutdown: &Shutdown) -> Option<MutexGuard<'_, Output>> {
        let output = lock(&self.output);
        (!shutdown.is_requested()).then_some(output)
    }

    /// Shows what an attempt did, unless a signal has ended the command.
    pub fn trace(&self, shutdown: &Shutdown, trace: &Trace<'_>) {
        if self.ui.shows_traces()
            && let Some(_output) = self.output(shutdown)
        {
            self.ui.trace(trace);
        }
    }

    /// What has been written.
    pub fn summary(&self) -> MutexGuard<'_, Summary> {
        lock(&self.summary)
    }

    /// How long the command has run.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many ids are expected, or how many accounts have been read.
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Changes that number.
    pub fn set_total(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Takes a result, which is written with others.
    /// Err: `failed` if those before it cannot be written.
    pub fn add(&self, output: &mut Output, piece: Piece, line: Option<usize>) -> Result<()> {
        output.has_begun = true;
        let before = output.pending.len();
        output.printer.add(piece, &mut output.pending);
        if before > 0 && output.pending.len() > PORTION {
            let added = output.pending.split_off(before);
            self.write(output)?;
            output.pending = added;
        }
        output.waiting += 1;
        output.line = line.or(output.line);
        Ok(())
    }

    /// Reports a failure, after the results before it.
    /// Err: `failed` if those cannot be written.
    pub fn failed(&self, output: &mut Output, error: &Error, line: Option<usize>) -> Result<()> {
        self.write(output)?;
        self.ui.failure(error);
        let mut summary = self.summary();
        summary.add_failure(error.kind());
        // A row before it may be held back: its line is done when that is written.
        let done = match output.waiting {
            0 => &mut summary.line,
            _ => &mut output.line,
        };
        *done = line.or(*done);
        drop(summary);
        self.show_progress(output);
        Ok(())
    }

    /// Writes what is pending, but for what the printer holds back.
    /// Err: `failed` if it cannot be written.
    pub fn write(&self, output: &mut Output) -> Result<()> {
        let pending = mem::take(&mut output.pending);
        let mut rest = &pending[..];
        while !rest.is_empty() {
            // Rows that the printer held back come at once.
            let line_end = |bytes: &[u8]| bytes.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
            let portion = match rest.get(..PORTION).and_then(line_end) {
                Some(end) if rest.len() > PORTION => end,
                _ => rest.len(),
            };
            self.ui.print(&rest[..portion])?;
            rest = &rest[portion..];
        }
        if !output.printer.has_waiting() && output.waiting > 0 {
            let mut summary = self.summary();
            summary.found += mem::take(&mut output.waiting);
            summary.line = output.line.or(summary.line);
        }
        self.show_progress(output);
        Ok(())
    }

    /// Completes the output: writes what waits, and closes what is open.
    /// Err: `failed` if it cannot be written.
    pub fn finish(&self, output: &mut Output) -> Result<()> {
        self.end(output, Printer::finish)
    }

    /// Completes the output before all is done. Without a result it stays empty: not even an empty array.
    /// Err: `failed` if it cannot be written.
    pub fn cut_short(&self, output: &mut Output) -> Result<()> {
        output.is_finished |= !output.has_begun;
        self.finish(output)
    }

    /// Ends the output of a list that is cut off: writes what waits, and leaves open what is open.
    /// Err: `failed` if it cannot be written.
    pub fn break_off(&self, output: &mut Output) -> Result<()> {
        output.is_finished |= !output.has_begun;
        self.end(output, Printer::flush)
    }

    fn end(&self, output: &mut Output, end: fn(&mut Printer, &mut Vec<u8>)) -> Result<()> {
        if !mem::replace(&mut output.is_finished, true) {
            end(&mut output.printer, &mut output.pending);
        }
        let written = self.write(output);
        self.ui.end_progress();
        written
    }

    fn show_progress(&self, output: &Output) {
        self.ui.progress(|| {
            (self.progress)(&Progress {
                summary: &self.summary(),
                waiting: output.waiting,
                total: self.total(),
                elapsed: self.elapsed(),
            })
        });
    }
}

/// Each change is a single step, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
