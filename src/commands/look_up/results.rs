//! What has come of the look-ups so far: shared with the end that a signal may put to them.
//!
//! One lock is held by whoever writes a result or a message, so nothing is torn, and after the end nothing is written. It
//! can be held for long, by a reader that has stalled; how far it has come is behind another one, which cannot. What is
//! counted there has been written.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::tally::{Tally, ids};
use crate::account::Id;
use crate::amount::{grouped, span};
use crate::commands::portions::Portions;
use crate::error::{Error, Kind, Result};
use crate::interrupt::{Interrupt, LastWords};
use crate::output::{Piece, Printer};
use crate::ui::Ui;

/// The results of one call.
pub struct Results {
    ui: Arc<Ui>,
    many: bool,
    /// The ids, if all of them are arguments.
    arguments: Option<Vec<OsString>>,
    began: Instant,
    /// How many ids there are, as far as that is known or can be guessed; 0 if not.
    expected: AtomicUsize,
    output: Mutex<Output>,
    progress: Mutex<Progress>,
}

/// Where the results are written.
pub struct Output {
    /// The results, each with its line.
    portions: Portions<Option<usize>>,
    found: usize,
    is_complete: bool,
}

/// How far it has come.
#[derive(Default)]
struct Progress {
    tally: Tally,
    /// What a look-up alone asks for, and for which profile.
    under_way: Option<(Id, Option<String>)>,
}

impl Results {
    /// Of a call for one id or `many`; `arguments` are they, unless others are read.
    pub fn new(
        ui: Arc<Ui>,
        many: bool,
        arguments: Option<Vec<OsString>>,
        printer: Printer,
    ) -> Self {
        Results {
            ui,
            many,
            arguments,
            began: Instant::now(),
            expected: AtomicUsize::new(0),
            output: Mutex::new(Output {
                portions: Portions::new(printer),
                found: 0,
                is_complete: false,
            }),
            progress: Mutex::default(),
        }
    }

    /// Whether there are several.
    pub fn are_many(&self) -> bool {
        self.many
    }

    /// That this is looked up for that profile; of several at once, nobody wants to know each.
    pub fn begin(&self, id: &Id, profile: Option<&str>) {
        if !self.many {
            lock(&self.progress).under_way = Some((id.clone(), profile.map(str::to_owned)));
        }
    }

    /// That there are about so many ids, `None` if nobody knows.
    pub fn expect(&self, ids: Option<usize>) {
        let ids = ids.or(self.arguments.as_ref().map(Vec::len));
        self.expected.store(ids.unwrap_or(0), Ordering::Relaxed);
    }

