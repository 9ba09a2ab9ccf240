//! The result of a check: rows for people, objects for scripts.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::suite::Check;
use crate::account::Redactor;
use crate::commands::poll::{Answer, ExpectationRecord, actual};
use crate::error::{Error, Kind, Result};
use crate::expression::{Expression, Verdict};
use crate::text::{SHOWN, grouped, span};

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
    api: Option<&'static str>,
    profile: Option<&'a str>,
    verdict: Outcome,
    found: Option<bool>,
    expectations: Vec<ExpectationRecord>,
    error: Option<&'a Error>,
    lookups: u32,
    elapsed_ms: u128,
}

impl<'a> CheckRecord<'a> {
    /// Of what could not be looked up, and `expected` of it.
    pub fn of_failure(error: &'a Error, expected: &[Expression], redactor: &Redactor) -> Self {
        let context = error.context();
        CheckRecord {
            name: None,
            id: context.id.as_deref(),
            api: context.api,
            profile: context.profile.as_deref(),
            verdict: Outcome::Error,
            found: None,
            expectations: ExpectationRecord::all(expected, None, redactor),
            error: Some(error),
            lookups: u32::from(context.attempts.is_some_and(|attempts| attempts > 0)),
            elapsed_ms: context.elapsed.unwrap_or_default().as_millis(),
        }
    }
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
            api: Some(self.check.id.resource().api),
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

/// How many results have each outcome.
#[derive(Clone, Copy, Default)]
pub struct Counts(pub [usize; 3]);

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    pub fn total(self) -> usize {
        self.0.iter().sum()
    }

    /// `10 met · 1 unmet · 1 not answered · 3 s`
    pub fn text(self, elapsed: Duration) -> String {
        let parts = self.0.iter().zip(["met", "unmet", "not answered"]).enumerate();
        let parts = parts.filter(|(place, (count, _))| **count > 0 || *place == 0);
        let parts = parts.map(|(_, (count, word))| format!("{} {word}", grouped(*count)));
        parts.chain([span(elapsed)]).collect::<Vec<_>>().join(" · ")
    }
}
