//! The result of a check: rows for people, an object for scripts.

use std::time::Duration;

use serde::Serialize;

use crate::account::Redactor;
use crate::commands::poll::{Answer, ExpectationRecord, actual};
use crate::commands::violations::Violations;
use crate::error::{Error, ErrorContext, Result, milliseconds};
use crate::expression::Expression;
use crate::output::{Format, Piece, record};
use crate::text::SHOWN;

/// The result of a check, and its object in JSON reports: all keys, always.
#[derive(Serialize)]
pub struct CheckResult {
    /// The name of a check of a suite.
    pub name: Option<String>,
    /// The id, unless it is the bearer token, given as one.
    pub id: Option<String>,
    pub api: Option<&'static str>,
    /// The profile it was looked up with, as far as that is known.
    pub profile: Option<String>,
    pub verdict: Outcome,
    pub found: Option<bool>,
    pub expectations: Vec<ExpectationRecord>,
    /// Why the account could not be looked up.
    pub error: Option<Error>,
    pub lookups: u32,
    /// Zero for what was not looked up.
    #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
    pub elapsed: Option<Duration>,
    #[serde(skip)]
    pub violations: Violations,
}

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Met,
    Unmet,
    Error,
}

impl CheckResult {
    /// The verdict on the account that the context names, or why there is none.
    pub fn new(answer: Result<Answer>, context: ErrorContext, expected: &[Expression], redactor: &Redactor) -> Self {
        let expectations = ExpectationRecord::all(expected, answer.as_ref().ok(), redactor);
        let (verdict, found, violations, error) = match answer {
            Ok(answer) if answer.is_met() => (Outcome::Met, Some(answer.is_found), answer.violations, None),
            Ok(answer) => (Outcome::Unmet, Some(answer.is_found), answer.violations, None),
            Err(error) => (Outcome::Error, None, Vec::new(), Some(error)),
        };
        let ErrorContext { id, api, profile, attempts, elapsed, .. } = context;
        let (lookups, elapsed) = (attempts.unwrap_or_default().min(1), elapsed.or(Some(Duration::ZERO)));
        CheckResult { name: None, id, api, profile, verdict, found, expectations, error, lookups, elapsed, violations }
    }

    /// The result for what could not be looked up.
    pub fn failed(error: &Error, expected: &[Expression], redactor: &Redactor) -> Self {
        CheckResult::new(Err(error.clone()), error.context().clone(), expected, redactor)
    }

    /// What people know it by: its name, its id, or the line in which no id is.
    pub fn title(&self) -> String {
        let line = || Some(format!("line {}", self.error.as_ref()?.context().line?));
        self.name.clone().or_else(|| self.id.clone()).or_else(line).unwrap_or_default()
    }

    /// `status=active, but it is pending; !revoked_at, but it is 2024-06-30T23:59:59Z`
    pub fn unmet(&self) -> String {
        let unmet = self.expectations.iter().filter_map(|ExpectationRecord { expect, verdict, .. }| {
            let verdict = verdict.as_ref().filter(|verdict| !verdict.holds)?;
            Some(format!("{expect}, but it is {}", actual(verdict, SHOWN)))
        });
        unmet.collect::<Vec<_>>().join("; ")
    }

    /// A row for each expectation: check, expected, actual, verdict.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.expectations.iter().map(|ExpectationRecord { expect, verdict, .. }| {
            let (actual, word) = match verdict {
                Some(verdict) => (actual(verdict, usize::MAX), if verdict.holds { "met" } else { "unmet" }),
                None => (self.code(), "error"),
            };
            vec![self.name.clone().unwrap_or_default(), expect.clone(), actual, word.to_owned()]
        })
    }

    /// One row of many, or the object.
    pub fn piece(&self, format: Format) -> Piece {
        let (word, why) = match self.verdict {
            Outcome::Met => ("met", String::new()),
            Outcome::Unmet => ("unmet", self.unmet()),
            Outcome::Error => ("error", self.code()),
        };
        record(format, self, &[&self.title(), word, &why])
    }

    /// The kind of what failed, in words.
    fn code(&self) -> String {
        self.error.as_ref().map_or(String::new(), |error| error.kind().code().replace('_', " "))
    }
}
