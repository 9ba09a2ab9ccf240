//! The global flags, and how each command takes those that have a meaning for it.
//!
//! A global flag may stand before or after the command. clap's own `global = true` cannot be refused by one command and costs
//! every start a copy for each command; so a command defines just the flags it takes, when it is used ([`Deferred`]), and the levels
//! of the command line are merged afterwards ([`merge`]).

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, ColorChoice, FromArgMatches, Subcommand, ValueHint};

use crate::account::redact::{hide_credentials, repeatable};
use crate::config::{self, DEFAULT_RETRIES, DEFAULT_TIMEOUT, Origin, Setting, shell_quoted, values};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::hints::Invocation;
use crate::output::Format;
use crate::ui::UiOptions;

/// The flags that mean the same for every command that takes them.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(next_help_heading = "Global options")]
pub struct GlobalFlags {
    /// Use this profile of the configuration; `sandbox` is built in
    #[arg(id = "profile", short, long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
    /// Write results in this format; with json and ndjson, errors are JSON too
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
    /// Show these fields, in this order: comma-separated names, or paths like metadata.plan
    #[arg(short = 'F', long, value_name = "LIST", value_delimiter = ',', action = ArgAction::Set)]
    pub fields: Option<Vec<String>>,
    /// Show secret fields, such as activation tokens
    #[arg(long)]
    pub reveal: bool,
    #[arg(long, help = "For tickets: show ids, types, states, times and counts, and [redacted] for everything else")]
    pub redact: bool,
    /// Send nothing, and print the request as a line of shell for curl
    #[arg(long)]
    pub curl: bool,
    /// Exit with 9 if an answer violates the API's contract, instead of showing it
    #[arg(long)]
    pub strict: bool,
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = values::parse_timeout,
        allow_hyphen_values = true,
        help = format!("Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: {DEFAULT_TIMEOUT}]")
    )]
    pub timeout: Option<Duration>,
    #[arg(
        long,
        value_name = "N",
        value_parser = values::parse_retries,
        allow_hyphen_values = true,
        help = format!("Repeat a failed request up to N times, 0 to 10 [default: {DEFAULT_RETRIES}]")
    )]
    pub retries: Option<u32>,
    /// Read this configuration file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Use colour: auto, always or never
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorChoice>,
    /// Print nothing on standard error but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Print what each request did, on standard error
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

impl GlobalFlags {
    /// The same flags with this profile alone.
    pub fn with_profile(&self, name: &str) -> Self {
        GlobalFlags { profiles: vec![name.to_owned()], ..self.clone() }
    }

    /// The flags that the configuration has defaults for.
    pub fn for_config(&self) -> config::Flags {
        let profile = self.profiles.first().cloned();
        config::Flags {
            profile: profile.map(|name| Setting::new(name, Origin::Flag("--profile"))),
            output: self.output,
            timeout: self.timeout,
            retries: self.retries,
            config: self.config.clone(),
        }
    }

    /// How messages are shown.
    pub fn ui_options(&self, env: &Environment) -> UiOptions {
        UiOptions {
            json: message_format(self.output, env).has_json_errors(),
            quiet: self.quiet,
            color: self.color.unwrap_or_default(),
            invocation: Invocation {
                profile: match &self.profiles[..] {
                    [name] => repeatable(name).map(str::to_owned),
                    _ => None,
                },
                config: self
                    .config
                    .as_deref()
                    .map(shell_quoted)
                    .filter(|file| hide_credentials(file) == *file)
                    .map(Cow::into_owned),
            },
        }
    }
}

/// The format that decides whether messages are JSON. A wrong variable is reported where it has a meaning.
pub fn message_format(flag: Option<Format>, env: &Environment) -> Format {
    let variable = || env.get("ACCTQ_OUTPUT")?.to_str()?.parse().ok();
    flag.or_else(variable).unwrap_or_default()
}

/// Every global flag.
const LOOK_UP: &[&str] = &[
    "profile", "output", "fields", "reveal", "redact", "curl", "strict", "timeout", "retries", "config", "color",
    "quiet", "verbose",
];

/// The commands that take several profiles, and the group of one.
const SEVERAL_PROFILES: [&str; 3] = ["compare", "auth", "status"];

