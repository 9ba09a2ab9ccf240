//! A suite of checks: a TOML file, read whole and validated to the last key before anything is looked up.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::account::{Id, id};
use crate::commands::poll;
use crate::config::document::Document;
use crate::config::reading::refuse_pasted_secret;
use crate::config::values;
use crate::error::{Error, Kind, Result};
use crate::expression::Expression;

/// A check: an account and what is expected of it.
#[derive(Debug)]
pub struct Check {
    /// Its name in reports; `None` for the check of the command line.
    pub name: Option<String>,
    /// The line of the suite that it begins in.
    pub line: Option<usize>,
    pub id: Id,
    pub expected: Vec<Expression>,
    /// The profile to look it up with, instead of the selected one.
    pub profile: Option<String>,
    /// Look it up again for this time while it is unmet.
    pub retry_for: Option<Duration>,
    pub strict: bool,
}

impl Check {
    /// The profile and the API that it asks.
    pub fn place(&self) -> (Option<&str>, &'static str) {
        (self.profile.as_deref(), self.id.resource().api)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSuite {
    version: Option<Spanned<u32>>,
    #[serde(default)]
    check: Vec<Spanned<WrittenCheck>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCheck {
    name: Spanned<String>,
    id: Spanned<String>,
    expect: Spanned<Expect>,
    profile: Option<String>,
    retry_for: Option<Spanned<String>>,
    #[serde(default)]
    strict: bool,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "an expression in quotes, or a list of them")]
enum Expect {
    One(String),
    Several(Vec<String>),
}

/// Reads a suite.
pub fn read(path: &Path) -> Result<Vec<Check>> {
    refuse_pasted_secret(path, Kind::Usage, "--suite")?;
    let (document, _) = Document::read(path, Kind::Usage, "the suite")?.ok_or_else(|| {
        Error::new(Kind::Usage, format!("the suite {} does not exist", path.display()))
            .hint("name a TOML file; `acctq check --help` shows one")
            .at(path, None)
    })?;
    let suite: WrittenSuite = document.parse()?;
    let refused = |span: &Range<usize>, message: &str, hint: &str| document.error(span, message).hint(hint);
    if suite.version.as_ref().map(Spanned::get_ref) != Some(&1) {
        let place = suite.version.as_ref().map_or(0..0, Spanned::span);
        return Err(refused(&place, "`version` must be 1", "a suite begins with `version = 1`"));
    }
    if suite.check.is_empty() {
        let hint = "a check begins with [[check]]; `acctq check --help` shows one";
        return Err(refused(&(0..0), "the suite has no checks", hint));
    }
    let mut lines = HashMap::new();
    let checks = suite.check.iter().map(|written| {
        let check = check(&document, written)?;
        // Two checks of one name could not be told apart in a report.
        if let Some(line) = lines.insert(check.name.clone(), check.line.unwrap_or_default()) {
            let message = format!("this check has the name of the one in line {line}");
            return Err(refused(&written.span(), &message, "rename one of them"));
        }
        Ok(check)
    });
    checks.collect()
}

fn check(document: &Document, written: &Spanned<WrittenCheck>) -> Result<Check> {
    let WrittenCheck { name, id, expect, profile, retry_for, strict } = written.get_ref();
    let id_span = id.span();
    let id = id::route(id.get_ref()).map_err(|error| document.place(error, &id_span))?;
    if name.get_ref().trim().is_empty() {
        return Err(document.error(&name.span(), "`name` is empty"));
    }
    let expressions = match expect.get_ref() {
        Expect::One(expression) => std::slice::from_ref(expression),
        Expect::Several(expressions) => expressions,
    };
    if expressions.is_empty() {
        let error = document.error(&expect.span(), "`expect` is an empty list");
        return Err(error.hint("for example [\"status=active\", \"!revoked_at\"]; see `acctq help expressions`"));
    }
    let expected = poll::parse_all(expressions, id.resource());
    let retry_for = retry_for.as_ref().map(|time| {
        values::parse_timeout(time.get_ref())
            .map_err(|words| document.error(&time.span(), &format!("`retry_for` {words}")))
    });
    Ok(Check {
        name: Some(name.get_ref().clone()),
        line: Some(document.line(&written.span())),
        id,
        expected: expected.map_err(|error| document.place(error, &expect.span()))?,
        profile: profile.clone(),
        retry_for: retry_for.transpose()?,
        strict: *strict,
    })
}
