//! The configuration file: read once, whole, and checked to the last key, whichever profile is in use.
//!
//! A mistake in a profile that is not in use is an error too: otherwise it would be met at the worst time. What a profile
//! merely lacks is no error until the API that lacks it is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::base_url::BaseUrl;
use super::document::{self, Document, quoted_key};
use super::helper::Helper;
use super::reading::read_file;
use super::token::{Secret, TokenSource, is_variable_name};
use super::values::{is_profile_name, parse_retries, parse_timeout};
use super::{Origin, SANDBOX, Setting, at, is_pasted_secret, permissions, unknown_profile};
use crate::account::RESOURCES;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    default_profile: Option<Spanned<String>>,
    defaults: Defaults,
    profiles: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<WrittenApi>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Defaults {
    timeout: Option<Spanned<String>>,
    retries: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenApi {
    base_url: Option<Spanned<String>>,
    token: Option<Spanned<String>>,
    token_env: Option<Spanned<String>>,
    token_file: Option<Spanned<String>>,
    token_command: Option<Spanned<Vec<String>>>,
    ca_file: Option<Spanned<String>>,
}

/// What the file says.
#[derive(Debug)]
pub(super) struct File {
    pub default_profile: Option<Setting<String>>,
    pub timeout: Option<Setting<Duration>>,
    pub retries: Option<Setting<u32>>,
    /// By profile, then by API.
    pub profiles: BTreeMap<String, BTreeMap<&'static str, Api>>,
}

/// What a profile says of one API.
#[derive(Debug)]
pub(super) struct Api {
    pub origin: Origin,
    pub base_url: Option<Setting<BaseUrl>>,
    pub token: Option<Setting<Arc<TokenSource>>>,
    pub ca_file: Option<Setting<PathBuf>>,
}

impl File {
    /// Reads the file; `None` if nothing of that name exists.
    pub fn read(path: &Path, env: &Environment) -> Result<Option<Self>> {
        let failed = |words: &str, line| {
            let message = format!("the configuration file {} {words}", path.display());
            Error::new(Kind::Config, message)
                .hint("it must be a TOML file that you can read; --config names another one")
                .at(path, line)
        };
        let content = match read_file(path, document::MAX) {
            Err(unreadable) if unreadable.is_absent => return Ok(None),
            other => other.map_err(|unreadable| failed(&unreadable.words, None))?,
        };
        let metadata = content.metadata.clone();
        permissions::refuse_other_writers(path, &metadata)?;
        let text = document::decode(content).map_err(|(words, line)| failed(&words, line))?;
        let reader = Reader {
            document: Document::new(path, &text, Kind::Config),
            directory: path.parent().unwrap_or(path),
            env,
        };
        let written: Written = reader.document.parse()?;
        let apis = || written.profiles.values().flat_map(BTreeMap::values);
        if apis().any(|api| api.get_ref().token.is_some()) {
            permissions::refuse_other_readers(path, &metadata)?;
        }
        reader.file(&written).map(Some)
    }
}

/// Checks what serde has read, and resolves it.
struct Reader<'a> {
    document: Document<'a>,
    directory: &'a Path,
    env: &'a Environment,
}

