//! What has come of the checks so far, and its report: at the end of the run, or when a signal ends it.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report::{Finding, render};
use super::suite::Check;
use super::{INTERRUPTED, junit};
use crate::amount::{grouped, span};
use crate::commands::Ending;
use crate::commands::question::{keep, shortcomings, subject};
use crate::commands::under_way::UnderWay;
use crate::commands::veil::Veil;
use crate::error::{Error, Kind, Result};
use crate::escape::{EXCERPT, excerpt};
use crate::interrupt::LastWords;
use crate::output::Format;
use crate::ui::Ui;

/// How much of what is there is kept for the report on all checks together, in bytes; beside it, what is short.
const KEPT: usize = 4 * 1024 * 1024;

/// How much of a check's name a message shows, in characters.
const SHOWN: usize = 60;

/// The checks of one call, and what has come of them. A signal finds it as far as it is.
pub struct Findings {
    pub ui: Arc<Ui>,
    pub checks: Vec<Arc<Check>>,
    /// What stands before the words of whoever asks, as far as it is the same for all checks.
    pub veil: Veil,
    /// Where the checks come from, if it is not the command line.
    pub suite: Option<PathBuf>,
    /// Where the report for CI goes.
    pub junit: Option<PathBuf>,
    pub format: Format,
    pub began: Instant,
    state: Mutex<State>,
    /// What becomes the report for CI, for as long as it is being written.
    unfinished: Arc<Mutex<Option<PathBuf>>>,
}

struct State {
    /// In the order of the checks.
    found: Vec<Finding>,
    /// How many more bytes of what is there may be kept.
    room: usize,
    is_reported: bool,
}

impl Findings {
    /// Of checks that are yet to be asked.
    pub fn new(
        ui: Arc<Ui>,
        checks: Vec<Check>,
        veil: Veil,
        suite: Option<PathBuf>,
        junit: Option<PathBuf>,
        format: Format,
        began: Instant,
    ) -> Arc<Self> {
        Arc::new(Findings {
            ui,
            checks: checks.into_iter().map(Arc::new).collect(),
            veil,
            suite,
            junit,
            format,
            began,
            state: Mutex::new(State {
                found: Vec::new(),
                room: KEPT,
                is_reported: false,
            }),
            unfinished: Arc::default(),
        })
    }

    /// Adds that of the next check; how many there are.
    pub fn add(&self, mut finding: Finding) -> usize {
        let mut state = lock(&self.state);
        for verdict in finding.verdicts_mut() {
            keep(verdict, &mut state.room);
        }
        state.found.push(finding);
        state.found.len()
    }

    /// A failure, with the check that it is about and its place.
    pub fn about(&self, check: &Check, veil: &Veil, error: Error) -> Error {
        let (Some(name), Some(suite)) = (&check.name, &self.suite) else {
            return error;
        };
        let error = error.prefixed(&format!("`{}`: ", excerpt(&name.shown(veil), SHOWN)));
        match error.facts().file {
            // What is wrong stands elsewhere.
            Some(_) => error,
            None => error.at(suite, check.line),
        }
    }

    /// What is left to do if a signal ends it: a suite reports what is known by then.
    pub fn last_words(self: &Arc<Self>, under_way: &Arc<UnderWay>) -> LastWords {
        let LastWords { complete, say } = under_way.last_words();
        if self.suite.is_none() {
            return LastWords { complete, say };
        }
        let (completed, told) = (self.clone(), self.clone());
        let under_way = under_way.clone();
        LastWords {
            complete: Box::new(move |kind| {
                complete(kind);
                under_way.alone(|| {
                    // The signal is told in any case.
                    if let Err(error) = completed.finish(Some(kind)) {
                        completed.ui.error(&error);
                    }
                });
            }),
            say: Box::new(move |kind| {
                let error = say(kind)?;
                let Some(unfinished) = lock(&told.unfinished).take() else {
                    return Some(error);
                };
                // Nothing is left to do if even that fails.
                let _ = fs::remove_file(unfinished);
                Some(error.adding("; the report was not written"))
            }),
        }
    }

