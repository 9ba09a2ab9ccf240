//! What has come of the list so far: shared with the end that a signal may put to it.
//!
//! One lock is held by whoever writes, so nothing is torn, and after the end nothing is written; how far it has come is
//! known without it, since a reader that stalls can hold it for long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Drifts, Piece, RESOURCE, accounts};
use crate::amount::grouped;
use crate::commands::portions::Portions;
use crate::error::{Error, Kind, Result};
use crate::interrupt::{Interrupt, LastWords};
use crate::output::Printer;
use crate::ui::Ui;

/// The results of one call.
pub struct Results {
    ui: Arc<Ui>,
    profile: Option<String>,
    began: Instant,
    output: Mutex<Output>,
    /// How many accounts of the list have come.
    read: AtomicUsize,
    /// How many of them have been written.
    written: AtomicUsize,
}

/// Where the accounts are written.
pub struct Output {
    portions: Portions<()>,
    has_begun: bool,
    is_complete: bool,
}

impl Results {
    pub fn new(ui: Arc<Ui>, profile: Option<String>, printer: Printer) -> Self {
        Results {
            ui,
            profile,
            began: Instant::now(),
            output: Mutex::new(Output {
                portions: Portions::new(printer),
                has_begun: false,
                is_complete: false,
            }),
            read: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
        }
    }

    /// That the list is read from its beginning.
    pub fn begin(&self) {
        self.read.store(0, Ordering::Relaxed);
    }

    /// That an account has come.
    pub fn count(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    /// The right to write; `None` once a signal has ended it.
    pub fn output(&self, interrupt: &Interrupt) -> Option<MutexGuard<'_, Output>> {
        let output = self.lock();
        (!interrupt.is_over()).then_some(output)
    }

    /// Whether an account is shown, or about to be.
    pub fn have_begun(&self) -> bool {
        self.lock().has_begun
    }

    /// Shows an account; it is written with others.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn add(&self, interrupt: &Interrupt, piece: Piece) -> Result<()> {
        match self.output(interrupt) {
            Some(mut output) => {
                output.has_begun = true;
                if output.portions.add(piece, ()) {
                    self.write(&mut output)?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn flush(&self, interrupt: &Interrupt) -> Result<()> {
        let flushed = self.output(interrupt).map(|mut o| self.write(&mut o));
        flushed.unwrap_or(Ok(()))
    }

    /// Does something beside the results, unless a signal has ended it.
    pub fn aside(&self, interrupt: &Interrupt, tell: impl FnOnce()) {
        if let Some(_output) = self.output(interrupt) {
            tell();
        }
    }

    /// Completes the output.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn finish(&self, interrupt: &Interrupt) -> Result<()> {
        let Some(mut output) = self.output(interrupt) else {
            return Ok(());
        };
        output.is_complete = true;
        output.portions.finish();
        self.write(&mut output)
    }

    /// Tells people what has come of it all.
    pub fn sum_up(&self, interrupt: &Interrupt, drifts: &Drifts<'_>, is_whole: bool) {
        self.aside(interrupt, || {
            drifts.sum_up();
            let (read, shown) = self.amounts();
            self.ui.note(&if !is_whole {
                format!("{}; the rest of the list was not read", accounts(shown))
            } else if read == shown {
                accounts(shown)
            } else {
                format!("{} of {}", grouped(shown), accounts(read))
            });
        });
    }

    /// Writes what there is, and leaves it open. How many accounts were written is returned.
    pub fn break_off(&self, interrupt: &Interrupt) -> usize {
        if let Some(mut output) = self.output(interrupt) {
            self.break_off_at(&mut output);
        }
        self.amounts().1
    }

    fn break_off_at(&self, output: &mut Output) {
        if output.has_begun && !output.is_complete {
            output.is_complete = true;
            output.portions.break_off();
            // That it cannot be written is nothing to tell beside what has ended it.
            let _ = self.write(output);
        }
        self.ui.end_progress();
    }

    fn write(&self, output: &mut Output) -> Result<()> {
        let count = |()| {
            self.written.fetch_add(1, Ordering::Relaxed);
        };
        output.portions.write(&self.ui, count)?;
        self.ui.progress(|| {
            let (read, written) = self.amounts();
            let elapsed = self.began.elapsed().as_millis().max(1);
            let rate = read as u128 * 1000 / elapsed;
            format!(
                "{} read, {} shown, {rate}/s",
                grouped(read),
                grouped(written)
            )
        });
        Ok(())
    }

    fn amounts(&self) -> (usize, usize) {
        let [read, written] = [&self.read, &self.written].map(|n| n.load(Ordering::Relaxed));
        (read, written)
    }

    /// What is left to do if a signal ends it.
    pub fn last_words(self: &Arc<Self>) -> LastWords {
        let (completed, told) = (self.clone(), self.clone());
        LastWords {
            complete: Box::new(move |_| completed.break_off_at(&mut completed.lock())),
            say: Box::new(move |kind| Some(told.interrupted(kind))),
        }
    }

    /// The error that says how far it has come.
    fn interrupted(&self, kind: Kind) -> Error {
        let (_, written) = self.amounts();
        let message = match written {
            0 => format!("{} before an account was listed", kind.code()),
            _ => format!(
                "{}; the list is cut off after {}",
                kind.code(),
                accounts(written)
            ),
        };
        let again = "run it again if you still want it";
        let hint = match kind {
            Kind::Terminated => {
                format!(
                    "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; {again}"
                )
            }
            _ => again.to_owned(),
        };
        Error::new(kind, message).hint(hint).with(|facts| {
            facts.api = Some(RESOURCE.api);
            facts.profile.clone_from(&self.profile);
        })
    }

    /// The data survive a panic of another thread: each change is a single step.
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
