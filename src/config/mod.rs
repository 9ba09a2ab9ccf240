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

use crate::account::{RESOURCES, Resource};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::output::Format;
use crate::text::{excerpt, nearest};
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
    ///
    /// # Errors
    /// `config`: the file or a variable is wrong, or the profile does not exist.
    pub fn load(flags: &Flags, env: &Environment) -> Result<Self> {
        let path = locate(flags, env)?;
        let chosen = match &flags.profile {
            Some(name) => Some(Setting::new(name.clone(), Origin::Flag(flags.profile_flag))),
            None => text(env, "ACCTQ_PROFILE")?,
        };
        let is_sandbox = chosen.as_ref().is_some_and(|name| name.value == SANDBOX);
        let mut file = match &path {
            Some(path) if !is_sandbox => read(path, env)?,
            _ => None,
        };
        let names = file.iter().flat_map(|file| file.profiles.keys().cloned());
        let profiles: Vec<_> = names.chain([SANDBOX.to_owned()]).collect();
        let (default, timeout, retries) = file.as_mut().map_or((None, None, None), |file| {
            (
                file.default_profile.take(),
                file.timeout.take(),
                file.retries.take(),
            )
        });
        let is_chosen = chosen.is_some();
        let mut settings = Settings {
            profile: chosen.or(default),
            output: output_setting(flags, env)?,
            timeout: first(
                flags.timeout.map(|value| (value, "--timeout")),
                text(env, "ACCTQ_TIMEOUT"),
                timeout,
                DEFAULT_TIMEOUT,
                parse_timeout,
            )?,
            retries: first(
                flags.retries.map(|value| (value, "--retries")),
                text(env, "ACCTQ_RETRIES"),
                retries,
                DEFAULT_RETRIES,
                parse_retries,
            )?,
            path,
            profiles,
            file,
            endpoints: Vec::new(),
        };
        if let Some(profile) = &settings.profile {
            settings.require_profile(profile)?;
        }
        if settings.is_sandbox() {
            // A token in the environment is meant for a real server: a default must not send its owner to the sandbox.
            let mut names = RESOURCES.iter().flat_map(|r| endpoint::variables(r.api));
            if let Some(set) = names.find(|name| !is_chosen && env.raw(name).is_some()) {
                let message = format!(
                    "{set} is set, but the default profile is the sandbox, where it would not be used"
                );
                return Err(Error::new(Kind::Config, message).hint(
                    "choose with -p: `-p sandbox`, or another profile; or unset the variable",
                ));
            }
        } else {
            let endpoints = RESOURCES
                .iter()
                .map(|r| (r.api, settings.resolve(r.api, env)));
            settings.endpoints = endpoints.collect();
        }
        Ok(settings)
    }

    /// Whether look-ups go to the built-in sandbox.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.profile.as_ref().is_some_and(|p| p.value == SANDBOX)
    }

    /// Where look-ups of `resource` go. Not to be asked for the sandbox, whose server has no configured address.
    ///
    /// # Errors
    /// `config` without a file, profile or URL, `auth` without a token source.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<&Endpoint> {
        let found = self.endpoints.iter().find(|(api, _)| *api == resource.api);
        let error = match found {
            Some((_, Ok(endpoint))) => return Ok(endpoint),
            Some((_, Err(error))) => error.clone(),
            None => Error::new(Kind::Config, "the sandbox has no configured address"),
        };
        Err(error.with_context(|context| {
            context.api = Some(resource.api);
            context.profile = self.profile.as_ref().map(|profile| profile.value.clone());
        }))
    }

    /// Every setting as name, value and origin, for `config show`; what cannot be used is described.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, String)> {
        fn row(name: &str, value: impl ToString, origin: &Origin) -> (String, String, String) {
            (name.to_owned(), value.to_string(), origin.to_string())
        }
        let mut rows = Vec::new();
        if let Some(Setting { value, origin }) = &self.path {
            let state = match (&self.file, self.is_sandbox()) {
                (Some(_), _) => "",
                (None, true) => " (not opened: the sandbox needs none)",
                (None, false) => " (does not exist)",
            };
            rows.push(row("config", format!("{}{state}", value.display()), origin));
        }
        rows.push(match &self.profile {
            Some(profile) => row("profile", &profile.value, &profile.origin),
            None => row("profile", "none selected", &Origin::BuiltIn),
        });
        rows.push(row("output", self.output.value, &self.output.origin));
        // `Debug` writes durations as the file does: 60s, 1.5s, 500ms.
        let timeout = format!("{:?}", self.timeout.value);
        rows.push(row("timeout", timeout, &self.timeout.origin));
        rows.push(row("retries", self.retries.value, &self.retries.origin));
        for (api, endpoint) in &self.endpoints {
            let row = |key, value, origin| row(&format!("{api}.{key}"), value, origin);
            match endpoint {
                Ok(endpoint) => {
                    let Endpoint {
                        base_url,
                        token,
                        ca_file,
                        ..
                    } = endpoint;
                    rows.push(row(
                        "base_url",
                        base_url.value.to_string(),
                        &base_url.origin,
                    ));
                    rows.push(row("token", token.value.describe(), &token.origin));
                    rows.extend(ca_file.as_ref().map(|file| {
                        row("ca_file", file.value.display().to_string(), &file.origin)
                    }));
                }
                Err(error) => {
                    let words = format!("cannot be used: {error}");
                    rows.push(((*api).to_owned(), words, String::new()));
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
        let Some(path) = self.path.as_ref().filter(|_| self.file.is_some()) else {
            let prefix = format!(
                "unknown profile `{}` ({}): ",
                excerpt(&name.value, 64),
                name.origin
            );
            return Err(no_file(self.path.as_ref()).with_prefix(&prefix));
        };
        let path = path.value.as_path();
        let place = format!(
            "({}): {} has none of that name",
            name.origin,
            path.display()
        );
        let names: Vec<_> = self.profiles.iter().map(String::as_str).collect();
        Err(unknown_profile(&name.value, &names, &place).at(path, None))
    }
}

/// How results are written: the one setting that no file decides.
///
/// # Errors
/// `config`: the variable is wrong.
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
///
/// # Errors
/// `config`, without a home directory.
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
    Ok(Some(Setting::new(absolute, origin)))
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
    let (place, flag) = match origin {
        Origin::BuiltIn => (String::new(), String::new()),
        // Without the flag, `config init` would write the default file.
        _ => (
            format!(" ({origin})"),
            format!("--config {} ", shell_quoted(path)),
        ),
    };
    let message = format!("there is no configuration file {}{place}", path.display());
    let hint =
        format!("`acctq {flag}config init` writes one to begin with; `-p sandbox` needs none");
    Error::new(Kind::Config, message).hint(hint).at(path, None)
}

/// `place` says where the name was given and looked for.
fn unknown_profile(name: &str, profiles: &[&str], place: &str) -> Error {
    let near = nearest(name, profiles.iter().copied())
        .map(|near| format!("did you mean `{near}`? "))
        .unwrap_or_default();
    let message = format!("unknown profile `{}` {place}", excerpt(name, 64));
    Error::new(Kind::Config, message)
        .hint(format!("{near}the profiles are {}", profiles.join(", ")))
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
