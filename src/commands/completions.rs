//! `completions`: for the shell to read.

use clap_complete::Shell;

use super::{Context, Ending};
use crate::error::Result;
use crate::flags::Takes;

/// How each shell takes them.
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

/// Prints them.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { shell } = args;
    let mut out = Vec::new();
    clap_complete::generate(*shell, &mut (context.tree)(), "acctq", &mut out);
    context.ui.print(&out)?;
    Ok(Ending::Done)
}
