//! The result of a check: rows for people, objects for scripts.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::suite::Check;
use crate::account::Redactor;
use crate::commands::poll::{Answer, ExpectationRecord, actual};
use crate::error::{Error, Kind, Result};
use crate::expression::Verdict;
use crate::text::SHOWN;

/// The result of a check.
pub struct CheckResult {
    pub check: Arc<Check>,
    pub redactor: Redactor,
    /// The profile it was looked up with, as far as that is known.
    pub profile: Option<String>,
    /// Or why the account could not be looked up.
    pub answer: Result<Answer>,
    pub lookups: u32,
    pub elapsed: Duration,
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
    /// The result of a check that has not been made: no look-ups, and the profile that the suite names.
    pub fn new(check: &Arc<Check>, redactor: &Redactor, answer: Result<Answer>) -> Self {
        CheckResult {
            profile: check.profile.as_deref().map(|name| redactor.redact(name)),
            check: check.clone(),
            redactor: redactor.clone(),
            answer,
            lookups: 0,
            elapsed: Duration::ZERO,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match &self.answer {
            Ok(answer) if answer.is_met() => Outcome::Met,
            Ok(_) => Outcome::Unmet,
            Err(_) => Outcome::Error,
        }
    }

    pub fn name(&self) -> Option<String> {
        self.check.name.as_deref().map(|name| self.redactor.redact(name))
    }

    /// The id, unless it is the bearer token, given as one.
    pub fn id(&self) -> Option<&str> {
        let is_secret = matches!(&self.answer, Err(error) if error.kind() == Kind::Usage);
        Some(self.check.id.as_str()).filter(|_| !is_secret)
    }

    /// Each expectation, and the verdict on it if there is an answer.
    pub fn expectations(&self) -> impl Iterator<Item = (String, Option<&Verdict>)> {
        let verdicts = self.answer.as_ref().map_or(&[][..], |answer| &answer.verdicts);
        let expected = self.check.expected.iter().enumerate();
        expected.map(|(i, expected)| (expected.shown(&self.redactor), verdicts.get(i)))
    }

    /// `status=active, but it is pending; !revoked_at, but it is 2024-06-30T23:59:59Z`
    pub fn unmet(&self) -> String {
        let unmet = self.expectations().filter_map(|(expected, verdict)| {
            let verdict = verdict.filter(|verdict| !verdict.holds)?;
            Some(format!("{expected}, but it is {}", actual(verdict, SHOWN)))
        });
        unmet.collect::<Vec<_>>().join("; ")
    }

    pub fn record(&self) -> CheckRecord<'_> {
        let answer = self.answer.as_ref().ok();
        CheckRecord {
            name: self.name(),
            id: self.id(),
            api: self.check.id.resource().api,
            profile: self.profile.as_deref(),
            verdict: self.outcome(),
            found: answer.map(|answer| answer.is_found),
            expectations: ExpectationRecord::all(&self.check.expected, answer, &self.redactor),
            error: self.answer.as_ref().err(),
            lookups: self.lookups,
            elapsed_ms: self.elapsed.as_millis(),
        }
    }

    /// A row for each expectation: check, expected, actual, verdict.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let code = self.answer.as_ref().err().map_or("", |error| error.kind().code());
        self.expectations().map(move |(expected, verdict)| {
            let (actual, word) = match verdict {
                Some(verdict) => (actual(verdict, usize::MAX), if verdict.holds { "met" } else { "unmet" }),
                None => (code.replace('_', " "), "error"),
            };
            vec![self.name().unwrap_or_default(), expected, actual, word.to_owned()]
        })
    }
}

/// How many results have this outcome.
pub fn count(results: &[CheckResult], outcome: Outcome) -> usize {
    results.iter().filter(|result| result.outcome() == outcome).count()
}