impl Reader<'_> {
    fn file(&self, written: &Written) -> Result<File> {
        let defaults = &written.defaults;
        let retries = |retries: &u32| parse_retries(&retries.to_string());
        let mut file = File {
            default_profile: self.checked("", written.default_profile.as_ref(), |name| {
                Ok(name.clone())
            })?,
            timeout: self.checked("timeout", defaults.timeout.as_ref(), |text| {
                parse_timeout(text)
            })?,
            retries: self.checked("retries", defaults.retries.as_ref(), retries)?,
            profiles: BTreeMap::new(),
        };
        let apis = written.profiles.values().flat_map(BTreeMap::values);
        let variables = apis.filter_map(|api| api.get_ref().token_env.as_ref());
        let variables: Arc<[String]> = variables.map(|name| name.get_ref().clone()).collect();
        for (name, written) in &written.profiles {
            let mut profile = BTreeMap::new();
            self.check_name(name)?;
            for (key, api) in written {
                let api_names = RESOURCES.map(|resource| resource.api);
                let Some(api_name) = api_names.into_iter().find(|api| api == key.get_ref()) else {
                    let section = format!("[profiles.{}]", quoted_key(name.get_ref()));
                    return Err(self.document.unknown_key(
                        &key.span(),
                        key.get_ref(),
                        &section,
                        &api_names,
                    ));
                };
                let section = section(name.get_ref(), api_name);
                let origin = self.document.origin(&key.span());
                profile.insert(
                    api_name,
                    self.api(api.get_ref(), origin, &section, &variables)?,
                );
            }
            file.profiles.insert(name.get_ref().clone(), profile);
        }
        self.check_default(&file)?;
        Ok(file)
    }

    fn check_name(&self, name: &Spanned<String>) -> Result<()> {
        let what = if name.get_ref() == SANDBOX {
            "the profile `sandbox` is built in and cannot be defined: give it another name"
        } else if !is_profile_name(name.get_ref()) {
            "a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`"
        } else {
            return Ok(());
        };
        Err(self.document.error(&name.span(), what))
    }

    /// A default profile that does not exist is an error, even while another is in use.
    fn check_default(&self, file: &File) -> Result<()> {
        let Some(default) = &file.default_profile else {
            return Ok(());
        };
        let names = file.profiles.keys().cloned();
        let names: Vec<_> = names.chain([SANDBOX.to_owned()]).collect();
        if names.contains(&default.value) {
            return Ok(());
        }
        let place = format!("(`default_profile`, {})", default.origin);
        let error = unknown_profile(&default.value, &names, &place);
        Err(at(error, &default.origin))
    }

    fn api(
        &self,
        api: &WrittenApi,
        origin: Origin,
        section: &str,
        variables: &Arc<[String]>,
    ) -> Result<Api> {
        let url = |text: &String| BaseUrl::parse(text);
        let path = |text: &String| self.file_name(text);
        let variable = |name: &String| match is_variable_name(name) {
            true => Ok(name.clone()),
            false => Err(
                "takes the name of a variable (letters, digits and `_`), not a token".to_owned(),
            ),
        };
        let helper = |arguments: &Vec<String>| self.helper(arguments, variables);
        let named = |setting: Setting<String>| TokenSource::Variable {
            name: setting.value,
            named_in: Some(setting.origin),
        };
        let literal = |text: Setting<Result<Secret, &'static str>>| TokenSource::Literal {
            token: text.value,
            origin: text.origin,
        };
        let secret = |text: &String| Ok(Secret::from_line(text.clone().into_bytes()));
        let sources = [
            self.source("token", api.token.as_ref(), secret, literal)?,
            self.source("token_env", api.token_env.as_ref(), variable, named)?,
            self.source("token_file", api.token_file.as_ref(), path, |s| {
                TokenSource::File(s.value)
            })?,
            self.source("token_command", api.token_command.as_ref(), helper, |s| {
                TokenSource::Command(s.value)
            })?,
        ];
        let mut sources: Vec<_> = sources.into_iter().flatten().collect();
        sources.sort_by_key(|(_, start, _)| *start);
        if let [(first, start, _), (second, other, _), ..] = &sources[..] {
            let (line, other_line) = (self.document.line(*start), self.document.line(*other));
            let what = format!(
                "{section} has two sources for its token: `{first}` in line {line} and `{second}` in line {other_line}"
            );
            return Err(self
                .document
                .error(&(*other..*other), &what)
                .hint("keep one of them"));
        }
        Ok(Api {
            origin,
            base_url: self.checked("base_url", api.base_url.as_ref(), url)?,
            token: sources.pop().map(|(_, _, token)| token),
            ca_file: self.checked("ca_file", api.ca_file.as_ref(), path)?,
        })
    }

    /// A checked value and its place. `check` fails with words that follow the key.
    fn checked<W, T>(
        &self,
        key: &str,
        written: Option<&Spanned<W>>,
        check: impl Fn(&W) -> Result<T, String>,
    ) -> Result<Option<Setting<T>>> {
        let Some(written) = written else {
            return Ok(None);
        };
        let span = written.span();
        let value = check(written.get_ref())
            .map_err(|words| self.document.error(&span, &format!("`{key}` {words}")))?;
        Ok(Some(self.document.setting(&span, value)))
    }

    /// A token source, with its key and where it begins.
    fn source<W, T>(
        &self,
        key: &'static str,
        written: Option<&Spanned<W>>,
        check: impl Fn(&W) -> Result<T, String>,
        source: impl Fn(Setting<T>) -> TokenSource,
    ) -> Result<Option<(&'static str, usize, Setting<Arc<TokenSource>>)>> {
        let Some(setting) = self.checked(key, written, check)? else {
            return Ok(None);
        };
        let start = written.map_or(0, |written| written.span().start);
        let origin = setting.origin.clone();
        let source = Arc::new(source(setting));
        Ok(Some((key, start, Setting::new(source, origin))))
    }

    fn helper(&self, arguments: &[String], variables: &Arc<[String]>) -> Result<Helper, String> {
        let program = arguments.first().filter(|program| !program.is_empty());
        let program = program.ok_or(
            "must be a list of strings: the program, then each argument by itself, as in [\"op\", \"read\", \"op://Vault/item/token\"]",
        )?;
        if arguments.iter().any(|argument| argument.contains('\0')) {
            return Err("has a NUL in it, which no program can be given".to_owned());
        }
        let mut arguments = arguments.to_owned();
        // What runs must not depend on the current directory.
        if program.contains('/') {
            arguments[0] = self.resolve(program)?.to_string_lossy().into_owned();
        }
        Ok(Helper::new(arguments, variables.clone()))
    }

    fn file_name(&self, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() {
            return Err("names no file".to_owned());
        }
        if text.contains('\0') {
            return Err("has a NUL in it, which no file has in its name".to_owned());
        }
        let path = self.resolve(text)?;
        if is_pasted_secret(&path) {
            return Err("takes the name of a file, not a token".to_owned());
        }
        Ok(path)
    }

    /// `~/` is the user's home; a relative path starts at the directory of the configuration file.
    fn resolve(&self, text: &str) -> Result<PathBuf, String> {
        if text.starts_with("~/") && self.env.home().is_none() {
            return Err("begins with ~/, and there is no home directory: set HOME".to_owned());
        }
        Ok(self.directory.join(self.env.expand_home(Path::new(text))))
    }
}

/// The table of an API as it is named in the file.
pub(super) fn section(profile: &str, api: &str) -> String {
    format!("[profiles.{}.{api}]", quoted_key(profile))
}
