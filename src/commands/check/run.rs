//! The state of a check run and its report: at the end, or when a signal ends it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::junit::Report;
use super::result::{CheckResult, Outcome};
use super::suite::Check;
use crate::account::Redactor;
use crate::commands::CommandStatus;
use crate::commands::session::Target;
use crate::error::{Error, Kind, Result};
use crate::output::{self, Format};
use crate::process::lock;
use crate::text::{EXCERPT, SHOWN, excerpt, grouped};
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
    /// The results so far, in the order of the checks; `None` once they are reported.
    pub results: Mutex<Option<Vec<CheckResult>>>,
}

impl CheckRun {
    /// Adds the result of the next check, and reports its failure. After a signal it comes too late.
    pub fn add(&self, result: CheckResult) {
        let mut results = lock(&self.results);
        let Some(results) = results.as_mut() else { return };
        if let (Err(error), Some(_)) = (&result.answer, &self.suite) {
            self.ui.failure(error);
        }
        results.push(result);
    }

    /// Adds name and place of the check to an error.
    pub fn locate(&self, check: &Check, redactor: &Redactor, error: Error) -> Error {
        let (Some(name), Some(suite)) = (&check.name, &self.suite) else {
            return error;
        };
        let name = excerpt(&redactor.redact(name), SHOWN);
        let error = error.with_prefix(&format!("`{name}`: "));
        let is_in_another_file = error.context().file.is_some();
        if is_in_another_file { error } else { error.at(suite, check.line) }
    }

    /// Reports the results of a suite that a signal ends: the checks that were not made are errors.
    pub fn end(&self, kind: Kind) {
        let mut results = lock(&self.results);
        self.ui.close();
        let (Some(mut results), Some(_)) = (results.take(), &self.suite) else {
            return;
        };
        for check in &self.checks[results.len()..] {
            let error = Error::new(kind, "a signal ended the run before this check was answered");
            let error = self.locate(check, &self.redactor, Target::account(&check.id, None).describe(error));
            results.push(CheckResult::new(check, &self.redactor, Err(error)));
        }
        if let Err(error) = self.report(&results) {
            self.ui.error(&error);
        }
    }

    /// Writes the reports on all results. A report that cannot be written does not take the verdict away.
    pub fn finish(&self) -> Result<CommandStatus> {
        // A signal waits until the report is complete.
        let mut results = lock(&self.results);
        match (&self.suite, results.take().as_deref()) {
            (None, Some(results @ [CheckResult { answer: Err(error), .. }])) => {
                self.judged(results).write(None)?;
                Err(error.clone())
            }
            (_, Some(results)) => self.report(results),
            (_, None) => Ok(CommandStatus::Done),
        }
    }

    /// The report for CI on these results.
    fn judged(&self, results: &[CheckResult]) -> Report {
        let name = self.suite.as_deref().and_then(Path::file_stem).unwrap_or(OsStr::new("check"));
        let name = self.redactor.redact_known(&name.to_string_lossy());
        let mut report = Report::new(self.junit.clone(), &name, self.started);
        for result in results {
            report.add(result);
        }
        report
    }

    fn report(&self, results: &[CheckResult]) -> Result<CommandStatus> {
        let mut judged = self.judged(results);
        let junit = judged.write(None);
        self.ui.report(&self.output(results))?;
        if self.suite.is_some() && !self.format.has_json_errors() {
            self.ui.note(&judged.counts.text(self.started.elapsed()));
        }
        let failures = results.iter().filter_map(|result| result.answer.as_ref().err());
        let failed = Kind::merge(failures.map(Error::kind));
        let unmet = self.unmet(results, failed);
        if let Some(error) = &unmet {
            self.ui.error(error);
        }
        junit?;
        let failed = failed.or(unmet.map(|error| error.kind()));
        Ok(failed.map_or(CommandStatus::Done, CommandStatus::Failed))
    }

    /// The results for people or for scripts; those of a suite are several.
    fn output(&self, results: &[CheckResult]) -> Vec<u8> {
        let is_suite = self.suite.is_some();
        match (self.format, results) {
            (format, _) if format.is_table() => {
                let skip = usize::from(!is_suite);
                let rows = results.iter().flat_map(CheckResult::rows).map(|row| row[skip..].to_vec());
                let head = ["Check", "Expected", "Is", "Verdict"];
                let screen = self.ui.screen().of(format);
                output::table(&head[skip..], &rows.collect::<Vec<_>>(), screen).into_bytes()
            }
            (format, [result]) if !is_suite => output::document(format, &result.record()),
            (format, _) => output::documents(format, results.iter().map(CheckResult::record)),
        }
    }

    /// The error that says what is unmet, if anything is. Where other checks failed, it is of their kind, as the whole call is.
    fn unmet(&self, results: &[CheckResult], failed: Option<Kind>) -> Option<Error> {
        let unmet: Vec<_> = results.iter().filter(|result| result.outcome() == Outcome::Unmet).collect();
        let first = *unmet.first()?;
        let Some(suite) = &self.suite else {
            let target = Target::account(&first.check.id, first.profile.as_deref());
            let error = Error::new(Kind::Unmet, format!("{target} is not as expected: {}", first.unmet()));
            return Some(target.describe(error).with_context(|context| context.elapsed = Some(first.elapsed)));
        };
        let names = unmet.iter().filter_map(|result| result.name());
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        let (count, total) = (grouped(unmet.len()), grouped(results.len()));
        let message = format!("{count} of {total} checks are unmet: {}", excerpt(&names.join(", "), EXCERPT));
        let error = Error::new(failed.unwrap_or(Kind::Unmet), message).at(suite, first.check.line);
        let errors = results.iter().filter(|result| result.outcome() == Outcome::Error).count();
        let suffix = format!("; {} could not be looked up", grouped(errors));
        Some(if failed.is_some() { error.with_suffix(&suffix) } else { error })
    }
}
