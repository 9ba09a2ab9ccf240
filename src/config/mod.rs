//! What is in effect and why: the only reader of the configuration file and the environment.
//!
//! Each setting comes from the first of these that has it: flag, environment, profile, `[defaults]`, built-in; and it keeps
//! where it came from, for `acctq config show` and for messages. A profile decides where the tokens go, so the rules that
//! keep a token from a foreign origin are in one place, `endpoint`. The profile `sandbox` is built in: with it the file
//! is not opened and no configured token is read.

pub mod base_url;
mod endpoint;
pub mod environment;
mod file;
mod helper;
mod opened;
mod permissions;
mod rows;
mod template;
pub mod token;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use base_url::BaseUrl;
pub use endpoint::Endpoint;
pub use environment::Environment;
pub(crate) use opened::Opened;
pub use template::{TEMPLATE, Written, init};
pub use token::{Given, Secret, Source, TELLING, Tokens};
pub(crate) use values::TIMEOUT_RULE;
pub use values::{
    parse_accounts, parse_jobs, parse_limit, parse_output, parse_port, parse_rate, parse_retries,
    parse_skip, parse_timeout,
};

use crate::account::id::{hide_credentials, repeatable};
use crate::account::{RESOURCES, Resource};
use crate::error::{Error, Kind, Result};
use crate::nearest::nearest;
use crate::output::Format;
use endpoint::Lack;
use file::File;

/// The profile that needs no file, token or network. Its name is reserved.
pub const SANDBOX: &str = "sandbox";

const TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 2;

/// The flags as they were given; `None` if one was not.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--profile`, or the flag whose file names one.
    pub profile: Option<(String, &'static str)>,
    /// `--output`.
    pub output: Option<Format>,
    /// `--timeout`: a whole look-up, retries included.
    pub timeout: Option<Duration>,
    /// `--retries`.
    pub retries: Option<u32>,
    /// `--config`.
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
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Nobody has said anything else.
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
    /// A setting of that origin.
    pub const fn new(value: T, origin: Origin) -> Self {
        Setting { value, origin }
    }
}