    /// Reports, once, and says how it ended; after a signal, of the others that they were not answered. A report that cannot
    /// be written does not take the verdicts away.
    pub fn finish(&self, signal: Option<Kind>) -> Result<Ending> {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.is_reported, true) {
            return Ok(Ending::Done);
        }
        if let (None, [Finding { result: Err(e), .. }]) = (&self.suite, &state.found[..]) {
            return Err(e.clone());
        }
        if let Some(kind) = signal {
            for check in &self.checks[state.found.len()..] {
                let error = Error::new(kind, INTERRUPTED).with(|facts| {
                    facts.id = Some(check.id.as_str().to_owned());
                    facts.api = Some(check.id.resource().api);
                });
                let error = self.about(check, &self.veil, error);
                let finding = Finding::failed(check.clone(), self.veil.clone(), error);
                state.found.push(finding);
            }
        }
        let found = &state.found;
        let elapsed = self.began.elapsed();
        let written = match (&self.junit, &self.suite) {
            (Some(path), Some(suite)) => junit::write(path, &self.unfinished, &mut |out| {
                junit::write_xml(out, found, suite, elapsed, &self.veil)
            }),
            _ => Ok(()),
        };
        let (is_suite, screen) = (self.suite.is_some(), self.ui.screen());
        self.ui
            .report(|out| render(found, is_suite, self.format, screen, out))?;
        if is_suite && !self.format.has_json_errors() {
            self.ui.note(&summary(found, &span(elapsed)));
        }
        let failed = failure(found);
        let unmet = self.unmet(found, failed);
        if let Some(error) = &unmet {
            self.ui.error(error);
        }
        written?;
        let failed = failed.or(unmet.map(|error| error.kind()));
        Ok(failed.map_or(Ending::Done, Ending::Failed))
    }

    /// The error that says what does not hold, if something does not. Where others could not be asked, it is of their kind, as
    /// the whole call is.
    fn unmet(&self, found: &[Finding], failed: Option<Kind>) -> Option<Error> {
        let mut unmet = found.iter().filter(|f| f.verdict() == "unmet");
        let first = unmet.clone().next()?;
        let check = &first.check;
        let Some(suite) = &self.suite else {
            let judgement = first.result.as_ref().ok()?;
            let subject = subject(&check.id, first.profile.as_deref());
            let shortcomings = shortcomings(&check.expectations, &judgement.verdicts, &first.veil);
            let message = format!("{subject} is not as expected: {shortcomings}");
            return Some(Error::new(Kind::Unmet, message).with(|facts| {
                facts.id = Some(check.id.as_str().to_owned());
                facts.api = Some(check.id.resource().api);
                facts.profile.clone_from(&first.profile);
                facts.elapsed = Some(first.elapsed);
            }));
        };
        let count = unmet.clone().count();
        let mut names = String::new();
        // No further than it is shown.
        while let (Some(finding), true) = (unmet.next(), names.len() < 4 * EXCERPT) {
            let comma = if names.is_empty() { "" } else { ", " };
            let name = finding.name().unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(names, "{comma}`{name}`");
        }
        let message = format!(
            "{} of {} checks failed: {}",
            grouped(count),
            grouped(self.checks.len()),
            excerpt(&names, EXCERPT)
        );
        let error = Error::new(failed.unwrap_or(Kind::Unmet), message).at(suite, check.line);
        let others = found.iter().filter(|f| f.verdict() == "error").count();
        Some(match failed {
            None => error,
            Some(_) => error.adding(&format!("; {} could not be asked", grouped(others))),
        })
    }
}

/// What the failures of those that could not be asked come to.
fn failure(found: &[Finding]) -> Option<Kind> {
    let failures = found.iter().filter_map(|f| f.result.as_ref().err());
    Kind::in_common(failures.map(Error::kind))
}

/// `10 met · 1 unmet · 1 not answered · 1.2 s`
fn summary(found: &[Finding], elapsed: &str) -> String {
    let count = |verdict| found.iter().filter(|f| f.verdict() == verdict).count();
    let mut text = format!("{} met", grouped(count("met")));
    for (verdict, word) in [("unmet", "unmet"), ("error", "not answered")] {
        let count = count(verdict);
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, " · {} {word}", grouped(count));
        }
    }
    format!("{text} · {elapsed}")
}

/// Each change is a single step: a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
