//! The command line: the root of the tree of commands, and clap's complaints as errors of ours. No input or output.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::account::{CONNECTED, Redactor, id};
use crate::commands::{Command, TOPICS};
use crate::error::{Error, Kind, Result};
use crate::flags::{Deferred, GlobalFlags, merge};
use crate::text::{SHOWN, excerpt, is_dash, nearest};

/// The width of help where there is no terminal, in columns.
const HELP_WIDTH: usize = 80;

/// Look up accounts in two billing APIs: connected accounts at Connect, billing accounts at Partner
#[derive(Debug, Parser)]
#[command(
    name = "acctq",
    version,
    disable_help_subcommand = true,
    after_help = include_str!("commands/help/acctq.txt").trim_end()
)]
pub struct Cli {
    #[command(flatten)]
    pub flags: GlobalFlags,
    #[command(subcommand)]
    pub command: Command,
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Parsed {
    Run(Box<Cli>),
    /// A text: help, or the version.
    Text(String),
}

/// Parses the command line; `width` is that of the terminal.
pub fn parse(args: &[OsString], width: Option<u16>) -> Result<Parsed> {
    refuse_dashes(args)?;
    let width = width.map_or(HELP_WIDTH, |width| usize::from(width).clamp(40, 120));
    let mut command = Cli::command().term_width(width);
    match command.try_get_matches_from_mut(args) {
        Ok(matches) => {
            let flags = merge(&command, &matches)?;
            let cli = Cli::from_arg_matches(&matches).map_err(|e| usage_error(&e, args))?;
            if let Command::Help(Deferred(help)) = &cli.command
                && let Some(path) = help.command()
            {
                let words = path.iter().map(String::as_str);
                let args: Vec<_> = ["acctq"].into_iter().chain(words).chain(["--help"]).map(OsString::from).collect();
                let topic = path.first().and_then(|word| nearest(word, TOPICS.iter().copied()));
                return parse(&args, u16::try_from(width).ok()).map_err(|error| match topic {
                    Some(topic) => error.hint(format!("did you mean `acctq help {topic}`?")),
                    None => error,
                });
            }
            Ok(Parsed::Run(Box::new(Cli { flags, ..cli })))
        }
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Parsed::Text(format!("{}\n", e.render().to_string().trim_end())))
        }
        Err(e) => Err(usage_error(&e, args)),
    }
}

/// The whole tree of commands, for completions and man pages.
pub fn tree() -> clap::Command {
    let mut tree = Cli::command().term_width(HELP_WIDTH);
    tree.build();
    tree
}

/// Refuses an argument that begins with a dash which a word processor made of a flag's hyphens: it would be taken for an id.
fn refuse_dashes(args: &[OsString]) -> Result<()> {
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let Some(arg) = args.find(|arg| arg.starts_with(is_dash)) else { return Ok(()) };
    let word = arg.split('=').next().unwrap_or_default().trim_start_matches(|c| c == '-' || is_dash(c));
    let word = excerpt(&Redactor::default().redact(word), SHOWN);
    let hyphens = if is_long(&tree(), &word) { "--" } else { "-" };
    Err(Error::new(Kind::Usage, "an argument begins with a dash that is not the hyphen of a flag")
        .hint(format!("write `{hyphens}{word}`")))
}

/// Whether the command, or one below it, has this flag in its long form.
fn is_long(command: &clap::Command, flag: &str) -> bool {
    command.get_arguments().any(|arg| arg.get_long() == Some(flag))
        || command.get_subcommands().any(|command| is_long(command, flag))
}

/// Words that people try, after which command, and the command that is meant.
const MEANT: [(&str, &str, &str); 8] = [
    ("acctq", "login", "acctq auth login"),
    ("acctq", "logout", "acctq auth logout"),
    ("acctq", "status", "acctq auth status"),
    ("acctq", "list", "acctq cacc list"),
    ("acctq", "account", "acctq partner account"),
    ("acctq", "show", "acctq get"),
    ("acctq partner", "get", "acctq partner account get"),
    ("acctq partner", "list", "acctq cacc list"),
];

/// The command that the arguments before an unknown one name: `acctq cacc get`.
fn command_path(args: &[OsString], unknown: &str) -> String {
    let tree = tree();
    let (mut command, mut path) = (&tree, "acctq".to_owned());
    let words = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| !["--", unknown].contains(arg));
    for (before, word) in words.clone().zip(words.skip(1)) {
        // A profile may be called like a command: `sandbox`.
        let is_profile = matches!(before, "-p" | "--profile");
        if let Some(below) = command.find_subcommand(word).filter(|_| !is_profile) {
            command = below;
            path = format!("{path} {word}");
        }
    }
    path
}

