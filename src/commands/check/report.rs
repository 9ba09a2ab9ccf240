//! What has come of checks: for people as rows, for scripts as documents of our own.

use std::fmt::Write as _;
use std::time::Duration;

use super::suite::Check;
use crate::commands::question::{as_json, is};
use crate::error::{Error, Kind, Result};
use crate::expression::Verdict;
use crate::json::string;
use crate::output::table::{Screen, grid};
use crate::output::{Format, document, documents};
use crate::ui::error_object;

/// What has come of one check.
pub struct Finding<'a> {
    pub check: &'a Check,
    pub profile: Option<String>,
    /// What holds and what does not; or why that could not be asked.
    pub result: Result<Judgement>,
    /// How many look-ups were made.
    pub lookups: u32,
    pub elapsed: Duration,
}

/// What was told from an answer.
pub struct Judgement {
    /// Whether there is such an account.
    pub found: bool,
    /// One for each expectation.
    pub verdicts: Vec<Verdict>,
}

impl Finding<'_> {
    /// The id, unless it is no id but a secret.
    pub fn id(&self) -> Option<&str> {
        let is_secret = matches!(&self.result, Err(error) if error.kind() == Kind::Usage);
        Some(self.check.id.as_str()).filter(|_| !is_secret)
    }

    /// What it comes to, as a script reads it.
    pub fn verdict(&self) -> &'static str {
        match &self.result {
            Ok(judgement) if judgement.is_met() => "met",
            Ok(_) => "unmet",
            Err(_) => "error",
        }
    }
}

impl Judgement {
    fn is_met(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }
}

/// The report; of a suite, it is about several.
pub fn render(findings: &[Finding<'_>], is_suite: bool, format: Format, screen: Screen) -> Vec<u8> {
    if format == Format::Table {
        return table(findings, is_suite, screen);
    }
    let mut texts: Vec<_> = findings.iter().map(object).collect();
    match texts.pop() {
        Some(text) if !is_suite => document(format, text),
        last => {
            texts.extend(last);
            documents(format, texts)
        }
    }
}

/// A row for each expectation.
fn table(findings: &[Finding<'_>], is_suite: bool, screen: Screen) -> Vec<u8> {
    let mut rows = Vec::new();
    for finding in findings {
        let name = finding.check.name.clone().unwrap_or_default();
        for (i, expectation) in finding.check.expectations.iter().enumerate() {
            let (is, verdict) = match &finding.result {
                Ok(judgement) => {
                    let verdict = &judgement.verdicts[i];
                    let word = if verdict.holds { "met" } else { "unmet" };
                    (is(verdict), word)
                }
                Err(error) => (error.kind().code().replace('_', " "), "error"),
            };
            rows.push([
                name.clone(),
                expectation.to_string(),
                is,
                verdict.to_owned(),
            ]);
        }
    }
    if is_suite {
        return grid(&["Check", "Expected", "Is", "Verdict"], &rows, screen);
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|[_, expected, is, verdict]| [expected, is, verdict])
        .collect();
    grid(&["Expected", "Is", "Verdict"], &rows, screen)
}

/// The check as a JSON object: all keys, always.
fn object(finding: &Finding<'_>) -> String {
    let Finding { check, result, .. } = finding;
    let or_null = |text: Option<&str>| text.map_or("null".to_owned(), string);
    let expectations: Vec<_> = (0..check.expectations.len())
        .map(|i| {
            let verdict = result.as_ref().ok().map(|judgement| &judgement.verdicts[i]);
            as_json(&check.expectations[i], verdict)
        })
        .collect();
    let found = match result {
        Ok(judgement) => judgement.found.to_string(),
        Err(_) => "null".to_owned(),
    };
    let error = |error: &Error| error_object(error);
    let members = [
        ("name", or_null(check.name.as_deref())),
        ("id", or_null(finding.id())),
        ("api", string(check.id.resource().api)),
        ("profile", or_null(finding.profile.as_deref())),
        ("verdict", string(finding.verdict())),
        ("found", found),
        ("expectations", format!("[{}]", expectations.join(","))),
        (
            "error",
            result.as_ref().err().map_or("null".to_owned(), error),
        ),
        ("lookups", finding.lookups.to_string()),
        ("elapsed_ms", finding.elapsed.as_millis().to_string()),
    ];
    let mut text = String::new();
    for (name, value) in members {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{}\"{name}\":{value}",
            if text.is_empty() { "{" } else { "," }
        );
    }
    text + "}"
}
