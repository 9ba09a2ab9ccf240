//! The settings in effect and where each comes from: from flags, the environment, the configuration file or built in.
//!
//! `precedence` says which of several values counts. The rules that keep a token from a foreign
//! origin are in `endpoint`. With the built-in profile `sandbox` the file is not opened and no configured token is read.

pub mod base_url;
pub mod document;
mod endpoint;
mod file;
mod helper;
mod permissions;
mod precedence;
pub mod reading;
mod store;
pub mod token;
pub mod values;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use base_url::BaseUrl;
pub use endpoint::{ClientCert, Endpoint, variable_names};
pub use permissions::{refuse_other_readers, shell_quoted};
pub use precedence::{config_path, output_setting, redactor};
pub use store::{NewSource, Store, TEMPLATE, init};
pub use token::{Secret, TokenSource};
pub use values::{DEFAULT_JOBS, DEFAULT_RETRIES, DEFAULT_TIMEOUT};

use crate::account::redact::repeatable;
use crate::account::{Redactor, Resource};
use crate::error::{Error, Kind, Result};
use crate::output::Format;
use crate::text::nearest;
use file::File;
pub use file::{Api, NAME_RULE, is_profile_name};
use helper::Helper;

/// The built-in profile.
pub const SANDBOX: &str = "sandbox";

/// The flags that settings can come from.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The profile that `--profile` or a check of `--suite` names.
    pub profile: Option<Setting<String>>,
    pub output: Option<Format>,
    pub timeout: Option<Duration>,
    pub retries: Option<u32>,
    pub config: Option<PathBuf>,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of the configuration file, from 1.
    File { path: PathBuf, line: usize },
    /// Built in.
    BuiltIn,
}

