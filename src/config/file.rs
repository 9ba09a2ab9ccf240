//! The configuration file: read once, whole, and checked to the last key, whichever profile is in use.
//!
//! A mistake in a profile that is not in use is a mistake too: it would be met at the worst time. What a profile merely
//! lacks is none, until the API that lacks it is used.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::base_url::BaseUrl;
use super::environment::Environment;
use super::helper::Helper;
use super::opened::Opened;
use super::token::{Literal, Source, Variable};
use super::values::{self, is_profile_name};
use super::{Origin, SANDBOX, Setting, permissions};
use crate::account::RESOURCES;
use crate::error::{Error, Kind, Result};
use crate::toml_document::{self, Document, Key, Value, in_order};

const TOP: &[&str] = &["default_profile", "defaults", "profiles"];
const DEFAULTS: &[&str] = &["timeout", "retries"];
const API: &[&str] = &[
    "base_url",
    "token",
    "token_env",
    "token_file",
    "token_command",
    "ca_file",
];

/// The most signs that end or begin a word, a key, a value or a table: each may take a kilobyte of memory in the reading.
const SIGNS_MAX: usize = 50_000;

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub default_profile: Option<Setting<String>>,
    pub timeout: Option<Setting<Duration>>,
    pub retries: Option<Setting<u32>>,
    pub profiles: BTreeMap<String, Profile>,
}

/// What a profile says of each API, by the API's name.
pub(super) type Profile = BTreeMap<&'static str, Api>;

/// What a profile says of one API. What it lacks matters only when that API is used.
#[derive(Debug)]
pub(super) struct Api {
    pub origin: Origin,
    pub base_url: Option<Setting<BaseUrl>>,
    pub token: Option<Setting<Source>>,
    pub ca_file: Option<Setting<PathBuf>>,
}

impl File {
    /// Reads the file; `None` if there is nothing of that name.
    ///
    /// # Errors
    /// `config`: it cannot be read, others can write it, or something is wrong in it.
    pub fn read(path: &Path, env: &Environment) -> Result<Option<Self>> {
        let failed = |words: &str| {
            let message = format!("the configuration file {} {words}", path.display());
            Error::new(Kind::Config, message)
                .hint("it must be a TOML file that you can read; --config names another one")
                .at(path, None)
        };
        let opened = match Opened::open(path) {
            Err(unreadable) if unreadable.absent => return Ok(None),
            other => other.map_err(|unreadable| failed(&unreadable.words))?,
        };
        permissions::refuse_foreign_writers(&opened)?;
        let text =
            toml_document::read(&opened).map_err(|(words, line)| failed(&words).at(path, line))?;
        let signs = text.bytes().filter(|b| b" \t\r\n.,=[]{}\"'".contains(b));
        // Nearly every file is too short for that.
        if text.len() > SIGNS_MAX && signs.count() > SIGNS_MAX {
            return Err(failed(
                "is none that a person has written: it has more than 50,000 words and signs",
            ));
        }
        let document = Document::new(path, &text, Kind::Config);
        let reader = Reader { document, env };
        let file = reader.file()?;
        if file.sources().any(|s| matches!(s, Source::Literal(_))) {
            permissions::refuse_foreign_readers(&opened)?;
        }
        Ok(Some(file))
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.profiles
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(|api| api.token.as_ref().map(|token| &token.value))
    }

    /// Keeps the variables that any `token_env` names from every helper.
    fn withhold_variables(&mut self) {
        let variables: Vec<String> = self
            .sources()
            .filter_map(|source| match source {
                Source::Variable(variable) => Some(variable.name().to_owned()),
                _ => None,
            })
            .collect();
        for api in self.profiles.values_mut().flat_map(BTreeMap::values_mut) {
            if let Some(Setting {
                value: Source::Command(helper),
                ..
            }) = &mut api.token
            {
                helper.withhold(&variables);
            }
        }
    }
}

/// Reads the tables of the document, each by its own rules.
struct Reader<'a> {
    document: Document<'a>,
    env: &'a Environment,
}