/// All that is in effect.
#[derive(Debug)]
pub struct Settings {
    /// The profile; `None` if none is selected.
    pub profile: Option<Setting<String>>,
    /// How results are written.
    pub output: Setting<Format>,
    /// How long a whole look-up may take.
    pub timeout: Setting<Duration>,
    /// How often a failed request is tried again.
    pub retries: Setting<u32>,
    /// The file looked at, be it there or not; `None` if there is no home directory to look in.
    pub path: Option<Setting<PathBuf>>,
    /// The profiles that can be selected: those of the file, then `sandbox`.
    pub profiles: Vec<String>,
    /// Whether the file is there and was read.
    is_read: bool,
    /// Where the look-ups of each API go, or why they cannot.
    endpoints: Vec<(&'static str, Result<Endpoint, Lack>)>,
}

/// How results are written: the one setting that no file has a say in.
///
/// # Errors
/// `config`: the variable is wrong.
pub fn output(flags: &Flags, env: &Environment) -> Result<Setting<Format>> {
    let flag = flags.output.map(|value| (value, "--output"));
    let variable = || parsed(env, "ACCTQ_OUTPUT", parse_output);
    first(flag, variable, None, Format::default())
}

impl Settings {
    /// Resolves everything that needs no resource. Tokens are not read yet.
    ///
    /// # Errors
    /// `config`: the file or a variable is wrong, or the profile does not exist.
    pub fn load(flags: &Flags, env: &Environment) -> Result<Self> {
        let path = locate(flags, env)?;
        let chosen = match &flags.profile {
            Some((name, flag)) => Some(Setting::new(name.clone(), Origin::Flag(flag))),
            None => env
                .text("ACCTQ_PROFILE")?
                .map(|name| Setting::new(name.to_owned(), variable("ACCTQ_PROFILE"))),
        };
        let is_sandbox = |p: &Setting<String>| p.value == SANDBOX;
        let file = match &path {
            Some(path) if !chosen.as_ref().is_some_and(is_sandbox) => read(path, env)?,
            _ => None,
        };
        let is_read = file.is_some();
        let mut file = file.unwrap_or_default();
        let mut profiles: Vec<_> = file.profiles.keys().cloned().collect();
        profiles.push(SANDBOX.to_owned());

        let profile = match (chosen, file.default_profile.take()) {
            (Some(chosen), _) if profiles.contains(&chosen.value) => Some(chosen),
            (Some(chosen), _) if is_read => {
                let names: Vec<_> = profiles.iter().map(String::as_str).collect();
                let file = path.as_ref().map(|path| path.value.as_path());
                let file = file.unwrap_or(Path::new(""));
                let place = format!(
                    "({}): {} has none of that name",
                    chosen.origin,
                    file.display()
                );
                return Err(unknown_profile(&chosen.value, &names, &place).at(file, None));
            }
            (Some(chosen), _) => {
                let name = repeatable(&chosen.value)
                    .map(|name| format!(" `{name}`"))
                    .unwrap_or_default();
                let lack = Lack::no_file(path.as_ref(), &profiles);
                let what = format!("unknown profile{name} ({}): ", chosen.origin);
                return Err(lack.prefixed(&what).error());
            }
            (None, Some(default)) if is_sandbox(&default) => {
                refuse_sandbox_by_default(&default, env)?;
                Some(default)
            }
            (None, default) => default,
        };
        let context = endpoint::Context {
            profile: profile.as_ref(),
            profiles: &profiles,
            path: path.as_ref(),
            is_read,
            env,
        };
        let of_profile = profile
            .as_ref()
            .and_then(|p| file.profiles.remove(&p.value));
        let endpoints = context.endpoints(of_profile.unwrap_or_default());
        Ok(Settings {
            output: output(flags, env)?,
            timeout: first(
                flags.timeout.map(|value| (value, "--timeout")),
                || parsed(env, "ACCTQ_TIMEOUT", parse_timeout),
                file.timeout,
                TIMEOUT,
            )?,
            retries: first(
                flags.retries.map(|value| (value, "--retries")),
                || parsed(env, "ACCTQ_RETRIES", parse_retries),
                file.retries,
                RETRIES,
            )?,
            profile,
            path,
            profiles,
            is_read,
            endpoints,
        })
    }

    /// Whether look-ups go to the built-in server.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.profile.as_ref().is_some_and(|p| p.value == SANDBOX)
    }

    /// Where look-ups of `resource` go. Not to be asked for the sandbox: its server has yet to be started.
    ///
    /// # Errors
    /// `config`, or `auth` for a token variable that is empty: what is missing, and how to supply it.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<&Endpoint> {
        let found = self.endpoints.iter().find(|(api, _)| *api == resource.api);
        let result = match found {
            Some((_, result)) => result.as_ref().map_err(Lack::error),
            None => Err(Lack::sandbox().error()),
        };
        result.map_err(|error| {
            error.with(|facts| {
                facts.api = Some(resource.api);
                facts.profile = self.profile.as_ref().map(|p| p.value.clone());
            })
        })
    }
}

/// The configuration file: named by flag or variable, or where the platform keeps it; `None` without a home directory.
///
/// # Errors
/// `config`, if the name that was given is empty or relative to a directory that is gone.
fn locate(flags: &Flags, env: &Environment) -> Result<Option<Setting<PathBuf>>> {
    let (named, origin) = match (&flags.config, env.get("ACCTQ_CONFIG")) {
        (Some(path), _) => (path.clone(), Origin::Flag("--config")),
        (None, Some(path)) => (PathBuf::from(path), variable("ACCTQ_CONFIG")),
        (None, None) => {
            let default = env.config_dir().map(|dir| dir.join("config.toml"));
            return Ok(default.map(|path| Setting::new(path, Origin::BuiltIn)));
        }
    };
    let absolute = std::path::absolute(&named).map_err(|_| {
        Error::new(
            Kind::Config,
            format!("{origin} names no file that can be found"),
        )
    })?;
    if is_pasted_secret(&absolute) {
        return Err(Error::new(
            Kind::Config,
            format!("{origin} takes the name of a file, and this looks like a credential; it is not repeated here"),
        )
        .hint("name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history"));
    }
    Ok(Some(Setting::new(absolute, origin)))
}

