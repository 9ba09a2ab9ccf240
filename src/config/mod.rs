//! What is in effect and why: the only reader of the configuration file and of the settings in the environment.
//!
//! Each setting comes from the first of flag, environment, profile, `[defaults]` and built-in, and keeps where it came from.
//! The rules that keep a token from a foreign origin are in `endpoint`. With the built-in profile `sandbox` the file is not
//! opened and no configured token is read.

pub mod base_url;
pub mod document;
mod endpoint;
mod file;
mod helper;
mod init;
mod permissions;
pub mod reading;
pub mod token;
pub mod values;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use base_url::BaseUrl;
pub use endpoint::Endpoint;
pub use init::{TEMPLATE, Written, init};
pub use token::{Secret, TokenSource};
pub use values::{DEFAULT_JOBS, DEFAULT_RETRIES, DEFAULT_TIMEOUT};

use crate::account::id::{hide_credentials, repeatable};
use crate::account::{RESOURCES, Resource};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::output::Format;
use crate::text::nearest;
use file::File;
use permissions::shell_quoted;
use values::{parse_output, parse_retries, parse_timeout};

/// The built-in profile.
pub const SANDBOX: &str = "sandbox";

/// The flags that settings can come from.
#[derive(Clone, Debug)]
pub struct Flags {
    /// The profile that was named.
    pub profile: Option<String>,
    /// What named it: `--profile` or `--suite`.
    pub profile_flag: &'static str,
    /// `--output`
    pub output: Option<Format>,
    /// `--timeout`
    pub timeout: Option<Duration>,
    /// `--retries`
    pub retries: Option<u32>,
    /// `--config`
    pub config: Option<PathBuf>,
}

impl Default for Flags {
    fn default() -> Self {
        Flags {
            profile: None,
            profile_flag: "--profile",
            output: None,
            timeout: None,
            retries: None,
            config: None,
        }
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of the configuration file, from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Built in.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => f.write_str(name),
            Origin::Variable(name) => f.write_str(name),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::BuiltIn => f.write_str("built-in"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    const fn new(value: T, origin: Origin) -> Self {
        Setting { value, origin }
    }
}

/// All settings in effect. Tokens are not read yet.
#[derive(Debug)]
pub struct Settings {
    /// The profile; `None` if none is selected.
    pub profile: Option<Setting<String>>,
    /// How results are written.
    pub output: Setting<Format>,
    /// How long a whole look-up may take.
    pub timeout: Setting<Duration>,
    /// How often a failed request is repeated.
    pub retries: Setting<u32>,
    /// Where the configuration is looked for, whether the file exists or not; `None` without a home directory.
    pub path: Option<Setting<PathBuf>>,
    /// The names of all profiles: those of the file, then `sandbox`.
    pub profiles: Vec<String>,
    /// `None` if the file does not exist or was not opened.
    file: Option<File>,
    /// The endpoints of the selected profile, by API; none for the sandbox, whose server is not running yet.
    endpoints: Vec<(&'static str, Result<Endpoint>)>,
}

impl Settings {
    /// Resolves all settings.
    pub fn load(flags: &Flags, env: &Environment) -> Result<Self> {
        let path = locate(flags, env)?;
        let chosen = match &flags.profile {
            Some(name) => Some(Setting::new(name.clone(), Origin::Flag(flags.profile_flag))),
            None => text(env, "ACCTQ_PROFILE")?,
        };
        let is_sandbox = chosen.as_ref().is_some_and(|name| name.value == SANDBOX);
        let file = match &path {
            Some(path) if !is_sandbox => read(path, env)?,
            _ => None,
        };
        let names = file.iter().flat_map(|file| file.profiles.keys().cloned());
        let profiles: Vec<_> = names.chain([SANDBOX.to_owned()]).collect();
        let default = file.as_ref().and_then(|file| file.default_profile.clone());
        let mut settings = Settings {
            output: output_setting(flags, env)?,
            timeout: first(
                flags.timeout.map(|value| (value, "--timeout")),
                text(env, "ACCTQ_TIMEOUT"),
                file.as_ref().and_then(|file| file.timeout.clone()),
                DEFAULT_TIMEOUT,
                parse_timeout,
            )?,
            retries: first(
                flags.retries.map(|value| (value, "--retries")),
                text(env, "ACCTQ_RETRIES"),
                file.as_ref().and_then(|file| file.retries.clone()),
                DEFAULT_RETRIES,
                parse_retries,
            )?,
            profile: None,
            path,
            profiles,
            file,
            endpoints: Vec::new(),
        };
        match (chosen, default) {
            (Some(chosen), _) => {
                settings.require_profile(&chosen)?;
                settings.profile = Some(chosen);
            }
            (None, Some(default)) => {
                refuse_sandbox_by_default(&default, env)?;
                settings.profile = Some(default);
            }
            (None, None) => {}
        }
        if !settings.is_sandbox() {
            let endpoints = RESOURCES.iter();
            settings.endpoints = endpoints
                .map(|resource| (resource.api, settings.resolve(resource, env)))
                .collect();
        }
        Ok(settings)
    }

    /// Whether look-ups go to the built-in sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.profile.as_ref().is_some_and(|p| p.value == SANDBOX)
    }

    /// Where look-ups of `resource` go. An error for the sandbox, whose server has no configured address.
    ///
    /// Err: `config` without a file, profile or URL, `auth` without a token source.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<&Endpoint> {
        let found = self.endpoints.iter().find(|(api, _)| *api == resource.api);
        match found {
            Some((_, Ok(endpoint))) => Ok(endpoint),
            Some((_, Err(error))) => Err(error.clone()),
            None => Err(Error::new(
                Kind::Config,
                "the sandbox has no configured address",
            )),
        }
    }

    /// Every setting as name, value and origin, for `config show`; what cannot be used is described.
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String, origin: &Origin| {
            rows.push((name.to_owned(), value, origin.to_string()));
        };
        match &self.path {
            Some(Setting { value, origin }) => {
                let state = match (&self.file, self.is_sandbox()) {
                    (Some(_), _) => "",
                    (None, true) => " (not opened: the sandbox needs none)",
                    (None, false) => " (does not exist)",
                };
                row("config", format!("{}{state}", value.display()), origin);
            }
            None => row(
                "config",
                "none: no home directory".to_owned(),
                &Origin::BuiltIn,
            ),
        }
        match &self.profile {
            Some(profile) => row("profile", profile.value.clone(), &profile.origin),
            None => row("profile", "none selected".to_owned(), &Origin::BuiltIn),
        }
        row("output", self.output.value.to_string(), &self.output.origin);
        // `Debug` writes durations as the file does: 60s, 1.5s, 500ms.
        row(
            "timeout",
            format!("{:?}", self.timeout.value),
            &self.timeout.origin,
        );
        row(
            "retries",
            self.retries.value.to_string(),
            &self.retries.origin,
        );
        for resource in RESOURCES {
            let api = resource.api;
            if self.is_sandbox() {
                let value = "a loopback port, for the time of a call".to_owned();
                row(&format!("{api}.base_url"), value, &Origin::BuiltIn);
                continue;
            }
            match self.endpoint(resource) {
                Ok(Endpoint {
                    base_url,
                    token,
                    ca_file,
                    ..
                }) => {
                    row(
                        &format!("{api}.base_url"),
                        base_url.value.to_string(),
                        &base_url.origin,
                    );
                    row(
                        &format!("{api}.token"),
                        token.value.describe(),
                        &token.origin,
                    );
                    if let Some(ca_file) = ca_file {
                        let value = ca_file.value.display().to_string();
                        row(&format!("{api}.ca_file"), value, &ca_file.origin);
                    }
                }
                Err(error) => {
                    let origin = match (&error.context().file, error.context().line) {
                        (Some(path), Some(line)) => Origin::File {
                            path: path.clone(),
                            line,
                        },
                        _ => Origin::BuiltIn,
                    };
                    row(api, format!("cannot be used: {error}"), &origin);
                }
            }
        }
        rows
    }

