//! A suite of checks: a TOML file, read whole and checked to the last key before anything is asked.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::account::{Id, id};
use crate::commands::Context;
use crate::commands::question::Expectation;
use crate::commands::veil::{self, Spelt, Veil};
use crate::config::{Opened, TIMEOUT_RULE, is_pasted_secret, parse_timeout};
use crate::error::{Error, Kind, Result};
use crate::escape::excerpt;
use crate::toml_document::{self, Document, Key, Value, in_order};

const TOP: &[&str] = &["version", "check"];
const CHECK: &[&str] = &["name", "id", "expect", "profile", "retry_for", "strict"];

/// How much of a name a message shows, in characters.
const SHOWN: usize = 60;

/// One check.
#[derive(Debug)]
pub struct Check {
    /// What it is called; `None` for one of the command line.
    pub name: Option<Spelt>,
    /// Where it stands in the suite.
    pub line: Option<usize>,
    pub id: Id,
    pub expectations: Vec<Expectation>,
    /// The profile that it names itself.
    pub profile: Option<String>,
    /// For how long it is asked again while it does not hold.
    pub retry_for: Option<Duration>,
    pub strict: bool,
}

impl Check {
    /// The profile that it names, which may be none: then a report repeats it as it does other words.
    pub fn profile(&self, veil: &Veil) -> Option<String> {
        self.profile.as_ref().map(|name| veil.over(name))
    }
}

/// Reads a suite.
///
/// # Errors
/// `usage`: it cannot be read, or something is wrong in it, or there is nothing in it.
pub fn read(path: &Path, context: &Context<'_>) -> Result<Vec<Check>> {
    let failed = |words: &str, line| {
        let message = format!("the suite {} {words}", path.display());
        Error::new(Kind::Usage, message)
            .hint("it must be a TOML file that you can read; `acctq check --help` shows one")
            .at(path, line)
    };
    if is_pasted_secret(path) {
        let message = "--suite takes the name of a file, and this looks like a credential; it is not repeated here";
        return Err(Error::new(Kind::Usage, message)
            .hint("name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history"));
    }
    let opened = Opened::open(path).map_err(|unreadable| failed(&unreadable.words, None))?;
    let text = toml_document::read(&opened).map_err(|(words, line)| failed(&words, line))?;
    let document = Document::new(path, &text, Kind::Usage);
    Reader { document, context }.suite()
}

/// Reads the tables of the suite.
struct Reader<'a> {
    document: Document<'a>,
    context: &'a Context<'a>,
}

