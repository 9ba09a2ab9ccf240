//! The results of a command that prints many, shared with the shutdown hook that completes them.
//!
//! Whole results are written at once, as many as a pipe takes. The lock on the output is held until what was written is counted; where
//! a stalled reader holds it, the summary, which has a lock of its own, still counts just that.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::CommandStatus;
use super::breaker::Stop;
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer};
use crate::process::lock;
use crate::signals::Shutdown;
use crate::text::{grouped, span};
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
        if !pending.is_empty() {
            if self.are_verdicts { self.ui.report(&pending) } else { self.ui.print(&pending) }?;
        }
        if !output.printer.has_waiting() && output.waiting > 0 {
            let mut summary = self.summary();
            summary.found += mem::take(&mut output.waiting);
            summary.line = output.line.or(summary.line);
        }
        Ok(())
    }
}

/// Counts of what has been written.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub found: usize,
    /// The failures of each kind, in the order of exit codes.
    failed: BTreeMap<Kind, usize>,
    /// The last line of standard input up to which everything is done.
    pub line: Option<usize>,
}

impl Summary {
    pub fn add_failure(&mut self, kind: Kind) {
        *self.failed.entry(kind).or_default() += 1;
    }

    pub fn failures(&self) -> usize {
        self.failed.values().sum()
    }

    /// How many results and failures have been written.
    pub fn done(&self) -> usize {
        self.found + self.failures()
    }

    /// `found 99,812 · failed 188 (not found 180, server 8) · 3 m 12 s`
    pub fn text(&self, elapsed: Duration) -> String {
        let mut text = format!("found {}", grouped(self.found));
        let kind = |(kind, count): (&Kind, &usize)| format!("{} {}", kind.code().replace('_', " "), grouped(*count));
        let kinds: Vec<_> = self.failed.iter().map(kind).collect();
        if !kinds.is_empty() {
            text = format!("{text} · failed {} ({})", grouped(self.failures()), kinds.join(", "));
        }
        format!("{text} · {}", span(elapsed))
    }

    /// The status of the run of `total` ids, if that is known; `stop` is what left some of them untried.
    pub fn status(&self, total: Option<usize>, stop: Option<Stop>) -> Result<CommandStatus> {
        let Some(stop) = stop else {
            let kind = Kind::merge(self.failed.keys().copied());
            return Ok(kind.map_or(CommandStatus::Done, CommandStatus::Failed));
        };
        let (kind, cause) = (stop.error.kind(), stop.error.context());
        let message = format!("stopped after {}: {}", ids(self.done(), total), stop.reason);
        // What is wrong with -F has not been told before; a failure has, with its hint.
        let hint = stop.error.hint_text().filter(|_| kind == Kind::Usage).unwrap_or("fix that first");
        let error = self.cut_short(kind, &message, hint).retryable(stop.error.is_retryable());
        Err(error.with_context(|context| (context.api, context.profile) = (cause.api, cause.profile.clone())))
    }

    /// The error that says how far a run of `total` ids had come when a signal ended it.
    pub fn interrupted(&self, total: Option<usize>, kind: Kind) -> Error {
        let (done, found, failed) = (ids(self.done(), total), grouped(self.found), grouped(self.failures()));
        let message = format!("{} after {done} ({found} answered, {failed} failed)", kind.code());
        self.cut_short(kind, &message, "run it again if you still want it")
    }

    /// An error that says up to which line of standard input everything is done, and where to go on.
    fn cut_short(&self, kind: Kind, message: &str, hint: &str) -> Error {
        let Some(line) = self.line else { return Error::new(kind, message).hint(hint) };
        Error::new(kind, format!("{message}; everything up to input line {line} is done"))
            .hint(format!("{hint}; --skip {line} goes on after that line"))
            .with_context(|context| context.line = Some(line))
    }
}

/// `1 id`, `2 of 2,345 ids`
fn ids(count: usize, total: Option<usize>) -> String {
    let s = if total.unwrap_or(count) == 1 { "" } else { "s" };
    let of = total.map_or(String::new(), |total| format!(" of {}", grouped(total)));
    format!("{}{of} id{s}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(failures: &[(Kind, usize)]) -> Summary {
        let mut summary = Summary::default();
        for (kind, count) in failures {
            (0..*count).for_each(|_| summary.add_failure(*kind));
        }
        summary
    }

    #[test]
    fn failures_are_counted_in_the_order_of_exit_codes() {
        let mut counted = summary(&[(Kind::Server, 8), (Kind::NotFound, 1_180)]);
        counted.found = 99_812;
        assert_eq!(
            counted.text(Duration::from_secs(192)),
            "found 99,812 · failed 1,188 (not found 1,180, server 8) · 3 m 12 s"
        );
        let none = Summary::default();
        assert_eq!(none.text(Duration::ZERO), "found 0 · 0 s");
    }
}
