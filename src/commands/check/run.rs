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
use crate::commands::poll::Answer;
use crate::commands::session::Target;
use crate::error::{Error, Kind, Result};
use crate::output::{self, Format};
use crate::process::lock;
use crate::text::{EXCERPT, SHOWN, excerpt, grouped};
use crate::ui::Ui;

/// The checks of one call and their results so far.
pub struct CheckRun {
    pub ui: Arc<Ui>,
    pub checks: Vec<Check>,
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
        if let (Some(error), Some(_)) = (&result.error, &self.suite) {
            self.ui.failure(error);
        }
        results.push(result);
    }

    /// The result of a check, looked up with this profile as far as that is known.
    pub fn result(
        &self,
        check: &Check,
        answer: Result<Answer>,
        profile: Option<String>,
        redactor: &Redactor,
    ) -> CheckResult {
        let named = |name: &Option<String>| name.as_deref().map(|name| redactor.redact(name));
        let (name, profile) = (named(&check.name), profile.or_else(|| named(&check.profile)));
        let target = Target::account(&check.id, profile.as_deref());
        let answer = answer.map_err(|error| {
            let is_described = error.context().api.is_some();
            let error = if is_described { error } else { target.describe(error) };
            let (Some(name), Some(suite)) = (&name, &self.suite) else { return error };
            let error = error.with_prefix(&format!("`{}`: ", excerpt(name, SHOWN)));
            let is_in_another_file = error.context().file.is_some();
            if is_in_another_file { error } else { error.at(suite, check.line) }
        });
        let context = answer.as_ref().map_or_else(|error| error.context().clone(), |_| target.context());
        CheckResult { name, profile, ..CheckResult::new(answer, context, &check.expected, redactor) }
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
            results.push(self.result(check, Err(error), None, &self.redactor));
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
            (None, Some(results @ [CheckResult { error: Some(error), .. }])) => {
                self.judged(results).write()?;
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
        let junit = judged.write();
        self.ui.report(&self.output(results))?;
        if self.suite.is_some() && !self.format.has_json_errors() {
            self.ui.note(&judged.text());
        }
        let failures = results.iter().filter_map(|result| result.error.as_ref());
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
            (format, [result]) if !is_suite => output::document(format, result),
            (format, _) => output::documents(format, results.iter()),
        }
    }

    /// The error that says what is unmet, if anything is. Where other checks failed, it is of their kind, as the whole call is.
    fn unmet(&self, results: &[CheckResult], failed: Option<Kind>) -> Option<Error> {
        let unmet = self.checks.iter().zip(results).filter(|(_, result)| result.verdict == Outcome::Unmet);
        let (check, first) = unmet.clone().next()?;
        let Some(suite) = &self.suite else {
            let target = Target::account(&check.id, first.profile.as_deref());
            let error = Error::new(Kind::Unmet, format!("{target} is not as expected: {}", first.unmet()));
            return Some(target.describe(error).with_context(|context| context.elapsed = first.elapsed));
        };
        let names: Vec<_> = unmet.map(|(_, result)| format!("`{}`", result.title())).collect();
        let (count, total) = (grouped(names.len()), grouped(results.len()));
        let message = format!("{count} of {total} checks are unmet: {}", excerpt(&names.join(", "), EXCERPT));
        let error = Error::new(failed.unwrap_or(Kind::Unmet), message).at(suite, check.line);
        let errors = results.iter().filter(|result| result.error.is_some()).count();
        let suffix = format!("; {} could not be looked up", grouped(errors));
        Some(if failed.is_some() { error.with_suffix(&suffix) } else { error })
    }
}