impl Reader<'_> {
    fn suite(&self) -> Result<Vec<Check>> {
        let table = self.document.parse()?;
        let start = 0..0;
        let mut is_versioned = false;
        let mut checks: Vec<Check> = Vec::new();
        let mut names = HashMap::new();
        for (key, value) in in_order(table.get_ref()) {
            match key.get_ref().as_ref() {
                "version" => {
                    self.version(value)?;
                    is_versioned = true;
                }
                "check" => {
                    for table in self.tables(value)? {
                        let check = self.check(table)?;
                        self.is_new(&check, &mut names, table)?;
                        checks.push(check);
                    }
                }
                _ => return Err(self.document.unknown(key, "the suite", TOP)),
            }
        }
        if !is_versioned {
            let error = self.document.error(&start, "the suite has no `version`");
            return Err(error.hint("begin it with `version = 1`"));
        }
        if checks.is_empty() {
            let error = self.document.error(&start, "the suite has no checks");
            return Err(error.hint("a check begins with [[check]]; `acctq check --help` shows one"));
        }
        Ok(checks)
    }

    fn version(&self, value: &Value<'_>) -> Result<()> {
        let is_known = matches!(value.get_ref(), DeValue::Integer(i) if i.as_str() == "1");
        if is_known {
            return Ok(());
        }
        let error = self.document.error(&value.span(), "`version` must be 1");
        Err(error.hint("another version is for another acctq"))
    }

    fn tables<'t, 'i>(&self, value: &'t Value<'i>) -> Result<&'t [Value<'i>]> {
        match value.get_ref() {
            DeValue::Array(items) => Ok(items),
            _ => Err(self
                .document
                .error(&value.span(), "`check` must be a list of tables")
                .hint("write [[check]], with two brackets, above each")),
        }
    }

    /// Two checks of one name could not be told apart in a report.
    fn is_new(
        &self,
        check: &Check,
        lines: &mut HashMap<Option<Spelt>, usize>,
        table: &Value<'_>,
    ) -> Result<()> {
        let line = check.line.unwrap_or_default();
        let Some(line) = lines.insert(check.name.clone(), line) else {
            return Ok(());
        };
        let veil = Veil::at_hand(self.context, check.profile.as_deref());
        let name = check.name.as_ref().map(|name| name.shown(&veil));
        let name = excerpt(&name.unwrap_or_default(), SHOWN);
        let what = format!("there is another check named `{name}` in line {line}");
        Err(self
            .document
            .error(&table.span(), &what)
            .hint("give it a name of its own"))
    }

    fn check(&self, table: &Value<'_>) -> Result<Check> {
        let entries = self.document.table("[[check]]", table)?;
        // What an expression may say follows from the id, wherever that stands.
        let id = self.id(table, entries)?;
        let (mut name, mut expectations) = (None, None);
        let (mut profile, mut retry_for, mut strict) = (None, None, false);
        for (key, value) in in_order(entries) {
            match key.get_ref().as_ref() {
                "id" => {}
                "name" => name = Some(self.name(key, value)?),
                "expect" => expectations = Some(self.expectations(value, &id, entries)?),
                "profile" => profile = Some(self.document.string(key, value)?.to_owned()),
                "retry_for" => retry_for = Some(self.duration(key, value)?),
                "strict" => strict = self.boolean(key, value)?,
                _ => return Err(self.document.unknown(key, "[[check]]", CHECK)),
            }
        }
        let lacks = |what: &str, hint: &str| {
            let what = format!("this check has no `{what}`");
            self.document.error(&table.span(), &what).hint(hint)
        };
        Ok(Check {
            name: Some(name.ok_or_else(|| lacks("name", "add name = \"…\": reports call it so"))?),
            line: Some(self.document.line(table.span().start)),
            id,
            expectations: expectations
                .ok_or_else(|| lacks("expect", "add expect = \"status=active\", or a list"))?,
            profile,
            retry_for,
            strict,
        })
    }

    fn id(&self, table: &Value<'_>, entries: &DeTable<'_>) -> Result<Id> {
        let entry = in_order(entries)
            .into_iter()
            .find(|(key, _)| key.get_ref().as_ref() == "id");
        let Some((key, value)) = entry else {
            let error = self.document.error(&table.span(), "this check has no `id`");
            return Err(error.hint("add id = \"cacc_…\", or a partner account's uid"));
        };
        let text = self.document.string(key, value)?;
        id::route(text).map_err(|error| self.placed(error, value))
    }

    fn name(&self, key: &Key<'_>, value: &Value<'_>) -> Result<Spelt> {
        let name = self.document.string(key, value)?;
        if name.trim().is_empty() {
            return Err(self.document.error(&value.span(), "`name` is empty"));
        }
        Ok(Spelt::new(name.to_owned()))
    }

    fn expectations(
        &self,
        value: &Value<'_>,
        id: &Id,
        check: &DeTable<'_>,
    ) -> Result<Vec<Expectation>> {
        let wrong = || {
            self.document
                .error(&value.span(), "`expect` must be an expression in quotes, or a list of them")
                .hint("for example [\"status=active\", \"!revoked_at\"]; `acctq help expressions` tells more")
        };
        let texts = match value.get_ref() {
            DeValue::String(_) => std::slice::from_ref(value),
            DeValue::Array(items) if !items.is_empty() => items,
            _ => return Err(wrong()),
        };
        let profile = || match check.get("profile")?.get_ref() {
            DeValue::String(name) => Some(name.as_ref()),
            _ => None,
        };
        let veil = || Veil::at_hand(self.context, profile());
        let parse = |text: &Value<'_>| {
            let DeValue::String(words) = text.get_ref() else {
                return Err(wrong());
            };
            veil::parse(words, id.resource(), veil)
                .map(Expectation::Holds)
                .map_err(|error| self.placed(error, text))
        };
        texts.iter().map(parse).collect()
    }

    fn duration(&self, key: &Key<'_>, value: &Value<'_>) -> Result<Duration> {
        let text = match value.get_ref() {
            DeValue::String(text) => parse_timeout(text).ok(),
            _ => None,
        };
        text.ok_or_else(|| {
            let what = format!("`{}` must be, in quotes, {TIMEOUT_RULE}", key.get_ref());
            self.document.error(&value.span(), &what)
        })
    }

    fn boolean(&self, key: &Key<'_>, value: &Value<'_>) -> Result<bool> {
        if let DeValue::Boolean(is_so) = value.get_ref() {
            return Ok(*is_so);
        }
        let what = format!("`{}` must be true or false", key.get_ref());
        Err(self.document.error(&value.span(), &what))
    }

    /// A failure of a value, with its place.
    fn placed(&self, error: Error, value: &Value<'_>) -> Error {
        let place = self.document.place(&value.span());
        let line = self.document.line(value.span().start);
        error.adding(&place).at(self.document.path, Some(line))
    }
}
