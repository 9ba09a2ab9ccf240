//! The command line: the root parser, the global flags, and how a command takes those that have a meaning for it.
//! No input or output.
//!
//! A global flag may stand before or behind a command. `clap`'s own global flags cannot be refused by one command, are
//! listed in the help of all, and cost every start a copy for each; so each command defines just those that it takes,
//! when it is used ([`Leaf`], [`Group`]), and the levels are merged afterwards.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches, Parser, Subcommand};

use crate::account::{CONNECTED, PARTNER, RESOURCES, Resource, id::hide_credentials};
use crate::commands::Command;
use crate::config::{self, Environment};
use crate::error::{Error, Kind, Result};
use crate::escape::{EXCERPT, excerpt};
use crate::output::Format;
use crate::ui::{ColorChoice, Manner};

/// How wide help is where there is no terminal, in columns.
const HELP_WIDTH: usize = 80;

/// Look up accounts in two billing APIs: connected accounts at Connect, billing accounts at Partner
#[derive(Debug, Parser)]
#[command(
    name = "acctq",
    version,
    disable_help_subcommand = true,
    // The last one counts, as in an alias that one call overrides.
    args_override_self = true,
    after_help = "\
Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p prod partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -o json
  acctq get cacc_7n42DGM5Tflk9n8mt7Fhc7 -F id,status,metadata.plan

It only ever reads. Results go to standard output, everything else to standard error.
`acctq help TOPIC` tells more: environment, exit-codes, output, config"
)]
pub struct Cli {
    /// The global flags.
    #[command(flatten)]
    pub flags: GlobalFlags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

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
            profile: self.profile.clone(),
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

/// What came of the command line.
#[derive(Debug)]
pub enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// A text that was asked for: help or the version.
    Text(String),
}

/// Parses the command line; `width` is that of the terminal.
///
/// # Errors
/// `usage`.
pub fn parse(args: &[OsString], width: Option<u16>) -> Result<Parsed> {
    let width = width.map_or(HELP_WIDTH, |width| usize::from(width).clamp(40, 120));
    match Cli::command().term_width(width).try_get_matches_from(args) {
        Ok(matches) => {
            let flags = merge(&matches)?;
            let cli = Cli::from_arg_matches(&matches).map_err(|e| explain(&e))?;
            Ok(Parsed::Run(Box::new(Cli { flags, ..cli })))
        }
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => Ok(
            Parsed::Text(format!("{}\n", e.render().to_string().trim_end())),
        ),
        Err(e) => Err(explain(&e)),
    }
}

/// The whole tree, for completions and man pages: with the names of fields for `--fields`, at every level where it may
/// stand.
#[must_use]
pub fn documented() -> clap::Command {
    let mut root = fields_of(Cli::command().term_width(HELP_WIDTH), &RESOURCES);
    root.build();
    let levels: [(&str, &[&Resource]); 6] = [
        ("cacc", &[&CONNECTED]),
        ("cacc get", &[&CONNECTED]),
        ("partner", &[&PARTNER]),
        ("partner account", &[&PARTNER]),
        ("partner account get", &[&PARTNER]),
        ("get", &RESOURCES),
    ];
    for (path, resources) in levels {
        root = at(root, path, &|command| fields_of(command, resources));
    }
    root
}

/// Lets `--fields` be the names of these resources' fields.
fn fields_of(command: clap::Command, resources: &[&Resource]) -> clap::Command {
    let mut names = Vec::new();
    for field in resources.iter().flat_map(|resource| resource.fields) {
        if !names.contains(&field.name) {
            names.push(field.name);
        }
    }
    command.mut_args(|arg| {
        if arg.get_id() == "fields" {
            arg.value_parser(PossibleValuesParser::new(&names))
                .hide_possible_values(true)
        } else {
            arg
        }
    })
}

/// Changes the command at `path`.
fn at(
    root: clap::Command,
    path: &str,
    change: &dyn Fn(clap::Command) -> clap::Command,
) -> clap::Command {
    match path.split_once(' ') {
        Some((first, rest)) => root.mut_subcommand(first, |command| at(command, rest, change)),
        None => root.mut_subcommand(path, change),
    }
}

/// The global flags of all levels; the one nearest to the command's own arguments wins.
///
/// # Errors
/// `usage`: a flag before the command that has no meaning for it.
fn merge(root: &ArgMatches) -> Result<GlobalFlags> {
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

fn without_meaning(id: &str, path: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("--{id} has no meaning for `acctq {path}`"),
    )
    .hint(format!(
        "leave it out; `acctq {path} --help` lists what it takes"
    ))
}

