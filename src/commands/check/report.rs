//! What has come of checks: for people as rows, for scripts as documents of our own.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::suite::Check;
use crate::commands::question::{as_json, is};
use crate::commands::veil::Veil;
use crate::error::{Error, Kind, Result};
use crate::expression::Verdict;
use crate::json::string;
use crate::output::table::{Screen, write_grid};
use crate::output::{Format, document, write_documents};
use crate::ui::error_object;

/// What has come of one check.
pub struct Finding {
    pub check: Arc<Check>,
    /// What stands before the check's own words.
    pub veil: Veil,
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

impl Finding {
    /// Of a check that was not asked.
    pub fn failed(check: Arc<Check>, veil: Veil, error: Error) -> Self {
        Finding {
            profile: check.profile(&veil),
            check,
            veil,
            result: Err(error),
            lookups: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// One for each expectation, if it was answered.
    pub fn verdicts_mut(&mut self) -> &mut [Verdict] {
        match &mut self.result {
            Ok(judgement) => &mut judgement.verdicts,
            Err(_) => &mut [],
        }
    }

    /// What the check is called, if it has a name.
    pub fn name(&self) -> Option<String> {
        let name = self.check.name.as_ref();
        name.map(|name| name.shown(&self.veil))
    }

    /// What is expected, one after the other.
    pub fn expected(&self) -> impl Iterator<Item = String> {
        let expectations = self.check.expectations.iter();
        expectations.map(|expectation| expectation.shown(&self.veil))
    }

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

/// Writes the report, one check after the other; of a suite, it is about several.
///
/// # Errors
/// Those of `out`.
pub fn render(
    findings: &[Finding],
    is_suite: bool,
    format: Format,
    screen: Screen,
    mut out: &mut dyn Write,
) -> io::Result<()> {
    let rows = || findings.iter().flat_map(rows);
    match (format, is_suite) {
        (Format::Table, true) => {
            let header = ["Check", "Expected", "Is", "Verdict"];
            write_grid(&mut out, &header, rows, screen)
        }
        (Format::Table, false) => {
            let unnamed = || rows().map(|[_, expected, is, verdict]| [expected, is, verdict]);
            write_grid(&mut out, &["Expected", "Is", "Verdict"], unnamed, screen)
        }
        (_, true) => write_documents(out, format, findings.iter().map(object)),
        (_, false) => {
            let mut texts = findings
                .iter()
                .map(|finding| document(format, object(finding)));
            texts.try_for_each(|text| out.write_all(&text))
        }
    }
}

/// A row for each expectation.
fn rows(finding: &Finding) -> impl Iterator<Item = [String; 4]> {
    finding.expected().enumerate().map(|(i, expected)| {
        let (is, verdict) = match &finding.result {
            Ok(judgement) => {
                let verdict = &judgement.verdicts[i];
                let word = if verdict.holds { "met" } else { "unmet" };
                (is(verdict), word)
            }
            Err(error) => (error.kind().code().replace('_', " "), "error"),
        };
        let name = finding.name().unwrap_or_default();
        [name, expected, is, verdict.to_owned()]
    })
}

/// The check as a JSON object: all keys, always.
fn object(finding: &Finding) -> String {
    let Finding {
        check,
        veil,
        result,
        ..
    } = finding;
    let or_null = |text: Option<&str>| text.map_or("null".to_owned(), string);
    let expectations: Vec<_> = (0..check.expectations.len())
        .map(|i| {
            let verdict = result.as_ref().ok().map(|judgement| &judgement.verdicts[i]);
            as_json(&check.expectations[i], verdict, veil)
        })
        .collect();
    let found = match result {
        Ok(judgement) => judgement.found.to_string(),
        Err(_) => "null".to_owned(),
    };
    let error = |error: &Error| error_object(error);
    let members = [
        ("name", or_null(finding.name().as_deref())),
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
