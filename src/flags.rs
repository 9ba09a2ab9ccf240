//! The global flags, and how a command takes those that have a meaning for it.
//!
//! A global flag may stand before or behind a command. `clap`'s own global flags cannot be refused by one command, are
//! listed in the help of all, and cost every start a copy for each; so each command defines just those that it takes,
//! when it is used ([`Leaf`], [`Group`]), and the levels are merged afterwards ([`merge`]).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches, Subcommand};

use crate::config::{self, Environment};
use crate::error::{Error, Kind, Result};
use crate::output::Format;
use crate::ui::{ColorChoice, Manner};

/// The flags that are the same for every command that takes them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct GlobalFlags {
    /// Which profile of the configuration to use; `sandbox` is built in
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
    /// How results are written; with json and ndjson, errors are JSON, too
    #[arg(short, long, value_name = "FORMAT", value_parser = format_parser())]
    pub output: Option<Format>,
    /// Which fields to show, in which order: names with commas between them, paths like metadata.plan
    #[arg(short = 'F', long, value_name = "LIST", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// Show secret fields, like activation tokens
    #[arg(long)]
    pub reveal: bool,
    /// Exit 9 instead of showing an answer that strays from the contract
    #[arg(long)]
    pub strict: bool,
    /// How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_timeout, allow_hyphen_values = true)]
    pub timeout: Option<Duration>,
    /// How often a failed request is repeated: 0 to 10 [default: 2]
    #[arg(long, value_name = "N", value_parser = config::parse_retries, allow_hyphen_values = true)]
    pub retries: Option<u32>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_parser = color_parser())]
    pub color: Option<ColorChoice>,
    /// Nothing on standard error but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// What each request did, on standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| name.parse().unwrap_or_default())
}

fn color_parser() -> impl clap::builder::TypedValueParser<Value = ColorChoice> {
    PossibleValuesParser::new(ColorChoice::ALL.map(ColorChoice::name)).map(|name| {
        ColorChoice::ALL
            .into_iter()
            .find(|choice| choice.name() == name)
            .unwrap_or_default()
    })
}

impl GlobalFlags {
    /// Those that the configuration has a say in.
    #[must_use]
    pub fn for_config(&self) -> config::Flags {
        config::Flags {
            profile: self.profile.clone().map(|name| (name, "--profile")),
            output: self.output,
            timeout: self.timeout,
            retries: self.retries,
            config: self.config.clone(),
        }
    }

    /// Those that say how messages are shown.
    #[must_use]
    pub fn manner(&self, env: &Environment) -> Manner {
        Manner {
            json: format_of(self.output, env).has_json_errors(),
            quiet: self.quiet,
            verbose: self.verbose > 0,
            color: self.color.unwrap_or_default(),
        }
    }
}

/// The global flags that have a meaning for every command.
const EVERYWHERE: [&str; 2] = ["color", "quiet"];

/// The global flags that a look-up takes: all of them.
pub const LOOK_UP: &[&str] = &[
    "profile", "output", "fields", "reveal", "strict", "timeout", "retries", "config", "color",
    "quiet", "verbose",
];

/// Which of the global flags, besides those that every command takes, have a meaning for a command.
pub trait Takes {
    /// Their names.
    const FLAGS: &'static [&'static str];
}

/// A command's own arguments, and the global flags that it takes; defined when the command is used.
#[derive(Debug)]
pub struct Leaf<T>(pub T);

/// Commands below a command; defined when one of them is used.
#[derive(Debug)]
pub struct Group<T>(pub T);

/// Adds the global flags that `T` takes, and gives back the `about` that a type's own documentation may have replaced.
fn with_flags<T: Takes>(
    command: clap::Command,
    define: fn(clap::Command) -> clap::Command,
) -> clap::Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let all = GlobalFlags::augment_args(clap::Command::new("flags"));
    let has_meaning = |id: &str| T::FLAGS.contains(&id) || EVERYWHERE.contains(&id);
    let taken: Vec<_> = all
        .get_arguments()
        .filter(|arg| has_meaning(arg.get_id().as_str()))
        .cloned()
        .collect();
    define(command).args(taken).about(about)
}

