//! What has come of the look-ups so far: shared with the end that a signal may put to them.
//!
//! One lock is held by whoever writes a result or a message, so nothing is torn, and after the end nothing is written. It
//! can be held for long, by a reader that has stalled; how far the look-ups have come is behind another one, which cannot.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::account::Id;
use crate::error::{Error, Kind, Result};
use crate::interrupt::{Interrupt, LastWords};
use crate::output::Printer;
use crate::ui::Ui;

/// The results of one call.
pub struct Results {
    ui: Arc<Ui>,
    total: usize,
    profile: Option<String>,
    output: Mutex<Output>,
    progress: Mutex<Progress>,
}

/// Where the results are written.
pub struct Output {
    pub printer: Printer,
    found: usize,
    is_complete: bool,
}

/// How far it has come.
#[derive(Default)]
struct Progress {
    found: usize,
    failed: usize,
    under_way: Option<Id>,
}

impl Results {
    /// For so many ids.
    pub fn new(ui: Arc<Ui>, total: usize, profile: Option<String>, printer: Printer) -> Self {
        Results {
            ui,
            total,
            profile,
            output: Mutex::new(Output {
                printer,
                found: 0,
                is_complete: false,
            }),
            progress: Mutex::default(),
        }
    }

    /// That this id is being looked up.
    pub fn begin(&self, id: &Id) {
        lock(&self.progress).under_way = Some(id.clone());
    }

    /// The right to write; `None` once a signal has ended it.
    pub fn output(&self, interrupt: &Interrupt) -> Option<MutexGuard<'_, Output>> {
        let output = lock(&self.output);
        (!interrupt.is_over()).then_some(output)
    }

    /// Writes an account.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn found(&self, output: &mut Output, text: &[u8]) -> Result<()> {
        self.ui.print(text)?;
        output.found += 1;
        let mut progress = lock(&self.progress);
        progress.found += 1;
        progress.under_way = None;
        Ok(())
    }

    /// Reports the failure of one id among several.
    pub fn failed(&self, error: &Error) {
        self.ui.failure(error);
        let mut progress = lock(&self.progress);
        progress.failed += 1;
        progress.under_way = None;
    }

    /// Completes the output: what waits is written, and what is open is closed.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn finish(&self, output: &mut Output) -> Result<()> {
        output.is_complete = true;
        self.ui.print(&output.printer.finish())
    }

    /// Completes the output before all is done. Without a result there is none, not even an empty array.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn cut_short(&self, output: &mut Output) -> Result<()> {
        if output.is_complete || output.found == 0 {
            return Ok(());
        }
        self.finish(output)
    }

    /// What is left to do if a signal ends it.
    pub fn last_words(self: &Arc<Self>) -> LastWords {
        let (completed, told) = (self.clone(), self.clone());
        LastWords {
            complete: Box::new(move || {
                // That it cannot be written is nothing to tell beside the signal: a full disk has been told before.
                let _ = completed.cut_short(&mut lock(&completed.output));
            }),
            say: Box::new(move |kind| Some(told.interrupted(kind))),
        }
    }

    /// The error that says how far it has come.
    fn interrupted(&self, kind: Kind) -> Error {
        let Progress {
            found,
            failed,
            under_way,
        } = &*lock(&self.progress);
        let mut message = kind.code().to_owned();
        let done = found + failed;
        // Writing to a String cannot fail.
        let _ = match (done, self.total) {
            (_, 1) | (0, _) => Ok(()),
            (_, total) => write!(
                message,
                " after {done} of {total} ids ({found} found, {failed} failed)"
            ),
        };
        let _ = match under_way {
            Some(id) => write!(
                message,
                " while looking up the {} {}",
                id.resource().noun,
                id.as_str()
            ),
            None if done == 0 => write!(message, " before anything was looked up"),
            None if done == self.total => write!(message, ", with nothing left to do"),
            None => write!(message, " between two look-ups"),
        };
        if let Some(profile) = &self.profile {
            let _ = write!(message, " (profile {profile})");
        }
        let again = match under_way {
            Some(id) if self.total > 1 => format!("with the ids from {} on", id.as_str()),
            _ => "if you still want it".to_owned(),
        };
        let hint = match kind {
            Kind::Terminated => {
                format!(
                    "another program sent SIGTERM, perhaps for a time limit; run it again {again}"
                )
            }
            _ => format!("run it again {again}"),
        };
        Error::new(kind, message).hint(hint).with(|facts| {
            facts.profile.clone_from(&self.profile);
            if let (Some(id), 1) = (under_way, self.total) {
                facts.id = Some(id.as_str().to_owned());
                facts.api = Some(id.resource().api);
            }
        })
    }
}

/// The data survive a panic of another thread: each change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
