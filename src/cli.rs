//! The command line: the root parser, the tree that is documented, and our own words for what is wrong with it.
//! No input or output.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::account::id::{hide_credentials, is_uuid, route};
use crate::account::{CONNECTED, PARTNER, RESOURCES, Resource};
use crate::commands::{Command, TOPICS};
use crate::config::Environment;
use crate::error::{Error, Kind, Result};
use crate::escape::{EXCERPT, excerpt};
use crate::flags::{GlobalFlags, Leaf, format_of, global_flag, merge, without_meaning};
use crate::nearest::nearest;
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
  acctq check cacc_7n42DGM5Tflk9n8mt7Fhc7 --expect status=active
  acctq wait cacc_7n42DGM5Tflk9n8mt7Fhc7 --for status=active --within 30m

It only ever reads. Results go to standard output, all else to standard error.
`acctq help TOPIC` tells more: environment, exit-codes, output, config,
expressions"
)]
pub struct Cli {
    /// The global flags.
    #[command(flatten)]
    pub flags: GlobalFlags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

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
    parse_at(
        args,
        width.map_or(HELP_WIDTH, |width| usize::from(width).clamp(40, 120)),
    )
}

fn parse_at(args: &[OsString], width: usize) -> Result<Parsed> {
    match Cli::command().term_width(width).try_get_matches_from(args) {
        Ok(matches) => {
            let flags = merge(&matches)?;
            let cli = Cli::from_arg_matches(&matches).map_err(|e| explain(&e))?;
            if let Command::Help(Leaf(about)) = &cli.command
                && let Some(path) = about.command()
            {
                return help_on(path, width);
            }
            Ok(Parsed::Run(Box::new(Cli { flags, ..cli })))
        }
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => Ok(
            Parsed::Text(format!("{}\n", e.render().to_string().trim_end())),
        ),
        Err(e) => Err(explain(&e)),
    }
}

/// The help on the command at `path`.
///
/// # Errors
/// `usage`: there is none, with the nearest one.
fn help_on(path: &[String], width: usize) -> Result<Parsed> {
    let tree = documented();
    let mut command = &tree;
    for (depth, name) in path.iter().enumerate() {
        let Some(below) = command.find_subcommand(name) else {
            if depth == 0 && TOPICS.contains(&name.as_str()) {
                let message = format!("there is nothing below the topic `{name}`");
                return Err(Error::new(Kind::Usage, message)
                    .hint(format!("`acctq help {name}` shows all of it")));
            }
            let (what, topics) = if depth == 0 {
                ("command or topic", TOPICS)
            } else {
                ("command", &[][..])
            };
            let shown = excerpt(&hide_credentials(&path[..=depth].join(" ")), 40);
            let error = Error::new(Kind::Usage, format!("there is no {what} `{shown}`"));
            let known = command.get_subcommands().map(clap::Command::get_name);
            return Err(match nearest(name, known.chain(topics.iter().copied())) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`acctq help` lists the commands and topics"),
            });
        };
        command = below;
    }
    let words = path.iter().map(String::as_str);
    let args: Vec<_> = ["acctq"]
        .into_iter()
        .chain(words)
        .chain(["--help"])
        .map(OsString::from)
        .collect();
    parse_at(&args, width)
}

/// The whole tree, for completions and man pages: with the names of fields for `--fields`, at every level where it may
/// stand, and of the topics of help.
#[must_use]
pub fn documented() -> clap::Command {
    let mut root = fields_of(Cli::command().term_width(HELP_WIDTH), &RESOURCES);
    root.build();
    let levels: [(&str, &[&Resource]); 8] = [
        ("cacc", &[&CONNECTED]),
        ("cacc get", &[&CONNECTED]),
        ("cacc list", &[&CONNECTED]),
        ("partner", &[&PARTNER]),
        ("partner account", &[&PARTNER]),
        ("partner account get", &[&PARTNER]),
        ("get", &RESOURCES),
        ("wait", &RESOURCES),
    ];
    for (path, resources) in levels {
        root = at(root, path, &|command| fields_of(command, resources));
    }
    let names = PossibleValuesParser::new(TOPICS);
    root.mut_subcommand("help", |help| {
        help.mut_arg("about", |about| {
            about.value_parser(names).hide_possible_values(true)
        })
    })
}

