//! The configuration file: read once, whole, and checked to the last key, whichever profile is in use.
//!
//! A mistake in a profile that is not in use is an error too: otherwise it would be met at the worst time. What a profile
//! merely lacks is no error until the API that lacks it is used. A mistake does not hide the rest of the file from commands
//! that show what there is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::base_url::BaseUrl;
use super::document::Document;
use super::endpoint::ClientCert;
use super::helper::Helper;
use super::reading::is_pasted_secret;
use super::token::TokenSource;
use super::values::{parse_retries, parse_timeout};
use super::{Origin, SANDBOX, Setting, permissions};
use crate::account::redact::is_name_byte;
use crate::account::{RESOURCES, Resource};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    default_profile: Option<Spanned<String>>,
    defaults: RawDefaults,
    // Only its form is checked here: each API is read on its own.
    profiles: BTreeMap<String, toml::Table>,
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
#[derive(Default)]
pub(super) struct File {
    pub default_profile: Option<Setting<String>>,
    pub timeout: Option<Setting<Duration>>,
    pub retries: Option<Setting<u32>>,
    /// The names, in the order of the file.
    pub profiles: Vec<String>,
    /// What each profile says of each API, or what is wrong with it; in the order of the file.
    pub apis: Vec<(String, &'static Resource, Result<Api>)>,
    /// The first mistake of the file.
    pub mistake: Option<Error>,
    /// The variables of every `token_env`, which no helper gets to see.
    pub token_variables: Arc<[String]>,
}

/// What a profile says of one API.
pub struct Api {
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
        let root = document.root()?;
        let profiles = root.get_ref().get("profiles").map_or_else(Vec::new, entries);
        let apis = || profiles.iter().flat_map(|(_, apis)| entries(apis)).map(|(_, api)| api.get_ref());
        if apis().any(|api| api.get("token").is_some()) {
            permissions::refuse_other_readers(path, &metadata)?;
        }
        let variables = apis().filter_map(|api| api.get("token_env")?.get_ref().as_str());
        let reader = Reader {
            document: &document,
            directory: path.parent().unwrap_or(path),
            env,
            token_variables: variables.map(str::to_owned).collect(),
        };
        Ok(Some(reader.file(&root, profiles)))
    }
}

pub const NAME_RULE: &str = "a profile's name is 1 to 64 letters, digits, `.`, `_` and `-`";

pub fn is_profile_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(is_name_byte)
}

/// A key and its value.
type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// The entries of a table, in the order of the file.
fn entries<'a>(table: &'a Spanned<DeValue<'a>>) -> Vec<Entry<'a>> {
    let mut entries: Vec<_> = table.get_ref().as_table().into_iter().flatten().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Checks what serde has read, and resolves paths.
struct Reader<'a> {
    document: &'a Document,
    directory: &'a Path,
    env: &'a Environment,
    token_variables: Arc<[String]>,
}

impl Reader<'_> {
    fn file(&self, root: &Spanned<DeValue<'_>>, written: Vec<Entry<'_>>) -> File {
        let (mut profiles, mut apis, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
        for (name, profile) in written {
            let mut wrong = |what| mistakes.push(self.document.error(&name.span(), what));
            match &**name.get_ref() {
                SANDBOX => wrong("the profile `sandbox` is built in: give this one another name"),
                text if is_profile_name(text) => profiles.push(text.to_owned()),
                _ => wrong(NAME_RULE),
            }
            for (key, api) in entries(profile) {
                let Some(resource) = RESOURCES.into_iter().find(|resource| resource.api == key.get_ref()) else {
                    mistakes.push(self.document.unknown_key(&key.span(), &RESOURCES.map(|resource| resource.api)));
                    continue;
                };
                let api = self.document.decode(api.clone()).and_then(|raw| self.api(key, raw));
                mistakes.extend(api.as_ref().err().cloned());
                apis.push((name.get_ref().to_string(), resource, api));
            }
        }
        let mut note = |mistake| mistakes.push(mistake);
        let raw: RawFile = self.document.decode(root.clone()).map_err(&mut note).unwrap_or_default();
        let default_profile = self.checked("default_profile", raw.default_profile, Ok).map_err(&mut note);
        let timeout = self.checked("timeout", raw.defaults.timeout, |text| parse_timeout(&text)).map_err(&mut note);
        let retries = self.checked("retries", raw.defaults.retries, |n| parse_retries(&n.to_string())).map_err(note);
        File {
            default_profile: default_profile.unwrap_or_default(),
            timeout: timeout.unwrap_or_default(),
            retries: retries.unwrap_or_default(),
            profiles,
            token_variables: self.token_variables.clone(),
            apis,
            mistake: mistakes.into_iter().min_by_key(|mistake| mistake.context().line),
        }
    }

    fn api(&self, key: &Spanned<DeString<'_>>, raw: RawApi) -> Result<Api> {
        let base_url = self.checked("base_url", raw.base_url, |text| Ok(BaseUrl::parse(&text)?))?;
        let file = |key: &str, raw| self.checked(key, raw, |text: String| self.file_name(&text));
        let ca_file = file("ca_file", raw.ca_file)?;
        let client_cert =
            match (file("client_cert_file", raw.client_cert_file)?, file("client_key_file", raw.client_key_file)?) {
                (Some(cert_file), Some(key_file)) => Some(ClientCert { cert_file, key_file }),
                (None, None) => None,
                (Some(one), _) | (_, Some(one)) => {
                    let what = format!("a client certificate needs its private key too ({})", one.origin);
                    let error = Error::new(Kind::Config, what).hint("name both client_cert_file and client_key_file");
                    return Err(one.origin.blame(error));
                }
            };
        let sources = [
            self.checked("token", raw.token, |text| Ok(TokenSource::Literal(text, "literal (hidden)".to_owned())))?,
            self.checked("token_env", raw.token_env, variable)?,
            self.checked("token_file", raw.token_file, |text| Ok(TokenSource::File(self.file_name(&text)?)))?,
            self.checked("token_command", raw.token_command, |list| Ok(TokenSource::Command(self.helper(list)?)))?,
        ];
        let mut sources: Vec<_> = sources.into_iter().flatten().collect();
        if let [one, other, ..] = &sources[..] {
            let what = format!("two sources for one token, at {} and at {}", one.origin, other.origin);
            return Err(other.origin.blame(Error::new(Kind::Config, what).hint("keep one of them")));
        }
        let token = sources.pop().map(|source| Setting::new(Arc::new(source.value), source.origin));
        Ok(Api { origin: self.document.origin(&key.span()), base_url, token, ca_file, client_cert })
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
