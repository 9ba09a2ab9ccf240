//! The state of a check run and its report: at the end, or when a signal ends it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::junit;
use super::result::{self, CheckResult, Outcome};
use super::suite::Check;
use crate::account::Redactor;
use crate::commands::CommandStatus;
use crate::commands::poll::{SHOWN, unmet};
use crate::commands::session::Target;
use crate::error::{Error, Kind, Result};
use crate::output::Format;
use crate::process::lock;
use crate::text::{EXCERPT, excerpt, grouped, span};
use crate::ui::Ui;

/// The checks of one call and their results so far.
pub struct CheckRun {
    pub ui: Arc<Ui>,
    pub checks: Vec<Arc<Check>>,
    pub redactor: Redactor,
    /// The file that the checks come from, if not from the command line.
    pub suite: Option<PathBuf>,
    pub junit: Option<PathBuf>,
    pub format: Format,
    pub started: Instant,
    /// How many checks have a result; known even while a stalled reader holds the report.
    pub done: AtomicUsize,
    pub state: Mutex<State>,
}

/// How far a run has come.
#[derive(Default)]
pub struct State {
    /// In the order of the checks.
    results: Vec<CheckResult>,
    is_reported: bool,
}

impl CheckRun {
    /// Adds the result of the next check, and reports its failure. After a signal it comes too late.
    pub fn add(&self, result: CheckResult) {
        let mut state = lock(&self.state);
        if state.is_reported {
            return;
        }
        if let (Err(error), Some(_)) = (&result.verdicts, &self.suite) {
            self.ui.failure(error);
        }
        state.results.push(result);
        let done = state.results.len();
        self.done.store(done, Ordering::Relaxed);
        self.ui.progress(|| format!("{} of {} checks done", grouped(done), grouped(self.checks.len())));
    }

    /// Adds name and place of the check to an error.
    pub fn locate(&self, check: &Check, error: Error) -> Error {
        let (Some(name), Some(suite)) = (&check.name, &self.suite) else {
            return error;
        };
        let name = excerpt(&self.redactor.redact(name), SHOWN);
        let error = error.with_prefix(&format!("`{name}`: "));
        match error.context().file {
            // The mistake is in another file.
            Some(_) => error,
            None => error.at(suite, check.line),
        }
    }

    /// The error that says what a signal has interrupted.
    pub fn interrupted(&self, kind: Kind) -> Error {
        let (name, done) = (kind.code(), grouped(self.done.load(Ordering::Relaxed)));
        let message = match (&self.suite, &self.checks[..]) {
            (None, [check]) => format!("{name} while checking {}", check.id.as_str()),
            (_, checks) => format!("{name} after {done} of {} checks", grouped(checks.len())),
        };
        Error::new(kind, message).hint("run it again if you still need it")
    }

    /// Reports the results of a suite that a signal ends: the checks that were not made are errors.
    pub fn end(&self, kind: Kind) {
        let mut state = lock(&self.state);
        self.ui.close();
        if self.suite.is_none() || state.is_reported {
            return;
        }
        for check in &self.checks[state.results.len()..] {
            let error = Error::new(kind, "a signal ended the run before this check was answered");
            let error = Target::account(&check.id, None).describe(error);
            let error = self.locate(check, error);
            state.results.push(CheckResult::skipped(check, &self.redactor, error));
        }
        if let Err(error) = self.report(&mut state) {
            self.ui.error(&error);
        }
    }

    /// Writes the reports on all results. A report that cannot be written does not take the verdict away.
    pub fn finish(&self) -> Result<CommandStatus> {
        let mut state = lock(&self.state);
        match (&self.suite, &state.results[..]) {
            (None, [CheckResult { verdicts: Err(error), .. }]) => Err(error.clone()),
            _ if state.is_reported => Ok(CommandStatus::Done),
            _ => self.report(&mut state),
        }
    }

    fn report(&self, state: &mut State) -> Result<CommandStatus> {
        state.is_reported = true;
        let results = &state.results;
        let elapsed = self.started.elapsed();
        let junit = match (&self.junit, &self.suite) {
            (Some(path), Some(suite)) => junit::xml(results, suite, elapsed, &self.redactor)
                .map_err(|e| Error::new(Kind::Failed, "the JUnit report could not be made").because(e))
                .and_then(|xml| junit::write(path, &xml)),
            _ => Ok(()),
        };
        let (is_suite, screen) = (self.suite.is_some(), self.ui.screen());
        self.ui.report(|out| result::write(results, is_suite, self.format, screen, out))?;
        if is_suite && !self.format.has_json_errors() {
            self.ui.note(&format!("{} · {}", summary(results), span(elapsed)));
        }
        let failures = results.iter().filter_map(|result| result.verdicts.as_ref().err());
        let failed = Kind::merge(failures.map(Error::kind));
        let unmet = self.unmet(results, failed);
        if let Some(error) = &unmet {
            self.ui.error(error);
        }
        junit?;
        let failed = failed.or(unmet.map(|error| error.kind()));
        Ok(failed.map_or(CommandStatus::Done, CommandStatus::Failed))
    }

    /// The error that says what is unmet, if anything is. Where other checks failed, it is of their kind, as the whole call is.
    fn unmet(&self, results: &[CheckResult], failed: Option<Kind>) -> Option<Error> {
        let all: Vec<_> = results.iter().filter(|result| result.outcome() == Outcome::Unmet).collect();
        let first = *all.first()?;
        let check = &first.check;
        let Some(suite) = &self.suite else {
            let verdicts = first.verdicts.as_ref().ok()?;
            let target = Target::account(&check.id, first.profile.as_deref());
            let unmet = unmet(&check.expectations, &verdicts.list, &first.redactor);
            let message = format!("{target} is not as expected: {unmet}");
            let error = target.describe(Error::new(Kind::Unmet, message));
            return Some(error.with_context(|context| context.elapsed = Some(first.elapsed)));
        };
        let names = all.iter().filter_map(|result| result.name()).map(|name| format!("`{name}`"));
        // More would not be shown.
        let names: Vec<_> = names.take(EXCERPT).collect();
        let (count, total) = (grouped(all.len()), grouped(self.checks.len()));
        let message = format!("{count} of {total} checks failed: {}", excerpt(&names.join(", "), EXCERPT));
        let error = Error::new(failed.unwrap_or(Kind::Unmet), message).at(suite, check.line);
        let errors = results.iter().filter(|result| result.outcome() == Outcome::Error).count();
        Some(match errors {
            0 => error,
            errors => error.with_suffix(&format!("; {} could not be looked up", grouped(errors))),
        })
    }
}

/// `10 met · 1 unmet · 1 error`
fn summary(results: &[CheckResult]) -> String {
    let count = |outcome| results.iter().filter(|result| result.outcome() == outcome).count();
    let parts = [(Outcome::Met, "met"), (Outcome::Unmet, "unmet"), (Outcome::Error, "not answered")]
        .map(|(outcome, word)| (count(outcome), word));
    let parts = parts.iter().filter(|(count, word)| *count > 0 || *word == "met");
    parts.map(|(count, word)| format!("{} {word}", grouped(*count))).collect::<Vec<_>>().join(" · ")
}
