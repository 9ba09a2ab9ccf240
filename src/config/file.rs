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
use super::document::Document;
use super::endpoint::ClientCert;
use super::helper::Helper;
use super::reading::is_pasted_secret;
use super::token::TokenSource;
use super::values::{parse_retries, parse_timeout};
use super::{Origin, SANDBOX, Setting, at, permissions};
use crate::account::RESOURCES;
use crate::account::redact::is_name_byte;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    default_profile: Option<Spanned<String>>,
    defaults: RawDefaults,
    profiles: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, RawApi>>,
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
    client_cert_file: Option<Spanned<String>>,
    client_key_file: Option<Spanned<String>>,
}

/// What the file says.
pub(super) struct File {
    pub default_profile: Option<Setting<String>>,
    pub timeout: Option<Setting<Duration>>,
    pub retries: Option<Setting<u32>>,
    /// By profile, then by API.
    pub profiles: BTreeMap<String, BTreeMap<&'static str, Api>>,
}

/// What a profile says of one API.
pub(super) struct Api {
    pub origin: Origin,
    pub base_url: Option<Setting<BaseUrl>>,
    pub token: Option<Setting<Arc<TokenSource>>>,
    pub ca_file: Option<Setting<PathBuf>>,
    pub client_cert: Option<ClientCert>,
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
        if apis().any(|api| api.token.is_some()) {
            permissions::refuse_other_readers(path, &metadata)?;
        }
        let variables = apis().filter_map(|api| api.token_env.as_ref());
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
            let wrong = |what| Err(self.document.error(&name.span(), what));
            match name.get_ref().as_str() {
                SANDBOX => return wrong("the profile `sandbox` is built in: give this one another name"),
                text if (1..=64).contains(&text.len()) && text.bytes().all(is_name_byte) => {}
                _ => return wrong("a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`"),
            }
            let apis = apis.into_iter().map(|(key, api)| self.api(&key, api));
            profiles.insert(name.get_ref().clone(), apis.collect::<Result<_>>()?);
        }
        let RawDefaults { timeout, retries } = raw.defaults;
        Ok(File {
            default_profile: self.checked("default_profile", raw.default_profile, Ok)?,
            timeout: self.checked("timeout", timeout, |text| parse_timeout(&text))?,
            retries: self.checked("retries", retries, |n| parse_retries(&n.to_string()))?,
            profiles,
        })
    }

    fn api(&self, key: &Spanned<String>, raw: RawApi) -> Result<(&'static str, Api)> {
        let Some(resource) = RESOURCES.iter().find(|resource| resource.api == key.get_ref()) else {
            let names = RESOURCES.map(|resource| resource.api);
            return Err(self.document.unknown_key(&key.span(), &names));
        };
        let base_url = self.checked("base_url", raw.base_url, |text| Ok(BaseUrl::for_api(&text)?))?;
        let file = |key: &str, raw| self.checked(key, raw, |text: String| self.file_name(&text));
        let ca_file = file("ca_file", raw.ca_file)?;
        let client_cert =
            match (file("client_cert_file", raw.client_cert_file)?, file("client_key_file", raw.client_key_file)?) {
                (Some(cert_file), Some(key_file)) => Some(ClientCert { cert_file, key_file }),
                (None, None) => None,
                (Some(one), _) | (_, Some(one)) => {
                    let what = format!("a client certificate needs its private key too ({})", one.origin);
                    let error = Error::new(Kind::Config, what).hint("name both client_cert_file and client_key_file");
                    return Err(at(error, &one.origin));
                }
            };
        let sources = [
            self.checked("token", raw.token, |text| Ok(TokenSource::Literal(text)))?,
            self.checked("token_env", raw.token_env, variable)?,
            self.checked("token_file", raw.token_file, |text| Ok(TokenSource::File(self.file_name(&text)?)))?,
            self.checked("token_command", raw.token_command, |list| Ok(TokenSource::Command(self.helper(list)?)))?,
        ];
        let mut sources: Vec<_> = sources.into_iter().flatten().collect();
        if let [one, other, ..] = &sources[..] {
            let what = format!("two sources for one token, at {} and at {}", one.origin, other.origin);
            return Err(at(Error::new(Kind::Config, what), &other.origin).hint("keep one of them"));
        }
        let token = sources.pop().map(|source| Setting::new(Arc::new(source.value), source.origin));
        Ok((resource.api, Api { origin: self.document.origin(&key.span()), base_url, token, ca_file, client_cert }))
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
            "must be a list: the program, then each argument, as in [\"op\", \"read\", \"op://Vault/item/token\"]",
        )?;
        // What runs must not depend on the current directory.
        if program.contains('/') {
            *program = self.file_name(program)?.to_string_lossy().into_owned();
        }
        Ok(Helper { arguments, withheld: self.token_variables.clone() })
    }

    /// `~/` is the user's home; a relative path starts at the directory of the configuration file.
    fn file_name(&self, text: &str) -> Result<PathBuf, String> {
        let path = self.directory.join(self.env.expand_home(Path::new(text)));
        if text.is_empty() || is_pasted_secret(&path) {
            return Err("takes the name of a file".to_owned());
        }
        Ok(path)
    }
}

/// The source that `token_env` names.
fn variable(name: String) -> Result<TokenSource, String> {
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if (1..=128).contains(&name.len()) && name.bytes().all(is_legal) {
        return Ok(TokenSource::Variable(name));
    }
    Err("takes the name of a variable, not a token".to_owned())
}