impl Origin {
    /// The error, with its file and line if the setting at fault came from one.
    pub fn blame(&self, error: Error) -> Error {
        match self {
            Origin::File { path, line } => error.at(path, Some(*line)),
            _ => error,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "{name}"),
            Origin::Variable(name) => write!(f, "{name}"),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::BuiltIn => write!(f, "built-in"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    pub const fn new(value: T, origin: Origin) -> Self {
        Setting { value, origin }
    }
}

/// All settings in effect. Tokens are not read yet.
pub struct Settings {
    /// The profile; `None` if none is selected.
    pub profile: Option<Setting<String>>,
    pub output: Setting<Format>,
    pub timeout: Setting<Duration>,
    pub retries: Setting<u32>,
    /// Where the configuration is looked for, whether the file exists or not; `None` without a home directory.
    pub path: Option<Setting<PathBuf>>,
    /// The names of all profiles: those of the file, in its order, then `sandbox`.
    pub profiles: Vec<String>,
    /// The first mistake of the file, or of the choice of a profile.
    pub mistake: Option<Error>,
    /// `None` if the file does not exist or was not opened.
    file: Option<File>,
    /// The endpoints of the selected profile, by API; none for the sandbox, whose server is not running yet.
    endpoints: Vec<(&'static Resource, Result<Endpoint>)>,
}

impl Settings {
    /// Whether look-ups go to the built-in sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.profile.as_ref().is_some_and(|p| p.value == SANDBOX)
    }

    /// Where look-ups of `resource` go. Fails for the sandbox, whose server has no configured address.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<&Endpoint> {
        let found = self.endpoints.iter().find(|(known, _)| known.api == resource.api);
        let (_, endpoint) = found.ok_or_else(|| Error::new(Kind::Config, "the sandbox has no configured address"))?;
        endpoint.as_ref().map_err(Error::clone)
    }

    /// What a profile of the file says of each API.
    pub fn apis(&self, profile: &str) -> impl Iterator<Item = (&'static Resource, &Result<Api>)> {
        let apis = self.file.iter().flat_map(|file| &file.apis);
        apis.filter(move |(name, ..)| name == profile).map(|(_, resource, found)| (*resource, found))
    }

    /// Fails if anything is wrong with the file, but for the choice of a profile; it need not exist.
    pub fn require_sound_file(&self) -> Result<()> {
        self.file.as_ref().and_then(|file| file.mistake.clone()).map_or(Ok(()), Err)
    }

    /// A program as the source of a token.
    pub fn program(&self, arguments: Vec<String>) -> TokenSource {
        let withheld = self.file.as_ref().map(|file| file.token_variables.clone()).unwrap_or_default();
        TokenSource::Command(Helper { arguments, withheld })
    }

    /// Every setting as name, value and origin, for `config show`; what cannot be used is described. With a mistake in the file,
    /// those that it may decide are unknown and left out.
    pub fn rows(&self, redactor: &Redactor) -> Vec<(String, String, String)> {
        let is_found = self.profile.as_ref().is_some_and(|profile| self.profiles.contains(&profile.value));
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String, origin| rows.push((name.to_owned(), value, origin));
        if let Some(Setting { value, origin }) = &self.path {
            let state = match self.file {
                None if self.is_sandbox() => " (not opened: the sandbox needs none)",
                None if self.mistake.is_none() => " (does not exist)",
                _ => "",
            };
            row("config", format!("{}{state}", value.display()), Some(origin));
        }
        match &self.profile {
            Some(Setting { value, origin }) if is_found => row("profile", value.clone(), Some(origin)),
            // It may be a secret.
            Some(Setting { origin, .. }) => row("profile", "unknown".to_owned(), Some(origin)),
            None => row("profile", "none selected".to_owned(), Some(&Origin::BuiltIn)),
        }
        row("output", self.output.value.to_string(), Some(&self.output.origin));
        // `Debug` writes durations as the file does: 60s, 1.5s, 500ms.
        row("timeout", format!("{:?}", self.timeout.value), Some(&self.timeout.origin));
        row("retries", self.retries.value.to_string(), Some(&self.retries.origin));
        for (Resource { api, .. }, endpoint) in &self.endpoints {
            match endpoint {
                Ok(Endpoint { base_url, token, ca_file, client_cert, .. }) => {
                    row(&format!("{api}.base_url"), base_url.value.to_string(), Some(&base_url.origin));
                    row(&format!("{api}.token"), token.value.describe(), Some(&token.origin));
                    let pair = client_cert.iter().flat_map(|ClientCert { cert_file, key_file }| {
                        [("client_cert_file", cert_file), ("client_key_file", key_file)]
                    });
                    for (name, file) in ca_file.iter().map(|file| ("ca_file", file)).chain(pair) {
                        row(&format!("{api}.{name}"), file.value.display().to_string(), Some(&file.origin));
                    }
                }
                Err(error) => row(api, format!("cannot be used: {}", redactor.withhold(error.clone())), None),
            }
        }
        let is_known = |origin: Option<&Origin>| origin.map_or(is_found, |origin| *origin != Origin::BuiltIn);
        rows.retain(|(name, _, origin)| self.mistake.is_none() || name == "config" || is_known(*origin));
        let shown = |origin: Option<&Origin>| origin.map(Origin::to_string).unwrap_or_default();
        rows.into_iter().map(|(name, value, origin)| (name, value, shown(origin))).collect()
    }

    /// Fails if there is no profile of that name.
    pub fn require_profile(&self, Setting { value: name, origin }: &Setting<String>) -> Result<()> {
        if self.profiles.contains(name) {
            return Ok(());
        }
        // A text that is no name may be a secret.
        let shown = repeatable(name).map(|name| format!(" `{name}`")).unwrap_or_default();
        let unknown = format!("unknown profile{shown} ({origin})");
        if self.file.is_none() {
            return Err(no_file(self.path.as_ref()).with_prefix(&format!("{unknown}: ")));
        }
        let near = nearest(name, self.profiles.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        Err(origin.blame(self.unsuitable(unknown, &near)))
    }

    /// The error for the choice of a profile; its hint ends in the names.
    fn unsuitable(&self, message: String, hint: &str) -> Error {
        let hint = format!("{hint}the profiles are {}", self.profiles.join(", "));
        let error = Error::new(Kind::Config, message).hint(hint);
        self.path.iter().fold(error, |error, path| error.at(&path.value, None))
    }
}

/// The error for a configuration that does not exist.
pub fn no_file(path: Option<&Setting<PathBuf>>) -> Error {
    let Some(Setting { value: path, origin }) = path else {
        return Error::new(Kind::Config, "there is no home directory for a configuration file")
            .hint("set HOME or XDG_CONFIG_HOME to an absolute path, or name a file with --config");
    };
    let (place, flag) = match origin {
        Origin::BuiltIn => (String::new(), String::new()),
        // Without the flag, `config init` would write the default file.
        _ => (format!(" ({origin})"), format!("--config {} ", shell_quoted(path))),
    };
    let message = format!("there is no configuration file {}{place}", path.display());
    let hint = format!("`acctq {flag}config init` writes one to begin with; `-p sandbox` needs none");
    Error::new(Kind::Config, message).hint(hint).at(path, None)
}