/// The global flags, besides `--color` and `--quiet`, that a command takes; a look-up takes all of them.
pub trait Takes {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// A command's own arguments or subcommands with the global flags that it takes; defined when the command is used.
#[derive(Debug)]
pub struct Deferred<T>(pub T);

/// Defines `command` by `define`, adds the flags that `T` takes, and keeps the `about` that `define` may have replaced.
fn with_flags<T: Takes>(command: clap::Command, define: fn(clap::Command) -> clap::Command) -> clap::Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let all = GlobalFlags::augment_args(clap::Command::new("flags"));
    let is_taken = |id: &str| T::FLAGS.contains(&id) || matches!(id, "color" | "quiet");
    let takes_one = !SEVERAL_PROFILES.contains(&command.get_name());
    let taken = all.get_arguments().filter(|arg| is_taken(arg.get_id().as_str())).cloned();
    let taken = taken.map(|arg| if takes_one && arg.get_id() == "profile" { arg.action(ArgAction::Set) } else { arg });
    define(command).args(taken).about(about)
}

impl<T: Takes + Args> Args for Deferred<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(|command| with_flags::<T>(command, T::augment_args))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<T: Takes + Subcommand> Subcommand for Deferred<T> {
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

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Deferred)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Merges the global flags of all levels of the command line, which `command` has parsed.
pub fn merge(mut command: &clap::Command, root: &ArgMatches) -> Result<GlobalFlags> {
    let mut path = command.get_name().to_owned();
    let (mut leaf, mut levels) = (root, vec![(command, root)]);
    while let Some((name, below)) = leaf.subcommand() {
        path = format!("{path} {name}");
        (command, leaf) = (command.find_subcommand(name).unwrap_or(command), below);
        levels.push((command, leaf));
    }
    let has_several = SEVERAL_PROFILES.contains(&command.get_name());
    // Only debug builds of clap find out by the matches which flags a command has.
    let has = |command: &clap::Command, id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
    let given = |id: &str| -> Vec<&ArgMatches> {
        let levels = levels.iter().filter(|(command, _)| has(command, id)).map(|(_, matches)| *matches);
        levels.filter(|level| level.value_source(id) == Some(ValueSource::CommandLine)).collect()
    };
    for &id in LOOK_UP {
        let given = given(id);
        if !has(command, id) && !given.is_empty() {
            return Err(Error::new(Kind::Usage, format!("`{path}` does not take --{id}"))
                .hint(format!("`{path} --help` lists what it takes")));
        }
        let times: usize = given.iter().filter_map(|level| level.get_raw_occurrences(id)).map(Iterator::count).sum();
        let is_repeated = id == "profile" && has_several
            || matches!(id, "reveal" | "redact" | "curl" | "strict" | "quiet" | "verbose");
        if times > 1 && !is_repeated {
            return Err(Error::new(Kind::Usage, format!("--{id} is given twice"))
                .hint("give it once, before or after the command"));
        }
    }
    let one = |id: &str| given(id).pop();
    if one("reveal").is_some() && one("redact").is_some() {
        return Err(Error::new(Kind::Usage, "--reveal and --redact contradict each other").hint("give one of them"));
    }
    if let Some(format) = value::<Format>(one("output"), "output").filter(|format| format.is_for_accounts())
        && (has_several || !has(command, "fields"))
    {
        return Err(Error::new(Kind::Usage, format!("`{path}` does not print {format}, which is for accounts"))
            .hint(format!("`{path} --help` lists what it takes")));
    }
    Ok(GlobalFlags {
        profiles: given("profile").iter().filter_map(|level| level.get_many("profile")).flatten().cloned().collect(),
        output: value(one("output"), "output"),
        fields: one("fields").and_then(|level| level.get_many("fields")).map(|names| names.cloned().collect()),
        reveal: one("reveal").is_some(),
        redact: one("redact").is_some(),
        curl: one("curl").is_some(),
        strict: one("strict").is_some(),
        timeout: value(one("timeout"), "timeout"),
        retries: value(one("retries"), "retries"),
        config: value(one("config"), "config"),
        color: value(one("color"), "color"),
        quiet: one("quiet").is_some(),
        verbose: one("verbose").map_or(0, |level| level.get_count("verbose")),
    })
}

fn value<T: Clone + Send + Sync + 'static>(level: Option<&ArgMatches>, id: &str) -> Option<T> {
    level?.get_one::<T>(id).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_take_every_global_flag() {
        let all = GlobalFlags::augment_args(clap::Command::new("flags"));
        let names: Vec<_> = all.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        assert_eq!(names, LOOK_UP);
    }
}