    /// Fails if there is no profile of that name.
    fn require_profile(&self, name: &Setting<String>) -> Result<()> {
        if self.profiles.contains(&name.value) {
            return Ok(());
        }
        match (&self.path, &self.file) {
            (Some(path), Some(_)) => {
                let path = path.value.as_path();
                let place = format!(
                    "({}): {} has none of that name",
                    name.origin,
                    path.display()
                );
                Err(unknown_profile(&name.value, &self.profiles, &place).at(path, None))
            }
            _ => {
                let prefix = format!("unknown profile{} ({}): ", shown(&name.value), name.origin);
                Err(no_file(self.path.as_ref()).with_prefix(&prefix))
            }
        }
    }
}

/// How results are written: the one setting that no file decides.
pub fn output_setting(flags: &Flags, env: &Environment) -> Result<Setting<Format>> {
    first(
        flags.output.map(|value| (value, "--output")),
        text(env, "ACCTQ_OUTPUT"),
        None,
        Format::default().name(),
        parse_output,
    )
}

/// Where the configuration is looked for, whether the file exists or not.
pub fn config_path(flags: &Flags, env: &Environment) -> Result<Setting<PathBuf>> {
    locate(flags, env)?.ok_or_else(no_home)
}

/// The file that a flag or a variable names, or the platform's place for it; `None` without a home directory.
fn locate(flags: &Flags, env: &Environment) -> Result<Option<Setting<PathBuf>>> {
    let (named, origin) = match (&flags.config, env.get("ACCTQ_CONFIG")) {
        (Some(path), _) => (path.as_path(), Origin::Flag("--config")),
        (None, Some(path)) => (Path::new(path), variable("ACCTQ_CONFIG")),
        (None, None) => {
            let path = env.config_dir().map(|dir| dir.join("config.toml"));
            return Ok(path.map(|path| Setting::new(path, Origin::BuiltIn)));
        }
    };
    let absolute = std::path::absolute(env.expand_home(named)).map_err(|_| {
        let message = format!("{origin} names no file that can be found");
        Error::new(Kind::Config, message)
    })?;
    if is_pasted_secret(&absolute) {
        return Err(pasted_secret(Kind::Config, &origin.to_string()));
    }
    Ok(Some(Setting::new(absolute, origin)))
}

