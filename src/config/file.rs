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
use super::document::{Document, section};
use super::helper::Helper;
use super::token::{Secret, TokenSource};
use super::values::{is_profile_name, is_variable_name, parse_retries, parse_timeout};
use super::{Origin, SANDBOX, Setting, at, is_pasted_secret, permissions};
use crate::account::RESOURCES;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    default_profile: Option<Spanned<String>>,
    defaults: RawDefaults,
    profiles: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<RawApi>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawDefaults {
    timeout: Option<Spanned<String>>,
    retries: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawApi {
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
        let read = Document::read(path, Kind::Config, "the configuration file")?;
        let Some((document, metadata)) = read else {
            return Ok(None);
        };
        permissions::refuse_other_writers(path, &metadata)?;
        let raw: RawFile = document.parse()?;
        let apis = || raw.profiles.values().flat_map(BTreeMap::values);
        if apis().any(|api| api.get_ref().token.is_some()) {
            permissions::refuse_other_readers(path, &metadata)?;
        }
        let variables = apis().filter_map(|api| api.get_ref().token_env.as_ref());
        let reader = Reader {
            document: &document,
            directory: path.parent().unwrap_or(path),
            env,
            token_variables: variables.map(|name| name.get_ref().clone()).collect(),
        };
        reader.file(raw).map(Some)
    }
}

/// Checks what serde has read, and resolves paths.
struct Reader<'a> {
    document: &'a Document,
    directory: &'a Path,
    env: &'a Environment,
    /// The variables of every `token_env`, which no helper gets to see.
    token_variables: Arc<[String]>,
}

impl Reader<'_> {
    fn file(&self, raw: RawFile) -> Result<File> {
        let mut profiles = BTreeMap::new();
        for (name, apis) in raw.profiles {
            if name.get_ref() == SANDBOX {
                let what = "the profile `sandbox` is built in: give this one another name";
                return Err(self.document.error(&name.span(), what));
            }
            if !is_profile_name(name.get_ref()) {
                let what = "a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`";
                return Err(self.document.error(&name.span(), what));
            }
            let name = name.into_inner();
            let apis = apis.into_iter().map(|(key, api)| self.api(&name, &key, api));
            let apis = apis.collect::<Result<_>>()?;
            profiles.insert(name, apis);
        }
        let retries = |number: u32| parse_retries(&number.to_string());
        Ok(File {
            default_profile: self.checked("default_profile", raw.default_profile, Ok)?,
            timeout: self.checked("timeout", raw.defaults.timeout, |text| parse_timeout(&text))?,
            retries: self.checked("retries", raw.defaults.retries, retries)?,
            profiles,
        })
    }

    fn api(
        &self,
        profile: &str,
        key: &Spanned<String>,
        raw: Spanned<RawApi>,
    ) -> Result<(&'static str, Api)> {
        let names = RESOURCES.map(|resource| resource.api);
        let Some(api) = names.into_iter().find(|name| name == key.get_ref()) else {
            let section = section(&["profiles", profile]);
            let word = key.get_ref();
            return Err(self.document.unknown_key(&key.span(), word, &section, &names));
        };
        let raw = raw.into_inner();
        let base_url = self.checked("base_url", raw.base_url, |text| Ok(BaseUrl::parse(&text)?))?;
        let ca_file = self.checked("ca_file", raw.ca_file, |text| self.file_name(&text))?;
        let literal = self.checked("token", raw.token, Ok)?.map(|token| {
            let secret = Secret::from_line(token.value.as_bytes());
            Setting::new(TokenSource::Literal(secret, token.origin.clone()), token.origin)
        });
        let variable = self.checked("token_env", raw.token_env, |name| {
            let rule = "takes the name of a variable (letters, digits and `_`), not a token";
            is_variable_name(&name).then_some(name).ok_or(rule.to_owned())
        })?;
        let variable = variable.map(|Setting { value, origin }| {
            Setting::new(TokenSource::Variable(value, Some(origin.clone())), origin)
        });
        let file = self.checked("token_file", raw.token_file, |text| {
            self.file_name(&text).map(TokenSource::File)
        })?;
        let command = self.checked("token_command", raw.token_command, |arguments| {
            self.helper(arguments).map(TokenSource::Command)
        })?;
        let keys = ["token", "token_env", "token_file", "token_command"];
        let sources = keys.into_iter().zip([literal, variable, file, command]);
        let mut sources: Vec<_> =
            sources.filter_map(|(key, source)| Some((key, source?))).collect();
        sources.sort_by_key(|(_, source)| match source.origin {
            Origin::File { line, .. } => line,
            _ => 0,
        });
        if let [(first, one), (second, other), ..] = &sources[..] {
            let (one, other) = (&one.origin, &other.origin);
            let section = section(&["profiles", profile, api]);
            let what = format!(
                "{section} has two sources for its token: `{first}` ({one}) and `{second}` ({other})"
            );
            return Err(at(Error::new(Kind::Config, what), other).hint("keep one of them"));
        }
        let token = sources.pop().map(|(_, source)| source);
        let token = token.map(|Setting { value, origin }| Setting::new(Arc::new(value), origin));
        let origin = self.document.origin(&key.span());
        Ok((api, Api { origin, base_url, token, ca_file }))
    }

    /// A checked value and its place. `check` fails with words that follow the key.
    fn checked<R, T>(
        &self,
        key: &str,
        raw: Option<Spanned<R>>,
        check: impl FnOnce(R) -> Result<T, String>,
    ) -> Result<Option<Setting<T>>> {
        let Some(raw) = raw else {
            return Ok(None);
        };
        let span = raw.span();
        match check(raw.into_inner()) {
            Ok(value) => Ok(Some(Setting::new(value, self.document.origin(&span)))),
            Err(words) => Err(self.document.error(&span, &format!("`{key}` {words}"))),
        }
    }

    fn helper(&self, mut arguments: Vec<String>) -> Result<Helper, String> {
        let program = arguments.first_mut().filter(|program| !program.is_empty()).ok_or(
            "must be a list of strings: the program, then each argument by itself, as in [\"op\", \"read\", \"op://Vault/item/token\"]",
        )?;
        // What runs must not depend on the current directory.
        if program.contains('/') {
            *program = self.file_name(program)?.to_string_lossy().into_owned();
        }
        if arguments.iter().any(|argument| argument.contains('\0')) {
            return Err("has a NUL in it, which no program can be given".to_owned());
        }
        Ok(Helper::new(arguments, self.token_variables.clone()))
    }

    /// `~/` is the user's home; a relative path starts at the directory of the configuration file.
    fn file_name(&self, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() || text.contains('\0') {
            return Err("names no file".to_owned());
        }
        if text.starts_with("~/") && self.env.home().is_none() {
            return Err("begins with ~/, and there is no home directory: set HOME".to_owned());
        }
        let path = self.directory.join(self.env.expand_home(Path::new(text)));
        if is_pasted_secret(&path) {
            return Err("takes the name of a file, not a token".to_owned());
        }
        Ok(path)
    }
}