/// Lets `--fields` and `--sort` be the names of these resources' fields.
fn fields_of(command: clap::Command, resources: &[&Resource]) -> clap::Command {
    let mut names = Vec::new();
    for field in resources.iter().flat_map(|resource| resource.fields) {
        if !names.contains(&field.name) {
            names.push(field.name);
        }
    }
    command.mut_args(|arg| match arg.get_id().as_str() {
        "fields" | "sort" => arg
            .value_parser(PossibleValuesParser::new(&names))
            .hide_possible_values(true),
        _ => arg,
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
    let looks_like_one = |word: &&str| word.starts_with("cacc_") || is_uuid(word);
    let id = id.filter(looks_like_one).and_then(|word| route(word).ok());
    let message = match (error.kind(), wrong) {
        (ErrorKind::UnknownArgument, Some(arg)) if !arg.starts_with('-') => {
            format!(
                "`{}` takes no argument `{}`",
                format!("acctq {}", path_in(&rendered)).trim_end(),
                excerpt(&hide_credentials(&arg), 40)
            )
        }
        (ErrorKind::MissingRequiredArgument, Some(arg)) => {
            let name = arg.trim_matches(['<', '>', '.']).to_lowercase();
            let instead = if rendered.contains("--suite") {
                ", or a suite with --suite FILE"
            } else {
                ""
            };
            format!(
                "`acctq {}` needs an argument: {name}{instead}",
                path_in(&rendered)
            )
        }
        (ErrorKind::UnknownArgument, Some(arg)) => {
            let name = arg.split('=').next().unwrap_or_default();
            if let Some(id) = global_flag(name) {
                let path = path_in(&rendered);
                return without_meaning(&id, &path);
            }
            format!(
                "there is no flag `{}` here",
                excerpt(&hide_credentials(name), 40)
            )
        }
        (ErrorKind::InvalidSubcommand, Some(word)) => {
            let shown = excerpt(&hide_credentials(&word), 40);
            match path_in(&rendered).as_str() {
                "" => format!("there is no command `{shown}`"),
                path => format!("`acctq {path}` has no command `{shown}`"),
            }
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
    let near = suggested(error);
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

/// What clap takes a word for that it does not know.
fn suggested(error: &clap::Error) -> Option<String> {
    let kinds = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        // The likeliest one stands at the end.
        ContextValue::Strings(texts) => texts.last().cloned(),
        _ => None,
    })
}

/// The path of the command whose usage stands in what clap says.
fn path_in(rendered: &str) -> String {
    let usage = rendered.split("Usage: acctq ").nth(1).unwrap_or_default();
    let path = usage.split_whitespace();
    let path = path.take_while(|word| !word.starts_with(['[', '<', '-']));
    path.collect::<Vec<_>>().join(" ")
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
    fn no_line_of_a_help_is_wrapped_by_force() {
        fn lines(command: &clap::Command, found: &mut Vec<String>) {
            for below in [command.get_after_help(), command.get_after_long_help()] {
                let below = below.map(ToString::to_string).unwrap_or_default();
                found.extend(below.lines().map(str::to_owned));
            }
            command.get_subcommands().for_each(|sub| lines(sub, found));
        }
        let (mut root, mut found) = (Cli::command(), Vec::new());
        root.build();
        lines(&root, &mut found);
        assert!(found.len() > 50, "{found:?}");
        found.retain(|line| line.chars().count() > 80);
        assert_eq!(found, [""; 0]);
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
            (Some(std::time::Duration::from_secs(5)), 1)
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