impl<T: Takes + Args> Args for Leaf<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(|command| with_flags::<T>(command, T::augment_args))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<T: Takes + Subcommand> Subcommand for Group<T> {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.defer(|command| with_flags::<T>(command, T::augment_subcommands))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

macro_rules! read_by_the_inner_type {
    ($wrapper:ident) => {
        impl<T: FromArgMatches> FromArgMatches for $wrapper<T> {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                T::from_arg_matches(matches).map($wrapper)
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0.update_from_arg_matches(matches)
            }
        }
    };
}

read_by_the_inner_type!(Leaf);
read_by_the_inner_type!(Group);

/// The global flags of all levels; the one nearest to the command's own arguments wins.
///
/// # Errors
/// `usage`: a flag before the command that has no meaning for it.
pub fn merge(root: &ArgMatches) -> Result<GlobalFlags> {
    let mut levels = vec![root];
    let mut path = Vec::new();
    while let Some((name, below)) = levels[levels.len() - 1].subcommand() {
        path.push(name);
        levels.push(below);
    }
    let leaf = levels[levels.len() - 1];
    let given = |level: &ArgMatches, id: &str| {
        level.try_contains_id(id).is_ok()
            && level.value_source(id) == Some(ValueSource::CommandLine)
    };
    for id in LOOK_UP {
        if leaf.try_contains_id(id).is_err() && levels.iter().any(|level| given(level, id)) {
            return Err(without_meaning(id, &path.join(" ")));
        }
    }
    // From here on, each flag is read at the innermost level where it was given.
    let at = |id: &str| levels.iter().rev().copied().find(|level| given(level, id));
    Ok(GlobalFlags {
        profile: one(at("profile"), "profile"),
        output: one(at("output"), "output"),
        fields: at("fields")
            .and_then(|level| level.get_many("fields"))
            .map(|names| names.cloned().collect()),
        reveal: at("reveal").is_some(),
        strict: at("strict").is_some(),
        timeout: one(at("timeout"), "timeout"),
        retries: one(at("retries"), "retries"),
        config: one(at("config"), "config"),
        color: one(at("color"), "color"),
        quiet: at("quiet").is_some(),
        verbose: at("verbose").map_or(0, |level| level.get_count("verbose")),
    })
}

/// That a global flag has no meaning for the command at `path`.
#[must_use]
pub fn without_meaning(id: &str, path: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("--{id} has no meaning for `acctq {path}`"),
    )
    .hint(format!(
        "leave it out; `acctq {path} --help` lists what it takes"
    ))
}

/// The name of the global flag that is written like that.
#[must_use]
pub fn global_flag(written: &str) -> Option<String> {
    let all = GlobalFlags::augment_args(clap::Command::new("flags"));
    let found = all.get_arguments().find(|arg| {
        written.strip_prefix("--") == arg.get_long()
            || arg
                .get_short()
                .is_some_and(|short| written == format!("-{short}"))
    });
    found.map(|arg| arg.get_id().to_string())
}

fn one<T: Clone + Send + Sync + 'static>(level: Option<&ArgMatches>, id: &str) -> Option<T> {
    level?.get_one::<T>(id).cloned()
}

/// The format that messages go by: a variable that makes no sense is complained of elsewhere, where it has a meaning.
#[must_use]
pub fn format_of(flag: Option<Format>, env: &Environment) -> Format {
    let variable = || {
        env.get("ACCTQ_OUTPUT")
            .and_then(OsStr::to_str)
            .and_then(|value| value.parse().ok())
    };
    flag.or_else(variable).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_take_every_global_flag() {
        let all = GlobalFlags::augment_args(clap::Command::new("flags"));
        let names: Vec<_> = all
            .get_arguments()
            .map(|arg| arg.get_id().as_str())
            .collect();
        assert_eq!(names, LOOK_UP);
    }
}
