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
    passed_over: usize,
    /// What is being looked up, and for which profile.
    under_way: Option<(Id, Option<String>)>,
}

impl Results {
    /// For so many ids.
    pub fn new(ui: Arc<Ui>, total: usize, printer: Printer) -> Self {
        Results {
            ui,
            total,
            output: Mutex::new(Output {
                printer,
                found: 0,
                is_complete: false,
            }),
            progress: Mutex::default(),
        }
    }

    /// That this id is being looked up, for that profile.
    pub fn begin(&self, id: &Id, profile: Option<&str>) {
        lock(&self.progress).under_way = Some((id.clone(), profile.map(str::to_owned)));
    }

    /// That an id is not tried, since it would fail as others have.
    pub fn passed_over(&self) {
        lock(&self.progress).passed_over += 1;
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
            passed_over,
            under_way,
        } = &*lock(&self.progress);
        let is_one = self.total == 1;
        let mut message = kind.code().to_owned();
        let mut again = "if you still want it".to_owned();
        let done = found + failed + passed_over;
        // Writing to a String cannot fail.
        let _ = match (done, passed_over) {
            (0, _) => Ok(()),
            _ if is_one => Ok(()),
            (_, 0) => write!(
                message,
                " after {done} of {} ids ({found} found, {failed} failed)",
                self.total
            ),
            (_, untried) => write!(
                message,
                " after {done} of {} ids ({found} found, {failed} failed, {untried} not tried)",
                self.total
            ),
        };
        if let Some((id, profile)) = under_way {
            let (noun, id) = (id.resource().noun, id.as_str());
            let _ = write!(message, " while looking up the {noun} {id}");
            if let Some(profile) = profile {
                let _ = write!(message, " (profile {profile})");
            }
            if *passed_over > 0 {
                "with the ids that were neither found nor failed".clone_into(&mut again);
            } else if !is_one {
                again = format!("with the ids from {id} on");
            }
        } else if done == 0 {
            message.push_str(" before anything was looked up");
        }
        let hint = match kind {
            Kind::Terminated => {
                format!(
                    "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; run it again {again}"
                )
            }
            _ => format!("run it again {again}"),
        };
        Error::new(kind, message).hint(hint).with(|facts| {
            let Some((id, profile)) = under_way else {
                return;
            };
            facts.profile.clone_from(profile);
            // Among several, an error with an id is one that was tried.
            if is_one {
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