/// The name of the global flag that is written like that.
fn global_flag(written: &str) -> Option<String> {
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

/// A complaint of clap in our own form: what is wrong, and what would be right. Values that follow a flag that does not
/// exist may be secrets, and are not repeated.
fn explain(error: &clap::Error) -> Error {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let rendered = error.render().to_string();
    let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
    let text = text
        .split("\n\nUsage:")
        .next()
        .unwrap_or(text)
        .split("\n\nFor more information")
        .next()
        .unwrap_or(text);
    let (told, tips): (Vec<_>, Vec<_>) = text
        .lines()
        .map(str::trim)
        .partition(|line| !line.starts_with("tip: "));
    let told = told
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let wrong =
        context(ContextKind::InvalidArg).or_else(|| context(ContextKind::InvalidSubcommand));
    // The commonest slip: an id where the command belongs.
    let id = wrong
        .as_deref()
        .filter(|_| error.kind() == ErrorKind::InvalidSubcommand);
    let id = id.and_then(|word| CONNECTED.parse_id(word).ok());
    let message = match (error.kind(), wrong) {
        (ErrorKind::UnknownArgument, Some(arg)) => {
            let name = arg.split('=').next().unwrap_or_default();
            if let Some(id) = global_flag(name) {
                let usage = rendered.split("Usage: acctq ").nth(1).unwrap_or_default();
                let path: Vec<_> = usage
                    .split(' ')
                    .take_while(|word| !word.starts_with(['[', '<', '-']))
                    .collect();
                return without_meaning(&id, &path.join(" "));
            }
            format!(
                "there is no flag `{}` here",
                excerpt(&hide_credentials(name), 40)
            )
        }
        (ErrorKind::InvalidSubcommand, Some(word)) => {
            format!(
                "there is no command `{}`",
                excerpt(&hide_credentials(&word), 40)
            )
        }
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            let usage = rendered
                .split_once("Usage: ")
                .map_or("", |(_, usage)| usage);
            let before = usage.split(" [").next().unwrap_or_default();
            return Error::new(
                Kind::Usage,
                format!("a command is missing after `{before}`"),
            )
            .hint(format!(
                "`{before} --help` lists the commands, with examples"
            ));
        }
        _ => excerpt(&hide_credentials(&told), EXCERPT),
    };
    let near =
        context(ContextKind::SuggestedArg).or_else(|| context(ContextKind::SuggestedSubcommand));
    let near = near.or_else(|| context(ContextKind::SuggestedValue));
    let hint = match (id, near) {
        (Some(id), _) => format!("try: acctq get {}", id.as_str()),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => match tips.first() {
            Some(tip) if error.kind() != ErrorKind::UnknownArgument => {
                tip.trim_start_matches("tip: ").to_owned()
            }
            _ => "`--help` after a command shows what it takes, with examples".to_owned(),
        },
    };
    Error::new(Kind::Usage, message).hint(hint)
}

/// How messages are shown while the command line is not understood yet: as far as it can be told by looking at it, up to
/// `--`, and at the environment.
#[must_use]
pub fn manner_of(args: &[OsString], env: &Environment) -> Manner {
    let mut asked = None;
    let mut quiet = false;
    let mut args = args
        .iter()
        .skip(1)
        .filter_map(|arg| arg.to_str())
        .take_while(|arg| *arg != "--")
        .peekable();
    while let Some(arg) = args.next() {
        quiet |= arg == "--quiet";
        let value = if let Some(value) = arg.strip_prefix("--output") {
            if value.is_empty() {
                args.peek().copied()
            } else {
                value.strip_prefix('=')
            }
        } else {
            // `-o json`, `-ojson`, `-o=json`, and behind flags without a value: `-qo json`.
            let cluster = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            cluster.and_then(|flags| {
                let start = flags.trim_start_matches(['q', 'v']);
                quiet |= flags[..flags.len() - start.len()].contains('q');
                let value = start.strip_prefix('o')?;
                if value.is_empty() {
                    args.peek().copied()
                } else {
                    Some(value.trim_start_matches('='))
                }
            })
        };
        asked = value
            .and_then(|value| value.parse::<Format>().ok())
            .or(asked);
    }
    Manner {
        json: format_of(asked, env).has_json_errors(),
        quiet,
        verbose: false,
        color: ColorChoice::Auto,
    }
}

/// The format that messages go by: a variable that makes no sense is complained of elsewhere, where it has a meaning.
fn format_of(flag: Option<Format>, env: &Environment) -> Format {
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

    fn args(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_tree_holds_together() {
        Cli::command().debug_assert();
        documented().debug_assert();
    }

    #[test]
    fn look_ups_take_every_global_flag() {
        let all = GlobalFlags::augment_args(clap::Command::new("flags"));
        let names: Vec<_> = all
            .get_arguments()
            .map(|arg| arg.get_id().as_str())
            .collect();
        assert_eq!(names, LOOK_UP);
    }

    #[test]
    fn the_flag_nearest_to_the_arguments_wins() {
        let flags = |line: &str| match parse(&args(line), None) {
            Ok(Parsed::Run(cli)) => cli.flags,
            other => panic!("{other:?}"),
        };
        let merged = flags("acctq -p a -v --retries 1 cacc -p b -q get -p c --timeout 5s x");
        assert_eq!(
            (merged.profile.as_deref(), merged.retries, merged.quiet),
            (Some("c"), Some(1), true)
        );
        assert_eq!(
            (merged.timeout, merged.verbose),
            (Some(Duration::from_secs(5)), 1)
        );
        assert_eq!(
            flags("acctq -p a cacc -p b get x").profile.as_deref(),
            Some("b")
        );
        for line in [
            "acctq -o json completions bash",
            "acctq --strict config show",
            "acctq config -p x path",
        ] {
            let error = parse(&args(line), None).expect_err("refused");
            assert!(
                error.to_string().contains("has no meaning for `acctq co"),
                "{error}"
            );
        }
    }

    #[test]
    fn json_errors_are_asked_for_in_many_ways() {
        let none = Environment::from_pairs([("X", "")]);
        for line in [
            "acctq -o json",
            "acctq get -ojson x",
            "acctq --output=ndjson",
            "acctq -qo json",
            "acctq -o=json",
            "acctq --output json --bad",
        ] {
            assert!(manner_of(&args(line), &none).json, "{line}");
        }
        for line in [
            "acctq",
            "acctq -o yaml",
            "acctq get -- -o json",
            "acctq -o json -o table",
            "acctq -p json",
        ] {
            assert!(!manner_of(&args(line), &none).json, "{line}");
        }
        let variable = Environment::from_pairs([("ACCTQ_OUTPUT", "json")]);
        assert!(manner_of(&args("acctq --bad"), &variable).json);
        assert!(!manner_of(&args("acctq -o table --bad"), &variable).json);
    }
}
