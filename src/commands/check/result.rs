//! The result of a check: rows for people, objects for scripts.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::suite::Check;
use crate::account::Redactor;
use crate::commands::poll::{ExpectationRecord, actual};
use crate::error::{Error, Kind, Result};
use crate::expression::Verdict;
use crate::output::{self, Format, Screen};

/// The result of a check.
pub struct CheckResult {
    pub check: Arc<Check>,
    pub redactor: Redactor,
    /// The profile it was looked up with, as far as that is known.
    pub profile: Option<String>,
    /// Or why the account could not be looked up.
    pub verdicts: Result<Verdicts>,
    pub lookups: u32,
    pub elapsed: Duration,
}

/// The verdicts on an answer.
#[derive(Default)]
pub struct Verdicts {
    pub found: bool,
    /// One for each expectation.
    pub list: Vec<Verdict>,
}

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Met,
    Unmet,
    Error,
}

/// The object of a check in JSON reports: all keys, always.
#[derive(Serialize)]
pub struct CheckRecord<'a> {
    name: Option<String>,
    id: Option<&'a str>,
    api: &'static str,
    profile: Option<&'a str>,
    verdict: Outcome,
    found: Option<bool>,
    expectations: Vec<ExpectationRecord>,
    error: Option<&'a Error>,
    lookups: u32,
    elapsed_ms: u128,
}

impl CheckResult {
    /// The result of a check that was not made.
    pub fn skipped(check: &Arc<Check>, redactor: &Redactor, error: Error) -> Self {
        CheckResult {
            profile: check.profile.as_deref().map(|name| redactor.redact(name)),
            check: check.clone(),
            redactor: redactor.clone(),
            verdicts: Err(error),
            lookups: 0,
            elapsed: Duration::ZERO,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match &self.verdicts {
            Ok(verdicts) if verdicts.list.iter().all(|verdict| verdict.holds) => Outcome::Met,
            Ok(_) => Outcome::Unmet,
            Err(_) => Outcome::Error,
        }
    }

    pub fn name(&self) -> Option<String> {
        self.check.name.as_deref().map(|name| self.redactor.redact(name))
    }

    pub fn expected(&self) -> impl Iterator<Item = String> {
        self.check.expectations.iter().map(|expectation| self.redactor.redact(&expectation.to_string()))
    }

    /// The id, unless it is the bearer token, given as one.
    pub fn id(&self) -> Option<&str> {
        let is_secret = matches!(&self.verdicts, Err(error) if error.kind() == Kind::Usage);
        Some(self.check.id.as_str()).filter(|_| !is_secret)
    }

    fn record(&self) -> CheckRecord<'_> {
        let verdicts = self.verdicts.as_ref().ok();
        let expectations = self.check.expectations.iter().enumerate().map(|(i, expectation)| {
            ExpectationRecord::new(expectation, verdicts.map(|verdicts| &verdicts.list[i]), &self.redactor)
        });
        CheckRecord {
            name: self.name(),
            id: self.id(),
            api: self.check.id.resource().api,
            profile: self.profile.as_deref(),
            verdict: self.outcome(),
            found: verdicts.map(|verdicts| verdicts.found),
            expectations: expectations.collect(),
            error: self.verdicts.as_ref().err(),
            lookups: self.lookups,
            elapsed_ms: self.elapsed.as_millis(),
        }
    }

    /// A row for each expectation: check, expected, actual, verdict.
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.expected().enumerate().map(|(i, expected)| {
            let (actual, verdict) = match &self.verdicts {
                Ok(verdicts) => {
                    let verdict = &verdicts.list[i];
                    (actual(verdict), if verdict.holds { "met" } else { "unmet" })
                }
                Err(error) => (error.kind().code().replace('_', " "), "error"),
            };
            vec![self.name().unwrap_or_default(), expected, actual, verdict.to_owned()]
        })
    }
}

/// Writes the results; those of a suite are several.
pub fn write(
    results: &[CheckResult],
    is_suite: bool,
    format: Format,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    match (format, is_suite) {
        (Format::Table, _) => {
            let skip = usize::from(!is_suite);
            let rows = results.iter().flat_map(CheckResult::rows).map(|row| row[skip..].to_vec());
            let head = ["Check", "Expected", "Is", "Verdict"];
            out.write_all(output::table(&head[skip..], &rows.collect::<Vec<_>>(), screen).as_bytes())
        }
        (_, true) => output::documents(out, format, results.iter().map(CheckResult::record)),
        (_, false) => results.iter().try_for_each(|result| out.write_all(&output::document(format, &result.record()))),
    }
}
