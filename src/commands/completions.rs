//! `completions`: the completion script of a shell.

use clap_complete::Shell;

use super::{CommandStatus, Context};
use crate::error::Result;
use crate::flags::Takes;

const EXAMPLES: &str = "\
Examples:
  acctq completions bash >~/.local/share/bash-completion/completions/acctq
  acctq completions zsh >~/.zfunc/_acctq
  acctq completions fish >~/.config/fish/completions/acctq.fish";

/// `<SHELL>`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// Prints the script.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut (context.tree)(), "acctq", &mut script);
    context.ui.print(&script)?;
    Ok(CommandStatus::Done)
}
