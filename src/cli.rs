//! The command line: the root parser, the global flags, and which command takes which of them. No input or output.
//!
//! `clap` propagates a global flag to every command and cannot refuse it for one, so that is checked after parsing; and
//! what is documented (help, completions, man pages) is a tree in which each command has just the flags that it takes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser};

use crate::account::{CONNECTED, PARTNER, RESOURCES, Resource};
use crate::commands::Command;
use crate::config::{self, Environment};
use crate::error::{Error, Kind, Result};
use crate::escape::{EXCERPT, excerpt};
use crate::output::Format;
use crate::ui::{ColorChoice, Manner};

/// Look up accounts in two billing APIs: connected accounts at Connect, billing accounts at Partner.
///
/// It only ever reads. Results go to standard output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(
    name = "acctq",
    version,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p prod partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -o json
  acctq get cacc_7n42DGM5Tflk9n8mt7Fhc7 -F id,status,metadata.plan

Topics, with `acctq help TOPIC`: environment, exit-codes, output, config"
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
    #[arg(short, long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// How results are written; with json and ndjson, errors are JSON, too
    #[arg(short, long, global = true, value_name = "FORMAT", value_parser = format_parser())]
    pub output: Option<Format>,
    /// Which fields to show, in which order: names with commas between them, paths like metadata.plan
    #[arg(
        short = 'F',
        long,
        global = true,
        value_name = "LIST",
        value_delimiter = ','
    )]
    pub fields: Option<Vec<String>>,
    /// Show secret fields, like activation tokens
    #[arg(long, global = true)]
    pub reveal: bool,
    /// Exit 9 instead of showing an answer that strays from the contract
    #[arg(long, global = true)]
    pub strict: bool,
    /// How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = config::parse_timeout)]
    pub timeout: Option<Duration>,
    /// How often a failed request is repeated: 0 to 10 [default: 2]
    #[arg(long, global = true, value_name = "N", value_parser = config::parse_retries)]
    pub retries: Option<u32>,
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub color: Option<ColorChoice>,
    /// Nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What each request did, on standard error
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| name.parse().unwrap_or_default())
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

/// The flags that have a meaning for every command.
const EVERYWHERE: &[&str] = &["color", "quiet"];

/// The flags that a look-up takes: all of them.
const LOOK_UP: &[&str] = &[
    "profile", "output", "fields", "reveal", "strict", "timeout", "retries", "config", "color",
    "quiet", "verbose",
];

/// The commands, by their path, with the global flags that they take besides those of [`EVERYWHERE`], and the resources
/// whose fields `--fields` completes.
const TAKES: &[(&str, &[&str], &[&Resource])] = &[
    ("cacc get", LOOK_UP, &[&CONNECTED]),
    ("partner account get", LOOK_UP, &[&PARTNER]),
    ("get", LOOK_UP, &RESOURCES),
    ("config init", &["config"], &[]),
    (
        "config show",
        &["profile", "output", "timeout", "retries", "config"],
        &[],
    ),
    ("config path", &["config"], &[]),
    ("schema", &[], &[]),
    ("sandbox", &["output"], &[]),
    ("completions", &[], &[]),
    ("man", &[], &[]),
    ("help", &[], &[]),
];

/// What came of the command line.
#[derive(Debug)]
pub enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// A text that was asked for: help or the version.
    Text(String),
}

/// Parses the command line; `width` is that of the terminal, if there is one: without, help keeps to 80 columns.
///
/// # Errors
/// `usage`.
pub fn parse(args: &[OsString], width: Option<u16>) -> Result<Parsed> {
    match Cli::command().try_get_matches_from(args) {
        Ok(matches) => {
            refuse_what_has_no_meaning(&matches)?;
            let cli = Cli::from_arg_matches(&matches).map_err(|e| explain(&e))?;
            Ok(Parsed::Run(Box::new(cli)))
        }
        Err(e) if e.kind() == ErrorKind::DisplayVersion => Ok(Parsed::Text(e.render().to_string())),
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp) => {
            // Once more, with the tree that is documented: each command with its own flags.
            let width = width.map_or(80, |width| usize::from(width.clamp(40, 120)));
            match documented().term_width(width).try_get_matches_from(args) {
                Err(e) if e.kind() != ErrorKind::DisplayHelp => Err(explain(&e)),
                Err(e) => Ok(Parsed::Text(e.render().to_string())),
                Ok(_) => Ok(Parsed::Text(e.render().to_string())),
            }
        }
        Err(e) => Err(explain(&e)),
    }
}

/// The commands with just the flags that each takes: for help and man pages.
#[must_use]
pub fn documented() -> clap::Command {
    let root = Cli::command();
    let global: Vec<_> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .map(|arg| arg.clone().global(false))
        .collect();
    let mut root = root.mut_args(|arg| arg.global(false));
    for (path, flags, _) in TAKES {
        let taken = global
            .iter()
            .filter(|arg| takes(flags, arg.get_id().as_str()));
        let taken: Vec<_> = taken.cloned().collect();
        root = at(root, path, &|command| command.args(&taken));
    }
    root
}

/// [`documented`] for completions: `--fields` has the names of fields as its only values.
#[must_use]
pub fn completed() -> clap::Command {
    let mut root = fields_of(documented(), &RESOURCES);
    for (path, _, resources) in TAKES.iter().filter(|(_, _, of)| !of.is_empty()) {
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
            arg.value_parser(PossibleValuesParser::new(names.clone()))
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

fn takes(flags: &[&str], id: &str) -> bool {
    flags.contains(&id) || EVERYWHERE.contains(&id)
}

/// Refuses global flags that have no meaning for the command.
fn refuse_what_has_no_meaning(matches: &ArgMatches) -> Result<()> {
    let mut leaf = matches;
    let mut path = String::new();
    while let Some((name, below)) = leaf.subcommand() {
        path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path} {name}")
        };
        leaf = below;
    }
    let taken = TAKES
        .iter()
        .find(|(command, ..)| *command == path)
        .map_or(&[][..], |(_, flags, _)| flags);
    let given = |id: &&&str| leaf.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
    match LOOK_UP.iter().filter(|id| !takes(taken, id)).find(given) {
        Some(id) => Err(Error::new(
            Kind::Usage,
            format!("--{id} has no meaning for `acctq {path}`"),
        )
        .hint(format!(
            "leave it out; `acctq {path} --help` lists what it takes"
        ))),
        None => Ok(()),
    }
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
    let message = match (error.kind(), context(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(arg)) => {
            let name = arg.split('=').next().unwrap_or_default();
            format!("there is no flag `{}` here", excerpt(name, 40))
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
        _ => excerpt(&told, EXCERPT),
    };
    let near =
        context(ContextKind::SuggestedArg).or_else(|| context(ContextKind::SuggestedSubcommand));
    let near = near.or_else(|| context(ContextKind::SuggestedValue));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => match tips.first() {
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
        completed().debug_assert();
    }

    #[test]
    fn every_command_says_which_flags_it_takes() {
        fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            for below in command.get_subcommands() {
                leaves(below, format!("{path} {}", below.get_name()).trim(), found);
            }
            if !command.has_subcommands() {
                found.push(path.to_owned());
            }
        }
        let mut found = Vec::new();
        leaves(&Cli::command(), "", &mut found);
        let listed: Vec<_> = TAKES.iter().map(|(path, ..)| (*path).to_owned()).collect();
        assert_eq!(found, listed);
        let global: Vec<_> = Cli::command()
            .get_arguments()
            .filter(|a| a.is_global_set())
            .map(|a| a.get_id().to_string())
            .collect();
        assert_eq!(global, LOOK_UP);
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