/// Whether a secret stands where a file's name belongs: it looks like one, and there is no such file.
pub(crate) fn is_pasted_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hide_credentials(&name) != name && path.symlink_metadata().is_err()
}

/// The path of the configuration file, be it there or not: `acctq config path`.
///
/// # Errors
/// `config`, without a home directory to look in.
pub fn path(flags: &Flags, env: &Environment) -> Result<Setting<PathBuf>> {
    locate(flags, env)?.ok_or_else(|| Lack::no_home().error())
}

/// Reads the file. One that was named must be there; the default one need not.
fn read(path: &Setting<PathBuf>, env: &Environment) -> Result<Option<File>> {
    let file = File::read(&path.value, env)?;
    if file.is_none() && path.origin != Origin::BuiltIn {
        return Err(Lack::no_file(Some(path), &[]).error());
    }
    Ok(file)
}

/// A token in the environment says that somebody wants the real thing; a default in a file must not give them the sandbox.
fn refuse_sandbox_by_default(default: &Setting<String>, env: &Environment) -> Result<()> {
    let set = RESOURCES.iter().find_map(|resource| {
        let (token, url) = endpoint::variables(resource.api);
        let token = env.raw(&token).is_some().then_some(token);
        token.or_else(|| env.get(&url).is_some().then_some(url))
    });
    match set {
        None => Ok(()),
        Some(set) => {
            let message = format!(
                "{set} is set, but the profile is the sandbox by default ({}), where it would not be used",
                default.origin
            );
            let error = Error::new(Kind::Config, message)
                .hint("choose with -p: `-p sandbox`, or another profile; or unset the variable");
            Err(match &default.origin {
                Origin::File { path, line } => error.at(path, Some(*line)),
                _ => error,
            })
        }
    }
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

/// The variable's value, if it is set to something.
fn parsed<T>(
    env: &Environment,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<Setting<T>>> {
    let Some(text) = env.text(name)? else {
        return Ok(None);
    };
    match parse(text) {
        Ok(value) => Ok(Some(Setting::new(value, variable(name)))),
        Err(rule) => Err(Error::new(Kind::Config, format!("{name} {rule}"))),
    }
}

/// The precedence: flag, environment, file, built-in. A variable that a flag overrides is not looked at, be it wrong.
fn first<T>(
    flag: Option<(T, &'static str)>,
    variable: impl FnOnce() -> Result<Option<Setting<T>>>,
    file: Option<Setting<T>>,
    built_in: T,
) -> Result<Setting<T>> {
    match flag {
        Some((value, name)) => Ok(Setting::new(value, Origin::Flag(name))),
        None => Ok(variable()?
            .or(file)
            .unwrap_or(Setting::new(built_in, Origin::BuiltIn))),
    }
}

/// `place` says where the name was given and looked for.
fn unknown_profile(name: &str, names: &[&str], place: &str) -> Error {
    let shown = repeatable(name)
        .map(|name| format!(" `{name}`"))
        .unwrap_or_default();
    let near = nearest(name, names.iter().copied())
        .map(|near| format!("did you mean `{near}`? "))
        .unwrap_or_default();
    Error::new(Kind::Config, format!("unknown profile{shown} {place}"))
        .hint(format!("{near}the profiles are {}", names.join(", ")))
}

#[cfg(all(test, unix))]
mod tests;