/// Whether a secret stands where the name of a file belongs: it looks like one, and no such file exists.
pub fn is_pasted_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hide_credentials(&name) != name && path.symlink_metadata().is_err()
}

/// The error for a secret that was given as the name of a file.
pub fn pasted_secret(kind: Kind, origin: &str) -> Error {
    let message = format!(
        "{origin} takes the name of a file, and this looks like a credential; it is not repeated here"
    );
    Error::new(kind, message).hint(
        "name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history",
    )
}

/// Reads the file. A file that was named must exist, the default one need not.
fn read(path: &Setting<PathBuf>, env: &Environment) -> Result<Option<File>> {
    let file = File::read(&path.value, env)?;
    if file.is_none() && path.origin != Origin::BuiltIn {
        return Err(no_file(Some(path)));
    }
    Ok(file)
}

fn no_home() -> Error {
    Error::new(
        Kind::Config,
        "there is no home directory to look for a configuration file in",
    )
    .hint("set HOME or XDG_CONFIG_HOME to an absolute path, or name a file with --config")
}

/// The error for a configuration that does not exist.
fn no_file(path: Option<&Setting<PathBuf>>) -> Error {
    let Some(Setting {
        value: path,
        origin,
    }) = path
    else {
        return no_home();
    };
    let shown = path.display();
    let (place, hint) = match origin {
        Origin::BuiltIn => (
            String::new(),
            "`acctq config init` writes one to begin with; `-p sandbox` needs none".to_owned(),
        ),
        // Without the flag, `config init` would write the default file.
        _ => (
            format!(" ({origin})"),
            format!(
                "`acctq --config {} config init` writes one to begin with",
                shell_quoted(path)
            ),
        ),
    };
    Error::new(
        Kind::Config,
        format!("there is no configuration file {shown}{place}"),
    )
    .hint(hint)
    .at(path, None)
}

/// `place` says where the name was given and looked for.
fn unknown_profile(name: &str, profiles: &[String], place: &str) -> Error {
    let near = nearest(name, profiles.iter().map(String::as_str))
        .map(|near| format!("did you mean `{near}`? "))
        .unwrap_or_default();
    Error::new(
        Kind::Config,
        format!("unknown profile{} {place}", shown(name)),
    )
    .hint(format!("{near}the profiles are {}", profiles.join(", ")))
}

/// A name that is not ours, after a blank; nothing if it may be a secret.
fn shown(name: &str) -> String {
    repeatable(name)
        .map(|name| format!(" `{name}`"))
        .unwrap_or_default()
}

/// A token in the environment is meant for a real server; a default in a file must not send its owner to the sandbox.
fn refuse_sandbox_by_default(default: &Setting<String>, env: &Environment) -> Result<()> {
    let set = RESOURCES.iter().find_map(|resource| {
        let (token, url) = endpoint::variables(resource.api);
        let token = env.raw(&token).is_some().then_some(token);
        token.or_else(|| env.get(&url).is_some().then_some(url))
    });
    let Some(set) = set.filter(|_| default.value == SANDBOX) else {
        return Ok(());
    };
    let message = format!(
        "{set} is set, but the profile is the sandbox by default ({}), where it would not be used",
        default.origin
    );
    let error = Error::new(Kind::Config, message)
        .hint("choose with -p: `-p sandbox`, or another profile; or unset the variable");
    Err(at(error, &default.origin))
}

/// The error, with its file and line if the setting came from one.
fn at(error: Error, origin: &Origin) -> Error {
    match origin {
        Origin::File { path, line } => error.at(path, Some(*line)),
        _ => error,
    }
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

/// The variable, if it is set to something.
fn text(env: &Environment, name: &str) -> Result<Option<Setting<String>>> {
    let text = env.text(name)?;
    Ok(text.map(|text| Setting::new(text.to_owned(), variable(name))))
}

/// The precedence: flag, environment, file, built-in. A variable that a flag overrides is not looked at, even if it is wrong.
fn first<T>(
    flag: Option<(T, &'static str)>,
    variable: Result<Option<Setting<String>>>,
    file: Option<Setting<T>>,
    built_in: &str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Setting<T>> {
    if let Some((value, name)) = flag {
        return Ok(Setting::new(value, Origin::Flag(name)));
    }
    let text = match (variable?, file) {
        (Some(text), _) => text,
        (None, Some(value)) => return Ok(value),
        (None, None) => Setting::new(built_in.to_owned(), Origin::BuiltIn),
    };
    match parse(&text.value) {
        Ok(value) => Ok(Setting::new(value, text.origin)),
        Err(rule) => Err(Error::new(Kind::Config, format!("{} {rule}", text.origin))),
    }
}
