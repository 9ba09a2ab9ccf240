//! Which of several values counts: flag, environment, file, built-in. A variable that a flag overrides is not looked at, even if
//! it is wrong.

use std::path::{Path, PathBuf};

use super::endpoint::variable_names;
use super::file::File;
use super::reading::refuse_pasted_secret;
use super::token::TokenSource;
use super::values::{DEFAULT_RETRIES, DEFAULT_TIMEOUT, parse_retries, parse_timeout};
use super::{Flags, Origin, SANDBOX, Setting, Settings, no_file};
use crate::account::redact::Tokens;
use crate::account::{RESOURCES, Redactor};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::output::Format;

impl Settings {
    /// Resolves all settings. Fails if anything is wrong with the file, whichever profile is in use.
    pub fn load(flags: &Flags, env: &Environment) -> Result<Self> {
        let mut settings = Self::survey(flags, env)?;
        settings.mistake.take().map_or(Ok(settings), Err)
    }

    /// Resolves what can be resolved, for commands that show what there is.
    pub fn survey(flags: &Flags, env: &Environment) -> Result<Self> {
        let path = locate(flags, env)?;
        let chosen = match &flags.profile {
            Some(profile) => Some(profile.clone()),
            None => variable(env, "ACCTQ_PROFILE")?,
        };
        let is_sandbox = chosen.as_ref().is_some_and(|name| name.value == SANDBOX);
        let opened = path.as_ref().filter(|_| !is_sandbox);
        let read = opened.map_or(Ok(None), |path| File::read(&path.value, env));
        let file = read.unwrap_or_else(|unreadable| Some(File { mistake: Some(unreadable), ..File::default() }));
        let nothing = File::default();
        let of_file = file.as_ref().unwrap_or(&nothing);
        // A file that was named must exist, the default one need not.
        let missing = opened.filter(|path| file.is_none() && path.origin != Origin::BuiltIn).map(|_| no_file(opened));
        let default = of_file.default_profile.clone();
        let timeout = (DEFAULT_TIMEOUT, of_file.timeout.clone());
        let retries = (DEFAULT_RETRIES, of_file.retries.clone());
        let mut settings = Settings {
            profile: chosen.clone().or_else(|| default.clone()),
            output: output_setting(flags, env)?,
            timeout: resolve(("--timeout", flags.timeout), ("ACCTQ_TIMEOUT", env), timeout, parse_timeout)?,
            retries: resolve(("--retries", flags.retries), ("ACCTQ_RETRIES", env), retries, parse_retries)?,
            path,
            profiles: of_file.profiles.iter().cloned().chain([SANDBOX.to_owned()]).collect(),
            mistake: missing.or_else(|| of_file.mistake.clone()),
            file,
            endpoints: Vec::new(),
        };
        // A default that does not exist is an error, even while another profile is in use.
        let unknown = chosen.iter().chain(&default).find_map(|profile| settings.require_profile(profile).err());
        settings.mistake = settings.mistake.or(unknown);
        if !settings.is_sandbox() {
            let endpoints = RESOURCES.into_iter().map(|resource| (resource, settings.resolve_endpoint(resource, env)));
            settings.endpoints = endpoints.collect();
        } else if let (None, Some(default)) = (chosen, default) {
            settings.mistake = settings.mistake.or_else(|| refuse_unused_token(&default, env).err());
        }
        Ok(settings)
    }
}

/// A redactor that knows the tokens at hand: those of variables, and of every profile of the file, if that can be read.
pub fn redactor(flags: &Flags, env: &Environment) -> Redactor {
    let file = locate(flags, env).ok().flatten().and_then(|path| File::read(&path.value, env).ok()?);
    let apis = file.iter().flat_map(|file| &file.apis);
    let tokens = Tokens::default();
    let add_variable = |name: &str| env.get(name).iter().for_each(|token| tokens.add(&token.to_string_lossy()));
    for resource in RESOURCES {
        add_variable(&variable_names(resource.api)[0]);
    }
    apis.filter_map(|(.., api)| api.as_ref().ok()?.token.as_ref()).for_each(|token| match &*token.value {
        TokenSource::Literal(token, _) => tokens.add(token.trim_end()),
        TokenSource::Variable(name) => add_variable(name),
        TokenSource::File(_) | TokenSource::Command(_) => {}
    });
    Redactor::new(false, tokens)
}

