//! `completions`: for the shell to read.

use clap_complete::Shell;

use super::{Context, Ending};
use crate::cli;
use crate::error::Result;

/// How each shell takes them.
pub const EXAMPLES: &str = "\
Examples:
  acctq completions bash >~/.local/share/bash-completion/completions/acctq
  acctq completions zsh >~/.zfunc/_acctq
  acctq completions fish >~/.config/fish/completions/acctq.fish";

/// `<SHELL>`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints them.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { shell } = args;
    let mut command = cli::completed();
    if *shell == Shell::Fish {
        command = command.mut_subcommands(|first| first.mut_subcommands(with_flags_of_those_below));
    }
    let mut out = Vec::new();
    clap_complete::generate(*shell, &mut command, "acctq", &mut out);
    context.ui.print(&out)?;
    Ok(Ending::Done)
}

/// For fish, `clap_complete` knows two levels of commands and leaves out what a third takes; so it is told of the second.
fn with_flags_of_those_below(mut second: clap::Command) -> clap::Command {
    for third in second.clone().get_subcommands() {
        for flag in third.get_arguments().filter(|arg| !arg.is_positional()) {
            if second
                .get_arguments()
                .all(|arg| arg.get_id() != flag.get_id())
            {
                second = second.arg(flag);
            }
        }
    }
    second
}
