//! Which of several values counts: flag, environment, file, built-in. A variable that a flag overrides is not looked at, even if
//! it is wrong.

use std::path::{Path, PathBuf};

use super::endpoint::variables;
use super::file::File;
use super::values::{DEFAULT_RETRIES, DEFAULT_TIMEOUT, parse_retries, parse_timeout};
use super::{Flags, Origin, SANDBOX, Setting, Settings, at, is_pasted_secret, no_file};
use crate::account::RESOURCES;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::output::Format;

impl Settings {
    /// Resolves all settings.
    pub fn load(flags: &Flags, env: &Environment) -> Result<Self> {
        let path = locate(flags, env)?;
        let chosen = match &flags.profile {
            Some(profile) => Some(profile.clone()),
            None => text(env, "ACCTQ_PROFILE")?,
        };
        let is_sandbox = chosen.as_ref().is_some_and(|name| name.value == SANDBOX);
        let file = match &path {
            Some(path) if !is_sandbox => match File::read(&path.value, env)? {
                // A file that was named must exist, the default one need not.
                None if path.origin != Origin::BuiltIn => return Err(no_file(Some(path))),
                file => file,
            },
            _ => None,
        };
        let names = file.iter().flat_map(|file| file.profiles.keys().cloned());
        let default = file.as_ref().and_then(|file| file.default_profile.clone());
        let mut settings = Settings {
            profile: chosen.clone().or_else(|| default.clone()),
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
            path,
            profiles: names.chain([SANDBOX.to_owned()]).collect(),
            file,
            endpoints: Vec::new(),
        };
        // A default that does not exist is an error, even while another profile is in use.
        for profile in chosen.iter().chain(&default) {
            settings.require_profile(profile)?;
        }
        if !settings.is_sandbox() {
            let endpoints = RESOURCES.iter().map(|r| (r.api, settings.resolve(r, env)));
            settings.endpoints = endpoints.collect();
        } else if let (None, Some(default)) = (chosen, default) {
            refuse_unused_token(&default, env)?;
        }
        Ok(settings)
    }
}

/// How results are written: the one setting that no file decides.
pub fn output_setting(flags: &Flags, env: &Environment) -> Result<Setting<Format>> {
    first(
        flags.output.map(|value| (value, "--output")),
        text(env, "ACCTQ_OUTPUT"),
        None,
        Format::default().name(),
        |text| text.parse().map_err(str::to_owned),
    )
}

/// Where the configuration is looked for, whether the file exists or not.
pub fn config_path(flags: &Flags, env: &Environment) -> Result<Setting<PathBuf>> {
    locate(flags, env)?.ok_or_else(|| no_file(None))
}

/// The file that a flag or a variable names, or the platform's place for it; `None` without a home directory.
fn locate(flags: &Flags, env: &Environment) -> Result<Option<Setting<PathBuf>>> {
    let (named, origin) = match (&flags.config, env.get("ACCTQ_CONFIG")) {
        (Some(path), _) => (path.clone(), Origin::Flag("--config")),
        (None, Some(path)) => (env.expand_home(Path::new(path)), variable("ACCTQ_CONFIG")),
        (None, None) => {
            let path = env.config_dir.as_ref().map(|dir| dir.join("config.toml"));
            return Ok(path.map(|path| Setting::new(path, Origin::BuiltIn)));
        }
    };
    let absolute = std::path::absolute(named)
        .map_err(|error| Error::new(Kind::Config, format!("{origin} names no file")).because(error))?;
    if is_pasted_secret(&absolute) {
        let message = format!("{origin} takes the name of a file; this looks like a credential");
        return Err(Error::new(Kind::Config, message).hint(
            "name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history",
        ));
    }
    Ok(Some(Setting::new(absolute, origin)))
}

/// A token in the environment is meant for a real server: a default profile must not send its owner to the sandbox.
fn refuse_unused_token(default: &Setting<String>, env: &Environment) -> Result<()> {
    let mut names = RESOURCES.iter().flat_map(|resource| variables(resource.api));
    let Some(set) = names.find(|name| env.raw(name).is_some()) else {
        return Ok(());
    };
    let message = format!("{set} is set, but the default profile is the sandbox");
    let error =
        Error::new(Kind::Config, message).hint("choose a profile with -p, such as `-p sandbox`, or unset the variable");
    Err(at(error, &default.origin))
}

pub(super) fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

/// The variable, if it is set to something.
fn text(env: &Environment, name: &str) -> Result<Option<Setting<String>>> {
    let Some(value) = env.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().ok_or_else(|| Error::new(Kind::Config, format!("{name} is not valid UTF-8")))?;
    Ok(Some(Setting::new(text.to_owned(), variable(name))))
}

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