    /// `12,345 done, 188 failed, 8,123/s, 12 s left`; so many of them wait to be written.
    fn progress(&self, waiting: usize) -> String {
        let tally = &lock(&self.progress).tally;
        let done = tally.done() + waiting;
        let expected = self.expected.load(Ordering::Relaxed);
        let elapsed = self.began.elapsed().as_millis();
        let mut parts = vec![format!("{} done", grouped(done))];
        if tally.failures() > 0 {
            parts.push(format!("{} failed", grouped(tally.failures())));
        }
        if done > 0 && elapsed > 0 {
            parts.push(format!("{}/s", done as u128 * 1000 / elapsed));
        }
        if done > 0 && expected > done {
            let left = elapsed * (expected - done) as u128 / done as u128;
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX));
            parts.push(format!("{} left", span(left)));
        }
        parts.join(", ")
    }

    /// The right to write; `None` once a signal has ended it.
    pub fn output(&self, interrupt: &Interrupt) -> Option<MutexGuard<'_, Output>> {
        let output = lock(&self.output);
        (!interrupt.is_over()).then_some(output)
    }

    /// Takes an account; it is written with others.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn found(&self, output: &mut Output, piece: Piece, line: Option<usize>) -> Result<()> {
        output.found += 1;
        if output.portions.add(piece, line) {
            return self.flush(output);
        }
        Ok(())
    }

    /// Reports the failure of one id among several, behind the results before it.
    ///
    /// # Errors
    /// `failed` if those cannot be written.
    pub fn failed(&self, output: &mut Output, error: &Error, line: Option<usize>) -> Result<()> {
        self.flush(output)?;
        self.ui.failure(error);
        let mut progress = lock(&self.progress);
        progress.tally.failed(error.kind());
        match output.portions.last_mut() {
            // What is before it has been kept back: its line is done when that is written.
            Some(last) => *last = line.or(*last),
            None => progress.tally.line = line.or(progress.tally.line),
        }
        drop(progress);
        self.show_progress(output);
        Ok(())
    }

    /// Writes the results that wait.
    ///
    /// # Errors
    /// `failed` if they cannot be written.
    pub fn flush(&self, output: &mut Output) -> Result<()> {
        output.portions.write(&self.ui, |line| {
            let tally = &mut lock(&self.progress).tally;
            tally.found += 1;
            tally.line = line.or(tally.line);
        })?;
        self.show_progress(output);
        Ok(())
    }

    fn show_progress(&self, output: &Output) {
        self.ui
            .progress(|| self.progress(output.portions.waiting()));
    }

    /// Completes the output: what waits is written, and what is open is closed.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn finish(&self, output: &mut Output) -> Result<()> {
        output.is_complete = true;
        output.portions.finish();
        let written = self.flush(output);
        self.ui.end_progress();
        written
    }

    /// Completes the output before all is done. Without a result there is none, not even an empty array.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn cut_short(&self, output: &mut Output) -> Result<()> {
        if output.is_complete || output.found == 0 {
            self.ui.end_progress();
            return Ok(());
        }
        self.finish(output)
    }

    /// Takes away what shows how far it has come: nothing more will.
    pub fn end_progress(&self) {
        self.ui.end_progress();
    }

    /// Tells people what has come of it all.
    pub fn sum_up(&self) {
        let summary = lock(&self.progress).tally.summary(self.began.elapsed());
        self.ui.note(&summary);
    }

    /// What has come of it.
    pub fn tally(&self) -> Tally {
        lock(&self.progress).tally.clone()
    }

    /// What is left to do if a signal ends it.
    pub fn last_words(self: &Arc<Self>) -> LastWords {
        let (completed, told) = (self.clone(), self.clone());
        LastWords {
            complete: Box::new(move |_| {
                // That it cannot be written is nothing to tell beside the signal: a full disk has been told before.
                let _ = completed.cut_short(&mut lock(&completed.output));
            }),
            say: Box::new(move |kind| Some(told.interrupted(kind))),
        }
    }

    /// The error that says how far it has come.
    fn interrupted(&self, kind: Kind) -> Error {
        let Progress { tally, under_way } = &*lock(&self.progress);
        let done = tally.done();
        let mut message = kind.code().to_owned();
        let mut again = "run it again if you still want it".to_owned();
        // Writing to a String cannot fail.
        let _ = if let Some((id, profile)) = under_way {
            let (noun, id) = (id.resource().noun, id.as_str());
            let of = profile
                .as_ref()
                .map(|profile| format!(" (profile {profile})"));
            let of = of.unwrap_or_default();
            write!(message, " while looking up the {noun} {id}{of}")
        } else if done == 0 {
            write!(message, " before anything was looked up")
        } else {
            let of = self.arguments.as_ref().map(Vec::len);
            let next = self.arguments.as_ref().and_then(|ids| ids.get(done));
            let (upto, hint) = tally.resuming("run it again", " if you still want it");
            again = next.map_or(hint, |next| {
                format!(
                    "run it again with the ids from {} on",
                    next.to_string_lossy()
                )
            });
            write!(
                message,
                " after {} ({} found, {} failed){upto}",
                ids(done, of),
                grouped(tally.found),
                grouped(tally.failures())
            )
        };
        let hint = match kind {
            Kind::Terminated => {
                format!(
                    "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; {again}"
                )
            }
            _ => again,
        };
        Error::new(kind, message).hint(hint).with(|facts| {
            facts.line = tally.line;
            if let Some((id, profile)) = under_way {
                facts.profile.clone_from(profile);
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