impl Reader<'_> {
    fn file(&self) -> Result<File> {
        let table = self.document.parse()?;
        let mut file = File::default();
        for (key, value) in in_order(table.get_ref()) {
            match key.get_ref().as_ref() {
                "default_profile" => {
                    let name = self.document.string(key, value)?;
                    file.default_profile = Some(self.setting(value, name.to_owned()));
                }
                "defaults" => {
                    self.defaults(&mut file, self.document.table("[defaults]", value)?)?;
                }
                "profiles" => {
                    for (name, value) in in_order(self.document.table("[profiles]", value)?) {
                        let profile = self.profile(name, value)?;
                        file.profiles.insert(name.get_ref().to_string(), profile);
                    }
                }
                _ => return Err(self.document.unknown(key, "the file", TOP)),
            }
        }
        self.check_default(&file)?;
        file.withhold_variables();
        Ok(file)
    }

    /// A default profile that does not exist is an error, even while another is in use.
    fn check_default(&self, file: &File) -> Result<()> {
        let Some(Setting {
            value: name,
            origin: Origin::File { line, .. },
        }) = &file.default_profile
        else {
            return Ok(());
        };
        if name == SANDBOX || file.profiles.contains_key(name) {
            return Ok(());
        }
        let names = file.profiles.keys().map(String::as_str);
        let names: Vec<_> = names.chain([SANDBOX]).collect();
        let message = format!(
            "(`default_profile`, {}, line {line})",
            self.document.path.display()
        );
        Err(super::unknown_profile(name, &names, &message).at(self.document.path, Some(*line)))
    }

    fn defaults(&self, file: &mut File, table: &DeTable<'_>) -> Result<()> {
        for (key, value) in in_order(table) {
            match key.get_ref().as_ref() {
                "timeout" => {
                    let DeValue::String(text) = value.get_ref() else {
                        let rule = values::TIMEOUT_RULE;
                        let what = format!("`timeout` must be in quotes: {rule}");
                        return Err(self.document.error(&value.span(), &what));
                    };
                    let timeout = values::parse_timeout(text).map_err(|rule| {
                        self.document
                            .error(&value.span(), &format!("`timeout` {rule}"))
                    })?;
                    file.timeout = Some(self.setting(value, timeout));
                }
                "retries" => {
                    let retries = match value.get_ref() {
                        DeValue::Integer(i) if i.radix() == 10 => {
                            values::parse_retries(i.as_str()).ok()
                        }
                        _ => None,
                    };
                    let retries = retries.ok_or_else(|| {
                        let rule = values::RETRIES_RULE;
                        self.document
                            .error(&value.span(), &format!("`retries` must be {rule}"))
                    })?;
                    file.retries = Some(self.setting(value, retries));
                }
                "output" => {
                    return Err(self
                        .document
                        .error(&key.span(), "the output format is never in the file")
                        .hint(
                            "a file must not change what a script gets: use -o or ACCTQ_OUTPUT",
                        ));
                }
                _ => return Err(self.document.unknown(key, "[defaults]", DEFAULTS)),
            }
        }
        Ok(())
    }

    fn profile(&self, name: &Key<'_>, value: &Value<'_>) -> Result<Profile> {
        let text = name.get_ref().as_ref();
        if text == SANDBOX {
            return Err(self
                .document
                .error(
                    &name.span(),
                    "the profile `sandbox` is built in and cannot be defined",
                )
                .hint("give the profile another name"));
        }
        if !is_profile_name(text) {
            return Err(self.document.error(
                &name.span(),
                "a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`",
            ));
        }
        let section = section(text, None);
        let apis: Vec<_> = RESOURCES.iter().map(|resource| resource.api).collect();
        let mut profile = Profile::new();
        for (key, value) in in_order(self.document.table(&section, value)?) {
            match apis.iter().find(|api| **api == key.get_ref().as_ref()) {
                Some(api) => {
                    profile.insert(api, self.api(text, api, key, value)?);
                }
                None => return Err(self.document.unknown(key, &section, &apis)),
            }
        }
        Ok(profile)
    }

    fn api(&self, profile: &str, api: &str, key: &Key<'_>, value: &Value<'_>) -> Result<Api> {
        let section = section(profile, Some(api));
        let mut result = Api {
            origin: self.origin(&key.span()),
            base_url: None,
            token: None,
            ca_file: None,
        };
        let mut first: Option<(&str, usize)> = None;
        for (key, value) in in_order(self.document.table(&section, value)?) {
            let name = key.get_ref().as_ref();
            match name {
                "base_url" => {
                    let url =
                        BaseUrl::parse(self.document.string(key, value)?).map_err(|words| {
                            self.document
                                .error(&value.span(), &format!("`base_url` {words}"))
                        })?;
                    result.base_url = Some(self.setting(value, url));
                }
                "ca_file" => {
                    result.ca_file = Some(self.setting(value, self.file_name(key, value)?));
                }
                "token" | "token_env" | "token_file" | "token_command" => {
                    let source = self.source(key, value)?;
                    let line = self.document.line(key.span().start);
                    if let Some((other, other_line)) = first {
                        let what = format!(
                            "{section} has two sources for its token: `{other}` in line {other_line} and `{name}` in line {line}"
                        );
                        return Err(self
                            .document
                            .error(&key.span(), &what)
                            .hint("keep one of them"));
                    }
                    first = Some((
                        API.iter().find(|k| **k == name).copied().unwrap_or(""),
                        line,
                    ));
                    result.token = Some(self.setting(value, source));
                }
                _ => return Err(self.document.unknown(key, &section, API)),
            }
        }
        Ok(result)
    }

    fn source(&self, key: &Key<'_>, value: &Value<'_>) -> Result<Source> {
        let origin = self.origin(&value.span());
        Ok(match key.get_ref().as_ref() {
            "token" => Source::Literal(Literal::new(
                self.document.string(key, value)?.to_owned(),
                origin,
            )),
            "token_env" => {
                let name = Variable::named(self.document.string(key, value)?, origin);
                Source::Variable(name.ok_or_else(|| {
                    self.document.error(
                        &value.span(),
                        "`token_env` takes the name of a variable (letters, digits and `_`), not a token",
                    )
                })?)
            }
            "token_file" => Source::File(self.file_name(key, value)?),
            _ => Source::Command(self.command(value)?),
        })
    }

    fn command(&self, value: &Value<'_>) -> Result<Helper> {
        let wrong = || {
            self.document.error(
                &value.span(),
                "`token_command` must be a list of strings: the program, then each argument by itself",
            )
            .hint("for example [\"op\", \"read\", \"op://Vault/item/token\"]; no shell is involved")
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(wrong());
        };
        let mut arguments = items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                _ => Err(wrong()),
            })
            .collect::<Result<Vec<_>>>()?;
        if arguments.iter().any(|argument| argument.contains('\0')) {
            let what = "`token_command` has a NUL in it, which no program can be given";
            return Err(self.document.error(&value.span(), what));
        }
        // A path is taken as `token_file` takes it: what runs must not depend on the current directory.
        if let Some(program) = arguments.first_mut()
            && program.contains('/')
        {
            let path = self.resolve(program).map_err(|what| {
                self.document
                    .error(&value.span(), &format!("`token_command` {what}"))
            })?;
            *program = path.to_string_lossy().into_owned();
        }
        Helper::new(arguments).ok_or_else(wrong)
    }

    fn file_name(&self, key: &Key<'_>, value: &Value<'_>) -> Result<PathBuf> {
        let text = self.document.string(key, value)?;
        let wrong = |what: &str| {
            self.document
                .error(&value.span(), &format!("`{}` {what}", key.get_ref()))
        };
        if text.is_empty() {
            return Err(wrong("names no file"));
        }
        if text.contains('\0') {
            return Err(wrong("has a NUL in it, which no file has in its name"));
        }
        let path = self.resolve(text).map_err(|what| wrong(&what))?;
        if super::is_pasted_secret(&path) {
            return Err(wrong("takes the name of a file, not a token"));
        }
        Ok(path)
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.document.path.to_owned(),
            line: self.document.line(span.start),
        }
    }

    fn setting<T>(&self, at: &Value<'_>, value: T) -> Setting<T> {
        Setting {
            value,
            origin: self.origin(&at.span()),
        }
    }

    /// `~/` is the user's home; what is relative is relative to the directory of the configuration file.
    fn resolve(&self, text: &str) -> Result<PathBuf, String> {
        match text.strip_prefix("~/") {
            Some(rest) => match self.env.home() {
                Some(home) => Ok(home.join(rest)),
                None => Err("begins with ~/, and there is no home directory: set HOME".to_owned()),
            },
            None => Ok(self
                .document
                .path
                .parent()
                .unwrap_or(self.document.path)
                .join(text)),
        }
    }
}

/// A table's name as it stands in the file.
pub(super) fn section(profile: &str, api: Option<&str>) -> String {
    let quoted = if profile.contains('.') {
        format!("\"{profile}\"")
    } else {
        profile.to_owned()
    };
    match api {
        Some(api) => format!("[profiles.{quoted}.{api}]"),
        None => format!("[profiles.{quoted}]"),
    }
}