/// How results are written: the one setting that no file decides.
pub fn output_setting(flags: &Flags, env: &Environment) -> Result<Setting<Format>> {
    let parse = |text: &str| text.parse().map_err(str::to_owned);
    resolve(("--output", flags.output), ("ACCTQ_OUTPUT", env), (&Format::default().to_string(), None), parse)
}

/// Where the configuration is looked for, whether the file exists or not.
pub fn config_path(flags: &Flags, env: &Environment) -> Result<Setting<PathBuf>> {
    locate(flags, env)?.ok_or_else(|| no_file(None))
}

/// The file that a flag or a variable names, or the platform's place for it; `None` without a home directory.
fn locate(flags: &Flags, env: &Environment) -> Result<Option<Setting<PathBuf>>> {
    let (path, origin) = match (&flags.config, env.get("ACCTQ_CONFIG")) {
        (Some(path), _) => (path.as_path(), Origin::Flag("--config")),
        (None, Some(path)) => (Path::new(path), Origin::Variable("ACCTQ_CONFIG".to_owned())),
        (None, None) => {
            let path = env.config_dir.as_ref().map(|dir| dir.join("config.toml"));
            return Ok(path.map(|path| Setting::new(path, Origin::BuiltIn)));
        }
    };
    let path = std::path::absolute(env.expand_home(path))
        .map_err(|error| Error::new(Kind::Config, format!("{origin} names no file")).because(error))?;
    refuse_pasted_secret(&path, Kind::Config, &origin.to_string())?;
    Ok(Some(Setting::new(path, origin)))
}

/// A token in the environment is meant for a real server: a default profile must not send its owner to the sandbox.
fn refuse_unused_token(default: &Setting<String>, env: &Environment) -> Result<()> {
    let mut names = RESOURCES.iter().flat_map(|resource| variable_names(resource.api));
    let Some(set) = names.find(|name| env.get_allowing_empty(name).is_some()) else {
        return Ok(());
    };
    let message = format!("{set} is set, but the default profile is the sandbox");
    let error =
        Error::new(Kind::Config, message).hint("choose a profile with -p, such as `-p sandbox`, or unset the variable");
    Err(default.origin.blame(error))
}

/// The variable, if it is set to something.
fn variable(env: &Environment, name: &str) -> Result<Option<Setting<String>>> {
    let Some(value) = env.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().ok_or_else(|| Error::new(Kind::Config, format!("{name} is not valid UTF-8")))?;
    Ok(Some(Setting::new(text.to_owned(), Origin::Variable(name.to_owned()))))
}

/// The flag's value, or else the variable's, the file's or the built-in one.
fn resolve<T>(
    (flag, given): (&'static str, Option<T>),
    (name, env): (&str, &Environment),
    (built_in, file): (&str, Option<Setting<T>>),
    parse: fn(&str) -> Result<T, String>,
) -> Result<Setting<T>> {
    if let Some(value) = given {
        return Ok(Setting::new(value, Origin::Flag(flag)));
    }
    let text = match (variable(env, name)?, file) {
        (Some(text), _) => text,
        (None, Some(value)) => return Ok(value),
        (None, None) => Setting::new(built_in.to_owned(), Origin::BuiltIn),
    };
    match parse(&text.value) {
        Ok(value) => Ok(Setting::new(value, text.origin)),
        Err(rule) => Err(Error::new(Kind::Config, format!("{} {rule}", text.origin))),
    }
}