/// What clap says: its first paragraph is the message, its tip or usage the hint. It repeats arguments, which may hold secrets.
fn usage_error(error: &clap::Error, args: &[OsString]) -> Error {
    let text = Redactor::default().redact(&error.render().to_string());
    let mut paragraphs = text.strip_prefix("error: ").unwrap_or(&text).split("\n\n");
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = one_line(paragraphs.next().unwrap_or_default());
    let tip = paragraphs.map(one_line).find(|paragraph| paragraph.starts_with("tip: "));
    let unknown = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => word,
        _ => "",
    };
    let path = command_path(args, unknown);
    let meant = MEANT.iter().find(|(after, word, _)| (*after, *word) == (&*path, unknown));
    let hint = match (meant, tip) {
        // The commonest slip: an id where the command belongs.
        _ if (unknown.starts_with("cacc_") || id::is_uuid(unknown)) && id::route(unknown).is_ok() => {
            format!("try: `acctq get {unknown}`")
        }
        // Or whom it is about.
        _ if unknown.contains('@') || unknown.contains(' ') => {
            let explained = CONNECTED.parse_id(unknown).err();
            explained.and_then(|error| error.hint_text().map(str::to_owned)).unwrap_or_default()
        }
        (Some((.., meant)), _) => format!("`{meant} --help` shows the command that is meant"),
        (_, Some(tip)) => tip.trim_start_matches("tip: ").to_owned(),
        (_, None) => format!("`{path} --help` shows what it takes, with examples"),
    };
    let message = match error.kind() {
        // clap prints the whole help here, which is no message.
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("`{path}` needs a command")
        }
        _ => message,
    };
    Error::new(Kind::Usage, message).hint(hint)
}

/// The last value of a flag, found without understanding the rest of the command line, which may be wrong.
fn flag_value<'a>(args: &'a [OsString], long: &str, short: Option<char>) -> Option<&'a str> {
    let args: Vec<_> = args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    args.iter().enumerate().rev().find_map(|(at, arg)| {
        let value = match arg.strip_prefix("--") {
            Some(flag) => flag.strip_prefix(long).filter(|value| value.is_empty() || value.starts_with('='))?,
            None => arg.strip_prefix('-')?.trim_start_matches(['q', 'v']).strip_prefix(short?)?,
        };
        if value.is_empty() { args.get(at + 1).copied() } else { Some(value.strip_prefix('=').unwrap_or(value)) }
    })
}

/// The flags that the messages about a command line need.
pub fn message_flags(args: &[OsString]) -> GlobalFlags {
    GlobalFlags {
        profiles: flag_value(args, "profile", Some('p')).into_iter().map(str::to_owned).collect(),
        output: flag_value(args, "output", Some('o')).and_then(|format| format.parse().ok()),
        config: flag_value(args, "config", None).map(PathBuf::from),
        color: flag_value(args, "color", None).and_then(|when| when.parse().ok()),
        ..GlobalFlags::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::*;
    use crate::output::Format;

    fn args(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_tree_holds_together() {
        Cli::command().debug_assert();
        tree().debug_assert();
    }

    #[test]
    fn a_flag_with_a_value_is_given_once_unless_it_takes_an_expression_or_several_profiles() {
        fn repeated(command: &clap::Command, found: &mut Vec<String>) {
            let flags = command.get_arguments().filter(|arg| arg.get_long().is_some());
            let valued =
                flags.filter(|arg| arg.get_action().takes_values() && !matches!(arg.get_action(), ArgAction::Set));
            found.extend(valued.map(|arg| arg.get_id().to_string()));
            command.get_subcommands().for_each(|sub| repeated(sub, found));
        }
        let mut found = Vec::new();
        repeated(&tree(), &mut found);
        found.sort();
        found.dedup();
        assert_eq!(found, ["expect", "filter", "goal", "profile"]);
        for line in [
            "get x -F id -F status",
            "-p a get -p b x",
            "get -p a -p b x",
            "-p a -p b get x",
            "config show -pa -pb",
            "-o json get x --output json",
        ] {
            let error = parse(&args(&format!("acctq {line}")), None).expect_err(line);
            assert_eq!(error.kind(), Kind::Usage, "{line}");
        }
    }

    #[test]
    fn no_line_of_the_examples_is_wider_than_a_terminal() {
        fn lines(command: &clap::Command, found: &mut Vec<String>) {
            let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            found.extend(below.lines().map(str::to_owned));
            command.get_subcommands().for_each(|sub| lines(sub, found));
        }
        let mut found = Vec::new();
        lines(&tree(), &mut found);
        assert!(found.len() > 50, "{found:?}");
        found.retain(|line| line.chars().count() > 80);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn the_output_flag_is_found_wherever_it_stands() {
        for (line, format) in [
            ("acctq get x -o json", Some(Format::Json)),
            ("acctq -ojson get", Some(Format::Json)),
            ("acctq -qo=ndjson get", Some(Format::Ndjson)),
            ("acctq --output=yaml", Some(Format::Yaml)),
            ("acctq get -o json -o yaml", Some(Format::Yaml)),
            ("acctq get -- -o json", None),
            ("acctq get output", None),
            ("acctq get -o", None),
        ] {
            assert_eq!(message_flags(&args(line)).output, format, "{line}");
        }
    }
}
